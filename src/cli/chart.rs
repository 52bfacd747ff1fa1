//! The command `bedload chart`: the drawings of a document that was written before, or some of them.

use std::path::Path;

use super::args::{ChartArgs, Look, Picture};
use super::documents::{located, read};
use super::drawings::{Wanted, add, draw_one};
use super::files::{open_folder, place};
use super::{Exit, Trouble, fault, remark, say, shown};
use crate::charts::{CHARTS, Chart, Subject, Theme};
use crate::model::spec::unknown;

pub(super) fn chart(args: &ChartArgs) -> Result<Exit, Trouble> {
    let Some(path) = args.results.as_ref().filter(|_| !args.list) else { return list() };
    let charts = chosen(&args.only)?;
    let path = located(path);
    let (results, points) = read(&path)?;
    let beside = path.parent().unwrap_or(Path::new("."));
    let out = args.out.as_deref().unwrap_or(if beside.as_os_str().is_empty() { Path::new(".") } else { beside });
    let folder = open_folder(out, &[])?;
    let subject = Subject { results: &results, points: points.as_deref().unwrap_or(&results.points) };
    let wanted = Wanted {
        svg: args.format.contains(&Picture::Svg),
        png: args.format.contains(&Picture::Png),
        width: args.width,
        theme: if args.theme == Look::Dark { Theme::Dark } else { Theme::Light },
    };
    let mut files = folder.together();
    for chart in charts {
        let drawings = draw_one(chart, &subject)?;
        if drawings.is_empty() && !args.only.is_empty() {
            remark(&format!("`{}` is not drawn: the results lack the data for it", chart.name()));
        }
        add(&mut files, &drawings, wanted)?;
    }
    let written = place(files)?;
    if written.is_empty() && args.only.is_empty() {
        remark("nothing is drawn: the results lack the data for every chart");
    }
    if !args.quiet {
        say(&written.iter().map(|file| format!("{}\n", shown(file))).collect::<String>())?;
    }
    Ok(Exit::Held)
}

/// Returns every chart and the question that it answers.
fn list() -> Result<Exit, Trouble> {
    say(&CHARTS.iter().map(|chart| format!("{}\n    {}\n", chart.name(), chart.shows())).collect::<String>())?;
    Ok(Exit::Held)
}

/// Returns the charts of these names; without names all charts.
fn chosen(names: &[String]) -> Result<Vec<&'static dyn Chart>, Trouble> {
    if names.is_empty() {
        return Ok(CHARTS.to_vec());
    }
    let find = |name: &String| {
        CHARTS.iter().find(|chart| chart.name() == name).copied().ok_or_else(|| {
            let known: Vec<&str> = CHARTS.iter().map(|chart| chart.name()).collect();
            let refusal = unknown(format!("there is no chart `{name}`"), name, known);
            fault(Exit::Usage, refusal.rule, refusal.help)
        })
    };
    names.iter().map(find).collect()
}

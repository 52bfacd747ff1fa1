//! `bedload chart`: the drawings of a document that was written before, or some of them.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use super::args::{ChartArgs, Look, Picture};
use super::drawings::{Wanted, draw_one, write};
use super::files::OutputFolder;
use super::{Exit, Trouble, fault, remark, say};
use crate::charts::{CHARTS, Chart, Subject, Theme};
use crate::model::spec::unknown;
use crate::results::{Point, Results, SCHEMA_VERSION};

pub(super) fn chart(args: &ChartArgs) -> Result<Exit, Trouble> {
    let Some(path) = args.results.as_ref().filter(|_| !args.list) else { return list() };
    let charts = chosen(&args.only)?;
    // A folder of results stands for the document in it.
    let path = if path.is_dir() { path.join("results.json") } else { path.clone() };
    let (results, points) = read(&path)?;
    let beside = path.parent().unwrap_or(Path::new("."));
    let out = args.out.as_deref().unwrap_or(if beside.as_os_str().is_empty() { Path::new(".") } else { beside });
    let folder = OutputFolder::open(out).map_err(|e| {
        let help = "name a folder that can be written to with --out".to_owned();
        fault(Exit::Usage, format!("cannot write to the folder `{}`: {e}", out.display()), help)
    })?;
    let subject = Subject { results: &results, points: points.as_deref().unwrap_or(&results.points) };
    let wanted = Wanted {
        svg: args.format.contains(&Picture::Svg),
        png: args.format.contains(&Picture::Png),
        width: args.width,
        theme: if args.theme == Look::Dark { Theme::Dark } else { Theme::Light },
    };
    let mut written: Vec<PathBuf> = Vec::new();
    for chart in charts {
        let drawings = draw_one(chart, &subject)?;
        if drawings.is_empty() && !args.only.is_empty() {
            remark(&format!("`{}` is not drawn: the document has not what it needs", chart.name()));
        }
        written.extend(write(&folder, &drawings, wanted)?);
    }
    if !args.quiet {
        say(&written.iter().map(|file| format!("{}\n", file.display())).collect::<String>())?;
    }
    Ok(Exit::Held)
}

/// Every chart and the question that it answers.
fn list() -> Result<Exit, Trouble> {
    say(&CHARTS.iter().map(|chart| format!("{}\n    {}\n", chart.name(), chart.shows())).collect::<String>())?;
    Ok(Exit::Held)
}

/// The charts of these names; without names all.
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

/// A document, and its points where they stand in a file beside it.
fn read(path: &Path) -> Result<(Results, Option<Vec<Point>>), Trouble> {
    let refuse = |why: String| {
        let help = "`bedload run`, `sweep`, `size` and `compare` write one, results.json".to_owned();
        fault(Exit::Usage, format!("`{}` is no document that can be drawn: {why}", path.display()), help)
    };
    let text = std::fs::read_to_string(path).map_err(|e| refuse(e.to_string()))?;
    // The version first: another one may have other keys.
    let head: serde_json::Value = serde_json::from_str(&text).map_err(|e| refuse(e.to_string()))?;
    match head.get("schema_version").and_then(serde_json::Value::as_u64) {
        Some(version) if version == u64::from(SCHEMA_VERSION) => {}
        Some(version) => {
            return Err(refuse(format!("its schema_version is {version}, this bedload reads {SCHEMA_VERSION}")));
        }
        None => return Err(refuse("it has no schema_version".to_owned())),
    }
    let results: Results = serde_json::from_value(head).map_err(|e| refuse(e.to_string()))?;
    if results.points_total <= results.points.len() as u64 {
        return Ok((results, None));
    }
    let lines = path.with_file_name("points.jsonl");
    let file = std::fs::File::open(&lines)
        .map_err(|e| refuse(format!("its points are in `{}`, which cannot be read: {e}", lines.display())))?;
    let point = |(i, line): (usize, std::io::Result<String>)| {
        let line = line.map_err(|e| refuse(e.to_string()))?;
        serde_json::from_str(&line).map_err(|e| refuse(format!("line {} of `{}`: {e}", i + 1, lines.display())))
    };
    let points = BufReader::new(file).lines().enumerate().map(point).collect::<Result<Vec<Point>, Trouble>>()?;
    Ok((results, Some(points)))
}

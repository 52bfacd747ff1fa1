//! `bedload size`: the least or the greatest value that keeps every expectation.

use std::io::{self, Write};

use super::args::{Format, SizeArgs};
use super::progress::Progress;
use super::run::{exit, files_line, origin, output_folder, write};
use super::{Exit, Trouble, build, colour, doubted, fault, load, say};
use crate::experiment::{self, Conclusion, Watch};
use crate::model::study::Size;
use crate::results::{BoughtVerdict, Sizing};
use crate::scenario::{Loaded, Source};
use crate::{report, results};

pub(super) fn size(args: &SizeArgs) -> Result<Exit, Trouble> {
    let (source, loaded) = load(&args.file, &args.settings(), &args.overrides.catalog)?;
    let Some(size) = &loaded.study.size else {
        let rule = format!("`{}` does not say what to size", args.file.display());
        let help = "write a [size] section, or --vary PATH --from A --to B".to_owned();
        return Err(fault(Exit::Usage, rule, help));
    };
    let folder = output_folder(args.out.as_deref(), &args.file)?;
    let threads = usize::from(args.threads.unwrap_or(0));
    let progress = Progress::new(args.quiet);
    let conclusion = experiment::on_threads(threads, || conclude(&source, &loaded, size, args.no_doubt, &progress))
        .map_err(|e| fault(Exit::InputOutput, format!("cannot start {threads} threads: {e}"), None))?;
    progress.finish();
    let conclusion = conclusion?;
    let written = write(&folder, &conclusion.results, args.no_charts)?;
    if !args.quiet {
        match args.format {
            Format::Json => say(&report::json(&conclusion.results))?,
            Format::Markdown => say(&report::markdown(&conclusion.results))?,
            Format::Text => {
                let palette = report::Palette { colour: colour(&io::stdout()) };
                say(&report::text(&conclusion.results, palette))?;
                say(&format!("\nFiles      {}\n", files_line(&written)))?;
            }
        }
    }
    let Some(sizing) = &conclusion.results.sizing else { return Ok(Exit::Held) };
    tell_bought(sizing, args.quiet);
    Ok(exit(Some(sizing.judgement()), conclusion.results.doubt.as_ref()))
}

/// Sizes a scenario that says what to size.
pub(super) fn conclude(
    source: &Source,
    loaded: &Loaded,
    size: &Size,
    no_doubt: bool,
    watch: &dyn Watch,
) -> Result<Conclusion, Trouble> {
    let unknowns = doubted(loaded, no_doubt);
    let build = |settings: &[String]| build(source, settings);
    let scenario: results::Scenario = origin(loaded);
    let sized = experiment::size(size, &loaded.model, scenario, unknowns, &build, watch);
    sized.map_err(|message| Trouble::new(Exit::Usage, message))
}

/// More than it takes is no failure, and worth a word; a quiet run still says what is wrong.
fn tell_bought(sizing: &Sizing, quiet: bool) {
    let Some(bought) = &sizing.bought else { return };
    let _ = match bought.verdict {
        BoughtVerdict::Spare => {
            let saved = sizing
                .saving_usd_per_month()
                .map(|usd| format!(": {} a month could be saved", report::money(usd)))
                .unwrap_or_default();
            writeln!(io::stderr(), "warning: bought {}{saved}", bought.explanation)
        }
        BoughtVerdict::Short if quiet => writeln!(io::stderr(), "bought {}", bought.explanation),
        _ => Ok(()),
    };
}

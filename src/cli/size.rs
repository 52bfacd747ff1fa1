//! The command `bedload size`: the search for the least or the greatest value that meets every goal.

use std::io;

use super::args::{Format, SizeArgs};
use super::files::OF_A_RUN;
use super::forecast::{Ahead, announce};
use super::long_traces::{AGAIN, LongTraces};
use super::progress::Progress;
use super::run::{exit, files_line, origin, output_folder, write};
use super::{Exit, Trouble, check_alternatives, colour, doubted, fault, refusal, remark, say, show_warnings, source};
use crate::experiment::{self, Conclusion, Watch};
use crate::model::study::{Size, sweep};
use crate::results::{BoughtVerdict, Sizing};
use crate::scenario::{Loaded, Source};
use crate::{report, results};

pub(super) fn size(args: &SizeArgs) -> Result<Exit, Trouble> {
    let (source, loaded) = open(args)?;
    let Some(size) = &loaded.study.size else {
        let rule = format!("`{}` does not say what to size", args.file.display());
        let help = "write a [size] section, or --vary PATH --from A --to B".to_owned();
        return Err(fault(Exit::Usage, rule, help));
    };
    check_unit(&source, size)?;
    let folder = output_folder(args.out.as_deref(), &args.file, "-size", OF_A_RUN)?;
    let ahead = Ahead::of(&loaded.model, doubted(&loaded, args.no_doubt)).times(experiment::plays_to_size(size));
    announce(&[ahead], args.resources)?;
    let long_traces = LongTraces::of(&source)?;
    let threads = args.resources.threads();
    let progress = Progress::new(args.quiet);
    let conclusion = experiment::on_threads(threads, || conclude(&source, &loaded, size, args.no_doubt, &progress))
        .map_err(|e| fault(Exit::InputOutput, format!("cannot start {threads} threads: {e}"), None))?;
    progress.finish();
    let conclusion = conclusion?;
    long_traces.refuse_changed(AGAIN)?;
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

/// Loads the scenario, tries the alternatives of its unknowns, and shows its warnings; the file's own value of the key
/// that is varied may be inadmissible.
fn open(args: &SizeArgs) -> Result<(Source, Loaded), Trouble> {
    let source = source(&args.file, &args.settings(), &args.overrides.catalog)?;
    let (loaded, needed) = source.load_to_size().map_err(|refused| refusal(&refused))?;
    check_alternatives(&source, &loaded.study.doubt, &needed)?;
    show_warnings(&loaded);
    Ok((source, loaded))
}

/// Refuses bare numbers for a key whose values have a unit, and names the unit that they lack.
fn check_unit(source: &Source, size: &Size) -> Result<(), Trouble> {
    const UNITS: [&str; 3] = ["/min", "s", "%"];
    let loads = |size: &Size| {
        let one = |value: u64| source.load(&sweep::settings(&[size.choice(value)])).is_ok();
        size.probes().into_iter().any(one)
    };
    if !size.unit.is_empty() || loads(size) {
        return Ok(());
    }
    let with = |unit: &str| Size { unit: unit.to_owned(), ..size.clone() };
    let Some(unit) = UNITS.into_iter().find(|unit| loads(&with(unit))) else { return Ok(()) };
    let rule = format!("a value of `{}` has a unit, and {} to {} have none", size.vary, size.from, size.to);
    let help = format!("add the unit of the values: --unit {unit}, or unit = \"{unit}\" in [size]");
    Err(fault(Exit::Usage, rule, help))
}

/// Sizes a scenario, and refuses a range in which no value gives a valid scenario.
pub(super) fn conclude(
    source: &Source,
    loaded: &Loaded,
    size: &Size,
    no_doubt: bool,
    watch: &dyn Watch,
) -> Result<Conclusion, Trouble> {
    let unknowns = doubted(loaded, no_doubt);
    let build = |settings: &[String]| source.load(settings).map(|l| l.model).map_err(|refused| refused.reason());
    let scenario: results::Scenario = origin(loaded);
    let sized = experiment::size(size, &loaded.model, scenario, unknowns, &build, watch);
    let help =
        "no value of the range gives a valid scenario: choose other values, or correct the fault that they share"
            .to_owned();
    sized.map_err(|reason| fault(Exit::Usage, reason, help))
}

/// Prints a remark where more is bought than needed, which is no failure, and in a quiet run where too little is.
fn tell_bought(sizing: &Sizing, quiet: bool) {
    let Some(bought) = &sizing.bought else { return };
    match bought.verdict {
        BoughtVerdict::Spare => {
            let saved = sizing
                .saving_usd_per_month()
                .map(|usd| format!(": {} a month could be saved", report::money(usd)))
                .unwrap_or_default();
            remark(&format!("warning: {}{saved}", bought.explanation));
        }
        BoughtVerdict::Short if quiet => remark(&bought.explanation),
        _ => {}
    }
}

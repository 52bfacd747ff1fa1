//! The command `bedload compare`: two scenarios are simulated with common random numbers and compared.

use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::args::{CompareArgs, Format};
use super::drawings::{draw, remove_older};
use super::files::{OF_A_COMPARISON, open_folder, place, save, stream};
use super::forecast::{Ahead, announce};
use super::long_traces::{AGAIN, LongTraces};
use super::progress::Progress;
use super::run::{exit, files_line, not_held_early, origin, speed};
use super::{
    Exit, Trouble, build, check_alternatives, colour, complain, doubted, fault, refusal, remark, say, source, warnings,
};
use crate::charts::Subject;
use crate::experiment::{self, Build, Conclusion, Contender};
use crate::folder::OutputFolder;
use crate::model::study::{Unknown, overlaps};
use crate::report;
use crate::results::{JudgedTwice, Judgement, Results};
use crate::scenario::{Loaded, Source};

/// A scenario, loaded.
struct Side {
    source: Source,
    loaded: Loaded,
    /// The unknowns of the scenario, without those that the comparison sets.
    unknowns: Vec<Unknown>,
}

pub(super) fn compare(args: &CompareArgs) -> Result<Exit, Trouble> {
    let (a, b) = sides(args)?;
    let folder = output_folder(args)?;
    let ahead = [&a, &b].map(|side| Ahead::of(&side.loaded.model, &side.unknowns));
    announce(&ahead, args.resources)?;
    let long_traces = [LongTraces::of(&a.source)?, LongTraces::of(&b.source)?];
    let (mut conclusion, took) = simulate(args, &a, &b)?;
    long_traces.iter().try_for_each(|traces| traces.refuse_changed(AGAIN))?;
    if let Some(comparison) = &mut conclusion.results.comparison {
        comparison.tolerance = args.tolerance;
    }
    let written = write(&folder, &conclusion.results, args.no_charts)?;
    if args.quiet {
        let turned = expectations(&conclusion.results).iter().filter(|e| e.judgement() != Judgement::Held);
        turned.for_each(|e| conclusion.results.comparison.iter().for_each(|c| remark(&report::turned(e, c))));
    } else {
        tell(args, &conclusion, took, &written)?;
    }
    let worst = expectations(&conclusion.results).iter().map(JudgedTwice::judgement).max();
    Ok(exit(not_held_early(worst, &conclusion.results.points), conclusion.results.doubt.as_ref()))
}

/// Loads both sides and shows their warnings, those that they share once.
fn sides(args: &CompareArgs) -> Result<(Side, Side), Trouble> {
    if args.b.is_none() && args.set.is_empty() {
        let help = "name a second scenario, or set with --set what differs on the other side".to_owned();
        return Err(fault(Exit::Usage, format!("there is nothing to compare `{}` with", args.a.display()), help));
    }
    let a = side(args, &args.a, &args.both())?;
    let b = side(args, args.b.as_deref().unwrap_or(&args.a), &[args.both(), args.set.clone()].concat())?;
    let (of_a, of_b) = (warnings(&a.loaded), warnings(&b.loaded));
    complain(&of_a);
    complain(if of_a == of_b { "" } else { &of_b });
    Ok((a, b))
}

fn side(args: &CompareArgs, path: &Path, settings: &[String]) -> Result<Side, Trouble> {
    let source = source(path, settings, &args.catalog)?;
    let loaded = source.load(&[]).map_err(|refused| refusal(&refused))?;
    // What is set on one side is what is compared, and not doubted.
    let is_compared =
        |path: &str| args.set.iter().filter_map(|s| s.split_once('=')).any(|(set, _)| overlaps(set, path));
    let unknowns: Vec<Unknown> =
        doubted(&loaded, args.no_doubt).iter().filter(|u| !is_compared(&u.path)).cloned().collect();
    check_alternatives(&source, &unknowns, &[])?;
    Ok(Side { source, loaded, unknowns })
}

fn output_folder(args: &CompareArgs) -> Result<OutputFolder, Trouble> {
    let name = |path: &Path| path.file_stem().map_or_else(|| "run".to_owned(), |s| s.to_string_lossy().into_owned());
    let name = format!("{}-vs-{}", name(&args.a), name(args.b.as_deref().unwrap_or(&args.a)));
    let path = args.out.clone().unwrap_or_else(|| Path::new("output").join(name));
    open_folder(&path, OF_A_COMPARISON)
}

fn simulate(args: &CompareArgs, a: &Side, b: &Side) -> Result<(Conclusion, Duration), Trouble> {
    let threads = args.resources.threads();
    let progress = Progress::new(args.quiet);
    let began = Instant::now();
    let [of_a, of_b] = [a, b].map(|side| |settings: &[String]| build(&side.source, settings));
    let (a, b) = (contender(a, &of_a), contender(b, &of_b));
    let conclusion = experiment::on_threads(threads, || experiment::compare_in_doubt(&a, &b, &progress))
        .map_err(|e| fault(Exit::InputOutput, format!("cannot start {threads} threads: {e}"), None))?
        .map_err(|message| Trouble::new(Exit::Usage, message))?;
    let took = began.elapsed();
    progress.finish();
    Ok((conclusion, took))
}

fn contender<'s>(side: &'s Side, build: &'s Build<'s>) -> Contender<'s> {
    Contender { model: &side.loaded.model, scenario: origin(&side.loaded), unknowns: &side.unknowns, build }
}

fn write(folder: &OutputFolder, results: &Results, no_charts: bool) -> Result<Vec<PathBuf>, Trouble> {
    let mut files = folder.together();
    stream(&mut files, "results.json", |out| report::write_json(results, out))?;
    save(&mut files, "differences.csv", report::differences_csv(results).as_bytes())?;
    if !no_charts {
        draw(&mut files, &Subject::of(results))?;
    }
    let written = place(files)?;
    remove_older(folder, &written);
    Ok(written)
}

fn tell(args: &CompareArgs, conclusion: &Conclusion, took: Duration, written: &[PathBuf]) -> Result<(), Trouble> {
    match args.format {
        Format::Json => say(&report::json(&conclusion.results))?,
        Format::Markdown => say(&report::comparison_markdown(&conclusion.results))?,
        Format::Text => {
            let palette = report::Palette { colour: colour(&io::stdout()) };
            say(&report::comparison_text(&conclusion.results, palette))?;
            say(&format!("\nFiles      {}\nSpeed      {}\n", files_line(written), speed(conclusion.effort, took)))?;
        }
    }
    if args.format != Format::Text && io::stderr().is_terminal() {
        complain(&format!("{}\n", files_line(written)));
    }
    Ok(())
}

fn expectations(results: &Results) -> &[JudgedTwice] {
    results.comparison.as_ref().map_or(&[], |comparison| &comparison.expectations)
}

//! `bedload compare`: two scenarios with the same luck, told and written.

use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::args::{CompareArgs, Format};
use super::files::OutputFolder;
use super::progress::Progress;
use super::run::{files_line, origin, speed};
use super::{Exit, Trouble, colour, fault, refusal, say, source, warnings};
use crate::experiment::{self, Conclusion};
use crate::report;
use crate::results::{JudgedTwice, Judgement, Results};
use crate::scenario::{Loaded, Source};

pub(super) fn compare(args: &CompareArgs) -> Result<Exit, Trouble> {
    let (a, b) = sides(args)?;
    let folder = output_folder(args)?;
    let (conclusion, took) = simulate(args, &a, &b)?;
    let written = write(&folder, &conclusion.results)?;
    if args.quiet {
        let turned = expectations(&conclusion.results).iter().filter(|e| exit_of(e) != Exit::Held);
        turned.for_each(|e| eprintln!("{}", report::turned(e)));
    } else {
        tell(args, &conclusion, took, &written)?;
    }
    Ok(exit(&conclusion.results))
}

/// Loads both sides and shows their warnings, those that they share once.
fn sides(args: &CompareArgs) -> Result<(Loaded, Loaded), Trouble> {
    if args.b.is_none() && args.set.is_empty() {
        let help = "name a second scenario, or say with --set what is different on the other side".to_owned();
        return Err(fault(Exit::Usage, format!("`{}` is compared with nothing", args.a.display()), help));
    }
    let load = |source: &Source| source.load(&[]).map_err(|refused| refusal(&refused));
    let a = load(&source(&args.a, &args.both())?)?;
    let b = load(&source(args.b.as_deref().unwrap_or(&args.a), &[args.both(), args.set.clone()].concat())?)?;
    let (of_a, of_b) = (warnings(&a), warnings(&b));
    let _ = write!(io::stderr(), "{of_a}{}", if of_a == of_b { "" } else { &of_b });
    Ok((a, b))
}

fn output_folder(args: &CompareArgs) -> Result<OutputFolder, Trouble> {
    let name = |path: &Path| path.file_stem().map_or_else(|| "run".to_owned(), |s| s.to_string_lossy().into_owned());
    let name = format!("{}-vs-{}", name(&args.a), name(args.b.as_deref().unwrap_or(&args.a)));
    let path = args.out.clone().unwrap_or_else(|| Path::new("output").join(name));
    OutputFolder::open(&path).map_err(|e| {
        let help = "name a folder that can be written to with --out".to_owned();
        fault(Exit::Usage, format!("cannot write to the folder `{}`: {e}", path.display()), help)
    })
}

fn simulate(args: &CompareArgs, a: &Loaded, b: &Loaded) -> Result<(Conclusion, Duration), Trouble> {
    let threads = usize::from(args.threads.unwrap_or(0));
    let progress = Progress::new(args.quiet);
    let began = Instant::now();
    let sides = ((&a.model, origin(a)), (&b.model, origin(b)));
    let conclusion = experiment::on_threads(threads, || experiment::compare(sides.0, sides.1, &progress))
        .map_err(|e| fault(Exit::InputOutput, format!("cannot start {threads} threads: {e}"), None))?;
    let took = began.elapsed();
    progress.finish();
    Ok((conclusion, took))
}

fn write(folder: &OutputFolder, results: &Results) -> Result<Vec<PathBuf>, Trouble> {
    let save = |name: &str, content: String| {
        let written = folder.write(name, content.as_bytes());
        written.map_err(|e| fault(Exit::InputOutput, format!("cannot write `{name}`: {e}"), None))
    };
    Ok(vec![save("results.json", report::json(results))?, save("differences.csv", report::differences_csv(results))?])
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
        eprintln!("{}", files_line(written));
    }
    Ok(())
}

fn expectations(results: &Results) -> &[JudgedTwice] {
    results.comparison.as_ref().map_or(&[], |comparison| &comparison.expectations)
}

/// What an expectation makes of the whole: failed is what b breaks or is alone in expecting, undecided what b, or a where b
/// fails, does not settle. What fails on both sides is no fault of b's.
fn exit_of(e: &JudgedTwice) -> Exit {
    match (e.a, e.b) {
        (Some(Judgement::Held) | None, Some(Judgement::Failed)) => Exit::Failed,
        (_, Some(Judgement::Inconclusive)) | (Some(Judgement::Inconclusive), Some(Judgement::Failed)) => {
            Exit::Inconclusive
        }
        _ => Exit::Held,
    }
}

fn exit(results: &Results) -> Exit {
    let exits: Vec<Exit> = expectations(results).iter().map(exit_of).collect();
    let worst = [Exit::Failed, Exit::Inconclusive].into_iter().find(|exit| exits.contains(exit));
    worst.unwrap_or(Exit::Held)
}

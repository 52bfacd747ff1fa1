//! The command `bedload run`: one design point is simulated, summarised, written and drawn.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::args::{Format, RunArgs};
use super::drawings::{draw, remove_older};
use super::files::{OF_A_RUN, open_folder, place, stream};
use super::forecast::{Ahead, announce};
use super::long_traces::{AGAIN, LongTraces};
use super::progress::Progress;
use super::sweep::Points;
use super::{
    Exit, Trouble, build, colour, complain, doubted, fault, load, refusal, remark, say, show_warnings, shown, source,
};
use serde_json::Value;

use crate::charts::Subject;
use crate::experiment::{self, Conclusion, Effort};
use crate::figures;
use crate::folder::OutputFolder;
use crate::report;
use crate::results::{self, Doubt, Judgement, Point, Results};
use crate::scenario::{Loaded, Source};
use crate::units;

/// The scenario that is to be run.
struct Asked {
    source: Source,
    /// The settings that a point of a sweep makes over the scenario; empty for a run of the scenario itself.
    settings: Vec<String>,
    loaded: Loaded,
    parameters: BTreeMap<String, Value>,
}

pub(super) fn run(args: &RunArgs) -> Result<Exit, Trouble> {
    let asked = match args.point {
        None => {
            let (source, loaded) = load(&args.file, &args.overrides.as_settings(), &args.overrides.catalog)?;
            Asked { source, settings: Vec::new(), loaded, parameters: BTreeMap::new() }
        }
        Some(index) => load_point(args, index)?,
    };
    let suffix = args.point.map(|index| format!("-point-{index}")).unwrap_or_default();
    let folder = output_folder(args.out.as_deref(), &args.file, &suffix, OF_A_RUN)?;
    let loaded = &asked.loaded;
    let ahead = Ahead::of(&loaded.model, doubted(loaded, args.no_doubt)).may_rerun(!args.no_decision);
    announce(&[ahead], args.resources)?;
    let long_traces = LongTraces::of(&asked.source)?;
    let (mut conclusion, took) = simulate(args, &asked)?;
    long_traces.refuse_changed(AGAIN)?;
    for point in &mut conclusion.results.points {
        point.index = args.point.unwrap_or(0);
        point.parameters.clone_from(&asked.parameters);
    }
    let written = write(&folder, &conclusion.results, args.no_charts)?;
    if args.quiet {
        tell_broken(&conclusion.results);
    } else {
        tell(args, &conclusion, took, &written)?;
    }
    let worst = Judgement::worst(&conclusion.results.expectations);
    Ok(exit(not_held_early(worst, &conclusion.results.points), conclusion.results.doubt.as_ref()))
}

/// Loads a point of the scenario's sweep by its index.
fn load_point(args: &RunArgs, index: u64) -> Result<Asked, Trouble> {
    let source = source(&args.file, &args.overrides.as_settings(), &args.overrides.catalog)?;
    let base = source.load(&[]).map_err(|r| refusal(&r))?;
    let points = Points::of(&source, &base, &args.file)?;
    points.warn_of_settings(&args.overrides.as_settings());
    let (parameters, settings) = points.settings(index)?;
    let loaded = source.load(&settings).map_err(|r| refusal(&r))?;
    show_warnings(&loaded);
    Ok(Asked { source, settings, loaded, parameters })
}

/// Takes over the folder that is named, else `output/` with the scenario's name and the suffix of the verb: each verb has a
/// folder of its own, so that none overwrites what another wrote. `writes` names the documents to come.
pub(super) fn output_folder(
    named: Option<&Path>,
    scenario: &Path,
    suffix: &str,
    writes: &[&str],
) -> Result<OutputFolder, Trouble> {
    let mut name = scenario.file_stem().unwrap_or_else(|| OsStr::new("run")).to_os_string();
    name.push(suffix);
    let path = named.map_or_else(|| Path::new("output").join(name), Path::to_owned);
    open_folder(&path, writes)
}

fn simulate(args: &RunArgs, asked: &Asked) -> Result<(Conclusion, Duration), Trouble> {
    let threads = args.resources.threads();
    let Asked { source, settings: point, loaded, .. } = asked;
    let scenario = origin(loaded);
    let progress = Progress::new(args.quiet);
    let began = Instant::now();
    let unknowns = doubted(loaded, args.no_doubt);
    let build = |settings: &[String]| build(source, &[point, settings].concat());
    let run = || {
        let mut conclusion = experiment::run_in_doubt(&loaded.model, scenario, unknowns, &build, &progress)?;
        if !args.no_decision {
            experiment::seek_change(&mut conclusion, &loaded.model, &build);
        }
        report::decide(&mut conclusion.results);
        Ok(conclusion)
    };
    let conclusion = experiment::on_threads(threads, run)
        .map_err(|e| fault(Exit::InputOutput, format!("cannot start {threads} threads: {e}"), None))?
        .map_err(|message: String| Trouble::new(Exit::Usage, message))?;
    let took = began.elapsed();
    progress.finish();
    Ok((conclusion, took))
}

/// Returns the origin of results: the title, file, hash and overrides of the scenario.
pub(super) fn origin(loaded: &Loaded) -> results::Scenario {
    results::Scenario {
        title: loaded.model.title.clone(),
        file: loaded.file_name.clone(),
        sha256: loaded.sha256.clone(),
        overrides: loaded.overrides.clone(),
    }
}

/// Writes the document and what is drawn from it, of a size at its answer; returns what was written. Nothing takes the place of
/// an older file before all is written.
pub(super) fn write(folder: &OutputFolder, results: &Results, no_charts: bool) -> Result<Vec<PathBuf>, Trouble> {
    let mut files = folder.together();
    stream(&mut files, "results.json", |out| report::write_json(results, out))?;
    stream(&mut files, "points.csv", |out| report::write_points_csv(results, out))?;
    if !no_charts {
        draw(&mut files, &Subject::of(results))?;
    }
    let written = place(files)?;
    remove_older(folder, &written);
    Ok(written)
}

fn tell(args: &RunArgs, conclusion: &Conclusion, took: Duration, written: &[PathBuf]) -> Result<(), Trouble> {
    match args.format {
        Format::Json => say(&report::json(&conclusion.results))?,
        Format::Markdown => say(&report::markdown(&conclusion.results))?,
        Format::Text => {
            let palette = report::Palette { colour: colour(&io::stdout()) };
            say(&report::text(&conclusion.results, palette))?;
            say(&format!("\nFiles      {}\nSpeed      {}\n", files_line(written), speed(conclusion.effort, took)))?;
        }
    }
    if args.format != Format::Text && io::stderr().is_terminal() {
        complain(&format!("{}\n", files_line(written)));
    }
    Ok(())
}

/// Prints what even a quiet run says: that it ended early, and the goals that did not hold.
fn tell_broken(results: &Results) {
    if let Some(ended) = results.points.first().and_then(|point| point.ended.as_ref()) {
        remark(&report::early_end(ended).replace('\u{a0}', " "));
    }
    for broken in results.expectations.iter().filter(|e| e.verdict != Judgement::Held) {
        remark(&report::expectation(broken));
    }
    if let Some(point) = results.points.first()
        && let Some(said) = report::unbounded_failures(&results.expectations, &point.basis)
    {
        remark(&said.replace('\u{a0}', " "));
    }
}

/// Returns the files that were written as lines: the folder, then each file, a PNG beside its SVG.
pub(super) fn files_line(written: &[PathBuf]) -> String {
    let name = |p: &PathBuf| p.file_name().map(|n| shown(Path::new(n))).unwrap_or_default();
    let folder = written.first().and_then(|p| p.parent()).map(shown).unwrap_or_default();
    let mut lines = vec![format!("{folder}/")];
    for path in written {
        match name(path) {
            png if png.ends_with(".png") => {
                if let Some(last) = lines.last_mut() {
                    last.push_str(" and .png");
                }
            }
            other => lines.push(format!("             {other}")),
        }
    }
    lines.join("\n")
}

/// Returns how many requests were simulated and how long it took: `594,947 requests (with warm-up and reruns) in 658 ms`.
pub(super) fn speed(effort: Effort, took: Duration) -> String {
    let seconds = took.as_secs_f64();
    let (requests, seconds) = (units::grouped(effort.requests), figures::plain(&figures::time(seconds * 1e3)));
    format!("{requests} requests (with warm-up and reruns) in {seconds}")
}

/// Returns the judgement of runs whose worst goal was judged so: a run that the engine ended early never passes, even
/// where nothing is expected of it.
pub(super) fn not_held_early(worst: Option<Judgement>, points: &[Point]) -> Option<Judgement> {
    let has_ended_early = points.iter().any(|point| point.ended.is_some());
    worst.max(has_ended_early.then_some(Judgement::Inconclusive))
}

/// Returns the exit code. A goal that holds as written but not under every reading is inconclusive, and a remark says
/// so.
pub(super) fn exit(judgement: Option<Judgement>, doubt: Option<&Doubt>) -> Exit {
    let judgement = judgement.unwrap_or(Judgement::Held);
    match doubt.filter(|doubt| judgement == Judgement::Held && doubt.hangs()) {
        Some(doubt) => {
            remark(&format!("exit code 4, in doubt: {}", report::doubt(doubt)));
            Exit::Inconclusive
        }
        None => exit_of(judgement),
    }
}

pub(super) fn exit_of(judgement: Judgement) -> Exit {
    match judgement {
        Judgement::Held => Exit::Held,
        Judgement::Failed => Exit::Failed,
        Judgement::Inconclusive => Exit::Inconclusive,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::{EndReason, EndedEarly};

    #[test]
    fn a_run_that_ended_early_never_passes() {
        let text = std::fs::read_to_string("scenarios/quickstart.toml").unwrap_or_default();
        let source = Source::text("s.toml", &text, Path::new("scenarios"), &["run.duration=1s".to_owned()]);
        let model = source.ok().and_then(|source| source.load(&[]).ok()).expect("it runs").model;
        let mut point = experiment::play(&model, experiment::Depth::Figures, &experiment::Unwatched).point;
        let all = [None, Some(Judgement::Held), Some(Judgement::Inconclusive), Some(Judgement::Failed)];
        let judged = |point: &Point| all.map(|worst| exit(not_held_early(worst, std::slice::from_ref(point)), None));
        assert_eq!(judged(&point), [Exit::Held, Exit::Held, Exit::Inconclusive, Exit::Failed]);
        let clock = "2026-03-02 09:00:11".to_owned();
        let ended = EndedEarly { at_s: 11.0, clock, reason: EndReason::Waiting, most: 9, replications: 1 };
        point.ended = Some(ended);
        assert_eq!(judged(&point), [Exit::Inconclusive, Exit::Inconclusive, Exit::Inconclusive, Exit::Failed]);
    }
}

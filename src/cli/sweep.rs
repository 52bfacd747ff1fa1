//! The command `bedload sweep`: every design point is simulated, in parallel; a stopped sweep can be continued.

mod list;

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};
use std::path::Path;
use std::time::Instant;

use serde_json::Value;

use super::args::{Format, SweepArgs};
use super::drawings;
use super::files::{OF_A_SWEEP, place};
use super::forecast::{Ahead, announce};
use super::journal;
use super::long_traces::LongTraces;
use super::progress::PointBar;
use super::run::{files_line, origin, output_folder, speed};
use super::{Exit, Trouble, colour, complain, fault, refusal, remark, say, show_warnings};
use crate::charts::{Drawing, Subject};
use crate::escape::visible;
use crate::experiment::{self, Clusters, Design, Effort, Journal, Kept, PointsError, SharedNotes, Stopped};
use crate::folder::{OutputFolder, Together};
use crate::model::Model;
use crate::model::study::{Axis, Choice, Sweep, is_same_key, sweep};
use crate::report::{self, PointRows, Tale};
use crate::results::{self, Point, Results};
use crate::scenario::{Loaded, Parsed, Source};

/// The number of points above which a sweep is taken for a typing error, unless the user says yes.
const MANY_POINTS: u64 = 100_000;
/// The exit code of a program that was interrupted, as shells write it.
const INTERRUPTED: i32 = 130;
/// The most numbers of an axis that are tried by themselves before anything is simulated.
const TRIED_VALUES: u64 = 200;
/// The most points that results.json holds; of larger sweeps they are lines of points.jsonl.
const INLINED: u64 = 256;
/// The most points of which charts are drawn, because all of them must be in memory.
const DRAWN: u64 = 10_000;

pub(super) fn sweep(args: &SweepArgs) -> Result<Exit, Trouble> {
    let source = Source::open(&args.file, &args.overrides.as_settings()).map_err(|r| refusal(&r))?;
    let source = source.with_catalogs(&args.overrides.catalog);
    let base = source.load(&[]).map_err(|r| refusal(&r))?;
    show_warnings(&base);
    let study = Points::of(&source, &base, &args.file)?;
    study.try_values()?;
    study.warn_of_settings(&args.overrides.as_settings());
    if !base.study.doubt.is_empty() {
        remark("a sweep ignores [doubt]: `bedload run FILE --point K` simulates one point under every reading");
    }
    if args.list {
        return list::list(&study, args.format);
    }
    if study.count > MANY_POINTS && !args.resources.yes {
        let rule = format!("the sweep has {} points, more than {MANY_POINTS}", study.count);
        return Err(fault(Exit::Usage, rule, "choose fewer values, or pass --yes".to_owned()));
    }
    let folder = output_folder(args.out.as_deref(), &args.file, "-sweep", OF_A_SWEEP)?;
    announce(&study.ahead(), args.resources)?;
    let mut head = experiment::head(&base.model, origin(&base));
    experiment::without_varied(&mut head, study.sweep.axes.iter().flat_map(Axis::paths));
    let journal = journal::open(&folder, args, &head, &source, study.count)?;
    let long_traces = LongTraces::of(&source)?;
    let began = Instant::now();
    let effort = play(args, &study, &base, &journal)?;
    let took = began.elapsed();
    long_traces.refuse_changed("run the same command with --restart")?;
    let (mut tale, head, mut files) = write(&folder, head, &study, &journal)?;
    if !args.no_charts {
        let drawings = draw_points(&folder, &head, &journal, args.quiet)?;
        tale.add_drawings(&drawings);
        drawings::add(&mut files, &drawings, drawings::USUAL)?;
    }
    let written = place(files)?;
    drawings::remove_older(&folder, &written);
    journal.remove().map_err(|e| fault(Exit::InputOutput, format!("cannot remove the journal: {e}"), None))?;
    if !args.quiet {
        match args.format {
            Format::Json => say(&report::json(&head))?,
            Format::Markdown => say(&tale.markdown(&head))?,
            Format::Text => {
                let palette = report::Palette { colour: colour(&io::stdout()) };
                say(&tale.text(&head, palette))?;
                let files = files_line(&written);
                say(&format!("\nFiles      {files}\nSpeed      {}\n", speed(effort, took)))?;
            }
        }
    }
    Ok(if tale.has_early_end() { Exit::Inconclusive } else { Exit::Held })
}

/// The design points of a scenario.
pub(super) struct Points<'s> {
    /// The scenario without its sweep, parsed once for all points.
    parsed: Parsed<'s>,
    sweep: &'s Sweep,
    seed: u64,
    count: u64,
}

impl<'s> Points<'s> {
    pub(super) fn of(source: &'s Source, base: &'s Loaded, file: &Path) -> Result<Self, Trouble> {
        let Some(sweep) = &base.study.sweep else {
            let help = "add axes, such as [sweep] with \"capacities.us.tpm\" = [1_000_000, 2_000_000]".to_owned();
            return Err(fault(Exit::Usage, format!("`{}` has no [sweep]", file.display()), help));
        };
        let Some(count) = sweep.points() else {
            return Err(fault(Exit::Usage, "the sweep has more points than can be counted", None));
        };
        let parsed = Parsed::without_sweep(source).map_err(|refused| refusal(&refused))?;
        Ok(Self { parsed, sweep, seed: base.model.run.seed, count })
    }

    /// Returns the settings of a point.
    ///
    /// # Errors
    /// There is no such point.
    pub(super) fn settings(&self, index: u64) -> Result<(BTreeMap<String, Value>, Vec<String>), Trouble> {
        if index >= self.count {
            let rule = format!("there is no point {index}: the sweep has {} points, numbered from 0", self.count);
            return Err(fault(Exit::Usage, rule, "`bedload sweep FILE --list` shows them".to_owned()));
        }
        let choices = self.sweep.point(index, self.seed);
        Ok((sweep::parameters(&choices), sweep::settings(&choices)))
    }

    /// Tries each value of each axis by itself, so that most faults are found before anything is simulated.
    pub(super) fn try_values(&self) -> Result<(), Trouble> {
        for axis in &self.sweep.axes {
            // A text may name a file, and every file that the sweep reads is known before its first point.
            let has_text = |choice: &Choice| choice.parameters.iter().any(|(_, value)| !value.is_number());
            let tried = match axis {
                Axis::Choices(_) => axis.len().unwrap_or(0),
                // A range has no text.
                Axis::Numbers { .. } | Axis::Between { .. } => axis.len().unwrap_or(0).min(TRIED_VALUES),
            };
            let choices = (0..tried).filter_map(|i| Some((i, axis.choice(i)?)));
            for (_, choice) in choices.filter(|(i, choice)| *i < TRIED_VALUES || has_text(choice)) {
                let settings = sweep::settings(std::slice::from_ref(choice.as_ref()));
                self.parsed.load(&settings).map_err(|refused| {
                    let Trouble { exit, message } = refusal(&refused);
                    let axis = visible(&axis.columns().join(", ")).into_owned();
                    Trouble::new(exit, format!("{message}this is a value of the axis \"{axis}\" of [sweep]\n"))
                })?;
            }
        }
        Ok(())
    }

    /// Returns the simulations of the points, as if all were like the first, the middle and the last of them.
    pub(super) fn ahead(&self) -> Vec<Ahead<'static>> {
        let looked_at = BTreeSet::from([0, self.count / 2, self.count - 1]);
        let all = self.count as f64;
        let alike = all / looked_at.len() as f64;
        let models = looked_at.into_iter().filter_map(|index| self.point(index).ok());
        models.map(|(_, model)| Ahead::of_points(model, alike, all)).collect()
    }

    /// Warns of settings without effect, because an axis of the sweep sets the same key.
    pub(super) fn warn_of_settings(&self, settings: &[String]) {
        let paths: BTreeSet<&str> = self.sweep.axes.iter().flat_map(Axis::paths).collect();
        for path in settings.iter().filter_map(|s| s.split_once('=')).map(|(path, _)| path.trim()) {
            if paths.iter().any(|swept| is_same_key(swept, path)) {
                remark(&format!("warning: `{path}` is an axis of [sweep]: setting it has no effect"));
            }
        }
    }
}

impl Design for Points<'_> {
    fn point(&self, index: u64) -> Result<(BTreeMap<String, Value>, Model), String> {
        let (parameters, settings) = self.settings(index).map_err(|trouble| trouble.message)?;
        match self.parsed.load(&settings) {
            Ok(loaded) => Ok((parameters, loaded.model)),
            Err(refused) => Err(refusal(&refused).message),
        }
    }
}

/// Simulates the points that the journal does not have yet.
fn play(args: &SweepArgs, study: &Points<'_>, base: &Loaded, journal: &Journal) -> Result<Effort, Trouble> {
    let done: BTreeSet<u64> = journal.finished().into_iter().collect();
    let pending: Vec<u64> = (0..study.count).filter(|index| !done.contains(index)).collect();
    if !done.is_empty() && !args.quiet {
        remark(&format!("{} of {} points are finished already", done.len(), study.count));
    }
    // What is finished is in the journal already; whoever stops a sweep is told so.
    let told = ctrlc::set_handler(|| {
        complain("\nstopped: finished points are kept; the same command continues the sweep\n");
        std::process::exit(INTERRUPTED);
    });
    if let Err(error) = told {
        remark(&format!("warning: an interrupt will not be explained: {error}"));
    }
    let bar = PointBar::new(args.quiet, study.count, done.len() as u64);
    let threads = args.resources.threads();
    let kept = Kept::new(study.count, &base.model, &base.study);
    let keep = |point: Point| {
        journal.add(&point)?;
        bar.finished_one();
        Ok(())
    };
    let played = experiment::on_threads(threads, || experiment::sweep(study, &pending, &kept, &keep));
    bar.finish();
    match played {
        Ok(Ok(effort)) => Ok(effort),
        Ok(Err(Stopped::Unplayable { index, why })) => {
            Err(Trouble::new(Exit::Usage, format!("{why}\npoint {index} of the sweep cannot be simulated\n")))
        }
        Ok(Err(Stopped::Unkept(error))) => {
            let error: io::Error = error;
            let (exit, help) = match error.kind() {
                io::ErrorKind::InvalidInput => (Exit::Usage, "a scenario of fewer workloads has smaller results"),
                _ => (Exit::InputOutput, "finished points are kept: run the same command again"),
            };
            Err(fault(exit, format!("cannot write the journal: {error}"), help.to_owned()))
        }
        Err(error) => Err(fault(Exit::InputOutput, format!("cannot start {threads} threads: {error}"), None)),
    }
}

/// Draws a sweep, of a large one from the journal, for its document has not its points.
fn draw_points(folder: &OutputFolder, head: &Results, journal: &Journal, quiet: bool) -> Result<Vec<Drawing>, Trouble> {
    if head.points_total > DRAWN {
        if !quiet {
            let points = head.points_total;
            remark(&format!("no charts: the sweep has {points} points, more than {DRAWN}"));
        }
        return Ok(Vec::new());
    }
    if head.points_total <= INLINED {
        return drawings::drawn(&Subject::of(head));
    }
    let lost = |error: PointsError| journal::not_handed_on(folder, "journal.jsonl", &error);
    let clusters = clusters(journal).map_err(lost)?;
    let mut points = Vec::new();
    let gather = |point: Point| {
        // The course of single points is drawn by `run`; here it would only fill memory.
        points.push(Point { detail: None, ..judged(&clusters, point) });
        Ok(())
    };
    journal.each(gather).map_err(lost)?;
    drawings::drawn(&Subject { results: head, points: &points })
}

/// Gathers what all points of the journal show of the clusters of rare events.
fn clusters(journal: &Journal) -> Result<Clusters, PointsError> {
    let mut clusters = Clusters::default();
    journal.each(|point| {
        clusters.add(&point.expectations);
        Ok(())
    })?;
    Ok(clusters)
}

/// Returns a point, judged with the clusters that all points show.
fn judged(clusters: &Clusters, mut point: Point) -> Point {
    clusters.rejudge(&mut point);
    point
}

/// Writes the document and its points from the journal; returns the summary, the document and the files, which are not in
/// their places yet.
fn write<'f>(
    folder: &'f OutputFolder,
    head: Results,
    study: &Points<'_>,
    journal: &Journal,
) -> Result<(Tale, Results, Together<'f>), Trouble> {
    let fail = |name: &str, error: PointsError| journal::not_handed_on(folder, name, &error);
    let (mut tale, mut notes) = (Tale::default(), SharedNotes::default());
    let mut metrics = BTreeSet::new();
    let mut points = Vec::new();
    let clusters = clusters(journal).map_err(|error| fail("results.json", error))?;
    let gather = |point: Point| {
        let point = judged(&clusters, point);
        tale.add(&point);
        notes.add(&point);
        point.metrics.keys().for_each(|name| {
            if !metrics.contains(name) {
                metrics.insert(name.clone());
            }
        });
        if study.count <= INLINED {
            points.push(point);
        }
        Ok(())
    };
    journal.each(gather).map_err(|error| fail("results.json", error))?;
    let axis = |axis: &Axis| results::Axis { parameters: axis.columns(), values: axis.len() };
    let head = Results {
        metric_names: metrics.into_iter().collect(),
        points_total: study.count,
        notes: notes.told(),
        axes: study.sweep.axes.iter().map(axis).collect(),
        points,
        ..head
    };
    let mut files = folder.together();
    let document = files.write_with("results.json", |out| report::write_json(&head, out));
    document.map_err(|e: io::Error| fail("results.json", e.into()))?;
    if study.count > INLINED {
        let lines = |out: &mut dyn Write| {
            journal.each(|point| {
                serde_json::to_writer(&mut *out, &judged(&clusters, point))?;
                out.write_all(b"\n")
            })
        };
        files.write_with("points.jsonl", lines).map_err(|e| fail("points.jsonl", e))?;
    }
    let rows = |out: &mut dyn Write| -> Result<(), PointsError> {
        let mut rows = PointRows::new(out, study.sweep.columns(), &head.metric_names)?;
        journal.each(|point| rows.add(&judged(&clusters, point)))?;
        rows.finish()?;
        Ok(())
    };
    files.write_with("points.csv", rows).map_err(|e| fail("points.csv", e))?;
    Ok((tale, head, files))
}

//! Replications: independent runs of one model, each with streams of its own.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use rayon::prelude::*;

use super::watched::Watched;
use super::{Depth, Effort, Scores, Watch};
use crate::engine::observer::Observer;
use crate::engine::{self, Finished, Score};
use crate::metrics::{self, Measure, Measured, Metrics, Recorder, Recorders, evaluate};
use crate::model::Model;
use crate::traffic;

/// The measurements of one replication, or of several pooled.
#[derive(Debug, Clone)]
pub struct Record {
    pub measured: metrics::Record,
    /// The measurements in each window, in the model's order.
    pub windows: Vec<metrics::Record>,
}

/// One replication, with its metrics.
#[derive(Debug, Clone)]
pub struct Replication {
    pub record: Record,
    /// The metrics in the order of [`Record::evaluate`], which tells their names.
    pub metrics: Vec<Measure>,
    pub effort: Effort,
}

impl Replication {
    /// Returns the measure of a metric; `None`: the model has no metric of that name.
    #[must_use]
    pub fn metric(&self, model: &Model, name: &str) -> Option<Measure> {
        self.record.find(model, [name]).get(name).map(|(_, measure)| *measure)
    }
}

impl Record {
    /// Returns every metric of the interval and of the windows; the same names in the same order for one model.
    #[must_use]
    pub fn evaluate(&self, model: &Model) -> Vec<Measured> {
        let mut metrics = Vec::new();
        self.evaluate_into(model, &mut metrics);
        metrics
    }

    /// Returns the metrics of some names: the place of each in the order of [`Self::evaluate`], and its measure. A model
    /// may have so many metrics that a list of all is large.
    pub(super) fn find<'n>(
        &self,
        model: &Model,
        names: impl IntoIterator<Item = &'n str>,
    ) -> BTreeMap<&'n str, (usize, Measure)> {
        let names = names.into_iter().map(|name| (name, None)).collect();
        let mut wanted = Wanted { names, seen: 0, name: String::new() };
        self.evaluate_into(model, &mut wanted);
        wanted.names.into_iter().filter_map(|(name, found)| Some((name, found?))).collect()
    }

    /// Adds every metric to a list, as [`Self::evaluate`] does.
    pub fn evaluate_into(&self, model: &Model, out: &mut dyn Metrics) {
        let measured = (model.run.warmup, model.run.measured_end());
        evaluate(model, &self.measured, measured, "", out);
        for (window, record) in model.windows.iter().zip(&self.windows) {
            evaluate(model, record, (window.from, window.to), &format!("windows.{}.", window.name), out);
        }
    }
}

/// The metrics of some names, as they are found.
struct Wanted<'n> {
    names: BTreeMap<&'n str, Option<(usize, Measure)>>,
    /// The number of metrics so far.
    seen: usize,
    /// Room for a name.
    name: String,
}

impl Metrics for Wanted<'_> {
    fn put(&mut self, [first, rest]: [&str; 2], measure: Measure) {
        self.name.clear();
        self.name.push_str(first);
        self.name.push_str(rest);
        if let Some(found) = self.names.get_mut(self.name.as_str()) {
            found.get_or_insert((self.seen, measure));
        }
        self.seen += 1;
    }
}

/// Runs the replications of these numbers, in parallel; they come back in order.
#[must_use]
pub fn replicate(
    model: &Model,
    numbers: Range<u64>,
    depth: Depth,
    watch: &dyn Watch,
    scores: &Scores,
) -> Vec<Replication> {
    numbers.into_par_iter().map(|number| one(model, number, depth, watch, &scores.of(model, number))).collect()
}

fn one(model: &Model, number: u64, depth: Depth, watch: &dyn Watch, scores: &[Option<Arc<Score>>]) -> Replication {
    // Windows are rare: without them the engine's loop knows one recorder.
    let bursts = traffic::bursts(model, number);
    let measured = Recorder::measured(model, bursts.as_deref());
    // A warm-up is judged by the course of all, and charts draw that of the first.
    let measured = match depth {
        Depth::Figures => measured,
        Depth::Detail if number > 0 => measured.with_course(),
        Depth::Detail => measured.with_course().with_latencies(),
    };
    let (record, effort) = if model.windows.is_empty() {
        let finished = play(model, number, measured, watch, scores);
        let effort = Effort { requests: finished.requests, events: finished.events };
        let measured = finished.observer.finish(finished.unfinished.as_deref(), finished.ended);
        (Record { measured, windows: Vec::new() }, effort)
    } else {
        let finished = play(model, number, Recorders::new(measured, model, bursts.as_deref()), watch, scores);
        let effort = Effort { requests: finished.requests, events: finished.events };
        let measured = finished.observer.measured.finish(finished.unfinished.as_deref(), finished.ended);
        let windows = finished.observer.windows.into_iter().map(|w| w.finish(None, finished.ended));
        (Record { measured, windows: windows.collect() }, effort)
    };
    check_conservation(model, &record.measured, number, effort.events);
    let mut metrics: Vec<Measure> = Vec::new();
    record.evaluate_into(model, &mut metrics);
    metrics.shrink_to_fit();
    Replication { record, metrics, effort }
}

/// Simulates the tape to the end of the run.
fn play<O: Observer>(
    model: &Model,
    number: u64,
    observer: O,
    watch: &dyn Watch,
    scores: &[Option<Arc<Score>>],
) -> Finished<O> {
    let watched = Watched::new(observer, watch, model.run.measured_end().0);
    let Finished { observer, unfinished, events, requests, ended } = engine::run_along(model, number, watched, scores);
    Finished { observer: observer.finish(), unfinished, events, requests, ended }
}

/// Checks that every measured request has exactly one outcome, and every served one its latencies.
///
/// # Panics
/// When that does not hold: the engine is at fault, and the seed and the event tell where to look.
fn check_conservation(model: &Model, record: &metrics::Record, replication: u64, events: u64) {
    for (workload, c) in model.workloads.iter().zip(&record.workloads) {
        let outcomes = c.served + c.failed + c.timed_out + c.unfinished;
        let answers = c.latencies.count();
        assert!(
            c.requests == outcomes && (answers == c.served || record.ended.is_some()),
            "requests are not conserved in workload `{}`: {} arrived; {} served (with {} latencies) + {} failed + {} timed \
             out + {} unfinished = {outcomes}; seed {}, replication {replication}, after event {events}",
            workload.name,
            c.requests,
            c.served,
            answers,
            c.failed,
            c.timed_out,
            c.unfinished,
            model.run.seed,
        );
    }
}

//! Replications: independent runs of one model, each with streams of its own.

use std::ops::Range;
use std::sync::Arc;

use rayon::prelude::*;

use super::{Depth, Effort, Scores, Watch};
use crate::engine::observer::Observer;
use crate::engine::{self, Engine, Finished, Score};
use crate::metrics::{self, Measured, Recorder, Recorders, evaluate};
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
    pub metrics: Vec<Measured>,
    pub effort: Effort,
}

impl Record {
    /// Returns every metric of the interval and of the windows; the same names in the same order for one model.
    #[must_use]
    pub fn evaluate(&self, model: &Model) -> Vec<Measured> {
        let mut metrics = evaluate(model, &self.measured, model.run.warmup, model.run.measured_end(), "");
        for (window, record) in model.windows.iter().zip(&self.windows) {
            metrics.extend(evaluate(model, record, window.from, window.to, &format!("windows.{}.", window.name)));
        }
        metrics
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

/// Stretches between two looks at the progress; a look costs an atomic addition.
const STRETCHES_A_LOOK: u32 = 64;

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
    let metrics = record.evaluate(model);
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
    let mut tape = engine::tape(model, number, scores);
    let mut engine = Engine::new(model, number, observer).along(scores);
    let (mut stretches, mut told) = (0, 0);
    let end = model.run.measured_end().0;
    while let Some(stretch) = tape.next_stretch() {
        let now = stretch.block.arrival[stretch.rows.end - 1].min(end);
        if engine.advance(&stretch).is_break() {
            break;
        }
        stretches += 1;
        if stretches % STRETCHES_A_LOOK == 0 {
            watch.advanced(now - told);
            told = now;
        }
    }
    watch.advanced(end - told);
    engine.finish()
}

/// Checks that every measured request has exactly one outcome, and every served one its latencies.
///
/// # Panics
/// When that does not hold: the engine is at fault, and the seed and the event tell where to look.
fn check_conservation(model: &Model, record: &metrics::Record, replication: u64, events: u64) {
    for (workload, c) in model.workloads.iter().zip(&record.workloads) {
        let outcomes = c.served + c.failed + c.timed_out + c.unfinished;
        let [(_, e2e), ..] = c.latencies.by_stem();
        assert!(
            c.requests == outcomes && (e2e.count() == c.served || record.ended.is_some()),
            "requests are not conserved in workload `{}`: {} arrived; {} served (with {} latencies) + {} failed + {} timed \
             out + {} unfinished = {outcomes}; seed {}, replication {replication}, after event {events}",
            workload.name,
            c.requests,
            c.served,
            e2e.count(),
            c.failed,
            c.timed_out,
            c.unfinished,
            model.run.seed,
        );
    }
}

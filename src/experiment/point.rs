//! One design point: replications in waves until the precision asked for is reached.

use std::collections::BTreeMap;

use super::replicate::{Record, Replication, replicate};
use super::{Effort, Scores, Watch, aggregate, bill, judge, notes};
use crate::engine::NoRoom;
use crate::metrics::{self, EarlyEnds};
use crate::model::Model;
use crate::results::{EndReason, EndedEarly, Estimate, Expectation, Note, Point};
use crate::units::SimTime;

/// A design point that has been simulated.
#[derive(Debug, Clone)]
pub struct Played {
    pub point: Point,
    pub expectations: Vec<Expectation>,
    pub notes: Vec<Note>,
    /// The replications, for paired differences with another point.
    pub replications: Vec<Replication>,
    pub pooled: Record,
    pub effort: Effort,
}

/// The amount of detail that is kept of a design point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// The figures of the point.
    Figures,
    /// The figures, and the detail that charts draw.
    Detail,
}

/// Simulates a design point; its point has number 0 and no parameters.
#[must_use]
pub fn play(model: &Model, depth: Depth, watch: &dyn Watch) -> Played {
    play_along(model, depth, watch, &Scores::default())
}

/// Simulates a design point as one of many that share recorded random variates.
#[must_use]
pub fn play_along(model: &Model, depth: Depth, watch: &dyn Watch, scores: &Scores) -> Played {
    let plan = model.run.replications;
    let mut replications: Vec<Replication> = Vec::new();
    let mut wave = u64::from(plan.min);
    let mut pooled;
    let mut metrics;
    loop {
        let from = replications.len() as u64;
        watch.planned(wave, model.run.measured_end().0);
        replications.extend(replicate(model, from..from + wave, depth, watch, scores));
        pooled = aggregate::pool(&replications);
        metrics = aggregate::estimates(model, &replications, &pooled);
        let done = replications.len() as u64;
        let Some(precision) = plan.relative_precision else { break };
        if done >= u64::from(plan.max) || judge::is_precise(model, &metrics, precision) || watch.is_over() {
            break;
        }
        // Each wave is as large as all before it, so that the stop rule looks seldom.
        wave = done.min(u64::from(plan.max) - done);
    }
    concluded(model, depth, replications, pooled, metrics)
}

/// Simulates more replications of a point until it has as many, and concludes anew. For two points that must have the
/// same number, whatever their stop rules say.
#[must_use]
pub fn prolong(played: Played, model: &Model, replications: u64, watch: &dyn Watch) -> Played {
    let done = played.point.replications;
    if done >= replications {
        return played;
    }
    watch.planned(replications - done, model.run.measured_end().0);
    let depth = if played.point.detail.is_some() { Depth::Detail } else { Depth::Figures };
    let mut all = played.replications;
    all.extend(replicate(model, done..replications, depth, watch, &Scores::default()));
    let pooled = aggregate::pool(&all);
    let metrics = aggregate::estimates(model, &all, &pooled);
    concluded(model, depth, all, pooled, metrics)
}

/// Returns how replications ended early, if any did.
fn ended(model: &Model, pooled: &metrics::Record) -> Option<EndedEarly> {
    let EarlyEnds { first, replications } = pooled.ended?;
    let at = SimTime(first.at);
    let reason = match first.no_room {
        NoRoom::InService => EndReason::InService,
        NoRoom::Waiting => EndReason::Waiting,
    };
    let (at_s, clock) = (at.0 as f64 * 1e-6, model.run.start.clock_at(at));
    Some(EndedEarly { at_s, clock, reason, most: first.most.into(), replications })
}

/// Returns the results of a design point, once it has enough replications.
fn concluded(
    model: &Model,
    depth: Depth,
    replications: Vec<Replication>,
    pooled: Record,
    metrics: BTreeMap<String, Estimate>,
) -> Played {
    let effort = replications.iter().fold(Effort::default(), |sum, r| sum.plus(r.effort));
    let expectations = judge::judge(model, &replications, &pooled, &metrics);
    let n = replications.len() as u64;
    let (verdict, basis) = metrics::verdict(model, &pooled.measured, &metrics, n);
    let point = Point {
        index: 0,
        parameters: BTreeMap::new(),
        replications: n,
        verdict,
        basis,
        ended: ended(model, &pooled.measured),
        metrics,
        takes: metrics::takes(model, &pooled.measured, n),
        bill: bill::bill(model, &replications),
        commitments: bill::commitments(model),
        notes: Vec::new(),
        expectations: Vec::new(),
        detail: (depth == Depth::Detail)
            .then(|| metrics::detail(model, &replications[0].record.measured, &pooled.measured)),
    };
    let notes = notes::notes(model, &replications, &pooled, &point);
    Played { point, expectations, notes, replications, pooled, effort }
}

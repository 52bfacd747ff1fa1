//! Does the capacity carry the load?

use std::collections::BTreeMap;

use super::neck::neck;
use super::record::Record;
use crate::model::Model;
use crate::model::expectation::UNSTATED_FAILURE_BOUND;
use crate::model::workload::Workload;
use crate::model::workload::arrivals::Arrivals;
use crate::results::{Estimate, Verdict, VerdictBasis};

/// Judges the pooled record of `replications` runs, whose estimates are `metrics`, by what happened in them. The first that
/// applies:
///
/// - *backlogged*: the engine ended the run early for want of room for live requests, or more waited (in queues, in clients
///   and between attempts) at the end of the measured interval than at its start and than the run has worked off: see
///   METHODOLOGY, "Verdicts";
/// - *saturated*: in more than a third of the wall-clock minutes with traffic, more requests fail than the bound;
/// - *drops*: a goal on failures is broken; where the scenario states none, more requests fail than the bound;
/// - *carries*.
#[must_use]
pub fn verdict(
    model: &Model,
    pooled: &Record,
    metrics: &BTreeMap<String, Estimate>,
    replications: u64,
) -> (Verdict, VerdictBasis) {
    let bound = model.failure_bound();
    let n = replications as f64;
    let sum = |of: fn(&super::Cohort) -> u64| pooled.workloads.iter().map(of).sum::<u64>();
    let (lost, requests) = (sum(super::Cohort::unanswered), sum(|c| c.requests));
    let minutes = pooled.minutes;
    let basis = VerdictBasis {
        failing_share: share(lost, requests),
        bound: bound.share,
        bound_is_stated: bound.is_stated,
        minutes: minutes.with_traffic,
        minutes_over_bound: minutes.over_bound,
        recovered_attempts: sum(|c| c.recovered_attempts) as f64 / n,
        waiting_growth: pooled.waiting.growth(replications),
        neck: neck(model, pooled, n),
    };
    let is_backlog = pooled.waiting.is_backlog(replications, requests as f64 / n, users(model));
    let verdict = if pooled.ended.is_some() || is_backlog {
        Verdict::Backlogged
    } else if 3 * minutes.over_bound > minutes.with_traffic {
        Verdict::Saturated
    } else if breaks_a_goal(model, metrics) || loses_unstated(model, pooled) {
        Verdict::Drops
    } else {
        Verdict::Carries
    };
    (verdict, basis)
}

/// Returns the number of users of closed loops, each of whom has at most one waiting request.
fn users(model: &Model) -> f64 {
    let of =
        |workload: &Workload| if let Arrivals::Users(users) = &workload.arrivals { users.count as f64 } else { 0.0 };
    model.workloads.iter().map(of).sum()
}

fn share(part: u64, all: u64) -> f64 {
    if all == 0 { 0.0 } else { part as f64 / all as f64 }
}

/// Returns whether the estimate of a goal on failures is beyond it.
fn breaks_a_goal(model: &Model, metrics: &BTreeMap<String, Estimate>) -> bool {
    let mut goals = model.failure_goals();
    goals.any(|goal| metrics.get(goal.metric).and_then(|e| e.estimate).is_some_and(|x| x > goal.share))
}

/// Returns whether too many requests fail of the workloads that no goal speaks of, where none speaks of all.
fn loses_unstated(model: &Model, pooled: &Record) -> bool {
    if model.failure_goals().any(|goal| goal.workload.is_none()) {
        return false;
    }
    let is_stated = |name: &str| model.failure_goals().any(|goal| goal.workload == Some(name));
    let unstated = model.workloads.iter().zip(&pooled.workloads).filter(|(workload, _)| !is_stated(&workload.name));
    let (lost, requests) =
        unstated.fold((0, 0), |(lost, requests), (_, c)| (lost + c.unanswered(), requests + c.requests));
    share(lost, requests) > UNSTATED_FAILURE_BOUND
}

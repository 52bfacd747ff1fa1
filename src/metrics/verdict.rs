//! Can the capacity carry the load at all?

use std::collections::{BTreeMap, BTreeSet};

use super::evaluate::{Interval, admitted_per_minute, places};
use super::record::{Record, Waiting};
use crate::model::Model;
use crate::model::capacity::quota::LimitKind;
use crate::model::pricing::Billed;
use crate::model::workload::steps::Stage;
use crate::results::Verdict;
use crate::units::MICROS_PER_DAY;

/// Judges the pooled record of `replications` runs.
///
/// *Overloaded*: the engine ran out of room for live requests, or the mean charged demand of the requests that can only
/// go to some set of quotas exceeds what these ever admit, or the mean work exceeds the places of the capacities that it
/// can go to. *Backlogged*: more waited (in queues and between attempts) at the end of the measured interval than at its
/// start, by 3 standard deviations of the number waiting.
#[must_use]
pub fn verdict(model: &Model, pooled: &Record, replications: u64) -> Verdict {
    let minutes = replications as f64 * model.run.duration.as_secs_f64() / 60.0;
    if pooled.overflowed || exceeds_limits(model, pooled, minutes) || exceeds_places(model, pooled, replications) {
        Verdict::Overloaded
    } else if is_backlogged(&pooled.waiting, replications) {
        Verdict::Backlogged
    } else {
        Verdict::Stable
    }
}

/// Sets of capacities to weigh against the workloads that can go nowhere else: each workload's route, and all capacities
/// that are tied together by workloads or quotas.
fn sets(model: &Model) -> BTreeSet<BTreeSet<usize>> {
    let mut tied: Vec<BTreeSet<usize>> = (0..model.capacities.len()).map(|c| BTreeSet::from([c])).collect();
    let stages = model.workloads.iter().flat_map(|w| &w.stages);
    let routes = stages.map(|s| s.route.iter().copied().collect::<BTreeSet<usize>>());
    let sharers = (0..model.quotas.len())
        .map(|q| (0..model.capacities.len()).filter(|c| model.capacities[*c].quotas.contains(&q)).collect());
    for bond in routes.clone().chain(sharers) {
        let (joined, apart): (Vec<_>, Vec<_>) = tied.into_iter().partition(|set| !set.is_disjoint(&bond));
        tied = apart;
        tied.push(joined.into_iter().flatten().collect());
    }
    tied.into_iter().chain(routes).filter(|set| !set.is_empty()).collect()
}

/// The calls that can go to no other capacity: workload and stage.
fn confined<'m>(model: &'m Model, set: &'m BTreeSet<usize>) -> impl Iterator<Item = (usize, &'m Stage)> + 'm {
    let calls =
        model.workloads.iter().enumerate().flat_map(|(w, workload)| workload.stages.iter().map(move |s| (w, s)));
    calls.filter(move |(_, stage)| stage.route.iter().all(|c| set.contains(c)))
}

/// What every call of a stage was, on average over its completed ones, and how many there were.
fn calls(pooled: &Record, workload: usize, stage: &Stage) -> Billed {
    let mut billed = Billed::default();
    stage.route.iter().for_each(|c| billed.add(&pooled.workloads[workload].billed[*c]));
    billed
}

fn exceeds_limits(model: &Model, pooled: &Record, minutes: f64) -> bool {
    // Refused requests that count can use up a limit by themselves.
    let swamped = model.quotas.iter().zip(&pooled.quotas).any(|(quota, record)| {
        let counted = record.charged[LimitKind::Rpm as usize].total as f64;
        let rpm = admitted_per_minute(quota, LimitKind::Rpm, Interval::measured(model));
        rpm.is_some_and(|rpm| counted > 1.001 * rpm * minutes)
    });
    // A daily limit says nothing of a part of a day: what it admits may all come in it.
    let days = model.run.duration.0 >= MICROS_PER_DAY;
    let kinds = || LimitKind::ALL.into_iter().filter(move |kind| days || *kind != LimitKind::Tpd);
    swamped || sets(model).iter().any(|set| kinds().any(|kind| exceeds(model, pooled, set, kind, minutes)))
}

fn exceeds(model: &Model, pooled: &Record, set: &BTreeSet<usize>, kind: LimitKind, minutes: f64) -> bool {
    let interval = Interval::measured(model);
    // The tightest quota of each capacity; one that several share counts once.
    let tightest: Option<BTreeMap<usize, f64>> = set
        .iter()
        .map(|capacity| {
            let limits = model.capacities[*capacity].quotas.iter();
            let limits = limits.filter_map(|q| Some((*q, admitted_per_minute(&model.quotas[*q], kind, interval)?)));
            limits.min_by(|a, b| a.1.total_cmp(&b.1))
        })
        .collect();
    let demand: f64 = confined(model, set).map(|(w, stage)| demand(pooled, w, stage, kind)).sum();
    // A thousandth over is no overload: the demand is itself an estimate.
    tightest.is_some_and(|limits| demand > 1.001 * limits.values().sum::<f64>() * minutes)
}

/// What the measured requests of a workload would be charged for a stage if all were served \[requests or tokens\].
fn demand(pooled: &Record, workload: usize, stage: &Stage, kind: LimitKind) -> f64 {
    let requests = pooled.workloads[workload].requests as f64;
    let billed = calls(pooled, workload, stage);
    let input = (billed.uncached + billed.cache_write) as f64;
    let output = billed.output as f64;
    let burndown = stage.facts.burndown.millionths as f64 * 1e-6;
    let charged = match kind {
        LimitKind::Rpm => return requests,
        LimitKind::Tpm | LimitKind::Tpd => input + burndown * output,
        LimitKind::Itpm | LimitKind::Input => input,
        // A stream that is stopped asks for no more.
        LimitKind::Otpm => return 0.0,
        LimitKind::Output => output,
    };
    charged / billed.calls.max(1) as f64 * requests
}

fn exceeds_places(model: &Model, pooled: &Record, replications: u64) -> bool {
    let duration = model.run.duration.0 as f64 * replications as f64;
    sets(model).iter().any(|set| {
        let places: Option<f64> =
            set.iter().map(|c| places(&model.capacities[*c], Interval::measured(model)).map(|[mean, _]| mean)).sum();
        let work: f64 = confined(model, set)
            .filter(|(_, stage)| stage.tokens.is_none())
            .map(|(w, _)| {
                let cohort = &pooled.workloads[w];
                let [_, _, _, (_, service)] = cohort.latencies.by_stem();
                service.mean().unwrap_or(0.0) * cohort.requests as f64
            })
            .sum();
        places.is_some_and(|places| work > 1.001 * places * duration)
    })
}

fn is_backlogged(waiting: &Waiting, replications: u64) -> bool {
    let n = waiting.samples as f64;
    if n < 2.0 {
        return false;
    }
    let mean = waiting.sum as f64 / n;
    let deviation = (waiting.squares as f64 / n - mean * mean).max(0.0).sqrt();
    let growth = (waiting.at_end as f64 - waiting.at_start as f64) / replications as f64;
    growth > 1.0 && growth > 3.0 * deviation
}

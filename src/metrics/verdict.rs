//! Can the capacity carry the load at all?

use std::collections::BTreeMap;

use super::evaluate::per_minute;
use super::record::{Record, Waiting};
use crate::model::Model;
use crate::model::capacity::quota::LimitKind;
use crate::results::Verdict;

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

/// Groups of capacities that share workloads: what is refused at one may go to another of its group, and nowhere else.
fn groups(model: &Model) -> Vec<Vec<usize>> {
    let mut group_of: Vec<usize> = (0..model.capacities.len()).collect();
    let join = |group_of: &mut Vec<usize>, a: usize, b: usize| {
        let (keep, drop) = (group_of[a], group_of[b]);
        group_of.iter_mut().filter(|g| **g == drop).for_each(|g| *g = keep);
    };
    for workload in &model.workloads {
        workload.route.iter().for_each(|capacity| join(&mut group_of, workload.route[0], *capacity));
    }
    for a in 0..model.capacities.len() {
        for b in 0..a {
            if model.capacities[a].quotas.iter().any(|q| model.capacities[b].quotas.contains(q)) {
                join(&mut group_of, a, b);
            }
        }
    }
    let mut groups = vec![Vec::new(); model.capacities.len()];
    group_of.iter().enumerate().for_each(|(capacity, group)| groups[*group].push(capacity));
    groups.retain(|group| !group.is_empty());
    groups
}

fn exceeds_limits(model: &Model, pooled: &Record, minutes: f64) -> bool {
    groups(model).iter().any(|group| {
        let members = || (0..model.workloads.len()).filter(|w| group.contains(&model.workloads[*w].route[0]));
        // Refused requests that count can use up a limit by themselves.
        let swamped = group.iter().flat_map(|c| &model.capacities[*c].quotas).any(|q| {
            let rpm = model.quotas[*q].rpm.as_ref();
            rpm.is_some_and(|rpm| pooled.quotas[*q].requests.total as f64 > 1.001 * per_minute(rpm) * minutes)
        });
        swamped
            || [LimitKind::Rpm, LimitKind::Tpm].into_iter().any(|kind| {
                // The tightest quota of each capacity; one that several share counts once.
                let tightest: Option<BTreeMap<usize, f64>> = group
                    .iter()
                    .map(|capacity| {
                        let limits = model.capacities[*capacity].quotas.iter();
                        let limits = limits.filter_map(|q| Some((*q, per_minute(model.quotas[*q].limit(kind)?))));
                        limits.min_by(|a, b| a.1.total_cmp(&b.1))
                    })
                    .collect();
                let admitted = tightest.map(|limits| limits.values().sum::<f64>());
                let demand: f64 = members().map(|w| demand(model, pooled, w, kind)).sum();
                // A thousandth over is no overload: the demand is itself an estimate.
                admitted.is_some_and(|admitted| demand > 1.001 * admitted * minutes)
            })
    })
}

/// What the measured requests of a workload would be charged if all were served \[requests or tokens\].
fn demand(model: &Model, pooled: &Record, workload: usize, kind: LimitKind) -> f64 {
    let cohort = &pooled.workloads[workload];
    let requests = cohort.requests as f64;
    if kind == LimitKind::Rpm {
        return requests;
    }
    let completed = cohort.served.max(1) as f64;
    let tokens = cohort.billed_total();
    let burndown = model.workloads[workload].facts.burndown.millionths as f64 * 1e-6;
    (tokens.uncached as f64 + tokens.cache_write as f64 + burndown * tokens.output as f64) / completed * requests
}

fn exceeds_places(model: &Model, pooled: &Record, replications: u64) -> bool {
    let duration = model.run.duration.0 as f64 * replications as f64;
    groups(model).iter().any(|group| {
        let places: Option<f64> = group.iter().map(|c| model.capacities[*c].concurrency.map(f64::from)).sum();
        let work: f64 = model
            .workloads
            .iter()
            .zip(&pooled.workloads)
            .filter(|(w, _)| group.contains(&w.route[0]))
            .map(|(_, cohort)| {
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

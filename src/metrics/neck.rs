//! The bottleneck of a run.

use super::record::Record;
use crate::engine::observer::Door;
use crate::model::Model;
use crate::model::capacity::quota::LimitKind;
use crate::model::capacity::{Reason, Saturation};
use crate::model::workload::Failover;
use crate::results::{Neck, NeckKind};
use crate::units::SECONDS_PER_MICRO;

/// The share of all attempts below which refusals are no bottleneck where attempts also wait \[1\].
const FEW_REFUSALS: f64 = 1e-3;
/// The share of the time in service below which waiting is no bottleneck \[1\].
const LITTLE_WAITING: f64 = 1e-3;

/// A candidate for the bottleneck.
struct Candidate {
    neck: Neck,
    /// The offers that were refused and that no later capacity of the route could serve.
    refused: u64,
    /// The time that attempts waited for it \[µs\].
    waited: u128,
}

/// Returns the bottleneck of `n` pooled replications; `None`: no request was refused for good, and waiting was
/// negligible.
///
/// Refusals count at the last capacity of a route, or at any where the client turns to the next one only when it is out
/// of retries: what an earlier capacity refuses, the next one may serve. They decide, unless they are few or fewer
/// requests are lost by them than by waiting.
pub(super) fn neck(model: &Model, pooled: &Record, n: f64) -> Option<Neck> {
    let all = candidates(model, pooled);
    let refused: u64 = all.iter().map(|c| c.refused).sum();
    let waited: u128 = all.iter().map(|c| c.waited).sum();
    let by_waiting = is_waiting_worse(pooled, refused, waited);
    let weight = |c: &Candidate| if by_waiting { c.waited } else { u128::from(c.refused) };
    // Of equals the first: candidates come in the order of the model.
    let worst = all.into_iter().rev().max_by_key(weight).filter(|c| weight(c) > 0)?;
    let total = if by_waiting { waited } else { u128::from(refused) };
    let share = weight(&worst) as f64 / total as f64;
    Some(Neck {
        refused: if by_waiting { 0.0 } else { worst.refused as f64 / n },
        waited_s: worst.waited as f64 * SECONDS_PER_MICRO / n,
        share,
        after: if by_waiting { None } else { before(model, pooled, &worst.neck.path) },
        ..worst.neck
    })
}

/// Returns whether waiting, and not refusals, decides the bottleneck.
fn is_waiting_worse(pooled: &Record, refused: u64, waited: u128) -> bool {
    let sum = |of: fn(&super::Cohort) -> u64| pooled.workloads.iter().map(of).sum::<u64>();
    let in_service: u128 = pooled.capacities.iter().map(|c| c.in_flight_time).sum();
    if waited as f64 <= LITTLE_WAITING * in_service as f64 {
        return false;
    }
    let (failed, late) = (sum(|c| c.failed), sum(|c| c.timed_out + c.unfinished));
    late > failed || (failed == 0 && (refused as f64) < FEW_REFUSALS * sum(super::Cohort::attempts) as f64)
}

/// Returns for each capacity whether its refusals are final, because no capacity follows it on a route.
fn ends_routes(model: &Model) -> Vec<bool> {
    let mut ends = vec![false; model.capacities.len()];
    for workload in &model.workloads {
        for stage in &workload.stages {
            let last = stage.route.len().saturating_sub(1);
            for (position, capacity) in stage.route.iter().enumerate() {
                ends[*capacity] |= position == last || workload.failover == Failover::AfterRetries;
            }
        }
    }
    ends
}

fn candidates(model: &Model, pooled: &Record) -> Vec<Candidate> {
    let ends = ends_routes(model);
    let mut all = Vec::new();
    for (q, (quota, record)) in model.quotas.iter().zip(&pooled.quotas).enumerate() {
        let users = || model.capacities.iter().enumerate().filter(|(_, c)| c.quotas.contains(&q));
        let is_last = users().any(|(c, _)| ends[c]);
        for kind in LimitKind::ALL {
            let Some(limit) = quota.limit(kind) else { continue };
            let neck = named(NeckKind::Limit, format!("{}.{}", quota.prefix, kind.name()), Some(limit.amount as f64));
            let refused = if is_last { record.refused[kind as usize] } else { 0 };
            all.push(Candidate { neck, refused, waited: record.waited_behind[kind as usize] });
        }
    }
    for (c, (capacity, record)) in model.capacities.iter().zip(&pooled.capacities).enumerate() {
        for reason in Reason::ALL {
            let Some((kind, key)) = of_reason(reason, capacity.on_saturation) else { continue };
            let size = match kind {
                NeckKind::Concurrency => capacity.standing.first().concurrency.map(f64::from),
                _ => None,
            };
            let neck = named(kind, format!("capacities.{}{key}", capacity.name), size);
            let refused = if ends[c] { record.refused[reason as usize] } else { 0 };
            all.push(Candidate { neck, refused, waited: record.waited_behind[reason as usize] });
        }
    }
    for (workload, cohort) in model.workloads.iter().zip(&pooled.workloads) {
        for door in Door::ALL {
            let (kind, key) = match door {
                Door::Pace => (NeckKind::Pace, "pace"),
                Door::RateLimiter => (NeckKind::RateLimiter, "retries"),
                Door::Connection => (NeckKind::Connections, "max_connections"),
            };
            let size = workload.client.max_connections.filter(|_| door == Door::Connection).map(f64::from);
            let neck = named(kind, format!("workloads.{}.client.{key}", workload.name), size);
            all.push(Candidate { neck, refused: 0, waited: cohort.waited_in_client[door as usize] });
        }
    }
    all
}

fn named(kind: NeckKind, path: String, size: Option<f64>) -> Neck {
    Neck { kind, path, size, refused: 0.0, waited_s: 0.0, share: 0.0, after: None }
}

/// Returns the kind of bottleneck behind a reason, and the key of the capacity that it is about; `None`: a limit of a
/// quota.
fn of_reason(reason: Reason, on_saturation: Saturation) -> Option<(NeckKind, &'static str)> {
    let has_wait = matches!(on_saturation, Saturation::Queue { max_wait: Some(_), .. });
    Some(match reason {
        Reason::Outage => (NeckKind::Outage, ".outages"),
        Reason::Unavailable => (NeckKind::Unavailable, ".unavailable_probability"),
        Reason::NotReady => (NeckKind::NotReady, ""),
        Reason::TooLarge => (NeckKind::TooLarge, ""),
        Reason::Concurrency => (NeckKind::Concurrency, ".concurrency"),
        Reason::RegionRoom => (NeckKind::RegionRoom, ".destinations"),
        Reason::QueueFull => (NeckKind::Queue, ".max_queue"),
        Reason::MaxWait if has_wait => (NeckKind::Queue, ".max_wait"),
        _ => return None,
    })
}

/// Returns the limit or place, of the capacities before the bottleneck on a route, that refused most.
fn before(model: &Model, pooled: &Record, path: &str) -> Option<String> {
    let owner = |c: usize| path.starts_with(&format!("capacities.{}.", model.capacities[c].name));
    let of_quota = |c: usize| {
        model.capacities[c].quotas.iter().any(|q| path.starts_with(&format!("{}.", model.quotas[*q].prefix)))
    };
    let stages = model.workloads.iter().flat_map(|w| &w.stages);
    let earlier = stages.filter_map(|stage| {
        let at = stage.route.iter().position(|c| owner(*c) || of_quota(*c))?;
        Some(&stage.route[..at])
    });
    let mut worst = (0, None);
    for &c in earlier.flatten() {
        for &q in &model.capacities[c].quotas {
            for kind in LimitKind::ALL {
                let refused = pooled.quotas[q].refused[kind as usize];
                if refused > worst.0 {
                    worst = (refused, Some(format!("{}.{}", model.quotas[q].prefix, kind.name())));
                }
            }
        }
    }
    worst.1
}

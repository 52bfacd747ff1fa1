//! The state of the capacities and quotas of a model before a run begins.

use super::{Change, NO_PAIR, QuotaState};
use crate::engine::check::Check;
use crate::model::Model;
use crate::model::capacity::quota::LimitKind;
use crate::model::capacity::{Capacity, Saturation, Takes};

pub(super) fn on_requests(capacity: &Capacity, quotas: &[QuotaState]) -> Vec<(u32, u32)> {
    let gauge = |q: &usize| Some((quotas[*q].gauges[LimitKind::Rpm as usize]? as u32, *q as u32));
    capacity.quotas.iter().filter_map(gauge).collect()
}

/// Returns the first of the two gauges of a capacity that is asked for nothing else, or [`NO_PAIR`].
pub(super) fn pair(capacity: &Capacity, on_requests: &[(u32, u32)], on_tokens: &[Check]) -> u32 {
    match (on_requests, on_tokens) {
        // Those of one quota lie side by side, in the order of the kinds of limits.
        (&[(requests, quota)], &[Check { gauge, quota: same, takes: Takes::Reservation, .. }])
            if quota == same && gauge == requests + 1 && capacity.quotas.len() == 1 =>
        {
            requests
        }
        _ => NO_PAIR,
    }
}

pub(super) fn on_tokens(capacity: usize, model: &Model, quotas: &[QuotaState]) -> Vec<Check> {
    let of_kind = |kind: LimitKind| {
        model.capacities[capacity].quotas.iter().filter_map(move |&quota| {
            Some(Check::new(quotas[quota].gauges[kind as usize]?, quota, kind, model, capacity))
        })
    };
    let asked = |kind: &LimitKind| !matches!(kind, LimitKind::Rpm | LimitKind::Otpm);
    LimitKind::ALL.into_iter().filter(asked).flat_map(of_kind).collect()
}

/// Returns the changes of capacities and of their own quotas, by time and then by capacity.
pub(super) fn changes(model: &Model, quotas: &[QuotaState]) -> Vec<Change> {
    let mut changes = Vec::new();
    for (i, capacity) in model.capacities.iter().enumerate() {
        for &at in &capacity.changes_at {
            // A quota that changes belongs to one capacity alone.
            let limit_at = |(q, kind): (usize, LimitKind)| {
                let steps = model.quotas[q].over_time(kind).filter(|steps| !steps.is_constant())?;
                Some((quotas[q].gauges[kind as usize]?, *steps.at(at)))
            };
            let kinds = capacity.quotas.iter().flat_map(|q| LimitKind::ALL.map(|kind| (*q, kind)));
            let limits = kinds.filter_map(limit_at).collect();
            changes.push(Change { at: at.0, capacity: i, standing: *capacity.standing.at(at), limits });
        }
    }
    changes.sort_by_key(|change| (change.at, change.capacity));
    changes
}

/// Returns the capacities with a queue that share a quota with `one`, and `one` itself.
pub(super) fn neighbours(one: &Capacity, all: &[Capacity]) -> Vec<usize> {
    all.iter()
        .enumerate()
        .filter(|(_, other)| matches!(other.on_saturation, Saturation::Queue { .. }))
        .filter(|(_, other)| other.name == one.name || other.quotas.iter().any(|q| one.quotas.contains(q)))
        .map(|(i, _)| i)
        .collect()
}

//! Limits on tokens that a capacity asks, each with its gauge.

use crate::model::Model;
use crate::model::capacity::quota::LimitKind;
use crate::model::capacity::{Reason, Takes};
use crate::model::service::Burndown;

/// One limit on tokens that a capacity asks.
#[derive(Debug, Clone)]
pub(super) struct Check {
    /// The index of the limit's gauge.
    pub(super) gauge: u32,
    /// The index of the limit's quota.
    pub(super) quota: u32,
    pub(super) takes: Takes,
    /// The reason of the refusals by this limit.
    pub(super) reason: Reason,
}

impl Check {
    /// The check of a limit of the quota with this index, as a capacity asks it.
    pub(super) fn new(gauge: usize, quota: usize, kind: LimitKind, model: &Model, capacity: usize) -> Self {
        let stages = model.workloads.iter().flat_map(|workload| &workload.stages);
        let mut served = stages.filter(|stage| stage.route.contains(&capacity));
        // A capacity serves one model.
        let burndown = served.next().map_or(Burndown::ONE, |stage| stage.facts.burndown);
        let weights = || model.workloads.iter().map(|workload| workload.price_weights_at(capacity)).collect();
        let takes = Takes::of(kind, &model.quotas[quota], burndown, weights);
        Self { gauge: gauge as u32, quota: quota as u32, takes, reason: kind.reason() }
    }
}

//! The cost of abandoned attempts.

use super::abandoned::{Abandoned, ByPrompt};
use super::ledger::component_of;
use crate::model::Model;
use crate::model::workload::steps::Stage;
use crate::units::Usd;

/// The cost of abandoned attempts, after discounts. Capacities that are paid by the hour cost the same without them.
#[derive(Debug, Clone, Copy)]
pub(super) struct AbandonedCost {
    /// The cost of all abandoned attempts; `None`: a price is not known.
    pub(super) all: Option<Usd>,
    /// The part of retries; `None`: a price is not known.
    pub(super) retries: Option<Usd>,
}

impl AbandonedCost {
    pub(super) const NOTHING: Self = Self { all: Some(Usd::ZERO), retries: Some(Usd::ZERO) };

    /// Returns the cost of what a workload abandoned.
    pub(super) fn of(model: &Model, workload: usize, abandoned: &Abandoned) -> Self {
        let of_stage = |(by_capacity, stage): (&Vec<ByPrompt>, &Stage)| -> Option<Usd> {
            let billed = by_capacity.iter().zip(&model.capacities).zip(&stage.prices);
            billed
                .filter(|((billed, capacity), _)| billed.calls() > 0 && capacity.billing.is_by_token())
                .map(|((billed, capacity), prices)| {
                    let list = prices.as_ref()?.of(&billed.short, &billed.long);
                    Some(model.money.discounted(component_of(&capacity.billing), list))
                })
                .sum()
        };
        let stages = &model.workloads[workload].stages;
        let cost = |by_stage: &[Vec<ByPrompt>]| by_stage.iter().zip(stages).map(of_stage).sum::<Option<Usd>>();
        let retries = cost(&abandoned.retries);
        let all = cost(&abandoned.firsts).zip(retries).map(|(firsts, retries)| firsts + retries);
        Self { all, retries }
    }

    /// Returns the cost of both.
    pub(super) fn plus(self, other: Self) -> Self {
        let sum = |a: Option<Usd>, b: Option<Usd>| a.zip(b).map(|(a, b)| a + b);
        Self { all: sum(self.all, other.all), retries: sum(self.retries, other.retries) }
    }
}

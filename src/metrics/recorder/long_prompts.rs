//! Requests with a long prompt, which are billed at prices of their own.

use crate::metrics::record::{Cohort, Record};
use crate::model::Model;
use crate::model::pricing::Billed;
use crate::units::Tokens;

/// The longest prompts at standard prices, by workload and capacity \[tokens\].
#[derive(Debug)]
pub(super) struct LongPrompts(Vec<Vec<Tokens>>);

impl LongPrompts {
    /// Gives a record the counters of long prompts, where any price depends on the length; `None` where none does.
    pub(super) fn of(model: &Model, record: &mut Record) -> Option<Self> {
        let above = |price: &Option<crate::model::pricing::long_context::PricesByLength>| {
            price.and_then(|price| price.long).map_or(Tokens::MAX, |long| long.above)
        };
        let thresholds: Vec<Vec<Tokens>> =
            model.workloads.iter().map(|w| w.prices.iter().map(above).collect()).collect();
        for (cohort, thresholds) in record.workloads.iter_mut().zip(&thresholds) {
            if thresholds.iter().any(|above| *above < Tokens::MAX) {
                cohort.billed_long = vec![Billed::default(); thresholds.len()];
            }
        }
        let is_used = record.workloads.iter().any(|cohort| !cohort.billed_long.is_empty());
        is_used.then_some(Self(thresholds))
    }

    /// The longest prompt of a workload at standard prices of a capacity \[tokens\]; the largest number where all are.
    pub(super) fn above(&self, workload: usize, capacity: usize) -> Tokens {
        self.0[workload].get(capacity).copied().unwrap_or(Tokens::MAX)
    }

    /// Counts what a request is billed for among those with a long prompt, if its prompt is long.
    pub(super) fn bill(
        &self,
        prompt: Tokens,
        (workload, capacity): (usize, usize),
        billed: &Billed,
        cohort: &mut Cohort,
    ) {
        if prompt > self.above(workload, capacity) {
            cohort.billed_long[capacity].add(billed);
        }
    }
}

//! Requests with a long prompt, which are billed at prices of their own.

use crate::metrics::record::{Cohort, Record};
use crate::model::Model;
use crate::model::pricing::Billed;
use crate::model::workload::Workload;
use crate::model::workload::steps::Stage;
use crate::units::Tokens;

/// The longest prompts at standard prices, by workload, stage and capacity \[tokens\].
#[derive(Debug)]
pub(super) struct LongPrompts(Vec<Vec<Vec<Tokens>>>);

/// The indices of a workload, of a stage of it and of a capacity.
pub(super) type At = (usize, usize, usize);

impl LongPrompts {
    /// Gives a record the counters of long prompts, where any price depends on the length; `None` where none does.
    pub(super) fn of(model: &Model, record: &mut Record) -> Option<Self> {
        let above = |price: &Option<crate::model::pricing::long_context::PricesByLength>| {
            price.and_then(|price| price.long).map_or(Tokens::MAX, |long| long.above)
        };
        let of_stage = |stage: &Stage| stage.prices.iter().map(above).collect();
        let of_workload = |w: &Workload| w.stages.iter().map(of_stage).collect();
        let thresholds: Vec<Vec<Vec<Tokens>>> = model.workloads.iter().map(of_workload).collect();
        for (cohort, thresholds) in record.workloads.iter_mut().zip(&thresholds) {
            if thresholds.iter().flatten().any(|above| *above < Tokens::MAX) {
                cohort.billed_long = thresholds.iter().map(|stage| vec![Billed::default(); stage.len()]).collect();
            }
        }
        let is_used = record.workloads.iter().any(|cohort| !cohort.billed_long.is_empty());
        is_used.then_some(Self(thresholds))
    }

    /// Returns the longest prompt at standard prices there \[tokens\]; the largest number where all are.
    pub(super) fn above(&self, (workload, stage, capacity): At) -> Tokens {
        self.0[workload][stage].get(capacity).copied().unwrap_or(Tokens::MAX)
    }

    /// Counts what a request is billed for among those with a long prompt, if its prompt is long.
    pub(super) fn bill(&self, prompt: Tokens, at: At, billed: Billed, cohort: &mut Cohort) {
        if prompt > self.above(at) {
            let (_, stage, capacity) = at;
            cohort.billed_long[stage][capacity].add(&billed);
        }
    }
}

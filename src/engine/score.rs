//! A score: the requests of a workload and what would become of each, written down once and played by many runs.
//!
//! Every run of a sweep meets the same requests, as its draws are made by key. Where memory allows it they are made once;
//! the results are the same with a score and without.

use std::sync::{Arc, OnceLock};

use super::plan::{Luck, Plan};
use crate::model::Model;
use crate::queue::{Foreseen, SLOTS};
use crate::traffic::{BLOCK, Recording};
use crate::units::Tokens;

/// What one workload brings in one replication.
#[derive(Debug)]
pub struct Score {
    pub(super) recording: Arc<Recording>,
    /// By block.
    plans: Vec<Plan>,
    /// The ends of service of requests that are served when they arrive, in order.
    ends: OnceLock<Arc<[Foreseen]>>,
}

/// What the end of a foreseen service needs.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row {
    /// \[µs\]
    pub arrival: u64,
    /// \[tokens\]
    pub reserved: Tokens,
    pub burned: Tokens,
}

impl Score {
    /// Memory for each request \[bytes\].
    pub const BYTES: u64 = 96;

    /// Writes down workload number `workload`; `None` when it has more than `most` requests in the replication, or brings
    /// its requests in a way that is not worth it: traces, closed loops.
    #[must_use]
    pub fn record(model: &Model, workload: usize, replication: u64, most: u64) -> Option<Self> {
        let recording = Recording::make(model, workload, replication, most.min(u64::from(SLOTS)))?;
        let workload = &model.workloads[workload];
        let luck = Luck::new(model.run.seed, replication, &workload.name);
        let plan = |block| {
            let mut plan = Plan::default();
            plan.follow(block, workload, luck);
            plan.settle();
            plan
        };
        let plans = recording.blocks().iter().map(plan).collect();
        Some(Self { recording: Arc::new(recording), plans, ends: OnceLock::new() })
    }

    /// How many requests it has.
    #[must_use]
    pub fn requests(&self) -> u64 {
        self.recording.requests()
    }

    /// Puts the ends of service in order, so that runs which can foresee them need not.
    pub fn foresee(&self) {
        self.ends.get_or_init(|| {
            let rows = self.recording.blocks().iter().zip(&self.plans).flat_map(|(block, plan)| {
                block.arrival.iter().zip(&plan.service).map(|(arrival, service)| arrival + service)
            });
            let mut ends: Vec<Foreseen> = rows.zip(0..).map(|(at, number)| Foreseen { at, number }).collect();
            ends.sort_unstable();
            ends.into()
        });
    }

    pub(super) fn ends(&self) -> Option<Arc<[Foreseen]>> {
        self.ends.get().cloned()
    }

    /// The plan of the block that begins with this request.
    #[inline]
    pub(super) fn plan(&self, first: u64) -> &Plan {
        &self.plans[first as usize / BLOCK]
    }

    #[inline(always)]
    pub(super) fn row(&self, number: u32) -> Row {
        let (block, row) = (number as usize / BLOCK, number as usize % BLOCK);
        let plan = &self.plans[block];
        Row {
            arrival: self.recording.blocks()[block].arrival[row],
            reserved: plan.reserved[row],
            burned: plan.burned[row],
        }
    }
}

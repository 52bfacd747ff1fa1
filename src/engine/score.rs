//! A score: the requests of a workload and the service times of each, recorded once and used by many runs.
//!
//! Every run of a sweep meets the same requests, as its draws are made by key. Where memory allows it they are made once;
//! the results are the same with a score and without.

use std::sync::{Arc, OnceLock};

use super::ATTEMPTS;
use super::plan::{Luck, Plan};
use crate::model::Model;
use crate::queue::Foreseen;
use crate::traffic::{Block, Recording};

/// The recorded requests of one workload in one replication, up to the end of the measured interval. Columns have no
/// gaps, so that the processor reads ahead.
#[derive(Debug)]
pub struct Score {
    pub(super) recording: Arc<Recording>,
    /// The times from the start of service to the first and to the last token \[µs\].
    ttft: Vec<u32>,
    service: Vec<u32>,
    /// The ends of service of requests that are served when they arrive, in order.
    ends: OnceLock<Arc<[Foreseen]>>,
}

impl Score {
    /// Memory for each request \[bytes\].
    pub const BYTES: u64 = 40;

    /// Writes down workload number `workload` to the end of the measured interval. `None` when these are more than `most`
    /// requests, or what is not written down: requests of traces and closed loops, answers that take more than an hour.
    #[must_use]
    pub fn record(model: &Model, workload: usize, replication: u64, most: u64) -> Option<Self> {
        let recording = Recording::make(model, workload, replication, most.min(u64::from(ATTEMPTS)))?;
        let workload = &model.workloads[workload];
        let luck = Luck::new(model.run.seed, replication, &workload.name);
        let (mut ttft, mut service) = (Vec::new(), Vec::new());
        let (mut block, mut plan) = (Block::default(), Plan::default());
        while recording.fill(&mut block) {
            plan.follow(&block, workload, luck, None);
            for (column, times) in [(&mut ttft, &plan.ttft), (&mut service, &plan.service)] {
                for time in times {
                    column.push(u32::try_from(*time).ok()?);
                }
            }
            block.first += block.len() as u64;
        }
        ttft.shrink_to_fit();
        service.shrink_to_fit();
        Some(Self { recording: Arc::new(recording), ttft, service, ends: OnceLock::new() })
    }

    /// Returns the number of recorded requests.
    #[must_use]
    pub fn requests(&self) -> u64 {
        self.recording.requests()
    }

    /// Sorts the recorded requests by their ends of service, so that runs which know these ends ahead need not sort
    /// them.
    pub fn foresee(&self) {
        self.ends.get_or_init(|| {
            let rows = self.recording.arrival.iter().zip(&self.service);
            let ends = rows.zip(0..).map(|((at, service), number)| Foreseen { at: at + u64::from(*service), number });
            let mut ends: Vec<Foreseen> = ends.collect();
            ends.sort_unstable();
            ends.into()
        });
    }

    pub(super) fn ends(&self) -> Option<Arc<[Foreseen]>> {
        self.ends.get().cloned()
    }

    /// Returns the times to the first and to the last token of the requests from number `first` on \[µs\].
    pub(super) fn times(&self, first: u64) -> [&[u32]; 2] {
        let first = (first as usize).min(self.ttft.len());
        [&self.ttft[first..], &self.service[first..]]
    }

    /// Returns the arrival of a request \[µs\], its input and the output that it wants \[tokens\].
    #[inline(always)]
    pub(super) fn request(&self, number: u32) -> (u64, u32, u32) {
        let (number, all) = (number as usize, &self.recording);
        (all.arrival[number], all.input[number], all.wanted[number])
    }
}

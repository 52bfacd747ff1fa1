//! The tape of one workload, kept whole.

use super::tape::{BLOCK, Block, Lane};
use crate::model::Model;
use crate::model::workload::arrivals::Arrivals;

/// The requests of one workload in one replication, in columns without gaps.
#[derive(Debug, Default)]
pub struct Recording {
    /// \[µs\]
    pub arrival: Vec<u64>,
    /// As in [`Block`] \[tokens\].
    pub input: Vec<u32>,
    pub wanted: Vec<u32>,
}

impl Recording {
    /// `None` when there are more than `most` requests, or when the workload makes none of its own: traces, closed loops.
    #[must_use]
    pub fn make(model: &Model, workload: usize, replication: u64, most: u64) -> Option<Self> {
        let workload = &model.workloads[workload];
        if !matches!(workload.arrivals, Arrivals::Renewal { .. } | Arrivals::Batches(_)) {
            return None;
        }
        let end = model.run.hard_end().0;
        let (mut lane, mut all) = (Lane::new(workload, model, replication), Self::default());
        loop {
            let block = lane.next_block();
            all.arrival.extend_from_slice(&block.arrival);
            all.input.extend_from_slice(&block.input);
            all.wanted.extend_from_slice(&block.wanted);
            if all.arrival.len() as u64 > most {
                return None;
            }
            // Nobody plays past the end of the run.
            if lane.has_ended() || all.arrival.last().is_some_and(|at| *at >= end) {
                return Some(all);
            }
        }
    }

    #[must_use]
    pub fn requests(&self) -> u64 {
        self.arrival.len() as u64
    }

    /// Fills a block with the requests from its first on; false when there are no more.
    pub fn fill(&self, block: &mut Block) -> bool {
        let from = self.arrival.len().min(block.first as usize);
        let rows = from..self.arrival.len().min(from + BLOCK);
        block.arrival.clear();
        block.arrival.extend_from_slice(&self.arrival[rows.clone()]);
        block.input.clear();
        block.input.extend_from_slice(&self.input[rows.clone()]);
        block.wanted.clear();
        block.wanted.extend_from_slice(&self.wanted[rows.clone()]);
        !rows.is_empty()
    }
}

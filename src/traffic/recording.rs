//! The tape of one workload, kept whole.

use super::tape::{Block, Lane};
use crate::model::Model;
use crate::model::workload::arrivals::Arrivals;

/// All blocks of one workload in one replication; one at least.
#[derive(Debug)]
pub struct Recording {
    blocks: Vec<Block>,
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
        let mut lane = Lane::new(workload, model, replication);
        let mut blocks = Vec::new();
        loop {
            lane.refill_if_spent();
            let block = lane.take_block();
            if block.first + block.len() as u64 > most {
                return None;
            }
            // Nobody plays past the end of the run.
            let is_last = lane.has_ended() || block.arrival.last().is_some_and(|at| *at >= end);
            blocks.push(block);
            if is_last {
                return Some(Self { blocks });
            }
        }
    }

    #[must_use]
    pub fn blocks(&self) -> &[Block] {
        &self.blocks
    }

    #[must_use]
    pub fn requests(&self) -> u64 {
        self.blocks.iter().map(|block| block.len() as u64).sum()
    }
}

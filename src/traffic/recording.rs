//! The tape of one workload, recorded as far as every run needs it.

use super::drawn::Drawn;
use super::tape::{BLOCK, Block};
use crate::model::Model;
use crate::model::workload::arrivals::Arrivals;

/// The requests of one workload in one replication, in columns without gaps.
#[derive(Debug)]
pub struct Recording {
    /// The arrivals of the requests \[µs\].
    pub arrival: Vec<u64>,
    /// The input of each request, and below the output that it wants, as in [`Block`] \[tokens\].
    pub input: Vec<u32>,
    pub wanted: Vec<u32>,
    /// The generator of the requests after the recorded ones; `None`: there are no more.
    rest: Option<Drawn>,
}

impl Recording {
    /// Records the requests to the end of the measured interval. `None` when these are more than `most` requests, or
    /// when the workload draws none of its own: traces, closed loops.
    #[must_use]
    pub fn make(model: &Model, workload: usize, replication: u64, most: u64) -> Option<Self> {
        let workload = &model.workloads[workload];
        if !matches!(workload.arrivals, Arrivals::Renewal { .. } | Arrivals::Batches(_)) {
            return None;
        }
        let mut drawn = Drawn::new(workload, model, replication)?;
        let (mut block, mut scratch) = (Block::default(), vec![0.0; BLOCK]);
        let (mut arrival, mut input, mut wanted) = (Vec::new(), Vec::new(), Vec::new());
        loop {
            let goes_on = drawn.fill(BLOCK, &mut scratch, &mut block);
            arrival.extend_from_slice(&block.arrival);
            input.extend_from_slice(&block.input);
            wanted.extend_from_slice(&block.wanted);
            block.first = arrival.len() as u64;
            if block.first > most {
                return None;
            }
            // A run may go on after its measured interval, and nobody knows how far.
            if !goes_on || arrival.last().is_some_and(|at| *at >= model.run.measured_end().0) {
                arrival.shrink_to_fit();
                input.shrink_to_fit();
                wanted.shrink_to_fit();
                return Some(Self { arrival, input, wanted, rest: goes_on.then_some(drawn) });
            }
        }
    }

    #[must_use]
    pub fn requests(&self) -> u64 {
        self.arrival.len() as u64
    }

    /// Returns the generator of the requests after those that are recorded.
    pub(super) fn rest(&self) -> Option<Drawn> {
        self.rest.clone()
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

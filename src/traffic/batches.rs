//! Batches: the requests of many instants, in order.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::arrivals::RenewalClock;
use super::tape::whole;
use crate::random::{Law, Stream, maths};

/// Batches whose instants are made at a time.
const EPOCHS: usize = 64;

/// The arrival instants of one workload of batches.
#[derive(Debug, Clone)]
pub(super) struct BatchClock {
    clock: RenewalClock,
    size: (Law, Stream),
    spread: u64,
    offsets: Stream,
    epochs: Vec<u64>,
    /// The number of the first of `epochs`, and of the next to break up.
    first: u64,
    next: u64,
    ended: bool,
    pending: BinaryHeap<Reverse<u64>>,
    scratch: Vec<f64>,
}

impl BatchClock {
    pub(super) fn new(clock: RenewalClock, size: (Law, Stream), spread: u64, offsets: Stream) -> Self {
        Self {
            clock,
            size,
            spread,
            offsets,
            epochs: Vec::new(),
            first: 0,
            next: 0,
            ended: false,
            pending: BinaryHeap::new(),
            scratch: vec![0.0; EPOCHS],
        }
    }

    /// Fills `out` with the next arrivals \[µs\]; returns how many there are.
    pub(super) fn fill(&mut self, out: &mut [u64]) -> usize {
        for (i, slot) in out.iter_mut().enumerate() {
            // Whatever a later batch brings comes after it has begun.
            while let Some(epoch) = self.epoch()
                && self.pending.peek().is_none_or(|Reverse(first)| epoch <= *first)
            {
                self.break_up(epoch);
            }
            match self.pending.pop() {
                Some(Reverse(at)) => *slot = at,
                None => return i,
            }
        }
        out.len()
    }

    /// Returns the instant at which the next batch begins \[µs\].
    fn epoch(&mut self) -> Option<u64> {
        if self.next == self.first + self.epochs.len() as u64 && !self.ended {
            self.first = self.next;
            self.epochs.resize(EPOCHS, 0);
            let made = self.clock.fill(self.first, &mut self.scratch, &mut self.epochs);
            self.epochs.truncate(made);
            self.ended = made < EPOCHS;
        }
        self.epochs.get((self.next - self.first) as usize).copied()
    }

    fn break_up(&mut self, epoch: u64) {
        let size = whole(self.size.0.at(self.size.1, self.next));
        let offsets = self.offsets.within(self.next);
        let spread = self.spread as f64;
        let after = |i: u64| if self.spread == 0 { 0 } else { maths::round_half_up(offsets.uniform(i) * spread) };
        self.pending.extend((0..u64::from(size)).map(|i| Reverse(epoch + after(i))));
        self.next += 1;
    }
}

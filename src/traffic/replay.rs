//! A recorded trace on the tape: thinned, doubled or repeated.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::model::workload::arrivals::replay::Replay;
use crate::random::{Stream, maths};
use crate::trace::{Row, Rows};

/// Further copies of a row come this much later at most \[µs\].
const LATEST_COPY: f64 = 500_000.0;

/// The rows of a trace as they arrive.
#[derive(Debug)]
pub(super) struct ReplayClock {
    replay: Replay,
    rows: Rows,
    copies: Stream,
    horizon: u64,
    /// The instant at which this pass over the trace began \[µs\].
    began: u64,
    /// Rows read, over all passes.
    read: u64,
    next: Option<Row>,
    /// Copies to come: arrival, row and copy, and the row itself.
    pending: BinaryHeap<Reverse<(u64, u64, u64, Copied)>>,
}

/// A row without its arrival, so that rows have an order.
type Copied = (u32, u32, u32, u32, u32, u32);

impl ReplayClock {
    pub(super) fn new(replay: Replay, copies: Stream, horizon: u64) -> Self {
        let rows = replay.trace.rows();
        let mut clock =
            Self { replay, rows, copies, horizon, began: 0, read: 0, next: None, pending: BinaryHeap::new() };
        clock.next = clock.read_row();
        clock
    }

    /// Returns the next row that arrives, copies included.
    pub(super) fn next_row(&mut self) -> Option<Row> {
        if self.replay.scale == 1.0 {
            let row = self.next.take()?;
            self.next = self.read_row();
            return Some(row);
        }
        // Copies come after their row: when the first of them comes before the next row, it is the next.
        while let Some(row) = self.next
            && self.pending.peek().is_none_or(|Reverse(first)| row.arrival <= first.0)
        {
            self.copy(row);
            self.next = self.read_row();
        }
        let Reverse((arrival, _, _, (input, output, max_tokens, cache_read, cache_write, leaf))) =
            self.pending.pop()?;
        Some(Row { arrival, input, output, max_tokens, cache_read, cache_write, leaf, cut: false })
    }

    /// Puts down as many copies of a row as the scale says: its whole part, and one more by chance.
    fn copy(&mut self, row: Row) {
        let number = self.read - 1;
        let stream = self.copies.within(number);
        let whole = libm::floor(self.replay.scale);
        let copies = whole as u64 + u64::from(stream.uniform(0) < self.replay.scale - whole);
        for copy in 0..copies {
            let later = if copy == 0 { 0 } else { maths::round_half_up(stream.uniform(copy) * LATEST_COPY) };
            let Row { input, output, max_tokens, cache_read, cache_write, leaf, .. } = row;
            let copied = (input, output, max_tokens, cache_read, cache_write, leaf);
            self.pending.push(Reverse((row.arrival + later, number, copy, copied)));
        }
    }

    fn read_row(&mut self) -> Option<Row> {
        let row = match self.rows.next() {
            Some(row) => row,
            None => {
                let period = self.replay.trace.period().filter(|_| self.replay.repeat)?;
                self.began += period;
                if self.began >= self.horizon {
                    return None;
                }
                self.rows = self.replay.trace.rows();
                self.rows.next()?
            }
        };
        self.read += 1;
        let arrival = self.began + row.arrival;
        (arrival < self.horizon).then_some(Row { arrival, ..row })
    }
}

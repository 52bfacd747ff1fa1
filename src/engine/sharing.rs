//! Processor sharing: n in progress decode at `min(own, total / n)` each.
//!
//! All decode at one speed at a time, so one clock serves them all: *virtual output*, which runs at that speed. A call
//! that begins to decode `k` tokens at virtual output v ends when it reaches v + k (Zhang, "virtual time", 1990).

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

/// The calls that decode at a shared capacity, and its clock of virtual output.
#[derive(Debug)]
pub(super) struct Sharing {
    /// The output speed of the whole capacity, and below the greatest of one call \[tokens/µs\].
    total: f64,
    own: f64,
    /// The virtual output so far \[tokens\].
    output: f64,
    /// The instant at which `output` was last brought up to date \[µs\].
    last: u64,
    decoding: BinaryHeap<Reverse<End>>,
    /// The instant of the next look \[µs\]; `u64::MAX`: none is asked for.
    next_look: u64,
}

/// The end of a call, in virtual output \[tokens\].
#[derive(Debug, Clone, Copy)]
struct End {
    at: f64,
    flight: u32,
}

impl PartialEq for End {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}
impl Eq for End {}
impl PartialOrd for End {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for End {
    fn cmp(&self, other: &Self) -> Ordering {
        self.at.total_cmp(&other.at).then(self.flight.cmp(&other.flight))
    }
}

impl Sharing {
    pub(super) fn new(total: f64, own: f64) -> Self {
        Self { total, own, output: 0.0, last: 0, decoding: BinaryHeap::new(), next_look: u64::MAX }
    }

    fn speed(&self, in_progress: u32) -> f64 {
        self.own.min(self.total / f64::from(in_progress.max(1)))
    }

    /// Brings the clock up to date, with as many in progress since the last time. Must be called before that changes.
    pub(super) fn advance(&mut self, now: u64, in_progress: u32) {
        if self.decoding.is_empty() {
            // A fresh start keeps the numbers small, and so exact.
            self.output = 0.0;
        } else {
            self.output += self.speed(in_progress) * (now - self.last) as f64;
        }
        self.last = now;
    }

    /// Notes that a call begins to decode.
    pub(super) fn begin(&mut self, flight: u32, tokens: u64) {
        self.decoding.push(Reverse(End { at: self.output + tokens as f64, flight }));
    }

    /// Takes a call that ends now, to the microsecond; the clock is up to date.
    pub(super) fn take_ended(&mut self, in_progress: u32) -> Option<u32> {
        let Reverse(first) = *self.decoding.peek()?;
        // Half a microsecond, as instants are rounded; and a hair for the sums.
        let reach = self.speed(in_progress) * 0.500_001 + 1e-9;
        if first.at > self.output + reach {
            return None;
        }
        self.decoding.pop();
        Some(first.flight)
    }

    /// Returns the instant of the next look, unless an earlier or equal look is asked for already \[µs\].
    pub(super) fn next_look(&mut self, now: u64, in_progress: u32) -> Option<u64> {
        let Reverse(first) = *self.decoding.peek()?;
        let left = (first.at - self.output).max(0.0) / self.speed(in_progress);
        let at = now.saturating_add(crate::units::round_half_up(left)).max(now);
        if at >= self.next_look && self.next_look > now {
            return None;
        }
        self.next_look = at;
        Some(at)
    }

    /// Returns whether a look at `now` is the one that was asked for last.
    pub(super) fn is_due(&mut self, now: u64) -> bool {
        if self.next_look != now {
            return false;
        }
        self.next_look = u64::MAX;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_that_share_take_twice_as_long() {
        // 1 token/µs in all, each as fast as that alone.
        let mut s = Sharing::new(1.0, 1.0);
        s.advance(0, 0);
        s.begin(7, 100);
        assert_eq!(s.next_look(0, 1), Some(100));
        // A second comes at 40; the first has 60 left, at half speed.
        s.advance(40, 1);
        s.begin(8, 100);
        assert_eq!(s.next_look(40, 2), None, "an earlier look is asked for already");
        assert!(s.is_due(100));
        s.advance(100, 2);
        assert_eq!(s.take_ended(2), None);
        assert_eq!(s.next_look(100, 2), Some(160));
        s.advance(160, 2);
        assert_eq!(s.take_ended(2), Some(7));
        // The other has 40 left, alone.
        assert!(s.is_due(160));
        assert_eq!(s.next_look(160, 1), Some(200));
    }

    #[test]
    fn an_unused_share_is_lost() {
        let mut s = Sharing::new(1.0, 0.25);
        s.advance(0, 0);
        s.begin(1, 100);
        assert_eq!(s.next_look(0, 2), Some(400));
    }
}

//! The sum over the last W: an admission counts until it is W old.
//!
//! When to use it: the strictest reading of "per minute". AWS's sample client-side limiter works this way \[AWS blog on
//! Bedrock throttling, 2026-02\].

use std::collections::VecDeque;

use schemars::JsonSchema;
use serde::Deserialize;

use super::{LimiterSpec, Settlement, in_window, window};
use crate::diagnostic::{Sink, Span};
use crate::model::capacity::Limit;
use crate::model::quantity::Duration;
use crate::model::spec::At;
use crate::units::Tokens;

/// A sliding window: at every instant, the admissions of the last W count.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "SlidingWindow")]
pub struct SlidingWindowSpec {
    /// The length W of the window; default 60s.
    pub window: Option<At<Duration>>,
}

impl SlidingWindowSpec {
    pub(super) fn lower(&self, per_minute: Tokens, limit_at: &Span, sink: &mut Sink) -> Option<Limit> {
        let window = window(self.window.as_ref(), sink)?;
        let amount = in_window(per_minute, window, limit_at, sink)?;
        Some(Limit { amount, limiter: LimiterSpec::SlidingWindow { window } })
    }
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    at: u64,
    admission: u64,
    amount: Tokens,
}

/// A record of every admission of the last `window` µs; its memory is in proportion to their number.
#[derive(Debug, Clone)]
pub struct SlidingWindow {
    pub(super) limit: Tokens,
    window: u64,
    /// The admissions, sorted by time and by number.
    entries: VecDeque<Entry>,
    sum: u64,
    /// The greatest sum since the peak was last taken.
    peak: u64,
}

impl SlidingWindow {
    #[must_use]
    pub fn new(limit: Tokens, window: u64, used: Tokens) -> Self {
        let mut new = Self { limit, window, entries: VecDeque::new(), sum: 0, peak: 0 };
        if used > 0 {
            new.take(0, used, 0);
        }
        new
    }

    #[inline]
    fn roll(&mut self, now: u64) {
        while let Some(first) = self.entries.front() {
            if first.at + self.window > now {
                break;
            }
            self.sum -= first.amount;
            self.entries.pop_front();
        }
    }

    #[inline]
    pub(super) fn has_room(&mut self, now: u64, amount: Tokens) -> bool {
        self.roll(now);
        self.sum + amount <= self.limit
    }

    /// Takes an amount, whether it fits or not. An amount of zero is no entry; a later charge for it is an entry of its
    /// own, dated then.
    #[inline]
    pub(super) fn take(&mut self, now: u64, amount: Tokens, admission: u64) {
        if amount == 0 {
            return;
        }
        self.entries.push_back(Entry { at: now, admission, amount });
        self.sum += amount;
        self.peak = self.peak.max(self.sum);
    }

    #[inline]
    pub(super) fn settle(&mut self, now: u64, s: Settlement) {
        self.roll(now);
        // Entries of one instant are told apart by their admission; a debit entered later carries an older admission's
        // number, so the search is by time first.
        let from = self.entries.partition_point(|e| e.at < s.admitted_at);
        let entry =
            self.entries.range_mut(from..).take_while(|e| e.at == s.admitted_at).find(|e| e.admission == s.admission);
        if let Some(entry) = entry {
            entry.amount = s.charged;
            self.sum = self.sum - s.reserved + s.charged;
            self.peak = self.peak.max(self.sum);
        } else if s.charged > s.reserved {
            self.take(now, s.charged - s.reserved, s.admission);
        }
    }

    /// Returns the instant at which enough has expired for `amount` to fit, which is within the limit \[µs\].
    pub(super) fn room_at(&self, amount: Tokens) -> u64 {
        let mut sum = self.sum;
        let mut at = 0;
        for entry in &self.entries {
            if sum + amount <= self.limit {
                break;
            }
            sum -= entry.amount;
            at = entry.at + self.window;
        }
        at
    }

    pub(super) fn sum(&self) -> Tokens {
        self.sum
    }

    pub(super) fn take_peak(&mut self) -> Tokens {
        std::mem::replace(&mut self.peak, self.sum)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_reserved_is_dated_at_its_end() {
        let mut window = SlidingWindow::new(100, 60, 0);
        window.take(0, 0, 1);
        window.settle(50, Settlement { reserved: 0, charged: 100, admitted_at: 0, admission: 1 });
        assert!(!window.has_room(109, 1), "the charge of instant 50 counts until 110");
        assert!(window.has_room(110, 100));
    }

    #[test]
    fn what_was_reserved_keeps_the_instant_of_its_admission() {
        let mut window = SlidingWindow::new(100, 60, 0);
        window.take(0, 80, 1);
        window.settle(50, Settlement { reserved: 80, charged: 100, admitted_at: 0, admission: 1 });
        assert!(!window.has_room(59, 1));
        assert!(window.has_room(60, 100));
    }
}

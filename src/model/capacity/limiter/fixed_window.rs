//! A counter that starts anew at fixed instants of the wall clock.
//!
//! When to use it: the default. AWS speaks of quotas that refresh on 60-second windows \[AWS blog on Bedrock throttling,
//! 2026-02\]; whether the windows are aligned to the clock is not published.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{LimiterSpec, Settlement, in_window, window};
use crate::diagnostic::{Sink, Span};
use crate::model::capacity::Limit;
use crate::model::quantity::Duration;
use crate::model::spec::At;
use crate::units::Tokens;

/// Windows `[offset + kW, offset + (k + 1)W)` of the wall clock; a new window starts at zero.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "FixedWindow")]
pub struct FixedWindowSpec {
    /// The length W of a window; default 60s.
    pub window: Option<At<Duration>>,
    /// The offset of the windows from the wall clock; default 0s.
    pub offset: Option<At<Duration>>,
}

impl FixedWindowSpec {
    pub(super) fn lower(&self, per_minute: Tokens, limit_at: &Span, sink: &mut Sink) -> Option<Limit> {
        let window = window(self.window.as_ref(), sink)?;
        let offset = self.offset.as_ref().map_or(0, |o| o.value.0.0) % window;
        let amount = in_window(per_minute, window, limit_at, sink)?;
        Some(Limit { amount, limiter: LimiterSpec::FixedWindow { window, offset } })
    }
}

/// Windows of `window` µs; credits of an earlier window are void, debits always count in the present one.
#[derive(Debug, Clone)]
pub struct FixedWindow {
    pub(super) limit: Tokens,
    window: u64,
    /// The first instant of the next window \[µs\].
    ends: u64,
    used: u64,
    /// The greatest use since the peak was last taken.
    peak: u64,
}

impl FixedWindow {
    /// Returns the state at t = 0. `phase` is the time since the start of the present window \[µs\].
    #[must_use]
    pub fn new(limit: Tokens, window: u64, phase: u64, used: Tokens) -> Self {
        Self { limit, window, ends: window - phase, used, peak: used }
    }

    #[inline(always)]
    fn roll(&mut self, now: u64) {
        if now >= self.ends {
            self.ends += ((now - self.ends) / self.window + 1) * self.window;
            self.used = 0;
        }
    }

    /// Returns whether `amount` has room now.
    #[inline(always)]
    pub fn has_room(&mut self, now: u64, amount: Tokens) -> bool {
        self.roll(now);
        self.used + amount <= self.limit
    }

    /// Takes `amount`, whether it fits or not.
    #[inline(always)]
    pub fn take(&mut self, amount: Tokens) {
        self.used += amount;
        if self.used > self.peak {
            self.peak = self.used;
        }
    }

    /// Replaces a reservation by the charge.
    #[inline(always)]
    pub fn settle(&mut self, now: u64, s: Settlement) {
        self.roll(now);
        // The window began at `ends - window`, which lies before t = 0 in the first one.
        if s.charged > s.reserved {
            self.take(s.charged - s.reserved);
        } else if s.admitted_at + self.window >= self.ends {
            self.used -= s.reserved - s.charged;
        }
    }

    /// Replaces the limit from now on; the use so far stays.
    pub fn set(&mut self, limit: Tokens) {
        self.limit = limit;
    }

    /// Returns the first instant of the next window, as of the latest call with a time \[µs\].
    #[must_use]
    pub fn ends(&self) -> u64 {
        self.ends
    }

    /// Returns the tokens used and reserved in the window, as of the latest call with a time.
    #[must_use]
    pub fn used(&self) -> Tokens {
        self.used
    }

    pub(super) fn take_peak(&mut self) -> Tokens {
        std::mem::replace(&mut self.peak, self.used)
    }
}

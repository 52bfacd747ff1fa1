//! The algorithms that enforce a limit L over a window W. Which one Bedrock uses is not published, so it is a key.
//!
//! All arithmetic is in integers: r is what a request reserved, c what it is charged in the end, times are in µs. At
//! exactly the limit a request is admitted; one token over, it is refused. `used + a <= L` holds at every admission, not
//! at every instant: a debit (c > r) may exceed the limit.

pub mod fixed_window;
pub mod sliding_window;
pub mod token_bucket;

use crate::diagnostic::{Sink, Span};
use crate::model::capacity::Limit;
use crate::model::quantity::{Duration, LARGEST_COUNT};
use crate::model::spec::{At, kinds};
use crate::units::{MICROS_PER_MINUTE, SimTime, Tokens, WallClock};
use fixed_window::{FixedWindow, FixedWindowSpec};
use sliding_window::{SlidingWindow, SlidingWindowSpec};
use token_bucket::{TokenBucket, TokenBucketSpec};

pub use token_bucket::common_credits;

/// The algorithm that enforces a limit, with its parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LimiterSpec {
    /// Windows `[offset + kW, offset + (k + 1)W)` of the wall clock \[µs\].
    FixedWindow { window: u64, offset: u64 },
    /// The last `window` before each instant \[µs\].
    SlidingWindow { window: u64 },
    /// Refills L in each `window` \[µs\]; holds at most `burst` tokens, each of which is `credits` credits.
    TokenBucket { window: u64, burst: u64, credits: u64 },
}

impl LimiterSpec {
    /// Returns the name of the algorithm as a scenario writes it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::FixedWindow { .. } => "fixed_window",
            Self::SlidingWindow { .. } => "sliding_window",
            Self::TokenBucket { .. } => "token_bucket",
        }
    }

    /// Returns a bucket for `limit` tokens in `window` µs, with the fewest credits for a token.
    #[must_use]
    pub fn bucket(limit: Tokens, window: u64, burst: Tokens) -> Self {
        Self::TokenBucket { window, burst, credits: TokenBucket::fewest_credits(limit, window) }
    }

    /// Returns the length W of the window \[µs\].
    #[must_use]
    pub const fn window(self) -> u64 {
        match self {
            Self::FixedWindow { window, .. } | Self::SlidingWindow { window } | Self::TokenBucket { window, .. } => {
                window
            }
        }
    }
}

kinds! {
    /// The algorithm that enforces a limit. Which one Bedrock uses is not published.
    LimiterChoice, "a limiter" {
        "fixed_window" => FixedWindow(FixedWindowSpec),
        "sliding_window" => SlidingWindow(SlidingWindowSpec),
        "token_bucket" => TokenBucket(TokenBucketSpec),
    }
}

/// The window of limits per minute where the scenario states none \[µs\].
pub const DEFAULT_WINDOW: u64 = MICROS_PER_MINUTE;

impl LimiterChoice {
    /// Returns a limit of `per_minute`, written at `limit_at`, as the algorithm keeps it; `None` after a finding.
    pub fn lower(&self, per_minute: Tokens, limit_at: &Span, sink: &mut Sink) -> Option<Limit> {
        match self {
            Self::FixedWindow(spec) => spec.lower(per_minute, limit_at, sink),
            Self::SlidingWindow(spec) => spec.lower(per_minute, limit_at, sink),
            Self::TokenBucket(spec) => spec.lower(per_minute, limit_at, sink),
        }
    }
}

/// Returns the window as written, or a minute.
fn window(written: Option<&At<Duration>>, sink: &mut Sink) -> Option<u64> {
    let Some(written) = written else { return Some(DEFAULT_WINDOW) };
    let window = written.value.0;
    if window == SimTime::ZERO {
        sink.error(written.at.clone(), "a window is longer than zero", "AWS speaks of 60s".to_owned());
        return None;
    }
    Some(window.0)
}

/// Returns the amount that `per_minute` makes in one window: rounded down, with a warning; less than one is refused.
fn in_window(per_minute: Tokens, window: u64, limit_at: &Span, sink: &mut Sink) -> Option<Tokens> {
    let scaled = u128::from(per_minute) * u128::from(window);
    let exact = scaled / u128::from(MICROS_PER_MINUTE);
    if exact == 0 && per_minute > 0 {
        let rule = format!("{per_minute} a minute is less than one in a window of {}", SimTime(window));
        sink.error(limit_at.clone(), rule, "write a longer window, or a higher limit".to_owned());
        return None;
    }
    if !scaled.is_multiple_of(u128::from(MICROS_PER_MINUTE)) {
        let rule =
            format!("{per_minute} a minute is no whole number in a window of {}: {exact} is kept", SimTime(window));
        sink.warning(
            Some(limit_at.clone()),
            rule,
            "a window that divides the minute's limit keeps it whole".to_owned(),
        );
    }
    match u64::try_from(exact) {
        Ok(amount) if amount <= LARGEST_COUNT => Some(amount),
        _ => {
            let rule = format!(
                "{per_minute} a minute are {exact} in a window of {}, too many for exact arithmetic",
                SimTime(window)
            );
            sink.error(limit_at.clone(), rule, "a window admits at most 10^15; write \"none\" for no limit".to_owned());
            None
        }
    }
}

/// The end of a request's hold on a limit: the tokens reserved, the tokens charged instead, and the admission.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settlement {
    pub reserved: Tokens,
    pub charged: Tokens,
    /// The instant of the admission \[µs\].
    pub admitted_at: u64,
    /// The number of the admission, from 1; later admissions have greater numbers. 0 is the use at the start.
    pub admission: u64,
}

/// The state of one limit.
#[derive(Debug, Clone)]
pub enum Limiter {
    FixedWindow(FixedWindow),
    SlidingWindow(SlidingWindow),
    TokenBucket(TokenBucket),
}

impl Limiter {
    /// Returns the state at t = 0: a full bucket or an empty window, but for `used` already used.
    #[must_use]
    pub fn new(limit: &Limit, used: Tokens, wall: &WallClock) -> Self {
        match limit.limiter {
            LimiterSpec::FixedWindow { window, offset } => {
                Self::FixedWindow(FixedWindow::new(limit.amount, window, wall.phase(window, offset), used))
            }
            LimiterSpec::SlidingWindow { window } => {
                Self::SlidingWindow(SlidingWindow::new(limit.amount, window, used))
            }
            LimiterSpec::TokenBucket { .. } => Self::TokenBucket(TokenBucket::new(limit, used)),
        }
    }

    /// Returns whether `amount` could be admitted now; takes nothing.
    #[inline(always)]
    pub fn has_room(&mut self, now: u64, amount: Tokens) -> bool {
        match self {
            Self::FixedWindow(l) => l.has_room(now, amount),
            Self::SlidingWindow(l) => l.has_room(now, amount),
            Self::TokenBucket(l) => l.has_room(now, amount),
        }
    }

    /// Takes `amount` right after [`Limiter::has_room`] found that it fits.
    #[inline(always)]
    pub fn take(&mut self, now: u64, amount: Tokens, admission: u64) {
        match self {
            Self::FixedWindow(l) => l.take(amount),
            Self::SlidingWindow(l) => l.take(now, amount, admission),
            Self::TokenBucket(l) => l.take(amount),
        }
    }

    /// Replaces a reservation by the charge.
    #[inline(always)]
    pub fn settle(&mut self, now: u64, settlement: Settlement) {
        match self {
            Self::FixedWindow(l) => l.settle(now, settlement),
            // A copy keeps the settlement of the others in registers.
            Self::SlidingWindow(l) => l.settle(now, Settlement { ..settlement }),
            Self::TokenBucket(l) => l.settle(now, settlement),
        }
    }

    /// Returns whether `amount` could be admitted at some time, with everything free.
    #[inline]
    #[must_use]
    pub fn ever_admits(&self, amount: Tokens) -> bool {
        match self {
            Self::FixedWindow(l) => amount <= l.limit,
            Self::SlidingWindow(l) => amount <= l.limit,
            Self::TokenBucket(l) => amount <= l.burst,
        }
    }

    /// Returns the first instant at which `amount` has room if nothing is taken or settled until then \[µs\]; at least
    /// `now`. `None`: never.
    pub fn room_at(&mut self, now: u64, amount: Tokens) -> Option<u64> {
        if !self.ever_admits(amount) {
            return None;
        }
        if self.has_room(now, amount) {
            return Some(now);
        }
        Some(match self {
            Self::FixedWindow(l) => l.ends(),
            Self::SlidingWindow(l) => l.room_at(amount),
            Self::TokenBucket(l) => l.room_at(now, amount),
        })
    }

    /// Replaces the limit from now on; the use so far stays.
    pub fn set(&mut self, now: u64, limit: &Limit) {
        self.has_room(now, 0);
        match (self, limit.limiter) {
            (Self::FixedWindow(l), _) => l.limit = limit.amount,
            (Self::SlidingWindow(l), _) => l.limit = limit.amount,
            (Self::TokenBucket(l), LimiterSpec::TokenBucket { window, burst, .. }) => {
                l.set(limit.amount, window, burst)
            }
            (Self::TokenBucket(_), _) => unreachable!("a limit changes its amount, not its algorithm"),
        }
    }

    /// Takes `amount` whether it fits or not: a refused request that counts.
    pub fn count(&mut self, now: u64, amount: Tokens, admission: u64) {
        self.has_room(now, amount);
        match self {
            Self::TokenBucket(l) => l.owe(amount),
            Self::FixedWindow(_) | Self::SlidingWindow(_) => self.take(now, amount, admission),
        }
    }

    /// Returns the tokens used and reserved now; of a bucket, those missing to a full one, rounded up \[tokens\].
    pub fn occupied(&mut self, now: u64) -> Tokens {
        self.has_room(now, 0);
        match self {
            Self::FixedWindow(l) => l.used(),
            Self::SlidingWindow(l) => l.sum(),
            Self::TokenBucket(l) => l.missing(),
        }
    }

    /// Returns the greatest that [`Limiter::occupied`] was at any instant since the last call \[tokens\].
    pub fn take_peak(&mut self) -> Tokens {
        match self {
            Self::FixedWindow(l) => l.take_peak(),
            Self::SlidingWindow(l) => l.take_peak(),
            Self::TokenBucket(l) => l.take_peak(),
        }
    }
}

//! The algorithms that enforce a limit L over a window W. Which one Bedrock uses is not published.

pub mod fixed_window;
pub mod sliding_window;
pub mod token_bucket;

use crate::diagnostic::{Sink, Span};
use crate::model::capacity::Limit;
use crate::model::quantity::{Duration, LARGEST_COUNT};
use crate::model::spec::{At, kinds};
use crate::units::{MICROS_PER_MINUTE, SimTime, Tokens};
use fixed_window::FixedWindowSpec;
use sliding_window::SlidingWindowSpec;
use token_bucket::TokenBucketSpec;

/// Which limiter, with its parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LimiterSpec {
    /// Windows `[offset + kW, offset + (k + 1)W)` of the wall clock \[µs\].
    FixedWindow { window: u64, offset: u64 },
    /// \[µs\]
    SlidingWindow { window: u64 },
    /// Refills L in each `window` \[µs\]; holds at most `burst` tokens.
    TokenBucket { window: u64, burst: u64 },
}

kinds! {
    /// The algorithm that enforces a limit. Which one Bedrock uses is not published.
    LimiterChoice, "a limiter" {
        "fixed_window" => FixedWindow(FixedWindowSpec),
        "sliding_window" => SlidingWindow(SlidingWindowSpec),
        "token_bucket" => TokenBucket(TokenBucketSpec),
    }
}

/// Without a word about it, limits per minute are kept in windows of a minute \[µs\].
pub const DEFAULT_WINDOW: u64 = MICROS_PER_MINUTE;

impl LimiterChoice {
    /// The limit of `per_minute` as this algorithm keeps it. `limit_at` is where the limit was written.
    pub fn lower(&self, per_minute: Tokens, limit_at: &Span, sink: &mut Sink) -> Option<Limit> {
        match self {
            Self::FixedWindow(spec) => spec.lower(per_minute, limit_at, sink),
            Self::SlidingWindow(spec) => spec.lower(per_minute, limit_at, sink),
            Self::TokenBucket(spec) => spec.lower(per_minute, limit_at, sink),
        }
    }
}

/// The window as written, or a minute.
fn window(written: Option<&At<Duration>>, sink: &mut Sink) -> Option<u64> {
    let Some(written) = written else { return Some(DEFAULT_WINDOW) };
    let window = written.value.0;
    if window == SimTime::ZERO {
        sink.error(written.at.clone(), "a window is longer than zero", "AWS speaks of 60s".to_owned());
        return None;
    }
    Some(window.0)
}

/// What a limit of `per_minute` admits in one window: rounded down, at least 1.
fn in_window(per_minute: Tokens, window: u64, limit_at: &Span, sink: &mut Sink) -> Option<Tokens> {
    let exact = u128::from(per_minute) * u128::from(window) / u128::from(MICROS_PER_MINUTE);
    match u64::try_from(exact.max(1)) {
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

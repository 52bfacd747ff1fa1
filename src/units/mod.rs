//! Quantities that carry their unit: simulated time, token counts, rates, money.
//!
//! Everything a user writes with a unit is parsed in [`parse`], in exact decimals; nothing here rounds twice.

mod money;
pub mod parse;
mod time;

pub use money::{Price, Usd};
pub use time::{SimTime, WallClock, round_duration};

/// A number of tokens, or of requests where a limit counts requests \[1\].
pub type Tokens = u64;

/// The share of a second in one microsecond \[s/µs\].
pub const SECONDS_PER_MICRO: f64 = 1e-6;
/// \[µs/min\]
pub const MICROS_PER_MINUTE: u64 = 60_000_000;
/// \[µs/day\]
pub const MICROS_PER_DAY: u64 = 86_400_000_000;

/// A real number of at least zero, rounded half up to a whole one.
///
/// Values past `u64::MAX` saturate; NaN becomes zero.
#[inline]
#[must_use]
pub fn round_half_up(x: f64) -> u64 {
    (x + 0.5) as u64
}

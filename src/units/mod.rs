//! Quantities that carry their unit: simulated time, token counts, rates, money.
//!
//! Everything a user writes with a unit is parsed in [`parse`], in exact decimals; nothing here rounds twice.

pub mod meant;
mod money;
pub mod parse;
mod steps;
mod time;

pub use money::{Price, Usd};
pub use steps::Steps;
pub use time::{SimTime, WallClock};

/// A number of tokens, or of requests where a limit counts requests \[1\].
pub type Tokens = u64;

/// Returns a number with its thousands grouped: `7200000000` as `7,200,000,000`.
#[must_use]
pub fn grouped(n: impl Into<u128>) -> String {
    let digits = n.into().to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// The share of a second in one microsecond \[s/µs\].
pub const SECONDS_PER_MICRO: f64 = 1e-6;
/// The number of microseconds in a minute \[µs/min\].
pub const MICROS_PER_MINUTE: u64 = 60_000_000;
/// The number of microseconds in an hour \[µs/h\].
pub const MICROS_PER_HOUR: u64 = 3_600_000_000;
/// The number of microseconds in a day \[µs/day\].
pub const MICROS_PER_DAY: u64 = 86_400_000_000;

/// Returns a real number of at least zero, rounded half up to a whole one.
///
/// Values past `u64::MAX` saturate; NaN becomes zero.
#[inline]
#[must_use]
pub fn round_half_up(x: f64) -> u64 {
    (x + 0.5) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_apart() {
        for (n, text) in [(0_u64, "0"), (999, "999"), (1_000, "1,000"), (7_200_000_000, "7,200,000,000")] {
            assert_eq!(grouped(n), text);
        }
    }
}

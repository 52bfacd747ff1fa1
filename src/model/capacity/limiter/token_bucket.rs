//! A bucket that refills continuously and holds a burst.
//!
//! When to use it: to ask what happens if short bursts are smoothed. With `burst` = 1 the bucket holds a whole window's
//! limit; smaller bursts refuse spikes that a window would let through.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{LimiterSpec, Settlement, in_window, window};
use crate::diagnostic::{Sink, Span};
use crate::model::capacity::Limit;
use crate::model::quantity::{Duration, Number};
use crate::model::spec::{At, Refusal, Scalar, Written, scalar};
use crate::units::{SimTime, Tokens};

/// A bucket that refills evenly, L in each window, and holds a burst.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "TokenBucket")]
pub struct TokenBucketSpec {
    /// What the bucket holds: a share of the window's limit, or a time of refill such as "0.2s"; default 1.
    pub burst: Option<At<Burst>>,
    /// The time in which a whole limit is refilled; default 60s.
    pub window: Option<At<Duration>>,
}

/// How much a bucket holds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Burst {
    /// Of the window's limit \[1\].
    Share(f64),
    /// What is refilled in it.
    Refill(SimTime),
}

impl Scalar for Burst {
    fn read(written: Written<'_>) -> Result<Self, Refusal> {
        match written {
            Written::Text(text) if text.trim().parse::<f64>().is_err() => {
                Duration::read(written).map(|d| Self::Refill(d.0))
            }
            other => Number::read(other).map(|x| Self::Share(x.0)),
        }
    }
}
scalar!(Burst, { "anyOf": [{ "type": "number", "exclusiveMinimum": 0 }, { "type": "string" }], "examples": [0.5, "0.2s"] });

/// Decimal places of a burst share that count.
const SHARE_ONE: u128 = 1_000_000_000;
/// A larger bucket is no limit.
const LARGEST_SHARE: f64 = 1e6;

impl TokenBucketSpec {
    pub(super) fn lower(&self, per_minute: Tokens, limit_at: &Span, sink: &mut Sink) -> Option<Limit> {
        let window = window(self.window.as_ref(), sink)?;
        let amount = in_window(per_minute, window, limit_at, sink)?;
        if amount == 0 {
            // In an outage that leaves nothing.
            return Some(Limit { amount, limiter: LimiterSpec::TokenBucket { window, burst: 0 } });
        }
        let at = self.burst.as_ref().map_or(limit_at, |b| &b.at);
        let limit = u128::from(amount);
        let burst = match self.burst.as_ref().map_or(Burst::Share(1.0), |b| b.value) {
            Burst::Share(share) if share > LARGEST_SHARE => u128::MAX,
            // The number as written, to nine places: a float of 0.1 is meant as a tenth.
            Burst::Share(share) => (share * SHARE_ONE as f64 + 0.5) as u128 * limit / SHARE_ONE,
            Burst::Refill(time) => limit * u128::from(time.0) / u128::from(window),
        };
        if burst == 0 {
            let rule = format!("a bucket holds at least 1; this burst of a limit of {amount} holds none");
            sink.error(at.clone(), rule, "a burst of 1 holds the whole limit of a window".to_owned());
            return None;
        }
        let (credits_each, _) = TokenBucket::weights(amount, window);
        match u64::try_from(burst) {
            Ok(burst) if u128::from(burst) * u128::from(credits_each) < TokenBucket::GREATEST_CAP => {
                Some(Limit { amount, limiter: LimiterSpec::TokenBucket { window, burst } })
            }
            _ => {
                let rule = format!("a bucket for {amount} in {} is too large for exact arithmetic", SimTime(window));
                sink.error(at.clone(), rule, "write a smaller burst, or \"none\" for no limit".to_owned());
                None
            }
        }
    }
}

/// One token is `weight` credits and one microsecond refills `refill` of them, with `refill / weight = L / W` in lowest
/// terms, so that the level is exact in integers.
#[derive(Debug, Clone)]
pub struct TokenBucket {
    /// What a full bucket holds \[tokens\].
    pub(in crate::model) burst: Tokens,
    weight: i64,
    refill: i64,
    /// What a full bucket holds \[credits\].
    cap: i64,
    /// \[credits\]; below zero after debits.
    level: i64,
    /// The lowest level since it was last asked for \[credits\].
    lowest: i64,
    /// When the level was last brought up to date \[µs\].
    last: u64,
    /// A silence after which the bucket is full whatever the level was; longer ones count as this \[µs\].
    longest_silence: u64,
}

impl TokenBucket {
    /// The deepest debt that is remembered \[credits\].
    const DEEPEST: i64 = 1 << 61;
    /// Greatest capacity that the arithmetic holds, with room for debits \[credits\].
    pub const GREATEST_CAP: u128 = 1 << 61;

    /// Credits for a token and credits a microsecond, for `limit` tokens in `window` µs.
    #[must_use]
    pub fn weights(limit: Tokens, window: u64) -> (u64, u64) {
        let divisor = gcd(limit, window).max(1);
        (window / divisor, limit / divisor)
    }

    /// Full but for `used`. `burst x weight` must stay below [`TokenBucket::GREATEST_CAP`].
    #[must_use]
    pub fn new(limit: Tokens, window: u64, burst: Tokens, used: Tokens) -> Self {
        let (weight, refill) = Self::weights(limit, window);
        let (weight, refill) = (weight as i64, refill as i64);
        let cap = burst as i64 * weight;
        let level = cap - used as i64 * weight;
        let longest_silence = (1 << 62) / (refill as u64).max(1);
        Self { burst, weight, refill, cap, level, lowest: level, last: 0, longest_silence }
    }

    /// Another limit, with the tokens that are in the bucket as far as it holds them. The level must be rolled to now.
    pub(super) fn set(&mut self, limit: Tokens, window: u64, burst: Tokens) {
        let (level, lowest, weight) = (self.level, self.lowest, self.weight);
        let fresh = Self::new(limit, window, burst, 0);
        let convert = |credits: i64| {
            let converted = i128::from(credits) * i128::from(fresh.weight) / i128::from(weight);
            converted.clamp(-i128::from(Self::DEEPEST), i128::from(fresh.cap)) as i64
        };
        *self = Self { level: convert(level), lowest: convert(lowest), last: self.last, ..fresh };
    }

    #[inline(always)]
    fn roll(&mut self, now: u64) {
        // A level lies in [-2⁶¹, 2⁶¹] and a refill below 2⁶², so nothing overflows.
        let silence = (now - self.last).min(self.longest_silence) as i64;
        self.last = now;
        self.level = (self.level + silence * self.refill).min(self.cap);
    }

    #[inline(always)]
    pub(in crate::model) fn has_room(&mut self, now: u64, amount: Tokens) -> bool {
        self.roll(now);
        // The burst first: an amount past it may be too large to weigh.
        amount <= self.burst && amount as i64 * self.weight <= self.level
    }

    /// Takes an amount that fits.
    #[inline(always)]
    pub(super) fn take(&mut self, amount: Tokens) {
        self.level -= amount as i64 * self.weight;
        if self.level < self.lowest {
            self.lowest = self.level;
        }
    }

    /// Takes an amount whether it fits or not.
    #[cold]
    pub(in crate::model) fn owe(&mut self, amount: Tokens) {
        let debt = i128::from(amount) * i128::from(self.weight);
        self.level = (i128::from(self.level) - debt).max(-i128::from(Self::DEEPEST)) as i64;
        self.lowest = self.lowest.min(self.level);
    }

    #[inline(always)]
    pub(super) fn settle(&mut self, now: u64, s: Settlement) {
        self.roll(now);
        if s.charged > s.reserved {
            return self.owe(s.charged - s.reserved);
        }
        // A change of the limit may have made each token weigh more: what passes all bounds fills the bucket.
        let credits = ((s.reserved - s.charged) as i64).checked_mul(self.weight);
        let level = credits.and_then(|credits| self.level.checked_add(credits));
        self.level = level.map_or(self.cap, |level| level.min(self.cap));
    }

    /// When the refill reaches `amount`, which is within the burst. The level must be rolled to `now`.
    pub(in crate::model) fn room_at(&self, now: u64, amount: Tokens) -> u64 {
        let lacking = (amount as i64 * self.weight - self.level).max(0) as u64;
        now + lacking.div_ceil(self.refill.max(1) as u64)
    }

    pub(super) fn missing(&self) -> Tokens {
        self.missing_at(self.level)
    }

    pub(super) fn take_peak(&mut self) -> Tokens {
        let lowest = std::mem::replace(&mut self.lowest, self.level);
        self.missing_at(lowest)
    }

    fn missing_at(&self, level: i64) -> Tokens {
        (self.cap.saturating_sub(level) as u64).div_ceil(self.weight as u64)
    }
}

fn gcd(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { gcd(b, a % b) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::MICROS_PER_MINUTE;

    fn bucket(text: &str, per_minute: Tokens) -> Option<Limit> {
        let spec: TokenBucketSpec = toml::from_str(text).unwrap();
        spec.lower(per_minute, &(0..0), &mut Sink::default())
    }

    #[test]
    fn a_burst_is_exact() {
        for (text, per_minute, burst) in [
            ("", 60, 60),
            ("burst = 0.5", 60, 30),
            ("burst = 0.1", 1_000_000_000_000, 100_000_000_000),
            ("burst = 0.3", 10, 3),
            ("burst = 0.7", 10, 7),
            ("burst = \"0.2s\"", 4_000_000, 13_333),
            ("burst = 2", 7, 14),
        ] {
            let expected = LimiterSpec::TokenBucket { window: MICROS_PER_MINUTE, burst };
            assert_eq!(bucket(text, per_minute).unwrap().limiter, expected, "{text}");
        }
    }

    #[test]
    fn another_window_keeps_the_rate() {
        let limit = bucket("window = \"1s\"", 600).unwrap();
        assert_eq!(limit, Limit { amount: 10, limiter: LimiterSpec::TokenBucket { window: 1_000_000, burst: 10 } });
        assert!(bucket("window = \"1s\"", 1).is_none(), "one a minute is less than one a second");
    }

    #[test]
    fn what_arithmetic_cannot_hold_is_refused() {
        assert!(bucket("burst = 0.001", 60).is_none());
        assert!(bucket("burst = 0", 60).is_none());
        assert!(bucket("", 999_999_999_999_989).is_none());
        assert!(bucket("burst = 1e300", 60).is_none());
        assert!(bucket("burst = \"10950d\"", 999_999_999_999_989).is_none());
        assert!(bucket("window = \"0s\"", 60).is_none());
        assert!(bucket("window = \"10950d\"", 1_000_000_000_000_000).is_none());
    }

    fn settlement(reserved: u64, charged: u64) -> Settlement {
        Settlement { reserved, charged, admitted_at: 0, admission: 0 }
    }

    #[test]
    fn a_credit_into_a_full_bucket_is_void() {
        let mut bucket = TokenBucket::new(60, 60_000_000, 60, 0);
        bucket.settle(0, settlement(40, 0));
        bucket.settle(0, settlement(0, 40));
        assert_eq!(bucket.level, 20 * bucket.weight);
        assert!(bucket.has_room(0, 20));
        assert!(!bucket.has_room(0, 21));
    }

    #[test]
    fn an_admission_meets_the_refill_to_the_microsecond() {
        let mut bucket = TokenBucket::new(7, 60_000_000, 7, 7);
        let at = bucket.room_at(0, 3);
        assert!(!bucket.has_room(at - 1, 3));
        assert!(bucket.has_room(at, 3));
        assert_eq!(at, (3 * 60_000_000_u64).div_ceil(7));
    }

    #[test]
    fn long_silence_does_not_overflow() {
        let mut bucket = TokenBucket::new(1_000_000_007, 60_000_000, 1_000_000_007, 1_000_000_007);
        assert!(bucket.has_room(1 << 52, 1_000_000_007));
    }
}

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
    /// The size of the bucket: a share of the window's limit, or a time of refill such as "0.2s"; default 1.
    pub burst: Option<At<Burst>>,
    /// The time in which a whole limit is refilled; default 60s.
    pub window: Option<At<Duration>>,
}

/// The size of a bucket.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Burst {
    /// A share of the window's limit \[1\].
    Share(f64),
    /// The amount that is refilled in this time \[µs\].
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

/// The denominator of burst shares, of which nine decimal places count.
const SHARE_ONE: u128 = 1_000_000_000;
/// The largest burst, as a share of the window's limit; a larger bucket is no limit.
const LARGEST_SHARE: f64 = 1e6;

impl TokenBucketSpec {
    pub(super) fn lower(&self, per_minute: Tokens, limit_at: &Span, sink: &mut Sink) -> Option<Limit> {
        let window = window(self.window.as_ref(), sink)?;
        let amount = in_window(per_minute, window, limit_at, sink)?;
        if amount == 0 {
            // In an outage that leaves nothing.
            return Some(Limit { amount, limiter: LimiterSpec::TokenBucket { window, burst: 0, credits: 1 } });
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
        let credits = TokenBucket::fewest_credits(amount, window);
        match u64::try_from(burst) {
            Ok(burst) if u128::from(burst) * u128::from(credits) < TokenBucket::GREATEST_CAP => {
                Some(Limit { amount, limiter: LimiterSpec::TokenBucket { window, burst, credits } })
            }
            _ => {
                let rule = format!("a bucket for {amount} in {} is too large for exact arithmetic", SimTime(window));
                sink.error(at.clone(), rule, "write a smaller burst, or \"none\" for no limit".to_owned());
                None
            }
        }
    }
}

/// Returns the credits for a token that the buckets of one limit have in common as it changes, so that a change keeps
/// the level to the credit. `None` when arithmetic cannot hold the largest of the buckets exactly.
pub fn common_credits(limits: &[Limit]) -> Option<u64> {
    let credits_of = |limit: &Limit| match limit.limiter {
        LimiterSpec::TokenBucket { credits, .. } => credits,
        LimiterSpec::FixedWindow { .. } | LimiterSpec::SlidingWindow { .. } => 1,
    };
    let common = limits.iter().map(credits_of).fold(1, |common, credits| credits / gcd(credits, common) * common);
    let is_held = |limit: &Limit| match limit.limiter {
        LimiterSpec::TokenBucket { burst, .. } => u128::from(burst) * u128::from(common) < TokenBucket::GREATEST_CAP,
        LimiterSpec::FixedWindow { .. } | LimiterSpec::SlidingWindow { .. } => true,
    };
    limits.iter().all(is_held).then_some(common)
}

/// A token bucket. One token is `weight` credits and one microsecond refills `refill` credits, with
/// `refill / weight = L / W`, so that the level is exact in integers.
#[derive(Debug, Clone)]
pub struct TokenBucket {
    /// The number of tokens in a full bucket \[tokens\].
    pub(in crate::model) burst: Tokens,
    weight: i64,
    refill: i64,
    /// The number of credits in a full bucket \[credits\].
    cap: i64,
    /// The level \[credits\]; below zero after debits.
    level: i64,
    /// The lowest level since the peak was last taken, or since the bucket last changed \[credits\].
    lowest: i64,
    /// The most that was missing before the bucket last changed, since the peak was last taken \[tokens\].
    missed: Tokens,
    /// The instant at which the level was last brought up to date \[µs\].
    last: u64,
    /// The time without use after which the bucket is full whatever the level was; longer ones count as this \[µs\].
    longest_silence: u64,
}

impl TokenBucket {
    /// The deepest debt that is remembered \[credits\].
    const DEEPEST: i64 = 1 << 61;
    /// The greatest capacity that the arithmetic holds, with room for debits \[credits\].
    pub const GREATEST_CAP: u128 = 1 << 61;

    /// Returns the fewest credits for a token with which `limit` tokens in `window` µs are a whole number of credits a
    /// microsecond. The number divides `window`, and so does what several limits of one window have in common.
    #[must_use]
    pub fn fewest_credits(limit: Tokens, window: u64) -> u64 {
        window / gcd(limit, window).max(1)
    }

    /// Returns a bucket that is full but for `used`. A token is `credits` credits: [`TokenBucket::fewest_credits`], or
    /// a multiple that divides the window. `burst x credits` must stay below [`TokenBucket::GREATEST_CAP`].
    #[must_use]
    pub fn new(limit: &Limit, used: Tokens) -> Self {
        let LimiterSpec::TokenBucket { window, burst, credits } = limit.limiter else {
            unreachable!("a bucket is made of the limit of a bucket")
        };
        let weight = credits as i64;
        let cap = burst as i64 * weight;
        let level = cap - used as i64 * weight;
        let mut bucket =
            Self { burst, weight, refill: 0, cap, level, lowest: level, missed: 0, last: 0, longest_silence: 0 };
        bucket.refill_by(limit.amount, window);
        bucket
    }

    fn refill_by(&mut self, limit: Tokens, window: u64) {
        let credits = u128::from(limit) * self.weight as u128;
        debug_assert!(credits.is_multiple_of(u128::from(window)), "{limit} in {window} µs is no whole refill");
        self.refill = (credits / u128::from(window)) as i64;
        self.longest_silence = (1 << 62) / (self.refill as u64).max(1);
    }

    /// Replaces the limit from now on; the tokens in the bucket stay, as far as the new bucket holds them. The level
    /// must be rolled to now. Tokens that were missing before are no part of those missing afterwards.
    pub(super) fn set(&mut self, limit: Tokens, window: u64, burst: Tokens) {
        self.missed = self.missed.max(self.missing_at(self.lowest));
        self.burst = burst;
        self.cap = burst as i64 * self.weight;
        self.level = self.level.min(self.cap);
        self.lowest = self.level;
        self.refill_by(limit, window);
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

    /// Returns the instant at which the bucket will hold `amount` \[µs\]. `amount` must not exceed the burst, and the
    /// level must already be brought up to `now`.
    pub(in crate::model) fn room_at(&self, now: u64, amount: Tokens) -> u64 {
        let lacking = (amount as i64 * self.weight - self.level).max(0) as u64;
        now + lacking.div_ceil(self.refill.max(1) as u64)
    }

    pub(super) fn missing(&self) -> Tokens {
        self.missing_at(self.level)
    }

    pub(super) fn take_peak(&mut self) -> Tokens {
        let lowest = std::mem::replace(&mut self.lowest, self.level);
        self.missing_at(lowest).max(std::mem::take(&mut self.missed))
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
    use crate::units::{MICROS_PER_MINUTE, Steps};

    fn full(amount: Tokens, burst: Tokens, used: Tokens) -> TokenBucket {
        TokenBucket::new(&Limit { amount, limiter: LimiterSpec::bucket(amount, MICROS_PER_MINUTE, burst) }, used)
    }

    fn bucket(text: &str, per_minute: Tokens) -> Option<Limit> {
        let spec: TokenBucketSpec = toml::from_str(text).unwrap();
        spec.lower(per_minute, &(0..0), &mut Sink::default())
    }

    fn burst_of(limit: &Limit) -> Tokens {
        let LimiterSpec::TokenBucket { burst, .. } = limit.limiter else { panic!("{limit:?} is no bucket") };
        burst
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
            assert_eq!(burst_of(&bucket(text, per_minute).unwrap()), burst, "{text}");
        }
    }

    #[test]
    fn another_window_keeps_the_rate() {
        let limit = bucket("window = \"1s\"", 600).unwrap();
        assert_eq!(limit, Limit { amount: 10, limiter: LimiterSpec::bucket(10, 1_000_000, 10) });
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
        let mut bucket = full(60, 60, 0);
        bucket.settle(0, settlement(40, 0));
        bucket.settle(0, settlement(0, 40));
        assert_eq!(bucket.level, 20 * bucket.weight);
        assert!(bucket.has_room(0, 20));
        assert!(!bucket.has_room(0, 21));
    }

    #[test]
    fn an_admission_meets_the_refill_to_the_microsecond() {
        let mut bucket = full(7, 7, 7);
        let at = bucket.room_at(0, 3);
        assert!(!bucket.has_room(at - 1, 3));
        assert!(bucket.has_room(at, 3));
        assert_eq!(at, (3 * 60_000_000_u64).div_ceil(7));
    }

    #[test]
    fn long_silence_does_not_overflow() {
        let mut bucket = full(1_000_000_007, 1_000_000_007, 1_000_000_007);
        assert!(bucket.has_room(1 << 52, 1_000_000_007));
    }

    #[test]
    fn a_limit_of_nothing_costs_no_part_of_a_token() {
        let limits = Steps::sample([SimTime::from_secs(10), SimTime::from_secs(20)], |at| {
            let amount = if at == SimTime::from_secs(10) { 0 } else { 7 };
            bucket("", amount).unwrap()
        });
        let all: Vec<Limit> = limits.iter().map(|(_, limit)| *limit).collect();
        let credits = common_credits(&all).unwrap();
        let limits = limits.map(|limit| limit.with_credits(credits));
        let mut bucket = TokenBucket::new(limits.first(), 7);
        // At 7 a minute 10 s bring 7/6 of a token; the bucket owes 3, and 11/6 are lacking.
        bucket.owe(3);
        bucket.roll(10_000_000);
        let owed = bucket.level;
        for (at, limit) in limits.later() {
            bucket.roll(at.0);
            bucket.set(limit.amount, MICROS_PER_MINUTE, burst_of(limit));
        }
        assert_eq!(bucket.level, owed, "nothing came and nothing was lost while the limit was 0");
        let whole = bucket.room_at(20_000_000, 1);
        assert_eq!(whole, 20_000_000 + (17 * MICROS_PER_MINUTE).div_ceil(6 * 7), "17/6 tokens later there is one");
    }

    #[test]
    fn what_was_missing_of_a_smaller_bucket_is_not_missing_of_a_larger_one() {
        // A limit that changes weighs its tokens so that each of its rates is exact.
        let limits = [60, 30].map(|amount| bucket("", amount).unwrap());
        let credits = common_credits(&limits).unwrap();
        let mut bucket = TokenBucket::new(&limits[0].with_credits(credits), 0);
        bucket.set(30, MICROS_PER_MINUTE, 30);
        bucket.take(30);
        bucket.roll(40_000_000);
        bucket.set(60, MICROS_PER_MINUTE, 60);
        assert_eq!(bucket.take_peak(), 40, "20 tokens came back, 40 of 60 are missing");
        assert_eq!(bucket.take_peak(), 40);
        let mut lowered = TokenBucket::new(&limits[0].with_credits(credits), 50);
        lowered.set(30, MICROS_PER_MINUTE, 30);
        assert_eq!((lowered.take_peak(), lowered.take_peak()), (50, 20), "both were seen, each of its own bucket");
    }

    #[test]
    fn buckets_that_arithmetic_cannot_hold_together_are_told() {
        let common = |amounts: [Tokens; 2]| common_credits(&amounts.map(|amount| bucket("", amount).unwrap()));
        assert_eq!(common([60, 7]), Some(60_000_000));
        assert!(common([600_000_000_000, 300_000_000_000]).is_some());
        assert!(common([600_000_000_000, 7]).is_none());
    }
}

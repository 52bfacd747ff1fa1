//! A bucket that refills continuously and holds a burst.
//!
//! When to use it: to ask what happens if short bursts are smoothed. With `burst` = 1 the bucket holds a whole window's
//! limit; smaller bursts refuse spikes that a window would let through.

use super::Settlement;
use crate::units::Tokens;

/// One token is `weight` credits and one microsecond refills `refill` of them, with `refill / weight = L / W` in lowest
/// terms, so that the level is exact in integers.
#[derive(Debug, Clone)]
pub struct TokenBucket {
    /// What a full bucket holds \[tokens\].
    pub(super) burst: Tokens,
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
}

impl TokenBucket {
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
        Self { burst, weight, refill, cap, level, lowest: level, last: 0 }
    }

    #[inline]
    fn roll(&mut self, now: u64) {
        let refilled = ((now - self.last) as i64).saturating_mul(self.refill);
        self.last = now;
        self.level = self.level.saturating_add(refilled).min(self.cap);
    }

    #[inline]
    pub(super) fn has_room(&mut self, now: u64, amount: Tokens) -> bool {
        self.roll(now);
        // The burst first: an amount past it may be too large to weigh.
        amount <= self.burst && amount as i64 * self.weight <= self.level
    }

    #[inline]
    pub(super) fn take(&mut self, amount: Tokens) {
        self.level -= amount as i64 * self.weight;
        self.lowest = self.lowest.min(self.level);
    }

    #[inline]
    pub(super) fn settle(&mut self, now: u64, s: Settlement) {
        self.roll(now);
        let credit = s.reserved as i64 - s.charged as i64;
        self.level = self.level.saturating_add(credit.saturating_mul(self.weight)).min(self.cap);
        self.lowest = self.lowest.min(self.level);
    }

    /// When the refill reaches `amount`, which is within the burst. The level must be rolled to `now`.
    pub(super) fn room_at(&self, now: u64, amount: Tokens) -> u64 {
        let lacking = (amount as i64 * self.weight - self.level).max(0) as u64;
        now + lacking.div_ceil(self.refill as u64)
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

//! A caller's own pace: a token bucket in front of the SDK, as many applications put one there.
//!
//! When to use it: to see whether a caller that holds itself back is throttled less, and what its waiting costs. A pace
//! holds calls of the SDK back, not the SDK's own retries, which know nothing of it.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::diagnostic::Sink;
use crate::model::capacity::Limit;
use crate::model::capacity::limiter::LimiterSpec;
use crate::model::capacity::limiter::token_bucket::TokenBucket;
use crate::model::quantity::{Count, Duration};
use crate::model::spec::At;
use crate::units::{MICROS_PER_MINUTE, SimTime, Tokens};

/// A token bucket of the caller's own, in each process; calls wait for it in order.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Pace")]
pub struct PaceSpec {
    /// The most calls that the client sends per minute.
    pub rpm: Option<At<Count>>,
    /// The most tokens that the client sends per minute; each call counts its input and its `max_tokens`.
    pub tpm: Option<At<Count>>,
    /// The most that the client sends in one instant after a silence: the calls and tokens that this duration allows;
    /// default 1s.
    pub burst: Option<At<Duration>>,
}

/// The most requests and tokens that a process may send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// The most requests \[1/min\]; `None`: no limit.
    pub rpm: Option<u64>,
    /// The most tokens \[tokens/min\]; `None`: no limit.
    pub tpm: Option<Tokens>,
    /// The depth of the bucket, as the time in which it fills at the permitted rate \[µs\].
    pub burst: u64,
}

impl PaceSpec {
    pub(super) fn lower(&self, sink: &mut Sink) -> Option<Pace> {
        let before = sink.errors();
        for (name, written) in [("rpm", &self.rpm), ("tpm", &self.tpm)] {
            if let Some(bad) = written.as_ref().filter(|n| !(1..=MOST_A_MINUTE).contains(&n.value.0)) {
                let rule = format!("`{name}` of a pace lies between 1 and {MOST_A_MINUTE}, {} does not", bad.value.0);
                sink.error(bad.at.clone(), rule, None);
            }
        }
        if let (None, None, at) = (&self.rpm, &self.tpm, self.burst.as_ref().map(|b| &b.at)) {
            let help = "write pace = { rpm = 600 }, or { tpm = 200_000 }".to_owned();
            sink.error(at.cloned().unwrap_or_default(), "a pace states rpm, tpm or both", help);
        }
        let burst = self.burst.as_ref().map_or(SECOND, |b| b.value.0.0);
        if let Some(written) = self.burst.as_ref().filter(|_| burst > LONGEST_BURST) {
            let rule = format!("a burst of {} is longer than {}", SimTime(burst), SimTime(LONGEST_BURST));
            sink.error(written.at.clone(), rule, None);
        }
        let amount = |written: &Option<At<Count>>| written.as_ref().map(|n| n.value.0);
        (sink.errors() == before).then_some(Pace { rpm: amount(&self.rpm), tpm: amount(&self.tpm), burst })
    }
}

const SECOND: u64 = 1_000_000;
/// The highest limit of a pace \[1/min\]; a higher one would hold no call back.
const MOST_A_MINUTE: u64 = 1_000_000_000;
const LONGEST_BURST: u64 = 86_400 * SECOND;

/// The buckets of one process.
#[derive(Debug, Clone)]
pub struct PaceState {
    requests: Option<TokenBucket>,
    tokens: Option<TokenBucket>,
}

impl PaceState {
    /// Returns buckets that are full at t = 0.
    #[must_use]
    pub fn new(pace: Pace) -> Self {
        let bucket = |per_minute: u64| {
            let burst = u128::from(per_minute) * u128::from(pace.burst) / u128::from(MICROS_PER_MINUTE);
            let limiter = LimiterSpec::bucket(per_minute, MICROS_PER_MINUTE, (burst as u64).max(1));
            TokenBucket::new(&Limit { amount: per_minute, limiter }, 0)
        };
        Self { requests: pace.rpm.map(bucket), tokens: pace.tpm.map(bucket) }
    }

    /// Returns the time at which a call of `tokens` tokens may go \[µs\]; `now`: it may go at once. A call larger than
    /// the burst goes when the bucket is full, and leaves a debt.
    pub fn ready_at(&mut self, now: u64, tokens: Tokens) -> u64 {
        let at = |bucket: &mut Option<TokenBucket>, amount: u64| {
            let Some(bucket) = bucket else { return now };
            let amount = amount.min(bucket.burst);
            if bucket.has_room(now, amount) { now } else { bucket.room_at(now, amount) }
        };
        at(&mut self.requests, 1).max(at(&mut self.tokens, tokens))
    }

    /// Takes a call of `tokens` tokens from the buckets.
    pub fn take(&mut self, tokens: Tokens) {
        if let Some(bucket) = &mut self.requests {
            bucket.owe(1);
        }
        if let Some(bucket) = &mut self.tokens {
            bucket.owe(tokens);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_keep_their_distance_after_the_burst() {
        // 120 a minute is one each 500 ms; a burst of a second is two.
        let mut state = PaceState::new(Pace { rpm: Some(120), tpm: None, burst: SECOND });
        let mut sent = Vec::new();
        for _ in 0..4 {
            let at = state.ready_at(sent.last().copied().unwrap_or(0), 10);
            assert_eq!(state.ready_at(at, 10), at);
            state.take(10);
            sent.push(at);
        }
        assert_eq!(sent, [0, 0, 500_000, SECOND]);
    }

    #[test]
    fn a_call_larger_than_the_burst_goes_from_a_full_bucket_and_leaves_a_debt() {
        // 60,000 a minute is one a millisecond; a burst holds 1,000.
        let mut state = PaceState::new(Pace { rpm: None, tpm: Some(60_000), burst: SECOND });
        assert_eq!(state.ready_at(0, 5_000), 0);
        state.take(5_000);
        assert_eq!(state.ready_at(0, 1), 4_001_000);
        assert_eq!(state.ready_at(0, 5_000), 5 * SECOND);
    }
}

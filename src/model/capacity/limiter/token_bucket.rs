//! A bucket that refills evenly: no window boundary to wait for, and a burst that is stated by itself.
//!
//! In integers: one token is w credits and one microsecond refills l of them, with l/w = L/W reduced; the bucket holds
//! `floor(burst x L) x w` credits.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{LimiterSpec, in_window, window};
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
/// Credits stay below it, so that a level, a debit and a refill add up within i64.
const MOST_CREDITS: u128 = 1 << 61;

impl TokenBucketSpec {
    pub(super) fn lower(&self, per_minute: Tokens, limit_at: &Span, sink: &mut Sink) -> Option<Limit> {
        let window = window(self.window.as_ref(), sink)?;
        let amount = in_window(per_minute, window, limit_at, sink)?;
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
        let credits_each = u128::from(window / gcd(amount, window));
        match u64::try_from(burst) {
            Ok(burst) if u128::from(burst) * credits_each < MOST_CREDITS => {
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
        assert_eq!(bucket("window = \"1s\"", 1).unwrap().amount, 1);
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
}

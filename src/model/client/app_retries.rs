//! Retries by an application when its SDK has given up: whole efforts of the SDK, one after another, as frameworks and
//! job queues make them.

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer};

use super::retry::{Jitter, JitterSpec, doubled};
use crate::diagnostic::Sink;
use crate::model::quantity::{Count, Duration};
use crate::model::spec::{At, Kinds, Refusal, Scalar, Written, family};
use crate::units::SimTime;

/// The efforts of an application around those of its SDK.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AppRetries {
    /// The number of efforts in all, the first included; at least 1.
    pub attempts: u32,
    pub delay: AppDelay,
}

/// The time from the end of one effort to the start of the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AppDelay {
    /// A constant delay \[µs\].
    Constant(u64),
    /// A delay before effort i + 1 (from 0) of `min(base x 2^i, cap)` times the jitter's factor \[µs\].
    Exponential { base: u64, cap: u64, jitter: Jitter },
}

impl AppRetries {
    pub const NONE: Self = Self { attempts: 1, delay: AppDelay::Constant(0) };

    /// Returns the delay after effort number `effort` (from 0), with `u` uniform in (0, 1) \[µs\].
    #[must_use]
    pub fn delay_after(&self, effort: u32, u: f64) -> u64 {
        match self.delay {
            AppDelay::Constant(delay) => delay,
            AppDelay::Exponential { base, cap, jitter } => doubled(base, cap, jitter, effort, u),
        }
    }
}

/// The application tries the SDK's whole effort again; a request that is too large is not tried again.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "AppRetries")]
pub struct AppRetriesSpec {
    /// The number of efforts in all, the first included.
    pub attempts: At<Count>,
    /// The delay between the end of one application attempt and the start of the next: constant or doubling; default 0s.
    pub delay: Option<At<AppDelaySpec>>,
}

/// The time between efforts of an application: a constant, or one that doubles.
#[derive(Debug, Clone)]
pub enum AppDelaySpec {
    Constant(Duration),
    Exponential(AppBackoffSpec),
}

/// A delay that doubles after each effort: min(base x 2^i, cap), jittered.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "AppBackoff")]
pub struct AppBackoffSpec {
    /// The delay after the first effort, before jitter; default 1s.
    pub base: Option<At<Duration>>,
    /// The longest delay, before jitter; default 20s, or base where that is longer.
    pub cap: Option<At<Duration>>,
    /// The randomisation of the delay; default full.
    pub jitter: Option<At<JitterSpec>>,
}

impl Kinds for AppDelaySpec {
    const WHAT: &'static str = "a delay";
    const KINDS: &'static [&'static str] = &["exponential"];

    fn kind<'de, D: Deserializer<'de>>(key: &str, keys: D) -> Result<Self, D::Error> {
        match key {
            "exponential" => Deserialize::deserialize(keys).map(Self::Exponential),
            _ => Err(serde::de::Error::unknown_variant(key, Self::KINDS)),
        }
    }

    fn bare(written: Written<'_>) -> Result<Self, Refusal> {
        Duration::read(written).map(Self::Constant)
    }

    fn kind_schema(_: &str, generator: &mut SchemaGenerator) -> Schema {
        generator.subschema_for::<AppBackoffSpec>()
    }

    fn bare_schema(generator: &mut SchemaGenerator) -> Option<Schema> {
        Some(generator.subschema_for::<Duration>())
    }
}

family!(AppDelaySpec, "AppDelay", "The time between efforts of an application: a time, or one that doubles.");

/// The most efforts that a scenario may state; more would never end.
const MOST_ATTEMPTS: u64 = 20;
const SECOND: u64 = 1_000_000;

impl AppRetriesSpec {
    pub(super) fn lower(&self, sink: &mut Sink) -> Option<AppRetries> {
        let n = self.attempts.value.0;
        if !(1..=MOST_ATTEMPTS).contains(&n) {
            let rule = format!("`attempts` lies between 1 and {MOST_ATTEMPTS}, {n} does not");
            sink.error(self.attempts.at.clone(), rule, "the first counts; 1 means no more".to_owned());
            return None;
        }
        let delay = match self.delay.as_ref().map(|d| &d.value) {
            None => AppDelay::Constant(0),
            Some(AppDelaySpec::Constant(time)) => AppDelay::Constant(time.0.0),
            Some(AppDelaySpec::Exponential(spec)) => spec.lower(sink)?,
        };
        Some(AppRetries { attempts: n as u32, delay })
    }
}

impl AppBackoffSpec {
    fn lower(&self, sink: &mut Sink) -> Option<AppDelay> {
        let base = self.base.as_ref().map_or(SECOND, |b| b.value.0.0);
        let cap = self.cap.as_ref().map_or((20 * SECOND).max(base), |c| c.value.0.0);
        if let Some(written) = self.cap.as_ref().filter(|_| cap < base) {
            let rule = format!("the cap of {} is shorter than the first delay of {}", written.value.0, SimTime(base));
            let least = format!("\"{}\"", SimTime(base));
            sink.offer(written.at.clone(), rule, Some(format!("write cap = {least}, or longer")), vec![least]);
            return None;
        }
        let jitter = self.jitter.as_ref().map_or(Jitter::Full, |j| j.value.into());
        Some(AppDelay::Exponential { base, cap, jitter })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lowered(text: &str) -> Option<AppRetries> {
        let spec: AppRetriesSpec = toml::from_str(text).unwrap();
        spec.lower(&mut Sink::default())
    }

    #[test]
    fn a_delay_is_a_time_or_doubles() {
        let constant = lowered("attempts = 3\ndelay = \"5s\"").unwrap();
        assert_eq!([0, 1, 2].map(|i| constant.delay_after(i, 0.3)), [5_000_000; 3]);
        let doubling =
            lowered("attempts = 8\ndelay.exponential = { base = \"2s\", cap = \"300s\", jitter = \"none\" }").unwrap();
        let delays = [0, 1, 2, 6, 7, 8].map(|i| doubling.delay_after(i, 0.3) / SECOND);
        assert_eq!(delays, [2, 4, 8, 128, 256, 300]);
        let full = lowered("attempts = 2\ndelay.exponential = {}").unwrap();
        assert_eq!((full.delay_after(0, 0.25), full.delay_after(9, 0.5)), (250_000, 10_000_000));
    }

    #[test]
    fn a_cap_is_no_shorter_than_the_first_delay() {
        assert!(lowered("attempts = 2\ndelay.exponential = { base = \"30s\", cap = \"20s\" }").is_none());
        assert!(lowered("attempts = 2\ndelay.exponential = { base = \"30s\" }").is_some());
        assert!(lowered("attempts = 21").is_none());
    }
}

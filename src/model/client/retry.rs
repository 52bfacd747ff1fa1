//! The policies by which a client retries failed attempts.
//!
//! The AWS SDKs' rules are those of botocore 1.44.5 (`standard`) and 1.40.0 (`legacy`), with the SDK reference's page on
//! retry behaviour.

use schemars::JsonSchema;
use serde::Deserialize;

use super::sdk::{self, Preset, SdkSpec};
use crate::diagnostic::Sink;
use crate::model::quantity::{Count, Duration};
use crate::model::spec::{At, Written, kinds, words};
use crate::model::workload::arrivals::who;
use crate::units::{SimTime, round_half_up};

/// A retry policy: that of an AWS SDK, or an application's own.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RetryPolicy {
    /// The number of attempts in all, the first included; at least 1.
    pub max_attempts: u32,
    /// The base of the delay before retry i (from 0): `min(base x 2^i, cap)` times the jitter's factor \[µs\].
    pub base_throttled: u64,
    pub base_transient: u64,
    /// The longest delay before jitter \[µs\]; `u64::MAX`: no limit.
    pub cap: u64,
    pub jitter: Jitter,
    /// True if there is no delay before retry 0.
    pub first_at_once: bool,
    pub quota: Option<RetryQuota>,
    /// True if the client-side rate limiter of [`super::rate_limiter`] is in force.
    pub adaptive: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Jitter {
    /// The factor is U(0, 1).
    Full,
    /// The factor is 1/2 + U(0, 1)/2.
    Equal,
    /// The factor is 1: delays are not jittered.
    None,
}

/// A token bucket of retries that only successes refill; one per client process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryQuota {
    /// The tokens that the bucket holds at first and never exceeds.
    pub capacity: u32,
    pub cost_throttled: u32,
    pub cost_transient: u32,
    pub cost_timed_out: u32,
}

impl RetryQuota {
    /// The retry quota of `standard` mode (botocore 1.44.5, retries/quota.py).
    pub const STANDARD: Self = Self { capacity: 500, cost_throttled: 5, cost_transient: 14, cost_timed_out: 14 };
}

kinds! {
    /// The policy by which a client retries failed attempts. `standard` is the default of AWS SDKs since November 2026.
    RetriesSpec, "a retry policy", meant meant {
        "none" => None(NoRetriesSpec),
        "standard" => Standard(StandardSpec),
        "standard_2026" => Standard2026(StandardSpec),
        "standard_2025" => Standard2025(Standard2025Spec),
        "adaptive" => Adaptive(AdaptiveSpec),
        "legacy" => Legacy(LegacySpec),
        "exponential" => Exponential(BackoffSpec),
        "sdk" => Sdk(SdkSpec),
    }
}

/// Returns policies that a value may mean: a number of attempts, or the package of an SDK.
fn meant(written: Written<'_>) -> Vec<String> {
    match written {
        Written::Integer(attempts @ 1..=100) => vec![format!("{{ standard = {{ max_attempts = {attempts} }} }}")],
        Written::Text(text) => sdk::of_package(text).map(|keys| format!("{{ sdk = {keys} }}")).into_iter().collect(),
        _ => Vec::new(),
    }
}

/// The client makes one attempt and no more.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "NoRetries")]
pub struct NoRetriesSpec {}

/// The `standard` mode of AWS SDKs in 2026: U(0, 1) x min(base x 2^i, 20 s), base 1 s when throttled and 50 ms when
/// the failure was transient, and a retry quota of 500 in each process (a retry costs 5 or 14).
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "StandardRetries")]
pub struct StandardSpec {
    /// The number of attempts in all, the first included; default 3.
    pub max_attempts: Option<At<Count>>,
}

/// The `standard` mode of AWS SDKs before November 2026: U(0, 1) x min(2^i, 20) s, and a retry quota of 500 in each
/// process (a retry costs 5, after a time-out 10).
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Standard2025Retries")]
pub struct Standard2025Spec {
    /// The number of attempts in all, the first included; default 3.
    pub max_attempts: Option<At<Count>>,
}

/// The `adaptive` mode of AWS SDKs: `standard`, and a rate limiter in each process that sleeps until the first throttle.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "AdaptiveRetries")]
pub struct AdaptiveSpec {
    /// The number of attempts in all, the first included; default 3.
    pub max_attempts: Option<At<Count>>,
}

/// The `legacy` mode of the AWS SDK for Python: U(0, 1) x 2^i s, no cap and no quota.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "LegacyRetries")]
pub struct LegacySpec {
    /// The number of attempts in all, the first included; default 5.
    pub max_attempts: Option<At<Count>>,
}

/// An application's own back-off: min(base x 2^i, cap), jittered.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ExponentialRetries")]
pub struct BackoffSpec {
    /// The number of attempts in all, the first included; default 3.
    pub max_attempts: Option<At<Count>>,
    /// The delay before the first retry, before jitter; default 1s.
    pub base: Option<At<Duration>>,
    /// The longest delay, before jitter; default 20s.
    pub cap: Option<At<Duration>>,
    /// The randomisation of the delay; default full.
    pub jitter: Option<At<JitterSpec>>,
    /// The size of a retry quota in each process, of which a retry costs 5 (throttled) or 14 (transient); default none.
    pub retry_quota: Option<At<Count>>,
}

words! {
    /// The randomisation of a delay: times U(0, 1), times 1/2 + U(0, 1)/2, or none.
    JitterSpec, "a jitter" {
        "full" => Full,
        "equal" => Equal,
        "none" => None,
    }
}

impl From<JitterSpec> for Jitter {
    fn from(written: JitterSpec) -> Self {
        match written {
            JitterSpec::Full => Self::Full,
            JitterSpec::Equal => Self::Equal,
            JitterSpec::None => Self::None,
        }
    }
}

const SECOND: u64 = 1_000_000;
/// The most attempts that a scenario may state; as delays double, more would never end.
const MOST_ATTEMPTS: u64 = 50;

impl RetryPolicy {
    /// The policy of `standard` mode (botocore 1.44.5, retries/standard.py).
    pub const STANDARD: Self = Self {
        max_attempts: 3,
        base_throttled: SECOND,
        base_transient: 50_000,
        cap: 20 * SECOND,
        jitter: Jitter::Full,
        first_at_once: false,
        quota: Some(RetryQuota::STANDARD),
        adaptive: false,
    };
    /// The policy of `standard` mode before November 2026 (botocore 1.40.0, retries/standard.py).
    pub const STANDARD_2025: Self = Self {
        base_transient: SECOND,
        quota: Some(RetryQuota { capacity: 500, cost_throttled: 5, cost_transient: 5, cost_timed_out: 10 }),
        ..Self::STANDARD
    };
    /// The policy of `adaptive` mode (botocore 1.44.5, retries/adaptive.py).
    pub const ADAPTIVE: Self = Self { adaptive: true, ..Self::STANDARD };
    /// The policy of `legacy` mode (botocore 1.44.5, retryhandler.py).
    pub const LEGACY: Self = Self {
        max_attempts: 5,
        base_throttled: SECOND,
        base_transient: SECOND,
        cap: u64::MAX,
        jitter: Jitter::Full,
        first_at_once: false,
        quota: None,
        adaptive: false,
    };
    pub const NONE: Self = Self { max_attempts: 1, ..Self::LEGACY };

    /// Returns the policy with the number of attempts that is written; `None` after a finding.
    pub(super) fn of(self, written: &Option<At<Count>>, sink: &mut Sink) -> Option<Self> {
        Some(Self { max_attempts: attempts(written.as_ref(), self.max_attempts, sink)?, ..self })
    }
}

impl RetriesSpec {
    /// Returns the retry policy, and the SDK preset it comes from, if any.
    pub fn lower(&self, sink: &mut Sink) -> Option<(RetryPolicy, Option<Preset>)> {
        let policy = match self {
            Self::None(_) => Some(RetryPolicy::NONE),
            Self::Standard(spec) | Self::Standard2026(spec) => RetryPolicy::STANDARD.of(&spec.max_attempts, sink),
            Self::Standard2025(spec) => RetryPolicy::STANDARD_2025.of(&spec.max_attempts, sink),
            Self::Adaptive(spec) => RetryPolicy::ADAPTIVE.of(&spec.max_attempts, sink),
            Self::Legacy(spec) => RetryPolicy::LEGACY.of(&spec.max_attempts, sink),
            Self::Exponential(spec) => spec.lower(sink),
            Self::Sdk(spec) => return spec.lower(sink).map(|(policy, preset)| (policy, Some(preset))),
        };
        Some((policy?, None))
    }
}

fn attempts(written: Option<&At<Count>>, default: u32, sink: &mut Sink) -> Option<u32> {
    let Some(written) = written else { return Some(default) };
    let n = written.value.0;
    if !(1..=MOST_ATTEMPTS).contains(&n) {
        let rule = format!("`max_attempts` lies between 1 and {MOST_ATTEMPTS}, {n} does not");
        sink.error(written.at.clone(), rule, "the first attempt counts; 1 means no retries".to_owned());
        return None;
    }
    u32::try_from(n).ok()
}

impl BackoffSpec {
    fn lower(&self, sink: &mut Sink) -> Option<RetryPolicy> {
        let before = sink.errors();
        let max_attempts = attempts(self.max_attempts.as_ref(), 3, sink);
        let base = self.base.as_ref().map_or(SECOND, |b| b.value.0.0);
        let cap = self.cap.as_ref().map_or(20 * SECOND, |c| c.value.0.0);
        if let Some(written) = self.cap.as_ref().filter(|_| cap < base) {
            let rule = format!("the cap of {} is shorter than the first delay of {}", written.value.0, SimTime(base));
            sink.error(written.at.clone(), rule, None);
        }
        if let Some(written) = self.base.as_ref().filter(|_| self.cap.is_none() && cap < base) {
            let longest = SimTime(cap);
            let rule = format!(
                "the first delay of {} is longer than the default cap: each delay is {longest}",
                written.value.0
            );
            let help = format!("write cap = \"{0}\" beside base = \"{0}\", or a longer one", written.value.0);
            sink.warning(Some(written.at.clone()), rule, help);
        }
        let quota = self.retry_quota.as_ref().and_then(|written| {
            let capacity = u32::try_from(written.value.0).ok();
            if capacity.is_none() {
                sink.error(written.at.clone(), format!("a retry quota of {} is out of range", written.value.0), None);
            }
            capacity.map(|capacity| RetryQuota { capacity, ..RetryQuota::STANDARD })
        });
        let jitter = self.jitter.as_ref().map_or(Jitter::Full, |j| j.value.into());
        let max_attempts = max_attempts?;
        let (base_throttled, base_transient) = (base, base);
        let doubling = RetryPolicy { base_throttled, base_transient, cap, ..RetryPolicy::NONE };
        let policy = RetryPolicy { max_attempts, jitter, quota, ..doubling };
        (sink.errors() == before).then_some(policy)
    }
}

/// The cause of a retry: throttled and transient failures wait and cost differently.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// The attempt was refused with a 429.
    Throttled,
    /// The attempt failed with a 500, 502, 503 or 504.
    Transient,
    /// An attempt that the client stopped waiting for: transient, but older SDKs ask more for it.
    TimedOut,
}

impl RetryPolicy {
    /// Returns the delay before retry `i` (from 0), with `u` uniform in (0, 1), rounded half up \[µs\].
    #[must_use]
    pub fn delay(&self, i: u32, cause: Cause, u: f64) -> u64 {
        let base = match cause {
            Cause::Throttled => self.base_throttled,
            Cause::Transient | Cause::TimedOut => self.base_transient,
        };
        if i == 0 && self.first_at_once {
            return 0;
        }
        doubled(base, self.cap, self.jitter, i, u)
    }
}

/// Returns delay number i (from 0) of those that double, `min(base x 2^i, cap)` times the jitter's factor, with `u`
/// uniform in (0, 1), rounded half up \[µs\].
pub(super) fn doubled(base: u64, cap: u64, jitter: Jitter, i: u32, u: f64) -> u64 {
    let longest = base.saturating_mul(1u64.checked_shl(i.min(63)).unwrap_or(u64::MAX)).min(cap);
    let factor = match jitter {
        Jitter::Full => u,
        Jitter::Equal => 0.5 + 0.5 * u,
        Jitter::None => 1.0,
    };
    round_half_up(longest as f64 * factor)
}

/// The retry quotas of a workload's client processes.
#[derive(Debug, Clone)]
pub struct RetryQuotas {
    rule: Option<RetryQuota>,
    /// The tokens that are left in each process.
    left: Vec<u32>,
}

impl RetryQuotas {
    #[must_use]
    pub fn new(rule: Option<RetryQuota>, processes: u32) -> Self {
        let left = rule.map_or_else(Vec::new, |rule| vec![rule.capacity; processes.max(1) as usize]);
        Self { rule, left }
    }

    /// Returns the process of request number `index`.
    #[inline]
    fn process(&self, index: u64) -> usize {
        if self.left.len() == 1 { 0 } else { (who(index) % self.left.len() as u64) as usize }
    }

    /// Takes the cost of a retry; `None` when it cannot be afforded. Without a quota a retry costs nothing.
    pub fn take(&mut self, index: u64, cause: Cause) -> Option<u32> {
        let Some(rule) = self.rule else { return Some(0) };
        let cost = match cause {
            Cause::Throttled => rule.cost_throttled,
            Cause::Transient => rule.cost_transient,
            Cause::TimedOut => rule.cost_timed_out,
        };
        let process = self.process(index);
        let left = &mut self.left[process];
        *left = left.checked_sub(cost)?;
        Some(cost)
    }

    /// Returns whether retries cost anything.
    #[must_use]
    pub fn are_kept(&self) -> bool {
        self.rule.is_some()
    }

    /// Records an answered request: a first try returns 1, a retried one the cost of its last retry.
    #[inline]
    pub fn give_back(&mut self, index: u64, last_cost: u32) {
        if let Some(rule) = self.rule {
            let process = self.process(index);
            let left = &mut self.left[process];
            *left = left.saturating_add(last_cost.max(1)).min(rule.capacity);
        }
    }

    /// Returns the rest of the retry quota of the process of request number `index`; `None`: retries have no quota.
    #[must_use]
    pub fn left(&self, index: u64) -> Option<u32> {
        self.rule.map(|_| self.left[self.process(index)])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct Holder {
        retries: RetriesSpec,
    }

    fn policy(text: &str) -> Option<RetryPolicy> {
        toml::from_str::<Holder>(text).unwrap().retries.lower(&mut Sink::default()).map(|(policy, _)| policy)
    }

    #[test]
    fn modes_are_the_table_of_the_model() {
        assert_eq!(policy("retries = \"none\"").unwrap().max_attempts, 1);
        assert_eq!(policy("retries = \"standard\""), Some(RetryPolicy::STANDARD));
        assert_eq!(policy("retries = \"standard_2026\""), Some(RetryPolicy::STANDARD));
        assert_eq!(policy("retries.standard.max_attempts = 7").unwrap().max_attempts, 7);
        assert_eq!(policy("retries = \"legacy\"").unwrap(), RetryPolicy::LEGACY);
        let own = policy("retries.exponential = { base = \"2s\", jitter = \"equal\", retry_quota = 10 }").unwrap();
        assert_eq!(
            (own.max_attempts, own.base_throttled, own.base_transient, own.cap),
            (3, 2_000_000, 2_000_000, 20_000_000)
        );
        assert_eq!(own.quota, Some(RetryQuota { capacity: 10, ..RetryQuota::STANDARD }));
        assert_eq!(own.jitter, Jitter::Equal);
    }

    #[test]
    fn ranges_are_checked() {
        for text in [
            "retries.legacy.max_attempts = 0",
            "retries.exponential = { base = \"30s\", cap = \"20s\" }",
            "retries.exponential.retry_quota = 5_000_000_000",
        ] {
            assert_eq!(policy(text), None, "{text}");
        }
    }

    fn doubling(cap: u64, jitter: Jitter) -> RetryPolicy {
        RetryPolicy { cap, jitter, quota: None, ..RetryPolicy::STANDARD }
    }

    #[test]
    fn delays_double_up_to_the_cap() {
        let policy = doubling(20_000_000, Jitter::None);
        let throttled: Vec<u64> = (0..7).map(|i| policy.delay(i, Cause::Throttled, 0.3) / 1_000_000).collect();
        assert_eq!(throttled, [1, 2, 4, 8, 16, 20, 20]);
        assert_eq!(policy.delay(0, Cause::Transient, 0.3), 50_000);
        assert_eq!(policy.delay(200, Cause::Transient, 0.3), 20_000_000);
    }

    #[test]
    fn the_standard_mode_of_2025_waits_a_second_for_everything_and_pays_by_cause() {
        let policy = policy("retries = \"standard_2025\"").unwrap();
        for cause in [Cause::Throttled, Cause::Transient, Cause::TimedOut] {
            let delays: Vec<u64> = (0..6).map(|i| policy.delay(i, cause, 0.5)).collect();
            assert_eq!(delays, [500_000, 1_000_000, 2_000_000, 4_000_000, 8_000_000, 10_000_000]);
        }
        let mut quotas = RetryQuotas::new(policy.quota, 1);
        let costs = [Cause::Throttled, Cause::Transient, Cause::TimedOut].map(|cause| quotas.take(0, cause));
        assert_eq!(costs, [Some(5), Some(5), Some(10)]);
        let mut quotas = RetryQuotas::new(RetryPolicy::STANDARD.quota, 1);
        let costs = [Cause::Throttled, Cause::Transient, Cause::TimedOut].map(|cause| quotas.take(0, cause));
        assert_eq!(costs, [Some(5), Some(14), Some(14)]);
    }

    #[test]
    fn jitter_scales_the_delay() {
        assert_eq!(doubling(u64::MAX, Jitter::Full).delay(1, Cause::Throttled, 0.25), 500_000);
        assert_eq!(doubling(u64::MAX, Jitter::Equal).delay(1, Cause::Throttled, 0.5), 1_500_000);
    }

    #[test]
    fn a_retry_costs_and_a_success_gives_back() {
        let mut quotas = RetryQuotas::new(RetryPolicy::STANDARD.quota, 2);
        assert_eq!(quotas.take(0, Cause::Throttled), Some(5));
        assert_eq!(quotas.take(2, Cause::Transient), Some(14));
        assert_eq!((quotas.left(0), quotas.left(1)), (Some(481), Some(500)));
        quotas.give_back(0, 14);
        quotas.give_back(0, 0);
        assert_eq!(quotas.left(0), Some(496));
        quotas.give_back(1, 14);
        assert_eq!(quotas.left(1), Some(500));
        for _ in 0..35 {
            assert!(quotas.take(1, Cause::Transient).is_some());
        }
        assert_eq!(quotas.take(1, Cause::Transient), None, "10 left do not pay for 14");
        assert_eq!(quotas.take(1, Cause::Throttled), Some(5));
    }
}

//! What a client does when an attempt fails.
//!
//! The AWS SDKs' rules are those of botocore 1.44.5 (`standard`) and 1.40.0 (`legacy`), with the SDK reference's page on
//! retry behaviour.

use crate::units::round_half_up;

/// Retries of an AWS SDK or of an application's own making.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RetryPolicy {
    /// Attempts in all, the first included; at least 1.
    pub max_attempts: u32,
    /// Before retry i (from 0): `min(base x 2^i, cap)` times the jitter's factor \[µs\].
    pub base_throttled: u64,
    pub base_transient: u64,
    /// `u64::MAX`: none \[µs\].
    pub cap: u64,
    pub jitter: Jitter,
    pub quota: Option<RetryQuota>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Jitter {
    /// U(0, 1)
    Full,
    /// 1/2 + U(0, 1)/2
    Equal,
    /// 1
    None,
}

/// A token bucket of retries that only successes refill; one per client process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryQuota {
    /// What it starts at and never exceeds.
    pub capacity: u32,
    pub cost_throttled: u32,
    pub cost_transient: u32,
}

/// Why an attempt is retried: throttled and transient failures wait and cost differently.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// 429
    Throttled,
    /// 500, 502, 503, 504, an attempt that timed out
    Transient,
}

impl RetryPolicy {
    /// The delay before retry `i` (from 0), with `u` uniform in (0, 1), rounded half up \[µs\].
    #[must_use]
    pub fn delay(&self, i: u32, cause: Cause, u: f64) -> u64 {
        let base = match cause {
            Cause::Throttled => self.base_throttled,
            Cause::Transient => self.base_transient,
        };
        let factor = 1u64.checked_shl(i.min(63)).unwrap_or(u64::MAX);
        let longest = base.saturating_mul(factor).min(self.cap);
        let jitter = match self.jitter {
            Jitter::Full => u,
            Jitter::Equal => 0.5 + 0.5 * u,
            Jitter::None => 1.0,
        };
        round_half_up(longest as f64 * jitter)
    }
}

/// The retry quotas of a workload's client processes.
#[derive(Debug, Clone)]
pub struct RetryQuotas {
    rule: Option<RetryQuota>,
    /// What is left, by process.
    left: Vec<u32>,
}

impl RetryQuotas {
    #[must_use]
    pub fn new(rule: Option<RetryQuota>, processes: u32) -> Self {
        let left = rule.map_or_else(Vec::new, |rule| vec![rule.capacity; processes.max(1) as usize]);
        Self { rule, left }
    }

    /// The process of request number `index`.
    #[inline]
    fn process(&self, index: u64) -> usize {
        if self.left.len() == 1 { 0 } else { (index % self.left.len() as u64) as usize }
    }

    /// Takes the cost of a retry; `None` when it cannot be afforded. Without a quota a retry costs nothing.
    pub fn take(&mut self, index: u64, cause: Cause) -> Option<u32> {
        let Some(rule) = self.rule else { return Some(0) };
        let cost = match cause {
            Cause::Throttled => rule.cost_throttled,
            Cause::Transient => rule.cost_transient,
        };
        let process = self.process(index);
        let left = &mut self.left[process];
        *left = left.checked_sub(cost)?;
        Some(cost)
    }

    /// A request was answered: a first try returns 1, a retried one the cost of its last retry.
    #[inline]
    pub fn give_back(&mut self, index: u64, last_cost: u32) {
        if let Some(rule) = self.rule {
            let process = self.process(index);
            let left = &mut self.left[process];
            *left = left.saturating_add(last_cost.max(1)).min(rule.capacity);
        }
    }

    /// What is left of the quota of request number `index`'s process.
    #[must_use]
    pub fn left(&self, index: u64) -> Option<u32> {
        self.rule.map(|_| self.left[self.process(index)])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STANDARD: RetryQuota = RetryQuota { capacity: 500, cost_throttled: 5, cost_transient: 14 };

    fn policy(cap: u64, jitter: Jitter) -> RetryPolicy {
        RetryPolicy { max_attempts: 3, base_throttled: 1_000_000, base_transient: 50_000, cap, jitter, quota: None }
    }

    #[test]
    fn delays_double_up_to_the_cap() {
        let policy = policy(20_000_000, Jitter::None);
        let throttled: Vec<u64> = (0..7).map(|i| policy.delay(i, Cause::Throttled, 0.3) / 1_000_000).collect();
        assert_eq!(throttled, [1, 2, 4, 8, 16, 20, 20]);
        assert_eq!(policy.delay(0, Cause::Transient, 0.3), 50_000);
        assert_eq!(policy.delay(200, Cause::Transient, 0.3), 20_000_000);
    }

    #[test]
    fn jitter_scales_the_delay() {
        assert_eq!(policy(u64::MAX, Jitter::Full).delay(1, Cause::Throttled, 0.25), 500_000);
        assert_eq!(policy(u64::MAX, Jitter::Equal).delay(1, Cause::Throttled, 0.5), 1_500_000);
    }

    #[test]
    fn a_retry_costs_and_a_success_gives_back() {
        let mut quotas = RetryQuotas::new(Some(STANDARD), 2);
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

//! What a client does when an attempt fails.

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

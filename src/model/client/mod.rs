//! The caller: processes, time-outs, retries.

pub mod retry;

use crate::units::SimTime;
use retry::RetryPolicy;

#[derive(Debug, Clone)]
pub struct Client {
    pub retries: RetryPolicy,
    /// Request i runs in process i mod n; each process has a retry quota of its own. At least 1.
    pub processes: u32,
    /// From the sending of an attempt, a capacity's queue included \[µs\].
    pub attempt_timeout: Option<SimTime>,
    /// From the arrival of the request \[µs\].
    pub timeout: Option<SimTime>,
}

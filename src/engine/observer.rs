//! What the engine tells whoever listens. The engine computes no metric itself.
//!
//! Calls about one thing come in the order in which it happened. Whatever is known when a request is admitted is told
//! then, though it lies in the future: service does not depend on what comes later.

use crate::model::capacity::Reason;
use crate::model::pricing::BilledTokens;
use crate::units::Tokens;

/// Whose request it is, for metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Who {
    /// Index of the workload.
    pub workload: usize,
    /// When the request arrived \[µs\].
    pub arrival: u64,
}

/// How a request ended without an answer. One that is still open at the end is *unfinished*.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Refused and out of retries, or met by a permanent error.
    Failed,
    /// The client gave up.
    TimedOut,
}

/// How an attempt failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// 429
    Throttled,
    /// 503
    Unavailable,
    /// 400
    BadRequest,
    /// The client stopped waiting for it.
    TimedOut,
}

/// An offer that was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refusal {
    pub reason: Reason,
    /// The quota whose limit refused, when one did.
    pub quota: Option<usize>,
}

/// An attempt that begins service.
#[derive(Debug, Clone, Copy)]
pub struct Admission {
    pub who: Who,
    pub capacity: usize,
    /// Whether the capacity is not the first of the workload's route.
    pub spilled: bool,
    /// When service begins and ends \[µs\].
    pub begins: u64,
    pub ends: u64,
    /// From the start of service to the first token \[µs\].
    pub ttft: u64,
    /// The answer reaches a client that still waits: the request is served.
    pub answered: bool,
    /// The end of service lies before the end of the run.
    pub completes: bool,
    /// The output cap cut the answer short.
    pub truncated: bool,
    pub tokens: BilledTokens,
    /// Reserved from token limits, cache reads aside \[tokens\].
    pub reserved: Tokens,
    /// What it is charged in the end \[tokens\].
    pub charged: Tokens,
}

/// How a quota stands, and counters that only rise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QuotaSnapshot {
    /// Used and reserved, of its rpm, tpm and tpd limits; 0 where there is none \[requests, tokens, tokens\].
    pub occupied: [Tokens; 3],
    /// The greatest of that at any instant since the last snapshot.
    pub occupied_peak: [Tokens; 3],
    /// Requests counted so far: admitted ones, and refused ones where these count.
    pub requests: u64,
    /// Charged so far, dated at completion \[tokens\].
    pub charged: Tokens,
}

/// How a capacity stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CapacitySnapshot {
    pub in_flight: u32,
    /// Attempts in its queue.
    pub waiting: u32,
    /// The most since the last snapshot.
    pub in_flight_peak: u32,
    pub waiting_peak: u32,
}

/// The state of the supply at one instant.
#[derive(Debug, Clone, Copy)]
pub struct Snapshot<'s> {
    pub quotas: &'s [QuotaSnapshot],
    pub capacities: &'s [CapacitySnapshot],
    /// Requests that wait for their next attempt.
    pub backing_off: u64,
}

/// A listener. Times are those of the run \[µs\] and never go back.
pub trait Observer {
    /// A request arrived, and with it its first attempt.
    fn arrived(&mut self, who: Who);
    /// A further attempt was sent.
    fn retried(&mut self, who: Who);
    /// A capacity was asked.
    fn offered(&mut self, who: Who);
    fn refused(&mut self, who: Who, capacity: usize, refusal: Refusal);
    fn admitted(&mut self, admission: &Admission);
    /// An attempt waited in a capacity's queue over \[`from`, `to`) \[µs\].
    fn waited(&mut self, capacity: usize, from: u64, to: u64);
    /// An attempt failed: number `attempt`, from 0.
    fn failed(&mut self, who: Who, attempt: u32, failure: Failure);
    /// An attempt ended in an answer, and with it the request: it is served.
    fn answered(&mut self, who: Who);
    /// A request ended without an answer.
    fn ended(&mut self, who: Who, outcome: Outcome);
    /// The instant of the next call to [`Observer::edge`] \[µs\]; `u64::MAX`: never.
    fn next_edge(&self) -> u64;
    /// The instant asked for, before anything that happens at it.
    fn edge(&mut self, at: u64, snapshot: Snapshot<'_>);
}

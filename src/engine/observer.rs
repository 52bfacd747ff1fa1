//! What the engine tells whoever listens. The engine computes no metric itself.
//!
//! Calls about one thing come in the order in which it happened. Where service does not depend on what comes later, it is
//! told whole when it begins, though it lies in the future; where it does, it is told when it has ended.

use std::ops::Range;

pub use super::call::Carried;
use crate::model::capacity::quota::LimitKind;
use crate::model::capacity::{Refused, Status};
use crate::model::pricing::Billed;
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
    /// It was refused.
    Refused(Status),
    /// The client stopped waiting for it.
    TimedOut,
}

impl Failure {
    /// Returns whether it ended in a 429.
    #[must_use]
    pub const fn is_throttled(self) -> bool {
        matches!(self, Self::Refused(Status::Throttled | Status::NotReady))
    }

    /// Returns whether it ended in a 503.
    #[must_use]
    pub const fn is_unavailable(self) -> bool {
        matches!(self, Self::Refused(Status::Unavailable))
    }
}

/// An offer that was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refusal {
    pub refused: Refused,
    /// The quota whose limit refused, when one did.
    pub quota: Option<usize>,
}

/// What holds an attempt back in its client, in the order in which an attempt passes the doors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Door {
    /// The pace that the caller has chosen.
    Pace,
    /// The rate limiter of the SDK.
    RateLimiter,
    /// The pool of connections.
    Connection,
}

impl Door {
    pub const ALL: [Self; 3] = [Self::Pace, Self::RateLimiter, Self::Connection];
}

/// An attempt in service.
#[derive(Debug, Clone, Copy)]
pub struct Admission {
    pub who: Who,
    pub capacity: usize,
    /// Which of the workload's stages the call is.
    pub stage: usize,
    /// Whether the capacity is not the first of the workload's route.
    pub spilled: bool,
    /// When service begins and ends \[µs\].
    pub begins: u64,
    pub ends: u64,
    /// From the start of service to the first token \[µs\].
    pub ttft: u64,
    /// The service of the calls of the same request before this one \[µs\].
    pub served_before: u64,
    /// How many attempts of the same call were refused before this one.
    pub refused_before: u32,
    /// It is the last call of its request.
    pub is_last: bool,
    /// It is served in another region than the first of a pool.
    pub rerouted: bool,
    /// The answer reaches a client that still waits: the request is served.
    pub answered: bool,
    /// The client sent the attempt because an earlier one of the same call had failed.
    pub is_retry: bool,
    /// The end of service lies before the end of the run.
    pub completes: bool,
    /// The output cap cut the answer short.
    pub truncated: bool,
    pub tokens: Billed,
    /// Reserved from token limits, cache reads aside \[tokens\].
    pub reserved: Tokens,
    /// What it is charged in the end \[tokens\].
    pub charged: Tokens,
}

/// How a quota stands, and counters that only rise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QuotaSnapshot {
    /// Used and reserved, by [`LimitKind`]; 0 where there is no such limit \[requests or tokens\].
    pub occupied: [Tokens; LIMITS],
    /// The greatest of that at any instant since the last snapshot.
    pub occupied_peak: [Tokens; LIMITS],
    /// Charged so far: requests dated at admission (refused ones where they count), tokens at completion.
    pub charged: [Tokens; LIMITS],
}

/// Requests of one workload that arrived one after another, with no edge between them. Most were served at once: admitted
/// when they arrived, and answered in time, before the end of the run.
#[derive(Debug, Clone, Copy)]
pub struct Arrivals<'b> {
    /// Index of the workload.
    pub workload: usize,
    /// The capacity that was asked first.
    pub capacity: usize,
    /// Which of the workload's stages the calls are.
    pub stage: usize,
    /// By row: when the request arrived \[µs\].
    pub arrival: &'b [u64],
    /// From the start of service to the first and to the last token \[µs\].
    pub ttft: &'b [u64],
    pub service: &'b [u64],
    /// What it would be billed for \[tokens\].
    pub carried: &'b [Carried],
    /// Reserved from token limits, cache reads aside \[tokens\].
    pub reserved: &'b [Tokens],
    /// What it would be charged in the end \[tokens\].
    pub charged: &'b [Tokens],
    /// The output cap in force, and what the model would say without one \[tokens\].
    pub cap: &'b [u32],
    pub wanted: &'b [u32],
    /// The rows that were not served at once, least first: of them the observer is told one by one.
    pub otherwise: &'b [u16],
}

impl Arrivals<'_> {
    /// Whose request a row is.
    #[must_use]
    pub fn who(&self, row: usize) -> Who {
        Who { workload: self.workload, arrival: self.arrival[row] }
    }

    /// The rows that were served at once, in runs; some are empty.
    #[inline(always)]
    pub fn at_once(&self) -> impl Iterator<Item = Range<usize>> + '_ {
        let mut from = 0;
        self.otherwise.iter().map(|row| usize::from(*row)).chain([self.arrival.len()]).map(move |end| {
            let run = from..end;
            from = end + 1;
            run
        })
    }

    /// Returns a row that was served at once, as one that is told by itself.
    #[must_use]
    pub fn admission(&self, row: usize) -> Admission {
        let begins = self.arrival[row];
        Admission {
            who: self.who(row),
            capacity: self.capacity,
            stage: self.stage,
            spilled: false,
            begins,
            ends: begins + self.service[row],
            ttft: self.ttft[row],
            served_before: 0,
            refused_before: 0,
            is_last: true,
            rerouted: false,
            answered: true,
            is_retry: false,
            completes: true,
            truncated: self.wanted[row] > self.cap[row],
            tokens: self.carried[row].billed(),
            reserved: self.reserved[row],
            charged: self.charged[row],
        }
    }
}

/// How many kinds of limits there are.
pub const LIMITS: usize = LimitKind::ALL.len();

/// How a capacity stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CapacitySnapshot {
    pub in_flight: u32,
    /// Attempts in its queue.
    pub waiting: u32,
    /// The most since the last snapshot.
    pub in_flight_peak: u32,
    pub waiting_peak: u32,
    /// Windows of copies billed so far.
    pub windows: u64,
}

/// A batch job that was submitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Job {
    pub records: u64,
    /// \[µs\]
    pub submitted: u64,
    pub begins: u64,
    pub ends: u64,
    /// It ends within its deadline.
    pub in_time: bool,
}

/// The state of the supply at one instant.
#[derive(Debug, Clone, Copy)]
pub struct Snapshot<'s> {
    pub quotas: &'s [QuotaSnapshot],
    pub capacities: &'s [CapacitySnapshot],
    /// By workload, requests that wait for their next attempt, or for their client to send it.
    pub backing_off: &'s [u64],
}

/// A listener to a run, which ignores every event that it has no method for. Times are those of the run \[µs\] and never
/// go back.
#[expect(unused_variables, reason = "the names of the parameters tell what an event brings")]
pub trait Observer {
    /// A request arrived, and with it its first attempt and the first offer of that.
    fn arrived(&mut self, who: Who) {}
    /// Requests arrived, and some of them were served at once. Told when all have arrived: only sums may be made of it. Of
    /// requests that arrive after the measured interval it is not told.
    fn arrived_in_row(&mut self, arrivals: &Arrivals<'_>) {
        (0..arrivals.arrival.len()).for_each(|row| self.arrived(arrivals.who(row)));
        arrivals.at_once().flatten().for_each(|row| self.admitted(&arrivals.admission(row)));
    }
    /// The first attempt of a request that arrived was not sent: its client holds it back.
    fn held_back(&mut self, who: Who) {}
    /// The first attempt of a request that was held back has been sent after all.
    fn sent(&mut self, who: Who) {}
    /// A further attempt of a call was sent.
    fn retried(&mut self, who: Who) {}
    /// The next call of a pipeline was made, and with it its first attempt.
    fn called(&mut self, who: Who) {}
    /// A further capacity was asked, or one was asked again.
    fn offered(&mut self, who: Who) {}
    /// A capacity refused an offer, `at` an instant \[µs\].
    fn refused(&mut self, who: Who, capacity: usize, refusal: Refusal, at: u64) {}
    fn admitted(&mut self, admission: &Admission) {}
    /// What was admitted to a pool last is served in its region of that number.
    fn placed(&mut self, who: Who, capacity: usize, region: usize) {}
    /// An attempt waited in a capacity's queue over \[`from`, `to`) \[µs\]. `behind` is the refusal that blocked the head of
    /// the queue last.
    fn waited(&mut self, capacity: usize, from: u64, to: u64, behind: Option<Refusal>) {}
    /// An attempt waited in its client over \[`from`, `to`) \[µs\] before it was sent.
    fn waited_in_client(&mut self, who: Who, door: Door, from: u64, to: u64) {}
    /// A limit stopped a stream: it is served, cut short.
    fn stopped(&mut self, who: Who, quota: usize) {}
    /// A batch job was submitted.
    fn submitted(&mut self, capacity: usize, job: Job) {}
    /// An attempt failed; `is_first` of its request.
    fn failed(&mut self, who: Who, is_first: bool, failure: Failure) {}
    /// An attempt of a workload ended in an answer.
    fn answered(&mut self, workload: usize) {}
    /// A request ended without an answer at `at` \[µs\].
    fn ended(&mut self, who: Who, outcome: Outcome, at: u64) {}
    /// A session of a workload began at `at`, the arrival of its first turn \[µs\].
    fn session_began(&mut self, workload: usize, at: u64) {}
    /// A session ended at `at` \[µs\]: its last turn was served, or a turn got no answer. The arrival in `first_turn` is that
    /// of its first turn.
    fn session_ended(&mut self, first_turn: Who, every_turn_served: bool, at: u64) {}
    /// Returns the instant of the next call to [`Observer::edge`] \[µs\]; `u64::MAX`: never.
    fn next_edge(&self) -> u64 {
        u64::MAX
    }
    /// The instant asked for, before anything that happens at it.
    fn edge(&mut self, at: u64, snapshot: Snapshot<'_>) {}
}

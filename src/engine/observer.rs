//! The interface through which the engine reports to an observer. The engine computes no metric itself.
//!
//! Calls about one thing come in the order in which it happened. Where service does not depend on what comes later, the
//! whole service is reported when it begins, though its end lies in the future; where it does, when it has ended.

use std::ops::Range;

pub use super::call::Carried;
use crate::model::capacity::quota::LimitKind;
use crate::model::capacity::{Refused, Status};
use crate::model::pricing::Billed;
use crate::units::Tokens;

/// The workload and the arrival of a request, by which metrics count it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Who {
    /// Index of the workload.
    pub workload: usize,
    /// The arrival of the request \[µs\].
    pub arrival: u64,
}

/// The end of a request that got no answer. A request that is still open at the end of the run is *unfinished*.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Refused and out of retries, or met by a permanent error.
    Failed,
    /// The client gave up.
    TimedOut,
}

/// The way in which an attempt failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// The attempt was refused.
    Refused(Status),
    /// The client stopped waiting for the attempt.
    TimedOut,
}

impl Failure {
    /// Returns whether the attempt failed with a 429.
    #[must_use]
    pub const fn is_throttled(self) -> bool {
        matches!(self, Self::Refused(Status::Throttled | Status::NotReady))
    }

    /// Returns whether the attempt failed with a 503.
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

/// A mechanism that holds an attempt back in its client, in the order in which an attempt passes them.
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
    /// The index of the call's stage within its workload.
    pub stage: usize,
    /// True if the capacity is not the first of the workload's route.
    pub spilled: bool,
    /// The start of service, and below its end \[µs\].
    pub begins: u64,
    pub ends: u64,
    /// The time from the start of service to the first token \[µs\].
    pub ttft: u64,
    /// The service of the calls of the same request before this one \[µs\].
    pub served_before: u64,
    /// The number of attempts of the same call that were refused before this one.
    pub refused_before: u32,
    /// True if it is the last call of its request.
    pub is_last: bool,
    /// True if it is served in another region than the first of a pool.
    pub rerouted: bool,
    /// True if the answer reaches a client that still waits: the request is served.
    pub answered: bool,
    /// True if the client sent the attempt because an earlier one of the same call had failed.
    pub is_retry: bool,
    /// True if the end of service lies before the end of the run.
    pub completes: bool,
    /// True if the output cap cut the answer short.
    pub truncated: bool,
    pub tokens: Billed,
    /// The tokens reserved from token limits, cache reads aside \[tokens\].
    pub reserved: Tokens,
    /// The tokens that the attempt is charged at completion \[tokens\].
    pub charged: Tokens,
}

/// The state of a quota at one instant, and counters that only rise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QuotaSnapshot {
    /// Used and reserved, by [`LimitKind`]; 0 where there is no such limit \[requests or tokens\].
    pub occupied: [Tokens; LIMITS],
    /// The greatest value of `occupied` at any instant since the last snapshot.
    pub occupied_peak: [Tokens; LIMITS],
    /// Charged so far: requests dated at admission (refused ones where they count), tokens at completion.
    pub charged: [Tokens; LIMITS],
}

/// Requests of one workload that arrived one after another, with no edge between them. Most were served immediately:
/// admitted when they arrived, and answered in time, before the end of the run.
#[derive(Debug, Clone, Copy)]
pub struct Arrivals<'b> {
    /// Index of the workload.
    pub workload: usize,
    /// The capacity that was asked first.
    pub capacity: usize,
    /// The index of the calls' stage within its workload.
    pub stage: usize,
    /// The arrival of the request, by row \[µs\].
    pub arrival: &'b [u64],
    /// The times from the start of service to the first and to the last token, by row \[µs\].
    pub ttft: &'b [u64],
    pub service: &'b [u64],
    /// The tokens that the request is billed for if it is served, by row \[tokens\].
    pub carried: &'b [Carried],
    /// The tokens reserved from token limits, cache reads aside, by row \[tokens\].
    pub reserved: &'b [Tokens],
    /// The tokens that limits are charged at completion, by row \[tokens\].
    pub charged: &'b [Tokens],
    /// The output cap in force, and what the model would say without one \[tokens\].
    pub cap: &'b [u32],
    pub wanted: &'b [u32],
    /// The rows that were not served immediately, least first: the observer is told of each of these by itself.
    pub otherwise: &'b [u16],
}

impl Arrivals<'_> {
    /// Returns the workload and the arrival of the request in a row.
    #[must_use]
    pub fn who(&self, row: usize) -> Who {
        Who { workload: self.workload, arrival: self.arrival[row] }
    }

    /// Returns the rows that were served immediately, as ranges; some ranges are empty.
    #[inline(always)]
    pub fn at_once(&self) -> impl Iterator<Item = Range<usize>> + '_ {
        let mut from = 0;
        self.otherwise.iter().map(|row| usize::from(*row)).chain([self.arrival.len()]).map(move |end| {
            let run = from..end;
            from = end + 1;
            run
        })
    }

    /// Returns a row that was served immediately as an admission by itself.
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

/// The number of kinds of limits.
pub const LIMITS: usize = LimitKind::ALL.len();

/// The state of a capacity at one instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CapacitySnapshot {
    pub in_flight: u32,
    /// Attempts in its queue.
    pub waiting: u32,
    /// The most requests in service at any instant since the last snapshot.
    pub in_flight_peak: u32,
    pub waiting_peak: u32,
    /// Windows of copies billed so far.
    pub windows: u64,
}

/// A batch job that was submitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Job {
    pub records: u64,
    /// The submission of the job \[µs\]; below, the start and the end of its service.
    pub submitted: u64,
    pub begins: u64,
    pub ends: u64,
    /// True if the job ends within its deadline.
    pub in_time: bool,
}

/// The state of the supply at one instant.
#[derive(Debug, Clone, Copy)]
pub struct Snapshot<'s> {
    pub quotas: &'s [QuotaSnapshot],
    pub capacities: &'s [CapacitySnapshot],
    /// The number of requests that wait for their next attempt, or for their client to send it, by workload.
    pub backing_off: &'s [u64],
}

/// An observer of a run, which ignores every event that it has no method for. Times are those of the run \[µs\] and never
/// go back.
#[expect(unused_variables, reason = "the names of the parameters tell what an event brings")]
pub trait Observer {
    /// A request arrived, and with it its first attempt and the first offer of that.
    fn arrived(&mut self, who: Who) {}
    /// Requests arrived, and some of them were served immediately. Reported when all have arrived, so that only sums
    /// may be made of them. Requests that arrive after the measured interval are not reported.
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
    /// A further capacity got an offer, or a capacity got one more.
    fn offered(&mut self, who: Who) {}
    /// A capacity refused an offer, `at` an instant \[µs\].
    fn refused(&mut self, who: Who, capacity: usize, refusal: Refusal, at: u64) {}
    fn admitted(&mut self, admission: &Admission) {}
    /// The call that a pool admitted last is served in its region of that number.
    fn placed(&mut self, who: Who, capacity: usize, region: usize) {}
    /// An attempt waited in a capacity's queue over \[`from`, `to`) \[µs\]. `behind` is the refusal that blocked the head of
    /// the queue last.
    fn waited(&mut self, capacity: usize, from: u64, to: u64, behind: Option<Refusal>) {}
    /// An attempt waited in its client over \[`from`, `to`) \[µs\] before it was sent.
    fn waited_in_client(&mut self, who: Who, door: Door, from: u64, to: u64) {}
    /// A limit stopped a stream: its request is served, and the answer is cut short.
    fn stopped(&mut self, who: Who, quota: usize) {}
    /// A batch job was submitted.
    fn submitted(&mut self, capacity: usize, job: Job) {}
    /// An attempt failed; `is_first`: the first attempt of its request.
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

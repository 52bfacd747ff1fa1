//! The measurements of one replication, as counts and histograms. Records add up: the pool of several replications is
//! their sum, whatever the order.

mod supply;

pub use supply::{CapacityRecord, Clock, Jobs, QuotaRecord};

use super::abandoned::Abandoned;
use super::aftermath::Aftermath;
use super::backlog::Waiting;
use super::blocks::Blocks;
use super::counters::Counts;
use super::early_ends::EarlyEnds;
use super::minutes::Minutes;
use super::sessions::Sessions;
use crate::engine::observer::Door;
use crate::model::Model;
use crate::model::pricing::Billed;
use crate::model::workload::Workload;
use crate::stats::Histogram;

/// The measurements of one interval.
#[derive(Debug, Clone)]
pub struct Record {
    pub workloads: Vec<Cohort>,
    pub capacities: Vec<CapacityRecord>,
    pub quotas: Vec<QuotaRecord>,
    /// The worst minutes of all workloads together, as in [`Cohort`].
    pub worst_minutes: WorstMinutes,
    pub blocks: [Blocks; RATES],
    pub aftermath: Option<Aftermath>,
    pub sessions: Option<Sessions>,
    /// The early ends of runs; `None`: none ended early.
    pub ended: Option<EarlyEnds>,
    /// Series by bucket; empty for windows.
    pub timeline: super::timeline::Timeline,
    /// Waiting in queues and between attempts, at the edges of the interval and between.
    pub waiting: Waiting,
    /// Wall-clock minutes, and those in which too many requests fail.
    pub minutes: Minutes,
}

/// The value of a job's end where some of its requests are outside the measured interval, so that no end is known
/// \[µs\].
pub const NEVER_DONE: u64 = u64::MAX;

/// The measured requests of one workload.
#[derive(Debug, Clone, Default)]
pub struct Cohort {
    pub requests: u64,
    pub served: u64,
    pub failed: u64,
    pub timed_out: u64,
    pub unfinished: u64,
    /// Requests whose client has not sent their first attempt.
    pub unsent: u64,
    /// Calls after the first of each request: those of pipelines.
    pub further_calls: u64,
    /// Attempts after the first of each call.
    pub retries: u64,
    pub throttled_attempts: u64,
    pub unavailable_attempts: u64,
    pub first_attempts_throttled: u64,
    /// Offers after the first of each request.
    pub further_offers: u64,
    pub throttled_offers: u64,
    /// Refused attempts of calls that were answered on a later attempt.
    pub recovered_attempts: u64,
    /// The time that attempts waited in the client within the interval, by [`Door`] \[µs\].
    pub waited_in_client: [u128; Door::ALL.len()],
    pub truncated: u64,
    pub spilled: u64,
    /// Requests that were served, but not within every objective.
    pub outside_slo: u64,
    /// The billed tokens by stage of the pipeline and then by capacity, of completed attempts, abandoned ones included.
    pub billed: Vec<Vec<Billed>>,
    /// The part of `billed` that is of requests with a long prompt; empty where no price depends on that.
    pub billed_long: Vec<Vec<Billed>>,
    pub abandoned: Abandoned,
    pub latencies: Latencies,
    /// The time from arrival to the end without an answer, of failed and timed-out requests \[µs\]; `None`: there are
    /// none.
    pub time_to_failure: Option<Histogram>,
    pub worst_minutes: WorstMinutes,
    /// The events and trials by minute of each of [`Cohort::rates`], dated when the engine reports them.
    pub blocks: [Blocks; RATES],
    /// The recoveries after bursts; `None`: the model has no bursts.
    pub aftermath: Option<Aftermath>,
    /// The sessions of the workload; `None`: the workload has none.
    pub sessions: Option<Sessions>,
    /// The instant of the last outcome of a job's measured requests \[µs\], or `NEVER_DONE`; `None`: the workload is no
    /// job.
    pub job_done: Option<u64>,
}

/// The worst whole wall-clock minutes, each as a part and its whole; (0, 0) when no minute had enough attempts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct WorstMinutes {
    /// Throttled attempts, and all attempts that ended in that minute.
    pub throttled: (u64, u64),
    /// Attempts sent, and calls sent, in that minute.
    pub attempts: (u64, u64),
}

/// Latencies of served requests \[µs\]. Requests that were served immediately are kept apart: for them e2e is service,
/// so one entry serves for both.
#[derive(Debug, Clone, Default)]
pub struct Latencies {
    pub ttft: Histogram,
    pub service_at_once: Histogram,
    pub service_after_wait: Histogram,
    pub e2e_after_wait: Histogram,
    pub queue_delay: Histogram,
}

impl Record {
    #[must_use]
    pub fn new(model: &Model) -> Self {
        let (capacities, quotas) = (model.capacities.len(), model.quotas.len());
        let cohort = |w: &Workload| Cohort::new(w.stages.len(), capacities);
        Self {
            workloads: model.workloads.iter().map(cohort).collect(),
            capacities: vec![CapacityRecord::default(); capacities],
            quotas: vec![QuotaRecord::default(); quotas],
            worst_minutes: WorstMinutes::default(),
            blocks: Default::default(),
            aftermath: None,
            sessions: None,
            ended: None,
            timeline: super::timeline::Timeline::default(),
            waiting: Waiting::default(),
            minutes: Minutes::default(),
        }
    }

    /// Returns a copy of the record without its timeline, which may be large.
    #[must_use]
    pub fn without_course(&self) -> Self {
        let Self {
            workloads,
            capacities,
            quotas,
            worst_minutes,
            blocks,
            aftermath,
            sessions,
            ended,
            timeline: _,
            waiting,
            minutes,
        } = self;
        Self {
            workloads: workloads.clone(),
            capacities: capacities.clone(),
            quotas: quotas.clone(),
            worst_minutes: *worst_minutes,
            blocks: *blocks,
            aftermath: *aftermath,
            sessions: *sessions,
            ended: *ended,
            timeline: super::timeline::Timeline::default(),
            waiting: *waiting,
            minutes: *minutes,
        }
    }

    /// Adds another replication's record; the timeline stays the first one's.
    pub fn merge(&mut self, other: &Self) {
        let Self {
            workloads,
            capacities,
            quotas,
            worst_minutes,
            blocks,
            aftermath,
            sessions,
            ended,
            timeline: _,
            waiting,
            minutes,
        } = other;
        self.minutes.merge(*minutes);
        self.worst_minutes.merge(*worst_minutes);
        merge_blocks(&mut self.blocks, blocks);
        merge_aftermath(&mut self.aftermath, aftermath.as_ref());
        merge_sessions(&mut self.sessions, sessions.as_ref());
        self.workloads.iter_mut().zip(workloads).for_each(|(mine, theirs)| mine.merge(theirs));
        self.capacities.iter_mut().zip(capacities).for_each(|(mine, theirs)| mine.merge(theirs));
        self.quotas.iter_mut().zip(quotas).for_each(|(mine, theirs)| mine.merge(theirs));
        self.ended = EarlyEnds::merged(self.ended, *ended);
        self.waiting.merge(waiting);
    }
}

impl Cohort {
    /// Returns a cohort in which nothing has happened yet, of so many calls a request and served by so many capacities.
    #[must_use]
    pub fn new(stages: usize, capacities: usize) -> Self {
        let billed = vec![vec![Billed::default(); capacities]; stages];
        Self { billed, ..Self::default() }
    }

    #[must_use]
    pub fn attempts(&self) -> u64 {
        self.calls() + self.retries
    }

    #[must_use]
    pub fn calls(&self) -> u64 {
        self.requests - self.unsent + self.further_calls
    }

    #[must_use]
    pub fn offers(&self) -> u64 {
        self.requests - self.unsent + self.further_offers
    }

    /// Returns how many requests got no answer: refused, given up by their client, or still open after the cooldown.
    #[must_use]
    pub fn unanswered(&self) -> u64 {
        self.failed + self.timed_out + self.unfinished
    }

    /// Returns the rates of requests and attempts, each with its events and trials.
    #[must_use]
    pub fn rates(&self) -> [(&'static str, u64, u64); RATES] {
        let attempts = self.attempts();
        [
            ("throttle_rate", self.throttled_attempts, attempts),
            ("unavailable_rate", self.unavailable_attempts, attempts),
            ("offer_throttle_rate", self.throttled_offers, self.offers()),
            ("first_attempt_throttle_rate", self.first_attempts_throttled, self.requests),
            ("failure_rate", self.unanswered(), self.requests),
            ("refusal_rate", self.failed, self.requests),
            ("timeout_rate", self.timed_out, self.requests),
            ("truncation_rate", self.truncated, self.served),
            ("spillover_rate", self.spilled, self.served),
            ("slo_attainment", self.within_slo(), self.requests),
        ]
    }

    /// Returns how many requests were served within every objective.
    #[must_use]
    pub fn within_slo(&self) -> u64 {
        self.served - self.outside_slo
    }

    /// Returns the tokens that are billed for completed attempts, over all stages and capacities.
    #[must_use]
    pub fn billed_total(&self) -> Billed {
        let mut total = Billed::default();
        self.billed.iter().flatten().for_each(|tokens| total.add(tokens));
        total
    }

    pub fn merge(&mut self, other: &Self) {
        // Taken apart, so that the compiler names a counter that is forgotten.
        let Self {
            requests,
            served,
            failed,
            timed_out,
            unfinished,
            unsent,
            further_calls,
            retries,
            throttled_attempts,
            unavailable_attempts,
            first_attempts_throttled,
            further_offers,
            throttled_offers,
            recovered_attempts,
            waited_in_client,
            truncated,
            spilled,
            outside_slo,
            billed,
            billed_long,
            abandoned,
            latencies,
            time_to_failure,
            worst_minutes,
            blocks,
            aftermath,
            sessions,
            job_done,
        } = other;
        self.job_done = self.job_done.max(*job_done);
        merge_blocks(&mut self.blocks, blocks);
        self.requests += requests;
        self.served += served;
        self.failed += failed;
        self.timed_out += timed_out;
        self.unfinished += unfinished;
        self.unsent += unsent;
        self.further_calls += further_calls;
        self.retries += retries;
        self.throttled_attempts += throttled_attempts;
        self.unavailable_attempts += unavailable_attempts;
        self.first_attempts_throttled += first_attempts_throttled;
        self.further_offers += further_offers;
        self.throttled_offers += throttled_offers;
        self.recovered_attempts += recovered_attempts;
        self.waited_in_client.iter_mut().zip(waited_in_client).for_each(|(mine, theirs)| *mine += theirs);
        self.truncated += truncated;
        self.spilled += spilled;
        self.outside_slo += outside_slo;
        add_billed(&mut self.billed, billed);
        add_billed(&mut self.billed_long, billed_long);
        self.abandoned.merge(abandoned);
        self.latencies.merge(latencies);
        if let Some(theirs) = time_to_failure {
            self.time_to_failure.get_or_insert_default().merge(theirs);
        }
        self.worst_minutes.merge(*worst_minutes);
        merge_aftermath(&mut self.aftermath, aftermath.as_ref());
        merge_sessions(&mut self.sessions, sessions.as_ref());
    }
}

/// The number of rates that are measured.
pub const RATES: usize = 10;

fn merge_blocks(mine: &mut [Blocks; RATES], theirs: &[Blocks; RATES]) {
    mine.iter_mut().zip(theirs).for_each(|(mine, theirs)| mine.merge(*theirs));
}

/// Adds what another is billed for. Workloads differ in how many stages they have: of several together only the total says
/// something.
fn add_billed(mine: &mut Vec<Vec<Billed>>, theirs: &[Vec<Billed>]) {
    mine.resize_with(mine.len().max(theirs.len()), Vec::new);
    for (mine, theirs) in mine.iter_mut().zip(theirs) {
        mine.resize(mine.len().max(theirs.len()), Billed::default());
        mine.iter_mut().zip(theirs).for_each(|(mine, theirs)| mine.add(theirs));
    }
}

fn merge_aftermath(mine: &mut Option<Aftermath>, theirs: Option<&Aftermath>) {
    if let Some(theirs) = theirs {
        mine.get_or_insert_default().merge(theirs);
    }
}

fn merge_sessions(mine: &mut Option<Sessions>, theirs: Option<&Sessions>) {
    if let Some(theirs) = theirs {
        mine.get_or_insert_default().merge(theirs);
    }
}

/// A minute with fewer attempts or calls has no share of them.
const FEWEST_IN_A_MINUTE: u64 = 20;

impl WorstMinutes {
    /// Adds a whole minute that has passed.
    pub(super) fn see(&mut self, minute: &Counts) {
        let known = |part: u64, all: u64| if all < FEWEST_IN_A_MINUTE { (0, 0) } else { (part, all) };
        self.merge(Self {
            throttled: known(minute.throttled, minute.ended()),
            attempts: known(minute.attempts, minute.calls),
        });
    }

    fn merge(&mut self, other: Self) {
        keep_worse(&mut self.throttled, other.throttled);
        keep_worse(&mut self.attempts, other.attempts);
    }
}

/// The worse of two minutes; (0, 0) is no minute.
fn keep_worse(worst: &mut (u64, u64), other: (u64, u64)) {
    if other.1 > 0 && (worst.1 == 0 || is_worse(other, *worst)) {
        *worst = other;
    }
}

/// Returns whether a minute's share is the larger; exact, in integers.
fn is_worse(one: (u64, u64), other: (u64, u64)) -> bool {
    u128::from(one.0) * u128::from(other.1) > u128::from(other.0) * u128::from(one.1)
}

impl Latencies {
    /// Adds a request whose service began when it arrived.
    #[inline]
    pub fn record_at_once(&mut self, ttft: u64, service: u64) {
        self.ttft.record(ttft);
        self.service_at_once.record(service);
    }

    /// Adds a request that waited: `ttft` counts from the arrival, `delay` is all the time in which it was not served.
    #[inline]
    pub fn record_after_wait(&mut self, delay: u64, ttft: u64, service: u64) {
        self.ttft.record(ttft);
        self.service_after_wait.record(service);
        self.e2e_after_wait.record(delay + service);
        self.queue_delay.record(delay);
    }

    fn merge(&mut self, other: &Self) {
        let Self { ttft, service_at_once, service_after_wait, e2e_after_wait, queue_delay } = other;
        self.ttft.merge(ttft);
        self.service_at_once.merge(service_at_once);
        self.service_after_wait.merge(service_after_wait);
        self.e2e_after_wait.merge(e2e_after_wait);
        self.queue_delay.merge(queue_delay);
    }

    /// Returns the number of requests whose latencies are recorded.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.service_at_once.count() + self.e2e_after_wait.count()
    }

    /// Returns the four latencies that are reported, by the stem of their metrics.
    #[must_use]
    pub fn by_stem(&self) -> [(&'static str, Histogram); 4] {
        let both = |waited: &Histogram| {
            let mut all = self.service_at_once.clone();
            all.merge(waited);
            all
        };
        let mut queue_delay = self.queue_delay.clone();
        queue_delay.record_zeros(self.service_at_once.count());
        [
            ("e2e", both(&self.e2e_after_wait)),
            ("ttft", self.ttft.clone()),
            ("queue_delay", queue_delay),
            ("service", both(&self.service_after_wait)),
        ]
    }
}

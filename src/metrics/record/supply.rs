//! The measurements of capacities and quotas in one replication.

use crate::engine::observer::{Job, LIMITS};
use crate::metrics::used_up::UsedUp;
use crate::model::capacity::Reason;
use crate::units::Tokens;

/// A count over the clock: of the interval, and its most in one wall-clock minute.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Clock {
    pub total: u64,
    pub peak_minute: u64,
}

/// The measurements of one capacity.
#[derive(Debug, Clone, Default)]
pub struct CapacityRecord {
    pub admitted: u64,
    pub rerouted: u64,
    /// The number of requests admitted in each region of a pool.
    pub regions: Vec<u64>,
    /// The number of offers refused, by [`Reason`].
    pub refused: [u64; Reason::ALL.len()],
    /// Time in progress, summed over attempts \[µs\].
    pub in_flight_time: u128,
    pub in_flight_peak: u64,
    /// Time in the queue, summed over attempts \[µs\].
    pub waiting_time: u128,
    /// The part of it in which no limit of a quota blocked the head of the queue, by the [`Reason`] that did \[µs\].
    pub waited_behind: [u128; Reason::ALL.len()],
    pub waiting_peak: u64,
    /// The tokens that completed attempts had reserved, cache reads aside; `None`: no limit asks for caps apart from
    /// input.
    pub reserved: Option<u64>,
    /// Sum over completed attempts of max(0, reserved - charged), burndown included, and what more it is for quotas that
    /// reserve cache reads too \[tokens\].
    pub unused: u64,
    pub unused_reads: u64,
    /// Windows of copies that were billed, over the clock.
    pub windows: u64,
    pub jobs: Jobs,
}

/// Batch jobs that were submitted in the interval.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Jobs {
    pub jobs: u64,
    pub records: u64,
    pub in_time: u64,
    /// Sums \[µs\].
    pub wait: u64,
    pub makespan: u64,
}

/// The measurements of one quota.
#[derive(Debug, Clone, Default)]
pub struct QuotaRecord {
    /// The number of offers that each limit refused.
    pub refused: [u64; LIMITS],
    /// The time that attempts waited in queues whose head the limit blocked, by limit \[µs\].
    pub waited_behind: [u128; LIMITS],
    /// The greatest used + reserved, by limit \[requests or tokens\].
    pub occupied_peak: [Tokens; LIMITS],
    /// The amount charged by limit: requests, dated at admission; tokens, dated at completion.
    pub charged: [Clock; LIMITS],
    /// The instants at which the daily limit was used up.
    pub used_up: UsedUp,
}

impl Jobs {
    pub fn add(&mut self, job: Job) {
        self.merge(Self {
            jobs: 1,
            records: job.records,
            in_time: u64::from(job.in_time),
            wait: job.begins - job.submitted,
            makespan: job.ends - job.begins,
        });
    }

    fn merge(&mut self, other: Self) {
        self.jobs += other.jobs;
        self.records += other.records;
        self.in_time += other.in_time;
        self.wait += other.wait;
        self.makespan += other.makespan;
    }
}

impl Clock {
    fn merge(&mut self, other: Self) {
        self.total += other.total;
        self.peak_minute = self.peak_minute.max(other.peak_minute);
    }
}

impl CapacityRecord {
    pub(super) fn merge(&mut self, other: &Self) {
        let Self {
            admitted,
            rerouted,
            regions,
            refused,
            in_flight_time,
            in_flight_peak,
            waiting_time,
            waited_behind,
            waiting_peak,
            reserved,
            unused,
            unused_reads,
            windows,
            jobs,
        } = other;
        self.windows += windows;
        self.jobs.merge(*jobs);
        if let Some(theirs) = reserved {
            *self.reserved.get_or_insert(0) += theirs;
        }
        self.unused += unused;
        self.unused_reads += unused_reads;
        self.admitted += admitted;
        self.rerouted += rerouted;
        self.regions.iter_mut().zip(regions).for_each(|(mine, theirs)| *mine += theirs);
        self.refused.iter_mut().zip(refused).for_each(|(mine, theirs)| *mine += theirs);
        self.in_flight_time += in_flight_time;
        self.in_flight_peak = self.in_flight_peak.max(*in_flight_peak);
        self.waiting_time += waiting_time;
        self.waited_behind.iter_mut().zip(waited_behind).for_each(|(mine, theirs)| *mine += theirs);
        self.waiting_peak = self.waiting_peak.max(*waiting_peak);
    }
}

impl QuotaRecord {
    pub(super) fn merge(&mut self, other: &Self) {
        let Self { refused, waited_behind, occupied_peak, charged, used_up } = other;
        self.waited_behind.iter_mut().zip(waited_behind).for_each(|(mine, theirs)| *mine += theirs);
        self.refused.iter_mut().zip(refused).for_each(|(mine, theirs)| *mine += theirs);
        self.occupied_peak.iter_mut().zip(occupied_peak).for_each(|(mine, theirs)| *mine = (*mine).max(*theirs));
        self.charged.iter_mut().zip(charged).for_each(|(mine, theirs)| mine.merge(*theirs));
        self.used_up.merge(used_up);
    }
}

//! Counters that only rise: what a recorder takes differences of, at the edges of the clock.

use super::record::{CapacityRecord, Cohort};
use crate::engine::observer::{LIMITS, Snapshot};
use crate::model::capacity::Reason;

/// The number of reasons for a refusal.
pub(super) const REASONS: usize = Reason::ALL.len();

/// Counts of the events so far of one workload, or of all workloads.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Requests of the interval that arrived, and the calls and the attempts that were sent for them.
    pub arrivals: u64,
    pub calls: u64,
    pub attempts: u64,
    /// Attempts that ended, whoever arrived when: in an answer, or without one. Some of these in a 429.
    pub answered: u64,
    pub failed: u64,
    pub throttled: u64,
}

impl Counts {
    /// Attempts that ended.
    #[must_use]
    pub const fn ended(&self) -> u64 {
        self.answered + self.failed
    }

    fn fold(&mut self, other: &Self, each: impl Fn(u64, u64) -> u64) {
        // Taken apart, so that the compiler names a counter that is forgotten.
        let Self { arrivals, calls, attempts, answered, failed, throttled } = other;
        self.arrivals = each(self.arrivals, *arrivals);
        self.calls = each(self.calls, *calls);
        self.attempts = each(self.attempts, *attempts);
        self.answered = each(self.answered, *answered);
        self.failed = each(self.failed, *failed);
        self.throttled = each(self.throttled, *throttled);
    }

    #[must_use]
    pub fn sum<'c>(all: impl IntoIterator<Item = &'c Self>) -> Self {
        let mut sum = Self::default();
        all.into_iter().for_each(|one| sum.fold(one, |a, b| a + b));
        sum
    }

    #[must_use]
    pub fn since(mut self, earlier: &Self) -> Self {
        self.fold(earlier, |a, b| a - b);
        self
    }
}

/// The values of all counters at one edge.
#[derive(Debug, Clone, Default)]
pub(super) struct Counters {
    /// The requests counted and tokens charged, by quota and limit.
    pub quotas: Vec<[u64; LIMITS]>,
    /// The number of windows billed, by capacity.
    pub windows: Vec<u64>,
    /// The number of offers admitted, by capacity.
    pub admitted: Vec<u64>,
    /// The number of offers admitted, by region; the regions of one pool follow those of the other.
    pub regions: Vec<u64>,
    /// The number of offers refused by any capacity, by reason.
    pub refused: [u64; REASONS],
    /// The counts of each workload; empty in the values at an edge from which only totals are taken.
    pub workloads: Vec<Counts>,
    /// The counts of all workloads together.
    pub total: Counts,
}

impl Counters {
    pub(super) fn new(workloads: usize, capacities: usize, quotas: usize, regions: usize) -> Self {
        Self {
            quotas: vec![[0; LIMITS]; quotas],
            windows: vec![0; capacities],
            admitted: vec![0; capacities],
            regions: vec![0; regions],
            refused: [0; REASONS],
            workloads: vec![Counts::default(); workloads],
            total: Counts::default(),
        }
    }

    /// Copies the values at an edge, of each workload or of all together alone.
    pub(super) fn copy_to(&self, other: &mut Self, with_workloads: bool) {
        let Self { quotas, windows, admitted, regions, refused, workloads, total } = self;
        other.quotas.clone_from(quotas);
        other.windows.clone_from(windows);
        other.admitted.clone_from(admitted);
        other.regions.clone_from(regions);
        (other.refused, other.total) = (*refused, *total);
        if with_workloads {
            other.workloads.clone_from(workloads);
        } else {
            other.workloads = Vec::new();
        }
    }

    /// Brings up to date what is counted elsewhere; ends of attempts are counted here, event by event.
    pub(super) fn see(&mut self, snapshot: Snapshot<'_>, cohorts: &[Cohort], capacities: &[CapacityRecord]) {
        for (counters, quota) in self.quotas.iter_mut().zip(snapshot.quotas) {
            *counters = quota.charged;
        }
        for (counter, capacity) in self.windows.iter_mut().zip(snapshot.capacities) {
            *counter = capacity.windows;
        }
        self.refused = [0; REASONS];
        for (counter, record) in self.admitted.iter_mut().zip(capacities) {
            *counter = record.admitted;
            self.refused.iter_mut().zip(record.refused).for_each(|(sum, own)| *sum += own);
        }
        let regions = capacities.iter().flat_map(|c| &c.regions);
        self.regions.iter_mut().zip(regions).for_each(|(counter, own)| *counter = *own);
        for (counts, cohort) in self.workloads.iter_mut().zip(cohorts) {
            counts.arrivals = cohort.requests;
            counts.calls = cohort.calls();
            counts.attempts = cohort.attempts();
        }
        self.total = Counts::sum(&self.workloads);
    }

    /// Returns the differences from an earlier edge, of each workload where that edge has them.
    pub(super) fn since(&self, earlier: &Self) -> Self {
        let limits = |a: &[u64; LIMITS], b: &[u64; LIMITS]| std::array::from_fn(|i| a[i] - b[i]);
        let each = |a: &[u64], b: &[u64]| a.iter().zip(b).map(|(a, b)| a - b).collect();
        let quotas = self.quotas.iter().zip(&earlier.quotas).map(|(a, b)| limits(a, b)).collect();
        let windows = each(&self.windows, &earlier.windows);
        let admitted = each(&self.admitted, &earlier.admitted);
        let regions = each(&self.regions, &earlier.regions);
        let refused = std::array::from_fn(|i| self.refused[i] - earlier.refused[i]);
        let workloads = self.workloads.iter().zip(&earlier.workloads).map(|(a, b)| a.since(b)).collect();
        let total = self.total.since(&earlier.total);
        Self { quotas, windows, admitted, regions, refused, workloads, total }
    }
}

//! Counters that only rise: what a recorder takes differences of, at the edges of the clock.

use super::record::Cohort;
use crate::engine::observer::{LIMITS, Snapshot};

/// What a workload, or all of them, did so far.
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

/// All counters, at some edge.
#[derive(Debug, Clone, Default)]
pub(super) struct Counters {
    /// By quota and limit: requests counted, tokens charged.
    pub quotas: Vec<[u64; LIMITS]>,
    /// By capacity: windows billed.
    pub windows: Vec<u64>,
    pub workloads: Vec<Counts>,
}

impl Counters {
    pub(super) fn new(workloads: usize, capacities: usize, quotas: usize) -> Self {
        Self {
            quotas: vec![[0; LIMITS]; quotas],
            windows: vec![0; capacities],
            workloads: vec![Counts::default(); workloads],
        }
    }

    /// Brings up to date what is counted elsewhere; ends of attempts are counted here, event by event.
    pub(super) fn see(&mut self, snapshot: Snapshot<'_>, cohorts: &[Cohort]) {
        for (counters, quota) in self.quotas.iter_mut().zip(snapshot.quotas) {
            *counters = quota.charged;
        }
        for (counter, capacity) in self.windows.iter_mut().zip(snapshot.capacities) {
            *counter = capacity.windows;
        }
        for (counts, cohort) in self.workloads.iter_mut().zip(cohorts) {
            counts.arrivals = cohort.requests;
            counts.calls = cohort.calls();
            counts.attempts = cohort.attempts();
        }
    }

    pub(super) fn since(&self, earlier: &Self) -> Self {
        let limits = |a: &[u64; LIMITS], b: &[u64; LIMITS]| std::array::from_fn(|i| a[i] - b[i]);
        let quotas = self.quotas.iter().zip(&earlier.quotas).map(|(a, b)| limits(a, b)).collect();
        let windows = self.windows.iter().zip(&earlier.windows).map(|(a, b)| a - b).collect();
        let workloads = self.workloads.iter().zip(&earlier.workloads).map(|(a, b)| a.since(b)).collect();
        Self { quotas, windows, workloads }
    }
}

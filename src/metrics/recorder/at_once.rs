//! Requests that were served at once, recorded many at a time: sums over columns cost a third of what they do one by one.

use super::{Recorder, UnusedRule, unused};
use crate::engine::observer::Arrivals;
use crate::model::pricing::Billed;
use crate::units::SimTime;

impl Recorder {
    /// What [`arrived`](crate::engine::observer::Observer::arrived) and
    /// [`admitted`](crate::engine::observer::Observer::admitted) would record of each. No edge lies between the arrivals, so
    /// that all of them are measured or none is.
    pub(super) fn record_in_row(&mut self, a: &Arrivals<'_>) {
        // One check of a row serves for all columns.
        let n = a.arrival.len();
        let at_once = || a.at_once.iter().map(|row| usize::from(*row)).filter(|row| *row < n);
        let (arrival, ttft, service) = (a.arrival, &a.ttft[..n], &a.service[..n]);
        let (from, to) = (self.from, self.to);
        let in_progress = |row: usize| {
            let begins = arrival[row];
            (begins + service[row]).min(to).saturating_sub(begins.max(from))
        };
        let in_progress: u64 = at_once().map(in_progress).sum();
        let capacity = &mut self.record.capacities[a.capacity];
        capacity.in_flight_time += u128::from(in_progress);
        let Some(&first) = arrival.first() else { return };
        if first.wrapping_sub(from) >= self.length {
            return;
        }

        let served = a.at_once.len() as u64;
        let Sums { billed, truncated, left, left_reads } = sums(a, capacity.unused_rule);
        capacity.admitted += served;
        capacity.unused += left;
        capacity.unused_reads += left_reads;

        let cohort = &mut self.record.workloads[a.workload];
        cohort.requests += n as u64;
        cohort.served += served;
        cohort.truncated += truncated;
        cohort.billed[a.capacity].add(&billed);
        cohort.latencies.ttft.record_all(at_once().map(|row| ttft[row]));
        cohort.latencies.service_at_once.record_all(at_once().map(|row| service[row]));
        if let Some(slo) = self.slos[a.workload] {
            let met = |limit: Option<SimTime>, took: u64| limit.is_none_or(|limit| took <= limit.0);
            let within = at_once().filter(|row| met(slo.ttft, ttft[*row]) && met(slo.e2e, service[*row])).count();
            cohort.outside_slo += served - within as u64;
        }
        if !self.record.timeline.latencies.is_empty() {
            let bucket = self.bucket_of(first);
            self.record.timeline.latencies.record_all(bucket, at_once().map(|row| service[row]));
        }
    }
}

/// Sums over the rows that were served at once \[tokens\].
#[derive(Default)]
struct Sums {
    billed: Billed,
    /// Answers that were cut short.
    truncated: u64,
    /// As [`unused`] tells them.
    left: u64,
    left_reads: u64,
}

fn sums(a: &Arrivals<'_>, rule: UnusedRule) -> Sums {
    let mut sums = Sums::default();
    for used in a.uses() {
        let [left, left_reads] = unused(rule, used.reserved, used.charged, &used.tokens);
        sums.billed.add(&used.tokens);
        sums.truncated += u64::from(used.truncated);
        sums.left += left;
        sums.left_reads += left_reads;
    }
    sums
}

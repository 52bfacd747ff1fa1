//! Requests that were served at once, recorded many at a time: sums over columns cost a third of what they do one by one.

use super::{Recorder, unused};
use crate::engine::observer::Arrivals;
use crate::model::pricing::Billed;
use crate::model::workload::Slo;
use crate::units::SimTime;

impl Recorder {
    /// What [`arrived`](crate::engine::observer::Observer::arrived) and
    /// [`admitted`](crate::engine::observer::Observer::admitted) would record of each. No edge lies between the arrivals, so
    /// that all of them are measured or none is.
    pub(super) fn record_in_row(&mut self, a: &Arrivals<'_>) {
        let at_once = || a.at_once.iter().map(|row| usize::from(*row));
        let (from, to) = (self.from, self.to);
        let in_progress = |row: usize| {
            let begins = a.arrival[row];
            (begins + a.service[row]).min(to).saturating_sub(begins.max(from))
        };
        let in_progress: u64 = at_once().map(in_progress).sum();
        let capacity = &mut self.record.capacities[a.capacity];
        capacity.in_flight_time += u128::from(in_progress);
        let Some(&first) = a.arrival.first() else { return };
        if first.wrapping_sub(from) >= self.length {
            return;
        }

        let served = a.at_once.len() as u64;
        let (mut billed, mut truncated, mut left, mut left_reads) = (Billed::default(), 0, 0, 0);
        for row in at_once() {
            let tokens = a.billed(row);
            billed.add(&tokens);
            truncated += u64::from(a.truncated(row));
            let [plain, with_reads] = unused(capacity.unused_rule, a.reserved(row), a.charged[row], &tokens);
            left += plain;
            left_reads += with_reads;
        }
        capacity.admitted += served;
        capacity.unused += left;
        capacity.unused_reads += left_reads;

        let cohort = &mut self.record.workloads[a.workload];
        cohort.requests += a.arrival.len() as u64;
        cohort.served += served;
        cohort.truncated += truncated;
        cohort.billed[a.capacity].add(&billed);
        cohort.latencies.ttft.record_all(at_once().map(|row| a.ttft[row]));
        cohort.latencies.service_at_once.record_all(at_once().map(|row| a.service[row]));
        if let Some(Slo { ttft, e2e }) = self.slos[a.workload] {
            let met = |limit: Option<SimTime>, took: u64| limit.is_none_or(|limit| took <= limit.0);
            let within = at_once().filter(|row| met(ttft, a.ttft[*row]) && met(e2e, a.service[*row])).count();
            cohort.outside_slo += served - within as u64;
        }
        if !self.record.timeline.latencies.is_empty() {
            let bucket = self.bucket_of(first);
            self.record.timeline.latencies.record_all(bucket, at_once().map(|row| a.service[row]));
        }
    }
}

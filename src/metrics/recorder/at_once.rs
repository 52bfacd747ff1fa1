//! Requests that were served immediately, recorded many at a time: sums over columns cost a third of what they do one
//! by one.

use std::ops::Range;

use super::Recorder;
use crate::engine::observer::Arrivals;
use crate::model::pricing::Billed;
use crate::units::{SimTime, Tokens};

impl Recorder {
    /// Records what [`arrived`](crate::engine::observer::Observer::arrived) and
    /// [`admitted`](crate::engine::observer::Observer::admitted) would record of each request. No edge lies between the
    /// arrivals, so that all of them are measured or none is.
    pub(super) fn record_in_row(&mut self, a: &Arrivals<'_>) {
        let n = a.arrival.len();
        let Some(&first) = a.arrival.first() else { return };
        let capacity = &mut self.record.capacities[a.capacity];
        // Where nearly all are served at once, the others are taken off a sum over all, which needs no look at who is which.
        let are_few = a.otherwise.len() <= n / 4;
        let sum = |rows: Range<usize>| in_progress(a, rows, self.from..self.to);
        let times = if are_few {
            sum(0..n) - a.otherwise.iter().map(|row| sum(one(*row))).sum::<u64>()
        } else {
            a.at_once().map(sum).sum()
        };
        capacity.in_flight_time += u128::from(times);
        if first.wrapping_sub(self.from) >= self.length {
            return;
        }

        let served = (n - a.otherwise.len()) as u64;
        let of = |rows: Range<usize>| Sums::of(a, rows);
        let mut sums;
        if are_few {
            sums = of(0..n);
            a.otherwise.iter().for_each(|row| sums.fold(&of(one(*row)), |all, other| all - other));
        } else {
            sums = Sums::default();
            a.at_once().filter(|run| !run.is_empty()).for_each(|run| sums.fold(&of(run), |all, some| all + some));
        }
        capacity.admitted += served;
        if let Some(reserved) = &mut capacity.reserved {
            *reserved += a.at_once().flat_map(|run| &a.reserved[run]).sum::<u64>();
        }
        capacity.unused += sums.unused;
        capacity.unused_reads += sums.unused_reads;

        let cohort = &mut self.record.workloads[a.workload];
        cohort.requests += n as u64;
        cohort.served += served;
        cohort.truncated += sums.truncated;
        if let Some(done) = &mut cohort.job_done {
            let last = a.at_once().flatten().map(|row| a.arrival[row] + a.service[row]).max();
            *done = (*done).max(last.unwrap_or(0));
        }
        cohort.billed[a.stage][a.capacity].add(&Billed { calls: served, ..sums.billed });
        let at = (a.workload, a.stage, a.capacity);
        if let Some(long) = self.long.as_ref().filter(|long| long.above(at) < Tokens::MAX) {
            for carried in a.at_once().flat_map(|run| &a.carried[run]) {
                long.bill(carried.billed().input(), at, carried.billed(), cohort);
            }
        }
        for run in a.at_once() {
            cohort.latencies.ttft.record_all(&a.ttft[run.clone()]);
            cohort.latencies.service_at_once.record_all(&a.service[run]);
        }
        if let Some(slo) = self.slos[a.workload] {
            let met = |limit: Option<SimTime>, took: u64| limit.is_none_or(|limit| took <= limit.0);
            let within = |row: &usize| met(slo.ttft, a.ttft[*row]) && met(slo.e2e, a.service[*row]);
            cohort.outside_slo += served - a.at_once().flatten().filter(within).count() as u64;
        }
        if !self.record.timeline.latencies.is_empty() {
            let bucket = self.bucket_of(first);
            a.at_once().for_each(|run| self.record.timeline.latencies.record_all(bucket, &a.service[run]));
        }
    }
}

fn one(row: u16) -> Range<usize> {
    usize::from(row)..usize::from(row) + 1
}

/// Time in progress within an interval, of rows that would be served when they arrive \[µs\].
#[inline(always)]
fn in_progress(a: &Arrivals<'_>, rows: Range<usize>, interval: Range<u64>) -> u64 {
    let times = a.arrival[rows.clone()].iter().zip(&a.service[rows]);
    times.map(|(at, service)| (at + service).min(interval.end).saturating_sub(*at.max(&interval.start))).sum()
}

/// Sums over rows \[tokens\].
#[derive(Default)]
struct Sums {
    billed: Billed,
    /// Answers that would be cut short.
    truncated: u64,
    /// The unused tokens, as in [`CapacityRecord`](crate::metrics::record::CapacityRecord).
    unused: u64,
    unused_reads: u64,
}

impl Sums {
    #[inline(always)]
    fn of(a: &Arrivals<'_>, rows: Range<usize>) -> Self {
        let mut billed = Billed::default();
        for carried in &a.carried[rows.clone()] {
            billed.uncached += u64::from(carried.uncached);
            billed.cache_read += u64::from(carried.cache_read);
            billed.cache_write += u64::from(carried.cache_write);
            billed.output += u64::from(carried.output);
        }
        let caps = a.wanted[rows.clone()].iter().zip(&a.cap[rows.clone()]);
        let truncated = caps.map(|(wanted, cap)| u64::from(wanted > cap)).sum();
        let tokens = || a.reserved[rows.clone()].iter().zip(&a.charged[rows.clone()]);
        let unused: u64 = tokens().map(|(reserved, charged)| reserved.saturating_sub(*charged)).sum();
        let unused_reads = if billed.cache_read > 0 {
            let reads = a.carried[rows.clone()].iter().map(|c| u64::from(c.cache_read));
            tokens()
                .zip(reads)
                .map(|((reserved, charged), read)| (reserved + read).saturating_sub(*charged))
                .sum::<u64>()
                - unused
        } else {
            0
        };
        Self { billed, truncated, unused, unused_reads }
    }

    fn fold(&mut self, other: &Self, each: impl Fn(u64, u64) -> u64) {
        let fold = |mine: &mut u64, theirs: u64| *mine = each(*mine, theirs);
        fold(&mut self.billed.uncached, other.billed.uncached);
        fold(&mut self.billed.cache_read, other.billed.cache_read);
        fold(&mut self.billed.cache_write, other.billed.cache_write);
        fold(&mut self.billed.output, other.billed.output);
        fold(&mut self.truncated, other.truncated);
        fold(&mut self.unused, other.unused);
        fold(&mut self.unused_reads, other.unused_reads);
    }
}

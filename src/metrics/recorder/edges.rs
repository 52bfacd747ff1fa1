//! The work of the recorder at an edge: of the interval, of a minute, of a bucket.

use super::{Phase, Recorder};
use crate::engine::observer::Snapshot;
use crate::metrics::record::RATES;
use crate::metrics::timeline::{Bucket, QuotaBucket};
use crate::units::MICROS_PER_MINUTE;

impl Recorder {
    fn end_minute(&mut self) {
        let clock = &mut self.clock;
        let minute = clock.now.since(&clock.at_minute);
        for (quota, charged) in self.record.quotas.iter_mut().zip(&minute.quotas) {
            for (clock, charged) in quota.charged.iter_mut().zip(charged) {
                clock.peak_minute = clock.peak_minute.max(*charged);
            }
        }
        if clock.minute_is_whole {
            self.record.worst_minutes.see(&minute.total);
            self.record.workloads.iter_mut().zip(&minute.workloads).for_each(|(c, own)| c.worst_minutes.see(own));
        }
        self.minutes.end_minute(minute.total.arrivals);
        clock.now.copy_to(&mut clock.at_minute, true);
        self.see_rates();
    }

    /// Adds the minute that ends to the blocks of every rate.
    fn see_rates(&mut self) {
        let mut total = [(0, 0); RATES];
        for (cohort, before) in self.record.workloads.iter_mut().zip(&mut self.clock.rates_at_minute) {
            for (i, (_, events, trials)) in cohort.rates().into_iter().enumerate() {
                // A request that was unfinished, or is sent after all, may take back what it counted for.
                let of_minute = (events.saturating_sub(before[i].0), trials.saturating_sub(before[i].1));
                before[i] = (events, trials);
                cohort.blocks[i].see(of_minute.0, of_minute.1);
                total[i] = (total[i].0 + of_minute.0, total[i].1 + of_minute.1);
            }
        }
        self.record.blocks.iter_mut().zip(total).for_each(|(blocks, (events, trials))| blocks.see(events, trials));
    }

    fn end_bucket(&mut self, snapshot: Snapshot<'_>) {
        let clock = &mut self.clock;
        let bucket = clock.now.since(&clock.at_bucket);
        let mut quotas = std::mem::replace(&mut clock.bucket, vec![QuotaBucket::default(); bucket.quotas.len()]);
        for (quota, charged) in quotas.iter_mut().zip(&bucket.quotas) {
            quota.charged = *charged;
        }
        self.record.timeline.buckets.push(Bucket {
            total: bucket.total,
            workloads: bucket.workloads,
            capacities: snapshot.capacities.iter().map(|c| [u64::from(c.in_flight), u64::from(c.waiting)]).collect(),
            admitted: bucket.admitted,
            regions: bucket.regions,
            refused: bucket.refused,
            quotas,
        });
        clock.now.copy_to(&mut clock.at_bucket, clock.keeps_workloads);
    }

    /// Folds the greatest values since the last edge into the peaks.
    pub(super) fn fold_peaks(&mut self, snapshot: Snapshot<'_>) {
        for ((quota, record), bucket) in snapshot.quotas.iter().zip(&mut self.record.quotas).zip(&mut self.clock.bucket)
        {
            for (limit, seen) in quota.occupied_peak.into_iter().enumerate() {
                record.occupied_peak[limit] = record.occupied_peak[limit].max(seen);
                bucket.occupied[limit] = bucket.occupied[limit].max(seen);
            }
        }
        for (capacity, record) in snapshot.capacities.iter().zip(&mut self.record.capacities) {
            record.in_flight_peak = record.in_flight_peak.max(u64::from(capacity.in_flight_peak));
            record.waiting_peak = record.waiting_peak.max(u64::from(capacity.waiting_peak));
        }
    }

    fn sample_waiting(&mut self, at: u64, snapshot: Snapshot<'_>) {
        let queued: u64 = snapshot.capacities.iter().map(|c| u64::from(c.waiting)).sum();
        self.record.waiting.see(at, queued + snapshot.backing_off.iter().sum::<u64>());
    }

    /// Handles an edge of the interval, of a minute or of a bucket; any other instant does nothing.
    pub(super) fn clock_edge(&mut self, at: u64, snapshot: Snapshot<'_>) {
        if at == self.from {
            self.begin(snapshot);
            self.sample_waiting(at, snapshot);
            return;
        }
        let is_bucket = at == self.clock.next_bucket || (at == self.to && self.clock.bucket_width != u64::MAX);
        if is_bucket {
            if self.keeps_course {
                self.end_bucket(snapshot);
            }
            self.clock.next_bucket = at + self.clock.bucket_width;
        }
        let is_minute = at == self.clock.next_minute || at == self.to;
        if is_minute {
            self.clock.minute_is_whole &= at == self.clock.next_minute;
            self.end_minute();
            self.clock.minute_is_whole = true;
            self.clock.next_minute += MICROS_PER_MINUTE;
        }
        // At these edges alone, so that the verdict does not hang on who else looks.
        if is_bucket || is_minute {
            self.sample_waiting(at, snapshot);
            if at == self.to {
                self.end();
            }
        }
    }

    fn begin(&mut self, snapshot: Snapshot<'_>) {
        // What stands at the start counts for the peaks as if it had just come.
        for (quota, record) in snapshot.quotas.iter().zip(&mut self.record.quotas) {
            record.occupied_peak = quota.occupied;
        }
        for (capacity, record) in snapshot.capacities.iter().zip(&mut self.record.capacities) {
            record.in_flight_peak = u64::from(capacity.in_flight);
            record.waiting_peak = u64::from(capacity.waiting);
        }
        let clock = &mut self.clock;
        clock.state = Phase::Inside;
        clock.now.copy_to(&mut clock.at_start, false);
        clock.now.copy_to(&mut clock.at_minute, true);
        clock.now.copy_to(&mut clock.at_bucket, clock.keeps_workloads);
    }

    fn end(&mut self) {
        let total = self.clock.now.since(&self.clock.at_start);
        for (quota, charged) in self.record.quotas.iter_mut().zip(&total.quotas) {
            for (clock, charged) in quota.charged.iter_mut().zip(charged) {
                clock.total = *charged;
            }
        }
        for (capacity, windows) in self.record.capacities.iter_mut().zip(&total.windows) {
            capacity.windows = *windows;
        }
        self.clock.state = Phase::After;
    }
}

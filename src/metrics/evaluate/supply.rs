//! Metrics of capacities, of their quotas and of each limit.

use super::{Costs, Interval, Sheet};
use crate::metrics::record::{Clock, Jobs, QuotaRecord, Record};
use crate::model::Model;
use crate::model::capacity::quota::{LimitKind, Quota};
use crate::model::capacity::{Capacity, Limit, Reason, Room};
use crate::model::pricing::Billed;
use crate::units::{MICROS_PER_DAY, MICROS_PER_MINUTE};

pub(super) fn supply(sheet: &mut Sheet<'_>, model: &Model, record: &Record, costs: &Costs, interval: Interval) {
    let duration = interval.duration();
    for (c, (capacity, r)) in model.capacities.iter().zip(&record.capacities).enumerate() {
        let prefix = format!("capacities.{}.", capacity.name);
        let mean_over = |time: u128| (duration.0 > 0).then(|| time as f64 / duration.0 as f64);
        let in_flight = mean_over(r.in_flight_time);
        let mut utilization = Utilization::default();
        for &quota in &capacity.quotas {
            utilization.see_quota(&model.quotas[quota], &record.quotas[quota], interval);
        }
        if let (Some([mean_places, most]), Some(mean)) = (places(capacity, interval), in_flight)
            && mean_places > 0.0
        {
            utilization.see(mean / mean_places, r.in_flight_peak as f64 / most);
        }
        sheet.count(&format!("{prefix}admitted"), r.admitted);
        sheet.count(&format!("{prefix}refused"), r.refused.iter().sum());
        sheet.value(&format!("{prefix}utilization_mean"), utilization.mean);
        sheet.value(&format!("{prefix}utilization_peak"), utilization.peak);
        // Records of a job are in no progress of their own.
        let is_batch = matches!(capacity.room, Room::Jobs(_));
        sheet.value(&format!("{prefix}in_flight_mean"), in_flight.filter(|_| !is_batch));
        sheet.value(&format!("{prefix}in_flight_peak"), (!is_batch).then_some(r.in_flight_peak as f64));
        sheet.value(&format!("{prefix}waiting_mean"), mean_over(r.waiting_time));
        sheet.count(&format!("{prefix}waiting_peak"), r.waiting_peak);
        sheet.count(&format!("{prefix}reserved_unused_tokens"), Unused::of(record, c).by_capacity(model, capacity));
        for reason in Reason::ALL {
            sheet.count(&format!("{prefix}refused_{}", reason.name()), r.refused[reason as usize]);
        }
        if matches!(capacity.room, Room::Regions(_)) {
            sheet.rate(&format!("{prefix}rerouted_rate"), r.rerouted, r.admitted);
        }
        if matches!(capacity.room, Room::Jobs(_)) {
            jobs(sheet, &prefix, r.jobs);
        }
        if matches!(capacity.room, Room::Copies(_)) {
            sheet.count(&format!("{prefix}billed_windows"), r.windows);
        }
        let cost = costs.capacities[c];
        sheet.usd(&format!("{prefix}cost_usd"), cost.cost);
        sheet.usd(&format!("{prefix}cost_per_month_usd"), cost.per_month);
    }
    for (index, (quota, r)) in model.quotas.iter().zip(&record.quotas).enumerate() {
        let users = || (0..model.capacities.len()).filter(|c| model.capacities[*c].quotas.contains(&index));
        let unused_of = |kind| users().map(|c| Unused::of(record, c).by_limit(quota, kind)).sum();
        if quota.prefix.starts_with("quotas.") {
            let mut utilization = Utilization::default();
            utilization.see_quota(quota, r, interval);
            sheet.count(&format!("{}.admitted", quota.prefix), users().map(|c| record.capacities[c].admitted).sum());
            sheet.count(&format!("{}.refused", quota.prefix), r.refused.iter().sum());
            sheet.value(&format!("{}.utilization_mean", quota.prefix), utilization.mean);
            sheet.value(&format!("{}.utilization_peak", quota.prefix), utilization.peak);
            sheet.count(&format!("{}.reserved_unused_tokens", quota.prefix), unused_of(counted_by(quota)));
            for kind in BY_NAME {
                sheet.count(&format!("{}.refused_{}", quota.prefix, kind.name()), r.refused[kind as usize]);
            }
        }
        for kind in LimitKind::ALL {
            if let Some(limit) = Asked::of(quota, kind, r) {
                limit.figures(sheet, unused_of(kind), interval);
            }
        }
    }
}

/// The tokens that completed attempts at one capacity had reserved and did not use, as each limit counts them
/// \[tokens\].
struct Unused {
    /// The unused tokens of limits that are charged with burndown, without and with cache reads.
    burned: u64,
    burned_with_reads: u64,
    /// The output caps.
    caps: u64,
    output: u64,
}

impl Unused {
    fn of(record: &Record, capacity: usize) -> Self {
        let mut billed = Billed::default();
        let stages = record.workloads.iter().flat_map(|cohort| &cohort.billed);
        stages.for_each(|stage| billed.add(&stage[capacity]));
        let r = &record.capacities[capacity];
        Self {
            burned: r.unused,
            burned_with_reads: r.unused + r.unused_reads,
            caps: r.reserved.map_or(0, |reserved| reserved - billed.uncached - billed.cache_write),
            output: billed.output,
        }
    }

    fn by_limit(&self, quota: &Quota, kind: LimitKind) -> u64 {
        match kind {
            LimitKind::Tpm | LimitKind::Tpd if quota.reserve_cache_reads => self.burned_with_reads,
            LimitKind::Tpm | LimitKind::Tpd => self.burned,
            LimitKind::Itpm => self.caps,
            LimitKind::Output if !quota.charge_output_after => self.caps - self.output,
            // What they take is what they are charged.
            LimitKind::Rpm | LimitKind::Otpm | LimitKind::AccountTpd | LimitKind::Input | LimitKind::Output => 0,
        }
    }

    /// Returns the unused tokens as the capacity's limit on output counts them, if it has one, else without cache
    /// reads.
    fn by_capacity(&self, model: &Model, capacity: &Capacity) -> u64 {
        let mut quotas = capacity.quotas.iter().map(|q| &model.quotas[*q]);
        let own = quotas.find(|q| counted_by(q) != LimitKind::Tpm);
        own.map_or(self.burned, |quota| self.by_limit(quota, counted_by(quota)))
    }
}

/// Returns the limit of a quota by which what was reserved in vain is counted.
fn counted_by(quota: &Quota) -> LimitKind {
    let first = [LimitKind::Output, LimitKind::Itpm].into_iter().find(|kind| quota.limit(*kind).is_some());
    first.unwrap_or(LimitKind::Tpm)
}

const MINUTES_PER_DAY: f64 = 1_440.0;

/// Limits that a named quota can have: those that are bought belong to a capacity.
const BY_NAME: [LimitKind; 5] = [LimitKind::Rpm, LimitKind::Tpm, LimitKind::Tpd, LimitKind::Itpm, LimitKind::Otpm];

fn jobs(sheet: &mut Sheet<'_>, prefix: &str, r: Jobs) {
    let mean = |sum: u64| (r.jobs > 0).then(|| sum as f64 * 1e-3 / r.jobs as f64);
    sheet.count(&format!("{prefix}jobs"), r.jobs);
    sheet.value(&format!("{prefix}job_wait_mean_ms"), mean(r.wait));
    sheet.value(&format!("{prefix}job_makespan_mean_ms"), mean(r.makespan));
    sheet.rate(&format!("{prefix}jobs_in_time_rate"), r.in_time, r.jobs);
}

/// Returns what a limit admits in a minute, on average over its window \[1/min\].
pub(in crate::metrics) fn per_minute(limit: &Limit) -> f64 {
    limit.amount as f64 * MICROS_PER_MINUTE as f64 / limit.limiter.window() as f64
}

/// Returns the number of places of a capacity, its mean over the interval and its greatest; `None`: places are not
/// counted.
fn places(capacity: &Capacity, interval: Interval) -> Option<[f64; 2]> {
    let copies = match &capacity.room {
        Room::Copies(plan) => f64::from(plan.max_copies) * f64::from(plan.per_copy),
        _ => f64::INFINITY,
    };
    let places = capacity.standing.map(|s| s.concurrency.map_or(copies, f64::from).min(copies));
    interval.over(&places).filter(|[mean, _]| mean.is_finite())
}

/// A limit over time, and what was asked of it.
struct Asked<'a> {
    quota: &'a Quota,
    kind: LimitKind,
    limit: &'a Limit,
    clock: Clock,
    occupied_peak: u64,
    refused: u64,
}

impl<'a> Asked<'a> {
    fn of(quota: &'a Quota, kind: LimitKind, r: &QuotaRecord) -> Option<Self> {
        let i = kind as usize;
        let limit = quota.limit(kind)?;
        Some(Self { quota, kind, limit, clock: r.charged[i], occupied_peak: r.occupied_peak[i], refused: r.refused[i] })
    }

    /// Returns what the limit admits in a minute, on average over the interval and at most \[1/min\].
    fn per_minute(&self, interval: Interval) -> Option<[f64; 2]> {
        interval.over(&self.quota.over_time(self.kind)?.map(|step| per_minute(&step.limit)))
    }

    /// Mean and peak use. Of a daily limit a part of a day has all that the day has.
    fn used(&self, interval: Interval) -> Option<[f64; 2]> {
        let [mean, most] = self.per_minute(interval).filter(|[mean, _]| *mean > 0.0)?;
        if self.kind.is_daily() {
            let days = interval.duration().0.div_ceil(MICROS_PER_DAY) as f64;
            return Some([self.clock.total as f64 / (mean * MINUTES_PER_DAY * days), 0.0]);
        }
        let minutes = interval.duration().0 as f64 / MICROS_PER_MINUTE as f64;
        Some([self.clock.total as f64 / (mean * minutes), self.clock.peak_minute as f64 / most])
    }

    fn figures(&self, sheet: &mut Sheet<'_>, unused: u64, interval: Interval) {
        let prefix = format!("{}.{}", self.quota.prefix, self.kind.name());
        let used = self.used(interval);
        sheet.count(&format!("{prefix}.refused"), self.refused);
        sheet.count(&format!("{prefix}.charged"), self.clock.total);
        sheet.value(&format!("{prefix}.utilization_mean"), used.map(|[mean, _]| mean));
        if self.kind.reserves_tokens() {
            sheet.count(&format!("{prefix}.reserved_unused_tokens"), unused);
        }
        if !self.kind.is_daily() {
            let scale = MICROS_PER_MINUTE as f64 / self.limit.limiter.window() as f64;
            sheet.value(&format!("{prefix}.utilization_peak"), used.map(|[_, peak]| peak));
            sheet.value(&format!("{prefix}.limit_per_min"), self.per_minute(interval).map(|[_, most]| most));
            sheet.value(&format!("{prefix}.occupied_peak_per_min"), Some(self.occupied_peak as f64 * scale));
            sheet.count(&format!("{prefix}.charged_peak_per_min"), self.clock.peak_minute);
        }
    }
}

/// The largest of several limits' use.
#[derive(Default)]
struct Utilization {
    mean: Option<f64>,
    peak: Option<f64>,
}

impl Utilization {
    fn see(&mut self, mean: f64, peak: f64) {
        self.mean = Some(self.mean.map_or(mean, |seen| seen.max(mean)));
        self.peak = Some(self.peak.map_or(peak, |seen| seen.max(peak)));
    }

    fn see_quota(&mut self, quota: &Quota, r: &QuotaRecord, interval: Interval) {
        for kind in LimitKind::ALL.into_iter().filter(|kind| !kind.is_daily()) {
            if let Some([mean, peak]) = Asked::of(quota, kind, r).and_then(|asked| asked.used(interval)) {
                self.see(mean, peak);
            }
        }
    }
}

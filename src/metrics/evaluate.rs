//! From counts to metrics, by the formulas of the terms table.

mod requests;

use std::collections::BTreeMap;

use super::abandoned_cost::AbandonedCost;
use super::counters::Counts;
use super::ledger::{Item, committed, ledger, month_of_usage, sum};
use super::record::{Clock, Cohort, QuotaRecord, Record, WorstMinutes};
use super::timeline::{Bucket, LatencyGrid};
use crate::model::capacity::quota::{LimitKind, Quota};
use crate::model::capacity::{Capacity, Limit, Reason, Room};
use crate::model::pricing::Billed;
use crate::model::workload::Slo;
use crate::model::{Group, Model};
use crate::stats::{Deviation, Histogram};
use crate::terms::LATENCY_STATISTICS;
use crate::units::{MICROS_PER_DAY, MICROS_PER_MINUTE, SECONDS_PER_MICRO, SimTime, Steps, Usd};

/// One figure of one replication, or of several pooled.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Measure {
    /// A count, a mean, a ratio of unlike things; `None`: not known.
    Value(Option<f64>),
    /// A share of trials.
    Rate {
        events: u64,
        trials: u64,
        /// Minutes in which there were trials, or the trials themselves where events do not come in clusters of a minute.
        minutes: u64,
        /// How the minutes' counts of events deviate from their mean.
        deviation: Deviation,
    },
    /// A percentile of `count` values.
    Percentile { share: f64, value: Option<f64>, count: u64 },
}

impl Measure {
    /// A rate whose trials are taken as independent.
    #[must_use]
    pub fn rate(events: u64, trials: u64) -> Self {
        Self::Rate { events, trials, minutes: trials, deviation: Deviation::default() }
    }

    /// How many independent trials a rate is worth in which nothing, or everything, was an event and of whose clusters
    /// nothing is known; `None`: it is no such rate.
    #[must_use]
    pub fn unseen_in(self) -> Option<f64> {
        match self {
            Self::Rate { events, trials, minutes, .. } if trials > 0 && (events == 0 || events == trials) => {
                Some(minutes as f64)
            }
            _ => None,
        }
    }

    #[must_use]
    pub fn value(self) -> Option<f64> {
        match self {
            Self::Value(value) | Self::Percentile { value, .. } => value,
            Self::Rate { events, trials, .. } => (trials > 0).then(|| events as f64 / trials as f64),
        }
    }
}

/// A figure and its full name.
#[derive(Debug, Clone, PartialEq)]
pub struct Measured {
    pub name: String,
    pub measure: Measure,
}

/// Every metric of a record of the interval `[from, to)`, its names led by `prefix` (empty, or `windows.NAME.`).
///
/// The same model gives the same names in the same order.
#[must_use]
pub fn evaluate(model: &Model, record: &Record, from: SimTime, to: SimTime, prefix: &str) -> Vec<Measured> {
    let mut sheet = Sheet { prefix: prefix.to_owned(), out: Vec::new() };
    let mut total = Cohort::default();
    record.workloads.iter().for_each(|cohort| total.merge(cohort));
    total.worst_minutes = record.worst_minutes;
    total.blocks = record.blocks;
    total.aftermath = record.aftermath;
    total.sessions = record.sessions;
    let duration = SimTime(to.0 - from.0);
    let bill = ledger(model, record, from, to);
    let month = month_of_usage(model, record, duration);
    sheet.cohort("", &total, Cost::of(bill.iter()), duration);
    sheet.value("requests_per_month", month.map(|by| by * total.requests as f64));
    sheet.usd("committed_usd", committed(model));
    sheet.usd("one_time_usd", sum(bill.iter(), |item| item.due.once));
    let mut abandoned = AbandonedCost::NOTHING;
    for (w, (workload, cohort)) in model.workloads.iter().zip(&record.workloads).enumerate() {
        let own = Cost::of(bill.iter().filter(|item| item.workload == Some(w)));
        sheet.cohort(&format!("workloads.{}.", workload.name), cohort, own, duration);
        let cost = AbandonedCost::of(model, w, &cohort.abandoned);
        sheet.abandoned(&format!("workloads.{}.", workload.name), cost);
        abandoned = abandoned.plus(cost);
        sheet.value(
            &format!("workloads.{}.requests_per_month", workload.name),
            month.map(|by| by * cohort.requests as f64),
        );
    }
    sheet.abandoned("", abandoned);
    for group in &model.groups {
        let cohort = together(group, record);
        let own = Cost::of(bill.iter().filter(|item| item.workload.is_some_and(|w| group.workloads.contains(&w))));
        let of = format!("{}.{}.", group.kind.family(), group.name);
        sheet.cohort(&of, &cohort, own, duration);
        let costs = group.workloads.iter().map(|w| AbandonedCost::of(model, *w, &record.workloads[*w].abandoned));
        sheet.abandoned(&of, costs.fold(AbandonedCost::NOTHING, AbandonedCost::plus));
        sheet.value(&format!("{of}requests_per_month"), month.map(|by| by * cohort.requests as f64));
    }
    supply(&mut sheet, model, record, &bill, Interval { from, to });
    sheet.out
}

/// The requests of a group's workloads. The worst minute of several workloads together is not recorded.
fn together(group: &Group, record: &Record) -> Cohort {
    let mut cohorts = group.workloads.iter().filter_map(|w| record.workloads.get(*w));
    let mut all = cohorts.next().cloned().unwrap_or_default();
    let is_one = group.workloads.len() == 1;
    cohorts.for_each(|cohort| all.merge(cohort));
    if !is_one {
        all.worst_minutes = WorstMinutes::default();
    }
    all
}

/// What something costs in the interval and in a month.
#[derive(Clone, Copy)]
struct Cost {
    cost: Option<Usd>,
    per_month: Option<Usd>,
}

impl Cost {
    fn of<'i>(items: impl Iterator<Item = &'i Item> + Clone) -> Self {
        Self { cost: sum(items.clone(), |item| item.due.cost), per_month: sum(items, |item| item.due.per_month) }
    }
}

/// \[µs\]
#[derive(Clone, Copy)]
struct Interval {
    from: SimTime,
    to: SimTime,
}

impl Interval {
    fn duration(self) -> SimTime {
        SimTime(self.to.0 - self.from.0)
    }

    /// The time average and the greatest value of a step function; `None`: the interval is empty.
    fn over(self, steps: &Steps<f64>) -> Option<[f64; 2]> {
        steps.mean_and_most_over(self.from, self.to)
    }
}

struct Sheet {
    prefix: String,
    out: Vec<Measured>,
}

impl Sheet {
    fn put(&mut self, name: &str, measure: Measure) {
        self.out.push(Measured { name: format!("{}{name}", self.prefix), measure });
    }

    fn value(&mut self, name: &str, value: Option<f64>) {
        self.put(name, Measure::Value(value));
    }

    fn count(&mut self, name: &str, count: u64) {
        self.value(name, Some(count as f64));
    }

    fn rate(&mut self, name: &str, events: u64, trials: u64) {
        self.put(name, Measure::rate(events, trials));
    }

    fn usd(&mut self, name: &str, amount: Option<Usd>) {
        self.value(name, amount.map(Usd::as_f64));
    }

    fn cohort(&mut self, of: &str, c: &Cohort, cost: Cost, duration: SimTime) {
        let outer = self.prefix.clone();
        self.prefix += of;
        let attempts = c.attempts();
        for (name, count) in [
            ("requests", c.requests),
            ("served", c.served),
            ("failed", c.failed),
            ("timed_out", c.timed_out),
            ("unfinished", c.unfinished),
            ("never_sent", c.unsent),
            ("attempts", attempts),
            ("throttled_attempts", c.throttled_attempts),
            ("offers", c.offers()),
            ("throttled_offers", c.throttled_offers),
            ("recovered_attempts", c.recovered_attempts),
        ] {
            self.count(name, count);
        }
        for ((name, events, trials), blocks) in c.rates().into_iter().zip(&c.blocks) {
            let minutes = blocks.minutes.min(trials);
            self.put(name, Measure::Rate { events, trials, minutes, deviation: blocks.deviation() });
        }
        let abandoned = c.abandoned.total();
        self.count("abandoned_attempts", abandoned.calls);
        self.count("abandoned_tokens", abandoned.input() + abandoned.output);
        self.time_to_failure(c.time_to_failure.as_ref());
        if let Some(done) = c.job_done {
            let is_over = c.requests > 0 && c.unfinished == 0;
            self.value("job_done_at_ms", is_over.then_some(done as f64 * 1e-3));
        }
        if let Some(sessions) = c.sessions {
            self.sessions(sessions, duration);
        }
        let (throttled, ended) = c.worst_minutes.throttled;
        self.rate("worst_minute_throttle_rate", throttled, ended);
        self.value("retry_amplification", (c.calls() > 0).then(|| attempts as f64 / c.calls() as f64));
        let (sent, calls) = c.worst_minutes.attempts;
        self.value("worst_minute_retry_amplification", (calls > 0).then(|| sent as f64 / calls as f64));
        if let Some(aftermath) = c.aftermath {
            self.aftermath(aftermath);
        }
        self.value("goodput_per_s", (duration.0 > 0).then(|| c.within_slo() as f64 / duration.as_secs_f64()));
        for (stem, histogram) in c.latencies.by_stem() {
            self.latency(stem, &histogram);
        }
        let tokens = c.billed_total();
        for (name, count) in [
            ("input_tokens", tokens.input()),
            ("uncached_input_tokens", tokens.uncached),
            ("cache_read_tokens", tokens.cache_read),
            ("cache_write_tokens", tokens.cache_write),
            ("output_tokens", tokens.output),
        ] {
            self.count(name, count);
        }
        self.usd("cost_usd", cost.cost);
        self.usd("cost_per_month_usd", cost.per_month);
        let each = cost.cost.filter(|_| c.requests > 0).map(|usd| usd.as_f64() * 1e3 / c.requests as f64);
        self.value("cost_per_1k_requests_usd", each);
        self.prefix = outer;
    }

    fn latency(&mut self, stem: &str, histogram: &Histogram) {
        for (suffix, share) in LATENCY_STATISTICS {
            let name = format!("{stem}_{suffix}_ms");
            match share {
                None => self.value(&name, histogram.mean().map(|us| us * 1e-3)),
                Some(share) => {
                    let value = histogram.quantile(share).map(|us| us * 1e-3);
                    self.put(&name, Measure::Percentile { share, value, count: histogram.count() });
                }
            }
        }
    }
}

fn supply(sheet: &mut Sheet, model: &Model, record: &Record, bill: &[Item], interval: Interval) {
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
        let cost = Cost::of(bill.iter().filter(|item| item.capacity == Some(c)));
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

/// What completed attempts at one capacity had reserved and did not use, as each limit counts it \[tokens\].
struct Unused {
    /// Of limits that are charged with burndown, without and with cache reads.
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
            caps: r.reserved - billed.uncached - billed.cache_write,
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

    /// As the capacity's limit on output counts it, if it has one, else without cache reads.
    fn by_capacity(&self, model: &Model, capacity: &Capacity) -> u64 {
        let mut quotas = capacity.quotas.iter().map(|q| &model.quotas[*q]);
        let own = quotas.find(|q| counted_by(q) != LimitKind::Tpm);
        own.map_or(self.burned, |quota| self.by_limit(quota, counted_by(quota)))
    }
}

/// The limit of a quota by which what was reserved in vain is counted.
fn counted_by(quota: &Quota) -> LimitKind {
    let first = [LimitKind::Output, LimitKind::Itpm].into_iter().find(|kind| quota.limit(*kind).is_some());
    first.unwrap_or(LimitKind::Tpm)
}

const MINUTES_PER_DAY: f64 = 1_440.0;

/// Limits that a named quota can have: those that are bought belong to a capacity.
const BY_NAME: [LimitKind; 5] = [LimitKind::Rpm, LimitKind::Tpm, LimitKind::Tpd, LimitKind::Itpm, LimitKind::Otpm];

fn jobs(sheet: &mut Sheet, prefix: &str, r: super::record::Jobs) {
    let mean = |sum: u64| (r.jobs > 0).then(|| sum as f64 * 1e-3 / r.jobs as f64);
    sheet.count(&format!("{prefix}jobs"), r.jobs);
    sheet.value(&format!("{prefix}job_wait_mean_ms"), mean(r.wait));
    sheet.value(&format!("{prefix}job_makespan_mean_ms"), mean(r.makespan));
    sheet.rate(&format!("{prefix}jobs_in_time_rate"), r.in_time, r.jobs);
}

/// What a limit admits in a minute \[1/min\].
pub(super) fn per_minute(limit: &Limit) -> f64 {
    limit.amount as f64 * MICROS_PER_MINUTE as f64 / limit.limiter.window() as f64
}

/// How many places a capacity has, on average over the interval and at most; `None`: it does not count them.
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

    /// What the limit admits in a minute, on average over the interval and at most.
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

    fn figures(&self, sheet: &mut Sheet, unused: u64, interval: Interval) {
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

/// The detail that charts draw: the first replication's timeline and the pooled distributions.
#[must_use]
pub fn detail(model: &Model, first: &Record, pooled: &Record) -> crate::results::Detail {
    let limits = model
        .quotas
        .iter()
        .flat_map(|quota| {
            LimitKind::ALL.into_iter().filter(|kind| !kind.is_daily()).filter_map(move |kind| {
                let limit = quota.limit(kind)?;
                let facts = crate::results::LimitFacts {
                    per_minute: per_minute(limit),
                    limiter: limit.limiter.name().to_owned(),
                };
                Some((format!("{}.{}", quota.prefix, kind.name()), facts))
            })
        })
        .collect();
    let mut distributions = BTreeMap::new();
    let mut total = Cohort::default();
    for (workload, cohort) in model.workloads.iter().zip(&pooled.workloads) {
        total.merge(cohort);
        if model.workloads.len() > 1 {
            for (stem, histogram) in cohort.latencies.by_stem() {
                distributions.insert(format!("workloads.{}.{stem}", workload.name), quantiles(&histogram));
            }
        }
    }
    for (stem, histogram) in total.latencies.by_stem() {
        distributions.insert(stem.to_owned(), quantiles(&histogram));
    }
    let objectives = model.workloads.iter().filter_map(|w| Some((w.name.clone(), objective(w.slo)?))).collect();
    crate::results::Detail { timeline: timeline(model, first), distributions, limits, objectives }
}

/// `None`: every answer is good.
fn objective(slo: Slo) -> Option<crate::results::Objective> {
    let ms = |time: Option<SimTime>| time.map(|t| t.0 as f64 * 1e-3);
    (slo != Slo::default()).then(|| crate::results::Objective { ttft_ms: ms(slo.ttft), e2e_ms: ms(slo.e2e) })
}

/// Whole per cents, then ever finer steps towards 1.
fn quantiles(histogram: &Histogram) -> crate::results::Quantiles {
    let coarse = (0..=98).map(|i| f64::from(i) / 100.0);
    let fine = (990..=998).map(|i| f64::from(i) / 1e3);
    let finest = (9_990..=10_000).map(|i| f64::from(i) / 1e4);
    let shares: Vec<f64> = coarse.chain(fine).chain(finest).collect();
    let values_ms = match histogram.count() {
        0 => Vec::new(),
        _ => shares.iter().filter_map(|p| histogram.quantile(*p)).map(|us| us * 1e-3).collect(),
    };
    let shares = if values_ms.is_empty() { Vec::new() } else { shares };
    crate::results::Quantiles { count: histogram.count(), shares, values_ms }
}

fn timeline(model: &Model, record: &Record) -> crate::results::Timeline {
    let (line, n) = (&record.timeline, record.timeline.buckets.len());
    let duration = model.run.duration.0;
    // The last bucket may be cut short by the end of the interval.
    let width = |i: usize| if i + 1 == n { duration - (n as u64 - 1) * line.width } else { line.width };
    let widths: Vec<u64> = (0..n).map(width).collect();
    let each = |value: &dyn Fn(&Bucket) -> f64| line.buckets.iter().map(value).collect::<Vec<f64>>();
    let per_minute = |count: &dyn Fn(&Bucket) -> u64| -> Vec<f64> {
        let counts = line.buckets.iter().map(count).zip(&widths);
        counts.map(|(count, width)| count as f64 * MICROS_PER_MINUTE as f64 / *width as f64).collect()
    };
    let mut series = BTreeMap::new();
    let mut attempts = |prefix: &str, of: &dyn Fn(&Bucket) -> Counts| {
        series.insert(format!("{prefix}.arrivals_per_min"), per_minute(&|b| of(b).arrivals));
        series.insert(format!("{prefix}.calls_per_min"), per_minute(&|b| of(b).calls));
        series.insert(format!("{prefix}.attempts_per_min"), per_minute(&|b| of(b).attempts));
        series.insert(format!("{prefix}.throttled_attempts_per_min"), per_minute(&|b| of(b).throttled));
    };
    for (w, workload) in model.workloads.iter().enumerate() {
        attempts(&format!("workloads.{}", workload.name), &|b| b.workloads[w]);
    }
    attempts("total", &|b| Counts::sum(&b.workloads));
    series.insert("total.attempts_ended_per_min".to_owned(), per_minute(&|b| Counts::sum(&b.workloads).ended()));
    for (c, capacity) in model.capacities.iter().enumerate() {
        series.insert(format!("capacities.{}.in_flight", capacity.name), each(&|b| b.capacities[c][0] as f64));
        series.insert(format!("capacities.{}.waiting", capacity.name), each(&|b| b.capacities[c][1] as f64));
        series.insert(format!("capacities.{}.admitted_per_min", capacity.name), per_minute(&|b| b.admitted[c]));
    }
    let pools = model.capacities.iter().filter_map(|capacity| match &capacity.room {
        Room::Regions(pool) => Some((capacity, pool)),
        _ => None,
    });
    let regions = pools.flat_map(|(capacity, pool)| pool.regions.iter().map(|region| (&capacity.name, &region.name)));
    for (i, (capacity, region)) in regions.enumerate() {
        let name = format!("capacities.{capacity}.regions.{region}.admitted_per_min");
        series.insert(name, per_minute(&|b| b.regions[i]));
    }
    for reason in Reason::ALL {
        let of = |b: &Bucket| b.refused[reason as usize];
        if line.buckets.iter().any(|b| of(b) > 0) {
            series.insert(format!("total.refused_{}_per_min", reason.name()), per_minute(&of));
        }
    }
    for (q, quota) in model.quotas.iter().enumerate() {
        for kind in LimitKind::ALL.into_iter().filter(|kind| !kind.is_daily()) {
            let (Some(limit), i) = (quota.limit(kind), kind as usize) else { continue };
            let scale = MICROS_PER_MINUTE as f64 / limit.limiter.window() as f64;
            let prefix = format!("{}.{}", quota.prefix, kind.name());
            series.insert(format!("{prefix}.occupied_per_min"), each(&|b| b.quotas[q].occupied[i] as f64 * scale));
            series.insert(format!("{prefix}.charged_per_min"), per_minute(&|b| b.quotas[q].charged[i]));
        }
    }
    // Without buckets there are no series.
    series.retain(|_, values: &mut Vec<f64>| !values.is_empty());
    let mut timeline = crate::results::Timeline {
        start: model.run.start.written.clone(),
        from_s: model.run.warmup.as_secs_f64(),
        bucket_s: line.width as f64 * SECONDS_PER_MICRO,
        series,
    };
    latencies_over_time(&mut timeline, &line.latencies);
    timeline
}

/// Quantiles of e2e, each over the minute that a short bucket lies in: a few seconds hold too few requests for a tail.
fn latencies_over_time(timeline: &mut crate::results::Timeline, grid: &LatencyGrid) {
    if grid.is_empty() {
        return;
    }
    const SHARES: [(f64, &str); 3] = [(0.5, "p50"), (0.95, "p95"), (0.99, "p99")];
    let mut quantiles: [Vec<f64>; 3] = Default::default();
    for group in timeline.columns() {
        let ms =
            grid.quantiles(group.clone(), SHARES.map(|(share, _)| share)).map_or([0.0; 3], |us| us.map(|us| us * 1e-3));
        quantiles.iter_mut().zip(ms).for_each(|(series, ms)| series.extend(group.clone().map(|_| ms)));
    }
    for ((_, name), values) in SHARES.into_iter().zip(quantiles).filter(|(_, values)| !values.is_empty()) {
        timeline.series.insert(format!("total.e2e_{name}_ms"), values);
    }
}

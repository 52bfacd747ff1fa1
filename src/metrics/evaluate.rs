//! Metrics computed from counts, by the formulas of the terms table.

mod detail;
mod requests;
mod supply;

pub use detail::detail;
pub(super) use supply::per_minute;

use super::abandoned_cost::AbandonedCost;
use super::blocks::independent_a_minute;
use super::ledger::{Item, committed, ledger, month_of_usage, sum};
use super::record::{Cohort, NEVER_DONE, Record, WorstMinutes};
use crate::model::{Group, Model};
use crate::stats::{Deviation, Histogram};
use crate::terms::LATENCY_STATISTICS;
use crate::units::{SimTime, Steps, Usd};

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
        /// The number of independent blocks that these minutes are worth: as many, or the expected number of random
        /// episodes of the traffic where that is less.
        blocks: f64,
        /// The deviation of the minutes' counts of events from their mean.
        deviation: Deviation,
    },
    /// A percentile of `count` values.
    Percentile { share: f64, value: Option<f64>, count: u64 },
}

impl Measure {
    /// Returns a rate whose trials are taken as independent.
    #[must_use]
    pub fn rate(events: u64, trials: u64) -> Self {
        Self::Rate { events, trials, minutes: trials, blocks: trials as f64, deviation: Deviation::default() }
    }

    /// Returns how many independent trials a rate is worth in which nothing, or everything, was an event, so that its
    /// clusters are not known; `None`: it is no such rate.
    #[must_use]
    pub fn unseen_in(self) -> Option<f64> {
        match self {
            Self::Rate { events, trials, blocks, .. } if trials > 0 && (events == 0 || events == trials) => {
                Some(blocks)
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

/// A list of metrics in the making. Names are long, and a model has many: only a list that needs them makes them.
pub trait Metrics {
    /// Adds a metric, whose name is in two parts.
    fn put(&mut self, name: [&str; 2], measure: Measure);
}

impl Metrics for Vec<Measure> {
    fn put(&mut self, _: [&str; 2], measure: Measure) {
        self.push(measure);
    }
}

impl Metrics for Vec<Measured> {
    fn put(&mut self, name: [&str; 2], measure: Measure) {
        self.push(Measured { name: name.concat(), measure });
    }
}

/// A figure and its full name.
#[derive(Debug, Clone, PartialEq)]
pub struct Measured {
    pub name: String,
    pub measure: Measure,
}

/// Adds every metric of a record of the interval `[from, to)` to a sheet, names led by `prefix` (empty, or
/// `windows.NAME.`).
///
/// The same model gives the same names in the same order.
pub fn evaluate(model: &Model, record: &Record, (from, to): (SimTime, SimTime), prefix: &str, out: &mut dyn Metrics) {
    let mut sheet = Sheet { prefix: prefix.to_owned(), independent: independent_a_minute(model), out };
    let mut total = Cohort::default();
    record.workloads.iter().for_each(|cohort| total.merge(cohort));
    total.worst_minutes = record.worst_minutes;
    total.blocks = record.blocks;
    total.aftermath = record.aftermath;
    total.sessions = record.sessions;
    let duration = SimTime(to.0 - from.0);
    let costs = Costs::of(model, &ledger(model, record, from, to));
    let month = month_of_usage(model, record, duration);
    let writes = |w: usize| model.workloads[w].tokens.writes;
    let any_writes = (0..model.workloads.len()).any(writes);
    sheet.cohort("", &total, costs.all, (duration, any_writes));
    sheet.value("requests_per_month", month.map(|by| by * total.requests as f64));
    sheet.usd("committed_usd", committed(model));
    sheet.usd("one_time_usd", costs.once);
    let mut abandoned = AbandonedCost::NOTHING;
    for (w, (workload, cohort)) in model.workloads.iter().zip(&record.workloads).enumerate() {
        let of = format!("workloads.{}.", workload.name);
        sheet.cohort(&of, cohort, costs.workloads[w], (duration, writes(w)));
        let cost = AbandonedCost::of(model, w, &cohort.abandoned);
        sheet.abandoned(&of, cost);
        abandoned = abandoned.plus(cost);
        sheet.value(&format!("{of}requests_per_month"), month.map(|by| by * cohort.requests as f64));
    }
    sheet.abandoned("", abandoned);
    for group in &model.groups {
        let cohort = together(group, record);
        let own = group.workloads.iter().map(|w| costs.workloads[*w]).fold(Cost::NOTHING, Cost::plus);
        let of = format!("{}.{}.", group.kind.family(), group.name);
        let any_writes = group.workloads.iter().any(|w| writes(*w));
        sheet.cohort(&of, &cohort, own, (duration, any_writes));
        let costs = group.workloads.iter().map(|w| AbandonedCost::of(model, *w, &record.workloads[*w].abandoned));
        sheet.abandoned(&of, costs.fold(AbandonedCost::NOTHING, AbandonedCost::plus));
        sheet.value(&format!("{of}requests_per_month"), month.map(|by| by * cohort.requests as f64));
    }
    supply::supply(&mut sheet, model, record, &costs, Interval { from, to });
}

/// Returns the requests of a group's workloads. The worst minute of several workloads together is not recorded.
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

/// The cost of something in the interval and in a month.
#[derive(Clone, Copy)]
struct Cost {
    cost: Option<Usd>,
    per_month: Option<Usd>,
}

impl Cost {
    const NOTHING: Self = Self { cost: Some(Usd::ZERO), per_month: Some(Usd::ZERO) };

    fn of(item: &Item) -> Self {
        Self { cost: item.due.cost, per_month: item.due.per_month }
    }

    /// Returns the cost of both; an amount is not known where one of the two is not.
    fn plus(self, other: Self) -> Self {
        let sum = |a: Option<Usd>, b: Option<Usd>| a.zip(b).map(|(a, b)| a + b);
        Self { cost: sum(self.cost, other.cost), per_month: sum(self.per_month, other.per_month) }
    }
}

/// The sums of a bill.
struct Costs {
    all: Cost,
    /// The amount that is paid once.
    once: Option<Usd>,
    workloads: Vec<Cost>,
    capacities: Vec<Cost>,
}

impl Costs {
    fn of(model: &Model, bill: &[Item]) -> Self {
        let mut costs = Self {
            all: Cost::NOTHING,
            once: sum(bill.iter(), |item| item.due.once),
            workloads: vec![Cost::NOTHING; model.workloads.len()],
            capacities: vec![Cost::NOTHING; model.capacities.len()],
        };
        for item in bill {
            let own = Cost::of(item);
            costs.all = costs.all.plus(own);
            if let Some(workload) = item.workload.and_then(|w| costs.workloads.get_mut(w)) {
                *workload = workload.plus(own);
            }
            if let Some(capacity) = item.capacity.and_then(|c| costs.capacities.get_mut(c)) {
                *capacity = capacity.plus(own);
            }
        }
        costs
    }
}

/// The interval of a record \[µs\].
#[derive(Clone, Copy)]
struct Interval {
    from: SimTime,
    to: SimTime,
}

impl Interval {
    fn duration(self) -> SimTime {
        SimTime(self.to.0 - self.from.0)
    }

    /// Returns the time average and the greatest value of a step function; `None`: the interval is empty.
    fn over(self, steps: &Steps<f64>) -> Option<[f64; 2]> {
        steps.mean_and_most_over(self.from, self.to)
    }
}

struct Sheet<'o> {
    prefix: String,
    /// Independent blocks in a measured minute, at most 1.
    independent: f64,
    out: &'o mut dyn Metrics,
}

impl Sheet<'_> {
    fn put(&mut self, name: &str, measure: Measure) {
        self.out.put([&self.prefix, name], measure);
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

    /// Puts down the figures of some requests over an interval of this duration. `writes` says whether any of their models
    /// writes an answer.
    fn cohort(&mut self, of: &str, c: &Cohort, cost: Cost, (duration, writes): (SimTime, bool)) {
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
            // Embedding and reranking calls have no output that could be cut: none is certain, not merely unseen.
            if name == "truncation_rate" && !writes {
                self.value(name, Some(0.0));
                continue;
            }
            let deviation = blocks.deviation();
            let blocks = minutes as f64 * self.independent;
            self.put(name, Measure::Rate { events, trials, minutes, blocks, deviation });
        }
        let abandoned = c.abandoned.total();
        self.count("abandoned_attempts", abandoned.calls);
        self.count("abandoned_tokens", abandoned.input() + abandoned.output);
        self.time_to_failure(c.time_to_failure.as_ref());
        if let Some(done) = c.job_done {
            let is_over = c.requests > 0 && c.unfinished == 0 && done != NEVER_DONE;
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

//! The detail that charts draw: series over time, distributions, limits and objectives.

use std::collections::BTreeMap;

use super::supply::per_minute;
use crate::metrics::counters::Counts;
use crate::metrics::record::{Cohort, Record};
use crate::metrics::timeline::{Bucket, LatencyGrid, MOST_COURSES};
use crate::model::Model;
use crate::model::capacity::quota::LimitKind;
use crate::model::capacity::{Reason, Room};
use crate::model::workload::Slo;
use crate::stats::Histogram;
use crate::units::{MICROS_PER_MINUTE, SECONDS_PER_MICRO, SimTime};

/// Returns the detail that charts draw: the first replication's timeline and the pooled distributions.
#[must_use]
pub fn detail(model: &Model, first: &Record, pooled: &Record) -> crate::results::Detail {
    let limits = model
        .quotas
        .iter()
        .zip(&pooled.quotas)
        .flat_map(|(quota, record)| {
            LimitKind::ALL.into_iter().filter(|kind| !kind.is_daily()).filter_map(move |kind| {
                let limit = quota.limit(kind)?;
                let scale = MICROS_PER_MINUTE as f64 / limit.limiter.window() as f64;
                let facts = crate::results::LimitFacts {
                    per_minute: per_minute(limit),
                    limiter: limit.limiter.name().to_owned(),
                    occupied_peak_per_min: Some(record.occupied_peak[kind as usize] as f64 * scale),
                };
                Some((format!("{}.{}", quota.prefix, kind.name()), facts))
            })
        })
        .collect();
    let mut distributions = BTreeMap::new();
    let mut total = Cohort::default();
    for (workload, cohort) in model.workloads.iter().zip(&pooled.workloads) {
        total.merge(cohort);
        if (2..=MOST_COURSES).contains(&model.workloads.len()) {
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

/// Returns the parts that have series of their own: all or, of too many, none.
fn detailed<T>(parts: &[T]) -> &[T] {
    if parts.len() <= MOST_COURSES { parts } else { &[] }
}

/// Returns the objective of a workload; `None`: every answer is good.
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
        _ => histogram.quantiles(shares.iter().copied()).map(|us| us * 1e-3).collect(),
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
    for (w, workload) in detailed(&model.workloads).iter().enumerate() {
        attempts(&format!("workloads.{}", workload.name), &|b| b.workloads[w]);
    }
    attempts("total", &|b| b.total);
    series.insert("total.attempts_ended_per_min".to_owned(), per_minute(&|b| b.total.ended()));
    for (c, capacity) in detailed(&model.capacities).iter().enumerate() {
        series.insert(format!("capacities.{}.in_flight", capacity.name), each(&|b| b.capacities[c][0] as f64));
        series.insert(format!("capacities.{}.waiting", capacity.name), each(&|b| b.capacities[c][1] as f64));
        series.insert(format!("capacities.{}.admitted_per_min", capacity.name), per_minute(&|b| b.admitted[c]));
    }
    let pools = detailed(&model.capacities).iter().filter_map(|capacity| match &capacity.room {
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
    for (q, quota) in detailed(&model.quotas).iter().enumerate() {
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

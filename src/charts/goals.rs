//! The goals on latency that charts draw: objectives that all workloads share, and bounds on percentiles.

use super::Subject;
use crate::results::{Detail, Expectation, Point};
use crate::terms::natural_order;

/// The percentiles of e2e whose bounds are drawn.
const BOUNDED: [(&str, f64); 3] = [("p50", 0.5), ("p95", 0.95), ("p99", 0.99)];

/// The goals on latency that a chart draws as lines \[ms\].
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Goals {
    /// The longest good time to the last token.
    pub(super) e2e: Option<f64>,
    /// The percentile of e2e that has to meet it: of those that are drawn, the first beyond the share that must.
    pub(super) percentile: &'static str,
    /// The longest good time to the first token.
    pub(super) ttft: Option<f64>,
    /// The upper bounds that expectations set on percentiles of e2e.
    pub(super) bounds: Vec<Bound>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Bound {
    /// The name of the percentile, such as `p99`.
    pub(super) name: &'static str,
    pub(super) ms: f64,
}

impl Goals {
    pub(super) fn of(subject: &Subject<'_>, point: &Point, detail: &Detail) -> Self {
        let judged = if point.expectations.is_empty() { &subject.results.expectations } else { &point.expectations };
        let workloads = workloads(point, detail);
        // Objectives that differ have no one line.
        let mut all = workloads.iter().map(|name| detail.objectives.get(*name));
        let first = all.next().flatten();
        let shared = first.filter(|first| all.all(|other| other == Some(first)));
        let e2e = shared.and_then(|o| o.e2e_ms).and_then(known);
        let mut bounds = bounds(judged, &workloads);
        bounds.retain(|bound| Some(bound.ms) != e2e);
        let share = judged.iter().filter(|e| e.metric.ends_with("slo_attainment")).filter_map(|e| e.at_least);
        let share = share.fold(0.0, f64::max);
        let meets = BOUNDED.into_iter().find(|(_, of)| share > 0.0 && *of >= share);
        let percentile = meets.map_or("p99", |(name, _)| name);
        Self { e2e, percentile, ttft: shared.and_then(|o| o.ttft_ms).and_then(known), bounds }
    }
}

/// Returns the names of all workloads, sorted as people sort names: those that have series, else those that have metrics.
fn workloads<'p>(point: &'p Point, detail: &'p Detail) -> Vec<&'p str> {
    let of =
        |name: &'_ String| -> Option<usize> { Some("workloads.".len() + name.strip_prefix("workloads.")?.find('.')?) };
    let mut names: Vec<&str> =
        detail.timeline.series.keys().filter_map(|name| of(name).map(|end| &name["workloads.".len()..end])).collect();
    if names.is_empty() {
        let of = |name: &'p String| name.strip_prefix("workloads.")?.strip_suffix(".requests");
        names = point.metrics.keys().filter_map(of).collect();
    }
    names.sort_by(|a, b| natural_order(a, b));
    names.dedup();
    names
}

fn known(ms: f64) -> Option<f64> {
    (ms.is_finite() && ms > 0.0).then_some(ms)
}

/// Returns the upper bounds on e2e that are expected of all workloads together, or of the only workload.
fn bounds(expectations: &[Expectation], workloads: &[&str]) -> Vec<Bound> {
    let of = |e: &Expectation| {
        let metric = match workloads {
            [only] => e.metric.strip_prefix(&format!("workloads.{only}.")).unwrap_or(&e.metric),
            _ => e.metric.as_str(),
        };
        let name = metric.strip_prefix("e2e_")?.strip_suffix("_ms")?;
        let (name, _) = BOUNDED.into_iter().find(|(known, _)| *known == name)?;
        Some(Bound { name, ms: known(e.at_most?)? })
    };
    expectations.iter().filter_map(of).collect()
}

//! Estimates with confidence intervals, from the records of replications.

use std::collections::BTreeMap;

use super::replicate::{Record, Replication};
use crate::metrics::{Measure, Metrics};
use crate::model::Model;
use crate::results::Estimate;
use crate::stats::{dispersion, interval};

/// Returns the sum of the replications' records, in order.
///
/// # Panics
/// When there is no replication.
pub(super) fn pool(replications: &[Replication]) -> Record {
    let (first, rest) = replications.split_first().expect("at least one replication");
    let Record { measured, windows } = &first.record;
    let mut pooled = Record { measured: measured.without_course(), windows: windows.clone() };
    for replication in rest {
        pooled.measured.merge(&replication.record.measured);
        for (mine, theirs) in pooled.windows.iter_mut().zip(&replication.record.windows) {
            mine.merge(theirs);
        }
    }
    pooled
}

/// Returns every metric with its interval at the model's confidence.
pub(super) fn estimates(model: &Model, replications: &[Replication], pooled: &Record) -> BTreeMap<String, Estimate> {
    let confidence = model.run.confidence;
    let mut sheet = Estimates { replications, confidence, seen: 0, own: Vec::new(), all: BTreeMap::new() };
    pooled.evaluate_into(model, &mut sheet);
    sheet.all
}

/// Estimates in the making, from the metrics of the pooled replications in their order.
struct Estimates<'r> {
    replications: &'r [Replication],
    confidence: f64,
    /// The number of metrics so far.
    seen: usize,
    /// Room for the measures of one metric in each replication.
    own: Vec<Measure>,
    all: BTreeMap<String, Estimate>,
}

impl Metrics for Estimates<'_> {
    fn put(&mut self, name: [&str; 2], measure: Measure) {
        self.own.clear();
        self.own.extend(self.replications.iter().map(|r| r.metrics[self.seen]));
        self.seen += 1;
        self.all.insert(name.concat(), estimate(measure, &self.own, self.confidence));
    }
}

/// Returns the estimate of one metric from its pooled measure and each replication's own.
pub(super) fn estimate(pooled: Measure, own: &[Measure], confidence: f64) -> Estimate {
    let n = own.len() as u64;
    let unknown = Estimate { estimate: None, half_width: None, n };
    let values: Option<Vec<f64>> = own.iter().map(|m| m.value()).collect();
    match pooled {
        Measure::Percentile { share, value, .. } => {
            let (Some(value), Some(values)) = (value, values) else { return unknown };
            if own.iter().any(|m| is_too_thin(*m, share)) {
                return unknown;
            }
            Estimate { estimate: Some(value), half_width: interval::by_sectioning(value, &values, confidence), n }
        }
        Measure::Rate { .. } | Measure::Value(_) => {
            if let Some(trials) = pooled.unseen_in() {
                // What never happened, or always, may yet do otherwise: never a zero width.
                let half_width = Some(dispersion::bound_of_none(1.0 - confidence, trials));
                return Estimate { estimate: pooled.value(), half_width, n };
            }
            let Some(values) = values else { return unknown };
            let (mean, half_width) = interval::of_mean(&values, confidence);
            Estimate { estimate: Some(mean), half_width, n }
        }
    }
}

/// Returns whether a replication's tail holds too few values for a percentile: fewer than `10 / (1 - share)` in all.
fn is_too_thin(own: Measure, share: f64) -> bool {
    match own {
        // A hair less, for shares such as 0.9 that are not exact.
        Measure::Percentile { count, .. } => (count as f64) * (1.0 - share) < 10.0 - 1e-9,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::Deviation;

    #[test]
    fn a_rate_without_events_is_bounded_by_its_minutes() {
        let rate = |events, trials, minutes: u64| {
            let blocks = minutes as f64;
            Measure::Rate { events, trials, minutes, blocks, deviation: Deviation::default() }
        };
        let expected = -libm::log(0.05) / 60.0;
        for (events, estimate_is) in [(0, 0.0), (3_000, 1.0)] {
            let e = estimate(rate(events, 3_000, 60), &[rate(events / 3, 1_000, 20); 3], 0.95);
            assert_eq!(e.estimate, Some(estimate_is));
            assert!((e.half_width.unwrap() - expected).abs() < 1e-9, "{e:?}");
        }
        let e = estimate(rate(0, 0, 0), &[rate(0, 0, 0); 3], 0.95);
        assert_eq!((e.estimate, e.half_width), (None, None));
    }

    #[test]
    fn a_thin_tail_is_not_known() {
        let p99 = |count| Measure::Percentile { share: 0.99, value: Some(5.0), count };
        assert_eq!(estimate(p99(1_999), &[p99(999), p99(1_000)], 0.95).estimate, None);
        assert_eq!(estimate(p99(2_000), &[p99(1_000), p99(1_000)], 0.95).estimate, Some(5.0));
    }

    #[test]
    fn one_unknown_replication_makes_a_mean_unknown() {
        let own = [Measure::Value(Some(1.0)), Measure::Value(None)];
        assert_eq!(estimate(Measure::Value(Some(1.0)), &own, 0.95).estimate, None);
    }
}

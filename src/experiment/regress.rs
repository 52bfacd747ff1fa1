//! Is a run worse than an earlier one with the same seed? Replications pair, so that random variation cancels.

use std::collections::{BTreeMap, BTreeSet};

use super::Played;
use crate::metrics::Measure;
use crate::model::{Bound, Model};
use crate::results::{BaselineScenario, Judgement, Standing};
use crate::stats::interval;

/// A metric against its baseline, in the metric's unit.
#[derive(Debug, Clone, PartialEq)]
pub struct Regression {
    pub metric: String,
    /// The mean of now less then, over the pairs; `None`: there are none.
    pub difference: Option<f64>,
    /// The half-width of the difference's interval at the run's confidence; `None`: one pair has no interval.
    pub half_width: Option<f64>,
    /// Failed: it is worse, and the interval excludes zero.
    pub verdict: Judgement,
    /// True if the mean is better than that of the baseline.
    pub is_better: bool,
}

/// The share of answers that are cut short. It is remembered without a goal, because it may pay for what is better.
const TRUNCATION: &str = "truncation_rate";

/// Returns how much more of the answers are cut short than in the baseline, as a share; `None`: no more, or it is not known.
#[must_use]
pub fn cut_more(model: &Model, played: &Played, baseline: &BaselineScenario) -> Option<f64> {
    let then = baseline.metrics.get(TRUNCATION)?;
    let pairs = values(&played.pooled.find(model, [TRUNCATION]), played, TRUNCATION).into_iter().zip(then);
    let differences: Vec<f64> = pairs.filter_map(|(now, then)| Some(now? - (*then)?)).collect();
    let cut = judged(TRUNCATION, 1.0, &differences, model.run.confidence);
    let is_certain = cut.verdict == Judgement::Failed || cut.half_width.is_none();
    cut.difference.filter(|more| is_certain && *more > 0.0)
}

/// Returns the figures of a run that a baseline keeps.
#[must_use]
pub fn remember(model: &Model, played: &Played) -> BaselineScenario {
    let named: BTreeSet<&str> = model.expectations.iter().map(|e| e.metric.as_str()).collect();
    let names = || named.iter().copied().chain([TRUNCATION]);
    let places = played.pooled.find(model, names());
    let metrics = names().map(|name| (name.to_owned(), values(&places, played, name))).collect();
    BaselineScenario { seed: model.run.seed, metrics, standing: Some(Standing::of(&played.point)) }
}

/// Returns the values of a metric in each replication. `places` tells where metrics lie among those of a replication.
fn values(places: &BTreeMap<&str, (usize, Measure)>, played: &Played, name: &str) -> Vec<Option<f64>> {
    let at = places.get(name).map(|(at, _)| *at);
    played.replications.iter().map(|r| r.metrics[at?].value()).collect()
}

/// Returns each expected metric that the baseline knows. A metric between two bounds has no worse side and is left out.
#[must_use]
pub fn regressions(model: &Model, played: &Played, baseline: &BaselineScenario) -> Vec<Regression> {
    // Which sign is worse, once for each metric.
    let mut worse: BTreeMap<&str, f64> = BTreeMap::new();
    for expectation in &model.expectations {
        let sign = match expectation.bound {
            Bound::AtMost(_) => 1.0,
            Bound::AtLeast(_) => -1.0,
            Bound::Between(..) => continue,
        };
        worse.entry(&expectation.metric).or_insert(sign);
    }
    let places = played.pooled.find(model, worse.keys().copied());
    let compared = worse.into_iter().filter_map(|(metric, sign)| {
        let then = baseline.metrics.get(metric)?;
        let pairs = values(&places, played, metric).into_iter().zip(then);
        let differences: Vec<f64> = pairs.filter_map(|(now, then)| Some(now? - (*then)?)).collect();
        Some(judged(metric, sign, &differences, model.run.confidence))
    });
    compared.collect()
}

fn judged(metric: &str, sign: f64, differences: &[f64], confidence: f64) -> Regression {
    let metric = metric.to_owned();
    if differences.is_empty() {
        return Regression {
            metric,
            difference: None,
            half_width: None,
            verdict: Judgement::Inconclusive,
            is_better: false,
        };
    }
    let (mean, half_width) = interval::of_mean(differences, confidence);
    let is_worse = half_width.is_some_and(|half| sign * mean - half > 0.0);
    let verdict = if is_worse { Judgement::Failed } else { Judgement::Held };
    Regression { metric, difference: Some(mean), half_width, verdict, is_better: sign * mean < 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn worse_is_where_the_bound_is_and_certain() {
        let verdict = |sign, differences: &[f64]| judged("m", sign, differences, 0.95).verdict;
        assert_eq!(verdict(1.0, &[1.0, 1.1, 0.9]), Judgement::Failed);
        assert_eq!(verdict(-1.0, &[1.0, 1.1, 0.9]), Judgement::Held);
        assert_eq!(verdict(-1.0, &[-1.0, -1.1, -0.9]), Judgement::Failed);
        assert_eq!(verdict(1.0, &[1.0, -0.9, 0.2]), Judgement::Held);
        assert_eq!(verdict(1.0, &[0.0, 0.0, 0.0]), Judgement::Held);
        assert_eq!(verdict(1.0, &[5.0]), Judgement::Held, "one pair has no interval");
        assert_eq!(verdict(1.0, &[]), Judgement::Inconclusive);
    }
}

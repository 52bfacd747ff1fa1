//! Do the results keep the expectations, and are they precise enough to say?

use std::collections::BTreeMap;

use super::open;
use super::replicate::{Record, Replication};
use crate::metrics::Measure;
use crate::model::{Bound, Model};
use crate::results::{Estimate, Expectation, Judgement, RateEvidence, Undecided};
use crate::stats::{Deviation, dispersion, interval};
use crate::terms::{self, Unit};

/// Judges every expectation, one-sided; its level is divided by the number of expectations and of looks.
pub(super) fn judge(
    model: &Model,
    replications: &[Replication],
    pooled: &Record,
    metrics: &BTreeMap<String, Estimate>,
) -> Vec<Expectation> {
    let has_ended_early = pooled.measured.ended.is_some();
    let pooled = pooled.find(model, model.expectations.iter().map(|expectation| expectation.metric.as_str()));
    let judgements = model.expectations.len().max(1) as f64 * looks(model);
    let judged = model.expectations.iter().map(|expectation| {
        let e = metrics.get(&expectation.metric).copied();
        let e = e.unwrap_or(Estimate { estimate: None, half_width: None, n: replications.len() as u64 });
        let alpha = (1.0 - expectation.confidence.unwrap_or(model.run.confidence)) / judgements;
        let found = pooled.get(expectation.metric.as_str());
        let evidence = found.and_then(|(at, measure)| evidence(*measure, replications, *at, alpha));
        let margin = margin(model, e, evidence, alpha);
        let verdict = e.estimate.map_or(Judgement::Inconclusive, |x| verdict(expectation.bound, x, margin));
        let (at_most, at_least) = match expectation.bound {
            Bound::AtMost(x) => (Some(x), None),
            Bound::AtLeast(x) => (None, Some(x)),
            Bound::Between(low, high) => (Some(high), Some(low)),
        };
        let judged = Expectation {
            metric: expectation.metric.clone(),
            at_most,
            at_least,
            estimate: e.estimate,
            half_width: e.half_width,
            margin: e.estimate.and(e.half_width).map(|_| margin),
            verdict,
            evidence,
            undecided: None,
        };
        let undecided = open::undecided(&judged, open::Sample { n: e.n, alpha, margin });
        Expectation { undecided, ..judged }
    });
    let judged = judged.map(|e| if has_ended_early { not_held(e) } else { e });
    judged.collect()
}

/// Leaves an expectation open that would hold: what a part of a run shows is no proof for the rest of it.
fn not_held(e: Expectation) -> Expectation {
    if e.verdict == Judgement::Failed {
        return e;
    }
    let why = "the run ended early, and what would have followed is not known".to_owned();
    Expectation { verdict: Judgement::Inconclusive, undecided: Some(Undecided { replications: None, why }), ..e }
}

/// Returns the evidence for the judgement of a rate; `None`: the metric is no rate, or there were no trials.
fn evidence(pooled: Measure, replications: &[Replication], at: usize, alpha: f64) -> Option<RateEvidence> {
    let Measure::Rate { events, trials, minutes, deviation, .. } = pooled else { return None };
    let own = replications.iter().filter_map(|r| match r.metrics[at] {
        Measure::Rate { events, trials, .. } => Some((events, trials)),
        _ => None,
    });
    let between = Deviation::between(own);
    let of = |d: Deviation| [d.squares, d.binomial];
    (trials > 0).then(|| RateEvidence {
        events,
        trials,
        minutes,
        dispersion: deviation.dispersion().max(between.dispersion()),
        between_minutes: of(deviation),
        between_replications: of(between),
        alpha,
        worth: pooled.unseen_in(),
    })
}

/// Returns how many times the stop rule may look at the results: once for each wave.
fn looks(model: &Model) -> f64 {
    let plan = model.run.replications;
    if plan.relative_precision.is_none() {
        return 1.0;
    }
    let (mut looks, mut n) = (1.0, u64::from(plan.min).max(1));
    while n < u64::from(plan.max) {
        n *= 2;
        looks += 1.0;
    }
    looks
}

/// Returns how far the truth may lie from the estimate on one side, at the error probability `alpha`.
fn margin(model: &Model, e: Estimate, evidence: Option<RateEvidence>, alpha: f64) -> f64 {
    if let Some(worth) = evidence.and_then(|evidence| evidence.worth) {
        return dispersion::bound_of_none(alpha, worth);
    }
    match e.half_width {
        Some(half_width) if e.n > 1 => {
            let wide = interval::student_t(model.run.confidence, e.n - 1);
            let one_sided = interval::student_t(1.0 - 2.0 * alpha, e.n - 1);
            half_width * one_sided / wide
        }
        _ => 0.0,
    }
}

pub(super) fn verdict(bound: Bound, estimate: f64, margin: f64) -> Judgement {
    let (over, bound) = match bound {
        Bound::AtMost(bound) => (estimate, bound),
        Bound::AtLeast(bound) => (-estimate, -bound),
        Bound::Between(low, high) => {
            let sides = [Bound::AtLeast(low), Bound::AtMost(high)].map(|side| verdict(side, estimate, margin));
            return match sides {
                [Judgement::Failed, _] | [_, Judgement::Failed] => Judgement::Failed,
                [low, high] => low.max(high),
            };
        }
    };
    if over + margin <= bound {
        Judgement::Held
    } else if over - margin > bound {
        Judgement::Failed
    } else {
        Judgement::Inconclusive
    }
}

/// Returns whether the half-widths of the means and rates that matter are within `precision` of their estimates, or
/// within a floor that is precise enough for any purpose: 0.1 percentage points, 1 ms.
pub(super) fn is_precise(model: &Model, metrics: &BTreeMap<String, Estimate>, precision: f64) -> bool {
    let named: Vec<&str> =
        model.expectations.iter().map(|e| e.metric.as_str()).filter(|m| is_mean_or_rate(m)).collect();
    let is_asked = !named.is_empty();
    let names = if is_asked { named } else { vec!["e2e_mean_ms", "throttle_rate"] };
    names.into_iter().all(|name| match metrics.get(name) {
        Some(Estimate { estimate: Some(estimate), half_width: Some(half), .. }) => {
            let floor = match terms::parse_metric(name).map(|m| m.term.unit) {
                // More runs would narrow what was never seen, but no goal asks for it.
                Ok(Unit::Fraction) if !is_asked && *estimate == 0.0 => 1.0,
                Ok(Unit::Fraction) => 1e-3,
                Ok(Unit::Milliseconds) => 1.0,
                _ => 0.0,
            };
            *half <= (precision * estimate.abs()).max(floor)
        }
        // One replication has no interval yet; more would.
        Some(Estimate { n: 1, estimate: Some(_), .. }) => false,
        // What cannot be known does not get known by more of the same.
        _ => true,
    })
}

fn is_mean_or_rate(metric: &str) -> bool {
    !terms::LATENCY_STATISTICS
        .iter()
        .any(|(suffix, share)| share.is_some() && metric.ends_with(&format!("_{suffix}_ms")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bound_inside_the_margin_is_inconclusive() {
        assert_eq!(verdict(Bound::AtMost(10.0), 9.0, 0.5), Judgement::Held);
        assert_eq!(verdict(Bound::AtMost(10.0), 9.0, 1.5), Judgement::Inconclusive);
        assert_eq!(verdict(Bound::AtMost(10.0), 11.0, 0.5), Judgement::Failed);
        assert_eq!(verdict(Bound::AtLeast(10.0), 11.0, 0.5), Judgement::Held);
        assert_eq!(verdict(Bound::AtLeast(10.0), 9.0, 0.5), Judgement::Failed);
        assert_eq!(verdict(Bound::AtMost(10.0), 10.0, 0.0), Judgement::Held);
        let between = |estimate| verdict(Bound::Between(2.0, 10.0), estimate, 0.5);
        assert_eq!([5.0, 2.2, 1.0].map(between), [Judgement::Held, Judgement::Inconclusive, Judgement::Failed]);
        assert_eq!([9.8, 11.0].map(between), [Judgement::Inconclusive, Judgement::Failed]);
    }

    #[test]
    fn the_stop_rule_looks_at_means_and_rates() {
        assert!(is_mean_or_rate("throttle_rate") && is_mean_or_rate("workloads.chat.e2e_mean_ms"));
        assert!(!is_mean_or_rate("workloads.chat.e2e_p99_ms") && !is_mean_or_rate("ttft_p99_9_ms"));
    }
}

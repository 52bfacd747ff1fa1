//! The answer of all readings together, and the influence of each unknown on it.

use super::Reading;
use crate::model::study::Unknown;
use crate::results::{DoubtAnswer, Expectation, Influence, Judgement};

pub(super) fn answer(readings: &[Reading]) -> DoubtAnswer {
    let is_any = |verdict| readings.iter().any(|r| r.answer.verdict() == verdict);
    match (is_any(Judgement::Held), is_any(Judgement::Failed), is_any(Judgement::Inconclusive)) {
        (true, true, _) => DoubtAnswer::Flips,
        (true, false, false) => DoubtAnswer::Holds,
        (false, true, false) => DoubtAnswer::Fails,
        _ => DoubtAnswer::Inconclusive,
    }
}

/// Returns how far an estimate keeps its bound, as a share of the bound; negative if it breaks the bound.
fn slack_of(e: &Expectation) -> Option<f64> {
    let estimate = e.estimate?;
    let share = |room: f64, bound: f64| if bound == 0.0 { room } else { room / bound.abs() };
    let above = e.at_least.map(|bound| share(estimate - bound, bound));
    let below = e.at_most.map(|bound| share(bound - estimate, bound));
    [above, below].into_iter().flatten().min_by(f64::total_cmp)
}

/// Returns the slack of a reading's tightest expectation.
pub(super) fn slack(reading: &Reading) -> Option<f64> {
    reading.answer.expectations.iter().filter_map(slack_of).min_by(f64::total_cmp)
}

/// Returns the metric whose expectation is tightest in any reading.
fn tightest(readings: &[Reading]) -> Option<&str> {
    let all = readings.iter().flat_map(|r| &r.answer.expectations).filter_map(|e| Some((slack_of(e)?, e)));
    all.min_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, e)| e.metric.as_str())
}

/// Returns how far each unknown alone moves the tightest metric, the one that moves it farthest first.
pub(super) fn tornado(unknowns: &[Unknown], readings: &[Reading]) -> Vec<Influence> {
    let Some((metric, base)) = tightest(readings).and_then(|m| Some((m, readings[0].answer.value(m)?))) else {
        return Vec::new();
    };
    let mut bars: Vec<Influence> = Vec::new();
    for (u, unknown) in unknowns.iter().enumerate() {
        let written = unknown.base.as_ref().map(|b| b.value.clone());
        let mut bar = Influence {
            path: unknown.path.clone(),
            metric: metric.to_owned(),
            base,
            low: base,
            at_low: written.clone(),
            high: base,
            at_high: written,
        };
        for reading in readings {
            let [(of, value)] = reading.choices.as_slice() else { continue };
            let Some(x) = reading.answer.value(metric).filter(|_| *of == u) else { continue };
            if x < bar.low {
                (bar.low, bar.at_low) = (x, Some(value.value.clone()));
            }
            if x > bar.high {
                (bar.high, bar.at_high) = (x, Some(value.value.clone()));
            }
        }
        bars.push(bar);
    }
    // They come sorted by path, and the sort is stable.
    bars.sort_by(|a, b| (b.high - b.low).total_cmp(&(a.high - a.low)));
    bars
}

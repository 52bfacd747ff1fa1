//! Doubt: the same question under every reading of what is not known.
//!
//! A *reading* gives each unknown one of its alternatives. All readings meet the same traffic, because streams do not
//! depend on settings, so they differ by what is doubted and not by chance. Intervals stay with each figure; a range of
//! readings is another thing, and never mixed with them.

mod answer;
mod plan;
mod threshold;

use std::collections::BTreeMap;

use super::{Conclusion, Effort, Watch, play, run};
use crate::model::Model;
use crate::model::study::{Alternative, Alternatives, Unknown};
use crate::results::{self, Doubted, Estimate, Expectation, Judgement};

/// More readings are not played, nor kept.
pub const MOST_READINGS: usize = 64;

/// A reading's answer.
#[derive(Debug, Clone)]
pub struct Answer {
    /// What it is judged by.
    pub expectations: Vec<Expectation>,
    pub replications: u64,
    pub effort: Effort,
}

impl Answer {
    /// The worst of its judgements.
    #[must_use]
    pub fn verdict(&self) -> Judgement {
        let is_any = |verdict| self.expectations.iter().any(|e| e.verdict == verdict);
        if is_any(Judgement::Failed) {
            Judgement::Failed
        } else if is_any(Judgement::Inconclusive) {
            Judgement::Inconclusive
        } else {
            Judgement::Held
        }
    }

    /// The estimate of a metric that an expectation names.
    fn value(&self, metric: &str) -> Option<f64> {
        self.expectations.iter().find(|e| e.metric == metric)?.estimate
    }

    fn metrics(&self) -> BTreeMap<String, Estimate> {
        let estimate =
            |e: &Expectation| Estimate { estimate: e.estimate, half_width: e.half_width, n: self.replications };
        self.expectations.iter().map(|e| (e.metric.clone(), estimate(e))).collect()
    }
}

/// Answers for some settings over the scenario, each `PATH=VALUE`; called from any thread.
pub type Ask<'a> = &'a (dyn Fn(&[String]) -> Result<Answer, String> + Sync);

/// Some unknowns that are not at their base, by their index; the others are.
type Choices = Vec<(usize, Alternative)>;

/// A reading that was played. The base is the one without choices.
#[derive(Debug, Clone)]
struct Reading {
    choices: Choices,
    answer: Answer,
}

/// Asks under every reading, or under the most telling ones when there are too many; `base` is the answer as written.
///
/// # Errors
/// A reading that cannot be asked, in the words of `ask`.
pub fn doubt(unknowns: &[Unknown], base: Answer, ask: Ask<'_>) -> Result<(results::Doubt, Effort), String> {
    let base = Reading { choices: Vec::new(), answer: base };
    let (readings, total) = plan::play_all(unknowns, base, ask)?;
    let (flips, bisected) = threshold::flips(unknowns, &readings, ask)?;
    let effort = readings[1..].iter().fold(bisected, |sum, r| sum.plus(r.answer.effort));
    let doubt = results::Doubt {
        answer: answer::answer(&readings),
        readings_total: total,
        unknowns: unknowns.iter().map(told).collect(),
        flips,
        tornado: answer::tornado(unknowns, &readings),
        readings: readings.iter().map(|reading| as_result(unknowns, reading)).collect(),
    };
    Ok((doubt, effort))
}

/// Runs one design point and doubts it. `load` makes a model of settings over the scenario.
///
/// # Errors
/// A reading that is no scenario, in the words of `load`.
pub fn run_in_doubt(
    model: &Model,
    scenario: results::Scenario,
    unknowns: &[Unknown],
    load: &(dyn Fn(&[String]) -> Result<Model, String> + Sync),
    watch: &dyn Watch,
) -> Result<Conclusion, String> {
    let mut conclusion = run(model, scenario, watch);
    // A reading is told by its verdict, and without an expectation there is none.
    if unknowns.is_empty() || model.expectations.is_empty() {
        return Ok(conclusion);
    }
    let replications = conclusion.results.points[0].replications;
    let base =
        Answer { expectations: conclusion.results.expectations.clone(), replications, effort: Effort::default() };
    let ask = |settings: &[String]| {
        let played = play(&load(settings)?, watch);
        let replications = played.point.replications;
        Ok(Answer { expectations: played.expectations, replications, effort: played.effort })
    };
    let (doubt, effort) = doubt(unknowns, base, &ask)?;
    conclusion.results.doubt = Some(doubt);
    conclusion.effort = conclusion.effort.plus(effort);
    Ok(conclusion)
}

/// The choices as `PATH=VALUE`.
fn settings(unknowns: &[Unknown], choices: &[(usize, Alternative)]) -> Vec<String> {
    choices.iter().map(|(u, value)| unknowns[*u].at(value).argument()).collect()
}

fn told(unknown: &Unknown) -> Doubted {
    let number = |x: f64| Alternative::number(x).value;
    let (values, low, high) = match &unknown.span {
        Alternatives::Set(values) => (values.iter().map(|v| v.value.clone()).collect(), None, None),
        Alternatives::Range { low, high, .. } => (Vec::new(), Some(number(*low)), Some(number(*high))),
    };
    Doubted {
        path: unknown.path.clone(),
        base: unknown.base.as_ref().map(|base| base.value.clone()),
        values,
        low,
        high,
        ask: unknown.ask.clone(),
    }
}

fn as_result(unknowns: &[Unknown], reading: &Reading) -> results::Reading {
    let setting = |(u, value): &(usize, Alternative)| (unknowns[*u].path.clone(), value.value.clone());
    results::Reading {
        settings: reading.choices.iter().map(setting).collect(),
        verdict: reading.answer.verdict(),
        metrics: reading.answer.metrics(),
    }
}

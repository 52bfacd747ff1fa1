//! Doubt: the same question under every reading of what is not known.
//!
//! A *reading* gives each unknown one of its alternatives. All readings meet the same traffic, because streams do not
//! depend on settings, so they differ by what is doubted and not by chance. Intervals stay with each figure; a range of
//! readings is another thing, and never mixed with them.

mod answer;
mod plan;
mod threshold;

use std::collections::BTreeMap;

use super::{Build, Conclusion, Depth, Effort, Played, Scores, Watch, play_along, run};
use crate::model::Model;
use crate::model::study::{Alternative, Alternatives, Unknown};
use crate::results::{self, Difference, Doubted, Estimate, Expectation, Judgement, Results};

/// The greatest number of readings that are simulated and kept.
pub const MOST_READINGS: usize = 64;

/// A reading's answer.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The judged expectations, which decide the verdict.
    pub expectations: Vec<Expectation>,
    pub replications: u64,
    /// The differences of a comparison that a planner decides on; empty for the answer of one scenario.
    pub differences: BTreeMap<String, Difference>,
    pub effort: Effort,
}

impl Answer {
    #[must_use]
    pub fn new(expectations: &[Expectation], replications: u64, effort: Effort) -> Self {
        Self { expectations: expectations.to_vec(), replications, differences: BTreeMap::new(), effort }
    }

    /// Takes the judged goals, the number of replications and the effort from the result of a design point.
    #[must_use]
    pub fn of(played: &Played) -> Self {
        Self::new(&played.expectations, played.point.replications, played.effort)
    }

    /// Returns the worst of its judgements.
    #[must_use]
    pub fn verdict(&self) -> Judgement {
        Judgement::worst(&self.expectations).unwrap_or(Judgement::Held)
    }

    /// Returns the estimate of a metric that an expectation names.
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

/// The means to obtain answers as long as there is time.
#[derive(Clone, Copy)]
struct Asking<'a> {
    ask: Ask<'a>,
    watch: &'a dyn Watch,
}

impl Asking<'_> {
    /// Returns the answer under some choices; `None`: the time was up before.
    fn under(&self, unknowns: &[Unknown], choices: &[(usize, Alternative)]) -> Result<Option<Answer>, String> {
        if self.watch.is_over() {
            return Ok(None);
        }
        let settings = settings(unknowns, choices);
        (self.ask)(&settings).map(Some).map_err(|why| format!("{why}this is the reading {}\n", settings.join(" and ")))
    }
}

/// The unknowns that are not at their base, by index, with their alternatives; all others are at their base.
type Choices = Vec<(usize, Alternative)>;

/// A reading that was simulated. The base is the one without choices.
#[derive(Debug, Clone)]
struct Reading {
    choices: Choices,
    answer: Answer,
}

/// The answers under every reading.
#[derive(Debug, Clone)]
pub struct Doubts {
    pub doubt: results::Doubt,
    /// The settings of each reading of `doubt`, each `PATH=VALUE`; none for the first.
    pub settings: Vec<Vec<String>>,
    /// The effort of the readings other than the base.
    pub effort: Effort,
}

/// Asks under every reading, or under the most telling ones when there are too many; `base` is the answer as written. What
/// the watch leaves no time for is left out.
///
/// # Errors
/// A reading that cannot be asked, in the words of `ask`.
pub fn doubt(unknowns: &[Unknown], base: Answer, ask: Ask<'_>, watch: &dyn Watch) -> Result<Doubts, String> {
    let written = Reading { choices: Vec::new(), answer: base };
    let asking = Asking { ask, watch };
    let (readings, total) = plan::play_all(unknowns, written, asking)?;
    let (flips, bisected) = threshold::flips(unknowns, &readings, asking)?;
    let effort = readings[1..].iter().fold(bisected, |sum, r| sum.plus(r.answer.effort));
    let doubt = results::Doubt {
        answer: answer::answer(&readings),
        readings_total: total,
        unknowns: unknowns.iter().map(told).collect(),
        flips,
        tornado: answer::tornado(unknowns, &readings),
        readings: readings.iter().map(|reading| as_result(unknowns, reading)).collect(),
    };
    let settings = readings.iter().map(|reading| settings(unknowns, &reading.choices)).collect();
    Ok(Doubts { doubt, settings, effort })
}

/// Simulates a design point under every reading. `build` makes a model of settings over the scenario. `None`: nothing
/// is in doubt, or nothing is expected, so that there is no verdict to doubt.
///
/// # Errors
/// A reading that is no scenario, in the words of `build`.
pub fn doubt_point(
    base: Answer,
    unknowns: &[Unknown],
    build: &Build<'_>,
    watch: &dyn Watch,
) -> Result<Option<Doubts>, String> {
    if unknowns.is_empty() || base.expectations.is_empty() {
        return Ok(None);
    }
    let scores = Scores::default();
    let ask = |settings: &[String]| Ok(Answer::of(&play_along(&build(settings)?, Depth::Figures, watch, &scores)));
    doubt(unknowns, base, &ask, watch).map(Some)
}

/// Runs one design point and doubts it.
///
/// # Errors
/// A reading that is no scenario, in the words of `build`.
pub fn run_in_doubt(
    model: &Model,
    scenario: results::Scenario,
    unknowns: &[Unknown],
    build: &Build<'_>,
    watch: &dyn Watch,
) -> Result<Conclusion, String> {
    let mut conclusion = run(model, scenario, watch);
    let Results { expectations, points, .. } = &conclusion.results;
    let base = Answer::new(expectations, points[0].replications, conclusion.effort);
    if let Some(doubts) = doubt_point(base, unknowns, build, watch)? {
        conclusion.results.doubt = Some(doubts.doubt);
        conclusion.results.decision = super::decide::decision(model, &conclusion.results);
        conclusion.effort = conclusion.effort.plus(doubts.effort);
    }
    Ok(conclusion)
}

/// Returns the choices as `PATH=VALUE`.
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
        is_unpublished: unknown.is_unpublished,
        ask: unknown.ask.clone(),
    }
}

fn as_result(unknowns: &[Unknown], reading: &Reading) -> results::Reading {
    let setting = |(u, value): &(usize, Alternative)| (unknowns[*u].path.clone(), value.value.clone());
    results::Reading {
        settings: reading.choices.iter().map(setting).collect(),
        verdict: reading.answer.verdict(),
        metrics: reading.answer.metrics(),
        differences: reading.answer.differences.clone(),
    }
}

//! Sizing: values of one key are simulated as design points with the same seed; the answer is the least or greatest
//! that meets every goal.
//!
//! An answer is given only when everything that was simulated agrees with it: what is short of it fails, what is beyond
//! it holds. Anything else is undecided, with the reason.

mod assess;
mod safe;

use std::collections::BTreeMap;

use assess::{Outcome, assess, doubt};
use rayon::prelude::*;
use safe::InDoubt;

use super::doubt::Doubts;
use super::{Build, Clusters, Conclusion, Depth, Effort, Scores, Watch, head, play_along, without_varied};
use crate::model::Model;
use crate::model::study::{Choice, Find, Size, Unknown, sweep};
use crate::results::{
    self, Bought, BoughtVerdict, Evaluated, FrontierPoint, Judgement, Note, Point, Results, Safe, Sizing, SizingState,
    Sought,
};

/// The number of values up to which a range is simulated whole.
const WHOLE: u64 = 64;
/// The number of points that are simulated first in a longer range.
const SCAN: u64 = 17;

/// Returns about how many values are simulated to answer a size.
#[must_use]
pub fn plays_to_size(size: &Size) -> f64 {
    let values = size.values();
    let each = if values <= WHOLE { values } else { SCAN + u64::from((values / SCAN).ilog2()) };
    each as f64 * size.by.len().max(1) as f64
}

/// Answers a size, and under every reading of `unknowns`.
///
/// A value that makes no scenario fails, with the reason; the search goes on.
///
/// # Errors
/// No value makes a model, in the words of `build`.
pub fn size(
    size: &Size,
    base: &Model,
    scenario: results::Scenario,
    unknowns: &[Unknown],
    build: &Build<'_>,
    watch: &dyn Watch,
) -> Result<Conclusion, String> {
    let mut line = Line::new(size, None, &[], build, watch);
    line.search();
    if let Some(bought) = size.bought {
        line.try_values(&[bought]);
    }
    line.is_playable()?;
    let (safe, doubts, doubted) = line.safe(unknowns)?;
    let doubt = doubts.map(|doubts| doubts.doubt);
    let outcome = line.outcome();
    let bought = size.bought.map(|value| line.bought(value, &outcome));
    let mut effort = line.effort().plus(doubted);
    let notes = line.notes(&outcome);
    let (mut points, mut evaluated) = (Vec::new(), Vec::new());
    for (value, tried) in line.into_detailed(&outcome) {
        let index = points.len() as u64;
        let refused = tried.result.as_ref().err().cloned();
        evaluated.push(Evaluated { value, verdict: tried.verdict, point: refused.is_none().then_some(index), refused });
        points.extend(tried.result.map(|point| Point { index, ..point }));
    }
    let mut frontier = Vec::new();
    for choice in &size.by {
        let mut line = Line::new(size, Some(choice), &[], build, watch);
        line.search();
        effort = effort.plus(line.effort());
        frontier.push(line.into_frontier(&mut points));
    }
    let mut metric_names: Vec<String> = points.iter().flat_map(|p| p.metrics.keys().cloned()).collect();
    metric_names.sort();
    metric_names.dedup();
    let sizing = Sizing {
        vary: size.vary.clone(),
        find: match size.find {
            Find::Least => Sought::Least,
            Find::Greatest => Sought::Greatest,
        },
        from: size.from,
        to: size.to,
        step: size.step,
        state: outcome.state,
        answer: outcome.answer,
        fails_to: outcome.fails_to,
        holds_from: outcome.holds_from,
        explanation: outcome.explanation,
        evaluated,
        bought,
        safe,
        frontier,
    };
    let mut head = head(base, scenario);
    // What is varied is not assumed.
    head.assumptions.retain(|a| a.path != size.vary);
    without_varied(&mut head, [size.vary.as_str()]);
    let points_total = points.len() as u64;
    let results = Results { notes, metric_names, points_total, points, sizing: Some(sizing), doubt, ..head };
    Ok(Conclusion { results, effort })
}

/// A value that was tried.
#[derive(Debug, Clone)]
struct Tried {
    /// The measured point; or the reason why the value makes no scenario.
    result: Result<Point, String>,
    verdict: Judgement,
    notes: Vec<Note>,
    effort: Effort,
}

/// The values of the range, with everything else the same.
struct Line<'l> {
    size: &'l Size,
    /// The value of the second axis; `None`: the size has no second axis.
    fixed: Option<&'l Choice>,
    /// The values of the unknowns, each `PATH=VALUE`; empty for the scenario as written.
    reading: &'l [String],
    build: &'l Build<'l>,
    watch: &'l dyn Watch,
    scores: Scores,
    tried: BTreeMap<u64, Tried>,
    /// True if no value below the range makes a scenario.
    is_floor: bool,
}

impl<'l> Line<'l> {
    fn new(
        size: &'l Size,
        fixed: Option<&'l Choice>,
        reading: &'l [String],
        build: &'l Build<'l>,
        watch: &'l dyn Watch,
    ) -> Self {
        Self { size, fixed, reading, build, watch, scores: Scores::default(), tried: BTreeMap::new(), is_floor: false }
    }

    /// Returns the safe value and, for the value that is bought or else the answer, its doubts; and the effort.
    fn safe(&mut self, unknowns: &[Unknown]) -> Result<(Option<Safe>, Option<Doubts>, Effort), String> {
        let in_doubt = InDoubt::new(self.size, unknowns, self.build, self.watch);
        let at = |value: u64| self.tried.get(&value).map_or(Ok(None), |tried| in_doubt.at(value, tried));
        // Where there is no answer, the first value that is known to hold is the one to build on.
        let outcome = self.outcome();
        let is_known = outcome.state != SizingState::NotMonotone;
        let answer = outcome.answer.or(outcome.holds_from.filter(|_| is_known));
        let of_answer = answer.map_or(Ok(None), at)?;
        let of_bought = self.size.bought.filter(|bought| Some(*bought) != answer).map_or(Ok(None), at)?;
        let mut effort = of_answer.iter().chain(&of_bought).fold(Effort::default(), |sum, d| sum.plus(d.effort));
        let mut safe = None;
        if let (Some(answer), Some(doubts)) = (answer, &of_answer) {
            let (found, took) = in_doubt.safe(answer, doubts);
            effort = effort.plus(took);
            // As written too, for its figures beside the others.
            self.try_values(found.value.as_slice());
            let difference = found.value.and_then(|value| Some(self.cost(value)? - self.cost(answer)?));
            safe = Some(Safe { cost_difference_usd_per_month: difference, ..found });
        }
        Ok((safe, of_bought.or(of_answer), effort))
    }

    /// Simulates the values that show where the good values end.
    fn search(&mut self) {
        self.is_floor = self.size.find == Find::Least && self.lower_value().is_none();
        let n = self.size.values();
        if n <= WHOLE {
            return self.try_numbers((0..n).collect());
        }
        self.try_numbers((0..SCAN).map(|i| i * (n - 1) / (SCAN - 1)).collect());
        loop {
            let known: Vec<(u64, Judgement)> =
                self.tried.iter().filter_map(|(v, t)| Some((self.size.index(*v)?, t.verdict))).collect();
            let gaps = known.windows(2).filter(|w| w[0].1 != w[1].1 && w[1].0 - w[0].0 > 1);
            let middles: Vec<u64> = gaps.map(|w| w[0].0 + (w[1].0 - w[0].0) / 2).collect();
            if middles.is_empty() || self.watch.is_over() || self.outcome().state == SizingState::NotMonotone {
                break;
            }
            self.try_numbers(middles);
        }
        // The one before the answer has been played; the one after it has to agree as well.
        let Some(answer) = self.outcome().answer.and_then(|value| self.size.index(value)) else { return };
        self.try_numbers([answer.checked_sub(1), Some(answer + 1).filter(|k| *k < n)].into_iter().flatten().collect())
    }

    /// Returns a value below the range that makes a scenario; `None`: there is none.
    fn lower_value(&self) -> Option<u64> {
        let Size { from, step, .. } = *self.size;
        let below = if from > step { from - step } else { from / 2 };
        (below > 0 && (self.build)(&self.settings(below)).is_ok()).then_some(below)
    }

    /// # Errors
    /// No value that was tried makes a scenario: why the first does not.
    fn is_playable(&self) -> Result<(), String> {
        let is_playable = self.tried.is_empty() || self.tried.values().any(|tried| tried.result.is_ok());
        let why = self.tried.values().find_map(|tried| tried.result.as_ref().err());
        if is_playable { Ok(()) } else { Err(why.cloned().unwrap_or_default()) }
    }

    fn settings(&self, value: u64) -> Vec<String> {
        [sweep::settings(&self.choices(value)), self.reading.to_vec()].concat()
    }

    fn choices(&self, value: u64) -> Vec<Choice> {
        self.fixed.cloned().into_iter().chain([self.size.choice(value)]).collect()
    }

    fn try_numbers(&mut self, numbers: Vec<u64>) {
        let values: Vec<u64> = numbers.into_iter().map(|k| self.size.value(k)).collect();
        self.try_values(&values);
    }

    /// Simulates values that have not been simulated yet, in parallel, while there is time.
    fn try_values(&mut self, values: &[u64]) {
        if self.watch.is_over() {
            return;
        }
        let new: Vec<u64> = values.iter().copied().filter(|value| !self.tried.contains_key(value)).collect();
        let tried: Vec<Tried> = new.par_iter().map(|value| self.try_one(*value)).collect();
        self.tried.extend(new.into_iter().zip(tried));
        self.share_clusters();
    }

    /// Judges every value anew with what all of them show of the clusters of rare events.
    fn share_clusters(&mut self) {
        let mut clusters = Clusters::default();
        let points = || self.tried.values().filter_map(|tried| tried.result.as_ref().ok());
        points().for_each(|point| clusters.add(&point.expectations));
        for tried in self.tried.values_mut() {
            let Ok(point) = &mut tried.result else { continue };
            clusters.rejudge(point);
            tried.verdict = Judgement::worst(&point.expectations).unwrap_or(Judgement::Inconclusive);
        }
    }

    fn try_one(&self, value: u64) -> Tried {
        let model = match (self.build)(&self.settings(value)) {
            Ok(model) => model,
            Err(why) => {
                let (verdict, effort) = (Judgement::Failed, Effort::default());
                return Tried { result: Err(why), verdict, notes: Vec::new(), effort };
            }
        };
        let played = play_along(&model, Depth::Detail, self.watch, &self.scores);
        let verdict = Judgement::worst(&played.expectations).unwrap_or(Judgement::Inconclusive);
        let parameters = sweep::parameters(&self.choices(value));
        let point = Point { parameters, expectations: played.expectations, ..played.point };
        Tried { result: Ok(point), verdict, notes: played.notes, effort: played.effort }
    }

    /// Returns the values that were simulated with their verdicts, from too little to plenty.
    fn towards_good(&self) -> Vec<(u64, Judgement)> {
        let mut known: Vec<(u64, Judgement)> = self.tried.iter().map(|(v, t)| (*v, t.verdict)).collect();
        if self.size.find == Find::Greatest {
            known.reverse();
        }
        known
    }

    fn outcome(&self) -> Outcome {
        let mut outcome = assess(self.size, &self.towards_good());
        if outcome.state == SizingState::Undecided {
            let first = outcome.doubtful.iter().find_map(|v| self.tried.get(v)?.result.as_ref().ok());
            match first {
                Some(point) if point.ended.is_some() => {
                    outcome.explanation += ": a run of it ended early, so that no goal holds on it";
                }
                Some(point) => outcome.explanation += &doubt(&point.expectations).unwrap_or_default(),
                None => {}
            }
        }
        if outcome.state == SizingState::EverythingHolds && self.is_floor {
            let least = outcome.holds_from.filter(|value| *value == self.size.from);
            outcome.answer = least;
            if let Some(least) = least {
                let least = self.size.told(least);
                outcome.explanation =
                    format!("{least} meets every goal, and is the least `{}` there is", self.size.vary);
            }
        }
        outcome
    }

    fn effort(&self) -> Effort {
        self.tried.values().fold(Effort::default(), |sum, t| sum.plus(t.effort))
    }

    /// Returns the notes of the answer, else of the value nearest to failing that holds, else of the first that was simulated.
    fn notes(&self, outcome: &Outcome) -> Vec<Note> {
        let simulated = || self.tried.values().find(|tried| tried.result.is_ok());
        let holds = || self.towards_good().into_iter().find(|(_, verdict)| *verdict == Judgement::Held);
        let value = outcome.answer.or_else(|| holds().map(|(value, _)| value));
        let of = value.and_then(|value| self.tried.get(&value)).or_else(simulated);
        of.map(|tried| tried.notes.clone()).unwrap_or_default()
    }

    fn cost(&self, value: u64) -> Option<f64> {
        self.tried.get(&value)?.result.as_ref().ok()?.value("cost_per_month_usd")
    }

    fn bought(&self, value: u64, outcome: &Outcome) -> Bought {
        let tried = self.tried.get(&value).map(|t| t.verdict);
        let is_beyond = |answer: u64| match self.size.find {
            Find::Least => value > answer,
            Find::Greatest => value < answer,
        };
        // Where every value holds, the first one is known to be enough.
        let enough = outcome.answer.or(outcome.holds_from.filter(|_| outcome.state == SizingState::EverythingHolds));
        let verdict = match (tried, enough) {
            (Some(Judgement::Failed), _) => BoughtVerdict::Short,
            (Some(Judgement::Held), Some(answer)) if is_beyond(answer) => BoughtVerdict::Spare,
            (Some(Judgement::Held), Some(_)) if outcome.answer.is_some() => BoughtVerdict::Right,
            (Some(Judgement::Held), _) => BoughtVerdict::Enough,
            _ => BoughtVerdict::Undecided,
        };
        let difference = enough.and_then(|answer| Some(self.cost(value)? - self.cost(answer)?));
        let found = self.size.find == Find::Least;
        let what = match verdict {
            BoughtVerdict::Short if found => "is too small: it misses a goal",
            BoughtVerdict::Short => "is too large: it misses a goal",
            BoughtVerdict::Right if found => "is the least that meets every goal",
            BoughtVerdict::Right => "is the greatest that meets every goal",
            BoughtVerdict::Spare if found => "is larger than needed: a smaller one meets every goal",
            BoughtVerdict::Spare => "is smaller than needed: a larger one meets every goal",
            BoughtVerdict::Enough if found => "meets every goal; whether a smaller one does is not decided",
            BoughtVerdict::Enough => "meets every goal; whether a larger one does is not decided",
            BoughtVerdict::Undecided => "is not decided: its goals are inconclusive",
        };
        let outside = if self.size.index(value).is_some() { "" } else { " (it is not a value of the range)" };
        let explanation = format!("the bought value {} {what}{outside}", self.size.told(value));
        Bought { value, verdict, cost_difference_usd_per_month: difference, explanation }
    }

    /// Returns the values that were simulated, with chart detail kept at the answer and its neighbours alone.
    fn into_detailed(mut self, outcome: &Outcome) -> BTreeMap<u64, Tried> {
        let values: Vec<u64> = self.tried.keys().copied().collect();
        let answer = outcome.answer.and_then(|answer| values.iter().position(|v| *v == answer));
        for (i, tried) in self.tried.values_mut().enumerate() {
            if let Ok(point) = &mut tried.result
                && answer.is_none_or(|answer| answer.abs_diff(i) > 1)
            {
                point.detail = None;
            }
        }
        self.tried
    }

    /// Returns the answer of the line; its design point goes to the others.
    fn into_frontier(mut self, points: &mut Vec<Point>) -> FrontierPoint {
        let outcome = self.outcome();
        let cost_per_month_usd = outcome.answer.and_then(|value| self.cost(value));
        let parameters = self.fixed.map(|choice| sweep::parameters(std::slice::from_ref(choice))).unwrap_or_default();
        let point = outcome.answer.and_then(|value| self.tried.remove(&value)?.result.ok()).map(|point| {
            let index = points.len() as u64;
            points.push(Point { index, detail: None, ..point });
            index
        });
        let Outcome { state, answer, explanation, .. } = outcome;
        FrontierPoint { parameters, state, answer, cost_per_month_usd, explanation, point }
    }
}

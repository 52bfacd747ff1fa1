//! Compares two scenarios: the differences of their metrics, without the random variation that they share.
//!
//! Both sides are played with the same streams, so that replication i of both meets the same requests where both scenarios
//! state the same traffic. What differs within a pair is then the scenario, and the interval is that of the differences of the pairs. With
//! different seeds nothing is shared, and the interval is that of two independent samples.

mod doubted;

use std::collections::BTreeMap;

pub use doubted::{Contender, compare_in_doubt};

use super::point::{Depth, Played, play, prolong};
use super::{Conclusion, Watch, head, inputs};
use crate::figures::{plain, span};
use crate::metrics::Measure;
use crate::model::Model;
use crate::results::{
    self, Comparison, Difference, Estimate, Expectation, JudgedTwice, Note, Point, Results, Scenario, Side,
};
use crate::stats::{Deviation, dispersion, interval};
use crate::terms::natural_order;

/// The share of either side below which a difference is taken as one of rounding \[1\].
const ROUNDING: f64 = 1e-12;

/// Simulates two scenarios and compares them. Both get the larger of the two numbers of replications.
#[must_use]
pub fn compare(a: (&Model, Scenario), b: (&Model, Scenario), watch: &dyn Watch) -> Conclusion {
    let [(model_a, scenario_a), (model_b, scenario_b)] = [a, b];
    let (played_a, played_b) = (play(model_a, Depth::Detail, watch), play(model_b, Depth::Detail, watch));
    let counts = [played_a.point.replications, played_b.point.replications];
    let replications = counts[0].max(counts[1]);
    let played_a = prolong(played_a, model_a, replications, watch);
    let played_b = prolong(played_b, model_b, replications, watch);
    let paired = model_a.run.seed == model_b.run.seed;
    let differences = differences((model_a, &played_a), (model_b, &played_b), paired);
    let mut results = head(model_a, scenario_a.clone());
    for assumption in head(model_b, scenario_b.clone()).assumptions {
        if !results.assumptions.contains(&assumption) {
            results.assumptions.push(assumption);
        }
    }
    results.assumptions.sort_by(|a, b| natural_order(&a.path, &b.path).then_with(|| a.cmp(b)));
    inputs::put(&mut results, inputs::of_sides(model_a, model_b));
    let names = results::names(&scenario_a, &scenario_b);
    let [name_a, name_b] = names.clone();
    let side_of = |name: String, scenario: Scenario, model: &Model| Side {
        name,
        scenario,
        seed: model.run.seed,
        measured_s: model.run.duration.as_secs_f64(),
    };
    let comparison = Comparison {
        a: side_of(name_a, scenario_a, model_a),
        b: side_of(name_b, scenario_b, model_b),
        paired,
        same_requests: paired && same_requests((model_a, model_b), &differences),
        tolerance: results::TOLERANCE,
        confidence: model_a.run.confidence,
        cost_per_month_difference_usd: differences.get("cost_per_month_usd").and_then(|d| d.difference),
        differences,
        expectations: judged_twice(&played_a.expectations, &played_b.expectations),
    };
    let mut notes = notes((model_a, model_b), counts, &names);
    notes.extend(notes_of_sides(&played_a.notes, &played_b.notes, &names));
    let effort = played_a.effort.plus(played_b.effort);
    let results = Results {
        // The older of the two.
        catalog_as_of: results.catalog_as_of.into_iter().chain(model_b.catalog_as_of.clone()).min(),
        notes,
        metric_names: comparison.differences.keys().cloned().collect(),
        points_total: 2,
        comparison: Some(comparison),
        points: vec![side(0, "a", played_a), side(1, "b", played_b)],
        ..results
    };
    Conclusion { results, effort }
}

/// Returns whether both sides have the same workloads with equal laws of lengths, and as many requests of each.
fn same_requests((a, b): (&Model, &Model), differences: &BTreeMap<String, Difference>) -> bool {
    let lengths =
        |model: &Model| model.workloads.iter().map(|w| (w.name.clone(), w.tokens.clone())).collect::<Vec<_>>();
    let is_count = |name: &str| name == "requests" || name.starts_with("workloads.") && name.ends_with(".requests");
    let counts = differences.iter().filter(|(name, _)| is_count(name));
    (a.run.warmup, a.run.duration) == (b.run.warmup, b.run.duration)
        && lengths(a) == lengths(b)
        && counts.map(|(_, d)| d).all(|d| d.difference == Some(0.0) && d.half_width.is_none_or(|half| half == 0.0))
}

/// Converts one side of a comparison into a design point named by the parameter `side`, with its judged goals.
fn side(index: u64, name: &str, played: Played) -> Point {
    Point {
        index,
        parameters: BTreeMap::from([("side".to_owned(), name.into())]),
        expectations: played.expectations,
        ..played.point
    }
}

/// Returns the difference of every metric that both sides have.
fn differences(a: (&Model, &Played), b: (&Model, &Played), paired: bool) -> BTreeMap<String, Difference> {
    let confidence = a.0.run.confidence;
    let [sheet_a, sheet_b] = [a, b].map(|(model, played)| sheet(model, played));
    sheet_a
        .iter()
        .filter_map(|(name, a)| Some((name.clone(), difference(a, sheet_b.get(name)?, confidence, paired))))
        .collect()
}

/// One metric on one side of a comparison: pooled over all replications, and the value of each replication.
struct Column {
    estimate: Option<f64>,
    pooled: Measure,
    /// The value of each replication; empty when any of them is unknown.
    own: Vec<f64>,
    /// The deviation of a rate's events between replications; empty for other metrics.
    between: Deviation,
}

impl Column {
    /// Returns the number of independent trials that a rate is worth if this side saw no event, or nothing but events;
    /// `None`: any other metric. Its events cluster as those of the other side do where that saw both; else its
    /// minutes, or episodes, count.
    fn unseen_in(&self, other: &Self) -> Option<f64> {
        let minutes = self.pooled.unseen_in()?;
        let (Measure::Rate { events, trials, .. }, Measure::Rate { events: seen, trials: of, deviation, .. }) =
            (self.pooled, other.pooled)
        else {
            return Some(minutes);
        };
        // A side where most trials are events tells nothing of how rare ones cluster, nor the other way round.
        let is_comparable = (1..of).contains(&seen) && if events == 0 { 2 * seen <= of } else { 2 * seen >= of };
        let dispersion = deviation.dispersion().max(other.between.dispersion());
        Some(if is_comparable { trials as f64 / dispersion } else { minutes })
    }
}

fn sheet(model: &Model, played: &Played) -> BTreeMap<String, Column> {
    let own = |i: usize| played.replications.iter().map(|r| r.metrics[i].value()).collect::<Option<_>>();
    let pooled = played.pooled.evaluate(model).into_iter().enumerate();
    pooled
        .map(|(i, metric)| {
            let estimate = played.point.metrics.get(&metric.name).and_then(|e: &Estimate| e.estimate);
            let own = own(i).unwrap_or_default();
            (metric.name, Column { estimate, pooled: metric.measure, own, between: between(played, i) })
        })
        .collect()
}

/// Returns the deviation of the events of metric number `i` between replications.
fn between(played: &Played, i: usize) -> Deviation {
    Deviation::between(played.replications.iter().filter_map(|r| match r.metrics[i] {
        Measure::Rate { events, trials, .. } => Some((events, trials)),
        _ => None,
    }))
}

fn difference(a: &Column, b: &Column, confidence: f64, paired: bool) -> Difference {
    let (Some(of_a), Some(of_b)) = (a.estimate, b.estimate) else {
        return Difference { a: a.estimate, b: b.estimate, difference: None, half_width: None, distinguishable: false };
    };
    let own: Vec<f64> = a.own.iter().zip(&b.own).map(|(a, b)| b - a).collect();
    let is_percentile = matches!(a.pooled, Measure::Percentile { .. });
    let (difference, half_width) = match (paired, is_percentile) {
        (true, true) => (of_b - of_a, interval::by_sectioning(of_b - of_a, &own, confidence)),
        (true, false) => interval::of_mean(&own, confidence),
        (false, _) => (of_b - of_a, interval::of_independent((of_a, &a.own), (of_b, &b.own), confidence)),
    };
    // What never happened on a side, or always, may yet do otherwise: never narrower than the bound of what was not seen.
    let unseen = |side: &Column, other| side.unseen_in(other).map(|n| dispersion::bound_of_none(1.0 - confidence, n));
    let half_width = match [unseen(a, b), unseen(b, a)] {
        [Some(in_a), Some(in_b)] => Some(half_width.unwrap_or(0.0).max(in_a).max(in_b)),
        [Some(bound), None] | [None, Some(bound)] => half_width.map(|half| half.max(bound)),
        [None, None] => half_width,
    };
    let is_real = difference.abs() > ROUNDING * of_a.abs().max(of_b.abs());
    let distinguishable = is_real && half_width.is_some_and(|half| difference.abs() > half);
    Difference { a: Some(of_a), b: Some(of_b), difference: Some(difference), half_width, distinguishable }
}

/// Expectations are the same one when they bound the same metric from the same side; of several, in their order.
fn judged_twice(a: &[Expectation], b: &[Expectation]) -> Vec<JudgedTwice> {
    let one = |e: &Expectation| JudgedTwice {
        metric: e.metric.clone(),
        at_most: e.at_most,
        at_least: e.at_least,
        a: None,
        b: None,
    };
    let mut judged: Vec<JudgedTwice> = a.iter().map(|e| JudgedTwice { a: Some(e.verdict), ..one(e) }).collect();
    for e in b {
        let sides = |most: Option<f64>, least: Option<f64>| (most.is_some(), least.is_some());
        let same = |j: &&mut JudgedTwice| {
            j.b.is_none() && j.metric == e.metric && sides(j.at_most, j.at_least) == sides(e.at_most, e.at_least)
        };
        match judged.iter_mut().find(same) {
            Some(found) => *found = JudgedTwice { a: found.a, b: Some(e.verdict), ..one(e) },
            None => judged.push(JudgedTwice { b: Some(e.verdict), ..one(e) }),
        }
    }
    judged
}

/// Returns the notes that a reader of the differences needs.
fn notes((a, b): (&Model, &Model), counts: [u64; 2], names: &[String; 2]) -> Vec<Note> {
    let [name_a, name_b] = names;
    let mut texts = Vec::new();
    if a.run.seed != b.run.seed {
        texts.push(format!(
            "not paired: seeds differ ({} and {}), so intervals are those of two independent samples",
            a.run.seed, b.run.seed
        ));
    }
    if (a.run.warmup, a.run.duration) != (b.run.warmup, b.run.duration) {
        let [of_a, of_b] = [a, b].map(|model| plain(&span(model.run.duration)));
        texts.push(format!(
            "the measured times differ, {of_a} of {name_a} and {of_b} of {name_b}: totals are not compared; rates, costs per month and costs per 1,000 requests are"
        ));
    }
    if a.run.confidence != b.run.confidence {
        texts.push(format!(
            "differences have the confidence of {name_a}, {}; {name_b} asks for {}",
            a.run.confidence, b.run.confidence
        ));
    }
    if counts[0] != counts[1] {
        texts.push(format!(
            "{name_a} stopped at {} replications and {name_b} at {}: both have the larger number",
            counts[0], counts[1]
        ));
    }
    for (name, mine, other) in [(name_a, a, b), (name_b, b, a)] {
        let alone: Vec<&str> = mine
            .workloads
            .iter()
            .map(|w| w.name.as_str())
            .filter(|name| other.workloads.iter().all(|w| w.name != *name))
            .collect();
        if !alone.is_empty() {
            texts.push(format!("{name} alone has the workloads {}", alone.join(", ")));
        }
    }
    texts.into_iter().map(|text| Note { metric: None, text, is_caveat: false }).collect()
}

/// Returns the notes of both sides: those that both have once, the rest with the name of their side.
fn notes_of_sides(a: &[Note], b: &[Note], [name_a, name_b]: &[String; 2]) -> Vec<Note> {
    let of = |name: &str, note: &results::Note| Note { text: format!("{name}: {}", note.text), ..note.clone() };
    let of_a = a.iter().map(|note| if b.contains(note) { note.clone() } else { of(name_a, note) });
    of_a.chain(b.iter().filter(|note| !a.contains(note)).map(|note| of(name_b, note))).collect()
}

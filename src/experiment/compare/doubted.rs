//! The comparison of two scenarios under every reading: does b keep its expectations, and does it stay better or worse?

use std::collections::BTreeMap;

use super::compare;
use crate::experiment::doubt::{Answer, doubt};
use crate::experiment::{Build, Conclusion, Watch};
use crate::model::Model;
use crate::model::study::Unknown;
use crate::results::{Comparison, DECIDING, Difference, Results, Scenario};

/// One side of a comparison in doubt.
pub struct Contender<'c> {
    pub model: &'c Model,
    pub scenario: Scenario,
    /// The unknowns of the scenario.
    pub unknowns: &'c [Unknown],
    /// Builds a model of the scenario from settings over it.
    pub build: &'c Build<'c>,
}

impl Contender<'_> {
    /// Returns the side's model under a reading, from which it takes the settings of its own unknowns alone.
    fn under(&self, reading: &[String]) -> Result<Model, String> {
        let doubts = |setting: &String| {
            self.unknowns.iter().any(|u| setting.strip_prefix(&u.path).is_some_and(|rest| rest.starts_with('=')))
        };
        let own: Vec<String> = reading.iter().filter(|setting| doubts(setting)).cloned().collect();
        (self.build)(&own)
    }
}

/// Compares two scenarios, as written and under every reading. A reading gives both sides the same alternatives.
///
/// # Errors
/// A reading that makes no model, in the words of `build`.
pub fn compare_in_doubt(a: &Contender<'_>, b: &Contender<'_>, watch: &dyn Watch) -> Result<Conclusion, String> {
    let sides = |of_a: &Model, of_b: &Model| compare((of_a, a.scenario.clone()), (of_b, b.scenario.clone()), watch);
    let mut conclusion = sides(a.model, b.model);
    let unknowns = of_either(a.unknowns, b.unknowns);
    if unknowns.is_empty() {
        return Ok(conclusion);
    }
    let base = answer(&conclusion);
    let ask = |reading: &[String]| Ok(answer(&sides(&a.under(reading)?, &b.under(reading)?)));
    let doubts = doubt(&unknowns, base, &ask, watch)?;
    conclusion.results.doubt = Some(doubts.doubt);
    conclusion.effort = conclusion.effort.plus(doubts.effort);
    Ok(conclusion)
}

/// Returns the unknowns of both sides, sorted by path. An unknown whose values as written differ between the sides has
/// no base.
fn of_either(a: &[Unknown], b: &[Unknown]) -> Vec<Unknown> {
    let mut unknowns: BTreeMap<&str, Unknown> = a.iter().map(|u| (u.path.as_str(), u.clone())).collect();
    for unknown in b {
        let known = unknowns.entry(&unknown.path).or_insert_with(|| unknown.clone());
        if known.base != unknown.base {
            known.base = None;
        }
    }
    unknowns.into_values().collect()
}

/// Returns the answer of a comparison about b: its judged expectations, and the differences that decide.
fn answer(conclusion: &Conclusion) -> Answer {
    let Results { points, comparison, .. } = &conclusion.results;
    let (expectations, replications) =
        points.get(1).map_or((&[][..], 0), |b| (b.expectations.as_slice(), b.replications));
    let differences = comparison.as_ref().map(deciding).unwrap_or_default();
    Answer { differences, ..Answer::new(expectations, replications, conclusion.effort) }
}

fn deciding(comparison: &Comparison) -> BTreeMap<String, Difference> {
    let of = |name: &&str| Some(((*name).to_owned(), *comparison.differences.get(*name)?));
    DECIDING.iter().filter_map(of).collect()
}

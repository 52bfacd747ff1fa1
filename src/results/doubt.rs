//! The results on doubt: the question of the scenario under every reading of what is not known.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Difference, Estimate, Judgement};

/// The answer under every reading of what is not known. All readings meet the same traffic. The range of a metric over
/// readings is doubt; the half-width of each estimate is sampling error; neither is part of the other.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Doubt {
    pub answer: DoubtAnswer,
    /// The number of readings that the alternatives make; greater than that of `readings` when not all were simulated.
    pub readings_total: u64,
    /// The quantities that are not known, sorted by path.
    pub unknowns: Vec<Doubted>,
    /// The conditions that change the verdict of the scenario as written; those that suffice alone come first.
    pub flips: Vec<Flip>,
    /// The effect of each unknown alone on the metric of the tightest expectation; the greatest effect comes first.
    pub tornado: Vec<Influence>,
    /// The readings that were simulated, at most 64; the first is the scenario as written.
    pub readings: Vec<Reading>,
}

/// The answer that the verdicts of all readings give together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum DoubtAnswer {
    /// Every expectation holds under every reading that was simulated.
    Holds,
    /// An expectation fails under every reading that was simulated.
    Fails,
    /// Every expectation holds under some readings, and one fails under others.
    Flips,
    /// Some readings cannot be decided, and no two of the others contradict each other.
    Inconclusive,
}

/// A quantity that is not known.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Doubted {
    pub path: String,
    /// The value in the scenario as written; null: it is not one plain value.
    pub base: Option<Value>,
    /// The values that the unknown may have; empty for a range.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub values: Vec<Value>,
    /// The ends of a range, in the unit of the key.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub low: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub high: Option<Value>,
    /// True if the unknown is a rule that AWS does not publish, rather than a figure of the user's own.
    #[serde(default)]
    pub is_unpublished: bool,
    /// The question to ask, and whom, or the measurement that settles the unknown.
    pub ask: String,
}

/// The condition under which the verdict changes while the other unknowns stay as written.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Flip {
    /// The verdict under these conditions.
    pub verdict: Judgement,
    /// The conditions: one, or several that change the verdict only together.
    pub conditions: Vec<Condition>,
}

/// The values of an unknown that change the verdict.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Condition {
    pub path: String,
    /// The values that change the verdict; empty where a threshold is known.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub values: Vec<Value>,
    /// The number below which the verdict changes: the lowest found by halving to keep it, to about 1 % of the range.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub below: Option<f64>,
    /// The number above which the verdict changes: the highest that was seen to keep the verdict.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub above: Option<f64>,
    /// The question to ask, and whom, or the measurement that settles the unknown.
    pub ask: String,
}

/// The effect of one unknown alone on a metric, while the others stay as written.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Influence {
    pub path: String,
    pub metric: String,
    /// The value of the metric in the scenario as written, in the metric's unit like the values below.
    pub base: f64,
    /// The least value of the metric over the alternatives of the unknown.
    pub low: f64,
    /// The alternative at which the metric has its least value; null: as written, which is not one plain value.
    pub at_low: Option<Value>,
    /// The greatest value of the metric over the alternatives of the unknown.
    pub high: f64,
    pub at_high: Option<Value>,
}

/// The scenario with one alternative for each unknown.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Reading {
    /// The unknowns that are not as written, with their values; empty: the scenario as written.
    pub settings: BTreeMap<String, Value>,
    pub verdict: Judgement,
    /// The metrics that expectations name.
    pub metrics: BTreeMap<String, Estimate>,
    /// The differences of a comparison in the metrics that decide it; empty in other documents.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub differences: BTreeMap<String, Difference>,
}

impl Doubt {
    /// Returns whether what holds as written does not hold, or not for sure, under every reading.
    #[must_use]
    pub fn hangs(&self) -> bool {
        let is_held = self.readings.first().is_some_and(|written| written.verdict == Judgement::Held);
        is_held && self.answer != DoubtAnswer::Holds
    }

    /// Returns whether everything in doubt is a rule that AWS does not publish, and nothing is the user's own figure.
    #[must_use]
    pub fn is_of_rules(&self) -> bool {
        self.unknowns.iter().all(|unknown| unknown.is_unpublished)
    }

    /// Returns whether the answer depends on rules that AWS does not publish alone: on those that flip it, or on all where
    /// none is known to flip it.
    #[must_use]
    pub fn hangs_on_rules(&self) -> bool {
        let mut conditions = self.flips.iter().flat_map(|flip| &flip.conditions).peekable();
        if conditions.peek().is_none() {
            return self.is_of_rules();
        }
        conditions.all(|c| self.unknowns.iter().any(|unknown| unknown.path == c.path && unknown.is_unpublished))
    }
}

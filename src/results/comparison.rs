//! Two scenarios against each other.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Judgement, Scenario};

/// What a planner decides on, in the order in which it is told; of the whole and of each workload.
pub const DECIDING: [&str; 13] = [
    "throttle_rate",
    "failure_rate",
    "e2e_p50_ms",
    "e2e_p99_ms",
    "ttft_p99_ms",
    "slo_attainment",
    "goodput_per_s",
    "retry_amplification",
    "spillover_rate",
    "cost_usd",
    "cost_per_month_usd",
    "committed_usd",
    "one_time_usd",
];

/// Two scenarios, a and b, metric by metric.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Comparison {
    pub a: Side,
    pub b: Side,
    /// Whether replication i of both sides had the same luck. If not, intervals are those of two independent samples.
    pub paired: bool,
    /// Of the intervals of the differences, such as 0.95.
    pub confidence: f64,
    /// By metric, for every metric that both sides have.
    pub differences: BTreeMap<String, Difference>,
    /// What b costs more than a in a month; null: one of them is not known.
    pub cost_per_month_difference_usd: Option<f64>,
    /// Each `[[expect]]` of either side, and how it was judged on both.
    pub expectations: Vec<JudgedTwice>,
}

/// One side of a comparison.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Side {
    pub scenario: Scenario,
    pub seed: u64,
}

/// A metric on both sides, in the unit that `terms` gives for its name.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Difference {
    pub a: Option<f64>,
    pub b: Option<f64>,
    /// b - a; null where either is not known.
    pub difference: Option<f64>,
    /// Of the interval of the difference. Null: not known (one replication, or too thin a tail).
    pub half_width: Option<f64>,
    /// Whether zero lies outside the interval.
    pub distinguishable: bool,
}

/// An `[[expect]]` on both sides. It is the same one when it bounds the same metric from the same side.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct JudgedTwice {
    pub metric: String,
    /// In the metric's unit; that of b where the two differ.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub at_most: Option<f64>,
    /// In the metric's unit; that of b where the two differ.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub at_least: Option<f64>,
    /// Null: a does not expect it.
    pub a: Option<Judgement>,
    /// Null: b does not expect it.
    pub b: Option<Judgement>,
}

impl JudgedTwice {
    /// Failed is what b breaks or is alone in expecting; inconclusive what b, or a where b fails, does not settle. What
    /// fails on both sides is no fault of b's.
    #[must_use]
    pub fn judgement(&self) -> Judgement {
        match (self.a, self.b) {
            (Some(Judgement::Held) | None, Some(Judgement::Failed)) => Judgement::Failed,
            (_, Some(Judgement::Inconclusive)) | (Some(Judgement::Inconclusive), Some(Judgement::Failed)) => {
                Judgement::Inconclusive
            }
            _ => Judgement::Held,
        }
    }
}

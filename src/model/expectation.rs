//! The form of `[[expect]]`, `[windows.NAME]` and `[output]` in a scenario, and the goals on failures.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::model::instant::Instant;
use crate::model::quantity::{Share, Text};
use crate::model::spec::{At, Refusal, Scalar, Written, scalar};
use crate::model::{Bound, Model};

/// A bound that the results must keep.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Expect")]
pub struct ExpectSpec {
    /// The full name of a metric, such as "workloads.chat.e2e_p99"; see docs/METRICS.md.
    pub metric: At<Text>,
    /// The greatest good value, in the metric's unit or with a unit of its own ("20s", "0.1%").
    pub at_most: Option<At<BoundSpec>>,
    /// The least good value, in the metric's unit or with a unit of its own.
    pub at_least: Option<At<BoundSpec>>,
    /// The least and the greatest good value.
    pub between: Option<At<[At<BoundSpec>; 2]>>,
    /// The confidence level of this verdict alone; default: that of the run.
    pub confidence: Option<At<Share>>,
}

/// A number in the metric's unit, or a text with a unit.
#[derive(Debug, Clone, PartialEq)]
pub enum BoundSpec {
    Number(f64),
    Text(String),
}

impl Scalar for BoundSpec {
    fn read(written: Written<'_>) -> Result<Self, Refusal> {
        match written {
            Written::Integer(n) => Ok(Self::Number(n as f64)),
            Written::Float(x) if x.is_finite() => Ok(Self::Number(x)),
            Written::Text(text) => Ok(Self::Text(text.to_owned())),
            other => Err(Refusal::new(format!("a bound is a finite number or a text with a unit, {other} is not"))),
        }
    }
}
scalar!(BoundSpec, { "anyOf": [{ "type": "number" }, { "type": "string" }], "examples": [0.001, "20s", "0.1%"] });

/// A part of the measured interval, `[from, to)`, that is reported by itself.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Window")]
pub struct WindowSpec {
    /// The start of the window: a time since t = 0, or an instant.
    pub from: At<Instant>,
    /// The end of the window: a time since t = 0, or an instant.
    pub to: At<Instant>,
}

/// The optional parts of the results.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Output")]
pub struct OutputSpec {
    /// The full names of metrics that every point of a sweep keeps, however many points there are.
    pub metrics: Option<Vec<At<Text>>>,
}

/// The largest share of requests that may fail where the scenario states no goal on it \[1\].
pub const UNSTATED_FAILURE_BOUND: f64 = 1e-3;

/// A goal on the share of requests that fail.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FailureGoal<'m> {
    /// The full name of the metric that the goal bounds.
    pub metric: &'m str,
    /// The workload that the goal is about; `None`: all of them together.
    pub workload: Option<&'m str>,
    /// The largest good share \[1\].
    pub share: f64,
}

/// The share of requests that may fail.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FailureBound {
    /// The largest good share \[1\].
    pub share: f64,
    /// True if a goal of the scenario states the share; false if it is the default.
    pub is_stated: bool,
}

impl Model {
    /// Returns the goals on `failure_rate` and `refusal_rate` of the whole measured interval, in total or of a
    /// workload.
    pub fn failure_goals(&self) -> impl Iterator<Item = FailureGoal<'_>> {
        self.expectations.iter().filter_map(|e| {
            let (Bound::AtMost(share) | Bound::Between(_, share)) = e.bound else { return None };
            let (of, term) = e.metric.rsplit_once('.').unwrap_or(("", &e.metric));
            let workload = if of.is_empty() { None } else { Some(of.strip_prefix("workloads.")?) };
            matches!(term, "failure_rate" | "refusal_rate").then_some(FailureGoal {
                metric: &e.metric,
                workload,
                share,
            })
        })
    }

    /// Returns the tightest goal on the failures of all requests. Without one: the loosest of the workloads' goals
    /// where every workload has one, else [`UNSTATED_FAILURE_BOUND`].
    #[must_use]
    pub fn failure_bound(&self) -> FailureBound {
        let tightest = |of: Option<&str>| {
            let goals = self.failure_goals().filter(|goal| goal.workload == of);
            goals.map(|goal| goal.share).min_by(f64::total_cmp)
        };
        let of_workloads = || {
            let each: Option<Vec<f64>> = self.workloads.iter().map(|w| tightest(Some(&w.name))).collect();
            each?.into_iter().max_by(f64::total_cmp)
        };
        match tightest(None).or_else(of_workloads) {
            Some(share) => FailureBound { share, is_stated: true },
            None => FailureBound { share: UNSTATED_FAILURE_BOUND, is_stated: false },
        }
    }
}

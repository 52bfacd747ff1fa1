//! How `[[expect]]`, `[windows.NAME]` and `[output]` are written.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::model::quantity::{Duration, Share, Text};
use crate::model::spec::{At, Refusal, Scalar, Written, scalar};

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
    /// Of this verdict alone; default: that of the run.
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
    /// Since t = 0.
    pub from: At<Duration>,
    /// Since t = 0.
    pub to: At<Duration>,
}

/// What the results keep beside what is always kept.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Output")]
pub struct OutputSpec {
    /// Full names of metrics that every point of a sweep keeps, however many points there are.
    pub metrics: Option<Vec<At<Text>>>,
}

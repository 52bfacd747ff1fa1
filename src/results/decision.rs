//! The decision that a planner reads first: the answer, the bottleneck, what would change the answer, what it hangs on.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Expectation, Judgement, Verdict};

/// The answer of a run for a planner, with the bottleneck and a change that would improve it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Decision {
    /// The answer in a sentence with figures; empty until a report has written it.
    #[serde(default)]
    pub answer: String,
    pub verdict: Verdict,
    /// The worst judgement of the stated goals; null: the scenario states none.
    pub goals: Option<Judgement>,
    /// The share of the measured requests that were served.
    pub served_share: f64,
    /// The 99th percentile of the latency of served requests, in milliseconds; null: not known.
    pub e2e_p99_ms: Option<f64>,
    /// The cost of a month in USD; null: not known, the notes say why.
    pub cost_per_month_usd: Option<f64>,
    /// The change that would turn the answer into yes; null: no value was tried.
    pub change: Option<Change>,
    /// The answer for each owner, the one that loses the largest share first; empty: the scenario names none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub owners: Vec<OwnerAnswer>,
    /// The caveats: what the answer does not cover or what happens after the run, such as a stated rate that the run
    /// never reaches.
    #[serde(default)]
    pub caveats: Vec<String>,
    /// True if the run leaves out a part of the traffic that the scenario states, so that the answer is of the rest
    /// alone.
    #[serde(default)]
    pub is_of_part: bool,
    /// The scenario keys of the assumptions that are most likely to change the answer.
    pub hangs_on: Vec<String>,
}

/// The answer for one owner.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OwnerAnswer {
    pub owner: String,
    /// The share of the owner's measured requests that were served; null: none arrived.
    pub served_share: Option<f64>,
    /// The metrics of the owner's goals that are missed.
    pub missed: Vec<String>,
}

/// The keys that were varied in short reruns, to find the least values that carry the load.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Change {
    /// The key, such as `capacities.us.tpm`.
    pub path: String,
    /// The value to set: the least simulated value that carries the load, or of caps the greatest; null: none carries it.
    pub value: Option<u64>,
    /// The other keys that have to be set as well, because they are in the way as soon as the first one is raised.
    #[serde(default)]
    pub with: Vec<Setting>,
    /// The measured time of each rerun, in minutes. Each is one replication, so that it has no interval.
    pub minutes: f64,
    /// The reruns, in the order in which they were simulated.
    pub reruns: Vec<Rerun>,
    /// The goals that are still missed at these values, or, where no value carries the load, at the largest.
    #[serde(default)]
    pub missed: Vec<Expectation>,
    /// The next bottleneck, at the largest value tried; null where a value carries the load.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub next_neck: Option<String>,
    /// The judgement of the goals at these values in a run as long as this one, with as many replications, without
    /// those that are listed as missed; null: the scenario states no goal, or no value carries the load.
    #[serde(default)]
    pub goals: Option<Judgement>,
    /// The reasons why AWS does not grant these values, in sentences; empty: nothing is known against a request for
    /// them.
    #[serde(default)]
    pub not_granted: Vec<String>,
    /// The steps that remain to be taken where AWS does not grant these values.
    #[serde(default)]
    pub other_ways: Vec<String>,
}

/// A key and its value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Setting {
    pub path: String,
    pub value: u64,
}

/// A rerun with another value of the key.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rerun {
    pub value: u64,
    /// The values of the other keys.
    #[serde(default)]
    pub with: Vec<Setting>,
    pub verdict: Verdict,
    /// The verdict is `carries`, and no goal is missed that a greater value may meet.
    pub carries: bool,
    pub failing_share: f64,
    /// The share of requests that met the client's time-out where nothing was refused; no larger quota prevents that.
    #[serde(default)]
    pub timed_out_share: f64,
    /// The share of answers that the cap cuts short.
    pub truncated_share: f64,
}

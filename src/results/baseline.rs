//! The figures that a gate keeps of an earlier run: replication by replication, so that the same seed makes pairs.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Point, Take, Verdict};

/// The earlier figures of scenarios, by the path under which they were checked.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Baseline {
    pub schema_version: u32,
    pub scenarios: BTreeMap<String, BaselineScenario>,
}

/// The outcome of a run, which a comment in a review compares with that of the baseline.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Standing {
    pub verdict: Verdict,
    /// The share of the requests that got no answer, in \[0, 1\].
    pub failing_share: f64,
    /// The limit, queue or pool that most refusals or most waiting belong to, such as `quotas.shared.tpm`.
    pub neck: Option<String>,
    /// The cost of a month in USD; null where a price or a month is not known.
    pub usd_per_month: Option<f64>,
    /// The use of each limit by each owner.
    pub takes: Vec<Take>,
}

impl Standing {
    /// Returns the outcome of the run of a point.
    #[must_use]
    pub fn of(point: &Point) -> Self {
        Self {
            verdict: point.verdict,
            failing_share: point.basis.failing_share,
            neck: point.basis.neck.as_ref().map(|neck| neck.path.clone()),
            usd_per_month: point.value("cost_per_month_usd"),
            takes: point.takes.clone(),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BaselineScenario {
    pub seed: u64,
    /// The value of each metric that an expectation names, one for each replication in order; null: not known.
    pub metrics: BTreeMap<String, Vec<Option<f64>>>,
    /// The outcome of the run; absent from baselines of versions that did not write it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub standing: Option<Standing>,
}

//! What a gate remembers of an earlier run: replication by replication, so that the same seed makes pairs.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Earlier figures of scenarios, by the path under which they were checked.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Baseline {
    pub schema_version: u32,
    pub scenarios: BTreeMap<String, BaselineScenario>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BaselineScenario {
    pub seed: u64,
    /// What each replication measured, in their order, by the metrics that expectations name; null: not known.
    pub metrics: BTreeMap<String, Vec<Option<f64>>>,
}

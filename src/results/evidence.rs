//! The evidence that a judgement of a rate rests on, and what would decide one that is open.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The evidence for the judgement of a rate, over all replications.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RateEvidence {
    pub events: u64,
    pub trials: u64,
    /// The number of measured wall-clock minutes with trials.
    pub minutes: u64,
    /// The variance of the counts of events over that of independent trials, as far as this point alone shows it; at least 1.
    pub dispersion: f64,
    /// The sums of squares behind the dispersion, between minutes and between replications: what was seen, and what
    /// independent trials would do.
    pub between_minutes: [f64; 2],
    pub between_replications: [f64; 2],
    /// The error probability of one side at which the expectation was judged.
    pub alpha: f64,
    /// The number of independent trials that the sample was worth where it had no event, or nothing but events: at most
    /// its minutes, or the expected number of random bursts, or of cycles through the states of a modulated process.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub worth: Option<f64>,
}

impl RateEvidence {
    /// Returns whether the sample had events, and trials without an event.
    #[must_use]
    pub const fn is_mixed(&self) -> bool {
        self.events > 0 && self.events < self.trials
    }
}

/// The reason why an expectation is not decided, and what would decide it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Undecided {
    /// The approximate number of replications in all that would decide the expectation, if the estimate stays where it
    /// is; null: no number would, or the number is not known.
    pub replications: Option<u64>,
    /// The reason in words, or what can be decided instead.
    pub why: String,
}

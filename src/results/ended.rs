//! A run that the engine ended before its time.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The early end of the replications of a point. Their figures are of the time before it, and no goal holds on them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EndedEarly {
    /// The time at which the first of the replications ended, in seconds since t = 0.
    pub at_s: f64,
    /// The instant of `at_s` on the clock of the scenario (YYYY-MM-DD HH:MM:SS, UTC).
    pub clock: String,
    pub reason: EndReason,
    /// The number that was exceeded.
    pub most: u64,
    /// The number of replications that ended early.
    pub replications: u64,
}

/// The quantity of which there was too much for the simulation to go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EndReason {
    /// Too many attempts were in service.
    InService,
    /// Too many requests waited: in queues, at clients and between attempts.
    Waiting,
}

impl EndReason {
    /// Returns the reason as the end of "because more than 1,000 ...".
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::InService => "attempts were in service",
            Self::Waiting => "requests waited",
        }
    }
}

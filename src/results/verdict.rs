//! The verdict on whether the capacity carries the load, and the bottleneck.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The verdict on whether the capacity carries the load, judged from what happened in the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// More requests wait at the end of the measurement than at its start and than the run has worked off, or the engine ended
    /// the run early.
    Backlogged,
    /// A larger share of the requests fails than the bound, in more than a third of the minutes with traffic.
    Saturated,
    /// A goal on failures is broken; where the scenario states none, more requests fail than the bound.
    Drops,
    /// No backlog grows, and no more requests fail than the bound.
    Carries,
}

impl Verdict {
    /// Returns the verdict as one lower-case word, as results and reports write it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Backlogged => "backlogged",
            Self::Saturated => "saturated",
            Self::Drops => "drops",
            Self::Carries => "carries",
        }
    }
}

/// The figures from which a verdict is judged.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, Default)]
#[serde(deny_unknown_fields)]
pub struct VerdictBasis {
    /// The share of the measured requests that got no answer: failed, timed out or unfinished, over all replications.
    pub failing_share: f64,
    /// The largest share that may fail: the tightest goal on `failure_rate` or `refusal_rate`, else 0.001.
    pub bound: f64,
    /// True if a goal of the scenario states the bound.
    pub bound_is_stated: bool,
    /// The number of wall-clock minutes in which a measured request arrived, over all replications.
    pub minutes: u64,
    /// The number of these minutes in which a larger share of the requests failed or timed out than the bound.
    pub minutes_over_bound: u64,
    /// The number of refused attempts of calls that were answered on a later attempt; mean of the replications.
    pub recovered_attempts: f64,
    /// The number of requests waiting at the end of the measurement less the number at its start; mean of the
    /// replications.
    #[serde(default)]
    pub waiting_growth: f64,
    /// The bottleneck; null: no request was refused for good, and waiting was negligible.
    pub neck: Option<Neck>,
}

/// The bottleneck: the limit, place or queue with most of the refusals, or else most of the waiting time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Neck {
    pub kind: NeckKind,
    /// The key of the bottleneck in the scenario, such as `capacities.us.tpm` or `workloads.chat.client.max_connections`.
    pub path: String,
    /// The size of the bottleneck at the start of the run, such as tokens a minute; null: it has no size.
    pub size: Option<f64>,
    /// The number of offers that it refused and that no later capacity of a route could make good; mean of the
    /// replications. 0: it is the bottleneck because of the time that attempts waited.
    pub refused: f64,
    /// The time that attempts waited for the bottleneck within the measured interval, in seconds; mean of the
    /// replications.
    pub waited_s: f64,
    /// The share of all final refusals, or else of all waiting time, that belongs to the bottleneck.
    pub share: f64,
    /// The limit of an earlier capacity of the route that refused most of the same attempts.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub after: Option<String>,
}

/// The kind of a bottleneck.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum NeckKind {
    /// A limit of a quota, or bought throughput.
    Limit,
    /// The room of a pool: no region could serve the request.
    RegionRoom,
    /// The number of requests that a capacity serves at the same time.
    Concurrency,
    /// A queue was full, or a request had waited there as long as it may.
    Queue,
    /// The connections of a client.
    Connections,
    /// The pace that a client has chosen.
    Pace,
    /// The rate limiter of an SDK.
    RateLimiter,
    /// An outage of a capacity or of its region.
    Outage,
    /// The background rate of 503 answers.
    Unavailable,
    /// Copies of an imported model that were being loaded, or a purchase that was not ready.
    NotReady,
    /// Requests that no limit could ever admit.
    TooLarge,
}

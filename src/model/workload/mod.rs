//! Who sends what: arrivals, tokens, the client, the way to capacity.

pub mod arrivals;
pub mod cache;
pub mod tokens;

use crate::model::client::Client;
use crate::model::service::ModelFacts;
use crate::units::{SimTime, Tokens};

#[derive(Debug, Clone)]
pub struct Workload {
    pub name: String,
    pub arrivals: arrivals::Arrivals,
    pub tokens: tokens::TokenSource,
    /// The caller's cap on output tokens, at most the model's maximum; what is reserved \[tokens\].
    pub output_cap: Tokens,
    pub cache: cache::CacheShares,
    pub client: Client,
    /// Indices of capacities, in the order in which an attempt offers itself; never empty.
    pub route: Vec<usize>,
    pub facts: ModelFacts,
    pub slo: Slo,
}

/// Service level objectives of one request; a limit that is `None` is always met \[µs\].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Slo {
    pub ttft: Option<SimTime>,
    pub e2e: Option<SimTime>,
}

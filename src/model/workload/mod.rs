//! Workloads: their arrivals, token counts and clients, and their routes to capacity.

pub mod arrivals;
pub mod cache;
pub mod steps;
pub mod tier;
pub mod tokens;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::model::capacity::account::PriceWeights;
use crate::model::client::{Client, ClientSpec};
use crate::model::law::{LawSpec, Tokens};
use crate::model::quantity::{Count, Duration, Growth, Names, Number, Share, Signed, Text};
use crate::model::spec::{At, words};
use crate::units::SimTime;

#[derive(Debug, Clone)]
pub struct Workload {
    pub name: String,
    pub arrivals: arrivals::Arrivals,
    pub tokens: tokens::TokenSource,
    pub cache: cache::Cache,
    pub client: Client,
    pub failover: Failover,
    /// The calls of a request, one after the other; the last is the main one, and there is always that.
    pub stages: Vec<steps::Stage>,
    pub retrieval: Option<steps::Retrieval>,
    pub slo: Slo,
}

impl Workload {
    /// Returns the call that answers the request.
    #[inline]
    #[must_use]
    pub fn main(&self) -> &steps::Stage {
        &self.stages[self.stages.len() - 1]
    }

    /// Returns the weight of each kind of the workload's tokens at a capacity where tokens are weighted by price. The
    /// standard prices decide, also for a longer prompt.
    #[must_use]
    pub fn price_weights_at(&self, capacity: usize) -> PriceWeights {
        let mut stages = self.stages.iter().rev();
        let prices = stages.find_map(|stage| stage.prices.get(capacity)?.as_ref());
        PriceWeights::of(prices.map(|prices| &prices.standard))
    }
}

words! {
    /// The moment at which an attempt turns to the next capacity of a route: at once, or after the client's retries.
    Failover, "a failover" {
        "at_once" => AtOnce,
        "after_retries" => AfterRetries,
    }
}

/// Service level objectives of one request; a limit that is `None` is always met \[µs\].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Slo {
    pub ttft: Option<SimTime>,
    pub e2e: Option<SimTime>,
}

/// A workload: its traffic, the size of its requests, its client and its route to capacity.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Workload")]
pub struct WorkloadSpec {
    /// The model that the workload calls: a NAME under `[models]`.
    pub model: At<Text>,
    /// The arrival process: when requests arrive.
    pub arrivals: At<arrivals::ArrivalsSpec>,
    /// Factors of the rate over time: a list of points (linear between, constant outside, a step where two share `at`),
    /// the hours of a day or a week, or the name of a preset.
    pub shape: Option<At<arrivals::shape::ShapeSpec>>,
    /// The clock of daily and weekly shapes, such as "Europe/Berlin"; default that of run.start.
    pub timezone: Option<At<arrivals::shape::Zone>>,
    /// The bursts of traffic; overlapping ones multiply.
    pub bursts: Option<At<Vec<arrivals::intensity::BurstSpec>>>,
    /// The growth of the rate, compounding, such as "8%/month"; default none.
    pub growth: Option<At<Growth>>,
    /// A plain multiplier of the rate; default 1 \[1\].
    pub scale: Option<At<Number>>,
    /// The length of a whole prompt \[tokens\].
    pub input_tokens: Option<At<LawSpec<Tokens>>>,
    /// The length of the answer that the model would give if no cap cut it \[tokens\].
    pub output_tokens: Option<At<LawSpec<Tokens>>>,
    /// The tokens that are added to every input: a longer system prompt.
    pub extra_input_tokens: Option<At<Count>>,
    /// The correlation of prompt length and answer length, from -1 to 1: the parameter of a Gaussian copula; default 0.
    pub correlation: Option<At<Signed>>,
    /// The caller's cap on the answer in tokens, which is reserved of the quota; the model's maximum when left out.
    pub max_tokens: Option<At<Count>>,
    /// The prompt cache.
    pub cache: Option<At<cache::CacheSpec>>,
    /// The client that sends the requests.
    pub client: Option<At<ClientSpec>>,
    /// The names of capacities in the order in which an attempt asks them; the only capacity when left out.
    pub route: Option<At<Names>>,
    /// The moment at which an attempt turns to the next capacity of the route; default at_once.
    pub failover: Option<At<Failover>>,
    /// The service tier of the on-demand calls that are its main ones; default standard.
    pub tier: Option<At<tier::TierSpec>>,
    /// The calls that each request makes before its main one, in order.
    pub steps: Option<At<Vec<steps::StepSpec>>>,
    /// The costs of retrieval beside its calls.
    pub retrieval: Option<At<steps::RetrievalSpec>>,
    /// The conditions that make an answer good.
    pub slo: Option<At<SloSpec>>,
}

/// Service level objectives.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Slo")]
pub struct SloSpec {
    /// The longest good time from arrival to the first token.
    pub ttft: Option<At<Duration>>,
    /// The longest good time from arrival to the last token.
    pub e2e: Option<At<Duration>>,
    /// The share of requests that must meet both: an expectation of its own, such as "99%" \[1\].
    pub objective: Option<At<Share>>,
}

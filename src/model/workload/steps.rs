//! Pipelines: calls that a request makes one after the other before its main call, such as embed, rerank, then generate.
//!
//! Each step is a full call with its own quota, latency, retries and price; the request's latency is the sum, its
//! outcome the first failure.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::model::law::{LawSpec, Tokens};
use crate::model::pricing::long_context::PricesByLength;
use crate::model::quantity::{Amount, Count, Duration, HourlyPrice, Names, Text};
use crate::model::service::ModelFacts;
use crate::model::spec::At;
use crate::model::workload::tier::{Tier, TierSpec};
use crate::random::Law;
use crate::units::{self, Price, SimTime, Usd};

/// One call of a request: its model, its route, its size and its prices.
#[derive(Debug, Clone)]
pub struct Stage {
    pub facts: ModelFacts,
    /// The indices of the capacities of the route, in the order in which an attempt asks them; never empty.
    pub route: Vec<usize>,
    /// The caller's cap on output tokens, at most the model's maximum, which is reserved of the quota \[tokens\].
    pub output_cap: units::Tokens,
    /// The token counts of a step's calls \[tokens\]; `None` for the main call, whose tokens are the workload's.
    pub tokens: Option<StepTokens>,
    /// The service tier of its on-demand calls.
    pub tier: Tier,
    /// The prices of tokens at each capacity, with tier, cache and batch included. `None`: not known, or the capacity
    /// is not paid for by the token.
    pub prices: Vec<Option<PricesByLength>>,
}

#[derive(Debug, Clone)]
pub struct StepTokens {
    pub input: Law,
    /// The length of the answer; `None`: the step answers with no tokens, as embedding does.
    pub output: Option<Law>,
}

/// A step: a call that a request makes before its main one.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Step")]
pub struct StepSpec {
    /// The model that the step calls: a NAME under `[models]`.
    pub model: At<Text>,
    /// The length of the step's prompt in tokens.
    pub input_tokens: At<LawSpec<Tokens>>,
    /// The length of the step's answer in tokens; none when left out.
    pub output_tokens: Option<At<LawSpec<Tokens>>>,
    /// The caller's cap on the step's answer in tokens; the model's maximum when left out.
    pub max_tokens: Option<At<Count>>,
    /// The names of capacities in the order in which an attempt asks them.
    pub route: At<Names>,
    /// The service tier of its on-demand calls, which need not be that of the main call; default standard.
    pub tier: Option<At<TierSpec>>,
}

/// The costs of retrieval beside its calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retrieval {
    /// The price of the vector store for an hour; `None`: the scenario states no vector store.
    pub vector_store: Option<Price>,
    /// The cost of one embedding of the corpus; `None`: its price is not known.
    pub embedding: Option<Usd>,
    /// The time between two embeddings of the corpus \[µs\]; `None`: embedded once.
    pub refresh_every: Option<SimTime>,
}

/// A corpus that is searched, and the costs of keeping it.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Retrieval")]
pub struct RetrievalSpec {
    /// The price of the vector store, such as "$0.48/h".
    pub vector_store: Option<At<HourlyPrice>>,
    /// The length of the corpus \[tokens\].
    pub corpus_tokens: Option<At<Count>>,
    /// The model that embeds the corpus: a NAME under `[models]`.
    pub embedding_model: Option<At<Text>>,
    /// The cost of one embedding of the corpus, such as "$40"; corpus_tokens x the model's price when left out.
    pub embedding_cost: Option<At<Amount>>,
    /// The interval at which the corpus is embedded again; never when left out.
    pub refresh_every: Option<At<Duration>>,
}

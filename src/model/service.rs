//! The duration of an answer, and the tokens that a model charges against quotas.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::model::customization::CustomizationSpec;
use crate::model::law::{LawSpec, Speed};
use crate::model::pricing::PricesSpec;
use crate::model::quantity::{Count, Duration, LimitAmount, Number, Text};
use crate::model::spec::{At, words};
use crate::random::Law;
use crate::units::{Tokens, round_half_up};

/// The facts about a model: the scenario's statements, else the catalogue's.
#[derive(Debug, Clone)]
pub struct ModelFacts {
    /// The name under `[models]`.
    pub name: String,
    /// The longest answer, which is reserved when a caller sets no cap \[tokens\].
    pub max_output_tokens: Tokens,
    pub burndown: Burndown,
    pub latency: Latency,
    /// The longest part of a prompt that the prompt cache takes \[tokens\];
    /// [`UNBOUNDED`](crate::model::workload::cache::UNBOUNDED) where there is no limit.
    pub max_cacheable_tokens: Tokens,
}

/// The tokens-per-minute quota that one output token takes \[tokens/token; AWS user guide, quotas-token-burndown\].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Burndown {
    /// The burndown rate \[10⁻⁶ tokens/token\].
    pub millionths: u64,
}

impl Burndown {
    pub const ONE: Self = Self { millionths: 1_000_000 };

    /// Returns the quota tokens of `produced` output tokens, rounded half up.
    #[inline]
    #[must_use]
    pub fn of(self, produced: Tokens) -> Tokens {
        (self.millionths * produced + 500_000) / 1_000_000
    }
}

/// A model's latency: `ttft = time_to_first_token + prefill x (uncached + written to the cache) / 1000`,
/// `service = ttft + produced / output_tokens_per_second`.
#[derive(Debug, Clone, PartialEq)]
pub struct Latency {
    /// The time to the first token \[µs\].
    pub time_to_first_token: Law,
    /// The prefill time \[µs per 1,000 uncached input tokens\].
    pub prefill_per_1k_tokens: Law,
    /// The output speed \[tokens/s\].
    pub output_tokens_per_second: Law,
}

/// A model: its id, and the facts about it. Facts that are left out come from the catalogue.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Model")]
pub struct ModelSpec {
    /// A Bedrock model id, inference profile id or ARN. A model without one states every key and is unlimited.
    pub id: Option<At<Text>>,
    /// The longest answer in tokens, which is reserved when a caller sets no cap.
    pub max_output_tokens: Option<At<Count>>,
    /// The number of quota tokens that one output token takes.
    pub output_burndown: Option<At<Number>>,
    /// The time from the start of service to the first token, without prefill.
    pub time_to_first_token: Option<At<LawSpec<Duration>>>,
    /// The extra time to the first token for each 1,000 uncached input tokens.
    pub prefill_per_1k_tokens: Option<At<LawSpec<Duration>>>,
    /// The speed of the answer \[tokens/s\].
    pub output_tokens_per_second: Option<At<LawSpec<Speed>>>,
    /// The longest part of a prompt that the prompt cache takes, or "none"; the rest of a longer one is uncached. The
    /// catalogue's when left out \[tokens\].
    pub max_cacheable_tokens: Option<At<LimitAmount>>,
    /// The prices of tokens.
    pub prices: Option<At<PricesSpec>>,
    /// The factor of every price of the model's tokens, stated or from the catalogue; default 1.
    pub price_factor: Option<At<Number>>,
    /// The treatment of a run that starts after the model's end of life; default refuse.
    pub after_end: Option<At<AfterEnd>>,
    /// The customization of the model, and its costs.
    pub customization: Option<At<CustomizationSpec>>,
}

words! {
    /// The treatment of a run that starts after a model's end of life: it is refused, or the model answers as before.
    AfterEnd, "what happens after the end" {
        "refuse" => Refuse,
        "play" => Play,
    }
}

/// The largest number of tokens in one request; quota arithmetic stays exact below it.
pub const MOST_OUTPUT_TOKENS: u64 = 1_000_000_000;
const LARGEST_BURNDOWN: f64 = 1_000.0;

impl Burndown {
    /// Returns the burndown of a ratio; `None`: the ratio is out of range.
    #[must_use]
    pub fn from_ratio(ratio: f64) -> Option<Self> {
        (0.0..=LARGEST_BURNDOWN).contains(&ratio).then(|| Self { millionths: round_half_up(ratio * 1e6) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn burndown_is_exact_to_a_millionth() {
        assert_eq!(Burndown::from_ratio(5.0), Some(Burndown { millionths: 5_000_000 }));
        assert_eq!(Burndown::from_ratio(2.1).unwrap().of(10), 21);
        assert_eq!(Burndown::from_ratio(-1.0), None);
        assert_eq!(Burndown::from_ratio(1e9), None);
        assert_eq!(Burndown::from_ratio(LARGEST_BURNDOWN).unwrap().of(MOST_OUTPUT_TOKENS), 1_000 * MOST_OUTPUT_TOKENS);
    }
}

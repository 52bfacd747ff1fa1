//! How long an answer takes, and what the model charges against quotas.

use crate::model::pricing::TokenPrices;
use crate::random::Law;
use crate::units::Tokens;

/// What is known of a model: the scenario's word over the catalogue's.
#[derive(Debug, Clone)]
pub struct ModelFacts {
    /// The name under `[models]`.
    pub name: String,
    /// Reserved when a caller sets no cap \[tokens\].
    pub max_output_tokens: Tokens,
    pub burndown: Burndown,
    pub latency: Latency,
    /// By what the capacity serves; a missing price makes costs null.
    pub prices: Option<TokenPrices>,
}

/// How many tokens one output token takes from the tokens-per-minute quota \[AWS user guide, quotas-token-burndown\].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Burndown {
    /// \[10⁻⁶ tokens/token\]
    pub millionths: u64,
}

impl Burndown {
    pub const ONE: Self = Self { millionths: 1_000_000 };

    /// The quota tokens of `produced` output tokens, rounded half up.
    #[inline]
    #[must_use]
    pub fn of(self, produced: Tokens) -> Tokens {
        (self.millionths * produced + 500_000) / 1_000_000
    }
}

/// `ttft = time_to_first_token + prefill x uncached / 1000`, `service = ttft + produced / output_tokens_per_second`.
#[derive(Debug, Clone)]
pub struct Latency {
    /// \[µs\]
    pub time_to_first_token: Law,
    /// \[µs per 1,000 uncached input tokens\]
    pub prefill_per_1k_tokens: Law,
    /// \[tokens/s\]
    pub output_tokens_per_second: Law,
}

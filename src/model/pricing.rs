//! What it costs: integers times exact prices, rounded once, when shown.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::diagnostic::Sink;
use crate::model::quantity::{Number, TokenPrice};
use crate::model::spec::At;
use crate::units::{Price, Tokens, Usd};

/// Prices per token \[10⁻¹² USD / token\].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TokenPrices {
    pub input: Price,
    pub output: Price,
    pub cache_read: Price,
    pub cache_write_5m: Price,
    pub cache_write_1h: Price,
}

/// Tokens as they are billed: what was used, never the quota's burndown \[tokens\].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct BilledTokens {
    pub uncached: Tokens,
    pub cache_read: Tokens,
    pub cache_write: Tokens,
    pub output: Tokens,
}

impl BilledTokens {
    #[inline]
    pub fn add(&mut self, more: &Self) {
        self.uncached += more.uncached;
        self.cache_read += more.cache_read;
        self.cache_write += more.cache_write;
        self.output += more.output;
    }

    /// The whole prompt \[tokens\].
    #[must_use]
    pub fn input(&self) -> Tokens {
        self.uncached + self.cache_read + self.cache_write
    }
}

impl TokenPrices {
    #[must_use]
    pub fn of(&self, tokens: &BilledTokens) -> Usd {
        self.input.of(tokens.uncached)
            + self.cache_read.of(tokens.cache_read)
            + self.cache_write_5m.of(tokens.cache_write)
            + self.output.of(tokens.output)
    }
}

/// How usage becomes a month.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Money {
    /// \[h/month\]
    pub hours_per_month: f64,
    /// When given, monthly usage is this many requests whatever the run's length.
    pub requests_per_month: Option<f64>,
}

/// Prices of tokens, such as "$0.30/1M". What is left out comes from the catalogue; a cache price that is known nowhere
/// is that of input.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Prices")]
pub struct PricesSpec {
    /// Input that the cache neither reads nor writes.
    pub input: Option<At<TokenPrice>>,
    /// Output.
    pub output: Option<At<TokenPrice>>,
    /// Input that is read from the cache.
    pub cache_read: Option<At<TokenPrice>>,
    /// Input that is written to the cache for 5 minutes.
    pub cache_write_5m: Option<At<TokenPrice>>,
    /// Input that is written to the cache for an hour.
    pub cache_write_1h: Option<At<TokenPrice>>,
}

/// How usage becomes a month.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Money")]
pub struct MoneySpec {
    /// Default 730; AWS's examples use 744 \[h\].
    pub hours_per_month: Option<At<Number>>,
    /// Usage in a month is this many requests, whatever the run's length.
    pub requests_per_month: Option<At<Number>>,
}

impl MoneySpec {
    pub fn lower(&self, sink: &mut Sink) -> Option<Money> {
        let hours_per_month = self.hours_per_month.as_ref().map_or(730.0, |h| h.value.0);
        if let Some(written) = self.hours_per_month.as_ref().filter(|_| !(1.0..=744.0).contains(&hours_per_month)) {
            let rule = format!("a month has between 1 and 744 hours, not {hours_per_month}");
            sink.error(written.at.clone(), rule, "730 is a twelfth of a year".to_owned());
            return None;
        }
        Some(Money { hours_per_month, requests_per_month: self.requests_per_month.as_ref().map(|r| r.value.0) })
    }
}

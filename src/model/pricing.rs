//! What it costs: integers times exact prices, rounded once, when shown.

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

//! The account's daily quota: tokens of all models together, in one source region.
//!
//! AWS sets it for on-demand, cross-region and latency-optimized inference of the runtime endpoint, in place of a daily
//! quota of each model \[AWS user guide, quotas-runtime\]. How it counts tokens is not published: [`Counting`] has the
//! readings.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::model::capacity::quota::TpdReset;
use crate::model::pricing::TokenPrices;
use crate::model::quantity::{Count, LimitAmount};
use crate::model::spec::{At, words};
use crate::units::Price;

/// The name of the section, which is also the prefix of the quota's metrics.
pub const ACCOUNT: &str = "account";

/// The account's daily quota over all models. It is in force without being written for models of the catalogue; where
/// this section is written, models without an id count too.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Account")]
pub struct AccountSpec {
    /// The limit on tokens per day over all models in one source region, or "none"; default 700,000,000.
    pub tpd: Option<At<LimitAmount>>,
    /// The tokens of tpd that are already used at t = 0, in each source region; default 0.
    pub tpd_used_at_start: Option<At<Count>>,
    /// The tokens that count towards `tpd`; default billed.
    pub tpd_counting: Option<At<Counting>>,
    /// The time at which the day of `tpd` starts again; default utc_day.
    pub tpd_reset: Option<At<TpdReset>>,
}

words! {
    /// The rule for the tokens that count towards the account's daily quota: those that are billed, or each kind of
    /// token weighted by its price over that of the model's input.
    Counting, "a way to count tokens" {
        "billed" => Billed,
        "price_weighted" => PriceWeighted,
    }
}

/// The weight of a token of each kind where tokens are weighted by price: its price over the price of an input token
/// \[10⁻⁶\].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PriceWeights {
    pub cache_read: u64,
    pub cache_write: u64,
    pub output: u64,
}

/// The weight of an uncached input token \[10⁻⁶\].
pub const INPUT_WEIGHT: u64 = 1_000_000;

impl PriceWeights {
    /// Equal weights of 1, for a model whose prices are not known.
    pub const EQUAL: Self = Self { cache_read: INPUT_WEIGHT, cache_write: INPUT_WEIGHT, output: INPUT_WEIGHT };

    /// Returns the weights that follow from prices; equal weights without prices. Without a price of input there is
    /// nothing to weight by, and every token counts 1.
    #[must_use]
    pub fn of(prices: Option<&TokenPrices>) -> Self {
        let Some(prices) = prices.filter(|prices| prices.input.0.0 > 0) else { return Self::EQUAL };
        let input = prices.input.0.0;
        let weight = |price: Price| ((price.0.0 * i128::from(INPUT_WEIGHT) + input / 2) / input) as u64;
        Self {
            cache_read: weight(prices.cache_read),
            cache_write: weight(prices.cache_write),
            output: weight(prices.output),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Usd;

    #[test]
    fn a_token_counts_its_price_over_that_of_input() {
        let price = |usd_per_million: i128| Price(Usd(usd_per_million * Usd::ONE.0 / 1_000_000));
        let claude = TokenPrices {
            input: price(300),
            output: price(1_500),
            cache_read: price(30),
            cache_write: price(375),
            ..TokenPrices::default()
        };
        let weights = PriceWeights::of(Some(&claude));
        assert_eq!(weights, PriceWeights { cache_read: 100_000, cache_write: 1_250_000, output: 5_000_000 });
        assert_eq!(PriceWeights::of(None), PriceWeights::EQUAL);
        assert_eq!(PriceWeights::of(Some(&TokenPrices::default())), PriceWeights::EQUAL);
    }
}

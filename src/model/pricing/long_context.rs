//! Prices of requests with a long prompt.
//!
//! A request whose whole prompt, cached parts included, is longer than a model's threshold is billed wholly at higher
//! prices: all of its input, and its output too. At the threshold itself the standard prices hold.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{PricesSpec, Terms, TokenPrices, factor_of, share};
use crate::catalog::LongContextEntry;
use crate::model::quantity::{Count, TokenPrice};
use crate::model::spec::At;
use crate::units::{Price, Tokens, Usd, parse};

/// Prices of tokens by the length of the prompt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PricesByLength {
    pub standard: TokenPrices,
    /// The prices of long prompts; `None`: the length of a prompt changes no price.
    pub long: Option<LongPrices>,
}

/// The prices of requests whose prompt is longer than a threshold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LongPrices {
    /// The longest prompt at standard prices \[tokens\].
    pub above: Tokens,
    pub prices: TokenPrices,
}

impl PricesByLength {
    /// Returns the cost of requests with a short prompt and of requests with a long one.
    #[must_use]
    pub fn of(&self, short: &super::Billed, long: &super::Billed) -> Usd {
        let above = self.long.map_or(self.standard, |long| long.prices);
        self.standard.of(short) + above.of(long)
    }
}

/// The prices of requests with a long prompt, such as `{ above = 200_000, input = "$6/1M" }`. Prices that are left out
/// come from the catalogue, else they are the standard prices; a cache price that is known nowhere rises as input does.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "LongContextPrices")]
pub struct LongContextSpec {
    /// The longest prompt at standard prices, cached parts included; the catalogue's when left out \[tokens\].
    pub above: Option<At<Count>>,
    /// The price of input that the cache neither reads nor writes.
    pub input: Option<At<TokenPrice>>,
    /// The price of output.
    pub output: Option<At<TokenPrice>>,
    /// The price of input that is read from the cache.
    pub cache_read: Option<At<TokenPrice>>,
    /// The price of input that is written to the cache for 5 minutes.
    pub cache_write_5m: Option<At<TokenPrice>>,
    /// The price of input that is written to the cache for an hour.
    pub cache_write_1h: Option<At<TokenPrice>>,
}

/// The prices of long prompts that are known, and which of them are guessed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToldLong {
    pub long: LongPrices,
    /// True if a cache price of long prompts is unknown and assumed to rise in proportion to the input price.
    pub cache_is_guessed: bool,
    /// The catalogue's figures in force: the key of each, and the value as the catalogue writes it, with its factor.
    pub listed: Vec<(&'static str, String)>,
}

/// A key of the prices of long prompts, as a scenario and as the catalogue write it.
type Key = (&'static str, fn(&LongContextSpec) -> &Option<At<TokenPrice>>, fn(&LongContextEntry) -> &Option<String>);

const INPUT: Key = ("input", |s| &s.input, |e| &e.input);
const OUTPUT: Key = ("output", |s| &s.output, |e| &e.output);
const READ: Key = ("cache_read", |s| &s.cache_read, |e| &e.cache_read);
const WRITE_5M: Key = ("cache_write_5m", |s| &s.cache_write_5m, |e| &e.cache_write_5m);
const WRITE_1H: Key = ("cache_write_1h", |s| &s.cache_write_1h, |e| &e.cache_write_1h);

/// Returns the prices of long prompts in force: those that the scenario writes, in the capacity before the model, else
/// those that the catalogue lists; each is multiplied as the standard price is, for the tier or for batch. `None`: no
/// threshold is known.
#[must_use]
pub fn tell(
    written: [Option<&PricesSpec>; 2],
    listed: Option<&LongContextEntry>,
    terms: Terms<'_>,
    standard: &TokenPrices,
) -> Option<ToldLong> {
    let specs = written.map(|spec| spec?.long_context.as_ref().map(|l| &l.value));
    let stated = specs.iter().flatten().find_map(|spec| spec.above.as_ref()).map(|above| above.value.0);
    let above = stated.or(listed.map(|entry| entry.above))?;
    let factor = factor_of(terms);
    let times = |price: Price| Price(share(price.0, factor));
    let mut quoted = Vec::new();
    if let (None, Some(entry)) = (stated, listed) {
        quoted.push(("above", entry.above.to_string()));
    }
    let mut price = |(name, own, of_list): Key| {
        let [capacity, model] = specs.map(|spec| own(spec?).as_ref().map(|p| p.value.0));
        let capacity = capacity.map(|p| if terms.is_batch { p } else { times(p) });
        if let Some(written) = capacity.or(model.map(times)) {
            return Some(written);
        }
        let text = of_list(listed?).as_ref()?;
        let price = parse::token_price(text).ok()?;
        let by = if factor == 1_000_000 { String::new() } else { format!(" x {}", factor as f64 / 1e6) };
        quoted.push((name, format!("\"{text}\"{by}")));
        Some(times(price))
    };
    let input = price(INPUT).unwrap_or(standard.input);
    let output = price(OUTPUT).unwrap_or(standard.output);
    let read = price(READ);
    let write = price(if terms.writes_for_an_hour { WRITE_1H } else { WRITE_5M });
    let as_input = |usual: Price| scaled(usual, input, standard.input);
    let prices = TokenPrices {
        input,
        output,
        cache_read: read.unwrap_or_else(|| as_input(standard.cache_read)),
        cache_write: write.unwrap_or_else(|| as_input(standard.cache_write)),
        request: standard.request,
    };
    let cache_is_guessed = read.is_none() || write.is_none();
    Some(ToldLong { long: LongPrices { above, prices }, cache_is_guessed, listed: quoted })
}

/// Returns a price times the ratio of two others, rounded half up to 10⁻¹² USD.
fn scaled(price: Price, to: Price, from: Price) -> Price {
    match from.0.0 {
        0 => price,
        from => Price(Usd((2 * price.0.0 * to.0.0 + from).div_euclid(2 * from))),
    }
}

/// Returns stated prices of long prompts for which neither the scenario nor the catalogue has a threshold.
#[must_use]
pub fn lacks_threshold<'s>(
    written: [Option<&'s PricesSpec>; 2],
    listed: Option<&LongContextEntry>,
) -> Option<&'s At<LongContextSpec>> {
    let specs = || written.into_iter().flatten().filter_map(|spec| spec.long_context.as_ref());
    let known = listed.is_some() || specs().any(|spec| spec.value.above.is_some());
    specs().next().filter(|_| !known)
}

#[cfg(test)]
mod tests {
    use super::super::Billed;
    use super::*;
    use crate::model::workload::tier::Tier;

    fn read(text: &str) -> PricesSpec {
        toml::from_str(text).unwrap()
    }

    const TERMS: Terms<'_> = Terms { writes_for_an_hour: false, is_batch: false, tier: &Tier::STANDARD };

    fn per_million(price: Price) -> String {
        price.of(1_000_000).to_string()
    }

    #[test]
    fn the_whole_request_is_billed_at_the_higher_prices() {
        let text = "input = \"$3/1M\"\noutput = \"$15/1M\"\nlong_context = { above = 200_000, input = \"$6/1M\", output = \"$22.50/1M\" }";
        let spec = read(text);
        let written = [None, Some(&spec)];
        let standard = super::super::tell(written, None, TERMS).unwrap().prices;
        let told = tell(written, None, TERMS, &standard).unwrap();
        let prices = PricesByLength { standard, long: Some(told.long) };
        let billed = |input| Billed { uncached: input, output: 1_000, calls: 1, ..Billed::default() };
        // 200,000 x $3 + 1,000 x $15 a million; one token more: 200,001 x $6 + 1,000 x $22.50.
        assert_eq!(prices.of(&billed(200_000), &Billed::default()).0, 615_000_000_000);
        assert_eq!(prices.of(&Billed::default(), &billed(200_001)).0, 1_222_506_000_000);
    }

    #[test]
    fn a_cache_price_that_is_not_known_rises_as_input_does() {
        let text = "input = \"$3/1M\"\noutput = \"$15/1M\"\ncache_read = \"$0.30/1M\"\nlong_context = { above = 200_000, input = \"$6/1M\" }";
        let spec = read(text);
        let written = [None, Some(&spec)];
        let standard = super::super::tell(written, None, TERMS).unwrap().prices;
        let told = tell(written, None, TERMS, &standard).unwrap();
        assert!(told.cache_is_guessed && told.listed.is_empty());
        assert_eq!(per_million(told.long.prices.cache_read), "$0.60");
        assert_eq!(per_million(told.long.prices.output), "$15.00");
    }

    #[test]
    fn tiers_and_batches_multiply_what_the_catalogue_lists() {
        let entry: LongContextEntry = toml::from_str(
            "above = 272_000\ninput = \"$4/1M\"\noutput = \"$20/1M\"\nsource = \"a list\"\nas_of = \"2026-11-01\"",
        )
        .unwrap();
        let spec = read("input = \"$2/1M\"\noutput = \"$10/1M\"");
        let written = [None, Some(&spec)];
        let batch = Terms { is_batch: true, ..TERMS };
        let standard = super::super::tell(written, None, batch).unwrap().prices;
        let told = tell(written, Some(&entry), batch, &standard).unwrap();
        assert_eq!((told.long.above, per_million(told.long.prices.input)), (272_000, "$2.00".to_owned()));
        let listed = [("above", "272000"), ("input", "\"$4/1M\" x 0.5"), ("output", "\"$20/1M\" x 0.5")];
        assert_eq!(told.listed, listed.map(|(key, value)| (key, value.to_owned())));
        assert!(tell(written, None, TERMS, &standard).is_none());
    }
}

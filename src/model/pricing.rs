//! The computation of costs: integers times exact prices, rounded once, when shown.

pub mod long_context;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::catalog::PriceEntry;
use crate::diagnostic::Sink;
use crate::model::quantity::{Number, Share, TokenPrice};
use crate::model::spec::At;
use crate::units::{Price, Tokens, Usd, parse, round_half_up};

/// Prices per token and per call \[10⁻¹² USD\].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TokenPrices {
    pub input: Price,
    pub output: Price,
    pub cache_read: Price,
    pub cache_write: Price,
    /// The price of a call, however many tokens it has; rerankers are sold in this way.
    pub request: Price,
}

/// The tokens that are billed: those that were used, without the quota's burndown \[tokens\].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Billed {
    pub uncached: Tokens,
    pub cache_read: Tokens,
    pub cache_write: Tokens,
    pub output: Tokens,
    /// The number of completed calls.
    pub calls: u64,
}

impl Billed {
    #[inline]
    pub fn add(&mut self, more: &Self) {
        self.uncached += more.uncached;
        self.cache_read += more.cache_read;
        self.cache_write += more.cache_write;
        self.output += more.output;
        self.calls += more.calls;
    }

    /// Returns the tokens that remain after `part` is subtracted.
    #[must_use]
    pub const fn without(&self, part: &Self) -> Self {
        Self {
            uncached: self.uncached - part.uncached,
            cache_read: self.cache_read - part.cache_read,
            cache_write: self.cache_write - part.cache_write,
            output: self.output - part.output,
            calls: self.calls - part.calls,
        }
    }

    /// Returns the whole prompt \[tokens\].
    #[must_use]
    pub fn input(&self) -> Tokens {
        self.uncached + self.cache_read + self.cache_write
    }
}

impl TokenPrices {
    #[must_use]
    pub fn of(&self, billed: &Billed) -> Usd {
        self.input.of(billed.uncached)
            + self.cache_read.of(billed.cache_read)
            + self.cache_write.of(billed.cache_write)
            + self.output.of(billed.output)
            + self.request.of(billed.calls)
    }

    /// Returns the prices of tokens times a factor \[10⁻⁶\]; the price of a call stays.
    #[must_use]
    pub fn times(self, millionths: u64) -> Self {
        let times = |price: Price| Price(share(price.0, millionths));
        Self {
            input: times(self.input),
            output: times(self.output),
            cache_read: times(self.cache_read),
            cache_write: times(self.cache_write),
            request: self.request,
        }
    }
}

/// Returns an amount times a factor \[10⁻⁶\], rounded half up to 10⁻¹² USD.
#[must_use]
pub fn share(amount: Usd, millionths: u64) -> Usd {
    Usd((amount.0 * i128::from(millionths) + 500_000).div_euclid(1_000_000))
}

/// A component of the bill, for which discounts and ledgers are kept separately.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Component {
    /// Tokens of on-demand inference.
    OnDemand,
    /// Tokens of batch jobs.
    Batch,
    /// Model Units.
    Provisioned,
    /// Reserved tokens per minute.
    Reserved,
    /// Copies of an imported model.
    CustomImport,
    /// Training of a custom model.
    Customization,
    /// Storage of a custom model.
    Storage,
    /// Vector stores.
    VectorStore,
    /// Embedding of corpora.
    Embedding,
}

impl Component {
    pub const ALL: [Self; 9] = [
        Self::OnDemand,
        Self::Batch,
        Self::Provisioned,
        Self::Reserved,
        Self::CustomImport,
        Self::Customization,
        Self::Storage,
        Self::VectorStore,
        Self::Embedding,
    ];

    /// Returns the name of the component as a scenario writes it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::OnDemand => "on_demand",
            Self::Batch => "batch",
            Self::Provisioned => "provisioned",
            Self::Reserved => "reserved",
            Self::CustomImport => "custom_import",
            Self::Customization => "customization",
            Self::Storage => "storage",
            Self::VectorStore => "vector_store",
            Self::Embedding => "embedding",
        }
    }
}

/// The hours of a month where a scenario states none: a twelfth of a year \[h\].
pub const HOURS_PER_MONTH: f64 = 730.0;

/// The rules by which the cost of a month is computed, with the discounts that apply.
#[derive(Debug, Clone, PartialEq)]
pub struct Money {
    /// The hours of a month for the bill \[h/month\].
    pub hours_per_month: f64,
    /// The number of requests in a month, whatever the run's length; `None`: it is extrapolated from the run.
    pub requests_per_month: Option<f64>,
    /// The discount on each component of the bill \[10⁻⁶\].
    pub discounts: BTreeMap<Component, u64>,
}

impl Money {
    /// Returns an amount of a component after its discount.
    #[must_use]
    pub fn discounted(&self, component: Component, amount: Usd) -> Usd {
        match self.discounts.get(&component) {
            None => amount,
            Some(off) => share(amount, 1_000_000 - off),
        }
    }
}

/// The prices of tokens, such as "$0.30/1M". Prices that are left out come from the catalogue; a cache price that is
/// known nowhere is that of input.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Prices")]
pub struct PricesSpec {
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
    /// The price of a call, such as "$1.00/1K"; rerankers are sold by the call.
    pub request: Option<At<TokenPrice>>,
    /// The prices of requests with a long prompt; the catalogue's when left out.
    pub long_context: Option<At<long_context::LongContextSpec>>,
}

/// The terms that decide a price together with the model: the lifetime of cache writes, batch or not, and the tier.
#[derive(Debug, Clone, Copy)]
pub struct Terms<'t> {
    pub writes_for_an_hour: bool,
    pub is_batch: bool,
    pub tier: &'t super::workload::tier::Tier,
}

/// The prices that are known, and which of them are guessed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    pub prices: TokenPrices,
    pub cache_is_guessed: bool,
    /// The tier's usual factor, where it multiplies the listed prices \[10⁻⁶\]; `None`: nothing is guessed.
    pub tier_factor: Option<u64>,
    /// The catalogue's prices in force: the key of each, and the price as the catalogue writes it, with its factor.
    pub listed: Vec<(&'static str, String)>,
}

/// Returns the factor of standard prices, for a tier or for batch, where no special price is listed \[10⁻⁶\].
fn factor_of(terms: Terms<'_>) -> u64 {
    let tier = terms.tier;
    let usual = match (terms.is_batch, tier.name) {
        (true, _) => return BATCH_FACTOR,
        (false, "priority" | "flex") => tier.usual_factor(),
        (false, _) => 1_000_000,
    };
    tier.price_factor.unwrap_or(usual)
}

/// The factor of batch prices where none is listed: one half \[10⁻⁶; AWS user guide, batch-inference\].
const BATCH_FACTOR: u64 = 500_000;

/// A price of the catalogue: its key, and the function that reads it from an entry.
type Listed = (&'static str, fn(&PriceEntry) -> &Option<String>);
/// The function that reads one price from the prices of a scenario.
type Written = fn(&PricesSpec) -> &Option<At<TokenPrice>>;

/// Returns the prices in force, each by itself: those that the scenario writes, in the capacity before the model, else
/// those that the catalogue lists. A written price is the standard price, but in a batch capacity; a price that is
/// listed for a tier or for batch is taken as it is, and else the standard price is multiplied. `None`: neither knows
/// the prices of input and output, nor that of a call.
#[must_use]
pub fn tell(written: [Option<&PricesSpec>; 2], listed: Option<&PriceEntry>, terms: Terms<'_>) -> Option<Told> {
    let tier = terms.tier;
    let special: Option<[Listed; 2]> = match (terms.is_batch, tier.name) {
        (true, _) => Some([("batch_input", |e| &e.batch_input), ("batch_output", |e| &e.batch_output)]),
        (false, "priority") => {
            Some([("priority_input", |e| &e.priority_input), ("priority_output", |e| &e.priority_output)])
        }
        (false, "flex") => Some([("flex_input", |e| &e.flex_input), ("flex_output", |e| &e.flex_output)]),
        (false, _) => None,
    };
    let stated = tier.price_factor.filter(|_| !terms.is_batch);
    let factor = factor_of(terms);
    let times = |price: Price| Price(share(price.0, factor));
    let special = special.filter(|_| stated.is_none());
    let of_list = |(_, key): Listed| key(listed?).as_ref().and_then(|text| parse::token_price(text).ok());
    let mut quoted = Vec::new();
    let mut quote = |(name, key): Listed, factor: u64| {
        let text = listed.and_then(|entry| key(entry).as_deref()).unwrap_or_default();
        let by = if factor == 1_000_000 { String::new() } else { format!(" x {}", factor as f64 / 1e6) };
        quoted.push((name, format!("\"{text}\"{by}")));
    };
    let mut price = |own: Written, standard: Listed, special: Option<Listed>| {
        let [capacity, model] = written.map(|spec| own(spec?).as_ref().map(|p| p.value.0));
        let capacity = capacity.map(|p| if terms.is_batch { p } else { times(p) });
        if let Some(written) = capacity.or(model.map(times)) {
            return Some(written);
        }
        if let Some((key, price)) = special.and_then(|key| Some((key, of_list(key)?))) {
            quote(key, 1_000_000);
            return Some(price);
        }
        let price = of_list(standard)?;
        quote(standard, factor);
        Some(times(price))
    };
    let input = price(|s| &s.input, ("input", |e| &e.input), special.map(|s| s[0]));
    let output = price(|s| &s.output, ("output", |e| &e.output), special.map(|s| s[1]));
    let request = price(|s| &s.request, ("request", |e| &e.request), None);
    let read = price(|s| &s.cache_read, ("cache_read", |e| &e.cache_read), None);
    let write = price(|s| &s.cache_write_5m, ("cache_write_5m", |e| &e.cache_write_5m), None);
    let write_1h = price(|s| &s.cache_write_1h, ("cache_write_1h", |e| &e.cache_write_1h), None);
    let write = if terms.writes_for_an_hour { write_1h.or(write) } else { write };
    // Embedding has no output and reranking no tokens that are paid for: what is listed, or sold by the call, is whole.
    let is_whole = (input.is_some() && output.is_some()) || request.is_some() || (listed.is_some() && input.is_some());
    let input = input.or(is_whole.then(Price::default))?;
    let prices = TokenPrices {
        input,
        output: output.or(is_whole.then(Price::default))?,
        cache_read: read.unwrap_or(input),
        cache_write: write.unwrap_or(input),
        request: request.unwrap_or_default(),
    };
    let written_input = written.iter().flatten().any(|spec| spec.input.is_some());
    let tier_is_guessed =
        special.is_some_and(|[input, _]| !terms.is_batch && of_list(input).is_none() && !written_input);
    let tier_factor = tier_is_guessed.then_some(factor);
    // Of the two writes one is paid.
    let unpaid = match terms.writes_for_an_hour && write_1h.is_some() {
        true => "cache_write_5m",
        false => "cache_write_1h",
    };
    quoted.retain(|(key, _)| *key != unpaid);
    Some(Told { prices, cache_is_guessed: read.is_none() || write.is_none(), tier_factor, listed: quoted })
}

/// The rules by which the cost of a month is computed, with the discounts that apply.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Money")]
pub struct MoneySpec {
    /// The hours of a month; default 730; AWS's examples use 744.
    pub hours_per_month: Option<At<Number>>,
    /// The number of requests in a month, whatever the run's length.
    pub requests_per_month: Option<At<Number>>,
    /// The discounts on the list prices, by component of the bill.
    pub discount: Option<At<DiscountSpec>>,
}

/// The discounts on the list prices, by component of the bill.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Discount")]
pub struct DiscountSpec {
    /// The discount on tokens of on-demand inference.
    pub on_demand: Option<At<Share>>,
    /// The discount on tokens of batch jobs.
    pub batch: Option<At<Share>>,
    /// The discount on Model Units.
    pub provisioned: Option<At<Share>>,
    /// The discount on reserved tokens per minute.
    pub reserved: Option<At<Share>>,
    /// The discount on copies of an imported model.
    pub custom_import: Option<At<Share>>,
    /// The discount on training of a custom model.
    pub customization: Option<At<Share>>,
    /// The discount on storage of a custom model.
    pub storage: Option<At<Share>>,
    /// The discount on vector stores.
    pub vector_store: Option<At<Share>>,
    /// The discount on embedding of corpora.
    pub embedding: Option<At<Share>>,
}

impl DiscountSpec {
    fn of(&self, component: Component) -> Option<&At<Share>> {
        match component {
            Component::OnDemand => self.on_demand.as_ref(),
            Component::Batch => self.batch.as_ref(),
            Component::Provisioned => self.provisioned.as_ref(),
            Component::Reserved => self.reserved.as_ref(),
            Component::CustomImport => self.custom_import.as_ref(),
            Component::Customization => self.customization.as_ref(),
            Component::Storage => self.storage.as_ref(),
            Component::VectorStore => self.vector_store.as_ref(),
            Component::Embedding => self.embedding.as_ref(),
        }
    }
}

impl MoneySpec {
    pub fn lower(&self, sink: &mut Sink) -> Option<Money> {
        let hours_per_month = self.hours_per_month.as_ref().map_or(HOURS_PER_MONTH, |h| h.value.0);
        if let Some(written) = self.hours_per_month.as_ref().filter(|_| !(1.0..=744.0).contains(&hours_per_month)) {
            let rule = format!("a month has between 1 and 744 hours, not {hours_per_month}");
            sink.error(written.at.clone(), rule, "730 is a twelfth of a year".to_owned());
            return None;
        }
        let off = |component| self.discount.as_ref()?.of(component).map(|s| round_half_up(s.value.0 * 1e6));
        Some(Money {
            hours_per_month,
            requests_per_month: self.requests_per_month.as_ref().map(|r| r.value.0),
            discounts: Component::ALL.into_iter().filter_map(|c| Some((c, off(c)?))).collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::workload::tier::Tier;

    fn read(text: &str) -> PricesSpec {
        toml::from_str(text).unwrap()
    }

    fn told(written: &PricesSpec, tier: &Tier, is_batch: bool) -> TokenPrices {
        tell([None, Some(written)], None, Terms { writes_for_an_hour: false, is_batch, tier }).unwrap().prices
    }

    #[test]
    fn tiers_and_batches_multiply_what_a_scenario_writes() {
        let written = read("input = \"$0.80/1M\"\noutput = \"$3.20/1M\"");
        let flex = Tier { name: "flex", ..Tier::STANDARD };
        let priority = Tier { name: "priority", ..Tier::STANDARD };
        let per_million = |p: Price| p.of(1_000_000).to_string();
        assert_eq!(per_million(told(&written, &flex, false).input), "$0.40");
        assert_eq!(per_million(told(&written, &priority, false).output), "$5.60");
        assert_eq!(per_million(told(&written, &flex, true).output), "$1.60");
        let own = Tier { price_factor: Some(2_000_000), ..flex };
        assert_eq!(per_million(told(&written, &own, false).input), "$1.60");
    }

    #[test]
    fn a_price_of_calls_needs_none_of_tokens() {
        let written = read("request = \"$1.00/1K\"");
        let billed = Billed { uncached: 500, calls: 1_000_000, ..Billed::default() };
        assert_eq!(told(&written, &Tier::STANDARD, false).of(&billed).to_string(), "$1,000.00");
        assert!(
            tell(
                [None, Some(&read("input = \"$1/1M\""))],
                None,
                Terms { writes_for_an_hour: false, is_batch: false, tier: &Tier::STANDARD }
            )
            .is_none()
        );
    }

    #[test]
    fn a_discount_is_taken_off_its_component_alone() {
        let spec: MoneySpec = toml::from_str("discount = { on_demand = \"10%\" }").unwrap();
        let money = spec.lower(&mut Sink::default()).unwrap();
        assert_eq!(money.discounted(Component::OnDemand, Usd::ONE), Usd(900_000_000_000));
        assert_eq!(money.discounted(Component::Batch, Usd::ONE), Usd::ONE);
    }
}

//! The prices that each workload pays for tokens at each capacity, and their sources.

use super::Lowering;
use super::models::{Known, Models};
use super::room::share_above;
use super::supply::{Offer, Supply};
use crate::model::capacity::{Billing, Capacity};
use crate::model::pricing::long_context::{self, LongPrices, PricesByLength};
use crate::model::pricing::{self, Terms, TokenPrices, Told};
use crate::model::workload::arrivals::Arrivals;
use crate::model::workload::steps::Stage;
use crate::model::workload::tokens::TokensOf;
use crate::model::workload::{Workload, WorkloadSpec};
use crate::units::Tokens;

/// The least share of long prompts of whose prices the inputs tell \[1\].
const WORTH_TELLING: f64 = 1e-6;

/// One call of a workload at one capacity.
#[derive(Clone, Copy)]
struct Call<'c, 'a> {
    workload: &'c Workload,
    stage: &'c Stage,
    model: &'c Known<'a>,
    capacity: &'c Capacity,
    offer: &'c Offer<'a>,
}

impl<'a> Lowering<'a> {
    /// Prices of the calls of one stage by capacity; `None` where they are not known or tokens are not paid for.
    pub(super) fn prices(
        &mut self,
        (workload, spec): (&Workload, &WorkloadSpec),
        stage: usize,
        models: &Models<'a>,
        supply: &Supply<'a>,
    ) -> Vec<Option<PricesByLength>> {
        let writes_for_an_hour = spec.cache.as_ref().is_some_and(|c| c.value.writes_for_an_hour());
        let mut prices = vec![None; supply.capacities.len()];
        let stage = &workload.stages[stage];
        let Some(model) = models.get(&stage.facts.name) else { return prices };
        for &c in &stage.route {
            let (Some(capacity), Some(offer)) = (supply.capacities.get(c), supply.offers.get(c)) else { continue };
            if !capacity.billing.is_by_token() {
                continue;
            }
            let is_batch = capacity.billing == Billing::BatchTokens;
            let terms = Terms { writes_for_an_hour, is_batch, tier: &stage.tier };
            prices[c] = self.price_of(Call { workload, stage, model, capacity, offer }, terms);
        }
        prices
    }

    fn price_of(&mut self, call: Call<'_, 'a>, terms: Terms<'_>) -> Option<PricesByLength> {
        let written = [call.offer.written, call.model.prices];
        let told = pricing::tell(written, call.offer.listed.as_ref(), terms)?;
        let (prices, factor) = (told.prices, call.model.price_factor);
        self.tell_of_prices(call, told, terms);
        let long = self.long_prices(call, terms, &prices);
        let long = long.map(|long| LongPrices { prices: long.prices.times(factor), ..long });
        Some(PricesByLength { standard: prices.times(factor), long })
    }

    /// Notes which prices are assumed, and which are the catalogue's.
    fn tell_of_prices(&mut self, call: Call<'_, 'a>, told: Told, terms: Terms<'_>) {
        if told.cache_is_guessed && call.uses_cache() {
            let path = format!("models.{}.prices", call.model.facts.name);
            self.assume(path, "as input", "no price is known for cache reads or writes");
        }
        if let Some(factor) = told.tier_factor {
            let why =
                "the model's price in this tier is not published: the factor that AWS states for most models is used";
            let (workload, tier, factor) = (&call.workload.name, terms.tier.name, factor as f64 / 1e6);
            if call.is_main() {
                self.assume(format!("workloads.{workload}.tier.{tier}.price_factor"), factor.to_string(), why);
            } else {
                self.assume(format!("workloads.{workload}.steps"), format!("tier.{tier}.price_factor = {factor}"), why);
            }
        }
        let Some(listed) = &call.offer.listed else { return };
        let used = |key: &str| !key.starts_with("cache_") || call.uses_cache();
        for (key, value) in told.listed.into_iter().filter(|(key, _)| used(key)) {
            let path = format!("capacities.{}.prices.{key}", call.capacity.name);
            let by = if key == "request" { String::new() } else { call.factor() };
            self.publish(path, value + &by, listed.fact(key));
        }
    }

    /// Prices of requests with a long prompt; `None` where there are none, or no prompt is so long.
    fn long_prices(&mut self, call: Call<'_, 'a>, terms: Terms<'_>, standard: &TokenPrices) -> Option<LongPrices> {
        let written = [call.offer.written, call.model.prices];
        let listed = call.offer.long_context.as_ref();
        if let Some(spec) = long_context::lacks_threshold(written, listed) {
            let rule = "prices of long prompts need the number of tokens above which they apply";
            self.error(&spec.at, rule, "write above = 200_000 beside them".to_owned());
            return None;
        }
        let told = long_context::tell(written, listed, terms, standard)?;
        let share = call.share_above(told.long.above);
        if share == 0.0 {
            return None;
        }
        // The far end of a law is billed as it should be, and is not worth a line among the inputs.
        if share < WORTH_TELLING {
            return Some(told.long);
        }
        if told.cache_is_guessed && call.uses_cache() {
            let path = format!("models.{}.prices.long_context", call.model.facts.name);
            let why = "no price is known for cache reads or writes of a long prompt: it is raised like the input price";
            self.assume(path, "as input", why);
        }
        let used = |key: &str| !key.starts_with("cache_") || call.uses_cache();
        for (key, value) in told.listed.into_iter().filter(|(key, _)| used(key)) {
            let path = format!("capacities.{}.prices.long_context.{key}", call.capacity.name);
            let by = if key == "above" { String::new() } else { call.factor() };
            if let Some(listed) = listed {
                self.publish(path, value + &by, listed.fact(key));
            }
        }
        Some(told.long)
    }
}

impl Call<'_, '_> {
    /// Returns whether it is the call that answers the request; the others are steps before it.
    fn is_main(&self) -> bool {
        self.stage.tokens.is_none()
    }

    /// Returns whether the prompt cache reads or writes any of the input.
    fn uses_cache(&self) -> bool {
        self.is_main() && self.workload.cache.is_used()
    }

    /// The factor of the model's prices, as an input tells it behind a price.
    fn factor(&self) -> String {
        match self.model.price_factor {
            1_000_000 => String::new(),
            factor => format!(" x {}", factor as f64 / 1e6),
        }
    }

    /// The share of prompts that are longer than a threshold \[1\]; 1 where that is not known beforehand.
    fn share_above(&self, threshold: Tokens) -> f64 {
        let grows = matches!(self.workload.arrivals, Arrivals::Sessions(_));
        match &self.workload.tokens.of {
            TokensOf::Laws { input, .. } if self.is_main() && !grows => {
                share_above(input, threshold.saturating_sub(u64::from(self.workload.tokens.extra_input)))
            }
            _ => 1.0,
        }
    }
}

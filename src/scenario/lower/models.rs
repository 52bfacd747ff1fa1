//! Models: the scenario's word over the catalogue's.

use std::collections::BTreeMap;

use super::Lowering;
use crate::catalog::{self, LatencyEntry, ModelEntry, PriceEntry};
use crate::diagnostic::Span;
use crate::model::law::Quantity;
use crate::model::pricing::{PricesSpec, TokenPrices};
use crate::model::quantity::{Duration, TokenPrice};
use crate::model::service::{Burndown, Latency, MOST_OUTPUT_TOKENS, ModelFacts, ModelSpec};
use crate::model::spec::At;
use crate::model::workload::WorkloadSpec;
use crate::random::{Law, Shape};
use crate::units::{SimTime, parse};

/// What is known of a model.
pub struct Known<'c> {
    pub facts: ModelFacts,
    /// The catalogue's figures for the way it is reached; `None` for a model without an id.
    pub offer: Option<&'c catalog::Path>,
    /// The catalogue has no price of its own for what the cache reads and writes.
    pub guessed_cache_prices: bool,
}

/// By name; a model that was refused is not in it.
pub type Models<'c> = BTreeMap<String, Known<'c>>;

impl<'a> Lowering<'a> {
    pub fn models(&mut self) -> Models<'a> {
        let specs = self.specs;
        let mut models = Models::new();
        for section in &specs.models {
            let Some(spec) = &section.spec else { continue };
            // A workload that cannot be read, or names a model that is not there, may mean this one.
            let may_use = |w: &WorkloadSpec| {
                *w.model.value == *section.name || !specs.models.iter().any(|m| m.name == *w.model.value)
            };
            if !specs.workloads.iter().any(|w| w.spec.as_ref().is_none_or(may_use)) {
                let rule = format!("the model `{}` is used by no workload", section.name);
                self.sink.warning(Some(section.at.clone()), rule, None);
                continue;
            }
            if let Some(known) = self.model(&section.name, &section.at, spec) {
                models.insert(section.name.clone(), known);
            }
        }
        models
    }

    fn model(&mut self, name: &str, at: &Span, spec: &ModelSpec) -> Option<Known<'a>> {
        let before = self.sink.errors();
        let resolved = self.resolve(spec);
        let entry = resolved.map(|(entry, _)| entry);
        let offer = resolved.map(|(_, offer)| offer);
        if spec.id.is_none() {
            self.check_complete(name, at, spec);
        }
        if let Some(entry) = entry {
            self.dates.extend([entry.max_output_tokens.as_of.clone(), entry.output_burndown.as_of.clone()]);
        }
        let max_output_tokens = self.max_output_tokens(spec, entry);
        let burndown = self.burndown(spec, entry);
        let latency = self.latency(name, spec, entry.map(|e| &e.latency));
        let prices = self.prices(name, at, spec.prices.as_ref(), offer.map(|o| &o.prices));
        if self.sink.errors() > before {
            return None;
        }
        let (prices, guessed_cache_prices) = prices.map_or((None, false), |(p, guessed)| (Some(p), guessed));
        let facts = ModelFacts {
            name: name.to_owned(),
            max_output_tokens: max_output_tokens?,
            burndown: burndown?,
            latency: latency?,
            prices,
        };
        Some(Known { facts, offer, guessed_cache_prices })
    }

    /// The catalogue's entry of the id, and how it is sold.
    fn resolve(&mut self, spec: &ModelSpec) -> Option<(&'a ModelEntry, &'a catalog::Path)> {
        let id = spec.id.as_ref()?;
        let resolved = match self.catalog.resolve(&id.value) {
            Ok(resolved) => resolved,
            Err(near) => {
                let help = match near {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => {
                        "leave out `id` and state max_output_tokens, time_to_first_token and output_tokens_per_second"
                            .to_owned()
                    }
                };
                self.error(&id.at, format!("the catalogue does not know `{}`", &*id.value), help);
                return None;
            }
        };
        let Some(offer) = resolved.offer else {
            let profiles: Vec<String> = resolved
                .model
                .paths
                .iter()
                .map(|p| {
                    if p.path == "in_region" {
                        resolved.model.id.clone()
                    } else {
                        format!("{}.{}", p.path, resolved.model.id)
                    }
                })
                .collect();
            let way = if resolved.path == "in_region" { "on demand in one region" } else { "through this profile" };
            let rule = format!("`{}` is not sold {way}", &*id.value);
            self.error(&id.at, rule, format!("use {}", profiles.join(" or ")));
            return None;
        };
        Some((resolved.model, offer))
    }

    fn check_complete(&mut self, name: &str, at: &Span, spec: &ModelSpec) {
        let needed = [
            ("max_output_tokens", spec.max_output_tokens.is_none()),
            ("time_to_first_token", spec.time_to_first_token.is_none()),
            ("output_tokens_per_second", spec.output_tokens_per_second.is_none()),
        ];
        let missing: Vec<&str> = needed.iter().filter(|(_, missing)| *missing).map(|(key, _)| *key).collect();
        if !missing.is_empty() {
            let rule = format!("`models.{name}` has no id, so it states {}", missing.join(", "));
            self.error(at, rule, "an id such as \"us.amazon.nova-pro-v1:0\" takes them from the catalogue".to_owned());
        }
    }

    fn max_output_tokens(&mut self, spec: &ModelSpec, entry: Option<&ModelEntry>) -> Option<u64> {
        let Some(written) = &spec.max_output_tokens else { return entry.map(|e| e.max_output_tokens.value) };
        let n = written.value.0;
        if !(1..=MOST_OUTPUT_TOKENS).contains(&n) {
            let rule = format!("`max_output_tokens` lies between 1 and {MOST_OUTPUT_TOKENS}, {n} does not");
            self.error(&written.at, rule, None);
            return None;
        }
        Some(n)
    }

    fn burndown(&mut self, spec: &ModelSpec, entry: Option<&ModelEntry>) -> Option<Burndown> {
        let Some(written) = &spec.output_burndown else {
            return entry.map_or(Some(Burndown::ONE), |e| Burndown::from_ratio(e.output_burndown.value));
        };
        let burndown = Burndown::from_ratio(written.value.0);
        if burndown.is_none() {
            let rule = format!("a burndown lies between 0 and 1000, {} does not", written.value.0);
            self.error(&written.at, rule, "AWS publishes 1, 5 and 15 quota tokens for one output token".to_owned());
        }
        burndown
    }

    fn latency(&mut self, name: &str, spec: &ModelSpec, entry: Option<&LatencyEntry>) -> Option<Latency> {
        let path = |key: &str| format!("models.{name}.{key}");
        let why = |entry: &LatencyEntry| {
            format!("measured by others ({}, {}), not published by AWS; measure your own", entry.source, entry.as_of)
        };
        let first = match (&spec.time_to_first_token, entry) {
            (Some(written), _) => written.value.lower(&written.at, self.sink),
            (None, Some(entry)) => {
                let (law, value) = first_token(entry);
                self.assume(path("time_to_first_token"), value, why(entry));
                self.dates.push(entry.as_of.clone());
                Some(law)
            }
            (None, None) => None,
        };
        let prefill = match (&spec.prefill_per_1k_tokens, entry) {
            (Some(written), _) => written.value.lower(&written.at, self.sink),
            (None, Some(entry)) => {
                let micros = entry.prefill_per_1k_tokens_s * 1e6;
                self.assume(
                    path("prefill_per_1k_tokens"),
                    format!("\"{}\"", SimTime(crate::units::round_half_up(micros))),
                    why(entry),
                );
                Some(constant::<Duration>(micros))
            }
            (None, None) => Some(constant::<Duration>(0.0)),
        };
        let speed = match (&spec.output_tokens_per_second, entry) {
            (Some(written), _) => written.value.lower(&written.at, self.sink),
            (None, Some(entry)) => {
                self.assume(path("output_tokens_per_second"), entry.output_tokens_per_second.to_string(), why(entry));
                Some(constant::<crate::model::law::Speed>(entry.output_tokens_per_second))
            }
            (None, None) => None,
        };
        Some(Latency { time_to_first_token: first?, prefill_per_1k_tokens: prefill?, output_tokens_per_second: speed? })
    }

    /// The prices, and whether those of the cache are guessed. `None`: not priced, or refused with a finding.
    fn prices(
        &mut self,
        name: &str,
        at: &Span,
        written: Option<&At<PricesSpec>>,
        entry: Option<&PriceEntry>,
    ) -> Option<(TokenPrices, bool)> {
        if let Some(entry) = entry {
            self.dates.push(entry.as_of.clone());
        }
        let none = PricesSpec::default();
        let spec = written.map_or(&none, |w| &w.value);
        let known = |text: Option<&String>| text.and_then(|t| parse::token_price(t).ok());
        let price = |own: &Option<At<TokenPrice>>, listed: Option<&String>| {
            own.as_ref().map(|p| p.value.0).or_else(|| known(listed))
        };
        let input = price(&spec.input, entry.map(|e| &e.input));
        let output = price(&spec.output, entry.map(|e| &e.output));
        let (Some(input), Some(output)) = (input, output) else {
            if let Some(written) = written {
                let missing = if input.is_none() { "input" } else { "output" };
                self.error(
                    &written.at,
                    format!("`models.{name}.prices` lacks `{missing}`"),
                    "write input and output, such as \"$3.00/1M\"".to_owned(),
                );
            } else if entry.is_some() {
                self.error(
                    at,
                    format!("the catalogue's prices of `models.{name}` cannot be read"),
                    "state `prices` here".to_owned(),
                );
            }
            return None;
        };
        let read = price(&spec.cache_read, entry.and_then(|e| e.cache_read.as_ref()));
        let write = price(&spec.cache_write_5m, entry.and_then(|e| e.cache_write_5m.as_ref()));
        let write_1h = price(&spec.cache_write_1h, entry.and_then(|e| e.cache_write_1h.as_ref()));
        let guessed = read.is_none() || write.is_none();
        let write = write.unwrap_or(input);
        let prices = TokenPrices {
            input,
            output,
            cache_read: read.unwrap_or(input),
            cache_write_5m: write,
            cache_write_1h: write_1h.unwrap_or(write),
        };
        Some((prices, guessed))
    }
}

fn constant<Q: Quantity>(x: f64) -> Law {
    Law { shape: Shape::Constant(x), min: Q::LEAST, max: Q::MOST }
}

/// A lognormal through the median and the 95th percentile, or through twice the median where that is not known.
fn first_token(entry: &LatencyEntry) -> (Law, String) {
    let median = entry.time_to_first_token_median_s * 1e6;
    let p95 = entry.time_to_first_token_p95_s.map_or(2.0 * median, |s| s * 1e6);
    if !(median > 0.0 && p95 >= median) {
        return (constant::<Duration>(0.0), "\"0s\"".to_owned());
    }
    let (mu, sigma) = crate::model::law::lognormal_of_p95(median, p95);
    let shown = |micros: f64| SimTime(crate::units::round_half_up(micros));
    let law = Law { shape: Shape::Lognormal { mu, sigma }, min: Duration::LEAST, max: Duration::MOST };
    (law, format!("{{ median = \"{}\", p95 = \"{}\" }}", shown(median), shown(p95)))
}

//! Models: the scenario's word over the catalogue's.

use std::collections::BTreeMap;

use super::Lowering;
use crate::catalog::{IN_REGION, LatencyEntry, ModelEntry, ModelKind};
use crate::diagnostic::Span;
use crate::model::capacity::Sold;
use crate::model::customization::Customization;
use crate::model::input::Origin;
use crate::model::law::Quantity;
use crate::model::pricing::PricesSpec;
use crate::model::quantity::{Duration, LimitAmount};
use crate::model::service::{Burndown, Latency, MOST_OUTPUT_TOKENS, ModelFacts, ModelSpec};
use crate::model::spec::Refusal;
use crate::model::workload::WorkloadSpec;
use crate::model::workload::cache::UNBOUNDED;
use crate::random::{Law, Shape};
use crate::units::{SimTime, parse, round_half_up};

/// A model with the facts that the scenario and the catalogue state about it.
pub struct Known<'c> {
    pub facts: ModelFacts,
    pub sold: Sold<'c>,
    /// The prices that the scenario states.
    pub prices: Option<&'c PricesSpec>,
    /// Neither the scenario nor the catalogue says what output takes of a quota.
    pub burndown_is_open: bool,
    /// Multiplies every price of its tokens \[10⁻⁶\].
    pub price_factor: u64,
    pub customization: Option<Customization>,
}

/// A larger one is a typing error.
const LARGEST_PRICE_FACTOR: f64 = 1_000.0;

/// The models by name; a model that was refused is not among them.
pub type Models<'c> = BTreeMap<String, Known<'c>>;

impl<'a> Lowering<'a> {
    pub fn models(&mut self) -> Models<'a> {
        let specs = self.specs;
        let mut models = Models::new();
        for section in &specs.models {
            let Some(spec) = &section.spec else { continue };
            // A workload that cannot be read, or names a model that is not there, may mean this one.
            let may_be = |name: &str| *name == *section.name || !specs.models.iter().any(|m| m.name == *name);
            let may_use = |w: &WorkloadSpec| {
                let steps = w.steps.iter().flat_map(|s| &s.value).map(|s| &s.model);
                let embedding = w.retrieval.iter().filter_map(|r| r.embedding_model.as_ref());
                [&w.model].into_iter().chain(steps).chain(embedding).any(|m| may_be(&m.value))
            };
            if !specs.workloads.iter().any(|w| w.spec.as_ref().is_none_or(may_use)) {
                let rule = format!("no workload uses the model `{}`", section.name);
                self.sink.warning(Some(section.at.clone()), rule, None);
                continue;
            }
            if let Some(known) = self.model(&section.name, &section.at, spec) {
                models.insert(section.name.clone(), known);
            }
        }
        models
    }

    fn model(&mut self, name: &'a str, at: &'a Span, spec: &'a ModelSpec) -> Option<Known<'a>> {
        let before = self.sink.errors();
        let resolved = self.resolve(spec);
        let entry = resolved.map(|(entry, _)| entry);
        let sold = Sold {
            name,
            id: spec.id.as_ref().map_or("", |id| &id.value),
            id_at: spec.id.as_ref().map_or(at, |id| &id.at),
            entry,
            path: resolved.map_or(IN_REGION, |(_, path)| path),
            is_custom: spec.customization.is_some(),
        };
        if self.refuses_ended(&sold, spec) {
            return None;
        }
        self.check_complete(name, at, spec, entry);
        if let Some(entry) = entry {
            let most = entry.max_output_tokens.iter().map(|d| d.as_of.clone());
            self.facts.dates.extend(most.chain(entry.output_burndown.iter().map(|d| d.as_of.clone())));
        }
        self.tell_of_listed(name, spec, entry);
        let max_output_tokens = self.max_output_tokens(spec, entry);
        let burndown = self.burndown(spec, entry);
        let writes = entry.is_none_or(|e| e.kind == ModelKind::Text);
        let latency = self.latency(name, spec, entry.and_then(|e| e.latency.as_ref()), writes);
        let customization = self.customization(name, spec, entry);
        if let Some(written) = spec.price_factor.as_ref().filter(|f| f.value.0 > LARGEST_PRICE_FACTOR) {
            let rule = format!("a price factor is at most {LARGEST_PRICE_FACTOR}, {} is not", written.value.0);
            self.error(&written.at, rule, "1.2 stands for prices that are 20 % higher".to_owned());
        }
        if self.sink.errors() > before {
            self.warn_of_ended(&sold, spec);
            return None;
        }
        let facts = ModelFacts {
            name: name.to_owned(),
            max_output_tokens: max_output_tokens?,
            burndown: burndown?,
            latency: latency?,
            max_cacheable_tokens: self.cacheable(name, spec, entry),
        };
        let prices = spec.prices.as_ref().map(|p| &p.value);
        let price_factor = spec.price_factor.as_ref().map_or(1_000_000, |f| round_half_up(f.value.0 * 1e6));
        let burndown_is_open = spec.output_burndown.is_none()
            && entry.is_none_or(|e| e.output_burndown.is_none() && e.kind == ModelKind::Text);
        Some(Known { facts, sold, prices, burndown_is_open, price_factor, customization })
    }

    /// Returns the catalogue's entry of the id, and the path by which the id reaches it.
    fn resolve(&mut self, spec: &ModelSpec) -> Option<(&'a ModelEntry, &'a str)> {
        let id = spec.id.as_ref()?;
        match self.catalog.resolve(&id.value) {
            Ok(resolved) => Some((resolved.model, resolved.path)),
            Err(near) => {
                let similar = self.catalog.get().similar(&id.value);
                not_known(&id.value, near, &similar).report(id.at.clone(), self.sink);
                None
            }
        }
    }

    fn customization(&mut self, name: &str, spec: &ModelSpec, entry: Option<&ModelEntry>) -> Option<Customization> {
        let written = spec.customization.as_ref()?;
        let listed = entry.and_then(|e| e.customization.as_ref());
        if let Some(entry) = entry {
            let method = written.method.value.name();
            if !listed.is_some_and(|l| l.methods.iter().any(|m| m == method)) {
                let rule = format!("`{}` cannot be customized by {method}, as far as the catalogue knows", entry.id);
                let help = match listed {
                    Some(l) => format!("use {}", l.methods.join(" or ")),
                    None => "leave out `id` and state the model's keys, if you know better".to_owned(),
                };
                self.error(&written.method.at, rule, help);
                return None;
            }
        }
        if let Some(listed) = listed {
            let listed_as = (listed.source.as_str(), listed.as_of.as_str());
            let path = |key: &str| format!("models.{name}.customization.{key}");
            self.facts.dates.push(listed.as_of.clone());
            if let Some(price) = listed.training.as_ref().filter(|_| written.price.is_none()) {
                self.publish(path("price"), format!("\"{price}\""), listed_as);
            }
            if written.storage_per_month.is_none() {
                self.publish(path("storage_per_month"), format!("\"{}\"", listed.storage_per_month), listed_as);
            }
        }
        let price = listed.and_then(|l| l.training.as_ref()).and_then(|text| parse::token_price(text).ok());
        let storage = listed.and_then(|l| parse::amount(&l.storage_per_month).ok());
        written.value.lower(name, (price, storage), self.sink)
    }

    /// Refuses a model of which a key is neither stated nor known to the catalogue.
    fn check_complete(&mut self, name: &str, at: &Span, spec: &ModelSpec, entry: Option<&ModelEntry>) {
        if spec.id.is_some() && entry.is_none() {
            return;
        }
        let writes = entry.is_none_or(|e| e.kind == ModelKind::Text);
        let has_latency = entry.is_some_and(|e| e.latency.is_some());
        let has_most = entry.is_some_and(|e| e.max_output_tokens.is_some());
        let needed = [
            ("max_output_tokens", "8000", writes && !has_most && spec.max_output_tokens.is_none()),
            ("time_to_first_token", "\"600ms\"", !has_latency && spec.time_to_first_token.is_none()),
            ("output_tokens_per_second", "80", writes && !has_latency && spec.output_tokens_per_second.is_none()),
        ];
        let missing = || needed.iter().filter(|(.., missing)| *missing);
        let keys: Vec<&str> = missing().map(|(key, ..)| *key).collect();
        if keys.is_empty() {
            return;
        }
        let keys = keys.join(", ");
        if let Some(entry) = entry {
            let rule = format!("the catalogue has no {keys} for `{}`, so `models.{name}` must state it", entry.id);
            let lines: Vec<String> = missing().map(|(key, value, _)| format!("{key} = {value}")).collect();
            self.error(at, rule, format!("write {}, with your own figures", lines.join(" and ")));
        } else {
            let rule = format!("`models.{name}` has no id, so it must state {keys}");
            self.error(at, rule, "an id such as \"us.amazon.nova-pro-v1:0\" takes them from the catalogue".to_owned());
        }
    }

    fn max_output_tokens(&mut self, spec: &ModelSpec, entry: Option<&ModelEntry>) -> Option<u64> {
        let Some(written) = &spec.max_output_tokens else { return listed_maximum(entry?) };
        let n = written.value.0;
        if n > MOST_OUTPUT_TOKENS {
            let rule = format!("`max_output_tokens` lies between 0 and {MOST_OUTPUT_TOKENS}, {n} does not");
            self.error(&written.at, rule, None);
            return None;
        }
        Some(n)
    }

    /// Returns the longest part of a prompt that the prompt cache takes \[tokens\].
    fn cacheable(&mut self, name: &str, spec: &ModelSpec, entry: Option<&ModelEntry>) -> u64 {
        match (&spec.max_cacheable_tokens, entry.and_then(|e| e.cache.as_ref())) {
            (Some(written), _) => match written.value {
                LimitAmount::Unlimited => UNBOUNDED,
                LimitAmount::AtMost(most) => most,
            },
            (None, Some(listed)) => {
                if self.caches(name) {
                    let path = format!("models.{name}.max_cacheable_tokens");
                    let value = listed.max_cacheable_tokens.to_string();
                    self.publish(path, value, (&listed.source, &listed.as_of));
                }
                listed.max_cacheable_tokens
            }
            (None, None) => UNBOUNDED,
        }
    }

    /// Returns whether any workload of a model says that its prompts are cached.
    fn caches(&self, model: &str) -> bool {
        let mut specs = self.specs.workloads.iter().filter_map(|w| w.spec.as_ref());
        specs.any(|w| w.cache.is_some() && *w.model.value == *model)
    }

    fn burndown(&mut self, spec: &ModelSpec, entry: Option<&ModelEntry>) -> Option<Burndown> {
        let Some(written) = &spec.output_burndown else {
            let listed = entry.and_then(|e| e.output_burndown.as_ref());
            return listed.map_or(Some(Burndown::ONE), |listed| Burndown::from_ratio(listed.value));
        };
        let burndown = Burndown::from_ratio(written.value.0);
        if burndown.is_none() {
            let rule = format!("a burndown lies between 0 and 1000, {} does not", written.value.0);
            self.error(&written.at, rule, "AWS publishes 1, 5 and 15 quota tokens for one output token".to_owned());
        }
        burndown
    }

    /// Notes the catalogue's figures of a model that the scenario does not state itself.
    fn tell_of_listed(&mut self, name: &str, spec: &ModelSpec, entry: Option<&ModelEntry>) {
        let Some(entry) = entry else { return };
        let path = |key: &str| format!("models.{name}.{key}");
        if let (Some(most), None) = (&entry.max_output_tokens, &spec.max_output_tokens) {
            self.publish(path("max_output_tokens"), most.value.to_string(), (&most.source, &most.as_of));
        }
        if let (Some(burndown), None) = (&entry.output_burndown, &spec.output_burndown) {
            self.publish(path("output_burndown"), burndown.value.to_string(), (&burndown.source, &burndown.as_of));
        }
    }

    /// Notes a latency that AWS does not publish as an assumption, with the source of its measurement or estimate.
    pub(super) fn measured_by_others(&mut self, path: String, value: String, entry: &LatencyEntry) {
        let is_guess = entry.is_guess(path.rsplit('.').next().unwrap_or_default());
        let (origin, how) = match is_guess {
            true => (Origin::Assumed, "an estimate of the catalogue"),
            false => (Origin::Measured, "measured by others"),
        };
        let why = format!("{how} ({}, {}), not published by AWS; measure your own", entry.source, entry.as_of);
        let mut source = entry.source.clone();
        if path.ends_with("prefill_per_1k_tokens") {
            source = "an estimate of the catalogue: measure your own".to_owned();
        } else if path.ends_with("time_to_first_token") && entry.time_to_first_token_p95_s.is_none() {
            source += "; the 95th percentile is taken as twice the median";
        }
        self.facts.cite(origin, path.clone(), value.clone(), (&source, &entry.as_of));
        self.assume(path, value, why);
    }

    fn latency(&mut self, name: &str, spec: &ModelSpec, entry: Option<&LatencyEntry>, writes: bool) -> Option<Latency> {
        let path = |key: &str| format!("models.{name}.{key}");
        let first = match (&spec.time_to_first_token, entry) {
            (Some(written), _) => written.value.lower(&written.at, self.sink),
            (None, Some(entry)) => {
                let (law, value) = first_token(entry);
                self.measured_by_others(path("time_to_first_token"), value, entry);
                Some(law)
            }
            (None, None) => None,
        };
        let prefill = match (&spec.prefill_per_1k_tokens, entry) {
            (Some(written), _) => written.value.lower(&written.at, self.sink),
            (None, Some(entry)) => {
                let micros = entry.prefill_per_1k_tokens_s * 1e6;
                let value = format!("\"{}\"", SimTime(crate::units::round_half_up(micros)));
                self.measured_by_others(path("prefill_per_1k_tokens"), value, entry);
                Some(constant::<Duration>(micros))
            }
            (None, None) => Some(constant::<Duration>(0.0)),
        };
        let speed = match (&spec.output_tokens_per_second, entry) {
            (Some(written), _) => written.value.lower(&written.at, self.sink),
            // The speed of an answer that is never written changes nothing, so that nothing is assumed of it.
            (None, _) if !writes => Some(constant::<crate::model::law::Speed>(1.0)),
            (None, Some(entry)) => {
                let value = entry.output_tokens_per_second.to_string();
                self.measured_by_others(path("output_tokens_per_second"), value, entry);
                Some(constant::<crate::model::law::Speed>(entry.output_tokens_per_second))
            }
            (None, None) => None,
        };
        Some(Latency { time_to_first_token: first?, prefill_per_1k_tokens: prefill?, output_tokens_per_second: speed? })
    }
}

/// Returns the refusal of an id that names no model, with what to write instead.
fn not_known(id: &str, near: Option<String>, similar: &[String]) -> Refusal {
    const STATE_IT: &str =
        "leave out `id` and state max_output_tokens, time_to_first_token and output_tokens_per_second";
    if id.contains(":application-inference-profile/") {
        let rule = format!("`{id}` is an application inference profile, and its id does not name the model");
        let help = "write the id of the model or profile that it was made from, such as id = \"us.amazon.nova-pro-v1:0\": \
                    `aws bedrock get-inference-profile --inference-profile-identifier ARN` shows it";
        return Refusal::new(rule).help(help);
    }
    let refusal = Refusal::new(format!("the catalogue does not know `{id}`"));
    match near {
        Some(near) => {
            Refusal { offers: vec![format!("\"{near}\"")], ..refusal.help(format!("did you mean `{near}`?")) }
        }
        None if similar.is_empty() => refusal.help(STATE_IT),
        None => {
            let ids: Vec<String> = similar.iter().map(|id| format!("`{id}`")).collect();
            refusal.help(format!("the nearest ids are {}; for another model {STATE_IT}", ids.join(", ")))
        }
    }
}

/// Returns the longest answer that the catalogue knows of \[tokens\]: none where a model writes none.
fn listed_maximum(entry: &ModelEntry) -> Option<u64> {
    match &entry.max_output_tokens {
        Some(most) => Some(most.value),
        None => (entry.kind != ModelKind::Text).then_some(0),
    }
}

pub(super) fn constant<Q: Quantity>(x: f64) -> Law {
    Law { shape: Shape::Constant(x), min: Q::LEAST, max: Q::MOST }
}

/// Returns a lognormal through the median and the 95th percentile, or through twice the median where that is not known.
pub(super) fn first_token(entry: &LatencyEntry) -> (Law, String) {
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

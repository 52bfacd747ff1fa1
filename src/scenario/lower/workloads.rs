//! Workloads: what comes, how large it is, who sends it.

use std::sync::Arc;

use super::models::Models;
use super::supply::Routes;
use super::{Lowering, Traces};
use crate::diagnostic::Span;
use crate::model::client::ClientSpec;
use crate::model::workload::arrivals::{Arrivals, ArrivalsSpec, Intensity};
use crate::model::workload::cache::CacheShares;
use crate::model::workload::tokens::TokenSource;
use crate::model::workload::{Slo, Workload, WorkloadSpec};
use crate::units::Tokens;

/// A larger one is a typing error; products with a rate stay finite below it.
const LARGEST_SCALE: f64 = 1e6;

impl Lowering<'_> {
    /// The workloads that can be lowered, by name.
    pub fn workloads(&mut self, models: &Models<'_>, routes: &Routes, traces: &Traces) -> Vec<Workload> {
        let specs = self.specs;
        let traffic_scale = self.traffic_scale();
        let known: Vec<String> = specs.models.iter().map(|m| m.name.clone()).collect();
        let mut workloads = Vec::new();
        for section in &specs.workloads {
            let Some(spec) = &section.spec else { continue };
            self.index(&spec.model, &known, "model");
            let arrivals = self.arrivals(&section.name, spec, traffic_scale, traces);
            let tokens = self.tokens(&section.name, &section.at, spec);
            let cache = spec.cache.as_ref().map_or(Some(CacheShares::default()), |c| c.value.lower(self.sink));
            let client = spec.client.as_ref().map_or_else(ClientSpec::default, |c| c.value.clone()).lower(self.sink);
            let slo = self.slo(spec);
            let Some(model) = models.get(&**spec.model) else { continue };
            if model.guessed_cache_prices && cache.is_some_and(|c| c.read > 0.0 || c.write > 0.0) {
                let path = format!("models.{}.prices", model.facts.name);
                self.assume(path, "as input", "no price is known for what the cache reads or writes");
            }
            let output_cap = self.output_cap(spec, model.facts.max_output_tokens);
            let route = routes.get(&section.name).cloned();
            if let (Some(arrivals), Some(tokens), Some(cache), Some(client), Some(output_cap), Some(route)) =
                (arrivals, tokens, cache, client, output_cap, route)
            {
                let facts = model.facts.clone();
                workloads.push(Workload {
                    name: section.name.clone(),
                    arrivals,
                    tokens,
                    output_cap,
                    cache,
                    client,
                    route,
                    facts,
                    slo,
                });
            }
        }
        workloads
    }

    fn traffic_scale(&mut self) -> f64 {
        let Some(written) = self.specs.run.spec.as_ref().and_then(|r| r.traffic_scale.as_ref()) else { return 1.0 };
        let replays = self.specs.workloads.iter().filter_map(|w| w.spec.as_ref()).find(|w| is_trace(w));
        if written.value.0 != 1.0 && replays.is_some() {
            let rule = "`traffic_scale` cannot scale a recorded trace in this version";
            self.error(&written.at, rule, "prepare the trace file itself, or draw the traffic".to_owned());
        }
        if written.value.0 > LARGEST_SCALE {
            self.error(&written.at, format!("a scale is at most {LARGEST_SCALE}, {} is not", written.value.0), None);
        }
        written.value.0
    }

    fn arrivals(&mut self, name: &str, spec: &WorkloadSpec, traffic_scale: f64, traces: &Traces) -> Option<Arrivals> {
        if is_trace(spec) {
            self.refuse_beside_a_trace(spec);
            return traces.get(name).map(|trace| Arrivals::Trace(Arc::clone(trace)));
        }
        let scale = spec.scale.as_ref().map_or(1.0, |s| s.value.0);
        if let Some(written) = spec.scale.as_ref().filter(|_| scale > LARGEST_SCALE) {
            self.error(&written.at, format!("a scale is at most {LARGEST_SCALE}, {scale} is not"), None);
        }
        let shape = spec.shape.as_ref().map_or(&[][..], |s| s.value.as_slice());
        let bursts = spec.bursts.as_ref().map_or(&[][..], |b| b.value.as_slice());
        let (gaps, rate) = spec.arrivals.value.renewal(self.sink)?;
        let intensity = Intensity::lower(rate, scale * traffic_scale, shape, bursts, self.sink)?;
        Some(Arrivals::Renewal { gaps, intensity })
    }

    /// A trace says itself when requests come and how large they are.
    fn refuse_beside_a_trace(&mut self, spec: &WorkloadSpec) {
        let beside = [
            ("input_tokens", spec.input_tokens.as_ref().map(|k| &k.at)),
            ("output_tokens", spec.output_tokens.as_ref().map(|k| &k.at)),
            ("shape", spec.shape.as_ref().map(|k| &k.at)),
            ("bursts", spec.bursts.as_ref().map(|k| &k.at)),
            ("scale", spec.scale.as_ref().map(|k| &k.at)),
        ];
        for (key, at) in beside {
            if let Some(at) = at {
                self.error(
                    at,
                    format!("`{key}` stands beside a trace, which says it already"),
                    "leave it out".to_owned(),
                );
            }
        }
    }

    fn tokens(&mut self, name: &str, at: &Span, spec: &WorkloadSpec) -> Option<TokenSource> {
        if is_trace(spec) {
            return Some(TokenSource::Trace);
        }
        let mut law = |key: &str, written: &Option<crate::model::spec::At<crate::model::law::LawSpec<_>>>| match written
        {
            Some(written) => written.value.lower(&written.at, self.sink),
            None => {
                self.sink.error(
                    at.clone(),
                    format!("`workloads.{name}` lacks `{key}`"),
                    format!("write {key} = 1800, or a distribution"),
                );
                None
            }
        };
        let (input, output) = (law("input_tokens", &spec.input_tokens), law("output_tokens", &spec.output_tokens));
        Some(TokenSource::Drawn { input: input?, output: output? })
    }

    /// The caller's cap, at most the model's.
    fn output_cap(&mut self, spec: &WorkloadSpec, most: Tokens) -> Option<Tokens> {
        let Some(written) = &spec.max_tokens else { return Some(most) };
        let cap = written.value.0;
        if cap == 0 {
            self.error(&written.at, "`max_tokens` is at least 1", "leave it out for the model's maximum".to_owned());
            return None;
        }
        if cap > most {
            let rule =
                format!("`max_tokens` of {cap} is above the model's maximum of {most}, which is what is reserved");
            self.sink.warning(Some(written.at.clone()), rule, None);
        }
        Some(cap.min(most))
    }

    fn slo(&mut self, spec: &WorkloadSpec) -> Slo {
        let Some(written) = &spec.slo else { return Slo::default() };
        let (ttft, e2e) = (written.ttft.as_ref(), written.e2e.as_ref());
        if ttft.is_none() && e2e.is_none() {
            self.error(
                &written.at,
                "an slo states ttft, e2e or both",
                "write slo = { e2e = \"20s\", objective = \"99%\" }".to_owned(),
            );
        }
        Slo { ttft: ttft.map(|t| t.value.0), e2e: e2e.map(|t| t.value.0) }
    }
}

fn is_trace(spec: &WorkloadSpec) -> bool {
    matches!(spec.arrivals.value, ArrivalsSpec::Trace(_))
}

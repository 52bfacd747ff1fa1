//! Workloads: what comes, how large it is, who sends it.

use super::models::Models;
use super::supply::{Routes, Supply};
use super::{Lowering, Traces};
use crate::diagnostic::Span;
use crate::model::client::{Client, ClientSpec};
use crate::model::law::LawSpec;
use crate::model::pricing::{self, Terms};
use crate::model::quantity::Count;
use crate::model::spec::At;
use crate::model::workload::arrivals::intensity::{Intensity, IntensitySpec};
use crate::model::workload::arrivals::shape::ShapeSpec;
use crate::model::workload::arrivals::{Arrivals, ArrivalsSpec};
use crate::model::workload::cache::{Cache, DEFAULT_TTL, Modelled, UNBOUNDED};
use crate::model::workload::steps::{Retrieval, Stage, StepTokens};
use crate::model::workload::tier::{Tier, TierSpec};
use crate::model::workload::tokens::{TokenSource, TokensOf};
use crate::model::workload::{Failover, Slo, Workload, WorkloadSpec};
use crate::random::Law;
use crate::trace::Trace;
use crate::units::{SimTime, Tokens, Usd};

/// A larger one is a typing error; products with a rate stay finite below it.
const LARGEST_SCALE: f64 = 1e6;
/// Longer than the context of any model \[tokens\].
const MOST_EXTRA_TOKENS: u64 = 100_000_000;

impl<'a> Lowering<'a> {
    /// Returns the workloads that can be lowered, by name.
    pub fn workloads(
        &mut self,
        models: &Models<'a>,
        routes: &Routes,
        supply: &Supply<'a>,
        traces: &Traces,
    ) -> Vec<Workload> {
        let specs = self.specs;
        let traffic_scale = self.traffic_scale();
        let known: Vec<String> = specs.models.iter().map(|m| m.name.clone()).collect();
        let mut workloads = Vec::with_capacity(specs.workloads.len());
        for section in &specs.workloads {
            let Some(spec) = &section.spec else { continue };
            self.index(&spec.model, &known, "model");
            let arrivals = self.arrivals(&section.name, spec, traffic_scale, traces);
            let tokens = {
                // A model that is refused elsewhere is taken for one that writes.
                let writes = models.get(&**spec.model).is_none_or(|model| model.facts.max_output_tokens > 0);
                self.tokens(&section.name, &section.at, spec, writes)
            };
            let most_cached = models.get(&**spec.model).map_or(UNBOUNDED, |m| m.facts.max_cacheable_tokens);
            let cache = self.cache((&section.name, spec), most_cached, traces);
            let client = self.client(&section.name, spec);
            let slo = self.slo(spec);
            let stages = self.stages(&section.name, spec, models, &known, routes.get(&section.name));
            let retrieval = self.retrieval(spec, models, &known);
            if let (Some(arrivals), Some(tokens), Some(cache), Some(client), Some(stages), Ok(retrieval)) =
                (arrivals, tokens, cache, client, stages, retrieval)
            {
                let mut workload = Workload {
                    name: section.name.clone(),
                    arrivals,
                    tokens,
                    cache,
                    client,
                    failover: spec.failover.as_ref().map_or(Failover::AtOnce, |f| f.value),
                    stages,
                    retrieval,
                    slo,
                };
                self.check_tiers(&workload, spec, supply);
                for stage in 0..workload.stages.len() {
                    workload.stages[stage].prices = self.prices((&workload, spec), stage, models, supply);
                }
                self.check_batches(&workload, &section.at, supply);
                workloads.push(workload);
            }
        }
        workloads
    }

    /// Returns the calls of a request; `None` after a finding.
    fn stages(
        &mut self,
        name: &str,
        spec: &WorkloadSpec,
        models: &Models<'a>,
        known: &[String],
        routes: Option<&Vec<Vec<usize>>>,
    ) -> Option<Vec<Stage>> {
        let steps = spec.steps.as_ref().map_or(&[][..], |s| &s.value);
        // Scenarios may have thousands of workloads, so that no room is left over.
        let mut stages = Vec::with_capacity(steps.len() + 1);
        for step in steps {
            self.index(&step.model, known, "model");
            let input = step.input_tokens.value.lower(&step.input_tokens.at, self.sink);
            let output = step.output_tokens.as_ref().map(|o| o.value.lower(&o.at, self.sink));
            let Some(model) = models.get(&**step.model) else { continue };
            // A call without an answer reserves none, unless its caller writes a cap.
            let answers = output.is_some() || step.max_tokens.is_some();
            let most = if answers { model.facts.max_output_tokens } else { 0 };
            let output_cap = self.output_cap(step.max_tokens.as_ref(), most);
            let tier = self.tier(step.tier.as_ref(), |key| (format!("workloads.{name}.steps"), format!("tier.{key}")));
            let (Some(input), Some(output_cap), Some(tier), false) =
                (input, output_cap, tier, matches!(output, Some(None)))
            else {
                continue;
            };
            let tokens = Some(StepTokens { input, output: output.flatten() });
            let facts = model.facts.clone();
            stages.push(Stage { facts, route: Vec::new(), output_cap, tokens, tier, prices: Vec::new() });
        }
        let main = models.get(&**spec.model)?;
        let output_cap = self.output_cap(spec.max_tokens.as_ref(), main.facts.max_output_tokens)?;
        let tier = self.tier(spec.tier.as_ref(), |key| (format!("workloads.{name}.tier.{key}"), String::new()))?;
        let facts = main.facts.clone();
        stages.push(Stage { facts, route: Vec::new(), output_cap, tokens: None, tier, prices: Vec::new() });
        let routes = routes.filter(|r| r.len() == stages.len())?;
        stages.iter_mut().zip(routes).for_each(|(stage, route)| stage.route.clone_from(route));
        Some(stages)
    }

    /// Returns a tier as written. `path` says where a key that it leaves open is written, and what comes before its
    /// value there.
    fn tier(&mut self, written: Option<&At<TierSpec>>, path: impl Fn(&str) -> (String, String)) -> Option<Tier> {
        let Some(written) = written else { return Some(Tier::STANDARD) };
        let (tier, open) = written.value.lower(self.sink)?;
        for key in open {
            let value = if key == "latency_factor" { "1" } else { "0" };
            let why =
                "what a service tier does to latency and to 503s is not published: measure it on your own traffic";
            let (path, before) = path(&format!("{}.{key}", tier.name));
            let value = if before.is_empty() { value.to_owned() } else { format!("{before} = {value}") };
            self.assume(path, value, why);
        }
        Some(tier)
    }

    fn retrieval(
        &mut self,
        spec: &WorkloadSpec,
        models: &Models<'a>,
        known: &[String],
    ) -> Result<Option<Retrieval>, ()> {
        let Some(written) = &spec.retrieval else { return Ok(None) };
        let before = self.sink.errors();
        let model = written.embedding_model.as_ref().and_then(|name| {
            self.index(name, known, "model");
            models.get(&*name.value.0)
        });
        let price = model.and_then(|m| {
            let terms = Terms { writes_for_an_hour: false, is_batch: false, tier: &Tier::STANDARD };
            let listed = m.sold.path_entry().and_then(|p| p.prices.as_ref());
            let told = pricing::tell([None, m.prices], listed, terms)?;
            let quoted = told.listed.into_iter().find(|(key, _)| *key == "input");
            if let (Some((_, value)), Some(listed), None) = (quoted, listed, &written.embedding_cost) {
                let path = format!("models.{}.prices.input", m.facts.name);
                self.publish(path, value, (&listed.source, &listed.as_of));
            }
            Some(told.prices.times(m.price_factor).input)
        });
        let embedding = match (&written.embedding_cost, &written.corpus_tokens) {
            (Some(cost), _) => Some(cost.value.0),
            (None, Some(tokens)) => price.map(|p| p.of(tokens.value.0)),
            (None, None) => Some(Usd::ZERO),
        };
        if let (None, Some(tokens), None) = (&written.embedding_cost, &written.corpus_tokens, &written.embedding_model)
        {
            let rule = "the corpus is embedded by a model, and none is named";
            self.error(&tokens.at, rule, "write embedding_model = \"titan\", or embedding_cost = \"$40\"".to_owned());
        }
        if let Some(zero) = written.refresh_every.as_ref().filter(|r| r.value.0 == SimTime::ZERO) {
            self.error(&zero.at, "`refresh_every` is above zero", "leave it out for never".to_owned());
        }
        let retrieval = Retrieval {
            vector_store: written.vector_store.as_ref().map(|p| p.value.0),
            embedding,
            refresh_every: written.refresh_every.as_ref().map(|r| r.value.0),
        };
        if self.sink.errors() == before { Ok(Some(retrieval)) } else { Err(()) }
    }

    fn traffic_scale(&mut self) -> f64 {
        let Some(written) = self.specs.run.spec.as_ref().and_then(|r| r.traffic_scale.as_ref()) else { return 1.0 };
        if written.value.0 > LARGEST_SCALE {
            self.error(&written.at, format!("a scale is at most {LARGEST_SCALE}, {} is not", written.value.0), None);
        }
        written.value.0
    }

    fn arrivals(&mut self, name: &str, spec: &WorkloadSpec, traffic_scale: f64, traces: &Traces) -> Option<Arrivals> {
        let scale = spec.scale.as_ref().map_or(1.0, |s| s.value.0);
        if let Some(written) = spec.scale.as_ref().filter(|_| scale > LARGEST_SCALE) {
            self.error(&written.at, format!("a scale is at most {LARGEST_SCALE}, {scale} is not"), None);
        }
        let scale = scale * traffic_scale;
        match &spec.arrivals.value {
            ArrivalsSpec::Trace(replay) => {
                self.refuse_beside(spec, "a trace, which says it already", true);
                traces.get(name).and_then(|trace| replay.lower(trace, scale, self.sink)).map(Arrivals::Trace)
            }
            ArrivalsSpec::Users(users) => {
                self.refuse_beside(spec, "users, whose rate follows from the answers they get", false);
                users.lower(scale, self.sink).map(Arrivals::Users)
            }
            ArrivalsSpec::Job(job) => {
                self.refuse_beside(spec, "a job, which says itself when its requests come", false);
                job.lower(scale, self.sink).map(Arrivals::Job)
            }
            other => {
                let intensity = self.intensity(name, spec, scale)?;
                match other {
                    ArrivalsSpec::Batches(batches) => batches.lower(intensity, self.sink).map(Arrivals::Batches),
                    ArrivalsSpec::Sessions(sessions) => sessions.lower(intensity, self.sink).map(Arrivals::Sessions),
                    _ => Some(Arrivals::Renewal { gaps: other.gaps(self.sink)?, intensity }),
                }
            }
        }
    }

    fn client(&mut self, name: &str, spec: &WorkloadSpec) -> Option<Client> {
        if spec.client.as_ref().is_none_or(|client| client.value.retries.is_none()) {
            let source = "what SDKs of AWS do unless they are told otherwise; say what your callers do";
            self.facts.take_default(format!("workloads.{name}.client.retries"), "\"standard\"", source);
        }
        let client = spec.client.as_ref().map_or_else(ClientSpec::default, |c| c.value.clone()).lower(self.sink)?;
        if let Some(preset) = &client.preset {
            let path = format!("workloads.{name}.client.retries.sdk");
            let value = format!("{}, {}", preset.sdk, preset.mode);
            self.publish(path, value, (preset.source, preset.as_of));
            if let Some(why) = preset.assumed {
                let value = format!("{}, {}", preset.sdk, preset.mode);
                self.assume(format!("workloads.{name}.client.retries.sdk"), value, why);
            }
        }
        Some(client)
    }

    fn intensity(&mut self, name: &str, spec: &WorkloadSpec, scale: f64) -> Option<Intensity> {
        let start = self.start();
        if let Some(ShapeSpec::OfficeHours(_)) = spec.shape.as_ref().map(|s| &s.value) {
            let why = "bedload's own factors of a working week: write your hourly counts as shape.weekly";
            self.assume(format!("workloads.{name}.shape"), "\"office_hours\"", why);
        }
        let written = IntensitySpec {
            shape: spec.shape.as_ref(),
            bursts: spec.bursts.as_ref().map_or(&[][..], |b| b.value.as_slice()),
            growth: spec.growth.as_ref(),
            scale,
            zone: spec.timezone.as_ref().map_or(&start.zone, |z| &z.value.0),
            unix_us: start.unix_us,
        };
        Intensity::lower(&spec.arrivals.value, written, self.sink)
    }

    fn cache(&mut self, (name, spec): (&str, &WorkloadSpec), most: Tokens, traces: &Traces) -> Option<Cache> {
        let trace = traces.get(name).filter(|t| t.summary.tells_cache || t.blocks.is_some());
        if let Some(trace) = trace {
            return self.recorded_cache((name, spec), most, trace);
        }
        let Some(written) = &spec.cache else { return Some(Cache::default()) };
        let is_accumulating = match &spec.arrivals.value {
            ArrivalsSpec::Sessions(sessions) => sessions.accumulates(),
            _ => false,
        };
        if written.value.has_context() && !is_accumulating {
            let rule = "a context is cached for the next turn of a session, and this workload has no sessions that carry their context";
            let help =
                "write context = \"accumulate\" in arrivals.sessions, or prefix_tokens = 1_000 in place of context"
                    .to_owned();
            self.error(&written.at, rule, help);
            return None;
        }
        written.value.lower(most, self.sink)
    }

    /// Returns the cache that a trace states: of each request, or by the blocks of prompts.
    fn recorded_cache(&mut self, (name, spec): (&str, &WorkloadSpec), most: Tokens, trace: &Trace) -> Option<Cache> {
        if let Some(written) = spec.cache.as_ref().filter(|c| !c.value.is_only_a_ttl()) {
            let rule = "the trace states itself what is cached";
            self.error(&written.at, rule, "leave `cache` out, or state its ttl alone".to_owned());
            return None;
        }
        if trace.summary.tells_cache {
            return Some(Cache::Recorded);
        }
        let ttl = match &spec.cache {
            Some(written) => written.value.ttl(self.sink),
            None => {
                let why = "prompts of the trace are cached by their blocks, with AWS's usual time to live";
                self.assume(format!("workloads.{name}.cache.ttl"), SimTime(DEFAULT_TTL).to_string(), why);
                DEFAULT_TTL
            }
        };
        Some(Cache::Modelled(Modelled { ttl, prefix: None, context: false, blocks: true, most }))
    }

    /// Refuses keys on arrivals, and on tokens if `tells_tokens`, that stand beside something that states these
    /// already.
    fn refuse_beside(&mut self, spec: &WorkloadSpec, what: &str, tells_tokens: bool) {
        let of_tokens = [
            ("input_tokens", spec.input_tokens.as_ref().map(|k| &k.at)),
            ("output_tokens", spec.output_tokens.as_ref().map(|k| &k.at)),
            ("correlation", spec.correlation.as_ref().map(|k| &k.at)),
        ];
        let of_time = [
            ("shape", spec.shape.as_ref().map(|k| &k.at)),
            ("bursts", spec.bursts.as_ref().map(|k| &k.at)),
            ("growth", spec.growth.as_ref().map(|k| &k.at)),
            ("timezone", spec.timezone.as_ref().map(|k| &k.at)),
        ];
        for (key, at) in of_tokens.into_iter().filter(|_| tells_tokens).chain(of_time) {
            if let Some(at) = at {
                self.error(at, format!("`{key}` stands beside {what}"), "leave it out".to_owned());
            }
        }
    }

    /// Returns the source of input and output tokens; a model that does not write wants no output, and none is asked
    /// for.
    fn tokens(&mut self, name: &str, at: &Span, spec: &WorkloadSpec, writes: bool) -> Option<TokenSource> {
        let extra_input = match &spec.extra_input_tokens {
            None => 0,
            Some(written) if written.value.0 <= MOST_EXTRA_TOKENS => written.value.0 as u32,
            Some(written) => {
                let rule = format!("{} extra tokens are more than any model reads", written.value.0);
                self.error(&written.at, rule, None);
                return None;
            }
        };
        if is_trace(spec) {
            return Some(TokenSource { of: TokensOf::Trace, extra_input, writes });
        }
        let mut law = |key: &str, written: &Option<At<LawSpec<_>>>| match written {
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
        let input = law("input_tokens", &spec.input_tokens);
        if !writes {
            self.tell_of_no_output(spec);
            let of = TokensOf::Laws { input: input?, output: Law::constant(0.0), correlation: 0.0 };
            return Some(TokenSource { of, extra_input, writes });
        }
        let output = law("output_tokens", &spec.output_tokens);
        let (input, output) = (input?, output?);
        let correlation = self.correlation(spec, [&input, &output])?;
        Some(TokenSource { of: TokensOf::Laws { input, output, correlation }, extra_input, writes })
    }

    /// Warns of keys about an answer that the model does not write.
    fn tell_of_no_output(&mut self, spec: &WorkloadSpec) {
        let keys = [
            ("output_tokens", spec.output_tokens.as_ref().map(|key| &key.at)),
            ("max_tokens", spec.max_tokens.as_ref().map(|key| &key.at)),
            ("correlation", spec.correlation.as_ref().map(|key| &key.at)),
        ];
        for (key, at) in keys {
            if let Some(at) = at {
                let rule = format!("`{key}` changes nothing: the model `{}` writes no answer", &*spec.model.value);
                self.sink.warning(Some(at.clone()), rule, "leave it out".to_owned());
            }
        }
    }

    fn correlation(&mut self, spec: &WorkloadSpec, laws: [&Law; 2]) -> Option<f64> {
        let Some(written) = &spec.correlation else { return Some(0.0) };
        let rho = written.value.0;
        if !(-1.0..=1.0).contains(&rho) {
            let rule = format!("a correlation lies between -1 and 1, {rho} does not");
            self.error(&written.at, rule, None);
            return None;
        }
        if !laws.iter().all(|law| law.has_ranks()) {
            let rule = "a correlation uses the ranks of draws, which gamma and mixture do not have";
            let help = "use lognormal, or a table of quantiles with `empirical`".to_owned();
            self.error(&written.at, rule, help);
            return None;
        }
        Some(rho)
    }

    /// Returns the caller's cap, at most the model's.
    fn output_cap(&mut self, written: Option<&At<Count>>, most: Tokens) -> Option<Tokens> {
        let Some(written) = written else { return Some(most) };
        let cap = written.value.0;
        if cap == 0 {
            self.error(&written.at, "`max_tokens` is at least 1", "leave it out for the model's maximum".to_owned());
            return None;
        }
        if cap > most && most > 0 {
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

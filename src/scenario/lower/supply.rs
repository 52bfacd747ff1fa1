//! Capacities and quotas: who asks which limits, and what is in force where nothing was written.

use std::collections::BTreeMap;

use super::super::decode::Section;
use super::Lowering;
use super::models::Models;
use crate::catalog::{LongContextEntry, PriceEntry};
use crate::diagnostic::Span;
use crate::model::capacity::limiter::LimiterChoice;
use crate::model::capacity::listed::{DefaultQuota, ListedQuota};
use crate::model::capacity::quota::{LimitKind, Quota, QuotaSpec, Stated};
use crate::model::capacity::{Capacity, Kind};
use crate::model::pricing::PricesSpec;
use crate::model::quantity::{LimitAmount, Names};
use crate::model::run::Start;
use crate::model::service::Burndown;
use crate::model::spec::{At, unknown};

/// Capacities and quotas, and who they serve.
#[derive(Default)]
pub struct Supply<'a> {
    /// The capacities by name, also the ones that were refused: a route is an index into them.
    pub capacities: Vec<Capacity>,
    /// The prices that are known of each capacity.
    pub offers: Vec<Offer<'a>>,
    pub quotas: Vec<Quota>,
    pub regions: Vec<String>,
    /// True if nothing was refused; else indices may lead nowhere.
    pub whole: bool,
}

/// Prices of tokens at a capacity: as written there, and as the catalogue lists them.
#[derive(Default)]
pub struct Offer<'a> {
    pub written: Option<&'a PricesSpec>,
    pub listed: Option<PriceEntry>,
    pub long_context: Option<LongContextEntry>,
    /// The path by which the catalogue's model is sold here.
    pub path: Option<&'a crate::catalog::Path>,
}

/// The routes of each workload's calls, the main one last: indices of capacities by name.
pub type Routes = BTreeMap<String, Vec<Vec<usize>>>;

/// The owner of limits: a named quota or a capacity, each by its index in name order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Owner {
    Named(usize),
    Capacity(usize),
}

/// The limits of the catalogue where the scenario states none.
pub(super) type Defaults = BTreeMap<(Owner, LimitKind), Stated>;

/// A capacity before its quotas have their final indices.
pub(super) struct Draft<'a> {
    pub name: &'a str,
    pub at: &'a Span,
    pub kind: (&'static str, &'a dyn Kind),
    pub named: Vec<usize>,
    /// The model that it serves.
    pub model: Option<&'a str>,
    pub reads_cache: bool,
    /// True if an output token of the model takes more than one token of quota, or less.
    pub burns_down: bool,
}

/// The properties of a quota's callers that decide which of its rules matter.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct AskedFor {
    reads_cache: bool,
    burns_down: bool,
}

impl AskedFor {
    pub(super) fn by(draft: &Draft<'_>) -> Self {
        Self { reads_cache: draft.reads_cache, burns_down: draft.burns_down }
    }

    fn and(self, other: Self) -> Self {
        Self { reads_cache: self.reads_cache || other.reads_cache, burns_down: self.burns_down || other.burns_down }
    }
}

impl<'a> Lowering<'a> {
    /// Returns every workload's ways; a workload with a fault in one of them has none.
    pub fn routes(&mut self) -> Routes {
        let specs = self.specs;
        let known: Vec<String> = specs.capacities.iter().map(|c| c.name.clone()).collect();
        let mut routes = Routes::new();
        for section in &specs.workloads {
            let Some(spec) = &section.spec else { continue };
            let steps = spec.steps.as_ref().map_or(&[][..], |s| &s.value);
            let mut ways: Vec<Option<Vec<usize>>> = steps.iter().map(|step| self.route(&step.route, &known)).collect();
            ways.push(match (&spec.route, known.as_slice()) {
                (Some(written), _) => self.route(written, &known),
                (None, []) => None,
                (None, [_]) => Some(vec![0]),
                (None, all) => {
                    let rule =
                        format!("`workloads.{}` has no route, and there are {} capacities", section.name, all.len());
                    self.error(&section.at, rule, format!("write route = [\"{}\"]", all.join("\", \"")));
                    None
                }
            });
            if let Some(ways) = ways.into_iter().collect() {
                routes.insert(section.name.clone(), ways);
            }
        }
        routes
    }

    fn route(&mut self, written: &At<Names>, known: &[String]) -> Option<Vec<usize>> {
        let names = written.each();
        if names.is_empty() {
            self.error(&written.at, "a route leads to at least one capacity", "name one of [capacities]".to_owned());
        }
        let mut route = Vec::new();
        for name in &names {
            let Some(index) = self.index(name, known, "capacity") else { continue };
            if route.contains(&index) {
                let rule = format!("`{}` is on this route already", &*name.value);
                self.error(&name.at, rule, "name it once; retries follow the client's retry policy".to_owned());
            }
            route.push(index);
        }
        (!route.is_empty() && route.len() == names.len()).then_some(route)
    }

    /// Returns the quotas that a capacity names, each once.
    fn quotas_named<T: AsRef<str>>(&mut self, names: &[At<T>], known: &[String]) -> Vec<usize> {
        let mut quotas = Vec::new();
        for name in names {
            let Some(index) = self.index(name, known, "quota") else { continue };
            if quotas.contains(&index) {
                self.error(&name.at, format!("`{}` is asked already", name.value.as_ref()), None);
            } else {
                quotas.push(index);
            }
        }
        quotas
    }

    pub fn supply(&mut self, models: &Models<'a>, routes: &Routes) -> Supply<'a> {
        let before = self.sink.errors();
        let specs = self.specs;
        let served = self.served(routes);
        let quota_names: Vec<String> = specs.quotas.iter().map(|q| q.name.clone()).collect();
        let mut drafts = Vec::new();
        for (i, section) in specs.capacities.iter().enumerate() {
            let Some(spec) = &section.spec else { continue };
            let kind = spec.kind();
            let named = match kind.1.quota_names() {
                None => Vec::new(),
                Some(names) => self.quotas_named(&names.each(), &quota_names),
            };
            let (model, reads_cache) = served.get(&i).copied().map_or((None, false), |(m, r)| (Some(m), r));
            if !served.contains_key(&i) && routes.len() == specs.workloads.len() {
                let rule = format!("no workload's route leads to the capacity `{}`", section.name);
                self.sink.warning(Some(section.at.clone()), rule, None);
            }
            let known = model.and_then(|name| models.get(name));
            let burns_down = known.is_some_and(|known| known.facts.burndown != Burndown::ONE);
            drafts
                .push((i, Draft { name: &section.name, at: &section.at, kind, named, model, reads_cache, burns_down }));
        }
        self.warn_of_unused_quotas(&drafts);
        self.warn_of_dead_ends(routes, &drafts);
        self.check_lifecycles(&drafts, models);
        self.warn_of_legacy_purchases(&drafts, models);
        let mut regions = vec![String::new()];
        let defaults = self.defaults(&drafts, models, &mut regions);
        let quotas = self.named_quotas(&drafts, &defaults);
        // A quota that could not be read leaves a gap, so that capacities refer to a wrong quota or to none.
        let has_all_quotas = quotas.len() == specs.quotas.len();
        let mut supply = Supply { quotas, regions, ..Supply::default() };
        for (i, draft) in &drafts {
            self.capacity(*i, draft, models, &defaults, &mut supply);
        }
        self.account(&drafts, models, &mut supply);
        let has_all_capacities = supply.capacities.len() == specs.capacities.len();
        supply.whole = self.sink.errors() == before && has_all_capacities && has_all_quotas;
        if supply.whole {
            self.assume_burndowns(&drafts, models, &supply);
        }
        supply
    }

    /// Notes the burndown of output as an assumption where no source states it and a limit on tokens counts it.
    fn assume_burndowns(&mut self, drafts: &[(usize, Draft<'a>)], models: &Models<'a>, supply: &Supply<'_>) {
        for (_, draft) in drafts {
            let Some(known) = draft.model.and_then(|m| models.get(m)).filter(|m| m.burndown_is_open) else { continue };
            let Some(capacity) = supply.capacities.iter().find(|c| c.name == draft.name) else { continue };
            let counts = |quota: &usize| {
                [LimitKind::Tpm, LimitKind::Tpd].iter().any(|kind| supply.quotas[*quota].limit(*kind).is_some())
            };
            if capacity.quotas.iter().any(counts) {
                let path = format!("models.{}.output_burndown", known.facts.name);
                let why = "one output token is taken to cost one token of quota; of Claude models from 3.5 on it costs 5 or \
                           more, so that a quota carries less: look it up in AWS's table of token burndown rates";
                self.assume(path, "1", why);
            }
        }
    }

    /// Returns for each capacity on a route the model that it serves, and whether any workload there reads from a
    /// cache.
    fn served(&mut self, routes: &Routes) -> BTreeMap<usize, (&'a str, bool)> {
        let mut served: BTreeMap<usize, (&'a str, bool)> = BTreeMap::new();
        for section in &self.specs.workloads {
            let (Some(spec), Some(ways)) = (&section.spec, routes.get(&section.name)) else { continue };
            let steps = spec.steps.as_ref().map_or(&[][..], |s| &s.value);
            let reads = spec.cache.as_ref().is_some_and(|c| {
                c.prefix_tokens.is_some() || c.read_share.as_ref().is_some_and(|share| share.value.0 > 0.0)
            });
            let models = steps.iter().map(|s| (&s.model, Some(&s.route), false));
            let models = models.chain([(&spec.model, spec.route.as_ref(), reads)]);
            for ((model, route_at, reads), way) in models.zip(ways) {
                let model: &'a str = &model.value;
                for capacity in way {
                    let entry = served.entry(*capacity).or_insert((model, false));
                    entry.1 |= reads;
                    if entry.0 != model {
                        let rule = format!(
                            "a capacity serves one model; `{}` is asked for `{}` and for `{model}`",
                            self.specs.capacities[*capacity].name, entry.0
                        );
                        let at = route_at.map_or(&section.at, |r| &r.at);
                        let help = "write one capacity for each model; they may share a `quota`".to_owned();
                        self.sink.error(at.clone(), rule, help);
                    }
                }
            }
        }
        served
    }

    /// Warns of routes that end in a kind whose refusals AWS passes on to standard inference: no next capacity takes
    /// them here.
    fn warn_of_dead_ends(&mut self, routes: &Routes, drafts: &[(usize, Draft<'_>)]) {
        for (i, draft) in drafts.iter().filter(|(_, d)| d.kind.1.overflows()) {
            if routes.values().flatten().any(|way| way.last() == Some(i)) {
                let rule = format!(
                    "requests that `{}` has no room for are refused: no capacity follows it on a route",
                    draft.name
                );
                let help = "AWS serves them as standard inference: name an on_demand or cross_region capacity after it";
                self.sink.warning(Some(draft.at.clone()), rule, help.to_owned());
            }
        }
    }

    fn warn_of_unused_quotas(&mut self, drafts: &[(usize, Draft<'_>)]) {
        let all_read = drafts.len() == self.specs.capacities.len();
        for (i, section) in self.specs.quotas.iter().enumerate() {
            if all_read && !drafts.iter().any(|(_, d)| d.named.contains(&i)) {
                if !self.files.hold(&section.at) {
                    self.refuse_unknown_quota(section);
                    continue;
                }
                let rule = format!("no capacity uses the quota `{}`", section.name);
                self.sink.warning(Some(section.at.clone()), rule, "write quota = \"NAME\" in a capacity".to_owned());
            }
        }
    }

    /// Refuses a quota that an argument names and that is neither written nor a default quota that included files share.
    fn refuse_unknown_quota(&mut self, section: &Section<QuotaSpec>) {
        let asked = self.specs.quotas.iter().filter(|quota| quota.name != section.name);
        let known: Vec<&str> = asked.map(|quota| quota.name.as_str()).collect();
        let refusal = unknown(format!("there is no `{}` in `quotas`", section.name), &section.name, known);
        refusal.report(section.at.clone(), self.sink);
    }

    /// Limits that nobody wrote. Quotas of the catalogue are those of one model on one path: they go to the first quota
    /// that a capacity shares with its like alone, and stay with the capacity where others share too.
    fn defaults(&mut self, drafts: &[(usize, Draft<'a>)], models: &Models<'a>, regions: &mut Vec<String>) -> Defaults {
        let specs = self.specs;
        let mut listed = Vec::new();
        for (i, draft) in drafts {
            listed.push((*i, draft, draft.kind.1.default_quota(&self.site(draft, models, regions))));
        }
        let is_of_one = |q: &usize| {
            let sharing = listed.iter().filter(|(_, d, _)| d.named.contains(q));
            let mut sharing = sharing.filter_map(|(.., quota)| quota.known());
            sharing.next().is_none_or(|first| sharing.all(|other| first.entry.is(&other.entry)))
        };
        let mut defaults = Defaults::new();
        for (i, draft, quota) in &listed {
            let own_kind: Vec<usize> = draft.named.iter().copied().filter(is_of_one).collect();
            let mut stating = vec![draft.kind.1.own_quota()];
            stating.extend(own_kind.iter().filter_map(|q| specs.quotas[*q].spec.clone()));
            // The account's daily quota stands in place of each model's.
            let is_replaced = |kind| kind == LimitKind::Tpd && draft.kind.1.counts_for_the_account();
            let is_open = |kind| !is_replaced(kind) && stating.iter().all(|q| q.written(kind).is_none());
            let quota = match quota {
                DefaultQuota::None => continue,
                DefaultQuota::Unknown { limits } => {
                    self.ask_for_limits(draft, *limits, is_open);
                    continue;
                }
                DefaultQuota::Known(quota) => quota,
            };
            let owner = own_kind.first().map_or(Owner::Capacity(*i), |q| Owner::Named(*q));
            for (kind, amount) in quota.entry.limits() {
                let Some(amount) = amount.filter(|_| is_open(kind) && !defaults.contains_key(&(owner, kind))) else {
                    continue;
                };
                self.assume_limit((owner, kind, amount), quota, draft);
                defaults.insert((owner, kind), Stated::throughout(amount, draft.at.clone()));
            }
        }
        defaults
    }

    /// Refuses a capacity of which no limit is stated and none is known.
    fn ask_for_limits(&mut self, draft: &Draft<'_>, limits: [LimitKind; 2], is_open: impl Fn(LimitKind) -> bool) {
        if !limits.iter().all(|kind| is_open(*kind)) {
            return;
        }
        let [first, second] = limits.map(LimitKind::name);
        let rule = format!("the catalogue knows no default quota for `capacities.{}`", draft.name);
        let help = format!("write {first} and {second} as Service Quotas shows them, or {second} = \"none\"");
        self.error(draft.at, rule, help);
    }

    /// Lists a default limit as an assumption, with what makes it uncertain for this capacity.
    fn assume_limit(
        &mut self,
        (owner, kind, amount): (Owner, LimitKind, u64),
        quota: &ListedQuota<'_>,
        draft: &Draft<'_>,
    ) {
        let (source, as_of) = quota.entry.fact(kind);
        let remark = quota.entry.remark_on_region(draft.kind.1.source_region());
        let caveat = quota.caveat.map_or_else(String::new, |caveat| format!("; {caveat}"));
        let enforced = match kind {
            LimitKind::Rpm => "; AWS's pages disagree on whether requests per minute are still enforced",
            _ => "",
        };
        let why = format!(
            "the catalogue's default of {as_of}{remark}{caveat}; your account may have less: read it with `aws service-quotas list-service-quotas --service-code bedrock`{enforced}"
        );
        let path = format!("{}.{}", self.prefix(owner), kind.name());
        // A limit of the user's own catalogue is what the account has.
        if !quota.entry.is_own(kind) {
            self.assume(path.clone(), amount.to_string(), why);
        }
        self.publish(path, amount.to_string(), (source, as_of));
    }

    fn prefix(&self, owner: Owner) -> String {
        match owner {
            Owner::Named(q) => format!("quotas.{}", self.specs.quotas[q].name),
            Owner::Capacity(c) => format!("capacities.{}", self.specs.capacities[c].name),
        }
    }

    fn named_quotas(&mut self, drafts: &[(usize, Draft<'_>)], defaults: &Defaults) -> Vec<Quota> {
        let mut quotas = Vec::new();
        for (q, section) in self.specs.quotas.iter().enumerate() {
            let Some(spec) = &section.spec else { continue };
            let users = drafts.iter().map(|(_, draft)| draft).filter(|draft| draft.named.contains(&q));
            let asked = users.fold(AskedFor::default(), |asked, draft| asked.and(AskedFor::by(draft)));
            let owner = Owner::Named(q);
            let stated = |kind| Self::stated(owner, spec, defaults, kind);
            quotas.extend(self.quota(owner, spec, stated, asked));
        }
        quotas
    }

    /// Returns the limit in force, as it is written or by default; `None`: there is none.
    pub(super) fn stated(owner: Owner, spec: &QuotaSpec, defaults: &Defaults, kind: LimitKind) -> Option<Stated> {
        match spec.written(kind) {
            Some(written) => match written.value {
                LimitAmount::Unlimited => None,
                LimitAmount::AtMost(amount) => Some(Stated::throughout(amount, written.at.clone())),
            },
            None => defaults.get(&(owner, kind)).cloned(),
        }
    }

    /// Returns a quota with the limits in force; `None` after a finding.
    pub(super) fn quota(
        &mut self,
        owner: Owner,
        spec: &QuotaSpec,
        stated: impl Fn(LimitKind) -> Option<Stated>,
        asked: AskedFor,
    ) -> Option<Quota> {
        let quota = spec.lower(self.prefix(owner), stated, self.sink)?;
        self.warn_of_idle_keys(spec, &quota);
        self.warn_of_zero(spec, &quota);
        self.assume_unpublished(spec, &quota, asked);
        Some(quota)
    }

    /// Warns of a limit of 0, a quota that was not granted: the limit is simulated and refuses everything.
    fn warn_of_zero(&mut self, spec: &QuotaSpec, quota: &Quota) {
        for kind in LimitKind::ALL {
            let Some(written) = spec.written(kind).filter(|w| w.value == LimitAmount::AtMost(0)) else { continue };
            if !quota.over_time(kind).is_some_and(|steps| steps.later().any(|(_, step)| step.limit.amount > 0)) {
                let rule = format!("`{}.{}` is 0: it refuses everything", quota.prefix, kind.name());
                self.sink.warning(Some(written.at.clone()), rule, "write \"none\" for no limit".to_owned());
            }
        }
    }

    /// Warns of keys about limits that are not there.
    fn warn_of_idle_keys(&mut self, spec: &QuotaSpec, quota: &Quota) {
        let has = |kind| quota.limit(kind).is_some();
        let per_minute = LimitKind::ALL.into_iter().any(|kind| !kind.is_daily() && has(kind));
        let (no_day, no_rpm) = (!has(LimitKind::Tpd), !has(LimitKind::Rpm));
        let idle = [
            ("limiter", spec.limiter.as_ref().map(|k| &k.at).filter(|_| !per_minute), "limit per minute"),
            ("tpd_reset", spec.tpd_reset.as_ref().map(|k| &k.at).filter(|_| no_day), "tpd"),
            ("tpd_used_at_start", spec.tpd_used_at_start.as_ref().map(|k| &k.at).filter(|_| no_day), "tpd"),
            ("count_refused_requests", spec.count_refused_requests.as_ref().map(|k| &k.at).filter(|_| no_rpm), "rpm"),
        ];
        for (key, at, limit) in idle {
            if let Some(at) = at {
                let rule = format!("`{key}` does nothing: `{}` has no {limit}", quota.prefix);
                self.sink.warning(Some(at.clone()), rule, "write it beside the limits that it applies to".to_owned());
            }
        }
    }

    /// Notes an assumed start of the run: a daily quota follows the clock, and such a run starts at a UTC midnight.
    pub(super) fn assume_the_start(&mut self) {
        let start = self.specs.run.spec.as_ref().and_then(|r| r.start.as_ref());
        if start.is_none() {
            let value = format!("\"{}\"", Start::default_clock().written);
            let why = "a daily quota follows the time of day; a run starts at a UTC midnight";
            self.assume("run.start".to_owned(), value, why);
        }
    }

    fn assume_unpublished(&mut self, spec: &QuotaSpec, quota: &Quota, asked: AskedFor) {
        let path = |key: &str| format!("{}.{key}", quota.prefix);
        let has = |kind| quota.limit(kind).is_some();
        let (rpm, tpd) = (has(LimitKind::Rpm), has(LimitKind::Tpd));
        if LimitKind::ALL.into_iter().any(|kind| !kind.is_daily() && has(kind)) {
            match spec.limiter.as_ref().map(|l| &l.value) {
                None => self.assume(
                    path("limiter"),
                    "\"fixed_window\"",
                    "the algorithm that enforces quotas is not published",
                ),
                Some(LimiterChoice::TokenBucket(bucket)) if bucket.burst.is_none() => {
                    self.assume(
                        path("limiter.token_bucket.burst"),
                        "1",
                        "how much a bucket would hold is not published",
                    );
                }
                Some(_) => {}
            }
        }
        if rpm && spec.count_refused_requests.is_none() {
            self.assume(
                path("count_refused_requests"),
                "false",
                "whether a refused request counts against rpm is not published",
            );
        }
        if tpd && spec.tpd_reset.is_none() {
            self.assume(
                path("tpd_reset"),
                "\"utc_day\"",
                "when the day of a daily quota starts again is not published",
            );
        }
        if tpd {
            self.assume_the_start();
        }
        let reserves = has(LimitKind::Tpm) || tpd;
        if asked.burns_down && reserves && spec.reserve_output_burndown.is_none() {
            self.assume(
                path("reserve_output_burndown"),
                "false",
                "AWS's page says that a reservation takes max_tokens as it is; in 2025 accounts were seen to reserve it times the burndown",
            );
        }
        if asked.reads_cache && reserves && spec.reserve_cache_reads.is_none() {
            self.assume(
                path("reserve_cache_reads"),
                "false",
                "AWS's pages disagree on whether cache reads are reserved",
            );
        }
    }
}

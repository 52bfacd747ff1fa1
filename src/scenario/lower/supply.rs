//! Capacities and quotas: who asks which limits, and what is in force where nothing was written.

use std::collections::BTreeMap;

use super::Lowering;
use super::models::Models;
use crate::diagnostic::Span;
use crate::model::capacity::limiter::LimiterChoice;
use crate::model::capacity::on_demand::OnDemandSpec;
use crate::model::capacity::quota::{LimitKind, Quota, QuotaSpec, Stated};
use crate::model::capacity::{Capacity, CapacitySpec};
use crate::model::quantity::LimitAmount;
use crate::model::run::Start;

/// Capacities and quotas, and who they serve.
#[derive(Default)]
pub struct Supply {
    /// By name, also the ones that were refused: a route is an index into it.
    pub capacities: Vec<Capacity>,
    pub quotas: Vec<Quota>,
    /// False when something was refused: indices may then lead nowhere.
    pub whole: bool,
}

/// For each workload, indices of capacities by name.
pub type Routes = BTreeMap<String, Vec<usize>>;

/// Whose limits: of a named quota, or a capacity's own, each by its index in name order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Owner {
    Named(usize),
    Capacity(usize),
}

/// What the catalogue says of limits that nobody wrote.
type Defaults = BTreeMap<(Owner, LimitKind), Stated>;

/// A capacity before its quotas have their final indices.
struct Draft<'a> {
    name: &'a str,
    at: &'a Span,
    spec: &'a OnDemandSpec,
    named: Vec<usize>,
    /// The model that it serves.
    model: Option<&'a str>,
    reads_cache: bool,
}

impl<'a> Lowering<'a> {
    /// Every workload's way; a workload with a fault in its route has none.
    pub fn routes(&mut self) -> Routes {
        let specs = self.specs;
        let known: Vec<String> = specs.capacities.iter().map(|c| c.name.clone()).collect();
        let mut routes = Routes::new();
        for section in &specs.workloads {
            let Some(spec) = &section.spec else { continue };
            let Some(written) = &spec.route else {
                match known.as_slice() {
                    [] => {}
                    [_] => {
                        routes.insert(section.name.clone(), vec![0]);
                    }
                    all => {
                        let rule = format!(
                            "`workloads.{}` has no route, and there are {} capacities",
                            section.name,
                            all.len()
                        );
                        self.error(&section.at, rule, format!("write route = [\"{}\"]", all.join("\", \"")));
                    }
                }
                continue;
            };
            let names = written.each();
            if names.is_empty() {
                self.error(&written.at, "a route leads to at least one capacity", None);
            }
            let mut route = Vec::new();
            for name in &names {
                let Some(index) = self.index(name, &known, "capacity") else { continue };
                if route.contains(&index) {
                    self.error(&name.at, format!("`{}` is on this route already", &*name.value), None);
                }
                route.push(index);
            }
            if !route.is_empty() && route.len() == names.len() {
                routes.insert(section.name.clone(), route);
            }
        }
        routes
    }

    /// The quotas that a capacity names, each once.
    fn quotas_named<T: AsRef<str>>(&mut self, names: &[crate::model::spec::At<T>], known: &[String]) -> Vec<usize> {
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

    pub fn supply(&mut self, models: &Models<'_>, routes: &Routes) -> Supply {
        let before = self.sink.errors();
        let specs = self.specs;
        let served = self.served(routes);
        let quota_names: Vec<String> = specs.quotas.iter().map(|q| q.name.clone()).collect();
        let mut drafts = Vec::new();
        for (i, section) in specs.capacities.iter().enumerate() {
            let Some(CapacitySpec::OnDemand(spec)) = &section.spec else { continue };
            let named = match &spec.quota {
                None => Vec::new(),
                Some(names) => self.quotas_named(&names.each(), &quota_names),
            };
            let (model, reads_cache) = served.get(&i).copied().map_or((None, false), |(m, r)| (Some(m), r));
            if !served.contains_key(&i) && routes.len() == specs.workloads.len() {
                let rule = format!("the capacity `{}` is on no workload's route", section.name);
                self.sink.warning(Some(section.at.clone()), rule, None);
            }
            drafts.push((i, Draft { name: &section.name, at: &section.at, spec, named, model, reads_cache }));
        }
        self.warn_of_unused_quotas(&drafts);
        let defaults = self.defaults(&drafts, models);
        let quotas = self.named_quotas(&drafts, &defaults);
        let mut supply = Supply { capacities: Vec::new(), quotas, whole: false };
        for (i, draft) in &drafts {
            self.capacity(*i, draft, &defaults, &mut supply);
        }
        supply.whole = self.sink.errors() == before && supply.capacities.len() == specs.capacities.len();
        supply
    }

    /// For each capacity on a route, the model it serves and whether anyone there reads from a cache.
    fn served(&mut self, routes: &Routes) -> BTreeMap<usize, (&'a str, bool)> {
        let mut served: BTreeMap<usize, (&'a str, bool)> = BTreeMap::new();
        for section in &self.specs.workloads {
            let (Some(spec), Some(route)) = (&section.spec, routes.get(&section.name)) else { continue };
            let reads = spec.cache.as_ref().and_then(|c| c.read_share.as_ref()).is_some_and(|s| s.value.0 > 0.0);
            let model: &'a str = &spec.model.value;
            for capacity in route {
                let entry = served.entry(*capacity).or_insert((model, false));
                entry.1 |= reads;
                if entry.0 != model {
                    let rule = format!(
                        "a capacity serves one model; `{}` is asked for `{}` and for `{model}`",
                        self.specs.capacities[*capacity].name, entry.0
                    );
                    let at = spec.route.as_ref().map_or(&section.at, |r| &r.at);
                    self.sink.error(
                        at.clone(),
                        rule,
                        "write one capacity for each model; they may share a `quota`".to_owned(),
                    );
                }
            }
        }
        served
    }

    fn warn_of_unused_quotas(&mut self, drafts: &[(usize, Draft<'_>)]) {
        let all_read = drafts.len() == self.specs.capacities.len();
        for (i, section) in self.specs.quotas.iter().enumerate() {
            if all_read && !drafts.iter().any(|(_, d)| d.named.contains(&i)) {
                let rule = format!("the quota `{}` is named by no capacity", section.name);
                self.sink.warning(Some(section.at.clone()), rule, "write quota = \"NAME\" in a capacity".to_owned());
            }
        }
    }

    /// An omitted limit is one that none of a capacity's quotas states. Its default goes to the first of them.
    fn defaults(&mut self, drafts: &[(usize, Draft<'_>)], models: &Models<'_>) -> Defaults {
        let specs = self.specs;
        let mut defaults = Defaults::new();
        for (i, draft) in drafts {
            let Some(offer) = draft.model.and_then(|m| models.get(m)).and_then(|k| k.offer) else { continue };
            let mut stating = vec![draft.spec.own_quota()];
            stating.extend(draft.named.iter().filter_map(|q| specs.quotas[*q].spec.clone()));
            let owner = draft.named.first().map_or(Owner::Capacity(*i), |q| Owner::Named(*q));
            for kind in LimitKind::ALL {
                let listed = match kind {
                    LimitKind::Rpm => offer.quota.rpm,
                    LimitKind::Tpm => offer.quota.tpm,
                    LimitKind::Tpd => offer.quota.tpd,
                };
                let Some(amount) = listed.filter(|_| stating.iter().all(|q| q.written(kind).is_none())) else {
                    continue;
                };
                let prefix = self.prefix(owner);
                let path = format!("{prefix}.{}", kind.name());
                match defaults.get(&(owner, kind)) {
                    Some(Stated { amount: other, .. }) if *other != amount => {
                        let rule = format!(
                            "`{prefix}` is shared by models whose default `{}` differs: {other} and {amount}",
                            kind.name()
                        );
                        self.error(draft.at, rule, format!("state {path}, or write \"none\""));
                    }
                    Some(_) => {}
                    None => {
                        let why = format!(
                            "the catalogue's default of {}; your account may have less: read it with `aws service-quotas list-service-quotas --service-code bedrock`",
                            offer.quota.as_of
                        );
                        self.assume(path, amount.to_string(), why);
                        self.dates.push(offer.quota.as_of.clone());
                        defaults.insert((owner, kind), Stated { amount, at: draft.at.clone() });
                    }
                }
            }
        }
        defaults
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
            let reads_cache = drafts.iter().any(|(_, d)| d.reads_cache && d.named.contains(&q));
            quotas.extend(self.quota(Owner::Named(q), spec, defaults, reads_cache));
        }
        quotas
    }

    /// A quota with what is in force; `None` after a finding.
    fn quota(&mut self, owner: Owner, spec: &QuotaSpec, defaults: &Defaults, reads_cache: bool) -> Option<Quota> {
        let stated = |kind| match spec.written(kind) {
            Some(written) => match written.value {
                LimitAmount::Unlimited => None,
                LimitAmount::AtMost(amount) => Some(Stated { amount, at: written.at.clone() }),
            },
            None => defaults.get(&(owner, kind)).cloned(),
        };
        let prefix = self.prefix(owner);
        let quota = spec.lower(prefix, stated, self.sink)?;
        self.warn_of_idle_keys(spec, &quota);
        self.assume_unpublished(spec, &quota, reads_cache);
        Some(quota)
    }

    /// Keys about limits that are not there.
    fn warn_of_idle_keys(&mut self, spec: &QuotaSpec, quota: &Quota) {
        let per_minute = quota.rpm.is_some() || quota.tpm.is_some();
        let idle = [
            ("limiter", spec.limiter.as_ref().map(|k| &k.at).filter(|_| !per_minute), "rpm or tpm"),
            ("tpd_reset", spec.tpd_reset.as_ref().map(|k| &k.at).filter(|_| quota.tpd.is_none()), "tpd"),
            (
                "tpd_used_at_start",
                spec.tpd_used_at_start.as_ref().map(|k| &k.at).filter(|_| quota.tpd.is_none()),
                "tpd",
            ),
            (
                "count_refused_requests",
                spec.count_refused_requests.as_ref().map(|k| &k.at).filter(|_| quota.rpm.is_none()),
                "rpm",
            ),
        ];
        for (key, at, limit) in idle {
            if let Some(at) = at {
                let rule = format!("`{key}` does nothing: `{}` has no {limit}", quota.prefix);
                self.sink.warning(Some(at.clone()), rule, "it belongs beside the limits that it is about".to_owned());
            }
        }
    }

    fn assume_unpublished(&mut self, spec: &QuotaSpec, quota: &Quota, reads_cache: bool) {
        let path = |key: &str| format!("{}.{key}", quota.prefix);
        if quota.rpm.is_some() || quota.tpm.is_some() {
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
        if quota.rpm.is_some() && spec.count_refused_requests.is_none() {
            self.assume(
                path("count_refused_requests"),
                "false",
                "whether a refused request counts against rpm is not published",
            );
        }
        if quota.tpd.is_some() && spec.tpd_reset.is_none() {
            self.assume(
                path("tpd_reset"),
                "\"utc_day\"",
                "when the day of a daily quota starts again is not published",
            );
        }
        let start = self.specs.run.spec.as_ref().and_then(|r| r.start.as_ref());
        if quota.tpd.is_some() && start.is_none() {
            let value = format!("\"{}\"", Start::default_clock().written);
            self.assume(
                "run.start".to_owned(),
                value,
                "a daily quota follows the time of day; a run starts at a UTC midnight",
            );
        }
        if reads_cache && (quota.tpm.is_some() || quota.tpd.is_some()) && spec.reserve_cache_reads.is_none() {
            self.assume(
                path("reserve_cache_reads"),
                "false",
                "AWS's pages disagree on whether cache reads are reserved",
            );
        }
    }

    fn capacity(&mut self, i: usize, draft: &Draft<'_>, defaults: &Defaults, supply: &mut Supply) {
        let concurrency = draft.spec.concurrency(self.sink);
        let on_saturation = draft.spec.saturation(self.sink);
        let own = draft.spec.own_quota();
        let mut quotas = draft.named.clone();
        let own = self.quota(Owner::Capacity(i), &own, defaults, draft.reads_cache);
        if let Some(own) = own.filter(|own| LimitKind::ALL.iter().any(|k| own.limit(*k).is_some())) {
            quotas.push(supply.quotas.len());
            supply.quotas.push(own);
        }
        supply.capacities.push(Capacity {
            name: draft.name.to_owned(),
            kind: "on_demand",
            quotas,
            concurrency,
            on_saturation,
            unavailable_probability: draft.spec.unavailable_probability.as_ref().map_or(0.0, |p| p.value.0),
        });
    }
}

//! One capacity: what its kind says, put together with its limits, its outages and its latency.

use super::Lowering;
use super::models::{Known, Models, constant, first_token};
use super::supply::{AskedFor, Defaults, Draft, Offer, Owner, Supply};
use crate::catalog::{LatencyEntry, ModelKind};
use crate::model::capacity::quota::{LimitKind, QuotaSpec, Stated};
use crate::model::capacity::serving::{Serving, share_left};
use crate::model::capacity::{Capacity, Plan, Room, Site};
use crate::model::law::Speed;
use crate::model::quantity::Duration;
use crate::model::service::Latency;
use crate::units::SimTime;

impl<'a> Lowering<'a> {
    /// Returns the context in which a capacity's kind is lowered.
    pub(super) fn site<'s>(
        &'s mut self,
        draft: &Draft<'a>,
        models: &Models<'a>,
        regions: &'s mut Vec<String>,
    ) -> Site<'s, 'a>
    where
        'a: 's,
    {
        Site {
            name: draft.name,
            at: draft.at,
            sold: draft.model.and_then(|m| models.get(m)).map(|known| known.sold),
            sink: self.sink,
            facts: &mut self.facts,
            regions,
        }
    }

    pub(super) fn capacity(
        &mut self,
        i: usize,
        draft: &Draft<'a>,
        models: &Models<'a>,
        defaults: &Defaults,
        supply: &mut Supply<'a>,
    ) {
        let (kind_name, kind) = draft.kind;
        let serving = kind.serving();
        let known = draft.model.and_then(|m| models.get(m));
        let mut site = self.site(draft, models, &mut supply.regions);
        let plan = kind.lower(&mut site);
        let (listed_latency, path) = (kind.default_latency(&site), kind.path(&site));
        let region = site.home_region(kind.home());
        let Some(plan) = plan else { return };
        if let Some(listed) = &plan.listed {
            self.facts.dates.push(listed.as_of.clone());
        }

        let left = share_left(serving.outages, self.sink);
        let bought_at: Vec<SimTime> = plan.bought.iter().flat_map(|b| b.amounts.edges()).collect();
        let is_ready = |at| plan.bought.iter().all(|b| *b.amounts.at(at) > 0);
        let standing = serving.standing(&left, &bought_at, is_ready, self.sink);
        let mut changes_at: Vec<SimTime> = left.edges().chain(serving.changes_at()).chain(bought_at).collect();
        if let Room::Regions(pool) = &plan.room {
            changes_at.extend(pool.regions.iter().flat_map(|region| region.left.edges()));
        }
        changes_at.retain(|at| *at > SimTime::ZERO);
        changes_at.sort_unstable();
        changes_at.dedup();

        let own = kind.own_quota();
        let owner = Owner::Capacity(i);
        let stated = |limit| match plan.bought.iter().find(|b| b.kind == limit) {
            Some(bought) => Some(Stated::under(&left, &bought.amounts, bought.at.clone())),
            None => Self::stated(owner, &own, defaults, limit).map(|stated| {
                let nominal = serving.nominal(limit, stated.amount());
                Stated::under(&left, &nominal, stated.at)
            }),
        };
        self.check_changes(serving, &own, owner, defaults);
        self.warn_of_what_never_happens(draft, &changes_at, &plan);
        if kind_name != "batch" && serving.refusal_latency.is_none() {
            let path = format!("capacities.{}.refusal_latency", draft.name);
            self.assume(path, "\"0s\"", "how long a refusal takes to reach its caller is not published; measure it");
        }
        let quota = self.quota(owner, &own, stated, AskedFor::by(draft));
        let mut quotas = draft.named.clone();
        if let Some(mut quota) = quota.filter(|own| LimitKind::ALL.iter().any(|k| own.limit(*k).is_some())) {
            quota.charge_output_after = plan.charge_output_after;
            quotas.push(supply.quotas.len());
            supply.quotas.push(quota);
        }

        let on_saturation = serving.saturation(self.sink);
        let latency = self.own_latency(draft.name, serving, listed_latency, known);
        let speed = latency.as_ref().or(known.map(|k| &k.facts.latency)).map(|l| &l.output_tokens_per_second);
        let contention = match serving.contention {
            None => Some(crate::model::capacity::contention::Contention::None),
            Some(written) => written.value.lower(speed, serving.concurrency.is_some(), &written.at, self.sink),
        };
        let Some(contention) = contention else { return };
        let legacy = known.and_then(|known| self.legacy(kind_name, &known.sold));
        let Plan { room, billing, listed, long_context, .. } = plan;
        supply.offers.push(Offer { written: kind.prices().map(|p| &p.value), listed, long_context, path });
        supply.capacities.push(Capacity {
            name: draft.name.to_owned(),
            kind: kind_name,
            quotas,
            on_saturation,
            standing,
            changes_at,
            refusal_latency: serving.refusal_latency.map_or(SimTime::ZERO, |t| t.value.0),
            contention,
            latency,
            region,
            room,
            billing,
            legacy,
        });
    }

    /// Warns of outages, changes and purchases that a run whose length a trace decides does not reach. Where the length
    /// is written, the pass that reads instants warns at their own places.
    fn warn_of_what_never_happens(&mut self, draft: &Draft<'_>, instants: &[SimTime], plan: &Plan) {
        let is_written = self.specs.run.spec.as_ref().is_some_and(|run| run.duration.is_some());
        let Some(run) = self.clock.as_ref().filter(|_| !is_written) else { return };
        let bought = plan.billing.purchases().iter().map(|p| p.from);
        if let Some(late) = instants.iter().copied().chain(bought).filter(|at| *at >= run.measured_end()).min() {
            let rule = format!(
                "an outage, change or purchase of `{}` at {late} has no effect: the measured time ends at {}",
                draft.name,
                run.measured_end()
            );
            self.sink.warning(Some(draft.at.clone()), rule, "times are since t = 0".to_owned());
        }
    }

    /// Refuses changes of limits that are not the capacity's own.
    fn check_changes(&mut self, serving: Serving<'_>, own: &QuotaSpec, owner: Owner, defaults: &Defaults) {
        for (kind, written) in serving.changes.iter().flat_map(|c| c.limits()) {
            if Self::stated(owner, own, defaults, kind).is_none() {
                let rule = format!("`{}` changes a limit that the capacity does not have itself", kind.name());
                let help = format!("state {} in the capacity: a shared quota cannot change over time", kind.name());
                self.error(&written.at, rule, help);
            }
        }
    }

    /// Returns the laws that a capacity states or the catalogue lists for it, over the model's; `None`: all are the
    /// model's.
    fn own_latency(
        &mut self,
        name: &str,
        serving: Serving<'_>,
        listed: Option<&LatencyEntry>,
        known: Option<&Known<'_>>,
    ) -> Option<Latency> {
        let base = &known?.facts.latency;
        let stated = serving.time_to_first_token.is_some()
            || serving.prefill_per_1k_tokens.is_some()
            || serving.output_tokens_per_second.is_some();
        if !stated && listed.is_none() {
            return None;
        }
        let mut latency = base.clone();
        if let Some(entry) = listed {
            let (law, value) = first_token(entry);
            latency.time_to_first_token = law;
            latency.prefill_per_1k_tokens = constant::<Duration>(entry.prefill_per_1k_tokens_s * 1e6);
            latency.output_tokens_per_second = constant::<Speed>(entry.output_tokens_per_second);
            // An embedding or reranking model writes nothing, so that nothing is assumed of its speed.
            let writes = known?.sold.entry.is_none_or(|model| model.kind == ModelKind::Text);
            for (key, value, is_open) in [
                ("time_to_first_token", value, serving.time_to_first_token.is_none()),
                (
                    "output_tokens_per_second",
                    entry.output_tokens_per_second.to_string(),
                    serving.output_tokens_per_second.is_none() && writes,
                ),
            ] {
                if is_open {
                    self.measured_by_others(format!("capacities.{name}.{key}"), value, entry);
                }
            }
        }
        if let Some(written) = serving.time_to_first_token {
            latency.time_to_first_token = written.value.lower(&written.at, self.sink)?;
        }
        if let Some(written) = serving.prefill_per_1k_tokens {
            latency.prefill_per_1k_tokens = written.value.lower(&written.at, self.sink)?;
        }
        if let Some(written) = serving.output_tokens_per_second {
            latency.output_tokens_per_second = written.value.lower(&written.at, self.sink)?;
        }
        Some(latency)
    }
}

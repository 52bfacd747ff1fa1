//! The account's daily quota: which capacities count towards it, and what is in force where nothing was written.

use super::Lowering;
use super::models::Models;
use super::supply::{Draft, Supply};
use crate::catalog::AccountEntry;
use crate::model::capacity::account::{ACCOUNT, AccountSpec, Counting};
use crate::model::capacity::quota::{InForce, Limit, LimitKind, Quota, TpdReset};
use crate::model::quantity::LimitAmount;
use crate::model::spec::At;
use crate::model::workload::Workload;
use crate::units::{Steps, Tokens, grouped};

impl<'a> Lowering<'a> {
    /// Lets every capacity that counts towards the account's daily quota ask it last: one quota for each source region.
    pub(super) fn account(&mut self, drafts: &[(usize, Draft<'a>)], models: &Models<'a>, supply: &mut Supply<'a>) {
        let section = &self.specs.account;
        let spec = section.spec.clone().unwrap_or_default();
        let counting = self.counting_drafts(&spec, drafts, models);
        if counting.is_empty() {
            if section.is_present() && supply.capacities.len() == self.specs.capacities.len() {
                let rule = "`[account]` does nothing: no capacity counts towards the account's daily quota";
                let help =
                    "only on_demand (without mantle), cross_region and latency_optimized capacities count".to_owned();
                self.sink.warning(Some(section.at.clone()), rule, help);
            }
            return;
        }
        let Some(amount) = self.account_tpd(&spec) else { return };
        self.assume_of_the_account(&spec);
        self.warn_of_repeated_tpd(&counting, amount);
        let regions = self.source_regions(&counting);
        let mut names: Vec<&str> = regions.clone();
        names.sort_unstable();
        names.dedup();
        for name in &names {
            let prefix = if names.len() == 1 { ACCOUNT.to_owned() } else { format!("{ACCOUNT}.{name}") };
            let quota = supply.quotas.len();
            supply.quotas.push(quota_of(&spec, prefix, amount));
            let of_the_region = counting.iter().zip(&regions).filter(|(_, region)| region == &name);
            for (draft, _) in of_the_region {
                let capacity = supply.capacities.iter_mut().find(|capacity| capacity.name == draft.name);
                capacity.into_iter().for_each(|capacity| capacity.quotas.push(quota));
            }
        }
    }

    /// Warns where a capacity or a named quota states the account's daily quota once more: both are in force then.
    fn warn_of_repeated_tpd(&mut self, counting: &[&Draft<'a>], amount: Tokens) {
        let default = AccountEntry::embedded().cross_model_tpd.value;
        let mut written: Vec<(String, At<LimitAmount>, bool)> = Vec::new();
        for draft in counting {
            let own = draft.kind.1.own_quota().written(LimitKind::Tpd).cloned();
            written.extend(own.map(|tpd| (format!("capacities.{}.tpd", draft.name), tpd, false)));
            for quota in draft.named.iter().filter_map(|q| self.specs.quotas.get(*q)) {
                let tpd = quota.spec.as_ref().and_then(|spec| spec.written(LimitKind::Tpd)).cloned();
                written.extend(tpd.map(|tpd| (format!("quotas.{}.tpd", quota.name), tpd, quota.name == ACCOUNT)));
            }
        }
        written.sort_by(|a, b| a.0.cmp(&b.0));
        written.dedup_by(|a, b| a.0 == b.0);
        for (path, tpd, is_called_so) in written {
            let LimitAmount::AtMost(stated) = tpd.value else { continue };
            if !is_called_so && ![amount, default].contains(&stated) {
                continue;
            }
            let [stated, amount] = [stated, amount].map(grouped);
            let rule = format!(
                "`{path}` of {stated} does not stand in place of the account's daily quota of {amount} tokens: both are in \
                 force, and this one counts output times the model's burndown rate"
            );
            let help = "leave this key out; tpd under [account] states the account's daily quota".to_owned();
            self.sink.warning(Some(tpd.at), rule, help);
        }
    }

    /// Notes as an assumption that a model without prices counts every token as one, where tokens are weighted by
    /// price.
    pub(super) fn assume_weights(&mut self, workloads: &[Workload], supply: &Supply<'a>) {
        let is_weighted = |q: &usize| {
            let quota = supply.quotas.get(*q);
            quota.is_some_and(|q| q.limit(LimitKind::AccountTpd).is_some() && q.counting == Counting::PriceWeighted)
        };
        for workload in workloads {
            for stage in &workload.stages {
                // A capacity that was refused is not there.
                let capacity = |c: usize| supply.capacities.get(c);
                let weighted = |c: &&usize| capacity(**c).is_some_and(|known| known.quotas.iter().any(is_weighted));
                if stage.route.iter().filter(weighted).any(|c| stage.prices.get(*c).is_none_or(Option::is_none)) {
                    let why = "without prices every token counts 1 towards the account's daily quota";
                    self.assume(format!("models.{}.prices", stage.facts.name), "as input", why);
                }
            }
        }
    }

    /// Returns the capacities whose tokens count towards the account's daily quota. A model that the catalogue does not
    /// know counts where the account is stated.
    fn counting_drafts<'d>(
        &self,
        spec: &AccountSpec,
        drafts: &'d [(usize, Draft<'a>)],
        models: &Models<'a>,
    ) -> Vec<&'d Draft<'a>> {
        let section = &self.specs.account;
        // A reading of how tokens are counted, given as an argument, says nothing of which models count.
        let in_a_file = section.is_present() && self.files.hold(&section.at);
        let is_stated = in_a_file || spec.tpd.is_some() || spec.tpd_used_at_start.is_some();
        let counts = |draft: &&Draft<'a>| {
            let known = draft.model.and_then(|model| models.get(model));
            draft.kind.1.counts_for_the_account() && known.is_some_and(|k| is_stated || k.sold.entry.is_some())
        };
        drafts.iter().map(|(_, draft)| draft).filter(counts).collect()
    }

    /// Returns the source region of each capacity. One that names none is taken as called in the first that is named.
    fn source_regions<'d>(&mut self, counting: &[&'d Draft<'a>]) -> Vec<&'d str> {
        let named: Vec<Option<&str>> =
            counting.iter().map(|draft| draft.kind.1.home().map(|home| home.value.0.as_str())).collect();
        let mut names: Vec<&str> = named.iter().copied().flatten().collect();
        names.sort_unstable();
        names.dedup();
        let first = names.first().copied().unwrap_or_default();
        for (draft, _) in counting.iter().zip(&named).filter(|(_, region)| names.len() > 1 && region.is_none()) {
            let why = "the account has a daily quota in each source region, and this capacity names no region";
            self.assume(format!("capacities.{}.region", draft.name), format!("\"{first}\""), why);
        }
        named.into_iter().map(|region| region.unwrap_or(first)).collect()
    }

    /// Returns the daily limit in force \[tokens/day\]; `None`: there is none.
    fn account_tpd(&mut self, spec: &AccountSpec) -> Option<Tokens> {
        match spec.tpd.as_ref().map(|written| written.value) {
            Some(LimitAmount::Unlimited) => None,
            Some(LimitAmount::AtMost(amount)) => Some(amount),
            None => {
                let listed = &AccountEntry::embedded().cross_model_tpd;
                let why = format!(
                    "the default of {} over all models of an account in one region, which no request raises; your account may have less: read \"Cross-Model\" tokens per day with `aws service-quotas list-service-quotas --service-code bedrock`",
                    listed.as_of
                );
                self.assume(format!("{ACCOUNT}.tpd"), listed.value.to_string(), why);
                self.publish(format!("{ACCOUNT}.tpd"), listed.value.to_string(), (&listed.source, &listed.as_of));
                Some(listed.value)
            }
        }
    }

    fn assume_of_the_account(&mut self, spec: &AccountSpec) {
        if spec.tpd_counting.is_none() {
            let why = "what counts towards the account's daily quota is not published: billed tokens, or each kind weighted by its price";
            self.assume(format!("{ACCOUNT}.tpd_counting"), "\"billed\"", why);
        }
        self.assume_the_start();
    }
}

fn quota_of(spec: &AccountSpec, prefix: String, amount: Tokens) -> Quota {
    let limiter = spec.tpd_reset.as_ref().map_or(TpdReset::UtcDay, |reset| reset.value).limiter();
    let mut limits = LimitKind::ALL.map(|_| None);
    let limit = Limit { amount, limiter };
    limits[LimitKind::AccountTpd as usize] = Some(Steps::constant(InForce { limit, nominal: limit }));
    Quota {
        prefix,
        limits,
        reserve_cache_reads: false,
        reserve_output_burndown: false,
        counting: spec.tpd_counting.as_ref().map_or(Counting::Billed, |counting| counting.value),
        count_refused_requests: false,
        charge_output_after: false,
        tpd_used_at_start: spec.tpd_used_at_start.as_ref().map_or(0, |used| used.value.0),
    }
}

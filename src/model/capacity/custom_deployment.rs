//! Custom deployments: on-demand inference of a fine-tuned model, paid for by the token, without Model Units.
//!
//! Use it to ask whether a customized model needs bought throughput at all. Quotas and settlement are those of on-demand
//! inference; prices are the deployment's own \[AWS user guide, deploy-custom-model-on-demand\].

use super::listed::DefaultQuota;
use super::serving::{Serving, capacity_keys};
use super::{Billing, Kind, Plan, Room, Site};
use crate::model::capacity::quota::QuotaSpec;
use crate::model::pricing::PricesSpec;
use crate::model::quantity::Names;
use crate::model::spec::At;

capacity_keys! {
    /// A custom deployment: on-demand inference of a customized model.
    #[schemars(rename = "CustomDeployment")]
    pub struct CustomDeploymentSpec with quota {}
}

impl Kind for CustomDeploymentSpec {
    fn serving(&self) -> Serving<'_> {
        self.common()
    }

    fn own_quota(&self) -> QuotaSpec {
        self.on_demand_quota()
    }

    fn quota_names(&self) -> Option<&At<Names>> {
        self.quota.as_ref()
    }

    fn prices(&self) -> Option<&At<PricesSpec>> {
        self.prices.as_ref()
    }

    /// Returns the quota of deployments; where that is not published, the base model's own in its region, or through a
    /// profile.
    fn default_quota<'c>(&self, site: &Site<'_, 'c>) -> DefaultQuota<'c> {
        let Some(entry) = site.sold.and_then(|s| s.entry) else { return DefaultQuota::None };
        if let Some(quota) = entry.custom_deployment.as_ref().and_then(|d| d.quota.as_ref()) {
            return DefaultQuota::runtime(quota);
        }
        let base = entry.path(crate::catalog::IN_REGION).or_else(|| entry.paths.first());
        let quota = base.and_then(|path| path.quota_from(self.source_region()));
        quota
            .map_or(DefaultQuota::UNKNOWN_RUNTIME, DefaultQuota::runtime)
            .with_caveat("no quota of custom deployments is published for this model, so the base model's is taken")
    }

    fn lower(&self, site: &mut Site<'_, '_>) -> Option<Plan> {
        let entry = site.sold.and_then(|s| s.entry);
        if let Some(sold) = site.sold.filter(|s| !s.is_custom && s.entry.is_some()) {
            let rule = format!("`models.{}` is a base model, and a deployment serves a customized one", sold.name);
            let help = format!("write [models.{}.customization], or use on_demand", sold.name);
            site.sink.error(site.at.clone(), rule, help);
            return None;
        }
        if let Some(sold) = site.sold.filter(|s| s.path != crate::catalog::IN_REGION) {
            let rule = format!("`{}` is an inference profile, and a deployment serves a model of one region", sold.id);
            let help = sold.entry.map(|e| format!("use `{}`", e.id));
            site.sink.error(sold.id_at.clone(), rule, help);
            return None;
        }
        if let Some(entry) = entry.filter(|e| e.custom_deployment.is_none()) {
            let rule = format!("customized models of `{}` cannot be deployed on demand", entry.id);
            site.sink.error(site.at.clone(), rule, "use provisioned, or a model that can".to_owned());
            return None;
        }
        let listed = entry.and_then(|e| e.custom_deployment.as_ref()).and_then(|d| d.prices.as_ref());
        Some(Plan { room: Room::Limits, ..Plan::by_token(listed, Billing::Tokens) })
    }
}

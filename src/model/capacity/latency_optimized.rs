//! Latency-optimized inference: a small quota of its own, faster and dearer.
//!
//! Above its quota AWS serves and charges a request as standard \[AWS user guide, latency-optimized-inference\]. Here
//! standard inference is the next capacity of the route, so name it after the latency-optimized one.

use super::listed::DefaultQuota;
use super::serving::{Serving, capacity_keys};
use super::{Billing, Kind, Plan, Room, Site};
use crate::catalog::LatencyEntry;
use crate::model::capacity::quota::QuotaSpec;
use crate::model::pricing::PricesSpec;
use crate::model::quantity::Names;
use crate::model::spec::At;

capacity_keys! {
    /// A capacity of latency-optimized inference; requests that its quota refuses go on along the route.
    #[schemars(rename = "LatencyOptimized")]
    pub struct LatencyOptimizedSpec with quota {}
}

impl Kind for LatencyOptimizedSpec {
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

    fn default_quota<'c>(&self, site: &Site<'_, 'c>) -> DefaultQuota<'c> {
        let listed = site.sold.and_then(|s| s.entry?.latency_optimized.as_ref());
        listed.map_or(DefaultQuota::None, |fast| DefaultQuota::runtime(&fast.quota))
    }

    fn default_latency<'c>(&self, site: &Site<'_, 'c>) -> Option<&'c LatencyEntry> {
        site.sold?.entry?.latency_optimized.as_ref()?.latency.as_ref()
    }

    fn overflows(&self) -> bool {
        true
    }

    fn counts_for_the_account(&self) -> bool {
        true
    }

    fn lower(&self, site: &mut Site<'_, '_>) -> Option<Plan> {
        let entry = site.sold.and_then(|s| s.entry);
        if let Some(entry) = entry.filter(|e| e.latency_optimized.is_none()) {
            let rule = format!("`{}` has no latency-optimized inference", entry.id);
            site.sink.error(site.at.clone(), rule, "`bedload catalog ID` says how a model is sold".to_owned());
            return None;
        }
        let listed = entry.and_then(|e| e.latency_optimized.as_ref()).and_then(|l| l.prices.as_ref());
        Some(Plan { room: Room::Limits, ..Plan::by_token(listed, Billing::Tokens) })
    }
}

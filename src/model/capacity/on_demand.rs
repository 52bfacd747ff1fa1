//! On-demand inference: calls of one region, or of an inference profile taken as one pool.
//!
//! Use it for what most accounts start with: tokens are paid for one by one, and quotas per minute and per day decide
//! what is taken. Quotas and their settlement: \[AWS user guide, quotas-token-burndown\].
//!
//! With `endpoint = "mantle"` it is the OpenAI-style endpoint of newer models \[AWS user guide, quotas-mantle\]: limits on
//! input and on output apart, no limit on requests and no burndown. Input and the output cap are asked of `itpm` at
//! admission and settled to the input at the end; a stream asks `otpm` for each next second of output, and stops, served
//! but cut short, when it is refused.

use super::listed::{DefaultQuota, ListedQuota, QuotaRow};
use super::serving::{Serving, capacity_keys};
use super::{Billing, Kind, Plan, Room, Site, Sold};
use crate::catalog;
use crate::model::capacity::quota::{LimitKind, QuotaSpec};
use crate::model::pricing::PricesSpec;
use crate::model::quantity::{LimitAmount, Names};
use crate::model::spec::{At, words};

capacity_keys! {
    /// A capacity of on-demand inference. Limits written here are the capacity's own; `quota` names shared ones.
    #[schemars(rename = "OnDemand")]
    pub struct OnDemandSpec with quota {
        /// The endpoint that is called; default runtime.
        pub endpoint: Option<At<Endpoint>>,
        /// The limit on input tokens per minute of the mantle endpoint, or "none".
        pub itpm: Option<At<LimitAmount>>,
        /// The limit on output tokens per minute of the mantle endpoint, or "none".
        pub otpm: Option<At<LimitAmount>>,
    }
}

words! {
    /// The endpoint that is called: bedrock-runtime, or bedrock-mantle with limits of its own.
    Endpoint, "an endpoint" {
        "runtime" => Runtime,
        "mantle" => Mantle,
    }
}

impl OnDemandSpec {
    fn is_mantle(&self) -> bool {
        self.endpoint.as_ref().is_some_and(|e| e.value == Endpoint::Mantle)
    }
}

impl Kind for OnDemandSpec {
    fn serving(&self) -> Serving<'_> {
        self.common()
    }

    fn own_quota(&self) -> QuotaSpec {
        QuotaSpec { itpm: self.itpm.clone(), otpm: self.otpm.clone(), ..self.on_demand_quota() }
    }

    fn quota_names(&self) -> Option<&At<Names>> {
        self.quota.as_ref()
    }

    fn prices(&self) -> Option<&At<PricesSpec>> {
        self.prices.as_ref()
    }

    fn path<'c>(&self, site: &Site<'_, 'c>) -> Option<&'c catalog::Path> {
        site.sold?.path_entry()
    }

    fn default_quota<'c>(&self, site: &Site<'_, 'c>) -> DefaultQuota<'c> {
        let Some(sold) = site.sold else { return DefaultQuota::None };
        if !self.is_mantle() {
            return DefaultQuota::of_path(sold.path_entry(), self.source_region());
        }
        let Some(entry) = sold.entry else { return DefaultQuota::None };
        let listed = entry.mantle.as_ref().filter(|m| m.itpm.is_some() || m.otpm.is_some());
        listed.map_or(DefaultQuota::UNKNOWN_MANTLE, |m| {
            DefaultQuota::Known(ListedQuota { entry: QuotaRow::Mantle(m), caveat: None })
        })
    }

    fn counts_for_the_account(&self) -> bool {
        !self.is_mantle()
    }

    fn lower(&self, site: &mut Site<'_, '_>) -> Option<Plan> {
        let (wrong, right): (&[LimitKind], _) = if self.is_mantle() {
            (&[LimitKind::Rpm, LimitKind::Tpm, LimitKind::Tpd], "itpm and otpm")
        } else {
            (&[LimitKind::Itpm, LimitKind::Otpm], "rpm, tpm and tpd")
        };
        let own = self.own_quota();
        for kind in wrong {
            if let Some(written) = own.written(*kind) {
                let rule = format!("`{}` is no limit of this endpoint", kind.name());
                site.sink.error(written.at.clone(), rule, format!("the endpoint has {right}"));
            }
        }
        let sold = site.sold;
        if let Some(sold) = sold.filter(|s| s.is_custom) {
            let rule =
                format!("`models.{}` is customized, and plain on-demand inference serves base models", sold.name);
            site.sink.error(site.at.clone(), rule, "use provisioned, or custom_deployment".to_owned());
            return None;
        }
        let plan = match sold.and_then(|s| s.entry.map(|e| (s, e))) {
            None => Plan::by_path(None, Billing::Tokens),
            Some((sold, entry)) if self.is_mantle() => self.mantle_plan(&sold, entry, site)?,
            Some((sold, entry)) => match sold.path_entry() {
                Some(path) => Plan::by_path(Some(path), Billing::Tokens),
                None => {
                    let (rule, help) = not_sold(sold.id, entry, sold.path);
                    site.sink.error(sold.id_at.clone(), rule, help);
                    return None;
                }
            },
        };
        Some(Plan { room: Room::Limits, ..plan })
    }
}

impl OnDemandSpec {
    /// Returns the plan of the bedrock-mantle endpoint, with its own prices, else those of the id's path, else those of
    /// the model's first path, which are then an assumption. `None` after a finding.
    fn mantle_plan(&self, sold: &Sold<'_>, entry: &catalog::ModelEntry, site: &mut Site<'_, '_>) -> Option<Plan> {
        let path = sold.path_entry().filter(|path| path.prices.is_some());
        let first = entry.paths.iter().find(|path| path.prices.is_some());
        if entry.mantle.is_none() && sold.path_entry().is_none() {
            let (rule, help) = not_sold(sold.id, entry, sold.path);
            site.sink.error(sold.id_at.clone(), rule, help);
            return None;
        }
        let own = entry.mantle.as_ref().and_then(|m| m.prices.as_ref());
        if let (None, None, Some(first), None) = (own, path, first, &self.prices) {
            let why = "no price at the bedrock-mantle endpoint is known: that of another path is taken";
            site.assume("prices", &format!("as of {}", first.path), why);
        }
        let plan = Plan::by_path(path.or(first), Billing::Tokens);
        Some(match own {
            Some(own) => Plan { listed: Some(own.clone()), ..plan },
            None => plan,
        })
    }
}

/// Returns the error that a model is not sold by a path, and the help that names the ways in which it is.
pub(super) fn not_sold(id: &str, entry: &catalog::ModelEntry, path: &str) -> (String, String) {
    let spelt = |p: &catalog::Path| {
        if p.path == catalog::IN_REGION { entry.id.clone() } else { format!("{}.{}", p.path, entry.id) }
    };
    let mut others: Vec<String> = entry.paths.iter().map(spelt).collect();
    if let Some(mantle) = &entry.mantle {
        others.push(format!("{} with endpoint = \"mantle\"", mantle.id.as_ref().unwrap_or(&entry.id)));
    }
    let way = if [catalog::IN_REGION, catalog::MANTLE].contains(&path) {
        "on demand in one region"
    } else {
        "through this profile"
    };
    let help = if others.is_empty() {
        "it is not sold by the token".to_owned()
    } else {
        format!("use {}", others.join(" or "))
    };
    (format!("`{id}` is not sold {way}"), help)
}

//! The reserved service tier: tokens a minute bought for a month or three, input and output apart.
//!
//! Use it for the steady part of a load on models that are not sold as Model Units. It counts input and cache writes,
//! not cache reads, and output; at least 100,000 input and 10,000 output tokens a minute are bought; what does not fit
//! goes on to standard on-demand inference \[AWS user guide, service-tiers-inference\], here the next capacity of the
//! route.

use super::provisioned::AdmissionWord;
use super::purchase::{Commitment, Purchase, ReservedCommitment, hourly};
use super::serving::{Serving, capacity_keys};
use super::{Billing, Bought, Kind, Plan, Room, Site};
use crate::catalog::{IN_REGION, ReservedTerm};
use crate::model::capacity::limiter::LimiterChoice;
use crate::model::capacity::quota::{LimitKind, QuotaSpec};
use crate::model::quantity::{Count, HourlyPrice, Names, Text};
use crate::model::spec::At;
use crate::units::{SimTime, Steps, grouped};

capacity_keys! {
    /// A capacity of the reserved tier; requests that do not fit go on along the route.
    #[schemars(rename = "Reserved")]
    pub struct ReservedSpec {
        /// The input tokens a minute that are bought; at least 100,000.
        pub input_tpm: At<Count>,
        /// The output tokens a minute that are bought; at least 10,000.
        pub output_tpm: At<Count>,
        /// The term for which the tokens are bought; default 1-month.
        pub commitment: Option<At<ReservedCommitment>>,
        /// The hourly price of 1,000 input tokens a minute, such as "$0.18/h"; the catalogue's when left out.
        pub price_per_1k_input_tpm_hour: Option<At<HourlyPrice>>,
        /// The hourly price of 1,000 output tokens a minute; the catalogue's when left out.
        pub price_per_1k_output_tpm_hour: Option<At<HourlyPrice>>,
        /// The rule by which output is admitted; default reserve.
        pub admission: Option<At<AdmissionWord>>,
        /// The algorithm that enforces the limits; default fixed_window.
        pub limiter: Option<At<LimiterChoice>>,
        /// The inference profile for which the tokens are bought; that of the model's id when left out.
        pub profile: Option<At<Text>>,
        /// The name of a quota `[quotas.NAME]`, or a list of such names.
        pub quota: Option<At<Names>>,
    }
}

/// The least input and output a minute that are sold, unless listed \[tokens/min; AWS user guide,
/// service-tiers-inference\].
const LEAST: [u64; 2] = [100_000, 10_000];

impl Kind for ReservedSpec {
    fn serving(&self) -> Serving<'_> {
        self.common()
    }

    fn own_quota(&self) -> QuotaSpec {
        QuotaSpec { limiter: self.limiter.clone(), ..QuotaSpec::default() }
    }

    fn quota_names(&self) -> Option<&At<Names>> {
        self.quota.as_ref()
    }

    fn overflows(&self) -> bool {
        true
    }

    fn lower(&self, site: &mut Site<'_, '_>) -> Option<Plan> {
        let before = site.sink.errors();
        let path = self.profile.as_ref().map(|p| p.value.0.as_str()).or(site.sold.map(|s| s.path)).unwrap_or(IN_REGION);
        let entry = site.sold.and_then(|s| s.entry);
        let sold = entry.map(|e| e.path(path));
        if let Some(Some(offer)) = sold
            && offer.reserved.is_none()
            && !offer.tiers.iter().any(|t| t == "reserved")
        {
            let rule = format!("`{}` is not sold as reserved throughput", entry.map_or("", |e| &e.id));
            let help = "`bedload catalog ID` says how a model is sold".to_owned();
            site.sink.error(site.at.clone(), rule, help);
        } else if let Some(None) = sold {
            let rule = format!("`{}` is not sold by the path `{path}`", entry.map_or("", |e| &e.id));
            let sells = |offer: &&crate::catalog::Path| {
                offer.path != IN_REGION && (offer.reserved.is_some() || offer.tiers.iter().any(|t| t == "reserved"))
            };
            // A profile of one geography keeps data within it, so that it comes before `global`.
            let mut sold: Vec<&str> =
                entry.iter().flat_map(|e| &e.paths).filter(sells).map(|p| p.path.as_str()).collect();
            sold.sort_by_key(|path| *path == "global");
            let help = match sold.as_slice() {
                [] => "`bedload catalog ID` says how a model is sold".to_owned(),
                [one] => format!("write profile = \"{one}\""),
                all => {
                    let all: Vec<String> = all.iter().map(|path| format!("\"{path}\"")).collect();
                    format!("write profile = {}: the one that the other capacities of the route use", all.join(" or "))
                }
            };
            site.sink.error(site.at.clone(), rule, help);
        }
        let listed = sold.flatten().and_then(|o| o.reserved.as_ref());
        let least = listed.map_or(LEAST, |l| [l.min_input_tpm, l.min_output_tpm]);
        for ((written, key), least) in
            [(&self.input_tpm, "input_tpm"), (&self.output_tpm, "output_tpm")].into_iter().zip(least)
        {
            if written.value.0 < least {
                let (least, found) = (grouped(least), grouped(written.value.0));
                let rule = format!("reserved `{key}` is at least {least} tokens a minute, {found} is not");
                let least = least.replace(',', "_");
                site.sink.offer(written.at.clone(), rule, Some(format!("write {least} or more")), vec![least]);
            }
        }
        let commitment = self.commitment.as_ref().map_or(Commitment::OneMonth, |c| c.value.into());
        let term = listed.and_then(|l| l.terms.iter().find(|t| t.commitment == commitment.name()));
        let bought = |kind, written: &At<Count>| Bought {
            kind,
            at: written.at.clone(),
            amounts: Steps::constant(written.value.0),
        };
        if let (Some(term), Some(listed)) = (term, listed) {
            self.tell_of_prices(term, (&listed.source, &listed.as_of), site);
        }
        let post_charge = site.admission(self.admission.as_ref());
        let purchases = self.purchases(commitment, term);
        let bought = vec![bought(LimitKind::Input, &self.input_tpm), bought(LimitKind::Output, &self.output_tpm)];
        (site.sink.errors() == before).then(|| Plan {
            room: Room::Limits,
            bought,
            charge_output_after: post_charge,
            ..Plan::new(Billing::Reserved(purchases))
        })
    }
}

impl ReservedSpec {
    /// Reports the prices that the catalogue lists and the scenario does not state.
    fn tell_of_prices(&self, term: &ReservedTerm, (source, as_of): (&str, &str), site: &mut Site<'_, '_>) {
        let source = format!("{source}; commitment {}", term.commitment);
        for (key, written, listed) in [
            ("price_per_1k_input_tpm_hour", &self.price_per_1k_input_tpm_hour, &term.input_per_1k_tpm_hour),
            ("price_per_1k_output_tpm_hour", &self.price_per_1k_output_tpm_hour, &term.output_per_1k_tpm_hour),
        ] {
            if written.is_none() {
                site.publish(key, format!("\"{listed}/h\""), (&source, as_of));
            }
        }
    }

    fn purchases(&self, commitment: Commitment, term: Option<&ReservedTerm>) -> Vec<Purchase> {
        let price = |written: Option<&At<HourlyPrice>>, listed: Option<&String>| {
            let listed = listed.map(|text| format!("{text}/h"));
            hourly(written, listed.as_ref())
        };
        let purchase = |what: &str, tpm: u64, price| Purchase {
            what: format!("{} {what} tokens/min", grouped(tpm)),
            amount: tpm,
            parts: 1_000,
            price,
            commitment,
            term_before: 0,
            from: SimTime::ZERO,
            to: None,
        };
        let input = price(self.price_per_1k_input_tpm_hour.as_ref(), term.map(|t| &t.input_per_1k_tpm_hour));
        let output = price(self.price_per_1k_output_tpm_hour.as_ref(), term.map(|t| &t.output_per_1k_tpm_hour));
        vec![purchase("input", self.input_tpm.value.0, input), purchase("output", self.output_tpm.value.0, output)]
    }
}

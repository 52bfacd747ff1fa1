//! Provisioned Throughput: Model Units bought by the hour.
//!
//! Use it for a load that is steady enough to pay for around the clock, or for a customized model. A Model Unit is so
//! many input tokens and so many output tokens a minute \[AWS user guide, prov-throughput\]; AWS publishes neither number,
//! so a scenario states both. The two are limits apart and are never added: a flat load needs
//! `max(ceil(in / unit in), ceil(out / unit out))` units. There is no burndown.
//!
//! Whether a request reserves its output cap is not published either: with `admission = "reserve"` it does, with
//! `"post_charge"` it is admitted while any output is left and charged when it ends.

use schemars::JsonSchema;
use serde::Deserialize;

use super::purchase::{Commitment, ModelUnitCommitment, Purchase, at_least_one, hourly, over_time};
use super::serving::{Serving, capacity_keys};
use super::{Billing, Bought, Kind, Plan, Room, Site};
use crate::catalog::{AccountEntry, IN_REGION, ModelEntry, ProvisionedEntry};
use crate::model::capacity::limiter::LimiterChoice;
use crate::model::capacity::quota::{LimitKind, QuotaSpec};
use crate::model::instant::{Earlier, Instant};
use crate::model::quantity::{Count, Duration, HourlyPrice, Names, Text, Unsure};
use crate::model::spec::{At, words};
use crate::units::SimTime;

capacity_keys! {
    /// Provisioned Throughput: Model Units, with a limit on input and a limit on output.
    #[schemars(rename = "Provisioned")]
    pub struct ProvisionedSpec {
        /// The number of Model Units from t = 0 on; none when left out, if there are `purchases`.
        pub model_units: Option<At<Count>>,
        /// The input tokens a minute of one Model Unit; not published: a number, or `{ low, high }`.
        pub input_tpm_per_unit: At<Unsure>,
        /// The output tokens a minute of one Model Unit; not published: a number, or `{ low, high }`.
        pub output_tpm_per_unit: At<Unsure>,
        /// The rule by which output is admitted; default reserve.
        pub admission: Option<At<AdmissionWord>>,
        /// The algorithm that enforces the limits; default fixed_window.
        pub limiter: Option<At<LimiterChoice>>,
        /// The term for which `model_units` are bought; default none.
        pub commitment: Option<At<ModelUnitCommitment>>,
        /// The hourly price of one unit, such as "$55/h"; the catalogue's when left out.
        pub price_per_unit: Option<At<HourlyPrice>>,
        /// The context variant that is bought, such as "24k", where the catalogue lists several.
        pub variant: Option<At<Text>>,
        /// The Model Units that AWS Support has granted to the account; when left out, it must grant them first.
        pub model_units_quota: Option<At<Count>>,
        /// Further purchases, each of whole units.
        pub purchases: Option<At<Vec<PurchaseSpec>>>,
        /// The name of a quota `[quotas.NAME]`, or a list of such names.
        pub quota: Option<At<Names>>,
    }
}

words! {
    /// The rule by which output is admitted: its cap is reserved, or it is charged when it ends.
    AdmissionWord, "an admission rule" {
        "reserve" => Reserve,
        "post_charge" => PostCharge,
    }
}

/// A purchase of Model Units, which may begin and end during the run.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Purchase")]
pub struct PurchaseSpec {
    /// The number of Model Units.
    pub model_units: At<Count>,
    /// The term for which the units are bought; default none.
    pub commitment: Option<At<ModelUnitCommitment>>,
    /// The time of the purchase: a time since t = 0, or an instant; default 0s.
    pub at: Option<At<Instant>>,
    /// The start of the units' term: an instant before the run, or a time before t = 0, such as "90d"; not with `at`.
    /// Only the rest of the term is due.
    pub since: Option<At<Earlier>>,
    /// The end of the purchase: a time since t = 0, or an instant; default never.
    pub ends: Option<At<Instant>>,
    /// The time from the purchase until the units serve; default 0s.
    pub ready_after: Option<At<Duration>>,
    /// The price of one unit for an hour; that of the capacity when left out.
    pub price_per_unit: Option<At<HourlyPrice>>,
}

impl Kind for ProvisionedSpec {
    fn serving(&self) -> Serving<'_> {
        self.common()
    }

    fn own_quota(&self) -> QuotaSpec {
        QuotaSpec { limiter: self.limiter.clone(), ..QuotaSpec::default() }
    }

    fn quota_names(&self) -> Option<&At<Names>> {
        self.quota.as_ref()
    }

    fn lower(&self, site: &mut Site<'_, '_>) -> Option<Plan> {
        let before = site.sink.errors();
        let listed = self.listed(site);
        let purchases = self.purchases(listed, site);
        self.check_quota(&purchases, site);
        self.tell_of_region(listed, site);
        let input = site.unsure("input_tpm_per_unit", &self.input_tpm_per_unit, UNPUBLISHED);
        let output = site.unsure("output_tpm_per_unit", &self.output_tpm_per_unit, UNPUBLISHED);
        let post_charge = site.admission(self.admission.as_ref());
        let (input, output) = (input?, output?);
        let of = |per_unit: u64| {
            let parts: Vec<_> =
                purchases.iter().map(|p| (p.ready, p.purchase.to, p.purchase.amount * per_unit)).collect();
            over_time(&parts)
        };
        if purchases.iter().any(|p| p.purchase.amount.saturating_mul(input.max(output)) > 1_000_000_000_000_000) {
            let rule = "so many Model Units are too many tokens a minute for exact arithmetic";
            site.sink.error(site.at.clone(), rule, "the largest limit is 10^15".to_owned());
            return None;
        }
        let bought = vec![
            Bought { kind: LimitKind::Input, at: self.input_tpm_per_unit.at.clone(), amounts: of(input) },
            Bought { kind: LimitKind::Output, at: self.output_tpm_per_unit.at.clone(), amounts: of(output) },
        ];
        let purchases = purchases.into_iter().map(|p| p.purchase).collect();
        (site.sink.errors() == before).then(|| Plan {
            room: Room::Limits,
            bought,
            charge_output_after: post_charge,
            ..Plan::new(Billing::Purchased(purchases))
        })
    }
}

/// The length of the shortest month \[µs\].
const SHORTEST_MONTH: u64 = 28 * 86_400_000_000;

/// A purchase, and the time from which it serves.
struct Ready {
    purchase: Purchase,
    ready: SimTime,
}

const UNPUBLISHED: &str = "AWS does not publish what a Model Unit carries: ask your account team";

impl ProvisionedSpec {
    /// Returns the catalogue's entry; a model that is not sold as Model Units is refused.
    fn listed<'c>(&self, site: &mut Site<'_, 'c>) -> Option<&'c ProvisionedEntry> {
        let sold = site.sold?;
        if sold.path != IN_REGION {
            let rule =
                format!("`{}` is an inference profile, and Provisioned Throughput does not work behind one", sold.id);
            let help = sold.entry.map(|e| match e.provisioned.is_empty() && !sold.is_custom {
                true => reserved_instead(e),
                false => format!("use `{}`; the capacity that spills over names the profile itself", e.id),
            });
            site.sink.error(sold.id_at.clone(), rule, help);
            return None;
        }
        let entry = sold.entry?;
        if entry.provisioned.is_empty() {
            // A customized model is sold as Model Units wherever its base model can be customized.
            if !(sold.is_custom && entry.customization.is_some()) {
                let rule = format!("`{}` is not sold as Model Units", entry.id);
                site.sink.error(site.at.clone(), rule, reserved_instead(entry));
            }
            return None;
        }
        let Some(variant) = &self.variant else {
            let plain = entry.provisioned.iter().find(|p| p.variant.is_none());
            let chosen = plain.or_else(|| entry.provisioned.first());
            if let Some(variant) = chosen.and_then(|c| c.variant.as_ref()) {
                let why = "prices and throughput differ by context variant; the first of the catalogue is taken";
                site.assume("variant", &format!("\"{variant}\""), why);
            }
            return chosen;
        };
        let found = entry.provisioned.iter().find(|p| p.variant.as_deref() == Some(variant.value.0.as_str()));
        if found.is_none() {
            let known: Vec<&str> = entry.provisioned.iter().filter_map(|p| p.variant.as_deref()).collect();
            let rule = format!("`{}` has no context variant `{}`", entry.id, variant.value.0);
            let help = if known.is_empty() {
                "leave `variant` out".to_owned()
            } else {
                format!("it has {}", known.join(", "))
            };
            site.sink.error(variant.at.clone(), rule, help);
        }
        found
    }

    /// Checks purchases against the account's quota of Model Units, which is 0 until AWS Support grants some.
    fn check_quota(&self, purchases: &[Ready], site: &mut Site<'_, '_>) {
        let parts: Vec<_> = purchases.iter().map(|p| (p.purchase.from, p.purchase.to, p.purchase.amount)).collect();
        let needed = over_time(&parts).iter().map(|(_, units)| *units).max().unwrap_or(0);
        if needed == 0 {
            return;
        }
        let units = if needed == 1 { "unit" } else { "units" };
        match &self.model_units_quota {
            None => {
                let quota = &AccountEntry::embedded().model_units;
                let why = format!(
                    "AWS Support must grant {needed} {units} first: the quota of Model Units is {} until it does ({}, {})",
                    quota.value, quota.source, quota.as_of
                );
                site.assume("model_units_quota", &needed.to_string(), &why);
            }
            Some(written) if written.value.0 < needed => {
                let rule =
                    format!("{needed} Model Units are bought at once, and the account may have {}", written.value.0);
                let help = format!(
                    "ask AWS Support for more, and write model_units_quota = {needed} when it has granted them"
                );
                site.sink.error(written.at.clone(), rule, help);
            }
            Some(_) => {}
        }
    }

    /// Reports an assumption if the region is none of those where Model Units are known to be sold.
    fn tell_of_region(&self, listed: Option<&ProvisionedEntry>, site: &mut Site<'_, '_>) {
        let (Some(listed), Some(region)) = (listed, &self.region) else { return };
        if !listed.regions.is_empty() && !listed.regions.contains(&region.value.0) {
            let known = listed.regions.join(", ");
            let why = format!(
                "Model Units of this model are known to be sold in {known} ({}, {}): ask AWS about this region",
                listed.source, listed.as_of
            );
            site.assume("region", &format!("\"{}\"", region.value.0), &why);
        }
    }

    fn purchases(&self, listed: Option<&ProvisionedEntry>, site: &mut Site<'_, '_>) -> Vec<Ready> {
        let price = |commitment: Commitment, own: Option<&At<HourlyPrice>>, site: &mut Site<'_, '_>| {
            let text = listed.and_then(|l| match commitment {
                Commitment::None => l.no_commitment.as_ref(),
                Commitment::OneMonth => l.one_month.as_ref(),
                Commitment::SixMonths | Commitment::ThreeMonths => l.six_months.as_ref(),
            });
            let written = own.or(self.price_per_unit.as_ref());
            if let (Some(text), Some(listed), None) = (text, listed, written) {
                let key = match commitment {
                    Commitment::None => "no_commitment",
                    Commitment::OneMonth => "one_month",
                    Commitment::SixMonths | Commitment::ThreeMonths => "six_months",
                };
                let (source, as_of) = listed.fact(key);
                let source = format!("{source}; commitment {}", commitment.name());
                site.publish("price_per_unit", format!("\"{text}\""), (&source, as_of));
            }
            hourly(written, text)
        };
        let mut out = Vec::new();
        let mut add = |units: &At<Count>, own, term: Term, ready: SimTime, site: &mut Site<'_, '_>| {
            let Some(amount) = at_least_one(units, "model_units", site.sink) else { return };
            let Term { commitment, before, from, to } = term;
            let what = if amount == 1 { "1 Model Unit".to_owned() } else { format!("{amount} Model Units") };
            let price = price(commitment, own, site);
            let purchase = Purchase { what, amount, parts: 1, price, commitment, term_before: before, from, to };
            out.push(Ready { purchase, ready });
        };
        if let Some(units) = &self.model_units {
            let commitment = self.commitment.as_ref().map_or(Commitment::None, |c| c.value.into());
            let term = Term { commitment, before: 0, from: SimTime::ZERO, to: None };
            add(units, None, term, SimTime::ZERO, site);
        } else if let Some(written) = &self.commitment {
            let rule = "`commitment` is that of `model_units`, which is not there";
            site.sink.error(written.at.clone(), rule, "write it in each of `purchases`".to_owned());
        }
        for spec in self.purchases.as_ref().map_or(&[][..], |p| &p.value) {
            let Some(term) = spec.term(site) else { continue };
            // What was bought before the run has been getting ready since then.
            let ready_after = spec.ready_after.as_ref().map_or(0, |t| t.value.0.0).saturating_sub(term.before);
            let ready = SimTime(term.from.0 + ready_after);
            add(&spec.model_units, spec.price_per_unit.as_ref(), term, ready, site);
        }
        if out.is_empty() && self.model_units.is_none() && self.purchases.is_none() {
            let rule = format!("`capacities.{}` has no Model Units", site.name);
            site.sink.error(site.at.clone(), rule, "write model_units = 3".to_owned());
        }
        out
    }
}

/// The commitment of a purchase, and the time from its start to its end.
struct Term {
    commitment: Commitment,
    /// The time for which the term has already run at t = 0 \[µs\].
    before: u64,
    from: SimTime,
    to: Option<SimTime>,
}

impl PurchaseSpec {
    /// Returns the term as it is written; `None` after a finding that leaves nothing to go on with.
    fn term(&self, site: &mut Site<'_, '_>) -> Option<Term> {
        let from = self.at.as_ref().map_or(SimTime::ZERO, |t| t.value.0);
        let commitment = self.commitment.as_ref().map_or(Commitment::None, |c| c.value.into());
        let before = self.term_before(site)?;
        let Some(written) = &self.ends else { return Some(Term { commitment, before, from, to: None }) };
        let end = written.value.0;
        if end <= from {
            let rule = format!("a purchase ends after it begins, {end} is not after {from}");
            let help = "`at` and `ends` are both times since t = 0; leave `ends` out to keep it";
            site.sink.error(written.at.clone(), rule, help.to_owned());
            return None;
        }
        if end.0 - from.0 + before < u64::from(commitment.months()) * SHORTEST_MONTH {
            let rule =
                format!("a commitment of {} is due for its whole term, and this one ends before", commitment.name());
            let help = "leave `ends` out, or write commitment = \"none\"";
            site.sink.error(written.at.clone(), rule, help.to_owned());
        }
        Some(Term { commitment, before, from, to: Some(end) })
    }

    /// Returns the time for which the term has already run at t = 0 \[µs\]; `None` after a finding.
    fn term_before(&self, site: &mut Site<'_, '_>) -> Option<u64> {
        let Some(since) = &self.since else { return Some(0) };
        if let Some(at) = &self.at {
            let rule = "a purchase is made at one time, and this one has both `at` and `since`";
            site.sink.error(at.at.clone(), rule, "leave `at` out of one that was made before the run".to_owned());
            return None;
        }
        Some(since.value.0.0)
    }
}

fn reserved_instead(entry: &ModelEntry) -> String {
    if entry.paths.iter().any(|p| p.reserved.is_some() || p.tiers.iter().any(|t| t == "reserved")) {
        "it is sold as reserved throughput: write [capacities.NAME.reserved], with input_tpm and output_tpm".to_owned()
    } else {
        "`bedload catalog ID` says how a model is sold".to_owned()
    }
}

//! Expectations: of metrics that exist, about parts that exist, in units that fit.

use std::collections::BTreeSet;

use super::Lowering;
use super::supply::Supply;
use crate::diagnostic::Span;
use crate::model::capacity::Billing;
use crate::model::capacity::account::ACCOUNT;
use crate::model::capacity::quota::LimitKind;
use crate::model::expectation::{BoundSpec, ExpectSpec};
use crate::model::quantity::Text;
use crate::model::spec::{At, Refusal, unknown};
use crate::model::workload::Workload;
use crate::model::{Bound, Expectation};
use crate::terms::{self, MetricName, NoMetric, Scope, Term, Unit};

/// A list of more offers than this is not read.
const MOST_OFFERS: usize = 4;

impl Lowering<'_> {
    /// Returns the expectations of `[[expect]]` in their order, then the objectives of workloads.
    pub fn expectations(&mut self, supply: &Supply<'_>, workloads: &[Workload]) -> Vec<Expectation> {
        let specs = self.specs;
        let mut expectations: Vec<Expectation> = Vec::new();
        let mut known: Vec<(Expectation, Span)> = Vec::new();
        for section in &specs.expect {
            if let Some(spec) = &section.spec {
                self.expectation(spec, &section.at, supply, workloads, &mut expectations);
                // Where the bound is written; an expectation that was refused is not there.
                if expectations.len() > known.len() {
                    let at = [&spec.at_most, &spec.at_least].into_iter().flatten().next().map(|bound| &bound.at);
                    let at = at.or(spec.between.as_ref().map(|bound| &bound.at)).unwrap_or(&section.at);
                    known.extend(expectations.last().map(|e| (e.clone(), at.clone())));
                    self.check_agreement(&known);
                }
            }
        }
        for section in &specs.workloads {
            let slo = section.spec.as_ref().and_then(|w| w.slo.as_ref());
            if let Some(objective) = slo.and_then(|s| s.objective.as_ref()) {
                let metric = format!("workloads.{}.slo_attainment", section.name);
                let bound = Bound::AtLeast(objective.value.0);
                expectations.push(Expectation { metric, bound, confidence: None });
            }
        }
        expectations
    }

    /// Returns the metrics that `[output]` names.
    pub fn kept(&mut self, supply: &Supply<'_>) -> BTreeSet<String> {
        let spec = self.specs.output.spec.as_ref();
        let named = spec.and_then(|output| output.metrics.as_deref()).unwrap_or_default();
        named.iter().filter_map(|written| Some(self.metric(written, supply)?.full())).collect()
    }

    /// Returns a metric by its name, of a part that the scenario has.
    fn metric(&mut self, written: &At<Text>, supply: &Supply<'_>) -> Option<MetricName> {
        match terms::parse_metric(&written.value) {
            Ok(name) => {
                self.check_parts(&name, &written.at, supply);
                Some(name)
            }
            Err(refused) => {
                let mut measured = refused.misplaced.map(|term| self.places_of(term, supply)).unwrap_or_default();
                let limit = format!(".{}.", &*written.value);
                if measured.iter().any(|place| place.contains(&limit)) {
                    measured.retain(|place| place.contains(&limit));
                }
                let refused = self.with_parts(refused);
                let NoMetric { rule, help, offers, .. } =
                    if measured.is_empty() { refused } else { refused.offer(measured) };
                let help = help.or_else(|| Some("`bedload explain` lists all metrics".to_owned()));
                self.sink.offer(written.at.clone(), rule, help, offers);
                None
            }
        }
    }

    /// Leaves out offers of workloads, capacities and quotas that the scenario does not have, where it has those of others.
    fn with_parts(&self, refused: NoMetric) -> NoMetric {
        let specs = self.specs;
        let is_there = |offer: &String| {
            let Some((family, part)) = terms::parse_metric(offer).ok().and_then(|name| name.part) else { return true };
            match family.as_str() {
                "workloads" => specs.workloads.iter().any(|section| *section.name == *part),
                "capacities" => specs.capacities.iter().any(|section| *section.name == *part),
                "quotas" => specs.quotas.iter().any(|section| *section.name == *part),
                _ => true,
            }
        };
        let there: Vec<String> = refused.offers.iter().filter(|offer| is_there(offer)).cloned().collect();
        if there.is_empty() || there.len() == refused.offers.len() { refused } else { refused.offer(there) }
    }

    /// Returns the full names under which the scenario measures a metric of capacities, quotas or limits.
    fn places_of(&self, term: &Term, supply: &Supply<'_>) -> Vec<String> {
        let capacities = supply.capacities.iter().map(|capacity| format!("capacities.{}.{}", capacity.name, term.name));
        let mut names: Vec<String> = Vec::new();
        if term.scopes.iter().any(|scope| matches!(scope, Scope::Supply | Scope::Capacity)) {
            names.extend(capacities);
        }
        if term.scopes.contains(&Scope::Limit) {
            for quota in &supply.quotas {
                let limits = LimitKind::ALL.into_iter().filter(|kind| quota.limit(*kind).is_some());
                names.extend(limits.map(|kind| format!("{}.{}.{}", quota.prefix, kind.name(), term.name)));
            }
        }
        names.truncate(MOST_OFFERS);
        names
    }

    fn expectation(
        &mut self,
        spec: &ExpectSpec,
        at: &Span,
        supply: &Supply<'_>,
        workloads: &[Workload],
        out: &mut Vec<Expectation>,
    ) {
        let Some(name) = self.metric(&spec.metric, supply) else { return };
        if name.term.unit == Unit::Usd {
            self.check_priced(&name, &spec.metric.at, supply, workloads);
        }
        let metric = name.full();
        let in_full = spec.metric.value.ends_with(&name.term.name);
        let mut read = |written: &At<BoundSpec>| self.bound(written, &name, in_full);
        let bound = match (&spec.at_most, &spec.at_least, &spec.between) {
            (Some(most), None, None) => read(most).map(Bound::AtMost),
            (None, Some(least), None) => read(least).map(Bound::AtLeast),
            (None, None, Some(between)) => {
                let [low, high] = &between.value;
                let (Some(low), Some(high)) = (read(low), read(high)) else { return };
                if low > high {
                    let rule = format!("`{metric}` is never between {low} and {high}");
                    self.error(&between.at, rule, "write the smaller one first".to_owned());
                    return;
                }
                Some(Bound::Between(low, high))
            }
            (None, None, None) => {
                let rule = format!("the goal for `{metric}` has no bound");
                self.error(at, rule, "write at_most, at_least or between".to_owned());
                return;
            }
            (most, least, between) => {
                let named =
                    [("at_most", most.is_some()), ("at_least", least.is_some()), ("between", between.is_some())];
                let named: Vec<String> =
                    named.iter().filter(|(_, is)| *is).map(|(key, _)| format!("`{key}`")).collect();
                let second = between.as_ref().map(|b| &b.at).or(least.as_ref().map(|b| &b.at)).unwrap_or(at);
                let many = if named.len() == 2 { "two" } else { "three" };
                let rule = format!("a goal has one bound, and {} are {many}", named.join(" and "));
                self.error(second, rule, "write an [[expect]] for each, or between = [LEAST, GREATEST]".to_owned());
                return;
            }
        };
        let confidence = spec.confidence.as_ref().map(|written| (written.value.0, &written.at));
        if let Some((confidence, at)) = confidence.filter(|(x, _)| !(0.5..1.0).contains(x)) {
            self.error(at, format!("a confidence lies between 0.5 and 1, {confidence} does not"), None);
            return;
        }
        if let Some(bound) = bound {
            out.push(Expectation { metric, bound, confidence: confidence.map(|(x, _)| x) });
        }
    }

    /// Refuses a new bound that no run can keep together with those before it, at both places.
    fn check_agreement(&mut self, known: &[(Expectation, Span)]) {
        let Some(((new, new_at), before)) = known.split_last() else { return };
        let range = |e: &Expectation| match e.bound {
            Bound::AtMost(x) => (f64::NEG_INFINITY, x),
            Bound::AtLeast(x) => (x, f64::INFINITY),
            Bound::Between(low, high) => (low, high),
        };
        let (low, high) = range(new);
        for (old, old_at) in before.iter().filter(|(old, _)| old.metric == new.metric) {
            let (old_low, old_high) = range(old);
            let (least, most) = (low.max(old_low), high.min(old_high));
            if least > most {
                let rule = format!("`{}` cannot be at least {least} and at most {most}", new.metric);
                self.error(new_at, rule, "the other bound stands above; leave one of them out".to_owned());
                self.error(old_at, "this is the bound that it contradicts", None);
            }
        }
    }

    /// Returns the bound in the metric's unit. A bare number is in the unit that the metric's full name ends in, so a
    /// name that leaves its unit out cannot have one.
    fn bound(&mut self, written: &At<BoundSpec>, name: &MetricName, in_full: bool) -> Option<f64> {
        let unit = name.term.unit;
        let x = match &written.value {
            BoundSpec::Number(x) if unit == Unit::Milliseconds && !in_full => {
                let offers = vec![format!("\"{x}s\""), format!("\"{x}ms\"")];
                let refusal = Refusal::new(format!("a time needs its unit, {x} has none")).offer(offers, "");
                refusal.report(written.at.clone(), self.sink);
                return None;
            }
            BoundSpec::Number(x) => *x,
            BoundSpec::Text(text) => match terms::parse_bound(text, unit) {
                Ok(x) => x,
                Err(rule) => {
                    let otherwise = format!("write {}: the metric is in {}", terms::example_bound(unit), unit.name());
                    let refusal = Refusal::new(rule).offer(terms::bounds_meant(text, unit), &otherwise);
                    refusal.report(written.at.clone(), self.sink);
                    return None;
                }
            },
        };
        // Use of a limit may pass it; no other share passes the whole.
        let may_pass_one = name.term.name.starts_with("utilization");
        if x < 0.0 || (unit == Unit::Fraction && x > 1.0 && !may_pass_one) {
            let rule = format!("`{}` can never be {x}: the bound has no effect", name.term.name);
            let percent = (unit == Unit::Fraction && (0.0..=100.0).contains(&x)).then(|| format!("\"{x}%\""));
            let otherwise =
                if unit == Unit::Fraction { "write a share from 0 to 1, such as \"1%\" or 0.01" } else { "" };
            let refusal = Refusal::new(rule).offer(percent.into_iter().collect(), otherwise);
            refusal.report(written.at.clone(), self.sink);
            return None;
        }
        if unit == Unit::Fraction && x == 1.0 && name.term.better == terms::Better::Lower {
            let rule = format!("`{}` at 1 is 100 %", name.term.name);
            self.sink.warning(Some(written.at.clone()), rule, "write \"1%\" for one in a hundred".to_owned());
        }
        Some(x)
    }

    fn check_parts(&mut self, name: &MetricName, at: &Span, supply: &Supply<'_>) {
        let specs = self.specs;
        if let Some(window) = &name.window {
            let known: Vec<&str> = specs.windows.iter().map(|w| w.name.as_str()).collect();
            let renamed = |window: &str| MetricName { window: Some(window.to_owned()), ..name.clone() };
            self.check_known((window, "window"), &known, renamed, at);
        }
        let Some((family, part)) = &name.part else { return };
        if family == ACCOUNT {
            self.check_account(name, part, at, supply);
            return;
        }
        let (what, known): (_, Vec<&str>) = match family.as_str() {
            "workloads" => ("workload", specs.workloads.iter().map(|s| s.name.as_str()).collect()),
            "capacities" => ("capacity", specs.capacities.iter().map(|s| s.name.as_str()).collect()),
            "files" => {
                ("included file", specs.owners.iter().map(|o| o.file.as_str()).filter(|f| !f.is_empty()).collect())
            }
            "owners" => ("owner", specs.owners.iter().map(|o| o.owner.as_str()).collect()),
            _ => ("quota", specs.quotas.iter().map(|s| s.name.as_str()).collect()),
        };
        let renamed = |part: &str| MetricName { part: Some((family.clone(), part.to_owned())), ..name.clone() };
        if !self.check_known((part, what), &known, renamed, at) || !supply.whole {
            return;
        }
        let Some(limit) = &name.limit else { return };
        let prefix = format!("{family}.{part}");
        let quota = supply.quotas.iter().find(|q| q.prefix == prefix);
        let has = |kind: LimitKind| quota.is_some_and(|q| q.limit(kind).is_some());
        let own: Vec<&str> = LimitKind::ALL.into_iter().filter(|kind| has(*kind)).map(LimitKind::name).collect();
        let of_limit = |limit: &str| MetricName { limit: Some(limit.to_owned()), ..name.clone() };
        let Some(kind) = LimitKind::ALL.into_iter().find(|k| k.name() == limit) else {
            self.check_known((limit, "limit"), &own, of_limit, at);
            return;
        };
        if !has(kind) {
            let others = supply.quotas.iter().filter(|q| q.limit(kind).is_some());
            let mut offers: Vec<String> = others.map(|q| format!("{}.{limit}.{}", q.prefix, name.term.name)).collect();
            if offers.is_empty() {
                offers = own.iter().map(|limit| of_limit(limit).full()).collect();
            }
            self.no_part(format!("`{prefix}` has no {limit} of its own"), offers, None, at);
        }
    }

    /// Reports a metric of a part that is not there, and offers metrics of parts that are; with none, `otherwise` is said.
    fn no_part(&mut self, rule: String, offers: Vec<String>, otherwise: Option<String>, at: &Span) {
        let refused = NoMetric::new(rule).offer(offers);
        self.sink.offer(at.clone(), refused.rule, refused.help.or(otherwise), refused.offers);
    }

    /// The account's daily quota is in force, and of the region that is asked about.
    fn check_account(&mut self, name: &MetricName, region: &str, at: &Span, supply: &Supply<'_>) {
        if !supply.whole {
            return;
        }
        let of_account = supply.quotas.iter().filter(|q| q.limit(LimitKind::AccountTpd).is_some());
        let known: Vec<&str> = of_account.map(|quota| quota.prefix.as_str()).collect();
        let asked = if region.is_empty() { ACCOUNT.to_owned() } else { format!("{ACCOUNT}.{region}") };
        if !known.contains(&asked.as_str()) {
            let rule = format!("`{}` belongs to a quota that is not in force", name.full());
            let offers = known.iter().map(|prefix| format!("{prefix}.tpd.{}", name.term.name)).collect();
            let otherwise = "no capacity counts towards an account's daily quota, or `account.tpd` is \"none\"";
            self.no_part(rule, offers, Some(otherwise.to_owned()), at);
        }
    }

    /// Returns whether a part of a metric's name exists. If not, reports it, and offers the metric that `renamed` makes
    /// of the part that was meant.
    fn check_known(
        &mut self,
        (name, what): (&str, &str),
        known: &[&str],
        renamed: impl Fn(&str) -> MetricName,
        at: &Span,
    ) -> bool {
        if known.contains(&name) {
            return true;
        }
        let refusal = unknown(format!("there is no {what} `{name}`"), name, known.iter().copied());
        let offers = refusal.offers.iter().map(|part| renamed(part).full()).collect();
        self.no_part(refusal.rule, offers, refusal.help, at);
        false
    }

    /// Money is asked about: everything in question has a price.
    fn check_priced(&mut self, name: &MetricName, at: &Span, supply: &Supply<'_>, workloads: &[Workload]) {
        let is_asked = |family: &str, of: &str| match &name.part {
            Some((asked, part)) if asked == family => part == of,
            Some(_) => false,
            None => true,
        };
        let help = "write prices = { input = \"$3.00/1M\", output = \"$15.00/1M\" } under that model";
        // A commitment is of what is bought, whatever tokens cost.
        let by_token = if name.term.name == "committed_usd" { &[][..] } else { workloads };
        for workload in by_token {
            for stage in &workload.stages {
                let unpriced = stage.route.iter().filter_map(|c| Some((supply.capacities.get(*c)?, *c)));
                let unpriced = unpriced.filter(|(capacity, c)| {
                    let asked = is_asked("workloads", &workload.name) || is_asked("capacities", &capacity.name);
                    asked && capacity.billing.is_by_token() && stage.prices[*c].is_none()
                });
                if let Some((capacity, _)) = unpriced.into_iter().next() {
                    let rule = format!(
                        "`{}` is about money, and `models.{}` has no prices in `capacities.{}`",
                        name.full(),
                        stage.facts.name,
                        capacity.name
                    );
                    self.error(at, rule, help.to_owned());
                }
            }
        }
        for capacity in &supply.capacities {
            let unpriced = capacity.billing.purchases().iter().any(|p| p.price.is_none())
                || matches!(capacity.billing, Billing::Windows { price: None, .. });
            if unpriced && is_asked("capacities", &capacity.name) {
                let rule = format!("`{}` is about money, and `capacities.{}` has no price", name.full(), capacity.name);
                self.error(at, rule, "state its price in the capacity: AWS publishes none for it".to_owned());
            }
        }
    }
}

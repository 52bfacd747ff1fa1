//! Expectations: of metrics that exist, about parts that exist, in units that fit.

use super::Lowering;
use super::supply::Supply;
use crate::diagnostic::Span;
use crate::model::capacity::Billing;
use crate::model::capacity::quota::LimitKind;
use crate::model::expectation::{BoundSpec, ExpectSpec};
use crate::model::spec::{At, Refusal, unknown};
use crate::model::workload::Workload;
use crate::model::{Bound, Expectation};
use crate::terms::{self, MetricName, Unit};

impl Lowering<'_> {
    /// What `[[expect]]` says, in its order, then the objectives of workloads.
    pub fn expectations(&mut self, supply: &Supply<'_>, workloads: &[Workload]) -> Vec<Expectation> {
        let specs = self.specs;
        let mut expectations = Vec::new();
        for section in &specs.expect {
            if let Some(spec) = &section.spec {
                self.expectation(spec, &section.at, supply, workloads, &mut expectations);
            }
        }
        for section in &specs.workloads {
            let slo = section.spec.as_ref().and_then(|w| w.slo.as_ref());
            if let Some(objective) = slo.and_then(|s| s.objective.as_ref()) {
                let metric = format!("workloads.{}.slo_attainment", section.name);
                expectations.push(Expectation { metric, bound: Bound::AtLeast(objective.value.0) });
            }
        }
        expectations
    }

    fn expectation(
        &mut self,
        spec: &ExpectSpec,
        at: &Span,
        supply: &Supply<'_>,
        workloads: &[Workload],
        out: &mut Vec<Expectation>,
    ) {
        let name = match terms::parse_metric(&spec.metric.value) {
            Ok(name) => name,
            Err((rule, help)) => {
                self.error(
                    &spec.metric.at,
                    rule,
                    help.or_else(|| Some("`bedload explain` lists all metrics".to_owned())),
                );
                return;
            }
        };
        self.check_parts(&name, &spec.metric.at, supply);
        if name.term.unit == Unit::Usd {
            self.check_priced(&name, &spec.metric.at, supply, workloads);
        }
        let metric = name.full();
        let (bound, written) = match (&spec.at_most, &spec.at_least) {
            (Some(bound), None) => (Bound::AtMost as fn(f64) -> Bound, bound),
            (None, Some(bound)) => (Bound::AtLeast as fn(f64) -> Bound, bound),
            (Some(_), Some(second)) => {
                let rule = "an expectation has one bound, `at_most` and `at_least` are two";
                self.error(&second.at, rule, "write two [[expect]], one for each".to_owned());
                return;
            }
            (None, None) => {
                let rule = format!("the expectation of `{metric}` has no bound");
                self.error(at, rule, "write at_most or at_least".to_owned());
                return;
            }
        };
        let in_full = spec.metric.value.ends_with(&name.term.name);
        if let Some(x) = self.bound(written, &name, in_full) {
            out.push(Expectation { metric, bound: bound(x) });
        }
    }

    /// The bound in the metric's unit. A bare number is in the unit that the metric's full name ends in, so a name that
    /// leaves its unit out cannot have one.
    fn bound(&mut self, written: &At<BoundSpec>, name: &MetricName, in_full: bool) -> Option<f64> {
        let unit = name.term.unit;
        let x = match &written.value {
            BoundSpec::Number(x) if unit == Unit::Milliseconds && !in_full => {
                let rule = format!("a time needs its unit, {x} has none");
                self.error(&written.at, rule, format!("write \"{x}s\" or \"{x}ms\""));
                return None;
            }
            BoundSpec::Number(x) => *x,
            BoundSpec::Text(text) => match terms::parse_bound(text, unit) {
                Ok(x) => x,
                Err(rule) => {
                    self.error(&written.at, rule, format!("the metric's unit is {}", unit.name()));
                    return None;
                }
            },
        };
        // Use of a limit may pass it; no other share passes the whole.
        let may_pass_one = name.term.name.starts_with("utilization");
        if x < 0.0 || (unit == Unit::Fraction && x > 1.0 && !may_pass_one) {
            let rule = format!("`{}` never is {x}: the bound decides nothing", name.term.name);
            let help =
                (unit == Unit::Fraction).then(|| "a share lies between 0 and 1; write \"1%\" or 0.01".to_owned());
            self.error(&written.at, rule, help);
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
            self.check_known(window, "window", &known, at);
        }
        let Some((family, part)) = &name.part else { return };
        let (what, known): (_, Vec<&str>) = match family.as_str() {
            "workloads" => ("workload", specs.workloads.iter().map(|s| s.name.as_str()).collect()),
            "capacities" => ("capacity", specs.capacities.iter().map(|s| s.name.as_str()).collect()),
            _ => ("quota", specs.quotas.iter().map(|s| s.name.as_str()).collect()),
        };
        if !self.check_known(part, what, &known, at) || !supply.whole {
            return;
        }
        let Some(limit) = &name.limit else { return };
        let limits = LimitKind::ALL.map(LimitKind::name);
        let Some(kind) = LimitKind::ALL.into_iter().find(|k| k.name() == limit) else {
            self.check_known(limit, "limit", &limits, at);
            return;
        };
        let prefix = format!("{family}.{part}");
        let quota = supply.quotas.iter().find(|q| q.prefix == prefix);
        if quota.and_then(|q| q.limit(kind)).is_none() {
            let others =
                supply.quotas.iter().filter(|q| q.limit(kind).is_some()).map(|q| format!("{}.{limit}", q.prefix));
            let others: Vec<String> = others.collect();
            let help = (!others.is_empty()).then(|| format!("there is {}", others.join(", ")));
            self.error(at, format!("`{prefix}` has no {limit} of its own"), help);
        }
    }

    fn check_known(&mut self, name: &str, what: &str, known: &[&str], at: &Span) -> bool {
        if known.contains(&name) {
            return true;
        }
        let Refusal { rule, help } = unknown(format!("there is no {what} `{name}`"), name, known.iter().copied());
        self.error(at, rule, help);
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
                    asked && capacity.billing.is_by_token() && workload.prices[*c].is_none()
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

//! Checks of a workload against the capacities of its route: service tiers and batch jobs.

use super::Lowering;
use super::supply::Supply;
use crate::diagnostic::Span;
use crate::model::capacity::batch::JobsPlan;
use crate::model::capacity::{Billing, Room};
use crate::model::workload::arrivals::Arrivals;
use crate::model::workload::steps::Stage;
use crate::model::workload::tier::Tier;
use crate::model::workload::tokens::TokensOf;
use crate::model::workload::{Workload, WorkloadSpec};
use crate::random::{Law, Purpose, Stream};
use crate::units::SimTime;

/// English text in a JSON record: a rule of thumb \[bytes\].
const BYTES_PER_TOKEN: f64 = 4.0;

impl<'a> Lowering<'a> {
    /// Checks that the tiers of a workload's calls are those in which their models are sold on their routes.
    pub(super) fn check_tiers(&mut self, workload: &Workload, spec: &WorkloadSpec, supply: &Supply<'a>) {
        let steps = spec.steps.as_ref().map_or(&[][..], |s| &s.value);
        let written = steps.iter().map(|step| step.tier.as_ref()).chain([spec.tier.as_ref()]);
        for (stage, written) in workload.stages.iter().zip(written) {
            if let Some(written) = written.filter(|_| stage.tier.name != Tier::STANDARD.name) {
                self.check_tier(&workload.name, stage, &written.at, supply);
            }
        }
    }

    fn check_tier(&mut self, workload: &str, stage: &Stage, at: &Span, supply: &Supply<'a>) {
        let mut asked = stage.route.iter().filter_map(|c| supply.capacities.get(*c));
        if supply.whole && asked.all(|c| c.billing != Billing::Tokens) {
            let rule = format!("the tier `{}` of `{workload}` changes nothing", stage.tier.name);
            let help = "tiers exist for on-demand tokens, and no capacity of the route is paid by the token".to_owned();
            self.sink.warning(Some(at.clone()), rule, help);
        }
        for &c in &stage.route {
            let Some(path) = supply.offers.get(c).and_then(|o| o.path) else { continue };
            if !path.is_sold_in_tier(stage.tier.name) {
                let rule = format!(
                    "`{}` is not sold in the tier `{}` at `{}`",
                    stage.facts.name, stage.tier.name, supply.capacities[c].name
                );
                let help = match path.tiers.join(", ") {
                    none if none.is_empty() => "it is sold in the standard tier only".to_owned(),
                    tiers => format!("it is sold as standard and {tiers}"),
                };
                self.error(at, rule, help);
            }
        }
    }

    /// Checks batch jobs on a workload's route: their least number of records, their place and the client's time-outs.
    pub(super) fn check_batches(&mut self, workload: &Workload, at: &Span, supply: &Supply<'a>) {
        let is_batch = |c: &usize| supply.capacities.get(*c).is_some_and(|c| matches!(c.room, Room::Jobs(_)));
        let mut route = workload.main().route.iter();
        if let Some(batch) = route.by_ref().find(|c| is_batch(c))
            && route.next().is_some()
        {
            let rule = format!(
                "requests of `{}` never go past `{}`: a batch refuses nothing",
                workload.name, supply.capacities[*batch].name
            );
            self.sink.warning(Some(at.clone()), rule, "put the batch last on the route".to_owned());
        }
        let gives_up = workload.client.timeout.or(workload.client.attempt_timeout);
        if let Some(timeout) = gives_up.filter(|_| workload.main().route.iter().any(is_batch)) {
            let rule = format!("`{}` waits for batch jobs, and its client gives up after {timeout}", workload.name);
            self.sink.warning(
                Some(at.clone()),
                rule,
                "leave the time-outs out: abandoned requests are paid for all the same".to_owned(),
            );
        }
        let each = if let Arrivals::Batches(batches) = &workload.arrivals { mean_count(&batches.size) } else { 1.0 };
        let Some(intensity) = workload.arrivals.intensity() else { return };
        for capacity in workload.main().route.iter().filter_map(|c| supply.capacities.get(*c)) {
            let Room::Jobs(plan) = &capacity.room else { continue };
            let records = intensity.peak() * each * plan.collect_every as f64;
            if records < plan.sizes.fewest as f64 {
                let rule = format!(
                    "a batch job has at least {} records, `{}` collects about {records:.0} in {}",
                    plan.sizes.fewest,
                    capacity.name,
                    SimTime(plan.collect_every)
                );
                self.error(at, rule, "collect over a longer time".to_owned());
            }
            self.warn_of_large_jobs(workload, at, (&capacity.name, plan), records);
        }
    }

    /// Warns of jobs with more input than AWS accepts.
    fn warn_of_large_jobs(&mut self, workload: &Workload, at: &Span, (name, plan): (&str, &JobsPlan), records: f64) {
        let (TokensOf::Laws { input, .. }, Some(most)) = (&workload.tokens.of, plan.sizes.most_input_gb) else {
            return;
        };
        let tokens = mean_count(input) + f64::from(workload.tokens.extra_input);
        let gb = records.min(plan.sizes.most as f64) * tokens * BYTES_PER_TOKEN * 1e-9;
        if gb > most {
            let rule = format!(
                "a job of `{name}` would have about {gb:.0} GB of input, at {BYTES_PER_TOKEN} bytes a token, and AWS takes {most} GB"
            );
            self.sink.warning(Some(at.clone()), rule, "collect over a shorter time".to_owned());
        }
    }
}

/// The mean of a law of counts, near enough to judge by.
fn mean_count(law: &Law) -> f64 {
    const DRAWS: u64 = 256;
    let stream = Stream::new(0, 0, Purpose::BatchSize, "");
    (0..DRAWS).map(|i| law.at(stream, i).max(1.0)).sum::<f64>() / DRAWS as f64
}

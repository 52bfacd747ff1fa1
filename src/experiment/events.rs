//! Notes on events that happen once in a run and would repeat in the month that is scaled up from it: bursts, jobs,
//! outages, changes and purchases.

use super::point::{Depth, Played, play};
use super::{Effort, Watch};
use crate::figures::{money, plain};
use crate::model::capacity::{Capacity, Room};
use crate::model::workload::arrivals::{Arrivals, Job};
use crate::model::{Model, Replications};
use crate::results::Note;
use crate::units::Steps;

const MONTH: &str = "cost_per_month_usd";

/// Returns the events of a scenario in words, such as `the bursts of chat`.
fn named(model: &Model) -> Vec<String> {
    let bursting = model
        .workloads
        .iter()
        .filter(|w| w.arrivals.intensity().is_some_and(|i| !i.bursts.is_empty() || !i.random_bursts.is_empty()));
    let mut named: Vec<String> = bursting.map(|w| format!("the bursts of `{}`", w.name)).collect();
    let jobs = model.workloads.iter().filter(|w| matches!(w.arrivals, Arrivals::Job(Job { requests: 1.., .. })));
    named.extend(jobs.map(|w| format!("the job `{}`", w.name)));
    for capacity in &model.capacities {
        if buys_later(capacity) {
            named.push(format!("the purchases of `{}`", capacity.name));
        } else if !capacity.is_stationary() {
            named.push(format!("the outages and changes of `{}`", capacity.name));
        }
    }
    named
}

/// Returns whether something is bought or ends while the run lasts; the bill has its cost as an item of its own.
fn buys_later(capacity: &Capacity) -> bool {
    capacity.billing.purchases().iter().any(|purchase| purchase.from.0 > 0 || purchase.to.is_some())
}

/// Returns the scenario without its bursts, jobs, outages and changes; what is bought stays.
fn without(model: &Model) -> Model {
    let mut calm = model.clone();
    for workload in &mut calm.workloads {
        let intensity = match &mut workload.arrivals {
            Arrivals::Renewal { intensity, .. } => intensity,
            Arrivals::Batches(batches) => &mut batches.intensity,
            Arrivals::Sessions(sessions) => &mut sessions.intensity,
            Arrivals::Job(job) => {
                job.requests = 0;
                continue;
            }
            _ => continue,
        };
        intensity.bursts.clear();
        intensity.random_bursts.clear();
    }
    for capacity in calm.capacities.iter_mut().filter(|capacity| !buys_later(capacity)) {
        capacity.standing = Steps::constant(*capacity.standing.first());
        capacity.changes_at.clear();
        if let Room::Regions(pool) = &mut capacity.room {
            pool.regions.iter_mut().for_each(|region| region.left = Steps::constant(1_000_000));
        }
        for quota in &capacity.quotas {
            for steps in calm.quotas[*quota].limits.iter_mut().flatten() {
                *steps = Steps::constant(*steps.first());
            }
        }
    }
    calm
}

/// Says that a month was scaled up from a run with events in it, and what the events cost by themselves: the scenario is
/// played once more without them, on the same traffic.
pub(super) fn of_the_month(model: &Model, played: &Played, watch: &dyn Watch) -> Option<(Note, Effort)> {
    let (cost, _) = (played.point.value("cost_usd")?, played.point.value(MONTH)?);
    let events = named(model);
    // A month of a stated number of requests does not repeat the run.
    let is_repeated = model.money.requests_per_month.is_none();
    if events.is_empty() || !is_repeated || watch.is_over() {
        return None;
    }
    let mut text = format!("the month repeats the run with {}, as often as the run fits into it", events.join(", "));
    let mut calm = without(model);
    calm.run.replications =
        Replications { min: played.point.replications as u32, relative_precision: None, ..calm.run.replications };
    let calm = play(&calm, Depth::Figures, watch);
    if let (Some(in_calm), Some(month)) = (calm.point.value("cost_usd"), calm.point.value(MONTH)) {
        let own = cost - in_calm;
        let (once, never) = (money(month + own), money(month));
        // Of equal sums there is nothing to say.
        if once != never {
            let (size, word) = (money(own.abs()), if own < 0.0 { "less" } else { "more" });
            text += &format!(
                "; they cost {size} {word} each time, so that a month in which they happen once costs {once}, and one without them {never}"
            );
        }
    }
    Some((Note { metric: Some(MONTH.to_owned()), text: plain(&text), is_caveat: false }, calm.effort))
}

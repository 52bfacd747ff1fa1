//! The use of each limit by each owner.

use super::evaluate::per_minute;
use super::record::Record;
use crate::model::capacity::Quota;
use crate::model::capacity::quota::LimitKind;
use crate::model::pricing::Billed;
use crate::model::service::Burndown;
use crate::model::workload::steps::Stage;
use crate::model::{GroupKind, Model};
use crate::results::Take;
use crate::units::MICROS_PER_MINUTE;

/// Returns what the measured requests of each owner took of each limit per minute, on average over `replications` runs.
#[must_use]
pub fn takes(model: &Model, pooled: &Record, replications: u64) -> Vec<Take> {
    let minutes = replications as f64 * model.run.duration.0 as f64 / MICROS_PER_MINUTE as f64;
    let mut takes = Vec::new();
    for (index, quota) in model.quotas.iter().enumerate() {
        for kind in LimitKind::ALL.into_iter().filter(|kind| !kind.is_daily()) {
            let Some(limit) = quota.limit(kind) else { continue };
            for group in model.groups.iter().filter(|group| group.kind == GroupKind::Owner) {
                let taken =
                    group.workloads.iter().map(|w| of_workload(model, pooled, *w, (index, quota), kind)).sum::<f64>();
                if taken > 0.0 && minutes > 0.0 {
                    let limit_per_minute = per_minute(limit);
                    takes.push(Take {
                        owner: group.name.clone(),
                        limit: format!("{}.{}", quota.prefix, kind.name()),
                        per_minute: taken / minutes,
                        share: (limit_per_minute > 0.0).then(|| taken / minutes / limit_per_minute),
                    });
                }
            }
        }
    }
    takes
}

/// Returns what a workload took of a limit, over all capacities that share its quota.
fn of_workload(model: &Model, record: &Record, w: usize, (index, _): (usize, &Quota), kind: LimitKind) -> f64 {
    let asks = |c: &usize| model.capacities[*c].quotas.contains(&index);
    let stages = model.workloads[w].stages.iter().zip(&record.workloads[w].billed);
    let of_stage = |(stage, billed): (&Stage, &Vec<Billed>)| -> f64 {
        stage.route.iter().filter(|c| asks(c)).map(|c| charge(kind, stage.facts.burndown, &billed[*c])).sum()
    };
    stages.map(of_stage).sum()
}

fn charge(kind: LimitKind, burndown: Burndown, billed: &Billed) -> f64 {
    let input = (billed.uncached + billed.cache_write) as f64;
    let output = billed.output as f64;
    match kind {
        LimitKind::Rpm => billed.calls as f64,
        LimitKind::Tpm | LimitKind::Tpd | LimitKind::AccountTpd => input + output * burndown.millionths as f64 / 1e6,
        LimitKind::Itpm | LimitKind::Input => input,
        LimitKind::Otpm | LimitKind::Output => output,
    }
}

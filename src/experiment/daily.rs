//! Notes on when daily limits are used up: as the run observed it, else as the stated rates predict it.

use super::notes::caveat;
use super::replicate::Record;
use crate::metrics::UsedUp;
use crate::model::Model;
use crate::model::capacity::Quota;
use crate::model::daily::{NOT_REACHED, Outlook, daily_limit, moment, name_of_limit};
use crate::model::workload::Workload;
use crate::model::workload::arrivals::Arrivals;
use crate::results::{Note, Point};
use crate::units::{MICROS_PER_DAY, MICROS_PER_HOUR, SimTime};

/// One note for each daily limit that is used up, in the run or after it.
pub(super) fn notes(model: &Model, pooled: &Record, replications: u64, point: &Point) -> Vec<Note> {
    let mut notes = Vec::new();
    if model.quotas.iter().all(|quota| daily_limit(quota).is_none()) {
        return notes;
    }
    let outlook = Outlook::new(model);
    for (q, (quota, record)) in model.quotas.iter().zip(&pooled.measured.quotas).enumerate() {
        let Some((kind, _)) = daily_limit(quota) else { continue };
        let metric = |stem: &str| format!("{}.{}.{stem}", quota.prefix, kind.name());
        if let Some(text) = in_the_run(model, quota, &record.used_up, replications) {
            notes.push(caveat(Some(&metric("refused")), text));
        } else if let Some(text) = after_the_run(model, &outlook, q, point.value(&metric("charged"))) {
            notes.push(caveat(Some(&metric("charged")), text));
        }
    }
    notes
}

/// Returns when the limit refused first and on how many days of the run, in words; `None`: it refused on no day.
fn in_the_run(model: &Model, quota: &Quota, used_up: &UsedUp, replications: u64) -> Option<String> {
    let days = used_up.days();
    let first = days.first()?;
    let limit = name_of_limit(quota)?;
    let at = SimTime(first.mean_at());
    let share = match first.replications {
        all if all == replications => String::new(),
        some => format!(" in {some} of {replications} replications"),
    };
    let phase = model.run.start.phase(MICROS_PER_DAY, 0);
    let all_days = (phase + model.run.measured_end().0).div_ceil(MICROS_PER_DAY);
    let often = match days.len() as u64 {
        _ if all_days == 1 => String::new(),
        some => format!(", and on {some} of the {all_days} UTC days of the run"),
    };
    Some(format!("{limit} is used up at {}{share}{often}", moment(&model.run.start, at)))
}

/// The ratio of charges to expected charges above which a difference is neither rounding nor chance \[1\].
const MORE: f64 = 1.2;

/// Returns whether all traffic that may ask a quota, by any capacity of its routes, has been sent before an instant.
fn sends_end_before(model: &Model, quota: usize, at: SimTime) -> bool {
    let asks = |workload: &&Workload| {
        let mut capacities = workload.stages.iter().flat_map(|stage| &stage.route);
        capacities.any(|c| model.capacities[*c].quotas.contains(&quota))
    };
    model.workloads.iter().filter(asks).all(|workload| match &workload.arrivals {
        Arrivals::Job(job) => job.at.saturating_add(job.spread) < at.0,
        Arrivals::Trace(replay) => !replay.repeat && replay.trace.rows().all(|row| row.arrival < at.0),
        _ => false,
    })
}

/// Returns when the limit would be used up if the run went on, in words; `None`: within a week it would not be.
fn after_the_run(model: &Model, outlook: &Outlook<'_>, quota: usize, charged: Option<f64>) -> Option<String> {
    if let Some(at) = outlook.used_up_at(quota) {
        // What the run has played decides, and not what was expected of it.
        let is_later = at >= model.run.measured_end();
        return is_later.then(|| outlook.forecast(quota)).flatten();
    }
    let measured = model.run.duration.0;
    let (_, limit) = daily_limit(&model.quotas[quota])?;
    let charged = charged.filter(|charged| *charged > 0.0)?;
    // What overflows from other capacities is known from the run alone. What was expected, such as a job, lasts a week.
    let run = &model.run;
    if charged <= MORE * outlook.expected(quota, run.warmup, run.measured_end()) {
        return None;
    }
    let lasts = limit.amount as f64 / charged * measured as f64;
    if sends_end_before(model, quota, SimTime(run.warmup.0.saturating_add(lasts as u64))) {
        return None;
    }
    (measured < MICROS_PER_DAY && lasts < MICROS_PER_DAY as f64).then(|| {
        let name = name_of_limit(&model.quotas[quota]).unwrap_or_default();
        let hours = lasts / MICROS_PER_HOUR as f64;
        format!("at the rate of this run {name} is used up {hours:.1} h after the start of a day{NOT_REACHED}")
    })
}

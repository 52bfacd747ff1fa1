//! The notes that a reader needs to understand the figures.

use super::daily;
use super::granted;
use super::replicate::{Record, Replication};
use super::warmup::{self, Advice};
use crate::figures::{count, plain, share, three_figures, time};
use crate::metrics;
use crate::model::daily::moment;
use crate::model::workload::Workload;
use crate::model::workload::arrivals::Arrivals;
use crate::model::{Model, coverage};
use crate::results::{Note, Point};
use crate::units::{MICROS_PER_HOUR, SimTime};

/// A share of requests without an outcome that is worth a note.
const MANY_UNFINISHED: f64 = 0.01;

/// Returns the notes of a design point, the most general first.
pub(super) fn notes(model: &Model, replications: &[Replication], pooled: &Record, point: &Point) -> Vec<Note> {
    let mut notes = of_the_run(model, replications.len() as u64, pooled, point);
    notes.extend(of_the_warmup(model, replications, point));
    notes.extend(model.remarks.iter().map(|remark| caveat(Some(&remark.path), remark.text.as_str())));
    notes.extend(coverage::unseen_traffic(model).into_iter().map(|remark| caveat(None, remark)));
    notes.extend(coverage::of_the_month(model).map(|remark| caveat(Some("requests_per_month"), remark)));
    notes.extend(granted::legacy_models(model).into_iter().map(|remark| caveat(None, remark)));
    notes.extend(granted::placeholders(model).map(|remark| caveat(None, remark)));
    notes.extend(of_jobs(model, point));
    notes.extend(daily::notes(model, pooled, replications.len() as u64, point));
    notes.extend(of_money(model, pooled));
    notes.extend(of_the_month(model, point));
    notes
}

pub(super) fn note(metric: Option<&str>, text: impl Into<String>) -> Note {
    Note { metric: metric.map(str::to_owned), text: text.into(), is_caveat: false }
}

/// Returns a note that is a part of the decision.
pub(super) fn caveat(metric: Option<&str>, text: impl Into<String>) -> Note {
    Note { is_caveat: true, ..note(metric, text) }
}

/// Returns a note for each job with the time at which it is done.
fn of_jobs(model: &Model, point: &Point) -> Vec<Note> {
    let of = |workload: &Workload| {
        let Arrivals::Job(job) = &workload.arrivals else { return None };
        let metric = format!("workloads.{}.job_done_at_ms", workload.name);
        let asked = point.value(&format!("workloads.{}.requests", workload.name)).filter(|n| *n > 0.0)?;
        let name = &workload.name;
        let text = match point.value(&metric) {
            Some(done) => {
                let done = SimTime((done * 1e3).round() as u64);
                let took = plain(&time((done.0.saturating_sub(job.at)) as f64 * 1e-3));
                let served = point.value(&format!("workloads.{name}.served")).filter(|served| *served < asked);
                let lost = |served| {
                    format!(", with {} of its {} requests answered", plain(&count(served)), plain(&count(asked)))
                };
                let lost = served.map(lost).unwrap_or_default();
                format!("the job `{name}` is done {took} after it begins, at {}{lost}", moment(&model.run.start, done))
            }
            None => format!(
                "it is not known when the job `{name}` is done: not all of its requests, {} of them measured, had their outcome \
                 within the measured time; lengthen run.duration",
                plain(&count(asked))
            ),
        };
        Some(note(Some(&metric), text))
    };
    model.workloads.iter().filter_map(of).collect()
}

fn of_the_run(model: &Model, replications: u64, pooled: &Record, point: &Point) -> Vec<Note> {
    let mut notes = Vec::new();
    if let Some(ends) = pooled.measured.ended {
        let (n, of) = (ends.replications, replications);
        let why = point.ended.as_ref().map_or(String::new(), |ended| {
            let (at, most) = (plain(&time(ended.at_s * 1e3)), plain(&count(ended.most as f64)));
            format!(", the first {at} after its start, because more than {most} {}", ended.reason.words())
        });
        let text = format!(
            "{n} of {of} replications ended early{why}: all figures are of the time before, and no goal holds on them"
        );
        notes.push(note(None, text));
    }
    if model.workloads.iter().any(|w| matches!(w.arrivals, Arrivals::Trace(_))) {
        let text = "a replayed trace is one sample: the intervals show the random variation between replications, not between days";
        notes.push(note(None, text));
    }
    if replications == 1 {
        notes.push(note(None, "one replication has no intervals; goals are judged by the estimates alone"));
    }
    let unfinished = point.value("unfinished").zip(point.value("requests")).map_or(0.0, |(open, all)| open / all);
    if unfinished > MANY_UNFINISHED {
        let text = format!(
            "{} of the requests had no outcome when the run ended, and what they cost is missing: lengthen run.cooldown",
            plain(&share(unfinished))
        );
        notes.push(note(Some("unfinished"), text));
    }
    if let Some((suffix, share)) = thinnest_known(point) {
        let needed = 10.0 / (1.0 - share);
        let text = format!(
            "null: a replication served fewer than {needed:.0} requests, too few for this percentile; run longer"
        );
        notes.push(note(Some(&format!("e2e_{suffix}_ms")), text));
    }
    notes
}

fn of_the_warmup(model: &Model, replications: &[Replication], point: &Point) -> Option<Note> {
    let text = match warmup::advice(model, replications, point.verdict)? {
        Advice::Longer(time) => format!(
            "the start of the measured interval is not like the rest of it: the run began idle, and run.warmup = \"{time}\" would leave that out (MSER-5)"
        ),
        Advice::NeverSettles => "the run does not settle in the measured interval: what is in progress still changes at its end (MSER-5); run longer, with a longer run.warmup".to_owned(),
    };
    Some(note(None, text))
}

/// The lowest percentile of the whole run that is not known though requests were served.
fn thinnest_known(point: &Point) -> Option<(&'static str, f64)> {
    let served = point.value("served").is_some_and(|n| n > 0.0);
    crate::terms::LATENCY_STATISTICS
        .iter()
        .filter_map(|(suffix, share)| Some((*suffix, (*share)?)))
        .find(|(suffix, _)| served && point.value(&format!("e2e_{suffix}_ms")).is_none())
}

/// Returns a note where a month is billed for more requests than the run shows to be carried.
fn of_the_month(model: &Model, point: &Point) -> Option<Note> {
    /// The ratio of requests above which a difference is neither rounding nor chance \[1\].
    const MORE: f64 = 1.1;
    let billed = model.money.requests_per_month?;
    let month = model.money.hours_per_month * MICROS_PER_HOUR as f64;
    let played = point.value("requests")? * month / model.run.duration.0 as f64;
    (played > 0.0 && billed > MORE * played).then(|| {
        let times = billed / played;
        let text = format!(
            "the month is billed for {} times the simulated requests; the run does not show whether so many would be throttled or slow: raise the traffic too",
            three_figures(times)
        );
        note(Some("requests_per_month"), text)
    })
}

fn of_money(model: &Model, pooled: &Record) -> Vec<Note> {
    let mut notes = Vec::new();
    let bill = metrics::ledger(model, &pooled.measured, model.run.warmup, model.run.measured_end());
    let is_asked = |c: &usize| model.workloads.iter().any(|w| w.stages.iter().any(|stage| stage.route.contains(c)));
    for item in bill.iter().filter(|item| item.due.cost.is_none()) {
        let text = match item.capacity.filter(|c| !is_asked(c)) {
            Some(c) => format!(
                "null: no route leads to `{}`, so no model tells the price of {}; state it, or leave the capacity out",
                model.capacities[c].name, item.what
            ),
            None => format!("null: the price of {} is not known; state `{}`", item.what, item.key),
        };
        notes.push(note(Some("cost_usd"), text));
    }
    let unknown_once = bill.iter().filter(|item| item.due.cost.is_some() && item.due.once.is_none());
    notes.extend(unknown_once.map(|item| {
        let text = format!("null: the price of {} is not known, and no total has it; state `{}`", item.what, item.key);
        note(Some("one_time_usd"), text)
    }));
    if let Some(reason) = bill.iter().find_map(|item| metrics::no_month_of(model, item, model.run.duration)) {
        notes.push(note(Some("cost_per_month_usd"), format!("null: {reason}")));
    }
    notes
}

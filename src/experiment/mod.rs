//! Runs of a model: replications in parallel, folded into one results document.
//!
//! Only this module uses rayon. Replications are collected in the order of their numbers and then folded, so that no sum
//! depends on how many threads there were.

mod aggregate;
mod bill;
mod judge;
mod replicate;

pub use replicate::{Record, Replication, replicate};

use crate::metrics;
use crate::model::Model;
use crate::results::{self, Note, Point, Results};

/// Is told how far a run has come; called from any thread.
pub trait Watch: Sync {
    /// Replications to come, each over `simulated` µs.
    fn planned(&self, replications: u64, simulated: u64);
    /// That much more of some replication has been simulated \[µs\].
    fn advanced(&self, simulated: u64);
}

/// A watch that does not look.
#[derive(Debug, Clone, Copy)]
pub struct Unwatched;

impl Watch for Unwatched {
    fn planned(&self, _: u64, _: u64) {}
    fn advanced(&self, _: u64) {}
}

/// A run's answer, and how much work it was.
#[derive(Debug, Clone)]
pub struct Conclusion {
    pub results: Results,
    pub effort: Effort,
}

/// Work done, over all replications. No part of the results: it is for the line that tells the speed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Effort {
    /// Requests simulated, measured or not.
    pub requests: u64,
    /// Arrivals and queue events.
    pub events: u64,
}

/// The same as [`run`], on as many threads; 0: one for each core.
///
/// # Errors
/// The threads cannot be started.
pub fn run_on(
    threads: usize,
    model: &Model,
    scenario: results::Scenario,
    watch: &dyn Watch,
) -> Result<Conclusion, rayon::ThreadPoolBuildError> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build()?;
    Ok(pool.install(|| run(model, scenario, watch)))
}

/// Runs one design point: replications in waves until the precision asked for is reached.
#[must_use]
pub fn run(model: &Model, scenario: results::Scenario, watch: &dyn Watch) -> Conclusion {
    let plan = model.run.replications;
    let mut replications: Vec<Replication> = Vec::new();
    let mut wave = u64::from(plan.min);
    let mut pooled;
    let mut metrics;
    loop {
        let from = replications.len() as u64;
        watch.planned(wave, model.run.measured_end().0);
        replications.extend(replicate(model, from..from + wave, watch));
        pooled = aggregate::pool(&replications);
        metrics = aggregate::estimates(model, &replications, &pooled);
        let done = replications.len() as u64;
        let Some(precision) = plan.relative_precision else { break };
        if done >= u64::from(plan.max) || judge::is_precise(model, &metrics, precision) {
            break;
        }
        // Each wave is as large as all before it, so that the stop rule looks seldom.
        wave = done.min(u64::from(plan.max) - done);
    }
    let effort = replications.iter().fold(Effort::default(), |sum, r| Effort {
        requests: sum.requests + r.effort.requests,
        events: sum.events + r.effort.events,
    });
    let expectations = judge::judge(model, &replications, &pooled, &metrics);
    let n = replications.len() as u64;
    let point = Point {
        index: 0,
        parameters: std::collections::BTreeMap::new(),
        replications: n,
        verdict: metrics::verdict(model, &pooled.measured, n),
        metrics,
        bill: bill::bill(model, &replications),
        commitments: bill::commitments(model),
        detail: Some(metrics::detail(model, &replications[0].record.measured, &pooled.measured)),
    };
    let results = Results {
        schema_version: results::SCHEMA_VERSION,
        tool: results::Tool { name: env!("CARGO_PKG_NAME").to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() },
        scenario,
        seed: model.run.seed,
        catalog_as_of: model.catalog_as_of.clone(),
        assumptions: model
            .assumptions
            .iter()
            .map(|a| results::Assumption { path: a.path.clone(), value: a.value.clone(), why: a.why.clone() })
            .collect(),
        notes: notes(model, n, &pooled, &point),
        metric_names: point.metrics.keys().cloned().collect(),
        points_total: 1,
        expectations,
        points: vec![point],
    };
    Conclusion { results, effort }
}

/// The lowest percentile of the whole run that is not known though requests were served.
fn thinnest_known(point: &Point) -> Option<(&'static str, f64)> {
    let served = point.value("served").is_some_and(|n| n > 0.0);
    crate::terms::LATENCY_STATISTICS
        .iter()
        .filter_map(|(suffix, share)| Some((*suffix, (*share)?)))
        .find(|(suffix, _)| served && point.value(&format!("e2e_{suffix}_ms")).is_none())
}

/// What a reader must know to read the figures.
fn notes(model: &Model, replications: u64, pooled: &Record, point: &Point) -> Vec<Note> {
    let mut notes = Vec::new();
    let mut note = |metric: Option<&str>, text: String| {
        notes.push(Note { metric: metric.map(str::to_owned), text });
    };
    if pooled.measured.overflowed {
        note(None, "more requests were alive than the engine can tell apart, and the run ended there".to_owned());
    }
    if model.workloads.iter().any(|w| matches!(w.arrivals, crate::model::workload::arrivals::Arrivals::Trace(_))) {
        note(
            None,
            "a replayed trace is one draw of the world: intervals tell of luck within it, not of other days".to_owned(),
        );
    }
    if replications == 1 {
        note(None, "one replication has no intervals; expectations are judged on the estimates alone".to_owned());
    }
    if let Some((suffix, share)) = thinnest_known(point) {
        let needed = 10.0 / (1.0 - share);
        note(
            Some(&format!("e2e_{suffix}_ms")),
            format!(
                "null: a replication served fewer than {needed:.0} requests, too few for this percentile; run longer"
            ),
        );
    }
    let bill = metrics::ledger(model, &pooled.measured, model.run.warmup, model.run.measured_end());
    for item in bill.iter().filter(|item| item.cost.is_none()) {
        note(Some("cost_usd"), format!("null: the price of {} is not known; state it", item.what));
    }
    if let Some(reason) = bill.iter().find_map(|item| metrics::no_month_of(model, item, model.run.duration)) {
        note(Some("cost_per_month_usd"), format!("null: {reason}"));
    }
    notes
}

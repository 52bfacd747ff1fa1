//! Runs of a model: replications in parallel, folded into one results document.
//!
//! Only this module uses rayon. Replications are collected in the order of their numbers and then folded, so that no sum
//! depends on how many threads there were.

mod aggregate;
mod bill;
mod judge;
mod notes;
mod replicate;

pub use replicate::{Record, Replication, replicate};

use crate::metrics;
use crate::model::Model;
use crate::results::{self, Point, Results};

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
        notes: notes::notes(model, n, &pooled, &point),
        metric_names: point.metrics.keys().cloned().collect(),
        points_total: 1,
        expectations,
        points: vec![point],
    };
    Conclusion { results, effort }
}

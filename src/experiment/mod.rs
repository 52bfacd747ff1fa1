//! Runs of a model: replications in parallel, folded into one results document.
//!
//! Only this module uses rayon. Replications are collected in the order of their numbers and then folded, so that no sum
//! depends on how many threads there were.

mod aggregate;
mod bill;
mod compare;
mod daily;
mod decide;
mod doubt;
mod estimate;
mod events;
mod granted;
mod inputs;
mod journal;
mod judge;
mod levers;
mod notes;
mod open;
mod point;
mod regress;
mod replicate;
mod scores;
mod seek;
mod size;
mod sweep;
mod warmup;
mod watched;

pub use compare::{Contender, compare, compare_in_doubt};
pub use decide::owner_of;
pub use doubt::{Answer, Ask, Doubts, MOST_READINGS, doubt, doubt_point, run_in_doubt};
pub use estimate::{Most, Need, estimate, most, outline, with_rolling_days};
pub use inputs::without_varied;
pub use journal::{Dropped, Journal, JournalError, JournalHead, PointsError};
pub use open::Clusters;
pub use point::{Depth, Played, play, play_along, prolong};
pub use regress::{Regression, cut_more, regressions, remember};
pub use replicate::{Record, Replication, replicate};
pub use scores::Scores;
pub use seek::{Reruns, most_reruns, seek_change};
pub use size::{plays_to_size, size};
pub use sweep::{Design, Kept, SharedNotes, Stopped, sweep};

use crate::model::Model;
use crate::results::{self, Results};

/// An observer of a run's progress; called from any thread.
pub trait Watch: Sync {
    /// Replications to come, each over `simulated` µs.
    fn planned(&self, replications: u64, simulated: u64);
    /// Some replication has been simulated for that much longer \[µs\].
    fn advanced(&self, simulated: u64);
    /// Returns whether no further wave of replications should begin; a run that is asked to stop depends on the
    /// machine's speed.
    fn is_over(&self) -> bool {
        false
    }
}

/// A watch that does not look.
#[derive(Debug, Clone, Copy)]
pub struct Unwatched;

impl Watch for Unwatched {
    fn planned(&self, _: u64, _: u64) {}
    fn advanced(&self, _: u64) {}
}

/// Makes the model of a design point from settings, each `PATH=VALUE`; or says why there is none.
pub type Build<'b> = dyn Fn(&[String]) -> Result<Model, String> + Sync + 'b;

/// A run's answer, and how much work it was.
#[derive(Debug, Clone)]
pub struct Conclusion {
    pub results: Results,
    pub effort: Effort,
}

/// The work done, over all replications. No part of the results: only the line about the speed shows it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Effort {
    /// Requests simulated, measured or not.
    pub requests: u64,
    /// Arrivals and queue events.
    pub events: u64,
}

impl Effort {
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self { requests: self.requests + other.requests, events: self.events + other.events }
    }
}

/// Does some work of this module on as many threads; 0: one for each core.
///
/// # Errors
/// The threads cannot be started.
pub fn on_threads<T: Send>(threads: usize, work: impl FnOnce() -> T + Send) -> Result<T, rayon::ThreadPoolBuildError> {
    Ok(rayon::ThreadPoolBuilder::new().num_threads(threads).build()?.install(work))
}

/// Runs one design point.
#[must_use]
pub fn run(model: &Model, scenario: results::Scenario, watch: &dyn Watch) -> Conclusion {
    let played = play(model, Depth::Detail, watch);
    let (mut notes, mut effort) = (played.notes.clone(), played.effort);
    if let Some((note, took)) = events::of_the_month(model, &played, watch) {
        notes.push(note);
        effort = effort.plus(took);
    }
    // The records of many workloads are large, and the document needs them no more.
    let Played { point, expectations, replications, pooled, .. } = played;
    drop((replications, pooled));
    let results = Results {
        notes,
        metric_names: point.metrics.keys().cloned().collect(),
        points_total: 1,
        expectations,
        points: vec![point],
        ..head(model, scenario)
    };
    let results = Results { decision: decide::decision(model, &results), ..results };
    Conclusion { results, effort }
}

/// Returns a document without points: what was asked, and what was assumed.
#[must_use]
pub fn head(model: &Model, scenario: results::Scenario) -> Results {
    let mut head = Results {
        schema_version: results::SCHEMA_VERSION,
        tool: results::Tool { name: env!("CARGO_PKG_NAME").to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() },
        scenario,
        decision: None,
        seed: model.run.seed,
        confidence: Some(model.run.confidence),
        catalog_as_of: model.catalog_as_of.clone(),
        assumptions: model
            .assumptions
            .iter()
            .map(|a| results::Assumption { path: a.path.clone(), value: a.value.clone(), why: a.why.clone() })
            .collect(),
        inputs: Vec::new(),
        inputs_left_out: 0,
        notes: Vec::new(),
        metric_names: Vec::new(),
        points_total: 0,
        axes: Vec::new(),
        expectations: Vec::new(),
        comparison: None,
        points: Vec::new(),
        sizing: None,
        doubt: None,
    };
    inputs::put(&mut head, inputs::of(model));
    head
}

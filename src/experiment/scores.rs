//! Scores on a shelf: what several design points of a study would draw anew, each the same, is drawn once while memory
//! allows it. Only time depends on it, never a result.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use crate::engine::Score;
use crate::model::Model;
use crate::model::service::{Burndown, Latency};
use crate::model::workload::Workload;
use crate::model::workload::arrivals::{Arrivals, Batches, Gaps, Intensity};
use crate::model::workload::cache::Cache;
use crate::model::workload::tokens::TokenSource;
use crate::units::Tokens;

/// Most memory for all scores \[bytes\].
const MOST_BYTES: u64 = 256 << 20;
/// So often a world is drawn before it is written down, which costs as much as two runs save.
const DRAWN_ANEW: u64 = 2;
/// From so many runs on, sorting the ends of service pays.
const RUNS_TO_FORESEE: u64 = 5;
/// A score that so many runs have passed over gives up its memory.
const IDLE: u64 = 256;

/// Everything that one workload's requests and their service depend on.
#[derive(Debug, Clone, PartialEq)]
struct World {
    workload: String,
    seed: u64,
    replication: u64,
    until: u64,
    arrivals: Drawn,
    tokens: TokenSource,
    cache: Cache,
    latency: Latency,
    output_cap: Tokens,
    burndown: Burndown,
}

/// Arrivals that are drawn.
#[derive(Debug, Clone, PartialEq)]
enum Drawn {
    Renewal(Gaps, Intensity),
    Batches(Batches),
}

impl World {
    /// `None`: requests of this kind are not written down.
    fn new(model: &Model, workload: &Workload, replication: u64) -> Option<Self> {
        let arrivals = match &workload.arrivals {
            Arrivals::Renewal { gaps, intensity } => Drawn::Renewal(*gaps, intensity.clone()),
            Arrivals::Batches(batches) => Drawn::Batches(batches.clone()),
            Arrivals::Sessions(_) | Arrivals::Users(_) | Arrivals::Trace(_) => return None,
        };
        let main = workload.main();
        Some(Self {
            workload: workload.name.clone(),
            seed: model.run.seed,
            replication,
            until: model.run.hard_end().0,
            arrivals,
            tokens: workload.tokens.clone(),
            cache: workload.cache,
            latency: main.facts.latency.clone(),
            output_cap: main.output_cap,
            burndown: main.facts.burndown,
        })
    }
}

#[derive(Debug)]
struct Entry {
    world: World,
    runs: u64,
    last_run: u64,
    /// Empty until it is worth it; then `None` where there was no room.
    score: Arc<OnceLock<Option<Arc<Score>>>>,
}

#[derive(Debug, Default)]
struct Shelf {
    entries: Vec<Entry>,
    runs: u64,
}

/// The scores of a study.
#[derive(Debug, Default)]
pub struct Scores {
    shelf: Mutex<Shelf>,
}

impl Scores {
    /// Those of the workloads of a run, where there are any.
    #[must_use]
    pub fn of(&self, model: &Model, replication: u64) -> Vec<Option<Arc<Score>>> {
        (0..model.workloads.len()).map(|workload| self.one(model, workload, replication)).collect()
    }

    fn one(&self, model: &Model, workload: usize, replication: u64) -> Option<Arc<Score>> {
        let world = World::new(model, &model.workloads[workload], replication)?;
        let (runs, score, room) = self.shelf.lock().unwrap_or_else(PoisonError::into_inner).look_up(world);
        if runs <= DRAWN_ANEW {
            return None;
        }
        // Who comes while it is being written waits for it.
        let record = || Score::record(model, workload, replication, room / Score::BYTES).map(Arc::new);
        let score = score.get_or_init(record).clone()?;
        if runs >= RUNS_TO_FORESEE && model.workloads.len() == 1 {
            score.foresee();
        }
        Some(score)
    }
}

impl Shelf {
    /// How many runs have met a world, its score, and how much memory another one may take \[bytes\].
    fn look_up(&mut self, world: World) -> (u64, Arc<OnceLock<Option<Arc<Score>>>>, u64) {
        self.runs += 1;
        let now = self.runs;
        self.entries.retain(|entry| now - entry.last_run <= IDLE);
        let at = self.entries.iter().position(|entry| entry.world == world).unwrap_or_else(|| {
            self.entries.push(Entry { world, runs: 0, last_run: now, score: Arc::default() });
            self.entries.len() - 1
        });
        let written = self.entries.iter().filter_map(|entry| entry.score.get()?.as_ref());
        let taken: u64 = written.map(|score| score.requests() * Score::BYTES).sum();
        let entry = &mut self.entries[at];
        entry.runs += 1;
        entry.last_run = now;
        (entry.runs, Arc::clone(&entry.score), MOST_BYTES.saturating_sub(taken))
    }
}

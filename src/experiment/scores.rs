//! The cache of recorded variates: what several design points of a study would draw anew, each the same, is drawn once
//! while memory allows it. Only time depends on the cache, never a result.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use crate::engine::Score;
use crate::model::Model;
use crate::model::service::Latency;
use crate::model::workload::Workload;
use crate::model::workload::arrivals::{Arrivals, Batches, Gaps, Intensity};
use crate::model::workload::cache::Cache;
use crate::model::workload::tokens::{TokenSource, TokensOf};
use crate::units::Tokens;

/// The greatest memory for the recorded variates of all studies at a time \[bytes\].
const MOST_BYTES: u64 = 256 << 20;
/// The number of runs that draw variates before they are recorded: recording costs as much as some runs save.
const DRAWN_ANEW: u64 = 3;
/// The number of runs from which sorting the ends of service pays.
const RUNS_TO_FORESEE: u64 = 8;
/// The greatest number of keys of recorded variates that are remembered.
const MOST_WORLDS: usize = 1_024;
/// The patience of the cache: a key is forgotten when so many runs for each remembered key have not used it.
const IDLE: u64 = 4;
/// The greatest number of values in a law that is compared; a workload with a longer law is drawn anew each time.
const LONGEST_LAW: usize = 256;

/// The key of recorded variates: everything that the recorded values depend on. How many are recorded is no part of it.
#[derive(Debug, Clone, PartialEq)]
struct World {
    workload: String,
    seed: u64,
    replication: u64,
    /// The latest end of the run, at which its draws end too \[µs\].
    until: u64,
    arrivals: Drawn,
    tokens: TokenSource,
    cache: Cache,
    latency: Latency,
    output_cap: Tokens,
}

/// Arrivals that are drawn.
#[derive(Debug, Clone, PartialEq)]
enum Drawn {
    Renewal(Gaps, Intensity),
    Batches(Batches),
}

impl World {
    /// Returns the key of a workload's variates; `None`: requests of this kind are not recorded.
    fn new(model: &Model, workload: &Workload, replication: u64) -> Option<Self> {
        let arrivals = match &workload.arrivals {
            Arrivals::Renewal { gaps, intensity } => Drawn::Renewal(*gaps, intensity.clone()),
            Arrivals::Batches(batches) => Drawn::Batches(batches.clone()),
            Arrivals::Job(_) | Arrivals::Sessions(_) | Arrivals::Users(_) | Arrivals::Trace(_) => return None,
        };
        let main = workload.main();
        let TokensOf::Laws { input, output, .. } = &workload.tokens.of else { return None };
        let Latency { time_to_first_token, prefill_per_1k_tokens, output_tokens_per_second } = &main.facts.latency;
        let laws = [input, output, time_to_first_token, prefill_per_1k_tokens, output_tokens_per_second];
        if laws.iter().any(|law| law.values() > LONGEST_LAW) {
            return None;
        }
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
        })
    }
}

#[derive(Debug)]
struct Entry {
    world: World,
    runs: u64,
    last_run: u64,
    /// The recorded variates; `None`: not recorded yet; `None` inside: they cannot be, or there was no room.
    score: Option<Option<Arc<Score>>>,
}

#[derive(Debug, Default)]
struct Shelf {
    entries: Vec<Entry>,
    runs: u64,
}

/// The recorded variates of a study.
#[derive(Debug, Default)]
pub struct Scores {
    shelf: Mutex<Shelf>,
}

/// All recorded variates that are in use. A thread that records holds the lock, so that the room left is known; the
/// other threads draw meanwhile.
static WRITTEN: Mutex<Vec<Weak<Score>>> = Mutex::new(Vec::new());

/// The result of looking up recorded variates.
enum Found {
    Score(Arc<Score>, u64),
    /// No variates are recorded, and recording them is worth it.
    Worth,
    Nothing,
}

impl Scores {
    /// Returns the recorded variates of the workloads of a run, where there are any.
    #[must_use]
    pub fn of(&self, model: &Model, replication: u64) -> Vec<Option<Arc<Score>>> {
        // Of more workloads than keys each run would push out the keys of the one before.
        if model.workloads.len() > MOST_WORLDS {
            return vec![None; model.workloads.len()];
        }
        self.shelf().runs += 1;
        (0..model.workloads.len()).map(|workload| self.one(model, workload, replication)).collect()
    }

    fn shelf(&self) -> MutexGuard<'_, Shelf> {
        self.shelf.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn one(&self, model: &Model, workload: usize, replication: u64) -> Option<Arc<Score>> {
        let world = World::new(model, &model.workloads[workload], replication)?;
        let found = self.shelf().meet(&world);
        let (score, runs) = match found {
            Found::Score(score, runs) => (score, runs),
            Found::Nothing => return None,
            Found::Worth => {
                let mut written = WRITTEN.try_lock().ok()?;
                // Another may have written it since the first look.
                let found = self.shelf().look_up(&world);
                match found {
                    Found::Score(score, runs) => (score, runs),
                    Found::Nothing => return None,
                    Found::Worth => {
                        written.retain(|score| score.strong_count() > 0);
                        let taken: u64 = written.iter().filter_map(Weak::upgrade).map(|score| score.requests()).sum();
                        let most = (MOST_BYTES / Score::BYTES).saturating_sub(taken);
                        let score = Score::record(model, workload, replication, most).map(Arc::new);
                        written.extend(score.iter().map(Arc::downgrade));
                        self.shelf().keep(&world, score.clone());
                        (score?, 0)
                    }
                }
            }
        };
        if runs >= RUNS_TO_FORESEE && model.workloads.len() == 1 {
            score.foresee();
        }
        Some(score)
    }
}

impl Shelf {
    /// Notes that another run has this key, and looks up its variates.
    fn meet(&mut self, world: &World) -> Found {
        let (now, patience) = (self.runs, IDLE * (self.entries.len() as u64 + 16));
        self.entries.retain(|entry| now - entry.last_run <= patience);
        if let Some(entry) = self.entries.iter_mut().find(|entry| entry.world == *world) {
            entry.runs += 1;
            entry.last_run = now;
        } else if self.entries.len() < MOST_WORLDS {
            self.entries.push(Entry { world: world.clone(), runs: 1, last_run: now, score: None });
        }
        self.look_up(world)
    }

    fn look_up(&self, world: &World) -> Found {
        let Some(entry) = self.entries.iter().find(|entry| entry.world == *world) else { return Found::Nothing };
        match &entry.score {
            Some(Some(score)) => Found::Score(Arc::clone(score), entry.runs),
            Some(None) => Found::Nothing,
            None if entry.runs <= DRAWN_ANEW => Found::Nothing,
            None => Found::Worth,
        }
    }

    fn keep(&mut self, world: &World, score: Option<Arc<Score>>) {
        if let Some(entry) = self.entries.iter_mut().find(|entry| entry.world == *world) {
            entry.score = Some(score);
        }
    }
}

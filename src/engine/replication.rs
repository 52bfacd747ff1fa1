//! One replication from its tape to its end.

use std::sync::Arc;

use super::observer::Observer;
use super::{Engine, Finished, Score};
use crate::model::Model;
use crate::traffic::Tape;

/// Simulates one replication from its tape to its end.
pub fn run<O: Observer>(model: &Model, replication: u64, observer: O) -> Finished<O> {
    run_along(model, replication, observer, &[])
}

/// Simulates one replication, reusing recorded variates where a workload has them.
pub fn run_along<O: Observer>(
    model: &Model,
    replication: u64,
    observer: O,
    scores: &[Option<Arc<Score>>],
) -> Finished<O> {
    let mut tape = tape(model, replication, scores);
    let mut engine = Engine::new(model, replication, observer).along(scores);
    while let Some(stretch) = tape.next_stretch() {
        if engine.advance(&stretch).is_break() {
            break;
        }
    }
    engine.finish()
}

/// Returns the tape of one replication, which reuses recorded variates where a workload has them.
#[must_use]
pub fn tape(model: &Model, replication: u64, scores: &[Option<Arc<Score>>]) -> Tape {
    let recordings: Vec<_> = scores.iter().map(|s| s.as_ref().map(|score| Arc::clone(&score.recording))).collect();
    Tape::along(model, replication, &recordings)
}

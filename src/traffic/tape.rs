//! Blocks of requests, made ahead and merged.

use std::ops::Range;
use std::sync::Arc;

use super::drawn::Drawn;
use super::recording::Recording;
use super::replay::ReplayClock;
use crate::model::Model;
use crate::model::workload::Workload;
use crate::model::workload::arrivals::Arrivals;
use crate::random::{Purpose, Stream, maths};

/// Requests in a block. Few enough that a block's columns stay in the first cache; many enough that the samplers' vector
/// loops pay.
pub const BLOCK: usize = 512;

/// The greatest number of tokens in one request; draws are cut there \[tokens\].
const MOST_TOKENS: f64 = 1e9;

/// Requests of one workload, in columns; all of one length.
#[derive(Debug, Clone, Default)]
pub struct Block {
    /// The number of the first request.
    pub first: u64,
    /// The arrivals of the requests \[µs\].
    pub arrival: Vec<u64>,
    /// The whole prompt \[tokens\].
    pub input: Vec<u32>,
    /// The number of tokens that the model would write without a cap \[tokens\].
    pub wanted: Vec<u32>,
    /// The caller's own cap, from a trace; 0: none. Empty when no request has one \[tokens\].
    pub max_tokens: Vec<u32>,
    /// The input that the cache read and wrote, from a trace, and the last block of the prompt. Empty when no request
    /// has any \[tokens\].
    pub cached: Vec<[u32; 2]>,
    pub leaf: Vec<u32>,
}

impl Block {
    #[must_use]
    pub fn len(&self) -> usize {
        self.arrival.len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.arrival.is_empty()
    }
}

/// Requests `rows` of a block of workload `workload`: no other workload's request comes between them.
#[derive(Debug)]
pub struct Stretch<'t> {
    pub workload: usize,
    pub block: &'t Block,
    pub rows: Range<usize>,
}

/// The merged requests of all workloads.
#[derive(Debug)]
pub struct Tape {
    lanes: Vec<Lane>,
}

impl Tape {
    /// Returns the tape of one replication.
    #[must_use]
    pub fn new(model: &Model, replication: u64) -> Self {
        Self { lanes: model.workloads.iter().map(|w| Lane::new(w, model, replication)).collect() }
    }

    /// Returns the tape of one replication, with the recordings that some workloads have, by workload.
    #[must_use]
    pub fn along(model: &Model, replication: u64, recordings: &[Option<Arc<Recording>>]) -> Self {
        let mut tape = Self::new(model, replication);
        for (lane, recording) in tape.lanes.iter_mut().zip(recordings) {
            if let Some(recording) = recording {
                lane.source = Source::Recording(Arc::clone(recording));
            }
        }
        tape
    }

    /// Returns the next requests; `None` when no workload has any more.
    pub fn next_stretch(&mut self) -> Option<Stretch<'_>> {
        for lane in &mut self.lanes {
            lane.refill_if_spent();
        }
        let first =
            (0..self.lanes.len()).filter(|i| self.lanes[*i].peek().is_some()).min_by_key(|i| self.lanes[*i].peek())?;
        // Another workload's request at the same instant comes first only when its workload does.
        let until = (0..self.lanes.len())
            .filter(|i| *i != first)
            .filter_map(|i| self.lanes[i].peek().map(|at| if i < first { at } else { at.saturating_add(1) }))
            .min()
            .unwrap_or(u64::MAX);
        let lane = &mut self.lanes[first];
        let from = lane.next;
        // One request at least: `min_by_key` takes the first of equals.
        let end = match until {
            u64::MAX => lane.block.len(),
            _ => from + 1 + lane.block.arrival[from + 1..].iter().take_while(|at| **at < until).count(),
        };
        lane.next = end;
        Some(Stretch { workload: first, block: &lane.block, rows: from..end })
    }
}

/// One workload's requests: the present block and how to make the next.
#[derive(Debug)]
struct Lane {
    source: Source,
    block: Block,
    /// The next row of the block to hand out.
    next: usize,
    ended: bool,
    scratch: Vec<f64>,
}

#[derive(Debug)]
enum Source {
    Drawn(Box<Drawn>),
    /// A replayed trace, the tokens that are added to every input \[tokens\], and whether the model writes an answer.
    Trace(Box<ReplayClock>, u32, bool),
    /// A closed loop: no request is known before the system has answered.
    Loop,
    /// Recorded requests, and the generator of the rest.
    Recording(Arc<Recording>),
}

impl Lane {
    fn new(workload: &Workload, model: &Model, replication: u64) -> Self {
        let drawn = Drawn::new(workload, model, replication);
        let source = match (&workload.arrivals, drawn) {
            (Arrivals::Trace(replay), _) => {
                let copies = Stream::new(model.run.seed, replication, Purpose::Copies, &workload.name);
                let clock = ReplayClock::new(replay.clone(), copies, model.run.hard_end().0);
                Source::Trace(Box::new(clock), workload.tokens.extra_input, workload.tokens.writes)
            }
            (_, Some(drawn)) => Source::Drawn(Box::new(drawn)),
            (_, None) => Source::Loop,
        };
        Self { source, block: Block::default(), next: 0, ended: false, scratch: vec![0.0; BLOCK] }
    }

    /// Returns the arrival of the next request \[µs\].
    fn peek(&self) -> Option<u64> {
        self.block.arrival.get(self.next).copied()
    }

    fn refill_if_spent(&mut self) {
        if self.next < self.block.len() || self.ended {
            return;
        }
        let block = &mut self.block;
        block.first += block.len() as u64;
        self.next = 0;
        match &mut self.source {
            Source::Drawn(drawn) => self.ended = !drawn.fill(&mut self.scratch, block),
            Source::Loop => {
                block.arrival.clear();
                self.ended = true;
            }
            Source::Recording(recording) => {
                let rest = if recording.fill(block) { return } else { recording.rest() };
                self.ended = rest.is_none();
                if let Some(rest) = rest {
                    self.source = Source::Drawn(Box::new(rest));
                    self.refill_if_spent();
                }
            }
            Source::Trace(clock, extra, writes) => {
                let Block { arrival, input, wanted, max_tokens, cached, leaf, .. } = block;
                arrival.clear();
                input.clear();
                wanted.clear();
                max_tokens.clear();
                cached.clear();
                leaf.clear();
                while arrival.len() < BLOCK
                    && let Some(row) = clock.next_row()
                {
                    arrival.push(row.arrival);
                    input.push(row.input + *extra);
                    wanted.push(if *writes { row.output } else { 0 });
                    max_tokens.push(row.max_tokens);
                    cached.push([row.cache_read, row.cache_write]);
                    leaf.push(row.leaf);
                }
                self.ended = arrival.len() < BLOCK;
            }
        }
    }
}

/// Returns a draw as a count of at least one.
#[inline(always)]
#[must_use]
pub fn whole(draw: f64) -> u32 {
    maths::round_half_up(draw.clamp(1.0, MOST_TOKENS)) as u32
}

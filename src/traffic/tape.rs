//! Blocks of requests, made ahead and merged.

use std::ops::Range;
use std::sync::Arc;

use super::drawn::Drawn;
use super::heads::{Head, Heads};
use super::recording::Recording;
use super::replay::ReplayClock;
use crate::model::Model;
use crate::model::workload::Workload;
use crate::model::workload::arrivals::Arrivals;
use crate::random::{Purpose, Stream, maths};

/// The greatest number of requests in a block. Few enough that a block's columns stay in the first cache; many enough that
/// the samplers' vector loops pay.
pub const BLOCK: usize = 512;

/// The number of requests in the first block of a workload. Each further block has twice as many, up to [`BLOCK`], so that
/// a workload of few requests takes little memory.
const FIRST_BLOCK: usize = 16;

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
    /// The next requests of the lanes; that of the lane in `played` is out of date.
    heads: Heads,
    /// The lane whose requests were handed out last; `None`: none were yet.
    played: Option<usize>,
    /// Room for the draws of a block.
    scratch: Vec<f64>,
}

impl Tape {
    /// Returns the tape of one replication.
    #[must_use]
    pub fn new(model: &Model, replication: u64) -> Self {
        Self::along(model, replication, &[])
    }

    /// Returns the tape of one replication, with the recordings that some workloads have, by workload.
    #[must_use]
    pub fn along(model: &Model, replication: u64, recordings: &[Option<Arc<Recording>>]) -> Self {
        let lane = |(i, workload): (usize, &Workload)| match recordings.get(i).and_then(Option::as_ref) {
            Some(recording) => Lane::of(Source::Recording(Arc::clone(recording))),
            None => Lane::new(workload, model, replication),
        };
        let mut lanes: Vec<Lane> = model.workloads.iter().enumerate().map(lane).collect();
        let mut scratch = vec![0.0; BLOCK];
        lanes.iter_mut().for_each(|lane| lane.refill_if_spent(&mut scratch));
        let heads = lanes.iter().zip(0..).filter_map(|(lane, workload)| Some(Head { at: lane.peek()?, workload }));
        Self { heads: Heads::of(heads), lanes, played: None, scratch }
    }

    /// Returns the next requests; `None` when no workload has any more.
    pub fn next_stretch(&mut self) -> Option<Stretch<'_>> {
        if let Some(played) = self.played.take() {
            let lane = &mut self.lanes[played];
            lane.refill_if_spent(&mut self.scratch);
            self.heads.replace_first(lane.peek());
        }
        let first = self.heads.first()?;
        let workload = first.workload as usize;
        let lane = &mut self.lanes[workload];
        let from = lane.next;
        let end = match self.heads.second() {
            None => lane.block.len(),
            Some(other) => {
                // Another workload's request at the same instant comes first only when its workload does.
                let until = if other.workload < first.workload { other.at } else { other.at.saturating_add(1) };
                from + 1 + lane.block.arrival[from + 1..].iter().take_while(|at| **at < until).count()
            }
        };
        lane.next = end;
        self.played = Some(workload);
        Some(Stretch { workload, block: &lane.block, rows: from..end })
    }
}

/// One workload's requests: the present block and how to make the next.
#[derive(Debug)]
struct Lane {
    source: Source,
    block: Block,
    /// The next row of the block to hand out.
    next: usize,
    /// The number of requests to make for the next block.
    length: usize,
    ended: bool,
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
        Self::of(source)
    }

    fn of(source: Source) -> Self {
        Self { source, block: Block::default(), next: 0, length: FIRST_BLOCK, ended: false }
    }

    /// Returns the arrival of the next request \[µs\].
    fn peek(&self) -> Option<u64> {
        self.block.arrival.get(self.next).copied()
    }

    /// Makes the next block where the present one is spent. `scratch` has room for the draws of a block.
    fn refill_if_spent(&mut self, scratch: &mut [f64]) {
        if self.next < self.block.len() || self.ended {
            return;
        }
        let (block, length) = (&mut self.block, self.length);
        block.first += block.len() as u64;
        self.next = 0;
        self.length = (2 * length).min(BLOCK);
        match &mut self.source {
            Source::Drawn(drawn) => self.ended = !drawn.fill(length, scratch, block),
            Source::Loop => {
                block.arrival.clear();
                self.ended = true;
            }
            Source::Recording(recording) => {
                let rest = if recording.fill(block) { return } else { recording.rest() };
                self.ended = rest.is_none();
                if let Some(rest) = rest {
                    self.source = Source::Drawn(Box::new(rest));
                    self.refill_if_spent(scratch);
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
                while arrival.len() < length
                    && let Some(row) = clock.next_row()
                {
                    arrival.push(row.arrival);
                    input.push(row.input + *extra);
                    wanted.push(if *writes { row.output } else { 0 });
                    max_tokens.push(row.max_tokens);
                    cached.push([row.cache_read, row.cache_write]);
                    leaf.push(row.leaf);
                }
                self.ended = arrival.len() < length;
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

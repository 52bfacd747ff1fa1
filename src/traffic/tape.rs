//! Blocks of requests, made ahead and merged.

use std::ops::Range;
use std::sync::Arc;

use super::arrivals::RenewalClock;
use crate::model::workload::Workload;
use crate::model::workload::arrivals::Arrivals;
use crate::model::workload::tokens::TokenSource;
use crate::random::{Law, Purpose, Stream, maths};
use crate::trace::Trace;

/// Requests in a block. Few enough that a block's columns stay in the first cache; many enough that the samplers' vector
/// loops pay.
const BLOCK: usize = 512;

/// Most tokens in one request; draws are cut there \[tokens\].
const MOST_TOKENS: f64 = 1e9;

/// Requests of one workload, in columns; all of one length.
#[derive(Debug, Clone, Default)]
pub struct Block {
    /// The number of the first request.
    pub first: u64,
    /// \[µs\]
    pub arrival: Vec<u64>,
    /// The whole prompt \[tokens\].
    pub input: Vec<u32>,
    /// What the model would say without a cap \[tokens\].
    pub wanted: Vec<u32>,
    /// The caller's own cap, from a trace; 0: none. Empty when no request has one \[tokens\].
    pub max_tokens: Vec<u32>,
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
    /// The tape of one replication.
    #[must_use]
    pub fn new(workloads: &[Workload], seed: u64, replication: u64) -> Self {
        Self { lanes: workloads.iter().map(|w| Lane::new(w, seed, replication)).collect() }
    }

    /// The next requests; `None` when no workload has any more.
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
    Renewal { clock: Box<RenewalClock>, input: (Law, Stream), output: (Law, Stream) },
    Trace(Arc<Trace>),
}

impl Lane {
    fn new(workload: &Workload, seed: u64, replication: u64) -> Self {
        let stream = |purpose| Stream::new(seed, replication, purpose, &workload.name);
        let source = match (&workload.arrivals, &workload.tokens) {
            (Arrivals::Renewal { gaps, intensity }, TokenSource::Drawn { input, output }) => Source::Renewal {
                clock: Box::new(RenewalClock::new(*gaps, intensity.clone(), stream(Purpose::Gaps))),
                input: (input.clone(), stream(Purpose::Input)),
                output: (output.clone(), stream(Purpose::Output)),
            },
            (Arrivals::Trace(trace), _) => Source::Trace(Arc::clone(trace)),
            (Arrivals::Renewal { .. }, TokenSource::Trace) => {
                unreachable!("lowering gives trace tokens to trace arrivals alone")
            }
        };
        Self { source, block: Block::default(), next: 0, ended: false, scratch: vec![0.0; BLOCK] }
    }

    /// The arrival of the next request \[µs\].
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
            Source::Renewal { clock, input, output } => {
                block.arrival.resize(BLOCK, 0);
                let made = clock.fill(block.first, &mut self.scratch, &mut block.arrival);
                block.arrival.truncate(made);
                self.ended = made < BLOCK;
                fill_tokens(input, block.first, made, &mut self.scratch, &mut block.input);
                fill_tokens(output, block.first, made, &mut self.scratch, &mut block.wanted);
            }
            Source::Trace(trace) => {
                let from = (block.first as usize).min(trace.rows.len());
                let rows = &trace.rows[from..(from + BLOCK).min(trace.rows.len())];
                self.ended = rows.len() < BLOCK;
                let column = |of: fn(&crate::trace::Row) -> u32| rows.iter().map(of).collect::<Vec<_>>();
                block.arrival = rows.iter().map(|row| row.arrival).collect();
                block.input = column(|row| row.input);
                block.wanted = column(|row| row.output);
                block.max_tokens = column(|row| row.max_tokens);
            }
        }
    }
}

/// Draws whole token counts of at least one.
fn fill_tokens((law, stream): &(Law, Stream), first: u64, n: usize, scratch: &mut [f64], out: &mut Vec<u32>) {
    out.resize(n, 0);
    let draws = &mut scratch[..n];
    law.fill(*stream, first, draws);
    for (tokens, draw) in out.iter_mut().zip(draws) {
        *tokens = whole_tokens(*draw);
    }
}

/// A draw as a count of at least one.
#[inline]
#[must_use]
pub fn whole_tokens(draw: f64) -> u32 {
    maths::round_half_up(draw.clamp(1.0, MOST_TOKENS)) as u32
}

/// What the tape says of one request: its input, the output it wants, and the caller's own cap (`u32::MAX`: none)
/// \[tokens\]. `streams` are those of its input and output.
#[must_use]
pub fn request_tokens(workload: &Workload, streams: [Stream; 2], index: u64) -> (u32, u32, u32) {
    match (&workload.tokens, &workload.arrivals) {
        (TokenSource::Drawn { input, output }, _) => {
            (whole_tokens(input.at(streams[0], index)), whole_tokens(output.at(streams[1], index)), u32::MAX)
        }
        (TokenSource::Trace, Arrivals::Trace(trace)) => {
            let row = &trace.rows[index as usize];
            (row.input, row.output, if row.max_tokens == 0 { u32::MAX } else { row.max_tokens })
        }
        (TokenSource::Trace, Arrivals::Renewal { .. }) => {
            unreachable!("lowering gives trace tokens to trace arrivals alone")
        }
    }
}

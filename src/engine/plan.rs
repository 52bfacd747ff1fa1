//! The service times that the requests of a block would have: computed a block at a time.
//!
//! The random variates of a request are drawn by its number, so they are the same wherever and whenever it is served.

use multiversion::multiversion;

use super::call::Carried;
use super::score::Score;
use crate::model::service::{Burndown, Latency};
use crate::model::workload::Workload;
use crate::random::{Law, Purpose, Stream, maths};
use crate::traffic::Block;
use crate::units::Tokens;

/// Longest time to the first token, and longest decoding, of one request: longer than any run \[µs\].
const LONGEST: f64 = 2e15;

/// The service times and token counts of the requests of one block, served by their model as it is, in columns.
#[derive(Debug, Default)]
pub(super) struct Plan {
    /// The first request of the block that the plan is for; `None`: no plan has been made yet.
    first: Option<u64>,
    /// The time from the start of service to the first token \[µs\].
    pub(super) ttft: Vec<u64>,
    /// The time from the start of service to the last token \[µs\].
    pub(super) service: Vec<u64>,
    /// The output cap in force \[tokens\].
    pub(super) cap: Vec<u32>,
    /// The tokens that are billed, and below those that a quota is charged at completion \[tokens\].
    pub(super) carried: Vec<Carried>,
    pub(super) burned: Vec<Tokens>,
    /// The tokens reserved from token limits, cache reads aside \[tokens\].
    pub(super) reserved: Vec<Tokens>,
    draws: Vec<f64>,
}

/// The random streams of a workload's service times.
#[derive(Debug, Clone, Copy)]
pub(super) struct Luck {
    first_token: Stream,
    prefill: Stream,
    decode: Stream,
}

impl Luck {
    pub(super) fn new(seed: u64, replication: u64, workload: &str) -> Self {
        let stream = |purpose| Stream::new(seed, replication, purpose, workload);
        Self {
            first_token: stream(Purpose::FirstToken),
            prefill: stream(Purpose::Prefill),
            decode: stream(Purpose::Decode),
        }
    }
}

/// The conditions that the service of one call depends on, beside its random draws.
#[derive(Debug, Clone, Copy)]
pub(super) struct Conditions {
    /// The input that the model reads before its first token: all that the cache does not hold yet \[tokens\].
    pub prefilled: u64,
    /// The output that the model writes \[tokens\].
    pub produced: u64,
    /// The factors of the time to the first token, of the output speed and of the whole service \[1\].
    pub ttft_factor: f64,
    pub speed_factor: f64,
    pub service_factor: f64,
    /// The latency that the place of service adds to the first token \[µs\].
    pub extra: u64,
}

/// The service of one call.
#[derive(Debug, Clone, Copy)]
pub(super) struct Service {
    /// The time from the start of service to the first token \[µs\].
    pub ttft: u64,
    /// The time from the start of service to the last token \[µs\].
    pub service: u64,
    /// The output speed \[tokens/µs\].
    pub speed: f64,
}

impl Luck {
    /// Returns the random draws of a step before the main call.
    pub(super) fn of_step(self, step: u64) -> Self {
        let Self { first_token, prefill, decode } = self;
        Self { first_token: first_token.within(step), prefill: prefill.within(step), decode: decode.within(step) }
    }

    /// Returns the service of one call: what [`Plan`] computes for a block, under other conditions.
    pub(super) fn service(self, index: u64, latency: &Latency, c: Conditions) -> Service {
        let first = latency.time_to_first_token.at(self.first_token, index);
        let prefill = latency.prefill_per_1k_tokens.at(self.prefill, index) * c.prefilled as f64 / 1_000.0;
        let speed = latency.output_tokens_per_second.at(self.decode, index) * c.speed_factor / c.service_factor;
        let ttft = (first + prefill) * c.ttft_factor * c.service_factor;
        let ttft = maths::round_half_up(ttft.clamp(0.0, LONGEST)) + c.extra;
        let decode = (c.produced as f64 * 1e6 / speed).clamp(0.0, LONGEST);
        Service { ttft, service: ttft + maths::round_half_up(decode), speed: speed * 1e-6 }
    }
}

impl Plan {
    /// Makes the plan of `block`, unless this is it already.
    #[inline]
    pub(super) fn follow(&mut self, block: &Block, workload: &Workload, luck: Luck, score: Option<&Score>) {
        if self.first != Some(block.first) {
            self.first = Some(block.first);
            self.carry(block, workload);
            match score {
                Some(score) if block.first < score.requests() => self.read(score),
                _ => self.draw_times(block, workload, luck),
            }
        }
    }

    /// Fills the columns of the block's tokens: output cap, billed tokens, reservation and charge.
    fn carry(&mut self, block: &Block, workload: &Workload) {
        let (n, main) = (block.len(), workload.main());
        let most = u32::try_from(main.output_cap).unwrap_or(u32::MAX);
        self.cap.clear();
        if block.max_tokens.is_empty() {
            self.cap.resize(n, most);
        } else {
            self.cap.extend((0..n).map(|row| most.min(own_cap(block, row))));
        }
        let rows = block.input.iter().zip(&block.wanted).zip(&self.cap);
        self.carried.clear();
        if workload.cache.is_used() {
            let carried = |((input, wanted), cap): ((&u32, &u32), &u32)| {
                Carried::new(workload.cache.split(u64::from(*input)), u64::from(*wanted.min(cap)))
            };
            self.carried.extend(rows.map(carried));
        } else {
            let plain = |((input, wanted), cap): ((&u32, &u32), &u32)| Carried::plain(*input, *wanted.min(cap));
            self.carried.extend(rows.map(plain));
        }
        self.reserved.clear();
        self.reserved.extend(self.carried.iter().zip(&self.cap).map(|(c, cap)| c.input() + u64::from(*cap)));
        self.burned.clear();
        if main.facts.burndown == Burndown::ONE {
            self.burned.extend(self.carried.iter().map(|c| c.input() + u64::from(c.output)));
        } else {
            self.burned.extend(self.carried.iter().map(|c| c.burned(main)));
        }
    }

    /// The times that were written down.
    fn read(&mut self, score: &Score) {
        let n = self.carried.len();
        let [ttft, service] = score.times(self.first.unwrap_or_default());
        for (column, times) in [(&mut self.ttft, ttft), (&mut self.service, service)] {
            column.clear();
            column.extend(times.iter().take(n).map(|time| u64::from(*time)));
        }
    }

    fn draw_times(&mut self, block: &Block, workload: &Workload, luck: Luck) {
        let (n, latency) = (block.len(), &workload.main().facts.latency);
        self.ttft.resize(n, 0);
        self.service.resize(n, 0);
        self.draws.resize(n, 0.0);
        self.draw(&latency.prefill_per_1k_tokens, luck.prefill);
        // `ttft` holds the prefill until the first token's own time is added.
        let rows = self.ttft.iter_mut().zip(&self.draws).zip(&self.carried);
        if workload.cache.is_used() {
            rows.for_each(|((time, per_1k), carried)| *time = (per_1k * carried.input() as f64).to_bits());
        } else {
            rows.for_each(|((time, per_1k), carried)| *time = (per_1k * f64::from(carried.uncached)).to_bits());
        }
        self.draw(&latency.time_to_first_token, luck.first_token);
        add_first_token(&mut self.ttft, &self.draws);

        self.draw(&latency.output_tokens_per_second, luck.decode);
        add_decoding(&mut self.service, &self.ttft, &self.draws, &block.wanted, &self.cap);
    }

    fn draw(&mut self, law: &Law, stream: Stream) {
        let first = self.first.unwrap_or_default();
        law.fill(stream, first, &mut self.draws);
    }
}

/// Replaces the bits of a thousand times the prefill by the time to the first token \[µs\].
#[multiversion(targets("x86_64+avx512f+avx512bw+avx512dq+avx512vl", "x86_64+avx2"))]
fn add_first_token(ttft: &mut [u64], first: &[f64]) {
    for (time, first) in ttft.iter_mut().zip(first) {
        let prefill = f64::from_bits(*time) / 1_000.0;
        *time = maths::round_half_up((first + prefill).clamp(0.0, LONGEST));
    }
}

#[multiversion(targets("x86_64+avx512f+avx512bw+avx512dq+avx512vl", "x86_64+avx2"))]
fn add_decoding(service: &mut [u64], ttft: &[u64], speed: &[f64], wanted: &[u32], cap: &[u32]) {
    let produced = wanted.iter().zip(cap).map(|(wanted, cap)| *wanted.min(cap));
    for (((service, ttft), speed), produced) in service.iter_mut().zip(ttft).zip(speed).zip(produced) {
        *service = ttft + decoding(produced, *speed);
    }
}

/// Returns the time to decode an output \[µs\]; `speed` in \[tokens/s\].
#[inline(always)]
fn decoding(produced: u32, speed: f64) -> u64 {
    maths::round_half_up((f64::from(produced) * 1e6 / speed).clamp(0.0, LONGEST))
}

/// Returns the caller's own cap of one request, from a trace \[tokens\].
#[inline]
pub(super) fn own_cap(block: &Block, row: usize) -> u32 {
    match block.max_tokens.get(row) {
        None | Some(0) => u32::MAX,
        Some(cap) => *cap,
    }
}

//! What workloads are expected to ask of a daily limit.

use crate::model::Model;
use crate::model::capacity::quota::LimitKind;
use crate::model::capacity::{Ask, Takes, Used};
use crate::model::workload::Workload;
use crate::model::workload::arrivals::replay::Replay;
use crate::model::workload::arrivals::{Arrivals, Intensity, Job, Sessions, Users};
use crate::model::workload::cache::{Cache, InputParts};
use crate::model::workload::steps::Stage;
use crate::model::workload::tokens::TokensOf;
use crate::random::Law;
use crate::units::{MICROS_PER_MINUTE, Tokens, round_half_up};

/// The expected charge of all workloads in each of so many minutes of the wall clock, from that of t = 0 on \[tokens\].
pub(super) fn by_minute(model: &Model, quota: usize, kind: LimitKind, minutes: usize) -> Vec<f64> {
    let phase = model.run.start.phase(MICROS_PER_MINUTE, 0);
    let mut demand = vec![0.0; minutes];
    for workload in &model.workloads {
        for stage in &workload.stages {
            // What overflows from a capacity that does not ask the limit is not known beforehand.
            let Some(first) = stage.route.first().filter(|c| model.capacities[**c].quotas.contains(&quota)) else {
                continue;
            };
            let weights = || [workload.price_weights_at(*first)].into();
            let takes = Takes::of(kind, &model.quotas[quota], stage.facts.burndown, weights);
            Charging { workload, stage, takes, phase }.add(&mut demand);
        }
    }
    demand
}

/// What the calls of one stage of a workload are charged.
struct Charging<'m> {
    workload: &'m Workload,
    stage: &'m Stage,
    takes: Takes,
    /// How far its minute has gone at t = 0 \[µs\].
    phase: u64,
}

impl Charging<'_> {
    fn add(&self, demand: &mut [f64]) {
        let requests = |demand: &mut [f64], intensity: &Intensity, each: f64| {
            for (minute, asked) in (0u64..).zip(demand.iter_mut()) {
                let from = (minute * MICROS_PER_MINUTE).saturating_sub(self.phase);
                let to = (minute + 1) * MICROS_PER_MINUTE - self.phase;
                *asked += intensity.expected_at(u64::midpoint(from, to)) * (to - from) as f64 * each;
            }
        };
        match &self.workload.arrivals {
            Arrivals::Renewal { intensity, .. } => requests(demand, intensity, self.each()),
            Arrivals::Batches(batches) => {
                let size = batches.size.mean_of(|size| round_half_up(size.max(1.0)) as f64);
                requests(demand, &batches.intensity, size * self.each());
            }
            Arrivals::Sessions(sessions) => requests(demand, &sessions.intensity, self.of_a_session(sessions)),
            Arrivals::Users(users) => {
                let each = self.each() * self.asked_by(users) * MICROS_PER_MINUTE as f64;
                demand.iter_mut().for_each(|asked| *asked += each);
            }
            Arrivals::Job(job) => add_job(*job, self.each(), demand),
            Arrivals::Trace(replay) => self.add_trace(replay, demand),
        }
    }

    /// The mean of one call \[tokens\].
    fn each(&self) -> f64 {
        let [input, output] = self.means();
        self.charge(self.split(input), output)
    }

    /// The mean input and the mean output of a call \[tokens\].
    fn means(&self) -> [f64; 2] {
        let whole = |x: f64| round_half_up(x.max(1.0)) as f64;
        let cap = self.stage.output_cap as f64;
        let produced = |law: &Law| law.mean_of(|x| whole(x).min(cap));
        match (&self.stage.tokens, &self.workload.tokens.of) {
            (Some(step), _) => [step.input.mean_of(whole), step.output.as_ref().map_or(0.0, produced)],
            (None, TokensOf::Laws { input, output, .. }) => {
                [input.mean_of(whole) + f64::from(self.workload.tokens.extra_input), produced(output)]
            }
            (None, TokensOf::Trace) => [0.0; 2],
        }
    }

    /// The parts of a mean input. A prefix is taken as live.
    fn split(&self, input: f64) -> InputParts {
        let input = round_half_up(input);
        let plain = InputParts { uncached: input, read: 0, write: 0 };
        if self.stage.tokens.is_some() {
            return plain;
        }
        match self.workload.cache {
            Cache::Shares(shares) => shares.split(input),
            Cache::Modelled(modelled) => match modelled.prefix {
                Some(prefix) => modelled.split(input, prefix.tokens.min(input)),
                None => modelled.split(input, 0),
            },
            Cache::Recorded => plain,
        }
    }

    fn charge(&self, parts: InputParts, output: f64) -> f64 {
        let input = parts.uncached + parts.write;
        // In thousandths, as a mean is no whole number of tokens.
        let [input, cache_read, cache_write] = [input, parts.read, parts.write].map(|tokens| tokens * 1_000);
        let output = round_half_up(output * 1e3);
        let ask = Ask { input, cap: 0, cache_read, cache_write, workload: 0 };
        let burned = input + self.stage.facts.burndown.of(output);
        self.takes.charge(ask, Used { burned, output }) as f64 * 1e-3
    }

    /// The mean of a whole session: each turn carries the turns before it where the context accumulates.
    fn of_a_session(&self, sessions: &Sessions) -> f64 {
        let turns = |f: &dyn Fn(f64) -> f64| sessions.turns.mean_of(|n| f(round_half_up(n.max(1.0)) as f64));
        let n = turns(&|n| n);
        if !sessions.accumulates || self.stage.tokens.is_some() {
            return n * self.each();
        }
        let [input, output] = self.means();
        let said = input - f64::from(self.workload.tokens.extra_input) + output;
        // Turns carry 0, 1, 2 … turns before them: n (n - 1) / 2 in all.
        let carried = turns(&|n| n * (n - 1.0) / 2.0) * said;
        let caches_context = matches!(self.workload.cache, Cache::Modelled(modelled) if modelled.context);
        if caches_context {
            // What is new is written: the first prompt, then each answer and the next question. The rest is read.
            let extra = f64::from(self.workload.tokens.extra_input);
            let written = extra + n * (input - extra) + (n - 1.0) * output;
            let read = n * input + carried - written;
            let parts = InputParts { uncached: 0, read: round_half_up(read.max(0.0)), write: round_half_up(written) };
            return self.charge(parts, n * output);
        }
        let whole = self.split((n * input + carried) / n);
        n * self.charge(whole, output)
    }

    /// The requests of users who meet no refusal \[1/µs\].
    fn asked_by(&self, users: &Users) -> f64 {
        let facts = &self.workload.main().facts.latency;
        let mean = |law: &Law| law.mean_of(|x| x);
        let [input, output] = self.means();
        let prefill = mean(&facts.prefill_per_1k_tokens) * input / 1e3;
        let decoding = output * 1e6 * facts.output_tokens_per_second.mean_of(|speed| 1.0 / speed);
        let cycle = mean(&users.think_time) + mean(&facts.time_to_first_token) + prefill + decoding;
        if cycle > 0.0 { users.count as f64 / cycle } else { 0.0 }
    }

    fn add_trace(&self, replay: &Replay, demand: &mut [f64]) {
        let end = demand.len() as u64 * MICROS_PER_MINUTE - self.phase;
        let period = replay.trace.period().filter(|_| replay.repeat);
        for row in replay.trace.rows() {
            let input = Tokens::from(row.input) + Tokens::from(self.workload.tokens.extra_input);
            let (read, write) = (Tokens::from(row.cache_read), Tokens::from(row.cache_write));
            let parts = match self.workload.cache {
                Cache::Recorded => InputParts { uncached: input - read - write, read, write },
                _ => self.split(input as f64),
            };
            let own = if row.max_tokens == 0 { u32::MAX } else { row.max_tokens };
            let cap = self.stage.output_cap.min(own.into());
            let (parts, output) = match &self.stage.tokens {
                None => (parts, Tokens::from(row.output).min(cap) as f64),
                Some(_) => {
                    let [input, output] = self.means();
                    (self.split(input), output)
                }
            };
            let charge = self.charge(parts, output) * replay.scale;
            let mut at = row.arrival;
            while at < end {
                demand[((at + self.phase) / MICROS_PER_MINUTE) as usize] += charge;
                let Some(period) = period else { break };
                at += period;
            }
        }
    }
}

/// Adds the requests of a job, evenly over the minutes of its spread, each of which is charged `each` tokens.
fn add_job(job: Job, each: f64, demand: &mut [f64]) {
    let minutes = job.at / MICROS_PER_MINUTE..=(job.at + job.spread) / MICROS_PER_MINUTE;
    let share = job.requests as f64 * each / (minutes.end() - minutes.start() + 1) as f64;
    for minute in minutes {
        if let Some(asked) = usize::try_from(minute).ok().and_then(|minute| demand.get_mut(minute)) {
            *asked += share;
        }
    }
}

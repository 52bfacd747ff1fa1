//! The demand that workloads are expected to place on the limits, minute by minute.

use crate::model::Model;
use crate::model::capacity::quota::{LimitKind, Quota};
use crate::model::capacity::{Ask, Limit, Takes, Used};
use crate::model::workload::Workload;
use crate::model::workload::arrivals::replay::Replay;
use crate::model::workload::arrivals::{Arrivals, Intensity, Job, Sessions, Users};
use crate::model::workload::cache::{Cache, InputParts};
use crate::model::workload::steps::Stage;
use crate::model::workload::tokens::TokensOf;
use crate::random::Law;
use crate::units::{MICROS_PER_MINUTE, Tokens, round_half_up};

/// The expected requests of every workload, and the share of them that the limits per minute admit.
pub(super) struct Demand<'m> {
    model: &'m Model,
    /// The expected requests of each workload in each minute of the wall clock, from the minute of t = 0 on.
    requests: Vec<Vec<f64>>,
    /// The share of the demand on each quota that its limits per minute admit, by minute; at most 1.
    admitted: Vec<Vec<f64>>,
}

impl<'m> Demand<'m> {
    /// Returns the demand of the first `minutes` minutes.
    pub(super) fn new(model: &'m Model, minutes: usize) -> Self {
        let phase = model.run.start.phase(MICROS_PER_MINUTE, 0);
        let requests = model.workloads.iter().map(|workload| requests(workload, phase, minutes)).collect();
        let mut demand = Self { model, requests, admitted: vec![vec![1.0; minutes]; model.quotas.len()] };
        demand.admitted = (0..model.quotas.len()).map(|quota| demand.share_admitted(quota)).collect();
        demand
    }

    /// Returns the expected charge of a daily limit in each minute, as far as the limits per minute let it through
    /// \[tokens\].
    pub(super) fn of_limit(&self, quota: usize, kind: LimitKind) -> Vec<f64> {
        let mut asked = vec![0.0; self.admitted[quota].len()];
        for call in self.calls(quota) {
            let each = call.mean_charge(kind, &self.model.quotas[quota]);
            let limits = &self.model.capacities[call.capacity].quotas;
            for (minute, (asked, requests)) in asked.iter_mut().zip(&self.requests[call.number]).enumerate() {
                let share = limits.iter().map(|q| self.admitted[*q][minute]).fold(1.0, f64::min);
                *asked += requests * share * each;
            }
        }
        asked
    }

    /// Returns the calls whose first capacity asks a quota. Calls that overflow to it are not known beforehand.
    fn calls(&self, quota: usize) -> Vec<Call<'m>> {
        let mut calls = Vec::new();
        for (number, workload) in self.model.workloads.iter().enumerate() {
            for stage in &workload.stages {
                let first = stage.route.first().copied();
                if let Some(capacity) = first.filter(|c| self.model.capacities[*c].quotas.contains(&quota)) {
                    calls.push(Call { number, workload, stage, capacity });
                }
            }
        }
        calls
    }

    /// Returns the share of the demand of each minute that the limits per minute of a quota admit.
    fn share_admitted(&self, quota: usize) -> Vec<f64> {
        let limits = &self.model.quotas[quota];
        let mut share = vec![1.0; self.admitted[quota].len()];
        for kind in [LimitKind::Rpm, LimitKind::Tpm] {
            let Some(steps) = limits.over_time(kind) else { continue };
            let per_minute =
                |limit: &Limit| limit.amount as f64 * MICROS_PER_MINUTE as f64 / limit.limiter.window() as f64;
            // A limit that changes admits at most the greatest of what it ever is.
            let most = steps.iter().map(|(_, step)| per_minute(&step.limit)).fold(0.0, f64::max);
            let mut asked = vec![0.0; share.len()];
            for call in self.calls(quota) {
                let each = if kind == LimitKind::Rpm { 1.0 } else { call.mean_charge(kind, limits) };
                asked.iter_mut().zip(&self.requests[call.number]).for_each(|(asked, n)| *asked += n * each);
            }
            for (share, asked) in share.iter_mut().zip(asked).filter(|(_, asked)| *asked > most) {
                *share = f64::min(*share, most / asked);
            }
        }
        share
    }
}

/// Returns the expected requests of a workload in each minute of the wall clock. `phase` is how far the minute has gone
/// at t = 0.
fn requests(workload: &Workload, phase: u64, minutes: usize) -> Vec<f64> {
    let driven = |intensity: &Intensity, each: f64| {
        let of_minute = |minute: u64| {
            let from = (minute * MICROS_PER_MINUTE).saturating_sub(phase);
            let to = (minute + 1) * MICROS_PER_MINUTE - phase;
            intensity.expected_at(u64::midpoint(from, to)) * (to - from) as f64 * each
        };
        (0..minutes as u64).map(of_minute).collect()
    };
    let count = |law: &Law| law.mean_of(|n| round_half_up(n.max(1.0)) as f64);
    match &workload.arrivals {
        Arrivals::Renewal { intensity, .. } => driven(intensity, 1.0),
        Arrivals::Batches(batches) => driven(&batches.intensity, count(&batches.size)),
        Arrivals::Sessions(sessions) => driven(&sessions.intensity, count(&sessions.turns)),
        Arrivals::Users(users) => vec![asked_by(users, workload) * MICROS_PER_MINUTE as f64; minutes],
        Arrivals::Job(job) => of_a_job(*job, phase, minutes),
        Arrivals::Trace(replay) => recorded(replay, phase, minutes),
    }
}

/// Returns the requests of users who meet no refusal \[1/µs\].
fn asked_by(users: &Users, workload: &Workload) -> f64 {
    let latency = &workload.main().facts.latency;
    let mean = |law: &Law| law.mean_of(|x| x);
    let [input, output] = means(workload, workload.main());
    let prefill = mean(&latency.prefill_per_1k_tokens) * input / 1e3;
    let decoding = output * 1e6 * latency.output_tokens_per_second.mean_of(|speed| 1.0 / speed);
    let cycle = mean(&users.think_time) + mean(&latency.time_to_first_token) + prefill + decoding;
    if cycle > 0.0 { users.count as f64 / cycle } else { 0.0 }
}

/// Returns the requests of a job, evenly over the minutes of its spread.
fn of_a_job(job: Job, phase: u64, minutes: usize) -> Vec<f64> {
    let mut requests = vec![0.0; minutes];
    let at = job.at + phase;
    let spread = at / MICROS_PER_MINUTE..=(at + job.spread) / MICROS_PER_MINUTE;
    let each = job.requests as f64 / (spread.end() - spread.start() + 1) as f64;
    for minute in spread {
        if let Some(asked) = usize::try_from(minute).ok().and_then(|minute| requests.get_mut(minute)) {
            *asked += each;
        }
    }
    requests
}

fn recorded(replay: &Replay, phase: u64, minutes: usize) -> Vec<f64> {
    let mut requests = vec![0.0; minutes];
    let period = replay.trace.period().filter(|_| replay.repeat);
    for row in replay.trace.rows() {
        let mut at = row.arrival + phase;
        while let Some(minute) = requests.get_mut((at / MICROS_PER_MINUTE) as usize) {
            *minute += replay.scale;
            let Some(period) = period else { break };
            at += period;
        }
    }
    requests
}

/// Returns the mean input and the mean output of a call \[tokens\].
fn means(workload: &Workload, stage: &Stage) -> [f64; 2] {
    let whole = |x: f64| round_half_up(x.max(1.0)) as f64;
    let cap = stage.output_cap as f64;
    let produced = |law: &Law| law.mean_of(|x| whole(x).min(cap));
    let extra = f64::from(workload.tokens.extra_input);
    match (&stage.tokens, &workload.tokens.of, &workload.arrivals) {
        (Some(step), ..) => [step.input.mean_of(whole), step.output.as_ref().map_or(0.0, produced)],
        (None, TokensOf::Laws { input, output, .. }, _) => [input.mean_of(whole) + extra, produced(output)],
        (None, TokensOf::Trace, Arrivals::Trace(replay)) => {
            let (mut rows, mut input, mut output) = (0.0, 0.0, 0.0);
            for row in replay.trace.rows() {
                let own = if row.max_tokens == 0 { f64::INFINITY } else { f64::from(row.max_tokens) };
                rows += 1.0;
                input += f64::from(row.input);
                output += f64::from(row.output).min(cap).min(own);
            }
            if rows > 0.0 { [input / rows + extra, output / rows] } else { [0.0; 2] }
        }
        (None, TokensOf::Trace, _) => [0.0; 2],
    }
}

/// A call that requests of a workload make.
struct Call<'m> {
    /// The index of the workload.
    number: usize,
    workload: &'m Workload,
    stage: &'m Stage,
    /// The first capacity of its route.
    capacity: usize,
}

impl Call<'_> {
    /// Returns the mean that a limit on tokens charges for the call, over all requests \[tokens\].
    fn mean_charge(&self, kind: LimitKind, quota: &Quota) -> f64 {
        let weights = || [self.workload.price_weights_at(self.capacity)].into();
        let takes = Takes::of(kind, quota, self.stage.facts.burndown, weights);
        let [input, output] = means(self.workload, self.stage);
        match &self.workload.arrivals {
            Arrivals::Sessions(sessions) if sessions.accumulates && self.stage.tokens.is_none() => {
                self.charge_of_a_turn(&takes, sessions)
            }
            _ => self.charge(&takes, self.split(input), output),
        }
    }

    /// Returns the parts of a mean input. A prefix is taken as live.
    fn split(&self, input: f64) -> InputParts {
        let input = round_half_up(input);
        let plain = InputParts { uncached: input, read: 0, write: 0 };
        match self.workload.cache {
            _ if self.stage.tokens.is_some() => plain,
            Cache::Shares(shares) => shares.split(input),
            Cache::Modelled(modelled) => {
                modelled.split(input, modelled.prefix.map_or(0, |prefix| prefix.tokens.min(input)))
            }
            Cache::Recorded => self.recorded_parts().unwrap_or(plain),
        }
    }

    /// Returns the mean parts of the prompts of a trace that records cached tokens.
    fn recorded_parts(&self) -> Option<InputParts> {
        let Arrivals::Trace(replay) = &self.workload.arrivals else { return None };
        let (mut rows, mut parts) = (0, [0u64; 3]);
        for row in replay.trace.rows() {
            let [read, write] = [row.cache_read, row.cache_write].map(Tokens::from);
            let input = Tokens::from(row.input) + Tokens::from(self.workload.tokens.extra_input);
            rows += 1;
            [input - read - write, read, write].into_iter().zip(&mut parts).for_each(|(more, sum)| *sum += more);
        }
        let [uncached, read, write] = parts.map(|sum| sum / rows.max(1));
        Some(InputParts { uncached, read, write })
    }

    fn charge(&self, takes: &Takes, parts: InputParts, output: f64) -> f64 {
        // In thousandths, as a mean is no whole number of tokens.
        let [input, cache_read, cache_write] =
            [parts.uncached + parts.write, parts.read, parts.write].map(|tokens| tokens * 1_000);
        let output = round_half_up(output * 1e3);
        let ask = Ask { input, cap: 0, cache_read, cache_write, workload: 0 };
        let burned = input + self.stage.facts.burndown.of(output);
        takes.charge(ask, Used { burned, output }) as f64 * 1e-3
    }

    /// Returns the mean of a turn, each of which carries the turns before it.
    fn charge_of_a_turn(&self, takes: &Takes, sessions: &Sessions) -> f64 {
        let turns = |f: &dyn Fn(f64) -> f64| sessions.turns.mean_of(|n| f(round_half_up(n.max(1.0)) as f64));
        let n = turns(&|n| n);
        let [input, output] = means(self.workload, self.stage);
        let extra = f64::from(self.workload.tokens.extra_input);
        // Turns carry 0, 1, 2 … turns before them: n (n - 1) / 2 in all.
        let carried = turns(&|n| n * (n - 1.0) / 2.0) * (input - extra + output);
        let caches_context = matches!(self.workload.cache, Cache::Modelled(modelled) if modelled.context);
        if !caches_context {
            return self.charge(takes, self.split(input + carried / n), output);
        }
        // What is new is written: the first prompt, then each answer and the next question. The rest is read.
        let written = extra + n * (input - extra) + (n - 1.0) * output;
        let read = (n * input + carried - written).max(0.0);
        let parts = InputParts { uncached: 0, read: round_half_up(read / n), write: round_half_up(written / n) };
        self.charge(takes, parts, output)
    }
}

//! The intensity over the clock, as stretches over which it is linear.

use std::collections::VecDeque;
use std::ops::Range;

use crate::model::workload::arrivals::Intensity;
use crate::model::workload::arrivals::intensity::{Burst, LARGEST_RATE, RandomBurst};
use crate::random::{Stream, maths};

/// A stretch of clock time over which the intensity is linear, from `start_rate` to `end_rate` \[1/µs\] over
/// `[start, end)` \[µs\].
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Segment {
    pub start: u64,
    pub end: u64,
    pub start_rate: f64,
    pub end_rate: f64,
}

/// The end of the last segment: nothing changes any more.
pub(super) const FOREVER: u64 = u64::MAX;

/// The streams that decide what the intensity leaves to chance.
#[derive(Debug, Clone, Copy)]
pub(super) struct RateStreams {
    pub states: Stream,
    pub bursts: Stream,
}

/// Walks along an intensity.
#[derive(Debug, Clone)]
pub(super) struct Rates {
    intensity: Intensity,
    states: Option<States>,
    bursts: Vec<Onsets>,
}

impl Rates {
    pub(super) fn new(intensity: Intensity, streams: RateStreams) -> Self {
        let states = (!intensity.states.is_empty()).then(|| States::new(&intensity, streams.states));
        let bursts = intensity.random_bursts.iter().zip(0..);
        let bursts = bursts.map(|(burst, i)| Onsets::new(*burst, streams.bursts.within(i))).collect();
        Self { intensity, states, bursts }
    }

    /// Returns the segment that begins at `start`, which never goes back.
    pub(super) fn segment(&mut self, start: u64) -> Segment {
        let mut end = self.intensity.shape.next_bend(start);
        let mut factor = 1.0;
        for burst in &self.intensity.bursts {
            end = end.min(next_edge(burst, start));
            factor *= if burst.is_on(start) { burst.factor } else { 1.0 };
        }
        for onsets in &mut self.bursts {
            onsets.go_to(start);
            end = end.min(onsets.next_edge());
            factor = (0..onsets.ends.len()).fold(factor, |product, _| product * onsets.burst.factor);
        }
        if let Some(states) = &mut self.states {
            states.go_to(&self.intensity, start);
            end = end.min(states.until);
            factor *= self.intensity.states[states.now].factor;
        }
        if self.intensity.growth != 0.0 {
            end = end.min(start + growth_step(self.intensity.growth));
        }
        let [from, to] = self.intensity.shape.between(start, end);
        let rate =
            |shape: f64, at: u64| (self.intensity.base * shape * factor * self.growth(at)).min(LARGEST_RATE * 1e-6);
        let end_rate = rate(to, if end == FOREVER { start } else { end });
        Segment { start, end, start_rate: rate(from, start), end_rate }
    }

    fn growth(&self, at: u64) -> f64 {
        if self.intensity.growth == 0.0 { 1.0 } else { maths::exp(self.intensity.growth * at as f64) }
    }
}

/// A segment of growth is taken as linear: over an hour, or a thousandth of the time in which all grows e-fold, whichever
/// is shorter. It is then off by less than a millionth \[µs\].
fn growth_step(growth: f64) -> u64 {
    (1e-3 / growth.abs()).clamp(1_000.0, 3.6e9) as u64
}

fn next_edge(burst: &Burst, t: u64) -> u64 {
    match burst.since_onset(t) {
        None => burst.at.0,
        Some(since) if since < burst.lasts.0 => {
            let end = t - since + burst.lasts.0;
            burst.every.map_or(end, |every| end.min(t - since + every.0))
        }
        Some(since) => burst.every.map_or(FOREVER, |every| t - since + every.0),
    }
}

/// Returns a time of mean `mean`, exponentially distributed, of one microsecond at least \[µs\].
fn exponential(mean: f64, u: f64) -> u64 {
    maths::round_half_up((-mean * maths::ln(u)).min(4e15)).max(1)
}

/// The state of a modulated process.
#[derive(Debug, Clone)]
struct States {
    stream: Stream,
    now: usize,
    /// The instant at which the stay ends \[µs\].
    until: u64,
    /// Stays drawn so far.
    stays: u64,
}

impl States {
    /// The first state is drawn by its share of time; what is left of an exponential stay is one again.
    fn new(intensity: &Intensity, stream: Stream) -> Self {
        let all: f64 = intensity.states.iter().map(|s| s.mean).sum();
        let mut share = stream.uniform(0) * all;
        let now = intensity.states.iter().position(|state| {
            share -= state.mean;
            share < 0.0
        });
        let now = now.unwrap_or(intensity.states.len() - 1);
        let until = exponential(intensity.states[now].mean, stream.uniform(1));
        Self { stream, now, until, stays: 1 }
    }

    fn go_to(&mut self, intensity: &Intensity, t: u64) {
        while self.until <= t {
            self.now = (self.now + 1) % intensity.states.len();
            self.stays += 1;
            self.until += exponential(intensity.states[self.now].mean, self.stream.uniform(self.stays));
        }
    }
}

/// The random bursts that are on.
#[derive(Debug, Clone)]
pub(super) struct Onsets {
    burst: RandomBurst,
    stream: Stream,
    /// The instant at which the next burst begins \[µs\].
    next: u64,
    begun: u64,
    /// The instants at which the current bursts end, in ascending order \[µs\].
    ends: VecDeque<u64>,
}

impl Onsets {
    pub(super) fn new(burst: RandomBurst, stream: Stream) -> Self {
        let next = exponential(burst.mean_gap, stream.uniform(0));
        Self { burst, stream, next, begun: 0, ends: VecDeque::new() }
    }

    /// Returns the next burst, after which the one after that is next.
    pub(super) fn begin(&mut self) -> Range<u64> {
        let burst = self.next..self.next + self.burst.lasts.0;
        self.begun += 1;
        self.next += exponential(self.burst.mean_gap, self.stream.uniform(self.begun));
        burst
    }

    fn go_to(&mut self, t: u64) {
        while self.next <= t {
            let end = self.begin().end;
            self.ends.push_back(end);
        }
        while self.ends.front().is_some_and(|end| *end <= t) {
            self.ends.pop_front();
        }
    }

    fn next_edge(&self) -> u64 {
        self.ends.front().map_or(self.next, |end| self.next.min(*end))
    }
}

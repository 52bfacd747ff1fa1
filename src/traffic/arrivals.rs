//! Arrival instants from gaps: a unit-rate renewal process in operational time, mapped to the clock by inverting the
//! integral of the intensity (Cinlar's time change), which is exact for a piecewise linear intensity.

use multiversion::multiversion;

use super::rates::{FOREVER, Rates, Segment};
use crate::model::workload::arrivals::Gaps;
use crate::random::{Law, Shape, Stream, maths};
use crate::units::round_half_up;

/// Operational time is counted in 2⁻²⁴ of a mean gap, in integers, so that a sum does not depend on how it is grouped.
const UNIT: f64 = 16_777_216.0;

impl Segment {
    /// Returns the integral of the intensity over the segment \[gaps\]; infinite for a last segment with arrivals.
    fn mass(&self) -> f64 {
        if self.end == FOREVER {
            return if self.start_rate > 0.0 { f64::INFINITY } else { 0.0 };
        }
        0.5 * (self.start_rate + self.end_rate) * (self.end - self.start) as f64
    }

    /// Turns operational times since the start \[2⁻²⁴ gaps\] into instants \[µs\].
    fn place(&self, times: &mut [u64]) {
        if self.start_rate == self.end_rate {
            place_evenly(times, self.start, 1.0 / (UNIT * self.start_rate));
        } else {
            times.iter_mut().for_each(|t| *t = instant(self.start, self.invert(*t as f64 / UNIT)));
        }
    }

    /// Returns how long after the start the integral reaches `mass` \[µs\], in a segment that rises or falls.
    fn invert(&self, mass: f64) -> f64 {
        // mass = r0 x + (r1 - r0) x² / (2 w); the root is written so that nothing cancels.
        let slope = (self.end_rate - self.start_rate) / (self.end - self.start) as f64;
        let root = (self.start_rate * self.start_rate + 2.0 * slope * mass).max(0.0).sqrt();
        let sum = self.start_rate + root;
        // No mass at a rate that starts from zero: the instant is the start itself.
        if sum > 0.0 { 2.0 * mass / sum } else { 0.0 }
    }
}

/// Returns the instant so long after the start of a segment \[µs\].
#[inline(always)]
fn instant(start: u64, after: f64) -> u64 {
    start + maths::round_half_up(after.min(4e15))
}

/// Operational times to instants at a steady rate: `each` is the time of a unit \[µs\].
#[multiversion(targets("x86_64+avx512f+avx512bw+avx512dq+avx512vl", "x86_64+avx2"))]
fn place_evenly(times: &mut [u64], start: u64, each: f64) {
    times.iter_mut().for_each(|t| *t = instant(start, *t as f64 * each));
}

/// Gaps in whole units of operational time.
#[multiversion(targets("x86_64+avx512f+avx512bw+avx512dq+avx512vl", "x86_64+avx2"))]
fn count(gaps: &[f64], out: &mut [u64]) {
    gaps.iter().zip(out).for_each(|(gap, slot)| *slot = maths::round_half_up(gap * UNIT));
}

/// The arrival instants of one renewal workload.
#[derive(Debug, Clone)]
pub(super) struct RenewalClock {
    law: Law,
    stream: Stream,
    rates: Rates,
    segment: Segment,
    /// The operational time since the start of the segment \[2⁻²⁴ of a mean gap\].
    done: u64,
    /// The instant from which no arrivals are needed \[µs\].
    horizon: u64,
}

impl RenewalClock {
    pub(super) fn new(gaps: Gaps, mut rates: Rates, stream: Stream, horizon: u64) -> Self {
        let law = match gaps {
            Gaps::Constant => Law::constant(1.0),
            Gaps::Exponential => Law::of(Shape::Exponential { mean: 1.0 }),
            Gaps::Gamma { shape } => Law::of(Shape::Gamma { shape, scale: 1.0 / shape }),
            Gaps::Weibull { scale, power } => Law::of(Shape::Weibull { scale, power }),
        };
        // So long a gap is past any horizon that a scenario can have, and its count still fits an f64.
        let law = Law { max: 1e8, ..law };
        let segment = rates.segment(0);
        Self { law, stream, rates, segment, done: 0, horizon }
    }

    /// Fills `out` with the arrivals of the requests from number `first` on \[µs\]; returns how many there are before
    /// the intensity ends for good, or the horizon.
    pub(super) fn fill(&mut self, first: u64, scratch: &mut [f64], out: &mut [u64]) -> usize {
        let scratch = &mut scratch[..out.len()];
        self.law.fill(self.stream, first, scratch);
        count(scratch, out);
        let mut i = 0;
        while i < out.len() {
            let mass = self.segment.mass();
            let room = if mass.is_finite() { round_half_up(mass * UNIT) } else { u64::MAX };
            // As many gaps as the segment may hold, and some more.
            let likely = (room - self.done) / (UNIT as u64 / 2) + 16;
            let end = i + likely.min((out.len() - i) as u64) as usize;
            let chunk = &mut out[i..end];
            let mut sum = self.done;
            for gap in &mut *chunk {
                sum += *gap;
                *gap = sum;
            }
            let inside = if sum < room { chunk.len() } else { chunk.partition_point(|sum| *sum < room) };
            self.done = inside.checked_sub(1).map_or(self.done, |last| chunk[last]);
            let after = inside + usize::from(inside < chunk.len());
            for j in (after..chunk.len()).rev() {
                chunk[j] -= chunk[j - 1];
            }
            if let Some(first_outside) = chunk.get_mut(inside) {
                // The gap reaches into the next segment: what is left of it counts from that segment's start.
                *first_outside -= room;
            }
            let ends = inside < chunk.len();
            self.segment.place(&mut chunk[..inside]);
            i += inside;
            if ends {
                if self.segment.end >= self.horizon {
                    return i;
                }
                self.done = 0;
                self.segment = self.rates.segment(self.segment.end);
            }
        }
        i
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::workload::arrivals::Intensity;
    use crate::model::workload::arrivals::intensity::Burst;
    use crate::model::workload::arrivals::shape::{self, ShapePoint};
    use crate::random::Purpose;
    use crate::traffic::rates::RateStreams;
    use crate::units::SimTime;

    fn clock(gaps: Gaps, intensity: Intensity) -> RenewalClock {
        let stream = |purpose| Stream::new(1, 0, purpose, "w");
        let streams = RateStreams { states: stream(Purpose::States), bursts: stream(Purpose::Bursts) };
        RenewalClock::new(gaps, Rates::new(intensity, streams), stream(Purpose::Gaps), FOREVER)
    }

    fn arrivals(clock: &mut RenewalClock, n: usize) -> Vec<u64> {
        let (mut scratch, mut out) = (vec![0.0; n], vec![0; n]);
        let made = clock.fill(0, &mut scratch, &mut out);
        out.truncate(made);
        out
    }

    fn flat(per_second: f64) -> Intensity {
        let shape = shape::Shape::Flat;
        let (bursts, random_bursts, states) = (vec![], vec![], vec![]);
        Intensity { base: per_second * 1e-6, shape, bursts, random_bursts, growth: 0.0, states }
    }

    #[test]
    fn constant_arrivals_are_evenly_spaced_after_one_gap() {
        let mut clock = clock(Gaps::Constant, flat(4.0));
        assert_eq!(arrivals(&mut clock, 4), [250_000, 500_000, 750_000, 1_000_000]);
    }

    #[test]
    fn a_ramp_is_inverted_exactly() {
        // From 0 to 2 per second over 10 s: the k-th arrival is at sqrt(10 k) s.
        let point = |s, factor| ShapePoint { at: SimTime::from_secs(s), factor };
        let shape = shape::Shape::Points(vec![point(0, 0.0), point(10, 2.0)]);
        let intensity = Intensity { shape, ..flat(1.0) };
        let got = arrivals(&mut clock(Gaps::Constant, intensity), 9);
        for (k, at) in (1..).zip(got) {
            let exact = (10.0 * f64::from(k)).sqrt() * 1e6;
            assert!((at as f64 - exact).abs() <= 1.0, "{k}: {at} for {exact}");
        }
    }

    #[test]
    fn a_gap_of_no_length_at_a_rate_of_zero_stays_at_the_start() {
        let ramp = Segment { start: 7, end: 1_000_007, start_rate: 0.0, end_rate: 1e-6 };
        let mut times = [0];
        ramp.place(&mut times);
        assert_eq!(times, [7]);
    }

    #[test]
    fn bursts_multiply_and_repeat() {
        let burst = |at, lasts, factor, every: Option<u64>| Burst {
            at: SimTime::from_secs(at),
            lasts: SimTime::from_secs(lasts),
            factor,
            every: every.map(SimTime::from_secs),
        };
        let bursts = vec![burst(10, 2, 3.0, Some(20)), burst(11, 1, 2.0, None)];
        let intensity = Intensity { bursts, ..flat(1.0) };
        let got = arrivals(&mut clock(Gaps::Constant, intensity), 10 + 3 + 6 + 18 + 6);
        let count =
            |from: u64, to: u64| got.iter().filter(|t| (from * 1_000_000 + 1..=to * 1_000_000).contains(*t)).count();
        assert_eq!([count(0, 10), count(10, 11), count(11, 12), count(12, 30), count(30, 32)], [10, 3, 6, 18, 6]);
    }

    #[test]
    fn an_intensity_that_ends_ends_the_arrivals() {
        let point = |s, factor| ShapePoint { at: SimTime::from_secs(s), factor };
        let shape = shape::Shape::Points(vec![point(0, 1.0), point(5, 1.0), point(5, 0.0)]);
        let got = arrivals(&mut clock(Gaps::Constant, Intensity { shape, ..flat(1.0) }), 100);
        assert_eq!(got.len(), 4, "the fifth would fall on the instant at which the rate becomes zero");
    }

    #[test]
    fn weibull_gaps_have_their_mean_and_their_cv() {
        for cv in [0.4, 1.0, 3.0] {
            let spec = toml::from_str(&format!("weibull = {{ rate = \"1/s\", cv = {cv} }}"));
            let spec: crate::model::workload::arrivals::ArrivalsSpec = spec.unwrap();
            let gaps = spec.gaps(&mut crate::diagnostic::Sink::default()).unwrap();
            let n = 200_000;
            let at = arrivals(&mut clock(gaps, flat(1.0)), n);
            let gaps: Vec<f64> = at.windows(2).map(|pair| (pair[1] - pair[0]) as f64 / 1e6).collect();
            let count = gaps.len() as f64;
            let mean = gaps.iter().sum::<f64>() / count;
            assert!((mean - 1.0).abs() < 3.29 * cv / count.sqrt(), "{cv}: a mean gap of {mean}");
            let squares: Vec<f64> = gaps.iter().map(|g| (g - 1.0) * (g - 1.0)).collect();
            let variance = squares.iter().sum::<f64>() / count;
            let spread = (squares.iter().map(|s| (s - variance) * (s - variance)).sum::<f64>() / count).sqrt();
            assert!((variance - cv * cv).abs() < 3.29 * spread / count.sqrt(), "{cv}: a variance of {variance}");
        }
    }

    #[test]
    fn blocks_do_not_change_the_arrivals() {
        let intensity = flat(100.0);
        let all = arrivals(&mut clock(Gaps::Exponential, intensity.clone()), 1000);
        let mut parts = Vec::new();
        let mut again = clock(Gaps::Exponential, intensity);
        for first in (0..1000).step_by(50) {
            let (mut scratch, mut out) = (vec![0.0; 50], vec![0; 50]);
            assert_eq!(again.fill(first, &mut scratch, &mut out), 50);
            parts.extend(out);
        }
        assert_eq!(all, parts);
        assert!(all.is_sorted());
    }
}

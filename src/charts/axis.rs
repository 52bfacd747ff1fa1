//! Axes: what they span, how they bend, and where their ticks stand. Nothing here draws.

use super::labels;
use crate::terms::Unit;

/// The scale of an axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Warp {
    Linear,
    /// A logarithmic scale, on which equal ratios are equally far apart.
    Log,
    /// A scale for a share p, sqrt(-log10(1 - p)). The scale gives the tail the room that it deserves and leaves the
    /// bulk legible: 50 % stands at a third of the height, 99 % at four fifths.
    Tail,
}

impl Warp {
    fn bend(self, v: f64) -> f64 {
        match self {
            Self::Linear => v,
            Self::Log => libm::log10(v.max(f64::MIN_POSITIVE)),
            Self::Tail => (-libm::log10(1.0 - v.clamp(0.0, 1.0 - 1e-9))).max(0.0).sqrt(),
        }
    }
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Tick {
    pub(super) at: f64,
    /// The label of the tick; empty for a grid line without a label.
    pub(super) label: String,
}

/// An axis of a chart, which places values and knows its ticks.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Axis {
    warp: Warp,
    /// The lower end of the axis in the units of `warp`; `hi` is the upper end.
    lo: f64,
    hi: f64,
    pub(super) ticks: Vec<Tick>,
}

/// The share at which a latency chart ends: a thinner tail would be drawn from too few values.
pub(super) const TOP_SHARE: f64 = 0.999;

/// The ratio of the largest to the smallest value from which a logarithmic scale is used.
const WIDE: f64 = 30.0;
/// The most values that have ticks of their own; more values have ticks at round numbers.
const MOST_OWN_TICKS: usize = 12;
/// The largest value that is drawn as it is: nothing beyond it is measured, and arithmetic could overflow.
const FARTHEST: f64 = 1e15;

/// Returns a value that arithmetic can be done with.
pub(super) fn tame(x: f64) -> f64 {
    if x.is_nan() { 0.0 } else { x.clamp(-FARTHEST, FARTHEST) }
}

/// Returns the least distance between rising values, as a share of all that the values span \[1\].
fn nearest<I: Iterator<Item = f64>>(values: impl Fn() -> I, warp: Warp) -> f64 {
    let bent: Vec<f64> = values().map(|v| warp.bend(v)).collect();
    let span = bent.last().unwrap_or(&0.0) - bent.first().unwrap_or(&0.0);
    bent.windows(2).map(|w| (w[1] - w[0]) / span.max(f64::MIN_POSITIVE)).fold(1.0, f64::min)
}

/// Returns the upper end of the axis of a metric that is zero throughout, so that zero stands at its foot and its ticks
/// are sensible.
fn natural(unit: Unit) -> f64 {
    match unit {
        Unit::Fraction => 0.01,
        Unit::Milliseconds => 1_000.0,
        _ => 1.0,
    }
}

impl Axis {
    /// Returns a linear axis from zero to `top`, with about `wanted` ticks.
    pub(super) fn from_zero(top: f64, wanted: f64) -> Self {
        let top = if top.is_finite() && top > 0.0 { top.min(1e300) } else { 1.0 };
        let step = round_step(top / wanted);
        let ticks = (0..=20)
            .map(|i| f64::from(i) * step)
            .take_while(|at| *at <= top * (1.0 + 1e-9))
            .map(|at| Tick { at, label: labels::number(at) })
            .collect();
        Self { warp: Warp::Linear, lo: 0.0, hi: top, ticks }
    }

    /// Returns a linear axis from zero to `top`, with about `wanted` ticks, labelled in a unit.
    pub(super) fn from_zero_in(top: f64, wanted: f64, unit: Unit) -> Self {
        let mut axis = Self::from_zero(top, wanted);
        axis.label_apart(unit);
        axis
    }

    /// Returns an axis of shares from zero to `top` \[1\], with about `wanted` ticks in per cent.
    pub(super) fn shares(top: f64, wanted: f64) -> Self {
        let mut axis = Self::from_zero(top, wanted);
        axis.ticks.iter_mut().for_each(|tick| tick.label = labels::percent(tick.at));
        axis
    }

    /// Returns a linear axis from zero to a peak, which is its one tick above zero.
    pub(super) fn to_peak(peak: f64) -> Self {
        let mut axis = Self::from_zero(peak, 1.0);
        axis.ticks.truncate(1);
        if peak > 0.0 {
            axis.ticks.push(Tick { at: axis.hi, label: labels::amount(axis.hi) });
        }
        axis
    }

    /// Returns an axis of simulated time between two instants \[s\], and the name of the unit of its labels.
    pub(super) fn time(from_s: f64, to_s: f64) -> (Self, &'static str) {
        let span = (to_s - from_s).max(1e-6);
        let (unit, name, steps): (f64, _, &[f64]) = if span <= 180.0 {
            (1.0, "seconds", &[1.0, 2.0, 5.0, 10.0, 15.0, 20.0, 30.0])
        } else if span <= 3.0 * 3_600.0 {
            (60.0, "minutes", &[1.0, 2.0, 5.0, 10.0, 15.0, 20.0, 30.0])
        } else if span <= 4.0 * 86_400.0 {
            (3_600.0, "hours", &[0.5, 1.0, 2.0, 3.0, 4.0, 6.0, 12.0])
        } else {
            (86_400.0, "days", &[1.0, 2.0, 5.0, 7.0, 14.0])
        };
        let step =
            steps.iter().copied().find(|s| span / (s * unit) <= 9.0).unwrap_or_else(|| round_step(span / unit / 7.0));
        let (first, last) = (from_s / unit, to_s / unit);
        let start = (first / step - 1e-9).ceil();
        let ticks = (0..=24)
            .map(|i| (start + f64::from(i)) * step)
            .take_while(|at| *at <= last + step * 1e-9)
            .map(|at| Tick { at: at * unit, label: labels::number(at) })
            .collect();
        (Self { warp: Warp::Linear, lo: from_s, hi: from_s + span, ticks }, name)
    }

    /// Returns an axis between two values with ticks of the caller's own, which lie between them and rise.
    pub(super) fn with_ticks(lo: f64, hi: f64, ticks: Vec<Tick>) -> Self {
        Self { warp: Warp::Linear, lo, hi, ticks }
    }

    /// Returns a logarithmic axis of latencies between two positive ones \[ms\].
    pub(super) fn latency(lo_ms: f64, hi_ms: f64) -> Self {
        Self::log(lo_ms, hi_ms, labels::latency_tick)
    }

    /// Returns a logarithmic axis between two positive values.
    pub(super) fn log(lo: f64, hi: f64, label: impl Fn(f64) -> String) -> Self {
        let (lo, hi) = (Warp::Log.bend(lo), Warp::Log.bend(hi));
        let decades = hi - lo;
        // Few decades bear labels at 1, 2 and 5; many only at each decade, or at each second or third of them.
        let every = (decades / 8.0).ceil().max(1.0);
        let mut ticks = Vec::new();
        let mut decade = lo.floor();
        // Less than a decade would have two labels or three.
        let leads: &[f64] = if decades < 0.9 { &[1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0] } else { &[1.0, 2.0, 5.0] };
        while decade <= hi {
            for lead in leads.iter().copied() {
                let at = libm::exp10(decade) * lead;
                let bent = Warp::Log.bend(at);
                let labelled = (decades <= 3.3 || lead == 1.0) && libm::fmod(decade, every) == 0.0;
                if bent >= lo - 1e-9 && bent <= hi + 1e-9 && (labelled || decades <= 5.0) {
                    ticks.push(Tick { at, label: if labelled { label(at) } else { String::new() } });
                }
            }
            decade += 1.0;
        }
        Self { warp: Warp::Log, lo, hi, ticks }
    }

    /// Returns a linear axis between two values of either sign, with about `wanted` ticks at round values.
    pub(super) fn span(lo: f64, hi: f64, wanted: f64, label: impl Fn(f64) -> String) -> Self {
        let (lo, hi) = (tame(lo), tame(hi));
        // What hardly spans anything still has two ends.
        let least = (lo.abs().max(hi.abs()) * 1e-6).max(1e-12);
        let hi = if hi - lo < least { lo + least } else { hi };
        let step = round_step((hi - lo) / wanted);
        let start = (lo / step - 1e-9).ceil();
        let ticks = (0..=20)
            .map(|i| (start + f64::from(i)) * step)
            .take_while(|at| *at <= hi + step * 1e-9)
            .map(|at| Tick { at, label: label(at) })
            .collect();
        Self { warp: Warp::Linear, lo, hi, ticks }
    }

    /// Returns a metric's values in its unit: from zero unless that would squeeze them; logarithmic where times or
    /// costs span so much that the small ones could not be told apart.
    pub(super) fn metric(values: impl IntoIterator<Item = f64>, unit: Unit, wanted: f64) -> Self {
        let (mut lo, mut hi) = (f64::INFINITY, f64::NEG_INFINITY);
        let mut least_positive = f64::INFINITY;
        for v in values.into_iter().filter(|v| v.is_finite()).map(tame) {
            (lo, hi) = (lo.min(v), hi.max(v));
            least_positive = if v > 0.0 { least_positive.min(v) } else { least_positive };
        }
        if lo > hi {
            (lo, hi) = (0.0, 1.0);
        }
        let label = |at: f64| labels::tick(at, unit);
        if matches!(unit, Unit::Milliseconds | Unit::Usd) && lo > 0.0 && hi / least_positive > WIDE {
            return Self::log(lo / 1.15, hi * 1.15, label);
        }
        let from_zero = lo >= 0.0 && lo < 0.6 * hi;
        let pad = if hi > lo { (hi - lo) * 0.07 } else { hi.abs().max(1e-9) * 0.2 };
        let bottom = match lo {
            _ if from_zero => 0.0,
            // Nothing that is counted goes below zero.
            lo if lo >= 0.0 => (lo - pad).max(0.0),
            lo => lo - pad,
        };
        let whole = unit == Unit::Fraction && hi <= 1.0;
        let top = if whole { (hi + pad).min(1.0).max(bottom + 1e-9) } else { hi + pad };
        let mut axis = Self::span(bottom, if lo == 0.0 && hi == 0.0 { natural(unit) } else { top }, wanted, label);
        axis.label_apart(unit);
        axis
    }

    /// Labels the ticks in a unit, with as many places as tell neighbours apart.
    fn label_apart(&mut self, unit: Unit) {
        let at: Vec<f64> = self.ticks.iter().map(|tick| tick.at).collect();
        self.ticks.iter_mut().zip(labels::ticks(&at, unit)).for_each(|(tick, label)| tick.label = label);
    }

    /// Returns the axis of a swept number. Up to 12 values have a tick each, more have ticks at round numbers; the
    /// scale is logarithmic where values would crowd on a linear one.
    pub(super) fn levels(levels: &[(f64, String)]) -> Self {
        let numbers = || levels.iter().map(|level| tame(level.0));
        let (lo, hi) = (numbers().fold(f64::INFINITY, f64::min), numbers().fold(f64::NEG_INFINITY, f64::max));
        if lo > hi {
            return Self::from_zero(1.0, 1.0);
        }
        let warp = if lo > 0.0 && nearest(numbers, Warp::Log) > 1.5 * nearest(numbers, Warp::Linear) {
            Warp::Log
        } else {
            Warp::Linear
        };
        let (from, to) = (warp.bend(lo), warp.bend(hi));
        let pad = if to > from { (to - from) * 0.05 } else { from.abs().max(1.0) * 0.5 };
        let ticks = if levels.len() <= MOST_OWN_TICKS {
            levels.iter().map(|(at, label)| Tick { at: tame(*at), label: label.clone() }).collect()
        } else if warp == Warp::Log {
            Self::log(lo, hi, labels::number).ticks
        } else {
            Self::span(lo, hi, 6.0, labels::number).ticks
        };
        Self { warp, lo: from - pad, hi: to + pad, ticks }
    }

    /// Returns an axis of categories, which stand at 0, 1, 2 and so on.
    pub(super) fn categories(names: &[String]) -> Self {
        let ticks = names.iter().enumerate().map(|(i, name)| Tick { at: i as f64, label: name.clone() }).collect();
        Self { warp: Warp::Linear, lo: -0.5, hi: names.len().max(1) as f64 - 0.5, ticks }
    }

    /// Returns an axis of shares of requests from none to [`TOP_SHARE`], stretched towards the slowest requests.
    pub(super) fn tail() -> Self {
        let ticks = [0.0, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, TOP_SHARE];
        let ticks = ticks.into_iter().map(|at| Tick { at, label: labels::percent(at) }).collect();
        Self { warp: Warp::Tail, lo: 0.0, hi: Warp::Tail.bend(TOP_SHARE), ticks }
    }

    /// Returns the axis without the labels of its ticks, for a panel above another that has them.
    pub(super) fn unlabelled(&self) -> Self {
        let ticks = self.ticks.iter().map(|t| Tick { at: t.at, label: String::new() }).collect();
        Self { ticks, ..self.clone() }
    }

    /// Returns whether a value lies between its ends.
    pub(super) fn holds(&self, v: f64) -> bool {
        let bent = self.warp.bend(v);
        (self.lo..=self.hi).contains(&bent)
    }

    /// Returns the position of a value along the axis, in the range 0 to 1; values beyond an end stand at that end.
    pub(super) fn place(&self, v: f64) -> f64 {
        let place = (self.warp.bend(v) - self.lo) / (self.hi - self.lo);
        if place.is_nan() { 0.0 } else { place.clamp(0.0, 1.0) }
    }
}

/// Returns the least of 1, 2, 2.5 and 5 times a power of ten that is at least `x`.
fn round_step(x: f64) -> f64 {
    let decade = libm::exp10(libm::log10(x).floor());
    [1.0, 2.0, 2.5, 5.0].into_iter().map(|lead| lead * decade).find(|s| *s >= x * (1.0 - 1e-9)).unwrap_or(10.0 * decade)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_axis_has_a_few_ticks_that_lie_on_it() {
        let mut axes = vec![Axis::tail()];
        axes.extend([0.0, 3.0, 1e12].map(Axis::to_peak));
        axes.extend([0.0, 0.3, 1.1, 1e12].map(|top| Axis::shares(top, 5.0)));
        axes.extend([0.0, 1e-9, 1.0, 7.0, 2_240_000.0, 1e12, 1e300, f64::NAN].map(|top| Axis::from_zero(top, 4.0)));
        axes.extend(
            [(0.0, 1.0), (600.0, 21_600.0), (0.0, 7_200.0), (0.0, 3e6), (0.0, 9.5e8)].map(|(a, b)| Axis::time(a, b).0),
        );
        axes.extend([(1.0, 2.0), (0.001, 1e12), (300.0, 30_000.0), (5.0, 5.1)].map(|(a, b)| Axis::latency(a, b)));
        for unit in [Unit::Fraction, Unit::Milliseconds, Unit::Usd, Unit::Count] {
            let values: [&[f64]; 8] = [
                &[],
                &[0.0],
                &[0.0, 0.0],
                &[0.99, 0.991, 1.0],
                &[-5.0, 3.0],
                &[f64::NAN, f64::INFINITY, 2.0],
                &[f64::MAX, -f64::MAX],
                &[0.01, 4e5],
            ];
            axes.extend(values.map(|values| Axis::metric(values.iter().copied(), unit, 5.0)));
        }
        let levels = |numbers: &[f64]| numbers.iter().map(|n| (*n, n.to_string())).collect::<Vec<_>>();
        axes.extend([&[][..], &[0.0], &[3.0], &[1.0, 2.0, 1e6], &[-2.0, 5.0]].map(|n| Axis::levels(&levels(n))));
        axes.push(Axis::levels(&levels(&(1..=90).map(f64::from).collect::<Vec<_>>())));
        axes.extend([0, 1, 5].map(|n| Axis::categories(&vec![String::new(); n])));
        for axis in axes {
            assert!(axis.ticks.len() <= 50, "{axis:?}");
            assert!(axis.ticks.iter().all(|t| (0.0..=1.0).contains(&axis.place(t.at))), "{axis:?}");
            assert!(axis.ticks.windows(2).all(|w| w[0].at < w[1].at), "{axis:?}");
        }
    }

    #[test]
    fn the_tail_axis_rises_and_spans_the_whole() {
        let axis = Axis::tail();
        assert_eq!((axis.place(0.0), axis.place(TOP_SHARE), axis.place(1.0)), (0.0, 1.0, 1.0));
        assert!((axis.place(0.5) - 0.317).abs() < 0.001);
    }

    #[test]
    fn steps_are_round() {
        for (x, step) in [(1.0, 1.0), (1.2, 2.0), (2.1, 2.5), (0.03, 0.05), (6.0, 10.0)] {
            assert!((round_step(x) - step).abs() < 1e-9, "{x}");
        }
    }
}

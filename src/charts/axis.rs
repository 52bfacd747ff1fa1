//! Axes: what they span, how they bend, and where their ticks stand. Nothing here draws.

use super::labels;

/// How an axis is bent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Warp {
    Linear,
    /// Equal ratios are equally far apart.
    Log,
    /// Of a share p: sqrt(-log10(1 - p)). It gives the tail the room that it deserves and leaves the bulk legible: 50 %
    /// stands at a third of the height, 99 % at four fifths.
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
    /// Empty for a grid line without a label.
    pub(super) label: String,
}

/// One axis: it places values and knows its ticks.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Axis {
    warp: Warp,
    /// Both ends, bent.
    lo: f64,
    hi: f64,
    pub(super) ticks: Vec<Tick>,
}

/// The share at which a latency chart ends: a thinner tail would be drawn from too few values.
pub(super) const TOP_SHARE: f64 = 0.999;

impl Axis {
    /// From zero to `top`, with about `wanted` ticks.
    pub(super) fn from_zero(top: f64, wanted: f64) -> Self {
        let top = if top.is_finite() && top > 0.0 { top.min(1e300) } else { 1.0 };
        let step = round_step(top / wanted);
        let ticks = (0..=20)
            .map(|i| f64::from(i) * step)
            .take_while(|at| *at <= top * (1.0 + 1e-9))
            .map(|at| Tick { at, label: labels::amount(at) })
            .collect();
        Self { warp: Warp::Linear, lo: 0.0, hi: top, ticks }
    }

    /// Shares from zero to `top` \[1\], with about `wanted` ticks in per cent.
    pub(super) fn shares(top: f64, wanted: f64) -> Self {
        let mut axis = Self::from_zero(top, wanted);
        axis.ticks.iter_mut().for_each(|tick| tick.label = labels::percent(tick.at));
        axis
    }

    /// From zero to a peak, which is its one tick above zero.
    pub(super) fn to_peak(peak: f64) -> Self {
        let mut axis = Self::from_zero(peak, 1.0);
        axis.ticks.truncate(1);
        if peak > 0.0 {
            axis.ticks.push(Tick { at: axis.hi, label: labels::amount(axis.hi) });
        }
        axis
    }

    /// Simulated time between two instants \[s\], and the name of the unit of its labels.
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
            .map(|at| Tick { at: at * unit, label: labels::amount(at) })
            .collect();
        (Self { warp: Warp::Linear, lo: from_s, hi: from_s + span, ticks }, name)
    }

    /// Latencies between two positive ones \[ms\], on a logarithmic scale.
    pub(super) fn latency(lo_ms: f64, hi_ms: f64) -> Self {
        let (lo, hi) = (Warp::Log.bend(lo_ms), Warp::Log.bend(hi_ms));
        let decades = hi - lo;
        // Few decades bear labels at 1, 2 and 5; many only at each decade, or at each second or third of them.
        let every = (decades / 8.0).ceil().max(1.0);
        let mut ticks = Vec::new();
        let mut decade = lo.floor();
        while decade <= hi {
            for lead in [1.0, 2.0, 5.0] {
                let at = libm::exp10(decade) * lead;
                let bent = Warp::Log.bend(at);
                let labelled = (decades <= 3.3 || lead == 1.0) && libm::fmod(decade, every) == 0.0;
                if bent >= lo - 1e-9 && bent <= hi + 1e-9 && (labelled || decades <= 5.0) {
                    let label = if labelled { labels::latency_tick(at) } else { String::new() };
                    ticks.push(Tick { at, label });
                }
            }
            decade += 1.0;
        }
        Self { warp: Warp::Log, lo, hi, ticks }
    }

    /// Shares of requests from none to [`TOP_SHARE`], stretched towards the slowest.
    pub(super) fn tail() -> Self {
        let ticks = [0.0, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, TOP_SHARE];
        let ticks = ticks.into_iter().map(|at| Tick { at, label: labels::percent(at) }).collect();
        Self { warp: Warp::Tail, lo: 0.0, hi: Warp::Tail.bend(TOP_SHARE), ticks }
    }

    /// Without labels: for a panel above another that has them.
    pub(super) fn unlabelled(&self) -> Self {
        let ticks = self.ticks.iter().map(|t| Tick { at: t.at, label: String::new() }).collect();
        Self { ticks, ..self.clone() }
    }

    /// Where a value stands, in [0, 1] of the axis; values beyond an end stand at that end.
    pub(super) fn place(&self, v: f64) -> f64 {
        let place = (self.warp.bend(v) - self.lo) / (self.hi - self.lo);
        if place.is_nan() { 0.0 } else { place.clamp(0.0, 1.0) }
    }
}

/// The least of 1, 2, 2.5 and 5 times a power of ten that is at least `x`.
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

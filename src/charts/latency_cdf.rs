//! The chart of the distribution of latency: the share of requests answered within a time, and what waiting adds to it.
//!
//! Shares are stretched towards the slowest, because that is what an objective is about; times are logarithmic.

use super::axis::{Axis, TOP_SHARE};
use super::frame::{self, Align, Canvas, Heading, Ink, LABEL, Mark, Panel, Placer, Room, STRONG};
use super::goals::Goals;
use super::{Chart, ChartError, Drawing, Subject, labels, source};
use crate::results::{Point, Quantiles};

pub(super) struct LatencyCdf;

/// The quantiles that are marked on the curve.
const MARKED: [(f64, &str); 3] = [(0.5, "p50"), (0.95, "p95"), (0.99, "p99")];
/// The distance from a mark to its label \[CSS px\].
const LABEL_GAP: f64 = 8.0;
/// The least ratio that an axis of times spans, so that it has ticks.
const LEAST_RATIO: f64 = 6.0;

/// The ratio of two times up to which their lines are drawn within a line's width \[1\].
const SEEN_RATIO: f64 = 1.03;

const E2E: Mark = Mark::Line(Ink::Blue, 2.25);
const TTFT: Mark = Mark::Line(Ink::Vermillion, 2.25);
const SERVICE: Mark = Mark::Dashes(Ink::Slate, 1.5);
const OBJECTIVE: Mark = Mark::Line(Ink::Text, 1.25);
const EXPECTED: Mark = Mark::Dashes(Ink::Text, 1.25);

impl Chart for LatencyCdf {
    fn name(&self) -> &'static str {
        "latency_cdf"
    }

    fn shows(&self) -> &'static str {
        "Which share of the served requests is answered within a time, and what waiting adds."
    }

    fn draw(&self, subject: &Subject<'_>) -> Result<Vec<Drawing>, ChartError> {
        let Some((point, detail)) = subject.detailed() else { return Ok(Vec::new()) };
        let results = subject.results;
        let curve = |stem: &str| detail.distributions.get(stem).and_then(Curve::of);
        let Some(e2e) = curve("e2e") else {
            return Ok(Vec::new());
        };
        // Where nobody waits, service alone lies under the whole, and neither it nor what waiting adds is seen.
        let (ttft, service) = (curve("ttft"), curve("service").filter(|service| e2e.is_seen_beside(service)));
        let mut legend = vec![("full answer (e2e)".to_owned(), E2E)];
        if ttft.is_some() {
            legend.push(("first token (ttft)".to_owned(), TTFT));
        }
        if service.is_some() {
            legend.push(("service alone".to_owned(), SERVICE));
            legend.push(("added by waiting".to_owned(), Mark::Area(Ink::Amber)));
        }
        let goals = Goals::of(subject, point, detail);
        let percentiles = MARKED.map(|(share, name)| Percentile::of(point, &e2e, share, name));
        let curves = Curves { e2e, ttft, service, percentiles, lines: Vec::new() };
        let curves = Curves { lines: curves.lines_of(&goals), ..curves };
        legend.extend(curves.keys());
        let heading = Heading {
            name: self.name().to_owned(),
            title: "How long an answer takes".to_owned(),
            subtitle: curves.subtitle(point),
            legend,
            source: source(results, point),
            height: 400.0,
        };
        Ok(vec![frame::draw(&heading, |canvas, room| curves.body(canvas, room))?])
    }
}

/// The curves of the chart, with the percentiles and goals that are marked on them.
struct Curves {
    e2e: Curve,
    ttft: Option<Curve>,
    service: Option<Curve>,
    percentiles: [Percentile; 3],
    lines: Vec<Line>,
}

/// A percentile that is marked on the curve.
struct Percentile {
    share: f64,
    /// The name and the figure of the percentile; `None`: too few requests were served for it.
    label: Option<String>,
    /// The latency at this percentile \[ms\].
    value: f64,
}

impl Percentile {
    /// Returns a percentile of the curve. Its figure is that of the tables, which are silent where too few requests
    /// were served; in a document without that metric it is taken from the curve.
    fn of(point: &Point, curve: &Curve, share: f64, name: &str) -> Self {
        let value = curve.value(share);
        let label = match point.metrics.get(&format!("e2e_{name}_ms")) {
            Some(known) => {
                known.estimate.filter(|ms| ms.is_finite()).map(|ms| format!("{name} {}", labels::latency(ms)))
            }
            None => Some(format!("{name} {}", labels::latency(value))),
        };
        Self { share, label, value }
    }

    /// Returns the figure of the percentile without its name.
    fn figure(&self) -> Option<&str> {
        self.label.as_ref()?.split_once(' ').map(|(_, figure)| figure)
    }
}

/// An objective or a goal on latency, as a line with its label and its place \[ms\].
struct Line {
    ms: f64,
    label: String,
    mark: Mark,
}

impl Curves {
    fn lines_of(&self, goals: &Goals) -> Vec<Line> {
        let mut lines = Vec::new();
        let objectives = [(goals.ttft, self.ttft.as_ref(), "ttft: "), (goals.e2e, Some(&self.e2e), "")];
        for (ms, curve, what) in objectives {
            if let (Some(ms), Some(curve)) = (ms, curve) {
                let within = labels::percent(curve.share_within(ms));
                let label = format!("{what}{within} within {}", labels::latency(ms));
                lines.push(Line { ms, label, mark: OBJECTIVE });
            }
        }
        if lines.is_empty() {
            lines.extend(goals.bounds.iter().map(|bound| {
                let label = format!("{} at most {}", bound.name, labels::latency(bound.ms));
                Line { ms: bound.ms, label, mark: EXPECTED }
            }));
        }
        lines
    }

    /// Returns the key of the legend for the lines of objectives or goals; `None` if there is no such line.
    fn keys(&self) -> Option<(String, Mark)> {
        let first = self.lines.first()?;
        let name = if first.mark == OBJECTIVE { "objective" } else { "goal" };
        Some((name.to_owned(), first.mark))
    }

    /// Returns the percentiles that are known, with their labels.
    fn marked(&self) -> impl Iterator<Item = (&str, &Percentile)> {
        self.percentiles.iter().filter_map(|mark| Some((mark.label.as_deref()?, mark)))
    }

    fn subtitle(&self, point: &Point) -> String {
        let [half, _, most] = &self.percentiles;
        let mut text = match (half.figure(), most.figure()) {
            (Some(half), Some(most)) => format!("Half are answered within {half}, 99 % within {most}."),
            (Some(half), None) => {
                format!("Half are answered within {half}; too few requests were served for a p99.")
            }
            (None, _) => "Too few requests were served for percentiles.".to_owned(),
        };
        let waiting = point.value("queue_delay_mean_ms").zip(point.value("e2e_mean_ms"));
        match waiting.filter(|(_, whole)| *whole > 0.0).map(|(wait, whole)| wait / whole) {
            Some(share) if share >= 0.0005 => {
                text += &format!(" Waiting makes {} of the mean.", labels::percent(share))
            }
            Some(share) if share > 0.0 => text += " Waiting makes less than 0.05 % of the mean.",
            Some(_) => text += " No served request waited.",
            None => {}
        }
        text
    }

    fn body(&self, canvas: &Canvas<'_>, room: Room) -> Result<(), ChartError> {
        canvas.text(room.left, room.top + 12.0, "share of served requests", LABEL, Ink::Faint, Align::Left)?;
        let plot =
            Room { left: room.left + 46.0, top: room.top + 26.0, right: room.right - 4.0, bottom: room.bottom - 34.0 };
        let panel = canvas.panel(plot, self.times(plot.width()), Axis::tail());
        let middle = f64::midpoint(plot.left, plot.right);
        canvas.text(middle, plot.bottom + 33.0, "time since the request arrived", LABEL, Ink::Faint, Align::Middle)?;

        panel.grid()?;
        if let Some(service) = &self.service {
            // The outline runs up the slower curve and down the other; where they meet there is nothing between them.
            let slower = self.e2e.points.iter().map(|(time, share)| (time.max(service.value(*share)), *share));
            let outline = slower.chain(service.points.iter().rev().copied()).collect();
            panel.area(outline, Ink::Amber)?;
            panel.curve(&service.points, SERVICE)?;
        }
        panel.floor()?;
        for line in &self.lines {
            panel.curve(&[(line.ms, 0.0), (line.ms, TOP_SHARE)], line.mark)?;
        }
        if let Some(ttft) = &self.ttft {
            panel.curve(&ttft.points, TTFT)?;
        }
        panel.curve(&self.e2e.points, E2E)?;
        for (label, mark) in self.marked() {
            panel.dot(mark.value, mark.share, Ink::Blue)?;
            let (x, y) = panel.at(mark.value, mark.share);
            // Below and to the right of a rising curve, and of everything left of it, there is room.
            panel.note(x + LABEL_GAP, y + 13.0, label, STRONG, Ink::Text, Align::Left)?;
        }
        self.names(&panel)
    }

    /// Writes the labels of the lines beside them, where no curve and no other label is.
    fn names(&self, panel: &Panel<'_, '_>) -> Result<(), ChartError> {
        let mut placer = Placer::new(panel.room);
        for curve in [Some(&self.e2e), self.ttft.as_ref(), self.service.as_ref()].into_iter().flatten() {
            let corners: Vec<(f64, f64)> = curve.points.iter().map(|(ms, share)| panel.at(*ms, *share)).collect();
            corners.windows(2).for_each(|ends| keep_off(&mut placer, ends[0], ends[1]));
        }
        for (label, mark) in self.marked() {
            let (x, y) = panel.at(mark.value, mark.share);
            placer.keep_off_line((x, y), (x + LABEL_GAP + STRONG.width(label), y + 16.0));
        }
        for line in &self.lines {
            let (top, bottom) = (panel.at(line.ms, TOP_SHARE), panel.at(line.ms, 0.0));
            placer.keep_off_line(top, bottom);
        }
        for line in &self.lines {
            let heights = [0.75, 0.5, 0.9, 0.97, 0.25, 0.995, 0.05].into_iter().map(|share| panel.at(line.ms, share));
            let place = heights.into_iter().find_map(|(x, y)| placer.place(x, y, &line.label, STRONG));
            let (x, y) = place.unwrap_or_else(|| {
                // Over a curve rather than off the sheet.
                let (x, y) = panel.at(line.ms, 0.0);
                (x.min(panel.room.right - STRONG.width(&line.label)), y - 6.0)
            });
            panel.note(x, y, &line.label, STRONG, Ink::Text, Align::Left)?;
        }
        Ok(())
    }

    /// Returns the axis of times: all that is drawn, with room at its right for the labels of the marks.
    fn times(&self, width: f64) -> Axis {
        let curves = || [Some(&self.e2e), self.ttft.as_ref(), self.service.as_ref()].into_iter().flatten();
        let goals = || self.lines.iter().map(|line| line.ms.min(LONGEST_MS));
        let lo = curves().map(|c| c.least_positive).chain(goals()).fold(f64::INFINITY, f64::min);
        let hi = curves().map(|c| c.value(TOP_SHARE)).chain(goals()).fold(lo, f64::max);
        // More than seven decades would squeeze what matters: it is the slow end.
        let (mut lo, mut hi) = (libm::log10(lo).max(libm::log10(hi) - 7.0) - 0.04, libm::log10(hi) + 0.04);
        let missing = libm::log10(LEAST_RATIO) - (hi - lo);
        if missing > 0.0 {
            (lo, hi) = (lo - missing / 2.0, hi + missing / 2.0);
        }
        for (label, mark) in self.marked() {
            let label = (STRONG.width(label) + LABEL_GAP + 4.0) / width;
            if mark.value > 0.0 {
                hi = hi.max(lo + (libm::log10(mark.value) - lo) / (1.0 - label));
            }
        }
        Axis::latency(libm::exp10(lo), libm::exp10(hi))
    }
}

/// Keeps labels off a piece of a curve \[CSS px\].
fn keep_off(placer: &mut Placer, from: (f64, f64), to: (f64, f64)) {
    let steps = ((to.0 - from.0).abs().max((to.1 - from.1).abs()) / 6.0).ceil().clamp(1.0, 500.0);
    for i in 0..=steps as u32 {
        let t = f64::from(i) / steps;
        placer.keep_off(from.0 + t * (to.0 - from.0), from.1 + t * (to.1 - from.1));
    }
}

/// A distribution made drawable: finite, at least zero, rising.
#[derive(Debug, Clone, PartialEq)]
struct Curve {
    /// The points (time \[ms\], share) of the curve, up to the share at which the axis ends.
    points: Vec<(f64, f64)>,
    least_positive: f64,
    /// The slowest time that is known \[ms\].
    longest: f64,
}

/// The longest time that is drawn as it is \[ms\]: beyond it a time is of no use, and arithmetic could overflow.
const LONGEST_MS: f64 = 1e15;

impl Curve {
    /// Returns the curve of a distribution; `None` when no time is positive, so that there is no logarithm to draw.
    fn of(quantiles: &Quantiles) -> Option<Self> {
        let mut known: Vec<(f64, f64)> = Vec::new();
        for (share, value) in quantiles.shares.iter().zip(&quantiles.values_ms) {
            if share.is_finite() && value.is_finite() {
                let before = known.last().copied().unwrap_or((0.0, 0.0));
                known.push((value.clamp(before.0, LONGEST_MS), share.clamp(before.1, 1.0)));
            }
        }
        let first = known.first()?.0;
        let least_positive = known.iter().map(|p| p.0).find(|v| *v > 1e-6)?;
        let longest = known.last()?.0;
        let top = at_share(&known, TOP_SHARE);
        let mut points = vec![(first, 0.0)];
        points.extend(known.into_iter().filter(|p| p.1 < TOP_SHARE));
        points.push((top, TOP_SHARE));
        Some(Self { points, least_positive, longest })
    }

    /// Returns whether some time of this curve is so much longer than that of another that a line apart is seen.
    fn is_seen_beside(&self, other: &Self) -> bool {
        self.points.iter().any(|(time, share)| *time > other.value(*share) * SEEN_RATIO)
    }

    /// Returns the quantile at a share \[ms\].
    fn value(&self, share: f64) -> f64 {
        at_share(&self.points, share)
    }

    /// Returns the share that is answered within a time, at least.
    fn share_within(&self, ms: f64) -> f64 {
        let after = self.points.partition_point(|p| p.0 <= ms);
        match (after.checked_sub(1).map(|i| self.points[i]), self.points.get(after)) {
            (Some(a), Some(b)) => a.1 + (b.1 - a.1) * (ms - a.0) / (b.0 - a.0),
            (None, _) => 0.0,
            (Some(_), None) if ms >= self.longest => 1.0,
            (Some(_), None) => TOP_SHARE,
        }
    }
}

/// Returns the value at a share, between the points around it; the last value beyond the last point.
fn at_share(points: &[(f64, f64)], share: f64) -> f64 {
    let after = points.partition_point(|p| p.1 < share);
    match (after.checked_sub(1).map(|i| points[i]), points.get(after)) {
        (Some(a), Some(b)) if b.1 > a.1 => a.0 + (b.0 - a.0) * (share - a.1) / (b.1 - a.1),
        (_, Some(b)) => b.0,
        (Some(a), None) => a.0,
        (None, None) => 0.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantile_lies_between_its_neighbours() {
        let points = [(10.0, 0.0), (20.0, 0.5), (40.0, 0.9)];
        for (share, value) in [(0.0, 10.0), (0.25, 15.0), (0.5, 20.0), (0.7, 30.0), (0.99, 40.0)] {
            assert!((at_share(&points, share) - value).abs() < 1e-9, "{share}");
        }
        assert_eq!(at_share(&[], 0.5), 0.0);
    }

    #[test]
    fn a_share_lies_between_its_neighbours() {
        let quantiles =
            Quantiles { count: 9, shares: vec![0.0, 0.5, 0.9, 1.0], values_ms: vec![10.0, 20.0, 40.0, 50.0] };
        let curve = Curve::of(&quantiles).unwrap();
        for (ms, share) in [(5.0, 0.0), (15.0, 0.25), (30.0, 0.7), (50.0, 1.0), (1e9, 1.0)] {
            assert!((curve.share_within(ms) - share).abs() < 1e-9, "{ms}: {}", curve.share_within(ms));
        }
    }

    #[test]
    fn a_distribution_of_zeros_has_no_curve() {
        let zeros = Quantiles { count: 2, shares: vec![0.0, 1.0], values_ms: vec![0.0, 0.0] };
        assert_eq!(Curve::of(&zeros), None);
        assert_eq!(Curve::of(&Quantiles { count: 0, shares: vec![], values_ms: vec![] }), None);
    }
}

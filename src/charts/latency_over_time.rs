//! The chart of latency over time: the median and the tail, by when requests arrived.

use super::axis::Axis;
use super::course::{Course, head, largest, worst};
use super::frame::{self, Align, Canvas, Heading, Ink, LABEL, Mark, Panel, Room, STRONG};
use super::goals::Goals;
use super::{Chart, ChartError, Drawing, Subject, labels, source_over_time};

pub(super) struct LatencyOverTime;

/// The quantiles that are drawn, the slowest first, so that the middle lies over it.
const DRAWN: [(&str, Ink, f64); 3] = [("p99", Ink::Purple, 1.75), ("p95", Ink::Sky, 1.75), ("p50", Ink::Blue, 2.25)];
/// The least ratio that an axis of times spans, so that it has ticks.
const LEAST_RATIO: f64 = 6.0;
/// The end of the lowest bin of latencies over time \[ms\]: a document does not tell latencies below 8.192 ms apart.
const FINEST_MS: f64 = 8.704;
/// The shortest time that is drawn as it is \[ms\]; `LONGEST_MS` is the longest.
const SHORTEST_MS: f64 = 1e-3;
const LONGEST_MS: f64 = 1e12;
/// The number of requests in a column below which its p99 is its slowest request.
const ENOUGH_FOR_P99: f64 = 100.0;

const EXPECTED: Mark = Mark::Dashes(Ink::Text, 1.25);
const OBJECTIVE: Mark = Mark::Line(Ink::Text, 1.25);

impl Chart for LatencyOverTime {
    fn name(&self) -> &'static str {
        "latency_over_time"
    }

    fn shows(&self) -> &'static str {
        "How long full answers took over time: the median and the slowest 5 and 1 %, against the goals."
    }

    fn draw(&self, subject: &Subject<'_>) -> Result<Vec<Drawing>, ChartError> {
        let Some((point, detail)) = subject.detailed() else { return Ok(Vec::new()) };
        let Some(course) = Course::of(subject.results, detail) else { return Ok(Vec::new()) };
        let goals = Goals::of(subject, point, detail);
        let Some(latencies) = Latencies::of(course, goals) else { return Ok(Vec::new()) };
        let mut legend: Vec<_> =
            latencies.seen().rev().map(|l| (l.label.clone(), Mark::Line(l.ink, l.width))).collect();
        if latencies.goals.e2e.is_some() {
            legend.push(("objective".to_owned(), OBJECTIVE));
        }
        if !latencies.goals.bounds.is_empty() {
            legend.push(("goal".to_owned(), EXPECTED));
        }
        let heading = Heading {
            name: self.name().to_owned(),
            title: "How long answers took over time".to_owned(),
            subtitle: latencies.subtitle(),
            legend,
            source: latencies.with_caution(source_over_time(subject.results, point)),
            height: 380.0,
        };
        Ok(vec![frame::draw(&heading, |canvas, room| latencies.body(canvas, room))?])
    }
}

/// A quantile of latency in each column \[ms\]; 0 where no request was served.
struct Line {
    name: &'static str,
    /// The name of the quantile, with those of the slower ones that it covers; empty when a faster one covers it.
    label: String,
    ink: Ink,
    width: f64,
    values: Vec<f64>,
}

struct Latencies<'d> {
    course: Course<'d>,
    lines: Vec<Line>,
    goals: Goals,
}

impl<'d> Latencies<'d> {
    /// Returns the lines of the chart; `None`: the document has no latency over time.
    fn of(course: Course<'d>, goals: Goals) -> Option<Self> {
        let known = |v: f64| if v > 0.0 { v.clamp(SHORTEST_MS, LONGEST_MS) } else { 0.0 };
        let of = |(name, ink, width): (&'static str, Ink, f64)| {
            let values = course.mean(&format!("total.e2e_{name}_ms"))?.into_iter().map(known).collect::<Vec<f64>>();
            (largest(&values) > 0.0).then(|| Line { name, label: name.to_owned(), ink, width, values })
        };
        let mut lines: Vec<Line> = DRAWN.into_iter().filter_map(of).collect();
        for i in 1..lines.len() {
            if lines[i].values == lines[i - 1].values {
                let covered = std::mem::take(&mut lines[i - 1].label);
                lines[i].label += &format!(", {covered}");
            }
        }
        (!lines.is_empty()).then_some(Self { course, lines, goals })
    }

    /// Returns the lines that no other covers.
    fn seen(&self) -> impl DoubleEndedIterator<Item = &Line> {
        self.lines.iter().filter(|line| !line.label.is_empty())
    }

    fn subtitle(&self) -> String {
        let slowest = &self.lines[0];
        let served: Vec<f64> = slowest.values.iter().copied().filter(|v| *v > 0.0).collect();
        let mut sorted = served.clone();
        sorted.sort_by(f64::total_cmp);
        let width = self.course.width();
        let median = labels::about(sorted[(sorted.len() - 1) / 2]);
        let mut text = format!("In the median {width} {} was {median}", slowest.name);
        if let Some(at) = worst(&slowest.values) {
            let (most, when) = (labels::about(slowest.values[at]), self.course.when(at));
            match served.len() {
                1 => text = format!("Answers in one {width} alone ({when}): {} was {most}", slowest.name),
                _ => text += &format!("; in the worst ({when}) it was {most}"),
            }
        }
        text += ".";
        let bounds = self.goals.bounds.iter().map(|bound| {
            let what = format!("the goal of {}", labels::latency(bound.ms));
            (bound.name, bound.ms, what)
        });
        let objective = self.goals.e2e.map(|ms| {
            let what = format!("the objective of {}", labels::latency(ms));
            (self.goals.percentile, ms, what)
        });
        for (name, ms, what) in objective.into_iter().chain(bounds) {
            let Some(line) = self.lines.iter().find(|l| l.name == name) else { continue };
            let over = line.values.iter().filter(|v| **v > ms).count() as f64 / served.len() as f64;
            text += &match over {
                0.0 => format!(" {name} never exceeded {what}."),
                _ => format!(" {name} exceeded {what} in {} of the time.", labels::percent(over)),
            };
        }
        text
    }

    /// Returns the source line, preceded by what a thin column means for its tail.
    fn with_caution(&self, source: String) -> String {
        let scale = self.course.columns.width_s / 60.0;
        let served = self.served();
        let thin = served.iter().any(|a| *a > 0.0 && a * scale < ENOUGH_FOR_P99);
        let thin = thin.then(|| format!("with under 100 answers in {}, p99 is its slowest", self.course.span()));
        let is_fine = self.lines.iter().flat_map(|l| &l.values).any(|v| *v > 0.0 && *v < FINEST_MS);
        let fine = is_fine.then(|| "times under 8 ms are drawn as 8 ms".to_owned());
        thin.into_iter().chain(fine).chain([source]).filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" · ")
    }

    /// Returns the answers per minute by column, as far as the document shows: the arrivals that a capacity took.
    fn served(&self) -> Vec<f64> {
        let arrived = self.course.mean("total.arrivals_per_min").unwrap_or_default();
        let taken = self.course.each("capacities.", ".admitted_per_min");
        let taken = |i: usize| taken.iter().map(|(_, values)| values[i]).sum::<f64>();
        arrived.iter().enumerate().map(|(i, a)| if taken(i) > 0.0 { a.min(taken(i)) } else { *a }).collect()
    }

    fn axis(&self) -> Axis {
        let drawn = || self.lines.iter().flat_map(|l| l.values.iter().copied()).filter(|v| *v > 0.0);
        let bounds = self.goals.bounds.iter().map(|bound| bound.ms);
        let goals: Vec<f64> = bounds.chain(self.goals.e2e).map(|ms| ms.clamp(SHORTEST_MS, LONGEST_MS)).collect();
        let lo = drawn().chain(goals.iter().copied()).fold(LONGEST_MS, f64::min);
        let hi = drawn().chain(goals.iter().copied()).fold(lo, f64::max);
        let (mut lo, mut hi) = (libm::log10(lo) - 0.06, libm::log10(hi) + 0.1);
        let missing = libm::log10(LEAST_RATIO) - (hi - lo);
        if missing > 0.0 {
            (lo, hi) = (lo - missing / 2.0, hi + missing / 2.0);
        }
        Axis::latency(libm::exp10(lo), libm::exp10(hi))
    }

    fn body(&self, canvas: &Canvas<'_>, room: Room) -> Result<(), ChartError> {
        let mut room = self.course.clock(canvas, room)?;
        room.top += 24.0;
        room.right -= self.seen().map(|line| LABEL.width(&line.label) + 9.0).fold(34.0, f64::max);
        let panel = canvas.panel(room, self.course.axis(true), self.axis());
        head(canvas, room, "", "e2e of the served requests, by when they arrived")?;
        panel.grid()?;
        for line in self.seen() {
            let values = line.values.iter().map(|v| (*v > 0.0).then_some(*v));
            self.course.line(&panel, values, (line.ink, line.width))?;
        }
        let bounds = self.goals.bounds.iter().map(|bound| (format!("{} at most", bound.name), bound.ms, EXPECTED));
        let objective = self.goals.e2e.map(|ms| ("objective".to_owned(), ms, OBJECTIVE));
        for (name, ms, mark) in objective.into_iter().chain(bounds) {
            self.course.level(&panel, ms, mark)?;
            let (left, y) = panel.at(self.course.columns.edges[0], ms);
            let text = format!("{name} {}", labels::latency(ms));
            panel.note(left + 6.0, y - 5.0, &text, STRONG, Ink::Text, Align::Left)?;
        }
        panel.floor()?;
        self.names(&panel)?;
        self.course.tips(&panel, &self.lines[0].values, |i| self.told(i));
        Ok(())
    }

    /// Writes each line's name at its right end, moved apart where lines end close together.
    fn names(&self, panel: &Panel<'_, '_>) -> Result<(), ChartError> {
        let mut above = panel.room.top - 12.0;
        for line in self.seen() {
            let Some(end) = line.values.iter().rev().copied().find(|v| *v > 0.0) else { continue };
            let (_, y) = panel.at(0.0, end);
            above = (y + 4.0).max(above + 13.0);
            panel.canvas.text(panel.room.right + 6.0, above, &line.label, LABEL, Ink::Text, Align::Left)?;
        }
        Ok(())
    }

    fn told(&self, column: usize) -> String {
        let known = self.lines.iter().rev().filter(|l| l.values[column] > 0.0);
        let each: Vec<String> = known.map(|l| format!("{} {}", l.name, labels::about(l.values[column]))).collect();
        if each.is_empty() { "nobody who arrived was served".to_owned() } else { each.join(", ") }
    }
}

//! The chart of the differences between two scenarios, and of which of them exceed the sampling error.

use super::axis::Axis;
use super::frame::{self, Align, Canvas, Heading, Ink, LABEL, MARGIN, Mark, Panel, Room, STRONG, WIDTH};
use super::study::{Measure, spaced};
use super::style::drawable;
use super::{Chart, ChartError, Drawing, Subject, labels};
use crate::results::{Comparison, Side};
use crate::terms::{Better, Unit};

pub(super) struct CompareDifferences;

const MOST_ROWS: usize = 20;
/// The multiple of a beyond which a row ends in an arrow, so that the others keep their room \[1\].
const FARTHEST: f64 = 2.0;
/// The least share of a that the axis reaches on either side, so that no small difference looks large \[1\].
const NEAREST: f64 = 0.05;
/// The height of a row \[CSS px\].
const ROW: f64 = 23.0;
/// The height of a row whose name takes two lines \[CSS px\].
const TALL_ROW: f64 = 31.0;
const NAME_LINE: f64 = 13.0;
const HEAD_LINE: f64 = 14.0;
/// The panel keeps so much beside the columns of text, and they keep so much between them.
const LEAST_PANEL: f64 = 176.0;
const BETWEEN: f64 = 12.0;

impl Chart for CompareDifferences {
    fn name(&self) -> &'static str {
        "compare_differences"
    }

    fn shows(&self) -> &'static str {
        "What is better, what is worse, and what is within the sampling error between two scenarios."
    }

    fn draw(&self, subject: &Subject<'_>) -> Result<Vec<Drawing>, ChartError> {
        let Some(comparison) = &subject.results.comparison else { return Ok(Vec::new()) };
        let rows = rows(comparison);
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let heading = Heading {
            name: self.name().to_owned(),
            title: format!("{} compared with {}", comparison.b.name, comparison.a.name),
            subtitle: subtitle(comparison, &rows),
            legend: legend(&rows, &comparison.b.name),
            source: sides(comparison),
            height: 190.0 + Columns::of(&rows).row() * rows.len() as f64,
        };
        Ok(vec![frame::draw(&heading, |canvas, room| body(canvas, room, (comparison, &rows)))?])
    }
}

/// A row of the chart: one metric on both sides.
struct Line {
    measure: Measure,
    a: f64,
    b: f64,
    difference: f64,
    half: Option<f64>,
    ink: Ink,
}

impl Line {
    /// Returns the row of a metric; `None`: the metric is not known on both sides, or is zero on both.
    fn of(name: &str, comparison: &Comparison) -> Option<Self> {
        let known = comparison.differences.get(name)?;
        let finite = |x: Option<f64>| x.filter(|x| x.is_finite()).map(super::axis::tame);
        let (a, b, difference) = (finite(known.a)?, finite(known.b)?, finite(known.difference)?);
        if a == 0.0 && b == 0.0 {
            return None;
        }
        let measure = Measure::named(name);
        let is_judged = comparison.matters(known) && !comparison.follows_service(&comparison.differences, name);
        let ink = match (is_judged, measure.better) {
            (true, Better::Lower) => {
                if difference < 0.0 {
                    Ink::Blue
                } else {
                    Ink::Vermillion
                }
            }
            (true, Better::Higher) => {
                if difference > 0.0 {
                    Ink::Blue
                } else {
                    Ink::Vermillion
                }
            }
            _ => Ink::Slate,
        };
        let half = finite(known.half_width).filter(|half| *half > 0.0);
        Some(Self { measure, a, b, difference, half, ink })
    }

    /// Returns the lower end, the middle and the upper end of the difference as shares of a; `None`: a is zero.
    fn shares(&self) -> Option<(f64, f64, f64)> {
        let half = self.half.unwrap_or(0.0);
        let share = |x: f64| super::axis::tame(x / self.a.abs());
        (self.a != 0.0).then(|| (share(self.difference - half), share(self.difference), share(self.difference + half)))
    }

    /// Returns the figures of both sides, such as `12 % to 0.3 %`.
    fn figure(&self) -> String {
        format!("{} to {}", self.measure.figure(self.a), self.measure.figure(self.b))
    }

    /// Returns the difference, such as `+22.6 pp ±2.5 pp`: shares differ by percentage points.
    fn by(&self) -> String {
        labels::difference(self.difference, self.half, self.measure.unit)
    }

    fn told(&self) -> String {
        format!("{}: {}, {}", self.measure.words(), self.figure(), self.by())
    }
}

/// The columns of text beside the panel: names, both figures, and their difference \[CSS px\].
struct Columns {
    names: f64,
    both: f64,
    difference: f64,
    /// True if a name takes two lines.
    is_tall: bool,
}

impl Columns {
    /// Returns columns as wide as their texts. The names, which can be broken, take the room that is left.
    fn of(rows: &[Line]) -> Self {
        let widest = |text: &dyn Fn(&Line) -> String| {
            rows.iter().map(|row| LABEL.width(&drawable(&text(row)))).fold(0.0, f64::max).ceil() + 1.0
        };
        let both = widest(&Line::figure).clamp(80.0, 170.0);
        let difference = widest(&Line::by).clamp(60.0, 160.0);
        let room = WIDTH - 2.0 * MARGIN - LEAST_PANEL - both - difference - 3.0 * BETWEEN;
        let needed = widest(&|row| row.measure.words());
        Self { names: needed.min(room).max(80.0), both, difference, is_tall: needed > room }
    }

    fn row(&self) -> f64 {
        if self.is_tall { TALL_ROW } else { ROW }
    }

    /// Returns the width that is taken right of the panel \[CSS px\].
    fn right(&self) -> f64 {
        self.both + self.difference + 2.0 * BETWEEN
    }
}

/// Returns the rows of the chart: first the metrics that decide of the whole, then those of the expectations.
fn rows(comparison: &Comparison) -> Vec<Line> {
    let mut names: Vec<&str> = comparison.deciding();
    for expected in &comparison.expectations {
        if !names.contains(&expected.metric.as_str()) {
            names.push(&expected.metric);
        }
    }
    names.iter().filter_map(|name| Line::of(name, comparison)).take(MOST_ROWS).collect()
}

fn sides(comparison: &Comparison) -> String {
    // What is set on both sides is not what differs.
    let told = |side: &Side, other: &Side| {
        let name = &side.name;
        let own = side.scenario.overrides.iter().filter(|set| !other.scenario.overrides.contains(set));
        let set = own.cloned().collect::<Vec<_>>().join(", ");
        let set = if set.is_empty() { String::new() } else { format!(" with {set}") };
        format!("{name}: {}{set}", side.scenario.file)
    };
    format!("{} · {}", told(&comparison.a, &comparison.b), told(&comparison.b, &comparison.a))
}

fn subtitle(comparison: &Comparison, rows: &[Line]) -> String {
    let count = |ink: Ink| rows.iter().filter(|row| row.ink == ink).count();
    let (better, worse) = (count(Ink::Blue), count(Ink::Vermillion));
    let even = rows.len() - better - worse;
    let b = &comparison.b.name;
    let text = match (better, worse) {
        _ if rows.iter().all(|row| row.difference == 0.0) => format!("None of {} metrics differs", rows.len()),
        (0, 0) => format!("None of {} metrics is better or worse beyond sampling error and tolerance", rows.len()),
        _ if even > 0 => {
            let have = if even == 1 { "has" } else { "have" };
            format!(
                "Of {} metrics {b} is better in {better} and worse in {worse}; {even} cannot be told apart or {have} no \
                 better side",
                rows.len()
            )
        }
        _ => format!("Of {} metrics {b} is better in {better} and worse in {worse}", rows.len()),
    };
    let samples = match (comparison.paired, comparison.same_requests) {
        (true, true) => "the same requests on both sides",
        (true, false) => "the same random numbers on both sides",
        (false, _) => "two independent samples",
    };
    format!("{text}. Intervals at {}, {samples}.", labels::percent(comparison.confidence))
}

fn legend(rows: &[Line], b: &str) -> Vec<(String, Mark)> {
    let kinds = [
        (Ink::Blue, format!("{b} is better")),
        (Ink::Vermillion, format!("{b} is worse")),
        (Ink::Slate, "not told apart, or no better side".to_owned()),
    ];
    let seen = kinds.into_iter().filter(|(ink, _)| rows.iter().any(|row| row.ink == *ink));
    seen.map(|(ink, text)| (text, Mark::Line(ink, 2.5))).collect()
}

fn body(canvas: &Canvas<'_>, room: Room, (comparison, rows): (&Comparison, &[Line])) -> Result<(), ChartError> {
    let columns = Columns::of(rows);
    let (a, b) = (&comparison.a.name, &comparison.b.name);
    let heads = LABEL.wrap(&drawable(&format!("{a} to {b}")), columns.both + LEAST_PANEL / 2.0, 2);
    let plot = room.inset(columns.names + BETWEEN, 6.0 + HEAD_LINE * heads.len() as f64, columns.right(), 36.0);
    let reach = rows.iter().filter_map(Line::shares).map(|(lo, _, hi)| lo.abs().max(hi.abs())).fold(0.0, f64::max);
    let reach = (reach * 1.08).clamp(NEAREST, FARTHEST);
    let label = |at: f64| format!("{}{}", if at > 1e-12 { "+" } else { "" }, labels::tick(at, Unit::Fraction));
    let x = Axis::span(-reach, reach, 5.0, label);
    let panel = canvas.panel(plot, spaced(&x, plot.width()), Axis::categories(&vec![String::new(); rows.len()]));
    panel.grid()?;
    let share = format!("change, as a share of {a}");
    let (zero, _) = panel.at(0.0, 0.0);
    canvas.line((zero, plot.top), (zero, plot.bottom), Ink::Rule, 1.25)?;
    for (i, head) in heads.iter().rev().enumerate() {
        let y = plot.top - 6.0 - HEAD_LINE * i as f64;
        canvas.text(room.right - columns.difference - BETWEEN, y, head, LABEL, Ink::Faint, Align::Right)?;
    }
    canvas.text(room.right, plot.top - 6.0, "difference", LABEL, Ink::Faint, Align::Right)?;
    let middle = f64::midpoint(plot.left, plot.right);
    canvas.text(
        middle,
        plot.bottom + 33.0,
        &LABEL.fit(&share, plot.width() + 60.0),
        LABEL,
        Ink::Faint,
        Align::Middle,
    )?;
    for (i, row) in rows.iter().enumerate() {
        draw_row(&panel, row, (rows.len() - 1 - i) as f64, reach, (room, &columns))?;
    }
    Ok(())
}

/// Draws the texts of a row beside the panel.
fn write_row(canvas: &Canvas<'_>, row: &Line, at: f64, (room, columns): (Room, &Columns)) -> Result<(), ChartError> {
    let name = LABEL.wrap(&drawable(&row.measure.words()), columns.names, 2);
    let first = at + 4.0 - NAME_LINE / 2.0 * name.len().saturating_sub(1) as f64;
    for (i, line) in name.iter().enumerate() {
        canvas.text(room.left, first + NAME_LINE * i as f64, line, LABEL, Ink::Text, Align::Left)?;
    }
    let both = LABEL.fit(&row.figure(), columns.both);
    canvas.text(room.right - columns.difference - BETWEEN, at + 4.0, &both, LABEL, Ink::Text, Align::Right)?;
    canvas.text(room.right, at + 4.0, &LABEL.fit(&row.by(), columns.difference), LABEL, row.ink, Align::Right)
}

fn draw_row(panel: &Panel<'_, '_>, row: &Line, y: f64, reach: f64, beside: (Room, &Columns)) -> Result<(), ChartError> {
    let canvas = panel.canvas;
    let (_, at) = panel.at(0.0, y);
    write_row(canvas, row, at, beside)?;
    let Some((lo, middle, hi)) = row.shares() else {
        // Nothing is no measure of something: which way it goes is all that can be said.
        let text = if row.difference > 0.0 { "up from nothing" } else { "down from nothing" };
        let (zero, _) = panel.at(0.0, y);
        panel.tip(0.0, y, row.told());
        return panel.note(zero + 6.0, at + 4.0, text, LABEL, row.ink, Align::Left);
    };
    let ((left, _), (right, _)) = (panel.at(lo, y), panel.at(hi, y));
    canvas.line((left, at), (right, at), row.ink, 2.25)?;
    let ends = [(lo, left), (hi, right)].into_iter().filter(|(end, _)| end.abs() <= reach && row.half.is_some());
    for (_, x) in ends {
        canvas.line((x, at - 4.0), (x, at + 4.0), row.ink, 1.5)?;
    }
    panel.tip(middle, y, row.told());
    if middle.abs() > reach {
        let share = labels::tick((middle * 100.0).round() / 100.0, Unit::Fraction);
        let (text, align, x) = if middle > 0.0 {
            (format!("+{share} →"), Align::Right, panel.room.right)
        } else {
            (format!("← {share}"), Align::Left, panel.room.left)
        };
        return panel.note(x, at + 4.0, &text, STRONG, row.ink, align);
    }
    panel.dot(middle, y, row.ink)
}

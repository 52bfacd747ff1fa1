//! The chart of how far each unknown moves the metric of the tightest expectation, and of what flips the verdict.

use super::axis::tame;
use super::frame::{self, Align, Canvas, Heading, Ink, LABEL, Mark, Panel, Room, STRONG};
use super::study::{Measure, last_of, written};
use super::{Chart, ChartError, Drawing, Subject, labels};
use crate::results::{Condition, Doubt, Flip, Influence, Judgement};

pub(super) struct DoubtTornado;

const MOST_ROWS: usize = 12;
const MOST_FLIPS: usize = 6;
/// The height of a row \[CSS px\].
const ROW: f64 = 34.0;
const LINE: f64 = 17.0;
const GUTTER: f64 = 150.0;
/// The room at either side of the bars for the values at their ends \[CSS px\]. In columns, the values cover neither a
/// bound nor each other.
const LABEL_ROOM: f64 = 112.0;
const AS_WRITTEN: Mark = Mark::Dashes(Ink::Slate, 1.5);

impl Chart for DoubtTornado {
    fn name(&self) -> &'static str {
        "doubt_tornado"
    }

    fn shows(&self) -> &'static str {
        "Which unpublished rule or input moves the answer most, and whether it moves the answer across a goal."
    }

    fn draw(&self, subject: &Subject<'_>) -> Result<Vec<Drawing>, ChartError> {
        let Some(doubt) = &subject.results.doubt else { return Ok(Vec::new()) };
        let Some(tornado) = Tornado::of(doubt, subject) else { return Ok(Vec::new()) };
        let heading = Heading {
            name: self.name().to_owned(),
            title: format!("What is not known, and how far it moves {}", tornado.measure.words()),
            subtitle: tornado.subtitle(),
            legend: tornado.legend(),
            source: subject.results.scenario.title.clone(),
            height: 186.0 + ROW * tornado.rows.len() as f64 + LINE * tornado.flips.len() as f64,
        };
        Ok(vec![frame::draw(&heading, |canvas, room| tornado.body(canvas, room))?])
    }
}

struct Tornado<'d> {
    measure: Measure,
    /// The widest first.
    rows: Vec<&'d Influence>,
    all: usize,
    /// A line of text each.
    flips: Vec<String>,
}

impl<'d> Tornado<'d> {
    /// Returns the tornado of a document; `None`: no unknown moves the metric, or no figure is known.
    fn of(doubt: &'d Doubt, subject: &Subject<'_>) -> Option<Self> {
        let metric = &doubt.tornado.first()?.metric;
        let is_known = |row: &&Influence| [row.base, row.low, row.high].iter().all(|x| x.is_finite());
        let mut rows: Vec<&Influence> =
            doubt.tornado.iter().filter(|row| row.metric == *metric).filter(is_known).collect();
        rows.sort_by(|a, b| (b.high - b.low).total_cmp(&(a.high - a.low)));
        let all = rows.len();
        rows.truncate(MOST_ROWS);
        let of_points = subject.points.iter().flat_map(|point| &point.expectations);
        let expected = subject.results.expectations.iter().chain(of_points).find(|e| e.metric == *metric);
        let measure = expected.map_or_else(|| Measure::named(metric), Measure::expected);
        let mut flips: Vec<String> = doubt.flips.iter().take(MOST_FLIPS).map(told).collect();
        if doubt.flips.len() > MOST_FLIPS {
            flips.push(format!("and {} more", doubt.flips.len() - MOST_FLIPS));
        }
        (!rows.is_empty()).then_some(Self { measure, rows, all, flips })
    }

    fn subtitle(&self) -> String {
        let Some(first) = self.rows.first() else { return String::new() };
        let (base, low, high) =
            (self.measure.figure(first.base), self.measure.figure(first.low), self.measure.figure(first.high));
        let mut text = match low == high {
            true => format!("As written {base}; no unpublished rule moves it by itself."),
            false => format!("As written {base}; {} alone moves it from {low} to {high}.", first.path),
        };
        if self.flips.is_empty() {
            text += " Nothing of it flips the verdict.";
        }
        if self.all > self.rows.len() {
            text += &format!(" The widest {} of {}.", self.rows.len(), self.all);
        }
        text
    }

    fn legend(&self) -> Vec<(String, Mark)> {
        let bars = if self.measure.bounds.is_empty() { "range" } else { "within bounds" };
        let mut legend = Vec::new();
        // What moves nothing is a mark of the same colour.
        if self.rows.iter().any(|row| self.pieces(row).iter().any(|piece| piece.2 == Ink::Blue)) {
            legend.push((bars.to_owned(), Mark::Area(Ink::Blue)));
        }
        if self.rows.iter().any(|row| self.pieces(row).iter().any(|piece| piece.2 == Ink::Vermillion)) {
            legend.push(("out of bounds".to_owned(), Mark::Area(Ink::Vermillion)));
        }
        legend.push(("as written".to_owned(), AS_WRITTEN));
        legend.extend(self.measure.key_of_bounds());
        legend
    }

    /// Returns the bar of a row, cut at the bounds that are expected.
    fn pieces(&self, row: &Influence) -> Vec<(f64, f64, Ink)> {
        let mut ends = vec![row.low, row.high];
        ends.extend(self.measure.bounds.iter().map(|b| b.1).filter(|b| row.low < *b && *b < row.high));
        ends.sort_by(f64::total_cmp);
        let breaks = |x: f64| {
            self.measure.bounds.iter().any(|(word, bound)| if *word == "at most" { x > *bound } else { x < *bound })
        };
        let ink = |a: f64, b: f64| if breaks(f64::midpoint(a, b)) { Ink::Vermillion } else { Ink::Blue };
        ends.windows(2).map(|w| (tame(w[0]), tame(w[1]), ink(w[0], w[1]))).collect()
    }

    fn body(&self, canvas: &Canvas<'_>, room: Room) -> Result<(), ChartError> {
        let text_height = if self.flips.is_empty() { 0.0 } else { 20.0 + LINE * self.flips.len() as f64 };
        let plot = room.inset(GUTTER + LABEL_ROOM, 14.0, LABEL_ROOM, text_height + 24.0);
        let values = self.rows.iter().flat_map(|row| [row.base, row.low, row.high]);
        let names = vec![String::new(); self.rows.len()];
        let panel = canvas.panel(plot, self.measure.axis_of(values, 3.0), super::axis::Axis::categories(&names));
        panel.grid()?;
        for (_, bound) in &self.measure.bounds {
            let (x, _) = panel.at(*bound, 0.0);
            canvas.line((x, plot.top), (x, plot.bottom), Ink::Text, 1.25)?;
        }
        for (i, row) in self.rows.iter().enumerate() {
            self.row(&panel, row, (self.rows.len() - 1 - i) as f64, room)?;
        }
        if let Some(first) = self.rows.first() {
            let line = [(tame(first.base), -0.5), (tame(first.base), self.rows.len() as f64 - 0.5)];
            panel.curve(&line, AS_WRITTEN)?;
        }
        let top = room.bottom - text_height;
        if !self.flips.is_empty() {
            canvas.text(room.left, top + 16.0, "What flips the verdict", STRONG, Ink::Text, Align::Left)?;
        }
        for (i, flip) in self.flips.iter().enumerate() {
            let text = LABEL.fit(flip, room.width());
            canvas.text(room.left, top + 17.0 + LINE * (i + 1) as f64, &text, LABEL, Ink::Text, Align::Left)?;
        }
        Ok(())
    }

    fn row(&self, panel: &Panel<'_, '_>, row: &Influence, y: f64, room: Room) -> Result<(), ChartError> {
        let canvas = panel.canvas;
        for (from, to, ink) in self.pieces(row) {
            panel.bar((from, y - 0.28), (to, y + 0.28), ink)?;
        }
        let ((left, at), (right, _)) = (panel.at(tame(row.low), y), panel.at(tame(row.high), y));
        if right - left < 2.0 {
            canvas.rect(Room { left: left - 1.0, right: left + 1.0, top: at - 9.0, bottom: at + 9.0 }, Ink::Blue)?;
        }
        // The owner above the key: two short lines are legible where one long one would be cut.
        let (owner, key) = row.path.rsplit_once('.').map_or(("", row.path.as_str()), |(owner, key)| (owner, key));
        let (owner, key) = (LABEL.fit_ends(owner, GUTTER), STRONG.fit(key, GUTTER));
        canvas.text(room.left, at - 2.0, &key, STRONG, Ink::Text, Align::Left)?;
        canvas.text(room.left, at + 12.0, &owner, LABEL, Ink::Faint, Align::Left)?;
        let ends = [
            (panel.room.left - 9.0, row.low, &row.at_low, Align::Right),
            (panel.room.right + 9.0, row.high, &row.at_high, Align::Left),
        ];
        // What moves nothing has one value, whatever it is.
        let is_still = row.low == row.high;
        for (x, value, cause, align) in ends.into_iter().skip(usize::from(is_still)) {
            let cause = match cause {
                _ if is_still => "whatever it is".to_owned(),
                Some(cause) => format!("at {}", written(cause)),
                None => "as written".to_owned(),
            };
            let figure = STRONG.fit(&self.measure.figure(value), LABEL_ROOM - 12.0);
            canvas.text(x, at - 2.0, &figure, STRONG, Ink::Text, align)?;
            canvas.text(x, at + 12.0, &LABEL.fit(&cause, LABEL_ROOM - 12.0), LABEL, Ink::Faint, align)?;
        }
        let told = format!("{}: {} to {}", row.path, self.measure.figure(row.low), self.measure.figure(row.high));
        panel.tip(tame(row.base), y, told);
        Ok(())
    }
}

/// States in a sentence the condition under which the verdict on the goals changes.
fn told(flip: &Flip) -> String {
    let verdict = match flip.verdict {
        Judgement::Held => "The goals hold",
        Judgement::Failed => "The goals fail",
        Judgement::Inconclusive => "The goals are undecided",
    };
    let conditions: Vec<String> = flip.conditions.iter().map(condition).collect();
    let together = if conditions.len() > 1 { ", only together" } else { "" };
    format!("{verdict} with {}{together}.", conditions.join(" and "))
}

fn condition(condition: &Condition) -> String {
    let path = if condition.path.len() > 60 { last_of(&condition.path) } else { &condition.path };
    let values: Vec<String> = condition.values.iter().map(written).collect();
    match (condition.below, condition.above) {
        (Some(below), Some(above)) => {
            format!("{path} below {} or above {}", labels::amount(below), labels::amount(above))
        }
        (Some(below), None) => format!("{path} below {}", labels::amount(below)),
        (None, Some(above)) => format!("{path} above {}", labels::amount(above)),
        (None, None) => format!("{path} {}", values.join(" or ")),
    }
}

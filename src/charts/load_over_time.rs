//! The chart of arrivals over time against the attempts that retries make of them. Below it, a second panel has the
//! requests in flight and those that wait in queues.

use super::axis::Axis;
use super::course::{Course, GAP, GUTTER, head, largest, total, worst};
use super::frame::{self, Align, Canvas, Heading, Ink, Mark, Panel, Room, STRONG};
use super::{Chart, ChartError, Drawing, Subject, labels, source_over_time};

pub(super) struct LoadOverTime;

/// The fewest calls of a column whose amplification is marked, as in the metrics of the worst minute.
const FEWEST_CALLS: f64 = 20.0;
/// The height of the lower panel \[CSS px\].
const STRIP_HEIGHT: f64 = 70.0;

const FIRST: Mark = Mark::Area(Ink::Blue);
const RETRIES: Mark = Mark::Area(Ink::Amber);
const ARRIVALS: Mark = Mark::Line(Ink::Text, 1.25);

impl Chart for LoadOverTime {
    fn name(&self) -> &'static str {
        "load_over_time"
    }

    fn shows(&self) -> &'static str {
        "How many requests arrived over time, how many attempts retries made of them, and how much was in flight or waited."
    }

    fn draw(&self, subject: &Subject<'_>) -> Result<Vec<Drawing>, ChartError> {
        let Some((point, detail)) = subject.detailed() else { return Ok(Vec::new()) };
        let Some(load) = Course::of(subject.results, detail).and_then(Load::of) else { return Ok(Vec::new()) };
        if largest(&load.arrivals).max(largest(&load.attempts)) <= 0.0 {
            return Ok(Vec::new());
        }
        let differ = load.arrivals_differ();
        let first = if differ { "first attempts" } else { "arrivals, and their first attempts" };
        let mut legend = vec![(first.to_owned(), FIRST)];
        if total(&load.attempts) > total(&load.calls) {
            legend.push(("added by retries".to_owned(), RETRIES));
        }
        if differ {
            legend.push(("arrivals".to_owned(), ARRIVALS));
        }
        if largest(&load.waiting) > 0.0 {
            legend.push(("waiting in queues".to_owned(), RETRIES));
        }
        let heading = Heading {
            name: self.name().to_owned(),
            title: "Load over time".to_owned(),
            subtitle: load.subtitle(),
            legend,
            source: source_over_time(subject.results, point),
            height: if load.has_strip() { 460.0 } else { 360.0 },
        };
        Ok(vec![frame::draw(&heading, |canvas, room| load.body(canvas, room))?])
    }
}

struct Load<'d> {
    course: Course<'d>,
    /// The arrivals per minute in each column, as are `calls` and `attempts`.
    arrivals: Vec<f64>,
    calls: Vec<f64>,
    attempts: Vec<f64>,
    /// The requests in flight in each column, over all capacities.
    in_flight: Vec<f64>,
    waiting: Vec<f64>,
}

impl<'d> Load<'d> {
    /// Returns the load of a document; `None`: the document does not say what arrived or what was sent.
    fn of(course: Course<'d>) -> Option<Self> {
        let arrivals = course.mean("total.arrivals_per_min")?;
        let attempts = course.mean("total.attempts_per_min")?;
        let calls = course.mean("total.calls_per_min").unwrap_or_else(|| arrivals.clone());
        let sum = |stem: &str| {
            let mut sum = vec![0.0; arrivals.len()];
            for (_, values) in course.each("capacities.", stem) {
                sum.iter_mut().zip(&values).for_each(|(sum, v)| *sum += v);
            }
            sum
        };
        let (in_flight, waiting) = (sum(".in_flight"), sum(".waiting"));
        Some(Self { course, arrivals, calls, attempts, in_flight, waiting })
    }

    fn has_strip(&self) -> bool {
        largest(&self.in_flight) + largest(&self.waiting) > 0.0
    }

    /// Returns whether calls differ from arrivals: clients may hold requests back, and a pipeline makes several calls.
    fn arrivals_differ(&self) -> bool {
        let differ = self.arrivals.iter().zip(&self.calls).map(|(a, c)| (a - c).abs());
        differ.sum::<f64>() > total(&self.arrivals) * 0.005
    }

    /// Returns the attempts per call in a column; `None` where there are too few calls.
    fn amplification(&self, column: usize) -> Option<f64> {
        let enough = self.calls[column] * self.course.columns.width_s / 60.0 >= FEWEST_CALLS;
        let ratio = self.attempts[column] / self.calls[column];
        (enough && ratio.is_finite()).then_some(ratio)
    }

    /// Returns the column with the most attempts per call, and that ratio; `None`: there were no retries.
    fn worst(&self) -> Option<(usize, f64)> {
        let ratios: Vec<f64> = (0..self.calls.len()).map(|i| self.amplification(i).unwrap_or(0.0)).collect();
        let at = worst(&ratios)?;
        (ratios[at] >= 1.005).then_some((at, ratios[at]))
    }

    fn subtitle(&self) -> String {
        let n = self.arrivals.len() as f64;
        let mean = total(&self.arrivals) / n;
        let text = format!(
            "{} requests arrived a minute on average, at most {}.",
            labels::amount(mean),
            labels::amount(largest(&self.arrivals))
        );
        let ratio = total(&self.attempts) / total(&self.calls);
        text + &retries(ratio, self.worst().map(|(at, most)| (most, self.course.width(), self.course.when(at))))
    }

    fn body(&self, canvas: &Canvas<'_>, room: Room) -> Result<(), ChartError> {
        let mut room = self.course.clock(canvas, room)?;
        if self.has_strip() {
            self.strip(canvas, Room { top: room.bottom - STRIP_HEIGHT, ..room })?;
            room.bottom -= STRIP_HEIGHT + GAP;
        }
        room.top += 24.0;
        let top = largest(&self.attempts).max(largest(&self.arrivals)).max(largest(&self.calls));
        let panel = canvas.panel(room, self.course.axis(!self.has_strip()), Axis::from_zero(top * 1.12, 5.0));
        head(canvas, room, "", "per minute, all workloads")?;
        panel.grid()?;
        let first: Vec<f64> = self.calls.iter().zip(&self.attempts).map(|(c, a)| c.min(*a)).collect();
        let again: Vec<f64> = first.iter().zip(&self.attempts).map(|(f, a)| a - f).collect();
        self.course.stack(&panel, &[(&first, Ink::Blue), (&again, Ink::Amber)])?;
        if self.arrivals_differ() {
            panel.curve(&self.course.columns.steps(&self.arrivals), ARRIVALS)?;
        }
        panel.floor()?;
        self.course.tips(&panel, &self.attempts, |i| {
            let (arrivals, attempts) = (labels::amount(self.arrivals[i]), labels::amount(self.attempts[i]));
            format!("{arrivals} arrivals and {attempts} attempts a minute")
        });
        self.mark(&panel)
    }

    /// Marks the worst column, and writes its amplification beside the mark.
    fn mark(&self, panel: &Panel<'_, '_>) -> Result<(), ChartError> {
        let Some((at, ratio)) = self.worst() else { return Ok(()) };
        let (x, y) = (self.course.middle(at), self.attempts[at]);
        panel.dot(x, y, Ink::Text)?;
        let (left, height) = panel.at(x, y);
        let text = format!("{} attempts a call", labels::amount(ratio));
        let is_right = left > f64::midpoint(panel.room.left, panel.room.right);
        let (left, align) = if is_right { (left - 9.0, Align::Right) } else { (left + 9.0, Align::Left) };
        panel.note(left, (height - 2.0).max(panel.room.top + 10.0), &text, STRONG, Ink::Text, align)
    }

    fn strip(&self, canvas: &Canvas<'_>, room: Room) -> Result<(), ChartError> {
        let both: Vec<f64> = self.in_flight.iter().zip(&self.waiting).map(|(a, b)| a + b).collect();
        let panel = canvas.panel(room, self.course.axis(true), Axis::to_peak(largest(&both)));
        let caption = if largest(&self.waiting) > 0.0 {
            "requests in flight, and waiting in queues"
        } else {
            "requests in flight"
        };
        canvas.text(room.left - GUTTER, room.top - 13.0, caption, frame::LABEL, Ink::Faint, Align::Left)?;
        panel.grid()?;
        self.course.stack(&panel, &[(&self.in_flight, Ink::Blue), (&self.waiting, Ink::Amber)])?;
        panel.floor()?;
        self.course.tips(&panel, &both, |i| {
            format!("{} in flight, {} waiting", labels::amount(self.in_flight[i]), labels::amount(self.waiting[i]))
        });
        Ok(())
    }
}

/// Returns the sentence about retries, chosen by how many attempts were made of a call. `worst` is the most in one
/// column, with the column's width and its time; `None`: no column has enough calls.
fn retries(ratio: f64, worst: Option<(f64, impl std::fmt::Display, impl std::fmt::Display)>) -> String {
    if !ratio.is_finite() || ratio <= 1.0 {
        return " No attempt was a retry.".to_owned();
    }
    if labels::amount(ratio) == "1" {
        return format!(" Retries added {} to the calls.", labels::percent(ratio - 1.0));
    }
    let worst = worst.map(|(most, width, when)| format!(", {} in the worst {width} ({when})", labels::amount(most)));
    format!(" Retries made {} attempts of each call{}.", labels::amount(ratio), worst.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sentence_about_retries_follows_the_figures() {
        let none: Option<(f64, &str, &str)> = None;
        // Too few calls in each column to name the worst one, and many attempts of each.
        assert_eq!(retries(14.65, none), " Retries made 14.7 attempts of each call.");
        let worst = Some((3.2, "minute", "12:04"));
        assert_eq!(retries(1.5, worst), " Retries made 1.5 attempts of each call, 3.2 in the worst minute (12:04).");
        assert_eq!(retries(1.001, worst).replace('\u{a0}', " "), " Retries added 0.1 % to the calls.");
        assert_eq!(retries(1.0, worst), " No attempt was a retry.");
        assert_eq!(retries(f64::NAN, none), " No attempt was a retry.");
    }
}

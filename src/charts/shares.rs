//! The stacked chart of the attempts that each of several capacities of a route, or regions of a pool, took over time.

use super::axis::Axis;
use super::course::{Course, Ranked, head, largest, ranked, total, worst};
use super::frame::{self, Canvas, Heading, Ink, Mark, Room};
use super::{ChartError, Drawing, labels};

/// The one that took most has the colour of what is served.
const INKS: [Ink; 3] = [Ink::Blue, Ink::Sky, Ink::Purple];
/// The fewest attempts of a column whose shares say anything.
const FEWEST: f64 = 20.0;

/// The series of a stacked chart, one for each capacity or region.
pub(super) struct Shares<'d> {
    course: Course<'d>,
    parts: Vec<Ranked>,
    /// The names of the capacities or regions that took nothing.
    idle: Vec<String>,
    /// The noun for the parts, in the singular and in the plural.
    words: [&'static str; 2],
}

/// The name and the title of a drawing, and the line under it.
pub(super) struct Titles {
    pub(super) name: String,
    pub(super) title: String,
    pub(super) source: String,
}

impl<'d> Shares<'d> {
    /// Builds the stacked shares of several capacities (or workloads); returns `None` when there are fewer than two, or
    /// when all are zero.
    pub(super) fn of(course: Course<'d>, all: Vec<(&str, Vec<f64>)>, words: [&'static str; 2]) -> Option<Self> {
        if all.len() < 2 {
            return None;
        }
        let idle = all.iter().filter(|(_, v)| largest(v) <= 0.0).map(|(name, _)| (*name).to_owned()).collect();
        let all = all.into_iter().map(|(name, values)| (name.to_owned(), values)).collect();
        let parts = ranked(all, &INKS, &format!("other {}", words[1]));
        (!parts.is_empty()).then_some(Self { course, parts, idle, words })
    }

    pub(super) fn draw(&self, titles: Titles) -> Result<Drawing, ChartError> {
        let heading = Heading {
            name: titles.name,
            title: titles.title,
            subtitle: self.subtitle(),
            legend: self.parts.iter().map(|c| (c.name.clone(), Mark::Area(c.ink))).collect(),
            source: self.with_idle(titles.source),
            height: 360.0,
        };
        frame::draw(&heading, |canvas, room| self.body(canvas, room))
    }

    fn all(&self) -> Vec<f64> {
        let mut all = vec![0.0; self.course.columns.edges.len() - 1];
        self.parts.iter().for_each(|c| all.iter_mut().zip(&c.values).for_each(|(sum, v)| *sum += v));
        all
    }

    fn subtitle(&self) -> String {
        let all = self.all();
        let main = &self.parts[0];
        let share = total(&main.values) / total(&all);
        let Some(second) = self.parts.get(1) else {
            return format!("{} took everything.", main.name);
        };
        let mut text = format!("{} took {} of all that was taken.", main.name, labels::percent(share));
        let enough = |i: usize| all[i] * self.course.columns.width_s / 60.0 >= FEWEST;
        let part = |i: usize| if enough(i) { second.values[i] / all[i] } else { 0.0 };
        let parts: Vec<f64> = (0..all.len()).map(part).collect();
        if let Some(at) = worst(&parts) {
            let (most, width) = (labels::percent(parts[at]), self.course.width());
            let within = if width.starts_with(|c: char| c.is_ascii_digit()) { width } else { format!("one {width}") };
            text += &format!(" {} took at most {most}, in {within} ({}).", second.name, self.course.when(at));
        }
        text
    }

    fn with_idle(&self, source: String) -> String {
        match self.idle.as_slice() {
            [] => source,
            [one] => format!("{one} took nothing · {source}"),
            many => format!("{} {} took nothing · {source}", many.len(), self.words[1]),
        }
    }

    fn body(&self, canvas: &Canvas<'_>, room: Room) -> Result<(), ChartError> {
        let mut room = self.course.clock(canvas, room)?;
        room.top += 24.0;
        let all = self.all();
        let panel = canvas.panel(room, self.course.axis(true), Axis::from_zero(largest(&all) * 1.08, 5.0));
        head(canvas, room, "", &format!("attempts taken per minute, by {}", self.words[0]))?;
        panel.grid()?;
        let layers: Vec<(&[f64], Ink)> = self.parts.iter().map(|c| (c.values.as_slice(), c.ink)).collect();
        self.course.stack(&panel, &layers)?;
        panel.floor()?;
        self.course.tips(&panel, &all, |i| {
            let each = self.parts.iter().map(|c| format!("{} {}", c.name, labels::amount(c.values[i])));
            format!("{} a minute", each.collect::<Vec<String>>().join(", "))
        });
        Ok(())
    }
}

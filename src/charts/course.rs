//! The parts that the charts over time share: one clock below all panels, stacked areas, and lines with gaps.

use super::axis::Axis;
use super::clock::Clock;
use super::columns::Columns;
use super::frame::{Align, Canvas, Ink, LABEL, Mark, Panel, Room, STRONG};
use super::{ChartError, labels};
use crate::results::{Detail, Results, Timeline};
use crate::terms::natural_order;

/// The width left of a panel for the labels of its axis \[CSS px\].
pub(super) const GUTTER: f64 = 62.0;
/// The height between the floor of a panel and the top of the next one, for the head of the next \[CSS px\].
pub(super) const GAP: f64 = 34.0;
/// The most columns of a panel with tooltips: the eye needs no more, and every panel must have its share of tooltips.
const MOST_TIPS: usize = 90;
/// The most columns that are drawn as steps, because more are narrower than two lines.
const MOST_STEPS: usize = 240;

/// The columns of a document over the clock that all panels share.
pub(super) struct Course<'d> {
    pub(super) columns: Columns,
    timeline: &'d Timeline,
    clock: Clock,
    time: Axis,
    /// The text below the axis of time.
    caption: String,
}

impl<'d> Course<'d> {
    /// Returns the course of a document; `None` when there is no bucket of a known width.
    pub(super) fn of(results: &Results, detail: &'d Detail) -> Option<Self> {
        let timeline = &detail.timeline;
        let columns = Columns::of(timeline)?;
        let (from_s, to_s) = (columns.edges[0], columns.edges[columns.edges.len() - 1]);
        let clock = Clock::of(results, timeline, to_s);
        let (time, caption) = clock.axis(from_s, to_s);
        Some(Self { columns, timeline, clock, time, caption })
    }

    /// Returns the mean of a series in each column; `None`: the document has no such series.
    pub(super) fn mean(&self, series: &str) -> Option<Vec<f64>> {
        self.timeline.series.get(series).map(|values| self.columns.mean(values))
    }

    /// Returns the middle of a part of every series' name, such as the capacity of `capacities.us.waiting`, with its
    /// columns; sorted as people sort names.
    pub(super) fn each(&self, prefix: &str, suffix: &str) -> Vec<(&'d str, Vec<f64>)> {
        let of = |(name, values): (&'d String, &Vec<f64>)| {
            let middle = name.strip_prefix(prefix)?.strip_suffix(suffix)?;
            Some((middle, self.columns.mean(values)))
        };
        let mut each: Vec<(&str, Vec<f64>)> = self.timeline.series.iter().filter_map(of).collect();
        each.sort_by(|a, b| natural_order(a.0, b.0));
        each
    }

    /// Returns what the beginning of a column is called in a sentence: `09:42`, `8 Dec 09:42`, `minute 42`.
    pub(super) fn when(&self, column: usize) -> String {
        self.clock.when(self.columns.edges[column])
    }

    /// Returns the width of a column in words, to be put after an adjective: `minute`, `2 min`.
    pub(super) fn width(&self) -> String {
        match self.columns.width_s {
            1.0 => "second".to_owned(),
            60.0 => "minute".to_owned(),
            3_600.0 => "hour".to_owned(),
            width_s => labels::span(width_s),
        }
    }

    /// Returns the width of a column in words: `a minute`, `an hour`, `2 min`.
    pub(super) fn span(&self) -> String {
        match self.width() {
            width if width == "hour" => "an hour".to_owned(),
            width if width.starts_with(|c: char| c.is_ascii_digit()) => width,
            width => format!("a {width}"),
        }
    }

    pub(super) fn middle(&self, column: usize) -> f64 {
        f64::midpoint(self.columns.edges[column], self.columns.edges[column + 1])
    }

    /// Returns the clock's caption, and the room that is left for panels.
    pub(super) fn clock(&self, canvas: &Canvas<'_>, room: Room) -> Result<Room, ChartError> {
        let room = Room { left: room.left + GUTTER, right: room.right - 4.0, bottom: room.bottom - 34.0, ..room };
        let caption = LABEL.fit(&self.caption, room.width());
        let middle = f64::midpoint(room.left, room.right);
        canvas.text(middle, room.bottom + 33.0, &caption, LABEL, Ink::Faint, Align::Middle)?;
        Ok(room)
    }

    /// Returns the axis of a panel, of which the last alone has labels.
    pub(super) fn axis(&self, is_last: bool) -> Axis {
        if is_last { self.time.clone() } else { self.time.unlabelled() }
    }

    /// Draws areas upon one another, the first at the bottom; returns where they end, column by column.
    pub(super) fn stack(&self, panel: &Panel<'_, '_>, layers: &[(&[f64], Ink)]) -> Result<Vec<f64>, ChartError> {
        let mut below = vec![0.0; self.columns.edges.len() - 1];
        for (values, ink) in layers {
            let above: Vec<f64> = below.iter().zip(*values).map(|(b, v)| b + v).collect();
            if largest(values) > 0.0 {
                let (low, high) = (self.columns.steps(&below), self.columns.steps(&above));
                panel.area(high.into_iter().chain(low.into_iter().rev()).collect(), *ink)?;
            }
            below = above;
        }
        Ok(below)
    }

    /// Draws a line over the columns, with a gap where a value is `None`. Many columns are joined at their middles by a
    /// thin line, because their steps would run together to a band.
    pub(super) fn line(
        &self,
        panel: &Panel<'_, '_>,
        values: impl Iterator<Item = Option<f64>>,
        (ink, width): (Ink, f64),
    ) -> Result<(), ChartError> {
        let is_dense = self.columns.edges.len() > MOST_STEPS;
        let mark = Mark::Line(ink, if is_dense { 1.0 } else { width });
        let mut run: Vec<(f64, f64)> = Vec::new();
        for (column, value) in values.enumerate().take(self.columns.edges.len() - 1) {
            let edge = &self.columns.edges[column..];
            match value {
                // A column alone needs its width to be seen.
                Some(value) if is_dense && !run.is_empty() => run.push((self.middle(column), value)),
                Some(value) => run.extend([(edge[0], value), (edge[1], value)]),
                None if run.is_empty() => {}
                None => panel.curve(&std::mem::take(&mut run), mark)?,
            }
        }
        if run.is_empty() { Ok(()) } else { panel.curve(&run, mark) }
    }

    /// Draws a level over the whole time.
    pub(super) fn level(&self, panel: &Panel<'_, '_>, level: f64, mark: Mark) -> Result<(), ChartError> {
        let edges = &self.columns.edges;
        panel.curve(&[(edges[0], level), (edges[edges.len() - 1], level)], mark)
    }

    /// Adds tooltips to the columns, or to some of them where there are many.
    pub(super) fn tips(&self, panel: &Panel<'_, '_>, at: &[f64], text: impl Fn(usize) -> String) {
        let every = at.len().div_ceil(MOST_TIPS).max(1);
        for column in (0..at.len()).step_by(every) {
            panel.tip(self.middle(column), at[column], format!("{}: {}", self.when(column), text(column)));
        }
    }
}

/// Writes the head of a panel, left of its axis: the name of what it shows, and the unit.
pub(super) fn head(canvas: &Canvas<'_>, room: Room, name: &str, caption: &str) -> Result<(), ChartError> {
    let (left, y) = (room.left - GUTTER, room.top - 10.0);
    // A name takes the room that its caption leaves.
    let room_of_name = (room.right - left - LABEL.width(caption) - 8.0).max(260.0);
    let name = STRONG.fit_ends(name, room_of_name);
    canvas.text(left, y, &name, STRONG, Ink::Text, Align::Left)?;
    let caption_left = if name.is_empty() { left } else { left + STRONG.width(&name) + 8.0 };
    let caption = LABEL.fit(caption, room.right - caption_left);
    canvas.text(caption_left, y, &caption, LABEL, Ink::Faint, Align::Left)
}

pub(super) fn largest(values: &[f64]) -> f64 {
    values.iter().copied().fold(0.0, f64::max)
}

pub(super) fn total(values: &[f64]) -> f64 {
    values.iter().sum()
}

/// A series of a stacked area: one of the largest by its name, or the rest together.
pub(super) struct Ranked {
    pub(super) name: String,
    pub(super) values: Vec<f64>,
    pub(super) ink: Ink,
}

/// Sorts series with the largest first, by the sum of their values; `inks` are their colours, and the rest share the grey.
pub(super) fn ranked(mut all: Vec<(String, Vec<f64>)>, inks: &[Ink], others: &str) -> Vec<Ranked> {
    all.retain(|(_, values)| largest(values) > 0.0);
    all.sort_by(|a, b| total(&b.1).total_cmp(&total(&a.1)));
    let rest = all.split_off(inks.len().min(all.len()));
    let mut ranked: Vec<Ranked> =
        all.into_iter().zip(inks).map(|((name, values), ink)| Ranked { name, values, ink: *ink }).collect();
    let name = match rest.as_slice() {
        [] => return ranked,
        [(name, _)] => name.clone(),
        _ => format!("{} {others}", rest.len()),
    };
    let mut values = vec![0.0; rest[0].1.len()];
    rest.iter().for_each(|(_, own)| values.iter_mut().zip(own).for_each(|(sum, v)| *sum += v));
    ranked.push(Ranked { name, values, ink: Ink::Rule });
    ranked
}

/// Returns the column with the largest value, the first of equals; `None`: none is above zero.
pub(super) fn worst(values: &[f64]) -> Option<usize> {
    let most = largest(values);
    values.iter().position(|v| *v == most).filter(|_| most > 0.0)
}

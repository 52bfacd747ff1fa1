//! The chart of how the metric that decides moves with a swept number, and where its line crosses the bound. Samples
//! are drawn as dots.

use super::frame::{self, Align, Canvas, Heading, Ink, LABEL, Mark, Panel, Room, STRONG};
use super::study::{Design, Dimension, Measure, Site, cost_of, gap_between, ink_of, spaced, thinned, word_of};
use super::{Chart, ChartError, Drawing, Subject, scatter};
use crate::results::Judgement;

pub(super) struct SweepLines;

const MOST_PANELS: usize = 6;
const MOST_LINES: usize = 4;
/// The most values that are drawn, because more would make too large a file; of more, evenly chosen ones are drawn.
const MOST_VALUES: usize = 120;
/// The least distance of dots, which would make a band if they were closer \[CSS px\].
const DOT_SPACE: f64 = 9.0;
/// The height of a panel \[CSS px\].
const PANEL_HEIGHT: f64 = 190.0;
const GUTTER: f64 = 58.0;
/// The colours of the lines, from the first value of the axis to the last, shaded so that the order is visible.
const SHADES: [Ink; MOST_LINES] = [Ink::Heat(7), Ink::Heat(5), Ink::Heat(4), Ink::Heat(3)];

impl Chart for SweepLines {
    fn name(&self) -> &'static str {
        "sweep_lines"
    }

    fn shows(&self) -> &'static str {
        "At which value of a swept number the metric that decides crosses its goal."
    }

    fn draw(&self, subject: &Subject<'_>) -> Result<Vec<Drawing>, ChartError> {
        let measure = Measure::of(subject);
        let Some(design) = Design::of(subject) else { return Ok(Vec::new()) };
        if !design.is_grid {
            if subject.results.axes.iter().all(|axis| axis.values.is_some()) {
                return Ok(Vec::new());
            }
            let title = &subject.results.scenario.title;
            return Ok(scatter::draw(self.name(), &design, &measure, title)?.into_iter().collect());
        }
        let Some(sheet) = Sheet::of(&design, &measure, subject) else { return Ok(Vec::new()) };
        let rows = sheet.panels.len().div_ceil(sheet.columns());
        let heading = Heading {
            name: self.name().to_owned(),
            title: format!("{} by {}", measure.title(), sheet.x().name),
            subtitle: sheet.subtitle(),
            legend: sheet.legend(),
            source: sheet.source(&subject.results.scenario.title),
            height: if rows == 1 { 380.0 } else { 130.0 + PANEL_HEIGHT * rows as f64 },
        };
        Ok(vec![frame::draw(&heading, |canvas, room| sheet.body(canvas, room))?])
    }
}

/// The axes of a sweep that the chart draws, and the levels of each that are shown.
struct Sheet<'d, 'a> {
    design: &'d Design<'a>,
    measure: &'d Measure,
    x: usize,
    /// The axis whose levels get one panel each; `None` for a single panel.
    panel_axis: Option<usize>,
    panels: Vec<usize>,
    line_axis: Option<usize>,
    lines: Vec<usize>,
    /// The levels of the axes that are not shown.
    anchor: Vec<usize>,
}

impl<'d, 'a> Sheet<'d, 'a> {
    /// Returns the selection of a sweep that is drawn; `None`: no axis is of numbers, or nothing is known.
    fn of(design: &'d Design<'a>, measure: &'d Measure, subject: &Subject<'_>) -> Option<Self> {
        let sizes: Vec<usize> = design.dimensions.iter().map(|d| d.levels.len()).collect();
        let numeric = (0..sizes.len()).filter(|i| design.dimensions[*i].is_number);
        // Of axes of one length the first: it is what the study was written about.
        let x = numeric.rev().max_by_key(|i| sizes[*i])?;
        design.sites.iter().find_map(|site| measure.at(site.point))?;
        let anchor = design.sites[design.anchor(cost_of(subject.points).as_ref())].at.clone();
        let mut others: Vec<usize> = (0..sizes.len()).filter(|i| *i != x).collect();
        others.sort_by_key(|i| std::cmp::Reverse(sizes[*i]));
        // An axis with more values than panels keeps to one value: the eye would take a choice of them for all.
        let mut take = |most: usize| {
            let found = others.iter().position(|i| sizes[*i] <= most)?;
            Some(others.remove(found))
        };
        let panel_axis = take(MOST_PANELS);
        let line_axis = take(MOST_LINES);
        let all = |axis: Option<usize>| axis.map_or_else(|| vec![0], |i| (0..sizes[i]).collect());
        let (panels, lines) = (all(panel_axis), all(line_axis));
        Some(Self { design, measure, x, panel_axis, panels, line_axis, lines, anchor })
    }

    fn x(&self) -> &Dimension {
        &self.design.dimensions[self.x]
    }

    fn columns(&self) -> usize {
        match self.panels.len() {
            1 => 1,
            2 | 4 => 2,
            _ => 3,
        }
    }

    /// Returns the points of a line, by the level of x.
    fn line(&self, panel: usize, line: usize) -> Vec<&Site<'a>> {
        let mut at = self.anchor.clone();
        if let Some(axis) = self.panel_axis {
            at[axis] = panel;
        }
        if let Some(axis) = self.line_axis {
            at[axis] = line;
        }
        let is_there = |site: &&Site<'_>| (0..at.len()).all(|i| i == self.x || site.at[i] == at[i]);
        let mut sites: Vec<&Site<'a>> = self.design.sites.iter().filter(is_there).collect();
        sites.sort_by_key(|site| site.at[self.x]);
        thinned(sites.len(), MOST_VALUES).into_iter().map(|i| sites[i]).collect()
    }

    fn all(&self) -> Vec<&Site<'a>> {
        self.panels.iter().flat_map(|panel| self.lines.iter().flat_map(|line| self.line(*panel, *line))).collect()
    }

    fn subtitle(&self) -> String {
        let known: Vec<(f64, &Site<'_>)> =
            self.all().into_iter().filter_map(|site| Some((self.measure.at(site.point)?, site))).collect();
        let (lo, hi) = known.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), (x, _)| (a.min(*x), b.max(*x)));
        if known.is_empty() {
            return "Nothing is known of it here.".to_owned();
        }
        let mut text = format!("It goes from {} to {}", self.measure.figure(lo), self.measure.figure(hi));
        let shown: Vec<Judgement> = known.iter().filter_map(|(_, site)| self.measure.judged(site.point)).collect();
        let held = shown.iter().filter(|j| **j == Judgement::Held).count();
        text += &match (shown.len(), held) {
            (0, _) => String::new(),
            (all, 0) => format!("; none of the {all} points shown keeps it in bounds"),
            (all, 1) => format!("; 1 of the {all} points shown keeps it in bounds"),
            (all, held) => format!("; {held} of the {all} points shown keep it in bounds"),
        };
        let unknown = match self.all().len() - known.len() {
            0 => String::new(),
            1 => " At 1 point it is not known.".to_owned(),
            n => format!(" At {n} points it is not known."),
        };
        text + "." + &self.turn() + &unknown
    }

    /// Returns a sentence with the value from which, or up to which, every point shown is in bounds; empty if all
    /// are, or if no value divides them.
    fn turn(&self) -> String {
        let mut good = vec![true; self.x().levels.len()];
        for site in self.all() {
            good[site.at[self.x]] &= self.measure.judged(site.point) == Some(Judgement::Held);
        }
        let (name, last) = (&self.x().name, good.len() - 1);
        let from = good.iter().rposition(|good| !good).map_or(0, |bad| bad + 1);
        let to = good.iter().position(|good| !good).unwrap_or(last);
        match (from, to) {
            (0, _) => String::new(),
            (from, _) if from <= last => format!(" From {name} {} on all do.", self.x().label(from)),
            (_, to) if to > 0 => format!(" Up to {name} {} all do.", self.x().label(to - 1)),
            _ => String::new(),
        }
    }

    fn legend(&self) -> Vec<(String, Mark)> {
        let mut legend = Vec::new();
        match self.line_axis.map(|axis| &self.design.dimensions[axis]) {
            Some(axis) => {
                for (i, line) in self.lines.iter().enumerate() {
                    let ink = SHADES[i.min(MOST_LINES - 1)];
                    legend.push((format!("{} {}", axis.name, axis.label(*line)), Mark::Line(ink, 2.25)));
                }
            }
            None => legend.push((self.measure.words(), Mark::Line(Ink::Blue, 2.25))),
        }
        let known = |site: &&Site<'_>| self.measure.at(site.point).is_some();
        let points = || self.all().into_iter().filter(known).map(|site| site.point);
        if points().any(|point| self.measure.interval(point).is_some()) {
            legend.push(("interval".to_owned(), Mark::Area(Ink::BlueBand)));
        }
        for (judged, ink) in [(Judgement::Failed, Ink::Vermillion), (Judgement::Inconclusive, Ink::Amber)] {
            if points().any(|point| self.measure.judged(point) == Some(judged)) {
                legend.push((word_of(Some(judged)).to_owned(), Mark::Area(ink)));
            }
        }
        legend.extend(self.measure.key_of_bounds());
        legend
    }

    /// Returns the source line, with the axes that are not shown and the values at which they are kept.
    fn source(&self, title: &str) -> String {
        let shown = [Some(self.x), self.panel_axis, self.line_axis];
        let kept = self.design.dimensions.iter().enumerate().filter(|(i, _)| !shown.contains(&Some(*i)));
        let kept = kept.map(|(i, d)| format!("{} kept at {}", d.name, d.label(self.anchor[i])));
        std::iter::once(title.to_owned()).chain(kept).filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" · ")
    }

    fn body(&self, canvas: &Canvas<'_>, room: Room) -> Result<(), ChartError> {
        let x = self.x().axis();
        let points: Vec<&Site<'_>> = self.all();
        let y = self.measure.axis(points.iter().map(|site| site.point), 5.0);
        let columns = self.columns();
        let inner = room.inset(GUTTER, 0.0, 4.0, 18.0);
        let width = (inner.width() + 18.0) / columns as f64 - 18.0;
        let tiles = inner.tiles(self.panels.len(), columns, gap_between([&spaced(&x, width)], width));
        for (i, (panel, tile)) in self.panels.iter().zip(&tiles).enumerate() {
            let plot = tile.inset(0.0, 22.0, 0.0, 24.0);
            if let Some(axis) = self.panel_axis.map(|axis| &self.design.dimensions[axis]) {
                let text = format!("{} {}", axis.name, axis.label(*panel));
                canvas.text(
                    tile.left,
                    tile.top + 14.0,
                    &STRONG.fit(&text, tile.width()),
                    STRONG,
                    Ink::Text,
                    Align::Left,
                )?;
            }
            let y = if i % columns == 0 { y.clone() } else { y.unlabelled() };
            let drawn = canvas.panel(plot, spaced(&x, plot.width()), y);
            self.panel(&drawn, *panel)?;
        }
        let middle = f64::midpoint(room.left + GUTTER, room.right);
        canvas.text(middle, room.bottom - 2.0, &LABEL.fit(&self.x().name, 500.0), LABEL, Ink::Faint, Align::Middle)
    }

    fn panel(&self, panel: &Panel<'_, '_>, level: usize) -> Result<(), ChartError> {
        panel.grid()?;
        panel.floor()?;
        let lines: Vec<Vec<&Site<'_>>> = self.lines.iter().map(|line| self.line(level, *line)).collect();
        for line in &lines {
            self.band(panel, line)?;
        }
        if lines.iter().flatten().all(|site| self.measure.at(site.point).is_none()) {
            let (x, y) = (f64::midpoint(panel.room.left, panel.room.right), panel.room.top + panel.room.height() / 2.0);
            panel.note(x, y, "not known", LABEL, Ink::Faint, Align::Middle)?;
        }
        self.measure.draw_bounds(panel, false)?;
        for (i, line) in lines.iter().enumerate() {
            let ink = if self.line_axis.is_some() { SHADES[i.min(MOST_LINES - 1)] } else { Ink::Blue };
            self.curve(panel, line, ink)?;
        }
        Ok(())
    }

    fn place(&self, site: &Site<'_>) -> f64 {
        self.x().place(site.at[self.x])
    }

    /// Draws the intervals of a line side by side as one band, which ends where no interval is known.
    fn band(&self, panel: &Panel<'_, '_>, line: &[&Site<'_>]) -> Result<(), ChartError> {
        for stretch in line.split(|site| self.measure.interval(site.point).is_none()) {
            let ends: Vec<(f64, (f64, f64))> =
                stretch.iter().filter_map(|s| Some((self.place(s), self.measure.interval(s.point)?))).collect();
            let upper = ends.iter().map(|(x, (_, hi))| (*x, *hi));
            let lower = ends.iter().rev().map(|(x, (lo, _))| (*x, *lo));
            if ends.len() > 1 {
                panel.area(upper.chain(lower).collect(), Ink::BlueBand)?;
            }
        }
        Ok(())
    }

    /// Draws a line, broken where nothing is known, with a dot in the colour of its verdict at each point.
    fn curve(&self, panel: &Panel<'_, '_>, line: &[&Site<'_>], ink: Ink) -> Result<(), ChartError> {
        for stretch in line.split(|site| self.measure.at(site.point).is_none()) {
            let path: Vec<(f64, f64)> =
                stretch.iter().filter_map(|s| Some((self.place(s), self.measure.at(s.point)?))).collect();
            if path.len() > 1 {
                panel.curve(&path, Mark::Line(ink, 2.0))?;
            }
        }
        let has_dots = panel.room.width() / line.len().max(1) as f64 >= DOT_SPACE;
        for site in line {
            let Some(y) = self.measure.at(site.point) else { continue };
            let x = self.place(site);
            let judged = self.measure.judged(site.point);
            let is_off = judged.is_some_and(|j| j != Judgement::Held);
            if !has_dots && is_off {
                panel.speck(x, y, 4.5, ink_of(judged))?;
            }
            if has_dots {
                panel.dot(x, y, if is_off { ink_of(judged) } else { ink })?;
            }
            let told = self.measure.told(site.point);
            panel.tip(x, y, format!("{}: {} {told}", self.design.told(site), self.measure.words()));
        }
        Ok(())
    }
}

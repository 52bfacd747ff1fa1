//! Two axes of a sweep against each other: how the metric that decides changes over them, and the region that meets
//! everything that is expected.

use super::frame::{self, Align, Canvas, FINE, Heading, Ink, LABEL, Mark, Room, STRONG, Type};
use super::study::{Design, Dimension, Measure, Site, cost_of, thinned, word_of};
use super::{Chart, ChartError, Drawing, Subject, labels};
use crate::results::Judgement;

pub(super) struct SweepMap;

const MOST_PANELS: usize = 4;
/// The most cells of all panels, because more would make too large a file.
const MOST_CELLS: usize = 1_100;
/// The most cells that bear figures: figures are outlines, so that more of them would make too large a file.
const MOST_FIGURES: usize = 140;
/// The least height of a cell \[CSS px\].
const LOWEST_CELL: f64 = 15.0;
const TALLEST_CELL: f64 = 40.0;
/// The most width left of the first panel of a row, for the labels of its rows \[CSS px\].
const WIDEST_GUTTER: f64 = 130.0;
/// The height above the cells of a panel, for its name; `BELOW` is for the labels of its columns \[CSS px\].
const ABOVE: f64 = 22.0;
const BELOW: f64 = 40.0;
const MEETS: Mark = Mark::Line(Ink::Text, 2.25);

impl Chart for SweepMap {
    fn name(&self) -> &'static str {
        "sweep_map"
    }

    fn shows(&self) -> &'static str {
        "Which combinations of two swept values meet every goal."
    }

    fn draw(&self, subject: &Subject<'_>) -> Result<Vec<Drawing>, ChartError> {
        let measure = Measure::of(subject);
        let Some(design) = Design::of(subject).filter(|design| design.is_grid) else { return Ok(Vec::new()) };
        let Some(map) = Map::of(&design, &measure, subject) else { return Ok(Vec::new()) };
        let heading = Heading {
            name: self.name().to_owned(),
            title: format!("{} over {} and {}", measure.title(), map.dimension(map.x).name, map.dimension(map.y).name),
            subtitle: map.subtitle(),
            legend: map.legend(),
            source: map.source(&subject.results.scenario.title),
            height: map.height(),
        };
        Ok(vec![frame::draw(&heading, |canvas, room| map.body(canvas, room))?])
    }
}

struct Map<'d, 'a> {
    design: &'d Design<'a>,
    measure: &'d Measure,
    x: usize,
    y: usize,
    columns: Vec<usize>,
    /// The levels of the y axis that are shown, from the bottom up.
    rows: Vec<usize>,
    panel_axis: Option<usize>,
    panels: Vec<usize>,
    anchor: Vec<usize>,
    /// The least value of the metric over all cells; `most` is the largest.
    least: f64,
    most: f64,
}

impl<'d, 'a> Map<'d, 'a> {
    /// Returns the map of a sweep; `None`: there are no two axes, or nothing is known.
    fn of(design: &'d Design<'a>, measure: &'d Measure, subject: &Subject<'_>) -> Option<Self> {
        let size = |i: usize| design.dimensions[i].levels.len();
        let mut order: Vec<usize> = (0..design.dimensions.len()).collect();
        // Numbers along x, where their labels have room, and of equals the first.
        order.sort_by_key(|i| (!design.dimensions[*i].is_number, std::cmp::Reverse(size(*i))));
        let (x, y) = (*order.first()?, *order.get(1)?);
        let panel_axis = order[2..].iter().copied().find(|i| size(*i) <= MOST_PANELS);
        let panels = panel_axis.map_or_else(|| vec![0], |i| (0..size(i)).collect());
        let each = MOST_CELLS / panels.len();
        // A short axis leaves its share to the long one.
        let most_rows = size(y).min(40).min(each / 4);
        let mut map = Self {
            columns: thinned(size(x), (each / most_rows.max(1)).min(80)),
            rows: thinned(size(y), most_rows),
            anchor: design.sites[design.anchor(cost_of(subject.points).as_ref())].at.clone(),
            design,
            measure,
            x,
            y,
            panel_axis,
            panels,
            least: 0.0,
            most: 0.0,
        };
        let cells: Vec<Cell<'_, '_>> = map.panels.iter().flat_map(|panel| map.cells(*panel)).flatten().collect();
        let values: Vec<f64> = cells.iter().filter_map(|site| measure.at(site.point)).collect();
        map.least = values.iter().copied().reduce(f64::min)?;
        map.most = values.iter().copied().reduce(f64::max)?;
        Some(map)
    }

    fn dimension(&self, i: usize) -> &Dimension {
        &self.design.dimensions[i]
    }

    /// Returns a panel's points, row by row from the bottom.
    fn cells(&self, panel: usize) -> Vec<Option<&'d Site<'a>>> {
        let mut at = self.anchor.clone();
        if let Some(axis) = self.panel_axis {
            at[axis] = panel;
        }
        let mut cells = vec![None; self.rows.len() * self.columns.len()];
        for site in &self.design.sites {
            let is_here = (0..at.len()).all(|i| i == self.x || i == self.y || site.at[i] == at[i]);
            let column = self.columns.binary_search(&site.at[self.x]);
            let row = self.rows.binary_search(&site.at[self.y]);
            if let (true, Ok(column), Ok(row)) = (is_here, column, row) {
                cells[row * self.columns.len() + column] = Some(site);
            }
        }
        cells
    }

    fn panel_columns(&self) -> usize {
        if self.panels.len() > 1 { 2 } else { 1 }
    }

    fn panel_rows(&self) -> usize {
        self.panels.len().div_ceil(self.panel_columns())
    }

    fn height(&self) -> f64 {
        let cell = (260.0 / self.rows.len() as f64).clamp(LOWEST_CELL, TALLEST_CELL);
        let panel = (cell * self.rows.len() as f64).max(60.0) + ABOVE + BELOW;
        160.0 + panel * self.panel_rows() as f64
    }

    fn subtitle(&self) -> String {
        let mut text = match self.design.counted() {
            Some(counted) => format!("{counted}."),
            None => "The scenario states no goal.".to_owned(),
        };
        text += &format!(
            " {} goes from {} to {}.",
            self.measure.title(),
            self.measure.figure(self.least),
            self.measure.figure(self.most)
        );
        for (axis, shown) in [(self.x, self.columns.len()), (self.y, self.rows.len())] {
            let all = self.dimension(axis).levels.len();
            if shown < all {
                text += &format!(" Of {all} values of {} {shown} are shown.", self.dimension(axis).name);
            }
        }
        text
    }

    fn legend(&self) -> Vec<(String, Mark)> {
        let mut legend = vec![(self.measure.figure(self.least), Mark::Area(Ink::heat(0.0)))];
        if self.most > self.least {
            legend.push((self.measure.figure(self.most), Mark::Area(Ink::heat(1.0))));
        }
        let has = |judged: Judgement| self.design.sites.iter().any(|site| site.judged == Some(judged));
        if has(Judgement::Held) {
            legend.push((word_of(Some(Judgement::Held)).to_owned(), MEETS));
        }
        for (judged, ink) in [(Judgement::Failed, Ink::Vermillion), (Judgement::Inconclusive, Ink::Amber)] {
            if has(judged) {
                legend.push((word_of(Some(judged)).to_owned(), Mark::Area(ink)));
            }
        }
        legend
    }

    fn source(&self, title: &str) -> String {
        let shown = [Some(self.x), Some(self.y), self.panel_axis];
        let kept = self.design.dimensions.iter().enumerate().filter(|(i, _)| !shown.contains(&Some(*i)));
        let kept = kept.map(|(i, d)| format!("{} kept at {}", d.name, d.label(self.anchor[i])));
        std::iter::once(title.to_owned()).chain(kept).filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" · ")
    }

    fn body(&self, canvas: &Canvas<'_>, room: Room) -> Result<(), ChartError> {
        let widest = self.rows.iter().map(|row| LABEL.width(self.dimension(self.y).label(*row)));
        let gutter = widest.fold(0.0, f64::max).min(WIDEST_GUTTER) + 12.0;
        let y_name = LABEL.fit(&format!("{} ↑", self.dimension(self.y).name), room.width() / 2.0);
        canvas.text(room.left, room.top + 14.0, &y_name, LABEL, Ink::Faint, Align::Left)?;
        let columns = self.panel_columns();
        let inner = room.inset(gutter, 20.0, 0.0, 0.0);
        let tiles = inner.tiles(self.panels.len(), columns, 18.0);
        for (i, (panel, tile)) in self.panels.iter().zip(&tiles).enumerate() {
            let plot = tile.inset(0.0, ABOVE, 0.0, BELOW);
            if let Some(axis) = self.panel_axis.map(|axis| self.dimension(axis)) {
                let text = STRONG.fit(&format!("{} {}", axis.name, axis.label(*panel)), tile.width());
                canvas.text(plot.left, plot.top - 6.0, &text, STRONG, Ink::Text, Align::Left)?;
            }
            let face = self.face(plot);
            Grid { map: self, canvas, plot, face }.draw(&self.cells(*panel), i % columns == 0)?;
        }
        Ok(())
    }

    /// Returns the largest type in which every figure fits its cell.
    fn face(&self, plot: Room) -> Option<Type> {
        let (width, height) = (plot.width() / self.columns.len() as f64, plot.height() / self.rows.len() as f64);
        let is_few = self.columns.len() * self.rows.len() * self.panels.len() <= MOST_FIGURES;
        if !is_few || height < LOWEST_CELL - 1.0 {
            return None;
        }
        let cells = self.panels.iter().flat_map(|panel| self.cells(*panel)).flatten();
        let figures: Vec<String> = cells.map(|site| self.brief(site)).collect();
        [LABEL, FINE].into_iter().find(|face| figures.iter().all(|text| face.width(text) + 2.0 <= width))
    }

    fn brief(&self, site: &Site<'_>) -> String {
        let value = self.measure.at(site.point);
        value.map_or_else(|| "?".to_owned(), |value| labels::brief(value, self.measure.unit))
    }

    fn share(&self, value: f64) -> f64 {
        if self.most > self.least { (value - self.least) / (self.most - self.least) } else { 0.0 }
    }
}

type Cell<'d, 'a> = &'d Site<'a>;

/// A panel of cells.
struct Grid<'m, 'd, 'a, 'c> {
    map: &'m Map<'d, 'a>,
    canvas: &'m Canvas<'c>,
    plot: Room,
    /// The type of the figures in the cells; `None`: they do not fit. Either all cells have a figure or none has.
    face: Option<Type>,
}

impl Grid<'_, '_, '_, '_> {
    fn draw(&self, cells: &[Option<&Site<'_>>], with_rows: bool) -> Result<(), ChartError> {
        for (i, cell) in cells.iter().enumerate() {
            if let Some(site) = cell {
                self.cell(self.room(i), site)?;
            }
        }
        self.region(cells)?;
        self.names(with_rows)
    }

    fn size(&self) -> (f64, f64) {
        let (columns, rows) = (self.map.columns.len(), self.map.rows.len());
        (self.plot.width() / columns as f64, self.plot.height() / rows as f64)
    }

    /// Returns the position of a corner of the cells on the canvas \[CSS px\].
    fn corner(&self, column: usize, row: usize) -> (f64, f64) {
        let (width, height) = self.size();
        (self.plot.left + column as f64 * width, self.plot.bottom - row as f64 * height)
    }

    fn room(&self, i: usize) -> Room {
        let (column, row) = (i % self.map.columns.len(), i / self.map.columns.len());
        let ((left, bottom), (right, top)) = (self.corner(column, row), self.corner(column + 1, row + 1));
        Room { left, top, right, bottom }
    }

    fn cell(&self, room: Room, site: &Site<'_>) -> Result<(), ChartError> {
        let measure = self.map.measure;
        let (x, y) = (f64::midpoint(room.left, room.right), f64::midpoint(room.top, room.bottom));
        let told = format!("{}: {} {}", self.map.design.told(site), measure.words(), measure.told(site.point));
        self.canvas.tip(x, y, format!("{told}, {}", word_of(site.judged)));
        let value = measure.at(site.point);
        let ink = value.map_or(Ink::Paper, |value| Ink::heat(self.map.share(value)));
        // A hair of paper between cells that are large enough to spare it.
        let hair = if room.width() > 8.0 && room.height() > 8.0 { 0.5 } else { 0.0 };
        self.canvas.rect(room.inset(hair, hair, hair, hair), ink)?;
        if value.is_none() {
            self.canvas.outline(room.inset(hair, hair, hair, hair), Ink::Grid, 1.0)?;
        }
        if let Some(face) = self.face {
            self.canvas.text(x, y + 4.0, &self.map.brief(site), face, ink.over(), Align::Middle)?;
        }
        let mark = match site.judged {
            Some(Judgement::Failed) => Ink::Vermillion,
            Some(Judgement::Inconclusive) => Ink::Amber,
            _ => return Ok(()),
        };
        let side = (room.width().min(room.height()) * 0.3).clamp(1.5, 6.0);
        let corner = Room { left: room.right - side - hair * 3.0, right: room.right - hair * 3.0, ..room };
        self.canvas.rect(Room { top: room.top + hair * 3.0, bottom: room.top + hair * 3.0 + side, ..corner }, mark)
    }

    /// Draws the outline of the cells that meet everything: an edge between two neighbours of which only one does.
    fn region(&self, cells: &[Option<&Site<'_>>]) -> Result<(), ChartError> {
        let (columns, rows) = (self.map.columns.len(), self.map.rows.len());
        let meets = |column: Option<usize>, row: Option<usize>| match (column, row) {
            (Some(column), Some(row)) if column < columns && row < rows => {
                cells[row * columns + column].is_some_and(|site| site.judged == Some(Judgement::Held))
            }
            _ => false,
        };
        // Edges in one line are one stroke, so that a file stays small and corners meet.
        for line in 0..=rows {
            let is_edge = |i: usize| meets(Some(i), line.checked_sub(1)) != meets(Some(i), Some(line));
            for (from, to) in stretches(columns, is_edge) {
                self.canvas.line(self.corner(from, line), self.corner(to, line), Ink::Text, 2.25)?;
            }
        }
        for line in 0..=columns {
            let is_edge = |i: usize| meets(line.checked_sub(1), Some(i)) != meets(Some(line), Some(i));
            for (from, to) in stretches(rows, is_edge) {
                self.canvas.line(self.corner(line, from), self.corner(line, to), Ink::Text, 2.25)?;
            }
        }
        Ok(())
    }

    /// Writes the values along both sides, as many as have room.
    fn names(&self, with_rows: bool) -> Result<(), ChartError> {
        let (width, height) = self.size();
        let x = self.map.dimension(self.map.x);
        let names: Vec<String> = self.map.columns.iter().map(|i| LABEL.fit(x.label(*i), width.max(54.0))).collect();
        let widest = names.iter().map(|name| LABEL.width(name)).fold(0.0, f64::max);
        // Where not all have room, every second or third has: gaps of one size are read as such.
        let every = ((widest + 6.0) / width).ceil().max(1.0) as usize;
        for (i, name) in names.iter().enumerate().step_by(every) {
            let at = self.plot.left + (i as f64 + 0.5) * width;
            self.canvas.text(at, self.plot.bottom + 15.0, name, LABEL, Ink::Faint, Align::Middle)?;
        }
        let middle = f64::midpoint(self.plot.left, self.plot.right);
        let name = LABEL.fit(&x.name, self.plot.width());
        self.canvas.text(middle, self.plot.bottom + 31.0, &name, LABEL, Ink::Faint, Align::Middle)?;
        let every = (13.0 / height).ceil().max(1.0) as usize;
        let y = self.map.dimension(self.map.y);
        for (i, level) in self.map.rows.iter().enumerate().filter(|(i, _)| with_rows && i % every == 0) {
            let at = self.plot.bottom - (i as f64 + 0.5) * height + 4.0;
            let text = LABEL.fit(y.label(*level), WIDEST_GUTTER);
            self.canvas.text(self.plot.left - 7.0, at, &text, LABEL, Ink::Faint, Align::Right)?;
        }
        Ok(())
    }
}

/// Returns the stretches of 0..count in which something is so.
fn stretches(count: usize, is_so: impl Fn(usize) -> bool) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    let mut from = None;
    for i in 0..=count {
        match (from, i < count && is_so(i)) {
            (None, true) => from = Some(i),
            (Some(begin), false) => {
                found.push((begin, i));
                from = None;
            }
            _ => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stretches_are_maximal() {
        let so = [true, true, false, true];
        assert_eq!(stretches(4, |i| so[i]), [(0, 2), (3, 4)]);
        assert_eq!(stretches(0, |_| true), []);
    }
}

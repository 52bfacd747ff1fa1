//! The frame around every chart: canvas, type, colours, heading, legend, panels with their axes, and the file that
//! comes of a drawing. Nobody else knows plotters or resvg.
//!
//! Plotters writes whole pixels, so it draws on a canvas four times as large, which the SVG scales down; text is shaped
//! by resvg from the font that plotters measured it with. All lengths outside this file are CSS pixels.

use std::cell::RefCell;

use plotters::coord::Shift;
use plotters::coord::ranged1d::{KeyPointHint, NoDefaultFormatting, Ranged};
use plotters::element::DashedPathElement;
use plotters::prelude::*;
use resvg::{tiny_skia, usvg};

use super::axis::Axis;
pub(super) use super::heading::{Heading, MARGIN, Mark, WIDTH};
use super::heading::{LEGEND_LINE, Laid, SOURCE_LINE, SUBTITLE_LINE, TITLE_LINE, TOP_LINE};
pub(super) use super::room::{Placer, Room};
pub(super) use super::style::{Align, BODY, FINE, Ink, LABEL, STRONG, Type};
use super::style::{BOLD, REGULAR, SCALE, TITLE, drawable, register_fonts};
use super::{ChartError, Drawing};
use crate::escape;

/// The distance to the baseline of a text from the top by which plotters places it \[em\].
const TOP_TO_BASELINE: f64 = 0.76;

/// Draws the heading, lets `body` fill the room below it, and makes both files.
pub(super) fn draw<F>(heading: &Heading, body: F) -> Result<Drawing, ChartError>
where
    F: FnOnce(&Canvas<'_>, Room) -> Result<(), ChartError>,
{
    register_fonts()?;
    let laid = Laid::of(heading);
    let height = heading.height + laid.beyond_usual();
    let mut plotted = String::new();
    let tips;
    {
        let canvas = Canvas {
            tips: RefCell::default(),
            root: SVGBackend::with_string(&mut plotted, (px(WIDTH) as u32, px(height) as u32)).into_drawing_area(),
        };
        canvas.root.fill(&Ink::Paper.color()).map_err(failed)?;
        let room = canvas.heading(&laid, height)?;
        body(&canvas, room)?;
        canvas.root.present().map_err(failed)?;
        tips = canvas.tips.take();
    }
    finish(heading, (height, laid.words_end() + 6.0), &plotted, &tips)
}

/// Turns the SVG that plotters wrote into one of CSS size whose text is outlines.
fn finish(heading: &Heading, (height, words): (f64, f64), plotted: &str, tips: &[Tip]) -> Result<Drawing, ChartError> {
    let (_, body) = plotted.split_once('>').ok_or_else(|| ChartError("the drawing is empty".to_owned()))?;
    let (w, h) = (WIDTH, height);
    let sized = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{w}\" height=\"{h}\" viewBox=\"0 0 {} {}\" \
         stroke-linejoin=\"round\">{body}",
        px(w),
        px(h)
    );
    let mut options = usvg::Options::default();
    for font in [REGULAR, BOLD] {
        options.fontdb_mut().load_font_data(font.to_vec());
    }
    let tree = usvg::Tree::from_str(&sized, &options).map_err(failed)?;

    let writing = usvg::WriteOptions {
        coordinates_precision: 1,
        transforms_precision: 5,
        indent: usvg::Indent::None,
        ..usvg::WriteOptions::default()
    };
    let outlined = tree.to_string(&writing);
    let (open, rest) =
        outlined.split_once('>').ok_or_else(|| ChartError("the outlined drawing is empty".to_owned()))?;
    let (title, desc) = (escaped(&heading.title), escaped(&heading.subtitle));
    let rest = rest.trim_end().strip_suffix("</svg>").unwrap_or(rest);
    let view = format!("0 0 {WIDTH} {height}");
    let svg = format!(
        "{open} viewBox=\"{view}\" role=\"img\"><title>{title}</title><desc>{desc}</desc>{rest}{}</svg>",
        shown(tips)
    );
    Ok(Drawing {
        name: file_stem(&heading.name),
        title: escape::visible(&heading.title).into_owned(),
        caption: escape::visible(&heading.subtitle).into_owned(),
        height,
        words,
        svg,
        #[cfg(test)]
        plotted: plotted.to_owned(),
    })
}

/// Returns the stem of the files of a drawing: the names in a document that somebody else wrote lead to no other folder.
fn file_stem(name: &str) -> String {
    name.chars().map(|c| if c.is_alphanumeric() || "-_.".contains(c) { c } else { '_' }).collect()
}

/// Returns the tooltips as SVG: invisible circles whose titles browsers show.
fn shown(tips: &[Tip]) -> String {
    if tips.is_empty() {
        return String::new();
    }
    let circle = |tip: &Tip| {
        format!(
            "<circle cx=\"{:.1}\" cy=\"{:.1}\" r=\"7\"><title>{}</title></circle>",
            tip.x,
            tip.y,
            escaped(&tip.text)
        )
    };
    format!("<g class=\"tips\" fill-opacity=\"0\">{}</g>", tips.iter().map(circle).collect::<String>())
}

/// Returns a drawing as a PNG of a width \[px\]; the text of the drawing is outlines already.
pub(super) fn pixels(svg: &str, width: u32) -> Result<Vec<u8>, ChartError> {
    let tree = usvg::Tree::from_str(svg, &usvg::Options::default()).map_err(failed)?;
    let scale = width as f32 / tree.size().width();
    let height = (tree.size().height() * scale).round() as u32;
    let mut pixels =
        tiny_skia::Pixmap::new(width, height).ok_or_else(|| ChartError("the drawing has no size".to_owned()))?;
    resvg::render(&tree, tiny_skia::Transform::from_scale(scale, scale), &mut pixels.as_mut());
    pixels.encode_png().map_err(failed)
}

fn failed(error: impl std::fmt::Display) -> ChartError {
    ChartError(error.to_string())
}

fn escaped(text: &str) -> String {
    escape::xml(&escape::visible(text))
}

fn px(css: f64) -> i32 {
    (css * SCALE).round() as i32
}

fn stroke(ink: Ink, width: f64) -> ShapeStyle {
    ink.color().stroke_width(px(width) as u32)
}

/// A tooltip at a place of the drawing \[CSS px\].
#[derive(Debug, Clone)]
struct Tip {
    x: f64,
    y: f64,
    text: String,
}

/// The longest text of a tooltip, short enough to be read at a glance \[characters\].
const LONGEST_TIP: usize = 240;
/// The most tooltips of a drawing, because more would hide each other.
const MOST_TIPS: usize = 400;

/// The sheet that a drawing is made on.
pub(super) struct Canvas<'a> {
    tips: RefCell<Vec<Tip>>,
    root: DrawingArea<SVGBackend<'a>, Shift>,
}

impl<'a> Canvas<'a> {
    /// Writes one line whose baseline is at `y`.
    pub(super) fn text(
        &self,
        x: f64,
        y: f64,
        text: &str,
        face: Type,
        ink: Ink,
        align: Align,
    ) -> Result<(), ChartError> {
        if text.is_empty() {
            return Ok(());
        }
        let top = y - TOP_TO_BASELINE * face.size;
        self.root.draw(&Text::new(drawable(text), (px(x), px(top)), face.style(ink, align))).map_err(failed)
    }

    pub(super) fn line(&self, from: (f64, f64), to: (f64, f64), ink: Ink, width: f64) -> Result<(), ChartError> {
        let ends = vec![(px(from.0), px(from.1)), (px(to.0), px(to.1))];
        self.root.draw(&PathElement::new(ends, stroke(ink, width))).map_err(failed)
    }

    /// Adds a tooltip at a place of the canvas \[CSS px\]. It is a help beside what is written, never instead of it.
    pub(super) fn tip(&self, x: f64, y: f64, text: String) {
        let mut tips = self.tips.borrow_mut();
        let text = if text.chars().count() > LONGEST_TIP {
            text.chars().take(LONGEST_TIP).chain(['…']).collect()
        } else {
            text
        };
        if tips.len() < MOST_TIPS && x.is_finite() && y.is_finite() {
            tips.push(Tip { x, y, text });
        }
    }

    /// Draws a filled rectangle.
    pub(super) fn rect(&self, room: Room, ink: Ink) -> Result<(), ChartError> {
        let corners = [(px(room.left), px(room.top)), (px(room.right), px(room.bottom))];
        self.root.draw(&Rectangle::new(corners, ink.color().filled())).map_err(failed)
    }

    /// Draws the outline of a rectangle.
    pub(super) fn outline(&self, room: Room, ink: Ink, width: f64) -> Result<(), ChartError> {
        let corners = [(px(room.left), px(room.top)), (px(room.right), px(room.bottom))];
        self.root.draw(&Rectangle::new(corners, stroke(ink, width))).map_err(failed)
    }

    fn heading(&self, laid: &Laid, height: f64) -> Result<Room, ChartError> {
        let (left, right) = (MARGIN, WIDTH - MARGIN);
        let mut y = TOP_LINE;
        for (i, line) in laid.title.iter().enumerate() {
            y += if i > 0 { TITLE_LINE } else { 0.0 };
            self.text(left, y, line, TITLE, Ink::Text, Align::Left)?;
        }
        y += 4.0;
        for line in &laid.subtitle {
            y += SUBTITLE_LINE;
            self.text(left, y, line, BODY, Ink::Faint, Align::Left)?;
        }
        y += 24.0;
        let keys = y;
        for (name, mark, x, row) in &laid.legend {
            y = keys + LEGEND_LINE * *row as f64;
            self.key(left + x, y - 4.0, *mark)?;
            self.text(left + x + 26.0, y, name, LABEL, Ink::Text, Align::Left)?;
        }
        let mut foot = height - 11.0;
        for (i, line) in laid.source.iter().rev().enumerate() {
            foot -= if i > 0 { SOURCE_LINE } else { 0.0 };
            self.text(left, foot, line, FINE, Ink::Slate, Align::Left)?;
        }
        Ok(Room { left, top: y + 10.0, right, bottom: foot - 16.0 })
    }

    /// Draws a key of the legend, 20 px wide and centred on `y`.
    fn key(&self, x: f64, y: f64, mark: Mark) -> Result<(), ChartError> {
        match mark {
            Mark::Area(ink) => {
                let room = Room { left: x, right: x + 20.0, top: y - 5.0, bottom: y + 5.0 };
                self.rect(room, ink)?;
                // The palest step of a scale is hardly seen on paper.
                if matches!(ink, Ink::Heat(_)) { self.outline(room, Ink::Rule, 0.75) } else { Ok(()) }
            }
            Mark::Line(ink, width) => self.line((x, y), (x + 20.0, y), ink, width),
            Mark::Dashes(ink, width) => {
                for from in [x, x + 7.5, x + 15.0] {
                    self.line((from, y), (from + 5.0, y), ink, width)?;
                }
                Ok(())
            }
        }
    }

    /// Returns a panel whose data fill `room`; the labels of its axes stand outside of it.
    pub(super) fn panel(&self, room: Room, x: Axis, y: Axis) -> Panel<'_, 'a> {
        let pixels = (px(room.left)..px(room.right), px(room.bottom)..px(room.top));
        let plane = self.root.apply_coord_spec(Cartesian2d::new(x.clone(), y.clone(), pixels));
        Panel { canvas: self, plane, room, x, y }
    }
}

impl Ranged for Axis {
    type FormatOption = NoDefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, limit: (i32, i32)) -> i32 {
        limit.0 + (self.place(*value) * f64::from(limit.1 - limit.0)).round() as i32
    }

    fn key_points<Hint: KeyPointHint>(&self, _hint: Hint) -> Vec<f64> {
        self.ticks.iter().map(|tick| tick.at).collect()
    }

    fn range(&self) -> std::ops::Range<f64> {
        0.0..1.0
    }
}

/// Two axes and what is drawn between them, in the axes' units.
pub(super) struct Panel<'c, 'a> {
    pub(super) canvas: &'c Canvas<'a>,
    plane: DrawingArea<SVGBackend<'a>, Cartesian2d<Axis, Axis>>,
    pub(super) room: Room,
    x: Axis,
    y: Axis,
}

impl Panel<'_, '_> {
    /// Returns whether a value lies between the ends of the axis that goes up.
    pub(super) fn holds(&self, y: f64) -> bool {
        self.y.holds(y)
    }

    /// Returns the position on the canvas of a point of the data \[CSS px\].
    pub(super) fn at(&self, x: f64, y: f64) -> (f64, f64) {
        let room = self.room;
        (room.left + self.x.place(x) * room.width(), room.bottom - self.y.place(y) * (room.bottom - room.top))
    }

    /// Draws the mesh and the labels of both axes; what is drawn afterwards lies over the mesh.
    pub(super) fn grid(&self) -> Result<(), ChartError> {
        let Room { left, top, right, bottom } = self.room;
        for tick in &self.y.ticks {
            let (_, y) = self.at(0.0, tick.at);
            self.canvas.line((left, y), (right, y), Ink::Grid, 0.75)?;
            self.canvas.text(left - 7.0, y + 4.0, &tick.label, LABEL, Ink::Faint, Align::Right)?;
        }
        let mut free_from = 0.0;
        for tick in &self.x.ticks {
            let (x, _) = self.at(tick.at, 0.0);
            self.canvas.line((x, top), (x, bottom), Ink::Grid, 0.75)?;
            let half = LABEL.width(&tick.label) / 2.0;
            // A label at the edge moves inwards, and one without room to its neighbour is left out.
            let x = x.min(WIDTH - 6.0 - half);
            if !tick.label.is_empty() && x - half >= free_from {
                self.canvas.text(x, bottom + 16.0, &tick.label, LABEL, Ink::Faint, Align::Middle)?;
                free_from = x + half + 8.0;
            }
        }
        Ok(())
    }

    /// Draws the line that everything stands on.
    pub(super) fn floor(&self) -> Result<(), ChartError> {
        let Room { left, right, bottom, .. } = self.room;
        self.canvas.line((left, bottom), (right, bottom), Ink::Rule, 1.0)
    }

    /// Fills the area inside an outline.
    pub(super) fn area(&self, outline: Vec<(f64, f64)>, ink: Ink) -> Result<(), ChartError> {
        self.plane.draw(&Polygon::new(outline, ink.color().filled())).map_err(failed)
    }

    pub(super) fn curve(&self, points: &[(f64, f64)], mark: Mark) -> Result<(), ChartError> {
        match mark {
            Mark::Area(ink) => self.area(points.to_vec(), ink),
            Mark::Line(ink, width) => {
                self.plane.draw(&PathElement::new(points.to_vec(), stroke(ink, width))).map_err(failed)
            }
            Mark::Dashes(ink, width) => {
                let path = points.iter().copied();
                self.plane.draw(&DashedPathElement::new(path, px(5.0), px(3.0), stroke(ink, width))).map_err(failed)
            }
        }
    }

    /// Draws an upright line through the whole panel.
    pub(super) fn upright(&self, x: f64, mark: Mark) -> Result<(), ChartError> {
        let ((x, _), Room { top, bottom, .. }) = (self.at(x, 0.0), self.room);
        match mark {
            Mark::Area(ink) | Mark::Line(ink, _) => self.canvas.line((x, top), (x, bottom), ink, 1.25),
            Mark::Dashes(ink, width) => {
                let dashes = ((bottom - top) / 8.0).ceil() as usize;
                (0..dashes)
                    .map(|i| top + 8.0 * i as f64)
                    .try_for_each(|from| self.canvas.line((x, from), (x, (from + 5.0).min(bottom)), ink, width))
            }
        }
    }

    /// Fills a rectangle between two corners, in the axes' units.
    pub(super) fn bar(&self, from: (f64, f64), to: (f64, f64), ink: Ink) -> Result<(), ChartError> {
        let (a, b) = (self.at(from.0, from.1), self.at(to.0, to.1));
        let room = Room { left: a.0.min(b.0), right: a.0.max(b.0), top: a.1.min(b.1), bottom: a.1.max(b.1) };
        self.canvas.rect(room, ink)
    }

    /// Adds a tooltip at a point of the data.
    pub(super) fn tip(&self, x: f64, y: f64, text: String) {
        let (x, y) = self.at(x, y);
        self.canvas.tip(x, y, text);
    }

    pub(super) fn dot(&self, x: f64, y: f64, ink: Ink) -> Result<(), ChartError> {
        for (radius, ink) in [(4.5, Ink::Paper), (3.2, ink)] {
            self.plane.draw(&Circle::new((x, y), px(radius), ink.color().filled())).map_err(failed)?;
        }
        // Amber alone is hardly seen on paper.
        if ink == Ink::Amber { self.ring(x, y, 3.2, Ink::Rule) } else { Ok(()) }
    }

    /// Draws a dot that is only an outline.
    pub(super) fn ring(&self, x: f64, y: f64, radius: f64, ink: Ink) -> Result<(), ChartError> {
        self.plane.draw(&Circle::new((x, y), px(radius), stroke(ink, 1.0))).map_err(failed)
    }

    /// Draws a small square, which of all marks takes least of a file, for points by the thousand.
    pub(super) fn speck(&self, x: f64, y: f64, size: f64, ink: Ink) -> Result<(), ChartError> {
        let (x, y) = self.at(x, y);
        let half = size / 2.0;
        self.canvas.rect(Room { left: x - half, top: y - half, right: x + half, bottom: y + half }, ink)
    }

    /// Draws an interval along y as a line with caps.
    pub(super) fn whisker(&self, x: f64, from: f64, to: f64, ink: Ink) -> Result<(), ChartError> {
        let ((x, a), (_, b)) = (self.at(x, from), self.at(x, to));
        self.canvas.line((x, a), (x, b), ink, 1.25)?;
        self.canvas.line((x - 3.0, a), (x + 3.0, a), ink, 1.25)?;
        self.canvas.line((x - 3.0, b), (x + 3.0, b), ink, 1.25)
    }

    /// Writes a line of text on a patch of paper, to be legible over areas; its baseline is at `y` \[CSS px\].
    pub(super) fn note(
        &self,
        x: f64,
        y: f64,
        text: &str,
        face: Type,
        ink: Ink,
        align: Align,
    ) -> Result<(), ChartError> {
        let width = face.width(&drawable(text));
        let left = match align {
            Align::Left => x,
            Align::Middle => x - width / 2.0,
            Align::Right => x - width,
        };
        let patch = [(px(left - 3.0), px(y - face.size)), (px(left + width + 3.0), px(y + face.size * 0.3))];
        self.canvas.root.draw(&Rectangle::new(patch, Ink::Paper.color().mix(0.85).filled())).map_err(failed)?;
        self.canvas.text(x, y, text, face, ink, align)
    }
}

/// Returns a PNG's width and its pixels, row by row: red, green, blue.
#[cfg(test)]
pub(super) fn decoded(png: &[u8]) -> (usize, Vec<[f64; 3]>) {
    let pixmap = tiny_skia::Pixmap::decode_png(png).unwrap();
    let pixels = pixmap.pixels().iter().map(|p| [p.red(), p.green(), p.blue()].map(f64::from));
    (pixmap.width() as usize, pixels.collect())
}

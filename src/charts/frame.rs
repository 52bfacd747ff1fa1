//! The frame around every chart: canvas, type, colours, heading, legend, panels with their axes, and the two files that
//! come of a drawing. Nobody else knows plotters or resvg.
//!
//! Plotters writes whole pixels, so it draws on a canvas four times as large, which the SVG scales down; text is shaped
//! by resvg from the font that plotters measured it with. All lengths outside this file are CSS pixels.

use std::sync::OnceLock;

use plotters::coord::Shift;
use plotters::coord::ranged1d::{KeyPointHint, NoDefaultFormatting, Ranged};
use plotters::element::DashedPathElement;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use resvg::{tiny_skia, usvg};

use super::axis::Axis;
use super::{ChartError, Drawing};

const FAMILY: &str = "DejaVu Sans";
const REGULAR: &[u8] = include_bytes!("../../assets/DejaVuSans.ttf");
const BOLD: &[u8] = include_bytes!("../../assets/DejaVuSans-Bold.ttf");

/// Canvas pixels in a CSS pixel.
const SCALE: f64 = 4.0;
/// PNG pixels in a CSS pixel.
const PNG_SCALE: f32 = 2.0;
/// \[CSS px\]
pub(super) const WIDTH: f64 = 640.0;
const MARGIN: f64 = 20.0;
/// Plotters takes a font's size as the height of its line, and writes it to the SVG divided by this.
const LINE_PER_EM: f64 = 1.24;
/// What a line of DejaVu measures in ems: with it plotters' measure of a text is the width that is drawn.
const DEJAVU_LINE_PER_EM: f64 = 1.164;
/// From the top that plotters places text by to its baseline \[em\].
const TOP_TO_BASELINE: f64 = 0.76;

/// Colours of Okabe and Ito and tints of them: told apart by every kind of sight, and by their lightness in print.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ink {
    Text,
    Faint,
    Rule,
    Grid,
    Paper,
    Blue,
    Vermillion,
    Amber,
    Slate,
}

impl Ink {
    const fn color(self) -> RGBColor {
        match self {
            Self::Text => RGBColor(26, 30, 36),
            Self::Faint => RGBColor(92, 99, 110),
            Self::Rule => RGBColor(140, 147, 158),
            Self::Grid => RGBColor(229, 232, 236),
            Self::Paper => WHITE,
            Self::Blue => RGBColor(0, 114, 178),
            Self::Vermillion => RGBColor(205, 84, 0),
            Self::Amber => RGBColor(248, 208, 128),
            Self::Slate => RGBColor(110, 120, 134),
        }
    }
}

/// A size and a weight of type.
#[derive(Debug, Clone, Copy)]
pub(super) struct Type {
    /// \[CSS px\]
    size: f64,
    bold: bool,
}

pub(super) const TITLE: Type = Type { size: 15.0, bold: true };
pub(super) const BODY: Type = Type { size: 11.5, bold: false };
pub(super) const LABEL: Type = Type { size: 11.0, bold: false };
pub(super) const STRONG: Type = Type { size: 11.0, bold: true };
const FINE: Type = Type { size: 9.5, bold: false };

impl Type {
    const fn weight(self) -> FontStyle {
        if self.bold { FontStyle::Bold } else { FontStyle::Normal }
    }

    fn style(self, ink: Ink, align: Align) -> TextStyle<'static> {
        let h = match align {
            Align::Left => HPos::Left,
            Align::Middle => HPos::Center,
            Align::Right => HPos::Right,
        };
        TextStyle {
            font: (FAMILY, self.size * LINE_PER_EM * SCALE, self.weight()).into_font(),
            color: ink.color().to_backend_color(),
            pos: Pos::new(h, VPos::Top),
        }
    }

    /// \[CSS px\]
    pub(super) fn width(self, text: &str) -> f64 {
        let font: FontDesc<'_> = (FAMILY, self.size * DEJAVU_LINE_PER_EM * SCALE, self.weight()).into();
        font.box_size(text).map_or(0.0, |(w, _)| f64::from(w) / SCALE)
    }

    /// The text, or as much of its beginning as fits, with an ellipsis.
    pub(super) fn fit(self, text: &str, width: f64) -> String {
        if self.width(text) <= width {
            return text.to_owned();
        }
        let mut kept: Vec<char> = text.chars().take(400).collect();
        while kept.pop().is_some() {
            let shorter = format!("{}…", kept.iter().collect::<String>().trim_end());
            if self.width(&shorter) <= width {
                return shorter;
            }
        }
        String::new()
    }

    /// The text on as many lines as are allowed; what is too long ends in an ellipsis.
    fn wrap(self, text: &str, width: f64, most: usize) -> Vec<String> {
        let mut lines: Vec<String> = Vec::new();
        for word in text.split_whitespace() {
            let full = lines.len() >= most;
            match lines.last_mut() {
                Some(line) if self.width(&format!("{line} {word}")) <= width => *line += &format!(" {word}"),
                Some(line) if full => *line += &format!(" {word}"),
                _ => lines.push(word.to_owned()),
            }
        }
        lines.iter().map(|line| self.fit(line, width)).collect()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Align {
    Left,
    Middle,
    Right,
}

/// How a thing is drawn, and how its key in the legend looks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Mark {
    Area(Ink),
    /// With its width \[CSS px\].
    Line(Ink, f64),
    Dashes(Ink, f64),
}

/// What stands around the panels of a drawing.
#[derive(Debug, Clone)]
pub(super) struct Heading {
    /// The stem of the files.
    pub(super) name: String,
    pub(super) title: String,
    /// What the eye should see, with the figures.
    pub(super) subtitle: String,
    pub(super) legend: Vec<(String, Mark)>,
    /// Where the figures come from.
    pub(super) source: String,
    /// The whole drawing's height \[CSS px\].
    pub(super) height: f64,
}

/// A rectangle \[CSS px\].
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Room {
    pub(super) left: f64,
    pub(super) top: f64,
    pub(super) right: f64,
    pub(super) bottom: f64,
}

impl Room {
    pub(super) fn width(&self) -> f64 {
        self.right - self.left
    }
}

/// Draws the heading, lets `body` fill the room below it, and makes both files.
pub(super) fn draw<F>(heading: &Heading, body: F) -> Result<Drawing, ChartError>
where
    F: FnOnce(&Canvas<'_>, Room) -> Result<(), ChartError>,
{
    register_fonts()?;
    let mut plotted = String::new();
    {
        let canvas = Canvas {
            root: SVGBackend::with_string(&mut plotted, (px(WIDTH) as u32, px(heading.height) as u32))
                .into_drawing_area(),
        };
        canvas.root.fill(&Ink::Paper.color()).map_err(failed)?;
        let room = canvas.heading(heading)?;
        body(&canvas, room)?;
        canvas.root.present().map_err(failed)?;
    }
    finish(heading, &plotted)
}

/// The SVG as plotters wrote it becomes one of CSS size whose text is outlines, and a PNG of twice that size.
fn finish(heading: &Heading, plotted: &str) -> Result<Drawing, ChartError> {
    let (_, body) = plotted.split_once('>').ok_or_else(|| ChartError("the drawing is empty".to_owned()))?;
    let (w, h) = (WIDTH, heading.height);
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
    let svg = format!("{open} role=\"img\"><title>{title}</title><desc>{desc}</desc>{rest}");

    let (w, h) = ((w as f32 * PNG_SCALE) as u32, (h as f32 * PNG_SCALE) as u32);
    let mut pixels = tiny_skia::Pixmap::new(w, h).ok_or_else(|| ChartError("the drawing has no size".to_owned()))?;
    resvg::render(&tree, tiny_skia::Transform::from_scale(PNG_SCALE, PNG_SCALE), &mut pixels.as_mut());
    let png = pixels.encode_png().map_err(failed)?;
    Ok(Drawing { name: heading.name.clone(), svg, png })
}

/// Plotters keeps its fonts in one table for the whole program, so they are put there once.
fn register_fonts() -> Result<(), ChartError> {
    static REGISTERED: OnceLock<bool> = OnceLock::new();
    let good = *REGISTERED.get_or_init(|| {
        [(FontStyle::Normal, REGULAR), (FontStyle::Bold, BOLD)]
            .into_iter()
            .all(|(style, bytes)| plotters::style::register_font(FAMILY, style, bytes).is_ok())
    });
    if good { Ok(()) } else { Err(ChartError("the embedded font cannot be read".to_owned())) }
}

fn failed(error: impl std::fmt::Display) -> ChartError {
    ChartError(error.to_string())
}

fn escaped(text: &str) -> String {
    let printable = text.chars().filter(|c| !c.is_control()).collect::<String>();
    printable.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// The embedded font holds Latin-1 and some signs; anything else would be drawn as a box.
fn drawable(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            ' '..='~' | '\u{a0}'..='ÿ' | 'λ' | 'μ' | 'ρ' | '–' | '—' | '‘' | '’' | '“' | '”' | '…' => {
                c
            }
            '←' | '↑' | '→' | '↓' | '−' | '≠' | '≤' | '≥' => c,
            _ => '?',
        })
        .collect()
}

fn px(css: f64) -> i32 {
    (css * SCALE).round() as i32
}

fn stroke(ink: Ink, width: f64) -> ShapeStyle {
    ink.color().stroke_width(px(width) as u32)
}

/// The sheet that a drawing is made on.
pub(super) struct Canvas<'a> {
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

    fn heading(&self, heading: &Heading) -> Result<Room, ChartError> {
        let (left, right) = (MARGIN, WIDTH - MARGIN);
        let mut y = 29.0;
        self.text(left, y, &TITLE.fit(&drawable(&heading.title), right - left), TITLE, Ink::Text, Align::Left)?;
        y += 4.0;
        for line in BODY.wrap(&drawable(&heading.subtitle), right - left, 2) {
            y += 16.0;
            self.text(left, y, &line, BODY, Ink::Faint, Align::Left)?;
        }
        y += 24.0;
        let mut x = left;
        for (name, mark) in &heading.legend {
            let name = LABEL.fit(name, right - left - 26.0);
            let width = 26.0 + LABEL.width(&name);
            if x > left && x + width > right {
                x = left;
                y += 17.0;
            }
            self.key(x, y - 4.0, *mark)?;
            self.text(x + 26.0, y, &name, LABEL, Ink::Text, Align::Left)?;
            x += width + 18.0;
        }
        let foot = heading.height - 11.0;
        self.text(left, foot, &FINE.fit(&drawable(&heading.source), right - left), FINE, Ink::Slate, Align::Left)?;
        Ok(Room { left, top: y + 10.0, right, bottom: foot - 16.0 })
    }

    /// One key of the legend, 20 px wide and centred on `y`.
    fn key(&self, x: f64, y: f64, mark: Mark) -> Result<(), ChartError> {
        match mark {
            Mark::Area(ink) => {
                let corners = [(px(x), px(y - 5.0)), (px(x + 20.0), px(y + 5.0))];
                self.root.draw(&Rectangle::new(corners, ink.color().filled())).map_err(failed)
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

    /// A panel whose data fill `room`; the labels of its axes stand outside of it.
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
    /// Where a point stands on the canvas \[CSS px\].
    pub(super) fn at(&self, x: f64, y: f64) -> (f64, f64) {
        let room = self.room;
        (room.left + self.x.place(x) * room.width(), room.bottom - self.y.place(y) * (room.bottom - room.top))
    }

    /// The mesh and the labels of both axes; what is drawn afterwards lies over the mesh.
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

    /// The line that everything stands on.
    pub(super) fn floor(&self) -> Result<(), ChartError> {
        let Room { left, right, bottom, .. } = self.room;
        self.canvas.line((left, bottom), (right, bottom), Ink::Rule, 1.0)
    }

    /// The area inside an outline.
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

    pub(super) fn dot(&self, x: f64, y: f64, ink: Ink) -> Result<(), ChartError> {
        for (radius, ink) in [(4.5, Ink::Paper), (3.2, ink)] {
            self.plane.draw(&Circle::new((x, y), px(radius), ink.color().filled())).map_err(failed)?;
        }
        Ok(())
    }

    /// A line of text on a patch of paper, so that it stays legible over areas; its baseline is at `y` \[CSS px\].
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

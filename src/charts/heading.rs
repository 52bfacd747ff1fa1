//! The text and the legend around the panels of a drawing, and how they are broken into lines.

use super::style::{BODY, FINE, Ink, LABEL, TITLE, drawable};

/// The width of every chart \[CSS px\].
pub(super) const WIDTH: f64 = 640.0;
pub(super) const MARGIN: f64 = 20.0;
const MOST_TITLE_LINES: usize = 3;
const MOST_SUBTITLE_LINES: usize = 4;
/// The height of a line of the title \[CSS px\].
pub(super) const TITLE_LINE: f64 = 19.0;
pub(super) const SUBTITLE_LINE: f64 = 16.0;
pub(super) const LEGEND_LINE: f64 = 17.0;
const MOST_SOURCE_LINES: usize = 3;
pub(super) const SOURCE_LINE: f64 = 13.0;
/// The baseline of the first line of the title.
pub(super) const TOP_LINE: f64 = 29.0;

/// The way in which a series is drawn, both in a panel and as a key of the legend.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Mark {
    Area(Ink),
    /// A solid line with its width \[CSS px\].
    Line(Ink, f64),
    Dashes(Ink, f64),
}

/// The text and the legend around the panels of a drawing.
#[derive(Debug, Clone)]
pub(super) struct Heading {
    /// The stem of the files.
    pub(super) name: String,
    pub(super) title: String,
    /// The main observation that the drawing supports, with its figures.
    pub(super) subtitle: String,
    pub(super) legend: Vec<(String, Mark)>,
    /// The line that says where the figures come from.
    pub(super) source: String,
    /// The whole drawing's height \[CSS px\]; it grows by what the heading takes beyond the usual.
    pub(super) height: f64,
}

/// A heading as it is written, line by line.
pub(super) struct Laid {
    pub(super) title: Vec<String>,
    pub(super) subtitle: Vec<String>,
    /// Each key with its name, cut to the sheet, and where it stands: from the left \[CSS px\], and in which row.
    pub(super) legend: Vec<(String, Mark, f64, usize)>,
    pub(super) source: Vec<String>,
}

impl Laid {
    pub(super) fn of(heading: &Heading) -> Self {
        let width = WIDTH - 2.0 * MARGIN;
        let (mut x, mut row) = (0.0, 0);
        let mut legend = Vec::new();
        for (name, mark) in &heading.legend {
            let name = LABEL.fit(&drawable(name), width - 26.0);
            let taken = 26.0 + LABEL.width(&name);
            if x > 0.0 && x + taken > width {
                (x, row) = (0.0, row + 1);
            }
            legend.push((name, *mark, x, row));
            x += taken + 18.0;
        }
        let title = TITLE.wrap(&drawable(&heading.title), width, MOST_TITLE_LINES);
        let subtitle = BODY.wrap(&drawable(&heading.subtitle), width, MOST_SUBTITLE_LINES);
        let source = FINE.wrap(&drawable(&heading.source), width, MOST_SOURCE_LINES);
        Self { title, subtitle, legend, source }
    }

    /// Returns how far the title and the subtitle reach down from the top of the drawing \[CSS px\].
    pub(super) fn words_end(&self) -> f64 {
        TOP_LINE
            + self.title.len().saturating_sub(1) as f64 * TITLE_LINE
            + 4.0
            + self.subtitle.len() as f64 * SUBTITLE_LINE
    }

    /// Returns the height that the heading takes beyond one line of title, two of subtitle, one row of legend keys and
    /// one line of source \[CSS px\]. The drawing grows by it, so that panels keep their room.
    pub(super) fn beyond_usual(&self) -> f64 {
        let rows = self.legend.last().map_or(0, |key| key.3);
        self.title.len().saturating_sub(1) as f64 * TITLE_LINE
            + self.subtitle.len().saturating_sub(2) as f64 * SUBTITLE_LINE
            + rows as f64 * LEGEND_LINE
            + self.source.len().saturating_sub(1) as f64 * SOURCE_LINE
    }
}

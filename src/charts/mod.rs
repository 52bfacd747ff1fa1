//! Charts of a results document: pure functions of it, so the same document gives the same bytes.
//!
//! A chart is one file with one type, and its line in [`CHARTS`]. `frame` owns the canvas and is the only one that
//! knows how a drawing is made; `style` has type and colours; `axis` and `labels` say where figures stand and how they are written.

mod axis;
mod clock;
mod columns;
mod compare_differences;
mod cost_by_component;
mod cost_by_volume;
mod course;
mod daily;
mod doubt_tornado;
mod frame;
mod goals;
mod heading;
mod labels;
mod latency_cdf;
mod latency_over_time;
mod latency_parts;
mod load_over_time;
mod main_effects;
mod quota_use;
mod room;
mod scatter;
mod served_by_capacity;
mod served_by_region;
mod shares;
mod size_curve;
mod study;
mod style;
mod sweep_lines;
mod sweep_map;
mod sweep_pareto;
#[cfg(test)]
mod tests;
mod throttles_over_time;
mod unit_utilization;
mod volume;

pub use style::{Theme, variables};

use crate::results::{Detail, Point, Results};

/// A finished drawing.
#[derive(Debug, Clone, PartialEq)]
pub struct Drawing {
    /// The stem of its files, such as `quota_use-us`.
    pub name: String,
    pub title: String,
    /// The main observation that the drawing supports, with its figures.
    pub caption: String,
    /// The height of the drawing \[CSS px\]; its width is 640.
    pub height: f64,
    /// The distance from the top to the end of title and caption \[CSS px\]; a narrow page writes both of them itself.
    pub words: f64,
    /// The standalone SVG in the light theme. Its text is outlines, so that it needs no font.
    pub svg: String,
    /// The SVG before its text became outlines, which tests read.
    #[cfg(test)]
    plotted: String,
}

impl Drawing {
    /// Returns the SVG in a theme.
    #[must_use]
    pub fn themed(&self, theme: Theme) -> String {
        style::themed(&self.svg, theme)
    }

    /// Returns the SVG with the colours of a page, which brings [`variables`].
    #[must_use]
    pub fn for_page(&self) -> String {
        style::for_page(&self.svg)
    }

    /// Returns the drawing as a PNG of a width \[px\].
    ///
    /// # Errors
    /// The PNG cannot be so large.
    pub fn png(&self, theme: Theme, width: u32) -> Result<Vec<u8>, ChartError> {
        frame::pixels(&self.themed(theme), width)
    }
}

/// The reason why a chart could not be drawn; the fault is not the document's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ChartError(String);

/// The input of a chart: a document and its points, which for a large sweep stand in a file of their own.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    pub results: &'a Results,
    pub points: &'a [Point],
}

impl<'a> Subject<'a> {
    /// Returns the subject of a document that holds its points.
    #[must_use]
    pub fn of(results: &'a Results) -> Self {
        Self { results, points: &results.points }
    }

    /// Returns the one point that a document is about: the only one, or the answer of a size. `None`: there is none.
    #[must_use]
    pub fn point(&self) -> Option<&'a Point> {
        let index = match &self.results.sizing {
            Some(sizing) => sizing.evaluated.iter().find(|e| Some(e.value) == sizing.answer)?.point?,
            None if self.points.len() == 1 => self.points[0].index,
            None => return None,
        };
        self.points.iter().find(|p| p.index == index)
    }

    /// Returns the one point of the document with its course over time. `None`: there is none, or it has no detail.
    fn detailed(&self) -> Option<(&'a Point, &'a Detail)> {
        let point = self.point()?;
        Some((point, point.detail.as_ref()?))
    }
}

/// One way to draw a document.
pub trait Chart: Sync {
    /// Returns the name of the chart's drawing; where there are several drawings, the first part of their names.
    fn name(&self) -> &'static str;

    /// Returns the question that it answers, in one sentence.
    fn shows(&self) -> &'static str;

    /// Draws a document; nothing when it has not what the chart needs.
    ///
    /// # Errors
    /// The drawing machinery failed.
    fn draw(&self, subject: &Subject<'_>) -> Result<Vec<Drawing>, ChartError>;
}

/// Every chart, in the order of a report.
pub const CHARTS: &[&dyn Chart] = &[
    &size_curve::SizeCurve,
    &compare_differences::CompareDifferences,
    &doubt_tornado::DoubtTornado,
    &cost_by_volume::CostByVolume,
    &sweep_lines::SweepLines,
    &sweep_map::SweepMap,
    &sweep_pareto::SweepPareto,
    &main_effects::MainEffects,
    &load_over_time::LoadOverTime,
    &throttles_over_time::ThrottlesOverTime,
    &quota_use::QuotaUse,
    &unit_utilization::UnitUtilization,
    &served_by_capacity::ServedByCapacity,
    &served_by_region::ServedByRegion,
    &latency_cdf::LatencyCdf,
    &latency_over_time::LatencyOverTime,
    &latency_parts::LatencyParts,
    &cost_by_component::CostByComponent,
];

/// Returns every drawing of a document. The caller writes the files.
///
/// # Errors
/// The drawing machinery failed; the message begins with the chart's name.
pub fn draw_all(subject: &Subject<'_>) -> Result<Vec<Drawing>, ChartError> {
    let mut drawings = Vec::new();
    for chart in CHARTS {
        let drawn = chart.draw(subject);
        drawings.extend(drawn.map_err(|e| ChartError(format!("cannot draw `{}`: {e}", chart.name())))?);
    }
    Ok(drawings)
}

/// Returns the source line of a chart over time, which shows the first replication alone.
fn source_over_time(results: &Results, point: &Point) -> String {
    let source = source(results, point);
    match point.replications {
        0 | 1 => source,
        all if source.is_empty() => format!("the first of {all} replications"),
        all => format!("the first of {all} replications · {source}"),
    }
}

/// Returns the line under a drawing: which scenario and which design point it is of.
fn source(results: &Results, point: &Point) -> String {
    let mut parts = vec![results.scenario.title.clone()];
    // A key is named by its last step, as on axes, unless another one ends alike.
    let alike = |name: &str| point.parameters.keys().filter(|path| study::last_of(path) == name).count();
    parts.extend(point.parameters.iter().map(|(path, value)| {
        let short = study::last_of(path);
        format!("{} = {}", if alike(short) > 1 { path } else { short }, study::written(value))
    }));
    parts.retain(|part| !part.is_empty());
    parts.join(" · ")
}

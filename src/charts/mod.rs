//! Charts of a results document: pure functions of it, so the same document gives the same bytes.
//!
//! A chart is one file with one type, and its line in [`CHARTS`]. `frame` owns canvas, type and colour and is the only
//! one that knows how a drawing is made; `axis` and `labels` say where figures stand and how they are written.

mod axis;
mod columns;
mod frame;
mod labels;
mod latency_cdf;
mod quota_use;
#[cfg(test)]
mod tests;

use crate::results::{Detail, Point, Results};

/// A finished drawing, as a standalone SVG whose text is outlines and as a PNG of twice its size.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drawing {
    /// The stem of its files, such as `quota_use-us`.
    pub name: String,
    pub svg: String,
    pub png: Vec<u8>,
}

/// Why a chart could not be drawn; not the document's fault.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ChartError(String);

/// One way to draw a design point.
pub trait Chart: Sync {
    /// What its drawings are called; where there are several, the first part of what they are called.
    fn name(&self) -> &'static str;

    /// The question that it answers, in one sentence.
    fn shows(&self) -> &'static str;

    /// Draws a point from its detail; nothing when the point has not what the chart needs.
    ///
    /// # Errors
    /// The drawing machinery failed.
    fn draw(&self, results: &Results, point: &Point, detail: &Detail) -> Result<Vec<Drawing>, ChartError>;
}

/// Every chart, in the order of a report.
pub const CHARTS: &[&dyn Chart] = &[&quota_use::QuotaUse, &latency_cdf::LatencyCdf];

/// Every drawing of a design point, none when it carries no detail. The caller writes the files.
///
/// # Errors
/// The drawing machinery failed; the message begins with the chart's name.
pub fn draw_all(results: &Results, point: &Point) -> Result<Vec<Drawing>, ChartError> {
    let Some(detail) = &point.detail else {
        return Ok(Vec::new());
    };
    let mut drawings = Vec::new();
    for chart in CHARTS {
        let drawn = chart.draw(results, point, detail);
        drawings.extend(drawn.map_err(|e| ChartError(format!("cannot draw `{}`: {e}", chart.name())))?);
    }
    Ok(drawings)
}

/// The line under a drawing: which scenario and which design point it is of.
fn source(results: &Results, point: &Point) -> String {
    let mut parts = vec![results.scenario.title.clone()];
    parts.extend(point.parameters.iter().map(|(path, value)| format!("{path} = {value}")));
    parts.retain(|part| !part.is_empty());
    parts.join(" · ")
}

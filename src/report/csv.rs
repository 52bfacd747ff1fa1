//! The files `points.csv`, with a row for each design point and two columns for each metric, and `differences.csv`,
//! with a row for each metric.

use std::collections::BTreeSet;
use std::io::{self, Write};

use crate::escape::csv_cell;
use crate::results::{Point, Results};

/// Writes the points as CSV: `point`, the parameters, `replications`, `verdict`, then `name` and `name:half_width` for
/// each metric. What is not known is empty.
///
/// # Errors
/// They cannot be written.
pub fn write_points_csv(results: &Results, out: &mut dyn Write) -> io::Result<()> {
    let parameters = match &results.axes[..] {
        // The points of a size may have one more than others.
        [] => results.points.iter().flat_map(|p| p.parameters.keys().cloned()).collect::<BTreeSet<_>>(),
        axes => return write_rows(results, axes.iter().flat_map(|axis| axis.parameters.clone()).collect(), out),
    };
    write_rows(results, parameters.into_iter().collect(), out)
}

/// Returns the text that [`write_points_csv`] writes.
///
/// # Panics
/// Never: writing to memory does not fail.
#[must_use]
pub fn points_csv(results: &Results) -> String {
    let mut text = Vec::new();
    write_points_csv(results, &mut text).expect("memory takes every row");
    String::from_utf8(text).expect("names and figures are text")
}

fn write_rows(results: &Results, parameters: Vec<String>, out: &mut dyn Write) -> io::Result<()> {
    let mut rows = PointRows::new(out, parameters, &results.metric_names)?;
    results.points.iter().try_for_each(|point| rows.add(point))?;
    rows.finish().map(|_| ())
}

/// A writer of points as CSV, one at a time.
#[derive(Debug)]
pub struct PointRows<'m, W: Write> {
    writer: csv::Writer<W>,
    parameters: Vec<String>,
    metrics: &'m [String],
}

impl<'m, W: Write> PointRows<'m, W> {
    /// Writes the header.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn new(out: W, parameters: Vec<String>, metrics: &'m [String]) -> io::Result<Self> {
        let mut rows = Self { writer: csv::Writer::from_writer(out), parameters, metrics };
        rows.writer.write_field("point")?;
        for name in &rows.parameters {
            rows.writer.write_field(csv_cell(name))?;
        }
        rows.writer.write_field("replications")?;
        rows.writer.write_field("verdict")?;
        for name in metrics {
            rows.writer.write_field(csv_cell(name))?;
            rows.writer.write_field(csv_cell(&format!("{name}:half_width")))?;
        }
        rows.end_row()?;
        Ok(rows)
    }

    /// Writes the row of a point.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn add(&mut self, point: &Point) -> io::Result<()> {
        let figure = |x: Option<f64>| x.map(|x| x.to_string()).unwrap_or_default();
        self.writer.write_field(point.index.to_string())?;
        for name in &self.parameters {
            self.writer.write_field(match point.parameters.get(name) {
                Some(serde_json::Value::String(text)) => csv_cell(text),
                Some(value) => csv_cell(&value.to_string()),
                None => String::new(),
            })?;
        }
        self.writer.write_field(point.replications.to_string())?;
        self.writer.write_field(point.verdict.name())?;
        for name in self.metrics {
            let estimate = point.metrics.get(name);
            self.writer.write_field(figure(estimate.and_then(|e| e.estimate)))?;
            self.writer.write_field(figure(estimate.and_then(|e| e.half_width)))?;
        }
        self.end_row()
    }

    fn end_row(&mut self) -> io::Result<()> {
        Ok(self.writer.write_record(None::<&[u8]>)?)
    }

    /// Returns the writer with all rows in it.
    ///
    /// # Errors
    /// The last rows cannot be written.
    pub fn finish(self) -> io::Result<W> {
        self.writer.into_inner().map_err(csv::IntoInnerError::into_error)
    }
}

/// Returns a comparison as CSV: `metric`, `a`, `b`, `difference`, `half_width`, `distinguishable`. What is not known is
/// empty.
///
/// # Panics
/// Never: writing to memory does not fail.
#[must_use]
pub fn differences_csv(results: &Results) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let header = ["metric", "a", "b", "difference", "half_width", "distinguishable"];
    writer.write_record(header).expect("memory takes every record");
    let figure = |x: Option<f64>| x.map(|x| x.to_string()).unwrap_or_default();
    for (name, d) in results.comparison.iter().flat_map(|comparison| &comparison.differences) {
        let figures = [d.a, d.b, d.difference, d.half_width].map(figure);
        let row = [csv_cell(name)].into_iter().chain(figures).chain([d.distinguishable.to_string()]);
        writer.write_record(row).expect("memory takes every record");
    }
    let bytes = writer.into_inner().expect("memory takes every record");
    String::from_utf8(bytes).expect("names and figures are text")
}

//! The files `points.csv`, with a row for each design point and two columns for each metric, and `differences.csv`,
//! with a row for each metric.

use std::collections::BTreeSet;
use std::io::Write;

use crate::escape::csv_cell;
use crate::results::{Point, Results};

/// Returns the points as CSV: `point`, the parameters, `replications`, `verdict`, then `name` and `name:half_width` for
/// each metric. What is not known is empty.
///
/// # Panics
/// Never: writing to memory does not fail.
#[must_use]
pub fn points_csv(results: &Results) -> String {
    let parameters = match &results.axes[..] {
        // The points of a size may have one more than others.
        [] => results.points.iter().flat_map(|p| p.parameters.keys().cloned()).collect::<BTreeSet<_>>(),
        axes => return rows(results, axes.iter().flat_map(|axis| axis.parameters.clone()).collect()),
    };
    rows(results, parameters.into_iter().collect())
}

fn rows(results: &Results, parameters: Vec<String>) -> String {
    let mut rows =
        PointRows::new(Vec::new(), parameters, results.metric_names.clone()).expect("memory takes every row");
    for point in &results.points {
        rows.add(point).expect("memory takes every row");
    }
    String::from_utf8(rows.finish().expect("memory takes every row")).expect("names and figures are text")
}

/// A writer of points as CSV, one at a time.
#[derive(Debug)]
pub struct PointRows<W: Write> {
    writer: csv::Writer<W>,
    parameters: Vec<String>,
    metrics: Vec<String>,
}

impl<W: Write> PointRows<W> {
    /// Writes the header.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn new(out: W, parameters: Vec<String>, metrics: Vec<String>) -> std::io::Result<Self> {
        let mut writer = csv::Writer::from_writer(out);
        let mut header = vec!["point".to_owned()];
        header.extend(parameters.iter().cloned());
        header.extend(["replications".to_owned(), "verdict".to_owned()]);
        for name in &metrics {
            header.extend([name.clone(), format!("{name}:half_width")]);
        }
        writer.write_record(header.iter().map(|text| csv_cell(text)))?;
        Ok(Self { writer, parameters, metrics })
    }

    /// Writes the row of a point.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn add(&mut self, point: &Point) -> std::io::Result<()> {
        let figure = |x: Option<f64>| x.map(|x| x.to_string()).unwrap_or_default();
        let parameter = |name: &String| match point.parameters.get(name) {
            Some(serde_json::Value::String(text)) => csv_cell(text),
            Some(value) => csv_cell(&value.to_string()),
            None => String::new(),
        };
        let mut row = vec![point.index.to_string()];
        row.extend(self.parameters.iter().map(parameter));
        row.extend([point.replications.to_string(), point.verdict.name().to_owned()]);
        for name in &self.metrics {
            let estimate = point.metrics.get(name);
            row.push(figure(estimate.and_then(|e| e.estimate)));
            row.push(figure(estimate.and_then(|e| e.half_width)));
        }
        Ok(self.writer.write_record(&row)?)
    }

    /// Returns the writer with all rows in it.
    ///
    /// # Errors
    /// The last rows cannot be written.
    pub fn finish(self) -> std::io::Result<W> {
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

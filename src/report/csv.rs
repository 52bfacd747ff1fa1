//! `points.csv`: a row for each design point, two columns for each metric. `differences.csv`: a row for each metric.

use crate::results::Results;

/// The points as CSV: `point`, the parameters, `replications`, `verdict`, then `name` and `name:half_width` for each
/// metric. What is not known is empty.
///
/// # Panics
/// Never: writing to memory does not fail.
#[must_use]
pub fn points_csv(results: &Results) -> String {
    let parameters: Vec<&String> = results.points.first().map(|p| p.parameters.keys().collect()).unwrap_or_default();
    let mut writer = csv::Writer::from_writer(Vec::new());
    let mut header = vec!["point".to_owned()];
    header.extend(parameters.iter().map(|p| (*p).clone()));
    header.extend(["replications".to_owned(), "verdict".to_owned()]);
    for name in &results.metric_names {
        header.extend([name.clone(), format!("{name}:half_width")]);
    }
    writer.write_record(&header).expect("memory takes every record");
    let figure = |x: Option<f64>| x.map(|x| x.to_string()).unwrap_or_default();
    for point in &results.points {
        let mut row = vec![point.index.to_string()];
        row.extend(parameters.iter().map(|p| point.parameters.get(*p).map(ToString::to_string).unwrap_or_default()));
        row.extend([point.replications.to_string(), format!("{:?}", point.verdict).to_lowercase()]);
        for name in &results.metric_names {
            let estimate = point.metrics.get(name);
            row.push(figure(estimate.and_then(|e| e.estimate)));
            row.push(figure(estimate.and_then(|e| e.half_width)));
        }
        writer.write_record(&row).expect("memory takes every record");
    }
    let bytes = writer.into_inner().expect("memory takes every record");
    String::from_utf8(bytes).expect("names and figures are text")
}

/// A comparison as CSV: `metric`, `a`, `b`, `difference`, `half_width`, `distinguishable`. What is not known is empty.
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
        let row = [name.clone()].into_iter().chain(figures).chain([d.distinguishable.to_string()]);
        writer.write_record(row).expect("memory takes every record");
    }
    let bytes = writer.into_inner().expect("memory takes every record");
    String::from_utf8(bytes).expect("names and figures are text")
}

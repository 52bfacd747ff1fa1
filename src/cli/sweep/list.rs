//! The command `bedload sweep --list`: the points of a sweep without results, as CSV or as one JSON document.

use serde_json::Value;

use super::Points;
use crate::cli::args::Format;
use crate::cli::terminal::is_read;
use crate::cli::{Exit, Trouble, fault, say};
use crate::escape::{self, csv_cell};

/// Prints every point with its parameters.
pub(super) fn list(study: &Points<'_>, format: Format) -> Result<Exit, Trouble> {
    match format {
        Format::Text => csv(study)?,
        Format::Json => json(study)?,
        Format::Markdown => {
            let help = "leave out --format, or write --format json".to_owned();
            return Err(fault(Exit::Usage, "the list of points is CSV or JSON, not Markdown", help));
        }
    }
    Ok(Exit::Held)
}

fn csv(study: &Points<'_>) -> Result<(), Trouble> {
    let columns = study.sweep.columns();
    say(&csv_row(["point".to_owned()].iter().chain(&columns).map(|name| csv_cell(name))))?;
    for index in 0..study.count {
        let (parameters, _) = study.settings(index)?;
        let text = |column: &String| match parameters.get(column) {
            Some(Value::String(text)) => csv_cell(text),
            Some(value) => csv_cell(&value.to_string()),
            None => String::new(),
        };
        if !is_read(&csv_row([index.to_string()].into_iter().chain(columns.iter().map(text))))? {
            break;
        }
    }
    Ok(())
}

/// Returns cells as a line of CSV.
fn csv_row(cells: impl Iterator<Item = String>) -> String {
    let mut row = csv::Writer::from_writer(Vec::new());
    let written = row.write_record(cells).map_err(|_| ()).and_then(|()| row.into_inner().map_err(|_| ()));
    String::from_utf8(written.unwrap_or_default()).unwrap_or_default()
}

/// Prints `[{"point":0,"parameters":{…}}, …]`, a point in a line.
fn json(study: &Points<'_>) -> Result<(), Trouble> {
    for index in 0..study.count {
        let (parameters, _) = study.settings(index)?;
        let point = serde_json::json!({ "point": index, "parameters": parameters }).to_string();
        let before = if index == 0 { "[" } else { ",\n" };
        if !is_read(&format!("{before}{}", escape::json(&point)))? {
            return Ok(());
        }
    }
    say(if study.count == 0 { "[]\n" } else { "]\n" })
}

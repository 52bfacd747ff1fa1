//! The reading of results that were written before.

use std::io::BufRead;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::{Exit, Trouble, fault};
use crate::reading::{self, Cause, ReadError, Records};
use crate::results::{Point, Results, SCHEMA_VERSION};

/// Returns the document that is named, or that of the folder that is.
pub(super) fn located(named: &Path) -> PathBuf {
    if named.is_dir() { named.join("results.json") } else { named.to_owned() }
}

/// Returns a document, and its points where they stand in a file beside it.
pub(super) fn read(path: &Path) -> Result<(Results, Option<Vec<Point>>), Trouble> {
    let refuse_with = |why: String, help: &str| {
        fault(Exit::Usage, format!("`{}` is not a results document: {why}", path.display()), help.to_owned())
    };
    let refuse = |why: String| refuse_with(why, "`bedload run`, `sweep`, `size` and `compare` write one, results.json");
    let unreadable = |error: ReadError| {
        let (what, help) = match error.cause {
            Cause::Large => {
                ("cannot be read", "a scenario of fewer workloads, or a sweep of fewer points, makes a smaller one")
            }
            _ => ("is not a results document", "`bedload run`, `sweep`, `size` and `compare` write one, results.json"),
        };
        let rule = format!("`{}` {what}: {error}", path.display());
        fault(Exit::of(&error), rule, error.help.unwrap_or(help).to_owned())
    };
    let text = reading::text(path, reading::MOST_DOCUMENT).map_err(unreadable)?;
    // The version first: another one may have other keys.
    let (head, _) = reading::json::<Head>(text.as_bytes()).map_err(unreadable)?;
    match head.schema_version {
        Some(version) if version == u64::from(SCHEMA_VERSION) => {}
        Some(version) => {
            let why = format!("its schema_version is {version}, this bedload reads {SCHEMA_VERSION}");
            return Err(refuse_with(why, "use the version of bedload that wrote it, or run the scenario again"));
        }
        None => return Err(refuse("it has no schema_version".to_owned())),
    }
    let (results, _) = reading::json::<Results>(text.as_bytes()).map_err(unreadable)?;
    if results.points_total <= results.points.len() as u64 {
        return Ok((results, None));
    }
    let lines = path.with_file_name("points.jsonl");
    let points = points(&lines).map_err(|error| {
        let rule = format!("its points are in `{}`, which cannot be read: {error}", lines.display());
        unreadable(ReadError { rule, line: None, ..error })
    })?;
    if points.len() as u64 != results.points_total {
        let all = results.points_total;
        return Err(refuse(format!("`{}` has {} of its {all} points", lines.display(), points.len())));
    }
    Ok((results, Some(points)))
}

/// Reads the version of a document alone.
#[derive(Deserialize)]
struct Head {
    #[serde(default)]
    schema_version: Option<u64>,
}

/// The greatest number of values of all points: they are held in memory.
const MOST_VALUES: u64 = 16_000_000;

/// Reads the points of a sweep, one a line.
fn points(path: &Path) -> Result<Vec<Point>, ReadError> {
    let mut input = Records::open(path)?.lines();
    let (mut points, mut line) = (Vec::new(), Vec::new());
    let (mut bytes, mut values) = (0, 0);
    loop {
        line.clear();
        let length = input.read_until(b'\n', &mut line)?;
        if length == 0 {
            return Ok(points);
        }
        let number = points.len() as u64 + 1;
        let (point, count) = reading::json(&line).map_err(|error| ReadError { line: Some(number), ..error })?;
        points.push(point);
        (bytes, values) = (bytes + length as u64, values + count);
        if bytes > reading::MOST_DOCUMENT || values > MOST_VALUES {
            let (most, values) = (reading::MOST_DOCUMENT >> 20, MOST_VALUES / 1_000_000);
            let rule = format!("it has more than {most} MiB or {values} million values, too many to draw");
            return Err(
                ReadError::large(number, rule).help("draw a sweep of fewer points; points.csv has all of these")
            );
        }
    }
}

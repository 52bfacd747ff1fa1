//! Results that were written before.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use super::{Exit, Trouble, fault};
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
    let text = std::fs::read_to_string(path).map_err(|e| refuse(e.to_string()))?;
    // The version first: another one may have other keys.
    let head: serde_json::Value = serde_json::from_str(&text).map_err(|e| {
        if e.is_eof() {
            let help = "the file is incomplete: run the scenario again";
            return refuse_with(format!("the file is cut off: {e}"), help);
        }
        refuse(e.to_string())
    })?;
    match head.get("schema_version").and_then(serde_json::Value::as_u64) {
        Some(version) if version == u64::from(SCHEMA_VERSION) => {}
        Some(version) => {
            let why = format!("its schema_version is {version}, this bedload reads {SCHEMA_VERSION}");
            return Err(refuse_with(why, "use the version of bedload that wrote it, or run the scenario again"));
        }
        None => return Err(refuse("it has no schema_version".to_owned())),
    }
    let results: Results = serde_json::from_value(head).map_err(|e| refuse(e.to_string()))?;
    if results.points_total <= results.points.len() as u64 {
        return Ok((results, None));
    }
    let lines = path.with_file_name("points.jsonl");
    let file = std::fs::File::open(&lines)
        .map_err(|e| refuse(format!("its points are in `{}`, which cannot be read: {e}", lines.display())))?;
    let point = |(i, line): (usize, std::io::Result<String>)| {
        let line = line.map_err(|e| refuse(e.to_string()))?;
        serde_json::from_str(&line).map_err(|e| refuse(format!("line {} of `{}`: {e}", i + 1, lines.display())))
    };
    let points = BufReader::new(file).lines().enumerate().map(point).collect::<Result<Vec<Point>, Trouble>>()?;
    if points.len() as u64 != results.points_total {
        let all = results.points_total;
        return Err(refuse(format!("`{}` has {} of its {all} points", lines.display(), points.len())));
    }
    Ok((results, Some(points)))
}

//! The document itself, and its schema.

use std::io::{self, Write};

use crate::escape;
use crate::results::Results;

/// Writes `results.json`: pretty, with a line break at the end.
///
/// # Errors
/// It cannot be written.
pub fn write_json(results: &Results, out: &mut dyn Write) -> io::Result<()> {
    escape::write_json(results, out)?;
    out.write_all(b"\n")
}

/// Returns the text that [`write_json`] writes.
///
/// # Panics
/// Never: the document holds nothing that JSON cannot say (a figure that is not finite is null).
#[must_use]
pub fn json(results: &Results) -> String {
    let mut text = Vec::new();
    write_json(results, &mut text).expect("a results document is plain data");
    String::from_utf8(text).expect("JSON is text")
}

/// Returns the JSON Schema of `results.json`.
#[must_use]
pub fn results_schema() -> serde_json::Value {
    let mut schema = schemars::schema_for!(Results);
    schema.insert("title".to_owned(), "bedload results".into());
    schema.to_value()
}

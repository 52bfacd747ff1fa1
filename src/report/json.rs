//! The document itself, and its schema.

use crate::escape;
use crate::results::Results;

/// Returns `results.json`: pretty, with a line break at the end.
///
/// # Panics
/// Never: the document holds nothing that JSON cannot say (a figure that is not finite is null).
#[must_use]
pub fn json(results: &Results) -> String {
    let text = serde_json::to_string_pretty(results).expect("a results document is plain data");
    let mut text = escape::json(&text);
    text.push('\n');
    text
}

/// Returns the JSON Schema of `results.json`.
#[must_use]
pub fn results_schema() -> serde_json::Value {
    let mut schema = schemars::schema_for!(Results);
    schema.insert("title".to_owned(), "bedload results".into());
    schema.to_value()
}

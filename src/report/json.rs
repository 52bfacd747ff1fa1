//! The document itself, and its schema.

use crate::escape;
use crate::results::Results;

/// The length from which a document has no line breaks and indents, which would be most of it \[bytes\].
const LONG: usize = 64 << 20;

/// Returns `results.json`: pretty, unless it is very long, with a line break at the end.
///
/// # Panics
/// Never: the document holds nothing that JSON cannot say (a figure that is not finite is null).
#[must_use]
pub fn json(results: &Results) -> String {
    let mut text = serde_json::to_string_pretty(results).expect("a results document is plain data");
    if text.len() > LONG {
        drop(text);
        text = serde_json::to_string(results).expect("a results document is plain data");
    }
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

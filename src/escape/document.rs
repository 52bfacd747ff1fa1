//! The escaping of every text of a document.

use std::borrow::Cow;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{is_harmful, visible};

/// Returns a document in which no text and no key holds a harmful character, for everything that shows it. The document
/// itself is returned where it holds none, which is usual.
#[must_use]
pub fn document<T: Clone + Serialize + DeserializeOwned>(document: &T) -> Cow<'_, T> {
    let Ok(text) = serde_json::to_string(document) else { return Cow::Borrowed(document) };
    // JSON escapes control characters. What looks like it and is none costs time alone.
    let is_escape = |pair: &[u8]| pair[0] == b'\\' && matches!(pair[1], b'n' | b'r' | b't' | b'b' | b'f' | b'u');
    if !text.contains(is_harmful) && !text.as_bytes().windows(2).any(is_escape) {
        return Cow::Borrowed(document);
    }
    let shown = serde_json::from_str(&text).and_then(|mut value: Value| {
        visible_value(&mut value);
        serde_json::from_value(value)
    });
    shown.map_or(Cow::Borrowed(document), Cow::Owned)
}

/// Makes the harmful characters of every text and key of a JSON value visible.
pub fn visible_value(value: &mut Value) {
    match value {
        Value::String(text) => {
            if let Cow::Owned(shown) = visible(text) {
                *text = shown;
            }
        }
        Value::Array(items) => items.iter_mut().for_each(visible_value),
        Value::Object(entries) => {
            entries.values_mut().for_each(visible_value);
            if entries.keys().any(|key| key.contains(is_harmful)) {
                *entries =
                    std::mem::take(entries).into_iter().map(|(key, x)| (visible(&key).into_owned(), x)).collect();
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

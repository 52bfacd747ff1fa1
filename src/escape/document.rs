//! Escapes every text and key of a results document.

use std::borrow::Cow;
use std::io::{self, Write};

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_json::ser::{Formatter, Serializer};

use super::{is_harmful, visible};

/// Returns a document in which no text and no key holds a harmful character, for everything that shows it. The document
/// itself is returned where it holds none, which is usual.
#[must_use]
pub fn document<T: Clone + Serialize + DeserializeOwned>(document: &T) -> Cow<'_, T> {
    if !may_be_harmful(document) {
        return Cow::Borrowed(document);
    }
    let shown = serde_json::to_value(document).and_then(|mut value: Value| {
        visible_value(&mut value);
        serde_json::from_value(value)
    });
    shown.map_or(Cow::Borrowed(document), Cow::Owned)
}

/// Returns whether a text or a key of a document may hold a harmful character.
fn may_be_harmful<T: Serialize>(document: &T) -> bool {
    document.serialize(&mut Serializer::with_formatter(Harmless, TextsAlone)).is_err()
}

/// Takes pieces of JSON and keeps none; refuses a piece that may be harmful.
struct Harmless;

impl Write for Harmless {
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        // JSON escapes control characters. A false match costs only time.
        let is_escape = |pair: &[u8]| pair[0] == b'\\' && matches!(pair[1], b'n' | b'r' | b't' | b'b' | b'f' | b'u');
        let is_plain = piece.iter().all(|byte| (0x20..0x7f).contains(byte) && *byte != b'\\');
        if is_plain || !(piece.windows(2).any(is_escape) || String::from_utf8_lossy(piece).contains(is_harmful)) {
            return Ok(piece.len());
        }
        Err(io::ErrorKind::InvalidData.into())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Writes the texts of a document and none of its numbers, which are nearly all of it.
struct TextsAlone;

impl Formatter for TextsAlone {
    fn write_f64<W: ?Sized + Write>(&mut self, _: &mut W, _: f64) -> io::Result<()> {
        Ok(())
    }
    fn write_u64<W: ?Sized + Write>(&mut self, _: &mut W, _: u64) -> io::Result<()> {
        Ok(())
    }
    fn begin_array_value<W: ?Sized + Write>(&mut self, _: &mut W, _: bool) -> io::Result<()> {
        Ok(())
    }
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

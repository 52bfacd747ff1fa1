//! JSON documents that are written piece by piece, their texts made harmless on the way.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::ser::{Formatter, PrettyFormatter, Serializer};

use super::json;

/// Writes a document as pretty JSON, made harmless as by [`json`]; a long document is never in memory as a whole.
///
/// # Errors
/// The document cannot be written.
pub fn write_json<T: Serialize + ?Sized>(document: &T, out: &mut dyn Write) -> io::Result<()> {
    let mut serializer = Serializer::with_formatter(out, Harmless { pretty: PrettyFormatter::new() });
    Ok(document.serialize(&mut serializer)?)
}

/// The layout of pretty JSON; in the texts, what is harmful is escaped.
struct Harmless {
    pretty: PrettyFormatter<'static>,
}

/// Returns whether a text may hold what [`json`] escapes: no such character begins with another byte.
fn may_be_harmful(text: &str) -> bool {
    text.bytes().any(|byte| matches!(byte, b'#' | 0x7f | 0xc2 | 0xd8 | 0xe2 | 0xef))
}

impl Formatter for Harmless {
    fn begin_array<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.pretty.begin_array(out)
    }
    fn end_array<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.pretty.end_array(out)
    }
    fn begin_array_value<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        self.pretty.begin_array_value(out, first)
    }
    fn end_array_value<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.pretty.end_array_value(out)
    }
    fn begin_object<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.pretty.begin_object(out)
    }
    fn end_object<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.pretty.end_object(out)
    }
    fn begin_object_key<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        self.pretty.begin_object_key(out, first)
    }
    fn begin_object_value<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.pretty.begin_object_value(out)
    }
    fn end_object_value<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.pretty.end_object_value(out)
    }
    // A command to a pipeline has no character that JSON escapes, so that it lies in one fragment.
    fn write_string_fragment<W: ?Sized + Write>(&mut self, out: &mut W, fragment: &str) -> io::Result<()> {
        if may_be_harmful(fragment) {
            return out.write_all(json(fragment).as_bytes());
        }
        out.write_all(fragment.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn a_document_in_pieces_is_the_document_as_a_whole() {
        let texts =
            ["plain", "ä \u{202e} ##[group]\n##\n[x", "\u{1b}]0;\u{7f}\u{9b}", "##warning[#\"##a[", "\u{feff}\u{ffff}"];
        let document: BTreeMap<&str, Vec<(&str, Option<f64>)>> =
            texts.into_iter().map(|text| (text, texts.map(|text| (text, Some(0.5))).to_vec())).collect();
        let mut written = Vec::new();
        write_json(&document, &mut written).unwrap();
        let whole = json(&serde_json::to_string_pretty(&document).unwrap());
        assert_eq!(String::from_utf8(written).unwrap(), whole);
        assert!(!whole.contains("##[") && !whole.contains(['\u{202e}', '\u{9b}']));
    }
}

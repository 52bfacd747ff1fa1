//! Text from files and arguments is data: one function for each target makes it harmless there.
//!
//! A character is harmful if it acts on the program that shows it instead of being displayed: see [`is_harmful`]. Every
//! target shows it as its code point, such as `\u{1b}`, and escapes its own markup as well. [`visible`] is for a text
//! that is put into a line, [`document`] for all texts of a results document, and [`terminal`] for a finished output:
//! the command line prints through it alone, so that a name that somebody forgot to escape cannot act either.

mod document;
mod json;
pub mod markdown;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::fmt::Write;

pub use document::{document, visible_value};
pub use json::write_json;

/// Returns whether a character acts on the program that shows it instead of being displayed: a control character (line
/// breaks and tabs included), a mark, override or isolate of the writing direction, a separator of lines or paragraphs,
/// or a code point that is no character.
#[must_use]
pub const fn is_harmful(c: char) -> bool {
    matches!(c,
        '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}'
        | '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
        | '\u{fffe}' | '\u{ffff}')
}

/// Returns a text as one line, in which each harmful character is shown as its code point, such as `\u{1b}`.
#[must_use]
pub fn visible(text: &str) -> Cow<'_, str> {
    shown(text, |_| false)
}

/// Returns a text of several lines, in which each harmful character except the line breaks is shown as its code point,
/// such as `\u{1b}`.
#[must_use]
pub fn lines(text: &str) -> Cow<'_, str> {
    shown(text, |c| c == '\n')
}

fn shown(text: &str, is_kept: impl Fn(char) -> bool) -> Cow<'_, str> {
    if !text.contains(|c| is_harmful(c) && !is_kept(c)) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if is_harmful(c) && !is_kept(c) { push_code(&mut out, c) } else { out.push(c) }
    }
    Cow::Owned(out)
}

/// Appends a character as its code point, such as `\u{1b}`.
fn push_code(out: &mut String, c: char) {
    // Writing to a string does not fail.
    let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
}

/// Returns a finished output as a terminal or the log of a pipeline takes it: line breaks and, with `has_colour`, the
/// codes of colours act; no other harmful character does, and no line is a command to the pipeline.
#[must_use]
pub fn terminal(text: &str, has_colour: bool) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    for line in text.split_inclusive('\n') {
        let words = line.trim_start();
        let mut rest = line;
        if words.starts_with("::") {
            // GitHub obeys a line that begins with `::`, behind blanks too.
            out.push_str(&lines(&line[..line.len() - words.len()]));
            push_code(&mut out, ':');
            rest = &words[1..];
        }
        while let Some(c) = rest.chars().next() {
            let colour = if has_colour { colour_code(rest) } else { 0 };
            let end = if colour > 0 { colour } else { c.len_utf8() };
            match c {
                _ if colour > 0 => out.push_str(&rest[..colour]),
                '\n' => out.push('\n'),
                '#' if is_log_command(rest) => push_code(&mut out, '#'),
                c if is_harmful(c) => push_code(&mut out, c),
                c => out.push(c),
            }
            rest = &rest[end..];
        }
    }
    out
}

/// Returns how many bytes of the start of a text are one code of a colour, such as `ESC[1;31m`; 0: it starts with none.
fn colour_code(text: &str) -> usize {
    let Some(rest) = text.strip_prefix("\x1b[") else { return 0 };
    let figures = rest.bytes().take_while(|b| b.is_ascii_digit() || *b == b';').count();
    if rest[figures..].starts_with('m') { figures + 3 } else { 0 }
}

/// Returns whether a text starts with `##[` or `##word[`, which runners of pipelines obey anywhere in a line.
fn is_log_command(text: &str) -> bool {
    text.strip_prefix("##")
        .is_some_and(|rest| rest.trim_start_matches(|c: char| c.is_ascii_alphabetic()).starts_with('['))
}

/// Returns a text in which each command that a runner obeys anywhere in a line is shown as `\u{23}#[`.
fn without_log_commands(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for (i, c) in text.char_indices() {
        if c == '#' && is_log_command(&text[i..]) { push_code(&mut out, c) } else { out.push(c) }
    }
    out
}

/// Returns the message of a workflow command of GitHub Actions; line breaks stay line breaks of the annotation.
#[must_use]
pub fn workflow_message(text: &str) -> String {
    without_log_commands(&lines(text)).replace('%', "%25").replace('\n', "%0A").replace('\u{a0}', " ")
}

/// Returns the value of a property of a workflow command, such as `title`.
#[must_use]
pub fn workflow_property(text: &str) -> String {
    workflow_message(&visible(text)).replace(':', "%3A").replace(',', "%2C")
}

/// Returns a cell of CSV that no spreadsheet evaluates: a text that would begin a formula gets an apostrophe in front.
/// A number stays a number. The CSV writer adds quotes and commas.
#[must_use]
pub fn csv_cell(text: &str) -> String {
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.' | b':');
    // Nearly all cells are names, and tables may have many.
    if text.starts_with(|c: char| c.is_ascii_alphabetic()) && text.bytes().all(is_plain) {
        return text.to_owned();
    }
    if text.parse::<f64>().is_ok() {
        return text.to_owned();
    }
    // Where the decimal sign is a comma, spreadsheets split cells at semicolons.
    let parts = text.split(';').map(|part| if begins_formula(part) { format!("'{part}") } else { part.to_owned() });
    visible(&parts.collect::<Vec<_>>().join(";")).into_owned()
}

/// Returns whether a spreadsheet takes a text as a formula: by its first character, in its wide form too.
fn begins_formula(text: &str) -> bool {
    text.trim_start_matches(' ').starts_with(['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠'])
}

/// Returns text as XML takes it, in elements and in attributes; line breaks stay.
#[must_use]
pub fn xml(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for c in lines(text).chars() {
        match c {
            '&' => out += "&amp;",
            '<' => out += "&lt;",
            '>' => out += "&gt;",
            '"' => out += "&quot;",
            '\'' => out += "&apos;",
            '\n' => out += "&#10;",
            '\u{a0}' => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

/// Returns a JSON document that says the same and holds no harmful character but line breaks, and no command to a
/// pipeline. `document` is JSON as serde writes it, which escapes the controls below U+0020 itself.
#[must_use]
pub fn json(document: &str) -> String {
    let bytes = document.as_bytes();
    // Only characters that begin with one of these bytes can be harmful: the rest of a document is copied unchecked.
    let mut places: Vec<usize> = memchr::memchr3_iter(b'#', 0x7f, 0xc2, bytes).collect();
    places.extend(memchr::memchr3_iter(0xd8, 0xe2, 0xef, bytes));
    places.sort_unstable();
    let (mut out, mut done) = (String::with_capacity(document.len()), 0);
    for at in places {
        let Some(c) = document[at..].chars().next() else { continue };
        // Such a character occurs only inside JSON strings, where an escape is allowed.
        if is_harmful(c) || (c == '#' && is_log_command(&document[at..])) {
            out.push_str(&document[done..at]);
            let _ = write!(out, "\\u{:04x}", u32::from(c));
            done = at + c.len_utf8();
        }
    }
    out.push_str(&document[done..]);
    out
}

/// Returns a text as a value of TOML, on one line and without a command to a pipeline; it reads back as it is.
#[must_use]
pub fn toml(text: &str) -> String {
    if !text.contains(is_harmful) && !text.contains("##") {
        return toml::Value::String(text.to_owned()).to_string();
    }
    let mut out = String::from("\"");
    for (i, c) in text.char_indices() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if is_harmful(c) || (c == '#' && is_log_command(&text[i..])) => {
                let _ = write!(out, "\\u{:04X}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out + "\""
}

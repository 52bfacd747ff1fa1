//! The escaping of a user's text in Markdown: the text is shown as it was written, and never becomes markup.

use super::{lines, visible, xml};

/// The space without a width that follows a sign which would call somebody, or link an issue, a commit or an address. GitHub
/// looks for these signs after it has read the Markdown, so that no escape of Markdown helps; this space does.
const APART: &str = "&#8203;";

/// Returns a text within a line, in which nothing is markup. A harmful character is shown as its code point, such as
/// `\u{1b}`.
#[must_use]
pub fn plain(text: &str) -> String {
    let chars: Vec<char> = visible(text).chars().collect();
    let is_word = |c: Option<&char>| c.is_some_and(|c| c.is_alphanumeric());
    let mut out = String::with_capacity(text.len() + 8);
    let mut hash_end = 0;
    for (i, c) in chars.iter().enumerate() {
        if i >= hash_end && !is_word(i.checked_sub(1).and_then(|i| chars.get(i))) {
            hash_end = i + commit(&chars[i..]);
        }
        // No part of a hash between two of these spaces is long enough to be one.
        if i < hash_end && hash_end.abs_diff(i) % PART == 0 && is_word(i.checked_sub(1).and_then(|i| chars.get(i))) {
            out += APART;
        }
        let (before, after) = (i.checked_sub(1).and_then(|i| chars.get(i)), chars.get(i + 1));
        match c {
            '&' => out += "&amp;",
            '<' => out += "&lt;",
            '>' => out += "&gt;",
            '@' => out.extend(["@", APART]),
            ':' if chars[i..].starts_with(&[':', '/', '/']) => out.extend([":", APART]),
            '.' if i >= 3 && chars[i - 3..i].iter().all(|c| matches!(c, 'w' | 'W')) => out.extend([".", APART]),
            '#' if after.is_some_and(char::is_ascii_digit) => out.extend(["\\#", APART]),
            '-' if is_issue(&chars[..i]) && after.is_some_and(char::is_ascii_digit) => out.extend(["-", APART]),
            // Inside a word Markdown takes an underscore as a letter.
            '_' if is_word(before) && is_word(after) => out.push('_'),
            // A dollar sign before a digit is money, and begins no formula.
            '$' if after.is_some_and(char::is_ascii_digit) => out.push('$'),
            '\\' | '`' | '*' | '_' | '[' | ']' | '#' | '|' | '~' | '$' => out.extend(['\\', *c]),
            c => out.push(*c),
        }
    }
    out
}

/// The number of letters and digits of a commit's hash that stay together; GitHub links seven or more.
const PART: usize = 6;

/// Returns the length of the hash of a commit with which a text begins; 0: it begins with none. A shorter number, without
/// letters, is none: few hashes look so, and many numbers.
fn commit(text: &[char]) -> usize {
    let word = text.iter().take_while(|c| c.is_alphanumeric()).count();
    let is_hash = text[..word].iter().all(char::is_ascii_hexdigit)
        && word > PART
        && (word >= 40 || text[..word].iter().any(char::is_ascii_alphabetic));
    if is_hash { word } else { 0 }
}

/// Returns whether a text ends as the link of an issue begins before its hyphen: `GH`.
fn is_issue(before: &[char]) -> bool {
    let [rest @ .., g, h] = before else { return false };
    matches!((g, h), ('g' | 'G', 'h' | 'H')) && !rest.last().is_some_and(|c| c.is_alphanumeric())
}

/// Returns a text as [`plain`] does, for the start of a line.
#[must_use]
pub fn line(text: &str) -> String {
    started(&plain(text))
}

/// Returns a sentence in which names stand between backticks: the names as code, the rest as [`plain`] text. A backtick
/// without a second one is a letter.
#[must_use]
pub fn said(text: &str) -> String {
    if text.matches('`').count() % 2 == 1 {
        return plain(text);
    }
    let parts = text.split('`').enumerate();
    parts.map(|(i, part)| if i % 2 == 0 { plain(part) } else { code(part) }).collect()
}

/// Returns a sentence as [`said`] does, for a cell of a table: no bar in it ends the cell, in a name either.
#[must_use]
pub fn cell(text: &str) -> String {
    let bars_in_code = |(i, part): (usize, &str)| if i == 0 { part.to_owned() } else { format!("\\|{part}") };
    // Bars outside code have been escaped already.
    said(text).replace("\\|", "|").split('|').enumerate().map(bars_in_code).collect()
}

/// Returns Markdown of a line in such a form that no list, heading or code begins with it.
#[must_use]
pub fn started(marked: &str) -> String {
    let marked = marked.trim_start();
    let digits = marked.bytes().take_while(u8::is_ascii_digit).count();
    match marked[digits..].chars().next() {
        Some('.' | ')') if digits > 0 => format!("{}\\{}", &marked[..digits], &marked[digits..]),
        Some('-' | '+' | '=' | ':') if digits == 0 => format!("\\{marked}"),
        _ => marked.to_owned(),
    }
}

/// Returns a name or a key as inline code of Markdown. In a table its bars need [`cell`].
#[must_use]
pub fn code(text: &str) -> String {
    let text = visible(text);
    let fence = "`".repeat(longest_run(&text) + 1);
    let edge = if text.starts_with(['`', ' ']) || text.ends_with(['`', ' ']) { " " } else { "" };
    if text.is_empty() { String::new() } else { format!("{fence}{edge}{text}{edge}{fence}") }
}

/// Returns a name or a key as inline code for a cell of a table. A bar behind a backslash ends a cell even in code, so that
/// such a name is shown as [`plain`] text.
#[must_use]
pub fn code_in_cell(text: &str) -> String {
    if text.contains("\\|") { plain(text) } else { code(text).replace('|', "\\|") }
}

/// Returns lines as they stand in a file, as a block of code.
#[must_use]
pub fn fenced(language: &str, text: &str) -> String {
    let text = lines(text);
    let fence = "`".repeat(3.max(longest_run(&text) + 1));
    format!("{fence}{language}\n{}\n{fence}\n\n", text.trim_end())
}

/// Returns a block of code of TOML that is folded under its name until a reader opens it.
#[must_use]
pub fn folded(what: &str, text: &str) -> String {
    // Within the summary the text is HTML.
    let what = xml(what).replace('@', &format!("@{APART}"));
    format!("<details>\n<summary>{what}</summary>\n\n{}</details>\n\n", fenced("toml", text))
}

fn longest_run(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_ends_the_cell_of_a_table() {
        assert_eq!(code_in_cell("a|b"), "`a\\|b`");
        assert_eq!(code_in_cell("a\\b"), "`a\\b`");
        // In code the second backslash would escape the first one for a table, and not the bar.
        assert_eq!(code_in_cell("a\\|b"), "a\\\\\\|b");
    }

    #[test]
    fn what_a_user_writes_is_no_markup() {
        assert_eq!(plain("a | b\n<script>&`c`"), "a \\| b\\\\u{a}&lt;script&gt;&amp;\\`c\\`");
        assert_eq!(
            plain("![x](y) *z* __init__ ~no~ #1 \\"),
            "!\\[x\\](y) \\*z\\* \\_\\_init\\_\\_ \\~no\\~ \\#&#8203;1 \\\\"
        );
        assert_eq!(plain("ask @them"), "ask @&#8203;them");
        assert_eq!(plain("http://a.b, www.c.d: e"), "http:&#8203;//a.b, www.&#8203;c.d: e");
        assert_eq!(plain("GH-12, gh-1 and high-12"), "GH-&#8203;12, gh-&#8203;1 and high-12");
        let hash = "0123456789abcdef0123456789abcdef01234567";
        let parted = plain(hash);
        assert_eq!(parted.replace(APART, ""), hash);
        assert!(parted.split(APART).all(|part| (1..=PART).contains(&part.len())), "{parted}");
        assert_eq!(plain("in 1a2b3c4."), "in 1&#8203;a2b3c4.");
        assert_eq!(plain(&"7".repeat(40)).matches(APART).count(), 6);
        for kept in ["1000000 tokens", "20241022", "facade", "v1a2b3c4x", "a1b2c3"] {
            assert_eq!(plain(kept), kept);
        }
        assert_eq!(plain("max_tokens costs $1.20, $x$"), "max_tokens costs $1.20, \\$x\\$");
    }

    #[test]
    fn no_line_begins_a_list() {
        assert_eq!(line("- a"), "\\- a");
        assert_eq!(line("    12. b"), "12\\. b");
        assert_eq!(line("12 of 30"), "12 of 30");
        assert_eq!(line("# c"), "\\# c");
        assert_eq!(line("> d"), "&gt; d");
    }

    #[test]
    fn code_ends_where_it_should() {
        assert_eq!(code("a.b"), "`a.b`");
        assert_eq!(code("a`b``"), "``` a`b`` ```");
        assert_eq!(fenced("toml", "a = 1\n```\n"), "````toml\na = 1\n```\n````\n\n");
        assert!(folded("</summary>", "x").contains("&lt;/summary&gt;</summary>"));
    }
}

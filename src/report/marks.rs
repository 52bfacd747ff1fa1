//! Text of a user's in Markdown: it is shown as it was written, and never becomes markup.

/// Within a line. Line breaks become spaces.
pub(super) fn plain(text: &str) -> String {
    let chars: Vec<char> = one_line(text).chars().collect();
    let is_word = |c: Option<&char>| c.is_some_and(|c| c.is_alphanumeric());
    let mut out = String::with_capacity(text.len() + 8);
    for (i, c) in chars.iter().enumerate() {
        let (before, after) = (i.checked_sub(1).and_then(|i| chars.get(i)), chars.get(i + 1));
        match c {
            '&' => out += "&amp;",
            '<' => out += "&lt;",
            '>' => out += "&gt;",
            // Nobody is called by name.
            '@' => out += "&#64;",
            // Inside of a word it is a letter.
            '_' if is_word(before) && is_word(after) => out.push('_'),
            // A sum of money is no formula.
            '$' if after.is_some_and(char::is_ascii_digit) => out.push('$'),
            '\\' | '`' | '*' | '_' | '[' | ']' | '#' | '|' | '~' | '$' => out.extend(['\\', *c]),
            c => out.push(*c),
        }
    }
    out
}

/// As [`plain`], where a line begins.
pub(super) fn line(text: &str) -> String {
    started(&plain(text))
}

/// What is Markdown within a line, so that no list, heading or code begins with it.
pub(super) fn started(marked: &str) -> String {
    let marked = marked.trim_start();
    let digits = marked.bytes().take_while(u8::is_ascii_digit).count();
    match marked[digits..].chars().next() {
        Some('.' | ')') if digits > 0 => format!("{}\\{}", &marked[..digits], &marked[digits..]),
        Some('-' | '+' | '=' | ':') if digits == 0 => format!("\\{marked}"),
        _ => marked.to_owned(),
    }
}

/// A name or a key, as it stands in a file.
pub(super) fn code(text: &str) -> String {
    let text = one_line(text);
    let fence = "`".repeat(longest_run(&text) + 1);
    let edge = if text.starts_with(['`', ' ']) || text.ends_with(['`', ' ']) { " " } else { "" };
    if text.is_empty() { String::new() } else { format!("{fence}{edge}{text}{edge}{fence}") }
}

/// Lines as they stand in a file.
pub(super) fn fenced(language: &str, text: &str) -> String {
    let fence = "`".repeat(3.max(longest_run(text) + 1));
    format!("{fence}{language}\n{}\n{fence}\n\n", text.trim_end())
}

/// The same, for whoever opens it.
pub(super) fn folded(what: &str, text: &str) -> String {
    let what = one_line(what).replace('&', "&amp;").replace('<', "&lt;");
    format!("<details>\n<summary>{what}</summary>\n\n{}</details>\n\n", fenced("toml", text))
}

fn one_line(text: &str) -> String {
    text.split(char::is_control).collect::<Vec<_>>().join(" ")
}

fn longest_run(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_user_writes_is_no_markup() {
        assert_eq!(plain("a | b\n<script>&`c`"), "a \\| b &lt;script&gt;&amp;\\`c\\`");
        assert_eq!(plain("![x](y) *z* __init__ ~no~ #1 \\"), "!\\[x\\](y) \\*z\\* \\_\\_init\\_\\_ \\~no\\~ \\#1 \\\\");
        assert_eq!(plain("ask @them"), "ask &#64;them");
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
        assert!(folded("</summary>", "x").contains("&lt;/summary></summary>"));
    }
}

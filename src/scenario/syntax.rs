//! The likely meaning of a line that is not TOML: units, commas and letters in numbers, and colons as YAML and JSON
//! write them.

use super::schema::Node;
use super::tree::syntax_rule;
use crate::diagnostic::Span;
use crate::model::spec::Refusal;
use crate::units::meant;

/// Explains the faults of syntax of a file, each with the place that the offered text replaces. A table or list that is not
/// closed explains all faults after it.
pub fn explain(text: &str, faults: &[toml::de::Error]) -> Vec<(Span, Refusal)> {
    let unclosed = faults.first().and_then(|_| unclosed(text));
    let end = unclosed.as_ref().map_or(usize::MAX, |(at, _)| at.end);
    let mut deep = deep_keys(text);
    let mut place = |fault: &toml::de::Error| fault.span().or_else(|| deep.next()).unwrap_or(0..0);
    let places = faults.iter().take(MOST_FAULTS).map(|fault| (place(fault), fault));
    let mut told: Vec<(Span, Refusal)> = Vec::new();
    for (at, fault) in places.filter(|(at, _)| at.start < end) {
        told.push(line_at(text, at.start).unwrap_or_else(|| {
            if fault.span().is_none() && !at.is_empty() {
                return (at, Refusal::new(TOO_DEEP).help("write a key of fewer names between its dots"));
            }
            let refusal = Refusal::new(syntax_rule(fault.message()));
            let is_twice = fault.message().starts_with("duplicate key");
            (at, if is_twice { refusal.help("leave one of the two out") } else { refusal })
        }));
    }
    told.extend(unclosed);
    told
}

/// The number of names in one key from which the parser refuses it, without its place.
const DEEP: usize = 80;
const TOO_DEEP: &str = "this key has 80 names or more between its dots, more than TOML is read with";

/// Returns the beginnings of the keys that are too deep, in the order of the text. A text in quotes that looks like one counts
/// as one: this is asked only where there is such a key.
fn deep_keys(text: &str) -> impl Iterator<Item = Span> {
    let is_of_key = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    let words = text.split(move |c| !is_of_key(c)).filter(|word| word.matches('.').count() >= DEEP - 1);
    words.map(|word| {
        let start = word.as_ptr().addr() - text.as_ptr().addr();
        start..start + word.len().min(40)
    })
}

/// The greatest number of faults of syntax that are explained: the search for what was meant reads the file again for each.
const MOST_FAULTS: usize = 100;
/// The length of a line beyond which its meaning is not searched for \[bytes\].
const LONGEST_LINE: usize = 10_000;

/// Finds the first value of one line that opens a table or a list and does not close it, though the next line begins another
/// key or section.
fn unclosed(text: &str) -> Option<(Span, Refusal)> {
    let mut from = 0;
    let mut lines = text.split_inclusive('\n').peekable();
    while let Some(line) = lines.next() {
        let next = lines.peek().map_or("[", |next| next.trim());
        let begins_another = next.is_empty() || next.starts_with('[') || split(next, &['=']).is_some();
        let is_short = line.len() <= LONGEST_LINE;
        if let Some((_, key)) = split(code(line), &['=']).filter(|_| begins_another && is_short) {
            let value = code(line).get(key.len() + 1..)?.trim();
            let closed = closed(value).filter(|closed| value != closed && is_toml(closed));
            if let Some(closed) = closed.filter(|_| !value.ends_with(['{', '[', ','])) {
                let start = from + line.find(value)?;
                let refusal =
                    Refusal::new("this is not TOML: this bracket or quote is never closed").offer(vec![closed], "");
                return Some((start..start + value.len(), refusal));
            }
        }
        from += line.len();
    }
    None
}

/// Returns a value with the brackets that it lacks at its end.
fn closed(value: &str) -> Option<String> {
    let mut open = Vec::new();
    let mut quote = None;
    for c in value.chars() {
        match (quote, c) {
            (Some(mark), _) if c == mark => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(c),
            (None, '{') => open.push(" }"),
            (None, '[') => open.push("]"),
            (None, '}' | ']') => drop(open.pop()?),
            (None, _) => {}
        }
    }
    quote.is_none().then(|| format!("{value}{}", open.into_iter().rev().collect::<String>()))
}

/// Explains the line around a place, when it shows what was meant.
fn line_at(text: &str, at: usize) -> Option<(Span, Refusal)> {
    let at = at.min(text.len());
    let start = text.get(..at)?.rfind('\n').map_or(0, |newline| newline + 1);
    let end = text.get(at..)?.find('\n').map_or(text.len(), |newline| at + newline);
    let line = Some(code(text.get(start..end)?)).filter(|line| line.len() <= LONGEST_LINE)?;
    let indent = line.len() - line.trim_start().len();
    let written = line.trim();
    let from = start + indent;
    if written.starts_with('[') {
        let name = written.trim_matches(['[', ']']).trim();
        let is_list = Node::root().reached(&[name]).is_some_and(|node| node.only() == Some("array"));
        let refusal =
            Refusal::new(format!("this is not TOML: `{name}` is a list, and each of its entries has a header"));
        if !is_list && let Some(header) = meant_header(name, written.starts_with("[[")) {
            let rule = format!("this is not TOML: `{name}` is no name of a section, which a-z, 0-9, _ and - make");
            return Some((from..from + written.len(), Refusal::new(rule).offer(vec![header], "")));
        }
        let is_single = is_list && !written.starts_with("[[");
        return is_single
            .then(|| (from..from + written.len(), refusal.help(format!("write [[{name}]] above each entry"))));
    }
    let (sign, before) = split(written, &['=', ':'])?;
    let (key, value) = (before.trim(), written.get(before.len() + 1..)?);
    let bare_key = key.trim_matches('"');
    if bare_key.is_empty() || !bare_key.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.')) {
        return None;
    }
    let header = text.get(..start)?.lines().rev().map(code).find(|line| line.trim_start().starts_with('['));
    let header = header.map_or("", |header| header.trim().trim_matches(['[', ']']));
    let path: Vec<&str> =
        header.split('.').chain(bare_key.split('.')).map(str::trim).filter(|s| !s.is_empty()).collect();
    if sign == ':' {
        let rule = "this is not TOML: an equals sign stands between a key and its value, not a colon";
        let value = value.trim().trim_end_matches(',');
        let refusal = match meant_value(value, &path) {
            Some(value) => Refusal::new(rule).offer(vec![format!("{key} = {value}")], ""),
            None if value.is_empty() => {
                Refusal::new(rule).help(format!("write {key} = VALUE, or [{key}] above the keys of a table"))
            }
            None => Refusal::new(rule).help(format!("write {key} = VALUE")),
        };
        return Some((from..from + written.len(), refusal));
    }
    let value_from = from + before.len() + 1 + (value.len() - value.trim_start().len());
    let value = value.trim();
    if is_toml(value) {
        return None;
    }
    if value.is_empty() {
        let example = Node::root().reached(&path).and_then(Node::example).unwrap_or_else(|| "VALUE".to_owned());
        let refusal = Refusal::new(format!("this is not TOML: `{key}` has no value"));
        return Some((from..from + written.len(), refusal.help(format!("write {key} = {example}, or another value"))));
    }
    // A limit takes "none", and a cap on the answer does not: it is left out.
    let is_cap = bare_key.rsplit('.').next() == Some("max_tokens");
    if is_cap && ["none", "null", "nil", "unlimited"].contains(&value) {
        let refusal = Refusal::new(format!("this is not TOML: `{key}` takes a number, and `{value}` is none"));
        return Some((
            value_from..value_from + value.len(),
            refusal.help(format!("leave `{key}` out, or write a number")),
        ));
    }
    let meant = meant_value(value, &path)?;
    Some((value_from..value_from + value.len(), not_toml(value, meant)))
}

/// Returns a header with names that a scenario takes, such as `[workloads.chat-service]` for `[workloads.Chat Service]`.
fn meant_header(name: &str, is_list: bool) -> Option<String> {
    let is_odd = |c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'));
    if name.is_empty() || !name.contains(is_odd) {
        return None;
    }
    let step = |step: &str| {
        let words = step.trim().trim_matches(['"', '\'']).split(is_odd).filter(|word| !word.is_empty());
        words.collect::<Vec<_>>().join("-").to_lowercase()
    };
    let steps: Vec<String> = name.split('.').map(step).collect();
    let is_name = |step: &String| step.starts_with(|c: char| c.is_ascii_lowercase());
    let name = steps.iter().all(is_name).then(|| steps.join("."))?;
    Some(if is_list { format!("[[{name}]]") } else { format!("[{name}]") })
}

/// Refuses a value that is not TOML, and offers what it means.
pub fn not_toml(value: &str, meant: String) -> Refusal {
    let rule = match (value.chars().next(), meant.starts_with('"')) {
        (Some('='), _) => "one equals sign stands between a key and its value".to_owned(),
        (Some('{' | '['), _) => "a table is written { KEY = VALUE }, and a text in quotes".to_owned(),
        (_, true) => format!("a text stands in straight quotes, {value} does not"),
        (_, false) => format!("`{value}` is not a number as TOML writes it"),
    };
    Refusal::new(format!("this is not TOML: {rule}")).offer(vec![meant], "")
}

/// Returns a value as TOML writes it that means what a text says which is not TOML. `path` leads to its key.
pub fn meant_value(value: &str, path: &[&str]) -> Option<String> {
    let value = value.trim();
    if is_toml(value) {
        return Some(value.to_owned());
    }
    if let Some(rest) = value.strip_prefix('=') {
        return meant_value(rest, path);
    }
    let inner = |open: char, close: char| value.strip_prefix(open)?.strip_suffix(close);
    let meant = if let Some(items) = inner('{', '}') {
        let item = |item: &str| {
            let (_, key) = split(item, &['=', ':'])?;
            let path = [path, &[key.trim().trim_matches('"')]].concat();
            Some(format!("{} = {}", key.trim(), meant_value(item.get(key.len() + 1..)?, &path)?))
        };
        format!("{{ {} }}", items_of(items).into_iter().map(item).collect::<Option<Vec<_>>>()?.join(", "))
    } else if let Some(items) = inner('[', ']') {
        let items: Option<Vec<String>> = items_of(items).into_iter().map(|item| meant_value(item, path)).collect();
        format!("[{}]", items?.join(", "))
    } else {
        scalar(value, path)?
    };
    is_toml(&meant).then_some(meant)
}

/// Returns a number or a text as TOML writes it.
fn scalar(value: &str, path: &[&str]) -> Option<String> {
    // A text with one of its quotes alone, in either place.
    let value = match value.matches('"').count() {
        1 => value.trim_matches('"'),
        _ => value.trim_matches(['“', '”', '„', '‘', '’']),
    };
    let is_zoned = value.starts_with(|c: char| c.is_ascii_digit()) && value.ends_with(']');
    let brackets: &[char] = if is_zoned { &['{', '}'] } else { &['{', '}', '[', ']'] };
    let is_odd = |c: char| matches!(c, '"' | '\'' | '\\' | '=') || brackets.contains(&c) || c.is_control();
    if value.is_empty() || value.contains(is_odd) {
        return None;
    }
    match value {
        "True" | "TRUE" | "yes" => return Some("true".to_owned()),
        "False" | "FALSE" | "no" => return Some("false".to_owned()),
        _ => {}
    }
    let node = Node::root().reached(path);
    let takes = |forms: &[&str]| node.is_some_and(|node| forms.iter().any(|form| node.takes(form)));
    let count = meant::count(value).into_iter().next();
    match count.filter(|_| takes(&["integer", "number"]) || !takes(&["string"])) {
        Some(count) => Some(count),
        None => Some(format!("\"{value}\"")),
    }
}

fn is_toml(value: &str) -> bool {
    !value.is_empty() && !value.contains('\n') && toml::from_str::<toml::Table>(&format!("v = {value}")).is_ok()
}

/// Returns a line without its comment.
fn code(line: &str) -> &str {
    split(line, &['#']).map_or(line, |(_, before)| before)
}

/// Returns the first of some characters that stands outside of quotes and brackets, and what stands before it.
fn split<'t>(text: &'t str, signs: &[char]) -> Option<(char, &'t str)> {
    let (mut quote, mut depth) = (None, 0);
    for (i, c) in text.char_indices() {
        match (quote, c) {
            (Some(open), _) if c == open => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(c),
            (None, _) if depth == 0 && signs.contains(&c) => return Some((c, text.get(..i)?)),
            (None, '{' | '[') => depth += 1,
            (None, '}' | ']') => depth -= 1,
            (None, _) => {}
        }
    }
    None
}

/// Returns the items of a list or a table, which commas part.
fn items_of(mut text: &str) -> Vec<&str> {
    let mut items = Vec::new();
    while let Some((_, item)) = split(text, &[',']) {
        items.push(item);
        text = text.get(item.len() + 1..).unwrap_or_default();
    }
    items.push(text);
    items.into_iter().map(str::trim).filter(|item| !item.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_that_is_not_toml_shows_what_it_means() {
        let rate = ["workloads", "chat", "arrivals", "poisson", "rate"];
        let tpm = ["capacities", "us", "on_demand", "tpm"];
        for (path, written, meant) in [
            (&tpm[..], "3k", Some("3_000")),
            (&tpm, "5,000,000", Some("5_000_000")),
            (&tpm, "200/min", Some("200")),
            (&rate, "900/min", Some("\"900/min\"")),
            (&rate, "“900/min”", Some("\"900/min\"")),
            (&["run", "duration"], "1h 30m", Some("\"1h 30m\"")),
            (
                &["workloads", "chat", "arrivals"],
                "{ poisson: { rate: 60/min } }",
                Some("{ poisson = { rate = \"60/min\" } }"),
            ),
            (&["workloads", "chat", "route"], "[us, eu]", Some("[\"us\", \"eu\"]")),
            (&["run", "duration"], "", None),
            (&["run", "duration"], "\"1h", Some("\"1h\"")),
            (&["run", "duration"], "1h\"", Some("\"1h\"")),
            (&["run", "duration"], "\"1\"h\"", None),
            (&["run", "seed"], "= 7", Some("7")),
            (
                &["run", "start"],
                "2026-12-07T08:00:00[America/New_York]",
                Some("\"2026-12-07T08:00:00[America/New_York]\""),
            ),
            (&["run", "duration"], "{ 1h }", None),
        ] {
            assert_eq!(meant_value(written, path).as_deref(), meant, "{written}");
        }
    }

    #[test]
    fn comments_and_signs_in_quotes_are_no_code() {
        assert_eq!(code("a = \"#1\" # one"), "a = \"#1\" ");
        assert_eq!(split("\"a:b\" = 1", &['=', ':']), Some(('=', "\"a:b\" ")));
        assert_eq!(items_of("a, [b, c], \"d,e\","), ["a", "[b, c]", "\"d,e\""]);
    }
}

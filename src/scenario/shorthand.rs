//! Plain values where a scenario has a table or a list, and their meaning there.

use toml::de::DeValue;

use super::schema::{Node, Table};
use super::tree::Item;
use crate::model::client::sdk::of_package;
use crate::model::spec::Refusal;
use crate::units::{meant, parse};

/// Tables that people write as the one value that they have in mind: the table's key, the sort of the value, and the key
/// that the value belongs to.
const TABLES: [(&str, Sort, &str); 16] = [
    ("cache", Sort::Share, "read_share"),
    ("cache", Sort::Count, "prefix_tokens"),
    ("slo", Sort::Time, "e2e"),
    ("pace", Sort::Count, "rpm"),
    ("app_retries", Sort::Count, "attempts"),
    ("customization", Sort::Text, "method"),
    ("constant", Sort::Rate, "rate"),
    ("poisson", Sort::Rate, "rate"),
    ("standard", Sort::Count, "max_attempts"),
    ("standard_2025", Sort::Count, "max_attempts"),
    ("standard_2026", Sort::Count, "max_attempts"),
    ("adaptive", Sort::Count, "max_attempts"),
    ("legacy", Sort::Count, "max_attempts"),
    ("exponential", Sort::Count, "mean"),
    ("exponential", Sort::Time, "mean"),
    ("account", Sort::Count, "tpd"),
];

/// The sort of a plain value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sort {
    /// A number from 0 to 1, or a percentage.
    Share,
    /// A whole number above 1.
    Count,
    /// A span of time, such as `"20s"`.
    Time,
    /// A number of events in a span of time, such as `"900/min"`.
    Rate,
    Text,
}

/// Returns the sorts of a plain value, and the value as TOML writes it; of a text also what it may mean.
fn sorts(value: &DeValue<'_>, text: &str) -> Vec<(Sort, String)> {
    let quoted = |text: &str| format!("\"{text}\"");
    match value {
        DeValue::String(written) => {
            let is_simple = !written.contains(['"', '\\', '\n']);
            let first = |meant: Vec<String>, sort| meant.first().map(|meant| (sort, quoted(meant)));
            let share = written
                .ends_with(|c: char| !c.is_ascii_digit())
                .then(|| first(meant::percentage(written), Sort::Share));
            let rate = written.contains(['/', 'p']).then(|| first(meant::rate(written), Sort::Rate));
            let time = match parse::duration(written) {
                Ok(_) => Some((Sort::Time, quoted(written))),
                Err(_) => first(meant::duration(written), Sort::Time),
            };
            let plain = is_simple.then(|| (Sort::Text, quoted(written)));
            [share.flatten(), rate.flatten(), time, plain].into_iter().flatten().collect()
        }
        DeValue::Float(x) => {
            let is_share = x.as_str().parse().is_ok_and(|x: f64| (0.0..=1.0).contains(&x));
            is_share.then(|| (Sort::Share, text.to_owned())).into_iter().collect()
        }
        DeValue::Integer(n) if matches!(n.as_str(), "0" | "1") => vec![(Sort::Share, text.to_owned())],
        DeValue::Integer(_) => vec![(Sort::Count, text.to_owned())],
        _ => Vec::new(),
    }
}

/// Returns the table that a plain value means under a key.
fn meant_table(key: &str, node: Node, value: &DeValue<'_>, text: &str) -> Option<String> {
    if let (DeValue::String(package), "sdk") = (value, key) {
        return of_package(package);
    }
    let Table::Keys { keys, .. } = node.table()? else { return None };
    sorts(value, text).into_iter().find_map(|(sort, value)| {
        let fits = |(table, of, inner): &&(&str, Sort, &str)| *table == key && *of == sort && keys.contains_key(*inner);
        TABLES.iter().find(fits).map(|(.., inner)| format!("{{ {inner} = {value} }}"))
    })
}

/// Refuses a value where a table or a list stands, which `only` names, and offers what the value means there. `text` is the
/// value as it is written.
pub fn refuse(path: &str, node: Node, only: &str, (item, text, kind): (&Item<'_>, &str, &str)) -> Refusal {
    let wanted = if only == "array" { "a list" } else { "a table" };
    let refusal = Refusal::new(format!("`{path}` is {wanted}, not {kind}"));
    let key = path.rsplit('.').next().unwrap_or(path);
    let is_header = text.starts_with('[') && item.get_ref().is_table();
    if only == "array" {
        let Some(of) = node.items() else { return refusal };
        let fits = match item.get_ref() {
            DeValue::Table(_) => of.table().is_some(),
            DeValue::String(_) => of.takes("string"),
            DeValue::Integer(_) | DeValue::Float(_) => of.takes("number") || of.takes("integer"),
            _ => false,
        };
        return match (fits, is_header) {
            (true, true) => refusal.offer(vec![format!("[{text}]")], ""),
            (true, false) if !text.contains(['\n', '…']) => refusal.offer(vec![format!("[{text}]")], ""),
            _ => refusal,
        };
    }
    match (meant_table(key, node, item.get_ref(), text), node.table()) {
        (Some(meant), _) => refusal.offer(vec![meant], ""),
        (None, Some(Table::Names(_))) => {
            refusal.help(format!("write [{path}.NAME] above the keys of each of its tables"))
        }
        (None, Some(Table::Keys { keys, .. })) => {
            let first: Vec<&str> = keys.keys().map(String::as_str).take(6).collect();
            refusal.help(format!("write a table with keys such as {}", first.join(", ")))
        }
        (None, _) => refusal,
    }
}

//! What a plain value means where a scenario has a table or a list.

use toml::de::DeValue;

use super::schema::{Node, Table};
use super::tree::Item;
use crate::model::spec::Refusal;

/// Tables that people write as the one value that they have in mind: the table's key, how its value begins, and the key
/// that the value belongs to.
const TABLES: [(&str, Plain, &str); 6] = [
    ("cache", Plain::Share, "read_share"),
    ("cache", Plain::Count, "prefix_tokens"),
    ("slo", Plain::Text, "e2e"),
    ("pace", Plain::Count, "rpm"),
    ("app_retries", Plain::Count, "attempts"),
    ("customization", Plain::Text, "method"),
];

/// The sort of a plain value.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Plain {
    /// A number from 0 to 1, or a percentage.
    Share,
    /// A whole number above 1.
    Count,
    Text,
}

impl Plain {
    fn of(value: &DeValue<'_>) -> Option<Self> {
        match value {
            DeValue::String(text) if text.ends_with('%') => Some(Self::Share),
            DeValue::String(_) => Some(Self::Text),
            DeValue::Float(x) => x.as_str().parse().ok().filter(|x: &f64| (0.0..=1.0).contains(x)).map(|_| Self::Share),
            DeValue::Integer(n) if matches!(n.as_str(), "0" | "1") => Some(Self::Share),
            DeValue::Integer(_) => Some(Self::Count),
            _ => None,
        }
    }
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
    let plain = Plain::of(item.get_ref());
    let meant = TABLES.iter().find(|(table, sort, _)| *table == key && Some(*sort) == plain);
    match (meant, node.table()) {
        (Some((.., inner)), _) => refusal.offer(vec![format!("{{ {inner} = {text} }}")], ""),
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

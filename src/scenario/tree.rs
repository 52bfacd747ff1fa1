//! The parsed text before any meaning: TOML with the place of every key and value.

use std::borrow::Cow;

use toml::de::{DeTable, DeValue};

use super::syntax;
use crate::diagnostic::{Sink, Span, Spanned};

/// A value and its place.
pub type Item<'t> = Spanned<DeValue<'t>>;

/// Parses a whole file, with every fault of syntax; `None` when there is any.
pub fn parse<'t>(text: &'t str, start: usize, sink: &mut Sink) -> Option<DeTable<'t>> {
    let (tree, faults) = DeTable::parse_recoverable(text);
    for (at, refusal) in syntax::explain(text, &faults) {
        refusal.report(at.start + start..at.end + start, sink);
    }
    let mut tree = tree.into_inner();
    if start > 0 {
        shift(&mut tree, start);
    }
    faults.is_empty().then_some(tree)
}

/// Returns the parser's message on one line, as a rule.
pub fn syntax_rule(message: &str) -> String {
    format!("this is not TOML: {}", message.lines().map(str::trim).collect::<Vec<_>>().join(", "))
}

/// Moves every span by `by` bytes, for a text that does not begin at position 0 of the range of all positions.
pub fn shift(table: &mut DeTable<'_>, by: usize) {
    for (key, value) in std::mem::take(table) {
        let (key_at, value_at) = (moved(key.span(), by), moved(value.span(), by));
        let mut value = value.into_inner();
        shift_value(&mut value, by);
        table.insert(Spanned::new(key_at, key.into_inner()), Spanned::new(value_at, value));
    }
}

fn shift_value(value: &mut DeValue<'_>, by: usize) {
    match value {
        DeValue::Table(table) => shift(table, by),
        DeValue::Array(items) => {
            for item in items.iter_mut() {
                let at = moved(item.span(), by);
                let mut inner = std::mem::replace(item.get_mut(), DeValue::Boolean(false));
                shift_value(&mut inner, by);
                *item = Spanned::new(at, inner);
            }
        }
        _ => {}
    }
}

fn moved(at: Span, by: usize) -> Span {
    at.start + by..at.end + by
}

/// Puts `item` under `key`, whatever stood there.
pub fn put<'t>(table: &mut DeTable<'t>, key: &'t str, key_at: Span, item: Item<'t>) {
    table.remove(key);
    table.insert(Spanned::new(key_at, Cow::Borrowed(key)), item);
}

/// Returns the words by which an error calls a value's type.
pub fn kind_of(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) | DeValue::Datetime(_) => "a text",
        DeValue::Integer(_) | DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

//! The values that a scenario states itself, key by key, each with the file or the argument that states it.

use toml::de::{DeArray, DeTable, DeValue};

use super::place::Place;
use super::schema::{Node, Table, under};
use super::tree::Item;
use crate::diagnostic::{Sources, Span};
use crate::model::input::{Input, Origin};

/// The sections that state traffic, capacity and prices. Questions about the results are listed elsewhere in a
/// document.
const SECTIONS: [&str; 6] = ["capacities", "models", "money", "quotas", "run", "workloads"];
/// Tables whose keys are listed one by one, as the catalogue's are.
const TAKEN_APART: [&str; 2] = ["discount", "prices"];
/// A longer value is cut: tables of hours and lists of points say enough by their beginning \[characters\].
const LONGEST: usize = 120;

/// The values of a whole scenario, after its form was checked.
pub fn stated(root: &DeTable<'_>, sources: &Sources) -> Vec<Input> {
    let mut walk = Walk { sources, inputs: Vec::new() };
    let Some(Table::Keys { keys, .. }) = Node::root().table() else { return Vec::new() };
    for section in SECTIONS {
        let (Some(DeValue::Table(table)), Some(node)) = (root.get(section).map(Item::get_ref), under(keys, section))
        else {
            continue;
        };
        walk.table(table, node, &Place::default().key(section));
    }
    walk.inputs
}

struct Walk<'s> {
    sources: &'s Sources,
    inputs: Vec<Input>,
}

impl Walk<'_> {
    fn table(&mut self, table: &DeTable<'_>, node: Node, place: &Place) {
        match node.table() {
            Some(Table::Names(below)) => {
                for (name, item) in table.iter() {
                    if let DeValue::Table(inner) = item.get_ref() {
                        self.table(inner, below, &place.key(name.get_ref()));
                    }
                }
            }
            // What serves: its kind, and then its keys as paths lead to them.
            Some(Table::Kinds(kinds)) => {
                for (kind, item) in table.iter() {
                    self.tell(&place.path, kind.get_ref().to_string(), &kind.span(), Origin::Stated);
                    if let (DeValue::Table(inner), Some(below)) = (item.get_ref(), under(kinds, kind.get_ref())) {
                        self.table(inner, below, place);
                    }
                }
            }
            _ => table.iter().for_each(|(key, item)| self.key(key.get_ref(), item, node, place)),
        }
    }

    fn key(&mut self, key: &str, item: &Item<'_>, node: Node, place: &Place) {
        let below = place.key(key);
        if let (DeValue::Table(inner), true) = (item.get_ref(), TAKEN_APART.contains(&key)) {
            return self.table(inner, node, &below);
        }
        let is_recorded = item.get_ref().as_table().is_some_and(|t| t.get("trace").or(t.get("column")).is_some());
        let origin = if is_recorded { Origin::Measured } else { Origin::Stated };
        self.tell(&below.path, written(item.get_ref()), &item.span(), origin);
    }

    fn tell(&mut self, path: &str, value: String, at: &Span, origin: Origin) {
        let source = self.sources.locate(at).map_or("", |(source, _)| &source.name);
        // Where a file lies is no part of a document.
        let source = source.rsplit(['/', '\\']).next().unwrap_or(source).to_owned();
        self.inputs.push(Input { origin, path: path.to_owned(), value: cut(value), as_of: None, source });
    }
}

fn cut(value: String) -> String {
    match value.char_indices().nth(LONGEST) {
        None => value,
        Some((end, _)) => format!("{}…", &value[..end]),
    }
}

/// Returns a value on one line, as TOML writes it.
fn written(value: &DeValue<'_>) -> String {
    match value {
        DeValue::String(text) => toml::Value::String(text.to_string()).to_string(),
        DeValue::Integer(number) => number.as_str().to_owned(),
        DeValue::Float(number) => number.as_str().to_owned(),
        DeValue::Boolean(truth) => truth.to_string(),
        DeValue::Datetime(moment) => moment.to_string(),
        DeValue::Array(items) => list(items),
        DeValue::Table(table) => {
            let each = table.iter().map(|(key, item)| format!("{} = {}", key.get_ref(), written(item.get_ref())));
            let each = each.collect::<Vec<_>>().join(", ");
            if each.is_empty() { "{}".to_owned() } else { format!("{{ {each} }}") }
        }
    }
}

fn list(items: &DeArray<'_>) -> String {
    let each: Vec<String> = items.iter().map(|item| written(item.get_ref())).collect();
    format!("[{}]", each.join(", "))
}

//! `extends = ["base.toml", "more.toml"]`: a scenario over others.
//!
//! Tables are laid over each other key by key; plain values and lists are replaced as a whole; naming another kind
//! replaces the kind. Expectations are no plain list: those of the base stay, but for metrics that are expected anew.

use std::collections::BTreeSet;

use toml::de::{DeArray, DeTable, DeValue};

use super::schema::{Node, Table, under};
use super::tree::Item;
use crate::diagnostic::Spanned;

/// Lays trees over each other, of which the first that states a key has it.
pub fn fold<'t>(layers: Vec<DeTable<'t>>) -> DeTable<'t> {
    let mut folded = DeTable::new();
    for mut over in layers.into_iter().rev() {
        over.remove("extends");
        extend(&mut over, folded);
        folded = over;
    }
    folded
}

/// Adds to the scenario `table` what it leaves as it is in `base`.
fn extend<'t>(table: &mut DeTable<'t>, base: DeTable<'t>) {
    lay(table, base, Some(Node::root()), true);
}

fn lay<'t>(table: &mut DeTable<'t>, base: DeTable<'t>, node: Option<Node>, is_root: bool) {
    let form = node.and_then(Node::table);
    if let Some(Table::Kinds(kinds)) = form {
        let names_a_kind = |t: &DeTable<'_>| t.keys().any(|key| kinds.contains_key(key.get_ref().as_ref()));
        if names_a_kind(table) && !base.keys().any(|key| table.contains_key(key.get_ref().as_ref())) {
            return;
        }
    }
    for (key, value) in base {
        let below = match form {
            Some(Table::Keys { keys, .. }) => under(keys, key.get_ref()),
            Some(Table::Names(node)) => Some(node),
            Some(Table::Kinds(kinds)) => under(kinds, key.get_ref()),
            None => None,
        };
        match (table.get_mut(key.get_ref().as_ref()).map(Spanned::get_mut), value) {
            (None, value) => {
                table.insert(key, value);
            }
            (Some(DeValue::Table(over)), value) => {
                if let DeValue::Table(under) = value.into_inner() {
                    lay(over, under, below, false);
                }
            }
            (Some(DeValue::Array(over)), value) if is_root && key.get_ref() == "expect" => {
                let DeValue::Array(under) = value.into_inner() else { continue };
                let anew: BTreeSet<String> = over.iter().filter_map(metric).collect();
                let kept = under.into_iter().filter(|item| metric(item).is_none_or(|m| !anew.contains(&m)));
                let kept: Vec<Item<'_>> = kept.collect();
                let new = std::mem::replace(over, DeArray::new());
                kept.into_iter().chain(new).for_each(|item| over.push(item));
            }
            (Some(_), _) => {}
        }
    }
}

/// Returns the metric that an expectation is about, as it is written.
fn metric(expectation: &Item<'_>) -> Option<String> {
    Some(expectation.get_ref().as_table()?.get("metric")?.get_ref().as_str()?.to_owned())
}

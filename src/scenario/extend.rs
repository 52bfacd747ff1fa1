//! `extends = "base.toml"`: a scenario over another.
//!
//! Tables are laid over each other key by key; plain values and lists are replaced as a whole; naming another kind
//! replaces the kind.

use toml::de::{DeTable, DeValue};

use super::schema::{Node, Table, under};
use crate::diagnostic::Spanned;

/// Adds to `table` what it leaves as it is in `base`; `node` is what both describe.
pub fn extend<'t>(table: &mut DeTable<'t>, base: DeTable<'t>, node: Option<Node>) {
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
                    extend(over, under, below);
                }
            }
            (Some(_), _) => {}
        }
    }
}

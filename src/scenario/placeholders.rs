//! `[placeholders]`: values that a tool wrote because it could not know them. A key that still holds such a value is an
//! assumption.

use toml::de::{DeTable, DeValue};

use super::doubt::{alternative, standing};
use super::tree::kind_of;
use crate::diagnostic::{Sink, Sources};
use crate::model::input::Origin;
use crate::model::study::is_same_key;
use crate::model::{Assumption, Model, PLACEHOLDER};
use crate::terms::natural_order;

/// A key that still holds its placeholder.
#[derive(Debug)]
pub struct Placeholder {
    path: String,
    /// The value as TOML writes it.
    value: String,
}

/// Takes `placeholders` out of the tree, and returns the keys that still hold the values in it.
pub fn taken(root: &mut DeTable<'_>, sources: &Sources, sink: &mut Sink) -> Vec<Placeholder> {
    let Some((_, item)) = root.remove_entry("placeholders") else { return Vec::new() };
    let at = item.span();
    let table = match item.into_inner() {
        DeValue::Table(table) => table,
        other => {
            let rule = format!("`placeholders` is a table of paths, not {}", kind_of(&other));
            sink.error(at, rule, "write \"PATH\" = VALUE below [placeholders]".to_owned());
            return Vec::new();
        }
    };
    let mut left = Vec::new();
    for (path, item) in &table {
        let written = alternative(item, sources);
        let is_left = standing(root, path.get_ref()).is_some_and(|now| alternative(now, sources).is(&written));
        if is_left {
            left.push(Placeholder { path: path.get_ref().to_string(), value: written.text });
        }
    }
    left
}

/// Lists the placeholders that are still in force among the assumptions of a model.
pub fn assume(left: Vec<Placeholder>, model: &mut Model) {
    for Placeholder { path, value } in left {
        for input in model.inputs.iter_mut().filter(|input| is_same_key(&input.path, &path)) {
            (input.origin, input.source) = (Origin::Assumed, PLACEHOLDER.to_owned());
        }
        model.assumptions.push(Assumption { path, value, why: PLACEHOLDER.to_owned(), between: None });
    }
    model.assumptions.sort_by(|a, b| natural_order(&a.path, &b.path).then_with(|| a.cmp(b)));
    model.inputs.sort();
}

//! Places in a scenario, in words; and the refusals of what stands there.

use serde_json::{Map, Value};
use toml::de::{DeTable, DeValue};

use super::schema::{Node, Table, under};
use crate::model::spec::{Refusal, unknown};

/// A path as a user writes it, such as `workloads.chat.arrivals`.
#[derive(Debug, Clone, Default)]
pub struct Place {
    pub path: String,
    /// The kinds of the family, where the path ends in the name of a kind.
    kinds: Option<&'static Map<String, Value>>,
}

impl Place {
    #[must_use]
    pub fn key(&self, key: &str) -> Self {
        Self { path: joined(&self.path, key), kinds: None }
    }

    /// Returns the place of a table whose kind is `kind`. It keeps all `kinds` of the family, so that the refusal of a
    /// key can name another kind that has it.
    #[must_use]
    pub fn kind(&self, kind: &str, kinds: &'static Map<String, Value>) -> Self {
        Self { kinds: Some(kinds), ..self.key(kind) }
    }

    /// Refuses a key that is none of `known`.
    #[must_use]
    pub fn unknown_key<'k>(&self, key: &str, known: impl IntoIterator<Item = &'k str> + Clone) -> Refusal {
        let rule = self.knows_no(key);
        let of_kind = self.kinds.and_then(|kinds| {
            kinds.keys().find(|kind| {
                under(kinds, kind).is_some_and(
                    |node| matches!(node.table(), Some(Table::Keys { keys, .. }) if keys.contains_key(key)),
                )
            })
        });
        if let Some(kind) = of_kind {
            return Refusal::new(rule).help(format!("`{key}` is a key of `{kind}`"));
        }
        let refusal = unknown(rule, key, known);
        if !refusal.offers.is_empty() {
            return refusal;
        }
        let elsewhere = Node::root().home_of(key).filter(|home| !home.is_empty());
        match (elsewhere, refusal.help.clone()) {
            (Some(home), Some(help)) => refusal.help(format!("`{key}` is a key of `{home}`; here {help}")),
            _ => refusal,
        }
    }

    /// Refuses a key that belongs to a table below, which `path` leads to from here, such as `arrivals.poisson.rate`.
    #[must_use]
    pub fn key_of_below(&self, key: &str, path: &str) -> Refusal {
        let table = path.rsplit_once('.').map_or(path, |(table, _)| table);
        Refusal::new(self.knows_no(key)).help(format!("`{key}` is a key of `{table}`: write {path}"))
    }

    fn knows_no(&self, key: &str) -> String {
        match self.path.as_str() {
            "" => format!("unknown key `{key}`"),
            path => format!("unknown key `{key}` in `{path}`"),
        }
    }

    /// Refuses a kind that is none of `known`.
    #[must_use]
    pub fn unknown_kind<'k>(&self, kind: &str, known: impl IntoIterator<Item = &'k str> + Clone) -> Refusal {
        unknown(format!("`{kind}` is not a kind of `{}`", self.path), kind, known)
    }
}

/// Returns the path to a key of a table one level below `table`, such as `arrivals.poisson.rate`. `keys` are those that
/// `table` may have; of a family of kinds, the kind that stands there counts, and the name of any.
#[must_use]
pub fn found_below(keys: &'static Map<String, Value>, table: &DeTable<'_>, key: &str) -> Option<String> {
    keys.keys().find_map(|name| match under(keys, name)?.table()? {
        Table::Keys { keys, .. } => keys.contains_key(key).then(|| format!("{name}.{key}")),
        Table::Kinds(kinds) if kinds.contains_key(key) => Some(format!("{name}.{key}")),
        Table::Kinds(kinds) => {
            let kind = match table.get(name.as_str())?.get_ref() {
                DeValue::Table(written) => written.keys().next()?.get_ref().to_string(),
                DeValue::String(kind) => kind.to_string(),
                _ => return None,
            };
            let Table::Keys { keys, .. } = under(kinds, &kind)?.table()? else { return None };
            keys.contains_key(key).then(|| format!("{name}.{kind}.{key}"))
        }
        Table::Names(_) => None,
    })
}

fn joined(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_near_is_named() {
        let arrivals = Place::default().key("workloads").key("chat").key("arrivals");
        assert_eq!(arrivals.unknown_kind("gama", ["poisson", "gamma"]).help.unwrap(), "did you mean `gamma`?");
        assert_eq!(Place::default().unknown_key("workload", ["workloads"]).help.unwrap(), "did you mean `workloads`?");
    }

    #[test]
    fn a_key_of_another_table_is_not_taken_for_a_misspelt_one() {
        let Some(arrivals) = Node::root().reached(&["workloads", "chat", "arrivals"]) else { panic!() };
        let Some(Table::Kinds(kinds)) = arrivals.table() else { panic!() };
        let users = Place::default().key("workloads").key("chat").key("arrivals").kind("users", kinds);
        let refusal = users.unknown_key("context", ["count", "think_time"]);
        assert_eq!(refusal.help.as_deref(), Some("`context` is a key of `sessions`"));
        let help = Place::default().key("run").unknown_key("tpm", ["duration", "seed"]).help.unwrap();
        assert_eq!(help, "`tpm` is a key of `quotas.NAME`; here use one of duration, seed");
    }
}

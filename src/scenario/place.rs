//! Where in a scenario something stands, in words; and what is refused there by name.

use crate::model::spec::{Refusal, unknown};

/// A path as a user writes it (`workloads.chat.arrivals`), and with every name of the user's own as `*`.
#[derive(Debug, Clone, Default)]
pub struct Place {
    pub path: String,
    pattern: String,
}

impl Place {
    #[must_use]
    pub fn key(&self, key: &str) -> Self {
        Self { path: joined(&self.path, key), pattern: joined(&self.pattern, key) }
    }

    /// A thing by its name.
    #[must_use]
    pub fn name(&self, name: &str) -> Self {
        Self { path: joined(&self.path, name), pattern: joined(&self.pattern, "*") }
    }

    /// Refuses a key that is none of `known`.
    #[must_use]
    pub fn unknown_key<'k>(&self, key: &str, known: impl IntoIterator<Item = &'k str> + Clone) -> Refusal {
        if let Some(refusal) = self.later(key) {
            return refusal;
        }
        let rule = match self.path.as_str() {
            "" => format!("unknown key `{key}`"),
            path => format!("unknown key `{key}` in `{path}`"),
        };
        unknown(rule, key, known)
    }

    /// Refuses a kind that is none of `known`.
    #[must_use]
    pub fn unknown_kind<'k>(&self, kind: &str, known: impl IntoIterator<Item = &'k str> + Clone) -> Refusal {
        self.later(kind).unwrap_or_else(|| unknown(format!("`{kind}` is not a kind of `{}`", self.path), kind, known))
    }

    /// What is designed and not yet understood.
    fn later(&self, key: &str) -> Option<Refusal> {
        let (_, _, instead) =
            LATER.iter().find(|(pattern, keys, _)| *pattern == self.pattern && keys.split(' ').any(|k| k == key))?;
        let refusal = Refusal::new(format!("`{key}` is not understood by this version of bedload"));
        Some(if instead.is_empty() { refusal } else { refusal.help(*instead) })
    }
}

fn joined(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

/// Where, which keys, and what to do instead.
const LATER: [(&str, &str, &str); 2] =
    [("", "size", "run the scenario once for each value, with --set PATH=VALUE"), ("", "output", "leave it out")];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_designed_but_not_here_yet_is_refused_politely() {
        let refusal = Place::default().unknown_key("size", ["run"]);
        assert_eq!(refusal.rule, "`size` is not understood by this version of bedload");
        assert!(refusal.help.unwrap().contains("--set"));
        let arrivals = Place::default().key("workloads").name("chat").key("arrivals");
        assert_eq!(arrivals.unknown_kind("gama", ["poisson", "gamma"]).help.unwrap(), "did you mean `gamma`?");
        assert_eq!(Place::default().unknown_key("workload", ["workloads"]).help.unwrap(), "did you mean `workloads`?");
    }
}

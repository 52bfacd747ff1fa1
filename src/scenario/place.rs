//! Where in a scenario something stands, in words; and what is refused there.

use crate::model::spec::{Refusal, unknown};

/// A path as a user writes it, such as `workloads.chat.arrivals`.
#[derive(Debug, Clone, Default)]
pub struct Place {
    pub path: String,
}

impl Place {
    #[must_use]
    pub fn key(&self, key: &str) -> Self {
        Self { path: joined(&self.path, key) }
    }

    /// Refuses a key that is none of `known`.
    #[must_use]
    pub fn unknown_key<'k>(&self, key: &str, known: impl IntoIterator<Item = &'k str> + Clone) -> Refusal {
        let rule = match self.path.as_str() {
            "" => format!("unknown key `{key}`"),
            path => format!("unknown key `{key}` in `{path}`"),
        };
        unknown(rule, key, known)
    }

    /// Refuses a kind that is none of `known`.
    #[must_use]
    pub fn unknown_kind<'k>(&self, kind: &str, known: impl IntoIterator<Item = &'k str> + Clone) -> Refusal {
        unknown(format!("`{kind}` is not a kind of `{}`", self.path), kind, known)
    }
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
}

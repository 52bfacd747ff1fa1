//! The context in which a kind of capacity is lowered: its model, its name, and the lists for findings and assumptions.

use super::provisioned::AdmissionWord;
use crate::catalog::{self, ModelEntry};
use crate::diagnostic::{Sink, Span};
use crate::model::Assumption;
use crate::model::input::{Facts, Origin};
use crate::model::quantity::{Text, Unsure};
use crate::model::spec::At;

/// The model that a capacity serves, as far as selling it goes.
#[derive(Debug, Clone, Copy)]
pub struct Sold<'c> {
    /// The name under `[models]`.
    pub name: &'c str,
    /// The model id as written; empty when the scenario states the model itself.
    pub id: &'c str,
    pub id_at: &'c Span,
    /// The catalogue's entry of the model; `None`: the scenario states the model itself.
    pub entry: Option<&'c ModelEntry>,
    /// The way in which the model is called by this id: `in_region`, or the prefix of an inference profile.
    pub path: &'c str,
    /// True if the model has been customized.
    pub is_custom: bool,
}

impl<'c> Sold<'c> {
    /// Returns the catalogue's figures for the path of the id.
    #[must_use]
    pub fn path_entry(&self) -> Option<&'c catalog::Path> {
        self.entry?.path(self.path)
    }
}

/// The place of a capacity in a scenario.
#[derive(Debug)]
pub struct Site<'s, 'c> {
    pub name: &'s str,
    pub at: &'s Span,
    /// The model that the capacity serves; `None`: the capacity is on no route, or its model was refused.
    pub sold: Option<Sold<'c>>,
    pub sink: &'s mut Sink,
    pub facts: &'s mut Facts,
    /// The names of regions, in the order in which they were first mentioned.
    pub regions: &'s mut Vec<String>,
}

impl Site<'_, '_> {
    /// Reports that a key of the capacity was left at a default that is not published.
    pub fn assume(&mut self, key: &str, value: &str, why: &str) {
        let path = format!("capacities.{}.{key}", self.name);
        self.facts.assume(path, value, why);
    }

    /// Reports a published figure that the scenario leaves out, with its source and its date.
    pub fn publish(&mut self, key: &str, value: impl Into<String>, fact: (&str, &str)) {
        self.facts.cite(Origin::Published, format!("capacities.{}.{key}", self.name), value, fact);
    }

    /// Returns the index of a region.
    pub fn region(&mut self, name: &str) -> usize {
        self.regions.iter().position(|known| known == name).unwrap_or_else(|| {
            self.regions.push(name.to_owned());
            self.regions.len() - 1
        })
    }

    /// Returns the index of the region that a capacity names, or of the one that capacities without a name share.
    pub fn home_region(&mut self, written: Option<&At<Text>>) -> usize {
        self.region(written.map_or("", |name| &name.value))
    }

    /// Returns a number that AWS does not publish. Of a range the low end is in force, and reported as an assumption.
    pub fn unsure(&mut self, key: &str, written: &At<Unsure>, why: &str) -> Option<u64> {
        let value = match &written.value {
            Unsure::Known(n) => n.0,
            Unsure::Between(range) => {
                let (low, high) = (range.low.value.0, range.high.value.0);
                if low > high {
                    self.sink.error(
                        range.high.at.clone(),
                        format!("`high` is at least `low`, {high} is below {low}"),
                        None,
                    );
                    return None;
                }
                self.facts.assumptions.push(Assumption {
                    path: format!("capacities.{}.{key}", self.name),
                    value: low.to_string(),
                    why: format!("the low end of {low} to {high}; {why}"),
                    between: Some((low, high)),
                });
                low
            }
        };
        if value == 0 {
            let help = format!("write {key} = 1, or more");
            self.sink.offer(written.at.clone(), format!("`{key}` is at least 1"), Some(help), vec!["1".to_owned()]);
            return None;
        }
        Some(value)
    }

    /// Returns whether output is charged at the end instead of reserved.
    pub fn admission(&mut self, written: Option<&At<AdmissionWord>>) -> bool {
        if written.is_none() {
            let why =
                "whether bought throughput reserves max_tokens of its output or charges it at the end is not published";
            self.assume("admission", "\"reserve\"", why);
        }
        written.is_some_and(|w| w.value == AdmissionWord::PostCharge)
    }
}

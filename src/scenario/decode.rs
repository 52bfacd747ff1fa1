//! The fifth pass: values get their meaning, section by section and key by key, so that one fault hides no other.

use serde::de::DeserializeOwned;
use toml::de::{DeTable, DeValue, ValueDeserializer};

use super::form::Faulty;
use super::tree::Item;
use crate::diagnostic::{Sink, Span, Spanned};
use crate::model::capacity::CapacitySpec;
use crate::model::capacity::account::AccountSpec;
use crate::model::capacity::quota::QuotaSpec;
use crate::model::expectation::{ExpectSpec, OutputSpec, WindowSpec};
use crate::model::pricing::MoneySpec;
use crate::model::quantity::Text;
use crate::model::run::RunSpec;
use crate::model::service::ModelSpec;
use crate::model::spec::{At, Refusal};
use crate::model::study::size::SizeSpec;
use crate::model::workload::WorkloadSpec;
use crate::terms::natural_order;

/// Everything that was written, as far as it could be read.
#[derive(Debug, Default)]
pub struct Specs {
    /// The owners of every file that is included, and of the file itself under an empty name where it has one.
    pub owners: Vec<Owner>,
    pub title: Option<At<Text>>,
    pub run: Section<RunSpec>,
    pub models: Vec<Section<ModelSpec>>,
    pub workloads: Vec<Section<WorkloadSpec>>,
    pub capacities: Vec<Section<CapacitySpec>>,
    pub quotas: Vec<Section<QuotaSpec>>,
    pub account: Section<AccountSpec>,
    pub windows: Vec<Section<WindowSpec>>,
    pub money: Section<MoneySpec>,
    pub expect: Vec<Section<ExpectSpec>>,
    pub size: Section<SizeSpec>,
    pub output: Section<OutputSpec>,
}

/// The owner of the workloads of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    /// The name of an included file; empty for the scenario's own.
    pub file: String,
    pub owner: String,
}

/// A part of the scenario, by name where it has one.
#[derive(Debug, Clone)]
pub struct Section<T> {
    pub name: String,
    /// The place of the name in the text.
    pub at: Span,
    /// The content of the section; `None`: absent, or refused with a finding.
    pub spec: Option<T>,
}

impl<T> Default for Section<T> {
    fn default() -> Self {
        Self { name: String::new(), at: 0..0, spec: None }
    }
}

impl<T> Section<T> {
    /// Returns whether the scenario has it, good or not.
    pub fn is_present(&self) -> bool {
        !self.name.is_empty()
    }
}

/// Decodes a tree whose keys and kinds are known to exist. What is `faulty` is looked at and not kept.
pub fn decode(mut root: DeTable<'_>, faulty: &Faulty, sink: &mut Sink) -> Specs {
    let title = root.remove("title").and_then(|item| value(item, sink));
    let mut decoder = Decoder { faulty, sink };
    Specs {
        owners: Vec::new(),
        title,
        run: decoder.one(&mut root, "run"),
        models: decoder.named(&mut root, "models"),
        workloads: decoder.named(&mut root, "workloads"),
        capacities: decoder.named(&mut root, "capacities"),
        quotas: decoder.named(&mut root, "quotas"),
        account: decoder.one(&mut root, "account"),
        windows: decoder.named(&mut root, "windows"),
        money: decoder.one(&mut root, "money"),
        expect: decoder.listed(&mut root, "expect"),
        size: decoder.one(&mut root, "size"),
        output: decoder.one(&mut root, "output"),
    }
}

struct Decoder<'d> {
    faulty: &'d Faulty,
    sink: &'d mut Sink,
}

impl Decoder<'_> {
    fn one<T: DeserializeOwned>(&mut self, root: &mut DeTable<'_>, key: &str) -> Section<T> {
        match root.remove_entry(key) {
            None => Section::default(),
            Some((key, item)) => self.section(key.get_ref(), key.get_ref(), key.span(), item),
        }
    }

    /// The sections of a family by name as people sort names, so that the order in a file changes nothing. Everything that lists
    /// workloads, capacities or quotas does so in this order.
    fn named<T: DeserializeOwned>(&mut self, root: &mut DeTable<'_>, key: &str) -> Vec<Section<T>> {
        let Some(DeValue::Table(table)) = root.remove(key).map(Spanned::into_inner) else { return Vec::new() };
        let mut sections: Vec<Section<T>> = table
            .into_iter()
            .map(|(name, item)| self.section(&format!("{key}.{}", name.get_ref()), name.get_ref(), name.span(), item))
            .collect();
        sections.sort_by(|a, b| natural_order(&a.name, &b.name));
        sections
    }

    fn listed<T: DeserializeOwned>(&mut self, root: &mut DeTable<'_>, key: &str) -> Vec<Section<T>> {
        match root.remove(key).map(Spanned::into_inner) {
            Some(DeValue::Array(items)) => {
                items.into_iter().map(|item| self.section(key, key, item.span(), item)).collect()
            }
            _ => Vec::new(),
        }
    }

    fn section<T: DeserializeOwned>(&mut self, path: &str, name: &str, at: Span, item: Item<'_>) -> Section<T> {
        let name = name.to_owned();
        let is_faulty = self.faulty.contains(path);
        if !is_faulty && let Ok(spec) = T::deserialize(ValueDeserializer::from(item.clone())) {
            return Section { name, at, spec: Some(spec) };
        }
        let before = self.sink.errors();
        if let DeValue::Table(table) = item.get_ref() {
            // Each key alone: serde stops at the first fault, and every key may have one.
            for (key, value) in table {
                let alone = DeTable::from_iter([(key.clone(), value.clone())]);
                let alone = Spanned::new(item.span(), DeValue::Table(alone));
                if let Err(fault) = T::deserialize(ValueDeserializer::from(alone)) {
                    report(&fault, &value.span(), self.sink);
                }
            }
        }
        let is_good = self.sink.errors() == before && !is_faulty;
        Section { name, at, spec: if is_good { value(item, self.sink) } else { None } }
    }
}

fn value<T: DeserializeOwned>(item: Item<'_>, sink: &mut Sink) -> Option<T> {
    let at = item.span();
    match T::deserialize(ValueDeserializer::from(item)) {
        Ok(value) => Some(value),
        Err(fault) => {
            report(&fault, &at, sink);
            // The pass before this one finds missing keys, and says so itself; where it has not, this one must.
            if !sink.has_errors() {
                sink.error(at, fault.message().to_owned(), None);
            }
            None
        }
    }
}

fn report(fault: &toml::de::Error, at: &Span, sink: &mut Sink) {
    let message = fault.message();
    if message.starts_with("missing field") {
        return;
    }
    let mut refusal = Refusal::from_message(message);
    refusal.rule = match refusal.rule.strip_prefix("invalid type: ").and_then(|rule| rule.split_once(", expected ")) {
        Some((found, expected)) => format!("expected {expected}, found {found}"),
        None => refusal.rule.clone(),
    };
    refusal.report(fault.span().unwrap_or_else(|| at.clone()), sink);
}

#[cfg(test)]
mod tests {
    /// The words of serde that `report` relies on.
    #[test]
    fn serde_still_says_missing_field() {
        #[derive(Debug, serde::Deserialize)]
        struct Needy {
            #[expect(dead_code, reason = "it is missing")]
            size: u32,
        }
        assert!(toml::from_str::<Needy>("").unwrap_err().message().starts_with("missing field"));
    }
}

//! The form of a whole scenario, generated from the specs of the kinds.
//!
//! It serves twice: editors read the JSON Schema, and the loader walks the same description to find unknown keys,
//! missing keys and the targets of `--set`. So a new kind needs no second list of names. The loader reads the schema from
//! `schemas/scenario.schema.json`, which a test compares with the specs: generating it takes most of the time in which a
//! small scenario is loaded.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use crate::model::capacity::CapacitySpec;
use crate::model::capacity::account::AccountSpec;
use crate::model::capacity::quota::QuotaSpec;
use crate::model::expectation::{ExpectSpec, OutputSpec, WindowSpec};
use crate::model::pricing::MoneySpec;
use crate::model::quantity::Names;
use crate::model::run::RunSpec;
use crate::model::service::ModelSpec;
use crate::model::study::doubt::{DoubtSpec, PlaceholdersSpec};
use crate::model::study::size::SizeSpec;
use crate::model::study::sweep::SweepSpec;
use crate::model::workload::WorkloadSpec;

/// A scenario: the traffic, the capacity that serves it, and the goals for the results.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, rename = "Scenario")]
#[expect(dead_code, reason = "only its schema is used: sections are decoded one by one")]
struct ScenarioSpec {
    /// The question that this scenario answers.
    title: Option<String>,
    /// The clock, the seed, the replications.
    run: Option<RunSpec>,
    /// Models by the name that workloads call them.
    models: BTreeMap<String, ModelSpec>,
    /// The workloads by name: who sends requests, how many and how large.
    workloads: BTreeMap<String, WorkloadSpec>,
    /// The capacities by name, which serve the requests.
    capacities: BTreeMap<String, CapacitySpec>,
    /// Limits that capacities share, by name.
    quotas: Option<BTreeMap<String, QuotaSpec>>,
    /// The account's daily quota over all models, in force without being written.
    account: Option<AccountSpec>,
    /// Parts of the measured interval that are reported by themselves, by name.
    windows: Option<BTreeMap<String, WindowSpec>>,
    /// The rules by which usage becomes the cost of a month.
    money: Option<MoneySpec>,
    /// Bounds that the results must keep.
    expect: Option<Vec<ExpectSpec>>,
    /// Axes of design points.
    sweep: Option<SweepSpec>,
    /// The least or the greatest value of a key that meets every goal.
    size: Option<SizeSpec>,
    /// The choice of metrics that the results keep.
    output: Option<OutputSpec>,
    /// The unknowns, each with its possible values.
    doubt: Option<DoubtSpec>,
    /// Values that a tool wrote because it could not know them.
    placeholders: Option<PlaceholdersSpec>,
    /// Other scenarios, which this one is laid over in their order; paths relative to this file.
    extends: Option<Names>,
    /// Files whose models, workloads, capacities, windows and expectations belong to the account of this file; paths
    /// relative to this file, in which * and ? stand for any characters of a name.
    include: Option<Names>,
    /// The owner of the workloads of this file, such as "search".
    owner: Option<String>,
}

/// Returns the JSON Schema of a scenario, generated from the specs.
#[must_use]
pub fn json_schema() -> Value {
    let mut schema =
        Value::from(SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<ScenarioSpec>());
    drop_null(&mut schema);
    unescape(&mut schema);
    name_names(&mut schema);
    schema
}

/// TOML has no null; a key that may be left out is simply not required.
fn drop_null(schema: &mut Value) {
    match schema {
        Value::Array(items) => items.iter_mut().for_each(drop_null),
        Value::Object(object) => {
            if let Some(Value::Array(types)) = object.get_mut("type") {
                types.retain(|t| t != "null");
                if let [one] = types.as_slice() {
                    let one = one.clone();
                    object.insert("type".to_owned(), one);
                }
            }
            if let Some(Value::Array(forms)) = object.get_mut("anyOf") {
                let all = forms.len();
                forms.retain(|form| form != &json!({ "type": "null" }));
                if let ([Value::Object(only)], true) = (forms.as_slice(), forms.len() < all) {
                    let only = only.clone();
                    object.remove("anyOf");
                    for (key, value) in only {
                        object.entry(key).or_insert(value);
                    }
                }
            }
            object.values_mut().for_each(drop_null);
        }
        _ => {}
    }
}

/// Descriptions are doc comments, in which units in brackets are escaped.
fn unescape(schema: &mut Value) {
    match schema {
        Value::Array(items) => items.iter_mut().for_each(unescape),
        Value::Object(object) => {
            if let Some(Value::String(text)) = object.get_mut("description") {
                *text = text.replace("\\[", "[").replace("\\]", "]");
            }
            object.values_mut().for_each(unescape);
        }
        _ => {}
    }
}

/// Tables of named things take only good names.
fn name_names(schema: &mut Value) {
    if let Some(Value::Object(sections)) = schema.get_mut("properties") {
        for section in sections.values_mut().filter_map(Value::as_object_mut) {
            if section.get("additionalProperties").is_some_and(Value::is_object) {
                section.insert("propertyNames".to_owned(), json!({ "pattern": "^[a-z][a-z0-9_-]*$" }));
            }
        }
    }
}

/// The text that [`json_schema`] generates, as a file of the project.
const WRITTEN: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/schemas/scenario.schema.json"));

static WHOLE: LazyLock<Value> = LazyLock::new(|| match serde_json::from_str(WRITTEN) {
    Ok(schema) => schema,
    // The text is part of the program and a test loads it, so no user ever meets this.
    Err(fault) => panic!("schemas/scenario.schema.json: {fault}"),
});

/// A place in the form of a scenario: what may stand there.
#[derive(Debug, Clone, Copy)]
pub struct Node(&'static Value);

/// The content that a table may have at a place.
#[derive(Debug, Clone, Copy)]
pub enum Table {
    /// The table has these keys.
    Keys { keys: &'static Map<String, Value>, required: &'static [Value] },
    /// The table has entries under names of the user's own.
    Names(Node),
    /// The table has exactly one of these kinds.
    Kinds(&'static Map<String, Value>),
}

impl Node {
    /// Returns the whole scenario.
    #[must_use]
    pub fn root() -> Self {
        Self(&WHOLE)
    }

    /// Returns the place of a form that may be written elsewhere: each family is described once, and referred to.
    fn of(form: &'static Value) -> Self {
        let elsewhere = form.get("$ref").and_then(Value::as_str).and_then(|path| path.strip_prefix('#'));
        match elsewhere.and_then(|path| WHOLE.pointer(path)) {
            Some(form) => Self::of(form),
            None => Self(form),
        }
    }

    /// Returns the content that a table may have here; `None` when no table may stand here.
    #[must_use]
    pub fn table(self) -> Option<Table> {
        let form = self.form("object")?;
        let keys = form.get("properties").and_then(Value::as_object);
        match (keys, form.get("additionalProperties")) {
            (Some(kinds), _) if form.get("maxProperties").is_some() => Some(Table::Kinds(kinds)),
            (_, Some(of @ Value::Object(_))) => Some(Table::Names(Self::of(of))),
            (keys, _) => {
                static NO_KEYS: LazyLock<Map<String, Value>> = LazyLock::new(Map::new);
                let required = form.get("required").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
                Some(Table::Keys { keys: keys.unwrap_or(&NO_KEYS), required })
            }
        }
    }

    /// Returns the place of the items of a list here; `None` when no list may stand here.
    #[must_use]
    pub fn items(self) -> Option<Self> {
        self.form("array")?.get("items").map(Self::of)
    }

    /// Returns the format that the schema states for a text here.
    #[must_use]
    pub fn format(self) -> Option<&'static str> {
        self.form("string")?.get("format")?.as_str()
    }

    /// Returns whether a table or a list is all that may stand here.
    #[must_use]
    pub fn only(self) -> Option<&'static str> {
        self.0.get("type").and_then(Value::as_str).filter(|t| matches!(*t, "object" | "array"))
    }

    /// Returns whether a value of a JSON type may stand here.
    #[must_use]
    pub fn takes(self, json_type: &str) -> bool {
        self.form(json_type).is_some()
    }

    /// Returns a value that may stand here, as TOML writes it, where the schema shows one.
    #[must_use]
    pub fn example(self) -> Option<String> {
        let forms = self.0.get("anyOf").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let shown =
            std::iter::once(self.0).chain(forms).map(|form| Self::of(form).0).find_map(|form| form.get("examples"));
        shown?.get(0).map(Value::to_string)
    }

    /// Returns the place to which a path leads from here. A path may leave out the names of kinds, and leads
    /// into the items of a list.
    #[must_use]
    pub fn reached(self, path: &[&str]) -> Option<Self> {
        let Some((key, rest)) = path.split_first() else { return Some(self) };
        let Some(table) = self.table() else { return self.items()?.reached(path) };
        match table {
            Table::Keys { keys, .. } => under(keys, key)?.reached(rest),
            Table::Names(node) => node.reached(rest),
            Table::Kinds(kinds) => under(kinds, key)
                .and_then(|node| node.reached(rest))
                .or_else(|| kinds.values().find_map(|kind| Self::of(kind).reached(path))),
        }
    }

    /// Returns the path to the nearest table below that has a key, with NAME for names; `None` when no table near has
    /// it.
    #[must_use]
    pub fn home_of(self, key: &str) -> Option<String> {
        const DEEPEST: usize = 4;
        let mut level = vec![(String::new(), self)];
        for _ in 0..DEEPEST {
            let mut next = Vec::new();
            for (path, node) in level {
                let below = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
                match node.table() {
                    Some(Table::Keys { keys, .. }) if keys.contains_key(key) => return Some(path),
                    Some(Table::Keys { keys, .. } | Table::Kinds(keys)) => {
                        next.extend(keys.iter().map(|(name, form)| (below(name), Self::of(form))));
                    }
                    Some(Table::Names(node)) => next.push((below("NAME"), node)),
                    None => {}
                }
            }
            level = next;
        }
        None
    }

    /// Returns whether the key of a path below takes numbers that are not whole. A path may leave out the names of
    /// kinds.
    #[must_use]
    pub fn takes_fractions(self, path: &[&str]) -> bool {
        let Some((key, rest)) = path.split_first() else { return self.form("number").is_some() };
        let below = |keys| under(keys, key).is_some_and(|node| node.takes_fractions(rest));
        match self.table() {
            Some(Table::Keys { keys, .. }) => below(keys),
            Some(Table::Names(node)) => node.takes_fractions(rest),
            Some(Table::Kinds(kinds)) => {
                below(kinds) || kinds.values().any(|kind| Self::of(kind).takes_fractions(path))
            }
            None => false,
        }
    }

    /// Returns the form of a JSON type, among those that may stand here.
    fn form(self, json_type: &str) -> Option<&'static Value> {
        let is = |form: &&Value| form.get("type").is_some_and(|t| t == json_type);
        let forms = || self.0.get("anyOf")?.as_array()?.iter().map(|form| Self::of(form).0).find(is);
        Some(self.0).filter(is).or_else(forms)
    }
}

/// Returns the schema node under a key.
#[must_use]
pub fn under(keys: &'static Map<String, Value>, key: &str) -> Option<Node> {
    keys.get(key).map(Node::of)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_is_walked_by_keys_names_and_kinds() {
        let Some(Table::Keys { keys, required }) = Node::root().table() else { panic!() };
        assert!(required.iter().any(|k| k == "workloads"));
        let Some(Table::Names(workload)) = under(keys, "workloads").unwrap().table() else { panic!() };
        let Some(Table::Keys { keys, .. }) = workload.table() else { panic!() };
        let Some(Table::Kinds(kinds)) = under(keys, "input_tokens").unwrap().table() else { panic!() };
        assert!(kinds.contains_key("lognormal"));
        assert!(under(keys, "shape").unwrap().items().is_some());
        assert!(under(keys, "max_tokens").unwrap().table().is_none());
    }

    #[test]
    fn the_form_that_is_read_is_the_one_that_is_generated() {
        let help = "run BEDLOAD_UPDATE_SCHEMA=1 cargo test --test it schema, and build again";
        assert!(*WHOLE == json_schema(), "schemas/scenario.schema.json is out of date: {help}");
    }

    #[test]
    fn no_null_is_left() {
        let text = json_schema().to_string();
        assert!(!text.contains("\"null\""), "{text}");
    }
}

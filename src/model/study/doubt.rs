//! `[doubt]`: quantities that are not known, with the values that they may have. Each reading has its answer.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::Value;

use super::sweep::{Setting, numeric};

/// A key of the scenario whose value is not known.
#[derive(Debug, Clone, PartialEq)]
pub struct Unknown {
    /// The path of the key, such as `capacities.us.limiter`.
    pub path: String,
    /// The value with which the scenario runs; `None`: the key has no single value, and is left as it is.
    pub base: Option<Alternative>,
    pub span: Alternatives,
    /// True if the key is a rule that AWS does not publish; false if it is a figure of the user's own.
    pub is_unpublished: bool,
    /// The question to ask, and whom, or the measurement to make.
    pub ask: String,
}

/// One value that an unknown may have.
#[derive(Debug, Clone, PartialEq)]
pub struct Alternative {
    /// The value as results show it.
    pub value: Value,
    /// The value as TOML writes it.
    pub text: String,
}

/// The values that an unknown quantity may have.
#[derive(Debug, Clone, PartialEq)]
pub enum Alternatives {
    Set(Vec<Alternative>),
    /// A range from `low` to `high`, both included, in the unit of the key.
    Range {
        low: f64,
        high: f64,
        is_whole: bool,
    },
}

impl Alternative {
    #[must_use]
    pub fn number(x: f64) -> Self {
        let choice = numeric("", x);
        Self { value: choice.parameters[0].1.clone(), text: choice.settings[0].value.clone() }
    }

    /// Returns whether both mean the same in TOML: `40_000` and `40000` do.
    #[must_use]
    pub fn is(&self, other: &Self) -> bool {
        let read = |text: &str| toml::from_str::<toml::Table>(&format!("v = {text}")).ok();
        self.text == other.text || read(&self.text).is_some_and(|one| Some(one) == read(&other.text))
    }
}

impl Unknown {
    /// Returns the values that are simulated beside the base: those of a set, the ends of a range.
    #[must_use]
    pub fn others(&self) -> Vec<Alternative> {
        let all = match &self.span {
            Alternatives::Set(values) => values.clone(),
            Alternatives::Range { low, high, .. } => vec![Alternative::number(*low), Alternative::number(*high)],
        };
        let mut others: Vec<Alternative> = Vec::new();
        for value in all {
            let is_base = self.base.as_ref().is_some_and(|base| base.is(&value));
            if !is_base && !others.iter().any(|known| known.is(&value)) {
                others.push(value);
            }
        }
        others
    }

    /// Returns the setting that gives the key a value.
    #[must_use]
    pub fn at(&self, value: &Alternative) -> Setting {
        Setting { path: self.path.clone(), value: value.text.clone() }
    }
}

/// The form of `doubt` for editors; its own pass reads it.
#[derive(Debug)]
pub struct DoubtSpec;

impl JsonSchema for DoubtSpec {
    fn schema_name() -> Cow<'static, str> {
        "Doubt".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let range = json_schema!({
            "type": "object",
            "properties": {
                "low": { "type": "number", "description": "The least that it may be." },
                "high": { "type": "number", "description": "The most that it may be." }
            },
            "required": ["low", "high"],
            "additionalProperties": false
        });
        json_schema!({
            "description": "What is not known: \"default\" for all that AWS does not publish and this file left at a default; or paths, each with the values that it may have, or with a range (two numbers, or { low, high }).",
            "anyOf": [
                { "enum": ["default"] },
                { "type": "object", "additionalProperties": { "anyOf": [{ "type": "array", "minItems": 1 }, range] } }
            ]
        })
    }
}

/// The form of `placeholders` for editors; its own pass reads it.
#[derive(Debug)]
pub struct PlaceholdersSpec;

impl JsonSchema for PlaceholdersSpec {
    fn schema_name() -> Cow<'static, str> {
        "Placeholders".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "object",
            "description": "Paths, each with the value that a tool wrote because it could not know a better one. A key that still holds this value is listed as assumed.",
            "additionalProperties": true
        })
    }
}

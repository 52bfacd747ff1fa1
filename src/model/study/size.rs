//! `[size]`: the least or the greatest value of one key that meets every goal.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::sweep::{self, Choice, Setting};
use crate::model::quantity::{Count, Text};
use crate::model::spec::{At, Refusal, Scalar, Written, scalar, unknown};
use crate::units::grouped;

/// The least or the greatest value that keeps every `[[expect]]`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Size")]
pub struct SizeSpec {
    /// The key to size, as a path, such as "capacities.dedicated.model_units".
    pub vary: At<Text>,
    /// The end of the good values: "least" (default) where more is easier to keep, "greatest" where less is.
    pub find: Option<At<Find>>,
    /// The first value, a whole number.
    pub from: At<Count>,
    /// The last value.
    pub to: At<Count>,
    /// The step from one value to the next; default 1.
    pub step: Option<At<Count>>,
    /// The unit after each value, such as "/min" for a rate or "s" for a time; default: values are plain numbers.
    pub unit: Option<At<Text>>,
    /// The value that you have or mean to buy, to be judged beside the answer; it may lie outside the range.
    pub bought: Option<At<Count>>,
    /// A second axis, one path with a list of its values: the answer for each of them.
    pub by: Option<BySpec>,
}

/// The end of the good values that is sought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Find {
    Least,
    Greatest,
}

impl Find {
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Least => "least",
            Self::Greatest => "greatest",
        }
    }
}

impl Scalar for Find {
    fn read(written: Written<'_>) -> Result<Self, Refusal> {
        match written {
            Written::Text("least") => Ok(Self::Least),
            Written::Text("greatest") => Ok(Self::Greatest),
            Written::Text(text) => {
                Err(unknown(format!("`{text}` cannot be found"), text, ["least", "greatest"].iter().copied()))
            }
            other => Err(Refusal::new(format!("`find` is \"least\" or \"greatest\", {other} is neither"))),
        }
    }
}
scalar!(Find, { "enum": ["least", "greatest"] });

/// The form of `by` for editors; its keys are paths, so the pass that reads `[sweep]` reads it too.
#[derive(Debug, Clone)]
pub struct BySpec;

impl<'de> Deserialize<'de> for BySpec {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        IgnoredAny::deserialize(deserializer).map(|_| Self)
    }
}

impl JsonSchema for BySpec {
    fn schema_name() -> Cow<'static, str> {
        "By".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "object",
            "description": "One path and its values, as an axis of a sweep.",
            "minProperties": 1,
            "additionalProperties": { "anyOf": [{ "type": "array", "minItems": 1 }, { "type": "object" }] }
        })
    }
}

/// The question of a size: the key, its values, and the end of the good ones that is sought.
#[derive(Debug, Clone, PartialEq)]
pub struct Size {
    /// The path whose value is looked for.
    pub vary: String,
    pub find: Find,
    pub from: u64,
    /// The last value; at least `from`.
    pub to: u64,
    /// The step from one value to the next; at least one.
    pub step: u64,
    /// The unit that follows each value; empty: values are plain numbers.
    pub unit: String,
    /// The value that the user has or is about to buy; `None`: none is stated.
    pub bought: Option<u64>,
    /// The values of a second axis; empty: there is none.
    pub by: Vec<Choice>,
}

impl SizeSpec {
    /// Returns the question of a size as it is written: whether the range makes sense is not checked.
    #[must_use]
    pub fn sought(&self, by: Vec<Choice>) -> Size {
        Size {
            vary: self.vary.value.0.clone(),
            find: self.find.as_ref().map_or(Find::Least, |find| find.value),
            from: self.from.value.0,
            to: self.to.value.0,
            step: self.step.as_ref().map_or(1, |step| step.value.0),
            unit: self.unit.as_ref().map(|unit| unit.value.0.clone()).unwrap_or_default(),
            bought: self.bought.as_ref().map(|bought| bought.value.0),
            by,
        }
    }
}

impl Size {
    /// Returns values that show whether the range makes scenarios: its ends, and some of those between them.
    #[must_use]
    pub fn probes(&self) -> Vec<u64> {
        const PROBES: u64 = 16;
        let n = self.values();
        let mut probes = vec![n - 1, 0];
        probes.extend((1..PROBES).map(|i| (n - 1) / PROBES * i).filter(|i| *i > 0));
        probes.dedup();
        probes.into_iter().map(|i| self.value(i)).collect()
    }

    /// Returns the choice of a value.
    #[must_use]
    pub fn choice(&self, value: u64) -> Choice {
        if self.unit.is_empty() {
            return sweep::numeric(&self.vary, value as f64);
        }
        let text = format!("{value}{}", self.unit);
        let setting = Setting { path: self.vary.clone(), value: toml::Value::from(text.as_str()).to_string() };
        Choice { parameters: vec![(self.vary.clone(), text.into())], settings: vec![setting] }
    }

    /// Returns a value as a text shows it, with its unit: `80/min`.
    #[must_use]
    pub fn told(&self, value: u64) -> String {
        format!("{}{}", grouped(value), self.unit)
    }

    /// Returns the number of values in the range.
    #[must_use]
    pub fn values(&self) -> u64 {
        (self.to - self.from) / self.step + 1
    }

    /// Returns value number `index` of the range.
    #[must_use]
    pub fn value(&self, index: u64) -> u64 {
        self.from + index * self.step
    }

    /// Returns the index of a value in the range; `None`: it is not one of its values.
    #[must_use]
    pub fn index(&self, value: u64) -> Option<u64> {
        let above = value.checked_sub(self.from)?;
        (value <= self.to && above % self.step == 0).then_some(above / self.step)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_ends_at_its_last_whole_step() {
        let size = Size {
            vary: String::new(),
            find: Find::Least,
            from: 2,
            to: 9,
            step: 3,
            unit: String::new(),
            bought: None,
            by: Vec::new(),
        };
        let values: Vec<u64> = (0..size.values()).map(|k| size.value(k)).collect();
        assert_eq!(values, [2, 5, 8]);
        assert_eq!([1, 2, 8, 9, 11].map(|v| size.index(v)), [None, Some(0), Some(2), None, None]);
    }
}

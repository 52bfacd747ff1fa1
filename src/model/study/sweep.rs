//! `[sweep]`: axes of design points.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::Value;

use crate::random::{Purpose, Stream};

/// One key of the scenario, and the value that a design point gives it.
#[derive(Debug, Clone, PartialEq)]
pub struct Setting {
    /// The path of the key, such as `capacities.us.tpm`.
    pub path: String,
    /// The value as TOML writes it.
    pub value: String,
}

impl Setting {
    /// Returns the setting as `--set` takes it: `PATH=VALUE`.
    #[must_use]
    pub fn argument(&self) -> String {
        format!("{}={}", self.path, self.value)
    }
}

/// One value of an axis.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Choice {
    /// The values that stand for the choice in the parameters of a design point, by column of the axis.
    pub parameters: Vec<(String, Value)>,
    pub settings: Vec<Setting>,
}

/// The values of one dimension of the sweep.
#[derive(Debug, Clone, PartialEq)]
pub enum Axis {
    /// One of the listed choices.
    Choices(Vec<Choice>),
    /// One of the numbers of a range, each of which is the value of the path.
    Numbers { path: String, values: Vec<f64> },
    /// A number from `low` to `high`, for samples.
    Between { path: String, low: f64, high: f64, is_whole: bool, geometric: bool },
}

impl Axis {
    /// Returns the number of values of the axis; `None`: as many as there are samples.
    #[must_use]
    pub fn len(&self) -> Option<u64> {
        match self {
            Self::Choices(choices) => Some(choices.len() as u64),
            Self::Numbers { values, .. } => Some(values.len() as u64),
            Self::Between { .. } => None,
        }
    }

    /// Returns a value of the axis by its index; `None`: the axis has no such value.
    #[must_use]
    pub fn choice(&self, index: u64) -> Option<Cow<'_, Choice>> {
        let index = usize::try_from(index).ok()?;
        match self {
            Self::Choices(choices) => choices.get(index).map(Cow::Borrowed),
            Self::Numbers { path, values } => values.get(index).map(|x| Cow::Owned(numeric(path, *x))),
            Self::Between { .. } => None,
        }
    }

    /// Returns the names of the parameters that the axis varies.
    #[must_use]
    pub fn columns(&self) -> Vec<String> {
        match self {
            Self::Choices(choices) => {
                choices.first().map_or_else(Vec::new, |c| c.parameters.iter().map(|(name, _)| name.clone()).collect())
            }
            Self::Numbers { path, .. } | Self::Between { path, .. } => vec![path.clone()],
        }
    }

    /// Returns the keys of the scenario that the axis sets.
    #[must_use]
    pub fn paths(&self) -> BTreeSet<&str> {
        match self {
            Self::Choices(choices) => choices.iter().flat_map(|c| &c.settings).map(|s| s.path.as_str()).collect(),
            Self::Numbers { path, .. } | Self::Between { path, .. } => BTreeSet::from([path.as_str()]),
        }
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == Some(0)
    }

    /// Returns the choice at a share in [0, 1).
    fn at(&self, share: f64) -> Choice {
        let index = |values: usize| ((share * values as f64) as usize).min(values - 1);
        match self {
            Self::Choices(choices) => choices[index(choices.len())].clone(),
            Self::Numbers { path, values } => numeric(path, values[index(values.len())]),
            Self::Between { path, low, high, is_whole, geometric } => {
                let x = if *geometric {
                    low * libm::pow(high / low, share)
                } else if *is_whole {
                    // Each whole number has an equal part of the range.
                    low + libm::floor(share * (high - low + 1.0))
                } else {
                    low + share * (high - low)
                };
                numeric(path, if *is_whole { libm::round(x) } else { x })
            }
        }
    }
}

/// Returns a choice that sets one number.
#[must_use]
pub fn numeric(path: &str, x: f64) -> Choice {
    let is_whole = libm::floor(x) == x && x.abs() < 9e15;
    let value = if is_whole { Value::from(x as i64) } else { Value::from(x) };
    let text = if is_whole { format!("{}", x as i64) } else { format!("{x:?}") };
    Choice {
        parameters: vec![(path.to_owned(), value)],
        settings: vec![Setting { path: path.to_owned(), value: text }],
    }
}

/// The design points of a scenario.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Sweep {
    /// The axes in the order of the file; the last one varies fastest.
    pub axes: Vec<Axis>,
    /// The number of points of a Latin hypercube over the axes; `None`: the points are the grid.
    pub samples: Option<u64>,
}

impl Sweep {
    /// Returns the number of design points; `None`: more than can be counted.
    #[must_use]
    pub fn points(&self) -> Option<u64> {
        if self.samples.is_some() {
            return self.samples;
        }
        self.axes.iter().try_fold(1u64, |n, axis| n.checked_mul(axis.len()?))
    }

    /// Returns design point number `index` of a scenario with this seed: one choice for each axis.
    #[must_use]
    pub fn point(&self, index: u64, seed: u64) -> Vec<Choice> {
        if let Some(samples) = self.samples {
            return self.axes.iter().enumerate().map(|(a, axis)| axis.at(share(index, samples, seed, a))).collect();
        }
        let mut rest = index;
        let mut choices: Vec<Choice> = self
            .axes
            .iter()
            .rev()
            .filter_map(|axis| {
                let n = axis.len()?;
                let choice = axis.choice(rest % n).map(Cow::into_owned);
                rest /= n;
                choice
            })
            .collect();
        choices.reverse();
        choices
    }

    /// Returns the columns of the points' parameters.
    #[must_use]
    pub fn columns(&self) -> Vec<String> {
        self.axes.iter().flat_map(Axis::columns).collect()
    }
}

/// Returns the position of sample `index` on an axis, as a share: each sample has a stratum of its own, and each axis
/// an order of strata of its own (McKay, Beckman and Conover, 1979).
fn share(index: u64, samples: u64, seed: u64, axis: usize) -> f64 {
    let stream = Stream::new(seed, 0, Purpose::Design, "").within(axis as u64);
    let own = stream.bits(index);
    // The rank of its draw among all: a permutation without a table. Sweeps of samples are small.
    let rank = (0..samples).filter(|other| (stream.bits(*other), *other) < (own, index)).count();
    (rank as f64 + stream.within(1).uniform(index)) / samples as f64
}

/// Returns all settings of some choices.
#[must_use]
pub fn settings(choices: &[Choice]) -> Vec<String> {
    choices.iter().flat_map(|choice| &choice.settings).map(Setting::argument).collect()
}

/// Returns the parameters of some choices, by column.
#[must_use]
pub fn parameters(choices: &[Choice]) -> BTreeMap<String, Value> {
    choices.iter().flat_map(|choice| choice.parameters.iter().cloned()).collect()
}

/// The form of `[sweep]` for editors; its own pass reads it.
#[derive(Debug)]
pub struct SweepSpec;

impl JsonSchema for SweepSpec {
    fn schema_name() -> Cow<'static, str> {
        "Sweep".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "object",
            "description": "Axes of design points: a path or several (separated by commas) with their values, or a name with named settings. `samples` draws points instead of the grid.",
            "properties": {
                "samples": {
                    "type": "integer",
                    "minimum": 2,
                    "description": "As many points of a Latin hypercube instead of the grid."
                }
            },
            "additionalProperties": {
                "anyOf": [
                    { "type": "array", "minItems": 1 },
                    {
                        "type": "object",
                        "properties": {
                            "from": { "type": "number", "description": "The first value." },
                            "to": { "type": "number", "description": "The last value." },
                            "step": { "type": "number", "description": "From one value to the next; default 1." },
                            "points": { "type": "integer", "description": "How many values instead of a step." },
                            "scale": { "enum": ["linear", "geometric"], "description": "How points are spaced; default linear." }
                        }
                    }
                ]
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(path: &str, values: &[i64]) -> Axis {
        Axis::Choices(values.iter().map(|v| numeric(path, *v as f64)).collect())
    }

    #[test]
    fn the_last_axis_varies_fastest() {
        let sweep = Sweep { axes: vec![whole("a.x", &[1, 2]), whole("b.y", &[5, 6, 7])], samples: None };
        assert_eq!(sweep.points(), Some(6));
        let all: Vec<String> = (0..6).map(|k| settings(&sweep.point(k, 1)).join(" ")).collect();
        assert_eq!(all[..4], ["a.x=1 b.y=5", "a.x=1 b.y=6", "a.x=1 b.y=7", "a.x=2 b.y=5"]);
        assert_eq!(sweep.columns(), ["a.x", "b.y"]);
        // A range gives the same points as the list of its numbers.
        let numbers = Axis::Numbers { path: "b.y".to_owned(), values: vec![5.0, 6.0, 7.0] };
        let ranged = Sweep { axes: vec![whole("a.x", &[1, 2]), numbers], samples: None };
        assert_eq!(
            (0..6).map(|k| ranged.point(k, 1)).collect::<Vec<_>>(),
            (0..6).map(|k| sweep.point(k, 1)).collect::<Vec<_>>()
        );
        assert_eq!((ranged.points(), ranged.columns()), (Some(6), sweep.columns()));
        let samples = |sweep: &Sweep| {
            let sampled = Sweep { samples: Some(9), ..sweep.clone() };
            (0..9).map(|k| sampled.point(k, 1)).collect::<Vec<_>>()
        };
        assert_eq!(samples(&ranged), samples(&sweep));
    }

    #[test]
    fn a_latin_hypercube_has_one_sample_in_each_stratum_of_each_axis() {
        let n = 20;
        let between =
            |low, high, is_whole, geometric| Axis::Between { path: "a.x".to_owned(), low, high, is_whole, geometric };
        let sweep = Sweep { axes: vec![between(0.0, 1.0, false, false), whole("b", &[1, 2])], samples: Some(n) };
        let x = |k| sweep.point(k, 9)[0].parameters[0].1.as_f64().unwrap();
        let mut strata: Vec<u64> = (0..n).map(|k| (x(k) * n as f64) as u64).collect();
        assert_ne!(strata, (0..n).collect::<Vec<_>>(), "the strata are shuffled");
        strata.sort_unstable();
        assert_eq!(strata, (0..n).collect::<Vec<_>>());
        let ones = (0..n).filter(|k| sweep.point(*k, 9)[1].parameters[0].1 == 1).count();
        assert_eq!(ones, 10);
        let of_whole = between(1.0, 4.0, true, false);
        assert_eq!([0.0, 0.24, 0.26, 0.99].map(|s| of_whole.at(s).settings[0].value.clone()), ["1", "1", "2", "4"]);
        let geometric = between(1.0, 100.0, false, true);
        assert_eq!(geometric.at(0.5).settings[0].value, "10");
    }
}

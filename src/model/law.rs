//! The form in which a scenario writes a distribution: of token counts, of durations, of speeds.
//!
//! The parameters describe the unclamped law; `min` and `max` clamp its draws. A law that is stated by two figures of
//! it (a median and a percentile, a mean and a coefficient of variation) is solved for its own parameters here:
//!
//! - lognormal of median m and p-th percentile q: `mu = ln m`, `sigma = ln(q / m) / z(p)`, z the normal quantile;
//! - lognormal of mean m and cv: `sigma² = ln(1 + cv²)`, `mu = ln m - sigma² / 2`;
//! - gamma of mean m and cv: shape `1 / cv²`, scale `m cv²`.

mod lower;

pub use lower::{checked_cv, lognormal_of_p95};

use std::sync::Arc;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer};

use crate::model::quantity::{Duration, Number, Share, Signed, Text};
use crate::model::spec::{At, Kinds, Refusal, Scalar, Written, family, scalar};
use crate::trace::Column;

/// A quantity that a law describes, such as a token count or a duration.
pub trait Quantity: Scalar + Clone + for<'de> Deserialize<'de> + JsonSchema {
    /// The name of the quantity in errors, such as `a token count`.
    const WHAT: &'static str;
    const DESCRIPTION: &'static str;
    /// True if a lognormal may be given by mu and sigma, which have no unit.
    const PLAIN: bool;
    /// The least value of a draw, in the law's own unit.
    const LEAST: f64;
    /// The greatest value of a draw and of a parameter, in the law's own unit.
    const MOST: f64;
    /// Returns the quantity as a number in the law's own unit.
    fn amount(&self) -> f64;
}

/// A number of tokens.
#[derive(Debug, Clone, Copy)]
pub struct Tokens(f64);
/// A speed of output.
#[derive(Debug, Clone, Copy)]
pub struct Speed(f64);
/// A number of things: requests of a batch, turns of a session.
#[derive(Debug, Clone, Copy)]
pub struct Amounts(f64);

/// The greatest length of a prompt or an answer \[tokens\].
pub const MOST_TOKENS: f64 = 1e9;

impl Quantity for Tokens {
    const WHAT: &'static str = "a token count";
    const DESCRIPTION: &'static str =
        "A number of tokens: a constant or a distribution [tokens]. A draw is rounded half up and at least 1.";
    const PLAIN: bool = true;
    const LEAST: f64 = f64::NEG_INFINITY;
    const MOST: f64 = MOST_TOKENS;
    fn amount(&self) -> f64 {
        self.0
    }
}

impl Quantity for Speed {
    const WHAT: &'static str = "a speed";
    const DESCRIPTION: &'static str =
        "A speed of output: a constant or a distribution [tokens/s]. A draw is at least 0.01.";
    const PLAIN: bool = true;
    // A speed divides; a draw of zero would make an answer endless.
    const LEAST: f64 = 0.01;
    const MOST: f64 = MOST_TOKENS;
    fn amount(&self) -> f64 {
        self.0
    }
}

impl Quantity for Amounts {
    const WHAT: &'static str = "a number of things";
    const DESCRIPTION: &'static str =
        "A number of things: a constant or a distribution [1]. A draw is rounded half up and at least 1.";
    const PLAIN: bool = true;
    const LEAST: f64 = f64::NEG_INFINITY;
    const MOST: f64 = 1e6;
    fn amount(&self) -> f64 {
        self.0
    }
}

impl Quantity for Duration {
    const WHAT: &'static str = "a duration";
    const DESCRIPTION: &'static str = "A span of time: a constant or a distribution, with units in its values.";
    const PLAIN: bool = false;
    const LEAST: f64 = 0.0;
    const MOST: f64 = crate::units::SimTime::LONGEST.0 as f64;
    fn amount(&self) -> f64 {
        self.0.0 as f64
    }
}

impl Scalar for Tokens {
    fn read(written: Written<'_>) -> Result<Self, Refusal> {
        Number::read(written).map(|x| Self(x.0))
    }
}
impl Scalar for Amounts {
    fn read(written: Written<'_>) -> Result<Self, Refusal> {
        Number::read(written).map(|x| Self(x.0))
    }
}
impl Scalar for Speed {
    fn read(written: Written<'_>) -> Result<Self, Refusal> {
        Number::read(written).map(|x| Self(x.0))
    }
}
scalar!(Tokens, { "type": "number", "minimum": 0 });
scalar!(Amounts, { "type": "number", "minimum": 0 });
scalar!(Speed, { "type": "number", "minimum": 0 });

/// A distribution of some quantity.
#[derive(Debug, Clone)]
pub enum LawSpec<Q> {
    Constant(Q),
    Uniform(UniformSpec<Q>),
    Lognormal(LognormalSpec<Q>),
    Gamma(GammaLawSpec<Q>),
    Exponential(ExponentialSpec<Q>),
    Normal(NormalSpec<Q>),
    Empirical(EmpiricalSpec<Q>),
    Mixture(MixtureSpec<Q>),
}

/// A uniform distribution: every value between two bounds is equally likely.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, bound = "Q: Quantity")]
#[schemars(rename = "UniformOf{Q}", bound = "Q: Quantity")]
pub struct UniformSpec<Q> {
    /// The least value.
    pub low: At<Q>,
    /// The greatest value.
    pub high: At<Q>,
    /// The lower bound: a smaller draw is replaced by it.
    pub min: Option<At<Q>>,
    /// The upper bound: a greater draw is replaced by it.
    pub max: Option<At<Q>>,
}

/// A lognormal distribution: most values are small and the tail is long, as for prompt lengths and latencies. Give
/// median and p95, median and p99, mean and cv, or mu and sigma.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, bound = "Q: Quantity")]
#[schemars(rename = "LognormalOf{Q}", bound = "Q: Quantity")]
pub struct LognormalSpec<Q> {
    /// The median: half of the draws are below it.
    pub median: Option<At<Q>>,
    /// The 95th percentile: 95 in 100 draws are below it.
    pub p95: Option<At<Q>>,
    /// The 99th percentile: 99 in 100 draws are below it.
    pub p99: Option<At<Q>>,
    /// The mean of the draws.
    pub mean: Option<At<Q>>,
    /// The coefficient of variation: standard deviation / mean.
    pub cv: Option<At<Number>>,
    /// The mean of the logarithm; not for durations \[1\].
    pub mu: Option<At<Signed>>,
    /// The standard deviation of the logarithm; not for durations \[1\].
    pub sigma: Option<At<Number>>,
    /// The lower bound: a smaller draw is replaced by it.
    pub min: Option<At<Q>>,
    /// The upper bound: a greater draw is replaced by it.
    pub max: Option<At<Q>>,
}

/// A gamma distribution of a mean and a coefficient of variation.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, bound = "Q: Quantity")]
#[schemars(rename = "GammaOf{Q}", bound = "Q: Quantity")]
pub struct GammaLawSpec<Q> {
    /// The mean of the draws.
    pub mean: At<Q>,
    /// The coefficient of variation: standard deviation / mean.
    pub cv: At<Number>,
    /// The lower bound: a smaller draw is replaced by it.
    pub min: Option<At<Q>>,
    /// The upper bound: a greater draw is replaced by it.
    pub max: Option<At<Q>>,
}

/// An exponential distribution.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, bound = "Q: Quantity")]
#[schemars(rename = "ExponentialOf{Q}", bound = "Q: Quantity")]
pub struct ExponentialSpec<Q> {
    /// The mean of the draws.
    pub mean: At<Q>,
    /// The lower bound: a smaller draw is replaced by it.
    pub min: Option<At<Q>>,
    /// The upper bound: a greater draw is replaced by it.
    pub max: Option<At<Q>>,
}

/// A normal distribution; mind the draws below zero.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, bound = "Q: Quantity")]
#[schemars(rename = "NormalOf{Q}", bound = "Q: Quantity")]
pub struct NormalSpec<Q> {
    /// The mean of the draws.
    pub mean: At<Q>,
    /// The standard deviation of the draws.
    pub sd: At<Q>,
    /// The lower bound: a smaller draw is replaced by it.
    pub min: Option<At<Q>>,
    /// The upper bound: a greater draw is replaced by it.
    pub max: Option<At<Q>>,
}

/// An empirical distribution: measured values, each as likely as its weight; a table of quantiles with straight lines
/// between; or, for token counts, a column of a file.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, bound = "Q: Quantity")]
#[schemars(rename = "EmpiricalOf{Q}", bound = "Q: Quantity")]
pub struct EmpiricalSpec<Q> {
    /// The values, in any order.
    pub values: Option<At<Vec<At<Q>>>>,
    /// The weight of each value, as many as there are values; all equal when left out \[1\].
    pub weights: Option<At<Vec<Number>>>,
    /// A table of quantiles, instead of values: shares that rise from 0 to 1, each with the value below which that
    /// share of the draws lies.
    pub quantiles: Option<At<Vec<QuantileSpec<Q>>>>,
    /// A file of comma-separated values with a header, instead of values: a path relative to the scenario file. Gzip is
    /// unpacked. For token counts only.
    pub file: Option<At<Text>>,
    /// The column of the file: each of its rows is as likely.
    pub column: Option<At<Text>>,
    #[serde(skip)]
    #[schemars(skip)]
    pub reading: Reading,
    /// The lower bound: a smaller draw is replaced by it.
    pub min: Option<At<Q>>,
    /// The upper bound: a greater draw is replaced by it.
    pub max: Option<At<Q>>,
}

/// The state of the file column that a law names. Files are read before laws are lowered, and only for token counts.
#[derive(Debug, Clone, Default)]
pub enum Reading {
    #[default]
    NotRead,
    /// The file could not be read; the error is reported.
    Failed,
    Read(Arc<Column>),
}

/// A row of a table of quantiles.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, bound = "Q: Quantity")]
#[schemars(rename = "QuantileOf{Q}", bound = "Q: Quantity")]
pub struct QuantileSpec<Q> {
    /// The share of the draws that lie below the value, such as "95%" \[1\].
    pub share: At<Share>,
    /// The value below which this share of the draws lies.
    pub value: At<Q>,
}

/// A mixture of laws: short questions and long documents in one workload.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, bound = "Q: Quantity, LawSpec<Q>: Deserialize<'de>")]
#[schemars(rename = "MixtureOf{Q}", bound = "Q: Quantity, LawSpec<Q>: JsonSchema")]
pub struct MixtureSpec<Q> {
    /// The laws, with their weights.
    pub parts: At<Vec<PartSpec<Q>>>,
    /// The lower bound: a smaller draw is replaced by it.
    pub min: Option<At<Q>>,
    /// The upper bound: a greater draw is replaced by it.
    pub max: Option<At<Q>>,
}

/// A law of a mixture.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, bound = "Q: Quantity, LawSpec<Q>: Deserialize<'de>")]
#[schemars(rename = "PartOf{Q}", bound = "Q: Quantity, LawSpec<Q>: JsonSchema")]
pub struct PartSpec<Q> {
    /// The weight of this part relative to the weights of the other parts \[1\].
    pub weight: At<Number>,
    /// The law.
    pub of: At<LawSpec<Q>>,
}

// A mixture is made of laws again.
impl<Q: Quantity> Kinds for LawSpec<Q>
where
    Self: JsonSchema + for<'de> Deserialize<'de>,
{
    const WHAT: &'static str = Q::WHAT;
    const KINDS: &'static [&'static str] =
        &["uniform", "normal", "lognormal", "gamma", "exponential", "empirical", "mixture"];

    fn kind<'de, D: Deserializer<'de>>(key: &str, keys: D) -> Result<Self, D::Error> {
        match key {
            "uniform" => Deserialize::deserialize(keys).map(Self::Uniform),
            "lognormal" => Deserialize::deserialize(keys).map(Self::Lognormal),
            "gamma" => Deserialize::deserialize(keys).map(Self::Gamma),
            "exponential" => Deserialize::deserialize(keys).map(Self::Exponential),
            "normal" => Deserialize::deserialize(keys).map(Self::Normal),
            "empirical" => Deserialize::deserialize(keys).map(Self::Empirical),
            "mixture" => Deserialize::deserialize(keys).map(Self::Mixture),
            _ => Err(serde::de::Error::unknown_variant(key, Self::KINDS)),
        }
    }

    fn bare(written: Written<'_>) -> Result<Self, Refusal> {
        Q::read(written).map(Self::Constant)
    }

    fn kind_schema(key: &str, generator: &mut SchemaGenerator) -> Schema {
        match key {
            "uniform" => generator.subschema_for::<UniformSpec<Q>>(),
            "lognormal" => generator.subschema_for::<LognormalSpec<Q>>(),
            "gamma" => generator.subschema_for::<GammaLawSpec<Q>>(),
            "exponential" => generator.subschema_for::<ExponentialSpec<Q>>(),
            "normal" => generator.subschema_for::<NormalSpec<Q>>(),
            "empirical" => generator.subschema_for::<EmpiricalSpec<Q>>(),
            "mixture" => generator.subschema_for::<MixtureSpec<Q>>(),
            _ => Schema::from(false),
        }
    }

    fn bare_schema(generator: &mut SchemaGenerator) -> Option<Schema> {
        Some(generator.subschema_for::<Q>())
    }
}

family!(LawSpec<Tokens>, "TokenLaw", Tokens::DESCRIPTION);
family!(LawSpec<Amounts>, "AmountLaw", Amounts::DESCRIPTION);
family!(LawSpec<Speed>, "SpeedLaw", Speed::DESCRIPTION);
family!(LawSpec<Duration>, "DurationLaw", Duration::DESCRIPTION);

//! Renewal processes: independent gaps, of unit mean in operational time.

use schemars::JsonSchema;
use serde::Deserialize;

use super::ArrivalsSpec;
use crate::diagnostic::Sink;
use crate::model::law::checked_cv;
use crate::model::quantity::{Number, Rate};
use crate::model::spec::At;

/// The gaps of a unit-rate renewal process in operational time: mean one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Gaps {
    /// Every gap is one.
    Constant,
    /// Exponential gaps: a Poisson process, non-homogeneous under a shape.
    Exponential,
    /// Gamma gaps of shape `1/cv²`, mean one; cv > 1 is bursty.
    Gamma { shape: f64 },
    /// Weibull gaps, mean one: `scale (-ln u)^power`.
    Weibull { scale: f64, power: f64 },
}

/// Evenly spaced arrivals, the first after one gap: a load generator, a queue's consumer.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ConstantArrivals")]
pub struct ConstantSpec {
    /// The mean number of arrivals in a span of time.
    pub rate: At<Rate>,
}

/// A Poisson process: many users who know nothing of each other.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "PoissonArrivals")]
pub struct PoissonSpec {
    /// The mean number of arrivals in a span of time.
    pub rate: At<Rate>,
}

/// Gamma-distributed gaps, of shape `1/cv²`: bursty above a cv of 1, regular below.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "GammaArrivals")]
pub struct GammaSpec {
    /// The mean number of arrivals in a span of time.
    pub rate: At<Rate>,
    /// The coefficient of variation of the gaps: standard deviation / mean.
    pub cv: At<Number>,
}

/// Weibull-distributed gaps: bursty above a cv of 1 with a longer tail than gamma, regular below.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "WeibullArrivals")]
pub struct WeibullSpec {
    /// The mean number of arrivals in a span of time.
    pub rate: At<Rate>,
    /// The coefficient of variation of the gaps: standard deviation / mean.
    pub cv: At<Number>,
}

impl Gaps {
    /// Returns gamma gaps with a coefficient of variation.
    pub(super) fn of_cv(cv: f64) -> Self {
        Self::Gamma { shape: 1.0 / (cv * cv) }
    }
}

impl ArrivalsSpec {
    /// Returns the gaps of a renewal process; `None` for any other, or after a finding.
    pub fn gaps(&self, sink: &mut Sink) -> Option<Gaps> {
        match self {
            Self::Constant(_) => Some(Gaps::Constant),
            Self::Poisson(_) | Self::Mmpp(_) => Some(Gaps::Exponential),
            Self::Gamma(spec) => Some(Gaps::of_cv(checked_cv(&spec.cv, sink)?)),
            Self::Weibull(spec) => {
                let cv = checked_cv(&spec.cv, sink)?;
                if !WEIBULL_CV.contains(&cv) {
                    let rule =
                        format!("weibull gaps have a cv between {} and {}", WEIBULL_CV.start(), WEIBULL_CV.end());
                    sink.error(spec.cv.at.clone(), rule, "use gamma, or a trace".to_owned());
                    return None;
                }
                let power = weibull_power(cv);
                Some(Gaps::Weibull { scale: 1.0 / libm::tgamma(1.0 + power), power })
            }
            Self::Batches(_) | Self::Job(_) | Self::Sessions(_) | Self::Users(_) | Self::Trace(_) => None,
        }
    }
}

/// The coefficients of variation that are accepted for Weibull gaps; beyond, the moments are lost in rounding.
const WEIBULL_CV: std::ops::RangeInclusive<f64> = 0.01..=20.0;

/// Returns 1 / shape of the Weibull law of a cv: `cv² = Gamma(1 + 2p) / Gamma(1 + p)² - 1`, which rises with p.
fn weibull_power(cv: f64) -> f64 {
    let of = |p: f64| libm::expm1(libm::lgamma(1.0 + 2.0 * p) - 2.0 * libm::lgamma(1.0 + p));
    let (mut low, mut high) = (1e-4, 20.0);
    for _ in 0..100 {
        let middle = 0.5 * (low + high);
        if of(middle) < cv * cv { low = middle } else { high = middle }
    }
    0.5 * (low + high)
}

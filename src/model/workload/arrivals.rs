//! When requests come.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::diagnostic::Sink;
use crate::model::law::checked_cv;
use crate::model::quantity::{Duration, Number, Rate, Text};
use crate::model::spec::{At, kinds, words};
use crate::trace::Trace;
use crate::units::SimTime;

/// When requests come: a renewal process driven by an intensity, or a recorded trace.
#[derive(Debug, Clone)]
pub enum Arrivals {
    Renewal { gaps: Gaps, intensity: Intensity },
    Trace(Arc<Trace>),
}

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

/// `rate(t) = base x shape(t) x bursts(t)`: piecewise linear, with steps \[1/µs\].
#[derive(Debug, Clone, PartialEq)]
pub struct Intensity {
    /// With `scale` and `run.traffic_scale` multiplied in \[1/µs\].
    pub base: f64,
    /// Linear between points, constant outside, a step where two share `at`; empty: one throughout. Sorted by `at`.
    pub shape: Vec<ShapePoint>,
    /// Overlapping bursts multiply.
    pub bursts: Vec<Burst>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ShapePoint {
    pub at: SimTime,
    pub factor: f64,
}

/// A rectangle `[at, at + lasts)`, repeated when `every` is given \[µs\].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Burst {
    pub at: SimTime,
    pub lasts: SimTime,
    pub factor: f64,
    pub every: Option<SimTime>,
}

kinds! {
    /// When requests come.
    ArrivalsSpec, "an arrival process" {
        "constant" => Constant(ConstantSpec),
        "poisson" => Poisson(PoissonSpec),
        "gamma" => Gamma(GammaSpec),
        "weibull" => Weibull(WeibullSpec),
        "trace" => Trace(TraceSpec),
    }
}

/// Evenly spaced arrivals, the first after one gap: a load generator, a queue's consumer.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ConstantArrivals")]
pub struct ConstantSpec {
    /// Mean arrivals in a span of time \[1/s\].
    pub rate: At<Rate>,
}

/// A Poisson process: many users who know nothing of each other.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "PoissonArrivals")]
pub struct PoissonSpec {
    /// Mean arrivals in a span of time \[1/s\].
    pub rate: At<Rate>,
}

/// Gamma-distributed gaps, of shape `1/cv²`: bursty above a cv of 1, regular below.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "GammaArrivals")]
pub struct GammaSpec {
    /// Mean arrivals in a span of time \[1/s\].
    pub rate: At<Rate>,
    /// Standard deviation / mean of the gaps \[1\].
    pub cv: At<Number>,
}

/// Weibull-distributed gaps: bursty above a cv of 1 with a longer tail than gamma, regular below.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "WeibullArrivals")]
pub struct WeibullSpec {
    /// Mean arrivals in a span of time \[1/s\].
    pub rate: At<Rate>,
    /// Standard deviation / mean of the gaps \[1\].
    pub cv: At<Number>,
}

/// Recorded arrivals with their tokens. Time zero is the first row.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "TraceArrivals")]
pub struct TraceSpec {
    /// A path relative to the scenario file.
    pub file: At<Text>,
    /// How the file is laid out; known by its header when left out.
    pub format: Option<At<TraceFormat>>,
}

words! {
    /// How the file of a trace is laid out.
    TraceFormat, "a format of traces" {
        /// `TIMESTAMP,ContextTokens,GeneratedTokens`
        "azure" => Azure,
        /// `arrival_s,input_tokens,output_tokens[,max_tokens]`
        "csv" => Csv,
    }
}

/// A point of the shape of traffic.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ShapePoint")]
pub struct ShapePointSpec {
    /// Since t = 0.
    pub at: At<Duration>,
    /// What the rate is multiplied by \[1\].
    pub factor: At<Number>,
}

/// A time of more (or less) traffic.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Burst")]
pub struct BurstSpec {
    /// The start of the first one, since t = 0.
    pub at: At<Duration>,
    /// How long one lasts.
    pub lasts: At<Duration>,
    /// What the rate is multiplied by meanwhile \[1\].
    pub factor: At<Number>,
    /// From the start of one to the start of the next; once only when left out.
    pub every: Option<At<Duration>>,
}

/// More than any service takes; sums and products of rates stay finite below it \[1/s\].
const LARGEST_RATE: f64 = 1e9;

impl ArrivalsSpec {
    /// The renewal process and its rate; `None` for a trace, or after a finding.
    pub fn renewal(&self, sink: &mut Sink) -> Option<(Gaps, &At<Rate>)> {
        match self {
            Self::Constant(spec) => Some((Gaps::Constant, &spec.rate)),
            Self::Poisson(spec) => Some((Gaps::Exponential, &spec.rate)),
            Self::Gamma(spec) => {
                let cv = checked_cv(&spec.cv, sink)?;
                Some((Gaps::Gamma { shape: 1.0 / (cv * cv) }, &spec.rate))
            }
            Self::Weibull(spec) => {
                let cv = checked_cv(&spec.cv, sink)?;
                if !WEIBULL_CV.contains(&cv) {
                    let rule =
                        format!("weibull gaps have a cv between {} and {}", WEIBULL_CV.start(), WEIBULL_CV.end());
                    sink.error(spec.cv.at.clone(), rule, "use gamma, or a trace".to_owned());
                    return None;
                }
                let power = weibull_power(cv);
                Some((Gaps::Weibull { scale: 1.0 / libm::tgamma(1.0 + power), power }, &spec.rate))
            }
            Self::Trace(_) => None,
        }
    }
}

/// Beyond, the shape is so small, or so large, that its moments are lost in rounding.
const WEIBULL_CV: std::ops::RangeInclusive<f64> = 0.01..=20.0;

/// One over the shape of the Weibull law of a cv: `cv² = Gamma(1 + 2p) / Gamma(1 + p)² - 1`, which rises with p.
fn weibull_power(cv: f64) -> f64 {
    let of = |p: f64| libm::expm1(libm::lgamma(1.0 + 2.0 * p) - 2.0 * libm::lgamma(1.0 + p));
    let (mut low, mut high) = (1e-4, 20.0);
    for _ in 0..100 {
        let middle = 0.5 * (low + high);
        if of(middle) < cv * cv { low = middle } else { high = middle }
    }
    0.5 * (low + high)
}

impl Intensity {
    /// `scale` is all that multiplies the rate throughout.
    pub fn lower(
        rate: &At<Rate>,
        scale: f64,
        shape: &[ShapePointSpec],
        bursts: &[BurstSpec],
        sink: &mut Sink,
    ) -> Option<Self> {
        let before = sink.errors();
        let points = lower_shape(shape, sink);
        let bursts: Vec<Burst> = bursts.iter().filter_map(|b| b.lower(sink)).collect();
        let highest_shape = points.iter().map(|p| p.factor).fold(if points.is_empty() { 1.0 } else { 0.0 }, f64::max);
        let highest_burst: f64 = bursts.iter().map(|b| b.factor.max(1.0)).product();
        let peak = rate.value.0 * scale * highest_shape * highest_burst;
        if !peak.is_finite() || peak > LARGEST_RATE || rate.value.0 * scale > LARGEST_RATE {
            sink.error(
                rate.at.clone(),
                format!("traffic peaks at {peak:.0} requests a second, beyond what can be simulated"),
                None,
            );
        } else if peak == 0.0 {
            sink.warning(Some(rate.at.clone()), "this workload sends nothing: its rate is zero throughout", None);
        }
        (sink.errors() == before).then(|| Self { base: rate.value.0 * scale / 1e6, shape: points, bursts })
    }
}

fn lower_shape(shape: &[ShapePointSpec], sink: &mut Sink) -> Vec<ShapePoint> {
    for pair in shape.windows(2) {
        if pair[1].at.value.0 < pair[0].at.value.0 {
            let rule =
                format!("a shape goes forward in time, {} comes after {}", pair[1].at.value.0, pair[0].at.value.0);
            sink.error(
                pair[1].at.at.clone(),
                rule,
                "sort the points by `at`; two at the same time make a step".to_owned(),
            );
        }
    }
    shape.iter().map(|p| ShapePoint { at: p.at.value.0, factor: p.factor.value.0 }).collect()
}

impl BurstSpec {
    fn lower(&self, sink: &mut Sink) -> Option<Burst> {
        let lasts = self.lasts.value.0;
        if lasts == SimTime::ZERO {
            sink.error(self.lasts.at.clone(), "a burst lasts longer than zero", None);
            return None;
        }
        if let Some(every) = self.every.as_ref().filter(|e| e.value.0 < lasts) {
            let rule = format!("a burst ends before it comes again, {} is shorter than {lasts}", every.value.0);
            sink.error(every.at.clone(), rule, format!("write {lasts} or more"));
            return None;
        }
        let every = self.every.as_ref().map(|e| e.value.0);
        Some(Burst { at: self.at.value.0, lasts, factor: self.factor.value.0, every })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct Holder {
        rate: At<Rate>,
        #[serde(default)]
        shape: Vec<ShapePointSpec>,
        #[serde(default)]
        bursts: Vec<BurstSpec>,
    }

    fn intensity(text: &str) -> (Option<Intensity>, Sink) {
        let holder: Holder = toml::from_str(text).unwrap();
        let mut sink = Sink::default();
        (Intensity::lower(&holder.rate, 2.0, &holder.shape, &holder.bursts, &mut sink), sink)
    }

    #[test]
    fn an_intensity_is_per_microsecond_and_scaled() {
        let (intensity, sink) = intensity(
            "rate = \"600/min\"\nshape = [{ at = \"0s\", factor = 0.5 }, { at = \"0s\", factor = 1 }]\n\
             bursts = [{ at = \"1h\", lasts = \"5m\", factor = 4, every = \"1h\" }]",
        );
        let intensity = intensity.unwrap();
        assert_eq!(intensity.base, 2e-5);
        assert_eq!(intensity.shape.len(), 2);
        assert_eq!(intensity.bursts[0].every, Some(SimTime::from_secs(3_600)));
        assert!(sink.findings.is_empty());
    }

    #[test]
    fn a_shape_goes_forward_and_bursts_do_not_overlap_themselves() {
        for text in [
            "rate = \"1/s\"\nshape = [{ at = \"2s\", factor = 1 }, { at = \"1s\", factor = 1 }]",
            "rate = \"1/s\"\nbursts = [{ at = \"0s\", lasts = \"5m\", factor = 4, every = \"4m\" }]",
            "rate = \"1/s\"\nbursts = [{ at = \"0s\", lasts = \"0s\", factor = 4 }]",
            "rate = \"1/s\"\nbursts = [{ at = \"0s\", lasts = \"1s\", factor = 1e300 }]",
        ] {
            let (intensity, sink) = intensity(text);
            assert!(intensity.is_none() && sink.has_errors(), "{text}");
        }
    }
}

//! Contention: requests in progress slow each other down.
//!
//! On demand, AWS owns the machines and publishes nothing: `none`. A bought or an imported model runs on machines of
//! its own: then a curve measured under load, or processor sharing, tells more.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::diagnostic::Sink;
use crate::model::quantity::Number;
use crate::model::spec::{At, kinds};
use crate::random::Law;

/// The dependence of the service time on the number of requests in progress.
#[derive(Debug, Clone, PartialEq)]
pub enum Contention {
    /// The service time does not depend on the load.
    None,
    /// Every time of service is multiplied by a factor, linear in the share of the places that is taken.
    Curve(Vec<CurvePoint>),
    /// Each of the n in progress decodes at `min(own, total / n)` \[tokens/µs\]; an unused share is lost.
    ProcessorSharing { total: f64, own: f64 },
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CurvePoint {
    /// The number of requests in progress, the new one included, over the concurrency.
    pub utilization: f64,
    pub factor: f64,
}

kinds! {
    /// The way in which requests in progress slow each other down.
    ContentionSpec, "a kind of contention" {
        "none" => None(NoContentionSpec),
        "curve" => Curve(CurveSpec),
        "processor_sharing" => ProcessorSharing(ProcessorSharingSpec),
    }
}

/// Service does not depend on the load.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "NoContention")]
pub struct NoContentionSpec {}

/// The service time is multiplied by a factor that was measured under load. Needs `concurrency`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ContentionCurve")]
pub struct CurveSpec {
    /// The points of the curve, which is linear between them and constant outside.
    pub points: At<Vec<CurvePointSpec>>,
}

/// A point of a contention curve.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "CurvePoint")]
pub struct CurvePointSpec {
    /// The number of requests in progress, the new one included, over the concurrency.
    pub utilization: At<Number>,
    /// The factor by which the service time is multiplied.
    pub factor: At<Number>,
}

/// The output rate of the capacity is shared evenly by the requests in progress, each at most at its own speed, which is
/// the model's and must be a constant.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ProcessorSharing")]
pub struct ProcessorSharingSpec {
    /// The total output rate of the capacity, in tokens per second.
    pub output_tokens_per_second: At<Number>,
}

impl ContentionSpec {
    /// Returns the contention; `None` after a finding. `speed` is that of output; `concurrency` is true if limited.
    pub fn lower(
        &self,
        speed: Option<&Law>,
        concurrency: bool,
        at: &crate::diagnostic::Span,
        sink: &mut Sink,
    ) -> Option<Contention> {
        match self {
            Self::None(_) => Some(Contention::None),
            Self::Curve(spec) => {
                if !concurrency {
                    let rule = "a curve of contention counts places, and this capacity has no concurrency";
                    sink.error(at.clone(), rule, "write concurrency = 40 beside it".to_owned());
                    return None;
                }
                spec.lower(sink)
            }
            Self::ProcessorSharing(spec) => {
                let total = spec.output_tokens_per_second.value.0;
                if total <= 0.0 {
                    let rule = "a capacity that is shared puts out more than zero tokens a second";
                    sink.error(spec.output_tokens_per_second.at.clone(), rule, None);
                    return None;
                }
                // Without a speed there is no model, and so nobody who asks this capacity.
                let Some(speed) = speed else { return Some(Contention::None) };
                let Some(own) = speed.as_constant() else {
                    let rule = "processor sharing needs one speed for all: output_tokens_per_second is a distribution";
                    let help = "write output_tokens_per_second = 60 in this capacity, a constant";
                    sink.error(at.clone(), rule, help.to_owned());
                    return None;
                };
                Some(Contention::ProcessorSharing { total: total * 1e-6, own: own * 1e-6 })
            }
        }
    }
}

impl CurveSpec {
    fn lower(&self, sink: &mut Sink) -> Option<Contention> {
        let points: Vec<CurvePoint> = (self.points.value.iter())
            .map(|p| CurvePoint { utilization: p.utilization.value.0, factor: p.factor.value.0 })
            .collect();
        let rises = points.windows(2).all(|pair| pair[0].utilization < pair[1].utilization);
        if points.is_empty() || !rises {
            let rule = "a curve has points of rising utilization";
            let points = "[{ utilization = 0.5, factor = 1 }, { utilization = 1, factor = 2 }]";
            let help = format!("write points = {points}");
            sink.offer(self.points.at.clone(), rule.to_owned(), Some(help), vec![points.to_owned()]);
            return None;
        }
        Some(Contention::Curve(points))
    }
}

/// Returns the factor of a curve at a utilization: linear between points, constant outside.
#[must_use]
pub fn factor_at(points: &[CurvePoint], utilization: f64) -> f64 {
    let after = points.partition_point(|p| p.utilization <= utilization);
    match (after.checked_sub(1).and_then(|i| points.get(i)), points.get(after)) {
        (Some(a), Some(b)) => {
            a.factor + (b.factor - a.factor) * (utilization - a.utilization) / (b.utilization - a.utilization)
        }
        (Some(only), None) | (None, Some(only)) => only.factor,
        (None, None) => 1.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_curve_is_linear_between_its_points_and_flat_outside() {
        let points = [(0.5, 1.0), (1.0, 3.0)].map(|(utilization, factor)| CurvePoint { utilization, factor });
        assert_eq!([0.1, 0.5, 0.75, 1.0, 2.0].map(|u| factor_at(&points, u)), [1.0, 1.0, 2.0, 3.0, 3.0]);
    }
}

//! Service tiers: the price and the treatment of on-demand calls. Tiers share one quota \[AWS user guide,
//! service-tiers-inference\]; their effect on latency and on 503s is not published.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::diagnostic::{Sink, Span};
use crate::model::quantity::{Number, Share};
use crate::model::spec::{At, kinds};
use crate::units::round_half_up;

/// A tier as it is in force.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tier {
    /// The name of the tier as a scenario writes it.
    pub name: &'static str,
    /// The factor of prices that the scenario states \[10⁻⁶\]; `None`: prices are as the catalogue lists them, else
    /// standard prices times the tier's usual factor.
    pub price_factor: Option<u64>,
    /// The factor by which the time to first token is multiplied.
    pub latency_factor: f64,
    /// The factor by which the output speed is multiplied.
    pub speed_factor: f64,
    /// The probability that an offer meets a 503, beside the capacity's own.
    pub unavailable_probability: f64,
}

impl Tier {
    pub const STANDARD: Self = Self {
        name: "standard",
        price_factor: None,
        latency_factor: 1.0,
        speed_factor: 1.0,
        unavailable_probability: 0.0,
    };

    /// Returns whether calls of the tier are served otherwise than standard ones.
    #[must_use]
    pub fn changes_service(&self) -> bool {
        self.latency_factor != 1.0 || self.speed_factor != 1.0 || self.unavailable_probability > 0.0
    }

    /// Returns the factor of standard prices where no price of the tier is stated or listed \[10⁻⁶\].
    #[must_use]
    pub fn usual_factor(&self) -> u64 {
        match self.name {
            "priority" => 1_750_000,
            "flex" => 500_000,
            _ => 1_000_000,
        }
    }
}

kinds! {
    /// The service tier of a workload's on-demand calls.
    TierSpec, "a service tier" {
        "standard" => Standard(TierKeys),
        "priority" => Priority(TierKeys),
        "flex" => Flex(TierKeys),
    }
}

/// The changes that a tier makes to price and service; where AWS publishes nothing, none by default.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Tier")]
pub struct TierKeys {
    /// The factor of standard prices; default the tier's listed price, else 1.75 (priority) or 0.5 (flex).
    pub price_factor: Option<At<Number>>,
    /// The factor by which the time to first token is multiplied; default 1 \[1\].
    pub latency_factor: Option<At<Number>>,
    /// The factor by which the output speed is multiplied; default 1 \[1\].
    pub speed_factor: Option<At<Number>>,
    /// The probability that an offer meets a 503, beside the capacity's own; default 0 \[1\].
    pub unavailable_probability: Option<At<Share>>,
}

const LARGEST_FACTOR: f64 = 1_000.0;

impl TierSpec {
    /// Returns the tier, and its unpublished keys that the scenario leaves out; `None` after a finding.
    pub fn lower(&self, sink: &mut Sink) -> Option<(Tier, Vec<&'static str>)> {
        let (name, keys) = match self {
            Self::Standard(keys) => ("standard", keys),
            Self::Priority(keys) => ("priority", keys),
            Self::Flex(keys) => ("flex", keys),
        };
        let mut factor = |written: &Option<At<Number>>, least: f64| -> Option<Option<f64>> {
            let Some(written) = written else { return Some(None) };
            let x = written.value.0;
            if !(least..=LARGEST_FACTOR).contains(&x) {
                refuse(x, least, &written.at, sink);
                return None;
            }
            Some(Some(x))
        };
        let price_factor = factor(&keys.price_factor, 0.0)?.map(|x| round_half_up(x * 1e6));
        let latency_factor = factor(&keys.latency_factor, 0.0)?;
        let speed_factor = factor(&keys.speed_factor, 0.001)?;
        let open = [
            ("latency_factor", latency_factor.is_none()),
            ("unavailable_probability", keys.unavailable_probability.is_none()),
        ];
        let open = if name == "standard" {
            Vec::new()
        } else {
            open.into_iter().filter(|(_, o)| *o).map(|(k, _)| k).collect()
        };
        let tier = Tier {
            name,
            price_factor,
            latency_factor: latency_factor.unwrap_or(1.0),
            speed_factor: speed_factor.unwrap_or(1.0),
            unavailable_probability: keys.unavailable_probability.as_ref().map_or(0.0, |p| p.value.0),
        };
        Some((tier, open))
    }
}

fn refuse(x: f64, least: f64, at: &Span, sink: &mut Sink) {
    sink.error(at.clone(), format!("a factor lies between {least} and {LARGEST_FACTOR}, {x} does not"), None);
}

//! The answer of a size: which value is enough, and what was tried to find it.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Judgement;

/// The answer to `[size]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Sizing {
    /// The path whose value is looked for.
    pub vary: String,
    pub find: Sought,
    pub from: u64,
    pub to: u64,
    pub step: u64,
    pub state: SizingState,
    /// The least (or, by `find`, the greatest) value that meets every goal; null: no such value is established.
    pub answer: Option<u64>,
    /// The last value, going towards the answer, that is known to miss a goal.
    pub fails_to: Option<u64>,
    /// The first value that is known to meet every goal.
    pub holds_from: Option<u64>,
    /// The answer in a sentence, or why there is none and what would decide.
    pub explanation: String,
    /// Every value that was tried, rising.
    pub evaluated: Vec<Evaluated>,
    /// The judgement of the value that is bought.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub bought: Option<Bought>,
    /// The value that holds under every reading of the unpublished rules; left out where no value holds, or nothing is
    /// in doubt.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub safe: Option<Safe>,
    /// The answer for each value of a second axis.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub frontier: Vec<FrontierPoint>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Sought {
    Least,
    Greatest,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SizingState {
    /// Everything short of the answer fails, everything beyond it holds.
    Answered,
    /// The first value of the range holds already, so the answer may lie beyond it. It is the answer only where no
    /// value beyond it makes a scenario.
    EverythingHolds,
    /// No value of the range holds.
    NothingHolds,
    /// Some values are inconclusive: more replications would decide.
    Undecided,
    /// Values that hold and values that fail alternate: no one value is the answer.
    NotMonotone,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Evaluated {
    pub value: u64,
    /// The judgement of all goals together; failed where the value gives no valid scenario.
    pub verdict: Judgement,
    /// The index of the design point; null: the value gives no valid scenario and was not simulated.
    pub point: Option<u64>,
    /// The reason why the value gives no valid scenario; left out where it was simulated.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub refused: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Bought {
    pub value: u64,
    pub verdict: BoughtVerdict,
    /// The monthly cost of what is bought less that of the answer; null: one of them is not known.
    pub cost_difference_usd_per_month: Option<f64>,
    /// The sentence that says whether the bought value is too small, right or larger than needed.
    pub explanation: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BoughtVerdict {
    /// The value that is bought misses a goal.
    Short,
    /// The value that is bought meets every goal, and no smaller purchase is known to meet them.
    Right,
    /// The value that is bought meets every goal, and less would do.
    Spare,
    /// The value that is bought meets every goal; whether less would do is not decided.
    Enough,
    /// It is not decided whether the value that is bought meets every goal.
    Undecided,
}

/// The value that meets every goal under every reading of the unpublished rules.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Safe {
    /// The value that meets every goal under every reading that was simulated and is nearest to the answer, or to the
    /// first value that holds where the answer is undecided; null: no such value of the range is known.
    pub value: Option<u64>,
    /// The monthly cost of this value less that of the answer in USD; null: one of them is not known.
    pub cost_difference_usd_per_month: Option<f64>,
    /// The result in a sentence.
    pub explanation: String,
}

/// The answer at one value of the second axis.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FrontierPoint {
    pub parameters: BTreeMap<String, serde_json::Value>,
    pub state: SizingState,
    pub answer: Option<u64>,
    /// The monthly cost of the answer in USD; null: not known.
    pub cost_per_month_usd: Option<f64>,
    pub explanation: String,
    /// The index of the answer's design point.
    pub point: Option<u64>,
}

impl Sizing {
    /// Returns the monthly cost of what is bought less that of the answer, or of the value that is safe under every
    /// reading where some inputs are in doubt; `None` when nothing is saved or a cost is not known.
    #[must_use]
    pub fn saving_usd_per_month(&self) -> Option<f64> {
        let bought = self.bought.as_ref().filter(|bought| bought.verdict == BoughtVerdict::Spare)?;
        let more = self.safe.as_ref().map_or(Some(0.0), |safe| safe.cost_difference_usd_per_month)?;
        Some(bought.cost_difference_usd_per_month? - more).filter(|usd| *usd > 0.0)
    }

    /// Judges the sizing like a goal: held when there is an answer, or when the value that is bought is known to
    /// suffice.
    #[must_use]
    pub fn judgement(&self) -> Judgement {
        let bought = self.bought.as_ref().map(|bought| bought.verdict);
        match (self.state, bought) {
            (_, Some(BoughtVerdict::Short)) | (SizingState::NothingHolds, _) => Judgement::Failed,
            (SizingState::Undecided | SizingState::NotMonotone, _) | (_, Some(BoughtVerdict::Undecided)) => {
                Judgement::Inconclusive
            }
            // The end of a range is no answer.
            (SizingState::EverythingHolds, None) if self.answer.is_none() => Judgement::Inconclusive,
            _ => Judgement::Held,
        }
    }
}

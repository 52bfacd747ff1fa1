//! Making a model one's own: fine-tuning, or continued pre-training.
//!
//! Each training bills `tokens x epochs x price`, and the custom model is stored for a price a month \[AWS pricing page\].
//! Serving it is bought apart: `provisioned`, or `custom_deployment`.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::diagnostic::Sink;
use crate::model::quantity::{Amount, Count, Duration, TokenPrice};
use crate::model::spec::{At, words};
use crate::units::{Price, SimTime, Tokens, Usd};

/// The costs of a customized model beside the cost of serving it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Customization {
    /// The name under `[models]`.
    pub model: String,
    pub method: Method,
    /// The number of tokens in one training: the corpus times the epochs \[tokens\].
    pub trained_tokens: Tokens,
    /// The price of one trained token; `None`: not known.
    pub price: Option<Price>,
    /// The price of storing the custom model for a month; `None`: not known.
    pub storage_per_month: Option<Usd>,
    /// The time between two trainings \[µs\]; `None`: trained once.
    pub retrain_every: Option<SimTime>,
}

impl Customization {
    /// Returns the cost of one training; `None`: the price is not known.
    #[must_use]
    pub fn training(&self) -> Option<Usd> {
        Some(self.price?.of(self.trained_tokens))
    }
}

words! {
    /// The method by which a model is customized.
    Method, "a method of customization" {
        "fine_tuning" => FineTuning,
        "continued_pre_training" => ContinuedPreTraining,
    }
}

impl Method {
    /// Returns the name of the method as a scenario writes it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::FineTuning => "fine_tuning",
            Self::ContinuedPreTraining => "continued_pre_training",
        }
    }
}

/// The customization of a model, and its costs.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Customization")]
pub struct CustomizationSpec {
    /// The method of training.
    pub method: At<Method>,
    /// The length of the training data \[tokens\].
    pub training_tokens: At<Count>,
    /// The number of passes over the training data; default 1.
    pub epochs: Option<At<Count>>,
    /// The price of one trained token, such as "$3.78/1M"; the catalogue's when left out.
    pub price: Option<At<TokenPrice>>,
    /// The price of storing the model for a month, such as "$1.95"; the catalogue's when left out.
    pub storage_per_month: Option<At<Amount>>,
    /// The time between two trainings; the model is trained only once when left out.
    pub retrain_every: Option<At<Duration>>,
}

/// The most tokens of one training; up to this number, sums of money stay exact \[tokens\].
const MOST_TOKENS: u64 = 1_000_000_000_000_000;

impl CustomizationSpec {
    /// Returns the customization; `None` after a finding. `listed` are the catalogue's prices of a token and a month.
    pub fn lower(&self, model: &str, listed: (Option<Price>, Option<Usd>), sink: &mut Sink) -> Option<Customization> {
        let epochs = self.epochs.as_ref().map_or(1, |e| e.value.0);
        let trained = self.training_tokens.value.0.checked_mul(epochs).filter(|n| (1..=MOST_TOKENS).contains(n));
        let Some(trained_tokens) = trained else {
            let rule =
                format!("training goes through 1 to 10^15 tokens, {} x {epochs} are not", self.training_tokens.value.0);
            sink.error(self.training_tokens.at.clone(), rule, None);
            return None;
        };
        if let Some(zero) = self.retrain_every.as_ref().filter(|r| r.value.0 == SimTime::ZERO) {
            sink.error(zero.at.clone(), "`retrain_every` is above zero", "leave it out for never".to_owned());
            return None;
        }
        Some(Customization {
            model: model.to_owned(),
            method: self.method.value,
            trained_tokens,
            price: self.price.as_ref().map(|p| p.value.0).or(listed.0),
            storage_per_month: self.storage_per_month.as_ref().map(|s| s.value.0).or(listed.1),
            retrain_every: self.retrain_every.as_ref().map(|r| r.value.0),
        })
    }
}

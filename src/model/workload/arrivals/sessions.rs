//! Sessions: conversations and agents, whose turns follow each other and whose context grows.

use schemars::JsonSchema;
use serde::Deserialize;

use super::Intensity;
use crate::diagnostic::Sink;
use crate::model::law::{Amounts, LawSpec};
use crate::model::quantity::{Duration, Rate};
use crate::model::spec::{At, words};
use crate::random::Law;

/// Conversations or agents: sessions come as a Poisson process; in each, a turn comes a think time after the answer to
/// the one before. A failed turn ends its session.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "SessionArrivals")]
pub struct SessionsSpec {
    /// The mean number of new sessions in a span of time.
    pub rate: At<Rate>,
    /// The number of turns of a session.
    pub turns: At<LawSpec<Amounts>>,
    /// The time from an answer to the next turn.
    pub think_time: At<LawSpec<Duration>>,
    /// The context of a turn: its input carries the inputs and answers of earlier turns, or none; default accumulate.
    pub context: Option<At<Context>>,
}

words! {
    /// The content of a turn's input beside what is new in it.
    Context, "a context" {
        /// The inputs and answers of all earlier turns.
        "accumulate" => Accumulate,
        /// The input carries nothing of earlier turns.
        "none" => None,
    }
}

#[derive(Debug, Clone)]
pub struct Sessions {
    /// The arrival rate of new sessions over time.
    pub intensity: Intensity,
    /// The number of turns of a session; a draw is rounded half up and at least 1.
    pub turns: Law,
    /// The time from an answer to the next turn \[µs\].
    pub think_time: Law,
    pub accumulates: bool,
}

impl SessionsSpec {
    #[must_use]
    pub fn accumulates(&self) -> bool {
        self.context.as_ref().is_none_or(|c| c.value == Context::Accumulate)
    }

    pub fn lower(&self, intensity: Intensity, sink: &mut Sink) -> Option<Sessions> {
        let turns = self.turns.value.lower(&self.turns.at, sink);
        let think_time = self.think_time.value.lower(&self.think_time.at, sink);
        Some(Sessions { intensity, turns: turns?, think_time: think_time?, accumulates: self.accumulates() })
    }
}

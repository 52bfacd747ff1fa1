//! The last W at every instant: the strictest reading of a limit per minute.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{LimiterSpec, in_window, window};
use crate::diagnostic::{Sink, Span};
use crate::model::capacity::Limit;
use crate::model::quantity::Duration;
use crate::model::spec::At;
use crate::units::Tokens;

/// What was admitted in the last W counts, at every instant.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "SlidingWindow")]
pub struct SlidingWindowSpec {
    /// The length W of the window; default 60s.
    pub window: Option<At<Duration>>,
}

impl SlidingWindowSpec {
    pub(super) fn lower(&self, per_minute: Tokens, limit_at: &Span, sink: &mut Sink) -> Option<Limit> {
        let window = window(self.window.as_ref(), sink)?;
        let amount = in_window(per_minute, window, limit_at, sink)?;
        Some(Limit { amount, limiter: LimiterSpec::SlidingWindow { window } })
    }
}

//! Windows of the wall clock, each with its own count: AWS speaks of a "60-second window", so it is the default.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{LimiterSpec, in_window, window};
use crate::diagnostic::{Sink, Span};
use crate::model::capacity::Limit;
use crate::model::quantity::Duration;
use crate::model::spec::At;
use crate::units::Tokens;

/// Windows `[offset + kW, offset + (k + 1)W)` of the wall clock; a new window starts at zero.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "FixedWindow")]
pub struct FixedWindowSpec {
    /// The length W of a window; default 60s.
    pub window: Option<At<Duration>>,
    /// How far windows are shifted against the wall clock; default 0s.
    pub offset: Option<At<Duration>>,
}

impl FixedWindowSpec {
    pub(super) fn lower(&self, per_minute: Tokens, limit_at: &Span, sink: &mut Sink) -> Option<Limit> {
        let window = window(self.window.as_ref(), sink)?;
        let offset = self.offset.as_ref().map_or(0, |o| o.value.0.0) % window;
        let amount = in_window(per_minute, window, limit_at, sink)?;
        Some(Limit { amount, limiter: LimiterSpec::FixedWindow { window, offset } })
    }
}

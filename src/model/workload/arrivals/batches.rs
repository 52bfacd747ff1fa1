//! Batches: many requests at once, as from a fan-out, a cron job or a map over documents.
//!
//! With batches at Poisson instants and no spread, the index of dispersion of counts is `E[S²] / E[S]` for sizes S.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Gaps, Intensity};
use crate::diagnostic::Sink;
use crate::model::law::{Amounts, LawSpec};
use crate::model::quantity::{Duration, Number, Rate};
use crate::model::spec::At;
use crate::random::Law;

/// Batches of requests that arrive together: a fan-out, a cron job.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "BatchArrivals")]
pub struct BatchesSpec {
    /// The mean number of batches in a span of time.
    pub rate: At<Rate>,
    /// The number of requests of a batch.
    pub size: At<LawSpec<Amounts>>,
    /// The time over which the requests of a batch arrive at random; default 0s, all at once.
    pub spread: Option<At<Duration>>,
    /// The coefficient of variation of the gaps between batches: 0 for a clock, 1 (the default) for chance.
    pub cv: Option<At<Number>>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Batches {
    /// The gaps between batches.
    pub gaps: Gaps,
    /// The arrival rate of batches over time.
    pub intensity: Intensity,
    /// The number of requests of a batch; a draw is rounded half up and at least 1.
    pub size: Law,
    /// The time over which the requests of a batch arrive \[µs\].
    pub spread: u64,
}

impl BatchesSpec {
    pub(super) fn gaps(&self, sink: &mut Sink) -> Option<Gaps> {
        match &self.cv {
            None => Some(Gaps::Exponential),
            Some(cv) if cv.value.0 == 0.0 => Some(Gaps::Constant),
            Some(cv) if cv.value.0 == 1.0 => Some(Gaps::Exponential),
            Some(cv) => Some(Gaps::of_cv(crate::model::law::checked_cv(cv, sink)?)),
        }
    }

    pub fn lower(&self, intensity: Intensity, sink: &mut Sink) -> Option<Batches> {
        let (gaps, size) = (self.gaps(sink), self.size.value.lower(&self.size.at, sink));
        let spread = self.spread.as_ref().map_or(0, |s| s.value.0.0);
        Some(Batches { gaps: gaps?, intensity, size: size?, spread })
    }
}

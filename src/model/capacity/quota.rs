//! A named set of limits: requests per minute, tokens per minute, tokens per day.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::diagnostic::{Sink, Span};
use crate::model::capacity::limiter::fixed_window::FixedWindowSpec;
use crate::model::capacity::limiter::{LimiterChoice, LimiterSpec};
use crate::model::quantity::{Count, Flag, LimitAmount};
use crate::model::spec::{At, words};
use crate::units::{MICROS_PER_DAY, Tokens};

/// Limits for one model, region and path. Capacities that name the same quota share it.
#[derive(Debug, Clone)]
pub struct Quota {
    /// What its metrics are prefixed with: `quotas.us`, or `capacities.us` for limits written inline.
    pub prefix: String,
    pub rpm: Option<Limit>,
    pub tpm: Option<Limit>,
    pub tpd: Option<Limit>,
    /// Whether cache reads are part of a reservation; AWS's pages disagree.
    pub reserve_cache_reads: bool,
    /// Whether a refused offer counts as a request.
    pub count_refused_requests: bool,
    /// Already used of the daily limit at t = 0 \[tokens\].
    pub tpd_used_at_start: Tokens,
}

/// One limit and the algorithm that enforces it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// Requests or tokens in a window.
    pub amount: Tokens,
    pub limiter: LimiterSpec,
}

/// Which limit of a quota.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum LimitKind {
    Rpm,
    Tpm,
    Tpd,
}

impl LimitKind {
    pub const ALL: [Self; 3] = [Self::Rpm, Self::Tpm, Self::Tpd];

    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rpm => "rpm",
            Self::Tpm => "tpm",
            Self::Tpd => "tpd",
        }
    }
}

impl Quota {
    #[must_use]
    pub fn limit(&self, kind: LimitKind) -> Option<&Limit> {
        match kind {
            LimitKind::Rpm => self.rpm.as_ref(),
            LimitKind::Tpm => self.tpm.as_ref(),
            LimitKind::Tpd => self.tpd.as_ref(),
        }
    }
}

/// A set of limits that capacities share by naming it. An omitted limit takes the catalogue's default, "none" is no
/// limit.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Quota")]
pub struct QuotaSpec {
    /// Requests per minute, or "none".
    pub rpm: Option<At<LimitAmount>>,
    /// Tokens per minute, or "none".
    pub tpm: Option<At<LimitAmount>>,
    /// Tokens per day, or "none".
    pub tpd: Option<At<LimitAmount>>,
    /// The algorithm that enforces rpm and tpm; default fixed_window.
    pub limiter: Option<At<LimiterChoice>>,
    /// When the day of tpd starts again; default utc_day.
    pub tpd_reset: Option<At<TpdReset>>,
    /// Already used of tpd at t = 0; default 0 \[tokens\].
    pub tpd_used_at_start: Option<At<Count>>,
    /// Whether cache reads are part of a reservation; default false.
    pub reserve_cache_reads: Option<At<Flag>>,
    /// Whether a refused offer counts 1 for rpm; default false.
    pub count_refused_requests: Option<At<Flag>>,
}

words! {
    /// When the day of a daily limit starts again: at midnight UTC, or it slides.
    TpdReset, "a reset" {
        "utc_day" => UtcDay,
        "rolling" => Rolling,
    }
}

/// A limit that is in force, and where it comes from.
#[derive(Debug, Clone)]
pub struct Stated {
    pub amount: Tokens,
    pub at: Span,
}

impl QuotaSpec {
    /// What is written of a limit.
    #[must_use]
    pub fn written(&self, kind: LimitKind) -> Option<&At<LimitAmount>> {
        match kind {
            LimitKind::Rpm => self.rpm.as_ref(),
            LimitKind::Tpm => self.tpm.as_ref(),
            LimitKind::Tpd => self.tpd.as_ref(),
        }
    }

    /// `stated` says for each limit what is in force, the catalogue's defaults included.
    pub fn lower(
        &self,
        prefix: String,
        stated: impl Fn(LimitKind) -> Option<Stated>,
        sink: &mut Sink,
    ) -> Option<Quota> {
        let before = sink.errors();
        let default = LimiterChoice::FixedWindow(FixedWindowSpec::default());
        let limiter = self.limiter.as_ref().map_or(&default, |l| &l.value);
        let mut per_minute = |kind| stated(kind).and_then(|s: Stated| limiter.lower(s.amount, &s.at, sink));
        let (rpm, tpm) = (per_minute(LimitKind::Rpm), per_minute(LimitKind::Tpm));
        let tpd = stated(LimitKind::Tpd).map(|s| Limit { amount: s.amount, limiter: self.daily() });
        let flag = |f: &Option<At<Flag>>| f.as_ref().is_some_and(|f| f.value.0);
        (sink.errors() == before).then(|| Quota {
            prefix,
            rpm,
            tpm,
            tpd,
            reserve_cache_reads: flag(&self.reserve_cache_reads),
            count_refused_requests: flag(&self.count_refused_requests),
            tpd_used_at_start: self.tpd_used_at_start.as_ref().map_or(0, |n| n.value.0),
        })
    }

    /// A daily limit has a limiter of its own, whatever enforces the limits per minute.
    fn daily(&self) -> LimiterSpec {
        match self.tpd_reset.as_ref().map(|r| r.value) {
            None | Some(TpdReset::UtcDay) => LimiterSpec::FixedWindow { window: MICROS_PER_DAY, offset: 0 },
            Some(TpdReset::Rolling) => LimiterSpec::SlidingWindow { window: MICROS_PER_DAY },
        }
    }
}

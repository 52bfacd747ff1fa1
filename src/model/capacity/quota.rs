//! A named set of limits: requests per minute, tokens per minute, tokens per day.

use crate::model::capacity::limiter::LimiterSpec;
use crate::units::Tokens;

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

//! A named set of limits on requests and tokens, per minute and per day.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::diagnostic::{Severity, Sink, Span};
use crate::model::capacity::Reason;
use crate::model::capacity::account::Counting;
use crate::model::capacity::limiter::fixed_window::FixedWindowSpec;
use crate::model::capacity::limiter::{LimiterChoice, LimiterSpec};
use crate::model::quantity::{Count, Flag, LimitAmount};
use crate::model::spec::{At, words};
use crate::units::{MICROS_PER_DAY, SimTime, Tokens};

/// Limits for one model, region and path. Capacities that name the same quota share it.
#[derive(Debug, Clone)]
pub struct Quota {
    /// What its metrics are prefixed with: `quotas.us`, or `capacities.us` for limits written inline.
    pub prefix: String,
    /// By [`LimitKind`], as they are at t = 0.
    pub limits: [Option<Limit>; LimitKind::ALL.len()],
    /// What becomes of them later, by time.
    pub changes: Vec<LimitChange>,
    /// Whether cache reads are part of a reservation; AWS's pages disagree.
    pub reserve_cache_reads: bool,
    /// Whether a reservation takes the output cap times the model's burndown; AWS's page says that it does not.
    pub reserve_output_burndown: bool,
    /// How an account's daily quota counts tokens.
    pub counting: Counting,
    /// Whether a refused offer counts as a request.
    pub count_refused_requests: bool,
    /// Output is admitted while any is left, and charged at the end; else the cap is reserved.
    pub charge_output_after: bool,
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

/// A limit that is another from some time on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LimitChange {
    pub at: SimTime,
    pub kind: LimitKind,
    pub in_force: Limit,
    /// What it would be without outages: what an offer is too large for.
    pub nominal: Limit,
}

/// Which limit of a quota, in the order in which they are asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum LimitKind {
    /// Requests per minute.
    Rpm,
    /// Input, cache writes and the output cap, per minute.
    Tpm,
    /// Input, cache writes and the output cap, per UTC day.
    Tpd,
    /// Tokens of all models of an account in one region, per UTC day.
    AccountTpd,
    /// The input of the bedrock-mantle endpoint, per minute; the output cap is reserved with it.
    Itpm,
    /// The output of the bedrock-mantle endpoint, per minute, as it streams.
    Otpm,
    /// Input and cache writes of bought throughput, per minute.
    Input,
    /// Output of bought throughput, per minute.
    Output,
}

impl LimitKind {
    pub const ALL: [Self; 8] =
        [Self::Rpm, Self::Tpm, Self::Tpd, Self::AccountTpd, Self::Itpm, Self::Otpm, Self::Input, Self::Output];

    /// The limit's name within its quota. The account's daily limit is `account.tpd`, so that two kinds share a name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rpm => "rpm",
            Self::Tpm => "tpm",
            Self::Tpd | Self::AccountTpd => "tpd",
            Self::Itpm => "itpm",
            Self::Otpm => "otpm",
            Self::Input => "input",
            Self::Output => "output",
        }
    }

    /// Kept for a day; all others are for a minute.
    #[must_use]
    pub const fn is_daily(self) -> bool {
        matches!(self, Self::Tpd | Self::AccountTpd)
    }

    /// The reason with which this limit refuses an offer.
    #[must_use]
    pub const fn reason(self) -> Reason {
        match self {
            Self::Rpm => Reason::Rpm,
            Self::Tpm => Reason::Tpm,
            Self::Tpd => Reason::Tpd,
            Self::AccountTpd => Reason::AccountTpd,
            Self::Itpm => Reason::Itpm,
            Self::Otpm => Reason::Otpm,
            Self::Input => Reason::Input,
            Self::Output => Reason::Output,
        }
    }
}

impl Limit {
    /// The largest request that the limit can admit while it is idle \[requests or tokens\]. A larger request is refused
    /// as too large (400). A limit of 0 refuses every request with a 429 instead, so that no request is too large for it.
    #[must_use]
    pub const fn largest_request(&self) -> Tokens {
        match self.limiter {
            _ if self.amount == 0 => Tokens::MAX,
            LimiterSpec::FixedWindow { .. } | LimiterSpec::SlidingWindow { .. } => self.amount,
            LimiterSpec::TokenBucket { burst, .. } => burst,
        }
    }
}

impl Quota {
    #[must_use]
    pub const fn limit(&self, kind: LimitKind) -> Option<&Limit> {
        self.limits[kind as usize].as_ref()
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
    /// Input tokens per minute of the mantle endpoint, or "none".
    pub itpm: Option<At<LimitAmount>>,
    /// Output tokens per minute of the mantle endpoint, or "none".
    pub otpm: Option<At<LimitAmount>>,
    /// The algorithm that enforces limits per minute; default fixed_window.
    pub limiter: Option<At<LimiterChoice>>,
    /// When the day of tpd starts again; default utc_day.
    pub tpd_reset: Option<At<TpdReset>>,
    /// Already used of tpd at t = 0; default 0 \[tokens\].
    pub tpd_used_at_start: Option<At<Count>>,
    /// Whether cache reads are part of a reservation; default false.
    pub reserve_cache_reads: Option<At<Flag>>,
    /// Whether a reservation takes max_tokens times the model's output_burndown; default false.
    pub reserve_output_burndown: Option<At<Flag>>,
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
    /// What it is later, by time.
    pub later: Vec<StatedLater>,
}

/// What a limit is from some time on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StatedLater {
    pub at: SimTime,
    pub in_force: Tokens,
    /// Without outages.
    pub nominal: Tokens,
}

impl Stated {
    /// A limit that stays.
    #[must_use]
    pub const fn throughout(amount: Tokens, at: Span) -> Self {
        Self { amount, at, later: Vec::new() }
    }
}

impl QuotaSpec {
    /// What is written of a limit.
    #[must_use]
    pub fn written(&self, kind: LimitKind) -> Option<&At<LimitAmount>> {
        match kind {
            LimitKind::Rpm => self.rpm.as_ref(),
            LimitKind::Tpm => self.tpm.as_ref(),
            LimitKind::Tpd => self.tpd.as_ref(),
            LimitKind::Itpm => self.itpm.as_ref(),
            LimitKind::Otpm => self.otpm.as_ref(),
            // Bought, not set: the capacity says how much.
            LimitKind::Input | LimitKind::Output => None,
            // The section `[account]` states it.
            LimitKind::AccountTpd => None,
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
        let mut limits = [None; LimitKind::ALL.len()];
        let mut changes = Vec::new();
        for kind in LimitKind::ALL {
            let Some(stated) = stated(kind) else { continue };
            limits[kind as usize] = self.limit(kind, stated.amount, &stated.at, sink);
            for later in stated.later {
                // What a limit becomes is said once, of the limit at the start.
                let mut quiet = Sink::default();
                let mut lower = |amount| self.limit(kind, amount, &stated.at, &mut quiet);
                if let (Some(in_force), Some(nominal)) = (lower(later.in_force), lower(later.nominal)) {
                    changes.push(LimitChange { at: later.at, kind, in_force, nominal });
                } else if let Some(finding) = quiet.findings.into_iter().find(|f| f.severity == Severity::Error) {
                    let rule = format!("from {} on, {}", later.at, finding.rule);
                    sink.error(stated.at.clone(), rule, finding.help);
                }
            }
        }
        changes.sort_by_key(|change| (change.at, change.kind));
        let flag = |f: &Option<At<Flag>>| f.as_ref().is_some_and(|f| f.value.0);
        (sink.errors() == before).then(|| Quota {
            prefix,
            limits,
            changes,
            reserve_cache_reads: flag(&self.reserve_cache_reads),
            reserve_output_burndown: flag(&self.reserve_output_burndown),
            counting: Counting::Billed,
            count_refused_requests: flag(&self.count_refused_requests),
            charge_output_after: false,
            tpd_used_at_start: self.tpd_used_at_start.as_ref().map_or(0, |n| n.value.0),
        })
    }

    fn limit(&self, kind: LimitKind, amount: Tokens, at: &Span, sink: &mut Sink) -> Option<Limit> {
        if kind.is_daily() {
            return Some(Limit { amount, limiter: self.daily() });
        }
        let default = LimiterChoice::FixedWindow(FixedWindowSpec::default());
        let limiter = self.limiter.as_ref().map_or(&default, |l| &l.value);
        limiter.lower(amount, at, sink)
    }

    /// A daily limit has a limiter of its own, whatever enforces the limits per minute.
    fn daily(&self) -> LimiterSpec {
        self.tpd_reset.as_ref().map_or(TpdReset::UtcDay, |r| r.value).limiter()
    }
}

impl TpdReset {
    /// The algorithm that enforces a daily limit.
    #[must_use]
    pub const fn limiter(self) -> LimiterSpec {
        match self {
            Self::UtcDay => LimiterSpec::FixedWindow { window: MICROS_PER_DAY, offset: 0 },
            Self::Rolling => LimiterSpec::SlidingWindow { window: MICROS_PER_DAY },
        }
    }
}

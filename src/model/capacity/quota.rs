//! A named set of limits on requests and tokens, per minute and per day.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::diagnostic::{Severity, Sink, Span};
use crate::model::capacity::Reason;
use crate::model::capacity::account::Counting;
use crate::model::capacity::limiter::fixed_window::FixedWindowSpec;
use crate::model::capacity::limiter::{LimiterChoice, LimiterSpec, common_credits};
use crate::model::capacity::serving::share_of;
use crate::model::quantity::{Count, Flag, LimitAmount};
use crate::model::spec::{At, words};
use crate::units::{MICROS_PER_DAY, SimTime, Steps, Tokens};

/// The limits for one model, region and path. Capacities that name the same quota share it.
#[derive(Debug, Clone)]
pub struct Quota {
    /// The prefix of the quota's metrics: `quotas.us`, or `capacities.us` for limits written inline.
    pub prefix: String,
    /// The limits over time, indexed by [`LimitKind`]; `None`: there is no such limit.
    pub limits: [Option<Steps<InForce>>; LimitKind::ALL.len()],
    /// True if cache reads are part of a reservation; AWS's pages disagree.
    pub reserve_cache_reads: bool,
    /// True if a reservation takes the output cap times the model's burndown; AWS's page says that it does not.
    pub reserve_output_burndown: bool,
    /// The rule by which an account's daily quota counts tokens.
    pub counting: Counting,
    /// True if a refused offer counts as a request.
    pub count_refused_requests: bool,
    /// True if output is admitted while any is left and charged at the end; false if its cap is reserved.
    pub charge_output_after: bool,
    /// The tokens of the daily limit that are already used at t = 0 \[tokens\].
    pub tpd_used_at_start: Tokens,
}

/// One limit and the algorithm that enforces it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// The number of requests or tokens that one window admits.
    pub amount: Tokens,
    pub limiter: LimiterSpec,
}

/// A limit at some time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InForce {
    /// The limit that is enforced.
    pub limit: Limit,
    /// The limit that would be enforced without outages; a larger offer is refused as too large.
    pub nominal: Limit,
}

/// The kind of a limit; the variants are in the order in which the limits of a quota are tested.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum LimitKind {
    /// The limit on requests per minute.
    Rpm,
    /// The limit on input, cache writes and the output cap, per minute.
    Tpm,
    /// The limit on input, cache writes and the output cap, per UTC day.
    Tpd,
    /// The limit on tokens of all models of an account in one region, per UTC day.
    AccountTpd,
    /// The limit on input of the bedrock-mantle endpoint, per minute; the output cap is reserved with it.
    Itpm,
    /// The limit on output of the bedrock-mantle endpoint, per minute, as it streams.
    Otpm,
    /// The limit on input and cache writes of bought throughput, per minute.
    Input,
    /// The limit on output of bought throughput, per minute.
    Output,
}

impl LimitKind {
    pub const ALL: [Self; 8] =
        [Self::Rpm, Self::Tpm, Self::Tpd, Self::AccountTpd, Self::Itpm, Self::Otpm, Self::Input, Self::Output];

    /// Returns the limit's name within its quota. The account's daily limit is `account.tpd`, so that two kinds share a
    /// name.
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

    /// Returns whether tokens of the limit are reserved at admission and settled in the end.
    #[must_use]
    pub const fn reserves_tokens(self) -> bool {
        !matches!(self, Self::Rpm | Self::Otpm | Self::AccountTpd)
    }

    /// Returns whether the limit is for a day; all others are for a minute.
    #[must_use]
    pub const fn is_daily(self) -> bool {
        matches!(self, Self::Tpd | Self::AccountTpd)
    }

    /// Returns the reason with which this limit refuses an offer.
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
    /// Returns the limit with `each` credits for a token if its limiter is a token bucket, else unchanged.
    #[must_use]
    pub fn with_credits(mut self, each: u64) -> Self {
        if let LimiterSpec::TokenBucket { credits, .. } = &mut self.limiter {
            *credits = each;
        }
        self
    }

    /// Returns the largest request that the limit can admit while it is idle \[requests or tokens\]. A larger request
    /// is refused as too large (400). A limit of 0 refuses every request with a 429 instead, so that no request is too
    /// large for it.
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
    /// Returns a limit as it is at t = 0 without outages; `None`: there is no such limit.
    #[must_use]
    pub fn limit(&self, kind: LimitKind) -> Option<&Limit> {
        self.over_time(kind).map(|steps| &steps.first().nominal)
    }

    /// Returns a limit over time; `None`: there is no such limit.
    #[must_use]
    pub const fn over_time(&self, kind: LimitKind) -> Option<&Steps<InForce>> {
        self.limits[kind as usize].as_ref()
    }

    /// Returns whether a limit of the quota reserves the output cap apart from the burndown.
    #[must_use]
    pub const fn asks_for_caps(&self) -> bool {
        self.over_time(LimitKind::Itpm).is_some() || self.over_time(LimitKind::Output).is_some()
    }
}

/// A set of limits that capacities share by naming it. An omitted limit takes the catalogue's default, "none" is no
/// limit.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Quota")]
pub struct QuotaSpec {
    /// The limit on requests per minute, or "none".
    pub rpm: Option<At<LimitAmount>>,
    /// The limit on tokens per minute, or "none".
    pub tpm: Option<At<LimitAmount>>,
    /// The limit on tokens per day, or "none".
    pub tpd: Option<At<LimitAmount>>,
    /// The limit on input tokens per minute of the mantle endpoint, or "none".
    pub itpm: Option<At<LimitAmount>>,
    /// The limit on output tokens per minute of the mantle endpoint, or "none".
    pub otpm: Option<At<LimitAmount>>,
    /// The algorithm that enforces limits per minute; default fixed_window.
    pub limiter: Option<At<LimiterChoice>>,
    /// The time at which the day of tpd starts again; default utc_day.
    pub tpd_reset: Option<At<TpdReset>>,
    /// The tokens of tpd that are already used at t = 0; default 0.
    pub tpd_used_at_start: Option<At<Count>>,
    /// True if cache reads are part of a reservation; default false.
    pub reserve_cache_reads: Option<At<Flag>>,
    /// True if a reservation takes max_tokens times the model's output_burndown; default false.
    pub reserve_output_burndown: Option<At<Flag>>,
    /// True if a refused offer counts 1 for rpm; default false.
    pub count_refused_requests: Option<At<Flag>>,
}

words! {
    /// The time at which the day of a daily limit starts again: midnight UTC, or any time, because the day slides.
    TpdReset, "a reset" {
        "utc_day" => UtcDay,
        "rolling" => Rolling,
    }
}

/// A limit that is in force, and where it comes from.
#[derive(Debug, Clone)]
pub struct Stated {
    pub amounts: Steps<Amounts>,
    pub at: Span,
}

/// The amount of a limit at some time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Amounts {
    pub in_force: Tokens,
    /// The amount without outages.
    pub nominal: Tokens,
}

impl Stated {
    /// Returns a limit that never changes.
    #[must_use]
    pub fn throughout(amount: Tokens, at: Span) -> Self {
        Self::under(&Steps::constant(1_000_000), &Steps::constant(amount), at)
    }

    /// Returns the limit of which outages leave `left` \[10⁻⁶\].
    #[must_use]
    pub fn under(left: &Steps<u64>, nominal: &Steps<Tokens>, at: Span) -> Self {
        let amounts = Steps::sample(left.edges().chain(nominal.edges()), |t| {
            let nominal = *nominal.at(t);
            Amounts { in_force: share_of(nominal, *left.at(t)), nominal }
        });
        Self { amounts, at }
    }

    /// Returns the amount at t = 0 without outages.
    #[must_use]
    pub fn amount(&self) -> Tokens {
        self.amounts.first().nominal
    }
}

impl QuotaSpec {
    /// Returns the limit that the scenario writes; `None`: it writes none, or states it elsewhere.
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

    /// Returns the quota; `None` after a finding. `stated` gives each limit in force, the catalogue's included.
    pub fn lower(
        &self,
        prefix: String,
        stated: impl Fn(LimitKind) -> Option<Stated>,
        sink: &mut Sink,
    ) -> Option<Quota> {
        let before = sink.errors();
        let limits = LimitKind::ALL.map(|kind| self.steps(kind, &stated(kind)?, sink));
        let flag = |f: &Option<At<Flag>>| f.as_ref().is_some_and(|f| f.value.0);
        (sink.errors() == before).then(|| Quota {
            prefix,
            limits,
            reserve_cache_reads: flag(&self.reserve_cache_reads),
            reserve_output_burndown: flag(&self.reserve_output_burndown),
            counting: Counting::Billed,
            count_refused_requests: flag(&self.count_refused_requests),
            charge_output_after: false,
            tpd_used_at_start: self.tpd_used_at_start.as_ref().map_or(0, |n| n.value.0),
        })
    }

    /// Returns one limit over time; `None` after a finding.
    fn steps(&self, kind: LimitKind, stated: &Stated, sink: &mut Sink) -> Option<Steps<InForce>> {
        // What a limit becomes is said once, of the limit at the start.
        self.limit(kind, stated.amount(), &stated.at, sink)?;
        let mut quiet = Sink::default();
        let mut lower = |amount, at: SimTime| {
            let lowered = self.limit(kind, amount, &stated.at, &mut quiet);
            let finding = quiet.findings.drain(..).find(|f| f.severity == Severity::Error);
            if let Some(finding) = finding {
                sink.error(stated.at.clone(), format!("from {at} on, {}", finding.rule), finding.help);
            }
            lowered
        };
        let steps = stated.amounts.try_map(|at, amounts| {
            Some(InForce { limit: lower(amounts.in_force, at)?, nominal: lower(amounts.nominal, at)? })
        })?;
        let limits: Vec<Limit> = steps.iter().map(|(_, step)| step.limit).collect();
        let Some(credits) = common_credits(&limits) else {
            let rule = "the buckets that this limit has over time are too large for exact arithmetic together";
            sink.error(stated.at.clone(), rule, "write \"none\" for no limit, or a smaller burst".to_owned());
            return None;
        };
        Some(steps.map(|step| InForce { limit: step.limit.with_credits(credits), ..*step }))
    }

    fn limit(&self, kind: LimitKind, amount: Tokens, at: &Span, sink: &mut Sink) -> Option<Limit> {
        if kind.is_daily() {
            return Some(Limit { amount, limiter: self.daily() });
        }
        let default = LimiterChoice::FixedWindow(FixedWindowSpec::default());
        let limiter = self.limiter.as_ref().map_or(&default, |l| &l.value);
        limiter.lower(amount, at, sink)
    }

    /// Returns the limiter of a daily limit, which does not depend on that of the limits per minute.
    fn daily(&self) -> LimiterSpec {
        self.tpd_reset.as_ref().map_or(TpdReset::UtcDay, |r| r.value).limiter()
    }
}

impl TpdReset {
    /// Returns the algorithm that enforces a daily limit.
    #[must_use]
    pub const fn limiter(self) -> LimiterSpec {
        match self {
            Self::UtcDay => LimiterSpec::FixedWindow { window: MICROS_PER_DAY, offset: 0 },
            Self::Rolling => LimiterSpec::SlidingWindow { window: MICROS_PER_DAY },
        }
    }
}

//! On-demand inference in one region, or through an inference profile taken as one pool.
//!
//! Use it for what most accounts start with: tokens are paid for one by one, and quotas per minute and per day decide
//! what is taken. Quotas and their settlement: \[AWS user guide, quotas-token-burndown\].

use schemars::JsonSchema;
use serde::Deserialize;

use crate::diagnostic::Sink;
use crate::model::capacity::Saturation;
use crate::model::capacity::limiter::LimiterChoice;
use crate::model::capacity::quota::{QuotaSpec, TpdReset};
use crate::model::quantity::{Count, Duration, Flag, LimitAmount, Names, Share};
use crate::model::spec::{At, words};

/// On-demand inference. Limits written here are the capacity's own; `quota` names shared ones.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "OnDemand")]
pub struct OnDemandSpec {
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
    /// The name of a `[quotas.NAME]`, or a list of them.
    pub quota: Option<At<Names>>,
    /// Requests in progress at once; default unlimited.
    pub concurrency: Option<At<Count>>,
    /// What happens to an offer that finds no room; default throttle.
    pub on_saturation: Option<At<SaturationWord>>,
    /// The longest wait in a queue; default none.
    pub max_wait: Option<At<Duration>>,
    /// The most that wait in a queue; default 1,000,000.
    pub max_queue: Option<At<Count>>,
    /// The chance that an offer meets a 503; default 0 \[1\].
    pub unavailable_probability: Option<At<Share>>,
}

words! {
    /// What happens to an offer that finds no room: it is refused, or it waits.
    SaturationWord, "an answer to saturation" {
        "throttle" => Throttle,
        "queue" => Queue,
    }
}

const DEFAULT_MAX_QUEUE: u32 = 1_000_000;

impl OnDemandSpec {
    /// The limits written inline, as a quota of the capacity's own.
    #[must_use]
    pub fn own_quota(&self) -> QuotaSpec {
        QuotaSpec {
            rpm: self.rpm.clone(),
            tpm: self.tpm.clone(),
            tpd: self.tpd.clone(),
            limiter: self.limiter.clone(),
            tpd_reset: self.tpd_reset.clone(),
            tpd_used_at_start: self.tpd_used_at_start.clone(),
            reserve_cache_reads: self.reserve_cache_reads.clone(),
            count_refused_requests: self.count_refused_requests.clone(),
        }
    }

    pub fn concurrency(&self, sink: &mut Sink) -> Option<u32> {
        small(self.concurrency.as_ref()?, "concurrency", 1, sink)
    }

    pub fn saturation(&self, sink: &mut Sink) -> Saturation {
        if matches!(self.on_saturation.as_ref().map(|s| s.value), Some(SaturationWord::Queue)) {
            let max_queue = self.max_queue.as_ref().and_then(|n| small(n, "max_queue", 0, sink));
            let max_wait = self.max_wait.as_ref().map(|w| w.value.0);
            return Saturation::Queue { max_wait, max_queue: max_queue.unwrap_or(DEFAULT_MAX_QUEUE) };
        }
        for (name, at) in
            [("max_wait", self.max_wait.as_ref().map(|w| &w.at)), ("max_queue", self.max_queue.as_ref().map(|q| &q.at))]
        {
            if let Some(at) = at {
                let rule = format!("`{name}` is about a queue, and this capacity throttles");
                sink.error(at.clone(), rule, "write on_saturation = \"queue\" beside it".to_owned());
            }
        }
        Saturation::Throttle
    }
}

/// A count that fits 32 bits.
fn small(written: &At<Count>, name: &str, least: u32, sink: &mut Sink) -> Option<u32> {
    let n = u32::try_from(written.value.0).ok().filter(|n| *n >= least);
    if n.is_none() {
        let rule = format!("`{name}` lies between {least} and {}, {} does not", u32::MAX, written.value.0);
        sink.error(written.at.clone(), rule, "leave it out for no such limit".to_owned());
    }
    n
}

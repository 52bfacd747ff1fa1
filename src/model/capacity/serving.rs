//! Properties of all capacities: their concurrency, their behaviour when they are full, and their outages.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::diagnostic::Sink;
use crate::model::capacity::contention::ContentionSpec;
use crate::model::capacity::quota::LimitKind;
use crate::model::capacity::{Saturation, Standing};
use crate::model::instant::Instant;
use crate::model::law::{LawSpec, Speed};
use crate::model::quantity::{Count, Duration, Share, Text};
use crate::model::spec::{At, words};
use crate::units::{SimTime, Steps, Tokens};

/// Declares the keys of a kind of capacity: its own, then those that every kind has. With `quota`, also the limits of
/// on-demand inference.
macro_rules! capacity_keys {
    (
        $(#[$meta:meta])*
        pub struct $name:ident with quota { $($own:tt)* }
    ) => {
        capacity_keys! {
            $(#[$meta])*
            pub struct $name {
                $($own)*
                /// The limit on requests per minute, or "none".
                pub rpm: Option<At<crate::model::quantity::LimitAmount>>,
                /// The limit on tokens per minute, or "none".
                pub tpm: Option<At<crate::model::quantity::LimitAmount>>,
                /// The limit on tokens per day, or "none".
                pub tpd: Option<At<crate::model::quantity::LimitAmount>>,
                /// The algorithm that enforces limits per minute; default fixed_window.
                pub limiter: Option<At<crate::model::capacity::limiter::LimiterChoice>>,
                /// The time at which the day of tpd starts again; default utc_day.
                pub tpd_reset: Option<At<crate::model::capacity::quota::TpdReset>>,
                /// The tokens of tpd that are already used at t = 0; default 0.
                pub tpd_used_at_start: Option<At<crate::model::quantity::Count>>,
                /// True if cache reads are part of a reservation; default false.
                pub reserve_cache_reads: Option<At<crate::model::quantity::Flag>>,
                /// True if a reservation takes max_tokens times the model's output_burndown; default false.
                pub reserve_output_burndown: Option<At<crate::model::quantity::Flag>>,
                /// True if a refused offer counts 1 for rpm; default false.
                pub count_refused_requests: Option<At<crate::model::quantity::Flag>>,
                /// The name of a quota `[quotas.NAME]`, or a list of such names.
                pub quota: Option<At<crate::model::quantity::Names>>,
                /// The prices of tokens at this capacity; the model's when left out.
                pub prices: Option<At<crate::model::pricing::PricesSpec>>,
            }
        }

        impl $name {
            /// Returns the limits written inline, as a quota of the capacity's own.
            #[must_use]
            pub fn on_demand_quota(&self) -> crate::model::capacity::quota::QuotaSpec {
                crate::model::capacity::quota::QuotaSpec {
                    rpm: self.rpm.clone(),
                    tpm: self.tpm.clone(),
                    tpd: self.tpd.clone(),
                    limiter: self.limiter.clone(),
                    tpd_reset: self.tpd_reset.clone(),
                    tpd_used_at_start: self.tpd_used_at_start.clone(),
                    reserve_cache_reads: self.reserve_cache_reads.clone(),
                    reserve_output_burndown: self.reserve_output_burndown.clone(),
                    count_refused_requests: self.count_refused_requests.clone(),
                    ..Default::default()
                }
            }
        }
    };
    (
        $(#[$meta:meta])*
        pub struct $name:ident { $($own:tt)* }
    ) => {
        #[derive(Debug, Clone, serde::Deserialize, schemars::JsonSchema)]
        #[serde(deny_unknown_fields)]
        $(#[$meta])*
        pub struct $name {
            $($own)*
            /// The most requests in progress at once; default unlimited.
            pub concurrency: Option<At<crate::model::quantity::Count>>,
            /// The treatment of an offer that finds no room; default throttle.
            pub on_saturation: Option<At<crate::model::capacity::serving::SaturationWord>>,
            /// The longest wait in a queue; default none.
            pub max_wait: Option<At<crate::model::quantity::Duration>>,
            /// The most requests that wait in the queue; default 1,000,000.
            pub max_queue: Option<At<crate::model::quantity::Count>>,
            /// The periods in which the capacity is down or has less capacity.
            pub outages: Option<At<Vec<crate::model::capacity::serving::OutageSpec>>>,
            /// The changes of the capacity's own limits during the run.
            pub changes: Option<At<Vec<crate::model::capacity::serving::ChangeSpec>>>,
            /// The probability that an offer meets a 503; default 0 \[1\].
            pub unavailable_probability: Option<At<crate::model::quantity::Share>>,
            /// The time that a refusal takes to reach the caller; default 0s.
            pub refusal_latency: Option<At<crate::model::quantity::Duration>>,
            /// The slowing of requests by others in progress; default none.
            pub contention: Option<At<crate::model::capacity::contention::ContentionSpec>>,
            /// The region that serves: a prompt cache belongs to one region. Capacities that name none share one.
            pub region: Option<At<crate::model::quantity::Text>>,
            /// The time to the first token here, without prefill; the model's when left out.
            pub time_to_first_token: Option<At<crate::model::law::LawSpec<crate::model::quantity::Duration>>>,
            /// The extra time to the first token here for each 1,000 input tokens that are not read from the cache; the
            /// model's when left out.
            pub prefill_per_1k_tokens: Option<At<crate::model::law::LawSpec<crate::model::quantity::Duration>>>,
            /// The speed of the answer here; the model's when left out \[tokens/s\].
            pub output_tokens_per_second: Option<At<crate::model::law::LawSpec<crate::model::law::Speed>>>,
        }

        impl $name {
            fn common(&self) -> crate::model::capacity::serving::Serving<'_> {
                crate::model::capacity::serving::Serving {
                    concurrency: self.concurrency.as_ref(),
                    on_saturation: self.on_saturation.as_ref(),
                    max_wait: self.max_wait.as_ref(),
                    max_queue: self.max_queue.as_ref(),
                    outages: self.outages.as_ref().map_or(&[][..], |o| &o.value),
                    changes: self.changes.as_ref().map_or(&[][..], |c| &c.value),
                    unavailable_probability: self.unavailable_probability.as_ref(),
                    refusal_latency: self.refusal_latency.as_ref(),
                    contention: self.contention.as_ref(),
                    region: self.region.as_ref(),
                    time_to_first_token: self.time_to_first_token.as_ref(),
                    prefill_per_1k_tokens: self.prefill_per_1k_tokens.as_ref(),
                    output_tokens_per_second: self.output_tokens_per_second.as_ref(),
                }
            }
        }
    };
}

pub(super) use capacity_keys;

/// The keys that every kind has, as they were written.
#[derive(Debug, Clone, Copy, Default)]
pub struct Serving<'s> {
    pub concurrency: Option<&'s At<Count>>,
    pub on_saturation: Option<&'s At<SaturationWord>>,
    pub max_wait: Option<&'s At<Duration>>,
    pub max_queue: Option<&'s At<Count>>,
    pub outages: &'s [OutageSpec],
    pub changes: &'s [ChangeSpec],
    pub unavailable_probability: Option<&'s At<Share>>,
    pub refusal_latency: Option<&'s At<Duration>>,
    pub contention: Option<&'s At<ContentionSpec>>,
    pub region: Option<&'s At<Text>>,
    pub time_to_first_token: Option<&'s At<LawSpec<Duration>>>,
    pub prefill_per_1k_tokens: Option<&'s At<LawSpec<Duration>>>,
    pub output_tokens_per_second: Option<&'s At<LawSpec<Speed>>>,
}

words! {
    /// The treatment of an offer that finds no room: it is refused, or it waits.
    SaturationWord, "an answer to saturation" {
        "throttle" => Throttle,
        "queue" => Queue,
    }
}

/// A time in which a capacity is out, or has less than it should.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Outage")]
pub struct OutageSpec {
    /// The start of the outage: a time since t = 0, or an instant.
    pub at: At<Instant>,
    /// The duration of the outage; above zero.
    pub lasts: At<Duration>,
    /// The share left: 0 refuses everything with a 503, else it multiplies the capacity's own limits; default 0.
    pub factor: Option<At<Share>>,
}

/// A change of a capacity's own limits that takes effect at a given time.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Change")]
pub struct ChangeSpec {
    /// The instant from which the change holds: a time since t = 0, or an instant.
    pub at: At<Instant>,
    /// The new limit on requests per minute.
    pub rpm: Option<At<Count>>,
    /// The new limit on tokens per minute.
    pub tpm: Option<At<Count>>,
    /// The new limit on tokens per day.
    pub tpd: Option<At<Count>>,
    /// The new limit on input tokens per minute of the mantle endpoint.
    pub itpm: Option<At<Count>>,
    /// The new limit on output tokens per minute of the mantle endpoint.
    pub otpm: Option<At<Count>>,
    /// The new limit on requests in progress at once.
    pub concurrency: Option<At<Count>>,
    /// The new probability that an offer meets a 503.
    pub unavailable_probability: Option<At<Share>>,
}

/// The whole of a capacity, in the unit of the shares that outages leave \[10⁻⁶\].
const ONE: u64 = 1_000_000;

/// Returns the share of a capacity that outages leave over time \[10⁻⁶\]: 0 where one leaves nothing; overlapping ones
/// multiply. Outages with a fault are reported and left out.
pub fn share_left(specs: &[OutageSpec], sink: &mut Sink) -> Steps<u64> {
    let mut outages = Vec::new();
    for spec in specs {
        let (from, lasts) = (spec.at.value.0, spec.lasts.value.0);
        if lasts == SimTime::ZERO {
            let rule = "an outage ends after it begins, this one lasts zero".to_owned();
            sink.error(spec.lasts.at.clone(), rule, "write how long it lasts, such as \"30m\"".to_owned());
            continue;
        }
        let factor = spec.factor.as_ref().map_or(0.0, |f| f.value.0);
        outages.push((from..SimTime(from.0 + lasts.0), crate::units::round_half_up(factor * ONE as f64)));
    }
    let edges = outages.iter().flat_map(|(time, _)| [time.start, time.end]);
    Steps::sample(edges, |at| {
        let under_way = outages.iter().filter(|(time, _)| time.contains(&at));
        under_way.fold(ONE, |left, (_, millionths)| left * millionths / ONE)
    })
}

/// Returns a share of an amount, rounded down; the share is in \[10⁻⁶\].
#[must_use]
pub fn share_of(amount: Tokens, millionths: u64) -> Tokens {
    (u128::from(amount) * u128::from(millionths) / u128::from(ONE)) as Tokens
}

const DEFAULT_MAX_QUEUE: u32 = 1_000_000;

impl Serving<'_> {
    pub fn saturation(&self, sink: &mut Sink) -> Saturation {
        if matches!(self.on_saturation.map(|s| s.value), Some(SaturationWord::Queue)) {
            let max_queue = self.max_queue.and_then(|n| small(n, "max_queue", 0, sink));
            let max_wait = self.max_wait.map(|w| w.value.0);
            return Saturation::Queue { max_wait, max_queue: max_queue.unwrap_or(DEFAULT_MAX_QUEUE) };
        }
        for (name, at) in [("max_wait", self.max_wait.map(|w| &w.at)), ("max_queue", self.max_queue.map(|q| &q.at))] {
            if let Some(at) = at {
                let rule = format!("`{name}` is about a queue, and this capacity throttles");
                sink.error(at.clone(), rule, "write on_saturation = \"queue\" beside it".to_owned());
            }
        }
        Saturation::Throttle
    }

    /// Returns the instants at which `changes` are written, in any order.
    pub fn changes_at(&self) -> impl Iterator<Item = SimTime> + '_ {
        self.changes.iter().map(|change| change.at.value.0)
    }

    /// Returns the availability of the capacity over time. `left` is the share that outages leave; `is_ready` says
    /// whether the bought throughput serves, and may change at `bought_at` alone.
    pub fn standing(
        &self,
        left: &Steps<u64>,
        bought_at: &[SimTime],
        is_ready: impl Fn(SimTime) -> bool,
        sink: &mut Sink,
    ) -> Steps<Standing> {
        let concurrency = self.concurrency.and_then(|c| small(c, "concurrency", 1, sink));
        for change in self.changes {
            if let Some(written) = &change.concurrency {
                small(written, "concurrency", 1, sink);
            }
        }
        let instants = left.edges().chain(self.changes_at()).chain(bought_at.iter().copied());
        Steps::sample(instants, |at| {
            let written = self.in_force(at, |c| c.concurrency.as_ref());
            let nominal = written.and_then(|c| u32::try_from(c.value.0).ok()).or(concurrency);
            let draw = self.in_force(at, |c| c.unavailable_probability.as_ref()).or(self.unavailable_probability);
            Standing {
                is_out: *left.at(at) == 0,
                is_ready: is_ready(at),
                concurrency: nominal.map(|n| share_of(n.into(), *left.at(at)) as u32),
                unavailable_probability: draw.map_or(0.0, |p| p.value.0),
            }
        })
    }

    /// Returns the value that the latest change up to an instant states for a key; `None`: no change states one.
    fn in_force<'c, T>(&'c self, at: SimTime, key: impl Fn(&'c ChangeSpec) -> Option<&'c At<T>>) -> Option<&'c At<T>> {
        let before = self.changes.iter().filter(|c| c.at.value.0 <= at && key(c).is_some());
        before.max_by_key(|c| c.at.value.0).and_then(key)
    }

    /// Returns a limit over time, by the changes that name it, without outages.
    #[must_use]
    pub fn nominal(&self, kind: LimitKind, amount: Tokens) -> Steps<Tokens> {
        Steps::sample(self.changes_at(), |at| self.in_force(at, |c| c.limit(kind)).map_or(amount, |c| c.value.0))
    }
}

impl ChangeSpec {
    fn limit(&self, kind: LimitKind) -> Option<&At<Count>> {
        match kind {
            LimitKind::Rpm => self.rpm.as_ref(),
            LimitKind::Tpm => self.tpm.as_ref(),
            LimitKind::Tpd => self.tpd.as_ref(),
            LimitKind::Itpm => self.itpm.as_ref(),
            LimitKind::Otpm => self.otpm.as_ref(),
            LimitKind::AccountTpd | LimitKind::Input | LimitKind::Output => None,
        }
    }

    /// Returns every limit that the change states.
    pub fn limits(&self) -> impl Iterator<Item = (LimitKind, &At<Count>)> {
        LimitKind::ALL.into_iter().filter_map(|kind| Some((kind, self.limit(kind)?)))
    }
}

/// Returns a count that fits 32 bits and is at least `least`; `None` after a finding.
pub fn small(written: &At<Count>, name: &str, least: u32, sink: &mut Sink) -> Option<u32> {
    let n = u32::try_from(written.value.0).ok().filter(|n| *n >= least);
    if n.is_none() {
        let rule = format!("`{name}` lies between {least} and {}, {} does not", u32::MAX, written.value.0);
        let help = format!("write {name} = {least}, or more");
        sink.offer(written.at.clone(), rule, Some(help), vec![least.to_string()]);
    }
    n
}

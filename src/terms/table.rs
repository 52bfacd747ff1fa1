//! The table itself.

use std::sync::LazyLock;

use super::{Better, Scope, Sort, Term, Unit};
use crate::model::capacity::Reason;

const REQUESTS: &[Scope] = &[Scope::Requests];
const REQUESTS_AND_CAPACITY: &[Scope] = &[Scope::Requests, Scope::Capacity];
const CAPACITY: &[Scope] = &[Scope::Capacity];
const SUPPLY: &[Scope] = &[Scope::Supply];
const LIMIT: &[Scope] = &[Scope::Limit];
const SUPPLY_AND_LIMIT: &[Scope] = &[Scope::Supply, Scope::Limit];

type Row = (&'static str, Unit, &'static [Scope], Sort, Better, &'static str);

use Better::{Higher, Lower, Neither};
use Sort::{Clock, Cohort};

const ROWS: [Row; 68] = [
    (
        "requests",
        Unit::Count,
        REQUESTS,
        Cohort,
        Neither,
        "calls by the application that arrived in the measured interval",
    ),
    (
        "requests_per_month",
        Unit::Count,
        REQUESTS,
        Cohort,
        Neither,
        "requests scaled to a month: what the usage in cost_per_month_usd is of; null when the run does not say what a month's usage is",
    ),
    ("served", Unit::Count, REQUESTS, Cohort, Higher, "requests that were answered"),
    (
        "failed",
        Unit::Count,
        REQUESTS,
        Cohort,
        Lower,
        "requests refused and out of retries, or met by a permanent error",
    ),
    ("timed_out", Unit::Count, REQUESTS, Cohort, Lower, "requests whose client gave up"),
    ("unfinished", Unit::Count, REQUESTS, Cohort, Lower, "requests still open when the cool-down ended"),
    (
        "never_sent",
        Unit::Count,
        REQUESTS,
        Cohort,
        Lower,
        "requests whose first attempt never left their client: no connection was free, or the client's own pace held it back; no rate of attempts or calls counts them",
    ),
    ("attempts", Unit::Count, REQUESTS, Cohort, Lower, "passes of the client over the workload's route"),
    ("throttled_attempts", Unit::Count, REQUESTS, Cohort, Lower, "attempts that ended in a 429"),
    (
        "offers",
        Unit::Count,
        REQUESTS,
        Cohort,
        Neither,
        "times a capacity was asked to take an attempt: what CloudWatch counts as calls",
    ),
    ("throttled_offers", Unit::Count, REQUESTS, Cohort, Lower, "offers refused with a 429"),
    (
        "recovered_attempts",
        Unit::Count,
        REQUESTS,
        Cohort,
        Lower,
        "attempts that were refused, of calls that were answered on a later attempt",
    ),
    ("throttle_rate", Unit::Fraction, REQUESTS, Cohort, Lower, "throttled_attempts / attempts"),
    ("unavailable_rate", Unit::Fraction, REQUESTS, Cohort, Lower, "attempts that ended in a 503 / attempts"),
    ("offer_throttle_rate", Unit::Fraction, REQUESTS, Cohort, Lower, "throttled_offers / offers"),
    (
        "first_attempt_throttle_rate",
        Unit::Fraction,
        REQUESTS,
        Cohort,
        Lower,
        "requests whose first attempt ended in a 429 / requests",
    ),
    (
        "worst_minute_throttle_rate",
        Unit::Fraction,
        REQUESTS,
        Clock,
        Lower,
        "the largest share of 429 among the attempts that ended in one whole wall-clock minute of the measured interval; minutes under 20 attempts are left out",
    ),
    (
        "failure_rate",
        Unit::Fraction,
        REQUESTS,
        Cohort,
        Lower,
        "requests that got no answer: (failed + timed_out + unfinished) / requests",
    ),
    ("refusal_rate", Unit::Fraction, REQUESTS, Cohort, Lower, "failed / requests: the refused part of failure_rate"),
    (
        "timeout_rate",
        Unit::Fraction,
        REQUESTS,
        Cohort,
        Lower,
        "timed_out / requests: the part of failure_rate whose client gave up",
    ),
    (
        "time_to_failure_p50_ms",
        Unit::Milliseconds,
        REQUESTS,
        Cohort,
        Neither,
        "50th percentile of failed and timed-out requests, from arrival to the end without an answer",
    ),
    (
        "abandoned_attempts",
        Unit::Count,
        REQUESTS,
        Cohort,
        Lower,
        "completed attempts whose client had given up before their answer came; they are billed",
    ),
    (
        "abandoned_tokens",
        Unit::Tokens,
        REQUESTS,
        Cohort,
        Lower,
        "input and output tokens of abandoned attempts, cached ones included",
    ),
    (
        "abandoned_usd",
        Unit::Usd,
        REQUESTS,
        Cohort,
        Lower,
        "the part of cost_usd that abandoned attempts cost, over the measured requests",
    ),
    (
        "abandoned_retries_usd",
        Unit::Usd,
        REQUESTS,
        Cohort,
        Lower,
        "the part of abandoned_usd that was paid for retries",
    ),
    (
        "job_done_at_ms",
        Unit::Milliseconds,
        REQUESTS,
        Cohort,
        Lower,
        "from t = 0 to the outcome of the last request of a job; null when a request is unfinished",
    ),
    (
        "concurrent_sessions_mean",
        Unit::Count,
        REQUESTS,
        Clock,
        Neither,
        "time average of the sessions in progress, from the arrival of the first turn to the end of the last",
    ),
    ("concurrent_sessions_peak", Unit::Count, REQUESTS, Clock, Neither, "the most sessions in progress at one instant"),
    (
        "sessions_completed_rate",
        Unit::Fraction,
        REQUESTS,
        Cohort,
        Higher,
        "sessions that ended with every turn served / sessions that began in the measured interval and had ended when the run did",
    ),
    (
        "retry_amplification",
        Unit::Ratio,
        REQUESTS,
        Cohort,
        Lower,
        "attempts / calls that were sent: requests, and the steps of pipelines; null when none was sent",
    ),
    (
        "worst_minute_retry_amplification",
        Unit::Ratio,
        REQUESTS,
        Clock,
        Lower,
        "the largest attempts / calls, of requests that arrived in the measured interval, by what was sent in one whole wall-clock minute of it; minutes under 20 calls are left out",
    ),
    (
        "bursts",
        Unit::Count,
        REQUESTS,
        Clock,
        Neither,
        "bursts of any workload that end in the measured interval and a whole minute before its end; those with no whole minute between them are one",
    ),
    (
        "bursts_recovered_rate",
        Unit::Fraction,
        REQUESTS,
        Clock,
        Higher,
        "bursts after which a minute is as before, within the interval and before the next burst / bursts",
    ),
    (
        "burst_recovery_mean_ms",
        Unit::Milliseconds,
        REQUESTS,
        Clock,
        Lower,
        "mean over the bursts recovered from, from a burst's end to the start of the first minute that is as before it: the share of attempts that fail at most a percentage point above that of the five minutes before, and on average at most one more waiting",
    ),
    ("burst_recovery_worst_ms", Unit::Milliseconds, REQUESTS, Clock, Lower, "the longest of these"),
    (
        "truncation_rate",
        Unit::Fraction,
        REQUESTS,
        Cohort,
        Lower,
        "served requests whose answer max_tokens or an output quota cut short / served; 0 for a model that writes no answer",
    ),
    (
        "spillover_rate",
        Unit::Fraction,
        REQUESTS,
        Cohort,
        Neither,
        "requests served by any capacity but the first of their route / served",
    ),
    (
        "slo_attainment",
        Unit::Fraction,
        REQUESTS,
        Cohort,
        Higher,
        "requests served within every objective of their workload's slo / requests",
    ),
    (
        "goodput_per_s",
        Unit::PerSecond,
        REQUESTS,
        Cohort,
        Higher,
        "requests served within every objective / measured seconds",
    ),
    (
        "input_tokens",
        Unit::Tokens,
        REQUESTS,
        Cohort,
        Neither,
        "input tokens of all completed attempts, cached ones included",
    ),
    (
        "uncached_input_tokens",
        Unit::Tokens,
        REQUESTS,
        Cohort,
        Neither,
        "input tokens of all completed attempts that the cache neither read nor wrote: CloudWatch's InputTokenCount",
    ),
    (
        "cache_read_tokens",
        Unit::Tokens,
        REQUESTS,
        Cohort,
        Neither,
        "input tokens of all completed attempts that were read from the cache",
    ),
    (
        "cache_write_tokens",
        Unit::Tokens,
        REQUESTS,
        Cohort,
        Neither,
        "input tokens of all completed attempts that were written to the cache",
    ),
    (
        "output_tokens",
        Unit::Tokens,
        REQUESTS,
        Cohort,
        Neither,
        "output tokens of all completed attempts, timed-out ones included",
    ),
    (
        "cost_usd",
        Unit::Usd,
        REQUESTS_AND_CAPACITY,
        Cohort,
        Lower,
        "tokens of all completed attempts x their price + what is bought by the hour, over the measured interval; of a workload its tokens alone",
    ),
    (
        "cost_per_month_usd",
        Unit::Usd,
        REQUESTS_AND_CAPACITY,
        Cohort,
        Lower,
        "usage scaled to a month + monthly and hourly items; null when the run does not say what a month's usage is",
    ),
    (
        "one_time_usd",
        Unit::Usd,
        &[Scope::Run],
        Cohort,
        Lower,
        "paid once and in no other figure: the first training of custom models, the first embedding of corpora",
    ),
    ("cost_per_1k_requests_usd", Unit::Usd, REQUESTS, Cohort, Lower, "1,000 x cost_usd / requests"),
    (
        "committed_usd",
        Unit::Usd,
        &[Scope::Run],
        Cohort,
        Lower,
        "what is due whatever is used, until the end of each term",
    ),
    ("admitted", Unit::Count, SUPPLY, Cohort, Neither, "offers taken"),
    ("refused", Unit::Count, SUPPLY_AND_LIMIT, Cohort, Lower, "offers refused"),
    (
        "utilization_mean",
        Unit::Fraction,
        SUPPLY_AND_LIMIT,
        Clock,
        Neither,
        "charged in the measured interval / what the limit admits in it; of a capacity or quota, the largest of its limits' (and concurrency's), daily ones aside",
    ),
    (
        "utilization_peak",
        Unit::Fraction,
        SUPPLY_AND_LIMIT,
        Clock,
        Lower,
        "the same of the wall-clock minute with the most charged; charges are dated at completion, requests at admission",
    ),
    (
        "in_flight_mean",
        Unit::Count,
        &[Scope::Capacity],
        Clock,
        Neither,
        "time average of the requests in progress; records of batch jobs are not",
    ),
    ("in_flight_peak", Unit::Count, &[Scope::Capacity], Clock, Neither, "most requests in progress at once"),
    (
        "waiting_mean",
        Unit::Count,
        &[Scope::Capacity],
        Clock,
        Lower,
        "time average of the attempts waiting in the capacity's queue",
    ),
    (
        "waiting_peak",
        Unit::Count,
        &[Scope::Capacity],
        Clock,
        Lower,
        "most attempts waiting in the capacity's queue at once",
    ),
    (
        "occupied_peak_per_min",
        Unit::TokensPerMinute,
        LIMIT,
        Clock,
        Lower,
        "the peak of the limiter's own used + reserved x 60 s / window: what a quota request must cover",
    ),
    ("charged_peak_per_min", Unit::TokensPerMinute, LIMIT, Clock, Lower, "the most charged in one wall-clock minute"),
    (
        "reserved_unused_tokens",
        Unit::Tokens,
        SUPPLY_AND_LIMIT,
        Cohort,
        Lower,
        "sum over completed attempts of max(0, reserved - charged)",
    ),
    ("jobs", Unit::Count, CAPACITY, Clock, Neither, "batch jobs submitted after the interval's start, up to its end"),
    ("job_wait_mean_ms", Unit::Milliseconds, CAPACITY, Clock, Lower, "mean of batch jobs, from submission to start"),
    ("job_makespan_mean_ms", Unit::Milliseconds, CAPACITY, Clock, Lower, "mean of batch jobs, from start to end"),
    ("jobs_in_time_rate", Unit::Fraction, CAPACITY, Clock, Higher, "batch jobs that end within their deadline / jobs"),
    (
        "billed_windows",
        Unit::Count,
        CAPACITY,
        Clock,
        Lower,
        "windows of 5 minutes of copies of an imported model that had an invocation",
    ),
    (
        "rerouted_rate",
        Unit::Fraction,
        CAPACITY,
        Cohort,
        Neither,
        "offers taken by a pool in another region than the first of its list / admitted",
    ),
    ("limit_per_min", Unit::TokensPerMinute, LIMIT, Clock, Neither, "what the limit admits in a minute"),
    ("charged", Unit::Tokens, LIMIT, Clock, Neither, "charged in the measured interval"),
];

/// The latencies that are measured: the name of each, and its definition.
const LATENCIES: [(&str, &str); 4] = [
    ("e2e", "from arrival to the last token"),
    ("ttft", "from arrival to the first token"),
    ("queue_delay", "from arrival to the start of service: waiting, refused attempts and back-off"),
    ("service", "from the start of service to the last token: CloudWatch's InvocationLatency"),
];

/// The statistics of a latency: the suffix, and the share for a percentile.
pub const LATENCY_STATISTICS: [(&str, Option<f64>); 6] = [
    ("mean", None),
    ("p50", Some(0.5)),
    ("p90", Some(0.9)),
    ("p95", Some(0.95)),
    ("p99", Some(0.99)),
    ("p99_9", Some(0.999)),
];

/// Every metric, in the order in which METRICS.md lists them.
pub static TERMS: LazyLock<Vec<Term>> = LazyLock::new(|| {
    let mut terms: Vec<Term> = ROWS
        .iter()
        .map(|(name, unit, scopes, sort, better, formula)| Term {
            name: (*name).to_owned(),
            unit: *unit,
            scopes,
            sort: *sort,
            better: *better,
            formula: (*formula).to_owned(),
        })
        .collect();
    for (stem, what) in LATENCIES {
        for (suffix, share) in &LATENCY_STATISTICS {
            let of = match share {
                None => "mean".to_owned(),
                Some(p) => format!("{}th percentile", p * 100.0),
            };
            terms.push(Term {
                name: format!("{stem}_{suffix}_ms"),
                unit: Unit::Milliseconds,
                scopes: REQUESTS,
                sort: Cohort,
                better: Lower,
                formula: format!("{of} of served requests, {what}"),
            });
        }
    }
    for reason in Reason::ALL {
        terms.push(Term {
            name: format!("refused_{}", reason.name()),
            unit: Unit::Count,
            scopes: SUPPLY,
            sort: Cohort,
            better: Lower,
            formula: format!("offers refused for the reason `{}`", reason.name()),
        });
    }
    terms
});

use bedload::model::capacity::limiter::*;
use bedload::model::capacity::*;
use bedload::model::client::retry::*;
use bedload::model::client::*;
use bedload::model::service::*;
use bedload::model::workload::*;
use bedload::model::*;
use bedload::random::*;
use bedload::units::*;
fn main() {
    let secs: u64 = std::env::args().nth(1).map_or(3600, |s| s.parse().unwrap());
    let ln = |median: f64, sigma: f64, max: f64| Law {
        shape: Shape::Lognormal { mu: libm::log(median), sigma },
        min: 1.0,
        max,
    };
    let facts = ModelFacts {
        name: "m".into(),
        max_output_tokens: 1024,
        burndown: Burndown::ONE,
        latency: Latency {
            time_to_first_token: ln(500_000.0, 0.4, 60e6),
            prefill_per_1k_tokens: Law::constant(0.0),
            output_tokens_per_second: Law::constant(100.0),
        },
        prices: None,
    };
    let lim = |amount, burst| Some(Limit { amount, limiter: LimiterSpec::TokenBucket { window: 60_000_000, burst } });
    let model = Model {
        title: "w1".into(),
        run: Run {
            warmup: SimTime::ZERO,
            duration: SimTime::from_secs(secs),
            cooldown: SimTime::from_secs(600),
            start: WallClock { unix_us: 0, written: "x".into() },
            seed: 1,
            replications: Replications { min: 1, max: 1, relative_precision: None },
            confidence: 0.95,
        },
        workloads: vec![Workload {
            name: "w".into(),
            arrivals: arrivals::Arrivals::Renewal {
                gaps: arrivals::Gaps::Exponential,
                intensity: arrivals::Intensity { base: 1e-3, shape: vec![], bursts: vec![] },
            },
            tokens: tokens::TokenSource::Drawn { input: ln(900.0, 1.0, 200_000.0), output: ln(250.0, 0.8, 1e9) },
            output_cap: 1024,
            cache: cache::CacheShares::default(),
            client: Client {
                retries: RetryPolicy {
                    max_attempts: 4,
                    base_throttled: 1_000_000,
                    base_transient: 1_000_000,
                    cap: 20_000_000,
                    jitter: Jitter::Full,
                    quota: None,
                },
                processes: 1,
                attempt_timeout: None,
                timeout: None,
            },
            route: vec![0],
            facts,
            slo: Slo::default(),
        }],
        capacities: vec![Capacity {
            name: "c".into(),
            kind: "on_demand",
            quotas: vec![0],
            concurrency: None,
            on_saturation: Saturation::Throttle,
            unavailable_probability: 0.0,
        }],
        quotas: vec![Quota {
            prefix: "capacities.c".into(),
            rpm: lim(60_000, 200),
            tpm: lim(108_600_000, 362_000),
            tpd: None,
            reserve_cache_reads: false,
            count_refused_requests: false,
            tpd_used_at_start: 0,
        }],
        windows: vec![],
        money: pricing::Money { hours_per_month: 730.0, requests_per_month: None },
        expectations: vec![],
        assumptions: vec![],
        catalog_as_of: None,
    };
    let t = std::time::Instant::now();
    let c = bedload::experiment::run(
        &model,
        bedload::results::Scenario { title: "".into(), file: "".into(), sha256: "".into(), overrides: vec![] },
        &bedload::experiment::Unwatched,
    );
    let s = t.elapsed().as_secs_f64();
    let p = &c.results.points[0];
    println!(
        "{:.1} ns/request, {} requests, {} events",
        s * 1e9 / c.effort.requests as f64,
        c.effort.requests,
        c.effort.events
    );
    for m in [
        "requests",
        "served",
        "failed",
        "first_attempt_throttle_rate",
        "retry_amplification",
        "e2e_p50_ms",
        "e2e_p99_ms",
        "ttft_p50_ms",
        "capacities.c.tpm.utilization_mean",
        "capacities.c.tpm.occupied_peak_per_min",
        "capacities.c.in_flight_mean",
        "capacities.c.in_flight_peak",
        "worst_minute_throttle_rate",
    ] {
        println!("{m} {:?}", p.metrics[m]);
    }
}

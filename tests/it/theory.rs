//! Queues and limiters that theory knows, inside 99.9 % intervals at fixed seeds.
#![expect(clippy::disallowed_methods, reason = "theory may use the platform's mathematics")]

use crate::playing::{agrees, play, value};

/// M/M/c in words of the scenario: exponential service of mean 1/mu, `c` places.
pub fn m_m_c(lambda: f64, mean_service_ms: u64, places: u32, saturation: &str, duration: &str, seed: u64) -> String {
    format!(
        r#"
        [run]
        duration = "{duration}"
        warmup = "20m"
        replications = 12
        confidence = 0.999
        seed = {seed}
        [models.server]
        max_output_tokens = 1
        time_to_first_token.exponential.mean = "{mean_service_ms}ms"
        output_tokens_per_second = 1_000_000_000
        [workloads.w]
        model = "server"
        arrivals.poisson.rate = "{lambda}/s"
        input_tokens = 1
        output_tokens = 1
        client.retries = "none"
        [capacities.c.on_demand]
        concurrency = {places}
        on_saturation = "{saturation}"
        "#
    )
}

/// The probability that an arrival finds all of `c` places taken, of offered load `a` without a queue.
fn erlang_b(a: f64, c: u32) -> f64 {
    (1..=c).fold(1.0, |b, n| a * b / (f64::from(n) + a * b))
}

/// The probability that an arrival must wait, with a queue.
fn erlang_c(a: f64, c: u32) -> f64 {
    let (b, rho) = (erlang_b(a, c), a / f64::from(c));
    b / (1.0 - rho * (1.0 - b))
}

#[test]
fn m_m_1_waits_as_theory_says() {
    // Arrivals 5/s, service 8/s: 5 / (8 x 3) = 0.208333 s.
    let point = play(&m_m_c(5.0, 125, 1, "queue", "6h", 1));
    agrees(&point, "queue_delay_mean_ms", 208.333);
    agrees(&point, "e2e_mean_ms", 333.333);
    agrees(&point, "capacities.c.utilization_mean", 0.625);
    agrees(&point, "capacities.c.waiting_mean", 5.0 * 0.208_333);
    // The stay is exponential: its 99th percentile is ln(100) means.
    agrees(&point, "e2e_p99_ms", 333.333 * 4.605_170);
}

#[test]
fn m_m_1_at_half_load_waits_as_long_as_it_serves() {
    let point = play(&m_m_c(4.0, 125, 1, "queue", "4h", 2));
    agrees(&point, "queue_delay_mean_ms", 125.0);
}

#[test]
#[ignore = "slow"]
fn m_m_1_holds_over_eighty_million_customers_to_half_a_per_cent() {
    let text = m_m_c(4.0, 125, 1, "queue", "60h", 9).replace("replications = 12", "replications = 100");
    let point = play(&text);
    agrees(&point, "queue_delay_mean_ms", 125.0);
    let half = point.metrics["queue_delay_mean_ms"].half_width.unwrap();
    assert!(half < 0.005 * 125.0, "± {half}");
}

#[test]
fn m_m_10_at_load_0_9_waits_as_erlang_c_says() {
    let wait = erlang_c(9.0, 10) / (10.0 - 9.0) * 1_000.0;
    let point = play(&m_m_c(9.0, 1_000, 10, "queue", "10h", 3));
    agrees(&point, "queue_delay_mean_ms", wait);
    agrees(&point, "e2e_mean_ms", wait + 1_000.0);
    agrees(&point, "capacities.c.in_flight_mean", 9.0);
}

#[test]
fn a_loss_system_blocks_as_erlang_b_says() {
    for (lambda, places, seed) in [(2.0, 3, 4), (9.0, 10, 5), (0.5, 1, 6)] {
        let point = play(&m_m_c(lambda, 1_000, places, "throttle", "4h", seed));
        agrees(&point, "throttle_rate", erlang_b(lambda, places));
        assert_eq!(value(&point, "queue_delay_mean_ms"), 0.0);
    }
}

#[test]
fn without_limits_littles_law_gives_the_requests_in_flight() {
    let point = play(
        r#"
        [run]
        duration = "2h"
        warmup = "5m"
        replications = 10
        confidence = 0.999
        seed = 7
        [models.m]
        max_output_tokens = 4096
        time_to_first_token.lognormal = { median = "500ms", p95 = "965.4ms" }
        output_tokens_per_second = 100
        [workloads.w]
        model = "m"
        arrivals.poisson.rate = "10/s"
        input_tokens = 1
        output_tokens.uniform = { low = 0.5, high = 400.5 }
        [capacities.c.on_demand]
        concurrency = 1_000_000
        "#,
    );
    // Whole tokens 1 to 400, each with 1/400: mean 200.5; first token: 0.5 s x exp(sigma^2 / 2), sigma = 0.4.
    let service = 0.5 * (0.08_f64).exp() + 2.005;
    agrees(&point, "capacities.c.in_flight_mean", 10.0 * service);
    agrees(&point, "service_mean_ms", service * 1_000.0);
}

#[test]
fn a_varying_rate_brings_as_many_requests_as_its_integral() {
    let point = play(
        r#"
        [run]
        duration = "1h"
        warmup = "0s"
        replications = 20
        confidence = 0.999
        seed = 8
        [models.m]
        max_output_tokens = 1
        time_to_first_token = "1ms"
        output_tokens_per_second = 1_000
        [workloads.w]
        model = "m"
        arrivals.gamma = { rate = "600/min", cv = 2.0 }
        shape = [{ at = "0s", factor = 0.0 }, { at = "30m", factor = 1.0 }, { at = "30m", factor = 0.5 }]
        bursts = [{ at = "40m", lasts = "5m", factor = 4.0 }]
        input_tokens = 1
        output_tokens = 1
        [capacities.c.on_demand]
        [windows.ramp]
        from = "0s"
        to = "30m"
        [windows.burst]
        from = "40m"
        to = "45m"
        "#,
    );
    agrees(&point, "windows.ramp.requests", 600.0 * 15.0);
    agrees(&point, "windows.burst.requests", 600.0 * 0.5 * 4.0 * 5.0);
    agrees(&point, "requests", 600.0 * (15.0 + 0.5 * 25.0 + 2.0 * 5.0));
}

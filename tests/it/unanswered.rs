//! Requests without an answer, whatever the reason, and what is paid for attempts that nobody waits for any more.

use bedload::results::Judgement;

use crate::playing::{play, results_on, value};

/// A model of 55 tokens a second at $3 and $15 a million tokens.
const MODEL: &str = r#"
[models.m]
max_output_tokens = 64_000
time_to_first_token.lognormal = { median = "860ms", p95 = "1.72s" }
prefill_per_1k_tokens = "100ms"
output_tokens_per_second = 55
prices = { input = "$3/1M", output = "$15/1M" }
"#;

/// Documents of some ten thousand tokens, written by a client that reads for 300 s at most, three times.
fn long_answers(client: &str) -> String {
    format!(
        r#"
        [run]
        duration = "8h"
        warmup = "30m"
        cooldown = "2h"
        seed = 31
        replications = 10
        {MODEL}
        [workloads.writer]
        model = "m"
        arrivals.poisson.rate = "30/h"
        input_tokens = 30_000
        output_tokens.lognormal = {{ median = 8500, p95 = 22_000 }}
        max_tokens = 64_000
        {client}
        [capacities.c.on_demand]
        rpm = "none"
        tpm = "none"
        [[expect]]
        metric = "failure_rate"
        at_most = "1%"
        "#
    )
}

#[test]
fn a_gate_on_failures_fails_when_clients_give_up() {
    let client = "client = { attempt_timeout = \"300s\", timeout = \"900s\", retries.exponential.max_attempts = 3 }";
    let results = results_on(2, &long_answers(client));
    let point = &results.points[0];
    // P(lognormal > 300 s x 55/s) is 12.6 %; the first token of 30,000 tokens takes 4 s of the 300.
    let rate = value(point, "failure_rate");
    assert!((0.11..0.17).contains(&rate), "{rate}");
    assert_eq!([value(point, "timeout_rate"), value(point, "refusal_rate")], [rate, 0.0]);
    assert_eq!(results.expectations[0].verdict, Judgement::Failed);
    // Three attempts of each are paid for, and two of them are retries.
    let [attempts, timed_out] = [value(point, "abandoned_attempts"), value(point, "timed_out")];
    assert!((attempts - 3.0 * timed_out).abs() <= 0.02 * attempts, "{attempts} of {timed_out}");
    let [all, retries, cost] = ["abandoned_usd", "abandoned_retries_usd", "cost_usd"].map(|name| value(point, name));
    assert!((retries / all - 2.0 / 3.0).abs() < 0.01, "{retries} of {all}");
    // Without time-outs each request is paid for once: the bill is lower by the retries.
    let once = play(&long_answers("client.retries = \"none\""));
    assert!((cost - retries - value(&once, "cost_usd")).abs() < 0.02 * cost, "{cost} {retries}");
    assert_eq!(["abandoned_attempts", "abandoned_tokens", "abandoned_usd"].map(|m| value(&once, m)), [0.0; 3]);
    // The client gives up on the request after 900 s.
    let soon = value(point, "time_to_failure_p50_ms");
    assert!((890e3..=900.1e3).contains(&soon), "{soon}");
}

#[test]
fn a_high_cap_does_not_meet_a_bound_on_failures_when_long_answers_time_out() {
    // Answers of more than 3,300 tokens take longer than 60 s: a cap of 3,072 cuts them short, one of 4,096 loses them.
    let text = |cap: u32| {
        format!(
            r#"
            [run]
            duration = "2h"
            warmup = "5m"
            replications = 10
            {MODEL}
            [workloads.chat]
            model = "m"
            arrivals.poisson.rate = "100/min"
            input_tokens = 100
            output_tokens.lognormal = {{ median = 350, p95 = 1400 }}
            max_tokens = {cap}
            client = {{ retries = "none", attempt_timeout = "60s" }}
            [capacities.c.on_demand]
            rpm = "none"
            tpm = "none"
            [[expect]]
            metric = "failure_rate"
            at_most = "0.3%"
            "#
        )
    };
    for (cap, judgement) in [(3_072, Judgement::Held), (4_096, Judgement::Failed)] {
        let results = results_on(2, &text(cap));
        let rate = value(&results.points[0], "failure_rate");
        assert_eq!(results.expectations[0].verdict, judgement, "{cap}: {rate}");
        assert_eq!(value(&results.points[0], "throttle_rate"), 0.0);
    }
}

#[test]
fn too_many_workers_lose_requests_and_fewer_lose_none() {
    // Each asks again at once; 200 requests a minute are admitted, and four attempts a request.
    let text = |workers: u32| {
        format!(
            r#"
            [run]
            duration = "30m"
            warmup = "2m"
            seed = 8
            [models.h]
            max_output_tokens = 64_000
            output_burndown = 5
            time_to_first_token.lognormal = {{ median = "750ms", p95 = "1.5s" }}
            prefill_per_1k_tokens = "100ms"
            output_tokens_per_second = 100
            [workloads.eval]
            model = "h"
            arrivals.users = {{ count = {workers}, think_time = "10ms" }}
            input_tokens.lognormal = {{ median = 2200, p95 = 3500 }}
            output_tokens.lognormal = {{ median = 180, p95 = 500 }}
            max_tokens = 4096
            client.retries.exponential = {{ max_attempts = 4, base = "1s", cap = "30s", jitter = "none" }}
            [capacities.us.on_demand]
            rpm = 200
            tpm = 1_000_000
            "#
        )
    };
    let [many, few] = [16, 11].map(|workers| play(&text(workers)));
    let lost = value(&many, "failure_rate");
    assert!((lost - 0.137).abs() < 0.01, "{lost}");
    assert_eq!(value(&few, "failure_rate"), 0.0);
    // The last of four attempts comes 7 s after the first.
    let soon = value(&many, "time_to_failure_p50_ms");
    assert!((soon - 7_000.0).abs() < 30.0, "{soon}");
}

#[test]
fn what_is_unfinished_after_the_cooldown_got_no_answer() {
    let point = play(
        r#"
        [run]
        duration = "1m"
        warmup = "0s"
        cooldown = "10s"
        replications = 1
        [models.m]
        max_output_tokens = 100
        time_to_first_token = "40s"
        output_tokens_per_second = 1_000
        [workloads.w]
        model = "m"
        arrivals.constant.rate = "1/s"
        input_tokens = 1
        output_tokens = 1
        [capacities.c.on_demand]
        "#,
    );
    // Whoever arrives after 30 s is still served at 70 s, when the run ends.
    assert_eq!(value(&point, "unfinished"), 30.0);
    assert_eq!(value(&point, "failure_rate"), 30.0 / value(&point, "requests"));
}

#[test]
fn sessions_are_counted_from_their_first_turn_to_the_end_of_the_last() {
    // Sessions of three turns, a second of service each, 9 s apart: 21 s.
    let text = |more: &str| {
        format!(
            r#"
            [run]
            duration = "2h"
            warmup = "5m"
            replications = 4
            [models.m]
            max_output_tokens = 100
            time_to_first_token = "1s"
            output_tokens_per_second = 1_000_000
            [workloads.agents]
            model = "m"
            arrivals.sessions = {{ rate = "6/min", turns = 3, think_time = "9s", context = "none" }}
            input_tokens = 1
            output_tokens = 1
            client.retries = "none"
            [workloads.plain]
            model = "m"
            arrivals.constant.rate = "1/min"
            input_tokens = 1
            output_tokens = 1
            [capacities.c.on_demand]
            rpm = "none"
            {more}
            "#
        )
    };
    let whole = play(&text(""));
    // Little's law: 6 a minute for 21 s.
    let mean = value(&whole, "workloads.agents.concurrent_sessions_mean");
    assert!((mean - 2.1).abs() < 0.15, "{mean}");
    assert_eq!(value(&whole, "concurrent_sessions_mean"), mean);
    assert!(value(&whole, "concurrent_sessions_peak") >= 5.0);
    assert_eq!(value(&whole, "sessions_completed_rate"), 1.0);
    assert!(!whole.metrics.contains_key("workloads.plain.concurrent_sessions_mean"));
    // Each turn fails with a chance of a tenth, and ends its session.
    let broken = play(&text("unavailable_probability = 0.1"));
    let completed = value(&broken, "sessions_completed_rate");
    assert!((completed - 0.729).abs() < 0.03, "{completed}");
}

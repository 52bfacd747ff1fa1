//! Clients, queues and limits with a handful of requests whose outcome is worked out by hand.
//!
//! Unless a test says otherwise an answer takes 10 s: 9 s to the first token and 100 tokens at 10 ms. Instants in the
//! comments are seconds since t = 0, and t = 0 is midnight UTC.

use std::collections::BTreeMap;
use std::path::Path;

use bedload::cli::render::render;
use bedload::experiment::{Unwatched, run};
use bedload::results;
use bedload::scenario::load_text;

pub type Told = BTreeMap<String, Option<f64>>;

const HEAD: &str = r#"[run]
duration = "1m"
warmup = "0s"
replications = 1

[models.own]
max_output_tokens = 1000
time_to_first_token = "9s"
output_tokens_per_second = 100
prices = { input = "$1/1M", output = "$1/1M" }
"#;

/// `count` requests of 100 tokens in and 100 out, the first at `first`, one each `gap` \[s\]. A gap must divide an hour.
pub fn calls(name: &str, first: u64, gap: u64, count: u64, keys: &str) -> String {
    let (opens, closes) = (first - gap, first + gap * count - gap);
    let mut text = format!("[workloads.{name}]\nmodel = \"own\"\n");
    text += &format!("arrivals.constant = {{ rate = \"{}/h\" }}\n", 3_600 / gap);
    let shut = |at: u64, factor| format!("{{ at = \"{at}s\", factor = {factor} }}, ");
    let before = if opens > 0 { shut(0, 0) + &shut(opens, 0) } else { String::new() };
    // Half a second later than the last arrival, so that rounding cannot take it away.
    let after = format!("{{ at = \"{closes}.5s\", factor = 1 }}, {{ at = \"{closes}.5s\", factor = 0 }}");
    text += &format!("shape = [{before}{}{after}]\n", shut(opens, 1));
    for (key, value) in [("input_tokens", 100), ("output_tokens", 100), ("max_tokens", 100)] {
        if !keys.lines().any(|line| line.starts_with(key)) {
            text += &format!("{key} = {value}\n");
        }
    }
    text + keys + "\n"
}

pub fn capacity(name: &str, keys: &str) -> String {
    format!("[capacities.{name}.on_demand]\n{keys}\n")
}

pub fn told_with(parts: &[String], settings: &[&str]) -> Told {
    let text = format!("{HEAD}\n{}", parts.join("\n"));
    let settings: Vec<String> = settings.iter().map(|s| (*s).to_owned()).collect();
    let loaded = match load_text("micro.toml", &text, Path::new(""), &settings) {
        Ok(loaded) => loaded,
        Err(refused) => panic!("{}\n{text}", render(&refused.sources, &refused.findings, false)),
    };
    let scenario = results::Scenario {
        title: String::new(),
        file: "micro.toml".to_owned(),
        sha256: String::new(),
        overrides: Vec::new(),
    };
    let point = run(&loaded.model, scenario, &Unwatched).results.points.swap_remove(0);
    point.metrics.into_iter().map(|(name, e)| (name, e.estimate)).collect()
}

pub fn told(parts: &[String]) -> Told {
    told_with(parts, &[])
}

#[track_caller]
pub fn assert_tells(told: &Told, expected: &[(&str, f64)]) {
    for (name, wanted) in expected {
        let found = told.get(*name).unwrap_or_else(|| panic!("no metric {name}"));
        let found = found.unwrap_or_else(|| panic!("{name} is null"));
        assert!((found - wanted).abs() < 1e-9 * wanted.abs().max(1.0), "{name} is {found}, not {wanted}");
    }
}

pub const PATIENT: &str = "client.retries = \"none\"";

#[test]
fn one_place_serves_in_the_order_of_arrival() {
    // At 1, 2, 3, 4; served from 1, 11, 21, 31: waits of 0, 9, 18, 27.
    let told = told(&[calls("chat", 1, 1, 4, PATIENT), capacity("us", "concurrency = 1\non_saturation = \"queue\"")]);
    assert_tells(
        &told,
        &[
            ("served", 4.0),
            ("queue_delay_mean_ms", 13_500.0),
            ("e2e_mean_ms", 23_500.0),
            ("ttft_mean_ms", 22_500.0),
            ("service_mean_ms", 10_000.0),
            ("capacities.us.waiting_peak", 3.0),
            ("capacities.us.in_flight_peak", 1.0),
            // 9 + 18 + 27 of 60 s, and 4 x 10 of 60 s.
            ("capacities.us.waiting_mean", 0.9),
            ("capacities.us.in_flight_mean", 40.0 / 60.0),
        ],
    );
}

#[test]
fn two_places_halve_the_wait() {
    // At 1, 2, 3, 4; served from 1, 2, 11, 12.
    let told = told(&[calls("chat", 1, 1, 4, PATIENT), capacity("us", "concurrency = 2\non_saturation = \"queue\"")]);
    assert_tells(&told, &[("served", 4.0), ("queue_delay_mean_ms", 4_000.0), ("capacities.us.waiting_peak", 2.0)]);
}

/// 500 tokens at 1, 700 at 2, 200 at 3.
fn large_between_small(saturation: &str) -> Told {
    told(&[
        calls("first", 1, 1, 1, "input_tokens = 400\nclient.retries = \"none\""),
        calls("large", 2, 1, 1, "input_tokens = 600\nclient.retries = \"none\""),
        calls("small", 3, 1, 1, PATIENT),
        capacity("us", &format!("tpm = 1000\non_saturation = \"{saturation}\"")),
    ])
}

#[test]
fn a_large_head_blocks_a_small_request_that_would_fit() {
    // The window holds 500 of 1,000. The large one waits for the minute, and the small one waits behind it.
    let told = large_between_small("queue");
    assert_tells(
        &told,
        &[
            ("served", 3.0),
            ("workloads.large.queue_delay_mean_ms", 58_000.0),
            ("workloads.small.queue_delay_mean_ms", 57_000.0),
        ],
    );
}

#[test]
fn without_a_queue_the_small_request_overtakes() {
    let told = large_between_small("throttle");
    assert_tells(
        &told,
        &[
            ("workloads.large.failed", 1.0),
            ("workloads.small.served", 1.0),
            ("workloads.small.queue_delay_mean_ms", 0.0),
            ("capacities.us.refused_tpm", 1.0),
        ],
    );
}

#[test]
fn who_has_waited_too_long_goes_on_along_the_route_in_the_same_attempt() {
    // At 1 and 2; the second waits from 2 to 6 and is then served by the next capacity.
    let told = told(&[
        calls("chat", 1, 1, 2, "route = [\"us\", \"eu\"]\nclient.retries = \"none\""),
        capacity("us", "concurrency = 1\non_saturation = \"queue\"\nmax_wait = \"4s\""),
        capacity("eu", ""),
    ]);
    assert_tells(
        &told,
        &[
            ("served", 2.0),
            ("attempts", 2.0),
            ("throttled_attempts", 0.0),
            ("offers", 3.0),
            ("throttled_offers", 1.0),
            ("spillover_rate", 0.5),
            ("queue_delay_mean_ms", 2_000.0),
            ("capacities.us.refused_max_wait", 1.0),
            ("capacities.us.waiting_mean", 4.0 / 60.0),
            ("capacities.eu.admitted", 1.0),
        ],
    );
}

#[test]
fn a_full_queue_refuses_who_comes_next() {
    // At 1 in service, at 2 in the only place of the queue, at 3 refused.
    let told = told(&[
        calls("chat", 1, 1, 3, PATIENT),
        capacity("us", "concurrency = 1\non_saturation = \"queue\"\nmax_queue = 1"),
    ]);
    assert_tells(
        &told,
        &[
            ("served", 2.0),
            ("failed", 1.0),
            ("throttled_attempts", 1.0),
            ("capacities.us.refused_queue_full", 1.0),
            ("queue_delay_mean_ms", 4_500.0),
        ],
    );
}

#[test]
fn who_gives_up_leaves_the_queue_unserved_and_unbilled() {
    // The second waits from 2, gives up at 7, and the third has its place at 11.
    let told = told(&[
        calls("first", 1, 1, 1, PATIENT),
        calls("second", 2, 1, 1, "client = { retries = \"none\", timeout = \"5s\" }"),
        calls("third", 3, 1, 1, PATIENT),
        capacity("us", "concurrency = 1\non_saturation = \"queue\""),
    ]);
    assert_tells(
        &told,
        &[
            ("workloads.second.timed_out", 1.0),
            ("workloads.second.attempts", 1.0),
            ("workloads.second.input_tokens", 0.0),
            ("workloads.second.cost_usd", 0.0),
            ("workloads.third.queue_delay_mean_ms", 8_000.0),
            ("capacities.us.admitted", 2.0),
            // 5 s of the second and 8 s of the third.
            ("capacities.us.waiting_mean", 13.0 / 60.0),
        ],
    );
}

const IMPATIENT: &str =
    "client = { attempt_timeout = \"4s\", retries.exponential = { max_attempts = 2, jitter = \"none\" } }";

#[test]
fn an_attempt_that_was_given_up_runs_on_and_keeps_its_place() {
    // In service from 1 to 11, given up at 5; the retry at 6 finds the place taken.
    let told = told(&[calls("chat", 1, 1, 1, IMPATIENT), capacity("us", "concurrency = 1")]);
    assert_tells(
        &told,
        &[
            ("failed", 1.0),
            ("timed_out", 0.0),
            ("attempts", 2.0),
            ("throttled_attempts", 1.0),
            ("unavailable_rate", 0.0),
            ("first_attempt_throttle_rate", 0.0),
            ("capacities.us.refused_concurrency", 1.0),
            ("capacities.us.in_flight_mean", 10.0 / 60.0),
            ("input_tokens", 100.0),
            ("output_tokens", 100.0),
            // The retry was refused, so that the first attempt alone is paid for.
            ("abandoned_attempts", 1.0),
            ("abandoned_usd", 200e-6),
            ("abandoned_retries_usd", 0.0),
            ("failure_rate", 1.0),
            ("timeout_rate", 0.0),
            ("refusal_rate", 1.0),
        ],
    );
}

#[test]
fn without_another_retry_a_request_that_was_given_up_is_timed_out_and_billed() {
    // In service from 1 to 11 and from 6 to 16; given up at 5 and 10.
    let told = told(&[calls("chat", 1, 1, 1, IMPATIENT), capacity("us", "")]);
    assert_tells(
        &told,
        &[
            ("timed_out", 1.0),
            ("failed", 0.0),
            ("attempts", 2.0),
            ("throttled_attempts", 0.0),
            ("unavailable_rate", 0.0),
            ("capacities.us.in_flight_peak", 2.0),
            ("input_tokens", 200.0),
            ("output_tokens", 200.0),
            ("cost_usd", 400e-6),
            ("abandoned_attempts", 2.0),
            ("abandoned_tokens", 400.0),
            ("abandoned_usd", 400e-6),
            ("abandoned_retries_usd", 200e-6),
            ("failure_rate", 1.0),
            ("timeout_rate", 1.0),
            ("refusal_rate", 0.0),
        ],
    );
}

#[test]
fn an_answer_at_the_very_time_out_is_served() {
    for key in ["timeout", "attempt_timeout"] {
        for (time, served) in [("10s", 1.0), ("9999999us", 0.0)] {
            let client = format!("client = {{ retries = \"none\", {key} = \"{time}\" }}");
            let told = told(&[calls("chat", 1, 1, 1, &client), capacity("us", "")]);
            assert_tells(&told, &[("served", served), ("timed_out", 1.0 - served), ("output_tokens", 100.0)]);
        }
    }
}

/// Requests of 200 and of 1,000 tokens, as luck has it, with a first capacity that admits 500 at most.
fn small_and_too_large(route: &str, first: &str) -> Told {
    let input = "input_tokens.empirical = { values = [100, 900] }";
    told(&[
        calls("chat", 1, 1, 40, &format!("{input}\nroute = {route}")),
        capacity("us", &format!("tpm = 500\nlimiter.sliding_window.window = \"60s\"\n{first}")),
        capacity("eu", ""),
    ])
}

#[test]
fn too_large_is_neither_retried_nor_a_429_nor_a_503() {
    let told = small_and_too_large("[\"us\"]", "on_saturation = \"queue\"");
    let too_large = told["capacities.us.refused_too_large"].unwrap();
    assert!(too_large > 0.0 && too_large < 40.0);
    assert_tells(
        &told,
        &[
            ("requests", 40.0),
            ("failed", too_large),
            ("attempts", 40.0),
            ("offers", 40.0),
            ("throttled_attempts", 0.0),
            ("throttled_offers", 0.0),
            ("unavailable_rate", 0.0),
        ],
    );
}

#[test]
fn too_large_for_one_capacity_goes_on_along_the_route() {
    for saturation in ["queue", "throttle"] {
        let told = small_and_too_large("[\"us\", \"eu\"]", &format!("on_saturation = \"{saturation}\""));
        let too_large = told["capacities.us.refused_too_large"].unwrap();
        let throttled = told["capacities.us.refused_tpm"].unwrap();
        assert!(too_large > 0.0 && too_large < 40.0);
        assert_tells(
            &told,
            &[
                ("served", 40.0),
                ("attempts", 40.0),
                ("throttled_attempts", 0.0),
                ("throttled_offers", throttled),
                ("spillover_rate", (too_large + throttled) / 40.0),
            ],
        );
    }
}

#[test]
fn exponential_retries_without_jitter_come_at_known_instants() {
    // The minute's only request goes at 1. Attempts at 57, 58 and 60, which is the next minute.
    let told = told(&[
        calls("first", 1, 1, 1, PATIENT),
        calls("second", 57, 1, 1, "client.retries.exponential = { jitter = \"none\" }"),
        capacity("us", "rpm = 1"),
    ]);
    assert_tells(
        &told,
        &[
            ("workloads.second.served", 1.0),
            ("workloads.second.attempts", 3.0),
            ("workloads.second.throttled_attempts", 2.0),
            ("workloads.second.first_attempt_throttle_rate", 1.0),
            ("workloads.second.queue_delay_mean_ms", 3_000.0),
            ("workloads.second.e2e_mean_ms", 13_000.0),
        ],
    );
}

#[test]
fn the_delay_before_a_retry_is_capped() {
    // Attempts at 45, 46, 48 and, with delays of at most 2 s, 50, 52, 54, 56, 58, 60.
    let client = "client.retries.exponential = { max_attempts = 9, cap = \"2s\", jitter = \"none\" }";
    let told = told(&[calls("first", 1, 1, 1, PATIENT), calls("second", 45, 1, 1, client), capacity("us", "rpm = 1")]);
    assert_tells(&told, &[("workloads.second.attempts", 9.0), ("workloads.second.queue_delay_mean_ms", 15_000.0)]);
}

#[test]
fn each_policy_has_its_number_of_attempts() {
    // All delays of legacy together are under 15 s, and the window stays full until 60.
    for (retries, attempts) in [("none", 1.0), ("standard", 3.0), ("exponential", 3.0), ("legacy", 5.0)] {
        let told = told(&[
            calls("first", 1, 1, 1, PATIENT),
            calls("second", 2, 1, 1, &format!("client.retries = \"{retries}\"")),
            capacity("us", "rpm = 1"),
        ]);
        assert_tells(
            &told,
            &[
                ("workloads.second.failed", 1.0),
                ("workloads.second.attempts", attempts),
                ("workloads.second.throttled_attempts", attempts),
                ("workloads.second.retry_amplification", attempts),
            ],
        );
    }
}

#[test]
fn what_the_first_capacity_refuses_spills_over() {
    let told = told(&[
        calls("chat", 1, 1, 4, "route = [\"us\", \"eu\"]"),
        capacity("us", "rpm = 1"),
        capacity("eu", "rpm = 3"),
    ]);
    assert_tells(
        &told,
        &[
            ("served", 4.0),
            ("spillover_rate", 0.75),
            ("attempts", 4.0),
            ("offers", 7.0),
            ("offer_throttle_rate", 3.0 / 7.0),
            ("throttle_rate", 0.0),
        ],
    );
}

#[test]
fn only_requests_of_the_measured_interval_count() {
    // One each second from 1 to 40, measured from 10 to 20: those at 10, …, 19. At any time ten are in service.
    let told =
        told_with(&[calls("chat", 1, 1, 40, PATIENT), capacity("us", "")], &["run.warmup=10s", "run.duration=10s"]);
    assert_tells(
        &told,
        &[
            ("requests", 10.0),
            ("served", 10.0),
            ("unfinished", 0.0),
            ("e2e_mean_ms", 10_000.0),
            ("output_tokens", 1_000.0),
            ("capacities.us.admitted", 10.0),
            ("capacities.us.in_flight_mean", 10.0),
        ],
    );
}

#[test]
fn what_is_open_when_the_cool_down_ends_is_unfinished() {
    // Measured at 10, …, 19; the run ends at 25.5, before the answers to those from 16 on.
    let told = told_with(
        &[calls("chat", 1, 1, 40, PATIENT), capacity("us", "")],
        &["run.warmup=10s", "run.duration=10s", "run.cooldown=5500ms"],
    );
    assert_tells(
        &told,
        &[("requests", 10.0), ("served", 6.0), ("unfinished", 4.0), ("failed", 0.0), ("output_tokens", 600.0)],
    );
}

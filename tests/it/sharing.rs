//! Capacities whose speed is shared by the requests in progress: by hand, and as queueing theory says.
//!
//! By hand an answer begins at once, a request alone writes 100 tokens a second, and the capacity writes as many.

use crate::fates::{Calls, Told, assert_tells, told};
use crate::playing::{agrees, play};

/// A capacity that writes `total` tokens a second, of which one request has at most `own`.
fn shared(own: &str, total: &str, keys: &str) -> String {
    format!(
        r#"
        [models.own]
        max_output_tokens = 1_000_000
        time_to_first_token = "0s"
        output_tokens_per_second = {own}
        prices = {{ input = "$1/1M", output = "$1/1M" }}
        [capacities.c.on_demand]
        contention.processor_sharing = {{ output_tokens_per_second = {total} }}
        {keys}
        "#
    )
}

fn by_hand(calls: &[Calls<'_>]) -> Told {
    told(calls, &shared("100", "100", ""))
}

#[test]
fn alone_a_request_has_all() {
    let told = by_hand(&[("a", "0,1,100 5,1,250", "")]);
    assert_tells(&told, &[("windows.at0.e2e_mean_ms", 1_000.0), ("windows.at5.e2e_mean_ms", 2_500.0)]);
}

#[test]
fn two_share_from_the_second_arrival_to_the_first_end() {
    // The first has written 50 tokens at 0.5 and 100 at 1.5; the second then has 50 to go alone, until 2.
    let told = by_hand(&[("a", "0,1,100 0.5,1,100 60,1,100 60.5,1,200", "")]);
    // The same with 200 tokens for the second: it has 150 to go at 61.5, until 63.
    assert_tells(
        &told,
        &[
            ("windows.at0.e2e_mean_ms", 1_500.0),
            ("windows.at60.e2e_mean_ms", (1_500.0 + 2_500.0) / 2.0),
            ("windows.at60.service_mean_ms", 2_000.0),
            ("queue_delay_mean_ms", 0.0),
            ("capacities.c.in_flight_peak", 2.0),
        ],
    );
}

#[test]
fn a_short_request_that_comes_late_leaves_first() {
    // 300 tokens from 0; 50 from 1, done at 2; the first has 300 - 100 - 50 to go, until 3.5.
    let told = by_hand(&[("long", "0,1,300", ""), ("short", "0,1,1 1,1,50", "")]);
    // Its forerunner of one token at 0 costs the long one 10 ms, before 1.
    assert_tells(
        &told,
        &[("windows.at1.e2e_mean_ms", 1_000.0), ("workloads.long.e2e_mean_ms", 3_510.0), ("windows.at1.served", 1.0)],
    );
}

#[test]
fn three_of_three_lengths_end_one_after_the_other() {
    // 100, 200 and 300 together: a third each until 3, half each until 5, all until 6.
    let told = by_hand(&[("a", "0,1,100", ""), ("b", "0,1,200", ""), ("c", "0,1,300", "")]);
    assert_tells(
        &told,
        &[
            ("workloads.a.e2e_mean_ms", 3_000.0),
            ("workloads.b.e2e_mean_ms", 5_000.0),
            ("workloads.c.e2e_mean_ms", 6_000.0),
            ("capacities.c.in_flight_mean", 14.0 / 600.0),
        ],
    );
}

#[test]
fn three_that_come_one_after_the_other() {
    // 100 at 0, at 0.5 and at 1. Written at 0.5: 50. At 1: 75, 25. From 1 on a third each: the first ends after 25 x 3
    // / 100 = 0.75 s, at 1.75, with 50 of the second and 25 of the third. The second ends after 50 x 2 / 100 = 1 s, at
    // 2.75, with 75 of the third, which ends at 3.
    let told = by_hand(&[("a", "0,1,100", ""), ("b", "0,1,1 60,1,1", ""), ("c", "0,1,1 60,1,1", "")]);
    // Single tokens beside the first: three share until 0.03, then it is alone.
    assert_tells(&told, &[("workloads.a.e2e_mean_ms", 1_020.0), ("windows.at60.e2e_mean_ms", 20.0)]);
    let told = by_hand(&[("a", "0,1,100 0.5,1,100 1,1,100", "")]);
    assert_tells(
        &told,
        &[
            // 1.75 and 2.75 - 0.5; 3 - 1.
            ("windows.at0.e2e_mean_ms", (1_750.0 + 2_250.0) / 2.0),
            ("windows.at1.e2e_mean_ms", 2_000.0),
        ],
    );
}

#[test]
fn what_does_not_divide_is_right_to_the_microsecond() {
    // 1 and 2 tokens at 7 a second: 2/7 s and 3/7 s.
    let told = told(&[("a", "0,1,1", ""), ("b", "0,1,2", "")], &shared("7", "7", ""));
    assert_tells(&told, &[("workloads.a.e2e_mean_ms", 285.714), ("workloads.b.e2e_mean_ms", 428.571)]);
    // 10, 11 and 13 tokens at 3 a second: 10 s; then 2 tokens at 1.5 each until 10.667; then 2 at 3 until 11.333.
    let told = self::told(&[("a", "0,1,10", ""), ("b", "0,1,11", ""), ("c", "0,1,13", "")], &shared("3", "3", ""));
    assert_tells(
        &told,
        &[
            ("workloads.a.e2e_mean_ms", 10_000.0),
            ("workloads.b.e2e_mean_ms", 10_666.667),
            ("workloads.c.e2e_mean_ms", 11_333.333),
        ],
    );
}

#[test]
fn what_one_cannot_use_is_lost_and_not_passed_on() {
    // At most 40 of 100 each: two have 40 and leave 20 unused. From 1 on three have 33.3, with 40, 40 and 40 to go.
    let told = told(&[("a", "0,1,80", ""), ("b", "0,1,80", ""), ("c", "0,1,1 1,1,40", "")], &shared("40", "100", ""));
    // A forerunner of one token: a third each, 33.3, until 0.03; a and b are 0.2 tokens behind from then on, 5 ms alone.
    // At 1: 39.8 written. All three share until c's 40 end at 2.2, when a and b have 0.2 to go at 40: 5 ms.
    assert_tells(
        &told,
        &[
            ("windows.at1.e2e_mean_ms", 1_200.0),
            ("workloads.a.e2e_mean_ms", 2_205.0),
            ("workloads.b.e2e_mean_ms", 2_205.0),
        ],
    );
}

#[test]
fn below_its_share_a_request_writes_at_its_own_speed() {
    // Ten at 10 each of 100: nobody is slowed. The eleventh slows all to 9.09.
    let ten = "0,1,100 ".repeat(10);
    assert_tells(&told(&[("a", &ten, "")], &shared("10", "100", "")), &[("e2e_mean_ms", 10_000.0)]);
    let eleven = "0,1,100 ".repeat(11);
    assert_tells(&told(&[("a", &eleven, "")], &shared("10", "100", "")), &[("e2e_mean_ms", 11_000.0)]);
}

#[test]
fn who_waits_for_a_place_takes_no_share() {
    // Two places: two share until 2, then the third is alone until 3.
    let told = told(
        &[("a", "0,1,100", ""), ("b", "0,1,100", ""), ("c", "0,1,100", "")],
        &shared("100", "100", "concurrency = 2\non_saturation = \"queue\""),
    );
    assert_tells(
        &told,
        &[
            ("workloads.a.e2e_mean_ms", 2_000.0),
            ("workloads.b.e2e_mean_ms", 2_000.0),
            ("workloads.c.queue_delay_mean_ms", 2_000.0),
            ("workloads.c.e2e_mean_ms", 3_000.0),
        ],
    );
}

#[test]
fn an_attempt_that_was_given_up_keeps_its_share() {
    let told = told(
        &[("a", "0,1,100", ""), ("b", "0,1,100", "client = { retries = \"none\", timeout = \"1s\" }")],
        &shared("100", "100", ""),
    );
    assert_tells(
        &told,
        &[("workloads.b.timed_out", 1.0), ("workloads.a.e2e_mean_ms", 2_000.0), ("output_tokens", 200.0)],
    );
}

#[test]
fn a_reservation_comes_back_when_a_slowed_answer_ends() {
    // 1,001 of 1,101 reserved at 0; alone the answer would end at 1, with its neighbour at 1.5. At 1.25 there is no
    // room yet; at 1.5 101 are left of the first and 101 of the second.
    let told = told(&[("a", "0,1,100,900 0.5,1,100 1.25,1,100 2,1,100", "")], &shared("100", "100", "tpm = 1002"));
    assert_tells(&told, &[("served", 3.0), ("windows.at1.failed", 1.0), ("windows.at2.served", 1.0)]);
}

#[test]
fn a_curve_lengthens_service_by_the_share_of_places_taken() {
    // The new one counts: 1, 2, 3 and 4 of 4 places; 1 up to a quarter, 4 from three quarters on, linear between.
    let told = told(
        &[("a", "0,1,1", ""), ("b", "0,1,1", ""), ("c", "0,1,1", ""), ("d", "0,1,1", "")],
        r#"
        [models.own]
        max_output_tokens = 1_000
        time_to_first_token = "1s"
        output_tokens_per_second = 1_000_000_000
        [capacities.c.on_demand]
        concurrency = 4
        contention.curve.points = [{ utilization = 0.25, factor = 1 }, { utilization = 0.75, factor = 4 }]
        "#,
    );
    assert_tells(
        &told,
        &[
            ("workloads.a.e2e_mean_ms", 1_000.0),
            ("workloads.b.e2e_mean_ms", 2_500.0),
            ("workloads.c.e2e_mean_ms", 4_000.0),
            ("workloads.d.e2e_mean_ms", 4_000.0),
        ],
    );
}

#[test]
fn a_curve_holds_for_the_whole_of_a_service() {
    // 9 s to the first token and 1 s of tokens, at a factor of 2.
    let told = told(
        &[("a", "0,100,100", "")],
        "[capacities.c.on_demand]\nconcurrency = 4\ncontention.curve.points = [{ utilization = 0, factor = 2 }]",
    );
    assert_tells(&told, &[("ttft_mean_ms", 18_000.0), ("e2e_mean_ms", 20_000.0)]);
}

// ── Theory ──────────────────────────────────────────────────────────────────────────────────────────────────────────

/// Poisson arrivals at `rate` a second on a capacity of 1,000 tokens a second.
fn theory(rate: f64, tokens: &str, own: u32, duration: &str, seed: u64, keys: &str) -> String {
    format!(
        r#"
        [run]
        duration = "{duration}"
        warmup = "10m"
        replications = 12
        confidence = 0.999
        seed = {seed}
        {}
        [workloads.w]
        model = "own"
        arrivals.poisson.rate = "{rate}/s"
        input_tokens = 1
        output_tokens{tokens}
        client.retries = "none"
        "#,
        shared(&own.to_string(), "1_000", keys)
    )
}

/// The truth lies in an interval of a few per cent.
#[track_caller]
fn agrees_closely(point: &bedload::results::Point, name: &str, truth: f64) {
    agrees(point, name, truth);
    let half = point.metrics[name].half_width.unwrap();
    assert!(half <= 0.04 * truth, "{name}: ± {half} for {truth} is too wide");
}

/// Three laws of a mean of 1,000 tokens: one second each.
const LAWS: [&str; 3] = [" = 1_000", ".exponential.mean = 1_000", ".lognormal = { mean = 1_000, cv = 1.5 }"];

#[test]
fn processor_sharing_answers_in_service_over_one_less_load_whatever_the_law() {
    for (seed, law) in (21..).zip(LAWS) {
        let point = play(&theory(0.5, law, 1_000, "16h", seed, ""));
        agrees_closely(&point, "e2e_mean_ms", 1_000.0 / (1.0 - 0.5));
        agrees_closely(&point, "capacities.c.in_flight_mean", 0.5 / (1.0 - 0.5));
    }
}

#[test]
fn processor_sharing_at_load_0_8_answers_five_times_as_late_whatever_the_law() {
    for (seed, law) in (31..).zip(LAWS) {
        let point = play(&theory(0.8, law, 1_000, "60h", seed, ""));
        agrees_closely(&point, "e2e_mean_ms", 1_000.0 / (1.0 - 0.8));
    }
}

#[test]
fn each_length_is_slowed_by_the_same_factor() {
    // 200 and 1,800 tokens, half each, at a load of 0.6.
    let text = theory(0.3, " = 200", 1_000, "24h", 41, "").replace("[workloads.w]", "[workloads.short]")
        + r#"
        [workloads.long]
        model = "own"
        arrivals.poisson.rate = "0.3/s"
        input_tokens = 1
        output_tokens = 1_800
        client.retries = "none"
        "#;
    let point = play(&text);
    agrees_closely(&point, "workloads.short.e2e_mean_ms", 200.0 / (1.0 - 0.6));
    agrees_closely(&point, "workloads.long.e2e_mean_ms", 1_800.0 / (1.0 - 0.6));
}

#[test]
fn shares_that_are_capped_make_as_many_servers() {
    // At most a quarter each: as many in progress as in M/M/4, of 1 s each at a load of 0.75.
    let (a, c) = (3.0_f64, 4.0_f64);
    let blocked = (1..=4).fold(1.0, |b, n| a * b / (f64::from(n) + a * b));
    let waits = blocked / (1.0 - a / c * (1.0 - blocked));
    let point = play(&theory(3.0, ".exponential.mean = 250", 250, "16h", 51, ""));
    agrees_closely(&point, "e2e_mean_ms", 1_000.0 * (1.0 + waits / (c - a)));
}

#[test]
fn with_few_places_as_many_are_turned_away_whatever_the_law() {
    // M/G/1/3 under processor sharing: rho^3 (1 - rho) / (1 - rho^4).
    let rho = 0.8_f64;
    let cube = rho * rho * rho;
    for (seed, law) in (61..).zip(LAWS) {
        let point = play(&theory(rho, law, 1_000, "16h", seed, "concurrency = 3"));
        agrees_closely(&point, "throttle_rate", cube * (1.0 - rho) / (1.0 - cube * rho));
    }
}

#[test]
fn a_shared_capacity_that_nobody_asks_changes_nothing() {
    let told = told(
        &[("w", "0,1,100 1,1,100", "route = \"b\"")],
        "[capacities.a.on_demand]\ncontention.processor_sharing = { output_tokens_per_second = 60 }\n[capacities.b.on_demand]\nrpm = 2\n[capacities.c.on_demand]\nrpm = 1",
    );
    assert_tells(&told, &[("served", 2.0), ("capacities.b.admitted", 2.0), ("capacities.c.admitted", 0.0)]);
}

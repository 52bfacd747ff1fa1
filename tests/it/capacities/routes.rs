//! Capacities behind one another: tiers, latency-optimised inference, failover, refusals that take time; and a day for all.

use crate::fates::{OWN, assert_tells, told};

#[test]
fn tiers_share_one_quota() {
    let told = told(
        &[("a", "0,100,100", "tier = \"priority\""), ("b", "0,100,100", ""), ("c", "0,100,100", "tier = \"flex\"")],
        "[capacities.us.on_demand]\nrpm = 2",
    );
    assert_tells(
        &told,
        &[
            ("served", 2.0),
            ("capacities.us.refused_rpm", 1.0),
            ("workloads.a.served", 1.0),
            ("workloads.b.served", 1.0),
            ("workloads.c.served", 0.0),
        ],
    );
}

#[test]
fn a_tier_changes_the_latency_by_the_factors_that_are_given() {
    // 9 s x 2 and 1 s / 0.5.
    let told = told(
        &[("a", "0,100,100", "tier.flex = { latency_factor = 2, speed_factor = 0.5 }"), ("b", "0,100,100", "")],
        "[capacities.us.on_demand]",
    );
    assert_tells(
        &told,
        &[
            ("workloads.a.ttft_mean_ms", 18_000.0),
            ("workloads.a.e2e_mean_ms", 20_000.0),
            ("workloads.b.e2e_mean_ms", 10_000.0),
        ],
    );
}

#[test]
fn above_its_quota_latency_optimized_goes_on_to_standard() {
    let told = told(
        &[("a", "0,100,100 1,100,100", "route = [\"fast\", \"us\"]")],
        r#"
        [capacities.fast.latency_optimized]
        rpm = 1
        prices = { input = "$2/1M", output = "$2/1M" }
        time_to_first_token = "1s"
        [capacities.us.on_demand]
        "#,
    );
    assert_tells(
        &told,
        &[
            ("served", 2.0),
            ("spillover_rate", 0.5),
            ("throttled_attempts", 0.0),
            ("windows.at0.e2e_mean_ms", 2_000.0),
            ("windows.at1.e2e_mean_ms", 10_000.0),
            ("capacities.fast.cost_usd", 400e-6),
            ("capacities.us.cost_usd", 200e-6),
        ],
    );
}

const KNOWN_RETRIES: &str = "client.retries.exponential = { jitter = \"none\" }\nroute = [\"a\", \"b\"]\n";

#[test]
fn at_once_asks_the_next_capacity_in_the_same_attempt() {
    let told = told(
        &[("w", "0,100,100 1,100,100", KNOWN_RETRIES)],
        "[capacities.a.on_demand]\nrpm = 1\n[capacities.b.on_demand]",
    );
    assert_tells(
        &told,
        &[("served", 2.0), ("attempts", 2.0), ("offers", 3.0), ("windows.at1.queue_delay_mean_ms", 0.0)],
    );
}

#[test]
fn after_retries_exhausts_one_capacity_before_the_next() {
    // On `a` at 1, 2 and 4, then on `b`.
    let told = told(
        &[("w", "0,100,100 1,100,100", &format!("{KNOWN_RETRIES}failover = \"after_retries\""))],
        "[capacities.a.on_demand]\nrpm = 1\n[capacities.b.on_demand]",
    );
    assert_tells(
        &told,
        &[
            ("served", 2.0),
            ("spillover_rate", 0.5),
            ("offers", 5.0),
            ("throttled_offers", 3.0),
            ("capacities.a.refused_rpm", 3.0),
            ("windows.at1.queue_delay_mean_ms", 3_000.0),
        ],
    );
}

#[test]
fn after_retries_fails_when_the_last_capacity_is_exhausted_too() {
    let told = told(
        &[("w", "0,100,100 1,100,100 2,100,100", &format!("{KNOWN_RETRIES}failover = \"after_retries\""))],
        "[capacities.a.on_demand]\nrpm = 1\n[capacities.b.on_demand]\nrpm = 1",
    );
    // Three on `a` and one on `b`; three on each.
    assert_tells(&told, &[("served", 2.0), ("failed", 1.0), ("offers", 11.0), ("throttled_offers", 9.0)]);
}

#[test]
fn a_refusal_takes_its_time_to_reach_the_caller() {
    // Refused by `a` at 1, told at 1.5.
    let told = told(
        &[("w", "0,100,100 1,100,100", KNOWN_RETRIES)],
        "[capacities.a.on_demand]\nrpm = 1\nrefusal_latency = \"500ms\"\n[capacities.b.on_demand]",
    );
    assert_tells(&told, &[("served", 2.0), ("windows.at1.queue_delay_mean_ms", 500.0)]);
}

#[test]
fn back_off_begins_when_the_refusal_has_arrived() {
    // Refused at 57, told at 57.5; refused at 58.5, told at 59; served at 61.
    let told = told(
        &[("w", "0,100,100 57,100,100", "client.retries.exponential = { jitter = \"none\" }")],
        "[capacities.a.on_demand]\nrpm = 1\nrefusal_latency = \"500ms\"",
    );
    assert_tells(
        &told,
        &[("served", 2.0), ("windows.at57.attempts", 3.0), ("windows.at57.queue_delay_mean_ms", 4_000.0)],
    );
}

#[test]
fn an_account_wide_day_is_shared_by_capacities_of_different_models() {
    // 600 of 1,000 at 0, 400 more at 1; nothing is left at 2 and 3. Midnight is at 60.
    let told = told(
        &[
            ("a", "0,500,100 2,100,100 61,500,100", "model = \"own\"\nroute = \"x\""),
            ("b", "0,1,1 1,300,100 3,1,1 62,300,100", "model = \"other\"\nroute = \"y\""),
        ],
        &format!(
            r#"
            [run]
            start = "2026-01-01T23:59:00Z"
            duration = "10m"
            warmup = "0s"
            replications = 1
            {}
            [models.other]
            max_output_tokens = 1_000
            time_to_first_token = "1s"
            output_tokens_per_second = 100
            [quotas.account]
            tpd = 1002
            [capacities.x.on_demand]
            quota = "account"
            [capacities.y.on_demand]
            quota = ["account"]
            rpm = 100
            "#,
            OWN.replace("output_burndown = 5", "")
        ),
    );
    assert_tells(
        &told,
        &[
            ("windows.at0.served", 2.0),
            ("windows.at1.served", 1.0),
            ("windows.at2.served", 0.0),
            ("windows.at3.served", 0.0),
            ("windows.at61.served", 1.0),
            ("windows.at62.served", 1.0),
            ("quotas.account.tpd.refused", 2.0),
            ("capacities.x.refused_tpd", 1.0),
            ("capacities.y.refused_tpd", 1.0),
        ],
    );
}

#[test]
fn a_retry_is_served_at_the_speed_of_where_it_is_served() {
    // Given up at 2 where the first token takes 3 s more; then 10 ms and 1 s where it does not.
    let told = told(
        &[(
            "w",
            "0,100,1",
            "client = { retries = \"none\", attempt_timeout = \"2s\" }\nfailover = \"after_retries\"\nroute = [\"far\", \"near\"]",
        )],
        &format!(
            "{}[capacities.far.cross_region]\nprofile = \"us\"\nsource_region = \"us-east-1\"\ndestinations = [{{ region = \"us-east-1\", round_trip = \"3s\" }}]\n[capacities.near.on_demand]",
            OWN.replace("\"9s\"", "\"1s\"")
        ),
    );
    assert_tells(&told, &[("served", 1.0), ("e2e_mean_ms", 3_010.0), ("capacities.near.in_flight_mean", 1.01 / 600.0)]);
}

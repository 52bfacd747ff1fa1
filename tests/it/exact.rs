//! Figures that must hold exactly: AWS's own worked examples and rows that follow from the rules by hand.

use bedload::model::client::retry::{Cause, RetryPolicy, RetryQuotas};
use bedload::model::service::Burndown;
use bedload::random::{Purpose, Stream};
use bedload::units::parse;

use crate::playing::{play, value};

/// One request against a quota: what is reserved of it, what is charged, what is billed.
fn one_request(input: u64, output: u64, max_tokens: &str, burndown: u64, cache: &str) -> [f64; 4] {
    let point = play(&format!(
        r#"
        [run]
        duration = "90s"
        warmup = "0s"
        replications = 1
        [models.m]
        max_output_tokens = 64_000
        output_burndown = {burndown}
        time_to_first_token = "1s"
        output_tokens_per_second = 1_000
        prices = {{ input = "$3/1M", output = "$15/1M" }}
        [workloads.w]
        model = "m"
        arrivals.constant.rate = "1/min"
        input_tokens = {input}
        output_tokens = {output}
        {max_tokens}
        {cache}
        [capacities.c.on_demand]
        tpm = 1_000_000
        limiter.fixed_window = {{ window = "1h" }}
        "#
    ));
    let per_hour = 60.0;
    [
        (value(&point, "capacities.c.tpm.occupied_peak_per_min") * per_hour).round(),
        value(&point, "capacities.c.tpm.charged"),
        value(&point, "capacities.c.tpm.reserved_unused_tokens"),
        value(&point, "input_tokens") + value(&point, "output_tokens"),
    ]
}

#[test]
fn awss_example_of_a_large_cap_reserves_36_000_and_charges_9_000() {
    let cache = "cache = { read_share = 0.5, write_share = 0.125 }";
    let [reserved, charged, unused, billed] = one_request(8_000, 1_000, "max_tokens = 32_000", 5, cache);
    assert_eq!([reserved, charged, unused, billed], [36_000.0, 9_000.0, 27_000.0, 9_000.0]);
}

#[test]
fn awss_example_of_a_small_cap_reserves_5_250_and_is_debited_to_9_000() {
    let cache = "cache = { read_share = 0.5, write_share = 0.125 }";
    let [reserved, charged, unused, billed] = one_request(8_000, 1_000, "max_tokens = 1_250", 5, cache);
    // The debit leaves the limiter above the reservation: the peak is the charge.
    assert_eq!([reserved, charged, unused, billed], [9_000.0, 9_000.0, 0.0, 9_000.0]);
}

#[test]
fn billing_knows_no_burndown() {
    let [_, charged, _, billed] = one_request(1_000, 100, "max_tokens = 1_000", 5, "");
    assert_eq!([charged, billed], [1_500.0, 1_100.0]);
}

#[test]
fn an_unset_max_tokens_reserves_the_models_maximum() {
    let [reserved, charged, unused, _] = one_request(1_000, 100, "", 1, "");
    assert_eq!([reserved, charged, unused], [65_000.0, 1_100.0, 63_900.0]);
}

#[test]
fn charges_that_are_not_whole_round_half_up() {
    assert_eq!(Burndown { millionths: 1_500_000 }.of(1), 2);
    assert_eq!(Burndown { millionths: 1_500_000 }.of(3), 5);
    assert_eq!(Burndown { millionths: 1_400_000 }.of(1), 1);
}

#[test]
fn awss_price_examples_come_out_to_the_cent() {
    let hourly = |price, units: u64, hours: u64| parse::hourly_price(price).unwrap().of(units * hours).to_string();
    assert_eq!(hourly("$18.40/h", 2, 24 * 31), "$27,379.20");
    assert_eq!(hourly("$16.20/h", 1, 24 * 31), "$12,052.80");
    let tokens = |price, n| parse::token_price(price).unwrap().of(n);
    assert_eq!((tokens("$0.0003/1K", 2_000) + tokens("$0.0004/1K", 1_000)).to_string(), "$0.001");
}

#[test]
fn a_token_bucket_admits_its_capacity_and_its_refill() {
    // Capacity 300, refill 5 a second, demand 20 a second for 100 s: 300 + 5 x 100, to one request.
    let point = play(
        r#"
        [run]
        duration = "100s"
        warmup = "0s"
        replications = 1
        [models.m]
        max_output_tokens = 1
        time_to_first_token = "1ms"
        output_tokens_per_second = 1_000
        [workloads.w]
        model = "m"
        arrivals.constant.rate = "20/s"
        input_tokens = 1
        output_tokens = 1
        client.retries = "none"
        [capacities.c.on_demand]
        rpm = 300
        limiter = "token_bucket"
        "#,
    );
    assert!((value(&point, "served") - 800.0).abs() <= 1.0);
    assert_eq!(value(&point, "requests"), 1_999.0, "the 2,000th arrives as the interval ends");
}

#[test]
fn a_fixed_window_admits_exactly_its_limit_in_each_minute() {
    let point = play(
        r#"
        [run]
        duration = "10m"
        warmup = "0s"
        replications = 1
        [models.m]
        max_output_tokens = 1
        time_to_first_token = "1ms"
        output_tokens_per_second = 1_000
        [workloads.w]
        model = "m"
        arrivals.constant.rate = "10/s"
        input_tokens = 1
        output_tokens = 1
        client.retries = "none"
        [capacities.c.on_demand]
        rpm = 100
        "#,
    );
    assert_eq!(value(&point, "served"), 1_000.0);
    assert_eq!(value(&point, "capacities.c.rpm.utilization_mean"), 1.0);
    assert_eq!(value(&point, "capacities.c.rpm.utilization_peak"), 1.0);
    assert_eq!(value(&point, "capacities.c.refused_rpm"), value(&point, "failed"));
}

/// Returns what is left of the retry quota after many requests whose attempts fail with probability `p`, and whether
/// the quota ever ran dry.
fn quota_after(p: f64, cause: Cause) -> bool {
    let policy = RetryPolicy::STANDARD;
    let mut quotas = RetryQuotas::new(policy.quota, 1);
    let stream = Stream::new(1, 0, Purpose::Unavailable, "retry quota");
    let mut dry = 0;
    let requests = 400_000;
    for request in 0..requests {
        let luck = stream.within(request);
        let mut last_cost = 0;
        for attempt in 0..policy.max_attempts {
            if luck.uniform(u64::from(attempt)) >= p {
                quotas.give_back(request, last_cost);
                break;
            }
            if attempt + 1 == policy.max_attempts {
                break;
            }
            match quotas.take(request, cause) {
                Some(cost) => last_cost = cost,
                None => {
                    dry += 1;
                    break;
                }
            }
        }
    }
    // Above the threshold retries are refused all the time; below it, next to never.
    dry > requests / 100
}

#[test]
fn the_retry_quota_drains_above_a_failure_share_of_0_3207_throttled_and_0_2149_transient() {
    assert!(!quota_after(0.3207 - 0.02, Cause::Throttled));
    assert!(quota_after(0.3207 + 0.03, Cause::Throttled));
    assert!(!quota_after(0.2149 - 0.02, Cause::Transient));
    assert!(quota_after(0.2149 + 0.03, Cause::Transient));
}

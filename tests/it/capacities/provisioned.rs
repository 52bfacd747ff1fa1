//! Model Units: two limits, two ways to admit, and purchases that come and go.

use crate::fates::{assert_tells, refusal, told};
use crate::playing::{play, value};

/// 50 requests a minute, each of 100 tokens in and 1,000 out, measured for ten whole minutes.
fn five_thousand_in_and_fifty_thousand_out(units: u32) -> bedload::results::Point {
    play(&format!(
        r#"
        [run]
        duration = "10m"
        warmup = "1m"
        replications = 1
        [models.own]
        max_output_tokens = 1_000
        output_burndown = 5
        time_to_first_token = "1s"
        output_tokens_per_second = 1_000
        [workloads.w]
        model = "own"
        arrivals.constant.rate = "50/min"
        input_tokens = 100
        output_tokens = 1_000
        client.retries = "none"
        [capacities.dedicated.provisioned]
        model_units = {units}
        input_tpm_per_unit = 50_000
        output_tpm_per_unit = 10_000
        price_per_unit = "$1/h"
        "#
    ))
}

#[test]
fn the_two_limits_of_model_units_are_never_added() {
    // 5,000 and 50,000 of 50,000 and 10,000 a unit: the output alone needs five. Adding would say one.
    for (units, served) in [(5, 500.0), (4, 400.0), (1, 100.0)] {
        let point = five_thousand_in_and_fifty_thousand_out(units);
        assert_eq!(value(&point, "requests"), 500.0);
        assert_eq!(value(&point, "served"), served, "{units} units");
        assert_eq!(value(&point, "capacities.dedicated.refused_output"), 500.0 - served);
        assert_eq!(value(&point, "capacities.dedicated.refused_input"), 0.0);
        assert_eq!(value(&point, "capacities.dedicated.output.utilization_mean"), 1.0);
    }
}

#[test]
fn reserve_holds_the_cap_back_and_settles_it() {
    // 1,000 of 1,000 from 0; refused at 1; settled to 600 at 15, so that at 20 another 400 fit and 401 do not.
    for (second, served) in [("400", 2.0), ("401", 1.0)] {
        let told = told(
            &[("a", &format!("0,100,600,1000 1,100,100 20,100,{second}"), "")],
            "[capacities.d.provisioned]\nmodel_units = 1\ninput_tpm_per_unit = 50_000\noutput_tpm_per_unit = 1_000\nprice_per_unit = \"$1/h\"",
        );
        assert_tells(&told, &[("served", served), ("capacities.d.refused_output", 3.0 - served)]);
    }
}

#[test]
fn post_charge_admits_while_anything_is_left_and_debits_at_the_end() {
    // Both of the first are in before either is charged: 500 at 14, and 499, 500 or 600 a second later.
    for (second, third) in [("499", 1.0), ("500", 0.0), ("600", 0.0)] {
        let told = told(
            &[("a", &format!("0,100,500,1000 1,100,{second},1000 20,100,900,1000 60,100,100,1000"), "")],
            "[capacities.d.provisioned]\nmodel_units = 1\ninput_tpm_per_unit = 50_000\noutput_tpm_per_unit = 1_000\nprice_per_unit = \"$1/h\"\nadmission = \"post_charge\"",
        );
        assert_tells(
            &told,
            &[
                ("windows.at0.served", 1.0),
                ("windows.at1.served", 1.0),
                ("windows.at20.served", third),
                // The excess does not carry over into the next minute.
                ("windows.at60.served", 1.0),
                ("capacities.d.refused_output", 1.0 - third),
            ],
        );
    }
}

#[test]
fn post_charge_is_of_the_output_alone() {
    // Input is reserved as always: 200 of 300.
    let told = told(
        &[("a", "0,200,100,1000 1,200,100,1000", "")],
        "[capacities.d.provisioned]\nmodel_units = 1\ninput_tpm_per_unit = 300\noutput_tpm_per_unit = 100_000\nprice_per_unit = \"$1/h\"\nadmission = \"post_charge\"",
    );
    assert_tells(&told, &[("served", 1.0), ("capacities.d.refused_input", 1.0)]);
}

#[test]
fn post_charge_pays_a_buckets_debt_before_it_admits() {
    // 1,000 a minute, full until 16, when the first is charged 700; 317 at 17, when the second is: 383 of debt, which
    // are paid at 40. Nothing is not above zero.
    for (at, served) in [("39.9", 0.0), ("40", 0.0), ("40.1", 1.0)] {
        let told = told(
            &[("a", &format!("0,100,700,1000 1,100,700,1000 {at},100,100"), "")],
            "[capacities.d.provisioned]\nmodel_units = 1\ninput_tpm_per_unit = 50_000\noutput_tpm_per_unit = 1_000\nprice_per_unit = \"$1/h\"\nadmission = \"post_charge\"\nlimiter = \"token_bucket\"",
        );
        assert_tells(&told, &[("served", 2.0 + served), ("capacities.d.refused_output", 1.0 - served)]);
    }
}

#[test]
fn purchases_come_when_they_are_ready_and_end_as_a_whole() {
    // 300 of input a unit. One unit from the start; a second is bought at 5, ready at 20, and ends at 40.
    let rows = "0,100,100 1,100,100 2,100,100 3,100,100 19,100,100 20,100,100 21,100,100 22,100,100 23,100,100 \
                39.5,100,100 41,100,100 60,100,100 61,100,100 62,100,100 63,100,100";
    let told = told(
        &[("a", rows, "")],
        r#"
        [capacities.d.provisioned]
        model_units = 1
        input_tpm_per_unit = 300
        output_tpm_per_unit = 100_000
        price_per_unit = "$1/h"
        purchases = [{ model_units = 1, at = "5s", ready_after = "15s", ends = "40s" }]
        "#,
    );
    assert_tells(
        &told,
        &[
            ("served", 9.0),
            ("capacities.d.refused_input", 6.0),
            ("windows.at3.served", 0.0),
            ("windows.at19.served", 0.0),
            ("windows.at20.served", 1.0),
            ("windows.at22.served", 1.0),
            ("windows.at23.served", 0.0),
            ("windows.at39.served", 0.0),
            ("windows.at41.served", 0.0),
            ("windows.at62.served", 1.0),
            ("windows.at63.served", 0.0),
        ],
    );
}

#[test]
fn units_that_are_not_ready_yet_answer_not_ready() {
    let told = told(
        &[("a", "0,100,100 19.999999,100,100 20,100,100 39,100,100 41,100,100", "")],
        r#"
        [capacities.d.provisioned]
        input_tpm_per_unit = 50_000
        output_tpm_per_unit = 50_000
        price_per_unit = "$1/h"
        purchases = [{ model_units = 1, at = "10s", ready_after = "10s", ends = "40s" }]
        "#,
    );
    assert_tells(
        &told,
        &[
            ("served", 2.0),
            ("windows.at20.served", 1.0),
            ("windows.at39.served", 1.0),
            ("windows.at41.served", 0.0),
            // It is a 429.
            ("throttled_attempts", 3.0),
            ("unavailable_rate", 0.0),
        ],
    );
    assert!(told["capacities.d.refused_not_ready"].unwrap() >= 2.0);
}

#[test]
fn a_queue_holds_what_comes_before_units_are_ready() {
    // Two wait for 20, and nobody is too large for what is not there yet.
    let told = told(
        &[("a", "0,100,100 1,100,100", "")],
        r#"
        [capacities.d.provisioned]
        input_tpm_per_unit = 50_000
        output_tpm_per_unit = 50_000
        price_per_unit = "$1/h"
        on_saturation = "queue"
        purchases = [{ model_units = 1, at = "10s", ready_after = "10s" }]
        "#,
    );
    assert_tells(
        &told,
        &[
            ("served", 2.0),
            ("capacities.d.refused_too_large", 0.0),
            ("windows.at0.queue_delay_mean_ms", 20_000.0),
            ("windows.at1.queue_delay_mean_ms", 19_000.0),
        ],
    );
}

#[test]
fn an_unsure_figure_is_played_at_its_low_end() {
    let told = told(
        &[("a", "0,100,100 1,100,100", "")],
        r#"
        [capacities.d.provisioned]
        model_units = 1
        input_tpm_per_unit = { low = 100, high = 200 }
        output_tpm_per_unit = { low = 10_000, high = 20_000 }
        price_per_unit = "$1/h"
        "#,
    );
    assert_tells(&told, &[("served", 1.0), ("capacities.d.refused_input", 1.0)]);
}

#[test]
fn models_that_are_not_sold_by_the_unit_are_refused() {
    for id in ["anthropic.claude-sonnet-4-6", "us.amazon.nova-pro-v1:0"] {
        let said = refusal(
            &[("a", "0,100,100", "")],
            &format!(
                "[models.own]\nid = \"{id}\"\n[capacities.d.provisioned]\nmodel_units = 1\ninput_tpm_per_unit = 1000\noutput_tpm_per_unit = 1000\nprice_per_unit = \"$1/h\""
            ),
        );
        assert!(said.to_lowercase().contains("provisioned"), "{said}");
    }
}

/// Answers of 1,000 tokens in 59 s, one request a second for an hour.
fn long_answers(limiter: &str) -> bedload::results::Point {
    play(&format!(
        r#"
        run = {{ duration = "60m", warmup = "10m", replications = 1 }}
        [models.slow]
        max_output_tokens = 1_000
        time_to_first_token = "9s"
        output_tokens_per_second = 20
        [workloads.w]
        model = "slow"
        arrivals.constant.rate = "1/s"
        input_tokens = 1
        output_tokens = 1_000
        client.retries = "none"
        [capacities.d.provisioned]
        model_units = 1
        input_tpm_per_unit = 1_000_000
        output_tpm_per_unit = 2_000
        admission = "post_charge"
        limiter = "{limiter}"
        "#
    ))
}

#[test]
fn post_charge_dates_the_whole_charge_at_the_end_of_the_answer() {
    // Admitted until the second answer has ended, about a minute; each charge counts for a minute from its answer's end on,
    // the last of them two minutes after the first admission: a minute open, two closed.
    let point = long_answers("sliding_window");
    assert_eq!((value(&point, "requests"), value(&point, "served")), (3_600.0, 1_200.0));
}

#[test]
fn what_bought_output_reserves_in_vain_is_told_by_limit() {
    let of = |admission: &str| {
        told(
            &[("w", "0,100,100,400 20,100,50,100", "")],
            &format!(
                "[capacities.d.provisioned]\nmodel_units = 1\ninput_tpm_per_unit = 1_000\noutput_tpm_per_unit = 1_000\n\
                 admission = \"{admission}\"\n"
            ),
        )
    };
    for (admission, unused) in [("reserve", 350.0), ("post_charge", 0.0)] {
        assert_tells(
            &of(admission),
            &[
                ("capacities.d.output.reserved_unused_tokens", unused),
                ("capacities.d.input.reserved_unused_tokens", 0.0),
                ("capacities.d.reserved_unused_tokens", unused),
            ],
        );
    }
}

#[test]
fn a_purchase_beside_a_shared_quota_is_counted_by_each_as_it_reserves() {
    // The quota is charged 100 + 5 x 100 of 500 reserved: nothing is left of it. The bought output keeps 300 of its cap.
    let told = told(
        &[("w", "0,100,100,400", "")],
        "[quotas.day]\ntpd = 1_000_000\n[capacities.d.provisioned]\nquota = \"day\"\nmodel_units = 1\n\
         input_tpm_per_unit = 1_000\noutput_tpm_per_unit = 1_000\nadmission = \"reserve\"\n",
    );
    assert_tells(
        &told,
        &[
            ("quotas.day.tpd.reserved_unused_tokens", 0.0),
            ("quotas.day.reserved_unused_tokens", 0.0),
            ("capacities.d.output.reserved_unused_tokens", 300.0),
        ],
    );
}

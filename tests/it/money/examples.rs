//! AWS's own worked examples, as far as the model can express them.

use bedload::units::parse;

use crate::fates::{Told, assert_tells, told};
use crate::playing::{play, value};

/// One request at two prices of 1,000 tokens.
#[track_caller]
fn on_demand(input: u64, input_price: &str, output: u64, output_price: &str, cost: f64) {
    let told = told(
        &[("w", &format!("0,{input},{output}"), "")],
        &format!(
            r#"
            [models.own]
            max_output_tokens = 10_000
            time_to_first_token = "1s"
            output_tokens_per_second = 100
            prices = {{ input = "{input_price}/1K", output = "{output_price}/1K" }}
            [capacities.us.on_demand]
            "#
        ),
    );
    assert_tells(&told, &[("cost_usd", cost), ("workloads.w.cost_usd", cost), ("capacities.us.cost_usd", cost)]);
}

#[test]
fn awss_examples_of_tokens_on_demand() {
    on_demand(2_000, "$0.0003", 1_000, "$0.0004", 0.001); // Titan Text Lite
    on_demand(10_000, "$0.0125", 2_000, "$0.0125", 0.15); // Jurassic-2 Mid, 12,000 in all
    on_demand(6_000, "$0.0015", 2_000, "$0.002", 0.013); // Cohere Command
    on_demand(10_000, "$0.0001", 1, "$0", 0.001); // Cohere Embed
    on_demand(2_000, "$0.00075", 500, "$0.001", 0.002); // Llama 2 13B
}

#[test]
fn awss_examples_of_things_sold_by_the_piece() {
    let thousands = |price: &str, n: u64| parse::token_price(price).unwrap().of(n);
    assert_eq!(thousands("$10/1K", 1_000).to_string(), "$10.00"); // Titan Image: 1,000 x $0.01
    assert_eq!(thousands("$1/1K", 1_000_000 + 2 * 1_000_000).to_string(), "$3,000.00"); // Rerank
    assert_eq!((thousands("$0.15/1K", 3_000) + thousands("$0.15/1K", 3_000)).to_string(), "$0.90"); // Guardrails
    assert_eq!(thousands("$0.10/1K", 4 * 10_000).to_string(), "$4.00");
    assert_eq!(thousands("$0.035/1K", 25 * 960).to_string(), "$0.84"); // Flows
}

/// A model sold by the piece.
const BY_THE_PIECE: &str = r#"
[models.own]
max_output_tokens = 10_000
time_to_first_token = "1s"
output_tokens_per_second = 100
prices = { input = "$0/1M", output = "$0/1M", request = "$1/1K" }
"#;

#[test]
fn awss_example_of_reranking_is_one_price_for_each_call_however_long() {
    // A thousand queries of one call, and a thousand of two: 3,000 calls.
    let one = "0,100,1 ".repeat(1_000);
    let two = "step";
    let told = told(
        &[("one", &one, ""), (two, &one, "steps = [{ model = \"own\", input_tokens = 20_000, route = \"us\" }]")],
        &format!("{BY_THE_PIECE}[capacities.us.on_demand]"),
    );
    assert_tells(
        &told,
        &[("cost_usd", 3.0), ("workloads.one.cost_usd", 1.0), ("workloads.step.cost_usd", 2.0), ("served", 2_000.0)],
    );
}

/// 31 days of so many units, with one short request a day.
pub fn a_month_of_units(units: u32, price: &str, keys: &str) -> bedload::results::Point {
    play(&format!(
        r#"
        [run]
        duration = "31d"
        warmup = "0s"
        replications = 1
        [money]
        hours_per_month = 744
        [models.own]
        max_output_tokens = 100
        time_to_first_token = "1s"
        output_tokens_per_second = 100
        prices = {{ input = "$1000/1M", output = "$1000/1M" }}
        [workloads.w]
        model = "own"
        arrivals.constant.rate = "1/day"
        input_tokens = 100
        output_tokens = 100
        [capacities.d.provisioned]
        model_units = {units}
        input_tpm_per_unit = 1_000
        output_tpm_per_unit = 1_000
        price_per_unit = "{price}"
        {keys}
        "#
    ))
}

#[test]
fn awss_examples_of_model_units_for_31_days() {
    for (units, price, cost) in [
        (2, "$18.40/h", 27_379.20), // Titan Text Express
        (1, "$16.20/h", 12_052.80), // Titan Image
        (1, "$39.60/h", 29_462.40), // Claude Instant, Cohere Command
        (1, "$49.86/h", 37_095.84), // SDXL
    ] {
        let point = a_month_of_units(units, price, "commitment = \"1-month\"");
        // The hours alone: tokens are not billed here.
        assert_eq!(value(&point, "cost_usd"), cost, "{price}");
        assert_eq!(value(&point, "capacities.d.cost_usd"), cost, "{price}");
        assert_eq!(value(&point, "cost_per_month_usd"), cost, "{price}");
        assert_eq!(value(&point, "workloads.w.cost_usd"), 0.0, "{price}");
        assert_eq!(value(&point, "served"), 30.0, "the 31st arrives as the interval ends");
    }
}

#[test]
fn awss_example_of_fine_tuning() {
    // Training once, a month of storage, and an hour of one unit without commitment.
    let training = parse::token_price("$0.004/1K").unwrap().of(1_000_000);
    let whole = training + parse::amount("$1.95").unwrap() + parse::hourly_price("$49.50/h").unwrap().of(1);
    assert_eq!(whole.to_string(), "$55.45");
}

/// An hour of a tuned model on a unit of $49.50.
fn tuned(customization: &str, money: &str) -> Told {
    told(
        &[("w", "0,100,100", "")],
        &format!(
            r#"
            [run]
            duration = "1h"
            warmup = "0s"
            replications = 1
            {money}
            [models.own]
            max_output_tokens = 1_000
            time_to_first_token = "1s"
            output_tokens_per_second = 100
            [models.own.customization]
            method = "fine_tuning"
            price = "$0.004/1K"
            storage_per_month = "$1.95"
            {customization}
            [capacities.d.provisioned]
            model_units = 1
            input_tpm_per_unit = 1_000
            output_tpm_per_unit = 1_000
            price_per_unit = "$49.50/h"
            "#
        ),
    )
}

#[test]
fn a_training_is_paid_once_and_storage_each_month() {
    let told = tuned("training_tokens = 1_000_000", "");
    assert_tells(
        &told,
        &[
            ("one_time_usd", 4.0),
            ("capacities.d.cost_usd", 49.50),
            // Of 730 hours.
            ("capacities.d.cost_per_month_usd", 49.50 * 730.0),
        ],
    );
}

#[test]
fn training_tokens_are_the_corpus_times_the_epochs() {
    assert_tells(&tuned("training_tokens = 1_000_000\nepochs = 3", ""), &[("one_time_usd", 12.0)]);
    let continued = tuned("training_tokens = 1_000_000\nepochs = 3", "[money]\ndiscount.customization = 0.25");
    assert_tells(&continued, &[("one_time_usd", 9.0)]);
}

#[test]
pub fn a_month_of_units_training_and_storage_adds_up() {
    // Constant traffic: a month is known. Retrained each 10 days of 744 hours: 3.1 times a month.
    let month = |retrain: &str| {
        let point = play(&format!(
            r#"
            [run]
            duration = "1h"
            warmup = "0s"
            replications = 1
            [money]
            hours_per_month = 744
            [models.own]
            max_output_tokens = 1_000
            time_to_first_token = "1s"
            output_tokens_per_second = 100
            [models.own.customization]
            method = "continued_pre_training"
            training_tokens = 1_000_000
            price = "$0.004/1K"
            storage_per_month = "$1.95"
            {retrain}
            [workloads.w]
            model = "own"
            arrivals.constant.rate = "1/min"
            input_tokens = 1
            output_tokens = 1
            [capacities.d.provisioned]
            model_units = 1
            input_tpm_per_unit = 1_000
            output_tpm_per_unit = 1_000
            price_per_unit = "$49.50/h"
            "#
        ));
        (value(&point, "one_time_usd"), value(&point, "cost_per_month_usd"))
    };
    let (once, monthly) = month("");
    assert_eq!(once, 4.0);
    assert!((monthly - (49.50 * 744.0 + 1.95)).abs() < 1e-9, "{monthly}");
    let (once, monthly) = month("retrain_every = \"10d\"");
    assert_eq!(once, 4.0);
    assert!((monthly - (49.50 * 744.0 + 1.95 + 3.1 * 4.0)).abs() < 1e-9, "{monthly}");
}

#[test]
fn awss_example_of_an_imported_model_is_78_cents_and_a_half() {
    // Two units, one window of five minutes, $0.0785 for each unit and minute.
    let told = told(
        &[("w", "0,1,1 31,1,1 100,1,1", "client.retries = \"none\"")],
        r#"
        [capacities.mine.custom_import]
        concurrency_per_copy = 1
        cold_start = "30s"
        units_per_copy = 2
        price_per_unit_minute = "$0.0785"
        "#,
    );
    assert_tells(
        &told,
        &[
            ("served", 2.0),
            ("capacities.mine.billed_windows", 1.0),
            ("cost_usd", 0.785),
            ("capacities.mine.cost_usd", 0.785),
        ],
    );
}

/// An hour of so many requests a minute of 1,000 tokens in.
fn thousands_of_input(per_minute: u32, capacity: &str) -> bedload::results::Point {
    play(&format!(
        r#"
        [run]
        duration = "1h"
        warmup = "1m"
        replications = 1
        [models.own]
        max_output_tokens = 1
        time_to_first_token = "1s"
        output_tokens_per_second = 100
        prices = {{ input = "$3/1M", output = "$0/1M" }}
        [workloads.w]
        model = "own"
        arrivals.constant.rate = "{per_minute}/min"
        input_tokens = 1_000
        output_tokens = 1
        client.retries = "none"
        {capacity}
        "#
    ))
}

#[test]
fn reserved_tokens_break_even_at_full_use_and_at_90_per_cent() {
    for (price, per_minute, cost) in [("$0.18/h", 100, 18.0), ("$0.162/h", 90, 16.2)] {
        let tokens = thousands_of_input(per_minute, "[capacities.us.on_demand]");
        assert_eq!(value(&tokens, "cost_usd"), cost);
        let bought = thousands_of_input(
            per_minute,
            &format!(
                "[capacities.r.reserved]\ninput_tpm = 100_000\noutput_tpm = 10_000\nprice_per_1k_input_tpm_hour = \"{price}\"\nprice_per_1k_output_tpm_hour = \"$0/h\""
            ),
        );
        // The tokens in it are not billed again.
        assert_eq!(value(&bought, "cost_usd"), cost);
        assert_eq!(value(&bought, "served"), f64::from(per_minute * 60));
        assert_eq!(value(&bought, "capacities.r.input.utilization_mean"), f64::from(per_minute) / 100.0);
    }
}

#[test]
fn what_overflows_from_reserved_is_paid_by_the_token() {
    // 120 of 100 a minute: 20 x 60 x 1,000 tokens at $3 a million beside $18.
    let point = thousands_of_input(
        120,
        "route = [\"r\", \"us\"]\n[capacities.r.reserved]\ninput_tpm = 100_000\noutput_tpm = 10_000\nprice_per_1k_input_tpm_hour = \"$0.18/h\"\nprice_per_1k_output_tpm_hour = \"$0/h\"\n[capacities.us.on_demand]",
    );
    assert_eq!(value(&point, "capacities.r.cost_usd"), 18.0);
    assert_eq!(value(&point, "capacities.us.cost_usd"), 3.6);
    assert_eq!(value(&point, "cost_usd"), 21.6);
    assert_eq!(value(&point, "workloads.w.cost_usd"), 3.6);
}

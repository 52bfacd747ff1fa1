//! What it costs: AWS's own worked examples, and bills that are added up by hand.

use bedload::units::parse;

use crate::capacities::{Told, assert_tells, refusal, results, told};
use crate::playing::{play, value};

// ── AWS's worked examples ───────────────────────────────────────────────────────────────────────────────────────────

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
fn a_month_of_units(units: u32, price: &str, keys: &str) -> bedload::results::Point {
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
fn a_month_of_units_training_and_storage_adds_up() {
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

// ── Factors, caches, discounts ──────────────────────────────────────────────────────────────────────────────────────

#[test]
fn tiers_multiply_the_price() {
    // 1,000 tokens at $1 a million.
    let told = told(
        &[
            ("fast", "0,900,100", "tier = \"priority\""),
            ("slow", "0,900,100", "tier = \"flex\""),
            ("plain", "0,900,100", "tier = \"standard\""),
            ("special", "0,900,100", "tier.priority.price_factor = 3"),
        ],
        "[capacities.us.on_demand]",
    );
    assert_tells(
        &told,
        &[
            ("workloads.fast.cost_usd", 1.75e-3),
            ("workloads.slow.cost_usd", 0.5e-3),
            ("workloads.plain.cost_usd", 1e-3),
            ("workloads.special.cost_usd", 3e-3),
            ("cost_usd", 6.25e-3),
            ("capacities.us.cost_usd", 6.25e-3),
        ],
    );
}

const CACHED: &str = r#"
[models.own]
max_output_tokens = 1_000
time_to_first_token = "1s"
output_tokens_per_second = 100
prices = { input = "$3/1M", output = "$15/1M", cache_read = "$0.30/1M", cache_write_5m = "$3.75/1M", cache_write_1h = "$6/1M" }
[capacities.us.on_demand]
"#;

#[test]
fn each_kind_of_token_has_its_price() {
    // 400 uncached, 500 read and 100 written of 1,000; 100 out.
    let told = told(&[("w", "0,1000,100", "cache = { read_share = 0.5, write_share = 0.1 }")], CACHED);
    assert_tells(&told, &[("cost_usd", (400.0 * 3.0 + 500.0 * 0.3 + 100.0 * 3.75 + 100.0 * 15.0) * 1e-6)]);
}

#[test]
fn writes_for_an_hour_cost_as_such() {
    // Written once and read once: 1,000 of 1,500.
    for (ttl, write) in [("5m", 3.75), ("1h", 6.0)] {
        let cache = format!("cache = {{ prefix_tokens = 1000, ttl = \"{ttl}\" }}");
        let told = told(&[("w", "0,1500,100 60,1500,100", &cache)], CACHED);
        let cost = (1_000.0 * 3.0 + 1_000.0 * write + 1_000.0 * 0.3 + 200.0 * 15.0) * 1e-6;
        assert_tells(&told, &[("cost_usd", cost)]);
    }
}

#[test]
fn a_capacitys_own_prices_come_before_the_models() {
    let told = told(
        &[("w", "0,900,100", "")],
        "[capacities.us.on_demand]\nprices = { input = \"$2/1M\", output = \"$4/1M\" }",
    );
    assert_tells(&told, &[("cost_usd", (900.0 * 2.0 + 100.0 * 4.0) * 1e-6)]);
}

#[test]
fn burndown_is_never_billed() {
    // The model's burndown is five.
    let told = told(&[("w", "0,1000,100", "")], "[capacities.us.on_demand]\ntpm = 100_000");
    assert_tells(&told, &[("capacities.us.tpm.charged", 1_500.0), ("cost_usd", 1_100e-6)]);
}

#[test]
fn a_discount_is_of_its_component_alone() {
    let bill = |discount: &str| {
        told(
            &[("w", "0,900,100", "route = \"us\""), ("v", "0,100,100", "route = \"d\"")],
            &format!(
                r#"
                [run]
                duration = "1h"
                warmup = "0s"
                replications = 1
                [money]
                {discount}
                [capacities.us.on_demand]
                [capacities.d.provisioned]
                model_units = 2
                input_tpm_per_unit = 1_000
                output_tpm_per_unit = 1_000
                price_per_unit = "$10/h"
                "#
            ),
        )
    };
    for (discount, tokens, units) in [
        ("", 1e-3, 20.0),
        ("discount.on_demand = 0.1", 0.9e-3, 20.0),
        ("discount.provisioned = \"25%\"", 1e-3, 15.0),
        ("discount = { on_demand = 0.1, provisioned = 0.25, batch = 0.5 }", 0.9e-3, 15.0),
    ] {
        assert_tells(
            &bill(discount),
            &[
                ("cost_usd", tokens + units),
                ("workloads.w.cost_usd", tokens),
                ("capacities.us.cost_usd", tokens),
                ("capacities.d.cost_usd", units),
            ],
        );
    }
}

// ── The whole bill ──────────────────────────────────────────────────────────────────────────────────────────────────

#[test]
fn the_total_is_the_workloads_and_what_is_bought_by_the_hour() {
    let told = told(
        &[
            ("a", "0,900,100 1,900,100", "route = [\"d\", \"us\"]"),
            ("b", "0,2000,1000 5,100,100", "route = \"us\"\ntier = \"flex\""),
            ("c", "0,1,1 40,1,1", "route = \"mine\""),
        ],
        r#"
        [run]
        duration = "2h"
        warmup = "0s"
        replications = 1
        [capacities.d.provisioned]
        model_units = 1
        input_tpm_per_unit = 900
        output_tpm_per_unit = 1_000
        price_per_unit = "$10/h"
        [capacities.us.on_demand]
        [capacities.mine.custom_import]
        concurrency_per_copy = 1
        cold_start = "30s"
        units_per_copy = 1
        price_per_unit_minute = "$0.0785"
        "#,
    );
    // The second of `a` goes on to `us`; `b` pays half of 3,200.
    let (a, b, import) = (1_000e-6, 1_600e-6, 0.3925);
    assert_tells(
        &told,
        &[
            ("workloads.a.cost_usd", a),
            ("workloads.b.cost_usd", b),
            ("workloads.c.cost_usd", 0.0),
            ("capacities.d.cost_usd", 20.0),
            ("capacities.us.cost_usd", a + b),
            ("capacities.mine.cost_usd", import),
            ("cost_usd", a + b + 20.0 + import),
            ("cost_per_1k_requests_usd", (a + b + 20.0 + import) / 6.0 * 1_000.0),
        ],
    );
}

#[test]
fn units_are_paid_from_their_purchase_to_their_end_ready_or_not() {
    // Bought at 30 min, ready at 45, ended at 90 of 120: one hour at $10, beside two of the first.
    let told = told(
        &[("w", "0,1,1", "")],
        r#"
        [run]
        duration = "2h"
        warmup = "0s"
        replications = 1
        [capacities.d.provisioned]
        model_units = 1
        input_tpm_per_unit = 900
        output_tpm_per_unit = 1_000
        price_per_unit = "$10/h"
        purchases = [{ model_units = 3, at = "30m", ready_after = "15m", ends = "90m", price_per_unit = "$7/h" }]
        "#,
    );
    assert_tells(&told, &[("cost_usd", 2.0 * 10.0 + 3.0 * 7.0)]);
}

#[test]
fn a_commitment_is_due_for_its_whole_term() {
    for (commitment, months) in [("none", 0.0), ("1-month", 1.0), ("6-months", 6.0)] {
        let point = a_month_of_units(2, "$18.40/h", &format!("commitment = \"{commitment}\""));
        assert!((value(&point, "committed_usd") - months * 27_379.20).abs() < 1e-6, "{commitment}");
    }
}

#[test]
fn units_that_are_bound_are_paid_to_the_end_of_their_term_though_they_leave_earlier() {
    // Bound for a month and gone after one of two hours: both hours are paid, and so is the month.
    let told = told(
        &[("w", "0,1,1", "")],
        r#"
        [run]
        duration = "2h"
        warmup = "0s"
        replications = 1
        [money]
        hours_per_month = 744
        requests_per_month = 1
        [capacities.d.provisioned]
        input_tpm_per_unit = 1_000
        output_tpm_per_unit = 1_000
        price_per_unit = "$10/h"
        purchases = [{ model_units = 1, commitment = "1-month", ends = "1h" }]
        "#,
    );
    assert_tells(&told, &[("committed_usd", 7_440.0), ("cost_usd", 20.0), ("cost_per_month_usd", 7_440.0)]);
}

#[test]
fn a_reserved_term_is_due_whatever_is_used() {
    for (commitment, months) in [("1-month", 1.0), ("3-months", 3.0)] {
        let told = told(
            &[("w", "0,1,1", "")],
            &format!(
                r#"
                [money]
                hours_per_month = 744
                [capacities.r.reserved]
                input_tpm = 100_000
                output_tpm = 10_000
                commitment = "{commitment}"
                price_per_1k_input_tpm_hour = "$0.18/h"
                price_per_1k_output_tpm_hour = "$0.90/h"
                "#
            ),
        );
        // 100 x 0.18 + 10 x 0.90 an hour.
        assert_tells(&told, &[("committed_usd", 27.0 * 744.0 * months)]);
    }
}

#[test]
fn a_reserved_term_has_no_six_months() {
    let said = refusal(
        &[("w", "0,1,1", "")],
        "[capacities.r.reserved]\ninput_tpm = 100_000\noutput_tpm = 10_000\ncommitment = \"6-months\"",
    );
    assert!(said.contains("6-months"), "{said}");
}

/// What keeping a corpus costs, for an hour of a workload.
const CORPUS: &str = r#"
[models.embed]
max_output_tokens = 1
time_to_first_token = "100ms"
output_tokens_per_second = 1_000
prices = { input = "$0.0001/1K", output = "$0/1K" }
"#;

#[test]
fn a_corpus_is_embedded_once_and_its_store_is_paid_by_the_hour() {
    let told = told(
        &[(
            "w",
            "0,900,100",
            "retrieval = { vector_store = \"$0.48/h\", corpus_tokens = 10_000_000, embedding_model = \"embed\" }",
        )],
        &format!("[run]\nduration = \"2h\"\nwarmup = \"0s\"\nreplications = 1\n{CORPUS}[capacities.us.on_demand]"),
    );
    assert_tells(&told, &[("one_time_usd", 1.0), ("cost_usd", 2.0 * 0.48 + 1e-3), ("workloads.w.cost_usd", 1e-3)]);
}

/// An hour of a request a minute, 1,000 tokens of $1 a million each, and a store of $0.48 an hour.
fn steady(money: &str, workload: &str) -> bedload::results::Results {
    crate::playing::results_on(
        1,
        &format!(
            r#"
            [run]
            duration = "1h"
            warmup = "1m"
            replications = 1
            [money]
            {money}
            [models.own]
            max_output_tokens = 1_000
            time_to_first_token = "1s"
            output_tokens_per_second = 100
            prices = {{ input = "$1/1M", output = "$1/1M" }}
            [workloads.w]
            model = "own"
            arrivals.constant.rate = "1/min"
            input_tokens = 900
            output_tokens = 100
            retrieval.vector_store = "$0.48/h"
            {workload}
            [capacities.us.on_demand]
            "#
        ),
    )
}

#[track_caller]
fn assert_month(results: &bedload::results::Results, cost: f64) {
    let month = value(&results.points[0], "cost_per_month_usd");
    assert!((month - cost).abs() < 1e-9 * cost, "{month}, not {cost}");
}

#[test]
fn a_month_has_730_hours_unless_744_are_wanted() {
    // 60 requests an hour.
    assert_month(&steady("", ""), 730.0 * (0.06 + 0.48));
    assert_month(&steady("hours_per_month = 744", ""), 744.0 * (0.06 + 0.48));
}

#[test]
fn a_months_requests_scale_the_tokens_and_not_the_hours() {
    assert_month(&steady("requests_per_month = 2_000_000", ""), 2_000.0 + 730.0 * 0.48);
    // Varying traffic is no hindrance then.
    let shape = "shape = [{ at = \"0s\", factor = 1 }, { at = \"30m\", factor = 2 }]";
    assert_month(&steady("requests_per_month = 2_000_000", shape), 2_000.0 + 730.0 * 0.48);
}

#[test]
fn a_months_requests_fall_to_workloads_by_their_share() {
    // One of $1.000001 and three of $0.000002; 4,000 a month.
    let told = told(
        &[("a", "0,1000000,1", ""), ("b", "0,1,1 1,1,1 2,1,1", "")],
        "[run]\nduration = \"1h\"\nwarmup = \"0s\"\nreplications = 1\n[money]\nrequests_per_month = 4_000\n[capacities.us.on_demand]",
    );
    assert_tells(
        &told,
        &[
            ("cost_per_month_usd", 1_000.007),
            ("capacities.us.cost_per_month_usd", 1_000.007),
            ("workloads.a.cost_per_month_usd", 1_000.001),
            ("workloads.b.cost_per_month_usd", 0.006),
        ],
    );
}

/// A day of an imported model that is never idle: 288 windows of $0.785.
fn a_day_of_an_import(money: &str) -> bedload::results::Results {
    crate::playing::results_on(
        1,
        &format!(
            r#"
            [run]
            duration = "1d"
            warmup = "1h"
            replications = 1
            [money]
            {money}
            [models.own]
            max_output_tokens = 10
            time_to_first_token = "1s"
            output_tokens_per_second = 10
            [workloads.w]
            model = "own"
            arrivals.constant.rate = "1/min"
            input_tokens = 1
            output_tokens = 1
            [capacities.m.custom_import]
            concurrency_per_copy = 1
            cold_start = "30s"
            units_per_copy = 2
            price_per_unit_minute = "$0.0785"
            "#
        ),
    )
}

#[test]
fn a_day_of_an_import_tells_a_month() {
    let results = a_day_of_an_import("hours_per_month = 744");
    assert_eq!(value(&results.points[0], "cost_usd"), 226.08);
    assert_month(&results, 226.08 * 31.0);
}

#[test]
fn a_month_that_is_not_known_says_why() {
    // Windows do not grow as requests do. Whatever is made of that, it is a figure or it has a reason.
    let results = a_day_of_an_import("requests_per_month = 1_000");
    let month = results.points[0].metrics["cost_per_month_usd"].estimate;
    let why = results.notes.iter().any(|n| n.metric.as_deref() == Some("cost_per_month_usd"));
    assert!(month.is_some() || why, "null, and no note but {:?}", results.notes);
}

#[test]
fn a_corpus_that_is_embedded_again_costs_so_each_month() {
    // 10 million tokens at $0.10 a million, thrice in 744 hours; $0.48 an hour; a thousand requests of $0.001.
    for (discount, embedding, store) in
        [("", 1.0, 0.48), ("discount = { embedding = 0.5, vector_store = 0.25 }", 0.5, 0.36)]
    {
        let told = told(
            &[(
                "w",
                "0,900,100",
                "retrieval = { vector_store = \"$0.48/h\", corpus_tokens = 10_000_000, embedding_model = \"embed\", refresh_every = \"248h\" }",
            )],
            &format!(
                "[run]\nduration = \"1h\"\nwarmup = \"0s\"\nreplications = 1\n[money]\nhours_per_month = 744\nrequests_per_month = 1_000\n{discount}\n{CORPUS}[capacities.us.on_demand]"
            ),
        );
        assert_tells(
            &told,
            &[("one_time_usd", embedding), ("cost_per_month_usd", 1.0 + 3.0 * embedding + 744.0 * store)],
        );
    }
}

#[test]
fn a_month_is_not_guessed_from_an_hour_of_varying_traffic() {
    for keys in [
        "shape = [{ at = \"0s\", factor = 1 }, { at = \"30m\", factor = 2 }]",
        "bursts = [{ at = \"10m\", lasts = \"5m\", factor = 4 }]",
    ] {
        let results = steady("", keys);
        assert_eq!(results.points[0].metrics["cost_per_month_usd"].estimate, None, "{keys}");
        assert!(value(&results.points[0], "cost_usd") > 0.0);
        let why = results.notes.iter().find(|n| n.metric.as_deref() == Some("cost_per_month_usd"));
        assert!(why.is_some_and(|n| n.text.contains("requests_per_month")), "{:?}", results.notes);
    }
}

#[test]
fn a_month_is_not_guessed_from_a_trace() {
    let results = results(&[("w", "0,900,100", "")], "[capacities.us.on_demand]");
    assert_eq!(results.points[0].metrics["cost_per_month_usd"].estimate, None);
    assert!(results.notes.iter().any(|n| n.metric.as_deref() == Some("cost_per_month_usd")));
}

#[test]
fn a_whole_day_of_varying_traffic_tells_a_month() {
    // 12 hours at 1 and 12 at 3 a minute: 2,880 requests of $0.001 in 24 of 730 hours.
    let point = play(
        r#"
        [run]
        duration = "1d"
        warmup = "0s"
        replications = 1
        [models.own]
        max_output_tokens = 1_000
        time_to_first_token = "1s"
        output_tokens_per_second = 100
        prices = { input = "$1/1M", output = "$1/1M" }
        [workloads.w]
        model = "own"
        arrivals.constant.rate = "1/min"
        shape = [{ at = "12h", factor = 1 }, { at = "12h", factor = 3 }]
        input_tokens = 900
        output_tokens = 100
        [capacities.us.on_demand]
        "#,
    );
    let requests = value(&point, "requests");
    // The last one arrives as the day ends.
    assert!((2_879.0..=2_880.0).contains(&requests), "{requests}");
    let month = value(&point, "cost_per_month_usd");
    let cost = requests * 1e-3 * 730.0 / 24.0;
    assert!((month - cost).abs() < 1e-6, "{month}, not {cost}");
}

#[test]
fn without_prices_no_cost_is_made_up() {
    let told = told(
        &[("w", "0,900,100", "")],
        "[models.own]\nmax_output_tokens = 1_000\ntime_to_first_token = \"1s\"\noutput_tokens_per_second = 100\n[capacities.us.on_demand]",
    );
    assert_eq!(told["cost_usd"], None);
    assert_eq!(told["capacities.us.cost_usd"], None);
}

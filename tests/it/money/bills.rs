//! Bills that are added up by hand: hours, terms, months.

use crate::fates::{assert_tells, refusal, results, told};
use crate::money::examples::a_month_of_units;
use crate::playing::{play, value};

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

/// The model that embeds the corpus of a workload.
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

#[test]
fn of_a_term_that_began_before_the_run_only_the_rest_is_due() {
    // A month of 730 hours, 240 of them over: 490 hours at $10.
    for since in ["10d", "2026-11-27T08:00:00Z"] {
        let results = results(
            &[("w", "0,1,1", "")],
            &format!(
                r#"
                [run]
                start = "2026-12-07T08:00:00Z"
                duration = "10m"
                warmup = "0s"
                replications = 1
                [capacities.d.provisioned]
                input_tpm_per_unit = 900
                output_tpm_per_unit = 1_000
                price_per_unit = "$10/h"
                purchases = [{{ model_units = 1, commitment = "1-month", since = "{since}" }}]
                "#
            ),
        );
        let point = &results.points[0];
        assert_eq!(value(point, "committed_usd"), 4_900.0, "since {since}");
        assert_eq!(point.commitments[0].ends, "2026-12-27", "since {since}");
    }
}

#[test]
fn a_purchase_was_made_before_the_run_or_is_made_in_it() {
    let refused = refusal(
        &[("w", "0,1,1", "")],
        "[capacities.d.provisioned]\ninput_tpm_per_unit = 900\noutput_tpm_per_unit = 1_000\n\
         purchases = [{ model_units = 1, since = \"10d\", at = \"1h\" }]\n",
    );
    assert!(refused.contains("this one has both `at` and `since`"), "{refused}");
}

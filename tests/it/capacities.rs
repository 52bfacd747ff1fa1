//! What each kind of capacity does to a handful of requests whose fate is worked out by hand.
//!
//! Unless a test says otherwise an answer takes 9 s to the first token and 10 ms for each token: 10 s for 100 tokens.
//! Instants in the comments are seconds since t = 0, and t = 0 is midnight UTC.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use bedload::cli::render::render;
use bedload::experiment::{Unwatched, run};
use bedload::results::{Results, Scenario};
use bedload::scenario::load_text;

use crate::playing::{agrees, play, value};

pub type Told = BTreeMap<String, Option<f64>>;

const RUN: &str = r#"
[run]
duration = "10m"
warmup = "0s"
replications = 1
"#;

const OWN: &str = r#"
[models.own]
max_output_tokens = 100_000
output_burndown = 5
time_to_first_token = "9s"
output_tokens_per_second = 100
prices = { input = "$1/1M", output = "$1/1M" }
"#;

/// A workload: its name; its rows `arrival_s,input,output[,max_tokens]`, parted by blanks; its keys. Without a cap of
/// its own a row asks for exactly what it gets. The first row is at t = 0.
pub type Calls<'a> = (&'a str, &'a str, &'a str);

/// The scenario of these workloads, `rest`, and what `rest` does not say; and the files of its traces.
///
/// Each second in which something arrives is a window: `windows.at7` has the requests of `[7, 8)`.
fn written(calls: &[Calls<'_>], rest: &str) -> (String, Vec<(String, String)>) {
    let mut text = String::new();
    for (section, default) in [("[run]", RUN), ("[models.own]", OWN)] {
        if !rest.contains(section) {
            text += default;
        }
    }
    let (mut files, mut seconds) = (Vec::new(), BTreeSet::new());
    for (name, rows, keys) in calls {
        let mut csv = "arrival_s,input_tokens,output_tokens,max_tokens\n".to_owned();
        for row in rows.split_whitespace() {
            let cells: Vec<&str> = row.split(',').collect();
            seconds.insert(cells[0].split('.').next().unwrap().parse::<u64>().unwrap());
            writeln!(csv, "{},{},{},{}", cells[0], cells[1], cells[2], cells.get(3).unwrap_or(&cells[2])).unwrap();
        }
        files.push((format!("{name}.csv"), csv));
        writeln!(text, "[workloads.{name}]\narrivals.trace.file = \"{name}.csv\"\n{keys}").unwrap();
        for (key, line) in [("model", "model = \"own\"\n"), ("client", "client.retries = \"none\"\n")] {
            if !keys.lines().any(|l| l.trim_start().starts_with(key)) {
                text += line;
            }
        }
    }
    if seconds.len() <= 20 {
        for s in seconds {
            writeln!(text, "[windows.at{s}]\nfrom = \"{s}s\"\nto = \"{}s\"", s + 1).unwrap();
        }
    }
    (text + rest, files)
}

fn folder(files: &[(String, String)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder for traces");
    for (name, csv) in files {
        std::fs::write(folder.path().join(name), csv).expect("a trace can be written");
    }
    folder
}

/// The results of a scenario with traces.
pub fn results(calls: &[Calls<'_>], rest: &str) -> Results {
    let (text, files) = written(calls, rest);
    let folder = folder(&files);
    let loaded = match load_text("micro.toml", &text, folder.path(), &[]) {
        Ok(loaded) => loaded,
        Err(refused) => panic!("{}\n{text}", render(&refused.sources, &refused.findings, false)),
    };
    let scenario =
        Scenario { title: String::new(), file: "micro.toml".to_owned(), sha256: String::new(), overrides: Vec::new() };
    run(&loaded.model, scenario, &Unwatched).results
}

/// The metrics of a scenario with traces.
pub fn told(calls: &[Calls<'_>], rest: &str) -> Told {
    let point = results(calls, rest).points.swap_remove(0);
    point.metrics.into_iter().map(|(name, e)| (name, e.estimate)).collect()
}

/// What a scenario is refused with.
#[track_caller]
pub fn refusal(calls: &[Calls<'_>], rest: &str) -> String {
    let (text, files) = written(calls, rest);
    match load_text("micro.toml", &text, folder(&files).path(), &[]) {
        Ok(_) => panic!("it is not refused:\n{text}"),
        Err(refused) => render(&refused.sources, &refused.findings, false),
    }
}

/// All that differs is told at once.
#[track_caller]
pub fn assert_tells(told: &Told, expected: &[(&str, f64)]) {
    let mut wrong = String::new();
    for (name, wanted) in expected {
        match told.get(*name) {
            None => writeln!(wrong, "no metric {name}").unwrap(),
            Some(None) => writeln!(wrong, "{name} is null, not {wanted}").unwrap(),
            Some(Some(found)) if (found - wanted).abs() >= 1e-9 * wanted.abs().max(1.0) => {
                writeln!(wrong, "{name} is {found}, not {wanted}").unwrap();
            }
            Some(_) => {}
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

// ── Mantle ──────────────────────────────────────────────────────────────────────────────────────────────────────────

#[test]
fn mantle_admits_input_and_cap_and_settles_to_input() {
    // 1,000 of 1,000 reserved at 0; refused at 1; settled to 400 at 10, so that at 11 exactly 600 fit.
    let told = told(
        &[("a", "0,400,100,600 1,400,100,600 11,300,100,300 12,1,1,1", "")],
        "[capacities.us.on_demand]\nendpoint = \"mantle\"\nitpm = 1000\notpm = \"none\"",
    );
    assert_tells(
        &told,
        &[
            ("served", 2.0),
            ("failed", 2.0),
            ("throttled_attempts", 2.0),
            ("capacities.us.refused_itpm", 2.0),
            ("capacities.us.itpm.charged", 700.0),
            ("windows.at11.served", 1.0),
            // The burndown of five is not for this endpoint.
            ("output_tokens", 200.0),
            ("cost_usd", 900e-6),
        ],
    );
}

#[test]
fn mantle_stops_an_answer_at_the_second_that_otpm_refuses() {
    // Asks 100 of 250 at 9, at 10, and at 11, where 50 are left.
    let told = told(
        &[("a", "0,100,500,1000", "")],
        "[capacities.us.on_demand]\nendpoint = \"mantle\"\nitpm = \"none\"\notpm = 250",
    );
    assert_tells(
        &told,
        &[
            ("served", 1.0),
            ("failed", 0.0),
            ("throttled_attempts", 0.0),
            ("truncation_rate", 1.0),
            ("output_tokens", 200.0),
            ("e2e_mean_ms", 11_000.0),
            ("ttft_mean_ms", 9_000.0),
            ("capacities.us.otpm.charged", 200.0),
            ("cost_usd", 300e-6),
        ],
    );
}

#[test]
fn mantle_finishes_an_answer_whose_last_part_of_a_second_fits_exactly() {
    for (wanted, produced, end, truncated) in [("250", 250.0, 11_500.0, 0.0), ("251", 200.0, 11_000.0, 1.0)] {
        let told = told(
            &[("a", &format!("0,100,{wanted}"), "")],
            "[capacities.us.on_demand]\nendpoint = \"mantle\"\nitpm = \"none\"\notpm = 250",
        );
        assert_tells(
            &told,
            &[("output_tokens", produced), ("e2e_mean_ms", end), ("truncation_rate", truncated), ("served", 1.0)],
        );
    }
}

#[test]
fn mantle_streams_take_turns_at_otpm() {
    // At 9 each takes 100 of 300; at 10 the first takes the last and the second stops; at 11 the first stops.
    let told = told(
        &[("a", "0,100,500", ""), ("b", "0,100,500", "")],
        "[capacities.us.on_demand]\nendpoint = \"mantle\"\nitpm = \"none\"\notpm = 300",
    );
    assert_tells(
        &told,
        &[
            ("workloads.a.output_tokens", 200.0),
            ("workloads.b.output_tokens", 100.0),
            ("workloads.a.e2e_mean_ms", 11_000.0),
            ("workloads.b.e2e_mean_ms", 10_000.0),
            ("truncation_rate", 1.0),
        ],
    );
}

#[test]
fn a_new_minute_lets_a_mantle_stream_go_on() {
    // The second streams from 59: 100 of 100 in this minute, 100 in the next from 60 on, and stops at 61. The first
    // has none of it: it ends in 9 s and 10 ms.
    let told = told(
        &[("a", "0,100,1 50,100,300", "")],
        "[capacities.us.on_demand]\nendpoint = \"mantle\"\nitpm = \"none\"\notpm = 101",
    );
    assert_tells(
        &told,
        &[("windows.at50.output_tokens", 200.0), ("windows.at50.e2e_mean_ms", 11_000.0), ("truncation_rate", 0.5)],
    );
}

// ── Reserved ────────────────────────────────────────────────────────────────────────────────────────────────────────

const RESERVED: &str =
    "[capacities.bought.reserved]\ninput_tpm = 100_000\noutput_tpm = 10_000\n[capacities.us.on_demand]";

#[test]
fn what_does_not_fit_into_reserved_input_goes_on_along_the_route() {
    let told =
        told(&[("a", "0,40000,100 1,40000,100 2,40000,100 3,20000,100", "route = [\"bought\", \"us\"]")], RESERVED);
    assert_tells(
        &told,
        &[
            ("served", 4.0),
            ("attempts", 4.0),
            ("offers", 5.0),
            ("throttled_attempts", 0.0),
            ("spillover_rate", 0.25),
            ("capacities.bought.refused_input", 1.0),
            ("capacities.bought.input.charged", 100_000.0),
            // No burndown here; five times over there.
            ("capacities.bought.output.charged", 300.0),
            ("capacities.us.admitted", 1.0),
        ],
    );
}

#[test]
fn reserved_output_is_reserved_and_comes_back() {
    // Each reserves 4,000 of 10,000 and is charged 100 after 10 s: the one at 11 finds 7,900.
    let told = told(
        &[(
            "a",
            "0,100,100,4000 1,100,100,4000 2,100,100,4000 11.5,100,100,9800 12,100,100,4000",
            "route = [\"bought\", \"us\"]",
        )],
        RESERVED,
    );
    assert_tells(
        &told,
        &[
            ("served", 5.0),
            ("capacities.bought.refused_output", 2.0),
            ("windows.at2.spillover_rate", 1.0),
            ("windows.at11.spillover_rate", 0.0),
            ("windows.at12.spillover_rate", 1.0),
        ],
    );
}

#[test]
fn cache_reads_are_free_of_reserved_input_and_writes_are_not() {
    // Of 80,000 half is read: 40,000 count. With a quarter written, 60,000 count.
    for (cache, served) in [("cache.read_share = 0.5", 2.0), ("cache = { read_share = 0.25, write_share = 0.25 }", 1.0)]
    {
        let told = told(
            &[("a", "0,80000,100 1,80000,100 2,80000,100", &format!("route = [\"bought\", \"us\"]\n{cache}"))],
            RESERVED,
        );
        assert_tells(
            &told,
            &[("capacities.bought.admitted", served), ("capacities.bought.refused_input", 3.0 - served)],
        );
    }
}

#[test]
fn reserved_below_awss_minimum_is_refused() {
    for (bought, key) in [
        ("input_tpm = 99_999\noutput_tpm = 10_000", "input_tpm"),
        ("input_tpm = 100_000\noutput_tpm = 9_999", "output_tpm"),
    ] {
        let said = refusal(&[("a", "0,100,100", "")], &format!("[capacities.bought.reserved]\n{bought}"));
        assert!(said.contains(key), "{said}");
    }
    told(&[("a", "0,100,100", "")], "[capacities.bought.reserved]\ninput_tpm = 100_000\noutput_tpm = 10_000");
}

// ── Provisioned ─────────────────────────────────────────────────────────────────────────────────────────────────────

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
    for id in ["anthropic.claude-sonnet-4-5-20250929-v1:0", "us.amazon.nova-pro-v1:0"] {
        let said = refusal(
            &[("a", "0,100,100", "")],
            &format!(
                "[models.own]\nid = \"{id}\"\n[capacities.d.provisioned]\nmodel_units = 1\ninput_tpm_per_unit = 1000\noutput_tpm_per_unit = 1000\nprice_per_unit = \"$1/h\""
            ),
        );
        assert!(said.to_lowercase().contains("provisioned"), "{said}");
    }
}

// ── Tiers, latency-optimised, routes ────────────────────────────────────────────────────────────────────────────────

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

// ── Outages, changes, luck ──────────────────────────────────────────────────────────────────────────────────────────

#[test]
fn an_outage_refuses_with_503_and_lets_what_runs_finish() {
    // Out in [10, 20).
    let told = told(
        &[("w", "0,100,1 9,100,100 10,100,100 19.999999,100,100 20,100,100", "")],
        "[capacities.a.on_demand]\nrpm = 100\noutages = [{ at = \"10s\", lasts = \"10s\" }]",
    );
    assert_tells(
        &told,
        &[
            ("served", 3.0),
            ("windows.at9.e2e_mean_ms", 10_000.0),
            ("windows.at10.failed", 1.0),
            ("windows.at19.failed", 1.0),
            ("windows.at20.served", 1.0),
            ("capacities.a.refused_outage", 2.0),
            ("unavailable_rate", 0.4),
            ("throttled_attempts", 0.0),
        ],
    );
}

#[test]
fn a_queue_holds_what_waits_and_what_comes_in_an_outage() {
    // One place. The one at 1 would be served at 10; it goes at 20 and the one at 15 at 30.
    let told = told(
        &[("w", "0,100,100 1,100,100 15,100,100", "")],
        "[capacities.a.on_demand]\nconcurrency = 1\non_saturation = \"queue\"\noutages = [{ at = \"5s\", lasts = \"15s\" }]",
    );
    assert_tells(
        &told,
        &[
            ("served", 3.0),
            ("unavailable_rate", 0.0),
            ("windows.at0.e2e_mean_ms", 10_000.0),
            ("windows.at1.queue_delay_mean_ms", 19_000.0),
            ("windows.at15.queue_delay_mean_ms", 15_000.0),
        ],
    );
}

#[test]
fn a_fraction_multiplies_limits_and_rounds_down() {
    // 5 x 0.5 are 2 in [60, 120), 5 before and after.
    let five = |t: u64| (0..5).map(|i| format!("{},1,1 ", t + i)).collect::<String>();
    let told = told(
        &[("w", &(five(0) + &five(60) + &five(120)), "")],
        "[capacities.a.on_demand]\nrpm = 5\noutages = [{ at = \"60s\", lasts = \"60s\", factor = 0.5 }]",
    );
    assert_tells(
        &told,
        &[
            ("served", 12.0),
            ("capacities.a.refused_rpm", 3.0),
            ("windows.at61.served", 1.0),
            ("windows.at62.served", 0.0),
            ("windows.at124.served", 1.0),
        ],
    );
}

#[test]
fn a_fraction_multiplies_concurrency_too() {
    let told = told(
        &[("w", "0,1,1 60,1,1 60.1,1,1 60.2,1,1", "")],
        "[capacities.a.on_demand]\nconcurrency = 3\noutages = [{ at = \"30s\", lasts = \"60s\", factor = 0.6 }]",
    );
    assert_tells(&told, &[("served", 2.0), ("capacities.a.refused_concurrency", 2.0), ("throttled_attempts", 2.0)]);
}

#[test]
fn a_fraction_halves_a_bucket_and_its_refill() {
    // Ten in the bucket, one a second; in the outage five, one every two seconds.
    let rows = "0,1,1 ".to_owned() + &"60,1,1 ".repeat(10) + "61.9,1,1 62,1,1 63.9,1,1 64,1,1";
    let told = told(
        &[("w", &rows, "")],
        "[capacities.a.on_demand]\nrpm = 60\nlimiter.token_bucket = { burst = \"10s\" }\noutages = [{ at = \"30s\", lasts = \"60s\", factor = 0.5 }]",
    );
    assert_tells(
        &told,
        &[
            ("windows.at60.served", 5.0),
            ("windows.at61.served", 0.0),
            ("windows.at62.served", 1.0),
            ("windows.at63.served", 0.0),
            ("windows.at64.served", 1.0),
        ],
    );
}

#[test]
fn a_shared_quota_knows_nothing_of_a_capacitys_outage() {
    let told = told(
        &[("w", "0,1,1 1,1,1 2,1,1 3,1,1 4,1,1", "")],
        "[quotas.all]\nrpm = 4\n[capacities.a.on_demand]\nquota = \"all\"\noutages = [{ at = \"500ms\", lasts = \"50s\", factor = 0.5 }]",
    );
    assert_tells(&told, &[("served", 4.0), ("quotas.all.rpm.refused", 1.0)]);
}

#[test]
fn what_begins_at_t_zero_holds_from_the_first_request_on() {
    for (keys, served) in [
        ("outages = [{ at = \"0s\", lasts = \"60s\" }]", 0.0),
        ("outages = [{ at = \"0s\", lasts = \"60s\", factor = 0.5 }]", 2.0),
        ("changes = [{ at = \"0s\", rpm = 1 }]", 1.0),
    ] {
        let told =
            told(&[("w", "0,1,1 1,1,1 2,1,1 3,1,1 4,1,1", "")], &format!("[capacities.a.on_demand]\nrpm = 4\n{keys}"));
        assert_eq!(told["served"], Some(served), "{keys}");
    }
}

#[test]
fn too_large_is_told_by_the_limits_without_outages() {
    // 700 are not too large for 1,000, of which the outage leaves 500; 1,100 are.
    let told = told(
        &[("w", "0,10,10 1,600,100 2,1000,100 60,600,100", "")],
        "[capacities.a.on_demand]\ntpm = 1000\noutages = [{ at = \"500ms\", lasts = \"50s\", factor = 0.5 }]",
    );
    assert_tells(
        &told,
        &[
            ("served", 2.0),
            ("throttled_attempts", 1.0),
            ("unavailable_rate", 0.0),
            ("capacities.a.refused_tpm", 1.0),
            ("capacities.a.refused_too_large", 1.0),
            ("windows.at60.served", 1.0),
        ],
    );
}

#[test]
fn an_outage_is_told_before_too_large() {
    let told = told(
        &[("w", "0,10,10 20,1000,100", "")],
        "[capacities.a.on_demand]\ntpm = 1000\noutages = [{ at = \"10s\", lasts = \"60s\" }]",
    );
    assert_tells(&told, &[("capacities.a.refused_outage", 1.0), ("capacities.a.refused_too_large", 0.0)]);
}

#[test]
fn changes_set_limits_from_their_instant_on() {
    let told = told(
        &[("w", "0,1,1 1,1,1 2,1,1 59.5,1,1 60,1,1 61,1,1 120,1,1 121,1,1 122,1,1 180,1,1", "")],
        r#"
        [capacities.a.on_demand]
        rpm = 4
        changes = [{ at = "60s", rpm = 1 }, { at = "120s", rpm = 2 }, { at = "180s", unavailable_probability = 1 }]
        "#,
    );
    assert_tells(
        &told,
        &[
            ("served", 7.0),
            ("capacities.a.refused_rpm", 2.0),
            ("capacities.a.refused_unavailable", 1.0),
            ("windows.at60.served", 1.0),
            ("windows.at61.served", 0.0),
            ("windows.at121.served", 1.0),
            ("windows.at122.served", 0.0),
            ("windows.at180.failed", 1.0),
        ],
    );
}

#[test]
fn a_change_of_concurrency_lets_who_waits_in() {
    // One place until 5, then two: the one at 1 waits 4 s.
    let told = told(
        &[("w", "0,100,100 1,100,100", "")],
        "[capacities.a.on_demand]\nconcurrency = 1\non_saturation = \"queue\"\nchanges = [{ at = \"5s\", concurrency = 2 }]",
    );
    assert_tells(&told, &[("served", 2.0), ("windows.at1.queue_delay_mean_ms", 4_000.0)]);
}

#[test]
fn the_background_draw_is_a_503_of_its_share() {
    let point = play(
        r#"
        [run]
        duration = "1h"
        warmup = "0s"
        replications = 10
        confidence = 0.999
        seed = 11
        [models.m]
        max_output_tokens = 1
        time_to_first_token = "1ms"
        output_tokens_per_second = 1_000
        [workloads.w]
        model = "m"
        arrivals.poisson.rate = "5/s"
        input_tokens = 1
        output_tokens = 1
        client.retries.exponential = { max_attempts = 2, base = "1ms" }
        [capacities.c.on_demand]
        unavailable_probability = 0.3
        "#,
    );
    agrees(&point, "unavailable_rate", 0.3);
    // A draw for each attempt: both fail, or the second is made.
    agrees(&point, "failure_rate", 0.09);
    agrees(&point, "retry_amplification", 1.3);
    assert_eq!(value(&point, "throttle_rate"), 0.0);
}

#[test]
fn a_503_costs_14_of_the_retry_quota_and_a_429_costs_5() {
    // A hundred at once: 500 pay for 35 retries, or for 100. All but one are refused.
    let rows = "0,1,1 ".repeat(100);
    for (why, attempts) in [("unavailable_probability = 1", 135.0), ("rpm = 1", 200.0)] {
        let told = told(&[("w", &rows, "client.retries = \"standard\"")], &format!("[capacities.a.on_demand]\n{why}"));
        assert_tells(&told, &[("attempts", attempts)]);
    }
}

// ── Cross-region ────────────────────────────────────────────────────────────────────────────────────────────────────

/// Three regions with a place each; 20 ms for each that is passed over, 50 and 70 ms to go there.
const ONE_PLACE_EACH: &str = r#"
destinations = [
    { region = "us-east-1", concurrency = 1 },
    { region = "us-east-2", concurrency = 1, round_trip = "50ms" },
    { region = "us-west-2", concurrency = 1, round_trip = "70ms" },
]
"#;

fn cross_region(keys: &str) -> String {
    format!(
        "[capacities.us.cross_region]\nprofile = \"us\"\nsource_region = \"us-east-1\"\nreroute_latency = \"20ms\"\n{keys}"
    )
}

#[test]
fn the_source_serves_first_and_then_the_regions_in_their_order() {
    let told = told(&[("w", "0,100,100 1,100,100 2,100,100 3,100,100 11,100,100", "")], &cross_region(ONE_PLACE_EACH));
    assert_tells(
        &told,
        &[
            ("served", 4.0),
            ("failed", 1.0),
            ("windows.at0.e2e_mean_ms", 10_000.0),
            // 20 + 50; 2 x 20 + 70. They belong to the first token and to the service, not to the queue.
            ("windows.at1.e2e_mean_ms", 10_070.0),
            ("windows.at1.ttft_mean_ms", 9_070.0),
            ("windows.at1.service_mean_ms", 10_070.0),
            ("windows.at2.e2e_mean_ms", 10_110.0),
            // By 11 the source is free again.
            ("windows.at11.e2e_mean_ms", 10_000.0),
            ("queue_delay_mean_ms", 0.0),
            // No region has room: a 503.
            ("windows.at3.unavailable_rate", 1.0),
            ("capacities.us.refused_region_room", 1.0),
            ("throttled_attempts", 0.0),
            ("spillover_rate", 0.0),
        ],
    );
}

#[test]
fn no_room_anywhere_may_read_as_a_429() {
    let told = told(
        &[("w", "0,100,100 1,100,100 2,100,100 3,100,100", "")],
        &cross_region(&format!("{ONE_PLACE_EACH}\nno_room = \"throttled\"")),
    );
    assert_tells(
        &told,
        &[("capacities.us.refused_region_room", 1.0), ("throttled_attempts", 1.0), ("unavailable_rate", 0.0)],
    );
}

#[test]
fn the_source_is_first_wherever_it_is_listed() {
    let told = told(
        &[("w", "0,100,100 1,100,100", "")],
        &cross_region(
            "destinations = [{ region = \"us-west-2\", concurrency = 1, round_trip = \"70ms\" }, { region = \"us-east-1\", concurrency = 1 }]",
        ),
    );
    assert_tells(&told, &[("windows.at0.e2e_mean_ms", 10_000.0), ("windows.at1.e2e_mean_ms", 10_090.0)]);
}

#[test]
fn free_room_turns_to_the_region_with_the_most_of_it() {
    let told = |selection: &str| {
        told(
            &[("w", "0,100,100 1,100,100 2,100,100 3,100,100", "")],
            &cross_region(&format!(
                r#"
                selection = "{selection}"
                destinations = [
                    {{ region = "us-east-1", concurrency = 1 }},
                    {{ region = "us-east-2", concurrency = 2, round_trip = "50ms" }},
                    {{ region = "us-west-2", concurrency = 5, round_trip = "70ms" }},
                ]
                "#
            )),
        )
    };
    // Both are empty at 1. From 2 on the third has more, in places and in parts; the source alone is passed over.
    assert_tells(
        &told("free_room"),
        &[
            ("windows.at0.e2e_mean_ms", 10_000.0),
            ("windows.at2.e2e_mean_ms", 10_090.0),
            ("windows.at3.e2e_mean_ms", 10_090.0),
        ],
    );
    assert_tells(&told("in_order"), &[("windows.at2.e2e_mean_ms", 10_070.0), ("windows.at3.e2e_mean_ms", 10_110.0)]);
}

#[test]
fn the_quota_is_asked_first_and_taken_only_when_a_region_has_room() {
    // Four a minute: the one at 3 finds no room and takes nothing, so that the one at 20 is the fourth.
    let told = told(
        &[("w", "0,100,100 1,100,100 2,100,100 3,100,100 20,100,100 21,100,100", "")],
        &cross_region(&format!("rpm = 4\n{ONE_PLACE_EACH}")),
    );
    assert_tells(
        &told,
        &[
            ("served", 4.0),
            ("windows.at3.unavailable_rate", 1.0),
            ("windows.at20.served", 1.0),
            ("windows.at21.served", 0.0),
            ("capacities.us.refused_region_room", 1.0),
            ("capacities.us.refused_rpm", 1.0),
        ],
    );
}

#[test]
fn a_full_quota_is_the_reason_even_when_no_region_has_room() {
    let told = told(
        &[("w", "0,100,100 1,100,100 2,100,100 3,100,100", "")],
        &cross_region(&format!("rpm = 3\n{ONE_PLACE_EACH}")),
    );
    assert_tells(&told, &[("capacities.us.refused_rpm", 1.0), ("capacities.us.refused_region_room", 0.0)]);
}

#[test]
fn a_region_that_is_out_is_passed_over_like_a_full_one() {
    let told = told(
        &[("w", "0,1,1 20,100,100 21,100,100 22,100,100 45,100,100", "")],
        &cross_region(
            r#"
            destinations = [
                { region = "us-east-1", concurrency = 1, outages = [{ at = "10s", lasts = "30s" }] },
                { region = "us-east-2", concurrency = 1, round_trip = "50ms" },
                { region = "us-west-2", concurrency = 1, round_trip = "70ms" },
            ]
            "#,
        ),
    );
    assert_tells(
        &told,
        &[
            ("windows.at0.e2e_mean_ms", 9_010.0),
            ("windows.at20.e2e_mean_ms", 10_070.0),
            ("windows.at21.e2e_mean_ms", 10_110.0),
            // Out and full are told alike: no room.
            ("windows.at22.unavailable_rate", 1.0),
            ("windows.at45.e2e_mean_ms", 10_000.0),
        ],
    );
}

#[test]
fn live_tokens_and_what_others_take_of_them_leave_less_room() {
    // 200 tokens each. The source has room for one, and for no second one, in both.
    for keys in ["tpm = 399", "tpm = 799, background = 0.5", "concurrency = 2, background = \"50%\""] {
        let told = told(
            &[("w", "0,100,100 1,100,100", "")],
            &cross_region(&format!(
                "destinations = [{{ region = \"us-east-1\", {keys} }}, {{ region = \"us-west-2\", round_trip = \"70ms\" }}]"
            )),
        );
        assert_eq!(told["windows.at0.e2e_mean_ms"], Some(10_000.0), "{keys}");
        assert_eq!(told["windows.at1.e2e_mean_ms"], Some(10_090.0), "{keys}");
    }
}

#[test]
fn live_tokens_that_suffice_keep_traffic_at_the_source() {
    for keys in ["tpm = 400", "tpm = 800, background = 0.5", "concurrency = 4, background = \"50%\""] {
        let told = told(
            &[("w", "0,100,100 1,100,100", "")],
            &cross_region(&format!(
                "destinations = [{{ region = \"us-east-1\", {keys} }}, {{ region = \"us-west-2\", round_trip = \"70ms\" }}]"
            )),
        );
        assert_eq!(told["windows.at1.e2e_mean_ms"], Some(10_000.0), "{keys}");
    }
}

#[test]
fn regions_without_a_live_capacity_leave_everything_at_the_source() {
    let told = told(
        &[("w", "0,100,100 0.1,100,100 0.2,100,100", "")],
        &cross_region("destinations = [\"us-east-1\", \"us-east-2\", \"us-west-2\"]"),
    );
    assert_tells(&told, &[("served", 3.0), ("e2e_mean_ms", 10_000.0)]);
}

// ── Prompt cache ────────────────────────────────────────────────────────────────────────────────────────────────────

#[test]
fn a_prefix_is_read_from_the_first_token_of_its_writer_on_and_lives_from_its_last_use() {
    // Written at 0, usable at 9: the one at 5 writes too. Read at 30, at 85 (85 s after the first, 55 after the last
    // use), at 140. Gone at 205, and written again.
    let told = told(
        &[(
            "w",
            "0,1500,1 5,1500,1 30,1500,1 85,1500,1 140,1500,1 205,1500,1",
            "cache = { prefix_tokens = 1000, ttl = \"60s\", keys = 1 }",
        )],
        "[capacities.us.on_demand]",
    );
    assert_tells(
        &told,
        &[
            ("cache_write_tokens", 3_000.0),
            ("cache_read_tokens", 3_000.0),
            ("uncached_input_tokens", 3_000.0),
            ("input_tokens", 9_000.0),
            ("windows.at5.cache_write_tokens", 1_000.0),
            ("windows.at30.cache_read_tokens", 1_000.0),
            ("windows.at140.cache_read_tokens", 1_000.0),
            ("windows.at205.cache_write_tokens", 1_000.0),
        ],
    );
}

#[test]
fn just_before_the_first_token_nothing_can_be_read() {
    for (at, read) in [("8.999999", 0.0), ("9.000001", 1_000.0)] {
        let told = told(
            &[("w", &format!("0,1500,1 {at},1500,1"), "cache = { prefix_tokens = 1000, keys = 1 }")],
            "[capacities.us.on_demand]",
        );
        assert_tells(&told, &[("cache_read_tokens", read), ("cache_write_tokens", 2_000.0 - read)]);
    }
}

/// One place in `a`, so that the requests at 21 and at 46 are served by `b`.
fn cache_over_two(a: &str, b: &str) -> Told {
    told(
        &[(
            "w",
            "0,1500,100 20,1500,100 21,1500,100 45,1500,100 46,1500,100",
            "cache = { prefix_tokens = 1000, keys = 1 }\nroute = [\"a\", \"b\"]",
        )],
        &format!("[capacities.a.on_demand]\nconcurrency = 1\n{a}\n[capacities.b.on_demand]\n{b}"),
    )
}

#[test]
fn a_cache_belongs_to_one_region() {
    let told = cache_over_two("region = \"us-east-1\"", "region = \"us-west-2\"");
    // Written at 0 in one and at 21 in the other.
    assert_tells(
        &told,
        &[
            ("spillover_rate", 0.4),
            ("cache_write_tokens", 2_000.0),
            ("cache_read_tokens", 3_000.0),
            ("windows.at21.cache_write_tokens", 1_000.0),
            ("windows.at46.cache_read_tokens", 1_000.0),
        ],
    );
}

#[test]
fn capacities_of_one_region_share_its_cache() {
    for region in ["region = \"us-east-1\"", ""] {
        let told = cache_over_two(region, region);
        assert_tells(&told, &[("cache_write_tokens", 1_000.0), ("cache_read_tokens", 4_000.0)]);
    }
}

#[test]
fn cross_region_traffic_writes_its_prefix_in_each_region() {
    let told = told(
        &[(
            "w",
            "0,1500,100 20,1500,100 21,1500,100 22,1500,100 45,1500,100 46,1500,100 47,1500,100",
            "cache = { prefix_tokens = 1000, keys = 1 }",
        )],
        &cross_region(ONE_PLACE_EACH),
    );
    assert_tells(&told, &[("served", 7.0), ("cache_write_tokens", 3_000.0), ("cache_read_tokens", 4_000.0)]);
}

#[test]
fn what_is_read_is_neither_reserved_nor_charged() {
    // 1,600 at 0 and 600 at 20, of 2,200; one more token is refused.
    for (limit, served) in [(2_200, 2.0), (2_199, 1.0)] {
        let told = told(
            &[("w", "0,1500,100 20,1500,100", "cache = { prefix_tokens = 1000, keys = 1 }")],
            &format!("{}[capacities.us.on_demand]\ntpm = {limit}", OWN.replace("output_burndown = 5", "")),
        );
        assert_tells(&told, &[("served", served)]);
    }
}

// ── Imported models ─────────────────────────────────────────────────────────────────────────────────────────────────

fn imported(keys: &str) -> String {
    format!(
        "[capacities.mine.custom_import]\nconcurrency_per_copy = 1\nunits_per_copy = 2\nprice_per_unit_minute = \"$0.0785\"\n{keys}"
    )
}

#[test]
fn an_imported_model_wakes_at_its_first_call_and_sleeps_after_five_idle_minutes() {
    // Cold at 0, ready at 30. Served at 31, 200 and 400; idle from 410 to 710. Cold at 800, ready at 830.
    // Windows of the first copy: [31, 331) and [331, 631); of the second: [831, 1131).
    let told = told(
        &[("w", "0,1,100 29.9,1,100 31,1,100 200,1,100 400,1,100 709,1,1 1100,1,100 1131,1,100", "")],
        &format!("[run]\nduration = \"30m\"\nwarmup = \"0s\"\nreplications = 1\n{}", imported("cold_start = \"30s\"")),
    );
    // 709 is within five idle minutes, in [631, 931); it ends at 718.01, and at 1,100 the copy is gone.
    assert_tells(
        &told,
        &[
            ("served", 5.0),
            ("failed", 3.0),
            ("capacities.mine.refused_not_ready", 3.0),
            ("windows.at0.failed", 1.0),
            ("windows.at29.failed", 1.0),
            ("windows.at31.e2e_mean_ms", 10_000.0),
            ("windows.at709.served", 1.0),
            ("windows.at1100.failed", 1.0),
            ("windows.at1131.served", 1.0),
            ("throttled_attempts", 3.0),
            ("unavailable_rate", 0.0),
            // 31, 400, 709 (the third window of the first copy), 1,131.
            ("capacities.mine.billed_windows", 4.0),
            ("cost_usd", 4.0 * 0.785),
        ],
    );
}

#[test]
fn a_queue_holds_calls_while_an_imported_model_wakes() {
    // One copy from 30: served from 30 to 40 and from 40 to 50.
    let told = told(
        &[("w", "0,1,100 5,1,100", "")],
        &imported("cold_start = \"30s\"\non_saturation = \"queue\"\nmax_copies = 1"),
    );
    assert_tells(
        &told,
        &[
            ("served", 2.0),
            ("windows.at0.queue_delay_mean_ms", 30_000.0),
            ("windows.at5.queue_delay_mean_ms", 35_000.0),
            ("capacities.mine.billed_windows", 1.0),
        ],
    );
}

#[test]
fn calls_while_it_wakes_do_not_make_it_wake_later() {
    let told = told(&[("w", "0,1,1 10,1,1 20,1,1 29,1,1 30.5,1,1", "")], &imported("cold_start = \"30s\""));
    assert_tells(&told, &[("served", 1.0), ("capacities.mine.refused_not_ready", 4.0)]);
}

#[test]
fn exceeded_concurrency_brings_another_copy_up_to_the_most() {
    // One copy from 30. At 32 it is busy (31 to 41): a second copy comes, ready at 62. At 70 and 71 both serve; at 72
    // there is no third.
    let rows = "0,1,1 31,1,100 32,1,100 70,1,100 71,1,100 72,1,100 103,1,100 104,1,100 105,1,100";
    for (most, served) in [(2, 5.0), (3, 6.0)] {
        let told = told(&[("w", rows, "")], &imported(&format!("cold_start = \"30s\"\nmax_copies = {most}")));
        assert_tells(
            &told,
            &[
                ("served", served),
                ("throttled_attempts", 9.0 - served),
                ("windows.at32.served", 0.0),
                ("windows.at71.served", 1.0),
                ("windows.at72.served", 0.0),
                ("windows.at104.served", 1.0),
                // The third copy was called for at 72 and is there at 102.
                ("windows.at105.served", served - 5.0),
            ],
        );
    }
}

#[test]
fn not_ready_is_retried_within_milliseconds() {
    // Of the transient class: at most 50 and 100 ms. The throttled class would often wait a second, and be served.
    let told = told(
        &[("w", "0,1,1", "client.retries = \"standard\"")],
        &format!("[run]\nduration = \"1m\"\nwarmup = \"0s\"\nreplications = 50\n{}", imported("cold_start = \"1s\"")),
    );
    assert_tells(&told, &[("failed", 1.0), ("attempts", 3.0), ("capacities.mine.refused_not_ready", 3.0)]);
}

#[test]
fn a_retry_of_not_ready_costs_14_of_the_retry_quota() {
    let told =
        told(&[("w", &"0,1,1 ".repeat(100), "client.retries = \"standard\"")], &imported("cold_start = \"30s\""));
    assert_tells(&told, &[("served", 0.0), ("attempts", 135.0)]);
}

// ── Batch ───────────────────────────────────────────────────────────────────────────────────────────────────────────

/// A hundred records of 200 tokens, one a second from 0 on.
fn nightly(records: u64, keys: &str) -> Told {
    let rows: String = (0..records).map(|s| format!("{s},100,100 ")).collect();
    told(
        &[("w", &rows, "")],
        &format!(
            "[run]\nduration = \"3h\"\nwarmup = \"0s\"\nreplications = 1\n[capacities.night.batch]\ncollect_every = \"1h\"\nqueue_delay = \"10m\"\ntokens_per_second = 1_000\n{keys}"
        ),
    )
}

#[test]
fn a_job_is_collected_waits_and_answers_all_at_its_end() {
    // Collected at 3,600, started at 4,200, and 20,000 tokens later over at 4,220. A record waits from s to there.
    let told = nightly(100, "");
    assert_tells(
        &told,
        &[
            ("served", 100.0),
            ("capacities.night.jobs", 1.0),
            ("capacities.night.job_wait_mean_ms", 600_000.0),
            ("capacities.night.job_makespan_mean_ms", 20_000.0),
            ("capacities.night.jobs_in_time_rate", 1.0),
            ("e2e_mean_ms", (4_220.0 - 49.5) * 1_000.0),
            ("output_tokens", 10_000.0),
            // Half of $1 for each million.
            ("cost_usd", 0.01),
        ],
    );
}

#[test]
fn the_deadline_of_a_job_runs_from_its_submission_to_its_end() {
    for (deadline, in_time) in [("620s", 1.0), ("619s", 0.0)] {
        let told = nightly(100, &format!("deadline = \"{deadline}\""));
        assert_tells(&told, &[("capacities.night.jobs_in_time_rate", in_time), ("served", 100.0)]);
    }
}

#[test]
fn jobs_are_collected_at_instants_of_the_wall_clock() {
    // At 30 min past each hour: 1,800 + 600 + 20.
    let told = nightly(100, "collect_at = \"30m\"");
    assert_tells(&told, &[("capacities.night.jobs", 1.0), ("e2e_mean_ms", (2_420.0 - 49.5) * 1_000.0)]);
}

#[test]
fn each_collection_is_a_job_of_its_own() {
    let rows: String = (0..100).chain(3_700..3_900).map(|s| format!("{s},100,100 ")).collect();
    let told = told(
        &[("w", &rows, "")],
        "[run]\nduration = \"3h\"\nwarmup = \"0s\"\nreplications = 1\n[capacities.night.batch]\ncollect_every = \"1h\"\nqueue_delay = \"10m\"\ntokens_per_second = 1_000",
    );
    // 20,000 tokens and 40,000; 100 x (4,220 - 49.5) and 200 x (7,840 - 3,799.5).
    assert_tells(
        &told,
        &[
            ("served", 300.0),
            ("capacities.night.jobs", 2.0),
            ("capacities.night.job_makespan_mean_ms", 30_000.0),
            ("e2e_mean_ms", (100.0 * 4_170.5 + 200.0 * 4_040.5) / 300.0 * 1_000.0),
        ],
    );
}

// ── One day for all models ──────────────────────────────────────────────────────────────────────────────────────────

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

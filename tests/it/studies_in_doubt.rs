//! Doubt beyond a single run: of a size, of a comparison, of a gate.

use std::path::Path;
use std::process::{Command, Output};

use bedload::results::{DoubtAnswer, Judgement, Results};

/// 60,000 input tokens a minute. As written a unit carries all of it, at worst a quarter.
const UNITS: &str = r#"
title = "How many units?"
[run]
duration = "30m"
warmup = "0s"
replications = 12
[models.own]
max_output_tokens = 100
time_to_first_token = "1s"
output_tokens_per_second = 100
prices = { input = "$1/1M", output = "$5/1M" }
[workloads.w]
model = "own"
arrivals.constant.rate = "60/min"
input_tokens = 1000
output_tokens = 100
max_tokens = 100
client.retries = "none"
[capacities.d.provisioned]
model_units = 1
input_tpm_per_unit = 60_000
output_tpm_per_unit = 90_000
price_per_unit = "$10/h"
[doubt]
"capacities.d.input_tpm_per_unit" = { low = 16_000, high = 70_000 }
[size]
vary = "capacities.d.model_units"
from = 1
to = 6
[[expect]]
metric = "throttle_rate"
at_most = "1%"
"#;

fn bedload(folder: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_bedload"))
        .args(args)
        .current_dir(folder)
        .env_remove("GITHUB_ACTIONS")
        .output()
        .expect("the program runs")
}

fn folder(text: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("units.toml"), text).expect("it is written");
    folder
}

/// The document, the exit code, and what stdout says without line breaks.
fn played(text: &str, args: &[&str]) -> (Results, i32, String) {
    let folder = folder(text);
    let output = bedload(folder.path(), &[args, &["--out", "o"]].concat());
    let read = std::fs::read(folder.path().join("o/results.json"));
    let read = read.unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)));
    let said = String::from_utf8(output.stdout).expect("it is text");
    assert!(said.lines().all(|line| line.chars().count() <= 80), "{said}");
    let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
    (serde_json::from_slice(&read).expect("it is JSON"), output.status.code().expect("it ends"), said)
}

#[test]
fn a_size_says_what_every_reading_takes() {
    let (results, code, said) = played(UNITS, &["size", "units.toml"]);
    let sizing = results.sizing.expect("it is a size");
    assert_eq!(sizing.answer, Some(1), "as written");
    // 3 x 16,000 are short of 60,000, 4 x 16,000 are not; three more units at $10 an hour, 730 hours a month.
    let safe = sizing.safe.expect("something is in doubt");
    assert_eq!(safe.value, Some(4));
    assert_eq!(safe.cost_difference_usd_per_month, Some(21_900.0));
    let doubt = results.doubt.expect("something is in doubt");
    assert_eq!(doubt.answer, DoubtAnswer::Flips);
    let below = doubt.flips[0].conditions[0].below.expect("a range has a threshold");
    assert!((59_900.0..=60_600.0).contains(&below), "{below}");
    assert_eq!(code, 4, "a lucky reading passes no gate");
    let part = "in doubt: 4 holds under all 3 readings of the unpublished rules; 1 does not; $21,900.00 a month more";
    assert!(said.contains(part), "{said}");
    assert!(said.contains("1 flips: holds as written; holds under 2, fails under 1 of 3 readings"), "{said}");
}

#[test]
fn what_is_bought_is_put_under_every_reading_too() {
    let bought = |n: &str| {
        let (results, code, said) = played(UNITS, &["size", "units.toml", "--bought", n]);
        let sizing = results.sizing.expect("it is a size");
        assert_eq!(sizing.safe.as_ref().and_then(|safe| safe.value), Some(4), "whatever is bought");
        (results.doubt.expect("something is in doubt").answer, code, sizing.saving_usd_per_month(), said)
    };
    let (answer, code, saving, said) = bought("5");
    assert_eq!((answer, code, saving), (DoubtAnswer::Holds, 0, Some(7_300.0)), "one is spare, and not four");
    let saves = "buying the value that holds under every reading saves $7,300.00 a month";
    assert!(said.replace("\n  ", " ").contains(saves), "{said}");
    let (answer, code, saving, _) = bought("3");
    assert_eq!((answer, code, saving), (DoubtAnswer::Flips, 4, None));
}

#[test]
fn a_range_that_ends_too_early_is_safe_nowhere() {
    let (results, code, said) = played(UNITS, &["size", "units.toml", "--to", "3"]);
    let safe = results.sizing.and_then(|s| s.safe).expect("something is in doubt");
    assert_eq!((safe.value, code), (None, 4));
    assert!(said.contains("no value up to 3 is known to hold under all 3 readings"), "{said}");
}

#[test]
fn the_greatest_load_is_safe_where_the_worst_reading_carries_it() {
    // 64 units at 60,000 carry 64 times the load, at 16,000 a quarter of that: 17 exactly.
    let text = UNITS
        .replace("model_units = 1", "model_units = 64")
        .replace("vary = \"capacities.d.model_units\"", "vary = \"workloads.w.scale\"\nfind = \"greatest\"")
        .replace("to = 6", "to = 80")
        .replace("output_tpm_per_unit = 90_000", "output_tpm_per_unit = 900_000");
    let (results, ..) = played(&text, &["size", "units.toml"]);
    let sizing = results.sizing.expect("it is a size");
    assert_eq!((sizing.answer, sizing.safe.and_then(|safe| safe.value)), (Some(64), Some(17)));
}

#[test]
fn doubt_can_be_left_out_everywhere() {
    for args in [
        &["size", "units.toml", "--no-doubt"][..],
        &["run", "units.toml", "--no-doubt"],
        &["compare", "units.toml", "--set", "capacities.d.model_units=2", "--no-doubt"],
    ] {
        let (results, code, said) = played(UNITS, args);
        assert!(results.doubt.is_none() && code == 0 && !said.contains("readings"), "{args:?}: {code}");
    }
    let folder = folder(UNITS);
    assert_eq!(bedload(folder.path(), &["check", "units.toml"]).status.code(), Some(4));
    assert_eq!(bedload(folder.path(), &["check", "units.toml", "--no-doubt"]).status.code(), Some(0));
}

#[test]
fn a_gate_says_what_its_verdict_hangs_on() {
    let folder = folder(UNITS);
    let output = bedload(folder.path(), &["check", "units.toml", "--junit", "j.xml"]);
    let said = String::from_utf8(output.stdout).expect("it is text").split_whitespace().collect::<Vec<_>>().join(" ");
    for part in [
        "INCONCLUSIVE units.toml",
        "PASS throttle_rate <= 1 %",
        "INCONCLUSIVE doubt: flips: holds as written; holds under 2, fails under 1 of 3 readings of the unpublished rules; fails with capacities.d.input_tpm_per_unit below 60,000 (ask your account team for the input tokens of a Model Unit)",
        "; in doubt: 4 holds under all 3 readings of the unpublished rules; 1 does not",
    ] {
        assert!(said.contains(part), "`{part}` is not in\n{said}");
    }
    let junit = std::fs::read_to_string(folder.path().join("j.xml")).expect("it is written");
    assert!(junit.contains("name=\"doubt\""), "{junit}");
    // Four units hold under every reading. A size that tries no less than four has no answer, and passes nothing.
    let four = ["--set", "capacities.d.model_units=4"];
    let unsized_text = UNITS.replace("[size]\nvary = \"capacities.d.model_units\"\nfrom = 1\nto = 6\n", "");
    assert!(!unsized_text.contains("size"), "{unsized_text}");
    std::fs::write(folder.path().join("four.toml"), unsized_text).expect("it is written");
    let enough = bedload(folder.path(), &[&["check", "four.toml"], &four[..]].concat());
    assert_eq!(enough.status.code(), Some(0), "{}", String::from_utf8_lossy(&enough.stdout));
    let open = bedload(folder.path(), &[&["check", "units.toml", "--set", "size.from=4"], &four[..]].concat());
    let said = String::from_utf8_lossy(&open.stdout).split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(open.status.code(), Some(4), "{said}");
    assert!(said.contains("is at most 4; lower values were not tried"), "{said}");
    // No reading is played when the time is up, and what is not known passes nothing.
    let late = bedload(folder.path(), &["check", "units.toml", "--time-budget", "0s"]);
    assert_eq!(late.status.code(), Some(4));
}

#[test]
fn a_comparison_says_what_stays_better_under_every_reading() {
    let two = "capacities.d.model_units=2";
    let (results, code, said) = played(UNITS, &["compare", "units.toml", "--set", two]);
    let doubt = results.doubt.expect("something is in doubt");
    let throttled: Vec<bool> = doubt.readings.iter().map(|r| r.differences["throttle_rate"].distinguishable).collect();
    // As written both carry it; at 16,000 tokens a unit two carry twice as much as one; at 70,000 both carry it.
    assert_eq!(throttled, [false, true, false]);
    let difference = doubt.readings[1].differences["throttle_rate"].difference.expect("it is known");
    assert!((difference + 16.0 / 60.0).abs() < 1e-3, "{difference}");
    let verdicts: Vec<Judgement> = doubt.readings.iter().map(|r| r.verdict).collect();
    // Two units do not carry it at 16,000: whatever one does there, nobody should sign for two.
    assert_eq!((verdicts, code), (vec![Judgement::Held, Judgement::Failed, Judgement::Held], 4));
    for part in [
        "goals of model_units = 2: flips: holds as written; holds under 2, fails under 1 of 3 readings",
        "no difference shown as written, better under 1 of 3 readings: throttle_rate",
        "with capacities.d.input_tpm_per_unit = 16,000",
        "worse under all 3: cost_usd, cost_per_1k_requests_usd, cost_per_month_usd",
    ] {
        assert!(said.contains(part), "`{part}` is not in\n{said}");
    }
    // The other way round: one unit breaks what two keep, where a unit carries 32,000.
    let worse = UNITS.replace("low = 16_000", "low = 32_000").replace("model_units = 1", "model_units = 2");
    let (results, code, _) = played(&worse, &["compare", "units.toml", "--set", "capacities.d.model_units=1"]);
    assert_eq!((results.doubt.expect("doubt").answer, code), (DoubtAnswer::Flips, 4));
}

#[test]
fn what_is_compared_is_not_doubted() {
    let set = "capacities.d.input_tpm_per_unit=20_000";
    let (results, ..) = played(UNITS, &["compare", "units.toml", "--set", set]);
    assert!(results.doubt.is_none());
}

#[test]
fn studies_in_doubt_have_the_same_bytes_on_any_number_of_threads() {
    let folder = folder(UNITS);
    for args in [&["size", "units.toml"][..], &["compare", "units.toml", "--set", "capacities.d.model_units=3"]] {
        let [one, two] = ["1", "2"].map(|threads| {
            bedload(folder.path(), &[args, &["--threads", threads, "--out", threads]].concat());
            std::fs::read(folder.path().join(threads).join("results.json")).expect("it is written")
        });
        assert!(one == two, "{args:?}");
    }
}

#[test]
fn what_is_sized_is_not_doubted_by_another_name() {
    let named = "\"capacities.d.provisioned.model_units\" = [1, 2]\n[size]";
    let (results, ..) = played(&UNITS.replace("[size]", named), &["size", "units.toml"]);
    assert_eq!(results.doubt.expect("doubt").unknowns.len(), 1);
    assert_eq!(results.sizing.and_then(|s| s.safe).and_then(|safe| safe.value), Some(4));
}

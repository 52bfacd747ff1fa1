//! Doubt: the same question under every reading of what is not known.

use std::path::Path;

use bedload::experiment::{self, Unwatched};
use bedload::model::study::Unknown;
use bedload::report;
use bedload::results::{Doubt, DoubtAnswer, Judgement, Results, Scenario};
use bedload::scenario::Source;
use serde_json::json;

/// One request a second of 1,100 tokens: 66,000 a minute, all of them reserved and all of them used.
const STEADY: &str = r#"
[run]
duration = "6h"
warmup = "0s"
replications = 1
[models.own]
max_output_tokens = 100
time_to_first_token = "1s"
output_tokens_per_second = 100
[workloads.w]
model = "own"
arrivals.constant.rate = "60/min"
input_tokens = 1000
output_tokens = 100
max_tokens = 100
client.retries = "none"
"#;

fn source(rest: &str) -> Source {
    Source::text("test.toml", &format!("{STEADY}{rest}"), Path::new("."), &[]).expect("no file is read")
}

fn model(source: &Source, settings: &[String]) -> Result<bedload::model::Model, String> {
    source.load(settings).map(|l| l.model).map_err(|r| bedload::cli::render::render(&r.sources, &r.findings, false))
}

fn unknowns(rest: &str) -> Vec<Unknown> {
    source(rest).load(&[]).unwrap_or_else(|r| panic!("{:?}", r.findings)).study.doubt
}

fn results(threads: usize, rest: &str) -> Results {
    let source = source(rest);
    let unknowns = unknowns(rest);
    let base = model(&source, &[]).expect("it loads");
    let scenario =
        Scenario { title: String::new(), file: "test.toml".to_owned(), sha256: String::new(), overrides: Vec::new() };
    let load = |settings: &[String]| model(&source, settings);
    let run = || experiment::run_in_doubt(&base, scenario, &unknowns, &load, &Unwatched);
    experiment::on_threads(threads, run).expect("threads start").expect("every reading loads").results
}

fn doubt(rest: &str) -> Doubt {
    results(2, rest).doubt.expect("something is in doubt")
}

const EXPECTED: &str = "\n[[expect]]\nmetric = \"throttle_rate\"\nat_most = \"1%\"\n";

fn with_limiters(tpm: u64) -> String {
    format!(
        "[capacities.us.on_demand]\ntpm = {tpm}\n[doubt]\n\"capacities.us.limiter\" = [\"fixed_window\", \"sliding_window\", \"token_bucket\"]\n{EXPECTED}"
    )
}

#[test]
fn room_enough_holds_under_every_limiter() {
    let doubt = doubt(&with_limiters(70_000));
    assert_eq!((doubt.answer, doubt.readings.len(), doubt.readings_total), (DoubtAnswer::Holds, 3, 3));
    assert!(doubt.flips.is_empty());
    assert_eq!(doubt.unknowns[0].base, Some(json!("fixed_window")), "the default is one of the three");
}

#[test]
fn half_the_room_fails_under_every_limiter() {
    let doubt = doubt(&with_limiters(33_000));
    assert_eq!((doubt.answer, doubt.readings.len()), (DoubtAnswer::Fails, 3));
    assert!(doubt.flips.is_empty());
}

#[test]
fn a_place_too_few_flips_and_the_others_do_not() {
    // A request takes two seconds, so two places are taken in the mean.
    let doubt = doubt(&format!(
        "[capacities.us.on_demand]\nconcurrency = 10\n[doubt]\n\"capacities.us.concurrency\" = [1, 5, 10]\n{EXPECTED}"
    ));
    assert_eq!(doubt.answer, DoubtAnswer::Flips);
    assert_eq!(doubt.readings.len(), 3, "the base is one of them");
    let [flip] = &doubt.flips[..] else { panic!("{:?}", doubt.flips) };
    assert_eq!((flip.verdict, flip.conditions[0].values.clone()), (Judgement::Failed, vec![json!(1)]));
}

#[test]
fn what_flips_only_together_is_told_together() {
    // Each admits 27 of 60 at its worst: either one suffices beside the other at its best, both do not.
    let doubt = doubt(&format!(
        "route = [\"a\", \"b\"]\n[capacities.a.on_demand]\ntpm = 66_000\n[capacities.b.on_demand]\ntpm = 66_000\n[doubt]\n\"capacities.a.tpm\" = [30_000, 66_000, 99_000]\n\"capacities.b.tpm\" = [30_000, 66_000, 99_000]\n{EXPECTED}"
    ));
    assert_eq!((doubt.answer, doubt.readings.len()), (DoubtAnswer::Flips, 9));
    let [flip] = &doubt.flips[..] else { panic!("{:?}", doubt.flips) };
    let told: Vec<_> = flip.conditions.iter().map(|c| (c.path.as_str(), c.values.clone())).collect();
    assert_eq!(told, [("capacities.a.tpm", vec![json!(30_000)]), ("capacities.b.tpm", vec![json!(30_000)])]);
}

#[test]
fn the_threshold_is_the_one_that_brute_force_finds() {
    // 60 requests of 1,100 tokens fit into a minute from 66,000 on. The range is so narrow that it is searched to the end.
    let rest = |tpm: u64| {
        format!("[capacities.us.on_demand]\ntpm = {tpm}\n[doubt]\n\"capacities.us.tpm\" = [65_950, 66_049]\n{EXPECTED}")
    };
    let below = |doubt: &Doubt| doubt.flips[0].conditions[0].below;
    let doubted = doubt(&rest(66_020));
    assert_eq!(doubted.answer, DoubtAnswer::Flips);
    let holds = |tpm: &u64| results(2, &rest(*tpm)).expectations[0].verdict == Judgement::Held;
    let least = (65_990..66_010).find(holds).expect("one holds");
    assert_eq!((least, below(&doubted)), (66_000, Some(66_000.0)));
    // From the other side: written at a number that fails, it holds above the last that does.
    let failing = doubt(&rest(65_950));
    let flip = &failing.flips[0];
    assert_eq!((flip.verdict, flip.conditions[0].above), (Judgement::Held, Some(65_999.0)));
}

#[test]
fn what_leaves_the_verdict_undecided_is_told_when_nothing_contradicts_it() {
    // Those that are served take 2 s; where nobody is served, the mean is not known.
    let doubt = doubt(
        "[capacities.us.on_demand]\nconcurrency = 10\n[doubt]\n\"capacities.us.unavailable_probability\" = [0, 0.5, 1]\n[[expect]]\nmetric = \"e2e_mean\"\nat_most = \"10s\"\n",
    );
    assert_eq!(doubt.answer, DoubtAnswer::Inconclusive);
    let [flip] = &doubt.flips[..] else { panic!("{:?}", doubt.flips) };
    assert_eq!((flip.verdict, flip.conditions[0].values.clone()), (Judgement::Inconclusive, vec![json!(1)]));
}

/// The first token takes 1 s or 3 s, the rest 1 s or 2 s.
const LATENCIES: &str = r#"
[capacities.us.on_demand]
[doubt]
"models.own.output_tokens_per_second" = { low = 50, high = 100 }
"models.own.time_to_first_token" = ["1s", "3s"]
[[expect]]
metric = "e2e_mean"
at_most = "10s"
"#;

#[test]
fn the_unknown_that_moves_the_metric_farthest_comes_first() {
    let doubt = doubt(LATENCIES);
    let bars: Vec<_> = doubt.tornado.iter().map(|b| (b.path.as_str(), b.base, b.low, b.high)).collect();
    assert_eq!(
        bars,
        [
            ("models.own.time_to_first_token", 2_000.0, 2_000.0, 4_000.0),
            ("models.own.output_tokens_per_second", 2_000.0, 2_000.0, 3_000.0)
        ]
    );
    assert_eq!(doubt.tornado[1].at_high, Some(json!(50)));
    assert_eq!(doubt.readings.len(), 4);
    let slowest = doubt.readings[3].metrics["e2e_mean_ms"].estimate;
    assert_eq!(slowest, Some(5_000.0), "both at once");
}

#[test]
fn too_many_readings_are_played_alone_and_in_pairs() {
    let doubt = doubt(&LATENCIES.replace(
        "[doubt]",
        "concurrency = 90\nrpm = 90\ntpm = 90_000\n[doubt]\n\"capacities.us.tpm\" = [80_000, 90_000]\n\"capacities.us.concurrency\" = [80, 90]\n\"capacities.us.limiter\" = [\"fixed_window\", \"token_bucket\"]\n\"capacities.us.refusal_latency\" = [\"0s\", \"200ms\"]\n\"capacities.us.count_refused_requests\" = [false, true]",
    ));
    assert_eq!((doubt.readings_total, doubt.answer), (128, DoubtAnswer::Holds));
    let with = |n: usize| doubt.readings.iter().filter(|r| r.settings.len() == n).count();
    assert_eq!((with(0), with(1), with(2), doubt.readings.len()), (1, 7, 21, 29));
}

#[test]
fn a_range_that_is_written_is_in_doubt_by_itself() {
    let rest = format!(
        "[capacities.d.provisioned]\nmodel_units = 1\ninput_tpm_per_unit = {{ low = 40_000, high = 80_000 }}\noutput_tpm_per_unit = 90_000\n{EXPECTED}"
    );
    let found: Vec<String> = unknowns(&rest).into_iter().map(|u| u.path).collect();
    assert_eq!(found, ["capacities.d.input_tpm_per_unit"]);
    let doubt = doubt(&rest);
    let condition = &doubt.flips[0].conditions[0];
    // 60,000 of input a minute, and 1 % of the range.
    assert!(condition.above.is_some_and(|x| (59_600.0..60_000.0).contains(&x)), "{condition:?}");
    assert!(condition.ask.contains("account team"));
    let known = rest.replace("{ low = 40_000, high = 80_000 }", "80_000");
    assert!(unknowns(&known).is_empty());
}

#[test]
fn the_default_set_is_what_was_left_at_a_default() {
    let rest = |written: &str| format!("[capacities.us.on_demand]\nrpm = 90\n{written}{EXPECTED}");
    let found = |written: &str| {
        let source =
            Source::text("test.toml", &format!("doubt = \"default\"\n{STEADY}{}", rest(written)), Path::new("."), &[]);
        let loaded = source.unwrap().load(&[]).unwrap();
        loaded.study.doubt.into_iter().map(|u| u.path.replace("capacities.us.", "")).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(found(""), "count_refused_requests limiter refusal_latency");
    assert_eq!(found("limiter = \"fixed_window\"\n"), "count_refused_requests refusal_latency");
}

#[test]
fn doubt_has_the_same_bytes_on_any_number_of_threads() {
    let written = |threads| report::json(&results(threads, LATENCIES));
    assert!(written(1) == written(2));
}

#[test]
fn a_bad_alternative_is_found_before_anything_is_played() {
    let rest = format!(
        "[capacities.us.on_demand]\ntpm = 70_000\n[doubt]\n\"capacities.us.limiter\" = [\"fixed_windw\"]\n{EXPECTED}"
    );
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("d.toml"), format!("{STEADY}{rest}")).expect("it is written");
    for verb in ["run", "size", "check", "validate"] {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_bedload"));
        let output = command.args([verb, "d.toml"]).current_dir(folder.path()).output().expect("it runs");
        let told = String::from_utf8(output.stderr).expect("it is text");
        assert_eq!(output.status.code(), Some(2), "{told}");
        for part in ["did you mean `fixed_window`?", "this value of \"capacities.us.limiter\" comes from [doubt]"] {
            assert!(told.contains(part), "{verb}: {told}");
        }
    }
}

#[test]
fn the_summary_says_first_what_the_answer_is() {
    let results = results(
        2,
        &with_limiters(66_000)
            .replace("\"sliding_window\", ", "")
            .replace("[doubt]", "[doubt]\n\"capacities.us.tpm\" = [60_000, 80_000]"),
    );
    let text = report::text(&results, report::Palette { colour: false });
    let flat = text.split_whitespace().collect::<Vec<_>>().join(" ");
    for part in [
        "Doubt flips: holds as written; holds under ",
        "fails with capacities.us.tpm below 66,0",
        "aws service-quotas list-service-quotas",
        "how far each unknown alone moves throttle_rate from 0 %:",
        "these ranges come from what is in doubt",
    ] {
        assert!(flat.contains(part), "`{part}` is not in\n{text}");
    }
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
}

#[test]
fn one_key_is_doubted_once() {
    for (one, other) in [
        ("capacities.us.tpm", "capacities.us.on_demand.tpm"),
        ("capacities.us.limiter", "capacities.us.limiter.token_bucket.burst"),
    ] {
        let rest = format!(
            "[capacities.us.on_demand]\ntpm = 70_000\n[doubt]\n\"{one}\" = [1, 2, 3]\n\"{other}\" = [1, 2, 3]\n{EXPECTED}"
        );
        let refused = source(&rest).load(&[]).expect_err("it is twice the same");
        let told = bedload::cli::render::render(&refused.sources, &refused.findings, false);
        assert!(told.contains(&format!("`{one}` and `{other}` set the same key")), "{told}");
    }
}

/// A watch whose time is up after so many looks.
struct Impatient(std::sync::atomic::AtomicUsize);

impl experiment::Watch for Impatient {
    fn planned(&self, _: u64, _: u64) {}
    fn advanced(&self, _: u64) {}
    fn is_over(&self) -> bool {
        let left = &self.0;
        let is_more = |n: usize| n.checked_sub(1);
        left.fetch_update(std::sync::atomic::Ordering::SeqCst, std::sync::atomic::Ordering::SeqCst, is_more).is_err()
    }
}

#[test]
fn what_there_is_no_time_for_is_no_evidence() {
    let rest = format!(
        "[capacities.us.on_demand]\ntpm = 99_000\n[doubt]\n\"capacities.us.tpm\" = [33_000, 120_000]\n{EXPECTED}"
    );
    let (source, unknowns) = (source(&rest), unknowns(&rest));
    let base = experiment::Answer::of(&experiment::play(
        &model(&source, &[]).expect("it loads"),
        experiment::Depth::Figures,
        &Unwatched,
    ));
    let build = |settings: &[String]| model(&source, settings);
    let doubt = |looks: usize| {
        let watch = Impatient(looks.into());
        let doubts = experiment::on_threads(1, || experiment::doubt_point(base.clone(), &unknowns, &build, &watch));
        doubts.expect("threads").expect("it plays").expect("doubt").doubt
    };
    let none = doubt(0);
    assert_eq!((none.readings.len(), none.readings_total, none.flips.len()), (1, 3, 0));
    // Both ends were played, and there was no time to look between them: the end is told, not a threshold.
    let ends = doubt(2);
    assert_eq!((ends.readings.len(), ends.answer), (3, DoubtAnswer::Flips));
    assert_eq!(
        (ends.flips[0].conditions[0].values.clone(), ends.flips[0].conditions[0].below),
        (vec![json!(33_000)], None)
    );
    let whole = doubt(1_000);
    assert!(whole.flips[0].conditions[0].below.is_some_and(|x| (66_000.0..67_000.0).contains(&x)), "{:?}", whole.flips);
}

/// One "hello" a minute without a cap, of a model that answers with up to 64,000 tokens and burns five for each.
const HELLO: &str = r#"
[run]
duration = "1h"
warmup = "5m"
replications = 2
[models.own]
max_output_tokens = 64_000
output_burndown = 5
time_to_first_token = "1s"
output_tokens_per_second = 55
[workloads.hello]
model = "own"
arrivals.constant.rate = "1/min"
input_tokens = 20
output_tokens = 30
client.retries = "none"
[capacities.us.on_demand]
rpm = 200
tpm = 200_000
[[expect]]
metric = "throttle_rate"
at_most = "50%"
"#;

fn hello(change: &[&str]) -> Results {
    let source = Source::text("test.toml", HELLO, Path::new("."), &[]).expect("no file is read");
    let settings: Vec<String> = change.iter().map(|s| (*s).to_owned()).collect();
    let unknowns = source.load(&settings).unwrap_or_else(|r| panic!("{:?}", r.findings)).study.doubt;
    let base = model(&source, &settings).expect("it loads");
    let scenario =
        Scenario { title: String::new(), file: "test.toml".to_owned(), sha256: String::new(), overrides: Vec::new() };
    let load = |more: &[String]| model(&source, &[&settings, more].concat());
    let run = || experiment::run_in_doubt(&base, scenario, &unknowns, &load, &Unwatched);
    experiment::on_threads(2, run).expect("threads start").expect("every reading loads").results
}

#[test]
fn a_hello_without_a_cap_is_always_throttled_where_the_burndown_is_reserved() {
    // 20 + 5 x 64,000 are more than 200,000; with a cap of 39,996 they are exactly as many.
    let rate = |change: &[&str]| hello(change).points[0].value("throttle_rate").expect("it is measured");
    let burned = "capacities.us.reserve_output_burndown=true";
    assert_eq!(rate(&[]), 0.0);
    assert_eq!(rate(&[burned]), 1.0, "each is a 429, and no scenario that could never be admitted");
    assert_eq!(rate(&[burned, "workloads.hello.max_tokens=39_996"]), 0.0);
    assert_eq!(rate(&[burned, "workloads.hello.max_tokens=39_997"]), 1.0);
    let doubt = hello(&["doubt=default"]).doubt.expect("something is in doubt");
    assert_eq!(doubt.answer, DoubtAnswer::Flips);
    assert_eq!(doubt.flips[0].conditions[0].path, "capacities.us.reserve_output_burndown");
    // Three limiters, and two readings of refused requests, of the burndown and of the time of a refusal.
    assert_eq!(doubt.readings_total, 3 * 2 * 2 * 2);
}

#[test]
fn the_account_and_a_default_on_requests_are_in_doubt_and_readings_stay_bounded() {
    let text = HELLO
        .replace("max_output_tokens = 64_000", "id = \"us.anthropic.claude-sonnet-4-5-20250929-v1:0\"")
        .replace("rpm = 200\n", "");
    let source = Source::text("test.toml", &text, Path::new("."), &[]).expect("no file is read");
    let settings = ["doubt=default".to_owned()];
    let unknowns = source.load(&settings).unwrap_or_else(|r| panic!("{:?}", r.findings)).study.doubt;
    let others = |path: &str| {
        let unknown = unknowns.iter().find(|u| u.path == path).unwrap_or_else(|| panic!("{path} is in doubt"));
        unknown.others().iter().map(|other| other.text.clone()).collect::<Vec<_>>()
    };
    assert_eq!(others("capacities.us.rpm"), ["\"none\""]);
    assert_eq!(others("account.tpd_counting"), ["\"price_weighted\""]);
    let base = model(&source, &settings).expect("it loads");
    let scenario =
        Scenario { title: String::new(), file: "test.toml".to_owned(), sha256: String::new(), overrides: Vec::new() };
    let load = |more: &[String]| model(&source, more);
    let run = || experiment::run_in_doubt(&base, scenario, &unknowns, &load, &Unwatched);
    let results = experiment::on_threads(2, run).expect("threads start").expect("every reading loads").results;
    let text = report::text(&results, report::Palette { colour: false });
    let flat = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let idle = flat.split_once("not exercised by this run, in which these limits refuse nothing: ").expect(&flat).1;
    assert!(idle.contains("account.tpd_counting"), "the day's quota is not used up: {text}");
    let moved = flat.split_once("not moved by ").map_or("", |(_, rest)| rest.split_once("these").unwrap_or_default().0);
    assert!(!moved.contains("account.tpd"), "{text}");
    let doubt = results.doubt.expect("something is in doubt");
    assert!(doubt.is_of_rules(), "each is a default reading: {:?}", doubt.unknowns);
    assert_eq!(doubt.readings_total, 3 * 2 * 2 * 2 * 2 * 2);
    assert!(doubt.readings.len() <= experiment::MOST_READINGS, "each alone, then pairs of the worst");
}

#[test]
fn a_doubt_of_ones_own_forecast_is_no_rule_that_aws_does_not_publish() {
    let rest = format!(
        "[capacities.us.on_demand]\ntpm = 70_000\n[doubt]\n\"workloads.w.input_tokens\" = [900, 1_000, 2_000]\n{EXPECTED}"
    );
    let mut results = results(2, &rest);
    report::decide(&mut results);
    let decision = results.decision.as_ref().expect("a run decides");
    let answer = &decision.answer;
    assert!(answer.starts_with("not decided: the answer depends on what is in doubt: "), "{answer}");
    let text = report::text(&results, report::Palette { colour: false });
    let flat = text.split_whitespace().collect::<Vec<_>>().join(" ");
    for part in
        ["of 3 readings of what is in doubt", "it flips with workloads.w.input_tokens", "come from what is in doubt"]
    {
        assert!(flat.contains(part), "`{part}` is not in\n{text}");
    }
    assert!(!flat.contains("unpublished rules") && !flat.contains("does not publish"), "{text}");
}

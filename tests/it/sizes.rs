//! Sizing gives the answer that trying every value gives, or says why it cannot: never a wrong number.

use std::path::Path;

use bedload::cli::render::render;
use bedload::experiment::{self, Depth, Unwatched, play};
use bedload::random::{Purpose, Stream};
use bedload::report;
use bedload::results::{BoughtVerdict, Judgement, Results, Scenario, SizingState};
use bedload::scenario::Source;

/// A workload that meets a quota, and a size over a key of it.
fn scenario(rate: u64, seed: u64, expect: &str, size: &str) -> String {
    format!(
        r#"
[run]
duration = "1h"
warmup = "1m"
cooldown = "1m"
replications = 8
seed = {seed}
[models.m]
max_output_tokens = 2000
time_to_first_token = "300ms"
output_tokens_per_second = 100
prices = {{ input = "$1/1M", output = "$2/1M" }}
[workloads.w]
model = "m"
arrivals.poisson.rate = "{rate}/min"
input_tokens.exponential.mean = 300
output_tokens = 100
max_tokens = 200
client.retries = "none"
[capacities.us.on_demand]
rpm = 100
limiter = "fixed_window"
[[expect]]
{expect}
[size]
{size}
"#
    )
}

fn source(text: &str) -> Source {
    Source::text("test.toml", text, Path::new("."), &[]).expect("it extends nothing")
}

fn sized(text: &str) -> Results {
    let source = source(text);
    let loaded = match source.load(&[]) {
        Ok(loaded) => loaded,
        Err(refused) => panic!("{}", render(&refused.sources, &refused.findings, false)),
    };
    let build = |settings: &[String]| match source.load(settings) {
        Ok(loaded) => Ok(loaded.model),
        Err(refused) => Err(render(&refused.sources, &refused.findings, false)),
    };
    let scenario =
        Scenario { title: "t".to_owned(), file: "test.toml".to_owned(), sha256: String::new(), overrides: Vec::new() };
    let size = loaded.study.size.expect("it says what to size");
    experiment::size(&size, &loaded.model, scenario, &[], &build, &Unwatched)
        .expect("every value makes a model")
        .results
}

/// The first value of a rising list that meets every goal.
fn by_trying(text: &str, vary: &str, values: impl IntoIterator<Item = u64>) -> Option<u64> {
    let source = source(text);
    values.into_iter().find(|value| {
        let loaded = source.load(&[format!("{vary}={value}")]).expect("it loads");
        play(&loaded.model, Depth::Figures, &Unwatched).expectations.iter().all(|e| e.verdict == Judgement::Held)
    })
}

fn agrees_with_trying(find: &str, cases: u64, from: u64, to: u64, step: u64) -> (usize, usize) {
    let stream = Stream::new(2024, 0, Purpose::Design, "sizes");
    let (mut answered, mut evaluated) = (0, 0);
    for case in 0..cases {
        let rate = 40 + stream.bits(case) % 80;
        let bound = [1, 3, 10, 30][(stream.bits(case + 1_000) % 4) as usize];
        let expect = format!("metric = \"throttle_rate\"\nat_most = \"{bound}%\"");
        let vary = "capacities.us.rpm";
        let size = format!("vary = \"{vary}\"\nfind = \"{find}\"\nfrom = {from}\nto = {to}\nstep = {step}");
        let text = scenario(rate, case, &expect, &size);
        let sizing = sized(&text).sizing.expect("it was sized");
        evaluated += sizing.evaluated.len();
        match sizing.state {
            // The end of a range is no answer, but the first value that holds.
            SizingState::EverythingHolds => {
                assert_eq!((sizing.answer, sizing.holds_from), (None, by_trying(&text, vary, [from])), "{sizing:?}");
                answered += 1;
            }
            SizingState::Answered => {
                let values = (0..=(to - from) / step).map(|k| from + k * step);
                assert_eq!(sizing.answer, by_trying(&text, vary, values), "{text}\n{sizing:?}");
                assert!(sizing.answer.is_some());
                answered += 1;
            }
            SizingState::NothingHolds => assert_eq!(by_trying(&text, vary, [from, to]), None),
            SizingState::Undecided | SizingState::NotMonotone => assert_eq!(sizing.answer, None),
        }
    }
    (answered, evaluated)
}

#[test]
fn a_small_range_gives_the_answer_of_trying_all() {
    let (answered, evaluated) = agrees_with_trying("least", 50, 40, 240, 40);
    assert!(answered >= 15, "{answered} of 50 are answered");
    assert_eq!(evaluated, 50 * 6);
}

#[test]
fn a_long_range_gives_the_same_answer_from_fewer_values() {
    let (answered, evaluated) = agrees_with_trying("least", 12, 5, 2_405, 24);
    assert!(answered >= 3, "{answered} of 12 are answered");
    assert!(evaluated < 12 * 40, "{evaluated} of {} values were played", 12 * 101);
}

const LITTLE: &str = "metric = \"throttle_rate\"\nat_most = \"5%\"";

#[test]
fn the_greatest_load_is_found_from_above() {
    let size = "vary = \"workloads.w.scale\"\nfind = \"greatest\"\nfrom = 1\nto = 10\nstep = 3";
    let text = scenario(20, 3, LITTLE, size);
    let sizing = sized(&text).sizing.unwrap();
    assert_eq!(sizing.state, SizingState::Answered, "{}", sizing.explanation);
    assert_eq!(sizing.answer, by_trying(&text, "workloads.w.scale", [10, 7, 4, 1]));
    assert!(sizing.explanation.contains("4 is the greatest `workloads.w.scale`"), "{}", sizing.explanation);
}

#[test]
fn ends_of_the_range_are_told_as_such() {
    let of = |from: u64, to: u64| {
        let size = format!("vary = \"capacities.us.rpm\"\nfrom = {from}\nto = {to}\nstep = 10");
        sized(&scenario(60, 1, LITTLE, &size)).sizing.unwrap()
    };
    let none = of(10, 30);
    assert_eq!((none.state, none.answer), (SizingState::NothingHolds, None));
    let told = "no `capacities.us.rpm` up to 30 meets every goal: the greatest value of the range, 30, does not hold";
    assert!(none.explanation.starts_with(told), "{}", none.explanation);
    assert_eq!(none.judgement(), Judgement::Failed);
    let all = of(2_000, 2_040);
    assert_eq!((all.state, all.answer, all.holds_from), (SizingState::EverythingHolds, None, Some(2_000)));
    let told = "the least `capacities.us.rpm` that meets every goal is at most 2,000; lower values were not tried";
    assert_eq!(all.explanation, told);
    assert_eq!(all.judgement(), Judgement::Inconclusive);
}

#[test]
fn what_is_bought_may_suffice_though_the_range_has_no_answer() {
    let size = "vary = \"capacities.us.rpm\"\nfrom = 200\nto = 240\nstep = 10\nbought = 230";
    let sizing = sized(&scenario(60, 1, LITTLE, size)).sizing.unwrap();
    assert_eq!((sizing.state, sizing.answer), (SizingState::EverythingHolds, None));
    assert_eq!((sizing.bought.as_ref().unwrap().verdict, sizing.judgement()), (BoughtVerdict::Spare, Judgement::Held));
}

#[test]
fn the_least_value_there_is_is_an_answer() {
    let size = "vary = \"capacities.us.concurrency\"\nfrom = 1\nto = 3";
    let text = scenario(3, 1, LITTLE, size).replace("rpm = 100", "rpm = 100\nconcurrency = 2");
    let text = text.replace("output_tokens = 100", "output_tokens = 10");
    let sizing = sized(&text).sizing.unwrap();
    assert_eq!((sizing.state, sizing.answer), (SizingState::EverythingHolds, Some(1)), "{}", sizing.explanation);
    assert_eq!(sizing.explanation, "1 meets every goal, and is the least `capacities.us.concurrency` there is");
    assert_eq!(sizing.judgement(), Judgement::Held);
}

/// A coding agent on a fresh account, whose quota admits not one of its requests.
const NEW_ACCOUNT: &str = r#"
title = "Which quota do we ask for?"
run = { duration = "4h", warmup = "10m", seed = 3, replications = 20 }
[models.sonnet]
max_output_tokens = 64_000
output_burndown = 5
time_to_first_token = "600ms"
output_tokens_per_second = 80
[workloads.agent]
model = "sonnet"
arrivals.sessions = { rate = "6/h", turns.gamma = { mean = 25, cv = 0.8 }, think_time = "10s" }
input_tokens.lognormal = { median = 900, p95 = 5000 }
extra_input_tokens = 12_000
output_tokens.lognormal = { median = 250, p95 = 1200 }
max_tokens = 8192
client.retries.standard = { max_attempts = 3 }
[capacities.us.on_demand]
rpm = 250
tpm = 20_000
tpd = "none"
[[expect]]
metric = "throttle_rate"
at_most = "1%"
"#;

fn typed(args: &[&str]) -> (String, String, Option<i32>) {
    typed_of(NEW_ACCOUNT, args)
}

fn typed_of(scenario: &str, args: &[&str]) -> (String, String, Option<i32>) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("s.toml"), scenario).unwrap();
    let program = env!("CARGO_BIN_EXE_bedload");
    let output = std::process::Command::new(program).args(args).current_dir(folder.path()).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (text(&output.stdout), text(&output.stderr), output.status.code())
}

#[test]
fn the_quota_of_the_file_does_not_matter_when_it_is_sized() {
    let (_, refused, code) = typed(&["run", "s.toml"]);
    assert!(refused.contains("no request of `agent` can ever be admitted") && code == Some(2), "{refused}");
    let size = ["size", "s.toml", "--vary", "capacities.us.tpm", "--no-charts"];
    let (told, error, _) = typed(&[&size[..], &["--from", "200000", "--to", "1500000", "--step", "1300000"]].concat());
    assert!(told.contains("is the least `capacities.us.tpm` that meets every goal"), "{told}{error}");
    // Values that make no scenario are rows that fail, with their reason.
    let (told, error, code) = typed(&[&size[..], &["--from", "20000", "--to", "30000", "--step", "10000"]].concat());
    assert!(told.contains("20,000  no scenario") && told.contains("30,000  fails"), "{told}{error}");
    assert!(told.contains("20,000 makes no scenario: no request of `agent` can ever be admitted"), "{told}");
    assert_eq!(code, Some(1), "{told}");
    // A range of nothing else is a fault.
    let (_, error, code) = typed(&[&size[..], &["--from", "1000", "--to", "3000", "--step", "1000"]].concat());
    assert!(error.contains("no request of `agent` can ever be admitted") && code == Some(2), "{error}");
}

#[test]
fn the_quota_of_an_agent_on_a_new_account_is_found() {
    // The catalogue's latencies of Claude Sonnet 4.5.
    let text = NEW_ACCOUNT
        .replace(
            "time_to_first_token = \"600ms\"",
            "time_to_first_token = \"860ms\"\nprefill_per_1k_tokens = \"100ms\"",
        )
        .replace("output_tokens_per_second = 80", "output_tokens_per_second = 55");
    let range = ["--from", "100000", "--to", "700000", "--step", "300000", "--bought", "20000"];
    let size = ["size", "s.toml", "--vary", "capacities.us.tpm", "--no-charts"];
    let (told, error, code) = typed_of(&text, &[&size[..], &range].concat());
    let answer = "700,000 is the least `capacities.us.tpm` that meets every goal; 400,000";
    assert!(told.contains(answer), "{told}{error}");
    let row = |value: &str| told.lines().find(|line| line.trim_start().starts_with(value)).unwrap_or_default();
    assert!(row("400,000 ").contains("  fails "), "{told}");
    let rows: Vec<&str> = told.lines().filter(|line| line.trim_start().starts_with("700,000  holds")).collect();
    assert!(rows.len() == 1 && rows[0].contains("answer"), "{told}");
    assert!(told.contains("20,000  no scenario") && told.contains("the bought value 20,000 is too small"), "{told}");
    assert_eq!(code, Some(1), "what is bought is too few: {told}");
}

#[test]
fn a_rate_that_lacks_its_unit_is_told_which() {
    let rate =
        ["size", "s.toml", "--vary", "workloads.agent.arrivals.sessions.rate", "--set", "capacities.us.tpm=5000000"];
    let range = ["--from", "1", "--to", "3", "--find", "greatest", "--no-charts"];
    let (_, error, code) = typed(&[&rate[..], &range[..]].concat());
    assert!(error.contains("--unit /min") && code == Some(2), "{error}");
    let (_, error, code) = typed(&[&rate[..], &["--from", "1/min", "--to", "3/min"]].concat());
    assert!(error.contains("write 1 and --unit /min") && code == Some(2), "{error}");
    let (_, error, _) = typed(&["size", "s.toml", "--vary", "capacities.us.tpm", "--from", "30k", "--to", "50,000"]);
    assert!(error.contains("write 30_000"), "{error}");
    // The fix is accepted when it is typed.
    let (told, error, _) = typed(&[&rate[..], &range[..], &["--unit", "/min", "--replications", "1"]].concat());
    assert!(told.contains("workloads.agent.arrivals.sessions.rate"), "{told}{error}");
}

#[test]
fn what_is_bought_is_judged_beside_the_answer() {
    let of = |bought: u64| {
        let size = format!("vary = \"capacities.us.rpm\"\nfrom = 30\nto = 230\nstep = 100\nbought = {bought}");
        sized(&scenario(60, 1, LITTLE, &size)).sizing.unwrap()
    };
    let verdict = |bought| (of(bought).bought.unwrap().verdict, of(bought).judgement());
    assert_eq!(of(130).answer, Some(130));
    assert_eq!(verdict(30), (BoughtVerdict::Short, Judgement::Failed));
    assert_eq!(verdict(130), (BoughtVerdict::Right, Judgement::Held));
    assert_eq!(verdict(230), (BoughtVerdict::Spare, Judgement::Held));
    // Outside the range: judged all the same, and said so.
    let outside = of(400).bought.unwrap();
    assert_eq!(outside.verdict, BoughtVerdict::Spare);
    assert!(outside.explanation.contains("not a value of the range"), "{}", outside.explanation);
    assert!(outside.cost_difference_usd_per_month.unwrap().abs() < 1e-9, "tokens cost the same");
}

#[test]
fn values_that_hold_and_fail_in_turns_are_no_answer() {
    // Long answers are cut short by a low limit, and throttled by a high one.
    let expect = format!("{LITTLE}\n[[expect]]\nmetric = \"truncation_rate\"\nat_most = \"5%\"");
    let size = "vary = \"workloads.w.max_tokens\"\nfrom = 50\nto = 1850\nstep = 600";
    let text = scenario(60, 3, &expect, size).replace("rpm = 100", "tpm = 90_000");
    // Slow answers hold what they reserve.
    let text = text.replace("per_second = 100", "per_second = 2").replace("cooldown = \"1m\"", "cooldown = \"2m\"");
    let sizing = sized(&text).sizing.unwrap();
    assert_eq!((sizing.state, sizing.answer), (SizingState::NotMonotone, None), "{sizing:?}");
    assert!(sizing.explanation.contains("not monotone; 50 fails, 650 holds"), "{}", sizing.explanation);
    assert_eq!(sizing.judgement(), Judgement::Inconclusive);
}

#[test]
fn doubt_names_what_would_decide() {
    let size = "vary = \"capacities.us.rpm\"\nfrom = 30\nto = 90\nstep = 4";
    let short =
        scenario(60, 1, LITTLE, size).replace("\"1h\"", "\"5m\"").replace("replications = 8", "replications = 4");
    let sizing = sized(&short).sizing.unwrap();
    assert_eq!((sizing.state, sizing.answer), (SizingState::Undecided, None));
    for part in ["fails and", "holds;", "`throttle_rate` reaches from", "at most 5 %", "more replications"] {
        assert!(sizing.explanation.contains(part), "{part} is not in {}", sizing.explanation);
    }
    assert!(sizing.fails_to.unwrap() < sizing.holds_from.unwrap());
}

#[test]
fn a_second_axis_has_an_answer_for_each_of_its_values() {
    let size = "vary = \"capacities.us.rpm\"\nfrom = 10\nto = 310\nstep = 100\n\
                by = { \"workloads.w.scale\" = [0.5, 1, 3] }";
    let results = sized(&scenario(60, 1, LITTLE, size));
    let sizing = results.sizing.as_ref().unwrap();
    let answers: Vec<Option<u64>> = sizing.frontier.iter().map(|f| f.answer).collect();
    assert_eq!(answers.len(), 3);
    assert_eq!(answers[1], sizing.answer);
    assert!(answers.iter().all(Option::is_some) && answers.is_sorted(), "{answers:?}");
    for f in &sizing.frontier {
        let point = &results.points[f.point.unwrap() as usize];
        assert_eq!(point.parameters["workloads.w.scale"], f.parameters["workloads.w.scale"]);
        assert_eq!(point.parameters["capacities.us.rpm"], f.answer.unwrap());
    }
    // Charts have what they need at the answer and its neighbours.
    let detailed = results.points.iter().filter(|p| p.detail.is_some()).count();
    assert!((2..=3).contains(&detailed), "{detailed}");
    let csv = report::points_csv(&results);
    assert!(csv.starts_with("point,capacities.us.rpm,workloads.w.scale,replications,"), "{csv}");
}

#[test]
fn the_text_is_narrow_and_begins_with_the_answer() {
    let size = "vary = \"capacities.us.rpm\"\nfrom = 30\nto = 2430\nstep = 100\nbought = 330\n\
                by = { \"workloads.w.scale\" = [1, 2] }";
    let results = sized(&scenario(60, 1, LITTLE, size));
    let text = report::text(&results, report::Palette { colour: false });
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    assert_eq!(text.lines().nth(3).unwrap(), "130 is the least `capacities.us.rpm` that meets every goal; 30 does not");
    for part in ["the bought value 330 is larger than needed", "answer", "…", "capacities.us.rpm by workloads.w.scale"]
    {
        assert!(text.contains(part), "{part} is not in\n{text}");
    }
    let markdown = report::markdown(&results);
    assert!(markdown.contains("| 130 | holds |") && markdown.contains("**130 is the least"), "{markdown}");
}

#[test]
fn the_same_bytes_on_any_number_of_threads() {
    let size = "vary = \"capacities.us.rpm\"\nfrom = 5\nto = 2405\nstep = 24";
    let text = scenario(60, 1, LITTLE, size);
    let on = |threads| experiment::on_threads(threads, || report::json(&sized(&text))).unwrap();
    assert!(on(1) == on(3));
}

#[test]
fn a_size_that_makes_no_sense_is_refused() {
    let refused = |expect: &str, size: &str| {
        let text = scenario(60, 1, expect, size).replace("[[expect]]\n\n", "");
        match source(&text).load(&[]) {
            Ok(_) => "LOADED".to_owned(),
            Err(refused) => render(&refused.sources, &refused.findings, false),
        }
    };
    let range = |from: u64, to: u64| format!("vary = \"capacities.us.rpm\"\nfrom = {from}\nto = {to}");
    let cases = [
        (LITTLE, range(1, 9).replace("rpm", "rpn"), "did you mean `rpm`?"),
        (LITTLE, range(1, 9).replace("us.", "eu."), "there is no `eu` in `capacities`"),
        (LITTLE, range(9, 1), "the range from 9 to 1 has no values"),
        (LITTLE, range(1, 1_000_001), "has 1,000,001 values"),
        (LITTLE, range(1, 9) + "\nstep = 0", "`step` is at least 1"),
        (LITTLE, range(1, 9) + "\nfind = \"lest\"", "did you mean `least`?"),
        (LITTLE, range(1, 9) + "\nbougth = 3", "did you mean `bought`?"),
        (LITTLE, range(1, 9) + "\nby = { \"workloads.w.scael\" = [1] }", "did you mean `scale`?"),
        (
            LITTLE,
            range(1, 9) + "\nby = { \"workloads.w.scale\" = [1], \"run.seed\" = [1] }",
            "one path with its values",
        ),
        (LITTLE, "vary = \"capacities.us.rpm\"\nfrom = 1".to_owned(), "`size` lacks `to`"),
        ("", range(1, 9), "`size` has no goal to meet"),
    ];
    for (expect, size, part) in cases {
        let shown = refused(expect, &size);
        assert!(shown.contains(part), "{part} is not in\n{shown}");
    }
    assert_eq!(refused(LITTLE, &(range(1, 9) + "\nbought = 20")), "LOADED");
}

#[test]
fn a_rate_is_sized_with_its_unit() {
    // A token bucket of 60 requests a minute and a second of burst carries a request each second, and no more. Six hours
    // without a refusal are 360 minutes, which bound the rate below 1 %.
    let text = r#"
title = "How much does it carry?"
run = { duration = "6h", warmup = "1m", replications = 1 }
models.m = { max_output_tokens = 100, time_to_first_token = "100ms", output_tokens_per_second = 100 }
[workloads.w]
model = "m"
arrivals.constant.rate = "10/min"
input_tokens = 10
output_tokens = 10
max_tokens = 10
client.retries = "none"
[capacities.us.on_demand]
rpm = 60
limiter = "fixed_window"
[size]
vary = "workloads.w.arrivals.constant.rate"
find = "greatest"
from = 50
to = 80
unit = "/min"
[[expect]]
metric = "throttle_rate"
at_most = "1%"
"#;
    let sizing = sized(text).sizing.expect("it is a size");
    assert_eq!((sizing.answer, sizing.fails_to), (Some(60), Some(61)), "{}", sizing.explanation);
    assert!(sizing.explanation.starts_with("60/min is the greatest"), "{}", sizing.explanation);
}

#[test]
fn a_range_may_begin_at_a_limit_of_zero() {
    let text = scenario(
        60,
        1,
        "metric = \"throttle_rate\"\nat_most = \"20%\"",
        "vary = \"capacities.us.rpm\"\nfrom = 0\nto = 120\nstep = 10",
    );
    let results = sized(&text);
    let sizing = results.sizing.expect("it is sized");
    let answer = sizing.answer.expect("some value is enough");
    assert!((10..=120).contains(&answer), "{answer}");
}

#[test]
fn the_value_in_the_file_does_not_matter_when_the_key_is_varied() {
    // An agent whose prompts never fit the 20,000 tokens a minute of a new account: of 700,000 hundreds of its turns fit.
    let text = r#"
[run]
duration = "1h"
warmup = "10m"
seed = 3
replications = 4
[models.m]
max_output_tokens = 64_000
output_burndown = 5
time_to_first_token = "1s"
output_tokens_per_second = 80
[workloads.agent]
model = "m"
arrivals.sessions = { rate = "6/h", turns.gamma = { mean = 25, cv = 0.8 }, think_time = "10s" }
input_tokens.lognormal = { median = 900, p95 = 5000 }
extra_input_tokens = 12_000
output_tokens.lognormal = { median = 250, p95 = 1200 }
max_tokens = 8192
[capacities.us.on_demand]
rpm = 250
tpm = 20_000
[[expect]]
metric = "throttle_rate"
at_most = "1%"
"#;
    let source = source(text);
    assert!(source.load(&[]).is_err(), "20,193 are asked of 20,000");
    assert!(source.load(&["capacities.us.tpm=700_000".to_owned()]).is_ok(), "each point lowers its own limits");
}

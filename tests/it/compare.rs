//! `bedload compare`: paired differences, by hand and as a user types it.

use std::path::Path;
use std::process::{Command, Output};

use bedload::experiment::{self, Unwatched};
use bedload::metrics::Measure;
use bedload::results::{Comparison, Results, Scenario};

use crate::playing::model;

/// Two workloads that a token bucket throttles, and a price.
pub const THROTTLED: &str = r#"
title = "A bucket that is too small"
[run]
duration = "10m"
warmup = "1m"
cooldown = "2m"
replications = 10
seed = 5
[models.m]
max_output_tokens = 4096
time_to_first_token.lognormal = { median = "500ms", p95 = "1s" }
output_tokens_per_second = 100
prices = { input = "$1/1M", output = "$5/1M" }
[workloads.chat]
model = "m"
arrivals.gamma = { rate = "400/min", cv = 2 }
input_tokens.lognormal = { median = 900, p95 = 4000 }
output_tokens.lognormal = { median = 250, p95 = 800 }
max_tokens = 1024
client.retries = "standard"
[workloads.jobs]
model = "m"
arrivals.poisson.rate = "60/min"
input_tokens.lognormal = { median = 3000, p95 = 9000 }
output_tokens = 100
max_tokens = 200
client.retries = "standard"
[capacities.c.on_demand]
tpm = 900_000
limiter.token_bucket = { burst = "6s" }
[[expect]]
metric = "throttle_rate"
at_most = "5%"
"#;

fn scenario() -> Scenario {
    Scenario { title: String::new(), file: "test.toml".to_owned(), sha256: String::new(), overrides: Vec::new() }
}

pub fn compared(a: &str, b: &str) -> Results {
    let (a, b) = (model(a), model(b));
    let compare = || experiment::compare((&a, scenario()), (&b, scenario()), &Unwatched);
    experiment::on_threads(2, compare).expect("threads start").results
}

fn comparison(a: &str, b: &str) -> Comparison {
    compared(a, b).comparison.expect("it is a comparison")
}

#[test]
fn a_scenario_does_not_differ_from_itself() {
    let comparison = comparison(THROTTLED, THROTTLED);
    assert!(comparison.paired && comparison.differences.len() > 100);
    for (name, d) in &comparison.differences {
        assert_eq!(d.a, d.b, "{name}");
        assert!(d.difference.is_none_or(|x| x == 0.0) && !d.distinguishable, "{name}: {d:?}");
    }
    assert_eq!(comparison.differences["throttle_rate"].half_width, Some(0.0));
}

#[test]
fn twice_the_price_is_twice_the_cost() {
    // 599 requests, a second apart, of 1,000 tokens in and 100 out: 599 x ($0.001 + $0.0005) = $0.8985.
    let steady = r#"
        [run]
        duration = "10m"
        warmup = "0s"
        [models.m]
        max_output_tokens = 100
        time_to_first_token.lognormal = { median = "500ms", p95 = "1s" }
        output_tokens_per_second = 100
        prices = { input = "$1/1M", output = "$5/1M" }
        [workloads.w]
        model = "m"
        arrivals.constant.rate = "1/s"
        input_tokens = 1000
        output_tokens = 100
        [capacities.c.on_demand]
    "#;
    let twice = steady.replace("$1/1M", "$2/1M").replace("$5/1M", "$10/1M");
    let comparison = comparison(steady, &twice);
    let cost = comparison.differences["cost_usd"];
    assert_eq!((cost.a, cost.b, cost.difference), (Some(0.8985), Some(1.797), Some(0.8985)));
    assert_eq!(cost.half_width, Some(0.0));
    assert!(cost.distinguishable);
    let month = comparison.differences["cost_per_month_usd"];
    assert_eq!(comparison.cost_per_month_difference_usd, month.difference);
    assert_eq!(month.difference, month.a);
    assert!(!comparison.differences["e2e_mean_ms"].distinguishable);
}

#[test]
fn more_capacity_throttles_less() {
    let results = compared(THROTTLED, &THROTTLED.replace("900_000", "1_000_000"));
    let d = results.comparison.as_ref().unwrap().differences["throttle_rate"];
    assert!(d.distinguishable && d.difference.unwrap() < 0.0, "{d:?}");
    let text = bedload::report::comparison_text(&results, bedload::report::Palette { colour: false });
    let line = text.lines().find(|line| line.starts_with("throttle_rate")).unwrap();
    assert!(line.ends_with("  better"), "{line}");
    assert!(text.contains("workload chat, where it differs"), "{text}");
}

#[test]
fn a_side_without_events_is_bounded_by_the_clusters_of_the_other() {
    let wide = r#"
        run = { duration = "1h", warmup = "1m", seed = 7, replications = 4 }
        models.m = { max_output_tokens = 1000, time_to_first_token = "500ms", output_tokens_per_second = 100 }
        [workloads.w]
        model = "m"
        arrivals.poisson.rate = "300/min"
        input_tokens = 500
        output_tokens = 100
        max_tokens = 200
        client.retries = "none"
        [capacities.us.on_demand]
        rpm = 400
        limiter = "fixed_window"
    "#;
    let tight = wide.replace("rpm = 400", "rpm = 320");
    let d = comparison(wide, &tight).differences["throttle_rate"];
    // Of the 240 minutes alone nothing rarer than -ln(0.05) / 240 = 1.2 % could be told from none.
    assert_eq!(d.a, Some(0.0), "{d:?}");
    assert!((0.002..0.006).contains(&d.b.unwrap()) && d.half_width.unwrap() < 0.012, "{d:?}");
    assert!(d.distinguishable, "{d:?}");
    let other_way = comparison(&tight, wide).differences["throttle_rate"];
    assert_eq!((other_way.half_width, other_way.distinguishable), (d.half_width, true));
    // Where neither side has an event, the minutes bound both.
    let neither = comparison(wide, &wide.replace("rpm = 400", "rpm = 500")).differences["throttle_rate"];
    assert!((neither.half_width.unwrap() - 0.012_48).abs() < 1e-4, "{neither:?}");
}

/// The replications' own values of a metric.
fn own(text: &str, metric: &str) -> Vec<f64> {
    let model = model(text);
    let played =
        experiment::on_threads(2, || experiment::play(&model, experiment::Depth::Figures, &Unwatched)).unwrap();
    let of = |m: &Measure| m.value().unwrap();
    let own = |r: &experiment::Replication| of(&r.metric(&model, metric).unwrap());
    played.replications.iter().map(own).collect()
}

#[test]
fn the_interval_is_that_of_ten_differences() {
    let more = THROTTLED.replace("900_000", "1_000_000");
    let comparison = comparison(THROTTLED, &more);
    // t(0.975, 9); a percentile's differences spread about the difference of the pools.
    for metric in ["throttle_rate", "cost_usd", "queue_delay_mean_ms", "e2e_p95_ms"] {
        let d = comparison.differences[metric];
        let pairs: Vec<f64> = own(&more, metric).iter().zip(own(THROTTLED, metric)).map(|(b, a)| b - a).collect();
        let mean = pairs.iter().sum::<f64>() / 10.0;
        let centre = if metric == "e2e_p95_ms" { d.b.unwrap() - d.a.unwrap() } else { mean };
        let squares: f64 = pairs.iter().map(|x| (x - centre) * (x - centre)).sum();
        let half = 2.262_157_163 * (squares / 90.0).sqrt();
        let near = |x: Option<f64>, y: f64| (x.unwrap() - y).abs() < 1e-8 * y.abs();
        assert!(near(d.difference, centre), "{metric}: {d:?} for {centre}");
        assert!(near(d.half_width, half), "{metric}: {d:?} for ± {half}");
    }
}

#[test]
fn without_a_common_seed_nothing_is_paired() {
    let results = compared(THROTTLED, &THROTTLED.replace("seed = 5", "seed = 6"));
    let comparison = results.comparison.as_ref().unwrap();
    assert!(!comparison.paired);
    assert!(results.notes[0].text.starts_with("not paired: seeds differ (5 and 6)"), "{:?}", results.notes);
    let d = comparison.differences["throttle_rate"];
    let [a, b] = [0, 1].map(|i| results.points[i].metrics["throttle_rate"].half_width.unwrap());
    // Between 9 and 18 degrees of freedom.
    let both = (a * a + b * b).sqrt();
    assert!(d.half_width.unwrap() <= both && d.half_width.unwrap() > both * 2.1 / 2.263, "{d:?}, {a}, {b}");
}

/// The variance of the difference of two independent runs, divided by that of two runs that share their luck. It grows as
/// the change gets small.
#[test]
fn common_random_numbers_are_worth_their_name() {
    let a = THROTTLED.replace("replications = 10", "replications = 200");
    let b = a.replace("900_000", "930_000");
    let (paired, not) = (comparison(&a, &b), comparison(&a, &b.replace("seed = 5", "seed = 6")));
    for (metric, at_least) in [("throttle_rate", 14.0), ("e2e_mean_ms", 35.0), ("e2e_p99_ms", 14.0), ("cost_usd", 40.0)]
    {
        let [with, without] = [&paired, &not].map(|c| c.differences[metric].half_width.unwrap());
        let worth = (without / with) * (without / with);
        println!("{metric}: {worth:.1}");
        assert!(worth > at_least, "{metric}: {worth}");
    }
}

#[test]
fn both_sides_have_the_larger_number_of_replications() {
    let until = "{ min = 10, max = 40, relative_precision = 0.0001 }";
    let a = THROTTLED.replace("replications = 10", "replications = 12").replace("\"10m\"", "\"2m\"");
    let b = a.replace("replications = 12", &format!("replications = {until}"));
    let results = compared(&a, &b);
    assert_eq!(results.points.iter().map(|p| p.replications).collect::<Vec<_>>(), [40, 40]);
    assert!(results.notes.iter().any(|n| n.text.starts_with("a stopped at 12 replications and b at 40")));
    // As if both had been asked for 40.
    let forty = a.replace("replications = 12", "replications = 40");
    let asked = compared(&forty, &forty);
    assert_eq!(results.points[0], asked.points[0]);
    assert_eq!(results.points[1].metrics, asked.points[1].metrics);
}

fn bedload(folder: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_bedload")).args(args).current_dir(folder).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// A folder with `a.toml`, and `b.toml` with another title and a larger limit.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.toml"), THROTTLED).unwrap();
    let b = THROTTLED.replace("900_000", "1_800_000").replace("too small", "large enough");
    std::fs::write(folder.path().join("b.toml"), b).unwrap();
    folder
}

#[test]
fn two_files_are_told_in_eighty_columns() {
    let folder = folder();
    let output = bedload(folder.path(), &["compare", "a.toml", "b.toml", "--replications", "8"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let told = text(&output.stdout);
    assert!(told.lines().all(|line| line.chars().count() <= 80), "{told}");
    for part in [
        "a: A bucket that is too small\nb: A bucket that is large enough\na: a.toml\nb: b.toml\n8 replications each · seed 5",
        "paired: both sides meet the same",
        "Goals      throttle_rate <= 5 %: FAILED on a, held on b",
        "b costs $",
        "output/a-vs-b/",
    ] {
        assert!(told.contains(part), "{part} is not in\n{told}");
    }
    let csv = std::fs::read_to_string(folder.path().join("output/a-vs-b/differences.csv")).unwrap();
    assert!(csv.starts_with("metric,a,b,difference,half_width,distinguishable\n"), "{csv}");
    assert!(csv.lines().any(|line| line.starts_with("throttle_rate,0.") && line.ends_with(",true")), "{csv}");
    let results = std::fs::read_to_string(folder.path().join("output/a-vs-b/results.json")).unwrap();
    let results: Results = serde_json::from_str(&results).unwrap();
    assert!(results.points.iter().all(|p| p.detail.is_some() && p.expectations.len() == 1));
    assert_eq!(results.points[1].parameters["side"], "b");
}

#[test]
fn settings_are_of_b_alone_or_of_both() {
    let folder = folder();
    let args = ["compare", "a.toml", "--set", "capacities.c.tpm=1_000_000", "--set-both", "run.duration=5m"];
    let markdown = bedload(folder.path(), &[&args[..], &["--format", "markdown", "--seed", "9"]].concat());
    let told = text(&markdown.stdout);
    for part in [
        "- **as written**: a.toml\n- **tpm = 1_000_000**: a.toml with capacities.c.tpm=1_000_000\n",
        "seed 9 · paired",
        "both with run.duration=5m, run.seed=9",
        "| `throttle_rate` | ",
        " | **better** |",
        "| `workloads.chat.throttle_rate` | ",
    ] {
        assert!(told.contains(part), "{part} is not in\n{told}");
    }
    assert!(folder.path().join("output/a-vs-a/results.json").exists());
    let json = bedload(folder.path(), &[&args[..], &["--format", "json"]].concat());
    let results: Results = serde_json::from_slice(&json.stdout).unwrap();
    let comparison = results.comparison.unwrap();
    assert_eq!(comparison.a.scenario.overrides, ["run.duration=5m"]);
    assert_eq!(comparison.b.scenario.overrides, ["run.duration=5m", "capacities.c.tpm=1_000_000"]);
    assert_eq!(comparison.a.scenario.sha256, comparison.b.scenario.sha256);
}

#[test]
fn one_and_two_threads_give_the_same_bytes() {
    let folder = folder();
    let [one, two] = ["1", "2"].map(|threads| {
        let output = bedload(folder.path(), &["compare", "a.toml", "b.toml", "--threads", threads, "--out", threads]);
        assert!(output.status.success());
        ["results.json", "differences.csv"].map(|file| std::fs::read(folder.path().join(threads).join(file)).unwrap())
    });
    assert!(one == two, "threads change bytes");
}

#[test]
fn the_exit_code_says_what_b_breaks() {
    let folder = folder();
    let code = |args: &[&str]| {
        let output = bedload(folder.path(), &[&["compare"], args, &["--quiet"]].concat());
        assert_eq!(text(&output.stdout), "");
        (output.status.code().unwrap(), text(&output.stderr))
    };
    let (broken, said) = code(&["b.toml", "a.toml"]);
    assert_eq!((broken, said.as_str()), (1, "throttle_rate <= 5 %: held on b, FAILED on a\n"));
    // What fails on both sides is no fault of b's.
    assert_eq!(code(&["a.toml", "a.toml"]), (0, String::new()));
    assert_eq!(code(&["a.toml", "b.toml"]), (0, String::new()));
    // A bound between two replications' rates decides nothing. In 40 minutes three replications of b, none of which is
    // refused anything, show that it keeps this bound; in 10 they would not.
    let run = ["run", "a.toml", "--no-charts", "--replications", "3", "--format", "json", "--set", "run.duration=40m"];
    let metric = bedload(folder.path(), &run);
    let results: Results = serde_json::from_slice(&metric.stdout).unwrap();
    let rate = results.points[0].value("throttle_rate").unwrap();
    let edge = THROTTLED.replace("\"5%\"", &format!("{rate}"));
    std::fs::write(folder.path().join("edge.toml"), edge).unwrap();
    let (undecided, said) = code(&["b.toml", "edge.toml", "--replications", "3", "--set-both", "run.duration=40m"]);
    assert!(undecided == 4 && said.contains("held on b, inconclusive on edge"), "{undecided}: {said}");
}

#[test]
fn what_cannot_be_compared_is_refused() {
    let folder = folder();
    let cases: [(&[&str], &[&str]); 5] = [
        (&["a.toml"], &["there is nothing to compare `a.toml` with", "set with --set what differs"]),
        (&["a.toml", "none.toml"], &["the scenario `none.toml` cannot be read"]),
        (&["a.toml", "--set", "capacities.c.tpmm=1"], &["--set:1:", "did you mean `tpm`?"]),
        (&["a.toml", "--set", "capacities.c"], &["--set:1:", "capacities.c"]),
        (&["a.toml", "b.toml", "--set-both", "run.seed=-1"], &["--set:1:", "a seed"]),
    ];
    for (args, parts) in cases {
        let output = bedload(folder.path(), &[&["compare"], args].concat());
        let error = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{error}");
        assert!(error.starts_with("error: ") && text(&output.stdout).is_empty(), "{error}");
        parts.iter().for_each(|part| assert!(error.contains(part), "{part} is not in\n{error}"));
        assert!(!folder.path().join("output").exists(), "something was left behind");
    }
}

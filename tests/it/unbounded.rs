//! Goals that hold over failures that none of them bounds: a sweep and a size say so beside each such value.

use std::process::Command;

/// Answers of more than 3,570 tokens take longer than the client waits. With 3,072 they are cut short instead, and with
/// more they are lost: one in 600.
const CUT_OR_LOST: &str = r#"
title = "How many tokens may an answer have?"
run = { duration = "20m", warmup = "2m", cooldown = "5m", seed = 1, replications = 4 }
[models.m]
max_output_tokens = 20_000
time_to_first_token = "500ms"
output_tokens_per_second = 60
prices = { input = "$1/1M", output = "$5/1M" }
[workloads.w]
model = "m"
arrivals.poisson.rate = "300/min"
input_tokens = 500
output_tokens.lognormal = { median = 500, p95 = 1500 }
max_tokens = 4096
client = { attempt_timeout = "60s", retries = "none" }
[capacities.us.on_demand]
rpm = 100_000
[sweep]
"workloads.w.max_tokens" = [3072, 4096, 20_000]
[[expect]]
metric = "truncation_rate"
at_most = "1%"
"#;

fn told(scenario: &str, args: &[&str]) -> String {
    let folder = tempfile::tempdir().expect("a folder can be made");
    std::fs::write(folder.path().join("s.toml"), scenario).expect("it can be written");
    let mut command = Command::new(env!("CARGO_BIN_EXE_bedload"));
    let output = command.args(args).arg("--no-charts").current_dir(folder.path()).output().expect("it runs");
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

fn row<'t>(text: &'t str, value: &str) -> &'t str {
    let line = text.lines().find(|line| line.split_whitespace().any(|cell| cell == value) && line.contains('$'));
    line.unwrap_or_else(|| panic!("{value} has no row in\n{text}"))
}

#[test]
fn a_sweep_says_which_points_that_meet_their_goals_lose_requests() {
    let text = told(CUT_OR_LOST, &["sweep", "s.toml"]);
    let lost = "At 2 of the 3 points that meet every goal some requests fail, because no goal limits failures.";
    assert!(text.replace("\n  ", " ").contains(lost), "{text}");
    let cheapest = "The cheapest of them is point 0: max_tokens = 3,072, and cuts 0.27 % of the answers short";
    assert!(text.replace("\n  ", " ").contains(cheapest), "{text}");
    assert!(row(&text, "3,072").ends_with("  meets"), "{text}");
    for value in ["4,096", "20,000"] {
        assert!(row(&text, value).ends_with("  goals met; 0.16 % fail"), "{text}");
    }
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    let markdown = told(CUT_OR_LOST, &["sweep", "s.toml", "--format", "markdown"]);
    assert!(markdown.contains("| goals met; 0.16 % fail |") && markdown.contains("2 of the 3 points"), "{markdown}");
    // The cheapest is told with what it loses.
    let without = CUT_OR_LOST.replace("[3072, ", "[").replace("\"1%\"", "\"5%\"");
    let text = told(&without, &["sweep", "s.toml"]).replace("\n  ", " ");
    let cheapest = "The cheapest of them is point 0: max_tokens = 4,096; 0.16 % of its requests fail.";
    assert!(
        text.contains(cheapest) && text.contains("At both points that meet every goal some requests fail"),
        "{text}"
    );
    // A goal that bounds failures has said it.
    let bounded = format!("{CUT_OR_LOST}[[expect]]\nmetric = \"failure_rate\"\nat_most = \"1%\"\n");
    let text = told(&bounded, &["sweep", "s.toml"]);
    assert!(
        text.contains("3 of 3 points meet") && !text.contains("no goal limits") && !text.contains("goals met"),
        "{text}"
    );
}

#[test]
fn a_size_says_which_values_that_hold_lose_requests() {
    let size = ["size", "s.toml", "--vary", "workloads.w.max_tokens"];
    let of = |range: &[&str]| told(CUT_OR_LOST, &[&size[..], range].concat());
    let text = of(&["--from", "512", "--to", "5632", "--step", "2560"]);
    let lost = "at 1 of the 2 values that meet every goal some requests fail, because no goal limits failures";
    assert!(text.replace("\n  ", " ").contains(lost), "{text}");
    assert!(row(&text, "3,072").contains("  holds  "), "{text}");
    assert!(row(&text, "5,632").contains("  holds, but 0.16 % fail  "), "{text}");
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    // The answer itself.
    let text = of(&["--from", "1024", "--to", "7168", "--step", "3072"]);
    let lines: Vec<&str> = text.split_whitespace().collect();
    let lost = "at both values that meet every goal some requests fail, because no goal limits failures; \
                at the answer 0.16 % of requests fail";
    assert!(lines.join(" ").contains(lost), "{text}");
}

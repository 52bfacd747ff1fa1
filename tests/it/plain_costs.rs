//! Costs that cannot be read wrongly: intervals, what is missing, what repeats, and what is compared with what.

use std::process::Command;

use tempfile::TempDir;

/// Runs the program on files in a folder of their own; its text, or what it refused.
fn told(files: &[(&str, &str)], args: &[&str]) -> String {
    let folder = TempDir::new().unwrap();
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    let program = env!("CARGO_BIN_EXE_bedload");
    let output = Command::new(program).args(args).current_dir(folder.path()).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    format!("{}{}", text(&output.stdout), text(&output.stderr))
}

/// The text with its lines joined, so that a sentence is found wherever it was wrapped.
fn joined(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn run(text: &str) -> String {
    joined(&told(&[("s.toml", text)], &["run", "s.toml", "--no-charts"]))
}

/// Two calls for each document, at $3 and $15 a million tokens.
fn document(arrivals: &str) -> String {
    format!(
        r#"
[run]
duration = "24h"
replications = 3
[models.m]
max_output_tokens = 64_000
time_to_first_token = "900ms"
output_tokens_per_second = 60
prices = {{ input = "$3/1M", output = "$15/1M" }}
[workloads.summary]
model = "m"
{arrivals}
input_tokens = 12_800
output_tokens = 950
max_tokens = 2000
[workloads.check]
model = "m"
{arrivals}
input_tokens = 17_900
output_tokens = 5000
max_tokens = 8000
[capacities.eu.on_demand]
[money]
requests_per_month = 10_000
"#
    )
}

#[test]
fn a_month_shows_its_interval() {
    // 5,000 x ($0.0384 + $0.01425 + $0.0537 + $0.075) = $906.75.
    let even = run(&document("arrivals.constant.rate = \"144/day\""));
    assert!(even.contains("$906.75 a month at this rate"), "{even}");
    let random = run(&document("arrivals.poisson.rate = \"144/day\""));
    assert!(random.contains("±") && !random.contains("$906.75 a month"), "{random}");
    let month = random.split(" a month at this rate").next().unwrap().rsplit('$').next().unwrap();
    assert!(month.contains(" ±"), "the month {month} has its interval in\n{random}");
}

const TUNED: &str = r#"
[run]
duration = "24h"
replications = 2
[models.sql]
max_output_tokens = 4096
time_to_first_token = "300ms"
output_tokens_per_second = 100
prices = { input = "$0.035/1M", output = "$0.14/1M" }
[models.sql.customization]
method = "fine_tuning"
training_tokens = 1_600_000
epochs = 5
storage_per_month = "$0"
[workloads.ask]
model = "sql"
arrivals.constant.rate = "720/day"
input_tokens = 800
output_tokens = 60
max_tokens = 500
[capacities.tuned.custom_deployment]
[money]
requests_per_month = 22_000
"#;

#[test]
fn an_unknown_price_of_training_is_said_with_its_key() {
    let unknown = run(TUNED);
    assert!(unknown.contains("once, and in no total: the price of training sql"), "{unknown}");
    assert!(unknown.contains("`models.sql.customization.price`"), "{unknown}");
    // 8 M trained tokens at $1 a million; 22,000 questions at $0.000028 + $0.0000084.
    let known = run(&TUNED.replace("epochs = 5", "epochs = 5\nprice = \"$1/1M\""));
    assert!(known.contains("once $8.00 for training sql") && !known.contains("in no total"), "{known}");
    assert!(known.contains("$0.80 a month"), "{known}");
}

#[test]
fn a_million_queries_and_a_million_twice_as_long_cost_three_thousand() {
    let text = r#"
[run]
duration = "2h"
warmup = "5m"
replications = 2
[models.small]
max_output_tokens = 1
time_to_first_token = "200ms"
output_tokens_per_second = 100
prices = { request = "$1.00/1K" }
[models.large]
max_output_tokens = 1
time_to_first_token = "200ms"
output_tokens_per_second = 100
prices = { request = "$2.00/1K" }
[workloads.small]
model = "small"
arrivals.constant.rate = "60/min"
input_tokens = 8000
output_tokens = 1
route = "s"
[workloads.large]
model = "large"
arrivals.constant.rate = "60/min"
input_tokens = 16_000
output_tokens = 1
route = "l"
[capacities.s.on_demand]
[capacities.l.on_demand]
[money]
requests_per_month = 2_000_000
"#;
    let told = run(text);
    assert!(told.contains("$3,000.00 a month"), "{told}");
}

#[test]
fn an_imported_model_of_two_units_costs_what_one_window_costs() {
    let text = r#"
[run]
duration = "4m"
cooldown = "10m"
replications = 2
[models.own]
max_output_tokens = 4096
time_to_first_token = "300ms"
output_tokens_per_second = 45
[workloads.eval]
model = "own"
arrivals.constant.rate = "6/min"
input_tokens = 900
output_tokens = 120
max_tokens = 600
client.retries.standard.max_attempts = 50
[capacities.own.custom_import]
concurrency_per_copy = 16
max_copies = 1
units_per_copy = 2
price_per_unit_minute = "$0.0785"
storage_per_unit_month = "$0"
cold_start = "10s"
"#;
    for (price, cost) in [("$0.0785", "$0.79"), ("$0.05718", "$0.57")] {
        let told = run(&text.replace("$0.0785", price));
        assert!(told.contains(&format!("{cost} for the measured time")), "{told}");
    }
}

#[test]
fn a_month_made_from_a_run_with_an_outage_tells_what_the_outage_costs() {
    let calm = document("arrivals.constant.rate = \"144/day\"").replace("[money]\nrequests_per_month = 10_000\n", "");
    let told = run(&calm);
    assert!(!told.contains("the month repeats the run"), "{told}");
    let out = calm
        .replace("[capacities.eu.on_demand]", "[capacities.eu.on_demand]\noutages = [{ at = \"6h\", lasts = \"6h\" }]");
    let told = run(&out);
    // A quarter of 143 requests of each sort is not served: 36 x $0.18135, some of them on a retry.
    assert!(told.contains("the month repeats the run with the outages and changes of `eu`"), "{told}");
    assert!(told.contains("less each time, so that a month in which they happen once costs $"), "{told}");
}

/// A deployment with a known price, and a unit whose price nobody states.
const WAYS: &str = r#"
[run]
duration = "10m"
replications = 2
[models.m]
max_output_tokens = 2000
time_to_first_token = "300ms"
output_tokens_per_second = 100
prices = { input = "$1/1M", output = "$2/1M" }
[workloads.w]
model = "m"
arrivals.constant.rate = "60/min"
input_tokens = 300
output_tokens = 100
max_tokens = 200
[capacities.us.on_demand]
[[expect]]
metric = "throttle_rate"
at_most = "50%"
"#;

#[test]
fn no_point_is_the_cheapest_while_a_price_is_unknown() {
    let units = "[sweep.way.deployment]\n[sweep.way.unit]\n\"capacities.us.provisioned\" = { model_units = 1, input_tpm_per_unit = 1_000_000, output_tpm_per_unit = 300_000 PRICE }\n";
    let sweep = |price: &str, rates: &str| {
        let text = format!("{WAYS}{}\n[sweep]\n{rates}", units.replace("PRICE", price))
            .replace("[capacities.us.on_demand]", "[capacities.us]\non_demand = {}");
        joined(&told(&[("s.toml", &text)], &["sweep", "s.toml"]))
    };
    let unknown = sweep("", "");
    assert!(unknown.contains("Which is the cheapest is not known: 1 of them have no known cost."), "{unknown}");
    assert!(unknown.contains("To compare the costs of all points, state `capacities.us.price_per_unit`."), "{unknown}");
    let known = sweep(", price_per_unit = \"$20/h\"", "");
    assert!(known.contains("The cheapest of them is point 0: way = deployment."), "{known}");
    // The same in the sentence of a break-even.
    let rates = "\"workloads.w.arrivals.constant.rate\" = [\"60/min\", \"600/min\"]\n";
    let unknown = sweep("", rates);
    assert!(!unknown.contains("is the cheapest."), "{unknown}");
    assert!(unknown.contains("because the cost of unit is not: state capacities.us.price_per_unit"), "{unknown}");
}

#[test]
fn a_point_that_carries_less_is_not_the_cheapest() {
    let text = format!(
        "{WAYS}[sweep.start.early]\n\"workloads.w.shape\" = [{{ at = \"1m\", factor = 0 }}, {{ at = \"1m\", factor = 1 }}, {{ at = \"5m\", factor = 1 }}, {{ at = \"5m\", factor = 0 }}]\n\
         [sweep.start.later]\n\"workloads.w.shape\" = [{{ at = \"2m\", factor = 0 }}, {{ at = \"2m\", factor = 1 }}, {{ at = \"6m\", factor = 1 }}, {{ at = \"6m\", factor = 0 }}]\n\
         [sweep.start.late]\n\"workloads.w.shape\" = [{{ at = \"7m\", factor = 0 }}, {{ at = \"7m\", factor = 1 }}, {{ at = \"11m\", factor = 1 }}, {{ at = \"11m\", factor = 0 }}]\n"
    );
    let told = joined(&told(&[("s.toml", &text)], &["sweep", "s.toml"]));
    assert!(
        told.contains("Points differ in traffic. Cheapest point that meets every goal, for each traffic"),
        "{told}"
    );
    assert!(told.contains("requests (2 points): point 0, start = early"), "{told}");
    assert!(told.contains("requests (start = late): point 2"), "{told}");
}

#[test]
fn a_comparison_of_different_traffic_tells_dollars_a_thousand_requests() {
    let plan = WAYS
        .replace("60/min", "30/min")
        .replace("300\n", "600\n")
        .replace("output_tokens = 100", "output_tokens = 200");
    let told = joined(&told(&[("today.toml", WAYS), ("plan.toml", &plan)], &["compare", "today.toml", "plan.toml"]));
    assert!(!told.contains("cost the same"), "{told}");
    assert!(
        told.contains("paired: both sides draw the same random numbers") && !told.contains("same requests"),
        "{told}"
    );
    assert!(told.contains("requests an hour on today,") && told.contains("on plan"), "{told}");
    let cost = told.split(" Cost ").nth(1).unwrap_or_else(|| panic!("no costs in\n{told}"));
    assert!(cost.starts_with("1,000 requests cost $0.50 on today and $1.00 on plan"), "{told}");
    assert!(cost.contains("a month of its own traffic costs $"), "{told}");
}

#[test]
fn months_are_compared_where_both_are_of_a_stated_number_of_requests() {
    let today = format!("{WAYS}[money]\nrequests_per_month = 1_000_000\n");
    let plan = today
        .replace("60/min", "30/min")
        .replace("300\n", "600\n")
        .replace("output_tokens = 100", "output_tokens = 200");
    let files = [("today.toml", today.as_str()), ("plan.toml", plan.as_str())];
    let told = joined(&told(&files, &["compare", "today.toml", "plan.toml"]));
    assert!(told.contains("plan costs $500.00 a month more than today: $1,000 instead of $500.00"), "{told}");
}

#[test]
fn a_cost_that_is_lower_because_less_is_served_is_not_better() {
    let today = document("arrivals.constant.rate = \"144/day\"").replace("[money]\nrequests_per_month = 10_000\n", "");
    let down = today
        .replace("[capacities.eu.on_demand]", "[capacities.eu.on_demand]\noutages = [{ at = \"6h\", lasts = \"6h\" }]");
    let word = |plan: &str| {
        let told = told(&[("today.toml", &today), ("plan.toml", plan)], &["compare", "today.toml", "plan.toml"]);
        assert!(!told.contains("part of it"), "{told}");
        let line = told.lines().find(|line| line.starts_with("cost_usd")).map(str::to_owned);
        line.and_then(|line| line.split("  ").last().map(str::to_owned)).unwrap_or_else(|| panic!("no cost in\n{told}"))
    };
    assert_eq!(word(&down), "lower");
    // Half the price is better although a quarter of the requests is lost.
    let cheap = down.replace("\"$3/1M\"", "\"$1.5/1M\"").replace("\"$15/1M\"", "\"$7.5/1M\"");
    assert_eq!(word(&cheap), "better");
}

#[test]
fn a_month_made_from_a_run_with_a_job_tells_what_the_job_costs() {
    let steady = document("arrivals.constant.rate = \"144/day\"").replace("[money]\nrequests_per_month = 10_000\n", "");
    let load =
        steady.replacen("arrivals.constant.rate = \"144/day\"", "arrivals.job = { requests = 1000, at = \"1h\" }", 1);
    let told = run(&load);
    // 1,000 documents at $0.0384 + $0.01425.
    assert!(
        told.contains("the month repeats the run with the job `summary`, as often as the run fits into it"),
        "{told}"
    );
    assert!(
        told.contains("they cost $52.65 more each time, so that a month in which they happen once costs $"),
        "{told}"
    );
}

#[test]
fn a_difference_within_the_tolerance_is_neither_better_nor_worse() {
    let dearer = WAYS.replace("$1/1M", "$1.01/1M");
    let files = [("today.toml", WAYS), ("plan.toml", dearer.as_str())];
    // 300 x $0.01 of $500 for a million requests: 0.6 %.
    let line = |args: &[&str]| {
        let told = told(&files, &[&["compare", "today.toml", "plan.toml"], args].concat());
        let line = told.lines().find(|line| line.starts_with("cost_per_month_usd")).map(str::to_owned);
        line.unwrap_or_else(|| panic!("no line of the month in\n{told}"))
    };
    assert!(line(&[]).ends_with("within tolerance"), "{}", line(&[]));
    assert!(line(&["--tolerance", "0.1%"]).ends_with("worse"), "{}", line(&["--tolerance", "0.1%"]));
}

#[test]
fn sums_of_runs_of_different_lengths_are_not_compared() {
    let longer = WAYS.replace("duration = \"10m\"", "duration = \"20m\"");
    let told = told(&[("today.toml", WAYS), ("longer.toml", &longer)], &["compare", "today.toml", "longer.toml"]);
    assert!(!told.lines().any(|line| line.starts_with("cost_usd")), "{told}");
    assert!(joined(&told).contains("the measured times differ, 10 min of today and 20 min of longer"), "{told}");
    assert!(!told.contains("traffic differs"), "{told}");
}

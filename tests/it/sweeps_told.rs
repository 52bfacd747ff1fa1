//! The output of `bedload sweep` about points: the preferred one, the names of columns, and the meaning of hours.

use std::process::Command;

/// Runs the program on a scenario and returns what it prints.
fn told(scenario: &str, args: &[&str]) -> String {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("s.toml"), scenario).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_bedload")).args(args).current_dir(folder.path()).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    format!("{}{}", text(&output.stdout), text(&output.stderr))
}

fn joined(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Two capacities with a quota each.
fn scenario(sweep: &str) -> String {
    format!(
        r#"
run = {{ duration = "10m", warmup = "0s", replications = 3 }}
models.m = {{ max_output_tokens = 4096, output_burndown = 1, time_to_first_token = "300ms", output_tokens_per_second = 80, prices = {{ input = "$1/1M", output = "$5/1M" }} }}
[workloads.chat]
model = "m"
arrivals.gamma = {{ rate = "300/min", cv = 2 }}
input_tokens.lognormal = {{ median = 900, p95 = 4000 }}
output_tokens = 200
max_tokens = 1024
client.retries = "none"
route = ["us", "eu"]
[capacities.us.on_demand]
tpm = 800_000
[capacities.eu.on_demand]
tpm = 100
[[expect]]
metric = "failure_rate"
at_most = "40%"
[sweep]
{sweep}
"#
    )
}

#[test]
fn a_point_that_costs_less_because_a_few_requests_fail_is_not_preferred() {
    let alike = told(&scenario("\"capacities.us.tpm\" = [600_000, 1_400_000]"), &["sweep", "s.toml", "--no-charts"]);
    let line = joined(&alike);
    assert!(
        line.contains("The cheapest of them is point 1: tpm = 1,400,000. It is as cheap as point 0, which costs $"),
        "{alike}"
    );
    assert!(line.contains("less because more of its requests fail (") && line.contains(" % against 0 %)"), "{alike}");
    // A tenth less for a model that serves the same is cheaper, whoever loses a few requests.
    let cheaper = "plan = { dear = { \"capacities.us.tpm\" = 1_400_000 }, cheap = { \"models.m.prices\" = { input = \"$0.8/1M\", output = \"$4/1M\" } } }";
    let told = told(&scenario(cheaper), &["sweep", "s.toml", "--no-charts"]);
    assert!(
        told.contains("The cheapest of them is point 1: plan = cheap.\n") && !told.contains("as cheap as"),
        "{told}"
    );
}

#[test]
fn columns_and_parameters_of_one_name_are_told_apart() {
    let axes = "\"capacities.us.tpm\" = [900_000, 1_400_000]\n\"capacities.eu.tpm\" = [100, 200]";
    let told = told(&scenario(axes), &["sweep", "s.toml", "--no-charts"]);
    let header = told.lines().find(|line| line.starts_with("point ")).unwrap();
    let columns: Vec<&str> = header.split("  ").map(str::trim).filter(|name| !name.is_empty()).collect();
    assert_eq!(columns, ["point", "us.tpm", "eu.tpm", "failure_rate", "per month", "verdict", "goals"], "{told}");
    assert!(told.contains("point 0: us.tpm = 900,000, eu.tpm = 100."), "{told}");
}

#[test]
fn a_sweep_without_goals_has_the_verdict_of_each_point() {
    let free = scenario("\"capacities.us.tpm\" = [400_000, 1_400_000]")
        .replace("[[expect]]\nmetric = \"failure_rate\"\nat_most = \"40%\"\n", "");
    let told = told(&free, &["sweep", "s.toml", "--no-charts"]);
    let rows: Vec<&str> = told.lines().skip_while(|line| !line.starts_with("point ")).take(3).collect();
    assert!(rows[0].ends_with("verdict") && rows[1].ends_with("saturated") && rows[2].ends_with("carries"), "{told}");
}

#[test]
fn what_the_day_and_the_hours_of_a_sweep_leave_out_is_said_once() {
    let axes = "\"capacities.us.tpm\" = [900_000, 1_000_000, 1_400_000]\n\"run.traffic_scale\" = [1, 0.001]\n";
    let text = scenario(axes)
        .replace("[sweep]", "[account]\ntpd = 30_000_000\n[sweep]")
        .replace("max_tokens = 1024", "max_tokens = 1024\nshape = \"office_hours\"")
        .replace("route = [\"us\", \"eu\"]", "route = [\"us\", \"eu\"]\ntimezone = \"UTC\"");
    for format in ["text", "markdown"] {
        let told = joined(&told(&text, &["sweep", "s.toml", "--no-charts", "--format", format]));
        assert_eq!(told.matches("daily quota of 30 M tokens is used up").count(), 1, "{told}");
        assert!(told.contains("t 3 of 6 points, such as point 0: ") || told.contains("t 3 of 6 points: "), "{told}");
        assert_eq!(told.matches("`chat` states a rate of").count(), 1, "{told}");
    }
}

#[test]
fn no_verb_overwrites_what_another_wrote() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("s.toml"), scenario("\"capacities.us.tpm\" = [900_000, 1_400_000]")).unwrap();
    let size = ["--vary", "capacities.us.tpm", "--from", "1_000_000", "--to", "1_400_000", "--step", "400_000"];
    let verbs = [
        vec!["run", "s.toml"],
        vec!["run", "s.toml", "--point", "1"],
        vec!["sweep", "s.toml"],
        [vec!["size", "s.toml"], size.to_vec()].concat(),
        vec!["compare", "s.toml", "--set", "capacities.us.tpm=900_000"],
    ];
    for verb in &verbs {
        let mut program = Command::new(env!("CARGO_BIN_EXE_bedload"));
        let output = program.args(verb).args(["--no-charts", "--quiet"]).current_dir(folder.path()).output().unwrap();
        assert_ne!(output.status.code(), Some(2), "{}", String::from_utf8_lossy(&output.stderr));
    }
    let mut folders: Vec<String> = std::fs::read_dir(folder.path().join("output"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    folders.sort();
    assert_eq!(folders, ["s", "s-point-1", "s-size", "s-sweep", "s-vs-s"]);
}

//! Answers that `max_tokens` cuts short are seen where figures are compared, and settings of the command line in headings.

use std::fs;
use std::path::Path;
use std::process::Command;

/// A little chat whose answers are long: a small max_tokens cuts many of them short.
const CHAT: &str = r#"title = "A chat"
run = { duration = "10m", warmup = "0s", replications = 3 }
models.m = { max_output_tokens = 8192, time_to_first_token = "300ms", output_tokens_per_second = 80, prices = { input = "$1/1M", output = "$5/1M" } }
[workloads.chat]
model = "m"
arrivals.poisson.rate = "120/min"
input_tokens = 900
output_tokens.lognormal = { median = 250, p95 = 700 }
max_tokens = 8192
[capacities.us.on_demand]
tpm = 9_000_000
[[expect]]
metric = "failure_rate"
at_most = "40%"
[[expect]]
metric = "e2e_p99"
at_most = "1h"
"#;

/// Writes the scenario, runs the program in its folder, and returns what it prints with single spaces.
fn told(folder: &Path, scenario: &str, args: &[&str]) -> String {
    fs::write(folder.join("s.toml"), scenario).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_bedload")).args(args).current_dir(folder).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let all = format!("{}{}", text(&output.stdout), text(&output.stderr));
    all.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

#[test]
fn a_comparison_says_what_is_bought_by_cutting_answers_short() {
    let folder = folder();
    let set = ["compare", "s.toml", "--set", "workloads.chat.max_tokens=300", "-o", "out"];
    let told_of = told(folder.path(), CHAT, &set);
    assert!(told_of.contains("truncation_rate") && told_of.contains("is faster and cheaper and cuts"), "{told_of}");
    assert!(told_of.contains("of the answers short, against 0 % on as written"), "{told_of}");
    told(folder.path(), CHAT, &["report", "out", "--format", "markdown", "-o", "page.md"]);
    let page = fs::read_to_string(folder.path().join("page.md")).unwrap();
    assert!(page.contains("shorter answers are part of the gain"), "{page}");
    // The same answers on both sides: nothing is said.
    let same = told(folder.path(), CHAT, &["compare", "s.toml", "--set", "capacities.us.tpm=8000000", "--no-charts"]);
    assert!(!same.contains("truncation_rate") && !same.contains("answers short"), "{same}");
}

#[test]
fn the_cheapest_point_of_a_sweep_says_how_many_answers_it_cuts_short() {
    let folder = folder();
    let swept = format!("{CHAT}[sweep]\n\"workloads.chat.max_tokens\" = [300, 8192]\n");
    let text = told(folder.path(), &swept, &["sweep", "s.toml", "--no-charts"]);
    assert!(text.contains("The cheapest of them is point 0: max_tokens = 300, and cuts"), "{text}");
    assert!(text.contains("of the answers short against 0 % at point 1.") && text.contains("max_tokens cut"), "{text}");
    let even = format!("{CHAT}[sweep]\n\"capacities.us.tpm\" = [8_000_000, 9_000_000]\n");
    let text = told(folder.path(), &even, &["sweep", "s.toml", "--no-charts"]);
    assert!(!text.contains("and cuts") && !text.contains("tpm cut"), "{text}");
}

#[test]
fn a_size_has_a_column_of_answers_that_are_cut_short_where_they_differ() {
    let folder = folder();
    let size = |vary: &str, range: [&str; 3], find: &str| {
        let [from, to, step] = range;
        let range = ["--from", from, "--to", to, "--step", step, "--find", find];
        told(folder.path(), CHAT, &[&["size", "s.toml", "--vary", vary][..], &range].concat())
    };
    let cut = size("workloads.chat.max_tokens", ["300", "900", "600"], "greatest");
    assert!(cut.contains("throttled cut p99"), "{cut}");
    let quota = size("capacities.us.tpm", ["1000000", "9000000", "8000000"], "least");
    assert!(quota.contains("throttled p99"), "{quota}");
}

#[test]
fn a_check_says_with_what_is_better_that_more_answers_are_cut_short() {
    let folder = folder();
    told(folder.path(), CHAT, &["check", "s.toml", "--write-baseline", "b.json"]);
    let short = CHAT.replace("max_tokens = 8192", "max_tokens = 300");
    let text = told(folder.path(), &short, &["check", "s.toml", "--baseline", "b.json"]);
    let said = "percentage points more of the answers are cut short than in the baseline";
    assert!(text.contains("WARN e2e_p99_ms: ") && text.contains(said), "{text}");
    let same = told(folder.path(), CHAT, &["check", "s.toml", "--baseline", "b.json"]);
    assert!(!same.contains("cut short") && same.contains("as the baseline"), "{same}");
}

#[test]
fn headings_name_what_is_set_over_the_file() {
    let folder = folder();
    let set = ["--set", "workloads.chat.max_tokens=512", "--seed", "7", "--replications", "2"];
    let run = [&["run", "s.toml", "--no-charts", "-o", "out"][..], &set].concat();
    let heading = "A chat with workloads.chat.max_tokens = 512, run.seed = 7, run.replications = 2";
    let text = told(folder.path(), CHAT, &run);
    assert!(text.starts_with(heading), "{text}");
    for (format, name) in [("markdown", "report.md"), ("html", "report.html")] {
        told(folder.path(), CHAT, &["report", "out", "--format", format, "-o", name]);
        let page = fs::read_to_string(folder.path().join(name)).unwrap();
        let page = page.replace("<wbr>", "").replace("\\_", "_");
        assert!(page.contains(heading), "{name}: {page}");
    }
    let plain = told(folder.path(), CHAT, &["run", "s.toml", "--no-charts"]);
    assert!(plain.starts_with("A chat s.toml"), "{plain}");
}

#[test]
fn drawings_of_an_earlier_run_do_not_stay_beside_other_results() {
    let folder = folder();
    let names = || {
        let files = fs::read_dir(folder.path().join("out")).unwrap().flatten();
        let mut names: Vec<String> = files.map(|file| file.file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    };
    told(folder.path(), CHAT, &["run", "s.toml", "-o", "out"]);
    assert!(names().iter().any(|name| name.starts_with("latency_cdf")), "{:?}", names());
    // Files of the user's own stay, whatever they are called.
    let own = ["mine.svg", "quota_use-mine.svg", "quota_use-mine.png"];
    own.iter().for_each(|name| fs::write(folder.path().join("out").join(name), "<svg/>").unwrap());
    told(folder.path(), CHAT, &["run", "s.toml", "-o", "out", "--no-charts"]);
    assert_eq!(names(), ["mine.svg", "points.csv", "quota_use-mine.png", "quota_use-mine.svg", "results.json"]);
}

#[test]
fn a_check_counts_its_warnings_and_an_import_of_a_file_offers_its_command() {
    let folder = folder();
    told(folder.path(), CHAT, &["check", "s.toml", "--write-baseline", "b.json"]);
    let short = CHAT.replace("max_tokens = 8192", "max_tokens = 300");
    let text = told(folder.path(), &short, &["check", "s.toml", "--baseline", "b.json"]);
    assert!(text.contains("1 passed, 1 warning"), "{text}");
    let text = told(folder.path(), CHAT, &["import", "calls.csv"]);
    assert!(text.ends_with("tip: write `bedload import trace calls.csv`"), "{text}");
}

#[test]
fn the_program_explains_words_of_other_tools_as_goals_do() {
    let folder = folder();
    for (word, named) in [
        ("cost", "`cost_usd` or `cost_per_month_usd`"),
        ("p99", "`e2e_p99_ms`"),
        ("throttled", "`throttle_rate`"),
        ("availability", "`failure_rate`"),
        ("tpd", "`account.tpd.utilization_mean`"),
    ] {
        let text = told(folder.path(), CHAT, &["explain", word]);
        assert!(text.contains(named), "{word}: {text}");
    }
}

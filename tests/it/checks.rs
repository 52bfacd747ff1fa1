//! `bedload check` as a pipeline runs it.

use std::path::Path;
use std::process::{Command, Output};

fn check(folder: &Path, args: &[&str], github: bool) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bedload"));
    command.arg("check").args(args).current_dir(folder).env_remove("GITHUB_ACTIONS");
    if github {
        command.env("GITHUB_ACTIONS", "true");
    }
    command.output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// A workload that needs a limit of about 60 requests a minute.
fn scenario(rpm: u64, more: &str) -> String {
    format!(
        r#"
title = "Is <it> \"enough\" & cheap?"
[run]
duration = "10m"
warmup = "1m"
replications = 8
[models.nova]
id = "us.amazon.nova-pro-v1:0"
[workloads.w]
model = "nova"
arrivals.poisson.rate = "60/min"
input_tokens = 1000
output_tokens = 100
max_tokens = 200
client.retries = "none"
[capacities.us.on_demand]
rpm = {rpm}
tpm = "none"
tpd = "none"
limiter = "fixed_window"
{more}
"#
    )
}

const EXPECT: &str = "[[expect]]\nmetric = \"throttle_rate\"\nat_most = \"5%\"\n";

/// A folder with one that holds, one that fails and one that cannot be decided.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: String| std::fs::write(folder.path().join(name), text).unwrap();
    write("good.toml", scenario(200, EXPECT));
    write("bad.toml", scenario(30, EXPECT));
    write("unsure.toml", scenario(62, &format!("{EXPECT}\n[[expect]]\nmetric = \"e2e_p99_9\"\nat_most = \"20s\"\n")));
    folder
}

#[test]
fn each_verdict_has_its_word_and_its_exit_code() {
    let folder = folder();
    for (args, code, first) in [
        (&["good.toml"][..], 0, "PASS          good.toml\n              carries, 0 % of requests fail\n"),
        (&["bad.toml"], 1, "FAIL          bad.toml\n              saturated, "),
        (&["unsure.toml"], 4, "INCONCLUSIVE  unsure.toml\n"),
        (&["unsure.toml", "--inconclusive", "pass"], 0, "INCONCLUSIVE  unsure.toml\n"),
        (&["good.toml", "unsure.toml", "bad.toml", "--inconclusive", "pass"], 1, "PASS          good.toml\n"),
    ] {
        let output = check(folder.path(), args, false);
        assert_eq!(output.status.code(), Some(code), "{args:?}: {}", text(&output.stderr));
        assert!(text(&output.stdout).starts_with(first), "{args:?}: {}", text(&output.stdout));
    }
    for (file, judged) in [
        ("good.toml", "\n  PASS          throttle_rate <= 5 %, is 0 %"),
        ("bad.toml", "\n  FAIL          throttle_rate <= 5 %, is"),
    ] {
        let said = text(&check(folder.path(), &[file], false).stdout);
        assert!(said.contains(judged), "{said}");
    }
    let all = text(&check(folder.path(), &["good.toml", "unsure.toml", "bad.toml"], false).stdout);
    assert!(all.ends_with("\n3 files: 1 passed, 1 failed, 1 inconclusive\n"), "{all}");
    let quiet = check(folder.path(), &["good.toml", "bad.toml", "--quiet"], false);
    assert_eq!((text(&quiet.stdout).as_str(), quiet.status.code()), ("", Some(1)));
    assert!(text(&quiet.stderr).starts_with("FAIL: bad.toml: throttle_rate <= 5 %, is"), "{}", text(&quiet.stderr));
}

#[test]
fn junit_is_xml_with_a_case_for_each_thing_judged() {
    let folder = folder();
    check(folder.path(), &["good.toml", "unsure.toml", "bad.toml", "--junit", "j.xml"], false);
    let xml = std::fs::read_to_string(folder.path().join("j.xml")).unwrap();
    let document = roxmltree::Document::parse(&xml).unwrap();
    let root = document.root_element();
    assert_eq!((root.tag_name().name(), root.attribute("tests")), ("testsuites", Some("4")));
    let count = |name: &str| root.descendants().filter(|n| n.has_tag_name(name)).count();
    assert_eq!((count("testsuite"), count("testcase"), count("skipped")), (3, 4, 0));
    assert_eq!(root.attribute("failures"), Some(count("failure").to_string().as_str()));
    let failure = root.descendants().rfind(|n| n.has_tag_name("failure")).unwrap();
    assert_eq!(failure.attribute("type"), Some("failed"));
    assert!(failure.text().unwrap().starts_with("throttle_rate <= 5 %"), "{xml}");
    // What may pass is skipped.
    check(folder.path(), &["unsure.toml", "--junit", "j.xml", "--inconclusive", "pass"], false);
    let xml = std::fs::read_to_string(folder.path().join("j.xml")).unwrap();
    assert!(xml.contains("failures=\"0\"") && xml.contains("<skipped message=\"inconclusive: "), "{xml}");
}

#[test]
fn a_review_gets_a_table_and_github_its_annotations() {
    let folder = folder();
    let table = text(&check(folder.path(), &["good.toml", "bad.toml", "--markdown", "-"], false).stdout);
    assert!(table.starts_with("## bedload check\n\n2 files: 1 passed, 1 failed\n"), "{table}");
    assert!(table.contains("| **FAIL** | `bad.toml`<br>Is &lt;it&gt; \"enough\" &amp; cheap? |"), "{table}");
    let output = text(&check(folder.path(), &["good.toml", "bad.toml"], true).stdout);
    let annotation = output.lines().find(|line| line.starts_with("::")).unwrap();
    assert!(
        annotation.starts_with("::error file=bad.toml,title=throttle_rate::throttle_rate <= 5 %25, is"),
        "{output}"
    );
    assert_eq!(output.matches("\n::").count(), 1, "{output}");
    let doubt = text(&check(folder.path(), &["unsure.toml", "--inconclusive", "pass"], true).stdout);
    assert!(doubt.contains("\n::warning file=unsure.toml,"), "{doubt}");
}

#[test]
fn worse_than_the_baseline_fails_and_says_by_how_much() {
    let folder = folder();
    let written = check(folder.path(), &["good.toml", "--write-baseline", "b.json", "--replications", "8"], false);
    assert_eq!(written.status.code(), Some(0));
    let same = check(folder.path(), &["good.toml", "--baseline", "b.json"], false);
    assert_eq!(same.status.code(), Some(0), "{}", text(&same.stdout));
    assert!(text(&same.stdout).contains("PASS          throttle_rate: as the baseline"), "{}", text(&same.stdout));
    // It may still meet every goal, and is worse all the same.
    let worse = ["good.toml", "--baseline", "b.json", "--set", "capacities.us.rpm=65", "--set", "run.replications=8"];
    let output = check(folder.path(), &worse, false);
    let told = text(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(
        told.contains("FAIL          throttle_rate: ") && told.contains("percentage points more than the"),
        "{told}"
    );
    let seed = check(folder.path(), &["good.toml", "--baseline", "b.json", "--seed", "5"], false);
    assert_eq!(seed.status.code(), Some(4));
    let flat = text(&seed.stdout).split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(flat.contains("the run has seed 5: they cannot be compared in pairs"), "{flat}");
    let new = check(folder.path(), &["bad.toml", "--baseline", "b.json"], false);
    assert!(text(&new.stdout).contains("the baseline has no entry for this file"), "{}", text(&new.stdout));
}

#[test]
fn what_is_bought_is_part_of_the_gate() {
    let folder = tempfile::tempdir().unwrap();
    let size = "[size]\nvary = \"capacities.us.rpm\"\nfrom = 20\nto = 220\nstep = 100\nbought = ";
    std::fs::write(folder.path().join("s.toml"), scenario(200, &format!("{EXPECT}{size}120"))).unwrap();
    for (bought, code, part) in [
        ("120", 0, "the bought value 120 is the least that meets every goal"),
        ("20", 1, "FAIL capacities.us.rpm: the bought value 20 is too small: it misses a goal; 120 is the least"),
        ("220", 0, "the bought value 220 is larger than needed: a smaller one meets every goal"),
    ] {
        let setting = format!("size.bought={bought}");
        let output = check(folder.path(), &["s.toml", "--set", &setting], true);
        assert_eq!(output.status.code(), Some(code), "{}", text(&output.stderr));
        let flat = text(&output.stdout).split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(flat.contains(part), "{part} is not in\n{flat}");
        assert_eq!(text(&output.stdout).contains("::warning"), bought == "220");
    }
    let sized = |args: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_bedload")).arg("size").args(args).current_dir(&folder).output();
        output.unwrap()
    };
    let spare = sized(&["s.toml", "--bought", "220", "--no-charts"]);
    assert_eq!(spare.status.code(), Some(0));
    assert!(
        text(&spare.stderr).contains("warning: the bought value 220 is larger than needed"),
        "{}",
        text(&spare.stderr)
    );
    assert_eq!(sized(&["s.toml", "--bought", "20", "--no-charts", "--quiet"]).status.code(), Some(1));
    assert_eq!(sized(&["s.toml", "--to", "10", "--no-charts"]).status.code(), Some(2));
    let results = std::fs::read_to_string(folder.path().join("output/s-size/results.json")).unwrap();
    let results: bedload::results::Results = serde_json::from_str(&results).unwrap();
    assert_eq!(results.sizing.unwrap().answer, Some(120));
}

#[test]
fn time_and_the_catalogue_run_out() {
    let folder = folder();
    let output = check(folder.path(), &["good.toml", "--time-budget", "0s"], false);
    assert_eq!(output.status.code(), Some(4));
    assert!(text(&output.stdout).contains("used up before this file began"), "{}", text(&output.stdout));
    let old = check(folder.path(), &["good.toml", "--max-catalog-age", "0d"], false);
    assert_eq!(old.status.code(), Some(1), "{}", text(&old.stdout));
    assert!(text(&old.stdout).contains("days ago; 0 are allowed"), "{}", text(&old.stdout));
    assert_eq!(check(folder.path(), &["good.toml", "--max-catalog-age", "3650d"], false).status.code(), Some(0));
}

#[test]
fn a_gate_without_expectations_or_with_a_fault_does_not_pass() {
    let folder = folder();
    std::fs::write(folder.path().join("nothing.toml"), scenario(200, "")).unwrap();
    let nothing = check(folder.path(), &["nothing.toml"], false);
    assert_eq!(nothing.status.code(), Some(4));
    assert!(text(&nothing.stdout).contains("the file states no goal"), "{}", text(&nothing.stdout));
    std::fs::write(folder.path().join("broken.toml"), scenario(200, "rpn = 5")).unwrap();
    let broken = check(folder.path(), &["good.toml", "broken.toml", "--junit", "j.xml"], false);
    assert_eq!((broken.status.code(), text(&broken.stdout).as_str()), (Some(2), ""));
    let xml = std::fs::read_to_string(folder.path().join("j.xml")).unwrap();
    let document = roxmltree::Document::parse(&xml).unwrap();
    let root = document.root_element();
    let counts = ["tests", "failures", "errors"].map(|name| root.attribute(name).unwrap());
    assert_eq!(counts, ["2", "1", "1"], "the other file was not run: {xml}");
    let error = root.descendants().find(|n| n.has_tag_name("error")).expect("an error");
    assert!(error.text().unwrap().contains("rpn") && error.text().unwrap().contains("broken.toml:"), "{xml}");
    for (args, code) in [
        (&["good.toml", "--baseline", "none.json"][..], 2),
        (&["none.toml"], 2),
        (&["good.toml", "--junit", "none/j.xml"], 3),
    ] {
        assert_eq!(check(folder.path(), args, false).status.code(), Some(code), "{args:?}");
    }
}

#[test]
fn a_missing_baseline_leaves_a_comment_and_an_error() {
    let folder = folder();
    let args = ["good.toml", "--baseline", "none.json", "--markdown", "c.md", "--junit", "j.xml"];
    let output = check(folder.path(), &args, false);
    assert_eq!((output.status.code(), text(&output.stdout).as_str()), (Some(2), ""));
    let comment = std::fs::read_to_string(folder.path().join("c.md")).unwrap();
    assert!(comment.contains("2 files: 1 inconclusive, 1 in error"), "{comment}");
    assert!(
        comment.contains("| **ERROR** | `none.json` | – | error: the baseline \\`none.json\\` cannot be read"),
        "{comment}"
    );
    assert!(comment.contains("not run: the baseline cannot be read"), "{comment}");
    let xml = std::fs::read_to_string(folder.path().join("j.xml")).unwrap();
    assert!(
        xml.contains("errors=\"1\"") && xml.contains("<error type=\"error\" message=\"error: the baseline"),
        "{xml}"
    );
}

#[test]
fn a_comment_of_a_broken_file_has_its_errors_and_no_part_of_a_warning() {
    let folder = folder();
    let text_of = scenario(200, "rpn = 5").replace("warmup = \"1m\"\n", "");
    std::fs::write(folder.path().join("broken.toml"), text_of).unwrap();
    let output = check(folder.path(), &["broken.toml", "--markdown", "c.md"], false);
    assert!(text(&output.stderr).contains("warning: "), "the file has a warning too: {}", text(&output.stderr));
    let comment = std::fs::read_to_string(folder.path().join("c.md")).unwrap();
    let row = comment.lines().find(|line| line.contains("ERROR")).unwrap();
    let parts = |word: &str| row.matches(word).count();
    assert_eq!((parts("error: "), parts("--&gt; "), parts("warning")), (1, 1, 0), "{row}");
}

#[test]
fn a_warning_is_called_one_everywhere() {
    let folder = tempfile::tempdir().unwrap();
    // A third of the requests is refused, and the only goal speaks of latency.
    let slow = "[[expect]]\nmetric = \"e2e_mean\"\nat_most = \"20s\"\n";
    std::fs::write(folder.path().join("s.toml"), scenario(40, slow)).unwrap();
    let output = check(folder.path(), &["s.toml", "--junit", "j.xml", "--markdown", "c.md"], false);
    let told = text(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{told}");
    assert!(
        told.contains("\n  PASS          e2e_mean") && told.contains("\n  WARN          1 stated goal holds"),
        "{told}"
    );
    let read = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap();
    assert!(read("c.md").contains("<br>WARN: 1 stated goal holds"), "{}", read("c.md"));
    assert!(read("j.xml").contains("<system-out>WARN: 1 stated goal holds"), "{}", read("j.xml"));
}

#[test]
fn the_margin_that_judged_stands_beside_an_interval_that_seems_to_say_otherwise() {
    let folder = tempfile::tempdir().unwrap();
    // With 40 goals together, each margin is about twice as wide as the interval of one.
    let goal = |bound: f64| format!("[[expect]]\nmetric = \"throttle_rate\"\nat_most = {bound}\n");
    let latency = |i: u64| format!("[[expect]]\nmetric = \"e2e_mean\"\nat_most = \"{i}s\"\n");
    let others: String = (20..59).map(latency).collect();
    let judged = |bound: f64| {
        std::fs::write(folder.path().join("s.toml"), scenario(45, &(goal(bound) + &others))).unwrap();
        let told = text(&check(folder.path(), &["s.toml"], false).stdout).replace("\n                ", " ");
        told.lines()
            .find(|line| line.contains("throttle_rate"))
            .unwrap()
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
    };
    let wide = judged(0.01);
    let number = |text: &str| text.split(' ').next().unwrap().parse::<f64>().unwrap();
    let (estimate, half) =
        wide.split_once("is ").map(|(_, rest)| (number(rest), number(rest.split('±').nth(1).unwrap()))).unwrap();
    let bound = (estimate - 1.3 * half) / 100.0;
    let told = judged(bound);
    assert!(told.starts_with("INCONCLUSIVE "), "{told}");
    assert!(told.contains("%, judged as ") && told.contains("so that all goals together are sure enough"), "{told}");
    let margin = number(told.rsplit('±').next().unwrap());
    assert!(estimate - margin < 100.0 * bound && 100.0 * bound < estimate - half, "{told}");
    assert!(!judged(0.9).contains("judged as"), "a verdict that the interval shows needs no margin");
}

#[test]
fn bounds_of_two_sides_and_of_their_own_confidence_are_judged() {
    let folder = tempfile::tempdir().unwrap();
    let run = |expect: &str| {
        let expect = format!("[[expect]]\nmetric = \"throttle_rate\"\n{expect}\n");
        std::fs::write(folder.path().join("s.toml"), scenario(45, &expect)).unwrap();
        let output = check(folder.path(), &["s.toml"], false);
        (output.status.code().unwrap(), text(&output.stdout) + &text(&output.stderr))
    };
    let told = run("between = [\"10%\", \"45%\"]");
    assert!(told.0 == 0 && told.1.contains("throttle_rate between 10 % and 45 %, is"), "{}", told.1);
    assert_eq!(run("between = [0.6, 0.9]").0, 1);
    for (expect, part) in [
        ("between = [0.9, 0.6]", "never between 0.9 and 0.6"),
        ("between = [0.1]", "between"),
        ("at_most = 0.1\nat_least = 0.05", "a goal has one bound, and `at_most` and `at_least` are two"),
        ("at_most = 0.1\nconfidence = 0.2", "a confidence lies between 0.5 and 1"),
        (
            "at_most = 0.1\n[[expect]]\nmetric = \"throttle_rate\"\nat_least = 0.2",
            "`throttle_rate` cannot be at least 0.2 and at most 0.1",
        ),
    ] {
        let (code, told) = run(expect);
        assert!(code == 2 && told.contains(part), "{part} is not in\n{told}");
    }
    let both = run("at_most = 0.1\n[[expect]]\nmetric = \"throttle_rate\"\nat_least = 0.2").1;
    assert!(both.contains("this is the bound that it contradicts"), "{both}");
    // A bound that is nearly met: sure enough for one, not for the other.
    let bound = |confidence: f64| run(&format!("at_most = 0.276\nconfidence = {confidence}")).0;
    assert!(bound(0.5) != 4 && bound(0.9999) == 4);
}

#[test]
fn the_pipelines_of_the_documents_use_flags_that_exist() {
    let guide = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/CI.md")).unwrap();
    let help = text(&check(Path::new("."), &["--help"], false).stdout);
    let commands: Vec<&str> =
        guide.split("bedload check").skip(1).filter_map(|rest| rest.split("\n\n").next()).collect();
    assert!(commands.len() >= 5);
    for command in commands {
        let command = command.split("```").next().unwrap().split(" - name:").next().unwrap();
        for flag in command.split_whitespace().filter(|word| word.starts_with("--")) {
            assert!(help.contains(&format!("{flag} ")), "`bedload check` has no {flag}");
        }
    }
}

#[test]
fn a_rate_that_is_never_reached_and_the_end_of_the_accounts_day_are_warnings_of_every_format() {
    let folder = tempfile::tempdir().unwrap();
    let night = scenario(100, "").replace("client.retries", "shape = \"office_hours\"\nclient.retries");
    let goal = "[[expect]]\nmetric = \"failure_rate\"\nat_most = \"50%\"\n";
    let night = night + "\n[account]\ntpd = 10_000_000\n" + goal;
    std::fs::write(folder.path().join("night.toml"), night).unwrap();
    let output = check(folder.path(), &["night.toml", "--markdown", "c.md", "--junit", "j.xml"], false);
    let read = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap();
    let flat = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let [never, day] = ["states a rate of 60 a minute", "the account's daily quota of 10 M tokens is used up "];
    for told in [flat(&text(&output.stdout)), read("c.md"), read("j.xml")] {
        let told = told.replace("&apos;", "'");
        assert!(told.contains(never) && told.contains(day), "{told}");
    }
    assert!(read("c.md").contains("WARN: ") && read("j.xml").contains("<system-out>WARN: "), "{}", read("j.xml"));
}

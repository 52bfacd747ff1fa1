//! `bedload sweep`, as a user types it: nothing is lost, and the bytes are always the same.

use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use bedload::results::{Point, Results};

const SCENARIO: &str = r#"
title = "Which quota and cap carry the chat?"
run = { duration = "10m", warmup = "0s", replications = 3 }
models.m = { max_output_tokens = 4096, time_to_first_token = "300ms", output_tokens_per_second = 80, prices = { input = "$1/1M", output = "$5/1M" } }
[workloads.chat]
model = "m"
arrivals.gamma = { rate = "300/min", cv = 2 }
input_tokens.lognormal = { median = 900, p95 = 4000 }
output_tokens = 200
max_tokens = 1024
[capacities.us.on_demand]
tpm = 800_000
[sweep]
"capacities.us.tpm" = { from = 400_000, to = 1_200_000, step = 100_000 }
"workloads.chat.max_tokens" = [256, 1024]
plan = { today = {}, launch = { "run.traffic_scale" = 1.5 } }
[[expect]]
metric = "throttle_rate"
at_most = "2%"
"#;

fn folder(text: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("s.toml"), text).unwrap();
    folder
}

fn command(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bedload"));
    command.args(args).current_dir(folder);
    command
}

fn bedload(folder: &Path, args: &[&str]) -> Output {
    command(folder, args).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// The files of a finished sweep; there is nothing else in the folder.
fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<(String, Vec<u8>)> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), std::fs::read(&path).unwrap()))
        .collect();
    files.sort();
    files
}

fn results(folder: &Path) -> Results {
    serde_json::from_slice(&std::fs::read(folder.join("results.json")).unwrap()).unwrap()
}

#[test]
fn every_point_is_played_and_can_be_played_again() {
    let folder = folder(SCENARIO);
    let output = bedload(folder.path(), &["sweep", "s.toml", "--out", "all"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let told = text(&output.stdout);
    assert!(told.contains("36 points") && told.contains("meet every goal; "), "{told}");
    assert!(told.contains("\n  plan = launch: point 21, tpm = 900,000, max_tokens = 256 ($46,402.63)\n"), "{told}");
    assert!(told.lines().all(|line| line.chars().count() <= 80), "{told}");
    let all = results(&folder.path().join("all"));
    assert_eq!((all.points.len(), all.points_total), (36, 36));
    let listed = text(&bedload(folder.path(), &["sweep", "s.toml", "--list"]).stdout);
    assert_eq!(listed.lines().nth(8), Some("7,500000,1024,launch"));
    for index in [0, 7, 35] {
        let args = ["run", "s.toml", "--point", &index.to_string(), "--out", "one", "--no-charts", "--quiet"];
        bedload(folder.path(), &args);
        let one: Point = results(&folder.path().join("one")).points.remove(0);
        let same = &all.points[index];
        assert_eq!((&one.metrics, &one.parameters, one.index), (&same.metrics, &same.parameters, index as u64));
    }
    assert_eq!(all.points[7].parameters["capacities.us.tpm"], 500_000);
    assert_eq!(all.points[7].parameters["plan"], "launch");
    // The same world everywhere: a point sees the same requests whatever its quota.
    let requests = |k: usize| all.points[k].value("requests");
    assert!(requests(0) == requests(34) && requests(0) < requests(1));
}

#[test]
fn threads_change_no_byte() {
    let folder = folder(SCENARIO);
    let of = |threads: &str| {
        let output = bedload(folder.path(), &["sweep", "s.toml", "--out", threads, "--threads", threads, "--quiet"]);
        assert!(output.status.success(), "{}", text(&output.stderr));
        files(&folder.path().join(threads))
    };
    let one = of("1");
    assert!(one.len() > 2, "results.json, points.csv and charts");
    assert!(one == of("2") && one == of("8"));
}

fn points_in_the_journal(folder: &Path) -> usize {
    std::fs::read(folder.join("journal.jsonl")).map_or(0, |b| b.iter().filter(|b| **b == b'\n').count())
}

/// Lets a sweep run until its journal has so many lines, and kills it.
fn kill_at(mut child: Child, folder: &Path, lines: usize) {
    while points_in_the_journal(folder) < lines && child.try_wait().unwrap().is_none() {
        std::thread::sleep(Duration::from_micros(200));
    }
    // SIGKILL on Unix: nothing of the program runs after it.
    let _ = child.kill();
    child.wait().unwrap();
}

#[test]
fn a_killed_sweep_goes_on_where_it_stopped_and_ends_in_the_same_bytes() {
    // More points than results.json holds, so that there is points.jsonl too.
    let scenario = SCENARIO
        .replace("[256, 1024]", "{ from = 100, to = 1000, step = 50 }")
        .replace("duration = \"10m\"", "duration = \"1m\"");
    let folder = folder(&scenario);
    let args = |out: &'static str| ["sweep", "s.toml", "--quiet", "--threads", "2", "--out", out];
    assert!(bedload(folder.path(), &args("whole")).status.success());
    let whole = files(&folder.path().join("whole"));
    assert!(whole.len() > 3, "results.json, points.csv, points.jsonl and charts");
    let out = folder.path().join("killed");
    let mut kills = 0;
    for moment in 1..=20 {
        // Moments of a seeded draw: about every 17th point, and anywhere between two of them.
        let lines = moment * 17 - (moment * moment * 7) % 13;
        let before = points_in_the_journal(&out);
        let child = command(folder.path(), &args("killed")).stderr(Stdio::null()).spawn().unwrap();
        kill_at(child, &out, lines.max(before + 1));
        if !out.join("journal.jsonl").exists() {
            break;
        }
        kills += 1;
        assert!(points_in_the_journal(&out) >= before, "points were lost");
    }
    assert!(kills >= 15, "{kills}");
    let last = bedload(folder.path(), &args("killed"));
    assert!(last.status.success(), "{}", text(&last.stderr));
    assert!(files(&out) == whole, "the bytes differ");
}

#[test]
fn a_changed_scenario_is_noticed_and_begins_anew_when_asked() {
    let folder = folder(SCENARIO);
    let out = folder.path().join("out");
    let args = ["sweep", "s.toml", "--quiet", "--out", "out"];
    let child = command(folder.path(), &args).stderr(Stdio::null()).spawn().unwrap();
    kill_at(child, &out, 3);
    let kept = std::fs::read(out.join("journal.jsonl")).unwrap();
    std::fs::write(folder.path().join("s.toml"), SCENARIO.replace("cv = 2", "cv = 3")).unwrap();
    let refused = bedload(folder.path(), &args);
    assert_eq!(refused.status.code(), Some(2));
    let error = text(&refused.stderr);
    assert!(
        error.contains("`s.toml`, which the scenario reads, has changed since") && error.contains("--restart"),
        "{error}"
    );
    assert!(std::fs::read(out.join("journal.jsonl")).unwrap() == kept, "finished points stay");
    let anew = bedload(folder.path(), &[&args[..], &["--restart"]].concat());
    assert!(anew.status.success(), "{}", text(&anew.stderr));
    assert_eq!(results(&out).points.len(), 36);
}

fn refused(sweep: &str) -> String {
    let text_of = SCENARIO.split("[sweep]").next().unwrap();
    let folder = folder(&format!("{text_of}[sweep]\n{sweep}\n"));
    let output = bedload(folder.path(), &["sweep", "s.toml"]);
    assert_eq!(output.status.code(), Some(2), "{}", text(&output.stdout));
    assert!(!folder.path().join("output").exists(), "something was left behind");
    text(&output.stderr)
}

#[test]
fn bad_axes_are_refused_at_their_place() {
    for (sweep, parts) in [
        ("\"capacities.us.tmp\" = [1, 2]", &["unknown key `tmp`", "did you mean `tpm`?", "s.toml:14:16"][..]),
        ("\"capacities.eu.tpm\" = [1, 2]", &["there is no `eu` in `capacities`"]),
        ("\"capacities.us.tpm\" = []", &["the axis `capacities.us.tpm` has no values"]),
        ("\"capacities.us.tpm\" = { from = 5, to = 1 }", &["`to` of a range is at least its `from`"]),
        ("\"capacities.us.tpm\" = { from = 5 }", &["a range needs `from` and `to`"]),
        ("\"capacities.us.tpm\" = { from = 1, to = 9, setp = 2 }", &["did you mean `step`?"]),
        ("\"capacities.us.tpm\" = { from = 1, to = 9, scale = \"geometric\" }", &["write points = 8"]),
        ("\"capacities.us.tpm\" = 5", &["an axis is a list or a range, not a number"]),
        ("\"capacities.us.tpm, capacities.us.rpm\" = [[1]]", &["an axis of 2 paths has lists of 2 values"]),
        ("plan = 3", &["the axis `plan` is no path"]),
        ("samples = 0\n\"capacities.us.tpm\" = { from = 1, to = 9 }", &["`samples` is a whole number from 2"]),
        ("", &["`sweep` has no axis"]),
        (
            "\"capacities.us.tpm\" = [900_000, \"many\"]",
            &["a whole number", "many", "this is a value of the axis \"capacities.us.tpm\" of [sweep]"],
        ),
        (
            "\"capacities.us.tpm\" = [1, 2]\n\"capacities.us.tpm, capacities.us.rpm\" = [[1, 2]]",
            &["`capacities.us.tpm` is set by two axes", "s.toml:15:1"],
        ),
        ("\"run.seed\" = { from = 1, to = 200_000 }", &["the sweep has 200000 points", "--yes"]),
    ] {
        let error = refused(sweep);
        for part in parts {
            assert!(error.contains(part), "{part} is not in\n{error}");
        }
    }
    let folder = folder(SCENARIO.split("[sweep]").next().unwrap());
    let error = text(&bedload(folder.path(), &["sweep", "s.toml"]).stderr);
    assert!(error.contains("`s.toml` has no [sweep]"), "{error}");
    std::fs::write(folder.path().join("s.toml"), SCENARIO).unwrap();
    let error = text(&bedload(folder.path(), &["run", "s.toml", "--point", "36"]).stderr);
    assert!(error.contains("there is no point 36: the sweep has 36 points, numbered from 0"), "{error}");
}

#[test]
fn what_has_no_effect_is_said() {
    let base = SCENARIO.split("[sweep]").next().unwrap();
    let folder =
        folder(&format!("{base}[sweep]\n\"capacities.us.tpm\" = {{ from = 100_000, to = 900_000, step = 250_000 }}\n"));
    let output = bedload(folder.path(), &["sweep", "s.toml", "--list", "--set", "capacities.us.tpm=5_000_000"]);
    let said = text(&output.stderr);
    assert!(said.contains("the range ends at 850000: steps of 250000 do not meet 900000"), "{said}");
    assert!(said.contains("warning: `capacities.us.tpm` is an axis of [sweep]: setting it has no effect"), "{said}");
    assert_eq!(text(&output.stdout).lines().count(), 5);
}

#[test]
fn the_cheapest_is_told_with_its_ties_and_what_it_carries() {
    let base = SCENARIO.split("[sweep]").next().unwrap();
    let expect = "[[expect]]\nmetric = \"failure_rate\"\nat_most = \"100%\"\n";
    let told = |sweep: &str| {
        let folder = folder(&format!("{base}{expect}[sweep]\n{sweep}\n"));
        text(&bedload(folder.path(), &["sweep", "s.toml"]).stdout)
    };
    // More room than anybody asks for changes nothing.
    let same = told("\"capacities.us.tpm\" = [50_000_000, 60_000_000, 70_000_000]");
    assert!(same.contains("The cheapest of them is point 0: tpm = 50,000,000.\n2 others cost the same."), "{same}");
    let less = told("\"workloads.chat.scale\" = [1, 2]");
    let by_load = "Points differ in traffic. Cheapest point that meets every goal, for each\n  traffic level:\n  scale = 1: point 0 ($31,276.12)\n  scale = 2: point 1 ($";
    assert!(less.contains(by_load), "{less}");
    let wide = told(
        "\"capacities.us.tpm\" = [50_000_000, 60_000_000]\n\"workloads.chat.output_tokens\" = [100, 200]\n\"workloads.chat.max_tokens\" = [1000, 2000]",
    );
    assert!(wide.lines().any(|line| line.contains("cost") || line.contains("per month")), "{wide}");
}

#[test]
fn a_sweep_in_which_every_point_fails_says_what_holds_them_up() {
    let base = SCENARIO.split("[sweep]").next().unwrap();
    let expect = "[[expect]]\nmetric = \"throttle_rate\"\nat_most = \"2%\"\n";
    let folder = folder(&format!("{base}{expect}[sweep]\n\"capacities.us.tpm\" = [100_000, 200_000]\n"));
    let told = text(&bedload(folder.path(), &["sweep", "s.toml", "--no-charts"]).stdout);
    assert!(told.contains("0 of 2 points meet every goal; 2 fail, 0 undecided.\n"), "{told}");
    assert!(told.contains("\nThe bottleneck of both points that fail is the limit capacities.us.tpm.\n"), "{told}");
}

/// A file that may not grow is as full as a disk.
#[cfg(unix)]
#[test]
fn a_full_disk_loses_no_finished_point() {
    let folder = folder(SCENARIO);
    let program = env!("CARGO_BIN_EXE_bedload");
    let sweep = |limit: &str| {
        let script = format!("trap '' XFSZ; ulimit -f {limit}; exec '{program}' sweep s.toml --out o --threads 1");
        Command::new("sh").args(["-c", &script]).current_dir(folder.path()).output().unwrap()
    };
    let full = sweep("64");
    let error = text(&full.stderr);
    assert_eq!(full.status.code(), Some(3), "{error}");
    assert!(error.contains("cannot write the journal") && error.contains("run the same command again"), "{error}");
    let rest = sweep("unlimited");
    assert!(rest.status.success(), "{}", text(&rest.stderr));
    assert!(text(&rest.stderr).contains(" of 36 points are finished already"), "{}", text(&rest.stderr));
    let whole = folder.path().join("whole");
    assert!(bedload(folder.path(), &["sweep", "s.toml", "--out", "whole"]).status.success());
    assert!(files(&folder.path().join("o")) == files(&whole), "the bytes differ");
}

#[test]
fn axes_may_move_together_and_be_sampled() {
    let base = SCENARIO.split("[sweep]").next().unwrap();
    let sweep = "[sweep]\nsamples = 12\n\"capacities.us.tpm\" = { from = 400_000, to = 900_000 }\n\"workloads.chat.max_tokens, workloads.chat.output_tokens\" = [[256, 100], [512, 200]]\n";
    let folder = folder(&format!("{base}{sweep}"));
    let listed = text(&bedload(folder.path(), &["sweep", "s.toml", "--list"]).stdout);
    assert_eq!(
        listed.lines().next(),
        Some("point,capacities.us.tpm,workloads.chat.max_tokens,workloads.chat.output_tokens")
    );
    assert_eq!(listed.lines().count(), 13);
    assert!(listed.lines().skip(1).all(|line| line.ends_with("256,100") || line.ends_with("512,200")), "{listed}");
    let output = bedload(folder.path(), &["sweep", "s.toml", "--format", "markdown"]);
    assert!(text(&output.stdout).contains("| point | tpm | max_tokens | output_tokens |"), "{}", text(&output.stdout));
}

#[test]
fn a_scenario_may_be_laid_over_another() {
    let folder = folder(SCENARIO);
    let over = "extends = \"s.toml\"\ntitle = \"Twice\"\nrun.traffic_scale = 2\nworkloads.chat.arrivals.poisson = { rate = \"30/min\" }\n";
    std::fs::write(folder.path().join("over.toml"), over).unwrap();
    let output = bedload(folder.path(), &["validate", "over.toml"]);
    let told = text(&output.stdout);
    assert!(output.status.success() && told.contains("poisson"), "{told}{}", text(&output.stderr));
    assert!(!told.contains("gamma"), "{told}");
    // A bound more is a bound more; one on the same metric takes the place of the other.
    let bound = |metric: &str, at_most: &str| format!("[[expect]]\nmetric = \"{metric}\"\nat_most = \"{at_most}\"\n");
    let more = format!("{over}{}", bound("e2e_p99", "9s"));
    std::fs::write(folder.path().join("over.toml"), &more).unwrap();
    let told = text(&bedload(folder.path(), &["validate", "over.toml"]).stdout);
    assert!(told.contains("throttle_rate at most 0.02") && told.contains("e2e_p99_ms at most 9000"), "{told}");
    std::fs::write(folder.path().join("over.toml"), format!("{more}{}", bound("throttle_rate", "3%"))).unwrap();
    let told = text(&bedload(folder.path(), &["validate", "over.toml"]).stdout);
    assert!(told.contains("throttle_rate at most 0.03") && !told.contains("at most 0.02"), "{told}");
    for (base, part) in [("none.toml", "cannot be read"), ("over.toml", "`over.toml` extends itself")] {
        let text_of = format!("extends = \"{base}\"\n");
        std::fs::write(folder.path().join("over.toml"), text_of).unwrap();
        let error = text(&bedload(folder.path(), &["validate", "over.toml"]).stderr);
        assert!(error.contains(part) && error.contains("over.toml:1:11"), "{error}");
    }
}

#[test]
fn points_between_whole_numbers_are_whole_only_where_the_key_is() {
    let base = SCENARIO.split("[sweep]").next().unwrap();
    let listed = |axis: &str| {
        let folder = folder(&format!("{base}[sweep]\n{axis}\n"));
        let output = bedload(folder.path(), &["sweep", "s.toml", "--list"]);
        let lines: Vec<String> = text(&output.stdout).lines().skip(1).map(str::to_owned).collect();
        lines.iter().map(|l| l.split_once(',').unwrap().1.to_owned()).collect::<Vec<_>>().join(" ")
    };
    let scale = listed("\"run.traffic_scale\" = { from = 1, to = 2, points = 5 }");
    assert_eq!(scale, "1 1.25 1.5 1.75 2");
    assert_eq!(listed("\"workloads.chat.max_tokens\" = { from = 1000, to = 1003, points = 3 }"), "1000 1002 1003");
    let sampled = listed("samples = 4\n\"workloads.chat.scale\" = { from = 1, to = 2 }");
    assert!(sampled.split(' ').filter(|x| x.contains('.')).count() >= 3, "{sampled}");
}

//! `bedload chart` and `bedload report`: drawings and pages of documents that were written before.

use std::path::Path;
use std::process::{Command, Output};

const SCENARIO: &str = r#"
title = "A chat <b>&</b> its quota"
run = { duration = "10m", warmup = "1m", replications = 2 }
models.m = { max_output_tokens = 500, time_to_first_token = "300ms", output_tokens_per_second = 80, prices = { input = "$1/1M", output = "$5/1M" } }
[workloads.chat]
model = "m"
arrivals.poisson.rate = "300/min"
input_tokens = 900
output_tokens = 200
max_tokens = 500
[capacities.us.on_demand]
tpm = 300_000
[sweep]
"capacities.us.tpm" = { from = 200_000, to = 496_000, step = 1_000 }
"#;

fn bedload(folder: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_bedload")).args(args).current_dir(folder).output().expect("the program runs")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("it is text")
}

/// A folder with a scenario and the results of a run, without charts.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("s.toml"), SCENARIO).expect("it is written");
    let run = bedload(folder.path(), &["run", "s.toml", "--out", "o", "--no-charts", "--quiet"]);
    assert!(run.status.success(), "{}", text(&run.stderr));
    folder
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .expect("it is there")
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

#[test]
fn a_document_is_drawn_again_as_the_run_drew_it() {
    let folder = folder();
    let drawn = bedload(folder.path(), &["run", "s.toml", "--out", "drawn", "--quiet"]);
    assert!(drawn.status.success());
    let again = bedload(folder.path(), &["chart", "o"]);
    assert!(again.status.success(), "{}", text(&again.stderr));
    let [one, other] = ["drawn", "o"].map(|name| folder.path().join(name));
    assert_eq!(names(&one), names(&other));
    assert!(names(&one).len() > 8, "{:?}", names(&one));
    for name in names(&one) {
        assert!(std::fs::read(one.join(&name)).unwrap() == std::fs::read(other.join(&name)).unwrap(), "{name}");
    }
    assert!(text(&again.stdout).lines().all(|line| Path::new(line).starts_with("o")), "{}", text(&again.stdout));
}

#[test]
fn every_chart_says_what_it_answers() {
    let folder = folder();
    let listed = text(&bedload(folder.path(), &["chart", "--list"]).stdout);
    let charts = bedload::charts::CHARTS;
    assert_eq!(listed.lines().count(), 2 * charts.len());
    assert!(charts.iter().all(|chart| listed.contains(chart.name()) && listed.contains(chart.shows())), "{listed}");
}

#[test]
fn one_chart_in_one_format_and_size() {
    let folder = folder();
    let args =
        ["chart", "o/results.json", "--only", "latency_cdf", "--format", "png", "--width", "320", "--theme", "dark"];
    let output = bedload(folder.path(), &[&args[..], &["--out", "p"]].concat());
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert_eq!(names(&folder.path().join("p")), ["latency_cdf.png"]);
    let png = std::fs::read(folder.path().join("p/latency_cdf.png")).unwrap();
    assert_eq!(u32::from_be_bytes(png[16..20].try_into().unwrap()), 320);
    let none = bedload(folder.path(), &["chart", "o", "--only", "sweep_map", "--out", "q"]);
    assert!(none.status.success() && text(&none.stdout).is_empty());
    assert_eq!(text(&none.stderr), "`sweep_map` is not drawn: the results lack the data for it\n");
}

#[test]
fn points_beside_the_document_are_drawn_too() {
    let folder = folder();
    let sweep = bedload(folder.path(), &["sweep", "s.toml", "--out", "w", "--no-charts", "--quiet"]);
    assert!(sweep.status.success() && names(&folder.path().join("w")).contains(&"points.jsonl".to_owned()));
    let drawn = bedload(folder.path(), &["chart", "w", "--format", "svg"]);
    assert!(text(&drawn.stdout).contains("sweep_lines.svg"), "{}{}", text(&drawn.stdout), text(&drawn.stderr));
    std::fs::remove_file(folder.path().join("w/points.jsonl")).unwrap();
    let lost = bedload(folder.path(), &["chart", "w"]);
    assert!(lost.status.code() == Some(2) && text(&lost.stderr).contains("its points are in `w/points.jsonl`"));
}

#[test]
fn what_cannot_be_drawn_is_refused() {
    let folder = folder();
    let whole = std::fs::read_to_string(folder.path().join("o/results.json")).unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write("old.json", &whole.replacen("\"schema_version\": 2", "\"schema_version\": 99", 1));
    write("cut.json", &whole[..whole.len() / 2]);
    write("other.json", "{\"a\": 1}");
    write("file", "");
    for (args, part) in [
        (&["chart", "none.json"][..], "`none.json` is not a results document: "),
        (&["chart", "old.json"], "its schema_version is 99, this bedload reads 2"),
        (&["chart", "old.json"], "use the version of bedload that wrote it"),
        (&["chart", "cut.json"], "the file is cut off: EOF while parsing"),
        (&["chart", "other.json"], "it has no schema_version"),
        (&["chart", "o", "--only", "latency_cfd"], "did you mean `latency_cdf`?"),
        (&["chart", "o", "--out", "file/below"], "cannot write to the folder `file/below`"),
        (&["chart"], "required"),
    ] {
        let output = bedload(folder.path(), args);
        assert_eq!(output.status.code(), Some(2), "{args:?}: {}", text(&output.stderr));
        assert!(text(&output.stderr).contains(part), "{part} is not in\n{}", text(&output.stderr));
    }
}

#[test]
fn what_the_document_lacks_is_named_and_the_rest_is_drawn() {
    let folder = folder();
    let whole = std::fs::read_to_string(folder.path().join("o/results.json")).unwrap();
    let mut document: serde_json::Value = serde_json::from_str(&whole).unwrap();
    let series = document["points"][0]["detail"]["timeline"]["series"].as_object_mut().unwrap();
    series.retain(|name, _| name != "total.arrivals_per_min");
    std::fs::write(folder.path().join("less.json"), document.to_string()).unwrap();
    let args = ["chart", "less.json", "--format", "svg", "--out", "p", "--only"];
    let drawn = bedload(folder.path(), &[&args[..], &["load_over_time", "--only", "latency_cdf"]].concat());
    assert!(drawn.status.success());
    assert_eq!(text(&drawn.stderr), "`load_over_time` is not drawn: the results lack the data for it\n");
    assert_eq!(names(&folder.path().join("p")), ["latency_cdf.svg"]);
    document["points"] = serde_json::json!([]);
    document["points_total"] = serde_json::json!(0);
    std::fs::write(folder.path().join("empty.json"), document.to_string()).unwrap();
    let none = bedload(folder.path(), &["chart", "empty.json", "--out", "q"]);
    assert!(none.status.success() && text(&none.stdout).is_empty());
    assert_eq!(text(&none.stderr), "nothing is drawn: the results lack the data for every chart\n");
}

#[test]
fn a_report_is_one_page_with_everything_in_it() {
    let folder = folder();
    let made = bedload(folder.path(), &["report", "o", "--scenario", "s.toml"]);
    assert_eq!(
        (text(&made.stdout).as_str(), made.status.code()),
        ("o/report.html\n", Some(0)),
        "{}",
        text(&made.stderr)
    );
    let page = std::fs::read_to_string(folder.path().join("o/report.html")).unwrap();
    for part in [
        "<!DOCTYPE html>",
        "<h1>A chat &lt;b&gt;&amp;&lt;/b&gt; its quota</h1>",
        "A quota is an upper bound, not a guarantee",
        "bedload run s.toml",
        "seed 1",
        "the algorithm that enforces quotas is not published",
        "prefers-color-scheme:dark",
        "tpm = 300_000",
        "id=\"latency_cdf\"",
    ] {
        assert!(page.contains(part), "{part} is not in the page");
    }
    // What is inside needs nothing from outside, and nothing of a user's is markup.
    let outside = ["http-equiv", "src=", "<link", "@import", "url(http", "<b>"];
    assert!(outside.iter().all(|part| !page.contains(part)), "{:?}", outside.iter().find(|part| page.contains(**part)));
    assert_eq!(page.matches("<figure").count(), page.matches("viewBox=\"0 0 640 ").count());
}

#[test]
fn every_kind_of_document_has_its_answer_in_the_page() {
    let folder = folder();
    let answer = |args: &[&str]| {
        let run = bedload(folder.path(), &[args, &["--out", "d", "--no-charts", "--quiet"]].concat());
        assert!(matches!(run.status.code(), Some(0 | 1 | 4)), "{}", text(&run.stderr));
        let made = bedload(folder.path(), &["report", "d", "--out", "p.html", "--quiet"]);
        assert!(made.status.success(), "{}", text(&made.stderr));
        let page = std::fs::read_to_string(folder.path().join("p.html")).unwrap();
        let begin = page.find("class=\"answer").expect("it has an answer");
        page[begin..].split('>').nth(1).and_then(|t| t.split('<').next()).unwrap_or_default().to_owned()
    };
    let expect = "\n[[expect]]\nmetric = \"throttle_rate\"\nat_most = \"1%\"\n";
    std::fs::write(folder.path().join("e.toml"), format!("{SCENARIO}{expect}")).unwrap();
    let first_word = |args: &[&str]| answer(args).split([':', ' ']).next().unwrap_or_default().to_owned();
    assert_eq!(first_word(&["run", "s.toml"]), "No", "most requests fail, and no goal bounds them");
    assert_eq!(first_word(&["run", "e.toml"]), "No");
    let long = ["--set", "run.replications=40", "--set", "capacities.us.tpm=3_000_000"];
    assert_eq!(first_word(&[&["run", "e.toml"][..], &long].concat()), "Yes");
    assert!(answer(&["sweep", "e.toml"]).contains(" of 297 points meet every goal"));
    assert!(answer(&["compare", "s.toml", "--set", "capacities.us.tpm=3_000_000"]).contains("a month"));
    let both = ["compare", "s.toml", "--set-both", "run.seed=3", "--set", "capacities.us.tpm=3_000_000"];
    answer(&both);
    let page = std::fs::read_to_string(folder.path().join("p.html")).unwrap();
    assert!(
        page.contains("bedload compare s.toml --set-both 'run.seed=3' --set 'capacities.us.tpm=3_000_000'<"),
        "{page}"
    );
    let size = ["size", "e.toml", "--vary", "workloads.chat.scale", "--find", "greatest", "--from", "1", "--to", "3"];
    assert!(answer(&size).starts_with("No "));
}

#[test]
fn a_page_shows_no_other_scenario_than_its_own() {
    let folder = folder();
    std::fs::write(folder.path().join("t.toml"), SCENARIO.replace("300_000", "400_000")).unwrap();
    let other = bedload(folder.path(), &["report", "o", "--scenario", "t.toml"]);
    assert_eq!(other.status.code(), Some(2));
    assert!(
        text(&other.stderr).contains("the results come from another version of `t.toml`"),
        "{}",
        text(&other.stderr)
    );
    assert!(!folder.path().join("o/report.html").exists());
    let nowhere = bedload(folder.path(), &["report", "o", "--out", "none/below/p.html"]);
    assert_eq!(nowhere.status.code(), Some(3));
}

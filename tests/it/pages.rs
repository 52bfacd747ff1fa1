//! Reports of figures that are not known, of studies, and of models that write nothing.

use std::path::Path;
use std::process::{Command, Output};

const CHAT: &str = "title = \"A chat\"\n[run]\nduration = \"10m\"\nwarmup = \"1m\"\nreplications = 2\n\
                    [models.m]\nid = \"us.amazon.nova-pro-v1:0\"\n[capacities]\nus.on_demand = { tpm = 200_000 }\n\
                    [workloads.chat]\nmodel = \"m\"\narrivals = { poisson = { rate = \"60/min\" } }\n\
                    input_tokens = 500\noutput_tokens = 100\nmax_tokens = 300\nroute = [\"us\"]\n";
const EMBEDDING: &str = "[run]\nduration = \"10m\"\nwarmup = \"1m\"\nreplications = 2\n\
                         [models.e]\nid = \"amazon.titan-embed-text-v2:0\"\n[capacities]\nod.on_demand = {}\n\
                         [workloads.index]\nmodel = \"e\"\narrivals = { poisson = { rate = \"30/min\" } }\n\
                         input_tokens = 400\nroute = [\"od\"]\n";

fn bedload(folder: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_bedload")).args(args).current_dir(folder).output().expect("the program runs")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("it is text")
}

/// Plays a scenario with further lines; returns its page and its Markdown without marks.
fn reports(verb: &[&str], scenario: &str, more: &str) -> [String; 2] {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("s.toml"), format!("{scenario}{more}")).expect("it is written");
    let args = [&verb[..1], &["s.toml"], &verb[1..], &["--out", "o", "--no-charts", "--quiet"]].concat();
    let made = bedload(folder.path(), &args);
    assert!(matches!(made.status.code(), Some(0 | 1 | 4)), "{}", text(&made.stderr));
    [("html", "report.html"), ("markdown", "report.md")].map(|(format, name)| {
        let made = bedload(folder.path(), &["report", "o", "--format", format, "--quiet"]);
        assert!(made.status.success(), "{}", text(&made.stderr));
        std::fs::read_to_string(folder.path().join("o").join(name)).expect("it is there").replace(['\\', '`'], "")
    })
}

/// The text under a heading of second or third rank.
fn section<'t>(markdown: &'t str, heading: &str) -> &'t str {
    let from = markdown.split(&format!("# {heading}\n")).nth(1).unwrap_or_else(|| panic!("no {heading}: {markdown}"));
    from.split("\n## ").next().and_then(|part| part.split("\n### ").next()).expect("a part")
}

/// The cells of the first row and of the others.
fn table(section: &str) -> (Vec<&str>, Vec<Vec<&str>>) {
    let rows = section.lines().filter(|line| line.starts_with('|') && !line.starts_with("|--"));
    let mut rows = rows.map(|line| line.trim_matches('|').split(" | ").map(str::trim).collect::<Vec<_>>());
    (rows.next().expect("a head"), rows.collect())
}

#[test]
fn the_reason_of_an_unknown_month_stands_beside_the_cost() {
    let bursts = "bursts = [{ at = \"3m\", lasts = \"1m\", factor = 3 }]\n";
    let [_, markdown] = reports(&["run"], CHAT, bursts);
    let (decision, _) = markdown.split_once("## Appendix").expect("an appendix");
    let cost = section(decision, "Cost per month");
    assert!(cost.contains("The cost per month is not known: traffic or capacity varies"), "{cost}");
    let [_, known] = reports(&["run"], CHAT, "");
    assert!(!known.contains("is not known"), "{known}");
}

#[test]
fn the_points_of_a_sweep_have_a_verdict_and_columns_of_different_names() {
    let sweep = "[sweep]\n\"capacities.us.tpm\" = [20_000, 200_000]\n\"workloads.chat.max_tokens\" = [200, 300]\n\
                 [[expect]]\nmetric = \"workloads.chat.throttle_rate\"\nat_most = \"20%\"\n\
                 [[expect]]\nmetric = \"throttle_rate\"\nat_most = \"20%\"\n";
    let [page, markdown] = reports(&["sweep"], CHAT, sweep);
    let (head, rows) = table(section(&markdown, "Design points"));
    let mut names = head.clone();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), head.len(), "{head:?}");
    assert_eq!(head[..3], ["Point", "Verdict", "Goals"]);
    assert!(head.contains(&"workloads.chat.throttle_rate") && head.contains(&"throttle_rate"), "{head:?}");
    let column = |i: usize| rows.iter().map(|row| row[i].trim_matches('*')).collect::<Vec<&str>>();
    assert_eq!(column(1), ["saturated", "saturated", "carries", "carries"]);
    assert_eq!(column(2), ["fails", "fails", "meets", "meets"]);
    assert!(page.contains("<span class=\"tag bad\">fails</span>"), "{page}");
}

#[test]
fn the_footnote_of_a_table_stands_below_it() {
    let goal = "[[expect]]\nmetric = \"throttle_rate\"\nat_most = \"20%\"\n";
    let few = CHAT.replace("60/min", "4/min");
    let size = ["size", "--vary", "capacities.us.tpm", "--from", "100_000", "--to", "102_000", "--step", "1_000"];
    let [_, markdown] = reports(&size, &few, goal);
    assert!(!section(&markdown, "Unpublished rules").contains('?'), "{markdown}");
    let results = section(&markdown, "Detailed results");
    let values = results.split("At the answer").next().expect("a part");
    assert!(values.contains("| ? |") && values.contains("?: not known"), "{values}");
}

#[test]
fn every_unknown_figure_has_its_reason() {
    let nothing = CHAT.replace("tpm = 200_000", "tpm = 0");
    let [_, markdown] = reports(&["run"], &nothing, "");
    let use_of = section(&markdown, "Detailed results");
    assert!(use_of.contains("capacities.us.tpm: 0/min, so that it admits nothing"), "{use_of}");
    let bare =
        use_of.match_indices('?').find(|(at, _)| !use_of[at + 1..].starts_with(" (") && !use_of[..*at].ends_with('('));
    assert_eq!(bare, None, "{use_of}");
    let goal = "[[expect]]\nmetric = \"e2e_p99_ms\"\nat_most = \"20s\"\n";
    let [_, markdown] = reports(&["run"], CHAT, goal);
    assert!(section(&markdown, "Goals").contains("? (too few requests were served)"), "{markdown}");
    let sweep = "[sweep]\n\"capacities.us.tpm\" = [0, 200_000]\n";
    let [_, markdown] = reports(&["sweep"], CHAT, sweep);
    let points = section(&markdown, "Design points");
    assert!(points.contains("| ? |") && points.contains("? in e2e_p99_ms: too few requests were served."), "{points}");
}

#[test]
fn goals_that_fail_on_both_sides_do_not_look_good() {
    let goal = "[[expect]]\nmetric = \"throttle_rate\"\nat_most = \"0.1%\"\n";
    let tight = CHAT.replace("200_000", "20_000");
    let [page, markdown] = reports(&["compare", "--set", "workloads.chat.max_tokens=290"], &tight, goal);
    assert!(page.contains("<p class=\"answer bad\">At least one stated goal fails on both sides."), "{page}");
    assert!(markdown.contains("At least one stated goal fails on both sides."), "{markdown}");
}

#[test]
fn nothing_is_assumed_of_the_output_of_a_model_that_writes_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let goals = "[[expect]]\nmetric = \"truncation_rate\"\nat_most = \"0.1%\"\n\
                 [[expect]]\nmetric = \"workloads.index.truncation_rate\"\nat_most = 0\n";
    std::fs::write(folder.path().join("s.toml"), format!("{EMBEDDING}{goals}")).expect("it is written");
    let made = bedload(folder.path(), &["run", "s.toml", "--out", "o", "--no-charts"]);
    let said = text(&made.stdout);
    assert_eq!(made.status.code(), Some(0), "{said}{}", text(&made.stderr));
    assert!(said.contains("all 2 stated goals hold"), "{said}");
    assert!(!said.contains("output_tokens_per_second"), "{said}");
    let results = std::fs::read_to_string(folder.path().join("o/results.json")).expect("it is there");
    let results: serde_json::Value = serde_json::from_str(&results).expect("it is JSON");
    let truncated = &results["points"][0]["metrics"]["truncation_rate"];
    assert_eq!(truncated["estimate"], 0.0, "{truncated}");
    assert_eq!(truncated["half_width"].as_f64().unwrap_or(0.0), 0.0, "no answer can be cut: {truncated}");
}

#[test]
fn a_model_that_writes_can_be_cut_short_although_it_was_not() {
    let goal = "[[expect]]\nmetric = \"truncation_rate\"\nat_most = 0\n";
    let [_, markdown] = reports(&["run"], CHAT, goal);
    let goals = section(&markdown, "Goals");
    assert!(goals.contains("inconclusive") && goals.contains("no number of replications shows"), "{goals}");
}

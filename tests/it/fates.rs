//! Plays a handful of requests whose fate is worked out by hand.
//!
//! Unless a test says otherwise an answer takes 9 s to the first token and 10 ms for each token: 10 s for 100 tokens.
//! Instants in the comments are seconds since t = 0, and t = 0 is midnight UTC.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use bedload::cli::render::render;
use bedload::experiment::{Unwatched, run};
use bedload::results::{Results, Scenario};
use bedload::scenario::load_text;

pub type Told = BTreeMap<String, Option<f64>>;

const RUN: &str = r#"
[run]
duration = "10m"
warmup = "0s"
replications = 1
"#;

pub const OWN: &str = r#"
[models.own]
max_output_tokens = 100_000
output_burndown = 5
time_to_first_token = "9s"
output_tokens_per_second = 100
prices = { input = "$1/1M", output = "$1/1M" }
"#;

/// A workload: its name; its rows `arrival_s,input,output[,max_tokens]`, parted by blanks; its keys. Without a cap of
/// its own a row asks for exactly what it gets. The first row is at t = 0.
pub type Calls<'a> = (&'a str, &'a str, &'a str);

/// The scenario of these workloads, `rest`, and what `rest` does not say; and the files of its traces.
///
/// Each second in which something arrives is a window: `windows.at7` has the requests of `[7, 8)`.
fn written(calls: &[Calls<'_>], rest: &str) -> (String, Vec<(String, String)>) {
    let mut text = String::new();
    for (section, default) in [("[run]", RUN), ("[models.own]", OWN)] {
        if !rest.contains(section) {
            text += default;
        }
    }
    let (mut files, mut seconds) = (Vec::new(), BTreeSet::new());
    for (name, rows, keys) in calls {
        let mut csv = "arrival_s,input_tokens,output_tokens,max_tokens\n".to_owned();
        for row in rows.split_whitespace() {
            let cells: Vec<&str> = row.split(',').collect();
            seconds.insert(cells[0].split('.').next().unwrap().parse::<u64>().unwrap());
            writeln!(csv, "{},{},{},{}", cells[0], cells[1], cells[2], cells.get(3).unwrap_or(&cells[2])).unwrap();
        }
        files.push((format!("{name}.csv"), csv));
        writeln!(text, "[workloads.{name}]\narrivals.trace.file = \"{name}.csv\"\n{keys}").unwrap();
        for (key, line) in [("model", "model = \"own\"\n"), ("client", "client.retries = \"none\"\n")] {
            if !keys.lines().any(|l| l.trim_start().starts_with(key)) {
                text += line;
            }
        }
    }
    if seconds.len() <= 20 {
        for s in seconds {
            writeln!(text, "[windows.at{s}]\nfrom = \"{s}s\"\nto = \"{}s\"", s + 1).unwrap();
        }
    }
    (text + rest, files)
}

fn folder(files: &[(String, String)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder for traces");
    for (name, csv) in files {
        std::fs::write(folder.path().join(name), csv).expect("a trace can be written");
    }
    folder
}

/// The results of a scenario with traces.
pub fn results(calls: &[Calls<'_>], rest: &str) -> Results {
    let (text, files) = written(calls, rest);
    let folder = folder(&files);
    let loaded = match load_text("micro.toml", &text, folder.path(), &[]) {
        Ok(loaded) => loaded,
        Err(refused) => panic!("{}\n{text}", render(&refused.sources, &refused.findings, false)),
    };
    let scenario =
        Scenario { title: String::new(), file: "micro.toml".to_owned(), sha256: String::new(), overrides: Vec::new() };
    run(&loaded.model, scenario, &Unwatched).results
}

/// The metrics of a scenario with traces.
pub fn told(calls: &[Calls<'_>], rest: &str) -> Told {
    let point = results(calls, rest).points.swap_remove(0);
    point.metrics.into_iter().map(|(name, e)| (name, e.estimate)).collect()
}

/// Returns the refusal of a scenario, rendered.
#[track_caller]
pub fn refusal(calls: &[Calls<'_>], rest: &str) -> String {
    let (text, files) = written(calls, rest);
    match load_text("micro.toml", &text, folder(&files).path(), &[]) {
        Ok(_) => panic!("it is not refused:\n{text}"),
        Err(refused) => render(&refused.sources, &refused.findings, false),
    }
}

/// All that differs is told at once.
#[track_caller]
pub fn assert_tells(told: &Told, expected: &[(&str, f64)]) {
    let mut wrong = String::new();
    for (name, wanted) in expected {
        match told.get(*name) {
            None => writeln!(wrong, "no metric {name}").unwrap(),
            Some(None) => writeln!(wrong, "{name} is null, not {wanted}").unwrap(),
            Some(Some(found)) if (found - wanted).abs() >= 1e-9 * wanted.abs().max(1.0) => {
                writeln!(wrong, "{name} is {found}, not {wanted}").unwrap();
            }
            Some(_) => {}
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

//! The results of every shipped scenario, pinned: what is made faster or clearer must not move a byte of them, and what is meant
//! to move them is a line under "Model changes" in the changelog.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use bedload::experiment::{self, Unwatched};
use bedload::results::Scenario;
use bedload::scenario::load;
use sha2::{Digest, Sha256};

const PINNED: &str = "tests/it/pinned.txt";
const UPDATE: &str = "BEDLOAD_UPDATE_PINNED=1 cargo test --test it pinned";

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// The hash of a scenario's design points, figures and series: of everything that the model says.
fn hash(scenario: &Path) -> String {
    let loaded = load(scenario, &[]).unwrap_or_else(|_| panic!("{} loads", scenario.display()));
    let head = Scenario { title: String::new(), file: String::new(), sha256: String::new(), overrides: Vec::new() };
    let run = || experiment::run(&loaded.model, head, &Unwatched).results.points;
    let points = experiment::on_threads(2, run).expect("threads start");
    let text = serde_json::to_string(&points).expect("points are data");
    Sha256::digest(text).iter().take(8).fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

#[test]
fn the_results_of_the_shipped_scenarios_are_as_they_were() {
    let mut scenarios: Vec<PathBuf> =
        file("scenarios").read_dir().expect("it is there").map(|entry| entry.expect("it is read").path()).collect();
    scenarios.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
    scenarios.sort();
    let got: String = scenarios.iter().fold(String::new(), |mut lines, path| {
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        let _ = writeln!(lines, "{}  {name}", hash(path));
        lines
    });
    if std::env::var_os("BEDLOAD_UPDATE_PINNED").is_some() {
        std::fs::write(file(PINNED), &got).expect("it is written");
    }
    let pinned = std::fs::read_to_string(file(PINNED)).unwrap_or_default();
    for (was, is) in pinned.lines().zip(got.lines()).filter(|(was, is)| was != is) {
        println!("was {was}, is {is}");
    }
    assert!(pinned == got, "results have moved; if that is meant, say so in CHANGELOG.md and run {UPDATE}");
}

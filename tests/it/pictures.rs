//! The pictures of the documents, drawn from the scenarios by the command that stands under each of them.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use sha2::{Digest, Sha256};

const FOLDER: &str = "docs/images";
/// The origin of each picture: the hash of its SVG, the hash of its file, its name.
const DRAWN: &str = "docs/images/drawn.txt";
const UPDATE: &str = "BEDLOAD_UPDATE_DOCS=1 cargo test --test it pictures";

/// One picture: what is typed after `bedload`, and the drawing of it that is shown.
const PICTURES: [(&str, &str); 14] = [
    ("run scenarios/max-tokens-trap.toml", "quota_use-us"),
    ("run scenarios/launch-burst.toml", "throttles_over_time"),
    ("run scenarios/model-units-spillover.toml", "served_by_capacity"),
    ("run scenarios/region-outage.toml", "served_by_capacity"),
    ("run scenarios/commitments.toml", "cost_by_component"),
    ("sweep scenarios/three-ways-by-volume.toml", "cost_by_volume"),
    ("sweep scenarios/commitments-by-volume.toml", "cost_by_volume"),
    ("run scenarios/import-cold-start.toml", "latency_cdf"),
    ("compare scenarios/fan-out.toml --set workloads.reports.client.pace.rpm=12", "compare_differences"),
    ("run scenarios/retry-storm.toml", "load_over_time"),
    ("sweep scenarios/purchase-study.toml", "sweep_map"),
    ("sweep scenarios/purchase-study.toml", "sweep_pareto"),
    ("size scenarios/ci-sizing-gate.toml", "size_curve"),
    ("run scenarios/doubt-flips.toml", "doubt_tornado"),
];

const WIDTH: u32 = 1_280;
const LARGEST: usize = 150_000;

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn read(name: &str) -> String {
    std::fs::read_to_string(file(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
}

/// Named by its scenario and its drawing: `max-tokens-trap.quota_use-us.png`.
fn name(command: &str, drawing: &str) -> String {
    let scenario = command.split_whitespace().find_map(|word| word.strip_prefix("scenarios/"));
    let stem = scenario.and_then(|file| file.strip_suffix(".toml")).expect("a command names a scenario");
    format!("{stem}.{drawing}.png")
}

fn bedload(args: &[&str]) -> Output {
    let mut program = Command::new(env!("CARGO_BIN_EXE_bedload"));
    program.args(args).current_dir(env!("CARGO_MANIFEST_DIR")).output().expect("the program runs")
}

fn hash(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The SVG of a picture, and its PNG if it is asked for, in this folder. What the command finds is no concern of a picture.
fn draw(command: &str, drawing: &str, folder: &Path, png: bool) -> (Vec<u8>, Option<Vec<u8>>) {
    let results = folder.join(name(command, ""));
    let out = results.to_str().expect("its name is text");
    if !results.exists() {
        let args: Vec<&str> = command.split_whitespace().chain(["--out", out, "--no-charts", "--quiet"]).collect();
        let played = bedload(&args);
        let told = String::from_utf8_lossy(&played.stderr);
        assert!(matches!(played.status.code(), Some(0 | 1 | 4)), "bedload {command}: {told}");
    }
    let chart = drawing.split('-').next().unwrap_or(drawing);
    let width = WIDTH.to_string();
    let format = if png { "svg,png" } else { "svg" };
    let drawn = bedload(&["chart", out, "--only", chart, "--format", format, "--width", &width]);
    let told = String::from_utf8_lossy(&drawn.stderr);
    let take = |kind: &str| {
        let path = results.join(format!("{drawing}.{kind}"));
        std::fs::read(&path).unwrap_or_else(|e| panic!("`bedload {command}` draws no {drawing}.{kind}: {e}\n{told}"))
    };
    (take("svg"), png.then(|| take("png")))
}

/// An SVG is the same text on every machine. Pixels depend on the rasterizer too, so they are only compared with what they
/// were when they were drawn.
#[test]
fn every_picture_shows_what_its_command_draws_today() {
    let update = std::env::var_os("BEDLOAD_UPDATE_DOCS").is_some();
    let folder = tempfile::tempdir().expect("a folder");
    let listed = if update { String::new() } else { read(DRAWN) };
    std::fs::create_dir_all(file(FOLDER)).expect("a folder");
    let mut lines = String::new();
    let mut stale = Vec::new();
    for (command, drawing) in PICTURES {
        let name = name(command, drawing);
        let path = file(FOLDER).join(&name);
        let (svg, png) = draw(command, drawing, folder.path(), update);
        if let Some(png) = png {
            std::fs::write(&path, png).expect("it is written");
        }
        let kept = std::fs::read(&path).unwrap_or_default();
        let width = kept.get(16..20).and_then(|bytes| bytes.try_into().ok()).map(u32::from_be_bytes);
        assert_eq!(width, Some(WIDTH), "{name} is no picture so many pixels wide; `{UPDATE}` draws it");
        assert!(kept.len() < LARGEST, "{name} has {} bytes", kept.len());
        let line = format!("{}  {}  {name}\n", hash(&svg), hash(&kept));
        if !update && !listed.contains(&line) {
            stale.push(name);
        }
        lines += &line;
    }
    if update {
        std::fs::write(file(DRAWN), &lines).expect("it is written");
    }
    assert!(stale.is_empty(), "these pictures are stale, draw them with `{UPDATE}`: {stale:?}");
    assert!(update || listed == lines, "{DRAWN} lists what is not drawn: `{UPDATE}` writes it anew");
    let entries = std::fs::read_dir(file(FOLDER)).expect("it is there");
    let spare = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let spare: Vec<String> =
        spare.filter(|name| format!("{FOLDER}/{name}") != DRAWN && !lines.contains(&format!("  {name}\n"))).collect();
    assert!(spare.is_empty(), "nothing draws these files of {FOLDER}, remove them: {spare:?}");
}

/// An image of a document: what it is called in words, its file, the paragraph after it.
fn images(text: &str) -> Vec<(String, String, String)> {
    let image = |rest: &str| {
        let (words, rest) = rest.split_once("](")?;
        let (target, rest) = rest.split_once(')')?;
        let caption = rest.trim_start().split("\n\n").next()?;
        Some((words.replace('\n', " "), target.to_owned(), caption.replace('\n', " ")))
    };
    text.split("![").skip(1).filter_map(image).collect()
}

#[test]
fn every_picture_stands_in_a_document_in_words_and_with_its_command() {
    let mut shown = BTreeSet::new();
    for document in ["README.md", "scenarios/README.md", "docs/TUTORIAL.md"] {
        for (words, target, caption) in images(&read(document)) {
            let name = target.rsplit('/').next().unwrap_or_default();
            let drawn = PICTURES.iter().find(|(command, drawing)| self::name(command, drawing) == name);
            let (command, _) = drawn.unwrap_or_else(|| panic!("{document}: nothing draws {target}"));
            assert!(words.len() > 80, "{document}: say in words what {target} shows");
            assert!(
                caption.contains(&format!("`bedload {command}`")),
                "{document}: no `bedload {command}` in: {caption}"
            );
            shown.insert(name.to_owned());
        }
    }
    let drawn: BTreeSet<String> = PICTURES.iter().map(|(command, drawing)| name(command, drawing)).collect();
    assert_eq!(shown, drawn, "left: shown in a document; right: drawn");
}

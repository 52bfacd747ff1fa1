//! Good files that are changed at random: whatever comes of it is read or refused, never a panic, an endless loop or an error
//! of the system.
//!
//! A few cases are tried in every test run. `cargo test --test it -- --ignored damaged::` tries 10,000 of each kind of file, or
//! as many as the variable BEDLOAD_CASES says.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use bedload::catalog::own;
use bedload::charts::Subject;
use bedload::cli::render::render;
use bedload::experiment::{Journal, JournalHead};
use bedload::import::read;
use bedload::reading;
use bedload::report::{Sheet, html, review, review_markdown};
use bedload::results::{Baseline, Point, Results};
use bedload::scenario::{Refused, describe, template::TEMPLATES};
use bedload::trace::{Column, ColumnError, Selection, TraceError};
use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::test_runner::{Config, RngSeed, TestCaseError, TestRunner};

/// A change of some bytes.
#[derive(Debug, Clone)]
enum Change {
    FlipBit(Index, u8),
    Insert(Index, &'static [u8]),
    Truncate(Index),
    Delete(Index, usize),
    /// Repeats the bytes from a place on, so many of them.
    Double(Index, usize),
    /// Repeats all.
    DoubleAll,
    ReplaceNumber(Index, &'static [u8]),
    DeleteLine(Index),
    DoubleLine(Index),
    SwapLines(Index, Index),
}

/// Bytes that mean something to one reader or another.
const WORDS: [&[u8]; 28] = [
    b"\0",
    b"\"",
    b"\n",
    b"\r",
    b"\r\n",
    b",",
    b"{",
    b"}",
    b"[",
    b"]",
    b":",
    b"=",
    b"#",
    b"\\",
    b"\xFF",
    b"\xEF\xBB\xBF",
    b"\xFF\xFE",
    b"\x1F\x8B",
    b"null",
    b"true",
    b"\"\"",
    b"[[",
    b"{}",
    b"\\u0000",
    b"\xC3\xA9",
    b"\xE2\x80\xAE",
    b" ",
    b"\x1B",
];
const NUMBERS: [&[u8]; 14] = [
    b"0",
    b"-1",
    b"1e308",
    b"1e999",
    b"-0.0",
    b"nan",
    b"18446744073709551615",
    b"18446744073709551616",
    b"9007199254740993",
    b"4294967296",
    b"0.000000000000001",
    b"99999999999999999999999999",
    b"1000000001",
    b"",
];

fn changes() -> impl Strategy<Value = Vec<Change>> {
    let at = any::<Index>;
    let change = prop_oneof![
        (at(), 0..8_u8).prop_map(|(i, bit)| Change::FlipBit(i, bit)),
        (at(), select(WORDS.to_vec())).prop_map(|(i, word)| Change::Insert(i, word)),
        at().prop_map(Change::Truncate),
        (at(), 1..200_usize).prop_map(|(i, n)| Change::Delete(i, n)),
        (at(), 1..200_usize).prop_map(|(i, n)| Change::Double(i, n)),
        Just(Change::DoubleAll),
        (at(), select(NUMBERS.to_vec())).prop_map(|(i, number)| Change::ReplaceNumber(i, number)),
        (at(), select(NUMBERS.to_vec())).prop_map(|(i, number)| Change::ReplaceNumber(i, number)),
        at().prop_map(Change::DeleteLine),
        at().prop_map(Change::DoubleLine),
        (at(), at()).prop_map(|(i, j)| Change::SwapLines(i, j)),
    ];
    proptest::collection::vec(change, 1..5)
}

fn lines(bytes: &[u8]) -> Vec<&[u8]> {
    bytes.split_inclusive(|byte| *byte == b'\n').collect()
}

/// Returns where the numbers of a text lie.
fn numbers(bytes: &[u8]) -> Vec<std::ops::Range<usize>> {
    let is_digit = |i: usize| bytes[i].is_ascii_digit() || (bytes[i] == b'.' && i > 0 && bytes[i - 1].is_ascii_digit());
    let mut found: Vec<std::ops::Range<usize>> = Vec::new();
    for i in (0..bytes.len()).filter(|i| is_digit(*i)) {
        match found.last_mut() {
            Some(last) if last.end == i => last.end += 1,
            _ => found.push(i..i + 1),
        }
    }
    found
}

fn changed(bytes: &[u8], change: &Change) -> Vec<u8> {
    let mut out = bytes.to_vec();
    let (n, lines) = (bytes.len(), lines(bytes));
    if n == 0 {
        return out;
    }
    match change {
        Change::FlipBit(i, bit) => out[i.index(n)] ^= 1 << bit,
        Change::Insert(i, word) => drop(out.splice(i.index(n)..i.index(n), word.iter().copied())),
        Change::Truncate(i) => out.truncate(i.index(n)),
        Change::Delete(i, length) => drop(out.drain(i.index(n)..(i.index(n) + length).min(n))),
        Change::Double(i, length) => {
            let piece = bytes[i.index(n)..(i.index(n) + length).min(n)].to_vec();
            out.splice(i.index(n)..i.index(n), piece);
        }
        Change::DoubleAll => out.extend_from_slice(bytes),
        Change::ReplaceNumber(i, number) => {
            let found = numbers(bytes);
            if !found.is_empty() {
                out.splice(found[i.index(found.len())].clone(), number.iter().copied());
            }
        }
        Change::DeleteLine(_) | Change::DoubleLine(_) | Change::SwapLines(..) => {
            let mut kept = lines.clone();
            match change {
                Change::DeleteLine(i) => drop(kept.remove(i.index(lines.len()))),
                Change::DoubleLine(i) => kept.insert(i.index(lines.len()), lines[i.index(lines.len())]),
                Change::SwapLines(i, j) => kept.swap(i.index(lines.len()), j.index(lines.len())),
                _ => {}
            }
            out = kept.concat();
        }
    }
    out
}

/// A kind of file: good ones, and what is done with a changed one. A fault is what must not happen.
struct Kind {
    good: Vec<Vec<u8>>,
    /// True if a changed file is packed, too.
    packed: bool,
    survives: fn(&Path, &[u8]) -> Result<(), String>,
}

/// No case takes longer, on a slow machine and without optimisation.
const LONGEST: Duration = Duration::from_secs(20);

fn try_kind(kind: &Kind, cases: u32) {
    let config = Config { cases, failure_persistence: None, rng_seed: RngSeed::Fixed(18), ..Config::default() };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    let input = (any::<Index>(), changes(), 0..8_u8);
    TestRunner::new(config)
        .run(&input, |(which, changes, form)| {
            let mut bytes = kind.good[which.index(kind.good.len())].clone();
            // Some are packed before they are changed, some after.
            if kind.packed && form == 0 {
                bytes = packed(&bytes);
            }
            bytes = changes.iter().fold(bytes, |bytes, change| changed(&bytes, change));
            if kind.packed && form == 1 {
                bytes = packed(&bytes);
            }
            std::fs::write(&path, &bytes).unwrap();
            let began = Instant::now();
            (kind.survives)(&path, &bytes).map_err(TestCaseError::fail)?;
            prop_assert!(began.elapsed() < LONGEST, "it took {:?}", began.elapsed());
            Ok(())
        })
        .unwrap_or_else(|failure| panic!("{failure}"));
}

fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packer.write_all(bytes).unwrap();
    packer.finish().unwrap()
}

/// Checks a refusal: it is of the input, and can be shown.
fn refused(refused: &Refused) -> Result<(), String> {
    if refused.findings.is_empty() || refused.findings.iter().any(|finding| finding.is_system) {
        return Err(format!("{:?}", refused.findings));
    }
    let shown = render(&refused.sources, &refused.findings, false);
    if shown.is_empty() { Err("nothing is shown".to_owned()) } else { Ok(()) }
}

fn of_scenario(path: &Path, _: &[u8]) -> Result<(), String> {
    match bedload::scenario::load(path, &[]) {
        Ok(loaded) => {
            let _ = (describe(&loaded.model), render(&loaded.sources, &loaded.warnings, false));
            Ok(())
        }
        Err(error) => refused(&error),
    }
}

fn scenarios() -> Kind {
    let shipped = ["agents", "region-outage", "reserved-break-even", "purchase-study", "doubt-flips"].map(|name| {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("scenarios/{name}.toml"));
        std::fs::read(path).unwrap()
    });
    let good = TEMPLATES.iter().map(|(_, text)| text.as_bytes().to_vec()).chain(shipped);
    Kind { good: good.collect(), packed: false, survives: of_scenario }
}

fn of_input(error: &TraceError) -> Result<(), String> {
    let told = error.to_string();
    if error.is_system() || told.len() > 4_000 { Err(told) } else { Ok(()) }
}

fn of_trace(path: &Path, _: &[u8]) -> Result<(), String> {
    for skip_bad_lines in [false, true] {
        let selection = Selection { skip_bad_lines, ..Selection::default() };
        if let Err(read::ImportError::Trace(error)) = read::read(path, &selection, None) {
            of_input(&error)?;
        }
        match bedload::trace::Trace::open(path, selection) {
            Ok(trace) => assert_eq!(trace.rows().count() as u64, trace.summary.rows),
            Err(error) => of_input(&error)?,
        }
    }
    match Column::read(path, "input_tokens") {
        Err(ColumnError::File(error)) => of_input(&error),
        Ok(_) | Err(_) => Ok(()),
    }
}

const RECORD: &str = r#"{"timestamp":"2026-04-01T00:00:0@Z","modelId":"us.a","input":{"inputBodyJson":{"inferenceConfig":{"maxTokens":512}},"inputTokenCount":19,"cacheReadInputTokenCount":100,"cacheWriteInputTokenCount":5},"output":{"outputBodyJson":{"stopReason":"max_tokens"},"outputTokenCount":10},"identity":{"arn":"arn:x"},"requestMetadata":{"team":"chat"}}"#;

/// Every format of a trace, and a column of token counts.
fn traces() -> Kind {
    let rows = |header: &str, row: &dyn Fn(u32) -> String| {
        let rows: String = (0..9).map(|i| format!("{}\n", row(i))).collect();
        format!("{header}{rows}").into_bytes()
    };
    let good = vec![
        rows("arrival_s,input_tokens,output_tokens,max_tokens,cache_read_tokens\n", &|i| {
            format!("{i}.5,{},\"{}\",64,{i}", 100 + i, i + 1)
        }),
        rows("TIMESTAMP,ContextTokens,GeneratedTokens\n", &|i| format!("2023-11-16 18:17:0{i}.9799600,48{i},1{i}")),
        rows("Timestamp,Model,Request tokens,Response tokens,Total tokens,Log Type\n", &|i| {
            format!("{i},GPT-4,47{i},1{i},490,Conversation log")
        }),
        rows("", &|i| {
            format!(
                "{{\"timestamp\": {i}00, \"input_length\": 1{i}00, \"output_length\": 6, \"hash_ids\": [0, {i}, 2]}}"
            )
        }),
        rows("", &|i| RECORD.replace('@', &i.to_string())),
    ];
    Kind { good, packed: true, survives: of_trace }
}

/// Reads a document as `bedload report` does, and lays every eighth out: its drawings take most of the time.
fn of_results(path: &Path, bytes: &[u8]) -> Result<(), String> {
    let text = match reading::text(path, reading::MOST_DOCUMENT) {
        Ok(text) => text,
        Err(error) => return if error.is_system() { Err(error.to_string()) } else { Ok(()) },
    };
    let _ = reading::json::<Baseline>(text.as_bytes());
    if let Ok((results, _)) = reading::json::<Results>(text.as_bytes()) {
        let sheet = Sheet { subject: Subject::of(&results), scenario: None };
        if bytes.len().is_multiple_of(8)
            && let Ok(review) = review(&sheet)
        {
            let _ = (html(&review), review_markdown(&review));
        }
    }
    Ok(())
}

/// Results of each verb, and a baseline, made once.
fn documents() -> Vec<Vec<u8>> {
    static MADE: OnceLock<Vec<Vec<u8>>> = OnceLock::new();
    let make = || {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("s.toml"), SMALL).unwrap();
        let commands: [(&str, &str); 4] = [
            ("run s.toml --no-charts --quiet --out o", "o/results.json"),
            ("sweep s.toml --no-charts --quiet --out p", "p/results.json"),
            ("compare s.toml --set capacities.us.rpm=90 --no-charts --quiet --out q", "q/results.json"),
            ("check s.toml --quiet --write-baseline b.json", "b.json"),
        ];
        let made = commands.map(|(args, file)| {
            let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_bedload"));
            let output = command.args(args.split(' ')).current_dir(folder.path()).output().unwrap();
            std::fs::read(folder.path().join(file)).unwrap_or_else(|_| panic!("{args}: {output:?}"))
        });
        made.to_vec()
    };
    MADE.get_or_init(make).clone()
}

const SMALL: &str = r#"
[run]
duration = "20s"
warmup = "0s"
replications = 2
[models.m]
max_output_tokens = 4096
time_to_first_token = "300ms"
output_tokens_per_second = 100
prices = { input = "$1/1M", output = "$4/1M" }
[workloads.chat]
model = "m"
arrivals.poisson.rate = "120/min"
input_tokens = 1000
output_tokens = 100
[capacities.us.on_demand]
rpm = 60
[[expect]]
metric = "throttle_rate"
at_most = "5%"
[sweep]
"capacities.us.rpm" = [30, 60]
"#;

fn results() -> Kind {
    Kind { good: documents(), packed: false, survives: of_results }
}

/// The head of the journal that is changed.
fn head() -> JournalHead {
    let scenario = serde_json::json!({ "title": "t", "file": "f", "sha256": "0", "overrides": [] });
    let head = serde_json::json!({ "version": "1", "scenario": scenario, "files": {}, "seed": 1, "points": 40 });
    serde_json::from_value(head).unwrap()
}

/// The points of the journal that is changed, made once.
fn points() -> &'static [Point] {
    static MADE: OnceLock<Vec<Point>> = OnceLock::new();
    MADE.get_or_init(|| {
        let (results, _) = reading::json::<Results>(&documents()[1]).unwrap();
        let numbered = |(index, point): (u64, &Point)| Point { index, ..point.clone() };
        (0..4).zip(results.points.iter().cycle()).map(numbered).collect()
    })
}

/// Opens a journal as a sweep does that goes on: each point that it keeps is as it was written.
fn of_journal(path: &Path, _: &[u8]) -> Result<(), String> {
    let Ok(journal) = Journal::open(path, &head(), false) else { return Ok(()) };
    let known = |point: Point| {
        let written = &points()[point.index as usize];
        if *written == point { Ok(()) } else { Err(std::io::Error::other("a changed point is kept")) }
    };
    journal.each(known).map_err(|error| error.to_string())
}

fn journals() -> Kind {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.jsonl");
    let journal = Journal::open(&path, &head(), false).unwrap();
    points().iter().for_each(|point| journal.add(point).unwrap());
    Kind { good: vec![std::fs::read(&path).unwrap()], packed: false, survives: of_journal }
}

fn of_catalogue(path: &Path, _: &[u8]) -> Result<(), String> {
    let Ok(text) = reading::text(path, reading::MOST_TOML) else { return Ok(()) };
    match own::lay(&[own::File { name: "own.toml".to_owned(), text: text.clone() }]) {
        Ok(catalog) => {
            let _ = bedload::catalog::show::list(&catalog, None);
        }
        Err(faults) => {
            let inside = faults.iter().all(|fault| fault.at.end <= text.len() && fault.at.start <= fault.at.end);
            if faults.is_empty() || !inside {
                return Err(format!("{faults:?}"));
            }
        }
    }
    Ok(())
}

fn catalogues() -> Kind {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(root.join("catalog/models")).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let own = std::fs::read(root.join("tests/it/traces/our-account.toml")).unwrap();
    // An entry of the catalogue is a file of its own; in a catalogue of the user's own it is one of `[[models]]`.
    let entry = |file: &PathBuf| {
        let text = std::fs::read_to_string(file).unwrap();
        let below = text.replace("\n[[", "\n@@").replace("\n[", "\n[models.").replace("\n@@", "\n[[models.");
        format!("[[models]]\n{below}").into_bytes()
    };
    let models = files.iter().step_by(5).map(entry);
    Kind { good: models.chain([own]).collect(), packed: false, survives: of_catalogue }
}

#[test]
fn a_changed_scenario_is_loaded_or_refused() {
    try_kind(&scenarios(), 200);
}

#[test]
fn a_changed_trace_is_read_or_refused() {
    try_kind(&traces(), 500);
}

#[test]
fn changed_results_are_shown_or_refused() {
    try_kind(&results(), 60);
}

#[test]
fn a_changed_catalogue_is_laid_or_refused() {
    try_kind(&catalogues(), 200);
}

#[test]
fn a_changed_journal_keeps_only_unchanged_points() {
    try_kind(&journals(), 200);
}

/// Returns how many cases of each kind the slow tests try.
fn cases() -> u32 {
    std::env::var("BEDLOAD_CASES").map_or(10_000, |cases| cases.parse().expect("BEDLOAD_CASES is a number"))
}

#[test]
#[ignore = "slow"]
fn ten_thousand_changed_scenarios_are_loaded_or_refused() {
    try_kind(&scenarios(), cases());
}

#[test]
#[ignore = "slow"]
fn ten_thousand_changed_traces_are_read_or_refused() {
    try_kind(&traces(), cases());
}

#[test]
#[ignore = "slow"]
fn ten_thousand_changed_results_are_shown_or_refused() {
    try_kind(&results(), cases());
}

#[test]
#[ignore = "slow"]
fn ten_thousand_changed_journals_keep_only_unchanged_points() {
    try_kind(&journals(), cases());
}

#[test]
#[ignore = "slow"]
fn ten_thousand_changed_catalogues_are_laid_or_refused() {
    try_kind(&catalogues(), cases());
}

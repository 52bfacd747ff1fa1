//! A sweep that goes on after a stop keeps only what its checksums prove: points of damaged lines are simulated again,
//! and files that changed meanwhile are refused.
#![cfg(unix)]

use std::path::Path;
use std::process::{Command, Output};

const BASE: &str = include_str!("chat.toml");
const SWEEP: &str = "[sweep]\n\"capacities.us.tpm\" = { from = 100_000, to = 2_000_000, points = 20 }\n";

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder can be made");
    files.iter().for_each(|(name, text)| std::fs::write(folder.path().join(name), text).expect("it can be written"));
    folder
}

/// Runs the sweep of `s.toml` with results in a folder.
fn sweep(folder: &Path, out: &str, more: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bedload"));
    command.args(["sweep", "s.toml", "--no-charts", "--out", out]).args(more).current_dir(folder);
    command.output().expect("the program runs")
}

/// Ends a sweep where its journal grows past 64 KiB: after some of its points, in the middle of a line.
fn stop(folder: &Path, out: &str) {
    let program = env!("CARGO_BIN_EXE_bedload");
    let script =
        format!("ulimit -c 0; ulimit -f 128; exec '{program}' sweep s.toml --no-charts --threads 1 --out {out}");
    let ended = Command::new("sh").args(["-c", &script]).current_dir(folder).output().expect("a shell runs");
    assert!(ended.status.code().is_none(), "no signal ended it: {}", text(&ended.stderr));
    let lines = journal(folder, out).lines().count();
    assert!((5..20).contains(&lines), "{lines} lines");
}

fn journal(folder: &Path, out: &str) -> String {
    std::fs::read_to_string(folder.join(out).join("journal.jsonl")).expect("there is a journal")
}

/// The files of a folder, each with its bytes.
fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let entries = std::fs::read_dir(folder).expect("it is a folder").map(|entry| entry.expect("an entry").path());
    let mut files: Vec<_> = entries
        .map(|path| {
            (path.file_name().expect("a name").to_string_lossy().into_owned(), std::fs::read(&path).expect("a file"))
        })
        .collect();
    files.sort();
    files
}

/// A change of the lines of a journal.
type Damage = fn(&mut Vec<String>);

/// Flips a bit of the first digit after some text of a line.
fn flip(lines: &mut [String], line: usize, after: &str) {
    let at = lines[line].find(after).unwrap_or_else(|| panic!("{after} is not in {}", lines[line])) + after.len();
    let mut bytes = lines[line].clone().into_bytes();
    assert!(bytes[at].is_ascii_digit());
    bytes[at] ^= 1;
    lines[line] = String::from_utf8(bytes).expect("a digit stays a digit");
}

#[test]
fn damaged_lines_cost_their_points_and_no_byte_of_the_results() {
    let folder = folder(&[("s.toml", &format!("{BASE}{SWEEP}"))]);
    assert!(sweep(folder.path(), "whole", &[]).status.success());
    let whole = files(&folder.path().join("whole"));
    stop(folder.path(), "stopped");
    let stopped = files(&folder.path().join("stopped"));
    let damages: [(&str, Damage, &str); 8] = [
        (
            "metric",
            |l| flip(l, 3, "\"throttle_rate\":{\"estimate\":0."),
            "line 4 is damaged or was written by another sweep",
        ),
        ("bill", |l| flip(l, 3, "\"usd\":"), "line 4 is damaged"),
        ("parameter", |l| flip(l, 3, "\"capacities.us.tpm\":"), "line 4 is damaged"),
        ("verdict", |l| l[2] = l[2].replace("\"verdict\":\"", "\"verdict\":\"x"), "line 3 is damaged"),
        ("index", |l| l[4] = l[4].replace("\"index\":3", "\"index\":2"), "line 5 is damaged"),
        ("range", |l| l[3] = l[3].replace("\"index\":2", "\"index\":92"), "line 4 is damaged"),
        ("double", |l| l.insert(4, l[2].clone()), "line 5 has point 1 a second time"),
        ("bare", |l| l.insert(2, "{\"index\":15}".to_owned()), "line 3 is damaged"),
    ];
    for (name, damage, said) in damages {
        let out = folder.path().join(name);
        std::fs::create_dir(&out).unwrap();
        stopped.iter().for_each(|(file, bytes)| std::fs::write(out.join(file), bytes).unwrap());
        let text_of = journal(folder.path(), name);
        let end = text_of.rfind('\n').unwrap() + 1;
        let mut lines: Vec<String> = text_of[..end].lines().map(str::to_owned).collect();
        let before = lines.clone();
        damage(&mut lines);
        assert!(lines != before, "{name} damages nothing");
        std::fs::write(out.join("journal.jsonl"), lines.join("\n") + "\n" + &text_of[end..]).unwrap();
        let rest = sweep(folder.path(), name, &[]);
        let error = text(&rest.stderr);
        assert!(rest.status.success(), "{name}: {error}");
        assert_eq!(error.matches("cannot be trusted").count(), 1, "{name}: {error}");
        assert!(
            error.contains(&format!("the journal `{name}/journal.jsonl` has 1 line that")) && error.contains(said),
            "{error}"
        );
        assert!(files(&out) == whole, "{name}: the bytes differ");
    }
}

#[test]
fn a_damaged_head_is_refused_and_the_fix_works() {
    let folder = folder(&[("s.toml", &format!("{BASE}{SWEEP}"))]);
    stop(folder.path(), "o");
    let damaged = journal(folder.path(), "o").replacen("\"points\":20", "\"points\":21", 1);
    std::fs::write(folder.path().join("o/journal.jsonl"), &damaged).unwrap();
    let refused = sweep(folder.path(), "o", &[]);
    let error = text(&refused.stderr);
    assert_eq!(refused.status.code(), Some(2), "{error}");
    assert!(error.contains("`o/journal.jsonl` cannot be continued: its first line is damaged"), "{error}");
    assert_eq!(journal(folder.path(), "o"), damaged, "finished points stay");
    assert!(sweep(folder.path(), "o", &["--restart"]).status.success());
}

#[test]
fn a_file_that_changed_is_named_and_a_new_date_changes_nothing() {
    let calls = |tokens: u32| {
        let row = |i: u32| format!("{}.{},{},100\n", i / 10, i % 10, tokens + i % 7);
        "arrival_s,input_tokens,output_tokens\n".to_owned() + &(0..1200).map(row).collect::<String>()
    };
    let lengths = |from: u32| "n\n".to_owned() + &(0..200).map(|i| format!("{}\n", from + i)).collect::<String>();
    let traced = BASE
        .replace("arrivals.poisson.rate = \"600/min\"", "arrivals.trace = { file = \"calls.csv\" }")
        .replace("input_tokens = 1000\noutput_tokens = 100\n", "")
        .replace("duration = \"1m\", ", "");
    let sampled =
        BASE.replace("input_tokens = 1000", "input_tokens.empirical = { file = \"lengths.csv\", column = \"n\" }");
    let own = BASE.replace("replications = 2", "replications = 2, catalog = \"own.toml\"");
    let catalogue =
        |path: &str| format!("[[models]]\nid = \"amazon.nova-pro-v1:0\"\n[[models.paths]]\npath = \"{path}\"\n");
    let cases = [
        (format!("{traced}{SWEEP}"), "calls.csv", calls(1000), calls(2000)),
        (format!("{sampled}{SWEEP}"), "lengths.csv", lengths(900), lengths(1900)),
        (format!("extends = \"base.toml\"\n{SWEEP}"), "base.toml", BASE.to_owned(), BASE.replace("1000", "2000")),
        (format!("{own}{SWEEP}"), "own.toml", catalogue("us"), catalogue("eu")),
        (
            format!("{BASE}{SWEEP}")
                .replace("[sweep]\n", "[sweep]\nway = { a = {}, b = { \"workloads.chat.input_tokens\" = 900 } }\n"),
            "s.toml",
            String::new(),
            format!("{BASE}{SWEEP}"),
        ),
    ];
    for (scenario, file, before, after) in cases {
        let folder = folder(&[(file, &before), ("s.toml", &scenario)]);
        let whole = sweep(folder.path(), "whole", &[]);
        assert!(whole.status.success(), "{file}: {}", text(&whole.stderr));
        stop(folder.path(), "o");
        stop(folder.path(), "same");
        let finished = journal(folder.path(), "o");
        let touched = std::fs::File::options().append(true).open(folder.path().join(file)).unwrap();
        touched.set_modified(std::time::SystemTime::UNIX_EPOCH).unwrap();
        let rest = sweep(folder.path(), "same", &[]);
        assert!(text(&rest.stderr).contains("points are finished already"), "{file}: {}", text(&rest.stderr));
        assert!(files(&folder.path().join("same")) == files(&folder.path().join("whole")), "{file}: the bytes differ");
        std::fs::write(folder.path().join(file), after).unwrap();
        let refused = sweep(folder.path(), "o", &[]);
        let error = text(&refused.stderr);
        assert_eq!(refused.status.code(), Some(2), "{file}: {error}");
        assert!(error.contains(&format!("`{file}`, which the scenario reads, has changed since")), "{error}");
        assert!(error.contains("--restart discards the finished points and begins anew"), "{error}");
        assert_eq!(journal(folder.path(), "o"), finished, "finished points stay");
        let anew = sweep(folder.path(), "o", &["--restart"]);
        assert!(anew.status.success() && !text(&anew.stderr).contains("finished already"), "{}", text(&anew.stderr));
    }
}

#[test]
fn a_journal_that_cannot_be_read_is_told_as_such() {
    let folder = folder(&[("s.toml", &format!("{BASE}{SWEEP}"))]);
    stop(folder.path(), "o");
    let journal = folder.path().join("o/journal.jsonl");
    std::fs::remove_file(&journal).unwrap();
    std::fs::create_dir(&journal).unwrap();
    let refused = sweep(folder.path(), "o", &[]);
    let error = text(&refused.stderr);
    assert_eq!(refused.status.code(), Some(2), "{error}");
    assert!(error.contains("`o/journal.jsonl` is in the way: it is not a file that bedload wrote"), "{error}");
}

/// A file that may not grow is as full as a disk. Without the trap the command ends where it would, as if it were killed.
#[test]
fn a_full_disk_or_a_kill_while_a_damaged_journal_is_rewritten_loses_no_point() {
    let folder = folder(&[("s.toml", &format!("{BASE}{SWEEP}"))]);
    assert!(sweep(folder.path(), "whole", &[]).status.success());
    let whole = files(&folder.path().join("whole"));
    for (trap, code) in [("trap '' XFSZ; ", Some(3)), ("", None)] {
        stop(folder.path(), "o");
        let text_of = journal(folder.path(), "o");
        let mut lines: Vec<String> = text_of.lines().map(str::to_owned).collect();
        // The head, the damaged line, and the last one, which the stop cut off.
        let good = lines.len() - 3;
        flip(&mut lines, 2, "\"usd\":");
        let damaged = lines.join("\n");
        std::fs::write(folder.path().join("o/journal.jsonl"), &damaged).unwrap();
        let program = env!("CARGO_BIN_EXE_bedload");
        let script = format!("ulimit -c 0; {trap}ulimit -f 32; exec '{program}' sweep s.toml --no-charts --out o");
        let ended = Command::new("sh").args(["-c", &script]).current_dir(folder.path()).output().expect("a shell runs");
        let error = text(&ended.stderr);
        assert_eq!(ended.status.code(), code, "{error}");
        let told = error.contains("cannot write `o/journal.jsonl`: ") && !error.contains(".tmp");
        assert_eq!(told, code.is_some(), "{error}");
        assert_eq!(journal(folder.path(), "o"), damaged, "the journal is as it was");
        let rest = sweep(folder.path(), "o", &[]);
        let error = text(&rest.stderr);
        assert!(
            rest.status.success() && error.contains(&format!("{good} of 20 points are finished already")),
            "{error}"
        );
        assert!(files(&folder.path().join("o")) == whole, "the bytes differ");
        std::fs::remove_dir_all(folder.path().join("o")).unwrap();
    }
}

#[test]
fn a_sweep_goes_on_from_any_folder_and_not_for_a_copy_of_the_scenario() {
    let catalogue =
        |path: &str| format!("[[models]]\nid = \"amazon.nova-pro-v1:0\"\n[[models.paths]]\npath = \"{path}\"\n");
    let scenario = format!("{BASE}{SWEEP}");
    let folder = folder(&[("s.toml", &scenario), ("copy.toml", &scenario), ("own.toml", &catalogue("us"))]);
    std::fs::create_dir(folder.path().join("below")).unwrap();
    let whole = sweep(folder.path(), "whole", &["--catalog", "own.toml"]);
    assert!(whole.status.success(), "{}", text(&whole.stderr));
    let program = env!("CARGO_BIN_EXE_bedload");
    let args = "--no-charts --threads 1 --catalog own.toml --out o";
    let script = format!("ulimit -c 0; ulimit -f 128; exec '{program}' sweep s.toml {args}");
    let ended = Command::new("sh").args(["-c", &script]).current_dir(folder.path()).output().expect("a shell runs");
    assert!(ended.status.code().is_none(), "no signal ended it: {}", text(&ended.stderr));
    let copied = Command::new(program)
        .args(["sweep", "copy.toml", "--no-charts", "--catalog", "own.toml", "--out", "o"])
        .current_dir(folder.path())
        .output()
        .unwrap();
    let error = text(&copied.stderr);
    assert_eq!(copied.status.code(), Some(2), "{error}");
    assert!(error.contains("it is the journal of the scenario `s.toml`, not of `copy.toml`"), "{error}");
    let from_below = |catalogue: &Path| {
        let mut command = Command::new(program);
        command.args(["sweep", "../s.toml", "--no-charts", "--out", "../o", "--catalog"]).arg(catalogue);
        command.current_dir(folder.path().join("below")).output().expect("the program runs")
    };
    std::fs::write(folder.path().join("other.toml"), catalogue("us")).unwrap();
    let other = from_below(Path::new("../other.toml"));
    assert_eq!(other.status.code(), Some(2), "{}", text(&other.stderr));
    std::fs::write(folder.path().join("own.toml"), catalogue("eu")).unwrap();
    let changed = from_below(Path::new("../own.toml"));
    assert!(text(&changed.stderr).contains("`own.toml`, which the scenario reads, has changed since"), "{changed:?}");
    std::fs::write(folder.path().join("own.toml"), catalogue("us")).unwrap();
    let rest = from_below(&folder.path().join("below/../own.toml"));
    let error = text(&rest.stderr);
    assert!(rest.status.success() && error.contains("points are finished already"), "{error}");
    let points = |out: &str| std::fs::read(folder.path().join(out).join("points.csv")).unwrap();
    assert!(points("o") == points("whole"), "the bytes differ");
}

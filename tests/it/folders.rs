//! An output folder belongs to one command at a time. What a killed command leaves behind goes; what is the user's stays.

use std::path::Path;
use std::process::{Command, Output};

use bedload::folder::{Lock, OutputFolder};

const SCENARIO: &str = concat!(
    include_str!("chat.toml"),
    r#"[size]
vary = "capacities.us.tpm"
from = 400_000
to = 2_000_000
step = 400_000
[sweep]
"capacities.us.tpm" = [400_000, 800_000]
"#
);

const VERBS: [&[&str]; 4] = [
    &["run", "s.toml", "--no-decision"],
    &["size", "s.toml"],
    &["sweep", "s.toml"],
    &["compare", "s.toml", "--set", "capacities.us.tpm=90_000"],
];

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder can be made");
    std::fs::write(folder.path().join("s.toml"), SCENARIO).expect("it can be written");
    folder
}

fn bedload(folder: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_bedload")).args(args).current_dir(folder).output().expect("the program runs")
}

/// Runs a verb without charts, with its results in `o`.
fn into_o(folder: &Path, verb: &[&str]) -> Output {
    bedload(folder, &[verb, &["--no-charts", "--out", "o"]].concat())
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).expect("it is a folder");
    let mut names: Vec<String> =
        entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

/// Runs a command that ends as if it were killed when it writes more than a few KiB into a file.
#[cfg(unix)]
fn killed(folder: &Path, args: &[&str]) {
    let script = format!("ulimit -c 0; ulimit -f 2; exec '{}' {}", env!("CARGO_BIN_EXE_bedload"), args.join(" "));
    let ended = Command::new("sh").args(["-c", &script]).current_dir(folder).output().expect("a shell runs");
    assert!(ended.status.code().is_none(), "no signal ended {args:?}: {}", text(&ended.stderr));
}

#[cfg(unix)]
#[test]
fn what_a_killed_command_leaves_is_removed_by_the_next_and_nothing_else_is() {
    let plain = folder();
    for verb in VERBS {
        let args = [verb, &["--no-charts", "--out", "o"]].concat();
        let folder = folder();
        killed(folder.path(), &args);
        let left = names(&folder.path().join("o"));
        assert!(left.iter().any(|name| name.starts_with(".bedload")), "{args:?} leaves {left:?}");
        let own = [".bedload-notes.tmp", ".tmpRCzyO8", "notes.txt"];
        own.iter().for_each(|name| std::fs::write(folder.path().join("o").join(name), "mine").unwrap());
        into_o(folder.path(), verb);
        into_o(plain.path(), verb);
        let (mut found, expected) = (names(&folder.path().join("o")), names(&plain.path().join("o")));
        found.retain(|name| !own.contains(&name.as_str()));
        assert_eq!(found, expected, "{args:?}");
        assert!(own.iter().all(|name| std::fs::read(folder.path().join("o").join(name)).unwrap() == b"mine"));
        std::fs::remove_dir_all(plain.path().join("o")).unwrap();
    }
}

#[cfg(unix)]
#[test]
fn a_killed_report_and_a_killed_import_leave_nothing_for_long() {
    let folder = folder();
    into_o(folder.path(), VERBS[0]);
    let before = names(&folder.path().join("o"));
    killed(folder.path(), &["report", "o"]);
    assert!(names(&folder.path().join("o")).len() > before.len());
    assert!(bedload(folder.path(), &["report", "o"]).status.success());
    let mut after = names(&folder.path().join("o"));
    after.retain(|name| name != "report.html");
    assert_eq!(after, before);
    killed(folder.path(), &["init", "quickstart", "--out", "new.toml"]);
    assert!(names(folder.path()).iter().any(|name| name.ends_with(".tmp")));
    assert!(bedload(folder.path(), &["init", "quickstart", "--out", "new.toml"]).status.success());
    assert_eq!(names(folder.path()), ["new.toml", "o", "s.toml"]);
}

#[test]
fn two_commands_do_not_write_to_one_folder() {
    let folder = folder();
    into_o(folder.path(), VERBS[0]);
    let before = names(&folder.path().join("o"));
    let out = folder.path().join("o");
    let held = OutputFolder::open(&out, &[]).expect("nobody else has it");
    let others: [&[&str]; 4] =
        [&["chart", "o"], &["report", "o"], &["report", "o", "--format", "markdown"], &["chart", "o/results.json"]];
    let verbs = VERBS.iter().map(|verb| [verb, &["--no-charts", "--out", "o"][..]].concat());
    for args in verbs.chain(others.iter().map(|args| args.to_vec())) {
        let refused = bedload(folder.path(), &args);
        let error = text(&refused.stderr);
        assert_eq!(refused.status.code(), Some(3), "{args:?}: {error}");
        let rule = format!("another bedload (process {}) is writing to the folder `o`", std::process::id());
        assert!(error.contains(&rule) && error.contains("name another folder with --out"), "{args:?}: {error}");
        let elsewhere: Vec<&str> =
            args.iter().map(|arg| if *arg == "o" && args[0] != "chart" { "p" } else { *arg }).collect();
        if elsewhere != args && args.contains(&"--out") {
            assert_ne!(bedload(folder.path(), &elsewhere).status.code(), Some(3), "{elsewhere:?}");
        }
    }
    drop(held);
    assert_eq!(names(&out), before);
    assert!(into_o(folder.path(), VERBS[2]).status.success());
}

#[test]
fn a_temporary_file_that_somebody_writes_to_stays() {
    let folder = folder();
    std::fs::create_dir(folder.path().join("o")).unwrap();
    let left = folder.path().join("o/.bedload-abc123.tmp");
    std::fs::write(&left, "half").unwrap();
    let writing = std::fs::File::open(&left).unwrap();
    writing.lock().unwrap();
    into_o(folder.path(), VERBS[0]);
    assert!(left.exists(), "somebody writes to it");
    drop(writing);
    into_o(folder.path(), VERBS[0]);
    assert!(!left.exists());
}

#[test]
fn documents_of_the_users_own_are_never_touched() {
    let folder = folder();
    let out = folder.path().join("o");
    for (verb, documents) in VERBS.iter().zip([
        &["results.json", "points.csv"][..],
        &["results.json", "points.csv"],
        &["journal.jsonl", "results.json", "points.csv", "points.jsonl"],
        &["results.json", "differences.csv"],
    ]) {
        for document in documents {
            for own in ["monday: bought a horse\n", "{\"results\": []}\n", "{\"index\":\"a\"}\n"] {
                std::fs::create_dir_all(&out).unwrap();
                std::fs::write(out.join(document), own).unwrap();
                let more: &[&str] = if verb[0] == "sweep" { &["--restart"] } else { &[] };
                let refused = into_o(folder.path(), &[verb, more].concat());
                let error = text(&refused.stderr);
                assert_eq!(refused.status.code(), Some(2), "{verb:?} {document}: {error}");
                let rule = format!("`o/{document}` is in the way: it is not a file that bedload wrote");
                assert!(error.contains(&rule) && error.contains("move it away"), "{error}");
                assert_eq!(std::fs::read_to_string(out.join(document)).unwrap(), own);
                assert_eq!(names(&out), [*document], "something was left behind");
                std::fs::remove_dir_all(&out).unwrap();
            }
        }
        // What another verb wrote is bedload's own.
        into_o(folder.path(), VERBS[0]);
        assert!(matches!(into_o(folder.path(), verb).status.code(), Some(0 | 1 | 4)), "{verb:?}");
        std::fs::remove_dir_all(&out).unwrap();
    }
}

#[test]
fn a_lock_of_the_users_own_is_no_lock() {
    let folder = folder();
    std::fs::create_dir(folder.path().join("o")).unwrap();
    let own = folder.path().join("o/.bedload.lock");
    std::fs::write(&own, "my notes").unwrap();
    let refused = into_o(folder.path(), VERBS[0]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(text(&refused.stderr).contains("`o/.bedload.lock` is in the way"), "{}", text(&refused.stderr));
    assert_eq!(std::fs::read_to_string(&own).unwrap(), "my notes");
    std::fs::remove_file(&own).unwrap();
    // That of a killed command is nobody's.
    std::fs::write(&own, "bedload 4000000\n").unwrap();
    assert_ne!(into_o(folder.path(), VERBS[0]).status.code(), Some(2));
    assert!(!own.exists());
    drop(Lock::take(&own).expect("it is free"));
}

#[cfg(unix)]
#[test]
fn a_folder_that_cannot_be_written_to_is_the_systems_failure_and_a_file_is_a_wrong_argument() {
    let folder = folder();
    std::fs::write(folder.path().join("o"), "a file").unwrap();
    let refused = into_o(folder.path(), VERBS[0]);
    assert_eq!(refused.status.code(), Some(2), "{}", text(&refused.stderr));
    assert!(
        text(&refused.stderr).contains("cannot write to the folder `o`: it is a file"),
        "{}",
        text(&refused.stderr)
    );
    let script = format!("trap '' XFSZ; ulimit -f 0; exec '{}' run s.toml --out p", env!("CARGO_BIN_EXE_bedload"));
    let full = Command::new("sh").args(["-c", &script]).current_dir(folder.path()).output().unwrap();
    assert_eq!(full.status.code(), Some(3), "{}", text(&full.stderr));
    assert!(text(&full.stderr).contains("cannot write to the folder `p`"), "{}", text(&full.stderr));
}

#[cfg(unix)]
#[test]
fn a_full_disk_leaves_every_file_of_an_earlier_command() {
    let folder = folder();
    let out = folder.path().join("o");
    let read = || -> Vec<(String, Vec<u8>)> {
        // A sweep keeps its finished points.
        let names = names(&out).into_iter().filter(|name| name != "journal.jsonl");
        names.map(|name| (name.clone(), std::fs::read(out.join(name)).unwrap())).collect()
    };
    for verb in [VERBS[0], VERBS[2], VERBS[3]] {
        let run = [verb, &["--out", "o"][..]].concat();
        bedload(folder.path(), &run);
        let before = read();
        let length = |name: &str| before.iter().find(|(found, _)| found == name).map_or(0, |(_, bytes)| bytes.len());
        // The documents, which are written first, find room, and a chart does not.
        let blocks = length("results.json").max(length("points.csv")) / 512 + 8;
        assert!(before.iter().any(|(_, bytes)| bytes.len() > blocks * 512), "{verb:?} has no larger chart");
        let program = env!("CARGO_BIN_EXE_bedload");
        let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec '{program}' {} --seed 5", run.join(" "));
        let full = Command::new("sh").args(["-c", &script]).current_dir(folder.path()).output().unwrap();
        let error = text(&full.stderr);
        assert_eq!(full.status.code(), Some(3), "{verb:?}: {error}");
        assert!(error.contains("cannot write `o/") && error.contains(".svg`: "), "{verb:?}: {error}");
        assert!(read() == before, "{verb:?} has replaced a file");
        std::fs::remove_dir_all(&out).unwrap();
    }
}

#[test]
fn a_single_file_never_takes_the_place_of_a_document_or_of_what_the_command_reads() {
    let folder = folder();
    into_o(folder.path(), VERBS[0]);
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    std::fs::create_dir(folder.path().join("fo")).unwrap();
    std::fs::create_dir(folder.path().join("logs")).unwrap();
    write("scen.txt", SCENARIO);
    write("base.txt", SCENARIO);
    write("over.txt", "extends = \"base.txt\"\n");
    write("b.json", "{}");
    write("logs/calls.csv", "arrival_s,input_tokens,output_tokens\n0,1000,100\n1,1000,100\n");
    let traced = SCENARIO
        .replace("arrivals.poisson.rate = \"600/min\"", "arrivals.trace = { file = \"logs\" }")
        .replace("input_tokens = 1000\noutput_tokens = 100\n", "")
        .replace("duration = \"1m\", ", "");
    write("traced.txt", &traced);
    let documents = ["journal.jsonl", "results.json", "points.csv", "points.jsonl", "differences.csv"];
    documents.iter().for_each(|name| write(&format!("fo/{name}"), "mine"));
    let mut cases: Vec<(Vec<String>, String)> = Vec::new();
    for path in documents.map(|name| format!("fo/{name}")).iter().chain([&"results.json".to_owned()]) {
        for verb in
            ["report o --out", "check s.toml --junit", "check s.toml --markdown", "check s.toml --write-baseline"]
        {
            let args = verb.split(' ').map(str::to_owned).chain([path.clone()]).collect();
            cases.push((args, format!("`{path}` has the name of a document of bedload")));
        }
    }
    for (args, told) in [
        ("init -o results.json", "`results.json` has the name of a document of bedload"),
        ("import trace logs/calls.csv -o points.csv", "`points.csv` has the name of a document of bedload"),
        ("report o -o o/results.json", "the command reads `o/results.json`, which --out would overwrite"),
        ("report o/copy.dat -o o/copy.dat", "the command reads `o/copy.dat`"),
        ("report o --scenario s.toml -o s.toml", "`s.toml` is a scenario and would be overwritten"),
        ("check scen.txt --junit scen.txt", "the command reads `scen.txt`, which --junit would overwrite"),
        ("check scen.txt --junit ./o/../scen.txt", "the command reads `./o/../scen.txt`"),
        ("check over.txt --markdown base.txt", "the command reads `base.txt`, which --markdown would overwrite"),
        ("check traced.txt --junit logs/calls.csv", "the command reads `logs/calls.csv`"),
        ("check s.toml --baseline b.json --junit b.json", "the command reads `b.json`"),
        ("check s.toml --write-baseline s.toml", "`s.toml` is a scenario and would be overwritten"),
        ("check s.toml --junit x --markdown ./x", "--junit and --markdown name the same file, `./x`"),
        ("check s.toml --markdown x --write-baseline fo/../x", "--markdown and --write-baseline name the same file"),
    ] {
        cases.push((args.split(' ').map(str::to_owned).collect(), told.to_owned()));
    }
    std::fs::copy(folder.path().join("o/results.json"), folder.path().join("o/copy.dat")).unwrap();
    let all = |folder: &Path| -> Vec<(String, Vec<u8>)> {
        let of = |part: &'static str| names(&folder.join(part)).into_iter().map(move |name| format!("{part}/{name}"));
        let files = [".", "o", "fo", "logs"].into_iter().flat_map(of).filter(|name| folder.join(name).is_file());
        files.map(|name| (name.clone(), std::fs::read(folder.join(&name)).unwrap())).collect()
    };
    let before = all(folder.path());
    for (args, told) in cases {
        let refused = bedload(folder.path(), &args.iter().map(String::as_str).collect::<Vec<_>>());
        let error = text(&refused.stderr);
        assert!(refused.status.code() == Some(2) && error.contains(&told), "{args:?}: {told}: {error}");
        assert!(all(folder.path()) == before, "{args:?} has written");
    }
    // A new baseline may take the place of the old one.
    assert_ne!(bedload(folder.path(), &["check", "s.toml", "--write-baseline", "b.json"]).status.code(), Some(2));
    let renewed = bedload(folder.path(), &["check", "s.toml", "--baseline", "b.json", "--write-baseline", "b.json"]);
    assert_ne!(renewed.status.code(), Some(2), "{}", text(&renewed.stderr));
}

#[test]
fn a_single_file_waits_for_the_command_that_writes_to_its_folder() {
    let folder = folder();
    into_o(folder.path(), VERBS[0]);
    std::fs::write(folder.path().join("calls.csv"), "arrival_s,input_tokens,output_tokens\n0,9,9\n1,9,9\n").unwrap();
    let held = OutputFolder::open(&folder.path().join("lo"), &[]).expect("nobody else has it");
    let commands: [&[&str]; 6] = [
        &["report", "o", "--out", "lo/r.html"],
        &["report", "o", "--format", "markdown", "--out", "lo/r.md"],
        &["check", "s.toml", "--junit", "lo/j.xml"],
        &["check", "s.toml", "--write-baseline", "lo/b.json"],
        &["init", "--out", "lo/new.toml"],
        &["import", "trace", "calls.csv", "--out", "lo/calls.toml"],
    ];
    for args in commands {
        let refused = bedload(folder.path(), args);
        let error = text(&refused.stderr);
        assert_eq!(refused.status.code(), Some(3), "{args:?}: {error}");
        let rule = format!("another bedload (process {}) is writing to the folder `lo`", std::process::id());
        assert!(error.contains(&rule) && !error.contains("--out"), "{args:?}: {error}");
    }
    assert_eq!(names(&folder.path().join("lo")), [".bedload.lock"]);
    drop(held);
    for args in commands {
        assert!(matches!(bedload(folder.path(), args).status.code(), Some(0 | 1 | 4)), "{args:?}");
    }
}

//! Files that bedload cannot use: each ends with 2 and is named, and a failure of the system ends with 3.

use std::fs::{File, create_dir, write};
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Output, Stdio};

const SCENARIO: &str = concat!(
    r#"
[run]
duration = "1m"
warmup = "0s"
replications = 1
"#,
    include_str!("model.toml"),
    r#"arrivals.constant.rate = "60/min"
input_tokens = 1000
output_tokens = 100
[capacities.us.on_demand]
rpm = 600
"#
);
/// The scenario whose arrivals and input tokens come from files.
const OF_FILES: [(&str, &str, &str); 2] = [
    (
        "trace.toml",
        "arrivals.constant.rate = \"60/min\"\ninput_tokens = 1000\noutput_tokens = 100",
        "arrivals.trace.file = \"FILE\"",
    ),
    ("column.toml", "input_tokens = 1000", "input_tokens.empirical = { file = \"FILE\", column = \"n\" }"),
];

/// A folder in which every reader finds what it needs but for the file that is tried.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| write(folder.path().join(name), text).unwrap();
    write("good.toml", SCENARIO);
    for (name, from, to) in OF_FILES {
        assert!(SCENARIO.contains(from));
        write(name, &SCENARIO.replace(from, to));
    }
    write("extends.toml", &format!("extends = \"FILE\"\n{SCENARIO}"));
    write("include.toml", &format!("include = [\"FILE\"]\n{SCENARIO}"));
    write("catalog.toml", &SCENARIO.replace("[run]", "[run]\ncatalog = \"FILE\""));
    folder
}

/// Each way in which bedload reads a file that is named `FILE`.
const READERS: [&[&str]; 19] = [
    &["validate", "FILE"],
    &["run", "FILE", "--out", "o"],
    &["sweep", "FILE", "--out", "o"],
    &["size", "FILE", "--out", "o"],
    &["check", "FILE"],
    &["compare", "good.toml", "FILE", "--out", "o"],
    &["run", "extends.toml", "--out", "o"],
    &["validate", "include.toml"],
    &["validate", "catalog.toml"],
    &["validate", "good.toml", "--catalog", "FILE"],
    &["catalog", "--catalog", "FILE"],
    &["validate", "trace.toml"],
    &["run", "trace.toml", "--out", "o"],
    &["check", "trace.toml"],
    &["validate", "column.toml"],
    &["import", "trace", "FILE", "--out", "-"],
    &["report", "FILE"],
    &["chart", "FILE", "--out", "o"],
    &["check", "good.toml", "--baseline", "FILE"],
];

fn bedload(folder: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_bedload")).args(args).current_dir(folder).stdin(Stdio::null()).output().unwrap()
}

/// Tries every reader whose file is allowed to be tried, and checks how it ends and that it names the file.
fn each_ends(make: impl Fn(&Path), code: i32, told: &str, tried: impl Fn(&[&str]) -> bool) {
    let folder = folder();
    make(&folder.path().join("FILE"));
    for args in READERS.into_iter().filter(|args| tried(args)) {
        let output = bedload(folder.path(), args);
        let shown = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(code), "{args:?}: {shown}");
        assert!(shown.contains("FILE") && shown.contains(told), "{args:?}: {told}: {shown}");
        assert!(!shown.contains("panicked"), "{args:?}: {shown}");
        assert!(!folder.path().join("o").exists(), "{args:?} has written before it read");
    }
}

fn all(_: &[&str]) -> bool {
    true
}

/// A folder is a trace, a column or results, where files are in it.
fn takes_no_folder(args: &[&str]) -> bool {
    !["trace.toml", "column.toml", "trace", "report", "chart"].iter().any(|word| args.contains(word))
}

/// A file that extends another, is included, or is a catalogue, may be empty.
fn needs_contents(args: &[&str]) -> bool {
    !["extends.toml", "include.toml", "catalog.toml", "--catalog"].iter().any(|word| args.contains(word))
}

#[test]
fn a_missing_file_is_wrong_input() {
    each_ends(|_| {}, 2, "", all);
}

#[test]
fn a_pipe_or_a_device_is_wrong_input_and_is_not_waited_for() {
    let pipe = |path: &Path| assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
    each_ends(pipe, 2, "it is a pipe, a device or a socket, not a file", all);
    each_ends(|path| symlink("/dev/zero", path).unwrap(), 2, "it is a pipe, a device or a socket, not a file", all);
}

#[test]
fn a_folder_in_place_of_a_file_is_wrong_input() {
    each_ends(
        |path| create_dir(path).unwrap(),
        2,
        "it is a folder, not a file",
        |args| takes_no_folder(args) && !args.contains(&"include.toml"),
    );
    each_ends(|path| create_dir(path).unwrap(), 2, "", |args| !takes_no_folder(args));
}

#[test]
fn a_link_to_itself_is_wrong_input() {
    each_ends(|path| symlink("FILE", path).unwrap(), 2, "", all);
}

#[test]
fn an_empty_file_is_wrong_input_where_something_is_needed() {
    each_ends(|path| drop(File::create(path).unwrap()), 2, "", needs_contents);
}

#[test]
fn text_in_utf_16_is_named_so_with_a_mark_and_without() {
    let wide = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    for mark in ["\u{feff}", ""] {
        let bytes = wide(&format!("{mark}n,arrival_s\n1,2\n"));
        each_ends(|path| write(path, &bytes).unwrap(), 2, "line 1: it is text in UTF-16", all);
    }
}

#[test]
fn a_nul_byte_is_named_with_its_line() {
    let text = "arrival_s,input_tokens,output_tokens,n\n1,2,3,4\n\0\n";
    each_ends(|path| write(path, text).unwrap(), 2, "line 3: it has a NUL byte", all);
}

#[test]
fn a_file_that_is_too_large_is_not_read_whole() {
    // A hole of zero bytes takes no room on the disk.
    let large = |path: &Path| {
        write(path, "n,arrival_s\n").unwrap();
        File::options().write(true).open(path).unwrap().set_len(8 << 30).unwrap();
    };
    let is_text = |args: &[&str]| args.iter().all(|arg| !arg.starts_with("trace") && !arg.starts_with("column"));
    let is_document = |args: &[&str]| ["report", "chart", "--baseline"].iter().any(|word| args.contains(word));
    each_ends(large, 2, "it is larger than 4 MiB", |args| is_text(args) && !is_document(args));
    each_ends(large, 2, "it is larger than 256 MiB", is_document);
    each_ends(large, 2, "line 2: it has a NUL byte", |args| !is_text(args));
}

#[test]
#[cfg(target_os = "linux")]
fn an_error_while_a_file_is_read_is_the_systems() {
    // The memory of a process is a file, whose first page nothing lies in.
    each_ends(|path| symlink("/proc/self/mem", path).unwrap(), 3, "Input/output error", all);
}

#[test]
fn points_beside_results_are_read_as_carefully() {
    let folder = folder();
    let sweep = format!("{SCENARIO}[sweep]\n\"capacities.us.rpm\" = {{ from = 1, to = 300 }}\n");
    write(folder.path().join("sweep.toml"), sweep).unwrap();
    let output = bedload(folder.path(), &["sweep", "sweep.toml", "--out", "o", "--no-charts", "--quiet"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let points = folder.path().join("o/points.jsonl");
    let whole = std::fs::read(&points).unwrap();
    assert_eq!(bedload(folder.path(), &["report", "o"]).status.code(), Some(0));
    let middle = whole.iter().position(|byte| *byte == b'\n').unwrap() + 9;
    let damaged = [&whole[..middle], b"\0", &whole[middle..]].concat();
    for (bytes, told) in [
        (Some(&whole[..whole.len() / 2]), "points.jsonl"),
        (Some(&damaged[..]), "line 2: it has a NUL byte"),
        (Some(b"[]\n"), "line 1: "),
        (Some(b""), "has 0 of its 300 points"),
        (None, "points.jsonl"),
    ] {
        std::fs::remove_file(&points).unwrap();
        bytes.map_or_else(|| create_dir(&points), |bytes| write(&points, bytes)).unwrap();
        for verb in ["report", "chart"] {
            let output = bedload(folder.path(), &[verb, "o"]);
            let shown = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(output.status.code() == Some(2) && shown.contains(told), "{verb} {told}: {shown}");
        }
        if points.is_dir() {
            std::fs::remove_dir(&points).unwrap();
            write(&points, "").unwrap();
        }
    }
}

#[test]
fn what_cannot_be_written_is_the_systems_failure() {
    let folder = folder();
    let full = || File::options().write(true).open("/dev/full").unwrap();
    for args in [
        &["validate", "good.toml"][..],
        &["catalog"],
        &["explain"],
        &["schema"],
        &["chart", "--list"],
        &["--help"],
        &["--version"],
        &["check", "--help"],
    ] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_bedload"));
        let output = command.args(args).current_dir(folder.path()).stdout(full()).output().unwrap();
        assert_eq!(output.status.code(), Some(3), "{args:?}: {output:?}");
    }
    for args in [
        &["run", "good.toml", "--out", "/proc/none"][..],
        &["compare", "good.toml", "--set", "run.seed=2", "--out", "/proc/none"],
        &["init", "--out", "/proc/none/s.toml"],
        &["check", "good.toml", "--junit", "/proc/none/j.xml"],
        &["check", "good.toml", "--write-baseline", "/proc/none/b.json"],
    ] {
        let output = bedload(folder.path(), args);
        assert_eq!(output.status.code(), Some(3), "{args:?}: {output:?}");
        let shown = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(shown.contains("`/proc/none") && !shown.contains(".tmp"), "{args:?}: {shown}");
    }
    // What cannot be written is told before anything is read.
    let output = bedload(folder.path(), &["check", "none.toml", "--junit", "none/x.xml"]);
    let shown = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(3), "{shown}");
    assert!(shown.contains("cannot write `none/x.xml`: ") && !shown.contains("none.toml"), "{shown}");
}

#[test]
fn a_device_in_place_of_a_file_to_write_is_wrong_usage() {
    let folder = folder();
    assert!(bedload(folder.path(), &["run", "good.toml", "--out", "o", "--no-charts"]).status.code().is_some());
    for args in [
        &["run", "good.toml", "--out", "/dev/full"][..],
        &["report", "o", "--out", "/dev/full"],
        &["check", "good.toml", "--junit", "/dev/full"],
        &["check", "good.toml", "--markdown", "/dev/full"],
        &["check", "good.toml", "--write-baseline", "/dev/full"],
        &["init", "--out", "/dev/full"],
        &["report", "o", "--out", "good.toml/r.html"],
        &["check", "good.toml", "--junit", "good.toml/j.xml"],
    ] {
        let output = bedload(folder.path(), args);
        assert_eq!(output.status.code(), Some(2), "{args:?}: {output:?}");
    }
}

#[test]
fn an_output_folder_that_is_a_file_is_wrong_usage() {
    let folder = folder();
    for args in [
        &["run", "good.toml", "--out", "good.toml"][..],
        &["compare", "good.toml", "--set", "run.seed=2", "--out", "good.toml/below"],
    ] {
        let output = bedload(folder.path(), args);
        assert_eq!(output.status.code(), Some(2), "{args:?}: {output:?}");
    }
}

const ROWS: &str = "arrival_s,input_tokens,output_tokens\n0,1,1\n60,1,1\n";
const NEVER_CLOSED: &str = "arrival_s,input_tokens,output_tokens\n61,1,1\n62,1,\"1\n63,1,1\n";

#[test]
fn a_file_of_a_folder_is_named_by_its_path_in_it() {
    type Make = fn(&Path);
    let cases: [(Make, &str); 6] = [
        (|folder| symlink("..", folder.join("b")).unwrap(), "a/b: it is the same folder as `.`: a link leads there"),
        (|folder| symlink(".", folder.join("b")).unwrap(), "a/b: it is the same folder as `a`: a link leads there"),
        (
            |folder| assert!(Command::new("mkfifo").arg(folder.join("b")).status().unwrap().success()),
            "a/b: it is a pipe",
        ),
        (|folder| symlink("none", folder.join("b")).unwrap(), "a/b: No such file"),
        (|folder| write(folder.join("b"), "some notes\n").unwrap(), "a/b: its header is `some notes`"),
        (|folder| write(folder.join("b"), NEVER_CLOSED).unwrap(), "a/b, line 3: the quote that opens here"),
    ];
    for (make, told) in cases {
        let folder = folder();
        let traces = folder.path().join("FILE/a");
        std::fs::create_dir_all(&traces).unwrap();
        write(traces.join("a.csv"), ROWS).unwrap();
        let imported = bedload(folder.path(), &["import", "trace", "FILE", "--out", "-"]);
        assert_eq!(imported.status.code(), Some(0), "{imported:?}");
        make(&traces);
        for args in [&["import", "trace", "FILE", "--out", "-"][..], &["validate", "trace.toml"]] {
            let output = bedload(folder.path(), args);
            let shown = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(output.status.code() == Some(2) && shown.contains(told), "{args:?}: {told}: {shown}");
        }
    }
}

#[test]
fn the_files_of_a_scenario_are_bounded_together() {
    let folder = folder();
    let text = format!("{}\n{SCENARIO}", format!("#{}\n", "x".repeat(999)).repeat(2_500));
    write(folder.path().join("FILE"), text).unwrap();
    assert_eq!(bedload(folder.path(), &["validate", "FILE"]).status.code(), Some(0));
    write(folder.path().join("over.toml"), format!("extends = \"FILE\"\n#{}", "x".repeat(2 << 20))).unwrap();
    let output = bedload(folder.path(), &["validate", "over.toml"]);
    let shown = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.code() == Some(2) && shown.contains("larger than 4 MiB together"), "{shown}");
}

//! Files that stand for several gigabytes: each is refused, or read, in less than 1 GiB of address space. The tests make the
//! files themselves; they are small, because they are packed or have holes.

use std::fs::{File, write};
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output};

use flate2::{Compression, write::GzEncoder};

/// Runs bedload with 1 GiB of address space: a process that asks for more is aborted.
fn bedload(folder: &Path, args: &[&str]) -> Output {
    let mut command = Command::new("sh");
    command.args(["-c", "ulimit -v 1048576; exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_bedload")]).args(args);
    command.env("RUST_BACKTRACE", "0").current_dir(folder).output().unwrap()
}

fn is_refused(folder: &Path, args: &[&str], told: &str) {
    let output = bedload(folder, args);
    let shown = String::from_utf8_lossy(&output.stderr);
    let shown: String = shown.chars().take(2_000).collect();
    assert!(output.status.code() == Some(2) && shown.contains(told), "{args:?}: {told}: {:?}: {shown}", output.status);
}

fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut packer = GzEncoder::new(Vec::new(), Compression::best());
    packer.write_all(bytes).unwrap();
    packer.finish().unwrap()
}

/// Writes a packed file: some bytes, then a piece so many times.
fn write_packed(path: &Path, start: &[u8], piece: &[u8], times: usize) {
    let mut file = std::io::BufWriter::new(File::create(path).unwrap());
    file.write_all(&packed(start)).unwrap();
    let piece = packed(piece);
    (0..times).for_each(|_| file.write_all(&piece).unwrap());
    file.flush().unwrap();
}

const ROWS: &str = "arrival_s,input_tokens,output_tokens\n0,10,10\n";
const RECORD: &str = r#"{"timestamp":"2026-04-01T00:00:01Z","modelId":"us.a","input":{"inputTokenCount":19},"output":{"outputTokenCount":10}"#;
const SCENARIO: &str = concat!(
    r#"
[run]
duration = "1m"
warmup = "0s"
"#,
    include_str!("model.toml"),
    r#"arrivals.trace.file = "bomb.csv.gz"
[capacities.us.on_demand]
rpm = 600
"#
);

#[test]
#[ignore = "slow"]
fn a_packed_line_of_six_gigabytes_is_refused_in_flat_memory() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let piece = vec![b'a'; 16 << 20];
    write_packed(&path("bomb.csv.gz"), ROWS.as_bytes(), &piece, 384);
    write_packed(&path("quoted.csv.gz"), format!("{ROWS}\"").as_bytes(), &"a\n".repeat(8 << 20).into_bytes(), 384);
    write_packed(&path("bomb.jsonl.gz"), format!("{RECORD}}}\n{RECORD},\"schemaType\":\"").as_bytes(), &piece, 384);
    write_packed(&path("column.csv.gz"), b"n\n1\n", &piece, 384);
    write(path("trace.toml"), SCENARIO).unwrap();
    let column = "arrivals.constant.rate = \"1/s\"\ninput_tokens.empirical = { file = \"column.csv.gz\", column = \"n\" }\noutput_tokens = 9";
    write(path("column.toml"), SCENARIO.replace("arrivals.trace.file = \"bomb.csv.gz\"", column)).unwrap();
    is_refused(folder.path(), &["import", "trace", "bomb.csv.gz", "-o", "-"], "line 3: it is longer than 64 MiB");
    is_refused(folder.path(), &["import", "trace", "bomb.jsonl.gz", "-o", "-"], "line 2: it is longer than 64 MiB");
    is_refused(folder.path(), &["import", "trace", "quoted.csv.gz", "-o", "-"], "line 3: the quote that opens here");
    is_refused(folder.path(), &["validate", "trace.toml"], "line 3: it is longer than 64 MiB");
    is_refused(folder.path(), &["run", "trace.toml"], "line 3: it is longer than 64 MiB");
    is_refused(folder.path(), &["validate", "column.toml"], "line 3: it is longer than 64 MiB");
}

#[test]
#[ignore = "slow"]
fn a_line_of_six_gigabytes_is_refused_in_flat_memory() {
    let folder = tempfile::tempdir().unwrap();
    for (name, start, line) in [("long.csv", ROWS.to_owned(), 3), ("long.jsonl", format!("{RECORD}}}\n"), 2)] {
        write(folder.path().join(name), start).unwrap();
        File::options().write(true).open(folder.path().join(name)).unwrap().set_len(6 << 30).unwrap();
        is_refused(folder.path(), &["import", "trace", name, "-o", "-"], &format!("line {line}: "));
    }
}

#[test]
#[ignore = "slow"]
fn many_packed_rows_are_read_in_flat_memory() {
    let folder = tempfile::tempdir().unwrap();
    write_packed(&folder.path().join("rows.csv.gz"), ROWS.as_bytes(), &"1,10,10\n".repeat(1 << 20).into_bytes(), 24);
    let output = bedload(folder.path(), &["import", "trace", "rows.csv.gz", "-o", "-"]);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
#[ignore = "slow"]
fn a_record_that_unfolds_is_passed_over_or_refused_in_flat_memory() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let zeros = "0,".repeat(30 << 20);
    write(path("metadata.jsonl"), format!("{RECORD},\"requestMetadata\":{{\"a\":[{zeros}0]}}}}\n")).unwrap();
    let import = ["import", "trace", "metadata.jsonl", "--split-by", "requestMetadata.a", "-o", "-"];
    let output = bedload(folder.path(), &import);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let block = "{\"timestamp\": 0, \"input_length\": 9, \"output_length\": 9, \"hash_ids\": [";
    write(path("blocks.jsonl"), format!("{block}{zeros}0]}}\n")).unwrap();
    is_refused(folder.path(), &["import", "trace", "blocks.jsonl", "-o", "-"], "line 1: ");
    // Thousands of records wait for those that began before them, each with its label.
    let record = format!("{RECORD},\"requestMetadata\":{{\"team\":\"{}\"}}}}\n", "x".repeat(1 << 20));
    write_packed(&path("labels.jsonl.gz"), b"", record.repeat(16).as_bytes(), 200);
    let import = ["import", "trace", "labels.jsonl.gz", "--split-by", "requestMetadata.team", "-o", "-"];
    is_refused(folder.path(), &import, "line 1: its label or the name of its model is longer than 2048 bytes");
    write(path("wide.csv"), format!("{ROWS}{}\n", ",".repeat(60 << 20))).unwrap();
    is_refused(folder.path(), &["import", "trace", "wide.csv", "-o", "-"], "line 3: it has more than a million fields");
}

#[test]
#[ignore = "slow"]
fn a_document_that_unfolds_is_refused_in_flat_memory() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let zeros = "0,".repeat(100 << 20);
    write(
        path("results.json"),
        format!("{{\"schema_version\":2,\"points\":[{{\"parameters\":{{\"a\":[{zeros}0]}}}}]}}"),
    )
    .unwrap();
    is_refused(folder.path(), &["report", "results.json"], "more than 8 million values");
    is_refused(folder.path(), &["chart", "results.json"], "more than 8 million values");
    write(
        path("good.toml"),
        SCENARIO.replace(
            "arrivals.trace.file = \"bomb.csv.gz\"",
            "arrivals.constant.rate = \"1/s\"\ninput_tokens = 9\noutput_tokens = 9",
        ),
    )
    .unwrap();
    is_refused(folder.path(), &["check", "good.toml", "--baseline", "results.json"], "more than 8 million values");
}

/// Scenarios and catalogues of nearly the greatest size, of what costs the parser and the passes most.
#[test]
#[ignore = "slow"]
fn a_scenario_of_the_greatest_size_is_refused_in_flat_memory() {
    let folder = tempfile::tempdir().unwrap();
    let many = |piece: &str| piece.repeat((4 << 20) / piece.len() - 200);
    let numbered = |piece: &str| (0..100_000).map(|i| piece.replace('@', &i.to_string())).collect::<String>();
    let good = SCENARIO.replace(
        "arrivals.trace.file = \"bomb.csv.gz\"",
        "arrivals.constant.rate = \"1/s\"\ninput_tokens = 9\noutput_tokens = 9",
    );
    for (what, text) in [
        ("brackets", format!("x={}", many("["))),
        ("tables in a list", format!("x=[{}]", many("{},"))),
        ("a long list", format!("{good}[sweep]\n\"capacities.us.rpm\"=[{}]", many("1,"))),
        ("lines that are no TOML", many("?\n")),
        ("one line that is no TOML", many("= ]")),
        ("a long key", format!("{}=1", many("a"))),
        ("a path of many keys", format!("a{}=1", many(".a"))),
        ("a name and a reference", format!("{good}[workloads.{0}]\nmodel=\"{0}\"\n", "b".repeat(2_000_000))),
        ("unknown keys", numbered("key-@=1\n")),
        ("unknown sections", numbered("[section-@]\n")),
        ("expectations", format!("{good}{}", many("[[expect]]\n"))),
        ("workloads of nothing", format!("{good}{}", numbered("[workloads.w@]\n"))),
    ] {
        write(folder.path().join("s.toml"), text).unwrap();
        let output = bedload(folder.path(), &["validate", "s.toml"]);
        assert_eq!(output.status.code(), Some(2), "{what}: {:?}", output.status);
        assert!(output.stderr.len() < 2_000_000, "{what}: {} bytes are shown", output.stderr.len());
        if what.contains("list") || what.contains("long key") {
            let output = bedload(folder.path(), &["catalog", "--catalog", "s.toml"]);
            assert_eq!(output.status.code(), Some(2), "{what} as a catalogue: {:?}", output.status);
        }
    }
}

/// A document that bedload wrote can be read again, however many workloads it has.
#[test]
#[ignore = "slow"]
fn a_document_of_ten_thousand_workloads_is_read_again() {
    let folder = tempfile::tempdir().unwrap();
    let one = |i: u32| {
        format!(
            "[workloads.w{i}]\nmodel = \"m\"\narrivals.poisson.rate = \"1/min\"\ninput_tokens = 1000\noutput_tokens = 100\n"
        )
    };
    let good = SCENARIO.replace(
        "arrivals.trace.file = \"bomb.csv.gz\"",
        "arrivals.constant.rate = \"1/s\"\ninput_tokens = 9\noutput_tokens = 9",
    );
    let of = |n| format!("{good}{}", (0..n).map(one).collect::<String>());
    write(folder.path().join("s.toml"), of(10_000)).unwrap();
    let args = [
        "run",
        "s.toml",
        "--set=run.duration=10s",
        "--replications=1",
        "--yes",
        "--no-decision",
        "--no-charts",
        "--out=o",
    ];
    let run = Command::new(env!("CARGO_BIN_EXE_bedload")).args(args).current_dir(folder.path()).output();
    let output = run.unwrap();
    assert!(matches!(output.status.code(), Some(0 | 1 | 4)), "{}", String::from_utf8_lossy(&output.stderr));
    for verb in ["report", "chart"] {
        let output = bedload(folder.path(), &[verb, "o"]);
        assert_eq!(output.status.code(), Some(0), "{verb}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn ranges_of_millions_of_values_are_refused_or_read_in_flat_memory() {
    let folder = tempfile::tempdir().unwrap();
    let scenario = |axes: u64, values: &str| {
        let workload =
            |i| format!("[workloads.w{i}]\nmodel = \"m\"\narrivals.constant.rate = \"1/s\"\ninput_tokens = 9\n");
        let axis = |i| format!("\"workloads.w{i}.input_tokens\" = {values}\n");
        let (workloads, axes) = ((0..axes).map(workload).collect::<String>(), (0..axes).map(axis).collect::<String>());
        let rest = SCENARIO.replace("[workloads.chat]\nmodel = \"m\"\narrivals.trace.file = \"bomb.csv.gz\"\n", "");
        let text = format!("{rest}{workloads}[sweep]\n{axes}").replace("= 9\n", "= 9\noutput_tokens = 9\n");
        write(folder.path().join("s.toml"), text).unwrap();
    };
    let verbs: [&[&str]; 4] = [&["validate", "-q"], &["sweep", "--list"], &["sweep"], &["run", "-q"]];
    scenario(30, "{ from = 1, to = 1_000_000, step = 1 }");
    for verb in verbs {
        is_refused(folder.path(), &[verb, &["s.toml"]].concat(), "more than a million values together");
    }
    scenario(3, "{ from = 1, to = 300_000, step = 1 }");
    let output = bedload(folder.path(), &["validate", "s.toml"]);
    let shown = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(shown.contains("300,000 values from 1 to 300000"), "{shown}");
    // The longest list that is an axis.
    scenario(1, &format!("[{}1]", "1,".repeat(999_999)));
    let output = bedload(folder.path(), &["validate", "-q", "s.toml"]);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
}

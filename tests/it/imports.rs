//! `bedload import`, as a user types it.

use std::path::Path;
use std::process::{Command, Output};

fn bedload(folder: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_bedload")).args(args).current_dir(folder).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// Runs to its end, and what it printed.
fn done(folder: &Path, args: &[&str]) -> String {
    ended(folder, args, 0)
}

/// Runs to its end with an exit code, and what it printed.
fn ended(folder: &Path, args: &[&str], code: i32) -> String {
    let output = bedload(folder, args);
    assert_eq!(output.status.code(), Some(code), "{}{}", text(&output.stdout), text(&output.stderr));
    text(&output.stdout)
}

/// Returns the output of a run whose minutes are too few to decide that at most 1 % of attempts are throttled; none
/// are.
fn undecided(folder: &Path, args: &[&str]) -> String {
    let told = ended(folder, args, 4);
    assert!(told.contains("inconclusive: throttle_rate <= 1 %, is 0 %"), "{told}");
    told
}

fn folder(file: &str, contents: &[u8]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join(file), contents).unwrap();
    folder
}

fn log() -> tempfile::TempDir {
    let log = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/logs/assistant.json.gz");
    folder("log.json.gz", &std::fs::read(log).unwrap())
}

#[test]
fn a_log_becomes_a_scenario_that_replays_it() {
    let folder = log();
    let told = done(
        folder.path(),
        &["import", "trace", "log.json.gz", "--split-by", "requestMetadata.team", "--out", "a.toml"],
    );
    for part in ["2,007 calls in 30 min", "829 calls", "64 % of the input is read from it", "5.23 % of the answers"] {
        assert!(told.contains(part), "{part} is not in\n{told}");
    }
    assert!(told.lines().all(|line| line.chars().count() <= 80), "{told}");
    let scenario = std::fs::read_to_string(folder.path().join("a.toml")).unwrap();
    assert!(scenario.contains("id = \"us.amazon.nova-pro-v1:0\""), "{scenario}");
    // 300 minutes without a refusal decide on 1 %: 10 replications of half an hour, and 5 are too few.
    assert!(scenario.contains("\nreplications = 10 "), "{scenario}");
    let few = undecided(folder.path(), &["run", "a.toml", "--no-charts", "--replications", "5"]);
    assert!(few.contains("(below 2 %); about 10"), "{few}");
    let run = done(folder.path(), &["run", "a.toml", "--no-charts"]);
    assert!(run.contains("2,836 offered · 2,836 served"), "{run}");
    // What the log says of the cache is what each request reads.
    let results = std::fs::read_to_string(folder.path().join("output/a/results.json")).unwrap();
    let results: serde_json::Value = serde_json::from_str(&results).unwrap();
    let read = results["points"][0]["metrics"]["workloads.chat.cache_read_tokens"]["estimate"].as_f64().unwrap();
    assert!((read / 1_800.0).fract() == 0.0 && read > 1_900.0 * 1_800.0, "{read}");
    // Nobody's file is written over.
    let again = bedload(folder.path(), &["import", "trace", "log.json.gz", "--out", "a.toml"]);
    assert_eq!(again.status.code(), Some(2));
    assert!(text(&again.stderr).contains("`a.toml` exists already"));
}

#[test]
fn a_fit_says_how_well_it_matches_and_runs() {
    let folder = log();
    let told = done(folder.path(), &["import", "trace", "log.json.gz", "--fit"]);
    assert!(told.contains("of poisson, gamma, weibull, batches, mmpp"), "{told}");
    assert!(told.contains("busiest minute"), "{told}");
    assert!(told.contains("matches: every figure") || told.contains("the honest choice"), "{told}");
    done(folder.path(), &["run", "log.json.toml", "--no-charts"]);
}

#[test]
fn named_columns_and_a_window_are_written_down() {
    let rows: String = (0..200).map(|i| format!("{i},{},7,{}\n", 100 + i, ["a", "b"][i % 2])).collect();
    let folder = folder("t.csv", format!("when,prompt,answer,team\n{rows}").as_bytes());
    let columns = ["--column", "arrival=when", "--column", "input_tokens=prompt", "--column", "output_tokens=answer"];
    let window = ["--from", "10s", "--to", "110s", "--split-by", "team"];
    let args = [&["import", "trace", "t.csv"][..], &columns, &window].concat();
    let told = done(folder.path(), &args);
    assert!(told.contains("50 calls in 99 s") && told.contains("input         158"), "{told}");
    let run = done(folder.path(), &["run", "t.toml", "--no-charts"]);
    assert!(run.contains("100 offered"), "{run}");
}

/// Returns the output of a refusal, after which nothing is left behind.
fn refused(folder: &Path, args: &[&str], code: i32) -> String {
    let output = bedload(folder, args);
    assert_eq!(output.status.code(), Some(code), "{}", text(&output.stderr));
    assert_eq!(text(&output.stdout), "");
    assert_eq!(std::fs::read_dir(folder).unwrap().count(), 1, "something was left behind");
    text(&output.stderr)
}

#[test]
fn bad_traces_are_refused_and_leave_nothing() {
    let own = "arrival_s,input_tokens,output_tokens\n";
    let packed = std::fs::read(log().path().join("log.json.gz")).unwrap();
    let failed = r#"{"timestamp":"2026-04-01T00:00:01Z","modelId":"m","input":{"inputTokenCount":5},"errorCode":"ThrottlingException"}"#;
    let rows = |rows: &str| format!("{own}{rows}");
    let [word, zero, back] = ["0,10,5\n1,ten,5\n", "0,0,5\n", "5,1,5\n4,1,5\n"].map(rows);
    let cases: [(&[u8], &[&str], i32, &str); 9] = [
        (word.as_bytes(), &[], 2, "line 3: `input_tokens` is a whole number of at least 1, `ten` is not"),
        (zero.as_bytes(), &[], 2, "line 2: `input_tokens` is a whole number of at least 1, `0` is not"),
        (back.as_bytes(), &[], 2, "line 3: it is earlier than the request before"),
        (own.as_bytes(), &[], 2, "it has no rows"),
        (b"when,in,out\n0,1,1\n", &[], 2, "name its columns, such as --column input_tokens=prompt"),
        (&packed[..packed.len() / 2], &[], 2, "the gzip file ends in the middle"),
        (failed.as_bytes(), &[], 2, "line 1: the call failed with ThrottlingException: it has no `outputTokenCount`"),
        (
            b"{\"timestamp\": 0, \"input_length\": 5, \"output_length\": 6, \"hash_ids\": [1]}",
            &["--split-by", "modelId"],
            2,
            "it has no label `modelId`; its rows have no labels",
        ),
        (
            failed.as_bytes(),
            &["--split-by", "team"],
            2,
            "it has no label `team`; a log has `modelId`, `identity` and `requestMetadata.KEY`",
        ),
    ];
    for (contents, more, code, part) in cases {
        let folder = folder("t", contents);
        let error = refused(folder.path(), &[&["import", "trace", "t"][..], more].concat(), code);
        assert!(error.contains(part), "{part} is not in\n{error}");
        assert!(error.starts_with("error: "), "{error}");
    }
    let folder = tempfile::tempdir().unwrap();
    let error = text(&bedload(folder.path(), &["import", "trace", "none.csv"]).stderr);
    assert!(error.contains("`none.csv` cannot be imported: it cannot be read"), "{error}");
}

#[test]
fn bad_lines_are_counted_when_they_may_be_left_out() {
    let failed = r#"{"timestamp":"2026-04-01T00:00:01Z","modelId":"m","input":{"inputTokenCount":5},"errorCode":"ThrottlingException"}"#;
    let served = r#"{"timestamp":"2026-04-01T00:00:02Z","modelId":"m","input":{"inputTokenCount":5},"output":{"outputTokenCount":6}}"#;
    let folder = folder("log.json", format!("{failed}\n{served}\nnonsense\n{served}\n").as_bytes());
    let output = bedload(folder.path(), &["import", "trace", "log.json", "--skip-bad-lines"]);
    assert!(text(&output.stdout).starts_with("log.json\n2 calls"), "{}", text(&output.stdout));
    assert!(text(&output.stderr).contains("2 lines are no request and are left out"), "{}", text(&output.stderr));
    let scenario = std::fs::read_to_string(folder.path().join("log.toml")).unwrap();
    assert!(scenario.contains("skip_bad_lines = true"), "{scenario}");
}

#[test]
fn models_of_a_log_have_a_capacity_each_and_the_scenario_runs() {
    let record = |model: &str, second: u32| {
        format!(
            r#"{{"timestamp":"2026-04-01T00:{:02}:{:02}Z","modelId":"{model}","input":{{"inputTokenCount":50}},"output":{{"outputTokenCount":6}}}}"#,
            second / 60,
            second % 60
        )
    };
    let lines: Vec<String> =
        (0..200).map(|i| record(["us.amazon.nova-pro-v1:0", "us.amazon.nova-lite-v1:0"][i % 2], i as u32)).collect();
    let folder = folder("log.json", lines.join("\n").as_bytes());
    done(folder.path(), &["import", "trace", "log.json", "--split-by", "modelId"]);
    let run = done(folder.path(), &["run", "log.toml", "--no-charts"]);
    assert!(run.contains("200 offered · 200 served"), "{run}");
}

#[test]
fn a_placeholder_lowers_no_cap_that_a_record_has() {
    let rows: String = (0..120).map(|i| format!("{i},100,200,{}\n", if i % 3 == 0 { "" } else { "4096" })).collect();
    let folder = folder("t.csv", format!("arrival_s,input_tokens,output_tokens,max_tokens\n{rows}").as_bytes());
    done(folder.path(), &["import", "trace", "t.csv"]);
    let scenario = std::fs::read_to_string(folder.path().join("t.toml")).unwrap();
    assert!(scenario.contains("max_tokens = 4096"), "{scenario}");
}

#[test]
fn a_value_of_the_importer_that_nobody_has_replaced_is_assumed_and_the_decision_says_so() {
    let folder = log();
    done(folder.path(), &["import", "trace", "log.json.gz", "--out", "a.toml"]);
    let told = |args: &[&str]| {
        let output = bedload(folder.path(), &[&["run", "a.toml", "--no-charts", "--replications", "1"], args].concat());
        text(&output.stdout).split_whitespace().collect::<Vec<_>>().join(" ")
    };
    let all = told(&[]);
    assert!(all.contains("values are placeholders, among them capacities.account.rpm"), "{all}");
    let results = std::fs::read_to_string(folder.path().join("output/a/results.json")).unwrap();
    let results: bedload::results::Results = serde_json::from_str(&results).unwrap();
    let assumed: Vec<&str> = results.assumptions.iter().map(|a| a.path.as_str()).collect();
    assert!(assumed.contains(&"capacities.account.tpm") && assumed.contains(&"capacities.account.rpm"), "{assumed:?}");
    // A value of one's own is no placeholder any more.
    let own = ["--set", "capacities.account.rpm=5000", "--set", "capacities.account.tpm=9000000"];
    let set = told(&own);
    assert!(!set.contains("among them capacities.account"), "{set}");
}

//! A hostile scenario through the program: every verb, every format, and the log of a pipeline.

use std::path::{Path, PathBuf};
use std::process::Command;

use bedload::escape::is_harmful;

const TITLE: &str = r#""a\u001b[2J\u001b]0;owned\u0007b\u202Ec\u009b31m <img src=x onerror=\"alert(1)\"><script>x</script>\n\n# second\n\n- [x] approved\n::error file=x,line=1::owned ##[error]owned @somebody [link](http://x) | cell""#;
const NAME: &str = "a\n::error file=x,line=1::owned \u{1b}[2J\u{202e} b.toml";
const LABEL: &str = r#""=cmd|' /C calc'!A0\n::error::owned\u001b[2J""#;

/// A folder with the scenario under a hostile name.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let text = crate::escapes::written(TITLE, LABEL);
    std::fs::write(folder.path().join(NAME), text).unwrap();
    folder
}

/// Returns the output of the program on both streams.
fn printed(folder: &Path, args: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_bedload"))
        .args(args)
        .current_dir(folder)
        .env("GITHUB_ACTIONS", "true")
        .env_remove("NO_COLOR")
        .output()
        .unwrap();
    assert!(output.status.code().is_some_and(|code| code != 101), "{args:?}");
    let text = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    assert!(!text.is_empty(), "{args:?}");
    assert_harmless(&text, &format!("{args:?}"));
    text
}

/// Nothing in a text acts on a terminal or on a pipeline but commands of the program's own.
fn assert_harmless(text: &str, what: &str) {
    assert_readable(text, what);
    let own = |line: &str| {
        ["::error file=a\\u{a}%3A%3Aerror ", "::error file=a\\u{a}%3A%3Aerror%3A%3Aowned"]
            .iter()
            .any(|own| line.starts_with(own))
    };
    let commands: Vec<&str> = text.lines().filter(|l| l.trim_start().starts_with("::") && !own(l)).collect();
    assert!(commands.is_empty(), "{what}: {commands:?}");
    assert!(!text.contains("##["), "{what}: {text}");
}

/// Every character of a text is read, and none acts.
fn assert_readable(text: &str, what: &str) {
    let harmful: Vec<char> = text.chars().filter(|c| *c != '\n' && is_harmful(*c)).collect();
    assert!(harmful.is_empty(), "{what}: {harmful:?} in\n{text}");
}

/// The text files in a folder and below it, with their texts.
fn texts(folder: &Path) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let ends = |end: &str| path.extension().is_some_and(|e| e == end);
        if path.is_dir() {
            found.extend(texts(&path));
        } else if ["csv", "md", "html", "svg", "xml"].iter().any(|end| ends(end)) {
            found.push((path.clone(), std::fs::read_to_string(path).unwrap()));
        }
    }
    found
}

#[test]
fn nothing_of_a_hostile_scenario_acts_in_what_a_verb_prints_or_writes() {
    let folder = folder();
    let path = folder.path();
    let b = "--set=capacities.us.tpm=90_000";
    let verbs: [&[&str]; 4] = [&["run", NAME], &["size", NAME], &["sweep", NAME], &["compare", NAME, b]];
    for verb in verbs {
        for format in ["text", "markdown", "json"] {
            let out = format!("out-{}", verb[0]);
            let text = printed(path, &[verb, &["--no-charts", "--format", format, "--out", &out]].concat());
            let is_markup =
                ["<script", "\n# second", "- [x]", "@some", "[link](http"].iter().any(|markup| text.contains(markup));
            assert!(format != "markdown" || !is_markup, "{text}");
            let is_document = || serde_json::from_str::<serde_json::Value>(&text).is_ok();
            assert!(format != "json" || text.contains("\nwarning") || is_document(), "{text}");
        }
        let results = format!("out-{}", verb[0]);
        printed(path, &["chart", &results, "--format", "svg"]);
        printed(path, &["report", &results]);
        printed(path, &["report", &results, "--format", "markdown"]);
    }
    let files = texts(path);
    assert!(files.len() > 12, "{}", files.len());
    for (file, text) in files {
        assert_readable(&text, &file.display().to_string());
        assert!(!text.contains("<script>x") && !text.contains("<img src=x"), "{}", file.display());
    }
}

#[test]
fn a_check_of_a_hostile_file_name_tells_a_pipeline_nothing_but_its_verdict() {
    let folder = folder();
    let text = printed(folder.path(), &["check", NAME, "--junit", "junit.xml", "--markdown", "comment.md"]);
    assert!(text.contains("FAIL          a\\u{a}::error file=x,line=1::owned \\u{1b}[2J\\u{202e} b.toml\n"), "{text}");
    assert_eq!(text.lines().filter(|line| line.starts_with("::")).count(), 2, "{text}");
    printed(folder.path(), &["check", NAME, "--quiet"]);
    printed(folder.path(), &["check", NAME, "--markdown", "-"]);
    printed(folder.path(), &["check", NAME, "--write-baseline", "base.json"]);
    printed(folder.path(), &["check", NAME, "--baseline", "base.json", "--markdown", "comment.md"]);
    for (file, text) in texts(folder.path()) {
        assert_readable(&text, &file.display().to_string());
    }
}

#[test]
fn a_broken_file_with_a_hostile_name_tells_a_pipeline_nothing_but_its_faults() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join(NAME), "title = 1\n\"a\u{1b}[2J\\n::error::owned\" = 2\n[a##[error]b\n").unwrap();
    for verb in ["check", "validate", "run", "sweep", "size"] {
        let text = printed(folder.path(), &[verb, NAME]);
        assert!(text.contains("error"), "{text}");
    }
    printed(folder.path(), &["check", NAME, "--markdown", "-"]);
}

#[test]
fn a_list_of_points_has_no_formula() {
    let folder = folder();
    let list = printed(folder.path(), &["sweep", NAME, "--list"]);
    assert!(list.contains("\n0,'=cmd|' /C calc'!A0\\u{a}::error::owned\\u{1b}[2J\n1,plain\n"), "{list}");
}

#[test]
fn validate_shows_a_title_and_a_label_on_lines_of_its_own() {
    let folder = folder();
    let text = printed(folder.path(), &["validate", NAME]);
    assert!(text.starts_with("a\\u{a}::error file=x"), "{text}");
    assert!(text.contains("a\\u{1b}[2J"), "{text}");
}

#[test]
fn arguments_are_quoted_as_data() {
    let folder = tempfile::tempdir().unwrap();
    let bad = "a\n::error::owned\u{1b}[31m\u{202e}##[error]";
    let flag = format!("--{bad}");
    let set = format!("--set={bad}=1");
    for args in [
        &[bad][..],
        &["run", &flag],
        &["run", "x.toml", "--format", bad],
        &["run", bad],
        &["run", "x.toml", &set],
        &["explain", bad],
        &["catalog", bad],
        &["catalog", "--catalog", bad],
        &["init", bad],
        &["chart", bad],
        &["chart", "x.json", "--only", bad],
        &["report", bad],
        &["import", "trace", bad],
        &["schema", bad],
        &["check", bad, "--baseline", bad],
        &["validate", bad, "--catalog", bad],
    ] {
        printed(folder.path(), args);
    }
}

#[test]
fn a_written_file_is_named_as_data() {
    let folder = tempfile::tempdir().unwrap();
    let text = printed(folder.path(), &["init", "--out", NAME]);
    assert!(text.starts_with("wrote a\\u{a}::error file=x"), "{text}");
}

#[test]
fn labels_of_a_log_become_values_that_read_back() {
    let folder = tempfile::tempdir().unwrap();
    let label = "x\u{1b}[2J\u{202e}##[error]";
    let rows: String = (0..40).map(|i| format!("{}.0,10,10,\"{label}\"\n{}.5,10,10,b\n", i, i)).collect();
    let log = format!("arrival_s,input_tokens,output_tokens,team\n{rows}");
    let name = "log\n::error::owned\u{1b}[2J.csv";
    std::fs::write(folder.path().join(name), log).unwrap();
    printed(folder.path(), &["import", "trace", name, "--split-by", "team", "-o", "-"]);
    printed(folder.path(), &["import", "trace", name, "--split-by", "team", "-o", "new.toml"]);
    let text = std::fs::read_to_string(folder.path().join("new.toml")).unwrap();
    assert_harmless(&text, "new.toml");
    let read: toml::Table = toml::from_str(&text).unwrap_or_else(|e| panic!("{e}: {text}"));
    assert!(text.contains("is = \"x\\u001B[2J\\u202E\\u0023#[error]\""), "{text}");
    assert!(read.contains_key("workloads"));
    let only = &read["workloads"]["x__2j____error_"]["arrivals"]["trace"]["only"];
    assert_eq!(only["is"].as_str(), Some(label));
    printed(folder.path(), &["run", "new.toml", "--no-charts"]);
}

#[test]
fn a_catalogue_of_ones_own_is_shown_as_data() {
    let folder = tempfile::tempdir().unwrap();
    let hostile = r#""x\u001b[2J\n::error::owned\u202e""#;
    let text = format!(
        "[[models]]\nid = \"amazon.nova-pro-v1:0\"\nname = {hostile}\n[models.max_output_tokens]\nvalue = 4000\nsource = {hostile}\nas_of = \"2026-11-01\"\n"
    );
    std::fs::write(folder.path().join("own.toml"), text).unwrap();
    let shown = printed(folder.path(), &["catalog", "amazon.nova-pro-v1:0", "--catalog", "own.toml"]);
    assert!(shown.contains("x\\u{1b}[2J ::error::owned\\u{202e}"), "{shown}");
    printed(folder.path(), &["catalog", "--catalog", "own.toml"]);
}

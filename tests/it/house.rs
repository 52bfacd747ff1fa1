//! The house test: who may import whom, and who may touch what, read from the sources.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// The levels of the house. A module imports from lower levels only.
const LEVELS: [&[&str]; 8] = [
    &["units", "diagnostic", "escape", "reading", "folder"],
    &["random", "stats", "queue", "terms", "catalog", "trace"],
    &["model", "results", "figures"],
    &["traffic", "scenario"],
    &["engine", "metrics"],
    &["experiment"],
    &["report", "charts", "import"],
    &["cli"],
];

/// Edges that go sideways or up, each for a reason.
const EDGES: [(&str, &str, &str); 5] = [
    ("metrics", "engine", "the recorder implements the engine's observer"),
    ("terms", "model", "the reasons of a refusal are named once, where they are tested"),
    ("report", "charts", "the page holds the drawings"),
    ("model", "figures", "what a run leaves out of its traffic is said with figures"),
    ("units", "diagnostic", "a value and where it was written are one type"),
];

/// Modules that see little, and all that they see of the house.
const SHORT_SIGHTED: [(&str, &[&str]); 2] = [
    ("report", &["charts", "escape", "figures", "results", "terms", "units"]),
    ("charts", &["escape", "figures", "results", "terms", "units"]),
];

/// The words that only some files may contain, with these files.
const RESERVED: [(&str, &[&str]); 24] = [
    ("File::open(", &["reading/", "folder/", "scenario/digests.rs"]),
    ("fs::read(", &["reading/"]),
    ("read_to_string(", &["reading/", "folder/"]),
    ("println!", &[]),
    ("eprintln!", &[]),
    ("print!", &[]),
    ("eprint!", &[]),
    // What is printed passes through the escapes of one file.
    ("write!(std::io", &["cli/terminal.rs"]),
    ("writeln!(std::io", &["cli/terminal.rs"]),
    ("write!(io::", &["cli/terminal.rs"]),
    ("writeln!(io::", &["cli/terminal.rs"]),
    ("stdout().lock", &["cli/terminal.rs"]),
    ("stderr().lock", &["cli/terminal.rs"]),
    ("stdout()", &["cli/"]),
    ("stderr()", &["cli/"]),
    ("std::env::", &["cli/"]),
    ("rand::", &["random/"]),
    ("rand_distr::", &["random/"]),
    ("rayon::", &["experiment/"]),
    ("plotters::", &["charts/frame.rs", "charts/style.rs"]),
    ("resvg::", &["charts/frame.rs"]),
    ("unsafe {", &[]),
    (".mul_add(", &[]),
    (".powf(", &[]),
];

const LONGEST_FILE: usize = 500;

/// A doc comment that opens with one of these is a fragment, which nobody understands without the code below it.
const FRAGMENTS: [&str; 14] = [
    "What", "How", "Whether", "Who", "Whom", "Whose", "Why", "Which", "When", "Where", "Of", "Such as", "So many",
    "The same",
];

fn level(module: &str) -> Option<usize> {
    LEVELS.iter().position(|modules| modules.contains(&module))
}

/// Returns the faults of a file, in the words of a reviewer.
fn faults(path: &str, text: &str) -> Vec<String> {
    let mut faults = Vec::new();
    if text.lines().count() > LONGEST_FILE {
        faults.push(format!("{path} is past {LONGEST_FILE} lines: cut it where its story has a chapter"));
    }
    faults.extend(fragments(text).map(|(number, line)| format!("{path}:{number} is no sentence: {line}")));
    let code = without_tests(text);
    for (number, line) in (1..).zip(code.lines()) {
        let bare = line.split("//").next().unwrap_or_default();
        for (word, places) in RESERVED {
            // `rand::` is also the end of `other_rand::`; a method follows anything.
            let begins =
                |i: usize| word.starts_with('.') || !bare[..i].ends_with(|c: char| c.is_alphanumeric() || c == '_');
            let named = bare.match_indices(word).any(|(i, _)| begins(i));
            if named && !places.iter().any(|place| path.starts_with(place)) {
                faults.push(format!("{path}:{number} names `{word}`, which belongs to {places:?}"));
            }
        }
    }
    let module = path.split(['/', '.']).next().unwrap_or_default();
    if module != "lib" && module != "main" {
        faults.extend(imports(&code).into_iter().filter_map(|to| edge(path, module, &to)));
    }
    faults
}

/// Returns the doc comments that open as fragments, with the number of their line.
fn fragments(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let comment = |line: &str| line.starts_with("///") || line.starts_with("//!");
    let lines = || text.lines().map(str::trim_start);
    let opening = std::iter::once("").chain(lines()).zip(lines()).enumerate();
    opening.filter_map(move |(i, (before, line))| {
        let opens = comment(line) && !comment(before);
        let said = line.get(4..).filter(|_| opens)?;
        let is_fragment =
            |word: &str| said.strip_prefix(word).is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphanumeric()));
        FRAGMENTS.iter().any(|word| is_fragment(word)).then_some((i + 1, line))
    })
}

/// Returns why `module` must not import `to`; `None` when it may.
fn edge(path: &str, module: &str, to: &str) -> Option<String> {
    if module == to {
        return None;
    }
    let (Some(from_level), Some(to_level)) = (level(module), level(to)) else {
        return Some(format!("{path}: `{module}` or `{to}` has no level in the house test's table"));
    };
    if let Some((_, sees)) = SHORT_SIGHTED.iter().find(|(name, _)| *name == module)
        && !sees.contains(&to)
    {
        return Some(format!("{path}: `{module}` sees {sees:?} alone, not `{to}`"));
    }
    let listed = EDGES.iter().any(|(from, target, _)| *from == module && *target == to);
    (to_level >= from_level && !listed).then(|| {
        format!("{path}: `{module}` (level {from_level}) imports `{to}` (level {to_level}); imports go down, or along an edge that is listed")
    })
}

/// The top-level modules named after `crate::`, grouped ones too.
fn imports(code: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (i, _) in code.match_indices("crate::") {
        let rest = &code[i + "crate::".len()..];
        let names = match rest.strip_prefix('{') {
            Some(group) => top_names(group),
            None => vec![first_name(rest)],
        };
        found.extend(names.into_iter().filter(|n| !n.is_empty() && n.starts_with(|c: char| c.is_ascii_lowercase())));
    }
    found
}

fn first_name(text: &str) -> String {
    text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

/// The names at the top of a group `a, b::{c, d}}`.
fn top_names(group: &str) -> Vec<String> {
    let (mut names, mut depth, mut start) = (Vec::new(), 0, 0);
    for (i, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => {
                names.push(first_name(group[start..i].trim()));
                break;
            }
            '}' => depth -= 1,
            ',' if depth == 0 => {
                names.push(first_name(group[start..i].trim()));
                start = i + 1;
            }
            _ => {}
        }
    }
    names
}

/// The text without its test modules and its doc comments.
fn without_tests(text: &str) -> String {
    let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    let kept: Vec<&str> = code.lines().map(|l| if l.trim_start().starts_with("//") { "" } else { l }).collect();
    kept.join("\n")
}

fn sources(folder: &Path, out: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("src can be read") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            sources(&path, out);
        } else if path.extension().is_some_and(|e| e == "rs") && !path.ends_with("tests.rs") {
            out.push(path);
        }
    }
}

#[test]
fn the_house_stands() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&src, &mut files);
    assert!(files.len() > 60, "the test looks in the wrong place");
    let mut all = Vec::new();
    for file in files {
        let path = file.strip_prefix(&src).expect("below src").to_string_lossy().replace('\\', "/");
        all.extend(faults(&path, &std::fs::read_to_string(&file).expect("a source can be read")));
    }
    assert!(all.is_empty(), "\n{}", all.join("\n"));
}

#[test]
fn comments_of_tests_are_sentences_too() {
    let mut files = Vec::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it"), &mut files);
    assert!(files.len() > 60, "the test looks in the wrong place");
    let mut all = Vec::new();
    for file in files {
        let text = std::fs::read_to_string(&file).expect("a source can be read");
        all.extend(fragments(&text).map(|(number, line)| format!("{}:{number}: {line}", file.display())));
    }
    assert!(all.is_empty(), "\n{}", all.join("\n"));
}

/// The gate runs by name each test that `cargo test` leaves out as slow.
#[test]
fn slow_tests_are_run_by_the_gate() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let gate = std::fs::read_to_string(root.join(".ci/run")).expect("the gate can be read");
    let mut files = Vec::new();
    sources(&root.join("tests/it"), &mut files);
    sources(&root.join("src"), &mut files);
    let mut slow = Vec::new();
    for file in files {
        let module = file.file_stem().expect("a source has a name").to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&file).expect("a source can be read");
        let mut lines = text.lines().map(str::trim_start);
        while lines.any(|line| line.starts_with("#[ignore")) {
            let name = lines.by_ref().find_map(|line| line.strip_prefix("fn ")).expect("a test has a name");
            slow.push(format!("{module}::{}", name.split('(').next().unwrap_or_default()));
        }
    }
    // A list of names goes on behind a backslash. A name of another module would run nothing, and pass.
    let named = |name: &str| {
        gate.lines().any(|line| line.trim_end_matches(" \\").rsplit(' ').next().is_some_and(|word| word == name))
    };
    assert!(!slow.is_empty(), "the test looks in the wrong place");
    let missed: Vec<_> = slow.iter().filter(|name| !named(name)).collect();
    assert!(missed.is_empty(), ".ci/run does not name {missed:?}");
}

#[test]
fn an_edge_upwards_is_found() {
    let found = faults("engine/mod.rs", "use crate::experiment::run;\n");
    assert!(found[0].contains("`engine` (level 4) imports `experiment` (level 5)"), "{found:?}");
    assert!(!faults("scenario/mod.rs", "use crate::{units::Usd, engine::{Engine, run}};\n").is_empty());
    assert!(!faults("charts/x.rs", "fn f() { crate::model::Model::new(); }\n").is_empty());
    assert!(!faults("newcomer/mod.rs", "use crate::units::Usd;\n").is_empty());
}

#[test]
fn an_edge_downwards_or_listed_is_fine() {
    assert_eq!(faults("engine/mod.rs", "use crate::model::Model;\nuse crate::queue::{Class, Event};\n"), [""; 0]);
    assert_eq!(faults("metrics/recorder.rs", "use crate::engine::observer::Observer;\n"), [""; 0]);
    assert_eq!(faults("engine/mod.rs", "#[cfg(test)]\nmod tests {\n    use crate::cli::main;\n}\n"), [""; 0]);
    assert_eq!(faults("engine/mod.rs", "/// See [`crate::cli`].\nfn f() {}\n"), [""; 0]);
}

#[test]
fn what_is_reserved_is_found_elsewhere() {
    for (path, line) in [
        ("engine/mod.rs", "println!(\"here\");"),
        ("metrics/mod.rs", "use rayon::prelude::*;"),
        ("traffic/mod.rs", "let r = rand::rng();"),
        ("charts/axis.rs", "use plotters::prelude::*;"),
        ("stats/mod.rs", "let y = x.powf(2.0);"),
    ] {
        assert_eq!(faults(path, line).len(), 1, "{path}: {line}");
    }
    assert_eq!(faults("cli/run.rs", "println!(\"here\");").len(), 1);
    assert_eq!(faults("cli/terminal.rs", "let out = stdout().lock();"), [""; 0]);
}

#[test]
fn a_doc_comment_that_is_no_sentence_is_found() {
    for comment in ["/// What stands right of the panel.", "//! Of one replication.", "    /// Whether it is."] {
        assert_eq!(faults("units/mod.rs", comment).len(), 1, "{comment}");
    }
    for comment in
        ["/// Returns the limit.\n/// What it took is in it.", "/// Whatever", "//! On-demand inference.", "// What"]
    {
        assert_eq!(faults("units/mod.rs", comment), [""; 0], "{comment}");
    }
}

#[test]
fn a_file_that_grows_too_long_is_found() {
    assert_eq!(faults("units/long.rs", &"// line\n".repeat(LONGEST_FILE + 1)).len(), 1);
}

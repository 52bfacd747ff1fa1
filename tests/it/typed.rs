//! The console blocks of the documents, typed: commands, exit codes and what is printed, as written.

use std::path::{Path, PathBuf};
use std::process::Command;

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn read(name: &str) -> String {
    std::fs::read_to_string(file(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
}

/// The fenced blocks of a document with their language.
fn blocks(text: &str) -> Vec<(&str, &str)> {
    let fenced = text.split("\n```").skip(1).step_by(2);
    fenced.filter_map(|block| block.split_once('\n')).collect()
}

/// Returns a document as trycmd reads it: the output of a command ends with a line break, so that a block ends in a blank
/// line, and a command that goes on in the next line says so there alone.
fn spaced(text: &str) -> String {
    let mut out = String::new();
    let (mut console, mut printed) = (false, false);
    for line in text.lines() {
        let fence = line.starts_with("```");
        let typed = console && ["$ ", "> "].iter().any(|start| line.starts_with(start));
        if console && printed && (fence || line.starts_with("$ ")) {
            out.push('\n');
        }
        printed = console && !typed && !line.starts_with("? ");
        if fence {
            (console, printed) = (line == "```console", false);
        }
        out += if typed { line.trim_end_matches(" \\") } else { line };
        out.push('\n');
    }
    out
}

/// Returns a document as a reader sees it: no output is quoted with a blank line at its end.
fn unspaced(text: &str) -> String {
    text.replace("\n\n```\n", "\n```\n").replace("\n\n$ ", "\n$ ").replace("\n>   --", " \\\n>   --")
}

/// Types a document in a folder that holds these files. `TRYCMD=overwrite` writes into it what is printed today.
fn type_out(document: &str, files: &[(&str, Vec<u8>)]) {
    let folder = tempfile::tempdir().expect("a folder");
    let inside = folder.path().join("typed.in");
    std::fs::create_dir(&inside).expect("a folder");
    for (name, contents) in files {
        let path = inside.join(name);
        std::fs::create_dir_all(path.parent().expect("it is in a folder")).expect("a folder");
        std::fs::write(path, contents).expect("it is written");
    }
    let copy = folder.path().join("typed.md");
    std::fs::write(&copy, spaced(&read(document))).expect("it is written");
    let program = trycmd::schema::Bin::Path(env!("CARGO_BIN_EXE_bedload").into());
    let typed = std::panic::catch_unwind(|| {
        trycmd::TestCases::new().register_bin("bedload", program).env("GITHUB_ACTIONS", "").case(&copy).run();
    });
    if std::env::var_os("TRYCMD").is_some_and(|mode| mode == "overwrite") {
        let written = std::fs::read_to_string(&copy).expect("it is there");
        std::fs::write(file(document), unspaced(&written)).expect("it is written");
    }
    assert!(typed.is_ok(), "{document} shows another program than this; `TRYCMD=overwrite cargo test --test it typed`");
}

/// A share or a sum of money in a sentence is one that a block shows.
#[test]
fn the_tutorial_says_what_it_shows() {
    let text = read("docs/TUTORIAL.md");
    let shown: String = blocks(&text).into_iter().map(|(_, block)| block).collect();
    let prose: String =
        text.split("\n```").step_by(2).collect::<Vec<_>>().join("\n").replace("\n> ", " ").replace('\n', " ");
    let words: Vec<&str> = prose.split(' ').collect();
    let shares = words.windows(2).filter(|pair| pair[1].starts_with('%')).map(|pair| format!("{} %", pair[0]));
    let sums = words.iter().filter(|word| word.starts_with('$') && word.len() > 1);
    let sums = sums.map(|word| word[1..].trim_end_matches(|c: char| !c.is_ascii_digit()).to_owned());
    let said: Vec<String> = shares.chain(sums).map(|figure| figure.trim_start_matches('(').to_owned()).collect();
    let missing: Vec<&String> = said.iter().filter(|figure| !shown.contains(figure.as_str())).collect();
    assert!(missing.is_empty() && said.len() > 15, "no block shows these of {}: {missing:?}", said.len());
}

#[test]
fn the_tutorial_can_be_typed() {
    let text = read("docs/TUTORIAL.md");
    let mut files = vec![("assistant.json.gz", std::fs::read(file("scenarios/logs/assistant.json.gz")).unwrap())];
    let mut commands = 0;
    for (language, block) in blocks(&text) {
        match language {
            "toml" => {
                let name = block.strip_prefix("# ").and_then(|rest| rest.split(':').next());
                files.push((name.expect("a file says in its first line what it is called"), block.into()));
            }
            "console" => {
                commands += block.matches("\n$ ").count() + 1;
                let wide: Vec<&str> = block.lines().filter(|line| line.chars().count() > 80).collect();
                assert!(wide.is_empty(), "wider than 80 columns: {wide:#?}");
            }
            "sh" => assert!(!block.contains("bedload "), "what can be run is shown as console, not as sh: {block}"),
            other => panic!("`{other}` is no language of the tutorial"),
        }
    }
    assert!(commands > 15 && files.len() > 4, "{commands} commands and {} files are too few", files.len());
    type_out("docs/TUTORIAL.md", &files);
}

const UNITS: &str = "model_units = 2\ninput_tpm_per_unit = 400_000\noutput_tpm_per_unit = 100_000\n";

#[test]
fn the_readme_can_be_typed() {
    let scenario = read("scenarios/quickstart.toml");
    let sold = scenario.replace("us.amazon.nova-pro-v1:0", "anthropic.claude-sonnet-4-6");
    let (before, rest) = sold.split_once("[capacities.us.on_demand]").expect("it has a quota");
    let (_, after) = rest.split_once("\n\n").expect("it expects something");
    let launch = format!("{before}[capacities.dedicated.provisioned]\n{UNITS}\n{after}");
    type_out("README.md", &[("scenarios/quickstart.toml", scenario.into()), ("launch.toml", launch.into())]);
}

#[test]
fn what_the_gallery_shows_is_printed() {
    let names = ["scenarios/doubt-flips.toml"];
    type_out("scenarios/README.md", &names.map(|name| (name, read(name).into_bytes())));
}

/// They show no output, and still they are commands that run.
#[test]
fn the_commands_of_the_readme_run() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = read("README.md");
    let lines =
        blocks(&text).into_iter().filter(|(language, _)| *language == "sh").flat_map(|(_, block)| block.lines());
    let commands: Vec<&str> = lines.filter_map(|line| line.strip_prefix("bedload ")).collect();
    assert!(commands.len() >= 5, "{commands:?}");
    for command in commands {
        let args = command.split('#').next().unwrap_or_default().split_whitespace();
        let mut program = Command::new(env!("CARGO_BIN_EXE_bedload"));
        let output = program.args(args).current_dir(folder.path()).output().expect("the program runs");
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(matches!(output.status.code(), Some(0 | 1 | 4)), "bedload {command}: {told}");
    }
}

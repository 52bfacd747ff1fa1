//! `bedload report`: the same story as one page and as Markdown.

use std::path::Path;
use std::process::{Command, Output};

/// Names with markup in them, and something of everything that a report shows.
const SCENARIO: &str = include_str!("browser/markup.toml");
const FILE: &str = "s & <b>.toml";

fn bedload(folder: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_bedload")).args(args).current_dir(folder).output().expect("the program runs")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("it is text")
}

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join(FILE), SCENARIO).expect("it is written");
    folder
}

/// Both reports of what a verb makes: the page and the Markdown.
fn reports(folder: &Path, args: &[&str]) -> [String; 2] {
    let made = bedload(folder, &[args, &["--out", "o", "--no-charts", "--quiet"]].concat());
    assert!(matches!(made.status.code(), Some(0 | 1 | 4)), "{}", text(&made.stderr));
    [("html", "report.html"), ("markdown", "report.md")].map(|(format, name)| {
        let made = bedload(folder, &["report", "o", "--format", format, "--scenario", FILE]);
        assert_eq!(text(&made.stdout), format!("o/{name}\n"), "{}", text(&made.stderr));
        std::fs::read_to_string(folder.join("o").join(name)).expect("it is there")
    })
}

/// Returns each text between two marks.
fn between<'t>(text: &'t str, from: &str, to: &str) -> Vec<&'t str> {
    text.split(from).skip(1).filter_map(|rest| Some(rest.split_once(to)?.0)).collect()
}

/// Lines that are not in code.
fn outside_code(markdown: &str) -> Vec<&str> {
    let mut fence = None;
    let lines = markdown.lines().filter(|line| {
        let ticks = line.len() - line.trim_start_matches('`').len();
        match fence {
            Some(open) if ticks >= open => fence = None,
            None if ticks >= 3 => fence = Some(ticks),
            None => return true,
            Some(_) => {}
        }
        false
    });
    lines.collect()
}

/// Cells of a row: bars that are not escaped, less one.
fn cells(row: &str) -> usize {
    row.matches('|').count() - row.matches("\\|").count() - 1
}

#[test]
fn markdown_tells_what_the_page_tells() {
    let folder = folder();
    let compare = ["compare", FILE, "--set", "capacities.dedicated.model_units=4", "--no-doubt"];
    for args in [&["run", FILE][..], &["size", FILE], &["sweep", FILE], &compare] {
        let [page, markdown] = reports(folder.path(), args);
        let headings = between(&page, "<h2>", "</h2>");
        assert_eq!(
            (headings[0], headings[headings.len() - 1]),
            ("Recommendation", "Appendix"),
            "{args:?}: {headings:?}"
        );
        assert_eq!(headings, between(&markdown, "\n## ", "\n"), "{args:?}");
        let deeper = between(&page, "<h3>", "</h3>");
        assert!(headings.len() + deeper.len() >= 9, "{args:?}: {deeper:?}");
        assert_eq!(deeper, between(&markdown, "\n### ", "\n"), "{args:?}");
        let answer = between(&page, "<p class=\"answer", "</p>")[0].split_once('>').expect("it ends").1;
        let bare = |text: &str| {
            let marks = ["<wbr>", "<code>", "</code>", "\\", "`", "*"];
            marks.iter().fold(text.replace('\u{a0}', " "), |text, mark| text.replace(mark, ""))
        };
        assert_eq!(bare(answer), bare(between(&markdown, "\n> **", "**\n")[0]), "{args:?}");
        // As many pictures, and each is a file beside it.
        let pictures: Vec<&str> =
            between(&markdown, "\n![", ".png)\n").iter().filter_map(|p| p.split("](").nth(1)).collect();
        assert_eq!(pictures, between(&page, "<figure id=\"", "\""), "{args:?}");
        assert!(!pictures.is_empty(), "{args:?}");
        for picture in pictures {
            let png = std::fs::read(folder.path().join("o").join(format!("{picture}.png"))).expect("it is there");
            assert!(png.starts_with(b"\x89PNG"), "{picture}");
        }
        // As many cells in both, and rows as wide as their heading.
        let rows = outside_code(&markdown).into_iter().filter(|line| line.starts_with('|')).collect::<Vec<_>>();
        let figures = page.matches("<dt>").count();
        let rules = rows.iter().filter(|row| row.starts_with("|---")).count();
        let empty = rows.iter().filter(|row| **row == "| | |").count();
        assert_eq!(rows.len() - rules - empty, page.matches("<tr").count() + figures, "{args:?}\n{markdown}");
        for table in outside_code(&markdown).split(|line| !line.starts_with('|')).filter(|rows| !rows.is_empty()) {
            assert!(table.iter().all(|row| cells(row) == cells(table[0])), "{args:?}: {table:#?}");
        }
    }
}

#[test]
fn what_a_user_wrote_is_no_markup_in_a_pull_request() {
    let folder = folder();
    let [_, markdown] = reports(folder.path(), &["run", FILE]);
    for part in [
        "# &lt;script&gt;alert(1)&lt;/script&gt; Do \\*two\\* units \\| \\`carry\\` a_chat &amp; another",
        "A quota is an upper bound, not a guarantee",
        "bedload run 's & <b>.toml'\n",
        "<summary>The scenario, s &amp; &lt;b&gt;.toml</summary>\n\n```toml\ntitle = \"<script>",
        "seed 1 · scenario sha256 `",
        "**Committed, whether used or not:**",
        "Check these first. |  |  |  |\n| `",
    ] {
        assert!(markdown.contains(part), "{part} is not in\n{markdown}");
    }
    let outside = outside_code(&markdown).join("\n");
    assert!(!outside.contains("<script") && !outside.contains("<b>") && !outside.contains('\u{a0}'), "{outside}");
    // A document may come from anywhere: what stands in it stays in its cell.
    let document = folder.path().join("o/results.json");
    let mut results: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(&document).unwrap()).unwrap();
    let hostile = "a | b\n\n# c <img src=x> `d` ![e](f) ``` \u{7}";
    for text in ["path", "value", "source"] {
        results["inputs"][0][text] = hostile.into();
    }
    results["scenario"]["file"] = hostile.into();
    results["scenario"]["title"] = format!("1. {hostile}").into();
    results["notes"][0]["text"] = format!("- {hostile}").into();
    std::fs::write(&document, results.to_string()).unwrap();
    let made = bedload(folder.path(), &["report", "o", "--format", "markdown", "--out", "m.md", "--quiet"]);
    assert!(made.status.success(), "{}", text(&made.stderr));
    let markdown = std::fs::read_to_string(folder.path().join("m.md")).unwrap();
    let lines = outside_code(&markdown);
    assert_eq!(lines.iter().filter(|line| line.starts_with("# ")).count(), 1, "{markdown}");
    assert!(
        lines[0].starts_with("# 1\\. a \\| b\\\\u{a}\\\\u{a}\\# c &lt;img src=x&gt; \\`d\\` !\\[e\\](f)"),
        "{}",
        lines[0]
    );
    let row = lines.iter().find(|line| line.contains("| ````a \\| b")).expect("the input is a row");
    assert_eq!(cells(row), 4, "{row}");
}

#[test]
fn a_report_that_cannot_be_written_leaves_nothing() {
    let folder = folder();
    reports(folder.path(), &["run", FILE]);
    std::fs::create_dir(folder.path().join("taken")).unwrap();
    std::fs::write(folder.path().join("file"), "").unwrap();
    for (out, code, part) in [
        ("none/below/r.md", 3, "cannot write `none/below/r.md`"),
        ("file/r.md", 2, "cannot write `file/r.md`"),
        ("taken", 2, "`taken` is a folder"),
    ] {
        for format in ["html", "markdown"] {
            let made = bedload(folder.path(), &["report", "o", "--format", format, "--out", out]);
            assert_eq!(made.status.code(), Some(code), "{out}: {}", text(&made.stderr));
            assert!(text(&made.stderr).contains(part), "{out}: {}", text(&made.stderr));
        }
    }
    assert_eq!(std::fs::read_dir(folder.path().join("taken")).unwrap().count(), 0);
    let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(left.len(), 4, "{left:?}");
}

#[test]
fn a_page_of_a_thousand_points_is_no_burden() {
    let folder = tempfile::tempdir().expect("a folder");
    let sweep = r#"
title = "A thousand points"
run = { duration = "2m", warmup = "0s", replications = 2 }
models.m = { max_output_tokens = 500, time_to_first_token = "300ms", output_tokens_per_second = 80, prices = { input = "$1/1M", output = "$5/1M" } }
[workloads.chat]
model = "m"
arrivals.poisson.rate = "20/min"
input_tokens = 900
output_tokens = 200
max_tokens = 500
[capacities.us.on_demand]
tpm = 30_000
[sweep]
"capacities.us.tpm" = { from = 10_000, to = 55_000, step = 5_000 }
"workloads.chat.max_tokens" = { from = 200, to = 425, step = 25 }
"workloads.chat.scale" = [0.2, 0.4, 0.6, 0.8, 1, 1.2, 1.4, 1.6, 1.8, 2]
[[expect]]
metric = "throttle_rate"
at_most = "5%"
"#;
    std::fs::write(folder.path().join("s.toml"), sweep).unwrap();
    let made = bedload(folder.path(), &["sweep", "s.toml", "--out", "o", "--no-charts", "--quiet"]);
    assert!(made.status.success(), "{}", text(&made.stderr));
    let made = bedload(folder.path(), &["report", "o"]);
    assert!(made.status.success(), "{}", text(&made.stderr));
    let page = std::fs::read_to_string(folder.path().join("o/report.html")).unwrap();
    assert!(page.contains(" of 1,000 points meet every goal") && page.len() < 5_000_000, "{} bytes", page.len());
}

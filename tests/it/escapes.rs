//! Text from files is data: whatever it holds, nothing acts on a terminal, in Markdown, HTML, XML, CSV or a pipeline.

use std::process::Command;
use std::sync::LazyLock;

use bedload::charts::Subject;
use bedload::report::{self, Case, Checked, Palette, Sheet, Tale};
use bedload::results::{Judgement, Results};
use proptest::prelude::*;
use serde_json::Value;

use bedload::escape::*;

/// Texts with harmful parts between harmless ones.
fn hostile() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        any::<char>().prop_map(String::from),
        proptest::char::range('\0', '\u{9f}').prop_map(String::from),
        proptest::sample::select(PARTS).prop_map(str::to_owned),
    ];
    proptest::collection::vec(part, 0..12).prop_map(|parts| parts.concat())
}

const PARTS: &[&str] = &[
    "\x1b[2J",
    "\x1b]0;owned\x07",
    "\u{9b}31m",
    "\u{202e}",
    "\u{2066}",
    "\u{200f}",
    "\u{61c}",
    "\u{2028}",
    "\r\n",
    "\n",
    "\n::error file=x,line=1::owned",
    "##[error]",
    "##vso[task]",
    " ::set-env ",
    "<script>alert(1)</script>",
    "-->",
    "]]>",
    "&amp;",
    "\n# heading\n",
    "- [x] done",
    "[a](http://b)",
    "![a](b)",
    "|",
    "\\",
    "`",
    "``",
    "```\n",
    "~~~",
    "@somebody",
    "#12",
    "=cmd|' /C calc'!A0",
    "+1",
    "-2",
    "\t=3",
    ";=4",
    "\"",
    "'",
    "%0A",
    ":",
    ",",
    "$x$",
    "é",
    "日本",
    "👩‍👩‍👧",
    "1.5",
    "-3e5",
    "1. ",
];

fn has_harmful(text: &str) -> bool {
    text.contains(|c| c != '\n' && is_harmful(c))
}

/// Stands in the documents for what a hostile file says.
const MARK: &str = "HOSTILE";
const PLAIN: Palette = Palette { colour: false };

/// A document of each verb, with the mark wherever a scenario may write freely.
static DOCUMENTS: LazyLock<Vec<Value>> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    let file = format!("{MARK}.toml");
    std::fs::write(folder.path().join(&file), scenario(MARK, MARK)).unwrap();
    let set = format!("title=\"{MARK}\"");
    let verbs: [&[&str]; 4] = [&["run"], &["sweep"], &["size"], &["compare", "--set", "capacities.us.tpm=90_000"]];
    let document = |verb: &&[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_bedload"));
        let shared = if verb[0] == "compare" { "--set-both" } else { "--set" };
        let command = command.args(*verb).args([&file, "--no-charts", "--quiet", "--out", verb[0], shared, &set]);
        command.current_dir(folder.path()).output().unwrap();
        let text = std::fs::read_to_string(folder.path().join(verb[0]).join("results.json"));
        serde_json::from_str(&text.unwrap_or_else(|e| panic!("{verb:?}: {e}"))).unwrap()
    };
    verbs.iter().map(document).collect()
});

/// A scenario with a title and a label of a sweep.
fn scenario(title: &str, label: &str) -> String {
    written(&bedload::escape::toml(title), &bedload::escape::toml(label))
}

/// A scenario with a title and a label of a sweep that are written as TOML.
pub fn written(title: &str, label: &str) -> String {
    format!(
        r#"title = {title}
[run]
duration = "1m"
warmup = "0s"
replications = 2
[models.m]
max_output_tokens = 4096
time_to_first_token = "300ms"
output_tokens_per_second = 100
prices = {{ input = "$1/1M", output = "$4/1M" }}
[workloads.chat]
model = "m"
arrivals.poisson.rate = "120/min"
input_tokens = 1000
output_tokens = 100
max_tokens = 512
[capacities.us.on_demand]
rpm = 60
tpm = 100_000
tpd = "none"
[[expect]]
metric = "throttle_rate"
at_most = "5%"
[size]
vary = "capacities.us.tpm"
from = 100_000
to = 300_000
step = 100_000
[sweep]
way = {{ {label} = {{ "capacities.us.tpm" = 100_000 }}, plain = {{ "capacities.us.tpm" = 200_000 }} }}
"#
    )
}

/// The document with a text in the place of the mark.
fn filled(document: &Value, text: &str) -> Value {
    match document {
        Value::String(written) => Value::String(written.replace(MARK, text)),
        Value::Array(items) => items.iter().map(|item| filled(item, text)).collect(),
        Value::Object(entries) => {
            entries.iter().map(|(key, value)| (key.replace(MARK, text), filled(value, text))).collect()
        }
        other => other.clone(),
    }
}

fn tale(results: &Results) -> Tale {
    let mut tale = Tale::default();
    results.points.iter().for_each(|point| tale.add(point));
    tale
}

/// The Markdown of a document, as its verb prints it.
fn markdown(results: &Results) -> String {
    match results {
        Results { comparison: Some(_), .. } => report::comparison_markdown(results),
        Results { sizing: None, points_total: 2.., .. } => tale(results).markdown(results),
        _ => report::markdown(results),
    }
}

/// The text of a document, as its verb prints it.
fn text(results: &Results) -> String {
    match results {
        Results { comparison: Some(_), .. } => report::comparison_text(results, PLAIN),
        Results { sizing: None, points_total: 2.., .. } => tale(results).text(results, PLAIN),
        _ => report::text(results, PLAIN),
    }
}

/// Returns Markdown without its code, in which nothing acts.
fn without_code(markdown: &str) -> String {
    let (mut out, mut rest) = (String::new(), markdown);
    while let Some(c) = rest.chars().next() {
        let run = rest.len() - rest.trim_start_matches('`').len();
        let fence = &rest[..run];
        // The code ends at the next run of as many backticks.
        let mut ends = rest[run..].match_indices(fence).map(|(i, _)| run + i);
        let is_end = |i: &usize| run > 0 && !rest[..*i].ends_with('`') && !rest[i + run..].starts_with('`');
        let skipped = match c {
            '\\' => 1 + rest[1..].chars().next().map_or(0, char::len_utf8),
            '`' => ends.find(is_end).map_or(run, |end| end + run),
            c => {
                out.push(c);
                c.len_utf8()
            }
        };
        rest = &rest[skipped..];
    }
    out
}

/// Returns the structure of each line of Markdown: its beginning, and its number of cells.
fn shapes(markdown: &str) -> Vec<(String, usize)> {
    let shape = |line: &str| {
        let begins: String = line.chars().take_while(|c| "#>-+*=|~ ".contains(*c)).collect();
        let is_row = begins.starts_with('|');
        (begins, if is_row { line.replace("\\\\", "").replace("\\|", "").matches('|').count() } else { 0 })
    };
    markdown.lines().map(shape).collect()
}

/// Texts for which a test of structure compares like with like: those that are shown at all.
fn shown() -> impl Strategy<Value = String> {
    hostile().prop_map(|text| format!("x{text}x"))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]
    #[test]
    fn no_text_of_a_document_acts_in_what_is_made_of_it(text in shown()) {
        for document in DOCUMENTS.iter() {
            let results: Results = serde_json::from_value(filled(document, &text)).unwrap();
            let plain: Results = serde_json::from_value(document.clone()).unwrap();
            let printed = self::text(&results);
            prop_assert!(!has_harmful(&printed), "{printed}");
            let marked = markdown(&results);
            prop_assert!(!has_harmful(&marked), "{marked}");
            let bare = without_code(&marked);
            prop_assert!(!["<s", "-->", "@s", "://b", "[x]", "](", "#1"].iter().any(|sign| bare.contains(sign)), "{bare}");
            prop_assert_eq!(shapes(&marked), shapes(&markdown(&plain)), "{}", marked);
            for csv in [report::points_csv(&results), report::differences_csv(&results)] {
                prop_assert!(!has_harmful(&csv), "{csv}");
                for record in csv::ReaderBuilder::new().has_headers(false).from_reader(csv.as_bytes()).records() {
                    let record = record.unwrap();
                    let is_formula = |cell: &str| cell.starts_with(['=', '+', '-', '@']) && cell.parse::<f64>().is_err();
                    prop_assert!(!record.iter().any(is_formula), "{record:?}");
                }
            }
            let json = report::json(&results);
            prop_assert!(!has_harmful(&json) && !json.contains("##["), "{json}");
            prop_assert_eq!(serde_json::from_str::<Value>(&json).unwrap(), filled(document, &text));
        }
    }

    #[test]
    fn no_text_of_a_check_acts_in_what_is_made_of_it(text in shown(), is_broken: bool) {
        let case = |text: &str| Case {
            name: text.to_owned(),
            verdict: Judgement::Failed,
            text: text.to_owned(),
            is_warning: false,
            owner: Some(text.to_owned()),
        };
        let checked = |text: &str| {
            let (file, title, cases) = (text.to_owned(), text.to_owned(), vec![case(text), case("plain")]);
            [Checked { file, title, cases, now: None, before: None, is_broken }]
        };
        let all = checked(&text);
        for output in [report::gate_text(&all), report::gate_broken(&all), report::gate_markdown(&all)] {
            prop_assert!(!has_harmful(&output), "{output}");
        }
        prop_assert_eq!(shapes(&report::gate_markdown(&all)), shapes(&report::gate_markdown(&checked("x"))));
        let commands = report::annotations(&all, false);
        prop_assert!(!has_harmful(&commands) && commands.lines().count() == 2, "{commands}");
        prop_assert!(!commands.contains("##["), "{commands}");
        prop_assert!(commands.lines().all(|line| line.starts_with("::error file=")), "{commands}");
        let junit = report::junit(&all, false);
        prop_assert!(!has_harmful(&junit), "{junit}");
        let tree = roxmltree::Document::parse(&junit).unwrap();
        let tag = if is_broken { "error" } else { "failure" };
        prop_assert_eq!(tree.descendants().filter(|n| n.has_tag_name(tag)).count(), 2);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4, ..ProptestConfig::default() })]
    #[test]
    fn no_text_of_a_document_acts_in_its_review(text in shown()) {
        for document in DOCUMENTS.iter() {
            let tags = |results: &Results, scenario: &str| {
                let subject = Subject::of(results);
                let review = report::review(&Sheet { subject, scenario: Some(scenario) }).unwrap();
                let (html, markdown) = (report::html(&review), report::review_markdown(&review));
                let svg: Vec<String> = review.drawings().into_iter().map(|drawing| drawing.svg).collect();
                (html, markdown, svg)
            };
            let results: Results = serde_json::from_value(filled(document, &text)).unwrap();
            let (html, markdown, svg) = tags(&results, &text);
            prop_assert!(!has_harmful(&html), "{html}");
            prop_assert!(!has_harmful(&markdown) && !without_code(&markdown).contains("<script"), "{markdown}");
            // The page brings one script of its own.
            prop_assert_eq!(html.matches("<script").count(), 1);
            for drawing in svg {
                prop_assert!(!has_harmful(&drawing) && roxmltree::Document::parse(&drawing).is_ok(), "{drawing}");
            }
        }
    }
}

proptest! {
    #[test]
    fn nothing_harmful_passes_to_any_target(text in hostile(), has_colour: bool) {
        prop_assert!(!visible(&text).contains(is_harmful));
        prop_assert!(!has_harmful(&lines(&text)));
        let printed = terminal(&text, has_colour);
        prop_assert!(!has_harmful(&printed.replace("\x1b[", "")) && (has_colour || !printed.contains('\x1b')));
        prop_assert!(!printed.lines().any(|line| line.trim_start().starts_with("::")), "{printed}");
        prop_assert!(!printed.contains("##[") && !printed.contains("##vso["), "{printed}");
        let property = workflow_property(&text);
        prop_assert!(!property.contains(is_harmful) && !property.contains([':', ',']), "{property}");
        prop_assert!(!workflow_message(&text).contains(is_harmful));
        let cell = csv_cell(&text);
        prop_assert!(!cell.contains(is_harmful));
        prop_assert!(text.parse::<f64>().is_ok() || !cell.starts_with(['=', '+', '-', '@']), "{cell}");
        prop_assert!(!xml(&text).contains(['<', '>', '"']) && !xml(&text).contains(is_harmful));
    }

    #[test]
    fn markdown_of_a_text_stays_on_its_line_and_is_no_markup(text in hostile()) {
        for shown in [markdown::plain(&text), markdown::line(&text)] {
            prop_assert!(!shown.contains(is_harmful) && !shown.contains(['<', '>']), "{shown}");
            let bare = shown.replace("\\\\", "");
            for sign in ['`', '*', '[', ']', '|', '~'] {
                prop_assert!(bare.matches(sign).count() == bare.matches(&format!("\\{sign}")).count(), "{sign} in {shown}");
            }
        }
        for shown in [markdown::code(&text), markdown::said(&text), markdown::cell(&text)] {
            prop_assert!(!shown.contains(is_harmful), "{shown}");
        }
        let cell = markdown::cell(&text);
        prop_assert_eq!(cell.matches('|').count(), cell.matches("\\|").count(), "{}", cell);
    }

    #[test]
    fn json_says_the_same_without_harmful_characters(text in hostile()) {
        let document = serde_json::to_string_pretty(&serde_json::json!({ "title": text, text.clone(): 1 })).unwrap();
        let escaped = json(&document);
        prop_assert!(!has_harmful(&escaped) && !escaped.contains("##["), "{escaped}");
        let read = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
        prop_assert_eq!(read(&escaped), read(&document));
    }

    #[test]
    fn a_value_of_toml_is_one_line_and_reads_back(text in hostile()) {
        let value = bedload::escape::toml(&text);
        prop_assert!(!value.contains(is_harmful) && !value.contains("##["), "{value}");
        let read: toml::Table = toml::from_str(&format!("v = {value}")).unwrap();
        prop_assert_eq!(read["v"].as_str(), Some(text.as_str()));
    }
}

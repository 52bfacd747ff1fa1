//! The documents say what the program does.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use bedload::cli::render::render;
use bedload::scenario::load_text;
use bedload::terms::{Better, Scope, Sort, TERMS, Term, Unit};
use serde_json::Value;
use toml::Table;

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn read(name: &str) -> String {
    std::fs::read_to_string(file(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
}

/// Returns the code of a document: the fenced blocks of a language, or all.
fn blocks<'t>(text: &'t str, language: &str) -> Vec<&'t str> {
    let fence = format!("\n```{language}\n");
    text.split(fence.as_str()).skip(1).filter_map(|rest| rest.split("\n```").next()).collect()
}

/// Names of keys and kinds, and the words that a key may have for its value.
fn names(node: &Value, out: &mut BTreeSet<String>) {
    match node {
        Value::Object(map) => {
            if let Some(properties) = map.get("properties").and_then(Value::as_object) {
                out.extend(properties.keys().cloned());
            }
            for words in ["enum", "const"].iter().filter_map(|key| map.get(*key)) {
                let words = words.as_array().cloned().unwrap_or_else(|| vec![words.clone()]);
                out.extend(words.iter().filter_map(Value::as_str).map(str::to_owned));
            }
            map.values().for_each(|node| names(node, out));
        }
        Value::Array(items) => items.iter().for_each(|node| names(node, out)),
        _ => {}
    }
}

#[test]
fn every_key_and_kind_is_in_the_format() {
    let text = read("docs/FORMAT.md");
    // Odd pieces between backquotes are code, fenced blocks included.
    let code = text.split('`').skip(1).step_by(2).chain(blocks(&text, "toml"));
    let said: BTreeSet<&str> =
        code.flat_map(|code| code.split(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '-')).collect();
    let mut wanted = BTreeSet::new();
    names(&bedload::scenario::json_schema(), &mut wanted);
    let missing: Vec<&String> = wanted.iter().filter(|name| !said.contains(name.as_str())).collect();
    assert_eq!(missing, Vec::<&String>::new(), "docs/FORMAT.md does not mention these");
    assert!(wanted.len() > 100);
}

fn assert_loads(text: &str) {
    if let Err(refused) = load_text("FORMAT.md", text, &file("tests/it/traces"), &[]) {
        panic!("{}\n{text}", render(&refused.sources, &refused.findings, false));
    }
}

/// The first whole scenario of the document, with the example's keys in the place that its first line names.
fn with_example(whole: &str, example: &str) -> String {
    let place = example.lines().next().and_then(|l| l.strip_prefix("# in ")).expect("an example says where it stands");
    let example: Table = toml::from_str(example).expect("an example is TOML");
    let mut scenario: Table = toml::from_str(whole).expect("the scenario is TOML");
    if place == "the file" {
        scenario.extend(example);
    } else {
        let mut at = &mut scenario;
        for key in place.split('.') {
            let next = at.entry(key).or_insert_with(|| Table::new().into());
            at = next.as_table_mut().expect("an example stands in a table");
        }
        if example.get("arrivals").and_then(|a| a.get("trace")).is_some() {
            ["input_tokens", "output_tokens"].iter().for_each(|key| drop(at.remove(*key)));
        }
        at.extend(example);
    }
    toml::to_string(&scenario).expect("a table can be written")
}

#[test]
fn every_example_of_the_format_loads() {
    let text = read("docs/FORMAT.md");
    let (catalogues, scenarios): (Vec<&str>, Vec<&str>) =
        blocks(&text, "toml").into_iter().partition(|b| b.starts_with("# a catalogue"));
    // The file that the example of `run.catalog` names.
    assert_eq!(catalogues.concat() + "\n", read("tests/it/traces/our-account.toml"));
    let (whole, examples): (Vec<&str>, Vec<&str>) = scenarios.into_iter().partition(|b| !b.starts_with("# in "));
    assert!(whole.len() >= 2 && examples.len() >= 20, "{} and {}", whole.len(), examples.len());
    whole.iter().for_each(|text| assert_loads(text));
    for example in examples {
        // A model without a workload is not looked at, so its example takes the place of the one in use.
        let example = example.replace("# in models.own", "# in models.nova");
        assert_loads(&with_example(whole[0], &example));
    }
}

const BEGIN: &str = "<!-- generated from src/terms: BEDLOAD_UPDATE_DOCS=1 cargo test --test it docs -->\n";
const END: &str = "<!-- end of what is generated -->\n";

#[test]
fn the_table_of_metrics_is_current() {
    let on_disk = read("docs/METRICS.md");
    let (before, rest) = on_disk.split_once(BEGIN).expect("docs/METRICS.md says where its generated part begins");
    let (table, after) = rest.split_once(END).expect("docs/METRICS.md says where its generated part ends");
    let current = metrics();
    if std::env::var_os("BEDLOAD_UPDATE_DOCS").is_some() {
        std::fs::write(file("docs/METRICS.md"), format!("{before}{BEGIN}{current}{END}{after}")).unwrap();
        return;
    }
    assert!(
        table == current,
        "docs/METRICS.md is stale; rewrite it with `BEDLOAD_UPDATE_DOCS=1 cargo test --test it docs`"
    );
}

/// Every term, by where it is measured; latencies apart, because they are many and alike.
fn metrics() -> String {
    let of = |scope: Scope| move |term: &&Term| term.scopes.contains(&scope);
    let latency = |term: &&Term| term.unit == Unit::Milliseconds && term.sort == Sort::Cohort;
    let sections: [(&str, &str, Vec<&Term>); 6] = [
        (
            "Requests",
            "Of the whole run (`throttle_rate`) and of each workload (`workloads.NAME.throttle_rate`).",
            TERMS.iter().filter(of(Scope::Requests)).filter(|t| !latency(t)).collect(),
        ),
        ("The whole run alone", "Of the whole run (`committed_usd`).", TERMS.iter().filter(of(Scope::Run)).collect()),
        (
            "Latencies",
            "Of the whole run (`e2e_p99_ms`) and of each workload (`workloads.NAME.e2e_p99_ms`).",
            TERMS.iter().filter(of(Scope::Requests)).filter(latency).collect(),
        ),
        (
            "Capacities and quotas",
            "Of each capacity (`capacities.NAME.refused`) and of each named quota (`quotas.NAME.refused`).",
            TERMS.iter().filter(of(Scope::Supply)).collect(),
        ),
        (
            "Capacities alone",
            "Of each capacity (`capacities.NAME.in_flight_mean`).",
            TERMS.iter().filter(of(Scope::Capacity)).collect(),
        ),
        (
            "Limits",
            "Of each limit of a named quota (`quotas.NAME.tpm.utilization_peak`) or of a capacity with limits of its own \
             (`capacities.NAME.tpm.utilization_peak`).",
            TERMS.iter().filter(of(Scope::Limit)).collect(),
        ),
    ];
    let listed: BTreeSet<&str> =
        sections.iter().flat_map(|(_, _, terms)| terms.iter().map(|t| t.name.as_str())).collect();
    assert_eq!(listed.len(), TERMS.len(), "a scope has no section");
    sections
        .iter()
        .map(|(title, lead, terms)| format!("\n## {title}\n\n{lead}\n\n{}", table(terms)))
        .collect::<String>()
        + "\n"
}

fn table(terms: &[&Term]) -> String {
    let mut out = "| Metric | Unit | Sort | Better | What it is |\n|---|---|---|---|---|\n".to_owned();
    for term in terms {
        let sort = match term.sort {
            Sort::Cohort => "cohort",
            Sort::Clock => "clock",
        };
        let better = match term.better {
            Better::Lower => "lower",
            Better::Higher => "higher",
            Better::Neither => "",
        };
        out += &format!("| `{}` | {} | {sort} | {better} | {} |\n", term.name, term.unit.name(), term.formula);
    }
    out
}

/// Links between the documents, and to the files that they name.
#[test]
fn every_link_leads_to_a_file() {
    let documents = [
        "README.md",
        "ARCHITECTURE.md",
        "CONTRIBUTING.md",
        "CHANGELOG.md",
        "docs/CI.md",
        "docs/FORMAT.md",
        "docs/GLOSSARY.md",
        "docs/LIMITS.md",
        "docs/METHODOLOGY.md",
        "docs/METRICS.md",
        "docs/PERFORMANCE.md",
        "docs/TUTORIAL.md",
        "scenarios/README.md",
    ];
    let mut broken = Vec::new();
    for document in documents {
        let text = read(document);
        let folder = file(document).parent().map(Path::to_owned).unwrap_or_default();
        let targets = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
        for target in targets.filter(|t| !t.starts_with("http") && !t.starts_with('#')) {
            let path = target.split('#').next().unwrap_or_default();
            if !folder.join(path).exists() {
                broken.push(format!("{document}: {target}"));
            }
        }
    }
    assert_eq!(broken, Vec::<String>::new());
}

/// A scenario that is not in the gallery is not found.
#[test]
fn every_scenario_is_in_the_gallery() {
    let gallery = read("scenarios/README.md");
    let files = std::fs::read_dir(file("scenarios")).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap());
    let missing: Vec<String> =
        files.filter(|f| f.ends_with(".toml") && !gallery.contains(&format!("scenarios/{f}"))).collect();
    assert_eq!(missing, Vec::<String>::new(), "scenarios/README.md does not show these");
}

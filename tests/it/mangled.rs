//! No text makes the loader panic, and what it refuses can always be shown.

use std::path::Path;

use bedload::cli::render::render;
use bedload::scenario::{describe, load_text, template::TEMPLATES};
use proptest::prelude::*;

/// A change of a text.
#[derive(Debug, Clone)]
enum Change {
    Delete(usize),
    Duplicate(usize),
    Replace(usize, String),
    Swap(usize, usize),
}

/// Words that mean something somewhere.
const WORDS: [&str; 44] = [
    "0",
    "-1",
    "1e308",
    "nan",
    "inf",
    "9223372036854775807",
    "\"none\"",
    "\"0s\"",
    "\"10950d\"",
    "\"1us\"",
    "{}",
    "[]",
    "true",
    "\"\"",
    "\"é\"",
    "1979-05-27",
    "\"1/s\"",
    "\"99999999999999/us\"",
    "\"token_bucket\"",
    "\"lognormal\"",
    "poisson",
    "gamma",
    "lognormal",
    "on_demand",
    "rpm",
    "tpm",
    "limiter",
    "token_bucket",
    "burst",
    "window",
    "=",
    ".",
    "[",
    "]",
    "{",
    "}",
    ",",
    "\n",
    "#",
    "\"",
    "[[expect]]",
    "[workloads.chat]",
    "type",
    "\"$1/1M\"",
];

fn changes() -> impl Strategy<Value = Vec<Change>> {
    let word = prop_oneof![
        8 => proptest::sample::select(WORDS.to_vec()).prop_map(str::to_owned),
        1 => "\\PC{0,6}",
    ];
    let change = prop_oneof![
        any::<usize>().prop_map(Change::Delete),
        any::<usize>().prop_map(Change::Duplicate),
        (any::<usize>(), word).prop_map(|(i, w)| Change::Replace(i, w)),
        (any::<usize>(), any::<usize>()).prop_map(|(i, j)| Change::Swap(i, j)),
    ];
    proptest::collection::vec(change, 1..6)
}

/// The text cut at every edge between letters, digits, blanks and signs.
fn tokens(text: &str) -> Vec<String> {
    let class = |c: char| {
        if c.is_alphanumeric() || c == '_' {
            0
        } else if c == ' ' {
            1
        } else {
            2
        }
    };
    let mut tokens: Vec<String> = Vec::new();
    for c in text.chars() {
        match tokens.last_mut() {
            Some(last) if class(c) < 2 && last.ends_with(|l| class(l) == class(c)) => last.push(c),
            _ => tokens.push(c.to_string()),
        }
    }
    tokens
}

fn mangle(text: &str, changes: &[Change]) -> String {
    let mut tokens = tokens(text);
    for change in changes {
        let n = tokens.len().max(1);
        match change {
            Change::Delete(i) if !tokens.is_empty() => drop(tokens.remove(i % n)),
            Change::Duplicate(i) if !tokens.is_empty() => tokens.insert(i % n, tokens[i % n].clone()),
            Change::Replace(i, word) if !tokens.is_empty() => tokens[i % n] = word.clone(),
            Change::Swap(i, j) if !tokens.is_empty() => tokens.swap(i % n, j % n),
            _ => {}
        }
    }
    tokens.concat()
}

fn survives(text: &str, overrides: &[String]) {
    match load_text("mangled.toml", text, Path::new("/nowhere"), overrides) {
        Ok(loaded) => {
            assert!(!describe(&loaded.model).is_empty());
            let _ = render(&loaded.sources, &loaded.warnings, false);
        }
        Err(refused) => {
            assert!(!refused.findings.is_empty(), "refused without a reason:\n{text}");
            assert!(!render(&refused.sources, &refused.findings, true).is_empty());
        }
    }
}

/// Capacities refer to a quota that could not be read: its findings are shown, and nothing looks for its limits.
#[test]
fn a_quota_that_cannot_be_read_is_refused_whoever_asks_it() {
    let models = ["id = \"us.amazon.nova-pro-v1:0\"", "max_output_tokens = 1_000"];
    let accounts = ["", "[account]\ntpd_counting = \"price_weighted\"\n"];
    let quotas = ["tpm = \"lots\"", "limiter = \"leaky\"", "tpm = -1", "rpm = 1\nrpm = 2"];
    for model in models {
        for account in accounts {
            for quota in quotas {
                let text = format!(
                    r#"
                    [run]
                    duration = "60s"
                    warmup = "0s"
                    {account}
                    [models.m]
                    {model}
                    [workloads.w]
                    model = "m"
                    arrivals.constant.rate = "60/min"
                    input_tokens = 1000
                    output_tokens = 100
                    route = ["a", "b"]
                    [quotas.shared]
                    {quota}
                    [quotas.other]
                    tpm = 1_000
                    [capacities.a.on_demand]
                    quota = "shared"
                    [capacities.b.on_demand]
                    quota = ["other", "shared"]
                    "#
                );
                assert!(load_text("quota.toml", &text, Path::new("/nowhere"), &[]).is_err(), "{text}");
                survives(&text, &[]);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_mangled_scenario_is_loaded_or_refused(which in 0..TEMPLATES.len(), changes in changes()) {
        survives(&mangle(TEMPLATES[which].1, &changes), &[]);
    }

    #[test]
    fn a_mangled_override_is_applied_or_refused(
        which in 0..5_usize,
        changes in changes(),
    ) {
        let arguments = [
            "capacities.us.limiter.token_bucket.burst=0.5",
            "workloads.chat.arrivals.gamma={ rate = \"1/s\", cv = 2 }",
            "run.start=2026-12-07T08:00:00[America/New_York]",
            "models.nova.prices.input=$1/1M",
            "workloads.chat.shape=[{ at = \"0s\", factor = 1 }]",
        ];
        survives(TEMPLATES[0].1, &[mangle(arguments[which], &changes)]);
    }

    #[test]
    fn any_text_at_all_is_refused(text in "\\PC{0,200}") {
        survives(&text, std::slice::from_ref(&text));
    }
}

//! The refusals of scenarios as users read them. Each snapshot is what a user sees.

use std::path::Path;

use bedload::cli::render::render;
use bedload::scenario::load_text;

use crate::offers::type_what_is_offered;

/// A scenario without faults. A case changes one line of it, or adds some.
pub const GOOD: &str = r#"[run]
duration = "1h"
warmup = "0s"

[models.own]
max_output_tokens = 4_096
time_to_first_token = "400ms"
output_tokens_per_second = 60

[workloads.chat]
model = "own"
arrivals.poisson = { rate = "60/min" }
input_tokens = 1000
output_tokens = 100
max_tokens = 512

[capacities.us.on_demand]
tpm = 100_000
limiter = "fixed_window"
"#;

pub fn shown(text: &str, overrides: &[&str]) -> String {
    let overrides: Vec<String> = overrides.iter().map(|o| (*o).to_owned()).collect();
    match load_text("chat.toml", text, Path::new("tests/it/traces"), &overrides) {
        Ok(loaded) => format!("LOADED\n{}", render(&loaded.sources, &loaded.warnings, false)),
        Err(refused) => {
            type_what_is_offered(text, &overrides, &refused);
            render(&refused.sources, &refused.findings, false)
        }
    }
}

/// The good scenario with each line in the place of the one of the same key; a new line goes to the section that is
/// named before it (`workloads.chat: scale = 2`), or to the end.
pub fn with(lines: &[&str]) -> String {
    let key = |line: &str| line.split(['=', ' ', '.']).next().unwrap_or_default().to_owned();
    let mut text: Vec<String> = GOOD.lines().map(str::to_owned).collect();
    for line in lines {
        if let Some((section, line)) = line.split_once(": ").filter(|(s, _)| !s.contains(' ')) {
            let header =
                text.iter().position(|l| *l == format!("[{section}]")).expect("a section of the good scenario");
            text.insert(header + 1, line.to_owned());
            continue;
        }
        let wanted = key(line);
        match text.iter_mut().find(|l| key(l) == wanted && !wanted.starts_with('[')) {
            Some(found) => *found = (*line).to_owned(),
            None => text.push((*line).to_owned()),
        }
    }
    text.join("\n") + "\n"
}

/// All cases of a kind in one snapshot, in their order.
pub fn snapshot(name: &str, cases: &[(&str, String)]) {
    let text: String = cases.iter().map(|(what, shown)| format!("━━ {what}\n\n{shown}\n")).collect();
    insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!(name, text);
    });
}

fn edits(cases: &[(&'static str, &[&str])]) -> Vec<(&'static str, String)> {
    cases.iter().map(|(what, lines)| (*what, shown(&with(lines), &[]))).collect()
}

#[test]
fn the_good_scenario_is_good() {
    assert_eq!(shown(GOOD, &[]), "LOADED\n");
}

#[test]
fn syntax() {
    snapshot(
        "syntax",
        &[
            ("two faults in one file", shown(&with(&["duration = ", "input_tokens = = 3"]), &[])),
            ("a key twice", shown(&format!("{GOOD}tpm = 5\n"), &[])),
            ("a table never closed", shown(&with(&["arrivals.poisson = { rate = \"60/min\""]), &[])),
            ("an empty file", shown("", &[])),
        ],
    );
}

#[test]
fn keys_and_kinds() {
    snapshot(
        "keys_and_kinds",
        &edits(&[
            (
                "misspelt keys in two sections",
                &["workloads.chat: inptu_tokens = 5", "models.own: max_output_tokns = 7"],
            ),
            ("a required key misspelt", &["[workloads.other]", "modle = \"own\"", "arrivals.constant.rate = \"1/s\""]),
            ("a kind misspelt", &["arrivals.poison = { rate = \"60/min\" }"]),
            ("a key of a kind misspelt", &["input_tokens.lognormal = { median = 1800, p59 = 6500 }"]),
            ("two kinds", &["input_tokens = { uniform = { low = 1, high = 2 }, exponential = { mean = 3 } }"]),
            ("a kind as a value", &["input_tokens = { type = \"lognormal\", median = 1800, p95 = 6500 }"]),
            ("a kind that does not exist, as a value", &["arrivals = { kind = \"posson\", rate = \"1/s\" }"]),
            ("a kind with keys as a bare word", &["arrivals = \"poisson\""]),
            ("a kind that comes later", &["arrivals.mmpp = { rate = \"60/min\" }"]),
            ("sections that come later", &["[sweep]", "a = 1", "[output]", "b = 2"]),
            ("a capacity that comes later", &["[capacities.dedicated.provisioned]", "model_units = 3"]),
            ("a bad name", &["[quotas.Us]", "rpm = 5"]),
            ("a table that is a number", &["[quotas]", "us = 5", "[windows]", "w = []"]),
            ("an unknown section", &["[workload.other]", "model = \"own\""]),
        ]),
    );
}

#[test]
fn doubts() {
    let limiter = "\"capacities.us.limiter\" = [\"token_bucket\"]";
    let expect = ["[[expect]]", "metric = \"throttle_rate\"", "at_most = \"1%\""];
    let doubted = |line: &'static str| shown(&with(&[&["[doubt]", line][..], &expect].concat()), &[]);
    snapshot(
        "doubts",
        &[
            ("a path that leads nowhere", doubted("\"capacities.us.limitr\" = [\"token_bucket\"]")),
            ("a name that is not there", doubted("\"capacities.eu.limiter\" = [\"token_bucket\"]")),
            ("a path without quotes", doubted("capacities.us.limiter = [\"token_bucket\"]")),
            ("no values", doubted("\"capacities.us.limiter\" = []")),
            ("one value that is no list", doubted("\"capacities.us.limiter\" = \"token_bucket\"")),
            ("a range the wrong way round", doubted("\"capacities.us.tpm\" = [80_000, 40_000]")),
            ("half a range", doubted("\"capacities.us.tpm\" = { low = 40_000 }")),
            ("a range with another key", doubted("\"capacities.us.tpm\" = { low = 40_000, hgh = 80_000 }")),
            ("a range of texts", doubted("\"capacities.us.refusal_latency\" = { low = \"0s\", high = \"1s\" }")),
            ("another word", shown(&format!("doubt = \"all\"\n{GOOD}"), &[])),
            ("nothing expected", shown(&with(&["[doubt]", limiter]), &[])),
            ("set from the command line", shown(&with(&expect), &["doubt=default"])),
        ],
    );
}

#[test]
fn values() {
    snapshot(
        "values",
        &edits(&[
            (
                "several faults at once",
                &["duration = 3600", "arrivals.poisson = { rate = 60 }", "input_tokens = \"1000\"", "max_tokens = 1.5"],
            ),
            (
                "units that do not exist",
                &["duration = \"3 fortnights\"", "arrivals.poisson = { rate = \"60/fortnight\" }"],
            ),
            ("negative and infinite", &["input_tokens = -5", "output_tokens = inf", "duration = \"-1h\""]),
            ("a text for a list", &["workloads.chat: shape = \"office_hours\""]),
            ("a list for a text", &["model = [\"own\"]"]),
            ("a limit below zero, a limit in words", &["tpm = -1", "capacities.us.on_demand: rpm = \"unlimited\""]),
            ("a word misspelt", &["capacities.us.on_demand: on_saturation = \"que\""]),
            ("a limiter misspelt", &["limiter = \"tokenbucket\""]),
            ("a price without its unit", &["models.own: prices = { input = 3, output = \"15/1M\" }"]),
            ("a start without a zone", &["run: start = 2026-12-07T08:00:00"]),
            ("a share above one", &["workloads.chat: cache = { read_share = 1.5 }"]),
        ]),
    );
}

#[test]
fn sense() {
    snapshot(
        "sense",
        &edits(&[
            ("a model that is not there", &["model = \"onw\""]),
            (
                "a model without an id and without figures",
                &["[models.bare]", "[workloads.bare]\nmodel = \"bare\"\narrivals.constant.rate = \"1/s\""],
            ),
            ("a route that leads nowhere", &["workloads.chat: route = [\"su\"]"]),
            ("no route between two capacities", &["[capacities.eu.on_demand]", "rpm = 5"]),
            (
                "a shape that goes backwards",
                &["workloads.chat: shape = [{ at = \"2h\", factor = 1 }, { at = \"1h\", factor = 2 }]"],
            ),
            ("a lognormal of three figures", &["input_tokens.lognormal = { median = 10, p95 = 20, cv = 1 }"]),
            ("a percentile below the median", &["input_tokens.lognormal = { median = 10, p95 = 5 }"]),
            (
                "a table of quantiles that falls",
                &["input_tokens.empirical.quantiles = [{ share = 0, value = 5 }, { share = 1, value = 4 }]"],
            ),
            (
                "a table of quantiles without an end",
                &["input_tokens.empirical.quantiles = [{ share = 0, value = 5 }, { share = 0.9, value = 40 }]"],
            ),
            ("neither values nor quantiles", &["input_tokens.empirical = { max = 5 }"]),
            ("a mixture of nothing", &["input_tokens.mixture.parts = [{ weight = 0, of = 5 }]"]),
            ("weibull gaps that vary too much", &["arrivals.weibull = { rate = \"1/s\", cv = 50 }"]),
            ("no duration", &["duration = \"0s\""]),
            ("longer than the clock", &["duration = \"10950d\""]),
            ("too large for exact arithmetic", &["tpm = 999_999_999_999_989", "limiter = \"token_bucket\""]),
            ("a burst of nothing", &["limiter.token_bucket = { burst = 0.000001 }"]),
            ("too large for any window", &["tpm = 1_000"]),
            (
                "a tail too large for any window",
                &["tpm = 10_000", "input_tokens.lognormal = { median = 1800, p95 = 6500 }"],
            ),
            ("a queue that throttles", &["capacities.us.on_demand: max_wait = \"5s\""]),
            (
                "unused things",
                &[
                    "[quotas.spare]",
                    "rpm = 5",
                    "[models.spare]",
                    "[capacities.spare.on_demand]",
                    "workloads.chat: route = [\"us\"]",
                ],
            ),
            (
                "keys about limits that are not there",
                &["capacities.us.on_demand: tpd_reset = \"rolling\"\ncount_refused_requests = true"],
            ),
            ("a cap above the model's", &["max_tokens = 64_000"]),
            ("a window beyond the end", &["[windows.w]\nfrom = \"30m\"\nto = \"2h\""]),
        ]),
    );
    let no_warmup = GOOD.replace("warmup = \"0s\"\n", "");
    snapshot("warmup", &[("no warmup", shown(&no_warmup, &[]))]);
}

#[test]
fn two_models_on_one_capacity() {
    let more = "\n[models.other]\nmax_output_tokens = 5\ntime_to_first_token = \"1s\"\noutput_tokens_per_second = 5\n\n[workloads.other]\nmodel = \"other\"\narrivals.constant.rate = \"1/s\"\ninput_tokens = 1\noutput_tokens = 1\nroute = [\"us\"]\n";
    snapshot("two_models", &[("two models on one capacity", shown(&format!("{GOOD}{more}"), &[]))]);
}

#[test]
fn expectations() {
    let expect = |text: &str| shown(&format!("{GOOD}\n[[expect]]\n{text}\n"), &[]);
    snapshot(
        "expectations",
        &[
            ("a metric misspelt", expect("metric = \"throtle_rate\"\nat_most = \"1%\"")),
            ("a workload misspelt", expect("metric = \"workloads.caht.e2e_p99\"\nat_most = \"20s\"")),
            ("a unit that does not fit", expect("metric = \"e2e_p99\"\nat_most = \"5%\"")),
            ("no bound", expect("metric = \"throttle_rate\"")),
            ("two bounds", expect("metric = \"throttle_rate\"\nat_most = 0.1\nat_least = 0")),
            ("a limit that is not there", expect("metric = \"capacities.us.rpm.utilization_peak\"\nat_most = 0.9")),
            ("money without prices", expect("metric = \"cost_usd\"\nat_most = \"$5\"")),
            ("an objective of nothing", shown(&with(&["workloads.chat: slo = { objective = \"99%\" }"]), &[])),
        ],
    );
}

#[test]
fn traces() {
    let trace = |file: &str, more: &str| {
        let text = GOOD.replace(
            "arrivals.poisson = { rate = \"60/min\" }\ninput_tokens = 1000\noutput_tokens = 100\n",
            &format!("arrivals.trace = {{ file = \"{file}\" }}\n{more}"),
        );
        shown(&text, &[])
    };
    snapshot(
        "traces",
        &[
            ("a file that is not there", trace("missing.csv", "")),
            ("an empty file", trace("empty.csv", "")),
            ("not sorted", trace("unsorted.csv", "")),
            ("a broken line", trace("broken.csv", "")),
            ("another header", trace("header.csv", "")),
            ("keys beside a trace", trace("good.csv", "input_tokens = 5\nscale = 2\n")),
            ("a trace that ends early", trace("good.csv", "")),
        ],
    );
}

#[test]
fn columns() {
    let law = |law: &str| shown(&with(&[&format!("input_tokens.empirical = {{ {law} }}")]), &[]);
    let of = |file: &str, column: &str| law(&format!("file = \"{file}\", column = \"{column}\""));
    snapshot(
        "columns",
        &[
            ("a column that is there", of("lengths.csv", "prompt_tokens")),
            ("a file that is not there", of("missing.csv", "prompt_tokens")),
            ("an empty file", of("empty.csv", "prompt_tokens")),
            ("a gzip file that was cut", of("lengths-cut.csv.gz", "prompt_tokens")),
            ("a column misspelt", of("lengths.csv", "promt_tokens")),
            ("a column of nothing near", of("lengths.csv", "x")),
            ("a value that is no whole number", of("lengths-broken.csv", "prompt_tokens")),
            ("a value that is missing", of("lengths-broken.csv", "answer_tokens")),
            ("a column of texts", of("lengths.csv", "request")),
            ("a file without its column", law("file = \"lengths.csv\"")),
            ("a column without its file", law("column = \"prompt_tokens\"")),
            ("a file beside values", law("file = \"lengths.csv\", column = \"prompt_tokens\", values = [1, 2]")),
            ("weights of a column", law("file = \"lengths.csv\", column = \"prompt_tokens\", weights = [1, 2]")),
            (
                "values beside quantiles",
                law("values = [1], quantiles = [{ share = 0, value = 1 }, { share = 1, value = 2 }]"),
            ),
            (
                "a column of times",
                shown(
                    &with(&["time_to_first_token.empirical = { file = \"lengths.csv\", column = \"answer_tokens\" }"]),
                    &[],
                ),
            ),
            (
                "one fault of a column that is drawn from twice",
                shown(
                    &with(&[
                        "input_tokens.empirical = { file = \"lengths.csv\", column = \"prompts\" }",
                        "output_tokens.mixture.parts = [{ weight = 1, of = { empirical = { file = \"lengths.csv\", column = \"prompts\" } } }]",
                    ]),
                    &[],
                ),
            ),
        ],
    );
}

#[test]
fn sdks() {
    let sdk = |keys: &str| shown(&with(&[&format!("workloads.chat: client.retries.sdk = {{ {keys} }}")]), &[]);
    snapshot(
        "sdks",
        &[
            ("one that is known", sdk("name = \"python\", version = \"1.43.2\"")),
            ("a name misspelt", sdk("name = \"pyhton\", version = \"1.44.0\"")),
            ("a name that is not known", sdk("name = \"cobol\", version = \"1.44.0\"")),
            ("one of which too little is known", sdk("name = \"kotlin\", version = \"1.6.0\"")),
            ("a version that is a number", sdk("name = \"python\", version = 1.40")),
            ("a version that is a word", sdk("name = \"python\", version = \"latest\"")),
            ("a version before those that are known", sdk("name = \"python\", version = \"1.34.106\"")),
            ("a mode that it does not have", sdk("name = \"javascript\", version = \"3.1166.0\", mode = \"legacy\"")),
            ("a mode misspelt", sdk("name = \"python\", version = \"1.44.0\", mode = \"standrad\"")),
            ("no attempts", sdk("name = \"python\", version = \"1.44.0\", max_attempts = 0")),
            ("a name alone", shown(&with(&["workloads.chat: client.retries = \"sdk\""]), &[])),
            ("no version", sdk("name = \"python\"")),
        ],
    );
}

#[test]
fn overrides() {
    let set = |arguments: &[&str]| shown(GOOD, arguments);
    snapshot(
        "overrides",
        &[
            ("a path misspelt", set(&["workloads.chat.inptu_tokens=5", "run.sed=7"])),
            ("a name misspelt", set(&["workloads.caht.scale=2"])),
            ("a key of another kind", set(&["workloads.chat.arrivals.cv=2"])),
            ("a key of no kind", set(&["workloads.chat.input_tokens.median=5"])),
            ("a value that is refused", set(&["capacities.us.tpm=plenty", "run.duration=90"])),
            ("a value that is no TOML", set(&["workloads.chat.input_tokens={ uniform = { low = 1 }"])),
            ("no value", set(&["run.seed", "run.seed="])),
            ("into a list", set(&["expect.metric=5", "workloads.chat.model.x=5"])),
            ("another kind lacks its keys", set(&["workloads.chat.arrivals.gamma.rate=900/min"])),
        ],
    );
}

#[test]
fn a_key_that_is_too_deep_is_named_where_it_stands() {
    for (deep, what) in
        [("x".to_owned() + &".a".repeat(100_000) + " = 1", "a key"), (format!("[x{}]", ".a".repeat(90)), "a header")]
    {
        let told = shown(&format!("{GOOD}{deep}\n"), &[]);
        let line = GOOD.lines().count() + 1;
        assert!(told.contains("this key has 80 names or more between its dots"), "{what}: {told}");
        assert!(told.contains(&format!(":{line}:")) && !told.contains("recursion"), "{what}: {told}");
    }
}

#[test]
fn of_too_many_errors_the_count_says_so() {
    let many = |n: usize| (0..n).map(|i| format!("[key{i}]\n")).collect::<String>();
    let told = |n: usize| shown(&format!("{GOOD}{}", many(n)), &[]).trim_end().to_owned();
    assert!(told(100).ends_with("\n100 errors"), "{}", told(100));
    assert!(told(101).ends_with("\nmore than 100 errors"), "{}", told(101));
    assert!(told(101).contains("there are more errors; the first 100 are shown"));
}

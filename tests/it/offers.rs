//! Each fix that a message offers is accepted when it is typed.

use std::fs;
use std::path::Path;

use bedload::diagnostic::Diagnostic;
use bedload::scenario::{Loaded, Refused, load, load_text};

use crate::refusals::GOOD;

pub fn read(text: &str, overrides: &[String]) -> Result<Loaded, Refused> {
    load_text("chat.toml", text, Path::new("tests/it/traces"), overrides)
}

/// Types each fix that a refusal offers in the place of what was refused, and sees it accepted: nothing is refused there any
/// more. Other faults of the scenario may stay.
pub fn type_what_is_offered(text: &str, overrides: &[String], refused: &Refused) {
    for finding in &refused.findings {
        let Some((source, at)) = finding.at.as_ref().and_then(|at| refused.sources.locate(at)) else { continue };
        // An argument is known by its text.
        let argument = overrides.iter().position(|argument| *argument == source.text);
        if argument.is_none() && source.text != text {
            continue;
        }
        for offer in &finding.offers {
            let typed = Diagnostic::typed(offer, &source.text[at.clone()]);
            let mended = format!("{}{typed}{}", &source.text[..at.start], &source.text[at.end..]);
            let mut arguments = overrides.to_vec();
            let file = match argument {
                Some(i) => {
                    arguments[i].clone_from(&mended);
                    text
                }
                None => &mended,
            };
            let Err(again) = read(file, &arguments) else { continue };
            let there = at.start..at.start + typed.len();
            let is_there = |other: &Diagnostic| {
                let place = other.at.as_ref().and_then(|at| again.sources.locate(at));
                place.is_some_and(|(source, at)| source.text == mended && at.start < there.end && there.start < at.end)
            };
            let still: Vec<&str> = again.findings.iter().filter(|f| is_there(f)).map(|f| f.rule.as_str()).collect();
            assert!(still.is_empty(), "`{typed}` was offered for: {}\nand is refused: {still:?}", finding.rule);
        }
    }
}

/// The good scenario with one line in the place of another, and more below.
pub fn edited(line: &str, by: &str) -> String {
    if line.is_empty() {
        return format!("{GOOD}\n{by}\n");
    }
    assert!(GOOD.contains(line), "{line}");
    GOOD.replace(line, by)
}

/// The faulty text, in the place of a line of the good scenario; and the text that is offered in its place.
const WRITTEN: [(&str, &str, &str); 93] = [
    // Units and numbers without quotes, with commas, or with letters.
    ("duration = \"1h\"", "duration = 1h", "\"1h\""),
    ("duration = \"1h\"", "duration = \"2 hours\"", "\"2h\""),
    ("duration = \"1h\"", "duration = 3600", "\"3600s\""),
    ("tpm = 100_000", "tpm = 30k", "30_000"),
    ("tpm = 100_000", "tpm = 5,000,000", "5_000_000"),
    ("tpm = 100_000", "tpm = 200k/min", "200_000"),
    ("tpm = 100_000", "tpm = \"5,000,000\"", "5_000_000"),
    ("tpm = 100_000", "tpm = \"200000 per minute\"", "200_000"),
    ("rate = \"60/min\"", "rate = 60/min", "{ rate = \"60/min\" }"),
    ("rate = \"60/min\"", "rate = \"60 rpm\"", "\"60/min\""),
    ("rate = \"60/min\"", "rate = \"1 per second\"", "\"1/s\""),
    ("input_tokens = 1000", "input_tokens = \"1k\"", "1_000"),
    ("limiter = \"fixed_window\"", "rpm = 60 # ok\ncount_refused_requests = True", "true"),
    // Colons and quotes of other formats.
    ("input_tokens = 1000", "input_tokens: 1000", "input_tokens = 1000"),
    ("model = \"own\"", "model: own", "model = \"own\""),
    ("model = \"own\"", "\"model\": \"own\",", "\"model\" = \"own\""),
    ("duration = \"1h\"", "duration: 1h", "duration = \"1h\""),
    ("{ rate = \"60/min\" }", "{ rate: \"60/min\" }", "{ rate = \"60/min\" }"),
    ("{ rate = \"60/min\" }", "{ rate: 60/min }", "{ rate = \"60/min\" }"),
    ("model = \"own\"", "model = own", "\"own\""),
    ("model = \"own\"", "model = “own”", "\"own\""),
    ("limiter = \"fixed_window\"", "limiter = fixed_window", "\"fixed_window\""),
    ("duration = \"1h\"", "duration = \"1h", "\"1h\""),
    ("duration = \"1h\"", "duration = 1h\"", "\"1h\""),
    ("input_tokens = 1000", "input_tokens == 1000", "1000"),
    ("{ rate = \"60/min\" }", "{ rate = \"60/min\"", "{ rate = \"60/min\" }"),
    ("input_tokens = 1000", "input_tokens.empirical = { values = [1, 2", "{ values = [1, 2] }"),
    // A plain value where a table or a list stands.
    ("{ rate = \"60/min\" }", "\"900/min\"", "{ rate = \"900/min\" }"),
    ("{ rate = \"60/min\" }", "\"900 rpm\"", "{ rate = \"900/min\" }"),
    ("arrivals.poisson = { rate = \"60/min\" }", "arrivals.constant = \"1 per second\"", "{ rate = \"1/s\" }"),
    ("arrivals.poisson = { rate = \"60/min\" }", "arrivals = \"900/min\"", "{ poisson = { rate = \"900/min\" } }"),
    ("max_tokens = 512", "max_tokens = 512\ncache = \"60 percent\"", "{ read_share = \"60%\" }"),
    ("max_tokens = 512", "max_tokens = 512\nslo = \"20 seconds\"", "{ e2e = \"20s\" }"),
    ("output_tokens = 100", "output_tokens.exponential = 100", "{ mean = 100 }"),
    ("time_to_first_token = \"400ms\"", "time_to_first_token.exponential = \"400ms\"", "{ mean = \"400ms\" }"),
    ("max_tokens = 512", "max_tokens = 512\nclient.retries.standard = 5", "{ max_attempts = 5 }"),
    (
        "max_tokens = 512",
        "max_tokens = 512\nclient.retries.sdk = \"boto3\"",
        "{ name = \"python\", version = \"1.44.0\" }",
    ),
    (
        "max_tokens = 512",
        "max_tokens = 512\nclient.retries.sdk = \"botocore==1.40.0\"",
        "{ name = \"python\", version = \"1.40.0\" }",
    ),
    ("[run]", "account = 700_000_000\n[run]", "{ tpd = 700_000_000 }"),
    ("max_tokens = 512", "max_tokens = 512\ncache = 0.6", "{ read_share = 0.6 }"),
    ("max_tokens = 512", "max_tokens = 512\ncache = \"60%\"", "{ read_share = \"60%\" }"),
    ("max_tokens = 512", "max_tokens = 512\ncache.read_share = \"60 percent\"", "\"60%\""),
    ("max_tokens = 512", "max_tokens = 512\nslo = \"20s\"", "{ e2e = \"20s\" }"),
    ("max_tokens = 512", "max_tokens = 512\nclient.pace = 600", "{ rpm = 600 }"),
    ("max_tokens = 512", "max_tokens = 512\nclient.pace.rpm = \"200/min\"", "200"),
    ("max_tokens = 512", "max_tokens = 512\nclient.app_retries = 3", "{ attempts = 3 }"),
    (
        "max_tokens = 512",
        "max_tokens = 512\nclient.retries = \"boto3\"",
        "{ sdk = { name = \"python\", version = \"1.44.0\" } }",
    ),
    (
        "max_tokens = 512",
        "max_tokens = 512\nclient.retries = \"botocore==1.40.0\"",
        "{ sdk = { name = \"python\", version = \"1.40.0\" } }",
    ),
    ("max_tokens = 512", "max_tokens = 512\nclient.retries = 5", "{ standard = { max_attempts = 5 } }"),
    ("limiter = \"fixed_window\"", "outages = { at = \"5m\", lasts = \"1m\" }", "[{ at = \"5m\", lasts = \"1m\" }]"),
    ("", "[expect]\nmetric = \"throttle_rate\"\nat_most = \"1%\"", "[[expect]]"),
    // Numbers and times below the least.
    ("limiter = \"fixed_window\"", "limiter = \"fixed_window\"\nconcurrency = 0", "1"),
    (
        "max_tokens = 512",
        "max_tokens = 512\nbursts = [{ at = \"5m\", lasts = \"2m\", factor = 2, every = \"1m\" }]",
        "\"2m\"",
    ),
    (
        "max_tokens = 512",
        "max_tokens = 512\nclient.app_retries = { attempts = 3, delay.exponential = { base = \"2s\", cap = \"1s\" } }",
        "\"2s\"",
    ),
    (
        "limiter = \"fixed_window\"",
        "concurrency = 40\ncontention.curve.points = []",
        "[{ utilization = 0.5, factor = 1 }, { utilization = 1, factor = 2 }]",
    ),
    ("max_output_tokens = 4_096", "id = \"us.amazon.nova-pro-v1:0x\"", "\"us.amazon.nova-pro-v1:0\""),
    // Times of day and times of another sort.
    ("arrivals.poisson = { rate = \"60/min\" }", "arrivals.job = { requests = 500, at = \"22:30\" }", "\"22h 30m\""),
    (
        "duration = \"1h\"\nwarmup = \"0s\"",
        "duration = \"2d\"\nwarmup = \"0s\"\nstart = \"2026-12-07T09:00:00[America/New_York]\"\n[windows.night]\nfrom = \"22:00\"\nto = \"23h\"",
        "\"2026-12-07T22:00:00\"",
    ),
    (
        "duration = \"1h\"\nwarmup = \"0s\"",
        "duration = \"2d\"\nwarmup = \"0s\"\nstart = \"2026-12-07T09:00:00Z\"\n[windows.night]\nfrom = \"8:30\"\nto = \"24h\"",
        "\"2026-12-08T08:30:00\"",
    ),
    ("duration = \"1h\"", "duration = \"1:30\"", "\"1h 30m\""),
    // Names.
    ("max_tokens = 512", "max_tokens = 512\nclient.retries.sdk = { name = \"boto3\", version = \"1.44.0\" }", "python"),
    ("limiter = \"fixed_window\"", "limiter = \"FIXED_WINDOW\"", "fixed_window"),
    ("model = \"own\"", "model = \"OWN\"", "own"),
    ("model = \"own\"", "model = \"onw\"", "own"),
    ("limiter = \"fixed_window\"", "limiter = \"fixed_windw\"", "fixed_window"),
    // Money and growth.
    (
        "max_output_tokens = 4_096",
        "max_output_tokens = 4_096\nprices = { input = 3, output = \"$15/1M\" }",
        "\"$3/1M\"",
    ),
    (
        "max_output_tokens = 4_096",
        "max_output_tokens = 4_096\nprices = { input = \"3 USD per million tokens\", output = \"$15/1M\" }",
        "\"$3/1M\"",
    ),
    ("max_tokens = 512", "max_tokens = 512\ngrowth = \"8% per month\"", "\"8%/month\""),
    ("max_tokens = 512", "max_tokens = 512\ngrowth = \"8%\"", "\"8%/month\""),
    // Metrics and bounds.
    ("", "[[expect]]\nmetric = \"throttle_rate\"\nat_most = \"1 percent\"", "\"1%\""),
    ("", "[[expect]]\nmetric = \"throttle_rate\"\nat_most = 5", "\"5%\""),
    ("", "[[expect]]\nmetric = \"e2e_p99\"\nat_most = \"20 seconds\"", "\"20s\""),
    ("", "[[expect]]\nmetric = \"e2e_p99\"\nat_most = 20", "\"20s\""),
    ("", "[[expect]]\nmetric = \"requests\"\nat_least = \"1,000\"", "1_000"),
    ("", "[[expect]]\nmetric = \"e2e_p85\"\nat_most = \"20s\"", "e2e_p90_ms"),
    ("", "[[expect]]\nmetric = \"workloads.caht.e2e_p99\"\nat_most = \"20s\"", "workloads.chat.e2e_p99_ms"),
    ("", "[[expect]]\nmetric = \"workload.chat.requests\"\nat_least = 1", "workloads.chat.requests"),
    ("", "[[expect]]\nmetric = \"utilization_peak\"\nat_most = 0.9", "capacities.us.tpm.utilization_peak"),
    (
        "",
        "[[expect]]\nmetric = \"capacities.us.rpm.utilization_peak\"\nat_most = 0.9",
        "capacities.us.tpm.utilization_peak",
    ),
    (
        "",
        "[[expect]]\nmetric = \"capacities.su.tpm.utilization_peak\"\nat_most = 0.9",
        "capacities.us.tpm.utilization_peak",
    ),
    ("", "[[expect]]\nmetric = \"throttle_rate\"\nat_most = 1%", "\"1%\""),
    ("", "[[expect]]\nmetric = \"failure_rate\"\nat_most = \"0.1\"", "\"0.1%\""),
    ("", "[[expect]]\nmetric = \"failure_rate\"\nat_most = \"0.1\"", "\"10%\""),
    ("", "[[expect]]\nmetric = \"throttled\"\nat_most = \"1%\"", "throttle_rate"),
    ("", "[[expect]]\nmetric = \"p99\"\nat_most = \"20s\"", "e2e_p99_ms"),
    ("", "[[expect]]\nmetric = \"latency_p99\"\nat_most = \"20s\"", "e2e_p99_ms"),
    ("", "[[expect]]\nmetric = \"success_rate\"\nat_most = \"1%\"", "failure_rate"),
    ("", "[[expect]]\nmetric = \"availability\"\nat_most = \"1%\"", "failure_rate"),
    ("", "[[expect]]\nmetric = \"chat.e2e_p99\"\nat_most = \"20s\"", "workloads.chat.e2e_p99"),
    ("", "[[expect]]\nmetric = \"workloads.chat.p99\"\nat_most = \"20s\"", "workloads.chat.e2e_p99_ms"),
    ("", "[[expect]]\nmetric = \"tpm\"\nat_most = 0.9", "capacities.us.tpm.utilization_peak"),
    ("[workloads.chat]", "[workloads.Chat Service]", "[workloads.chat-service]"),
    (
        "max_output_tokens = 4_096",
        "id = \"us.anthropic.claude-sonnet-4-5-v1:0\"",
        "\"us.anthropic.claude-sonnet-4-5-20250929-v1:0\"",
    ),
];

#[test]
fn what_people_write_is_met_with_what_they_mean() {
    let mut wrong: Vec<String> = Vec::new();
    for (line, by, offered) in WRITTEN {
        let text = edited(line, by);
        let Err(refused) = read(&text, &[]) else {
            wrong.push(format!("{by}: is accepted"));
            continue;
        };
        let with_offer = refused.findings.iter().find(|f| f.offers.iter().any(|offer| offer == offered));
        let Some(finding) = with_offer else {
            wrong.push(format!("{by}: offers {:?}", refused.findings));
            continue;
        };
        type_what_is_offered(&text, &[], &refused);
        let (_, at) = refused.sources.locate(finding.at.as_ref().expect("a place")).expect("a source");
        let typed = Diagnostic::typed(offered, &text[at.clone()]);
        let mended = format!("{}{typed}{}", &text[..at.start], &text[at.end..]);
        if let Err(again) = read(&mended, &[]) {
            wrong.push(format!("{by}: `{typed}` leads to {}", again.reason()));
        }
        let help = finding.help.clone().unwrap_or_default();
        let names_the_offer = help.contains(offered) || help.contains("did you mean");
        if !names_the_offer {
            wrong.push(format!("{by}: the help does not name the offer: {help}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Shipped scenarios, of which each line is written as another format would have it.
const SHIPPED: [&str; 4] = ["quickstart", "office-week", "retry-storm", "commitments"];

/// Types the offers for a line that is not TOML, in the place of the line of a shipped scenario, and returns whether there
/// was one.
fn is_mended(file: &str, lines: &[&str], number: usize, line: &str) -> bool {
    let mut text: Vec<&str> = lines.to_vec();
    text[number] = line;
    let text = text.join("\n") + "\n";
    let folder = Path::new("scenarios");
    let Err(refused) = load_text(file, &text, folder, &[]) else { return true };
    let Some(finding) = refused.findings.iter().find(|finding| !finding.offers.is_empty()) else { return false };
    let (_, at) = refused.sources.locate(finding.at.as_ref().expect("a place")).expect("a source");
    for offer in &finding.offers {
        let typed = Diagnostic::typed(offer, &text[at.clone()]);
        let mended = format!("{}{typed}{}", &text[..at.start], &text[at.end..]);
        if let Err(again) = load_text(file, &mended, folder, &[]) {
            panic!("{file}: for `{line}` `{offer}` is offered, and leads to: {}", again.reason());
        }
    }
    true
}

#[test]
fn each_line_of_a_scenario_written_as_yaml_or_without_quotes_is_offered_as_it_was() {
    for name in SHIPPED {
        let file = format!("{name}.toml");
        let text = fs::read_to_string(Path::new("scenarios").join(&file)).expect("a scenario");
        let lines: Vec<&str> = text.lines().collect();
        for (number, line) in lines.iter().enumerate() {
            let Some((key, value)) = line.split_once(" = ").filter(|(key, _)| !key.contains(['"', ' ', '#', '{']))
            else {
                continue;
            };
            // Values over several lines, and texts of prose, are beyond a guess.
            let is_whole = toml::from_str::<toml::Table>(line).is_ok();
            let is_prose = value.trim_start_matches('"').contains([' ', '#']) && value.starts_with('"');
            if !is_whole || is_prose {
                continue;
            }
            assert!(
                is_mended(&file, &lines, number, &format!("{key}: {value}")),
                "{file}: no offer for {key}: {value}"
            );
            let plain = value.replace('"', "");
            assert!(
                is_mended(&file, &lines, number, &format!("{key} = {plain}")),
                "{file}: no offer for {key} = {plain}"
            );
        }
    }
}

#[test]
fn offers_for_arguments_are_accepted() {
    for (argument, offered) in [
        ("capacities.us.tpm=5,000,000", "5_000_000"),
        ("capacities.us.tpm=30k", "30_000"),
        ("run.duration=90", "\"90s\""),
        ("workloads.chat.arrivals={ poisson: { rate: 60/min } }", "{ poisson = { rate = \"60/min\" } }"),
        ("workloads.chat.inptu_tokens=5", "input_tokens"),
        ("workloads.chat.rate=900/min", "arrivals.poisson.rate"),
        ("workloads.chat.e2e=20s", "slo.e2e"),
        ("workloads.chat.prefix_tokens=500", "cache.prefix_tokens"),
        ("workloads.chat.arrivals.poisson=900/min", "{ rate = \"900/min\" }"),
        ("workloads.chat.arrivals=900 rpm", "{ poisson = { rate = \"900/min\" } }"),
        ("workloads.chat.cache=60%", "{ read_share = \"60%\" }"),
        ("workloads.chat.slo=20s", "{ e2e = \"20s\" }"),
        ("workloads.chat.client.retries=boto3", "{ sdk = { name = \"python\", version = \"1.44.0\" } }"),
        ("workloads.chat.client.retries.sdk={ name = \"boto3\", version = \"1.44.0\" }", "python"),
        ("run.duration=1:30", "\"1h 30m\""),
        ("capacities.us.limiter=Fixed_Window", "fixed_window"),
    ] {
        let arguments = [argument.to_owned()];
        let refused = read(GOOD, &arguments).expect_err(argument);
        let offers: Vec<&String> = refused.findings.iter().flat_map(|finding| &finding.offers).collect();
        assert!(offers.iter().any(|offer| *offer == offered), "{argument}: {offers:?}");
        type_what_is_offered(GOOD, &arguments, &refused);
    }
}

/// A profile with its ids and regions in the catalogue.
const POOL: &str = r#"[run]
duration = "1h"
warmup = "0s"

[models.nova]
id = "amazon.nova-pro-v1:0"
time_to_first_token = "400ms"
output_tokens_per_second = 60

[workloads.chat]
model = "nova"
arrivals.poisson = { rate = "60/min" }
input_tokens = 1000
output_tokens = 100
max_tokens = 512

[capacities.us.cross_region]
profile = "us"
source_region = "us-east-1"
"#;

#[test]
fn names_of_profiles_and_regions_are_offered_as_the_catalogue_writes_them() {
    read(POOL, &[]).expect("it is good");
    for (argument, offered) in [
        ("capacities.us.profile=US", "us"),
        ("capacities.us.profile=usa", "us"),
        ("capacities.us.source_region=US-EAST-1", "us-east-1"),
        ("capacities.us.source_region=us-est-1", "us-east-1"),
        ("models.nova.id=eu.amazon.nova-pro-v1:0", "\"amazon.nova-pro-v1:0\""),
        ("models.nova.id=AMAZON.nova-pro-v1:0", "\"amazon.nova-pro-v1:0\""),
    ] {
        let arguments = [argument.to_owned()];
        let refused = read(POOL, &arguments).expect_err(argument);
        assert_eq!(refused.findings[0].offers, [offered], "{argument}");
        type_what_is_offered(POOL, &arguments, &refused);
        let (path, _) = argument.split_once('=').expect("a value");
        read(POOL, &[format!("{path}={offered}")]).expect(argument);
    }
}

#[test]
fn a_version_in_an_argument_is_a_text() {
    let text = edited(
        "max_tokens = 512",
        "max_tokens = 512\nclient.retries.sdk = { name = \"python\", version = \"1.44.0\" }",
    );
    for version in ["1.40", "1.44.5", "2"] {
        let loaded = read(&text, &[format!("workloads.chat.client.retries.sdk.version={version}")]).expect(version);
        let preset = loaded.model.workloads[0].client.preset.as_ref().expect("an SDK");
        assert!(preset.sdk.starts_with(&format!("python {version}")), "{}", preset.sdk);
    }
}

#[test]
fn only_sdks_with_known_retries_are_named() {
    let text =
        edited("max_tokens = 512", "max_tokens = 512\nclient.retries.sdk = { name = \"ruby\", version = \"3.0\" }");
    let help = read(&text, &[]).expect_err("there is no such SDK").findings[0].help.clone().expect("a help");
    for name in help.trim_start_matches("use one of ").split(", ") {
        let known = bedload::catalog::sdks::Sdks::embedded().get(name).expect(name);
        assert!(known.first_known().is_some(), "{name}");
    }
    assert!(help.contains("python") && !help.contains("kotlin"), "{help}");
}

#[test]
fn a_share_is_not_a_time_without_its_unit() {
    let refused = read(&edited("duration = \"1h\"", "duration = \"30%\""), &[]).expect_err("a share");
    let finding = &refused.findings[0];
    assert_eq!(finding.rule, "`30%` is not a duration");
    assert!(finding.offers.is_empty() && finding.help.as_ref().is_some_and(|help| help.contains("\"90s\"")));
    read(&edited("duration = \"1h\"", "duration = \"90s\""), &[]).expect("the example is accepted");
}

#[test]
fn a_path_without_its_ending_or_misspelt_is_met_with_the_file_that_is_there() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name);
    fs::write(path("quickstart.toml"), GOOD).expect("a file");
    for wrong in ["quickstart", "quikstart.toml"] {
        let refused = load(&path(wrong), &[]).expect_err("there is no such file");
        let offer = refused.findings[0].offers.first().expect("an offer");
        assert_eq!(Path::new(offer), path("quickstart.toml"));
        assert!(load(Path::new(offer), &[]).is_ok());
    }
    assert!(load(&path("payroll"), &[]).expect_err("there is no such file").findings[0].offers.is_empty());

    fs::write(path("more.toml"), "extends = \"quickstart\"\n").expect("a file");
    let refused = load(&path("more.toml"), &[]).expect_err("there is no such file");
    assert_eq!(refused.findings[0].offers, ["\"quickstart.toml\""]);
    fs::write(path("more.toml"), "extends = \"quickstart.toml\"\n").expect("a file");
    assert!(load(&path("more.toml"), &[]).is_ok());
}

#[test]
fn a_key_of_another_kind_is_named_with_its_kind() {
    let text = edited(
        "arrivals.poisson = { rate = \"60/min\" }",
        "arrivals.users = { count = 3, think_time = \"1s\", context = \"accumulate\" }",
    );
    let refused = read(&text, &[]).expect_err("users have no context");
    let finding = &refused.findings[0];
    assert_eq!(finding.help.as_deref(), Some("`context` is a key of `sessions`"));
    assert!(finding.offers.is_empty());
}

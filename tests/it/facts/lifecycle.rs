//! Models that are legacy, end soon or have ended.

use super::{assumed, load, loaded, warnings};

const HAIKU_3: &str = "anthropic.claude-3-haiku-20240307-v1:0";
const SONNET_45: &str = "us.anthropic.claude-sonnet-4-5-20250929-v1:0";
const LIVE: &str = "us.amazon.nova-pro-v1:0";
const ON_DEMAND: &str = "[capacities.us.on_demand]\ntpm = 1_000_000\nrpm = 500";

fn chat(start: &str, model: &str, capacity: &str) -> String {
    let start = if start.is_empty() { String::new() } else { format!("start = \"{start}\"") };
    format!(
        "[run]\nduration = \"1h\"\nwarmup = \"0s\"\n{start}\n[models.m]\n{model}\n[workloads.w]\nmodel = \"m\"\narrivals.poisson.rate = \"6/min\"\ninput_tokens = 1000\noutput_tokens = 100\nmax_tokens = 500\n{capacity}\n"
    )
}

fn id(id: &str) -> String {
    format!("id = \"{id}\"")
}

#[test]
fn a_run_that_starts_after_the_end_is_refused_with_the_successor() {
    let refused = load(&chat("2026-10-05T00:00:00Z", &id(HAIKU_3), ON_DEMAND)).unwrap_err();
    assert!(refused.contains("Claude 3 Haiku ended on 2026-09-10, and the run starts on 2026-10-05"), "{refused}");
    assert!(refused.contains("after_end = \"play\""), "{refused}");
    // The day before it is a run like any other, and the offered fix is accepted when it is typed.
    loaded(&chat("2026-09-09T00:00:00Z", &id(HAIKU_3), ON_DEMAND));
    let fix = refused.split("write id = \"").nth(1).and_then(|rest| rest.split('"').next()).expect(&refused);
    loaded(&chat("2026-10-05T00:00:00Z", &id(fix), ON_DEMAND));
}

#[test]
fn a_run_plays_a_model_on_where_it_says_so() {
    let model = id(HAIKU_3) + "\nafter_end = \"play\"";
    for start in ["2026-10-05T00:00:00Z", ""] {
        let loaded = loaded(&chat(start, &model, ON_DEMAND));
        let told = assumed(&loaded.model, "models.m.after_end");
        assert!(told.value == "\"play\"" && told.why.contains("ended on 2026-09-10"), "{told:?}");
        assert!(loaded.warnings.is_empty(), "{:?}", loaded.warnings);
    }
    let refused = load(&chat("2026-10-05T00:00:00Z", &(id(HAIKU_3) + "\nafter_end = \"refuse\""), ON_DEMAND));
    assert!(refused.is_err());
}

#[test]
fn without_a_start_the_catalogues_day_decides_and_warns() {
    let told = warnings(&chat("", &id(HAIKU_3), ON_DEMAND));
    assert!(told.contains("Claude 3 Haiku ended on 2026-09-10: calls of it fail today"), "{told}");
    assert_eq!(warnings(&chat("", &id(LIVE), ON_DEMAND)), "");
}

#[test]
fn a_model_that_ends_within_six_months_is_warned_of() {
    for (start, told) in [("2026-10-09T00:00:00Z", true), ("2026-10-07T00:00:00Z", false), ("", true)] {
        let warned = warnings(&chat(start, &id(SONNET_45), ON_DEMAND));
        assert_eq!(warned.contains("Claude Sonnet 4.5 ends on 2027-04-08"), told, "{start}: {warned}");
    }
    let during = warnings(&chat("2027-04-07T23:30:00Z", &id(SONNET_45), ON_DEMAND));
    assert!(during.contains("before the run does"), "{during}");
}

#[test]
fn extended_access_is_warned_of_and_its_prices_are_assumed() {
    let after = chat("2027-02-01T00:00:00Z", &id(SONNET_45), ON_DEMAND);
    let told = warnings(&after);
    assert!(told.contains("in public extended access from 2027-01-08 on: expect higher prices"), "{told}");
    assert_eq!(assumed(&loaded(&after).model, "models.m.price_factor").value, "1");
    let stated = loaded(&after.replace("[workloads", "price_factor = 1.25\n[workloads"));
    assert!(!stated.model.assumptions.iter().any(|a| a.path == "models.m.price_factor"));
    assert!(!warnings(&chat("2026-12-01T00:00:00Z", &id(SONNET_45), ON_DEMAND)).contains("extended"));
}

#[test]
fn new_purchases_and_fine_tuning_of_a_legacy_model_are_warned_of() {
    let reserved = "[capacities.us.reserved]\ninput_tpm = 100_000\noutput_tpm = 10_000\ncommitment = \"1-month\"";
    let told = warnings(&chat("", &id(SONNET_45), reserved));
    assert!(told.contains("is legacy since 2026-10-08: AWS sells no new reserved throughput for it"), "{told}");
    let before = warnings(&chat("2026-10-01T00:00:00Z", &id(SONNET_45), reserved));
    assert!(!before.contains("legacy"), "{before}");
    let tuned = "id = \"meta.llama3-3-70b-instruct-v1:0\"\n[models.m.customization]\nmethod = \"fine_tuning\"\ntraining_tokens = 1_000_000";
    let told = warnings(&chat("", tuned, "[capacities.us.custom_deployment]"));
    assert!(told.contains("Llama 3.3 70B Instruct is legacy") && told.contains("no new fine-tuning"), "{told}");
}

#[test]
fn imported_weights_have_no_end_of_life() {
    let import = "[capacities.us.custom_import]\nconcurrency_per_copy = 4";
    let late = chat("2028-01-01T00:00:00Z", &id("meta.llama3-1-8b-instruct-v1:0"), import);
    assert!(!warnings(&late).contains("ends on"));
    let served = chat("2028-01-01T00:00:00Z", &id("us.meta.llama3-1-8b-instruct-v1:0"), ON_DEMAND);
    assert!(load(&served).unwrap_err().contains("Llama 3.1 8B Instruct ended on 2027-03-30"));
}

#[test]
fn an_import_plays_on_a_model_that_its_record_shows_serving() {
    let folder = tempfile::tempdir().expect("a folder");
    let row = |second: u32| {
        format!(
            "{{\"timestamp\":\"2026-04-01T00:00:0{second}Z\",\"modelId\":\"{HAIKU_3}\",\"input\":{{\"inputTokenCount\":5}},\"output\":{{\"outputTokenCount\":6}}}}\n"
        )
    };
    std::fs::write(folder.path().join("log.json"), row(1) + &row(9)).expect("it can be written");
    let bedload = |args: &[&str]| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_bedload"));
        command.args(args).current_dir(folder.path()).output().expect("it runs")
    };
    assert!(bedload(&["import", "trace", "log.json"]).status.success());
    let written = std::fs::read_to_string(folder.path().join("log.toml")).expect("it is written");
    assert!(written.contains("after_end = \"play\"") && written.contains("it ended on 2026-09-10"), "{written}");
    let later = bedload(&["validate", "log.toml", "--set", "run.start=2026-11-29T00:00:00Z"]);
    assert!(later.status.success(), "{}", String::from_utf8_lossy(&later.stderr));
}

#[test]
fn the_end_of_a_model_is_a_part_of_the_answer() {
    let play = id(HAIKU_3) + "\nafter_end = \"play\"";
    for (start, model, told) in [
        ("", id(HAIKU_3), "Claude 3 Haiku ended on 2026-09-10: calls of it fail today; "),
        ("", play, "Claude 3 Haiku ended on 2026-09-10, and the run simulates it as if it still answered"),
        ("2027-02-01T00:00:00Z", id(SONNET_45), "Claude Sonnet 4.5 is in public extended access from 2027-01-08 on"),
        (
            "2026-12-01T00:00:00Z",
            id(SONNET_45),
            "Claude Sonnet 4.5 ends on 2027-04-08: calls fail from then on; plan the",
        ),
    ] {
        let results = crate::playing::results_on(1, &chat(start, &model, ON_DEMAND));
        let note = results.notes.iter().find(|note| note.text.starts_with(told)).unwrap_or_else(|| panic!("{told}"));
        assert!(note.is_caveat && note.metric.as_deref() == Some("models.m"), "{note:?}");
        let decision = results.decision.as_ref().expect("one point");
        assert!(decision.caveats.contains(&note.text) && !decision.is_of_part, "{decision:?}");
    }
    let live = crate::playing::results_on(1, &chat("", &id(LIVE), ON_DEMAND));
    assert!(live.decision.is_some_and(|decision| decision.caveats.is_empty()));
}

#[test]
fn a_check_and_the_page_tell_of_a_model_that_ends() {
    let folder = tempfile::tempdir().expect("a folder");
    let scenario = chat("2026-12-01T00:00:00Z", &id(SONNET_45), ON_DEMAND);
    let goal = "[[expect]]\nmetric = \"failure_rate\"\nat_most = \"50%\"\n";
    std::fs::write(folder.path().join("s.toml"), scenario + goal).expect("it can be written");
    let bedload = |args: &[&str]| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_bedload"));
        command.args(args).current_dir(folder.path()).output().expect("it runs")
    };
    let checked = String::from_utf8_lossy(&bedload(&["check", "s.toml", "--markdown", "c.md"]).stdout).into_owned();
    assert!(checked.contains("WARN          Claude Sonnet 4.5 ends on 2027-04-08"), "{checked}");
    bedload(&["run", "s.toml", "--no-charts", "--quiet", "--no-decision", "--out", "o"]);
    bedload(&["report", "o"]);
    for file in ["c.md", "o/report.html"] {
        let told = std::fs::read_to_string(folder.path().join(file)).expect("it is there");
        assert!(told.contains("ends on 2027-04-08"), "{file}");
    }
}

#[test]
fn the_end_of_a_model_is_told_before_what_else_its_scenario_lacks() {
    // The catalogue has no latencies of this model, and the scenario states none.
    const OLD: &str = "anthropic.claude-3-5-sonnet-20240620-v1:0";
    let refused = load(&chat("2027-06-01T00:00:00Z", &id(OLD), ON_DEMAND)).unwrap_err();
    assert!(refused.starts_with("error: Claude 3.5 Sonnet ended on "), "{refused}");
    assert_eq!(refused.matches("error: ").count(), 1, "{refused}");
}

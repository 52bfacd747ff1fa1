//! What a run decides, and what it tries where the answer is no.

use std::path::Path;

use bedload::experiment::{self, Unwatched};
use bedload::report::{self, Palette};
use bedload::results::{Decision, Judgement, Results, Scenario};
use bedload::scenario::load_text;

fn decided(arrivals: &str, rest: &str) -> Results {
    let text = format!(
        r#"
        [run]
        duration = "40m"
        warmup = "0s"
        replications = 2
        [models.own]
        max_output_tokens = 50_000
        time_to_first_token = "1s"
        output_tokens_per_second = 100
        prices = {{ input = "$1/1M", output = "$5/1M" }}
        [workloads.chat]
        model = "own"
        arrivals.{arrivals}
        input_tokens = 1000
        output_tokens = 200
        client.retries = "none"
        {rest}"#
    );
    let load = |settings: &[String]| {
        let loaded = load_text("test.toml", &text, Path::new("."), settings);
        loaded.map(|loaded| loaded.model).map_err(|_| "it makes no scenario".to_owned())
    };
    let scenario =
        Scenario { title: String::new(), file: "test.toml".to_owned(), sha256: String::new(), overrides: Vec::new() };
    let model = load(&[]).expect("it is a scenario");
    let mut conclusion = experiment::run(&model, scenario, &Unwatched);
    experiment::seek_change(&mut conclusion, &model, &load);
    report::decide(&mut conclusion.results);
    conclusion.results
}

fn decision(results: &Results) -> &Decision {
    results.decision.as_ref().expect("a run decides")
}

fn told(results: &Results) -> String {
    let text = report::text(results, Palette { colour: false });
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn the_least_quota_that_carries_the_load_is_found_by_a_few_short_reruns() {
    let results = decided("constant.rate = \"120/min\"", "max_tokens = 200\n[capacities.us.on_demand]\nrpm = 80");
    let change = decision(&results).change.as_ref().expect("something was tried");
    assert_eq!((change.path.as_str(), change.value), ("capacities.us.rpm", Some(120)));
    assert!(change.reruns.len() <= 8 && change.reruns.iter().any(|rerun| !rerun.carries));
    assert_eq!(change.minutes, 30.0, "steady traffic is played for half an hour");
    let text = told(&results);
    assert!(text.contains("Decision no: 66.7 % served"), "{text}");
    assert!(text.contains("capacities.us.rpm = 120 would carry the load"), "{text}");
    assert!(text.contains("(4 reruns of 30 min, 1 replication each: "), "{text}");
}

#[test]
fn a_second_limit_behind_the_first_is_named_where_no_value_is_enough() {
    let limits = "max_tokens = 200\n[capacities.us.on_demand]\nrpm = 80\ntpm = 100_000";
    let results = decided("constant.rate = \"120/min\"", limits);
    let change = decision(&results).change.as_ref().expect("something was tried");
    assert_eq!((change.path.as_str(), change.value), ("capacities.us.rpm", None));
    assert_eq!(change.next_neck.as_deref(), Some("capacities.us.tpm"));
    assert!(change.reruns.len() <= 8);
}

#[test]
fn a_lower_cap_is_tried_where_reservations_fill_the_limit_unused() {
    // Each call reserves 51,000 tokens of 600,000 and uses 1,200: twelve at once fill the quota.
    let results = decided("constant.rate = \"240/min\"", "[capacities.us.on_demand]\nrpm = \"none\"\ntpm = 600_000");
    let change = decision(&results).change.as_ref().expect("something was tried");
    assert_eq!((change.path.as_str(), change.value), ("workloads.chat.max_tokens", Some(1200)));
}

#[test]
fn a_load_that_is_carried_is_a_yes_and_nothing_is_tried() {
    let results = decided("constant.rate = \"60/min\"", "max_tokens = 200\n[capacities.us.on_demand]\nrpm = 80");
    assert_eq!((decision(&results).change.as_ref(), decision(&results).goals), (None, None));
    assert!(told(&results).contains("Decision yes: 100 % served"), "{}", told(&results));
}

#[test]
fn goals_that_do_not_bound_failures_never_make_a_plain_yes() {
    let goals =
        "max_tokens = 200\n[capacities.us.on_demand]\nrpm = 80\n[[expect]]\nmetric = \"e2e_p99\"\nat_most = \"9s\"";
    let results = decided("constant.rate = \"120/min\"", goals);
    assert_eq!(decision(&results).goals, Some(Judgement::Held));
    assert!(told(&results).contains("Decision the stated goals hold, but 66.7 % served"), "{}", told(&results));
}

#[test]
fn an_open_goal_says_how_many_replications_would_decide_it() {
    let goal = |at_most: &str| {
        let rest = format!(
            "max_tokens = 200\n[capacities.us.on_demand]\nrpm = 80\n[[expect]]\nmetric = \"failure_rate\"\nat_most = \"{at_most}\""
        );
        decided("constant.rate = \"60/min\"", &rest).expectations.remove(0)
    };
    // 80 minutes without a failure: below 3.7 % at 95 %. A bound of 1 % takes 300 minutes, 8 replications of 40.
    let open = goal("1%");
    assert_eq!(open.verdict, Judgement::Inconclusive);
    assert_eq!(open.undecided.expect("it is open").replications, Some(8));
    assert_eq!(goal("4%").verdict, Judgement::Held);
    let zero = goal("0%").undecided.expect("it is open");
    assert_eq!(zero.replications, None);
    assert!(zero.why.contains("at_most = \"3.75%\" would hold"), "{}", zero.why);
}

#[test]
fn bursts_that_a_few_replications_missed_do_not_pass() {
    // A burst every five hours refuses most of a few minutes: of 40 minutes x 2 most see none, and all are about 1 %.
    let rest = "max_tokens = 200\nbursts = [{ per_hour = 0.2, lasts = \"3m\", factor = 10 }]\n[capacities.us.on_demand]\nrpm = 90\n[[expect]]\nmetric = \"failure_rate\"\nat_most = \"1%\"";
    let results = decided("constant.rate = \"60/min\"", rest);
    let goal = &results.expectations[0];
    assert_ne!(goal.verdict, Judgement::Held, "{goal:?}");
}

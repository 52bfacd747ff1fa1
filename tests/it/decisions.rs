//! The decision of a run, and the reruns where the answer is no.

use std::path::Path;

use bedload::experiment::{self, Unwatched};
use bedload::report::{self, Palette};
use bedload::results::{Decision, Judgement, Results, Scenario};
use bedload::scenario::load_text;

fn decided(arrivals: &str, rest: &str) -> Results {
    decided_from("2026-01-01T00:00:00Z", arrivals, rest)
}

fn decided_from(start: &str, arrivals: &str, rest: &str) -> Results {
    judged(&decided_text(start, arrivals, rest))
}

fn decided_text(start: &str, arrivals: &str, rest: &str) -> String {
    format!(
        r#"
        [run]
        start = "{start}"
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
    )
}

fn judged(text: &str) -> Results {
    let load = |settings: &[String]| {
        let loaded = load_text("test.toml", text, Path::new("."), settings);
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
fn two_limits_in_the_way_are_raised_together_and_both_values_are_told() {
    // 120 calls a minute of 1,200 tokens: 144,000, which is 150,000 in two figures.
    let limits = "max_tokens = 200\n[capacities.us.on_demand]\nrpm = 80\ntpm = 90_000";
    let results = decided("constant.rate = \"120/min\"", limits);
    let change = decision(&results).change.as_ref().expect("something was tried");
    let mut told_of = vec![(change.path.as_str(), change.value)];
    told_of.extend(change.with.iter().map(|key| (key.path.as_str(), Some(key.value))));
    told_of.sort_unstable();
    assert_eq!(told_of, [("capacities.us.rpm", Some(120)), ("capacities.us.tpm", Some(150_000))]);
    assert!(change.reruns.len() <= 8);
    let text = told(&results);
    assert!(text.contains("= 150_000") && text.contains(" with capacities.us."), "{text}");
    assert!(text.contains("; tpm = 150_000 with rpm = 120: carries the load; "), "{text}");
}

#[test]
fn what_no_value_widens_is_named_as_the_next_bottleneck() {
    let limits = "max_tokens = 200\n[capacities.us.on_demand]\nrpm = 80\nunavailable_probability = 0.1";
    let results = decided("constant.rate = \"120/min\"", limits);
    let change = decision(&results).change.as_ref().expect("something was tried");
    assert_eq!((change.path.as_str(), change.value), ("capacities.us.rpm", None));
    assert_eq!(change.next_neck.as_deref(), Some("capacities.us.unavailable_probability"));
    assert!(change.reruns.len() <= 8);
}

#[test]
fn a_limit_of_zero_has_a_least_value_too() {
    let results =
        decided("constant.rate = \"120/min\"", "max_tokens = 200\n[capacities.us.on_demand]\nrpm = \"none\"\ntpm = 0");
    let change = decision(&results).change.as_ref().expect("something was tried");
    assert_eq!((change.path.as_str(), change.value), ("capacities.us.tpm", Some(150_000)));
    let text = told(&results);
    assert!(text.contains("capacities.us.tpm: 0/min, so that it admits nothing"), "{text}");
    assert!(text.match_indices("? ").all(|(at, _)| text[at..].starts_with("? (")), "each ? has its reason: {text}");
}

#[test]
fn a_goal_that_is_missed_for_another_reason_does_not_blind_the_search_and_is_told() {
    let goals = r#"max_tokens = 200
        [capacities.us.on_demand]
        rpm = 80
        [[expect]]
        metric = "failure_rate"
        at_most = "0.1%"
        [[expect]]
        metric = "e2e_p50"
        at_most = "1s""#;
    let results = decided("constant.rate = \"120/min\"", goals);
    let change = decision(&results).change.as_ref().expect("something was tried");
    assert_eq!((change.path.as_str(), change.value), ("capacities.us.rpm", Some(120)));
    assert_eq!(change.missed.iter().map(|goal| goal.metric.as_str()).collect::<Vec<_>>(), ["e2e_p50_ms"]);
    let text = told(&results);
    assert!(
        text.contains(
            "may carry the load: decide it with more replications; still missed: e2e_p50_ms is 3 s, not <= 1 s"
        ),
        "{text}"
    );
}

#[test]
fn the_daily_quota_of_an_account_in_several_regions_is_one_key() {
    // 120 calls a minute of 1,200 tokens use 5.76 M in 40 minutes; each of two regions has 1 M.
    let rest = r#"max_tokens = 200
        route = ["east", "west"]
        [capacities.east.on_demand]
        region = "us-east-1"
        rpm = "none"
        [capacities.west.on_demand]
        region = "us-west-2"
        rpm = "none"
        [account]
        tpd = 1_000_000"#;
    let results = decided("constant.rate = \"120/min\"", rest);
    let basis = &results.points[0].basis;
    assert_eq!(basis.neck.as_ref().map(|neck| neck.path.as_str()), Some("account.us-west-2.tpd"));
    let change = decision(&results).change.as_ref().expect("something was tried");
    assert_eq!((change.path.as_str(), change.value), ("account.tpd", Some(2_900_000)));
}

#[test]
fn a_backlog_behind_connections_is_mended_by_more_of_them() {
    let results = decided(
        "constant.rate = \"120/min\"",
        "max_tokens = 200\nclient.max_connections = 4\n[capacities.us.on_demand]\nrpm = 200",
    );
    let change = decision(&results).change.as_ref().expect("something was tried");
    // Calls of 3 s, 120 a minute: 6 at a time.
    assert_eq!((change.path.as_str(), change.value), ("workloads.chat.client.max_connections", Some(6)));
}

#[test]
fn a_rate_that_is_never_reached_is_a_part_of_the_decision_and_no_plain_yes() {
    let rest = "max_tokens = 200\nshape = \"office_hours\"\n[capacities.us.on_demand]\nrpm = 200";
    let results = decided("constant.rate = \"120/min\"", rest);
    let decided = decision(&results);
    assert!(decided.is_of_part && decided.caveats.len() == 1, "{decided:?}");
    assert!(decided.answer.starts_with("yes for the traffic that was simulated"), "{}", decided.answer);
    let caveat = "`chat` states a rate of 120 a minute, and the measured time sees";
    assert!(decided.caveats[0].starts_with(caveat), "{}", decided.caveats[0]);
    let text = told(&results);
    assert_eq!(text.matches(caveat).count(), 1, "once, in the decision: {text}");
    assert!(text.find(caveat) < text.find("Requests "), "{text}");
    let subject = bedload::charts::Subject::of(&results);
    let review = report::review(&report::Sheet { subject, scenario: None }).expect("it is drawn");
    let page = report::review_markdown(&review);
    assert!(page.contains("states a rate of 120 a minute"), "{page}");
}

#[test]
fn the_end_of_the_accounts_day_is_told_by_the_clock_of_the_start() {
    // 144,000 tokens a minute use 14.4 M up in 100 minutes.
    let rest = r#"max_tokens = 200
        [capacities.us.on_demand]
        rpm = 200
        [account]
        tpd = 14_400_000"#;
    let at = |start: &str| {
        let results = decided_from(start, "constant.rate = \"120/min\"", rest);
        decision(&results).caveats.clone()
    };
    let utc = at("2026-12-01T00:00:00Z");
    assert_eq!(utc.len(), 1, "{utc:?}");
    assert!(utc[0].contains("used up 1 h 40 min after the start (01:40 UTC), which"), "{utc:?}");
    // Midnight there is 05:00 UTC: nothing was used of the day before.
    let there = at("2026-12-01T00:00:00[America/New_York]");
    assert!(there[0].contains("1 h 40 min after the start (01:40 America/New_York (06:40 UTC))"), "{there:?}");
}

/// Returns the assumptions that a run hangs on, of a model of the catalogue at 10 calls a minute.
fn hanging(rest: &str) -> Vec<String> {
    let text = format!(
        r#"
        [run]
        duration = "40m"
        warmup = "0s"
        replications = 1
        [models.sonnet]
        id = "us.anthropic.claude-sonnet-4-6"
        [workloads.chat]
        model = "sonnet"
        arrivals.constant.rate = "10/min"
        input_tokens = 1000
        output_tokens = 200
        max_tokens = 200
        client.retries = "none"
        {rest}"#
    );
    let loaded = load_text("test.toml", &text, Path::new("."), &[]).map_err(|_| ()).expect("it is a scenario");
    let scenario =
        Scenario { title: String::new(), file: "test.toml".to_owned(), sha256: String::new(), overrides: Vec::new() };
    let results = experiment::run(&loaded.model, scenario, &Unwatched).results;
    decision(&results).hangs_on.clone()
}

#[test]
fn an_answer_hangs_on_no_limit_that_is_idle_and_on_none_where_an_outage_is_in_the_way() {
    let us = "[capacities.us.cross_region]\nprofile = \"us\"\nsource_region = \"us-east-1\"";
    assert_eq!(hanging(us), [""; 0]);
    let outage = format!("{us}\noutages = [{{ at = \"5m\", lasts = \"20m\" }}]\nrpm = 11");
    assert_eq!(hanging(&outage), [""; 0]);
    let near = hanging(&format!("{us}\ntpm = 20_100"));
    assert!(near.contains(&"capacities.us.limiter".to_owned()), "{near:?}");
    assert!(!near.contains(&"capacities.us.rpm".to_owned()), "10 of 10,000: {near:?}");
}

#[test]
fn an_answer_hangs_on_how_the_account_counts_where_weights_would_use_its_day_up() {
    // 10 calls a minute of 1,200 tokens are 17.3 M a day; output weighs 5, so that they are 28.8 M by price.
    let us = "[capacities.us.cross_region]\nprofile = \"us\"\nsource_region = \"us-east-1\"";
    let on = |tpd: u32| hanging(&format!("{us}\n[account]\ntpd = {tpd}"));
    assert!(on(20_000_000).contains(&"account.tpd_counting".to_owned()), "{:?}", on(20_000_000));
    assert!(!on(30_000_000).contains(&"account.tpd_counting".to_owned()));
}

#[test]
fn an_answer_hangs_on_model_units_that_aws_has_to_grant() {
    let bought = "[capacities.bought.provisioned]\nmodel_units = 1\ninput_tpm_per_unit = 1_000_000\noutput_tpm_per_unit = 100_000\nprice_per_unit = \"$20/h\"";
    let results = decided("constant.rate = \"10/min\"", &format!("max_tokens = 200\n{bought}"));
    assert_eq!(decision(&results).hangs_on, ["capacities.bought.model_units_quota"]);
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

/// The decision of chat traffic for a legacy model, 120 calls a minute of 1,200 tokens, on 1 December 2026.
fn legacy(id: &str, rest: &str) -> Results {
    let text = format!(
        r#"
        [run]
        start = "2026-12-01T00:00:00Z"
        duration = "40m"
        warmup = "0s"
        replications = 2
        [models.sonnet]
        id = "us.{id}"
        output_burndown = 1
        [workloads.chat]
        model = "sonnet"
        arrivals.constant.rate = "120/min"
        input_tokens = 1000
        output_tokens = 200
        max_tokens = 200
        client.retries = "none"
        [capacities.us.cross_region]
        profile = "us"
        source_region = "us-east-1"
        {rest}"#
    );
    judged(&text)
}

fn markdown(results: &Results) -> String {
    let subject = bedload::charts::Subject::of(results);
    report::review_markdown(&report::review(&report::Sheet { subject, scenario: None }).expect("it is drawn"))
}

#[test]
fn a_quota_of_a_legacy_model_is_said_not_to_be_raised_with_the_ways_that_remain() {
    let results = legacy("anthropic.claude-sonnet-4-5-20250929-v1:0", "tpm = 100_000");
    let change = decision(&results).change.as_ref().expect("something was tried");
    assert_eq!(change.path, "capacities.us.tpm");
    assert!(change.not_granted[0].starts_with("AWS does not raise capacities.us.tpm, because"), "{change:?}");
    assert!(!change.other_ways.contains(&"the reserved tier".to_owned()), "nothing new is sold: {change:?}");
    assert!(decision(&results).caveats.iter().any(|c| c.contains("is legacy since 2026-10-08")), "{results:?}");
    assert!(!decision(&results).is_of_part, "all of the traffic was simulated");
    for text in [told(&results), markdown(&results)] {
        assert!(text.contains("is legacy since 2026-10-08: AWS raises no quota"), "{text}");
        assert!(text.contains("the ways that remain are another model"), "{text}");
    }
    let current = legacy("anthropic.claude-sonnet-4-6", "tpm = 100_000");
    let change = decision(&current).change.as_ref().expect("something was tried");
    assert!(change.not_granted.is_empty() && change.other_ways.is_empty(), "{change:?}");
    assert!(!told(&current).contains("legacy"), "{}", told(&current));
}

#[test]
fn the_daily_quota_of_an_account_is_said_not_to_be_raised_and_a_failing_months_cost_is_of_a_part() {
    let results = legacy("anthropic.claude-sonnet-4-6", "[account]\ntpd = 2_000_000");
    let change = decision(&results).change.as_ref().expect("something was tried");
    assert_eq!(change.path, "account.tpd");
    assert_eq!(change.not_granted, ["no request raises the daily quota of an account (account.tpd)"]);
    for text in [told(&results), markdown(&results)] {
        let ways = "the ways that remain are the reserved tier, batch inference, another source region or fewer tokens";
        assert!(text.contains(ways), "{text}");
    }
    let answer = &decision(&results).answer;
    assert!(answer.contains(" a month for the 34.7 % that are served;"), "{answer}");
}

#[test]
fn failures_below_the_carrying_bound_head_no_good_answer() {
    // One call in 2,000 meets a 503, and no goal bounds failures.
    let of = |chance: f64| {
        let rest = format!(
            "max_tokens = 200\n[capacities.us.on_demand]\nrpm = 900\nunavailable_probability = {chance}\n[[expect]]\nmetric = \"e2e_p50\"\nat_most = \"9s\""
        );
        told(&decided("constant.rate = \"600/min\"", &rest))
    };
    let text = of(0.0005);
    assert!(text.contains("Decision yes: 99.9"), "{text}");
    assert!(text.contains("fail, which no goal bounds"), "{text}");
    assert!(!text.contains("bottleneck: the background rate"), "{text}");
    let text = of(0.01);
    assert!(text.contains("Decision the stated goals hold, but 9"), "{text}");
    assert!(text.contains("bottleneck: the background rate"), "{text}");
}

#[test]
fn what_times_out_where_nothing_is_refused_does_not_count_against_a_quota() {
    // Half of 120 calls a minute are refused. One answer in a hundred takes longer than the 60 s that the client waits.
    let rest = "max_tokens = 20_000\noutput_tokens.lognormal = { median = 1_000, p95 = 3_500 }\nclient.timeout = \"60s\"\n[capacities.us.on_demand]\nrpm = 60";
    let text =
        decided_text("2026-01-01T00:00:00Z", "constant.rate = \"120/min\"", rest).replace("output_tokens = 200\n", "");
    let results = judged(&text);
    let change = decision(&results).change.as_ref().expect("something was tried");
    assert_eq!((change.path.as_str(), change.value), ("capacities.us.rpm", Some(120)));
    let carried = change.reruns.iter().find(|rerun| rerun.carries).expect("one carries");
    assert!(carried.timed_out_share > 0.001 && carried.timed_out_share == carried.failing_share, "{carried:?}");
    let text = told(&results);
    assert!(
        text.contains("of the requests still meet the client's time-out, which a larger quota does not prevent"),
        "{text}"
    );
}

#[test]
fn a_cap_is_tried_together_with_a_quota_where_callers_state_none() {
    // A call reserves 51,000 tokens without a cap, and 2,200 with one of six mean answers: 240 a minute reserve 528,000.
    let results = decided("constant.rate = \"240/min\"", "[capacities.us.on_demand]\nrpm = \"none\"\ntpm = 100_000");
    let change = decision(&results).change.as_ref().expect("something was tried");
    assert_eq!(change.path, "capacities.us.tpm");
    assert!(change.value.is_some_and(|tpm| tpm < 600_000), "{change:?}");
    let with: Vec<_> = change.with.iter().map(|key| (key.path.as_str(), key.value)).collect();
    assert_eq!(with, [("workloads.chat.max_tokens", 1200)]);
}

#[test]
fn a_value_that_the_replications_do_not_decide_may_carry_the_load_and_one_that_they_decide_would() {
    let of = |at_most: &str| {
        let goal = format!(
            "max_tokens = 200\n[capacities.us.on_demand]\nrpm = 80\n[[expect]]\nmetric = \"failure_rate\"\nat_most = \"{at_most}\""
        );
        decided("constant.rate = \"120/min\"", &goal)
    };
    // 80 minutes without a failure leave up to 3.7 % open.
    let open = of("0.5%");
    assert_eq!(decision(&open).change.as_ref().and_then(|change| change.goals), Some(Judgement::Inconclusive));
    assert!(told(&open).contains("may carry the load: decide it with more replications"), "{}", told(&open));
    let held = of("10%");
    let change = decision(&held).change.as_ref().expect("something was tried");
    assert!(change.goals != Some(Judgement::Inconclusive), "{change:?}");
}

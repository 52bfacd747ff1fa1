//! The notes of a run beside its figures, and its assumptions.

use bedload::report;
use bedload::results::Results;

use crate::playing::{play, results_on, value};

/// Two models of the catalogue, an account's daily quota over both, and the second at twice its requests per minute.
fn two_models(tpd: &str) -> Results {
    results_on(
        1,
        &format!(
            r#"
            [run]
            duration = "10m"
            warmup = "0s"
            replications = 1
            [models.sonnet]
            id = "us.anthropic.claude-sonnet-4-6"
            [models.nova]
            id = "us.amazon.nova-pro-v1:0"
            [workloads.a]
            model = "sonnet"
            arrivals.constant.rate = "30/min"
            input_tokens = 1000
            output_tokens = 100
            max_tokens = 100
            client.retries = "none"
            route = "s"
            [workloads.b]
            model = "nova"
            arrivals.constant.rate = "1000/min"
            input_tokens = 1000
            output_tokens = 100
            max_tokens = 100
            client.retries = "none"
            route = "n"
            [quotas.day]
            tpd = {tpd}
            [capacities.s.on_demand]
            quota = "day"
            [capacities.n.on_demand]
            quota = "day"
            "#
        ),
    )
}

#[test]
fn a_quota_that_models_share_takes_none_of_their_own_away() {
    let results = two_models("10_000_000_000");
    let point = &results.points[0];
    assert_eq!(value(point, "workloads.b.served"), 5_000.0, "500 of 1,000 a minute");
    assert_eq!(value(point, "workloads.a.failed"), 0.0);
    let assumed: Vec<&str> = results.assumptions.iter().map(|a| a.path.as_str()).collect();
    for path in ["capacities.n.rpm", "capacities.n.tpm", "account.tpd", "capacities.s.rpm"] {
        assert!(assumed.contains(&path), "{path} in {assumed:?}");
    }
}

#[test]
fn a_day_that_the_run_does_not_see_is_told() {
    // A minute of 30 calls of 1,500 tokens, as output burns five, and of the 500 calls of 1,100 that its limit lets through.
    let said = |tpd: u64| two_models(&tpd.to_string()).notes.into_iter().map(|n| n.text).collect::<Vec<_>>().join("\n");
    let minute = 30 * 1_500 + 500 * 1_100;
    let of_the_quota = "of `quotas.day` is used up";
    assert!(!said(minute * 1_440 + 1).contains(of_the_quota), "a day leaves one");
    assert!(!said(minute * 1_440).contains(of_the_quota), "a day just uses it up, and at 00:00 it is whole again");
    let half = said(minute * 720);
    assert!(half.contains(&format!("tokens {of_the_quota} 12 h after the start (12:00 UTC), which")), "{half}");
    // The account counts 530 x 1,100: 583,000 a minute.
    let account = "the account's daily quota of 700 M tokens is used up 20 h 1 min after the start (20:01 UTC), \
                   which this run does not reach: its answer and its cost per month hold only until then; extend run.duration to include it";
    assert!(half.contains(account), "{half}");
}

/// An hour of ten requests a minute, of a model that takes a second and writes 100 tokens in one more.
fn an_hour(cooldown: &str, rest: &str) -> Results {
    results_on(
        1,
        &format!(
            r#"
            [run]
            duration = "1h"
            warmup = "0s"
            cooldown = "{cooldown}"
            replications = 1
            [models.own]
            max_output_tokens = 100
            time_to_first_token = "1s"
            output_tokens_per_second = 100
            prices = {{ input = "$1/1M", output = "$1/1M" }}
            [workloads.w]
            model = "own"
            arrivals.constant.rate = "10/min"
            input_tokens = 100
            output_tokens = 100
            client.retries = "none"
            {rest}
            "#
        ),
    )
}

#[test]
fn what_is_not_finished_is_told() {
    let batch = "[capacities.night.batch]\ncollect_every = \"1h\"\nqueue_delay = \"1h\"\ntokens_per_second = 10_000";
    let is_told = |cooldown| an_hour(cooldown, batch).notes.iter().any(|n| n.metric.as_deref() == Some("unfinished"));
    assert!(is_told("30m") && !is_told("3h"));
}

fn summary(rest: &str) -> String {
    report::text(&an_hour("1h", rest), report::Palette { colour: false })
}

#[track_caller]
fn says(text: &str, parts: &[&str]) {
    let flat = text.split_whitespace().collect::<Vec<_>>().join(" ");
    for part in parts {
        assert!(flat.contains(part), "`{part}` is not in\n{text}");
    }
}

#[test]
fn the_summary_tells_what_spilled_over_and_why() {
    let text = summary("route = [\"a\", \"b\"]\n[capacities.a.on_demand]\nrpm = 5\n[capacities.b.on_demand]");
    says(
        &text,
        &[
            "% of the served requests went past the first capacity of their route",
            "Throttled nothing: the next capacity of the route served what one refused",
            "attempts by rpm",
        ],
    );
}

#[test]
fn the_summary_tells_of_batch_jobs() {
    let text = summary(
        "[capacities.night.batch]\ncollect_every = \"30m\"\nqueue_delay = \"10m\"\ntokens_per_second = 1000\ndeadline = \"5m\"",
    );
    says(&text, &["capacities.night: 2 jobs, 0 % in time; on average a job waits 10 min and runs for"]);
}

#[test]
fn a_verdict_does_not_hide_that_requests_fail() {
    let text = summary("[capacities.a.on_demand]\nunavailable_probability = 0.5");
    says(&text, &["Verdict saturated:", "% of requests fail", "bottleneck: the background rate of 503 answers"]);
    assert!(!summary("[capacities.a.on_demand]").contains("of requests fail"));
}

#[test]
fn a_run_without_requests_says_so_and_has_no_figures_that_are_none() {
    let results = results_on(
        1,
        r#"
        run = { duration = "1h", warmup = "0s", replications = 2 }
        models.own = { max_output_tokens = 100, time_to_first_token = "1s", output_tokens_per_second = 100 }
        capacities.us.on_demand = {}
        [workloads.w]
        model = "own"
        input_tokens = 1
        output_tokens = 1
        arrivals.constant.rate = "1/day""#,
    );
    let text = report::text(&results, report::Palette { colour: false });
    assert!(text.contains("none arrived in the measured time"), "{text}");
    assert!(!text.contains("NaN") && !text.contains("Throttled"), "{text}");
}

#[test]
fn a_month_is_told_from_whole_weeks_of_a_weekly_shape_and_from_whole_days_of_a_daily_one() {
    let month = |shape: &str, days: u32| {
        let point = play(&format!(
            r#"
            run = {{ duration = "{days}d", warmup = "0s", replications = 1 }}
            models.own = {{ max_output_tokens = 100, time_to_first_token = "1s", output_tokens_per_second = 100, prices = {{ input = "$1/1M", output = "$1/1M" }} }}
            capacities.us.on_demand = {{}}
            [workloads.w]
            model = "own"
            input_tokens = 1
            output_tokens = 1
            arrivals.constant.rate = "10/h"
            shape = {shape}"#
        ));
        point.metrics["cost_per_month_usd"].estimate
    };
    let daily = format!("{{ daily = {:?} }}", [1.0; 24]);
    assert!(month(&daily, 2).is_some());
    assert!(month("\"office_hours\"", 2).is_none() && month("\"office_hours\"", 7).is_some());
}

/// Returns the text on the program's standard error stream when it validates a scenario.
fn warned(scenario: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("s.toml"), scenario).unwrap();
    let mut program = std::process::Command::new(env!("CARGO_BIN_EXE_bedload"));
    let output = program.args(["validate", "s.toml"]).current_dir(folder.path()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn chat(more: &str) -> String {
    format!(
        r#"
        run = {{ duration = "10m", warmup = "0s" }}
        models.nova.id = "us.amazon.nova-pro-v1:0"
        [workloads.chat]
        model = "nova"
        arrivals.poisson.rate = "60/min"
        input_tokens = 1000
        output_tokens = 100
        max_tokens = 200
        {more}
        "#
    )
}

#[test]
fn a_quota_that_repeats_the_daily_quota_of_the_account_is_a_warning() {
    let named = |name: &str, tpd: &str| {
        chat(&format!("[quotas.{name}]\ntpd = {tpd}\n[capacities.us.on_demand]\nquota = \"{name}\"\n"))
    };
    const RULE: &str = "does not stand in place of the account's daily quota of 700,000,000 tokens";
    let same = warned(&named("all", "700_000_000"));
    assert!(same.contains(&format!("`quotas.all.tpd` of 700,000,000 {RULE}")), "{same}");
    let called_so = warned(&named("account", "350_000_000"));
    assert!(called_so.contains(&format!("`quotas.account.tpd` of 350,000,000 {RULE}")), "{called_so}");
    let own = warned(&chat("[capacities.us.on_demand]\ntpd = 700_000_000\n"));
    assert!(own.contains(&format!("`capacities.us.tpd` of 700,000,000 {RULE}")), "{own}");
    // A limit of one model that is lower is no repetition, and without the account's quota nothing is repeated.
    for text in [named("nova", "100_000_000"), named("all", "700_000_000") + "[account]\ntpd = \"none\"\n"] {
        assert!(!warned(&text).contains("does not stand in place"), "{}", warned(&text));
    }
}

#[test]
fn a_first_delay_that_the_default_cap_cuts_is_a_warning_whose_fix_is_accepted() {
    let retries = |keys: &str| chat(&format!("client.retries.exponential = {{ {keys} }}\n[capacities.us.on_demand]\n"));
    let cut = warned(&retries("base = \"30s\""));
    assert!(cut.contains("the first delay of 30s is longer than the default cap: each delay is 20s"), "{cut}");
    assert!(cut.contains("write cap = \"30s\" beside base = \"30s\""), "{cut}");
    for keys in ["base = \"30s\", cap = \"30s\"", "base = \"20s\"", "cap = \"5s\""] {
        assert!(!warned(&retries(keys)).contains("the first delay"), "{keys}");
    }
}

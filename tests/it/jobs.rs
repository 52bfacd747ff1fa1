//! Jobs, users who start together, models that write no answer, and what a run leaves out of the traffic it states.

use bedload::results::Judgement;

use crate::playing::{model, play, results_on, value};

const UPLOAD: &str = r#"
[run]
duration = "20m"
warmup = "1m"
replications = 2
[models.titan]
id = "amazon.titan-embed-text-v1"
[workloads.upload]
model = "titan"
arrivals.job = { requests = 1380, at = "5m" }
input_tokens.lognormal = { median = 750, p95 = 1000, max = 8000 }
client = { retries.sdk = { name = "javascript", version = "3.540.0" }, max_connections = 50 }
[capacities.here.on_demand]
rpm = 2000
tpm = 300_000
tpd = "none"
"#;

#[test]
fn an_embedding_model_is_asked_for_no_output() {
    let results = results_on(2, &format!("{UPLOAD}[[expect]]\nmetric = \"failure_rate\"\nat_most = 0"));
    let point = &results.points[0];
    // 1,380 chunks of 750 tokens are a million tokens, and a minute admits 300,000: some run out of attempts.
    assert_eq!(value(point, "requests"), 1380.0);
    assert!(value(point, "failure_rate") > 0.0);
    assert_eq!(results.expectations[0].verdict, Judgement::Failed);
    assert_eq!(["output_tokens", "truncation_rate"].map(|name| value(point, name)), [0.0; 2]);
    // Nothing is reserved for an answer.
    assert_eq!(value(point, "capacities.here.tpm.reserved_unused_tokens"), 0.0);
}

#[test]
fn a_job_without_limits_tells_when_it_is_done() {
    // Fifty at a time, each for two seconds: 100 requests from 60 s on end at 64 s.
    let results = results_on(
        1,
        r#"
        [run]
        duration = "10m"
        warmup = "0s"
        replications = 1
        [models.m]
        max_output_tokens = 10
        time_to_first_token = "2s"
        output_tokens_per_second = 1_000_000
        [workloads.docs]
        model = "m"
        arrivals.job = { requests = 100, at = "1m" }
        input_tokens = 1
        output_tokens = 1
        client = { retries = "none", max_connections = 50 }
        [capacities.c.on_demand]
        "#,
    );
    let done = value(&results.points[0], "workloads.docs.job_done_at_ms");
    assert!((done - 64_000.0).abs() < 1.0, "{done}");
    let note = results.notes.iter().find(|n| n.text.contains("the job `docs`")).expect("it is said when it is done");
    assert!(note.text.contains("done 4 s after it begins, at 00:01 UTC"), "{}", note.text);
}

#[test]
fn a_job_spread_over_an_hour_is_that_many_requests() {
    let text = UPLOAD.replace("at = \"5m\"", "at = \"2m\", spread = \"10m\"");
    let point = play(&text);
    assert_eq!(value(&point, "requests"), 1380.0);
    assert_eq!(value(&point, "failure_rate"), 0.0);
    // The last of 1,380 at random times of ten minutes comes within the last seconds.
    let done = value(&point, "job_done_at_ms");
    assert!((715e3..730e3).contains(&done), "{done}");
}

#[test]
fn users_start_together_or_after_a_think_time() {
    let text = |start: &str| {
        format!(
            r#"
            [run]
            duration = "1m"
            warmup = "0s"
            replications = 1
            [models.m]
            max_output_tokens = 10
            time_to_first_token = "1s"
            output_tokens_per_second = 1_000_000
            [workloads.w]
            model = "m"
            arrivals.users = {{ count = 20, think_time = "9s"{start} }}
            input_tokens = 1
            output_tokens = 1
            [capacities.c.on_demand]
            rpm = "none"
            tpm = "none"
            "#
        )
    };
    // A request every ten seconds of each user: from 0 s on, or from 9 s on.
    let [together, stationary] = [", start = \"together\"", ""].map(|start| value(&play(&text(start)), "requests"));
    assert_eq!([together, stationary], [120.0, 120.0]);
    let first = |start: &str| {
        let window = "[windows.first]\nfrom = \"0s\"\nto = \"5s\"\n";
        value(&play(&format!("{}{window}", text(start))), "windows.first.requests")
    };
    assert_eq!([first(", start = \"together\""), first("")], [20.0, 0.0]);
}

/// Returns the remarks on the traffic that a run leaves out.
fn remarks(run: &str, workload: &str) -> Vec<String> {
    bedload::model::coverage::remarks(&model(&format!(
        r#"
        [run]
        replications = 1
        {run}
        [models.m]
        max_output_tokens = 10
        time_to_first_token = "1s"
        output_tokens_per_second = 100
        [workloads.chat]
        model = "m"
        input_tokens = 1
        output_tokens = 1
        {workload}
        [capacities.c.on_demand]
        "#
    )))
}

#[test]
fn a_stated_rate_that_the_run_never_reaches_is_said() {
    let office = "shape = \"office_hours\"\narrivals.poisson.rate = \"900/min\"";
    let night = "duration = \"1h\"\nwarmup = \"1m\"\nstart = \"2026-12-01T00:00:00Z\"";
    let said = remarks(night, office);
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(said[0].contains("states a rate of 900 a minute") && said[0].contains("sees 44.9 a minute"), "{said:?}");
    // The busiest hour of the day is seen.
    let morning = night.replace("T00:", "T10:");
    assert!(remarks(&morning, office).is_empty());
    assert!(remarks("duration = \"7d\"\nwarmup = \"0s\"", office).is_empty());
}

#[test]
fn a_peak_of_the_shape_that_the_run_does_not_see_is_said() {
    let shape = "arrivals.poisson.rate = \"60/min\"\nshape = [{ at = \"0h\", factor = 1 }, { at = \"2h\", factor = 1 }, { at = \"3h\", factor = 4 }]";
    let said = remarks("duration = \"1h\"\nwarmup = \"0s\"", shape);
    assert!(said.len() == 1 && said[0].contains("rises to 4") && said[0].contains("sees 1 of it"), "{said:?}");
    assert!(remarks("duration = \"4h\"\nwarmup = \"0s\"", shape).is_empty());
}

#[test]
fn requests_outside_the_measured_time_are_said() {
    // 250 minutes from 20:10 on, and the measured time ends at 24:10: a twenty-fifth is not in it.
    let shape = "arrivals.constant.rate = \"200/min\"\nshape = [{ at = \"1210m\", factor = 0 }, { at = \"1210m\", factor = 1 }, { at = \"1460m\", factor = 1 }, { at = \"1460m\", factor = 0 }]";
    let run = "duration = \"24h\"\nwarmup = \"10m\"";
    let said = remarks(run, shape);
    assert!(said.len() == 1 && said[0].starts_with("4 % of the requests of `chat` come outside"), "{said:?}");
    let job = |at: &str| format!("arrivals.job = {{ requests = 50_000, at = \"{at}\", spread = \"100m\" }}");
    let said = remarks(run, &job("1360m"));
    assert!(said.len() == 1 && said[0].starts_with("10 % of the requests"), "{said:?}");
    assert!(remarks(run, &job("1h")).is_empty());
    assert!(remarks(run, "arrivals.poisson.rate = \"1/s\"").is_empty());
}

#[test]
fn a_month_billed_from_a_part_of_a_week_is_said() {
    let run = "duration = \"1d\"\nwarmup = \"0s\"\nstart = \"2026-12-01T00:00:00Z\"";
    let office = "shape = \"office_hours\"\narrivals.poisson.rate = \"9/min\"\n[money]\nrequests_per_month = 9000";
    let said = remarks(run, office);
    assert!(said.len() == 1 && said[0].contains("billed from 1d of a shape of 7d"), "{said:?}");
}

#[test]
fn a_job_tells_how_many_of_its_requests_were_answered_and_no_day_that_it_does_not_fill() {
    // 2,000 calls of 12,000 tokens are sent at once, and a minute admits 100 of them: nothing is tried again. In ten minutes
    // the account is charged 1.2 M, and nothing comes after it.
    let results = |rpm: u64, requests: u64| {
        results_on(
            1,
            &format!(
                "[run]\nduration = \"10m\"\nwarmup = \"0s\"\nreplications = 1\n[models.nova]\nid = \"us.amazon.nova-pro-v1:0\"\n\
                 [workloads.docs]\nmodel = \"nova\"\narrivals.job = {{ requests = {requests}, at = \"1m\" }}\n\
                 input_tokens = 12_000\noutput_tokens = 10\nmax_tokens = 10\nclient.retries = \"none\"\n\
                 [capacities.us.on_demand]\nrpm = {rpm}\ntpm = 1_000_000_000\n"
            ),
        )
    };
    let told = |rpm, requests| results(rpm, requests).notes.into_iter().map(|n| n.text).collect::<Vec<_>>();
    let lost = told(100, 2_000);
    let job = lost.iter().find(|text| text.starts_with("the job `docs` is done")).expect("it is done");
    assert!(job.ends_with("with 100 of its 2,000 requests answered"), "{job}");
    // At this rate 700 M tokens are 4.9 h, but all has been sent.
    let all = told(10_000, 2_000);
    let job = all.iter().find(|text| text.starts_with("the job `docs` is done")).expect("it is done");
    assert!(!job.contains("answered"), "{job}");
    assert!(!all.iter().chain(&lost).any(|text| text.contains("used up")), "{all:?} {lost:?}");
}

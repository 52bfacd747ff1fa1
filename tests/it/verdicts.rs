//! The verdict of a run, what is in the way of its requests, and what is said where goals hold and requests fail.

use bedload::report::{self, Palette};
use bedload::results::{Judgement, NeckKind, Point, Results, Verdict};

use crate::playing::{results_on, value};

const MODEL: &str = r#"
[models.own]
max_output_tokens = 4096
time_to_first_token = "1s"
output_tokens_per_second = 100
prices = { input = "$1/1M", output = "$5/1M" }
"#;

/// A workload of 1,000 tokens in and 200 out, by its arrivals, its client and the rest of the file.
fn played(arrivals: &str, client: &str, rest: &str) -> Results {
    results_on(
        2,
        &format!(
            r#"
            [run]
            duration = "30m"
            warmup = "0s"
            replications = 2
            {MODEL}
            [workloads.chat]
            model = "own"
            arrivals.{arrivals}
            input_tokens = 1000
            output_tokens = 200
            max_tokens = 200
            client = {{ {client} }}
            {rest}"#
        ),
    )
}

fn judged(results: &Results) -> (Verdict, Option<(NeckKind, &str)>) {
    let point = &results.points[0];
    (point.verdict, point.basis.neck.as_ref().map(|neck| (neck.kind, neck.path.as_str())))
}

/// Everything that the summary says, in one line.
fn told(results: &Results) -> String {
    let text = report::text(results, Palette { colour: false });
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn failing(point: &Point) -> f64 {
    ["failed", "timed_out", "unfinished"].iter().map(|name| value(point, name)).sum::<f64>() / value(point, "requests")
}

#[test]
fn a_route_of_unlike_limits_that_loses_most_requests_is_saturated_and_its_last_limit_is_the_neck() {
    // 1,200 a minute against 40,000 bought output tokens (200 answers), then 120,000 tokens of a quota (100 calls). The
    // first request arrives after one gap, and the 36,000th as the interval ends: it is not measured.
    let rest = r#"
        route = ["bought", "quota"]
        [capacities.bought.provisioned]
        model_units = 1
        input_tpm_per_unit = 1_000_000
        output_tpm_per_unit = 40_000
        price_per_unit = "$20/h"
        [capacities.quota.on_demand]
        rpm = "none"
        tpm = 120_000
    "#;
    let results = played("constant.rate = \"1200/min\"", "retries = \"none\"", rest);
    assert_eq!(judged(&results), (Verdict::Saturated, Some((NeckKind::Limit, "capacities.quota.tpm"))));
    let point = &results.points[0];
    assert_eq!(point.basis.neck.as_ref().and_then(|neck| neck.after.as_deref()), Some("capacities.bought.output"));
    assert_eq!((value(point, "requests"), value(point, "served")), (35_999.0, 9_000.0), "300 of 1,200 are served");
    assert!((failing(point) - 26_999.0 / 35_999.0).abs() < 1e-12, "{}", failing(point));
    assert_eq!(point.basis.failing_share, failing(point));
    assert_eq!((point.basis.minutes, point.basis.minutes_over_bound), (60, 60));
    assert!(told(&results).contains("Verdict saturated: 75 % of requests fail"), "{}", told(&results));
}

#[test]
fn a_pool_of_connections_is_the_neck_where_limits_are_idle() {
    // 600 requests at once, 3 s each, through 4 connections: the quota of 400 a minute is used to a fifth.
    let arrivals = "batches = { rate = \"6/h\", size = 600, cv = 0 }";
    let rest = "[capacities.us.on_demand]\nrpm = 400\ntpm = \"none\"";
    let results = played(arrivals, "retries = \"none\", max_connections = 4", rest);
    let (verdict, neck) = judged(&results);
    assert_ne!(verdict, Verdict::Saturated);
    assert_eq!(neck, Some((NeckKind::Connections, "workloads.chat.client.max_connections")));
    assert_eq!(value(&results.points[0], "capacities.us.refused"), 0.0);
    assert!(told(&results).contains("bottleneck: the client's 4 connections"), "{}", told(&results));
}

#[test]
fn bursts_over_a_limit_that_fits_the_mean_are_drops_and_not_saturation() {
    let arrivals = "constant.rate = \"60/min\"\nbursts = [{ at = \"10m\", lasts = \"1m\", factor = 10 }]";
    let results = played(arrivals, "retries = \"none\"", "[capacities.us.on_demand]\nrpm = 100\ntpm = \"none\"");
    assert_eq!(judged(&results), (Verdict::Drops, Some((NeckKind::Limit, "capacities.us.rpm"))));
    let basis = &results.points[0].basis;
    assert_eq!((basis.minutes, basis.minutes_over_bound), (60, 2), "one minute of each replication");
}

#[test]
fn a_load_that_just_fits_carries_and_names_nothing_in_its_way() {
    let results = played("constant.rate = \"60/min\"", "retries = \"none\"", "[capacities.us.on_demand]\nrpm = 60");
    assert_eq!(judged(&results), (Verdict::Carries, None));
    assert!(told(&results).contains("Verdict carries: every request is served"));
}

#[test]
fn a_queue_that_grows_is_a_backlog_behind_what_blocks_its_head() {
    let queue = |limits: &str| {
        let rest = format!("[capacities.us.on_demand]\n{limits}\non_saturation = \"queue\"");
        played("constant.rate = \"120/min\"", "retries = \"none\"", &rest)
    };
    let places = queue("rpm = \"none\"\ntpm = \"none\"\nconcurrency = 4");
    assert_eq!(judged(&places), (Verdict::Backlogged, Some((NeckKind::Concurrency, "capacities.us.concurrency"))));
    let limit = queue("rpm = 100\ntpm = \"none\"");
    assert_eq!(judged(&limit), (Verdict::Backlogged, Some((NeckKind::Limit, "capacities.us.rpm"))));
}

#[test]
fn a_burst_that_is_not_worked_off_is_a_backlog_although_every_request_is_served_in_the_end() {
    // 3 s each through 5 connections: 100 a minute, so that 20 minutes serve 2,000, and the next 5 begin as they end.
    let job = |requests: u32| format!("job = {{ requests = {requests}, at = \"10m\" }}");
    let played = |requests: u32| {
        let rest = "[capacities.us.on_demand]\nrpm = 400\ntpm = \"none\"";
        let text = played(&job(requests), "retries = \"none\", max_connections = 5", rest);
        assert_eq!(value(&text.points[0], "served"), f64::from(requests));
        text
    };
    let left = played(2_900);
    assert_eq!(
        judged(&left),
        (Verdict::Backlogged, Some((NeckKind::Connections, "workloads.chat.client.max_connections")))
    );
    let growth = left.points[0].basis.waiting_growth;
    assert!((890.0..=900.0).contains(&growth), "{growth}");
    assert!(told(&left).contains("more requests wait at the end than at the start"), "{}", told(&left));
    assert!(told(&left).contains("Decision no: 100 % served"), "{}", told(&left));
    // It is worked off 8 minutes before the end.
    let worked_off = played(1_200);
    assert_eq!(judged(&worked_off).0, Verdict::Carries);
}

#[test]
fn a_queue_that_grows_slowly_under_noise_is_a_backlog_and_one_that_is_steady_is_none() {
    let queue = |rate: &str| {
        let rest =
            "[capacities.us.on_demand]\nrpm = \"none\"\ntpm = \"none\"\nconcurrency = 5\non_saturation = \"queue\"";
        judged(&played(&format!("poisson.rate = \"{rate}\""), "retries = \"none\"", rest)).0
    };
    // Five places of 3 s serve 100 a minute.
    assert_eq!(queue("110/min"), Verdict::Backlogged);
    assert_eq!(queue("80/min"), Verdict::Carries);
}

#[test]
fn the_peak_that_is_shown_beside_a_refusal_is_that_of_the_worst_replication() {
    // Each call holds 4,000 tokens of the quota for its 3 s, and uses 1,200 of them.
    let rest = "[capacities.us.on_demand]\nrpm = \"none\"\ntpm = 100_000";
    let results = results_on(
        2,
        &format!(
            "[run]\nduration = \"30m\"\nwarmup = \"0s\"\nreplications = 4\n{MODEL}\n[workloads.chat]\nmodel = \"own\"\n\
             arrivals.poisson.rate = \"20/min\"\nbursts = [{{ per_hour = 1, lasts = \"20s\", factor = 8 }}]\ninput_tokens = 1000\noutput_tokens = 200\nmax_tokens = 4000\n\
             client.retries = \"none\"\n{rest}"
        ),
    );
    let point = &results.points[0];
    let highest = point.detail.as_ref().and_then(|d| d.limits["capacities.us.tpm"].occupied_peak_per_min);
    let highest = highest.expect("a run keeps it");
    assert!(highest > value(point, "capacities.us.tpm.occupied_peak_per_min"), "the mean of the peaks is lower");
    assert!(told(&results).contains("reserved and used at the peak of any replication"), "{}", told(&results));
}

#[test]
fn a_goal_on_failures_moves_the_bound_and_a_broken_one_is_a_drop() {
    let arrivals = "constant.rate = \"60/min\"\nbursts = [{ at = \"10m\", lasts = \"1m\", factor = 10 }]";
    let with = |goal: &str| {
        let rest = format!("[capacities.us.on_demand]\nrpm = 100\ntpm = \"none\"\n[[expect]]\n{goal}");
        played(arrivals, "retries = \"none\"", &rest)
    };
    let broken = with("metric = \"failure_rate\"\nat_most = \"1%\"");
    assert_eq!(broken.points[0].verdict, Verdict::Drops);
    assert_eq!((broken.points[0].basis.bound, broken.points[0].basis.bound_is_stated), (0.01, true));
    let kept = with("metric = \"failure_rate\"\nat_most = \"90%\"");
    assert_eq!(kept.points[0].verdict, Verdict::Carries, "it was asked to serve a tenth");
    let own = with("metric = \"workloads.chat.refusal_rate\"\nat_most = \"90%\"");
    assert_eq!(own.points[0].verdict, Verdict::Carries);
}

#[test]
fn attempts_that_a_retry_made_good_are_counted() {
    let client = "retries.exponential = { max_attempts = 2, base = \"61s\", cap = \"61s\", jitter = \"none\" }";
    // One batch, in the middle: the next would arrive as the interval ends.
    let arrivals = "batches = { rate = \"4/h\", size = 50, cv = 0 }";
    let results = played(arrivals, client, "[capacities.us.on_demand]\nrpm = 30\ntpm = \"none\"");
    let point = &results.points[0];
    let (served, refused) = (value(point, "served"), value(point, "throttled_attempts"));
    assert_eq!((value(point, "requests"), served, refused), (50.0, 50.0, 20.0));
    assert_eq!(value(point, "recovered_attempts"), refused, "every one of them was served on its retry");
    assert!(told(&results).contains("refused attempts belonged to requests that a retry served"));
}

#[test]
fn goals_that_hold_over_a_run_that_loses_requests_never_read_as_if_all_were_well() {
    let goals = r#"
        [capacities.us.on_demand]
        rpm = 53
        tpm = "none"
        [[expect]]
        metric = "e2e_p99"
        at_most = "10s"
        [[expect]]
        metric = "cost_usd"
        at_most = 1000
        [[expect]]
        metric = "truncation_rate"
        at_most = "50%"
    "#;
    let results = played("constant.rate = \"60/min\"", "retries = \"none\"", goals);
    // 30 minutes of 53 calls serve 1,590 of the 1,799 requests that arrive before the interval ends.
    let sentence = "3 stated goals hold, none bounds failures: 11.6 % fail";
    assert_eq!(judged(&results).0, Verdict::Saturated);
    let text = told(&results);
    assert!(text.contains(sentence), "{text}");
    let markdown = report::markdown(&results).replace('\u{a0}', " ");
    assert!(markdown.contains(sentence), "{markdown}");
    let subject = bedload::charts::Subject::of(&results);
    let sheet = report::Sheet { subject, scenario: None };
    let review = report::review(&sheet).expect("it is drawn");
    for page in [report::html(&review), report::review_markdown(&review)] {
        assert!(page.replace(['\u{a0}'], " ").contains(sentence), "the page says it");
        assert!(!page.to_lowercase().contains("all 3 stated goals hold"));
    }
}

#[test]
fn a_point_that_loses_requests_in_rare_bursts_never_passes_because_few_replications_saw_one() {
    // Over 200 replications 2.56 % are refused, all of them in bursts: one in four hours, and four replications of two hours
    // see none at three of these seeds.
    let scenario = |seed: u64| {
        format!(
            "[run]\nduration = \"2h\"\nwarmup = \"5m\"\nreplications = 4\nseed = {seed}\n\
             [models.m]\nmax_output_tokens = 4096\noutput_burndown = 1\ntime_to_first_token = \"500ms\"\noutput_tokens_per_second = 100\n\
             [workloads.w]\nmodel = \"m\"\narrivals.poisson.rate = \"300/min\"\n\
             bursts = [{{ per_hour = 0.25, lasts = \"3m\", factor = 4 }}]\ninput_tokens = 100\noutput_tokens = 100\n\
             max_tokens = 200\nclient.retries = \"none\"\n[capacities.c.on_demand]\nrpm = 500\n\
             [[expect]]\nmetric = \"throttle_rate\"\nat_most = \"1%\"\n"
        )
    };
    let judged = |seed| results_on(2, &scenario(seed)).expectations[0].clone();
    let all: Vec<_> = (1..=10).map(judged).collect();
    assert!(all.iter().all(|e| e.verdict != Judgement::Held), "{all:?}");
    let unseen: Vec<_> = all.iter().filter(|e| e.estimate == Some(0.0)).collect();
    assert!(!unseen.is_empty());
    for e in unseen {
        // Eight hours have two bursts on average: -ln(0.05) / 2 is more than every request, and 1 % takes 300 bursts.
        let evidence = e.evidence.expect("it is a rate");
        assert!((evidence.worth.expect("it saw none") - 2.0).abs() < 1e-9);
        assert_eq!(e.margin, Some(1.0));
        assert_eq!(e.undecided.as_ref().and_then(|open| open.replications), Some(600));
    }
}

#[test]
fn a_process_of_moods_is_independent_from_one_cycle_to_the_next() {
    let scenario = "[run]\nduration = \"1h\"\nwarmup = \"1m\"\nreplications = 4\n[models.m]\nmax_output_tokens = 4096\noutput_burndown = 1\n\
        time_to_first_token = \"500ms\"\noutput_tokens_per_second = 100\n[workloads.w]\nmodel = \"m\"\ninput_tokens = 100\n\
        output_tokens = 100\nmax_tokens = 200\nclient.retries = \"none\"\n[workloads.w.arrivals.mmpp]\nrate = \"60/min\"\n\
        states = [{ factor = 1, mean_duration = \"15m\" }, { factor = 2, mean_duration = \"5m\" }]\n\
        [capacities.c.on_demand]\nrpm = 10_000\n[[expect]]\nmetric = \"throttle_rate\"\nat_most = \"1%\"\n";
    // Four hours are twelve cycles of 20 minutes, not 240 minutes; cycles of two seconds are no fewer than the minutes.
    let worth = |text: &str| results_on(2, text).expectations[0].evidence.and_then(|evidence| evidence.worth);
    assert_eq!(worth(scenario).map(f64::round), Some(12.0));
    assert_eq!(worth(&scenario.replace("15m", "1s").replace("5m", "1s")), Some(240.0));
}

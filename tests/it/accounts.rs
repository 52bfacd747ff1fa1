//! The account's daily quota over all models, and limits that a new account may have.

use bedload::results::{Point, Results};
use bedload::scenario::{Source, describe};
use std::path::Path;

use crate::playing::{model, play, results_on, value};

/// Chat on Claude Sonnet 4.5 through the us profile: 900 requests a minute at the peak of a working day, 60 % of the input
/// read from the cache. The file says nothing of an account.
const OFFICE_DAY: &str = r#"
[run]
duration = "24h"
warmup = "1h"
start = "2026-12-01T00:00:00Z"
seed = 42
replications = 1
[models.sonnet]
id = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"
[workloads.chat]
model = "sonnet"
arrivals.poisson = { rate = "900/min" }
shape = "office_hours"
input_tokens.lognormal = { median = 3500, p95 = 12_000 }
output_tokens.lognormal = { median = 350, p95 = 1400 }
max_tokens = 3072
cache = { read_share = "60%" }
client.retries = "none"
[capacities.us.cross_region]
profile = "us"
source_region = "us-east-1"
"#;

fn share_failed(point: &Point) -> f64 {
    value(point, "failed") / value(point, "requests")
}

fn notes(results: &Results) -> String {
    results.notes.iter().map(|note| note.text.as_str()).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_default_of_700_million_tokens_ends_an_office_day_at_noon() {
    let results = results_on(1, OFFICE_DAY);
    let point = &results.points[0];
    let failed = share_failed(point);
    assert!((failed - 0.445).abs() < 0.004, "44.5 % of the requests fail, here {failed}");
    assert!(value(point, "capacities.us.refused_account_tpd") > 200_000.0);
    assert_eq!(value(point, "capacities.us.refused_tpm"), 0.0);
    assert!((value(point, "account.tpd.utilization_mean") - 1.0).abs() < 0.01);
    let assumed: Vec<&str> = results.assumptions.iter().map(|a| a.path.as_str()).collect();
    for path in ["account.tpd", "account.tpd_counting"] {
        assert!(assumed.contains(&path), "{path} in {assumed:?}");
    }
    let told = notes(&results);
    assert!(told.contains("the account's daily quota of 700 M tokens is used up at 13:1"), "{told}");
}

#[test]
fn weighted_by_price_the_same_day_ends_three_hours_earlier() {
    let results = results_on(1, &format!("{OFFICE_DAY}[account]\ntpd_counting = \"price_weighted\"\n"));
    let failed = share_failed(&results.points[0]);
    assert!((failed - 0.717).abs() < 0.004, "71.7 % of the requests fail, here {failed}");
    assert!(notes(&results).contains("used up at 10:0"), "{}", notes(&results));
}

#[test]
fn a_day_of_240_chats_a_minute_on_nova_pro_loses_a_quarter_of_them() {
    let point = play(
        r#"
        [run]
        duration = "24h"
        warmup = "0s"
        start = "2026-12-01T00:00:00Z"
        replications = 1
        [models.nova]
        id = "us.amazon.nova-pro-v1:0"
        [workloads.chat]
        model = "nova"
        arrivals.poisson = { rate = "240/min" }
        input_tokens.lognormal = { median = 1800, p95 = 6500, max = 32_000 }
        output_tokens.lognormal = { mean = 320, cv = 0.9 }
        max_tokens = 1024
        client.retries = "none"
        [capacities.us.on_demand]
        "#,
    );
    let failed = share_failed(&point);
    assert!((failed - 0.264).abs() < 0.006, "26.4 % of the requests fail, here {failed}");
}

/// A minute that begins 30 s before midnight UTC. Each second one request of 1,000 tokens in and 100 out, of a model whose
/// output burns five.
fn minute(rest: &str) -> String {
    format!(
        r#"
        [run]
        duration = "60s"
        warmup = "0s"
        start = "2026-01-01T23:59:30Z"
        replications = 1
        [models.sonnet]
        id = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"
        time_to_first_token = "100ms"
        prefill_per_1k_tokens = "0ms"
        output_tokens_per_second = 1000
        [models.own]
        max_output_tokens = 1_000
        output_burndown = 5
        time_to_first_token = "100ms"
        output_tokens_per_second = 1000
        [workloads.w]
        model = "sonnet"
        arrivals.constant.rate = "60/min"
        input_tokens = 1000
        output_tokens = 100
        max_tokens = 200
        client.retries = "none"
        route = "us"
        {rest}
        "#
    )
}

const US: &str = "[capacities.us.cross_region]\nprofile = \"us\"\nsource_region = \"us-east-1\"\n";

#[test]
fn the_account_counts_each_billed_token_once_reserves_the_cap_and_starts_again_at_midnight() {
    // Admission needs 1,200 and 1,100 are charged: 10 fit into 11,100. The first comes after one second, and 29 come before
    // midnight; the 30th is of the next day.
    let point = play(&minute(&format!("{US}[account]\ntpd = 11_100\n")));
    assert_eq!(value(&point, "served"), 20.0);
    assert_eq!(value(&point, "account.tpd.charged"), 22_000.0);
    assert_eq!(value(&point, "capacities.us.refused_account_tpd"), value(&point, "account.tpd.refused"));
    let used = play(&minute(&format!("{US}[account]\ntpd = 11_100\ntpd_used_at_start = 5_500\n")));
    assert_eq!(value(&used, "served"), 15.0, "half of the first day was used before");
    let rolling = play(&minute(&format!("{US}[account]\ntpd = 11_100\ntpd_reset = \"rolling\"\n")));
    assert_eq!(value(&rolling, "served"), 10.0, "a day that slides has no midnight");
    let unlimited = play(&minute(&format!("{US}[account]\ntpd = \"none\"\n")));
    assert_eq!(value(&unlimited, "served"), value(&unlimited, "requests"));
    assert!(!unlimited.metrics.contains_key("account.tpd.charged"));
}

#[test]
fn a_price_weight_is_of_each_kind_of_token() {
    // Output 5, cache reads 0.1, cache writes 1.25: 300 + 0.1 x 500 + 1.25 x 200 + 5 x 100 = 1,100; with the cap 1,600.
    let text = minute(&format!("{US}[account]\ntpd = 11_599\ntpd_counting = \"price_weighted\"\n"));
    let text = text.replace("max_tokens = 200", "max_tokens = 200\ncache = { read_share = 0.5, write_share = 0.2 }");
    let point = play(&text);
    // 10 x 1,100 are charged; the tenth needs 9,900 + 1,600.
    assert_eq!(value(&point, "served"), 20.0);
    assert_eq!(value(&point, "account.tpd.charged"), 22_000.0);
    // One who writes for an hour counts 2 for each token written.
    let hour = play(&text.replace("write_share = 0.2", "write_share = 0.2, ttl = \"1h\""));
    assert_eq!(value(&hour, "account.tpd.charged") / value(&hour, "served"), 1_250.0);
}

#[test]
fn a_named_quota_stands_beside_the_account_and_may_have_its_name() {
    // The quota named account charges the burndown, 1,500 a request, and ends the day first.
    let rest = US.replace("us-east-1\"", "us-east-1\"\nquota = \"account\"");
    let point = play(&minute(&format!("[quotas.account]\ntpd = 9_000\n{rest}[account]\ntpd = 11_100\n")));
    assert_eq!(value(&point, "quotas.account.tpd.charged"), 2.0 * 9_000.0);
    assert_eq!(value(&point, "account.tpd.charged"), 2.0 * 6.0 * 1_100.0);
    assert_eq!(value(&point, "capacities.us.refused_account_tpd"), 0.0);
    assert!(value(&point, "capacities.us.refused_tpd") > 0.0);
}

#[test]
fn the_account_is_asked_last() {
    // Both limits are full: the reason is that of the one that is asked first.
    let point = play(&minute(&format!("{US}tpm = 1_200\n[account]\ntpd = 1_200\n")));
    assert!(value(&point, "capacities.us.refused_tpm") > 0.0);
    assert_eq!(value(&point, "capacities.us.refused_account_tpd"), 0.0);
    let point = play(&minute(&format!("{US}tpm = \"none\"\n[account]\ntpd = 1_200\n")));
    assert!(value(&point, "capacities.us.refused_account_tpd") > 0.0);
}

#[test]
fn each_source_region_has_a_quota_and_all_models_of_a_region_share_it() {
    let two = |region: &str| {
        minute(&format!(
            r#"
            [workloads.v]
            model = "sonnet"
            arrivals.constant.rate = "60/min"
            input_tokens = 1000
            output_tokens = 100
            max_tokens = 200
            client.retries = "none"
            route = "other"
            {US}
            [capacities.other.cross_region]
            profile = "us"
            source_region = "{region}"
            [account]
            tpd = 11_100
            "#
        ))
    };
    let one = play(&two("us-east-1"));
    assert_eq!(value(&one, "served"), 20.0);
    assert_eq!(value(&one, "account.tpd.charged"), 22_000.0);
    let apart = play(&two("us-west-2"));
    assert_eq!(value(&apart, "served"), 40.0);
    assert_eq!(value(&apart, "account.us-east-1.tpd.charged"), 22_000.0);
    assert_eq!(value(&apart, "account.us-west-2.tpd.charged"), 22_000.0);
}

#[test]
fn a_model_without_an_id_counts_where_the_account_is_written() {
    let own = |account: &str| {
        let text = minute(&format!("[capacities.us.on_demand]\n{account}"));
        model(&text.replace("model = \"sonnet\"", "model = \"own\""))
    };
    let counts = |account: &str| own(account).quotas.iter().any(|quota| quota.prefix == "account");
    assert!(!counts(""));
    assert!(counts("[account]\ntpd = 11_100\n"));
    assert!(counts("[account]\ntpd_counting = \"billed\"\n"), "the section in the file is enough");
    // A reading that is given as an argument decides how is counted, not what.
    let text = minute("[capacities.us.on_demand]\n").replace("model = \"sonnet\"", "model = \"own\"");
    let source = Source::text("test.toml", &text, Path::new("."), &[]).unwrap();
    let loaded = source.load(&["account.tpd_counting=price_weighted".to_owned()]).unwrap();
    assert!(loaded.model.quotas.iter().all(|quota| quota.prefix != "account"));
}

#[test]
fn bought_throughput_counts_nothing_and_what_overflows_from_it_counts() {
    let text = minute(
        r#"
        [capacities.us.on_demand]
        [capacities.bought.reserved]
        input_tpm = 100_000
        output_tpm = 10_000
        commitment = "1-month"
        limiter.fixed_window = { window = "1s" }
        [account]
        tpd = 1_000_000
        "#,
    );
    // 166 tokens of output a second hold no cap of 200: everything overflows; with a cap of 100 nothing does.
    let text = text.replace("route = \"us\"", "route = [\"bought\", \"us\"]");
    let spilled = play(&text);
    assert_eq!(value(&spilled, "account.tpd.charged"), 1_100.0 * value(&spilled, "served"));
    let kept = play(&text.replace("max_tokens = 200", "max_tokens = 100"));
    assert_eq!(value(&kept, "account.tpd.charged"), 0.0);
    assert_eq!(value(&kept, "served"), value(&kept, "requests"));
}

#[test]
fn the_daily_default_of_a_model_is_in_force_only_where_it_is_written() {
    use bedload::model::capacity::quota::LimitKind;
    let daily = |rest: &str| {
        let model = model(&minute(&format!("{US}{rest}")));
        let own = model.quotas.iter().find(|quota| quota.prefix == "capacities.us").unwrap();
        own.limit(LimitKind::Tpd).map(|limit| limit.amount)
    };
    assert_eq!(daily(""), None);
    assert_eq!(daily("[account]\ntpd = \"none\"\n"), None);
    assert_eq!(daily("tpd = 5_000_000\n"), Some(5_000_000));
}

#[test]
fn validate_says_when_the_account_is_used_up_bursts_and_shapes_included() {
    // 60 a minute of 1,100 tokens: 700 M last 10,606 minutes. Ten times as many, in the second half of each hour alone.
    let hours = |rest: &str| {
        let text = minute(US).replace("client.retries = \"none\"", &format!("client.retries = \"none\"\n{rest}"));
        describe(&model(&text)).replace("\n    ", " ")
    };
    assert!(!hours("").contains("used up"), "66,000 tokens a minute are 95 M a day");
    // 1,100,000 a minute are 636 min: from midnight, 30 s after the start.
    let told = hours("scale = 16.666666666666668");
    assert!(told.contains("used up 10 h 37 min after the start (10:36 UTC on 2026-01-02), which this run"), "{told}");
    // What the limit per minute never lets through uses up no day: 200,000 x 1,440 are 288 M.
    let limited = minute(&format!("{US}tpm = 200_000\n"));
    let limited = limited.replace("client.retries = \"none\"", "client.retries = \"none\"\nscale = 16.666666666666668");
    assert!(!describe(&model(&limited)).contains("used up"));
    // In bursts of 30 of 60 minutes: 33 M and 1.98 M an hour, 699.6 M in 20 hours.
    let told = hours("bursts = [{ at = \"30s\", lasts = \"30m\", factor = 16.666666666666668, every = \"1h\" }]");
    assert!(told.contains("after the start (20:00 UTC on 2026-01-02)"), "{told}");
}

#[test]
fn a_day_that_sessions_use_up_before_noon_is_told_by_its_clock() {
    // Five developers in India share 20 M tokens a day; their agents carry all that was said. It is gone at 03:50 UTC.
    let text = r#"
        [run]
        duration = "1d"
        start = "2026-06-08T00:00:00Z"
        warmup = "10m"
        cooldown = "1h"
        seed = 5
        replications = 4
        [models.sonnet]
        id = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"
        [workloads.team]
        model = "sonnet"
        arrivals.sessions = { rate = "10/h", turns.gamma = { mean = 20, cv = 0.8 }, think_time = "10s" }
        shape = "office_hours"
        timezone = "Asia/Kolkata"
        input_tokens.lognormal = { median = 900, p95 = 5000 }
        extra_input_tokens = 16_000
        output_tokens.lognormal = { median = 300, p95 = 1500 }
        max_tokens = 64_000
        client.retries.exponential = { max_attempts = 11, base = "1s", cap = "60s", jitter = "none" }
        [workloads.me]
        model = "sonnet"
        arrivals.constant = { rate = "6/h" }
        input_tokens = 17_000
        output_tokens = 400
        max_tokens = 64_000
        client.retries.exponential = { max_attempts = 11, base = "1s", cap = "60s", jitter = "none" }
        [capacities.us.cross_region]
        profile = "us"
        source_region = "us-east-1"
        rpm = 1_000
        tpm = 1_000_000
        tpd = 20_000_000
        "#;
    let told = notes(&results_on(2, text));
    let rule = "the daily quota of 20 M tokens of `capacities.us` is used up at ";
    let at = told.split_once(rule).unwrap_or_else(|| panic!("{told}")).1;
    assert!(at.starts_with("03:") || at.starts_with("04:"), "replications spread by half an hour: {told}");
    let expected = describe(&model(text)).replace("\n    ", " ");
    assert!(expected.contains(&format!("{rule}03:5")), "{expected}");
}

#[test]
fn a_limit_of_zero_refuses_everything_with_a_429() {
    for (limit, reason) in [("rpm", "rpm"), ("tpm", "tpm"), ("tpd", "tpd")] {
        for limiter in ["fixed_window", "sliding_window", "token_bucket"] {
            let point = play(&minute(&format!("{US}{limit} = 0\nlimiter = \"{limiter}\"\n")));
            assert_eq!(value(&point, "served"), 0.0, "{limit} under {limiter}");
            assert_eq!(value(&point, "throttle_rate"), 1.0, "{limit} under {limiter}");
            assert_eq!(value(&point, &format!("capacities.us.refused_{reason}")), value(&point, "requests"));
        }
    }
    let account = play(&minute(&format!("{US}[account]\ntpd = 0\n")));
    assert_eq!(value(&account, "capacities.us.refused_account_tpd"), value(&account, "requests"));
    // The attempt goes on along its route, and a limit may be 0 for a time.
    let routed = minute("[capacities.us.on_demand]\ntpm = 0\n[capacities.more.on_demand]\n")
        .replace("route = \"us\"", "route = [\"us\", \"more\"]");
    assert_eq!(value(&play(&routed), "capacities.more.admitted"), 59.0);
    let later = play(&minute(&format!("{US}rpm = 100\nchanges = [{{ at = \"30500ms\", rpm = 0 }}]\n")));
    assert_eq!((value(&later, "served"), value(&later, "capacities.us.refused_rpm")), (30.0, 29.0));
}

#[test]
fn limits_beside_a_named_quota_are_the_capacitys() {
    let rest = US.replace("us-east-1\"", "us-east-1\"\nquota = \"day\"\ntpm = 2_400\nlimiter = \"sliding_window\"");
    let text = minute(&format!("[quotas.day]\ntpd = 1_000_000\n{rest}"));
    let point = play(&text);
    assert_eq!(value(&point, "capacities.us.tpm.limit_per_min"), 2_400.0);
    assert_eq!(value(&point, "capacities.us.tpm.refused"), value(&point, "failed"));
    assert_eq!(value(&point, "quotas.day.tpd.charged"), value(&point, "capacities.us.tpm.charged"));
    assert_eq!(value(&point, "quotas.day.refused"), 0.0);
    let source = Source::text("test.toml", &text, Path::new("."), &[]).unwrap();
    let loaded = source.load(&["capacities.us.tpm=9_000".to_owned()]).unwrap();
    let own = loaded.model.quotas.iter().find(|quota| quota.prefix == "capacities.us").unwrap();
    assert_eq!(own.limit(bedload::model::capacity::quota::LimitKind::Tpm).map(|limit| limit.amount), Some(9_000));
}

#[test]
fn cache_reads_are_free_of_the_quota() {
    // A day of a coding agent: of 42,058 tokens of input 92.13 % are read and 7.73 % written, and 312 come back.
    let point = play(
        r#"
        [run]
        duration = "24h"
        warmup = "0s"
        replications = 1
        [models.sonnet]
        id = "global.anthropic.claude-sonnet-4-5-20250929-v1:0"
        [workloads.agent]
        model = "sonnet"
        arrivals.constant = { rate = "400/day" }
        input_tokens = 42_058
        output_tokens = 312
        max_tokens = 16_384
        cache = { read_share = 0.9213, write_share = 0.0773 }
        [capacities.global.cross_region]
        profile = "global"
        source_region = "us-east-1"
        rpm = 1_000
        tpm = 1_000_000
        tpd = 8_300_000
        "#,
    );
    // 59 uncached, 3,251 written, 5 x 312 of output: 4,870 a request, of which 399 arrive.
    assert_eq!(value(&point, "capacities.global.tpd.charged"), 1_943_130.0);
    assert_eq!(value(&point, "account.tpd.charged"), 399.0 * (59.0 + 3_251.0 + 312.0));
    assert_eq!(value(&point, "throttled_attempts"), 0.0);
}

#[test]
fn a_cache_point_after_the_system_prompt_halves_the_bill_of_a_support_agent() {
    let month = |cache: &str| {
        let text = format!(
            r#"
            [run]
            duration = "24h"
            warmup = "1h"
            replications = 4
            [models.pro]
            id = "us.amazon.nova-pro-v1:0"
            [workloads.support]
            model = "pro"
            arrivals.sessions = {{ rate = "1000/day", turns = 5, think_time = "30s" }}
            input_tokens = 50
            extra_input_tokens = 2100
            output_tokens = 158
            max_tokens = 1000
            {cache}
            [capacities.us.on_demand]
            [money]
            hours_per_month = 720
            "#
        );
        value(&play(&text), "cost_per_month_usd")
    };
    let (plain, cached) = (month(""), month("cache = { prefix_tokens = 2100 }"));
    assert!((plain - 390.0).abs() < 9.0, "{plain}");
    assert!((cached - 198.0).abs() < 6.0, "{cached}");
}

#[test]
fn one_request_a_minute_serves_a_notebook_every_other_time() {
    let point = play(
        r#"
        [run]
        duration = "12h"
        warmup = "5m"
        replications = 4
        [models.sonnet]
        max_output_tokens = 8192
        output_burndown = 5
        time_to_first_token = "1s"
        output_tokens_per_second = 55
        [workloads.notebook]
        model = "sonnet"
        arrivals.users = { count = 1, think_time = "20s" }
        input_tokens = 800
        output_tokens = 300
        max_tokens = 2000
        client.retries.sdk = { name = "python", version = "1.40.0" }
        [capacities.od.on_demand]
        rpm = 1
        tpm = 400_000
        "#,
    );
    let failed = share_failed(&point);
    assert!((failed - 0.53).abs() < 0.01, "53 % fail, here {failed}");
    assert_eq!(value(&point, "capacities.od.refused"), value(&point, "capacities.od.refused_rpm"));
}

#[test]
fn a_burst_of_a_gateway_is_throttled_by_one_regions_tokens_and_not_by_the_profiles() {
    let text = |capacity: &str| {
        format!(
            r#"
            [run]
            duration = "2h"
            warmup = "10m"
            start = "2026-06-03T06:00:00Z"
            seed = 4
            replications = 10
            [models.micro]
            id = "amazon.nova-micro-v1:0"
            [workloads.gateway]
            model = "micro"
            arrivals.gamma = {{ rate = "250/min", cv = 2 }}
            bursts = [{{ at = "1h", lasts = "30m", factor = 3 }}]
            input_tokens.lognormal = {{ median = 2500, p95 = 12_000, max = 100_000 }}
            output_tokens.lognormal = {{ median = 350, p95 = 1500 }}
            client.retries = "none"
            {capacity}
            "#
        )
    };
    let region = play(&text("[capacities.region.on_demand]\nregion = \"us-east-1\""));
    let refused = value(&region, "capacities.region.refused_tpm");
    assert!((refused - 54.0).abs() < 15.0, "about 54, here {refused}");
    assert_eq!(value(&region, "throttled_attempts"), refused, "tokens alone");
    let peak = value(&region, "capacities.region.tpm.utilization_peak");
    assert!((peak - 0.96).abs() < 0.03, "{peak}");
    let us = play(&text("[capacities.us.cross_region]\nprofile = \"us\"\nsource_region = \"us-east-1\""));
    assert_eq!(value(&us, "throttled_attempts"), 0.0);
}

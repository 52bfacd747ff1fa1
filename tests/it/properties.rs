//! The properties that hold of every run, whatever the scenario.

use std::collections::BTreeMap;
use std::path::Path;

use bedload::cli::render::render;
use bedload::experiment::{Unwatched, run};
use bedload::results::{self, Estimate};
use bedload::scenario::load_text;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::RngSeed;

type Metrics = BTreeMap<String, Estimate>;

const NAMES: [&str; 3] = ["chat", "docs", "nightly"];

/// The metrics that add up over workloads.
const SUMS: [&str; 14] = [
    "requests",
    "served",
    "failed",
    "timed_out",
    "unfinished",
    "attempts",
    "throttled_attempts",
    "offers",
    "throttled_offers",
    "input_tokens",
    "uncached_input_tokens",
    "cache_read_tokens",
    "cache_write_tokens",
    "output_tokens",
];

const MODEL: &str = r#"[models.own]
max_output_tokens = 400
output_burndown = 2
time_to_first_token.lognormal = { median = "500ms", p95 = "2s" }
output_tokens_per_second = 80
prices = { input = "$1/1M", output = "$4/1M", cache_read = "$0.10/1M" }
"#;

fn lines(choices: &'static [&'static str]) -> impl Strategy<Value = &'static str> {
    select(choices)
}

/// The keys of a workload, without its header.
fn workload() -> impl Strategy<Value = String> {
    let arrivals = (lines(&["constant", "poisson", "gamma"]), 1..6_u32).prop_map(|(kind, rate)| {
        let cv = if kind == "gamma" { ", cv = 2" } else { "" };
        format!("arrivals.{kind} = {{ rate = \"{rate}/s\"{cv} }}")
    });
    let tokens = lines(&[
        "input_tokens = 300\noutput_tokens = 100\nmax_tokens = 100",
        "input_tokens.uniform = { low = 10, high = 500 }\noutput_tokens.exponential = { mean = 80 }",
        "input_tokens = 500\noutput_tokens.uniform = { low = 1, high = 300 }\nmax_tokens = 150",
    ]);
    let cache = lines(&["", "cache = { read_share = 0.5, write_share = 0.2 }"]);
    let retries = lines(&[
        "retries = \"none\"",
        "retries = \"standard\"",
        "retries = \"legacy\"",
        "retries.exponential = { max_attempts = 4, base = \"500ms\", retry_quota = 40 }",
        "retries.exponential = { jitter = \"none\" }",
    ]);
    let times = lines(&[
        "",
        ", timeout = \"3s\"",
        ", attempt_timeout = \"1500ms\"",
        ", attempt_timeout = \"1s\", timeout = \"4s\"",
    ]);
    let route = lines(&["[\"us\"]", "[\"eu\"]", "[\"us\", \"eu\"]", "[\"eu\", \"us\"]"]);
    (arrivals, tokens, cache, retries, times, route).prop_map(|(arrivals, tokens, cache, retries, times, route)| {
        format!(
            "model = \"own\"\n{arrivals}\n{tokens}\n{cache}\nclient = {{ {retries}{times}, processes = 2 }}\nroute = {route}\n"
        )
    })
}

fn limits() -> impl Strategy<Value = String> {
    let rpm = lines(&["", "rpm = 60\n", "rpm = 200\n"]);
    let tpm = lines(&["", "tpm = 20_000\n", "tpm = 60_000\n"]);
    let tpd = lines(&["", "", "tpd = 50_000\ntpd_used_at_start = 20_000\n"]);
    let limiter = lines(&[
        "limiter = \"fixed_window\"",
        "limiter.fixed_window = { window = \"10s\", offset = \"3s\" }",
        "limiter = \"sliding_window\"",
        "limiter = \"token_bucket\"",
        "limiter.token_bucket = { burst = 0.2 }",
    ]);
    let doubts = lines(&["", "reserve_cache_reads = true\n", "count_refused_requests = true\n"]);
    (rpm, tpm, tpd, limiter, doubts)
        .prop_map(|(rpm, tpm, tpd, limiter, doubts)| format!("{rpm}{tpm}{tpd}{doubts}{limiter}\n"))
}

/// Returns a strategy for the keys that any capacity with immediate answers may have.
fn common() -> impl Strategy<Value = String> {
    let places = lines(&["", "concurrency = 2\n", "concurrency = 8\n"]);
    let saturation = lines(&[
        "",
        "on_saturation = \"queue\"\n",
        "on_saturation = \"queue\"\nmax_wait = \"2s\"\n",
        "on_saturation = \"queue\"\nmax_queue = 5\n",
    ]);
    let luck = lines(&["", "unavailable_probability = 0.1\n"]);
    let outages = lines(&[
        "",
        "outages = [{ at = \"8s\", lasts = \"4s\" }]\n",
        "outages = [{ at = \"5s\", lasts = \"9s\", factor = 0.5 }]\n",
    ]);
    let refusal = lines(&["", "", "refusal_latency = \"200ms\"\n"]);
    (places, saturation, luck, outages, refusal).prop_map(|parts| {
        let (places, saturation, luck, outages, refusal) = parts;
        format!("{places}{saturation}{luck}{outages}{refusal}")
    })
}

/// Keys of each kind beside the common ones; `LIMITS` stands for limits by requests and tokens.
const KINDS: [&str; 17] = [
    "on_demand]\nLIMITS",
    "on_demand]\nLIMITS\nquota = \"account\"",
    "on_demand]\nendpoint = \"mantle\"\nitpm = 20_000\notpm = 4_000",
    "on_demand]\nendpoint = \"mantle\"\nitpm = \"none\"\notpm = 900\nlimiter = \"token_bucket\"",
    "on_demand]\nLIMITS\ncontention.processor_sharing = { output_tokens_per_second = 300 }",
    "on_demand]\nLIMITS\nconcurrency = 9\ncontention.curve = { points = [{ utilization = 0.5, factor = 1.0 }, { utilization = 1.0, factor = 3.0 }] }",
    "cross_region]\nprofile = \"us\"\nsource_region = \"us-east-1\"\nLIMITS",
    "cross_region]\nprofile = \"us\"\nsource_region = \"us-east-1\"\nreroute_latency = \"20ms\"\ndestinations = [\"us-west-2\", { region = \"us-east-1\", concurrency = 2 }]\nLIMITS",
    "cross_region]\nprofile = \"us\"\nsource_region = \"us-east-1\"\nselection = \"free_room\"\nno_room = \"throttled\"\ndestinations = [{ region = \"us-east-1\", tpm = 9_000, background = 0.3 }, { region = \"us-west-2\", concurrency = 3, round_trip = \"70ms\", outages = [{ at = \"6s\", lasts = \"7s\" }] }]\nLIMITS\nquota = \"account\"",
    "provisioned]\nmodel_units = 2\ninput_tpm_per_unit = 10_000\noutput_tpm_per_unit = 4_000\nprice_per_unit = \"$20/h\"",
    "provisioned]\nadmission = \"post_charge\"\nlimiter = \"token_bucket\"\ninput_tpm_per_unit = 10_000\noutput_tpm_per_unit = 4_000\nprice_per_unit = \"$20/h\"\npurchases = [{ model_units = 1 }, { model_units = 2, at = \"4s\", ready_after = \"3s\", ends = \"15s\" }]",
    "reserved]\ninput_tpm = 100_000\noutput_tpm = 10_000\nprice_per_1k_input_tpm_hour = \"$0.18/h\"\nprice_per_1k_output_tpm_hour = \"$0.90/h\"",
    "latency_optimized]\nrpm = 30\nprices = { input = \"$2/1M\", output = \"$2/1M\", cache_read = \"$1/1M\" }\ntime_to_first_token = \"100ms\"",
    "custom_deployment]\nLIMITS",
    "custom_import]\nmax_copies = 3\nconcurrency_per_copy = 2\nunits_per_copy = 2\nprice_per_unit_minute = \"$0.0785\"\ncold_start = \"2s\"",
    "batch]\ncollect_every = \"7s\"\nqueue_delay = \"1s\"\ntokens_per_second = 50_000",
    "batch]\ncollect_every = \"9s\"\nqueue_delay = \"1s\"\ntokens_per_second = 2_000\ndeadline = \"8s\"",
];

/// A whole section but for its name: one of each kind, with limits and luck.
fn capacity() -> impl Strategy<Value = String> {
    (select(&KINDS[..]), limits(), common()).prop_map(|(kind, limits, common)| {
        let common = if kind.starts_with("batch") { String::new() } else { common };
        // What a kind says itself is not said again.
        let common: String = (common.lines())
            .filter(|line| line.split(" =").next().is_none_or(|key| !kind.contains(&format!("\n{key} ="))))
            .filter(|line| !(kind.starts_with("custom_import") && line.starts_with("concurrency")))
            .fold(String::new(), |text, line| text + line + "\n");
        format!("{}\n{common}", kind.replace("LIMITS", limits.trim_end()))
    })
}

/// The sections of a small scenario, and the same in another order.
fn scenario() -> impl Strategy<Value = (Vec<String>, Vec<String>)> {
    let workloads = proptest::collection::vec(workload(), 1..=NAMES.len());
    (workloads, capacity(), capacity(), limits(), 1..1_000_u32, lines(&["1s", "5s", "60s"])).prop_flat_map(
        |(workloads, us, eu, account, seed, cooldown)| {
            // A job is of a hundred records at least.
            let many = [&us, &eu].iter().any(|kind| kind.starts_with("batch"));
            let rates = if many { "rate = \"2" } else { "rate = \"" };
            let workloads = workloads.iter().map(|keys| keys.replace("rate = \"", rates));
            let mut sections = vec![
                format!("[run]\nduration = \"20s\"\nwarmup = \"3s\"\ncooldown = \"{cooldown}\"\nseed = {seed}\nreplications = 1\n"),
                MODEL.to_owned(),
                "[windows.all]\nfrom = \"3s\"\nto = \"23s\"\n".to_owned(),
                format!("[capacities.us.{us}"),
                format!("[capacities.eu.{eu}"),
                format!("[quotas.account]\nrpm = 300\n{}", account.replace("rpm = 60\n", "").replace("rpm = 200\n", "")),
            ];
            sections.extend(workloads.zip(NAMES).map(|(keys, name)| format!("[workloads.{name}]\n{keys}")));
            (Just(sections.clone()), Just(sections).prop_shuffle())
        },
    )
}

fn metrics(sections: &[String]) -> Metrics {
    let text = sections.join("\n");
    let loaded = match load_text("small.toml", &text, Path::new(""), &[]) {
        Ok(loaded) => loaded,
        Err(refused) => panic!("{}\n{text}", render(&refused.sources, &refused.findings, false)),
    };
    let scenario = results::Scenario {
        title: String::new(),
        file: "small.toml".to_owned(),
        sha256: String::new(),
        overrides: Vec::new(),
    };
    run(&loaded.model, scenario, &Unwatched).results.points.swap_remove(0).metrics
}

fn value(metrics: &Metrics, name: &str) -> f64 {
    metrics[name].estimate.unwrap_or_else(|| panic!("{name} is null"))
}

/// The prefixes of the total and of each workload.
fn cohorts(metrics: &Metrics) -> Vec<String> {
    let workloads = NAMES.iter().map(|name| format!("workloads.{name}."));
    std::iter::once(String::new()).chain(workloads.filter(|p| metrics.contains_key(&format!("{p}requests")))).collect()
}

fn counts_are_consistent(metrics: &Metrics, prefix: &str) {
    let count = |name: &str| value(metrics, &format!("{prefix}{name}"));
    let outcomes = ["served", "failed", "timed_out", "unfinished"].map(count);
    assert_eq!(count("requests"), outcomes.iter().sum::<f64>(), "{prefix}requests have one outcome each");
    let share = |name: &str| metrics[&format!("{prefix}{name}")].estimate.unwrap_or(0.0) * count("requests");
    let [_, refused, timed_out, unfinished] = outcomes;
    for (rate, requests) in
        [("refusal_rate", refused), ("timeout_rate", timed_out), ("failure_rate", refused + timed_out + unfinished)]
    {
        assert!((share(rate) - requests).abs() < 1e-6 * requests.max(1.0), "{prefix}{rate} is of {requests} requests");
    }
    assert!(count("attempts") >= count("requests"), "{prefix}attempts");
    assert!(count("offers") >= count("attempts"), "{prefix}offers");
    assert!(count("throttled_attempts") <= count("attempts"), "{prefix}throttled_attempts");
    assert!(count("throttled_offers") <= count("offers"), "{prefix}throttled_offers");
}

fn parts_of_a_latency_are_no_longer_than_the_whole(metrics: &Metrics, prefix: &str) {
    for statistic in ["mean", "p50", "p90", "p95", "p99", "p99_9"] {
        let of = |stem: &str| metrics[&format!("{prefix}{stem}_{statistic}_ms")].estimate;
        let Some(whole) = of("e2e") else { continue };
        for part in ["queue_delay", "service", "ttft"] {
            let part_value = of(part).expect("known when the whole is");
            // A percentile is read off a bucket that is at most 0.4 % wide.
            assert!(part_value <= whole * 1.004, "{prefix}{part}_{statistic}: {part_value} of {whole}");
        }
    }
    let mean = |stem: &str| metrics[&format!("{prefix}{stem}_mean_ms")].estimate;
    if let (Some(e2e), Some(delay), Some(service)) = (mean("e2e"), mean("queue_delay"), mean("service")) {
        assert!((e2e - delay - service).abs() < 1e-6 * e2e, "{prefix}: {e2e} = {delay} + {service}");
    }
}

fn totals_are_sums(metrics: &Metrics) {
    for name in SUMS {
        let total = value(metrics, name);
        let sum: f64 = cohorts(metrics).iter().skip(1).map(|prefix| value(metrics, &format!("{prefix}{name}"))).sum();
        assert!((total - sum).abs() <= 1e-9 * total, "{name}: {total} is not {sum}");
    }
    // Hours of what is bought are of no workload.
    let cost = value(metrics, "cost_usd");
    let sum = |names: &[&str], family: &str| -> f64 {
        let names = names.iter().map(|name| format!("{family}.{name}.cost_usd"));
        names.filter(|name| metrics.contains_key(name)).map(|name| value(metrics, &name)).sum()
    };
    let (tokens, capacities) = (sum(&NAMES, "workloads"), sum(&["us", "eu"], "capacities"));
    assert!(tokens <= cost * (1.0 + 1e-9), "cost_usd: {tokens} of workloads in {cost}");
    assert!((cost - capacities).abs() <= 1e-9 * cost, "cost_usd: {cost} is not {capacities}");
}

fn the_window_of_the_whole_interval_says_the_same(metrics: &Metrics) {
    let mut compared = 0;
    for (name, of_window) in metrics {
        let Some(plain) = name.strip_prefix("windows.all.") else { continue };
        if let Some(of_all) = metrics.get(plain) {
            assert_eq!(of_window, of_all, "{name}");
            compared += 1;
        }
    }
    assert!(compared > 100, "only {compared} metrics of the window");
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 150,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(2_026),
        ..ProptestConfig::default()
    })]

    #[test]
    fn every_small_run_keeps_its_books((sections, reordered) in scenario()) {
        let metrics = metrics(&sections);
        for prefix in cohorts(&metrics) {
            counts_are_consistent(&metrics, &prefix);
            parts_of_a_latency_are_no_longer_than_the_whole(&metrics, &prefix);
        }
        totals_are_sums(&metrics);
        the_window_of_the_whole_interval_says_the_same(&metrics);
        prop_assert_eq!(&self::metrics(&sections), &metrics, "the same file twice");
        prop_assert_eq!(&self::metrics(&reordered), &metrics, "sections in another order");
    }
}

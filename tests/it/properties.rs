//! The properties that hold of every run, whatever the scenario.

use std::collections::BTreeMap;

use bedload::experiment::{Unwatched, run};
use bedload::results::{self, Estimate};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use crate::mixtures::{self, NAMES};

type Metrics = BTreeMap<String, Estimate>;

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

fn metrics(sections: &[String]) -> Metrics {
    let loaded = mixtures::load(sections).unwrap_or_else(|findings| panic!("{findings}\n{}", sections.join("\n")));
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
    assert!(count("attempts") + count("never_sent") >= count("requests"), "{prefix}attempts");
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

/// Returns a strategy for the sections of a scenario, and the same in another order.
fn in_two_orders() -> impl Strategy<Value = (Vec<String>, Vec<String>)> {
    mixtures::sections().prop_flat_map(|sections| (Just(sections.clone()), Just(sections).prop_shuffle()))
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 150,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(2_026),
        ..ProptestConfig::default()
    })]

    #[test]
    fn every_small_run_keeps_its_books((sections, reordered) in in_two_orders()) {
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

//! Prices of long prompts, the factor of a model's prices, and how much of a prompt can be cached.

use super::{assumed, load, loaded};
use crate::fates::{assert_tells, told};

const OWN: &str = r#"
[models.own]
max_output_tokens = 1_000
output_burndown = 1
time_to_first_token = "1s"
output_tokens_per_second = 100
prices = { input = "$3/1M", output = "$15/1M", cache_read = "$0.30/1M", cache_write_5m = "$3.75/1M" }
"#;

const LONG: &str = "prices.long_context = { above = 200_000, input = \"$6/1M\", output = \"$22.50/1M\" }\n";

/// The model with its prices key by key, and further keys.
fn model(more: &str) -> String {
    let prices =
        "prices = { input = \"$3/1M\", output = \"$15/1M\", cache_read = \"$0.30/1M\", cache_write_5m = \"$3.75/1M\" }";
    let by_key = "prices.input = \"$3/1M\"\nprices.output = \"$15/1M\"\nprices.cache_read = \"$0.30/1M\"\nprices.cache_write_5m = \"$3.75/1M\"";
    format!("{}{more}[capacities.us.on_demand]\n", OWN.replace(prices, by_key))
}

#[test]
fn a_prompt_above_the_threshold_is_billed_wholly_at_the_higher_prices() {
    // At the threshold the standard prices hold; one token more and all of it, output included, costs more.
    let told = told(&[("w", "0,200000,100 20,200001,100", "")], &model(LONG));
    assert_tells(
        &told,
        &[
            ("windows.at0.cost_usd", (200_000.0 * 3.0 + 100.0 * 15.0) * 1e-6),
            ("windows.at20.cost_usd", (200_001.0 * 6.0 + 100.0 * 22.5) * 1e-6),
        ],
    );
}

#[test]
fn cached_parts_count_towards_the_threshold() {
    // 300,000 tokens, nine tenths read: the read price rises as that of input does.
    let told = told(&[("w", "0,300000,100", "cache = { read_share = 0.9 }")], &model(LONG));
    assert_tells(&told, &[("cost_usd", (30_000.0 * 6.0 + 270_000.0 * 0.6 + 100.0 * 22.5) * 1e-6)]);
}

#[test]
fn requests_that_wait_and_requests_that_do_not_cost_the_same() {
    // One place: the second and the third wait in a queue.
    let queued = format!("{}concurrency = 1\non_saturation = \"queue\"\n", model(LONG));
    let rows = [("w", "0,200001,100 0,200001,100 0,100,100", "")];
    let cost = (2.0 * 200_001.0 * 6.0 + 2.0 * 100.0 * 22.5 + 100.0 * 3.0 + 100.0 * 15.0) * 1e-6;
    assert_tells(&told(&rows, &queued), &[("cost_usd", cost)]);
    assert_tells(&told(&rows, &model(LONG)), &[("cost_usd", cost)]);
}

#[test]
fn a_price_factor_multiplies_every_price_of_tokens() {
    let rows = [("w", "0,1000,100", "cache = { read_share = 0.5, write_share = 0.1 }"), ("v", "0,200001,100", "")];
    let both = |factor: &str| told(&rows, &model(&format!("{LONG}{factor}")));
    let (plain, dearer) = (both(""), both("price_factor = 1.2\n"));
    for name in ["workloads.w.cost_usd", "workloads.v.cost_usd"] {
        assert_tells(&dearer, &[(name, 1.2 * plain[name].unwrap())]);
    }
    // A call that is paid for by the call has no price of tokens.
    let rerank = "[models.own]\nmax_output_tokens = 1\ntime_to_first_token = \"1s\"\noutput_tokens_per_second = 100\nprices.request = \"$2/1K\"\nprice_factor = 5\n[capacities.us.on_demand]\n";
    assert_tells(&told(&[("w", "0,100,1", "")], rerank), &[("cost_usd", 2e-3)]);
}

#[test]
fn only_the_cacheable_maximum_is_cached() {
    let capped = model("max_cacheable_tokens = 20_000\n");
    // Of 30,000 tokens 27,000 would be read: 20,000 are, and 10,000 are uncached.
    let shares = told(&[("w", "0,30000,100", "cache = { read_share = 0.9 }")], &capped);
    assert_tells(&shares, &[("cache_read_tokens", 20_000.0), ("uncached_input_tokens", 10_000.0)]);
    // A prefix of 25,000 is written and then read up to the maximum.
    let prefix = told(&[("w", "0,30000,100 60,30000,100", "cache = { prefix_tokens = 25000 }")], &capped);
    assert_tells(
        &prefix,
        &[("cache_read_tokens", 20_000.0), ("cache_write_tokens", 20_000.0), ("uncached_input_tokens", 20_000.0)],
    );
    let free =
        told(&[("w", "0,30000,100", "cache = { read_share = 0.9 }")], &model("max_cacheable_tokens = \"none\"\n"));
    assert_tells(&free, &[("cache_read_tokens", 27_000.0)]);
}

fn chat(model: &str, workload: &str) -> String {
    format!(
        "[run]\nduration = \"1h\"\nwarmup = \"0s\"\n[models.m]\n{model}\n[workloads.w]\nmodel = \"m\"\narrivals.poisson.rate = \"6/min\"\n{workload}\noutput_tokens = 100\n[capacities.us.on_demand]\n"
    )
}

#[test]
fn the_catalogues_cacheable_maximum_is_an_input_where_prompts_are_cached() {
    let nova = "id = \"amazon.nova-pro-v1:0\"";
    let cached = loaded(&chat(nova, "input_tokens = 30_000\ncache = { read_share = 0.9 }")).model;
    let told = cached.inputs.iter().find(|i| i.path == "models.m.max_cacheable_tokens").expect("it is told");
    assert_eq!((told.value.as_str(), told.as_of.is_some()), ("20000", true));
    let plain = loaded(&chat(nova, "input_tokens = 30_000")).model;
    assert!(!plain.inputs.iter().any(|i| i.path == "models.m.max_cacheable_tokens"));
}

#[test]
fn guessed_cache_prices_of_long_prompts_are_assumed() {
    let own = &model(LONG);
    let own = own.split("[models.own]").nth(1).unwrap().split("[capacities").next().unwrap();
    let cached = loaded(&chat(own, "input_tokens = 300_000\ncache = { read_share = 0.9 }")).model;
    assert_eq!(assumed(&cached, "models.m.prices.long_context").value, "as input");
    // Prompts that never are so long have no such price.
    let short = loaded(&chat(own, "input_tokens = 1_000\ncache = { read_share = 0.9 }")).model;
    assert!(!short.assumptions.iter().any(|a| a.path == "models.m.prices.long_context"));
}

#[test]
fn prices_of_long_prompts_need_a_threshold() {
    let own = model("prices.long_context = { input = \"$6/1M\" }\n");
    let own = own.split("[models.own]").nth(1).unwrap().split("[capacities").next().unwrap();
    let refused = load(&chat(own, "input_tokens = 300_000")).unwrap_err();
    assert!(refused.contains("write above = 200_000 beside them"), "{refused}");
    loaded(&chat(&own.replace("long_context = { ", "long_context = { above = 200_000, "), "input_tokens = 300_000"));
    let refused = load(&chat("id = \"amazon.nova-pro-v1:0\"\nprice_factor = 5000", "input_tokens = 300")).unwrap_err();
    assert!(refused.contains("a price factor is at most 1000"), "{refused}");
}

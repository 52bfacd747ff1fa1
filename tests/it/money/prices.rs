//! The factors of a price, and the things that a price is of.

use crate::fates::{assert_tells, told};

#[test]
fn tiers_multiply_the_price() {
    // 1,000 tokens at $1 a million.
    let told = told(
        &[
            ("fast", "0,900,100", "tier = \"priority\""),
            ("slow", "0,900,100", "tier = \"flex\""),
            ("plain", "0,900,100", "tier = \"standard\""),
            ("special", "0,900,100", "tier.priority.price_factor = 3"),
        ],
        "[capacities.us.on_demand]",
    );
    assert_tells(
        &told,
        &[
            ("workloads.fast.cost_usd", 1.75e-3),
            ("workloads.slow.cost_usd", 0.5e-3),
            ("workloads.plain.cost_usd", 1e-3),
            ("workloads.special.cost_usd", 3e-3),
            ("cost_usd", 6.25e-3),
            ("capacities.us.cost_usd", 6.25e-3),
        ],
    );
}

const CACHED: &str = r#"
[models.own]
max_output_tokens = 1_000
time_to_first_token = "1s"
output_tokens_per_second = 100
prices = { input = "$3/1M", output = "$15/1M", cache_read = "$0.30/1M", cache_write_5m = "$3.75/1M", cache_write_1h = "$6/1M" }
[capacities.us.on_demand]
"#;

#[test]
fn each_kind_of_token_has_its_price() {
    // 400 uncached, 500 read and 100 written of 1,000; 100 out.
    let told = told(&[("w", "0,1000,100", "cache = { read_share = 0.5, write_share = 0.1 }")], CACHED);
    assert_tells(&told, &[("cost_usd", (400.0 * 3.0 + 500.0 * 0.3 + 100.0 * 3.75 + 100.0 * 15.0) * 1e-6)]);
}

#[test]
fn writes_for_an_hour_cost_as_such() {
    // Written once and read once: 1,000 of 1,500.
    for (ttl, write) in [("5m", 3.75), ("1h", 6.0)] {
        let cache = format!("cache = {{ prefix_tokens = 1000, ttl = \"{ttl}\" }}");
        let told = told(&[("w", "0,1500,100 60,1500,100", &cache)], CACHED);
        let cost = (1_000.0 * 3.0 + 1_000.0 * write + 1_000.0 * 0.3 + 200.0 * 15.0) * 1e-6;
        assert_tells(&told, &[("cost_usd", cost)]);
    }
}

#[test]
fn a_capacitys_own_prices_come_before_the_models() {
    let told = told(
        &[("w", "0,900,100", "")],
        "[capacities.us.on_demand]\nprices = { input = \"$2/1M\", output = \"$4/1M\" }",
    );
    assert_tells(&told, &[("cost_usd", (900.0 * 2.0 + 100.0 * 4.0) * 1e-6)]);
}

#[test]
fn burndown_is_never_billed() {
    // The model's burndown is five.
    let told = told(&[("w", "0,1000,100", "")], "[capacities.us.on_demand]\ntpm = 100_000");
    assert_tells(&told, &[("capacities.us.tpm.charged", 1_500.0), ("cost_usd", 1_100e-6)]);
}

#[test]
fn a_discount_is_of_its_component_alone() {
    let bill = |discount: &str| {
        told(
            &[("w", "0,900,100", "route = \"us\""), ("v", "0,100,100", "route = \"d\"")],
            &format!(
                r#"
                [run]
                duration = "1h"
                warmup = "0s"
                replications = 1
                [money]
                {discount}
                [capacities.us.on_demand]
                [capacities.d.provisioned]
                model_units = 2
                input_tpm_per_unit = 1_000
                output_tpm_per_unit = 1_000
                price_per_unit = "$10/h"
                "#
            ),
        )
    };
    for (discount, tokens, units) in [
        ("", 1e-3, 20.0),
        ("discount.on_demand = 0.1", 0.9e-3, 20.0),
        ("discount.provisioned = \"25%\"", 1e-3, 15.0),
        ("discount = { on_demand = 0.1, provisioned = 0.25, batch = 0.5 }", 0.9e-3, 15.0),
    ] {
        assert_tells(
            &bill(discount),
            &[
                ("cost_usd", tokens + units),
                ("workloads.w.cost_usd", tokens),
                ("capacities.us.cost_usd", tokens),
                ("capacities.d.cost_usd", units),
            ],
        );
    }
}

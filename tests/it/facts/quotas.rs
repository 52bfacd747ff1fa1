//! Default quotas: by source region, of custom deployments, of the bedrock-mantle endpoint.

use super::{assumed, load, loaded};
use crate::playing::{play, value};

fn chat(model: &str, capacity: &str) -> String {
    format!(
        r#"
        [run]
        duration = "30m"
        warmup = "5m"
        replications = 2
        [models.m]
        {model}
        [workloads.chat]
        model = "m"
        arrivals.poisson.rate = "500/min"
        input_tokens = 1500
        output_tokens = 200
        max_tokens = 500
        client.retries = "none"
        {capacity}
        "#
    )
}

const MICRO: &str = "id = \"amazon.nova-micro-v1:0\"";

#[test]
fn a_region_with_a_smaller_quota_throttles_most_calls() {
    let text = chat(MICRO, "[capacities.c.on_demand]\nregion = \"ap-southeast-2\"");
    let model = loaded(&text).model;
    assert_eq!(assumed(&model, "capacities.c.rpm").value, "200");
    assert_eq!(assumed(&model, "capacities.c.tpm").value, "200000");
    // 2,000 tokens are reserved and 1,700 charged: 117 of 500 calls a minute fit into 200,000 tokens.
    let rate = value(&play(&text), "throttle_rate");
    assert!((rate - 0.767).abs() < 0.01, "{rate}");
    let at_home = chat(MICRO, "[capacities.c.on_demand]\nregion = \"us-east-1\"");
    assert!(value(&play(&at_home), "throttle_rate").abs() < 1e-9);
}

#[test]
fn a_default_of_another_region_says_of_which() {
    let why = |capacity: &str| {
        let model = loaded(&chat(MICRO, capacity)).model;
        assumed(&model, "capacities.c.tpm").why.clone()
    };
    let elsewhere = why("[capacities.c.on_demand]\nregion = \"xx-nowhere-1\"");
    assert!(elsewhere.contains("as known of us-east-1, eu-west-2 and not of xx-nowhere-1"), "{elsewhere}");
    let unsaid = why("[capacities.c.on_demand]");
    assert!(unsaid.contains("quotas differ by source region: write `region`"), "{unsaid}");
    let known = why("[capacities.c.on_demand]\nregion = \"eu-west-2\"");
    assert!(!known.contains("as known of") && known.contains("your account may have less"), "{known}");
}

#[test]
fn a_pool_has_the_quota_of_its_source_region() {
    let text = chat(
        "id = \"anthropic.claude-haiku-4-5-20251001-v1:0\"",
        "[capacities.c.cross_region]\nprofile = \"eu\"\nsource_region = \"eu-west-1\"",
    );
    assert!(assumed(&loaded(&text).model, "capacities.c.tpm").why.contains("catalogue's default"));
}

#[test]
fn a_custom_deployment_has_quotas_of_its_own() {
    let custom = "[models.m.customization]\nmethod = \"fine_tuning\"\ntraining_tokens = 1_000_000\n";
    for (id, rpm, tpm) in [
        ("amazon.nova-pro-v1:0", "200", "800000"),
        ("amazon.nova-micro-v1:0", "2000", "4000000"),
        ("amazon.nova-lite-v1:0", "2000", "4000000"),
        ("amazon.nova-2-lite-v1:0", "2000", "4000000"),
        ("meta.llama3-3-70b-instruct-v1:0", "400", "300000"),
    ] {
        let text = chat(&format!("id = \"{id}\"\n{custom}"), "[capacities.c.custom_deployment]");
        let model = loaded(&text).model;
        assert_eq!(assumed(&model, "capacities.c.rpm").value, rpm, "{id}");
        assert_eq!(assumed(&model, "capacities.c.tpm").value, tpm, "{id}");
        assert!(!assumed(&model, "capacities.c.tpm").why.contains("base model"), "{id}");
    }
}

#[test]
fn mantle_takes_the_base_id_and_its_default_limits() {
    let sol = "id = \"openai.gpt-5.6-sol\"\ntime_to_first_token = \"1s\"\noutput_tokens_per_second = 80";
    let model = loaded(&chat(sol, "[capacities.c.on_demand]\nendpoint = \"mantle\"")).model;
    assert_eq!(assumed(&model, "capacities.c.itpm").value, "10000000");
    assert_eq!(assumed(&model, "capacities.c.otpm").value, "1000000");
    assert!(!model.assumptions.iter().any(|a| a.path == "capacities.c.rpm"));
    let refused = load(&chat(sol, "[capacities.c.on_demand]")).unwrap_err();
    assert!(refused.contains("endpoint = \"mantle\""), "{refused}");
}

#[test]
fn limits_that_nobody_knows_are_asked_for() {
    // Nova Micro is not known to be sold at this endpoint.
    let capacity = "[capacities.c.on_demand]\nendpoint = \"mantle\"\n";
    let refused = load(&chat(MICRO, capacity)).unwrap_err();
    assert!(refused.contains("knows no default quota for `capacities.c`"), "{refused}");
    assert!(refused.contains("write itpm and otpm"), "{refused}");
    for fix in ["itpm = 1_000_000\notpm = 100_000", "otpm = \"none\""] {
        loaded(&chat(MICRO, &format!("{capacity}{fix}")));
    }
}

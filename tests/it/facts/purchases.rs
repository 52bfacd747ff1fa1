//! The quota that must be granted before Model Units can be bought, and the regions where they are sold.

use super::{assumed, load, loaded};

fn units(keys: &str) -> String {
    format!(
        "[run]\nduration = \"1h\"\nwarmup = \"0s\"\n[models.m]\nid = \"amazon.nova-2-lite-v1:0\"\n[workloads.w]\nmodel = \"m\"\narrivals.poisson.rate = \"6/min\"\ninput_tokens = 1000\noutput_tokens = 100\nmax_tokens = 500\n[capacities.d.provisioned]\ninput_tpm_per_unit = 50_000\noutput_tpm_per_unit = 10_000\n{keys}\n"
    )
}

#[test]
fn aws_support_must_grant_as_many_units_as_are_bought_at_once() {
    for (keys, needed) in [
        ("model_units = 1", "1 unit first"),
        ("model_units = 3", "3 units first"),
        (
            "model_units = 2\npurchases = [{ model_units = 4, at = \"10m\", ends = \"20m\" }, { model_units = 3, at = \"20m\" }]",
            "6 units first",
        ),
    ] {
        let model = loaded(&units(keys)).model;
        let told = assumed(&model, "capacities.d.model_units_quota");
        assert!(told.why.starts_with("AWS Support must grant") && told.why.contains(needed), "{told:?}");
        assert!(needed.starts_with(&told.value), "{told:?}");
        let granted = loaded(&units(&format!("{keys}\nmodel_units_quota = {}", told.value)));
        assert!(!granted.model.assumptions.iter().any(|a| a.path == "capacities.d.model_units_quota"));
    }
    let refused = load(&units("model_units = 3\nmodel_units_quota = 2")).unwrap_err();
    assert!(refused.contains("3 Model Units are bought at once, and the account may have 2"), "{refused}");
}

#[test]
fn a_region_in_which_model_units_are_not_known_to_be_sold_is_an_assumption() {
    let elsewhere = loaded(&units("model_units = 1\nregion = \"eu-west-1\"")).model;
    let told = assumed(&elsewhere, "capacities.d.region");
    assert!(told.why.contains("known to be sold in us-east-1"), "{told:?}");
    for region in ["", "region = \"us-east-1\""] {
        let model = loaded(&units(&format!("model_units = 1\n{region}"))).model;
        assert!(!model.assumptions.iter().any(|a| a.path == "capacities.d.region"), "{region}");
    }
}

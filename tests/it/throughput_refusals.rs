//! Refusals of what is sold: each way to get throughput, and the models that have it.

use crate::refusals::{GOOD, shown, snapshot, with};

/// One workload of a minute's 60 requests against one capacity, of a model with this `id` and these keys.
fn sold(id: &str, model_keys: &str, capacity: &str) -> String {
    let text = format!(
        r#"[run]
duration = "1h"
warmup = "0s"

[models.m]
id = "{id}"
{model_keys}
[workloads.chat]
model = "m"
arrivals.poisson.rate = "60/min"
input_tokens = 1000
output_tokens = 100
max_tokens = 512

{capacity}
"#
    );
    shown(&text, &[])
}

#[test]
fn ways_to_get_throughput() {
    let (sonnet, nova, llama) =
        ("anthropic.claude-sonnet-4-6", "amazon.nova-pro-v1:0", "meta.llama3-1-8b-instruct-v1:0");
    let us = |id: &str| format!("us.{id}");
    let units = "[capacities.c.provisioned]\nmodel_units = 1\ninput_tpm_per_unit = 10_000\noutput_tpm_per_unit = 5_000";
    let tuned = "[models.m.customization]\nmethod = \"fine_tuning\"\ntraining_tokens = 1000\n";
    let pool = "[capacities.c.cross_region]\nprofile = \"us\"\nsource_region = \"us-east-1\"";
    let units_of_own = |text: &str| {
        text.replace(
            "on_demand]\ntpm = 100_000\n",
            "provisioned]\nmodel_units = 1\ninput_tpm_per_unit = 100_000\noutput_tpm_per_unit = 100_000\n",
        )
    };
    let batch = "[capacities.c.batch]\nqueue_delay = \"1h\"\ntokens_per_second = 1000";
    snapshot(
        "throughput",
        &[
            ("Model Units of a model that is not sold so", sold(sonnet, "", units)),
            ("Model Units behind an inference profile", sold(&us(nova), "", units)),
            (
                "less reserved than AWS sells",
                sold(&us(sonnet), "", "[capacities.c.reserved]\ninput_tpm = 99_000\noutput_tpm = 9_000"),
            ),
            (
                "a destination twice",
                sold(&us(nova), "", &format!("{pool}\ndestinations = [\"us-east-1\", {{ region = \"us-east-1\" }}]")),
            ),
            (
                "a destination that the profile does not lead to",
                sold(&us(nova), "", &format!("{pool}\ndestinations = [\"us-east-1\", \"eu-west-1\"]")),
            ),
            (
                "a source region that the profile does not have",
                sold(&us(nova), "", &pool.replace("us-east-1", "eu-west-1")),
            ),
            ("a region of a pool", sold(&us(nova), "", &format!("{pool}\nregion = \"us-east-1\""))),
            ("a job of few records", sold(&us(nova), "", &format!("{batch}\ncollect_every = \"1m\""))),
            (
                "a capacity behind a batch",
                sold(
                    &us(nova),
                    "",
                    &format!("route = [\"c\", \"d\"]\n{batch}\ncollect_every = \"1h\"\n[capacities.d.on_demand]"),
                ),
            ),
            (
                "an outage that lasts no time",
                sold(&us(nova), "", "[capacities.c.on_demand]\noutages = [{ at = \"5m\", lasts = \"0s\" }]"),
            ),
            (
                "an outage that would end before it begins",
                sold(&us(nova), "", "[capacities.c.on_demand]\noutages = [{ at = \"5m\", lasts = \"-1m\" }]"),
            ),
            ("a customized model on demand", sold(nova, tuned, "[capacities.c.on_demand]")),
            ("a customized model behind a profile", sold(nova, tuned, pool)),
            ("a deployment of a base model", sold(nova, "", "[capacities.c.custom_deployment]")),
            ("a deployment of a profile", sold(&us(nova), tuned, "[capacities.c.custom_deployment]")),
            (
                "a tier that the model is not sold in",
                shown(
                    &with(&[
                        "workloads.chat: tier = \"flex\"",
                        "models.own: id = \"us.anthropic.claude-opus-4-5-20251101-v1:0\"",
                    ]),
                    &[],
                ),
            ),
            ("a tier of Model Units", shown(&units_of_own(&with(&["workloads.chat: tier = \"flex\""])), &[])),
            (
                "a purchase that ends before it begins",
                sold(
                    llama,
                    "",
                    "[capacities.c.provisioned]\ninput_tpm_per_unit = 10_000\noutput_tpm_per_unit = 5_000\npurchases = [{ model_units = 1, at = \"5m\", ends = \"4m\" }]",
                ),
            ),
            (
                "a bound purchase that ends early",
                sold(
                    llama,
                    "",
                    "[capacities.c.provisioned]\ninput_tpm_per_unit = 10_000\noutput_tpm_per_unit = 5_000\npurchases = [{ model_units = 1, commitment = \"1-month\", ends = \"30m\" }]",
                ),
            ),
            (
                "a cost of Model Units without a price",
                shown(&(units_of_own(GOOD) + "[[expect]]\nmetric = \"cost_usd\"\nat_most = \"$5\"\n"), &[]),
            ),
        ],
    );
}

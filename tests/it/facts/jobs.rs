//! The sizes that batch jobs may have.

use super::{load, loaded, warnings};

fn nightly(id: &str, rate: &str, input: u64) -> String {
    format!(
        "[run]\nduration = \"1d\"\nwarmup = \"0s\"\ncooldown = \"2d\"\n[models.m]\nid = \"{id}\"\n[workloads.w]\nmodel = \"m\"\narrivals.poisson.rate = \"{rate}\"\ninput_tokens = {input}\noutput_tokens = 100\nmax_tokens = 500\n[capacities.night.batch]\ncollect_every = \"24h\"\nqueue_delay = \"1h\"\ntokens_per_second = 10_000\n"
    )
}

#[test]
fn a_job_with_more_input_than_aws_takes_is_warned_of() {
    // 86,400 records of 20,000 tokens are 6.9 GB at 4 bytes a token: too much for 5 GB, little for 100 GB.
    let told = warnings(&nightly("us.anthropic.claude-sonnet-4-6", "60/min", 20_000));
    assert!(told.contains("would have about 7 GB of input") && told.contains("AWS takes 5 GB"), "{told}");
    assert!(!warnings(&nightly("us.amazon.nova-pro-v1:0", "60/min", 20_000)).contains("GB of input"));
    assert!(!warnings(&nightly("us.anthropic.claude-sonnet-4-6", "60/min", 2_000)).contains("GB of input"));
}

#[test]
fn a_job_has_the_fewest_records_of_the_model() {
    let refused = load(&nightly("us.amazon.nova-pro-v1:0", "2/h", 1_000)).unwrap_err();
    assert!(refused.contains("a batch job has at least 100 records, `night` collects about 48 in 1d"), "{refused}");
    loaded(&nightly("us.amazon.nova-pro-v1:0", "6/h", 1_000));
}

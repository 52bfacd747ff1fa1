//! Models that the catalogue does not know: what is assumed of them, and what an ARN does not tell.

use super::{assumed, load, loaded};
use crate::playing::{play, value};

/// An answer as long as the cap: what is reserved at admission is a fifth of what a burndown of five charges.
fn own(model: &str, capacity: &str) -> String {
    format!(
        r#"
        [run]
        duration = "30m"
        warmup = "5m"
        replications = 2
        [models.own]
        max_output_tokens = 64_000
        time_to_first_token = "1s"
        output_tokens_per_second = 60
        {model}
        [workloads.gen]
        model = "own"
        arrivals.poisson.rate = "60/min"
        input_tokens = 200
        output_tokens = 1000
        max_tokens = 1000
        [capacities.us.on_demand]
        {capacity}
        "#
    )
}

const LIMITED: &str = "rpm = 250\ntpm = 100_000";

#[test]
fn a_burndown_that_nobody_states_is_assumed_aloud() {
    let text = own("", LIMITED);
    let model = loaded(&text).model;
    let told = assumed(&model, "models.own.output_burndown");
    assert!(told.value == "1" && told.why.contains("Claude models from 3.5 on it costs 5 or more"), "{told:?}");
    assert!(value(&play(&text), "throttle_rate").abs() < 1e-9);
    // With the burndown of Claude models about half of the attempts are throttled.
    let rate = value(&play(&own("output_burndown = 5", LIMITED)), "throttle_rate");
    assert!((0.4..0.7).contains(&rate), "{rate}");
}

#[test]
fn a_burndown_that_counts_nowhere_is_not_assumed() {
    for capacity in ["", "rpm = 250", "endpoint = \"mantle\"\nitpm = 1_000_000\notpm = 100_000"] {
        let model = loaded(&own("", capacity)).model;
        assert!(!model.assumptions.iter().any(|a| a.path == "models.own.output_burndown"), "{capacity}");
    }
    let stated = loaded(&own("output_burndown = 1", LIMITED)).model;
    assert!(!stated.assumptions.iter().any(|a| a.path == "models.own.output_burndown"));
}

#[test]
fn doubt_tries_the_burndown_of_claude_models() {
    let text = format!(
        "doubt = \"default\"\n{}\n[[expect]]\nmetric = \"throttle_rate\"\nat_most = \"1%\"\n",
        own("", LIMITED)
    );
    let study = loaded(&text).study;
    assert!(study.doubt.iter().any(|unknown| unknown.path == "models.own.output_burndown"));
}

#[test]
fn an_application_profile_asks_for_its_base_model() {
    let arn = "arn:aws:bedrock:us-east-1:111122223333:application-inference-profile/abc123def456";
    let refused = load(&own(&format!("id = \"{arn}\""), LIMITED)).unwrap_err();
    assert!(refused.contains("is an application inference profile"), "{refused}");
    assert!(refused.contains("write the id of the model or profile that it was made from"), "{refused}");
    assert!(!refused.contains("leave out `id`"), "{refused}");
    let fix = refused.split("id = \"").nth(2).and_then(|rest| rest.split('"').next()).expect(&refused);
    loaded(&own(&format!("id = \"{fix}\""), LIMITED));
}

//! Every figure of a document says who says so.

use std::path::Path;

use bedload::experiment::{Unwatched, compare, head, without_varied};
use bedload::results::{Input, MOST_INPUTS, Origin, Results, Scenario};
use bedload::scenario::load_text;

const CHAT: &str = r#"
[run]
duration = "1m"
warmup = "0s"
replications = 1

[models.nova]
id = "amazon.nova-pro-v1:0"

[workloads.chat]
model = "nova"
arrivals.poisson.rate = "6/min"
input_tokens.lognormal = { median = 1500, p95 = 5000 }
output_tokens = 300

[capacities.us.on_demand]
tpm = 1_000_000
tpd = "none"
"#;

fn scenario() -> Scenario {
    Scenario { title: String::new(), file: "chat.toml".to_owned(), sha256: String::new(), overrides: Vec::new() }
}

fn loaded(text: &str, overrides: &[&str]) -> bedload::model::Model {
    let overrides: Vec<String> = overrides.iter().map(|o| (*o).to_owned()).collect();
    load_text("some/where/chat.toml", text, Path::new("."), &overrides).expect("it loads").model
}

fn document(text: &str, overrides: &[&str]) -> Results {
    head(&loaded(text, overrides), scenario())
}

fn of<'r>(results: &'r Results, path: &str) -> &'r Input {
    results.inputs.iter().find(|i| i.path == path).unwrap_or_else(|| panic!("`{path}` is not told"))
}

#[test]
fn each_figure_is_tagged_with_who_says_so() {
    let results = document(CHAT, &["workloads.chat.output_tokens=250"]);
    for (path, value, origin) in [
        ("capacities.us", "on_demand", Origin::Stated),
        ("capacities.us.tpm", "1000000", Origin::Stated),
        ("workloads.chat.input_tokens", "{ lognormal = { median = 1500, p95 = 5000 } }", Origin::Stated),
        ("workloads.chat.output_tokens", "250", Origin::Stated),
        ("capacities.us.limiter", "\"fixed_window\"", Origin::Assumed),
        ("money.hours_per_month", "730", Origin::Assumed),
        ("models.nova.output_burndown", "1", Origin::Published),
        ("capacities.us.prices.input", "\"$0.80/1M\"", Origin::Published),
    ] {
        let input = of(&results, path);
        assert_eq!((input.value.as_str(), input.origin), (value, origin), "{path}");
    }
    assert_eq!(of(&results, "capacities.us.tpm").source, "chat.toml");
    assert_eq!(of(&results, "workloads.chat.output_tokens").source, "--set");
    for path in ["capacities.us.rpm", "models.nova.max_output_tokens", "capacities.us.prices.output"] {
        let input = of(&results, path);
        // A default limit is published, and yet the account may have another one.
        let origin = if path.ends_with(".rpm") { Origin::Assumed } else { Origin::Published };
        assert_eq!(input.origin, origin, "{path}");
        assert_eq!(input.source.ends_with("; your account may have less"), origin == Origin::Assumed, "{path}");
        assert!(input.as_of.as_deref().is_some_and(|d| d.starts_with("20")) && !input.source.is_empty(), "{path}");
    }
    // Each figure is told once, and the assumptions stay as they were.
    let mut paths: Vec<&str> = results.inputs.iter().map(|i| i.path.as_str()).collect();
    paths.sort_unstable();
    assert!(paths.windows(2).all(|two| two[0] != two[1]), "{paths:?}");
    assert!(results.assumptions.iter().any(|a| a.path == "capacities.us.rpm"));
    assert!(!paths.iter().any(|p| p.starts_with("capacities.us.prices.cache")), "no cache is used");
}

#[test]
fn what_the_scenario_states_is_not_published() {
    let own = "capacities.us.rpm=7";
    let results = document(CHAT, &[own, "models.nova.max_output_tokens=900", "capacities.us.prices.input=\"$1/1M\""]);
    for path in ["capacities.us.rpm", "models.nova.max_output_tokens", "capacities.us.prices.input"] {
        assert_eq!(of(&results, path).origin, Origin::Stated, "{path}");
    }
    assert_eq!(of(&results, "capacities.us.prices.output").origin, Origin::Published);
}

/// A latency that is guessed is nowhere said to be measured.
#[test]
fn a_guess_of_the_catalogue_is_no_measurement() {
    let guessed = document(CHAT, &[]);
    let input = of(&guessed, "models.nova.time_to_first_token");
    assert_eq!((input.origin, input.source.starts_with("Assumption")), (Origin::Assumed, true));
    assert_eq!(of(&guessed, "models.nova.prefill_per_1k_tokens").origin, Origin::Assumed);
    let measured = document(&CHAT.replace("amazon.nova-pro-v1:0", "us.amazon.nova-2-lite-v1:0"), &[]);
    assert_eq!(of(&measured, "models.nova.time_to_first_token").origin, Origin::Measured);
}

#[test]
fn what_is_bought_has_the_price_of_its_commitment() {
    let units = r#"
[capacities.us.provisioned]
model_units = 1
input_tpm_per_unit = 100_000
output_tpm_per_unit = 100_000
commitment = "1-month"
"#;
    let text = CHAT.replace("[capacities.us.on_demand]\ntpm = 1_000_000\ntpd = \"none\"\n", units);
    let text = text.replace("nova-pro-v1", "nova-2-lite-v1");
    let results = document(&text, &[]);
    let price = of(&results, "capacities.us.price_per_unit");
    assert_eq!(price.origin, Origin::Published);
    assert!(price.value.contains("/h") && price.source.ends_with("commitment 1-month"), "{price:?}");
    assert!(price.value == "\"$55.00/h\"" && results.catalog_as_of.is_some() && results.catalog_as_of <= price.as_of);
}

#[test]
fn half_the_price_of_a_batch_is_told_as_such() {
    let batch = "[capacities.us.batch]\ncollect_every = \"1h\"\nqueue_delay = \"5m\"\ntokens_per_second = 5000\n";
    let text = CHAT.replace("[capacities.us.on_demand]\ntpm = 1_000_000\ntpd = \"none\"\n", batch);
    let results = document(&text.replace("6/min", "6000/min"), &[]);
    let told = results.inputs.iter().find(|i| i.path.starts_with("capacities.us.prices.") && i.path.ends_with("input"));
    let told = told.expect("the price of input is told");
    assert!(told.path.ends_with("batch_input") || told.value.ends_with(" x 0.5"), "{told:?}");
}

#[test]
fn what_is_varied_is_not_told() {
    let mut results = document(CHAT, &[]);
    without_varied(&mut results, ["capacities.us.on_demand.tpm"]);
    assert!(!results.inputs.iter().any(|i| i.path == "capacities.us.tpm"));
    assert_eq!(of(&results, "capacities.us").value, "on_demand");
}

#[test]
fn a_comparison_tells_whose_figure_it_is() {
    let (a, b) = (loaded(CHAT, &[]), loaded(CHAT, &["capacities.us.tpm=2000000"]));
    let results = compare((&a, scenario()), (&b, scenario()), &Unwatched).results;
    let told = results.inputs.iter().filter(|i| i.path == "capacities.us.tpm");
    let sides: Vec<(Option<&str>, &str)> = told.map(|i| (i.side.as_deref(), i.value.as_str())).collect();
    assert_eq!(sides, [(Some("a"), "1000000"), (Some("b"), "2000000")]);
    assert_eq!(of(&results, "workloads.chat.output_tokens").side, None);
}

#[test]
fn many_figures_are_cut_from_the_users_own_end() {
    let mut text = CHAT.to_owned();
    for i in 0..200 {
        text += &format!("[quotas.q{i}]\ntpm = 5\n");
    }
    let results = document(&text, &[]);
    assert_eq!(results.inputs.len(), MOST_INPUTS);
    assert!(results.inputs_left_out > 20, "{}", results.inputs_left_out);
    assert!(results.inputs.iter().any(|i| i.path == "capacities.us.prices.input"));
}

//! Whole runs: what a simulated request costs, by what the scenario asks of the engine.

use std::hint::black_box;
use std::path::Path;

use bedload::experiment::{self, Conclusion, Unwatched};
use bedload::model::Model;
use bedload::results::Scenario;
use bedload::scenario::load_text;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

fn model(file: &str, overrides: &[&str]) -> Model {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios").join(file);
    let text = std::fs::read_to_string(&path).expect("the scenario ships with the benches");
    let overrides: Vec<String> = overrides.iter().map(|o| (*o).to_owned()).collect();
    load_text(file, &text, path.parent().expect("a folder"), &overrides).expect("a shipped scenario loads").model
}

fn outcome(model: &Model) -> Conclusion {
    let scenario = Scenario { title: String::new(), file: String::new(), sha256: String::new(), overrides: vec![] };
    experiment::run(model, scenario, &Unwatched)
}

fn run(model: &Model) -> u64 {
    outcome(model).effort.requests
}

fn offers(model: &Model) -> u64 {
    let point = &outcome(model).results.points[0];
    // Totals of a run are counts.
    point.metrics["offers"].estimate.expect("offers are counted") as u64
}

fn engine(c: &mut Criterion) {
    let mut group = c.benchmark_group("engine");
    group.sample_size(10);
    for (name, file, overrides) in [
        ("throttled", "reference-throttled.toml", &["run.duration=200s"][..]),
        ("fixed window", "reference-throttled.toml", &["run.duration=200s", "capacities.bucket.limiter=fixed_window"]),
        (
            "sliding window",
            "reference-throttled.toml",
            &["run.duration=200s", "capacities.bucket.limiter=sliding_window"],
        ),
        ("time-outs", "reference-throttled.toml", &["run.duration=200s", "workloads.load.client.timeout=20s"]),
        ("queue", "reference-mm10.toml", &["run.replications=1"]),
    ] {
        let model = model(file, overrides);
        group.throughput(Throughput::Elements(run(&model)));
        group.bench_function(name, |b| b.iter(|| black_box(run(&model))));
    }
    group.finish();
}

/// A busy route of so many capacities, of which only the last ever has room for much.
fn route(capacities: usize) -> Model {
    let names: Vec<String> = (1..=capacities).map(|k| format!("c{k}")).collect();
    let mut text = format!(
        r#"
        [run]
        duration = "200s"
        warmup = "0s"
        [models.own]
        max_output_tokens = 1000
        time_to_first_token = "500ms"
        output_tokens_per_second = 100
        [workloads.load]
        model = "own"
        arrivals.poisson.rate = "2000/s"
        input_tokens = 300
        output_tokens = 100
        max_tokens = 100
        client.retries = "none"
        route = {names:?}
        "#
    );
    for name in &names {
        let rpm = if *name == names[capacities - 1] { 60_000 } else { 1 };
        text += &format!("[capacities.{name}.on_demand]\nrpm = {rpm}\ntpm = \"none\"\n");
    }
    load_text("route.toml", &text, Path::new("."), &[]).expect("the scenario loads").model
}

/// Measures an offer by the number of capacities on a route: with one, half of the offers are refused; with ten, a
/// request makes ten offers.
fn routes(c: &mut Criterion) {
    let mut group = c.benchmark_group("offers on a route");
    group.sample_size(10);
    for capacities in [1, 10] {
        let model = route(capacities);
        group.throughput(Throughput::Elements(offers(&model)));
        group.bench_function(format!("of {capacities}"), |b| b.iter(|| black_box(run(&model))));
    }
    group.finish();
}

criterion_group!(benches, engine, routes);
criterion_main!(benches);

//! Whole runs: what a simulated request costs, by what the scenario asks of the engine.

use std::hint::black_box;
use std::path::Path;

use bedload::experiment::{self, Unwatched};
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

fn run(model: &Model) -> u64 {
    let scenario = Scenario { title: String::new(), file: String::new(), sha256: String::new(), overrides: vec![] };
    experiment::run(model, scenario, &Unwatched).effort.requests
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

criterion_group!(benches, engine);
criterion_main!(benches);

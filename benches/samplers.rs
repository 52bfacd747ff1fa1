//! Draws, a block at a time as the tape makes them.

use std::hint::black_box;

use bedload::random::{Law, Purpose, Shape, Stream};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

const BLOCK: usize = 512;

fn samplers(c: &mut Criterion) {
    let mut group = c.benchmark_group("samplers");
    group.throughput(Throughput::Elements(BLOCK as u64));
    let stream = Stream::new(1, 0, Purpose::Input, "bench");
    let values: Vec<f64> = (0..100).map(f64::from).collect();
    let cumulative = (1..=100).map(|i| f64::from(i) / 100.0).collect();
    for (name, shape) in [
        ("uniform", Shape::Uniform { low: 0.0, high: 1.0 }),
        ("exponential", Shape::Exponential { mean: 1.0 }),
        ("lognormal", Shape::Lognormal { mu: 6.8, sigma: 1.0 }),
        ("gamma, cv 2", Shape::Gamma { shape: 0.25, scale: 4.0 }),
        ("gamma, cv 0.5", Shape::Gamma { shape: 4.0, scale: 0.25 }),
        ("empirical", Shape::Empirical { values, cumulative }),
    ] {
        let law = Law::of(shape);
        let mut out = [0.0; BLOCK];
        let mut first = 0;
        group.bench_function(name, |b| {
            b.iter(|| {
                law.fill(stream, first, &mut out);
                first += BLOCK as u64;
                black_box(out[0])
            });
        });
    }
    group.finish();
}

criterion_group!(benches, samplers);
criterion_main!(benches);

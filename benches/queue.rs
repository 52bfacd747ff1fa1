//! The hold model: take the next event, add one later, with so many pending.

use std::hint::black_box;

use bedload::queue::{Class, Event, EventQueue};
use bedload::random::{Law, Purpose, Shape, Stream};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};

/// Delays such as those of services: about one event a millisecond with 4,000 pending \[µs\].
fn delays(pending: usize) -> Vec<u64> {
    let median = 3_000_000.0 * pending as f64 / 4_000.0;
    let law = Law::of(Shape::Lognormal { mu: libm::log(median), sigma: 0.7 });
    let mut draws = vec![0.0; 1 << 16];
    law.fill(Stream::new(1, 0, Purpose::Decode, "bench"), 0, &mut draws);
    draws.into_iter().map(|x| x as u64 + 1).collect()
}

fn hold(c: &mut Criterion) {
    let mut group = c.benchmark_group("queue");
    group.throughput(Throughput::Elements(1));
    for pending in [10, 100, 1_000, 4_000, 40_000] {
        let delays = delays(pending);
        let mut queue = EventQueue::new();
        for (slot, at) in (0..).zip(&delays[..pending]) {
            queue.push(Event::new(*at, Class::Completion, slot));
        }
        let (mut next, mut now) = (0, 0);
        group.bench_function(BenchmarkId::from_parameter(pending), |b| {
            b.iter(|| {
                let far = now + 3_600_000_000;
                let event = loop {
                    match queue.pop_below(queue.limit(Event::new(far, Class::Arrival, 0))) {
                        Some(event) => break event,
                        None => assert!(queue.follow(far), "the queue never runs dry"),
                    }
                };
                now = event.at;
                next = (next + 1) % delays.len();
                queue.push(Event::new(now + delays[next], event.class(), event.slot()));
                black_box(event.slot())
            });
        });
    }
    group.finish();
}

criterion_group!(benches, hold);
criterion_main!(benches);

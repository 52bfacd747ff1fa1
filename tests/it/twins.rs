//! Short ways of the program against their plain twins: the same results, whatever way was taken.

use bedload::engine;
use bedload::engine::observer::{Admission, Failure, Job, Observer, Outcome, Refusal, Snapshot, Who};
use bedload::metrics::{Record, Recorder};

use crate::playing::model;

/// A recorder that is told of every request by itself.
struct OneByOne(Recorder);

impl Observer for OneByOne {
    fn arrived(&mut self, who: Who) {
        self.0.arrived(who);
    }
    fn held_back(&mut self, who: Who) {
        self.0.held_back(who);
    }
    fn sent(&mut self, who: Who) {
        self.0.sent(who);
    }
    fn retried(&mut self, who: Who) {
        self.0.retried(who);
    }
    fn called(&mut self, who: Who) {
        self.0.called(who);
    }
    fn offered(&mut self, who: Who) {
        self.0.offered(who);
    }
    fn refused(&mut self, who: Who, capacity: usize, refusal: Refusal) {
        self.0.refused(who, capacity, refusal);
    }
    fn admitted(&mut self, admission: &Admission) {
        self.0.admitted(admission);
    }
    fn placed(&mut self, who: Who, capacity: usize, region: usize) {
        self.0.placed(who, capacity, region);
    }
    fn waited(&mut self, capacity: usize, from: u64, to: u64) {
        self.0.waited(capacity, from, to);
    }
    fn stopped(&mut self, who: Who, quota: usize) {
        self.0.stopped(who, quota);
    }
    fn submitted(&mut self, capacity: usize, job: Job) {
        self.0.submitted(capacity, job);
    }
    fn failed(&mut self, who: Who, is_first: bool, failure: Failure) {
        self.0.failed(who, is_first, failure);
    }
    fn answered(&mut self, workload: usize) {
        self.0.answered(workload);
    }
    fn ended(&mut self, who: Who, outcome: Outcome) {
        self.0.ended(who, outcome);
    }
    fn next_edge(&self) -> u64 {
        self.0.next_edge()
    }
    fn edge(&mut self, at: u64, snapshot: Snapshot<'_>) {
        self.0.edge(at, snapshot);
    }
}

const SCENARIO: &str = r#"
    run = { duration = "3m", warmup = "7s", cooldown = "10s", seed = 5, replications = 1 }
    [models.m]
    max_output_tokens = 400
    output_burndown = 5
    time_to_first_token.lognormal = { median = "400ms", p95 = "2s" }
    output_tokens_per_second = 50
    [workloads.a]
    model = "m"
    arrivals.poisson = { rate = "20/s" }
    input_tokens.lognormal = { median = 900, p95 = 4000 }
    output_tokens.lognormal = { median = 90, p95 = 900 }
    cache = { read_share = 0.4, write_share = 0.1 }
    slo = { ttft = "1s", e2e = "5s" }
    [workloads.b]
    model = "m"
    arrivals.poisson = { rate = "3/s" }
    input_tokens = 500
    output_tokens = 50
    client.timeout = "2s"
    [capacities.quota.on_demand]
    rpm = 1_200
    tpm = 1_600_000
"#;

#[test]
fn many_at_a_time_are_the_same_as_one_by_one() {
    let model = model(SCENARIO);
    let recorder = || Recorder::measured(&model, None).with_course().with_latencies();
    let finish =
        |recorder: Recorder, unfinished: Option<Vec<u64>>| -> Record { recorder.finish(unfinished.as_deref(), false) };
    let many = engine::run(&model, 0, recorder());
    let one = engine::run(&model, 0, OneByOne(recorder()));
    let (many, one) = (finish(many.observer, many.unfinished), finish(one.observer.0, one.unfinished));
    assert_eq!(format!("{many:?}"), format!("{one:?}"));
    let [a, b] = &many.workloads[..] else { panic!("two workloads") };
    for (what, count) in [
        ("refused", many.capacities[0].refused.iter().sum()),
        ("served", a.served),
        ("truncated", a.truncated),
        ("outside of their objectives", a.outside_slo),
        ("given up", b.timed_out),
        ("unused, reads included", many.capacities[0].unused_reads),
    ] {
        assert!(count > 0, "none {what}: the test would see nothing");
    }
}

//! Short ways of the program against their plain twins: the same results, whatever way was taken.

use std::sync::Arc;

use bedload::engine::observer::{Admission, Door, Failure, Job, Observer, Outcome, Refusal, Snapshot, Who};
use bedload::engine::{self, Score};
use bedload::experiment::{self, Depth, Scores, Unwatched};
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
    fn refused(&mut self, who: Who, capacity: usize, refusal: Refusal, at: u64) {
        self.0.refused(who, capacity, refusal, at);
    }
    fn admitted(&mut self, admission: &Admission) {
        self.0.admitted(admission);
    }
    fn placed(&mut self, who: Who, capacity: usize, region: usize) {
        self.0.placed(who, capacity, region);
    }
    fn waited(&mut self, capacity: usize, from: u64, to: u64, behind: Option<Refusal>) {
        self.0.waited(capacity, from, to, behind);
    }
    fn waited_in_client(&mut self, who: Who, door: Door, from: u64, to: u64) {
        self.0.waited_in_client(who, door, from, to);
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
    fn ended(&mut self, who: Who, outcome: Outcome, at: u64) {
        self.0.ended(who, outcome, at);
    }
    fn session_began(&mut self, workload: usize, at: u64) {
        self.0.session_began(workload, at);
    }
    fn session_ended(&mut self, first_turn: Who, every_turn_served: bool, at: u64) {
        self.0.session_ended(first_turn, every_turn_served, at);
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
        |recorder: Recorder, unfinished: Option<Vec<u64>>| -> Record { recorder.finish(unfinished.as_deref(), None) };
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

/// A workload, the time to its first token, and its quota. Answers of 50 tokens take no time.
fn lone(arrivals: &str, ttft: &str, client: &str, quota: &str) -> String {
    format!(
        r#"
        run = {{ duration = "90s", warmup = "5s", cooldown = "40s", seed = 11, replications = 1 }}
        [models.m]
        max_output_tokens = 400
        {ttft}
        output_tokens_per_second = 1_000_000_000
        [workloads.w]
        model = "m"
        {arrivals}
        input_tokens.lognormal = {{ median = 900, p95 = 4000 }}
        output_tokens = 50
        {client}
        [capacities.quota.on_demand]
        {quota}
        "#
    )
}

fn record(model: &bedload::model::Model, scores: &[Option<Arc<Score>>]) -> (String, u64) {
    let recorder = Recorder::measured(model, None).with_course().with_latencies();
    let done = engine::run_along(model, 0, recorder, scores);
    (format!("{:?}", done.observer.finish(done.unfinished.as_deref(), done.ended)), done.events)
}

#[test]
fn a_score_changes_nothing_whether_ends_are_foreseen_or_not() {
    let poisson = "arrivals.poisson = { rate = \"20/s\" }";
    let batches = "arrivals.batches = { rate = \"1/s\", cv = 0, size = 20 }";
    let spread = "time_to_first_token.lognormal = { median = \"1s\", p95 = \"5s\" }";
    let (second, nothing) = ("time_to_first_token = \"1s\"", "time_to_first_token = \"0s\"");
    let drawn = "client.retries = \"standard\"";
    // Retried after whole seconds: their ends share an instant with those of others.
    let round = "client.retries.exponential = { max_attempts = 4, base = \"1s\", cap = \"8s\", jitter = \"none\" }";
    let window = "rpm = 1_100\ntpm = 1_500_000";
    let bucket = "rpm = 1_100\ntpm = 1_500_000\nlimiter.token_bucket = { burst = \"2s\" }";
    for (arrivals, ttft, client, quota) in [
        (poisson, spread, drawn, window),
        (poisson, spread, round, bucket),
        (batches, second, round, bucket),
        (batches, second, drawn, window),
        (batches, nothing, round, bucket),
        (poisson, spread, drawn, "rpm = 1_100\ntpm = 1_500_000\non_saturation = \"queue\"\nconcurrency = 30"),
        // These foresee nothing: what an end needs is not in its request alone.
        (poisson, spread, drawn, "rpm = 1_100\ntpm = 1_500_000\nlimiter = \"sliding_window\""),
        (poisson, spread, drawn, "concurrency = 40\non_saturation = \"queue\""),
    ] {
        let text = lone(arrivals, ttft, client, quota);
        let model = model(&text);
        let plain = record(&model, &[]);
        let score = Arc::new(Score::record(&model, 0, 0, 1 << 20).expect("it is drawn"));
        assert!(plain == record(&model, &[Some(Arc::clone(&score))]), "with a score: {text}");
        score.foresee();
        assert!(plain == record(&model, &[Some(Arc::clone(&score))]), "with ends foreseen: {text}");
    }
}

#[test]
fn scores_are_shared_between_workloads_of_several() {
    let model = model(SCENARIO);
    let plain = record(&model, &[]);
    let scores: Vec<_> = (0..2).map(|w| Score::record(&model, w, 0, 1 << 20).map(Arc::new)).collect();
    assert!(scores.iter().all(Option::is_some));
    scores.iter().flatten().for_each(|score| score.foresee());
    assert!(plain == record(&model, &scores));
    assert!(plain == record(&model, &[None, scores[1].clone()]));
    assert!(Score::record(&model, 0, 0, 100).is_none(), "more requests than there is room for");
}

/// Waits a little; false, so that it may stand for what has not happened yet.
fn pause() -> bool {
    std::thread::sleep(std::time::Duration::from_millis(1));
    false
}

#[test]
fn points_of_a_study_are_what_each_is_by_itself() {
    let scores = Scores::default();
    for limit in 0..12 {
        let quota = format!("rpm = {}\ntpm = 1_500_000", 900 + 40 * limit);
        let ttft = "time_to_first_token.lognormal = { median = \"1s\", p95 = \"5s\" }";
        let model =
            model(&lone("arrivals.poisson = { rate = \"20/s\" }", ttft, "client.retries = \"standard\"", &quota));
        // From the second point on all play from a score. Other tests may be writing theirs, one at a time.
        let is_written = || scores.of(&model, 0).iter().all(Option::is_some);
        assert!(limit == 0 || (0..10_000).any(|_| is_written() || pause()), "a score is written");
        let alone = experiment::play(&model, Depth::Detail, &Unwatched);
        let along = experiment::play_along(&model, Depth::Detail, &Unwatched, &scores);
        assert_eq!(alone.point, along.point, "with {quota}");
        assert_eq!(alone.effort, along.effort, "with {quota}");
    }
}

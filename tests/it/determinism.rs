//! Results are the same bytes for the same scenario and seed, on any number of threads.

use bedload::{charts, report};

use crate::playing::results_on;

/// Something of everything: two workloads, a shared quota, a queue, time-outs, retries, two capacities on a route.
const BUSY: &str = r#"
[run]
duration = "10m"
warmup = "1m"
replications = 6
seed = SEED
[models.m]
max_output_tokens = 4096
output_burndown = 5
time_to_first_token.lognormal = { median = "500ms", p95 = "2s" }
output_tokens_per_second.uniform = { low = 40, high = 120 }
prices = { input = "$3/1M", output = "$15/1M" }
[workloads.alpha]
model = "m"
arrivals.gamma = { rate = "300/min", cv = 2 }
bursts = [{ at = "3m", lasts = "1m", factor = 5 }]
input_tokens.lognormal = { median = 900, p95 = 4000 }
output_tokens.gamma = { mean = 200, cv = 0.8 }
max_tokens = 600
client = { retries = "standard", timeout = "30s", processes = 3 }
route = ["first", "second"]
[workloads.beta]
model = "m"
arrivals.poisson.rate = "200/min"
input_tokens.empirical = { values = [100, 1000, 5000], weights = [5, 3, 2] }
output_tokens.exponential.mean = 150
max_tokens = 1000
client = { retries = "legacy", attempt_timeout = "20s" }
route = ["second"]
[capacities.first.on_demand]
quota = "shared"
unavailable_probability = 0.02
[capacities.second.on_demand]
quota = "shared"
tpm = 900_000
limiter = "token_bucket"
on_saturation = "queue"
max_wait = "5s"
[quotas.shared]
rpm = 700
tpm = 1_000_000
limiter = "sliding_window"
"#;

fn bytes(threads: usize, text: &str) -> [Vec<u8>; 3] {
    let results = results_on(threads, text);
    let drawings = charts::draw_all(&charts::Subject::of(&results)).expect("charts draw");
    let drawn = drawings
        .into_iter()
        .flat_map(|d| [d.png(charts::Theme::Light, 1_280).expect("pixels"), d.svg.into_bytes()].concat())
        .collect();
    [report::json(&results).into_bytes(), report::points_csv(&results).into_bytes(), drawn]
}

#[test]
fn one_two_and_eight_threads_give_the_same_bytes() {
    let text = BUSY.replace("SEED", "11");
    let one = bytes(1, &text);
    assert!(one.iter().all(|bytes| !bytes.is_empty()));
    for threads in [1, 2, 8] {
        assert!(bytes(threads, &text) == one, "{threads} threads give other bytes");
    }
}

#[test]
fn another_seed_gives_other_results() {
    let [one, ..] = bytes(2, &BUSY.replace("SEED", "11"));
    let [other, ..] = bytes(2, &BUSY.replace("SEED", "12"));
    assert!(one != other);
}

#[test]
fn the_order_of_a_file_changes_nothing() {
    let text = BUSY.replace("SEED", "11");
    let mut sections: Vec<&str> = text.trim().split("\n[").collect();
    let first = sections.remove(0).to_owned();
    sections.reverse();
    let turned = format!("{first}\n[{}\n", sections.join("\n["));
    assert!(bytes(2, &text) == bytes(2, &turned));
}

#[test]
fn a_stranger_on_its_own_capacity_changes_nothing() {
    let text = BUSY.replace("SEED", "11");
    let alone = results_on(2, &text);
    let stranger = "
[workloads.aaa]
model = \"m\"
arrivals.poisson.rate = \"100/min\"
input_tokens = 10
output_tokens = 10
route = [\"own\"]
[capacities.own.on_demand]
rpm = 50
";
    let beside = results_on(2, &format!("{text}{stranger}"));
    for (name, estimate) in &alone.points[0].metrics {
        if name.starts_with("workloads.") || name.starts_with("capacities.") || name.starts_with("quotas.") {
            assert_eq!(estimate, &beside.points[0].metrics[name], "{name}");
        }
    }
}

//! Every arrival process against theory, inside 99.9 % intervals at fixed seeds; what chance has no part in, to one
//! arrival.
#![expect(clippy::disallowed_methods, reason = "theory may use the platform's mathematics")]

mod processes;
mod shapes;
mod tokens;

use bedload::model::Model;
use bedload::traffic::Tape;
use statrs::distribution::{ChiSquared, ContinuousCDF, Discrete, DiscreteCDF, Gamma, Poisson, StudentsT};
use statrs::function::gamma::gamma;

use crate::playing::model;

pub(super) const SECOND: u64 = 1_000_000;
pub(super) const HOUR: u64 = 3_600 * SECOND;
pub(super) const DAY: u64 = 24 * HOUR;
pub(super) const REPLICATIONS: u64 = 40;

/// Processes that each bring five requests a second in the long run.
pub(super) const PROCESSES: [&str; 10] = [
    r#"arrivals.constant.rate = "5/s""#,
    r#"arrivals.poisson.rate = "300/min""#,
    r#"arrivals.gamma = { rate = "18_000/h", cv = 2 }"#,
    r#"arrivals.gamma = { rate = "432_000/day", cv = 0.5 }"#,
    r#"arrivals.weibull = { rate = "5/s", cv = 2 }"#,
    r#"arrivals.mmpp.rate = "5/s"
    arrivals.mmpp.states = [{ factor = 1, mean_duration = "12s" }, { factor = 8, mean_duration = "4s" }]"#,
    // Whole sizes 1 to 19 are equally likely.
    r#"arrivals.batches = { rate = "30/min", size.uniform = { low = 0.5, high = 19.5 }, spread = "3s" }"#,
    r#"arrivals.batches = { rate = "30/min", size = 10, cv = 0 }"#,
    r#"arrivals.batches = { rate = "30/min", size = 10, cv = 2 }"#,
    r#"arrivals.sessions = { rate = "5/s", turns = 4, think_time = "30s" }"#,
];
pub(super) const TOKENS: &str =
    "input_tokens.lognormal = { median = 20_000, p95 = 80_000 }\noutput_tokens.empirical.quantiles = [
    { share = 0, value = 100 }, { share = 0.5, value = 30_000 }, { share = 1, value = 90_000 }]";

/// The text of a scenario of one workload.
pub(super) fn scenario(duration: &str, keys: &str) -> String {
    let tokens = if keys.contains(TOKENS) { "" } else { "input_tokens = 1\noutput_tokens = 1" };
    format!(
        r#"
        run.duration = "{duration}"
        run.warmup = "0s"
        run.cooldown = "0s"
        models.m = {{ max_output_tokens = 4096, time_to_first_token = "1ms", output_tokens_per_second = 1000 }}
        capacities.c.on_demand = {{}}
        [workloads.w]
        model = "m"
        {keys}
        {tokens}"#
    )
}

/// The model of a scenario's text with one more key of the run.
pub(super) fn run_with(key: &str, text: &str) -> Model {
    model(&text.replacen("run.warmup", &format!("run.{key}\n        run.warmup"), 1))
}

pub(super) fn world(duration: &str, keys: &str) -> Model {
    model(&scenario(duration, keys))
}

/// Arrival [µs], input and wanted output of a request.
pub(super) type Request = (u64, u32, u32);

/// The requests of a workload in one replication.
pub(super) fn requests(model: &Model, replication: u64, name: &str) -> Vec<Request> {
    let workload = model.workloads.iter().position(|w| w.name == name).unwrap();
    let (mut out, mut tape, end) = (Vec::new(), Tape::new(model, replication), model.run.hard_end().0);
    while let Some(stretch) = tape.next_stretch() {
        let block = stretch.block;
        if block.arrival[stretch.rows.start] >= end {
            break;
        }
        if stretch.workload == workload {
            let rows = stretch.rows.take_while(|i| block.arrival[*i] < end);
            out.extend(rows.map(|i| (block.arrival[i], block.input[i], block.wanted[i])));
        }
    }
    assert!(out.windows(2).all(|pair| pair[0].0 <= pair[1].0), "arrivals go back in time");
    out
}

/// Returns the arrivals of the only workload's requests \[µs\].
pub(super) fn instants(model: &Model, replication: u64) -> Vec<u64> {
    requests(model, replication, "w").into_iter().map(|r| r.0).collect()
}

/// Returns the times between arrivals \[s\].
pub(super) fn gaps(instants: &[u64]) -> Vec<f64> {
    instants.windows(2).map(|pair| (pair[1] - pair[0]) as f64 / 1e6).collect()
}

/// Returns how many of the instants lie in each whole window before `end` \[µs\].
pub(super) fn counts(instants: &[u64], window: u64, end: u64) -> Vec<f64> {
    let mut counts = vec![0.0; (end / window) as usize];
    for at in instants {
        if let Some(count) = counts.get_mut((at / window) as usize) {
            *count += 1.0;
        }
    }
    counts
}

/// The variance of counts of a known mean, against that mean.
pub(super) fn dispersion(counts: &[f64], mean: f64) -> f64 {
    counts.iter().map(|n| (n - mean) * (n - mean)).sum::<f64>() / counts.len() as f64 / mean
}

/// The truth lies in the 99.9 % interval of the samples' mean, which is narrower than 5 % of it. Samples that are all
/// alike may miss the arrival after the end.
#[track_caller]
pub(super) fn agree(what: &str, samples: &[f64], truth: f64) {
    let n = samples.len() as f64;
    let mean = samples.iter().sum::<f64>() / n;
    let variance = samples.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / (n - 1.0);
    let half = StudentsT::new(0.0, 1.0, n - 1.0).unwrap().inverse_cdf(0.9995) * (variance / n).sqrt();
    assert!((mean - truth).abs() <= half.max(2e-4 * truth), "{what}: {mean} ± {half} for {truth}");
    assert!(half <= 0.05 * truth, "{what}: ± {half} says nothing about {truth}");
}

/// A sample of each replication agrees with the truth.
#[track_caller]
pub(super) fn agree_over(what: &str, model: &Model, truth: f64, sample: impl Fn(&[u64]) -> f64) {
    let samples: Vec<f64> = (0..REPLICATIONS).map(|replication| sample(&instants(model, replication))).collect();
    agree(what, &samples, truth);
}

/// Kolmogorov and Smirnov: the critical distance at 0.1 % is 1.95 / sqrt(n).
#[track_caller]
pub(super) fn distributed(what: &str, mut draws: Vec<f64>, cdf: impl Fn(f64) -> f64) {
    draws.sort_by(f64::total_cmp);
    let n = draws.len() as f64;
    let off = |(i, x): (usize, &f64)| (cdf(*x) - i as f64 / n).abs().max((cdf(*x) - (i + 1) as f64 / n).abs());
    let distance = draws.iter().enumerate().map(off).fold(0.0, f64::max);
    assert!(n >= 1_000.0, "{what}: {n} draws say nothing");
    assert!(distance < 1.95 / n.sqrt(), "{what}: distance {distance} over {n} draws");
}

/// Pearson: the critical sum of squares at 0.1 %.
#[track_caller]
pub(super) fn occur(what: &str, observed: &[f64], shares: &[f64]) {
    let n: f64 = observed.iter().sum();
    assert!((shares.iter().sum::<f64>() - 1.0).abs() < 1e-9 && shares.iter().all(|s| s * n > 10.0), "{what}: {n}");
    let sum: f64 = observed.iter().zip(shares).map(|(o, s)| (o - n * s) * (o - n * s) / (n * s)).sum();
    let critical = ChiSquared::new(shares.len() as f64 - 1.0).unwrap().inverse_cdf(0.999);
    assert!(sum < critical, "{what}: {sum} above {critical}, observed {observed:?} for {shares:?}");
}

/// Counts from `low` to `high`, less and more among the outermost, are those of a Poisson law.
pub(super) fn are_poisson(what: &str, counts: &[f64], mean: f64, low: u64, high: u64) {
    let mut observed = vec![0.0; (high - low + 1) as usize];
    for n in counts {
        observed[(*n as u64).clamp(low, high) as usize - low as usize] += 1.0;
    }
    let law = Poisson::new(mean).unwrap();
    let mut shares: Vec<f64> = (low..=high).map(|n| law.pmf(n)).collect();
    shares[0] = law.cdf(low);
    *shares.last_mut().unwrap() = 1.0 - law.cdf(high - 1);
    occur(what, &observed, &shares);
}

/// Checks that as many clockwork arrivals have come at the end of each window as `rate` [1/s] of the time [s]
/// integrates to. The rate neither steps nor bends inside a window.
#[track_caller]
pub(super) fn follows(model: &Model, window: u64, rate: impl Fn(f64) -> f64) {
    const STEPS: u64 = 500;
    let (mut came, mut due) = (0.0, 0.0);
    let width = window as f64 / 1e6 / STEPS as f64;
    for (i, count) in counts(&instants(model, 0), window, model.run.hard_end().0).into_iter().enumerate() {
        let from = i as f64 * window as f64 / 1e6;
        came += count;
        due += (0..STEPS).map(|k| rate(from + (k as f64 + 0.5) * width) * width).sum::<f64>();
        assert!((due - came).abs() < 1.01 + 2e-6 * due, "{came} for {due} by the end of window {i}");
    }
    assert!(due > 5_000.0, "{due} arrivals say nothing");
}

//! The coverage of intervals at 95 %: how often they contain the truth, over a thousand experiments of ten
//! replications.
//!
//! The truth of a run of that length is the mean of all ten thousand replications, or the percentile of all their requests.
//! It is not the steady state: a run that starts empty has a shorter queue. Its own error is a hundredth of a half-width.

use std::collections::BTreeMap;

use bedload::experiment::{self, Depth, Played, Scores, Unwatched};
use bedload::model::Model;
use bedload::results::{Difference, Estimate, Scenario};

use crate::compare::THROTTLED;
use crate::playing::model;
use crate::theory::m_m_c;

const EXPERIMENTS: u64 = 1_000;

/// Estimates of a metric in each experiment, and what all replications together say.
#[derive(Default)]
struct Tally {
    intervals: Vec<(f64, f64)>,
    /// The sum of the replications' own values.
    sum: f64,
    count: f64,
}

impl Tally {
    fn add(&mut self, estimate: Option<f64>, half_width: Option<f64>, own: impl Iterator<Item = f64>) {
        self.intervals.push((estimate.expect("it is known"), half_width.expect("it has an interval")));
        for x in own {
            self.sum += x;
            self.count += 1.0;
        }
    }

    fn grand_mean(&self) -> f64 {
        self.sum / self.count
    }

    /// The share of intervals that contain the truth.
    fn coverage(&self, truth: f64) -> f64 {
        let hits = self.intervals.iter().filter(|(x, half)| (x - truth).abs() <= *half).count();
        hits as f64 / self.intervals.len() as f64
    }
}

fn own<'p>(model: &'p Model, played: &'p Played, metric: &'p str) -> impl Iterator<Item = f64> + 'p {
    let value = move |r: &experiment::Replication| r.metric(model, metric)?.value();
    played.replications.iter().map(move |r| value(r).expect("every replication knows it"))
}

/// A thousand experiments, each with a seed of its own: the tally of each metric, and the percentiles of everything.
fn experiments(text: &str, metrics: &[&'static str]) -> (BTreeMap<&'static str, Tally>, BTreeMap<String, f64>) {
    let mut model = model(text);
    let mut tallies: BTreeMap<&'static str, Tally> = metrics.iter().map(|m| (*m, Tally::default())).collect();
    let mut all: Option<experiment::Record> = None;
    for seed in 0..EXPERIMENTS {
        model.run.seed = 1_000 + seed;
        let played =
            experiment::on_threads(2, || experiment::play(&model, Depth::Figures, &Unwatched)).expect("threads start");
        for (metric, tally) in &mut tallies {
            let Estimate { estimate, half_width, .. } = played.point.metrics[*metric];
            tally.add(estimate, half_width, own(&model, &played, metric));
        }
        match &mut all {
            Some(all) => all.measured.merge(&played.pooled.measured),
            None => all = Some(played.pooled),
        }
    }
    let all = all.expect("there were experiments").evaluate(&model);
    (tallies, all.into_iter().filter_map(|m| Some((m.name, m.measure.value()?))).collect())
}

/// A 95 % interval over a thousand experiments: 0.95 ± 3 x sqrt(0.95 x 0.05 / 1,000).
#[track_caller]
fn covers(what: &str, coverage: f64, at_least: f64) {
    println!("{what}: {:.1} %", coverage * 100.0);
    assert!((at_least..=0.97).contains(&coverage), "{what}: {coverage}");
}

fn m_m_1(rate: f64, duration: &str) -> String {
    let text = m_m_c(rate, 125, 1, "queue", duration, 0);
    text.replace("replications = 12", "replications = 10")
        .replace("confidence = 0.999", "")
        .replace("warmup = \"20m\"", "warmup = \"2m\"")
}

#[test]
#[ignore = "slow"]
fn intervals_of_m_m_1_contain_the_truth() {
    for (load, duration) in [(0.5, "10m"), (0.8, "20m")] {
        let wait = "queue_delay_mean_ms";
        let (tallies, all) = experiments(&m_m_1(load * 8.0, duration), &[wait, "e2e_mean_ms", "e2e_p99_ms"]);
        println!("load {load}: mean wait {:.2} ms, in theory {:.2} ms", all[wait], 125.0 * load / (1.0 - load));
        for metric in [wait, "e2e_mean_ms"] {
            let tally = &tallies[metric];
            covers(&format!("load {load}, {metric}"), tally.coverage(tally.grand_mean()), 0.93);
        }
        let p99 = tallies["e2e_p99_ms"].coverage(all["e2e_p99_ms"]);
        println!("load {load}, e2e_p99_ms: {:.1} %", p99 * 100.0);
    }
}

#[test]
#[ignore = "slow"]
fn intervals_of_a_throttled_load_contain_the_truth() {
    let metrics = ["throttle_rate", "failure_rate", "cost_usd", "e2e_p50_ms", "e2e_p99_ms"];
    let (tallies, all) = experiments(&THROTTLED.replace("\"10m\"", "\"5m\""), &metrics);
    for (metric, tally) in &tallies {
        if metric.contains("_p") {
            println!("{metric}: {:.1} %", tally.coverage(all[*metric]) * 100.0);
        } else {
            covers(metric, tally.coverage(tally.grand_mean()), 0.93);
        }
    }
}

/// Stopping where the interval looks narrow favours intervals that are narrow by luck.
#[test]
#[ignore = "slow"]
fn intervals_after_a_stop_rule_contain_the_truth_nearly_as_often() {
    let until = "replications = { min = 10, max = 80, relative_precision = 0.07 }";
    let wait = "queue_delay_mean_ms";
    let expect = format!("\n[[expect]]\nmetric = \"{wait}\"\nat_most = \"1h\"\n");
    let text = m_m_1(4.0, "5m").replace("replications = 10", until) + &expect;
    let (tallies, _) = experiments(&text, &[wait]);
    let tally = &tallies[wait];
    println!("replications on average: {:.1}", tally.count / EXPERIMENTS as f64);
    covers("after a stop rule, queue_delay_mean_ms", tally.coverage(truth(&text, wait)), 0.90);
}

/// The mean over ten thousand replications whose number no stop rule chose: that of those it chose is biased.
fn truth(text: &str, metric: &str) -> f64 {
    let mut model = model(text);
    model.run.seed = 1;
    let mut tally = Tally::default();
    for tens in 0..1_000 {
        let numbers = tens * 10..(tens + 1) * 10;
        let played = experiment::on_threads(2, || {
            experiment::replicate(&model, numbers, Depth::Figures, &Unwatched, &Scores::default())
        })
        .expect("threads");
        for replication in &played {
            let measure = replication.metric(&model, metric).expect("it is measured");
            tally.sum += measure.value().expect("it is known");
            tally.count += 1.0;
        }
    }
    tally.grand_mean()
}

#[test]
#[ignore = "slow"]
fn intervals_of_paired_differences_contain_the_truth() {
    let text = THROTTLED.replace("\"10m\"", "\"3m\"");
    let (mut a, mut b) = (model(&text), model(&text.replace("900_000", "1_000_000")));
    let metrics = ["throttle_rate", "cost_usd", "e2e_mean_ms"];
    let mut tallies: BTreeMap<&str, Tally> = metrics.iter().map(|m| (*m, Tally::default())).collect();
    let scenario =
        || Scenario { title: String::new(), file: String::new(), sha256: String::new(), overrides: Vec::new() };
    for seed in 0..EXPERIMENTS {
        (a.run.seed, b.run.seed) = (1_000 + seed, 1_000 + seed);
        let compare = || experiment::compare((&a, scenario()), (&b, scenario()), &Unwatched);
        let results = experiment::on_threads(2, compare).expect("threads start").results;
        let comparison = results.comparison.expect("it is a comparison");
        for (metric, tally) in &mut tallies {
            let Difference { difference, half_width, .. } = comparison.differences[*metric];
            // The mean of ten differences, in place of the ten.
            tally.add(difference, half_width, difference.into_iter());
        }
    }
    for (metric, tally) in &tallies {
        covers(&format!("difference of {metric}"), tally.coverage(tally.grand_mean()), 0.93);
    }
}

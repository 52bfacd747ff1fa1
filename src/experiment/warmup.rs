//! Is the warm-up long enough? MSER-5 over what is in progress (White, Cobb and Spratt, "A comparison of five steady-state
//! truncation heuristics for simulation", 2000).

use super::replicate::Replication;
use crate::metrics::Record;
use crate::model::Model;
use crate::results::Verdict;
use crate::units::SimTime;

/// Values of the series that make one batch.
const BATCH: usize = 5;
/// The fewest batches of a series that allow advice.
const LEAST_BATCHES: usize = 20;
/// A start that differs from the rest by less than this share of it is good enough \[1\].
const WORTH_A_WORD: f64 = 0.05;
/// Standard errors by which it differs beyond chance.
const BEYOND_CHANCE: f64 = 4.0;

/// The advice about a measured interval that begins before the system has settled.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Advice {
    /// The warm-up that would leave the unsettled start out.
    Longer(SimTime),
    /// More than half of the interval would have to be left out.
    NeverSettles,
}

/// Returns advice on the warm-up. `None`: it is long enough, or there is no steady state to warm up to (traffic or
/// capacity that changes, a replay, a load beyond the capacity).
pub(super) fn advice(model: &Model, replications: &[Replication], verdict: Verdict) -> Option<Advice> {
    let stationary = model.workloads.iter().all(|w| w.arrivals.is_stationary())
        && model.capacities.iter().all(crate::model::capacity::Capacity::is_stationary);
    if !stationary || verdict != Verdict::Carries {
        return None;
    }
    let records: Vec<&Record> = replications.iter().map(|r| &r.record.measured).collect();
    let truncated = truncation(&batches(&in_progress(&records)))?;
    let Some(batches) = truncated else { return Some(Advice::NeverSettles) };
    let width = records.first()?.timeline.width;
    Some(Advice::Longer(SimTime(model.run.warmup.0 + width * (batches * BATCH) as u64)))
}

/// Requests in progress and waiting at the end of each bucket, on average over replications.
fn in_progress(records: &[&Record]) -> Vec<f64> {
    let buckets = records.iter().map(|r| r.timeline.buckets.len()).min().unwrap_or(0);
    let at = |j: usize| {
        let of =
            |r: &&Record| r.timeline.buckets[j].capacities.iter().map(|[busy, waiting]| busy + waiting).sum::<u64>();
        records.iter().map(of).sum::<u64>() as f64 / records.len() as f64
    };
    (0..buckets).map(at).collect()
}

fn batches(series: &[f64]) -> Vec<f64> {
    series.chunks_exact(BATCH).map(|batch| batch.iter().sum::<f64>() / BATCH as f64).collect()
}

/// Returns how many batches to leave out: those that make the standard error of the rest least. `Some(None)`: more than
/// half of them; `None`: no batch, or the start differs by too little to matter.
fn truncation(batches: &[f64]) -> Option<Option<usize>> {
    let n = batches.len();
    if n < LEAST_BATCHES {
        return None;
    }
    // From the end, so that each step adds one batch.
    let (mut sum, mut squares) = (0.0, 0.0);
    let mut best = (f64::INFINITY, 0);
    for d in (0..n).rev() {
        sum += batches[d];
        squares += batches[d] * batches[d];
        let left = (n - d) as f64;
        let mser = (squares - sum * sum / left).max(0.0) / (left * left);
        // A few last batches are alike by luck.
        if n - d >= BATCH && mser <= best.0 {
            best = (mser, d);
        }
    }
    let d = best.1;
    if d == 0 {
        return None;
    }
    let mean = |of: &[f64]| of.iter().sum::<f64>() / of.len() as f64;
    let (start, rest) = (mean(&batches[..d]), mean(&batches[d..]));
    let deviation = libm::sqrt(mean(&batches[d..].iter().map(|x| (x - rest) * (x - rest)).collect::<Vec<_>>()));
    let differs = (start - rest).abs();
    let chance = BEYOND_CHANCE * deviation / libm::sqrt(d as f64);
    let matters = differs > WORTH_A_WORD * rest.abs() && differs > chance;
    matters.then_some((d <= n / 2).then_some(d))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noise(i: usize) -> f64 {
        (i * 7_919 % 101) as f64 / 101.0 - 0.5
    }

    #[test]
    fn a_ramp_is_cut_where_it_ends() {
        let ramp = |i: usize| if i < 12 { i as f64 / 12.0 } else { 1.0 };
        let series: Vec<f64> = (0..60).map(|i| 100.0 * ramp(i) + noise(i)).collect();
        let cut = truncation(&series).flatten().expect("it is cut");
        assert!((11..=12).contains(&cut), "{cut}");
    }

    #[test]
    fn a_level_series_is_left_alone() {
        let series: Vec<f64> = (0..60).map(|i| 100.0 + noise(i)).collect();
        assert_eq!(truncation(&series), None);
        assert_eq!(truncation(&[5.0; 60]), None);
        assert_eq!(truncation(&[0.0; 60]), None);
        assert_eq!(truncation(&series[..LEAST_BATCHES - 1]), None);
    }

    #[test]
    fn a_ramp_without_an_end_never_settles() {
        let series: Vec<f64> = (0..60).map(|i| i as f64).collect();
        assert_eq!(truncation(&series), Some(None));
    }

    #[test]
    fn what_is_left_out_makes_the_standard_error_least() {
        let series: Vec<f64> = (0..80).map(|i| 10.0 * noise(i) + if i < 9 { 0.0 } else { 50.0 }).collect();
        let cut = truncation(&series).flatten().expect("it is cut");
        let mser = |d: usize| {
            let rest = &series[d..];
            let mean = rest.iter().sum::<f64>() / rest.len() as f64;
            rest.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / (rest.len() * rest.len()) as f64
        };
        let brute = (0..=series.len() - BATCH).min_by(|a, b| mser(*a).total_cmp(&mser(*b))).unwrap();
        assert_eq!(cut, brute);
    }
}

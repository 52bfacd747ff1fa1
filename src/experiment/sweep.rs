//! Design points in parallel. Points are independent of each other and of how they are grouped: any part of a sweep can be
//! played anywhere, in any order.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;

use super::{Depth, Effort, Scores, Unwatched, play_along};
use crate::model::Model;
use crate::model::study::Study;
use crate::results::Point;

/// The points of a sweep, made as they are asked for.
pub trait Design: Sync {
    /// The parameters of a point and its model.
    ///
    /// # Errors
    /// The point is no scenario that can run; says why.
    fn point(&self, index: u64) -> Result<(BTreeMap<String, serde_json::Value>, Model), String>;
}

/// Why a sweep ended early.
#[derive(Debug)]
pub enum Stopped<E> {
    /// A point cannot be played.
    Unplayable { index: u64, why: String },
    /// A finished point could not be kept.
    Unkept(E),
}

/// Up to so many points every metric is kept.
const ALL_METRICS: u64 = 1_000;
/// Up to so many all totals and capacities, and what is named; beyond, only what is looked at first and what is named.
const TOTALS: u64 = 10_000;

/// What is looked at first.
const CORE: [&str; 13] = [
    "requests",
    "requests_per_month",
    "served",
    "failure_rate",
    "throttle_rate",
    "e2e_mean_ms",
    "e2e_p50_ms",
    "e2e_p99_ms",
    "ttft_p99_ms",
    "slo_attainment",
    "spillover_rate",
    "cost_usd",
    "cost_per_month_usd",
];

/// Which metrics of the points are kept, so that the results of many points stay bounded.
#[derive(Debug, Clone)]
pub struct Kept {
    points: u64,
    /// That an expectation or `[output]` names.
    named: BTreeSet<String>,
}

impl Kept {
    #[must_use]
    pub fn new(points: u64, model: &Model, study: &Study) -> Self {
        let expected = model.expectations.iter().map(|e| e.metric.clone());
        Self { points, named: study.kept.iter().cloned().chain(expected).collect() }
    }

    fn keeps(&self, metric: &str) -> bool {
        let is_total = || !metric.contains('.');
        let is_of_capacity = || metric.starts_with("capacities.") && metric.matches('.').count() == 2;
        if self.points <= ALL_METRICS || self.named.contains(metric) {
            return true;
        }
        if self.points <= TOTALS { is_total() || is_of_capacity() } else { CORE.contains(&metric) }
    }
}

/// Plays the points of these numbers and hands each to `keep` when it is finished, from any thread and in any order.
///
/// # Errors
/// A point cannot be played, or cannot be kept; the points that were kept stay.
pub fn sweep<E: Send>(
    design: &dyn Design,
    numbers: &[u64],
    kept: &Kept,
    keep: &(dyn Fn(Point) -> Result<(), E> + Sync),
) -> Result<Effort, Stopped<E>> {
    let scores = Scores::default();
    numbers
        .par_iter()
        .with_max_len(1)
        .map(|index| {
            let (parameters, model) = design.point(*index).map_err(|why| Stopped::Unplayable { index: *index, why })?;
            let played = play_along(&model, Depth::Figures, &Unwatched, &scores);
            let mut point = Point { index: *index, parameters, expectations: played.expectations, ..played.point };
            point.metrics.retain(|name, _| kept.keeps(name));
            if kept.points > ALL_METRICS {
                point.bill.clear();
                point.commitments.clear();
            }
            keep(point).map_err(Stopped::Unkept)?;
            Ok(played.effort)
        })
        .try_reduce(Effort::default, |a, b| Ok(a.plus(b)))
}

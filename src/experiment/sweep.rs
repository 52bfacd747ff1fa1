//! Design points in parallel. Points are independent of each other and of how they are grouped: any part of a sweep can be
//! played anywhere, in any order.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;

use super::{Depth, Effort, Scores, Unwatched, play_along};
use crate::figures::{count, plain};
use crate::model::study::Study;
use crate::model::{Model, coverage};
use crate::results::{Note, Point};

/// The points of a sweep, made as they are asked for.
pub trait Design: Sync {
    /// Returns the parameters of a point and its model.
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

/// Returns the notes that say when daily limits are used up, which models end, and which traffic the measured time leaves out.
fn of_the_hours(model: &Model, notes: &[Note]) -> Vec<Note> {
    let left_out = coverage::remarks(model);
    let is_daily = |metric: &String| ["tpd.refused", "tpd.charged"].iter().any(|of| metric.ends_with(of));
    let is_told = |note: &&Note| match &note.metric {
        Some(metric) => is_daily(metric) || model.remarks.iter().any(|remark| remark.text == note.text),
        None => left_out.contains(&note.text),
    };
    notes.iter().filter(is_told).cloned().collect()
}

/// The notes of many points, so that what most of them say is told once.
#[derive(Debug, Default)]
pub struct SharedNotes {
    points: u64,
    /// By what a note says apart from its figures, in the order of the points: the note of the first point that has it.
    notes: Vec<(String, SharedNote)>,
}

#[derive(Debug)]
struct SharedNote {
    first: Note,
    /// The number of the point that `first` is of.
    of: u64,
    points: u64,
    /// Other points say it with other figures.
    differs: bool,
}

impl SharedNotes {
    /// Takes the notes of a point.
    pub fn add(&mut self, point: &Point) {
        self.points += 1;
        for note in &point.notes {
            let words: String = note.text.chars().filter(|c| !c.is_ascii_digit() && !".,".contains(*c)).collect();
            match self.notes.iter_mut().find(|(known, _)| *known == words) {
                Some((_, shared)) => {
                    shared.points += 1;
                    shared.differs |= shared.first.text != note.text;
                }
                None => {
                    let shared = SharedNote { first: note.clone(), of: point.index, points: 1, differs: false };
                    self.notes.push((words, shared));
                }
            }
        }
    }

    /// Each note once, with how many points it is of.
    #[must_use]
    pub fn told(self) -> Vec<Note> {
        let all = self.points;
        let told = |SharedNote { first: Note { metric, text, is_caveat }, of, points, differs }: SharedNote| {
            let [some, whole] = [points, all].map(|n| plain(&count(n as f64)));
            let text = match (points == all, differs) {
                (true, false) => text,
                (true, true) => format!("at every point, such as point {of}: {text}"),
                (false, _) if points == 1 => format!("at point {of}: {text}"),
                (false, false) => format!("at {some} of {whole} points: {text}"),
                (false, true) => format!("at {some} of {whole} points, such as point {of}: {text}"),
            };
            Note { metric, text, is_caveat }
        };
        self.notes.into_iter().map(|(_, shared)| told(shared)).collect()
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
            let notes = of_the_hours(&model, &played.notes);
            let mut point =
                Point { index: *index, parameters, notes, expectations: played.expectations, ..played.point };
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

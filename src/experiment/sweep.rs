//! Design points in parallel. Points are independent of each other and of how they are grouped: any part of a sweep can
//! be simulated anywhere, in any order.

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

/// The reason why a sweep ended early.
#[derive(Debug)]
pub enum Stopped<E> {
    /// A point cannot be simulated.
    Unplayable { index: u64, why: String },
    /// A finished point could not be kept.
    Unkept(E),
}

/// The number of points up to which every metric is kept.
const ALL_METRICS: u64 = 1_000;
/// The number of points up to which totals, metrics of capacities and named metrics are kept; beyond, core and named
/// ones.
const TOTALS: u64 = 10_000;

/// The metrics that readers look at first.
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

/// The choice of the points' metrics that are kept, so that the results of many points stay bounded.
#[derive(Debug, Clone)]
pub struct Kept {
    points: u64,
    /// The metrics that an expectation or `[output]` names.
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

/// The notes of many points, combined so that a note which most points have appears once.
#[derive(Debug, Default)]
pub struct SharedNotes {
    points: u64,
    /// The notes in the order of the points, each under its text without figures: the note of the first point that has
    /// it.
    notes: Vec<(String, SharedNote)>,
}

#[derive(Debug)]
struct SharedNote {
    first: Note,
    /// The number of the point that `first` is of.
    of: u64,
    points: u64,
    /// True if other points have the note with other figures.
    differs: bool,
    /// The first and the last time of day that a note says, such as `12:48`, where the notes differ in nothing else.
    times: Option<[String; 2]>,
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
                    shared.times = shared.times.take().and_then(|times| widened(times, &shared.first.text, &note.text));
                }
                None => {
                    let times = time_of_day(&note.text).map(|(_, time)| [time.to_owned(), time.to_owned()]);
                    let shared = SharedNote { first: note.clone(), of: point.index, points: 1, differs: false, times };
                    self.notes.push((words, shared));
                }
            }
        }
    }

    /// Returns each note once, with the number of points that have it.
    #[must_use]
    pub fn told(self) -> Vec<Note> {
        let all = self.points;
        let told = |SharedNote { first: Note { metric, text, is_caveat }, of, points, differs, times }: SharedNote| {
            let [some, whole] = [points, all].map(|n| plain(&count(n as f64)));
            let ranged = times.filter(|_| differs).and_then(|times| between(&text, times));
            let (text, differs) = match ranged {
                Some(text) if points == all => (format!("at every point: {text}"), false),
                Some(text) => (text, false),
                None => (text, differs),
            };
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

/// Returns the first time of day in a text, such as `12:48`, and where it begins.
fn time_of_day(text: &str) -> Option<(usize, &str)> {
    let is_time = |part: &&[u8]| {
        let [a, b, colon, c, d] = **part else { return false };
        colon == b':' && [a, b, c, d].iter().all(u8::is_ascii_digit)
    };
    let at = text.as_bytes().windows(5).position(|part| is_time(&part))?;
    Some((at, text.get(at..at + 5)?))
}

/// Returns the range of times with that of one more note; `None`: the notes differ in more than their time.
fn widened([least, most]: [String; 2], first: &str, other: &str) -> Option<[String; 2]> {
    let ((_, own), (_, time)) = (time_of_day(first)?, time_of_day(other)?);
    let is_alike = first.replacen(own, "", 1) == other.replacen(time, "", 1);
    is_alike.then(|| [least.min(time.to_owned()), most.max(time.to_owned())])
}

/// Returns a text with a range of times in the place of the one that it says after `at`; `None`: it says it otherwise.
fn between(text: &str, [least, most]: [String; 2]) -> Option<String> {
    let (_, time) = time_of_day(text)?;
    let at = format!("at {time}");
    text.contains(&at).then(|| text.replacen(&at, &format!("between {least} and {most}"), 1))
}

/// Simulates the points of these numbers and hands each to `keep` when it is finished, from any thread and in any
/// order.
///
/// # Errors
/// A point cannot be simulated, or cannot be kept; the points that were kept stay.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_times_of_many_points_become_a_range() {
        let text = |time: &str| format!("the 700 M tokens are used up at {time} UTC on 1 December");
        let times = ["12:48".to_owned(), "12:48".to_owned()];
        let times = widened(times, &text("12:48"), &text("13:38")).expect("only the time differs");
        let times = widened(times, &text("12:48"), &text("11:02")).expect("only the time differs");
        let told = between(&text("12:48"), times.clone());
        assert_eq!(told.as_deref(), Some("the 700 M tokens are used up between 11:02 and 13:38 UTC on 1 December"));
        assert_eq!(widened(times, &text("12:48"), "the 800 M tokens are used up at 12:50 UTC on 1 December"), None);
        assert_eq!(time_of_day("in 3.5 h"), None);
    }
}

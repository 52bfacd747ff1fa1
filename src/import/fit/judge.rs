//! The comparison of drawn traffic with the record, figure by figure.

use std::path::Path;

use super::Drawn;
use crate::import::profile::{Figures, Profile};
use crate::model::Model;
use crate::scenario;
use crate::trace::Row;
use crate::traffic::Tape;
use crate::units::SimTime;

/// The factor beyond which a figure that is off is listed.
pub const OFF: f64 = 1.5;

/// The factor beyond which a figure that is off, and outside of all tapes, is listed too.
pub const OFF_BEYOND: f64 = 1.2;

/// A figure of the record beside the same one of the tapes.
#[derive(Debug, Clone, PartialEq)]
pub struct Compared {
    pub what: &'static str,
    pub recorded: f64,
    /// The middle one of the tapes.
    pub drawn: f64,
    /// The least and the greatest of the tapes.
    pub range: (f64, f64),
}

impl Compared {
    /// Returns the factor between the drawn figure and the recorded one, the larger over the smaller: at least 1.
    #[must_use]
    pub fn factor(&self) -> f64 {
        let ratio = held(self.drawn) / held(self.recorded);
        ratio.max(1.0 / ratio)
    }

    #[must_use]
    pub fn is_off(&self) -> bool {
        let (least, greatest) = self.range;
        let is_beyond = !(least..=greatest).contains(&self.recorded);
        self.factor() > OFF || (is_beyond && self.factor() > OFF_BEYOND)
    }
}

/// The name of a figure, and the function that returns it. `None`: the record, or the tape, is too short for the
/// figure.
type Measure = (&'static str, fn(&Figures) -> Option<f64>);

/// The figures that candidates are judged by.
const ARRIVALS: [Measure; 5] = [
    ("cv of the gaps", |f| f.cv),
    ("dispersion at 1 s", |f| f.dispersion_1s),
    ("dispersion at 60 s", |f| f.dispersion_60s),
    ("busiest second", |f| Some(f.peak_second as f64)),
    ("busiest minute", |f| Some(f.peak_minute as f64)),
];

/// The further figures of the comparison, which candidates are not judged by.
const OTHERS: [Measure; 10] = [
    ("calls a second", |f| Some(f.rate)),
    ("input p50", |f| Some(f.input.p50)),
    ("input p95", |f| Some(f.input.p95)),
    ("input p99", |f| Some(f.input.p99)),
    ("input mean", |f| Some(f.input.mean)),
    ("output p50", |f| Some(f.output.p50)),
    ("output p95", |f| Some(f.output.p95)),
    ("output p99", |f| Some(f.output.p99)),
    ("output mean", |f| Some(f.output.mean)),
    ("tokens, busiest minute", |f| Some(f.peak_minute_tokens as f64)),
];

/// The value below which a figure counts as this value: gaps and counts are then even.
const NOTHING: f64 = 0.05;

fn held(x: f64) -> f64 {
    x.max(NOTHING)
}

/// Rows that are drawn for a candidate, in all; at least three tapes, and no more than nineteen.
const ROWS_DRAWN: u64 = 400_000;

/// Returns how many tapes are drawn: an odd number, so that one of them is the median.
pub(super) fn tapes_for(rows: u64) -> u32 {
    (ROWS_DRAWN / rows.max(1)).clamp(3, 19) as u32 | 1
}

/// A candidate and what its tapes show.
#[derive(Debug)]
pub(super) struct Trial {
    pub drawn: Drawn,
    /// The sum of squares of log ratios \[1\].
    pub distance: f64,
    /// The record may be one of its tapes.
    pub is_plausible: bool,
    tapes: Vec<Figures>,
}

/// A figure of the record lies so many standard deviations of the tapes from their mean in one of a thousand records
/// that the process itself made.
const RARELY: f64 = 3.29;
/// The least standard deviation of the tapes that a figure is judged by, as a log ratio \[1\].
const LEAST_DEVIATION: f64 = 0.03;

impl Trial {
    pub fn new(drawn: Drawn, recorded: &Figures, tapes: Vec<Figures>) -> Self {
        let mut trial = Self { drawn, distance: 0.0, is_plausible: true, tapes };
        for measure in &ARRIVALS {
            let Some(compared) = trial.measure(measure, recorded) else { continue };
            let ratio = libm::log(compared.factor());
            trial.distance += ratio * ratio;
            trial.is_plausible &= trial.may_be(measure.1, compared.recorded);
        }
        trial
    }

    fn values(&self, of: fn(&Figures) -> Option<f64>) -> Vec<f64> {
        let mut values: Vec<f64> = self.tapes.iter().filter_map(of).collect();
        values.sort_by(f64::total_cmp);
        values
    }

    fn may_be(&self, of: fn(&Figures) -> Option<f64>, recorded: f64) -> bool {
        let logs: Vec<f64> = self.values(of).into_iter().map(|x| libm::log(held(x))).collect();
        let n = logs.len() as f64;
        let mean = logs.iter().sum::<f64>() / n;
        let variance = logs.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / (n - 1.0);
        (libm::log(held(recorded)) - mean).abs() <= RARELY * variance.sqrt().max(LEAST_DEVIATION)
    }

    fn measure(&self, (what, of): &Measure, recorded: &Figures) -> Option<Compared> {
        let values = self.values(*of);
        let (least, greatest) = (*values.first()?, *values.last()?);
        Some(Compared { what, recorded: of(recorded)?, drawn: values[values.len() / 2], range: (least, greatest) })
    }

    /// Returns every figure that both have.
    pub fn compare(&self, recorded: &Figures) -> Vec<Compared> {
        let measures = ARRIVALS.iter().chain(&OTHERS);
        measures.filter_map(|measure| self.measure(measure, recorded)).collect()
    }
}

/// Draws tapes of a scenario with one workload, each up to `until`; `None` when the scenario is refused.
pub(super) fn draw(text: &str, until: SimTime, tapes: u32) -> Option<Vec<Figures>> {
    let model = scenario::load_text("fit.toml", text, Path::new(""), &[]).ok()?.model;
    (0..tapes).map(|tape| profile_of(&model, u64::from(tape), until).figures(until)).collect()
}

fn profile_of(model: &Model, replication: u64, until: SimTime) -> Profile {
    let workload = &model.workloads[0];
    let cap = workload.main().output_cap.min(u64::from(u32::MAX)) as u32;
    let mut tape = Tape::new(model, replication);
    let mut profile = Profile::default();
    while let Some(stretch) = tape.next_stretch() {
        for i in stretch.rows {
            let (arrival, input, wanted) = (stretch.block.arrival[i], stretch.block.input[i], stretch.block.wanted[i]);
            if arrival >= until.0 {
                return profile;
            }
            let parts = workload.cache.split(u64::from(input));
            let (cache_read, cache_write) = (parts.read as u32, parts.write as u32);
            let output = wanted.min(cap);
            profile.add(&Row { arrival, input, output, cache_read, cache_write, cut: wanted > cap, ..Row::default() });
        }
    }
    profile
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_factor_is_the_same_either_way() {
        let within = |recorded, drawn, range| Compared { what: "", recorded, drawn, range };
        let of = |recorded, drawn| within(recorded, drawn, (0.0, 100.0));
        assert_eq!((of(10.0, 20.0).factor(), of(20.0, 10.0).factor()), (2.0, 2.0));
        assert!(of(10.0, 16.0).is_off() && !of(10.0, 14.0).is_off());
        assert!(!of(0.0, 0.04).is_off(), "both are as good as nothing");
        // What no tape reaches is off sooner.
        assert!(within(10.0, 14.0, (13.0, 15.0)).is_off() && !within(10.0, 11.0, (10.5, 15.0)).is_off());
    }

    #[test]
    fn there_is_always_a_middle_tape() {
        assert_eq!([1, 8_819, 30_000, 50_000_000].map(tapes_for), [19, 19, 13, 3]);
    }
}

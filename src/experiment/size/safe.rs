//! The safe value of a size: does the answer hold under every reading of the unknowns, and if not, which value does?

use rayon::prelude::*;

use super::{Line, Tried};
use crate::experiment::doubt::{Answer, Doubts, doubt_point};
use crate::experiment::{Build, Effort, Watch};
use crate::model::study::{Find, Size, Unknown, overlaps, sweep};
use crate::results::{DoubtAnswer, Judgement, Safe};

/// Checks whether a size holds under every combination of values of the unpublished rules.
pub(super) struct InDoubt<'d> {
    size: &'d Size,
    unknowns: Vec<Unknown>,
    build: &'d Build<'d>,
    watch: &'d dyn Watch,
}

impl<'d> InDoubt<'d> {
    pub(super) fn new(size: &'d Size, unknowns: &[Unknown], build: &'d Build<'d>, watch: &'d dyn Watch) -> Self {
        // What is looked for is not doubted.
        let is_sought = |path: &str| {
            let by = size.by.iter().flat_map(|choice| &choice.settings).map(|s| s.path.as_str());
            by.chain([size.vary.as_str()]).any(|sought| overlaps(sought, path))
        };
        let unknowns = unknowns.iter().filter(|u| !is_sought(&u.path)).cloned().collect();
        Self { size, unknowns, build, watch }
    }

    /// Judges a value that was simulated under every reading. `None`: nothing is in doubt.
    ///
    /// # Errors
    /// A reading that makes no model, in the words of `build`.
    pub(super) fn at(&self, value: u64, tried: &Tried) -> Result<Option<Doubts>, String> {
        let Ok(point) = &tried.result else { return Ok(None) };
        let setting = sweep::settings(&[self.size.choice(value)]);
        let build = |reading: &[String]| (self.build)(&[&setting, reading].concat());
        let base = Answer::new(&point.expectations, point.replications, tried.effort);
        doubt_point(base, &self.unknowns, &build, self.watch)
    }

    /// The value nearest to the answer that holds under every reading, and how much work it was to find it. What the
    /// readings say of the answer is known.
    pub(super) fn safe(&self, answer: u64, doubts: &Doubts) -> (Safe, Effort) {
        let is_held = doubts.doubt.answer == DoubtAnswer::Holds;
        let (value, effort) = if is_held { (Some(answer), Effort::default()) } else { self.beyond(answer, doubts) };
        let n = doubts.doubt.readings.len();
        let which = match doubts.doubt.is_of_rules() {
            _ if (n as u64) < doubts.doubt.readings_total => "that were simulated",
            true => "of the unpublished rules",
            false => "of what is in doubt",
        };
        let end = match self.size.find {
            Find::Least => format!("up to {}", self.size.told(self.size.value(self.size.values() - 1))),
            Find::Greatest => format!("down to {}", self.size.told(self.size.from)),
        };
        let explanation = match value {
            Some(value) if value == answer => format!("{} holds under all {n} readings {which}", self.size.told(value)),
            Some(value) => {
                format!(
                    "{} holds under all {n} readings {which}; {} does not",
                    self.size.told(value),
                    self.size.told(answer)
                )
            }
            None => format!("no value {end} is known to hold under all {n} readings {which}"),
        };
        (Safe { value, cost_difference_usd_per_month: None, explanation }, effort)
    }

    fn beyond(&self, answer: u64, doubts: &Doubts) -> (Option<u64>, Effort) {
        let rest = Rest::of(self.size, answer);
        let readings = doubts.settings.par_iter().zip(&doubts.doubt.readings);
        let searched: Vec<(Option<u64>, Effort)> = readings
            .map(|(reading, found)| {
                if found.verdict == Judgement::Held {
                    return (Some(answer), Effort::default());
                }
                let mut line = self.line(reading);
                let value = rest.first_held(&mut line);
                (value, line.effort())
            })
            .collect();
        let (mut value, mut effort) = (Some(answer), Effort::default());
        for (found, took) in searched {
            effort = effort.plus(took);
            value = value.zip(found).map(|(value, found)| match self.size.find {
                Find::Least => value.max(found),
                Find::Greatest => value.min(found),
            });
        }
        let Some(found) = value else { return (None, effort) };
        // More is not always better: seen, not inferred.
        let seen: Vec<Tried> = doubts.settings.par_iter().map(|reading| self.line(reading).try_one(found)).collect();
        let mut holds = true;
        for tried in seen {
            effort = effort.plus(tried.effort);
            holds &= tried.verdict == Judgement::Held;
        }
        (value.filter(|_| holds), effort)
    }

    fn line<'l>(&'l self, reading: &'l [String]) -> Line<'l> {
        Line::new(self.size, None, reading, self.build, self.watch)
    }
}

/// The values of the range beyond the one that was asked about, from the nearest to the last.
struct Rest<'s> {
    size: &'s Size,
    first: u64,
    count: u64,
}

impl<'s> Rest<'s> {
    fn of(size: &'s Size, asked: u64) -> Self {
        let n = size.values();
        // How many values are on the near side of the one asked about, itself included.
        let up_to = if asked < size.from { 0 } else { ((asked - size.from) / size.step + 1).min(n) };
        match size.find {
            Find::Least => Self { size, first: up_to, count: n - up_to },
            Find::Greatest => {
                let below = if size.index(asked).is_some() { up_to - 1 } else { up_to };
                Self { size, first: below, count: below }
            }
        }
    }

    /// Value number `i`, from the nearest one.
    fn value(&self, i: u64) -> u64 {
        match self.size.find {
            Find::Least => self.size.value(self.first + i),
            Find::Greatest => self.size.value(self.first - 1 - i),
        }
    }

    /// Returns the nearest value that holds, found by halving; `None`: the last one does not.
    fn first_held(&self, line: &mut Line<'_>) -> Option<u64> {
        if self.count == 0 || !self.holds(line, self.count - 1) {
            return None;
        }
        let (mut low, mut high) = (0, self.count - 1);
        while low < high {
            let middle = low + (high - low) / 2;
            if self.holds(line, middle) { high = middle } else { low = middle + 1 }
        }
        Some(self.value(high))
    }

    fn holds(&self, line: &mut Line<'_>, i: u64) -> bool {
        let value = self.value(i);
        line.try_values(&[value]);
        line.tried.get(&value).is_some_and(|tried| tried.verdict == Judgement::Held)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rest_of_a_range_begins_beyond_what_was_asked() {
        let rest = |find, asked| {
            let size = Size {
                vary: "a.b".to_owned(),
                find,
                from: 10,
                to: 41,
                step: 10,
                unit: String::new(),
                bought: None,
                by: Vec::new(),
            };
            let rest = Rest::of(&size, asked);
            (0..rest.count).map(|i| rest.value(i)).collect::<Vec<_>>()
        };
        assert_eq!(rest(Find::Least, 20), [30, 40]);
        assert_eq!(rest(Find::Least, 25), [30, 40]);
        assert_eq!(rest(Find::Least, 3), [10, 20, 30, 40]);
        assert_eq!(rest(Find::Least, 40), [0; 0]);
        assert_eq!(rest(Find::Least, 90), [0; 0]);
        assert_eq!(rest(Find::Greatest, 30), [20, 10]);
        assert_eq!(rest(Find::Greatest, 25), [20, 10]);
        assert_eq!(rest(Find::Greatest, 90), [40, 30, 20, 10]);
        assert_eq!(rest(Find::Greatest, 10), [0; 0]);
        assert_eq!(rest(Find::Greatest, 3), [0; 0]);
    }
}

//! The thresholds at which the verdict flips: the fewest choices that flip it, and the number in a range at which it
//! flips.

use super::{Asking, Effort, Reading};
use crate::model::study::{Alternative, Alternatives, Unknown};
use crate::results::{Condition, Flip, Judgement};

/// The most steps of the search for one threshold; each halves what is left of the range.
const MOST_STEPS: u32 = 12;
/// The share of a range within which its threshold is known well enough \[1\].
const FINE_ENOUGH: f64 = 0.01;
/// The greatest number of flips that are listed.
const MOST_FLIPS: usize = 16;

/// Returns the opposite verdict: held for failed, failed for any other.
fn flipped(base: Judgement) -> Judgement {
    if base == Judgement::Failed { Judgement::Held } else { Judgement::Failed }
}

/// Returns the flips with the fewest choices; and how much work it was to find the thresholds.
pub(super) fn flips(
    unknowns: &[Unknown],
    readings: &[Reading],
    asking: Asking<'_>,
) -> Result<(Vec<Flip>, Effort), String> {
    let base = readings[0].answer.verdict();
    let is_any = |verdict| readings.iter().any(|r| r.answer.verdict() == verdict);
    // Where nothing contradicts what is written, what leaves it undecided is worth asking about.
    let is_undecided = base != Judgement::Inconclusive && !is_any(flipped(base));
    let to = if is_undecided { Judgement::Inconclusive } else { flipped(base) };
    let mut flipping: Vec<&Reading> = readings.iter().filter(|r| r.answer.verdict() == to).collect();
    flipping.sort_by_key(|r| r.choices.len());
    let mut least: Vec<&Reading> = Vec::new();
    for reading in flipping {
        // What flips by fewer choices needs no more of them.
        if !least.iter().any(|less| less.choices.iter().all(|choice| reading.choices.contains(choice))) {
            least.push(reading);
        }
    }
    let (alone, together): (Vec<&Reading>, Vec<&Reading>) = least.into_iter().partition(|r| r.choices.len() == 1);
    let mut effort = Effort::default();
    let mut flips = Vec::new();
    for (u, unknown) in unknowns.iter().enumerate() {
        let values: Vec<&Alternative> =
            alone.iter().map(|r| &r.choices[0]).filter(|c| c.0 == u).map(|c| &c.1).collect();
        if values.is_empty() {
            continue;
        }
        let mut search = Search { unknowns, u, base, asking, effort: Effort::default() };
        let condition = search.condition(unknown, &values)?;
        effort = effort.plus(search.effort);
        flips.push(Flip { verdict: to, conditions: vec![condition] });
    }
    for reading in together {
        let at = |(u, value): &(usize, Alternative)| plain(&unknowns[*u], &[value]);
        flips.push(Flip { verdict: to, conditions: reading.choices.iter().map(at).collect() });
    }
    flips.truncate(MOST_FLIPS);
    Ok((flips, effort))
}

/// Returns a condition that names values.
fn plain(unknown: &Unknown, values: &[&Alternative]) -> Condition {
    Condition {
        path: unknown.path.clone(),
        values: values.iter().map(|v| v.value.clone()).collect(),
        below: None,
        above: None,
        ask: unknown.ask.clone(),
    }
}

/// The search for the thresholds of one unknown, the others at their base.
struct Search<'a> {
    unknowns: &'a [Unknown],
    u: usize,
    base: Judgement,
    asking: Asking<'a>,
    effort: Effort,
}

impl Search<'_> {
    /// Returns the condition under which the unknown alone flips the verdict, which it does at `values`.
    fn condition(&mut self, unknown: &Unknown, values: &[&Alternative]) -> Result<Condition, String> {
        let mut condition = plain(unknown, values);
        let Alternatives::Range { low, high, is_whole } = unknown.span else { return Ok(condition) };
        let does_flip = |x: f64| values.iter().any(|v| v.is(&Alternative::number(x)));
        let written = unknown.base.as_ref().and_then(|base| base.value.as_f64());
        // From an end that flips towards what is written, else towards the other end if that does not flip.
        let other = |end: f64| written.or_else(|| Some(end).filter(|end| !does_flip(*end)));
        if let Some(keeps) = other(high).filter(|keeps| does_flip(low) && *keeps > low) {
            condition.below = self.threshold(low, keeps, high - low, is_whole)?;
        }
        if let Some(keeps) = other(low).filter(|keeps| does_flip(high) && *keeps < high) {
            condition.above = self.threshold(high, keeps, high - low, is_whole)?;
        }
        if condition.below.is_some() || condition.above.is_some() {
            condition.values.clear();
        }
        Ok(condition)
    }

    /// Returns the number nearest to `flips` that is known to keep the verdict; `None`: there was no time to find it.
    fn threshold(&mut self, mut flips: f64, mut keeps: f64, range: f64, is_whole: bool) -> Result<Option<f64>, String> {
        let enough = if is_whole { (range * FINE_ENOUGH).max(1.0) } else { range * FINE_ENOUGH };
        for _ in 0..MOST_STEPS {
            if (keeps - flips).abs() <= enough {
                break;
            }
            let middle = f64::midpoint(flips, keeps);
            let middle = if is_whole { libm::floor(middle) } else { middle };
            match self.keeps(middle)? {
                Some(true) => keeps = middle,
                Some(false) => flips = middle,
                None => return Ok(None),
            }
        }
        Ok(Some(keeps))
    }

    fn keeps(&mut self, x: f64) -> Result<Option<bool>, String> {
        let choices = [(self.u, Alternative::number(x))];
        let Some(answer) = self.asking.under(self.unknowns, &choices)? else { return Ok(None) };
        self.effort = self.effort.plus(answer.effort);
        let verdict = answer.verdict();
        // What cannot be decided does not keep what was decided.
        let is_open = self.base == Judgement::Inconclusive;
        Ok(Some(if is_open { verdict != flipped(self.base) } else { verdict == self.base }))
    }
}

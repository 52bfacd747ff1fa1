//! The conclusion that verdicts along a range allow about its answer.

use crate::figures::{figure, plain};
use crate::model::study::{Find, Size};
use crate::results::{Expectation, Judgement, SizingState};
use crate::terms::{self, Unit};

/// The conclusion about a range.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Outcome {
    pub state: SizingState,
    pub answer: Option<u64>,
    /// The last value that fails, towards the good ones.
    pub fails_to: Option<u64>,
    /// The first value that holds.
    pub holds_from: Option<u64>,
    /// Inconclusive values.
    pub doubtful: Vec<u64>,
    pub explanation: String,
}

/// Reads verdicts that go from what is short to what is plenty. A value outside the range may contradict it, and is no
/// answer itself.
pub(super) fn assess(size: &Size, known: &[(u64, Judgement)]) -> Outcome {
    let of_range = || known.iter().filter(|(value, _)| size.index(*value).is_some());
    let first_held = of_range().find(|(_, v)| *v == Judgement::Held).map(|(value, _)| *value);
    let last_failed = of_range().rfind(|(_, v)| *v == Judgement::Failed).map(|(value, _)| *value);
    let doubtful: Vec<u64> =
        of_range().filter(|(_, v)| *v == Judgement::Inconclusive).map(|(value, _)| *value).collect();
    let held = known.iter().position(|(_, v)| *v == Judgement::Held);
    let failed = known.iter().rposition(|(_, v)| *v == Judgement::Failed);
    let state = match (held, failed, first_held, last_failed) {
        (Some(held), Some(failed), ..) if held < failed => SizingState::NotMonotone,
        _ if !doubtful.is_empty() => SizingState::Undecided,
        (.., None, _) => SizingState::NothingHolds,
        (.., Some(_), None) => SizingState::EverythingHolds,
        (.., Some(_), Some(_)) => SizingState::Answered,
    };
    let answer = first_held.filter(|_| state == SizingState::Answered);
    let explanation = explanation(size, state, known, first_held, last_failed, &doubtful);
    Outcome { state, answer, fails_to: last_failed, holds_from: first_held, doubtful, explanation }
}

fn explanation(
    size: &Size,
    state: SizingState,
    known: &[(u64, Judgement)],
    held: Option<u64>,
    failed: Option<u64>,
    doubtful: &[u64],
) -> String {
    let Size { vary, find, .. } = size;
    let (low, high) = (size.told(size.from), size.told(size.value(size.values() - 1)));
    let (which, opposite) = match find {
        Find::Least => ("least", "greatest"),
        Find::Greatest => ("greatest", "least"),
    };
    match (state, held, failed) {
        (SizingState::Answered, Some(held), Some(failed)) => {
            let (held, failed) = (size.told(held), size.told(failed));
            format!("{held} is the {which} `{vary}` that meets every goal; {failed} does not")
        }
        (SizingState::EverythingHolds, ..) => match find {
            Find::Least => {
                format!("the {which} `{vary}` that meets every goal is at most {low}; lower values were not tried")
            }
            Find::Greatest => {
                format!("the {which} `{vary}` that meets every goal is at least {high}; higher values were not tried")
            }
        },
        (SizingState::NothingHolds, ..) => match find {
            Find::Least => format!(
                "no `{vary}` up to {high} meets every goal: the greatest value of the range, {high}, does not hold; higher values were not tried"
            ),
            Find::Greatest => format!(
                "no `{vary}` down to {low} meets every goal: the least value of the range, {low}, does not hold; lower values were not tried"
            ),
        },
        (SizingState::NotMonotone, ..) => {
            let listed: Vec<String> =
                turns(known).iter().map(|(value, v)| format!("{} {}", size.told(*value), word(*v))).collect();
            // Good on the wrong side only: what was asked for stands on its head.
            let is_mirrored = known.is_sorted_by_key(|(_, v)| (*v == Judgement::Failed, *v == Judgement::Inconclusive));
            let hint = if is_mirrored { format!("; did you mean the {opposite}?") } else { String::new() };
            format!("undecided: not monotone; {}, so no one `{vary}` is the answer{hint}", listed.join(", "))
        }
        _ => {
            let sure = match (failed.map(|x| size.told(x)), held.map(|x| size.told(x))) {
                (Some(failed), Some(held)) => format!("{failed} fails and {held} holds"),
                (Some(failed), None) => format!("{failed} fails and nothing holds for sure"),
                (None, Some(held)) => format!("nothing fails for sure and {held} holds"),
                (None, None) => "nothing fails or holds for sure".to_owned(),
            };
            format!("undecided: of `{vary}`, {sure}; {} inconclusive", are(size, doubtful))
        }
    }
}

fn word(verdict: Judgement) -> &'static str {
    match verdict {
        Judgement::Held => "holds",
        Judgement::Failed => "fails",
        Judgement::Inconclusive => "is inconclusive",
    }
}

/// Returns some values with a verb: `4 is`, `4 and 5 are`, `4, 5, … 9 are`.
fn are(size: &Size, values: &[u64]) -> String {
    let values: Vec<String> = values.iter().map(|value| size.told(*value)).collect();
    match values.as_slice() {
        [one] => format!("{one} is"),
        [one, other] => format!("{one} and {other} are"),
        [one, other, .., last] => format!("{one}, {other}, … {last} are"),
        [] => "none is".to_owned(),
    }
}

/// Returns the last value of a verdict and the first of the next one, wherever it changes; a few of them.
fn turns(known: &[(u64, Judgement)]) -> Vec<(u64, Judgement)> {
    const MOST: usize = 6;
    let mut turns: Vec<(u64, Judgement)> =
        known.windows(2).filter(|w| w[0].1 != w[1].1).flat_map(|w| [w[0], w[1]]).collect();
    turns.dedup();
    turns.truncate(MOST);
    turns
}

/// Returns what makes a value inconclusive, how far its interval reaches, and what would decide it; `None`: nothing
/// does.
pub(super) fn doubt(expectations: &[Expectation]) -> Option<String> {
    let e = expectations.iter().find(|e| e.verdict == Judgement::Inconclusive)?;
    let Some(estimate) = e.estimate else {
        return Some(format!(": `{}` is not known there; a longer run may tell it", e.metric));
    };
    let half = e.half_width.unwrap_or(0.0);
    let unit = terms::parse_metric(&e.metric).map_or(Unit::Count, |m| m.term.unit);
    let told = |x: f64| plain(&figure(x, unit));
    let least = e.at_least.map(|x| format!("at least {}", told(x)));
    let bounds: Vec<String> = least.into_iter().chain(e.at_most.map(|x| format!("at most {}", told(x)))).collect();
    // No metric is below zero, whatever its interval says.
    let (low, high) = (told((estimate - half).max(0.0)), told(estimate + half));
    Some(format!(
        ": `{}` reaches from {low} to {high} and is to be {}; more replications would decide it",
        e.metric,
        bounds.join(" and ")
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(find: Find, verdicts: &str) -> Outcome {
        let size = Size {
            vary: "a.b".to_owned(),
            find,
            from: 1,
            to: verdicts.len() as u64,
            step: 1,
            unit: String::new(),
            bought: None,
            by: Vec::new(),
        };
        let mut known: Vec<(u64, Judgement)> = (1..)
            .zip(verdicts.chars())
            .map(|(value, c)| match c {
                'H' => (value, Judgement::Held),
                'F' => (value, Judgement::Failed),
                _ => (value, Judgement::Inconclusive),
            })
            .collect();
        if find == Find::Greatest {
            known.reverse();
        }
        assess(&size, &known)
    }

    #[test]
    fn an_answer_parts_what_fails_from_what_holds() {
        let is = |find, verdicts| {
            let outcome = of(find, verdicts);
            (outcome.state, outcome.answer)
        };
        assert_eq!(is(Find::Least, "FFHHH"), (SizingState::Answered, Some(3)));
        assert_eq!(is(Find::Greatest, "HHFF"), (SizingState::Answered, Some(2)));
        assert_eq!(is(Find::Least, "HHH"), (SizingState::EverythingHolds, None));
        assert_eq!(is(Find::Greatest, "HHH"), (SizingState::EverythingHolds, None));
        assert_eq!(is(Find::Least, "FFF"), (SizingState::NothingHolds, None));
        assert_eq!(is(Find::Least, "FFIH"), (SizingState::Undecided, None));
        assert_eq!(is(Find::Least, "FFI"), (SizingState::Undecided, None));
        assert_eq!(is(Find::Least, "FHIH"), (SizingState::Undecided, None));
        assert_eq!(is(Find::Least, "FHFH"), (SizingState::NotMonotone, None));
        assert_eq!(is(Find::Greatest, "FHH"), (SizingState::NotMonotone, None));
    }

    #[test]
    fn the_reason_is_told() {
        let told = |verdicts| of(Find::Least, verdicts).explanation;
        assert_eq!(told("FFH"), "3 is the least `a.b` that meets every goal; 2 does not");
        assert_eq!(
            told("FF"),
            "no `a.b` up to 2 meets every goal: the greatest value of the range, 2, does not hold; higher values were not tried"
        );
        assert_eq!(told("HH"), "the least `a.b` that meets every goal is at most 1; lower values were not tried");
        assert_eq!(told("FIH"), "undecided: of `a.b`, 1 fails and 3 holds; 2 is inconclusive");
        assert_eq!(told("HFH"), "undecided: not monotone; 1 holds, 2 fails, 3 holds, so no one `a.b` is the answer");
    }
}

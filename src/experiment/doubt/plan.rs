//! The choice of readings to run: all of them while they are few, else each unknown alone and then pairs of the worst.

use rayon::prelude::*;

use super::{Answer, Asking, Choices, MOST_READINGS, Reading, answer};
use crate::model::study::{Alternative, Unknown};
use crate::results::Judgement;

/// Simulates the readings, the base first; also returns how many there are altogether.
pub(super) fn play_all(unknowns: &[Unknown], base: Reading, asking: Asking<'_>) -> Result<(Vec<Reading>, u64), String> {
    let others: Vec<Vec<Alternative>> = unknowns.iter().map(Unknown::others).collect();
    let total = others.iter().fold(1u64, |n, others| n.saturating_mul(1 + others.len() as u64));
    let mut readings = vec![base];
    if total <= MOST_READINGS as u64 {
        readings.extend(play(unknowns, product(&others), asking)?);
        return Ok((readings, total));
    }
    let mut alone: Vec<Choices> =
        others.iter().enumerate().flat_map(|(u, others)| others.iter().map(move |v| vec![(u, v.clone())])).collect();
    alone.truncate(MOST_READINGS - 1);
    readings.extend(play(unknowns, alone, asking)?);
    let mut pairs = pairs(unknowns, &readings);
    pairs.truncate(MOST_READINGS - readings.len());
    readings.extend(play(unknowns, pairs, asking)?);
    Ok((readings, total))
}

/// Returns every combination but the base; the last unknown varies fastest.
fn product(others: &[Vec<Alternative>]) -> Vec<Choices> {
    let mut all: Vec<Choices> = vec![Vec::new()];
    for (u, others) in others.iter().enumerate() {
        let with = |choices: &Choices| {
            let mut made = vec![choices.clone()];
            made.extend(others.iter().map(|value| [choices.as_slice(), &[(u, value.clone())]].concat()));
            made
        };
        all = all.iter().flat_map(with).collect();
    }
    all.remove(0);
    all
}

/// Pairs of the alternatives that alone lead farthest towards the other verdict, those that matter most first.
fn pairs(unknowns: &[Unknown], readings: &[Reading]) -> Vec<Choices> {
    let seeks_good = readings[0].answer.verdict() == Judgement::Failed;
    let slack = |reading: &Reading| answer::slack(reading).unwrap_or(0.0) * if seeks_good { -1.0 } else { 1.0 };
    let mut worst: Vec<&Reading> = Vec::new();
    for u in 0..unknowns.len() {
        let alone = readings.iter().filter(|r| r.choices.first().is_some_and(|(of, _)| *of == u));
        worst.extend(alone.min_by(|a, b| slack(a).total_cmp(&slack(b))));
    }
    worst.sort_by(|a, b| slack(a).total_cmp(&slack(b)));
    // (0, 1), (0, 2), (1, 2), (0, 3), …: the worst ones meet first.
    (1..worst.len())
        .flat_map(|j| (0..j).map(move |i| (i, j)))
        .map(|(i, j)| {
            let mut pair = [worst[i].choices.as_slice(), &worst[j].choices].concat();
            pair.sort_by_key(|(u, _)| *u);
            pair
        })
        .collect()
}

/// Runs readings in parallel; returns them in order, without those that there was no time for.
pub(super) fn play(unknowns: &[Unknown], plan: Vec<Choices>, asking: Asking<'_>) -> Result<Vec<Reading>, String> {
    let answers: Vec<_> = plan.par_iter().map(|choices| asking.under(unknowns, choices)).collect();
    let played = plan.into_iter().zip(answers).map(|(choices, answer)| Ok((choices, answer?)));
    let in_time = |played: Result<(Choices, Option<Answer>), String>| match played {
        Ok((choices, answer)) => answer.map(|answer| Ok(Reading { choices, answer })),
        Err(why) => Some(Err(why)),
    };
    played.filter_map(in_time).collect()
}

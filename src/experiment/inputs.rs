//! The inputs that a document lists, each with its source.

use std::collections::BTreeSet;

use crate::model::input::Origin;
use crate::model::study::overlaps;
use crate::model::{Model, input};
use crate::results::{self, Input, MOST_INPUTS, Results};

/// Returns the inputs of a model. A default limit is published and yet assumed, because an account may have another one.
pub(super) fn of(model: &Model) -> Vec<Input> {
    let assumed: BTreeSet<&str> = model.assumptions.iter().map(|assumption| assumption.path.as_str()).collect();
    model.inputs.iter().map(|one| input(one, assumed.contains(one.path.as_str()))).collect()
}

fn input(input: &input::Input, is_assumed: bool) -> Input {
    let is_default_limit = input.origin == Origin::Published && is_assumed;
    let origin = match input.origin {
        Origin::Published if is_default_limit => results::Origin::Assumed,
        Origin::Published => results::Origin::Published,
        Origin::Measured => results::Origin::Measured,
        Origin::Assumed => results::Origin::Assumed,
        Origin::Stated => results::Origin::Stated,
    };
    let input::Input { path, value, as_of, mut source, .. } = input.clone();
    if is_default_limit {
        source += "; your account may have less";
    }
    Input { origin, path, value, as_of, source, side: None }
}

/// Returns the inputs of both sides of a comparison; an input that differs names its side.
pub(super) fn of_sides(a: &Model, b: &Model) -> Vec<Input> {
    let [of_a, of_b] = [a, b].map(of);
    let own = |name: &str, mine: &[Input], other: &[Input]| {
        let one = |i: &Input| Input { side: (!other.contains(i)).then(|| name.to_owned()), ..i.clone() };
        mine.iter().map(one).collect::<Vec<Input>>()
    };
    let mut all = own("a", &of_a, &of_b);
    all.extend(own("b", &of_b, &of_a).into_iter().filter(|i| i.side.is_some()));
    all.sort();
    all
}

/// Puts inputs into a document, up to the greatest number that it lists.
pub(super) fn put(results: &mut Results, mut inputs: Vec<Input>) {
    results.inputs_left_out = inputs.len().saturating_sub(MOST_INPUTS) as u64;
    inputs.truncate(MOST_INPUTS);
    results.inputs = inputs;
}

/// Takes out what the points vary: the document says so, and no value of it is the one in force.
pub fn without_varied<'p>(results: &mut Results, paths: impl IntoIterator<Item = &'p str>) {
    // What kind a capacity is stays, whatever varies of it.
    let is_kind = |path: &str| path.starts_with("capacities.") && path.matches('.').count() == 1;
    for path in paths {
        results.inputs.retain(|i| !overlaps(&i.path, path) || (is_kind(&i.path) && path != i.path));
    }
}

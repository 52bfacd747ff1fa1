//! Quotas and purchases that AWS does not grant, and the ways that remain.

use crate::model::capacity::account::ACCOUNT;
use crate::model::capacity::{Capacity, Legacy};
use crate::model::{Model, PLACEHOLDER};
use crate::results::Change;

/// Returns a sentence for each model in use that is in its legacy state during the run.
pub(super) fn legacy_models(model: &Model) -> Vec<String> {
    let mut sentences: Vec<String> = Vec::new();
    for Legacy { model, since, successor } in model.capacities.iter().filter_map(|c| c.legacy.as_ref()) {
        let next = successor.as_ref().map(|id| format!("; its successor is {id}")).unwrap_or_default();
        let sentence =
            format!("{model} is legacy since {since}: AWS raises no quota of it and sells nothing new for it{next}");
        if !sentences.contains(&sentence) {
            sentences.push(sentence);
        }
    }
    sentences
}

/// Returns how many values are still an importer's placeholders, in words; `None`: none are.
pub(super) fn placeholders(model: &Model) -> Option<String> {
    let mut left = model.assumptions.iter().filter(|assumption| assumption.why == PLACEHOLDER);
    let is_quota = |path: &str| path.starts_with("capacities.");
    let n = left.clone().count();
    let first = left.clone().find(|a| is_quota(&a.path)).or_else(|| left.next())?;
    let which = match n {
        1 => format!("{} is a placeholder", first.path),
        n => format!("{n} values are placeholders, among them {} = {}", first.path, first.value),
    };
    Some(format!("{which} of the importer: replace what the record does not tell before you rely on the answer"))
}

/// Adds to a change why AWS does not grant its values, and what remains to be done.
pub(super) fn checked(model: &Model, mut change: Change) -> Change {
    let paths: Vec<&str> =
        [&change.path].into_iter().chain(change.with.iter().map(|key| &key.path)).map(String::as_str).collect();
    let is_daily = paths.iter().any(|path| is_of_the_account(path));
    let legacy = paths.iter().find_map(|path| Some((*path, legacy_owner(model, path)?)));
    let mut reasons = Vec::new();
    if is_daily {
        reasons.push(format!("no request raises the daily quota of an account ({ACCOUNT}.tpd)"));
    }
    if let Some((path, Legacy { model, since, .. })) = legacy {
        reasons.push(format!("AWS does not raise {path}, because {model} is legacy since {since}"));
    }
    let sells_nothing_new = legacy.is_some() || model.capacities.iter().any(|c| c.legacy.is_some());
    let model_change = legacy.map(|(_, legacy)| match &legacy.successor {
        Some(id) => format!("another model, such as its successor {id}"),
        None => "another model".to_owned(),
    });
    if !reasons.is_empty() {
        let reserved = (!sells_nothing_new).then(|| "the reserved tier".to_owned());
        let always = ["batch inference", "another source region", "fewer tokens a request"].map(str::to_owned);
        change.other_ways = reserved.into_iter().chain(model_change).chain(always).collect();
    }
    change.not_granted = reasons;
    change
}

fn is_of_the_account(path: &str) -> bool {
    path.split('.').next() == Some(ACCOUNT)
}

/// Returns the legacy model that a quota or a purchase is for; `None`: the path is of neither, or its model is not legacy.
fn legacy_owner<'m>(model: &'m Model, path: &str) -> Option<&'m Legacy> {
    const OF_THE_USER: [&str; 1] = ["concurrency"];
    let (owner, key) = path.rsplit_once('.')?;
    let is_served_by = |capacity: &&Capacity| {
        let has_quota = capacity.quotas.iter().any(|quota| model.quotas[*quota].prefix == owner);
        has_quota || owner.strip_prefix("capacities.") == Some(&capacity.name)
    };
    let mut capacities = model.capacities.iter().filter(|_| !OF_THE_USER.contains(&key)).filter(is_served_by);
    capacities.find_map(|capacity| capacity.legacy.as_ref())
}

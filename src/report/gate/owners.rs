//! The use of each limit by each owner compared with the baseline, and the owners whose goals fail.

use super::{Checked, against_the_baseline};
use crate::report::figures::{amount, share};
use crate::report::owners::{breaks, by_size, goals, taken};
use crate::results::{Judgement, Take};
use crate::terms;

/// The relative change below which a change is not mentioned \[1\].
const WORTH_A_WORD: f64 = 0.005;
/// The share of a limit below which it is not worth a line, unless it changed \[1\].
const WORTH_A_LINE: f64 = 0.05;

/// Returns a line for each owner, the one that takes most of a limit first: what it takes of each limit, what that is
/// more or less than before, and which of its goals break.
pub(super) fn lines(checked: &Checked) -> Vec<String> {
    let Some(now) = &checked.now else { return Vec::new() };
    let mut names: Vec<&str> = now.takes.iter().map(|take| take.owner.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    let mut owners: Vec<(&str, Vec<&Take>)> = names.iter().map(|name| (*name, taken(&now.takes, name))).collect();
    owners.sort_by(|a, b| by_size(&a.1, &b.1).then_with(|| terms::natural_order(a.0, b.0)));
    let before = checked.before.as_ref().map(|before| before.takes.as_slice());
    let grows_most = grows_most(&now.takes, before);
    let of_owner = |(owner, takes): (&str, Vec<&Take>)| {
        let told: Vec<String> = takes.into_iter().filter_map(|take| told(take, before)).collect();
        let mut broken = goals(owner, broken(checked, owner));
        if grows_most == Some(owner) {
            let others = names.iter().filter(|other| **other != owner);
            broken.extend(others.flat_map(|other| goals(other, newly_broken(checked, other))));
        }
        let what = if told.is_empty() { "takes little of every limit".to_owned() } else { told.join(", ") };
        let breaks = breaks(&broken).map(|breaks| format!(", and {breaks}")).unwrap_or_default();
        format!("{owner}: {what}{breaks}")
    };
    owners.into_iter().map(of_owner).collect()
}

/// Returns the owner that takes most more of any limit than before; `None`: there is no baseline, or nobody takes more.
fn grows_most<'t>(now: &'t [Take], before: Option<&[Take]>) -> Option<&'t str> {
    let before = before?;
    let more = |take: &Take| {
        let more = take.per_minute - was(take, before);
        // As a share of the limit, so that tokens and requests compare.
        take.share.filter(|_| more > WORTH_A_WORD * take.per_minute).map(|share| share * more / take.per_minute)
    };
    let grown = now.iter().filter_map(|take| Some((take.owner.as_str(), more(take)?)));
    grown.max_by(|a, b| a.1.total_cmp(&b.1)).map(|(owner, _)| owner)
}

/// Returns what an owner took of a limit in the run of the baseline, per minute.
fn was(take: &Take, before: &[Take]) -> f64 {
    before.iter().find(|b| b.owner == take.owner && b.limit == take.limit).map_or(0.0, |b| b.per_minute)
}

/// Returns what an owner takes of one limit, against the baseline where that changed; `None`: too little for a line.
fn told(take: &Take, before: Option<&[Take]>) -> Option<String> {
    let (path, kind) = take.limit.rsplit_once('.').unwrap_or(("", &take.limit));
    let name = path.split_once('.').map_or(path, |(_, name)| name);
    let of = take.share.map(|taken| format!(" ({} of it)", share(taken))).unwrap_or_default();
    let taken = format!("{} {kind} of {name}{of}", amount(take.per_minute));
    let Some(before) = before else { return take.share.is_none_or(|s| s >= WORTH_A_LINE).then_some(taken) };
    let more = take.per_minute - was(take, before);
    if more.abs() > WORTH_A_WORD * take.per_minute {
        let sign = if more > 0.0 { '+' } else { '\u{2212}' };
        return Some(format!("{sign}{} {kind} a minute of {name}{of}", amount(more.abs())));
    }
    take.share.is_none_or(|s| s >= WORTH_A_LINE).then(|| format!("{taken}, as before"))
}

/// Returns the metrics of an owner's goals that fail.
fn broken<'c>(checked: &'c Checked, owner: &str) -> impl Iterator<Item = &'c str> {
    let failed = checked.cases.iter().filter(|case| case.verdict == Judgement::Failed);
    failed.filter(move |case| case.owner.as_deref() == Some(owner)).map(|case| case.name.as_str())
}

/// Returns the metrics of an owner's goals that fail and are worse than in the baseline.
fn newly_broken<'c>(checked: &'c Checked, owner: &str) -> impl Iterator<Item = &'c str> {
    let is_worse = move |metric: &&str| {
        let name = against_the_baseline(metric);
        checked.cases.iter().any(|case| case.name == name && case.verdict == Judgement::Failed)
    };
    broken(checked, owner).filter(is_worse)
}

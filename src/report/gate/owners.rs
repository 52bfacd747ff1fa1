//! The use of each limit by each owner compared with the baseline, and the owners whose goals fail.

use super::{Case, Checked};
use crate::report::figures::{amount, share};
use crate::report::owners::{by_size, taken};
use crate::results::{Judgement, Take};
use crate::terms;

/// A change below this is none to speak of \[1\].
const WORTH_A_WORD: f64 = 0.005;
/// Less of a limit is not worth a line, unless it changed \[1\].
const WORTH_A_LINE: f64 = 0.05;

/// One line for each owner, the one that takes most of a limit first: what it takes of each limit, what that is more or less than before, and which of its goals break.
pub(super) fn lines(checked: &Checked) -> Vec<String> {
    let Some(now) = &checked.now else { return Vec::new() };
    let mut names: Vec<&str> = now.takes.iter().map(|take| take.owner.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    let mut owners: Vec<(&str, Vec<&Take>)> = names.iter().map(|name| (*name, taken(&now.takes, name))).collect();
    owners.sort_by(|a, b| by_size(&a.1, &b.1).then_with(|| terms::natural_order(a.0, b.0)));
    let before = checked.before.as_ref().map(|before| before.takes.as_slice());
    let of_owner = |(owner, takes): (&str, Vec<&Take>)| {
        let told: Vec<String> = takes.into_iter().filter_map(|take| told(take, before)).collect();
        let broken = broken(checked, owner);
        let what = if told.is_empty() { "takes little of every limit".to_owned() } else { told.join(", ") };
        let breaks = if broken.is_empty() { String::new() } else { format!(", and {} breaks", broken.join(", ")) };
        format!("{owner}: {what}{breaks}")
    };
    owners.into_iter().map(of_owner).collect()
}

/// What is taken of one limit: against the baseline where it changed; `None`: too little for a line.
fn told(take: &Take, before: Option<&[Take]>) -> Option<String> {
    let (path, kind) = take.limit.rsplit_once('.').unwrap_or(("", &take.limit));
    let name = path.split_once('.').map_or(path, |(_, name)| name);
    let of = take.share.map(|taken| format!(" ({} of it)", share(taken))).unwrap_or_default();
    let taken = format!("{} {kind} of {name}{of}", amount(take.per_minute));
    let Some(before) = before else { return take.share.is_none_or(|s| s >= WORTH_A_LINE).then_some(taken) };
    let was = before.iter().find(|b| b.owner == take.owner && b.limit == take.limit).map_or(0.0, |b| b.per_minute);
    let more = take.per_minute - was;
    if more.abs() > WORTH_A_WORD * take.per_minute {
        let sign = if more > 0.0 { '+' } else { '\u{2212}' };
        return Some(format!("{sign}{} {kind} a minute of {name}{of}", amount(more.abs())));
    }
    take.share.is_none_or(|s| s >= WORTH_A_LINE).then(|| format!("{taken}, as before"))
}

/// The goals of an owner's files that fail, by the names of what they are of.
fn broken(checked: &Checked, owner: &str) -> Vec<String> {
    let failed = checked.cases.iter().filter(|case| case.verdict == Judgement::Failed);
    let of_owner = |case: &&Case| case.owner.as_deref() == Some(owner);
    let mut names: Vec<String> = failed.filter(of_owner).map(|case| case.name.clone()).collect();
    names.dedup();
    names
}

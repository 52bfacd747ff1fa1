//! The use of each limit by each owner, as rows that the text, the Markdown and the page share.

use std::cmp::Ordering;

use super::figures::{amount, count, share};
use crate::results::{Point, Take};
use crate::terms;

/// The names of the columns of [`rows`].
pub(super) const COLUMNS: [&str; 6] = ["owner", "requests", "fail", "limit", "share", "per minute"];

/// Returns a row for each limit of which each owner takes a part, the owner that takes the largest share of a limit
/// first. The first row of an owner has its name, its requests and the share of them that fails; these cells of its
/// other rows are empty.
pub(super) fn rows(point: &Point) -> Vec<[String; 6]> {
    let names = terms::parts(point.metrics.keys(), "owners");
    let mut owners: Vec<(&str, Vec<&Take>)> =
        names.iter().map(|owner| (owner.as_str(), taken(&point.takes, owner))).collect();
    owners.sort_by(|a, b| by_size(&a.1, &b.1).then_with(|| terms::natural_order(a.0, b.0)));
    owners.into_iter().flat_map(|(owner, takes)| of_owner(point, owner, &takes)).collect()
}

/// Returns the goals that break, by what they are of: `chat of web`, `failure_rate of web`; each once.
pub(super) fn goals<'m>(owner: &str, metrics: impl Iterator<Item = &'m str>) -> Vec<String> {
    let mut told: Vec<String> = Vec::new();
    for metric in metrics {
        let part = terms::parse_metric(metric).ok().and_then(|metric| metric.part);
        let name = match &part {
            Some((family, name)) if family == "workloads" => name.as_str(),
            _ => metric,
        };
        let goal = format!("{} of {owner}", name.rsplit('.').next().unwrap_or(name));
        if !told.contains(&goal) {
            told.push(goal);
        }
    }
    told
}

/// Returns which goals break: `chat of web breaks`, `chat of web and failure_rate of web break`; `None`: no goal does.
pub(super) fn breaks(goals: &[String]) -> Option<String> {
    let verb = if goals.len() == 1 { "breaks" } else { "break" };
    (!goals.is_empty()).then(|| format!("{} {verb}", goals.join(" and ")))
}

/// Returns what an owner takes of each limit, the largest share first.
pub(super) fn taken<'t>(takes: &'t [Take], owner: &str) -> Vec<&'t Take> {
    let mut taken: Vec<&Take> = takes.iter().filter(|take| take.owner == owner && take.per_minute > 0.0).collect();
    taken.sort_by(|a, b| {
        let share = |take: &Take| take.share.unwrap_or(f64::INFINITY);
        share(b).total_cmp(&share(a)).then_with(|| terms::natural_order(&a.limit, &b.limit))
    });
    taken
}

/// Orders owners by the largest share that they take of any limit, the largest first.
pub(super) fn by_size(one: &[&Take], other: &[&Take]) -> Ordering {
    let largest = |takes: &[&Take]| takes.iter().filter_map(|take| take.share).fold(0.0, f64::max);
    largest(other).total_cmp(&largest(one))
}

fn of_owner(point: &Point, owner: &str, takes: &[&Take]) -> Vec<[String; 6]> {
    let of = |metric: &str| point.value(&format!("owners.{owner}.{metric}")).unwrap_or(f64::NAN);
    let head = [owner.to_owned(), count(of("requests")), share(of("failure_rate"))];
    let cells = |take: &&Take| {
        let taken = take.share.map_or_else(|| "–".to_owned(), share);
        [limit(&take.limit), taken, amount(take.per_minute)]
    };
    let mut limits: Vec<[String; 3]> = takes.iter().map(cells).collect();
    if limits.is_empty() {
        limits.push(["–", "–", "–"].map(str::to_owned));
    }
    let row = |(i, [limit, share, amount]): (usize, [String; 3])| {
        let [owner, requests, fail] = if i == 0 { head.clone() } else { Default::default() };
        [owner, requests, fail, limit, share, amount]
    };
    limits.into_iter().enumerate().map(row).collect()
}

/// Returns a limit without the word for its kind: `shared.tpm` of `quotas.shared.tpm`.
fn limit(path: &str) -> String {
    path.split_once('.').map_or(path, |(_, name)| name).to_owned()
}

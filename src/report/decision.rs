//! The decision in sentences, which the text, the Markdown and the document share.

use super::figures::{count, interval, share, time};
use super::{owners, verdict};
use crate::results::{Change, Decision, Doubt, Judgement, OwnerAnswer, Point, Rerun, Results, Verdict, VerdictBasis};
use crate::terms::Unit;
use crate::units;

/// Fills in `decision.answer` of the results.
pub fn decide(results: &mut Results) {
    let answer = results.points.first().zip(results.decision.as_ref()).map(|(point, d)| answer(results, point, d));
    if let (Some(decision), Some(answer)) = (&mut results.decision, answer) {
        decision.answer = answer.replace('\u{a0}', " ");
    }
}

/// Returns the lines of the box: the answer, the bottleneck, what would change the answer, what it hangs on.
pub(super) fn lines(results: &Results, point: &Point) -> Vec<String> {
    let Some(decision) = &results.decision else { return Vec::new() };
    let mut lines = vec![answer(results, point, decision)];
    lines.extend(by_owner(decision));
    lines.extend(caveats(decision));
    lines
        .extend(point.basis.neck.as_ref().map(verdict::neck).or_else(|| timed_out(point)).filter(|_| !is_small(point)));
    lines.extend(decision.change.as_ref().map(change));
    lines.extend(decision.change.as_ref().and_then(not_granted));
    if !decision.hangs_on.is_empty() {
        let flips = results.doubt.is_some();
        let verb = if flips { "it flips with" } else { "these assumed inputs may change the answer:" };
        lines.push(format!("{verb} {}", folded(&decision.hangs_on).join(", ")));
    }
    lines
}

/// Returns paths, of which the same key of several parts is written once: `models.*.output_burndown (3)`.
fn folded(paths: &[String]) -> Vec<String> {
    let ends = |path: &str| {
        let (section, key) = (path.split('.').next().unwrap_or_default(), path.rsplit('.').next().unwrap_or_default());
        format!("{section}.*.{key}")
    };
    let mut told: Vec<String> = Vec::new();
    for path in paths {
        let alike = paths.iter().filter(|other| ends(other) == ends(path)).count();
        let written = if alike > 1 { format!("{} ({alike})", ends(path)) } else { path.clone() };
        if !told.contains(&written) {
            told.push(written);
        }
    }
    told
}

/// The most owners that the decision lists one by one.
const MOST_OWNERS: usize = 5;

/// Returns a line for each owner with what is served and which goals break, the owner that loses the largest share
/// first.
fn by_owner(decision: &Decision) -> Vec<String> {
    let served = |share: f64| verdict::served(&VerdictBasis { failing_share: 1.0 - share, ..VerdictBasis::default() });
    let of = |answer: &OwnerAnswer| {
        let what =
            answer.served_share.map_or_else(|| "no request arrived".to_owned(), |s| format!("{} served", served(s)));
        let goals = owners::goals(&answer.owner, answer.missed.iter().map(String::as_str));
        let breaks = owners::breaks(&goals).map(|breaks| format!("; {breaks}")).unwrap_or_default();
        format!("owner {}: {what}{breaks}", answer.owner)
    };
    let mut lines: Vec<String> = decision.owners.iter().take(MOST_OWNERS).map(of).collect();
    let rest = decision.owners.get(MOST_OWNERS..).unwrap_or_default();
    let least = rest.iter().filter_map(|answer| answer.served_share).reduce(f64::min);
    lines.extend(least.map(|least| {
        let broken = rest.iter().filter(|answer| !answer.missed.is_empty()).count();
        let broken = if broken > 0 { format!("; goals of {broken} of them break") } else { String::new() };
        format!("{} more owners: {} served or more{broken}", rest.len(), served(least))
    }));
    lines
}

/// The most caveats that the decision lists; the notes have all of them.
const MOST_CAVEATS: usize = 3;

/// Returns the caveats of the decision: what the answer does not cover, and what happens after the run.
fn caveats(decision: &Decision) -> Vec<String> {
    let mut lines: Vec<String> = decision.caveats.iter().take(MOST_CAVEATS).cloned().collect();
    let more = decision.caveats.len().saturating_sub(MOST_CAVEATS);
    if more > 0 {
        lines.push(format!("the notes have {} more of this kind", count(more as f64)));
    }
    lines
}

/// Returns the client's own time-outs as the bottleneck, where no limit is one; `None`: no request timed out.
fn timed_out(point: &Point) -> Option<String> {
    let lost = point.value("failure_rate").filter(|lost| *lost > 0.0)?;
    let part = share(point.value("timeout_rate").filter(|rate| *rate > 0.0)? / lost);
    Some(format!(
        "bottleneck: the client's time-outs, which ended {part} of the requests that got no answer (`timeout` or `attempt_timeout`)"
    ))
}

/// Returns whether too few requests fail for a bottleneck to be named: the load is carried, and what fails was not delayed
/// but refused or timed out.
fn is_small(point: &Point) -> bool {
    let is_refusing = point.basis.neck.as_ref().is_none_or(|neck| neck.refused > 0.0);
    let lost = point.basis.failing_share;
    let refused = point.basis.neck.as_ref().map_or(0.0, |neck| neck.refused);
    let refused = refused / point.value("requests").unwrap_or(0.0).max(1.0);
    point.verdict == Verdict::Carries && is_refusing && lost.max(refused) <= verdict::NEGLIGIBLE
}

/// Says that AWS does not grant a change, and what remains to be done; `None`: nothing is known against it.
fn not_granted(change: &Change) -> Option<String> {
    let (last, others) = change.other_ways.split_last()?;
    let reasons = change.not_granted.join("; ");
    let ways = if others.is_empty() { last.clone() } else { format!("{} or {last}", others.join(", ")) };
    Some(format!("but {reasons}; the ways that remain are {ways}"))
}

/// Returns how good the answer is, as its first word says; `None` where no request arrived.
pub(super) fn standing(results: &Results, point: &Point) -> Option<Judgement> {
    let decision = results.decision.as_ref().filter(|_| point.value("requests") != Some(0.0))?;
    Some(match first_word(results, point, decision) {
        "yes" => Judgement::Held,
        "no" => Judgement::Failed,
        _ => Judgement::Inconclusive,
    })
}

/// Returns the answer in a sentence with figures.
fn answer(results: &Results, point: &Point, decision: &Decision) -> String {
    if point.value("requests") == Some(0.0) {
        return "no answer: no request arrived".to_owned();
    }
    let word = first_word(results, point, decision);
    let joint = if word.ends_with("but") { " " } else { ": " };
    // The verdict stands in its own row; the goals say more where there are any.
    let judged = match decision.goals {
        Some(_) => verdict::goals(&results.expectations, &point.basis),
        None => verdict::sentence(point),
    };
    let figures = [
        Some(format!("{} served", verdict::served(&point.basis))),
        decision.e2e_p99_ms.map(|ms| format!("p99 {}", time(ms))),
        decision.cost_per_month_usd.map(|_| {
            let month = interval(point.metrics.get("cost_per_month_usd"), Unit::Usd);
            format!("{month} a month{}", of_the_served(&point.basis))
        }),
    ];
    let figures: Vec<String> = figures.into_iter().flatten().collect();
    // The first word has said it.
    let judged = judged.strip_prefix("not decided: ").filter(|_| word.starts_with("not decided")).unwrap_or(&judged);
    format!("{word}{joint}{}; {judged}", figures.join(", "))
}

/// Says that a bill is for a part of the requests, where a part that matters is not served.
fn of_the_served(basis: &VerdictBasis) -> String {
    if basis.failing_share <= verdict::NEGLIGIBLE {
        return String::new();
    }
    format!(" for the {} that are served", verdict::served(basis))
}

/// Returns the word that opens the answer.
fn first_word(results: &Results, point: &Point, decision: &Decision) -> &'static str {
    let is_negligible = point.basis.failing_share <= verdict::NEGLIGIBLE;
    let unbounded = verdict::unbounded_failures(&results.expectations, &point.basis).filter(|_| !is_negligible);
    let hangs = results.doubt.as_ref().filter(|doubt| doubt.hangs());
    match (decision.goals, decision.verdict) {
        (Some(Judgement::Failed), _) => "no",
        (Some(Judgement::Inconclusive), _) => "not decided",
        (Some(Judgement::Held), _) if hangs.is_some_and(Doubt::hangs_on_rules) => {
            "not decided: the answer depends on rules that AWS does not publish"
        }
        (Some(Judgement::Held), _) if hangs.is_some() => "not decided: the answer depends on what is in doubt",
        (Some(Judgement::Held), Verdict::Carries) if unbounded.is_none() => yes(decision),
        (Some(Judgement::Held), _) => "the stated goals hold, but",
        (None, Verdict::Carries) => yes(decision),
        (None, _) => "no",
    }
}

/// Returns the word for yes, limited to the traffic that was simulated where the run leaves out a part of the traffic.
fn yes(decision: &Decision) -> &'static str {
    if decision.is_of_part {
        "yes for the traffic that was simulated, which is not all that the scenario states"
    } else {
        "yes"
    }
}

/// Returns what would change the answer in a sentence, with the reruns that were simulated to find it.
fn change(change: &Change) -> String {
    let n = change.reruns.len();
    let reruns = if n == 1 { "1 rerun".to_owned() } else { format!("{n} reruns") };
    let length = time(change.minutes * 60_000.0);
    let played: Vec<String> = change.reruns.iter().map(|rerun| self::rerun(change, rerun)).collect();
    let what = match change.value {
        Some(value) => {
            let cut = change.reruns.iter().find(|rerun| rerun.carries && rerun.value == value);
            let mut paths = [&change.path].into_iter().chain(change.with.iter().map(|key| &key.path));
            let is_capped = paths.any(|path| path.ends_with(".max_tokens"));
            let cut = cut.filter(|rerun| is_capped && rerun.truncated_share > 0.0);
            let cut = cut.map(|rerun| format!(" and cut {} of answers short", share(rerun.truncated_share)));
            let with: Vec<String> =
                change.with.iter().map(|key| format!(" with {} = {}", key.path, written(key.value))).collect();
            let set = format!("{} = {}{}", change.path, written(value), with.join(" and"));
            let carries = carries(change);
            format!("{set} {carries}{}{}", cut.unwrap_or_default(), still_missed(change, "; still missed: "))
        }
        None => {
            let raised: Vec<&String> =
                [&change.path].into_iter().chain(change.with.iter().map(|key| &key.path)).collect();
            let next = change.next_neck.as_ref().filter(|next| !raised.contains(next));
            let next = next.map(|next| format!("; the next bottleneck is {next}")).unwrap_or_default();
            let names = raised.iter().map(|path| path.as_str()).collect::<Vec<_>>().join(" with ");
            match change.reruns.last().is_some_and(|rerun| rerun.verdict == Verdict::Carries) {
                true => {
                    let missed = still_missed(change, ": ");
                    format!("no tried value of {names} meets every goal{missed}{next}")
                }
                false => format!("no tried value of {names} carries the load{next}"),
            }
        }
    };
    format!("{what} ({reruns} of {length}, 1 replication each: {})", played.join("; "))
}

/// Says how sure it is that the values of a change carry the load, and what fails by time-outs of the client all the same.
fn carries(change: &Change) -> String {
    let sure = match change.goals {
        Some(Judgement::Inconclusive) => "may carry the load: decide it with more replications",
        Some(Judgement::Failed) => {
            "carries the load in a short rerun, but misses a goal in all replications: set a greater value"
        }
        Some(Judgement::Held) | None => "would carry the load",
    };
    let mut found = change.reruns.iter().filter(|rerun| rerun.carries && Some(rerun.value) == change.value);
    let lost = found.next().map(|rerun| rerun.timed_out_share).filter(|lost| *lost > verdict::NEGLIGIBLE);
    let lost = lost.map(|lost| {
        format!(
            ", but {} of the requests still meet the client's time-out, which a larger quota does not prevent",
            share(lost)
        )
    });
    format!("{sure}{}", lost.unwrap_or_default())
}

/// Returns the first goal that is missed with the change, and the number of further ones.
fn still_missed(change: &Change, before: &str) -> String {
    let Some(first) = change.missed.first() else { return String::new() };
    let more = change.missed.len() - 1;
    let more = if more > 0 { format!(" and {} more", count(more as f64)) } else { String::new() };
    format!("{before}{}{more}", verdict::missed_goal(first))
}

/// Returns the values of a rerun with the keys that they belong to, and its outcome: `tpm = 2_300_000: 15.8 % fail`.
fn rerun(change: &Change, rerun: &Rerun) -> String {
    let first = format!("{} = {}", key(&change.path), written(rerun.value));
    let with = rerun.with.iter().map(|also| format!("{} = {}", key(&also.path), written(also.value)));
    let values: Vec<String> = [first].into_iter().chain(with).collect();
    let how = match (rerun.carries, rerun.verdict) {
        (true, _) if rerun.timed_out_share > verdict::NEGLIGIBLE => {
            format!("refuses nothing, and {} time out", share(rerun.timed_out_share))
        }
        (true, _) => "carries the load".to_owned(),
        (false, Verdict::Carries) => "misses a goal".to_owned(),
        (false, Verdict::Backlogged) if rerun.failing_share == 0.0 => "a backlog is left".to_owned(),
        (false, _) => format!("{} fail", share(rerun.failing_share)),
    };
    format!("{}: {how}", values.join(" with "))
}

/// Returns the last key of a path: `tpm` of `quotas.us.tpm`.
fn key(path: &str) -> &str {
    path.rsplit('.').next().unwrap_or(path)
}

/// Writes a value as a scenario accepts it, with its thousands grouped: `2_300_000`.
fn written(value: u64) -> String {
    units::grouped(value).replace(',', "_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_key_of_several_parts_is_written_once() {
        let paths = ["models.a.output_burndown", "models.b.c.output_burndown", "quotas.us.limiter"].map(str::to_owned);
        assert_eq!(folded(&paths), ["models.*.output_burndown (2)", "quotas.us.limiter"]);
    }
}

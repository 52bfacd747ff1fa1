//! The sentences on doubt: the answer first, then what it hangs on and whom to ask, then how much each unknown matters.

use std::collections::BTreeMap;

use serde_json::Value;

use super::figures::{Palette, count, figure, stated};
use crate::results::{Condition, Doubt, DoubtAnswer, Doubted, Flip, Influence, Judgement, Results};
use crate::terms::{self, Unit};

/// The most unknowns that the table has.
const MOST_BARS: usize = 12;
/// The most flips that one line has.
const MOST_FLIPS: usize = 3;
/// The most columns of a row of the table beside its indent; what does not fit is left out rather than broken.
const WIDTH: usize = 65;

/// Returns the answer in one line without colour, with what it hangs on.
#[must_use]
pub fn doubt(doubt: &Doubt) -> String {
    let palette = Palette { colour: false };
    let flips = doubt.flips.iter().filter(|_| doubt.answer != DoubtAnswer::Holds).take(MOST_FLIPS).map(|flip| {
        let ask = flip.conditions.first().map(|c| format!(" ({})", c.ask)).unwrap_or_default();
        format!("; {}{ask}", told(flip, palette))
    });
    let more = doubt.flips.len().saturating_sub(MOST_FLIPS);
    let more = if more > 0 { format!("; and {more} more") } else { String::new() };
    format!("{}{}{more}", answer(doubt, palette), flips.collect::<String>()).replace('\u{a0}', " ")
}

pub(super) fn lines(results: &Results, palette: Palette) -> Vec<String> {
    let Some(doubt) = &results.doubt else { return Vec::new() };
    let mut lines = vec![answer(doubt, palette)];
    if (doubt.readings.len() as u64) < doubt.readings_total {
        lines.push(format!(
            "{} of {} readings were simulated: each unknown alone, then pairs of the worst",
            doubt.readings.len(),
            count(doubt.readings_total as f64)
        ));
    }
    for flip in &doubt.flips {
        lines.push(told(flip, palette));
        lines.extend(flip.conditions.iter().map(|c| palette.faint(&format!("  {}", c.ask))));
    }
    lines.extend(table(results, doubt, palette));
    lines
}

fn answer(doubt: &Doubt, palette: Palette) -> String {
    let n = doubt.readings.len();
    let of = |verdict| doubt.readings.iter().filter(|r| r.verdict == verdict).count();
    let all = match doubt.is_of_rules() {
        _ if (n as u64) < doubt.readings_total => "that were simulated",
        true => "of the unpublished rules",
        false => "of what is in doubt",
    };
    let counted: Vec<String> =
        [("holds", of(Judgement::Held)), ("fails", of(Judgement::Failed)), ("undecided", of(Judgement::Inconclusive))]
            .iter()
            .filter(|(_, n)| *n > 0)
            .map(|(word, n)| format!("{word} under {n}"))
            .collect();
    let written = match doubt.readings.first().map(|r| r.verdict) {
        Some(Judgement::Held) => "holds as written; ",
        Some(Judgement::Failed) => "fails as written; ",
        Some(Judgement::Inconclusive) => "undecided as written; ",
        None => "",
    };
    let tally = format!("{written}{} of {n} readings {all}", counted.join(", "));
    match doubt.answer {
        DoubtAnswer::Holds => format!("{} under all {n} readings {all}", palette.good("holds")),
        DoubtAnswer::Fails => format!("{} under all {n} readings {all}", palette.bad("fails")),
        DoubtAnswer::Flips => format!("{}: {tally}", palette.bad("flips")),
        DoubtAnswer::Inconclusive => format!("{}: {tally}", palette.doubtful("undecided")),
    }
}

/// Returns settings as text: `capacities.us.limiter = token_bucket and …`
pub(super) fn settings(settings: &BTreeMap<String, Value>) -> String {
    let settings: Vec<String> = settings.iter().map(|(path, value)| format!("{path} = {}", plain(value))).collect();
    settings.join(" and ")
}

/// Returns a flip as text: `fails with capacities.us.limiter = token_bucket`
fn told(flip: &Flip, palette: Palette) -> String {
    let verb = match flip.verdict {
        Judgement::Held => palette.good("holds"),
        Judgement::Failed => palette.bad("fails"),
        Judgement::Inconclusive => palette.doubtful("undecided"),
    };
    let conditions: Vec<String> = flip.conditions.iter().map(condition).collect();
    format!("{verb} with {}", conditions.join(" and "))
}

fn condition(condition: &Condition) -> String {
    let path = &condition.path;
    let values: Vec<String> = condition.values.iter().map(plain).collect();
    match (condition.below, condition.above) {
        (Some(below), Some(above)) => format!("{path} below {} or above {}", stated(below), stated(above)),
        (Some(below), None) => format!("{path} below {}", stated(below)),
        (None, Some(above)) => format!("{path} above {}", stated(above)),
        (None, None) => format!("{path} = {}", values.join(" or ")),
    }
}

/// Returns the ranges as a table: what is in doubt, and no part of any interval.
fn table(results: &Results, doubt: &Doubt, palette: Palette) -> Vec<String> {
    let Some(first) = doubt.tornado.first() else { return Vec::new() };
    let unit = terms::parse_metric(&first.metric).map_or(Unit::Count, |m| m.term.unit);
    let still = doubt.tornado.iter().filter(|bar| bar.low == bar.high).map(|bar| bar.path.as_str());
    let (idle, still): (Vec<&str>, Vec<&str>) = still.partition(|path| is_idle(results, path));
    let not_exercised = (!idle.is_empty())
        .then(|| format!("not exercised by this run, in which these limits refuse nothing: {}", idle.join(", ")));
    if doubt.tornado.iter().all(|bar| bar.low == bar.high) {
        let none = format!("no unknown moves {} by itself", first.metric);
        return [none].into_iter().chain(not_exercised).collect();
    }
    let mut lines =
        vec![format!("how far each unknown alone moves {} from {}:", first.metric, figure(first.base, unit))];
    let moving: Vec<&Influence> = doubt.tornado.iter().filter(|bar| bar.low != bar.high).collect();
    let cells: Vec<[String; 4]> = moving.iter().take(MOST_BARS).map(|bar| row(doubt, bar, unit)).collect();
    let width = |i: usize| cells.iter().map(|row| row[i].chars().count()).max().unwrap_or(0);
    let (low, high) = (width(0), width(1));
    for [from, to, path, span] in &cells {
        // Figures stand under each other: their blanks do not break.
        let pad = |text: &str, to: usize| "\u{a0}".repeat(to - text.chars().count());
        let row = format!("{}{from} to {}{to}\u{a0} {path}", pad(from, low), pad(to, high));
        let span = if row.chars().count() + span.chars().count() <= WIDTH { span.as_str() } else { "" };
        lines.push(format!("  {row}{span}"));
    }
    if moving.len() > MOST_BARS {
        lines.push(format!("  and {} more, which move it less", moving.len() - MOST_BARS));
    }
    lines.extend(not_exercised.map(|line| format!("  {line}")));
    if !still.is_empty() {
        lines.push(format!("  not moved by {}", still.join(", ")));
    }
    let source = if doubt.is_of_rules() { "unpublished rules" } else { "what is in doubt" };
    let text = format!("these ranges come from {source}; they do not include the sampling error (±)");
    lines.push(palette.faint(&text));
    lines
}

/// Returns whether an unknown acts only where a limit refuses requests, and the run, which has one point, saw no refusal there.
fn is_idle(results: &Results, path: &str) -> bool {
    const KEYS: [&str; 7] =
        [".limiter", ".burst", ".count_refused_requests", ".refusal_latency", ".tpd", ".tpd_counting", ".tpd_reset"];
    let [point] = results.points.as_slice() else { return false };
    if !KEYS.iter().any(|key| path.ends_with(key)) {
        return false;
    }
    let named = if path.starts_with("account.") { 1 } else { 2 };
    let owner: String = path.split_inclusive('.').take(named).collect();
    let is_daily = path.rsplit('.').next().is_some_and(|key| key.starts_with("tpd"));
    let refused = point.metrics.keys().filter(|name| name.starts_with(&owner) && name.ends_with(".refused"));
    let mut refused = refused.filter(|name| !is_daily || name.ends_with(".tpd.refused")).peekable();
    refused.peek().is_some() && refused.all(|name| point.value(name) == Some(0.0))
}

/// Returns a row of the table of doubt: the lower and the upper value of the metric, the unknown that moves the metric,
/// and what the unknown may be.
fn row(doubt: &Doubt, bar: &Influence, unit: Unit) -> [String; 4] {
    let span = doubt.unknowns.iter().find(|u| u.path == bar.path).map(span).unwrap_or_default();
    [figure(bar.low, unit), figure(bar.high, unit), bar.path.clone(), span]
}

/// Returns what an unknown may be: ` (40,000 to 80,000)` or ` (reserve, post_charge)`
fn span(unknown: &Doubted) -> String {
    match (&unknown.low, &unknown.high) {
        (Some(low), Some(high)) => format!(" ({} to {})", plain(low), plain(high)),
        _ => format!(" ({})", unknown.values.iter().map(plain).collect::<Vec<_>>().join(", ")),
    }
}

/// Returns a value of a scenario as people read it.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Number(n) => n.as_f64().map_or_else(|| n.to_string(), stated),
        other => other.to_string(),
    }
}

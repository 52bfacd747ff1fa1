//! The answer of a size: one sentence, a table of what was tried, the frontier of a second axis.

use super::doubt;
use super::figures::{Palette, UNKNOWN_IN_TABLE, interval, money, share, time};
use super::marks::{cell, line, said, started};
use super::summary::judged;
use super::sweep::{CUT, cut_differs};
use super::text::{WIDTH, hung};
use super::verdict::{losing, unbounded_share};
use crate::results::{BoughtVerdict, Evaluated, Judgement, Point, Results, Sizing, SizingState, Sought};
use crate::terms::Unit;

/// The most values that a table shows without gaps. A longer table shows those near the answer, a change of verdicts or
/// an end.
const LONG: usize = 24;
const NEAR: usize = 3;
/// The most reasons why values make no scenario that are written below the table.
const MOST_REASONS: usize = 3;

/// The columns of the table, and their widths in a text \[characters\]. The column of the share of answers that are cut
/// short is left out where that share does not differ.
const HEADINGS: [(&str, usize); 7] =
    [("value", 11), ("verdict", 12), ("throttled", 15), (CUT, 8), ("p99", 9), ("cost per month", 16), ("", 0)];

/// Returns the answer of a sizing as text for a terminal.
pub(super) fn text(results: &Results, sizing: &Sizing, palette: Palette) -> String {
    let mut out = String::new();
    let mut say = |line: &str, paint: &dyn Fn(&str) -> String| {
        for part in hung(line, WIDTH) {
            out += &paint(&part);
            out.push('\n');
        }
    };
    let plain = |text: &str| text.to_owned();
    say(&results.heading(), &|t| palette.bold(t));
    say(&origin(results), &|t| palette.faint(t));
    say("", &plain);
    let lose = lost(results, sizing);
    say(&sizing.explanation, &|t| match sizing.state {
        SizingState::Answered | SizingState::EverythingHolds if lose.is_some() => palette.doubtful(t),
        SizingState::Answered => palette.good(t),
        SizingState::EverythingHolds if sizing.answer.is_some() => palette.good(t),
        SizingState::NothingHolds => palette.bad(t),
        SizingState::EverythingHolds | SizingState::Undecided | SizingState::NotMonotone => palette.doubtful(t),
    });
    if let Some(line) = &lose {
        say(line, &|t| palette.doubtful(t));
    }
    if let Some(line) = bought(sizing) {
        say(&line, &|t| match sizing.bought.as_ref().map(|b| b.verdict) {
            Some(BoughtVerdict::Right | BoughtVerdict::Enough) => palette.good(t),
            Some(BoughtVerdict::Short) => palette.bad(t),
            _ => palette.doubtful(t),
        });
    }
    for (i, line) in in_doubt(results, sizing, palette).iter().enumerate() {
        say(&format!("{}{line}", if i == 0 { "" } else { "  " }), &plain);
    }
    say("", &plain);
    let headings = headings(results, sizing);
    let rows = table(results, sizing);
    let widths = widths(&headings, &rows);
    let names: Vec<String> = headings.iter().map(|(heading, _)| (*heading).to_owned()).collect();
    say(&columns(&names, &widths), &|t| palette.faint(t));
    for row in rows {
        match row {
            Some(row) => {
                say(&columns(&row.cells, &widths), &|t| if row.is_marked { palette.bold(t) } else { plain(t) })
            }
            None => say("           …", &plain),
        }
    }
    refusals(sizing).iter().for_each(|line| say(line, &plain));
    footnote(results, sizing).iter().for_each(|line| say(line, &|t| palette.faint(t)));
    let lines = judgements(results, sizing, palette);
    if !lines.is_empty() {
        say("", &plain);
        lines.iter().for_each(|line| say(line, &plain));
    }
    if !sizing.frontier.is_empty() {
        say("", &plain);
        say(&frontier_heading(sizing), &|t| palette.bold(t));
        for row in frontier(sizing) {
            let cost = if row[2].is_empty() { String::new() } else { format!(", {}", row[2]) };
            say(&format!("  {}: {}{cost}", row[0], row[1]), &plain);
        }
    }
    let is_daily = |metric: &String| metric.contains("tpd.");
    for note in results.notes.iter().filter(|n| n.metric.as_ref().is_none_or(is_daily)) {
        say("", &plain);
        say(&note.text, &|t| palette.faint(t));
    }
    out.replace('\u{a0}', " ")
}

/// Returns the answer of a sizing as Markdown for a review.
pub(super) fn markdown(results: &Results, sizing: &Sizing) -> String {
    let mut out = format!(
        "## {}\n\n{}\n\n**{}**\n\n",
        line(&results.heading()),
        line(&origin(results)),
        said(sizing.explanation.trim())
    );
    for line in lost(results, sizing).into_iter().chain(bought(sizing)) {
        out += &format!("{}\n\n", started(&said(&line)));
    }
    let doubts = in_doubt(results, sizing, Palette { colour: false });
    if !doubts.is_empty() {
        let lines: Vec<String> = doubts.iter().map(|line| started(&said(line.trim()))).collect();
        out += &format!("{}\n\n", lines.join("<br>\n"));
    }
    let headings: Vec<&str> = headings(results, sizing).iter().map(|(heading, _)| *heading).collect();
    out += &format!("| {} |\n|---:|{}\n", headings.join(" | "), "---|".repeat(headings.len() - 1));
    for row in table(results, sizing) {
        let cells = row.map_or_else(|| vec!["…".to_owned(); headings.len()], |row| row.cells);
        let cells: Vec<String> = cells.iter().map(|text| cell(text)).collect();
        out += &format!("| {} |\n", cells.join(" | "));
    }
    let footnote = footnote(results, sizing).map(str::to_owned);
    let below = refusals(sizing).into_iter().chain(footnote);
    for line in below.chain(judgements(results, sizing, Palette { colour: false })) {
        out += &format!("\n- {}", started(&said(&line)));
    }
    out.push('\n');
    if !sizing.frontier.is_empty() {
        let heading = started(&said(&frontier_heading(sizing)));
        out += &format!("\n{heading}\n\n| for | value | cost |\n|---|---|---|\n");
        for row in frontier(sizing) {
            let cells: Vec<String> = row.iter().map(|text| cell(text)).collect();
            out += &format!("| {} |\n", cells.join(" | "));
        }
    }
    out.replace('\u{a0}', " ")
}

fn origin(results: &Results) -> String {
    let replications = results.points.first().map_or(0, |p| p.replications);
    format!("{} · {replications} replications · seed {}", results.scenario.file, results.seed)
}

/// Says how many of the values that hold lose requests that no goal bounds, and how many the answer loses; `None`: none does.
pub(super) fn lost(results: &Results, sizing: &Sizing) -> Option<String> {
    let failing = |e: &&Evaluated| unbounded_share(played(results, e)?);
    let held = sizing.evaluated.iter().filter(|e| e.verdict == Judgement::Held);
    let (all, lose) = (held.clone().count() as u64, held.filter(|e| failing(e).is_some()).count() as u64);
    let line = losing(lose, all, ["value that meets every goal", "values that meet every goal"])?;
    let answer = sizing.evaluated.iter().find(|e| Some(e.value) == sizing.answer);
    let of_answer = answer.as_ref().and_then(failing);
    let of_answer = of_answer.map(|x| format!("; at the answer {} of requests fail", share(x))).unwrap_or_default();
    Some(format!("{line}{of_answer}"))
}

/// Returns the design point of a value; `None`: it makes no scenario.
fn played<'r>(results: &'r Results, evaluated: &Evaluated) -> Option<&'r Point> {
    results.points.iter().find(|p| Some(p.index) == evaluated.point)
}

/// Returns the description of the value that the size looks for.
const fn sought(sizing: &Sizing) -> &'static str {
    match sizing.find {
        Sought::Least => "least value that meets every goal",
        Sought::Greatest => "greatest value that meets every goal",
    }
}

/// Returns the judgement of the bought value with the money that another value saves or costs; `None` when nothing is bought.
pub(super) fn bought(sizing: &Sizing) -> Option<String> {
    let bought = sizing.bought.as_ref()?;
    let short = bought.cost_difference_usd_per_month.filter(|usd| bought.verdict == BoughtVerdict::Short && *usd < 0.0);
    let cost = match (sizing.saving_usd_per_month(), short) {
        (Some(usd), _) if sizing.safe.as_ref().is_some_and(|safe| safe.value != sizing.answer) => {
            format!("; buying the value that holds under every reading saves {} a month", money(usd))
        }
        (Some(usd), _) => format!("; buying the {} saves {} a month", sought(sizing), money(usd)),
        (None, Some(usd)) => format!("; buying the {} costs {} more a month", sought(sizing), money(-usd)),
        (None, None) => String::new(),
    };
    Some(format!("{}{cost}", bought.explanation))
}

/// Returns lines on the size that is enough under every reading, and on what the readings say of the size that is
/// bought, else of the answer.
pub(super) fn in_doubt(results: &Results, sizing: &Sizing, palette: Palette) -> Vec<String> {
    let safe = sizing.safe.as_ref().map(|safe| {
        let more = safe.cost_difference_usd_per_month.filter(|usd| *usd != 0.0);
        let more = more.map(|usd| {
            let (size, word) = (money(usd.abs()), if usd > 0.0 { "more" } else { "less" });
            format!("; {size} a month {word} than as written")
        });
        let text = format!("in doubt: {}{}", safe.explanation, more.unwrap_or_default());
        match safe.value {
            Some(value) if Some(value) == sizing.answer => palette.good(&text),
            Some(_) => palette.doubtful(&text),
            None => palette.bad(&text),
        }
    });
    let asked = sizing.bought.as_ref().map(|bought| bought.value).or(sizing.answer);
    let mut lines: Vec<String> = safe.into_iter().collect();
    for (i, line) in doubt::lines(results, palette).into_iter().enumerate() {
        let what = asked.filter(|_| i == 0).map(|value| format!("{} ", grouped(value))).unwrap_or_default();
        lines.push(format!("{what}{line}"));
    }
    lines
}

/// Says what a `?` in the table of values means; `None`: there is none.
pub(super) fn footnote(results: &Results, sizing: &Sizing) -> Option<&'static str> {
    let is_unknown = |row: &Row| row.cells.iter().any(|cell| cell == "?");
    table(results, sizing).iter().flatten().any(is_unknown).then_some(UNKNOWN_IN_TABLE)
}

/// Returns the columns of the table, and how wide each is in a text.
pub(super) fn headings(results: &Results, sizing: &Sizing) -> Vec<(&'static str, usize)> {
    let is_cut = cut_differs(sizing.evaluated.iter().filter_map(|e| played(results, e)));
    HEADINGS.into_iter().filter(|(name, _)| is_cut || *name != CUT).collect()
}

pub(super) struct Row {
    pub(super) cells: Vec<String>,
    is_marked: bool,
}

/// Returns the values that were tried, rising; `None` where some are left out.
pub(super) fn table(results: &Results, sizing: &Sizing) -> Vec<Option<Row>> {
    let tried = &sizing.evaluated;
    let is_marked =
        |value: u64| sizing.answer == Some(value) || sizing.bought.as_ref().is_some_and(|bought| bought.value == value);
    // Places that deserve to be seen with what is around them.
    let places: Vec<usize> = (0..tried.len())
        .filter(|i| {
            let turns = *i > 0 && tried[*i].verdict != tried[*i - 1].verdict;
            turns || *i == 0 || *i + 1 == tried.len() || is_marked(tried[*i].value)
        })
        .collect();
    let is_cut = headings(results, sizing).len() == HEADINGS.len();
    let mut rows = Vec::new();
    let mut skipped = false;
    for (i, evaluated) in tried.iter().enumerate() {
        if tried.len() > LONG && !places.iter().any(|place| place.abs_diff(i) < NEAR) {
            skipped = true;
            continue;
        }
        if std::mem::take(&mut skipped) {
            rows.push(None);
        }
        let point = played(results, evaluated);
        let verdict = match (evaluated.verdict, point.and_then(unbounded_share)) {
            _ if evaluated.refused.is_some() => "no scenario".to_owned(),
            (Judgement::Held, Some(failing)) => format!("holds, but {} fail", share(failing)),
            (Judgement::Held, None) => "holds".to_owned(),
            (Judgement::Failed, _) => "fails".to_owned(),
            (Judgement::Inconclusive, _) => "inconclusive".to_owned(),
        };
        let mut marks = Vec::new();
        if sizing.answer == Some(evaluated.value) {
            marks.push("answer");
        }
        if sizing.safe.as_ref().is_some_and(|safe| safe.value == Some(evaluated.value)) {
            marks.push("safe");
        }
        if sizing.bought.as_ref().is_some_and(|bought| bought.value == evaluated.value) {
            marks.push("bought");
        }
        let known = |name: &str| point.and_then(|p| p.value(name));
        let mut cells = vec![grouped(evaluated.value), verdict, throttled(point)];
        cells.extend(is_cut.then(|| known("truncation_rate").map_or_else(|| "?".to_owned(), share)));
        cells.push(known("e2e_p99_ms").map_or_else(|| "?".to_owned(), time));
        cells.push(known("cost_per_month_usd").map_or_else(|| "?".to_owned(), money));
        cells.push(marks.join(", "));
        rows.push(Some(Row { cells, is_marked: is_marked(evaluated.value) }));
    }
    rows
}

/// Says why values make no scenario, each reason once with the values that it is about.
pub(super) fn refusals(sizing: &Sizing) -> Vec<String> {
    let mut reasons: Vec<(&str, Vec<u64>)> = Vec::new();
    for (value, why) in sizing.evaluated.iter().filter_map(|e| Some((e.value, e.refused.as_deref()?))) {
        match reasons.iter_mut().find(|(known, _)| *known == why) {
            Some((_, values)) => values.push(value),
            None => reasons.push((why, vec![value])),
        }
    }
    let more = reasons.len().saturating_sub(MOST_REASONS);
    let told = |(why, values): &(&str, Vec<u64>)| match values.as_slice() {
        [.., last] if values.len() > 1 => {
            format!("{} to {} make no scenario: {why}", grouped(values[0]), grouped(*last))
        }
        _ => format!("{} makes no scenario: {why}", grouped(values[0])),
    };
    let mut lines: Vec<String> = reasons.iter().take(MOST_REASONS).map(told).collect();
    lines.extend((more > 0).then(|| format!("{more} more values give no valid scenario: results.json says why")));
    lines
}

fn throttled(point: Option<&Point>) -> String {
    let rate = point.and_then(|p| p.metrics.get("throttle_rate"));
    match rate.and_then(|e| e.estimate) {
        Some(0.0) => share(0.0),
        _ => interval(rate, Unit::Fraction),
    }
}

/// Returns the width of each column of the text \[characters\]: the usual one, or that of its cells where a verdict is
/// longer than usual.
fn widths(headings: &[(&str, usize)], rows: &[Option<Row>]) -> Vec<usize> {
    const GAP: usize = 2;
    const VERDICT: usize = 1;
    let widest = |i: usize| rows.iter().flatten().map(|row| row.cells[i].chars().count()).max().unwrap_or(0);
    if widest(VERDICT) <= headings[VERDICT].1 {
        return headings.iter().map(|(_, width)| *width).collect();
    }
    let is_figure = |i: usize| (2..headings.len() - 1).contains(&i);
    let width = |(i, (name, _)): (usize, &(&str, usize))| {
        widest(i).max(name.chars().count()) + if is_figure(i) { GAP } else { 0 }
    };
    headings.iter().enumerate().map(width).collect()
}

/// Returns a row of the text: numbers stand right in their columns, words left.
fn columns(cells: &[String], widths: &[usize]) -> String {
    let mut line = String::new();
    let last = widths.len() - 1;
    for (i, (cell, width)) in cells.iter().zip(widths).enumerate() {
        // Spaces that do not break keep a row together.
        let pad = "\u{a0}".repeat(width.saturating_sub(cell.chars().count()));
        let cell = cell.replace(' ', "\u{a0}");
        let is_number = i == 0 || (2..last).contains(&i);
        line += &if is_number { format!("{pad}{cell}") } else { format!("\u{a0}\u{a0}{cell}{pad}") };
    }
    line.trim_end().to_owned()
}

fn grouped(value: u64) -> String {
    super::figures::count(value as f64)
}

/// Returns lines on the expectations: those of the answer, else those that are not decided.
fn judgements(results: &Results, sizing: &Sizing, palette: Palette) -> Vec<String> {
    let at = |value: u64| played(results, sizing.evaluated.iter().find(|e| e.value == value)?);
    let told = |value: u64, which: &dyn Fn(Judgement) -> bool| {
        let expectations = at(value).map(|p| p.expectations.as_slice()).unwrap_or_default();
        let of = expectations.iter().filter(|e| which(e.verdict));
        of.map(|e| format!("at {}: {}", grouped(value), judged(e, palette))).collect::<Vec<_>>()
    };
    let mut lines = Vec::new();
    if let Some(answer) = sizing.answer {
        lines.extend(sizing.fails_to.map(|value| told(value, &|v| v != Judgement::Held)).unwrap_or_default());
        lines.extend(told(answer, &|_| true));
    } else {
        let doubtful = sizing.evaluated.iter().filter(|e| e.verdict == Judgement::Inconclusive).take(4);
        lines.extend(doubtful.flat_map(|e| told(e.value, &|v| v == Judgement::Inconclusive)));
        lines.extend(to_decide(results, sizing));
    }
    if let Some(short) = sizing.bought.as_ref().filter(|b| b.verdict == BoughtVerdict::Short)
        && sizing.fails_to != Some(short.value)
    {
        lines.extend(told(short.value, &|v| v == Judgement::Failed));
    }
    lines
}

/// Says how many replications would decide all values that are not decided, where there are several.
fn to_decide(results: &Results, sizing: &Sizing) -> Option<String> {
    let doubtful = sizing.evaluated.iter().filter(|e| e.verdict == Judgement::Inconclusive);
    let open = |e: &Evaluated| {
        let goals = played(results, e)?.expectations.iter().filter(|e| e.verdict == Judgement::Inconclusive);
        goals.map(|e| e.undecided.as_ref()?.replications).collect::<Option<Vec<u64>>>()?.into_iter().max()
    };
    let all = doubtful.clone().count();
    let needed: Vec<u64> = doubtful.filter_map(open).collect();
    let most = needed.iter().max().filter(|_| all > 1)?;
    let which = match needed.len() {
        n if n == all => format!("all {all} values"),
        n => format!("{n} of the {all} values"),
    };
    Some(format!("about {} replications would decide {which} that are inconclusive", grouped(*most)))
}

pub(super) fn frontier_heading(sizing: &Sizing) -> String {
    let names: Vec<&str> =
        sizing.frontier.first().map(|f| f.parameters.keys().map(String::as_str).collect()).unwrap_or_default();
    format!("{} by {}", sizing.vary, names.join(", "))
}

/// Returns the rows of the frontier: the parameters, the value that is enough for them, and its cost.
pub(super) fn frontier(sizing: &Sizing) -> Vec<[String; 3]> {
    let row = |f: &crate::results::FrontierPoint| {
        let values: Vec<String> = f.parameters.values().map(|v| v.to_string().trim_matches('"').to_owned()).collect();
        let value = match (f.state, f.answer) {
            (_, Some(answer)) => grouped(answer),
            _ => f.explanation.clone(),
        };
        let cost = match (f.answer, f.cost_per_month_usd) {
            (Some(_), Some(usd)) => format!("{} a month", money(usd)),
            (Some(_), None) => "cost not known".to_owned(),
            (None, _) => String::new(),
        };
        [values.join(", "), value, cost]
    };
    sizing.frontier.iter().map(row).collect()
}

//! A gate as a comment in a review: one row a scenario, with what was and what is.

use super::{Checked, count, owners, visible};
use crate::report::figures::{share, short};
use crate::report::marks;
use crate::results::Standing;
use crate::terms::Unit;

/// Returns the report of a gate as Markdown for a comment in a review: a table with one row for each scenario.
#[must_use]
pub fn gate_markdown(all: &[Checked]) -> String {
    let all = &visible(all)[..];
    let has_baseline = all.iter().any(|checked| checked.before.is_some());
    let columns: &[&str] = if has_baseline { &["Before", "Now"] } else { &["Now"] };
    let mut out =
        format!("## bedload check\n\n{}\n\n| | Scenario | {} | What was judged |\n", count(all), columns.join(" | "));
    out += &format!("|---|---|{}---|\n", "---|".repeat(columns.len()));
    for checked in all {
        let mut cells = vec![format!("**{}**", checked.word()), scenario(checked)];
        if has_baseline {
            cells.push(cell(checked.before.as_ref()));
        }
        cells.push(cell(checked.now.as_ref()));
        let judged = checked.cases.iter().map(|case| match checked.is_broken {
            true => case.text.lines().map(escaped).collect::<Vec<_>>().join("<br>"),
            false => format!("{}: {}", case.word(), escaped(&case.text)),
        });
        let owners = owners::lines(checked);
        cells.push(judged.chain(owners.iter().map(|line| escaped(line))).collect::<Vec<_>>().join("<br>"));
        out += &format!("| {} |\n", cells.join(" | "));
    }
    out.replace('\u{a0}', " ")
}

fn scenario(checked: &Checked) -> String {
    let file = marks::code_in_cell(&checked.file);
    if checked.title.is_empty() { file } else { format!("{file}<br>{}", escaped(&checked.title)) }
}

/// Returns the outcome of a run for a cell: the verdict, the share that fails, the bottleneck, the cost.
fn cell(standing: Option<&Standing>) -> String {
    let Some(standing) = standing else { return "–".to_owned() };
    let mut lines = vec![format!("{}, {} of requests fail", standing.verdict.name(), share(standing.failing_share))];
    lines.extend(standing.neck.as_ref().map(|neck| format!("bottleneck: {neck}")));
    lines.extend(standing.usd_per_month.map(per_month));
    lines.iter().map(|line| escaped(line)).collect::<Vec<_>>().join("<br>")
}

/// Returns an amount \[USD\] as a gate shows it: without cents where it is large.
fn dollars(usd: f64) -> String {
    short(usd, Unit::Usd)
}

fn per_month(usd: f64) -> String {
    format!("{} a month", dollars(usd))
}

/// Returns the outcome of a run, and what it was in the baseline where that differs, as lines for a terminal.
pub(super) fn standing(checked: &Checked) -> Vec<String> {
    let Some(now) = &checked.now else { return Vec::new() };
    let was = |text: Option<String>| text.map(|text| format!(" (was {text})")).unwrap_or_default();
    let before = checked.before.as_ref();
    let fails = |s: &Standing| format!("{}, {} of requests fail", s.verdict.name(), share(s.failing_share));
    let mut lines = vec![format!("{}{}", fails(now), was(before.map(fails).filter(|was| *was != fails(now))))];
    let neck = |s: &Standing| s.neck.clone();
    lines.extend(now.neck.as_ref().map(|path| {
        let was_other = before.and_then(neck).filter(|was| was != path);
        format!("bottleneck: {path}{}", was(was_other))
    }));
    lines.extend(now.usd_per_month.map(|usd| {
        let was_other = before.and_then(|s| s.usd_per_month).map(dollars).filter(|was| *was != dollars(usd));
        format!("{}{}", per_month(usd), was(was_other))
    }));
    lines
}

/// Returns a text for a cell of a table: nothing in it is markup, a cell or a line of its own.
fn escaped(text: &str) -> String {
    marks::plain(text)
}

//! The parts of the page below its answer.

use maud::{Markup, html};

use super::{PLAIN, Sheet};
use crate::charts::Subject;
use crate::report::doubt;
use crate::report::figures::{count, figure, interval, money as usd};
use crate::report::summary::{Story, bound};
use crate::results::{BillItem, Estimate, Expectation, Judgement, Point, Results};
use crate::terms::{self, Unit};

/// What chance does and what nobody knows, apart.
pub(super) fn certainty(results: &Results) -> Markup {
    let replications = results.points.first().map_or(0, |p| p.replications);
    html! {
        div class="two" {
            section {
                h2 { "What chance does" }
                p {
                    @if replications == 1 { "One replication: no interval is known. " }
                    @else { (count(replications as f64)) " replications; ± is the half-width of an interval. " }
                    "More of them make it narrower. It says nothing of a wrong input."
                }
            }
            section {
                h2 { "What nobody knows" }
                @for (i, line) in doubt::lines(results, PLAIN).iter().enumerate() {
                    @if i == 0 { p { (line) "." } } @else { div class=(indent(line)) { (line.trim()) } }
                }
                @if results.doubt.is_none() {
                    p { "Nothing was put in doubt. [doubt] in the scenario plays what AWS does not publish." }
                }
            }
        }
    }
}

fn indent(line: &str) -> &'static str {
    if line.starts_with(' ') { "fact in" } else { "fact" }
}

/// What was expected, and what came of it.
pub(super) fn verdicts(subject: &Subject<'_>) -> Markup {
    let one = subject.points.first().filter(|_| subject.points.len() == 1);
    let expectations: &[Expectation] = match one {
        Some(point) if subject.results.expectations.is_empty() => &point.expectations,
        _ => &subject.results.expectations,
    };
    if expectations.is_empty() {
        return html! {};
    }
    html! {
        h2 { "What is expected" }
        div class="scroll" tabindex="0" { table {
            thead { tr { th scope="col" { "Verdict" } th scope="col" { "Metric" } th scope="col" { "Bound" } th scope="col" { "Measured" } } }
            tbody { @for e in expectations { (verdict(e)) } }
        } }
    }
}

fn verdict(e: &Expectation) -> Markup {
    let unit = terms::parse_metric(&e.metric).map_or(Unit::Count, |m| m.term.unit);
    let (class, word) = match e.verdict {
        Judgement::Held => ("good", "held"),
        Judgement::Failed => ("bad", "failed"),
        Judgement::Inconclusive => ("open", "inconclusive"),
    };
    let measured = Estimate { estimate: e.estimate, half_width: e.half_width, n: 0 };
    html! {
        tr {
            td { span class={ "tag " (class) } { (word) } }
            td { code { (e.metric) } }
            td { (bound(e.at_least, e.at_most, unit)) }
            td { (interval(Some(&measured), unit)) }
        }
    }
}

/// The figures of a run as the terminal tells them, or those of points.
pub(super) fn story(subject: &Subject<'_>) -> Markup {
    const MOST: usize = 60;
    const SHOWN: [&str; 4] = ["throttle_rate", "e2e_p99_ms", "failure_rate", "cost_per_month_usd"];
    if let [point] = subject.points {
        let rows = Story::of(subject.results, point, PLAIN);
        let told = |label: &str| !["Expected", "Doubt", "Assumed", "Cost"].contains(&label);
        return html! {
            h2 { "Figures" }
            dl { @for row in rows.iter().filter(|row| told(row.label)) {
                dt { (row.label) } dd { @for line in &row.lines { div { (line.trim()) } } }
            } }
        };
    }
    let paths: Vec<&String> = subject.points.first().map(|p| p.parameters.keys().collect()).unwrap_or_default();
    let cell = |point: &Point, metric: &str| {
        let unit = terms::parse_metric(metric).map_or(Unit::Count, |m| m.term.unit);
        point.value(metric).map_or_else(|| "?".to_owned(), |x| figure(x, unit))
    };
    html! {
        h2 { "Points" }
        div class="scroll" tabindex="0" { table {
            thead { tr { th scope="col" { "Point" } @for path in &paths { th scope="col" { (path) } } @for m in SHOWN { th scope="col" { (m) } } } }
            tbody { @for point in subject.points.iter().take(MOST) { tr {
                td { (point.index) }
                @for path in &paths { td { (point.parameters.get(*path).map(|v| v.to_string().replace('"', "")).unwrap_or_default()) } }
                @for m in SHOWN { td class="number" { (cell(point, m)) } }
            } } }
        } }
        @if subject.points.len() > MOST { p { "The first " (MOST) " of " (subject.points.len()) "; points.csv has them all." } }
    }
}

/// The bill, with the list price and the discount where one is in force, and what is committed.
pub(super) fn money(subject: &Subject<'_>) -> Markup {
    let [point] = subject.points else { return html! {} };
    html! {
        @if !point.bill.is_empty() {
            h2 { "What it costs" }
            div class="scroll" tabindex="0" { (bill(&point.bill)) }
        }
        @if !point.commitments.is_empty() {
            p class="warn" { "Committed, whatever is used:" }
            ul { @for c in &point.commitments { li {
                (c.what) " of " (c.capacity) " (" (c.commitment) "): " (dollars(c.usd)) " until " (c.ends)
                @if let Some(list) = c.list_usd { ", " (usd(list)) " by list price" }
                "; it renews by itself unless it is ended"
            } } }
        }
    }
}

fn dollars(x: Option<f64>) -> String {
    x.map_or_else(|| "not known".to_owned(), usd)
}

fn bill(bill: &[BillItem]) -> Markup {
    const COLUMNS: [&str; 3] = ["In the run", "A month", "Once"];
    let is_discounted = bill.iter().any(|item| item.list.is_some());
    let cells = |amounts: [Option<f64>; 3]| html! { @for x in amounts { td class="number" { (dollars(x)) } } };
    let sum = |of: fn(&BillItem) -> [Option<f64>; 3]| [0, 1, 2].map(|i| bill.iter().map(|item| of(item)[i]).sum());
    let off = |item: &BillItem| {
        item.list.as_ref().map_or_else(|| "none".to_owned(), |list| figure(list.discount, Unit::Fraction))
    };
    html! { table {
        thead {
            @if is_discounted { tr {
                th scope="col" rowspan="2" { "For" } th scope="colgroup" colspan="3" { "List price" }
                th scope="col" rowspan="2" { "Discount" } th scope="colgroup" colspan="3" { "Due" }
            } }
            tr {
                @if is_discounted { @for name in COLUMNS { th scope="col" class="number" { (name) } } } @else { th scope="col" { "For" } }
                @for name in COLUMNS { th scope="col" class="number" { (name) } }
            }
        }
        tbody { @for item in bill { tr {
            td { (item.what) }
            @if is_discounted { (cells(item.listed())) td class="number" { (off(item)) } }
            (cells(item.due()))
        } } }
        @if bill.len() > 1 { tfoot { tr {
            th scope="row" { "Together" }
            @if is_discounted { (cells(sum(BillItem::listed))) td {} }
            (cells(sum(BillItem::due)))
        } } }
    } }
}

/// What the figures rest on.
pub(super) fn inputs(results: &Results) -> Markup {
    let tag = |why: &str| if why.starts_with("measured") { "measured by others" } else { "assumed" };
    html! {
        h2 { "What this rests on" }
        @if let Some(as_of) = &results.catalog_as_of {
            p { span class="tag" { "published" } " Limits, prices and latencies that the scenario does not state are the catalogue's; the oldest figure in use is of " (as_of) "." }
        }
        @if results.assumptions.is_empty() { p { "Everything else stands in the scenario." } } @else {
            p { "Everything that is not listed stands in the scenario." }
            div class="scroll" tabindex="0" { table {
                thead { tr { th scope="col" { "" } th scope="col" { "Input" } th scope="col" { "Value" } th scope="col" { "Why" } } }
                tbody { @for a in &results.assumptions { tr {
                    td { span class="tag open" { (tag(&a.why)) } } td { code { (a.path) } } td { (a.value) } td { (a.why) }
                } } }
            } }
        }
    }
}

pub(super) fn not_included(results: &Results) -> Markup {
    html! {
        h2 { "What is not in it" }
        ul {
            li { "A quota is an upper bound, not a guarantee: AWS may refuse before it is reached." }
            li { "Data transfer, logging, guardrails, support and taxes are no part of the cost. Prices are list prices, but where the scenario states a discount." }
            @for note in &results.notes { li { @if let Some(m) = &note.metric { code { (m) } ": " } (note.text) } }
        }
    }
}

pub(super) fn scenario(sheet: &Sheet<'_>) -> Markup {
    html! { @if let Some(text) = sheet.scenario { details { summary { "The scenario, " (sheet.subject.results.scenario.file) } pre tabindex="0" { (text) } } } }
}

/// The command that makes the document again.
fn command(results: &Results) -> String {
    let set = |flag: &str, overrides: &[&String]| {
        overrides.iter().map(|o| format!(" {flag} '{}'", o.replace('\'', "'\\''"))).collect::<String>()
    };
    let Some(comparison) = &results.comparison else {
        let verb = match results {
            Results { sizing: Some(_), .. } => "size",
            Results { points_total: 2.., .. } => "sweep",
            _ => "run",
        };
        let overrides: Vec<&String> = results.scenario.overrides.iter().collect();
        return format!("bedload {verb} {}{}", results.scenario.file, set("--set", &overrides));
    };
    // What is set on both sides comes first in both.
    let (a, b) = (&comparison.a.scenario, &comparison.b.scenario);
    let both = a.overrides.iter().collect::<Vec<_>>();
    let own: Vec<&String> = b.overrides.iter().skip(both.len()).collect();
    let other = if a.file == b.file { String::new() } else { format!(" {}", b.file) };
    format!("bedload compare {}{other}{}{}", a.file, set("--set-both", &both), set("--set", &own))
}

pub(super) fn reproduce(results: &Results) -> Markup {
    html! {
        h2 { "Make it again" }
        pre tabindex="0" { (command(results)) }
        p class="fine" { (results.tool.name) " " (results.tool.version) " · seed " (results.seed) " · scenario sha256 " code { (results.scenario.sha256) } ". The same scenario and seed give the same figures." }
    }
}

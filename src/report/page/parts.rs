//! The sections below the answer.

use super::{Block, Column, Line, Mood, PLAIN, Piece, Section, Sheet, Table, capital, code, said, text};
use crate::charts::Subject;
use crate::escape;
use crate::report::figures::{count, figure, money as usd, unknown, why_unknown};
use crate::report::summary::{Story, bound, measured};
use crate::report::{comparison, cost, doubt, owners, sizing};
use crate::results::{BillItem, Comparison, Expectation, JudgedTwice, Judgement, Point, Results, Sizing};
use crate::terms::{self, Unit};

/// Returns the sampling error and the unpublished rules, which are never mixed, as two sections.
pub(super) fn certainty(subject: &Subject<'_>) -> [Section; 2] {
    let results = subject.results;
    let chance = match subject.points.first().map_or(0, |p| p.replications) {
        1 => "One replication gives no confidence interval, so the sampling error is not known. Run more replications."
            .to_owned(),
        n => {
            let known = format!("{} replications; ± is the half-width of a confidence interval.", count(n as f64));
            format!("{known} More replications narrow it. It does not cover wrong inputs.")
        }
    };
    let mut lines = match (&results.sizing, &results.comparison) {
        (Some(sizing), _) => sizing::in_doubt(results, sizing, PLAIN),
        (None, Some(_)) => comparison::in_doubt(results, PLAIN),
        (None, None) => doubt::lines(results, PLAIN),
    };
    let nobody = if lines.is_empty()
        && results.points_total > 1
        && results.sizing.is_none()
        && results.comparison.is_none()
    {
        let why = " simulates each point under one reading of the unpublished rules. Simulate the point that you choose under all of them with ";
        let at = ".";
        vec![Block::Paragraph(vec![text("A sweep"), text(why), code("bedload run FILE --point K"), text(at)])]
    } else if lines.is_empty() {
        let why = " in the scenario simulates the other readings.";
        let one = "One reading of the unpublished rules was simulated. ";
        vec![Block::Paragraph(vec![text(one), code("doubt = \"default\""), text(why)])]
    } else {
        let first = format!("{}.", capital(&lines.remove(0)));
        vec![Block::Paragraph(vec![said(first)]), Block::Facts(lines)]
    };
    let is_own = results.doubt.as_ref().is_some_and(|doubt| !doubt.is_of_rules());
    [
        Section::of("Sampling error", vec![Block::Paragraph(vec![text(chance)])]),
        Section::of(if is_own { "What is in doubt" } else { "Unpublished rules" }, nobody),
    ]
}

/// Returns the expectations with their verdicts, the broken ones first and at most `most` of them; `None` where there
/// are none.
pub(super) fn expectations(subject: &Subject<'_>, most: usize) -> Option<Section> {
    let mut table = judged(subject)?;
    let left_out = table.lines.split_off(most.min(table.lines.len())).len();
    let mut blocks = vec![Block::Table(table)];
    if left_out > 0 {
        blocks.push(Block::Fine(vec![text(format!("The appendix lists {} more.", count(left_out as f64)))]));
    }
    Some(Section::of("Goals", blocks))
}

/// Returns the expectations that [`expectations`] leaves out; `None` where it shows all.
pub(super) fn remaining_expectations(subject: &Subject<'_>, most: usize) -> Option<Section> {
    let mut table = judged(subject)?;
    table.lines.drain(..most.min(table.lines.len()));
    (!table.lines.is_empty()).then(|| Section::of("Further goals", vec![Block::Table(table)]))
}

/// Returns the table of all expectations, the worst verdict first; `None` where there are none.
fn judged(subject: &Subject<'_>) -> Option<Table> {
    if let Some(comparison) = &subject.results.comparison {
        return judged_twice(comparison);
    }
    let expectations: &[Expectation] = match subject.point() {
        Some(point) if subject.results.expectations.is_empty() => &point.expectations,
        _ => &subject.results.expectations,
    };
    let mut worst_first: Vec<&Expectation> = expectations.iter().collect();
    worst_first.sort_by_key(|e| std::cmp::Reverse(e.verdict));
    let rows = worst_first.into_iter().map(|e| {
        let unit = unit(&e.metric);
        let is = e.estimate.map_or_else(|| unknown(&e.metric), |_| measured(e, unit));
        let open = e.undecided.as_ref().filter(|_| e.estimate.is_some());
        let open = open.map(|open| format!("; {}", open.why)).unwrap_or_default();
        vec![tag(Some(e.verdict)), code(&e.metric), text(bounded(e.at_least, e.at_most, unit)), said(is + &open)]
    });
    let columns = ["Verdict", "Metric", "Bound", "Measured"].map(Column::words).to_vec();
    let table = Table { name: "Goals and verdicts", columns, lines: rows.map(Line::Cells).collect() };
    (!table.lines.is_empty()).then_some(table)
}

fn judged_twice(comparison: &Comparison) -> Option<Table> {
    let mut worst_first: Vec<&JudgedTwice> = comparison.expectations.iter().collect();
    worst_first.sort_by_key(|e| std::cmp::Reverse(e.judgement()));
    let row = |e: &JudgedTwice| {
        let bound = bounded(e.at_least, e.at_most, unit(&e.metric));
        vec![code(&e.metric), text(bound), tag(e.a), tag(e.b)]
    };
    let [on_a, on_b] = [&comparison.a.name, &comparison.b.name];
    let columns = ["Metric", "Bound", on_a, on_b].map(Column::words).to_vec();
    let lines: Vec<Line> = worst_first.into_iter().map(row).map(Line::Cells).collect();
    let table = Table { name: "Goals and verdicts on both sides", columns, lines };
    (!table.lines.is_empty()).then_some(table)
}

/// Keeps a sign with its figure.
fn bounded(at_least: Option<f64>, at_most: Option<f64>, unit: Unit) -> String {
    bound(at_least, at_most, unit).replace("= ", "=\u{a0}")
}

fn tag(verdict: Option<Judgement>) -> Piece {
    match verdict {
        Some(Judgement::Held) => Piece::Tag(Mood::Good, "held"),
        Some(Judgement::Failed) => Piece::Tag(Mood::Bad, "failed"),
        Some(Judgement::Inconclusive) => Piece::Tag(Mood::Open, "inconclusive"),
        None => Piece::Tag(Mood::Plain, "not stated"),
    }
}

pub(super) fn unit(metric: &str) -> Unit {
    terms::parse_metric(metric).map_or(Unit::Count, |m| m.term.unit)
}

/// Returns the figures: of a run as a terminal shows them, of a comparison, of a size, or of points.
pub(super) fn story(subject: &Subject<'_>) -> Section {
    let results = subject.results;
    if let Some(comparison) = &results.comparison {
        return differences(results, comparison);
    }
    let mut blocks = results.sizing.as_ref().map(|sizing| tried(results, sizing)).unwrap_or_default();
    if let Some(point) = subject.point() {
        let left_out = ["Decision", "Goals", "Doubt", "Assumed", "Cost", "Notes", "Owners"];
        let told = |label: &str| !left_out.contains(&label);
        let rows = Story::of(results, point, PLAIN).into_iter().filter(|row| told(row.label)).collect();
        if results.sizing.is_some() {
            blocks.push(Block::Paragraph(vec![text("At the answer:")]));
        }
        blocks.push(Block::Figures(rows));
        blocks.extend(owners(point));
    }
    if results.sizing.is_some() || subject.points.len() == 1 {
        return Section::of("Detailed results", blocks);
    }
    Section::of("Design points", super::points::points(subject))
}

/// Returns the table of each owner's use of each limit; `None` when the scenario names no owners.
fn owners(point: &Point) -> Option<Block> {
    let [words, numbers] = [Column::words, Column::numbers];
    let of = [words, numbers, numbers, words, numbers, numbers];
    let columns = of.iter().zip(owners::COLUMNS).map(|(column, name)| column(&capital(name))).collect();
    let lines: Vec<Line> = owners::rows(point).into_iter().map(|row| Line::Cells(row.map(text).to_vec())).collect();
    (!lines.is_empty()).then_some(Block::Table(Table { name: "Use of each limit by owner", columns, lines }))
}

fn differences(results: &Results, comparison: &Comparison) -> Section {
    let confidence = format!("Change ± {} interval", figure(comparison.confidence, Unit::Fraction));
    let columns = [
        Column::words("Metric"),
        Column::numbers(&comparison.a.name),
        Column::numbers(&comparison.b.name),
        Column::numbers(&confidence),
        Column::words(&format!("{} is", comparison.b.name)),
    ];
    let all = comparison::rows(comparison);
    let unknown = all.iter().filter(|(_, cells, _)| cells.iter().any(|cell| cell == "?"));
    let footnotes = unknown.map(|(name, ..)| {
        let why = if name.ends_with("cost_per_month_usd") { cost::why_no_month(results) } else { None };
        Block::Fine(vec![text(format!("? in {name}: {}.", why.unwrap_or_else(|| why_unknown(name))))])
    });
    let footnotes: Vec<Block> = footnotes.collect();
    let rows = all
        .into_iter()
        .map(|(name, [a, b, difference], word)| vec![code(name), text(a), text(b), text(difference), text(word)]);
    let table = Table {
        name: "Differences between the sides",
        columns: columns.to_vec(),
        lines: rows.map(Line::Cells).collect(),
    };
    let [a, b] = comparison::sides(comparison);
    let blocks = [
        Block::List(vec![
            vec![text(format!("{}: ", comparison.a.name)), text(a)],
            vec![text(format!("{}: ", comparison.b.name)), text(b)],
            vec![text(comparison::played(results, comparison))],
        ]),
        Block::Table(table),
    ];
    Section::of("Differences", blocks.into_iter().chain(footnotes).collect())
}

/// Returns the values that were tried, and the answer along a second axis.
fn tried(results: &Results, sizing: &Sizing) -> Vec<Block> {
    let pieces = |cells: Vec<String>| cells.into_iter().map(text).collect::<Vec<_>>();
    let headings = sizing::headings(results, sizing);
    let columns = headings.iter().enumerate().map(|(i, (name, _))| match (i, *name) {
        (0, _) => Column::numbers(&sizing.vary),
        (_, "") => Column::words("which is"),
        (1, name) => Column::words(name),
        (_, name) => Column::numbers(name),
    });
    let rows = sizing::table(results, sizing)
        .into_iter()
        .map(|row| pieces(row.map_or_else(|| vec!["…".to_owned(); headings.len()], |row| row.cells)));
    let mut blocks = vec![Block::Table(Table {
        name: "Values tried",
        columns: columns.collect(),
        lines: rows.map(Line::Cells).collect(),
    })];
    let refusals = sizing::refusals(sizing);
    blocks.extend((!refusals.is_empty()).then_some(Block::Facts(refusals)));
    blocks.extend(sizing::footnote(results, sizing).map(|line| Block::Fine(vec![text(format!("{line}."))])));
    if !sizing.frontier.is_empty() {
        let columns = ["For", "Value", "Cost"].map(Column::words).to_vec();
        let rows = sizing::frontier(sizing).into_iter().map(|cells| pieces(cells.to_vec()));
        blocks.push(Block::Paragraph(vec![text(sizing::frontier_heading(sizing)), text(":")]));
        blocks.push(Block::Table(Table {
            name: "The answer along the second axis",
            columns,
            lines: rows.map(Line::Cells).collect(),
        }));
    }
    blocks
}

/// Returns the section of the bill and of the commitments.
pub(super) fn money(subject: &Subject<'_>) -> Option<Section> {
    let point = subject.point()?;
    let reasons = cost::unknowns(subject.results, point);
    let mut blocks: Vec<Block> =
        reasons.iter().map(|why| Block::Paragraph(vec![said(format!("{}.", capital(why)))])).collect();
    if !point.bill.is_empty() {
        blocks.push(Block::Table(bill(&point.bill)));
    }
    if !point.commitments.is_empty() {
        let told = point.commitments.iter().map(|c| {
            let due = format!("{} of {} ({}): {} until {}", c.what, c.capacity, c.commitment, dollars(c.usd), c.ends);
            let list = c.list_usd.map(|list| format!(", {} by list price", usd(list))).unwrap_or_default();
            vec![text(format!("{due}{list}; it renews by itself unless it is ended"))]
        });
        blocks.push(Block::Warning("Committed, whether used or not:".to_owned()));
        blocks.push(Block::List(told.collect()));
    }
    (!blocks.is_empty()).then(|| Section::of("Cost per month", blocks))
}

pub(super) fn dollars(x: Option<f64>) -> String {
    x.map_or_else(|| "not known".to_owned(), usd)
}

/// Returns what an item of the bill is for, and its capacity where the words do not name it.
fn what(item: &BillItem) -> String {
    match item.capacity.as_ref().filter(|name| !item.what.contains(name.as_str())) {
        Some(capacity) => format!("{} of {capacity}", item.what),
        None => item.what.clone(),
    }
}

/// Returns the bill as a table: what is due and, where a discount is agreed on, what it would be by list price.
fn bill(items: &[BillItem]) -> Table {
    let is_discounted = items.iter().any(|item| item.list.is_some());
    let line = |what: &str, listed: [Option<f64>; 3], off: &str, due: [Option<f64>; 3]| {
        let before = [dollars(listed[1]), off.to_owned()].into_iter().filter(|_| is_discounted);
        let cells = [what.to_owned()].into_iter().chain(before).chain(due.map(dollars));
        cells.map(text).collect::<Vec<Piece>>()
    };
    let off = |item: &BillItem| {
        item.list.as_ref().map_or_else(|| "none".to_owned(), |list| figure(list.discount, Unit::Fraction))
    };
    let sum = |of: fn(&BillItem) -> [Option<f64>; 3]| [0, 1, 2].map(|i| items.iter().map(|item| of(item)[i]).sum());
    let mut lines: Vec<Line> =
        items.iter().map(|item| Line::Cells(line(&what(item), item.listed(), &off(item), item.due()))).collect();
    if items.len() > 1 {
        lines.push(Line::Total(line("Total", sum(BillItem::listed), "", sum(BillItem::due))));
    }
    let before = ["A month by list price", "Discount"].into_iter().filter(|_| is_discounted);
    let amounts = before.chain(["In the run", "A month", "Once"]).map(Column::numbers);
    Table { name: "The bill", columns: [Column::words("For")].into_iter().chain(amounts).collect(), lines }
}

pub(super) fn not_included(results: &Results) -> Section {
    let promise = "A quota is an upper bound, not a guarantee: AWS may refuse requests before the quota is used up.";
    let costs = "The cost leaves out data transfer, logging, guardrails, support and taxes. Prices are list prices, except where \
                 the scenario states a discount.";
    let notes = results.notes.iter().map(|note| match &note.metric {
        // What limits the answer stands alone, and needs no key.
        Some(metric) if !note.is_caveat => vec![code(metric), text(": "), said(&note.text)],
        _ => vec![said(&note.text)],
    });
    let items = [promise, costs].into_iter().map(|line| vec![text(line)]).chain(notes).collect();
    Section::of("Not included", vec![Block::List(items)])
}

/// Returns the scenario and the command that makes the document again.
pub(super) fn reproduce(sheet: &Sheet<'_>) -> Section {
    let results = sheet.subject.results;
    let scenario = sheet.scenario.map(|text| {
        Block::Folded(format!("The scenario, {}", results.scenario.file), escape::lines(text).into_owned())
    });
    let tool = format!("{} {} · seed {} · scenario sha256 ", results.tool.name, results.tool.version, results.seed);
    let fine =
        vec![text(tool), code(&results.scenario.sha256), text(". The same scenario and seed give the same figures.")];
    let blocks = [Block::Command(command(results)), Block::Fine(fine)];
    Section::of("How to reproduce", blocks.into_iter().chain(scenario).collect())
}

/// Returns the command that makes the document again.
fn command(results: &Results) -> String {
    let set = |flag: &str, overrides: &[&String]| {
        let typed = |o: &&String| match o.strip_prefix("--catalog ") {
            Some(file) => format!(" --catalog {}", quoted(file)),
            None => format!(" {flag} {}", quoted(o)),
        };
        overrides.iter().map(typed).collect::<String>()
    };
    let Some(comparison) = &results.comparison else {
        let verb = match results {
            Results { sizing: Some(_), .. } => "size",
            Results { points_total: 2.., .. } => "sweep",
            _ => "run",
        };
        // One point of a sweep, played by itself: what makes it that point is not set again.
        let alone = results.points.first().filter(|p| verb == "run" && !p.parameters.is_empty());
        let is_given = |set: &&String| {
            let path = set.split('=').next().unwrap_or_default();
            alone.is_none_or(|point| !point.parameters.contains_key(path))
        };
        let overrides: Vec<&String> = results.scenario.overrides.iter().filter(is_given).collect();
        let alone = alone.map(|point| format!(" --point {}", point.index)).unwrap_or_default();
        return format!("bedload {verb} {}{alone}{}", file(&results.scenario.file), set("--set", &overrides));
    };
    // What is set on both sides comes first in both.
    let (a, b) = (&comparison.a.scenario, &comparison.b.scenario);
    let both = a.overrides.iter().collect::<Vec<_>>();
    let own: Vec<&String> = b.overrides.iter().skip(both.len()).collect();
    let other = if a.file == b.file { String::new() } else { format!(" {}", file(&b.file)) };
    format!("bedload compare {}{other}{}{}", file(&a.file), set("--set-both", &both), set("--set", &own))
}

/// Returns the name of a file for a shell: most names need no quotes.
fn file(name: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "._-/".contains(c);
    if name.chars().all(is_plain) { name.to_owned() } else { quoted(name) }
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

//! The review of a document, from which one can decide: the question, the answer, how sure it is, the drawings, what it
//! rests on and what it leaves out. [`review`] makes it as data, once; `html` and `markdown` lay it out.

mod html;
mod inputs;
mod markdown;
mod parts;
mod points;

pub use html::html;
pub use markdown::review_markdown;

use std::borrow::Cow;

use super::Tale;
use super::figures::Palette;
use super::summary::Row;
use crate::charts::{self, Drawing, Subject};
use crate::escape;
use crate::report::verdict;
use crate::results::{Comparison, Doubt, JudgedTwice, Judgement, Point, Results};

/// The most expectations that the decision shows, the broken ones first; the appendix has the rest.
const MOST_EXPECTATIONS: usize = 10;
/// The most charts that the decision shows, so that they share one printed page.
const MOST_CHARTS: usize = 2;
/// The charts that serve a decision best, the best first: the answer of a study, then what fills up and how late answers come.
const MAIN: [&str; 12] = [
    "size_curve",
    "compare_differences",
    "cost_by_volume",
    "sweep_map",
    "sweep_lines",
    "sweep_pareto",
    "doubt_tornado",
    "quota_use",
    "unit_utilization",
    "latency_cdf",
    "served_by_capacity",
    "cost_by_component",
];
/// The chart that serves best where a daily limit is the bottleneck.
const DAILY: &str = "throttles_over_time";
const PLAIN: Palette = Palette { colour: false };

/// The input of a review: a document, and the scenario of which it is the result.
#[derive(Debug, Clone, Copy)]
pub struct Sheet<'s> {
    pub subject: Subject<'s>,
    /// The scenario as it is written; `None`: it is not at hand.
    pub scenario: Option<&'s str>,
}

/// The content of a review, in its order.
#[derive(Debug, Clone)]
pub struct Review {
    /// The question, as the author of the scenario asked it.
    pub(super) question: String,
    /// The judgement of the answer; `None`: nothing was expected.
    pub(super) judgement: Option<Judgement>,
    /// The answer: its first line answers, the others explain.
    pub(super) answer: Vec<Piece>,
    /// The sampling error and the unpublished rules, side by side where there is room.
    pub(super) certainty: [Section; 2],
    /// The rest of what a decision needs. Together with the answer it fits two printed pages.
    pub(super) decision: Vec<Section>,
    /// Everything else, from a new printed page on.
    pub(super) appendix: Vec<Section>,
}

/// A heading and what stands under it.
#[derive(Debug, Clone)]
pub(super) struct Section {
    pub(super) heading: &'static str,
    pub(super) blocks: Vec<Block>,
}

/// A part of a section.
#[derive(Debug, Clone)]
pub(super) enum Block {
    Paragraph(Vec<Piece>),
    /// A warning, which deserves to be seen before the rest.
    Warning(String),
    /// A paragraph in small print.
    Fine(Vec<Piece>),
    /// Facts, one on each line; one that begins with a space belongs to the line before.
    Facts(Vec<String>),
    List(Vec<Vec<Piece>>),
    Table(Table),
    /// A table of texts, whose cells wrap so that the page never clips or scrolls them.
    Wrapped(Table),
    /// Labels, and the lines under each.
    Figures(Vec<Row>),
    Drawings(Vec<Drawing>),
    /// A text that is opened by whoever wants it: what it is, and the text.
    Folded(String, String),
    /// A command that is typed into a shell.
    Command(String),
}

/// A piece of a line.
#[derive(Debug, Clone)]
pub(super) enum Piece {
    Text(String),
    /// A text in which names and keys stand between backticks.
    Said(String),
    /// A name or a key, as a scenario writes it.
    Code(String),
    /// A word that says where something stands.
    Tag(Mood, &'static str),
}

/// The look of a tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mood {
    Plain,
    Good,
    Bad,
    Open,
}

/// A table: rows of cells under the names of their columns.
#[derive(Debug, Clone)]
pub(super) struct Table {
    /// The content of the table in words, for readers who cannot see where the table stands.
    pub(super) name: &'static str,
    pub(super) columns: Vec<Column>,
    pub(super) lines: Vec<Line>,
}

/// A line of a table.
#[derive(Debug, Clone)]
pub(super) enum Line {
    /// A heading with what the lines below it, up to the next group, have in common.
    Group(Vec<Piece>),
    Cells(Vec<Piece>),
    /// The sum of those above.
    Total(Vec<Piece>),
}

#[derive(Debug, Clone)]
pub(super) struct Column {
    pub(super) name: String,
    pub(super) is_number: bool,
}

impl Column {
    fn words(name: &str) -> Self {
        Self { name: name.to_owned(), is_number: false }
    }

    fn numbers(name: &str) -> Self {
        Self { name: name.to_owned(), is_number: true }
    }
}

impl Section {
    fn of(heading: &'static str, blocks: Vec<Block>) -> Self {
        Self { heading, blocks }
    }
}

fn text(text: impl Into<String>) -> Piece {
    Piece::Text(text.into())
}

fn said(text: impl Into<String>) -> Piece {
    Piece::Said(text.into())
}

fn code(text: impl Into<String>) -> Piece {
    Piece::Code(text.into())
}

/// Returns the parts of a text between backticks, which are names, and those around them; a backtick by itself is a
/// letter.
fn parts_of(text: &str) -> Vec<Piece> {
    if text.matches('`').count() % 2 == 1 {
        return vec![self::text(text)];
    }
    let parts = text.split('`').enumerate().filter(|(_, part)| !part.is_empty());
    parts.map(|(i, part)| if i % 2 == 0 { self::text(part) } else { code(part) }).collect()
}

/// Returns the review of a document.
///
/// # Errors
/// A chart cannot be drawn.
pub fn review(sheet: &Sheet<'_>) -> Result<Review, charts::ChartError> {
    let results = &*escape::document(sheet.subject.results);
    // The points of a large sweep stand beside the document.
    let points: Cow<'_, [Point]> = match sheet.subject.points {
        own if std::ptr::eq(own, sheet.subject.results.points.as_slice()) => Cow::Borrowed(&results.points),
        others => others.iter().map(|point| escape::document(point).into_owned()).collect(),
    };
    let subject = &Subject { results, points: &points };
    let sheet = &Sheet { subject: *subject, scenario: sheet.scenario };
    let drawings = charts::draw_all(subject)?;
    let question = if results.scenario.title.is_empty() {
        format!("{}{}", results.scenario.file, results.heading())
    } else {
        results.heading()
    };
    let (judgement, answer) = answer(subject, &drawings);
    let (first, rest) = split(drawings, is_daily(subject));
    let charts = |drawings: Vec<Drawing>, heading| {
        (!drawings.is_empty()).then(|| Section::of(heading, vec![Block::Drawings(drawings)]))
    };
    let decision =
        [parts::expectations(subject, MOST_EXPECTATIONS), parts::money(subject), charts(first, "Main charts")];
    let appendix = [
        parts::remaining_expectations(subject, MOST_EXPECTATIONS),
        charts(rest, "Further charts"),
        Some(parts::story(subject)),
        Some(inputs::inputs(results)),
        Some(parts::not_included(results)),
        Some(parts::reproduce(sheet)),
    ];
    Ok(Review {
        question,
        judgement,
        answer: answer.lines().map(said).collect(),
        certainty: parts::certainty(subject),
        decision: decision.into_iter().flatten().collect(),
        appendix: appendix.into_iter().flatten().collect(),
    })
}

/// Splits drawings into those that the decision shows and those of the appendix: one each of the first kinds of [`MAIN`] that
/// there are. Where a daily limit is the neck, the refusals over time come before all, because they show from when on it refuses.
fn split(drawings: Vec<Drawing>, is_daily: bool) -> (Vec<Drawing>, Vec<Drawing>) {
    let is_of = |drawing: &Drawing, kind: &str| {
        drawing.name.strip_prefix(kind).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
    };
    let first = if is_daily { &[DAILY][..] } else { &[] };
    let found = first.iter().chain(&MAIN).filter_map(|kind| drawings.iter().position(|drawing| is_of(drawing, kind)));
    let chosen: Vec<usize> = found.take(MOST_CHARTS).collect();
    let main = chosen.iter().map(|i| drawings[*i].clone()).collect();
    let rest = drawings.into_iter().enumerate().filter(|(i, _)| !chosen.contains(i)).map(|(_, drawing)| drawing);
    (main, rest.collect())
}

/// Returns whether a daily limit is the bottleneck of the one point that the document is about.
fn is_daily(subject: &Subject<'_>) -> bool {
    let neck = subject.point().and_then(|point| point.basis.neck.as_ref());
    neck.is_some_and(|neck| neck.path.ends_with(".tpd"))
}

impl Review {
    /// Returns the drawings that it shows.
    #[must_use]
    pub fn drawings(&self) -> Vec<Drawing> {
        let blocks = self.decision.iter().chain(&self.appendix).flat_map(|section| &section.blocks);
        let drawings =
            blocks.filter_map(|block| if let Block::Drawings(drawings) = block { Some(drawings) } else { None });
        drawings.flatten().cloned().collect()
    }
}

/// Returns how good the answer is, and its text: the first line answers, the others explain.
fn answer(subject: &Subject<'_>, drawings: &[Drawing]) -> (Option<Judgement>, String) {
    let results = subject.results;
    if let Some(sizing) = &results.sizing {
        let bought = super::sizing::bought(sizing).map(|line| format!("\n{}.", capital(&line))).unwrap_or_default();
        let hangs = results.doubt.as_ref().is_some_and(Doubt::hangs);
        let judgement = if hangs { sizing.judgement().max(Judgement::Inconclusive) } else { sizing.judgement() };
        let lost =
            super::sizing::lost(results, sizing).map(|line| format!("\n{}.", capital(&line))).unwrap_or_default();
        let is_unpriced = subject.point().is_none_or(|point| point.value("cost_per_month_usd").is_none());
        let why = no_month(results).filter(|_| is_unpriced);
        let why = why.map(|why| format!("\n{}.", capital(&why))).unwrap_or_default();
        return (Some(judgement), format!("{}.{lost}{bought}{why}", capital(&sizing.explanation)));
    }
    if let Some(comparison) = &results.comparison {
        // The bar tells of the side that is proposed, so that goals that fail on both sides do not look good.
        let proposed = comparison.expectations.iter().filter_map(|e| e.b).max();
        let worst = proposed.or_else(|| comparison.expectations.iter().map(JudgedTwice::judgement).max());
        let lines = kept(comparison).into_iter().chain(super::cut_short::cut_short(comparison));
        let lines = lines.chain(super::comparison::cost(comparison));
        let is_unknown = comparison.differences.get("cost_per_month_usd").is_none_or(|d| d.difference.is_none());
        let lines = lines.chain(no_month(results).filter(|_| is_unknown));
        // A side keeps its name as it is written.
        let is_named = |line: &str| [&comparison.a, &comparison.b].iter().any(|side| line.starts_with(&side.name));
        let sentence = |line: String| if is_named(&line) { format!("{line}.") } else { format!("{}.", capital(&line)) };
        return (worst, lines.map(sentence).collect::<Vec<_>>().join("\n"));
    }
    if results.points_total > 1 {
        let mut tale = Tale::default();
        subject.points.iter().for_each(|point| tale.add(point));
        tale.add_drawings(drawings);
        let why = no_month(results).map(|why| format!("\n{}.", capital(&why))).unwrap_or_default();
        return (None, tale.answer(results, PLAIN) + &why);
    }
    let Some(point) = subject.points.first() else { return (None, "The results hold no design point.".to_owned()) };
    if results.decision.is_some() {
        let lines = super::decision::lines(results, point);
        let lines: Vec<String> = lines.iter().map(|line| format!("{}.", capital(line))).collect();
        return (super::decision::standing(results, point), lines.join("\n"));
    }
    let judgement = Judgement::worst(&results.expectations);
    (judgement, of_a_run(results, judgement, point))
}

/// Says why the cost of a month is not known; `None`: it is.
pub(super) fn no_month(results: &Results) -> Option<String> {
    super::cost::why_no_month(results).map(|why| format!("the cost per month is not known: {why}"))
}

/// Says how the stated goals fare on the sides; `None`: none is stated.
fn kept(comparison: &Comparison) -> Option<String> {
    let (name_a, name_b) = (&comparison.a.name, &comparison.b.name);
    let of = |side: fn(&JudgedTwice) -> Option<Judgement>| comparison.expectations.iter().filter_map(side).max();
    let told = |judgement: Judgement, on: &str| match judgement {
        Judgement::Held => format!("every stated goal holds on {on}"),
        Judgement::Failed => format!("at least one stated goal fails on {on}"),
        Judgement::Inconclusive => format!("no stated goal fails on {on}, but not all are decided"),
    };
    match (of(|e| e.a), of(|e| e.b)) {
        (Some(a), Some(b)) if a == b => Some(told(a, "both sides")),
        (Some(a), Some(b)) => Some(format!("{}; {}", told(b, name_b), told(a, name_a))),
        (Some(a), None) => Some(told(a, name_a)),
        (None, Some(b)) => Some(told(b, name_b)),
        (None, None) => None,
    }
}

/// Returns the answer of a document without a decision, as one point of a sweep has it.
fn of_a_run(results: &Results, judgement: Option<Judgement>, point: &Point) -> String {
    let verdict = format!("{}.", capital(&verdict::sentence(point)));
    match judgement {
        Some(_) => format!("{}.\n{verdict}", capital(&verdict::goals(&results.expectations, &point.basis))),
        None => format!("{verdict}\nThe file states no goal."),
    }
}

/// Begins a sentence with a capital letter, unless it begins with a name: a side of a comparison, or a key such as
/// `capacities.us.tpm`.
pub(super) fn capital(text: &str) -> String {
    let first = text.split(' ').next().unwrap_or_default();
    if ["a", "b"].contains(&first) || first.trim_end_matches(['.', ',', ':']).contains(['.', '_']) {
        return text.to_owned();
    }
    let mut chars = text.chars();
    chars.next().map(|c| c.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

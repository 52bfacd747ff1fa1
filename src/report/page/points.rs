//! The table of a sweep's design points.

use super::parts::{dollars, unit};
use super::{Block, Column, Line, Mood, Piece, Table, capital, no_month, text};
use crate::charts::Subject;
use crate::report::Tale;
use crate::report::figures::{figure, share, why_unknown};
use crate::report::sweep::{TRUNCATION, cut_differs, value};
use crate::report::verdict::unbounded_share;
use crate::results::{Judgement, Point, Results};

/// The most points of which a table holds all; of more it holds those that the summary shows.
const MOST_POINTS: usize = 60;
/// The most goals whose metrics the table shows.
const MOST_GOALS: usize = 3;
/// The metrics of every table, after those of the goals.
const USUAL: [&str; 3] = ["failure_rate", "throttle_rate", "e2e_p99_ms"];
const UNKNOWN: &str = "?";

/// Returns the table of the points with its footnotes.
pub(super) fn points(subject: &Subject<'_>) -> Vec<Block> {
    if subject.points.len() <= MOST_POINTS {
        return of(subject.results, subject.points);
    }
    let mut tale = Tale::default();
    subject.points.iter().for_each(|point| tale.add(point));
    let (points, which) = tale.shown();
    let heading = Block::Paragraph(vec![text(which.trim())]);
    [heading].into_iter().chain(of(subject.results, points)).collect()
}

fn of(results: &Results, points: &[Point]) -> Vec<Block> {
    let paths: Vec<&String> = points.first().map(|p| p.parameters.keys().collect()).unwrap_or_default();
    let metrics = metrics(points);
    // A term of a month is due in the month: the cost of the month has it already.
    let due = |point: &Point| point.commitments.iter().map(|c| c.usd).sum::<Option<f64>>();
    let is_bound = points.iter().any(|p| !p.commitments.is_empty() && due(p) != p.value("cost_per_month_usd"));
    let row = |point: &Point| {
        let mut row = vec![text(point.index.to_string()), Piece::Tag(Mood::Plain, point.verdict.name())];
        row.extend(goals(point));
        row.extend(paths.iter().map(|path| text(value(point.parameters.get(*path)))));
        row.extend(metrics.iter().map(|metric| text(cell(point, metric))));
        if is_bound {
            row.push(text(if point.commitments.is_empty() { "nothing".to_owned() } else { dollars(due(point)) }));
        }
        Line::Cells(row)
    };
    let mut columns = ["Point", "Verdict"].map(Column::words).to_vec();
    columns.extend(points.iter().any(|point| !point.expectations.is_empty()).then(|| Column::words("Goals")));
    columns.extend(paths.iter().map(|path| Column::words(path)));
    columns.extend(metrics.iter().map(|metric| Column::numbers(metric)));
    columns.extend(is_bound.then(|| Column::numbers("committed")));
    let table = Block::Table(Table { name: "Points", columns, lines: points.iter().map(row).collect() });
    [table].into_iter().chain(footnotes(results, points, &metrics)).collect()
}

/// Returns the metrics of the columns, each once: the cost, those of the first goals, and the usual ones.
fn metrics(points: &[Point]) -> Vec<String> {
    let has_month = points.iter().any(|point| point.value("cost_per_month_usd").is_some());
    let mut metrics = vec![if has_month { "cost_per_month_usd" } else { "cost_usd" }.to_owned()];
    let mut add = |metric: &str, most: usize| {
        if metrics.len() <= most && !metrics.iter().any(|known| known == metric) {
            metrics.push(metric.to_owned());
        }
    };
    points.first().iter().flat_map(|p| &p.expectations).for_each(|e| add(&e.metric, MOST_GOALS));
    USUAL.iter().for_each(|metric| add(metric, usize::MAX));
    if cut_differs(points) {
        add(TRUNCATION, usize::MAX);
    }
    metrics
}

fn cell(point: &Point, metric: &str) -> String {
    point.value(metric).map_or_else(|| UNKNOWN.to_owned(), |x| figure(x, unit(metric)))
}

/// Returns how the goals fare at a point; `None`: none is stated.
fn goals(point: &Point) -> Option<Piece> {
    Some(match (Judgement::worst(&point.expectations)?, unbounded_share(point)) {
        (Judgement::Held, Some(failing)) => text(format!("meets; {} fail", share(failing))),
        (Judgement::Held, None) => Piece::Tag(Mood::Good, "meets"),
        (Judgement::Failed, _) => Piece::Tag(Mood::Bad, "fails"),
        (Judgement::Inconclusive, _) => Piece::Tag(Mood::Open, "undecided"),
    })
}

/// Says why figures are not known, for each column that lacks some.
fn footnotes(results: &Results, points: &[Point], metrics: &[String]) -> Vec<Block> {
    let lacks = |metric: &&String| points.iter().any(|point| point.value(metric).is_none());
    let told = metrics.iter().filter(lacks).map(|metric| {
        let why = format!("? in {metric}: {}", why_unknown(metric));
        Block::Fine(vec![text(format!("{why}."))])
    });
    let is_dear = metrics.first().is_some_and(|cost| cost == "cost_usd");
    let month = no_month(results).filter(|_| is_dear);
    told.chain(month.map(|why| Block::Fine(vec![text(format!("{}.", capital(&why)))]))).collect()
}

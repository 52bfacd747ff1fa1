//! The story of a sweep: which points meet what is expected, and what the cheapest of them is.

mod loads;
mod names;
mod necks;
mod ranked;

use std::collections::BTreeMap;

use serde_json::Value;

use self::loads::Loads;
use self::necks::Necks;
use super::figures::{Palette, UNKNOWN_IN_TABLE, count, figure, share, stated};
use super::marks::{self, cell, code, line, started};
use super::page::capital;
use super::text::{hung, wrapped};
use super::verdict::{early_end, losing, unbounded_share};
use crate::charts::Drawing;
use crate::escape::visible;
use crate::results::{EndedEarly, Expectation, Judgement, Point, Results};
use crate::terms::{self, Unit};

/// The summary of a sweep, gathered one point at a time, in the order of the points' numbers.
#[derive(Debug, Default)]
pub struct Tale {
    points: u64,
    /// The number of points that meet all their expectations; `failed` and `undecided` count the other judged points.
    held: u64,
    failed: u64,
    undecided: u64,
    /// The number of points that meet what is expected and lose requests that no goal bounds.
    losing: u64,
    /// The number of points whose run the engine ended early, and the first of these ends.
    ended: u64,
    first_end: Option<EndedEarly>,
    /// The bottlenecks of the points that fail.
    necks: Necks,
    /// The first points, up to a screen of them.
    first: Vec<Point>,
    /// The cheapest points that meet what is expected, the cheapest first: by a month's cost, and by that of the run.
    best: [Vec<Point>; 2],
    /// The points by their traffic, in the order in which each kind of traffic came.
    loads: Loads,
    /// The caption of the drawing of the cheapest way of buying at each volume; `None`: there is no such drawing.
    by_volume: Option<String>,
}

/// The metrics of cost by which points are ranked: that of a month, and that of the measured time.
const COSTS: [&str; 2] = ["cost_per_month_usd", "cost_usd"];
/// The share of answers that are cut short, and the name of its column.
pub(super) const TRUNCATION: &str = "truncation_rate";
pub(super) const CUT: &str = "cut";
/// The most points that a table shows.
const MOST_ROWS: usize = 16;
/// The width of a terminal \[columns\].
const WIDTH: usize = 80;
/// The metrics that a table shows where nothing is expected.
const USUAL: [&str; 3] = ["throttle_rate", "e2e_p99_ms", "slo_attainment"];

impl Tale {
    /// Takes what the drawings find out: the ways of buying by the volume of a month.
    pub fn add_drawings(&mut self, drawings: &[Drawing]) {
        self.by_volume = drawings.iter().find(|d| d.name == "cost_by_volume").map(|d| d.caption.clone());
    }

    pub fn add(&mut self, point: &Point) {
        self.points += 1;
        let judged = Judgement::worst(&point.expectations);
        match judged {
            Some(Judgement::Held) => self.held += 1,
            Some(Judgement::Failed) => {
                self.failed += 1;
                self.necks.add(point.basis.neck.as_ref());
            }
            Some(Judgement::Inconclusive) => self.undecided += 1,
            None => {}
        }
        self.ended += u64::from(point.ended.is_some());
        if self.first_end.is_none() {
            self.first_end.clone_from(&point.ended);
        }
        if self.first.len() <= MOST_ROWS {
            self.first.push(point.clone());
        }
        let holds = judged == Some(Judgement::Held);
        self.losing += u64::from(unbounded_share(point).is_some());
        self.loads.add(point, holds);
        if holds {
            for (best, measure) in self.best.iter_mut().zip(COSTS) {
                let price = |p: &Point| p.value(measure).unwrap_or(f64::INFINITY);
                let place = best.partition_point(|known| price(known) <= price(point));
                if place < MOST_ROWS {
                    best.insert(place, point.clone());
                    best.truncate(MOST_ROWS);
                }
            }
        }
    }

    /// Returns the summary for a terminal, at most 80 columns wide; `head` needs no points.
    #[must_use]
    pub fn text(&self, head: &Results, palette: Palette) -> String {
        let mut out = format!("{}\n", palette.bold(&visible(&head.heading())));
        let file = visible(&head.scenario.file);
        let origin = format!("{file} · {} points · seed {}", count(self.points as f64), head.seed);
        out += &format!("{}\n\n", palette.faint(&origin));
        for line in self.answer(head, palette).lines().flat_map(|line| hung(line, WIDTH)) {
            out += &format!("{line}\n");
        }
        out.push('\n');
        out += &self.table(head, palette);
        for note in noted(head) {
            out.push('\n');
            hung(&note, WIDTH).iter().for_each(|line| out += &format!("{line}\n"));
        }
        out.replace('\u{a0}', " ")
    }

    /// Returns the summary for a review, as Markdown.
    #[must_use]
    pub fn markdown(&self, head: &Results) -> String {
        let answer = self.answer(head, Palette { colour: false });
        let answer = answer.lines().map(|said| started(&marks::said(said))).collect::<Vec<_>>().join("\n");
        let mut out = format!("## {}\n\n", line(&head.heading()));
        out += &format!(
            "{}, {} points, seed {}, bedload {}\n\n{answer}\n\n",
            code(&head.scenario.file),
            count(self.points as f64),
            head.seed,
            head.tool.version,
        );
        let (header, rows) = self.cells(head, Palette { colour: false });
        let cells = |row: &[String]| row.iter().map(|text| cell(text)).collect::<Vec<_>>().join(" | ");
        out += &format!("| {} |\n|{}\n", cells(&header), "---|".repeat(header.len()));
        for row in rows {
            out += &format!("| {} |\n", cells(&row));
        }
        let notes: String = noted(head).iter().map(|note| format!("- {note}\n")).collect();
        if !notes.is_empty() {
            out += &format!("\n{notes}");
        }
        out.replace('\u{a0}', " ")
    }

    pub(super) fn answer(&self, head: &Results, palette: Palette) -> String {
        let by_volume = self.by_volume.as_ref().map(|found| format!("{found}\n")).unwrap_or_default();
        by_volume + &self.by_expectations(head, palette)
    }

    fn by_expectations(&self, head: &Results, palette: Palette) -> String {
        let all = count(self.points as f64);
        if self.held + self.failed + self.undecided == 0 {
            let counted =
                format!("{all} points; the scenario states no goal: add [[expect]] to see which points meet it");
            return [counted].into_iter().chain(self.early_ends()).collect::<Vec<_>>().join("\n");
        }
        let counted = format!(
            "{} of {all} points meet every goal; {} fail, {} undecided",
            count(self.held as f64),
            count(self.failed as f64),
            count(self.undecided as f64)
        );
        let lose = losing(self.losing, self.held, ["point that meets every goal", "points that meet every goal"]);
        let lines = match self.held {
            0 => self.necks.line().into_iter().collect(),
            _ => self.loads.lines(head, palette),
        };
        let lose = lose.map(|line| format!("{}.", capital(&line)));
        [format!("{counted}.")]
            .into_iter()
            .chain(self.early_ends())
            .chain(lose)
            .chain(lines)
            .collect::<Vec<_>>()
            .join("\n")
    }

    /// Says how many points ended early, and of the first of them when and why; `None`: none did.
    fn early_ends(&self) -> Option<String> {
        let how = early_end(self.first_end.as_ref()?);
        Some(match self.ended {
            1 => format!("Of 1 point {how}; what is known of it is of the time before."),
            n => format!(
                "{} points ended early; of the first of them {how}. What is known of these points is of the time before.",
                count(n as f64)
            ),
        })
    }

    /// Returns whether the run of a point ended early, so that no goal holds on it.
    #[must_use]
    pub const fn has_early_end(&self) -> bool {
        self.ended > 0
    }

    /// Returns the points to show with a title: all where they are few, else the cheapest good ones, else the first.
    pub(super) fn shown(&self) -> (&[Point], String) {
        if self.points as usize <= MOST_ROWS {
            (&self.first, String::new())
        } else if self.held > 0 {
            let best = &self.best[self.loads.measure()];
            let title = match self.held {
                1 => "The only point that meets every goal (points.csv has all points):\n".to_owned(),
                held if held as usize <= MOST_ROWS => {
                    format!("The {held} points that meet every goal, by cost (points.csv has all points):\n")
                }
                held => format!(
                    "The {MOST_ROWS} cheapest of {} points that meet every goal (points.csv has all):\n",
                    count(held as f64)
                ),
            };
            (best, title)
        } else {
            let first = &self.first[..MOST_ROWS.min(self.first.len())];
            let all = count(self.points as f64);
            (first, format!("The first {} of {all} points (points.csv has all):\n", first.len()))
        }
    }

    /// Returns the table of the points that are shown: its header, and a row for each of them.
    pub(super) fn cells(&self, head: &Results, palette: Palette) -> (Vec<String>, Vec<Vec<String>>) {
        let (points, _) = self.shown();
        let parameters: Vec<&String> = head.axes.iter().flat_map(|axis| &axis.parameters).collect();
        let metrics = metrics_of(points);
        let is_judged = points.iter().any(|p| !p.expectations.is_empty());
        let paths = parameters.iter().map(|path| path.as_str());
        let names = names::distinct(&paths.chain(metrics.iter().map(String::as_str)).collect::<Vec<_>>());
        let names = names.into_iter().map(|name| match name.as_str() {
            "cost_per_month_usd" => "per month".to_owned(),
            "cost_usd" => "cost".to_owned(),
            TRUNCATION => CUT.to_owned(),
            _ => name,
        });
        let last = ["verdict", "goals"].into_iter().take(if is_judged { 2 } else { 1 }).map(str::to_owned);
        let header = ["point".to_owned()].into_iter().chain(names).chain(last).collect();
        let rows = points.iter().map(|point| {
            let mut row = vec![point.index.to_string()];
            row.extend(parameters.iter().map(|path| value(point.parameters.get(*path))));
            row.extend(metrics.iter().map(|metric| {
                let unit = terms::parse_metric(metric).map_or(Unit::Count, |m| m.term.unit);
                point.value(metric).map_or_else(|| "?".to_owned(), |x| figure(x, unit))
            }));
            row.push(point.verdict.name().to_owned());
            row.extend(is_judged.then(|| goals(point, palette)));
            row
        });
        (header, rows.collect())
    }

    fn table(&self, head: &Results, palette: Palette) -> String {
        let (mut header, mut rows) = self.cells(head, Palette { colour: false });
        let (_, title) = self.shown();
        let fits = |header: &[String], rows: &[Vec<String>]| {
            let widths = widths(header, rows);
            widths.iter().sum::<usize>() + 2 * (widths.len() - 1) <= WIDTH
        };
        let remove = |header: &mut Vec<String>, rows: &mut Vec<Vec<String>>, i: usize| {
            header.remove(i);
            rows.iter_mut().for_each(|row| {
                row.remove(i);
            });
        };
        // When the line is too long, the verdict goes first where the goals are judged, then metrics and parameters from the
        // right; the cost and the last column stay.
        let is_judged = header.last().is_some_and(|name| name == "goals");
        if is_judged && !fits(&header, &rows) {
            let verdict = header.len() - 2;
            remove(&mut header, &mut rows, verdict);
        }
        while header.len() > 3 && !fits(&header, &rows) {
            let beside_cost = header.len() - 3;
            remove(&mut header, &mut rows, beside_cost);
        }
        let widths = widths(&header, &rows);
        let line = |cells: &[String]| {
            let padded = cells.iter().zip(&widths).enumerate().map(|(i, (cell, width))| {
                let gap = " ".repeat(width - cell.chars().count());
                if i + 1 == widths.len() { cell.clone() } else { format!("{gap}{cell}") }
            });
            padded.collect::<Vec<_>>().join("  ").trim_end().to_owned()
        };
        let mut out = format!("{title}{}\n", palette.faint(&line(&header)));
        rows.iter().for_each(|row| out += &format!("{}\n", line(row)));
        if rows.iter().flatten().any(|cell| cell == "?") {
            wrapped(UNKNOWN_IN_TABLE, WIDTH).iter().for_each(|line| out += &format!("{}\n", palette.faint(line)));
        }
        out
    }
}

/// Returns the notes of the sweep, each as a sentence.
fn noted(head: &Results) -> Vec<String> {
    head.notes.iter().map(|note| format!("{}.", capital(&note.text))).collect()
}

fn widths(header: &[String], rows: &[Vec<String>]) -> Vec<usize> {
    let width = |i: usize| rows.iter().chain([&header.to_vec()]).map(|row| row[i].chars().count()).max().unwrap_or(0);
    (0..header.len()).map(width).collect()
}

/// Returns some parameters as text, in the order of the axes.
pub(super) fn named(head: &Results, parameters: &BTreeMap<String, Value>) -> String {
    let paths: Vec<&str> = head.axes.iter().flat_map(|axis| &axis.parameters).map(String::as_str).collect();
    let known =
        paths.iter().zip(names::distinct(&paths)).filter_map(|(path, name)| Some((name, parameters.get(*path)?)));
    known.map(|(name, x)| format!("{name} = {}", value(Some(x)))).collect::<Vec<_>>().join(", ")
}

/// Returns whether points differ in the share of answers that they cut short.
pub(super) fn cut_differs<'p>(points: impl IntoIterator<Item = &'p Point>) -> bool {
    let cut = points.into_iter().filter_map(|point| point.value(TRUNCATION));
    let range = cut.fold(None, |range: Option<(f64, f64)>, x| {
        range.map_or(Some((x, x)), |(least, most)| Some((least.min(x), most.max(x))))
    });
    range.is_some_and(|(least, most)| most - least > loads::SAME_CUT)
}

/// Returns the metrics that a table shows, each once: those that goals bound, else the usual ones, then the cost.
fn metrics_of(points: &[Point]) -> Vec<String> {
    let expected = points.first().map(|p| p.expectations.as_slice()).unwrap_or_default();
    let mut wanted: Vec<String> = expected.iter().map(|e: &Expectation| e.metric.clone()).collect();
    if wanted.is_empty() {
        wanted.extend(USUAL.map(str::to_owned));
    }
    if cut_differs(points) && !wanted.iter().any(|metric| metric == TRUNCATION) {
        wanted.insert(0, TRUNCATION.to_owned());
    }
    let has_month = points.iter().any(|p| p.value(COSTS[0]).is_some());
    let cost = COSTS[usize::from(!has_month)];
    wanted.retain(|metric| metric != cost);
    wanted.push(cost.to_owned());
    let mut metrics: Vec<String> = Vec::new();
    for metric in wanted.into_iter().filter(|metric| points.iter().any(|p| p.value(metric).is_some())) {
        if !metrics.contains(&metric) {
            metrics.push(metric);
        }
    }
    metrics
}

/// Returns whether a point meets its goals, in a word.
fn goals(point: &Point, palette: Palette) -> String {
    match Judgement::worst(&point.expectations) {
        Some(Judgement::Held) => match unbounded_share(point) {
            Some(failing) => palette.doubtful(&format!("goals met; {} fail", share(failing))),
            None => palette.good("meets"),
        },
        Some(Judgement::Failed) => palette.bad("fails"),
        _ if point.ended.is_some() => palette.doubtful("ended early"),
        Some(Judgement::Inconclusive) => palette.doubtful("undecided"),
        None => String::new(),
    }
}

/// Writes a parameter of a design point: names as they are, numbers with their thousands grouped.
pub(super) fn value(value: Option<&Value>) -> String {
    match value {
        Some(Value::String(text)) => visible(text).into_owned(),
        Some(Value::Number(n)) => n.as_f64().map_or_else(|| n.to_string(), stated),
        Some(value) => visible(&value.to_string()).into_owned(),
        None => String::new(),
    }
}

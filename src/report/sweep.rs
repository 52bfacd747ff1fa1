//! The story of a sweep: which points meet what is expected, and what the cheapest of them is.

use std::collections::BTreeMap;

use serde_json::Value;

use super::figures::{Palette, count, figure, stated};
use super::text::hung;
use crate::charts::Drawing;
use crate::results::{Expectation, Judgement, Point, Results};
use crate::terms::{self, Unit};

/// What a summary says of a sweep, gathered one point at a time, in the order of their numbers.
#[derive(Debug, Default)]
pub struct Tale {
    points: u64,
    /// By how all their expectations together were judged.
    held: u64,
    failed: u64,
    undecided: u64,
    /// The first points, up to a screen of them.
    first: Vec<Point>,
    /// The cheapest points that meet what is expected, the cheapest first.
    best: Vec<Point>,
    /// Points that cost the same as the cheapest, itself included.
    as_cheap: u64,
    /// Points of the same traffic, in the order in which they came.
    loads: Vec<Load>,
    /// Which way of buying is the cheapest at which volume.
    by_volume: Option<String>,
}

/// Points whose traffic is the same: they share the streams, so they have the same requests.
#[derive(Debug)]
struct Load {
    requests: f64,
    /// What all of them have in common.
    shared: BTreeMap<String, Value>,
    /// The cheapest that meets what is expected.
    best: Option<Point>,
}

/// Points that a table shows.
const MOST_ROWS: usize = 16;
/// Columns of a terminal.
const WIDTH: usize = 80;
/// Metrics that a table shows where nothing is expected.
const USUAL: [&str; 3] = ["throttle_rate", "e2e_p99_ms", "slo_attainment"];

/// Costs that differ by less than this share are the same \[1\].
const SAME: f64 = 1e-9;
/// Requests that differ by less are the same traffic: those of users depend a little on what they wait for \[1\].
const SAME_TRAFFIC: f64 = 0.01;
/// Of more kinds of traffic no cheapest point is told for each.
const MOST_LOADS: usize = 8;

/// What points are ranked by: a month's cost, or that of the measured time \[USD\].
fn cost(point: &Point) -> Option<f64> {
    point.value("cost_per_month_usd").or_else(|| point.value("cost_usd"))
}

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
            Some(Judgement::Failed) => self.failed += 1,
            Some(Judgement::Inconclusive) => self.undecided += 1,
            None => {}
        }
        if self.first.len() <= MOST_ROWS {
            self.first.push(point.clone());
        }
        self.add_to_load(point, judged == Some(Judgement::Held));
        if judged == Some(Judgement::Held) {
            self.as_cheap = match self.best.first().map(|best| (cost(best), cost(point))) {
                Some((Some(best), Some(this))) if (this - best).abs() <= SAME * best => self.as_cheap + 1,
                Some((Some(best), Some(this))) if this > best => self.as_cheap,
                Some((Some(_), None)) => self.as_cheap,
                _ => 1,
            };
            let price = |p: &Point| cost(p).unwrap_or(f64::INFINITY);
            let place = self.best.partition_point(|known| price(known) <= price(point));
            if place < MOST_ROWS {
                self.best.insert(place, point.clone());
                self.best.truncate(MOST_ROWS);
            }
        }
    }

    /// The summary for a terminal, at most 80 columns wide; `head` needs no points.
    #[must_use]
    pub fn text(&self, head: &Results, palette: Palette) -> String {
        let mut out = format!("{}\n", palette.bold(&head.scenario.title));
        let origin = format!("{} · {} points · seed {}", head.scenario.file, count(self.points as f64), head.seed);
        out += &format!("{}\n\n", palette.faint(&origin));
        for line in self.answer(head, palette).lines().flat_map(|line| hung(line, WIDTH)) {
            out += &format!("{line}\n");
        }
        out.push('\n');
        out += &self.table(head, palette);
        out.replace('\u{a0}', " ")
    }

    /// The same for a review.
    #[must_use]
    pub fn markdown(&self, head: &Results) -> String {
        let mut out = format!("## {}\n\n", head.scenario.title);
        out += &format!(
            "`{}`, {} points, seed {}, bedload {}\n\n{}\n\n",
            head.scenario.file,
            count(self.points as f64),
            head.seed,
            head.tool.version,
            self.answer(head, Palette { colour: false })
        );
        let (header, rows) = self.cells(head, Palette { colour: false });
        out += &format!("| {} |\n|{}\n", header.join(" | "), "---|".repeat(header.len()));
        for row in rows {
            out += &format!("| {} |\n", row.join(" | ").replace('\n', " "));
        }
        out.replace('\u{a0}', " ")
    }

    fn add_to_load(&mut self, point: &Point, holds: bool) {
        let Some(requests) = point.value("requests") else { return };
        let is_same = |load: &Load| (load.requests - requests).abs() <= SAME_TRAFFIC * load.requests;
        let i = self.loads.iter().position(is_same).unwrap_or_else(|| {
            self.loads.push(Load { requests, shared: point.parameters.clone(), best: None });
            self.loads.len() - 1
        });
        // Beyond a few the story is told in other words, and what they share is not needed.
        let Some(load) = self.loads.get_mut(i).filter(|_| i < MOST_LOADS) else {
            self.loads.truncate(MOST_LOADS + 1);
            return;
        };
        load.shared.retain(|path, value| point.parameters.get(path) == Some(value));
        let price = |p: &Point| cost(p).unwrap_or(f64::INFINITY);
        if holds && load.best.as_ref().is_none_or(|best| price(point) < price(best)) {
            load.best = Some(point.clone());
        }
    }

    /// The cheapest for each traffic; empty where there is one.
    fn by_load(&self, head: &Results) -> Vec<String> {
        if self.loads.len() < 2 {
            return Vec::new();
        }
        if self.loads.len() > MOST_LOADS || self.loads.iter().any(|load| load.shared.is_empty()) {
            return vec!["Points carry different traffic: one may be cheap because it carries less.".to_owned()];
        }
        let line = |load: &Load| {
            let shared = named(head, &load.shared);
            match load.best.as_ref().map(|best| (best, cost(best))) {
                Some((best, Some(usd))) => {
                    let own = best.parameters.iter().filter(|(path, _)| !load.shared.contains_key(*path));
                    let own: BTreeMap<String, Value> = own.map(|(path, value)| (path.clone(), value.clone())).collect();
                    let usd = figure(usd, Unit::Usd);
                    let own = if own.is_empty() { String::new() } else { format!(", {}", named(head, &own)) };
                    format!("  {shared}: point {}{own} ({usd})", best.index)
                }
                Some((best, None)) => format!("  {shared}: point {}, at a cost that is not known", best.index),
                None => format!("  {shared}: none"),
            }
        };
        let heading = "Points carry different traffic. The cheapest that meets every expectation, at".to_owned();
        [heading].into_iter().chain(self.loads.iter().map(line)).collect()
    }

    pub(super) fn answer(&self, head: &Results, palette: Palette) -> String {
        let by_volume = self.by_volume.as_ref().map(|found| format!("{found}\n")).unwrap_or_default();
        by_volume + &self.by_expectations(head, palette)
    }

    fn by_expectations(&self, head: &Results, palette: Palette) -> String {
        let all = count(self.points as f64);
        if self.held + self.failed + self.undecided == 0 {
            return format!("{all} points; nothing is expected of them: add [[expect]] to be told which are good");
        }
        let counted = format!(
            "{} of {all} points meet every expectation; {} fail, {} undecided",
            count(self.held as f64),
            count(self.failed as f64),
            count(self.undecided as f64)
        );
        match self.best.first() {
            Some(best) if cost(best).is_some() => {
                let point = palette.good(&format!("point {}", best.index));
                let ties = match self.as_cheap {
                    0 | 1 => String::new(),
                    2 => "\nAnother one costs the same.".to_owned(),
                    n => format!("\n{} others cost the same.", count((n - 1) as f64)),
                };
                let loads = self.by_load(head);
                if loads.is_empty() {
                    format!("{counted}.\nThe cheapest of them is {point}: {}.{ties}", parameters(head, best))
                } else {
                    format!("{counted}.\n{}", loads.join("\n"))
                }
            }
            Some(_) => format!("{counted}.\nWhat they cost is not known, so none is the cheapest."),
            None => format!("{counted}."),
        }
    }

    /// The points to show: all where they are few, else the cheapest good ones, else the first.
    pub(super) fn shown(&self) -> (&[Point], &'static str) {
        if self.points as usize <= MOST_ROWS {
            (&self.first, "")
        } else if !self.best.is_empty() {
            (&self.best, "The cheapest that meet every expectation; points.csv has them all:\n")
        } else {
            (&self.first[..MOST_ROWS.min(self.first.len())], "The first of them; points.csv has them all:\n")
        }
    }

    pub(super) fn cells(&self, head: &Results, palette: Palette) -> (Vec<String>, Vec<Vec<String>>) {
        let (points, _) = self.shown();
        let parameters: Vec<&String> = head.axes.iter().flat_map(|axis| &axis.parameters).collect();
        let expected = |e: &Expectation| e.metric.clone();
        let mut metrics: Vec<String> =
            points.first().map_or_else(Vec::new, |p| p.expectations.iter().map(expected).collect());
        if metrics.is_empty() {
            metrics.extend(USUAL.map(str::to_owned));
        }
        let is_known = |metric: &String| points.iter().any(|p| p.value(metric).is_some());
        let has_month = points.iter().any(|p| p.value("cost_per_month_usd").is_some());
        metrics.push(if has_month { "cost_per_month_usd" } else { "cost_usd" }.to_owned());
        metrics.retain(is_known);
        metrics.dedup();
        let mut header = vec!["point".to_owned()];
        header.extend(parameters.iter().map(|path| last_of(path)));
        header.extend(metrics.iter().map(|metric| heading(metric)));
        header.push(String::new());
        let rows = points.iter().map(|point| {
            let mut row = vec![point.index.to_string()];
            row.extend(parameters.iter().map(|path| value(point.parameters.get(*path))));
            row.extend(metrics.iter().map(|metric| {
                let unit = terms::parse_metric(metric).map_or(Unit::Count, |m| m.term.unit);
                point.value(metric).map_or_else(|| "?".to_owned(), |x| figure(x, unit))
            }));
            row.push(match Judgement::worst(&point.expectations) {
                Some(Judgement::Held) => palette.good("meets"),
                Some(Judgement::Failed) => palette.bad("fails"),
                Some(Judgement::Inconclusive) => palette.doubtful("undecided"),
                None => String::new(),
            });
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
        // The last two columns are the cost and the judgement; metrics before them go first when the line is too long.
        let parameters = head.axes.iter().map(|axis| axis.parameters.len()).sum::<usize>();
        while header.len() > 3 && !fits(&header, &rows) {
            let last = if header.len() > parameters + 3 { header.len() - 3 } else { header.len() - 2 };
            header.remove(last);
            rows.iter_mut().for_each(|row| {
                row.remove(last);
            });
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
        out
    }
}

fn widths(header: &[String], rows: &[Vec<String>]) -> Vec<usize> {
    let width = |i: usize| rows.iter().chain([&header.to_vec()]).map(|row| row[i].chars().count()).max().unwrap_or(0);
    (0..header.len()).map(width).collect()
}

fn parameters(head: &Results, point: &Point) -> String {
    named(head, &point.parameters)
}

/// Some parameters, in the order of the axes.
fn named(head: &Results, parameters: &BTreeMap<String, Value>) -> String {
    let paths = head.axes.iter().flat_map(|axis| &axis.parameters);
    let known = paths.filter_map(|path| Some((path, parameters.get(path)?)));
    known.map(|(path, x)| format!("{} = {}", last_of(path), value(Some(x)))).collect::<Vec<_>>().join(", ")
}

fn heading(metric: &str) -> String {
    match metric {
        "cost_per_month_usd" => "a month".to_owned(),
        "cost_usd" => "cost".to_owned(),
        _ => last_of(metric),
    }
}

fn last_of(path: &str) -> String {
    path.rsplit('.').next().unwrap_or(path).to_owned()
}

/// Writes a parameter of a design point: names as they are, numbers with their thousands grouped.
pub(super) fn value(value: Option<&Value>) -> String {
    match value {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Number(n)) => n.as_f64().map_or_else(|| n.to_string(), stated),
        Some(value) => value.to_string(),
        None => String::new(),
    }
}

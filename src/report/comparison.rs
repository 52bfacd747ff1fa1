//! A comparison for a terminal, at most 80 columns wide, and for a review: what differs, by how much, and what turns.

use std::collections::BTreeMap;

use super::doubt;
use super::figures::{Palette, UNKNOWN_IN_TABLE, difference, figure, money, share, short};
use super::marks::{cell, code, line, said, started};
use super::summary::bound;
use super::text::{LABEL, WIDTH, wrapped};
use crate::escape;
use crate::results::{Comparison, Difference, Doubt, JudgedTwice, Judgement, Note, Reading, Results, Side};
use crate::terms::{self, Better, Unit};

/// The most readings that are listed under a metric whose judgement turns.
const MOST_TURNS: usize = 3;
/// The most letters of a metric's name that fit before the figures of a terminal.
const LONGEST_METRIC: usize = 20;
/// The most letters of a side's name at the head of a column of a terminal.
const WIDEST_NAME: usize = 10;

/// The judgement of a difference, which reports write as a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Word {
    Better,
    Worse,
    /// A larger value of a metric that is neither better nor worse for it.
    Higher,
    /// A smaller value of such a metric.
    Lower,
    NotDistinguishable,
    /// The difference is distinguishable but within the tolerance.
    WithinTolerance,
    /// The difference is exactly 0, in every replication.
    Equal,
    NotKnown,
}

impl Word {
    /// Judges a metric among the differences that it belongs to. A cost that is lower only because less is served is not better.
    fn in_context(
        comparison: &Comparison,
        differences: &BTreeMap<String, Difference>,
        metric: &str,
        better: Better,
    ) -> Option<Self> {
        let better = if comparison.follows_service(differences, metric) { Better::Neither } else { better };
        Some(Self::of(differences.get(metric)?, better, comparison.tolerance))
    }

    fn of(d: &Difference, better: Better, tolerance: f64) -> Self {
        if d.difference == Some(0.0) && d.half_width.is_none_or(|half| half == 0.0) {
            return Self::Equal;
        }
        let Some(difference) = d.difference.filter(|_| d.half_width.is_some()) else { return Self::NotKnown };
        match better {
            _ if !d.distinguishable => Self::NotDistinguishable,
            _ if !d.matters(tolerance) => Self::WithinTolerance,
            Better::Neither if difference > 0.0 => Self::Higher,
            Better::Neither => Self::Lower,
            Better::Higher if difference > 0.0 => Self::Better,
            Better::Lower if difference < 0.0 => Self::Better,
            Better::Higher | Better::Lower => Self::Worse,
        }
    }

    const fn text(self) -> &'static str {
        match self {
            Self::Better => "better",
            Self::Worse => "worse",
            Self::Higher => "higher",
            Self::Lower => "lower",
            Self::Equal => "equal",
            Self::NotDistinguishable => "no difference shown",
            Self::WithinTolerance => "within tolerance",
            Self::NotKnown => "not known",
        }
    }

    fn painted(self, palette: Palette) -> String {
        match self {
            Self::Better => palette.good(self.text()),
            Self::Worse => palette.bad(self.text()),
            Self::Equal | Self::NotDistinguishable | Self::WithinTolerance | Self::NotKnown => {
                palette.faint(self.text())
            }
            Self::Higher | Self::Lower => self.text().to_owned(),
        }
    }
}

/// A metric's name without its prefix, its figures on a and on b, their difference.
struct Row {
    cells: [String; 4],
    word: Word,
}

/// The rows of the whole comparison, or of a workload.
struct Section {
    workload: Option<String>,
    rows: Vec<Row>,
}

fn row(comparison: &Comparison, prefix: &str, name: &str) -> Option<Row> {
    let d = comparison.differences.get(&format!("{prefix}{name}"))?;
    let term = terms::find(name)?;
    let cell = |x: Option<f64>| x.map_or_else(|| "?".to_owned(), |x| short(x, term.unit));
    let difference = d.difference.map_or_else(|| "?".to_owned(), |x| difference(x, d.half_width, term.unit));
    let word = Word::in_context(comparison, &comparison.differences, &format!("{prefix}{name}"), term.better)?;
    Some(Row { cells: [name.to_owned(), cell(d.a), cell(d.b), difference], word })
}

/// Returns whether a metric has anything to say: one side knows it, and it is not nothing on both.
fn says_something(d: &Difference) -> bool {
    [d.a, d.b].iter().any(|x| x.is_some_and(|x| x != 0.0))
}

fn sections(comparison: &Comparison) -> Vec<Section> {
    let named = |prefix: &str, is_told: &dyn Fn(&str, &Difference) -> bool| -> Vec<Row> {
        let deciding = comparison.deciding();
        let told = deciding
            .iter()
            .filter(|name| comparison.differences.get(&format!("{prefix}{name}")).is_some_and(|d| is_told(name, d)));
        told.filter_map(|name| row(comparison, prefix, name)).collect()
    };
    let whole = named("", &|name, d| name == "throttle_rate" || name == "failure_rate" || says_something(d));
    let mut sections = vec![Section { workload: None, rows: whole }];
    let workloads = terms::parts(comparison.differences.keys(), "workloads");
    if workloads.len() > 1 {
        for workload in workloads {
            let rows = named(&format!("workloads.{workload}."), &|_, d| comparison.matters(d));
            if !rows.is_empty() {
                sections.push(Section { workload: Some(workload), rows });
            }
        }
    }
    sections
}

/// Returns, for each metric that is shown, its name, its figures on both sides with their difference, and the judgement
/// of the difference.
pub(super) fn rows(comparison: &Comparison) -> Vec<(String, [String; 3], &'static str)> {
    let of_section = |section: Section| {
        let prefix = section.workload.map(|w| format!("workloads.{w}.")).unwrap_or_default();
        section.rows.into_iter().map(move |Row { cells: [name, a, b, difference], word }| {
            (format!("{prefix}{name}"), [a, b, difference], word.text())
        })
    };
    sections(comparison).into_iter().flat_map(of_section).collect()
}

/// Returns what side a is and what side b is, in words.
pub(super) fn sides(comparison: &Comparison) -> [String; 2] {
    [side(&comparison.a, &comparison.b), side(&comparison.b, &comparison.a)]
}

/// Returns what a side is, in words: its file, and the settings that it alone has.
fn side(one: &Side, other: &Side) -> String {
    let own = one.scenario.overrides.iter().filter(|o| !other.scenario.overrides.contains(o));
    let own: Vec<&str> = own.map(String::as_str).collect();
    let set = if own.is_empty() { String::new() } else { format!(" with {}", own.join(", ")) };
    format!("{}{set}", one.scenario.file)
}

/// Returns how the comparison was simulated, in words: replications, seeds, settings of both sides, tolerance.
pub(super) fn played(results: &Results, comparison: &Comparison) -> String {
    let replications = match results.points.first().map_or(0, |p| p.replications) {
        1 => "1 replication each".to_owned(),
        n => format!("{n} replications each"),
    };
    let seeds = match (comparison.paired, comparison.same_requests) {
        (true, true) => format!("seed {} · paired: both sides meet the same requests", comparison.a.seed),
        (true, false) => format!("seed {} · paired: both sides draw the same random numbers", comparison.a.seed),
        (false, _) => format!("seeds {} and {} · not paired", comparison.a.seed, comparison.b.seed),
    };
    let (of_a, of_b) = (&comparison.a.scenario.overrides, &comparison.b.scenario.overrides);
    let both: Vec<&str> = of_a.iter().filter(|o| of_b.contains(o)).map(String::as_str).collect();
    let both = if both.is_empty() { String::new() } else { format!(" · both with {}", both.join(", ")) };
    let tolerance = format!("differences within {} are called neither better nor worse", share(comparison.tolerance));
    format!("{replications} · {seeds}{both} · {tolerance}")
}

/// Returns lines on what the change costs in a month, and on whether that is because less, or more, is served.
pub(super) fn cost(comparison: &Comparison) -> Vec<String> {
    let b = &comparison.b.name;
    let traffic = unlike_traffic(comparison);
    let is_comparable = traffic.is_none() && !comparison.durations_differ();
    let served = comparison.differences.get("served").filter(|d| is_comparable && comparison.matters(d));
    let served = served.and_then(|d| d.difference).map(|x| {
        let more = if x > 0.0 { "more" } else { "fewer" };
        format!("{b} serves {} {more} requests", figure(x.abs().max(1.0).round(), Unit::Count))
    });
    let (month, each) = (month(comparison), per_thousand(comparison));
    if traffic.is_some() && comparison.unlike_months() {
        // Months of different traffic are no measure of what a request costs, so that they come last.
        return each.into_iter().chain(traffic).chain([month]).collect();
    }
    [month].into_iter().chain(traffic).chain(each).chain(served).collect()
}

/// Returns a warning where the sides carry different traffic, so that their totals are no measure of their prices.
fn unlike_traffic(comparison: &Comparison) -> Option<String> {
    let [a, b] = comparison.unlike_traffic()?.map(|per_hour| figure(per_hour.round(), Unit::Count));
    let (of_a, of_b) = (&comparison.a.name, &comparison.b.name);
    Some(format!("traffic differs: {a} requests an hour on {of_a}, {b} on {of_b}"))
}

/// Returns the cost of 1,000 requests on each side in a sentence; `None`: a cost is not known, or both are zero.
fn per_thousand(comparison: &Comparison) -> Option<String> {
    let each = comparison.differences.get("cost_per_1k_requests_usd")?;
    let (a, b) = (each.a?, each.b?);
    let (of_a, of_b) = (&comparison.a.name, &comparison.b.name);
    (a > 0.0 || b > 0.0).then(|| format!("1,000 requests cost {} on {of_a} and {} on {of_b}", money(a), money(b)))
}

fn month(comparison: &Comparison) -> String {
    let month = comparison.differences.get("cost_per_month_usd");
    let Some((d, difference)) = month.and_then(|d| Some((d, d.difference?))) else {
        return "the difference per month is not known".to_owned();
    };
    let usd = |x: f64| short(x, Unit::Usd);
    let (name_a, name_b) = (&comparison.a.name, &comparison.b.name);
    let range = d.half_width.filter(|half| *half > 0.0).map(|half| format!(" ±{}", usd(half))).unwrap_or_default();
    let (of_a, of_b) = (usd(d.a.unwrap_or(f64::NAN)), usd(d.b.unwrap_or(f64::NAN)));
    match difference {
        _ if comparison.unlike_traffic().is_some() && comparison.unlike_months() => {
            format!("a month of its own traffic costs {of_a} on {name_a} and {of_b} on {name_b}")
        }
        0.0 => format!("{name_a} and {name_b} cost the same a month: {of_a}"),
        _ if !d.distinguishable => {
            let why = if d.half_width.is_some() { "no difference shown" } else { "no interval is known" };
            format!("{of_a} a month on {name_a}, {of_b} on {name_b}: {why}")
        }
        x => {
            let more = if x > 0.0 { "more" } else { "less" };
            format!("{name_b} costs {}{range} a month {more} than {name_a}: {of_b} instead of {of_a}", usd(x.abs()))
        }
    }
}

const fn verdict(judged: Option<Judgement>) -> &'static str {
    match judged {
        Some(Judgement::Held) => "held",
        Some(Judgement::Failed) => "FAILED",
        Some(Judgement::Inconclusive) => "inconclusive",
        None => "not stated",
    }
}

/// Returns an expectation that the sides keep differently, in one line: `throttle_rate <= 1 %: held on today, FAILED on
/// plan`.
#[must_use]
pub fn turned(e: &JudgedTwice, comparison: &Comparison) -> String {
    let unit = terms::parse_metric(&e.metric).map_or(Unit::Count, |m| m.term.unit);
    let bound = bound(e.at_least, e.at_most, unit).replace('\u{a0}', " ");
    let (a, b) = (&comparison.a.name, &comparison.b.name);
    format!("{} {bound}: {} on {a}, {} on {b}", e.metric, verdict(e.a), verdict(e.b))
}

fn expectations(comparison: &Comparison, palette: Palette) -> Vec<String> {
    let all = &comparison.expectations;
    let paint = |e: &JudgedTwice| match e.b {
        Some(Judgement::Failed) => palette.bad(&turned(e, comparison)),
        Some(Judgement::Held) => palette.good(&turned(e, comparison)),
        _ => palette.doubtful(&turned(e, comparison)),
    };
    let mut lines: Vec<String> = all.iter().filter(|e| e.a != e.b).map(paint).collect();
    let same = all.len() - lines.len();
    if same > 0 {
        let which = |judged| all.iter().filter(|e| e.a == e.b && e.a == Some(judged)).count();
        let counted =
            [Judgement::Held, Judgement::Failed, Judgement::Inconclusive].map(|j| (which(j), verdict(Some(j))));
        let counted: Vec<String> =
            counted.iter().filter(|(n, _)| *n > 0).map(|(n, verdict)| format!("{n} {verdict}")).collect();
        lines.push(format!("the same on both sides: {}", counted.join(", ")));
    }
    lines
}

/// Writes a note of a comparison: the side that it is about, then the remark, without the name of the metric unless the note
/// says why that metric is unknown.
fn noted(note: &Note) -> String {
    let metric = match note.metric.as_deref() {
        Some("cost_per_month_usd") => "the cost per month",
        Some(metric) => metric,
        None => return note.text.clone(),
    };
    let unknown = format!("{metric} is not known: ");
    match note.text.strip_prefix("null: ") {
        Some(why) => format!("{unknown}{why}"),
        None => note.text.replacen(": null: ", &format!(": {unknown}"), 1),
    }
}

/// Returns a label and its lines, after the table.
fn remarks(results: &Results, comparison: &Comparison, palette: Palette) -> Vec<(&'static str, Vec<String>)> {
    let notes = results.notes.iter().filter(|n| n.metric.as_deref() != Some("e2e_p99_9_ms"));
    let notes = notes.map(noted);
    let is_unknown = rows(comparison).iter().any(|(_, cells, _)| cells.iter().any(|cell| cell == "?"));
    let notes = notes.chain(is_unknown.then(|| UNKNOWN_IN_TABLE.to_owned()));
    vec![
        ("Answers", super::cut_short::cut_short(comparison).into_iter().map(|line| palette.doubtful(&line)).collect()),
        ("Cost", cost(comparison)),
        ("Goals", expectations(comparison, palette)),
        ("Doubt", in_doubt(results, palette)),
        ("Notes", notes.collect()),
    ]
}

/// Returns lines on all readings of what is not known: whether b breaks nothing, and what stays better or worse.
pub(super) fn in_doubt(results: &Results, palette: Palette) -> Vec<String> {
    let (Some(Doubt { readings, .. }), Some(comparison)) = (&results.doubt, &results.comparison) else {
        return Vec::new();
    };
    let mut lines = Vec::new();
    if readings.first().is_some_and(|written| !written.metrics.is_empty()) {
        lines = doubt::lines(results, palette);
        lines[0] = format!("goals of {}: {}", comparison.b.name, lines[0]);
    }
    // Metrics of which the readings say the same stand together.
    let mut said: Vec<(Vec<String>, Vec<&str>)> = Vec::new();
    let matters = |metric: &str| readings.iter().filter_map(|r| r.differences.get(metric)).any(says_something);
    for metric in comparison.deciding().into_iter().filter(|metric| matters(metric)) {
        let Some(better) = terms::find(metric).map(|term| term.better) else { continue };
        let lines = turns(readings, (metric, better), comparison, palette);
        match said.iter_mut().find(|(known, _)| *known == lines) {
            Some((_, metrics)) => metrics.push(metric),
            None => said.push((lines, vec![metric])),
        }
    }
    for (turns, metrics) in said {
        lines.push(format!("{}: {}", turns[0], metrics.join(", ")));
        lines.extend_from_slice(&turns[1..]);
    }
    lines
}

/// Returns lines on how a metric is judged over the readings, and on the readings that judge otherwise than as written.
fn turns(
    readings: &[Reading],
    (metric, better): (&str, Better),
    comparison: &Comparison,
    palette: Palette,
) -> Vec<String> {
    let word = |reading: &Reading| {
        match Word::in_context(comparison, &reading.differences, metric, better).unwrap_or(Word::NotKnown) {
            // No reading turns an answer by being exactly equal.
            Word::Equal => Word::NotDistinguishable,
            word => word,
        }
    };
    let of = word(&readings[0]);
    let others: Vec<&Reading> = readings.iter().filter(|r| word(r) != of).collect();
    if others.is_empty() {
        return vec![format!("{} under all {}", of.painted(palette), readings.len())];
    }
    let turned: Vec<Word> = others.iter().map(|r| word(r)).collect();
    let mut lines = vec![format!("{} as written, {}", of.painted(palette), tally(&turned, readings.len()))];
    let least = others.iter().map(|r| r.settings.len()).min().unwrap_or(0);
    let told: Vec<&Reading> = others.into_iter().filter(|r| r.settings.len() == least).collect();
    let with = |r: &&Reading| palette.faint(&format!("  with {}", doubt::settings(&r.settings)));
    lines.extend(told.iter().take(MOST_TURNS).map(with));
    if told.len() > MOST_TURNS {
        lines.push(palette.faint(&format!("  and {} more", told.len() - MOST_TURNS)));
    }
    lines
}

/// Counts the words over the readings: `worse under 2 and no difference shown under 3 of 12 readings`.
fn tally(words: &[Word], readings: usize) -> String {
    let mut counted: Vec<(Word, usize)> = Vec::new();
    for word in words {
        match counted.iter_mut().find(|(known, _)| known == word) {
            Some((_, n)) => *n += 1,
            None => counted.push((*word, 1)),
        }
    }
    let counted: Vec<String> = counted.iter().map(|(word, n)| format!("{} under {n}", word.text())).collect();
    format!("{} of {readings} readings", counted.join(" and "))
}

/// Returns the title that both sides share, or the title of each side after its name.
fn titles(comparison: &Comparison) -> Vec<String> {
    let [a, b] = [&comparison.a, &comparison.b];
    if a.scenario.title == b.scenario.title {
        return vec![a.scenario.title.clone()];
    }
    [a, b].map(|side| format!("{}: {}", side.name, side.scenario.title)).to_vec()
}

/// Returns the comparison for a terminal; nothing when the document has none.
#[must_use]
pub fn comparison_text(results: &Results, palette: Palette) -> String {
    let results = &*escape::document(results);
    let Some(comparison) = &results.comparison else { return String::new() };
    let mut out = String::new();
    for title in titles(comparison) {
        wrapped(&title, WIDTH).iter().for_each(|line| out += &format!("{}\n", palette.bold(line)));
    }
    for (one, other) in [(&comparison.a, &comparison.b), (&comparison.b, &comparison.a)] {
        let told = format!("{}: {}", one.name, side(one, other));
        for (i, line) in wrapped(&told, WIDTH - 2).into_iter().enumerate() {
            let line = match line.strip_prefix(&one.name).filter(|_| i == 0) {
                Some(rest) => format!("{}{rest}", palette.bold(&one.name)),
                None => line,
            };
            out += &format!("{}{line}\n", if i == 0 { "" } else { "  " });
        }
    }
    for (i, line) in wrapped(&played(results, comparison), WIDTH).into_iter().enumerate() {
        out += &format!("{}{}\n", if i == 0 { "" } else { "  " }, palette.faint(&line));
    }
    out.push('\n');
    out += &table(&sections(comparison), comparison, palette);
    for (label, lines) in remarks(results, comparison, palette).into_iter().filter(|(_, lines)| !lines.is_empty()) {
        out.push('\n');
        for (i, line) in lines.iter().enumerate() {
            for (j, part) in wrapped(line, WIDTH - LABEL).into_iter().enumerate() {
                let label = if i + j == 0 { palette.bold(&format!("{label:<LABEL$}")) } else { " ".repeat(LABEL) };
                out += &format!("{label}{}{part}\n", if j > 0 { "  " } else { "" });
            }
        }
    }
    out.replace('\u{a0}', " ")
}

/// Returns the table of the comparison as text, with columns as wide as their cells.
fn table(sections: &[Section], comparison: &Comparison, palette: Palette) -> String {
    let names = [&comparison.a.name, &comparison.b.name];
    // Names that would be cut stand above the table, and letters at the head of its columns.
    let is_long = names.iter().any(|name| name.chars().count() > WIDEST_NAME);
    let [a, b] = if is_long { ["A", "B"].map(str::to_owned) } else { names.map(String::clone) };
    let head = [String::new(), a, b, "change".to_owned()];
    let all = || sections.iter().flat_map(|section| section.rows.iter().map(|row| &row.cells)).chain([&head]);
    let mut width: Vec<usize> =
        (0..4).map(|i| all().map(|cells| cells[i].chars().count()).max().unwrap_or(0)).collect();
    width[0] = width[0].min(LONGEST_METRIC);
    let line = |[name, a, b, difference]: &[String; 4]| {
        // The line stays within a terminal.
        let name = if name.len() > LONGEST_METRIC { name.trim_end_matches("_usd") } else { name };
        format!("{name:<0$} {a:>1$} {b:>2$} {difference:>3$}", width[0], width[1], width[2], width[3])
    };
    let mut out = String::new();
    for told in wrapped(&format!("A ({}), B ({})", names[0], names[1]), WIDTH).into_iter().filter(|_| is_long) {
        out += &format!("{}\n", palette.faint(&told));
    }
    // The level stands above the words beside the differences.
    let level = format!("{} ± {} interval", line(&head), share(comparison.confidence));
    out += &format!("{}\n", palette.faint(&level));
    for section in sections {
        if let Some(workload) = &section.workload {
            out += &format!("\n{}\n", palette.bold(&format!("workload {workload}, where it differs")));
        }
        for row in &section.rows {
            let cells = line(&row.cells);
            let is_too_long = cells.chars().count() + 2 + row.word.text().chars().count() > WIDTH;
            let before_word = if is_too_long { format!("\n{:1$}", "", width[0] + 1) } else { "  ".to_owned() };
            out += &format!("{cells}{before_word}{}\n", row.word.painted(palette));
        }
    }
    out
}

/// Returns the comparison for a review, as Markdown; nothing when the document has none.
#[must_use]
pub fn comparison_markdown(results: &Results) -> String {
    let results = &*escape::document(results);
    let Some(comparison) = &results.comparison else { return String::new() };
    let mut out = format!("## {}\n\n", line(&titles(comparison).join(" / ")));
    let [name_a, name_b] = [&comparison.a.name, &comparison.b.name].map(|name| cell(name));
    out += &format!("- **{name_a}**: {}\n", cell(&side(&comparison.a, &comparison.b)));
    out += &format!("- **{name_b}**: {}\n\n", cell(&side(&comparison.b, &comparison.a)));
    out += &format!("{}, bedload {}\n\n", line(&played(results, comparison)), results.tool.version);
    let level = share(comparison.confidence);
    out += &format!("| | {name_a} | {name_b} | change ± {level} interval | |\n|---|---:|---:|---:|---|\n");
    for section in sections(comparison) {
        let prefix = section.workload.map(|w| format!("workloads.{w}.")).unwrap_or_default();
        for Row { cells: [name, a, b, difference], word } in section.rows {
            let word = if matches!(word, Word::Better | Word::Worse) {
                format!("**{}**", word.text())
            } else {
                word.text().to_owned()
            };
            out += &format!("| {} | {a} | {b} | {difference} | {word} |\n", code(&format!("{prefix}{name}")));
        }
    }
    for (label, lines) in remarks(results, comparison, Palette { colour: false }) {
        if !lines.is_empty() {
            let lines: Vec<String> = lines.iter().map(|line| format!("- {}\n", started(&said(line)))).collect();
            out += &format!("\n**{label}**\n\n{}", lines.concat());
        }
    }
    out.replace('\u{a0}', " ")
}

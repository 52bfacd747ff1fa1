//! The report of a gate on scenarios: for a terminal, for a review, for a CI system.

mod github;
mod junit;
mod markdown;
mod owners;

pub use github::annotations;
pub use junit::junit;
pub use markdown::gate_markdown;

use super::figures::{figure, interval};
use super::text::{WIDTH, wrapped};
use crate::escape;
use crate::results::{Estimate, Judgement, Standing};
use crate::terms::{self, Unit};

/// A scenario that was checked.
#[derive(Debug, Clone, PartialEq)]
pub struct Checked {
    /// The path as it was given.
    pub file: String,
    pub title: String,
    pub cases: Vec<Case>,
    /// The outcome of the run; `None`: nothing was run.
    pub now: Option<Standing>,
    /// The outcome of the baseline's run; `None`: there is no baseline, or it does not say.
    pub before: Option<Standing>,
    /// The file cannot be used: it is no scenario that can run, or no baseline.
    pub is_broken: bool,
}

/// A judged condition of a check, such as an expectation.
#[derive(Debug, Clone, PartialEq)]
pub struct Case {
    /// The name of the condition, such as the metric of an expectation.
    pub name: String,
    pub verdict: Judgement,
    /// The finding, in one line.
    pub text: String,
    /// True if the case passes and is worth a word: reports call it a warning.
    pub is_warning: bool,
    /// The owner whose goal it is, in a scenario of several owners.
    pub owner: Option<String>,
}

impl Checked {
    /// Returns the judgement of all cases together: a failure weighs more than a doubt.
    #[must_use]
    pub fn verdict(&self) -> Judgement {
        self.cases.iter().map(|case| case.verdict).max().unwrap_or(Judgement::Inconclusive)
    }
}

/// Returns scenarios in which no text holds a harmful character. A file that cannot run has its faults on lines of their
/// own.
fn visible(all: &[Checked]) -> Vec<Checked> {
    let line = |text: &String| escape::visible(text).into_owned();
    let standing = |standing: &Option<Standing>| standing.as_ref().map(|of| escape::document(of).into_owned());
    let shown = |checked: &Checked| {
        let case = |case: &Case| Case {
            name: line(&case.name),
            text: if checked.is_broken { escape::lines(&case.text).into_owned() } else { line(&case.text) },
            owner: case.owner.as_ref().map(line),
            ..case.clone()
        };
        Checked {
            file: line(&checked.file),
            title: line(&checked.title),
            cases: checked.cases.iter().map(case).collect(),
            now: standing(&checked.now),
            before: standing(&checked.before),
            is_broken: checked.is_broken,
        }
    };
    all.iter().map(shown).collect()
}

impl Checked {
    fn word(&self) -> &'static str {
        if self.is_broken { "ERROR" } else { word(self.verdict()) }
    }
}

impl Case {
    /// Returns the verdict in a word; what passes and is worth a word is a warning.
    fn word(&self) -> &'static str {
        match self.verdict {
            Judgement::Held if self.is_warning => "WARN",
            verdict => word(verdict),
        }
    }
}

fn word(verdict: Judgement) -> &'static str {
    match verdict {
        Judgement::Held => "PASS",
        Judgement::Failed => "FAIL",
        Judgement::Inconclusive => "INCONCLUSIVE",
    }
}

/// Counts files by their verdicts, and warnings: `3 files: 1 passed, 1 failed, 1 inconclusive, 2 warnings`.
fn count(all: &[Checked]) -> String {
    let of = |verdict: Judgement, what: &str| {
        let n = all.iter().filter(|checked| !checked.is_broken && checked.verdict() == verdict).count();
        (n > 0).then(|| format!("{n} {what}"))
    };
    let parts =
        [of(Judgement::Held, "passed"), of(Judgement::Failed, "failed"), of(Judgement::Inconclusive, "inconclusive")];
    let broken = all.iter().filter(|checked| checked.is_broken).count();
    let broken = (broken > 0).then(|| format!("{broken} in error"));
    let warnings = all.iter().flat_map(|checked| &checked.cases).filter(|case| case.word() == "WARN").count();
    let warnings = (warnings > 0).then(|| format!("{warnings} {}", if warnings == 1 { "warning" } else { "warnings" }));
    let parts: Vec<String> = parts.into_iter().flatten().chain(broken).chain(warnings).collect();
    format!("{} {}: {}", all.len(), if all.len() == 1 { "file" } else { "files" }, parts.join(", "))
}

/// Formats the results of `check` for a terminal: one line for each file and one for each goal or warning.
#[must_use]
pub fn gate_text(all: &[Checked]) -> String {
    let all = &visible(all)[..];
    let mut out = String::new();
    for checked in all {
        out += &format!("{:<12}  {}\n", checked.word(), checked.file);
        let standing = markdown::standing(checked);
        for line in standing.iter().chain(&owners::lines(checked)).flat_map(|line| wrapped(line, WIDTH - 14)) {
            out += &format!("{:14}{line}\n", "");
        }
        for case in &checked.cases {
            for (i, line) in wrapped(&case.text, WIDTH - 16).into_iter().enumerate() {
                let (label, indent) = if i == 0 { (case.word(), "") } else { ("", "  ") };
                out += &format!("  {label:<12}  {indent}{line}\n");
            }
        }
    }
    out += &format!("\n{}\n", count(all));
    out.replace('\u{a0}', " ")
}

/// Returns the cases that do not pass, a line each with its file.
#[must_use]
pub fn gate_broken(all: &[Checked]) -> String {
    let all = &visible(all)[..];
    let broken = all.iter().flat_map(|checked| {
        let cases = checked.cases.iter().filter(|case| case.verdict != Judgement::Held);
        cases.map(move |case| format!("{}: {}: {}\n", case.word(), checked.file, case.text))
    });
    broken.collect::<String>().replace('\u{a0}', " ")
}

/// Returns the name of the case that compares a metric with its baseline.
#[must_use]
pub fn against_the_baseline(metric: &str) -> String {
    format!("{metric} against the baseline")
}

/// Returns the difference of a metric from its baseline in words: `throttle_rate: 1.21 ±0.30 % more than the baseline`.
#[must_use]
pub fn difference(metric: &str, difference: Option<f64>, half_width: Option<f64>) -> String {
    let unit = terms::parse_metric(metric).map_or(Unit::Count, |m| m.term.unit);
    let Some(x) = difference else {
        return format!("{metric}: no replication of the baseline can be paired with one of this run");
    };
    if x == 0.0 {
        return format!("{metric}: as the baseline");
    }
    let size = Estimate { estimate: Some(x.abs()), half_width, n: 2 };
    let size = if x.abs() == 1.0 { figure(x.abs(), unit) } else { interval(Some(&size), unit) };
    // A share of something differs by points, not by a share of itself.
    let size = if unit == Unit::Fraction { size.replace('%', "percentage points") } else { size };
    format!("{metric}: {size} {} than the baseline", if x > 0.0 { "more" } else { "less" })
}

/// Says how much more of the answers are cut short than in a baseline, as a share.
#[must_use]
pub fn cut_more(more: f64) -> String {
    let points = figure(more, Unit::Fraction).replace('%', "percentage points");
    format!("{points} more of the answers are cut short than in the baseline")
}

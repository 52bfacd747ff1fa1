//! The figures of a record as text for a terminal, at most 80 columns wide.

use super::fit::Fit;
use super::profile::{Figures, Lengths};
use super::words::{number, rate, short};
use crate::escape::visible;
use crate::figures;
use crate::units::grouped;

/// Columns of the labels.
const LABEL: usize = 11;
/// Columns of a figure in a table.
const FIGURE: usize = 9;

/// One workload of a record.
#[derive(Debug)]
pub struct Told<'t> {
    /// The name of the workload; `None`: the record is not split.
    pub name: Option<&'t str>,
    pub figures: &'t Figures,
    pub fit: Option<&'t Fit>,
}

/// Returns the figures of each workload as text; `bold` paints titles and labels.
#[must_use]
pub fn report(source: &str, workloads: &[Told<'_>], bold: bool) -> String {
    let mut page = Page { out: String::new(), bold };
    page.title(source);
    for told in workloads {
        if let Some(name) = told.name {
            page.out.push('\n');
            page.title(name);
        }
        let figures = told.figures;
        page.out += &format!("{} calls in {}\n", grouped(figures.rows), figures::plain(&figures::span(figures.span)));
        page.row("Arrivals", &arrivals(figures));
        page.row("Tokens", &tokens(figures));
        page.row("Cache", &cache(figures));
        page.row("Cut", &cut(figures));
        if let Some(fit) = told.fit {
            page.row("Fit", &fitted(fit));
            page.row("Verdict", &verdict(fit));
        }
    }
    page.out
}

struct Page {
    out: String,
    bold: bool,
}

impl Page {
    fn paint(&self, text: &str) -> String {
        if self.bold { format!("\x1b[1m{text}\x1b[0m") } else { text.to_owned() }
    }

    fn title(&mut self, text: &str) {
        self.out += &self.paint(&visible(text));
        self.out.push('\n');
    }

    fn row(&mut self, label: &str, lines: &[String]) {
        if lines.is_empty() {
            return;
        }
        self.out.push('\n');
        for (i, line) in lines.iter().enumerate() {
            let label = if i == 0 { self.paint(&format!("{label:<LABEL$}")) } else { " ".repeat(LABEL) };
            self.out += format!("{label}{line}").trim_end();
            self.out.push('\n');
        }
    }
}

fn arrivals(f: &Figures) -> Vec<String> {
    let mut lines = vec![
        format!("{} on average", rate(f.rate)),
        format!("at most {} in a second, {} in a minute", grouped(f.peak_second), grouped(f.peak_minute)),
    ];
    lines.extend(f.cv.map(|cv| format!("cv of the gaps {}", number(cv))));
    lines.extend(f.empty_seconds.map(|share| format!("{} of the seconds are empty", per_cent(share))));
    let dispersions = [(f.dispersion_1s, "a second"), (f.dispersion_60s, "a minute")];
    let known: Vec<String> =
        dispersions.iter().filter_map(|(d, over)| Some(format!("{} over {over}", number((*d)?)))).collect();
    if !known.is_empty() {
        lines.push(format!("dispersion {} (1: Poisson)", known.join(", ")));
    }
    lines
}

fn tokens(f: &Figures) -> Vec<String> {
    let heads = ["p50", "p90", "p95", "p99", "mean", "greatest"];
    let row = |name: &str, l: &Lengths| {
        let figures = [l.p50, l.p90, l.p95, l.p99, l.mean, l.greatest as f64];
        line(name, &figures.map(|x| grouped((x + 0.5) as u64)))
    };
    let mut lines = vec![line("", &heads.map(str::to_owned)), row("input", &f.input), row("output", &f.output)];
    lines.extend(f.correlation.map(|r| format!("rank correlation of input and output {r:.2}")));
    lines.push(format!("at most {} input and output in a minute", grouped(f.peak_minute_tokens)));
    lines
}

/// Returns a row of a table of tokens.
fn line(name: &str, figures: &[String]) -> String {
    let cells: String = figures.iter().map(|x| format!("{x:>FIGURE$}")).collect();
    format!("{name:<8}{cells}")
}

fn cache(f: &Figures) -> Vec<String> {
    if f.cache_read == 0.0 && f.cache_write == 0.0 {
        return Vec::new();
    }
    vec![format!(
        "{} of the input is read from it, {} is written to it",
        per_cent(f.cache_read),
        per_cent(f.cache_write)
    )]
}

fn cut(f: &Figures) -> Vec<String> {
    if f.cut == 0.0 {
        return Vec::new();
    }
    vec![format!("{} of the answers stopped at max_tokens: they would be longer", per_cent(f.cut))]
}

fn fitted(fit: &Fit) -> Vec<String> {
    let mut lines = vec![
        format!("{}, of {}", fit.drawn.arrivals.kind(), fit.tried.join(", ")),
        format!("{:<23}{:>FIGURE$}{:>FIGURE$}  {} tapes", "", "trace", "fit", fit.tapes),
    ];
    for c in &fit.compared {
        let range = format!("{} to {}", short(c.range.0), short(c.range.1));
        let mark = if c.is_off() { format!("x {:.1}", c.factor()) } else { String::new() };
        lines.push(format!(
            "{:<23}{:>FIGURE$}{:>FIGURE$}  {range:<18} {mark}",
            c.what,
            short(c.recorded),
            short(c.drawn)
        ));
    }
    lines
}

fn verdict(fit: &Fit) -> Vec<String> {
    if fit.matches() {
        return vec![format!("matches: every figure is within {} times that of the trace", super::fit::OFF)];
    }
    let mut lines = vec!["does not match the trace; these are off:".to_owned()];
    lines.extend(fit.off().map(|c| format!("  {} by {:.1} times", c.what, c.factor())));
    lines.push("to replay the trace is the honest choice: import it without --fit".to_owned());
    lines
}

fn per_cent(share: f64) -> String {
    figures::plain(&figures::share(share))
}

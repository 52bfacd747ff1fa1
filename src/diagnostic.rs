//! Findings about the input: what went wrong, where, by which rule, and how to correct it.
//!
//! All text that a diagnostic can point at (the scenario, each `--set` argument) lies in one range of positions, so
//! that a place is a plain byte range; see [`Sources`].

use std::cmp::Ordering;
use std::ops::Range;

/// A byte range in [`Sources`].
pub type Span = Range<usize>;

/// A value and where it was written.
pub use toml::Spanned;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The scenario cannot run.
    Error,
    /// The scenario runs, and the user should know of the finding.
    Warning,
}

/// A finding about the input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    pub severity: Severity,
    /// The rule that was broken, quoting the value; lowercase, no full stop.
    pub rule: String,
    /// The place of the finding in the input; `None` when the finding is about no one place.
    pub at: Option<Span>,
    /// The advice on what to write instead.
    pub help: Option<String>,
    /// The texts, each of which is accepted when it is typed in the place of what stands at `at`.
    pub offers: Vec<String>,
    /// True if the system is at fault, not the input: a file could not be read because of it.
    pub is_system: bool,
}

impl Diagnostic {
    /// Returns an offer as it is typed in the place of `written`: a name stands in quotes where `written` does.
    #[must_use]
    pub fn typed(offer: &str, written: &str) -> String {
        let is_name = offer.starts_with(|c: char| c.is_ascii_alphabetic())
            && offer.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'))
            && !matches!(offer, "true" | "false");
        if is_name && written.starts_with(['"', '\'']) { format!("\"{offer}\"") } else { offer.to_owned() }
    }
}

/// The findings, in the order in which they were made.
#[derive(Debug, Clone, Default)]
pub struct Sink {
    pub findings: Vec<Diagnostic>,
    /// The number of errors that were found, those included that are not kept.
    errors: usize,
}

/// The greatest number of errors, and of warnings, that are kept: nobody reads more, and each is compared with those before.
pub const MOST_FINDINGS: usize = 100;

impl Sink {
    pub fn error(&mut self, at: Span, rule: impl Into<String>, help: impl Into<Option<String>>) {
        self.push(Severity::Error, Some(at), rule.into(), help.into(), Vec::new());
    }

    /// Adds an error with texts, each of which is accepted in the place of what stands at `at`.
    pub fn offer(&mut self, at: Span, rule: String, help: Option<String>, offers: Vec<String>) {
        self.push(Severity::Error, Some(at), rule, help, offers);
    }

    /// Adds an error that may be about no place in a file.
    pub fn report(&mut self, at: Option<Span>, rule: impl Into<String>, help: impl Into<Option<String>>) {
        self.push(Severity::Error, at, rule.into(), help.into(), Vec::new());
    }

    pub fn warning(&mut self, at: Option<Span>, rule: impl Into<String>, help: impl Into<Option<String>>) {
        self.push(Severity::Warning, at, rule.into(), help.into(), Vec::new());
    }

    fn push(&mut self, severity: Severity, at: Option<Span>, rule: String, help: Option<String>, offers: Vec<String>) {
        let finding = Diagnostic { severity, rule, at, help, offers, is_system: false };
        if self.findings.contains(&finding) {
            return;
        }
        let is_error = severity == Severity::Error;
        self.errors += usize::from(is_error);
        let kept = self.findings.iter().filter(|f| f.severity == severity).count();
        match kept.cmp(&MOST_FINDINGS) {
            Ordering::Less => self.findings.push(finding),
            Ordering::Equal => {
                let name = if is_error { "errors" } else { "warnings" };
                let rule = format!("there are more {name}; the first {MOST_FINDINGS} are shown");
                self.findings.push(Diagnostic { rule, at: None, help: None, offers: Vec::new(), ..finding });
            }
            Ordering::Greater => {}
        }
    }

    /// Says of the findings since the first `from` that the system is at fault, not the input.
    pub fn blame_system(&mut self, from: usize) {
        self.findings.iter_mut().skip(from).for_each(|finding| finding.is_system = true);
    }

    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.errors > 0
    }

    /// Returns the number of errors so far: a caller that compares before and after knows whether a step failed.
    #[must_use]
    pub fn errors(&self) -> usize {
        self.errors
    }
}

/// A piece of text that the user wrote.
#[derive(Debug, Clone)]
pub struct Source {
    /// A path, or `--set`.
    pub name: String,
    pub text: String,
    /// The position of the text's first byte in the one range that all spans refer to.
    pub start: usize,
}

/// Every text that a diagnostic can point at, laid out in one range of byte positions.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    pieces: Vec<Source>,
}

impl Sources {
    /// Adds a piece and returns where it starts.
    pub fn add(&mut self, name: impl Into<String>, text: impl Into<String>) -> usize {
        // One byte apart, so that an empty place at the end of one piece is not the start of the next.
        let start = self.pieces.last().map_or(0, |p| p.start + p.text.len() + 1);
        self.pieces.push(Source { name: name.into(), text: text.into(), start });
        start
    }

    /// Returns the piece of text that holds a place, and the place within it, cut to fit.
    #[must_use]
    pub fn locate(&self, at: &Span) -> Option<(&Source, Span)> {
        let piece = self.pieces.iter().rev().find(|p| p.start <= at.start)?;
        let within = |i: usize| (i - piece.start).min(piece.text.len());
        let (start, end) = (within(at.start), within(at.end.max(at.start)));
        Some((piece, start..end))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_many_errors_the_first_are_kept_and_all_are_counted() {
        let mut sink = Sink::default();
        for i in 0..1_000 {
            sink.error(i..i, "a rule", None);
        }
        sink.error(0..0, "a rule", None);
        sink.warning(None, "a warning", None);
        assert_eq!((sink.findings.len(), sink.errors()), (MOST_FINDINGS + 2, 1_000));
        assert_eq!(sink.findings[MOST_FINDINGS].rule, "there are more errors; the first 100 are shown");
        assert_eq!(sink.findings[MOST_FINDINGS + 1].rule, "a warning");
    }

    #[test]
    fn a_name_is_typed_in_quotes_where_the_text_that_it_replaces_has_them() {
        assert_eq!(Diagnostic::typed("own", "\"onw\""), "\"own\"");
        assert_eq!(Diagnostic::typed("p95", "p59"), "p95");
        assert_eq!(Diagnostic::typed("1000", "\"1000\""), "1000");
        assert_eq!(Diagnostic::typed("true", "\"true\""), "true");
        assert_eq!(Diagnostic::typed("{ e2e = \"20s\" }", "\"20s\""), "{ e2e = \"20s\" }");
    }
}

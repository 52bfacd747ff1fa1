//! The rendering of findings for a person: the line, the rule, the fix.

use std::ops::Range;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use crate::diagnostic::{Diagnostic, MOST_FINDINGS, Severity, Sources};
use crate::escape::visible;
use crate::reading::brief;

/// Returns findings as text, in the order of their places, each with the line it is about, and a count at the end.
///
/// The text ends with a line break; without findings it is empty.
#[must_use]
pub fn render(sources: &Sources, findings: &[Diagnostic], colour: bool) -> String {
    let mut sorted: Vec<&Diagnostic> = findings.iter().collect();
    sorted.sort_by_key(|d| (d.at.as_ref().map(|at| (at.start, at.end)), d.severity));
    let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
    let mut out = String::new();
    for finding in sorted {
        out += &one(&renderer, sources, finding);
        out += "\n\n";
    }
    if !findings.is_empty() {
        out += &count(findings);
        out.push('\n');
    }
    out
}

fn one(renderer: &Renderer, sources: &Sources, finding: &Diagnostic) -> String {
    let level = match finding.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let place = finding.at.as_ref().and_then(|at| sources.locate(at));
    // A rule or a fix may quote a text of any length.
    let (rule, help) = (brief(finding.rule.clone()), finding.help.clone().map(brief));
    let mut group = Group::with_title(level.primary_title(visible(&rule)));
    if let Some((source, at)) = place {
        // A place inside a character cannot be drawn.
        let inside = source.text.is_char_boundary(at.start) && source.text.is_char_boundary(at.end);
        let at = if inside { at } else { 0..0 };
        let (text, line, at) = excerpt(&source.text, at);
        let snippet = Snippet::source(text).line_start(line).path(visible(&source.name));
        group = group.element(snippet.annotation(AnnotationKind::Primary.span(at)));
    }
    if let Some(help) = &help {
        group = group.element(Level::HELP.message(visible(help)));
    }
    renderer.render(&[group])
}

/// Returns the lines of a place, the number of the first, and the place in them. A short text is returned whole.
fn excerpt(text: &str, at: Range<usize>) -> (&str, usize, Range<usize>) {
    // The renderer looks for the lines of the whole text at each finding.
    const SHORT: usize = 64 << 10;
    if text.len() <= SHORT {
        return (text, 1, at);
    }
    let before = &text[..at.start];
    // The end of the text is shown at the end of its last line.
    let before = if at.start == text.len() { before.strip_suffix('\n').unwrap_or(before) } else { before };
    let start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let end = text[at.end..].find('\n').map_or(text.len(), |newline| at.end + newline + 1);
    let line = 1 + text[..start].bytes().filter(|byte| *byte == b'\n').count();
    (&text[start..end], line, at.start - start..at.end - start)
}

/// Returns the number of findings as text: `2 errors, 1 warning`
fn count(findings: &[Diagnostic]) -> String {
    let of = |severity: Severity, word: &str| {
        let n = findings.iter().filter(|d| d.severity == severity).count();
        match n {
            0 => None,
            1 => Some(format!("1 {word}")),
            // The last of them says that there are more.
            n if n > MOST_FINDINGS => Some(format!("more than {MOST_FINDINGS} {word}s")),
            n => Some(format!("{n} {word}s")),
        }
    };
    [of(Severity::Error, "error"), of(Severity::Warning, "warning")]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Sink;

    #[test]
    fn a_place_in_a_long_text_is_shown_as_in_a_short_one() {
        let (short, long) = (10, 100_000);
        let shown = |lines: usize| {
            let text = format!("{}b = 2\nc = 3\n", "a = 1\n".repeat(lines));
            let (mut sources, mut sink) = (Sources::default(), Sink::default());
            sources.add("s.toml", text.clone());
            sink.error(text.len() - 12..text.len() - 7, "the last but one", None);
            sink.error(text.len()..text.len(), "the end", None);
            render(&sources, &sink.findings, false)
        };
        let renumbered = shown(long).replace("100001", "11").replace("100002", "12").replace("100003", "13");
        let plain = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(plain(&renumbered), plain(&shown(short)));
        assert!(shown(long).contains("100001 | b = 2"), "{}", shown(long));
    }

    #[test]
    fn findings_come_in_the_order_of_their_places_and_are_counted() {
        let mut sources = Sources::default();
        sources.add("s.toml", "a = 1\nb = 2\n");
        let set = sources.add("--set", "c=3");
        let mut sink = Sink::default();
        sink.error(set..set + 1, "third", "mend it".to_owned());
        sink.error(6..7, "second", None);
        sink.warning(Some(0..1), "first", None);
        let text = render(&sources, &sink.findings, false);
        let places = [
            "warning: first",
            "s.toml:1:1",
            "error: second",
            "s.toml:2:1",
            "error: third",
            "--set:1:1",
            "help: mend it",
        ];
        let found: Vec<usize> =
            places.iter().map(|p| text.find(p).unwrap_or_else(|| panic!("{p} in {text}"))).collect();
        assert!(found.is_sorted(), "{text}");
        assert!(text.ends_with("\n2 errors, 1 warning\n"), "{text}");
        assert_eq!(render(&sources, &[], false), "");
    }

    #[test]
    fn a_place_inside_a_character_does_no_harm() {
        let mut sources = Sources::default();
        sources.add("s.toml", "é = 1");
        let mut sink = Sink::default();
        sink.error(1..1, "rule", None);
        sink.error(100..200, "rule beyond", None);
        assert!(render(&sources, &sink.findings, true).contains("rule"));
    }
}

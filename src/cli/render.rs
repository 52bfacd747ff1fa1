//! Findings as a person reads them: the line, the rule, the fix.

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use crate::diagnostic::{Diagnostic, Severity, Sources};
use crate::escape::visible;
use crate::reading::brief;

/// Findings in the order of their places, each with the line it is about, and a count at the end.
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
        let annotation = AnnotationKind::Primary.span(at);
        group = group.element(Snippet::source(source.text.as_str()).path(visible(&source.name)).annotation(annotation));
    }
    if let Some(help) = &help {
        group = group.element(Level::HELP.message(visible(help)));
    }
    renderer.render(&[group])
}

/// `2 errors, 1 warning`
fn count(findings: &[Diagnostic]) -> String {
    let of = |severity: Severity, word: &str| {
        let n = findings.iter().filter(|d| d.severity == severity).count();
        (n > 0).then(|| if n == 1 { format!("1 {word}") } else { format!("{n} {word}s") })
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

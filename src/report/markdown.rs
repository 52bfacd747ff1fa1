//! The summary of a document as Markdown for a review: the same rows as the text for a terminal, in a table.

use super::figures::Palette;
use super::marks::{cell, code, line};
use super::sizing;
use super::summary::Story;
use crate::escape;
use crate::results::Results;

/// Returns the summary of the first point as Markdown, or the answer of a size.
#[must_use]
pub fn markdown(results: &Results) -> String {
    let results = &*escape::document(results);
    if let Some(sizing) = &results.sizing {
        return sizing::markdown(results, sizing);
    }
    let Some(point) = results.points.first() else { return String::new() };
    let mut out = format!("## {}\n\n", line(&results.heading()));
    out += &format!(
        "{}, {} replications, seed {}, bedload {}\n\n",
        code(&results.scenario.file),
        point.replications,
        results.seed,
        results.tool.version
    );
    out += "| | |\n|---|---|\n";
    for row in Story::of(results, point, Palette { colour: false }) {
        let lines: Vec<String> = row.sentences().iter().map(|line| cell(line.trim())).collect();
        out += &format!("| **{}** | {} |\n", row.label, lines.join("<br>"));
    }
    out.replace('\u{a0}', " ")
}

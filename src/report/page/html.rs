//! The review as one HTML page. Everything is inside it, so that it opens from a disk without a network.

use maud::{DOCTYPE, Markup, PreEscaped, html as markup};

use super::{Block, Column, Line, Mood, Piece, Review, Section, Table, parts_of};
use crate::charts::{Drawing, Theme, variables};
use crate::report::summary::Row;
use crate::results::Judgement;

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// Returns the review as an HTML page.
#[must_use]
pub fn html(review: &Review) -> String {
    let page = markup! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (review.question) }
                style { (PreEscaped(style())) }
            }
            body {
                main {
                    h1 { (breakable(&review.question)) }
                    (answer(review))
                    div class="two" { @for part in &review.certainty { section { (section(part)) } } }
                    @for part in &review.decision { section { (section(part)) } }
                    div class="appendix" {
                        h2 { "Appendix" }
                        @for part in &review.appendix { section { (subsection(part)) } }
                    }
                }
                script { (PreEscaped(SCRIPT)) }
            }
        }
    };
    page.into_string()
}

/// Returns the page's own style, with the colours of the charts in both themes.
fn style() -> String {
    let (light, dark) = (variables(Theme::Light), variables(Theme::Dark));
    format!(":root{{{light}}}\n@media screen and (prefers-color-scheme:dark){{:root{{{dark}}}}}\n{STYLE}")
}

fn answer(review: &Review) -> Markup {
    let class = match review.judgement {
        Some(Judgement::Held) => "answer good",
        Some(Judgement::Failed) => "answer bad",
        Some(Judgement::Inconclusive) => "answer open",
        None => "answer",
    };
    markup! {
        h2 { "Recommendation" }
        @for (i, line) in review.answer.iter().enumerate() { p class=(if i == 0 { class } else { "more" }) { (piece(line)) } }
    }
}

fn section(section: &Section) -> Markup {
    markup! {
        h2 { (section.heading) }
        @for part in &section.blocks { (block(part)) }
    }
}

/// Returns a section of the appendix, whose heading is one level deeper.
fn subsection(section: &Section) -> Markup {
    markup! {
        h3 { (section.heading) }
        @for part in &section.blocks { (block(part)) }
    }
}

fn block(block: &Block) -> Markup {
    match block {
        Block::Paragraph(line) => markup! { p { (pieces(line)) } },
        Block::Warning(line) => markup! { p class="warn" { (breakable(line)) } },
        Block::Fine(line) => markup! { p class="fine" { (pieces(line)) } },
        Block::Facts(lines) => markup! {
            @for line in lines { div class=(if line.starts_with(' ') { "fact in" } else { "fact" }) { (pieces(&parts_of(line.trim()))) } }
        },
        Block::List(items) => markup! { ul { @for item in items { li { (pieces(item)) } } } },
        Block::Table(shown) => table(shown, "scroll"),
        Block::Wrapped(shown) => table(shown, "wrapped"),
        Block::Figures(rows) => figures(rows),
        Block::Drawings(drawings) => markup! { @for drawing in drawings { (figure(drawing)) } },
        Block::Folded(what, text) => markup! {
            details { summary { (what) } pre tabindex="0" role="region" aria-label=(what) { (text) } }
        },
        Block::Command(line) => markup! {
            pre tabindex="0" role="region" aria-label="The command" { (line) }
        },
    }
}

fn pieces(pieces: &[Piece]) -> Markup {
    markup! { @for one in pieces { (piece(one)) } }
}

fn piece(piece: &Piece) -> Markup {
    match piece {
        Piece::Text(text) => breakable(text),
        Piece::Said(text) => pieces(&parts_of(text)),
        Piece::Code(text) => markup! { code { (breakable(text)) } },
        Piece::Tag(mood, word) => markup! { span class=(mood.class()) { (word) } },
    }
}

/// The length from which a word of a text is taken for a key that may have to be broken \[letters\].
const LONG_WORD: usize = 16;
/// The length from which a word of a column's heading may have to be broken \[letters\].
const LONG_HEADING: usize = 8;

/// Returns a text whose keys, such as `capacities.us.tpm`, break after a dot, an underscore or a hyphen rather than in
/// mid-word. Figures and dates stay whole.
fn breakable(text: &str) -> Markup {
    broken(text, LONG_WORD)
}

/// Returns a heading of a column, which breaks sooner, so that figures decide how wide the column is.
fn narrow(text: &str) -> Markup {
    broken(text, LONG_HEADING)
}

fn broken(text: &str, long: usize) -> Markup {
    markup! {
        @for word in text.split_inclusive([' ', '\n']) {
            @for (i, part) in parts_of_word(word, long).into_iter().enumerate() { @if i > 0 { wbr; } (part) }
        }
    }
}

/// Returns the length of the longest part of a heading that is not broken \[letters\].
fn longest_part(text: &str) -> usize {
    let parts = text.split(' ').flat_map(|word| parts_of_word(word, LONG_HEADING));
    parts.map(|part| part.chars().count()).max().unwrap_or(0)
}

/// Splits a word of at least `long` letters after each joint that a letter follows.
fn parts_of_word(word: &str, long: usize) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut from = 0;
    if word.len() >= long {
        for (at, pair) in word.as_bytes().windows(2).enumerate() {
            if matches!(pair[0], b'.' | b'_' | b'-' | b'/' | b'=') && pair[1].is_ascii_alphabetic() {
                parts.push(&word[from..=at]);
                from = at + 1;
            }
        }
    }
    parts.push(&word[from..]);
    parts
}

/// Returns a piece in a cell, where a key breaks as soon as in a heading.
fn in_cell(cell: &Piece) -> Markup {
    match cell {
        Piece::Code(text) => markup! { code { (narrow(text)) } },
        other => piece(other),
    }
}

impl Piece {
    fn letters(&self) -> usize {
        match self {
            Self::Text(text) | Self::Said(text) | Self::Code(text) => text.chars().count(),
            Self::Tag(_, word) => word.len(),
        }
    }
}

impl Mood {
    const fn class(self) -> &'static str {
        match self {
            Self::Plain => "tag",
            Self::Good => "tag good",
            Self::Bad => "tag bad",
            Self::Open => "tag open",
        }
    }
}

/// The length from which a cell needs more room than a narrow page has \[letters\].
const LONG: usize = 24;

/// The most columns of a table that fits a telephone; a wider table scrolls in its frame.
const MOST_NARROW: usize = 4;

/// Returns a table in its own frame, which scrolls where the page is narrow; a keyboard scrolls what has the focus.
fn table(table: &Table, frame: &str) -> Markup {
    let groups = table.lines.chunk_by(|_, next| !matches!(next, Line::Group(_)));
    markup! {
        div class=(frame) tabindex="0" role="region" aria-label=(table.name) { table class=[(table.columns.len() > MOST_NARROW).then_some("wide")] {
            thead { tr { @for column in &table.columns {
                th scope="col" class=[class(column, longest_part(&column.name))] { (narrow(&column.name)) }
            } } }
            @for group in groups { tbody { @for line in group { (row(&table.columns, line)) } } }
        } }
    }
}

fn row(columns: &[Column], line: &Line) -> Markup {
    let cells = |cells: &[Piece]| {
        markup! { @for (column, cell) in columns.iter().zip(cells) { td class=[class(column, cell.letters())] { (in_cell(cell)) } } }
    };
    match line {
        Line::Group(what) => markup! { tr { th scope="rowgroup" colspan=(columns.len()) { (pieces(what)) } } },
        Line::Cells(all) => markup! { tr { (cells(all)) } },
        Line::Total(all) => markup! { tr class="total" { (cells(all)) } },
    }
}

fn class(column: &Column, letters: usize) -> Option<&'static str> {
    match (column.is_number, letters >= LONG) {
        (true, true) => Some("number long"),
        (true, false) => Some("number"),
        (false, true) => Some("long"),
        (false, false) => None,
    }
}

fn figures(rows: &[Row]) -> Markup {
    markup! {
        dl { @for row in rows { dt { (row.label) } dd { @for line in &row.sentences() { div { (breakable(line.trim())) } } } } }
    }
}

/// Returns a drawing. Its title and its caption are part of the drawing, and are read aloud as its name and
/// description. A narrow page, on which the drawing scrolls, writes both above it and hides those in the drawing.
fn figure(drawing: &Drawing) -> Markup {
    markup! {
        figure id=(drawing.name) style=(format!("--words:{:.0}", drawing.words)) {
            figcaption aria-hidden="true" {
                strong { (breakable(&drawing.title)) }
                span { (breakable(&drawing.caption)) }
            }
            div class="drawing" tabindex="0" role="region" aria-label=(drawing.title) { (PreEscaped(drawing.for_page())) }
            p class="sideways" aria-hidden="true" { "Swipe sideways to see the whole chart." }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_breaks_at_its_joints_and_a_figure_does_not() {
        let shown = |text: &str| breakable(text).into_string();
        assert_eq!(shown("capacities.us.max_tokens"), "capacities.<wbr>us.<wbr>max_<wbr>tokens");
        assert_eq!(shown("amazon.nova-pro-v1:0"), "amazon.<wbr>nova-<wbr>pro-<wbr>v1:0");
        for whole in ["+0.092\u{a0}±0.031\u{a0}pp", "2026-11-01", "$25,215.50", "tpm_x", "700,000,000"] {
            assert_eq!(shown(whole), whole);
        }
        assert_eq!(shown("a <b> and c.d or max_tokens"), "a &lt;b&gt; and c.d or max_tokens");
        assert_eq!(narrow("throttle_rate").into_string(), "throttle_<wbr>rate");
        assert_eq!(longest_part("workloads.chat.max_tokens"), "workloads.".len());
    }
}

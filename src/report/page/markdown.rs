//! The review as Markdown, for a pull request. The drawings are files beside it.

use super::{Block, Line, Mood, Piece, Review, Section, Table, parts_of};
use crate::charts::Drawing;
use crate::report::marks::{code, code_in_cell, fenced, folded, line, plain, started};
use crate::report::summary::Row;

/// Returns the text; each drawing is the file `NAME.png`.
#[must_use]
pub fn review_markdown(review: &Review) -> String {
    let mut out = format!("# {}\n\n## Recommendation\n\n", line(&review.question));
    for (i, said) in review.answer.iter().enumerate() {
        let said = started(&piece(said));
        out += &if i == 0 { format!("> **{said}**\n") } else { format!(">\n> {said}\n") };
    }
    out.push('\n');
    review.certainty.iter().chain(&review.decision).for_each(|part| out += &section(part, "##"));
    out += "## Appendix\n\n";
    review.appendix.iter().for_each(|part| out += &section(part, "###"));
    out.replace('\u{a0}', " ").trim_end().to_owned() + "\n"
}

fn section(section: &Section, level: &str) -> String {
    let blocks: String = section.blocks.iter().map(block).collect();
    format!("{level} {}\n\n{blocks}", section.heading)
}

fn block(block: &Block) -> String {
    match block {
        Block::Paragraph(words) => format!("{}\n\n", started(&pieces(words))),
        Block::Warning(words) => format!("**{}**\n\n", plain(words)),
        Block::Fine(words) => format!("<sub>{}</sub>\n\n", pieces(words)),
        Block::Facts(lines) => facts(lines),
        Block::List(items) => {
            items.iter().map(|item| format!("- {}\n", started(&pieces(item)))).collect::<String>() + "\n"
        }
        Block::Table(shown) | Block::Wrapped(shown) => table(shown),
        Block::Figures(rows) => figures(rows),
        Block::Drawings(drawings) => drawings.iter().map(drawing).collect(),
        Block::Folded(what, text) => folded(what, text),
        Block::Command(command) => fenced("sh", command),
    }
}

/// Returns a list; what belongs to the line before stands below it.
fn facts(lines: &[String]) -> String {
    let mut out = String::new();
    for fact in lines {
        let indent = if fact.starts_with(' ') && !out.is_empty() { "  " } else { "" };
        out += &format!("{indent}- {}\n", started(&pieces(&parts_of(fact.trim()))));
    }
    if out.is_empty() { out } else { out + "\n" }
}

fn pieces(pieces: &[Piece]) -> String {
    pieces.iter().map(piece).collect()
}

fn piece(piece: &Piece) -> String {
    match piece {
        Piece::Text(text) => plain(text),
        Piece::Said(text) => pieces(&parts_of(text)),
        Piece::Code(text) => code(text),
        Piece::Tag(Mood::Bad, word) => format!("**{word}**"),
        Piece::Tag(_, word) => format!("*{word}*"),
    }
}

/// Writes a piece of text in a cell of a table, where a bar would end the cell, in a name too.
fn cell(cell: &Piece) -> String {
    match cell {
        Piece::Said(text) => parts_of(text).iter().map(self::cell).collect(),
        Piece::Code(text) => code_in_cell(text),
        other => piece(other),
    }
}

fn table(table: &Table) -> String {
    let names: Vec<String> = table.columns.iter().map(|column| plain(&column.name)).collect();
    let rules: Vec<&str> = table.columns.iter().map(|column| if column.is_number { "---:" } else { "---" }).collect();
    let mut out = format!("| {} |\n|{}|\n", names.join(" | "), rules.join("|"));
    for line in &table.lines {
        let cells: Vec<String> = match line {
            Line::Group(what) => [what.iter().map(cell).collect()].into_iter().chain(blanks(table)).collect(),
            Line::Cells(all) => all.iter().map(cell).collect(),
            Line::Total(all) => all.iter().map(cell).map(bold).collect(),
        };
        out += &format!("| {} |\n", cells.join(" | "));
    }
    out + "\n"
}

fn bold(cell: String) -> String {
    if cell.is_empty() { cell } else { format!("**{cell}**") }
}

/// Returns the empty cells that follow in a line with one cell.
fn blanks(table: &Table) -> impl Iterator<Item = String> {
    std::iter::repeat_n(String::new(), table.columns.len().saturating_sub(1))
}

fn figures(rows: &[Row]) -> String {
    let mut out = "| | |\n|---|---|\n".to_owned();
    for row in rows {
        let lines: Vec<String> = row.sentences().iter().map(|said| plain(said.trim())).collect();
        out += &format!("| **{}** | {} |\n", row.label, lines.join("<br>"));
    }
    out + "\n"
}

/// Returns a picture. Its title and caption are drawn in it, and written as its text for whoever does not see it.
fn drawing(drawing: &Drawing) -> String {
    let (title, caption) = (plain(&drawing.title), plain(&drawing.caption));
    format!("![{title}. {caption}]({}.png)\n\n", drawing.name)
}

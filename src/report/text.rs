//! The summary of a document as text for a terminal, at most 80 columns wide.

use super::figures::Palette;
use super::summary::{Story, Table};
use super::{doubt, sizing};
use crate::escape;
use crate::results::Results;

/// The width of the text \[columns\]; `LABEL` is that of the labels.
pub(super) const WIDTH: usize = 80;
pub(super) const LABEL: usize = 11;

/// Returns the summary of the first point, or the answer of a size.
#[must_use]
pub fn text(results: &Results, palette: Palette) -> String {
    let results = &*escape::document(results);
    if let Some(sizing) = &results.sizing {
        return sizing::text(results, sizing, palette);
    }
    let Some(point) = results.points.first() else { return String::new() };
    let mut out = String::new();
    for line in wrapped(&results.heading(), WIDTH) {
        out += &palette.bold(&line);
        out.push('\n');
    }
    let replications = match point.replications {
        1 => "1 replication".to_owned(),
        n => format!("{n} replications"),
    };
    let mut origin = format!("{} · {replications} · seed {}", results.scenario.file, results.seed);
    if !point.parameters.is_empty() {
        origin += &format!(" · point {}: {}", point.index, doubt::settings(&point.parameters));
    }
    for line in wrapped(&origin, WIDTH) {
        out += &palette.faint(&line);
        out.push('\n');
    }
    for row in Story::of(results, point, palette) {
        out.push('\n');
        let lines = row.lines.iter().cloned().chain(row.table.as_ref().map(aligned).unwrap_or_default());
        for (i, line) in lines.enumerate() {
            for (j, part) in wrapped(&line, WIDTH - LABEL).into_iter().enumerate() {
                let label =
                    if i == 0 && j == 0 { palette.bold(&format!("{:<LABEL$}", row.label)) } else { " ".repeat(LABEL) };
                let indent = if j > 0 { "  " } else { "" };
                out += &format!("{label}{indent}{part}\n");
            }
        }
    }
    // A figure stays together with its unit while lines break; then any space does.
    out.replace('\u{a0}', " ")
}

/// Returns the lines of a table that fits a terminal: the first column to the left, the others to the right, two blanks
/// between.
fn aligned(table: &Table) -> Vec<String> {
    let header: Vec<String> = table.columns.iter().map(|column| (*column).to_owned()).collect();
    // Lines that are broken have two columns less.
    let rows = fitted(&header, &table.rows, WIDTH - LABEL - 2);
    let lines = || std::iter::once(&header).chain(&rows);
    let width = |column: usize| lines().map(|line| seen_width(&line[column])).max().unwrap_or(0);
    let widths: Vec<usize> = (0..header.len()).map(width).collect();
    let cell = |(i, text): (usize, &String)| {
        let pad = " ".repeat(widths[i] - seen_width(text));
        if i == 0 { format!("{text}{pad}") } else { format!("  {pad}{text}") }
    };
    lines().map(|line| line.iter().enumerate().map(cell).collect()).collect()
}

/// Shortens cells of the widest columns until the table is at most `room` characters wide. No column is cut below its
/// header or 8 characters; numbers are shorter than that.
fn fitted(header: &[String], rows: &[Vec<String>], room: usize) -> Vec<Vec<String>> {
    /// The number of characters that a name keeps at least.
    const LEAST: usize = 8;
    let mut rows = rows.to_vec();
    loop {
        let width = |i: usize| rows.iter().map(|row| seen_width(&row[i])).max().unwrap_or(0);
        let of_header = |i: usize| seen_width(&header[i]);
        let whole: usize = (0..header.len()).map(|i| width(i).max(of_header(i)) + 2).sum::<usize>() - 2;
        let widest = (0..header.len()).filter(|i| width(*i) > of_header(*i).max(LEAST)).max_by_key(|i| (width(*i), *i));
        let Some(widest) = widest.filter(|_| whole > room) else { return rows };
        let most = (width(widest) - 1).max(LEAST);
        rows.iter_mut().for_each(|row| row[widest] = shortened(&row[widest], most));
    }
}

/// Returns a name of at most `most` characters: of a long one the middle is left out.
pub(super) fn shortened(name: &str, most: usize) -> String {
    let letters: Vec<char> = name.chars().collect();
    if letters.len() <= most {
        return name.to_owned();
    }
    let (head, tail) = (most / 2, most - most / 2 - 1);
    let part = |letters: &[char]| letters.iter().filter(|c| **c != '…').collect::<String>();
    format!("{}…{}", part(&letters[..head]), part(&letters[letters.len() - tail..]))
}

/// Breaks a line between words so that no part is wider than `width`, but for a word that is by itself; colour codes
/// take no room.
pub(super) fn wrapped(line: &str, width: usize) -> Vec<String> {
    let lead: String = line.chars().take_while(|c| *c == ' ').collect();
    let mut parts = vec![lead.clone()];
    for word in line.split_inclusive(' ').skip_while(|w| w.trim().is_empty()) {
        let last = parts.last_mut().expect("there is always a part");
        // Two columns less from the second part on, which is indented.
        let room = if last.trim().is_empty() && last.len() == lead.len() { width } else { width - 2 };
        if !last.trim().is_empty() && seen_width(last) + seen_width(word.trim_end()) > room {
            let end = last.trim_end().len();
            last.truncate(end);
            parts.push(word.to_owned());
        } else {
            last.push_str(word);
        }
    }
    parts
}

/// Breaks a line as [`wrapped`] does, and sets what follows the first part two columns farther in.
pub(super) fn hung(line: &str, width: usize) -> Vec<String> {
    let lead = line.chars().take_while(|c| *c == ' ').count();
    let parts = wrapped(line.trim_start(), width - lead);
    let indented = |(i, part): (usize, String)| format!("{}{part}", " ".repeat(if i == 0 { lead } else { lead + 2 }));
    parts.into_iter().enumerate().map(indented).collect()
}

/// Returns the number of columns that a text takes on a terminal.
fn seen_width(text: &str) -> usize {
    let mut escape = false;
    text.chars()
        .filter(|c| {
            let shown = !escape && *c != '\x1b';
            escape = (escape || *c == '\x1b') && *c != 'm';
            shown
        })
        .count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_between_words() {
        assert_eq!(wrapped("one two three", 8), ["one", "two", "three"]);
        assert_eq!(wrapped("  one two", 80), ["  one two"]);
        assert_eq!(wrapped("", 80), [""]);
        assert_eq!(seen_width("\x1b[1mbold\x1b[0m"), 4);
    }
}

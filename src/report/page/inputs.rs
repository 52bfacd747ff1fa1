//! The inputs of a result: each with its value, its origin, its source and its age.

use jiff::civil::Date;

use super::{Block, Column, Line, Mood, Piece, Section, Table, code, said, text};
use crate::report::figures::count;
use crate::results::{Assumption, Input, Origin, Results};

/// The origins in the order of the table, each with its word and its meaning.
const ORIGINS: [(Origin, Mood, &str, &str); 4] = [
    (
        Origin::Published,
        Mood::Plain,
        "published",
        "Limits, prices and terms that the scenario does not state: taken from the catalogue.",
    ),
    (
        Origin::Measured,
        Mood::Plain,
        "measured",
        "AWS does not publish these values; they come from measurements by others or from recordings. \
         Measure them on your own account.",
    ),
    (
        Origin::Assumed,
        Mood::Open,
        "assumed",
        "Defaults for what AWS does not publish or sets for each account, and estimates. Check these first.",
    ),
    (Origin::Stated, Mood::Plain, "stated", "Written in the scenario, or set on the command line."),
];

pub(super) fn inputs(results: &Results) -> Section {
    let newest = results.inputs.iter().filter_map(|i| i.as_of.as_deref()).max();
    let mut blocks = Vec::new();
    if let (Some(oldest), Some(newest)) = (&results.catalog_as_of, newest) {
        let dates = format!("The oldest catalogue figure in use dates from {oldest}, the newest from {newest}");
        blocks.push(Block::Paragraph(vec![text(format!("{dates}; AWS changes limits and prices without notice."))]));
    }
    if results.inputs.is_empty() {
        blocks.push(assumptions(results));
    } else {
        blocks.push(Block::Wrapped(by_origin(results, newest)));
    }
    if !results.axes.is_empty() || results.sizing.is_some() {
        let own = "These are the inputs of the scenario as written. A value that the study varies differs from point to point";
        blocks.push(Block::Paragraph(vec![
            text(own),
            text(": "),
            code("bedload run FILE --point K"),
            text(" shows the inputs of point K."),
        ]));
    }
    if results.inputs_left_out > 0 {
        let left_out = count(results.inputs_left_out as f64);
        blocks.push(Block::Paragraph(vec![text(format!("{left_out} more inputs are not listed."))]));
    }
    Section::of("Inputs and sources", blocks)
}

fn by_origin(results: &Results, newest: Option<&str>) -> Table {
    let side = |input: &Input| {
        let of = input.side.as_deref()?;
        let name = results.comparison.as_ref().map(|c| if of == "a" { &c.a.name } else { &c.b.name });
        Some(name.filter(|name| !name.is_empty()).map_or(of, |name| name.as_str()).to_owned())
    };
    let mut lines = Vec::new();
    for (origin, mood, word, meaning) in ORIGINS {
        let group: Vec<&Input> = results.inputs.iter().filter(|i| i.origin == origin).collect();
        if !group.is_empty() {
            let told = format!(" {}. {meaning}", count(group.len() as f64));
            lines.push(Line::Group(vec![Piece::Tag(mood, word), text(told)]));
            lines.extend(group.into_iter().map(|input| Line::Cells(row(input, newest, side(input)))));
        }
    }
    let columns = ["Input", "Value", "As of", "Source"].map(Column::words).to_vec();
    Table { name: "Inputs by origin", columns, lines }
}

fn row(input: &Input, newest: Option<&str>, side: Option<String>) -> Vec<Piece> {
    let age = |as_of: &String| match newest.and_then(|newest| age(as_of, newest)) {
        Some(age) => format!("{as_of} ({age})"),
        None => as_of.clone(),
    };
    let side = side.map(|side| format!(" of {side}")).unwrap_or_default();
    vec![
        code(&input.path),
        text(value(&input.value) + &side),
        text(input.as_of.as_ref().map(age).unwrap_or_default()),
        said(&input.source),
    ]
}

/// Returns a value as people read it: a large whole number has its thousands apart.
fn value(written: &str) -> String {
    match written.parse::<u64>() {
        Ok(n @ 10_000..) => count(n as f64),
        _ => written.to_owned(),
    }
}

/// Returns how much older a figure is than the newest of the page. The page does not know the day on which it is read.
fn age(as_of: &str, newest: &str) -> Option<String> {
    let days = as_of.parse::<Date>().ok()?.until(newest.parse::<Date>().ok()?).ok()?.get_days();
    match days {
        ..=0 => None,
        1 => Some("1 day older than the newest".to_owned()),
        days => Some(format!("{} days older than the newest", count(f64::from(days)))),
    }
}

/// Returns the assumptions, for documents of earlier versions, which list no other inputs.
fn assumptions(results: &Results) -> Block {
    if results.assumptions.is_empty() {
        return Block::Paragraph(vec![text("The scenario states every input.")]);
    }
    let columns = ["Input", "Value", "Why"].map(Column::words).to_vec();
    let line = |a: &Assumption| Line::Cells(vec![code(&a.path), text(&a.value), said(&a.why)]);
    let lines = results.assumptions.iter().map(line).collect();
    Block::Wrapped(Table { name: "Inputs left at a default", columns, lines })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_is_of_whole_days_before_the_newest() {
        assert_eq!(age("2026-11-01", "2026-11-23").unwrap(), "22 days older than the newest");
        assert_eq!(age("2025-02-01", "2026-11-23").unwrap(), "660 days older than the newest");
        assert_eq!(age("2026-11-22", "2026-11-23").unwrap(), "1 day older than the newest");
        assert_eq!(age("2026-11-23", "2026-11-23"), None);
        assert_eq!(age("soon", "2026-11-23"), None);
    }
}

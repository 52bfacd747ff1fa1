//! What the figures of the page rest on: each with who says so, and how old it is.

use jiff::civil::Date;
use maud::{Markup, html};

use crate::report::figures::count;
use crate::results::{Input, Origin, Results};

/// In the order of the document, each with its word, its class and what it means.
const ORIGINS: [(Origin, &str, &str, &str); 4] = [
    (
        Origin::Published,
        "published",
        "tag",
        "Limits, prices and terms of the catalogue that the scenario does not state.",
    ),
    (
        Origin::Measured,
        "measured",
        "tag",
        "Not published by AWS: others measured it, or it was recorded. Measure your own.",
    ),
    (
        Origin::Assumed,
        "assumed",
        "tag open",
        "Defaults of what nobody publishes, and guesses. This is the part to doubt.",
    ),
    (Origin::Stated, "stated", "tag", "Written in the scenario, or set beside it: your own to answer for."),
];

pub(super) fn inputs(results: &Results) -> Markup {
    let newest = results.inputs.iter().filter_map(|i| i.as_of.as_deref()).max();
    html! {
        h2 { "What this rests on" }
        @if let (Some(oldest), Some(newest)) = (&results.catalog_as_of, newest) {
            p { "The oldest figure of the catalogue in use is of " (oldest) ", the newest of " (newest) "; AWS changes limits and prices without notice." }
        }
        @if results.inputs.is_empty() { (assumptions(results)) } @else {
            div class="scroll" tabindex="0" { table class="inputs" {
                thead { tr { th scope="col" { "Input" } th scope="col" { "Value" } th scope="col" { "As of" } th scope="col" { "Source" } } }
                @for (origin, word, class, meaning) in ORIGINS {
                    @let group: Vec<&Input> = results.inputs.iter().filter(|i| i.origin == origin).collect();
                    @if !group.is_empty() { tbody {
                        tr { th scope="rowgroup" colspan="4" { span class=(class) { (word) } " " (count(group.len() as f64)) ". " (meaning) } }
                        @for input in group { (row(input, newest)) }
                    } }
                }
            } }
            @if results.inputs_left_out > 0 { p { (count(results.inputs_left_out as f64)) " more are not listed." } }
        }
    }
}

fn row(input: &Input, newest: Option<&str>) -> Markup {
    html! { tr {
        td { (path(&input.path)) @if let Some(side) = &input.side { " of " (side) } }
        td { (value(&input.value)) }
        td { @if let Some(as_of) = &input.as_of { (as_of) @if let Some(age) = newest.and_then(|newest| age(as_of, newest)) { " (" (age) ")" } } }
        td { (input.source) }
    } }
}

/// A path that breaks between its keys.
fn path(path: &str) -> Markup {
    html! { code { @for (i, key) in path.split('.').enumerate() { @if i > 0 { "." wbr; } (key) } } }
}

/// A large whole number with its thousands apart.
fn value(written: &str) -> String {
    match written.parse::<u32>() {
        Ok(n @ 10_000..) => count(f64::from(n)),
        _ => written.to_owned(),
    }
}

/// How much older a figure is than the newest of the page: the page does not know the day on which it is read.
fn age(as_of: &str, newest: &str) -> Option<String> {
    let days = as_of.parse::<Date>().ok()?.until(newest.parse::<Date>().ok()?).ok()?.get_days();
    match days {
        ..=0 => None,
        1 => Some("1 day older than the newest".to_owned()),
        days => Some(format!("{} days older than the newest", count(f64::from(days)))),
    }
}

/// Documents of before know these alone.
fn assumptions(results: &Results) -> Markup {
    html! {
        @if results.assumptions.is_empty() { p { "Everything stands in the scenario." } } @else {
            div class="scroll" tabindex="0" { table {
                thead { tr { th scope="col" { "Input" } th scope="col" { "Value" } th scope="col" { "Why" } } }
                tbody { @for a in &results.assumptions { tr { td { code { (a.path) } } td { (a.value) } td { (a.why) } } } }
            } }
        }
    }
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

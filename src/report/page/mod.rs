//! One page that a review can decide from: the question, the answer, how sure it is, the drawings, what it rests on and what
//! it leaves out. Everything is inside it, so that it opens from a disk without a network.

mod inputs;
mod parts;

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::Tale;
use super::figures::{Palette, count};
use crate::charts::{self, Drawing, Subject, Theme, variables};
use crate::results::{Judgement, Verdict};

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");
const PLAIN: Palette = Palette { colour: false };

/// What a page is made of.
#[derive(Debug, Clone, Copy)]
pub struct Sheet<'s> {
    pub subject: Subject<'s>,
    /// The scenario as it is written; `None`: it is not at hand.
    pub scenario: Option<&'s str>,
}

/// The page as HTML.
///
/// # Errors
/// A chart cannot be drawn.
pub fn page(sheet: &Sheet<'_>) -> Result<String, charts::ChartError> {
    let drawings = charts::draw_all(&sheet.subject)?;
    let results = sheet.subject.results;
    let title = if results.scenario.title.is_empty() { &results.scenario.file } else { &results.scenario.title };
    let markup = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) }
                style { (PreEscaped(style())) }
            }
            body {
                main {
                    h1 { (title) }
                    (answer(sheet))
                    (parts::certainty(results))
                    (parts::verdicts(&sheet.subject))
                    @if !drawings.is_empty() {
                        h2 { "What to see" }
                        @for drawing in &drawings { (figure(drawing)) }
                    }
                    (parts::story(&sheet.subject))
                    (parts::money(&sheet.subject))
                    (inputs::inputs(results))
                    (parts::not_included(results))
                    (parts::scenario(sheet))
                    (parts::reproduce(results))
                }
                script { (PreEscaped(SCRIPT)) }
            }
        }
    };
    Ok(markup.into_string())
}

/// The page's own style, with the colours of the charts in both themes.
fn style() -> String {
    let (light, dark) = (variables(Theme::Light), variables(Theme::Dark));
    format!(":root{{{light}}}\n@media screen and (prefers-color-scheme:dark){{:root{{{dark}}}}}\n{STYLE}")
}

/// The answer in one sentence, and whether it is a good one.
fn answer(sheet: &Sheet<'_>) -> Markup {
    let (judgement, text) = sentence(&sheet.subject);
    let class = match judgement {
        Some(Judgement::Held) => "answer good",
        Some(Judgement::Failed) => "answer bad",
        Some(Judgement::Inconclusive) => "answer open",
        None => "answer",
    };
    html! { @for (i, line) in text.lines().enumerate() { p class=(if i == 0 { class } else { "more" }) { (line) } } }
}

fn sentence(subject: &Subject<'_>) -> (Option<Judgement>, String) {
    let results = subject.results;
    if let Some(sizing) = &results.sizing {
        let bought = sizing.bought.as_ref().map(|b| format!("\nBought: {}.", b.explanation)).unwrap_or_default();
        return (Some(sizing.judgement()), format!("{}.{bought}", capital(&sizing.explanation)));
    }
    if let Some(comparison) = &results.comparison {
        let worst = comparison.expectations.iter().map(crate::results::JudgedTwice::judgement).max();
        let lines = super::comparison::cost(comparison);
        return (worst, lines.iter().map(|line| format!("{}.", capital(line))).collect::<Vec<_>>().join("\n"));
    }
    if results.points_total > 1 {
        let mut tale = Tale::default();
        subject.points.iter().for_each(|point| tale.add(point));
        return (None, tale.answer(results, PLAIN));
    }
    let judgement = Judgement::worst(&results.expectations);
    if judgement == Some(Judgement::Held) && results.doubt.as_ref().is_some_and(crate::results::Doubt::hangs) {
        let text = "As written it keeps what is expected, but not under every reading of what nobody knows.";
        return (Some(Judgement::Inconclusive), text.to_owned());
    }
    let n = results.expectations.len();
    let of = |verdict| results.expectations.iter().filter(|e| e.verdict == verdict).count();
    let text = match judgement {
        Some(Judgement::Held) => format!(
            "Yes: {} what is expected.",
            if n == 1 { "it keeps".to_owned() } else { format!("it keeps all {n} of") }
        ),
        Some(Judgement::Failed) => format!("No: of {n} expectations, {} failed.", of(Judgement::Failed)),
        Some(Judgement::Inconclusive) => {
            format!("Not decided: of {n} expectations, {} are inconclusive.", of(Judgement::Inconclusive))
        }
        None => match subject.points.first().map(|p| p.verdict) {
            Some(Verdict::Stable) => "The capacity carries the load. Nothing is expected of it in the file.".to_owned(),
            Some(Verdict::Backlogged) => "A backlog builds up. Nothing is expected in the file.".to_owned(),
            Some(Verdict::Overloaded) => "The mean demand is more than the capacity admits.".to_owned(),
            None => format!("{} points.", count(results.points_total as f64)),
        },
    };
    (judgement, text)
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|c| c.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

/// A drawing with its caption; the title and the description stand in it too, for whoever does not see it.
fn figure(drawing: &Drawing) -> Markup {
    html! {
        figure id=(drawing.name) {
            div class="drawing" { (PreEscaped(drawing.for_page())) }
            figcaption { strong { (drawing.title) } ". " (drawing.caption) }
        }
    }
}

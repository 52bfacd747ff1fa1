//! The forms of a results document: text for a terminal, Markdown for a review, JSON and CSV for programs. Each is a
//! pure function of the document.

mod comparison;
mod cost;
mod csv;
mod cut_short;
mod decision;
mod doubt;
mod figures;
mod gate;
mod json;
mod markdown;
mod owners;
mod page;
mod sizing;
mod summary;
mod sweep;
mod text;
mod verdict;

use crate::escape::markdown as marks;

pub use comparison::{comparison_markdown, comparison_text, turned};
pub use csv::{PointRows, differences_csv, points_csv, write_points_csv};
pub use decision::decide;
pub use doubt::doubt;
pub use figures::{Palette, money};
pub use gate::{
    Case, Checked, against_the_baseline, annotations, cut_more, difference, gate_broken, gate_markdown, gate_text,
    junit,
};
pub use json::{json, results_schema, write_json};
pub use markdown::markdown;
pub use page::{Review, Sheet, html, review, review_markdown};
pub use summary::expectation;
pub use sweep::Tale;
pub use text::text;
pub use verdict::{early_end, unbounded_failures};

//! Ways to tell a results document: text for a terminal, Markdown for a review, JSON and CSV for programs. Each is a pure
//! function of the document.

mod comparison;
mod csv;
mod figures;
mod json;
mod markdown;
mod summary;
mod text;

pub use comparison::{comparison_markdown, comparison_text, turned};
pub use csv::{differences_csv, points_csv};
pub use figures::Palette;
pub use json::{json, results_schema};
pub use markdown::markdown;
pub use summary::expectation;
pub use text::text;

//! Ways to tell a results document: text for a terminal, Markdown for a review, JSON and CSV for programs. Each is a pure
//! function of the document.

mod csv;
mod doubt;
mod figures;
mod json;
mod markdown;
mod summary;
mod sweep;
mod text;

pub use csv::{PointRows, points_csv};
pub use doubt::doubt;
pub use figures::Palette;
pub use json::{json, results_schema};
pub use markdown::markdown;
pub use summary::expectation;
pub use sweep::Tale;
pub use text::text;

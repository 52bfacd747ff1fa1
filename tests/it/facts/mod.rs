//! The use of the catalogue's facts: quotas, prices, life cycles, and a catalogue of the user's own.

mod jobs;
mod lifecycle;
mod own_catalogue;
mod prices;
mod purchases;
mod quotas;
mod unknown_models;

use std::path::Path;

use bedload::cli::render::render;
use bedload::model::{Assumption, Model};
use bedload::scenario::{Loaded, load_text};

/// Loads a scenario, or returns what it is refused with.
pub fn load(text: &str) -> Result<Loaded, String> {
    load_text("test.toml", text, Path::new("."), &[]).map_err(|r| render(&r.sources, &r.findings, false))
}

/// Loads a scenario that must be accepted.
#[track_caller]
pub fn loaded(text: &str) -> Loaded {
    load(text).unwrap_or_else(|refused| panic!("{refused}\n{text}"))
}

/// Returns the warnings about a scenario, rendered.
#[track_caller]
pub fn warnings(text: &str) -> String {
    let loaded = loaded(text);
    render(&loaded.sources, &loaded.warnings, false)
}

/// The assumption at a path.
#[track_caller]
pub fn assumed<'m>(model: &'m Model, path: &str) -> &'m Assumption {
    model.assumptions.iter().find(|a| a.path == path).unwrap_or_else(|| panic!("`{path}` is not assumed"))
}

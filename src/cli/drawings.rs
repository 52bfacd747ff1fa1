//! What is drawn of a document, as files.

use std::path::PathBuf;

use super::files::OutputFolder;
use super::{Exit, Trouble, fault};
use crate::charts::{self, Subject, Theme};

/// Of a chart's PNG \[px\]: twice its size, for screens of two pixels to a CSS pixel.
const PNG_WIDTH: u32 = 1_280;

/// Writes what is drawn of a document; returns the files.
pub(super) fn draw(folder: &OutputFolder, subject: &Subject<'_>) -> Result<Vec<PathBuf>, Trouble> {
    let lost = |error: charts::ChartError| fault(Exit::InputOutput, error.to_string(), None);
    let save = |name: String, content: &[u8]| {
        folder.write(&name, content).map_err(|e| fault(Exit::InputOutput, format!("cannot write `{name}`: {e}"), None))
    };
    let mut written = Vec::new();
    for drawing in charts::draw_all(subject).map_err(lost)? {
        written.push(save(format!("{}.svg", drawing.name), drawing.svg.as_bytes())?);
        let png = drawing.png(Theme::Light, PNG_WIDTH).map_err(lost)?;
        written.push(save(format!("{}.png", drawing.name), &png)?);
    }
    Ok(written)
}

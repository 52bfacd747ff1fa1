//! The drawings of a document, as files.

use std::path::PathBuf;

use super::files::save;
use super::{Exit, Trouble, fault};
use crate::charts::{self, Chart, Drawing, Subject, Theme};
use crate::folder::{OutputFolder, Together, is_own_drawing};

/// The kinds of files that are made of a drawing.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted {
    pub svg: bool,
    pub png: bool,
    /// The width of a PNG \[px\].
    pub width: u32,
    pub theme: Theme,
}

/// The usual files: SVG, and a PNG twice as wide as the drawing, for screens of two pixels to a CSS pixel.
pub(super) const USUAL: Wanted = Wanted { svg: true, png: true, width: 1_280, theme: Theme::Light };

/// Adds what is drawn of a document to the files of a command.
pub(super) fn draw(files: &mut Together<'_>, subject: &Subject<'_>) -> Result<(), Trouble> {
    add(files, &drawn(subject)?, USUAL)
}

/// Returns all that is drawn of a document.
pub(super) fn drawn(subject: &Subject<'_>) -> Result<Vec<Drawing>, Trouble> {
    charts::draw_all(subject).map_err(lost)
}

/// Draws one chart; nothing when the document has not what it needs.
pub(super) fn draw_one(chart: &dyn Chart, subject: &Subject<'_>) -> Result<Vec<Drawing>, Trouble> {
    chart.draw(subject).map_err(lost)
}

/// Adds drawings to the files of a command.
pub(super) fn add(files: &mut Together<'_>, drawings: &[Drawing], wanted: Wanted) -> Result<(), Trouble> {
    for drawing in drawings {
        if wanted.svg {
            save(files, format!("{}.svg", drawing.name), drawing.themed(wanted.theme).as_bytes())?;
        }
        if wanted.png {
            let png = drawing.png(wanted.theme, wanted.width).map_err(lost)?;
            save(files, format!("{}.png", drawing.name), &png)?;
        }
    }
    Ok(())
}

/// Removes the drawings of an earlier run that this one did not write, so that none stands beside results that it does not
/// show: SVG files that have the name of a chart and that bedload drew, each with the PNG beside it.
pub(super) fn remove_older(folder: &OutputFolder, written: &[PathBuf]) {
    let is_chart = |stem: &str| {
        let is_of = |chart: &&dyn Chart| {
            stem.strip_prefix(chart.name()).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
        };
        charts::CHARTS.iter().any(is_of)
    };
    let Ok(files) = std::fs::read_dir(folder.path("")) else { return };
    for path in files.flatten().map(|file| file.path()) {
        let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        let is_svg = path.extension().is_some_and(|end| end == "svg") && is_chart(&stem);
        if is_svg && !written.contains(&path) && is_own_drawing(&path) {
            // What cannot be removed stays: the results themselves are written.
            let _ = std::fs::remove_file(path.with_extension("png"));
            let _ = std::fs::remove_file(&path);
        }
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it is handed over by map_err")]
fn lost(error: charts::ChartError) -> Trouble {
    fault(Exit::InputOutput, error.to_string(), None)
}

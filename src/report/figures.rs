//! Colours of a terminal, and the figures of [`crate::figures`] as the parts of a report use them.

pub use crate::figures::money;
pub(super) use crate::figures::{amount, count, difference, figure, share, short, stated, three_figures, time};
use crate::results::Estimate;
use crate::terms::Unit;

/// Colours of a terminal, or none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Palette {
    pub colour: bool,
}

impl Palette {
    fn paint(self, code: &str, text: &str) -> String {
        if self.colour { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }

    pub(super) fn bold(self, text: &str) -> String {
        self.paint("1", text)
    }

    pub(super) fn good(self, text: &str) -> String {
        self.paint("32", text)
    }

    pub(super) fn bad(self, text: &str) -> String {
        self.paint("1;31", text)
    }

    pub(super) fn doubtful(self, text: &str) -> String {
        self.paint("33", text)
    }

    pub(super) fn faint(self, text: &str) -> String {
        self.paint("2", text)
    }
}

/// Writes an estimate and its half-width in one unit: `4.21 ±0.34 %`; `?` when the estimate is not known.
pub(super) fn interval(e: Option<&Estimate>, unit: Unit) -> String {
    crate::figures::interval(e.and_then(|e| e.estimate), e.and_then(|e| e.half_width), unit)
}

//! What is in doubt, in words.

use super::Page;
use crate::model::study::{Alternative, Alternatives, Unknown};
use crate::units::grouped;

/// A readable list under 80 columns; empty when nothing is in doubt.
#[must_use]
pub fn describe_doubt(unknowns: &[Unknown]) -> String {
    let mut out = Page::default();
    if unknowns.is_empty() {
        return out.text;
    }
    let readings = unknowns.iter().fold(1u64, |n, u| n.saturating_mul(1 + u.others().len() as u64));
    out.line(0, &format!("in doubt, {} readings", grouped(readings)));
    for unknown in unknowns {
        let texts = |values: &[Alternative]| values.iter().map(|v| v.text.clone()).collect::<Vec<_>>().join(", ");
        let span = match &unknown.span {
            Alternatives::Set(values) => texts(values),
            Alternatives::Range { low, high, .. } => format!("from {low} to {high}"),
        };
        let base = unknown.base.as_ref().map_or("as written", |base| &base.text);
        out.line(2, &format!("{}: {span}; runs at {base}", unknown.path));
    }
    out.text
}

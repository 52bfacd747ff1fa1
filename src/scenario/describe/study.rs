//! The description in words of a study: its sweep, its sizing and its doubts.

use super::Page;
use crate::model::study::{Alternative, Alternatives, Axis, Size, Study, Sweep, Unknown};
use crate::units::grouped;

/// The largest number of values of an axis that are listed one by one; a longer axis is shown by its ends.
const MOST_VALUES: u64 = 8;

/// Returns a readable list under 80 columns; empty when nothing is asked.
#[must_use]
pub fn describe_study(study: &Study) -> String {
    let mut out = Page::default();
    if let Some(sweep) = &study.sweep {
        out.sweep(sweep);
    }
    if let Some(size) = &study.size {
        out.size(size);
    }
    out.doubt(&study.doubt);
    out.text
}

impl Page {
    fn sweep(&mut self, sweep: &Sweep) {
        let points = sweep.points().map_or_else(|| "more than can be counted".to_owned(), grouped);
        self.line(0, &format!("sweep, {points} points"));
        for axis in &sweep.axes {
            let value = |i: u64| {
                let choice = axis.choice(i).unwrap_or_default();
                let told: Vec<String> = choice.parameters.iter().map(|(_, v)| v.to_string().replace('"', "")).collect();
                told.join(" with ")
            };
            let span = match (axis, axis.len()) {
                (Axis::Between { low, high, .. }, _) => format!("from {} to {}", number(*low), number(*high)),
                (_, Some(n)) if n > MOST_VALUES => {
                    format!("{} values from {} to {}", grouped(n), value(0), value(n - 1))
                }
                (_, n) => (0..n.unwrap_or(0)).map(value).collect::<Vec<_>>().join(", "),
            };
            self.line(2, &format!("{}: {span}", axis.columns().join(" with ")));
        }
    }

    fn size(&mut self, size: &Size) {
        let Size { vary, find, from, to, step, unit, bought, by } = size;
        self.line(0, "size");
        let step = if *step == 1 { String::new() } else { format!(" by {}", grouped(*step)) };
        let range = format!("from {} to {}{unit}{step}", grouped(*from), grouped(*to));
        self.line(2, &format!("the {} {vary}, {range}, that meets every goal", find.name()));
        if let Some(bought) = bought {
            self.line(2, &format!("bought: {}", grouped(*bought)));
        }
        if let Some(first) = by.first() {
            let names: Vec<&str> = first.parameters.iter().map(|(name, _)| name.as_str()).collect();
            self.line(2, &format!("for each of {} values of {}", by.len(), names.join(" with ")));
        }
    }

    fn doubt(&mut self, unknowns: &[Unknown]) {
        if unknowns.is_empty() {
            return;
        }
        let readings = unknowns.iter().fold(1u64, |n, u| n.saturating_mul(1 + u.others().len() as u64));
        self.line(0, &format!("in doubt, {} readings", grouped(readings)));
        for unknown in unknowns {
            let texts = |values: &[Alternative]| values.iter().map(|v| v.text.clone()).collect::<Vec<_>>().join(", ");
            let span = match &unknown.span {
                Alternatives::Set(values) => texts(values),
                Alternatives::Range { low, high, .. } => format!("from {} to {}", number(*low), number(*high)),
            };
            let base = unknown.base.as_ref().map_or("as written", |base| &base.text);
            self.line(2, &format!("{}: {span}; runs at {base}", unknown.path));
        }
    }
}

fn number(x: f64) -> String {
    if x.fract() == 0.0 && (0.0..1e15).contains(&x) { grouped(x as u64) } else { x.to_string() }
}

//! Colours of a terminal, and the figures of [`crate::figures`] as the parts of a report use them.

pub use crate::figures::money;
pub(super) use crate::figures::{amount, count, difference, figure, share, short, stated, three_figures, time};
use crate::results::Estimate;
use crate::terms::{LATENCY_STATISTICS, Unit};

/// The colours of a terminal, or no colours.
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

/// The explanation of a `?` in a table.
pub(super) const UNKNOWN_IN_TABLE: &str = "?: not known, because a replication served too few requests for a percentile, there were no events, a limit is 0, or a price or the cost per month is not known";

/// Returns what stands for a figure that is not known, with the reason.
pub(super) fn unknown(metric: &str) -> String {
    format!("? ({})", why_unknown(metric))
}

/// Returns the reason why a metric is not known.
pub(super) fn why_unknown(metric: &str) -> &'static str {
    let is_percentile =
        LATENCY_STATISTICS.iter().any(|(suffix, share)| share.is_some() && metric.ends_with(&format!("_{suffix}_ms")));
    match () {
        () if is_percentile => "too few requests were served",
        () if metric.contains(".utilization_") => "the limit is 0, or there were no events",
        () if metric.ends_with("usd") => "a price or the cost per month is not known",
        () => "there were no events",
    }
}

/// Writes an estimate and its half-width in one unit: `4.21 ±0.34 %`; `?` when the estimate is not known.
pub(super) fn interval(e: Option<&Estimate>, unit: Unit) -> String {
    crate::figures::interval(e.and_then(|e| e.estimate), e.and_then(|e| e.half_width), unit)
}

//! Instants of a run: a time since t = 0, or an instant of the wall clock.
//!
//! A key that asks for one has the type [`Instant`] (or [`Earlier`], when it lies before t = 0). The loader recognises
//! these keys by the format of their schema and replaces each instant of the wall clock by its time from t = 0, so that
//! no later pass has to know the clock; see `scenario/instants.rs`.

use crate::model::quantity::Duration;
use crate::model::spec::{Refusal, Scalar, Written, scalar};
use crate::units::SimTime;

/// The `format` in the schema of a key that takes an [`Instant`].
pub const INSTANT: &str = "instant";
/// The `format` in the schema of a key that takes an [`Earlier`].
pub const EARLIER: &str = "earlier-instant";

/// An instant of the run: a time since t = 0 (`"2h"`), or an instant of the wall clock (`"2026-12-01T09:00:00"`) \[µs\].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Instant(pub SimTime);

impl Scalar for Instant {
    fn read(written: Written<'_>) -> Result<Self, Refusal> {
        read(written).map(Self)
    }
}
scalar!(Instant, {
    "type": "string",
    "format": INSTANT,
    "examples": ["2h", "2026-12-01T09:00:00", "2026-12-01T09:00:00[America/New_York]"]
});

/// An instant before the run, held as the time from it to t = 0: `"90d"`, or an instant of the wall clock \[µs\].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Earlier(pub SimTime);

impl Scalar for Earlier {
    fn read(written: Written<'_>) -> Result<Self, Refusal> {
        read(written).map(Self)
    }
}
scalar!(Earlier, {
    "type": "string",
    "format": EARLIER,
    "examples": ["90d", "2026-09-01", "2026-09-01T00:00:00[America/New_York]"]
});

fn read(written: Written<'_>) -> Result<SimTime, Refusal> {
    const FORMS: &str = "write a time since t = 0, such as \"2h\", or an instant, such as \"2026-12-01T09:00:00\"";
    match written {
        Written::Text(text) => Duration::read(written).map(|d| d.0).map_err(|refusal| {
            let looks_like_a_time = text.contains(|c: char| c.is_ascii_digit());
            if looks_like_a_time { refusal } else { refusal.help(FORMS) }
        }),
        other => Duration::read(other).map(|d| d.0),
    }
}

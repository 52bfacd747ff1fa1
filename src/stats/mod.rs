//! Histograms, moments and intervals.

pub mod dispersion;
mod histogram;
pub mod interval;

pub use dispersion::Deviation;
pub use histogram::Histogram;

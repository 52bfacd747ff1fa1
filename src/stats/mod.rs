//! Histograms, moments and intervals.

mod histogram;
pub mod interval;

pub use histogram::Histogram;

//! What is asked beyond one design point: a sweep, and what is in doubt. Plain data; every point and every reading is a
//! list of settings over the scenario.

pub mod doubt;
pub mod sweep;

pub use doubt::{Alternative, Alternatives, Unknown};
pub use sweep::{Axis, Choice, Setting, Sweep};

/// The questions of a scenario.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Study {
    /// `None`: it has no `[sweep]`.
    pub sweep: Option<Sweep>,
    /// What is not known, sorted by path; empty: nothing is doubted.
    pub doubt: Vec<Unknown>,
}

//! What is asked beyond one design point: a sweep. Plain data; every point is a list of settings over the scenario.

pub mod sweep;

pub use sweep::{Axis, Choice, Setting, Sweep};

/// The questions of a scenario.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Study {
    /// `None`: it has no `[sweep]`.
    pub sweep: Option<Sweep>,
}

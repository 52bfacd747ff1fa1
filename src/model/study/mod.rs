//! What is asked beyond one design point: a sweep, a size. Plain data; every point is a list of settings over the
//! scenario.

pub mod size;
pub mod sweep;

pub use size::{Find, Size};
pub use sweep::{Axis, Choice, Setting, Sweep};

/// The questions of a scenario.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Study {
    /// `None`: it has no `[sweep]`.
    pub sweep: Option<Sweep>,
    /// `None`: it has no `[size]`.
    pub size: Option<Size>,
}

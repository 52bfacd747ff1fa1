//! Questions beyond one design point: a sweep, a size, and the unknown quantities. Plain data; every point and every
//! reading is a list of settings over the scenario.

use std::collections::BTreeSet;

pub mod doubt;
mod path;
pub mod size;
pub mod sweep;

pub use doubt::{Alternative, Alternatives, Unknown};
pub use path::{is_same_key, overlaps};
pub use size::{Find, Size};
pub use sweep::{Axis, Choice, Setting, Sweep};

/// The questions of a scenario.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Study {
    /// The sweep; `None`: the scenario has no `[sweep]`.
    pub sweep: Option<Sweep>,
    /// The size question; `None`: the scenario has no `[size]`.
    pub size: Option<Size>,
    /// The unknown quantities, sorted by path; empty: there are none.
    pub doubt: Vec<Unknown>,
    /// The metrics that every point of a sweep keeps, however many there are.
    pub kept: BTreeSet<String>,
}

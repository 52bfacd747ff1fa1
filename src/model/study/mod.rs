//! What is asked beyond one design point: a sweep, a size, and what is in doubt. Plain data; every point and every
//! reading is a list of settings over the scenario.

use std::collections::BTreeSet;

pub mod doubt;
pub mod size;
pub mod sweep;

pub use doubt::{Alternative, Alternatives, Unknown};
pub use size::{Find, Size};
pub use sweep::{Axis, Choice, Setting, Sweep};

/// The questions of a scenario.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Study {
    /// `None`: it has no `[sweep]`.
    pub sweep: Option<Sweep>,
    /// `None`: it has no `[size]`.
    pub size: Option<Size>,
    /// What is not known, sorted by path; empty: nothing is doubted.
    pub doubt: Vec<Unknown>,
    /// The metrics that every point of a sweep keeps, however many there are.
    pub kept: BTreeSet<String>,
}

/// Whether two paths lead to the same key: the name of a kind may be left out of either.
#[must_use]
pub fn is_same_key(a: &str, b: &str) -> bool {
    let (long, short) = if a.len() < b.len() { (b, a) } else { (a, b) };
    let long: Vec<&str> = long.split('.').map(str::trim).collect();
    let short: Vec<&str> = short.split('.').map(str::trim).collect();
    let without = |i: usize| long[..i].iter().chain(&long[i + 1..]).eq(&short);
    // A kind stands neither first nor last.
    long == short || (long.len() == short.len() + 1 && (1..long.len() - 1).any(without))
}

#[cfg(test)]
mod tests {
    use super::is_same_key;

    #[test]
    fn a_kind_may_be_left_out() {
        let full = "capacities.us.on_demand.tpm";
        assert!(
            is_same_key(full, full) && is_same_key("capacities.us.tpm", full) && is_same_key(full, "capacities.us.tpm")
        );
        assert!(!is_same_key("capacities.us.rpm", full) && !is_same_key("capacities.eu.tpm", full));
        assert!(!is_same_key("capacities.us.on_demand", full) && !is_same_key("us.on_demand.tpm", full));
    }
}

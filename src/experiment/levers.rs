//! The keys of a scenario that may be raised, or lowered, where something is in the way of its requests.

use crate::model::Model;
use crate::model::capacity::Billing;
use crate::model::capacity::account::ACCOUNT;
use crate::results::{Neck, NeckKind, Point};

/// The share of unused reservations from which a lower cap is tried before a higher quota \[1\].
const MOSTLY_UNUSED: f64 = 0.5;

/// A key that is raised from its value in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Lever {
    pub path: String,
    pub from: u64,
}

/// Returns the key that is raised for a bottleneck; `None`: no number widens it.
pub(super) fn lever(model: &Model, neck: &Neck) -> Option<Lever> {
    let (owner, key) = neck.path.rsplit_once('.').unwrap_or(("", &neck.path));
    let from = neck.size.map(|size| size as u64);
    let at = |path: &str| from.map(|from| Lever { path: path.to_owned(), from });
    match neck.kind {
        NeckKind::Limit if key == "input" || key == "output" => bought(model, owner, key, from),
        // The account has one quota in each source region, and one key for all of them.
        NeckKind::Limit if owner.split('.').next() == Some(ACCOUNT) => at(&format!("{ACCOUNT}.{key}")),
        NeckKind::Limit | NeckKind::Concurrency | NeckKind::Connections => at(&neck.path),
        _ => None,
    }
}

/// Model Units, or what is reserved, of a capacity that was bought.
fn bought(model: &Model, owner: &str, key: &str, size: Option<u64>) -> Option<Lever> {
    let name = owner.strip_prefix("capacities.")?;
    let capacity = model.capacities.iter().find(|c| c.name == name)?;
    match &capacity.billing {
        Billing::Purchased(purchases) => {
            let [only] = purchases.as_slice() else { return None };
            Some(Lever { path: format!("{owner}.model_units"), from: only.amount / only.parts.max(1) })
        }
        _ => Some(Lever { path: format!("{owner}.{key}_tpm"), from: size? }),
    }
}

/// Returns lower caps of the only workload, the greatest first, where its reservations fill a limit on tokens and are mostly
/// unused.
pub(super) fn caps(model: &Model, point: &Point) -> Option<(String, [u64; 2])> {
    let neck = point.basis.neck.as_ref()?;
    let [workload] = model.workloads.as_slice() else { return None };
    let of = |metric: &str| point.value(metric);
    let unused = of(&format!("{}.reserved_unused_tokens", neck.path))?;
    let charged = of(&format!("{}.charged", neck.path))?;
    if !neck.path.ends_with(".tpm") || unused < MOSTLY_UNUSED * (unused + charged) {
        return None;
    }
    let mean = of("output_tokens")? / of("served").filter(|n| *n > 0.0)?;
    // Some three and six times the mean answer: what a cap of that size cuts short, the goals on truncation judge.
    let values = [6.0, 3.0].map(|times| rounded((times * mean) as u64));
    Some((format!("workloads.{}.max_tokens", workload.name), values))
}

/// Two significant figures, upwards.
pub(super) fn rounded(value: u64) -> u64 {
    let mut unit = 1;
    while value / unit >= 100 {
        unit *= 10;
    }
    value.div_ceil(unit) * unit
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_rounded_up_to_two_figures() {
        assert_eq!([7, 99, 101, 1_234, 2_000_000].map(rounded), [7, 99, 110, 1_300, 2_000_000]);
    }
}

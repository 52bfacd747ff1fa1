//! Checks `[size]`: its range of values, and that the scenario has an expectation to meet.

use super::Lowering;
use crate::model::Expectation;
use crate::model::study::{Choice, Size};
use crate::units::grouped;

/// A range of more values is a typing error.
const MOST_VALUES: u64 = 1_000_000;

impl Lowering<'_> {
    /// Returns the size to find, over the values `by` of a second axis.
    pub fn size(&mut self, by: Vec<Choice>, expectations: &[Expectation]) -> Option<Size> {
        let section = &self.specs.size;
        let spec = section.spec.as_ref()?;
        let size = spec.sought(by);
        if size.to < size.from {
            let rule = format!("the range from {} to {} has no values", grouped(size.from), grouped(size.to));
            self.error(&spec.to.at, rule, format!("write to = {}, or more", size.from));
            return None;
        }
        if let Some(step) = spec.step.as_ref().filter(|step| step.value.0 == 0) {
            self.error(&step.at, "`step` is at least 1", "write step = 1, or more".to_owned());
            return None;
        }
        if size.values() > MOST_VALUES {
            let [from, to, values] = [size.from, size.to, size.values()].map(grouped);
            let rule = format!("the range from {from} to {to} has {values} values, 1,000,000 at most");
            let least = (size.to - size.from).div_ceil(MOST_VALUES - 1);
            let help = match self.files.hold(&spec.to.at) {
                true => format!("write step = {least}, or a larger one"),
                false => format!("give --step {least}, or a larger one"),
            };
            self.error(&spec.to.at, rule, help);
            return None;
        }
        // A fault in them says more than their absence.
        if expectations.is_empty() && self.specs.expect.is_empty() {
            let help = "write [[expect]] with a metric and a bound, or slo.objective under a workload";
            self.error(&section.at, "`size` has no goal to meet: the scenario states none", help.to_owned());
            return None;
        }
        Some(size)
    }
}

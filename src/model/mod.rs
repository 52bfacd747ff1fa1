//! The model that is simulated, as plain data: resolved, checked, without spans or defaults left open.
//!
//! Each kind lives in a file of its own that reads in one order: when to use it, its equation and source; its `Spec`
//! (what a scenario writes); its lowering; its behaviour, if the engine does not own it; its tests.

pub mod capacity;
pub mod client;
pub mod coverage;
pub mod customization;
pub mod daily;
pub mod expectation;
pub mod input;
pub mod instant;
pub mod law;
pub mod pricing;
pub mod quantity;
pub mod run;
pub mod service;
pub mod spec;
pub mod study;
pub mod workload;

use crate::units::{SimTime, WallClock};
use capacity::{Capacity, Quota};
use workload::Workload;

/// A scenario that can run. Lists are sorted by name, so that the order in a file changes nothing.
#[derive(Debug, Clone)]
pub struct Model {
    pub title: String,
    pub run: Run,
    pub workloads: Vec<Workload>,
    pub capacities: Vec<Capacity>,
    /// The named quotas, then the private ones of capacities that wrote their limits inline.
    pub quotas: Vec<Quota>,
    /// The names of regions, each with a prompt cache of its own; the empty name is that of capacities without one.
    pub regions: Vec<String>,
    pub windows: Vec<Window>,
    /// The workloads of each included file, and of each owner; empty for a scenario that includes none and names none.
    pub groups: Vec<Group>,
    /// The quotas of the catalogue that capacities take without stating a limit, by model, path and source region.
    pub default_quotas: Vec<String>,
    pub customizations: Vec<customization::Customization>,
    pub money: pricing::Money,
    pub expectations: Vec<Expectation>,
    pub assumptions: Vec<Assumption>,
    /// Remarks on parts of the scenario for the reader of the answer: models that have ended or end soon.
    pub remarks: Vec<input::Remark>,
    /// Every figure in force with its origin, sorted.
    pub inputs: Vec<input::Input>,
    /// The date of the oldest catalogue entry used (YYYY-MM-DD).
    pub catalog_as_of: Option<String>,
}

#[derive(Debug, Clone)]
pub struct Run {
    /// The measured interval is `[warmup, warmup + duration)` \[µs\].
    pub warmup: SimTime,
    pub duration: SimTime,
    /// The longest time for which traffic continues after the measurement until the last measured request has ended
    /// \[µs\].
    pub cooldown: SimTime,
    pub start: WallClock,
    pub seed: u64,
    pub replications: Replications,
    /// The confidence level of the intervals, in (0, 1).
    pub confidence: f64,
    /// The greatest number of requests that wait, and of attempts in service, at one instant; one more ends the run.
    /// The engine's own limits hold too.
    pub most_alive: u32,
}

impl Run {
    /// Returns the first instant after the measured interval \[µs\].
    #[must_use]
    pub fn measured_end(&self) -> SimTime {
        SimTime(self.warmup.0 + self.duration.0)
    }

    /// Returns the instant at which a run ends whatever is still open \[µs\].
    #[must_use]
    pub fn hard_end(&self) -> SimTime {
        SimTime(self.measured_end().0 + self.cooldown.0)
    }
}

/// The number of replications: waves from `min`, each as large as all before it, up to `max`, until the half-widths of
/// the metrics that expectations name are within `relative_precision` of their estimates.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Replications {
    pub min: u32,
    pub max: u32,
    /// The half-width of an interval / its estimate at which to stop \[1\]; `None`: only `min` replications are run.
    pub relative_precision: Option<f64>,
}

/// A part of the measured interval that is reported by itself, `[from, to)` \[µs\].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Window {
    pub name: String,
    pub from: SimTime,
    pub to: SimTime,
}

/// Workloads that are reported together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    pub kind: GroupKind,
    pub name: String,
    /// The indices of the workloads in the model.
    pub workloads: Vec<usize>,
}

/// The criterion by which workloads form a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum GroupKind {
    /// The workloads stand in one included file.
    File,
    /// The workloads belong to one owner.
    Owner,
}

impl GroupKind {
    /// Returns the family of the group's metrics, such as `owners`.
    #[must_use]
    pub const fn family(self) -> &'static str {
        match self {
            Self::File => "files",
            Self::Owner => "owners",
        }
    }
}

/// A bound that the results must keep.
#[derive(Debug, Clone, PartialEq)]
pub struct Expectation {
    /// The full name of a metric, such as `workloads.chat.e2e_p99_ms`.
    pub metric: String,
    pub bound: Bound,
    /// The confidence level of the verdict, in (0, 1); `None`: that of the run.
    pub confidence: Option<f64>,
}

/// The bound of an expectation, in the metric's unit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Bound {
    AtMost(f64),
    AtLeast(f64),
    Between(f64, f64),
}

/// The reason of an assumption that stands in `[placeholders]`.
pub const PLACEHOLDER: &str =
    "a placeholder of the importer, which the record does not tell: replace it with your own value";

/// An unpublished or dated quantity left at its default.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Assumption {
    /// The scenario key that replaces it.
    pub path: String,
    /// The value in force, as a scenario writes it.
    pub value: String,
    /// The meaning of the assumed value, and how to find the real one.
    pub why: String,
    /// The range in which the scenario says that the value lies; `None`: it states no range.
    pub between: Option<(u64, u64)>,
}

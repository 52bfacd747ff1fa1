//! Fits arrival processes to a record of calls.

use super::batches::{self, BatchSize};
use super::mmpp::{self, TwoState};
use crate::import::profile::Figures;
use crate::import::words::{duration, number, rate};

/// An arrival process as a scenario writes it.
#[derive(Debug, Clone, PartialEq)]
pub enum Arrivals {
    Constant,
    Poisson,
    Gamma { cv: f64 },
    Weibull { cv: f64 },
    Batches { size: BatchSize, spread_s: f64 },
    Mmpp(TwoState),
}

/// The cv below which gaps are taken as even: what varies is the clock that recorded them \[1\].
const EVEN: f64 = 0.01;
/// The greatest cv of the gamma and Weibull laws that a scenario may have \[1\].
const LARGEST_CV: f64 = 20.0;

impl Arrivals {
    /// Returns every process that the figures allow, the simplest first.
    pub fn candidates(figures: &Figures) -> Vec<Self> {
        let Some(cv) = figures.cv else { return vec![Self::Poisson] };
        if cv < EVEN {
            return vec![Self::Constant];
        }
        let mut candidates = vec![Self::Poisson];
        if cv <= LARGEST_CV {
            candidates.extend([Self::Gamma { cv }, Self::Weibull { cv }]);
        }
        if let (Some(second), Some(minute)) = (figures.dispersion_1s, figures.dispersion_60s) {
            let batches = batches::fit(second, minute);
            candidates.extend(batches.map(|(size, spread_s)| Self::Batches { size, spread_s }));
            candidates.extend(mmpp::fit(figures, second, minute).into_iter().map(Self::Mmpp));
        }
        candidates
    }

    /// The kind, as a scenario names it.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Constant => "constant",
            Self::Poisson => "poisson",
            Self::Gamma { .. } => "gamma",
            Self::Weibull { .. } => "weibull",
            Self::Batches { .. } => "batches",
            Self::Mmpp(_) => "mmpp",
        }
    }

    /// Returns the number of parameters taken from the record: the fewer, the better the process explains it.
    pub fn parameters(&self) -> u32 {
        match self {
            Self::Constant | Self::Poisson => 1,
            Self::Gamma { .. } | Self::Weibull { .. } => 2,
            Self::Batches { .. } => 3,
            Self::Mmpp(_) => 4,
        }
    }

    /// Returns the value of the key `arrivals.KIND`, for so many arrivals on average \[1/s\].
    pub fn value(&self, per_second: f64) -> String {
        let mean = rate(per_second);
        match self {
            Self::Constant | Self::Poisson => format!("{{ rate = \"{mean}\" }}"),
            Self::Gamma { cv } | Self::Weibull { cv } => format!("{{ rate = \"{mean}\", cv = {} }}", number(*cv)),
            Self::Batches { size, spread_s } => {
                let spread =
                    if *spread_s > 0.0 { format!(", spread = \"{}\"", duration(*spread_s)) } else { String::new() };
                format!("{{ rate = \"{}\", size{}{spread} }}", rate(per_second / size.mean()), size.value())
            }
            Self::Mmpp(process) => {
                let state = |factor: f64, leave: f64| {
                    format!("{{ factor = {}, mean_duration = \"{}\" }}", number(factor), duration(1.0 / leave))
                };
                let states = [
                    state(process.high / process.rate(), process.leave_high),
                    state(process.low / process.rate(), process.leave_low),
                ];
                format!("{{ rate = \"{mean}\", states = [{}] }}", states.join(", "))
            }
        }
    }
}

//! Arrival processes: the instants at which requests arrive.

pub mod batches;
pub mod intensity;
pub mod job;
pub mod mmpp;
pub mod renewal;
pub mod replay;
pub mod sessions;
pub mod shape;
pub mod users;

pub use batches::Batches;
pub use intensity::Intensity;
pub use job::Job;
pub use renewal::Gaps;
pub use sessions::Sessions;
pub use users::Users;

use crate::model::quantity::Rate;
use crate::model::spec::{At, Written, kinds};
use crate::units;

/// The multiplier of turn numbers. A request that follows from others is numbered `turn x TURN + who`, with the number
/// of its user or session; all others are first turns, of whom there are fewer than [`TURN`].
pub const TURN: u64 = 1 << 40;

/// Returns the number of the user or session of a request; for a request of an open loop, its own number.
#[inline]
#[must_use]
pub const fn who(index: u64) -> u64 {
    index % TURN
}

/// The arrival process of a workload.
#[derive(Debug, Clone)]
pub enum Arrivals {
    /// A renewal process driven by an intensity.
    Renewal { gaps: Gaps, intensity: Intensity },
    /// Batches of requests that arrive together.
    Batches(Batches),
    /// A fixed number of requests from an instant on, once.
    Job(Job),
    /// Conversations, whose first turns are known before the run; the others follow from what the system does.
    Sessions(Sessions),
    /// Users in a closed loop, none of whose requests is known before the run.
    Users(Users),
    /// A recorded trace.
    Trace(replay::Replay),
}

impl Arrivals {
    /// Returns the intensity of the process; `None` for jobs, users and traces.
    #[must_use]
    pub fn intensity(&self) -> Option<&Intensity> {
        match self {
            Self::Renewal { intensity, .. } => Some(intensity),
            Self::Batches(batches) => Some(&batches.intensity),
            Self::Sessions(sessions) => Some(&sessions.intensity),
            Self::Users(_) | Self::Trace(_) | Self::Job(_) => None,
        }
    }

    /// Returns whether an hour is like any other in the long run.
    #[must_use]
    pub fn is_stationary(&self) -> bool {
        match self {
            Self::Trace(_) | Self::Job(_) => false,
            Self::Users(_) => true,
            other => other.intensity().is_none_or(Intensity::is_stationary),
        }
    }

    /// Returns whether a request may follow from the outcome of another.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        matches!(self, Self::Sessions(_) | Self::Users(_))
    }
}

kinds! {
    /// The arrival process: when requests arrive.
    ArrivalsSpec, "an arrival process", meant meant {
        "constant" => Constant(renewal::ConstantSpec),
        "poisson" => Poisson(renewal::PoissonSpec),
        "gamma" => Gamma(renewal::GammaSpec),
        "weibull" => Weibull(renewal::WeibullSpec),
        "mmpp" => Mmpp(mmpp::MmppSpec),
        "batches" => Batches(Box<batches::BatchesSpec>),
        "job" => Job(Box<job::JobSpec>),
        "users" => Users(Box<users::UsersSpec>),
        "sessions" => Sessions(Box<sessions::SessionsSpec>),
        "trace" => Trace(Box<replay::TraceSpec>),
    }
}

/// Returns the Poisson process that a rate alone may mean.
fn meant(written: Written<'_>) -> Vec<String> {
    let Written::Text(text) = written else { return Vec::new() };
    let rates = units::meant::rate(text).into_iter().filter(|_| text.contains(|c: char| !c.is_ascii_digit()));
    rates.map(|rate| format!("{{ poisson = {{ rate = \"{rate}\" }} }}")).collect()
}

impl ArrivalsSpec {
    /// Returns the rate of what the process counts: requests, batches, sessions; `None` for jobs, users and traces.
    #[must_use]
    pub fn rate(&self) -> Option<&At<Rate>> {
        match self {
            Self::Constant(spec) => Some(&spec.rate),
            Self::Poisson(spec) => Some(&spec.rate),
            Self::Gamma(spec) => Some(&spec.rate),
            Self::Weibull(spec) => Some(&spec.rate),
            Self::Mmpp(spec) => Some(&spec.rate),
            Self::Batches(spec) => Some(&spec.rate),
            Self::Sessions(spec) => Some(&spec.rate),
            Self::Users(_) | Self::Trace(_) | Self::Job(_) => None,
        }
    }
}

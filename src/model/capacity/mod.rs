//! What serves: on-demand quotas now; pools and Model Units are further kinds.

pub mod limiter;
pub mod on_demand;
pub mod quota;

use crate::model::spec::kinds;
use crate::units::SimTime;
use on_demand::OnDemandSpec;

pub use quota::{Limit, Quota};

kinds! {
    /// What serves one model.
    CapacitySpec, "a capacity" {
        "on_demand" => OnDemand(OnDemandSpec),
    }
}

#[derive(Debug, Clone)]
pub struct Capacity {
    pub name: String,
    /// As a scenario writes it, such as `on_demand`.
    pub kind: &'static str,
    /// Indices of the quotas that are asked, in order: the named ones as listed, then the capacity's own.
    pub quotas: Vec<usize>,
    /// Requests in progress at once; `None`: unlimited.
    pub concurrency: Option<u32>,
    pub on_saturation: Saturation,
    /// The chance that an offer meets a 503, in \[0, 1\].
    pub unavailable_probability: f64,
}

/// What happens to an offer that finds no room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Saturation {
    /// It is refused.
    Throttle,
    /// It waits, first in, first out; refused when `max_queue` wait already, or after `max_wait` \[µs\].
    Queue { max_wait: Option<SimTime>, max_queue: u32 },
}

/// Why an offer was refused, in the order in which the rules are tested.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Reason {
    /// 503: the background draw.
    Unavailable,
    /// 400: no limiter could ever admit it.
    TooLarge,
    /// 429
    Concurrency,
    /// 429
    Rpm,
    /// 429
    Tpm,
    /// 429
    Tpd,
    /// 429
    QueueFull,
    /// 429
    MaxWait,
}

impl Reason {
    pub const ALL: [Self; 8] = [
        Self::Unavailable,
        Self::TooLarge,
        Self::Concurrency,
        Self::Rpm,
        Self::Tpm,
        Self::Tpd,
        Self::QueueFull,
        Self::MaxWait,
    ];

    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unavailable => "unavailable",
            Self::TooLarge => "too_large",
            Self::Concurrency => "concurrency",
            Self::Rpm => "rpm",
            Self::Tpm => "tpm",
            Self::Tpd => "tpd",
            Self::QueueFull => "queue_full",
            Self::MaxWait => "max_wait",
        }
    }

    #[must_use]
    pub const fn status(self) -> Status {
        match self {
            Self::Unavailable => Status::Unavailable,
            Self::TooLarge => Status::BadRequest,
            _ => Status::Throttled,
        }
    }
}

/// What a refused caller sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// 429: retried as throttled.
    Throttled,
    /// 503: retried as transient.
    Unavailable,
    /// 400: not retried.
    BadRequest,
}

//! The reasons for which offers are refused, and the status codes that callers receive.

use crate::model::capacity::quota::LimitKind;

/// The reason for which an offer was refused; the variants are in the order in which the rules are tested.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Reason {
    /// The capacity is out (503).
    Outage,
    /// The offer met a 503 at random, with the probability that the capacity states (503).
    Unavailable,
    /// Nothing serves yet (429, retried as transient).
    NotReady,
    /// The request is larger than any limiter could ever admit (400).
    TooLarge,
    /// All places of the capacity are taken (429).
    Concurrency,
    /// The limit on requests per minute refused (429).
    Rpm,
    /// The limit on tokens per minute refused (429).
    Tpm,
    /// The limit on tokens per day refused (429).
    Tpd,
    /// The account's daily quota over all models is used up (429).
    AccountTpd,
    /// The limit on input tokens per minute refused (429).
    Itpm,
    /// The limit on output tokens per minute refused (429).
    Otpm,
    /// The bought input throughput refused (429).
    Input,
    /// The bought output throughput refused (429).
    Output,
    /// No region of the pool has room (503 or 429).
    RegionRoom,
    /// The queue of the capacity is full (429).
    QueueFull,
    /// The request waited in the queue as long as it may (429).
    MaxWait,
}

impl Reason {
    pub const ALL: [Self; 16] = [
        Self::Outage,
        Self::Unavailable,
        Self::NotReady,
        Self::TooLarge,
        Self::Concurrency,
        Self::Rpm,
        Self::Tpm,
        Self::Tpd,
        Self::AccountTpd,
        Self::Itpm,
        Self::Otpm,
        Self::Input,
        Self::Output,
        Self::RegionRoom,
        Self::QueueFull,
        Self::MaxWait,
    ];

    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Outage => "outage",
            Self::Unavailable => "unavailable",
            Self::NotReady => "not_ready",
            Self::TooLarge => "too_large",
            Self::Concurrency => "concurrency",
            Self::Rpm => "rpm",
            Self::Tpm => "tpm",
            Self::Tpd => "tpd",
            Self::AccountTpd => "account_tpd",
            Self::Itpm => "itpm",
            Self::Otpm => "otpm",
            Self::Input => "input",
            Self::Output => "output",
            Self::RegionRoom => "region_room",
            Self::QueueFull => "queue_full",
            Self::MaxWait => "max_wait",
        }
    }

    /// Returns the limit that refuses with this reason; `None` where no limit does.
    #[must_use]
    pub const fn limit(self) -> Option<LimitKind> {
        Some(match self {
            Self::Rpm => LimitKind::Rpm,
            Self::Tpm => LimitKind::Tpm,
            Self::Tpd => LimitKind::Tpd,
            Self::AccountTpd => LimitKind::AccountTpd,
            Self::Itpm => LimitKind::Itpm,
            Self::Otpm => LimitKind::Otpm,
            Self::Input => LimitKind::Input,
            Self::Output => LimitKind::Output,
            _ => return None,
        })
    }

    /// Returns the status that the caller receives, unless the capacity states another.
    #[must_use]
    pub const fn status(self) -> Status {
        match self {
            Self::Outage | Self::Unavailable | Self::RegionRoom => Status::Unavailable,
            Self::NotReady => Status::NotReady,
            Self::TooLarge => Status::BadRequest,
            _ => Status::Throttled,
        }
    }
}

/// The status that the caller of a refused offer receives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// 429: retried as throttled.
    Throttled,
    /// 429 of a model that is being loaded: retried as transient.
    NotReady,
    /// 503: retried as transient.
    Unavailable,
    /// 400: not retried.
    BadRequest,
}

/// A refusal: its reason, and the status that the caller receives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refused {
    pub reason: Reason,
    pub status: Status,
}

impl Refused {
    /// Returns a refusal with the usual status of its reason.
    #[must_use]
    pub const fn of(reason: Reason) -> Self {
        Self { reason, status: reason.status() }
    }
}

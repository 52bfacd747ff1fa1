//! Attempts in service on the short way: all that their ends need, in one cache line.

use crate::model::client::retry::RetryQuotas;
use crate::units::Tokens;

/// An attempt in service.
#[derive(Debug, Clone, Copy)]
pub(super) struct Attempt {
    /// \[µs\]
    pub(super) admitted: u64,
    pub(super) index: u64,
    pub(super) admission: u64,
    /// As in [`Plan`](super::plan::Plan) \[tokens\].
    pub(super) burned: Tokens,
    pub(super) reserved: Tokens,
    pub(super) cap: u32,
    pub(super) cache_read: u32,
    pub(super) cache_write: u32,
    pub(super) output: u32,
    pub(super) label: Label,
}

/// What many attempts have in common.
#[derive(Debug, Clone, Copy)]
pub(super) struct Label {
    pub(super) workload: u16,
    pub(super) capacity: u16,
    pub(super) attempt: u16,
    pub(super) last_cost: u8,
    pub(super) fate: Fate,
}

/// What an attempt in service means to its client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Fate(u8);

impl Fate {
    /// The answer reaches a client that still waits.
    pub(super) const ANSWERED: u8 = 1;
    /// A measured request is open until then.
    pub(super) const MEASURED: u8 = 2;
    /// The answer gives back to a retry quota.
    pub(super) const PAYS_BACK: u8 = 4;

    pub(super) fn new(is_answered: bool, is_measured: bool, quotas: &RetryQuotas) -> Self {
        let flag = |is: bool, flag: u8| if is { flag } else { 0 };
        Self(
            flag(is_answered, Self::ANSWERED)
                | flag(is_measured, Self::MEASURED)
                | flag(is_answered && quotas.are_kept(), Self::PAYS_BACK),
        )
    }

    #[inline(always)]
    pub(super) fn is(self, flag: u8) -> bool {
        self.0 & flag != 0
    }

    /// A measured request is to be answered by it.
    pub(super) fn is_owed(self) -> bool {
        self.is(Self::ANSWERED) && self.is(Self::MEASURED)
    }
}

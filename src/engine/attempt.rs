//! Attempts in service on the short way: all that their ends need, in one cache line.

use super::call::Carried;
use crate::model::capacity::{Ask, Used};
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
    /// What it brings and takes home, copied whole: most completions do not look at it.
    pub(super) carried: Carried,
    pub(super) label: Label,
}

impl Attempt {
    /// What the limits were asked for at admission \[tokens\].
    pub(super) fn ask(&self) -> Ask {
        let cap = self.reserved - self.carried.input();
        self.carried.ask(cap as u32, self.label.workload.into())
    }

    /// What the limits are charged by in the end \[tokens\].
    pub(super) fn used(&self) -> Used {
        Used { burned: self.burned, output: u64::from(self.carried.output) }
    }
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

//! Attempts in service on the short admission path: all that their ends need, in one cache line.

use super::call::Carried;
use crate::model::capacity::{Ask, Used};
use crate::model::client::retry::RetryQuotas;
use crate::units::Tokens;

/// An attempt in service.
#[derive(Debug, Clone, Copy)]
pub(super) struct Attempt {
    /// The instant of admission \[µs\].
    pub(super) admitted: u64,
    pub(super) index: u64,
    pub(super) admission: u64,
    /// The charge at completion, as in [`Plan`](super::plan::Plan) \[tokens\].
    pub(super) burned: Tokens,
    pub(super) reserved: Tokens,
    /// The tokens of the call, by kind; copied whole, because most completions do not read them.
    pub(super) carried: Carried,
    pub(super) label: Label,
}

impl Attempt {
    /// Returns the amounts that the limits were asked for at admission \[tokens\].
    pub(super) fn ask(&self) -> Ask {
        let cap = self.reserved - self.carried.input();
        self.carried.ask(cap as u32, self.label.workload.into())
    }

    /// Returns the amounts that the limits are charged at completion \[tokens\].
    pub(super) fn used(&self) -> Used {
        Used { burned: self.burned, output: u64::from(self.carried.output) }
    }
}

/// The properties that many attempts share: workload, capacity, attempt number, cost of the last retry and fate.
#[derive(Debug, Clone, Copy)]
pub(super) struct Label {
    pub(super) workload: u16,
    pub(super) capacity: u16,
    pub(super) attempt: u16,
    pub(super) last_cost: u8,
    pub(super) fate: Fate,
}

/// The meaning of an attempt in service to its client, as flags.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Fate(u8);

impl Fate {
    /// The answer reaches a client that still waits.
    pub(super) const ANSWERED: u8 = 1;
    /// A measured request stays open until the attempt ends.
    pub(super) const MEASURED: u8 = 2;
    /// The answer gives credit back to a retry quota.
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

    /// Returns whether the attempt will answer a measured request.
    pub(super) fn is_owed(self) -> bool {
        self.is(Self::ANSWERED) && self.is(Self::MEASURED)
    }
}

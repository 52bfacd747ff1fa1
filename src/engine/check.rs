//! Limits on tokens: what each takes of an ask, and what it is charged in the end.

use crate::model::capacity::quota::LimitKind;
use crate::model::capacity::{Ask, Quota, Reason};
use crate::units::Tokens;

/// What an attempt used \[tokens\].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Used {
    /// Input and cache writes, and output times its burndown.
    pub burned: Tokens,
    pub output: Tokens,
}

/// What a limit takes of an ask, and what it is charged in the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Takes {
    /// Input and cap; charged what is burned.
    Reservation,
    /// The same with cache reads.
    ReservationAndReads,
    /// Input and cap; charged the input.
    InputAndCap,
    /// Input, for good.
    Input,
    /// The cap; charged the output.
    Cap,
    /// Nothing while any is left; charged the output.
    OutputAfter,
}

/// One limit on tokens that a capacity asks.
#[derive(Debug, Clone, Copy)]
pub(super) struct Check {
    pub(super) gauge: u32,
    pub(super) quota: u32,
    pub(super) takes: Takes,
    pub(super) kind: LimitKind,
}

impl Check {
    pub(super) fn new(gauge: usize, index: usize, kind: LimitKind, quota: &Quota) -> Self {
        let takes = match kind {
            LimitKind::Tpm | LimitKind::Tpd if quota.reserve_cache_reads => Takes::ReservationAndReads,
            LimitKind::Tpm | LimitKind::Tpd => Takes::Reservation,
            LimitKind::Itpm => Takes::InputAndCap,
            LimitKind::Input => Takes::Input,
            LimitKind::Output if quota.charge_output_after => Takes::OutputAfter,
            LimitKind::Output => Takes::Cap,
            LimitKind::Rpm | LimitKind::Otpm => unreachable!("requests and streams ask it"),
        };
        Self { gauge: gauge as u32, quota: index as u32, takes, kind }
    }

    /// What is taken at admission \[tokens\]. Most limits are on reservations: these are asked for first.
    #[inline(always)]
    pub(super) fn amount(self, ask: Ask) -> Tokens {
        if self.takes == Takes::Reservation { ask.reserved() } else { self.rare_amount(ask) }
    }

    /// What must have room: of a limit that takes nothing now, something must be left.
    #[inline(always)]
    pub(super) fn needs(self, ask: Ask) -> Tokens {
        match self.takes {
            Takes::Reservation => ask.reserved(),
            Takes::OutputAfter => 1,
            _ => self.rare_amount(ask),
        }
    }

    #[inline(never)]
    pub(super) fn rare_amount(self, ask: Ask) -> Tokens {
        match self.takes {
            Takes::Reservation | Takes::InputAndCap => ask.reserved(),
            Takes::ReservationAndReads => ask.reserved() + ask.cache_read,
            Takes::Input => ask.input,
            Takes::Cap => ask.cap,
            Takes::OutputAfter => 0,
        }
    }

    /// What replaces the amount in the end.
    #[inline(always)]
    pub(super) fn charge(self, ask: Ask, used: Used) -> Tokens {
        if self.takes == Takes::Reservation { used.burned } else { self.rare_charge(ask, used) }
    }

    #[inline(never)]
    pub(super) fn rare_charge(self, ask: Ask, used: Used) -> Tokens {
        match self.takes {
            Takes::InputAndCap | Takes::Input => ask.input,
            Takes::Cap | Takes::OutputAfter => used.output,
            Takes::Reservation | Takes::ReservationAndReads => used.burned,
        }
    }

    pub(super) fn reason(self) -> Reason {
        match self.kind {
            LimitKind::Rpm => Reason::Rpm,
            LimitKind::Tpm => Reason::Tpm,
            LimitKind::Tpd => Reason::Tpd,
            LimitKind::Itpm => Reason::Itpm,
            LimitKind::Otpm => Reason::Otpm,
            LimitKind::Input => Reason::Input,
            LimitKind::Output => Reason::Output,
        }
    }
}

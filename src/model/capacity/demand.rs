//! The demand of a call on a limit: the amount reserved at admission, and the amount charged in the end.

use super::account::{Counting, INPUT_WEIGHT, PriceWeights};
use super::quota::{LimitKind, Quota};
use crate::model::service::Burndown;
use crate::units::Tokens;

/// The tokens that an offer asks of limits \[tokens\].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ask {
    /// The uncached input and the cache writes.
    pub input: Tokens,
    /// The output cap.
    pub cap: Tokens,
    /// The cache reads, which some quotas reserve too.
    pub cache_read: Tokens,
    /// The part of `input` that is written to the cache.
    pub cache_write: Tokens,
    /// The index of the workload that asks.
    pub workload: u32,
}

impl Ask {
    /// Returns the tokens that most limits reserve at admission: the burndown rate has no part in it.
    #[inline(always)]
    #[must_use]
    pub const fn reserved(self) -> Tokens {
        self.input + self.cap
    }
}

/// The tokens that an attempt used \[tokens\].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Used {
    /// The sum of input, cache writes, and output times its burndown.
    pub burned: Tokens,
    pub output: Tokens,
}

/// The rule for the tokens that one limit takes of a call at one capacity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Takes {
    /// Reserves input and cap; charges the input and the burned output.
    Reservation,
    /// Reserves input and cap; charges the billed tokens: the input and the output.
    Billed,
    /// Reserves input, cap times burndown, and cache reads where they are reserved; charges the input and the burned
    /// output.
    WideReservation { cache_reads: bool, burndown: Burndown },
    /// Reserves and charges each kind of token by its price over that of input; the weights are by workload.
    Weighted(Box<[PriceWeights]>),
    /// Reserves input and cap; charges the input.
    InputAndCap,
    /// Takes the input for good.
    Input,
    /// Reserves the cap; charges the output.
    Cap,
    /// Takes nothing at admission, when one token must be left; charges the output.
    OutputAfter,
}

impl Takes {
    /// Returns the rule of a limit of a quota for calls to a model with this burndown; `weights` are by workload.
    ///
    /// # Panics
    /// Panics if the limit is on requests or on streams, which take no tokens at admission.
    #[must_use]
    pub fn of(
        kind: LimitKind,
        quota: &Quota,
        burndown: Burndown,
        weights: impl FnOnce() -> Box<[PriceWeights]>,
    ) -> Self {
        match kind {
            LimitKind::Tpm | LimitKind::Tpd => {
                let cache_reads = quota.reserve_cache_reads;
                let burndown = if quota.reserve_output_burndown { burndown } else { Burndown::ONE };
                let is_plain = burndown == Burndown::ONE && !cache_reads;
                if is_plain { Self::Reservation } else { Self::WideReservation { cache_reads, burndown } }
            }
            LimitKind::AccountTpd => match quota.counting {
                Counting::Billed => Self::Billed,
                Counting::PriceWeighted => Self::Weighted(weights()),
            },
            LimitKind::Itpm => Self::InputAndCap,
            LimitKind::Input => Self::Input,
            LimitKind::Output if quota.charge_output_after => Self::OutputAfter,
            LimitKind::Output => Self::Cap,
            LimitKind::Rpm | LimitKind::Otpm => unreachable!("requests and streams ask it"),
        }
    }

    /// Returns the amount that is taken at admission \[tokens\].
    #[inline(always)]
    #[must_use]
    pub fn amount(&self, ask: Ask) -> Tokens {
        // Most limits are on reservations: these are asked for first.
        if matches!(self, Self::Reservation | Self::Billed) { ask.reserved() } else { self.rare_amount(ask) }
    }

    /// Returns the amount that must have room at admission \[tokens\]: where nothing is taken yet, something must be
    /// left.
    #[inline(always)]
    #[must_use]
    pub fn needs(&self, ask: Ask) -> Tokens {
        match self {
            Self::Reservation | Self::Billed => ask.reserved(),
            Self::OutputAfter => 1,
            _ => self.rare_amount(ask),
        }
    }

    #[inline(never)]
    fn rare_amount(&self, ask: Ask) -> Tokens {
        match self {
            Self::Reservation | Self::Billed | Self::InputAndCap => ask.reserved(),
            Self::WideReservation { cache_reads, burndown } => {
                ask.input + burndown.of(ask.cap) + if *cache_reads { ask.cache_read } else { 0 }
            }
            Self::Weighted(weights) => weighted(&weights[ask.workload as usize], ask, ask.cap),
            Self::Input => ask.input,
            Self::Cap => ask.cap,
            Self::OutputAfter => 0,
        }
    }

    /// Returns the amount that replaces the reservation in the end \[tokens\].
    #[inline(always)]
    #[must_use]
    pub fn charge(&self, ask: Ask, used: Used) -> Tokens {
        match self {
            Self::Reservation => used.burned,
            Self::Billed => ask.input + used.output,
            _ => self.rare_charge(ask, used),
        }
    }

    #[inline(never)]
    fn rare_charge(&self, ask: Ask, used: Used) -> Tokens {
        match self {
            Self::InputAndCap | Self::Input => ask.input,
            Self::Cap | Self::OutputAfter => used.output,
            Self::Reservation | Self::WideReservation { .. } => used.burned,
            Self::Billed => ask.input + used.output,
            Self::Weighted(weights) => weighted(&weights[ask.workload as usize], ask, used.output),
        }
    }

    /// Returns the amount that a call needs by what AWS documents \[tokens\], at most the sum of its input, cap and
    /// cache reads. A call that needs more than the limit is too large (400). Factors that AWS does not document make
    /// no call too large: accounts that met them were throttled (429).
    #[must_use]
    pub fn documented_need(&self, ask: Ask) -> Tokens {
        match self {
            Self::WideReservation { cache_reads: true, .. } => ask.reserved() + ask.cache_read,
            Self::WideReservation { cache_reads: false, .. } => ask.reserved(),
            Self::Weighted(_) => self.needs(ask).min(ask.reserved()),
            _ => self.needs(ask),
        }
    }
}

/// Returns the sum of the tokens of each kind times their weight, rounded half up.
fn weighted(weights: &PriceWeights, ask: Ask, output: Tokens) -> Tokens {
    let uncached = ask.input - ask.cache_write;
    let sum = u128::from(uncached) * u128::from(INPUT_WEIGHT)
        + u128::from(ask.cache_write) * u128::from(weights.cache_write)
        + u128::from(ask.cache_read) * u128::from(weights.cache_read)
        + u128::from(output) * u128::from(weights.output);
    ((sum + u128::from(INPUT_WEIGHT / 2)) / u128::from(INPUT_WEIGHT)) as Tokens
}

#[cfg(test)]
mod tests {
    use super::*;

    const ASK: Ask = Ask { input: 5_000, cap: 32_000, cache_read: 4_000, cache_write: 1_000, workload: 0 };
    const USED: Used = Used { burned: 10_000, output: 1_000 };

    #[test]
    fn what_is_billed_knows_no_burndown() {
        assert_eq!([Takes::Reservation, Takes::Billed].map(|takes| takes.amount(ASK)), [37_000; 2]);
        assert_eq!([Takes::Reservation, Takes::Billed].map(|takes| takes.charge(ASK, USED)), [10_000, 6_000]);
    }

    #[test]
    fn a_reservation_may_be_burned_down_and_hold_cache_reads() {
        let burndown = Burndown::from_ratio(5.0).unwrap();
        let burned = Takes::WideReservation { cache_reads: false, burndown };
        let both = Takes::WideReservation { cache_reads: true, burndown };
        assert_eq!([burned.amount(ASK), both.amount(ASK)], [165_000, 169_000]);
        assert_eq!([burned.charge(ASK, USED), both.charge(ASK, USED)], [10_000; 2]);
    }

    #[test]
    fn weights_multiply_each_kind_of_token() {
        let weights = PriceWeights { cache_read: 100_000, cache_write: 1_250_000, output: 5_000_000 };
        let takes = Takes::Weighted([weights].into());
        assert_eq!(takes.amount(ASK), 4_000 + 1_250 + 400 + 160_000);
        assert_eq!(takes.charge(ASK, USED), 4_000 + 1_250 + 400 + 5_000);
        // 4 tokens at a tenth are rounded half up.
        let few = Ask { input: 0, cap: 0, cache_read: 5, cache_write: 0, workload: 0 };
        assert_eq!(takes.amount(few), 1);
    }

    #[test]
    fn what_is_not_documented_makes_no_call_too_large() {
        let burndown = Burndown::from_ratio(5.0).unwrap();
        let weights = PriceWeights { cache_read: 100_000, cache_write: 1_250_000, output: 5_000_000 };
        for takes in [
            Takes::WideReservation { cache_reads: false, burndown },
            Takes::Weighted([weights].into()),
            Takes::Reservation,
        ] {
            assert_eq!(takes.documented_need(ASK), 37_000, "{takes:?}");
        }
        assert_eq!(Takes::WideReservation { cache_reads: true, burndown }.documented_need(ASK), 41_000);
    }
}

//! Exact money: integers of 10⁻¹² US dollars, rounded only when shown.

use super::grouped;
use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Mul};

/// An exact amount \[10⁻¹² USD\].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Usd(pub i128);

impl Usd {
    pub const ZERO: Self = Self(0);
    /// One dollar \[10⁻¹² USD\].
    pub const ONE: Self = Self(1_000_000_000_000);

    /// Returns the amount in dollars, for metrics and charts; a sum of money is never computed in this form \[USD\].
    #[must_use]
    pub fn as_f64(self) -> f64 {
        self.0 as f64 / Self::ONE.0 as f64
    }
}

impl Add for Usd {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl AddAssign for Usd {
    fn add_assign(&mut self, other: Self) {
        self.0 += other.0;
    }
}

impl Sum for Usd {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::ZERO, Add::add)
    }
}

impl Mul<u64> for Usd {
    type Output = Self;
    fn mul(self, times: u64) -> Self {
        Self(self.0 * i128::from(times))
    }
}

/// Writes dollars and cents, or as many places as a small amount needs: `$27,379.20`, `$0.000123`.
impl fmt::Display for Usd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let amount = self.0.unsigned_abs();
        let one = Self::ONE.0 as u128;
        if amount != 0 && amount < one / 10 {
            let text = format!("{:.12}", amount as f64 / one as f64);
            return write!(f, "{sign}${}", text.trim_end_matches('0'));
        }
        let cents = (amount + one / 200) / (one / 100);
        write!(f, "{sign}${}.{:02}", grouped(cents / 100), cents % 100)
    }
}

/// A price: an exact amount for each of some unit (a token, an hour) \[10⁻¹² USD / unit\].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Price(pub Usd);

impl Price {
    /// Returns the cost of `count` units.
    #[must_use]
    pub fn of(self, count: u64) -> Usd {
        self.0 * count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_prints_in_cents_and_small_amounts_in_full() {
        assert_eq!(Usd(27_379_200_000_000_000).to_string(), "$27,379.20");
        assert_eq!(Usd(1_000_000_000).to_string(), "$0.001");
        assert_eq!(Usd(0).to_string(), "$0.00");
        assert_eq!(Usd(-1_500_000_000_000).to_string(), "-$1.50");
    }
}

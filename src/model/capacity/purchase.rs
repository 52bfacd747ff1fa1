//! Throughput that is bought by the hour: the units, their number, the term and the price.

use crate::model::quantity::{Count, HourlyPrice};
use crate::model::spec::{At, words};
use crate::units::{MICROS_PER_HOUR, Price, SimTime, Steps, Tokens, Usd};

/// The term for which a purchase is paid, used or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Commitment {
    None,
    OneMonth,
    ThreeMonths,
    SixMonths,
}

impl Commitment {
    /// Returns the name of the term as a scenario writes it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::OneMonth => "1-month",
            Self::ThreeMonths => "3-months",
            Self::SixMonths => "6-months",
        }
    }

    /// Returns the length of the term \[months\].
    #[must_use]
    pub const fn months(self) -> u32 {
        match self {
            Self::None => 0,
            Self::OneMonth => 1,
            Self::ThreeMonths => 3,
            Self::SixMonths => 6,
        }
    }
}

words! {
    /// The term for which Model Units are bought.
    ModelUnitCommitment, "a commitment of Model Units" {
        "none" => None,
        "1-month" => OneMonth,
        "6-months" => SixMonths,
    }
}

words! {
    /// The term for which reserved throughput is bought.
    ReservedCommitment, "a commitment of reserved throughput" {
        "1-month" => OneMonth,
        "3-months" => ThreeMonths,
    }
}

impl From<ModelUnitCommitment> for Commitment {
    fn from(written: ModelUnitCommitment) -> Self {
        match written {
            ModelUnitCommitment::None => Self::None,
            ModelUnitCommitment::OneMonth => Self::OneMonth,
            ModelUnitCommitment::SixMonths => Self::SixMonths,
        }
    }
}

impl From<ReservedCommitment> for Commitment {
    fn from(written: ReservedCommitment) -> Self {
        match written {
            ReservedCommitment::OneMonth => Self::OneMonth,
            ReservedCommitment::ThreeMonths => Self::ThreeMonths,
        }
    }
}

/// A purchase of throughput by the hour, which is billed whether it is used or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Purchase {
    /// The throughput that is bought, such as `3 Model Units`.
    pub what: String,
    /// The amount that is bought, in parts of a unit: `amount / parts` units are paid for.
    pub amount: u64,
    pub parts: u64,
    /// The price of one unit for an hour; `None`: not known.
    pub price: Option<Price>,
    pub commitment: Commitment,
    /// The time for which the term has already run at `from`, where it was bought before the run \[µs\].
    pub term_before: u64,
    /// The start of the time `[from, to)` that is paid for; without a `to` it lasts until the end.
    pub from: SimTime,
    pub to: Option<SimTime>,
}

impl Purchase {
    /// Returns the cost in `[from, to)`, rounded half up to 10⁻¹² USD; `None`: the price is not known.
    #[must_use]
    pub fn cost(&self, from: SimTime, to: SimTime) -> Option<Usd> {
        let from = from.max(self.from);
        let to = self.to.map_or(to, |end| end.min(to));
        self.cost_of(i128::from(to.0.saturating_sub(from.0)))
    }

    /// Returns the cost of the purchase for `micros` microseconds; `None`: the price is not known.
    #[must_use]
    pub fn cost_of(&self, micros: i128) -> Option<Usd> {
        let whole = self.price?.0.0 * i128::from(self.amount) * micros;
        let parts = i128::from(self.parts) * i128::from(MICROS_PER_HOUR);
        Some(Usd((whole + parts / 2) / parts))
    }
}

/// Returns the hourly price in force: as written, or as listed.
pub(super) fn hourly(written: Option<&At<HourlyPrice>>, listed: Option<&String>) -> Option<Price> {
    let listed = || listed.and_then(|text| crate::units::parse::hourly_price(text).ok());
    written.map(|p| p.value.0).or_else(listed)
}

/// Returns the amount in force over time: the sum of the parts that are there, each over `[from, to)`.
pub(super) fn over_time(parts: &[(SimTime, Option<SimTime>, Tokens)]) -> Steps<Tokens> {
    let instants = parts.iter().flat_map(|(from, to, _)| [Some(*from), *to]).flatten();
    Steps::sample(instants, |t| {
        let ready = parts.iter().filter(|(from, to, _)| *from <= t && to.is_none_or(|end| t < end));
        ready.map(|(_, _, amount)| amount).sum()
    })
}

/// Returns a count that is at least one; `None` after a finding.
pub(super) fn at_least_one(written: &At<Count>, what: &str, sink: &mut crate::diagnostic::Sink) -> Option<u64> {
    if written.value.0 == 0 {
        let help = format!("write {what} = 1, or more");
        sink.offer(written.at.clone(), format!("`{what}` is at least 1"), Some(help), vec!["1".to_owned()]);
        return None;
    }
    Some(written.value.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn purchase(price: &str, amount: u64) -> Purchase {
        Purchase {
            what: String::new(),
            amount,
            parts: 1,
            price: crate::units::parse::hourly_price(price).ok(),
            commitment: Commitment::OneMonth,
            term_before: 0,
            from: SimTime::ZERO,
            to: None,
        }
    }

    #[test]
    fn the_hours_are_paid_for_used_or_not() {
        let month = SimTime::from_secs(31 * 86_400);
        let cost = |p: &Purchase| p.cost(SimTime::ZERO, month).unwrap().to_string();
        assert_eq!(cost(&purchase("$18.40/h", 2)), "$27,379.20");
        assert_eq!(cost(&purchase("$16.20/h", 1)), "$12,052.80");
        let late =
            Purchase { from: SimTime::from_secs(3_600), to: Some(SimTime::from_secs(7_200)), ..purchase("$2/h", 3) };
        assert_eq!(cost(&late), "$6.00");
    }

    #[test]
    fn amounts_over_time_add_up() {
        let s = SimTime::from_secs;
        let parts = [(s(0), None, 2), (s(10), Some(s(30)), 3), (s(20), None, 1)];
        let told = |parts: &[_]| over_time(parts).iter().map(|(at, amount)| (at, *amount)).collect::<Vec<_>>();
        assert_eq!(told(&parts), [(s(0), 2), (s(10), 5), (s(20), 6), (s(30), 3)]);
        assert_eq!(told(&[(s(5), None, 1)]), [(s(0), 0), (s(5), 1)]);
    }
}

//! Values as scenarios write them: `"600/min"`, `"1.5s"`, `"$55/h"`, `"$0.30/1M"`, `"0.1%"`.
//!
//! Decimals are read exactly. An error is the rule that was broken, in words a user can act on, without a place: the
//! caller knows the place.

use super::{MICROS_PER_HOUR, Price, SimTime, Usd};

/// A non-negative decimal number as an integer over a power of ten.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Decimal {
    digits: u128,
    places: u32,
}

impl Decimal {
    fn parse(text: &str) -> Option<Self> {
        let text = text.trim().replace('_', "");
        let (whole, part) = text.split_once('.').unwrap_or((&text, ""));
        if whole.is_empty() && part.is_empty() {
            return None;
        }
        if !whole.bytes().chain(part.bytes()).all(|b| b.is_ascii_digit()) {
            return None;
        }
        let places = u32::try_from(part.len()).ok().filter(|n| *n <= 15)?;
        let digits = format!("{whole}{part}");
        if digits.len() > 30 {
            return None;
        }
        Some(Self { digits: digits.parse().ok()?, places })
    }

    /// Returns the number times `scale`, rounded half up; `None` past `u64::MAX`.
    fn times(self, scale: u64) -> Option<u128> {
        let scaled = self.digits.checked_mul(u128::from(scale))?;
        let one = 10u128.pow(self.places);
        Some((scaled + one / 2) / one)
    }

    fn as_f64(self) -> f64 {
        self.digits as f64 / 10u64.pow(self.places) as f64
    }
}

const TIME_UNITS: [(&str, u64); 12] = [
    ("us", 1),
    ("µs", 1),
    ("ms", 1_000),
    ("s", 1_000_000),
    ("sec", 1_000_000),
    ("m", 60_000_000),
    ("min", 60_000_000),
    ("h", 3_600_000_000),
    ("hour", 3_600_000_000),
    ("d", 86_400_000_000),
    ("day", 86_400_000_000),
    ("days", 86_400_000_000),
];

fn time_unit(name: &str) -> Option<u64> {
    TIME_UNITS.iter().find(|(unit, _)| *unit == name).map(|(_, us)| *us)
}

/// Returns a duration: `"1.5s"`, `"250ms"`, `"1h 30m"`, `"7d"` \[µs\].
///
/// # Errors
/// Fails on a missing or negative number, a missing or unknown unit, or more than [`SimTime::LONGEST`].
pub fn duration(text: &str) -> Result<SimTime, String> {
    let mut rest = text.trim();
    if rest.starts_with('-') {
        return Err(format!("a duration is zero or more, `{text}` is not"));
    }
    if rest.is_empty() {
        return Err("a duration is missing".to_owned());
    }
    let mut total: u128 = 0;
    while !rest.is_empty() {
        let number_ends = rest.find(|c: char| !(c.is_ascii_digit() || c == '.' || c == '_')).unwrap_or(rest.len());
        let (number, after) = rest.split_at(number_ends);
        let after = after.trim_start();
        let unit_ends = after.find(|c: char| !(c.is_alphabetic() || c == 'µ')).unwrap_or(after.len());
        let (unit, after) = after.split_at(unit_ends);
        let number = Decimal::parse(number).ok_or_else(|| format!("`{text}` is not a duration"))?;
        if unit.is_empty() && after.is_empty() {
            return Err(format!("`{text}` has no unit"));
        }
        if unit.is_empty() {
            return Err(format!("`{text}` is not a duration"));
        }
        let micros =
            time_unit(unit).ok_or_else(|| format!("`{unit}` is not a unit of time: us, ms, s, m, h and d are"))?;
        total += number.times(micros).ok_or_else(|| too_long(text))?;
        rest = after.trim_start();
    }
    u64::try_from(total).ok().filter(|us| *us <= SimTime::LONGEST.0).map(SimTime).ok_or_else(|| too_long(text))
}

fn too_long(text: &str) -> String {
    format!("`{text}` is longer than the clock can represent; the longest time is 30 years (10950d)")
}

/// Returns a rate: `"600/min"`, `"10/s"`, `"36_000/h"`, `"5/day"` \[1/s\].
///
/// # Errors
/// Fails on a missing or unknown unit, or a missing or negative number.
pub fn rate(text: &str) -> Result<f64, String> {
    let Some((number, unit)) = text.split_once('/') else {
        return Err(format!("`{text}` is not a rate: a number, a slash and a unit of time"));
    };
    if number.trim_start().starts_with('-') {
        return Err(format!("a rate is zero or more, `{text}` is not"));
    }
    let number = Decimal::parse(number).ok_or_else(|| format!("`{}` is not a number", number.trim()))?;
    let unit = unit.trim();
    let micros = time_unit(unit).ok_or_else(|| format!("`{unit}` is not a unit of time: s, min, h and day are"))?;
    Ok(number.as_f64() * 1e6 / micros as f64)
}

/// Returns a growth in a span of time: `"8%/month"`, `"-1%/week"`. A month has 730 hours, a year 12 months; the
/// logarithm of what grows rises by the result \[1/µs\].
///
/// # Errors
/// Fails on a missing per cent sign, an unknown span, or a loss of everything.
pub fn growth(text: &str) -> Result<f64, String> {
    const SPANS: [(&str, u64); 4] = [("day", 24), ("week", 168), ("month", 730), ("year", 8_760)];
    let (share, span) =
        text.split_once('/').ok_or_else(|| format!("`{text}` does not say in which span traffic grows"))?;
    let (sign, share) = share.trim().strip_prefix('-').map_or((1.0, share), |rest| (-1.0, rest));
    let share = sign * percentage(share)?;
    let hours = SPANS.iter().find(|(name, _)| *name == span.trim()).map(|(_, hours)| *hours);
    let hours = hours.ok_or_else(|| format!("`{}` is no span of growth; use day, week, month or year", span.trim()))?;
    if !(-0.999..=1_000.0).contains(&share) {
        return Err(format!("`{text}` is out of range"));
    }
    Ok(libm::log1p(share) / (hours * MICROS_PER_HOUR) as f64)
}

fn dollars<'t>(text: &'t str, what: &str) -> Result<(Decimal, &'t str), String> {
    let Some((amount, unit)) = text.split_once('/') else {
        return Err(format!("{what} says what it is for, `{text}` does not"));
    };
    let Some(amount) = amount.trim().strip_prefix('$') else {
        return Err(format!("{what} is in dollars, `{text}` is not"));
    };
    if amount.starts_with('-') {
        return Err(format!("{what} is zero or more, `{text}` is not"));
    }
    let number = Decimal::parse(amount).ok_or_else(|| format!("`{amount}` is not an amount of money"))?;
    Ok((number, unit.trim()))
}

/// Returns a price per token: `"$0.30/1M"`, `"$0.0003/1K"`.
///
/// # Errors
/// Fails on a missing dollar sign, a missing or unknown unit, or a price finer than 10⁻¹² USD per token.
pub fn token_price(text: &str) -> Result<Price, String> {
    let (amount, unit) = dollars(text, "a price of tokens")?;
    let per: u64 = match unit {
        "1M" | "M" | "1m" => 1_000_000,
        "1K" | "K" | "1k" | "k" => 1_000,
        "1" | "token" => 1,
        _ => return Err(format!("`{unit}` is not a number of tokens: 1K and 1M are")),
    };
    let pico = amount.times(Usd::ONE.0 as u64 / per).and_then(|p| i128::try_from(p).ok());
    pico.map(|p| Price(Usd(p))).ok_or_else(|| format!("`{text}` is out of range"))
}

/// Returns a price per hour: `"$55/h"`.
///
/// # Errors
/// Fails on a missing dollar sign, or a unit other than the hour.
pub fn hourly_price(text: &str) -> Result<Price, String> {
    let (amount, unit) = dollars(text, "an hourly price")?;
    if !matches!(unit, "h" | "hour") {
        return Err(format!("`{unit}` is not an hour"));
    }
    let pico = amount.times(Usd::ONE.0 as u64).and_then(|p| i128::try_from(p).ok());
    pico.map(|p| Price(Usd(p))).ok_or_else(|| format!("`{text}` is out of range"))
}

/// Returns an amount of money: `"$1.95"`.
///
/// # Errors
/// Fails on a missing dollar sign or number.
pub fn amount(text: &str) -> Result<Usd, String> {
    let number = text.trim().strip_prefix('$').and_then(Decimal::parse);
    let number = number.ok_or_else(|| format!("`{text}` is not an amount of money"))?;
    let pico = number.times(Usd::ONE.0 as u64).and_then(|p| i128::try_from(p).ok());
    pico.map(Usd).ok_or_else(|| format!("`{text}` is out of range"))
}

/// Returns a share that is written as a percentage: `"0.1%"` is 0.001.
///
/// # Errors
/// Fails on a missing per cent sign or number.
pub fn percentage(text: &str) -> Result<f64, String> {
    let number = text.trim().strip_suffix('%').ok_or_else(|| format!("`{text}` is not a percentage"))?;
    let number = Decimal::parse(number).ok_or_else(|| format!("`{text}` is not a percentage"))?;
    Ok(number.digits as f64 / (10u64.pow(number.places) as f64 * 100.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_exact() {
        for (text, us) in [
            ("1.5s", 1_500_000),
            ("250ms", 250_000),
            ("0s", 0),
            ("0ms", 0),
            ("1h 30m", 5_400_000_000),
            ("1h30m", 5_400_000_000),
            ("7d", 604_800_000_000),
            ("0.1ms", 100),
            ("12 µs", 12),
        ] {
            assert_eq!(duration(text), Ok(SimTime(us)), "{text}");
        }
        for text in ["", "5", "5 parsecs", "-1s", "s", "1..5s", "99999999d", "1e3s"] {
            assert!(duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn rates_carry_their_unit() {
        assert_eq!(rate("600/min"), Ok(10.0));
        assert_eq!(rate("3_600/h"), Ok(1.0));
        assert_eq!(rate("86400/day"), Ok(1.0));
        for text in ["600", "600/fortnight", "-1/s", "x/s", "nan/s", "inf/s"] {
            assert!(rate(text).is_err(), "{text}");
        }
    }

    #[test]
    fn prices_are_exact() {
        assert_eq!(
            token_price("$0.0003/1K").unwrap().of(2_000) + token_price("$0.0004/1K").unwrap().of(1_000),
            Usd(1_000_000_000)
        );
        assert_eq!(token_price("$0.00875/1M").unwrap().of(1), Usd(8_750));
        assert_eq!(hourly_price("$18.40/h").unwrap().of(2 * 31 * 24).to_string(), "$27,379.20");
        assert_eq!(hourly_price("$16.20/h").unwrap().of(31 * 24).to_string(), "$12,052.80");
        for text in ["3/1M", "$3", "$3/1B", "$-3/1M", "$x/1M"] {
            assert!(token_price(text).is_err(), "{text}");
        }
    }

    #[test]
    fn growth_is_in_a_span() {
        let month = growth("8%/month").unwrap();
        assert!((month * 730.0 * 3.6e9 - libm::log(1.08)).abs() < 1e-15);
        assert!(growth("-50%/week").unwrap() < 0.0);
        for text in ["8/month", "8%", "8%/moon", "-100%/day", "x%/day"] {
            assert!(growth(text).is_err(), "{text}");
        }
    }

    #[test]
    fn percentages() {
        assert_eq!(percentage("0.1%"), Ok(0.001));
        assert_eq!(percentage("99%"), Ok(0.99));
        assert!(percentage("0.1").is_err());
    }
}

//! The quantities that a scenario writes: numbers, and texts that carry a unit.
//!
//! Each type refuses a value that it cannot mean, with the spellings that would do. A rule that depends on more than
//! the value itself (a range, another key) is checked where the value is lowered.

use std::borrow::Cow;
use std::fmt;
use std::ops::Deref;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::{self, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use crate::model::spec::{At, Refusal, Scalar, Written, scalar, scalar_or_table};
use crate::units::{Price, SimTime, Usd, meant, parse};

/// The largest count that a scenario may write: sums of a few stay exact everywhere.
pub const LARGEST_COUNT: u64 = 1_000_000_000_000_000;

fn number(written: Written<'_>) -> Result<f64, Refusal> {
    match written {
        Written::Integer(n) => Ok(n as f64),
        Written::Float(x) if x.is_finite() => Ok(x),
        Written::Float(x) => Err(Refusal::new(format!("`{x}` is not a finite number"))),
        Written::Text(text) if text.trim().parse::<f64>().is_ok() => {
            Err(Refusal::new(format!("a number is written without quotes, \"{text}\" has them"))
                .offer(vec![text.trim().to_owned()], ""))
        }
        Written::Text(text) => {
            let is_none = ["none", "null", "nil", "unlimited"].contains(&text.trim().to_lowercase().as_str());
            let otherwise = if is_none { "leave the key out, or write a number" } else { "" };
            let refusal = Refusal::new(format!("expected a number, found the text \"{text}\""));
            Err(refusal.offer(meant::count(text), otherwise))
        }
        other => Err(Refusal::new(format!("expected a number, found {other}"))),
    }
}

/// A finite number of any sign.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Signed(pub f64);

impl Scalar for Signed {
    fn read(written: Written<'_>) -> Result<Self, Refusal> {
        number(written).map(Self)
    }
}
scalar!(Signed, { "type": "number" });

/// A finite number of at least zero.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Number(pub f64);

impl Scalar for Number {
    fn read(written: Written<'_>) -> Result<Self, Refusal> {
        match number(written)? {
            x if x < 0.0 => Err(Refusal::new(format!("expected a number of zero or more, found {x}"))),
            x => Ok(Self(x)),
        }
    }
}
scalar!(Number, { "type": "number", "minimum": 0 });

/// A whole number of at least zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Count(pub u64);

impl Scalar for Count {
    fn read(written: Written<'_>) -> Result<Self, Refusal> {
        let x = match written {
            Written::Integer(n) if n < 0 => {
                return Err(Refusal::new(format!("expected a whole number of zero or more, found {n}")));
            }
            Written::Integer(n) => u64::try_from(n).unwrap_or(u64::MAX),
            other => match number(other)? {
                x if x < 0.0 || x.fract() != 0.0 => {
                    return Err(Refusal::new(format!("expected a whole number of zero or more, found {x}")));
                }
                x => x as u64,
            },
        };
        if x > LARGEST_COUNT {
            return Err(Refusal::new(format!("`{x}` is too large for exact arithmetic; the largest count is 10^15")));
        }
        Ok(Self(x))
    }
}
scalar!(Count, { "type": "integer", "minimum": 0, "maximum": LARGEST_COUNT });

/// A share of a whole: a number from 0 to 1, or a percentage.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Share(pub f64);

impl Scalar for Share {
    fn read(written: Written<'_>) -> Result<Self, Refusal> {
        let x = match written {
            Written::Text(text) if text.trim().parse::<f64>().is_err() => parse::percentage(text).map_err(|rule| {
                Refusal::new(rule).offer_quoted(&meant::percentage(text), "write a share such as 0.55 or \"55%\"")
            })?,
            other => number(other)?,
        };
        if (0.0..=1.0).contains(&x) {
            Ok(Self(x))
        } else {
            let meant = (1.0..=100.0).contains(&x).then(|| format!("\"{x}%\""));
            Err(Refusal::new(format!("a share lies between 0 and 1, {x} does not"))
                .offer(meant.into_iter().collect(), "write a share such as 0.55 or \"55%\""))
        }
    }
}
scalar!(Share, { "anyOf": [{ "type": "number", "minimum": 0, "maximum": 1 }, { "type": "string", "pattern": "%$" }], "examples": [0.55, "99%"] });

/// A text without further rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text(pub String);

impl Scalar for Text {
    fn read(written: Written<'_>) -> Result<Self, Refusal> {
        match written {
            Written::Text(text) => Ok(Self(text.to_owned())),
            other => Err(Refusal::new(format!("expected a text in quotes, found {other}"))),
        }
    }
}
scalar!(Text, { "type": "string" });

impl AsRef<str> for Text {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl Deref for Text {
    type Target = str;
    fn deref(&self) -> &str {
        &self.0
    }
}

/// True or false.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Flag(pub bool);

impl Scalar for Flag {
    fn read(written: Written<'_>) -> Result<Self, Refusal> {
        match written {
            Written::Other("true") => Ok(Self(true)),
            Written::Other("false") => Ok(Self(false)),
            Written::Text(text @ ("true" | "false")) => {
                Err(Refusal::new(format!("`{text}` is written without quotes")).offer(vec![text.to_owned()], ""))
            }
            other => Err(Refusal::new(format!("expected true or false, found {other}"))),
        }
    }
}
scalar!(Flag, { "type": "boolean" });

/// Refuses a bare number where a unit belongs, with the spellings that would do.
fn lacks_unit(what: &str, written: Written<'_>, units: &[&str]) -> Refusal {
    let bare = match written {
        Written::Integer(n) if n >= 0 => n.to_string(),
        Written::Float(x) if x.is_finite() && x >= 0.0 => x.to_string(),
        other => return Refusal::new(format!("expected {what}, found {other}")),
    };
    let spellings: Vec<String> = units.iter().map(|unit| format!("\"{bare}{unit}\"")).collect();
    Refusal::new(format!("{what} carries its unit, {bare} does not")).offer(spellings, "")
}

/// A span of time with its unit, such as `"90s"`, `"1h 30m"`, `"250ms"` \[µs\].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Duration(pub SimTime);

impl Scalar for Duration {
    fn read(written: Written<'_>) -> Result<Self, Refusal> {
        match written {
            Written::Text(text) => parse::duration(text).map(Self).map_err(|rule| {
                let otherwise = "write a time such as \"90s\", \"1h 30m\" or \"250ms\"";
                Refusal::new(rule).offer_quoted(&meant::duration(text), otherwise)
            }),
            other => Err(lacks_unit("a duration", other, &["s", "ms", "m", "h"])),
        }
    }
}
scalar!(Duration, { "type": "string", "pattern": r"^\s*([0-9_.]+\s*(us|µs|ms|s|sec|m|min|h|hour|d|day|days)\s*)+$", "examples": ["90s", "1h 30m", "250ms"] });

/// A number of events in a span of time, such as `"600/min"` \[1/s\].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rate(pub f64);

impl Scalar for Rate {
    fn read(written: Written<'_>) -> Result<Self, Refusal> {
        match written {
            Written::Text(text) => parse::rate(text).map(Self).map_err(|rule| {
                Refusal::new(rule).offer_quoted(&meant::rate(text), "write a rate such as \"600/min\" or \"10/s\"")
            }),
            other => Err(lacks_unit("a rate", other, &["/s", "/min", "/h", "/day"])),
        }
    }
}
scalar!(Rate, { "type": "string", "pattern": r"^\s*[0-9_.]+\s*/\s*(us|µs|ms|s|sec|m|min|h|hour|d|day|days)\s*$", "examples": ["600/min", "10/s"] });

/// The growth of traffic, such as `"8%/month"`, compounding: the increase of the logarithm of its rate \[1/µs\].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Growth(pub f64);

impl Scalar for Growth {
    fn read(written: Written<'_>) -> Result<Self, Refusal> {
        match written {
            Written::Text(text) => parse::growth(text).map(Self).map_err(|rule| {
                Refusal::new(rule).offer_quoted(&meant::growth(text), "write a growth such as \"8%/month\"")
            }),
            other => Err(Refusal::new(format!("expected a growth, found {other}")).help("write it as \"8%/month\"")),
        }
    }
}
scalar!(Growth, { "type": "string", "pattern": r"^\s*-?[0-9_.]+\s*%\s*/\s*(day|week|month|year)\s*$", "examples": ["8%/month"] });

/// A price of tokens, such as `"$0.30/1M"` \[10⁻¹² USD / token\].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TokenPrice(pub Price);

impl Scalar for TokenPrice {
    fn read(written: Written<'_>) -> Result<Self, Refusal> {
        match written {
            Written::Text(text) => {
                let price = parse::token_price(text).map_err(|rule| {
                    let otherwise = "write dollars for a million tokens, such as \"$3.00/1M\"";
                    Refusal::new(rule).offer_quoted(&meant::token_price(text), otherwise)
                })?;
                in_range(price.0, text).map(|p| Self(Price(p)))
            }
            Written::Integer(_) | Written::Float(_) => {
                let offers = meant::token_price(&plain(written));
                Err(Refusal::new(format!("a price carries its unit, {written} does not"))
                    .offer_quoted(&offers, "write it as \"$3.00/1M\", dollars for a million tokens"))
            }
            other => Err(Refusal::new(format!("expected a price, found {other}")).help("write it as \"$3.00/1M\"")),
        }
    }
}
scalar!(TokenPrice, { "type": "string", "pattern": r"^\$[0-9_.]+/(1?[MmKk]|1|token)$", "examples": ["$0.30/1M"] });

/// A limit of a quota: a whole number, or `"none"`. A limit of 0 refuses everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LimitAmount {
    Unlimited,
    /// The most requests or tokens.
    AtMost(u64),
}

impl Scalar for LimitAmount {
    fn read(written: Written<'_>) -> Result<Self, Refusal> {
        const FORMS: &str = "write a whole number, or \"none\" for no limit";
        match written {
            Written::Text("none") => Ok(Self::Unlimited),
            Written::Text(text) if text.trim().parse::<f64>().is_err() => {
                Err(Refusal::new(format!("`{text}` is not a limit")).offer(meant::count(text), FORMS))
            }
            other => Count::read(other).map(|Count(n)| Self::AtMost(n)),
        }
    }
}
scalar!(LimitAmount, { "anyOf": [{ "type": "integer", "minimum": 0, "maximum": LARGEST_COUNT }, { "const": "none" }] });

/// A price by the hour, such as `"$55/h"` \[10⁻¹² USD / h\].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HourlyPrice(pub Price);

impl Scalar for HourlyPrice {
    fn read(written: Written<'_>) -> Result<Self, Refusal> {
        match written {
            Written::Text(text) => {
                let price = parse::hourly_price(text).map_err(|rule| {
                    Refusal::new(rule)
                        .offer_quoted(&meant::hourly_price(text), "write dollars an hour, such as \"$55/h\"")
                })?;
                in_range(price.0, text).map(|p| Self(Price(p)))
            }
            other => Err(Refusal::new(format!("expected a price by the hour, found {other}"))
                .offer_quoted(&meant::hourly_price(&plain(other)), "write it as \"$55/h\"")),
        }
    }
}
scalar!(HourlyPrice, { "type": "string", "pattern": r"^\$[0-9_.]+/(h|hour)$", "examples": ["$55/h"] });

/// An amount of money, such as `"$1.95"` \[10⁻¹² USD\].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Amount(pub Usd);

impl Scalar for Amount {
    fn read(written: Written<'_>) -> Result<Self, Refusal> {
        match written {
            Written::Text(text) => {
                let amount = parse::amount(text).map_err(|rule| {
                    Refusal::new(rule).offer_quoted(&meant::amount(text), "write an amount such as \"$1.95\"")
                })?;
                in_range(amount, text).map(Self)
            }
            other => Err(Refusal::new(format!("expected an amount of money, found {other}"))
                .offer_quoted(&meant::amount(&plain(other)), "write it as \"$1.95\"")),
        }
    }
}
scalar!(Amount, { "type": "string", "pattern": r"^\$[0-9_.]+$", "examples": ["$1.95"] });

/// Returns a number as its digits; nothing for any other value.
fn plain(written: Written<'_>) -> String {
    match written {
        Written::Integer(n) => n.to_string(),
        Written::Float(x) => x.to_string(),
        Written::Text(_) | Written::Other(_) => String::new(),
    }
}

/// Refuses an amount above a million dollars: sums over any run stay far from the end of the integers.
fn in_range(amount: Usd, text: &str) -> Result<Usd, Refusal> {
    if amount.0 > 1_000_000 * Usd::ONE.0 {
        return Err(Refusal::new(format!("`{text}` is out of range")));
    }
    Ok(amount)
}

/// A number that may not be known: one figure, or a range.
#[derive(Debug, Clone)]
pub enum Unsure {
    Known(Count),
    Between(BetweenSpec),
}

/// A number that is not known, between two figures. The run uses the low one, and reports it as assumed.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Between")]
pub struct BetweenSpec {
    /// The least that it may be.
    pub low: At<Count>,
    /// The most that it may be.
    pub high: At<Count>,
}

scalar_or_table!(Unsure, Count, BetweenSpec, Known, Between, "Unsure", "a whole number, or { low, high }");

/// One name, or a list of names.
#[derive(Debug, Clone, PartialEq)]
pub enum Names {
    One(Text),
    Many(Vec<At<Text>>),
}

impl At<Names> {
    /// Returns every name and its place.
    #[must_use]
    pub fn each(&self) -> Vec<At<Text>> {
        match &self.value {
            Names::One(name) => vec![At { value: name.clone(), at: self.at.clone() }],
            Names::Many(names) => names.clone(),
        }
    }
}

impl<'de> Deserialize<'de> for Names {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NamesVisitor)
    }
}

struct NamesVisitor;

impl<'de> Visitor<'de> for NamesVisitor {
    type Value = Names;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name or a list of names")
    }
    fn visit_str<E: de::Error>(self, name: &str) -> Result<Names, E> {
        Ok(Names::One(Text(name.to_owned())))
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Names, A::Error> {
        let mut names = Vec::new();
        while let Some(name) = list.next_element()? {
            names.push(name);
        }
        Ok(Names::Many(names))
    }
}

impl JsonSchema for Names {
    fn schema_name() -> Cow<'static, str> {
        "Names".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        schemars::json_schema!({ "anyOf": [{ "type": "string" }, { "type": "array", "items": { "type": "string" } }] })
    }
    fn inline_schema() -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_unit_shows_the_right_spellings() {
        let refusal = Rate::read(Written::Integer(600)).unwrap_err();
        assert_eq!(refusal.rule, "a rate carries its unit, 600 does not");
        assert_eq!(refusal.help.as_deref(), Some("write \"600/s\", \"600/min\", \"600/h\" or \"600/day\""));
        assert!(Duration::read(Written::Float(1.5)).unwrap_err().help.unwrap().contains("\"1.5s\""));
        assert!(TokenPrice::read(Written::Float(3.0)).is_err());
        assert!(TokenPrice::read(Written::Text("$1000000000000/1")).is_err());
    }

    #[test]
    fn numbers_are_finite_and_counts_are_whole() {
        assert_eq!(Number::read(Written::Integer(3)), Ok(Number(3.0)));
        assert!(Number::read(Written::Float(f64::INFINITY)).is_err());
        assert!(Number::read(Written::Float(f64::NAN)).is_err());
        assert!(Number::read(Written::Integer(-3)).is_err());
        assert_eq!(Signed::read(Written::Integer(-3)), Ok(Signed(-3.0)));
        assert_eq!(Count::read(Written::Float(4e6)), Ok(Count(4_000_000)));
        for written in [
            Written::Float(1.5),
            Written::Integer(-1),
            Written::Integer(i128::MAX),
            Written::Float(1e300),
            Written::Other("a list"),
        ] {
            assert!(Count::read(written).is_err(), "{written}");
        }
        assert_eq!(Number::read(Written::Text("1800")).unwrap_err().help.as_deref(), Some("write 1800"));
    }

    #[test]
    fn shares_are_numbers_or_percentages() {
        assert_eq!(Share::read(Written::Text("99%")), Ok(Share(0.99)));
        assert_eq!(Share::read(Written::Float(0.55)), Ok(Share(0.55)));
        assert!(Share::read(Written::Integer(55)).is_err());
        assert!(Share::read(Written::Text("101%")).is_err());
    }

    #[test]
    fn a_limit_is_a_number_or_none() {
        assert_eq!(LimitAmount::read(Written::Text("none")), Ok(LimitAmount::Unlimited));
        assert_eq!(LimitAmount::read(Written::Integer(5)), Ok(LimitAmount::AtMost(5)));
        assert_eq!(LimitAmount::read(Written::Integer(0)), Ok(LimitAmount::AtMost(0)));
        for written in [Written::Integer(-1), Written::Text("unlimited"), Written::Text("5"), Written::Float(0.5)] {
            assert!(LimitAmount::read(written).is_err(), "{written}");
        }
    }
}

//! An estimate or a difference with its half-width: both in one unit, with no more places than the half-width knows.

use super::{
    BEYOND_DIGITS, JOIN, figure, grouped, percent, share, short, suffix, three_figures, time_unit, two_figures, unknown,
};
use crate::terms::Unit;

/// The form of a number and its half-width: what both are divided by, what stands before and after them.
struct Form {
    scale: f64,
    before: &'static str,
    after: String,
}

impl Form {
    /// Returns the form of a number of this size; a difference of shares is in percentage points.
    fn of(size: f64, unit: Unit, percent: &str) -> Self {
        let (scale, before, after) = match unit {
            Unit::Fraction => (0.01, "", percent),
            Unit::Milliseconds => {
                let (scale, name) = time_unit(size);
                (scale, "", name)
            }
            Unit::Usd => (1.0, "$", ""),
            Unit::PerSecond => (1.0, "", "/s"),
            Unit::Count | Unit::Ratio => (1.0, "", ""),
            Unit::Tokens | Unit::TokensPerMinute => {
                let (scale, name) = suffix(size);
                (scale, "", name)
            }
        };
        let after = if after.is_empty() { String::new() } else { format!("{JOIN}{after}") };
        Self { scale, before, after }
    }

    fn write(&self, x: f64, half: f64, unit: Unit) -> String {
        let (x, half) = (x / self.scale, half / self.scale);
        let places = places(x.abs(), half, unit);
        // A half-width below the last place that is written is at least one of those places.
        let half = half.max(1.0 / libm::exp10(places as f64));
        let is_long = x.abs().max(half) >= BEYOND_DIGITS;
        let of = |x: f64| if is_long { three_figures(x) } else { grouped(&format!("{x:.places$}")) };
        format!("{}{}{JOIN}±{}{}", self.before, of(x), of(half), self.after)
    }
}

/// Returns the decimal places that show two figures of the half-width, and no more than four of the number.
fn places(size: f64, half: f64, unit: Unit) -> usize {
    match (unit, size.max(half)) {
        // Money has cents below a thousand dollars, and none above.
        (Unit::Usd, most) if most >= 999.995 => return 0,
        (Unit::Usd, most) if most >= 0.1 => return 2,
        // A small difference may need more places than an estimate.
        (_, most) if most < 0.1 => return two_figures(half).min(5),
        _ => {}
    }
    let whole = [9.9995, 99.995, 999.95].into_iter().filter(|step| size >= *step).count();
    two_figures(half).min(3 - whole)
}

/// Writes an estimate and its half-width in one unit: `4.21 ±0.34 %`; `?` when the estimate is not known.
#[must_use]
pub fn interval(estimate: Option<f64>, half_width: Option<f64>, unit: Unit) -> String {
    let Some(x) = estimate.filter(|x| x.is_finite()) else { return unknown() };
    let Some(half) = half_width.filter(|half| *half > 0.0 && half.is_finite()) else { return figure(x, unit) };
    match unit {
        // What was never seen has an upper bound alone, and what was always seen a lower one.
        Unit::Fraction if x == 0.0 => format!("0{JOIN}% (below {})", share(half)),
        Unit::Fraction if x == 1.0 => format!("100{JOIN}% (above {})", share(1.0 - half)),
        // Close to the whole a rounded figure would claim all.
        Unit::Fraction if x < 1.0 && x > 0.999 => {
            let half = f64::max(half * 100.0, 0.001);
            format!("{}{JOIN}±{}{JOIN}%", percent(x), three_figures(half))
        }
        _ => Form::of(x.abs(), unit, "%").write(x, half, unit),
    }
}

/// Writes a difference with its sign and its half-width in one unit: `-4.21 ±0.34 pp`; shares differ by percentage points.
#[must_use]
pub fn difference(x: f64, half_width: Option<f64>, unit: Unit) -> String {
    if !x.is_finite() {
        return unknown();
    }
    let half = half_width.filter(|half| *half > 0.0 && half.is_finite());
    let sign = match x {
        _ if x > 0.0 => "+",
        _ if x < 0.0 => "-",
        _ => "",
    };
    let form = Form::of(x.abs().max(half.unwrap_or(0.0)), unit, "pp");
    match half {
        None if x == 0.0 => "0".to_owned(),
        Some(half) => format!("{sign}{}", form.write(x.abs(), half, unit)),
        None if unit == Unit::Fraction => format!("{sign}{}{}", three_figures(x.abs() / form.scale), form.after),
        None if unit == Unit::Usd => format!("{sign}{}", short(x.abs(), unit)),
        None => format!("{sign}{}", figure(x.abs(), unit)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figures::plain;

    #[test]
    fn a_difference_knows_no_more_than_its_half_width() {
        for (x, half, unit, text) in [
            (-0.0421, Some(0.0034), Unit::Fraction, "-4.21 ±0.34 pp"),
            (0.000_012, Some(0.000_034), Unit::Fraction, "+0.0012 ±0.0034 pp"),
            (-0.998_3, Some(0.000_083), Unit::Fraction, "-99.83 ±0.01 pp"),
            (0.2, Some(1_200.0), Unit::Milliseconds, "+0.0 ±1.2 s"),
            (-35_512.0, Some(418.0), Unit::Milliseconds, "-35.51 ±0.42 s"),
            (0.0, Some(0.0), Unit::Milliseconds, "0"),
            (12_345.67, Some(123.45), Unit::Usd, "+$12,346 ±123"),
            (1.4, Some(0.22), Unit::Usd, "+$1.40 ±0.22"),
            (-12_345.67, None, Unit::Usd, "-$12,346"),
            (-0.25, Some(0.0), Unit::Ratio, "-0.25"),
            (3.0, None, Unit::Count, "+3"),
        ] {
            assert_eq!(plain(&difference(x, half, unit)), text, "{x}");
        }
    }

    #[test]
    fn an_interval_has_one_unit() {
        for (x, half, unit, text) in [
            (35_512.0, 418.0, Unit::Milliseconds, "35.51 ±0.42 s"),
            (630.2, 1.2, Unit::Milliseconds, "630.2 ±1.2 ms"),
            (35_512.0, 0.4, Unit::Milliseconds, "35.51 ±0.01 s"),
            (0.1613, 0.0034, Unit::Fraction, "16.13 ±0.34 %"),
            (0.0, 0.000_021, Unit::Fraction, "0 % (below 0.0021 %)"),
            (1.0, 0.001, Unit::Fraction, "100 % (above 99.9 %)"),
            (0.999_998, 0.000_001, Unit::Fraction, "99.999 ±0.001 %"),
            (0.999_6, 0.000_2, Unit::Fraction, "99.96 ±0.02 %"),
            (923.921, 47.312, Unit::Usd, "$923.92 ±47.31"),
            (94_491.3, 6_174.2, Unit::Usd, "$94,491 ±6,174"),
            (0.0123, 0.0004, Unit::Usd, "$0.01230 ±0.00040"),
            (1_254_321.0, 12_345.0, Unit::Tokens, "1.254 ±0.012 M"),
            (41_952.4, 120.3, Unit::Count, "41,952 ±120"),
        ] {
            assert_eq!(plain(&interval(Some(x), Some(half), unit)), text, "{x}");
        }
        assert_eq!(interval(None, Some(1.0), Unit::Count), "?");
        assert_eq!(interval(Some(27_379.2), None, Unit::Usd), "$27,379.20");
    }
}

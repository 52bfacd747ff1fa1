//! Numbers as people read them. Terminal, page, Markdown, charts and messages all write their numbers here: thousands
//! grouped, at most three figures of what is measured, the suffixes k, M, G and T, and always the unit.

mod spread;

pub use spread::{difference, interval};

use crate::terms::Unit;
use crate::units::{SimTime, Usd};

/// The character between a number and its unit, so that no line breaks there.
pub const JOIN: char = '\u{a0}';

/// The number from which numbers are written with an exponent, because nobody reads so many digits.
const BEYOND_DIGITS: f64 = 1e18;

/// Returns a text with plain spaces, for files and for lines that are not wrapped.
#[must_use]
pub fn plain(text: &str) -> String {
    text.replace(JOIN, " ")
}

/// Writes a number rounded to a whole one, all its digits grouped: `1,234,567`.
#[must_use]
pub fn count(x: f64) -> String {
    if x.abs() >= BEYOND_DIGITS { format!("{x:.0e}") } else { grouped(&format!("{x:.0}")) }
}

/// Writes a quantity with three figures and a suffix from ten thousand on: `4.2 M`, `38.4 k`, `950`, `2.41`.
#[must_use]
pub fn amount(x: f64) -> String {
    if !x.is_finite() {
        return unknown();
    }
    let (scale, suffix) = suffix(x.abs());
    if suffix.is_empty() && x.abs() >= 99.95 {
        return count(x);
    }
    let unit = if suffix.is_empty() { String::new() } else { format!("{JOIN}{suffix}") };
    format!("{}{unit}", three_figures(x / scale))
}

/// Returns the divisor for a quantity of this size \[1\], and the suffix that stands for it.
#[must_use]
pub fn suffix(size: f64) -> (f64, &'static str) {
    match size {
        _ if size >= 999.5e9 => (1e12, "T"),
        _ if size >= 999.5e6 => (1e9, "G"),
        _ if size >= 999.5e3 => (1e6, "M"),
        _ if size >= 9_999.5 => (1e3, "k"),
        _ => (1.0, ""),
    }
}

/// Writes a share \[1\] as a percentage: `12 %`, `0.034 %`, `99.998 %`. Only 0 is written `0 %`, and only 1 is written
/// `100 %`: close to 1 a share has three decimal places at most and is rounded down.
#[must_use]
pub fn share(x: f64) -> String {
    if !x.is_finite() {
        return unknown();
    }
    format!("{}{JOIN}%", percent(x))
}

fn percent(x: f64) -> String {
    let missing = (1.0 - x) * 100.0;
    if missing <= 0.0 || missing >= 1.0 {
        return three_figures(x * 100.0);
    }
    if missing >= 0.1 {
        return trimmed(&format!("{:.1}", x * 100.0));
    }
    // The small addend makes up for what a binary fraction lacks: 0.9998 is 99.98 %.
    let thousandths = (x * 1e5 + 1e-6).floor().min(99_999.0);
    trimmed(&format!("{:.3}", thousandths / 1e3))
}

/// Writes a time \[ms\] in the unit in which people read it: `3.12 s`, `840 ms`, `4.5 h`.
#[must_use]
pub fn time(ms: f64) -> String {
    if !ms.is_finite() {
        return unknown();
    }
    if ms.abs() < 0.0005 {
        return format!("0{JOIN}s");
    }
    let (scale, unit) = time_unit(ms);
    format!("{}{JOIN}{unit}", three_figures(ms / scale))
}

/// Writes a span of simulated time with three figures: `17.2 days`, `12 min`, `2.31 s`.
#[must_use]
pub fn span(t: SimTime) -> String {
    time(t.as_millis_f64())
}

/// Returns the length of the unit in which people read a time \[ms\], and the name of the unit.
fn time_unit(ms: f64) -> (f64, &'static str) {
    match ms.abs() {
        size if size >= 2.0 * 86_400_000.0 => (86_400_000.0, "days"),
        size if size >= 2.0 * 3_600_000.0 => (3_600_000.0, "h"),
        size if size >= 120_000.0 => (60_000.0, "min"),
        size if size >= 999.5 => (1_000.0, "s"),
        size if size >= 0.9995 => (1.0, "ms"),
        _ => (1e-3, "µs"),
    }
}

/// Writes an exact amount \[USD\] to the cent, and small ones with three figures: `$27,379.20`, `$0.012`.
#[must_use]
pub fn money(usd: f64) -> String {
    if !usd.is_finite() {
        return unknown();
    }
    let sign = if usd < 0.0 { "-" } else { "" };
    let size = usd.abs();
    if size > 0.0 && size < 0.1 {
        let figures = three_figures(size);
        // A tenth of a dollar is ten cents.
        let cents = if figures == "0.1" { "0" } else { "" };
        return format!("{sign}${figures}{cents}");
    }
    format!("{sign}{}", Usd((size * Usd::ONE.0 as f64) as i128))
}

/// Writes an amount \[USD\] without the cents of large ones: `$12.50`, `$1,250`, `$12.5 M`.
#[must_use]
pub fn round_money(usd: f64) -> String {
    let sign = if usd < 0.0 { "-" } else { "" };
    match usd.abs() {
        size if size >= 999_999.5 => format!("{sign}${}", amount(size)),
        size if size >= 999.995 => format!("{sign}${}", count(size)),
        _ => money(usd),
    }
}

/// Writes the value of a metric in its unit.
#[must_use]
pub fn figure(x: f64, unit: Unit) -> String {
    match unit {
        _ if !x.is_finite() => unknown(),
        Unit::Count if x.fract() == 0.0 || x.abs() >= 100.0 => count(x),
        Unit::Count | Unit::Ratio => three_figures(x),
        Unit::Tokens | Unit::TokensPerMinute => amount(x),
        Unit::Fraction => share(x),
        Unit::Milliseconds => time(x),
        Unit::PerSecond => format!("{}{JOIN}/s", three_figures(x)),
        Unit::Usd => money(x),
    }
}

/// Writes the value of a metric for a sentence or a narrow column: no cents of large amounts.
#[must_use]
pub fn short(x: f64, unit: Unit) -> String {
    if unit == Unit::Usd && x.is_finite() { round_money(x) } else { figure(x, unit) }
}

/// Writes a number that a scenario states, as opposed to one that was measured: all whole digits, up to four places.
#[must_use]
pub fn stated(x: f64) -> String {
    match x.abs() {
        _ if !x.is_finite() => unknown(),
        size if size >= BEYOND_DIGITS => count(x),
        size if size > 0.0 && size < 1e-4 => three_figures(x),
        _ => trimmed(&grouped(&format!("{x:.4}"))),
    }
}

/// Returns the text that stands for a number that is not known.
fn unknown() -> String {
    "?".to_owned()
}

/// Writes three figures, two of a number below one, all whole digits of a larger one, and no zeros at the end.
#[must_use]
pub fn three_figures(x: f64) -> String {
    let size = x.abs();
    if size >= BEYOND_DIGITS || x.is_nan() {
        return if x.is_finite() { count(x) } else { unknown() };
    }
    let places = match size {
        _ if size >= 99.95 => 0,
        _ if size >= 9.995 => 1,
        _ if size >= 0.995 => 2,
        _ => two_figures(size),
    };
    trimmed(&grouped(&format!("{x:.places$}")))
}

/// Returns the decimal places that show two figures of a number \[1\].
fn two_figures(size: f64) -> usize {
    let (mut places, mut scaled) = (0, size);
    while scaled < 9.95 && places < 9 {
        places += 1;
        scaled *= 10.0;
    }
    places
}

/// Drops the zeros at the end of a fraction.
fn trimmed(text: &str) -> String {
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text.to_owned() }
}

/// Groups the whole digits of a decimal number; zero is never written `-0`.
#[must_use]
pub fn grouped(decimal: &str) -> String {
    let (sign, digits) = decimal.strip_prefix('-').map_or(("", decimal), |digits| ("-", digits));
    let (whole, fraction) = digits.split_once('.').map_or((digits, None), |(whole, part)| (whole, Some(part)));
    let is_nothing = digits.bytes().all(|b| !b.is_ascii_digit() || b == b'0');
    let mut out = if is_nothing { String::new() } else { sign.to_owned() };
    for (i, digit) in whole.chars().enumerate() {
        if i > 0 && (whole.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    if let Some(fraction) = fraction {
        out.push('.');
        out += fraction;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_read_well() {
        assert_eq!(count(1_234_567.4), "1,234,567");
        assert_eq!(count(-0.3), "0");
        for (x, text) in [
            (0.0, "0"),
            (2.412, "2.41"),
            (54.25, "54.2"),
            (950.4, "950"),
            (9_800.0, "9,800"),
            (38_400.0, "38.4 k"),
            (999_900.0, "1 M"),
            (1_250_000.0, "1.25 M"),
            (108_600_000.0, "109 M"),
            (2_508_000_000.0, "2.51 G"),
            (1.2e12, "1.2 T"),
            (-1_250_000.0, "-1.25 M"),
            (f64::NAN, "?"),
        ] {
            assert_eq!(plain(&amount(x)), text, "{x}");
        }
        for (x, text) in [(3_117.2, "3.12 s"), (999.7, "1 s"), (0.0, "0 s"), (0.05, "50 µs"), (-70.2, "-70.2 ms")] {
            assert_eq!(plain(&time(x)), text, "{x}");
        }
    }

    #[test]
    fn a_share_never_claims_all_or_nothing() {
        for (x, text) in [
            (0.0, "0 %"),
            (0.000_034_4, "0.0034 %"),
            (0.107, "10.7 %"),
            (0.994_6, "99.5 %"),
            (0.999_8, "99.98 %"),
            (0.999_966, "99.996 %"),
            (0.999_994_7, "99.999 %"),
            (1.0 - 1e-12, "99.999 %"),
            (0.995, "99.5 %"),
            (0.999, "99.9 %"),
            (1.0, "100 %"),
            (f64::NAN, "?"),
        ] {
            assert_eq!(plain(&share(x)), text, "{x}");
        }
    }

    #[test]
    fn money_has_cents_where_they_count() {
        for (usd, exact, round) in [
            (0.0, "$0.00", "$0.00"),
            (0.0123, "$0.012", "$0.012"),
            (0.099_99, "$0.10", "$0.10"),
            (-12.5, "-$12.50", "-$12.50"),
            (999.999, "$1,000.00", "$1,000"),
            (27_379.2, "$27,379.20", "$27,379"),
            (1_234_567.0, "$1,234,567.00", "$1.23 M"),
        ] {
            assert_eq!((money(usd).as_str(), plain(&round_money(usd)).as_str()), (exact, round), "{usd}");
        }
    }

    #[test]
    fn every_figure_has_its_unit() {
        for (x, unit, text) in [
            (12.0, Unit::PerSecond, "12 /s"),
            (0.014_2, Unit::Fraction, "1.42 %"),
            (18_230.0, Unit::Milliseconds, "18.2 s"),
            (250_000.0, Unit::Tokens, "250 k"),
            (41_952.0, Unit::Count, "41,952"),
            (1_240.5, Unit::Ratio, "1,240"),
            (f64::INFINITY, Unit::Usd, "?"),
        ] {
            assert_eq!(plain(&figure(x, unit)), text, "{x}");
        }
    }
}

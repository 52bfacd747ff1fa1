//! Figures as people read them: few digits, a unit, an interval.

use crate::results::Estimate;
use crate::terms::Unit;
use crate::units::Usd;

/// Colours of a terminal, or none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Palette {
    pub colour: bool,
}

impl Palette {
    fn paint(self, code: &str, text: &str) -> String {
        if self.colour { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }

    pub(super) fn bold(self, text: &str) -> String {
        self.paint("1", text)
    }

    pub(super) fn good(self, text: &str) -> String {
        self.paint("32", text)
    }

    pub(super) fn bad(self, text: &str) -> String {
        self.paint("1;31", text)
    }

    pub(super) fn doubtful(self, text: &str) -> String {
        self.paint("33", text)
    }

    pub(super) fn faint(self, text: &str) -> String {
        self.paint("2", text)
    }
}

/// `1,234,567`
pub(super) fn count(x: f64) -> String {
    let digits = format!("{:.0}", x.abs());
    let mut out = String::with_capacity(digits.len() + digits.len() / 3 + 1);
    if x < -0.5 {
        out.push('-');
    }
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    out
}

/// Between a figure and its unit: a line does not break there.
const JOIN: char = '\u{a0}';

/// `4.2 M`, `38 k`, `950`
pub(super) fn amount(x: f64) -> String {
    let size = x.abs();
    let (scale, unit) = match size {
        _ if size >= 999.5e6 => (1e9, "G"),
        _ if size >= 999.5e3 => (1e6, "M"),
        _ if size >= 9_999.5 => (1e3, "k"),
        _ => return count(x),
    };
    format!("{}{JOIN}{unit}", three_figures(x / scale))
}

/// `12 %`, `0.034 %`
pub(super) fn share(x: f64) -> String {
    format!("{}{JOIN}%", three_figures(x * 100.0))
}

/// Three figures, two of a small number, without needless zeros behind the point.
fn three_figures(x: f64) -> String {
    let size = x.abs();
    let places = match size {
        _ if size >= 99.95 => 0,
        _ if size >= 9.995 => 1,
        _ if size >= 0.995 => 2,
        _ => two_figures(size),
    };
    let text = format!("{x:.places$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

/// The decimal places that show two figures of a number \[1\].
fn two_figures(size: f64) -> usize {
    let (mut places, mut scaled) = (1, size * 10.0);
    while scaled < 9.95 && places < 9 {
        places += 1;
        scaled *= 10.0;
    }
    if size >= 9.95 { 0 } else { places.min(if size >= 0.995 { 1 } else { 9 }) }
}

/// The unit in which people read a time, and how many milliseconds it is.
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

/// From milliseconds: `3.12 s`, `840 ms`.
pub(super) fn time(ms: f64) -> String {
    if ms < 0.0005 {
        return format!("0{JOIN}s");
    }
    let (scale, unit) = time_unit(ms);
    format!("{}{JOIN}{unit}", three_figures(ms / scale))
}

/// From dollars: `$27,379.20`.
#[must_use]
pub fn money(usd: f64) -> String {
    if usd != 0.0 && usd.abs() < 0.1 {
        let figures = three_figures(usd);
        // A tenth of a dollar is ten cents.
        let cents = if figures.ends_with("0.1") { "0" } else { "" };
        return format!("${figures}{cents}");
    }
    Usd((usd * Usd::ONE.0 as f64) as i128).to_string()
}

/// A figure in its unit.
pub(super) fn figure(x: f64, unit: Unit) -> String {
    match unit {
        Unit::Count => {
            if x.fract() == 0.0 || x.abs() >= 100.0 {
                count(x)
            } else {
                three_figures(x)
            }
        }
        Unit::Ratio => three_figures(x),
        Unit::Tokens | Unit::TokensPerMinute => amount(x),
        Unit::Fraction => share(x),
        Unit::Milliseconds => time(x),
        Unit::PerSecond => format!("{}/s", three_figures(x)),
        Unit::Usd => money(x),
    }
}

/// A figure and its half-width in one unit: `4.21 ±0.34 %`; `?` when it is not known.
pub(super) fn interval(e: Option<&Estimate>, unit: Unit) -> String {
    let Some(Estimate { estimate: Some(x), half_width, .. }) = e else { return "?".to_owned() };
    let Some(half) = half_width.filter(|half| *half > 0.0) else { return figure(*x, unit) };
    let (scale, name) = match unit {
        // What was never seen has an upper bound alone, and what was always seen a lower one.
        Unit::Fraction if *x == 0.0 => return format!("0{JOIN}% (below {})", share(half)),
        Unit::Fraction if *x == 1.0 => return format!("100{JOIN}% (above {})", share(1.0 - half)),
        Unit::Fraction => (0.01, "%"),
        Unit::Milliseconds => time_unit(*x),
        _ => return format!("{}{JOIN}±{}", figure(*x, unit), figure(half, unit)),
    };
    let places = places(x.abs() / scale, half / scale);
    format!("{:.places$}{JOIN}±{:.places$}{JOIN}{name}", x / scale, half / scale)
}

/// Decimal places for two figures of the half-width, but no more than four of the estimate.
fn places(size: f64, half: f64) -> usize {
    two_figures(half).min(3 - (size >= 9.9995) as usize - (size >= 99.995) as usize)
}

/// A difference with its sign and its half-width in one unit: `-4.21 ±0.34 pp`; shares differ by percentage points.
pub(super) fn difference(x: f64, half_width: Option<f64>, unit: Unit) -> String {
    let sign = match x {
        _ if x > 0.0 => "+",
        _ if x < 0.0 => "-",
        _ => "",
    };
    let half = half_width.filter(|half| *half > 0.0);
    let (scale, name) = match unit {
        Unit::Fraction => (0.01, "pp"),
        Unit::Milliseconds => time_unit(x.abs().max(half.unwrap_or(0.0))),
        _ => {
            let half = half.map(|half| format!("{JOIN}±{}", short(half, unit))).unwrap_or_default();
            return format!("{sign}{}{half}", short(x.abs(), unit));
        }
    };
    match half {
        None if x == 0.0 => "0".to_owned(),
        None => format!("{sign}{}{JOIN}{name}", three_figures(x.abs() / scale)),
        Some(half) => {
            let (size, half) = (x.abs() / scale, half / scale);
            // A small difference may need more places than an estimate.
            let places = if size.max(half) < 0.1 { two_figures(half).min(5) } else { places(size, half) };
            format!("{sign}{size:.places$}{JOIN}±{half:.places$}{JOIN}{name}")
        }
    }
}

/// A figure for a narrow column: no cents of large amounts.
pub(super) fn short(x: f64, unit: Unit) -> String {
    match unit {
        Unit::Usd if x.abs() >= 999_999.5 => format!("${}", amount(x)),
        Unit::Usd if x.abs() >= 1_000.0 => format!("${}", count(x)),
        _ => figure(x, unit),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(text: &str) -> String {
        text.replace(JOIN, " ")
    }

    #[test]
    fn figures_read_well() {
        assert_eq!(count(1_234_567.4), "1,234,567");
        assert_eq!(plain(&amount(108_600_000.0)), "109 M");
        assert_eq!(plain(&amount(2_508_000_000.0)), "2.51 G");
        assert_eq!(plain(&amount(1_250_000.0)), "1.25 M");
        assert_eq!(plain(&amount(38_400.0)), "38.4 k");
        assert_eq!(plain(&share(0.107)), "10.7 %");
        assert_eq!(plain(&share(0.000_034_4)), "0.0034 %");
        assert_eq!(plain(&share(1.0)), "100 %");
        assert_eq!(plain(&share(0.0)), "0 %");
        assert_eq!(plain(&time(3_117.2)), "3.12 s");
        assert_eq!(plain(&time(999.7)), "1 s");
        assert_eq!(plain(&time(0.0)), "0 s");
        assert_eq!(money(0.0123), "$0.012");
        assert_eq!(money(27_379.2), "$27,379.20");
    }

    #[test]
    fn a_difference_has_its_sign() {
        let told = |x, half, unit| plain(&difference(x, Some(half), unit));
        assert_eq!(told(-0.0421, 0.0034, Unit::Fraction), "-4.21 ±0.34 pp");
        assert_eq!(told(0.000_012, 0.000_034, Unit::Fraction), "+0.0012 ±0.0034 pp");
        assert_eq!(told(0.2, 1_200.0, Unit::Milliseconds), "+0.0 ±1.2 s");
        assert_eq!(told(-35_512.0, 418.0, Unit::Milliseconds), "-35.51 ±0.42 s");
        assert_eq!(told(0.0, 0.0, Unit::Milliseconds), "0");
        assert_eq!(told(12_345.67, 123.45, Unit::Usd), "+$12,346 ±$123.45");
        assert_eq!(told(-0.25, 0.0, Unit::Ratio), "-0.25");
        assert_eq!(plain(&short(1_234_567.0, Unit::Usd)), "$1.23 M");
    }

    #[test]
    fn an_interval_has_one_unit() {
        let told = |estimate, half, unit| {
            plain(&interval(Some(&Estimate { estimate: Some(estimate), half_width: Some(half), n: 10 }), unit))
        };
        assert_eq!(told(35_512.0, 418.0, Unit::Milliseconds), "35.51 ±0.42 s");
        assert_eq!(told(630.2, 1.2, Unit::Milliseconds), "630.2 ±1.2 ms");
        assert_eq!(told(0.1613, 0.0034, Unit::Fraction), "16.13 ±0.34 %");
        assert_eq!(told(0.0, 0.000_021, Unit::Fraction), "0 % (below 0.0021 %)");
        assert_eq!(told(1.0, 0.001, Unit::Fraction), "100 % (above 99.9 %)");
        assert_eq!(interval(None, Unit::Count), "?");
    }
}

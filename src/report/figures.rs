//! Figures as people read them: few digits, a unit, an interval.

use crate::results::Estimate;
use crate::terms::Unit;
use crate::units::{SimTime, Usd, round_duration};

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

/// `4.2 M`, `38 k`, `950`
pub(super) fn amount(x: f64) -> String {
    let size = x.abs();
    if size >= 9_995_000.0 {
        format!("{} M", three_figures(x / 1e6))
    } else if size >= 999_500.0 {
        format!("{:.2} M", x / 1e6)
    } else if size >= 9_995.0 {
        format!("{} k", three_figures(x / 1e3))
    } else {
        count(x)
    }
}

/// `12 %`, `0.034 %`: three figures at most.
pub(super) fn share(x: f64) -> String {
    let percent = x * 100.0;
    if percent == 0.0 { "0 %".to_owned() } else { format!("{} %", three_figures(percent)) }
}

/// Three figures, without needless zeros behind the point.
fn three_figures(x: f64) -> String {
    let size = x.abs();
    let places = match size {
        _ if size >= 99.95 => 0,
        _ if size >= 9.995 => 1,
        _ if size >= 0.995 => 2,
        _ if size >= 0.0995 => 3,
        _ if size >= 0.00995 => 4,
        _ => 6,
    };
    let text = format!("{x:.places$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

/// From milliseconds: `3.12 s`, `840 ms`.
pub(super) fn time(ms: f64) -> String {
    if ms < 0.0005 { "0 s".to_owned() } else { round_duration(SimTime((ms * 1e3 + 0.5) as u64)) }
}

/// From dollars: `$27,379.20`.
pub(super) fn money(usd: f64) -> String {
    if usd != 0.0 && usd.abs() < 0.1 {
        return format!("${}", three_figures(usd));
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
        Unit::Tokens | Unit::TokensPerMinute => amount(x),
        Unit::Fraction => share(x),
        Unit::Milliseconds => time(x),
        Unit::PerSecond => format!("{}/s", three_figures(x)),
        Unit::Usd => money(x),
    }
}

/// A figure and its half-width: `4.2 % ± 0.3 %`; `?` when it is not known.
pub(super) fn interval(e: Option<&Estimate>, unit: Unit) -> String {
    match e {
        Some(Estimate { estimate: Some(x), half_width: Some(half), .. }) if *half > 0.0 => {
            format!("{} ± {}", figure(*x, unit), figure(*half, unit))
        }
        Some(Estimate { estimate: Some(x), .. }) => figure(*x, unit),
        _ => "?".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_read_well() {
        assert_eq!(count(1_234_567.4), "1,234,567");
        assert_eq!(amount(108_600_000.0), "109 M");
        assert_eq!(amount(1_250_000.0), "1.25 M");
        assert_eq!(amount(38_400.0), "38.4 k");
        assert_eq!(share(0.107), "10.7 %");
        assert_eq!(share(0.000_034), "0.0034 %");
        assert_eq!(share(1.0), "100 %");
        assert_eq!(time(3_117.2), "3.12 s");
        assert_eq!(time(0.0), "0 s");
        assert_eq!(money(0.0123), "$0.0123");
        assert_eq!(money(27_379.2), "$27,379.20");
    }
}

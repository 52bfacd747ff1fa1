//! Formats numbers with two to four significant digits, for generated scenarios and for summaries.

use crate::figures;
use crate::units::grouped;

/// Rounds up to two significant digits.
pub fn round_up(x: f64) -> u64 {
    let mut scale = 1.0;
    while x / scale > 100.0 {
        scale *= 10.0;
    }
    (libm::ceil(x / scale) * scale).max(1.0) as u64
}

/// Returns a whole number with marks between thousands, where there are five digits or more.
pub fn integer(n: u64) -> String {
    if n < 10_000 { n.to_string() } else { grouped(n).replace(',', "_") }
}

/// Returns a number with four significant digits and no exponent; of a larger one all digits before the decimal point
/// are kept.
pub fn number(x: f64) -> String {
    if x == 0.0 || !x.is_finite() {
        return "0".to_owned();
    }
    let places = (3.0 - libm::floor(libm::log10(x.abs()))).clamp(0.0, 12.0) as usize;
    let text = format!("{x:.places$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

/// Returns a rate in the unit that people would take, from one per second \[1/s\].
pub fn rate(per_second: f64) -> String {
    let units = [("s", 1.0), ("min", 60.0), ("h", 3_600.0), ("day", 86_400.0)];
    let unit = units.iter().find(|(_, seconds)| per_second * seconds >= 0.9995).unwrap_or(&units[3]);
    format!("{}/{}", number(per_second * unit.1), unit.0)
}

/// Returns a duration in the unit that people would take \[s\].
pub fn duration(seconds: f64) -> String {
    let (unit, size) = match seconds {
        s if s < 1e-3 => return format!("{}us", (s * 1e6).max(1.0) as u64),
        s if s < 1.0 => ("ms", 1e-3),
        s if s < 120.0 => ("s", 1.0),
        s if s < 7_200.0 => ("m", 60.0),
        _ => ("h", 3_600.0),
    };
    format!("{}{unit}", number(seconds / size))
}

/// Returns a number with three significant digits and an SI suffix.
pub fn short(x: f64) -> String {
    figures::plain(&figures::amount(x))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::parse;

    #[test]
    fn numbers_are_short_and_read_back() {
        for (x, text) in [(13.152, "13.15"), (2_047.8, "2048"), (0.000_123_44, "0.0001234"), (0.3, "0.3"), (0.0, "0")] {
            assert_eq!(number(x), text);
        }
        for per_second in [2.566_686, 0.015_7, 0.000_1, 1e-6, 812.0] {
            let read = parse::rate(&rate(per_second)).unwrap();
            assert!((read / per_second - 1.0).abs() < 1e-3, "{} is {read}", rate(per_second));
        }
        assert_eq!(rate(0.0157), "56.52/h");
        for seconds in [0.000_4, 0.25, 8.912, 436.0, 90_000.0] {
            let read = parse::duration(&duration(seconds)).unwrap().as_secs_f64();
            assert!((read / seconds - 1.0).abs() < 1e-3, "{} is {read}", duration(seconds));
        }
        assert_eq!((integer(1_469), integer(32_000)), ("1469".to_owned(), "32_000".to_owned()));
        assert_eq!([1.0, 99.5, 632.0, 1_250_001.0].map(round_up), [1, 100, 640, 1_300_000]);
    }
}

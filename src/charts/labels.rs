//! How a chart writes a figure: short, with thousands separators, in the unit a reader would say.

use crate::units::{SimTime, round_duration, round_half_up};

/// Past this a label with all its digits is harder to read than one with a suffix.
const LONGEST_IN_FULL: f64 = 1e7;

/// A count or an amount: `1,250`, `2,000,000`, `12.5 M`, `1 tn`.
pub(super) fn amount(x: f64) -> String {
    if !x.is_finite() {
        return "?".to_owned();
    }
    let size = x.abs();
    if size < LONGEST_IN_FULL {
        let decimals = if size >= 10.0 { 0 } else { 2 };
        return grouped(&trimmed(size, decimals), x < 0.0);
    }
    let (unit, name) =
        [(1e12, "tn"), (1e9, "bn"), (1e6, "M")].into_iter().find(|(unit, _)| size >= *unit).unwrap_or((1.0, ""));
    if size >= 1e18 {
        return format!("{x:.0e}");
    }
    let scaled = size / unit;
    let decimals = if scaled >= 100.0 { 0 } else { 1 };
    format!("{} {name}", grouped(&trimmed(scaled, decimals), x < 0.0))
}

/// An amount in a sentence, with no more digits than a reader takes in: `2.4`, `312`, `0.05`.
pub(super) fn rounded(x: f64) -> String {
    let size = x.abs();
    amount(if (0.95..9.95).contains(&size) { (x * 10.0).round() / 10.0 } else { x })
}

/// A share \[1\]: `12 %`, `0.4 %`, `99.9 %`.
pub(super) fn percent(share: f64) -> String {
    let x = share * 100.0;
    if !x.is_finite() {
        return "?".to_owned();
    }
    // Next to 0 and to 100 a whole percent would claim too much.
    let decimals = if x != 0.0 && (x < 1.0 || (99.0..100.0).contains(&x)) { 1 } else { 0 };
    if x > 0.0 && x < 0.05 {
        return "under 0.1 %".to_owned();
    }
    format!("{} %", grouped(&trimmed(x, decimals), false))
}

/// Money \[USD\]: `$40,150`, `$3.29`, `under $0.01`.
pub(super) fn usd(usd: f64) -> String {
    if usd > 0.0 && usd < 0.01 { "under $0.01".to_owned() } else { format!("${}", amount(usd)) }
}

/// A latency \[ms\]: `840 ms`, `18.2 s`, `2.5 min`.
pub(super) fn latency(ms: f64) -> String {
    round_duration(SimTime(round_half_up(ms * 1e3)))
}

/// A round latency on an axis \[ms\], never in minutes, so that neighbours compare: `50 µs`, `500 ms`, `1,000 s`.
pub(super) fn latency_tick(ms: f64) -> String {
    if ms < 0.999 {
        format!("{} µs", amount(ms * 1e3))
    } else if ms < 999.0 {
        format!("{} ms", amount(ms))
    } else {
        format!("{} s", amount(ms / 1e3))
    }
}

/// A span of time \[s\], for the width of a column: `30 s`, `5 min`, `1 h`.
pub(super) fn span(s: f64) -> String {
    if s < 60.0 {
        format!("{} s", amount(s))
    } else if s < 3_600.0 {
        format!("{} min", amount(s / 60.0))
    } else {
        format!("{} h", amount(s / 3_600.0))
    }
}

/// The wall clock at t = 0 as a scenario writes it, to the minute: `2026-12-07T08:00:00[Europe/Berlin]` becomes
/// `2026-12-07 08:00 Europe/Berlin`. What is written otherwise stays as it is.
pub(super) fn moment(written: &str) -> String {
    let (clock, zone) = match written.split_once('[') {
        Some((clock, zone)) => (clock, zone.trim_end_matches(']')),
        None if written.ends_with('Z') => (written.trim_end_matches('Z'), "UTC"),
        None => (written, ""),
    };
    let Some((date, time)) = clock.split_once('T').filter(|(_, time)| time.is_ascii() && time.len() >= 5) else {
        return written.to_owned();
    };
    let seconds = if time.get(5..8).is_some_and(|s| s.starts_with(':') && s != ":00") { &time[5..8] } else { "" };
    format!("{date} {}{seconds} {zone}", &time[..5]).trim_end().to_owned()
}

/// Fixed decimals without the zeros at their end.
fn trimmed(x: f64, decimals: usize) -> String {
    let text = format!("{x:.decimals$}");
    if decimals == 0 { text } else { text.trim_end_matches('0').trim_end_matches('.').to_owned() }
}

fn grouped(digits: &str, negative: bool) -> String {
    let (whole, fraction) = digits.split_once('.').map_or((digits, None), |(w, f)| (w, Some(f)));
    let mut out = String::new();
    if negative && digits.bytes().any(|b| b.is_ascii_digit() && b != b'0') {
        out.push('−');
    }
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
    fn amounts_are_written_for_people() {
        for (x, text) in [
            (0.0, "0"),
            (-0.0, "0"),
            (0.25, "0.25"),
            (999.6, "1,000"),
            (2_000_000.0, "2,000,000"),
            (12_500_000.0, "12.5 M"),
            (1e12, "1 tn"),
            (-1_234.0, "−1,234"),
            (1e300, "1e300"),
            (f64::NAN, "?"),
            (f64::INFINITY, "?"),
        ] {
            assert_eq!(amount(x), text, "{x}");
        }
    }

    #[test]
    fn percentages_never_claim_all_or_nothing() {
        for (x, text) in [
            (0.0, "0 %"),
            (0.000_01, "under 0.1 %"),
            (0.004, "0.4 %"),
            (0.5, "50 %"),
            (0.999, "99.9 %"),
            (1.0, "100 %"),
        ] {
            assert_eq!(percent(x), text, "{x}");
        }
    }

    #[test]
    fn a_moment_is_short() {
        for (written, text) in [
            ("2026-12-07T08:00:00[America/New_York]", "2026-12-07 08:00 America/New_York"),
            ("2026-12-07T08:00:00Z", "2026-12-07 08:00 UTC"),
            ("2026-12-07T08:00:30Z", "2026-12-07 08:00:30 UTC"),
            ("2026-12-07T08:00:00-05:00[America/New_York]", "2026-12-07 08:00 America/New_York"),
            ("whenever", "whenever"),
            ("", ""),
        ] {
            assert_eq!(moment(written), text, "{written}");
        }
    }

    #[test]
    fn ticks_keep_round_figures() {
        for (x, text) in [(0.05, "50 µs"), (1.0, "1 ms"), (500.0, "500 ms"), (1_000.0, "1 s"), (1e6, "1,000 s")] {
            assert_eq!(latency_tick(x), text, "{x}");
        }
    }
}

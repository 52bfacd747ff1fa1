//! How a chart writes a figure: short, with thousands separators, in the unit a reader would say.

use crate::terms::{self, Unit};
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

/// A volume in a sentence, which does not break within it: `950`, `48.5 k`, `1.64 M`.
pub(super) fn volume(x: f64) -> String {
    match x.abs() {
        size if size >= 999.5e6 => amount(x).replace(' ', "\u{a0}"),
        size if size >= 999.5e3 => format!("{}\u{a0}M", three_figures(x / 1e6)),
        size if size >= 1e4 => format!("{}\u{a0}k", three_figures(x / 1e3)),
        _ => amount(x),
    }
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

/// A latency that is known to a few per cent \[ms\]: `840 ms`, `18 s`, `150 s`.
pub(super) fn about(ms: f64) -> String {
    let step = libm::exp10(libm::log10(ms.abs().max(1e-3)).floor() - 1.0);
    latency_tick((ms / step).round() * step)
}

/// A round latency on an axis \[ms\], never in minutes, so that neighbours compare: `50 µs`, `500 ms`, `1,000 s`.
pub(super) fn latency_tick(ms: f64) -> String {
    if ms < 0.999 {
        format!("{} µs", number(ms * 1e3))
    } else if ms < 999.0 {
        format!("{} ms", number(ms))
    } else {
        format!("{} s", number(ms / 1e3))
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

/// A metric's figure in its unit, as a label says it: `1.4 %`, `18.2 s`, `$1,250`, `12 /s`.
pub(super) fn figure(x: f64, unit: Unit) -> String {
    match unit {
        _ if !x.is_finite() => "?".to_owned(),
        Unit::Fraction => format!("{} %", three_figures(x * 100.0)),
        Unit::Milliseconds if x == 0.0 => "0 s".to_owned(),
        Unit::Milliseconds if x < 0.0 => format!("−{}", latency(-x)),
        Unit::Milliseconds => latency(x),
        Unit::Usd => money(x),
        Unit::PerSecond => format!("{} /s", three_figures(x)),
        Unit::Ratio => three_figures(x),
        Unit::Count | Unit::Tokens | Unit::TokensPerMinute => amount(x),
    }
}

/// The same where there is little room: `1.4 %`, `56 %`, `< 0.1 %`, `$64 k`.
pub(super) fn brief(x: f64, unit: Unit) -> String {
    match unit {
        Unit::Fraction if x > 0.0 && x < 0.000_95 => "<0.1 %".to_owned(),
        Unit::Fraction => format!("{} %", grouped(&trimmed(x.abs() * 100.0, usize::from(x.abs() < 0.0995)), x < 0.0)),
        Unit::Usd if x.abs() >= 1e4 => format!("${} k", amount(x / 1e3)),
        Unit::Count | Unit::Tokens | Unit::TokensPerMinute if x.abs() >= 1e4 && x.abs() < LONGEST_IN_FULL => {
            format!("{} k", amount(x / 1e3))
        }
        _ => figure(x, unit),
    }
}

/// The same on an axis, whose figures are round.
pub(super) fn tick(x: f64, unit: Unit) -> String {
    match unit {
        Unit::Fraction => format!("{} %", number(x * 100.0)),
        Unit::Milliseconds if x == 0.0 => "0 s".to_owned(),
        Unit::Milliseconds if x < 0.0 => format!("−{}", latency_tick(-x)),
        Unit::Milliseconds => latency_tick(x),
        Unit::Usd if x < 0.0 => format!("−${}", number(-x)),
        Unit::Usd => format!("${}", number(x)),
        Unit::PerSecond => format!("{} /s", number(x)),
        Unit::Ratio | Unit::Count | Unit::Tokens | Unit::TokensPerMinute => number(x),
    }
}

/// The labels of the ticks of an axis, all with as many places as tell neighbours apart.
pub(super) fn ticks(at: &[f64], unit: Unit) -> Vec<String> {
    let differ = |labels: &[String]| labels.windows(2).all(|w| w[0] != w[1]);
    let plain: Vec<String> = at.iter().map(|x| tick(*x, unit)).collect();
    let largest = at.iter().fold(0.0, |most: f64, x| most.max(x.abs()));
    let (scale, before, after) = match unit {
        Unit::Fraction => (100.0, "", " %"),
        Unit::Milliseconds if largest >= 1e3 => (1e-3, "", " s"),
        Unit::Milliseconds => (1.0, "", " ms"),
        Unit::Usd => (1.0, "$", ""),
        Unit::PerSecond => (1.0, "", " /s"),
        Unit::Ratio | Unit::Count | Unit::Tokens | Unit::TokensPerMinute => (1.0, "", ""),
    };
    let with = |places: usize| -> Vec<String> {
        let write = |x: &f64| {
            let text = grouped(&format!("{:.places$}", (x * scale).abs()), false);
            format!("{}{before}{text}{after}", if *x < 0.0 { "−" } else { "" })
        };
        at.iter().map(write).collect()
    };
    if differ(&plain) || largest * scale >= 1e12 {
        return plain;
    }
    (0..=9).map(with).find(|labels| differ(labels)).unwrap_or(plain)
}

/// A difference with its half width, to no more places than that one knows: `+22.6 ±2.5 pp`, `−70 ±44 ms`.
pub(super) fn difference(x: f64, half: Option<f64>, unit: Unit) -> String {
    let sign = if x > 0.0 { "+" } else { "" };
    let size = x.abs().max(half.unwrap_or(0.0));
    let (scale, before, after) = match unit {
        Unit::Fraction => (100.0, "", " pp"),
        Unit::Milliseconds if size >= 1e3 => (1e-3, "", " s"),
        Unit::Milliseconds => (1.0, "", " ms"),
        Unit::Usd => (1.0, "$", ""),
        Unit::PerSecond => (1.0, "", " /s"),
        Unit::Ratio | Unit::Count | Unit::Tokens | Unit::TokensPerMinute => (1.0, "", ""),
    };
    let known = half.map(|half| half * scale).filter(|half| *half >= 1e-4 && size * scale < LONGEST_IN_FULL);
    let Some(half) = known else {
        let half = half.map(|half| format!(" ±{}", figure(half, unit).replace('%', "pp"))).unwrap_or_default();
        return format!("{sign}{}{half}", figure(x, unit).replace('%', "pp"));
    };
    // Two figures of the half width; of money whole cents.
    let places = (1.0 - libm::log10(half).floor()).clamp(0.0, 4.0) as usize;
    let places = if unit == Unit::Usd && places == 1 { 2 } else { places };
    // Four figures of the difference are all that is read; a half width below the last of them is told as that.
    let most = (3.0 - libm::log10((x * scale).abs().max(1e-9)).floor()).clamp(0.0, 4.0) as usize;
    let (places, half) = if places > most { (most, half.max(libm::exp10(-(most as f64)))) } else { (places, half) };
    let write = |x: f64| grouped(&format!("{:.places$}", x.abs()), false);
    let minus = if x < 0.0 { "−" } else { "" };
    format!("{sign}{minus}{before}{} ±{}{after}", write(x * scale), write(half))
}

/// What is set for a metric, as opposed to measured: `5 s`, `1 %`, `$16,000`.
pub(super) fn bound(x: f64, unit: Unit) -> String {
    if unit == Unit::Milliseconds && x > 0.0 { latency_tick(x) } else { figure(x, unit) }
}

/// A number that is set, not measured: all its digits, up to three places.
pub(super) fn number(x: f64) -> String {
    let size = x.abs();
    if !x.is_finite() || size >= LONGEST_IN_FULL || (size > 0.0 && size < 0.001) {
        return if size < 0.001 { format!("{x:.1e}").replace(".0e", "e").replace('-', "−") } else { amount(x) };
    }
    grouped(&trimmed(size, 3), x < 0.0)
}

/// An amount of dollars: `$1,250`, `$12.50`, `$0.0042`, `$12.5 M`.
pub(super) fn money(usd: f64) -> String {
    let (size, sign) = (usd.abs(), if usd < 0.0 { "−" } else { "" });
    match size {
        _ if !usd.is_finite() => "?".to_owned(),
        0.0 => "$0".to_owned(),
        _ if size >= 100.0 => format!("{sign}${}", amount(size)),
        _ if size >= 0.1 => format!("{sign}${size:.2}"),
        _ => format!("{sign}${}", three_figures(size)),
    }
}

/// Three figures, two of a small number, and no decimals that say nothing: `1.4`, `0.034`, `99.9`, `1,240`.
fn three_figures(x: f64) -> String {
    let size = x.abs();
    let places = match size {
        _ if size >= 100.0 => return amount(x),
        // Next to a hundred a whole percent would claim too much.
        _ if size >= 99.0 => 2,
        _ if size >= 9.95 => 1,
        _ if size >= 0.095 => 2,
        _ if size >= 0.0095 => 3,
        _ if size >= 0.000_05 => 4,
        0.0 => 0,
        _ => return format!("{x:.0e}").replace('-', "−"),
    };
    let text = trimmed(size, places);
    grouped(&text, x < 0.0)
}

/// A metric's name in words: `workloads.chat.e2e_p99_ms` becomes `e2e p99 of chat`.
pub(super) fn metric(name: &str) -> String {
    let Ok(parsed) = terms::parse_metric(name) else { return name.to_owned() };
    let term = &parsed.term.name;
    let bare = ["_ms", "_usd"].into_iter().find_map(|unit| term.strip_suffix(unit)).unwrap_or(term);
    let mut text = bare.replace("_per_s", " per second").replace("_per_min", " per minute").replace('_', " ");
    if let Some(limit) = &parsed.limit {
        text = format!("{limit} {text}");
    }
    if let Some((_, part)) = &parsed.part {
        text += &format!(" of {part}");
    }
    if let Some(window) = &parsed.window {
        text += &format!(" in {window}");
    }
    text
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
    fn figures_have_their_unit() {
        for (x, unit, text) in [
            (0.0, Unit::Fraction, "0 %"),
            (0.014_2, Unit::Fraction, "1.42 %"),
            (0.000_34, Unit::Fraction, "0.034 %"),
            (0.999_96, Unit::Fraction, "100 %"),
            (0.999, Unit::Fraction, "99.9 %"),
            (1.0, Unit::Fraction, "100 %"),
            (0.5, Unit::Fraction, "50 %"),
            (18_230.0, Unit::Milliseconds, "18.2 s"),
            (1_250.4, Unit::Usd, "$1,250"),
            (-12.5, Unit::Usd, "−$12.50"),
            (0.0042, Unit::Usd, "$0.0042"),
            (12.0, Unit::PerSecond, "12 /s"),
            (f64::NAN, Unit::Usd, "?"),
        ] {
            assert_eq!(figure(x, unit), text, "{x}");
        }
        for (x, unit, text) in [
            (0.005, Unit::Fraction, "0.5 %"),
            (0.0, Unit::Milliseconds, "0 s"),
            (12.5, Unit::Usd, "$12.5"),
            (12.5, Unit::Count, "12.5"),
            (0.0, Unit::Count, "0"),
        ] {
            assert_eq!(tick(x, unit), text, "{x}");
        }
    }

    #[test]
    fn a_difference_knows_no_more_than_its_half_width() {
        for (x, half, unit, text) in [
            (-0.998_3, Some(0.000_083), Unit::Fraction, "−99.83 ±0.01 pp"),
            (0.226, Some(0.025), Unit::Fraction, "+22.6 ±2.5 pp"),
            (-70.2, Some(44.3), Unit::Milliseconds, "−70 ±44 ms"),
            (445.0, Some(8_280.0), Unit::Milliseconds, "+0.4 ±8.3 s"),
            (1.4, Some(0.22), Unit::Usd, "+$1.40 ±0.22"),
            (94_491.0, Some(6_174.0), Unit::Usd, "+$94,491 ±6,174"),
            (0.0, Some(0.0), Unit::Fraction, "0 pp ±0 pp"),
            (0.0, None, Unit::Fraction, "0 pp"),
            (3.0, None, Unit::Count, "+3"),
        ] {
            assert_eq!(difference(x, half, unit), text, "{x}");
        }
    }

    #[test]
    fn ticks_that_would_look_alike_get_places() {
        assert_eq!(ticks(&[13_000.0, 13_020.0, 13_040.0], Unit::Milliseconds), ["13 s", "13.02 s", "13.04 s"]);
        assert_eq!(ticks(&[0.0, 0.5, 1.0], Unit::Fraction), ["0 %", "50 %", "100 %"]);
        assert_eq!(ticks(&[5.000_01, 5.000_02], Unit::Usd), ["$5.00001", "$5.00002"]);
    }

    #[test]
    fn a_brief_figure_never_claims_nothing() {
        for (x, unit, text) in [
            (0.0, Unit::Fraction, "0 %"),
            (0.000_04, Unit::Fraction, "<0.1 %"),
            (0.014_2, Unit::Fraction, "1.4 %"),
            (0.556, Unit::Fraction, "56 %"),
            (64_240.0, Unit::Usd, "$64 k"),
            (250_000.0, Unit::Tokens, "250 k"),
        ] {
            assert_eq!(brief(x, unit), text, "{x}");
        }
    }

    #[test]
    fn volumes_have_three_figures() {
        for (x, text) in [
            (0.0, "0"),
            (950.0, "950"),
            (48_532.0, "48.5 k"),
            (438_000.0, "438 k"),
            (999_900.0, "1 M"),
            (1_636_219.0, "1.64 M"),
            (36_804_167.0, "36.8 M"),
            (2e9, "2 bn"),
        ] {
            assert_eq!(volume(x).replace('\u{a0}', " "), text, "{x}");
        }
    }

    #[test]
    fn a_metric_has_a_name_in_words() {
        for (name, text) in [
            ("throttle_rate", "throttle rate"),
            ("workloads.chat.e2e_p99_ms", "e2e p99 of chat"),
            ("cost_per_month_usd", "cost per month"),
            ("no such metric", "no such metric"),
        ] {
            assert_eq!(metric(name), text);
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

//! The form of figures in a chart: as in all text, with plain spaces and a true minus, and round numbers on axes.

use crate::figures;
use crate::terms::{self, Unit};

/// The number from which a label has a suffix, which is easier to read than all digits.
const LONGEST_IN_FULL: f64 = 1e7;

/// Writes what [`figures`] gives as a chart does: plain spaces, and a minus as wide as a plus.
fn drawn(text: &str) -> String {
    figures::plain(text).replace('-', "−")
}

/// Writes a count or an amount: `1,250`, `2.5 M`, `1.2 T`.
pub(super) fn amount(x: f64) -> String {
    drawn(&figures::amount(x))
}

/// Writes a volume in a sentence, which does not break within it: `950`, `48.5 k`, `1.64 M`.
pub(super) fn volume(x: f64) -> String {
    figures::amount(x).replace('-', "−")
}

/// Writes a share \[1\]: `12 %`, `0.4 %`, `99.9 %`.
pub(super) fn percent(share: f64) -> String {
    drawn(&figures::share(share))
}

/// Writes a latency \[ms\]: `840 ms`, `18.2 s`, `2.5 min`.
pub(super) fn latency(ms: f64) -> String {
    drawn(&figures::time(ms))
}

/// Writes a latency that is known to a few per cent \[ms\]: `840 ms`, `18 s`.
pub(super) fn about(ms: f64) -> String {
    let step = libm::exp10(libm::log10(ms.abs().max(1e-3)).floor() - 1.0);
    latency((ms / step).round() * step)
}

/// Returns a round latency on an axis \[ms\], never in minutes, so that neighbours compare: `50 µs`, `500 ms`, `1,000
/// s`.
pub(super) fn latency_tick(ms: f64) -> String {
    if ms < 0.999 {
        format!("{} µs", number(ms * 1e3))
    } else if ms < 999.0 {
        format!("{} ms", number(ms))
    } else {
        format!("{} s", number(ms / 1e3))
    }
}

/// Returns a span of time \[s\], for the width of a column: `30 s`, `5 min`, `1 h`.
pub(super) fn span(s: f64) -> String {
    if s < 60.0 {
        format!("{} s", amount(s))
    } else if s < 3_600.0 {
        format!("{} min", amount(s / 60.0))
    } else {
        format!("{} h", amount(s / 3_600.0))
    }
}

/// Writes the value of a metric in its unit: `1.4 %`, `18.2 s`, `$1,250`, `12 /s`.
pub(super) fn figure(x: f64, unit: Unit) -> String {
    match unit {
        Unit::Count => amount(x),
        _ => drawn(&figures::short(x, unit)),
    }
}

/// Writes the value of a metric where there is little room: `1.4 %`, `56 %`, `<0.1 %`, `$64 k`.
pub(super) fn brief(x: f64, unit: Unit) -> String {
    match unit {
        Unit::Fraction if x > 0.0 && x < 0.000_95 => "<0.1 %".to_owned(),
        Unit::Fraction if x.abs() >= 0.0995 && x < 0.99 => format!("{} %", number((x * 100.0).round())),
        Unit::Fraction if x.abs() < 0.0995 => format!("{} %", number((x * 1e3).round() / 10.0)),
        Unit::Usd if x.abs() >= 1e4 => format!("{}${}", if x < 0.0 { "−" } else { "" }, amount(rounded(x.abs()))),
        _ => figure(x, unit),
    }
}

/// Returns a number rounded to two figures \[1\].
fn rounded(x: f64) -> f64 {
    let step = libm::exp10(libm::log10(x.max(1e-9)).floor() - 1.0);
    (x / step).round() * step
}

/// Writes a round value of a metric on an axis.
pub(super) fn tick(x: f64, unit: Unit) -> String {
    match unit {
        Unit::Fraction => format!("{} %", number(x * 100.0)),
        Unit::Milliseconds if x == 0.0 => "0 s".to_owned(),
        Unit::Milliseconds if x < 0.0 => format!("−{}", latency_tick(-x)),
        Unit::Milliseconds => latency_tick(x),
        Unit::Usd if x < 0.0 => format!("−${}", number(-x)),
        Unit::Usd => format!("${}", number(x)),
        Unit::PerSecond => format!("{} /s", number(x)),
        Unit::Ratio => number(x),
        Unit::Count | Unit::Tokens | Unit::TokensPerMinute if x.abs() >= 9_999.5 => amount(x),
        Unit::Count | Unit::Tokens | Unit::TokensPerMinute => number(x),
    }
}

/// Returns the labels of the ticks of an axis, all with as many places as tell neighbours apart.
pub(super) fn ticks(at: &[f64], unit: Unit) -> Vec<String> {
    let differ = |labels: &[String]| labels.windows(2).all(|w| w[0] != w[1]);
    let largest = at.iter().fold(0.0, |most: f64, x| most.max(x.abs()));
    let plain: Vec<String> = match unit {
        // One suffix for the whole axis.
        Unit::Count | Unit::Tokens | Unit::TokensPerMinute => {
            let (scale, suffix) = figures::suffix(largest);
            at.iter().map(|x| if *x == 0.0 { "0".to_owned() } else { with_suffix(x / scale, suffix) }).collect()
        }
        _ => at.iter().map(|x| tick(*x, unit)).collect(),
    };
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
            let text = figures::grouped(&format!("{:.places$}", (x * scale).abs()));
            format!("{}{before}{text}{after}", if *x < 0.0 { "−" } else { "" })
        };
        at.iter().map(write).collect()
    };
    if differ(&plain) || largest * scale >= 1e12 {
        return plain;
    }
    (0..=9).map(with).find(|labels| differ(labels)).unwrap_or(plain)
}

fn with_suffix(x: f64, suffix: &str) -> String {
    format!("{} {suffix}", drawn(&figures::stated(x))).trim_end().to_owned()
}

/// Writes a difference with its half-width, to no more places than that one knows: `+22.6 ±2.5 pp`, `−70 ±44 ms`.
pub(super) fn difference(x: f64, half: Option<f64>, unit: Unit) -> String {
    drawn(&figures::difference(x, half, unit))
}

/// Returns a value that is set for a metric, as opposed to measured, in words: `5 s`, `1 %`, `$16,000`.
pub(super) fn bound(x: f64, unit: Unit) -> String {
    if unit == Unit::Milliseconds && x > 0.0 { latency_tick(x) } else { figure(x, unit) }
}

/// Writes a number that is set, not measured, with all its digits as far as they are read: `2,000,000`, `12.5 M`.
pub(super) fn number(x: f64) -> String {
    if x.abs() >= LONGEST_IN_FULL { amount(x) } else { drawn(&figures::stated(x)) }
}

/// Writes an amount \[USD\]: `$1,250`, `$12.50`, `$0.0042`, `$12.5 M`.
pub(super) fn money(usd: f64) -> String {
    drawn(&figures::round_money(usd))
}

/// Returns a metric's name in words: `workloads.chat.e2e_p99_ms` becomes `e2e p99 of chat`.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chart_writes_what_all_text_writes() {
        for (x, text) in [(0.0, "0"), (2_000_000.0, "2 M"), (-12_340.0, "−12.3 k"), (1e12, "1 T"), (f64::NAN, "?")] {
            assert_eq!(amount(x), text, "{x}");
        }
        assert_eq!((percent(0.004).as_str(), percent(0.9996).as_str()), ("0.4 %", "99.96 %"));
        assert_eq!((volume(48_532.0).as_str(), latency(150_000.0).as_str()), ("48.5\u{a0}k", "2.5 min"));
    }

    #[test]
    fn figures_have_their_unit() {
        for (x, unit, text) in [
            (0.0, Unit::Fraction, "0 %"),
            (0.014_2, Unit::Fraction, "1.42 %"),
            (0.000_34, Unit::Fraction, "0.034 %"),
            (0.999_96, Unit::Fraction, "99.996 %"),
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
    fn a_minus_is_as_wide_as_a_plus() {
        assert_eq!(difference(-0.226, Some(0.025), Unit::Fraction), "−22.6 ±2.5 pp");
        assert_eq!(difference(94_491.0, Some(6_174.0), Unit::Usd), "+$94,491 ±6,174");
    }

    #[test]
    fn ticks_that_would_look_alike_get_places() {
        assert_eq!(ticks(&[13_000.0, 13_020.0, 13_040.0], Unit::Milliseconds), ["13 s", "13.02 s", "13.04 s"]);
        assert_eq!(ticks(&[0.0, 0.5, 1.0], Unit::Fraction), ["0 %", "50 %", "100 %"]);
        assert_eq!(ticks(&[5.000_01, 5.000_02], Unit::Usd), ["$5.00001", "$5.00002"]);
        assert_eq!(ticks(&[0.0, 5_000.0, 10_000.0], Unit::Count), ["0", "5 k", "10 k"]);
        assert_eq!(ticks(&[0.0, 2.5e6], Unit::Tokens), ["0", "2.5 M"]);
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
    fn ticks_keep_round_figures() {
        for (x, text) in [(0.05, "50 µs"), (1.0, "1 ms"), (500.0, "500 ms"), (1_000.0, "1 s"), (1e6, "1,000 s")] {
            assert_eq!(latency_tick(x), text, "{x}");
        }
    }
}

//! Guesses at the quantity that a refused text means. Each guess is a text that scenarios accept.

use super::parse;

/// Words for spans of time, and the unit as it is written; longer words first where one begins another.
const SPANS: [(&str, &str); 22] = [
    ("milliseconds", "ms"),
    ("millisecond", "ms"),
    ("seconds", "s"),
    ("second", "s"),
    ("secs", "s"),
    ("sec", "s"),
    ("minutes", "min"),
    ("minute", "min"),
    ("mins", "min"),
    ("min", "min"),
    ("hours", "h"),
    ("hour", "h"),
    ("hrs", "h"),
    ("hr", "h"),
    ("days", "d"),
    ("day", "d"),
    ("ms", "ms"),
    ("s", "s"),
    ("m", "min"),
    ("h", "h"),
    ("d", "d"),
    ("sek", "s"),
];

/// Words for a frequency after a number, and the unit of the rate that they mean.
const RATES: [(&str, &str); 8] = [
    ("rpm", "min"),
    ("qpm", "min"),
    ("tpm", "min"),
    ("rps", "s"),
    ("qps", "s"),
    ("tps", "s"),
    ("rph", "h"),
    ("rpd", "day"),
];

/// Reads a number with commas, underscores or a suffix such as k or M; returns it in scenario notation, and the rest of the text.
fn number(text: &str) -> Option<(String, &str)> {
    let text = text.trim();
    let is_part = |c: char| c.is_ascii_digit() || matches!(c, '.' | ',' | '_');
    let ends = text.find(|c| !is_part(c)).unwrap_or(text.len());
    let (digits, rest) = text.split_at(ends);
    let digits = digits.replace(',', "");
    let value: f64 = digits.replace('_', "").parse().ok()?;
    let rest = rest.trim_start();
    let word_ends = rest.find(|c: char| !c.is_alphabetic()).unwrap_or(rest.len());
    let times = match &rest[..word_ends] {
        "k" | "K" | "thousand" => 1e3,
        "M" | "million" | "mio" => 1e6,
        "G" | "B" | "bn" | "billion" => 1e9,
        _ => return Some((digits, rest)),
    };
    let whole = value * times;
    (whole < 1e15 && whole.fract() == 0.0).then(|| (in_groups(whole as u64), rest[word_ends..].trim_start()))
}

/// Returns a number with its thousands grouped by underscores, as scenarios accept it: `7_200_000`.
fn in_groups(n: u64) -> String {
    super::grouped(n).replace(',', "_")
}

fn unit_of<'u>(word: &str, units: &[(&str, &'u str)]) -> Option<&'u str> {
    units.iter().find(|(known, _)| *known == word.to_lowercase()).map(|(_, unit)| *unit)
}

/// Returns the numbers of a text such as `22:00` or `1:30:00`: one or two digits first, then two after each colon.
fn between_colons(text: &str) -> Option<Vec<u64>> {
    let parts: Vec<&str> = text.trim().split(':').collect();
    let is_good = |(i, part): (usize, &&str)| {
        let digits = if i == 0 { 1..=2 } else { 2..=2 };
        digits.contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit())
    };
    let are_good = (2..=3).contains(&parts.len()) && parts.iter().enumerate().all(is_good);
    are_good.then(|| parts.iter().filter_map(|part| part.parse().ok()).collect())
}

/// Reads a time of day such as `22:00` or `7:30:15` \[s since midnight\].
#[must_use]
pub fn time_of_day(text: &str) -> Option<u64> {
    let parts = between_colons(text)?;
    let is_good = parts[0] < 24 && parts[1..].iter().all(|part| *part < 60);
    is_good.then(|| parts[0] * 3_600 + parts[1] * 60 + parts.get(2).unwrap_or(&0))
}

/// Returns spans of time that a text may mean.
#[must_use]
pub fn duration(text: &str) -> Vec<String> {
    match between_colons(text).as_deref() {
        Some([a, b]) => return vec![format!("{a}h {b}m"), format!("{a}m {b}s")],
        Some([hours, minutes, seconds]) => return vec![format!("{hours}h {minutes}m {seconds}s")],
        _ => {}
    }
    let Some((number, rest)) = number(text) else { return Vec::new() };
    let guesses = match (rest.trim_end_matches('.'), unit_of(rest.trim_end_matches('.'), &SPANS)) {
        ("", _) => ["s", "ms", "m", "h"].map(|unit| format!("{number}{unit}")).to_vec(),
        (_, Some(unit)) => vec![format!("{number}{}", if unit == "min" { "m" } else { unit })],
        ("weeks" | "week" | "w", None) => {
            let days = number.replace('_', "").parse::<u64>().ok().and_then(|weeks| weeks.checked_mul(7));
            days.map(|days| format!("{days}d")).into_iter().collect()
        }
        (_, None) => Vec::new(),
    };
    guesses.into_iter().filter(|guess| parse::duration(guess).is_ok()).collect()
}

/// Returns rates that a text may mean.
#[must_use]
pub fn rate(text: &str) -> Vec<String> {
    let Some((number, rest)) = number(text) else { return Vec::new() };
    let rest = rest.trim_start_matches('/').trim();
    let word = ["per ", "a ", "an ", "each ", "requests/", "calls/", "tokens/"]
        .iter()
        .fold(rest, |rest, before| rest.strip_prefix(before).unwrap_or(rest).trim());
    let unit = unit_of(word, &RATES).or(unit_of(word, &SPANS));
    let guesses = match (word, unit) {
        ("", _) => ["/s", "/min", "/h", "/day"].map(|unit| format!("{number}{unit}")).to_vec(),
        (_, Some("d")) => vec![format!("{number}/day")],
        (_, Some(unit)) => vec![format!("{number}/{unit}")],
        (_, None) => Vec::new(),
    };
    guesses.into_iter().filter(|guess| parse::rate(guess).is_ok()).collect()
}

/// Returns percentages that a text may mean.
#[must_use]
pub fn percentage(text: &str) -> Vec<String> {
    let Some((number, rest)) = number(text) else { return Vec::new() };
    let is_share = matches!(rest, "" | "percent" | "per cent" | "pct" | "pc" | "%");
    // A bare 0.1 may be a share too, as a number without quotes is.
    let share = number.replace('_', "").parse::<f64>().ok().filter(|x| rest.is_empty() && *x > 0.0 && *x <= 1.0);
    let share = share.map(|x| format!("{}%", (x * 1e12).round() / 1e10));
    let guesses = is_share.then(|| format!("{number}%")).into_iter().chain(share);
    guesses.filter(|guess| parse::percentage(guess).is_ok()).collect()
}

/// Returns an amount of money in dollars as people write it, and the rest of the text.
fn dollars(text: &str) -> Option<(String, &str)> {
    let text = text.trim();
    let text = ["US$", "USD", "usd", "$"].iter().find_map(|sign| text.strip_prefix(sign)).unwrap_or(text);
    let (number, rest) = number(text)?;
    let rest =
        ["USD", "usd", "US dollars", "dollars", "$"].iter().find_map(|sign| rest.strip_prefix(sign)).unwrap_or(rest);
    Some((number, rest.trim()))
}

/// Returns amounts of money that a text may mean.
#[must_use]
pub fn amount(text: &str) -> Vec<String> {
    let guess = dollars(text).filter(|(_, rest)| rest.is_empty()).map(|(number, _)| format!("${number}"));
    guess.filter(|guess| parse::amount(guess).is_ok()).into_iter().collect()
}

/// Returns prices by the hour that a text may mean.
#[must_use]
pub fn hourly_price(text: &str) -> Vec<String> {
    let Some((number, rest)) = dollars(text) else { return Vec::new() };
    let is_hourly = rest.is_empty() || unit_of(per(rest), &SPANS) == Some("h");
    let guess = is_hourly.then(|| format!("${number}/h"));
    guess.filter(|guess| parse::hourly_price(guess).is_ok()).into_iter().collect()
}

/// Returns prices of tokens that a text may mean. A price without its unit is one of a million tokens, as AWS lists
/// them, or of a thousand.
#[must_use]
pub fn token_price(text: &str) -> Vec<String> {
    let Some((number, rest)) = dollars(text) else { return Vec::new() };
    let rest = per(rest).to_lowercase();
    let units: &[&str] = match rest.trim_end_matches("tokens").trim_end_matches("tok").trim() {
        "" => &["1M", "1K"],
        "m" | "1m" | "million" | "1 million" | "mtok" | "1000000" | "1,000,000" | "1_000_000" => &["1M"],
        "k" | "1k" | "thousand" | "1 thousand" | "1000" | "1,000" | "1_000" => &["1K"],
        _ => &[],
    };
    let guesses = units.iter().map(|unit| format!("${number}/{unit}"));
    guesses.filter(|guess| parse::token_price(guess).is_ok()).collect()
}

/// Returns rates of growth that a text may mean.
#[must_use]
pub fn growth(text: &str) -> Vec<String> {
    let (sign, text) = text.trim().strip_prefix('-').map_or(("", text.trim()), |rest| ("-", rest));
    let Some((number, rest)) = number(text.trim_start_matches('+')) else { return Vec::new() };
    let rest = ["percent", "%"].iter().find_map(|word| rest.strip_prefix(word)).unwrap_or(rest).trim();
    let spans: &[&str] = match per(rest) {
        "" => &["month", "year"],
        "day" | "d" | "daily" => &["day"],
        "week" | "w" | "weekly" => &["week"],
        "month" | "mo" | "monthly" => &["month"],
        "year" | "y" | "yr" | "yearly" => &["year"],
        _ => &[],
    };
    let guesses = spans.iter().map(|span| format!("{sign}{number}%/{span}"));
    guesses.filter(|guess| parse::growth(guess).is_ok()).collect()
}

/// Returns the part of a text after "per", "a" or a slash.
fn per(rest: &str) -> &str {
    let rest = rest.trim_start_matches('/').trim();
    ["per ", "an ", "a ", "each "].iter().find_map(|word| rest.strip_prefix(word)).unwrap_or(rest).trim()
}

/// Returns whole numbers that a text may mean, without quotes.
#[must_use]
pub fn count(text: &str) -> Vec<String> {
    let Some((number, rest)) = number(text) else { return Vec::new() };
    let word = per(rest);
    let is_a_minute = unit_of(word, &RATES) == Some("min") || (word != rest && unit_of(word, &SPANS) == Some("min"));
    let is_count = word.is_empty() || is_a_minute || matches!(word, "tokens" | "requests" | "calls");
    let n = number.replace('_', "").parse::<u64>().ok();
    n.filter(|n| is_count && *n <= 1_000_000_000_000_000).map(in_groups).into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_guessed_from_what_people_write() {
        for (text, meant) in [
            ("900 rpm", &["900/min"][..]),
            ("900 per minute", &["900/min"]),
            ("1,200/minute", &["1200/min"]),
            ("3k/min", &["3_000/min"]),
            ("5 rps", &["5/s"]),
            ("10 a day", &["10/day"]),
            ("600", &["600/s", "600/min", "600/h", "600/day"]),
            ("600/fortnight", &[]),
            ("fast", &[]),
        ] {
            assert_eq!(rate(text), meant, "{text}");
        }
    }

    #[test]
    fn spans_of_time_are_guessed_from_what_people_write() {
        for (text, meant) in [
            ("5 minutes", &["5m"][..]),
            ("90 seconds", &["90s"]),
            ("2 weeks", &["14d"]),
            ("1:30", &["1h 30m", "1m 30s"]),
            ("1:30:05", &["1h 30m 5s"]),
            ("1:3", &[]),
            ("90", &["90s", "90ms", "90m", "90h"]),
            ("30%", &[]),
            ("soon", &[]),
        ] {
            assert_eq!(duration(text), meant, "{text}");
        }
    }

    #[test]
    fn a_time_of_day_has_hours_and_minutes() {
        assert_eq!(time_of_day("22:00"), Some(79_200));
        assert_eq!(time_of_day("7:30:15"), Some(27_015));
        for text in ["24:00", "7:60", "7", "7:3", "a:30", "7:30:15:00"] {
            assert_eq!(time_of_day(text), None, "{text}");
        }
    }

    #[test]
    fn money_and_growth_are_guessed_from_what_people_write() {
        for (text, meant) in [("5", &["$5"][..]), ("5 USD", &["$5"]), ("$1,000", &["$1000"]), ("5 EUR", &[])] {
            assert_eq!(amount(text), meant, "{text}");
        }
        for (text, meant) in [("55", &["$55/h"][..]), ("$55 per hour", &["$55/h"]), ("$55/month", &[])] {
            assert_eq!(hourly_price(text), meant, "{text}");
        }
        for (text, meant) in [
            ("3", &["$3/1M", "$3/1K"][..]),
            ("$3.00", &["$3.00/1M", "$3.00/1K"]),
            ("$3 per million tokens", &["$3/1M"]),
            ("3/1M", &["$3/1M"]),
            ("$0.003 per 1,000 tokens", &["$0.003/1K"]),
            ("$3/MTok", &["$3/1M"]),
            ("$3/call", &[]),
        ] {
            assert_eq!(token_price(text), meant, "{text}");
        }
        for (text, meant) in [
            ("8%", &["8%/month", "8%/year"][..]),
            ("8% per month", &["8%/month"]),
            ("-1 percent a week", &["-1%/week"]),
            ("8%/quarter", &[]),
        ] {
            assert_eq!(growth(text), meant, "{text}");
        }
    }

    #[test]
    fn shares_and_counts_are_guessed_from_what_people_write() {
        assert_eq!(percentage("1 percent"), ["1%"]);
        assert_eq!(percentage("0.5 per cent"), ["0.5%"]);
        assert!(percentage("one in ten").is_empty());
        assert_eq!(count("5,000,000"), ["5_000_000"]);
        assert_eq!(count("3k"), ["3_000"]);
        assert_eq!(count("1.5M"), ["1_500_000"]);
        assert_eq!(count("200/min"), ["200"]);
        assert_eq!(count("200 rpm"), ["200"]);
        assert_eq!(count("200 per minute"), ["200"]);
        assert!(count("200/s").is_empty(), "a limit is for a minute");
        assert!(count("10m").is_empty(), "this is a time");
        assert!(count("many").is_empty());
    }
}

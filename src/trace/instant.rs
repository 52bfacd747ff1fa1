//! Instants as traces write them.

use jiff::Timestamp;

/// `2023-11-16 18:17:03.9799600`, taken as UTC, or with an offset \[ns since 1970\].
pub(super) fn instant(text: &[u8]) -> Option<i128> {
    plain(text).or_else(|| {
        let text = str::from_utf8(text).ok()?;
        let parsed = text.parse::<Timestamp>().or_else(|_| format!("{text}Z").parse::<Timestamp>());
        parsed.ok().map(Timestamp::as_nanosecond)
    })
}

/// The usual spelling, in UTC, without a detour: traces have many lines.
fn plain(text: &[u8]) -> Option<i128> {
    let text = text.strip_suffix(b"Z").unwrap_or(text);
    let (date, rest) = text.split_at_checked(19)?;
    let good =
        date[4] == b'-' && date[7] == b'-' && matches!(date[10], b' ' | b'T') && date[13] == b':' && date[16] == b':';
    if !good {
        return None;
    }
    let number = |from: usize, to: usize| digits(&date[from..to]);
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
    let lasts = match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    if !(1..=12).contains(&month) || !(1..=lasts).contains(&day) || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let fraction = match rest {
        [] => 0,
        [b'.', digits @ ..] if !digits.is_empty() => nanos(digits)?,
        _ => return None,
    };
    let seconds = days(year as i64, month as i64, day as i64) * 86_400 + (hour * 3_600 + minute * 60 + second) as i64;
    Some(i128::from(seconds) * 1_000_000_000 + i128::from(fraction))
}

/// Days since 1970-01-01 in the Gregorian calendar (H. Hinnant, "chrono-compatible low-level date algorithms").
fn days(year: i64, month: i64, day: i64) -> i64 {
    let y = if month <= 2 { year - 1 } else { year };
    let era = y.div_euclid(400);
    let of_era = y - era * 400;
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// An exact decimal number of seconds, to the nanosecond \[ns\].
pub(super) fn seconds(text: &[u8]) -> Option<i128> {
    let dot = text.iter().position(|b| *b == b'.').unwrap_or(text.len());
    let (whole, part) = text.split_at(dot);
    if whole.is_empty() || whole.len() > 18 {
        return None;
    }
    let nanos = if part.len() > 1 { nanos(&part[1..])? } else { 0 };
    Some(i128::from(digits(whole)?) * 1_000_000_000 + i128::from(nanos))
}

/// Decimal places as billionths; further ones are cut off.
fn nanos(places: &[u8]) -> Option<u64> {
    let nine = &places[..places.len().min(9)];
    if !places.iter().all(u8::is_ascii_digit) {
        return None;
    }
    Some(digits(nine)? * 10u64.pow(9 - nine.len() as u32))
}

/// A whole number of at most 18 digits.
pub(super) fn digits(text: &[u8]) -> Option<u64> {
    if text.is_empty() || text.len() > 18 {
        return None;
    }
    text.iter().try_fold(0u64, |sum, b| b.is_ascii_digit().then(|| sum * 10 + u64::from(b - b'0')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_years_of_the_azure_traces_are_read() {
        let of_2023 = instant(b"2023-11-16 18:17:03.9799600").unwrap();
        assert_eq!(of_2023, 1_700_158_623_979_960_000);
        assert_eq!(instant(b"2023-11-16 18:17:03.97996+00:00"), Some(of_2023));
        assert_eq!(instant(b"2023-11-16T20:17:03.97996+02:00"), Some(of_2023));
        for text in ["18:17", "2023-02-29 00:00:00", "2023-13-01 00:00:00", "2023-11-16 18:17:03.x", "noon"] {
            assert_eq!(instant(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn the_short_way_is_that_of_jiff() {
        for text in
            ["1970-01-01T00:00:00Z", "2000-02-29T23:59:59.5Z", "2024-12-31T00:00:01.000000001Z", "1969-07-20T20:17:40Z"]
        {
            let parsed = text.parse::<Timestamp>().unwrap().as_nanosecond();
            assert_eq!(plain(text.as_bytes()), Some(parsed), "{text}");
        }
    }

    #[test]
    fn seconds_are_exact() {
        assert_eq!(seconds(b"12.5"), Some(12_500_000_000));
        assert_eq!(seconds(b"0"), Some(0));
        assert_eq!(seconds(b"1700000000.0000010009"), Some(1_700_000_000_000_001_000));
        for text in ["", "-1", "1e3", ".5", "1.x", "9999999999999999999"] {
            assert_eq!(seconds(text.as_bytes()), None, "{text}");
        }
    }
}

//! Instants as traces write them.

use jiff::Timestamp;

/// Nanoseconds of a second.
const NANOS: i64 = 1_000_000_000;
/// The length of `2023-11-16 18:17:`.
const MINUTE: usize = 17;

/// Reads instants such as `2023-11-16 18:17:03.9799600`, taken as UTC where they name no offset. Rows of one minute have
/// the date and the minute read once.
#[derive(Debug, Clone, Default)]
pub(super) struct Clock {
    minute: [u8; MINUTE],
    /// The beginning of the minute \[ns since 1970\].
    begins: i64,
}

impl Clock {
    /// Reads an instant \[ns since 1970\]; `None`: the text is none.
    pub(super) fn read(&mut self, text: &[u8]) -> Option<i64> {
        self.read_within_minute(text).or_else(|| parsed(str::from_utf8(text).ok()?))
    }

    fn read_within_minute(&mut self, text: &[u8]) -> Option<i64> {
        let (minute, rest) = text.split_first_chunk::<MINUTE>()?;
        let rest = rest.strip_suffix(b"Z").unwrap_or(rest);
        let nanos = match rest {
            [b'0'..=b'5', b'0'..=b'9'] | [b'0'..=b'5', b'0'..=b'9', b'.', _, ..] => seconds(rest)?,
            _ => return None,
        };
        if *minute != self.minute {
            self.begins = parsed(&format!("{}00", str::from_utf8(minute).ok()?))?;
            self.minute = *minute;
        }
        self.begins.checked_add(nanos)
    }
}

fn parsed(text: &str) -> Option<i64> {
    let parsed = text.parse::<Timestamp>().or_else(|_| format!("{text}Z").parse::<Timestamp>());
    parsed.ok().and_then(|at| i64::try_from(at.as_nanosecond()).ok())
}

/// Returns an exact decimal number of seconds, to the nanosecond \[ns\].
pub(super) fn seconds(text: &[u8]) -> Option<i64> {
    let dot = text.iter().position(|b| *b == b'.').unwrap_or(text.len());
    let (whole, part) = text.split_at(dot);
    if whole.is_empty() || whole.len() > 18 {
        return None;
    }
    let nanos = if part.len() > 1 { nanos(&part[1..])? } else { 0 };
    (digits(whole)? as i64).checked_mul(NANOS)?.checked_add(nanos as i64)
}

/// Decimal places as billionths; further ones are cut off.
fn nanos(places: &[u8]) -> Option<u64> {
    let nine = &places[..places.len().min(9)];
    if !places.iter().all(u8::is_ascii_digit) {
        return None;
    }
    Some(digits(nine)? * 10u64.pow(9 - nine.len() as u32))
}

/// Returns a whole number of at most 18 digits.
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
        let instant = |text: &[u8]| Clock::default().read(text);
        let of_2023 = instant(b"2023-11-16 18:17:03.9799600").unwrap();
        assert_eq!(of_2023, 1_700_158_623_979_960_000);
        assert_eq!(instant(b"2023-11-16 18:17:03.97996+00:00"), Some(of_2023));
        assert_eq!(instant(b"2023-11-16T20:17:03.97996+02:00"), Some(of_2023));
        for text in ["18:17", "2023-02-29 00:00:00", "2023-13-01 00:00:00", "2023-11-16 18:17:03.x", "noon"] {
            assert_eq!(instant(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn rows_of_one_minute_are_read_as_each_by_itself() {
        let mut clock = Clock::default();
        for text in [
            "1970-01-01T00:00:00Z",
            "2000-02-29T23:59:58.5Z",
            "2000-02-29T23:59:59.000000001Z",
            "2000-02-29T23:59:07+02:00",
            "2000-02-29T23:59:07.25Z",
            "1969-07-20T20:17:40Z",
        ] {
            let alone = text.parse::<Timestamp>().unwrap().as_nanosecond() as i64;
            assert_eq!(clock.read(text.as_bytes()), Some(alone), "{text}");
        }
        assert_eq!(clock.read(b"1969-07-20T20:17:4x"), None);
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

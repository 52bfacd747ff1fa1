//! Our own layout: seconds on any clock, and tokens.

pub const COLUMNS: [&str; 3] = ["arrival_s", "input_tokens", "output_tokens"];
pub const CAP: &str = "max_tokens";

/// An exact decimal number of seconds, to the nanosecond \[ns\].
pub fn instant(text: &str) -> Result<i128, String> {
    exact(text).ok_or_else(|| format!("`arrival_s` is a number of seconds such as 12.5, `{text}` is not"))
}

fn exact(text: &str) -> Option<i128> {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || whole.len() > 18 || !digits(whole) || !digits(part) {
        return None;
    }
    let nine = part.bytes().chain(std::iter::repeat(b'0')).take(9);
    let nanos = nine.fold(0, |sum, digit| sum * 10 + i128::from(digit - b'0'));
    Some(whole.parse::<i128>().ok()? * 1_000_000_000 + nanos)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_are_exact() {
        assert_eq!(instant("12.5"), Ok(12_500_000_000));
        assert_eq!(instant("0"), Ok(0));
        assert_eq!(instant("1700000000.0000010009"), Ok(1_700_000_000_000_001_000));
        for text in ["", "-1", "1e3", ".5", "1.x", "9999999999999999999"] {
            assert!(instant(text).is_err(), "{text}");
        }
    }
}

//! The order in which people sort names: numbers within them by their value, so that `w2` comes before `w10`.

use std::cmp::Ordering;

/// Compares two names as people sort them. Names that differ only in leading zeros are ordered by their bytes, so that the
/// order is total.
#[must_use]
pub fn natural_order(a: &str, b: &str) -> Ordering {
    let (mut left, mut right) = (a, b);
    loop {
        let (one, rest_of_left) = first_part(left);
        let (other, rest_of_right) = first_part(right);
        if one.is_empty() || other.is_empty() {
            return one.len().cmp(&other.len()).then_with(|| a.cmp(b));
        }
        match compare(one, other) {
            Ordering::Equal => (left, right) = (rest_of_left, rest_of_right),
            unequal => return unequal,
        }
    }
}

/// Splits off the digits, or the other characters, with which a text begins.
fn first_part(text: &str) -> (&str, &str) {
    let is_number = text.starts_with(|c: char| c.is_ascii_digit());
    let end = text.find(|c: char| c.is_ascii_digit() != is_number).unwrap_or(text.len());
    text.split_at(end)
}

fn compare(one: &str, other: &str) -> Ordering {
    let is_number = |part: &str| part.starts_with(|c: char| c.is_ascii_digit());
    if is_number(one) && is_number(other) {
        let (one, other) = (one.trim_start_matches('0'), other.trim_start_matches('0'));
        return one.len().cmp(&other.len()).then_with(|| one.cmp(other));
    }
    one.cmp(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_names_are_compared_by_value() {
        let mut names = ["w10", "w2", "w1", "w", "a9", "w2b", "w02", "w2a10", "w2a9", ""];
        names.sort_by(|a, b| natural_order(a, b));
        assert_eq!(names, ["", "a9", "w", "w1", "w02", "w2", "w2a9", "w2a10", "w2b", "w10"]);
    }

    #[test]
    fn numbers_of_any_length_are_compared() {
        let (long, longer) = ("x99999999999999999999999", "x100000000000000000000000");
        assert_eq!(natural_order(long, longer), Ordering::Less);
        assert_eq!(natural_order("x1", "x1"), Ordering::Equal);
    }
}

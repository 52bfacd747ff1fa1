//! The Azure LLM inference traces: <https://github.com/Azure/AzurePublicDataset>.

use jiff::Timestamp;

pub const COLUMNS: [&str; 3] = ["TIMESTAMP", "ContextTokens", "GeneratedTokens"];

/// `2023-11-16 18:17:03.9799600`, taken as UTC, or with an offset \[ns\].
pub fn instant(text: &str) -> Result<i128, String> {
    text.parse::<Timestamp>()
        .or_else(|_| format!("{text}Z").parse::<Timestamp>())
        .map(Timestamp::as_nanosecond)
        .map_err(|_| format!("`TIMESTAMP` is an instant such as 2023-11-16 18:17:03.97996, `{text}` is not"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_years_of_the_traces_are_read() {
        let of_2023 = instant("2023-11-16 18:17:03.9799600").unwrap();
        assert_eq!(of_2023 % 1_000_000_000, 979_960_000);
        assert_eq!(instant("2023-11-16 18:17:03.97996+00:00"), Ok(of_2023));
        assert!(instant("18:17").is_err());
    }
}

//! The retries of AWS SDKs when a call fails: the modes of each SDK, from which version on. The file
//! `catalog/sdks.toml`.

use std::fmt;
use std::str::FromStr;

use serde::Deserialize;

/// Every SDK that bedload knows, sorted by name.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sdks {
    pub sdks: Vec<SdkEntry>,
}

/// An AWS SDK with its retry modes.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SdkEntry {
    /// The name in a scenario, such as `python`.
    pub name: String,
    pub title: String,
    /// The package whose version decides, such as `botocore`.
    pub version_of: String,
    /// The retry modes, at most one of a name and one default for each version; empty: not known.
    #[serde(default)]
    pub modes: Vec<SdkMode>,
}

/// A retry mode of an SDK over a span of versions.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SdkMode {
    /// The name of the mode: `standard`, `legacy` or `adaptive`.
    pub mode: String,
    /// The first version that retries like this.
    pub since: Version,
    /// The first version that no longer retries like this; `None`: the newest known version still does.
    pub until: Option<Version>,
    #[serde(default)]
    pub is_default: bool,
    pub retries: SdkRetries,
    /// An assumption where the source is silent; runs report it.
    pub assumed: Option<String>,
    pub source: String,
    /// The date of the source, as YYYY-MM-DD.
    pub as_of: String,
}

/// The figures of a mode. Before retry i, from 0: U(0, 1) × min(base × 2^i, cap).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SdkRetries {
    /// The number of attempts, the first included.
    pub max_attempts: u32,
    /// The base after a 429 \[ms\].
    pub throttled_ms: u64,
    /// The base after a transient failure \[ms\].
    pub transient_ms: u64,
    /// The longest delay before a retry \[ms\]; `None`: there is no cap.
    pub cap_ms: Option<u64>,
    /// True if the first retry comes without a delay.
    #[serde(default)]
    pub first_at_once: bool,
    /// True if delays have no random factor.
    #[serde(default)]
    pub without_jitter: bool,
    /// The retry quota of a process; `None`: retries are not limited by one.
    pub quota: Option<SdkQuota>,
    /// True if the client-side rate limiter of adaptive mode is on.
    #[serde(default)]
    pub rate_limiter: bool,
}

/// The size of a retry quota and what a retry takes from it, by the failure that it follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SdkQuota {
    pub capacity: u32,
    pub throttled: u32,
    pub transient: u32,
    pub timed_out: u32,
}

/// A version of up to four numbers, such as 1.44.0 or 4.0.4.0; parts that are left out are zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub struct Version([u32; 4]);

impl FromStr for Version {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let fault = || format!("`{text}` is no version");
        let parts: Vec<&str> = text.strip_prefix('v').unwrap_or(text).split('.').collect();
        let mut version = [0; 4];
        if parts.len() > version.len() {
            return Err(fault());
        }
        for (number, part) in version.iter_mut().zip(parts) {
            let digits = !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
            *number = part.parse().ok().filter(|_| digits).ok_or_else(fault)?;
        }
        Ok(Self(version))
    }
}

impl TryFrom<String> for Version {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [major, minor, patch, build] = self.0;
        write!(f, "{major}.{minor}.{patch}")?;
        if build > 0 { write!(f, ".{build}") } else { Ok(()) }
    }
}

impl Sdks {
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&SdkEntry> {
        self.sdks.iter().find(|sdk| sdk.name == name)
    }
}

impl SdkEntry {
    /// Returns the retry modes of a version.
    pub fn modes_at(&self, version: Version) -> impl Iterator<Item = &SdkMode> {
        self.modes.iter().filter(move |mode| mode.since <= version && mode.until.is_none_or(|until| version < until))
    }

    /// Returns the first version whose retries are known; `None`: none are.
    #[must_use]
    pub fn first_known(&self) -> Option<Version> {
        self.modes.iter().map(|mode| mode.since).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(text: &str) -> Version {
        text.parse().unwrap()
    }

    #[test]
    fn versions_are_compared_by_their_numbers() {
        assert!(version("1.9.3") < version("1.44") && version("1.44") == version("v1.44.0"));
        assert_eq!(version("3.1166").to_string(), "3.1166.0");
        assert!(version("4.0.4") < version("4.0.4.1") && version("4.0.4") == version("4.0.4.0"));
        assert_eq!(version("4.0.4.1").to_string(), "4.0.4.1");
        for text in ["", "v", "1.", "1..2", "1.44.0rc1", "1.2.3.4.5", "latest", "+1.2", "99999999999"] {
            assert_eq!(text.parse::<Version>().unwrap_err(), format!("`{text}` is no version"));
        }
    }

    #[test]
    fn the_shelf_is_sorted_and_its_rows_do_not_contradict_each_other() {
        let sdks = &Sdks::embedded().sdks;
        assert!(sdks.is_sorted_by(|a, b| a.name < b.name));
        for sdk in sdks {
            for row in &sdk.modes {
                let what = format!("{} {} of {}", sdk.name, row.mode, row.since);
                assert!(row.until.is_none_or(|until| row.since < until), "{what}");
                assert!(["standard", "legacy", "adaptive"].contains(&row.mode.as_str()), "{what}");
                assert!(super::super::age_days(&row.as_of, "2026-11-29").is_some_and(|age| age >= 0), "{what}");
                assert!(!row.source.is_empty() && !row.source.contains("http"), "{what}");
                let at_once: Vec<&SdkMode> = sdk.modes_at(row.since).collect();
                assert_eq!(at_once.iter().filter(|other| other.mode == row.mode).count(), 1, "{what}");
                assert_eq!(at_once.iter().filter(|other| other.is_default).count(), 1, "{what}");
                assert_eq!(row.retries.rate_limiter, row.mode == "adaptive", "{what}");
            }
        }
    }
}

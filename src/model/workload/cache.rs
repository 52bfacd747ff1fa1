//! The prompt cache: as shares of the input, or as a prefix that is modelled.
//!
//! Cache reads are free of the token quota \[AWS user guide, quotas-token-burndown\] and cheaper; cache writes count in
//! full and cost more.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::diagnostic::Sink;
use crate::model::quantity::{Count, Duration, Share};
use crate::model::spec::At;
use crate::units::{Tokens, round_half_up};

/// Which part of each input is read from the cache and which is written to it, each in \[0, 1\], together at most 1.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct CacheShares {
    pub read: f64,
    pub write: f64,
}

/// An input by how the cache sees it; the parts add up to the input \[tokens\].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct InputParts {
    pub uncached: Tokens,
    pub read: Tokens,
    pub write: Tokens,
}

impl CacheShares {
    /// Reads and writes are each rounded half up; the rest is uncached.
    #[inline]
    #[must_use]
    pub fn split(self, input: Tokens) -> InputParts {
        if self.read == 0.0 && self.write == 0.0 {
            return InputParts { uncached: input, read: 0, write: 0 };
        }
        let read = round_half_up(self.read * input as f64).min(input);
        let write = round_half_up(self.write * input as f64).min(input - read);
        InputParts { uncached: input - read - write, read, write }
    }
}

/// How a workload's prompts meet the cache.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Cache {
    /// Fixed shares of each input.
    Shares(CacheShares),
    /// A prefix that is read where it is live, and else written.
    Prefix(Prefix),
}

/// Each request begins with one of `keys` equally likely prefixes. It reads it when it is live in its region, else it
/// writes it. An entry becomes usable at the first token of the request that writes it, and lives `ttl` from its last
/// use; it belongs to one region \[AWS user guide, prompt-caching\].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Prefix {
    /// \[tokens\]
    pub tokens: Tokens,
    /// \[µs\]
    pub ttl: u64,
    pub keys: u64,
}

impl Prefix {
    /// The parts of an input whose prefix is read, or written.
    #[inline]
    #[must_use]
    pub fn split(self, input: Tokens, is_read: bool) -> InputParts {
        let prefix = self.tokens.min(input);
        let (read, write) = if is_read { (prefix, 0) } else { (0, prefix) };
        InputParts { uncached: input - prefix, read, write }
    }
}

impl Default for Cache {
    fn default() -> Self {
        Self::Shares(CacheShares::default())
    }
}

impl Cache {
    /// Whether any input is read from the cache.
    #[must_use]
    pub fn reads(&self) -> bool {
        match self {
            Self::Shares(shares) => shares.read > 0.0,
            Self::Prefix(_) => true,
        }
    }

    /// Whether any input is read from the cache or written to it.
    #[must_use]
    pub fn is_used(&self) -> bool {
        match self {
            Self::Shares(shares) => shares.read > 0.0 || shares.write > 0.0,
            Self::Prefix(_) => true,
        }
    }

    /// The parts of an input as far as they are known beforehand: a prefix counts as written.
    #[inline(always)]
    #[must_use]
    pub fn split(&self, input: Tokens) -> InputParts {
        match self {
            Self::Shares(shares) => shares.split(input),
            Self::Prefix(prefix) => prefix.split(input, false),
        }
    }
}

/// The prompt cache: fixed shares of each input, or a prefix that is modelled.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Cache")]
pub struct CacheSpec {
    /// The share of the input that is read from the cache; default 0 \[1\].
    pub read_share: Option<At<Share>>,
    /// The share of the input that is written to the cache; default 0 \[1\].
    pub write_share: Option<At<Share>>,
    /// The length of a prefix that requests have in common: hits are then a result \[tokens\].
    pub prefix_tokens: Option<At<Count>>,
    /// How long an entry lives from its last use; default 5m. From 1h on writes are paid for as such.
    pub ttl: Option<At<Duration>>,
    /// How many prefixes there are, equally likely; default 1.
    pub keys: Option<At<Count>>,
}

const DEFAULT_TTL: u64 = 300_000_000;
const HOUR: u64 = 3_600_000_000;
/// More would only cost memory.
const MOST_KEYS: u64 = 1_000_000;

impl CacheSpec {
    /// Whether writes are paid for at the price of an hour.
    #[must_use]
    pub fn writes_for_an_hour(&self) -> bool {
        self.ttl.as_ref().is_some_and(|t| t.value.0.0 >= HOUR)
    }

    pub fn lower(&self, sink: &mut Sink) -> Option<Cache> {
        if let Some(tokens) = &self.prefix_tokens {
            return self.prefix(tokens, sink).map(Cache::Prefix);
        }
        if let Some(keys) = &self.keys {
            sink.error(keys.at.clone(), "`keys` are those of a prefix", "write prefix_tokens beside it".to_owned());
            return None;
        }
        let share = |s: &Option<At<Share>>| s.as_ref().map_or(0.0, |s| s.value.0);
        let shares = CacheShares { read: share(&self.read_share), write: share(&self.write_share) };
        // A sum such as 0.7 + 0.3 may land just above one.
        if shares.read + shares.write > 1.0 + 1e-9 {
            if let Some(at) = self.write_share.as_ref().or(self.read_share.as_ref()) {
                let rule = format!("the shares add up to at most 1, {} and {} do not", shares.read, shares.write);
                sink.error(at.at.clone(), rule, None);
            }
            return None;
        }
        Some(Cache::Shares(shares))
    }

    fn prefix(&self, tokens: &At<Count>, sink: &mut Sink) -> Option<Prefix> {
        let before = sink.errors();
        if let Some(share) = self.read_share.as_ref().or(self.write_share.as_ref()) {
            let rule = "a cache is stated by shares or by a prefix, not by both";
            sink.error(share.at.clone(), rule, "with a prefix, what is read and written is a result".to_owned());
        }
        let keys = self.keys.as_ref().map_or(1, |k| k.value.0);
        if let Some(written) = self.keys.as_ref().filter(|_| !(1..=MOST_KEYS).contains(&keys)) {
            sink.error(written.at.clone(), format!("`keys` lies between 1 and {MOST_KEYS}, {keys} does not"), None);
        }
        let ttl = self.ttl.as_ref().map_or(DEFAULT_TTL, |t| t.value.0.0);
        if let Some(written) = self.ttl.as_ref().filter(|_| ttl == 0) {
            sink.error(written.at.clone(), "`ttl` is above zero", "AWS has 5m and 1h".to_owned());
        }
        (sink.errors() == before).then_some(Prefix { tokens: tokens.value.0, ttl, keys })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_of_an_input_add_up() {
        let shares = CacheShares { read: 0.5, write: 0.125 };
        assert_eq!(shares.split(8_000), InputParts { uncached: 3_000, read: 4_000, write: 1_000 });
        let all = CacheShares { read: 0.5, write: 0.5 };
        assert_eq!(all.split(3), InputParts { uncached: 0, read: 2, write: 1 });
    }

    #[test]
    fn shares_add_up_to_at_most_one() {
        let read = |text: &str| {
            let spec: CacheSpec = toml::from_str(text).unwrap();
            spec.lower(&mut Sink::default())
        };
        assert_eq!(
            read("read_share = 0.7\nwrite_share = 0.3"),
            Some(Cache::Shares(CacheShares { read: 0.7, write: 0.3 }))
        );
        assert_eq!(read("read_share = \"70%\"\nwrite_share = 0.4"), None);
    }
}

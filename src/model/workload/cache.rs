//! The prompt cache: as shares of the input, or as entries that are modelled: prefixes, contexts, blocks.
//!
//! Cache reads are free of the token quota \[AWS user guide, quotas-token-burndown\] and cheaper; cache writes count in
//! full and cost more.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::diagnostic::Sink;
use crate::model::quantity::{Count, Duration, Flag, Share};
use crate::model::spec::At;
use crate::trace::NO_BLOCK;
use crate::units::{Tokens, round_half_up};

/// The shares of each input that are read from the cache and written to it, each in \[0, 1\], together at most 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CacheShares {
    pub read: f64,
    pub write: f64,
    /// The longest part of a prompt that the model caches \[tokens\]; [`UNBOUNDED`] where there is no limit.
    pub most: Tokens,
}

impl Default for CacheShares {
    fn default() -> Self {
        Self { read: 0.0, write: 0.0, most: UNBOUNDED }
    }
}

/// The cacheable part of a prompt where the model sets no limit \[tokens\].
pub const UNBOUNDED: Tokens = Tokens::MAX;

/// An input by how the cache sees it; the parts add up to the input \[tokens\].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct InputParts {
    pub uncached: Tokens,
    pub read: Tokens,
    pub write: Tokens,
}

impl CacheShares {
    /// Splits an input. Reads and writes are each rounded half up; the rest, and the part beyond the model's cacheable
    /// maximum, is uncached. Reads come first, because the live part of a prompt is its beginning.
    #[inline]
    #[must_use]
    pub fn split(self, input: Tokens) -> InputParts {
        if self.read == 0.0 && self.write == 0.0 {
            return InputParts { uncached: input, read: 0, write: 0 };
        }
        let cacheable = input.min(self.most);
        let read = round_half_up(self.read * input as f64).min(cacheable);
        let write = round_half_up(self.write * input as f64).min(cacheable - read);
        InputParts { uncached: input - read - write, read, write }
    }
}

/// The way in which the cache hits of a workload's prompts are determined.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Cache {
    /// Fixed shares of each input.
    Shares(CacheShares),
    /// Entries that are read where they are live, and else written.
    Modelled(Modelled),
    /// The trace of the workload states the cached tokens of each request.
    Recorded,
}

/// The rule for the parts of an input that are cached. An entry becomes usable at the first token of the request that
/// writes it, and lives `ttl` from its last use; it belongs to one region \[AWS user guide, prompt-caching\].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Modelled {
    /// The time to live of a cached prefix \[µs\].
    pub ttl: u64,
    pub prefix: Option<Prefix>,
    /// True if the whole prompt of each turn is an entry for the next turn of its session.
    pub context: bool,
    /// True if the blocks that a trace names are entries.
    pub blocks: bool,
    /// The longest part of a prompt that the model caches \[tokens\]; [`UNBOUNDED`] where there is no limit.
    pub most: Tokens,
}

/// The prefixes of prompts: each request begins with one of `keys` equally likely ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Prefix {
    /// The length of the prefix \[tokens\].
    pub tokens: Tokens,
    pub keys: u64,
}

impl Modelled {
    /// Returns whether a prompt with this last block has nothing to cache: a trace names blocks, but none of it.
    #[inline]
    #[must_use]
    pub fn caches_nothing_of(self, leaf: u32) -> bool {
        self.blocks && leaf == NO_BLOCK
    }

    /// Returns the parts of an input whose first `live` tokens are live: tokens that are to be cached and are not read
    /// are written.
    #[inline]
    #[must_use]
    pub fn split(self, input: Tokens, live: Tokens) -> InputParts {
        let marked = match self.prefix {
            Some(prefix) if !self.context && !self.blocks => prefix.tokens.min(input),
            _ => input,
        };
        let marked = marked.min(self.most);
        let read = live.min(marked);
        InputParts { uncached: input - marked, read, write: marked - read }
    }
}

impl Default for Cache {
    fn default() -> Self {
        Self::Shares(CacheShares::default())
    }
}

impl Cache {
    /// Returns whether any input is read from the cache.
    #[must_use]
    pub fn reads(&self) -> bool {
        match self {
            Self::Shares(shares) => shares.read > 0.0,
            Self::Modelled(_) | Self::Recorded => true,
        }
    }

    /// Returns whether any input is read from the cache or written to it.
    #[must_use]
    pub fn is_used(&self) -> bool {
        match self {
            Self::Shares(shares) => shares.read > 0.0 || shares.write > 0.0,
            Self::Modelled(_) | Self::Recorded => true,
        }
    }

    /// Returns the parts of an input as far as they are known beforehand: no entry is live.
    #[inline(always)]
    #[must_use]
    pub fn split(&self, input: Tokens) -> InputParts {
        match self {
            Self::Shares(shares) => shares.split(input),
            Self::Modelled(modelled) => modelled.split(input, 0),
            Self::Recorded => InputParts { uncached: input, read: 0, write: 0 },
        }
    }
}

/// The prompt cache: fixed shares of each input, or entries that are modelled.
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
    /// True if a turn's whole prompt is cached for the next turn of its session; default false.
    pub context: Option<At<Flag>>,
    /// The lifetime of an entry from its last use; default 5m. Writes with a lifetime of 1h or more cost the higher
    /// price.
    pub ttl: Option<At<Duration>>,
    /// The number of different prefixes, equally likely; default 1.
    pub keys: Option<At<Count>>,
}

pub const DEFAULT_TTL: u64 = 300_000_000;
const HOUR: u64 = 3_600_000_000;
/// The most prefixes of a workload; more would only cost memory.
const MOST_KEYS: u64 = 1_000_000;

impl CacheSpec {
    /// Returns whether writes are paid for at the price of an hour.
    #[must_use]
    pub fn writes_for_an_hour(&self) -> bool {
        self.ttl.as_ref().is_some_and(|t| t.value.0.0 >= HOUR)
    }

    /// Returns the cache; `None` after a finding. `most` is the longest part of a prompt that is cached \[tokens\].
    pub fn lower(&self, most: Tokens, sink: &mut Sink) -> Option<Cache> {
        if self.prefix_tokens.is_some() || self.has_context() {
            return self.modelled(most, sink).map(Cache::Modelled);
        }
        if let Some(keys) = &self.keys {
            sink.error(keys.at.clone(), "`keys` are those of a prefix", "write prefix_tokens beside it".to_owned());
            return None;
        }
        let share = |s: &Option<At<Share>>| s.as_ref().map_or(0.0, |s| s.value.0);
        let shares = CacheShares { read: share(&self.read_share), write: share(&self.write_share), most };
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

    /// Returns whether the keys state nothing but the lifetime of entries.
    #[must_use]
    pub fn is_only_a_ttl(&self) -> bool {
        self.read_share.is_none()
            && self.write_share.is_none()
            && self.prefix_tokens.is_none()
            && self.context.is_none()
            && self.keys.is_none()
    }

    #[must_use]
    pub fn has_context(&self) -> bool {
        self.context.as_ref().is_some_and(|c| c.value.0)
    }

    /// Returns the lifetime of an entry \[µs\].
    pub fn ttl(&self, sink: &mut Sink) -> u64 {
        let ttl = self.ttl.as_ref().map_or(DEFAULT_TTL, |t| t.value.0.0);
        if let Some(written) = self.ttl.as_ref().filter(|_| ttl == 0) {
            sink.error(written.at.clone(), "`ttl` is above zero", "AWS has 5m and 1h".to_owned());
        }
        ttl
    }

    fn modelled(&self, most: Tokens, sink: &mut Sink) -> Option<Modelled> {
        let before = sink.errors();
        if let Some(share) = self.read_share.as_ref().or(self.write_share.as_ref()) {
            let rule = "a cache is stated by shares or by what is cached, not by both";
            sink.error(share.at.clone(), rule, "what is read and written is then a result".to_owned());
        }
        let keys = self.keys.as_ref().map_or(1, |k| k.value.0);
        if let Some(written) = self.keys.as_ref().filter(|_| !(1..=MOST_KEYS).contains(&keys)) {
            sink.error(written.at.clone(), format!("`keys` lies between 1 and {MOST_KEYS}, {keys} does not"), None);
        }
        let ttl = self.ttl(sink);
        let prefix = self.prefix_tokens.as_ref().map(|tokens| Prefix { tokens: tokens.value.0, keys });
        (sink.errors() == before).then_some(Modelled { ttl, prefix, context: self.has_context(), blocks: false, most })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_of_an_input_add_up() {
        let shares = CacheShares { read: 0.5, write: 0.125, ..CacheShares::default() };
        assert_eq!(shares.split(8_000), InputParts { uncached: 3_000, read: 4_000, write: 1_000 });
        let all = CacheShares { read: 0.5, write: 0.5, ..CacheShares::default() };
        assert_eq!(all.split(3), InputParts { uncached: 0, read: 2, write: 1 });
    }

    #[test]
    fn what_is_cached_and_not_live_is_written() {
        let entry = Some(Prefix { tokens: 100, keys: 1 });
        let prefix = Modelled { ttl: 1, prefix: entry, context: false, blocks: false, most: UNBOUNDED };
        assert_eq!(prefix.split(150, 100), InputParts { uncached: 50, read: 100, write: 0 });
        assert_eq!(prefix.split(150, 0), InputParts { uncached: 50, read: 0, write: 100 });
        assert_eq!(prefix.split(80, 100), InputParts { uncached: 0, read: 80, write: 0 });
        let context = Modelled { context: true, ..prefix };
        assert_eq!(context.split(150, 100), InputParts { uncached: 0, read: 100, write: 50 });
    }

    #[test]
    fn only_the_cacheable_maximum_is_cached() {
        let most = 20_000;
        let shares = CacheShares { read: 0.5, write: 0.25, most };
        assert_eq!(shares.split(24_000), InputParts { uncached: 6_000, read: 12_000, write: 6_000 });
        assert_eq!(shares.split(32_000), InputParts { uncached: 12_000, read: 16_000, write: 4_000 });
        assert_eq!(shares.split(48_000), InputParts { uncached: 28_000, read: 20_000, write: 0 });
        let entry = Some(Prefix { tokens: 30_000, keys: 1 });
        let prefix = Modelled { ttl: 1, prefix: entry, context: false, blocks: false, most };
        assert_eq!(prefix.split(31_000, 0), InputParts { uncached: 11_000, read: 0, write: 20_000 });
        assert_eq!(prefix.split(31_000, 30_000), InputParts { uncached: 11_000, read: 20_000, write: 0 });
        let context = Modelled { context: true, prefix: None, ..prefix };
        assert_eq!(context.split(25_000, 18_000), InputParts { uncached: 5_000, read: 18_000, write: 2_000 });
    }

    #[test]
    fn shares_add_up_to_at_most_one() {
        let read = |text: &str| {
            let spec: CacheSpec = toml::from_str(text).unwrap();
            spec.lower(UNBOUNDED, &mut Sink::default())
        };
        assert_eq!(
            read("read_share = 0.7\nwrite_share = 0.3"),
            Some(Cache::Shares(CacheShares { read: 0.7, write: 0.3, most: UNBOUNDED }))
        );
        assert_eq!(read("read_share = \"70%\"\nwrite_share = 0.4"), None);
    }
}

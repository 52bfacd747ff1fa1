//! The prompt cache, as shares of the input.
//!
//! Cache reads are free of the token quota \[AWS user guide, quotas-token-burndown\] and cheaper; cache writes count in
//! full and cost more.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::diagnostic::Sink;
use crate::model::quantity::Share;
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

/// The prompt cache as fixed shares of each input.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Cache")]
pub struct CacheSpec {
    /// The share of the input that is read from the cache; default 0 \[1\].
    pub read_share: Option<At<Share>>,
    /// The share of the input that is written to the cache; default 0 \[1\].
    pub write_share: Option<At<Share>>,
}

impl CacheSpec {
    pub fn lower(&self, sink: &mut Sink) -> Option<CacheShares> {
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
        Some(shares)
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
        assert_eq!(read("read_share = 0.7\nwrite_share = 0.3"), Some(CacheShares { read: 0.7, write: 0.3 }));
        assert_eq!(read("read_share = \"70%\"\nwrite_share = 0.4"), None);
    }
}

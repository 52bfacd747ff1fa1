//! The prompt cache, as shares of the input.
//!
//! Cache reads are free of the token quota \[AWS user guide, quotas-token-burndown\] and cheaper; cache writes count in
//! full and cost more.

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

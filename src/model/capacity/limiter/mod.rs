//! The algorithms that enforce a limit L over a window W. Which one Bedrock uses is not published.

/// Which limiter, with its parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LimiterSpec {
    /// Windows `[offset + kW, offset + (k + 1)W)` of the wall clock \[µs\].
    FixedWindow { window: u64, offset: u64 },
    /// \[µs\]
    SlidingWindow { window: u64 },
    /// Refills L in each `window` \[µs\]; holds at most `burst` tokens.
    TokenBucket { window: u64, burst: u64 },
}

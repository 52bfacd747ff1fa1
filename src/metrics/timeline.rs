//! Series over equal buckets of the measured interval, for charts.

use super::counters::Counts;
use crate::engine::observer::LIMITS;
use crate::units::SimTime;

/// Most buckets that a timeline has.
pub const MOST_BUCKETS: u64 = 720;

/// Round widths \[s\].
const WIDTHS: [u64; 16] = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 21_600, 86_400];

/// The least round width by which `duration` makes at most 720 buckets \[µs\].
#[must_use]
pub fn bucket_width(duration: SimTime) -> u64 {
    let fits = |width: u64| duration.0.div_ceil(width) <= MOST_BUCKETS;
    let days = || (1..).map(|n| n * 86_400_000_000).find(|width| fits(*width));
    WIDTHS.iter().map(|s| s * 1_000_000).find(|width| fits(*width)).or_else(days).unwrap_or(u64::MAX)
}

/// What happened in one bucket.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Bucket {
    pub workloads: Vec<Counts>,
    /// By capacity: requests in progress and attempts waiting, at the end of the bucket.
    pub capacities: Vec<[u64; 2]>,
    pub quotas: Vec<QuotaBucket>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct QuotaBucket {
    /// The greatest used + reserved, by limit \[requests or tokens\].
    pub occupied: [u64; LIMITS],
    /// By limit \[requests or tokens\].
    pub charged: [u64; LIMITS],
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Timeline {
    /// \[µs\]
    pub width: u64,
    pub buckets: Vec<Bucket>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widths_are_round_and_few() {
        for (seconds, width) in [(1, 1), (720, 1), (721, 2), (3_600, 5), (86_400, 120), (30 * 86_400, 3_600)] {
            assert_eq!(bucket_width(SimTime::from_secs(seconds)), width * 1_000_000);
        }
        assert!(SimTime::LONGEST.0.div_ceil(bucket_width(SimTime::LONGEST)) <= MOST_BUCKETS);
    }
}

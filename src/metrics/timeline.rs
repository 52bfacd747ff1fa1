//! Series over equal buckets of the measured interval, for charts.

use std::ops::Range;

use super::counters::{Counts, REASONS};
use crate::engine::observer::LIMITS;
use crate::units::SimTime;

/// The greatest number of buckets of a timeline.
pub const MOST_BUCKETS: u64 = 720;

/// The greatest number of workloads, capacities or quotas of which each has series and distributions of its own; of a model
/// with more, only those of all together are kept.
pub const MOST_COURSES: usize = 256;

/// Round widths \[s\].
const WIDTHS: [u64; 16] = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 21_600, 86_400];

/// Returns the least round width by which `duration` makes at most 720 buckets \[µs\].
#[must_use]
pub fn bucket_width(duration: SimTime) -> u64 {
    let fits = |width: u64| duration.0.div_ceil(width) <= MOST_BUCKETS;
    let days = || (1..).map(|n| n * 86_400_000_000).find(|width| fits(*width));
    WIDTHS.iter().map(|s| s * 1_000_000).find(|width| fits(*width)).or_else(days).unwrap_or(u64::MAX)
}

/// The measurements of one bucket of the timeline.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Bucket {
    /// The counts of all workloads together.
    pub total: Counts,
    /// The counts of each workload; empty where the model has more than [`MOST_COURSES`].
    pub workloads: Vec<Counts>,
    /// The requests in progress and the attempts waiting at each capacity, at the end of the bucket.
    pub capacities: Vec<[u64; 2]>,
    /// The number of offers that each capacity admitted, dated when the engine reports them.
    pub admitted: Vec<u64>,
    /// The number of offers admitted in each region, of one pool after the other, dated as `admitted` is.
    pub regions: Vec<u64>,
    /// The number of offers refused, by reason.
    pub refused: [u64; REASONS],
    pub quotas: Vec<QuotaBucket>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct QuotaBucket {
    /// The greatest used + reserved, by limit \[requests or tokens\].
    pub occupied: [u64; LIMITS],
    /// The amount charged, by limit \[requests or tokens\].
    pub charged: [u64; LIMITS],
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Timeline {
    /// The width of a bucket \[µs\].
    pub width: u64,
    pub buckets: Vec<Bucket>,
    pub latencies: LatencyGrid,
}

/// Latencies of served requests by the bucket in which they arrived: an array of small counts, of one replication alone,
/// so that a served request costs one increment and a run of many replications no more memory.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LatencyGrid {
    /// The counts, row by row; empty: latencies are not recorded.
    counts: Vec<u32>,
}

/// Bins to an octave: a quantile is within a sixteenth of the true one.
const PER_OCTAVE_BITS: u32 = 4;
/// The grid spans 2¹³ µs (8 ms) to 2³⁵ µs (9.5 h); what lies beyond shares the bin at that end.
const LEAST_BITS: u32 = 13;
const OCTAVES: u32 = 22;
const BINS: usize = (OCTAVES << PER_OCTAVE_BITS) as usize;

impl LatencyGrid {
    #[must_use]
    pub fn new(buckets: u64) -> Self {
        Self { counts: vec![0; buckets.min(MOST_BUCKETS) as usize * BINS] }
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.counts.is_empty()
    }

    /// Adds a latency to a bucket; `took` in \[µs\].
    #[inline]
    pub fn record(&mut self, bucket: u64, took: u64) {
        let at = bucket as usize * BINS + bin_of(took);
        if let Some(count) = self.counts.get_mut(at) {
            *count += 1;
        }
    }

    /// Adds several latencies to one bucket, each in \[µs\].
    #[inline]
    pub fn record_all(&mut self, bucket: u64, took: &[u64]) {
        let from = (bucket as usize * BINS).min(self.counts.len());
        if let Some(row) = self.counts[from..].first_chunk_mut::<BINS>() {
            took.iter().for_each(|took| row[bin_of(*took)] += 1);
        }
    }

    /// Returns the latencies of nearest rank of these buckets together \[µs\]; `None`: nobody who arrived there was
    /// served.
    #[must_use]
    pub fn quantiles<const N: usize>(&self, buckets: Range<usize>, shares: [f64; N]) -> Option<[f64; N]> {
        let mut bins = [0_u64; BINS];
        for row in self.counts.chunks_exact(BINS).take(buckets.end).skip(buckets.start) {
            bins.iter_mut().zip(row).for_each(|(sum, own)| *sum += u64::from(*own));
        }
        let all: u64 = bins.iter().sum();
        let at = |share: f64| {
            let rank = libm::ceil(share * all as f64).max(1.0) as u64;
            let (mut bin, mut before) = (0, 0);
            while bin + 1 < BINS && before + bins[bin] < rank {
                before += bins[bin];
                bin += 1;
            }
            // The ranks of a bin lie evenly in it.
            value_in(bin, (rank.saturating_sub(before) as f64 - 0.5) / bins[bin].max(1) as f64)
        };
        (all > 0).then(|| shares.map(at))
    }
}

#[inline]
fn bin_of(took: u64) -> usize {
    let took = took.clamp(1 << LEAST_BITS, (1 << (LEAST_BITS + OCTAVES)) - 1);
    let octave = 63 - took.leading_zeros();
    let within = (took >> (octave - PER_OCTAVE_BITS)) & ((1 << PER_OCTAVE_BITS) - 1);
    ((octave - LEAST_BITS) << PER_OCTAVE_BITS) as usize + within as usize
}

/// The value at a share of a bin's width \[µs\].
fn value_in(bin: usize, share: f64) -> f64 {
    let octave = (bin >> PER_OCTAVE_BITS) as u32 + LEAST_BITS;
    let within = (bin & ((1 << PER_OCTAVE_BITS) - 1)) as f64;
    let steps = f64::from(1_u32 << PER_OCTAVE_BITS);
    (1_u64 << octave) as f64 * (1.0 + (within + share) / steps)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_grid_reads_back_what_it_was_told() {
        let mut grid = LatencyGrid::new(3);
        for took in [10_000, 250_000, 1_000_000, 59_000_000, 3_600_000_000] {
            grid = LatencyGrid::new(3);
            grid.record(1, took);
            let [read] = grid.quantiles(1..2, [0.99]).unwrap();
            assert!((read / took as f64 - 1.0).abs() < 1.0 / 30.0, "{took}: {read}");
        }
        assert_eq!(grid.quantiles(0..1, [0.5]), None);
        grid.record(0, 0);
        grid.record(2, u64::MAX);
        grid.record(3, 1);
        let [least, greatest] = grid.quantiles(0..3, [0.01, 1.0]).unwrap();
        assert!(least < 9_000.0 && greatest > 3.3e10);
        assert_eq!(LatencyGrid::default().quantiles(0..3, [0.5]), None);
    }

    #[test]
    fn widths_are_round_and_few() {
        for (seconds, width) in [(1, 1), (720, 1), (721, 2), (3_600, 5), (86_400, 120), (30 * 86_400, 3_600)] {
            assert_eq!(bucket_width(SimTime::from_secs(seconds)), width * 1_000_000);
        }
        assert!(SimTime::LONGEST.0.div_ceil(bucket_width(SimTime::LONGEST)) <= MOST_BUCKETS);
    }
}

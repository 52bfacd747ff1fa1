//! Streams: a key gives every draw of a purpose, by position.

use rand::SeedableRng;
use rand::rngs::Xoshiro256PlusPlus;

/// The increment of SplitMix64: 2⁶⁴ / golden ratio, odd.
const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;

/// The quantity that the draws of a stream decide. Streams of two purposes never share draws.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u64)]
pub enum Purpose {
    Gaps = 1,
    Input = 2,
    Output = 3,
    FirstToken = 4,
    Decode = 5,
    Backoff = 6,
    Unavailable = 7,
    Prefill = 8,
    Background = 9,
    ColdStart = 10,
    Reroute = 11,
    CacheKey = 12,
    BatchDelay = 13,
    StepInput = 14,
    StepOutput = 15,
    States = 16,
    Bursts = 17,
    BatchSize = 18,
    Spread = 19,
    Turns = 20,
    Think = 21,
    Copies = 22,
    /// Positions of the sampled design points of a sweep; simulations never use this stream.
    Design = 99,
    /// The choice of the rows of a recording that form its random sample; simulations never use this stream.
    Sample = 100,
}

/// A sequence of draws that can be read at any position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stream {
    key: u64,
}

impl Stream {
    /// Returns the stream of a purpose of one workload in one replication. It does not depend on the design point: the
    /// points of a sweep share their random draws.
    #[must_use]
    pub fn new(seed: u64, replication: u64, purpose: Purpose, workload: &str) -> Self {
        let name = workload.bytes().fold(0xCBF2_9CE4_8422_2325, |h: u64, b| mix(h ^ u64::from(b)).wrapping_add(GOLDEN));
        let key = [seed, replication, purpose as u64, name]
            .into_iter()
            .fold(GOLDEN, |key, part| mix(key ^ mix(part.wrapping_add(GOLDEN))).wrapping_mul(5).wrapping_add(1));
        Self { key }
    }

    /// Returns a stream within the stream, for draws that have two positions (a request's attempts).
    #[inline]
    #[must_use]
    pub fn within(self, i: u64) -> Self {
        Self { key: mix(self.bits(i) ^ GOLDEN) }
    }

    /// Returns draw number `i`, as 64 uniform bits.
    #[inline(always)]
    #[must_use]
    pub fn bits(self, i: u64) -> u64 {
        mix(self.key.wrapping_add(i.wrapping_add(1).wrapping_mul(GOLDEN)))
    }

    /// Returns draw number `i`, uniform in (0, 1).
    #[inline(always)]
    #[must_use]
    pub fn uniform(self, i: u64) -> f64 {
        unit(self.bits(i))
    }

    /// Returns a generator for a draw that needs more than one uniform.
    #[inline]
    #[must_use]
    pub(super) fn generator(self, i: u64) -> Xoshiro256PlusPlus {
        Xoshiro256PlusPlus::seed_from_u64(self.bits(i))
    }
}

/// Returns the output function of SplitMix64 (Steele, Lea and Flood, 2014, with Stafford's constants, variant 13).
#[inline(always)]
fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// Returns the top 52 bits as the middle of one of 2⁵² equal cells of (0, 1).
#[inline(always)]
fn unit(bits: u64) -> f64 {
    const ONE: u64 = 0x3FF0_0000_0000_0000;
    const HALF_A_CELL_LESS: f64 = 1.0 - 1.110_223_024_625_156_5e-16;
    f64::from_bits((bits >> 12) | ONE) - HALF_A_CELL_LESS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uniforms_stay_inside_the_open_interval() {
        assert_eq!(unit(0), 1.110_223_024_625_156_5e-16);
        assert_eq!(unit(u64::MAX), 1.0 - 1.110_223_024_625_156_5e-16);
    }

    #[test]
    fn each_part_of_the_key_matters() {
        let base = Stream::new(1, 0, Purpose::Gaps, "chat");
        for other in [
            Stream::new(2, 0, Purpose::Gaps, "chat"),
            Stream::new(1, 1, Purpose::Gaps, "chat"),
            Stream::new(1, 0, Purpose::Input, "chat"),
            Stream::new(1, 0, Purpose::Gaps, "chaT"),
            base.within(0),
            base.within(1),
        ] {
            assert_ne!(base.bits(0), other.bits(0));
        }
    }
}

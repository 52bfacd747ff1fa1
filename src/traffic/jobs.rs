//! The arrival instants of a job: uniform over its spread, in order.

use crate::model::workload::arrivals::job::Job;
use crate::random::{Stream, maths};

/// The arrival instants of one workload that is a job.
#[derive(Debug, Clone)]
pub(super) struct JobClock {
    /// The arrival instants of the requests, in ascending order \[µs\].
    instants: Vec<u64>,
}

impl JobClock {
    /// Draws the instants; the offset of each request is drawn by its number.
    pub(super) fn new(job: Job, offsets: Stream) -> Self {
        let after = |i: u64| match job.spread {
            0 => 0,
            spread => maths::round_half_up(offsets.uniform(i) * spread as f64),
        };
        let mut instants: Vec<u64> = (0..job.requests).map(|i| job.at + after(i)).collect();
        instants.sort_unstable();
        Self { instants }
    }

    /// Fills `out` with the arrivals of the requests from number `first` on \[µs\]; returns how many there are.
    pub(super) fn fill(&self, first: u64, out: &mut [u64]) -> usize {
        let rest = self.instants.get(first as usize..).unwrap_or_default();
        let made = rest.len().min(out.len());
        out[..made].copy_from_slice(&rest[..made]);
        made
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Purpose;

    fn instants(job: Job) -> Vec<u64> {
        let clock = JobClock::new(job, Stream::new(1, 0, Purpose::Spread, "w"));
        let (mut all, mut out) = (Vec::new(), [0; 64]);
        loop {
            let made = clock.fill(all.len() as u64, &mut out);
            all.extend(&out[..made]);
            if made < out.len() {
                return all;
            }
        }
    }

    #[test]
    fn a_job_without_spread_comes_at_once() {
        assert_eq!(instants(Job { requests: 130, at: 7, spread: 0 }), [7; 130]);
        assert_eq!(instants(Job { requests: 64, at: 7, spread: 0 }), [7; 64]);
    }

    #[test]
    fn a_spread_job_is_uniform_and_in_order() {
        let (n, spread) = (100_000, 1_000_000);
        let all = instants(Job { requests: n, at: 500, spread });
        assert!(all.is_sorted() && all.len() == n as usize);
        let offsets = || all.iter().map(|at| (at - 500) as f64 / spread as f64);
        assert!(offsets().all(|x| (0.0..=1.0).contains(&x)));
        // Mean 1/2 and variance 1/12 of a uniform law, within 3.29 standard errors.
        let mean = offsets().sum::<f64>() / n as f64;
        let variance = offsets().map(|x| (x - mean) * (x - mean)).sum::<f64>() / n as f64;
        assert!((mean - 0.5).abs() < 3.29 * (1.0 / 12.0 / n as f64).sqrt(), "{mean}");
        assert!((variance - 1.0 / 12.0).abs() < 3.29 * (1.0 / 180.0 / n as f64).sqrt(), "{variance}");
    }
}

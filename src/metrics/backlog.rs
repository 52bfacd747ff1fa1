//! The number of requests that wait over the measured interval, and whether it is a backlog.

/// A backlog of this share of the measured requests needs no further evidence \[1\].
const LARGE: f64 = 0.01;
/// A smaller share of the measured requests is no backlog, however steadily it grows \[1\].
const SMALL: f64 = 0.001;
/// A trend is one from so many standard deviations of the number waiting about it on \[1\].
const SIGNIFICANT: f64 = 3.0;

/// Samples of the number waiting, in order of time. Several replications are pooled by adding them up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Waiting {
    samples: u64,
    /// Sums over the samples; times are since the first sample \[ms\].
    sum: u128,
    squares: u128,
    times: u128,
    times_squared: u128,
    product: u128,
    /// The number at the first and at the last sample.
    at_start: u64,
    at_end: u64,
    /// The most that waited before the last sample at which no more waited than at the first: what was worked off.
    worked_off: u64,
    /// The most that waited since that sample.
    peak: u64,
    first: u64,
}

impl Waiting {
    /// Adds a sample: so many wait at an instant \[µs\].
    pub(super) fn see(&mut self, at: u64, waiting: u64) {
        if self.samples == 0 {
            (self.first, self.at_start) = (at, waiting);
        }
        let (time, n) = (u128::from((at - self.first) / 1_000), u128::from(waiting));
        self.samples += 1;
        self.sum += n;
        self.squares += n * n;
        self.times += time;
        self.times_squared += time * time;
        self.product += time * n;
        self.at_end = waiting;
        self.peak = self.peak.max(waiting);
        if waiting <= self.at_start {
            self.worked_off = self.worked_off.max(self.peak);
            self.peak = waiting;
        }
    }

    /// Adds the samples of another replication.
    pub(super) fn merge(&mut self, other: &Self) {
        let Self { samples, sum, squares, times, times_squared, product, at_start, at_end, worked_off, .. } = other;
        self.samples += samples;
        self.sum += sum;
        self.squares += squares;
        self.times += times;
        self.times_squared += times_squared;
        self.product += product;
        self.at_start += at_start;
        self.at_end += at_end;
        self.worked_off += worked_off;
    }

    /// Returns how many more requests wait at the end than at the start, on average over the replications.
    pub(super) fn growth(&self, replications: u64) -> f64 {
        (self.at_end as f64 - self.at_start as f64) / replications as f64
    }

    /// Returns whether the growth, on average over the replications, is a backlog. A replication has `requests`
    /// measured requests, of which `users` wait in closed loops at most.
    ///
    /// More must wait at the end than at the start, and more than the run has ever worked off. What grows by a
    /// hundredth of the requests is a backlog. What grows by less is one if its linear trend is significant: the standard
    /// deviation that it is compared with is about the trend, and does not contain it.
    pub(super) fn is_backlog(&self, replications: u64, requests: f64, users: f64) -> bool {
        let growth = self.growth(replications);
        let recovered = (self.worked_off as f64 - self.at_start as f64) / replications as f64;
        if growth <= users.max(1.0) || growth <= recovered {
            return false;
        }
        let is_large = growth - recovered > LARGE * requests;
        is_large || (growth > SMALL * requests && self.has_trend())
    }

    /// Returns whether the linear trend over the interval exceeds the deviation about it significantly.
    fn has_trend(&self) -> bool {
        let n = self.samples as f64;
        let centred = |product: u128, a: u128, b: u128| product as f64 - a as f64 * b as f64 / n;
        let of_times = centred(self.times_squared, self.times, self.times);
        if self.samples < 3 || of_times <= 0.0 {
            return false;
        }
        let slope = centred(self.product, self.times, self.sum) / of_times;
        let about_the_trend = centred(self.squares, self.sum, self.sum) - slope * slope * of_times;
        let deviation = (about_the_trend.max(0.0) / n).sqrt();
        // Evenly spaced times from 0 to T have a mean of T / 2.
        let length = 2.0 * self.times as f64 / n;
        slope * length > SIGNIFICANT * deviation
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the samples of an hour, one each minute.
    fn hour(waiting: impl Fn(f64) -> f64) -> Waiting {
        let mut all = Waiting::default();
        (0..=60).for_each(|minute| all.see(minute * 60_000_000, waiting(minute as f64).max(0.0).round() as u64));
        all
    }

    /// Returns noise between -1 and 1, uniform.
    fn noise(minute: f64) -> f64 {
        let x = (minute as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        ((x ^ (x >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 40) as f64 / f64::from(1 << 23) - 1.0
    }

    #[track_caller]
    fn is_backlog(expected: bool, requests: f64, waiting: impl Fn(f64) -> f64) {
        assert_eq!(hour(waiting).is_backlog(1, requests, 0.0), expected);
    }

    #[test]
    fn a_number_that_grows_steadily_is_a_backlog_whatever_its_noise() {
        is_backlog(true, 6_000.0, |t| 20.0 * t);
        is_backlog(true, 6_000.0, |t| 20.0 * t + 50.0 * noise(t));
        // Half a per cent more than is served, over the noise of a queue.
        is_backlog(true, 6_000.0, |t| 0.5 * t + 2.0 * noise(t));
    }

    #[test]
    fn a_burst_that_is_not_worked_off_by_the_end_is_a_backlog() {
        for begin in [1.0, 20.0, 30.0, 55.0] {
            is_backlog(true, 6_000.0, |t| if t < begin { 0.0 } else { 600.0 });
            is_backlog(true, 6_000.0, |t| if t < begin { 0.0 } else { 600.0 - 5.0 * (t - begin) });
        }
    }

    #[test]
    fn what_is_worked_off_comes_and_goes_or_is_small_is_none() {
        is_backlog(false, 6_000.0, |t| if t < 20.0 { 0.0 } else { 600.0 - 20.0 * (t - 20.0) });
        // The interval ends within the fourth of four equal bursts.
        is_backlog(false, 6_000.0, |t| if t % 15.0 < 5.0 { 0.0 } else { 100.0 * (15.0 - t % 15.0) });
        is_backlog(false, 6_000.0, |t| 20.0 + 20.0 * noise(t));
        // The run began idle: 30 at a time wait for their next attempt from the first minute on.
        is_backlog(false, 6_000.0, |t| if t == 0.0 { 0.0 } else { 30.0 + 5.0 * noise(t) });
        assert!(
            !hour(|t| if t == 0.0 { 0.0 } else { 90.0 }).is_backlog(1, 6_000.0, 100.0),
            "users wait in a closed loop"
        );
    }

    #[test]
    fn replications_add_up() {
        let mut both = hour(|t| 10.0 * t);
        both.merge(&hour(|t| 20.0 * t));
        assert_eq!(both.growth(2), 900.0);
        assert!(both.is_backlog(2, 6_000.0, 0.0));
    }
}

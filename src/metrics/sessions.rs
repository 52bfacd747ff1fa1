//! Sessions of a workload: how many are in progress at once, and how many end with every turn served.

/// The measurements of sessions in one interval.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sessions {
    /// Sessions that began in the interval and ended with every turn served.
    pub completed: u64,
    /// Sessions that began in the interval and ended because a turn got no answer.
    pub broken: u64,
    /// Time in progress within the interval, summed over sessions \[µs\].
    pub time: u128,
    /// The most sessions in progress at one instant of the interval.
    pub peak: u64,
}

impl Sessions {
    /// Adds what another replication recorded.
    pub fn merge(&mut self, other: &Self) {
        let Self { completed, broken, time, peak } = other;
        self.completed += completed;
        self.broken += broken;
        self.time += time;
        self.peak = self.peak.max(*peak);
    }
}

/// Follows the number of sessions in progress over the clock.
#[derive(Debug, Clone)]
pub(super) struct SessionClock {
    from: u64,
    to: u64,
    live: u64,
    /// The instant since which `live` sessions are in progress \[µs\].
    since: u64,
    time: u128,
    peak: u64,
}

impl SessionClock {
    /// Starts a clock of the interval `[from, to)` \[µs\].
    pub(super) const fn new(from: u64, to: u64) -> Self {
        Self { from, to, live: 0, since: 0, time: 0, peak: 0 }
    }

    /// Adds a session that begins at `at` \[µs\].
    pub(super) fn begin(&mut self, at: u64) {
        self.advance(at);
        self.live += 1;
    }

    /// Removes a session that ends at `at` \[µs\].
    pub(super) fn end(&mut self, at: u64) {
        self.advance(at);
        self.live -= 1;
    }

    /// Accounts for the sessions that were in progress until `at` \[µs\].
    fn advance(&mut self, at: u64) {
        let within = at.min(self.to).saturating_sub(self.since.max(self.from));
        // A number that held for no time of the interval is no peak of it.
        if within > 0 {
            self.time += u128::from(self.live) * u128::from(within);
            self.peak = self.peak.max(self.live);
        }
        self.since = at;
    }

    /// Returns the time in progress \[µs\] and the peak, once the run is over.
    pub(super) fn finish(mut self) -> (u128, u64) {
        let end = self.to;
        self.advance(end.max(self.since));
        (self.time, self.peak)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_and_peak_are_those_of_the_interval() {
        let mut clock = SessionClock::new(10, 20);
        // Three sessions before the interval, of which two reach into it; one more inside it; one after it.
        [0, 1, 2].into_iter().for_each(|at| clock.begin(at));
        clock.end(5);
        clock.begin(14);
        clock.end(16);
        clock.end(18);
        clock.end(30);
        clock.begin(31);
        let (time, peak) = clock.finish();
        assert_eq!((time, peak), (2 * 4 + 3 * 2 + 2 * 2 + 2, 3));
    }

    #[test]
    fn a_session_that_never_ends_is_in_progress_until_the_end_of_the_interval() {
        let mut clock = SessionClock::new(0, 100);
        clock.begin(40);
        assert_eq!(clock.finish(), (60, 1));
    }
}

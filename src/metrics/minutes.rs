//! Requests and failures by the wall-clock minute of the request's arrival, which tell bursts from a steady overload.

use crate::model::Model;
use crate::units::MICROS_PER_MINUTE;

/// Wall-clock minutes of the measured interval, over all replications; the first and the last may be parts of a minute.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Minutes {
    /// Minutes in which a request arrived.
    pub with_traffic: u64,
    /// Minutes in which the share of failed or timed-out requests exceeded the bound of the scenario.
    pub over_bound: u64,
}

impl Minutes {
    pub(super) fn merge(&mut self, other: Self) {
        let Self { with_traffic, over_bound } = other;
        self.with_traffic += with_traffic;
        self.over_bound += over_bound;
    }
}

/// Counts by minute while a replication runs. Requests are read off the counters when a minute ends, so that an arrival
/// costs nothing; a failure is dated back to the arrival of its request.
#[derive(Debug, Default)]
pub(super) struct MinuteLog {
    /// The wall-clock minute of the first entry, counted from the midnight before t = 0.
    first: u64,
    /// The time of day at t = 0 within its minute \[µs\].
    phase: u64,
    /// The largest share of a minute's requests that may fail \[1\].
    bound: f64,
    requests: Vec<u64>,
    lost: Vec<u32>,
}

impl MinuteLog {
    pub(super) fn new(model: &Model) -> Self {
        let (from, to) = (model.run.warmup.0, model.run.measured_end().0);
        let phase = model.run.start.phase(MICROS_PER_MINUTE, 0);
        let first = (from + phase) / MICROS_PER_MINUTE;
        let minutes = (to + phase).div_ceil(MICROS_PER_MINUTE) - first;
        Self {
            first,
            phase,
            bound: model.failure_bound().share,
            requests: Vec::with_capacity(minutes as usize),
            lost: vec![0; minutes as usize],
        }
    }

    /// Adds the requests of a minute that is over, or of the part of it that lies in the interval.
    pub(super) fn end_minute(&mut self, requests: u64) {
        self.requests.push(requests);
    }

    /// Counts a measured request that ended without an answer, in the minute of its arrival \[µs\].
    #[inline]
    pub(super) fn lose(&mut self, arrival: u64) {
        let minute = (arrival + self.phase) / MICROS_PER_MINUTE - self.first;
        if let Some(lost) = self.lost.get_mut(minute as usize) {
            *lost += 1;
        }
    }

    pub(super) fn finish(self) -> Minutes {
        let mut minutes = Minutes::default();
        for (requests, lost) in self.requests.iter().zip(&self.lost) {
            minutes.with_traffic += u64::from(*requests > 0);
            minutes.over_bound += u64::from(f64::from(*lost) > self.bound * *requests as f64);
        }
        minutes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_counts_in_the_minute_of_its_arrival() {
        let second = 1_000_000;
        // t = 0 is 30 s past a minute; three minutes are touched.
        let mut log = MinuteLog { first: 0, phase: 30 * second, bound: 0.1, requests: Vec::new(), lost: vec![0; 3] };
        log.lose(29 * second);
        log.lose(30 * second);
        log.lose(45 * second);
        [5, 20, 0].into_iter().for_each(|requests| log.end_minute(requests));
        assert_eq!(log.lost, [1, 2, 0]);
        // One of five is over a tenth; two of twenty are exactly a tenth.
        assert_eq!(log.finish(), Minutes { with_traffic: 2, over_bound: 1 });
    }
}

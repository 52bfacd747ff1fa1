//! The recovery after a burst: whether the system becomes again as it was before, and when.
//!
//! The clock of the run is cut into slices of 10 s. *Before* a burst are the last five minutes of slices that end by its
//! start. *Normal* is the first minute of slices after its end in which the share of attempts that fail is at most a
//! percentage point above what it was before, and no more than one more waits on average. A whole minute, because a
//! limiter with a window of a minute lets the first seconds of each through, in a storm too.

use std::collections::VecDeque;
use std::ops::Range;

use super::counters::Counts;
use crate::engine::observer::Snapshot;
use crate::model::Model;
use crate::units::MICROS_PER_MINUTE;

/// The length of a slice \[µs\].
const SLICE: u64 = MICROS_PER_MINUTE / SLICES_A_MINUTE as u64;
const SLICES_A_MINUTE: usize = 6;
/// The number of slices before a burst that are compared with.
const SLICES_BEFORE: usize = 5 * SLICES_A_MINUTE;
/// One in so many attempts more may fail than before.
const ONE_MORE_IN: u64 = 100;

/// The recoveries after the bursts of one workload or of all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Aftermath {
    /// Bursts with a whole minute after them.
    pub bursts: u64,
    /// The bursts that the scope recovered from; below, the times until recovery, summed and greatest \[µs\].
    pub recovered: u64,
    pub time: u64,
    pub longest: u64,
}

impl Aftermath {
    pub fn merge(&mut self, other: &Self) {
        let Self { bursts, recovered, time, longest } = other;
        self.bursts += bursts;
        self.recovered += recovered;
        self.time += time;
        self.longest = self.longest.max(*longest);
    }
}

/// Counts of events in some consecutive slices of time.
#[derive(Debug, Clone, Copy, Default)]
struct Slices {
    failed: u64,
    ended: u64,
    /// The number waiting at the end of each, summed.
    waiting: u64,
    count: u64,
}

impl Slices {
    fn sum<'s>(all: impl IntoIterator<Item = &'s Self>) -> Self {
        all.into_iter().fold(Self::default(), |sum, one| Self {
            failed: sum.failed + one.failed,
            ended: sum.ended + one.ended,
            waiting: sum.waiting + one.waiting,
            count: sum.count + one.count,
        })
    }

    /// Returns whether these slices are as good as those before; exact, in integers. Before the run nothing failed and
    /// no request waited.
    fn are_as(self, before: Self) -> bool {
        let product = |a: u64, b: u64| u128::from(a) * u128::from(b);
        let (ended, count) = (before.ended.max(1), before.count.max(1));
        product(ONE_MORE_IN * self.failed, ended) <= product(ONE_MORE_IN * before.failed + ended, self.ended)
            && product(self.waiting, count) <= product(before.waiting + count, self.count)
    }
}

/// One workload, or all of them.
#[derive(Debug, Clone, Default)]
struct Scope {
    /// The slices before the last burst that began when the scope was normal.
    before: Slices,
    /// The last slices since it became normal, or, until it does, since the burst.
    recent: VecDeque<Slices>,
    /// The end of the burst that the scope has not recovered from \[µs\], and whether that burst counts.
    since: Option<(u64, bool)>,
    aftermath: Aftermath,
}

impl Scope {
    fn burst_begins(&mut self) {
        if self.since.take().is_none() {
            self.before = Slices::sum(&self.recent);
        }
        self.recent.clear();
    }

    fn burst_ends(&mut self, at: u64, counts: bool) {
        self.since = Some((at, counts));
        self.aftermath.bursts += u64::from(counts);
    }

    /// Adds a slice that ends at `at` \[µs\].
    fn see(&mut self, at: u64, slice: Slices) {
        let most = if self.since.is_some() { SLICES_A_MINUTE } else { SLICES_BEFORE };
        self.recent.push_back(slice);
        if self.recent.len() > most {
            self.recent.pop_front();
        }
        let Some((end, counts)) = self.since else { return };
        if self.recent.len() < SLICES_A_MINUTE || !Slices::sum(&self.recent).are_as(self.before) {
            return;
        }
        self.since = None;
        if counts {
            let took = at - MICROS_PER_MINUTE - end;
            self.aftermath.merge(&Aftermath { bursts: 0, recovered: 1, time: took, longest: took });
        }
    }
}

/// Looks out for the end of bursts.
#[derive(Debug)]
pub(super) struct Lookout {
    /// Bursts to come, the present one first; between two of them lies a whole minute of slices.
    bursts: VecDeque<Range<u64>>,
    is_burst: bool,
    /// The interval whose bursts count \[µs\].
    interval: Range<u64>,
    /// The last look \[µs\].
    last: u64,
    seen: Vec<Counts>,
    /// The scopes: all workloads together, then each.
    scopes: Vec<Scope>,
    /// The capacities in whose queues each workload may wait.
    queues: Vec<Vec<usize>>,
}

/// The next slice begins here, at the earliest.
fn slice_from(at: u64) -> u64 {
    at.checked_next_multiple_of(SLICE).unwrap_or(u64::MAX)
}

impl Lookout {
    /// Creates the state before a run. `bursts` are in the order of their starts; they may overlap.
    pub(super) fn new(model: &Model, bursts: &[Range<u64>], interval: Range<u64>) -> Self {
        let queues = model.workloads.iter().map(|workload| {
            let mut queues: Vec<usize> = workload.stages.iter().flat_map(|s| s.route.iter().copied()).collect();
            queues.sort_unstable();
            queues.dedup();
            queues
        });
        let workloads = model.workloads.len();
        Self {
            bursts: joined(bursts),
            is_burst: false,
            interval,
            last: 0,
            seen: vec![Counts::default(); workloads],
            scopes: vec![Scope::default(); workloads + 1],
            queues: queues.collect(),
        }
    }

    /// Returns the instant of the next look \[µs\]; not every slice is looked at, because most of a run is far from a
    /// burst.
    pub(super) fn next(&self) -> u64 {
        let is_normal = self.scopes.iter().all(|scope| scope.since.is_none());
        let next = self.last + SLICE;
        match self.bursts.front() {
            Some(burst) if self.is_burst => slice_from(burst.end).max(next),
            Some(burst) if is_normal => {
                let from = burst.start / SLICE * SLICE;
                next.max(from.saturating_sub(SLICES_BEFORE as u64 * SLICE))
            }
            None if is_normal => u64::MAX,
            _ => next,
        }
    }

    /// Takes the counts at the requested instant: a burst may begin or end there, else a slice ends.
    pub(super) fn look(&mut self, at: u64, counts: &[Counts], snapshot: Snapshot<'_>) {
        let from = self.last;
        self.last = at;
        let slices = self.slices(counts, snapshot);
        if let Some(burst) = self.bursts.front().cloned() {
            if !self.is_burst && at > burst.start {
                self.is_burst = true;
                self.scopes.iter_mut().for_each(Scope::burst_begins);
            }
            if self.is_burst && from < burst.end {
                return;
            }
            if self.is_burst {
                self.is_burst = false;
                self.bursts.pop_front();
                let minute = slice_from(burst.end).saturating_add(MICROS_PER_MINUTE);
                let is_told = self.interval.start <= burst.end && minute <= self.interval.end;
                self.scopes.iter_mut().for_each(|scope| scope.burst_ends(burst.end, is_told));
            }
        }
        // After a pause there is no slice, but a place to count from.
        if at - from == SLICE {
            self.scopes.iter_mut().zip(slices).for_each(|(scope, slice)| scope.see(at, slice));
        }
    }

    /// Returns the counts since the last look, of all workloads together and of each.
    fn slices(&mut self, counts: &[Counts], snapshot: Snapshot<'_>) -> Vec<Slices> {
        let new: Vec<Counts> = counts.iter().zip(&self.seen).map(|(now, seen)| now.since(seen)).collect();
        self.seen.copy_from_slice(counts);
        let slice = |c: Counts, waiting: u64| Slices { failed: c.failed, ended: c.ended(), waiting, count: 1 };
        let queued = |capacity: usize| u64::from(snapshot.capacities[capacity].waiting);
        let in_queues: u64 = (0..snapshot.capacities.len()).map(queued).sum();
        let waiting = in_queues + snapshot.backing_off.iter().sum::<u64>();
        let own = new.iter().zip(&self.queues).zip(snapshot.backing_off).map(|((counts, queues), backing_off)| {
            slice(*counts, queues.iter().map(|c| queued(*c)).sum::<u64>() + backing_off)
        });
        [slice(Counts::sum(&new), waiting)].into_iter().chain(own).collect()
    }

    /// Returns all workloads together, and each.
    pub(super) fn into_aftermaths(self) -> impl Iterator<Item = Aftermath> {
        self.scopes.into_iter().map(|scope| scope.aftermath)
    }
}

/// Bursts between which no whole minute of slices lies are one.
fn joined(bursts: &[Range<u64>]) -> VecDeque<Range<u64>> {
    let mut joined: VecDeque<Range<u64>> = VecDeque::new();
    for burst in bursts {
        match joined.back_mut() {
            Some(last) if slice_from(last.end).saturating_add(MICROS_PER_MINUTE) > burst.start => {
                last.end = last.end.max(burst.end);
            }
            _ => joined.push_back(burst.clone()),
        }
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn slices(failed: u64, ended: u64, waiting: u64, count: u64) -> Slices {
        Slices { failed, ended, waiting, count }
    }

    #[test]
    fn one_in_a_hundred_more_and_one_more_waiting_is_as_before() {
        let before = slices(100, 1_000, 300, 30);
        assert!(slices(11, 100, 66, 6).are_as(before));
        assert!(!slices(12, 100, 66, 6).are_as(before));
        assert!(!slices(11, 100, 67, 6).are_as(before));
        // Nothing that ends says nothing against it.
        assert!(slices(0, 0, 0, 6).are_as(before));
    }

    #[test]
    fn before_the_run_nothing_failed_and_nobody_waited() {
        let before = Slices::default();
        assert!(slices(1, 100, 6, 6).are_as(before));
        assert!(!slices(2, 100, 0, 6).are_as(before));
        assert!(!slices(0, 100, 7, 6).are_as(before));
    }

    #[test]
    fn bursts_without_a_minute_between_them_are_one() {
        let s = |from: u64, to: u64| from * 1_000_000..to * 1_000_000;
        // A whole minute of slices after 31 begins at 40; the next burst may begin at 100.
        assert_eq!(joined(&[s(0, 31), s(100, 110)]).len(), 2);
        assert_eq!(joined(&[s(0, 31), s(99, 110)]), [s(0, 110)]);
        // One within another ends before it.
        assert_eq!(joined(&[s(0, 50), s(10, 20), s(45, 46)]), [s(0, 50)]);
        let endless = 0..u64::MAX;
        assert_eq!(joined(&[endless.clone(), s(10, 20)]), [endless]);
    }

    #[test]
    fn a_burst_found_in_a_storm_is_compared_with_what_was_before_the_storm() {
        let mut scope = Scope::default();
        let (calm, storm) = (slices(0, 10, 0, 1), slices(9, 10, 0, 1));
        let mut at = 0;
        let mut see = |scope: &mut Scope, slice: Slices, times: u64| {
            for _ in 0..times {
                at += SLICE;
                scope.see(at, slice);
            }
            at
        };
        see(&mut scope, calm, 40);
        scope.burst_begins();
        let end = see(&mut Scope::default(), calm, 6);
        scope.burst_ends(end, true);
        let end = see(&mut scope, storm, 60);
        scope.burst_begins();
        scope.burst_ends(end, true);
        see(&mut scope, storm, 3);
        see(&mut scope, calm, 6);
        let took = 3 * SLICE;
        assert_eq!(scope.aftermath, Aftermath { bursts: 2, recovered: 1, time: took, longest: took });
    }
}

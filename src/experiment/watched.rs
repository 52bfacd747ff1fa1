//! The progress of a replication, told after every so many events.

use super::Watch;
use crate::engine::observer::{Admission, Arrivals, Door, Failure, Job, Observer, Outcome, Refusal, Snapshot, Who};

/// The number of arrivals and refusals between two looks at the progress.
const EVENTS_A_LOOK: u64 = 1 << 15;

/// An observer that passes everything on to another, and tells a watch how far the run is. Closed loops take no requests
/// from a tape, and a short time of a crowd may take long, so that what happens shows how far it is.
pub(super) struct Watched<'w, O> {
    observer: O,
    watch: &'w dyn Watch,
    /// The end of the measured interval \[µs\].
    end: u64,
    /// The time that the watch knows of \[µs\].
    told: u64,
    /// Arrivals and refusals since the last look.
    events: u64,
}

impl<'w, O> Watched<'w, O> {
    pub(super) fn new(observer: O, watch: &'w dyn Watch, end: u64) -> Self {
        Self { observer, watch, end, told: 0, events: 0 }
    }

    /// Counts some events, the last one at an instant \[µs\].
    #[inline(always)]
    fn count(&mut self, events: u64, at: u64) {
        self.events += events;
        if self.events >= EVENTS_A_LOOK {
            self.tell(at);
        }
    }

    /// Tells the watch of the time up to an instant \[µs\].
    #[cold]
    #[inline(never)]
    fn tell(&mut self, at: u64) {
        self.events = 0;
        let at = at.min(self.end);
        if at > self.told {
            self.watch.advanced(at - self.told);
            self.told = at;
        }
    }

    /// Tells the watch of the rest of the interval, and returns the other observer.
    pub(super) fn finish(mut self) -> O {
        self.tell(self.end);
        self.observer
    }
}

#[deny(clippy::missing_trait_methods, reason = "an event without a method would not be counted")]
impl<O: Observer> Observer for Watched<'_, O> {
    #[inline(always)]
    fn arrived(&mut self, who: Who) {
        self.observer.arrived(who);
        self.count(1, who.arrival);
    }
    #[inline(always)]
    fn arrived_in_row(&mut self, arrivals: &Arrivals<'_>) {
        self.observer.arrived_in_row(arrivals);
        self.count(arrivals.arrival.len() as u64, arrivals.arrival.last().copied().unwrap_or(0));
    }
    #[inline(always)]
    fn held_back(&mut self, who: Who) {
        self.observer.held_back(who);
    }
    #[inline(always)]
    fn sent(&mut self, who: Who) {
        self.observer.sent(who);
    }
    #[inline(always)]
    fn retried(&mut self, who: Who) {
        self.observer.retried(who);
    }
    #[inline(always)]
    fn called(&mut self, who: Who) {
        self.observer.called(who);
    }
    #[inline(always)]
    fn offered(&mut self, who: Who) {
        self.observer.offered(who);
    }
    #[inline(always)]
    fn refused(&mut self, who: Who, capacity: usize, refusal: Refusal, at: u64) {
        self.observer.refused(who, capacity, refusal, at);
        self.count(1, at);
    }
    #[inline(always)]
    fn admitted(&mut self, admission: &Admission) {
        self.observer.admitted(admission);
    }
    #[inline(always)]
    fn placed(&mut self, who: Who, capacity: usize, region: usize) {
        self.observer.placed(who, capacity, region);
    }
    #[inline(always)]
    fn waited(&mut self, capacity: usize, from: u64, to: u64, behind: Option<Refusal>) {
        self.observer.waited(capacity, from, to, behind);
    }
    #[inline(always)]
    fn waited_in_client(&mut self, who: Who, door: Door, from: u64, to: u64) {
        self.observer.waited_in_client(who, door, from, to);
    }
    #[inline(always)]
    fn stopped(&mut self, who: Who, quota: usize) {
        self.observer.stopped(who, quota);
    }
    #[inline(always)]
    fn submitted(&mut self, capacity: usize, job: Job) {
        self.observer.submitted(capacity, job);
    }
    #[inline(always)]
    fn failed(&mut self, who: Who, is_first: bool, failure: Failure) {
        self.observer.failed(who, is_first, failure);
    }
    #[inline(always)]
    fn answered(&mut self, workload: usize) {
        self.observer.answered(workload);
    }
    #[inline(always)]
    fn ended(&mut self, who: Who, outcome: Outcome, at: u64) {
        self.observer.ended(who, outcome, at);
    }
    fn session_began(&mut self, workload: usize, at: u64) {
        self.observer.session_began(workload, at);
    }
    fn session_ended(&mut self, first_turn: Who, every_turn_served: bool, at: u64) {
        self.observer.session_ended(first_turn, every_turn_served, at);
    }
    #[inline(always)]
    fn next_edge(&self) -> u64 {
        self.observer.next_edge()
    }
    fn edge(&mut self, at: u64, snapshot: Snapshot<'_>) {
        self.observer.edge(at, snapshot);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;
    use crate::experiment::{Depth, play};
    use crate::scenario::load_text;

    #[derive(Default)]
    struct Seen {
        planned: AtomicU64,
        advanced: AtomicU64,
        looks: AtomicU64,
    }

    impl Watch for Seen {
        fn planned(&self, replications: u64, simulated: u64) {
            self.planned.fetch_add(replications * simulated, Ordering::Relaxed);
        }
        fn advanced(&self, simulated: u64) {
            self.advanced.fetch_add(simulated, Ordering::Relaxed);
            self.looks.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[test]
    fn a_closed_loop_and_a_tape_tell_how_far_they_are() {
        for arrivals in ["users = { count = 1_000, think_time = \"1us\" }", "poisson.rate = \"60_000/s\""] {
            let text = format!(
                "[run]\nduration = \"1s\"\nwarmup = \"1s\"\ncooldown = \"1s\"\nreplications = 2\n[models.m]\n\
                 max_output_tokens = 9\ntime_to_first_token = \"10ms\"\noutput_tokens_per_second = 1000\n[workloads.w]\n\
                 model = \"m\"\narrivals.{arrivals}\ninput_tokens = 9\noutput_tokens = 9\n[capacities.c.on_demand]\n\
                 rpm = \"none\"\ntpm = \"none\"\ntpd = \"none\"\n"
            );
            let loaded = load_text("s.toml", &text, std::path::Path::new("."), &[]).expect("it can run");
            let seen = Seen::default();
            let _ = play(&loaded.model, Depth::Figures, &seen);
            let [planned, advanced, looks] =
                [&seen.planned, &seen.advanced, &seen.looks].map(|n| n.load(Ordering::Relaxed));
            assert_eq!((planned, advanced), (4_000_000, 4_000_000), "{arrivals}");
            assert!(looks > 4, "{arrivals}: {looks} looks");
        }
    }
}

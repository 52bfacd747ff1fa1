//! Several observers of one run.

use std::ops::Range;

use super::Recorder;
use crate::engine::observer::{Admission, Arrivals, Door, Failure, Job, Observer, Outcome, Refusal, Snapshot, Who};
use crate::model::Model;

/// The measured interval and the windows, all listening to one run.
#[derive(Debug)]
pub struct Recorders {
    pub measured: Recorder,
    pub windows: Vec<Recorder>,
}

impl Recorders {
    #[must_use]
    pub fn new(measured: Recorder, model: &Model, bursts: Option<&[Range<u64>]>) -> Self {
        let windows = model.windows.iter().map(|w| Recorder::of_window(model, w, bursts)).collect();
        Self { measured, windows }
    }

    #[cold]
    #[inline(never)]
    fn admitted_in_windows(&mut self, admission: Admission) {
        self.windows.iter_mut().for_each(|window| window.admitted(&admission));
    }

    fn tell(&mut self, mut one: impl FnMut(&mut Recorder)) {
        one(&mut self.measured);
        self.windows.iter_mut().for_each(one);
    }
}

#[deny(clippy::missing_trait_methods, reason = "an event without a method would not be counted")]
impl Observer for Recorders {
    fn arrived(&mut self, who: Who) {
        self.tell(|r| r.arrived(who));
    }

    fn arrived_in_row(&mut self, arrivals: &Arrivals<'_>) {
        self.tell(|r| r.arrived_in_row(arrivals));
    }

    fn held_back(&mut self, who: Who) {
        self.tell(|r| r.held_back(who));
    }

    fn sent(&mut self, who: Who) {
        self.tell(|r| r.sent(who));
    }

    fn retried(&mut self, who: Who) {
        self.tell(|r| r.retried(who));
    }

    fn called(&mut self, who: Who) {
        self.tell(|r| r.called(who));
    }

    fn offered(&mut self, who: Who) {
        self.tell(|r| r.offered(who));
    }

    fn refused(&mut self, who: Who, capacity: usize, refusal: Refusal, at: u64) {
        self.tell(|r| r.refused(who, capacity, refusal, at));
    }

    #[inline(always)]
    fn admitted(&mut self, admission: &Admission) {
        self.measured.admitted(admission);
        // A copy, so that an admission that no window listens to stays in registers.
        if !self.windows.is_empty() {
            self.admitted_in_windows(*admission);
        }
    }

    fn placed(&mut self, who: Who, capacity: usize, region: usize) {
        self.tell(|r| r.placed(who, capacity, region));
    }

    fn waited(&mut self, capacity: usize, from: u64, to: u64, behind: Option<Refusal>) {
        self.tell(|r| r.waited(capacity, from, to, behind));
    }

    fn waited_in_client(&mut self, who: Who, door: Door, from: u64, to: u64) {
        self.tell(|r| r.waited_in_client(who, door, from, to));
    }

    fn stopped(&mut self, who: Who, quota: usize) {
        self.tell(|r| r.stopped(who, quota));
    }

    fn submitted(&mut self, capacity: usize, job: Job) {
        self.tell(|r| r.submitted(capacity, job));
    }

    fn failed(&mut self, who: Who, is_first: bool, failure: Failure) {
        self.tell(|r| r.failed(who, is_first, failure));
    }

    fn answered(&mut self, workload: usize) {
        self.tell(|r| r.answered(workload));
    }

    fn ended(&mut self, who: Who, outcome: Outcome, at: u64) {
        self.tell(|r| r.ended(who, outcome, at));
    }

    fn session_began(&mut self, workload: usize, at: u64) {
        self.tell(|r| r.session_began(workload, at));
    }

    fn session_ended(&mut self, first_turn: Who, every_turn_served: bool, at: u64) {
        self.tell(|r| r.session_ended(first_turn, every_turn_served, at));
    }

    fn next_edge(&self) -> u64 {
        self.windows.iter().map(Recorder::next_edge).fold(self.measured.next_edge(), u64::min)
    }

    fn edge(&mut self, at: u64, snapshot: Snapshot<'_>) {
        self.tell(|r| r.edge(at, snapshot));
    }
}

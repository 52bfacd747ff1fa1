//! The client of a request: waiting, giving up, retrying, failing over to the next capacity.

use super::observer::{Failure, Observer, Outcome};
use super::{Call, Engine, NoRoom, Progress, Request, State};
use crate::model::capacity::Status;
use crate::model::client::retry::Cause;
use crate::model::workload::Failover;
use crate::queue::{Class, Event};

impl Failure {
    /// Returns the cause for which the client retries the failure; `None`: the client does not retry it.
    fn cause(self) -> Option<Cause> {
        match self {
            Self::Refused(Status::Throttled) => Some(Cause::Throttled),
            Self::Refused(Status::NotReady | Status::Unavailable) => Some(Cause::Transient),
            Self::TimedOut => Some(Cause::TimedOut),
            Self::Refused(Status::BadRequest) => None,
        }
    }
}

impl<'m, O: Observer> Engine<'m, O> {
    /// Returns the instant at which the client stops waiting for the attempt \[µs\]; `u64::MAX`: never.
    #[inline(always)]
    pub(super) fn deadline(&self, call: &Call<'m>, progress: Progress) -> u64 {
        let client = &call.of.client;
        if client.attempt_timeout.is_none() && client.timeout.is_none() {
            return u64::MAX;
        }
        let attempt = client.attempt_timeout.map_or(u64::MAX, |t| progress.sent + t.0);
        attempt.min(self.last_deadline(call))
    }

    /// Returns the instant at which the client stops waiting for the request \[µs\]; `u64::MAX`: never.
    #[inline]
    pub(super) fn last_deadline(&self, call: &Call<'m>) -> u64 {
        call.of.client.timeout.map_or(u64::MAX, |t| call.arrival + t.0)
    }

    /// Keeps the request in a slot, in a state, with a timer when one is asked for. Returns the slot.
    #[inline(never)]
    pub(super) fn hold(
        &mut self,
        call: &Call<'m>,
        progress: Progress,
        state: State,
        deadline: u64,
        timer: Option<u64>,
    ) -> Option<u32> {
        let (slot, progress) = match progress.slot {
            Some(slot) => (slot, progress),
            None => {
                let new = Request { call: *call, progress, state, deadline, timers: 0 };
                let Some(slot) = self.requests.insert(new) else {
                    self.full = Some(NoRoom::Waiting);
                    return None;
                };
                (slot, Progress { slot: Some(slot), ..progress })
            }
        };
        let request = self.requests.get_mut(slot);
        debug_assert_eq!((request.call.index, request.call.stage), (call.index, call.stage), "a slot has one call");
        request.progress = progress;
        request.state = state;
        request.deadline = deadline;
        if let Some(at) = timer {
            request.timers += 1;
            self.queue.push(Event::new(at, Class::Timeout, slot));
        }
        Some(slot)
    }

    /// The request needs its slot no more, once no timer names it.
    #[inline(never)]
    pub(super) fn close(&mut self, slot: u32) {
        let request = self.requests.get_mut(slot);
        request.state = State::Over;
        if request.timers == 0 {
            self.requests.remove(slot);
        }
    }

    /// Returns whether the refusal takes time to reach the caller; if so, schedules the rest of the attempt for that
    /// instant.
    pub(super) fn refusal_takes_time(
        &mut self,
        call: &Call<'m>,
        progress: Progress,
        position: usize,
        capacity: usize,
        status: Status,
        now: u64,
    ) -> bool {
        let latency = self.model.capacities[capacity].refusal_latency.0;
        if latency == 0 {
            return false;
        }
        let (at, deadline) = (now + latency, self.deadline(call, progress));
        let state = State::PassingOn { position, status };
        if at <= deadline {
            if let Some(slot) = self.hold(call, progress, state, u64::MAX, None) {
                self.queue.push(Event::new(at, Class::Retry, slot));
            }
        } else {
            self.hold(call, progress, state, deadline, Some(deadline));
        }
        true
    }

    /// Handles a failed attempt: the client retries, turns to the next capacity, or the request ends.
    #[inline(never)]
    pub(super) fn fail(&mut self, call: &Call<'m>, progress: Progress, failure: Failure, now: u64) {
        let is_first = call.stage == 0 && progress.is_first();
        self.observer.failed(call.who(), is_first, failure);
        if !call.is_special {
            // Only the long way has gates.
            return self.go_on_after(call, progress, failure, now);
        }
        self.leave_gate(call, progress, failure.is_throttled(), now);
        self.go_on_after(call, progress, failure, now);
        self.move_gate(call, now);
    }

    #[inline(always)]
    fn go_on_after(&mut self, call: &Call<'m>, progress: Progress, failure: Failure, now: u64) {
        let policy = &call.of.client.retries;
        let may_retry = progress.tries + 1 < policy.max_attempts;
        let client = &mut self.clients[call.workload as usize];
        let paid = failure
            .cause()
            .filter(|_| may_retry)
            .and_then(|cause| client.retry_quotas.take(call.index, cause).map(|cost| (cause, cost)));
        let refused = progress.refused + u32::from(matches!(failure, Failure::Refused(_)));
        let next = Progress { attempt: progress.attempt + 1, refused, is_connected: false, ..progress };
        if let Some((cause, cost)) = paid {
            let u = client.backoff.within(call.index).uniform(u64::from(progress.attempt));
            let at = now + policy.delay(progress.tries, cause, u);
            return self.back_off(call, Progress { tries: progress.tries + 1, last_cost: cost, ..next }, at);
        }
        let leg = progress.leg + 1;
        if call.of.failover == Failover::AfterRetries && (leg as usize) < call.to.route.len() {
            return self.send(call, Progress { tries: 0, leg, ..next }, now);
        }
        let app = call.of.client.app_retries;
        if failure.cause().is_some() && progress.efforts + 1 < app.attempts {
            // The SDK has drawn nothing for this attempt: it gave up.
            let u = client.backoff.within(call.index).uniform(u64::from(progress.attempt));
            let at = now + app.delay_after(progress.efforts, u);
            let efforts = progress.efforts + 1;
            return self.back_off(call, Progress { tries: 0, leg: 0, efforts, last_cost: 0, ..next }, at);
        }
        let outcome = if failure == Failure::TimedOut { Outcome::TimedOut } else { Outcome::Failed };
        self.end(call, progress, outcome, now);
    }

    /// Schedules the next attempt for an instant, unless the client gives up on the request before.
    #[inline(always)]
    fn back_off(&mut self, call: &Call<'m>, next: Progress, at: u64) {
        let last_deadline = self.last_deadline(call);
        self.backing_off[call.workload as usize] += 1;
        if at <= last_deadline {
            if let Some(slot) = self.hold(call, next, State::BackingOff, u64::MAX, None) {
                self.queue.push(Event::new(at, Class::Retry, slot));
            }
        } else {
            self.hold(call, next, State::BackingOff, last_deadline, Some(last_deadline));
        }
    }

    #[inline(never)]
    fn end(&mut self, call: &Call<'m>, progress: Progress, outcome: Outcome, now: u64) {
        self.observer.ended(call.who(), outcome, now);
        if self.is_measured(call.arrival) {
            self.open -= 1;
        }
        if let Some(slot) = progress.slot {
            self.close(slot);
        }
        self.follow(call, false, now);
    }

    /// Sends the next attempt of a request that backed off, or makes the next offer of one whose refusal took time.
    pub(super) fn retry(&mut self, slot: u32, now: u64) {
        let Request { call, progress, state, .. } = *self.requests.get(slot);
        if let State::PassingOn { position, status } = state {
            return self.go_on(&call, progress, position, status, now);
        }
        self.backing_off[call.workload as usize] -= 1;
        if call.is_special {
            self.send(&call, progress, now);
        } else {
            self.observer.retried(call.who());
            self.pass_along(&call, Progress { sent: now, ..progress }, progress.leg as usize, now);
        }
    }

    /// Handles a timer: the client gives up on the attempt or on the request, unless the timer is stale.
    pub(super) fn time_out(&mut self, slot: u32, now: u64) {
        let request = self.requests.get_mut(slot);
        request.timers -= 1;
        let Request { call, progress, state, deadline, timers } = *request;
        if state == State::Over || deadline != now {
            if state == State::Over && timers == 0 {
                self.requests.remove(slot);
            }
            return;
        }
        match state {
            State::Over => {}
            State::BackingOff => {
                self.backing_off[call.workload as usize] -= 1;
                self.end(&call, progress, Outcome::TimedOut, now);
            }
            State::AtGate { since, door, .. } => {
                self.observer.waited_in_client(call.who(), door, since, now);
                self.backing_off[call.workload as usize] -= 1;
                self.end(&call, progress, Outcome::TimedOut, now);
                // Whoever stands behind may be let through where the one who left was not.
                self.move_gate(&call, now);
            }
            State::Doomed | State::PassingOn { .. } => self.give_up(&call, progress, now),
            State::InService(flight) => {
                self.leave_flight(flight);
                self.give_up(&call, progress, now);
            }
            State::Waiting { position, since, .. } => {
                let capacity = call.to.route[position];
                self.requests.get_mut(slot).state = State::BackingOff;
                self.supply.capacities[capacity].waiting -= 1;
                let behind = self.supply.capacities[capacity].blocked_by;
                self.observer.waited(capacity, since, now, behind);
                self.give_up(&call, progress, now);
                // Whoever stands behind may fit where the one who left did not.
                self.drain(capacity, now);
            }
        }
    }

    /// Handles a client that stops waiting for an attempt.
    #[inline(never)]
    fn give_up(&mut self, call: &Call<'m>, progress: Progress, now: u64) {
        if now >= self.last_deadline(call) {
            let is_first = call.stage == 0 && progress.is_first();
            self.observer.failed(call.who(), is_first, Failure::TimedOut);
            self.leave_gate(call, progress, false, now);
            self.end(call, progress, Outcome::TimedOut, now);
            self.move_gate(call, now);
        } else {
            self.fail(call, progress, Failure::TimedOut, now);
        }
    }
}

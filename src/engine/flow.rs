//! What happens to a request: arrival, offers along the route, service, failure, retry, time-out.

use std::mem;

use super::observer::{Admission, Failure, Observer, Outcome, Refusal, Who};
use super::slab::Slab;
use super::supply::{Ask, Place};
use super::{Attempt, Call, Engine, Progress, Request, State};
use crate::model::capacity::{Reason, Saturation, Status};
use crate::model::client::retry::Cause;
use crate::queue::{Class, Event};

/// How an offer was met.
enum Answer {
    Admitted,
    Queued,
    Refused(Refusal),
}

impl From<Status> for Failure {
    fn from(status: Status) -> Self {
        match status {
            Status::Throttled => Self::Throttled,
            Status::Unavailable => Self::Unavailable,
            Status::BadRequest => Self::BadRequest,
        }
    }
}

impl Call<'_> {
    /// Reserved at admission: the burndown rate has no part in it.
    #[inline]
    fn ask(&self) -> Ask {
        Ask { reserve: self.tokens.uncached + self.tokens.cache_write + self.cap, cache_read: self.tokens.cache_read }
    }
}

/// Since when the request of a place in a queue has waited there \[µs\]; `None` when it has left.
pub(super) fn waits_since(requests: &Slab<Request<'_>>, place: Place) -> Option<u64> {
    match requests.get(place.request).state {
        State::Waiting { since, ticket, .. } if ticket == place.ticket => Some(since),
        _ => None,
    }
}

impl<'m, O: Observer> Engine<'m, O> {
    #[inline(always)]
    pub(super) fn arrive(&mut self, call: Call<'m>) {
        self.events += 1;
        if self.is_measured(call.arrival) {
            self.open += 1;
        }
        self.observer.arrived(call.who());
        let progress = Progress { attempt: 0, sent: call.arrival, last_cost: 0, slot: None };
        self.pass_along(&call, progress, 0, call.arrival);
    }

    /// Offers the attempt to the capacities of the route from position `from` on. The first that admits serves it.
    #[inline(always)]
    fn pass_along(&mut self, call: &Call<'m>, progress: Progress, from: usize, now: u64) {
        let route = &call.of.route;
        let mut last = Status::Throttled;
        let mut position = from;
        while let Some(&capacity) = route.get(position) {
            match self.offer(call, progress, position, capacity, now) {
                Answer::Admitted | Answer::Queued => return,
                Answer::Refused(refusal) => {
                    last = refusal.reason.status();
                    self.refuse(call.who(), capacity, refusal, now);
                }
            }
            position += 1;
        }
        self.fail(*call, progress, last.into(), now);
    }

    #[cold]
    #[inline(never)]
    fn refuse(&mut self, who: Who, capacity: usize, refusal: Refusal, now: u64) {
        self.observer.refused(who, capacity, refusal);
        self.supply.count_refused(capacity, now, self.admissions);
    }

    #[inline(always)]
    fn offer(&mut self, call: &Call<'m>, progress: Progress, position: usize, capacity: usize, now: u64) -> Answer {
        self.observer.offered(call.who());
        let refused = |reason| Answer::Refused(Refusal { reason, quota: None });
        let state = &self.supply.capacities[capacity];
        if state.unavailable_probability > 0.0 && self.is_unavailable(call, progress, capacity) {
            return refused(Reason::Unavailable);
        }
        let ask = call.ask();
        if !self.supply.ever_admits(capacity, ask) {
            return refused(Reason::TooLarge);
        }
        let state = &self.supply.capacities[capacity];
        let refusal = if state.waiting > 0 {
            // First in, first out: who comes later waits behind.
            None
        } else {
            self.admissions += 1;
            match self.supply.admit(capacity, now, ask, self.admissions) {
                Ok(()) => {
                    self.serve(call, progress, position, capacity, now);
                    return Answer::Admitted;
                }
                Err(refusal) => Some(refusal),
            }
        };
        match (self.supply.capacities[capacity].saturation, refusal) {
            (Saturation::Throttle, Some(refusal)) => Answer::Refused(refusal),
            (Saturation::Throttle, None) => unreachable!("a capacity that throttles has no queue"),
            (Saturation::Queue { max_queue, .. }, _) => {
                if self.supply.capacities[capacity].waiting >= max_queue {
                    return refused(Reason::QueueFull);
                }
                self.join_queue(*call, progress, position, capacity, now);
                Answer::Queued
            }
        }
    }

    fn is_unavailable(&self, call: &Call<'m>, progress: Progress, capacity: usize) -> bool {
        let draw = self.clients[call.workload]
            .unavailable
            .within(call.index)
            .uniform(self.supply.capacities[capacity].key.wrapping_add(u64::from(progress.attempt)));
        draw < self.supply.capacities[capacity].unavailable_probability
    }

    /// Begins service, which the limits have admitted.
    #[inline(always)]
    fn serve(&mut self, call: &Call<'m>, progress: Progress, position: usize, capacity: usize, now: u64) {
        let ends = now + call.service;
        let deadline = self.deadline(call, progress);
        let answered = ends <= deadline;
        let ask = call.ask();
        let charged = call.tokens.uncached + call.tokens.cache_write + call.of.facts.burndown.of(call.tokens.output);
        self.observer.admitted(&Admission {
            who: call.who(),
            capacity,
            spilled: position > 0,
            begins: now,
            ends,
            ttft: call.ttft,
            answered,
            completes: ends < self.hard_end,
            truncated: call.truncated,
            tokens: call.tokens,
            reserved: ask.reserve,
            charged,
        });
        let attempt = self.attempts.insert(Attempt {
            admitted: now,
            arrival: call.arrival,
            index: call.index,
            admission: self.admissions,
            reserve: ask.reserve,
            charged,
            cache_read: ask.cache_read as u32,
            workload: call.workload as u16,
            capacity: capacity as u16,
            attempt: progress.attempt as u16,
            last_cost: progress.last_cost as u16,
            answered,
        });
        match attempt {
            Some(slot) => self.queue.push(Event { at: ends, class: Class::Completion, slot }),
            None => self.overflowed = true,
        }
        if answered {
            if let Some(slot) = progress.slot {
                self.close(slot);
            }
        } else {
            if self.is_measured(call.arrival) {
                self.open += 1;
            }
            self.hold(*call, progress, State::Doomed, deadline, Some(deadline));
        }
    }

    /// When the client stops waiting for the attempt; `u64::MAX`: never.
    #[inline]
    fn deadline(&self, call: &Call<'m>, progress: Progress) -> u64 {
        let client = &call.of.client;
        if client.attempt_timeout.is_none() && client.timeout.is_none() {
            return u64::MAX;
        }
        let attempt = client.attempt_timeout.map_or(u64::MAX, |t| progress.sent + t.0);
        attempt.min(self.last_deadline(call))
    }

    /// When the client stops waiting for the request; `u64::MAX`: never.
    #[inline]
    fn last_deadline(&self, call: &Call<'m>) -> u64 {
        call.of.client.timeout.map_or(u64::MAX, |t| call.arrival + t.0)
    }

    /// Keeps the request in a slot, in a state, with a timer when one is asked for. Returns the slot.
    #[inline(never)]
    fn hold(
        &mut self,
        call: Call<'m>,
        progress: Progress,
        state: State,
        deadline: u64,
        timer: Option<u64>,
    ) -> Option<u32> {
        let slot = match progress.slot {
            Some(slot) => slot,
            None => {
                let new = Request { call, progress, state, deadline, timers: 0 };
                let Some(slot) = self.requests.insert(new) else {
                    self.overflowed = true;
                    return None;
                };
                slot
            }
        };
        let request = self.requests.get_mut(slot);
        request.progress = Progress { slot: Some(slot), ..progress };
        request.state = state;
        request.deadline = deadline;
        if let Some(at) = timer {
            request.timers += 1;
            self.queue.push(Event { at, class: Class::Timeout, slot });
        }
        Some(slot)
    }

    /// The request needs its slot no more, once no timer names it.
    #[inline(never)]
    fn close(&mut self, slot: u32) {
        let request = self.requests.get_mut(slot);
        request.state = State::Over;
        if request.timers == 0 {
            self.requests.remove(slot);
        }
    }

    #[inline(never)]
    fn join_queue(&mut self, call: Call<'m>, progress: Progress, position: usize, capacity: usize, now: u64) {
        self.tickets += 1;
        let ticket = self.tickets;
        let deadline = self.deadline(&call, progress);
        let timer = (deadline != u64::MAX).then_some(deadline);
        let waiting = State::Waiting { position, since: now, ticket };
        let Some(slot) = self.hold(call, progress, waiting, deadline, timer) else { return };
        let state = &mut self.supply.capacities[capacity];
        if state.waiting == 0 {
            // Only places of those who left are in it; the newcomer is the head.
            state.queue.clear();
        }
        state.queue.push_back(Place { request: slot, ticket });
        state.waiting += 1;
        state.waiting_peak = state.waiting_peak.max(state.waiting);
        if state.waiting == 1 {
            self.schedule_wake_up(capacity, now);
        }
    }

    /// Gives the queue of a capacity what room there is, in order; refuses who has waited too long.
    #[inline(never)]
    fn drain(&mut self, capacity: usize, now: u64) {
        while let Some(place) = self.supply.capacities[capacity].queue.front().copied() {
            let Request { call, progress, state, .. } = *self.requests.get(place.request);
            let (position, since) = match state {
                State::Waiting { position, since, ticket } if ticket == place.ticket => (position, since),
                _ => {
                    self.supply.capacities[capacity].queue.pop_front();
                    continue;
                }
            };
            self.admissions += 1;
            let admitted = self.supply.admit(capacity, now, call.ask(), self.admissions).is_ok();
            let max_wait = match self.supply.capacities[capacity].saturation {
                Saturation::Queue { max_wait, .. } => max_wait,
                Saturation::Throttle => None,
            };
            if !admitted && max_wait.is_none_or(|longest| now < since + longest.0) {
                break;
            }
            let state = &mut self.supply.capacities[capacity];
            state.queue.pop_front();
            state.waiting -= 1;
            self.observer.waited(capacity, since, now);
            if admitted {
                self.serve(&call, progress, position, capacity, now);
            } else {
                self.refuse(call.who(), capacity, Refusal { reason: Reason::MaxWait, quota: None }, now);
                self.requests.get_mut(place.request).state = State::BackingOff;
                self.pass_on(call, progress, position, now);
            }
        }
        self.schedule_wake_up(capacity, now);
    }

    /// Goes on along the route after `position`, which refused with a 429.
    #[inline(never)]
    fn pass_on(&mut self, call: Call<'m>, progress: Progress, position: usize, now: u64) {
        if position + 1 < call.of.route.len() {
            self.pass_along(&call, progress, position + 1, now);
        } else {
            self.fail(call, progress, Failure::Throttled, now);
        }
    }

    /// Asks for a look at the queue when time alone may move it.
    #[inline(never)]
    fn schedule_wake_up(&mut self, capacity: usize, now: u64) {
        let Some(head) = self.supply.capacities[capacity].queue.front().copied() else { return };
        let Some(since) = waits_since(&self.requests, head) else { return };
        let ask = self.requests.get(head.request).call.ask();
        let expiry = match self.supply.capacities[capacity].saturation {
            Saturation::Queue { max_wait: Some(longest), .. } => since + longest.0,
            _ => u64::MAX,
        };
        let room = self.supply.room_at(capacity, now, ask).unwrap_or(u64::MAX);
        let state = &mut self.supply.capacities[capacity];
        let at = expiry.min(room.max(now + 1));
        if at < state.wake_at || state.wake_at <= now {
            state.wake_at = at;
            if at != u64::MAX {
                self.queue.push(Event { at, class: Class::WakeUp, slot: capacity as u32 });
            }
        }
    }

    pub(super) fn wake_up(&mut self, capacity: usize, now: u64) {
        if self.supply.capacities[capacity].wake_at == now {
            self.supply.capacities[capacity].wake_at = u64::MAX;
            self.drain(capacity, now);
        }
    }

    #[inline(always)]
    pub(super) fn complete(&mut self, slot: u32, now: u64) {
        let attempt = *self.attempts.get(slot);
        self.attempts.remove(slot);
        let who = Who { workload: usize::from(attempt.workload), arrival: attempt.arrival };
        let capacity = usize::from(attempt.capacity);
        let ask = Ask { reserve: attempt.reserve, cache_read: u64::from(attempt.cache_read) };
        self.supply.settle(capacity, now, ask, attempt.charged, attempt.admitted, attempt.admission);
        if attempt.answered {
            self.observer.answered(who);
            self.clients[who.workload].retry_quotas.give_back(attempt.index, u32::from(attempt.last_cost));
        }
        if self.is_measured(who.arrival) {
            self.open -= 1;
        }
        if !self.supply.capacities[capacity].neighbours.is_empty() {
            self.drain_neighbours(capacity, now);
        }
    }

    #[inline(never)]
    fn drain_neighbours(&mut self, capacity: usize, now: u64) {
        let neighbours = mem::take(&mut self.supply.capacities[capacity].neighbours);
        for &neighbour in &neighbours {
            if self.supply.capacities[neighbour].waiting > 0 {
                self.drain(neighbour, now);
            }
        }
        self.supply.capacities[capacity].neighbours = neighbours;
    }

    /// An attempt failed: the client retries, or the request ends.
    #[inline(never)]
    fn fail(&mut self, call: Call<'m>, progress: Progress, failure: Failure, now: u64) {
        self.observer.failed(call.who(), progress.attempt, failure);
        let policy = &call.of.client.retries;
        let cause = match failure {
            Failure::Throttled => Some(Cause::Throttled),
            Failure::Unavailable | Failure::TimedOut => Some(Cause::Transient),
            Failure::BadRequest => None,
        };
        let may_retry = progress.attempt + 1 < policy.max_attempts;
        let client = &mut self.clients[call.workload];
        let paid = cause
            .filter(|_| may_retry)
            .and_then(|cause| client.retry_quotas.take(call.index, cause).map(|cost| (cause, cost)));
        let Some((cause, cost)) = paid else {
            let outcome = if failure == Failure::TimedOut { Outcome::TimedOut } else { Outcome::Failed };
            return self.end(call, progress, outcome);
        };
        let u = client.backoff.within(call.index).uniform(u64::from(progress.attempt));
        let at = now + policy.delay(progress.attempt, cause, u);
        let progress = Progress { last_cost: cost, ..progress };
        let last_deadline = self.last_deadline(&call);
        self.backing_off += 1;
        if at <= last_deadline {
            if let Some(slot) = self.hold(call, progress, State::BackingOff, u64::MAX, None) {
                self.queue.push(Event { at, class: Class::Retry, slot });
            }
        } else {
            self.hold(call, progress, State::BackingOff, last_deadline, Some(last_deadline));
        }
    }

    #[inline(never)]
    fn end(&mut self, call: Call<'m>, progress: Progress, outcome: Outcome) {
        self.observer.ended(call.who(), outcome);
        if self.is_measured(call.arrival) {
            self.open -= 1;
        }
        if let Some(slot) = progress.slot {
            self.close(slot);
        }
    }

    pub(super) fn retry(&mut self, slot: u32, now: u64) {
        let Request { call, progress, .. } = *self.requests.get(slot);
        self.backing_off -= 1;
        self.observer.retried(call.who());
        let progress = Progress { attempt: progress.attempt + 1, sent: now, ..progress };
        self.pass_along(&call, progress, 0, now);
    }

    /// A timer rings: the client gives up on the attempt or on the request, unless the timer is stale.
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
                self.backing_off -= 1;
                self.end(call, progress, Outcome::TimedOut);
            }
            State::Doomed => self.give_up(call, progress, now),
            State::Waiting { position, since, .. } => {
                let capacity = call.of.route[position];
                self.requests.get_mut(slot).state = State::BackingOff;
                self.supply.capacities[capacity].waiting -= 1;
                self.observer.waited(capacity, since, now);
                self.give_up(call, progress, now);
                // Whoever stands behind may fit where the one who left did not.
                self.drain(capacity, now);
            }
        }
    }

    /// The client stops waiting for an attempt.
    #[inline(never)]
    fn give_up(&mut self, call: Call<'m>, progress: Progress, now: u64) {
        if now >= self.last_deadline(&call) {
            self.observer.failed(call.who(), progress.attempt, Failure::TimedOut);
            self.end(call, progress, Outcome::TimedOut);
        } else {
            self.fail(call, progress, Failure::TimedOut, now);
        }
    }
}

//! Queues at capacities: strictly first in, first out; the head is tried again whenever there may be room.

use std::mem;

use super::flight::Seat;
use super::observer::{Failure, Observer, Refusal};
use super::prompt_cache::Prompt;
use super::slab::Slab;
use super::supply::Place;
use super::{Call, Engine, Progress, Request, State};
use crate::model::capacity::{Ask, Reason, Refused, Saturation, Status};
use crate::model::workload::Failover;
use crate::queue::{Class, Event};

/// A call that joins a queue.
pub(super) struct Joined<'m> {
    pub call: Call<'m>,
    pub progress: Progress,
    pub position: usize,
    pub capacity: usize,
}

/// Returns the instant since which a request has waited at its place in a queue \[µs\]; `None` when it has left.
pub(super) fn waits_since(requests: &Slab<Request<'_>>, place: Place) -> Option<u64> {
    match requests.get(place.request).state {
        State::Waiting { since, ticket, .. } if ticket == place.ticket => Some(since),
        _ => None,
    }
}

/// The room that a capacity has for the head of its queue.
enum Found<'m> {
    /// The limits have room, and nothing else has a say.
    Room,
    Seat(Seat<'m>),
    Nothing(Refusal),
}

impl<'m, O: Observer> Engine<'m, O> {
    #[inline(never)]
    pub(super) fn join_queue(&mut self, joined: Joined<'m>, now: u64) {
        let Joined { call, progress, position, capacity } = joined;
        self.tickets += 1;
        let ticket = self.tickets;
        let deadline = self.deadline(&call, progress);
        let timer = (deadline != u64::MAX).then_some(deadline);
        let waiting = State::Waiting { position, since: now, ticket };
        let Some(slot) = self.hold(&call, progress, waiting, deadline, timer) else { return };
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

    /// Admits the queue of a capacity in order, as far as there is room; refuses requests that have waited too long.
    #[inline(never)]
    pub(super) fn drain(&mut self, capacity: usize, now: u64) {
        while let Some(place) = self.supply.capacities[capacity].queue.front().copied() {
            let Some(since) = waits_since(&self.requests, place) else {
                self.supply.capacities[capacity].queue.pop_front();
                continue;
            };
            let room = self.find_room(place.request, capacity, now);
            // What came before a purchase, or before a limit was lowered, may turn out too large.
            let is_too_large = matches!(room, Found::Nothing(_)) && self.waits_in_vain(place.request, capacity, now);
            if let Found::Nothing(refusal) = &room {
                self.supply.capacities[capacity].blocked_by = Some(*refusal);
            }
            let max_wait = match self.supply.capacities[capacity].saturation {
                Saturation::Queue { max_wait, .. } => max_wait,
                Saturation::Throttle => None,
            };
            let stays = matches!(room, Found::Nothing(_)) && !is_too_large;
            if stays && max_wait.is_none_or(|longest| now < since + longest.0) {
                break;
            }
            let Request { call, progress, state, .. } = *self.requests.get(place.request);
            let State::Waiting { position, .. } = state else { unreachable!("it waits since {since}") };
            let state = &mut self.supply.capacities[capacity];
            state.queue.pop_front();
            state.waiting -= 1;
            let behind = state.blocked_by;
            self.observer.waited(capacity, since, now, behind);
            match room {
                Found::Room => {
                    self.supply.take(capacity, now, call.ask(), self.admissions);
                    self.serve(&call, progress, position, capacity, now);
                }
                Found::Seat(seat) => self.take_seat(&call, progress, position, capacity, seat, now),
                Found::Nothing(_) => {
                    let refused = Refused::of(if is_too_large { Reason::TooLarge } else { Reason::MaxWait });
                    self.refuse(call.who(), capacity, Refusal { refused, quota: None }, now);
                    self.requests.get_mut(place.request).state = State::BackingOff;
                    self.go_on(&call, progress, position + 1, refused.status, now);
                }
            }
        }
        self.schedule_wake_up(capacity, now);
    }

    /// Returns the room that the capacity has for the request in a slot.
    #[inline(always)]
    fn find_room(&mut self, slot: u32, capacity: usize, now: u64) -> Found<'m> {
        let call = &self.requests.get(slot).call;
        if call.is_special || self.supply.capacities[capacity].is_special {
            let call = *call;
            return match self.find_seat(&call, capacity, now) {
                Ok(seat) => Found::Seat(seat),
                Err(refusal) => Found::Nothing(refusal),
            };
        }
        let ask = call.ask();
        self.admissions += 1;
        match self.supply.test(capacity, now, ask) {
            Ok(()) => Found::Room,
            Err(refusal) => Found::Nothing(refusal),
        }
    }

    /// Returns whether some limit could never admit who waits in a slot, even with its prompt as live in the cache as
    /// it may be again: a prompt that has expired since the call joined makes it larger, not too large.
    #[inline(always)]
    fn waits_in_vain(&self, slot: u32, capacity: usize, now: u64) -> bool {
        let call = &self.requests.get(slot).call;
        if self.supply.surely_fits(capacity, call.ask()) {
            return false;
        }
        let least = match call.prompt() {
            Some(prompt) => call.with_live(self.prompt_cache.outlook(prompt, now).0).ask(),
            None => call.ask(),
        };
        self.supply.capacities[capacity].standing.is_ready && !self.supply.ever_admits(capacity, least)
    }

    /// Offers a refused attempt to the rest of its route.
    #[inline(never)]
    pub(super) fn go_on(&mut self, call: &Call<'m>, progress: Progress, position: usize, status: Status, now: u64) {
        let stays = call.of.failover == Failover::AfterRetries;
        if position < call.to.route.len() && !stays {
            self.pass_along(call, progress, position, now);
        } else {
            self.fail(call, progress, Failure::Refused(status), now);
        }
    }

    /// Asks for a look at the queue when time alone may move it.
    #[inline(never)]
    fn schedule_wake_up(&mut self, capacity: usize, now: u64) {
        let Some(head) = self.supply.capacities[capacity].queue.front().copied() else { return };
        let Some(since) = waits_since(&self.requests, head) else { return };
        let expiry = match self.supply.capacities[capacity].saturation {
            Saturation::Queue { max_wait: Some(longest), .. } => since + longest.0,
            _ => u64::MAX,
        };
        let call = &self.requests.get(head.request).call;
        let room = match call.prompt() {
            None => {
                let ask = call.ask();
                self.limits_at(ask, capacity, now)
            }
            Some(prompt) => {
                let call = *call;
                self.room_with(&call, prompt, capacity, now)
            }
        };
        let state = &mut self.supply.capacities[capacity];
        let at = expiry.min(room.max(now + 1));
        // An earlier look, be it one that is due now, asks again when it is over.
        if at < state.wake_at {
            state.wake_at = at;
            self.queue.push(Event::new(at, Class::WakeUp, capacity as u32));
        }
    }

    /// Returns the first instant at which time alone may make room for a call whose prompt may be live \[µs\];
    /// `u64::MAX`: never. The call asks for less while its prompt is live, which may begin or end at any time:
    /// whichever comes first.
    fn room_with(&mut self, call: &Call<'m>, prompt: Prompt, capacity: usize, now: u64) -> u64 {
        let (live, next) = self.prompt_cache.outlook(prompt, now);
        let at = self.limits_at(call.ask(), capacity, now);
        at.min(self.limits_at(call.with_live(live).ask(), capacity, now)).min(next)
    }

    fn limits_at(&mut self, ask: Ask, capacity: usize, now: u64) -> u64 {
        match self.supply.room_at(capacity, now, ask) {
            Some(at) if at > now => at,
            // The limits have room or only a completion makes it: what is missing may come with time all the same.
            _ => self.supply.capacities[capacity].room.next_change(now).unwrap_or(u64::MAX),
        }
    }

    /// Schedules a look at every queue when a prefix is being written: a waiting request may need less from then on.
    pub(super) fn wake_readers(&mut self, now: u64) {
        for capacity in 0..self.supply.capacities.len() {
            if self.supply.capacities[capacity].waiting > 0 {
                self.schedule_wake_up(capacity, now);
            }
        }
    }

    pub(super) fn wake_up(&mut self, capacity: usize, now: u64) {
        if self.supply.capacities[capacity].wake_at == now {
            self.supply.capacities[capacity].wake_at = u64::MAX;
            self.submit_jobs(capacity, now);
            self.drain(capacity, now);
        }
    }

    /// Applies a change of a capacity, such as an outage, a change of limits or a purchase.
    pub(super) fn change_capacity(&mut self, number: usize, now: u64) {
        let capacity = self.supply.change(number);
        if self.supply.capacities[capacity].waiting > 0 {
            self.drain(capacity, now);
        }
    }

    #[inline(never)]
    pub(super) fn drain_neighbours(&mut self, capacity: usize, now: u64) {
        let neighbours = mem::take(&mut self.supply.capacities[capacity].neighbours);
        for &neighbour in &neighbours {
            if self.supply.capacities[neighbour].waiting > 0 {
                self.drain(neighbour, now);
            }
        }
        self.supply.capacities[capacity].neighbours = neighbours;
    }

    /// Reports to the observer, at the end of the run, the requests that still wait: they have waited until then.
    pub(super) fn leave_queues(&mut self) {
        for (capacity, state) in self.supply.capacities.iter().enumerate() {
            for place in &state.queue {
                if let Some(since) = waits_since(&self.requests, *place) {
                    self.observer.waited(capacity, since, self.hard_end, state.blocked_by);
                }
            }
        }
        for request in self.requests.alive() {
            if let State::AtGate { since, door, .. } = request.state {
                self.observer.waited_in_client(request.call.who(), door, since, self.hard_end);
            }
        }
    }
}

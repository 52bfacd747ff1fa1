//! Flights: attempts in service that need more than a completion. Their end may depend on what comes later (a shared
//! capacity, a stream that a limit may stop), they hold a place (a region, a copy), or another call follows them.

use super::observer::{Admission, Observer};
use super::plan::Service;
use super::{ATTEMPTS, CAPACITIES, Call, Engine, GATES, NoRoom, Progress, SHARED, State};
use crate::model::capacity::limiter::Settlement;
use crate::model::capacity::{Place, RoomState, Used};
use crate::queue::{Class, Event};
use crate::units::{Tokens, round_half_up};

/// Room for a call, and the call as it would be served there.
pub(super) struct Seat<'m> {
    pub call: Call<'m>,
    pub place: Place,
}

/// An attempt in service.
#[derive(Debug, Clone, Copy)]
pub(super) struct Flight<'m> {
    pub call: Call<'m>,
    progress: Progress,
    capacity: usize,
    spilled: bool,
    place: Place,
    pub(super) admitted: u64,
    admission: u64,
    ttft: u64,
    /// The output that a stream was granted so far \[tokens\], and its speed \[tokens/µs\].
    streamed: Tokens,
    speed: f64,
    seconds: u64,
    pub waiting: Waiting,
    /// True if the observer has been told of the flight.
    is_told: bool,
    pub is_over: bool,
}

/// The client, if any, that waits for a flight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Waiting {
    /// A client that will be there when it ends.
    Sure,
    /// The request in this slot, which may give up first.
    Request(u32),
    /// No client waits for the flight any more.
    Nobody,
}

const SECOND: u64 = 1_000_000;

impl<'m, O: Observer> Engine<'m, O> {
    /// Begins a flight: the limits and the place have been taken. The client keeps the call as it sent it: another
    /// attempt may be served elsewhere.
    #[expect(clippy::too_many_arguments, reason = "they are one offer's answer, and travel together once")]
    pub(super) fn take_off(
        &mut self,
        call: &Call<'m>,
        progress: Progress,
        position: usize,
        capacity: usize,
        seat: Seat<'m>,
        service: Service,
        now: u64,
    ) {
        let state = &self.supply.capacities[capacity];
        let end_is_open = state.sharing.is_some() || !state.streams.is_empty();
        let mut flight = Flight::new(seat.call, progress, capacity, position, seat.place, now);
        flight.admission = self.admissions;
        flight.ttft = service.ttft;
        flight.speed = service.speed;
        let deadline = self.deadline(call, progress);
        let ends = now + service.service;
        if !end_is_open && ends > deadline {
            flight.waiting = Waiting::Nobody;
        }
        let Some(slot) = self.flights.insert(flight) else {
            self.full = Some(NoRoom::InService);
            return;
        };
        if !end_is_open {
            self.tell(slot, ends, ends < self.hard_end);
            self.queue.push(Event::new(ends, Class::Completion, ATTEMPTS + slot));
            if ends > deadline {
                self.abandon(call, progress, deadline);
            } else if let Some(request) = progress.slot {
                self.close(request);
            }
            return;
        }
        self.wait_for(slot, call, deadline);
        self.queue.push(Event::new(now + service.ttft, Class::WakeUp, CAPACITIES + slot));
    }

    /// The client waits for the flight of a call whose end is not known.
    pub(super) fn wait_for(&mut self, slot: u32, call: &Call<'m>, deadline: u64) {
        let progress = self.flights.get(slot).progress;
        if deadline == u64::MAX {
            if let Some(request) = progress.slot {
                self.close(request);
            }
            return;
        }
        if let Some(request) = self.hold(call, progress, State::InService(slot), deadline, Some(deadline)) {
            self.flights.get_mut(slot).waiting = Waiting::Request(request);
        }
    }

    /// The client of a flight gives up before its end.
    pub(super) fn leave_flight(&mut self, slot: u32) {
        let flight = self.flights.get_mut(slot);
        flight.waiting = Waiting::Nobody;
        let arrival = flight.call.arrival;
        if self.is_measured(arrival) {
            self.open += 1;
        }
    }

    /// The first token of a flight, or the next second of its stream.
    pub(super) fn look_at_flight(&mut self, slot: u32, now: u64) {
        let flight = *self.flights.get(slot);
        let state = &mut self.supply.capacities[flight.capacity];
        if !state.streams.is_empty() {
            return self.stream(slot, now);
        }
        let in_flight = state.in_flight;
        if let Some(sharing) = &mut state.sharing {
            sharing.advance(now, in_flight);
            sharing.begin(slot, u64::from(flight.call.carried.output));
            self.ask_for_a_look(flight.capacity, now);
        }
    }

    /// Asks the limits on streams for the next second of output; without it the answer stops here.
    fn stream(&mut self, slot: u32, now: u64) {
        let flight = *self.flights.get(slot);
        let wanted = u64::from(flight.call.carried.output);
        let by = |seconds: u64| round_half_up(flight.speed * (seconds * SECOND) as f64).min(wanted);
        let amount = by(flight.seconds + 1) - flight.streamed;
        if let Err(quota) = self.supply.stream(flight.capacity, now, amount, flight.admission) {
            self.observer.stopped(flight.call.who(), quota);
            let flight = self.flights.get_mut(slot);
            flight.call.truncated = true;
            flight.call.carried.output = flight.streamed as u32;
            return self.land(slot, now);
        }
        let first_token = flight.admitted + flight.ttft;
        let flight = self.flights.get_mut(slot);
        flight.streamed += amount;
        flight.seconds += 1;
        if flight.streamed == wanted {
            let at = (first_token + round_half_up(wanted as f64 / flight.speed)).max(now);
            self.queue.push(Event::new(at, Class::Completion, ATTEMPTS + slot));
        } else {
            let at = first_token + flight.seconds * SECOND;
            self.queue.push(Event::new(at, Class::WakeUp, CAPACITIES + slot));
        }
    }

    /// The end of a flight: everything is given back, and the request goes on.
    pub(super) fn land(&mut self, slot: u32, now: u64) {
        let flight = *self.flights.get(slot);
        let Flight { call, progress, capacity, .. } = flight;
        if !flight.is_told {
            self.tell(slot, now, true);
        }
        self.flights.get_mut(slot).is_over = true;
        self.flights.remove(slot);
        let ask = call.ask();
        let output = u64::from(call.carried.output);
        let used = Used { burned: call.burned(), output };
        let state = &mut self.supply.capacities[capacity];
        let in_flight = state.in_flight;
        if let Some(sharing) = &mut state.sharing {
            sharing.advance(now, in_flight);
        }
        if flight.counts_in_flight() {
            state.room.leave(now, flight.place, ask, ask.input + output, flight.admitted);
            let settlement = Settlement {
                reserved: ask.reserved(),
                charged: used.burned,
                admitted_at: flight.admitted,
                admission: flight.admission,
            };
            self.supply.settle(capacity, now, settlement, || (ask, used));
        }
        self.ask_for_a_look(capacity, now);
        let is_answered = flight.waiting != Waiting::Nobody;
        if is_answered {
            if let Waiting::Request(request) = flight.waiting {
                self.close(request);
            }
            self.observer.answered(call.workload as usize);
            self.clients[call.workload as usize].retry_quotas.give_back(call.index, progress.last_cost);
        }
        if self.is_measured(call.arrival) && (call.is_last() || !is_answered) {
            self.open -= 1;
        }
        // The capacity's queue comes first: what the client sends now finds the place taken.
        if !self.supply.capacities[capacity].neighbours.is_empty() {
            self.drain_neighbours(capacity, now);
        }
        if is_answered {
            self.leave_gate(&call, progress, false, now);
            if call.is_last() {
                self.follow(&call, true, now);
            } else {
                self.next_stage(&call, now - flight.admitted, now);
            }
            self.move_gate(&call, now);
        }
    }

    /// The next call of a request, at the instant at which the one before it ended.
    fn next_stage(&mut self, call: &Call<'m>, service: u64, now: u64) {
        let mut next = self.stage_call(call, call.stage + 1);
        next.served_before = call.served_before + service;
        self.send(&next, Progress::first(&next, now), now);
    }

    /// Tells the observer of a flight that ends at `ends`.
    fn tell(&mut self, slot: u32, ends: u64, completes: bool) {
        let flight = self.flights.get_mut(slot);
        flight.is_told = true;
        let call = &flight.call;
        let ask = call.ask();
        let is_in_pool = matches!(self.supply.capacities[flight.capacity].room, RoomState::Regions(_));
        self.observer.admitted(&Admission {
            who: call.who(),
            capacity: flight.capacity,
            stage: usize::from(call.stage),
            spilled: flight.spilled,
            begins: flight.admitted,
            ends,
            ttft: flight.ttft.min(ends.saturating_sub(flight.admitted)),
            served_before: call.served_before,
            refused_before: flight.progress.refused,
            is_last: call.is_last(),
            rerouted: is_in_pool && flight.place.index > 0,
            answered: flight.waiting != Waiting::Nobody,
            is_retry: !flight.progress.is_first(),
            completes,
            truncated: call.truncated,
            tokens: call.carried.billed(),
            reserved: ask.reserved(),
            charged: call.burned(),
        });
        if is_in_pool {
            self.observer.placed(call.who(), flight.capacity, flight.place.index as usize);
        }
    }

    /// Reports to the observer, at the end of the run, the flights in progress: they have been in service until then.
    pub(super) fn tell_of_flights(&mut self) {
        let open: Vec<u32> = self.flights.slots_alive().collect();
        for slot in open {
            let flight = self.flights.get(slot);
            if !flight.is_told && !flight.is_over && flight.admitted < self.hard_end {
                self.tell(slot, self.hard_end, false);
            }
        }
    }

    /// Calls that share a capacity end when their output has come.
    pub(super) fn look_at_shared(&mut self, capacity: usize, now: u64) {
        let state = &mut self.supply.capacities[capacity];
        let is_due = state.sharing.as_mut().is_some_and(|s| s.is_due(now));
        if is_due {
            for slot in self.take_ended(capacity, now) {
                self.land(slot, now);
            }
            self.ask_for_a_look(capacity, now);
        }
    }

    fn take_ended(&mut self, capacity: usize, now: u64) -> Vec<u32> {
        let state = &mut self.supply.capacities[capacity];
        let in_flight = state.in_flight;
        let Some(sharing) = &mut state.sharing else { return Vec::new() };
        sharing.advance(now, in_flight);
        std::iter::from_fn(|| sharing.take_ended(in_flight)).collect()
    }

    fn ask_for_a_look(&mut self, capacity: usize, now: u64) {
        let state = &mut self.supply.capacities[capacity];
        let in_flight = state.in_flight;
        if let Some(at) = state.sharing.as_mut().and_then(|s| s.next_look(now, in_flight)) {
            self.queue.push(Event::new(at, Class::Completion, SHARED + capacity as u32));
        }
    }

    /// Puts completions of one instant in the order of workload, request and attempt; those of shared capacities become
    /// the flights that end.
    pub(super) fn order_completions(&mut self, tied: &mut Vec<u32>, now: u64) {
        let shared: Vec<u32> = tied.extract_if(.., |slot| *slot >= SHARED).collect();
        for slot in shared {
            let capacity = (slot - SHARED) as usize;
            let is_due = self.supply.capacities[capacity].sharing.as_mut().is_some_and(|s| s.is_due(now));
            if is_due {
                tied.extend(self.take_ended(capacity, now).into_iter().map(|flight| ATTEMPTS + flight));
                self.ask_for_a_look(capacity, now);
            }
        }
        tied.sort_by_key(|slot| {
            if *slot < ATTEMPTS {
                let a = self.attempts.get(*slot);
                (u32::from(a.label.workload), a.index, u32::from(a.label.attempt))
            } else {
                let f = self.flights.get(*slot - ATTEMPTS);
                (f.call.workload, f.call.index, f.progress.attempt)
            }
        });
    }

    /// Wake-ups of one instant: capacities, then flights by workload, request and attempt, then gates by workload and
    /// process.
    pub(super) fn order_of_wake_up(&self, slot: u32) -> (u32, u32, u64, u32) {
        if !(CAPACITIES..GATES).contains(&slot) {
            return (slot, 0, 0, 0);
        }
        let f = self.flights.get(slot - CAPACITIES);
        (CAPACITIES, f.call.workload, f.call.index, f.progress.attempt)
    }
}

impl<'m> Flight<'m> {
    pub(super) fn new(
        call: Call<'m>,
        progress: Progress,
        capacity: usize,
        position: usize,
        place: Place,
        now: u64,
    ) -> Self {
        Self {
            call,
            progress,
            capacity,
            spilled: position > 0,
            place,
            admitted: now,
            admission: 0,
            ttft: 0,
            streamed: 0,
            speed: 0.0,
            seconds: 0,
            waiting: Waiting::Sure,
            is_told: false,
            is_over: false,
        }
    }

    /// Returns whether the flight counts as in progress at its capacity; a record of a batch job does not.
    fn counts_in_flight(&self) -> bool {
        self.admission > 0
    }

    /// Serves a record in a job over `[begins, ends)`; the record is delivered when the job ends.
    pub(super) fn serve_in_job(&mut self, begins: u64, ends: u64) {
        self.admitted = begins;
        self.ttft = ends - begins;
    }
}

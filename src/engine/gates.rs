//! The gate that an attempt passes before it is sent: the caller's own pace, the SDK's rate limiter, a free connection.
//! At each of these doors attempts wait in order, within the process that they run in.

use std::collections::VecDeque;

use super::observer::{Door, Observer};
use super::slab::Slab;
use super::supply::Place;
use super::{Call, Engine, GATES, Progress, Request, State};
use crate::model::capacity::RoomState;
use crate::model::client::Client;
use crate::model::client::pace::PaceState;
use crate::model::client::rate_limiter::RateLimiter;
use crate::queue::{Class, Event};
use crate::units::{SimTime, Tokens};

/// The doors of one process, in the order in which an attempt passes them.
#[derive(Debug, Clone)]
pub(super) struct Gate {
    pace: Option<PaceState>,
    limiter: Option<RateLimiter>,
    /// The number of free connections; `None`: their number is not limited.
    free_connections: Option<u32>,
    /// The requests that wait at each door, in order.
    lines: [VecDeque<Place>; Door::ALL.len()],
    /// The next instant at which to try the gate, if time alone may open a door \[µs\].
    wake_at: u64,
    is_moving: bool,
}

/// The properties of an attempt that decide which doors apply to it.
#[derive(Debug, Clone, Copy)]
struct Asking {
    /// Input and cap \[tokens\].
    tokens: Tokens,
    /// True if the attempt begins an effort of the SDK: a pace does not count the SDK's retries.
    is_paced: bool,
    /// True if the SDK sends the attempt by itself. A record of a batch job is no call: it goes into a file.
    is_sent: bool,
}

impl Asking {
    /// Returns whether the door has a say.
    fn meets(self, door: Door) -> bool {
        match door {
            Door::Pace => self.is_paced,
            Door::RateLimiter | Door::Connection => self.is_sent,
        }
    }
}

impl Gate {
    pub(super) fn new(client: &Client) -> Self {
        Self {
            pace: client.pace.map(PaceState::new),
            limiter: client.retries.adaptive.then(RateLimiter::default),
            free_connections: client.max_connections,
            lines: Default::default(),
            wake_at: u64::MAX,
            is_moving: false,
        }
    }

    /// Passes a door, or tells when it may be open \[µs\]; `u64::MAX`: when another attempt has ended.
    fn pass(&mut self, door: Door, asking: Asking, now: u64) -> Result<(), u64> {
        if !asking.meets(door) {
            return Ok(());
        }
        match door {
            Door::Pace => match &mut self.pace {
                Some(pace) => {
                    let at = pace.ready_at(now, asking.tokens);
                    if at > now {
                        return Err(at);
                    }
                    pace.take(asking.tokens);
                    Ok(())
                }
                None => Ok(()),
            },
            Door::RateLimiter => match &mut self.limiter {
                Some(limiter) => limiter
                    .take(SimTime(now).as_secs_f64())
                    .map_err(|wait| now + (libm::ceil(wait * 1e6) as u64).max(1)),
                None => Ok(()),
            },
            Door::Connection => match &mut self.free_connections {
                Some(0) => Err(u64::MAX),
                Some(free) => {
                    *free -= 1;
                    Ok(())
                }
                None => Ok(()),
            },
        }
    }

    /// Passes doors from `from` on as far as possible: `None` when all are passed, else the door at which to wait.
    fn walk(&mut self, from: usize, asking: Asking, now: u64) -> Option<usize> {
        (from..Door::ALL.len()).find(|door| {
            (asking.meets(Door::ALL[*door]) && !self.lines[*door].is_empty())
                || self.pass(Door::ALL[*door], asking, now).is_err()
        })
    }

    /// Returns the request at the head of a line; requests that have left the line are dropped.
    fn head<'m>(&mut self, door: usize, requests: &Slab<Request<'m>>) -> Option<(u32, Request<'m>)> {
        while let Some(place) = self.lines[door].front() {
            let request = *requests.get(place.request);
            if matches!(request.state, State::AtGate { ticket, .. } if ticket == place.ticket) {
                return Some((place.request, request));
            }
            self.lines[door].pop_front();
        }
        None
    }
}

impl<'m, O: Observer> Engine<'m, O> {
    /// Returns the properties of an attempt that decide which doors apply to it.
    fn asking(&self, call: &Call<'m>, progress: Progress) -> Asking {
        let tokens = call.carried.billed().input() + Tokens::from(call.cap);
        let first = call.to.route[progress.leg as usize];
        let is_record = matches!(self.supply.capacities[first].room, RoomState::Jobs(_));
        Asking { tokens, is_paced: progress.tries == 0, is_sent: !is_record }
    }

    /// Sends an attempt as soon as the gate of its process lets it through.
    pub(super) fn send(&mut self, call: &Call<'m>, progress: Progress, now: u64) {
        let process = call.of.client.process(call.index);
        let asking = self.asking(call, progress);
        let Some(gate) = self.clients[call.workload as usize].gates.get_mut(process) else {
            return self.dispatch(call, progress, false, now);
        };
        match gate.walk(0, asking, now) {
            None => {
                let progress = Progress { is_connected: asking.is_sent, ..progress };
                self.dispatch(call, progress, false, now);
            }
            Some(door) => {
                if call.stage == 0 && progress.is_first() {
                    self.observer.held_back(call.who());
                }
                self.wait_at(call, progress, door, now);
                self.move_gate(call, now);
            }
        }
    }

    /// Joins the line at a door.
    fn wait_at(&mut self, call: &Call<'m>, progress: Progress, door: usize, now: u64) {
        self.tickets += 1;
        let ticket = self.tickets;
        let deadline = self.last_deadline(call);
        let timer = (deadline != u64::MAX).then_some(deadline);
        let state = State::AtGate { ticket, since: now, door: Door::ALL[door] };
        let Some(request) = self.hold(call, progress, state, deadline, timer) else { return };
        self.backing_off[call.workload as usize] += 1;
        let process = call.of.client.process(call.index);
        self.clients[call.workload as usize].gates[process].lines[door].push_back(Place { request, ticket });
    }

    /// Notes that an attempt which passed its gate has ended for its client.
    pub(super) fn leave_gate(&mut self, call: &Call<'m>, progress: Progress, throttled: bool, now: u64) {
        if !progress.is_connected {
            return;
        }
        let process = call.of.client.process(call.index);
        let Some(gate) = self.clients[call.workload as usize].gates.get_mut(process) else { return };
        if let Some(limiter) = &mut gate.limiter {
            limiter.answer(SimTime(now).as_secs_f64(), throttled);
        }
        if let Some(free) = &mut gate.free_connections {
            *free += 1;
        }
    }

    /// Lets attempts through as far as doors are open, and asks for a look at the gate when time alone may let another
    /// through. An attempt that goes may end immediately and open a door again: the loop here sees that, not the
    /// attempt.
    pub(super) fn move_gate(&mut self, call: &Call<'m>, now: u64) {
        let process = call.of.client.process(call.index);
        self.move_gate_of(call.workload as usize, process, now);
    }

    fn move_gate_of(&mut self, workload: usize, process: usize, now: u64) {
        let Some(gate) = self.clients[workload].gates.get_mut(process) else { return };
        if std::mem::replace(&mut gate.is_moving, true) {
            return;
        }
        let wake_at = loop {
            let mut next = u64::MAX;
            // The last door first: whoever waits there came first.
            let moved = (0..Door::ALL.len()).rev().any(|door| match self.move_head(workload, process, door, now) {
                Ok(moved) => moved,
                Err(at) => {
                    next = next.min(at);
                    false
                }
            });
            if !moved {
                break next;
            }
        };
        let client = &mut self.clients[workload];
        let gate = &mut client.gates[process];
        gate.is_moving = false;
        if wake_at < gate.wake_at {
            gate.wake_at = wake_at;
            let slot = GATES + client.first_gate + process as u32;
            self.queue.push(Event::new(wake_at, Class::WakeUp, slot));
        }
    }

    /// Moves the head of one line on, if its door is open; else tells when it may be.
    fn move_head(&mut self, workload: usize, process: usize, door: usize, now: u64) -> Result<bool, u64> {
        let gate = &mut self.clients[workload].gates[process];
        let Some((_, request)) = gate.head(door, &self.requests) else { return Ok(false) };
        let Request { call, progress, state, .. } = request;
        if self.last_deadline(&call) <= now {
            // Its client gives it up at this instant; it is not sent any more.
            self.clients[workload].gates[process].lines[door].pop_front();
            return Ok(true);
        }
        let asking = self.asking(&call, progress);
        let gate = &mut self.clients[workload].gates[process];
        gate.pass(Door::ALL[door], asking, now)?;
        gate.lines[door].pop_front();
        if let State::AtGate { since, .. } = state {
            self.observer.waited_in_client(call.who(), Door::ALL[door], since, now);
        }
        let gate = &mut self.clients[workload].gates[process];
        self.backing_off[call.workload as usize] -= 1;
        match gate.walk(door + 1, asking, now) {
            None => {
                let progress = Progress { is_connected: asking.is_sent, ..progress };
                self.dispatch(&call, progress, true, now);
            }
            Some(next) => self.wait_at(&call, progress, next, now),
        }
        Ok(true)
    }

    pub(super) fn wake_gate(&mut self, number: u32, now: u64) {
        let Some(workload) = self.clients.iter().rposition(|c| !c.gates.is_empty() && c.first_gate <= number) else {
            return;
        };
        let process = (number - self.clients[workload].first_gate) as usize;
        let gate = &mut self.clients[workload].gates[process];
        // Another look, asked for later and due earlier, has been.
        if gate.wake_at == now {
            gate.wake_at = u64::MAX;
            self.move_gate_of(workload, process, now);
        }
    }

    /// Sends an attempt. `was_held`: the attempt had to wait, so that the observer does not know of it yet.
    fn dispatch(&mut self, call: &Call<'m>, progress: Progress, was_held: bool, now: u64) {
        let progress = Progress { sent: now, ..progress };
        let from = progress.leg as usize;
        if !progress.is_first() {
            self.observer.retried(call.who());
        } else if call.stage > 0 {
            self.observer.called(call.who());
        } else {
            // An arrival counts as its first attempt and its first offer.
            if was_held {
                self.observer.sent(call.who());
            }
            return self.offer_along(call, progress, from, now);
        }
        self.pass_along(call, progress, from, now);
    }
}

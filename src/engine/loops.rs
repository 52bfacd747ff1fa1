//! Closed loops: requests that follow from the outcome of others.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::observer::{Observer, Who};
use super::{Asked, Call, Carried, Engine};
use crate::model::workload::Workload;
use crate::model::workload::arrivals::users::Start;
use crate::model::workload::arrivals::{Arrivals, TURN, who};
use crate::queue::{Class, Event};
use crate::random::maths::round_half_up;
use crate::trace::NO_BLOCK;
use crate::traffic::whole;

/// The next turn of a user or a session, which arrives after a think time. The order is that of arrival, and among those
/// of one instant that of the requests' numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct PendingTurn {
    /// The arrival of the turn \[µs\].
    at: u64,
    /// The request's number: that of the turn and of the user or session.
    index: u64,
    /// The context: the tokens that earlier turns of the session said \[tokens\].
    context: u32,
}

/// The pending turns of one workload. The event queue knows of the earliest alone, by the workload's number: so arrivals
/// of one instant come in the order of workload and request, those of the tape among them.
#[derive(Debug)]
pub(super) struct PendingTurns {
    /// The earliest first.
    turns: BinaryHeap<Reverse<PendingTurn>>,
    /// The instant of the event that stands for the earliest; events of other instants are stale \[µs\]. `u64::MAX`: none.
    event_at: u64,
}

impl Default for PendingTurns {
    fn default() -> Self {
        Self { turns: BinaryHeap::new(), event_at: u64::MAX }
    }
}

impl PendingTurns {
    /// Returns the arrival of the earliest turn, if no event stands for it yet; one must then be pushed \[µs\].
    fn event_to_push(&mut self) -> Option<u64> {
        let Reverse(first) = self.turns.peek()?;
        (first.at < self.event_at).then(|| {
            self.event_at = first.at;
            first.at
        })
    }

    /// Returns the next of the turns that arrive at an instant.
    fn pop_at(&mut self, now: u64) -> Option<PendingTurn> {
        self.turns.peek().is_some_and(|Reverse(first)| first.at == now).then(|| self.turns.pop().map(|turn| turn.0))?
    }
}

/// The greatest length of a prompt \[tokens\].
const LONGEST_PROMPT: u64 = 1_000_000_000;

impl<'m, O: Observer> Engine<'m, O> {
    /// Sends the first requests of users: after a think time, or all at t = 0.
    pub(super) fn begin_loops(&mut self) {
        for (workload, w) in self.model.workloads.iter().enumerate() {
            if let Arrivals::Users(users) = &w.arrivals {
                for user in 0..users.count {
                    match users.start {
                        Start::Stationary => self.think(workload, user, 0, 0),
                        Start::Together => self.come(workload, user, 0, 0),
                    }
                }
            }
        }
    }

    /// Schedules what follows from a request that has its outcome, after a think time.
    pub(super) fn follow(&mut self, call: &Call<'m>, is_answered: bool, now: u64) {
        let (workload, next) = (call.workload as usize, call.index + TURN);
        match &call.of.arrivals {
            Arrivals::Users(_) => self.think(workload, next, 0, now),
            Arrivals::Sessions(sessions) => {
                let session = who(call.index);
                let turns = self.clients[workload].turns;
                let last = u64::from(whole(sessions.turns.at(turns, session))) - 1;
                if !is_answered || call.index / TURN >= last {
                    self.prompt_cache.forget(workload, session);
                    return self.end_session(call, session, is_answered, now);
                }
                let carried = call.carried.billed();
                // What is added to every input is no part of what was said: each turn has it once.
                let said = carried.input().saturating_sub(call.of.tokens.extra_input.into());
                let context = if sessions.accumulates { said + carried.output } else { 0 };
                self.think(workload, next, context.min(LONGEST_PROMPT) as u32, now);
            }
            Arrivals::Renewal { .. } | Arrivals::Batches(_) | Arrivals::Job(_) | Arrivals::Trace(_) => {}
        }
    }

    /// Notes the beginning of a session, of a workload that has sessions.
    #[inline]
    pub(super) fn begin_session(&mut self, workload: usize, session: u64, arrival: u64) {
        if matches!(self.model.workloads[workload].arrivals, Arrivals::Sessions(_)) {
            self.clients[workload].sessions.insert(session, arrival);
            self.observer.session_began(workload, arrival);
        }
    }

    fn end_session(&mut self, call: &Call<'m>, session: u64, every_turn_served: bool, now: u64) {
        if let Some(arrival) = self.clients[call.workload as usize].sessions.remove(&session) {
            let first_turn = Who { workload: call.workload as usize, arrival };
            self.observer.session_ended(first_turn, every_turn_served, now);
        }
    }

    /// Draws the think time before request number `index`, and keeps the turn until it arrives.
    fn think(&mut self, workload: usize, index: u64, context: u32, now: u64) {
        let w: &Workload = &self.model.workloads[workload];
        let think_time = match &w.arrivals {
            Arrivals::Users(users) => &users.think_time,
            Arrivals::Sessions(sessions) => &sessions.think_time,
            Arrivals::Renewal { .. } | Arrivals::Batches(_) | Arrivals::Job(_) | Arrivals::Trace(_) => return,
        };
        let stream = self.clients[workload].think;
        // Whatever the thought, it takes a moment: nothing comes before what caused it.
        let at = now + round_half_up(think_time.at(stream, index)).max(1);
        self.come(workload, index, context, at);
    }

    /// Schedules a request of a user or a session for `at` \[µs\], unless the run is over by then.
    fn come(&mut self, workload: usize, index: u64, context: u32, at: u64) {
        if at >= self.hard_end {
            return;
        }
        self.clients[workload].pending.turns.push(Reverse(PendingTurn { at, index, context }));
        self.announce_turns(workload);
    }

    /// Puts an event for the earliest pending turn of a workload into the queue, unless one stands there.
    fn announce_turns(&mut self, workload: usize) {
        if let Some(at) = self.clients[workload].pending.event_to_push() {
            self.queue.push(Event::new(at, Class::Arrival, workload as u32));
        }
    }

    /// The turns of a workload that are due arrive, in the order of their numbers.
    pub(super) fn arrive_again(&mut self, workload: usize, now: u64) {
        if self.clients[workload].pending.event_at != now {
            return;
        }
        while let Some(turn) = self.clients[workload].pending.pop_at(now) {
            self.arrive_in_turn(workload, turn);
        }
        self.clients[workload].pending.event_at = u64::MAX;
        self.announce_turns(workload);
    }

    /// The next request of a user or a session arrives.
    fn arrive_in_turn(&mut self, workload: usize, turn: PendingTurn) {
        let PendingTurn { at: now, index, context } = turn;
        let of = &self.model.workloads[workload];
        let Some(draws) = &self.clients[workload].draws else { return };
        let [new, wanted] = draws.at(index);
        let input = (u64::from(new) + u64::from(context)).min(LONGEST_PROMPT) as u32;
        let call = Call {
            of,
            to: of.main(),
            index,
            arrival: now,
            ttft: 0,
            service: 0,
            served_before: 0,
            carried: Carried { uncached: 0, cache_read: 0, cache_write: 0, output: 0 },
            asked: Asked { input, wanted, cap: u32::MAX, leaf: NO_BLOCK, cache_read: 0, cache_write: 0 },
            cap: 0,
            workload: workload as u32,
            stage: 0,
            is_special: true,
            truncated: false,
        };
        self.arrived += 1;
        if self.is_measured(now) {
            self.open += 1;
        }
        self.observer.arrived(call.who());
        self.arrive_special(self.stage_call(&call, 0));
    }
}

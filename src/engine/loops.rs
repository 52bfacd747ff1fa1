//! Closed loops: requests that follow from the outcome of others.

use super::observer::{Observer, Who};
use super::{Asked, Call, Carried, Engine};
use crate::model::workload::Workload;
use crate::model::workload::arrivals::{Arrivals, TURN, who};
use crate::queue::{Class, Event};
use crate::random::maths::round_half_up;
use crate::trace::NO_BLOCK;
use crate::traffic::whole;

/// A request to come.
#[derive(Debug, Clone, Copy)]
pub(super) struct Coming {
    workload: u32,
    /// Its number: that of the turn and of the user or session.
    index: u64,
    /// What was said before \[tokens\].
    context: u32,
}

impl Coming {
    /// The order of those that come at one instant.
    pub(super) fn order(&self) -> (u32, u64) {
        (self.workload, self.index)
    }
}

/// No prompt is longer \[tokens\].
const LONGEST_PROMPT: u64 = 1_000_000_000;

impl<'m, O: Observer> Engine<'m, O> {
    /// Users think before their first request.
    pub(super) fn begin_loops(&mut self) {
        for (workload, w) in (0..).zip(&self.model.workloads) {
            if let Arrivals::Users(users) = &w.arrivals {
                for user in 0..users.count {
                    self.think(Coming { workload, index: user, context: 0 }, 0);
                }
            }
        }
    }

    /// A request has its outcome: what follows from it comes after a think time.
    pub(super) fn follow(&mut self, call: &Call<'m>, is_answered: bool, now: u64) {
        let next = Coming { workload: call.workload, index: call.index + TURN, context: 0 };
        match &call.of.arrivals {
            Arrivals::Users(_) => self.think(next, now),
            Arrivals::Sessions(sessions) => {
                let session = who(call.index);
                let turns = self.clients[call.workload as usize].turns;
                let last = u64::from(whole(sessions.turns.at(turns, session))) - 1;
                if !is_answered || call.index / TURN >= last {
                    self.prompt_cache.forget(call.workload as usize, session);
                    return self.end_session(call, session, is_answered, now);
                }
                let carried = call.carried.billed();
                // What is added to every input is no part of what was said: each turn has it once.
                let said = carried.input().saturating_sub(call.of.tokens.extra_input.into());
                let context = if sessions.accumulates { said + carried.output } else { 0 };
                self.think(Coming { context: context.min(LONGEST_PROMPT) as u32, ..next }, now);
            }
            Arrivals::Renewal { .. } | Arrivals::Batches(_) | Arrivals::Trace(_) => {}
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

    fn think(&mut self, coming: Coming, now: u64) {
        let w: &Workload = &self.model.workloads[coming.workload as usize];
        let think_time = match &w.arrivals {
            Arrivals::Users(users) => &users.think_time,
            Arrivals::Sessions(sessions) => &sessions.think_time,
            Arrivals::Renewal { .. } | Arrivals::Batches(_) | Arrivals::Trace(_) => return,
        };
        let stream = self.clients[coming.workload as usize].think;
        // Whatever the thought, it takes a moment: nothing comes before what caused it.
        let at = now + round_half_up(think_time.at(stream, coming.index)).max(1);
        if at >= self.hard_end {
            return;
        }
        match self.coming.insert(coming) {
            Some(slot) => self.queue.push(Event::new(at, Class::Arrival, slot)),
            None => self.overflowed = true,
        }
    }

    /// The next request of a user or a session arrives.
    pub(super) fn arrive_again(&mut self, slot: u32, now: u64) {
        let Coming { workload, index, context } = *self.coming.get(slot);
        self.coming.remove(slot);
        let of = &self.model.workloads[workload as usize];
        let Some(draws) = &self.clients[workload as usize].draws else { return };
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
            workload,
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

//! Services whose ends are known ahead: where one workload meets one quota, nothing but a request decides when its service
//! ends if it begins on arrival.

use std::sync::Arc;

use super::attempt::{Attempt, Fate, Label};
use super::call::Carried;
use super::observer::Observer;
use super::{Engine, NoRoom, Score};
use crate::model::capacity::limiter::Settlement;
use crate::model::capacity::{Ask, Used};
use crate::model::workload::steps::Stage;
use crate::queue::{Class, Event};

/// The requests of one workload whose ends of service are known before the run, and the capacity that serves them.
#[derive(Debug)]
pub(super) struct Foresight<'m> {
    score: Arc<Score>,
    to: &'m Stage,
    capacity: usize,
    /// The output cap in force \[tokens\].
    cap: u32,
}

/// A request whose end of service is known before the run.
#[derive(Debug, Clone, Copy)]
pub(super) struct Foreseen {
    /// The arrival of the request \[µs\].
    pub(super) arrival: u64,
    carried: Carried,
    ask: Ask,
    used: Used,
}

impl<'m> Foresight<'m> {
    pub(super) fn new(score: Arc<Score>, to: &'m Stage) -> Self {
        Self { score, to, capacity: to.route[0], cap: u32::try_from(to.output_cap).unwrap_or(u32::MAX) }
    }

    /// Returns the number of requests that are known; they are those with smaller numbers.
    pub(super) fn requests(&self) -> u64 {
        self.score.requests()
    }

    #[inline(always)]
    pub(super) fn of(&self, number: u32) -> Foreseen {
        let (arrival, input, wanted) = self.score.request(number);
        let carried = Carried::plain(input, wanted.min(self.cap));
        let used = Used { burned: carried.burned(self.to), output: u64::from(carried.output) };
        Foreseen { arrival, carried, ask: carried.ask(self.cap, 0), used }
    }
}

impl<O: Observer> Engine<'_, O> {
    /// The end of a service that was foreseen.
    #[inline(always)]
    pub(super) fn complete_foreseen(&mut self, number: u32, now: u64) {
        let Some(foresight) = &self.foresight else { return };
        let (Foreseen { arrival, ask, used, .. }, capacity) = (foresight.of(number), foresight.capacity);
        let settlement =
            Settlement { reserved: ask.reserved(), charged: used.burned, admitted_at: arrival, admission: 0 };
        let queues_may_move = self.supply.settle(capacity, now, settlement, || (ask, used));
        self.observer.answered(0);
        self.clients[0].retry_quotas.give_back(u64::from(number), 0);
        if self.is_measured(arrival) {
            self.open -= 1;
        }
        if queues_may_move {
            self.drain_neighbours(capacity, now);
        }
    }

    /// Returns the class and the slot of an event; a foreseen end gets the slot of an attempt, so that it finds its
    /// place among others of its instant.
    pub(super) fn put_in_a_slot(&mut self, event: Event) -> (Class, u32) {
        let as_it_is = (event.class(), event.slot());
        let (Class::Foreseen, Some(foresight)) = (event.class(), &self.foresight) else { return as_it_is };
        let (Foreseen { arrival, carried, ask, used }, capacity) = (foresight.of(event.slot()), foresight.capacity);
        let attempt = Attempt {
            admitted: arrival,
            index: u64::from(event.slot()),
            admission: 0,
            burned: used.burned,
            reserved: ask.reserved(),
            carried,
            label: Label {
                workload: 0,
                capacity: capacity as u16,
                attempt: 0,
                last_cost: 0,
                fate: Fate::new(true, self.is_measured(arrival), &self.clients[0].retry_quotas),
            },
        };
        match self.attempts.insert(attempt) {
            Some(slot) => (Class::Completion, slot),
            None => {
                self.full = Some(NoRoom::InService);
                as_it_is
            }
        }
    }
}

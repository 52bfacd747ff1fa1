//! The course of a call: arrival, offers along the route, service, completion.
//!
//! This is the short admission path, of calls and capacities that depend only on limits, concurrency and a queue.
//! `special.rs` has the full one.

use super::attempt::{Attempt, Fate, Label};
use super::observer::{Admission, Failure, Observer, Refusal, Who};
use super::queueing::Joined;
use super::supply::Quick;
use super::{Call, Engine, NoRoom, Progress, State};
use crate::model::capacity::limiter::Settlement;
use crate::model::capacity::{Reason, Refused, Saturation};
use crate::model::workload::Failover;
use crate::queue::{Class, Event};

/// The result of an offer.
pub(super) enum Answer {
    Admitted,
    Queued,
    Refused(Refusal),
}

impl Answer {
    pub(super) fn refused(reason: Reason) -> Self {
        Self::Refused(Refusal { refused: Refused::of(reason), quota: None })
    }
}

impl<'m, O: Observer> Engine<'m, O> {
    /// Handles the arrival of a call that takes the full admission path.
    #[inline(never)]
    pub(super) fn arrive_special(&mut self, call: Call<'m>) {
        self.send(&call, Progress::first(&call, call.arrival), call.arrival);
    }

    /// Handles an arrival that its first capacity did not admit immediately, or that will not be answered in time.
    #[inline(never)]
    pub(super) fn arrive_otherwise(&mut self, call: &Call<'m>, quick: Quick) {
        let (capacity, now) = (call.to.route[0], call.arrival);
        let progress = Progress::first(call, now);
        if let Answer::Refused(refusal) = self.answer(call, progress, 0, capacity, now, quick) {
            self.turn_from(call, progress, 0, refusal, now);
        }
    }

    /// Offers the attempt to the capacities of the route from position `from` on. The first that admits serves it.
    #[inline(never)]
    pub(super) fn pass_along(&mut self, call: &Call<'m>, progress: Progress, from: usize, now: u64) {
        self.observer.offered(call.who());
        self.offer_along(call, progress, from, now);
    }

    /// Offers the attempt to the capacities of the route from position `from` on. The observer knows of the first offer
    /// already.
    #[inline(always)]
    pub(super) fn offer_along(&mut self, call: &Call<'m>, progress: Progress, from: usize, now: u64) {
        if let Answer::Refused(refusal) = self.offer(call, progress, from, call.to.route[from], now) {
            self.turn_from(call, progress, from, refusal, now);
        }
    }

    /// The capacity at this position refused: the attempt goes on along the route, when the refusal has reached the
    /// caller.
    #[cold]
    #[inline(never)]
    fn turn_from(&mut self, call: &Call<'m>, progress: Progress, position: usize, refusal: Refusal, now: u64) {
        let (mut position, mut refusal) = (position, refusal);
        loop {
            let (capacity, status) = (call.to.route[position], refusal.refused.status);
            self.refuse(call.who(), capacity, refusal, now);
            position += 1;
            if self.refusal_takes_time(call, progress, position, capacity, status, now) {
                return;
            }
            let Some(&next) = call.to.route.get(position).filter(|_| call.of.failover == Failover::AtOnce) else {
                return self.fail(call, progress, Failure::Refused(status), now);
            };
            self.observer.offered(call.who());
            match self.offer(call, progress, position, next, now) {
                Answer::Refused(next) => refusal = next,
                Answer::Admitted | Answer::Queued => return,
            }
        }
    }

    #[cold]
    #[inline(never)]
    pub(super) fn refuse(&mut self, who: Who, capacity: usize, refusal: Refusal, now: u64) {
        self.observer.refused(who, capacity, refusal, now);
        self.supply.count_refused(capacity, now, self.admissions);
    }

    #[inline(always)]
    fn offer(&mut self, call: &Call<'m>, progress: Progress, position: usize, capacity: usize, now: u64) -> Answer {
        if call.is_special {
            return self.offer_special(call, progress, position, capacity, now);
        }
        self.admissions += 1;
        let quick = self.supply.offer(capacity, now, call.ask(), self.admissions);
        self.answer(call, progress, position, capacity, now, quick)
    }

    #[inline(always)]
    fn answer(
        &mut self,
        call: &Call<'m>,
        progress: Progress,
        position: usize,
        capacity: usize,
        now: u64,
        quick: Quick,
    ) -> Answer {
        match quick {
            Quick::Taken => {
                self.serve(call, progress, position, capacity, now);
                Answer::Admitted
            }
            Quick::Special => self.offer_special(call, progress, position, capacity, now),
            Quick::TooLarge => Answer::refused(Reason::TooLarge),
            Quick::Behind => self.queue_up(call, progress, position, capacity, now, None),
            Quick::Refused(refusal) => self.queue_up(call, progress, position, capacity, now, Some(refusal)),
        }
    }

    /// Waits where waiting is possible; else meets the refusal.
    #[inline(never)]
    pub(super) fn queue_up(
        &mut self,
        call: &Call<'m>,
        progress: Progress,
        position: usize,
        capacity: usize,
        now: u64,
        refusal: Option<Refusal>,
    ) -> Answer {
        match (self.supply.capacities[capacity].saturation, refusal) {
            (Saturation::Throttle, Some(refusal)) => Answer::Refused(refusal),
            (Saturation::Throttle, None) => unreachable!("a capacity that throttles has no queue"),
            (Saturation::Queue { max_queue, .. }, _) => {
                if self.supply.capacities[capacity].waiting >= max_queue {
                    return Answer::refused(Reason::QueueFull);
                }
                if refusal.is_some() {
                    self.supply.capacities[capacity].blocked_by = refusal;
                }
                self.join_queue(Joined { call: *call, progress, position, capacity }, now);
                Answer::Queued
            }
        }
    }

    /// Begins service, which the limits have admitted.
    #[inline(never)]
    pub(super) fn serve(&mut self, call: &Call<'m>, progress: Progress, position: usize, capacity: usize, now: u64) {
        let (ends, deadline) = (now + call.service, self.deadline(call, progress));
        let (ask, answered) = (call.ask(), ends <= deadline);
        self.observer.admitted(&Admission {
            who: call.who(),
            capacity,
            stage: usize::from(call.stage),
            spilled: position > 0,
            begins: now,
            ends,
            ttft: call.ttft,
            served_before: 0,
            refused_before: progress.refused,
            is_last: true,
            rerouted: false,
            answered,
            is_retry: !progress.is_first(),
            completes: ends < self.hard_end,
            truncated: call.truncated,
            tokens: call.carried.billed(),
            reserved: ask.reserved(),
            charged: call.burned(),
        });
        let quotas = &self.clients[call.workload as usize].retry_quotas;
        let attempt = Attempt {
            admitted: now,
            index: call.index,
            admission: self.admissions,
            burned: call.burned(),
            reserved: ask.reserved(),
            carried: call.carried,
            label: Label {
                workload: call.workload as u16,
                capacity: capacity as u16,
                attempt: progress.attempt as u16,
                last_cost: progress.last_cost as u8,
                fate: Fate::new(answered, self.is_measured(call.arrival), quotas),
            },
        };
        self.begin(attempt, ends);
        if !answered {
            self.abandon(call, progress, deadline);
        } else if let Some(slot) = progress.slot {
            self.close(slot);
        }
    }

    /// Notes the end of a service that begins.
    #[inline(always)]
    pub(super) fn begin(&mut self, attempt: Attempt, ends: u64) {
        match self.attempts.insert(attempt) {
            Some(slot) => self.queue.push(Event::new(ends, Class::Completion, slot)),
            None => self.full = Some(NoRoom::InService),
        }
    }

    /// The client will give up before the attempt ends; both go on.
    pub(super) fn abandon(&mut self, call: &Call<'m>, progress: Progress, deadline: u64) {
        if self.is_measured(call.arrival) {
            self.open += 1;
        }
        self.hold(call, progress, State::Doomed, deadline, Some(deadline));
    }

    #[inline(always)]
    pub(super) fn complete(&mut self, slot: u32, now: u64) {
        // A look at what is there: most completions need few of the fields.
        let attempt = self.attempts.get(slot);
        let Label { workload, capacity, last_cost, fate, .. } = attempt.label;
        let (workload, capacity) = (usize::from(workload), usize::from(capacity));
        let settlement = Settlement {
            reserved: attempt.reserved,
            charged: attempt.burned,
            admitted_at: attempt.admitted,
            admission: attempt.admission,
        };
        let queues_may_move = self.supply.settle(capacity, now, settlement, || (attempt.ask(), attempt.used()));
        if fate.is(Fate::ANSWERED) {
            self.observer.answered(workload);
        }
        if fate.is(Fate::PAYS_BACK) {
            self.clients[workload].retry_quotas.give_back(attempt.index, u32::from(last_cost));
        }
        self.open -= u64::from(fate.is(Fate::MEASURED));
        self.attempts.remove(slot);
        if queues_may_move {
            self.drain_neighbours(capacity, now);
        }
    }
}

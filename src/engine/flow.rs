//! What happens to a call: arrival, offers along the route, service, completion.
//!
//! This is the short way, of calls and capacities that know only limits, concurrency and a queue. `special.rs` has the
//! long one.

use super::call::Carried;
use super::observer::{Admission, Failure, Observer, Refusal, Who};
use super::queueing::Joined;
use super::supply::{Quick, Used};
use super::{Attempt, Call, Engine, Progress, State};
use crate::model::capacity::{Ask, Reason, Refused, Saturation};
use crate::model::workload::Failover;
use crate::queue::{Class, Event};
use crate::units::Tokens;

/// How an offer was met.
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

/// A service that begins: what is told of it, and what its end needs.
#[derive(Debug, Clone, Copy)]
pub(super) struct Began {
    /// \[µs\]
    pub(super) now: u64,
    /// Of the request \[µs\].
    pub(super) arrival: u64,
    /// The request's number within its workload.
    pub(super) index: u64,
    /// From the start of service to the first and to the last token \[µs\].
    pub(super) ttft: u64,
    pub(super) service: u64,
    /// What it is charged of a quota in the end \[tokens\].
    pub(super) burned: Tokens,
    pub(super) carried: Carried,
    /// \[tokens\]
    pub(super) cap: u32,
    pub(super) workload: u32,
    /// As in [`Progress`].
    pub(super) attempt: u32,
    pub(super) last_cost: u32,
    /// The capacity is not the first of the route.
    pub(super) spilled: bool,
    pub(super) truncated: bool,
}

impl Began {
    #[inline(always)]
    fn ends(&self) -> u64 {
        self.now + self.service
    }

    #[inline(always)]
    fn who(&self) -> Who {
        Who { workload: self.workload as usize, arrival: self.arrival }
    }

    #[inline(always)]
    fn ask(&self) -> Ask {
        self.carried.ask(self.cap)
    }
}

impl<'m, O: Observer> Engine<'m, O> {
    /// The first offer of an arrival that goes the short way. Nearly all are taken and answered in time: these need no
    /// call, which costs as much to write down as the rest of the way. `call` writes it down for the others.
    #[inline(always)]
    pub(super) fn arrive(&mut self, capacity: usize, began: Began, deadline: u64, call: impl FnOnce() -> Call<'m>) {
        self.count_arrival(began.who());
        self.admissions += 1;
        match self.supply.offer(capacity, began.now, began.ask(), self.admissions) {
            Quick::Taken if began.ends() <= deadline => self.begin(&began, capacity, true),
            other => self.arrive_otherwise(call(), other),
        }
    }

    /// The arrival of a call that goes the long way.
    #[inline(never)]
    pub(super) fn arrive_special(&mut self, call: Call<'m>) {
        self.count_arrival(call.who());
        self.send(&call, Progress::first(&call, call.arrival), call.arrival);
    }

    #[inline(always)]
    fn count_arrival(&mut self, who: Who) {
        self.events += 1;
        if self.is_measured(who.arrival) {
            self.open += 1;
        }
        self.observer.arrived(who);
    }

    /// Goes on with an arrival that its first capacity has not taken at once, or whose client will give up before its end.
    #[inline(never)]
    fn arrive_otherwise(&mut self, call: Call<'m>, quick: Quick) {
        let (capacity, now) = (call.to.route[0], call.arrival);
        let progress = Progress::first(&call, now);
        if let Answer::Refused(refusal) = self.answer(&call, progress, 0, capacity, now, quick) {
            self.turn_from(&call, progress, 0, refusal, now);
        }
    }

    /// Offers the attempt to the capacities of the route from position `from` on. The first that admits serves it.
    #[inline(never)]
    pub(super) fn pass_along(&mut self, call: &Call<'m>, progress: Progress, from: usize, now: u64) {
        self.observer.offered(call.who());
        self.offer_along(call, progress, from, now);
    }

    /// The same for an offer that the observer knows of.
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
                return self.fail(*call, progress, Failure::Refused(status), now);
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
        self.observer.refused(who, capacity, refusal);
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
                self.join_queue(Joined { call: *call, progress, position, capacity }, now);
                Answer::Queued
            }
        }
    }

    /// Begins service, which the limits have admitted.
    #[inline(always)]
    pub(super) fn serve(&mut self, call: &Call<'m>, progress: Progress, position: usize, capacity: usize, now: u64) {
        let deadline = self.deadline(call, progress);
        let began = Began {
            now,
            arrival: call.arrival,
            index: call.index,
            ttft: call.ttft,
            service: call.service,
            burned: call.burned(),
            carried: call.carried,
            cap: call.cap,
            workload: call.workload,
            attempt: progress.attempt,
            last_cost: progress.last_cost,
            spilled: position > 0,
            truncated: call.truncated,
        };
        let answered = began.ends() <= deadline;
        self.begin(&began, capacity, answered);
        if !answered {
            self.abandon(*call, progress, deadline);
        } else if let Some(slot) = progress.slot {
            self.close(slot);
        }
    }

    /// Tells the observer of a service, and notes its end.
    #[inline(always)]
    fn begin(&mut self, began: &Began, capacity: usize, answered: bool) {
        let (ends, ask) = (began.ends(), began.ask());
        self.observer.admitted(&Admission {
            who: began.who(),
            capacity,
            spilled: began.spilled,
            begins: began.now,
            ends,
            ttft: began.ttft,
            served_before: 0,
            is_last: true,
            rerouted: false,
            answered,
            completes: ends < self.hard_end,
            truncated: began.truncated,
            tokens: began.carried.billed(),
            reserved: ask.reserved(),
            charged: began.burned,
        });
        let attempt = self.attempts.insert(Attempt {
            admitted: began.now,
            arrival: began.arrival,
            index: began.index,
            admission: self.admissions,
            burned: began.burned,
            input: ask.input as u32,
            cap: began.cap,
            cache_read: began.carried.cache_read,
            output: began.carried.output,
            workload: began.workload as u16,
            capacity: capacity as u16,
            attempt: began.attempt as u16,
            last_cost: began.last_cost as u8,
            answered,
        });
        match attempt {
            Some(slot) => self.queue.push(Event { at: ends, class: Class::Completion, slot }),
            None => self.overflowed = true,
        }
    }

    /// The client will give up before the attempt ends; both go on.
    pub(super) fn abandon(&mut self, call: Call<'m>, progress: Progress, deadline: u64) {
        if self.is_measured(call.arrival) {
            self.open += 1;
        }
        self.hold(call, progress, State::Doomed, deadline, Some(deadline));
    }

    #[inline(always)]
    pub(super) fn complete(&mut self, slot: u32, now: u64) {
        let attempt = *self.attempts.get(slot);
        self.attempts.remove(slot);
        let who = Who { workload: usize::from(attempt.workload), arrival: attempt.arrival };
        let capacity = usize::from(attempt.capacity);
        let ask = Ask {
            input: u64::from(attempt.input),
            cap: u64::from(attempt.cap),
            cache_read: u64::from(attempt.cache_read),
        };
        let used = Used { burned: attempt.burned, output: u64::from(attempt.output) };
        let queues_may_move = self.supply.settle(capacity, now, ask, used, attempt.admitted, attempt.admission);
        if attempt.answered {
            self.observer.answered(who.workload);
            self.clients[who.workload].retry_quotas.give_back(attempt.index, u32::from(attempt.last_cost));
        }
        if self.is_measured(who.arrival) {
            self.open -= 1;
        }
        if queues_may_move {
            self.drain_neighbours(capacity, now);
        }
    }
}

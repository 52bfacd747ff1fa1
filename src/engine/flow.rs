//! What happens to a call: arrival, offers along the route, service, completion.
//!
//! This is the short way, of calls and capacities that know only limits, concurrency and a queue. `special.rs` has the
//! long one.

use super::observer::{Admission, Observer, Refusal, Who};
use super::queueing::Joined;
use super::supply::Used;
use super::{Attempt, Call, Engine, Progress, State};
use crate::model::capacity::{Ask, Reason, Refused, Saturation, Status};
use crate::model::workload::Failover;
use crate::queue::{Class, Event};

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

impl<'m, O: Observer> Engine<'m, O> {
    #[inline(always)]
    pub(super) fn arrive(&mut self, call: Call<'m>) {
        self.events += 1;
        if self.is_measured(call.arrival) {
            self.open += 1;
        }
        self.observer.arrived(call.who());
        let last = call.of.stages.len() as u32 - 1;
        self.pass_along(&call, Progress::first(call.stage, last, call.arrival), 0, call.arrival);
    }

    /// Offers the attempt to the capacities of the route from position `from` on. The first that admits serves it.
    #[inline(always)]
    pub(super) fn pass_along(&mut self, call: &Call<'m>, progress: Progress, from: usize, now: u64) {
        let route = &call.to.route;
        let mut last = Status::Throttled;
        let mut position = from;
        while let Some(&capacity) = route.get(position) {
            match self.offer(call, progress, position, capacity, now) {
                Answer::Admitted | Answer::Queued => return,
                Answer::Refused(refusal) => {
                    last = refusal.refused.status;
                    self.refuse(call.who(), capacity, refusal, now);
                    if self.refusal_takes_time(call, progress, position, capacity, last, now) {
                        return;
                    }
                }
            }
            position += 1;
            if call.of.failover == Failover::AfterRetries {
                break;
            }
        }
        self.fail(*call, progress, super::observer::Failure::Refused(last), now);
    }

    #[cold]
    #[inline(never)]
    pub(super) fn refuse(&mut self, who: Who, capacity: usize, refusal: Refusal, now: u64) {
        self.observer.refused(who, capacity, refusal);
        self.supply.count_refused(capacity, now, self.admissions);
    }

    #[inline(always)]
    fn offer(&mut self, call: &Call<'m>, progress: Progress, position: usize, capacity: usize, now: u64) -> Answer {
        self.observer.offered(call.who());
        if self.supply.capacities[capacity].is_special || call.is_special {
            return self.offer_special(call, progress, position, capacity, now);
        }
        let ask = call.ask();
        if !self.supply.ever_admits(capacity, ask) {
            return Answer::refused(Reason::TooLarge);
        }
        if self.supply.capacities[capacity].waiting > 0 {
            // First in, first out: who comes later waits behind.
            return self.queue_up(call, progress, position, capacity, now, None);
        }
        self.admissions += 1;
        match self.supply.test(capacity, now, ask) {
            Ok(()) => {
                self.supply.take(capacity, now, ask, self.admissions);
                self.serve(call, progress, position, capacity, now);
                Answer::Admitted
            }
            Err(refusal) => match self.supply.capacities[capacity].saturation {
                Saturation::Throttle => Answer::Refused(refusal),
                Saturation::Queue { .. } => self.queue_up(call, progress, position, capacity, now, Some(refusal)),
            },
        }
    }

    /// Waits where waiting is possible; else meets the refusal.
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
        let ends = now + call.service;
        let deadline = self.deadline(call, progress);
        let answered = ends <= deadline;
        let ask = call.ask();
        let burned = ask.input + call.to.facts.burndown.of(call.tokens.output);
        self.observer.admitted(&Admission {
            who: call.who(),
            capacity,
            spilled: position > 0,
            begins: now,
            ends,
            ttft: call.ttft,
            served_before: 0,
            is_last: true,
            answered,
            completes: ends < self.hard_end,
            truncated: call.truncated,
            tokens: call.tokens,
            reserved: ask.reserved(),
            charged: burned,
        });
        let attempt = self.attempts.insert(Attempt {
            admitted: now,
            arrival: call.arrival,
            index: call.index,
            admission: self.admissions,
            burned,
            input: ask.input as u32,
            cap: ask.cap as u32,
            cache_read: ask.cache_read as u32,
            output: call.tokens.output as u32,
            workload: call.workload as u16,
            capacity: capacity as u16,
            attempt: progress.attempt as u16,
            last_cost: progress.last_cost as u8,
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
            self.abandon(*call, progress, deadline);
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
        self.supply.settle(capacity, now, ask, used, attempt.admitted, attempt.admission);
        if attempt.answered {
            self.observer.answered(who, true);
            self.clients[who.workload].retry_quotas.give_back(attempt.index, u32::from(attempt.last_cost));
        }
        if self.is_measured(who.arrival) {
            self.open -= 1;
        }
        if !self.supply.capacities[capacity].neighbours.is_empty() {
            self.drain_neighbours(capacity, now);
        }
    }
}

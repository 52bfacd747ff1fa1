//! The event loop: plays a tape of requests against the modelled capacities.
//!
//! The loop merges two sorted streams: arrivals, which come from the tape and are never queued, and events, which come
//! from the [`EventQueue`]. An arrival is *offered* along its workload's route; a capacity that takes it schedules its
//! completion; a refusal schedules a retry or ends the request. [`Engine::advance`] plays one stretch of the tape and can
//! be called again; [`Engine::finish`] plays what is left.
//!
//! Nothing in the loop allocates, but for tables that grow to the number of requests alive.

pub mod observer;

mod flow;
mod plan;
mod slab;
mod supply;

use std::mem;
use std::ops::ControlFlow;

use crate::model::Model;
use crate::model::client::retry::RetryQuotas;
use crate::model::pricing::BilledTokens;
use crate::model::workload::Workload;
use crate::queue::{Class, Event, EventQueue};
use crate::random::{Purpose, Stream};
use crate::traffic::{Stretch, Tape};
use crate::units::Tokens;
use observer::{CapacitySnapshot, Observer, Snapshot, Who};
use plan::{Luck, Plan};
use slab::Slab;
use supply::Supply;

/// A request on its way: everything that an offer needs.
#[derive(Debug, Clone, Copy)]
struct Call<'m> {
    workload: usize,
    of: &'m Workload,
    /// The request's number within its workload.
    index: u64,
    /// \[µs\]
    arrival: u64,
    /// What a completed attempt is billed for \[tokens\].
    tokens: BilledTokens,
    /// The output cap in force \[tokens\].
    cap: Tokens,
    truncated: bool,
    /// From the start of service to the first and to the last token \[µs\].
    ttft: u64,
    service: u64,
}

/// Where a request stands with its client.
#[derive(Debug, Clone, Copy)]
struct Progress {
    /// The number of the attempt, from 0.
    attempt: u32,
    /// When the attempt was sent \[µs\].
    sent: u64,
    /// What the last retry cost of the retry quota.
    last_cost: u32,
    /// The slot of the request, when it has one.
    slot: Option<u32>,
}

/// What a request with a slot does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// In the queue of the capacity at this position of the route, since an instant \[µs\].
    Waiting {
        position: usize,
        since: u64,
        ticket: u64,
    },
    /// In service, and the client will give up before it ends.
    Doomed,
    BackingOff,
    /// It has its outcome, or its answer is sure; only timers still name it.
    Over,
}

/// A request that lives longer than one instant without being sure of its answer.
#[derive(Debug, Clone, Copy)]
struct Request<'m> {
    call: Call<'m>,
    progress: Progress,
    state: State,
    /// When the client gives up on the attempt or the request; timers for other instants are stale \[µs\].
    deadline: u64,
    /// Timers in the event queue that name the slot.
    timers: u32,
}

/// An attempt in service.
#[derive(Debug, Clone, Copy)]
struct Attempt {
    admitted: u64,
    arrival: u64,
    index: u64,
    admission: u64,
    reserve: Tokens,
    charged: Tokens,
    cache_read: u32,
    workload: u16,
    capacity: u16,
    attempt: u16,
    last_cost: u16,
    answered: bool,
}

/// Per workload: its streams, its plan, its retry quotas.
#[derive(Debug)]
struct Client {
    luck: Luck,
    plan: Plan,
    backoff: Stream,
    unavailable: Stream,
    retry_quotas: RetryQuotas,
}

/// A run in progress.
#[derive(Debug)]
pub struct Engine<'m, O> {
    model: &'m Model,
    observer: O,
    queue: EventQueue,
    supply: Supply,
    clients: Vec<Client>,
    requests: Slab<Request<'m>>,
    attempts: Slab<Attempt>,
    /// Events tied in time and class, put in order.
    tied: Vec<u32>,
    /// The instant of the next edge that the observer asked for \[µs\].
    next_edge: u64,
    measured_from: u64,
    measured_to: u64,
    hard_end: u64,
    /// Measured requests without an outcome, and attempts of measured requests that ended otherwise and still run.
    open: u64,
    backing_off: u64,
    admissions: u64,
    tickets: u64,
    events: u64,
    overflowed: bool,
}

/// What a run leaves behind.
#[derive(Debug)]
pub struct Finished<O> {
    pub observer: O,
    /// Measured requests that were still open, by workload; found by looking, not by counting. `None` after an overflow,
    /// which leaves requests that are nowhere.
    pub unfinished: Option<Vec<u64>>,
    /// Arrivals and queue events played.
    pub events: u64,
    /// More requests were alive than the engine can tell apart; the run ended there.
    pub overflowed: bool,
}

/// Plays one replication from its tape to its end.
pub fn run<O: Observer>(model: &Model, replication: u64, observer: O) -> Finished<O> {
    let mut tape = Tape::new(&model.workloads, model.run.seed, replication);
    let mut engine = Engine::new(model, replication, observer);
    while let Some(stretch) = tape.next_stretch() {
        if engine.advance(&stretch).is_break() {
            break;
        }
    }
    engine.finish()
}

impl<'m, O: Observer> Engine<'m, O> {
    pub fn new(model: &'m Model, replication: u64, observer: O) -> Self {
        let run = &model.run;
        let clients = model
            .workloads
            .iter()
            .map(|w| {
                let stream = |purpose| Stream::new(run.seed, replication, purpose, &w.name);
                Client {
                    luck: Luck::new(run.seed, replication, &w.name),
                    plan: Plan::default(),
                    backoff: stream(Purpose::Backoff),
                    unavailable: stream(Purpose::Unavailable),
                    retry_quotas: RetryQuotas::new(w.client.retries.quota, w.client.processes),
                }
            })
            .collect();
        Self {
            model,
            next_edge: observer.next_edge(),
            observer,
            queue: EventQueue::new(),
            supply: Supply::new(model),
            clients,
            requests: Slab::new(),
            attempts: Slab::new(),
            tied: Vec::new(),
            measured_from: run.warmup.0,
            measured_to: run.measured_end().0,
            hard_end: run.hard_end().0,
            open: 0,
            backing_off: 0,
            admissions: 0,
            tickets: 0,
            events: 0,
            overflowed: false,
        }
    }

    /// Plays a stretch of the tape and every event before its last arrival. Breaks when the run is over.
    pub fn advance(&mut self, stretch: &Stretch<'_>) -> ControlFlow<()> {
        let workload = &self.model.workloads[stretch.workload];
        let client = &mut self.clients[stretch.workload];
        // The plan is away while its rows are played, so that the loop borrows nothing of the engine.
        let mut plan = mem::take(&mut client.plan);
        plan.follow(stretch.block, workload, client.luck);
        let flow = self.play_rows(stretch, workload, &plan);
        self.clients[stretch.workload].plan = plan;
        flow
    }

    fn play_rows(&mut self, stretch: &Stretch<'_>, workload: &'m Workload, plan: &Plan) -> ControlFlow<()> {
        let (block, rows) = (stretch.block, stretch.rows.clone());
        let times = plan.ttft[rows.clone()].iter().zip(&plan.service[rows.clone()]);
        let tokens = block.input[rows.clone()].iter().zip(&block.wanted[rows.clone()]);
        let columns = block.arrival[rows.clone()].iter().zip(tokens).zip(times);
        for (row, ((&arrival, (&input, &wanted)), (&ttft, &service))) in rows.zip(columns) {
            // At the hard end nothing happens any more, whichever stream would bring it.
            let (at, class) = if arrival < self.hard_end {
                (arrival, Class::Arrival)
            } else {
                (self.hard_end, Class::CapacityChange)
            };
            self.play_until(at, class);
            if self.is_over(arrival) {
                return ControlFlow::Break(());
            }
            if arrival >= self.next_edge {
                self.pass_edges(arrival);
            }
            let cap = workload.output_cap.min(u64::from(plan::own_cap(block, row)));
            let parts = workload.cache.split(u64::from(input));
            let wanted = u64::from(wanted);
            self.arrive(Call {
                workload: stretch.workload,
                of: workload,
                index: block.first + row as u64,
                arrival,
                tokens: BilledTokens {
                    uncached: parts.uncached,
                    cache_read: parts.read,
                    cache_write: parts.write,
                    output: wanted.min(cap),
                },
                cap,
                truncated: wanted > cap,
                ttft,
                service,
            });
        }
        ControlFlow::Continue(())
    }

    /// Whether nothing measured can happen any more at `now`.
    #[inline]
    fn is_over(&self, now: u64) -> bool {
        self.overflowed || (now >= self.measured_to && (self.open == 0 || now >= self.hard_end))
    }

    /// Plays what the tape has left behind, to the end of the run.
    pub fn finish(mut self) -> Finished<O> {
        'run: loop {
            let limit = self.queue.limit(self.hard_end, Class::CapacityChange);
            while let Some(event) = self.queue.pop_below(limit) {
                if self.is_over(event.at) {
                    break 'run;
                }
                self.play(event);
            }
            if !self.queue.follow(self.hard_end) {
                break;
            }
        }
        self.pass_edges(self.measured_to);
        self.leave_queues();
        let unfinished = (!self.overflowed).then(|| self.unfinished());
        Finished { observer: self.observer, unfinished, events: self.events, overflowed: self.overflowed }
    }

    /// Plays the events that come before (`at`, `class`).
    #[inline(always)]
    fn play_until(&mut self, at: u64, class: Class) {
        loop {
            let limit = self.queue.limit(at, class);
            while let Some(event) = self.queue.pop_below(limit) {
                self.play(event);
            }
            if !self.queue.follow(at) {
                return;
            }
        }
    }

    /// Plays an event and those tied with it, in the order of workload, request and attempt.
    #[inline(always)]
    fn play(&mut self, event: Event) {
        if event.at >= self.next_edge {
            self.pass_edges(event.at);
        }
        match self.queue.pop_tied() {
            Some(second) => self.play_tied(event, second),
            None if event.class == Class::Completion => {
                self.events += 1;
                self.complete(event.slot, event.at);
            }
            None => self.play_one(event),
        }
    }

    #[cold]
    fn play_tied(&mut self, first: Event, second: Event) {
        let mut tied = mem::take(&mut self.tied);
        tied.clear();
        tied.extend([first.slot, second.slot]);
        while let Some(next) = self.queue.pop_tied() {
            tied.push(next.slot);
        }
        match first.class {
            Class::Completion => tied.sort_by_key(|slot| {
                let a = self.attempts.get(*slot);
                (usize::from(a.workload), a.index, u32::from(a.attempt))
            }),
            Class::Retry | Class::Timeout => tied.sort_by_key(|slot| {
                let r = self.requests.get(*slot);
                (r.call.workload, r.call.index, r.progress.attempt)
            }),
            // The slot is the capacity's index, and capacities are sorted by name.
            Class::CapacityChange | Class::Arrival | Class::WakeUp => {}
        }
        for slot in &tied {
            self.play_one(Event { slot: *slot, ..first });
        }
        self.tied = tied;
    }

    #[inline(never)]
    fn play_one(&mut self, event: Event) {
        self.events += 1;
        match event.class {
            Class::Completion => self.complete(event.slot, event.at),
            Class::Retry => self.retry(event.slot, event.at),
            Class::Timeout => self.time_out(event.slot, event.at),
            Class::WakeUp => self.wake_up(event.slot as usize, event.at),
            Class::CapacityChange | Class::Arrival => {}
        }
    }

    /// Tells the observer of the edges up to `now`, and how the supply stood at each.
    #[cold]
    fn pass_edges(&mut self, now: u64) {
        while self.next_edge <= now {
            let at = self.next_edge;
            let quotas = self.supply.snapshot_quotas(at);
            let capacities = self.supply.capacities.iter_mut().map(|c| {
                let [in_flight_peak, waiting_peak] = c.take_peaks();
                CapacitySnapshot { in_flight: c.in_flight, waiting: c.waiting, in_flight_peak, waiting_peak }
            });
            let capacities: Vec<_> = capacities.collect();
            let backing_off = self.backing_off;
            self.observer.edge(at, Snapshot { quotas: &quotas, capacities: &capacities, backing_off });
            self.next_edge = self.observer.next_edge();
        }
    }

    #[inline]
    fn is_measured(&self, arrival: u64) -> bool {
        (self.measured_from..self.measured_to).contains(&arrival)
    }

    /// Measured requests without an outcome, by workload.
    fn unfinished(&self) -> Vec<u64> {
        let mut count = vec![0; self.model.workloads.len()];
        let open_requests = self
            .requests
            .alive()
            .filter(|r| r.state != State::Over && self.is_measured(r.call.arrival))
            .map(|r| r.call.workload);
        let sure_answers = self
            .attempts
            .alive()
            .filter(|a| a.answered && self.is_measured(a.arrival))
            .map(|a| usize::from(a.workload));
        open_requests.chain(sure_answers).for_each(|workload| count[workload] += 1);
        count
    }

    /// What still waits at the end has waited until then.
    fn leave_queues(&mut self) {
        for (capacity, state) in self.supply.capacities.iter().enumerate() {
            for place in &state.queue {
                if let Some(since) = flow::waits_since(&self.requests, *place) {
                    self.observer.waited(capacity, since, self.hard_end);
                }
            }
        }
    }
}

impl Call<'_> {
    fn who(&self) -> Who {
        Who { workload: self.workload, arrival: self.arrival }
    }
}

//! The event loop: plays a tape of requests against the modelled capacities.
//!
//! The loop merges two sorted streams: arrivals, which come from the tape and are never queued, and events, which come
//! from the [`EventQueue`]. An arrival is *offered* along its workload's route; a capacity that takes it schedules its
//! completion; a refusal schedules a retry or ends the request. [`Engine::advance`] plays one stretch of the tape and can
//! be called again; [`Engine::finish`] plays what is left.
//!
//! Nothing in the loop allocates, but for tables that grow to the number of requests alive.

pub mod observer;

mod batch;
mod clients;
mod flight;
mod flow;
mod plan;
mod prompt_cache;
mod queueing;
mod sharing;
mod slab;
mod special;
mod supply;

use std::mem;
use std::ops::ControlFlow;

use crate::model::Model;
use crate::model::capacity::{Ask, RoomState, Status};
use crate::model::client::retry::RetryQuotas;
use crate::model::pricing::Billed;
use crate::model::workload::Workload;
use crate::model::workload::cache::{Cache, InputParts};
use crate::model::workload::steps::Stage;
use crate::queue::{Class, Event, EventQueue, SLOTS};
use crate::random::{Purpose, Stream};
use crate::traffic::{Stretch, Tape};
use crate::units::Tokens;
use flight::{Flight, Waiting};
use observer::{CapacitySnapshot, Observer, Snapshot, Who};
use plan::{Luck, Plan};
use prompt_cache::PromptCache;
use slab::Slab;
use supply::Supply;

/// A call on its way: everything that an offer needs.
#[derive(Debug, Clone, Copy)]
struct Call<'m> {
    of: &'m Workload,
    /// To which model, by which route: the main call of a request, or a step before it.
    to: &'m Stage,
    /// The request's number within its workload.
    index: u64,
    /// Of the request \[µs\].
    arrival: u64,
    /// From the start of service to the first and to the last token, unless the capacity says otherwise \[µs\].
    ttft: u64,
    service: u64,
    /// The service of the steps before it \[µs\].
    served_before: u64,
    /// What a completed attempt is billed for.
    carried: Carried,
    /// The output cap in force \[tokens\].
    cap: u32,
    workload: u32,
    /// Which of the workload's stages it is.
    stage: u16,
    /// It takes the long way: something beside limits, concurrency and a queue has a say.
    is_special: bool,
    truncated: bool,
}

/// What a call brings and takes home \[tokens\].
#[derive(Debug, Clone, Copy)]
struct Carried {
    uncached: u32,
    cache_read: u32,
    cache_write: u32,
    output: u32,
}

impl Carried {
    fn new(parts: InputParts, output: u64) -> Self {
        Self {
            uncached: parts.uncached as u32,
            cache_read: parts.read as u32,
            cache_write: parts.write as u32,
            output: output as u32,
        }
    }

    #[inline]
    fn billed(self) -> Billed {
        Billed {
            uncached: u64::from(self.uncached),
            cache_read: u64::from(self.cache_read),
            cache_write: u64::from(self.cache_write),
            output: u64::from(self.output),
            calls: 1,
        }
    }
}

/// Where a call stands with its client.
#[derive(Debug, Clone, Copy)]
struct Progress {
    /// The number of the attempt within its request; those of a step before the main call follow [`STEP`].
    attempt: u32,
    /// How many attempts on this part of the route went before.
    tries: u32,
    /// Where on the route the attempt begins.
    leg: u32,
    /// When the attempt was sent \[µs\].
    sent: u64,
    /// What the last retry cost of the retry quota.
    last_cost: u32,
    /// The slot of the request, when it has one.
    slot: Option<u32>,
}

/// Attempts of the steps of a pipeline are numbered apart, so that a retry in one changes no draw of another.
const STEP: u32 = 1 << 10;

impl Progress {
    /// A first attempt.
    #[inline(always)]
    fn first(call: &Call<'_>, sent: u64) -> Self {
        let attempt = if call.is_last() { 0 } else { STEP * (u32::from(call.stage) + 1) };
        Self { attempt, tries: 0, leg: 0, sent, last_cost: 0, slot: None }
    }
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
    /// In service, and it is not known who will be first, the end or the client.
    InService(u32),
    /// The refusal of a capacity is on its way to the caller; the attempt goes on from this position of the route.
    PassingOn {
        position: usize,
        status: Status,
    },
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
    /// \[tokens\]
    burned: Tokens,
    input: u32,
    cap: u32,
    cache_read: u32,
    output: u32,
    workload: u16,
    capacity: u16,
    attempt: u16,
    last_cost: u8,
    answered: bool,
}

/// Slots of attempts in service; those of flights follow, and last come the capacities that are shared.
const ATTEMPTS: u32 = 1 << 23;
const CAPACITIES: u32 = 1 << 16;
const FLIGHTS: u32 = SLOTS - ATTEMPTS - CAPACITIES;
const SHARED: u32 = ATTEMPTS + FLIGHTS;

/// Per workload: its streams, its plan, its retry quotas.
#[derive(Debug)]
struct Client {
    luck: Luck,
    plan: Plan,
    backoff: Stream,
    unavailable: Stream,
    reroute: Stream,
    /// What the main call brings and wants, and what the steps before it do.
    main_tokens: [Stream; 2],
    step_tokens: [Stream; 2],
    is_special: bool,
    retry_quotas: RetryQuotas,
}

/// A run in progress.
#[derive(Debug)]
pub struct Engine<'m, O> {
    model: &'m Model,
    replication: u64,
    observer: O,
    queue: EventQueue,
    supply: Supply,
    clients: Vec<Client>,
    requests: Slab<Request<'m>>,
    attempts: Slab<Attempt>,
    flights: Slab<Flight<'m>>,
    prompt_cache: PromptCache,
    /// What is collected for the next job of each capacity that makes jobs.
    collected: Vec<Vec<u32>>,
    /// Jobs submitted so far, by capacity.
    jobs: Vec<u64>,
    /// Events tied in time and class, put in order.
    tied: Vec<u32>,
    /// The instant of the next edge that the observer asked for \[µs\].
    next_edge: u64,
    measured_from: u64,
    measured_length: u64,
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
                    reroute: stream(Purpose::Reroute),
                    main_tokens: [stream(Purpose::Input), stream(Purpose::Output)],
                    step_tokens: [stream(Purpose::StepInput), stream(Purpose::StepOutput)],
                    is_special: w.stages.len() > 1 || matches!(w.cache, Cache::Prefix(_)) || w.tier.changes_service(),
                    retry_quotas: RetryQuotas::new(w.client.retries.quota, w.client.processes),
                }
            })
            .collect();
        let supply = Supply::new(model, replication);
        let mut queue = EventQueue::new();
        for (at, slot) in supply.change_instants().zip(0..) {
            queue.push(Event { at, class: Class::CapacityChange, slot });
        }
        Self {
            model,
            replication,
            next_edge: observer.next_edge(),
            observer,
            queue,
            supply,
            clients,
            requests: Slab::new(SLOTS),
            attempts: Slab::new(ATTEMPTS),
            flights: Slab::new(FLIGHTS),
            prompt_cache: PromptCache::new(model, replication),
            collected: vec![Vec::new(); model.capacities.len()],
            jobs: vec![0; model.capacities.len()],
            tied: Vec::new(),
            measured_from: run.warmup.0,
            measured_length: run.measured_end().0 - run.warmup.0,
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
        let (to, stage) = (workload.main(), workload.stages.len() as u16 - 1);
        let most = u32::try_from(to.output_cap).unwrap_or(u32::MAX);
        let is_special = self.clients[stretch.workload].is_special;
        let is_late = block.arrival[rows.end - 1] >= self.measured_to;
        let times = plan.ttft[rows.clone()].iter().zip(&plan.service[rows.clone()]);
        let tokens = block.input[rows.clone()].iter().zip(&block.wanted[rows.clone()]);
        let columns = block.arrival[rows.clone()].iter().zip(tokens).zip(times);
        for (row, ((&arrival, (&input, &wanted)), (&ttft, &service))) in rows.zip(columns) {
            // At the hard end nothing happens any more, whichever stream would bring it.
            let (at, class) = if is_late && arrival >= self.hard_end {
                (self.hard_end, Class::CapacityChange)
            } else {
                (arrival, Class::Arrival)
            };
            self.play_until(at, class);
            if self.overflowed || (is_late && self.is_over(arrival)) {
                return ControlFlow::Break(());
            }
            if arrival >= self.next_edge {
                self.pass_edges(arrival);
            }
            let cap = most.min(plan::own_cap(block, row));
            let parts = workload.cache.split(u64::from(input));
            let call = Call {
                of: workload,
                to,
                index: block.first + row as u64,
                arrival,
                ttft,
                service,
                served_before: 0,
                carried: Carried::new(parts, u64::from(wanted.min(cap))),
                cap,
                workload: stretch.workload as u32,
                stage,
                is_special,
                truncated: wanted > cap,
            };
            if stage == 0 {
                self.arrive(call);
            } else {
                // A copy is lent: the call itself stays in registers above.
                self.arrive(self.stage_call(&{ call }, 0));
            }
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
        self.tell_of_flights();
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
            Some(second) => self.play_tied(event.at, event.class, [event.slot, second.slot]),
            None if event.class == Class::Completion && event.slot < ATTEMPTS => {
                self.events += 1;
                self.complete(event.slot, event.at);
            }
            None => self.play_one(event.at, event.class, event.slot),
        }
    }

    #[cold]
    fn play_tied(&mut self, at: u64, class: Class, slots: [u32; 2]) {
        let mut tied = mem::take(&mut self.tied);
        tied.clear();
        tied.extend(slots);
        while let Some(next) = self.queue.pop_tied() {
            tied.push(next.slot);
        }
        match class {
            Class::Completion => self.order_completions(&mut tied, at),
            Class::Retry | Class::Timeout => tied.sort_by_key(|slot| {
                let r = self.requests.get(*slot);
                (r.call.workload, r.call.index, r.progress.attempt)
            }),
            // The slot is the capacity's index or that of a change, and these are sorted by the capacity's name; then come
            // the flights that look at themselves.
            Class::CapacityChange | Class::Arrival | Class::WakeUp => {
                tied.sort_by_key(|slot| self.order_of_wake_up(*slot))
            }
        }
        for slot in &tied {
            self.play_one(at, class, *slot);
        }
        self.tied = tied;
    }

    #[inline(never)]
    fn play_one(&mut self, at: u64, class: Class, slot: u32) {
        self.events += 1;
        match class {
            Class::Completion if slot < ATTEMPTS => self.complete(slot, at),
            Class::Completion if slot < SHARED => self.land(slot - ATTEMPTS, at),
            Class::Completion => self.look_at_shared((slot - SHARED) as usize, at),
            Class::Retry => self.retry(slot, at),
            Class::Timeout => self.time_out(slot, at),
            Class::WakeUp if slot < CAPACITIES => self.wake_up(slot as usize, at),
            Class::WakeUp => self.look_at_flight(slot - CAPACITIES, at),
            Class::CapacityChange => self.change_capacity(slot as usize, at),
            Class::Arrival => {}
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
                let windows = if let RoomState::Copies(copies) = &c.room { copies.windows() } else { 0 };
                CapacitySnapshot { in_flight: c.in_flight, waiting: c.waiting, in_flight_peak, waiting_peak, windows }
            });
            let capacities: Vec<_> = capacities.collect();
            let backing_off = self.backing_off;
            self.observer.edge(at, Snapshot { quotas: &quotas, capacities: &capacities, backing_off });
            self.next_edge = self.observer.next_edge();
        }
    }

    #[inline]
    fn is_measured(&self, arrival: u64) -> bool {
        arrival.wrapping_sub(self.measured_from) < self.measured_length
    }

    /// Measured requests without an outcome, by workload.
    fn unfinished(&self) -> Vec<u64> {
        let mut count = vec![0; self.model.workloads.len()];
        let open_requests = self
            .requests
            .alive()
            .filter(|r| r.state != State::Over && self.is_measured(r.call.arrival))
            .map(|r| r.call.workload as usize);
        let in_flight = self
            .flights
            .alive()
            .filter(|f| !f.is_over && f.waiting == Waiting::Sure && self.is_measured(f.call.arrival))
            .map(|f| f.call.workload as usize);
        let sure_answers = self
            .attempts
            .alive()
            .filter(|a| a.answered && self.is_measured(a.arrival))
            .map(|a| usize::from(a.workload));
        open_requests.chain(in_flight).chain(sure_answers).for_each(|workload| count[workload] += 1);
        count
    }
}

impl Call<'_> {
    #[inline]
    fn who(&self) -> Who {
        Who { workload: self.workload as usize, arrival: self.arrival }
    }

    #[inline]
    fn ask(&self) -> Ask {
        let Carried { uncached, cache_write, cache_read, .. } = self.carried;
        Ask {
            input: u64::from(uncached) + u64::from(cache_write),
            cap: u64::from(self.cap),
            cache_read: u64::from(cache_read),
        }
    }

    /// What it is charged of a quota in the end \[tokens\].
    #[inline]
    fn burned(&self) -> Tokens {
        self.ask().input + self.to.facts.burndown.of(u64::from(self.carried.output))
    }

    /// It is the main call of its request.
    #[inline]
    fn is_last(&self) -> bool {
        self.to.tokens.is_none()
    }
}

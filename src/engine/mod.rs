//! The event loop: simulates a tape of requests against the modelled capacities.
//!
//! The loop merges two sorted streams: arrivals, which come from the tape and are never queued (but for those that wait
//! for the outcome of others), and events, which come from the [`EventQueue`]. An arrival is *offered* along its
//! workload's route; a capacity that takes it schedules its completion; a refusal schedules a retry or ends the request.
//! [`Engine::advance`] simulates one stretch of the tape and can be called again; [`Engine::finish`] simulates the
//! rest.
//!
//! Nothing in the loop allocates, but for tables that grow to the number of requests alive.

pub mod observer;

mod attempt;
mod batch;
mod call;
mod check;
mod clients;
mod ended;
mod flight;
mod flow;
mod foresight;
mod gates;
mod loops;
mod plan;
mod prompt_cache;
mod queueing;
mod replication;
mod rows;
mod score;
mod sharing;
mod slab;
mod special;
mod supply;

use std::collections::BTreeMap;
use std::mem;
use std::ops::ControlFlow;
use std::sync::Arc;

use crate::model::Model;
use crate::model::capacity::{RoomState, Status};
use crate::model::client::retry::RetryQuotas;
use crate::model::workload::Workload;
use crate::model::workload::cache::Cache;
use crate::queue::{Class, Event, EventQueue, SLOTS};
use crate::random::{Purpose, Stream};
use crate::traffic::{Stretch, TokenDraws};
use attempt::Attempt;
use call::{Asked, Call, Carried, Progress};
pub use ended::{Ended, NoRoom};
use flight::{Flight, Waiting};
use foresight::Foresight;
use gates::Gate;
use loops::PendingTurns;
use observer::{CapacitySnapshot, Door, Observer, Snapshot};
use plan::{Luck, Plan};
use prompt_cache::PromptCache;
pub use replication::{run, run_along, tape};
pub use score::Score;
use slab::Slab;
use supply::Supply;

/// The state of a request that has a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// The request waits in the queue of the capacity at this position of the route, since an instant \[µs\].
    Waiting {
        position: usize,
        since: u64,
        ticket: u64,
    },
    /// An attempt is in service, and the client will give up before it ends.
    Doomed,
    /// An attempt is in service, and whether it ends before the client gives up is not known.
    InService(u32),
    /// The refusal of a capacity is on its way to the caller; the attempt goes on from this position of the route.
    PassingOn {
        position: usize,
        status: Status,
    },
    BackingOff,
    /// An attempt that has not been sent yet.
    AtGate {
        ticket: u64,
        since: u64,
        door: Door,
    },
    /// The request has its outcome, or its answer is sure; only timers still name its slot.
    Over,
}

/// A request that lives longer than one instant without being sure of its answer.
#[derive(Debug, Clone, Copy)]
struct Request<'m> {
    call: Call<'m>,
    progress: Progress,
    state: State,
    /// The instant at which the client gives up on the attempt or the request; timers for other instants are stale
    /// \[µs\].
    deadline: u64,
    /// Timers in the event queue that name the slot.
    timers: u32,
}

/// The most requests that may wait at one time, in queues, between attempts and in clients; a run ends where there are more.
pub const MOST_ALIVE: u32 = SLOTS;

/// Slots of attempts in service; those of flights follow, and last come the capacities that are shared.
const ATTEMPTS: u32 = 1 << 23;
const CAPACITIES: u32 = 1 << 16;
const FLIGHTS: u32 = SLOTS - ATTEMPTS - CAPACITIES;
const SHARED: u32 = ATTEMPTS + FLIGHTS;
/// Wake-ups of gates: past those of capacities and flights.
const GATES: u32 = CAPACITIES + FLIGHTS;

/// The state of the clients of one workload: random streams, service times, retry quotas, gates and sessions.
#[derive(Debug)]
struct Client {
    luck: Luck,
    plan: Plan,
    /// The recorded variates of its requests; `None`: they are drawn during the run.
    score: Option<Arc<Score>>,
    backoff: Stream,
    unavailable: Stream,
    reroute: Stream,
    /// The random draws of input and output of the main call; `None`: a trace states them.
    draws: Option<TokenDraws>,
    /// The random streams for the tokens of the steps before the main call.
    step_tokens: [Stream; 2],
    is_special: bool,
    retry_quotas: RetryQuotas,
    /// The gates by process; empty where nothing holds an attempt back.
    gates: Vec<Gate>,
    /// The number of the first of these gates among those of all workloads.
    first_gate: u32,
    think: Stream,
    turns: Stream,
    /// The arrival of the first turn of each session in progress, by the session's number \[µs\].
    sessions: BTreeMap<u64, u64>,
    /// The next turns of its users or sessions.
    pending: PendingTurns,
}

impl Client {
    /// Creates the state before a run. `gates` counts the gates of all workloads.
    fn new(workload: &Workload, model: &Model, replication: u64, gates: &mut u32) -> Self {
        let stream = |purpose| Stream::new(model.run.seed, replication, purpose, &workload.name);
        let (client, first_gate) = (&workload.client, *gates);
        let own = if client.holds_back() { vec![Gate::new(client); client.processes as usize] } else { Vec::new() };
        *gates += own.len() as u32;
        let is_modelled = matches!(workload.cache, Cache::Modelled(_) | Cache::Recorded);
        let is_loop = workload.arrivals.is_closed() || !own.is_empty();
        Self {
            luck: Luck::new(model.run.seed, replication, &workload.name),
            plan: Plan::default(),
            score: None,
            backoff: stream(Purpose::Backoff),
            unavailable: stream(Purpose::Unavailable),
            reroute: stream(Purpose::Reroute),
            draws: TokenDraws::new(workload, model.run.seed, replication),
            step_tokens: [stream(Purpose::StepInput), stream(Purpose::StepOutput)],
            is_special: workload.stages.len() > 1 || is_modelled || is_loop || workload.main().tier.changes_service(),
            retry_quotas: RetryQuotas::new(client.retries.quota, client.processes),
            gates: own,
            first_gate,
            think: stream(Purpose::Think),
            turns: stream(Purpose::Turns),
            sessions: BTreeMap::new(),
            pending: PendingTurns::default(),
        }
    }
}

/// A run in progress.
#[derive(Debug)]
pub struct Engine<'m, O> {
    model: &'m Model,
    replication: u64,
    observer: O,
    queue: EventQueue,
    /// The services whose ends are known before the run; `None`: their ends depend on the state of the run.
    foresight: Option<Foresight<'m>>,
    supply: Supply,
    clients: Vec<Client>,
    requests: Slab<Request<'m>>,
    attempts: Slab<Attempt>,
    flights: Slab<Flight<'m>>,
    prompt_cache: PromptCache<'m>,
    /// The records that are collected for the next job of each capacity that makes jobs, as slots.
    collected: Vec<Vec<u32>>,
    /// Jobs submitted so far, by capacity.
    jobs: Vec<u64>,
    /// Events tied in time and class, put in order.
    tied: Vec<u32>,
    /// The rows of a part that were not served immediately.
    otherwise: Vec<u16>,
    /// The instant of the next edge that the observer asked for \[µs\].
    next_edge: u64,
    measured_from: u64,
    measured_length: u64,
    measured_to: u64,
    hard_end: u64,
    /// Measured requests without an outcome, and attempts of measured requests that ended otherwise and still run.
    open: u64,
    /// The number of requests waiting for their retry, by workload.
    backing_off: Vec<u64>,
    admissions: u64,
    tickets: u64,
    events: u64,
    /// Requests of the tape that arrived, and those that followed from others.
    arrived: u64,
    /// A table had no room for one more: the run ends before the next arrival or event that is looked at.
    full: Option<NoRoom>,
    /// The instant at which a full table ended the run \[µs\].
    ended_at: Option<u64>,
}

/// The result of a run that has ended.
#[derive(Debug)]
pub struct Finished<O> {
    pub observer: O,
    /// Measured requests that were still open, by workload; found by looking, not by counting. `None` where the run ended
    /// early, which leaves requests that are nowhere.
    pub unfinished: Option<Vec<u64>>,
    /// The number of arrivals and queue events simulated.
    pub events: u64,
    /// Requests that arrived, measured or not.
    pub requests: u64,
    /// The reason why the run ended early; `None`: it ran to its end.
    pub ended: Option<Ended>,
}

impl<'m, O: Observer> Engine<'m, O> {
    pub fn new(model: &'m Model, replication: u64, observer: O) -> Self {
        let run = &model.run;
        let mut gates = 0;
        let clients = model.workloads.iter().map(|w| Client::new(w, model, replication, &mut gates)).collect();
        let supply = Supply::new(model, replication);
        let mut queue = EventQueue::new();
        for (at, slot) in supply.change_instants().zip(0..) {
            queue.push(Event::new(at, Class::CapacityChange, slot));
        }
        let mut engine = Self {
            model,
            replication,
            next_edge: observer.next_edge(),
            observer,
            queue,
            foresight: None,
            supply,
            clients,
            requests: Slab::new(SLOTS.min(run.most_alive)),
            attempts: Slab::new(ATTEMPTS.min(run.most_alive)),
            flights: Slab::new(FLIGHTS.min(run.most_alive)),
            prompt_cache: PromptCache::new(model, replication),
            collected: vec![Vec::new(); model.capacities.len()],
            jobs: vec![0; model.capacities.len()],
            tied: Vec::new(),
            otherwise: Vec::new(),
            measured_from: run.warmup.0,
            measured_length: run.measured_end().0 - run.warmup.0,
            measured_to: run.measured_end().0,
            hard_end: run.hard_end().0,
            open: 0,
            backing_off: vec![0; model.workloads.len()],
            admissions: 0,
            tickets: 0,
            events: 0,
            arrived: 0,
            full: None,
            ended_at: None,
        };
        engine.begin_loops();
        engine
    }

    /// Returns the engine with recorded variates, by workload; the tape must come from the same recordings.
    #[must_use]
    pub fn along(mut self, scores: &[Option<Arc<Score>>]) -> Self {
        for (client, score) in self.clients.iter_mut().zip(scores) {
            client.score.clone_from(score);
        }
        // One workload whose requests go the short way, to a capacity that asks nothing of an end but what its request
        // tells: nobody else decides when a service ends.
        if let ([workload], [client]) = (&self.model.workloads[..], &self.clients[..])
            && let Some(score) = client.score.clone()
            && let Some(ends) = score.ends()
            && !client.is_special
            && !workload.cache.is_used()
            && self.supply.foresees(workload.main().route[0])
        {
            self.queue.foresee(ends);
            self.foresight = Some(Foresight::new(score, workload.main()));
        }
        self
    }

    /// Simulates a stretch of the tape and every event before its last arrival. Breaks when the run is over.
    pub fn advance(&mut self, stretch: &Stretch<'_>) -> ControlFlow<()> {
        let workload = &self.model.workloads[stretch.workload];
        let client = &mut self.clients[stretch.workload];
        let is_special = client.is_special;
        // The plan is away while its rows are played, so that the loop borrows nothing of the engine.
        let mut plan = mem::take(&mut client.plan);
        plan.follow(stretch.block, workload, client.luck, client.score.as_deref());
        // Known when compiled, so that the short way carries nothing of the long one.
        let flow = if is_special {
            self.play_rows::<true>(stretch, workload, &plan)
        } else {
            self.play_rows::<false>(stretch, workload, &plan)
        };
        self.clients[stretch.workload].plan = plan;
        flow
    }

    /// Returns whether nothing measured can happen any more at `now`.
    #[inline]
    fn is_over(&self, now: u64) -> bool {
        self.full.is_some() || (now >= self.measured_to && (self.open == 0 || now >= self.hard_end))
    }

    /// Simulates the events that the tape has left behind, to the end of the run.
    pub fn finish(mut self) -> Finished<O> {
        'run: loop {
            let limit = self.queue.limit(Event::new(self.hard_end, Class::CapacityChange, 0));
            while let Some(event) = self.queue.pop_below(limit) {
                if self.is_over(event.at) {
                    self.note_end(event.at);
                    break 'run;
                }
                if event.at >= self.next_edge {
                    self.pass_edges(event.at);
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
        self.note_end(self.hard_end);
        let ended = self.ended();
        let unfinished = ended.is_none().then(|| self.unfinished());
        let Self { observer, events, arrived: requests, .. } = self;
        Finished { observer, unfinished, events, requests, ended }
    }

    /// Simulates the events before `next`, which need not be in the queue, and tells the observer of the edges between.
    #[inline(never)]
    fn play_until(&mut self, next: Event) {
        loop {
            let limit = self.queue.limit(next);
            while let Some(event) = self.queue.pop_below(limit) {
                if event.at >= self.next_edge {
                    self.pass_edges(event.at);
                }
                self.play(event);
            }
            if !self.queue.follow(next.at) {
                return;
            }
        }
    }

    /// Simulates the events that come before an arrival of the tape, which comes before the next edge.
    #[inline(always)]
    fn play_before(&mut self, arrival: Event) {
        let Some(limit) = self.queue.near_limit(arrival) else {
            return self.play_until(arrival);
        };
        while let Some(event) = self.queue.pop_below(limit) {
            self.play(event);
        }
    }

    /// Processes an event and all events at the same instant, ordered by workload, request and attempt.
    #[inline(always)]
    fn play(&mut self, event: Event) {
        debug_assert!(event.at < self.next_edge, "the observer was told of every edge before");
        match self.queue.pop_tied() {
            Some(second) => self.play_tied(event, second),
            None if event.is_below(Class::Completion, ATTEMPTS) => {
                self.events += 1;
                self.complete(event.slot(), event.at);
            }
            None if event.class() == Class::Foreseen => {
                self.events += 1;
                self.complete_foreseen(event.slot(), event.at);
            }
            None => self.play_one(event.at, event.class(), event.slot()),
        }
    }

    #[cold]
    fn play_tied(&mut self, first: Event, second: Event) {
        if first.class() == Class::Arrival {
            // The slot is the workload's number, and an arrival of the tape may come between two of them.
            self.queue.push(second);
            return self.play_one(first.at, Class::Arrival, first.slot());
        }
        let (at, mut tied) = (first.at, mem::take(&mut self.tied));
        tied.clear();
        let mut next = Some(second);
        let (class, slot) = self.put_in_a_slot(first);
        tied.push(slot);
        while let Some(event) = next {
            tied.push(self.put_in_a_slot(event).1);
            next = self.queue.pop_tied();
        }
        match class {
            Class::Completion | Class::Foreseen => self.order_completions(&mut tied, at),
            Class::Retry | Class::Timeout => tied.sort_by_key(|slot| {
                let r = self.requests.get(*slot);
                (r.call.workload, r.call.index, r.progress.attempt)
            }),
            // The slot is the capacity's index or that of a change, and these are sorted by the capacity's name; then come
            // the flights that look at themselves.
            Class::CapacityChange | Class::WakeUp => tied.sort_by_key(|slot| self.order_of_wake_up(*slot)),
            Class::Arrival => unreachable!("arrivals are played one by one"),
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
            Class::WakeUp if slot < GATES => self.look_at_flight(slot - CAPACITIES, at),
            Class::WakeUp => self.wake_gate(slot - GATES, at),
            Class::CapacityChange => self.change_capacity(slot as usize, at),
            Class::Arrival => self.arrive_again(slot as usize, at),
            Class::Foreseen => self.complete_foreseen(slot, at),
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
            self.observer
                .edge(at, Snapshot { quotas: &quotas, capacities: &capacities, backing_off: &self.backing_off });
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
        let sure_answers =
            self.attempts.alive().filter(|a| a.label.fate.is_owed()).map(|a| usize::from(a.label.workload));
        open_requests.chain(in_flight).chain(sure_answers).for_each(|workload| count[workload] += 1);
        if let Some(foresight) = &self.foresight {
            // The only workload's.
            let arrivals = self.queue.to_come().map(|number| foresight.of(number).arrival);
            count[0] += arrivals.filter(|arrival| self.is_measured(*arrival)).count() as u64;
        }
        count
    }
}

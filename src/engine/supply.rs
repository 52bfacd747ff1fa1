//! Capacities and quotas while they run: who has room, who takes, what comes back.

mod build;

use std::collections::VecDeque;

use build::{changes, neighbours, on_requests, on_tokens, pair};

use super::check::Check;
use super::observer::{QuotaSnapshot, Refusal};
use super::sharing::Sharing;
use crate::model::Model;
use crate::model::capacity::contention::Contention;
use crate::model::capacity::limiter::{Limiter, Settlement};
use crate::model::capacity::quota::{InForce, LimitKind};
use crate::model::capacity::{Ask, Reason, Refused, Room, RoomState, Saturation, Standing, Used};
use crate::random::{Purpose, Stream};
use crate::units::Tokens;

/// A limiter, and what it was charged so far: requests dated at admission, tokens at completion.
#[derive(Debug)]
struct Gauge {
    limiter: Limiter,
    charged: Tokens,
    /// The largest request that it could admit while idle, outages aside.
    largest_request: Tokens,
}

/// A quota while it runs.
#[derive(Debug)]
struct QuotaState {
    /// The index of the gauge of each [`LimitKind`]; `None`: no such limit.
    gauges: [Option<usize>; LimitKind::ALL.len()],
    count_refused_requests: bool,
}

const NO_PAIR: u32 = u32::MAX;

/// Returns the two gauges of a quota that is asked for nothing else.
#[inline(always)]
fn pair_of(gauges: &mut [Gauge], pair: u32) -> Option<&mut [Gauge; 2]> {
    gauges.get_mut(pair as usize..)?.first_chunk_mut()
}

/// One place in a capacity's queue. The ticket tells a request that still waits from one that has left since.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub request: u32,
    pub ticket: u64,
}

/// A capacity while it runs.
#[derive(Debug)]
pub(super) struct CapacityState {
    /// The limits to ask, in order: on requests, of every quota (its gauge and its number) ...
    on_requests: Vec<(u32, u32)>,
    /// ... then on tokens: tpm of every quota, then tpd, and so on.
    on_tokens: Vec<Check>,
    /// The first of two gauges, where the requests and the reservations of one quota are all there is to ask. Else
    /// [`NO_PAIR`].
    pair: u32,
    concurrency: u32,
    pub in_flight: u32,
    /// The most since the last snapshot.
    in_flight_peak: u32,
    /// First in, first out: how many wait.
    pub waiting: u32,
    /// True if every call needs the full admission path here: something beside limits, concurrency and a queue has a
    /// say.
    pub is_special: bool,
    always_special: bool,
    /// A reservation, cache reads included, up to this is never too large: a quick test that settles nearly every offer
    /// \[tokens\].
    ceiling: Tokens,
    pub saturation: Saturation,
    /// The queue of the capacity; requests that left before their turn are skipped.
    pub queue: VecDeque<Place>,
    /// The refusal of the queue's head when it was tried last; `None`: no request has waited yet.
    pub blocked_by: Option<Refusal>,
    /// The most since the last snapshot.
    pub waiting_peak: u32,
    /// The next instant at which to look at the capacity \[µs\]; `u64::MAX`: none is asked for.
    pub wake_at: u64,
    /// Capacities whose queues may move when this one settles, itself among them.
    pub neighbours: Vec<usize>,
    quotas: Vec<usize>,
    /// Refused requests count in one of them.
    counts_refused: bool,
    pub standing: Standing,
    pub room: RoomState,
    pub sharing: Option<Sharing>,
    /// Gauges that streams ask for each next second, with their quotas.
    pub streams: Vec<(usize, usize)>,
    /// Tells the capacity's draws from others', whatever other capacities there are.
    pub key: u64,
}

/// The result of an offer on the short admission path.
pub(super) enum Quick {
    Taken,
    /// The offer needs the full admission path.
    Special,
    TooLarge,
    /// Others wait already.
    Behind,
    Refused(Refusal),
}

/// A change of a capacity at an instant: its standing and its limits.
#[derive(Debug)]
struct Change {
    at: u64,
    capacity: usize,
    standing: Standing,
    /// Gauges, and what their limits become.
    limits: Vec<(usize, InForce)>,
}

/// The state of all capacities and quotas.
#[derive(Debug)]
pub(super) struct Supply {
    pub capacities: Vec<CapacityState>,
    quotas: Vec<QuotaState>,
    gauges: Vec<Gauge>,
    changes: Vec<Change>,
}

impl Supply {
    pub(super) fn new(model: &Model, replication: u64) -> Self {
        let mut gauges = Vec::new();
        let quotas: Vec<_> = model
            .quotas
            .iter()
            .map(|quota| QuotaState {
                gauges: LimitKind::ALL.map(|kind| {
                    let at_start = quota.over_time(kind)?.first();
                    let used = if kind.is_daily() { quota.tpd_used_at_start } else { 0 };
                    let limiter = Limiter::new(&at_start.limit, used, &model.run.start);
                    let largest_request = at_start.nominal.largest_request();
                    gauges.push(Gauge { limiter, charged: 0, largest_request });
                    Some(gauges.len() - 1)
                }),
                count_refused_requests: quota.count_refused_requests,
            })
            .collect();
        let capacities =
            (0..model.capacities.len()).map(|c| CapacityState::new(c, model, &quotas, replication)).collect();
        let changes = changes(model, &quotas);
        let mut supply = Self { capacities, quotas, gauges, changes };
        for capacity in 0..supply.capacities.len() {
            supply.find_ceiling(capacity);
        }
        supply
    }

    /// Returns the instants of the changes, by their numbers \[µs\].
    pub(super) fn change_instants(&self) -> impl Iterator<Item = u64> + '_ {
        self.changes.iter().map(|change| change.at)
    }

    /// Lets a change happen; returns whose it is.
    pub(super) fn change(&mut self, number: usize) -> usize {
        let change = &self.changes[number];
        for (gauge, limit) in &change.limits {
            let gauge = &mut self.gauges[*gauge];
            gauge.limiter.set(change.at, &limit.limit);
            gauge.largest_request = limit.nominal.largest_request();
        }
        let capacity = change.capacity;
        self.capacities[capacity].stand(change.standing);
        self.find_ceiling(capacity);
        capacity
    }

    /// The largest amount, up to 2⁴⁰, that all limits could admit.
    fn find_ceiling(&mut self, capacity: usize) {
        let state = &mut self.capacities[capacity];
        let largest = state.on_tokens.iter().map(|check| self.gauges[check.gauge as usize].largest_request);
        state.ceiling = largest.fold(1 << 40, Tokens::min);
    }

    /// Offers an attempt to a capacity by the short way, with one look at the capacity.
    #[inline(always)]
    pub(super) fn offer(&mut self, capacity: usize, now: u64, ask: Ask, admission: u64) -> Quick {
        let state = &mut self.capacities[capacity];
        if state.is_special {
            return Quick::Special;
        }
        // The same as `surely_fits`, of a capacity that is looked up already.
        if ask.reserved() + ask.cache_read > state.ceiling && !fits(&state.on_tokens, &self.gauges, ask) {
            return Quick::TooLarge;
        }
        if state.waiting > 0 {
            // First in, first out: who comes later waits behind.
            return Quick::Behind;
        }
        let Some([requests, tokens]) = pair_of(&mut self.gauges, state.pair) else {
            return match state.test(&mut self.gauges, now, ask) {
                Ok(()) => {
                    state.take(&mut self.gauges, now, ask, admission);
                    Quick::Taken
                }
                Err(refusal) => Quick::Refused(refusal),
            };
        };
        // The same, of the two limits that nearly every quota has: each is looked up once.
        if state.in_flight >= state.concurrency {
            return Quick::Refused(Refusal { refused: Refused::of(Reason::Concurrency), quota: None });
        }
        if !requests.limiter.has_room(now, 1) {
            return state.refused_by_quota(Reason::Rpm);
        }
        if !tokens.limiter.has_room(now, ask.reserved()) {
            return state.refused_by_quota(state.on_tokens.first().map_or(Reason::Tpm, |check| check.reason));
        }
        requests.limiter.take(now, 1, admission);
        requests.charged += 1;
        tokens.limiter.take(now, ask.reserved(), admission);
        state.board();
        Quick::Taken
    }

    /// Returns whether the end of a service needs nothing but what was reserved and what is charged.
    pub(super) fn foresees(&self, capacity: usize) -> bool {
        let state = &self.capacities[capacity];
        let mut gauges =
            state.on_requests.iter().map(|(gauge, _)| *gauge).chain(state.on_tokens.iter().map(|c| c.gauge));
        // A sliding window must be told which admission it was.
        !state.always_special
            && gauges.all(|gauge| !matches!(self.gauges[gauge as usize].limiter, Limiter::SlidingWindow(_)))
    }

    /// Returns whether a quick look tells that every limit could admit the ask with everything free; one that asks for
    /// less could be admitted too.
    #[inline(always)]
    pub(super) fn surely_fits(&self, capacity: usize, ask: Ask) -> bool {
        ask.reserved() + ask.cache_read <= self.capacities[capacity].ceiling
    }

    /// Returns whether every limit could admit the ask with everything free.
    pub(super) fn ever_admits(&self, capacity: usize, ask: Ask) -> bool {
        fits(&self.capacities[capacity].on_tokens, &self.gauges, ask)
    }

    /// Returns whether every limit has room, or the first refusal: concurrency is asked first. Takes nothing.
    pub(super) fn test(&mut self, capacity: usize, now: u64, ask: Ask) -> Result<(), Refusal> {
        self.capacities[capacity].test(&mut self.gauges, now, ask)
    }

    /// Takes an ask that [`Supply::test`] found to fit.
    pub(super) fn take(&mut self, capacity: usize, now: u64, ask: Ask, admission: u64) {
        self.capacities[capacity].take(&mut self.gauges, now, ask, admission);
    }

    /// Replaces the reservations of an admission by its charge. Returns whether queues may move. `settlement` is that of a
    /// limit on plain reservations; what other limits take follows from `details`, which are looked up for them alone.
    #[inline(always)]
    pub(super) fn settle(
        &mut self,
        capacity: usize,
        now: u64,
        settlement: Settlement,
        details: impl FnOnce() -> (Ask, Used),
    ) -> bool {
        let state = &mut self.capacities[capacity];
        state.in_flight -= 1;
        let has_neighbours = !state.neighbours.is_empty();
        if let Some([_, tokens]) = pair_of(&mut self.gauges, state.pair) {
            tokens.limiter.settle(now, settlement);
            tokens.charged += settlement.charged;
            return has_neighbours;
        }
        let (ask, used) = details();
        for check in &state.on_tokens {
            let charged = check.takes.charge(ask, used);
            let gauge = &mut self.gauges[check.gauge as usize];
            let settlement = Settlement { reserved: check.takes.amount(ask), charged, ..settlement };
            gauge.limiter.settle(now, settlement);
            gauge.charged += charged;
        }
        has_neighbours
    }

    /// Takes the next second of a stream from every gauge that it asks, or tells whose quota refused it.
    pub(super) fn stream(&mut self, capacity: usize, now: u64, amount: Tokens, admission: u64) -> Result<(), usize> {
        for (gauge, quota) in &self.capacities[capacity].streams {
            if !self.gauges[*gauge].limiter.has_room(now, amount) {
                return Err(*quota);
            }
        }
        for (gauge, _) in &self.capacities[capacity].streams {
            self.gauges[*gauge].limiter.take(now, amount, admission);
            self.gauges[*gauge].charged += amount;
        }
        Ok(())
    }

    /// Counts a refused request where refused requests count, whether it fits or not.
    pub(super) fn count_refused(&mut self, capacity: usize, now: u64, admission: u64) {
        if !self.capacities[capacity].counts_refused {
            return;
        }
        for &quota in &self.capacities[capacity].quotas {
            let quota = &self.quotas[quota];
            if let (true, Some(rpm)) = (quota.count_refused_requests, quota.gauges[LimitKind::Rpm as usize]) {
                self.gauges[rpm].limiter.count(now, 1, admission);
                self.gauges[rpm].charged += 1;
            }
        }
    }

    /// Returns the first instant at which every limit has room for the ask, if nothing else happens \[µs\]. `None`:
    /// only a completion or a change can make room.
    pub(super) fn room_at(&mut self, capacity: usize, now: u64, ask: Ask) -> Option<u64> {
        let state = &self.capacities[capacity];
        if state.in_flight >= state.concurrency {
            return None;
        }
        let requests = state.on_requests.iter().map(|(gauge, _)| (*gauge, 1));
        let tokens = state.on_tokens.iter().map(|check| (check.gauge, check.takes.needs(ask)));
        requests
            .chain(tokens)
            .map(|(gauge, amount)| self.gauges[gauge as usize].limiter.room_at(now, amount))
            .try_fold(now, |latest, at| Some(latest.max(at?)))
    }

    /// Returns the state of each quota, with its greatest use since the last snapshot.
    pub(super) fn snapshot_quotas(&mut self, now: u64) -> Vec<QuotaSnapshot> {
        let gauges = &mut self.gauges;
        self.quotas
            .iter()
            .map(|quota| QuotaSnapshot {
                // The present first: it brings the limiters up to date, and the next peak starts from there.
                occupied: quota.gauges.map(|gauge| gauge.map_or(0, |i| gauges[i].limiter.occupied(now))),
                occupied_peak: quota.gauges.map(|gauge| gauge.map_or(0, |i| gauges[i].limiter.take_peak())),
                charged: quota.gauges.map(|gauge| gauge.map_or(0, |i| gauges[i].charged)),
            })
            .collect()
    }
}

impl CapacityState {
    fn new(index: usize, model: &Model, quotas: &[QuotaState], replication: u64) -> Self {
        let capacity = &model.capacities[index];
        let sharing = match capacity.contention {
            Contention::ProcessorSharing { total, own } => Some(Sharing::new(total, own)),
            Contention::None | Contention::Curve(_) => None,
        };
        let streams: Vec<_> =
            capacity.quotas.iter().filter_map(|q| Some((quotas[*q].gauges[LimitKind::Otpm as usize]?, *q))).collect();
        let always_special = !matches!(capacity.room, Room::Limits)
            || capacity.contention != Contention::None
            || capacity.refusal_latency.0 > 0
            || capacity.latency.is_some()
            || !streams.is_empty();
        let (on_requests, on_tokens) = (on_requests(capacity, quotas), on_tokens(index, model, quotas));
        let mut state = Self {
            pair: pair(capacity, &on_requests, &on_tokens),
            on_requests,
            on_tokens,
            concurrency: u32::MAX,
            in_flight: 0,
            in_flight_peak: 0,
            waiting: 0,
            is_special: true,
            always_special,
            ceiling: 0,
            saturation: capacity.on_saturation,
            queue: VecDeque::new(),
            blocked_by: None,
            waiting_peak: 0,
            wake_at: u64::MAX,
            neighbours: neighbours(capacity, &model.capacities),
            counts_refused: capacity.quotas.iter().any(|q| model.quotas[*q].count_refused_requests),
            quotas: capacity.quotas.clone(),
            standing: *capacity.standing.first(),
            room: RoomState::new(&capacity.room, &model.run.start, model.run.seed, replication, &capacity.name),
            sharing,
            streams,
            key: Stream::new(0, 0, Purpose::Unavailable, &capacity.name).bits(0),
        };
        state.stand(*capacity.standing.first());
        state
    }

    #[inline(always)]
    fn test(&self, gauges: &mut [Gauge], now: u64, ask: Ask) -> Result<(), Refusal> {
        if self.in_flight >= self.concurrency {
            return Err(Refusal { refused: Refused::of(Reason::Concurrency), quota: None });
        }
        for (gauge, quota) in &self.on_requests {
            if !gauges[*gauge as usize].limiter.has_room(now, 1) {
                return Err(Refusal { refused: Refused::of(Reason::Rpm), quota: Some(*quota as usize) });
            }
        }
        for check in &self.on_tokens {
            if !gauges[check.gauge as usize].limiter.has_room(now, check.takes.needs(ask)) {
                return Err(Refusal { refused: Refused::of(check.reason), quota: Some(check.quota as usize) });
            }
        }
        Ok(())
    }

    #[inline(always)]
    fn take(&mut self, gauges: &mut [Gauge], now: u64, ask: Ask, admission: u64) {
        debug_assert_eq!(self.test(gauges, now, ask), Ok(()), "what is admitted fits: used + asked <= limit");
        for (gauge, _) in &self.on_requests {
            let gauge = &mut gauges[*gauge as usize];
            gauge.limiter.take(now, 1, admission);
            gauge.charged += 1;
        }
        for check in &self.on_tokens {
            gauges[check.gauge as usize].limiter.take(now, check.takes.amount(ask), admission);
        }
        self.board();
    }

    /// Counts one more attempt in service.
    #[inline(always)]
    fn board(&mut self) {
        self.in_flight += 1;
        // Nearly always false: a branch costs less than a maximum that is written back.
        if self.in_flight > self.in_flight_peak {
            self.in_flight_peak = self.in_flight;
        }
    }

    /// Returns the refusal by the capacity's only quota.
    #[inline(never)]
    fn refused_by_quota(&self, reason: Reason) -> Quick {
        Quick::Refused(Refusal { refused: Refused::of(reason), quota: self.quotas.first().copied() })
    }

    /// Puts another standing in force from now on.
    fn stand(&mut self, standing: Standing) {
        self.standing = standing;
        self.concurrency = standing.concurrency.unwrap_or(u32::MAX);
        let is_plain = !standing.is_out && standing.is_ready && standing.unavailable_probability == 0.0;
        self.is_special = self.always_special || !is_plain;
    }

    /// Returns the most in flight and the most waiting since the last call.
    pub(super) fn take_peaks(&mut self) -> [u32; 2] {
        let peaks = [self.in_flight_peak, self.waiting_peak];
        self.in_flight_peak = self.in_flight;
        self.waiting_peak = self.waiting;
        peaks
    }
}

/// Returns whether every limit could admit the ask with everything free, outages aside.
#[inline(never)]
fn fits(checks: &[Check], gauges: &[Gauge], ask: Ask) -> bool {
    checks.iter().all(|check| check.takes.documented_need(ask) <= gauges[check.gauge as usize].largest_request)
}

//! Capacities and quotas while they run: who has room, who takes, what comes back.

use std::collections::VecDeque;

use super::observer::{QuotaSnapshot, Refusal};
use crate::model::Model;
use crate::model::capacity::limiter::{Limiter, Settlement};
use crate::model::capacity::quota::LimitKind;
use crate::model::capacity::{Capacity, Reason, Saturation};
use crate::random::{Purpose, Stream};
use crate::units::Tokens;

/// What an offer asks of token limits \[tokens\].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ask {
    /// Uncached input, cache writes and the output cap.
    pub reserve: Tokens,
    /// Cache reads, which some quotas reserve too.
    pub cache_read: Tokens,
}

/// One limit that a capacity asks.
#[derive(Debug, Clone, Copy)]
struct Check {
    limiter: usize,
    quota: usize,
    kind: LimitKind,
    reserves_cache_reads: bool,
}

impl Check {
    /// What the limit takes of an ask \[requests or tokens\].
    #[inline]
    fn amount(self, ask: Ask) -> Tokens {
        if self.kind == LimitKind::Rpm {
            1
        } else if self.reserves_cache_reads {
            ask.reserve + ask.cache_read
        } else {
            ask.reserve
        }
    }

    fn reason(self) -> Reason {
        match self.kind {
            LimitKind::Rpm => Reason::Rpm,
            LimitKind::Tpm => Reason::Tpm,
            LimitKind::Tpd => Reason::Tpd,
        }
    }
}

/// A quota while it runs: where its limiters are, and counters that only rise.
#[derive(Debug)]
struct QuotaState {
    /// By [`LimitKind`].
    limiters: [Option<usize>; 3],
    count_refused_requests: bool,
    /// Refused requests that counted.
    refused: u64,
    /// The capacities that ask it.
    users: Vec<usize>,
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
    /// The limits to ask, in order: rpm of every quota, then tpm, then tpd.
    checks: Vec<Check>,
    quotas: Vec<usize>,
    concurrency: u32,
    pub in_flight: u32,
    /// The most since the last snapshot.
    in_flight_peak: u32,
    /// Admitted and charged so far.
    admitted: u64,
    charged: Tokens,
    pub saturation: Saturation,
    /// First in, first out; those who left before their turn are skipped.
    pub queue: VecDeque<Place>,
    pub waiting: u32,
    /// The most since the last snapshot.
    pub waiting_peak: u32,
    /// When the capacity is to be looked at again \[µs\]; `u64::MAX`: not asked for.
    pub wake_at: u64,
    /// Capacities whose queues may move when this one settles, itself among them.
    pub neighbours: Vec<usize>,
    pub unavailable_probability: f64,
    /// Tells the capacity's draws from others', whatever other capacities there are.
    pub key: u64,
    /// A reservation, cache reads included, up to this is never too large: a quick test that settles nearly every offer
    /// \[tokens\].
    ceiling: Tokens,
}

/// All capacities and quotas.
#[derive(Debug)]
pub(super) struct Supply {
    pub capacities: Vec<CapacityState>,
    quotas: Vec<QuotaState>,
    limiters: Vec<Limiter>,
}

impl Supply {
    pub(super) fn new(model: &Model) -> Self {
        let mut limiters = Vec::new();
        let quotas: Vec<_> = model
            .quotas
            .iter()
            .enumerate()
            .map(|(index, quota)| QuotaState {
                limiters: LimitKind::ALL.map(|kind| {
                    let limit = quota.limit(kind)?;
                    let used = if kind == LimitKind::Tpd { quota.tpd_used_at_start } else { 0 };
                    limiters.push(Limiter::new(limit.limiter, limit.amount, used, &model.run.start));
                    Some(limiters.len() - 1)
                }),
                count_refused_requests: quota.count_refused_requests,
                refused: 0,
                users: (0..model.capacities.len()).filter(|c| model.capacities[*c].quotas.contains(&index)).collect(),
            })
            .collect();
        let capacities = model
            .capacities
            .iter()
            .map(|capacity| {
                let checks = checks(capacity, model, &quotas);
                CapacityState {
                    ceiling: ceiling(&checks, &limiters),
                    checks,
                    quotas: capacity.quotas.clone(),
                    concurrency: capacity.concurrency.unwrap_or(u32::MAX),
                    in_flight: 0,
                    in_flight_peak: 0,
                    admitted: 0,
                    charged: 0,
                    saturation: capacity.on_saturation,
                    queue: VecDeque::new(),
                    waiting: 0,
                    waiting_peak: 0,
                    wake_at: u64::MAX,
                    neighbours: neighbours(capacity, &model.capacities),
                    unavailable_probability: capacity.unavailable_probability,
                    key: Stream::new(0, 0, Purpose::Unavailable, &capacity.name).bits(0),
                }
            })
            .collect();
        Self { capacities, quotas, limiters }
    }

    /// Whether every limit could admit the ask with everything free.
    #[inline]
    pub(super) fn ever_admits(&self, capacity: usize, ask: Ask) -> bool {
        let state = &self.capacities[capacity];
        ask.reserve + ask.cache_read <= state.ceiling
            || state.checks.iter().all(|check| self.limiters[check.limiter].ever_admits(check.amount(ask)))
    }

    /// Takes an ask from every limit, or from none: concurrency is asked first.
    #[inline(always)]
    pub(super) fn admit(&mut self, capacity: usize, now: u64, ask: Ask, admission: u64) -> Result<(), Refusal> {
        let state = &mut self.capacities[capacity];
        if state.in_flight >= state.concurrency {
            return Err(Refusal { reason: Reason::Concurrency, quota: None });
        }
        for check in &state.checks {
            if !self.limiters[check.limiter].has_room(now, check.amount(ask)) {
                return Err(Refusal { reason: check.reason(), quota: Some(check.quota) });
            }
        }
        for check in &state.checks {
            self.limiters[check.limiter].take(now, check.amount(ask), admission);
        }
        state.admitted += 1;
        state.in_flight += 1;
        state.in_flight_peak = state.in_flight_peak.max(state.in_flight);
        Ok(())
    }

    /// Replaces the reservations of an admission by its charge.
    #[inline(always)]
    pub(super) fn settle(
        &mut self,
        capacity: usize,
        now: u64,
        ask: Ask,
        charged: Tokens,
        admitted_at: u64,
        admission: u64,
    ) {
        let state = &mut self.capacities[capacity];
        state.in_flight -= 1;
        for check in &state.checks {
            if check.kind != LimitKind::Rpm {
                let settlement = Settlement { reserved: check.amount(ask), charged, admitted_at, admission };
                self.limiters[check.limiter].settle(now, settlement);
            }
        }
        state.charged += charged;
    }

    /// Counts a refused request where refused requests count, whether it fits or not.
    pub(super) fn count_refused(&mut self, capacity: usize, now: u64, admission: u64) {
        for &quota in &self.capacities[capacity].quotas {
            let quota = &mut self.quotas[quota];
            if let (true, Some(rpm)) = (quota.count_refused_requests, quota.limiters[LimitKind::Rpm as usize]) {
                quota.refused += 1;
                self.limiters[rpm].count(now, 1, admission);
            }
        }
    }

    /// The first instant at which every limit has room for the ask, if nothing else happens \[µs\]. `None`: only a
    /// completion can make room.
    pub(super) fn room_at(&mut self, capacity: usize, now: u64, ask: Ask) -> Option<u64> {
        let state = &self.capacities[capacity];
        if state.in_flight >= state.concurrency {
            return None;
        }
        state
            .checks
            .iter()
            .map(|check| self.limiters[check.limiter].room_at(now, check.amount(ask)))
            .try_fold(now, |latest, at| Some(latest.max(at?)))
    }

    /// How the quotas stand, and their greatest use since the last snapshot.
    pub(super) fn snapshot_quotas(&mut self, now: u64) -> Vec<QuotaSnapshot> {
        let (limiters, capacities) = (&mut self.limiters, &self.capacities);
        self.quotas
            .iter()
            .map(|quota| QuotaSnapshot {
                // The present first: it brings the limiters up to date, and the next peak starts from there.
                occupied: quota.limiters.map(|limiter| limiter.map_or(0, |i| limiters[i].occupied(now))),
                occupied_peak: quota.limiters.map(|limiter| limiter.map_or(0, |i| limiters[i].take_peak())),
                requests: quota.refused + quota.users.iter().map(|c| capacities[*c].admitted).sum::<u64>(),
                charged: quota.users.iter().map(|c| capacities[*c].charged).sum(),
            })
            .collect()
    }
}

impl CapacityState {
    /// The most in flight and the most waiting since the last call.
    pub(super) fn take_peaks(&mut self) -> [u32; 2] {
        let peaks = [self.in_flight_peak, self.waiting_peak];
        self.in_flight_peak = self.in_flight;
        self.waiting_peak = self.waiting;
        peaks
    }
}

fn checks(capacity: &Capacity, model: &Model, quotas: &[QuotaState]) -> Vec<Check> {
    let of_kind = |kind: LimitKind| {
        capacity.quotas.iter().filter_map(move |&quota| {
            let limiter = quotas[quota].limiters[kind as usize]?;
            Some(Check { limiter, quota, kind, reserves_cache_reads: model.quotas[quota].reserve_cache_reads })
        })
    };
    LimitKind::ALL.into_iter().flat_map(of_kind).collect()
}

/// Capacities that share a quota with `one`, and itself.
fn neighbours(one: &Capacity, all: &[Capacity]) -> Vec<usize> {
    all.iter()
        .enumerate()
        .filter(|(_, other)| matches!(other.on_saturation, Saturation::Queue { .. }))
        .filter(|(_, other)| other.name == one.name || other.quotas.iter().any(|q| one.quotas.contains(q)))
        .map(|(i, _)| i)
        .collect()
}

/// The largest amount, up to 2⁴⁰, that all limits could admit, by bisection.
fn ceiling(checks: &[Check], limiters: &[Limiter]) -> Tokens {
    let tokens = checks.iter().filter(|check| check.kind != LimitKind::Rpm);
    let admits = |amount| tokens.clone().all(|check| limiters[check.limiter].ever_admits(amount));
    let (mut low, mut high): (Tokens, Tokens) = (0, 1 << 40);
    while low < high {
        let middle = low + (high - low).div_ceil(2);
        if admits(middle) { low = middle } else { high = middle - 1 }
    }
    low
}

//! Capacities and quotas while they run: who has room, who takes, what comes back.

use std::collections::VecDeque;

use super::observer::{Observer, Refusal};
use crate::model::capacity::limiter::{Limiter, Settlement};
use crate::model::capacity::quota::LimitKind;
use crate::model::capacity::{Capacity, Quota, Reason, Saturation};
use crate::model::{Model, Run};
use crate::units::Tokens;

/// What an offer asks of token limits \[tokens\].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ask {
    /// Uncached input, cache writes and the output cap.
    pub reserve: Tokens,
    /// Cache reads, which some quotas reserve too.
    pub cache_read: Tokens,
}

/// A quota's limiters.
#[derive(Debug)]
pub(super) struct QuotaState {
    rpm: Option<Limiter>,
    tpm: Option<Limiter>,
    tpd: Option<Limiter>,
    reserve_cache_reads: bool,
    pub(super) count_refused_requests: bool,
}

impl QuotaState {
    fn new(quota: &Quota, run: &Run) -> Self {
        let limiter = |kind, used| {
            quota.limit(kind).map(|limit| Limiter::new(limit.limiter, limit.amount, used, &run.start))
        };
        Self {
            rpm: limiter(LimitKind::Rpm, 0),
            tpm: limiter(LimitKind::Tpm, 0),
            tpd: limiter(LimitKind::Tpd, quota.tpd_used_at_start),
            reserve_cache_reads: quota.reserve_cache_reads,
            count_refused_requests: quota.count_refused_requests,
        }
    }

    /// What the quota reserves of an ask \[tokens\].
    #[inline]
    fn reserved(&self, ask: Ask) -> Tokens {
        if self.reserve_cache_reads { ask.reserve + ask.cache_read } else { ask.reserve }
    }

    #[inline]
    fn token_limiters(&mut self) -> impl Iterator<Item = &mut Limiter> {
        [self.tpm.as_mut(), self.tpd.as_mut()].into_iter().flatten()
    }

    fn ever_admits(&mut self, ask: Ask) -> bool {
        let reserved = self.reserved(ask);
        self.token_limiters().all(|limiter| limiter.ever_admits(reserved))
    }

    #[inline]
    fn take(&mut self, now: u64, ask: Ask, admission: u64) {
        if let Some(rpm) = &mut self.rpm {
            rpm.take(now, 1, admission);
        }
        let reserved = self.reserved(ask);
        self.token_limiters().for_each(|limiter| limiter.take(now, reserved, admission));
    }

    /// Returns what the quota had reserved \[tokens\].
    #[inline]
    pub(super) fn settle(&mut self, now: u64, ask: Ask, charged: Tokens, admitted_at: u64, admission: u64) -> Tokens {
        let reserved = self.reserved(ask);
        let settlement = Settlement { reserved, charged, admitted_at, admission };
        self.token_limiters().for_each(|limiter| limiter.settle(now, settlement));
        reserved
    }

    /// Counts a refused request, whether it fits or not.
    pub(super) fn count_refused(&mut self, now: u64, admission: u64) {
        if let Some(rpm) = &mut self.rpm {
            rpm.occupied(now);
            rpm.take(now, 1, admission);
        }
    }

    pub(super) fn occupied(&mut self, now: u64) -> [Tokens; 3] {
        [&mut self.rpm, &mut self.tpm, &mut self.tpd]
            .map(|limiter| limiter.as_mut().map_or(0, |limiter| limiter.occupied(now)))
    }

    #[inline]
    fn occupied_as_rolled(&self) -> [Tokens; 3] {
        [&self.rpm, &self.tpm, &self.tpd].map(|limiter| limiter.as_ref().map_or(0, Limiter::occupied_as_rolled))
    }
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
    pub quotas: Vec<usize>,
    pub concurrency: u32,
    pub in_flight: u32,
    pub saturation: Saturation,
    /// First in, first out; those who left before their turn are skipped.
    pub queue: VecDeque<Place>,
    pub waiting: u32,
    /// When the capacity is to be looked at again \[µs\]; `u64::MAX`: not asked for.
    pub wake_at: u64,
    /// Capacities whose queues may move when this one settles, itself among them.
    pub neighbours: Vec<usize>,
    pub unavailable_probability: f64,
    /// The largest reservation that every limit could admit, of quotas that do not reserve cache reads \[tokens\].
    ceiling: Tokens,
}

/// All capacities and quotas.
#[derive(Debug)]
pub(super) struct Supply {
    pub capacities: Vec<CapacityState>,
    pub quotas: Vec<QuotaState>,
}

impl Supply {
    pub(super) fn new(model: &Model) -> Self {
        let mut quotas: Vec<_> = model.quotas.iter().map(|q| QuotaState::new(q, &model.run)).collect();
        let capacities = model
            .capacities
            .iter()
            .map(|capacity| CapacityState {
                quotas: capacity.quotas.clone(),
                concurrency: capacity.concurrency.unwrap_or(u32::MAX),
                in_flight: 0,
                saturation: capacity.on_saturation,
                queue: VecDeque::new(),
                waiting: 0,
                wake_at: u64::MAX,
                neighbours: neighbours(capacity, &model.capacities),
                unavailable_probability: capacity.unavailable_probability,
                ceiling: ceiling(&capacity.quotas, &mut quotas),
            })
            .collect();
        Self { capacities, quotas }
    }

    /// Whether every token limit could admit the ask with everything free.
    #[inline]
    pub(super) fn ever_admits(&mut self, capacity: usize, ask: Ask) -> bool {
        let state = &self.capacities[capacity];
        if ask.reserve + ask.cache_read <= state.ceiling {
            return true;
        }
        state.quotas.iter().all(|quota| self.quotas[*quota].ever_admits(ask))
    }

    /// Takes an ask from every limit, or from none: concurrency is asked first, then rpm of all quotas, then tpm, then
    /// tpd.
    #[inline]
    pub(super) fn admit(
        &mut self,
        capacity: usize,
        now: u64,
        ask: Ask,
        admission: u64,
        observer: &mut impl Observer,
    ) -> Result<(), Refusal> {
        let state = &mut self.capacities[capacity];
        if state.in_flight >= state.concurrency {
            return Err(Refusal { reason: Reason::Concurrency, quota: None });
        }
        for &quota in &state.quotas {
            if let Some(rpm) = &mut self.quotas[quota].rpm
                && !rpm.has_room(now, 1)
            {
                return Err(Refusal { reason: Reason::Rpm, quota: Some(quota) });
            }
        }
        for &quota in &state.quotas {
            let reserved = self.quotas[quota].reserved(ask);
            if let Some(tpm) = &mut self.quotas[quota].tpm
                && !tpm.has_room(now, reserved)
            {
                return Err(Refusal { reason: Reason::Tpm, quota: Some(quota) });
            }
        }
        for &quota in &state.quotas {
            let reserved = self.quotas[quota].reserved(ask);
            if let Some(tpd) = &mut self.quotas[quota].tpd
                && !tpd.has_room(now, reserved)
            {
                return Err(Refusal { reason: Reason::Tpd, quota: Some(quota) });
            }
        }
        for &quota in &state.quotas {
            let state = &mut self.quotas[quota];
            state.take(now, ask, admission);
            observer.took(quota, state.occupied_as_rolled());
        }
        state.in_flight += 1;
        observer.in_progress(capacity, state.in_flight);
        Ok(())
    }

    /// The first instant at which every limit has room for the ask, if nothing else happens \[µs\]. `None`: only a
    /// completion can make room.
    pub(super) fn room_at(&mut self, capacity: usize, now: u64, ask: Ask) -> Option<u64> {
        let state = &self.capacities[capacity];
        if state.in_flight >= state.concurrency {
            return None;
        }
        let mut at = now;
        for &quota in &state.quotas {
            let quota = &mut self.quotas[quota];
            let reserved = quota.reserved(ask);
            if let Some(rpm) = &mut quota.rpm {
                at = at.max(rpm.room_at(now, 1)?);
            }
            for limiter in quota.token_limiters() {
                at = at.max(limiter.room_at(now, reserved)?);
            }
        }
        Some(at)
    }
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

/// The largest reservation, up to 2⁴⁰, that all quotas of a capacity could admit, by bisection: a quick test
/// that settles nearly every offer.
fn ceiling(of: &[usize], quotas: &mut [QuotaState]) -> Tokens {
    let mut admits = |amount| {
        of.iter().all(|quota| quotas[*quota].ever_admits(Ask { reserve: amount, cache_read: 0 }))
    };
    let (mut low, mut high): (Tokens, Tokens) = (0, 1 << 40);
    while low < high {
        let middle = low + (high - low).div_ceil(2);
        if admits(middle) { low = middle } else { high = middle - 1 }
    }
    low
}

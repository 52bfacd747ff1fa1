//! The full admission path of an offer: outages, random refusals, room beside limits, prompt caches, tiers, own
//! latencies.

use super::flight::Seat;
use super::flow::Answer;
use super::observer::{Observer, Refusal};
use super::plan::{Conditions, Service};
use super::prompt_cache::{Prompt, PromptCache};
use super::{Asked, Call, Carried, Engine, Progress};
use crate::model::capacity::contention::{Contention, factor_at};
use crate::model::capacity::{Billing, Place, Reason, Refused, RoomState, Saturation};
use crate::model::workload::cache::{Cache, InputParts};
use crate::model::workload::tier::Tier;
use crate::random::maths::round_half_up;
use crate::traffic::whole;
use crate::units::Tokens;

impl<'m, O: Observer> Engine<'m, O> {
    /// Offers an attempt on the full admission path. Refusals are tested in the order in which [`Reason`] lists them.
    #[inline(never)]
    pub(super) fn offer_special(
        &mut self,
        call: &Call<'m>,
        progress: Progress,
        position: usize,
        capacity: usize,
        now: u64,
    ) -> Answer {
        if matches!(self.supply.capacities[capacity].room, RoomState::Jobs(_)) {
            return self.collect(call, progress, position, capacity, now);
        }
        let queues = matches!(self.supply.capacities[capacity].saturation, Saturation::Queue { .. });
        let standing = self.supply.capacities[capacity].standing;
        // A queue holds what comes while nothing serves.
        if standing.is_out && !queues {
            return Answer::refused(Reason::Outage);
        }
        if self.is_unavailable(call, progress, capacity) {
            return Answer::refused(Reason::Unavailable);
        }
        if !queues && !standing.is_ready {
            return Answer::refused(Reason::NotReady);
        }
        if !queues && let Err(reason) = self.supply.capacities[capacity].room.ready(now) {
            return Answer::refused(reason);
        }
        if self.is_too_large(call, capacity, now) {
            return Answer::refused(Reason::TooLarge);
        }
        if self.supply.capacities[capacity].waiting > 0 {
            return self.queue_up(call, progress, position, capacity, now, None);
        }
        match self.find_seat(call, capacity, now) {
            Ok(seat) => {
                self.take_seat(call, progress, position, capacity, seat, now);
                Answer::Admitted
            }
            Err(refusal) => self.queue_up(call, progress, position, capacity, now, Some(refusal)),
        }
    }

    fn is_unavailable(&self, call: &Call<'m>, progress: Progress, capacity: usize) -> bool {
        let state = &self.supply.capacities[capacity];
        let tier = self.tier(call, capacity).unavailable_probability;
        let own = state.standing.unavailable_probability;
        let probability = own + tier - own * tier;
        if probability == 0.0 {
            return false;
        }
        let stream = self.clients[call.workload as usize].unavailable.within(call.index);
        stream.uniform(state.key.wrapping_add(u64::from(progress.attempt))) < probability
    }

    /// Returns the tier in which the call is served there: a tier is of what is paid for by the token.
    fn tier(&self, call: &Call<'m>, capacity: usize) -> Tier {
        let is_sold_in_tiers = self.model.capacities[capacity].billing == Billing::Tokens;
        if is_sold_in_tiers { call.to.tier } else { Tier::STANDARD }
    }

    /// Returns whether no limit of the capacity could ever admit the call. Of what is not there yet nobody can tell.
    pub(super) fn is_too_large(&self, call: &Call<'m>, capacity: usize, now: u64) -> bool {
        let home = self.model.capacities[capacity].region;
        let ask = self.seen_from(call, home, now).ask();
        self.supply.capacities[capacity].standing.is_ready && !self.supply.ever_admits(capacity, ask)
    }

    fn seen_from(&self, call: &Call<'m>, region: usize, now: u64) -> Call<'m> {
        seen_from(&self.prompt_cache, call, region, now)
    }

    /// Returns the place where the call would be served now, and the call as it would be served there; takes nothing.
    pub(super) fn find_seat(&mut self, call: &Call<'m>, capacity: usize, now: u64) -> Result<Seat<'m>, Refusal> {
        let refusal = |reason| Refusal { refused: Refused::of(reason), quota: None };
        let home = self.model.capacities[capacity].region;
        let state = &mut self.supply.capacities[capacity];
        if state.standing.is_out {
            return Err(refusal(Reason::Outage));
        }
        if !state.standing.is_ready {
            return Err(refusal(Reason::NotReady));
        }
        state.room.ready(now).map_err(refusal)?;
        self.admissions += 1;
        // The quota is asked first and taken last: what it is asked for depends on where the prefix is live.
        let cache = &self.prompt_cache;
        let ask_in = |region| seen_from(cache, call, region, now).ask();
        let place = state.room.find(now, ask_in, home);
        let call = match &place {
            Ok(place) => self.seen_from(call, place.region, now),
            Err(_) => self.seen_from(call, home, now),
        };
        self.supply.test(capacity, now, call.ask())?;
        let place = place.map_err(|refused| Refusal { refused, quota: None })?;
        Ok(Seat { call, place })
    }

    /// Begins service where [`Engine::find_seat`] found room.
    pub(super) fn take_seat(
        &mut self,
        call: &Call<'m>,
        progress: Progress,
        position: usize,
        capacity: usize,
        seat: Seat<'m>,
        now: u64,
    ) {
        let ask = seat.call.ask();
        self.supply.take(capacity, now, ask, self.admissions);
        if !self.supply.capacities[capacity].is_special && !call.is_special {
            return self.serve(call, progress, position, capacity, now);
        }
        // Who shares has decoded at the old speed until now.
        let state = &mut self.supply.capacities[capacity];
        state.room.take(now, seat.place, ask);
        if let Some(sharing) = &mut state.sharing {
            sharing.advance(now, state.in_flight - 1);
        }
        let service = self.service(&seat.call, progress, capacity, seat.place);
        if let Some(prompt) = call.prompt() {
            self.prompt_cache.touch(prompt, seat.place.region, now, now + service.ttft);
            self.wake_readers(now);
        }
        self.take_off(call, progress, position, capacity, seat, service, now);
    }

    /// Returns the service of the call at a place, from the call's own random draws.
    fn service(&self, call: &Call<'m>, progress: Progress, capacity: usize, place: Place) -> Service {
        let (plan, state) = (&self.model.capacities[capacity], &self.supply.capacities[capacity]);
        let client = &self.clients[call.workload as usize];
        let tier = self.tier(call, capacity);
        let service_factor = match (&plan.contention, state.standing.concurrency) {
            (Contention::Curve(points), Some(places)) => {
                factor_at(points, f64::from(state.in_flight) / f64::from(places.max(1)))
            }
            _ => 1.0,
        };
        let mut extra = place.extra;
        if let RoomState::Regions(pool) = &state.room {
            let stream = client.reroute.within(call.index).within(state.key.wrapping_add(u64::from(progress.attempt)));
            extra +=
                (0..u64::from(place.passed)).map(|k| round_half_up(pool.reroute_latency.at(stream, k))).sum::<u64>();
        }
        let conditions = Conditions {
            prefilled: call.carried.input(),
            produced: u64::from(call.carried.output),
            ttft_factor: tier.latency_factor,
            speed_factor: tier.speed_factor,
            service_factor,
            extra,
        };
        let luck = if call.is_last() { client.luck } else { client.luck.of_step(u64::from(call.stage)) };
        luck.service(call.index, plan.latency.as_ref().unwrap_or(&call.to.facts.latency), conditions)
    }

    /// Returns a call of the same request: a step before the main one, or the main one.
    #[inline(never)]
    pub(super) fn stage_call(&self, call: &Call<'m>, stage: u16) -> Call<'m> {
        let to = &call.of.stages[usize::from(stage)];
        let client = &self.clients[call.workload as usize];
        let most = u32::try_from(to.output_cap).unwrap_or(u32::MAX);
        let (parts, wanted, cap) = match &to.tokens {
            None => {
                let Asked { input, wanted, cap, cache_read, cache_write, .. } = call.asked;
                let parts = match call.of.cache {
                    Cache::Recorded => InputParts {
                        uncached: u64::from(input - cache_read - cache_write),
                        read: u64::from(cache_read),
                        write: u64::from(cache_write),
                    },
                    // A prompt whose blocks nobody names has nothing to cache.
                    Cache::Modelled(modelled) if modelled.caches_nothing_of(call.asked.leaf) => {
                        InputParts { uncached: u64::from(input), read: 0, write: 0 }
                    }
                    cache => cache.split(u64::from(input)),
                };
                (parts, wanted, most.min(cap))
            }
            Some(step) => {
                let [input, output] = client.step_tokens.map(|s| s.within(u64::from(stage)));
                let uncached = u64::from(whole(step.input.at(input, call.index)));
                let wanted = step.output.as_ref().map_or(0, |law| whole(law.at(output, call.index)));
                (InputParts { uncached, ..InputParts::default() }, wanted, most)
            }
        };
        let carried = Carried::new(parts, u64::from(wanted.min(cap)));
        // What a step wants in vain is no cut answer of the request.
        let truncated = wanted > cap && to.tokens.is_none();
        Call { to, stage, carried, cap, truncated, ttft: 0, service: 0, ..*call }
    }
}

/// Returns the call with the input parts that the prompt cache of a region makes of it.
fn seen_from<'m>(cache: &PromptCache<'_>, call: &Call<'m>, region: usize, now: u64) -> Call<'m> {
    match call.prompt() {
        Some(prompt) => call.with_live(cache.live(prompt, region, now)),
        None => *call,
    }
}

impl Call<'_> {
    /// Returns the prompt, where its cache is modelled.
    pub(super) fn prompt(&self) -> Option<Prompt> {
        let Cache::Modelled(modelled) = self.of.cache else { return None };
        let is_cached = self.is_last() && !modelled.caches_nothing_of(self.asked.leaf);
        let input = self.carried.billed().input();
        is_cached.then_some(Prompt {
            workload: self.workload as usize,
            index: self.index,
            input,
            leaf: self.asked.leaf,
        })
    }

    /// Returns the call with so many leading tokens of its prompt live in the cache.
    pub(super) fn with_live(&self, live: Tokens) -> Self {
        let Cache::Modelled(modelled) = self.of.cache else { return *self };
        let parts = modelled.split(self.carried.billed().input(), live);
        Self { carried: Carried::new(parts, u64::from(self.carried.output)), ..*self }
    }
}

//! The observer that counts.
//!
//! Cohort figures are told apart by a request's arrival. Clock figures come from counters that only rise: at each edge
//! (the ends of the interval, of a minute, of a bucket) the recorder takes differences, so that the engine's loop pays
//! one addition for an event and nothing for the clock.

mod at_once;
mod edges;
mod long_prompts;
mod sessions;
mod several;

pub use several::Recorders;

use std::ops::Range;

use self::sessions::SessionClocks;
use super::aftermath::Lookout;
use super::counters::Counters;
use super::early_ends::EarlyEnds;
use super::minutes::MinuteLog;
use super::record::{Cohort, NEVER_DONE, RATES, Record};
use super::timeline::{LatencyGrid, MOST_COURSES, QuotaBucket, bucket_width};
use crate::engine::Ended;
use crate::engine::observer::{Admission, Arrivals, Door, Failure, Job, Observer, Outcome, Refusal, Snapshot, Who};
use crate::model::capacity::quota::LimitKind;
use crate::model::capacity::{Room, Status};
use crate::model::workload::Slo;
use crate::model::workload::arrivals::Arrivals as Process;
use crate::model::{Model, Window};
use crate::units::{MICROS_PER_DAY, MICROS_PER_MINUTE, SimTime};
use long_prompts::LongPrompts;

/// Everything of one interval.
#[derive(Debug)]
pub struct Recorder {
    from: u64,
    to: u64,
    length: u64,
    record: Record,
    /// The objectives of each workload; `None`: every answer is good.
    slos: Vec<Option<Slo>>,
    /// The counts of long prompts; `None`: the length of a prompt changes no price.
    long: Option<LongPrompts>,
    clock: ClockState,
    keeps_course: bool,
    /// The observer of recoveries after bursts; `None`: the model has no bursts.
    lookout: Option<Lookout>,
    /// Requests and failures by minute of arrival; that of a window stays empty.
    minutes: MinuteLog,
    /// The time since the start of the UTC day at t = 0 \[µs\].
    day_phase: u64,
    sessions: SessionClocks,
}

#[derive(Debug)]
struct ClockState {
    now: Counters,
    at_start: Counters,
    at_minute: Counters,
    at_bucket: Counters,
    /// The events and trials of each rate when the minute began, by workload.
    rates_at_minute: Vec<[(u64, u64); RATES]>,
    bucket: Vec<QuotaBucket>,
    /// True if buckets hold the counts of each workload.
    keeps_workloads: bool,
    next_minute: u64,
    /// The minute that is running began inside the interval.
    minute_is_whole: bool,
    next_bucket: u64,
    /// The width of a bucket \[µs\]; `u64::MAX`: no timeline.
    bucket_width: u64,
    next_edge: u64,
    state: Phase,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Before,
    Inside,
    After,
}

impl Recorder {
    /// Returns the recorder of the measured interval, with a timeline. `bursts` are in the order of their starts
    /// \[µs\]; `None`: the model has no bursts.
    #[must_use]
    pub fn measured(model: &Model, bursts: Option<&[Range<u64>]>) -> Self {
        let width = bucket_width(model.run.duration);
        let minutes = MinuteLog::new(model);
        Self { minutes, ..Self::new(model, model.run.warmup.0..model.run.measured_end().0, bursts, width) }
    }

    /// Keeps the course over time too, by bucket.
    #[must_use]
    pub fn with_course(mut self) -> Self {
        self.keeps_course = true;
        self
    }

    /// Keeps latencies by bucket too: what charts draw, of one replication.
    #[must_use]
    pub fn with_latencies(mut self) -> Self {
        self.record.timeline.latencies = LatencyGrid::new(self.length.div_ceil(self.clock.bucket_width));
        self
    }

    /// Returns the recorder of a window, without a timeline.
    #[must_use]
    pub fn of_window(model: &Model, window: &Window, bursts: Option<&[Range<u64>]>) -> Self {
        Self::new(model, window.from.0..window.to.0, bursts, u64::MAX)
    }

    fn new(model: &Model, interval: Range<u64>, bursts: Option<&[Range<u64>]>, bucket_width: u64) -> Self {
        let lookout = bursts.map(|bursts| Lookout::new(model, bursts, interval.clone()));
        let Range { start: from, end: to } = interval;
        let (workloads, capacities, quotas) = (model.workloads.len(), model.capacities.len(), model.quotas.len());
        let phase = model.run.start.phase(MICROS_PER_MINUTE, 0);
        let minute_after = |t: u64| t + MICROS_PER_MINUTE - (t + phase) % MICROS_PER_MINUTE;
        let mut record = Record::new(model);
        let long = LongPrompts::of(model, &mut record);
        for (record, capacity) in record.capacities.iter_mut().zip(&model.capacities) {
            let mut quotas = capacity.quotas.iter().map(|quota| &model.quotas[*quota]);
            record.reserved = quotas.any(|quota| quota.asks_for_caps()).then_some(0);
            if let Room::Regions(pool) = &capacity.room {
                record.regions = vec![0; pool.regions.len()];
            }
        }
        for (cohort, workload) in record.workloads.iter_mut().zip(&model.workloads) {
            cohort.job_done = match &workload.arrivals {
                Process::Job(job) if from <= job.at && job.at + job.spread < to => Some(0),
                // Requests outside of the interval are not recorded, so that the end of the job is not known.
                Process::Job(_) => Some(NEVER_DONE),
                _ => None,
            };
        }
        let regions = record.capacities.iter().map(|c| c.regions.len()).sum();
        let counters = Counters::new(workloads, capacities, quotas, regions);
        record.timeline.width = if bucket_width == u64::MAX { 0 } else { bucket_width };
        Self {
            from,
            to,
            length: to - from,
            record,
            slos: model.workloads.iter().map(|w| (w.slo != Slo::default()).then_some(w.slo)).collect(),
            long,
            clock: ClockState {
                at_start: Counters::default(),
                at_minute: Counters::default(),
                at_bucket: Counters::default(),
                rates_at_minute: vec![[(0, 0); RATES]; workloads],
                now: counters,
                bucket: vec![QuotaBucket::default(); quotas],
                keeps_workloads: workloads <= MOST_COURSES,
                next_minute: minute_after(from),
                minute_is_whole: (from + phase).is_multiple_of(MICROS_PER_MINUTE),
                next_bucket: from.saturating_add(bucket_width),
                bucket_width,
                next_edge: from.min(lookout.as_ref().map_or(u64::MAX, Lookout::next)),
                state: Phase::Before,
            },
            keeps_course: false,
            lookout,
            minutes: MinuteLog::default(),
            day_phase: model.run.start.phase(MICROS_PER_DAY, 0),
            sessions: SessionClocks::new(model, from..to),
        }
    }

    /// The record, once the run is over. `unfinished`, by workload, is what the engine found still open; without it,
    /// what has no other outcome is unfinished.
    #[must_use]
    pub fn finish(mut self, unfinished: Option<&[u64]>, ended: Option<Ended>) -> Record {
        for (i, c) in self.record.workloads.iter_mut().enumerate() {
            c.unfinished = unfinished.map_or(c.requests - c.served - c.failed - c.timed_out, |open| open[i]);
        }
        self.record.ended = ended.map(EarlyEnds::of);
        self.record.minutes = self.minutes.finish();
        if let Some(mut aftermaths) = self.lookout.map(Lookout::into_aftermaths) {
            self.record.aftermath = aftermaths.next();
            self.record.workloads.iter_mut().zip(aftermaths).for_each(|(c, own)| c.aftermath = Some(own));
        }
        self.sessions.finish(&mut self.record);
        self.record
    }

    #[inline(always)]
    fn is_measured(&self, arrival: u64) -> bool {
        arrival.wrapping_sub(self.from) < self.length
    }

    /// The cohort of a request, when it is measured.
    #[inline(always)]
    fn cohort(&mut self, who: Who) -> Option<&mut Cohort> {
        if self.is_measured(who.arrival) { Some(&mut self.record.workloads[who.workload]) } else { None }
    }

    /// Returns the bucket of an instant of the interval. Most are of the bucket that is running, and need no division.
    #[inline(always)]
    fn bucket_of(&self, at: u64) -> u64 {
        let clock = &self.clock;
        if at + clock.bucket_width >= clock.next_bucket && at < clock.next_bucket {
            self.record.timeline.buckets.len() as u64
        } else {
            (at - self.from) / clock.bucket_width
        }
    }

    /// Returns how much of `[from, to)` lies in the interval \[µs\].
    #[inline(always)]
    fn overlap(&self, from: u64, to: u64) -> u128 {
        u128::from(to.min(self.to).saturating_sub(from.max(self.from)))
    }
}

#[deny(clippy::missing_trait_methods, reason = "an event without a method would not be counted")]
impl Observer for Recorder {
    #[inline(always)]
    fn arrived(&mut self, who: Who) {
        if let Some(cohort) = self.cohort(who) {
            cohort.requests += 1;
        }
    }

    #[inline]
    fn arrived_in_row(&mut self, arrivals: &Arrivals<'_>) {
        self.record_in_row(arrivals);
    }

    fn held_back(&mut self, who: Who) {
        if let Some(cohort) = self.cohort(who) {
            cohort.unsent += 1;
        }
    }

    fn sent(&mut self, who: Who) {
        if let Some(cohort) = self.cohort(who) {
            cohort.unsent -= 1;
        }
    }

    fn retried(&mut self, who: Who) {
        if let Some(cohort) = self.cohort(who) {
            cohort.retries += 1;
        }
    }

    fn called(&mut self, who: Who) {
        if let Some(cohort) = self.cohort(who) {
            cohort.further_calls += 1;
        }
    }

    fn offered(&mut self, who: Who) {
        if let Some(cohort) = self.cohort(who) {
            cohort.further_offers += 1;
        }
    }

    fn refused(&mut self, who: Who, capacity: usize, refusal: Refusal, at: u64) {
        let is_daily = refusal.refused.reason.limit().is_some_and(LimitKind::is_daily);
        if let Some(quota) = refusal.quota.filter(|_| is_daily && at < self.to) {
            self.record.quotas[quota].used_up.see((at + self.day_phase) / MICROS_PER_DAY, at);
        }
        let Some(cohort) = self.cohort(who) else { return };
        let refused = refusal.refused;
        if matches!(refused.status, Status::Throttled | Status::NotReady) {
            cohort.throttled_offers += 1;
        }
        self.record.capacities[capacity].refused[refused.reason as usize] += 1;
        if let (Some(quota), Some(limit)) = (refusal.quota, refused.reason.limit()) {
            self.record.quotas[quota].refused[limit as usize] += 1;
        }
    }

    #[inline(always)]
    fn admitted(&mut self, a: &Admission) {
        let (in_progress, is_measured) = (self.overlap(a.begins, a.ends), self.is_measured(a.who.arrival));
        let capacity = &mut self.record.capacities[a.capacity];
        capacity.in_flight_time += in_progress;
        if !is_measured {
            return;
        }
        capacity.admitted += 1;
        capacity.rerouted += u64::from(a.rerouted);
        if !a.completes {
            return;
        }
        let unused = a.reserved.saturating_sub(a.charged);
        if let Some(reserved) = &mut capacity.reserved {
            *reserved += a.reserved;
        }
        capacity.unused += unused;
        capacity.unused_reads += (a.reserved + a.tokens.cache_read).saturating_sub(a.charged) - unused;
        let cohort = &mut self.record.workloads[a.who.workload];
        cohort.billed[a.stage][a.capacity].add(&a.tokens);
        if let Some(long) = &self.long {
            long.bill(a.tokens.input(), (a.who.workload, a.stage, a.capacity), a.tokens, cohort);
        }
        if !a.answered {
            let above = |long: &LongPrompts| long.above((a.who.workload, a.stage, a.capacity));
            let is_long = self.long.as_ref().is_some_and(|long| a.tokens.input() > above(long));
            cohort.abandoned.add((a.stage, a.capacity), a.is_retry, is_long, a.tokens);
            return;
        }
        cohort.recovered_attempts += u64::from(a.refused_before);
        if !a.is_last {
            return;
        }
        cohort.served += 1;
        if let Some(done) = &mut cohort.job_done {
            *done = (*done).max(a.ends);
        }
        let before = a.begins - a.who.arrival;
        let service = a.ends - a.begins + a.served_before;
        let delay = before - a.served_before;
        if before == 0 {
            cohort.latencies.record_at_once(a.ttft, service);
        } else {
            cohort.latencies.record_after_wait(delay, before + a.ttft, service);
        }
        if a.truncated {
            cohort.truncated += 1;
        }
        if a.spilled {
            cohort.spilled += 1;
        }
        if let Some(slo) = self.slos[a.who.workload] {
            let met = |limit: Option<SimTime>, took: u64| limit.is_none_or(|limit| took <= limit.0);
            cohort.outside_slo += u64::from(!(met(slo.ttft, before + a.ttft) && met(slo.e2e, delay + service)));
        }
        if !self.record.timeline.latencies.is_empty() {
            let bucket = self.bucket_of(a.who.arrival);
            self.record.timeline.latencies.record(bucket, delay + service);
        }
    }

    fn placed(&mut self, who: Who, capacity: usize, region: usize) {
        if self.is_measured(who.arrival)
            && let Some(count) = self.record.capacities[capacity].regions.get_mut(region)
        {
            *count += 1;
        }
    }

    fn waited(&mut self, capacity: usize, from: u64, to: u64, behind: Option<Refusal>) {
        let waited = self.overlap(from, to);
        let capacity = &mut self.record.capacities[capacity];
        capacity.waiting_time += waited;
        let Some(Refusal { refused, quota }) = behind else { return };
        match (refused.reason.limit(), quota) {
            (Some(limit), Some(quota)) => self.record.quotas[quota].waited_behind[limit as usize] += waited,
            _ => capacity.waited_behind[refused.reason as usize] += waited,
        }
    }

    fn waited_in_client(&mut self, who: Who, door: Door, from: u64, to: u64) {
        let waited = self.overlap(from, to);
        self.record.workloads[who.workload].waited_in_client[door as usize] += waited;
    }

    fn stopped(&mut self, who: Who, quota: usize) {
        if self.is_measured(who.arrival) {
            self.record.quotas[quota].refused[LimitKind::Otpm as usize] += 1;
        }
    }

    fn submitted(&mut self, capacity: usize, job: Job) {
        // What was collected in the interval is submitted at its end at the latest.
        if self.from < job.submitted && job.submitted <= self.to {
            self.record.capacities[capacity].jobs.add(job);
        }
    }

    fn failed(&mut self, who: Who, is_first: bool, failure: Failure) {
        let throttled = failure.is_throttled();
        let clock = &mut self.clock.now.workloads[who.workload];
        clock.failed += 1;
        clock.throttled += u64::from(throttled);
        let Some(cohort) = self.cohort(who) else { return };
        cohort.throttled_attempts += u64::from(throttled);
        cohort.unavailable_attempts += u64::from(failure.is_unavailable());
        cohort.first_attempts_throttled += u64::from(throttled && is_first);
    }

    #[inline(always)]
    fn answered(&mut self, workload: usize) {
        self.clock.now.workloads[workload].answered += 1;
    }

    #[inline(always)]
    fn ended(&mut self, who: Who, outcome: Outcome, at: u64) {
        if let Some(cohort) = self.cohort(who) {
            cohort.time_to_failure.get_or_insert_default().record(at - who.arrival);
            if let Some(done) = &mut cohort.job_done {
                *done = (*done).max(at);
            }
            match outcome {
                Outcome::Failed => cohort.failed += 1,
                Outcome::TimedOut => cohort.timed_out += 1,
            }
            self.minutes.lose(who.arrival);
        }
    }

    fn session_began(&mut self, workload: usize, at: u64) {
        self.sessions.begin(workload, at);
    }

    fn session_ended(&mut self, first_turn: Who, every_turn_served: bool, at: u64) {
        self.sessions.end(first_turn.workload, at);
        if self.is_measured(first_turn.arrival) {
            self.sessions.count(first_turn.workload, every_turn_served);
        }
    }

    fn next_edge(&self) -> u64 {
        self.clock.next_edge
    }

    fn edge(&mut self, at: u64, snapshot: Snapshot<'_>) {
        // A snapshot's peaks are of the time since the last one, whoever had asked for that: none may be missed.
        if self.clock.state == Phase::Inside {
            self.fold_peaks(snapshot);
        }
        if at < self.clock.next_edge {
            return;
        }
        self.clock.now.see(snapshot, &self.record.workloads, &self.record.capacities);
        if let Some(lookout) = self.lookout.as_mut().filter(|lookout| lookout.next() == at) {
            lookout.look(at, &self.clock.now.workloads, snapshot);
        }
        if at >= self.from {
            self.clock_edge(at, snapshot);
        }
        let look = self.lookout.as_ref().map_or(u64::MAX, Lookout::next);
        let clock = &mut self.clock;
        clock.next_edge = match clock.state {
            Phase::After => u64::MAX,
            Phase::Before => self.from.min(look),
            Phase::Inside => clock.next_minute.min(clock.next_bucket).min(self.to).min(look),
        };
    }
}

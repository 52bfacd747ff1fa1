//! Batch jobs: records are collected, submitted together, and delivered together.

use super::flight::Flight;
use super::flow::Answer;
use super::observer::{Job, Observer};
use super::{ATTEMPTS, Call, Carried, Engine, NoRoom, Progress};
use crate::model::capacity::batch::JobsPlan;
use crate::model::capacity::{Place, RoomState};
use crate::model::workload::cache::InputParts;
use crate::queue::{Class, Event};
use crate::random::{Purpose, Stream, maths};

impl<'m, O: Observer> Engine<'m, O> {
    /// Adds a record to the next job; a record is never refused. It holds no connection: one that came here from
    /// another capacity of its route gives its own back.
    pub(super) fn collect(
        &mut self,
        call: &Call<'m>,
        progress: Progress,
        position: usize,
        capacity: usize,
        now: u64,
    ) -> Answer {
        self.leave_gate(call, progress, false, now);
        let was_connected = progress.is_connected;
        let progress = Progress { is_connected: false, ..progress };
        let place = Place { index: 0, region: 0, passed: 0, extra: 0 };
        // Prompt caching is not for batch: all input is paid for in full.
        let billed = call.carried.billed();
        let parts = InputParts { uncached: billed.input(), ..InputParts::default() };
        let record = Call { carried: Carried::new(parts, billed.output), ..*call };
        let flight = Flight::new(record, progress, capacity, position, place, u64::MAX);
        let Some(slot) = self.flights.insert(flight) else {
            self.full = Some(NoRoom::InService);
            return Answer::Admitted;
        };
        let deadline = self.deadline(call, progress);
        self.wait_for(slot, call, deadline);
        self.collected[capacity].push(slot);
        if self.supply.capacities[capacity].wake_at == u64::MAX {
            self.schedule_submission(capacity, now);
        }
        if was_connected {
            self.move_gate(call, now);
        }
        Answer::Admitted
    }

    fn jobs_of(&self, capacity: usize) -> Option<JobsPlan> {
        match &self.supply.capacities[capacity].room {
            RoomState::Jobs(plan) => Some(plan.clone()),
            _ => None,
        }
    }

    fn schedule_submission(&mut self, capacity: usize, now: u64) {
        let Some(plan) = self.jobs_of(capacity) else { return };
        let at = plan.next_submission(now, &self.model.run.start);
        self.supply.capacities[capacity].wake_at = at;
        self.queue.push(Event::new(at, Class::WakeUp, capacity as u32));
    }

    /// Submits the records collected so far, as jobs of no more records than one may have; too few wait for the next
    /// time.
    pub(super) fn submit_jobs(&mut self, capacity: usize, now: u64) {
        let Some(plan) = self.jobs_of(capacity) else { return };
        if self.collected[capacity].len() < plan.sizes.fewest {
            if !self.collected[capacity].is_empty() {
                self.schedule_submission(capacity, now);
            }
            return;
        }
        let records = std::mem::take(&mut self.collected[capacity]);
        // Jobs of as even a size as can be: none is left with too few.
        let jobs = records.len().div_ceil(plan.sizes.most);
        for job in records.chunks(records.len().div_ceil(jobs)) {
            self.submit(capacity, &plan, job, now);
        }
    }

    fn submit(&mut self, capacity: usize, plan: &JobsPlan, records: &[u32], now: u64) {
        let name = &self.model.capacities[capacity].name;
        let stream = Stream::new(self.model.run.seed, self.replication, Purpose::BatchDelay, name);
        let begins = now + maths::round_half_up(plan.queue_delay.at(stream, self.jobs[capacity]));
        self.jobs[capacity] += 1;
        let tokens = records.iter().map(|slot| {
            let billed = self.flights.get(*slot).call.carried.billed();
            billed.input() + billed.output
        });
        let ends = begins + plan.makespan(tokens.sum());
        let in_time = ends - now <= plan.deadline;
        let job = Job { records: records.len() as u64, submitted: now, begins, ends, in_time };
        self.observer.submitted(capacity, job);
        for &slot in records {
            self.flights.get_mut(slot).serve_in_job(begins, ends);
            self.queue.push(Event::new(ends, Class::Completion, ATTEMPTS + slot));
        }
    }
}

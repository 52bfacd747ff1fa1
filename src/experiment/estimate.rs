//! Estimates of the time and the memory that a run takes, made before it begins.
//!
//! The beginning of the scenario is played without being recorded, with every rate at its mean over the run, for longer
//! and longer until enough has happened. What a longer run would do follows from the two longest of these pilots:
//! requests grow with time; attempts for each request grow with its logarithm, for delays between attempts double; what
//! waits grows with the power of time that the pilots show. Bursts that fill a queue for a short time are not foreseen.

use std::time::Instant;

use crate::engine::observer::{Admission, Arrivals, Observer, Snapshot, Who};
use crate::engine::{self, MOST_ALIVE};
use crate::model::coverage::total;
use crate::model::workload::arrivals::Arrivals as Process;
use crate::model::workload::arrivals::shape::Shape;
use crate::model::{Model, Replications};
use crate::units::{MICROS_PER_MINUTE, SimTime};

/// Offers after which a pilot has seen enough.
const ENOUGH: u64 = 200_000;
/// Requests of the first pilot, where their rate is known.
const FIRST: f64 = 5_000.0;
/// The ratio of a pilot's length to that of the one before it.
const LONGER: u64 = 4;
/// Attempts that are cheaper than this are not worth a pilot, in all replications of a run.
const FEW: f64 = 2e7;
/// A request that waits in a queue or between attempts \[bytes\].
const BYTES_WAITING: f64 = 240.0;
/// A request in service \[bytes\].
const BYTES_IN_SERVICE: f64 = 100.0;
/// The state of one workload while it is simulated, with its part of the scenario and of the document, and below for each
/// of its minutes \[bytes\].
const BYTES_A_WORKLOAD: f64 = 20e3;
const BYTES_A_WORKLOAD_MINUTE: f64 = 60.0;
/// The metrics that are kept of one workload in one replication \[bytes\].
const BYTES_KEPT_A_WORKLOAD: f64 = 6e3;
/// The time of one replication for each workload, and below for each minute of a workload \[s\].
const SECONDS_A_WORKLOAD: f64 = 1.1e-4;
const SECONDS_A_WORKLOAD_MINUTE: f64 = 1.3e-6;
/// A run that is recorded takes so many times as long as its pilot \[1\].
const RECORDED: f64 = 1.3;
/// A further offer takes so many times as long again: its refusal is recorded, and many retries wait far ahead \[1\].
const REFUSED: f64 = 1.5;
/// Memory that is touched for the first time costs time \[s/byte\].
const SECONDS_A_BYTE: f64 = 0.3e-9;
/// A queue or a backlog below this share of all requests does not grow \[1\].
const STANDING: f64 = 0.05;

/// The time and the memory that one replication of a model needs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Need {
    /// The computing time on one thread \[s\].
    pub seconds: f64,
    /// Requests that arrive.
    pub requests: f64,
    /// The memory while the replication runs \[bytes\].
    pub bytes: f64,
    /// The memory that is kept of the replication until all of them are over \[bytes\].
    pub kept_bytes: f64,
}

impl Need {
    const NONE: Self = Self { seconds: 0.0, requests: 0.0, bytes: 0.0, kept_bytes: 0.0 };
}

/// Returns what one replication of a model needs; of a small one it is known without playing anything.
#[must_use]
pub fn estimate(model: &Model) -> Need {
    let workloads = model.workloads.len() as f64;
    let minutes = model.run.duration.0 as f64 / MICROS_PER_MINUTE as f64;
    let intervals = 1.0 + model.windows.len() as f64;
    let recorded = Need {
        seconds: workloads * (SECONDS_A_WORKLOAD + SECONDS_A_WORKLOAD_MINUTE * minutes) * intervals,
        bytes: workloads * (BYTES_A_WORKLOAD + BYTES_A_WORKLOAD_MINUTE * minutes),
        kept_bytes: workloads * BYTES_KEPT_A_WORKLOAD * intervals,
        ..Need::NONE
    };
    if most_attempts(model) * f64::from(model.run.replications.max) < FEW {
        return recorded;
    }
    let played = extrapolated(model, &pilots(model));
    Need {
        seconds: recorded.seconds + played.seconds,
        bytes: recorded.bytes + played.bytes,
        kept_bytes: recorded.kept_bytes,
        requests: played.requests,
    }
}

/// Returns a bound on the attempts of one replication, found at no cost; infinite where requests follow from others.
fn most_attempts(model: &Model) -> f64 {
    let end = model.run.measured_end().0;
    let requests = |process: &Process| match process {
        Process::Job(job) => job.requests as f64,
        Process::Trace(replay) if !replay.repeat => replay.trace.summary.rows as f64 * replay.scale,
        Process::Renewal { intensity, .. } => total(intensity, 0, end),
        Process::Batches(_) | Process::Sessions(_) | Process::Users(_) | Process::Trace(_) => f64::INFINITY,
    };
    let attempts = model.workloads.iter().map(|w| {
        let calls = f64::from(w.client.retries.max_attempts) * w.stages.len() as f64;
        requests(&w.arrivals) * calls
    });
    attempts.sum()
}

/// The observations of a pilot run.
#[derive(Debug, Clone, Copy)]
struct Pilot {
    /// The length of the pilot, in simulated time \[µs\].
    length: f64,
    /// The time that the pilot took \[s\].
    seconds: f64,
    requests: f64,
    offers: f64,
    /// Requests that wait at its end, in queues and between attempts.
    waiting: f64,
    /// Requests in service at its end.
    in_service: f64,
    /// The mean time of service \[µs\].
    service: f64,
}

/// Simulates longer and longer beginnings of a run; returns the two longest, the longest last.
fn pilots(model: &Model) -> [Pilot; 2] {
    let mut levelled = levelled(model);
    let end = model.run.hard_end().0.max(1);
    // Where all traffic is drawn, the first pilots would see nothing.
    let rate: f64 = levelled.workloads.iter().map(|w| w.arrivals.intensity().map_or(f64::INFINITY, |i| i.base)).sum();
    let mut length = ((FIRST / rate) as u64).clamp(1, end);
    let mut last = pilot(&mut levelled, length);
    loop {
        length = (length * LONGER).min(end);
        let next = pilot(&mut levelled, length);
        if next.offers >= ENOUGH as f64 || length == end {
            return [last, next];
        }
        last = next;
    }
}

/// The model with each rate at its mean over the run.
fn levelled(model: &Model) -> Model {
    let mut levelled = Model { windows: Vec::new(), expectations: Vec::new(), ..model.clone() };
    let end = model.run.hard_end().0.max(1);
    for workload in &mut levelled.workloads {
        let intensity = match &mut workload.arrivals {
            Process::Renewal { intensity, .. } => intensity,
            Process::Batches(batches) => &mut batches.intensity,
            Process::Sessions(sessions) => &mut sessions.intensity,
            Process::Users(_) | Process::Trace(_) | Process::Job(_) => continue,
        };
        intensity.base = total(intensity, 0, end) / end as f64;
        intensity.shape = Shape::Flat;
        intensity.bursts.clear();
        intensity.random_bursts.clear();
        intensity.growth = 0.0;
    }
    levelled
}

fn pilot(model: &mut Model, length: u64) -> Pilot {
    let run = &mut model.run;
    (run.warmup, run.duration, run.cooldown) = (SimTime::ZERO, SimTime(length), SimTime::ZERO);
    run.replications = Replications { min: 1, max: 1, relative_precision: None };
    let began = Instant::now();
    let finished = engine::run(model, 0, Tally { end: length, ..Tally::default() });
    let seconds = began.elapsed().as_secs_f64();
    let seen = finished.observer;
    Pilot {
        length: length as f64,
        seconds,
        requests: finished.requests as f64,
        offers: (finished.requests + seen.further_offers) as f64,
        waiting: seen.waiting as f64,
        in_service: seen.in_service as f64,
        service: seen.service as f64 / seen.admitted.max(1) as f64,
    }
}

/// Returns the need of the whole run, extrapolated from its two longest pilots.
fn extrapolated(model: &Model, [before, last]: &[Pilot; 2]) -> Need {
    if last.requests == 0.0 {
        return Need::NONE;
    }
    let run = &model.run;
    let rate = last.requests / last.length;
    let grows = last.waiting > STANDING * last.requests;
    let mean_stay = last.waiting / rate + last.service;
    // What is measured is followed to its end; a backlog is followed as long as the run may last.
    let tail = if grows { run.cooldown.0 as f64 } else { (5.0 * mean_stay).min(run.cooldown.0 as f64) };
    let mut length = (run.measured_end().0 as f64 + tail).max(last.length);
    let power = if grows { growth([before.length, last.length], [before.waiting, last.waiting]) } else { 0.0 };
    let mut waiting = last.waiting * libm::pow(length / last.length, power);
    if waiting > f64::from(MOST_ALIVE) {
        // The engine ends a run there.
        length *= libm::pow(f64::from(MOST_ALIVE) / waiting, 1.0 / power);
        waiting = f64::from(MOST_ALIVE);
    }
    let requests = rate * length;
    let offers_each = last.offers / last.requests;
    let offers_before = if before.requests > 0.0 { before.offers / before.requests } else { offers_each };
    let steps = libm::log(length / last.length) / libm::log(last.length / before.length);
    let more = (offers_each - offers_before).max(0.0) * steps.max(0.0);
    let most_offers = model.workloads.iter().map(|w| {
        let routes: usize = w.stages.iter().map(|stage| stage.route.len()).sum();
        f64::from(w.client.retries.max_attempts) * routes as f64
    });
    let offers = requests * (offers_each + more).min(most_offers.fold(offers_each, f64::max));
    // The difference of two pilots leaves out what each takes to begin.
    let seconds_each = match last.offers - before.offers {
        more if more > 0.0 && last.seconds > before.seconds => (last.seconds - before.seconds) / more,
        _ => last.seconds / last.offers,
    };
    // Services that are longer than the pilot have not begun to end.
    let growth = growth([before.length, last.length], [before.in_service, last.in_service]);
    let in_service = last.in_service * libm::pow((last.service.min(length) / last.length).max(1.0), growth);
    let bytes = waiting * BYTES_WAITING + in_service * BYTES_IN_SERVICE;
    let each = seconds_each * (RECORDED + REFUSED * (1.0 - last.requests / last.offers));
    Need { seconds: each * offers + bytes * SECONDS_A_BYTE, requests, bytes, kept_bytes: 0.0 }
}

/// The power of time with which something grows, from what it was at two times; at least 0 and at most 1.
fn growth(at: [f64; 2], was: [f64; 2]) -> f64 {
    match was[0] > 0.0 {
        true => (libm::log(was[1] / was[0]) / libm::log(at[1] / at[0])).clamp(0.0, 1.0),
        false => 1.0,
    }
}

/// An observer that counts offers, and what is in service and waits at the end.
#[derive(Debug, Default)]
struct Tally {
    /// The end of the pilot \[µs\].
    end: u64,
    is_over: bool,
    further_offers: u64,
    admitted: u64,
    /// The sum of all times of service \[µs\].
    service: u128,
    in_service: u64,
    waiting: u64,
}

impl Tally {
    fn serve(&mut self, begins: u64, ends: u64) {
        self.admitted += 1;
        self.service += u128::from(ends - begins);
        self.in_service += u64::from(ends > self.end);
    }
}

impl Observer for Tally {
    fn arrived_in_row(&mut self, arrivals: &Arrivals<'_>) {
        for row in arrivals.at_once().flatten() {
            self.serve(arrivals.arrival[row], arrivals.arrival[row] + arrivals.service[row]);
        }
    }
    fn admitted(&mut self, admission: &Admission) {
        self.serve(admission.begins, admission.ends);
    }
    fn retried(&mut self, _: Who) {
        self.further_offers += 1;
    }
    fn called(&mut self, _: Who) {
        self.further_offers += 1;
    }
    fn offered(&mut self, _: Who) {
        self.further_offers += 1;
    }
    fn next_edge(&self) -> u64 {
        if self.is_over { u64::MAX } else { self.end }
    }
    fn edge(&mut self, _: u64, snapshot: Snapshot<'_>) {
        self.is_over = true;
        let in_queues: u64 = snapshot.capacities.iter().map(|capacity| u64::from(capacity.waiting)).sum();
        self.waiting = in_queues + snapshot.backing_off.iter().sum::<u64>();
    }
}

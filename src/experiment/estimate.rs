//! Estimates of the time and the memory that a run takes, made before it begins.
//!
//! The beginning of the scenario is simulated without being recorded, with every rate at its mean over the run, for
//! longer and longer until enough has happened. What a longer run would do follows from the two longest of these
//! pilots: requests grow with time; attempts for each request grow with its logarithm, for delays between attempts
//! double; what waits grows with the power of time that the pilots show. Bursts that fill a queue for a short time are
//! not foreseen.

use std::time::Instant;

use crate::engine::observer::{Admission, Arrivals, Observer, Snapshot, Who};
use crate::engine::{self, MOST_ALIVE};
use crate::metrics::{MOST_BUCKETS, MOST_COURSES};
use crate::model::capacity::Limit;
use crate::model::capacity::limiter::LimiterSpec;
use crate::model::capacity::quota::{LimitKind, Quota};
use crate::model::coverage::total;
use crate::model::workload::Workload;
use crate::model::workload::arrivals::Arrivals as Process;
use crate::model::workload::arrivals::shape::Shape;
use crate::model::{Model, Replications};
use crate::units::{MICROS_PER_DAY, MICROS_PER_MINUTE, SimTime};

/// The number of offers after which no longer pilot is made of a large command.
const ENOUGH: f64 = 200_000.0;
/// The expected number of requests of the first pilot.
const FIRST: f64 = 5_000.0;
/// The ratio of a pilot's length to that of the one before it.
const LONGER: u64 = 4;
/// The share of all that a command simulates which pilots may take at the most \[1\].
const LEAST_SHARE: f64 = 0.05;
/// The memory of a request that waits in a queue or between attempts \[bytes\].
const BYTES_WAITING: f64 = 240.0;
/// The memory of a request in service \[bytes\].
const BYTES_IN_SERVICE: f64 = 100.0;
/// An admission that a sliding window remembers, with the room that is kept for more \[bytes\].
const BYTES_AN_ENTRY: f64 = 32.0;
/// The state of one workload while a replication runs, with its part of the document \[bytes\].
const BYTES_A_WORKLOAD: f64 = 13e3;
/// The metrics of one workload that are kept of each replication \[bytes\].
const BYTES_KEPT_A_WORKLOAD: f64 = 7e3;
/// The growth of a workload's distributions with each request, and the most that they grow by \[bytes\].
const BYTES_A_VALUE: f64 = 60.0;
const MOST_BYTES_OF_VALUES: f64 = 60e3;
/// The counts of each minute of a replication \[bytes\].
const BYTES_A_MINUTE: f64 = 12.0;
/// The counts of a workload in one part of the course over time, with its part of the document, where the model has so few
/// workloads that each has a course of its own \[bytes\].
const BYTES_A_BUCKET: f64 = 200.0;
/// The time of one replication for each workload \[s\].
const SECONDS_A_WORKLOAD: f64 = 1.3e-4;
/// The time that the end of a minute takes in one replication, and in addition for each workload \[s\].
const SECONDS_A_MINUTE: f64 = 1.1e-7;
const SECONDS_A_WORKLOAD_MINUTE: f64 = 3e-8;
/// The time of a recorded run as a multiple of the time that its pilot would take \[1\].
const RECORDED: f64 = 1.15;
/// The additional time of each offer after a request's first, as a multiple of the pilot's time per offer \[1\]: its
/// refusal is recorded, and its retry is kept far ahead in the event list.
const REFUSED: f64 = 1.5;
/// The time that it takes to touch memory for the first time \[s/byte\].
const SECONDS_A_BYTE: f64 = 0.3e-9;
/// The share of all requests up to which waiting requests are taken as a steady queue, not as a growing backlog \[1\].
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
    /// The memory that the results of the replication take until all replications have ended \[bytes\].
    pub kept_bytes: f64,
}

impl Need {
    const NONE: Self = Self { seconds: 0.0, requests: 0.0, bytes: 0.0, kept_bytes: 0.0 };
}

/// Bounds on what one replication of a model does, found at no cost. They are infinite for arrival processes whose number of
/// requests is not bounded here: batches, sessions, users and repeating traces.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Most {
    /// Attempts until the measured interval ends.
    pub attempts: f64,
    /// The memory of all requests that arrive until the run ends, its cooldown included, if all of them wait \[bytes\].
    pub bytes: f64,
}

/// Returns bounds on what one replication of a model does.
#[must_use]
pub fn most(model: &Model) -> Most {
    let [measured, all] = [model.run.measured_end(), model.run.hard_end()].map(|end| most_requests(model, end));
    let calls = |w: &Workload| f64::from(w.client.retries.max_attempts) * w.stages.len() as f64;
    Most {
        attempts: model.workloads.iter().zip(measured).map(|(w, requests)| requests * calls(w)).sum(),
        bytes: all.iter().sum::<f64>().min(f64::from(MOST_ALIVE)) * BYTES_WAITING,
    }
}

/// Returns a bound on the requests of one replication that arrive until `end`, by workload.
fn most_requests(model: &Model, end: SimTime) -> Vec<f64> {
    let requests = |process: &Process| match process {
        Process::Job(job) => job.requests as f64,
        Process::Trace(replay) if !replay.repeat => replay.trace.summary.rows as f64 * replay.scale,
        Process::Renewal { intensity, .. } => total(intensity, 0, end.0),
        Process::Batches(_) | Process::Sessions(_) | Process::Users(_) | Process::Trace(_) => f64::INFINITY,
    };
    model.workloads.iter().map(|w| requests(&w.arrivals)).collect()
}

/// Returns the time and the memory that one replication of a small model needs, without a pilot: what its workloads and
/// minutes take, and its sliding windows.
#[must_use]
pub fn outline(model: &Model) -> Need {
    let requests = most_requests(model, model.run.measured_end()).iter().sum();
    let bytes = window_bytes(model, requests, length(model), window_of);
    recorded(model, Need { requests, bytes, ..Need::NONE })
}

/// Returns the time and the memory that one replication of a model needs, of which a command makes so many `simulations`.
/// Its beginning is simulated to find out.
#[must_use]
pub fn estimate(model: &Model, simulations: f64) -> Need {
    let enough = (most(model).attempts * simulations * LEAST_SHARE).min(ENOUGH);
    recorded(model, extrapolated(model, &pilots(model, enough)))
}

/// Returns the need of a replication with that of its metrics, which depends on its workloads and minutes.
fn recorded(model: &Model, played: Need) -> Need {
    let workloads = model.workloads.len() as f64;
    let minutes = model.run.duration.0 as f64 / MICROS_PER_MINUTE as f64;
    let intervals = 1.0 + model.windows.len() as f64;
    let each = SECONDS_A_WORKLOAD + SECONDS_A_WORKLOAD_MINUTE * minutes;
    let buckets = if model.workloads.len() > MOST_COURSES { 0.0 } else { (60.0 * minutes).min(MOST_BUCKETS as f64) };
    let of_workload = BYTES_A_WORKLOAD + BYTES_A_BUCKET * buckets;
    let values = (played.requests * BYTES_A_VALUE).min(workloads * MOST_BYTES_OF_VALUES);
    Need {
        seconds: played.seconds + (workloads * each + SECONDS_A_MINUTE * minutes) * intervals,
        bytes: played.bytes + workloads * of_workload + BYTES_A_MINUTE * minutes,
        kept_bytes: (workloads * BYTES_KEPT_A_WORKLOAD + values) * intervals,
        ..played
    }
}

/// Returns the need of a replication in which daily limits count the last 24 hours, from its need with other days.
#[must_use]
pub fn with_rolling_days(model: &Model, need: Need) -> Need {
    let day = |kind: LimitKind, _: &Limit| kind.is_daily().then_some(MICROS_PER_DAY as f64);
    Need { bytes: need.bytes + window_bytes(model, need.requests, length(model), day), ..need }
}

fn length(model: &Model) -> f64 {
    model.run.measured_end().0.max(1) as f64
}

/// Returns the length of the sliding window by which a limit is enforced \[µs\]; `None`: by another algorithm.
fn window_of(_: LimitKind, limit: &Limit) -> Option<f64> {
    match limit.limiter {
        LimiterSpec::SlidingWindow { window } => Some(window as f64),
        LimiterSpec::FixedWindow { .. } | LimiterSpec::TokenBucket { .. } => None,
    }
}

/// Returns the memory of the sliding windows in one replication, which remember each admission: so many requests arrive over a
/// `length` \[µs\], the same number of each workload. `window` tells the length of each limit's window \[µs\].
fn window_bytes(model: &Model, requests: f64, length: f64, window: impl Fn(LimitKind, &Limit) -> Option<f64>) -> f64 {
    let each = requests / model.workloads.len().max(1) as f64;
    let is_asked = |workload: &Workload, quota: usize| {
        let mut route = workload.stages.iter().flat_map(|stage| &stage.route);
        route.any(|capacity| model.capacities[*capacity].quotas.contains(&quota))
    };
    let of_quota = |(number, quota): (usize, &Quota)| {
        let calls = model.workloads.iter().filter(|w| is_asked(w, number)).count() as f64 * each;
        let windows = LimitKind::ALL.into_iter().filter_map(|kind| window(kind, &quota.over_time(kind)?.first().limit));
        windows.map(|window| calls * (window / length).min(1.0)).sum::<f64>()
    };
    model.quotas.iter().enumerate().map(of_quota).sum::<f64>() * BYTES_AN_ENTRY
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

/// Simulates longer and longer beginnings of a run, until `enough` offers are made; returns the two longest, the longest last.
fn pilots(model: &Model, enough: f64) -> [Pilot; 2] {
    let mut levelled = levelled(model);
    let end = model.run.hard_end().0.max(1);
    // A pilot of 1 µs sees no random arrival, so the first lasts as long as `FIRST` requests take. With a process that
    // has no rate (users, traces, jobs) it begins at 1 µs.
    let rate: f64 = levelled.workloads.iter().map(|w| w.arrivals.intensity().map_or(f64::INFINITY, |i| i.base)).sum();
    let mut length = ((FIRST / rate) as u64).clamp(1, end);
    let mut last = pilot(&mut levelled, length);
    loop {
        length = (length * LONGER).min(end);
        let next = pilot(&mut levelled, length);
        if next.offers >= enough || length == end {
            return [last, next];
        }
        last = next;
    }
}

/// Returns a copy of the model with every rate at its mean over the run.
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
    // Measured requests are simulated to their end; a backlog is simulated as long as the run may last.
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
    let steps = match last.length > before.length {
        true => libm::log(length / last.length) / libm::log(last.length / before.length),
        false => 0.0,
    };
    let more = (offers_each - offers_before).max(0.0) * steps.max(0.0);
    let most_offers = model.workloads.iter().map(|w| {
        let routes: usize = w.stages.iter().map(|stage| stage.route.len()).sum();
        f64::from(w.client.retries.max_attempts) * routes as f64
    });
    let offers = requests * (offers_each + more).min(most_offers.fold(offers_each, f64::max));
    // The difference of two pilots leaves out what each takes to begin.
    let seconds_each = match last.offers - before.offers {
        more if more > before.offers && last.seconds > before.seconds => (last.seconds - before.seconds) / more,
        _ => last.seconds / last.offers,
    };
    // Services that are longer than the pilot have not begun to end.
    let growth = growth([before.length, last.length], [before.in_service, last.in_service]);
    let in_service = last.in_service * libm::pow((last.service.min(length) / last.length).max(1.0), growth);
    let remembered = window_bytes(model, requests, length, window_of);
    let bytes = waiting * BYTES_WAITING + in_service * BYTES_IN_SERVICE + remembered;
    let each = seconds_each * (RECORDED + REFUSED * (1.0 - last.requests / last.offers));
    Need { seconds: each * offers + bytes * SECONDS_A_BYTE, requests, bytes, kept_bytes: 0.0 }
}

/// Returns the exponent of time with which a quantity grew between two pilots, within 0 and 1.
fn growth(at: [f64; 2], was: [f64; 2]) -> f64 {
    if at[0] == at[1] {
        return 0.0;
    }
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

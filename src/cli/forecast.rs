//! The forecast of time and memory before a run: a long run is announced, one too large for this machine is refused.

use std::borrow::Cow;

use sysinfo::{MemoryRefreshKind, ProcessRefreshKind, ProcessesToUpdate, RefreshKind, System};

use super::args::Resources;
use super::{Exit, Trouble, fault};
use crate::diagnostic::{Diagnostic, Severity, Sources};
use crate::experiment::{self, Most, Need, Reruns};
use crate::figures;
use crate::model::Model;
use crate::model::study::Unknown;

/// The time above which the forecast is printed \[s\].
const LONG: f64 = 60.0;
/// The share of this machine's memory above which the forecast is printed \[1\].
const MUCH: f64 = 0.25;
const SHORTER: &str = "a shorter `run.duration`, a lower rate or fewer replications need less";
const RERUNS: &str = "`run --no-decision` leaves out the search for what would carry the load";
/// The number of attempts, over all that a command simulates, below which it is too small for pilots: it takes seconds.
const FEW: f64 = 2e7;
/// The memory of waiting requests up to which a command is too small for pilots \[bytes\].
const LITTLE: f64 = 1e9;

/// The simulations that a command is going to make of one model.
#[derive(Debug, Clone)]
pub(super) struct Ahead<'m> {
    model: Cow<'m, Model>,
    /// True if readings count the last 24 hours of a daily quota.
    may_roll: bool,
    /// The number of times that the model is simulated with all its replications.
    plays: f64,
    /// The largest number of such simulations that go on at a time, if there are as many threads.
    at_once: f64,
    /// True if reruns may follow, which look for what would change the answer.
    may_rerun: bool,
}

/// The time and the memory that a command takes, without what the program holds already.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Total {
    requests: f64,
    /// The time without reruns \[s\].
    seconds: f64,
    /// The most time that reruns take \[s\].
    rerun_seconds: f64,
    bytes: f64,
}

impl<'m> Ahead<'m> {
    /// Returns the simulations of one scenario: one for each combination of readings of its unknowns, up to
    /// `MOST_READINGS`.
    pub(super) fn of(model: &'m Model, unknowns: &[Unknown]) -> Self {
        let readings = unknowns.iter().fold(1.0, |n, unknown| n * (1.0 + unknown.others().len() as f64));
        let plays = f64::min(readings, experiment::MOST_READINGS as f64);
        // The default doubt of a daily quota makes its day a rolling one, which remembers each admission.
        let may_roll = unknowns.iter().any(|unknown| unknown.path.ends_with(".tpd_reset"));
        Self { model: Cow::Borrowed(model), may_roll, plays, at_once: 1.0, may_rerun: false }
    }

    /// Returns the simulations of so many points that are alike, among all points of a sweep. As many of all are simulated at
    /// a time as there are threads.
    pub(super) fn of_points(model: Model, alike: f64, all: f64) -> Self {
        Self { model: Cow::Owned(model), may_roll: false, plays: alike, at_once: all, may_rerun: false }
    }

    /// Returns the simulations of a run that, where it does not carry its load, is followed by a search for what would.
    pub(super) fn may_rerun(self, may_rerun: bool) -> Self {
        Self { may_rerun, ..self }
    }

    /// Returns `plays` times as many simulations.
    pub(super) fn times(self, plays: f64) -> Self {
        Self { plays: self.plays * plays, ..self }
    }

    fn replications(&self) -> f64 {
        f64::from(self.model.run.replications.max)
    }

    /// Returns the number of replications that go on at a time on a number of threads.
    fn threads_used(&self, threads: f64) -> f64 {
        threads.min(self.replications() * self.at_once).max(1.0)
    }

    /// Returns the time and the memory that one replication needs; of small commands without simulating it.
    fn need(&self, is_small: bool) -> Need {
        let simulations = self.replications() * self.plays.max(self.at_once);
        let need = match is_small {
            true => experiment::outline(&self.model),
            false => experiment::estimate(&self.model, simulations),
        };
        if self.may_roll { experiment::with_rolling_days(&self.model, need) } else { need }
    }

    fn total(&self, threads: f64, need: Need) -> Total {
        let (replications, used) = (self.replications(), self.threads_used(threads));
        let whole = need.seconds * replications / used;
        let reruns = match self.may_rerun {
            true => experiment::most_reruns(&self.model),
            false => Reruns { single: 0.0, whole: 0.0 },
        };
        Total {
            requests: need.requests * replications * self.plays,
            seconds: whole * self.plays,
            rerun_seconds: need.seconds * reruns.single + whole * reruns.whole,
            bytes: need.bytes * used + need.kept_bytes * replications * self.at_once.min(used),
        }
    }
}

impl Total {
    /// Returns the total of simulations of which others follow these.
    fn then(self, other: Self) -> Self {
        Self {
            requests: self.requests + other.requests,
            seconds: self.seconds + other.seconds,
            rerun_seconds: self.rerun_seconds + other.rerun_seconds,
            bytes: self.bytes.max(other.bytes),
        }
    }
}

/// Returns what simulations take that are made one after the other on a number of threads.
fn forecast(all: &[Ahead<'_>], threads: f64) -> Total {
    let most: Vec<Most> = all.iter().map(|ahead| experiment::most(&ahead.model)).collect();
    let each = || all.iter().zip(&most);
    let attempts: f64 = each().map(|(ahead, most)| most.attempts * ahead.replications() * ahead.plays).sum();
    let bytes = each().map(|(ahead, most)| most.bytes * ahead.threads_used(threads)).fold(0.0, f64::max);
    let is_small = attempts < FEW && bytes < LITTLE;
    all.iter().map(|ahead| ahead.total(threads, ahead.need(is_small))).fold(Total::default(), Total::then)
}

/// Announces that simulations, made one after the other, will take long or much memory; says nothing of small ones.
///
/// # Errors
/// The simulations need more memory than this machine has, and `--yes` is not given.
pub(super) fn announce(all: &[Ahead<'_>], resources: Resources) -> Result<(), Trouble> {
    let threads = match resources.threads {
        Some(threads) => f64::from(threads),
        None => std::thread::available_parallelism().map_or(1.0, |n| n.get() as f64),
    };
    let total = forecast(all, threads);
    let machine = Machine::look();
    let total = Total { bytes: total.bytes + machine.held, ..total };
    if total.bytes > machine.memory && !resources.yes {
        let [needed, there] = [total.bytes, machine.memory].map(memory);
        let rule = format!("this needs about {needed} of memory, and this machine has {there}");
        return Err(fault(Exit::Usage, rule, format!("{SHORTER}; --yes begins it all the same")));
    }
    if total.seconds + total.rerun_seconds > LONG || total.bytes > MUCH * machine.memory {
        let help = if total.rerun_seconds > 0.0 { format!("{SHORTER}; {RERUNS}") } else { SHORTER.to_owned() };
        warn(&sentence(total), help);
    }
    Ok(())
}

/// Returns a forecast as text: `simulating about 360 M requests takes about 3 h on an idle machine and 4.5 GB of memory`
fn sentence(total: Total) -> String {
    let what = if total.requests > 0.0 {
        format!("simulating about {} requests", figures::amount(total.requests))
    } else {
        "this run".to_owned()
    };
    let [time, reruns] = [total.seconds, total.rerun_seconds].map(|seconds| figures::time(seconds * 1e3));
    let memory = memory(total.bytes);
    let more = match total.rerun_seconds > 0.0 {
        true => format!(", and up to {reruns} more where the load is not carried"),
        false => String::new(),
    };
    figures::plain(&format!("{what} takes about {time} on an idle machine and {memory} of memory{more}"))
}

fn warn(rule: &str, help: String) {
    let finding = Diagnostic {
        severity: Severity::Warning,
        rule: rule.to_owned(),
        at: None,
        help: Some(help),
        offers: Vec::new(),
        is_system: false,
    };
    let colour = super::colour(&std::io::stderr());
    super::complain(&super::render::render(&Sources::default(), &[finding], colour));
}

/// Returns an amount of memory as text: `4.5 GB`
fn memory(bytes: f64) -> String {
    let (scale, unit) = if bytes >= 1e9 { (1e9, "GB") } else { (1e6, "MB") };
    format!("{} {unit}", figures::plain(&figures::three_figures(bytes / scale)))
}

/// The memory of this machine, or of the container that the program runs in \[bytes\].
struct Machine {
    memory: f64,
    /// The memory that the program holds already.
    held: f64,
}

impl Machine {
    fn look() -> Self {
        let kind = RefreshKind::nothing().with_memory(MemoryRefreshKind::nothing().with_ram());
        // Where the system does not report its memory, no run is refused.
        let Ok(mut system) = System::new_with_specifics(kind) else {
            return Self { memory: f64::INFINITY, held: 0.0 };
        };
        let limit = system.cgroup_limits().map_or(u64::MAX, |limits| limits.total_memory);
        let memory = system.total_memory().min(limit);
        let held = sysinfo::get_current_pid().ok().and_then(|pid| {
            let only = ProcessRefreshKind::nothing().with_memory();
            system.refresh_processes_specifics(ProcessesToUpdate::Some(&[pid]), false, only);
            system.process(pid).map(sysinfo::Process::memory)
        });
        Self { memory: if memory == 0 { f64::INFINITY } else { memory as f64 }, held: held.unwrap_or(0) as f64 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::Source;

    const SCENARIO: &str = concat!(
        r#"
[run]
duration = "6s"
warmup = "0s"
cooldown = "0s"
replications = 1
"#,
        include_str!("../../tests/it/model.toml"),
        r#"arrivals.poisson.rate = "1_000_000/s"
input_tokens = 1000
output_tokens = 100
[capacities.us.on_demand]
rpm = "none"
tpm = "none"
tpd = "none"
"#
    );

    fn model(changes: &[&str]) -> Model {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("s.toml");
        std::fs::write(&file, SCENARIO).unwrap();
        let settings: Vec<String> = changes.iter().map(|&setting| setting.to_owned()).collect();
        Source::open(&file, &settings).ok().and_then(|source| source.load(&[]).ok()).unwrap().model
    }

    #[test]
    fn small_simulations_count_as_often_as_they_are_made() {
        let small = model(&["workloads.chat.arrivals.poisson.rate=1000/s"]);
        let one = forecast(&[Ahead::of(&small, &[])], 1.0);
        assert!(one.seconds < 0.01, "{one:?}");
        // 60 M requests: of many points, values of a size, or files.
        let points = forecast(&[Ahead::of_points(small.clone(), 10_000.0, 10_000.0)], 1.0);
        let sizes = forecast(&[Ahead::of(&small, &[]).times(10_000.0)], 1.0);
        let files = forecast(&vec![Ahead::of(&small, &[]).times(10.0); 1_000], 1.0);
        for many in [points, sizes, files] {
            assert!((57e6..63e6).contains(&many.requests), "{many:?}");
            // No machine simulates a request in a nanosecond, nor takes 10 µs.
            assert!((0.06..600.0).contains(&(many.seconds - 10_000.0 * one.seconds)), "{many:?}");
        }
    }

    #[test]
    fn as_many_points_are_in_memory_as_there_are_threads() {
        let replicated = model(&["run.replications=4"]);
        let [one, three] = [1.0, 3.0].map(|alike| Ahead::of_points(replicated.clone(), alike, 3.0));
        let need = Need { seconds: 1.0, requests: 1.0, bytes: 100.0, kept_bytes: 10.0 };
        // Twelve replications, of which eight go on at a time: three points keep the results of four each.
        assert_eq!(one.total(8.0, need).bytes, 8.0 * 100.0 + 12.0 * 10.0);
        assert_eq!(three.total(8.0, need).bytes, one.total(8.0, need).bytes);
        assert_eq!((one.total(8.0, need).seconds, three.total(8.0, need).seconds), (4.0 / 8.0, 12.0 / 8.0));
        assert_eq!(Ahead::of(&replicated, &[]).total(8.0, need).bytes, 4.0 * 100.0 + 4.0 * 10.0);
    }

    #[test]
    fn what_waits_in_a_cooldown_is_foreseen_for_a_run_of_few_attempts() {
        let queued = [
            "capacities.us.concurrency=10",
            "capacities.us.on_saturation=queue",
            "capacities.us.max_queue=4_000_000_000",
        ];
        let short = ["workloads.chat.arrivals.poisson.rate=100000/s", "run.duration=60s", "run.cooldown=10m"];
        let model = model(&[&queued[..], &short].concat());
        let total = forecast(&[Ahead::of(&model, &[])], 1.0);
        // The engine ends the run at 16.8 M requests that wait.
        assert!((2e9..8e9).contains(&total.bytes), "{total:?}");
    }

    #[test]
    fn the_search_for_a_decision_is_told_apart() {
        let model = model(&["run.duration=5h", "run.replications=10"]);
        let need = Need { seconds: 10.0, requests: 1e6, bytes: 1e6, kept_bytes: 0.0 };
        let total = Ahead::of(&model, &[]).may_rerun(true).total(2.0, need);
        // Without goals there is no run of all replications; eight of half an hour take 8/10 of the time of one.
        assert_eq!((total.seconds, total.rerun_seconds), (50.0, 8.0));
        let told = sentence(total);
        assert!(told.ends_with("2 MB of memory, and up to 8 s more where the load is not carried"), "{told}");
        let none = Ahead::of(&model, &[]).total(2.0, need);
        assert_eq!(none.rerun_seconds, 0.0);
        assert!(sentence(none).ends_with("of memory"), "{}", sentence(none));
    }
}

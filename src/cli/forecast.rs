//! The forecast of time and memory before a run: a long run is announced, one too large for this machine is refused.

use sysinfo::{MemoryRefreshKind, ProcessRefreshKind, ProcessesToUpdate, RefreshKind, System};

use super::args::Resources;
use super::{Exit, Trouble, fault};
use crate::diagnostic::{Diagnostic, Severity, Sources};
use crate::experiment::{self, Need};
use crate::figures;
use crate::model::Model;
use crate::model::study::Unknown;

/// The time above which the forecast is printed \[s\].
const LONG: f64 = 60.0;
/// The share of this machine's memory above which the forecast is printed \[1\].
const MUCH: f64 = 0.25;
const SHORTER: &str = "a shorter `run.duration`, a lower rate or fewer replications need less";
const RERUNS: &str = "where the load is not carried, looking for what would carry it may take as long again: --no-decision leaves that out";

/// The simulations that a command is going to make.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ahead {
    /// The time and memory that one replication needs.
    need: Need,
    replications: u32,
    /// The number of times that the scenario is simulated with all its replications.
    plays: f64,
    /// The largest number of such simulations that go on at a time.
    at_once: f64,
    /// True if reruns may follow, which look for what would change the answer.
    may_rerun: bool,
}

impl Ahead {
    /// Forecasts one scenario: a simulation for each combination of readings of its unknowns, up to `MOST_READINGS`.
    pub(super) fn of(model: &Model, unknowns: &[Unknown]) -> Self {
        let replications = model.run.replications.max;
        let readings = unknowns.iter().fold(1.0, |n, unknown| n * (1.0 + unknown.others().len() as f64));
        let plays = f64::min(readings, experiment::MOST_READINGS as f64);
        let need = experiment::estimate(model);
        // The default doubt of a daily quota makes its day a rolling one, which remembers each admission.
        let may_roll = unknowns.iter().any(|unknown| unknown.path.ends_with(".tpd_reset"));
        let need = if may_roll { experiment::with_rolling_days(model, need) } else { need };
        Self { need, replications, plays, at_once: 1.0, may_rerun: false }
    }

    /// Returns the forecast for several points, of which as many are simulated at a time as there are threads.
    pub(super) fn for_points(self, points: f64) -> Self {
        Self { plays: points, at_once: f64::INFINITY, ..self }
    }

    /// Returns the forecast for a run that, where it does not carry its load, is followed by a search for what would.
    pub(super) fn may_rerun(self, may_rerun: bool) -> Self {
        Self { may_rerun, ..self }
    }

    /// Returns the forecast for `plays` times as many simulations.
    pub(super) fn times(self, plays: f64) -> Self {
        Self { plays: self.plays * plays, ..self }
    }

    fn requests(&self) -> f64 {
        self.need.requests * f64::from(self.replications) * self.plays
    }

    /// Returns the time \[s\] and the memory \[bytes\] on a number of threads, without what the program holds already.
    fn total(&self, threads: f64) -> (f64, f64) {
        let replications = f64::from(self.replications);
        let at_once = threads.min(replications * self.plays.min(self.at_once)).max(1.0);
        let seconds = self.need.seconds * replications * self.plays / at_once;
        let kept = self.need.kept_bytes * replications * self.at_once.min(at_once);
        (seconds, self.need.bytes * at_once + kept)
    }
}

/// Announces that simulations, made one after the other, will take long or much memory; says nothing of small ones.
///
/// # Errors
/// The simulations need more memory than this machine has, and `--yes` is not given.
pub(super) fn announce(all: &[Ahead], resources: Resources) -> Result<(), Trouble> {
    let threads = match resources.threads {
        Some(threads) => f64::from(threads),
        None => std::thread::available_parallelism().map_or(1.0, |n| n.get() as f64),
    };
    let totals = all.iter().map(|ahead| ahead.total(threads));
    let (seconds, bytes) = totals.fold((0.0, 0.0), |(time, most), (seconds, bytes)| (time + seconds, bytes.max(most)));
    let machine = Machine::look();
    let bytes = bytes + machine.held;
    if bytes > machine.memory && !resources.yes {
        let rule =
            format!("this needs about {} of memory, and this machine has {}", memory(bytes), memory(machine.memory));
        return Err(fault(Exit::Usage, rule, format!("{SHORTER}; --yes begins it all the same")));
    }
    if seconds > LONG || bytes > MUCH * machine.memory {
        let help =
            if all.iter().any(|ahead| ahead.may_rerun) { format!("{SHORTER}; {RERUNS}") } else { SHORTER.to_owned() };
        warn(&sentence(all.iter().map(Ahead::requests).sum(), seconds, bytes), help);
    }
    Ok(())
}

/// Returns a forecast as text: `simulating about 360 M requests takes about 3 h and 4.5 GB of memory`
fn sentence(requests: f64, seconds: f64, bytes: f64) -> String {
    let what = if requests > 0.0 {
        format!("simulating about {} requests", figures::amount(requests))
    } else {
        "this run".to_owned()
    };
    let time = figures::time(seconds * 1e3);
    figures::plain(&format!("{what} takes about {time} on an idle machine and {} of memory", memory(bytes)))
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

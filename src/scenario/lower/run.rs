//! The clock, the seed, the replications; and the traces that may say how long a run lasts.

use super::{Lowering, Traces};
use crate::model::Run;
use crate::model::run::{DEFAULT_REPLICATIONS, RunSpec, Start};
use crate::model::workload::arrivals::ArrivalsSpec;
use crate::reading::Cause;
use crate::trace::{self, TraceError};
use crate::units::{SimTime, WallClock};

const DEFAULT_COOLDOWN: SimTime = SimTime(600_000_000);
const SECOND: u64 = 1_000_000;

impl Lowering<'_> {
    /// Reads every trace once.
    pub fn traces(&mut self) -> Traces {
        let mut traces = Traces::new();
        for section in &self.specs.workloads {
            let Some(ArrivalsSpec::Trace(spec)) = section.spec.as_ref().map(|w| &w.arrivals.value) else { continue };
            let Some(selection) = spec.selection(self.sink) else { continue };
            match self.files.source.shelf.trace(self.files.path(&spec.file), selection) {
                Ok(trace) => {
                    if trace.summary.skipped_lines > 0 {
                        let rule = format!(
                            "{} lines of `{}` are no request and are left out",
                            trace.summary.skipped_lines, &*spec.file.value
                        );
                        self.facts.remark(format!("workloads.{}.arrivals.trace", section.name), rule.as_str());
                        self.sink.warning(Some(spec.file.at.clone()), rule, None);
                    }
                    traces.insert(section.name.clone(), trace);
                }
                Err(error) => {
                    let help = match error.plain() {
                        TraceError::Read(error) if error.cause == Cause::Missing => {
                            Some("its path is relative to the scenario file")
                        }
                        TraceError::Read(error) => error.help,
                        TraceError::Line { .. } => Some("correct the line, or write skip_bad_lines = true"),
                        TraceError::Unsorted { .. } => Some(trace::SORT),
                        _ => None,
                    };
                    let rule = format!("the trace `{}` cannot be replayed: {error}", &*spec.file.value);
                    let before = self.sink.findings.len();
                    self.error(&spec.file.at, rule, help.map(str::to_owned));
                    if error.is_system() {
                        self.sink.blame_system(before);
                    }
                }
            }
        }
        traces
    }

    pub fn run(&mut self, traces: &Traces) -> Option<Run> {
        if self.specs.run.is_present() && self.specs.run.spec.is_none() {
            return None;
        }
        let default = RunSpec::default();
        let spec = self.specs.run.spec.as_ref().unwrap_or(&default);
        let duration = match &spec.duration {
            Some(written) if written.value.0 == SimTime::ZERO => {
                self.error(&written.at, "`duration` is above zero", None);
                None
            }
            Some(written) => Some(written.value.0),
            None => self.length_of_traces(traces),
        };
        let warmup = self.warmup(spec);
        let cooldown = spec.cooldown.as_ref().map_or(DEFAULT_COOLDOWN, |c| c.value.0);
        let replications = match &spec.replications {
            None => Some(DEFAULT_REPLICATIONS),
            Some(written) => written.value.lower(&written.at, self.sink),
        };
        let confidence = spec.confidence.as_ref().map_or(0.95, |c| c.value.0);
        if let Some(written) = spec.confidence.as_ref().filter(|_| !(0.5..1.0).contains(&confidence)) {
            let rule = format!("a confidence lies between 0.5 and 1, {confidence} does not");
            self.error(&written.at, rule, "0.95 is usual".to_owned());
        }
        let run = Run {
            warmup,
            duration: duration?,
            cooldown,
            start: self.start(),
            seed: spec.seed.as_ref().map_or(1, |s| s.value.0),
            replications: replications?,
            confidence,
            most_alive: u32::MAX,
        };
        if run.hard_end() > SimTime::LONGEST {
            let at = spec.duration.as_ref().map_or(self.specs.run.at.clone(), |d| d.at.clone());
            let rule =
                format!("warmup, duration and cooldown end at {}, later than the clock can represent", run.hard_end());
            self.error(&at, rule, format!("the longest run is {}", SimTime::LONGEST));
            return None;
        }
        self.check_traces(&run, traces);
        Some(run)
    }

    /// Returns the wall clock of t = 0.
    pub fn start(&self) -> WallClock {
        let written = self.specs.run.spec.as_ref().and_then(|run| run.start.as_ref());
        written.map_or_else(Start::default_clock, |s| s.value.0.clone())
    }

    fn warmup(&mut self, spec: &RunSpec) -> SimTime {
        if let Some(written) = &spec.warmup {
            return written.value.0;
        }
        let drawn = |arrivals: &ArrivalsSpec| !matches!(arrivals, ArrivalsSpec::Trace(_));
        if self.specs.workloads.iter().filter_map(|w| w.spec.as_ref()).any(|w| drawn(&w.arrivals.value)) {
            let at = spec.duration.as_ref().map(|d| d.at.clone());
            let rule = "no `warmup` is given: the run is measured from an idle start";
            self.sink.warning(
                at,
                rule,
                "write warmup = \"10m\", or warmup = \"0s\" if an idle start is meant".to_owned(),
            );
        }
        SimTime::ZERO
    }

    /// Returns the length of a run whose workloads all replay traces: just past the last arrival, in whole seconds.
    fn length_of_traces(&mut self, traces: &Traces) -> Option<SimTime> {
        let replays = |w: &crate::model::workload::WorkloadSpec| matches!(w.arrivals.value, ArrivalsSpec::Trace(_));
        let all = self.specs.workloads.iter().all(|w| w.spec.as_ref().is_none_or(replays));
        if !all {
            let at = self.specs.run.at.clone();
            let rule = "the scenario does not say how long it runs";
            self.error(&at, rule, "write duration = \"1h\" under [run]".to_owned());
            return None;
        }
        let last = traces.values().map(|t| t.summary.last).max()?;
        Some(SimTime((last / SECOND + 1) * SECOND))
    }

    /// Warns of traces that end well before the measured interval.
    fn check_traces(&mut self, run: &Run, traces: &Traces) {
        for section in &self.specs.workloads {
            let Some(last) = traces.get(&section.name).map(|t| SimTime(t.summary.last)) else { continue };
            let repeats = match section.spec.as_ref().map(|w| &w.arrivals.value) {
                Some(ArrivalsSpec::Trace(spec)) => spec.repeat.as_ref().is_some_and(|r| r.value.0),
                _ => false,
            };
            if repeats {
                continue;
            }
            let end = run.measured_end();
            // A minute or a twentieth is what people round a duration up by.
            if end.0.saturating_sub(last.0) > (end.0 / 20).max(60 * SECOND) {
                let rule = format!("the trace of `{}` ends at {last}, the measured interval at {end}", section.name);
                self.sink.warning(Some(section.at.clone()), rule, "after that it sends nothing".to_owned());
            }
        }
    }
}

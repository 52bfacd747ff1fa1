//! A bar on stderr, for runs that take longer than a second.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

use crate::experiment::Watch;

/// A progress bar, which shows nothing in the first second, and nothing at all off a terminal.
#[derive(Debug)]
pub(super) struct Progress {
    began: Instant,
    bar: ProgressBar,
    shown: OnceLock<()>,
}

const PATIENCE: Duration = Duration::from_secs(1);

impl Progress {
    pub(super) fn new(quiet: bool) -> Self {
        let bar = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::hidden());
        let style = ProgressStyle::with_template("simulating {bar:40} {percent:>3} %, {eta} left");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        let shown = OnceLock::new();
        if quiet {
            let _ = shown.set(());
        }
        Self { began: Instant::now(), bar, shown }
    }

    pub(super) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

/// A bar of the points of a sweep: how many, how fast, how long it will take.
#[derive(Debug)]
pub(super) struct PointBar(ProgressBar);

impl PointBar {
    pub(super) fn new(quiet: bool, all: u64, finished: u64) -> Self {
        let target = if quiet { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
        let bar = ProgressBar::with_draw_target(Some(all), target);
        let style = ProgressStyle::with_template("{pos} of {len} points {bar:30} {rate}, {eta} left");
        let rate = |state: &ProgressState, out: &mut dyn std::fmt::Write| {
            let _ = write!(out, "{:.0}/s", state.per_sec());
        };
        let style = style.map(|style| style.with_key("rate", rate));
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        bar.set_position(finished);
        // The rate is that of this run.
        bar.reset_eta();
        Self(bar)
    }

    pub(super) fn finished_one(&self) {
        self.0.inc(1);
    }

    pub(super) fn finish(&self) {
        self.0.finish_and_clear();
    }
}

impl Watch for Progress {
    fn planned(&self, replications: u64, simulated: u64) {
        self.bar.inc_length(replications * simulated / 1_000);
    }

    fn advanced(&self, simulated: u64) {
        self.bar.inc(simulated / 1_000);
        if self.began.elapsed() > PATIENCE {
            self.shown.get_or_init(|| self.bar.set_draw_target(ProgressDrawTarget::stderr()));
        }
    }
}

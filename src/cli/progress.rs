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
        let style = ProgressStyle::with_template("simulating {bar:40} {share} %, {eta} left");
        let share = |state: &ProgressState, out: &mut dyn std::fmt::Write| {
            let _ = out.write_str(&percent(state.pos(), state.len().unwrap_or(0)));
        };
        let style = style.map(|style| style.with_key("share", share));
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

/// Returns a share in per cent, whole from one on; a smaller one with its first digit, so that it is seen to grow.
fn percent(part: u64, all: u64) -> String {
    let percent = if all == 0 { 0.0 } else { 100.0 * part as f64 / all as f64 };
    if percent >= 1.0 || percent == 0.0 {
        return format!("{percent:>3.0}");
    }
    let places = (1..12).find(|places| percent * 10_u64.pow(*places) as f64 >= 1.0).unwrap_or(12);
    format!("{percent:.*}", places as usize)
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
        self.bar.inc_length(replications.saturating_mul(simulated));
    }

    fn advanced(&self, simulated: u64) {
        self.bar.inc(simulated);
        if self.began.elapsed() > PATIENCE {
            self.shown.get_or_init(|| self.bar.set_draw_target(ProgressDrawTarget::stderr()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_share_is_seen_to_grow() {
        let shown = |part| percent(part, 600_000_000).trim().to_owned();
        let shares = [0, 3, 42, 6_000_000, 123_000_000, 600_000_000].map(shown);
        assert_eq!(shares, ["0", "0.0000005", "0.000007", "1", "20", "100"]);
        assert_eq!(percent(0, 0).trim(), "0");
    }
}

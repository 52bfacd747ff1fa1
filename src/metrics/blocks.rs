//! Events and trials by minute, which show whether events come alone or in clusters.

use crate::model::Model;
use crate::model::workload::arrivals::Intensity;
use crate::stats::Deviation;

/// Returns how many independent blocks a measured minute is worth for events that were never seen, at most 1: traffic
/// that comes in random bursts, or in states, is independent from one episode to the next, not from minute to minute.
/// The rarest episodes of all workloads decide, because workloads share limits.
#[must_use]
pub(super) fn independent_a_minute(model: &Model) -> f64 {
    let intensities = model.workloads.iter().filter_map(|workload| workload.arrivals.intensity());
    intensities.filter_map(Intensity::episodes_a_minute).fold(1.0, f64::min)
}

/// Sums over the minutes of an interval in which there were trials, for one rate.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Blocks {
    /// Minutes in which there were trials.
    pub minutes: u64,
    events: u64,
    trials: u64,
    /// Sums of squares and of products over the minutes.
    events_squared: u128,
    product: u128,
    trials_squared: u128,
}

impl Blocks {
    /// Adds a minute, or the part of it that lies in the interval.
    pub(super) fn see(&mut self, events: u64, trials: u64) {
        let (x, n) = (u128::from(events), u128::from(trials));
        self.merge(Self {
            minutes: u64::from(trials > 0),
            events,
            trials,
            events_squared: x * x,
            product: x * n,
            trials_squared: n * n,
        });
    }

    pub(super) fn merge(&mut self, other: Self) {
        let Self { minutes, events, trials, events_squared, product, trials_squared } = other;
        self.minutes += minutes;
        self.events += events;
        self.trials += trials;
        self.events_squared += events_squared;
        self.product += product;
        self.trials_squared += trials_squared;
    }

    /// Returns the deviation of the minutes' counts of events from their share of all trials, beside that of
    /// independent trials.
    #[must_use]
    pub fn deviation(&self) -> Deviation {
        if self.minutes < 2 || self.trials == 0 {
            return Deviation::default();
        }
        let share = self.events as f64 / self.trials as f64;
        let squares =
            self.events_squared as f64 - 2.0 * share * self.product as f64 + share * share * self.trials_squared as f64;
        let minutes = self.minutes as f64;
        Deviation {
            squares: squares.max(0.0) * minutes / (minutes - 1.0),
            binomial: share * (1.0 - share).max(0.0) * self.trials as f64,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn minutes_add_up_and_their_deviation_is_that_of_the_definition() {
        let counts = [(0, 10), (5, 10), (0, 20), (1, 10)];
        let mut blocks = Blocks::default();
        counts.iter().for_each(|(x, n)| blocks.see(*x, *n));
        blocks.see(0, 0);
        assert_eq!(blocks.minutes, 4);
        let share = 6.0 / 50.0;
        let apart = counts.iter().map(|(x, n)| *x as f64 - share * *n as f64);
        let squares: f64 = apart.map(|d| d * d).sum();
        let deviation = blocks.deviation();
        assert!((deviation.squares - squares * 4.0 / 3.0).abs() < 1e-9);
        assert!((deviation.binomial - share * (1.0 - share) * 50.0).abs() < 1e-9);
    }

    #[test]
    fn independent_trials_deviate_as_the_binomial_law_does_and_clusters_more() {
        let mut state = 1_u64;
        let mut draw = move || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as f64 / (1_u64 << 31) as f64
        };
        let (mut alone, mut clustered) = (Blocks::default(), Blocks::default());
        for _ in 0..2_000 {
            alone.see((0..100).filter(|_| draw() < 0.03).count() as u64, 100);
            clustered.see(if draw() < 0.03 { 100 } else { 0 }, 100);
        }
        // A ratio of about 2,000 degrees of freedom: its standard deviation is 3.2 %, and 3.3 of them are 10.5 %.
        let ratio = alone.deviation().dispersion();
        assert!((1.0..1.105).contains(&ratio), "{ratio}");
        let ratio = clustered.deviation().dispersion();
        assert!((ratio - 100.0).abs() < 0.5, "each event comes with a hundred: {ratio}");
    }
}

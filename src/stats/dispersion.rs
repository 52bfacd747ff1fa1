//! Clustered events: a sample of them tells less than as many independent trials would.

/// The sum of squared deviations of counts from their mean, and its expectation for independent trials.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Deviation {
    pub squares: f64,
    pub binomial: f64,
}

impl Deviation {
    /// Returns the variance of the counts over that of independent trials, at least 1.
    #[must_use]
    pub fn dispersion(self) -> f64 {
        if self.binomial > 0.0 { (self.squares / self.binomial).max(1.0) } else { 1.0 }
    }

    /// Returns the deviation between samples of a share, each with its events and trials.
    #[must_use]
    pub fn between(samples: impl Iterator<Item = (u64, u64)> + Clone) -> Self {
        let [events, trials, n] = samples
            .clone()
            .filter(|(_, trials)| *trials > 0)
            .fold([0.0; 3], |sum, (x, n)| [sum[0] + x as f64, sum[1] + n as f64, sum[2] + 1.0]);
        if n < 2.0 || trials == 0.0 {
            return Self::default();
        }
        let share = events / trials;
        let squares: f64 = samples.map(|(x, n)| (x as f64 - share * n as f64) * (x as f64 - share * n as f64)).sum();
        Self { squares: squares * n / (n - 1.0), binomial: share * (1.0 - share).max(0.0) * trials }
    }
}

/// Returns the upper bound, at the level of one side `1 - alpha`, of a rate whose event was never seen in `n`
/// independent trials.
#[must_use]
pub fn bound_of_none(alpha: f64, n: f64) -> f64 {
    if n > 0.0 { (-libm::log(alpha) / n).min(1.0) } else { 1.0 }
}

/// Returns the number of independent trials without an event that give an upper bound of `bound` at the level `1 -
/// alpha`.
#[must_use]
pub fn trials_for(alpha: f64, bound: f64) -> f64 {
    -libm::log(alpha) / bound
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replications_of_all_or_nothing_are_dispersed_by_their_size() {
        let samples = [(0, 50), (50, 50), (0, 50), (50, 50)];
        let deviation = Deviation::between(samples.into_iter());
        // Each lies 25 from the mean: 4 x 625 x 4/3, over 200 / 4.
        assert!((deviation.dispersion() - 2_500.0 * 4.0 / 3.0 / 50.0).abs() < 1e-9);
        assert_eq!(Deviation::between([(0, 50), (0, 50)].into_iter()).dispersion(), 1.0);
        assert_eq!(Deviation::between([(3, 50)].into_iter()), Deviation::default());
    }

    #[test]
    fn clusters_of_a_minute_are_missed_no_more_often_than_the_level_says() {
        let mut state = 7_u64;
        let mut draw = move || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as f64 / (1_u64 << 31) as f64
        };
        let (minutes, alpha, samples) = (60, 0.05, 20_000);
        // All requests of a minute fail or none does, just more often than the bound of as many minutes without one.
        let share = 1.001 * bound_of_none(alpha, f64::from(minutes));
        let misses = (0..samples).filter(|_| (0..minutes).all(|_| draw() >= share)).count() as f64;
        let n = f64::from(samples);
        // 99.9 % of such counts lie below the mean and 3.09 standard deviations.
        assert!(misses / n <= alpha + 3.09 * (alpha * (1.0 - alpha) / n).sqrt(), "{misses} of {samples}");
        // As many independent requests would have let all of them pass.
        assert!(bound_of_none(alpha, f64::from(minutes) * 100.0) < share && misses > 0.0);
    }

    #[test]
    fn what_was_never_seen_is_bounded_and_the_trials_for_a_bound_give_it() {
        assert!((bound_of_none(0.05, 3_000.0) - 0.000_998_6).abs() < 1e-6);
        assert_eq!(bound_of_none(0.05, 1.0), 1.0);
        assert_eq!(bound_of_none(0.05, 0.0), 1.0);
        let n = trials_for(0.025, 0.01);
        assert!((bound_of_none(0.025, n) - 0.01).abs() < 1e-12);
    }
}

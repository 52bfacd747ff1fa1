//! A Poisson process whose rate switches between two states (a Markov-modulated Poisson process; Fischer and
//! Meier-Hellstern, "The Markov-modulated Poisson process (MMPP) cookbook", 1993).
//!
//! Mean, and dispersion over a second and over a minute, leave one parameter free: the share of time in the busy state.
//! It is set by the gaps, by the busiest second, by the empty seconds, or by a compromise; tapes tell which is nearest.

use crate::import::profile::Figures;

/// Two rates, and how fast each state is left \[1/s\].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TwoState {
    pub high: f64,
    pub low: f64,
    pub leave_high: f64,
    pub leave_low: f64,
}

impl TwoState {
    /// The share of time in the busy state \[1\].
    fn busy(&self) -> f64 {
        self.leave_low / (self.leave_high + self.leave_low)
    }

    /// The long-run mean \[1/s\].
    pub fn rate(&self) -> f64 {
        self.busy() * self.high + (1.0 - self.busy()) * self.low
    }

    /// Standard deviation / mean of the gaps \[1\].
    ///
    /// The second moment at arrivals is `2 / rate x p (L - Q)⁻¹ 1`, with p the shares of time, L the rates and Q the
    /// generator of the states.
    fn cv(&self) -> f64 {
        let switching = self.leave_high + self.leave_low;
        let determinant = self.high * self.low + self.high * self.leave_low + self.low * self.leave_high;
        let busy = self.busy();
        let sum = busy * (self.low + switching) + (1.0 - busy) * (self.high + switching);
        (2.0 * self.rate() * sum / determinant - 1.0).max(0.0).sqrt()
    }

    /// The share of seconds without an arrival: `p exp(-(L - Q)) 1` \[1\].
    fn empty_seconds(&self) -> f64 {
        let (a, d) = (self.high + self.leave_high, self.low + self.leave_low);
        let half = 0.5 * (a + d);
        let root = (0.25 * (a - d) * (a - d) + self.leave_high * self.leave_low).sqrt();
        let (slow, fast) = (half - root, half + root);
        // p (L - Q) 1 is the mean rate, so p exp(-(L - Q) t) 1 is a mixture of both decays with that first slope.
        let weight = (fast - self.rate()) / (fast - slow);
        weight * libm::exp(-slow) + (1.0 - weight) * libm::exp(-fast)
    }

    /// Returns the median of the arrivals in the busiest of so many seconds; states are taken to outlast a second.
    fn peak(&self, seconds: f64) -> f64 {
        let exceeded = |k: f64| {
            let busy = self.busy();
            seconds * (busy * tail(self.high, k) + (1.0 - busy) * tail(self.low, k))
        };
        let (mut low, mut high) = (0.0, 10.0 * self.high.max(1.0) + 50.0);
        for _ in 0..60 {
            let middle = 0.5 * (low + high);
            if exceeded(middle) > std::f64::consts::LN_2 { low = middle } else { high = middle }
        }
        low
    }
}

/// Returns the chance of `k` or more of a Poisson law, for k beyond its mean; 1 before. A bound that is close in the
/// tail.
fn tail(mean: f64, k: f64) -> f64 {
    if k <= mean + 1.0 || mean <= 0.0 {
        return f64::from(u8::from(k <= mean + 1.0));
    }
    let first = libm::exp(k * libm::log(mean) - mean - libm::lgamma(k + 1.0));
    (first / (1.0 - mean / (k + 1.0))).min(1.0)
}

/// The least excess of dispersion that switching would explain \[1\].
const LEAST_EXCESS: f64 = 0.02;
/// The states' pace cannot be told outside of these \[1/s\].
const PACES: (f64, f64) = (1e-4, 20.0);
/// Shares of time in the busy state that are looked at.
const SHARES: usize = 60;

/// Returns the share of the rate's variance that a window of length `x` paces shows: `1 - (1 - exp(-x)) / x`.
fn shown(x: f64) -> f64 {
    if x < 1e-4 { 0.5 * x } else { 1.0 + libm::expm1(-x) / x }
}

/// Processes of this mean whose dispersions over a second and over a minute are these, each with another share of time
/// in its busy state.
pub fn fit(figures: &Figures, second: f64, minute: f64) -> Vec<TwoState> {
    let (second, minute, rate) = (second - 1.0, minute - 1.0, figures.rate);
    if minute < LEAST_EXCESS || second < LEAST_EXCESS / 10.0 || rate <= 0.0 {
        return Vec::new();
    }
    let pace = pace_of(second / minute);
    // I(t) = 1 + 2 V / (rate x pace) x shown(pace x t), with V the variance of the rate.
    let variance = minute * rate * pace / (2.0 * shown(60.0 * pace));
    let of = |busy: f64| TwoState {
        high: rate + (variance * (1.0 - busy) / busy).sqrt(),
        low: (rate - (variance * busy / (1.0 - busy)).sqrt()).max(0.0),
        leave_high: pace * (1.0 - busy),
        leave_low: pace * busy,
    };
    // At the largest share the quiet state is silent; at the smallest one busy second is the busiest of all.
    let odds = rate * rate / variance;
    let most = (odds / (1.0 + odds)).min(0.9);
    let above = (figures.peak_second as f64 - rate).max(rate);
    let least = (variance / (variance + above * above)).min(most);
    let step = libm::log(most / least) / (SHARES - 1) as f64;
    let family: Vec<TwoState> = (0..SHARES).map(|i| of(least * libm::exp(step * i as f64))).collect();
    best_of(&family, figures)
}

/// Returns the members of a family that come nearest to the gaps, the busiest second, the empty seconds, and the first
/// two.
fn best_of(family: &[TwoState], figures: &Figures) -> Vec<TwoState> {
    let seconds = figures.span.as_secs_f64();
    let gaps = |m: &TwoState| figures.cv.map_or(0.0, |cv| off(m.cv(), cv));
    let peak = |m: &TwoState| off(m.peak(seconds), figures.peak_second as f64);
    let empty = |m: &TwoState| figures.empty_seconds.map_or(0.0, |share| (m.empty_seconds() - share).abs());
    let mut best: Vec<TwoState> = Vec::new();
    for distance in [&gaps as &dyn Fn(&TwoState) -> f64, &peak, &empty, &|m| gaps(m) + peak(m)] {
        let nearest = family.iter().min_by(|a, b| distance(a).total_cmp(&distance(b)));
        best.extend(nearest.filter(|m| !best.contains(m)));
    }
    best
}

/// Returns the square of a log ratio.
fn off(a: f64, b: f64) -> f64 {
    let ratio = libm::log(a.max(1e-9) / b.max(1e-9));
    ratio * ratio
}

/// Returns the pace at which the excess over a second / over a minute is `ratio`, from 1/60 (slow) to 1 (fast) \[1/s\].
fn pace_of(ratio: f64) -> f64 {
    let (mut low, mut high) = (libm::log(PACES.0), libm::log(PACES.1));
    for _ in 0..60 {
        let middle = 0.5 * (low + high);
        let pace = libm::exp(middle);
        if shown(pace) / shown(60.0 * pace) < ratio { low = middle } else { high = middle }
    }
    libm::exp(0.5 * (low + high))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ON_OFF: TwoState = TwoState { high: 10.0, low: 0.0, leave_high: 0.5, leave_low: 0.1 };

    fn close(a: f64, b: f64) -> bool {
        (a / b - 1.0).abs() < 1e-9
    }

    #[test]
    fn an_interrupted_process_has_the_gaps_of_a_hyperexponential_law() {
        // Kuczura, "The interrupted Poisson process as an overflow process", 1973: the gaps of an on-off process are a mix
        // of two exponentials with the rates that solve x² - (l + r1 + r2) x + l r2 = 0.
        let (l, r1, r2) = (10.0, 0.5, 0.1);
        let sum: f64 = l + r1 + r2;
        let root = (sum * sum - 4.0 * l * r2).sqrt();
        let (a, b) = (0.5 * (sum + root), 0.5 * (sum - root));
        let p = (l - b) / (a - b);
        let mean = p / a + (1.0 - p) / b;
        let second = 2.0 * (p / (a * a) + (1.0 - p) / (b * b));
        assert!(close(ON_OFF.rate(), 1.0 / mean));
        assert!(close(ON_OFF.cv(), (second / (mean * mean) - 1.0).sqrt()), "{}", ON_OFF.cv());
    }

    #[test]
    fn equal_rates_are_a_poisson_process() {
        let plain = TwoState { high: 0.7, low: 0.7, ..ON_OFF };
        assert!((plain.cv() - 1.0).abs() < 1e-9);
        assert!(close(plain.empty_seconds(), libm::exp(-0.7)));
    }

    #[test]
    fn slow_states_mix_their_empty_seconds() {
        let slow = TwoState { high: 3.0, low: 0.2, leave_high: 1e-6, leave_low: 1e-6 };
        let mixed = 0.5 * (libm::exp(-3.0) + libm::exp(-0.2));
        assert!((slow.empty_seconds() - mixed).abs() < 1e-5);
    }

    #[test]
    fn a_tail_of_poisson_is_near_the_sum() {
        let sum: f64 =
            (20..200).map(|k| libm::exp(f64::from(k) * libm::log(8.0) - 8.0 - libm::lgamma(f64::from(k) + 1.0))).sum();
        assert!((tail(8.0, 20.0) / sum - 1.0).abs() < 0.1);
        assert_eq!(tail(8.0, 5.0), 1.0);
    }

    #[test]
    fn a_process_is_found_among_those_of_its_figures() {
        let truth = TwoState { high: 30.0, low: 1.0, leave_high: 0.25, leave_low: 1.0 / 60.0 };
        let pace = truth.leave_high + truth.leave_low;
        let spread = (truth.high - truth.low) * (truth.high - truth.low);
        let variance = spread * truth.busy() * (1.0 - truth.busy());
        let dispersion = |t: f64| 1.0 + 2.0 * variance / (truth.rate() * pace) * shown(pace * t);
        let mut profile = crate::import::profile::Profile::default();
        profile.add(&crate::trace::Row::default());
        let mut figures = profile.figures(crate::units::SimTime::from_secs(36_000)).unwrap();
        figures.rate = truth.rate();
        figures.cv = Some(truth.cv());
        figures.peak_second = truth.peak(36_000.0) as u64;
        figures.empty_seconds = Some(truth.empty_seconds());
        let found = fit(&figures, dispersion(1.0), dispersion(60.0));
        for process in &found {
            assert!((process.rate() / truth.rate() - 1.0).abs() < 1e-6);
            // The family is looked at in steps of about a tenth.
            for (a, b) in [(process.high, truth.high), (process.leave_high, truth.leave_high)] {
                assert!((a / b - 1.0).abs() < 0.12, "{process:?}");
            }
        }
        assert!(!found.is_empty());
    }
}

//! Batches: a Poisson process of fan-outs, each of whose calls come within a spread.
//!
//! The calls of a batch are uniform over the spread, so two of them are a triangular time apart. With h(t), the chance
//! that a window of t around one call holds another of the same batch, the index of dispersion over t is
//! `1 + E[S (S - 1)] / E[S] x h(t)` (a Neyman-Scott process; Daley and Vere-Jones, "An introduction to the theory of point
//! processes", 2003, section 6.3).

use crate::import::words::number;

/// The distribution of the number of calls in a batch.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum BatchSize {
    /// Every batch has this number of calls \[calls\].
    Constant(f64),
    /// Batch sizes are exponentially distributed with this mean \[calls\]: some batches are much larger than others.
    Exponential(f64),
}

impl BatchSize {
    pub fn mean(self) -> f64 {
        match self {
            Self::Constant(mean) | Self::Exponential(mean) => mean,
        }
    }

    /// Returns the text that follows `size` in a scenario.
    pub fn value(self) -> String {
        match self {
            Self::Constant(size) => format!(" = {}", number(size)),
            Self::Exponential(mean) => format!(".exponential = {{ mean = {} }}", number(mean)),
        }
    }
}

/// The least excess of dispersion over a Poisson process that batches would explain \[1\].
const LEAST_EXCESS: f64 = 0.05;
/// Spreads outside are not told from none, or from no batches at all \[s\].
const SPREADS: (f64, f64) = (1e-3, 600.0);

/// Sizes and a spread \[s\] that have these dispersions over a second and over a minute; none when no batches have.
pub fn fit(second: f64, minute: f64) -> impl Iterator<Item = (BatchSize, f64)> {
    let (second, minute) = (second - 1.0, minute - 1.0);
    let found = (second > LEAST_EXCESS && minute > LEAST_EXCESS).then(|| {
        let spread = spread_of(second / minute);
        (minute / together(60.0, spread), spread)
    });
    found.into_iter().flat_map(|(excess, spread)| {
        // S - 1 for batches of one size; 2 m for exponential sizes, whose rounding hardly matters.
        let constant = BatchSize::Constant(libm::round(1.0 + excess));
        let sizes = if excess >= 2.0 { vec![constant, BatchSize::Exponential(excess / 2.0)] } else { vec![constant] };
        sizes.into_iter().filter(|size| size.mean() >= 1.0).map(move |size| (size, spread))
    })
}

/// h(t): the mean over pairs of a batch of `max(0, 1 - distance / t)`.
fn together(t: f64, spread: f64) -> f64 {
    if spread <= t {
        return 1.0 - spread / (3.0 * t);
    }
    let x = t / spread;
    x - x * x / 3.0
}

/// Returns the spread at which h(1 s) / h(60 s) is `ratio`; the ratio falls as the spread grows \[s\].
fn spread_of(ratio: f64) -> f64 {
    let of = |spread: f64| together(1.0, spread) / together(60.0, spread);
    let (least, greatest) = SPREADS;
    if ratio >= of(least) {
        return 0.0;
    }
    let (mut low, mut high) = (libm::log(least), libm::log(greatest));
    for _ in 0..60 {
        let middle = 0.5 * (low + high);
        if of(libm::exp(middle)) > ratio { low = middle } else { high = middle }
    }
    libm::exp(high)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spread_is_found_again() {
        for spread in [0.01, 0.5, 1.0, 12.0, 60.0, 200.0] {
            let found = spread_of(together(1.0, spread) / together(60.0, spread));
            assert!((found / spread - 1.0).abs() < 1e-6, "{found} for {spread}");
        }
        assert_eq!(spread_of(1.2), 0.0, "batches at once disperse alike over a second and over a minute");
        assert!(spread_of(1.0 / 61.0) > 599.0);
    }

    #[test]
    fn pairs_are_a_triangular_time_apart() {
        // A window as long as the spread holds two thirds of a call's companions; a long one holds all.
        assert!((together(5.0, 5.0) - 2.0 / 3.0).abs() < 1e-12);
        assert_eq!(together(60.0, 0.0), 1.0);
        assert!((together(1.0, 1_000.0) - 1e-3).abs() < 1e-6);
    }

    #[test]
    fn batches_at_once_of_seven_disperse_by_seven() {
        let sizes: Vec<_> = fit(7.0, 7.0).collect();
        assert_eq!(sizes, [(BatchSize::Constant(7.0), 0.0), (BatchSize::Exponential(3.0), 0.0)]);
        assert_eq!(fit(1.0, 1.0).count(), 0);
    }
}

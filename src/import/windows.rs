//! Counts in windows of one length, kept as running sums: memory does not grow with the record.

/// Amounts that fall into windows `[k x length, (k + 1) x length)`, added in the order of time.
#[derive(Debug, Clone)]
pub struct Windows {
    /// The length of a window \[µs\].
    length: u64,
    /// The end of the window that is open \[µs\].
    end: u64,
    /// The amount in the open window so far.
    open: u64,
    closed: u64,
    empty: u64,
    sum: u64,
    squares: u128,
    peak: u64,
}

/// The figures of the windows of a record.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Counts {
    /// The largest amount of any window, the unfinished last one too.
    pub peak: u64,
    /// Variance / mean over whole windows: 1 for a Poisson process. `None` for fewer than two windows, or nothing in
    /// them \[1\].
    pub dispersion: Option<f64>,
    /// The share of whole windows with nothing in them; `None` without a whole window \[1\].
    pub empty: Option<f64>,
    /// Windows with something in them, the unfinished last one too.
    pub busy: u64,
}

impl Windows {
    /// Returns empty windows of a length \[µs\].
    pub const fn new(length: u64) -> Self {
        Self { length, end: length, open: 0, closed: 0, empty: 0, sum: 0, squares: 0, peak: 0 }
    }

    #[inline]
    pub fn add(&mut self, at: u64, amount: u64) {
        if at >= self.end {
            self.close_before(at);
        }
        self.open += amount;
    }

    /// Ends the open window and the empty ones up to the one of `at`.
    fn close_before(&mut self, at: u64) {
        let passed = (at - self.end) / self.length;
        self.closed += 1 + passed;
        self.empty += passed + u64::from(self.open == 0);
        self.sum += self.open;
        self.squares += u128::from(self.open) * u128::from(self.open);
        self.peak = self.peak.max(self.open);
        self.end += (1 + passed) * self.length;
        self.open = 0;
    }

    /// Returns the figures of a record that ends at `until` \[µs\].
    pub fn counts(&self, until: u64) -> Counts {
        let mut whole = self.clone();
        if until >= whole.end {
            whole.close_before(until);
        }
        let n = whole.closed as f64;
        let mean = whole.sum as f64 / n;
        let variance = (whole.squares as f64 - whole.sum as f64 * mean) / (n - 1.0);
        Counts {
            peak: whole.peak.max(whole.open),
            dispersion: (whole.closed > 1 && whole.sum > 0).then(|| variance / mean),
            empty: (whole.closed > 0).then(|| whole.empty as f64 / n),
            busy: whole.closed - whole.empty + u64::from(whole.open > 0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(arrivals: &[u64], until: u64) -> Counts {
        let mut windows = Windows::new(10);
        arrivals.iter().for_each(|at| windows.add(*at, 1));
        windows.counts(until)
    }

    #[test]
    fn windows_without_arrivals_count() {
        // Whole windows: 3, 0, 0, 1, 0; the last one is open.
        let got = counts(&[0, 1, 9, 30, 55, 56, 57, 58], 58);
        assert_eq!(got.peak, 4);
        assert_eq!((got.empty, got.busy), (Some(3.0 / 5.0), 3));
        // Mean 4/5, variance (9 + 1 - 16/5) / 4 = 1.7.
        assert!((got.dispersion.unwrap() - 1.7 / 0.8).abs() < 1e-12);
    }

    #[test]
    fn a_record_may_end_in_silence() {
        // Whole windows: 1, 0, 0.
        let got = counts(&[4], 30);
        assert_eq!((got.peak, got.empty), (1, Some(2.0 / 3.0)));
        assert!((got.dispersion.unwrap() - 1.0).abs() < 1e-12);
    }

    #[test]
    fn an_arrival_on_an_edge_belongs_to_the_window_that_begins() {
        assert_eq!(counts(&[0, 10, 20], 29).dispersion, Some(0.0));
        assert_eq!(counts(&[0, 10, 11], 29).peak, 2);
    }

    #[test]
    fn a_record_shorter_than_two_windows_has_no_dispersion() {
        assert_eq!(counts(&[0, 1], 9), Counts { peak: 2, dispersion: None, empty: None, busy: 1 });
        assert_eq!(counts(&[0, 1], 19), Counts { peak: 2, dispersion: None, empty: Some(0.0), busy: 1 });
    }
}

//! The figures of a record of calls, from one pass in bounded memory.

use super::sample::Sample;
use super::windows::{Counts, Windows};
use crate::stats::Histogram;
use crate::trace::Row;
use crate::units::{MICROS_PER_MINUTE, SimTime};

/// Statistics that are fed row by row, in the order of arrival.
#[derive(Debug, Clone)]
pub struct Profile {
    rows: u64,
    first: u64,
    last: u64,
    gap_squares: u128,
    seconds: Windows,
    minutes: Windows,
    /// Input less cache reads, and output.
    minute_tokens: Windows,
    input: Histogram,
    output: Histogram,
    both: Sample,
    cache_read: u64,
    cache_write: u64,
    cut: u64,
    caps: Caps,
}

/// The callers' caps on answers, of the rows that have one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Caps {
    pub rows: u64,
    sum: u64,
    /// The least cap of a call \[tokens\].
    pub least: u32,
    /// The greatest cap of a call \[tokens\].
    pub greatest: u32,
}

impl Caps {
    /// Returns the mean cap \[tokens\].
    #[must_use]
    pub fn mean(&self) -> f64 {
        self.sum as f64 / self.rows as f64
    }
}

impl Default for Profile {
    fn default() -> Self {
        Self {
            rows: 0,
            first: 0,
            last: 0,
            gap_squares: 0,
            seconds: Windows::new(1_000_000),
            minutes: Windows::new(MICROS_PER_MINUTE),
            minute_tokens: Windows::new(MICROS_PER_MINUTE),
            input: Histogram::default(),
            output: Histogram::default(),
            both: Sample::default(),
            cache_read: 0,
            cache_write: 0,
            cut: 0,
            caps: Caps { rows: 0, sum: 0, least: u32::MAX, greatest: 0 },
        }
    }
}

impl Profile {
    #[inline]
    pub fn add(&mut self, row: &Row) {
        if self.rows == 0 {
            self.first = row.arrival;
        } else {
            let gap = u128::from(row.arrival - self.last);
            self.gap_squares += gap * gap;
        }
        self.last = row.arrival;
        self.seconds.add(row.arrival, 1);
        self.minutes.add(row.arrival, 1);
        let tokens = row.input.saturating_sub(row.cache_read);
        self.minute_tokens.add(row.arrival, u64::from(tokens) + u64::from(row.output));
        self.input.record(u64::from(row.input));
        self.output.record(u64::from(row.output));
        self.both.add(self.rows, row.input, row.output);
        self.rows += 1;
        self.cache_read += u64::from(row.cache_read);
        self.cache_write += u64::from(row.cache_write);
        self.cut += u64::from(row.cut);
        if row.max_tokens > 0 {
            let caps = &mut self.caps;
            caps.rows += 1;
            caps.sum += u64::from(row.max_tokens);
            caps.least = caps.least.min(row.max_tokens);
            caps.greatest = caps.greatest.max(row.max_tokens);
        }
    }

    #[must_use]
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Returns the arrival of the last row.
    #[must_use]
    pub fn last(&self) -> SimTime {
        SimTime(self.last)
    }

    /// Returns the lengths of whole prompts \[tokens\].
    #[must_use]
    pub fn input(&self) -> &Histogram {
        &self.input
    }

    /// Returns the lengths of answers \[tokens\].
    #[must_use]
    pub fn output(&self) -> &Histogram {
        &self.output
    }

    /// Returns the figures of a record from t = 0 to `until`; `None` when no row was added.
    #[must_use]
    pub fn figures(&self, until: SimTime) -> Option<Figures> {
        let (input, output) = (Lengths::of(&self.input)?, Lengths::of(&self.output)?);
        let Counts { peak: peak_second, dispersion: dispersion_1s, empty, .. } = self.seconds.counts(until.0);
        let minutes = self.minutes.counts(until.0);
        let of_input = |tokens: u64| tokens as f64 / (input.mean * self.rows as f64);
        Some(Figures {
            rows: self.rows,
            span: until,
            rate: self.rate(until),
            peak_second,
            peak_minute: minutes.peak,
            busy_minutes: minutes.busy,
            cv: self.cv(),
            dispersion_1s,
            dispersion_60s: minutes.dispersion,
            empty_seconds: empty,
            peak_minute_tokens: self.minute_tokens.counts(until.0).peak,
            input,
            output,
            correlation: self.both.rank_correlation(),
            cache_read: of_input(self.cache_read),
            cache_write: of_input(self.cache_write),
            cut: self.cut as f64 / self.rows as f64,
            caps: (self.caps.rows > 0).then_some(self.caps),
        })
    }

    /// Returns the mean rate of arrivals \[1/s\].
    fn rate(&self, until: SimTime) -> f64 {
        // A row at t = 0 began the clock: it is no event of the time that followed.
        let events = self.rows - u64::from(self.first == 0);
        if until == SimTime::ZERO { 0.0 } else { events as f64 / until.as_secs_f64() }
    }

    /// Standard deviation / mean of the gaps between rows; `None` for fewer than two gaps, or gaps of no length \[1\].
    fn cv(&self) -> Option<f64> {
        let gaps = self.rows.checked_sub(1).filter(|n| *n > 1)? as f64;
        let sum = (self.last - self.first) as f64;
        let variance = (self.gap_squares as f64 - sum * sum / gaps) / (gaps - 1.0);
        (sum > 0.0).then(|| variance.max(0.0).sqrt() * gaps / sum)
    }
}

/// The figures of a record.
#[derive(Debug, Clone, PartialEq)]
pub struct Figures {
    pub rows: u64,
    pub span: SimTime,
    /// Mean arrivals \[1/s\].
    pub rate: f64,
    /// The most arrivals in a second.
    pub peak_second: u64,
    /// The most arrivals in a minute.
    pub peak_minute: u64,
    /// Minutes with an arrival.
    pub busy_minutes: u64,
    /// Standard deviation / mean of the gaps \[1\].
    pub cv: Option<f64>,
    /// Variance / mean of the arrivals in a second \[1\].
    pub dispersion_1s: Option<f64>,
    /// Variance / mean of the arrivals in a minute \[1\].
    pub dispersion_60s: Option<f64>,
    /// The share of seconds without an arrival \[1\].
    pub empty_seconds: Option<f64>,
    /// The most of input less cache reads, and output, of the arrivals in a minute \[tokens\].
    pub peak_minute_tokens: u64,
    pub input: Lengths,
    pub output: Lengths,
    /// Spearman's rank correlation of input and output \[1\].
    pub correlation: Option<f64>,
    /// The share of all input that was read from the cache \[1\].
    pub cache_read: f64,
    /// The share of all input that was written to the cache \[1\].
    pub cache_write: f64,
    /// The share of answers that stopped at their cap \[1\].
    pub cut: f64,
    pub caps: Option<Caps>,
}

/// The distribution of the lengths of prompts or of answers \[tokens\].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Lengths {
    pub p50: f64,
    pub p90: f64,
    pub p95: f64,
    pub p99: f64,
    pub mean: f64,
    pub least: u64,
    pub greatest: u64,
}

impl Lengths {
    fn of(histogram: &Histogram) -> Option<Self> {
        let (least, greatest) = histogram.range()?;
        Some(Self {
            p50: histogram.quantile(0.5)?,
            p90: histogram.quantile(0.9)?,
            p95: histogram.quantile(0.95)?,
            p99: histogram.quantile(0.99)?,
            mean: histogram.mean()?,
            least,
            greatest,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{Law, Purpose, Shape, Stream};

    fn profile(rows: &[Row]) -> Profile {
        let mut profile = Profile::default();
        rows.iter().for_each(|row| profile.add(row));
        profile
    }

    fn at(seconds: f64) -> Row {
        Row { arrival: (seconds * 1e6) as u64, input: 10, output: 5, ..Row::default() }
    }

    /// Arrivals with gaps of a law of mean one second.
    fn renewal(shape: Shape, n: usize) -> Figures {
        let mut gaps = vec![0.0; n];
        Law::of(shape).fill(Stream::new(3, 0, Purpose::Gaps, "renewal"), 0, &mut gaps);
        let mut now = 0.0;
        let rows = gaps.iter().map(|gap| {
            now += gap;
            at(now)
        });
        let profile = profile(&rows.collect::<Vec<_>>());
        profile.figures(profile.last()).unwrap()
    }

    #[test]
    fn a_small_record_by_hand() {
        let row = |arrival, input, output, max_tokens, cache_read, cache_write, cut| Row {
            arrival,
            input,
            output,
            max_tokens,
            cache_read,
            cache_write,
            cut,
            ..Row::default()
        };
        let profile = profile(&[
            row(0, 100, 10, 50, 40, 0, false),
            row(1_000_000, 100, 50, 50, 0, 60, true),
            row(4_000_000, 300, 40, 0, 0, 0, false),
            row(61_000_000, 500, 20, 100, 60, 0, false),
        ]);
        let figures = profile.figures(profile.last()).unwrap();
        assert_eq!((figures.rows, figures.span), (4, SimTime::from_secs(61)));
        assert!((figures.rate - 3.0 / 61.0).abs() < 1e-12, "three arrivals in the 61 s after the first");
        assert_eq!((figures.peak_second, figures.peak_minute, figures.busy_minutes), (1, 3, 2));
        // Gaps of 1, 3 and 57 s: mean 61/3, variance (1 + 9 + 3249 - 61²/3) / 2.
        let cv = ((3_259.0 - 3_721.0 / 3.0) / 2.0_f64).sqrt() / (61.0 / 3.0);
        assert!((figures.cv.unwrap() - cv).abs() < 1e-12, "{:?}", figures.cv);
        // 61 whole seconds, three of them with a row: mean 3/61, variance (3 - 9/61) / 60.
        let dispersion = (3.0 - 9.0 / 61.0) / 60.0 / (3.0 / 61.0);
        assert!((figures.dispersion_1s.unwrap() - dispersion).abs() < 1e-12);
        assert_eq!(figures.dispersion_60s, None, "there is one whole minute");
        assert_eq!(figures.empty_seconds, Some(58.0 / 61.0));
        assert_eq!(figures.peak_minute_tokens, 60 + 10 + 100 + 50 + 300 + 40);
        assert_eq!((figures.input.p50, figures.input.mean, figures.input.greatest), (100.0, 250.0, 500));
        assert_eq!((figures.output.p50, figures.output.p99, figures.output.least), (20.0, 50.0, 10));
        // Ranks less their middle: -1 -1 0.5 1.5 of the inputs, -1.5 1.5 0.5 -0.5 of the outputs.
        let correlation = -0.5 / (4.5 * 5.0_f64).sqrt();
        assert!((figures.correlation.unwrap() - correlation).abs() < 1e-12, "{:?}", figures.correlation);
        assert_eq!((figures.cache_read, figures.cache_write, figures.cut), (0.1, 0.06, 0.25));
        let caps = figures.caps.unwrap();
        assert_eq!((caps.rows, caps.least, caps.greatest), (3, 50, 100));
        assert!((caps.mean() - 200.0 / 3.0).abs() < 1e-12);
    }

    #[test]
    fn what_a_record_is_too_short_for_is_not_known() {
        assert_eq!(Profile::default().figures(SimTime::ZERO), None);
        let one = profile(&[at(0.0)]).figures(SimTime::ZERO).unwrap();
        assert_eq!((one.rate, one.cv, one.dispersion_1s, one.empty_seconds), (0.0, None, None, None));
        assert_eq!((one.peak_second, one.peak_minute, one.correlation), (1, 1, None));
        let at_once = profile(&[at(0.0), at(0.0), at(0.0)]).figures(SimTime::ZERO).unwrap();
        assert_eq!((at_once.cv, at_once.peak_second), (None, 3));
    }

    #[test]
    fn a_poisson_process_has_a_cv_and_a_dispersion_of_one() {
        let n = 200_000;
        let figures = renewal(Shape::Exponential { mean: 1.0 }, n);
        // The cv of n exponential gaps has a standard error of 1 / sqrt(n); dispersion over k windows of 1 / sqrt(k / 2).
        let near = |got: Option<f64>, error: f64| {
            let got = got.unwrap();
            assert!((got - 1.0).abs() < 3.29 * error, "{got}");
        };
        near(figures.cv, 1.0 / (n as f64).sqrt());
        near(figures.dispersion_1s, (2.0 / n as f64).sqrt());
        near(figures.dispersion_60s, (2.0 / (n as f64 / 60.0)).sqrt());
        near(Some(figures.rate), 1.0 / (n as f64).sqrt());
        // A second is empty with probability 1/e.
        let empty = libm::exp(-1.0);
        let error = 3.29 * (empty * (1.0 - empty) / n as f64).sqrt();
        assert!((figures.empty_seconds.unwrap() - empty).abs() < error, "{:?}", figures.empty_seconds);
    }

    #[test]
    fn even_arrivals_have_neither() {
        let figures = renewal(Shape::Constant(1.0), 1_000);
        assert_eq!((figures.cv, figures.peak_second), (Some(0.0), 1));
        assert!(figures.dispersion_1s.unwrap() < 0.01);
    }

    #[test]
    fn bursty_gaps_disperse_as_renewal_theory_says() {
        let n = 400_000;
        let figures = renewal(Shape::Gamma { shape: 0.25, scale: 4.0 }, n);
        let cv = figures.cv.unwrap();
        assert!((cv - 2.0).abs() < 0.05, "{cv}");
        let minutes = n as f64 / 60.0;
        // Over t seconds: cv² + (1/6 + cv⁴/2 - third central moment / 3) / t (Cox, "Renewal theory", 1962, section 4.5).
        let theory = 4.0 + (1.0 / 6.0 + 8.0 - 32.0 / 3.0) / 60.0;
        let got = figures.dispersion_60s.unwrap();
        assert!((got - theory).abs() < 3.29 * theory * (3.0 / minutes).sqrt(), "{got} for {theory}");
    }
}

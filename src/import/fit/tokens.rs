//! Laws of token counts: a lognormal where it lies near the record, else a table of the record's own quantiles.

use crate::model::law::lognormal_of_p95;
use crate::random::maths::normal_quantile;
use crate::stats::Histogram;

/// A distribution of token counts as a scenario writes it.
#[derive(Debug, Clone, PartialEq)]
pub enum LengthLaw {
    /// Every row has this length \[tokens\].
    Constant(u64),
    Lognormal {
        /// The median length \[tokens\].
        median: u64,
        /// The 95th percentile of the length \[tokens\].
        p95: u64,
        /// The greatest length \[tokens\].
        max: u64,
    },
    /// Shares and values, linear between \[1, tokens\].
    Quantiles(Vec<(f64, u64)>),
}

/// A law, and how far it lies from the record.
#[derive(Debug, Clone, PartialEq)]
pub struct LengthFit {
    pub law: LengthLaw,
    /// The largest deviation of the lognormal from the record, over the quantiles from 10 % to 99 % and the mean; `None`
    /// where no lognormal was tried \[1\].
    pub lognormal_off: Option<f64>,
}

/// A lognormal that is further off is no description of the record \[1\].
const NEAR: f64 = 0.1;
/// The shares whose quantiles of a lognormal are compared with those of the record \[1\].
const LOOKED_AT: [f64; 7] = [0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99];
/// The rows that every table has; the others are where they straighten most.
const KNOTS: [f64; 7] = [0.0, 0.1, 0.5, 0.9, 0.95, 0.99, 1.0];
/// Rows of a table.
const ROWS: usize = 13;

/// The law of a histogram of token counts with something in it.
pub fn fit(lengths: &Histogram) -> LengthFit {
    let quantile = |share: f64| lengths.quantile(share).map_or(1, |x| (x + 0.5) as u64).max(1);
    let (least, greatest) = lengths.range().unwrap_or((1, 1));
    if least == greatest {
        return LengthFit { law: LengthLaw::Constant(greatest.max(1)), lognormal_off: None };
    }
    let (median, p95) = (quantile(0.5), quantile(0.95));
    let off = lognormal_off(lengths, median, p95, greatest);
    if off <= NEAR {
        return LengthFit { law: LengthLaw::Lognormal { median, p95, max: greatest }, lognormal_off: Some(off) };
    }
    LengthFit { law: LengthLaw::Quantiles(table(lengths)), lognormal_off: Some(off) }
}

/// Returns the quantiles of a record in few rows, so that the lines between them enclose little area with the record:
/// the mean of the table is near that of the record.
fn table(lengths: &Histogram) -> Vec<(f64, u64)> {
    let (least, greatest) = lengths.range().unwrap_or((1, 1));
    let row = |share: f64| match share {
        0.0 => (share, least.max(1)),
        1.0 => (share, greatest.max(1)),
        _ => (share, lengths.quantile(share).map_or(1, |x| (x + 0.5) as u64).max(1)),
    };
    let hundredths = (1..100).map(|i| f64::from(i) / 100.0);
    let others: Vec<(f64, u64)> = hundredths.chain([0.995, 0.998, 0.999, 0.9995]).map(row).collect();
    let mut rows: Vec<(f64, u64)> = KNOTS.map(row).to_vec();
    while rows.len() < ROWS {
        // How far a row lies from the line that it would bend, times how long the line is.
        let gain = |(share, value): (f64, u64)| {
            let next = rows.partition_point(|r| r.0 <= share).clamp(1, rows.len() - 1);
            let (from, to) = (rows[next - 1], rows[next]);
            let straight = from.1 as f64 + (to.1 as f64 - from.1 as f64) * (share - from.0) / (to.0 - from.0);
            (value as f64 - straight).abs() * (to.0 - from.0)
        };
        let Some(best) = others.iter().copied().max_by(|a, b| gain(*a).total_cmp(&gain(*b))) else { break };
        if gain(best) < 1e-9 {
            break;
        }
        rows.insert(rows.partition_point(|r| r.0 <= best.0), best);
    }
    rows
}

fn lognormal_off(lengths: &Histogram, median: u64, p95: u64, max: u64) -> f64 {
    let (mu, sigma) = lognormal_of_p95(median as f64, p95 as f64);
    let max = max as f64;
    let quantiles = LOOKED_AT.iter().map(|share| {
        let drawn = libm::exp(mu + sigma * normal_quantile(*share)).clamp(1.0, max);
        (drawn, lengths.quantile(*share).unwrap_or(drawn))
    });
    let mean = (clamped_mean(mu, sigma, max), lengths.mean().unwrap_or(max));
    quantiles.chain([mean]).map(|(drawn, recorded)| deviation(drawn, recorded)).fold(0.0, f64::max)
}

/// Returns the deviation `|drawn / recorded - 1|`, and 0 within a token: a count is whole.
fn deviation(drawn: f64, recorded: f64) -> f64 {
    let apart = (drawn - recorded).abs();
    if apart <= 1.0 { 0.0 } else { apart / recorded.max(1.0) }
}

/// Returns the mean of a lognormal that is cut at `max`.
fn clamped_mean(mu: f64, sigma: f64, max: f64) -> f64 {
    if sigma <= 0.0 {
        return libm::exp(mu).min(max);
    }
    let below = |z: f64| 0.5 * libm::erfc(-z / std::f64::consts::SQRT_2);
    let z = (libm::log(max) - mu) / sigma;
    libm::exp(mu + 0.5 * sigma * sigma) * below(z - sigma) + max * (1.0 - below(z))
}

/// Returns the parameter of the Gaussian copula that has this rank correlation: `2 sin(pi r / 6)` (Kruskal, "Ordinal
/// measures of association", 1958).
pub fn copula(rank_correlation: f64) -> f64 {
    2.0 * libm::sin(std::f64::consts::PI * rank_correlation / 6.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{Law, Purpose, Shape, Stream};

    fn lengths(shape: Shape, max: f64) -> Histogram {
        let mut draws = vec![0.0; 100_000];
        let law = Law { shape, min: 1.0, max };
        law.fill(Stream::new(5, 0, Purpose::Input, "lengths"), 0, &mut draws);
        let mut histogram = Histogram::default();
        draws.iter().for_each(|x| histogram.record((x + 0.5) as u64));
        histogram
    }

    #[test]
    fn a_lognormal_is_known_again() {
        let fit = fit(&lengths(Shape::Lognormal { mu: 7.0, sigma: 0.8 }, 1e9));
        let LengthLaw::Lognormal { median, p95, .. } = fit.law else { panic!("{fit:?}") };
        // The standard error of a quantile is sqrt(p (1 - p) / n) / density: 0.32 % of the median, 0.53 % of p95.
        let (m, q) = (libm::exp(7.0), libm::exp(7.0 + 0.8 * 1.644_853_6));
        assert!((median as f64 / m - 1.0).abs() < 3.29 * 0.0032 + 0.004, "{median} for {m}");
        assert!((p95 as f64 / q - 1.0).abs() < 3.29 * 0.0053 + 0.004, "{p95} for {q}");
        assert!(fit.lognormal_off.unwrap() < 0.03, "{fit:?}");
    }

    #[test]
    fn what_is_no_lognormal_is_a_table() {
        // Most of these prompts are cut at 2,000 tokens.
        let fit = fit(&lengths(Shape::Lognormal { mu: 7.0, sigma: 1.5 }, 2_000.0));
        let LengthLaw::Quantiles(rows) = &fit.law else { panic!("{fit:?}") };
        assert!(fit.lognormal_off.unwrap() > NEAR);
        assert_eq!((rows.first().unwrap().0, *rows.last().unwrap()), (0.0, (1.0, 2_000)));
        assert!(rows.is_sorted_by(|a, b| a.0 < b.0 && a.1 <= b.1), "{rows:?}");
        assert!(rows.contains(&(0.95, 2_000)) && rows.len() <= ROWS, "{rows:?}");
        let areas = rows.windows(2).map(|two| 0.5 * (two[0].1 + two[1].1) as f64 * (two[1].0 - two[0].0));
        let mean = areas.sum::<f64>() / lengths(Shape::Lognormal { mu: 7.0, sigma: 1.5 }, 2_000.0).mean().unwrap();
        assert!((mean - 1.0).abs() < 0.01, "the mean is off by {mean}");
    }

    #[test]
    fn one_length_is_a_constant() {
        let mut histogram = Histogram::default();
        (0..10).for_each(|_| histogram.record(700));
        assert_eq!(fit(&histogram), LengthFit { law: LengthLaw::Constant(700), lognormal_off: None });
    }

    #[test]
    fn the_mean_of_a_cut_lognormal_is_that_of_its_draws() {
        let histogram = lengths(Shape::Lognormal { mu: 5.0, sigma: 1.0 }, 400.0);
        // The standard deviation of a law on [1, 400] is at most 200.
        let error = 3.29 * 200.0 / 100_000_f64.sqrt();
        assert!((clamped_mean(5.0, 1.0, 400.0) - histogram.mean().unwrap()).abs() < error);
    }

    #[test]
    fn ranks_and_the_copula_agree_at_the_ends() {
        assert_eq!(copula(0.0), 0.0);
        assert!((copula(1.0) - 1.0).abs() < 1e-12 && (copula(-1.0) + 1.0).abs() < 1e-12);
        assert!((copula(0.5) - 0.517_638_09).abs() < 1e-8);
    }

    #[test]
    fn a_token_more_or_less_is_no_deviation() {
        assert_eq!(deviation(3.4, 3.0), 0.0);
        assert!((deviation(120.0, 100.0) - 0.2).abs() < 1e-12);
    }
}

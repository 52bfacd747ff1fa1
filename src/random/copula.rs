//! Two draws that go together: a Gaussian copula.
//!
//! Each draw keeps its law; the ranks of the two are those of normal variables of correlation rho. Spearman's rank
//! correlation is then `(6 / pi) asin(rho / 2)`.

use super::maths::normal_quantile;
use super::{Law, Stream};

/// A Gaussian copula that ties the second of two draws to the first.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Copula {
    /// The correlation of the two normal variables, in \[-1, 1\].
    rho: f64,
    /// The weight of the second draw's own variate, `sqrt(1 - rho²)`.
    rest: f64,
}

impl Copula {
    #[must_use]
    pub fn new(rho: f64) -> Self {
        Self { rho, rest: (1.0 - rho * rho).max(0.0).sqrt() }
    }

    /// Returns draw number `i` of `second`, tied to draw `i` of `first`, which stays as it would be alone.
    ///
    /// Both laws must have a quantile function of one uniform: no gamma, no mixture.
    #[must_use]
    pub fn second(self, i: u64, first: (&Law, Stream), second: (&Law, Stream)) -> f64 {
        let score = normal_quantile(first.0.rank(first.1.uniform(i)));
        let own = normal_quantile(second.0.rank(second.1.uniform(i)));
        let rank = normal_cdf(self.rho * score + self.rest * own);
        // A rank turned back is the uniform that stands for it.
        second.0.of_uniform(second.0.rank(rank), second.1, i)
    }
}

/// Returns the standard normal's distribution function, kept inside (0, 1).
fn normal_cdf(z: f64) -> f64 {
    const LEAST: f64 = 1.2e-16;
    (0.5 * libm::erfc(-z * std::f64::consts::FRAC_1_SQRT_2)).clamp(LEAST, 1.0 - LEAST)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{Purpose, Shape};

    fn streams() -> [Stream; 2] {
        [Purpose::Input, Purpose::Output].map(|purpose| Stream::new(3, 0, purpose, "w"))
    }

    #[test]
    fn the_distribution_function_undoes_the_quantile() {
        for p in [1e-9, 0.02, 0.3, 0.5, 0.9, 0.9999] {
            let back = normal_cdf(normal_quantile(p));
            assert!((back - p).abs() < 1e-8 * p.max(1e-3), "{p}: {back}");
        }
    }

    #[test]
    fn without_correlation_the_second_draw_is_its_own() {
        let law = Law::of(Shape::Lognormal { mu: 5.0, sigma: 0.8 });
        let [a, b] = streams();
        for i in 0..100 {
            let (tied, alone) = (Copula::new(0.0).second(i, (&law, a), (&law, b)), law.at(b, i));
            assert!((tied / alone - 1.0).abs() < 1e-7, "{tied} {alone}");
        }
    }

    #[test]
    fn at_the_ends_the_two_rise_or_fall_together_whatever_way_a_law_is_drawn() {
        let falling = Law::of(Shape::Exponential { mean: 10.0 });
        let rising = Law::of(Shape::Uniform { low: 0.0, high: 1.0 });
        let [a, b] = streams();
        for (first, second) in [(&falling, &rising), (&rising, &falling), (&falling, &falling)] {
            for rho in [1.0, -1.0] {
                let mut pairs: Vec<(f64, f64)> = (0..200)
                    .map(|i| (first.at(a, i), rho * Copula::new(rho).second(i, (first, a), (second, b))))
                    .collect();
                pairs.sort_by(|x, y| x.0.total_cmp(&y.0));
                assert!(pairs.is_sorted_by(|x, y| x.1 <= y.1), "{rho}");
            }
        }
    }

    #[test]
    fn the_rank_correlation_is_that_of_theory() {
        let first = Law::of(Shape::Lognormal { mu: 7.0, sigma: 1.0 });
        let second = Law::of(Shape::Exponential { mean: 300.0 });
        let [a, b] = streams();
        let n = 20_000u32;
        for rho in [-0.7, 0.3, 0.9] {
            let copula = Copula::new(rho);
            let (x, y): (Vec<f64>, Vec<f64>) =
                (0..u64::from(n)).map(|i| (first.at(a, i), copula.second(i, (&first, a), (&second, b)))).unzip();
            let ranks = |values: &[f64]| {
                let mut order: Vec<usize> = (0..values.len()).collect();
                order.sort_by(|i, j| values[*i].total_cmp(&values[*j]));
                let mut ranks = vec![0.0; values.len()];
                (0u32..).zip(order).for_each(|(rank, i)| ranks[i] = f64::from(rank));
                ranks
            };
            let (x, y) = (ranks(&x), ranks(&y));
            let middle = f64::from(n - 1) / 2.0;
            let product: f64 = x.iter().zip(&y).map(|(x, y)| (x - middle) * (y - middle)).sum();
            let square: f64 = x.iter().map(|x| (x - middle) * (x - middle)).sum();
            let theory = 6.0 / std::f64::consts::PI * libm::asin(rho / 2.0);
            // The standard error of a rank correlation is at most 1 / sqrt(n - 1).
            let got = product / square;
            assert!((got - theory).abs() < 3.29 / f64::from(n - 1).sqrt(), "{rho}: {got} for {theory}");
        }
    }
}

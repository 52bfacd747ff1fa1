//! Distributions: drawn one by one, or a block at a time, with the same result.

use multiversion::multiversion;

use super::gamma::gamma;
use super::maths::{exp, is_tail, ln, normal_quantile, quantile_in_a_tail, quantile_in_the_middle};
use super::stream::{Purpose, Stream};

/// A distribution, clamped to `[min, max]`. Its parameters describe the unclamped law.
#[derive(Debug, Clone, PartialEq)]
pub struct Law {
    pub shape: Shape,
    /// The least draw; `f64::NEG_INFINITY`: no clamp.
    pub min: f64,
    /// The greatest draw; `f64::INFINITY`: no clamp.
    pub max: f64,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Shape {
    Constant(f64),
    Uniform {
        low: f64,
        high: f64,
    },
    /// The exponential of a normal variate with mean `mu` and standard deviation `sigma`.
    Lognormal {
        mu: f64,
        sigma: f64,
    },
    /// A gamma distribution \[shape 1, scale in the law's unit\].
    Gamma {
        shape: f64,
        scale: f64,
    },
    Exponential {
        mean: f64,
    },
    Normal {
        mean: f64,
        sd: f64,
    },
    /// A Weibull distribution: `scale (-ln u)^power`, power = 1 / shape.
    Weibull {
        scale: f64,
        power: f64,
    },
    /// Values with the cumulative share up to and including each; the last is 1.
    Empirical {
        values: Vec<f64>,
        cumulative: Vec<f64>,
    },
    /// A table of quantiles, linear between them: each share with the value below which that share of the draws lies.
    /// Both rise, the shares from 0 to 1.
    Quantiles {
        shares: Vec<f64>,
        values: Vec<f64>,
    },
    /// A mixture of laws, each over its part of the uniforms.
    Mixture(Vec<Part>),
}

/// A law of a mixture.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    pub law: Law,
    /// The share of the draws that the law has \[1\].
    pub share: f64,
    /// The sum of the shares up to and including this law's; the last is 1.
    pub until: f64,
}

impl Law {
    /// Returns the law whose draws are all `value`.
    #[must_use]
    pub const fn constant(value: f64) -> Self {
        Self::of(Shape::Constant(value))
    }

    /// Returns a law without clamps.
    #[must_use]
    pub const fn of(shape: Shape) -> Self {
        Self { shape, min: f64::NEG_INFINITY, max: f64::INFINITY }
    }

    /// Returns the value, when every draw is the same; else `None`.
    #[must_use]
    pub fn as_constant(&self) -> Option<f64> {
        match self.shape {
            Shape::Constant(value) => Some(value.clamp(self.min, self.max)),
            _ => None,
        }
    }

    /// Fills `out` with the draws from number `first` on.
    pub fn fill(&self, stream: Stream, first: u64, out: &mut [f64]) {
        fill(self, stream, first, out);
    }

    /// Returns draw number `i`.
    #[must_use]
    pub fn at(&self, stream: Stream, i: u64) -> f64 {
        self.of_uniform(stream.uniform(i), stream, i)
    }

    /// Returns the mean of a function of a draw: over evenly spaced quantiles, and over draws of a gamma.
    #[must_use]
    pub fn mean_of(&self, of: impl Fn(f64) -> f64) -> f64 {
        const POINTS: u64 = 4_096;
        if let Some(constant) = self.as_constant() {
            return of(constant);
        }
        let stream = Stream::new(0, 0, Purpose::BatchSize, "");
        let at = |i: u64| self.of_uniform((i as f64 + 0.5) / POINTS as f64, stream, i);
        (0..POINTS).map(|i| of(at(i))).sum::<f64>() / POINTS as f64
    }

    /// Returns whether a draw is the law's quantile function at one uniform: not a gamma's, nor a mixture's.
    #[must_use]
    pub fn has_ranks(&self) -> bool {
        !matches!(self.shape, Shape::Gamma { .. } | Shape::Mixture(_))
    }

    /// Returns the number of values that the law lists.
    #[must_use]
    pub fn values(&self) -> usize {
        match &self.shape {
            Shape::Empirical { values, .. } | Shape::Quantiles { values, .. } => values.len(),
            Shape::Mixture(parts) => parts.iter().map(|part| part.law.values()).sum(),
            _ => 0,
        }
    }

    /// Returns the share of draws below the one that `u` stands for; also the uniform that stands for a share.
    pub(super) fn rank(&self, u: f64) -> f64 {
        match self.shape {
            Shape::Exponential { .. } | Shape::Weibull { .. } => 1.0 - u,
            _ => u,
        }
    }

    /// Returns the draw that `u` stands for; a gamma's is that of number `i` whatever `u`.
    pub(super) fn of_uniform(&self, u: f64, stream: Stream, i: u64) -> f64 {
        let x = match &self.shape {
            Shape::Constant(value) => *value,
            Shape::Uniform { low, high } => uniform(*low, *high, u),
            Shape::Lognormal { mu, sigma } => lognormal(*mu, *sigma, u),
            Shape::Exponential { mean } => exponential(*mean, u),
            Shape::Normal { mean, sd } => normal(*mean, *sd, u),
            Shape::Weibull { scale, power } => weibull(*scale, *power, u),
            Shape::Gamma { shape, scale } => gamma(*shape, &mut stream.generator(i)) * scale,
            Shape::Empirical { values, cumulative } => {
                values[cumulative.partition_point(|share| *share < u).min(values.len() - 1)]
            }
            Shape::Quantiles { shares, values } => between(shares, values, u),
            Shape::Mixture(parts) => {
                let chosen = &parts[parts.partition_point(|part| part.until < u).min(parts.len() - 1)];
                // What is left of the uniform is uniform on the part, and never quite 0 or 1.
                let rest = (u - (chosen.until - chosen.share)) / chosen.share;
                chosen.law.of_uniform(rest.clamp(LEAST_UNIFORM, 1.0 - LEAST_UNIFORM), stream, i)
            }
        };
        x.max(self.min).min(self.max)
    }
}

/// Fills a block of draws for [`Law::fill`]. Each arm is one loop over plain arithmetic, which the compiler turns into
/// vector code: once for every processor, and again for those with wider vectors. All give the same bits, because none
/// contracts a product and a sum, nor reorders a sum.
#[multiversion(targets("x86_64+avx512f+avx512bw+avx512dq+avx512vl", "x86_64+avx2"))]
fn fill(law: &Law, stream: Stream, first: u64, out: &mut [f64]) {
    let (min, max) = (law.min, law.max);
    match &law.shape {
        Shape::Constant(value) => out.fill(value.max(min).min(max)),
        Shape::Uniform { low, high } => draw(stream, first, out, |u| uniform(*low, *high, u).max(min).min(max)),
        Shape::Lognormal { mu, sigma } => {
            draw_normal(stream, first, out, |z| exp(mu + sigma * z).max(min).min(max));
        }
        Shape::Exponential { mean } => draw(stream, first, out, |u| exponential(*mean, u).max(min).min(max)),
        Shape::Normal { mean, sd } => draw_normal(stream, first, out, |z| (mean + sd * z).max(min).min(max)),
        Shape::Weibull { scale, power } => {
            draw(stream, first, out, |u| weibull(*scale, *power, u).max(min).min(max));
        }
        Shape::Gamma { .. } | Shape::Empirical { .. } | Shape::Quantiles { .. } | Shape::Mixture(_) => {
            out.iter_mut().zip(first..).for_each(|(x, i)| *x = law.at(stream, i));
        }
    }
}

/// The least distance of a uniform from 0 and from 1.
const LEAST_UNIFORM: f64 = 1.2e-16;

/// Returns the value at a share `u`, linear between points; `shares` rise from 0 to 1.
fn between(shares: &[f64], values: &[f64], u: f64) -> f64 {
    let next = shares.partition_point(|share| *share <= u).clamp(1, shares.len() - 1);
    let (from, to) = (shares[next - 1], shares[next]);
    values[next - 1] + (values[next] - values[next - 1]) * ((u - from) / (to - from))
}

/// Fills each element with a draw that takes one uniform.
#[inline(always)]
fn draw(stream: Stream, first: u64, out: &mut [f64], quantile: impl Fn(f64) -> f64) {
    for (j, x) in out.iter_mut().enumerate() {
        *x = quantile(stream.uniform(first.wrapping_add(j as u64)));
    }
}

/// The number of draws that [`draw_normal`] makes at a time, and of those that it searches for tails together.
const CHUNK: usize = 64;
const LOOK: usize = 8;

/// Fills each element with a variate made from one standard normal quantile. The tails, of one uniform in twenty,
/// are computed apart, so that the other nineteen need not be computed twice.
#[inline(always)]
fn draw_normal(stream: Stream, first: u64, out: &mut [f64], of_normal: impl Fn(f64) -> f64) {
    let (mut uniforms, mut normals) = ([0.0; CHUNK], [0.0; CHUNK]);
    for (chunk, number) in out.chunks_mut(CHUNK).zip((0..).step_by(CHUNK)) {
        // What is past a last, shorter chunk is drawn in vain: whole arrays make plain loops.
        let first = first.wrapping_add(number);
        for (j, (u, z)) in (0..).zip(uniforms.iter_mut().zip(&mut normals)) {
            *u = stream.uniform(first.wrapping_add(j));
            *z = quantile_in_the_middle(*u);
        }
        for (uniforms, normals) in uniforms.chunks_exact(LOOK).zip(normals.chunks_exact_mut(LOOK)) {
            if uniforms.iter().fold(false, |any, u| any | is_tail(*u)) {
                for (u, z) in uniforms.iter().zip(normals) {
                    if is_tail(*u) {
                        *z = quantile_in_a_tail(*u);
                    }
                }
            }
        }
        chunk.iter_mut().zip(&normals).for_each(|(x, z)| *x = of_normal(*z));
    }
}

#[inline(always)]
fn uniform(low: f64, high: f64, u: f64) -> f64 {
    low + (high - low) * u
}

#[inline(always)]
fn lognormal(mu: f64, sigma: f64, u: f64) -> f64 {
    exp(mu + sigma * normal_quantile(u))
}

/// Returns an exponential variate, which falls as `u` rises: the quantile at `1 - u`, which costs no subtraction.
#[inline(always)]
fn exponential(mean: f64, u: f64) -> f64 {
    -mean * ln(u)
}

#[inline(always)]
fn normal(mean: f64, sd: f64, u: f64) -> f64 {
    mean + sd * normal_quantile(u)
}

/// Returns a Weibull variate, which falls as `u` rises, as [`exponential`] does.
#[inline(always)]
fn weibull(scale: f64, power: f64, u: f64) -> f64 {
    scale * exp(power * ln(-ln(u)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Purpose;

    fn shapes() -> Vec<Shape> {
        vec![
            Shape::Constant(3.0),
            Shape::Uniform { low: 1.0, high: 5.0 },
            Shape::Lognormal { mu: 1.0, sigma: 0.5 },
            Shape::Gamma { shape: 0.25, scale: 4.0 },
            Shape::Gamma { shape: 2.5, scale: 2.0 },
            Shape::Exponential { mean: 2.0 },
            Shape::Normal { mean: 4.0, sd: 2.0 },
            Shape::Weibull { scale: 2.0, power: 2.0 },
            Shape::Empirical { values: vec![1.0, 2.0, 4.0], cumulative: vec![0.25, 0.5, 1.0] },
            Shape::Quantiles { shares: vec![0.0, 0.5, 1.0], values: vec![1.0, 2.0, 8.0] },
            Shape::Mixture(vec![
                Part { law: Law::constant(1.0), share: 0.25, until: 0.25 },
                Part { law: Law::of(Shape::Gamma { shape: 2.0, scale: 1.0 }), share: 0.25, until: 0.5 },
                Part { law: Law::of(Shape::Uniform { low: 4.0, high: 8.0 }), share: 0.5, until: 1.0 },
            ]),
        ]
    }

    #[test]
    fn a_block_is_the_same_as_its_draws() {
        let stream = Stream::new(7, 0, Purpose::Output, "w");
        for shape in shapes() {
            let law = Law { shape, min: 0.5, max: 9.0 };
            let mut block = [0.0; 333];
            law.fill(stream, 11, &mut block);
            for (i, x) in (11..).zip(block) {
                assert_eq!(x.to_bits(), law.at(stream, i).to_bits(), "{law:?} at {i}");
            }
        }
    }

    #[test]
    fn clamps_hold() {
        let stream = Stream::new(7, 0, Purpose::Output, "w");
        let law = Law { shape: Shape::Lognormal { mu: 0.0, sigma: 3.0 }, min: 0.5, max: 2.0 };
        let mut block = [0.0; 1000];
        law.fill(stream, 0, &mut block);
        assert!(block.iter().all(|x| (0.5..=2.0).contains(x)));
        assert!(block.contains(&0.5) && block.contains(&2.0));
    }
}

//! Distributions.

/// A distribution, clamped to `[min, max]`. Its parameters describe the unclamped law.
#[derive(Debug, Clone, PartialEq)]
pub struct Law {
    pub shape: Shape,
    /// `f64::NEG_INFINITY`: no clamp.
    pub min: f64,
    /// `f64::INFINITY`: no clamp.
    pub max: f64,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Shape {
    Constant(f64),
    Uniform { low: f64, high: f64 },
    /// exp of a normal with mean `mu` and standard deviation `sigma`.
    Lognormal { mu: f64, sigma: f64 },
    /// \[shape 1, scale in the law's unit\]
    Gamma { shape: f64, scale: f64 },
    Exponential { mean: f64 },
    /// Values with the cumulative share up to and including each; the last is 1.
    Empirical { values: Vec<f64>, cumulative: Vec<f64> },
}

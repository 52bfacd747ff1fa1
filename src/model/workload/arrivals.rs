//! When requests come.

use std::sync::Arc;

use crate::trace::Trace;
use crate::units::SimTime;

/// When requests come: a renewal process driven by an intensity, or a recorded trace.
#[derive(Debug, Clone)]
pub enum Arrivals {
    Renewal { gaps: Gaps, intensity: Intensity },
    Trace(Arc<Trace>),
}

/// The gaps of a unit-rate renewal process in operational time: mean one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Gaps {
    /// Every gap is one.
    Constant,
    /// Exponential gaps: a Poisson process, non-homogeneous under a shape.
    Exponential,
    /// Gamma gaps of shape `1/cv²`, mean one; cv > 1 is bursty.
    Gamma { shape: f64 },
}

/// `rate(t) = base x shape(t) x bursts(t)`: piecewise linear, with steps \[1/µs\].
#[derive(Debug, Clone, PartialEq)]
pub struct Intensity {
    /// With `scale` and `run.traffic_scale` multiplied in \[1/µs\].
    pub base: f64,
    /// Linear between points, constant outside, a step where two share `at`; empty: one throughout. Sorted by `at`.
    pub shape: Vec<ShapePoint>,
    /// Overlapping bursts multiply.
    pub bursts: Vec<Burst>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ShapePoint {
    pub at: SimTime,
    pub factor: f64,
}

/// A rectangle `[at, at + lasts)`, repeated when `every` is given \[µs\].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Burst {
    pub at: SimTime,
    pub lasts: SimTime,
    pub factor: f64,
    pub every: Option<SimTime>,
}

//! Gamma draws by rejection (Marsaglia and Tsang, "A simple method for generating gamma variables", 2000).
//!
//! A gamma's quantile function has no short form, so these draws alone take more than one uniform, from a generator
//! keyed by the draw. rand_distr's own sampler is not used here: it rests on the platform's logarithm.

use rand::Rng;
use rand_distr::{Distribution, Open01};

use super::maths::{exp, ln, normal_quantile};

/// Returns a draw from the gamma law of mean `shape`, scale one.
pub(super) fn gamma(shape: f64, generator: &mut impl Rng) -> f64 {
    if shape < 1.0 {
        // Gamma(a) is Gamma(a + 1) x U^(1/a).
        let boost: f64 = Open01.sample(generator);
        return gamma(shape + 1.0, generator) * exp(ln(boost) / shape);
    }
    let d = shape - 1.0 / 3.0;
    let c = 1.0 / (9.0 * d).sqrt();
    loop {
        let z = normal_quantile(Open01.sample(generator));
        let v = 1.0 + c * z;
        if v <= 0.0 {
            continue;
        }
        let v = v * v * v;
        let u: f64 = Open01.sample(generator);
        if ln(u) < 0.5 * z * z + d - d * v + d * ln(v) {
            return d * v;
        }
    }
}

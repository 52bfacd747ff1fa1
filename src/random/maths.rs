//! Our own ln, exp and normal quantile: polynomials without branches or tables, the same bits everywhere.
//!
//! The compiler turns loops over them into vector code; none of them uses a fused multiply-add.

const LN_2: f64 = std::f64::consts::LN_2;

/// The number 1.5 x 2⁵²: adding it leaves a number's nearest integer in the low bits.
const ROUND: f64 = 6_755_399_441_055_744.0;
/// The number 2⁵²: adding it leaves a small positive integer in the low bits.
const WHOLE: f64 = 4_503_599_627_370_496.0;

/// Returns the natural logarithm of a positive, normal number; relative error below 10⁻¹³.
///
/// `x = 2^k m` with m in [√½, √2), then `ln m = 2 artanh((m - 1)/(m + 1))` by its series.
#[inline(always)]
#[must_use]
pub fn ln(x: f64) -> f64 {
    /// 1 less √½, as bits: brings the mantissa's range from [1, 2) to [√½, √2).
    const SHIFT: u64 = 0x3FF0_0000_0000_0000 - 0x3FE6_A09E_667F_3BCD;
    let bits = x.to_bits();
    let biased = bits.wrapping_add(SHIFT) >> 52;
    let m = f64::from_bits(bits.wrapping_sub(biased.wrapping_sub(1023) << 52));
    let k = f64::from_bits(WHOLE.to_bits() | biased) - (WHOLE + 1023.0);
    let s = (m - 1.0) / (m + 1.0);
    let z = s * s;
    let p = 1.0 / 15.0;
    let p = p * z + 1.0 / 13.0;
    let p = p * z + 1.0 / 11.0;
    let p = p * z + 1.0 / 9.0;
    let p = p * z + 1.0 / 7.0;
    let p = p * z + 1.0 / 5.0;
    let p = p * z + 1.0 / 3.0;
    let p = p * z + 1.0;
    k * LN_2 + 2.0 * s * p
}

/// Returns e to the power x for x in [-700, 700], clamped there; relative error below 10⁻¹².
///
/// `x = n ln 2 + f` with |f| <= ln 2 / 2, then the Taylor polynomial of degree 10.
#[inline(always)]
#[must_use]
pub fn exp(x: f64) -> f64 {
    let y = x.clamp(-700.0, 700.0) * std::f64::consts::LOG2_E;
    let shifted = y + ROUND;
    let n = shifted - ROUND;
    let f = (y - n) * LN_2;
    let p = 1.0 / 3_628_800.0;
    let p = p * f + 1.0 / 362_880.0;
    let p = p * f + 1.0 / 40_320.0;
    let p = p * f + 1.0 / 5_040.0;
    let p = p * f + 1.0 / 720.0;
    let p = p * f + 1.0 / 120.0;
    let p = p * f + 1.0 / 24.0;
    let p = p * f + 1.0 / 6.0;
    let p = p * f + 0.5;
    let p = p * f + 1.0;
    let p = p * f + 1.0;
    f64::from_bits((shifted.to_bits() << 52).wrapping_add(p.to_bits()))
}

/// The probability below which, and above 1 less which, lies a tail of the normal quantile.
const TAIL: f64 = 0.02425;

/// Returns the standard normal's quantile at p in (0, 1); relative error below 1.2 x 10⁻⁹.
///
/// P. J. Acklam's rational approximations (2003): one for the middle, one for the tails.
#[inline(always)]
#[must_use]
pub fn normal_quantile(p: f64) -> f64 {
    if is_tail(p) { quantile_in_a_tail(p) } else { quantile_in_the_middle(p) }
}

/// Returns whether p is in a tail of the normal quantile: one in twenty is.
#[inline(always)]
#[must_use]
pub fn is_tail(p: f64) -> bool {
    (if p < 0.5 { p } else { 1.0 - p }) < TAIL
}

/// Returns the normal quantile where [`is_tail`] is false; any number where it is true.
#[inline(always)]
#[must_use]
pub fn quantile_in_the_middle(p: f64) -> f64 {
    let q = p - 0.5;
    let r = q * q;
    let a = -3.969_683_028_665_376e1;
    let a = a * r + 2.209_460_984_245_205e2;
    let a = a * r - 2.759_285_104_469_687e2;
    let a = a * r + 1.383_577_518_672_69e2;
    let a = a * r - 3.066_479_806_614_716e1;
    let a = a * r + 2.506_628_277_459_239;
    let b = -5.447_609_879_822_406e1;
    let b = b * r + 1.615_858_368_580_409e2;
    let b = b * r - 1.556_989_798_598_866e2;
    let b = b * r + 6.680_131_188_771_972e1;
    let b = b * r - 1.328_068_155_288_572e1;
    let b = b * r + 1.0;
    a * q / b
}

/// Returns the normal quantile where [`is_tail`] is true.
#[inline]
#[must_use]
pub fn quantile_in_a_tail(p: f64) -> f64 {
    let tail = if p < 0.5 { p } else { 1.0 - p };
    let t = (-2.0 * ln(tail)).sqrt();
    let c = -7.784_894_002_430_293e-3;
    let c = c * t - 3.223_964_580_411_365e-1;
    let c = c * t - 2.400_758_277_161_838;
    let c = c * t - 2.549_732_539_343_734;
    let c = c * t + 4.374_664_141_464_968;
    let c = c * t + 2.938_163_982_698_783;
    let d = 7.784_695_709_041_462e-3;
    let d = d * t + 3.224_671_290_700_398e-1;
    let d = d * t + 2.445_134_137_142_996;
    let d = d * t + 3.754_408_661_907_416;
    let d = d * t + 1.0;
    let low = c / d;
    if p < 0.5 { low } else { -low }
}

/// Returns a number in [0, 2⁵¹), rounded half up; vectorises where a cast would not.
#[inline(always)]
#[must_use]
pub fn round_half_up(x: f64) -> u64 {
    let y = x + 0.5;
    let shifted = y + WHOLE;
    let nearest = shifted - WHOLE;
    (shifted.to_bits() - WHOLE.to_bits()) - u64::from(nearest > y)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::disallowed_methods, reason = "a power of two is exact everywhere")]

    use statrs::distribution::{ContinuousCDF, Normal};

    use super::*;

    fn relative(ours: f64, theirs: f64) -> f64 {
        if theirs == 0.0 { ours.abs() } else { ((ours - theirs) / theirs).abs() }
    }

    #[test]
    fn ln_and_exp_agree_with_libm() {
        for i in 1..200_000_u32 {
            let x = f64::from(i) * 1.7e-4;
            assert!(relative(ln(x), libm::log(x)) < 1e-13 || (ln(x) - libm::log(x)).abs() < 1e-15, "ln {x}");
            let y = f64::from(i) * 6.99e-3 - 699.0;
            assert!(relative(exp(y), libm::exp(y)) < 1e-12, "exp {y}");
        }
        assert!(relative(ln(2f64.powi(-53)), libm::log(2f64.powi(-53))) < 1e-13);
        assert!(exp(1e9).is_finite() && exp(-1e9) > 0.0);
    }

    #[test]
    fn the_normal_quantile_agrees_with_the_inverse_error_function() {
        let normal = Normal::standard();
        for i in 1..100_000_u32 {
            let p = f64::from(i) / 100_000.0;
            assert!((normal_quantile(p) - normal.inverse_cdf(p)).abs() < 5e-9, "{p}");
        }
        for exponent in 1..52 {
            let p = 2f64.powi(-exponent);
            assert!(relative(normal_quantile(p), normal.inverse_cdf(p)) < 2e-9 || exponent == 1, "{p}");
            assert_eq!(normal_quantile(1.0 - p), -normal_quantile(p), "{p}");
        }
    }

    #[test]
    fn rounding_is_half_up() {
        for (x, n) in [
            (0.0, 0),
            (0.49, 0),
            (0.5, 1),
            (1.5, 2),
            (2.5, 3),
            (0.499_999_999_999_999_94, 1),
            (1e15, 1_000_000_000_000_000),
        ] {
            assert_eq!(round_half_up(x), n, "{x}");
        }
    }
}

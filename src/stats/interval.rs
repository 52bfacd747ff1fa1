//! Confidence intervals over replications.

use statrs::distribution::{ContinuousCDF, StudentsT};

/// Returns the two-sided quantile of Student's t: the half-width in units of the standard error.
///
/// # Panics
/// Panics if `confidence` is not in (0, 1) or there is no degree of freedom.
#[must_use]
pub fn student_t(confidence: f64, degrees_of_freedom: u64) -> f64 {
    let t = StudentsT::new(0.0, 1.0, degrees_of_freedom as f64).expect("at least one degree of freedom");
    // Rounded, so that a last bit of the platform's mathematics never reaches a result.
    libm::round(t.inverse_cdf(0.5 + confidence / 2.0) * 1e9) * 1e-9
}

/// Returns the mean and the half-width of its interval; the half-width is `None` for fewer than two values.
#[must_use]
pub fn of_mean(values: &[f64], confidence: f64) -> (f64, Option<f64>) {
    let n = values.len() as f64;
    // From the first value on, so that what never varies stays exact.
    let first = values.first().copied().unwrap_or(f64::NAN);
    let mean = first + values.iter().map(|x| x - first).sum::<f64>() / n;
    if values.len() < 2 {
        return (mean, None);
    }
    (mean, Some(student_t(confidence, values.len() as u64 - 1) * squared_error(mean, values).sqrt()))
}

/// Returns the square of the standard error of a statistic, from the replications' own values about it; there are two
/// or more.
fn squared_error(statistic: f64, own: &[f64]) -> f64 {
    let n = own.len() as f64;
    let squares: f64 = own.iter().map(|x| (x - statistic) * (x - statistic)).sum();
    squares / (n * (n - 1.0))
}

/// Returns the half-width of a statistic of the pooled sample by sectioning: `t x sqrt(sum (own - pooled)² / (n (n -
/// 1)))`, with each replication's own value; `None` for fewer than two. (Nakayama, "Confidence intervals for quantiles
/// using sectioning", 2014.)
#[must_use]
pub fn by_sectioning(pooled: f64, own: &[f64], confidence: f64) -> Option<f64> {
    if own.len() < 2 {
        return None;
    }
    Some(student_t(confidence, own.len() as u64 - 1) * squared_error(pooled, own).sqrt())
}

/// Returns the half-width of the difference of two statistics of independent samples, each given with its replications'
/// own values (Welch); `None` where a sample has fewer than two. The degrees of freedom are rounded down.
#[must_use]
pub fn of_independent(a: (f64, &[f64]), b: (f64, &[f64]), confidence: f64) -> Option<f64> {
    if a.1.len() < 2 || b.1.len() < 2 {
        return None;
    }
    let [of_a, of_b] = [a, b].map(|(statistic, own)| squared_error(statistic, own));
    let both = of_a + of_b;
    if both == 0.0 {
        return Some(0.0);
    }
    let [less_a, less_b] = [a, b].map(|(_, own)| own.len() as f64 - 1.0);
    // A hair more, so that a whole number stays one.
    let freedom = both * both / (of_a * of_a / less_a + of_b * of_b / less_b) + 1e-9;
    Some(student_t(confidence, (freedom as u64).max(1)) * both.sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mean_of_a_known_sample() {
        let (mean, half) = of_mean(&[1.0, 2.0, 3.0, 4.0, 5.0], 0.95);
        assert_eq!(mean, 3.0);
        // t(0.975, 4) = 2.776445, standard error sqrt(2.5 / 5).
        assert!((half.unwrap() - 2.776_445 * 0.5_f64.sqrt()).abs() < 1e-5);
        assert_eq!(of_mean(&[7.0], 0.95), (7.0, None));
    }

    #[test]
    fn equal_independent_samples_have_the_freedom_of_both() {
        let own = [1.0, 2.0, 3.0, 4.0, 5.0];
        // t(0.975, 8) = 2.306004, standard error sqrt(2 x 2.5 / 5).
        let half = of_independent((3.0, &own), (3.0, &own), 0.95).unwrap();
        assert!((half - 2.306_004).abs() < 1e-5, "{half}");
        // One that never varies leaves the other's freedom: t(0.975, 4) x sqrt(2.5 / 5).
        let half = of_independent((3.0, &own), (7.0, &[7.0; 9]), 0.95).unwrap();
        assert!((half - 2.776_445 * 0.5_f64.sqrt()).abs() < 1e-5, "{half}");
        assert_eq!(of_independent((7.0, &[7.0; 2]), (8.0, &[8.0; 2]), 0.95), Some(0.0));
        assert_eq!(of_independent((7.0, &[7.0]), (3.0, &own), 0.95), None);
    }

    #[test]
    fn sectioning_is_the_mean_interval_when_the_pool_is_the_mean() {
        let own = [1.0, 2.0, 3.0, 4.0, 5.0];
        assert_eq!(by_sectioning(3.0, &own, 0.95), of_mean(&own, 0.95).1);
    }
}

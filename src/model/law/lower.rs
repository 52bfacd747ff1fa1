//! The computation of a law's own parameters from the figures that a scenario writes.

use super::{
    EmpiricalSpec, ExponentialSpec, GammaLawSpec, LawSpec, LognormalSpec, MixtureSpec, NormalSpec, QuantileSpec,
    Quantity, Reading, UniformSpec,
};
use crate::diagnostic::{Sink, Span};
use crate::model::quantity::{Number, Text};
use crate::model::spec::At;
use crate::random::{Law, Part, Shape};

/// The standard normal quantiles of 0.95 and 0.99.
const Z_95: f64 = 1.644_853_626_951_472_2;
const Z_99: f64 = 2.326_347_874_040_840_8;
/// The coefficients of variation that are accepted; others are seen in no traffic, and strain the samplers.
const CV: std::ops::RangeInclusive<f64> = 0.001..=100.0;
/// The largest sigma of a lognormal; beyond it, nearly all draws are near zero or beyond all bounds.
const LARGEST_SIGMA: f64 = 10.0;

impl<Q: Quantity> LawSpec<Q> {
    /// Returns the law, or findings about it. `at` is where it was written.
    pub fn lower(&self, at: &Span, sink: &mut Sink) -> Option<Law> {
        match self {
            Self::Constant(value) => {
                let x = amount(value, at, sink)?;
                if x < Q::LEAST {
                    sink.error(at.clone(), format!("{} is at least {}, {x} is not", Q::WHAT, Q::LEAST), None);
                    return None;
                }
                clamped::<Q>(Shape::Constant(x), None, None, sink)
            }
            Self::Uniform(spec) => spec.lower(sink),
            Self::Lognormal(spec) => spec.lower(at, sink),
            Self::Gamma(spec) => spec.lower(sink),
            Self::Exponential(spec) => spec.lower(sink),
            Self::Normal(spec) => spec.lower(sink),
            Self::Empirical(spec) => spec.lower(at, sink),
            Self::Mixture(spec) => spec.lower(sink),
        }
    }
}

/// Returns a parameter in the law's own unit, in range.
fn amount<Q: Quantity>(value: &Q, at: &Span, sink: &mut Sink) -> Option<f64> {
    let x = value.amount();
    if x <= Q::MOST {
        return Some(x);
    }
    sink.error(at.clone(), format!("{} is at most {:.0}, {x} is not", Q::WHAT, Q::MOST), None);
    None
}

/// Returns a parameter that must be above zero.
fn positive<Q: Quantity>(value: &At<Q>, name: &str, sink: &mut Sink) -> Option<f64> {
    let x = amount(&value.value, &value.at, sink)?;
    if x > 0.0 {
        return Some(x);
    }
    sink.error(value.at.clone(), format!("the {name} of {} is above zero, {x} is not", Q::WHAT), None);
    None
}

pub fn checked_cv(cv: &At<Number>, sink: &mut Sink) -> Option<f64> {
    if CV.contains(&cv.value.0) {
        return Some(cv.value.0);
    }
    let rule =
        format!("a coefficient of variation lies between {} and {}, {} does not", CV.start(), CV.end(), cv.value.0);
    sink.error(cv.at.clone(), rule, "for no variation at all write a constant".to_owned());
    None
}

fn clamped<Q: Quantity>(shape: Shape, min: Option<&At<Q>>, max: Option<&At<Q>>, sink: &mut Sink) -> Option<Law> {
    let low = min.map_or(Some(f64::NEG_INFINITY), |m| amount(&m.value, &m.at, sink));
    let high = max.map_or(Some(Q::MOST), |m| amount(&m.value, &m.at, sink));
    let (low, high) = (low?.max(Q::LEAST), high?);
    if low > high {
        if let Some(written) = max.or(min) {
            sink.error(written.at.clone(), format!("`min` is at most `max`, {low} is above {high}"), None);
        }
        return None;
    }
    Some(Law { shape, min: low, max: high })
}

impl<Q: Quantity> UniformSpec<Q> {
    fn lower(&self, sink: &mut Sink) -> Option<Law> {
        let low = amount(&self.low.value, &self.low.at, sink);
        let high = amount(&self.high.value, &self.high.at, sink);
        let (low, high) = (low?, high?);
        if low > high {
            sink.error(self.high.at.clone(), format!("`low` is at most `high`, {low} is above {high}"), None);
            return None;
        }
        clamped(Shape::Uniform { low, high }, self.min.as_ref(), self.max.as_ref(), sink)
    }
}

const LOGNORMAL_FORMS: &str = "give median and p95, median and p99, mean and cv, or mu and sigma";

impl<Q: Quantity> LognormalSpec<Q> {
    fn lower(&self, at: &Span, sink: &mut Sink) -> Option<Law> {
        let (mu, sigma) = match (&self.median, &self.p95, &self.p99, &self.mean, &self.cv, &self.mu, &self.sigma) {
            (Some(median), Some(p95), None, None, None, None, None) => by_percentile(median, p95, Z_95, "p95", sink)?,
            (Some(median), None, Some(p99), None, None, None, None) => by_percentile(median, p99, Z_99, "p99", sink)?,
            (None, None, None, Some(mean), Some(cv), None, None) => {
                let (mean, cv) = (positive(mean, "mean", sink), checked_cv(cv, sink));
                let (mean, cv) = (mean?, cv?);
                let variance = libm::log1p(cv * cv);
                (libm::log(mean) - variance / 2.0, libm::sqrt(variance))
            }
            (None, None, None, None, None, Some(mu), Some(sigma)) if Q::PLAIN => {
                if mu.value.0.abs() > libm::log(Q::MOST) {
                    let rule = format!("`mu` is the mean of the logarithm, {} is out of range", mu.value.0);
                    sink.error(mu.at.clone(), rule, None);
                    return None;
                }
                (mu.value.0, sigma.value.0)
            }
            (.., Some(mu), Some(_)) if !Q::PLAIN => {
                let help = "give median and p95, median and p99, or mean and cv".to_owned();
                sink.error(mu.at.clone(), "`mu` and `sigma` have no unit and cannot state a duration", help);
                return None;
            }
            _ => {
                let rule = "a lognormal is stated by exactly two of its figures";
                sink.error(at.clone(), rule, LOGNORMAL_FORMS.to_owned());
                return None;
            }
        };
        if sigma > LARGEST_SIGMA {
            let rule = format!("the logarithm's standard deviation is {sigma:.3}; a law that wide says nothing");
            sink.error(at.clone(), rule, format!("bring the two figures nearer; up to {LARGEST_SIGMA} is taken"));
            return None;
        }
        clamped(Shape::Lognormal { mu, sigma }, self.min.as_ref(), self.max.as_ref(), sink)
    }
}

/// Returns mu and sigma from the median and the percentile whose normal quantile is `z`; `None` after a finding.
fn by_percentile<Q: Quantity>(median: &At<Q>, high: &At<Q>, z: f64, name: &str, sink: &mut Sink) -> Option<(f64, f64)> {
    let (m, q) = (positive(median, "median", sink), positive(high, name, sink));
    let (m, q) = (m?, q?);
    if q < m {
        sink.error(high.at.clone(), format!("`{name}` is at least the median, {q} is below {m}"), None);
        return None;
    }
    Some((libm::log(m), libm::log(q / m) / z))
}

/// Returns mu and sigma of a lognormal from its median and 95th percentile, both above zero.
#[must_use]
pub fn lognormal_of_p95(median: f64, p95: f64) -> (f64, f64) {
    (libm::log(median), libm::log(p95 / median) / Z_95)
}

impl<Q: Quantity> GammaLawSpec<Q> {
    fn lower(&self, sink: &mut Sink) -> Option<Law> {
        let (mean, cv) = (positive(&self.mean, "mean", sink), checked_cv(&self.cv, sink));
        let (mean, cv) = (mean?, cv?);
        let shape = Shape::Gamma { shape: 1.0 / (cv * cv), scale: mean * cv * cv };
        clamped(shape, self.min.as_ref(), self.max.as_ref(), sink)
    }
}

impl<Q: Quantity> ExponentialSpec<Q> {
    fn lower(&self, sink: &mut Sink) -> Option<Law> {
        let mean = positive(&self.mean, "mean", sink)?;
        clamped(Shape::Exponential { mean }, self.min.as_ref(), self.max.as_ref(), sink)
    }
}

impl<Q: Quantity> NormalSpec<Q> {
    fn lower(&self, sink: &mut Sink) -> Option<Law> {
        let (mean, sd) = (positive(&self.mean, "mean", sink), amount(&self.sd.value, &self.sd.at, sink));
        clamped(Shape::Normal { mean: mean?, sd: sd? }, self.min.as_ref(), self.max.as_ref(), sink)
    }
}

impl<Q: Quantity> MixtureSpec<Q> {
    fn lower(&self, sink: &mut Sink) -> Option<Law> {
        let laws: Vec<Option<Law>> =
            self.parts.value.iter().map(|part| part.of.value.lower(&part.of.at, sink)).collect();
        let laws: Vec<Law> = laws.into_iter().collect::<Option<_>>()?;
        let weights: Vec<f64> = self.parts.value.iter().map(|part| part.weight.value.0).collect();
        let total: f64 = weights.iter().sum();
        if !(total.is_finite() && total > 0.0) {
            let help = "write parts = [{ weight = 3, of = 200 }, { weight = 1, of = 4000 }]".to_owned();
            sink.error(self.parts.at.clone(), "the weights of a mixture add up to something above zero", help);
            return None;
        }
        let mut parts: Vec<Part> = Vec::new();
        for (law, weight) in laws.into_iter().zip(weights).filter(|(_, weight)| *weight > 0.0) {
            let share = weight / total;
            let until = parts.last().map_or(0.0, |last| last.until) + share;
            parts.push(Part { law, share, until });
        }
        if let Some(last) = parts.last_mut() {
            last.until = 1.0;
        }
        clamped(Shape::Mixture(parts), self.min.as_ref(), self.max.as_ref(), sink)
    }
}

/// Returns the law of a table of quantiles: shares must rise from 0 to 1, and values must not fall.
fn quantiles<Q: Quantity>(rows: &At<Vec<QuantileSpec<Q>>>, sink: &mut Sink) -> Option<Shape> {
    let shares: Vec<f64> = rows.value.iter().map(|row| row.share.value.0).collect();
    let values: Option<Vec<f64>> = rows.value.iter().map(|row| amount(&row.value.value, &row.value.at, sink)).collect();
    let values = values?;
    if (shares.first(), shares.last()) != (Some(&0.0), Some(&1.0)) {
        let help = "begin with { share = 0, value = 1 } and end with { share = 1, value = 32_000 }".to_owned();
        sink.error(rows.at.clone(), "a table of quantiles goes from a share of 0 to a share of 1", help);
        return None;
    }
    for (i, row) in rows.value.iter().enumerate().skip(1) {
        if shares[i] <= shares[i - 1] || values[i] < values[i - 1] {
            let at = if shares[i] <= shares[i - 1] { &row.share.at } else { &row.value.at };
            let rule = "a table of quantiles rises, this row does not";
            sink.error(at.clone(), rule, "sort the rows: each share above the last, and no value below it".to_owned());
            return None;
        }
    }
    Some(Shape::Quantiles { shares, values })
}

impl<Q: Quantity> EmpiricalSpec<Q> {
    fn lower(&self, at: &Span, sink: &mut Sink) -> Option<Law> {
        if let (Some(column), None) = (&self.column, &self.file) {
            let help = "write file = \"lengths.csv\" beside it".to_owned();
            sink.error(column.at.clone(), "a `column` is of a `file`, and none is named", help);
            return None;
        }
        let shape = match (&self.values, &self.quantiles, &self.file) {
            (Some(values), None, None) => self.weighted(values, sink)?,
            (None, Some(rows), None) => {
                self.refuse_weights("quantiles", sink)?;
                quantiles(rows, sink)?
            }
            (None, None, Some(file)) => {
                self.refuse_weights("columns", sink)?;
                self.counted(file, sink)?
            }
            (None, None, None) => {
                let help = "write values = [120, 900], or state quantiles, or a file and its column";
                sink.error(at.clone(), "an empirical law has values, quantiles or a column", help.to_owned());
                return None;
            }
            (_, _, Some(file)) => {
                let help = "keep one of them".to_owned();
                sink.error(file.at.clone(), "`file` stands beside values or quantiles of the law's own", help);
                return None;
            }
            (Some(_), Some(rows), None) => {
                let rule = "an empirical law has values or quantiles, not both";
                sink.error(rows.at.clone(), rule, "keep one of them".to_owned());
                return None;
            }
        };
        clamped(shape, self.min.as_ref(), self.max.as_ref(), sink)
    }

    fn refuse_weights(&self, what: &str, sink: &mut Sink) -> Option<()> {
        let Some(weights) = &self.weights else { return Some(()) };
        sink.error(
            weights.at.clone(),
            format!("weights are of values, and {what} have none"),
            "leave them out".to_owned(),
        );
        None
    }

    /// Returns the distribution of the values that were read from the column; `None` after a finding.
    fn counted(&self, file: &At<Text>, sink: &mut Sink) -> Option<Shape> {
        if self.column.is_none() {
            let rule = format!("which column of `{}` is meant is not said", &*file.value);
            sink.error(file.at.clone(), rule, "write column = \"input_tokens\" beside it".to_owned());
            return None;
        }
        match &self.reading {
            Reading::NotRead => {
                let rule = format!("a column holds token counts, and this is {}", Q::WHAT);
                sink.error(file.at.clone(), rule, "write values, or quantiles".to_owned());
                None
            }
            Reading::Failed => None,
            Reading::Read(column) => {
                let (values, weights): (Vec<f64>, Vec<f64>) =
                    column.counts.iter().map(|(tokens, rows)| (f64::from(*tokens), *rows as f64)).unzip();
                let rows = weights.iter().sum();
                Some(cumulated(&values, &weights, rows))
            }
        }
    }

    fn weighted(&self, written: &At<Vec<At<Q>>>, sink: &mut Sink) -> Option<Shape> {
        let values: Option<Vec<f64>> = written.value.iter().map(|v| amount(&v.value, &v.at, sink)).collect();
        let values = values?;
        if values.is_empty() {
            sink.error(written.at.clone(), "an empirical law has at least one value", None);
            return None;
        }
        let weights = match &self.weights {
            None => vec![1.0; values.len()],
            Some(weights) if weights.len() != values.len() => {
                let rule = format!("there are {} weights for {} values", weights.len(), values.len());
                sink.error(weights.at.clone(), rule, "write one weight for each value, or none at all".to_owned());
                return None;
            }
            Some(weights) => weights.iter().map(|w| w.0).collect(),
        };
        let total: f64 = weights.iter().sum();
        if !(total.is_finite() && total > 0.0) {
            let at = self.weights.as_ref().map_or(written.at.clone(), |w| w.at.clone());
            sink.error(at, "the weights add up to something above zero", None);
            return None;
        }
        Some(cumulated(&values, &weights, total))
    }
}

/// Returns the law of weighted values, sorted so that the quantile function rises; values without weight are left out.
fn cumulated(values: &[f64], weights: &[f64], total: f64) -> Shape {
    let mut pairs: Vec<(f64, f64)> =
        values.iter().copied().zip(weights.iter().copied()).filter(|(_, w)| *w > 0.0).collect();
    pairs.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut sum = 0.0;
    let mut cumulative: Vec<f64> = pairs
        .iter()
        .map(|(_, w)| {
            sum += w;
            (sum / total).min(1.0)
        })
        .collect();
    if let Some(last) = cumulative.last_mut() {
        *last = 1.0;
    }
    Shape::Empirical { values: pairs.into_iter().map(|(v, _)| v).collect(), cumulative }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::law::Tokens;
    use crate::model::quantity::Duration;

    #[derive(serde::Deserialize)]
    struct Holder<T> {
        x: At<T>,
    }

    fn tokens(text: &str) -> Result<Law, Vec<String>> {
        let holder: Holder<LawSpec<Tokens>> = toml::from_str(text).unwrap();
        let mut sink = Sink::default();
        let law = holder.x.value.lower(&holder.x.at, &mut sink);
        law.ok_or(sink.findings.into_iter().map(|d| d.rule).collect())
    }

    fn close(a: f64, b: f64) -> bool {
        (a - b).abs() < 1e-12 * b.abs().max(1.0)
    }

    #[test]
    fn a_lognormal_is_solved_from_each_pair() {
        let Shape::Lognormal { mu, sigma } = tokens("x.lognormal = { median = 1800, p95 = 6500 }").unwrap().shape
        else {
            panic!()
        };
        assert!(close(libm::exp(mu), 1800.0) && close(libm::exp(mu + Z_95 * sigma), 6500.0));
        let Shape::Lognormal { mu, sigma } = tokens("x.lognormal = { median = 100, p99 = 900 }").unwrap().shape else {
            panic!()
        };
        assert!(close(libm::exp(mu + Z_99 * sigma), 900.0));
        let Shape::Lognormal { mu, sigma } = tokens("x.lognormal = { mean = 320, cv = 0.9 }").unwrap().shape else {
            panic!()
        };
        assert!(close(libm::exp(mu + sigma * sigma / 2.0), 320.0));
        assert!(close(libm::exp(sigma * sigma) - 1.0, 0.81));
        let law = tokens("x.lognormal = { mu = 5, sigma = 0.5 }").unwrap();
        assert_eq!(law.shape, Shape::Lognormal { mu: 5.0, sigma: 0.5 });
    }

    #[test]
    fn a_gamma_keeps_mean_and_cv() {
        let Shape::Gamma { shape, scale } = tokens("x.gamma = { mean = 300, cv = 0.5 }").unwrap().shape else {
            panic!()
        };
        assert!(close(shape * scale, 300.0) && close(1.0 / shape, 0.25));
    }

    #[test]
    fn an_empirical_law_is_sorted_and_ends_at_one() {
        let law = tokens("x.empirical = { values = [30, 10, 20, 5], weights = [1, 2, 1, 0] }").unwrap();
        assert_eq!(law.shape, Shape::Empirical { values: vec![10.0, 20.0, 30.0], cumulative: vec![0.5, 0.75, 1.0] });
    }

    #[test]
    fn clamps_and_ranges_are_checked() {
        assert_eq!(
            tokens("x = 1800").unwrap(),
            Law { shape: Shape::Constant(1800.0), min: f64::NEG_INFINITY, max: 1e9 }
        );
        for text in [
            "x = 2e9",
            "x.uniform = { low = 3, high = 2 }",
            "x.uniform = { low = 1, high = 2, min = 5, max = 4 }",
            "x.lognormal = { median = 10, p95 = 5 }",
            "x.lognormal = { median = 0, p95 = 5 }",
            "x.lognormal = { median = 10 }",
            "x.lognormal = {}",
            "x.lognormal = { median = 10, p95 = 20, cv = 1 }",
            "x.lognormal = { mu = 3, sigma = 100 }",
            "x.lognormal = { mu = 300, sigma = 1 }",
            "x.gamma = { mean = 10, cv = 0 }",
            "x.exponential = { mean = 0 }",
            "x.empirical = { values = [] }",
            "x.empirical = { values = [1, 2], weights = [1] }",
            "x.empirical = { values = [1, 2], weights = [0, 0] }",
        ] {
            assert!(!tokens(text).expect_err(text).is_empty(), "{text}");
        }
    }

    #[test]
    fn durations_are_in_microseconds_and_have_no_mu() {
        let read = |text: &str| {
            let holder: Holder<LawSpec<Duration>> = toml::from_str(text).unwrap();
            let mut sink = Sink::default();
            holder.x.value.lower(&holder.x.at, &mut sink).ok_or(sink.findings)
        };
        assert_eq!(read("x = \"820ms\"").unwrap().shape, Shape::Constant(820_000.0));
        let Shape::Lognormal { mu, .. } = read("x.lognormal = { median = \"820ms\", p95 = \"1.9s\" }").unwrap().shape
        else {
            panic!()
        };
        assert!(close(libm::exp(mu), 820_000.0));
        assert!(read("x.lognormal = { mu = 1, sigma = 1 }").unwrap_err()[0].rule.contains("no unit"));
    }
}

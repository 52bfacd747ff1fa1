//! The sentence of a comparison on answers that are cut short: shorter answers are part of what is faster or cheaper.

use super::figures::share;
use crate::results::Comparison;

/// Says that b is faster or cheaper while it cuts more of its answers short; `None`: it does not, or is neither.
pub(super) fn cut_short(comparison: &Comparison) -> Option<String> {
    let of = |metric: &str| comparison.differences.get(metric).filter(|d| comparison.matters(d));
    let cut = of("truncation_rate").filter(|d| d.difference.is_some_and(|x| x > 0.0))?;
    let is_less = |metric: &&str| of(metric).and_then(|d| d.difference).is_some_and(|x| x < 0.0);
    let gains = [("faster", &["e2e_p50_ms", "e2e_p99_ms"][..]), ("cheaper", &["cost_usd", "cost_per_month_usd"])];
    let gains = gains.iter().filter(|(_, metrics)| metrics.iter().any(&is_less));
    let gains: Vec<&str> = gains.map(|(word, _)| *word).collect();
    let (name_a, name_b) = (&comparison.a.name, &comparison.b.name);
    let [of_a, of_b] = [share(cut.a?), share(cut.b?)];
    (!gains.is_empty()).then(|| {
        format!(
            "{name_b} is {} and cuts {of_b} of the answers short, against {of_a} on {name_a}: shorter answers are part of the gain",
            gains.join(" and ")
        )
    })
}

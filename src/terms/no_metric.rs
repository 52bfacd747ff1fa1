//! Why a text names no metric, and which metrics have a similar name.

use super::{LATENCY_STATISTICS, TERMS, Term, find, nearest, parse_metric};

/// The reason why a text names no metric, and what to write instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoMetric {
    pub rule: String,
    pub help: Option<String>,
    /// Full names of metrics that exist, each of which may stand in the place of the text.
    pub offers: Vec<String>,
    /// The metric, where it exists and is not measured of the part that the text names.
    pub misplaced: Option<&'static Term>,
}

impl NoMetric {
    /// Creates a refusal that offers nothing.
    #[must_use]
    pub fn new(rule: impl Into<String>) -> Self {
        Self { rule: rule.into(), help: None, offers: Vec::new(), misplaced: None }
    }

    /// Adds what to do instead.
    #[must_use]
    pub fn help(self, help: impl Into<String>) -> Self {
        Self { help: Some(help.into()), ..self }
    }

    /// Offers the full names among `meant` that are names of metrics.
    #[must_use]
    pub fn offer(self, meant: impl IntoIterator<Item = String>) -> Self {
        let offers: Vec<String> = meant.into_iter().filter(|name| parse_metric(name).is_ok()).collect();
        let quoted: Vec<String> = offers.iter().map(|name| format!("`{name}`")).collect();
        let help = (!quoted.is_empty()).then(|| format!("did you mean {}?", quoted.join(" or ")));
        Self { help: help.or(self.help), offers, ..self }
    }

    /// Refuses a name whose last step, `last`, is no metric: offers the nearest one that is measured of the same part.
    pub(super) fn unknown(name: &str, last: &str) -> Self {
        let rule = format!("`{last}` is no metric");
        let before = name.strip_suffix(last).unwrap_or_default();
        if let Some(near) = nearest_statistic(last) {
            let known: Vec<&str> = LATENCY_STATISTICS.iter().map(|(statistic, _)| *statistic).collect();
            let rule = format!("{rule}: times have {}", known.join(", "));
            return Self::new(rule).offer([format!("{before}{near}")]);
        }
        let fits = |term: &&Term| parse_metric(&format!("{before}{}", term.name)).is_ok();
        let near = nearest(last, TERMS.iter().filter(fits).map(|term| term.name.as_str()));
        Self::new(rule).offer(near.map(|near| format!("{before}{near}")))
    }
}

/// Returns the latency metric that is nearest to a statistic which is not kept, such as `e2e_p90_ms` for `e2e_p85`.
fn nearest_statistic(name: &str) -> Option<String> {
    let name = name.strip_suffix("_ms").unwrap_or(name);
    let is_latency = |stem: &str| find(&format!("{stem}_p50_ms")).is_some();
    if let Some((stem, word)) = name.rsplit_once('_').filter(|(stem, _)| is_latency(stem)) {
        let statistic = match word {
            "median" => Some("p50"),
            "avg" | "average" => Some("mean"),
            _ => None,
        };
        if let Some(statistic) = statistic {
            return Some(format!("{stem}_{statistic}_ms"));
        }
    }
    let (stem, percentile) = name.rsplit_once("_p").filter(|(stem, _)| is_latency(stem))?;
    let mut wanted: f64 = percentile.replace('_', ".").parse().ok().filter(|p| *p >= 0.0)?;
    // `p999` is how some tools write the 99.9th percentile.
    while wanted > 100.0 {
        wanted /= 10.0;
    }
    let distance = |share: &f64| (share * 100.0 - wanted).abs();
    let kept = LATENCY_STATISTICS.iter().filter_map(|(statistic, share)| Some((statistic, (*share)?)));
    let (statistic, _) = kept.min_by(|(_, a), (_, b)| distance(a).total_cmp(&distance(b)))?;
    Some(format!("{stem}_{statistic}_ms"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_offered_metric_exists_and_is_of_the_same_part() {
        for (wrong, offered) in [
            ("e2e_p85", "e2e_p90_ms"),
            ("workloads.chat.e2e_p97_ms", "workloads.chat.e2e_p95_ms"),
            ("workloads.chat.ttft_p999", "workloads.chat.ttft_p99_9_ms"),
            ("ttft_median", "ttft_p50_ms"),
            ("ttft_avg", "ttft_mean_ms"),
            ("capacities.us.tpm.utilisation_peak", "capacities.us.tpm.utilization_peak"),
            ("windows.noon.throtle_rate", "windows.noon.throttle_rate"),
            ("capacity.us.admitted", "capacities.us.admitted"),
        ] {
            let refused = parse_metric(wrong).unwrap_err();
            assert_eq!(refused.offers, [offered], "{wrong}");
            assert!(parse_metric(offered).is_ok(), "{offered}");
        }
        assert!(parse_metric("e2e_p90").is_ok());
        assert!(parse_metric("happiness").unwrap_err().offers.is_empty());
    }
}

//! The refusal of a text that names no metric, with metrics of similar names.

use super::{LATENCY_STATISTICS, TERMS, Term, find, nearest, parse_metric};
use crate::model::capacity::quota::LimitKind;

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
        if let Some(refused) = Self::other_word(before, last) {
            return refused;
        }
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

/// Words of other tools, and the metrics that they may mean.
const WORDS: [(&str, &[&str]); 17] = [
    ("cost", &["cost_usd", "cost_per_month_usd"]),
    ("costs", &["cost_usd", "cost_per_month_usd"]),
    ("price", &["cost_usd", "cost_per_month_usd"]),
    ("budget", &["cost_per_month_usd"]),
    ("monthly_cost", &["cost_per_month_usd"]),
    ("throttled", &["throttle_rate"]),
    ("throttles", &["throttle_rate"]),
    ("throttling", &["throttle_rate"]),
    ("throttling_rate", &["throttle_rate"]),
    ("error_rate", &["failure_rate"]),
    ("errors", &["failure_rate"]),
    ("failures", &["failure_rate"]),
    ("success_rate", &["failure_rate"]),
    ("success", &["failure_rate"]),
    ("availability", &["failure_rate"]),
    ("uptime", &["failure_rate"]),
    ("latency", &["e2e_p99_ms", "e2e_p50_ms"]),
];
/// The words of other tools for what succeeds: more is better, while the metric counts failures.
const SUCCESSES: [&str; 4] = ["success_rate", "success", "availability", "uptime"];
/// Words for the time from a request to the end of its answer, before a statistic.
const WHOLE_TIMES: [&str; 5] = ["latency", "response_time", "duration", "e2e_latency", "total_time"];

impl NoMetric {
    /// Refuses a word of other tools, or the name of a limit; `None`: it is neither.
    fn other_word(before: &str, last: &str) -> Option<Self> {
        let word = last.to_lowercase();
        if LimitKind::ALL.map(LimitKind::name).contains(&word.as_str()) && before.is_empty() {
            let (part, metric) =
                if word == "tpd" { ("account", "utilization_mean") } else { ("capacities.NAME", "utilization_peak") };
            let help = format!("write one of its metrics, such as `{part}.{word}.{metric}`");
            let refused = Self::new(format!("`{last}` is a limit, and no metric")).help(help);
            return Some(Self { misplaced: find(metric), ..refused });
        }
        let (_, meant) = WORDS.iter().find(|(known, _)| *known == word)?;
        let refused =
            Self::new(format!("`{last}` is no metric")).offer(meant.iter().map(|name| format!("{before}{name}")));
        let mut help = refused.help.clone()?;
        if SUCCESSES.contains(&word.as_str()) {
            help += " It is the share that fails: 99.9 % that succeed are at_most = \"0.1%\"";
        }
        Some(refused.help(help))
    }
}

/// Returns a name with `e2e` in the place of another word for the whole time, or where a statistic stands by itself.
fn of_the_whole(name: &str) -> String {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit() || b == b'_');
    let is_percentile = |text: &str| text.strip_prefix('p').is_some_and(is_number);
    if is_percentile(name) {
        return format!("e2e_{name}");
    }
    let statistic = WHOLE_TIMES.iter().find_map(|word| name.strip_prefix(word)?.strip_prefix('_'));
    let statistic = statistic.or_else(|| {
        let (statistic, word) = name.split_once('_')?;
        (is_percentile(statistic) && WHOLE_TIMES.contains(&word)).then_some(statistic)
    });
    statistic.map_or_else(|| name.to_owned(), |statistic| format!("e2e_{statistic}"))
}

/// Returns the latency metric that is nearest to a statistic which is not kept, such as `e2e_p90_ms` for `e2e_p85`.
fn nearest_statistic(name: &str) -> Option<String> {
    let name = of_the_whole(name.strip_suffix("_ms").unwrap_or(name));
    let name = name.as_str();
    if let Some(term) = find(&format!("{name}_ms")) {
        return Some(term.name.clone());
    }
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
    let mut wanted: f64 = percentile.replace('_', ".").parse().ok().filter(|p: &f64| p.is_finite() && *p >= 0.0)?;
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
    fn a_percentile_that_is_no_number_has_no_nearest() {
        assert_eq!(nearest_statistic("e2e_pinf_ms"), None);
        assert_eq!(nearest_statistic("e2e_pnan_ms"), None);
        assert_eq!(nearest_statistic("e2e_p999_ms").as_deref(), Some("e2e_p99_9_ms"));
    }

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
            ("p99", "e2e_p99_ms"),
            ("latency_p99", "e2e_p99_ms"),
            ("p95_latency", "e2e_p95_ms"),
            ("workloads.chat.p99", "workloads.chat.e2e_p99_ms"),
            ("windows.noon.availability", "windows.noon.failure_rate"),
            ("workloads.chat.throttled", "workloads.chat.throttle_rate"),
            ("chat.e2e_p99", "workloads.chat.e2e_p99"),
        ] {
            let refused = parse_metric(wrong).unwrap_err();
            assert_eq!(refused.offers, [offered], "{wrong}");
            assert!(parse_metric(offered).is_ok(), "{offered}");
        }
        assert!(parse_metric("e2e_p90").is_ok());
        assert!(parse_metric("happiness").unwrap_err().offers.is_empty());
        assert_eq!(parse_metric("cost").unwrap_err().offers, ["cost_usd", "cost_per_month_usd"]);
        let help = parse_metric("success_rate").unwrap_err().help.unwrap();
        assert!(help.contains("`failure_rate`") && help.contains("at_most = \"0.1%\""), "{help}");
        for limit in ["tpd", "tpm", "rpm"] {
            let help = parse_metric(limit).unwrap_err().help.unwrap();
            assert!(parse_metric(help.split('`').nth(1).unwrap()).is_ok(), "{help}");
        }
    }
}

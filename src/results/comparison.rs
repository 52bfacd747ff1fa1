//! Two scenarios against each other.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Judgement, Scenario};

/// The metrics that decide a comparison, in the order in which they are shown; of the whole run and of each workload.
pub const DECIDING: [&str; 15] = [
    "throttle_rate",
    "failure_rate",
    "truncation_rate",
    "e2e_p50_ms",
    "e2e_p99_ms",
    "ttft_p99_ms",
    "slo_attainment",
    "goodput_per_s",
    "retry_amplification",
    "spillover_rate",
    "cost_usd",
    "cost_per_1k_requests_usd",
    "cost_per_month_usd",
    "committed_usd",
    "one_time_usd",
];

/// The share of answers that are cut short.
const TRUNCATION: &str = "truncation_rate";
/// The relative difference below which a difference is neither better nor worse, unless the user says otherwise \[1\].
pub const TOLERANCE: f64 = 0.01;
/// The relative difference below which the traffic of two sides is the same \[1\].
const SAME_TRAFFIC: f64 = 0.01;

/// Two scenarios, a and b, metric by metric.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Comparison {
    pub a: Side,
    pub b: Side,
    /// True if both sides drew the same random numbers. If not, intervals are those of two independent samples.
    pub paired: bool,
    /// True if replication i of both sides met the same requests: as many of each workload, with the same laws of
    /// lengths.
    #[serde(default)]
    pub same_requests: bool,
    /// The confidence level of the intervals of the differences, such as 0.95.
    pub confidence: f64,
    /// The share of a's value up to which a difference is called neither better nor worse, such as 0.01.
    #[serde(default = "tolerance")]
    pub tolerance: f64,
    /// The difference in each metric that both sides have, by the name of the metric.
    pub differences: BTreeMap<String, Difference>,
    /// The monthly cost of b less that of a; null: one of them is not known.
    pub cost_per_month_difference_usd: Option<f64>,
    /// Each `[[expect]]` of either side, and how it was judged on both.
    pub expectations: Vec<JudgedTwice>,
}

/// One side of a comparison.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Side {
    /// The name of the side in text: its file, or the keys that are set on it.
    #[serde(default)]
    pub name: String,
    pub scenario: Scenario,
    pub seed: u64,
    /// The measured time, in seconds.
    #[serde(default)]
    pub measured_s: f64,
}

const fn tolerance() -> f64 {
    TOLERANCE
}

impl Comparison {
    /// Returns whether the measured times differ, so that counts and sums of the run cannot be compared.
    #[must_use]
    pub fn durations_differ(&self) -> bool {
        self.a.measured_s != self.b.measured_s
    }

    /// Returns the metrics that are shown: those that decide, without sums of the run where the measured times differ,
    /// and without the share of answers that are cut short where it does not differ.
    #[must_use]
    pub fn deciding(&self) -> Vec<&'static str> {
        let is_told = |name: &&str| match *name {
            "cost_usd" => !self.durations_differ(),
            TRUNCATION => self.truncation_differs(),
            _ => true,
        };
        DECIDING.into_iter().filter(is_told).collect()
    }

    /// Returns whether answers of the whole or of a workload are cut short more often on one side, by more than the tolerance.
    fn truncation_differs(&self) -> bool {
        let is_of = |metric: &str| {
            let of_workload = metric.strip_prefix("workloads.").and_then(|rest| rest.rsplit_once('.'));
            metric == TRUNCATION || of_workload.is_some_and(|(_, name)| name == TRUNCATION)
        };
        self.differences.iter().any(|(metric, d)| is_of(metric) && self.matters(d))
    }

    /// Returns the requests of both sides per hour, where they differ by more than a little.
    #[must_use]
    pub fn unlike_traffic(&self) -> Option<[f64; 2]> {
        let requests = self.differences.get("requests")?;
        let per_hour = |x: Option<f64>, side: &Side| {
            let hours = if side.measured_s > 0.0 { side.measured_s / 3_600.0 } else { 1.0 };
            Some(x? / hours)
        };
        let (a, b) = (per_hour(requests.a, &self.a)?, per_hour(requests.b, &self.b)?);
        ((a - b).abs() > SAME_TRAFFIC * a.max(b)).then_some([a, b])
    }

    /// Returns the requests that a month of both sides is of, where they differ by more than a little.
    #[must_use]
    pub fn unlike_months(&self) -> bool {
        let requests = self.differences.get("requests_per_month").and_then(|d| d.a.zip(d.b));
        requests.is_none_or(|(a, b)| (a - b).abs() > SAME_TRAFFIC * a.max(b))
    }

    /// Returns whether a cost is lower only because fewer requests are served, or higher only because more are: what
    /// one served request costs does not fall, or does not rise, by more than the tolerance. `differences` are those of
    /// this comparison, or of one reading of what is in doubt.
    #[must_use]
    pub fn follows_service(&self, differences: &BTreeMap<String, Difference>, metric: &str) -> bool {
        let (scope, name) =
            metric.rsplit_once('.').map_or(("", metric), |(scope, name)| (&metric[..=scope.len()], name));
        let ratio = |name: &str| {
            let of = differences.get(&format!("{scope}{name}"))?;
            of.a.zip(of.b).filter(|(a, b)| *a > 0.0 && *b >= 0.0).map(|(a, b)| b / a)
        };
        let base = match name {
            "cost_usd" => Some(1.0),
            "cost_per_month_usd" => Some(self.b.measured_s / self.a.measured_s),
            "cost_per_1k_requests_usd" => ratio("requests"),
            _ => None,
        };
        let (Some(base), Some(cost), Some(served)) = (base, ratio(name), ratio("served")) else { return false };
        let served = served / base;
        if served == 0.0 {
            return cost < 1.0;
        }
        // As a share of a's cost of one served request.
        let of_each = cost / served - 1.0;
        (cost < 1.0 && served < 1.0 && of_each > -self.tolerance)
            || (cost > 1.0 && served > 1.0 && of_each < self.tolerance)
    }

    /// Returns whether a difference is outside its confidence interval and larger than the tolerance.
    #[must_use]
    pub fn matters(&self, difference: &Difference) -> bool {
        difference.matters(self.tolerance)
    }
}

impl Difference {
    /// Returns whether it lies beyond its interval and is more than this share of a's value \[1\].
    #[must_use]
    pub fn matters(&self, tolerance: f64) -> bool {
        let base = self.a.unwrap_or(0.0).abs();
        self.distinguishable && self.difference.is_some_and(|x| x.abs() > tolerance * base)
    }
}

/// Returns the names of the two sides: their files or, when both come from one file, the keys that are set on each.
#[must_use]
pub fn names(a: &Scenario, b: &Scenario) -> [String; 2] {
    let stem = |side: &Scenario| side.file.strip_suffix(".toml").unwrap_or(&side.file).to_owned();
    let own = |side: &Scenario, other: &Scenario| {
        let own = side.overrides.iter().filter(|set| !other.overrides.contains(set));
        let last = |set: &String| {
            let (path, value) = set.split_once('=').unwrap_or((set, ""));
            format!("{} = {}", path.rsplit('.').next().unwrap_or(path), value.trim_matches('"'))
        };
        own.map(last).collect::<Vec<_>>().join(", ")
    };
    let mut names = [stem(a), stem(b)];
    if names[0] == names[1] {
        names = [own(a, b), own(b, a)].map(|own| if own.is_empty() { "as written".to_owned() } else { own });
    }
    if names[0] == names[1] {
        names = ["a".to_owned(), "b".to_owned()];
    }
    names
}

/// A metric on both sides, in the unit that `terms` gives for its name.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Difference {
    pub a: Option<f64>,
    pub b: Option<f64>,
    /// The value of b less that of a; null where either is not known.
    pub difference: Option<f64>,
    /// The half-width of the confidence interval of the difference; null: not known (one replication, or too thin a
    /// tail).
    pub half_width: Option<f64>,
    /// True if zero lies outside the interval.
    pub distinguishable: bool,
}

/// An `[[expect]]` on both sides. It is the same one when it bounds the same metric from the same side.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct JudgedTwice {
    pub metric: String,
    /// The upper bound of the expectation, in the metric's unit; that of b where the two differ.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub at_most: Option<f64>,
    /// The lower bound of the expectation, in the metric's unit; that of b where the two differ.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub at_least: Option<f64>,
    /// The judgement on side a; null: a does not state this expectation.
    pub a: Option<Judgement>,
    /// The judgement on side b; null: b does not state this expectation.
    pub b: Option<Judgement>,
}

impl JudgedTwice {
    /// Returns failed where b breaks an expectation that a keeps or does not state, and inconclusive where b, or a
    /// where b fails, is not decided. An expectation that fails on both sides is no fault of b's.
    #[must_use]
    pub fn judgement(&self) -> Judgement {
        match (self.a, self.b) {
            (Some(Judgement::Held) | None, Some(Judgement::Failed)) => Judgement::Failed,
            (_, Some(Judgement::Inconclusive)) | (Some(Judgement::Inconclusive), Some(Judgement::Failed)) => {
                Judgement::Inconclusive
            }
            _ => Judgement::Held,
        }
    }
}

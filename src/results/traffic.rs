//! The traffic of design points. Their costs are comparable where the traffic is the same and prices are known.

use std::collections::BTreeMap;

use serde_json::Value;

use super::Point;

/// The share by which counts of requests of the same traffic may differ \[1\], because users depend a little on their
/// waits.
const SAME_SHARE: f64 = 0.01;
/// The number of requests by which small counts may differ at the ends of the measured time.
const SAME_COUNT: f64 = 2.0;

/// The requests that a design point has to serve.
#[derive(Debug, Clone, PartialEq)]
pub struct Traffic {
    /// The number of requests by the name of the metric: of the whole run, and of each workload where it is known.
    requests: BTreeMap<String, f64>,
    /// The lengths that the design sets, by path.
    lengths: BTreeMap<String, Value>,
}

impl Traffic {
    /// Returns the traffic of a point; `None`: its requests are not known.
    #[must_use]
    pub fn of(point: &Point) -> Option<Self> {
        point.value("requests")?;
        let is_count = |name: &str| {
            name == "requests" || name.strip_prefix("workloads.").is_some_and(|rest| rest.ends_with(".requests"))
        };
        let counts = point.metrics.iter().filter(|(name, _)| is_count(name));
        let is_length = |path: &str| path.contains("input_tokens") || path.contains("output_tokens");
        let lengths = point.parameters.iter().filter(|(path, _)| is_length(path));
        Some(Self {
            requests: counts.filter_map(|(name, e)| Some((name.clone(), e.estimate?))).collect(),
            lengths: lengths.map(|(path, value)| (path.clone(), value.clone())).collect(),
        })
    }

    /// Returns all requests.
    #[must_use]
    pub fn total(&self) -> f64 {
        self.requests.get("requests").copied().unwrap_or(0.0)
    }

    /// Returns whether both are the same requests, as far as counts and set lengths show.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        let is_near = |(a, b): (&f64, &f64)| (a - b).abs() <= SAME_COUNT.max(SAME_SHARE * a.max(*b));
        let same_names = self.requests.keys().eq(other.requests.keys());
        same_names && self.lengths == other.lengths && self.requests.values().zip(other.requests.values()).all(is_near)
    }
}

impl Point {
    /// Returns the scenario keys whose prices are missing from its cost, each once.
    #[must_use]
    pub fn missing_prices(&self) -> Vec<&str> {
        let missing = self.bill.iter().filter(|item| item.usd.is_none()).filter_map(|item| item.missing.as_deref());
        let mut keys: Vec<&str> = missing.collect();
        keys.sort_unstable();
        keys.dedup();
        keys
    }
}

//! The results document: data only. Everything after it (terminal, CSV, charts, verdicts) is a function of it.

mod baseline;
mod comparison;
mod decision;
mod doubt;
mod ended;
mod evidence;
mod sizing;
mod traffic;
mod verdict;

use std::collections::BTreeMap;
use std::ops::Range;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use baseline::{Baseline, BaselineScenario, Standing};
pub use comparison::{Comparison, DECIDING, Difference, JudgedTwice, Side, TOLERANCE, names};
pub use decision::{Change, Decision, OwnerAnswer, Rerun, Setting};
pub use doubt::{Condition, Doubt, DoubtAnswer, Doubted, Flip, Influence, Reading};
pub use ended::{EndReason, EndedEarly};
pub use evidence::{RateEvidence, Undecided};
pub use sizing::{Bought, BoughtVerdict, Evaluated, FrontierPoint, Safe, Sizing, SizingState, Sought};
pub use traffic::Traffic;
pub use verdict::{Neck, NeckKind, Verdict, VerdictBasis};

/// The version of results. It is raised when a reader of the old shape would misread the new one.
pub const SCHEMA_VERSION: u32 = 2;

/// The version of a baseline. It is raised when a reader of the old shape would misread the new one.
pub const BASELINE_VERSION: u32 = 1;

/// The head of a run's results: what was asked, what was assumed, and the answer at each design point.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Results {
    pub schema_version: u32,
    pub tool: Tool,
    pub scenario: Scenario,
    /// The answer of a run in a sentence, and what would change it; left out of documents with several points.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub decision: Option<Decision>,
    pub seed: u64,
    /// The confidence level of the intervals of the metrics, such as 0.95; absent from documents of versions that did not
    /// write it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub confidence: Option<f64>,
    /// The date of the oldest catalogue entry used (YYYY-MM-DD); null when none was.
    pub catalog_as_of: Option<String>,
    /// Every unpublished or dated quantity left at its default.
    pub assumptions: Vec<Assumption>,
    /// The figures in force with who says so: what is published, measured, assumed, and stated in the scenario, in this
    /// order; at most 200.
    #[serde(default)]
    pub inputs: Vec<Input>,
    /// The number of further inputs that `inputs` leaves out.
    #[serde(skip_serializing_if = "is_zero", default)]
    pub inputs_left_out: u64,
    /// The remarks on metrics: why a figure is null, or on what an interval is conditional.
    pub notes: Vec<Note>,
    /// The names of the metrics of every point, sorted.
    pub metric_names: Vec<String>,
    /// The number of design points.
    pub points_total: u64,
    /// The keys that a sweep varies, the last one fastest; empty for a single run.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub axes: Vec<Axis>,
    pub expectations: Vec<Expectation>,
    /// The differences between two scenarios; point 0 is scenario a and point 1 is scenario b.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub comparison: Option<Comparison>,
    /// The design points, up to 256; the points of larger sweeps are lines of points.jsonl.
    pub points: Vec<Point>,
    /// The answer to `[size]`, when that was asked.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub sizing: Option<Sizing>,
    /// The answer under every reading of what is not known; left out where nothing is in doubt.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub doubt: Option<Doubt>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tool {
    pub name: String,
    pub version: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    pub title: String,
    /// The file's name without its folder, so that the document does not depend on where it was made.
    pub file: String,
    /// The SHA-256 hash of the bytes of the file, in hexadecimal.
    pub sha256: String,
    /// The `--set` arguments in force, then each `--catalog FILE`.
    pub overrides: Vec<String>,
}

impl Results {
    /// Returns the title with what is set on the command line over the file.
    #[must_use]
    pub fn heading(&self) -> String {
        let own = self.points.first().filter(|_| self.points_total <= 1).map(|point| &point.parameters);
        format!("{}{}", self.scenario.title, self.scenario.with_settings(own)).trim_start().to_owned()
    }
}

/// The most settings that a heading names; of more it says how many.
const MOST_SETTINGS: usize = 3;

impl Scenario {
    /// Returns what is set on the command line over the file, as a heading ends: ` with run.seed = 7`; empty without settings.
    /// `own` are the parameters of a design point, which a heading does not repeat, nor what the study itself asks (`size`).
    #[must_use]
    pub fn with_settings(&self, own: Option<&BTreeMap<String, serde_json::Value>>) -> String {
        let settings = self.overrides.iter().filter_map(|set| set.split_once('='));
        let settings = settings.map(|(path, value)| (path.trim(), value.trim()));
        let is_own = |path: &str| path.starts_with("size.") || own.is_some_and(|own| own.contains_key(path));
        let mut written: Vec<String> =
            settings.filter(|(path, _)| !is_own(path)).map(|(path, value)| format!("{path} = {value}")).collect();
        let more = written.len().saturating_sub(MOST_SETTINGS);
        written.truncate(MOST_SETTINGS);
        written.extend((more > 0).then(|| format!("{more} more {}", if more == 1 { "setting" } else { "settings" })));
        if written.is_empty() { String::new() } else { format!(" with {}", written.join(", ")) }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Assumption {
    /// The scenario key that would replace it, such as `capacities.us.limiter`.
    pub path: String,
    /// The value in force, as a scenario writes it.
    pub value: String,
    /// The meaning of the assumed value, and how to find the real value.
    pub why: String,
}

/// The origin of an input. In the order in which a review reads them: what is the user's own comes last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Origin {
    /// A figure of the catalogue that AWS or the source code of an SDK states.
    Published,
    /// A figure that others measured, or that the user recorded.
    Measured,
    /// A default for what nobody publishes, or an estimate of the catalogue.
    Assumed,
    /// A figure that the scenario or `--set` states.
    Stated,
}

/// An input that the run used, with its origin and source.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    pub origin: Origin,
    /// The scenario key that states it, without the name of a kind; of a price of the catalogue its own name there.
    pub path: String,
    /// The value as a scenario writes it; a long one is cut.
    pub value: String,
    /// The date on which the value was true (YYYY-MM-DD); null: the date is not known, or the value does not age.
    pub as_of: Option<String>,
    /// The source: a document, a file or an argument; for an assumed input, the reason.
    pub source: String,
    /// The side of a comparison that has the input, `a` or `b`; left out where both have it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub side: Option<String>,
}

/// The greatest number of inputs that a results document lists.
pub const MOST_INPUTS: usize = 200;

fn is_zero(n: &u64) -> bool {
    *n == 0
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Note {
    /// The metric, or the part of the scenario, that the note is about; null for a note about the whole run.
    pub metric: Option<String>,
    pub text: String,
    /// True if the note limits what the answer says, so that it is a part of the decision.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_caveat: bool,
}

/// An axis of a sweep.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Axis {
    /// The parameters that vary together: paths, or a name of the user's own.
    pub parameters: Vec<String>,
    /// The number of values of the axis; null: as many as there are samples.
    pub values: Option<u64>,
}

/// A design point: its parameters and what was measured there.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Point {
    pub index: u64,
    /// The swept paths and their values; empty for a single run.
    pub parameters: BTreeMap<String, serde_json::Value>,
    /// The number of replications from which the estimates are computed.
    pub replications: u64,
    pub verdict: Verdict,
    /// The figures from which the verdict follows.
    pub basis: VerdictBasis,
    /// The early end of the run by the engine; left out where the run did not end early.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub ended: Option<EndedEarly>,
    pub metrics: BTreeMap<String, Estimate>,
    /// The use of each limit by each owner; empty where the scenario names no owners.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub takes: Vec<Take>,
    /// The items of the bill, as means of the replications.
    pub bill: Vec<BillItem>,
    /// The purchases that are due for their whole term, used or not.
    pub commitments: Vec<CommitmentItem>,
    /// The notes on the hours that a point of a sweep simulates: when daily limits are used up, and which traffic the
    /// measured time leaves out. Empty where the head of the document has them.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub notes: Vec<Note>,
    /// Each `[[expect]]`, judged at this point; empty where there is but one point, and the head has them.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub expectations: Vec<Expectation>,
    /// The data of the charts; kept for at most 16 points.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub detail: Option<Detail>,
}

/// The use of one limit by the workloads of one owner.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Take {
    pub owner: String,
    /// The limit, such as `quotas.shared.tpm`.
    pub limit: String,
    /// The requests or tokens that are charged per minute, on average over the measured interval.
    pub per_minute: f64,
    /// The share of what the limit admits in a minute; null where it admits nothing.
    pub share: Option<f64>,
}

/// An item of the bill. An amount is null where it is not known: for want of a price, or of a month that the run shows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BillItem {
    /// The component of the bill, such as `on_demand` or `provisioned`.
    pub component: String,
    /// The thing that is paid for, in words.
    pub what: String,
    /// The workload that used it; null: the item is due whoever uses it.
    pub workload: Option<String>,
    pub capacity: Option<String>,
    /// The cost of the measured interval in USD; null: not known.
    pub usd: Option<f64>,
    pub usd_per_month: Option<f64>,
    /// The cost that is paid once and is in no other amount in USD.
    pub usd_once: Option<f64>,
    /// The scenario key that states the price; left out where the price is known.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub missing: Option<String>,
    /// The amounts before the discount that is agreed on; left out where none is.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub list: Option<ListPrice>,
}

/// An item of the bill at list prices, and the discount that is taken off.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListPrice {
    /// The discount, as a share in [0, 1].
    pub discount: f64,
    /// The list price of the measured interval in USD.
    pub usd: Option<f64>,
    pub usd_per_month: Option<f64>,
    pub usd_once: Option<f64>,
}

/// A purchase that is bound for a term.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CommitmentItem {
    pub capacity: String,
    pub what: String,
    /// The term, such as `1-month`.
    pub commitment: String,
    /// The cost of the whole term in USD; null: the price is not known.
    pub usd: Option<f64>,
    /// The amount before the discount; left out where there is no discount, or the price is not known.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub list_usd: Option<f64>,
    /// The day on which the term ends (YYYY-MM-DD, UTC); it renews by itself unless it is ended.
    pub ends: String,
}

/// An estimate and the half-width of its interval at the run's confidence.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Estimate {
    /// The estimate, in the unit that `terms` gives for the metric; null when this run cannot determine it.
    pub estimate: Option<f64>,
    /// The half-width of the interval; null: not known (one replication, or too thin a tail).
    pub half_width: Option<f64>,
    /// The number of replications from which the estimate is computed.
    pub n: u64,
}

/// An `[[expect]]` of the scenario, judged.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Expectation {
    pub metric: String,
    /// The greatest good value, in the unit of the metric.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub at_most: Option<f64>,
    /// The least good value, in the unit of the metric.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub at_least: Option<f64>,
    pub estimate: Option<f64>,
    pub half_width: Option<f64>,
    /// The distance that the truth may have from the estimate on the side of the bound, at the level at which all
    /// expectations are judged together; null: the estimate is not known, or there is one replication.
    #[serde(default)]
    pub margin: Option<f64>,
    pub verdict: Judgement,
    /// The evidence for the judgement of a rate; left out for other metrics.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub evidence: Option<RateEvidence>,
    /// The reason why the expectation is not decided, and what would decide it; left out where it is decided.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub undecided: Option<Undecided>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Judgement {
    Held,
    /// The bound lies inside the interval, or the metric is not known.
    Inconclusive,
    Failed,
}

impl Judgement {
    /// Returns the worst judgement of several goals: failed before inconclusive before held; `None` without goals.
    /// `None`: there are none.
    #[must_use]
    pub fn worst(of: &[Expectation]) -> Option<Self> {
        of.iter().map(|e| e.verdict).max()
    }
}

/// The data of the charts: the timeline of the first replication and the distributions over all replications. Of more
/// than 256 workloads, capacities or quotas, only the series and distributions of all together are kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Detail {
    pub timeline: Timeline,
    /// The quantiles by metric stem, such as `e2e` or `workloads.chat.ttft`, in milliseconds.
    pub distributions: BTreeMap<String, Quantiles>,
    /// The limits by prefix, such as `quotas.us.tpm`, as they are enforced over each minute.
    pub limits: BTreeMap<String, LimitFacts>,
    /// The service level objectives by workload; workloads without one are left out.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub objectives: BTreeMap<String, Objective>,
}

/// The service level objectives of a workload. The share of requests that must meet them is an expectation of its
/// `slo_attainment`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Objective {
    /// The longest good time to the first token, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub ttft_ms: Option<f64>,
    /// The longest good time to the last token, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub e2e_ms: Option<f64>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LimitFacts {
    /// The amount that the limit admits in a minute, in tokens or requests.
    pub per_minute: f64,
    /// The algorithm that enforces the limit, such as `fixed_window`.
    pub limiter: String,
    /// The most that was reserved and used at an instant of any replication, scaled to a minute; null: not recorded.
    #[serde(default)]
    pub occupied_peak_per_min: Option<f64>,
}

/// The series over equal buckets of simulated time. There are at most 720 buckets.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Timeline {
    /// The wall clock at t = 0.
    pub start: String,
    /// The start of the first bucket, in seconds since t = 0: the end of the warm-up.
    pub from_s: f64,
    /// The width of a bucket, in seconds.
    pub bucket_s: f64,
    /// The series by name, `<prefix>.<series>`, such as `quotas.us.tpm.occupied_per_min`; `total.attempts_per_min` over
    /// `total.calls_per_min` is the retry amplification over time. `capacities.us.regions.us-west-2.admitted_per_min`
    /// is the part of `capacities.us.admitted_per_min` that a region of the pool took. `total.e2e_p99_ms` is of the
    /// served requests that arrived in the bucket, or in its minute where buckets are shorter; 0: there was none.
    pub series: BTreeMap<String, Vec<f64>>,
}

/// A distribution by its quantiles, at most 200 of them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Quantiles {
    /// The number of values in the distribution.
    pub count: u64,
    /// The shares, rising from 0 to 1.
    pub shares: Vec<f64>,
    /// The values at those shares, in milliseconds.
    pub values_ms: Vec<f64>,
}

/// The shortest run whose buckets are joined to whole minutes \[s\].
const SHORTEST_IN_MINUTES: f64 = 300.0;
const MINUTE_S: f64 = 60.0;

impl Timeline {
    /// Returns the columns of a chart: the buckets, joined to whole minutes of the run where they are shorter, because
    /// limits are per minute, and a few seconds hold too few requests for a tail. Empty: there is no bucket of a known
    /// width.
    #[must_use]
    pub fn columns(&self) -> Vec<Range<usize>> {
        let buckets = self.series.values().map(Vec::len).max().unwrap_or(0);
        let mut groups: Vec<Range<usize>> = Vec::new();
        if !self.from_s.is_finite() || !self.bucket_s.is_finite() || self.bucket_s <= 0.0 {
            return groups;
        }
        let joined = self.joins_minutes(buckets);
        let minute = |i: usize| ((self.from_s + i as f64 * self.bucket_s) / MINUTE_S + 1e-9).floor();
        for i in 0..buckets {
            match groups.last_mut() {
                Some(group) if joined && minute(i) == minute(group.start) => group.end = i + 1,
                _ => groups.push(i..i + 1),
            }
        }
        groups
    }

    /// Returns the width of a whole column \[s\].
    #[must_use]
    pub fn column_s(&self) -> f64 {
        let buckets = self.series.values().map(Vec::len).max().unwrap_or(0);
        if self.joins_minutes(buckets) { MINUTE_S } else { self.bucket_s }
    }

    fn joins_minutes(&self, buckets: usize) -> bool {
        self.bucket_s < MINUTE_S && self.bucket_s * buckets as f64 >= SHORTEST_IN_MINUTES
    }
}

impl BillItem {
    /// Returns the amounts at list prices, before any discount: in the measured interval, in a month, once \[USD\].
    #[must_use]
    pub fn listed(&self) -> [Option<f64>; 3] {
        self.list.as_ref().map_or_else(|| self.due(), |list| [list.usd, list.usd_per_month, list.usd_once])
    }

    /// Returns the amounts after the discount: in the measured interval, in a month, once \[USD\].
    #[must_use]
    pub const fn due(&self) -> [Option<f64>; 3] {
        [self.usd, self.usd_per_month, self.usd_once]
    }
}

impl Point {
    /// Returns the estimate of a metric; `None` when the name is not measured or its value is not known.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<f64> {
        self.metrics.get(name).and_then(|e| e.estimate)
    }
}

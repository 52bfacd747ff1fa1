//! Dated facts about Bedrock's models, as plain data: limits, burndown, prices, latency. Each with its source and date.
//!
//! The facts are the files of `catalog/models/`; [`Catalog::embedded`] holds them. A new model is one new file and its
//! line in `embedded.rs`.

mod age;
mod embedded;
mod layout;
mod nearest;
mod resolve;
pub mod show;

pub use age::age_days;
pub use resolve::{IN_REGION, PREFIXES};

use serde::Deserialize;

/// Every model that bedload knows, sorted by id.
#[derive(Debug, Clone)]
pub struct Catalog {
    pub models: Vec<ModelEntry>,
}

/// One model. A file of `catalog/models/`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelEntry {
    /// The bare Bedrock id, such as `amazon.nova-pro-v1:0`.
    pub id: String,
    pub name: String,
    pub provider: String,
    pub max_output_tokens: Dated<u64>,
    pub output_burndown: Dated<f64>,
    pub latency: LatencyEntry,
    /// How it is reached: one for each path, never empty.
    pub paths: Vec<Path>,
}

/// A figure with where it comes from and when it was true.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dated<T> {
    pub value: T,
    pub source: String,
    /// YYYY-MM-DD
    pub as_of: String,
}

/// Measured by others; an assumption of every run that uses it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LatencyEntry {
    /// Median \[s\].
    pub time_to_first_token_median_s: f64,
    /// 95th percentile \[s\]; absent: taken as twice the median.
    pub time_to_first_token_p95_s: Option<f64>,
    /// \[s per 1,000 uncached input tokens\]
    pub prefill_per_1k_tokens_s: f64,
    /// \[tokens/s\]
    pub output_tokens_per_second: f64,
    /// What was measured, what is a guess.
    pub remark: String,
    pub source: String,
    pub as_of: String,
}

/// One way to reach a model: in its own region (`in_region`) or through an inference profile (`us`, `eu`, `global` …).
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Path {
    /// `in_region`, or the prefix of the profile id.
    pub path: String,
    pub quota: QuotaEntry,
    pub prices: PriceEntry,
}

/// Default quotas of an account; `None` where AWS sets no such limit.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QuotaEntry {
    pub rpm: Option<u64>,
    pub tpm: Option<u64>,
    pub tpd: Option<u64>,
    pub source: String,
    pub as_of: String,
}

/// As a scenario writes them, such as `$3.00/1M`; `None` where there is none.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PriceEntry {
    pub input: String,
    pub output: String,
    pub cache_read: Option<String>,
    pub cache_write_5m: Option<String>,
    pub cache_write_1h: Option<String>,
    pub source: String,
    pub as_of: String,
}

/// What an id, a profile id or an ARN means.
#[derive(Debug, Clone, Copy)]
pub struct Resolved<'c> {
    pub model: &'c ModelEntry,
    /// The profile's prefix, or `in_region` for a bare id.
    pub path: &'c str,
    /// `None`: as far as the catalogue knows, the model is not sold that way.
    pub offer: Option<&'c Path>,
}

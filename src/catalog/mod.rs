//! Dated facts about Bedrock's models, as plain data: limits, burndown, latency, and every way in which a model is sold
//! with its prices. Each with its source and date.
//!
//! The facts are the files of `catalog/models/`; [`Catalog::embedded`] holds them. A new model is one new file and its
//! line in `embedded.rs`. What holds for a whole account is in `catalog/account.toml`, what SDKs do in `catalog/sdks.toml`.

mod age;
mod embedded;
mod entries;
mod layout;
mod limits;
mod nearest;
pub mod own;
mod own_checks;
mod prices;
mod resolve;
mod sales;
pub mod sdks;
pub mod show;
#[cfg(test)]
mod tests;

pub use age::age_days;
pub use embedded::texts as embedded_texts;
pub use entries::{
    BatchEntry, CacheEntry, Day, Fact, LifecycleEntry, LongContextEntry, MantleEntry, Overlaid, checked_on,
};
pub use resolve::{IN_REGION, MANTLE, PREFIXES, entry_embedded, resolve_embedded};

use serde::Deserialize;

/// Every model that bedload knows, sorted by id.
#[derive(Debug, Clone)]
pub struct Catalog {
    pub models: Vec<ModelEntry>,
}

/// The default quotas of an account that do not depend on one model. The file `catalog/account.toml`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccountEntry {
    /// Default limit of all models together, in one region \[tokens/day\].
    pub cross_model_tpd: Dated<u64>,
    /// Default quota of Model Units of a model, with and without commitment \[Model Units\].
    pub model_units: Dated<u64>,
}

/// A model of the catalogue: its limits, its speed, and every way in which it is sold. A file of `catalog/models/`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelEntry {
    /// The bare Bedrock id, such as `amazon.nova-pro-v1:0`.
    pub id: String,
    pub name: String,
    pub provider: String,
    #[serde(default)]
    pub kind: ModelKind,
    /// The life cycle of the model; `None`: no dates are announced.
    pub lifecycle: Option<LifecycleEntry>,
    /// The longest answer \[tokens\]; 0 for a model that writes no text; `None`: not published.
    pub max_output_tokens: Option<Dated<u64>>,
    /// The burndown rate \[tokens of quota / output token\]; `None`: not published.
    pub output_burndown: Option<Dated<f64>>,
    /// The latency and the output speed; `None`: neither this model nor a similar one was measured.
    pub latency: Option<LatencyEntry>,
    /// The paths on which the model is sold by the token; empty where it is sold in other ways only.
    #[serde(default)]
    pub paths: Vec<Path>,
    /// The offers of Model Units, one for each context variant; empty: not sold as Model Units.
    #[serde(default)]
    pub provisioned: Vec<ProvisionedEntry>,
    pub latency_optimized: Option<LatencyOptimizedEntry>,
    /// The offer of on-demand inference of a model fine-tuned from this one; `None`: not offered.
    pub custom_deployment: Option<CustomDeploymentEntry>,
    /// The terms of customization; `None`: the model cannot be customized.
    pub customization: Option<CustomizationEntry>,
    /// The terms of importing weights of this architecture; `None`: not possible, or the units are not known.
    pub custom_import: Option<ImportEntry>,
    /// The offer at the bedrock-mantle endpoint; `None`: not sold there, as far as is known.
    pub mantle: Option<MantleEntry>,
    /// The limit of the prompt cache; `None`: none is known.
    pub cache: Option<CacheEntry>,
    /// The sizes of batch jobs of this model; `None`: no sizes of its own are known.
    pub batch: Option<BatchEntry>,
}

/// The kind of answer that a model gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ModelKind {
    #[default]
    Text,
    Embedding,
    Rerank,
}

/// A figure with its source and date.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dated<T> {
    pub value: T,
    pub source: String,
    /// YYYY-MM-DD
    pub as_of: String,
}

/// The latency of a model as others measured it; every run that uses it lists it as an assumption.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LatencyEntry {
    /// The median time to the first token \[s\]; for a model without output, the time of the whole answer.
    pub time_to_first_token_median_s: f64,
    /// The 95th percentile of the time to the first token \[s\]; `None`: twice the median is assumed.
    pub time_to_first_token_p95_s: Option<f64>,
    /// The prefill time \[s per 1,000 uncached input tokens\].
    pub prefill_per_1k_tokens_s: f64,
    /// The output speed \[tokens/s\]; meaningless for a model without output.
    pub output_tokens_per_second: f64,
    /// The explanation of what was measured and what is estimated.
    pub remark: String,
    /// The scenario keys of the figures that are estimated because nobody measured them on this model. The prefill of
    /// none was measured.
    #[serde(default)]
    pub guesses: Vec<Guess>,
    pub source: String,
    pub as_of: String,
    #[serde(default)]
    pub overlaid: Overlaid,
}

impl LatencyEntry {
    /// Returns whether the figure of a scenario key is estimated. Where all are, the source says so first.
    #[must_use]
    pub fn is_guess(&self, key: &str) -> bool {
        let named = |guess: &Guess| match guess {
            Guess::TimeToFirstToken => "time_to_first_token",
            Guess::OutputTokensPerSecond => "output_tokens_per_second",
        };
        key == "prefill_per_1k_tokens"
            || self.source.starts_with("Assumption")
            || self.guesses.iter().any(|guess| named(guess) == key)
    }
}

/// A figure of the latency that is estimated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Guess {
    TimeToFirstToken,
    OutputTokensPerSecond,
}

/// One way to reach a model: in its own region (`in_region`) or through an inference profile (`us`, `eu`, `global` …).
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Path {
    /// The name of the path: `in_region`, or the prefix of the profile id.
    pub path: String,
    /// The default quota on this path; `None`: not published.
    pub quota: Option<QuotaEntry>,
    /// Default quotas of calls from some source regions, in place of `quota`.
    #[serde(default)]
    pub quota_by_region: Vec<QuotaEntry>,
    /// The prices by the token on this path; `None`: not published.
    pub prices: Option<PriceEntry>,
    /// Prices of requests with a long prompt; `None`: they cost as all others, as far as is known.
    pub long_context: Option<LongContextEntry>,
    /// The service tiers besides standard in which the path is sold: `priority`, `flex`, `reserved`.
    #[serde(default)]
    pub tiers: Vec<String>,
    pub reserved: Option<ReservedEntry>,
    /// The regions in which calls through the profile may be served, by source region; empty: not known.
    #[serde(default)]
    pub regions: Vec<RegionsEntry>,
}

/// Default quotas of an account; `None` where AWS sets no such limit.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QuotaEntry {
    /// The source regions that the quota holds for, or of which it is known; empty: the source names none.
    #[serde(default)]
    pub regions: Vec<String>,
    /// The default limit on requests \[requests/min\].
    pub rpm: Option<u64>,
    /// The default limit on tokens \[tokens/min\].
    pub tpm: Option<u64>,
    /// The model's own daily row \[tokens/day\]: in force only where a scenario writes it.
    pub tpd: Option<u64>,
    pub source: String,
    pub as_of: String,
    #[serde(default)]
    pub overlaid: Overlaid,
}

/// Prices of tokens as a scenario writes them, such as `$3.00/1M`; `None` where there is none, or it is not known.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PriceEntry {
    pub input: Option<String>,
    pub output: Option<String>,
    pub cache_read: Option<String>,
    pub cache_write_5m: Option<String>,
    pub cache_write_1h: Option<String>,
    /// The price of a call, such as `$1.00/1K`.
    pub request: Option<String>,
    /// The price of input in batch; `None`: not sold in batch, or not known.
    pub batch_input: Option<String>,
    pub batch_output: Option<String>,
    pub priority_input: Option<String>,
    pub priority_output: Option<String>,
    pub flex_input: Option<String>,
    pub flex_output: Option<String>,
    pub source: String,
    pub as_of: String,
    #[serde(default)]
    pub overlaid: Overlaid,
}

/// The source regions of an inference profile, and the regions that may serve their calls.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RegionsEntry {
    /// Source regions.
    pub from: Vec<String>,
    /// Destination regions, in the order in which they are listed.
    pub to: Vec<String>,
    pub source: String,
    pub as_of: String,
}

/// The reserved tier: input and output bought apart, for a term.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReservedEntry {
    /// The terms that are sold; empty: the tier is sold, and its prices are not published.
    #[serde(default)]
    pub terms: Vec<ReservedTerm>,
    /// The least that is sold \[input tokens/min\].
    pub min_input_tpm: u64,
    /// The least that is sold \[output tokens/min\].
    pub min_output_tpm: u64,
    pub source: String,
    pub as_of: String,
}

/// A commitment and its prices.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReservedTerm {
    /// The length of the commitment: `1-month` or `3-months`.
    pub commitment: String,
    /// The price of reserved input, such as `$0.18` \[USD / (1,000 input tokens/min × h)\].
    pub input_per_1k_tpm_hour: String,
    /// The price of reserved output \[USD / (1,000 output tokens/min × h)\].
    pub output_per_1k_tpm_hour: String,
}

/// Provisioned Throughput. What one Model Unit delivers AWS does not publish.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProvisionedEntry {
    /// The context that it serves, such as `24k`; `None` where there is one variant without a name.
    pub variant: Option<String>,
    /// The price of a Model Unit without commitment, such as `$60.50/h`; `None`: sold, price not published.
    pub no_commitment: Option<String>,
    pub one_month: Option<String>,
    pub six_months: Option<String>,
    /// The regions in which it is sold, of those that are known; empty: the source names none.
    #[serde(default)]
    pub regions: Vec<String>,
    pub source: String,
    pub as_of: String,
    #[serde(default)]
    pub overlaid: Overlaid,
}

/// Latency-optimized inference. Calls above its quota are served, and charged, as standard ones.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LatencyOptimizedEntry {
    pub quota: QuotaEntry,
    /// The prices of latency-optimized tokens; `None`: not published.
    pub prices: Option<PriceEntry>,
    /// The latency of latency-optimized calls; `None`: not measured.
    pub latency: Option<LatencyEntry>,
    /// Regions from which it can be called.
    pub regions: Vec<String>,
    pub source: String,
    pub as_of: String,
}

/// A custom model served on demand.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CustomDeploymentEntry {
    /// The default quota of a custom deployment; `None`: not published.
    pub quota: Option<QuotaEntry>,
    /// The prices of a custom deployment; `None`: not published.
    pub prices: Option<PriceEntry>,
    pub regions: Vec<String>,
    pub source: String,
    pub as_of: String,
}

/// Training a custom model from this one.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CustomizationEntry {
    /// The methods of customization: `fine_tuning`, `continued_pre_training`.
    pub methods: Vec<String>,
    /// The price of training on a token of the corpus in each epoch, such as `$3.78/1M`; `None`: not published.
    pub training: Option<String>,
    /// The price of storing a custom model, such as `$1.95` \[USD/month\].
    pub storage_per_month: String,
    pub source: String,
    pub as_of: String,
}

/// Custom Model Import: billed for each copy of the model that is up.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImportEntry {
    /// The size of a copy \[custom model units\].
    pub units_per_copy: u32,
    /// The price of a unit for a minute, such as `$0.0785` \[USD / (unit × min)\].
    pub per_unit_minute: String,
    /// The price of storing a unit for a month \[USD / (unit × month)\].
    pub storage_per_unit_month: String,
    pub source: String,
    pub as_of: String,
}

entries::facts_by_key!(QuotaEntry, PriceEntry, LatencyEntry, ProvisionedEntry);

/// The model and the path that an id, a profile id or an ARN names.
#[derive(Debug, Clone, Copy)]
pub struct Resolved<'c> {
    pub model: &'c ModelEntry,
    /// The profile's prefix, or `in_region` for a bare id.
    pub path: &'c str,
    /// The offer on that path; `None`: the catalogue knows of none.
    pub offer: Option<&'c Path>,
}

/// The reason why no destinations are known for a source region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoDestinations<'c> {
    /// The catalogue has no regions for this path.
    NotKnown,
    /// The path can be called only from these other regions, which are sorted.
    NotASource(Vec<&'c str>),
}

impl ModelEntry {
    /// Returns the on-demand path of that name: `in_region`, or the prefix of an inference profile.
    #[must_use]
    pub fn path(&self, name: &str) -> Option<&Path> {
        self.paths.iter().find(|p| p.path == name)
    }

    /// Returns the id at the bedrock-mantle endpoint, where it differs from the model's id.
    #[must_use]
    pub fn mantle_id(&self) -> Option<&str> {
        self.mantle.as_ref()?.id.as_deref().filter(|id| *id != self.id)
    }

    #[must_use]
    pub const fn is_sold_provisioned(&self) -> bool {
        !self.provisioned.is_empty()
    }
}

impl Path {
    /// Returns the regions in which calls from a source region may be served.
    ///
    /// # Errors
    /// The regions of this path are not known, or it cannot be called from there.
    pub fn destinations(&self, source_region: &str) -> Result<&RegionsEntry, NoDestinations<'_>> {
        if self.regions.is_empty() {
            return Err(NoDestinations::NotKnown);
        }
        self.regions.iter().find(|r| r.from.iter().any(|from| from == source_region)).ok_or_else(|| {
            let mut sources: Vec<&str> = self.regions.iter().flat_map(|r| &r.from).map(String::as_str).collect();
            sources.sort_unstable();
            NoDestinations::NotASource(sources)
        })
    }

    /// Returns the default limits of calls from a source region, or of calls of which the region is not known.
    #[must_use]
    pub fn quota_from(&self, region: Option<&str>) -> Option<&QuotaEntry> {
        let holds = |quota: &&QuotaEntry| region.is_some_and(|region| quota.regions.iter().any(|r| r == region));
        self.quota_by_region.iter().find(holds).or(self.quota.as_ref())
    }

    /// Returns whether the path is sold in a service tier; every path is sold in the standard tier.
    #[must_use]
    pub fn is_sold_in_tier(&self, tier: &str) -> bool {
        tier == "standard" || self.tiers.iter().any(|t| t == tier)
    }
}

impl PriceEntry {
    /// Returns every price of tokens, the standard ones first.
    pub fn of_tokens(&self) -> impl Iterator<Item = &str> {
        let standard = [&self.input, &self.output, &self.cache_read, &self.cache_write_5m, &self.cache_write_1h];
        let batch = [&self.batch_input, &self.batch_output];
        let tiers = [&self.priority_input, &self.priority_output, &self.flex_input, &self.flex_output];
        standard.into_iter().chain(batch).chain(tiers).flatten().map(String::as_str)
    }
}

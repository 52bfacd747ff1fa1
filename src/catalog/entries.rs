//! Parts of a model's entry: its life cycle, long prompts, the bedrock-mantle endpoint, prompt caching, batch jobs.

use std::fmt;

use serde::Deserialize;

use std::collections::BTreeMap;

use super::PriceEntry;
use super::age::date;

/// A day of the calendar, written as YYYY-MM-DD. Days sort by time.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub struct Day(String);

impl TryFrom<String> for Day {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        match date(&text) {
            Some(_) => Ok(Self(text)),
            None => Err(format!("`{text}` is no day: write it as 2026-11-29")),
        }
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Day {
    /// Returns the same day some months later, or the last day of that month where it is shorter.
    #[must_use]
    pub fn months_later(&self, months: i32) -> Self {
        let later = date(&self.0).and_then(|day| day.checked_add(jiff::Span::new().months(months)).ok());
        Self(later.map_or_else(|| self.0.clone(), |day| day.to_string()))
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The day on which the life cycles of the catalogue were last compared with their sources.
const CHECKED_ON: &str = "2026-11-29";

/// Returns the day on which the life cycles of the catalogue were last compared with their sources: what is legacy or
/// has ended by then is so for a scenario that does not say when it starts.
#[must_use]
pub fn checked_on() -> Day {
    Day(CHECKED_ON.to_owned())
}

/// The source of a figure and its date.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fact {
    pub source: String,
    /// YYYY-MM-DD
    pub as_of: String,
}

/// Figures of a block that a catalogue of the user's own has replaced, each with its own source, by key.
pub type Overlaid = BTreeMap<String, Fact>;

/// The source and the date of one figure of a block: those of the figure, where it was replaced, else the block's.
macro_rules! facts_by_key {
    ($($entry:ty),* $(,)?) => {
        $(impl $entry {
            #[doc = "Returns the source and the date of a figure, by its key."]
            #[must_use]
            pub fn fact(&self, key: &str) -> (&str, &str) {
                let own = self.overlaid.get(key);
                own.map_or((&self.source, &self.as_of), |fact| (&fact.source, &fact.as_of))
            }

            #[doc = "Returns every source of the block with its date: its own, then those of figures that were replaced."]
            pub(super) fn facts(&self) -> impl Iterator<Item = (&str, &str)> {
                let own = [(self.source.as_str(), self.as_of.as_str())];
                own.into_iter().chain(self.overlaid.values().map(|fact| (fact.source.as_str(), fact.as_of.as_str())))
            }
        })*
    };
}

pub(super) use facts_by_key;

facts_by_key!(LongContextEntry, MantleEntry);

/// The dates of a model's life cycle: launch, legacy, public extended access and end of life. What is not announced is
/// `None`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LifecycleEntry {
    /// The day on which Amazon Bedrock first offered the model.
    pub launched: Option<Day>,
    /// The first day of the legacy state: no new purchases, no new fine-tuning, no quota increases.
    pub legacy_from: Option<Day>,
    /// The first day of public extended access, in which the provider may raise prices.
    pub extended_from: Option<Day>,
    /// The end-of-life date: from this day on calls fail.
    pub ends: Option<Day>,
    /// The id of the model that the provider recommends instead.
    pub successor: Option<String>,
    pub source: String,
    pub as_of: String,
}

/// Prices of requests with a long prompt. They hold for the whole request, output included.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LongContextEntry {
    /// The longest prompt at standard prices, cached parts included \[tokens\].
    pub above: u64,
    pub input: Option<String>,
    pub output: Option<String>,
    pub cache_read: Option<String>,
    pub cache_write_5m: Option<String>,
    pub cache_write_1h: Option<String>,
    pub source: String,
    pub as_of: String,
    #[serde(default)]
    pub overlaid: Overlaid,
}

/// The offer of a model at the bedrock-mantle endpoint: by its base id, without a limit on requests and without
/// burndown.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MantleEntry {
    /// The id at this endpoint, where it differs from the model's id.
    pub id: Option<String>,
    /// The default limit on input \[tokens/min\]; `None`: not published.
    pub itpm: Option<u64>,
    /// The default limit on output \[tokens/min\]; `None`: not published.
    pub otpm: Option<u64>,
    /// The source regions of which the limits are known; empty: the source names none.
    #[serde(default)]
    pub regions: Vec<String>,
    /// The prices at this endpoint; `None`: the prices of the model's other paths are assumed.
    pub prices: Option<PriceEntry>,
    pub source: String,
    pub as_of: String,
    #[serde(default)]
    pub overlaid: Overlaid,
}

/// The limit on the tokens of a prompt that a model caches.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CacheEntry {
    /// The longest part of a prompt that can be cached \[tokens\]; the rest of a longer one is uncached.
    pub max_cacheable_tokens: u64,
    pub source: String,
    pub as_of: String,
}

/// The sizes of batch inference jobs. `None`: the usual limits hold, as far as is known.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BatchEntry {
    /// The fewest records of a job.
    pub min_records: Option<u64>,
    /// The most records of a job.
    pub max_records: Option<u64>,
    /// The most input of a job \[GB\].
    pub max_job_input_gb: Option<f64>,
    pub source: String,
    pub as_of: String,
}

//! Batch inference: requests are collected into jobs, at half the price and outside the on-demand quotas.
//!
//! Use it for work that can wait. A job has 100 to 100,000 records \[AWS user guide, batch-inference\]; how long it waits
//! and how fast it is are not published. A job that is submitted at s begins at `s + queue_delay`, lasts
//! `tokens / tokens_per_second`, input and output counted, and delivers all its answers when it ends.

use schemars::JsonSchema;
use serde::Deserialize;

use super::serving::Serving;
use super::{Billing, Kind, Plan, Room, Site};
use crate::catalog::{BatchEntry, IN_REGION};
use crate::model::capacity::quota::QuotaSpec;
use crate::model::law::LawSpec;
use crate::model::pricing::PricesSpec;
use crate::model::quantity::{Duration, Names, Number, Text};
use crate::model::spec::At;
use crate::random::Law;
use crate::units::{Tokens, WallClock, round_half_up};

/// Batch inference: a capacity that collects requests into jobs.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Batch")]
pub struct BatchSpec {
    /// The interval at which the collected requests are submitted as a job.
    #[schemars(extend("examples" = ["1h"]))]
    pub collect_every: At<Duration>,
    /// The submission time of jobs, as an offset from midnight UTC; default 0s.
    pub collect_at: Option<At<Duration>>,
    /// The time from the submission of a job to its start; not published.
    pub queue_delay: At<LawSpec<Duration>>,
    /// The input and output tokens that a job processes per second; not published.
    pub tokens_per_second: At<Number>,
    /// The longest good time from submission to the end; default 24h.
    pub deadline: Option<At<Duration>>,
    /// The inference profile whose prices hold; that of the model's id when left out.
    pub profile: Option<At<Text>>,
    /// The prices of tokens at this capacity; half of the on-demand prices when left out.
    pub prices: Option<At<PricesSpec>>,
}

/// The rules by which jobs are collected and run.
#[derive(Debug, Clone)]
pub struct JobsPlan {
    /// The time between two jobs \[µs\].
    pub collect_every: u64,
    pub collect_at: u64,
    /// The time that a job waits before it runs \[µs\].
    pub queue_delay: Law,
    /// The throughput of a job \[tokens/µs\].
    pub speed: f64,
    /// The time after which a job expires \[µs\].
    pub deadline: u64,
    pub sizes: JobSizes,
}

/// The bounds of the size of a job \[AWS general reference, Amazon Bedrock quotas\].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct JobSizes {
    /// The fewest records of a job.
    pub fewest: usize,
    /// The most records of a job.
    pub most: usize,
    /// The most input of a job \[GB\]; `None`: not known.
    pub most_input_gb: Option<f64>,
}

impl JobSizes {
    /// The sizes of most models.
    pub const USUAL: Self = Self { fewest: FEWEST_RECORDS, most: MOST_RECORDS, most_input_gb: None };

    fn of(entry: Option<&BatchEntry>) -> Self {
        let Some(entry) = entry else { return Self::USUAL };
        let records = |n: Option<u64>, usual: usize| n.and_then(|n| usize::try_from(n).ok()).unwrap_or(usual).max(1);
        let fewest = records(entry.min_records, FEWEST_RECORDS);
        let most = records(entry.max_records, MOST_RECORDS).max(fewest);
        Self { fewest, most, most_input_gb: entry.max_job_input_gb }
    }
}

/// The fewest records of a job \[records; AWS user guide, batch-inference\].
const FEWEST_RECORDS: usize = 100;
const MOST_RECORDS: usize = 100_000;
const DAY: u64 = 86_400_000_000;

impl Kind for BatchSpec {
    fn serving(&self) -> Serving<'_> {
        Serving::default()
    }

    fn own_quota(&self) -> QuotaSpec {
        QuotaSpec::default()
    }

    fn quota_names(&self) -> Option<&At<Names>> {
        None
    }

    fn prices(&self) -> Option<&At<PricesSpec>> {
        self.prices.as_ref()
    }

    fn lower(&self, site: &mut Site<'_, '_>) -> Option<Plan> {
        let before = site.sink.errors();
        if self.collect_every.value.0.0 == 0 {
            site.sink.error(self.collect_every.at.clone(), "jobs are collected over more than zero time", None);
        }
        let speed = self.tokens_per_second.value.0;
        if speed <= 0.0 {
            site.sink.error(
                self.tokens_per_second.at.clone(),
                "a job gets through more than zero tokens a second",
                None,
            );
        }
        let queue_delay = self.queue_delay.value.lower(&self.queue_delay.at, site.sink);
        let path = self.profile.as_ref().map(|p| p.value.0.as_str()).or(site.sold.map(|s| s.path)).unwrap_or(IN_REGION);
        let entry = site.sold.and_then(|s| s.entry);
        let offer = entry.and_then(|e| e.path(path).or_else(|| e.paths.first().filter(|_| self.profile.is_none())));
        if let Some(taken) = offer.filter(|o| o.path != path && self.prices.is_none()) {
            let why = "the model is not sold by the path of its id: the first of the catalogue's paths is taken";
            site.assume("profile", &format!("\"{}\"", taken.path), why);
        }
        if self.prices.is_none() && site.sold.is_some_and(|s| s.is_custom) {
            let why = "what batch inference of a customized model costs is not published";
            site.assume("prices", "the base model's", why);
        }
        if let (Some(entry), None, None) = (entry, offer, &self.prices) {
            let rule = format!("`{}` is not sold by the path `{path}`", entry.id);
            site.sink.error(site.at.clone(), rule, "write profile = \"global\", or state `prices`".to_owned());
        }
        let plan = JobsPlan {
            collect_every: self.collect_every.value.0.0,
            collect_at: self.collect_at.as_ref().map_or(0, |t| t.value.0.0),
            queue_delay: queue_delay?,
            speed: speed * 1e-6,
            deadline: self.deadline.as_ref().map_or(DAY, |d| d.value.0.0),
            sizes: JobSizes::of(entry.and_then(|e| e.batch.as_ref())),
        };
        (site.sink.errors() == before)
            .then(|| Plan { room: Room::Jobs(Box::new(plan)), ..Plan::by_path(offer, Billing::BatchTokens) })
    }
}

impl JobsPlan {
    /// Returns the first instant after `now` at which the collected requests are submitted \[µs\].
    #[must_use]
    pub fn next_submission(&self, now: u64, wall: &WallClock) -> u64 {
        let phase = wall.phase(self.collect_every, self.collect_at);
        now + self.collect_every - (now + phase) % self.collect_every
    }

    /// Returns the running time of a job of `tokens` tokens \[µs\].
    #[must_use]
    pub fn makespan(&self, tokens: Tokens) -> u64 {
        round_half_up(tokens as f64 / self.speed).max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jobs_are_submitted_by_the_wall_clock() {
        let plan = JobsPlan {
            collect_every: DAY,
            collect_at: 2 * 3_600_000_000,
            queue_delay: Law::constant(0.0),
            speed: 1e-3,
            deadline: DAY,
            sizes: JobSizes::USUAL,
        };
        let wall = WallClock { unix_us: 3_600_000_000, written: String::new(), zone: jiff::tz::TimeZone::UTC };
        assert_eq!(plan.next_submission(0, &wall), 3_600_000_000);
        assert_eq!(plan.next_submission(3_600_000_000, &wall), 3_600_000_000 + DAY);
        assert_eq!(plan.makespan(5_000), 5_000_000);
    }
}

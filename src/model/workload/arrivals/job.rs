//! A job: a fixed number of requests from an instant on, as from a nightly run over documents or an upload of one file.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::diagnostic::Sink;
use crate::model::instant::Instant;
use crate::model::quantity::{Count, Duration};
use crate::model::spec::At;

/// A fixed number of requests from an instant on, once: a nightly run over documents, the chunks of an upload.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "JobArrivals")]
pub struct JobSpec {
    /// The number of requests of the job.
    pub requests: At<Count>,
    /// The start of the job: a time since t = 0, or an instant of the wall clock.
    pub at: At<Instant>,
    /// The time over which the requests arrive at random; default 0s, all at once.
    pub spread: Option<At<Duration>>,
}

/// A fixed number of requests, at random times of `[at, at + spread]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Job {
    pub requests: u64,
    /// The instant at which the job begins \[µs\].
    pub at: u64,
    /// The time over which its requests arrive \[µs\].
    pub spread: u64,
}

/// The most requests of a job; the instant of each is kept in memory.
pub const MOST_REQUESTS: u64 = 10_000_000;

impl JobSpec {
    /// Lowers the job; `scale` multiplies its requests. Returns `None` after a finding.
    pub fn lower(&self, scale: f64, sink: &mut Sink) -> Option<Job> {
        let requests = (self.requests.value.0 as f64 * scale).round();
        if !(0.0..=MOST_REQUESTS as f64).contains(&requests) {
            let rule = format!("a job has {MOST_REQUESTS} requests at most, {requests} are more");
            let help = "write a smaller number, or a process with a rate, such as poisson".to_owned();
            sink.error(self.requests.at.clone(), rule, help);
            return None;
        }
        if requests == 0.0 {
            sink.warning(Some(self.requests.at.clone()), "this workload sends nothing: its job has no requests", None);
        }
        let spread = self.spread.as_ref().map_or(0, |spread| spread.value.0.0);
        Some(Job { requests: requests as u64, at: self.at.value.0.0, spread })
    }
}

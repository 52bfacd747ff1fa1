//! The caller: processes, time-outs, retries.

pub mod retry;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::diagnostic::Sink;
use crate::model::quantity::{Count, Duration};
use crate::model::spec::At;
use crate::units::SimTime;
use retry::{RetriesSpec, RetryPolicy};

#[derive(Debug, Clone)]
pub struct Client {
    pub retries: RetryPolicy,
    /// Request i runs in process i mod n; each process has a retry quota of its own. At least 1.
    pub processes: u32,
    /// From the sending of an attempt, a capacity's queue included \[µs\].
    pub attempt_timeout: Option<SimTime>,
    /// From the arrival of the request \[µs\].
    pub timeout: Option<SimTime>,
}

/// The caller of a workload.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Client")]
pub struct ClientSpec {
    /// What is done when an attempt fails; default standard.
    pub retries: Option<At<RetriesSpec>>,
    /// Processes, each with a retry quota of its own; default 1.
    pub processes: Option<At<Count>>,
    /// From the sending of an attempt to giving it up; default none.
    pub attempt_timeout: Option<At<Duration>>,
    /// From the arrival of a request to giving it up; default none.
    pub timeout: Option<At<Duration>>,
}

/// More would only cost memory.
const MOST_PROCESSES: u64 = 100_000;

impl ClientSpec {
    pub fn lower(&self, sink: &mut Sink) -> Option<Client> {
        let before = sink.errors();
        let retries = match &self.retries {
            Some(written) => written.lower(sink),
            None => Some(RetryPolicy::STANDARD),
        };
        let processes = self.processes.as_ref().map_or(1, |p| p.value.0);
        if let Some(written) = self.processes.as_ref().filter(|p| !(1..=MOST_PROCESSES).contains(&p.value.0)) {
            sink.error(
                written.at.clone(),
                format!("`processes` lies between 1 and {MOST_PROCESSES}, {processes} does not"),
                None,
            );
        }
        let timeout = |written: &Option<At<Duration>>, name: &str, sink: &mut Sink| {
            if let Some(zero) = written.as_ref().filter(|t| t.value.0 == SimTime::ZERO) {
                sink.error(zero.at.clone(), format!("`{name}` is above zero"), "leave it out for none".to_owned());
            }
            written.as_ref().map(|t| t.value.0)
        };
        let attempt_timeout = timeout(&self.attempt_timeout, "attempt_timeout", sink);
        let timeout = timeout(&self.timeout, "timeout", sink);
        let processes = u32::try_from(processes).ok()?;
        (sink.errors() == before).then_some(Client { retries: retries?, processes, attempt_timeout, timeout })
    }
}

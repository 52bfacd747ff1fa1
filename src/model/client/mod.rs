//! The caller: processes, connections, its own pace, time-outs, retries.

pub mod app_retries;
pub mod pace;
pub mod rate_limiter;
pub mod retry;
pub mod sdk;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::diagnostic::Sink;
use crate::model::quantity::{Count, Duration};
use crate::model::spec::At;
use crate::model::workload::arrivals::who;
use crate::units::SimTime;
use app_retries::{AppRetries, AppRetriesSpec};
use pace::{Pace, PaceSpec};
use retry::{RetriesSpec, RetryPolicy};
use sdk::Preset;

#[derive(Debug, Clone)]
pub struct Client {
    pub retries: RetryPolicy,
    /// The SDK whose retries these are, where the scenario names one.
    pub preset: Option<Preset>,
    /// The number n of client processes, at least 1. Request i runs in process i mod n, which has its own retry quota.
    pub processes: u32,
    /// The most attempts of one process in progress at a time; the others wait in order. `None`: no limit.
    pub max_connections: Option<u32>,
    /// The token buckets with which a process holds its calls back; `None`: there are none.
    pub pace: Option<Pace>,
    /// The further efforts of the application when the SDK has given up.
    pub app_retries: AppRetries,
    /// The longest time from the sending of an attempt, a capacity's queue included \[µs\]; `None`: no limit.
    pub attempt_timeout: Option<SimTime>,
    /// The longest time from the arrival of a request to its end \[µs\]; `None`: no limit.
    pub timeout: Option<SimTime>,
}

impl Client {
    /// Returns whether an attempt may have to wait before it is sent.
    #[must_use]
    pub fn holds_back(&self) -> bool {
        self.max_connections.is_some() || self.pace.is_some() || self.retries.adaptive
    }

    /// Returns the longest time that a first attempt may take before the client gives up \[µs\]; `u64::MAX`: for ever.
    #[must_use]
    pub fn patience(&self) -> u64 {
        [self.attempt_timeout, self.timeout].into_iter().flatten().map(|t| t.0).min().unwrap_or(u64::MAX)
    }

    /// Returns the process of request number `index`. Requests of one user or session run in one process.
    #[inline]
    #[must_use]
    pub fn process(&self, index: u64) -> usize {
        if self.processes == 1 { 0 } else { (who(index) % u64::from(self.processes)) as usize }
    }
}

/// The caller of a workload.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Client")]
pub struct ClientSpec {
    /// The retry policy for failed attempts; default standard.
    pub retries: Option<At<RetriesSpec>>,
    /// The number of processes, each with a retry quota of its own; default 1.
    pub processes: Option<At<Count>>,
    /// The most attempts that one process has in progress at a time; the others wait in order, and that counts as queue
    /// delay. The AWS SDK for Python has 10; default no limit.
    pub max_connections: Option<At<Count>>,
    /// A token bucket of the caller's own in front of the SDK, in each process; default none.
    pub pace: Option<At<PaceSpec>>,
    /// The retries of the application when the SDK has given up, as frameworks make them; default none.
    pub app_retries: Option<At<AppRetriesSpec>>,
    /// The time from the sending of an attempt to giving it up; default none.
    pub attempt_timeout: Option<At<Duration>>,
    /// The time from the arrival of a request to giving it up; default none.
    pub timeout: Option<At<Duration>>,
}

const MOST_CONNECTIONS: u64 = 1_000_000;

/// The most processes of a client; more would only cost memory.
const MOST_PROCESSES: u64 = 100_000;

impl ClientSpec {
    pub fn lower(&self, sink: &mut Sink) -> Option<Client> {
        let before = sink.errors();
        let retries = match &self.retries {
            Some(written) => written.lower(sink),
            None => Some((RetryPolicy::STANDARD, None)),
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
        let max_connections = self.max_connections.as_ref().map(|n| n.value.0);
        if let Some(written) = self.max_connections.as_ref().filter(|n| !(1..=MOST_CONNECTIONS).contains(&n.value.0)) {
            let rule = format!("`max_connections` lies between 1 and {MOST_CONNECTIONS}, {} does not", written.value.0);
            sink.error(written.at.clone(), rule, "leave it out for no limit".to_owned());
        }
        let pace = self.pace.as_ref().map(|p| p.value.lower(sink));
        let app_retries = self.app_retries.as_ref().map_or(Some(AppRetries::NONE), |a| a.value.lower(sink));
        let (retries, preset) = retries?;
        (sink.errors() == before).then_some(Client {
            retries,
            preset,
            processes: u32::try_from(processes).ok()?,
            max_connections: max_connections.and_then(|n| u32::try_from(n).ok()),
            pace: pace.flatten(),
            app_retries: app_retries?,
            attempt_timeout,
            timeout,
        })
    }
}

//! A closed loop: a fixed number of users, each of whom asks, waits for the answer, thinks, and asks again.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::diagnostic::Sink;
use crate::model::law::LawSpec;
use crate::model::quantity::{Count, Duration};
use crate::model::spec::{At, words};
use crate::random::Law;

/// A closed loop: each user's next request comes a think time after the outcome of the last, good or bad. Load gives
/// way when answers slow down.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "UserArrivals")]
pub struct UsersSpec {
    /// The number of users.
    pub count: At<Count>,
    /// The time from an outcome to the user's next request; also before the first request, unless all users start
    /// together.
    pub think_time: At<LawSpec<Duration>>,
    /// The start of the users' first requests; default stationary.
    pub start: Option<At<Start>>,
}

words! {
    /// The time at which the users send their first request.
    Start, "a start" {
        /// Each user starts after a think time.
        "stationary" => Stationary,
        /// All users start at t = 0.
        "together" => Together,
    }
}

#[derive(Debug, Clone)]
pub struct Users {
    pub count: u64,
    /// The time from an answer to the user's next request \[µs\].
    pub think_time: Law,
    pub start: Start,
}

/// The most users of a workload; each is a record in memory.
pub const MOST_USERS: u64 = 1_000_000;

impl UsersSpec {
    /// Returns the users; `None` after a finding. `scale` multiplies their number.
    pub fn lower(&self, scale: f64, sink: &mut Sink) -> Option<Users> {
        let think_time = self.think_time.value.lower(&self.think_time.at, sink)?;
        let count = (self.count.value.0 as f64 * scale).round();
        if !(0.0..=MOST_USERS as f64).contains(&count) {
            let rule = format!("there are {MOST_USERS} users at most, {count} are more");
            sink.error(self.count.at.clone(), rule, "beyond that, poisson is what they send together".to_owned());
            return None;
        }
        if think_time.as_constant() == Some(0.0) {
            let rule = "without a think time a refused user asks again at once, for ever";
            sink.error(self.think_time.at.clone(), rule, "write think_time = \"1s\", or a distribution".to_owned());
            return None;
        }
        if count == 0.0 {
            sink.warning(Some(self.count.at.clone()), "this workload sends nothing: it has no users", None);
        }
        let start = self.start.as_ref().map_or(Start::Stationary, |start| start.value);
        Some(Users { count: count as u64, think_time, start })
    }
}

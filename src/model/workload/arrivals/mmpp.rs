//! A Markov-modulated Poisson process: traffic that has moods, quiet for a while and busy for a while.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::diagnostic::Sink;
use crate::model::quantity::{Duration, Number, Rate};
use crate::model::spec::At;
use crate::units::SimTime;

/// A Poisson process whose rate goes through states in turn, each for an exponential time on the wall clock. The index
/// of dispersion of its counts grows with the span they are counted over, as that of real traffic does.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "MmppArrivals")]
pub struct MmppSpec {
    /// The mean number of arrivals in a span of time, over all states in the long run.
    pub rate: At<Rate>,
    /// The states in the order in which they follow each other; two at least.
    pub states: At<Vec<StateSpec>>,
}

/// A state of a modulated process.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "MmppState")]
pub struct StateSpec {
    /// The rate in this state relative to the other states \[1\].
    pub factor: At<Number>,
    /// The mean duration of a stay in this state.
    pub mean_duration: At<Duration>,
}

/// A state: the factor by which it multiplies the long-run rate, and the mean duration of a stay \[µs\].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct State {
    pub factor: f64,
    pub mean: f64,
}

/// The least mean duration of a stay: a shorter one would be noise, and each stay costs a step of the clock.
const SHORTEST_STAY: SimTime = SimTime(1_000);

impl MmppSpec {
    /// Returns the states, with factors whose mean over time is one: `f_i / (sum f_i d_i / sum d_i)`.
    pub(super) fn lower(&self, sink: &mut Sink) -> Option<Vec<State>> {
        let states = &self.states.value;
        if states.len() < 2 {
            let rule = format!("a modulated process has two states or more, here are {}", states.len());
            sink.error(self.states.at.clone(), rule, "with one state it is poisson".to_owned());
            return None;
        }
        if let Some(state) = states.iter().find(|s| s.mean_duration.value.0 < SHORTEST_STAY) {
            let rule = format!("a state lasts {SHORTEST_STAY} or more on average");
            sink.error(state.mean_duration.at.clone(), rule, None);
            return None;
        }
        let mean = |s: &StateSpec| s.mean_duration.value.0.0 as f64;
        let all: f64 = states.iter().map(mean).sum();
        let busy: f64 = states.iter().map(|s| s.factor.value.0 * mean(s)).sum::<f64>() / all;
        if !(busy > 0.0 && busy.is_finite()) {
            let rule = "no state has any traffic";
            sink.error(self.states.at.clone(), rule, "give one of them a factor above zero".to_owned());
            return None;
        }
        Some(states.iter().map(|s| State { factor: s.factor.value.0 / busy, mean: mean(s) }).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn states(text: &str) -> Result<Vec<State>, String> {
        let spec: MmppSpec = toml::from_str(text).unwrap();
        let mut sink = Sink::default();
        spec.lower(&mut sink).ok_or_else(|| sink.findings[0].rule.clone())
    }

    #[test]
    fn factors_are_normalised_over_time() {
        let text =
            "rate = \"1/s\"\nstates = [{ factor = 9, mean_duration = \"1m\" }, { factor = 1, mean_duration = \"3m\" }]";
        let states = states(text).unwrap();
        assert_eq!([states[0].factor, states[1].factor], [3.0, 1.0 / 3.0]);
        assert_eq!(states[1].mean, 180e6);
    }

    #[test]
    fn one_state_none_busy_and_no_stay_are_refused() {
        for (states_written, rule) in [
            ("{ factor = 9, mean_duration = \"1m\" }", "two states"),
            ("{ factor = 0, mean_duration = \"1m\" }, { factor = 0, mean_duration = \"1m\" }", "any traffic"),
            ("{ factor = 1, mean_duration = \"0s\" }, { factor = 2, mean_duration = \"1m\" }", "lasts 1ms"),
        ] {
            let refused = states(&format!("rate = \"1/s\"\nstates = [{states_written}]")).unwrap_err();
            assert!(refused.contains(rule), "{refused}");
        }
    }
}

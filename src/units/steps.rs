//! A value that changes at instants and holds between them: a limit, an outage, a factor.

use super::SimTime;

/// A step function of time, from t = 0 on.
#[derive(Debug, Clone, PartialEq)]
pub struct Steps<T> {
    /// The values with the instants from which they hold: the first from t = 0, the others at ascending instants.
    steps: Vec<(SimTime, T)>,
}

impl<T> Steps<T> {
    /// Returns a value that never changes.
    #[must_use]
    pub fn constant(value: T) -> Self {
        Self { steps: vec![(SimTime::ZERO, value)] }
    }

    /// Builds the steps by evaluating `value` at t = 0 and at each instant, in time order; equal consecutive values are
    /// merged. `instants` need not be sorted.
    #[must_use]
    pub fn sample(instants: impl IntoIterator<Item = SimTime>, mut value: impl FnMut(SimTime) -> T) -> Self
    where
        T: PartialEq,
    {
        let mut instants: Vec<SimTime> = instants.into_iter().filter(|at| *at > SimTime::ZERO).collect();
        instants.sort_unstable();
        instants.dedup();
        let mut sampled = Self::constant(value(SimTime::ZERO));
        for at in instants {
            let next = value(at);
            if next != *sampled.at(at) {
                sampled.steps.push((at, next));
            }
        }
        sampled
    }

    /// Returns the value at t = 0.
    #[must_use]
    pub fn first(&self) -> &T {
        &self.steps[0].1
    }

    /// Returns the value at an instant; a change at that very instant has happened.
    #[must_use]
    pub fn at(&self, at: SimTime) -> &T {
        let past = self.steps.partition_point(|(from, _)| *from <= at);
        &self.steps[past.saturating_sub(1)].1
    }

    /// Returns the instants at which the value changes, in ascending order.
    pub fn edges(&self) -> impl Iterator<Item = SimTime> + '_ {
        self.later().map(|(at, _)| at)
    }

    /// Returns each later value with the instant from which it holds.
    pub fn later(&self) -> impl Iterator<Item = (SimTime, &T)> {
        self.steps[1..].iter().map(|(at, value)| (*at, value))
    }

    /// Returns every value with the instant from which it holds, the one of t = 0 included.
    pub fn iter(&self) -> impl Iterator<Item = (SimTime, &T)> {
        self.steps.iter().map(|(at, value)| (*at, value))
    }

    /// Returns whether the value never changes.
    #[must_use]
    pub fn is_constant(&self) -> bool {
        self.steps.len() == 1
    }

    /// Returns the step function of `f` of each value.
    #[must_use]
    pub fn map<U>(&self, f: impl Fn(&T) -> U) -> Steps<U> {
        Steps { steps: self.steps.iter().map(|(at, value)| (*at, f(value))).collect() }
    }

    /// Returns the step function of `f` of each value and the instant from which it holds; `None` when `f` is for one
    /// of them.
    pub fn try_map<U>(&self, mut f: impl FnMut(SimTime, &T) -> Option<U>) -> Option<Steps<U>> {
        let steps = self.steps.iter().map(|(at, value)| Some((*at, f(*at, value)?)));
        Some(Steps { steps: steps.collect::<Option<_>>()? })
    }
}

impl Steps<f64> {
    /// Returns the time average and the greatest value over `[from, to)`; `None` when the interval is empty.
    #[must_use]
    pub fn mean_and_most_over(&self, from: SimTime, to: SimTime) -> Option<[f64; 2]> {
        let (mut sum, mut most) = (0.0, f64::NEG_INFINITY);
        for (i, (at, value)) in self.steps.iter().enumerate() {
            let begins = from.max(*at);
            let ends = self.steps.get(i + 1).map_or(to, |(next, _)| to.min(*next));
            if ends > begins {
                sum += value * (ends.0 - begins.0) as f64;
                most = most.max(*value);
            }
        }
        (to > from).then(|| [sum / (to.0 - from.0) as f64, most])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: fn(u64) -> SimTime = SimTime::from_secs;

    /// 1,000 but for 500 over [10 s, 50 s).
    fn dip() -> Steps<u64> {
        Steps::sample([S(50), S(10), S(30)], |at| if (S(10)..S(50)).contains(&at) { 500 } else { 1_000 })
    }

    #[test]
    fn a_change_holds_from_its_instant_on() {
        let steps = dip();
        let values = [0, 9, 10, 49, 50, 1_000].map(|at| *steps.at(S(at)));
        assert_eq!(values, [1_000, 1_000, 500, 500, 1_000, 1_000]);
        assert_eq!(steps.at(SimTime(10_000_000 - 1)), &1_000);
    }

    #[test]
    fn only_changes_are_edges() {
        assert_eq!(dip().edges().collect::<Vec<_>>(), [S(10), S(50)]);
        assert!(Steps::constant(3).is_constant());
        assert!(Steps::sample([S(5)], |_| 3).is_constant());
        assert_eq!(Steps::sample([SimTime::ZERO, S(7)], |at| at).edges().collect::<Vec<_>>(), [S(7)]);
    }

    #[test]
    fn a_mean_is_over_the_interval_alone() {
        let steps = dip().map(|value| *value as f64);
        assert_eq!(steps.mean_and_most_over(S(0), S(100)), Some([800.0, 1_000.0]));
        assert_eq!(steps.mean_and_most_over(S(20), S(40)), Some([500.0, 500.0]));
        assert_eq!(steps.mean_and_most_over(S(20), S(20)), None);
    }
}

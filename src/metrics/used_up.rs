//! The instants at which a daily limit began to refuse, by UTC day.

/// The first refusals of a daily limit, in the order of the days; of several replications together.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UsedUp {
    days: Vec<DayUsedUp>,
}

/// The first refusals of one UTC day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DayUsedUp {
    /// The number of the day, from 0, which is that of t = 0.
    pub day: u64,
    /// The number of replications in which the limit refused on this day.
    pub replications: u64,
    /// The sum of the instants of the first refusals \[µs\].
    sum: u128,
}

impl UsedUp {
    /// The limit refused on a day, at an instant \[µs\]. Instants never go back.
    pub(super) fn see(&mut self, day: u64, at: u64) {
        if self.days.last().is_none_or(|last| last.day < day) {
            self.days.push(DayUsedUp { day, replications: 1, sum: u128::from(at) });
        }
    }

    /// Adds the first refusals of other replications.
    pub(super) fn merge(&mut self, other: &Self) {
        for theirs in &other.days {
            match self.days.binary_search_by_key(&theirs.day, |mine| mine.day) {
                Ok(i) => {
                    self.days[i].replications += theirs.replications;
                    self.days[i].sum += theirs.sum;
                }
                Err(i) => self.days.insert(i, *theirs),
            }
        }
    }

    /// Returns the days on which the limit refused, in any replication.
    #[must_use]
    pub fn days(&self) -> &[DayUsedUp] {
        &self.days
    }
}

impl DayUsedUp {
    /// Returns the mean instant of the day's first refusal, over the replications that had one \[µs\].
    #[must_use]
    pub fn mean_at(&self) -> u64 {
        (self.sum / u128::from(self.replications.max(1))) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_refusal_of_each_day_is_kept_and_averaged() {
        let (mut one, mut other) = (UsedUp::default(), UsedUp::default());
        for (day, at) in [(0, 10), (0, 20), (2, 300)] {
            one.see(day, at);
        }
        for (day, at) in [(1, 100), (2, 400)] {
            other.see(day, at);
        }
        one.merge(&other);
        let days: Vec<_> = one.days().iter().map(|d| (d.day, d.replications, d.mean_at())).collect();
        assert_eq!(days, [(0, 1, 10), (1, 1, 100), (2, 2, 350)]);
    }
}

//! Attempts whose client had given up before they completed. They run on, hold their place, and are billed.

use crate::model::pricing::Billed;

/// What the abandoned attempts of one workload are billed for.
#[derive(Debug, Clone, Default)]
pub struct Abandoned {
    /// First attempts of a call, by capacity.
    pub firsts: Vec<ByPrompt>,
    /// Attempts that the client sent because an earlier one of the same call had failed, by capacity.
    pub retries: Vec<ByPrompt>,
}

/// What is billed at the prices of short prompts and of long ones.
#[derive(Debug, Clone, Copy, Default)]
pub struct ByPrompt {
    pub short: Billed,
    pub long: Billed,
}

impl ByPrompt {
    fn add(&mut self, other: &Self) {
        self.short.add(&other.short);
        self.long.add(&other.long);
    }

    /// Returns the number of attempts.
    #[must_use]
    pub const fn calls(&self) -> u64 {
        self.short.calls + self.long.calls
    }
}

impl Abandoned {
    /// Nothing has been abandoned yet at so many capacities.
    pub(super) fn new(capacities: usize) -> Self {
        let nothing = vec![ByPrompt::default(); capacities];
        Self { firsts: nothing.clone(), retries: nothing }
    }

    /// Adds an attempt that has completed.
    pub(super) fn add(&mut self, capacity: usize, is_retry: bool, is_long: bool, tokens: &Billed) {
        let by_capacity = if is_retry { &mut self.retries } else { &mut self.firsts };
        let of = &mut by_capacity[capacity];
        if is_long { of.long.add(tokens) } else { of.short.add(tokens) }
    }

    /// Adds what another replication or another workload recorded.
    pub fn merge(&mut self, other: &Self) {
        let Self { firsts, retries } = other;
        self.firsts.iter_mut().zip(firsts).for_each(|(mine, theirs)| mine.add(theirs));
        self.retries.iter_mut().zip(retries).for_each(|(mine, theirs)| mine.add(theirs));
    }

    /// Returns the sum over all capacities.
    #[must_use]
    pub fn total(&self) -> Billed {
        let mut total = Billed::default();
        for billed in self.firsts.iter().chain(&self.retries) {
            total.add(&billed.short);
            total.add(&billed.long);
        }
        total
    }
}

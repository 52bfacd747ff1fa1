//! Attempts whose client had given up before they completed. They run on, hold their place, and are billed.

use crate::model::pricing::Billed;

/// The tokens that are billed for the abandoned attempts of one workload.
#[derive(Debug, Clone, Default)]
pub struct Abandoned {
    /// First attempts of a call, by stage and then by capacity; stages and capacities after the last that has any are left
    /// out.
    pub firsts: Vec<Vec<ByPrompt>>,
    /// Attempts that the client sent because an earlier one of the same call had failed, by stage and then by capacity.
    pub retries: Vec<Vec<ByPrompt>>,
}

/// Billed tokens, separately for the prices of short prompts and of long ones.
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
    /// Adds the billed tokens of an attempt that completed after its client had given up.
    pub(super) fn add(&mut self, (stage, capacity): (usize, usize), is_retry: bool, is_long: bool, tokens: Billed) {
        let by_stage = if is_retry { &mut self.retries } else { &mut self.firsts };
        by_stage.resize_with(by_stage.len().max(stage + 1), Vec::new);
        let by_capacity = &mut by_stage[stage];
        by_capacity.resize(by_capacity.len().max(capacity + 1), ByPrompt::default());
        let of = &mut by_capacity[capacity];
        if is_long { of.long.add(&tokens) } else { of.short.add(&tokens) }
    }

    /// Adds what another replication or another workload recorded.
    pub fn merge(&mut self, other: &Self) {
        let Self { firsts, retries } = other;
        for (mine, theirs) in [(&mut self.firsts, firsts), (&mut self.retries, retries)] {
            mine.resize_with(mine.len().max(theirs.len()), Vec::new);
            for (mine, theirs) in mine.iter_mut().zip(theirs) {
                mine.resize(mine.len().max(theirs.len()), ByPrompt::default());
                mine.iter_mut().zip(theirs).for_each(|(mine, theirs)| mine.add(theirs));
            }
        }
    }

    /// Returns the sum over all capacities.
    #[must_use]
    pub fn total(&self) -> Billed {
        let mut total = Billed::default();
        for billed in self.firsts.iter().chain(&self.retries).flatten() {
            total.add(&billed.short);
            total.add(&billed.long);
        }
        total
    }
}

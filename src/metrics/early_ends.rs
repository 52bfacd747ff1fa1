//! Replications that ended before their time.

use crate::engine::Ended;

/// The number of replications that ended early, and the first early end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EarlyEnds {
    /// The end that came first on the simulated clock.
    pub first: Ended,
    pub replications: u64,
}

impl EarlyEnds {
    /// Returns the early end of one replication.
    #[must_use]
    pub const fn of(ended: Ended) -> Self {
        Self { first: ended, replications: 1 }
    }

    /// Returns the early ends of two groups of replications.
    #[must_use]
    pub fn merged(a: Option<Self>, b: Option<Self>) -> Option<Self> {
        let (Some(a), Some(b)) = (a, b) else { return a.or(b) };
        let first = if b.first.at < a.first.at { b.first } else { a.first };
        Some(Self { first, replications: a.replications + b.replications })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::NoRoom;

    #[test]
    fn the_first_end_counts() {
        let end = |at| EarlyEnds::of(Ended { at, no_room: NoRoom::Waiting, most: 9 });
        let both = EarlyEnds::merged(Some(end(7)), Some(end(3))).unwrap();
        assert_eq!((both.first.at, both.replications), (3, 2));
        assert_eq!(EarlyEnds::merged(None, Some(end(3))), Some(end(3)));
        assert_eq!(EarlyEnds::merged(None, None), None);
    }
}

//! The next arrival of each workload, of which the earliest comes first.

/// The next arrival of a workload.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Head {
    /// The arrival \[µs\].
    pub at: u64,
    /// The index of the workload: of arrivals at one instant, that of the first workload comes first.
    pub workload: u32,
}

/// A binary heap of heads. The one of the standard library does not show its second entry, which says how long the first
/// one stays the first.
#[derive(Debug, Default)]
pub(super) struct Heads(Vec<Head>);

impl Heads {
    /// Returns the heap of some heads, one for each workload that has requests.
    pub(super) fn of(heads: impl Iterator<Item = Head>) -> Self {
        let mut heads: Vec<Head> = heads.collect();
        // A sorted list is a heap.
        heads.sort_unstable();
        Self(heads)
    }

    /// Returns the earliest head.
    pub(super) fn first(&self) -> Option<Head> {
        self.0.first().copied()
    }

    /// Returns the earliest of the other heads.
    pub(super) fn second(&self) -> Option<Head> {
        self.0.get(1..self.0.len().min(3))?.iter().min().copied()
    }

    /// Replaces the earliest head by a later one of the same workload, or removes it where the workload has no more
    /// requests.
    pub(super) fn replace_first(&mut self, at: Option<u64>) {
        match (at, self.0.first_mut()) {
            (_, None) => return,
            (Some(at), Some(first)) => first.at = at,
            (None, Some(_)) => {
                self.0.swap_remove(0);
            }
        }
        self.sink_first();
    }

    /// Moves the first entry down to its place.
    fn sink_first(&mut self) {
        let heads = &mut self.0[..];
        let mut parent = 0;
        loop {
            let left = 2 * parent + 1;
            if left >= heads.len() {
                return;
            }
            let right = left + 1;
            let least = if right < heads.len() && heads[right] < heads[left] { right } else { left };
            if heads[parent] <= heads[least] {
                return;
            }
            heads.swap(parent, least);
            parent = least;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_come_in_the_order_of_arrival_and_then_of_workload() {
        let mut state = 1_u64;
        let mut draw = move |below: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % below
        };
        // Few instants, so that many arrivals share one.
        let mut lanes: Vec<Vec<u64>> = (0..40).map(|_| (0..draw(30)).map(|_| draw(50)).collect()).collect();
        lanes.iter_mut().for_each(|lane| lane.sort_unstable());
        let all =
            lanes.iter().zip(0..).flat_map(|(lane, workload)| lane.iter().map(move |at| Head { at: *at, workload }));
        let mut expected: Vec<Head> = all.collect();
        expected.sort_unstable();

        let mut next = vec![0; lanes.len()];
        let firsts = lanes.iter().zip(0..).filter_map(|(lane, workload)| Some(Head { at: *lane.first()?, workload }));
        let mut heads = Heads::of(firsts);
        for (i, head) in expected.iter().enumerate() {
            assert_eq!(heads.first(), Some(*head));
            let others = lanes.iter().zip(&next).zip(0..).filter(|(_, workload)| *workload != head.workload);
            let others = others.filter_map(|((lane, next), workload)| Some(Head { at: *lane.get(*next)?, workload }));
            assert_eq!(heads.second(), others.min(), "after {i} heads");
            let lane = head.workload as usize;
            next[lane] += 1;
            heads.replace_first(lanes[lane].get(next[lane]).copied());
        }
        assert_eq!((heads.first(), heads.second()), (None, None));
    }
}

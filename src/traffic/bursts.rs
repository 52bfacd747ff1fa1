//! The times of the bursts of a replication, by which recovery after them is measured.

use std::ops::Range;

use super::rates::Onsets;
use crate::model::Model;
use crate::model::workload::arrivals::intensity::{Burst, RandomBurst};
use crate::random::{Purpose, Stream};
use crate::units::MICROS_PER_MINUTE;

/// The time between two bursts below which they count as one: a burst each second is no thousand bursts \[µs\].
const APART: u64 = MICROS_PER_MINUTE;

/// The bursts that begin in the measured time, of all workloads, in the order of their starts \[µs\]; those that lower
/// the rate are none. `None`: the model knows none, in any replication.
#[must_use]
pub fn bursts(model: &Model, replication: u64) -> Option<Vec<Range<u64>>> {
    let until = model.run.measured_end().0;
    let mut all = None;
    for workload in &model.workloads {
        let Some(intensity) = workload.arrivals.intensity() else { continue };
        let stream = Stream::new(model.run.seed, replication, Purpose::Bursts, &workload.name);
        let fixed = intensity.bursts.iter().filter(|burst| burst.factor > 1.0);
        fixed.for_each(|burst| all.get_or_insert_with(Vec::new).extend(at_instants(*burst, until)));
        for (burst, i) in intensity.random_bursts.iter().zip(0..).filter(|(burst, _)| burst.factor > 1.0) {
            all.get_or_insert_with(Vec::new).extend(at_random(*burst, stream.within(i), until));
        }
    }
    if let Some(all) = &mut all {
        all.sort_unstable_by_key(|burst: &Range<u64>| (burst.start, burst.end));
    }
    all
}

fn at_instants(burst: Burst, until: u64) -> Vec<Range<u64>> {
    let (at, lasts) = (burst.at.0, burst.lasts.0);
    let one = |start: u64| start..start.saturating_add(lasts);
    let endless = at..u64::MAX;
    match burst.every {
        None => Vec::from([one(at)]),
        Some(every) if every.0 < lasts + APART => Vec::from([endless]),
        Some(every) => (at..until).step_by(every.0 as usize).map(one).collect(),
    }
}

fn at_random(burst: RandomBurst, stream: Stream, until: u64) -> Vec<Range<u64>> {
    let mut onsets = Onsets::new(burst, stream);
    let mut all: Vec<Range<u64>> = Vec::new();
    loop {
        let next = onsets.begin();
        match all.last_mut() {
            _ if next.start >= until => return all,
            Some(last) if next.start < last.end + APART => last.end = last.end.max(next.end),
            _ => all.push(next),
        }
    }
}

//! The sessions of all workloads, as a recorder follows them.

use std::ops::Range;

use crate::metrics::record::Record;
use crate::metrics::sessions::{SessionClock, Sessions};
use crate::model::Model;
use crate::model::workload::arrivals::Arrivals;

/// The clocks of the workloads that have sessions, and of all of them together.
#[derive(Debug)]
pub(super) struct SessionClocks {
    all: SessionClock,
    /// The clock and the counts of each workload's sessions; `None`: the workload has no sessions.
    workloads: Vec<Option<(SessionClock, Sessions)>>,
}

impl SessionClocks {
    pub(super) fn new(model: &Model, interval: Range<u64>) -> Self {
        let clock = SessionClock::new(interval.start, interval.end);
        let of = |arrivals: &Arrivals| {
            matches!(arrivals, Arrivals::Sessions(_)).then(|| (clock.clone(), Sessions::default()))
        };
        let workloads = model.workloads.iter().map(|w| of(&w.arrivals)).collect();
        Self { all: clock, workloads }
    }

    /// Counts a session of a workload from its start on \[µs\].
    pub(super) fn begin(&mut self, workload: usize, at: u64) {
        self.all.begin(at);
        if let Some((clock, _)) = &mut self.workloads[workload] {
            clock.begin(at);
        }
    }

    /// Counts a session of a workload until its end \[µs\].
    pub(super) fn end(&mut self, workload: usize, at: u64) {
        self.all.end(at);
        if let Some((clock, _)) = &mut self.workloads[workload] {
            clock.end(at);
        }
    }

    /// Counts a session of the interval that has ended.
    pub(super) fn count(&mut self, workload: usize, every_turn_served: bool) {
        if let Some((_, sessions)) = &mut self.workloads[workload] {
            sessions.completed += u64::from(every_turn_served);
            sessions.broken += u64::from(!every_turn_served);
        }
    }

    /// Writes what was seen into the record, once the run is over.
    pub(super) fn finish(self, record: &mut Record) {
        let mut total = None;
        for (cohort, own) in record.workloads.iter_mut().zip(self.workloads) {
            let Some((clock, counted)) = own else { continue };
            let (time, peak) = clock.finish();
            let own = Sessions { time, peak, ..counted };
            cohort.sessions = Some(own);
            total.get_or_insert_with(Sessions::default).merge(&own);
        }
        // The workloads need not have their peaks at one instant.
        record.sessions = total.map(|total| Sessions { peak: self.all.finish().1, ..total });
    }
}

//! A run that ends before its time because one of the engine's tables is full.

use super::Engine;
use super::observer::Observer;

/// The table of the engine that had no room for one more entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoRoom {
    /// The table of attempts in service.
    InService,
    /// The table of requests that wait: in queues, at clients and between attempts.
    Waiting,
}

/// The early end of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ended {
    /// The instant from which nothing was simulated \[µs since t = 0\].
    pub at: u64,
    pub no_room: NoRoom,
    /// The capacity of the full table; for attempts in service, that of the larger of its two tables.
    pub most: u32,
}

impl<O: Observer> Engine<'_, O> {
    /// Records the instant at which a full table ended the run; only the first such instant is kept.
    #[cold]
    pub(super) fn note_end(&mut self, now: u64) {
        if self.full.is_some() {
            self.ended_at.get_or_insert(now);
        }
    }

    /// Returns the early end of the run, if a full table has ended it.
    pub(super) fn ended(&self) -> Option<Ended> {
        let (no_room, at) = self.full.zip(self.ended_at)?;
        let most = match no_room {
            NoRoom::InService => self.attempts.most().max(self.flights.most()),
            NoRoom::Waiting => self.requests.most(),
        };
        Some(Ended { at, no_room, most })
    }
}

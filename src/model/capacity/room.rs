//! Room beyond the limits: a pool of regions, copies of a model, a sink of jobs.

use super::batch::JobsPlan;
use super::cross_region::{Pool, PoolPlan};
use super::custom_import::{Copies, CopiesPlan};
use super::{Ask, Reason, Refused};
use crate::random::{Purpose, Stream};
use crate::units::{Tokens, WallClock};

/// The region or copy that serves an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The index of the region in its pool, or of the copy.
    pub index: u32,
    /// The index of the region, which has a prompt cache of its own.
    pub region: usize,
    /// The number of regions that were passed over.
    pub passed: u32,
    /// The time that the place adds to the time to first token \[µs\].
    pub extra: u64,
}

/// The plan by which a capacity finds room, before it runs.
#[derive(Debug, Clone)]
pub enum Room {
    /// Limits and concurrency alone decide.
    Limits,
    Regions(Box<PoolPlan>),
    Copies(Box<CopiesPlan>),
    Jobs(Box<JobsPlan>),
}

/// The state of a room during a run.
#[derive(Debug)]
pub enum RoomState {
    Limits,
    Regions(Pool),
    Copies(Copies),
    Jobs(JobsPlan),
}

impl RoomState {
    /// Returns the state of a room at t = 0. `capacity` names the random streams of the room.
    #[must_use]
    pub fn new(room: &Room, wall: &WallClock, seed: u64, replication: u64, capacity: &str) -> Self {
        let stream = |purpose| Stream::new(seed, replication, purpose, capacity);
        match room {
            Room::Limits => Self::Limits,
            Room::Regions(plan) => Self::Regions(Pool::new(plan, wall, stream(Purpose::Background))),
            Room::Copies(plan) => Self::Copies(Copies::new(plan, stream(Purpose::ColdStart))),
            Room::Jobs(plan) => Self::Jobs((**plan).clone()),
        }
    }

    /// Succeeds if anything serves at all.
    pub fn ready(&mut self, now: u64) -> Result<(), Reason> {
        match self {
            Self::Copies(copies) => copies.ready(now),
            _ => Ok(()),
        }
    }

    /// Returns the place where a call would be served now; takes none. The demand may depend on the region; `home` is
    /// the region of the capacity itself. Copies that are asked for more than they serve may start one more.
    pub fn find(&mut self, now: u64, ask_in: impl Fn(usize) -> Ask, home: usize) -> Result<Place, Refused> {
        match self {
            Self::Regions(pool) => pool.find(now, ask_in),
            Self::Copies(copies) => copies.find(now),
            Self::Limits | Self::Jobs(_) => Ok(Place { index: 0, region: home, passed: 0, extra: 0 }),
        }
    }

    pub fn take(&mut self, now: u64, place: Place, ask: Ask) {
        match self {
            Self::Regions(pool) => pool.take(place, ask),
            Self::Copies(copies) => copies.take(now, place),
            Self::Limits | Self::Jobs(_) => {}
        }
    }

    /// Ends an attempt that had reserved `ask` at `admitted_at` and used `used` tokens.
    pub fn leave(&mut self, now: u64, place: Place, ask: Ask, used: Tokens, admitted_at: u64) {
        match self {
            Self::Regions(pool) => pool.leave(now, place, ask, used, admitted_at),
            Self::Copies(copies) => copies.leave(now, place),
            Self::Limits | Self::Jobs(_) => {}
        }
    }

    /// Returns the first instant after `now` at which there may be more room by itself \[µs\]. `None`: never.
    pub fn next_change(&mut self, now: u64) -> Option<u64> {
        match self {
            Self::Regions(pool) => pool.next_change(now),
            Self::Copies(copies) => copies.next_change(now),
            Self::Limits | Self::Jobs(_) => None,
        }
    }
}

//! Requests that are drawn: arrivals by a clock, sizes by number.

use super::arrivals::RenewalClock;
use super::batches::BatchClock;
use super::jobs::JobClock;
use super::rates::{RateStreams, Rates};
use super::tape::Block;
use super::tokens::TokenDraws;
use crate::model::Model;
use crate::model::workload::Workload;
use crate::model::workload::arrivals::{Arrivals, Gaps, Intensity};
use crate::random::{Purpose, Stream};

/// The generator of the requests of a workload, one block after the other.
#[derive(Debug, Clone)]
pub(super) struct Drawn {
    clock: Clock,
    tokens: TokenDraws,
}

#[derive(Debug, Clone)]
enum Clock {
    Renewal(Box<RenewalClock>),
    Batches(Box<BatchClock>),
    Job(JobClock),
}

impl Drawn {
    /// Returns the generator of a workload's requests; `None`: they come from a trace, or from the answers to others.
    pub(super) fn new(workload: &Workload, model: &Model, replication: u64) -> Option<Self> {
        let stream = |purpose| Stream::new(model.run.seed, replication, purpose, &workload.name);
        let renewal = |gaps: Gaps, intensity: &Intensity| {
            let streams = RateStreams { states: stream(Purpose::States), bursts: stream(Purpose::Bursts) };
            let rates = Rates::new(intensity.clone(), streams);
            RenewalClock::new(gaps, rates, stream(Purpose::Gaps), model.run.hard_end().0)
        };
        let tokens = TokenDraws::new(workload, model.run.seed, replication)?;
        let clock = match &workload.arrivals {
            Arrivals::Renewal { gaps, intensity } => Clock::Renewal(Box::new(renewal(*gaps, intensity))),
            Arrivals::Sessions(sessions) => Clock::Renewal(Box::new(renewal(Gaps::Exponential, &sessions.intensity))),
            Arrivals::Batches(batches) => {
                let size = (batches.size.clone(), stream(Purpose::BatchSize));
                let clock = renewal(batches.gaps, &batches.intensity);
                Clock::Batches(Box::new(BatchClock::new(clock, size, batches.spread, stream(Purpose::Spread))))
            }
            Arrivals::Job(job) => Clock::Job(JobClock::new(*job, stream(Purpose::Spread))),
            Arrivals::Users(_) | Arrivals::Trace(_) => return None,
        };
        Some(Self { clock, tokens })
    }

    /// Fills a block with `n` requests from its first on; false: there are fewer, and it is the last one. `scratch` has room
    /// for `n` draws.
    pub(super) fn fill(&mut self, n: usize, scratch: &mut [f64], block: &mut Block) -> bool {
        block.arrival.resize(n, 0);
        let made = match &mut self.clock {
            Clock::Renewal(clock) => clock.fill(block.first, scratch, &mut block.arrival),
            Clock::Batches(clock) => clock.fill(&mut block.arrival),
            Clock::Job(clock) => clock.fill(block.first, &mut block.arrival),
        };
        block.arrival.truncate(made);
        self.tokens.fill(made, scratch, block);
        made == n
    }
}

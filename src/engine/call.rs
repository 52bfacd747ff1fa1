//! A call on its way, and where it stands with its client.

use super::observer::Who;
use crate::model::capacity::Ask;
use crate::model::pricing::Billed;
use crate::model::workload::Workload;
use crate::model::workload::cache::InputParts;
use crate::model::workload::steps::Stage;
use crate::units::Tokens;

/// A call on its way: everything that an offer needs.
#[derive(Debug, Clone, Copy)]
pub(super) struct Call<'m> {
    pub(super) of: &'m Workload,
    /// To which model, by which route: the main call of a request, or a step before it.
    pub(super) to: &'m Stage,
    /// The request's number within its workload.
    pub(super) index: u64,
    /// Of the request \[µs\].
    pub(super) arrival: u64,
    /// From the start of service to the first and to the last token, unless the capacity says otherwise \[µs\].
    pub(super) ttft: u64,
    pub(super) service: u64,
    /// The service of the steps before it \[µs\].
    pub(super) served_before: u64,
    /// What a completed attempt is billed for.
    pub(super) carried: Carried,
    /// What the main call is asked for.
    pub(super) asked: Asked,
    /// The output cap in force \[tokens\].
    pub(super) cap: u32,
    pub(super) workload: u32,
    /// Which of the workload's stages it is.
    pub(super) stage: u16,
    /// It takes the long way: something beside limits, concurrency and a queue has a say.
    pub(super) is_special: bool,
    pub(super) truncated: bool,
}

/// What the world asks of a request \[tokens\].
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked {
    pub(super) input: u32,
    pub(super) wanted: u32,
    /// The caller's own cap, from a trace; `u32::MAX`: none.
    pub(super) cap: u32,
    /// The last block of its prompt, and what the cache read and wrote of it, from a trace.
    pub(super) leaf: u32,
    pub(super) cache_read: u32,
    pub(super) cache_write: u32,
}

impl Asked {
    /// Of calls that go the short way, which nobody asks for more.
    pub(super) const NOTHING: Self = Self { input: 0, wanted: 0, cap: 0, leaf: 0, cache_read: 0, cache_write: 0 };
}

/// What a call brings and takes home \[tokens\].
#[derive(Debug, Clone, Copy)]
pub struct Carried {
    pub uncached: u32,
    pub cache_read: u32,
    pub cache_write: u32,
    pub output: u32,
}

impl Carried {
    pub(super) fn new(parts: InputParts, output: u64) -> Self {
        Self {
            uncached: parts.uncached as u32,
            cache_read: parts.read as u32,
            cache_write: parts.write as u32,
            output: output as u32,
        }
    }

    /// Of a call that no prompt cache has a part in.
    #[inline(always)]
    pub(super) fn plain(input: u32, output: u32) -> Self {
        Self { uncached: input, cache_read: 0, cache_write: 0, output }
    }

    /// What it brings beside cache reads \[tokens\].
    #[inline(always)]
    pub(super) fn input(self) -> Tokens {
        u64::from(self.uncached) + u64::from(self.cache_write)
    }

    /// What a call of this workload asks of limits, with this output cap \[tokens\].
    #[inline(always)]
    pub(super) fn ask(self, cap: u32, workload: u32) -> Ask {
        Ask {
            input: self.input(),
            cap: u64::from(cap),
            cache_read: u64::from(self.cache_read),
            cache_write: u64::from(self.cache_write),
            workload,
        }
    }

    /// What it is charged of a quota in the end \[tokens\].
    #[inline(always)]
    pub(super) fn burned(self, to: &Stage) -> Tokens {
        self.input() + to.facts.burndown.of(u64::from(self.output))
    }

    #[inline]
    #[must_use]
    pub fn billed(self) -> Billed {
        Billed {
            uncached: u64::from(self.uncached),
            cache_read: u64::from(self.cache_read),
            cache_write: u64::from(self.cache_write),
            output: u64::from(self.output),
            calls: 1,
        }
    }
}

/// Where a call stands with its client.
#[derive(Debug, Clone, Copy)]
pub(super) struct Progress {
    /// The number of the attempt within its request; those of a step before the main call follow [`STEP`].
    pub(super) attempt: u32,
    /// How many attempts on this part of the route went before, since the application last tried anew.
    pub(super) tries: u32,
    /// How often the application has tried anew.
    pub(super) efforts: u32,
    /// Where on the route the attempt begins.
    pub(super) leg: u32,
    /// When the attempt was sent \[µs\].
    pub(super) sent: u64,
    /// What the last retry cost of the retry quota.
    pub(super) last_cost: u32,
    /// How many attempts of the call were refused before this one.
    pub(super) refused: u32,
    /// The slot of the request, when it has one.
    pub(super) slot: Option<u32>,
    /// It holds a connection of its client, where these are counted.
    pub(super) is_connected: bool,
}

/// Attempts of the steps of a pipeline are numbered apart, so that a retry in one changes no draw of another.
const STEP: u32 = 1 << 10;

impl Progress {
    /// Returns a first attempt.
    #[inline(always)]
    pub(super) fn first(call: &Call<'_>, sent: u64) -> Self {
        let attempt = if call.is_last() { 0 } else { STEP * (u32::from(call.stage) + 1) };
        Self { attempt, tries: 0, efforts: 0, leg: 0, sent, last_cost: 0, refused: 0, slot: None, is_connected: false }
    }

    /// Nothing of the call went before.
    pub(super) fn is_first(self) -> bool {
        self.tries == 0 && self.leg == 0 && self.efforts == 0
    }
}

impl Call<'_> {
    #[inline]
    pub(super) fn who(&self) -> Who {
        Who { workload: self.workload as usize, arrival: self.arrival }
    }

    #[inline]
    pub(super) fn ask(&self) -> Ask {
        self.carried.ask(self.cap, self.workload)
    }

    /// What it is charged of a quota in the end \[tokens\].
    #[inline]
    pub(super) fn burned(&self) -> Tokens {
        self.carried.burned(self.to)
    }

    /// It is the main call of its request.
    #[inline]
    pub(super) fn is_last(&self) -> bool {
        self.to.tokens.is_none()
    }
}

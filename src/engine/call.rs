//! A call that has been made, and its progress at its client.

use super::observer::Who;
use crate::model::capacity::Ask;
use crate::model::pricing::Billed;
use crate::model::workload::Workload;
use crate::model::workload::cache::InputParts;
use crate::model::workload::steps::Stage;
use crate::units::Tokens;

/// A call that has been made: everything that an offer needs.
#[derive(Debug, Clone, Copy)]
pub(super) struct Call<'m> {
    pub(super) of: &'m Workload,
    /// The stage of the workload that the call belongs to: the main call of a request or a step before it. It has a
    /// route.
    pub(super) to: &'m Stage,
    /// The request's number within its workload.
    pub(super) index: u64,
    /// The arrival of the request \[µs\].
    pub(super) arrival: u64,
    /// The time from the start of service to the first token \[µs\], and below the time to the last, unless the
    /// capacity has its own.
    pub(super) ttft: u64,
    pub(super) service: u64,
    /// The service of the steps before the call \[µs\].
    pub(super) served_before: u64,
    /// The tokens that a completed attempt is billed for.
    pub(super) carried: Carried,
    /// The tokens that the main call of the request is asked for.
    pub(super) asked: Asked,
    /// The output cap in force \[tokens\].
    pub(super) cap: u32,
    pub(super) workload: u32,
    /// The index of the call's stage within its workload.
    pub(super) stage: u16,
    /// True if the call needs the full admission path: something beside limits, concurrency and a queue has a say.
    pub(super) is_special: bool,
    pub(super) truncated: bool,
}

/// The demand of a request, whichever capacity serves it \[tokens\].
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked {
    pub(super) input: u32,
    pub(super) wanted: u32,
    /// The caller's own cap, from a trace; `u32::MAX`: none.
    pub(super) cap: u32,
    /// The last block of the prompt, and the tokens of it that the cache read and wrote, from a trace.
    pub(super) leaf: u32,
    pub(super) cache_read: u32,
    pub(super) cache_write: u32,
}

impl Asked {
    /// The demand of calls that take the short admission path, where it is never read.
    pub(super) const NOTHING: Self = Self { input: 0, wanted: 0, cap: 0, leaf: 0, cache_read: 0, cache_write: 0 };
}

/// The tokens of a call, by kind \[tokens\].
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

    /// Returns the tokens of a call without a prompt cache.
    #[inline(always)]
    pub(super) fn plain(input: u32, output: u32) -> Self {
        Self { uncached: input, cache_read: 0, cache_write: 0, output }
    }

    /// Returns the input without cache reads \[tokens\].
    #[inline(always)]
    pub(super) fn input(self) -> Tokens {
        u64::from(self.uncached) + u64::from(self.cache_write)
    }

    /// Returns what a call of this workload asks of limits, with this output cap \[tokens\].
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

    /// Returns the tokens that a quota is charged for the call at its completion: input, and output times burndown
    /// \[tokens\].
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

/// The progress of a call at its client: its attempts, retries and refusals so far.
#[derive(Debug, Clone, Copy)]
pub(super) struct Progress {
    /// The number of the attempt within its request; those of a step before the main call follow [`STEP`].
    pub(super) attempt: u32,
    /// The number of earlier attempts on this part of the route, since the application last tried anew.
    pub(super) tries: u32,
    /// The number of times that the application has tried anew.
    pub(super) efforts: u32,
    /// The position on the route at which the attempt begins.
    pub(super) leg: u32,
    /// The instant at which the attempt was sent \[µs\].
    pub(super) sent: u64,
    /// The amount that the last retry took from the retry quota.
    pub(super) last_cost: u32,
    /// The number of attempts of the call that were refused before this one.
    pub(super) refused: u32,
    /// The slot of the request, when it has one.
    pub(super) slot: Option<u32>,
    /// True if the attempt holds a connection of its client, where connections are counted.
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

    /// Returns whether nothing of the call went before.
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

    /// Returns the tokens that a quota is charged for the call at its completion \[tokens\].
    #[inline]
    pub(super) fn burned(&self) -> Tokens {
        self.carried.burned(self.to)
    }

    /// Returns whether the call is the main call of its request.
    #[inline]
    pub(super) fn is_last(&self) -> bool {
        self.to.tokens.is_none()
    }
}

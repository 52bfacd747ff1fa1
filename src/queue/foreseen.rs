//! Events that are known in advance, in order, some of which will not happen.
//!
//! Where the end of a service depends on its request alone, the ends of all requests can be sorted once for many runs.
//! A run then marks the requests whose end will come, which costs a bit each, and reads over the others.

use std::sync::Arc;

/// An event that is known in advance: its time \[µs\], and its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Foreseen {
    pub at: u64,
    pub number: u32,
}

/// A list of events that are known in advance, and a cursor at the next one.
#[derive(Debug, Default)]
pub struct Foresight {
    list: Arc<[Foreseen]>,
    next: usize,
    /// One bit for each number, set if the event was called for.
    called: Vec<u64>,
}

impl Foresight {
    /// Creates a cursor over `list`, which is sorted by time and whose events are numbered from 0 to its length - 1.
    pub fn new(list: Arc<[Foreseen]>) -> Self {
        Self { called: vec![0; list.len().div_ceil(64)], list, next: 0 }
    }

    /// Returns the next event of the list, called for or not.
    #[inline(always)]
    pub fn peek(&self) -> Option<Foreseen> {
        self.list.get(self.next).copied()
    }

    /// Takes the next event of the list, and tells whether it was called for.
    #[inline(always)]
    pub fn pop(&mut self) -> Option<(Foreseen, bool)> {
        let one = self.peek()?;
        self.next += 1;
        Some((one, self.is_called(one.number)))
    }

    /// Calls for the event of this number, which will then happen. The cursor must not be past it.
    #[inline(always)]
    pub fn call_for(&mut self, number: u32) {
        if let Some(bits) = self.called.get_mut(number as usize / 64) {
            *bits |= 1 << (number % 64);
        }
    }

    #[inline(always)]
    fn is_called(&self, number: u32) -> bool {
        self.called.get(number as usize / 64).is_some_and(|bits| bits >> (number % 64) & 1 == 1)
    }

    /// Returns the numbers that were called for and are still to come.
    pub fn to_come(&self) -> impl Iterator<Item = u32> + '_ {
        self.list[self.next..].iter().map(|one| one.number).filter(|number| self.is_called(*number))
    }
}

//! The future event list: pending events in exact order.

mod foreseen;
mod heap;
mod wheel;

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;

pub use foreseen::Foreseen;
use foreseen::Foresight;
use heap::Heap;
use wheel::{Pushed, Wheel};

/// The classes of events that share an instant, in the order in which they happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Class {
    CapacityChange = 0,
    Completion = 1,
    /// An arrival of a closed loop; arrivals that are known before the run are merged, never queued.
    Arrival = 2,
    Retry = 3,
    Timeout = 4,
    WakeUp = 5,
    /// A completion that was known in advance; it happens among the other completions.
    Foreseen = 6,
}

impl Class {
    /// The classes, indexed by the three class bits of a key.
    const ALL: [Self; 8] = [
        Self::CapacityChange,
        Self::Completion,
        Self::Arrival,
        Self::Retry,
        Self::Timeout,
        Self::WakeUp,
        Self::Foreseen,
        Self::Foreseen,
    ];
}

/// An event: its time \[µs\], its class, and the slot of its object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Event {
    pub at: u64,
    tag: u32,
}

impl Event {
    /// Returns an event. `slot` must lie below [`SLOTS`].
    #[inline(always)]
    #[must_use]
    pub const fn new(at: u64, class: Class, slot: u32) -> Self {
        Self { at, tag: (class as u32) << SLOT_BITS | slot }
    }

    #[inline(always)]
    #[must_use]
    pub const fn class(self) -> Class {
        Class::ALL[(self.tag >> SLOT_BITS) as usize % Class::ALL.len()]
    }

    #[inline(always)]
    #[must_use]
    pub const fn slot(self) -> u32 {
        self.tag % SLOTS
    }

    /// Returns whether the event is of this class, with a slot below `end`, which is a power of two: one comparison.
    #[inline(always)]
    #[must_use]
    pub const fn is_below(self, class: Class, end: u32) -> bool {
        self.tag & !(end - 1) == (class as u32) << SLOT_BITS
    }
}

/// The value that stands for no key: greater than any key.
const EMPTY: u64 = u64::MAX;
const SLOT_BITS: u32 = 24;
const CLASS_BITS: u32 = 3;
const TIME_SHIFT: u32 = SLOT_BITS + CLASS_BITS;
const TAG: u32 = (1 << TIME_SHIFT) - 1;
/// The time past the epoch up to which a key reaches: 38 hours \[µs\].
const SPAN: u64 = 1 << (64 - TIME_SHIFT);
/// The step in which the epoch moves: half of the span \[µs\].
const STEP: u64 = SPAN / 2;

/// The number of pending events from which the timing wheel is used; with fewer a heap is as fast and has no empty
/// buckets to step over.
const CROWD: usize = 64;

/// The number of slots; every slot lies below it.
pub const SLOTS: u32 = 1 << SLOT_BITS;

/// A queue of events, ordered by (time, class, slot), earliest first.
///
/// An event is one packed integer, `time since the epoch | class | slot`, so that comparing events is comparing
/// integers. A heap serves while few events wait; when many do, those of the next half minute go into a timing wheel,
/// and the lesser of the two first keys is the next event. Events too far off for a key wait in a plain heap until the
/// epoch has moved.
#[derive(Debug)]
pub struct EventQueue {
    heap: Heap,
    wheel: Wheel,
    /// The least key, or a bound below it while no key of the wheel is due; [`EMPTY`] when there is none.
    front: u64,
    /// The key taken last.
    last: u64,
    far: BinaryHeap<Reverse<(u64, u32)>>,
    foresight: Foresight,
    /// The key of the next event that was foreseen, called for or not; [`EMPTY`] while it lies past all keys.
    foreseen: u64,
    epoch: u64,
}

impl Default for EventQueue {
    fn default() -> Self {
        Self::new()
    }
}

impl EventQueue {
    #[must_use]
    pub fn new() -> Self {
        Self {
            heap: Heap::default(),
            wheel: Wheel::default(),
            front: EMPTY,
            last: 0,
            far: BinaryHeap::new(),
            foresight: Foresight::default(),
            foreseen: EMPTY,
            epoch: 0,
        }
    }

    /// Adds completions that are known in advance, sorted by time; each happens if it is called for. Must come before
    /// the first event is taken.
    pub fn foresee(&mut self, list: Arc<[Foreseen]>) {
        self.foresight = Foresight::new(list);
        self.foreseen = self.next_foreseen();
        self.front = self.least();
    }

    /// Calls for the foreseen completion of this number, which will then happen; it must lie in the future.
    #[inline(always)]
    pub fn call_for(&mut self, number: u32) {
        self.foresight.call_for(number);
    }

    /// Returns the foreseen completions that were called for and are still to come.
    pub fn to_come(&self) -> impl Iterator<Item = u32> + '_ {
        self.foresight.to_come()
    }

    #[inline(always)]
    fn next_foreseen(&self) -> u64 {
        match self.foresight.peek() {
            Some(Foreseen { at, .. }) if at - self.epoch < SPAN => self.key(Event::new(at, Class::Completion, 0)),
            _ => EMPTY,
        }
    }

    /// Returns the least key, or a bound below it while no key of the wheel is due.
    #[inline(always)]
    fn least(&self) -> u64 {
        self.wheel.bound().min(self.heap.peek()).min(self.foreseen)
    }

    /// Takes the foreseen event of the front key, unless it was not called for.
    #[inline(always)]
    fn take_foreseen(&mut self) -> Option<Event> {
        let key = self.front;
        let (one, is_called) = self.foresight.pop()?;
        self.foreseen = self.next_foreseen();
        self.front = self.least();
        is_called.then(|| {
            self.last = key;
            Event::new(one.at, Class::Foreseen, one.number)
        })
    }

    /// Returns the number of waiting events, without those that are known in advance.
    #[must_use]
    pub fn len(&self) -> usize {
        self.heap.len() + self.wheel.len() + self.far.len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Adds an event. `event.at` must not lie before the last event taken, nor `event.slot` past [`SLOTS`].
    #[inline(always)]
    pub fn push(&mut self, event: Event) {
        debug_assert!(event.at >= self.epoch);
        if event.at - self.epoch < SPAN {
            let key = self.key(event);
            // Nearly always: the key waits behind others of the wheel, and the front stays what it is.
            if !self.wheel.push_behind(key) {
                self.push_key(key);
            }
        } else {
            self.far.push(Reverse((event.at, event.tag)));
        }
    }

    #[inline(never)]
    fn push_key(&mut self, key: u64) {
        if self.wheel.len() == 0 {
            if self.heap.len() < CROWD {
                self.front = self.front.min(key);
                return self.heap.push(key);
            }
            self.wheel.start_from(self.last);
        }
        match self.wheel.push(key) {
            Pushed::Later if self.wheel.len() > 1 => return,
            Pushed::Later | Pushed::Due => {}
            Pushed::TooLate => self.heap.push(key),
        }
        self.front = self.front.min(self.wheel.bound()).min(key);
    }

    #[inline]
    fn key(&self, event: Event) -> u64 {
        ((event.at - self.epoch) << TIME_SHIFT) | u64::from(event.tag)
    }

    /// Returns the key below which those of all events before `next` lie, as far as keys reach.
    #[inline(always)]
    #[must_use]
    pub fn limit(&self, next: Event) -> u64 {
        if next.at - self.epoch < SPAN { self.key(next) } else { EMPTY }
    }

    /// Returns the key below which those of all events before `next` lie; `None` where the epoch must move for it,
    /// which is rare.
    #[inline(always)]
    #[must_use]
    pub fn near_limit(&self, next: Event) -> Option<u64> {
        (next.at - self.epoch < STEP).then(|| self.key(next))
    }

    /// Takes the earliest event below a [`EventQueue::limit`].
    #[inline(always)]
    pub fn pop_below(&mut self, limit: u64) -> Option<Event> {
        while self.front < limit {
            if self.front == self.foreseen {
                match self.take_foreseen() {
                    Some(event) => return Some(event),
                    None => continue,
                }
            }
            if !self.wheel.may_turn() || self.front < self.wheel.bound() {
                return Some(self.take_front());
            }
            // The front is a bound: keys of the wheel may lie between it and the heap's first.
            self.wheel.turn_until(limit.min(self.heap.peek()).min(self.foreseen));
            self.front = self.least();
        }
        None
    }

    /// Moves the epoch when `at`, before which no event is left below its limit, is far past it; the limit must then be
    /// asked for anew, and may let more events through.
    #[inline(always)]
    pub fn follow(&mut self, at: u64) -> bool {
        at - self.epoch >= STEP && self.move_epoch(at)
    }

    /// Takes the next event when it shares the instant and class of the one taken last.
    #[inline(always)]
    pub fn pop_tied(&mut self) -> Option<Event> {
        // A key of the same instant is due already: the wheel need not turn.
        while (self.front ^ self.last) >> SLOT_BITS == 0 {
            if self.front != self.foreseen {
                return Some(self.take_front());
            }
            if let Some(event) = self.take_foreseen() {
                return Some(event);
            }
        }
        None
    }

    /// Takes the event of the front key, which there is.
    #[inline(always)]
    fn take_front(&mut self) -> Event {
        let key = self.front;
        if self.wheel.peek() == key {
            self.wheel.pop();
        } else {
            self.heap.pop();
        }
        self.front = self.least();
        self.last = key;
        Event { at: self.epoch + (key >> TIME_SHIFT), tag: key as u32 & TAG }
    }

    /// Brings the epoch up to the step in which the next event lies, or `at` if that is sooner; returns whether it moved.
    #[cold]
    fn move_epoch(&mut self, at: u64) -> bool {
        let near = match self.front {
            EMPTY => u64::MAX,
            front => self.epoch + (front >> TIME_SHIFT),
        };
        let far = self.far.peek().map_or(u64::MAX, |Reverse((at, ..))| *at);
        let far = far.min(self.foresight.peek().map_or(u64::MAX, |one| one.at));
        let epoch = at.min(near).min(far) / STEP * STEP;
        if epoch <= self.epoch {
            return false;
        }
        let by = (epoch - self.epoch) << TIME_SHIFT;
        self.heap.lower_all(by);
        self.wheel.lower_all(by);
        self.last = self.last.saturating_sub(by);
        self.epoch = epoch;
        self.foreseen = self.next_foreseen();
        self.front = self.least();
        while let Some(Reverse((at, tag))) = self.far.peek().copied() {
            if at - epoch >= SPAN {
                break;
            }
            self.far.pop();
            self.push_key(self.key(Event { at, tag }));
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pop_before(queue: &mut EventQueue, at: u64, class: Class) -> Option<Event> {
        loop {
            let event = queue.pop_below(queue.limit(Event::new(at, class, 0)));
            if event.is_some() || !queue.follow(at) {
                return event;
            }
        }
    }

    /// Returns a small deterministic generator, so that the test needs nothing else.
    fn scramble(x: u64) -> u64 {
        x.wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(29).wrapping_mul(0xBF58_476D_1CE4_E5B9)
    }

    #[test]
    fn events_come_in_order_however_far_apart_they_lie() {
        let mut queue = EventQueue::new();
        let mut expected = BinaryHeap::new();
        let mut now = 0;
        for i in 1..20_000_u64 {
            let r = scramble(i);
            let reach = [100, 1_000_000, 1 << 35, 1 << 38, 1 << 41][(r % 5) as usize];
            let event = Event::new(
                now + (r >> 8) % reach,
                [Class::Completion, Class::Retry, Class::WakeUp][(r >> 60) as usize % 3],
                (r >> 20) as u32 % SLOTS,
            );
            queue.push(event);
            expected.push(Reverse((event.at, event.class() as u8, event.slot())));
            if i % 3 != 0 {
                let Reverse((at, class, slot)) = expected.pop().unwrap();
                let got = pop_before(&mut queue, u64::MAX, Class::WakeUp).unwrap();
                assert_eq!((got.at, got.class() as u8, got.slot()), (at, class, slot));
                now = at;
            }
        }
        assert_eq!(queue.len(), expected.len());
        while let Some(Reverse((at, class, slot))) = expected.pop() {
            let got = pop_before(&mut queue, u64::MAX, Class::WakeUp).unwrap();
            assert_eq!((got.at, got.class() as u8, got.slot()), (at, class, slot));
        }
        assert_eq!(pop_before(&mut queue, u64::MAX, Class::WakeUp), None);
    }

    #[test]
    fn only_what_comes_before_is_taken() {
        let mut queue = EventQueue::new();
        queue.push(Event::new(10, Class::Retry, 1));
        queue.push(Event::new(10, Class::Completion, 2));
        queue.push(Event::new(1 << 40, Class::Completion, 3));
        assert_eq!(pop_before(&mut queue, 10, Class::Arrival).map(|e| e.slot()), Some(2));
        assert_eq!(pop_before(&mut queue, 10, Class::Arrival), None);
        assert_eq!(pop_before(&mut queue, 11, Class::Arrival).map(|e| e.slot()), Some(1));
        assert_eq!(pop_before(&mut queue, 1 << 40, Class::Completion), None);
        assert_eq!(pop_before(&mut queue, 1 << 40, Class::Arrival).map(|e| e.slot()), Some(3));
    }

    #[test]
    fn ties_are_found() {
        let mut queue = EventQueue::new();
        for slot in [5, 3, 4] {
            queue.push(Event::new(7, Class::Completion, slot));
        }
        queue.push(Event::new(7, Class::Retry, 0));
        let first = pop_before(&mut queue, 8, Class::Arrival).unwrap();
        assert_eq!(first.slot(), 3);
        assert_eq!(queue.pop_tied().map(|e| e.slot()), Some(4));
        assert_eq!(queue.pop_tied().map(|e| e.slot()), Some(5));
        assert_eq!(queue.pop_tied(), None);
    }
    #[test]
    fn what_is_foreseen_and_called_for_happens_among_the_others() {
        // Far apart and close together, so that the epoch moves and ends share instants.
        let at = |number: u64| number / 3 * 40_000_000_000 + scramble(number) % 3;
        let mut list: Vec<Foreseen> = (0..600_u32).map(|number| Foreseen { at: at(number.into()), number }).collect();
        list.sort_unstable();
        let mut queue = EventQueue::new();
        queue.foresee(list.clone().into());
        let called = |number: u32| scramble(number.into()).is_multiple_of(2);
        (0..600).filter(|number| called(*number)).for_each(|number| queue.call_for(number));
        let mut expected: Vec<(u64, u8, u32)> =
            list.iter().filter(|f| called(f.number)).map(|f| (f.at, Class::Completion as u8, f.number)).collect();
        for k in 0..900_u64 {
            let class = [Class::Completion, Class::Retry][k as usize % 2];
            queue.push(Event::new(at(k * 2 / 3), class, 1_000 + k as u32));
            expected.push((at(k * 2 / 3), class as u8, 1_000 + k as u32));
        }
        expected.sort_unstable();
        assert_eq!(queue.to_come().count(), list.iter().filter(|f| called(f.number)).count());
        let mut got = Vec::new();
        while let Some(event) = pop_before(&mut queue, u64::MAX, Class::WakeUp) {
            let mut tied = vec![event];
            tied.extend(std::iter::from_fn(|| queue.pop_tied()));
            let class = |e: &Event| if e.class() == Class::Foreseen { Class::Completion } else { e.class() };
            let mut tied: Vec<_> = tied.iter().map(|e| (e.at, class(e) as u8, e.slot())).collect();
            assert!(
                tied.iter().all(|one| (one.0, one.1) == (tied[0].0, tied[0].1)),
                "tied are of one instant and class"
            );
            tied.sort_unstable();
            got.extend(tied);
        }
        assert_eq!(got, expected);
        assert_eq!(queue.to_come().count(), 0);
    }
}

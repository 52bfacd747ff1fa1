//! A timing wheel of integers: the future in narrow buckets, sorted only when their time has come.
//!
//! To add a key is to append it, and a bucket holds few keys when it is sorted, so that an event costs about a fifth of
//! what it does in a heap of thousands. The order is exact.

use std::mem;

/// The lowest bit of a key that counts buckets \[bits\]. A bucket is 2¹² µs wide for keys whose time begins at bit 27.
const BUCKET_SHIFT: u32 = 27 + 12;
/// The number of buckets in the wheel, which span 33 s.
const BUCKETS: u64 = 1 << 13;

/// The most keys for which an empty bucket keeps room: 8 MB for all buckets at most.
const MOST_ROOM: usize = 128;

/// The result of adding a key to the wheel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pushed {
    /// The key waits in a bucket.
    Later,
    /// The key is among those that are due.
    Due,
    /// The time of the key lies past the wheel, which does not hold it.
    TooLate,
}

/// A timing wheel of the keys of the next 33 s.
#[derive(Debug)]
pub struct Wheel {
    /// The keys of each bucket in order of arrival. The fixed length saves checks of bounds.
    buckets: Box<[Vec<u64>; BUCKETS as usize]>,
    /// One bit for each bucket, set if it holds a key.
    filled: Box<[u64; BUCKETS as usize / 64]>,
    /// The keys of the buckets up to the cursor, greatest first.
    due: Vec<u64>,
    /// The number of the bucket up to which all are empty: their keys are due.
    cursor: u64,
    len: usize,
}

impl Default for Wheel {
    fn default() -> Self {
        Self {
            buckets: Box::new([const { Vec::new() }; BUCKETS as usize]),
            filled: Box::new([0; BUCKETS as usize / 64]),
            due: Vec::new(),
            cursor: 0,
            len: 0,
        }
    }
}

#[inline]
fn place_of(bucket: u64) -> usize {
    (bucket & (BUCKETS - 1)) as usize
}

impl Wheel {
    #[inline]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Sets an empty wheel to the time of `key`, which no key to come is below.
    pub fn start_from(&mut self, key: u64) {
        self.cursor = key >> BUCKET_SHIFT;
    }

    /// Adds a key if it will wait in a bucket, and the wheel holds others already; returns whether it was added.
    #[inline(always)]
    pub fn push_behind(&mut self, key: u64) -> bool {
        let bucket = key >> BUCKET_SHIFT;
        // Buckets up to the cursor wrap around to great distances.
        let fits = self.len > 0 && bucket.wrapping_sub(self.cursor + 1) < BUCKETS - 1;
        if fits {
            self.put(bucket, key);
        }
        fits
    }

    /// Adds a key, unless its time lies past the wheel.
    pub fn push(&mut self, key: u64) -> Pushed {
        let bucket = key >> BUCKET_SHIFT;
        if bucket.wrapping_sub(self.cursor + 1) < BUCKETS - 1 {
            self.put(bucket, key);
            return Pushed::Later;
        }
        if bucket > self.cursor {
            return Pushed::TooLate;
        }
        let at = self.due.partition_point(|due| *due > key);
        self.due.insert(at, key);
        self.len += 1;
        Pushed::Due
    }

    #[inline(always)]
    fn put(&mut self, bucket: u64, key: u64) {
        let place = place_of(bucket);
        self.buckets[place].push(key);
        self.filled[place / 64] |= 1 << (place % 64);
        self.len += 1;
    }

    /// Returns whether no key is due, but some will be.
    #[inline(always)]
    pub fn may_turn(&self) -> bool {
        self.due.is_empty() && self.len > 0
    }

    /// Returns the least key that is due, or else a bound below all keys; `u64::MAX` when there is none.
    #[inline(always)]
    pub fn bound(&self) -> u64 {
        match self.due.last() {
            Some(key) => *key,
            None if self.len > 0 => (self.cursor + 1) << BUCKET_SHIFT,
            None => u64::MAX,
        }
    }

    /// Makes the next keys due whose bucket is not past that of `limit`.
    #[inline(never)]
    pub fn turn_until(&mut self, limit: u64) {
        self.turn(limit >> BUCKET_SHIFT);
    }

    /// Returns the least key that is due; `u64::MAX` when none is.
    #[inline]
    pub fn peek(&self) -> u64 {
        self.due.last().copied().unwrap_or(u64::MAX)
    }

    /// Drops the key that [`Wheel::peek`] gives.
    #[inline]
    pub fn pop(&mut self) {
        if self.due.pop().is_some() {
            self.len -= 1;
        }
    }

    /// Makes the next bucket with keys due, if there is one up to bucket `until`; the cursor never passes that one, so
    /// that what is added meanwhile still finds its bucket.
    #[inline]
    fn turn(&mut self, until: u64) {
        // Nothing lies past a whole turn.
        let until = until.min(self.cursor + BUCKETS - 1);
        while self.cursor < until {
            let next = self.cursor + 1;
            let bits = self.filled[place_of(next) / 64] >> (next % 64);
            let skipped = u64::from(bits.trailing_zeros());
            if bits == 0 {
                self.cursor = (next | 63).min(until);
            } else if next + skipped <= until {
                self.cursor = next + skipped;
                return self.make_due();
            } else {
                self.cursor = until;
            }
        }
    }

    /// Sorts the keys of the cursor's bucket, which holds some; none was due.
    #[inline]
    fn make_due(&mut self) {
        let place = place_of(self.cursor);
        self.filled[place / 64] &= !(1 << (place % 64));
        // The bucket takes over the room of the keys that were due before; that of a great burst is given back, or each
        // bucket would come to have as much.
        mem::swap(&mut self.due, &mut self.buckets[place]);
        if self.buckets[place].capacity() > MOST_ROOM {
            self.buckets[place] = Vec::new();
        }
        if self.due.len() > 1 {
            self.due.sort_unstable_by(|a, b| b.cmp(a));
        }
    }

    /// Subtracts `by` from every key; it must be a whole number of turns.
    pub fn lower_all(&mut self, by: u64) {
        debug_assert_eq!((by >> BUCKET_SHIFT) % BUCKETS, 0);
        self.buckets.iter_mut().flatten().for_each(|key| *key -= by);
        self.due.iter_mut().for_each(|key| *key -= by);
        self.cursor = self.cursor.saturating_sub(by >> BUCKET_SHIFT);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_for_a_burst_is_given_back() {
        let mut wheel = Wheel::default();
        for turn in 0..3 * BUCKETS / 64 {
            let bucket = 2 + turn * 64;
            (0..10_000).for_each(|key| assert_ne!(wheel.push((bucket << BUCKET_SHIFT) + key), Pushed::TooLate));
            wheel.turn_until((bucket + 1) << BUCKET_SHIFT);
            (0..10_000).for_each(|key| {
                assert_eq!(wheel.peek(), (bucket << BUCKET_SHIFT) + key);
                wheel.pop();
            });
        }
        let room: usize = wheel.buckets.iter().map(Vec::capacity).sum();
        assert!(room <= 2 * 16_384, "room for {room} keys is kept");
    }
}

//! Slots that are used again, so that memory is in proportion to what is alive.

/// Values at stable indices.
#[derive(Debug)]
pub(super) struct Slab<T> {
    slots: Vec<T>,
    free: Vec<u32>,
    most: u32,
}

impl<T> Slab<T> {
    /// Returns an empty slab that holds at most `most` values at a time.
    pub(super) fn new(most: u32) -> Self {
        Self { slots: Vec::new(), free: Vec::new(), most }
    }

    /// Returns how many values it may hold at a time.
    pub(super) const fn most(&self) -> u32 {
        self.most
    }

    /// Stores a value and returns its slot; `None` when all slots are taken.
    #[inline]
    pub(super) fn insert(&mut self, value: T) -> Option<u32> {
        if let Some(slot) = self.free.pop() {
            self.slots[slot as usize] = value;
            return Some(slot);
        }
        let slot = self.slots.len() as u32;
        if slot >= self.most {
            return None;
        }
        self.slots.push(value);
        Some(slot)
    }

    /// The slot may be given out again; its value stays readable until then.
    #[inline]
    pub(super) fn remove(&mut self, slot: u32) {
        self.free.push(slot);
    }

    #[inline]
    pub(super) fn get(&self, slot: u32) -> &T {
        &self.slots[slot as usize]
    }

    #[inline]
    pub(super) fn get_mut(&mut self, slot: u32) -> &mut T {
        &mut self.slots[slot as usize]
    }

    /// Returns the slots of the values alive, in order.
    pub(super) fn slots_alive(&self) -> impl Iterator<Item = u32> {
        let mut dead = vec![false; self.slots.len()];
        self.free.iter().for_each(|slot| dead[*slot as usize] = true);
        (0..).zip(dead).filter(|(_, dead)| !dead).map(|(slot, _)| slot)
    }

    /// Returns the values alive, in the order of their slots.
    pub(super) fn alive(&self) -> impl Iterator<Item = &T> {
        self.slots_alive().map(|slot| self.get(slot))
    }
}

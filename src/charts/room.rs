//! Rectangles of a drawing, and places for labels in which no label covers another.

use super::style::{Type, drawable};

/// A rectangle \[CSS px\].
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Room {
    pub(super) left: f64,
    pub(super) top: f64,
    pub(super) right: f64,
    pub(super) bottom: f64,
}

impl Room {
    pub(super) fn width(&self) -> f64 {
        self.right - self.left
    }

    pub(super) fn height(&self) -> f64 {
        self.bottom - self.top
    }

    /// Returns the room less a margin at each side: left, top, right, bottom \[CSS px\].
    pub(super) fn inset(&self, left: f64, top: f64, right: f64, bottom: f64) -> Self {
        Self { left: self.left + left, top: self.top + top, right: self.right - right, bottom: self.bottom - bottom }
    }

    /// Returns equal parts of the room, row by row.
    pub(super) fn tiles(&self, count: usize, columns: usize, gap: f64) -> Vec<Self> {
        let columns = columns.max(1);
        let rows = count.div_ceil(columns).max(1);
        let width = (self.width() + gap) / columns as f64;
        let height = self.height() / rows as f64;
        let tile = |i: usize| {
            let (left, top) = (self.left + (i % columns) as f64 * width, self.top + (i / columns) as f64 * height);
            Self { left, top, right: left + width - gap, bottom: top + height }
        };
        (0..count).map(tile).collect()
    }

    fn overlaps(&self, other: &Self) -> bool {
        self.left < other.right && other.left < self.right && self.top < other.bottom && other.top < self.bottom
    }
}

/// A finder of places for labels beside their dots, in which no label covers another.
pub(super) struct Placer {
    within: Room,
    taken: Vec<Room>,
}

impl Placer {
    pub(super) fn new(within: Room) -> Self {
        Self { within, taken: Vec::new() }
    }

    /// Keeps labels off a place.
    pub(super) fn keep_off(&mut self, x: f64, y: f64) {
        self.taken.push(Room { left: x - 4.0, right: x + 4.0, top: y - 4.0, bottom: y + 4.0 });
    }

    /// Keeps labels off a line along one of the axes.
    pub(super) fn keep_off_line(&mut self, from: (f64, f64), to: (f64, f64)) {
        let (left, right) = (from.0.min(to.0) - 1.0, from.0.max(to.0) + 1.0);
        self.taken.push(Room { left, right, top: from.1.min(to.1) - 1.0, bottom: from.1.max(to.1) + 1.0 });
    }

    /// Keeps labels off a line that goes up or down.
    pub(super) fn keep_off_slope(&mut self, from: (f64, f64), to: (f64, f64)) {
        let parts = ((to.0 - from.0).abs().max((to.1 - from.1).abs()) / 4.0).ceil().clamp(1.0, 400.0) as usize;
        for i in 0..=parts {
            let share = i as f64 / parts as f64;
            let (x, y) = (from.0 + (to.0 - from.0) * share, from.1 + (to.1 - from.1) * share);
            self.taken.push(Room { left: x - 1.5, right: x + 1.5, top: y - 1.5, bottom: y + 1.5 });
        }
    }

    /// Reserves room for a label of the dot at (x, y), and returns where the label begins and its baseline; `None`: the
    /// label fits nowhere near.
    pub(super) fn place(&mut self, x: f64, y: f64, text: &str, face: Type) -> Option<(f64, f64)> {
        self.place_at((x, y), text, face, &[-7.0, 16.0, 4.0, -20.0, 29.0, -33.0, 42.0])
    }

    /// Reserves room, as `place` does, for a label that must not be left out: farther above where there is none nearby.
    pub(super) fn place_anyhow(&mut self, x: f64, y: f64, text: &str, face: Type) -> Option<(f64, f64)> {
        let mut far = (3..20).map(|i| -13.0 * f64::from(i));
        let near = self.place(x, y, text, face);
        near.or_else(|| far.find_map(|rise| self.place_at((x, y), text, face, &[rise])))
    }

    fn place_at(&mut self, (x, y): (f64, f64), text: &str, face: Type, rises: &[f64]) -> Option<(f64, f64)> {
        let (width, height) = (face.width(&drawable(text)), face.size);
        let sides = [x + 8.0, x - 8.0 - width, x - width / 2.0, self.within.right - width - 3.0];
        let candidates = sides.iter().flat_map(|left| rises.iter().map(move |dy| (*left, y + dy)));
        for (left, base) in candidates {
            let room = Room { left: left - 2.0, right: left + width + 2.0, top: base - height, bottom: base + 3.0 };
            let inside = room.left >= self.within.left
                && room.right <= self.within.right
                && room.top >= self.within.top
                && room.bottom <= self.within.bottom;
            if inside && !self.taken.iter().any(|taken| taken.overlaps(&room)) {
                self.taken.push(room);
                return Some((left, base));
            }
        }
        None
    }
}

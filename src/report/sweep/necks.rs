//! The bottlenecks of the points of a sweep that fail.

use crate::report::figures::count;
use crate::report::verdict;
use crate::results::Neck;

/// The bottlenecks of the points that fail, each with the number of its points, in the order in which they came.
#[derive(Debug, Default)]
pub(super) struct Necks {
    points: u64,
    by_place: Vec<(Neck, u64)>,
}

impl Necks {
    /// Counts the bottleneck of a point that fails; `None`: the point has none.
    pub(super) fn add(&mut self, neck: Option<&Neck>) {
        self.points += 1;
        let Some(neck) = neck else { return };
        match self.by_place.iter_mut().find(|(known, _)| known.kind == neck.kind && known.path == neck.path) {
            Some((_, points)) => *points += 1,
            // Its size may be another at each point.
            None => self.by_place.push((Neck { size: None, ..neck.clone() }, 1)),
        }
    }

    /// Returns the commonest bottleneck, the first of equals; `None`: no point that fails has one.
    pub(super) fn line(&self) -> Option<String> {
        let most = self.by_place.iter().map(|(_, points)| *points).max()?;
        let (neck, _) = self.by_place.iter().find(|(_, points)| *points == most)?;
        let of = match (most, self.points) {
            (1, 1) => "the point that fails".to_owned(),
            (2, 2) => "both points that fail".to_owned(),
            (most, all) if most == all => format!("all {} points that fail", count(all as f64)),
            (most, all) => format!("{} of the {} points that fail", count(most as f64), count(all as f64)),
        };
        Some(format!("The bottleneck of {of} is {}.", verdict::named(neck)))
    }
}

//! The chart of the attempts that each capacity took over time. It shows where a route spills over, and when.

use super::course::Course;
use super::shares::{Shares, Titles};
use super::{Chart, ChartError, Drawing, Subject, source_over_time};

pub(super) struct ServedByCapacity;

impl Chart for ServedByCapacity {
    fn name(&self) -> &'static str {
        "served_by_capacity"
    }

    fn shows(&self) -> &'static str {
        "Which capacity took how many of the attempts over time, where there are several."
    }

    fn draw(&self, subject: &Subject<'_>) -> Result<Vec<Drawing>, ChartError> {
        let Some((point, detail)) = subject.detailed() else { return Ok(Vec::new()) };
        let Some(course) = Course::of(subject.results, detail) else { return Ok(Vec::new()) };
        let mut all = course.each("capacities.", ".admitted_per_min");
        // Those of a capacity's regions are part of its own.
        all.retain(|(name, _)| !name.contains('.'));
        let titles = Titles {
            name: self.name().to_owned(),
            title: "What each capacity took".to_owned(),
            source: source_over_time(subject.results, point),
        };
        Shares::of(course, all, ["capacity", "capacities"]).map(|shares| shares.draw(titles)).into_iter().collect()
    }
}

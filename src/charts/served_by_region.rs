//! The chart of the attempts that each region of a pool took over time. It shows where a call goes when the region that
//! is called has no room.

use super::course::{Course, largest};
use super::shares::{Shares, Titles};
use super::{Chart, ChartError, Drawing, Subject, source_over_time};
use crate::terms::natural_order;

pub(super) struct ServedByRegion;

impl Chart for ServedByRegion {
    fn name(&self) -> &'static str {
        "served_by_region"
    }

    fn shows(&self) -> &'static str {
        "Which region of a cross-region pool took how many of the attempts over time, one drawing for each pool."
    }

    fn draw(&self, subject: &Subject<'_>) -> Result<Vec<Drawing>, ChartError> {
        let Some((point, detail)) = subject.detailed() else { return Ok(Vec::new()) };
        let series = detail.timeline.series.keys();
        let mut pools: Vec<&str> =
            series.filter_map(|name| Some(name.strip_prefix("capacities.")?.split_once(".regions.")?.0)).collect();
        pools.sort_by(|a, b| natural_order(a, b));
        pools.dedup();
        let mut drawings = Vec::new();
        for pool in &pools {
            let Some(course) = Course::of(subject.results, detail) else { continue };
            let all = course.each(&format!("capacities.{pool}.regions."), ".admitted_per_min");
            // One region that takes everything is no picture.
            if all.iter().filter(|(_, values)| largest(values) > 0.0).count() < 2 {
                continue;
            }
            let titles = Titles {
                name: if pools.len() == 1 { self.name().to_owned() } else { format!("{}-{pool}", self.name()) },
                title: format!("What each region of {pool} took"),
                source: source_over_time(subject.results, point),
            };
            drawings
                .extend(Shares::of(course, all, ["region", "regions"]).map(|shares| shares.draw(titles)).transpose()?);
        }
        Ok(drawings)
    }
}

//! The daily limits that apply beside the limits of a minute: how much of the day is used, and when it is used up.

use super::course::Course;
use super::frame::{Align, Ink, Mark, Panel, STRONG};
use super::{ChartError, labels};
use crate::results::Point;

/// The share of a day's tokens below which the use is written as less than this share \[1\].
const LEAST_SHARE: f64 = 0.0005;
const DAY_S: f64 = 86_400.0;
const USED_UP: Mark = Mark::Dashes(Ink::Vermillion, 1.5);

/// A daily limit that is in force for a quota or a capacity.
pub(super) struct Daily {
    /// The name of the limit in words, such as `the account's daily quota`.
    name: String,
    /// The share of the day's tokens that is charged \[1\].
    used: f64,
    refused: f64,
    /// The column in which it first refused; `None`: it never did, or the document has no series of it.
    first: Option<usize>,
}

impl Daily {
    /// Returns the daily limits of an owner of limits such as `quotas.us`: its own, and the account's where the owner counts
    /// towards it.
    pub(super) fn of(owner: &str, counts_for_account: bool, point: &Point, course: &Course<'_>) -> Vec<Self> {
        let mut days = Vec::new();
        for name in point.metrics.keys() {
            let Some(prefix) = name.strip_suffix(".tpd.utilization_mean") else { continue };
            let is_account = prefix == "account" || prefix.starts_with("account.");
            if !(prefix == owner || (is_account && counts_for_account)) {
                continue;
            }
            let value = |stem: &str| point.value(&format!("{prefix}.tpd.{stem}")).filter(|x| x.is_finite());
            let (Some(used), refused) = (value("utilization_mean"), value("refused").unwrap_or(0.0)) else { continue };
            let series = if is_account { "total.refused_account_tpd_per_min" } else { "total.refused_tpd_per_min" };
            let first = course.mean(series).and_then(|values| values.iter().position(|v| *v > 0.0));
            let name = match prefix.split_once('.') {
                None => "the account's daily quota".to_owned(),
                Some(("account", region)) => format!("the account's daily quota in {region}"),
                Some(_) => format!("the daily quota {prefix}.tpd"),
            };
            days.push(Self { name, used, refused, first: first.filter(|_| refused > 0.0) });
        }
        days
    }

    /// Says how much of the quota is used, and from when on it refuses.
    pub(super) fn sentence(&self, course: &Course<'_>) -> String {
        let used = match self.used {
            used if used > 0.0 && used < LEAST_SHARE => format!("less than {}", labels::percent(LEAST_SHARE)),
            // What refuses has nothing left.
            used if self.refused > 0.0 && used > 0.9995 => labels::percent(1.0),
            used => labels::percent(used),
        };
        let edges = &course.columns.edges;
        let mean = if edges[edges.len() - 1] - edges[0] > 1.01 * DAY_S { " on an average day" } else { "" };
        let text = format!("Of {}, {used} is used{mean}", self.name);
        let offers = labels::amount(self.refused);
        match self.first {
            Some(column) => format!("{text}; it refused {offers} offers, the first at {}.", course.when(column)),
            None if self.refused > 0.0 => format!("{text}; it refused {offers} offers."),
            None => format!("{text}."),
        }
    }

    /// Draws the instant from which the day is used up; `with_name` writes beside it what it is.
    pub(super) fn draw(&self, panel: &Panel<'_, '_>, course: &Course<'_>, with_name: bool) -> Result<(), ChartError> {
        let Some(column) = self.first else { return Ok(()) };
        let (x, _) = panel.at(course.columns.edges[column], 0.0);
        let room = panel.room;
        panel.upright(course.columns.edges[column], USED_UP)?;
        if !with_name {
            return Ok(());
        }
        let is_right = x > f64::midpoint(room.left, room.right);
        let (x, align) = if is_right { (x - 6.0, Align::Right) } else { (x + 6.0, Align::Left) };
        panel.note(x, room.top + room.height() / 2.0, &format!("{} is used up", self.name), STRONG, Ink::Text, align)
    }
}

//! The chart of how full bought throughput was: the shares of its input and output limits that were used, over time.

use std::collections::BTreeMap;

use super::axis::Axis;
use super::course::{Course, head, largest, total};
use super::frame::{self, Align, Canvas, Heading, Ink, Mark, Room, STRONG};
use super::{Chart, ChartError, Drawing, Subject, labels, source_over_time};
use crate::results::{LimitFacts, Point};
use crate::terms::natural_order;

pub(super) struct UnitUtilization;

/// The most panels, because more would be too low to read; the fullest come first.
const MOST_PANELS: usize = 4;
/// The height of a panel \[CSS px\].
const PANEL_HEIGHT: f64 = 150.0;

/// The width of a line \[CSS px\].
const WEIGHT: f64 = 1.75;
const INPUT: Ink = Ink::Blue;
const OUTPUT: Ink = Ink::Purple;
const LIMIT: Mark = Mark::Line(Ink::Text, 1.25);

impl Chart for UnitUtilization {
    fn name(&self) -> &'static str {
        "unit_utilization"
    }

    fn shows(&self) -> &'static str {
        "How much of the input and of the output that provisioned throughput admits was used over time."
    }

    fn draw(&self, subject: &Subject<'_>) -> Result<Vec<Drawing>, ChartError> {
        let Some((point, detail)) = subject.detailed() else { return Ok(Vec::new()) };
        let Some(course) = Course::of(subject.results, detail) else { return Ok(Vec::new()) };
        let mut units = units(&course, &detail.limits);
        if units.is_empty() {
            return Ok(Vec::new());
        }
        units.sort_by(|a, b| b.most().total_cmp(&a.most()));
        let undrawn = units.len().saturating_sub(MOST_PANELS);
        units.truncate(MOST_PANELS);
        let mut source = source_over_time(subject.results, point);
        if undrawn > 0 {
            source = format!("{undrawn} less full not drawn · {source}");
        }
        let heading = Heading {
            name: self.name().to_owned(),
            title: "Use of provisioned throughput".to_owned(),
            subtitle: subtitle(point, &course, &units),
            legend: legend(&units),
            source,
            height: 180.0 + units.len() as f64 * PANEL_HEIGHT,
        };
        let drawing = frame::draw(&heading, |canvas, room| {
            let room = course.clock(canvas, room)?;
            let each = (room.bottom - room.top) / units.len() as f64;
            for (i, unit) in units.iter().enumerate() {
                let is_last = i + 1 == units.len();
                let (top, gap) = (room.top + i as f64 * each, if is_last { 0.0 } else { 12.0 });
                let room = Room { top: top + 24.0, bottom: top + each - gap, ..room };
                unit.panel(canvas, room, &course, (is_last, units.len() == 1))?;
            }
            Ok(())
        })?;
        Ok(vec![drawing])
    }
}

fn legend(units: &[Unit<'_>]) -> Vec<(String, Mark)> {
    let mut legend = vec![
        ("input used".to_owned(), Mark::Line(INPUT, WEIGHT)),
        ("output used".to_owned(), Mark::Line(OUTPUT, WEIGHT)),
    ];
    // Where lines cross the limit, its name would stand on them.
    if units.iter().any(|unit| unit.most() > 1.0) {
        legend.push(("limit".to_owned(), LIMIT));
    }
    legend
}

/// A capacity of bought throughput, and the shares of its input and output limits that were used, by column \[1\].
struct Unit<'d> {
    /// The path of the capacity, such as `capacities.dedicated`.
    owner: &'d str,
    name: &'d str,
    input: Option<Vec<f64>>,
    output: Option<Vec<f64>>,
}

/// Returns every owner of limits on input or output, which bought throughput alone has.
fn units<'d>(course: &Course<'_>, limits: &'d BTreeMap<String, LimitFacts>) -> Vec<Unit<'d>> {
    let mut units: BTreeMap<&str, Unit<'_>> = BTreeMap::new();
    for (prefix, facts) in limits {
        let Some((owner, limit)) = prefix.rsplit_once('.').filter(|(_, l)| matches!(*l, "input" | "output")) else {
            continue;
        };
        let Some(used) = shares(course, prefix, facts) else { continue };
        let name = owner.split_once('.').map_or(owner, |(_, name)| name);
        let unit = units.entry(owner).or_insert(Unit { owner, name, input: None, output: None });
        if limit == "input" {
            unit.input = Some(used);
        } else {
            unit.output = Some(used);
        }
    }
    let mut units: Vec<Unit<'_>> = units.into_values().collect();
    units.sort_by(|a, b| natural_order(a.name, b.name));
    units
}

/// Returns the used shares of a limit by column \[1\]; `None`: the document has no such series, or the limit is none.
fn shares(course: &Course<'_>, prefix: &str, facts: &LimitFacts) -> Option<Vec<f64>> {
    let limit = Some(facts.per_minute).filter(|limit| limit.is_finite() && *limit > 0.0)?;
    let used = course.mean(&format!("{prefix}.charged_per_min"))?;
    Some(used.into_iter().map(|used| (used / limit).min(1e9)).collect())
}

impl Unit<'_> {
    fn both(&self) -> impl Iterator<Item = (&'static str, &Vec<f64>, Ink)> {
        let input = self.input.as_ref().map(|values| ("input", values, INPUT));
        let output = self.output.as_ref().map(|values| ("output", values, OUTPUT));
        input.into_iter().chain(output)
    }

    fn most(&self) -> f64 {
        self.both().map(|(_, values, _)| largest(values)).fold(0.0, f64::max)
    }

    /// Draws the panel; the flags say whether it is the last one, and whether it is the only one.
    fn panel(
        &self,
        canvas: &Canvas<'_>,
        room: Room,
        course: &Course<'_>,
        (is_last, is_only): (bool, bool),
    ) -> Result<(), ChartError> {
        // Down to a few per cent the limit stays in sight: how far it is away is what the chart is about.
        let panel = canvas.panel(room, course.axis(is_last), Axis::shares(self.most().max(1.0) * 1.1, 4.0));
        let peaks = self.both().map(|(name, values, _)| format!("{name} at most {}", labels::percent(largest(values))));
        // The subtitle has the peaks of a single capacity.
        let peaks = if is_only { String::new() } else { peaks.collect::<Vec<String>>().join(", ") };
        head(canvas, room, self.name, &peaks)?;
        panel.grid()?;
        course.level(&panel, 1.0, LIMIT)?;
        for (_, values, ink) in self.both() {
            course.line(&panel, values.iter().copied().map(Some), (ink, WEIGHT))?;
        }
        panel.floor()?;
        for (name, values, _) in self.both() {
            course.tips(&panel, values, |i| format!("{} of {name}", labels::percent(values[i])));
        }
        let (_, y) = panel.at(0.0, 1.0);
        if self.most() <= 1.0 {
            panel.note(room.right, y - 4.0, "limit", STRONG, Ink::Text, Align::Right)?;
        }
        Ok(())
    }
}

/// Says how much the fullest capacity used: over all replications where the document says so, else as drawn.
fn subtitle(point: &Point, course: &Course<'_>, units: &[Unit<'_>]) -> String {
    let unit = &units[0];
    let part = |(name, values, _): (&str, &Vec<f64>, Ink)| {
        let known =
            |stem: &str| point.value(&format!("{}.{name}.utilization_{stem}", unit.owner)).filter(|x| *x >= 0.0);
        let (mean, most) = match known("mean").zip(known("peak")) {
            Some(both) => both,
            None => (total(values) / values.len() as f64, largest(values)),
        };
        format!(
            "{} of the {name} on average, at most {}",
            labels::percent(mean.min(1e9)),
            labels::percent(most.min(1e9))
        )
    };
    let parts: Vec<String> = unit.both().map(part).collect();
    let who = if units.len() > 1 { format!("{}, the fullest,", unit.name) } else { unit.name.to_owned() };
    let wide = course.columns.width_s > 60.0;
    let wide = if wide { format!(" The lines are means of {}.", course.span()) } else { String::new() };
    format!("{who} used {}.{wide}", parts.join("; "))
}

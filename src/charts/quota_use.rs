//! The chart of the demand on a quota's limits over time: what was used, what was only reserved, and when attempts were
//! throttled. There is one drawing for each quota, and for each capacity with limits of its own.

use std::collections::BTreeMap;

use super::axis::Axis;
use super::columns::Columns;
use super::course::{Course, GUTTER, largest};
use super::daily::Daily;
use super::frame::{self, Align, Canvas, Heading, Ink, LABEL, Mark, Panel, Room, STRONG};
use super::{Chart, ChartError, Drawing, Subject, labels, source_over_time};
use crate::results::{LimitFacts, Point, Timeline};
use crate::terms::Unit;

pub(super) struct QuotaUse;

/// The most panels of a drawing; more would be too low to read.
const MOST_PANELS: usize = 4;
/// The most drawings, because nobody looks at more; the most important come first.
const MOST_DRAWINGS: usize = 12;
/// The use from which a limit that refused nothing gets a panel of its own beside the first \[1\].
const NEAR: f64 = 0.5;
/// The multiple of the largest use beyond which a limit is named at the top, because its line would squeeze the areas
/// flat.
const FAR_ABOVE: f64 = 8.0;
/// The height of a panel \[CSS px\].
const PANEL_HEIGHT: f64 = 176.0;
const STRIP_HEIGHT: f64 = 34.0;
/// The longest stem of a file's name \[characters\].
const LONGEST_STEM: usize = 120;
const THROTTLED: &str = "total.throttled_attempts_per_min";

const USED: Mark = Mark::Area(Ink::Blue);
const UNUSED: Mark = Mark::Area(Ink::Amber);
const LIMIT: Mark = Mark::Line(Ink::Text, 1.25);

impl Chart for QuotaUse {
    fn name(&self) -> &'static str {
        "quota_use"
    }

    fn shows(&self) -> &'static str {
        "How full a quota's limits were over time, how much of that was reserved in vain, and when attempts were throttled."
    }

    fn draw(&self, subject: &Subject<'_>) -> Result<Vec<Drawing>, ChartError> {
        let Some((point, detail)) = subject.detailed() else { return Ok(Vec::new()) };
        let results = subject.results;
        let Some(course) = Course::of(results, detail) else { return Ok(Vec::new()) };
        let mut owners: BTreeMap<&str, Vec<Limit<'_>>> = BTreeMap::new();
        for (prefix, facts) in &detail.limits {
            if let Some(limit) = Limit::of(prefix, facts, point, &detail.timeline, &course.columns) {
                owners.entry(limit.owner).or_default().push(limit);
            }
        }
        // Of what nobody asked anything there is nothing to see.
        owners.retain(|_, limits| limits.iter().any(|limit| limit.refused > 0.0 || largest(&limit.held) > 0.0));
        let mut owners: Vec<Vec<Limit<'_>>> = owners.into_values().collect();
        for limits in &mut owners {
            limits.sort_by(|a, b| b.weight_against(a));
        }
        owners.sort_by(|a, b| b[0].weight_against(&a[0]));
        let throttled = course.mean(THROTTLED).unwrap_or_default();
        owners
            .iter()
            .take(MOST_DRAWINGS)
            .map(|limits| {
                let name = file_stem(self.name(), limits[0].owner, &owners);
                let owner = limits[0].owner;
                // What was bought counts towards no day of the account.
                let counts = limits.iter().any(|limit| matches!(limit.name, "rpm" | "tpm"));
                let days = Daily::of(owner, counts, point, &course);
                let sheet = Sheet { limits, days, course: &course, throttled: &throttled };
                sheet.draw(name, source_over_time(results, point))
            })
            .collect()
    }
}

/// Returns the stem of a file, such as `quota_use-us`; the whole path where a quota and a capacity have one name.
fn file_stem(chart: &str, owner: &str, all: &[Vec<Limit<'_>>]) -> String {
    let name = |owner: &str| owner.split_once('.').map_or(owner, |(_, name)| name).to_owned();
    let same = all.iter().filter(|limits| name(limits[0].owner) == name(owner)).count();
    let part = if same > 1 { owner.to_owned() } else { name(owner) };
    // A document may come from anywhere: what it names must not leave the folder or overflow a file system.
    let safe = |c: char| if c.is_ascii_alphanumeric() || c == '_' { c } else { '-' };
    let mut stem: String = format!("{chart}-{part}").chars().map(safe).collect();
    if stem.len() > LONGEST_STEM {
        let rank = all.iter().position(|limits| limits[0].owner == owner).unwrap_or_default();
        stem.truncate(LONGEST_STEM);
        stem += &format!("-{rank}");
    }
    stem
}

/// A limit and its use in each column of the chart, per minute.
struct Limit<'d> {
    /// The path of the owner of the limit, such as `quotas.us`.
    owner: &'d str,
    /// The name of the limit within its owner, such as `tpm`.
    name: &'d str,
    facts: &'d LimitFacts,
    /// The use that was charged, never more than was held.
    used: Vec<f64>,
    /// The use that was charged or reserved.
    held: Vec<f64>,
    refused: f64,
    /// The part of the limit that was used and reserved at the fullest instant \[1\].
    fullest: f64,
    /// The part of the limit that was charged in the fullest minute \[1\].
    peak: Option<f64>,
    /// The part of what was reserved and charged that nobody used \[1\].
    unused: Option<f64>,
}

impl<'d> Limit<'d> {
    /// Returns a limit with its use; `None` for a limit without a series.
    fn of(
        prefix: &'d str,
        facts: &'d LimitFacts,
        point: &Point,
        timeline: &Timeline,
        columns: &Columns,
    ) -> Option<Self> {
        let (owner, name) = prefix.rsplit_once('.')?;
        let series = |stem: &str| timeline.series.get(&format!("{prefix}.{stem}_per_min"));
        let value = |stem: &str| point.value(&format!("{prefix}.{stem}"));
        // What a bucket lacks to a full one is no use in a minute: a bucket shows what was charged alone.
        let is_bucket = facts.limiter == "token_bucket";
        let (occupied, charged) = (series("occupied").filter(|_| !is_bucket), series("charged"));
        let used = columns.mean(charged.or(occupied)?);
        let held = occupied.map_or_else(|| used.clone(), |occupied| columns.peak(occupied));
        let used = used.iter().zip(&held).map(|(used, held)| used.min(*held)).collect();
        let fullest =
            value("occupied_peak_per_min").filter(|_| !is_bucket).unwrap_or_else(|| largest(&held)) / facts.per_minute;
        let unused = value("reserved_unused_tokens").zip(value("charged")).map(|(u, c)| u / (u + c));
        Some(Self {
            owner,
            name,
            facts,
            used,
            held,
            refused: value("refused").unwrap_or(0.0),
            fullest: if fullest.is_finite() { fullest } else { 0.0 },
            peak: value("utilization_peak"),
            unused: unused.filter(|share| share.is_finite()),
        })
    }

    /// Compares two limits by importance: that which refused most matters most; where nothing refused, that which came
    /// nearest to its limit, reservations included.
    fn weight_against(&self, other: &Self) -> std::cmp::Ordering {
        self.refused.total_cmp(&other.refused).then(self.fullest.total_cmp(&other.fullest))
    }

    fn matters(&self) -> bool {
        self.refused > 0.0 || self.fullest >= NEAR
    }

    /// Returns the value at which the line of the limit is drawn; `None` when that would squeeze the areas flat.
    fn line(&self) -> Option<f64> {
        let (limit, most) = (self.facts.per_minute, largest(&self.held));
        let near = most <= 0.0 || limit <= most * FAR_ABOVE;
        (near && limit.is_finite() && limit > 0.0).then_some(limit)
    }

    fn counts_requests(&self) -> bool {
        self.name == "rpm"
    }

    fn unit(&self) -> &'static str {
        if self.counts_requests() { "requests per minute" } else { "tokens per minute" }
    }

    /// Returns whether used and held differ. A request limit reserves nothing: in a minute, it holds what it counted.
    fn has_two_areas(&self, columns: &Columns) -> bool {
        !self.counts_requests() || columns.width_s > 60.0
    }
}

/// A drawing of the limits of one owner, the most important first.
struct Sheet<'d> {
    limits: &'d [Limit<'d>],
    days: Vec<Daily>,
    course: &'d Course<'d>,
    /// The throttled attempts per minute; empty when the document does not say.
    throttled: &'d [f64],
}

impl Sheet<'_> {
    fn draw(&self, name: String, source: String) -> Result<Drawing, ChartError> {
        let drawn: Vec<&Limit<'_>> = self
            .limits
            .iter()
            .enumerate()
            .filter(|(i, l)| *i == 0 || l.matters())
            .map(|(_, l)| l)
            .take(MOST_PANELS)
            .collect();
        let extra = (drawn.len() - 1) as f64 * PANEL_HEIGHT;
        let owner = self.limits[0].owner;
        let title = match owner.split_once('.') {
            Some(("quotas", quota)) => format!("Use of quota {quota}"),
            Some(("capacities", capacity)) => format!("Use of capacity {capacity}"),
            _ => format!("Use of {owner}"),
        };
        let heading = Heading {
            name,
            title,
            subtitle: self.subtitle() + &self.days_in_words(),
            legend: self.legend(&drawn),
            source: self.with_undrawn(source, &drawn),
            height: 400.0 + extra,
        };
        frame::draw(&heading, |canvas, room| {
            let mut room = self.course.clock(canvas, room)?;
            let strip = largest(self.throttled) > 0.0;
            if strip {
                self.strip(canvas, Room { top: room.bottom - STRIP_HEIGHT, ..room })?;
                room.bottom -= STRIP_HEIGHT + 34.0;
            }
            let each = (room.bottom - room.top) / drawn.len() as f64;
            for (i, limit) in drawn.iter().enumerate() {
                let top = room.top + i as f64 * each;
                let last_of_all = !strip && i + 1 == drawn.len();
                let time = self.course.axis(last_of_all);
                let gap = if i + 1 == drawn.len() { 0.0 } else { 12.0 };
                let panel =
                    self.panel(canvas, Room { top: top + 24.0, bottom: top + each - gap, ..room }, time, limit)?;
                self.days.iter().try_for_each(|day| day.draw(&panel, self.course, i == 0))?;
            }
            Ok(())
        })
    }

    fn subtitle(&self) -> String {
        let limit = &self.limits[0];
        let mut text = if limit.refused > 0.0 {
            match limit.refused.round() {
                1.0 => format!("{} refused 1 offer.", limit.name),
                refused => format!("{} refused {} offers.", limit.name, labels::amount(refused)),
            }
        } else {
            format!("{} refused nothing.", limit.name)
        };
        let held = labels::percent(limit.fullest);
        if limit.counts_requests() {
            return format!("{text} Its peak was {held} of the limit.");
        }
        match limit.peak {
            Some(peak) if peak > limit.fullest + 0.005 => {
                text += &format!(
                    " Peaks: {held} reserved or used; {} charged in a minute, because charges come when answers end.",
                    labels::percent(peak)
                );
            }
            Some(peak) => text += &format!(" Peaks: {held} reserved or used, {} used.", labels::percent(peak)),
            None => text += &format!(" At its peak {held} is reserved or used."),
        }
        if let Some(unused) = limit.unused.filter(|share| *share >= 0.005) {
            text += &format!(" Of what was reserved, {} went unused.", labels::percent(unused));
        }
        text
    }

    /// Says how much of each day is used.
    fn days_in_words(&self) -> String {
        self.days.iter().map(|day| format!(" {}", day.sentence(self.course))).collect()
    }

    fn legend(&self, drawn: &[&Limit<'_>]) -> Vec<(String, Mark)> {
        let wide = self.course.columns.width_s > 60.0;
        let width = labels::span(self.course.columns.width_s);
        let mut legend = vec![(if wide { format!("used (mean of {width})") } else { "used".to_owned() }, USED)];
        if drawn.iter().any(|l| l.has_two_areas(&self.course.columns)) {
            // In a wide column the peak stands above the mean for two reasons, so it must not be called unused.
            let name = if wide { "held at the fullest instant, reservations included" } else { "reserved but unused" };
            legend.push((name.to_owned(), UNUSED));
        }
        if drawn.iter().any(|l| l.line().is_some()) {
            legend.push(("limit".to_owned(), LIMIT));
        }
        legend
    }

    /// Returns the source line, preceded by a note where no attempt was throttled and by the limits that are not drawn,
    /// with their peaks.
    fn with_undrawn(&self, source: String, drawn: &[&Limit<'_>]) -> String {
        let mut parts = Vec::new();
        if !self.throttled.is_empty() && largest(self.throttled) <= 0.0 {
            parts.push("no attempt was throttled".to_owned());
        }
        let rest = self.limits.iter().filter(|limit| !drawn.iter().any(|d| d.name == limit.name));
        let rest: Vec<String> = rest.map(|l| format!("{} (peak {})", l.name, labels::percent(l.fullest))).collect();
        if !rest.is_empty() {
            parts.push(format!("not drawn: {}", rest.join(", ")));
        }
        parts.push(source);
        parts.join(" · ")
    }

    fn panel<'c, 's>(
        &self,
        canvas: &'c Canvas<'s>,
        room: Room,
        time: Axis,
        limit: &Limit<'_>,
    ) -> Result<Panel<'c, 's>, ChartError> {
        let most = largest(&limit.held);
        let line = limit.line();
        let top = line.unwrap_or(0.0).max(most) * 1.14;
        let panel = canvas.panel(room, time, Axis::from_zero_in(top, 5.0, Unit::Count));
        let caption = LABEL.fit(&format!("{} · {}", limit.unit(), limit.facts.limiter.replace('_', " ")), 250.0);
        let left = room.left - GUTTER;
        let head = STRONG.fit(limit.name, 120.0);
        canvas.text(left, room.top - 10.0, &head, STRONG, Ink::Text, Align::Left)?;
        canvas.text(left + STRONG.width(&head) + 8.0, room.top - 10.0, &caption, LABEL, Ink::Faint, Align::Left)?;
        panel.grid()?;
        let (used, held) = (self.course.columns.steps(&limit.used), self.course.columns.steps(&limit.held));
        if limit.has_two_areas(&self.course.columns) {
            panel.area(held.iter().chain(used.iter().rev()).copied().collect(), Ink::Amber)?;
            panel.area(above_floor(&used), Ink::Blue)?;
        } else {
            panel.area(above_floor(&held), Ink::Blue)?;
        }
        panel.floor()?;
        if let Some(line) = line {
            self.limit_line(&panel, line, most)?;
        } else if limit.facts.per_minute > 0.0 {
            let text = format!("↑ the limit, {}, is far above", labels::amount(limit.facts.per_minute));
            canvas.text(room.right, room.top - 10.0, &text, LABEL, Ink::Text, Align::Right)?;
        }
        Ok(panel)
    }

    fn limit_line(&self, panel: &Panel<'_, '_>, limit: f64, most: f64) -> Result<(), ChartError> {
        let edges = &self.course.columns.edges;
        let ends = [(edges[0], limit), (edges[edges.len() - 1], limit)];
        panel.curve(&ends, LIMIT)?;
        // The label stands on its line, unless it would hide the data that rise above it.
        let (_, y) = panel.at(edges[0], limit);
        let y = if most > limit * 1.001 { panel.room.top - 10.0 } else { y - 5.0 };
        let label = format!("limit {}", labels::amount(limit));
        panel.canvas.text(panel.room.right, y, &label, STRONG, Ink::Text, Align::Right)
    }

    /// Draws the strip of throttled attempts below the panels, on the same clock.
    fn strip(&self, canvas: &Canvas<'_>, room: Room) -> Result<(), ChartError> {
        let panel = canvas.panel(room, self.course.axis(true), Axis::to_peak(largest(self.throttled)));
        let caption = "throttled attempts per minute, all workloads";
        canvas.text(room.left - GUTTER, room.top - 13.0, caption, LABEL, Ink::Vermillion, Align::Left)?;
        panel.grid()?;
        panel.area(above_floor(&self.course.columns.steps(self.throttled)), Ink::Vermillion)?;
        panel.floor()
    }
}

/// Returns the outline of the area between a curve and zero.
fn above_floor(curve: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let ends = curve.last().into_iter().chain(curve.first()).map(|(x, _)| (*x, 0.0));
    curve.iter().copied().chain(ends).collect()
}

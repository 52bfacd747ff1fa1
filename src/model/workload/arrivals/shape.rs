//! The shape of traffic over time: points of the run, or the hours of a day or a week on somebody's clock.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::SeqAccess;
use serde::{Deserialize, Deserializer};

use crate::diagnostic::{Sink, Span};
use crate::model::instant::Instant;
use crate::model::quantity::Number;
use crate::model::spec::{At, Kinds, Refusal, Scalar, Written, family, scalar, unknown};
use crate::units::{MICROS_PER_HOUR, SimTime};

/// The factor by which the rate is multiplied over time.
#[derive(Debug, Clone, PartialEq)]
pub enum Shape {
    /// A factor of one throughout.
    Flat,
    /// Points: linear between them, constant outside, a step where two share `at`. Sorted by `at`; at least one.
    Points(Vec<ShapePoint>),
    /// The hours of a day or a week.
    Cycle(Cycle),
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ShapePoint {
    pub at: SimTime,
    pub factor: f64,
}

/// Factors at the hours of the clock of a time zone, linear between. A clock that is put forward or back takes the
/// factor along: traffic follows people, and people follow their clocks.
#[derive(Debug, Clone, PartialEq)]
pub struct Cycle {
    /// The factors: 24 from midnight, or 168 from Monday's midnight.
    pub factors: Vec<f64>,
    pub zone: TimeZone,
    /// The Unix time of t = 0 \[µs\].
    pub unix_us: i64,
}

/// The clock of a place.
#[derive(Debug, Clone, PartialEq)]
pub struct Zone(pub TimeZone);

impl Scalar for Zone {
    fn read(written: Written<'_>) -> Result<Self, Refusal> {
        const HELP: &str = "write \"Europe/Berlin\", \"America/New_York\" or \"UTC\"";
        match written {
            Written::Text(name) => {
                TimeZone::get(name).map(Self).map_err(|_| Refusal::new(format!("`{name}` is no time zone")).help(HELP))
            }
            other => Err(Refusal::new(format!("a time zone is a name in quotes, {other} is not")).help(HELP)),
        }
    }
}
scalar!(Zone, { "type": "string", "examples": ["Europe/Berlin", "UTC"] });

/// The shape of traffic as a scenario writes it.
#[derive(Debug, Clone)]
pub enum ShapeSpec {
    Points(Vec<ShapePointSpec>),
    Daily(Vec<At<Number>>),
    Weekly(Vec<At<Number>>),
    OfficeHours(OfficeHoursSpec),
}

/// A point of the shape of traffic.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ShapePoint")]
pub struct ShapePointSpec {
    /// The time of the point: a time since t = 0, or an instant.
    pub at: At<Instant>,
    /// The factor by which the rate is multiplied \[1\].
    pub factor: At<Number>,
}

/// People at their desks: a week with two humps a day, and little at night and at weekends.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "OfficeHours")]
pub struct OfficeHoursSpec {}

/// A working day, by hour: an assumption of bedload's own, with one at its busiest hour. \[1\]
const OFFICE_DAY: [f64; 24] = [
    0.05, 0.04, 0.03, 0.03, 0.04, 0.06, 0.12, 0.30, 0.65, 0.90, 1.00, 0.97, 0.75, 0.85, 0.95, 0.92, 0.80, 0.55, 0.30,
    0.20, 0.16, 0.12, 0.09, 0.07,
];
/// The factor of a weekend's hours against those of a working day, an assumption of bedload's own \[1\].
const WEEKEND: f64 = 0.15;

impl Kinds for ShapeSpec {
    const WHAT: &'static str = "a shape";
    const KINDS: &'static [&'static str] = &["daily", "weekly", "office_hours"];

    fn kind<'de, D: Deserializer<'de>>(key: &str, keys: D) -> Result<Self, D::Error> {
        match key {
            "daily" => Deserialize::deserialize(keys).map(Self::Daily),
            "weekly" => Deserialize::deserialize(keys).map(Self::Weekly),
            "office_hours" => Deserialize::deserialize(keys).map(Self::OfficeHours),
            _ => Err(serde::de::Error::unknown_variant(key, Self::KINDS)),
        }
    }

    fn list<'de, A: SeqAccess<'de>>(mut items: A) -> Result<Self, A::Error> {
        let mut points = Vec::new();
        while let Some(point) = items.next_element()? {
            points.push(point);
        }
        Ok(Self::Points(points))
    }

    fn kind_schema(key: &str, generator: &mut SchemaGenerator) -> Schema {
        match key {
            "daily" | "weekly" => {
                let (n, from) = if key == "daily" { (24, "midnight") } else { (168, "Monday's midnight") };
                let factor = generator.subschema_for::<Number>();
                let description = format!("{n} factors of the rate, one for each hour from {from} on [1].");
                schemars::json_schema!({
                    "type": "array", "items": factor, "minItems": n, "maxItems": n, "description": description
                })
            }
            "office_hours" => generator.subschema_for::<OfficeHoursSpec>(),
            _ => Schema::from(false),
        }
    }

    fn list_schema(generator: &mut SchemaGenerator) -> Option<Schema> {
        Some(generator.subschema_for::<Vec<ShapePointSpec>>())
    }

    fn bare(written: Written<'_>) -> Result<Self, Refusal> {
        if let Written::Text(text) = written {
            return Err(unknown(format!("`{text}` is not a shape"), text, Self::KINDS.iter().copied()));
        }
        let rule = format!("a shape is a list of points, a table or a name, {written} is none");
        let help = "write [{ at = \"0s\", factor = 0.4 }, { at = \"8h\", factor = 1 }] or \"office_hours\"";
        Err(Refusal::new(rule).help(help))
    }
}

family!(ShapeSpec, "Shape", "Factors of the rate over time: points of the run, or the hours of a clock.");

impl ShapeSpec {
    /// Returns the shape; `None` after a finding. `zone` is the clock of the hours.
    pub(super) fn lower(&self, at: &Span, zone: &TimeZone, unix_us: i64, sink: &mut Sink) -> Option<Shape> {
        let cycle = |factors| Some(Shape::Cycle(Cycle { factors, zone: zone.clone(), unix_us }));
        match self {
            Self::Points(points) => lower_points(points, sink),
            Self::Daily(factors) => cycle(hours(factors, 24, at, sink)?),
            Self::Weekly(factors) => cycle(hours(factors, 168, at, sink)?),
            Self::OfficeHours(_) => {
                let day = |n: usize| OFFICE_DAY.map(|factor| if n < 5 { factor } else { factor * WEEKEND });
                cycle((0..7).flat_map(day).collect())
            }
        }
    }
}

fn hours(factors: &[At<Number>], n: usize, at: &Span, sink: &mut Sink) -> Option<Vec<f64>> {
    if factors.len() == n {
        return Some(factors.iter().map(|f| f.value.0).collect());
    }
    let rule = format!("there are {} factors for {n} hours", factors.len());
    sink.error(at.clone(), rule, "write one for each hour".to_owned());
    None
}

fn lower_points(points: &[ShapePointSpec], sink: &mut Sink) -> Option<Shape> {
    let before = sink.errors();
    for pair in points.windows(2) {
        if pair[1].at.value.0 < pair[0].at.value.0 {
            let rule =
                format!("a shape goes forward in time, {} comes after {}", pair[1].at.value.0, pair[0].at.value.0);
            sink.error(
                pair[1].at.at.clone(),
                rule,
                "sort the points by `at`; two at the same time make a step".to_owned(),
            );
        }
    }
    let points: Vec<ShapePoint> =
        points.iter().map(|p| ShapePoint { at: p.at.value.0, factor: p.factor.value.0 }).collect();
    let shape = if points.is_empty() { Shape::Flat } else { Shape::Points(points) };
    (sink.errors() == before).then_some(shape)
}

impl Shape {
    /// Returns the greatest factor.
    #[must_use]
    pub fn highest(&self) -> f64 {
        match self {
            Self::Flat => 1.0,
            Self::Points(points) => points.iter().map(|p| p.factor).fold(0.0, f64::max),
            Self::Cycle(cycle) => cycle.factors.iter().copied().fold(0.0, f64::max),
        }
    }

    /// Returns the first instant after `t` at which the shape bends or steps \[µs\]; `u64::MAX`: never.
    #[must_use]
    pub fn next_bend(&self, t: u64) -> u64 {
        match self {
            Self::Flat => u64::MAX,
            Self::Points(points) => {
                points.get(points.partition_point(|p| p.at.0 <= t)).map_or(u64::MAX, |point| point.at.0)
            }
            Self::Cycle(cycle) => cycle.next_bend(t),
        }
    }

    /// Returns the factors just after `from` and just before `to`, between which the shape is linear.
    #[must_use]
    pub fn between(&self, from: u64, to: u64) -> [f64; 2] {
        match self {
            Self::Flat => [1.0; 2],
            Self::Points(points) => {
                let after = at_point(points, points.partition_point(|p| p.at.0 <= from), from);
                let before =
                    if to == u64::MAX { after } else { at_point(points, points.partition_point(|p| p.at.0 < to), to) };
                [after, before]
            }
            Self::Cycle(cycle) => cycle.between(from, to),
        }
    }
}

/// Returns the factor at `t` between points `next - 1` and `next`.
fn at_point(points: &[ShapePoint], next: usize, t: u64) -> f64 {
    match (next.checked_sub(1).map(|i| points[i]), points.get(next)) {
        (None, None) => 1.0,
        (None, Some(only)) => only.factor,
        (Some(only), None) => only.factor,
        (Some(a), Some(b)) => {
            let share = (t - a.at.0) as f64 / (b.at.0 - a.at.0) as f64;
            a.factor + (b.factor - a.factor) * share
        }
    }
}

impl Cycle {
    fn instant(&self, t: u64) -> Timestamp {
        let micros = i128::from(self.unix_us) + i128::from(t);
        i64::try_from(micros).ok().and_then(|us| Timestamp::from_microsecond(us).ok()).unwrap_or(Timestamp::MAX)
    }

    /// Returns the time that the clock shows at `t` \[µs since Monday's midnight\].
    fn clock(&self, t: u64) -> u64 {
        const WEEK: i128 = 168 * MICROS_PER_HOUR as i128;
        // 1970-01-01 was a Thursday.
        const THURSDAY: i128 = 72 * MICROS_PER_HOUR as i128;
        let offset = i128::from(self.zone.to_offset(self.instant(t)).seconds()) * 1_000_000;
        (i128::from(self.unix_us) + i128::from(t) + offset + THURSDAY).rem_euclid(WEEK) as u64
    }

    fn next_bend(&self, t: u64) -> u64 {
        let hour = t + MICROS_PER_HOUR - self.clock(t) % MICROS_PER_HOUR;
        let turned = self.zone.following(self.instant(t)).next().map_or(u64::MAX, |transition| {
            let micros = i128::from(transition.timestamp().as_microsecond()) - i128::from(self.unix_us);
            u64::try_from(micros).unwrap_or(u64::MAX)
        });
        if turned > t { hour.min(turned) } else { hour }
    }

    /// Returns the factors at `from` and `to`, which lie in one hour of the clock.
    fn between(&self, from: u64, to: u64) -> [f64; 2] {
        let clock = self.clock(from);
        let hour = (clock / MICROS_PER_HOUR) as usize;
        let (a, b) = (self.factors[hour % self.factors.len()], self.factors[(hour + 1) % self.factors.len()]);
        let at = |since_hour: u64| a + (b - a) * (since_hour as f64 / MICROS_PER_HOUR as f64);
        let since = clock % MICROS_PER_HOUR;
        [at(since), at((since + (to - from)).min(MICROS_PER_HOUR))]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: u64 = MICROS_PER_HOUR;

    fn daily(zone: &str, start: &str) -> Cycle {
        let unix_us = start.parse::<Timestamp>().unwrap().as_microsecond();
        Cycle { factors: (0..24).map(f64::from).collect(), zone: TimeZone::get(zone).unwrap(), unix_us }
    }

    #[test]
    fn a_day_follows_the_clock_of_its_zone() {
        let cycle = daily("America/New_York", "2026-12-07T13:00:00Z");
        assert_eq!(cycle.between(0, HOUR), [8.0, 9.0]);
        assert_eq!(cycle.between(HOUR / 2, HOUR), [8.5, 9.0]);
        assert_eq!(cycle.next_bend(HOUR / 2), HOUR);
        assert_eq!(cycle.between(15 * HOUR, 16 * HOUR), [23.0, 0.0]);
    }

    #[test]
    fn a_clock_that_is_put_forward_or_back_takes_the_factor_along() {
        // 2026-03-08 02:00 in New York becomes 03:00; 2026-11-01 02:00 becomes 01:00.
        let spring = daily("America/New_York", "2026-03-08T06:00:00Z");
        assert_eq!([spring.between(0, HOUR), spring.between(HOUR, 2 * HOUR)], [[1.0, 2.0], [3.0, 4.0]]);
        let autumn = daily("America/New_York", "2026-11-01T05:00:00Z");
        assert_eq!([autumn.between(0, HOUR), autumn.between(HOUR, 2 * HOUR)], [[1.0, 2.0]; 2]);
        // Lord Howe moves by half an hour: the hour that is cut short ends at the turn.
        let howe = daily("Australia/Lord_Howe", "2026-10-03T15:00:00Z");
        assert_eq!(howe.between(0, HOUR / 2), [1.5, 2.0]);
        assert_eq!(howe.next_bend(0), HOUR / 2);
        assert_eq!(howe.between(HOUR / 2, HOUR), [2.5, 3.0]);
    }

    #[test]
    fn a_week_begins_on_monday() {
        let mut cycle = daily("UTC", "2026-11-23T00:00:00Z");
        cycle.factors = (0..168).map(f64::from).collect();
        assert_eq!(cycle.between(0, HOUR), [0.0, 1.0]);
        assert_eq!(cycle.between(167 * HOUR, 168 * HOUR), [167.0, 0.0]);
    }
}

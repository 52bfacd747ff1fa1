//! Instants of the wall clock, wherever a time since t = 0 is asked for.
//!
//! The pass walks the tree along the schema. Where a key takes an instant and the text is a date, it puts the time from
//! t = 0 in the place of the date. So every such key understands both, `--set` arguments and swept values included, and
//! nothing after this pass needs the clock.

use std::borrow::Cow;

use jiff::civil::{Date, DateTime, Time};
use jiff::fmt::temporal::Pieces;
use jiff::tz::{AmbiguousOffset, Offset, TimeZone};
use jiff::{Timestamp, ToSpan, ZonedDateTime};
use toml::de::{DeTable, DeValue};

use super::form::Faulty;
use super::place::Place;
use super::schema::{Node, Table, under};
use super::tree::Item;
use crate::diagnostic::{Sink, Span};
use crate::model::instant::{EARLIER, INSTANT};
use crate::model::run::Start;
use crate::model::spec::{Refusal, Scalar, Written};
use crate::units::{SimTime, WallClock, meant, parse};

/// Replaces every instant of the wall clock by its time from t = 0. What cannot be placed is reported and taken out, and
/// the part that it stood in becomes faulty.
pub fn resolve(root: &mut DeTable<'_>, faulty: &mut Faulty, sink: &mut Sink) {
    let mut pass = Resolve { clock: Clock::of(root), faulty, without_start: Vec::new(), sink };
    pass.table(root, Node::root(), &Place::default());
    pass.refuse_without_start();
}

/// The clock of the run, as far as it can be read: the faults of `[run]` are reported by the passes that own it.
struct Clock {
    start: StartOf,
    /// The end of the measured interval since t = 0; `None` when a trace decides it.
    end: Option<SimTime>,
}

/// The start of the run as the scenario states it.
enum StartOf {
    Stated(WallClock),
    Missing,
    /// The start is written, and is no instant.
    Unreadable,
}

impl Clock {
    fn of(root: &DeTable<'_>) -> Self {
        let run = root.get("run").and_then(|run| run.get_ref().as_table());
        let text = |key: &str| run.and_then(|run| run.get(key)).and_then(|item| item.get_ref().as_str());
        let start = match text("start").map(|text| Start::read(Written::Text(text))) {
            None => StartOf::Missing,
            Some(Ok(start)) => StartOf::Stated(start.0),
            Some(Err(_)) => StartOf::Unreadable,
        };
        let time = |key: &str| text(key).and_then(|text| parse::duration(text).ok());
        let warmup = time("warmup").unwrap_or_default();
        let end = time("duration").map(|duration| SimTime(warmup.0.saturating_add(duration.0)));
        Self { start, end }
    }
}

struct Resolve<'s> {
    clock: Clock,
    faulty: &'s mut Faulty,
    without_start: Vec<WithoutStart>,
    sink: &'s mut Sink,
}

/// A date in a scenario that does not say when it starts.
struct WithoutStart {
    at: Span,
    text: String,
    day: Date,
    /// The zone that the text names, in brackets, or `Z`.
    zone: String,
}

/// The reason why a text cannot be placed on the clock.
enum Dropped {
    Refused(Refusal),
    WithoutStart {
        day: Date,
        zone: String,
    },
    /// The start is written and cannot be read, which is reported where it is decoded.
    NoClock,
}

impl From<Refusal> for Dropped {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl Resolve<'_> {
    fn table(&mut self, table: &mut DeTable<'_>, node: Node, place: &Place) {
        let form = node.table();
        let mut dropped = Vec::new();
        for (key, item) in table.iter_mut() {
            let name = key.get_ref().to_string();
            let below = match form {
                Some(Table::Keys { keys, .. } | Table::Kinds(keys)) => under(keys, &name),
                Some(Table::Names(node)) => Some(node),
                None => None,
            };
            if let Some(below) = below
                && !self.item(item, below, &place.key(&name))
            {
                dropped.push(name);
            }
        }
        dropped.iter().for_each(|name| drop(table.remove(name.as_str())));
    }

    /// Replaces the instants in an item. Returns false if the value was refused and must be removed.
    fn item(&mut self, item: &mut Item<'_>, node: Node, place: &Place) -> bool {
        let at = item.span();
        match (item.get_mut(), node.format()) {
            (DeValue::Table(table), _) => self.table(table, node, place),
            (DeValue::Array(items), _) => {
                if let Some(of) = node.items() {
                    for item in items.iter_mut() {
                        self.item(item, of, place);
                    }
                }
            }
            (DeValue::String(text), Some(format @ (INSTANT | EARLIER))) => match self.time(text, format == EARLIER) {
                Ok(Some(time)) => {
                    if format == INSTANT {
                        self.warn_past_the_end(text, time, &at, place);
                    }
                    *text = Cow::Owned(format!("{}us", time.0));
                }
                Ok(None) => {}
                Err(dropped) => {
                    let text = text.to_string();
                    self.report(dropped, text, at, place);
                    return false;
                }
            },
            _ => {}
        }
        true
    }

    fn report(&mut self, dropped: Dropped, text: String, at: Span, place: &Place) {
        let ends = place.path.match_indices('.').map(|(dot, _)| dot).chain([place.path.len()]);
        self.faulty.extend(ends.map(|end| place.path[..end].to_owned()));
        match dropped {
            Dropped::Refused(refusal) => refusal.report(at, self.sink),
            Dropped::WithoutStart { day, zone } => self.without_start.push(WithoutStart { at, text, day, zone }),
            Dropped::NoClock => {}
        }
    }

    /// Refuses the first date of a scenario that does not say when it starts, and offers the midnight before all dates.
    fn refuse_without_start(&mut self) {
        let Some(first) = self.without_start.iter().min_by_key(|date| date.at.start) else { return };
        let earliest = self.without_start.iter().min_by_key(|date| date.day).unwrap_or(first);
        let rule =
            format!("`{}` is an instant of the wall clock, and the scenario does not say when it starts", first.text);
        let help =
            format!("write start = \"{}T00:00:00{}\" under [run], or times since t = 0", earliest.day, earliest.zone);
        self.sink.error(first.at.clone(), rule, help);
    }

    /// The time between t = 0 and what is written; `None` when the text is neither a date nor a duration.
    fn time(&self, text: &str, is_earlier: bool) -> Result<Option<SimTime>, Dropped> {
        if let Some(seconds) = meant::time_of_day(text) {
            return Err(self.without_a_day(text, seconds, is_earlier));
        }
        if !is_date(text) {
            return Ok(parse::duration(text).ok());
        }
        let start = match (&self.clock.start, Pieces::parse(text)) {
            (_, Err(_)) => return Err(no_instant(text).into()),
            (StartOf::Unreadable, _) => return Err(Dropped::NoClock),
            (StartOf::Missing, Ok(pieces)) => {
                return Err(Dropped::WithoutStart { day: pieces.date(), zone: zone_of(text, &pieces) });
            }
            (StartOf::Stated(start), Ok(_)) => start,
        };
        let instant = instant(text, &start.zone)?;
        let since = i128::from(instant.as_microsecond()) - i128::from(start.unix_us);
        let (span, side, other) = if is_earlier { (-since, "after", "before") } else { (since, "before", "after") };
        if span < 0 {
            let rule = format!("`{text}` lies {side} the start of the run, {}", start.written);
            let help = format!("write an instant {other} the start, or change `run.start`");
            return Err(Refusal::new(rule).help(help).into());
        }
        match u64::try_from(span).ok().filter(|us| *us <= SimTime::LONGEST.0) {
            Some(us) => Ok(Some(SimTime(us))),
            None => {
                let rule = format!("`{text}` lies more than 30 years from the start of the run, {}", start.written);
                Err(Refusal::new(rule).help("check the year, here and in `run.start`").into())
            }
        }
    }

    /// Refuses a time of day \[s since midnight\], and offers the first after the start of the run, or the last before it.
    fn without_a_day(&self, text: &str, seconds: u64, is_earlier: bool) -> Dropped {
        let rule = format!("`{text}` is a time of day, and does not say of which day");
        let start = match &self.clock.start {
            StartOf::Unreadable => return Dropped::NoClock,
            StartOf::Missing => {
                let parts = [(seconds / 3_600, "h"), (seconds / 60 % 60, "m"), (seconds % 60, "s")];
                let parts: Vec<String> =
                    parts.into_iter().filter(|(n, _)| *n > 0).map(|(n, unit)| format!("{n}{unit}")).collect();
                let since = if parts.is_empty() { "0s".to_owned() } else { parts.join(" ") };
                let help = format!(
                    "write \"{since}\" for a time since t = 0, or a date and start = \"2026-12-07T00:00:00Z\" under [run]"
                );
                return Refusal { offers: vec![format!("\"{since}\"")], ..Refusal::new(rule).help(help) }.into();
            }
            StartOf::Stated(start) => start,
        };
        let zoned = Timestamp::from_microsecond(start.unix_us).map(|at| at.to_zoned_datetime(start.zone.clone()));
        let days = if is_earlier { [0, -1, -2] } else { [0, 1, 2] };
        let written = zoned.ok().and_then(|zoned| {
            days.into_iter().find_map(|days| {
                let day = zoned.date().checked_add(days.days()).ok()?;
                let written =
                    day.to_datetime(Time::midnight()).checked_add(i64::try_from(seconds).ok()?.seconds()).ok()?;
                let text = written.to_string();
                let at = instant(&text, &start.zone).ok()?.as_microsecond();
                let is_good = if is_earlier { at <= start.unix_us } else { at >= start.unix_us };
                is_good.then_some(text)
            })
        });
        Refusal::new(rule).offer_quoted(&written.into_iter().collect::<Vec<_>>(), "").into()
    }

    /// Warns of an event that the run does not reach. What only ends later, or bends a shape later, is no fault.
    fn warn_past_the_end(&mut self, text: &str, time: SimTime, at: &Span, place: &Place) {
        let is_event = place.path.ends_with(".at") && !place.path.contains(".shape.");
        if let Some(end) = self.clock.end.filter(|end| is_event && time >= *end) {
            let rule = format!("`{text}` lies past the end of the run and has no effect on the results");
            let help = format!(
                "the measured interval ends {end} after t = 0; write an earlier time, or a longer `run.duration`"
            );
            self.sink.warning(Some(at.clone()), rule, help);
        }
    }
}

/// Returns whether a text starts as dates do: four digits and a hyphen.
fn is_date(text: &str) -> bool {
    matches!(text.trim_start().as_bytes(), [a, b, c, d, b'-', ..] if [a, b, c, d].iter().all(|x| x.is_ascii_digit()))
}

/// Reads a date and time of day (midnight when left out) in the zone that it names, else in `zone`.
fn instant(text: &str, zone: &TimeZone) -> Result<Timestamp, Refusal> {
    let pieces = Pieces::parse(text).map_err(|_| no_instant(text))?;
    let of_its_own =
        pieces.to_time_zone().map_err(|_| no_instant(text).help("use a time zone such as Europe/Berlin"))?;
    if pieces.time_zone_annotation().is_some() && pieces.offset().is_some() {
        let zoned = text.parse::<ZonedDateTime>();
        return zoned.map(|zoned| zoned.timestamp()).map_err(|_| {
            Refusal::new(format!("the offset and the zone of `{text}` contradict each other"))
                .help("leave the offset out")
        });
    }
    let offset = pieces.to_numeric_offset().map(TimeZone::fixed);
    let zone = of_its_own.or(offset).unwrap_or_else(|| zone.clone());
    let written = civil(&pieces);
    let ambiguous = zone.to_ambiguous_timestamp(written);
    match ambiguous.offset() {
        AmbiguousOffset::Unambiguous { .. } => ambiguous.unambiguous().map_err(|_| no_instant(text)),
        AmbiguousOffset::Gap { after, .. } => {
            let rule = format!("`{text}` does not exist: clocks are put forward past it");
            Err(Refusal::new(rule).offer_quoted(&[with(written, after)], ""))
        }
        AmbiguousOffset::Fold { before, after } => {
            let rule = format!("`{text}` occurs twice: clocks are put back past it");
            let (first, second) = (with(written, before), with(written, after));
            Err(Refusal::new(rule).offer_quoted(&[first, second], ""))
        }
    }
}

/// Returns the date and time of day as written; midnight when there is no time.
fn civil(pieces: &Pieces<'_>) -> DateTime {
    pieces.date().to_datetime(pieces.time().unwrap_or(Time::midnight()))
}

fn with(written: DateTime, offset: Offset) -> String {
    let minutes = offset.seconds() / 60;
    let sign = if minutes < 0 { '-' } else { '+' };
    format!("{written}{sign}{:02}:{:02}", minutes.abs() / 60, minutes.abs() % 60)
}

fn no_instant(text: &str) -> Refusal {
    Refusal::new(format!("`{text}` is not an instant")).help(
        "write \"2026-12-01T09:00:00\", with a zone where it is not that of `run.start`, or a time such as \"2h\"",
    )
}

/// Returns the zone of a text in brackets; UTC when it names none.
fn zone_of(text: &str, pieces: &Pieces<'_>) -> String {
    match (pieces.to_time_zone(), pieces.time_zone_annotation(), text.find('[')) {
        (Ok(_), Some(_), Some(from)) => text[from..].trim_end().to_owned(),
        _ => "Z".to_owned(),
    }
}

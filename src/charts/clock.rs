//! The time axis of a run: clock times where the scenario states its start, elapsed time where it does not.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ZonedDateTime};

use super::axis::{Axis, Tick};
use super::labels;
use crate::results::{Origin, Results, Timeline};

/// The most labelled ticks of an axis, so that labels do not collide on a narrow drawing.
const MOST_TICKS: f64 = 9.0;
const DAY_S: i64 = 86_400;
/// The distances that clock ticks may have \[s\].
const STEPS_S: [i64; 23] = [
    1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_200, 1_800, 3_600, 7_200, 10_800, 14_400, 21_600, 43_200, 86_400,
    172_800, 604_800, 1_209_600,
];

/// The clock on which a chart shows simulated time.
#[derive(Debug, Clone)]
pub(super) enum Clock {
    /// The scenario states the instant of t = 0.
    Stated(ZonedDateTime),
    /// The scenario states no start, so that only elapsed time means something. Holds the unit of labels and its length \[s\].
    Elapsed(&'static str, f64),
}

impl Clock {
    /// Returns the clock of a timeline. `to_s` is the end of the drawing \[s since t = 0\]; it decides the unit of elapsed time.
    pub(super) fn of(results: &Results, timeline: &Timeline, to_s: f64) -> Self {
        let is_stated = results.inputs.iter().any(|i| i.path == "run.start" && i.origin == Origin::Stated);
        match instant(&timeline.start).filter(|_| is_stated) {
            Some(start) => Self::Stated(start),
            None => match Axis::time(timeline.from_s, to_s).1 {
                "seconds" => Self::Elapsed("seconds", 1.0),
                "minutes" => Self::Elapsed("minutes", 60.0),
                "hours" => Self::Elapsed("hours", 3_600.0),
                _ => Self::Elapsed("days", DAY_S as f64),
            },
        }
    }

    /// Returns the axis between two times \[s since t = 0\], and the caption that stands below it.
    pub(super) fn axis(&self, from_s: f64, to_s: f64) -> (Axis, String) {
        match self {
            Self::Elapsed(unit, _) => (Axis::time(from_s, to_s).0, format!("{unit} since the start of the run")),
            Self::Stated(start) => (clock_axis(start, from_s, to_s), caption(start, from_s, to_s)),
        }
    }

    /// Returns what a time \[s since t = 0\] is called in a sentence: `09:42`, `8 Dec 09:42`, `minute 42`.
    pub(super) fn when(&self, at_s: f64) -> String {
        match self {
            Self::Elapsed(unit, unit_s) => format!("{} {}", unit.trim_end_matches('s'), labels::amount(at_s / unit_s)),
            Self::Stated(start) => {
                let at = after(start, at_s);
                let time = hour(&at, at_s.fract() == 0.0 && at.second() == 0);
                if at.date() == start.date() { time } else { format!("{} {time}", day(&at)) }
            }
        }
    }
}

/// Reads the instant of t = 0 as documents write it, with a zone in brackets or `Z`.
fn instant(written: &str) -> Option<ZonedDateTime> {
    let in_utc = || Some(written.parse::<Timestamp>().ok()?.to_zoned_datetime(TimeZone::UTC));
    written.parse::<ZonedDateTime>().ok().or_else(in_utc)
}

fn after(start: &ZonedDateTime, seconds: f64) -> ZonedDateTime {
    // Beyond the years that a calendar knows nothing is drawn.
    start.checked_add(SignedDuration::from_millis((seconds * 1e3) as i64)).unwrap_or_else(|_| start.clone())
}

/// Returns an axis with ticks at round times of the clock; at midnight of a drawing of several days they name the day.
fn clock_axis(start: &ZonedDateTime, from_s: f64, to_s: f64) -> Axis {
    let span = (to_s - from_s).max(1e-6);
    let step = STEPS_S.into_iter().find(|step| span / *step as f64 <= MOST_TICKS);
    let step = step.unwrap_or_else(|| 28 * DAY_S * (span / (MOST_TICKS * 28.0 * DAY_S as f64)).ceil() as i64);
    let from = after(start, from_s);
    let days = from.date() != after(start, to_s).date();
    let first = if step < DAY_S {
        let since_midnight = i64::from(from.hour()) * 3_600 + i64::from(from.minute()) * 60 + i64::from(from.second());
        since_midnight - since_midnight % step
    } else {
        0
    };
    let midnight = from.date().at(0, 0, 0, 0);
    let mut ticks: Vec<Tick> = Vec::new();
    for i in 0..=2 * MOST_TICKS as i64 {
        let Some((at, tick)) = instant_of(start, midnight, first + i * step) else { break };
        let is_later = ticks.last().is_none_or(|last| at > last.at);
        if at >= from_s && at <= to_s && is_later {
            ticks.push(Tick { at, label: label(&tick, step, days) });
        }
    }
    Axis::with_ticks(from_s, from_s + span, ticks)
}

/// Returns the instant, also \[s since t = 0\], at a time of the wall clock after midnight \[s\]; a change of the clock
/// moves it.
fn instant_of(start: &ZonedDateTime, midnight: DateTime, seconds: i64) -> Option<(f64, ZonedDateTime)> {
    let tick = midnight
        .checked_add(SignedDuration::from_secs(seconds))
        .ok()?
        .to_zoned_datetime(start.time_zone().clone())
        .ok()?;
    Some(((tick.timestamp() - start.timestamp()).as_secs_f64(), tick))
}

fn label(tick: &ZonedDateTime, step: i64, days: bool) -> String {
    let is_midnight = tick.hour() == 0 && tick.minute() == 0 && tick.second() == 0;
    if step >= DAY_S || (days && is_midnight) { day(tick) } else { hour(tick, step % 60 == 0) }
}

fn hour(at: &ZonedDateTime, to_the_minute: bool) -> String {
    at.strftime(if to_the_minute { "%H:%M" } else { "%H:%M:%S" }).to_string()
}

fn day(at: &ZonedDateTime) -> String {
    at.strftime("%-d %b").to_string()
}

fn caption(start: &ZonedDateTime, from_s: f64, to_s: f64) -> String {
    let (from, to) = (after(start, from_s), after(start, to_s));
    let zone = from.time_zone().iana_name().unwrap_or("UTC").to_owned();
    let first = from.strftime("%a %-d %b %Y");
    if from.date() == to.date() {
        format!("clock time on {first}, {zone}")
    } else {
        format!("clock time, {first} to {}, {zone}", to.strftime("%a %-d %b %Y"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ticks(start: &str, from_s: f64, to_s: f64) -> (Vec<String>, String) {
        let (axis, caption) = Clock::Stated(instant(start).unwrap()).axis(from_s, to_s);
        (axis.ticks.into_iter().map(|tick| tick.label).collect(), caption)
    }

    #[test]
    fn ticks_stand_at_round_times_of_the_clock() {
        let (labels, caption) = ticks("2026-12-07T08:20:00[America/New_York]", 600.0, 4_200.0);
        assert_eq!(labels, ["08:30", "08:40", "08:50", "09:00", "09:10", "09:20", "09:30"]);
        assert_eq!(caption, "clock time on Mon 7 Dec 2026, America/New_York");
    }

    #[test]
    fn midnight_names_the_day_where_there_are_several() {
        let (labels, caption) = ticks("2026-12-07T20:00:00Z", 0.0, 86_400.0);
        assert_eq!(labels, ["21:00", "8 Dec", "03:00", "06:00", "09:00", "12:00", "15:00", "18:00"]);
        assert_eq!(caption, "clock time, Mon 7 Dec 2026 to Tue 8 Dec 2026, UTC");
        let (labels, _) = ticks("2026-12-07T00:00:00Z", 0.0, 7.0 * 86_400.0);
        assert_eq!(labels, ["7 Dec", "8 Dec", "9 Dec", "10 Dec", "11 Dec", "12 Dec", "13 Dec", "14 Dec"]);
    }

    #[test]
    fn ticks_follow_a_change_of_the_clock() {
        // Clocks go from 02:00 to 03:00 on 8 March 2026.
        let start = "2026-03-08T00:00:00[America/New_York]";
        let clock = Clock::Stated(instant(start).unwrap());
        let (axis, _) = clock.axis(0.0, 6.0 * 3_600.0);
        let at: Vec<(f64, &str)> = axis.ticks.iter().map(|tick| (tick.at / 3_600.0, tick.label.as_str())).collect();
        assert_eq!(
            at,
            [
                (0.0, "00:00"),
                (1.0, "01:00"),
                (2.0, "03:00"),
                (3.0, "04:00"),
                (4.0, "05:00"),
                (5.0, "06:00"),
                (6.0, "07:00")
            ]
        );
        assert_eq!(clock.when(3.5 * 3_600.0), "04:30");
    }

    #[test]
    fn a_time_on_another_day_says_which() {
        let clock = Clock::Stated(instant("2026-12-07T20:00:00Z").unwrap());
        assert_eq!(clock.when(3_600.0), "21:00");
        assert_eq!(clock.when(6.0 * 3_600.0 + 5.0), "8 Dec 02:00:05");
        assert_eq!(Clock::Elapsed("minutes", 60.0).when(2_520.0), "minute 42");
    }

    #[test]
    fn axes_of_any_length_have_few_ticks_that_rise() {
        for span in [0.5, 7.0, 90.0, 4_000.0, 40_000.0, 400_000.0, 4e6, 4e7, 9.5e8] {
            let (axis, _) =
                Clock::Stated(instant("2026-03-01T22:13:07[Europe/Berlin]").unwrap()).axis(13.0, 13.0 + span);
            assert!(axis.ticks.len() <= 10 && axis.ticks.windows(2).all(|w| w[0].at < w[1].at), "{span}: {axis:?}");
            assert!(span < 1.0 || axis.ticks.len() >= 3, "{span}: {axis:?}");
        }
    }
}

//! The clock: integer microseconds since the start of the run.

use std::fmt;

/// An instant or a span of simulated time \[µs\].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, serde::Serialize)]
pub struct SimTime(pub u64);

impl SimTime {
    /// The start of every run.
    pub const ZERO: Self = Self(0);
    /// The longest time that a scenario may ask for: 30 years of 365 days \[µs\]. Sums of a few of them stay far from
    /// the end of the clock.
    pub const LONGEST: Self = Self(30 * 365 * 86_400 * 1_000_000);

    #[must_use]
    pub const fn from_secs(s: u64) -> Self {
        Self(s * 1_000_000)
    }

    /// Returns the time in seconds \[s\].
    #[must_use]
    pub fn as_secs_f64(self) -> f64 {
        self.0 as f64 * 1e-6
    }

    /// Returns the time in milliseconds \[ms\].
    #[must_use]
    pub fn as_millis_f64(self) -> f64 {
        self.0 as f64 * 1e-3
    }
}

/// Writes a time the way a scenario does: `90s` as `1m30s`, `0.25 s` as `250ms`.
impl fmt::Display for SimTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const UNITS: [(u64, &str); 6] = [
            (86_400_000_000, "d"),
            (3_600_000_000, "h"),
            (60_000_000, "m"),
            (1_000_000, "s"),
            (1_000, "ms"),
            (1, "us"),
        ];
        if self.0 == 0 {
            return f.write_str("0s");
        }
        let mut rest = self.0;
        for (size, unit) in UNITS {
            if rest >= size {
                write!(f, "{}{unit}", rest / size)?;
                rest %= size;
            }
        }
        Ok(())
    }
}

/// The wall clock at t = 0. Minute windows, daily quotas and daily shapes follow it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WallClock {
    /// The Unix time of t = 0 \[µs\]; negative before 1970.
    pub unix_us: i64,
    /// The instant as the scenario wrote it, or as it was defaulted.
    pub written: String,
    /// The clock of the place that it was written for.
    pub zone: jiff::tz::TimeZone,
}

impl WallClock {
    /// Returns the time since the start of the window of length `window` in which t = 0 lies, for windows of the wall
    /// clock that start at `offset` \[µs\], in `[0, window)`.
    #[must_use]
    pub fn phase(&self, window: u64, offset: u64) -> u64 {
        let window = i128::from(window);
        (i128::from(self.unix_us) - i128::from(offset)).rem_euclid(window) as u64
    }

    /// Returns the day (YYYY-MM-DD) and the time of day (HH:MM, rounded to the minute) in UTC at an instant of the run.
    #[must_use]
    pub fn utc_at(&self, at: SimTime) -> (String, String) {
        self.day_and_minute(at, jiff::tz::TimeZone::UTC)
    }

    /// Returns the day and the time of day as in [`Self::utc_at`], and the name of the zone, where the run starts by
    /// the clock of a place; `None`: it starts by UTC.
    #[must_use]
    pub fn local_at(&self, at: SimTime) -> Option<(String, String, String)> {
        let zone = self.zone.iana_name().filter(|name| !["UTC", "Etc/UTC"].contains(name))?;
        let (day, clock) = self.day_and_minute(at, self.zone.clone());
        Some((day, clock, zone.to_owned()))
    }

    fn day_and_minute(&self, at: SimTime, zone: jiff::tz::TimeZone) -> (String, String) {
        const MINUTE: i128 = 60_000_000;
        let micros = i128::from(self.unix_us) + i128::from(at.0);
        let rounded = (micros + MINUTE / 2).div_euclid(MINUTE) * MINUTE;
        let instant = i64::try_from(rounded).ok().and_then(|us| jiff::Timestamp::from_microsecond(us).ok());
        let there = instant.map(|instant| instant.to_zoned_datetime(zone));
        let unknown = || ("?".to_owned(), "?".to_owned());
        there.map_or_else(unknown, |there| (there.date().to_string(), there.strftime("%H:%M").to_string()))
    }

    /// Returns the UTC time of an instant of the run, to the second (YYYY-MM-DD HH:MM:SS).
    #[must_use]
    pub fn clock_at(&self, at: SimTime) -> String {
        let micros = i128::from(self.unix_us) + i128::from(at.0);
        let instant = i64::try_from(micros).ok().and_then(|us| jiff::Timestamp::from_microsecond(us).ok());
        let utc = instant.map(|instant| instant.to_zoned_datetime(jiff::tz::TimeZone::UTC));
        utc.map_or_else(|| "?".to_owned(), |utc| utc.strftime("%Y-%m-%d %H:%M:%S").to_string())
    }

    /// Returns the clock of a run that starts earlier by `by` \[µs\].
    #[must_use]
    pub fn before(&self, by: u64) -> Self {
        Self { unix_us: self.unix_us.saturating_sub_unsigned(by), ..self.clone() }
    }

    /// Returns the UTC day (YYYY-MM-DD) `months` months after an instant of the run; at most the month's last day.
    #[must_use]
    pub fn date_after(&self, at: SimTime, months: u32) -> String {
        let micros = i128::from(self.unix_us) + i128::from(at.0);
        let instant = i64::try_from(micros).ok().and_then(|us| jiff::Timestamp::from_microsecond(us).ok());
        let day = instant.map(|t| t.to_zoned_datetime(jiff::tz::TimeZone::UTC).date());
        let day = day.and_then(|day| day.checked_add(jiff::Span::new().months(i64::from(months))).ok());
        day.map_or_else(|| "?".to_owned(), |day| day.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wall_clock(unix_us: i64) -> WallClock {
        WallClock { unix_us, written: String::new(), zone: jiff::tz::TimeZone::UTC }
    }

    #[test]
    fn times_print_the_way_they_are_written() {
        for (us, text) in
            [(0, "0s"), (90_000_000, "1m30s"), (250_000, "250ms"), (86_400_000_000, "1d"), (1_000_007, "1s7us")]
        {
            assert_eq!(SimTime(us).to_string(), text);
        }
    }

    #[test]
    fn a_term_ends_on_a_day_that_there_is() {
        // 2027-01-31T23:00:00Z
        let wall = wall_clock(1_801_436_400_000_000);
        assert_eq!(wall.date_after(SimTime::ZERO, 1), "2027-02-28");
        assert_eq!(wall.date_after(SimTime::from_secs(7_200), 6), "2027-08-01");
    }

    #[test]
    fn an_instant_of_the_run_has_a_utc_day_and_time() {
        // 2027-01-31T23:00:00Z
        let wall = wall_clock(1_801_436_400_000_000);
        assert_eq!(wall.utc_at(SimTime::ZERO), ("2027-01-31".to_owned(), "23:00".to_owned()));
        assert_eq!(wall.utc_at(SimTime::from_secs(3_629)), ("2027-02-01".to_owned(), "00:00".to_owned()));
        assert_eq!(wall.utc_at(SimTime::from_secs(3_630)), ("2027-02-01".to_owned(), "00:01".to_owned()));
    }

    #[test]
    fn a_run_that_starts_by_the_clock_of_a_place_has_local_times() {
        let zone = jiff::tz::TimeZone::get("America/New_York").expect("it is known");
        let wall = WallClock { zone, ..wall_clock(1_801_436_400_000_000) };
        let local = |hours: u64| wall.local_at(SimTime::from_secs(hours * 3_600)).expect("it is no UTC");
        assert_eq!(local(0), ("2027-01-31".to_owned(), "18:00".to_owned(), "America/New_York".to_owned()));
        assert_eq!(local(6).0, "2027-02-01");
        assert_eq!(wall_clock(0).local_at(SimTime::ZERO), None);
    }

    #[test]
    fn the_phase_is_never_negative() {
        let before_1970 = wall_clock(-1);
        assert_eq!(before_1970.phase(60_000_000, 0), 59_999_999);
        assert_eq!(before_1970.phase(60_000_000, 59_999_999), 0);
    }
}

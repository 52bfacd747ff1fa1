//! The share of a region's live capacity that others take. It is not published, so a scenario states it.

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer};

use crate::diagnostic::{Sink, Span};
use crate::model::quantity::{Duration, Share};
use crate::model::spec::{At, Kinds, Refusal, Scalar, Written, family};
use crate::random::{Law, Shape, Stream};
use crate::units::{MICROS_PER_DAY, WallClock, round_half_up};

/// The share of a region's capacity that other AWS customers use \[10⁻⁶\].
#[derive(Debug, Clone, PartialEq)]
pub enum Background {
    Constant(u64),
    /// The load at each hour of a UTC day, linear between.
    Daily(Vec<u64>),
    /// The share `load` for exponential times of mean `on`, none for exponential times of mean `off` \[µs\].
    OnOff {
        load: u64,
        on: f64,
        off: f64,
    },
}

impl Background {
    pub const NONE: Self = Self::Constant(0);
}

/// The share of a region's capacity that other AWS customers use: a share, or a kind.
#[derive(Debug, Clone)]
pub enum BackgroundSpec {
    Constant(Share),
    Daily(DailySpec),
    OnOff(OnOffSpec),
}

/// A share for each hour of a UTC day.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "DailyBackground")]
pub struct DailySpec {
    /// The loads at the 24 hours of the day, linear between.
    pub loads: At<Vec<Share>>,
}

/// A load that comes and goes at random; a run starts in either state by its share of time.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "OnOffBackground")]
pub struct OnOffSpec {
    /// The share that is taken while the load is on.
    pub load: At<Share>,
    /// The mean time for which the load is on.
    pub on: At<Duration>,
    /// The mean time for which the load is off.
    pub off: At<Duration>,
}

impl Kinds for BackgroundSpec {
    const WHAT: &'static str = "a background load";
    const KINDS: &'static [&'static str] = &["daily", "on_off"];

    fn kind<'de, D: Deserializer<'de>>(key: &str, keys: D) -> Result<Self, D::Error> {
        match key {
            "daily" => Deserialize::deserialize(keys).map(Self::Daily),
            "on_off" => Deserialize::deserialize(keys).map(Self::OnOff),
            _ => Err(serde::de::Error::unknown_variant(key, Self::KINDS)),
        }
    }

    fn bare(written: Written<'_>) -> Result<Self, Refusal> {
        Share::read(written).map(Self::Constant)
    }

    fn kind_schema(key: &str, generator: &mut SchemaGenerator) -> Schema {
        match key {
            "daily" => generator.subschema_for::<DailySpec>(),
            "on_off" => generator.subschema_for::<OnOffSpec>(),
            _ => Schema::from(false),
        }
    }

    fn bare_schema(generator: &mut SchemaGenerator) -> Option<Schema> {
        Some(generator.subschema_for::<Share>())
    }
}

family!(
    BackgroundSpec,
    "Background",
    "The share of a region's capacity that other AWS customers use: a share, or a kind [1]."
);

const HOURS: usize = 24;

impl BackgroundSpec {
    pub fn lower(&self, at: &Span, sink: &mut Sink) -> Background {
        let millionths = |share: Share| round_half_up(share.0 * 1e6);
        match self {
            Self::Constant(share) => Background::Constant(millionths(*share)),
            Self::Daily(spec) => {
                let loads: Vec<u64> = spec.loads.value.iter().map(|share| millionths(*share)).collect();
                if loads.len() != HOURS {
                    let rule = format!("a day has {HOURS} loads, these are {}", loads.len());
                    sink.error(
                        spec.loads.at.clone(),
                        rule,
                        "write one share for each hour, from midnight UTC".to_owned(),
                    );
                    return Background::NONE;
                }
                Background::Daily(loads)
            }
            Self::OnOff(spec) => {
                let (on, off) = (spec.on.value.0.0 as f64, spec.off.value.0.0 as f64);
                if on == 0.0 || off == 0.0 {
                    let rule = "the mean times for which a load is on and off are above zero";
                    sink.error(at.clone(), rule, "write the share itself for a constant load".to_owned());
                }
                Background::OnOff { load: millionths(spec.load.value), on, off }
            }
        }
    }
}

/// The state of a background load during a run.
#[derive(Debug)]
pub struct BackgroundState {
    background: Background,
    /// The time from the last UTC midnight to t = 0 \[µs\].
    phase: u64,
    stream: Stream,
    is_on: bool,
    /// The instant at which the load next turns on or off \[µs\].
    turns_at: u64,
    turns: u64,
}

const HOUR: u64 = MICROS_PER_DAY / HOURS as u64;
/// The interval at which a load that changes all the time is looked at by those who wait for it \[µs\].
const LOOK: u64 = 60_000_000;

impl BackgroundState {
    #[must_use]
    pub fn new(background: &Background, wall: &WallClock, stream: Stream) -> Self {
        let phase = wall.phase(MICROS_PER_DAY, 0);
        let mut state =
            Self { background: background.clone(), phase, stream, is_on: false, turns_at: u64::MAX, turns: 0 };
        if let Background::OnOff { on, off, .. } = *background {
            state.is_on = stream.uniform(0) < on / (on + off);
            state.turns_at = 0;
            state.stay(0);
        }
        state
    }

    /// Draws how long the present state lasts from `now` on.
    fn stay(&mut self, now: u64) {
        let Background::OnOff { on, off, .. } = self.background else { return };
        self.turns += 1;
        let mean = if self.is_on { on } else { off };
        let stay = Law::of(Shape::Exponential { mean }).at(self.stream, self.turns);
        self.turns_at = now.saturating_add(round_half_up(stay).max(1));
    }

    /// Returns the share that is taken at `now`, which must not decrease from call to call \[10⁻⁶\].
    pub fn load(&mut self, now: u64) -> u64 {
        while self.turns_at <= now {
            let at = self.turns_at;
            self.is_on = !self.is_on;
            self.stay(at);
        }
        match &self.background {
            Background::Constant(load) => *load,
            Background::OnOff { load, .. } => {
                if self.is_on {
                    *load
                } else {
                    0
                }
            }
            Background::Daily(loads) => {
                let into_day = (now + self.phase) % MICROS_PER_DAY;
                let (hour, into_hour) = ((into_day / HOUR) as usize, into_day % HOUR);
                let (a, b) = (loads[hour], loads[(hour + 1) % HOURS]);
                (a * (HOUR - into_hour) + b * into_hour) / HOUR
            }
        }
    }

    /// Returns the next instant at which the load may change \[µs\]; `None`: it is constant.
    pub fn next_change(&mut self, now: u64) -> Option<u64> {
        self.load(now);
        match &self.background {
            Background::Constant(_) => None,
            Background::OnOff { .. } => Some(self.turns_at),
            Background::Daily(_) => Some(now - now % LOOK + LOOK),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Purpose;

    fn state(background: Background) -> BackgroundState {
        let wall = WallClock { unix_us: 0, written: String::new(), zone: jiff::tz::TimeZone::UTC };
        BackgroundState::new(&background, &wall, Stream::new(1, 0, Purpose::Background, "us"))
    }

    #[test]
    fn a_day_is_linear_between_its_hours() {
        let mut loads = vec![0; 24];
        loads[1] = 600_000;
        let mut day = state(Background::Daily(loads));
        assert_eq!([0, HOUR / 2, HOUR, HOUR + HOUR / 3].map(|t| day.load(t)), [0, 300_000, 600_000, 400_000]);
        assert_eq!(day.load(MICROS_PER_DAY + HOUR), 600_000);
    }

    #[test]
    fn on_and_off_take_their_shares_of_time() {
        let mut load = state(Background::OnOff { load: 1_000_000, on: 6e7, off: 18e7 });
        let n = 200_000;
        let on: u64 = (0..n).map(|i| load.load(i * 7_000_000) / 1_000_000).sum();
        let share = on as f64 / n as f64;
        assert!((share - 0.25).abs() < 0.02, "{share}");
    }
}

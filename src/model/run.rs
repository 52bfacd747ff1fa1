//! The form of `[run]` in a scenario: the clock, the seed, the replications.

use jiff::tz::TimeZone;
use jiff::{Timestamp, ZonedDateTime};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::diagnostic::{Sink, Span};
use crate::model::Replications;
use crate::model::quantity::{Count, Duration, Names, Number, Share};
use crate::model::spec::{At, Refusal, Scalar, Written, scalar, scalar_or_table};
use crate::units::WallClock;

/// The clock, the seed, the replications.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Run")]
pub struct RunSpec {
    /// The length of the measured interval. May be left out when every workload replays a trace.
    pub duration: Option<At<Duration>>,
    /// The time for which traffic runs before the measured interval; default 0s, with a warning.
    pub warmup: Option<At<Duration>>,
    /// The longest time for which open requests may continue after the measured interval; default 10m.
    pub cooldown: Option<At<Duration>>,
    /// The wall clock of t = 0, such as "2026-12-07T08:00:00[America/New_York]"; default a UTC midnight.
    pub start: Option<At<Start>>,
    /// The seed of all random streams; default 1.
    pub seed: Option<At<Seed>>,
    /// The number of replications, or the range in which a precision is sought; default 10.
    pub replications: Option<At<ReplicationsSpec>>,
    /// The confidence level of the intervals, as a share; default 0.95.
    pub confidence: Option<At<Share>>,
    /// Catalogues of your own, such as "our-account.toml": their entries are laid over those of bedload, in this order.
    pub catalog: Option<At<Names>>,
    /// The factor by which the rate of every workload is multiplied; default 1.
    pub traffic_scale: Option<At<Number>>,
}

/// A seed: any whole number of 64 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seed(pub u64);

impl Scalar for Seed {
    fn read(written: Written<'_>) -> Result<Self, Refusal> {
        match written {
            Written::Integer(n) => u64::try_from(n)
                .map(Self)
                .map_err(|_| Refusal::new(format!("a seed lies between 0 and {}, {n} does not", u64::MAX))),
            other => Err(Refusal::new(format!("a seed is a whole number, {other} is not"))),
        }
    }
}
scalar!(Seed, { "type": "integer", "minimum": 0 });

/// The wall clock of t = 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Start(pub WallClock);

impl Start {
    /// Returns a UTC midnight.
    #[must_use]
    pub fn default_clock() -> WallClock {
        let written = "2026-01-01T00:00:00Z".to_owned();
        WallClock { unix_us: 1_767_225_600_000_000, written, zone: TimeZone::UTC }
    }
}

impl Scalar for Start {
    fn read(written: Written<'_>) -> Result<Self, Refusal> {
        const HELP: &str = "write \"2026-12-07T08:00:00[America/New_York]\" or \"2026-12-07T13:00:00Z\"";
        let Written::Text(text) = written else {
            return Err(Refusal::new(format!("a start is an instant in quotes, {written} is not")).help(HELP));
        };
        let zoned = text.parse::<ZonedDateTime>().map(|z| (z.timestamp(), z.time_zone().clone()));
        match zoned.or_else(|_| text.parse::<Timestamp>().map(|instant| (instant, TimeZone::UTC))) {
            Ok((instant, zone)) => {
                Ok(Self(WallClock { unix_us: instant.as_microsecond(), written: text.to_owned(), zone }))
            }
            Err(_) => Err(Refusal::new(format!("`{text}` is not an instant with its time zone")).help(HELP)),
        }
    }
}
scalar!(Start, { "type": "string", "examples": ["2026-12-07T08:00:00[America/New_York]", "2026-12-07T13:00:00Z"] });

/// A fixed number of replications, or a range within which a precision is sought.
#[derive(Debug, Clone)]
pub enum ReplicationsSpec {
    Fixed(Count),
    Until(UntilSpec),
}

/// A number of replications from `min` to `max`: the run stops as soon as the intervals are narrow enough.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ReplicationsUntil")]
pub struct UntilSpec {
    /// The fewest replications; default 10.
    pub min: Option<At<Count>>,
    /// The most replications.
    pub max: At<Count>,
    /// The half-width of an interval / its estimate at which to stop; default 0.05 \[1\].
    pub relative_precision: Option<At<Share>>,
}

pub const DEFAULT_REPLICATIONS: Replications = Replications { min: 10, max: 10, relative_precision: None };
const MOST_REPLICATIONS: u64 = 10_000;

impl ReplicationsSpec {
    pub fn lower(&self, at: &Span, sink: &mut Sink) -> Option<Replications> {
        let mut checked = |n: Count, at: &Span| {
            if !(1..=MOST_REPLICATIONS).contains(&n.0) {
                let rule =
                    format!("the number of replications lies between 1 and {MOST_REPLICATIONS}, {} does not", n.0);
                sink.error(at.clone(), rule, None);
                return None;
            }
            u32::try_from(n.0).ok()
        };
        match self {
            Self::Fixed(n) => checked(*n, at).map(|n| Replications { min: n, max: n, relative_precision: None }),
            Self::Until(spec) => {
                let min = spec.min.as_ref().map_or(Some(10), |n| checked(n.value, &n.at));
                let max = checked(spec.max.value, &spec.max.at);
                let (min, max) = (min?, max?);
                if max < min {
                    sink.error(spec.max.at.clone(), format!("`max` is at least `min`, {max} is below {min}"), None);
                    return None;
                }
                let precision = spec.relative_precision.as_ref().map_or(0.05, |p| p.value.0);
                Some(Replications { min, max, relative_precision: Some(precision) })
            }
        }
    }
}

scalar_or_table!(
    ReplicationsSpec,
    Count,
    UntilSpec,
    Fixed,
    Until,
    "Replications",
    "a number of replications, or { min, max, relative_precision }"
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_start_has_its_zone() {
        let start = |text: &str| Start::read(Written::Text(text)).map(|s| s.0.unix_us);
        assert_eq!(start("2026-12-07T08:00:00[America/New_York]"), Ok(1_796_648_400_000_000));
        assert_eq!(start("2026-12-07T13:00:00Z"), Ok(1_796_648_400_000_000));
        assert_eq!(start(&Start::default_clock().written), Ok(Start::default_clock().unix_us));
        assert!(start("2026-12-07T13:00:00").is_err());
        assert!(start("tomorrow").is_err());
        assert!(Start::read(Written::Integer(5)).is_err());
    }

    #[test]
    fn replications_are_a_number_or_a_range() {
        #[derive(Deserialize)]
        struct Holder {
            replications: At<ReplicationsSpec>,
        }
        let read = |text: &str| {
            let r = toml::from_str::<Holder>(text).unwrap().replications;
            r.value.lower(&r.at, &mut Sink::default())
        };
        assert_eq!(read("replications = 3"), Some(Replications { min: 3, max: 3, relative_precision: None }));
        assert_eq!(
            read("replications = { min = 10, max = 40, relative_precision = 0.1 }"),
            Some(Replications { min: 10, max: 40, relative_precision: Some(0.1) })
        );
        assert_eq!(read("replications = 0"), None);
        assert_eq!(read("replications = { max = 4 }"), None);
    }
}

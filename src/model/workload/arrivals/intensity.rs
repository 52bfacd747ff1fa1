//! The intensity of traffic: `rate(t) = base x shape(t) x bursts(t) x growth(t) x scale`, and the state of a modulated
//! process. Nothing is normalised but the states of the latter.

use jiff::tz::TimeZone;
use schemars::JsonSchema;
use serde::Deserialize;

use super::ArrivalsSpec;
use super::mmpp::State;
use super::shape::{Shape, ShapeSpec};
use crate::diagnostic::Sink;
use crate::model::instant::Instant;
use crate::model::quantity::{Duration, Growth, Number};
use crate::model::spec::At;
use crate::units::{MICROS_PER_MINUTE, SimTime};

/// The rate of arrivals over time.
#[derive(Debug, Clone, PartialEq)]
pub struct Intensity {
    /// The base rate, already multiplied by `scale` and `run.traffic_scale` \[1/µs\].
    pub base: f64,
    pub shape: Shape,
    /// The bursts at stated times; overlapping ones multiply.
    pub bursts: Vec<Burst>,
    pub random_bursts: Vec<RandomBurst>,
    /// The growth of the logarithm of the rate \[1/µs\].
    pub growth: f64,
    /// The states of a modulated process, in cyclic order; empty when the process is not modulated.
    pub states: Vec<State>,
}

/// A burst over `[at, at + lasts)`, repeated when `every` is given \[µs\].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Burst {
    pub at: SimTime,
    pub lasts: SimTime,
    pub factor: f64,
    pub every: Option<SimTime>,
}

impl Burst {
    /// Returns the time since the burst last began \[µs\]; `None`: it has not begun yet.
    #[must_use]
    pub fn since_onset(&self, t: u64) -> Option<u64> {
        let since = t.checked_sub(self.at.0)?;
        Some(self.every.map_or(since, |every| since % every.0))
    }

    /// Returns whether the burst is on at an instant.
    #[must_use]
    pub fn is_on(&self, t: u64) -> bool {
        self.since_onset(t).is_some_and(|since| since < self.lasts.0)
    }
}

/// Bursts of equal length that begin as a Poisson process \[µs\].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RandomBurst {
    /// The mean time from the start of one burst to the start of the next \[µs\].
    pub mean_gap: f64,
    pub lasts: SimTime,
    pub factor: f64,
}

/// A time of more (or less) traffic: at an instant, or at random.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Burst")]
pub struct BurstSpec {
    /// The start of the first burst: a time since t = 0, or an instant.
    pub at: Option<At<Instant>>,
    /// The duration of one burst.
    pub lasts: At<Duration>,
    /// The factor by which the rate is multiplied during a burst \[1\].
    pub factor: At<Number>,
    /// The time from the start of one burst to the start of the next; the burst happens only once when left out.
    pub every: Option<At<Duration>>,
    /// The mean number of bursts that begin in an hour, at random, instead of `at`.
    pub per_hour: Option<At<Number>>,
}

/// The highest rate of arrivals, more than any service takes; sums and products of rates stay finite below it \[1/s\].
pub const LARGEST_RATE: f64 = 1e9;
/// The most bursts that may overlap on average; with more, bursts would be the rule.
const MOST_OVERLAPPING: f64 = 10.0;

/// The keys of a workload that shape its rate beside its arrival process.
#[derive(Debug, Clone, Copy)]
pub struct IntensitySpec<'s> {
    pub shape: Option<&'s At<ShapeSpec>>,
    pub bursts: &'s [BurstSpec],
    pub growth: Option<&'s At<Growth>>,
    /// The product of all constant factors of the rate.
    pub scale: f64,
    /// The clock of daily and weekly shapes, and Unix time at t = 0 \[µs\].
    pub zone: &'s TimeZone,
    pub unix_us: i64,
}

impl Intensity {
    /// Returns the intensity of an arrival process that has a rate; `None` after a finding.
    ///
    /// # Panics
    /// Panics if the process has no rate.
    pub fn lower(arrivals: &ArrivalsSpec, spec: IntensitySpec<'_>, sink: &mut Sink) -> Option<Self> {
        let Some(rate) = arrivals.rate() else { unreachable!("users and traces have no intensity") };
        let before = sink.errors();
        let shape = spec.shape.map_or(Some(Shape::Flat), |s| s.value.lower(&s.at, spec.zone, spec.unix_us, sink));
        let (mut bursts, mut random_bursts) = (Vec::new(), Vec::new());
        for burst in spec.bursts {
            burst.lower(&mut bursts, &mut random_bursts, sink);
        }
        let states = match arrivals {
            ArrivalsSpec::Mmpp(spec) => spec.lower(sink)?,
            _ => Vec::new(),
        };
        let growth = spec.growth.map_or(0.0, |g| g.value.0);
        let intensity =
            Self { base: rate.value.0 * spec.scale / 1e6, shape: shape?, bursts, random_bursts, growth, states };
        let peak = intensity.peak() * 1e6;
        if !peak.is_finite() || peak > LARGEST_RATE || rate.value.0 * spec.scale > LARGEST_RATE {
            sink.error(
                rate.at.clone(),
                format!("traffic peaks at {peak:.0} requests a second, beyond what can be simulated"),
                None,
            );
        } else if peak == 0.0 {
            sink.warning(Some(rate.at.clone()), "this workload sends nothing: its rate is zero throughout", None);
        }
        (sink.errors() == before).then_some(intensity)
    }

    /// Returns the highest intensity, growth aside, with one of each kind of random burst \[1/µs\].
    #[must_use]
    pub fn peak(&self) -> f64 {
        let states = self.states.iter().map(|s| s.factor).fold(f64::NAN, f64::max);
        let fixed: f64 = self.bursts.iter().map(|b| b.factor.max(1.0)).product();
        let random: f64 = self.random_bursts.iter().map(|b| b.factor.max(1.0)).product();
        self.base * self.shape.highest() * fixed * random * if states.is_nan() { 1.0 } else { states }
    }

    /// Returns the intensity that is expected at an instant \[1/µs\]: random bursts and the states of a modulated
    /// process are averaged over.
    #[must_use]
    pub fn expected_at(&self, t: u64) -> f64 {
        let [shape, _] = self.shape.between(t, t + 1);
        let fixed: f64 = self.bursts.iter().filter(|burst| burst.is_on(t)).map(|burst| burst.factor).product();
        // Those that overlap at an instant are Poisson in number, and multiply.
        let at_once = |burst: &RandomBurst| burst.lasts.0 as f64 / burst.mean_gap;
        let random = |burst: &RandomBurst| libm::exp(at_once(burst) * (burst.factor - 1.0));
        let random: f64 = self.random_bursts.iter().map(random).product();
        self.base * shape * fixed * random * libm::exp(self.growth * t as f64)
    }

    /// Returns the mean number of independent random episodes a minute: bursts that raise the rate, cycles through the
    /// states of a modulated process. Of several kinds, the rarest counts; `None`: nothing varies at random \[1/min\].
    #[must_use]
    pub fn episodes_a_minute(&self) -> Option<f64> {
        let bursts = self.random_bursts.iter().filter(|burst| burst.factor > 1.0).map(|burst| burst.mean_gap);
        let cycle = (!self.states.is_empty()).then(|| self.states.iter().map(|state| state.mean).sum::<f64>());
        let longest = bursts.chain(cycle).fold(0.0, f64::max);
        (longest > 0.0).then(|| MICROS_PER_MINUTE as f64 / longest)
    }

    /// Returns whether the shape is that of a week, so that a day is not like any other.
    #[must_use]
    pub fn is_weekly(&self) -> bool {
        matches!(&self.shape, Shape::Cycle(cycle) if cycle.factors.len() > 24)
    }

    /// Returns whether an hour is like any other in the long run.
    #[must_use]
    pub fn is_stationary(&self) -> bool {
        self.shape == Shape::Flat && self.bursts.is_empty() && self.random_bursts.is_empty() && self.growth == 0.0
    }
}

impl BurstSpec {
    fn lower(&self, fixed: &mut Vec<Burst>, random: &mut Vec<RandomBurst>, sink: &mut Sink) {
        let (lasts, factor) = (self.lasts.value.0, self.factor.value.0);
        if lasts == SimTime::ZERO {
            sink.error(self.lasts.at.clone(), "a burst lasts longer than zero", None);
            return;
        }
        match (&self.at, &self.per_hour) {
            (Some(at), None) => {
                if let Some(every) = self.every.as_ref().filter(|e| e.value.0 < lasts) {
                    let rule = format!("a burst ends before it comes again, {} is shorter than {lasts}", every.value.0);
                    let least = format!("\"{lasts}\"");
                    sink.offer(every.at.clone(), rule, Some(format!("write {least} or more")), vec![least]);
                    return;
                }
                let every = self.every.as_ref().map(|e| e.value.0);
                fixed.push(Burst { at: at.value.0, lasts, factor, every });
            }
            (None, Some(per_hour)) => {
                if let Some(every) = &self.every {
                    let rule = "a burst comes `every` so often, or `per_hour` at random, not both";
                    sink.error(every.at.clone(), rule, "leave one of them out".to_owned());
                    return;
                }
                let overlapping = per_hour.value.0 * lasts.as_secs_f64() / 3_600.0;
                if per_hour.value.0 == 0.0 || overlapping > MOST_OVERLAPPING {
                    let rule =
                        format!("{} bursts an hour of {lasts} each are {overlapping:.1} at a time", per_hour.value.0);
                    let help = format!("write more than 0 and at most {MOST_OVERLAPPING} at a time");
                    sink.error(per_hour.at.clone(), rule, help);
                    return;
                }
                random.push(RandomBurst { mean_gap: 3.6e9 / per_hour.value.0, lasts, factor });
            }
            _ => {
                let help = "write at = \"2h\", or per_hour = 0.5 for random ones".to_owned();
                sink.error(self.lasts.at.clone(), "a burst comes `at` an instant, or `per_hour` at random", help);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct Holder {
        arrivals: ArrivalsSpec,
        shape: Option<At<ShapeSpec>>,
        #[serde(default)]
        bursts: Vec<BurstSpec>,
        growth: Option<At<Growth>>,
    }

    fn intensity(text: &str) -> (Option<Intensity>, Sink) {
        let Holder { arrivals, shape, bursts, growth } = toml::from_str(text).unwrap();
        let mut sink = Sink::default();
        let (shape, growth, bursts) = (shape.as_ref(), growth.as_ref(), &bursts[..]);
        let spec = IntensitySpec { shape, bursts, growth, scale: 2.0, zone: &TimeZone::UTC, unix_us: 0 };
        (Intensity::lower(&arrivals, spec, &mut sink), sink)
    }

    const POISSON: &str = "arrivals.poisson.rate = \"600/min\"\n";

    #[test]
    fn an_intensity_is_per_microsecond_and_scaled() {
        let (intensity, sink) = intensity(&format!(
            "{POISSON}shape = [{{ at = \"0s\", factor = 0.5 }}, {{ at = \"0s\", factor = 1 }}]\n\
             bursts = [{{ at = \"1h\", lasts = \"5m\", factor = 4, every = \"1h\" }}, {{ per_hour = 2, lasts = \"1m\", factor = 3 }}]",
        ));
        let intensity = intensity.unwrap();
        assert_eq!(intensity.base, 2e-5);
        assert_eq!(intensity.shape.highest(), 1.0);
        assert_eq!(intensity.bursts[0].every, Some(SimTime::from_secs(3_600)));
        assert_eq!(intensity.random_bursts[0].mean_gap, 1.8e9);
        assert_eq!(intensity.peak(), 2e-5 * 12.0);
        assert!(sink.findings.is_empty());
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for (text, rule) in [
            ("shape = [{ at = \"2s\", factor = 1 }, { at = \"1s\", factor = 1 }]", "goes forward"),
            ("shape.daily = [1, 2]", "2 factors for 24 hours"),
            ("bursts = [{ at = \"0s\", lasts = \"5m\", factor = 4, every = \"4m\" }]", "ends before it comes again"),
            ("bursts = [{ at = \"0s\", lasts = \"0s\", factor = 4 }]", "longer than zero"),
            ("bursts = [{ at = \"0s\", lasts = \"1s\", factor = 1e300 }]", "beyond what can be simulated"),
            ("bursts = [{ lasts = \"1s\", factor = 2 }]", "`at` an instant, or `per_hour`"),
            ("bursts = [{ per_hour = 1, every = \"1h\", lasts = \"1s\", factor = 2 }]", "not both"),
            ("bursts = [{ per_hour = 60, lasts = \"1h\", factor = 2 }]", "60.0 at a time"),
            ("bursts = [{ per_hour = 0, lasts = \"1h\", factor = 2 }]", "0 bursts an hour"),
        ] {
            let (intensity, sink) = intensity(&format!("{POISSON}{text}"));
            assert!(intensity.is_none(), "{text}");
            assert!(sink.findings[0].rule.contains(rule), "{:?}", sink.findings);
        }
    }

    #[test]
    fn no_traffic_at_all_is_warned_of() {
        let (intensity, sink) = intensity(&format!("{POISSON}shape = [{{ at = \"0s\", factor = 0 }}]"));
        assert!(intensity.is_some());
        assert!(sink.findings[0].rule.contains("sends nothing"));
    }

    #[test]
    fn growth_compounds() {
        let (intensity, _) = intensity(&format!("{POISSON}growth = \"8%/month\""));
        let month = 730.0 * 3.6e9;
        assert!((libm::exp(intensity.unwrap().growth * month) - 1.08).abs() < 1e-12);
    }
}

//! The check that requests fit the limits at all: one that is larger than any window admits is refused whenever it
//! comes.

use super::Lowering;
use super::supply::Supply;
use crate::model::capacity::quota::{LimitKind, Quota};
use crate::model::capacity::{Ask, Takes};
use crate::model::workload::Workload;
use crate::model::workload::arrivals::Arrivals;
use crate::model::workload::cache::CacheShares;
use crate::model::workload::steps::{Stage, StepTokens};
use crate::model::workload::tokens::TokensOf;
use crate::random::{Law, Shape};
use crate::trace::Trace;
use crate::units::{Tokens, grouped, round_half_up};

/// A smaller share of too large requests is not worth a word.
const WORTH_A_WORD: f64 = 1e-6;
/// The longest input that the search for the largest fitting one tries \[tokens\].
const MOST_TOKENS: Tokens = 1 << 31;

impl Lowering<'_> {
    pub fn check_room(&mut self, workloads: &[Workload], supply: &Supply<'_>) {
        if !supply.whole {
            return;
        }
        for workload in workloads {
            for stage in &workload.stages {
                let room = Room { workload, stage, supply };
                match (&stage.tokens, &workload.tokens.of, &workload.arrivals) {
                    (Some(StepTokens { input, .. }), ..) => self.check_law(&room, input, 0),
                    (None, TokensOf::Laws { input, .. }, _) => {
                        self.check_law(&room, input, workload.tokens.extra_input.into());
                    }
                    (None, TokensOf::Trace, Arrivals::Trace(replay)) => self.check_trace(&room, &replay.trace),
                    (None, TokensOf::Trace, _) => {}
                }
            }
        }
    }

    fn check_trace(&mut self, room: &Room<'_>, trace: &Trace) {
        let extra = Tokens::from(room.workload.tokens.extra_input);
        let (mut all, mut too_large, mut least) = (0u64, 0u64, None);
        for row in trace.rows() {
            let (input, cap) = (Tokens::from(row.input) + extra, room.cap_of(row.max_tokens));
            all += 1;
            too_large += u64::from(!room.fits(input, cap));
            if least.is_none_or(|(i, c)| input + cap < i + c) {
                least = Some((input, cap));
            }
        }
        match least {
            Some((input, cap)) if too_large == all => self.refuse_all(room, input, cap),
            _ => self.warn_of_share(room, too_large as f64 / all.max(1) as f64),
        }
    }

    fn check_law(&mut self, room: &Room<'_>, input: &Law, extra: Tokens) {
        let cap = room.stage.output_cap;
        let least = whole(least_draw(input), input) + extra;
        if !room.fits(least, cap) {
            self.refuse_all(room, least, cap);
            return;
        }
        self.warn_of_a_throttled_least(room, least, cap);
        let largest = largest_that_fits(|n| room.fits(n, cap));
        self.warn_of_share(room, share_above(input, largest.saturating_sub(extra)));
    }

    fn refuse_all(&mut self, room: &Room<'_>, input: Tokens, cap: Tokens) {
        let name = &room.workload.name;
        let Some(obstacle) = room.obstacle(input, cap) else { return };
        let parts = match obstacle.kind {
            LimitKind::Input => String::new(),
            LimitKind::Output => " for the answer".to_owned(),
            _ => format!(" ({} of input, {} reserved for the answer)", grouped(input), grouped(cap)),
        };
        let rule = format!(
            "no {} of `{name}` can ever be admitted: the smallest asks `{}` for {} tokens{parts}, and it admits at most {} at once",
            room.what(),
            obstacle.limit,
            grouped(obstacle.asked),
            grouped(obstacle.most),
        );
        let section = self.specs.workloads.iter().find(|w| w.name == *name);
        let at = section.map_or(0..0, |s| s.at.clone());
        let capped = section.and_then(|s| s.spec.as_ref()).and_then(|s| s.max_tokens.as_ref());
        let help = if capped.is_some() || room.stage.tokens.is_some() {
            "lower max_tokens, or raise the limit"
        } else {
            "set max_tokens: without it the model's maximum is reserved"
        };
        self.error(&at, rule, help.to_owned());
    }

    /// Warns where an undocumented rule of reservation leaves no call any room, so that each is throttled.
    fn warn_of_a_throttled_least(&mut self, room: &Room<'_>, input: Tokens, cap: Tokens) {
        if room.is_admitted(input, cap, Takes::needs) {
            return;
        }
        let name = &room.workload.name;
        let rule = format!(
            "every {} of `{name}` is throttled: even the smallest reserves more than a limit of its route admits, because `reserve_output_burndown` multiplies max_tokens by {}",
            room.what(),
            room.stage.facts.burndown.millionths as f64 / 1e6,
        );
        let at = self.specs.workloads.iter().find(|w| w.name == *name).map(|w| w.at.clone());
        self.sink.warning(at, rule, "lower max_tokens, or raise the limit".to_owned());
    }

    fn warn_of_share(&mut self, room: &Room<'_>, share: f64) {
        if share < WORTH_A_WORD {
            return;
        }
        let name = &room.workload.name;
        let rule = format!(
            "{} % of the {}s of `{name}` are too large for any limit of its route and are always refused",
            percent(share),
            room.what()
        );
        let at = self.specs.workloads.iter().find(|w| w.name == *name).map(|w| w.at.clone());
        let help = format!(
            "its route admits at most {} tokens at once; clamp the input with `max`, lower max_tokens, or raise the limit",
            grouped(room.most_admitted())
        );
        self.sink.warning(at, rule, help);
    }
}

/// Two significant figures.
fn percent(share: f64) -> String {
    let percent = share * 100.0;
    if percent >= 10.0 {
        format!("{percent:.0}")
    } else if percent >= 0.1 {
        format!("{percent:.1}")
    } else {
        format!("{percent:.4}")
    }
}

/// A call of a workload before the limits of its route.
struct Room<'a> {
    workload: &'a Workload,
    stage: &'a Stage,
    supply: &'a Supply<'a>,
}

/// A limit that can never admit a call.
struct Obstacle {
    /// The path of the limit, such as `capacities.us.tpm`.
    limit: String,
    kind: LimitKind,
    asked: Tokens,
    most: Tokens,
}

impl Room<'_> {
    fn what(&self) -> &'static str {
        if self.stage.tokens.is_some() { "step" } else { "request" }
    }

    /// Returns whether some capacity of the route could admit the call, with every limit idle.
    fn fits(&self, input: Tokens, cap: Tokens) -> bool {
        self.is_admitted(input, cap, Takes::documented_need)
    }

    /// Returns whether every limit of some capacity of the route, while idle, has what the call needs of it.
    fn is_admitted(&self, input: Tokens, cap: Tokens, need: impl Fn(&Takes, Ask) -> Tokens) -> bool {
        let mut route = self.stage.route.iter();
        route.any(|capacity| {
            self.quotas(*capacity).all(|quota| self.blocks(*capacity, quota, self.ask(input, cap), &need).is_none())
        })
    }

    /// Returns the first limit of the route that stands in the way.
    fn obstacle(&self, input: Tokens, cap: Tokens) -> Option<Obstacle> {
        let ask = self.ask(input, cap);
        let limits = self.stage.route.iter().flat_map(|c| self.quotas(*c).map(|quota| (*c, quota)));
        limits.into_iter().find_map(|(c, quota)| self.blocks(c, quota, ask, &Takes::documented_need))
    }

    /// Returns the tokens that the call demands of the limits.
    fn ask(&self, input: Tokens, cap: Tokens) -> Ask {
        let is_main = self.stage.tokens.is_none();
        let parts = if is_main { self.workload.cache.split(input) } else { CacheShares::default().split(input) };
        let (input, cache_read) = (parts.uncached + parts.write, parts.read);
        Ask { input, cap, cache_read, cache_write: parts.write, workload: 0 }
    }

    /// Returns the limit of a quota that can never admit the call; `None`: all could.
    fn blocks(
        &self,
        capacity: usize,
        quota: &Quota,
        ask: Ask,
        need: &impl Fn(&Takes, Ask) -> Tokens,
    ) -> Option<Obstacle> {
        LimitKind::ALL.into_iter().filter(|kind| !matches!(kind, LimitKind::Rpm | LimitKind::Otpm)).find_map(|kind| {
            let most = largest_request(quota, kind)?;
            let weights = || [self.workload.price_weights_at(capacity)].into();
            let takes = Takes::of(kind, quota, self.stage.facts.burndown, weights);
            let asked = need(&takes, ask);
            (asked > most).then(|| Obstacle { limit: format!("{}.{}", quota.prefix, kind.name()), kind, asked, most })
        })
    }

    /// Returns the quotas of a capacity.
    fn quotas(&self, capacity: usize) -> impl Iterator<Item = &Quota> {
        let capacity = self.supply.capacities.get(capacity);
        capacity.into_iter().flat_map(|c| c.quotas.iter().filter_map(|q| self.supply.quotas.get(*q)))
    }

    /// Returns the largest reservation that any capacity of the route takes.
    fn most_admitted(&self) -> Tokens {
        let on_tokens = |kind: &LimitKind| !matches!(kind, LimitKind::Rpm | LimitKind::Otpm);
        let of_capacity = |c: &usize| {
            let limits = self
                .quotas(*c)
                .flat_map(|q| LimitKind::ALL.into_iter().filter(on_tokens).filter_map(|kind| largest_request(q, kind)));
            limits.min().unwrap_or(Tokens::MAX)
        };
        self.stage.route.iter().map(of_capacity).max().unwrap_or(Tokens::MAX)
    }

    /// Returns the cap of a recorded request, whose own is 0 when it has none.
    fn cap_of(&self, recorded: u32) -> Tokens {
        if recorded == 0 { self.stage.output_cap } else { Tokens::from(recorded).min(self.stage.output_cap) }
    }
}

/// Returns the largest request that an idle limit ever admits, outages aside; `None`: there is no such limit.
fn largest_request(quota: &Quota, kind: LimitKind) -> Option<Tokens> {
    quota.over_time(kind)?.iter().map(|(_, step)| step.nominal.largest_request()).max()
}

/// Returns the largest input that fits; what is reserved never falls as inputs grow.
fn largest_that_fits(fits: impl Fn(Tokens) -> bool) -> Tokens {
    let (mut good, mut bad) = (0, MOST_TOKENS);
    if fits(bad) {
        return bad;
    }
    while bad - good > 1 {
        let middle = good + (bad - good) / 2;
        if fits(middle) { good = middle } else { bad = middle }
    }
    good
}

/// Returns the tokens that a draw becomes.
fn whole(x: f64, law: &Law) -> Tokens {
    round_half_up(x.max(law.min).min(law.max)).max(1)
}

fn least_draw(law: &Law) -> f64 {
    match &law.shape {
        Shape::Constant(x) => *x,
        Shape::Uniform { low, .. } => *low,
        Shape::Empirical { values, .. } => values.first().copied().unwrap_or(0.0),
        // Their support starts at zero. A lognormal without spread is a constant.
        Shape::Lognormal { mu, sigma } if *sigma == 0.0 => libm::exp(*mu),
        Shape::Lognormal { .. } | Shape::Gamma { .. } | Shape::Exponential { .. } | Shape::Weibull { .. } => 0.0,
        Shape::Normal { .. } => f64::NEG_INFINITY,
        Shape::Quantiles { values, .. } => values[0],
        Shape::Mixture(parts) => {
            parts.iter().map(|part| least_draw(&part.law).max(part.law.min)).fold(f64::INFINITY, f64::min)
        }
    }
}

/// The share of draws that become more than `n` tokens.
pub(super) fn share_above(law: &Law, n: Tokens) -> f64 {
    let x = n as f64 + 0.5;
    if x > law.max {
        return 0.0;
    }
    if x <= law.min {
        return 1.0;
    }
    match &law.shape {
        Shape::Constant(value) => f64::from(u8::from(*value >= x)),
        Shape::Uniform { low, high } if high > low => ((high - x) / (high - low)).clamp(0.0, 1.0),
        Shape::Uniform { low, .. } => f64::from(u8::from(*low >= x)),
        Shape::Lognormal { mu, sigma } if *sigma == 0.0 => f64::from(u8::from(libm::exp(*mu) >= x)),
        Shape::Lognormal { mu, sigma } => libm::erfc((libm::log(x) - mu) / (sigma * std::f64::consts::SQRT_2)) / 2.0,
        Shape::Exponential { mean } => libm::exp(-x / mean),
        Shape::Gamma { shape, scale } => statrs::function::gamma::checked_gamma_ur(*shape, x / scale).unwrap_or(0.0),
        Shape::Empirical { values, cumulative } => {
            let below = values.iter().zip(cumulative).take_while(|(v, _)| **v < x).last();
            1.0 - below.map_or(0.0, |(_, c)| *c)
        }
        Shape::Normal { mean, sd } if *sd == 0.0 => f64::from(u8::from(*mean >= x)),
        Shape::Normal { mean, sd } => libm::erfc((x - mean) / (sd * std::f64::consts::SQRT_2)) / 2.0,
        Shape::Weibull { scale, power } => libm::exp(-libm::pow(x / scale, 1.0 / power)),
        Shape::Quantiles { shares, values } => match values.partition_point(|v| *v < x) {
            0 => 1.0,
            next if next == values.len() => 0.0,
            next => {
                let (low, high) = (values[next - 1], values[next]);
                1.0 - shares[next - 1] - (shares[next] - shares[next - 1]) * ((x - low) / (high - low))
            }
        },
        Shape::Mixture(parts) => parts.iter().map(|part| part.share * share_above(&part.law, n)).sum(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn law(shape: Shape) -> Law {
        Law { shape, min: f64::NEG_INFINITY, max: 1e9 }
    }

    #[test]
    fn shares_above_are_those_of_the_law() {
        let near = |a: f64, b: f64| (a - b).abs() < 1e-9;
        assert!(near(share_above(&law(Shape::Uniform { low: 0.5, high: 100.5 }), 90), 0.1));
        assert!(near(share_above(&law(Shape::Exponential { mean: 100.0 }), 100), libm::exp(-1.005)));
        assert!(near(share_above(&law(Shape::Gamma { shape: 1.0, scale: 100.0 }), 100), libm::exp(-1.005)));
        let lognormal = law(Shape::Lognormal { mu: libm::log(100.5), sigma: 0.7 });
        assert!(near(share_above(&lognormal, 100), 0.5));
        let empirical = law(Shape::Empirical { values: vec![10.0, 20.0], cumulative: vec![0.25, 1.0] });
        assert_eq!([9, 10, 19, 20].map(|n| share_above(&empirical, n)), [1.0, 0.75, 0.75, 0.0]);
        let clamped = Law { shape: Shape::Exponential { mean: 100.0 }, min: 5.0, max: 50.0 };
        assert_eq!([4, 50].map(|n| share_above(&clamped, n)), [1.0, 0.0]);
    }

    #[test]
    fn the_largest_that_fits_is_found() {
        assert_eq!(largest_that_fits(|n| n <= 1_234), 1_234);
        assert_eq!(largest_that_fits(|_| true), MOST_TOKENS);
        assert_eq!(largest_that_fits(|n| n == 0), 0);
    }
}

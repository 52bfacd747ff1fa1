//! The instants at which daily limits are used up at the rates that a scenario states.
//!
//! The expected demand is summed minute by minute over the week that follows t = 0: the intensity of each workload times
//! the mean that one of its requests is charged. It is an expectation, not a simulation: refused requests ask as if they
//! had been served, prompts find the cache as it usually is, and only calls whose first capacity asks the limit count. Of what
//! is asked no more counts than the limits per minute admit.

mod demand;

use crate::model::Model;
use crate::model::capacity::Limit;
use crate::model::capacity::account::Counting;
use crate::model::capacity::limiter::LimiterSpec;
use crate::model::capacity::quota::{LimitKind, Quota};
use crate::units::{MICROS_PER_DAY, MICROS_PER_MINUTE, SimTime, WallClock, grouped};
use demand::Demand;

/// The time span of a forecast: a week, and the rest of the day on which the run starts \[min\].
const HORIZON: usize = 8 * 1_440;

/// Returns the daily limit of a quota and its kind; `None`: the quota has none.
#[must_use]
pub fn daily_limit(quota: &Quota) -> Option<(LimitKind, Limit)> {
    let daily = LimitKind::ALL.into_iter().filter(|kind| kind.is_daily());
    daily.into_iter().find_map(|kind| Some((kind, *quota.limit(kind)?)))
}

/// The end of a sentence about an instant that lies after the end of the run.
pub const NOT_REACHED: &str = ", which this run does not reach: its answer and its cost per month hold only until then; \
     extend run.duration to include it";

/// The instants at which the daily limits of a model are expected to be used up.
pub struct Outlook<'m> {
    model: &'m Model,
    demand: Demand<'m>,
}

impl<'m> Outlook<'m> {
    /// Returns the outlook over the week after t = 0.
    #[must_use]
    pub fn new(model: &'m Model) -> Self {
        Self { model, demand: Demand::new(model, HORIZON) }
    }

    /// Returns the time from t = 0 until the daily limit of a quota is first used up at the stated rates; `None`:
    /// within a week it is not, or the quota has no daily limit.
    #[must_use]
    pub fn used_up_at(&self, quota: usize) -> Option<SimTime> {
        let (kind, limit) = daily_limit(&self.model.quotas[quota])?;
        first_used_up(self.model, quota, limit, &self.demand.of_limit(quota, kind))
    }

    /// Returns the expected charge of the daily limit of a quota from one instant to another at the stated rates, by
    /// calls whose first capacity asks the quota \[tokens\].
    #[must_use]
    pub fn expected(&self, quota: usize, from: SimTime, to: SimTime) -> f64 {
        let Some((kind, _)) = daily_limit(&self.model.quotas[quota]) else { return 0.0 };
        let phase = self.model.run.start.phase(MICROS_PER_MINUTE, 0);
        let minute = |at: SimTime| (at.0 + phase) / MICROS_PER_MINUTE;
        let minutes = minute(from) as usize..=minute(to) as usize;
        let demand = self.demand.of_limit(quota, kind);
        demand.get(*minutes.start()..demand.len().min(minutes.end() + 1)).unwrap_or_default().iter().sum()
    }

    /// Returns a sentence that says when a daily limit is used up at the stated rates; `None` when it is not used up.
    #[must_use]
    pub fn forecast(&self, quota: usize) -> Option<String> {
        let at = self.used_up_at(quota)?;
        let limit = name_of_limit(&self.model.quotas[quota])?;
        let run = &self.model.run;
        if at < run.measured_end() {
            return Some(format!("at this rate {limit} is used up at {}", moment(&run.start, at)));
        }
        let (clock, since) = moment_and_time(&run.start, at);
        Some(format!("at this rate {limit} is used up {since} after the start ({clock}){NOT_REACHED}"))
    }
}

/// Returns whether the account's daily quota is used up within a week at the stated rates, either as it counts tokens
/// now or with each token weighted by its price.
#[must_use]
pub fn is_account_short(model: &Model) -> bool {
    let of_the_account = |q: &usize| model.quotas[*q].limit(LimitKind::AccountTpd).is_some();
    let quotas: Vec<usize> = (0..model.quotas.len()).filter(of_the_account).collect();
    let is_short = |model: &Model| {
        let outlook = Outlook::new(model);
        quotas.iter().any(|q| outlook.used_up_at(*q).is_some())
    };
    let mut by_price = model.clone();
    quotas.iter().for_each(|q| by_price.quotas[*q].counting = Counting::PriceWeighted);
    !quotas.is_empty() && (is_short(model) || is_short(&by_price))
}

/// Returns the instant at which a demand by minute has used up a limit; `None`: it never does.
fn first_used_up(model: &Model, quota: usize, limit: Limit, demand: &[f64]) -> Option<SimTime> {
    let used_at_start = model.quotas[quota].tpd_used_at_start as f64;
    let (phase, is_rolling) = match limit.limiter {
        LimiterSpec::FixedWindow { window, offset } => (model.run.start.phase(window, offset), false),
        _ => (0, true),
    };
    let minutes_before = phase / MICROS_PER_MINUTE;
    let of_the_minute = model.run.start.phase(MICROS_PER_MINUTE, 0);
    let mut used = used_at_start;
    for (minute, asked) in demand.iter().enumerate() {
        let of_the_day = (minutes_before + minute as u64) % (MICROS_PER_DAY / MICROS_PER_MINUTE);
        if is_rolling {
            let day = (MICROS_PER_DAY / MICROS_PER_MINUTE) as usize;
            used -= minute.checked_sub(day).map_or(0.0, |gone| demand[gone]);
            used -= if minute == day { used_at_start } else { 0.0 };
        } else if minute > 0 && of_the_day == 0 {
            used = 0.0;
        }
        // A day that just uses the limit up refuses nothing: the next minute does, unless the limit is whole again.
        if *asked > 0.0 && used + asked > limit.amount as f64 * (1.0 + 1e-9) {
            let share = ((limit.amount as f64 - used) / asked).clamp(0.0, 1.0);
            let at = ((minute as f64 + share) * MICROS_PER_MINUTE as f64) as u64;
            return Some(SimTime(at.saturating_sub(of_the_minute)));
        }
        used += asked;
    }
    None
}

/// Returns the name of a quota's daily limit for a sentence: `the account's daily quota of 700 M tokens`.
#[must_use]
pub fn name_of_limit(quota: &Quota) -> Option<String> {
    let (kind, limit) = daily_limit(quota)?;
    let amount = match limit.amount {
        millions if millions > 0 && millions.is_multiple_of(1_000_000) => {
            format!("{} M", grouped(millions / 1_000_000))
        }
        other => grouped(other),
    };
    Some(match (kind, quota.prefix.split_once('.')) {
        (LimitKind::AccountTpd, Some((_, region))) => {
            format!("the account's daily quota of {amount} tokens in {region}")
        }
        (LimitKind::AccountTpd, None) => format!("the account's daily quota of {amount} tokens"),
        _ => format!("the daily quota of {amount} tokens of `{}`", quota.prefix),
    })
}

/// Returns an instant of the run in words: `03:50 UTC, 9 h 20 min after the start`, or
/// `08:12 America/New_York (13:12 UTC), 3 h after the start` where the run starts by the clock of a place. Another day
/// than that of the start is named.
#[must_use]
pub fn moment(start: &WallClock, at: SimTime) -> String {
    let (clock, since) = moment_and_time(start, at);
    format!("{clock}, {since} after the start")
}

/// Returns an instant of the run by the clock, and the time from the start to it: `03:50 UTC` and `9 h 20 min`.
fn moment_and_time(start: &WallClock, at: SimTime) -> (String, String) {
    let (utc_day, utc) = start.utc_at(at);
    let other_day = |day: &str, first: &str| if day == first { String::new() } else { format!(" on {day}") };
    let clock = match (start.local_at(at), start.local_at(SimTime::ZERO)) {
        (Some((day, clock, zone)), Some((first, ..))) => {
            format!("{clock} {zone}{} ({utc} UTC)", other_day(&day, &first))
        }
        _ => format!("{utc} UTC{}", other_day(&utc_day, &start.date_after(SimTime::ZERO, 0))),
    };
    let minutes = (at.0 + MICROS_PER_MINUTE / 2) / MICROS_PER_MINUTE;
    let since = match (minutes / 60, minutes % 60) {
        (0, minutes) => format!("{minutes} min"),
        (hours, 0) => format!("{hours} h"),
        (hours, minutes) => format!("{hours} h {minutes} min"),
    };
    (clock, since)
}

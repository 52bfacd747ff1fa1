//! The traffic that a scenario describes and its run leaves out: rates that are stated and never reached, hours and
//! points of a shape that the run does not see, requests that arrive outside the measured time.

use super::Model;
use super::daily::moment;
use super::workload::Workload;
use super::workload::arrivals::shape::Shape;
use super::workload::arrivals::{Arrivals, Intensity, Job};
use crate::figures;
use crate::units::{MICROS_PER_HOUR, MICROS_PER_MINUTE, SimTime};

/// The share of a stated rate that a run must reach to count as having tested it \[1\].
const NEAR: f64 = 0.8;
/// A smaller share of requests outside the measured time is not worth a remark \[1\].
const WORTH_A_REMARK: f64 = 0.001;
/// The most instants at which a rate is looked at; a long run is looked at less often than each minute.
const MOST_LOOKS: u64 = 20_000;

/// Returns remarks on traffic and on billed time that the measured time leaves out, in sentences.
#[must_use]
pub fn remarks(model: &Model) -> Vec<String> {
    let mut remarks = unseen_traffic(model);
    remarks.extend(of_the_month(model));
    remarks
}

/// Returns remarks on the traffic that the measured time leaves out, in sentences.
#[must_use]
pub fn unseen_traffic(model: &Model) -> Vec<String> {
    model.workloads.iter().flat_map(|w| of_workload(model, w)).collect()
}

fn of_workload(model: &Model, workload: &Workload) -> Vec<String> {
    let name = &workload.name;
    let outside = outside(model, &workload.arrivals).filter(|share| *share > WORTH_A_REMARK);
    let outside = outside.map(|share| {
        format!("{} of the requests of `{name}` come outside the measured time: {}", percent(share), window(model))
    });
    // Points of a shape that lie outside with the requests need no remark of their own.
    let intensity = workload.arrivals.intensity().filter(|_| outside.is_none());
    let unseen = intensity.and_then(|intensity| unseen(model, name, intensity));
    outside.into_iter().chain(unseen).collect()
}

/// Returns the measured time in words.
fn window(model: &Model) -> String {
    let start = &model.run.start;
    let (from, to) = (moment(start, model.run.warmup), moment(start, model.run.measured_end()));
    format!("it lasts from {from} to {to}")
}

/// Returns the share of all requests that come outside the measured time; `None`: the traffic has no end, or no requests.
fn outside(model: &Model, arrivals: &Arrivals) -> Option<f64> {
    let (from, to) = (model.run.warmup.0, model.run.measured_end().0);
    match arrivals {
        Arrivals::Job(Job { requests: 0, .. }) => None,
        Arrivals::Job(Job { at, spread: 0, .. }) => Some(f64::from(u8::from(!(from..to).contains(at)))),
        Arrivals::Job(Job { at, spread, .. }) => {
            let inside = (at + spread).min(to).saturating_sub((*at).max(from));
            Some(1.0 - inside as f64 / *spread as f64)
        }
        other => {
            let intensity = other.intensity()?;
            let Shape::Points(points) = &intensity.shape else { return None };
            let last = points.last().filter(|last| last.factor == 0.0)?;
            let all = total(intensity, 0, last.at.0);
            (all > 0.0).then(|| 1.0 - total(intensity, from.min(last.at.0), to.min(last.at.0)) / all)
        }
    }
}

/// Returns the expected number of requests, batches or sessions of `[from, to)`, by the rate amid each step.
pub(crate) fn total(intensity: &Intensity, from: u64, to: u64) -> f64 {
    let step = step(from, to);
    let starts = (from..to).step_by(step as usize);
    starts.map(|t| intensity.expected_at(t + (step / 2).min((to - t) / 2)) * step.min(to - t) as f64).sum()
}

/// Returns the time from one look to the next \[µs\].
fn step(from: u64, to: u64) -> u64 {
    MICROS_PER_MINUTE.max((to - from) / MOST_LOOKS)
}

/// Returns a remark on the part of the stated rate or of the shape that lies outside the measured time, if any does.
fn unseen(model: &Model, name: &str, intensity: &Intensity) -> Option<String> {
    let (from, to) = (model.run.warmup.0, model.run.measured_end().0);
    if intensity.shape == Shape::Flat || intensity.base == 0.0 || to == from {
        return None;
    }
    let looks = || (from..to).step_by(step(from, to) as usize).chain([to - 1]);
    let most = looks().map(|t| intensity.expected_at(t)).fold(0.0, f64::max);
    if most < NEAR * intensity.base {
        let [most, stated] = [most, intensity.base].map(per_minute);
        return Some(format!(
            "`{name}` states a rate of {stated} a minute, and the measured time sees {most} a minute at most: {}",
            where_to_look(&intensity.shape)
        ));
    }
    // Bursts and growth are no part of the shape: its factor alone is compared.
    let factor = |t: u64| intensity.shape.between(t, t + 1)[0];
    let seen = looks().map(factor).fold(0.0, f64::max);
    let highest = intensity.shape.highest();
    if seen < 0.99 * highest {
        return Some(format!(
            "the shape of `{name}` rises to {}, and the measured time sees {} of it at most: {}",
            plain(highest),
            plain(seen),
            where_to_look(&intensity.shape)
        ));
    }
    let Shape::Points(points) = &intensity.shape else { return None };
    let beyond = points.iter().filter(|point| point.at.0 > to && point.factor != factor(to - 1)).count();
    (beyond > 0).then(|| {
        let points = if beyond == 1 { "1 point lies".to_owned() } else { format!("{beyond} points lie") };
        format!("of the shape of `{name}`, {points} after the end of the measured time")
    })
}

fn where_to_look(shape: &Shape) -> &'static str {
    match shape {
        Shape::Cycle(cycle) if cycle.factors.len() > 24 => "run a whole week, or set run.start to the busiest hour",
        Shape::Cycle(_) => "run a whole day, or set run.start to the busiest hour",
        Shape::Flat | Shape::Points(_) => "lengthen run.duration, or move the points of the shape",
    }
}

/// Returns a remark if a month is billed for a stated number of requests like those of a part of a day or a week.
#[must_use]
pub fn of_the_month(model: &Model) -> Option<String> {
    let intensities = || model.workloads.iter().filter_map(|w| w.arrivals.intensity());
    let cycle = |intensity: &Intensity| match &intensity.shape {
        Shape::Cycle(cycle) => Some(cycle.factors.len() as u64 * MICROS_PER_HOUR),
        Shape::Flat | Shape::Points(_) => None,
    };
    let period = intensities().filter_map(cycle).max()?;
    let is_part = model.run.duration.0 < period && model.money.requests_per_month.is_some();
    is_part.then(|| {
        format!(
            "the month is billed from {} of a shape of {}: all its requests are taken to be like those",
            model.run.duration,
            SimTime(period)
        )
    })
}

/// Returns a rate in 1/µs as requests a minute.
fn per_minute(rate: f64) -> String {
    plain(rate * MICROS_PER_MINUTE as f64)
}

fn plain(x: f64) -> String {
    figures::plain(&figures::three_figures(x))
}

fn percent(share: f64) -> String {
    figures::plain(&figures::share(share))
}

//! Descriptions of arrival processes in words.

use std::fmt::Write;

use super::{counted, figures, grouped, law};
use crate::model::workload::arrivals::shape::Shape;
use crate::model::workload::arrivals::users::Start;
use crate::model::workload::arrivals::{Arrivals, Gaps, Intensity};
use crate::random::Law;
use crate::units::{MICROS_PER_HOUR, SimTime};

pub(super) fn arrivals(arrivals: &Arrivals) -> String {
    match arrivals {
        Arrivals::Trace(replay) => {
            let mut text = format!("{} recorded requests", grouped(replay.trace.summary.rows));
            if replay.scale != 1.0 {
                let _ = write!(text, ", each {} times", figures(replay.scale));
            }
            text.push_str(if replay.repeat { ", again and again" } else { "" });
            text
        }
        Arrivals::Users(users) => {
            let start = if users.start == Start::Together { ", all starting at t = 0" } else { "" };
            format!("{} users, think time {}{start}", grouped(users.count), duration(&users.think_time))
        }
        Arrivals::Job(job) => {
            let mut text = format!("a job of {} requests at {}", grouped(job.requests), SimTime(job.at));
            if job.spread > 0 {
                let _ = write!(text, " over {}", SimTime(job.spread));
            }
            text
        }
        Arrivals::Renewal { gaps, intensity } => {
            let kind = match gaps {
                Gaps::Exponential if !intensity.states.is_empty() => {
                    format!("poisson in {} states", intensity.states.len())
                }
                gaps => renewal(*gaps),
            };
            driven(&kind, "", intensity)
        }
        Arrivals::Batches(batches) => {
            let mut text = driven(&renewal(batches.gaps), " batches", &batches.intensity);
            let _ = write!(text, ", each of {}", law(&batches.size, 1.0));
            if batches.spread > 0 {
                let _ = write!(text, " over {}", SimTime(batches.spread));
            }
            text
        }
        Arrivals::Sessions(sessions) => {
            let mut text = driven("poisson", " sessions", &sessions.intensity);
            let _ = write!(text, ", turns {}", law(&sessions.turns, 1.0));
            let _ = write!(text, ", think time {}", duration(&sessions.think_time));
            text.push_str(if sessions.accumulates { ", context accumulates" } else { ", no context" });
            text
        }
    }
}

fn renewal(gaps: Gaps) -> String {
    match gaps {
        Gaps::Constant => "constant".to_owned(),
        Gaps::Exponential => "poisson".to_owned(),
        Gaps::Gamma { shape } => format!("gamma with a cv of {}", figures(1.0 / libm::sqrt(shape))),
        Gaps::Weibull { power, .. } => format!("weibull of shape {}", figures(1.0 / power)),
    }
}

fn driven(kind: &str, of: &str, intensity: &Intensity) -> String {
    let mut text = format!("{kind}, {}{of}/min", figures(intensity.base * 60e6));
    match &intensity.shape {
        Shape::Flat => {}
        Shape::Points(points) => {
            let _ = write!(text, ", a shape of {}", counted(points.len(), "point"));
        }
        Shape::Cycle(cycle) => {
            let span = if cycle.factors.len() == 24 { "daily" } else { "weekly" };
            let zone = cycle.zone.iana_name().map_or(String::new(), |name| format!(" of {name}"));
            let _ = write!(text, ", a {span} shape on the clock{zone}");
        }
    }
    if !intensity.bursts.is_empty() {
        let _ = write!(text, ", {}", counted(intensity.bursts.len(), "burst"));
    }
    for burst in &intensity.random_bursts {
        let per_hour = figures(MICROS_PER_HOUR as f64 / burst.mean_gap);
        let _ = write!(text, ", {per_hour} random bursts an hour of {} at {}x", burst.lasts, figures(burst.factor));
    }
    if intensity.growth != 0.0 {
        let month = libm::expm1(intensity.growth * 730.0 * MICROS_PER_HOUR as f64) * 100.0;
        let _ = write!(text, ", growing by {} % a month", figures(month));
    }
    text
}

/// Returns a law of times.
fn duration(of: &Law) -> String {
    match of.as_constant() {
        Some(micros) => SimTime(micros as u64).to_string(),
        None => format!("{} [s]", law(of, 1e6)),
    }
}

//! The chart of refused offers over time, by the reason for the refusal.

use super::axis::Axis;
use super::course::{Course, Ranked, head, largest, ranked, total, worst};
use super::frame::{self, Canvas, Heading, Ink, Mark, Room};
use super::{Chart, ChartError, Drawing, Subject, labels, source_over_time};

pub(super) struct ThrottlesOverTime;

/// The reason that refused most has the colour of refusals.
const INKS: [Ink; 3] = [Ink::Vermillion, Ink::Purple, Ink::Sky];
const ATTEMPTS: Mark = Mark::Line(Ink::Text, 1.25);

impl Chart for ThrottlesOverTime {
    fn name(&self) -> &'static str {
        "throttles_over_time"
    }

    fn shows(&self) -> &'static str {
        "When offers were refused, for which reason, and how many attempts ended throttled for it."
    }

    fn draw(&self, subject: &Subject<'_>) -> Result<Vec<Drawing>, ChartError> {
        let Some((point, detail)) = subject.detailed() else { return Ok(Vec::new()) };
        let Some(course) = Course::of(subject.results, detail) else { return Ok(Vec::new()) };
        let of = |(name, values): (&str, Vec<f64>)| (reason(name), values);
        let reasons: Vec<_> = course.each("total.refused_", "_per_min").into_iter().map(of).collect();
        let reasons = ranked(reasons, &INKS, "other reasons");
        if reasons.is_empty() {
            return Ok(Vec::new());
        }
        let refusals = Refusals::of(course, reasons);
        let mut legend: Vec<_> = refusals.reasons.iter().map(|r| (r.name.clone(), Mark::Area(r.ink))).collect();
        if refusals.attempts_differ() {
            legend.push(("attempts that ended throttled".to_owned(), ATTEMPTS));
        }
        let heading = Heading {
            name: self.name().to_owned(),
            title: "Refusals over time, by reason".to_owned(),
            subtitle: refusals.subtitle(),
            legend,
            source: source_over_time(subject.results, point),
            height: 360.0,
        };
        Ok(vec![frame::draw(&heading, |canvas, room| refusals.body(canvas, room))?])
    }
}

/// Returns a reason in the words of a reader.
fn reason(name: &str) -> String {
    match name {
        "outage" => "outage".to_owned(),
        "unavailable" => "service unavailable".to_owned(),
        "not_ready" => "model not loaded".to_owned(),
        "too_large" => "request too large".to_owned(),
        "region_room" => "no room in a region".to_owned(),
        "queue_full" => "queue full".to_owned(),
        "max_wait" => "wait too long".to_owned(),
        "account_tpd" => "account's daily quota".to_owned(),
        limit => format!("{limit} limit"),
    }
}

struct Refusals<'d> {
    course: Course<'d>,
    reasons: Vec<Ranked>,
    /// The refused offers per minute in each column; `throttled` is the attempts that ended throttled.
    refused: Vec<f64>,
    throttled: Vec<f64>,
}

impl<'d> Refusals<'d> {
    fn of(course: Course<'d>, reasons: Vec<Ranked>) -> Self {
        let mut refused = vec![0.0; course.columns.edges.len() - 1];
        reasons.iter().for_each(|r| refused.iter_mut().zip(&r.values).for_each(|(sum, v)| *sum += v));
        let throttled = course.mean("total.throttled_attempts_per_min").unwrap_or_default();
        Self { course, reasons, refused, throttled }
    }

    /// Returns whether attempts fail less often than offers, because another capacity takes what one refused.
    fn attempts_differ(&self) -> bool {
        let differ: f64 = self.throttled.iter().zip(&self.refused).map(|(t, r)| (t - r).abs()).sum();
        largest(&self.throttled) > 0.0 && differ > total(&self.refused) * 0.02
    }

    fn subtitle(&self) -> String {
        let mut text = self.reasons_in_words();
        if let Some(at) = worst(&self.refused) {
            text += &format!(
                " Up to {} offers were refused a minute ({}).",
                labels::amount(self.refused[at]),
                self.course.when(at)
            );
        }
        if largest(&self.throttled) <= 0.0 {
            return text + " No attempt ended throttled.";
        }
        let quiet = self.refused.iter().filter(|v| **v <= 0.0).count() as f64 / self.refused.len() as f64;
        match quiet {
            0.0 => text,
            _ => text + &format!(" In {} of the time nothing was refused.", labels::percent(quiet)),
        }
    }

    fn reasons_in_words(&self) -> String {
        if let [only] = self.reasons.as_slice() {
            return format!("All refusals came from the {}.", only.name);
        }
        let refused = total(&self.refused);
        let share = |r: &Ranked| format!("{} {}", r.name, labels::percent(total(&r.values) / refused));
        format!("Reasons: {}.", self.reasons.iter().map(share).collect::<Vec<String>>().join(", "))
    }

    fn body(&self, canvas: &Canvas<'_>, room: Room) -> Result<(), ChartError> {
        let mut room = self.course.clock(canvas, room)?;
        room.top += 24.0;
        let top = largest(&self.refused).max(largest(&self.throttled));
        let panel = canvas.panel(room, self.course.axis(true), Axis::from_zero(top * 1.08, 5.0));
        head(canvas, room, "", "refused offers per minute, all workloads")?;
        panel.grid()?;
        let layers: Vec<(&[f64], Ink)> = self.reasons.iter().map(|r| (r.values.as_slice(), r.ink)).collect();
        self.course.stack(&panel, &layers)?;
        if self.attempts_differ() {
            panel.curve(&self.course.columns.steps(&self.throttled), ATTEMPTS)?;
        }
        panel.floor()?;
        self.course.tips(&panel, &self.refused, |i| {
            let each = self.reasons.iter().filter(|r| r.values[i] > 0.0);
            let each: Vec<String> = each.map(|r| format!("{} {}", r.name, labels::amount(r.values[i]))).collect();
            if each.is_empty() { "nothing refused".to_owned() } else { format!("{} a minute", each.join(", ")) }
        });
        Ok(())
    }
}

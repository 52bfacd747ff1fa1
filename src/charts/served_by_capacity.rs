//! Which capacity took what over time: where a route spills over, and when.

use super::axis::Axis;
use super::course::{Course, Ranked, head, largest, ranked, total, worst};
use super::frame::{self, Canvas, Heading, Ink, Mark, Room};
use super::{Chart, ChartError, Drawing, Subject, labels, source};

pub(super) struct ServedByCapacity;

/// The capacity that took most has the colour of what is served.
const INKS: [Ink; 3] = [Ink::Blue, Ink::Sky, Ink::Purple];
/// A share of a column with fewer offers says nothing.
const FEWEST: f64 = 20.0;

impl Chart for ServedByCapacity {
    fn name(&self) -> &'static str {
        "served_by_capacity"
    }

    fn shows(&self) -> &'static str {
        "Which capacity took how many of the attempts over time, where there are several."
    }

    fn draw(&self, subject: &Subject<'_>) -> Result<Vec<Drawing>, ChartError> {
        let Some((point, detail)) = subject.detailed() else { return Ok(Vec::new()) };
        let Some(course) = Course::of(detail) else { return Ok(Vec::new()) };
        let all = course.each("capacities.", ".admitted_per_min");
        if all.len() < 2 {
            return Ok(Vec::new());
        }
        let idle =
            all.iter().filter(|(_, values)| largest(values) <= 0.0).map(|(name, _)| (*name).to_owned()).collect();
        let all = all.into_iter().map(|(name, values)| (name.to_owned(), values)).collect();
        let capacities = ranked(all, &INKS, "other capacities");
        if capacities.is_empty() {
            return Ok(Vec::new());
        }
        let taken = Taken { course, capacities, idle };
        let heading = Heading {
            name: self.name().to_owned(),
            title: "What each capacity took".to_owned(),
            subtitle: taken.subtitle(),
            legend: taken.capacities.iter().map(|c| (c.name.clone(), Mark::Area(c.ink))).collect(),
            source: taken.with_idle(source(subject.results, point)),
            height: 360.0,
        };
        Ok(vec![frame::draw(&heading, |canvas, room| taken.body(canvas, room))?])
    }
}

struct Taken<'d> {
    course: Course<'d>,
    capacities: Vec<Ranked>,
    /// Those that took nothing.
    idle: Vec<String>,
}

impl Taken<'_> {
    fn all(&self) -> Vec<f64> {
        let mut all = vec![0.0; self.course.columns.edges.len() - 1];
        self.capacities.iter().for_each(|c| all.iter_mut().zip(&c.values).for_each(|(sum, v)| *sum += v));
        all
    }

    fn subtitle(&self) -> String {
        let all = self.all();
        let main = &self.capacities[0];
        let share = total(&main.values) / total(&all);
        let Some(second) = self.capacities.get(1) else {
            return format!("{} took everything.", main.name);
        };
        let mut text = format!("{} took {} of all that was taken.", main.name, labels::percent(share));
        let enough = |i: usize| all[i] * self.course.columns.width_s / 60.0 >= FEWEST;
        let part = |i: usize| if enough(i) { second.values[i] / all[i] } else { 0.0 };
        let parts: Vec<f64> = (0..all.len()).map(part).collect();
        if let Some(at) = worst(&parts) {
            let (most, width) = (labels::percent(parts[at]), self.course.width());
            let within = if width.starts_with(|c: char| c.is_ascii_digit()) { width } else { format!("one {width}") };
            text += &format!(" {} took at the most {most} within {within} ({}).", second.name, self.course.when(at));
        }
        text
    }

    fn with_idle(&self, source: String) -> String {
        match self.idle.as_slice() {
            [] => source,
            [one] => format!("{one} took nothing · {source}"),
            many => format!("{} capacities took nothing · {source}", many.len()),
        }
    }

    fn body(&self, canvas: &Canvas<'_>, room: Room) -> Result<(), ChartError> {
        let mut room = self.course.clock(canvas, room)?;
        room.top += 24.0;
        let all = self.all();
        let panel = canvas.panel(room, self.course.axis(true), Axis::from_zero(largest(&all) * 1.08, 5.0));
        head(canvas, room, "", "attempts taken per minute, by capacity")?;
        panel.grid()?;
        let layers: Vec<(&[f64], Ink)> = self.capacities.iter().map(|c| (c.values.as_slice(), c.ink)).collect();
        self.course.stack(&panel, &layers)?;
        panel.floor()?;
        self.course.tips(&panel, &all, |i| {
            let each = self.capacities.iter().map(|c| format!("{} {}", c.name, labels::rounded(c.values[i])));
            format!("{} a minute", each.collect::<Vec<String>>().join(", "))
        });
        Ok(())
    }
}

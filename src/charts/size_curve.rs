//! The chart of a sizing: the metric that decides at every value that was simulated, and what each value costs.

use std::collections::BTreeMap;

use super::axis::Axis;
use super::frame::{self, Align, Canvas, Heading, Ink, LABEL, Mark, Panel, Placer, Room, STRONG};
use super::study::{Measure, capital, cost_of, ink_of, last_of, word_of};
use super::{Chart, ChartError, Drawing, Subject, labels};
use crate::results::{Expectation, Judgement, Point, Sizing};

pub(super) struct SizeCurve;

/// The width of the axis labels beside a panel \[CSS px\].
const GUTTER: f64 = 62.0;
const COST_HEIGHT: f64 = 92.0;
/// The height of a line of labels above the panel \[CSS px\].
const LINE: f64 = 15.0;
const MOST_LINES: usize = 3;
const COST: Mark = Mark::Line(Ink::Green, 2.0);

impl Chart for SizeCurve {
    fn name(&self) -> &'static str {
        "size_curve"
    }

    fn shows(&self) -> &'static str {
        "How much is enough: where the metric that decides comes within bounds, and what that costs."
    }

    fn draw(&self, subject: &Subject<'_>) -> Result<Vec<Drawing>, ChartError> {
        let Some(sizing) = &subject.results.sizing else { return Ok(Vec::new()) };
        let Some(curve) = Curve::of(sizing, subject) else { return Ok(Vec::new()) };
        let heading = Heading {
            name: self.name().to_owned(),
            title: format!("{} by {}", curve.measure.title(), last_of(&sizing.vary)),
            subtitle: curve.subtitle(),
            legend: curve.legend(),
            source: format!("{} · {}", subject.results.scenario.title, sizing.vary),
            height: if curve.cost.is_some() { 520.0 } else { 400.0 },
        };
        Ok(vec![frame::draw(&heading, |canvas, room| curve.body(canvas, room))?])
    }
}

/// A value that was simulated, with its point.
struct Step<'a> {
    value: f64,
    verdict: Judgement,
    point: &'a Point,
}

struct Curve<'a> {
    sizing: &'a Sizing,
    measure: Measure,
    /// The values that were simulated, rising.
    steps: Vec<Step<'a>>,
    cost: Option<Measure>,
}

impl<'a> Curve<'a> {
    /// Returns the curve of a sizing; `None`: the metric is known at none of the values.
    fn of(sizing: &'a Sizing, subject: &Subject<'a>) -> Option<Self> {
        let points: BTreeMap<u64, &Point> = subject.points.iter().map(|point| (point.index, point)).collect();
        let step = |e: &crate::results::Evaluated| {
            Some(Step { value: e.value as f64, verdict: e.verdict, point: points.get(&e.point?)? })
        };
        let steps: Vec<Step<'a>> = sizing.evaluated.iter().filter_map(step).collect();
        let measure = deciding(sizing, &steps).map_or_else(|| Measure::of(subject), Measure::expected);
        steps.iter().find(|step| measure.at(step.point).is_some())?;
        // What costs nothing known has no panel; nor has what costs the same, or nothing, everywhere.
        let cost =
            cost_of(subject.points).filter(|cost| steps.iter().any(|s| cost.at(s.point).is_some_and(|c| c > 0.0)));
        Some(Self { sizing, measure, steps, cost })
    }

    /// Returns the figures at the answer and beside it; the sentence of the answer where there is none.
    fn subtitle(&self) -> String {
        let at = |value: Option<u64>| self.steps.iter().find(|step| Some(step.value) == value.map(|v| v as f64));
        let figure = |step: &Step<'_>| {
            self.measure.at(step.point).map(|x| format!("{} at {}", self.measure.figure(x), labels::number(step.value)))
        };
        let Some((answer, told)) = at(self.sizing.answer).and_then(|step| Some((step, figure(step)?))) else {
            return capital(&self.sizing.explanation.replace('`', "")) + ".";
        };
        let mut text = format!("It is {told}");
        if let Some(fails) = at(self.sizing.fails_to).and_then(figure) {
            text += &format!(", and {fails}");
        }
        if let Some((cost, usd)) = self.cost.as_ref().and_then(|cost| Some((cost, cost.at(answer.point)?))) {
            text += &format!("; {} at {} is {}", cost.words(), labels::number(answer.value), labels::money(usd));
        }
        text + "."
    }

    fn legend(&self) -> Vec<(String, Mark)> {
        let mut legend = vec![(self.measure.words(), Mark::Line(Ink::Blue, 2.0))];
        for verdict in [Judgement::Failed, Judgement::Inconclusive] {
            if self.steps.iter().any(|step| step.verdict == verdict && self.measure.at(step.point).is_some()) {
                legend.push((word_of(Some(verdict)).to_owned(), Mark::Area(ink_of(Some(verdict)))));
            }
        }
        legend.extend(self.measure.key_of_bounds());
        if let Some(cost) = &self.cost {
            legend.push((cost.words(), COST));
        }
        legend
    }

    /// Returns the values that have a name, and their names.
    fn named(&self) -> Vec<(f64, String, Ink)> {
        let sizing = self.sizing;
        let mut names: BTreeMap<u64, Vec<&str>> = BTreeMap::new();
        let mut name = |value: Option<u64>, text| {
            if let Some(value) = value {
                names.entry(value).or_default().push(text);
            }
        };
        name(sizing.answer, "answer");
        name(sizing.bought.as_ref().map(|bought| bought.value), "bought");
        name(sizing.safe.as_ref().and_then(|safe| safe.value), "safe in every reading");
        if sizing.answer.is_none() {
            name(sizing.fails_to, "fails up to here");
            name(sizing.holds_from, "holds from here");
        }
        let ink = |value: u64| if Some(value) == sizing.answer { Ink::Blue } else { Ink::Slate };
        let text = |value: u64, names: &[&str]| format!("{} {}", names.join(", "), labels::number(value as f64));
        names.iter().map(|(value, names)| (*value as f64, text(*value, names), ink(*value))).collect()
    }

    fn body(&self, canvas: &Canvas<'_>, room: Room) -> Result<(), ChartError> {
        let named = self.named();
        let lines = named.len().min(MOST_LINES) as f64;
        let below = if self.cost.is_some() { COST_HEIGHT + 30.0 } else { 0.0 };
        let plot = room.inset(GUTTER, 8.0 + LINE * lines, 10.0, 36.0 + below);
        let x = self.values(&named);
        let y = self.measure.axis(self.steps.iter().map(|step| step.point), 5.0);
        let upper = canvas.panel(plot, if self.cost.is_some() { x.unlabelled() } else { x.clone() }, y);
        upper.grid()?;
        upper.floor()?;
        let foot = room.bottom - 36.0;
        let lower = self.cost.as_ref().map(|cost| {
            let room = Room { top: foot - COST_HEIGHT, bottom: foot, ..plot };
            (canvas.panel(room, x, self.costs_axis(cost)), cost)
        });
        if let Some((panel, _)) = &lower {
            panel.grid()?;
            panel.floor()?;
        }
        self.names(canvas, &upper, &named, foot)?;
        self.measure.draw_bounds(&upper, true)?;
        self.curve(&upper)?;
        if let Some((panel, cost)) = &lower {
            panel.note(plot.left, panel.room.top - 6.0, &cost.words(), LABEL, Ink::Faint, Align::Left)?;
            self.costs(panel, cost)?;
        }
        let middle = f64::midpoint(plot.left, plot.right);
        let name = LABEL.fit(last_of(&self.sizing.vary), plot.width());
        canvas.text(middle, room.bottom - 3.0, &name, LABEL, Ink::Faint, Align::Middle)
    }

    /// Returns the axis of what is sized, over the values that were simulated and those that have a name.
    fn values(&self, named: &[(f64, String, Ink)]) -> Axis {
        let mut values: Vec<f64> = self.steps.iter().map(|s| s.value).chain(named.iter().map(|n| n.0)).collect();
        values.sort_by(f64::total_cmp);
        values.dedup();
        Axis::levels(&values.iter().map(|v| (*v, labels::number(*v))).collect::<Vec<_>>())
    }

    fn costs_axis(&self, cost: &Measure) -> Axis {
        let costs = self.steps.iter().filter_map(|step| cost.at(step.point));
        Axis::from_zero_in(costs.fold(0.0, f64::max) * 1.15, 2.0, cost.unit)
    }

    /// Draws lines at the values that have a name, from their names down through both panels.
    fn names(
        &self,
        canvas: &Canvas<'_>,
        panel: &Panel<'_, '_>,
        named: &[(f64, String, Ink)],
        foot: f64,
    ) -> Result<(), ChartError> {
        for (i, (value, text, ink)) in named.iter().enumerate() {
            let (x, _) = panel.at(*value, 0.0);
            // The name of a lower value stands higher and to the right of its line, which no other line crosses there.
            let base = panel.room.top - 5.0 - LINE * (named.len() - 1 - i).min(MOST_LINES - 1) as f64;
            canvas.line((x, base - 8.0), (x, foot), *ink, 1.0)?;
            let room = panel.room;
            let text = STRONG.fit(text, room.width());
            let left = (x + 5.0).min(room.right - STRONG.width(&text));
            panel.note(left, base, &text, STRONG, *ink, Align::Left)?;
        }
        Ok(())
    }

    fn curve(&self, panel: &Panel<'_, '_>) -> Result<(), ChartError> {
        let known: Vec<(&Step<'_>, f64)> =
            self.steps.iter().filter_map(|step| Some((step, self.measure.at(step.point)?))).collect();
        let path: Vec<(f64, f64)> = known.iter().map(|(step, y)| (step.value, *y)).collect();
        if path.len() > 1 {
            panel.curve(&path, Mark::Line(Ink::Blue, 1.5))?;
        }
        for (step, y) in &known {
            if let Some((lo, hi)) = self.measure.interval(step.point) {
                panel.whisker(step.value, lo, hi, Ink::Blue)?;
            }
            panel.dot(step.value, *y, ink_of(Some(step.verdict)))?;
            let told = self.measure.told(step.point);
            let verdict = word_of(Some(step.verdict));
            panel.tip(step.value, *y, format!("{}: {told}, {verdict}", labels::number(step.value)));
        }
        self.figures(panel, &known)
    }

    /// Writes the figures at the answer, the value before and the value after it.
    fn figures(&self, panel: &Panel<'_, '_>, known: &[(&Step<'_>, f64)]) -> Result<(), ChartError> {
        let Some(answer) = self.sizing.answer else { return Ok(()) };
        let Some(at) = known.iter().position(|(step, _)| step.value == answer as f64) else { return Ok(()) };
        let mut placer = Placer::new(panel.room);
        for (step, y) in known {
            let (x, y) = panel.at(step.value, *y);
            placer.keep_off(x, y);
        }
        let dots: Vec<(f64, f64)> = known.iter().map(|(step, y)| panel.at(step.value, *y)).collect();
        dots.windows(2).for_each(|ends| placer.keep_off_slope(ends[0], ends[1]));
        for (_, bound) in &self.measure.bounds {
            let (_, y) = panel.at(0.0, *bound);
            placer.keep_off_line((panel.room.left, y), (panel.room.right, y));
        }
        // The answer comes first: where there is no room for all, it has it.
        for (step, y) in [Some(at), at.checked_sub(1), Some(at + 1)].into_iter().flatten().filter_map(|i| known.get(i))
        {
            let text = self.measure.figure(*y);
            let (x, y) = panel.at(step.value, *y);
            if let Some((left, base)) = placer.place(x, y, &text, LABEL) {
                panel.note(left, base, &text, LABEL, Ink::Text, Align::Left)?;
            }
        }
        Ok(())
    }

    fn costs(&self, panel: &Panel<'_, '_>, cost: &Measure) -> Result<(), ChartError> {
        let known: Vec<(f64, f64)> =
            self.steps.iter().filter_map(|step| Some((step.value, cost.at(step.point)?))).collect();
        if known.len() > 1 {
            panel.curve(&known, COST)?;
        }
        for (x, y) in &known {
            panel.dot(*x, *y, Ink::Green)?;
            panel.tip(*x, *y, format!("{}: {}", labels::number(*x), labels::money(*y)));
        }
        let values = [self.sizing.answer, self.sizing.bought.as_ref().map(|bought| bought.value)];
        let mut shown: Vec<u64> = values.into_iter().flatten().collect();
        shown.sort_unstable();
        shown.dedup();
        let mut placer = Placer::new(panel.room);
        let dots: Vec<(f64, f64)> = known.iter().map(|(x, y)| panel.at(*x, *y)).collect();
        dots.iter().for_each(|(x, y)| placer.keep_off(*x, *y));
        dots.windows(2).for_each(|ends| placer.keep_off_slope(ends[0], ends[1]));
        for (x, usd) in shown.iter().filter_map(|v| known.iter().find(|(x, _)| *x == *v as f64)) {
            let text = labels::money(*usd);
            let (x, y) = panel.at(*x, *usd);
            if let Some((left, base)) = placer.place(x, y, &text, STRONG) {
                panel.note(left, base, &text, STRONG, Ink::Green, Align::Left)?;
            }
        }
        Ok(())
    }
}

/// Returns the expectation that decides: the first that breaks next to the answer, else the first that breaks anywhere.
fn deciding<'a>(sizing: &Sizing, steps: &[Step<'a>]) -> Option<&'a Expectation> {
    let broken = |step: &Step<'a>| step.point.expectations.iter().find(|e| e.verdict != Judgement::Held);
    let edge = sizing.fails_to.and_then(|value| steps.iter().find(|step| step.value == value as f64));
    edge.and_then(broken)
        .or_else(|| steps.iter().find_map(broken))
        .or_else(|| steps.iter().find_map(|step| step.point.expectations.first()))
}

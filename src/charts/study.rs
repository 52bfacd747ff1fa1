//! The parts that the charts of a study share: the metric that decides, the axes of a sweep, and the place of each
//! point on them.

use std::collections::BTreeMap;

use serde_json::Value;

use super::axis::{Axis, Tick, tame};
use super::frame::{Align, Ink, LABEL, Mark, Panel};
use super::{ChartError, Subject, labels};
use crate::results::{Expectation, Judgement, Point, Traffic};
use crate::terms::{self, Better, Unit};

/// The metric that is drawn where the scenario states no goal.
const USUAL: &str = "throttle_rate";
/// The least gap between panels \[CSS px\].
const LEAST_GAP: f64 = 18.0;
/// The least gap between labels that belong to different panels \[CSS px\].
const BETWEEN_LABELS: f64 = 14.0;
pub(super) const BOUND: Mark = Mark::Line(Ink::Text, 1.25);

/// A metric as a chart shows it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Measure {
    pub(super) name: String,
    pub(super) unit: Unit,
    pub(super) better: Better,
    /// The bounds that are expected of the metric, each in words and as a figure.
    pub(super) bounds: Vec<(&'static str, f64)>,
}

impl Measure {
    pub(super) fn named(name: &str) -> Self {
        let term = terms::parse_metric(name).ok().map(|parsed| parsed.term);
        let (unit, better) = term.map_or((Unit::Count, Better::Neither), |term| (term.unit, term.better));
        Self { name: name.to_owned(), unit, better, bounds: Vec::new() }
    }

    pub(super) fn expected(expectation: &Expectation) -> Self {
        let bounds = [("at most", expectation.at_most), ("at least", expectation.at_least)];
        let known = |(word, bound): (&'static str, Option<f64>)| Some((word, bound.filter(|b| b.is_finite())?));
        Self { bounds: bounds.into_iter().filter_map(known).collect(), ..Self::named(&expectation.metric) }
    }

    /// Returns the metric of the first expectation, else the usual one.
    pub(super) fn of(subject: &Subject<'_>) -> Self {
        let of_points = subject.points.iter().flat_map(|point| &point.expectations);
        let first = of_points.chain(&subject.results.expectations).next();
        first.map_or_else(|| Self::named(USUAL), Self::expected)
    }

    /// Returns the figure at a point; `None`: not known.
    pub(super) fn at(&self, point: &Point) -> Option<f64> {
        point.value(&self.name).filter(|x| x.is_finite()).map(tame)
    }

    /// Returns the ends of the metric's interval at a point; `None`: no interval is known.
    pub(super) fn interval(&self, point: &Point) -> Option<(f64, f64)> {
        let estimate = self.at(point)?;
        let half = point.metrics.get(&self.name)?.half_width.filter(|half| half.is_finite() && *half > 0.0)?;
        let (lo, hi) = (tame(estimate - half), tame(estimate + half));
        // A share lies in [0, 1], whatever its interval's arithmetic says, and a count or a time is never negative.
        let floor = if estimate >= 0.0 { 0.0 } else { lo };
        let roof = if self.unit == Unit::Fraction && estimate <= 1.0 { 1.0 } else { hi };
        Some((lo.max(floor), hi.min(roof)))
    }

    pub(super) fn figure(&self, x: f64) -> String {
        labels::figure(x, self.unit)
    }

    /// Returns the figure at a point with its interval.
    pub(super) fn told(&self, point: &Point) -> String {
        let Some(x) = self.at(point) else { return "not known".to_owned() };
        match self.interval(point) {
            Some((lo, hi)) => format!("{} ({} to {})", self.figure(x), self.figure(lo), self.figure(hi)),
            None => self.figure(x),
        }
    }

    pub(super) fn words(&self) -> String {
        labels::metric(&self.name)
    }

    /// Returns the name of the metric in words, as the head of a sentence.
    pub(super) fn title(&self) -> String {
        let words = self.words();
        // A term such as e2e is not written otherwise at the head of a sentence.
        let is_term = words.split(' ').next().is_some_and(|word| word.contains(|c: char| c.is_ascii_digit()));
        if is_term { words } else { capital(&words) }
    }

    /// Returns the worst judgement of a point by the goals on this metric; `None`: there is no such goal.
    pub(super) fn judged(&self, point: &Point) -> Option<Judgement> {
        point.expectations.iter().filter(|e| e.metric == self.name).map(|e| e.verdict).max()
    }

    /// Returns an axis for the metric at some points, with their intervals and the bounds.
    pub(super) fn axis<'p>(&self, points: impl Iterator<Item = &'p Point>, wanted: f64) -> Axis {
        let mut values: Vec<f64> = Vec::new();
        for point in points {
            values.extend(self.at(point));
            values.extend(self.interval(point).into_iter().flat_map(|(lo, hi)| [lo, hi]));
        }
        self.axis_of(values, wanted)
    }

    /// Returns an axis for some values of the metric and the bounds.
    pub(super) fn axis_of(&self, values: impl IntoIterator<Item = f64>, wanted: f64) -> Axis {
        Axis::metric(values.into_iter().chain(self.bounds.iter().map(|bound| bound.1)), self.unit, wanted)
    }

    /// Draws the bounds as lines across a panel whose y axis is the metric, each with its words where they have room.
    pub(super) fn draw_bounds(&self, panel: &Panel<'_, '_>, with_words: bool) -> Result<(), ChartError> {
        // Beyond the axis it would stand at its end, which is another figure.
        for (word, bound) in self.bounds.iter().filter(|(_, bound)| panel.holds(*bound)) {
            let (_, y) = panel.at(0.0, *bound);
            let room = panel.room;
            panel.canvas.line((room.left, y), (room.right, y), Ink::Text, 1.25)?;
            if with_words {
                let text = format!("{word} {}", labels::bound(*bound, self.unit));
                let y = if y - room.top > 16.0 { y - 5.0 } else { y + 13.0 };
                panel.note(room.right - 4.0, y, &text, LABEL, Ink::Text, Align::Right)?;
            }
        }
        Ok(())
    }

    /// Returns the key of the bounds in a legend.
    pub(super) fn key_of_bounds(&self) -> Option<(String, Mark)> {
        let words: Vec<String> =
            self.bounds.iter().map(|(word, bound)| format!("{word} {}", labels::bound(*bound, self.unit))).collect();
        (!words.is_empty()).then(|| (format!("goal: {}", words.join(", ")), BOUND))
    }
}

/// Returns an axis along a panel so wide \[CSS px\] with every second or third label alone where not all have room:
/// gaps of one size are read as such.
pub(super) fn spaced(axis: &Axis, width: f64) -> Axis {
    let mut axis = axis.clone();
    let labelled: Vec<usize> = (0..axis.ticks.len()).filter(|i| !axis.ticks[*i].label.is_empty()).collect();
    let fits = |every: usize| {
        let kept: Vec<&Tick> = labelled.iter().step_by(every).map(|i| &axis.ticks[*i]).collect();
        kept.windows(2).all(|w| {
            let room = (axis.place(w[1].at) - axis.place(w[0].at)) * width;
            room >= (LABEL.width(&w[0].label) + LABEL.width(&w[1].label)) / 2.0 + 8.0
        })
    };
    let every = (1..=labelled.len().max(1)).find(|every| fits(*every)).unwrap_or(1);
    for (turn, i) in labelled.iter().enumerate() {
        if !turn.is_multiple_of(every) {
            axis.ticks[*i].label.clear();
        }
    }
    axis
}

/// Returns the gap between panels of a width that keeps the last label of one panel apart from the first label of the
/// next \[CSS px\].
pub(super) fn gap_between<'x>(axes: impl IntoIterator<Item = &'x Axis>, width: f64) -> f64 {
    let (mut before, mut after): (f64, f64) = (0.0, 0.0);
    for axis in axes {
        let over = |tick: &Tick, room: f64| (LABEL.width(&tick.label) / 2.0 - room * width).max(0.0);
        let labelled = || axis.ticks.iter().filter(|tick| !tick.label.is_empty());
        before = before.max(labelled().next().map_or(0.0, |tick| over(tick, axis.place(tick.at))));
        after = after.max(labelled().next_back().map_or(0.0, |tick| over(tick, 1.0 - axis.place(tick.at))));
    }
    LEAST_GAP.max(before + after + BETWEEN_LABELS)
}

pub(super) fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().collect::<String>() + letters.as_str())
}

/// Returns the colour of a verdict.
pub(super) const fn ink_of(judged: Option<Judgement>) -> Ink {
    match judged {
        Some(Judgement::Held) | None => Ink::Blue,
        Some(Judgement::Failed) => Ink::Vermillion,
        Some(Judgement::Inconclusive) => Ink::Amber,
    }
}

pub(super) const fn word_of(judged: Option<Judgement>) -> &'static str {
    match judged {
        Some(Judgement::Held) => "meets every goal",
        Some(Judgement::Failed) => "fails",
        Some(Judgement::Inconclusive) => "undecided",
        None => "no goal is stated",
    }
}

/// Returns the cost by which points are ranked: a month's where it is known of any point, else that of the run.
pub(super) fn cost_of(points: &[Point]) -> Option<Measure> {
    ["cost_per_month_usd", "cost_usd"]
        .into_iter()
        .map(Measure::named)
        .find(|m| points.iter().any(|p| m.at(p).is_some()))
}

/// A value of an axis.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Level {
    pub(super) label: String,
    /// The value as a number, where the axis is of numbers.
    pub(super) number: f64,
}

/// An axis of a sweep.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Dimension {
    /// The short name of the axis.
    pub(super) name: String,
    pub(super) path: String,
    /// The values of the axis: rising numbers, or names in the order of the points.
    pub(super) levels: Vec<Level>,
    pub(super) is_number: bool,
}

impl Dimension {
    /// Returns an axis on which its levels stand as [`Dimension::place`] says.
    pub(super) fn axis(&self) -> Axis {
        if self.is_number {
            let levels: Vec<(f64, String)> = self.levels.iter().map(|l| (l.number, l.label.clone())).collect();
            Axis::levels(&levels)
        } else {
            Axis::categories(&self.levels.iter().map(|l| l.label.clone()).collect::<Vec<_>>())
        }
    }

    pub(super) fn place(&self, level: usize) -> f64 {
        match self.levels.get(level) {
            Some(known) if self.is_number => tame(known.number),
            _ => level as f64,
        }
    }

    pub(super) fn label(&self, level: usize) -> &str {
        self.levels.get(level).map_or("", |known| &known.label)
    }
}

/// A point and its level on each axis.
pub(super) struct Site<'a> {
    pub(super) point: &'a Point,
    pub(super) at: Vec<usize>,
    pub(super) judged: Option<Judgement>,
}

/// A sweep's axes and points.
pub(super) struct Design<'a> {
    pub(super) dimensions: Vec<Dimension>,
    pub(super) sites: Vec<Site<'a>>,
    /// True if each point is one crossing of the axes; false if the points are samples.
    pub(super) is_grid: bool,
}

impl<'a> Design<'a> {
    /// Returns the design of a sweep; `None` for what is no sweep or has but one point.
    pub(super) fn of(subject: &Subject<'a>) -> Option<Self> {
        let axes = &subject.results.axes;
        if axes.is_empty() || subject.points.len() < 2 {
            return None;
        }
        let mut sites: Vec<Site<'a>> = subject.points.iter().map(site).collect();
        let mut dimensions = Vec::new();
        for axis in axes {
            let (dimension, at) = dimension(&axis.parameters, subject.points);
            // What does not vary is no axis.
            if dimension.levels.len() > 1 {
                dimensions.push(dimension);
                sites.iter_mut().zip(at).for_each(|(site, level)| site.at.push(level));
            }
        }
        name_apart(&mut dimensions);
        let crossings = dimensions.iter().try_fold(1usize, |n, d| n.checked_mul(d.levels.len()));
        let is_grid = crossings == Some(sites.len());
        (!dimensions.is_empty()).then_some(Self { dimensions, sites, is_grid })
    }

    /// Returns the cheapest point that meets every goal, else the first: what is kept where an axis is not shown.
    pub(super) fn anchor(&self, cost: Option<&Measure>) -> usize {
        cost.and_then(|cost| self.least(cost)).unwrap_or(0)
    }

    /// Returns the point that meets every goal at the least known cost.
    fn least(&self, cost: &Measure) -> Option<usize> {
        let good = (0..self.sites.len()).filter(|i| self.sites[*i].judged == Some(Judgement::Held));
        let priced = good.filter_map(|i| Some((i, cost.at(self.sites[i].point)?)));
        priced.min_by(|a, b| a.1.total_cmp(&b.1)).map(|(i, _)| i)
    }

    /// Returns the cheapest point that meets every goal. Costs are compared only where all such points carry the same
    /// traffic and have a known cost.
    pub(super) fn cheapest(&self, cost: &Measure) -> Result<usize, Unranked> {
        let good: Vec<&Point> =
            self.sites.iter().filter(|s| s.judged == Some(Judgement::Held)).map(|s| s.point).collect();
        let traffics: Vec<Traffic> = good.iter().filter_map(|point| Traffic::of(point)).collect();
        let unpriced = good.iter().filter(|point| cost.at(point).is_none()).count();
        match self.least(cost) {
            _ if !carry_the_same(&traffics) => Err(Unranked::Traffic),
            Some(_) if unpriced > 0 => Err(Unranked::Unpriced(unpriced)),
            Some(least) => Ok(least),
            None => Err(Unranked::Nothing),
        }
    }

    /// Returns a point's place in words: `model_units 4, max_tokens 512`.
    pub(super) fn told(&self, site: &Site<'_>) -> String {
        let parts = self.dimensions.iter().zip(&site.at).map(|(d, at)| format!("{} {}", d.name, d.label(*at)));
        parts.collect::<Vec<_>>().join(", ")
    }

    /// Returns the place of a point for a label: its values alone, without the names of the axes.
    pub(super) fn values(&self, site: &Site<'_>) -> String {
        self.dimensions.iter().zip(&site.at).map(|(d, at)| d.label(*at)).collect::<Vec<_>>().join(" · ")
    }

    /// Returns how many meet everything, in a sentence; `None`: nothing is expected.
    pub(super) fn counted(&self) -> Option<String> {
        let held = self.sites.iter().filter(|s| s.judged == Some(Judgement::Held)).count();
        self.sites.iter().any(|s| s.judged.is_some()).then(|| {
            let all = labels::amount(self.sites.len() as f64);
            match held {
                0 => format!("None of {all} points meets every goal"),
                1 => format!("1 of {all} points meets every goal"),
                _ => format!("{} of {all} points meet every goal", labels::amount(held as f64)),
            }
        })
    }
}

/// The reason why no point of a sweep is the cheapest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unranked {
    /// No point meets every goal at a known cost.
    Nothing,
    /// The points that meet every goal carry different traffic.
    Traffic,
    /// Some points that meet every goal have no known cost; the number counts them.
    Unpriced(usize),
}

/// Returns whether points carry the same traffic.
pub(super) fn carry_the_same(traffics: &[Traffic]) -> bool {
    traffics.first().is_none_or(|first| traffics.iter().all(|traffic| traffic.is_same(first)))
}

fn site(point: &Point) -> Site<'_> {
    Site { point, at: Vec::new(), judged: Judgement::worst(&point.expectations) }
}

/// Returns an axis, and the level of each point on it.
fn dimension(parameters: &[String], points: &[Point]) -> (Dimension, Vec<usize>) {
    let of = |point: &Point| -> Vec<Value> {
        parameters.iter().map(|path| point.parameters.get(path).cloned().unwrap_or(Value::Null)).collect()
    };
    let number = |values: &[Value]| values.first().and_then(Value::as_f64).filter(|x| x.is_finite());
    let mut known: BTreeMap<String, usize> = BTreeMap::new();
    let mut levels: Vec<(Level, bool)> = Vec::new();
    let mut at = Vec::with_capacity(points.len());
    for point in points {
        let values = of(point);
        let key = format!("{values:?}");
        let next = levels.len();
        let level = *known.entry(key).or_insert(next);
        if level == next {
            let label = values.iter().map(written).collect::<Vec<_>>().join(" / ");
            levels.push((Level { label, number: number(&values).unwrap_or(0.0) }, number(&values).is_some()));
        }
        at.push(level);
    }
    let mut numbers: Vec<f64> = levels.iter().map(|(level, _)| level.number).collect();
    numbers.sort_by(f64::total_cmp);
    // Numbers that stand for several combinations would lie on each other: then they are names.
    let is_number = levels.iter().all(|(_, known)| *known) && numbers.windows(2).all(|w| w[0] < w[1]);
    let mut order: Vec<usize> = (0..levels.len()).collect();
    if is_number {
        order.sort_by(|a, b| levels[*a].0.number.total_cmp(&levels[*b].0.number));
    }
    let mut rank = vec![0; order.len()];
    order.iter().enumerate().for_each(|(place, level)| rank[*level] = place);
    let levels = order.iter().map(|level| levels[*level].0.clone()).collect();
    at.iter_mut().for_each(|level| *level = rank[*level]);
    let name = parameters.iter().map(|path| last_of(path)).collect::<Vec<_>>().join(" / ");
    (Dimension { name, path: parameters.join(" / "), levels, is_number }, at)
}

/// Returns the last step of a path.
pub(super) fn last_of(path: &str) -> &str {
    path.rsplit('.').next().unwrap_or(path)
}

/// Replaces the short names of axes that have the same short name by their whole paths.
fn name_apart(dimensions: &mut [Dimension]) {
    let short: Vec<String> = dimensions.iter().map(|d| d.name.clone()).collect();
    for dimension in dimensions {
        if short.iter().filter(|name| **name == dimension.name).count() > 1 {
            dimension.name.clone_from(&dimension.path);
        }
    }
}

/// Returns a value of a parameter as a label writes it.
pub(super) fn written(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Number(n) => n.as_f64().map_or_else(|| n.to_string(), labels::number),
        Value::Null => "as written".to_owned(),
        other => other.to_string(),
    }
}

/// Returns the indices of at most `most` of `count` items, evenly chosen, the first and the last among them.
pub(super) fn thinned(count: usize, most: usize) -> Vec<usize> {
    if count <= most || most < 2 {
        return (0..count.min(most.max(1))).collect();
    }
    (0..most).map(|i| i * (count - 1) / (most - 1)).collect()
}

//! The chart of which axis of a sweep moves the metric that decides, and which hardly does: the mean of the metric at
//! each value of each axis, over all values of the other axes.

use super::axis::Axis;
use super::frame::{self, Align, Canvas, Heading, Ink, LABEL, MARGIN, Mark, Panel, Room, STRONG, WIDTH};
use super::study::{BOUND, Design, Dimension, Level, Measure, gap_between, spaced};
use super::{Chart, ChartError, Drawing, Subject, labels};

pub(super) struct MainEffects;

const MOST_PANELS: usize = 9;
/// The most levels of an axis that are drawn one by one. An axis of samples has more, so that neighbours are joined.
const MOST_LEVELS: usize = 24;
const BINS: usize = 8;
/// The height of a panel \[CSS px\].
const PANEL_HEIGHT: f64 = 170.0;
const GUTTER: f64 = 58.0;
/// The least gap between panels, where their labels need no more \[CSS px\].
const GAP: f64 = 18.0;
/// The least gap between names along an axis \[CSS px\].
const BETWEEN_NAMES: f64 = 8.0;

impl Chart for MainEffects {
    fn name(&self) -> &'static str {
        "main_effects"
    }

    fn shows(&self) -> &'static str {
        "Which axis of a sweep moves the metric that decides, and which hardly does."
    }

    fn draw(&self, subject: &Subject<'_>) -> Result<Vec<Drawing>, ChartError> {
        let measure = Measure::of(subject);
        let Some(design) = Design::of(subject) else { return Ok(Vec::new()) };
        let mut effects: Vec<Effect> =
            (0..design.dimensions.len()).filter_map(|i| Effect::of(&design, &measure, i)).collect();
        // The axis that moves it most comes first; axes that move it alike keep their order.
        effects.sort_by(|a, b| b.reach().total_cmp(&a.reach()));
        let all = effects.len();
        effects.truncate(MOST_PANELS);
        let Some(first) = effects.first() else { return Ok(Vec::new()) };
        // What nothing moves is no picture.
        if first.reach() <= 0.0 {
            return Ok(Vec::new());
        }
        // Of one axis of numbers the lines of the sweep say the same.
        if all == 1 && design.is_grid && first.dimension.is_number {
            return Ok(Vec::new());
        }
        let y = Axis::metric(effects.iter().flat_map(|e| e.means.iter().map(|mean| mean.1)), measure.unit, 4.0);
        let mut legend = vec![(format!("mean {}", measure.words()), Mark::Line(Ink::Blue, 2.0))];
        if measure.bounds.iter().any(|(_, bound)| y.holds(*bound)) {
            legend.extend(measure.key_of_bounds().map(|(text, _)| (text, BOUND)));
        }
        let rows = effects.len().div_ceil(columns(&effects));
        let more =
            if all > effects.len() { format!(" The first {} of {all} axes.", effects.len()) } else { String::new() };
        let heading = Heading {
            name: self.name().to_owned(),
            title: format!("What moves {}", measure.words()),
            subtitle: format!("{}{more}", subtitle(&measure, first, effects.last().filter(|_| effects.len() > 1))),
            legend,
            source: subject.results.scenario.title.clone(),
            height: if rows == 1 { 340.0 } else { 122.0 + PANEL_HEIGHT * rows as f64 },
        };
        Ok(vec![frame::draw(&heading, |canvas, room| body(canvas, room, &measure, &effects, &y))?])
    }
}

fn subtitle(measure: &Measure, most: &Effect, least: Option<&Effect>) -> String {
    let range = |effect: &Effect| format!("{} to {}", measure.figure(effect.least()), measure.figure(effect.most()));
    let mut text = format!("{} moves its mean most: {}", most.dimension.name, range(most));
    if let Some(least) = least {
        text += &format!("; {} least: {}", least.dimension.name, range(least));
    }
    text + if least.is_some() { ". Each dot is the mean over all values of the other axes." } else { "." }
}

/// Returns the number of panels that stand side by side, fewer where their names would be cut.
fn columns(effects: &[Effect]) -> usize {
    let most = match effects.len() {
        1 => 1,
        2 | 4 => 2,
        _ => 3,
    };
    let room = WIDTH - 2.0 * MARGIN - GUTTER - 4.0;
    let fits = |columns: &usize| effects.iter().all(|effect| effect.fits(panel_width(room, *columns)));
    (1..=most).rev().find(fits).unwrap_or(1)
}

/// Returns the width of each of `columns` panels side by side \[CSS px\].
fn panel_width(room: f64, columns: usize) -> f64 {
    (room + GAP) / columns as f64 - GAP
}

fn body(canvas: &Canvas<'_>, room: Room, measure: &Measure, effects: &[Effect], y: &Axis) -> Result<(), ChartError> {
    let columns = columns(effects);
    let inner = room.inset(GUTTER, 0.0, 4.0, 0.0);
    let width = panel_width(inner.width(), columns);
    let axes: Vec<Axis> = effects.iter().map(|effect| effect.axis(width)).collect();
    let tiles = inner.tiles(effects.len(), columns, gap_between(&axes, width));
    for (i, (effect, tile)) in effects.iter().zip(&tiles).enumerate() {
        let plot = tile.inset(0.0, 24.0, 0.0, 24.0);
        let name = STRONG.fit(&effect.dimension.name, tile.width());
        canvas.text(plot.left, tile.top + 15.0, &name, STRONG, Ink::Text, Align::Left)?;
        let y = if i % columns == 0 { y.clone() } else { y.unlabelled() };
        effect.draw(&canvas.panel(plot, effect.axis(plot.width()), y), measure)?;
    }
    Ok(())
}

/// An axis of a sweep, with the mean of the metric at each of its values.
struct Effect {
    dimension: Dimension,
    /// The means as (level, mean, number of points), of the levels where any value is known.
    means: Vec<(usize, f64, usize)>,
}

impl Effect {
    /// Returns the effect of an axis; `None`: the metric is known nowhere.
    fn of(design: &Design<'_>, measure: &Measure, axis: usize) -> Option<Self> {
        let (dimension, level_of) = binned(&design.dimensions[axis]);
        let mut sums = vec![(0.0, 0); dimension.levels.len()];
        for site in &design.sites {
            if let (Some(value), Some(sum)) = (measure.at(site.point), sums.get_mut(level_of[site.at[axis]])) {
                *sum = (sum.0 + value, sum.1 + 1);
            }
        }
        let known = sums.iter().enumerate().filter(|(_, sum)| sum.1 > 0);
        let means: Vec<_> = known.map(|(level, sum)| (level, sum.0 / sum.1 as f64, sum.1)).collect();
        (!means.is_empty()).then_some(Self { dimension, means })
    }

    fn least(&self) -> f64 {
        self.means.iter().map(|mean| mean.1).fold(f64::INFINITY, f64::min)
    }

    fn most(&self) -> f64 {
        self.means.iter().map(|mean| mean.1).fold(f64::NEG_INFINITY, f64::max)
    }

    fn reach(&self) -> f64 {
        self.most() - self.least()
    }

    /// Returns whether a panel of this width \[CSS px\] has room for every name of its axis. An axis of numbers always
    /// fits, because numbers are left out where they are too many.
    fn fits(&self, width: f64) -> bool {
        let each = width / self.dimension.levels.len() as f64 - BETWEEN_NAMES;
        self.dimension.is_number || self.dimension.levels.iter().all(|level| LABEL.width(&level.label) <= each)
    }

    /// Returns the axis of the panel, whose names are cut to the room that each has.
    fn axis(&self, width: f64) -> Axis {
        let mut dimension = self.dimension.clone();
        if !dimension.is_number {
            let each = width / dimension.levels.len() as f64 - 4.0;
            dimension.levels.iter_mut().for_each(|level| level.label = LABEL.fit(&level.label, each));
        }
        spaced(&dimension.axis(), width)
    }

    fn draw(&self, panel: &Panel<'_, '_>, measure: &Measure) -> Result<(), ChartError> {
        panel.grid()?;
        panel.floor()?;
        measure.draw_bounds(panel, false)?;
        let place = |level: usize| self.dimension.place(level);
        let path: Vec<(f64, f64)> = self.means.iter().map(|(level, mean, _)| (place(*level), *mean)).collect();
        // Between names there is nothing that a line could stand for; it only helps the eye along.
        let line = if self.dimension.is_number { Mark::Line(Ink::Blue, 2.0) } else { Mark::Dashes(Ink::Blue, 1.0) };
        if path.len() > 1 {
            panel.curve(&path, line)?;
        }
        for (level, mean, count) in &self.means {
            panel.dot(place(*level), *mean, Ink::Blue)?;
            let points = labels::amount(*count as f64);
            let text = format!(
                "{} {}: mean {} {} of {points} points",
                self.dimension.name,
                self.dimension.label(*level),
                measure.words(),
                measure.figure(*mean)
            );
            panel.tip(place(*level), *mean, text);
        }
        Ok(())
    }
}

/// Joins the many levels of an axis of numbers to a few of equal size; returns the axis, and the new level of each old
/// one.
fn binned(dimension: &Dimension) -> (Dimension, Vec<usize>) {
    let count = dimension.levels.len();
    if count <= MOST_LEVELS {
        return (dimension.clone(), (0..count).collect());
    }
    let level_of: Vec<usize> = (0..count).map(|i| i * BINS / count).collect();
    let bin = |bin: usize| {
        let members: Vec<&Level> =
            dimension.levels.iter().zip(&level_of).filter(|(_, of)| **of == bin).map(|(level, _)| level).collect();
        let mean =
            members.iter().map(|level| super::axis::tame(level.number)).sum::<f64>() / members.len().max(1) as f64;
        let label = match (members.first(), members.last()) {
            _ if dimension.is_number => labels::number(three_figures(mean)),
            (Some(first), Some(last)) => format!("{} to {}", first.label, last.label),
            _ => String::new(),
        };
        Level { label, number: mean }
    };
    (Dimension { levels: (0..BINS).map(bin).collect(), ..dimension.clone() }, level_of)
}

/// Rounds a mean of neighbouring levels to three figures, because it is no value that was set.
fn three_figures(x: f64) -> f64 {
    if x == 0.0 {
        return x;
    }
    let scale = libm::exp10(2.0 - libm::log10(x.abs()).floor());
    if scale.is_finite() && scale > 0.0 { (x * scale).round() / scale } else { x }
}

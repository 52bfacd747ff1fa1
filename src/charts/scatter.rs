//! A sampled sweep as clouds of dots: the metric that decides against each swept number, all else being anything.

use super::axis::{Axis, tame};
use super::frame::{self, Align, Canvas, Heading, Ink, Mark, Panel, Room, STRONG};
use super::study::{Design, Dimension, Measure, Site, spaced, thinned, word_of};
use super::{ChartError, Drawing, labels};
use crate::results::Judgement;

const MOST_PANELS: usize = 6;
/// The most points that are drawn as dots; more are drawn as specks.
const MOST_DOTS: usize = 250;
/// The most marks of all panels together; of more points, evenly chosen ones are drawn.
const MOST_MARKS: usize = 2_400;
/// The most values of an axis that have ticks of their own.
const FEW: usize = 12;
/// The ratio of the largest to the smallest value from which a scale is logarithmic.
const WIDE: f64 = 10.0;
/// The height of the panel \[CSS px\].
const PANEL_HEIGHT: f64 = 200.0;
const GUTTER: f64 = 58.0;

/// The judgements of points and their colours, in the order of drawing: the first kind lies at the bottom.
const KINDS: [(Option<Judgement>, Ink); 4] = [
    (Some(Judgement::Failed), Ink::Vermillion),
    (Some(Judgement::Inconclusive), Ink::Amber),
    (None, Ink::Blue),
    (Some(Judgement::Held), Ink::Blue),
];

/// Returns the clouds of a sweep; `None`: no axis is of numbers, or the metric is known nowhere.
pub(super) fn draw(
    name: &str,
    design: &Design<'_>,
    measure: &Measure,
    title: &str,
) -> Result<Option<Drawing>, ChartError> {
    let known: Vec<(f64, &Site<'_>)> =
        design.sites.iter().filter_map(|site| Some((measure.at(site.point)?, site))).collect();
    let axes: Vec<usize> = (0..design.dimensions.len()).filter(|d| design.dimensions[*d].is_number).collect();
    if axes.is_empty() || known.is_empty() {
        return Ok(None);
    }
    let shown = &axes[..axes.len().min(MOST_PANELS)];
    let most = MOST_MARKS / shown.len();
    let cloud =
        Cloud { design, measure, sites: thinned(known.len(), most).into_iter().map(|i| known[i]).collect(), shown };
    let some = (known.len() > most).then(|| format!("{most} of {} points", labels::amount(known.len() as f64)));
    let fewer = (axes.len() > shown.len()).then(|| format!("the first {} of {} axes", shown.len(), axes.len()));
    let source: Vec<String> =
        [Some(title.to_owned()).filter(|t| !t.is_empty()), some, fewer].into_iter().flatten().collect();
    let rows = shown.len().div_ceil(columns(shown.len()));
    let heading = Heading {
        name: name.to_owned(),
        title: format!("{} by what was sampled", measure.title()),
        subtitle: cloud.subtitle(&known),
        legend: cloud.legend(),
        source: source.join(" · "),
        height: if rows == 1 { 380.0 } else { 130.0 + PANEL_HEIGHT * rows as f64 },
    };
    Ok(Some(frame::draw(&heading, |canvas, room| cloud.body(canvas, room))?))
}

const fn columns(panels: usize) -> usize {
    match panels {
        1 => 1,
        2 | 4 => 2,
        _ => 3,
    }
}

/// Returns the axis of a number; its values, each a sample's own, say nothing of how it should be bent.
fn along(dimension: &Dimension) -> Axis {
    let ends = dimension.levels.first().zip(dimension.levels.last()).map(|(a, b)| (tame(a.number), tame(b.number)));
    match ends {
        Some((lo, hi)) if dimension.levels.len() > FEW && lo > 0.0 && hi / lo > WIDE => {
            Axis::log(lo / 1.1, hi * 1.1, labels::number)
        }
        Some((lo, hi)) if dimension.levels.len() > FEW => {
            let pad = (hi - lo) * 0.05;
            Axis::span(lo - pad, hi + pad, 4.0, labels::number)
        }
        _ => dimension.axis(),
    }
}

struct Cloud<'d, 'a> {
    design: &'d Design<'a>,
    measure: &'d Measure,
    /// The metric at the points that are drawn.
    sites: Vec<(f64, &'d Site<'a>)>,
    /// The indices of the axes that have a panel.
    shown: &'d [usize],
}

impl Cloud<'_, '_> {
    fn subtitle(&self, known: &[(f64, &Site<'_>)]) -> String {
        let (lo, hi) = known.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), (x, _)| (a.min(*x), b.max(*x)));
        let counted = self.design.counted().map(|counted| format!("; {counted}")).unwrap_or_default();
        format!(
            "Over {} samples it goes from {} to {}{counted}. Each dot is a sample, in every panel.",
            labels::amount(known.len() as f64),
            self.measure.figure(lo),
            self.measure.figure(hi)
        )
    }

    fn legend(&self) -> Vec<(String, Mark)> {
        let kinds = KINDS.into_iter().filter(|(judged, _)| self.sites.iter().any(|(_, site)| site.judged == *judged));
        let word = |judged: Option<Judgement>| if judged.is_none() { "a sample" } else { word_of(judged) };
        let mut legend: Vec<(String, Mark)> =
            kinds.map(|(judged, ink)| (word(judged).to_owned(), Mark::Area(ink))).collect();
        legend.extend(self.measure.key_of_bounds());
        legend
    }

    fn body(&self, canvas: &Canvas<'_>, room: Room) -> Result<(), ChartError> {
        let y = self.measure.axis_of(self.sites.iter().map(|(value, _)| *value), 5.0);
        let columns = columns(self.shown.len());
        let tiles = room.inset(GUTTER, 0.0, 4.0, 0.0).tiles(self.shown.len(), columns, 18.0);
        for (i, (axis, tile)) in self.shown.iter().zip(&tiles).enumerate() {
            let dimension = &self.design.dimensions[*axis];
            let plot = tile.inset(0.0, 24.0, 0.0, 24.0);
            let name = STRONG.fit(&dimension.name, tile.width());
            canvas.text(plot.left, tile.top + 15.0, &name, STRONG, Ink::Text, Align::Left)?;
            let y = if i % columns == 0 { y.clone() } else { y.unlabelled() };
            self.panel(&canvas.panel(plot, spaced(&along(dimension), plot.width()), y), *axis, dimension)?;
        }
        Ok(())
    }

    fn panel(&self, panel: &Panel<'_, '_>, axis: usize, dimension: &Dimension) -> Result<(), ChartError> {
        panel.grid()?;
        panel.floor()?;
        self.measure.draw_bounds(panel, false)?;
        for (judged, ink) in KINDS {
            for (value, site) in self.sites.iter().filter(|(_, site)| site.judged == judged) {
                let x = dimension.place(site.at[axis]);
                if self.sites.len() > MOST_DOTS {
                    panel.speck(x, *value, 3.0, ink)?;
                } else {
                    panel.dot(x, *value, ink)?;
                }
            }
        }
        // There is room for some hundreds only.
        if self.sites.len() <= MOST_DOTS {
            for (value, site) in &self.sites {
                let told = self.measure.told(site.point);
                let text = format!(
                    "point {}, {}: {} {told}, {}",
                    site.point.index,
                    self.design.told(site),
                    self.measure.words(),
                    word_of(site.judged)
                );
                panel.tip(dimension.place(site.at[axis]), *value, text);
            }
        }
        Ok(())
    }
}

//! The chart of what a better metric costs: every point of a sweep by its cost and the metric that decides, and the
//! points that no other point beats in both.

use std::collections::BTreeMap;

use super::axis::Axis;
use super::frame::{self, Align, Canvas, Heading, Ink, LABEL, Mark, Panel, Placer, Room, STRONG};
use super::study::{Design, Measure, Site, Unranked, carry_the_same, cost_of, thinned, word_of};
use super::{Chart, ChartError, Drawing, Subject, labels};
use crate::results::{Judgement, Traffic};
use crate::terms::Better;

pub(super) struct SweepPareto;

const MOST_LABELS: usize = 8;
/// The most points that are drawn as dots; of more, which are specks, one stands for those that it would cover.
const MOST_DOTS: usize = 250;
const MOST_SPECKS: usize = 1_800;
const WIDEST_LABEL: f64 = 190.0;
const FRONTIER: Mark = Mark::Line(Ink::Slate, 1.5);

impl Chart for SweepPareto {
    fn name(&self) -> &'static str {
        "sweep_pareto"
    }

    fn shows(&self) -> &'static str {
        "What a better metric costs, and which points no other beats in both."
    }

    fn draw(&self, subject: &Subject<'_>) -> Result<Vec<Drawing>, ChartError> {
        let measure = Measure::of(subject);
        let (Some(design), Some(cost)) = (Design::of(subject), cost_of(subject.points)) else { return Ok(Vec::new()) };
        // Without a better side there is no frontier, and a cost against itself says nothing.
        if measure.better == Better::Neither || measure.name == cost.name {
            return Ok(Vec::new());
        }
        let field = Field::of(&design, &measure, &cost);
        // Where all cost the same, nothing is traded.
        let is_one_price = field.stars.iter().all(|star| star.cost == field.stars[0].cost);
        if field.stars.len() < 2 || is_one_price {
            return Ok(Vec::new());
        }
        let heading = Heading {
            name: self.name().to_owned(),
            title: format!("{} against {}", measure.title(), cost.words()),
            subtitle: field.subtitle(),
            legend: field.legend(),
            source: field.source(&subject.results.scenario.title),
            height: 440.0,
        };
        Ok(vec![frame::draw(&heading, |canvas, room| field.body(canvas, room))?])
    }
}

/// A point with both figures known.
struct Star<'d, 'a> {
    site: &'d Site<'a>,
    cost: f64,
    value: f64,
}

struct Field<'d, 'a> {
    design: &'d Design<'a>,
    measure: &'d Measure,
    cost: &'d Measure,
    stars: Vec<Star<'d, 'a>>,
    /// The indices of the stars that no other star beats in both cost and metric, the cheapest first.
    frontier: Vec<usize>,
    /// The cheapest star, or why none is.
    cheapest: Result<usize, Unranked>,
}

impl<'d, 'a> Field<'d, 'a> {
    fn of(design: &'d Design<'a>, measure: &'d Measure, cost: &'d Measure) -> Self {
        let star = |site: &'d Site<'a>| Some(Star { site, cost: cost.at(site.point)?, value: measure.at(site.point)? });
        let mut stars: Vec<Star<'d, 'a>> = design.sites.iter().filter_map(star).collect();
        // Of points that cost and measure the same the one that meets everything stands for all.
        stars.sort_by_key(|star| star.site.judged != Some(Judgement::Held));
        let star_of = |i: usize| stars.iter().position(|star| star.site.point.index == design.sites[i].point.index);
        let cheapest = design.cheapest(cost).and_then(|i| star_of(i).ok_or(Unranked::Nothing));
        let figures: Vec<(f64, f64)> = stars.iter().map(|star| (star.cost, star.value)).collect();
        let frontier = frontier(&figures, measure.better == Better::Higher);
        Self { design, measure, cost, stars, frontier, cheapest }
    }

    fn subtitle(&self) -> String {
        let order = self.design.dimensions.iter().map(|d| d.name.as_str()).collect::<Vec<_>>().join(" · ");
        let mut text = match (self.cheapest, self.design.counted()) {
            (Ok(i), Some(counted)) => {
                format!("{counted}; the cheapest costs {}.", labels::money(self.stars[i].cost))
            }
            (Err(Unranked::Traffic), Some(counted)) => {
                format!("{counted}; they carry different traffic, so none is the cheapest.")
            }
            (Err(Unranked::Unpriced(1)), Some(counted)) => format!("{counted}; one of them has no known cost."),
            (Err(Unranked::Unpriced(n)), Some(counted)) => format!("{counted}; {n} of them have no known cost."),
            (Err(Unranked::Nothing), Some(counted)) => format!("{counted}."),
            (_, None) => "The scenario states no goal.".to_owned(),
        };
        let choices: Vec<usize> = self.choices().collect();
        if let [a, .., b] = choices.as_slice() {
            let (a, b) = (&self.stars[*a], &self.stars[*b]);
            let (from, to) = (self.measure.figure(a.value), self.measure.figure(b.value));
            // A gain that its figures do not show is none to speak of.
            if from != to {
                text += &format!(" From {from} at {} to {to} at {}.", labels::money(a.cost), labels::money(b.cost));
            }
        }
        if choices.is_empty() { text } else { text + &format!(" Labels: {order}.") }
    }

    /// Returns the points of the frontier that meet every expectation; all of its points where nothing is expected.
    fn choices(&self) -> impl Iterator<Item = usize> {
        let meets = |i: &usize| matches!(self.stars[*i].site.judged, Some(Judgement::Held) | None);
        self.frontier.iter().copied().filter(meets)
    }

    /// Warns that a point that carries less traffic may be cheap for that alone.
    fn source(&self, title: &str) -> String {
        let traffics: Vec<Traffic> = self.stars.iter().filter_map(|star| Traffic::of(star.site.point)).collect();
        let warning = if carry_the_same(&traffics) { "" } else { "points carry different traffic" };
        [title, warning].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" · ")
    }

    fn legend(&self) -> Vec<(String, Mark)> {
        let mut legend = Vec::new();
        for (judged, ink) in KINDS {
            if self.stars.iter().any(|star| star.site.judged == judged) {
                let word = if judged.is_none() { "a point" } else { word_of(judged) };
                legend.push((word.to_owned(), Mark::Area(ink)));
            }
        }
        legend.push(("no point beats these".to_owned(), FRONTIER));
        legend.extend(self.measure.key_of_bounds());
        legend
    }

    fn body(&self, canvas: &Canvas<'_>, room: Room) -> Result<(), ChartError> {
        let words = LABEL.fit(&self.measure.words(), room.width());
        canvas.text(room.left, room.top + 14.0, &words, LABEL, Ink::Faint, Align::Left)?;
        let plot = room.inset(58.0, 26.0, 8.0, 36.0);
        let x = Axis::metric(self.stars.iter().map(|star| star.cost), self.cost.unit, 6.0);
        let y = self.measure.axis_of(self.stars.iter().map(|star| star.value), 5.0);
        let panel = canvas.panel(plot, x, y);
        panel.grid()?;
        panel.floor()?;
        let middle = f64::midpoint(plot.left, plot.right);
        canvas.text(middle, plot.bottom + 34.0, &self.cost.words(), LABEL, Ink::Faint, Align::Middle)?;
        self.measure.draw_bounds(&panel, false)?;
        panel.curve(&self.steps(), FRONTIER)?;
        if self.stars.len() > MOST_DOTS {
            self.specks(&panel)?
        } else {
            self.dots(&panel)?
        }
        self.labels(&panel)
    }

    /// Returns the frontier as stairs: between two of its points nothing is better than the cheaper one.
    fn steps(&self) -> Vec<(f64, f64)> {
        let mut path: Vec<(f64, f64)> = Vec::new();
        for star in self.frontier.iter().map(|i| &self.stars[*i]) {
            if let Some((_, before)) = path.last().copied() {
                path.push((star.cost, before));
            }
            path.push((star.cost, star.value));
        }
        path
    }

    fn dots(&self, panel: &Panel<'_, '_>) -> Result<(), ChartError> {
        // What meets lies above what fails.
        for (judged, ink) in KINDS {
            for star in self.stars.iter().filter(|star| star.site.judged == judged) {
                match judged {
                    Some(Judgement::Failed) => panel.ring(star.cost, star.value, 3.0, ink)?,
                    _ => panel.dot(star.cost, star.value, ink)?,
                }
            }
        }
        self.tips(panel);
        Ok(())
    }

    fn specks(&self, panel: &Panel<'_, '_>) -> Result<(), ChartError> {
        let mut side = 2.0;
        let mut taken = self.covered(panel, side);
        while taken.len() > MOST_SPECKS {
            side += 1.0;
            taken = self.covered(panel, side);
        }
        for (kind, (judged, ink)) in KINDS.into_iter().enumerate() {
            let size = if judged == Some(Judgement::Failed) { 2.0 } else { 3.0 };
            for i in taken.iter().filter(|((of, ..), _)| *of == kind).map(|(_, i)| *i) {
                panel.speck(self.stars[i].cost, self.stars[i].value, size, ink)?;
            }
        }
        for i in &self.frontier {
            let star = &self.stars[*i];
            panel.dot(star.cost, star.value, ink_of_kind(star.site.judged))?;
        }
        self.tips(panel);
        Ok(())
    }

    /// Returns the first point of each kind in each square of `side` pixels.
    fn covered(&self, panel: &Panel<'_, '_>, side: f64) -> BTreeMap<(usize, i64, i64), usize> {
        let mut taken = BTreeMap::new();
        for (i, star) in self.stars.iter().enumerate() {
            let kind = KINDS.iter().position(|(judged, _)| *judged == star.site.judged).unwrap_or(0);
            let (x, y) = panel.at(star.cost, star.value);
            taken.entry((kind, (x / side) as i64, (y / side) as i64)).or_insert(i);
        }
        taken
    }

    /// Adds the tooltips of points, those of the frontier first, because there is room for some hundreds only.
    fn tips(&self, panel: &Panel<'_, '_>) {
        let others = if self.stars.len() > MOST_DOTS { 0 } else { self.stars.len() };
        for star in self.frontier.iter().copied().chain(0..others).map(|i| &self.stars[i]) {
            let told = format!(
                "point {}, {}: {} {} at {}, {}",
                star.site.point.index,
                self.design.told(star.site),
                self.measure.words(),
                self.measure.figure(star.value),
                labels::money(star.cost),
                word_of(star.site.judged)
            );
            panel.tip(star.cost, star.value, told);
        }
    }

    fn labels(&self, panel: &Panel<'_, '_>) -> Result<(), ChartError> {
        let mut placer = Placer::new(panel.room.inset(0.0, -12.0, -4.0, 0.0));
        for star in &self.stars {
            let (x, y) = panel.at(star.cost, star.value);
            placer.keep_off(x, y);
        }
        let steps: Vec<(f64, f64)> = self.steps().into_iter().map(|(x, y)| panel.at(x, y)).collect();
        steps.windows(2).for_each(|ends| placer.keep_off_line(ends[0], ends[1]));
        for (_, bound) in self.measure.bounds.iter().filter(|(_, bound)| panel.holds(*bound)) {
            let (_, y) = panel.at(0.0, *bound);
            placer.keep_off_line((panel.room.left, y), (panel.room.right, y));
        }
        if let Ok(star) = self.cheapest.map(|i| &self.stars[i]) {
            let text = format!("cheapest that meets: {}", self.design.values(star.site));
            panel.dot(star.cost, star.value, Ink::Blue)?;
            panel.ring(star.cost, star.value, 6.5, Ink::Green)?;
            self.label(panel, &mut placer, star, &STRONG.fit(&text, 300.0), Ink::Green)?;
        }
        // A point that fails must not look like a choice.
        let named: Vec<usize> = self.choices().filter(|i| Ok(*i) != self.cheapest).collect();
        for i in thinned(named.len(), MOST_LABELS) {
            let star = &self.stars[named[i]];
            let text = LABEL.fit(&self.design.values(star.site), WIDEST_LABEL);
            self.label(panel, &mut placer, star, &text, Ink::Text)?;
        }
        Ok(())
    }

    fn label(
        &self,
        panel: &Panel<'_, '_>,
        placer: &mut Placer,
        star: &Star<'_, '_>,
        text: &str,
        ink: Ink,
    ) -> Result<(), ChartError> {
        let face = if ink == Ink::Green { STRONG } else { LABEL };
        let (x, y) = panel.at(star.cost, star.value);
        let place =
            if ink == Ink::Green { placer.place_anyhow(x, y, text, face) } else { placer.place(x, y, text, face) };
        match place {
            Some((left, base)) => {
                // What stands away from its point is led to it.
                if (base - y).abs() > 22.0 {
                    let nearest = x.clamp(left, left + face.width(text));
                    let to = (nearest, if base < y { base + 4.0 } else { base - face.size });
                    placer.keep_off_slope((x, y), to);
                    panel.canvas.line((x, y), to, ink, 0.75)?;
                }
                panel.canvas.text(left, base, text, face, ink, Align::Left)
            }
            None => Ok(()),
        }
    }
}

/// The judgements of points and their colours, in the order of drawing: the first kind lies at the bottom.
const KINDS: [(Option<Judgement>, Ink); 4] = [
    (Some(Judgement::Failed), Ink::Vermillion),
    (Some(Judgement::Inconclusive), Ink::Amber),
    (None, Ink::Blue),
    (Some(Judgement::Held), Ink::Blue),
];

fn ink_of_kind(judged: Option<Judgement>) -> Ink {
    KINDS.iter().find(|(of, _)| *of == judged).map_or(Ink::Blue, |(_, ink)| *ink)
}

/// Returns the indices of the points (cost, value) that no other point beats in both, the cheapest first; of equal
/// points the first.
fn frontier(points: &[(f64, f64)], higher_is_better: bool) -> Vec<usize> {
    let bad = |i: usize| if higher_is_better { -points[i].1 } else { points[i].1 };
    let mut order: Vec<usize> = (0..points.len()).collect();
    order.sort_by(|a, b| points[*a].0.total_cmp(&points[*b].0).then(bad(*a).total_cmp(&bad(*b))));
    let mut best = f64::INFINITY;
    let mut kept = Vec::new();
    for i in order {
        if bad(i) < best {
            best = bad(i);
            kept.push(i);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_frontier_is_what_none_beats() {
        let points = [(3.0, 0.1), (1.0, 0.5), (2.0, 0.5), (1.0, 0.7), (4.0, 0.2), (5.0, 0.0)];
        assert_eq!(frontier(&points, false), [1, 0, 5]);
        assert_eq!(frontier(&points, true), [3]);
        assert_eq!(frontier(&[], false), [] as [usize; 0]);
    }
}

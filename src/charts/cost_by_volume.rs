//! Which way of buying is the cheapest at which volume: a month's cost of each against the requests of a month, and where
//! the cheapest one changes.

use super::axis::Axis;
use super::frame::{self, Align, Canvas, Heading, Ink, LABEL, Mark, Panel, Room, STRONG};
use super::study::{Design, Measure, Site, thinned, word_of};
use super::volume::{Stand, Turn, Volumes, Way, cost};
use super::{Chart, ChartError, Drawing, Subject, labels};
use crate::results::Judgement;
use crate::terms::Unit;

pub(super) struct CostByVolume;

const MOST_WAYS: usize = 8;
/// Changes of the cheapest way that are marked; a sentence and an eye take in no more.
const MOST_TURNS: usize = 4;
/// More values than this would make a file that nobody opens; evenly chosen ones are drawn.
const MOST_VALUES: usize = 120;
/// Dots closer than this would make a band of them \[CSS px\].
const DOT_SPACE: f64 = 9.0;
/// Volumes that span this ratio are told apart on a logarithmic scale only.
const WIDE: f64 = 30.0;
/// A straight line is a curve on a logarithmic scale, drawn in so many steps.
const STEPS: usize = 12;
/// \[CSS px\]
const GUTTER: f64 = 58.0;
const WIDEST_NAME: f64 = 150.0;
const NAME_HEIGHT: f64 = 14.0;
const FLAG_HEIGHT: f64 = 17.0;
const CHEAPEST: Mark = Mark::Line(Ink::Green, 3.25);
const OTHER: Mark = Mark::Line(Ink::Slate, 1.5);

impl Chart for CostByVolume {
    fn name(&self) -> &'static str {
        "cost_by_volume"
    }

    fn shows(&self) -> &'static str {
        "Which way of buying is the cheapest at which volume, and where that changes."
    }

    fn draw(&self, subject: &Subject<'_>) -> Result<Vec<Drawing>, ChartError> {
        let Some(design) = Design::of(subject) else { return Ok(Vec::new()) };
        let Some(volumes) = Volumes::of(&design) else { return Ok(Vec::new()) };
        let budget = subject.points.iter().flat_map(|p| &p.expectations).find(|e| e.metric == cost().name);
        let measure = budget.map_or_else(cost, Measure::expected);
        let shown = volumes.shown(MOST_WAYS);
        let sheet = Sheet { design: &design, volumes: &volumes, measure: &measure, shown };
        let heading = Heading {
            name: self.name().to_owned(),
            title: "Cost per month by the requests of a month".to_owned(),
            subtitle: sheet.subtitle(),
            legend: sheet.legend(),
            source: sheet.source(&subject.results.scenario.title),
            height: 460.0,
        };
        Ok(vec![frame::draw(&heading, |canvas, room| sheet.body(canvas, room))?])
    }
}

/// What stands above a change of the cheapest way.
struct Flag {
    turn: Turn,
    text: String,
    /// Where the change and the words stand \[CSS px\].
    x: f64,
    left: f64,
    /// From the plot upwards.
    row: usize,
}

struct Sheet<'d, 'a> {
    design: &'d Design<'a>,
    volumes: &'d Volumes,
    measure: &'d Measure,
    /// Of the ways.
    shown: Vec<usize>,
}

impl Sheet<'_, '_> {
    fn way(&self, way: usize) -> &str {
        match self.volumes.ways[way].name.as_str() {
            "" => "it",
            name => name,
        }
    }

    /// The one way there is in figures, or which of several is the cheapest from where on.
    fn subtitle(&self) -> String {
        let (ways, volumes) = (&self.volumes.ways, &self.volumes.volumes);
        let (least, most) = (labels::volume(volumes[0]), labels::volume(*volumes.last().unwrap_or(&0.0)));
        if let [way] = ways.as_slice() {
            return self.course(way);
        }
        let that = if self.design.counted().is_some() { " that meets what is expected" } else { " that carries them" };
        let first = match self.volumes.first {
            Some(way) => format!("{} is the cheapest of {} ways{that}", self.way(way), ways.len()),
            None => format!("none of {} ways is one{that}", ways.len()),
        };
        if self.volumes.turns.is_empty() {
            return format!("From {least} to {most} requests a month {first}.");
        }
        let mut text = format!("At {least} requests a month {first}");
        for turn in self.volumes.turns.iter().take(MOST_TURNS) {
            text += &format!("; {}", self.told(turn));
        }
        let more = self.volumes.turns.len().saturating_sub(MOST_TURNS);
        text + &if more > 0 { format!("; and {more} more changes.") } else { ".".to_owned() }
    }

    fn told(&self, turn: &Turn) -> String {
        let at = labels::volume(turn.at);
        match (turn.from, turn.to) {
            (_, Some(to)) if turn.cost.is_some() => format!("from {at} on {} is cheaper", self.way(to)),
            (_, Some(to)) => format!("at {at} it is {}", self.way(to)),
            (_, None) => format!("at {at} none is"),
        }
    }

    /// What the only way costs.
    fn course(&self, way: &Way) -> String {
        let known = self.volumes.volumes.iter().zip(&way.stands).filter_map(|(volume, stand)| Some((*volume, (*stand)?)));
        let known: Vec<_> = known.collect();
        let (Some((from, a)), Some((to, b))) = (known.first(), known.last()) else { return String::new() };
        let fails = known.iter().find(|(_, stand)| !stand.carries);
        let fails = fails.map(|(at, _)| format!("; at {} it does not meet what is expected", labels::volume(*at)));
        format!(
            "From {} at {} requests a month to {} at {}{}.",
            labels::money(a.cost),
            labels::volume(*from),
            labels::money(b.cost),
            labels::volume(*to),
            fails.unwrap_or_default()
        )
    }

    fn legend(&self) -> Vec<(String, Mark)> {
        let mut legend = vec![("the cheapest that meets what is expected".to_owned(), CHEAPEST)];
        if self.design.counted().is_none() {
            legend[0].0 = "the cheapest that carries them".to_owned();
        }
        if self.shown.len() > 1 {
            legend.push(("another way".to_owned(), OTHER));
        }
        let fails = |way: &usize| self.volumes.ways[*way].stands.iter().flatten().any(|stand| !stand.carries);
        if self.shown.iter().any(fails) {
            legend.push(("does not".to_owned(), Mark::Dashes(Ink::Vermillion, 1.5)));
        }
        let sites = || self.shown.iter().flat_map(|way| self.volumes.ways[*way].sites.iter().flatten());
        if sites().any(|site| self.measure.interval(self.design.sites[*site].point).is_some()) {
            legend.push(("interval".to_owned(), Mark::Area(Ink::BlueBand)));
        }
        legend
    }

    /// What is not in the picture.
    fn source(&self, title: &str) -> String {
        let all = self.volumes.ways.len();
        let some = (all > self.shown.len()).then(|| format!("{} of {all} ways", self.shown.len()));
        let pays_once = |site: &Site<'_>| site.point.value("one_time_usd").is_some_and(|usd| usd > 0.0);
        let once = self.design.sites.iter().any(pays_once).then(|| "without what is paid once".to_owned());
        let parts = [Some(title.to_owned()).filter(|title| !title.is_empty()), some, once];
        parts.into_iter().flatten().collect::<Vec<_>>().join(" · ")
    }

    /// The words of each change, in the first row with room for them.
    fn flags(&self, x: &Axis, left: f64, right: f64) -> Vec<Flag> {
        let mut free = [f64::NEG_INFINITY; MOST_TURNS];
        let flag = |turn: &Turn| {
            let at = labels::volume(turn.at);
            let text = match turn.to {
                Some(way) if turn.cost.is_some() => format!("from {at} on {}", self.way(way)),
                Some(way) => format!("at {at} {}", self.way(way)),
                None => format!("at {at} none"),
            };
            let text = STRONG.fit(&text, 260.0);
            let (width, x) = (STRONG.width(&text), left + x.place(turn.at) * (right - left));
            let begin = (x - width / 2.0).min(frame::WIDTH - 24.0 - width).max(left - 30.0);
            let row = free.iter().position(|free| begin >= free + 12.0).unwrap_or(0);
            free[row] = begin + width;
            Flag { turn: *turn, text, x, left: begin, row }
        };
        self.volumes.turns.iter().take(MOST_TURNS).map(flag).collect()
    }

    fn x(&self) -> (Axis, bool) {
        let volumes = &self.volumes.volumes;
        let (least, most) = (volumes[0], *volumes.last().unwrap_or(&0.0));
        if least > 0.0 && most / least > WIDE {
            return (Axis::log(least / 1.1, most * 1.1, labels::volume), true);
        }
        let mut axis = Axis::metric(volumes.iter().copied(), Unit::Count, 6.0);
        axis.ticks.iter_mut().for_each(|tick| tick.label = labels::volume(tick.at));
        (axis, false)
    }

    fn y(&self) -> Axis {
        let sites = self.shown.iter().flat_map(|way| self.volumes.ways[*way].sites.iter().flatten());
        self.measure.axis(sites.map(|site| self.design.sites[*site].point), 5.0)
    }

    fn body(&self, canvas: &Canvas<'_>, room: Room) -> Result<(), ChartError> {
        let words = LABEL.fit(&self.measure.words(), room.width());
        canvas.text(room.left, room.top + 10.0, &words, LABEL, Ink::Faint, Align::Left)?;
        let names: Vec<String> = self.shown.iter().map(|way| LABEL.fit(&self.volumes.ways[*way].name, WIDEST_NAME)).collect();
        let right = names.iter().map(|name| STRONG.width(name)).fold(0.0, f64::max).min(WIDEST_NAME) + 14.0;
        let (x, is_log) = self.x();
        let flags = self.flags(&x, room.left + GUTTER, room.right - right);
        let rows = flags.iter().map(|flag| flag.row + 1).max().unwrap_or(0);
        let plot = room.inset(GUTTER, 22.0 + FLAG_HEIGHT * rows as f64, right, 36.0);
        let panel = canvas.panel(plot, x, self.y());
        panel.grid()?;
        panel.floor()?;
        let middle = f64::midpoint(plot.left, plot.right);
        canvas.text(middle, plot.bottom + 34.0, "requests a month", LABEL, Ink::Faint, Align::Middle)?;
        for way in &self.shown {
            self.band(&panel, *way)?;
        }
        self.measure.draw_bounds(&panel, true)?;
        for way in &self.shown {
            self.line(&panel, *way, is_log)?;
        }
        for leg in self.volumes.legs.iter().filter(|leg| self.shown.contains(&leg.way)) {
            panel.curve(&straight(leg.from, leg.to, is_log), CHEAPEST)?;
        }
        for way in &self.shown {
            self.dots(&panel, *way)?;
        }
        self.turns(&panel, &flags)?;
        self.names(&panel, &names)
    }

    /// Its points, as many as are drawn: their places and what they are.
    fn drawn(&self, way: usize) -> Vec<(f64, Stand, usize)> {
        let way = &self.volumes.ways[way];
        let known = |i: usize| Some((self.volumes.volumes[i], way.stands[i]?, way.sites[i]?));
        thinned(self.volumes.volumes.len(), MOST_VALUES).into_iter().filter_map(known).collect()
    }

    fn band(&self, panel: &Panel<'_, '_>, way: usize) -> Result<(), ChartError> {
        let ends = |(volume, _, site): &(f64, Stand, usize)| {
            Some((*volume, self.measure.interval(self.design.sites[*site].point)?))
        };
        let ends: Vec<(f64, (f64, f64))> = self.drawn(way).iter().filter_map(ends).collect();
        let upper = ends.iter().map(|(x, (_, hi))| (*x, *hi));
        let lower = ends.iter().rev().map(|(x, (lo, _))| (*x, *lo));
        if ends.len() > 1 { panel.area(upper.chain(lower).collect(), Ink::BlueBand) } else { Ok(()) }
    }

    /// Dashed wherever either end does not carry the load.
    fn line(&self, panel: &Panel<'_, '_>, way: usize, is_log: bool) -> Result<(), ChartError> {
        let points = self.drawn(way);
        let good = |ends: &[(f64, Stand, usize)]| ends.iter().all(|(_, stand, _)| stand.carries);
        let pairs: Vec<&[_]> = points.windows(2).collect();
        for stretch in pairs.chunk_by(|a, b| good(a) == good(b)) {
            let place = |(volume, stand, _): &(f64, Stand, usize)| (*volume, stand.cost);
            let path: Vec<(f64, f64)> =
                stretch.iter().flat_map(|ends| straight(place(&ends[0]), place(&ends[1]), is_log)).collect();
            let mark = if stretch.first().is_some_and(|ends| good(ends)) { OTHER } else { Mark::Dashes(Ink::Vermillion, 1.5) };
            panel.curve(&path, mark)?;
        }
        Ok(())
    }

    fn dots(&self, panel: &Panel<'_, '_>, way: usize) -> Result<(), ChartError> {
        let points = self.drawn(way);
        let has_dots = panel.room.width() / points.len().max(1) as f64 >= DOT_SPACE || points.len() == 1;
        for (volume, stand, site) in points {
            let site = &self.design.sites[site];
            let is_best = self.volumes.legs.iter().any(|leg| {
                leg.way == way && (leg.from.0..=leg.to.0).contains(&volume)
            });
            match (has_dots, stand.carries) {
                (false, _) => {}
                (true, true) => panel.dot(volume, stand.cost, if is_best { Ink::Green } else { Ink::Slate })?,
                (true, false) => {
                    panel.dot(volume, stand.cost, Ink::Paper)?;
                    let undecided = site.judged == Some(Judgement::Inconclusive);
                    panel.ring(volume, stand.cost, 3.2, if undecided { Ink::Text } else { Ink::Vermillion })?;
                }
            }
            let name = &self.volumes.ways[way].name;
            let lead = if name.is_empty() { String::new() } else { format!("{name}, ") };
            let told = format!(
                "{lead}{} requests a month: {} a month, {}",
                labels::amount(volume),
                self.measure.told(site.point),
                word_of(site.judged)
            );
            panel.tip(volume, stand.cost, told);
        }
        Ok(())
    }

    /// A line down from each change, its words above the plot.
    fn turns(&self, panel: &Panel<'_, '_>, flags: &[Flag]) -> Result<(), ChartError> {
        let room = panel.room;
        for Flag { turn, text, x, left, row } in flags {
            let base = room.top - 8.0 - FLAG_HEIGHT * *row as f64;
            panel.canvas.line((*x, base + 4.0), (*x, room.bottom), Ink::Text, 0.75)?;
            panel.canvas.text(*left, base, text, STRONG, Ink::Text, Align::Left)?;
            if let Some(cost) = turn.cost {
                panel.dot(turn.at, cost, Ink::Text)?;
                panel.tip(turn.at, cost, self.meeting(turn, cost));
            }
        }
        Ok(())
    }

    fn meeting(&self, turn: &Turn, cost: f64) -> String {
        let names: Vec<&str> = [turn.from, turn.to].into_iter().flatten().map(|way| self.way(way)).collect();
        let at = labels::amount(turn.at.round());
        format!("{} cost the same at {at} requests a month: {}", names.join(" and "), labels::money(cost))
    }

    /// Each line's name at its right end, none upon another.
    fn names(&self, panel: &Panel<'_, '_>, names: &[String]) -> Result<(), ChartError> {
        let room = panel.room;
        let end = |(way, name): (&usize, &String)| {
            let (_, stand, _) = *self.drawn(*way).last()?;
            Some((panel.at(0.0, stand.cost).1, *way, name.clone()))
        };
        let mut ends: Vec<(f64, usize, String)> = self.shown.iter().zip(names).filter_map(end).collect();
        ends.sort_by(|a, b| a.0.total_cmp(&b.0));
        let wanted: Vec<f64> = ends.iter().map(|end| end.0).collect();
        let last = self.volumes.volumes.last().copied().unwrap_or(0.0);
        for ((from, way, name), y) in ends.iter().zip(spread(&wanted, NAME_HEIGHT, room.top, room.bottom)) {
            let is_best = self.volumes.legs.last().is_some_and(|leg| leg.way == *way && leg.to.0 >= last);
            let face = if is_best { STRONG } else { LABEL };
            let (edge, _) = panel.at(last, 0.0);
            panel.canvas.line((edge + 5.0, *from), (room.right + 7.0, y), Ink::Rule, 0.75)?;
            let ink = if is_best { Ink::Green } else { Ink::Text };
            panel.canvas.text(room.right + 10.0, y + 4.0, name, face, ink, Align::Left)?;
        }
        Ok(())
    }
}

/// A line that is straight in requests and dollars, as the points it passes on its way.
fn straight(from: (f64, f64), to: (f64, f64), is_log: bool) -> Vec<(f64, f64)> {
    let steps = if is_log { STEPS } else { 1 };
    let at = |i: usize| {
        let share = i as f64 / steps as f64;
        (from.0 + share * (to.0 - from.0), from.1 + share * (to.1 - from.1))
    };
    (0..=steps).map(at).collect()
}

/// Places as near as can be to those that are wanted, which rise, at least so far apart.
fn spread(wanted: &[f64], apart: f64, top: f64, bottom: f64) -> Vec<f64> {
    let mut places: Vec<f64> = Vec::with_capacity(wanted.len());
    for y in wanted {
        let least = places.last().map_or(top, |before| before + apart);
        places.push(y.max(least));
    }
    let mut most = bottom;
    for place in places.iter_mut().rev() {
        *place = place.min(most);
        most = *place - apart;
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_keep_apart_and_near_their_lines() {
        assert_eq!(spread(&[10.0, 50.0], 14.0, 0.0, 100.0), [10.0, 50.0]);
        assert_eq!(spread(&[50.0, 50.0, 52.0], 14.0, 0.0, 100.0), [50.0, 64.0, 78.0]);
        assert_eq!(spread(&[95.0, 99.0], 14.0, 0.0, 100.0), [86.0, 100.0]);
    }
}

//! The chart of the cheapest way of buying at each volume: a month's cost of each way against the requests of a month,
//! and the volumes at which the cheapest way changes.

use super::axis::Axis;
use super::frame::{self, Align, Canvas, Heading, Ink, LABEL, Mark, Panel, Placer, Room, STRONG};
use super::study::{Design, Measure, Site, thinned, word_of};
use super::volume::{Leg, Stand, Turn, Volumes, Way, cost};
use super::{Chart, ChartError, Drawing, Subject, labels};
use crate::results::Judgement;
use crate::terms::Unit;

pub(super) struct CostByVolume;

const MOST_WAYS: usize = 8;
/// The most marks for changes of the cheapest way, because an eye takes in no more; `MOST_EVENS` is for break-evens.
const MOST_TURNS: usize = 4;
const MOST_EVENS: usize = 3;
/// The most values that are drawn, because more would make too large a file; of more, evenly chosen ones are drawn.
const MOST_VALUES: usize = 120;
/// The least distance of dots, which would make a band if they were closer \[CSS px\].
const DOT_SPACE: f64 = 9.0;
/// The ratio of the largest to the smallest volume from which the scale is logarithmic.
const WIDE: f64 = 30.0;
/// The most steps in which a straight line is drawn, which is a curve on a logarithmic scale.
const STEPS: usize = 12;
/// The width of the axis labels beside a panel \[CSS px\].
const GUTTER: f64 = 58.0;
const WIDEST_NAME: f64 = 150.0;
const NAME_HEIGHT: f64 = 14.0;
const FLAG_HEIGHT: f64 = 17.0;
const WIDEST_FLAG: f64 = 250.0;
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

/// The label above a volume at which the cheapest way changes.
struct Flag {
    turn: Turn,
    text: String,
    /// The horizontal position of the change \[CSS px\]; `left` is where the label begins.
    x: f64,
    left: f64,
    /// The row of the label, counted from the plot upwards.
    row: usize,
}

struct Sheet<'d, 'a> {
    design: &'d Design<'a>,
    volumes: &'d Volumes,
    measure: &'d Measure,
    /// The indices of the ways that are drawn.
    shown: Vec<usize>,
}

impl Sheet<'_, '_> {
    fn way(&self, way: usize) -> &str {
        match self.volumes.ways[way].name.as_str() {
            "" => "it",
            name => name,
        }
    }

    /// Returns the cost of the only way, or a sentence that says which of several is the cheapest from where on.
    fn subtitle(&self) -> String {
        let (ways, volumes) = (&self.volumes.ways, &self.volumes.volumes);
        let (least, most) = (labels::volume(volumes[0]), labels::volume(*volumes.last().unwrap_or(&0.0)));
        let priced: Vec<&Way> = ways.iter().filter(|way| way.stands.iter().any(Option::is_some)).collect();
        if let [way] = priced.as_slice() {
            let name = if way.name.is_empty() { String::new() } else { format!("{} costs ", way.name) };
            let from = if name.is_empty() { "From" } else { "from" };
            return format!("{name}{from} {}{}", self.course(way), self.unpriced());
        }
        let first = match self.volumes.first() {
            Some(way) if self.volumes.unpriced.is_empty() => format!("{} is the cheapest", self.way(way)),
            Some(way) => format!("{} has the least known cost", self.way(way)),
            None => format!("none of {} ways {}", ways.len(), self.does()),
        };
        let (mut text, rest) = match self.volumes.turns.as_slice() {
            [] => (format!("Between {least} and {most} requests per month, {first}"), &[][..]),
            [Turn { at, to: Some(to), cost: Some(_), .. }, rest @ ..] => {
                let at = labels::volume(*at);
                (format!("Up to {at} requests per month, {first}; above that, {}", self.way(*to)), rest)
            }
            turns => (format!("At {least} requests per month, {first}"), turns),
        };
        for turn in rest.iter().take(MOST_TURNS - 1) {
            text += &format!("; {}", self.told(turn));
        }
        let more = rest.len().saturating_sub(MOST_TURNS - 1);
        if more > 0 {
            text += &format!("; and {more} more changes");
        }
        text + "." + &self.evens() + &self.unpriced()
    }

    /// Returns a sentence on the ways without a known cost, and the keys that state it; empty: all costs are known.
    fn unpriced(&self) -> String {
        let ways: Vec<&str> = self.volumes.unpriced.iter().take(MOST_WAYS).map(|way| self.way(*way)).collect();
        if ways.is_empty() {
            return String::new();
        }
        let keys = if self.volumes.missing.is_empty() {
            String::new()
        } else {
            format!(": state {}", self.volumes.missing.join(", "))
        };
        format!(" Which way is the cheapest is not known, because the cost of {} is not{keys}.", ways.join(", "))
    }

    fn told(&self, turn: &Turn) -> String {
        let at = labels::volume(turn.at);
        match (turn.from, turn.to) {
            (_, Some(to)) if turn.cost.is_some() => format!("above {at}, {}", self.way(to)),
            (Some(from), Some(to)) if !self.carries_at(from, turn.at) => {
                format!("at {at}, {} ({} fails)", self.way(to), self.way(from))
            }
            (_, Some(to)) => format!("at {at}, {}", self.way(to)),
            (_, None) => format!("at {at}, none {}", self.does()),
        }
    }

    /// Returns the words for a way that is good enough: it meets every goal, or, without goals, carries the load.
    fn does(&self) -> &'static str {
        if self.design.counted().is_some() { "meets every goal" } else { "carries them" }
    }

    fn carries_at(&self, way: usize, volume: f64) -> bool {
        let at = self.volumes.volumes.iter().position(|known| *known >= volume).unwrap_or(0);
        self.volumes.ways[way].stands[at].is_some_and(|stand| stand.carries)
    }

    /// Returns a sentence on the ways that break even with the way that is the cheapest at the least volume; empty if
    /// none does, except where the cheapest way changes.
    fn evens(&self) -> String {
        let Some(first) = self.volumes.first() else { return String::new() };
        let told = |even: &Turn| Some(format!("{} at {}", self.way(even.to?), labels::volume(even.at)));
        let evens: Vec<String> = self.volumes.evens.iter().take(MOST_EVENS).filter_map(told).collect();
        let more = if self.volumes.evens.len() > MOST_EVENS { ", others later" } else { "" };
        match evens.is_empty() {
            true => String::new(),
            false => format!(" Break-even with {}: {}{more}.", self.way(first), evens.join(", ")),
        }
    }

    /// Returns a sentence with the cost of the only way at the least and at the largest volume.
    fn course(&self, way: &Way) -> String {
        let known =
            self.volumes.volumes.iter().zip(&way.stands).filter_map(|(volume, stand)| Some((*volume, (*stand)?)));
        let known: Vec<_> = known.collect();
        let (Some((from, a)), Some((to, b))) = (known.first(), known.last()) else { return String::new() };
        let fails = known.iter().find(|(_, stand)| !stand.carries);
        let fails = fails.map(|(at, _)| format!("; at {} it misses a goal", labels::volume(*at)));
        format!(
            "{} at {} requests per month to {} at {}{}.",
            labels::money(a.cost),
            labels::volume(*from),
            labels::money(b.cost),
            labels::volume(*to),
            fails.unwrap_or_default()
        )
    }

    fn legend(&self) -> Vec<(String, Mark)> {
        let best = if self.volumes.unpriced.is_empty() { "the cheapest" } else { "the least known cost" };
        let mut legend = vec![(format!("{best} that {}", self.does()), CHEAPEST)];
        if self.shown.len() > 1 {
            let others = if self.volumes.others.len() > 1 {
                format!(": {}", self.volumes.others.join(" · "))
            } else {
                String::new()
            };
            legend.push((format!("another way{others}"), OTHER));
        }
        let fails = |way: &usize| self.volumes.ways[*way].stands.iter().flatten().any(|stand| !stand.carries);
        if self.shown.iter().any(fails) {
            let undecided = self.sites().any(|site| site.judged == Some(Judgement::Inconclusive));
            let word = if undecided { "fails, or undecided" } else { "fails" };
            legend.push((word.to_owned(), Mark::Dashes(Ink::Vermillion, 1.5)));
        }
        if self.sites().any(|site| self.measure.interval(site.point).is_some()) {
            legend.push(("interval".to_owned(), Mark::Area(Ink::BlueBand)));
        }
        legend
    }

    /// Returns the points of the sweep that belong to the ways that are drawn.
    fn sites(&self) -> impl Iterator<Item = &Site<'_>> {
        let sites = self.shown.iter().flat_map(|way| self.volumes.ways[*way].sites.iter().flatten());
        sites.map(|site| &self.design.sites[*site])
    }

    /// Returns the source line: the title of the scenario, and what the drawing leaves out.
    fn source(&self, title: &str) -> String {
        let all = self.volumes.ways.len();
        let some = (all > self.shown.len()).then(|| format!("{} of {all} ways", self.shown.len()));
        let pays_once = |site: &Site<'_>| site.point.value("one_time_usd").is_some_and(|usd| usd > 0.0);
        let once = self.design.sites.iter().any(pays_once).then(|| "without what is paid once".to_owned());
        let parts = [Some(title.to_owned()).filter(|title| !title.is_empty()), some, once];
        parts.into_iter().flatten().collect::<Vec<_>>().join(" · ")
    }

    /// Returns the words of each change, in the first row with room for them.
    fn flags(&self, x: &Axis, left: f64, right: f64) -> Vec<Flag> {
        let mut free = [f64::NEG_INFINITY; MOST_TURNS];
        let flag = |turn: &Turn| {
            let at = labels::volume(turn.at);
            let text = match turn.to {
                Some(way) if turn.cost.is_some() => format!("from {at} on: {}", self.way(way)),
                Some(way) => format!("at {at}: {}", self.way(way)),
                None => format!("at {at}: none"),
            };
            let text = STRONG.fit(&text, WIDEST_FLAG);
            let (width, x) = (STRONG.width(&text), left + x.place(turn.at) * (right - left));
            let begin = (x - width / 2.0).min(frame::WIDTH - 24.0 - width).max(left - 30.0);
            let row = free.iter().position(|free| begin >= free + 12.0).unwrap_or(0);
            free[row] = begin + width;
            Flag { turn: *turn, text, x, left: begin, row }
        };
        self.volumes.turns.iter().take(MOST_TURNS).map(flag).collect()
    }

    /// Returns the axis of the volumes, and the number of steps in which a line between two volumes is drawn.
    fn x(&self) -> (Axis, usize) {
        let volumes = &self.volumes.volumes;
        let (least, most) = (volumes[0], *volumes.last().unwrap_or(&0.0));
        if least > 0.0 && most / least > WIDE {
            return (Axis::log(least / 1.1, most * 1.1, labels::volume), (MOST_VALUES / volumes.len()).clamp(1, STEPS));
        }
        let mut axis = Axis::metric(volumes.iter().copied(), Unit::Count, 6.0);
        axis.ticks.iter_mut().for_each(|tick| tick.label = labels::volume(tick.at));
        (axis, 1)
    }

    fn y(&self) -> Axis {
        self.measure.axis(self.sites().map(|site| site.point), 6.0)
    }

    fn body(&self, canvas: &Canvas<'_>, room: Room) -> Result<(), ChartError> {
        let words = LABEL.fit(&self.measure.words(), room.width());
        canvas.text(room.left, room.top + 10.0, &words, LABEL, Ink::Faint, Align::Left)?;
        let names: Vec<String> =
            self.shown.iter().map(|way| STRONG.fit(&self.volumes.ways[*way].label, WIDEST_NAME)).collect();
        let right = names.iter().map(|name| STRONG.width(name)).fold(0.0, f64::max).min(WIDEST_NAME) + 14.0;
        let (x, steps) = self.x();
        let flags = self.flags(&x, room.left + GUTTER, room.right - right);
        let rows = flags.iter().map(|flag| flag.row + 1).max().unwrap_or(0);
        let plot = room.inset(GUTTER, 22.0 + FLAG_HEIGHT * rows as f64, right, 36.0);
        let panel = canvas.panel(plot, x, self.y());
        panel.grid()?;
        panel.floor()?;
        let middle = f64::midpoint(plot.left, plot.right);
        canvas.text(middle, plot.bottom + 34.0, "requests per month", LABEL, Ink::Faint, Align::Middle)?;
        for way in &self.shown {
            self.band(&panel, *way)?;
        }
        self.measure.draw_bounds(&panel, true)?;
        for way in &self.shown {
            self.line(&panel, *way, steps)?;
        }
        self.cheapest(&panel, steps)?;
        // What is the cheapest lies on top.
        let mut order = self.shown.clone();
        order.sort_by_key(|way| self.volumes.cheapest.contains(&Some(*way)));
        for way in order {
            self.dots(&panel, way)?;
        }
        self.draw_evens(&panel, &flags, steps)?;
        self.turns(&panel, &flags)?;
        self.names(&panel, &names)
    }

    /// Draws the cost of the cheapest way, as one curve from each change of the cheapest way to the next.
    fn cheapest(&self, panel: &Panel<'_, '_>, steps: usize) -> Result<(), ChartError> {
        let legs: Vec<&Leg> = self.volumes.legs.iter().filter(|leg| self.shown.contains(&leg.way)).collect();
        for stretch in legs.chunk_by(|a, b| a.way == b.way && (b.from.0 - a.to.0).abs() <= 1e-9 * a.to.0) {
            let path: Vec<(f64, f64)> = stretch.iter().flat_map(|leg| along(leg.from, leg.to, steps)).collect();
            let path: Vec<(f64, f64)> = thinned(path.len(), 3 * MOST_VALUES).into_iter().map(|i| path[i]).collect();
            panel.curve(&path, CHEAPEST)?;
        }
        Ok(())
    }

    /// Returns the points of a way that are drawn, each with its volume and the index of its site.
    fn drawn(&self, way: usize) -> Vec<(f64, Stand, usize)> {
        let way = &self.volumes.ways[way];
        let known = |i: usize| Some((self.volumes.volumes[i], way.stands[i]?, way.sites[i]?));
        thinned(self.volumes.volumes.len(), MOST_VALUES).into_iter().filter_map(known).collect()
    }

    /// Draws the intervals of a way side by side as one band, which ends where no interval is known.
    fn band(&self, panel: &Panel<'_, '_>, way: usize) -> Result<(), ChartError> {
        let interval = |site: usize| self.measure.interval(self.design.sites[site].point);
        let points = self.drawn(way);
        for stretch in points.split(|(.., site)| interval(*site).is_none()) {
            let ends: Vec<(f64, (f64, f64))> =
                stretch.iter().filter_map(|(volume, _, site)| Some((*volume, interval(*site)?))).collect();
            let upper = ends.iter().map(|(x, (_, hi))| (*x, *hi));
            let lower = ends.iter().rev().map(|(x, (lo, _))| (*x, *lo));
            if ends.len() > 1 {
                panel.area(upper.chain(lower).collect(), Ink::BlueBand)?;
            }
        }
        Ok(())
    }

    /// Draws the cost of a way as a line, dashed wherever either end does not carry the load.
    fn line(&self, panel: &Panel<'_, '_>, way: usize, steps: usize) -> Result<(), ChartError> {
        let points = self.drawn(way);
        let good = |ends: &[(f64, Stand, usize)]| ends.iter().all(|(_, stand, _)| stand.carries);
        let pairs: Vec<&[_]> = points.windows(2).collect();
        for stretch in pairs.chunk_by(|a, b| good(a) == good(b)) {
            let place = |(volume, stand, _): &(f64, Stand, usize)| (*volume, stand.cost);
            let path: Vec<(f64, f64)> =
                stretch.iter().flat_map(|ends| along(place(&ends[0]), place(&ends[1]), steps)).collect();
            let mark =
                if stretch.first().is_some_and(|ends| good(ends)) { OTHER } else { Mark::Dashes(Ink::Vermillion, 1.5) };
            panel.curve(&path, mark)?;
        }
        Ok(())
    }

    fn dots(&self, panel: &Panel<'_, '_>, way: usize) -> Result<(), ChartError> {
        let points = self.drawn(way);
        let has_dots = panel.room.width() / points.len().max(1) as f64 >= DOT_SPACE || points.len() == 1;
        for (volume, stand, site) in points {
            let site = &self.design.sites[site];
            let is_best = self.is_cheapest(way, volume);
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
                "{lead}{} requests per month: {} a month, {}",
                labels::amount(volume),
                self.measure.told(site.point),
                word_of(site.judged)
            );
            panel.tip(volume, stand.cost, told);
        }
        Ok(())
    }

    fn is_cheapest(&self, way: usize, volume: f64) -> bool {
        let at = self.volumes.volumes.iter().position(|known| *known >= volume);
        at.is_some_and(|at| self.volumes.cheapest[at] == Some(way))
    }

    /// Draws a line down from each change of the cheapest way, with its label above the plot.
    fn turns(&self, panel: &Panel<'_, '_>, flags: &[Flag]) -> Result<(), ChartError> {
        let room = panel.room;
        let base = |flag: &Flag| room.top - 8.0 - FLAG_HEIGHT * flag.row as f64;
        for flag in flags {
            panel.canvas.line((flag.x, base(flag) + 4.0), (flag.x, room.bottom), Ink::Text, 0.75)?;
        }
        for flag in flags {
            panel.note(flag.left, base(flag), &flag.text, STRONG, Ink::Text, Align::Left)?;
            if let Some(cost) = flag.turn.cost {
                panel.dot(flag.turn.at, cost, Ink::Text)?;
                panel.tip(flag.turn.at, cost, self.meeting(&flag.turn, cost));
            }
        }
        Ok(())
    }

    /// Draws a dot with its label where another way breaks even, clear of the lines.
    fn draw_evens(&self, panel: &Panel<'_, '_>, flags: &[Flag], steps: usize) -> Result<(), ChartError> {
        let mut placer = Placer::new(panel.room);
        for way in &self.shown {
            let points = self.drawn(*way);
            for ends in points.windows(2) {
                let path = along((ends[0].0, ends[0].1.cost), (ends[1].0, ends[1].1.cost), steps);
                for pair in path.windows(2) {
                    let (from, to) = (panel.at(pair[0].0, pair[0].1), panel.at(pair[1].0, pair[1].1));
                    let dots =
                        ((to.0 - from.0).abs().max((to.1 - from.1).abs()) / 6.0).ceil().clamp(1.0, 100.0) as usize;
                    for (x, y) in along(from, to, dots) {
                        placer.keep_off(x, y);
                    }
                }
            }
        }
        flags.iter().for_each(|flag| placer.keep_off_line((flag.x, panel.room.top), (flag.x, panel.room.bottom)));
        for even in self.volumes.evens.iter().take(MOST_EVENS) {
            let is_shown = even.to.is_some_and(|way| self.shown.contains(&way));
            let Some(cost) = even.cost.filter(|_| is_shown) else { continue };
            panel.dot(even.at, cost, Ink::Text)?;
            panel.tip(even.at, cost, self.meeting(even, cost));
            let text = labels::volume(even.at);
            let (x, y) = panel.at(even.at, cost);
            if let Some((left, base)) = placer.place(x, y, &text, LABEL) {
                panel.canvas.text(left, base, &text, LABEL, Ink::Faint, Align::Left)?;
            }
        }
        Ok(())
    }

    fn meeting(&self, turn: &Turn, cost: f64) -> String {
        let names: Vec<&str> = [turn.from, turn.to].into_iter().flatten().map(|way| self.way(way)).collect();
        let at = labels::amount(turn.at.round());
        format!("{} cost the same at {at} requests per month: {}", names.join(" and "), labels::money(cost))
    }

    /// Writes each line's name at its right end, so that no name covers another.
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
            let is_best = self.is_cheapest(*way, last);
            let face = if is_best { STRONG } else { LABEL };
            if name.is_empty() {
                continue;
            }
            let (edge, _) = panel.at(last, 0.0);
            panel.canvas.line((edge + 5.0, *from), (room.right + 7.0, y), Ink::Rule, 0.75)?;
            let ink = if is_best { Ink::Green } else { Ink::Text };
            panel.canvas.text(room.right + 10.0, y + 4.0, name, face, ink, Align::Left)?;
        }
        Ok(())
    }
}

/// Returns both ends of a line that is straight in requests and dollars, and points between them, in `steps` steps.
fn along(from: (f64, f64), to: (f64, f64), steps: usize) -> Vec<(f64, f64)> {
    let at = |i: usize| {
        let share = i as f64 / steps as f64;
        (from.0 + share * (to.0 - from.0), from.1 + share * (to.1 - from.1))
    };
    (0..=steps).map(at).collect()
}

/// Returns places as near as can be to `wanted`, which rise, with at least `apart` between any two of them.
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

//! The ways of buying in a sweep over the volume: what a month of each costs at each volume, and where the cheapest one
//! changes. Nothing here draws.

use std::collections::{BTreeMap, BTreeSet};

use super::study::{Design, Measure, Site};
use crate::results::{Judgement, Verdict};

/// The metric that counts the requests of a month.
const VOLUME: &str = "requests_per_month";
const COST: &str = "cost_per_month_usd";
/// The relative difference of costs below which two costs are the same \[1\].
const SAME: f64 = 1e-9;
/// The relative difference of volumes below which two volumes are the same \[1\].
const SAME_VOLUME: f64 = 0.01;

/// The cost of a way of buying at one volume, and whether the way carries the load there.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Stand {
    /// A month's \[USD\].
    pub(super) cost: f64,
    /// True if the point meets every goal; where the scenario states none, true if its verdict is `carries`.
    pub(super) carries: bool,
}

/// A way of buying, with its cost at each volume; `None` where its cost is not known.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Way {
    pub(super) name: String,
    /// A shorter name, for where there is little room.
    pub(super) label: String,
    pub(super) stands: Vec<Option<Stand>>,
    /// The index of the way's point in the design at each volume; `None`: the design has no such point.
    pub(super) sites: Vec<Option<usize>>,
}

impl Way {
    /// Returns the way's costs at volume `i` and at the next \[USD\]; `None`: the way does not carry the load at both.
    fn ends(&self, i: usize) -> Option<(f64, f64)> {
        let cost = |i: usize| self.stands.get(i).copied().flatten().filter(|s| s.carries).map(|s| s.cost);
        Some((cost(i)?, cost(i + 1)?))
    }

    fn cost(&self, i: usize) -> Option<f64> {
        self.stands[i].filter(|stand| stand.carries).map(|stand| stand.cost)
    }
}

/// A volume at which the cheapest way that carries the load changes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Turn {
    /// The volume at which the cheapest way changes \[requests/month\].
    pub(super) at: f64,
    /// The way that is the cheapest below this volume; `None`: none carries the load. `to` is the way above it.
    pub(super) from: Option<usize>,
    pub(super) to: Option<usize>,
    /// A month's cost where two ways cost the same \[USD\]; `None`: a way begins or ceases to carry the load at this volume.
    pub(super) cost: Option<f64>,
}

/// A stretch of volumes between two neighbours on which one way is the cheapest.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Leg {
    pub(super) way: usize,
    /// The volume and the cost at which the stretch begins \[requests/month\], \[USD\].
    pub(super) from: (f64, f64),
    pub(super) to: (f64, f64),
}

/// A sweep over the volume.
pub(super) struct Volumes {
    /// The volumes, rising \[requests/month\].
    pub(super) volumes: Vec<f64>,
    /// The names of the other axes of the sweep, whose values tell the ways apart.
    pub(super) others: Vec<String>,
    pub(super) ways: Vec<Way>,
    /// The index of the cheapest way at each volume; `None`: no way carries the load.
    pub(super) cheapest: Vec<Option<usize>>,
    pub(super) legs: Vec<Leg>,
    pub(super) turns: Vec<Turn>,
    /// The volumes, except turns, at which another way breaks even with the cheapest way of the least volume.
    pub(super) evens: Vec<Turn>,
    /// The ways that carry the load somewhere at a cost that is not known.
    pub(super) unpriced: Vec<usize>,
    /// The scenario keys whose prices they lack.
    pub(super) missing: Vec<String>,
}

impl Volumes {
    /// Returns the volumes of a design; `None`: no axis of the grid is one of volumes, or no cost of a month is known.
    pub(super) fn of(design: &Design<'_>) -> Option<Self> {
        let cost = cost();
        let (axis, levels) = volume_axis(design).filter(|_| design.is_grid)?;
        let mut rank = vec![0; levels.len()];
        levels.iter().enumerate().for_each(|(place, (level, _))| rank[*level] = place);
        let mut ways: BTreeMap<Vec<usize>, Way> = BTreeMap::new();
        for (i, site) in design.sites.iter().enumerate() {
            let others: Vec<usize> = (0..site.at.len()).filter(|d| *d != axis).map(|d| site.at[d]).collect();
            let (name, label) = named(design, site, axis);
            let unknown = || Way { name, label, stands: vec![None; levels.len()], sites: vec![None; levels.len()] };
            let way = ways.entry(others).or_insert_with(unknown);
            let at = rank[site.at[axis]];
            way.stands[at] = cost.at(site.point).map(|cost| Stand { cost, carries: carries(site) });
            way.sites[at] = Some(i);
        }
        let ways: Vec<Way> = ways.into_values().collect();
        ways.iter().flat_map(|way| &way.stands).find(|stand| stand.is_some())?;
        let others = design.dimensions.iter().enumerate().filter(|(d, _)| *d != axis).map(|(_, d)| d.name.clone());
        let volumes = levels.into_iter().map(|(_, volume)| volume).collect();
        let lacks = |site: &usize| carries(&design.sites[*site]) && cost.at(design.sites[*site].point).is_none();
        let unpriced: Vec<usize> = (0..ways.len()).filter(|way| ways[*way].sites.iter().flatten().any(lacks)).collect();
        let sites = unpriced.iter().flat_map(|way| ways[*way].sites.iter().flatten());
        let keys: BTreeSet<String> =
            sites.flat_map(|site| design.sites[*site].point.missing_prices()).map(str::to_owned).collect();
        let missing = keys.into_iter().collect();
        Some(Self { others: others.collect(), unpriced, missing, ..Self::along(volumes, ways) })
    }

    fn along(volumes: Vec<f64>, ways: Vec<Way>) -> Self {
        let mut walk = Walk { volumes: &volumes, ways: &ways, legs: Vec::new(), turns: Vec::new() };
        let mut cheapest = vec![walk.cheapest(0, None)];
        for i in 1..volumes.len() {
            cheapest.push(walk.step(i - 1, cheapest[i - 1]));
        }
        // Of ways that cost the same at the least volume the one that stays cheap.
        if let Some(leg) = walk.legs.first().filter(|leg| leg.from.0 <= volumes[0]) {
            cheapest[0] = Some(leg.way);
        }
        let evens = cheapest[0].map(|first| walk.evens(first)).unwrap_or_default();
        let (legs, turns) = (walk.legs, walk.turns);
        Self {
            volumes,
            others: Vec::new(),
            ways,
            cheapest,
            legs,
            turns,
            evens,
            unpriced: Vec::new(),
            missing: Vec::new(),
        }
    }

    /// Returns the cheapest at the least volume; `None`: none carries it.
    pub(super) fn first(&self) -> Option<usize> {
        self.cheapest[0]
    }

    /// Returns at most `most` of the ways: first those that are the cheapest somewhere, by rising volume, then those
    /// that cost least at the largest volume.
    pub(super) fn shown(&self, most: usize) -> Vec<usize> {
        let of_turns = self.turns.iter().filter_map(|turn| turn.to);
        let best: Vec<usize> = self.cheapest[0].into_iter().chain(of_turns).collect();
        let rank = |way: usize| best.iter().position(|known| *known == way).unwrap_or(best.len());
        let last = |way: usize| {
            let known = self.ways[way].stands.iter().rev().flatten();
            known.map(|stand| (!stand.carries, stand.cost)).next().unwrap_or((true, f64::INFINITY))
        };
        let mut order: Vec<(usize, (bool, f64), usize)> =
            (0..self.ways.len()).map(|way| (rank(way), last(way), way)).collect();
        order.sort_by(|a, b| a.0.cmp(&b.0).then(a.1.0.cmp(&b.1.0)).then(a.1.1.total_cmp(&b.1.1)));
        let mut order: Vec<usize> = order.into_iter().take(most).map(|(.., way)| way).collect();
        order.sort_unstable();
        order
    }
}

/// Returns the metric of the bill.
pub(super) fn cost() -> Measure {
    Measure::named(COST)
}

/// The cheapest way from one volume to the next.
struct Walk<'v> {
    volumes: &'v [f64],
    ways: &'v [Way],
    legs: Vec<Leg>,
    turns: Vec<Turn>,
}

impl Walk<'_> {
    /// Returns the cheapest way that carries a volume; of equals the one that was it before, else the first.
    fn cheapest(&self, i: usize, before: Option<usize>) -> Option<usize> {
        let costs = (0..self.ways.len()).filter_map(|way| Some((way, self.ways[way].cost(i)?)));
        let (best, least) = costs.min_by(|a, b| a.1.total_cmp(&b.1))?;
        let still = |way: &usize| self.ways[*way].cost(i).is_some_and(|cost| cost <= least + SAME * least.abs());
        before.filter(still).or(Some(best))
    }

    /// Returns where each other way first becomes cheaper than `first`, both carrying the load, except at turns.
    fn evens(&self, first: usize) -> Vec<Turn> {
        let even = |other: usize| {
            (0..self.volumes.len().saturating_sub(1)).find_map(|i| {
                let (((a, b), (c, d)), step) =
                    (self.ways[first].ends(i).zip(self.ways[other].ends(i))?, self.volumes[i + 1] - self.volumes[i]);
                let gain = (b - a) - (d - c);
                let share = (c - a) / gain;
                let crosses = gain > SAME * a.abs().max(b.abs()) && share > 0.0 && share <= 1.0;
                let (at, cost) = (self.volumes[i] + share * step, a + share * (b - a));
                crosses.then_some(Turn { at, from: Some(first), to: Some(other), cost: Some(cost) })
            })
        };
        let is_turn = |even: &Turn| self.turns.iter().any(|turn| (turn.from, turn.to) == (even.from, even.to));
        let others = (0..self.ways.len()).filter(|other| *other != first);
        let mut evens: Vec<Turn> = others.filter_map(even).filter(|even| !is_turn(even)).collect();
        evens.sort_by(|a, b| a.at.total_cmp(&b.at));
        evens
    }

    /// Records the legs and turns from volume `i` to the next, and returns the way that is the cheapest at the next.
    fn step(&mut self, i: usize, now: Option<usize>) -> Option<usize> {
        let mut way = now;
        if let Some(start) = now.filter(|way| self.ways[*way].ends(i).is_some()) {
            way = Some(self.cross(i, start));
        }
        let next = self.cheapest(i + 1, way);
        if next != way {
            self.turns.push(Turn { at: self.volumes[i + 1], from: way, to: next, cost: None });
        }
        next
    }

    /// Follows the cheapest way from crossing to crossing of the lines between two volumes; returns the way that is the
    /// cheapest at their end.
    fn cross(&mut self, i: usize, start: usize) -> usize {
        let place = |share: f64| self.volumes[i] + share * (self.volumes[i + 1] - self.volumes[i]);
        let (mut way, mut share) = (start, 0.0);
        while let Some((a, b)) = self.ways[way].ends(i) {
            let cost = |share: f64| a + share * (b - a);
            let meets = |other: usize| {
                let (c, d) = self.ways[other].ends(i)?;
                // How much cheaper the other becomes against this one.
                let gain = (b - a) - (d - c);
                let at = (c - a) / gain;
                (other != way && gain > SAME * a.abs().max(b.abs()) && at >= share && at < 1.0)
                    .then_some((at, other, gain))
            };
            let next = (0..self.ways.len()).filter_map(meets);
            let next = next.min_by(|x, y| x.0.total_cmp(&y.0).then(y.2.total_cmp(&x.2)));
            let end = next.map_or(1.0, |(at, ..)| at);
            let leg = Leg { way, from: (place(share), cost(share)), to: (place(end), cost(end)) };
            if end > share {
                self.legs.push(leg);
            }
            let Some((at, other, _)) = next else { break };
            // What costs the same at the least volume of all has turned nowhere.
            if i > 0 || at > 0.0 {
                self.turns.push(Turn { at: leg.to.0, from: Some(way), to: Some(other), cost: Some(leg.to.1) });
            }
            (way, share) = (other, at);
        }
        way
    }
}

fn carries(site: &Site<'_>) -> bool {
    site.judged.map_or(site.point.verdict == Verdict::Carries, |judged| judged == Judgement::Held)
}

/// Returns the values of the other axes, numbers with the name of theirs; and the same in short.
fn named(design: &Design<'_>, site: &Site<'_>, axis: usize) -> (String, String) {
    let others: Vec<usize> = (0..design.dimensions.len()).filter(|d| *d != axis).collect();
    let value = |d: &usize| design.dimensions[*d].label(site.at[*d]).to_owned();
    let told = |d: &usize| match &design.dimensions[*d] {
        dimension if dimension.is_number => format!("{} {}", dimension.name, value(d)),
        _ => value(d),
    };
    let name = others.iter().map(told).collect::<Vec<_>>().join(" · ");
    // One number alone would not say what it is of.
    let label = if others.len() > 1 { others.iter().map(value).collect::<Vec<_>>().join(" · ") } else { name.clone() };
    (name, label)
}

/// Returns the axis along which the month's requests rise whatever the other axes are, and its levels by them
/// \[requests/month\]; of several the one with the most levels.
fn volume_axis(design: &Design<'_>) -> Option<(usize, Vec<(usize, f64)>)> {
    let measure = Measure::named(VOLUME);
    let rising = |axis: usize| {
        let mut spans = vec![(f64::INFINITY, f64::NEG_INFINITY, 0.0, 0.0); design.dimensions[axis].levels.len()];
        for site in &design.sites {
            let volume = measure.at(site.point).filter(|volume| *volume >= 0.0)?;
            let (least, most, sum, count) = spans[site.at[axis]];
            spans[site.at[axis]] = (least.min(volume), most.max(volume), sum + volume, count + 1.0);
        }
        let mut order: Vec<usize> = (0..spans.len()).collect();
        order.sort_by(|a, b| spans[*a].0.total_cmp(&spans[*b].0));
        // At one level all ways carry the same volume, or their costs cannot be compared there.
        let is_one = spans.iter().all(|(least, most, ..)| most - least <= SAME_VOLUME * most);
        let apart = is_one && order.windows(2).all(|w| spans[w[0]].1 < spans[w[1]].0);
        apart.then(|| order.into_iter().map(|level| (level, spans[level].2 / spans[level].3)).collect::<Vec<_>>())
    };
    let found = (0..design.dimensions.len()).rev().filter_map(|axis| Some((axis, rising(axis)?)));
    found.max_by_key(|(_, levels)| levels.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn way(name: &str, costs: &[(f64, bool)]) -> Way {
        let stands = costs.iter().map(|(cost, carries)| Some(Stand { cost: *cost, carries: *carries })).collect();
        Way { name: name.to_owned(), label: String::new(), stands, sites: vec![None; costs.len()] }
    }

    type Told = (f64, Option<usize>, Option<usize>, Option<f64>);

    fn told(volumes: &Volumes) -> Vec<Told> {
        volumes.turns.iter().map(|t| (t.at, t.from, t.to, t.cost)).collect()
    }

    fn good(costs: [f64; 3]) -> Vec<(f64, bool)> {
        costs.map(|cost| (cost, true)).to_vec()
    }

    #[test]
    fn two_lines_cross_once_and_three_between_two_volumes_twice() {
        let along = |ways: Vec<Way>| Volumes::along(vec![0.0, 10.0, 20.0], ways);
        let two = along(vec![way("flat", &good([15.0; 3])), way("by use", &good([0.0, 10.0, 20.0]))]);
        assert_eq!((two.first(), told(&two)), (Some(1), vec![(15.0, Some(1), Some(0), Some(15.0))]));
        assert_eq!(two.legs.last(), Some(&Leg { way: 0, from: (15.0, 15.0), to: (20.0, 15.0) }));
        let three = along(vec![
            way("flat", &good([16.0; 3])),
            way("by use", &good([0.0, 10.0, 30.0])),
            way("some", &good([11.0, 12.0, 18.0])),
        ]);
        let turns: Vec<_> = told(&three).into_iter().map(|(at, from, to, _)| ((at * 1e3).round(), from, to)).collect();
        assert_eq!(turns, [(11_429.0, Some(1), Some(2)), (16_667.0, Some(2), Some(0))]);
    }

    #[test]
    fn others_break_even_with_what_is_the_cheapest_at_first() {
        let ways = vec![
            way("by use", &good([10.0, 20.0, 30.0])),
            way("month", &good([25.0; 3])),
            way("half a year", &good([15.0; 3])),
            way("dear", &good([31.0; 3])),
            way("fails", &[(12.0, true), (12.0, false), (12.0, false)]),
        ];
        let volumes = Volumes::along(vec![1.0, 2.0, 3.0], ways);
        assert_eq!(told(&volumes), [(1.5, Some(0), Some(2), Some(15.0))]);
        assert_eq!(volumes.evens, [Turn { at: 2.5, from: Some(0), to: Some(1), cost: Some(25.0) }]);
        assert_eq!(volumes.cheapest, [Some(0), Some(2), Some(2)]);
    }

    #[test]
    fn what_does_not_carry_the_load_is_not_the_cheapest() {
        let flat = way("flat", &[(5.0, true), (5.0, true), (5.0, false)]);
        let use_ = way("by use", &good([0.0, 10.0, 20.0]));
        let volumes = Volumes::along(vec![1.0, 2.0, 3.0], vec![flat.clone(), use_]);
        let turns = [(1.5, Some(1), Some(0), Some(5.0)), (3.0, Some(0), Some(1), None)];
        assert_eq!(told(&volumes), turns);
        let alone = Volumes::along(vec![1.0, 2.0, 3.0], vec![flat]);
        assert_eq!(told(&alone), [(3.0, Some(0), None, None)]);
    }

    #[test]
    fn equals_do_not_turn() {
        for costs in [[0.0; 3], [7.0; 3], [1.0, 2.0, 3.0]] {
            let volumes = Volumes::along(vec![1.0, 2.0, 3.0], vec![way("a", &good(costs)), way("b", &good(costs))]);
            assert_eq!((volumes.first(), told(&volumes)), (Some(0), vec![]));
        }
        // They part at the first volume, or at the second.
        let pairs = [([1.0, 2.0, 3.0], [1.0, 1.5, 2.0]), ([1.0, 2.0, 3.0], [1.5, 2.0, 2.5])];
        let counts = pairs.map(|(a, b)| {
            told(&Volumes::along(vec![1.0, 2.0, 3.0], vec![way("a", &good(a)), way("b", &good(b))])).len()
        });
        assert_eq!(counts, [0, 1]);
    }

    #[test]
    fn of_many_ways_those_are_shown_that_are_the_cheapest_somewhere() {
        let mut ways: Vec<Way> = (0..20).map(|i| way("dear", &good([f64::from(i) + 50.0; 3]))).collect();
        ways.push(way("by use", &good([0.0, 30.0, 90.0])));
        let volumes = Volumes::along(vec![1.0, 2.0, 3.0], ways);
        assert_eq!(volumes.shown(3), [0, 1, 20]);
    }
}

//! Finds the cheapest design point at each traffic level. Costs are compared only between points that carry the same requests and meet every
//! expectation, and a point is called the cheapest only where the price of every one of them is known.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::ranked::{Best, Candidate, Ranked};
use super::{COSTS, TRUNCATION, named};
use crate::report::figures::{Palette, count, money, share};
use crate::report::verdict::unbounded_share;
use crate::results::{Point, Results, Traffic};

/// The most kinds of traffic of a sweep for each of which the cheapest point is named.
const MOST_LOADS: usize = 8;
/// The largest difference of shares of answers that are cut short at which two shares are the same \[1\].
pub(super) const SAME_CUT: f64 = 0.001;

/// The points of a sweep by the traffic that they carry.
#[derive(Debug, Default)]
pub(super) struct Loads(Vec<Load>);

/// The points of one traffic: they share the random streams, so that they have the same requests.
#[derive(Debug)]
struct Load {
    traffic: Traffic,
    /// The parameters that all the points have in common.
    shared: BTreeMap<String, Value>,
    points: u64,
    /// The number of points that meet what is expected.
    held: u64,
    /// The least share of answers that a point of `held` cuts short, with the number of that point.
    least_cut: Option<(f64, u64)>,
    /// The points of `held` whose cost is known, by each measure of cost.
    ranked: [Ranked; 2],
    /// The keys whose prices are missing from points that meet what is expected.
    missing: BTreeSet<String>,
}

impl Loads {
    pub(super) fn add(&mut self, point: &Point, holds: bool) {
        let Some(traffic) = Traffic::of(point) else { return };
        let i = self.0.iter().position(|load| load.traffic.is_same(&traffic)).unwrap_or_else(|| {
            let shared = point.parameters.clone();
            let (ranked, missing) = ([0, 1].map(Ranked::by), BTreeSet::new());
            self.0.push(Load { traffic, shared, points: 0, held: 0, least_cut: None, ranked, missing });
            self.0.len() - 1
        });
        // Beyond a few the story is told in other words, and what they share is not needed.
        let Some(load) = self.0.get_mut(i).filter(|_| i < MOST_LOADS) else {
            self.0.truncate(MOST_LOADS + 1);
            return;
        };
        load.points += 1;
        load.shared.retain(|path, value| point.parameters.get(path) == Some(value));
        if !holds {
            return;
        }
        load.held += 1;
        let cut = point.value(TRUNCATION).map(|cut| (cut, point.index));
        load.least_cut = match (load.least_cut, cut) {
            (Some(least), Some(cut)) if cut.0 >= least.0 => Some(least),
            (least, cut) => cut.or(least),
        };
        load.ranked.iter_mut().for_each(|ranked| ranked.add(point));
        if point.value(COSTS[1]).is_none() {
            load.missing.extend(point.missing_prices().into_iter().map(str::to_owned));
        }
    }

    /// Returns the measure of cost that most points know; a month's, where both are known equally often.
    pub(super) fn measure(&self) -> usize {
        let known = |i: usize| self.0.iter().map(|load| load.ranked[i].known).sum::<u64>();
        usize::from(known(1) > known(0))
    }

    /// Returns lines on the cheapest points, or on why there is none.
    pub(super) fn lines(&self, head: &Results, palette: Palette) -> Vec<String> {
        let measure = self.measure();
        let mut lines = match self.0.as_slice() {
            [] => Vec::new(),
            [load] => vec![load.alone(head, measure, palette)],
            loads if loads.len() > MOST_LOADS => {
                vec!["Points differ in traffic: one may be cheap because it has less traffic.".to_owned()]
            }
            loads => {
                let is_told_apart = loads.iter().all(|load| !load.shared.is_empty());
                let heading = "Points differ in traffic. Cheapest point that meets every goal, for each traffic level:"
                    .to_owned();
                let line = |load: &Load| format!("  {}: {}", load.label(head, is_told_apart), load.told(head, measure));
                [heading].into_iter().chain(loads.iter().map(line)).collect()
            }
        };
        let missing: BTreeSet<&String> = self.0.iter().flat_map(|load| &load.missing).collect();
        if !missing.is_empty() {
            let keys: Vec<String> = missing.into_iter().map(|key| format!("`{key}`")).collect();
            lines.push(format!("To compare the costs of all points, state {}.", keys.join(", ")));
        }
        lines
    }
}

impl Load {
    /// Returns a name for the traffic of the points: the parameters that they share, or the number of their requests.
    fn label(&self, head: &Results, is_told_apart: bool) -> String {
        let shared = named(head, &self.shared);
        match (is_told_apart, self.shared.is_empty()) {
            (true, _) => shared,
            (false, false) => format!("{} requests ({shared})", count(self.traffic.total())),
            (false, true) => format!("{} requests ({} points)", count(self.traffic.total()), count(self.points as f64)),
        }
    }

    /// Returns the cheapest where all points carry the same traffic.
    fn alone(&self, head: &Results, measure: usize, palette: Palette) -> String {
        let ranked = &self.ranked[measure];
        let Some(found) = ranked.best() else {
            return "What they cost is not known, so none is the cheapest.".to_owned();
        };
        let best = &found.preferred.point;
        let point = palette.good(&format!("point {}", best.index));
        let parameters = named(head, &best.parameters);
        let unknown = self.held - ranked.known;
        if unknown > 0 {
            let known =
                if ranked.known == 1 { "the one".to_owned() } else { format!("the {}", count(ranked.known as f64)) };
            return format!(
                "Which is the cheapest is not known: {} of them have no known cost. Of {known} with a known cost, {point} \
                 costs least: {parameters}{}{}.",
                count(unknown as f64),
                self.cuts(best),
                loses(best)
            );
        }
        let ties = match found.preferred.equals {
            0 => String::new(),
            1 => "\nAnother one costs the same.".to_owned(),
            n => format!("\n{} others cost the same.", count(n as f64)),
        };
        let as_cheap = as_cheap(&found).map(|than| format!("\nIt is {than}.")).unwrap_or_default();
        format!("The cheapest of them is {point}: {parameters}{}{}.{as_cheap}{ties}", self.cuts(best), loses(best))
    }

    /// Says that a point cuts more answers short than another one that meets every goal; else nothing.
    fn cuts(&self, point: &Point) -> String {
        let Some(((least, other), cut)) = self.least_cut.zip(point.value(TRUNCATION)) else { return String::new() };
        if cut - least <= SAME_CUT {
            return String::new();
        }
        format!(", and cuts {} of the answers short against {} at point {other}", share(cut), share(least))
    }

    /// Returns the cheapest of this traffic, after its label.
    fn told(&self, head: &Results, measure: usize) -> String {
        let ranked = &self.ranked[measure];
        let unknown = self.held - ranked.known;
        if self.held == 0 {
            return "none".to_owned();
        }
        let Some(ranking) = ranked.best() else {
            return format!("not known, because {} have no known cost", points(unknown));
        };
        let Candidate { point: best, cost, .. } = ranking.preferred;
        let own = best.parameters.iter().filter(|(path, _)| !self.shared.contains_key(*path));
        let own: BTreeMap<String, Value> = own.map(|(path, value)| (path.clone(), value.clone())).collect();
        let own = if own.is_empty() { String::new() } else { format!(", {}", named(head, &own)) };
        let as_cheap = as_cheap(&ranking).map(|than| format!(", {than}")).unwrap_or_default();
        let found = format!("point {}{own} ({}){as_cheap}{}{}", best.index, money(*cost), self.cuts(best), loses(best));
        match unknown {
            0 => found,
            _ => format!("not known, because {} have no known cost; least known: {found}", points(unknown)),
        }
    }
}

/// Says which point costs less than the preferred one only because more of its requests fail; `None`: none does.
fn as_cheap(best: &Best<'_>) -> Option<String> {
    let cheaper = best.as_cheap_as?;
    let less = money(best.preferred.cost - cheaper.cost);
    let fail = [cheaper, best.preferred].map(|one| share(one.failing()));
    let index = cheaper.point.index;
    Some(format!(
        "as cheap as point {index}, which costs {less} less because more of its requests fail ({} against {})",
        fail[0], fail[1]
    ))
}

/// Says that a point meets its goals and loses requests all the same; else nothing.
fn loses(point: &Point) -> String {
    unbounded_share(point).map(|failing| format!("; {} of its requests fail", share(failing))).unwrap_or_default()
}

fn points(n: u64) -> String {
    if n == 1 { "1 point".to_owned() } else { format!("{} points", count(n as f64)) }
}

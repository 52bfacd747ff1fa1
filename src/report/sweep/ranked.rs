//! Ranks design points of the same traffic by their cost. A point that costs a little less only because more of its requests
//! fail is not cheaper, so that the point with the fewest failures is preferred among points that are as cheap.

use super::COSTS;
use crate::results::Point;

/// The relative difference of costs below which they are equal \[1\].
const EQUAL: f64 = 1e-9;
/// The relative difference of costs below which one may be as cheap as the other \[1\].
const ALIKE: f64 = 0.01;
/// The largest saving of cost that failing requests can explain, as a multiple of their share \[1\]. It is more than 1,
/// because large requests are refused first.
const SAVED_PER_FAILURE: f64 = 3.0;

/// The points that meet what is expected and whose cost is known, ranked by one measure of cost.
#[derive(Debug)]
pub(super) struct Ranked {
    measure: &'static str,
    pub(super) known: u64,
    /// The points that no other beats in cost and in failures, about as cheap as the cheapest, by rising cost.
    front: Vec<Candidate>,
}

/// A point that may be preferred.
#[derive(Debug, Clone)]
pub(super) struct Candidate {
    pub(super) point: Point,
    pub(super) cost: f64,
    /// The number of other points with an equal cost.
    pub(super) equals: u64,
}

/// The preferred point, and the cheapest one where that is another.
#[derive(Debug)]
pub(super) struct Best<'r> {
    pub(super) preferred: &'r Candidate,
    /// The point with the least cost, which is lower only because more of its requests fail; `None`: it is the preferred one.
    pub(super) as_cheap_as: Option<&'r Candidate>,
}

impl Candidate {
    /// Returns the share of requests that got no answer \[1\].
    pub(super) fn failing(&self) -> f64 {
        self.point.value("failure_rate").unwrap_or(self.point.basis.failing_share)
    }

    /// Returns whether this point costs more than the cheaper one by no more than failures explain.
    fn is_as_cheap_as(&self, cheaper: &Self) -> bool {
        let more = (self.cost - cheaper.cost) / cheaper.cost.abs().max(f64::MIN_POSITIVE);
        more <= ALIKE.min(SAVED_PER_FAILURE * (cheaper.failing() - self.failing()))
    }
}

impl Ranked {
    /// Returns an empty ranking by number `i` of the costs.
    pub(super) fn by(i: usize) -> Self {
        Self { measure: COSTS[i], known: 0, front: Vec::new() }
    }

    /// Takes a point that meets what is expected.
    pub(super) fn add(&mut self, point: &Point) {
        let Some(cost) = point.value(self.measure) else { return };
        self.known += 1;
        let mut new = Candidate { point: point.clone(), cost, equals: 0 };
        let is_equal = |one: &Candidate| (one.cost - cost).abs() <= EQUAL * one.cost.abs();
        if let Some(equal) = self.front.iter_mut().find(|one| is_equal(one)) {
            if equal.failing() <= new.failing() {
                equal.equals += 1;
                return;
            }
            new.equals = equal.equals + 1;
            self.front.retain(|one| !is_equal(one));
        }
        if self.front.iter().any(|one| one.cost <= cost && one.failing() <= new.failing()) {
            return;
        }
        self.front.retain(|one| one.cost < cost || one.failing() < new.failing());
        let at = self.front.partition_point(|one| one.cost < cost);
        self.front.insert(at, new);
        // What is no longer as cheap as the cheapest is never preferred.
        let least = self.front[0].cost;
        self.front.retain(|one| one.cost <= least + ALIKE * least.abs());
    }

    /// Returns the preferred point; `None`: no cost is known.
    pub(super) fn best(&self) -> Option<Best<'_>> {
        let cheapest = self.front.first()?;
        // Along the front costs rise and failures fall: the last that is as cheap has the fewest.
        let preferred = self.front.iter().rev().find(|one| one.is_as_cheap_as(cheapest)).unwrap_or(cheapest);
        let is_other = preferred.point.index != cheapest.point.index;
        Some(Best { preferred, as_cheap_as: is_other.then_some(cheapest) })
    }
}

//! The decision that a run supports, and the short reruns that look for what would change it.

use super::{Build, Conclusion, Depth, Effort, Unwatched, play};
use crate::model::Model;
use crate::model::capacity::quota::LimitKind;
use crate::model::capacity::{Billing, Capacity};
use crate::results::{Change, Decision, Judgement, Neck, NeckKind, Point, Rerun, Results, Verdict};
use crate::terms::{self, Unit};
use crate::units::SimTime;

/// At most so many reruns.
const MOST_RERUNS: usize = 8;
/// Of these, so many look for a value that carries the load by doubling; the rest halve the gap.
const DOUBLINGS: usize = 5;
/// A rerun of steady traffic measures no longer than this.
const SHORT: SimTime = SimTime(30 * 60 * 1_000_000);
/// So many assumptions are named at most.
const NAMED: usize = 3;
/// From this share of unused reservations on, a lower cap is tried before a higher quota \[1\].
const MOSTLY_UNUSED: f64 = 0.5;

/// The decision of a document with one point, without what would change it; `None`: it has no point.
#[must_use]
pub fn decision(results: &Results) -> Option<Decision> {
    let point = results.points.first()?;
    Some(Decision {
        answer: String::new(),
        verdict: point.verdict,
        goals: Judgement::worst(&results.expectations),
        served_share: 1.0 - point.basis.failing_share,
        e2e_p99_ms: point.value("e2e_p99_ms"),
        cost_per_month_usd: point.value("cost_per_month_usd"),
        change: None,
        hangs_on: hangs_on(results, point.basis.neck.as_ref()),
    })
}

/// Looks for what would change the answer of a run, where its verdict is not `carries` or a goal is missed. `build` makes a
/// model of settings over the scenario; where a setting makes none, nothing is tried.
pub fn seek_change(conclusion: &mut Conclusion, model: &Model, build: &Build<'_>) {
    let Some(point) = conclusion.results.points.first() else { return };
    let is_missed = conclusion.results.expectations.iter().any(|e| e.verdict == Judgement::Failed);
    if point.verdict == Verdict::Carries && !is_missed {
        return;
    }
    let (mut effort, mut left) = (Effort::default(), MOST_RERUNS);
    let mut best: Option<Change> = None;
    let times = 1.0 / (1.0 - point.basis.failing_share).max(1e-3);
    for lever in levers(model, point) {
        let (reruns, next_neck) = (Vec::new(), None);
        let mut search = Search { lever: &lever, model, build, reruns, next_neck, effort, times, left };
        if search.run().is_none() {
            continue;
        }
        (effort, left) = (search.effort, search.left);
        let change = search.change();
        let is_found = change.value.is_some();
        if is_found || best.is_none() {
            best = Some(change);
        }
        if is_found {
            break;
        }
    }
    conclusion.effort = conclusion.effort.plus(effort);
    if let Some(decision) = &mut conclusion.results.decision {
        decision.change = best;
    }
}

/// A key whose value may be what is in the way.
struct Lever {
    path: String,
    values: Values,
}

enum Values {
    /// Upwards from the value in force.
    From(u64),
    /// These alone, from the least on.
    Only(Vec<u64>),
}

/// What may be turned, the most telling first.
fn levers(model: &Model, point: &Point) -> Vec<Lever> {
    let Some(neck) = &point.basis.neck else { return Vec::new() };
    let size = neck.size.map(|size| size as u64).filter(|size| *size > 0);
    let raise = |path: String, from: u64| Lever { path, values: Values::From(from) };
    let (owner, key) = neck.path.rsplit_once('.').unwrap_or(("", &neck.path));
    match neck.kind {
        NeckKind::Limit if key == "input" || key == "output" => bought(model, owner, key, size).into_iter().collect(),
        NeckKind::Limit => {
            let cap = caps(model, point, owner, key);
            cap.into_iter().chain(size.map(|size| raise(neck.path.clone(), size))).collect()
        }
        NeckKind::Concurrency | NeckKind::Connections => {
            size.map(|size| raise(neck.path.clone(), size)).into_iter().collect()
        }
        _ => Vec::new(),
    }
}

/// Model Units, or what is reserved, of a capacity that was bought.
fn bought(model: &Model, owner: &str, key: &str, size: Option<u64>) -> Option<Lever> {
    let name = owner.strip_prefix("capacities.")?;
    let capacity = model.capacities.iter().find(|c| c.name == name)?;
    match &capacity.billing {
        Billing::Purchased(purchases) => {
            let [only] = purchases.as_slice() else { return None };
            let units = only.amount / only.parts.max(1);
            Some(Lever { path: format!("{owner}.model_units"), values: Values::From(units) })
        }
        _ => Some(Lever { path: format!("{owner}.{key}_tpm"), values: Values::From(size?) }),
    }
}

/// Lower caps of the only workload, where its reservations are what fills a limit on tokens and are mostly unused.
fn caps(model: &Model, point: &Point, owner: &str, key: &str) -> Option<Lever> {
    let [workload] = model.workloads.as_slice() else { return None };
    let of = |metric: &str| point.value(metric);
    let unused = of(&format!("{owner}.{key}.reserved_unused_tokens"))?;
    let charged = of(&format!("{owner}.{key}.charged"))?;
    if key != "tpm" || unused < MOSTLY_UNUSED * (unused + charged) {
        return None;
    }
    let mean = of("output_tokens")? / of("served").filter(|n| *n > 0.0)?;
    // Some three and six times the mean answer: what a cap of that size cuts short, the goals on truncation judge.
    let values = [6.0, 3.0].map(|times| rounded((times * mean) as u64));
    Some(Lever { path: format!("workloads.{}.max_tokens", workload.name), values: Values::Only(values.to_vec()) })
}

/// Two significant figures, upwards.
fn rounded(value: u64) -> u64 {
    let mut unit = 1;
    while value / unit >= 100 {
        unit *= 10;
    }
    value.div_ceil(unit) * unit
}

struct Search<'s> {
    lever: &'s Lever,
    model: &'s Model,
    build: &'s Build<'s>,
    reruns: Vec<Rerun>,
    next_neck: Option<String>,
    effort: Effort,
    /// How much more would be needed if all that fails were served.
    times: f64,
    /// Reruns that may still be played.
    left: usize,
}

impl Search<'_> {
    /// Plays values until the least that carries is known well enough; `None`: a value makes no scenario.
    fn run(&mut self) -> Option<()> {
        let from = match &self.lever.values {
            Values::Only(values) => {
                for value in values.clone() {
                    if self.left == 0 || self.play(value)? {
                        break;
                    }
                }
                return Some(());
            }
            Values::From(from) => *from,
        };
        let (mut short, mut good) = (from, None);
        // As much more as is refused, and twice as much at the least.
        let first = rounded((from as f64 * self.times.max(2.0)) as u64);
        for i in 0..DOUBLINGS {
            if self.left == 0 {
                return Some(());
            }
            let value = if i == 0 { first } else { short * 2 };
            if self.play(value)? {
                good = Some(value);
                break;
            }
            short = value;
        }
        let Some(mut good) = good else { return Some(()) };
        while self.left > 0 {
            let middle = rounded(short + (good - short) / 2);
            if middle <= short || middle >= good {
                break;
            }
            if self.play(middle)? { good = middle } else { short = middle }
        }
        Some(())
    }

    /// Whether the load is carried with this value; `None`: it makes no scenario.
    fn play(&mut self, value: u64) -> Option<bool> {
        self.left -= 1;
        let mut settings = vec![format!("{}={value}", self.lever.path), "run.replications=1".to_owned()];
        if let Some(duration) = shortened(self.model) {
            settings.push(format!("run.duration={}s", duration.as_secs_f64() as u64));
        }
        let model = (self.build)(&settings).ok()?;
        let played = play(&model, Depth::Figures, &Unwatched);
        self.effort = self.effort.plus(played.effort);
        let is_missed = played.expectations.iter().any(|e| e.verdict == Judgement::Failed && !is_of_money(&e.metric));
        let carries = played.point.verdict == Verdict::Carries && !is_missed;
        let basis = &played.point.basis;
        self.next_neck = if carries { None } else { basis.neck.as_ref().map(|neck| neck.path.clone()) };
        let failing_share = basis.failing_share;
        let truncated_share = played.point.value("truncation_rate").unwrap_or(0.0);
        let verdict = played.point.verdict;
        self.reruns.push(Rerun { value, verdict, carries, failing_share, truncated_share });
        Some(carries)
    }

    fn change(self) -> Change {
        let value = self.reruns.iter().filter(|rerun| rerun.carries).map(|rerun| rerun.value).min();
        let minutes = shortened(self.model).unwrap_or(self.model.run.duration).as_secs_f64() / 60.0;
        Change {
            path: self.lever.path.clone(),
            value,
            minutes,
            reruns: self.reruns,
            next_neck: self.next_neck.filter(|_| value.is_none()),
        }
    }
}

/// What a goal on dollars or counts says depends on how long a run is, and on what is bought.
fn is_of_money(metric: &str) -> bool {
    terms::parse_metric(metric).is_ok_and(|m| m.term.unit == Unit::Usd)
}

/// How long a rerun measures, where it may be shorter than the run: traffic and capacity are steady, and nothing that is
/// asked for depends on the time; `None`: as long as the run.
fn shortened(model: &Model) -> Option<SimTime> {
    let is_steady = model.workloads.iter().all(|w| w.arrivals.is_stationary())
        && model.capacities.iter().all(Capacity::is_stationary)
        && model.windows.is_empty();
    let is_daily =
        model.quotas.iter().any(|q| LimitKind::ALL.into_iter().any(|kind| kind.is_daily() && q.limit(kind).is_some()));
    (is_steady && !is_daily && model.run.duration > SHORT).then_some(SHORT)
}

/// Returns the assumptions that may change the answer most: those that flip it where it was put under doubt, else factors on
/// tokens and what is assumed about the neck.
fn hangs_on(results: &Results, neck: Option<&Neck>) -> Vec<String> {
    if let Some(doubt) = &results.doubt {
        let mut paths: Vec<String> = Vec::new();
        for condition in doubt.flips.iter().flat_map(|flip| &flip.conditions) {
            if !paths.contains(&condition.path) {
                paths.push(condition.path.clone());
            }
        }
        return paths;
    }
    let is_lost = results.points.first().is_some_and(|point| point.basis.failing_share > 0.0);
    let owner = neck.and_then(|neck| neck.path.rsplit_once('.')).map(|(owner, _)| format!("{owner}."));
    let is_about = |path: &&String| match &owner {
        // Requests that fail where no limit is in the way fail because answers take too long.
        None if is_lost => ends_with(path, &LATENCIES),
        None => ends_with(path, &LIMITS),
        Some(owner) => ends_with(path, &LIMITS) && path.starts_with(owner),
    };
    let paths = || results.assumptions.iter().map(|assumption| &assumption.path);
    // A factor on the reservation or the charge moves each limit on tokens, so it comes first.
    let factors = paths().filter(|path| ends_with(path, &FACTORS) && (neck.is_some() || !is_lost));
    factors.chain(paths().filter(is_about)).take(NAMED).cloned().collect()
}

/// Keys by which calls count several times against limits on tokens.
const FACTORS: [&str; 2] = [".reserve_output_burndown", ".output_burndown"];
/// Keys of limits, and of how they are enforced.
const LIMITS: [&str; 6] = [".rpm", ".tpm", ".tpd", ".itpm", ".otpm", ".limiter"];
/// Keys of how long answers take.
const LATENCIES: [&str; 2] = [".output_tokens_per_second", ".time_to_first_token"];

fn ends_with(path: &str, keys: &[&str]) -> bool {
    keys.iter().any(|key| path.ends_with(key))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_rounded_up_to_two_figures() {
        assert_eq!([7, 99, 101, 1_234, 2_000_000].map(rounded), [7, 99, 110, 1_300, 2_000_000]);
    }
}

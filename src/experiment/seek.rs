//! Short reruns that look for the least values of keys that carry the load.

use super::granted;
use super::levers::{Lever, caps, lever, rounded};
use super::{Build, Conclusion, Depth, Effort, Unwatched, play};
use crate::model::Model;
use crate::model::capacity::Capacity;
use crate::model::capacity::quota::LimitKind;
use crate::results::{Change, Expectation, Judgement, Point, Rerun, Setting, Verdict};
use crate::terms::{self, Unit};
use crate::units::SimTime;

/// The greatest number of reruns.
const MOST_RERUNS: usize = 8;
/// The greatest number of keys that are raised together.
const MOST_KEYS: usize = 3;
/// A rerun of steady traffic measures no longer than this.
const SHORT: SimTime = SimTime(30 * 60 * 1_000_000);
/// A limit of 0 is first raised to this, to see how much of it is used \[requests or tokens\].
const AMPLE: u64 = 1_000_000_000_000;

/// Looks for what would change the answer of a run, where its verdict is not `carries` or a goal is missed. `build` makes a
/// model of settings over the scenario; where a setting makes none, nothing is tried.
pub fn seek_change(conclusion: &mut Conclusion, model: &Model, build: &Build<'_>) {
    let Some(point) = conclusion.results.points.first() else { return };
    if point.verdict == Verdict::Carries && missed(&conclusion.results.expectations).is_empty() {
        return;
    }
    let mut search = Search {
        model,
        build,
        is_carried: point.verdict == Verdict::Carries,
        keys: Vec::new(),
        reruns: Vec::new(),
        best: None,
        effort: Effort::default(),
    };
    let mut change = search.change(point).map(|change| granted::checked(model, change));
    if let Some(change) = change.as_mut().filter(|change| change.value.is_some()) {
        change.goals = search.judged(change);
    }
    conclusion.effort = conclusion.effort.plus(search.effort);
    if let Some(decision) = &mut conclusion.results.decision {
        decision.change = change;
    }
}

/// The most that a search simulates.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Reruns {
    /// Single replications, one after the other, as a multiple of one of the run.
    pub single: f64,
    /// Runs with all replications.
    pub whole: f64,
}

/// Returns the most that [`seek_change`] simulates after a run of the model.
#[must_use]
pub fn most_reruns(model: &Model) -> Reruns {
    let measured = |duration: SimTime| (model.run.warmup.0 + duration.0).max(1) as f64;
    let share = shortened(model).map_or(1.0, |short| measured(short) / measured(model.run.duration));
    Reruns { single: MOST_RERUNS as f64 * share, whole: if model.expectations.is_empty() { 0.0 } else { 1.0 } }
}

/// The missed goals that more capacity might meet.
fn missed(expectations: &[Expectation]) -> Vec<Expectation> {
    let missed = expectations.iter().filter(|e| e.verdict == Judgement::Failed && !is_of_money(&e.metric));
    missed.cloned().collect()
}

/// Returns whether a metric is in dollars: a goal on it depends on how long a run is, and on what is bought.
fn is_of_money(metric: &str) -> bool {
    terms::parse_metric(metric).is_ok_and(|m| m.term.unit == Unit::Usd)
}

/// A key that is varied.
#[derive(Debug, Clone)]
struct Key {
    path: String,
    /// The greatest value that was too little.
    low: u64,
    value: u64,
}

/// The result of a rerun.
struct Outcome {
    model: Model,
    point: Point,
    missed: Vec<Expectation>,
    carries: bool,
}

/// Values that carry the load, and the goals that are missed even so.
struct Best {
    keys: Vec<Key>,
    missed: Vec<Expectation>,
}

struct Search<'s> {
    model: &'s Model,
    build: &'s Build<'s>,
    /// The verdict of the run itself is `carries`, so that only its goals are in question.
    is_carried: bool,
    keys: Vec<Key>,
    reruns: Vec<Rerun>,
    best: Option<Best>,
    effort: Effort,
}

impl Search<'_> {
    /// Tries lower caps where reservations go unused, then raises what is in the way; `None`: nothing can be tried.
    fn change(&mut self, point: &Point) -> Option<Change> {
        let (mut by_cap, mut capped) = (None, None);
        if let Some((path, values)) = caps(self.model, point) {
            for value in values {
                self.keys = vec![Key { path: path.clone(), low: 0, value }];
                let Some(outcome) = self.play() else { break };
                if capped.is_none() && self.is_worth_a_cap(&outcome) {
                    capped = Some((Key { path: path.clone(), low: value, value }, outcome.point.clone()));
                }
                by_cap = self.told(outcome.missed, None);
                if outcome.carries {
                    return by_cap;
                }
            }
            self.keys.clear();
        }
        let point = capped.as_ref().map_or(point, |(_, point)| point);
        let first = point.basis.neck.as_ref().and_then(|neck| lever(self.model, neck));
        let Some(first) = first else { return by_cap };
        let served = 1.0 - point.basis.failing_share - waiting_share(point);
        // What was tried of caps is not what was tried of limits.
        let of_caps = std::mem::take(&mut self.reruns);
        let spent = of_caps.len();
        self.add(first, served);
        self.keys.extend(capped.map(|(key, _)| key));
        let raised = self.raise(MOST_RERUNS.saturating_sub(spent));
        raised.or(by_cap)
    }

    /// Raises what is in the way until the load is carried, then lowers each value as far as it goes.
    fn raise(&mut self, most: usize) -> Option<Change> {
        let mut last = (Vec::new(), None);
        while self.reruns.len() < most && self.best.is_none() {
            let outcome = self.play()?;
            let neck = outcome.point.basis.neck.as_ref();
            last = (outcome.missed.clone(), neck.map(|neck| neck.path.clone()));
            if outcome.carries {
                self.best = Some(Best { keys: self.keys.clone(), missed: outcome.missed.clone() });
                self.lower_to_need(&outcome.point, most);
                break;
            }
            let next = neck.and_then(|neck| lever(&outcome.model, neck));
            let Some(next) = next.filter(|next| self.is_raised(next) || self.keys.len() < MOST_KEYS) else { break };
            let served = 1.0 - outcome.point.basis.failing_share - waiting_share(&outcome.point);
            self.add(next, served);
        }
        if self.best.is_some() {
            self.halve(most);
        }
        match self.best.take() {
            Some(best) => {
                self.keys = best.keys;
                self.told(best.missed, None)
            }
            None => self.told(last.0, last.1),
        }
    }

    /// Returns whether a cap is kept while a quota is raised: the scenario states none, and it cuts few answers short.
    fn is_worth_a_cap(&self, outcome: &Outcome) -> bool {
        /// The share of answers cut short above which a lower cap is no remedy \[1\].
        const FEW: f64 = 0.01;
        let [workload] = self.model.workloads.as_slice() else { return false };
        let is_stated = workload.stages.last().is_none_or(|main| main.output_cap < main.facts.max_output_tokens);
        let cut = outcome.point.value("truncation_rate").unwrap_or(0.0);
        let is_goal_missed = outcome.missed.iter().any(|goal| goal.metric.ends_with("truncation_rate"));
        !is_stated && cut <= FEW && !is_goal_missed
    }

    /// Judges the goals at the values of a change, in a run as long as the scenario's with as many replications; `None`: no
    /// goal is left to judge.
    fn judged(&mut self, change: &Change) -> Option<Judgement> {
        let settings: Vec<String> = [format!("{}={}", change.path, change.value?)]
            .into_iter()
            .chain(change.with.iter().map(|key| format!("{}={}", key.path, key.value)))
            .collect();
        let model = (self.build)(&settings).ok().filter(|model| !model.expectations.is_empty())?;
        let played = play(&model, Depth::Figures, &Unwatched);
        self.effort = self.effort.plus(played.effort);
        let is_open = |e: &Expectation| !is_of_money(&e.metric) && change.missed.iter().all(|m| m.metric != e.metric);
        let open: Vec<Expectation> = played.expectations.into_iter().filter(is_open).collect();
        Judgement::worst(&open)
    }

    fn is_raised(&self, lever: &Lever) -> bool {
        self.keys.iter().any(|key| key.path == lever.path)
    }

    /// Raises a key by as much as is not `served` with it \[1\], and to twice its value at the least.
    fn add(&mut self, lever: Lever, served: f64) {
        let times = (1.0 / served.max(1e-3)).max(2.0);
        match self.keys.iter_mut().find(|key| key.path == lever.path) {
            Some(key) => {
                key.low = key.value;
                key.value = rounded((key.value as f64 * times) as u64);
            }
            None => {
                let value = if lever.from == 0 { AMPLE } else { rounded((lever.from as f64 * times) as u64) };
                self.keys.push(Key { path: lever.path, low: lever.from, value });
            }
        }
    }

    /// Tries the most that was used of each limit, which is what it has to be so that it refuses nothing.
    fn lower_to_need(&mut self, point: &Point, most: usize) {
        let before = self.keys.clone();
        for key in &mut self.keys {
            let used = ["occupied_peak_per_min", "charged"].map(|of| point.value(&format!("{}.{of}", key.path)));
            let Some(need) = used.into_iter().flatten().next().map(|used| rounded(used.ceil() as u64)) else {
                continue;
            };
            if need > key.low && need < key.value {
                key.value = need;
            }
        }
        let is_lower = self.keys.iter().zip(&before).any(|(key, before)| key.value < before.value);
        if is_lower && self.reruns.len() < most {
            self.try_best();
        }
        self.keys = self.best.as_ref().map_or(before, |best| best.keys.clone());
    }

    /// Halves the widest gap between what was too little and what carries the load, as long as reruns are left.
    fn halve(&mut self, most: usize) {
        while self.reruns.len() < most {
            let Some(best) = &self.best else { return };
            self.keys.clone_from(&best.keys);
            let middle = |key: &Key| rounded(key.low + (key.value - key.low) / 2);
            let gap = |key: &Key| (key.value as f64 / key.low.max(1) as f64).min(1e9);
            let open = self.keys.iter().enumerate().filter(|(_, key)| middle(key) > key.low && middle(key) < key.value);
            let widest = open.max_by(|(_, a), (_, b)| gap(a).total_cmp(&gap(b))).map(|(i, key)| (i, middle(key)));
            let Some((i, value)) = widest else { return };
            self.keys[i].value = value;
            if !self.try_best()
                && let Some(best) = &mut self.best
            {
                best.keys[i].low = value;
            }
        }
    }

    /// Simulates the values, and keeps them where they carry the load.
    fn try_best(&mut self) -> bool {
        let outcome = self.play().filter(|outcome| outcome.carries);
        let carries = outcome.is_some();
        if let Some(outcome) = outcome {
            self.best = Some(Best { keys: self.keys.clone(), missed: outcome.missed });
        }
        carries
    }

    /// Simulates the values once; `None`: they make no scenario.
    fn play(&mut self) -> Option<Outcome> {
        let mut settings: Vec<String> = self.keys.iter().map(|key| format!("{}={}", key.path, key.value)).collect();
        settings.push("run.replications=1".to_owned());
        if let Some(duration) = shortened(self.model) {
            settings.push(format!("run.duration={}s", duration.as_secs_f64() as u64));
        }
        let model = (self.build)(&settings).ok()?;
        let played = play(&model, Depth::Figures, &Unwatched);
        self.effort = self.effort.plus(played.effort);
        let missed = missed(&played.expectations);
        // Where nothing is in the way any more, a goal is missed for another reason.
        let is_enough = missed.is_empty() || (!self.is_carried && played.point.basis.neck.is_none());
        let timed_out_share = timed_out_alone(&played.point).unwrap_or(0.0);
        let is_carried = played.point.verdict == Verdict::Carries || timed_out_share > 0.0;
        let carries = is_carried && is_enough;
        let [first, with @ ..] = self.keys.as_slice() else { return None };
        self.reruns.push(Rerun {
            value: first.value,
            with: with.iter().map(Key::setting).collect(),
            verdict: played.point.verdict,
            carries,
            failing_share: played.point.basis.failing_share,
            timed_out_share,
            truncated_share: played.point.value("truncation_rate").unwrap_or(0.0),
        });
        Some(Outcome { model, point: played.point, missed, carries })
    }

    /// Returns the change that the values in force make, with the reruns so far; `None`: no key is varied.
    fn told(&self, missed: Vec<Expectation>, next_neck: Option<String>) -> Option<Change> {
        let [first, with @ ..] = self.keys.as_slice() else { return None };
        let carries = |rerun: &&Rerun| rerun.carries && rerun.value == first.value;
        let minutes = shortened(self.model).unwrap_or(self.model.run.duration).as_secs_f64() / 60.0;
        Some(Change {
            path: first.path.clone(),
            value: self.reruns.iter().find(carries).map(|rerun| rerun.value),
            with: with.iter().map(Key::setting).collect(),
            minutes,
            reruns: self.reruns.clone(),
            missed,
            next_neck,
            goals: None,
            not_granted: Vec::new(),
            other_ways: Vec::new(),
        })
    }
}

impl Key {
    fn setting(&self) -> Setting {
        Setting { path: self.path.clone(), value: self.value }
    }
}

/// Returns the share of the requests that met a time-out of the client where nothing was refused and nothing waited, so that
/// more capacity serves none of them \[1\]; `None`: something else is in the way.
fn timed_out_alone(point: &Point) -> Option<f64> {
    let lost = point.basis.failing_share;
    let timed_out = point.value("timeout_rate").filter(|rate| *rate > 0.0)?;
    let is_all = lost - timed_out <= 1e-9 && point.verdict != Verdict::Backlogged;
    (is_all && point.basis.neck.is_none()).then_some(lost)
}

/// The share of the requests that wait at the end and did not at the start \[1\].
fn waiting_share(point: &Point) -> f64 {
    let requests = point.value("requests").filter(|n| *n > 0.0);
    requests.map_or(0.0, |requests| point.basis.waiting_growth.max(0.0) / requests)
}

/// Returns how long a rerun measures, where it may be shorter than the run: traffic and capacity are steady, and no
/// result asked for depends on the time; `None`: as long as the run.
fn shortened(model: &Model) -> Option<SimTime> {
    let is_steady = model.workloads.iter().all(|w| w.arrivals.is_stationary())
        && model.capacities.iter().all(Capacity::is_stationary)
        && model.windows.is_empty();
    let is_daily =
        model.quotas.iter().any(|q| LimitKind::ALL.into_iter().any(|kind| kind.is_daily() && q.limit(kind).is_some()));
    (is_steady && !is_daily && model.run.duration > SHORT).then_some(SHORT)
}

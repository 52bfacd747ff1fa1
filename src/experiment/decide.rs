//! The decision that a run supports, and the assumptions that it hangs on.

use crate::model::capacity::account::ACCOUNT;
use crate::model::daily;
use crate::model::{Group, GroupKind, Model, Run, coverage};
use crate::results::{Decision, Doubt, Judgement, Neck, NeckKind, OwnerAnswer, Point, Results, Verdict};
use crate::terms;
use crate::units::MICROS_PER_DAY;

/// The greatest number of kinds of assumptions that a decision names; the same key of several models or quotas is one kind.
const NAMED: usize = 4;
/// A limit whose peak use is below this changes no answer \[1\].
const WORTH_NAMING: f64 = 0.5;
/// The largest number of tokens of quota that one output token is known to take.
const LARGEST_BURNDOWN: f64 = 15.0;

/// The keys that multiply what calls take from limits on tokens.
const FACTORS: [&str; 2] = [".reserve_output_burndown", ".output_burndown"];
/// The keys of limits and of their enforcement.
const LIMITS: [&str; 6] = [".rpm", ".tpm", ".tpd", ".itpm", ".otpm", ".limiter"];
/// The keys of service times.
const LATENCIES: [&str; 2] = [".output_tokens_per_second", ".time_to_first_token"];
/// A purchase that AWS Support may not grant.
const GRANTED: &str = ".model_units_quota";

/// Returns the decision of a document with one point, before any rerun; `None`: the document has no point.
#[must_use]
pub fn decision(model: &Model, results: &Results) -> Option<Decision> {
    let point = results.points.first()?;
    let caveats = || results.notes.iter().filter(|note| note.is_caveat);
    Some(Decision {
        answer: String::new(),
        verdict: point.verdict,
        goals: Judgement::worst(&results.expectations),
        served_share: 1.0 - point.basis.failing_share,
        e2e_p99_ms: point.value("e2e_p99_ms"),
        cost_per_month_usd: point.value("cost_per_month_usd"),
        change: None,
        owners: by_owner(model, results, point),
        caveats: caveats().map(|note| note.text.clone()).collect(),
        is_of_part: !coverage::unseen_traffic(model).is_empty(),
        hangs_on: match &results.doubt {
            Some(doubt) => flipping(doubt),
            None => Assumed { model, results, point }.hangs_on(),
        },
    })
}

/// Returns the owner that a metric is about; `None`: the metric is of the whole, or the scenario names no owners.
#[must_use]
pub fn owner_of(model: &Model, metric: &str) -> Option<String> {
    let (family, part) = terms::parse_metric(metric).ok()?.part?;
    let is_of = |group: &&Group| match family.as_str() {
        "owners" => group.name == part,
        "files" => group.workloads.iter().any(|w| model.workloads[*w].name.starts_with(&format!("{part}."))),
        "workloads" => group.workloads.iter().any(|w| model.workloads[*w].name == part),
        _ => false,
    };
    let mut owners = model.groups.iter().filter(|group| group.kind == GroupKind::Owner);
    owners.find(is_of).map(|group| group.name.clone())
}

/// Returns the answer for each owner: the share served and the goals missed; the owner that loses the largest share
/// first.
fn by_owner(model: &Model, results: &Results, point: &Point) -> Vec<OwnerAnswer> {
    let of = |group: &Group| {
        let failed = results.expectations.iter().filter(|goal| goal.verdict == Judgement::Failed);
        let own = failed.filter(|goal| owner_of(model, &goal.metric).as_ref() == Some(&group.name));
        OwnerAnswer {
            owner: group.name.clone(),
            served_share: point.value(&format!("owners.{}.failure_rate", group.name)).map(|lost| 1.0 - lost),
            missed: own.map(|goal| goal.metric.clone()).collect(),
        }
    };
    let owners = model.groups.iter().filter(|group| group.kind == GroupKind::Owner);
    let mut answers: Vec<OwnerAnswer> = owners.map(of).collect();
    let share = |answer: &OwnerAnswer| answer.served_share.unwrap_or(1.0);
    answers.sort_by(|a, b| share(a).total_cmp(&share(b)).then_with(|| terms::natural_order(&a.owner, &b.owner)));
    answers
}

/// The assumptions that flip the answer where they were put under doubt.
fn flipping(doubt: &Doubt) -> Vec<String> {
    let mut paths: Vec<String> = Vec::new();
    for condition in doubt.flips.iter().flat_map(|flip| &flip.conditions) {
        if !paths.contains(&condition.path) {
            paths.push(condition.path.clone());
        }
    }
    paths
}

/// The assumptions of a run, with the run's results.
struct Assumed<'a> {
    model: &'a Model,
    results: &'a Results,
    point: &'a Point,
}

impl Assumed<'_> {
    /// Returns the assumptions that may change the answer most, those about the bottleneck first.
    fn hangs_on(&self) -> Vec<String> {
        let neck = self.point.basis.neck.as_ref();
        let is_lost = self.point.basis.failing_share > 0.0;
        let granted = self.ending(&[GRANTED], |_| true);
        let about = match neck.map(|neck| neck.kind) {
            Some(NeckKind::Limit) => neck.map(|neck| self.about_the_limit(neck)).unwrap_or_default(),
            // Connections and places are held as long as answers take.
            Some(NeckKind::Connections | NeckKind::Concurrency | NeckKind::Queue) => self.ending(&LATENCIES, |_| true),
            Some(_) => Vec::new(),
            // Requests that fail where nothing is in the way fail because answers take too long.
            None if is_lost => self.ending(&LATENCIES, |_| true),
            None => Vec::new(),
        };
        // A few that fail do not hide the limits that would stop many more.
        let near = if self.point.verdict == Verdict::Carries { self.near_their_limits() } else { Vec::new() };
        let mut kinds: Vec<String> = Vec::new();
        let mut named = Vec::new();
        for path in granted.into_iter().chain(near).chain(about) {
            let kind = kind(&path);
            if !kinds.contains(&kind) {
                kinds.push(kind.clone());
            }
            if kinds.iter().take(NAMED).any(|known| *known == kind) && !named.contains(&path) {
                named.push(path);
            }
        }
        named
    }

    /// Returns the assumptions about the limit at the bottleneck, factors first: they move each limit on tokens.
    fn about_the_limit(&self, neck: &Neck) -> Vec<String> {
        let owner = neck.path.rsplit_once('.').map_or("", |(owner, _)| owner);
        let is_of_account = owner.split('.').next() == Some(ACCOUNT);
        if is_of_account {
            return self.ending(&[".tpd_counting", ".tpd"], |path| path.starts_with(ACCOUNT));
        }
        let mut paths = match neck.path.ends_with(".rpm") {
            true => Vec::new(),
            false => self.ending(&FACTORS, |path| path.starts_with("models.") || of_owner(path, owner)),
        };
        let in_the_way = |path: &str| path == neck.path || path.ends_with(".limiter") || self.is_near(path);
        paths.extend(self.ending(&LIMITS, |path| of_owner(path, owner) && in_the_way(path)));
        paths
    }

    /// Returns what matters where there is no bottleneck: limits that are used much, and factors that could make them
    /// so.
    fn near_their_limits(&self) -> Vec<String> {
        let tokens = self.limits().filter(|limit| !limit.ends_with(".rpm"));
        let most = tokens.map(|limit| self.use_of(limit)).fold(0.0, f64::max);
        let mut paths = Vec::new();
        if LARGEST_BURNDOWN * most > 1.0 {
            paths = self.ending(&FACTORS, |path| {
                let owner = path.rsplit_once('.').map_or("", |(owner, _)| owner);
                let own = self.limits().filter(|limit| !limit.ends_with(".rpm") && of_owner(limit, owner));
                path.starts_with("models.") || own.map(|l| self.use_of(l)).fold(0.0, f64::max) * LARGEST_BURNDOWN > 1.0
            });
        }
        let of_account = self.ending(&[".tpd_counting", ".tpd"], |path| path.starts_with(ACCOUNT));
        if !of_account.is_empty() && daily::is_account_short(self.model) {
            paths.splice(0..0, of_account);
        }
        paths.extend(self.ending(&LIMITS, |path| !path.starts_with(ACCOUNT) && self.is_near(path)));
        paths
    }

    /// Assumptions whose path ends in one of the keys, in the order of the keys.
    fn ending(&self, keys: &[&str], is_meant: impl Fn(&str) -> bool) -> Vec<String> {
        let of = |key: &&str| {
            let paths = self.results.assumptions.iter().map(|assumption| &assumption.path);
            paths.filter(|path| path.ends_with(*key) && is_meant(path)).cloned().collect::<Vec<_>>()
        };
        keys.iter().flat_map(of).collect()
    }

    /// Returns whether a limit, or any limit that a limiter enforces, is used much.
    fn is_near(&self, path: &str) -> bool {
        let Some(owner) = path.strip_suffix(".limiter") else { return self.use_of(path) >= WORTH_NAMING };
        self.limits().any(|limit| of_owner(limit, owner) && self.use_of(limit) >= WORTH_NAMING)
    }

    /// The paths of all limits.
    fn limits(&self) -> impl Iterator<Item = &str> {
        let names = self.point.metrics.keys().filter(|name| !name.starts_with("windows."));
        names.filter_map(|name| name.strip_suffix(".utilization_mean")).filter(|path| ends_with(path, &LIMITS))
    }

    /// The peak use of a limit \[1\]: used and reserved in a minute, or on a day at the rate of the run.
    fn use_of(&self, limit: &str) -> f64 {
        let of = |metric: &str| self.point.value(&format!("{limit}.{metric}"));
        let Run { duration, .. } = &self.model.run;
        let of_a_day = (MICROS_PER_DAY as f64 / duration.0.max(1) as f64).max(1.0);
        let held = of("occupied_peak_per_min").zip(of("limit_per_min").filter(|n| *n > 0.0)).map(|(a, b)| a / b);
        let peak = of("utilization_peak").into_iter().chain(held).fold(f64::NAN, f64::max);
        if limit.ends_with(".tpd") { of("utilization_mean").unwrap_or(0.0) * of_a_day } else { peak.max(0.0) }
    }
}

/// The section and the key of a path, which the same key of many models or quotas has in common.
fn kind(path: &str) -> String {
    let (section, key) = (path.split('.').next(), path.rsplit('.').next());
    format!("{}.{}", section.unwrap_or_default(), key.unwrap_or_default())
}

fn of_owner(path: &str, owner: &str) -> bool {
    path.rsplit_once('.').is_some_and(|(of, _)| of == owner)
}

fn ends_with(path: &str, keys: &[&str]) -> bool {
    keys.iter().any(|key| path.ends_with(key))
}

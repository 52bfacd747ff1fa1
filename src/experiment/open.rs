//! The replications that would decide an open expectation, and the clusters of rare events that a study's points share.

use std::collections::BTreeMap;

use super::judge;
use crate::model::Bound;
use crate::results::{Expectation, Judgement, Point, RateEvidence, Undecided};
use crate::stats::{Deviation, dispersion, interval};

/// The number of replications above which an answer is "more than" this.
const MOST: f64 = 1e6;

/// The sample that an expectation was judged on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sample {
    /// Replications.
    pub n: u64,
    /// The error probability of one side.
    pub alpha: f64,
    /// The greatest distance on one side of the truth from the estimate.
    pub margin: f64,
}

/// Returns why an expectation is not decided, and how many replications would decide it; `None`: it is decided.
pub(super) fn undecided(e: &Expectation, sample: Sample) -> Option<Undecided> {
    if e.verdict != Judgement::Inconclusive {
        return None;
    }
    let Some(estimate) = e.estimate else {
        let why = "it is not known from this run, the notes say why".to_owned();
        return Some(Undecided { replications: None, why });
    };
    let bounds = [e.at_most, e.at_least];
    let gap = bounds.into_iter().flatten().map(|bound| (bound - estimate).abs()).fold(f64::INFINITY, f64::min);
    let n = sample.n.max(1) as f64;
    let needed = match e.evidence.and_then(|evidence| evidence.worth) {
        Some(_) if gap == 0.0 => return Some(never(estimate, sample.margin)),
        Some(worth) => n * dispersion::trials_for(sample.alpha, gap) / worth,
        None if gap == 0.0 => {
            let why = "the estimate lies on the bound: no number of replications is sure to decide it".to_owned();
            return Some(Undecided { replications: None, why });
        }
        None => narrowed(sample, gap),
    };
    let replications = needed.ceil().max(n + 1.0);
    if replications > MOST {
        let why = "more than a million replications would be needed: run longer, or move the bound".to_owned();
        return Some(Undecided { replications: None, why });
    }
    let why = format!("about {replications:.0} replications would decide it, with the estimate as it is");
    Some(Undecided { replications: Some(replications as u64), why })
}

/// Returns why a bound at which nothing, or everything, is an event can be broken, and never be shown to hold.
fn never(estimate: f64, margin: f64) -> Undecided {
    let percent = |x: f64| format!("{}%", (x * 1e4).ceil() / 100.0);
    let (what, decidable) = if estimate == 0.0 {
        ("never happens", format!("at_most = \"{}\"", percent(margin)))
    } else {
        ("always happens", format!("at_least = \"{}\"", percent_down(1.0 - margin)))
    };
    let why = format!("no number of replications shows that it {what}; {decidable} would hold on these");
    Undecided { replications: None, why }
}

fn percent_down(x: f64) -> String {
    format!("{}%", (x * 1e4).floor() / 100.0)
}

/// Returns the number of replications that makes the margin of a mean as narrow as the gap.
fn narrowed(sample: Sample, gap: f64) -> f64 {
    let t = |n: f64| interval::student_t(1.0 - 2.0 * sample.alpha, (n as u64).max(2) - 1);
    let n = sample.n.max(2) as f64;
    let deviation = sample.margin * n.sqrt() / t(n);
    let mut needed = n;
    // The quantile falls with the number of replications, so that a few rounds settle it.
    for _ in 0..4 {
        let times = deviation * t(needed.min(MOST)) / gap;
        needed = (times * times).max(2.0);
    }
    needed
}

/// The clustering of the events of each rate, by metric, as the points of a study show it.
#[derive(Debug, Clone, Default)]
pub struct Clusters {
    /// The largest dispersion of any comparable point, so that points with other traffic cannot hide it.
    by_metric: BTreeMap<String, f64>,
}

impl Clusters {
    /// Adds a point's expectations. Points of which a rate saw both ways, and its event in no more than a fifth of the trials
    /// (or in no less than four fifths, of a rate that is wanted high), are comparable with those that saw none: where most
    /// trials fail, they fail evenly.
    pub fn add(&mut self, expectations: &[Expectation]) {
        for e in expectations {
            let Some(evidence) = e.evidence.filter(is_comparable(e)) else { continue };
            let between = [evidence.between_minutes, evidence.between_replications];
            let dispersions = between.map(|[squares, binomial]| Deviation { squares, binomial }.dispersion());
            let largest = self.by_metric.entry(e.metric.clone()).or_insert(1.0);
            *largest = dispersions.into_iter().fold(*largest, f64::max);
        }
    }

    /// Judges a point's expectations anew where a rate saw no event, or nothing but events, and comparable points show how
    /// its events cluster. Where random episodes are fewer than the minutes, other points only widen the bound. A point whose
    /// run ended early stays as it was judged.
    pub fn rejudge(&self, point: &mut Point) {
        if point.ended.is_none() {
            self.judge_anew(&mut point.expectations, point.replications);
        }
    }

    fn judge_anew(&self, expectations: &mut [Expectation], replications: u64) {
        for e in expectations {
            let (Some(evidence), Some(estimate)) = (e.evidence, e.estimate) else { continue };
            let Some(own) = evidence.worth else { continue };
            let Some(dispersion) = self.by_metric.get(&e.metric).copied() else { continue };
            let pooled = evidence.trials as f64 / dispersion;
            // No point tells of random bursts that none of them saw.
            let worth = if own < evidence.minutes as f64 { own.min(pooled) } else { pooled };
            let margin = dispersion::bound_of_none(evidence.alpha, worth);
            let bound = match (e.at_least, e.at_most) {
                (Some(low), Some(high)) => Bound::Between(low, high),
                (Some(low), None) => Bound::AtLeast(low),
                (None, Some(high)) => Bound::AtMost(high),
                (None, None) => continue,
            };
            e.evidence = Some(RateEvidence { worth: Some(worth), dispersion, ..evidence });
            (e.half_width, e.margin) = (Some(margin), Some(margin));
            e.verdict = judge::verdict(bound, estimate, margin);
            e.undecided = undecided(e, Sample { n: replications, alpha: evidence.alpha, margin });
        }
    }
}

fn is_comparable(e: &Expectation) -> impl Fn(&RateEvidence) -> bool {
    let wants_high = e.at_most.is_none();
    move |evidence| {
        let events = if wants_high { evidence.trials - evidence.events } else { evidence.events };
        evidence.is_mixed() && 5 * events <= evidence.trials
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(at_most: f64, estimate: f64, worth: Option<f64>, sample: Sample) -> Option<Undecided> {
        let evidence = worth.map(|worth| RateEvidence {
            events: 0,
            trials: 10_000,
            minutes: worth as u64,
            dispersion: 1.0,
            between_minutes: [0.0; 2],
            between_replications: [0.0; 2],
            alpha: sample.alpha,
            worth: Some(worth),
        });
        let e = Expectation {
            metric: "throttle_rate".to_owned(),
            at_most: Some(at_most),
            at_least: None,
            estimate: Some(estimate),
            half_width: Some(sample.margin),
            margin: None,
            verdict: judge::verdict(Bound::AtMost(at_most), estimate, sample.margin),
            evidence,
            undecided: None,
        };
        undecided(&e, sample)
    }

    #[test]
    fn as_many_replications_as_are_named_decide_a_rate_without_events() {
        // Four replications of 15 minutes: -ln(0.05) / 60 = 5 %. A bound of 1 % takes 300 minutes, 20 replications.
        let margin = dispersion::bound_of_none(0.05, 60.0);
        let told = open(0.01, 0.0, Some(60.0), Sample { n: 4, alpha: 0.05, margin }).expect("it is open");
        assert_eq!(told.replications, Some(20));
        assert!(dispersion::bound_of_none(0.05, 20.0 * 15.0) <= 0.01);
        assert!(dispersion::bound_of_none(0.05, 19.0 * 15.0) > 0.01);
    }

    #[test]
    fn a_bound_of_zero_says_what_can_be_decided() {
        let margin = dispersion::bound_of_none(0.05, 600.0);
        let told = open(0.0, 0.0, Some(600.0), Sample { n: 10, alpha: 0.05, margin }).expect("it is open");
        assert_eq!(told.replications, None);
        assert!(told.why.contains("at_most = \"0.5%\" would hold"), "{}", told.why);
    }

    fn point(events: u64, trials: u64, dispersion: f64) -> Expectation {
        let share = events as f64 / trials as f64;
        let binomial = share * (1.0 - share) * trials as f64;
        let worth = (events == 0).then_some(60.0);
        let margin = worth.map_or(0.001, |worth| dispersion::bound_of_none(0.05, worth));
        Expectation {
            metric: "throttle_rate".to_owned(),
            at_most: Some(0.01),
            at_least: None,
            estimate: Some(share),
            half_width: Some(margin),
            margin: None,
            verdict: judge::verdict(Bound::AtMost(0.01), share, margin),
            evidence: Some(RateEvidence {
                events,
                trials,
                minutes: 60,
                dispersion,
                between_minutes: [dispersion * binomial, binomial],
                between_replications: [0.0; 2],
                alpha: 0.05,
                worth,
            }),
            undecided: None,
        }
    }

    #[test]
    fn a_point_without_events_takes_the_clusters_of_comparable_points() {
        let judged = |trials: u64, others: &[Expectation]| {
            let mut clusters = Clusters::default();
            others.iter().for_each(|e| clusters.add(std::slice::from_ref(e)));
            let mut own = [point(0, trials, 1.0)];
            clusters.judge_anew(&mut own, 4);
            let [own] = own;
            (own.verdict, own.undecided.and_then(|open| open.replications))
        };
        let bursts = point(3_000, 100_000, 100.0);
        // 40,000 trials are worth 400 of clusters of a hundred: below 0.75 %. A tenth of them are worth 40, whatever the
        // minutes are.
        assert_eq!(judged(40_000, std::slice::from_ref(&bursts)), (Judgement::Held, None));
        assert_eq!(judged(4_000, std::slice::from_ref(&bursts)), (Judgement::Inconclusive, Some(30)));
        // Neighbours that are nearly swamped, of independent refusals, tell nothing that narrows the margin.
        let swamped = point(49_000, 100_000, 1.0);
        assert_eq!(judged(40_000, std::slice::from_ref(&swamped)).0, Judgement::Inconclusive);
        assert_eq!(judged(4_000, &[swamped.clone(), bursts.clone(), swamped]), (Judgement::Inconclusive, Some(30)));
        // Nothing comparable: the point stays as its minutes judge it.
        assert_eq!(judged(40_000, &[]).0, Judgement::Inconclusive);
        assert_eq!(judged(40_000, &[point(90_000, 100_000, 1.0)]).0, Judgement::Inconclusive, "it is swamped");
    }

    #[test]
    fn a_mean_takes_as_many_as_make_its_margin_the_gap() {
        // The margin of ten replications is twice the gap: about four times as many, fewer for the smaller quantile.
        let told = open(0.10, 0.09, None, Sample { n: 10, alpha: 0.05, margin: 0.02 }).expect("it is open");
        let n = told.replications.expect("some number decides it");
        let t = |n: u64| interval::student_t(0.9, n - 1);
        let margin = |n: u64| 0.02 * (10.0_f64 / n as f64).sqrt() * t(n) / t(10);
        assert!(margin(n) <= 0.01 && margin(n - 1) > 0.01 * 0.98, "{n}: {}", margin(n));
        let told = open(0.09, 0.09, None, Sample { n: 10, alpha: 0.05, margin: 0.02 }).expect("it is open");
        assert_eq!(told.replications, None);
    }
}

//! The verdict, its bottleneck and the goals, in sentences.

use super::figures::{Palette, amount, count, figure, share, three_figures, time};
use super::summary::bound;
use crate::results::{EndedEarly, Expectation, Judgement, Neck, NeckKind, Point, Results, Verdict, VerdictBasis};
use crate::terms::{self, Unit};

/// The largest share of requests that may fail where no goal says otherwise \[1\]; a smaller one heads no answer.
pub(super) const NEGLIGIBLE: f64 = 0.001;

/// Returns the verdict, the bottleneck and the attempts that a retry made good, one line each.
pub(super) fn lines(results: &Results, point: &Point, palette: Palette) -> Vec<String> {
    let judged = sentence(point);
    let word = point.verdict.name();
    let painted = if is_good(results, point) { palette.good(word) } else { palette.bad(word) };
    let mut lines = vec![judged.replacen(word, &painted, 1)];
    let basis = &point.basis;
    // The decision above has named it.
    lines.extend(basis.neck.as_ref().filter(|_| results.decision.is_none()).map(neck));
    if basis.recovered_attempts >= 0.5 {
        let attempts = count(basis.recovered_attempts);
        lines.push(match attempts.as_str() {
            "1" => "1 refused attempt belonged to a request that a retry served".to_owned(),
            _ => format!("{attempts} refused attempts belonged to requests that a retry served"),
        });
    }
    lines
}

fn is_good(results: &Results, point: &Point) -> bool {
    point.verdict == Verdict::Carries && !results.expectations.iter().any(|e| e.verdict == Judgement::Failed)
}

/// Returns the verdict as one sentence that begins with its word.
pub(super) fn sentence(point: &Point) -> String {
    let (word, basis) = (point.verdict.name(), &point.basis);
    if point.value("requests") == Some(0.0) {
        return "no request arrived, so that nothing is judged".to_owned();
    }
    let fail = format!("{} of requests fail", share(basis.failing_share));
    match point.verdict {
        Verdict::Carries if basis.failing_share == 0.0 => format!("{word}: every request is served{}", late(point)),
        Verdict::Carries => format!("{word}: {} of requests are served{}, {fail}", served(basis), late(point)),
        Verdict::Drops if basis.failing_share <= basis.bound => {
            format!("{word}: a goal that bounds failures is not met; {fail}")
        }
        Verdict::Drops if basis.bound_is_stated => {
            format!("{word}: {fail}, more than the goal of {}", share(basis.bound))
        }
        Verdict::Drops => format!("{word}: {fail}"),
        Verdict::Saturated => format!(
            "{word}: {fail}; the failure rate exceeds {}{} in {}",
            share(basis.bound),
            if basis.bound_is_stated { "" } else { " (above which a load does not count as carried)" },
            minutes_over_bound(basis, point.replications)
        ),
        Verdict::Backlogged if let Some(ended) = &point.ended => format!("{word}: {}; {fail}", early_end(ended)),
        Verdict::Backlogged => format!("{word}: {}; {fail}", backlog(basis)),
    }
}

/// Says when and why the engine ended a run before its time.
#[must_use]
pub fn early_end(ended: &EndedEarly) -> String {
    let what = ended.reason.words();
    let (since, most) = (time(ended.at_s * 1e3), count(ended.most as f64));
    format!("the run ended early, at {} UTC, {since} after its start, because more than {most} {what}", ended.clock)
}

/// Says how many requests wait that did not wait at the start.
fn backlog(basis: &VerdictBasis) -> String {
    let more = match basis.waiting_growth {
        growth if growth > 0.0 => format!("{} more", count(growth.ceil())),
        _ => "more".to_owned(),
    };
    format!("{more} requests wait at the end than at the start")
}

/// Returns the number of minutes in which more fails than may, of those with traffic; the mean of the replications
/// where there are several.
fn minutes_over_bound(basis: &VerdictBasis, replications: u64) -> String {
    let [over, all] = [basis.minutes_over_bound, basis.minutes];
    if replications <= 1 {
        return format!("{} of {} minutes", count(over as f64), count(all as f64));
    }
    let mean = |minutes: u64| match minutes % replications {
        0 => count((minutes / replications) as f64),
        _ => three_figures(minutes as f64 / replications as f64),
    };
    format!("{} of the {} minutes of a replication, on average", mean(over), mean(all))
}

/// The share of the mean latency from which waiting is mentioned in the answer \[1\].
const WORTH_A_WORD: f64 = 0.1;

fn late(point: &Point) -> String {
    let waited = point.value("queue_delay_mean_ms").zip(point.value("e2e_mean_ms"));
    let waited = waited.filter(|(waited, whole)| *waited >= WORTH_A_WORD * whole && *waited > 0.0);
    waited.map(|(waited, _)| format!(" after {} of waiting on average", time(waited))).unwrap_or_default()
}

/// Returns the share of requests that is served, as text.
pub(super) fn served(basis: &VerdictBasis) -> String {
    share(1.0 - basis.failing_share)
}

/// Returns the name of a bottleneck, with its size where it has one.
pub(super) fn named(neck: &Neck) -> String {
    let size = |unit: &str| neck.size.map(|size| format!(" of {}{unit}", amount(size))).unwrap_or_default();
    match neck.kind {
        NeckKind::Limit => format!("the limit {}{}", neck.path, size("")),
        NeckKind::RegionRoom => format!("the room of the regions, {}", neck.path),
        NeckKind::Concurrency => format!("{}{}", neck.path, size("")),
        NeckKind::Queue => format!("the queue, {}", neck.path),
        NeckKind::Connections => match neck.size.map(count) {
            Some(n) if n == "1" => format!("the client's only connection, {}", neck.path),
            Some(n) => format!("the client's {n} connections, {}", neck.path),
            None => format!("the client's connections, {}", neck.path),
        },
        NeckKind::Pace => format!("the pace that the client has chosen, {}", neck.path),
        NeckKind::RateLimiter => format!("the rate limiter of the SDK, {}", neck.path),
        NeckKind::Outage => format!("an outage, {}", neck.path),
        NeckKind::Unavailable => format!("the background rate of 503 answers, {}", neck.path),
        NeckKind::NotReady => format!("copies or purchases that are not ready, {}", neck.path),
        NeckKind::TooLarge => format!("requests too large for any limit of {}", neck.path),
    }
}

/// Returns the bottleneck as one sentence.
pub(super) fn neck(neck: &Neck) -> String {
    let what = named(neck);
    let of = match neck.refused > 0.0 {
        // The endpoint mantle refuses no request for its output, it stops the stream.
        true if neck.path.ends_with(".otpm") => "the stopped streams",
        true => "the refusals",
        false => "the waiting time",
    };
    let after = neck.after.as_ref().map(|path| format!(", after {path} had refused")).unwrap_or_default();
    format!("bottleneck: {what}, accounting for {} of {of}{after}", share(neck.share))
}

/// Returns a sentence where every stated goal holds and yet requests fail that no goal bounds; `None` otherwise.
#[must_use]
pub fn unbounded_failures(expectations: &[Expectation], basis: &VerdictBasis) -> Option<String> {
    let said = goals(expectations, basis);
    (Judgement::worst(expectations) == Some(Judgement::Held) && !is_bounded(expectations, basis)).then_some(said)
}

/// Returns the share that fails of a point whose goals all hold although none bounds failures \[1\]; `None` otherwise.
pub(super) fn unbounded_share(point: &Point) -> Option<f64> {
    unbounded_failures(&point.expectations, &point.basis).map(|_| point.basis.failing_share)
}

/// Says at how many of the design points or values whose goals hold some requests fail all the same; `None` when there are
/// none. `names` are the words for one of them and for several.
pub(super) fn losing(lose: u64, held: u64, names: [&str; 2]) -> Option<String> {
    let [one, several] = names;
    let at = match (lose, held) {
        (0, _) => return None,
        (1, 1) => format!("the only {one}"),
        (2, 2) => format!("both {several}"),
        (lose, held) if lose == held => format!("all {} {several}", count(held as f64)),
        (lose, held) => format!("{} of the {} {several}", count(lose as f64), count(held as f64)),
    };
    Some(format!("at {at} some requests fail, because no goal limits failures"))
}

/// Returns whether a goal bounds how many requests may fail, or no request fails.
fn is_bounded(expectations: &[Expectation], basis: &VerdictBasis) -> bool {
    basis.failing_share == 0.0
        || (basis.bound_is_stated && basis.failing_share <= basis.bound)
        || expectations.iter().any(bounds_failures)
}

/// Returns in one sentence how many of the stated goals hold. Where all hold and none bounds the failures that there are, it says so.
pub(super) fn goals(expectations: &[Expectation], basis: &VerdictBasis) -> String {
    let n = expectations.len();
    let of = |verdict| expectations.iter().filter(|e| e.verdict == verdict).count();
    let bounded = is_bounded(expectations, basis);
    let fail = || format!("{} fail", share(basis.failing_share));
    match Judgement::worst(expectations) {
        None => "the file states no goal".to_owned(),
        Some(Judgement::Held) if bounded && n == 1 => "the stated goal holds".to_owned(),
        Some(Judgement::Held) if bounded => format!("all {n} stated goals hold"),
        Some(Judgement::Held) if basis.failing_share <= NEGLIGIBLE => {
            let hold = if n == 1 { "the stated goal holds".to_owned() } else { format!("all {n} stated goals hold") };
            format!("{hold}; {}, which no goal bounds", fail())
        }
        Some(Judgement::Held) if n == 1 => format!("1 stated goal holds, it does not bound failures: {}", fail()),
        Some(Judgement::Held) => format!("{n} stated goals hold, none bounds failures: {}", fail()),
        Some(Judgement::Failed) => missed(expectations),
        Some(Judgement::Inconclusive) if n == 1 => "not decided: the stated goal may hold or fail".to_owned(),
        Some(Judgement::Inconclusive) => {
            format!("not decided: {} of {n} stated goals may hold or fail", of(Judgement::Inconclusive))
        }
    }
}

/// Returns how many stated goals are missed, and the first of them with its figure.
fn missed(expectations: &[Expectation]) -> String {
    let mut missed = expectations.iter().filter(|e| e.verdict == Judgement::Failed);
    let first = missed.next().map(missed_goal);
    let (n, more) = (expectations.len(), missed.count());
    let how_many = match (n, more) {
        (1, _) => "the stated goal is not met".to_owned(),
        (_, 0) => format!("1 of {n} stated goals is not met"),
        (_, more) => format!("{} of {n} stated goals are not met, the first", more + 1),
    };
    format!("{how_many}: {}", first.unwrap_or_default())
}

/// Returns a goal that is missed, with its figure: `failure_rate is 4.2 %, not <= 1 %`.
pub(super) fn missed_goal(e: &Expectation) -> String {
    let unit = terms::parse_metric(&e.metric).map_or(Unit::Count, |m| m.term.unit);
    let is = e.estimate.map_or_else(|| "not known".to_owned(), |x| figure(x, unit));
    format!("{} is {is}, not {}", e.metric, bound(e.at_least, e.at_most, unit))
}

/// Returns whether a goal bounds how many requests of the whole run may go without a good answer.
fn bounds_failures(e: &Expectation) -> bool {
    let term = e.metric.rsplit('.').next().unwrap_or_default();
    let is_of_part = e.metric.starts_with("windows.");
    !is_of_part
        && ((term == "slo_attainment" && e.at_least.is_some()) || (term == "failure_rate" && e.at_most.is_some()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn goal(metric: &str, at_most: Option<f64>, at_least: Option<f64>, verdict: Judgement) -> Expectation {
        Expectation {
            metric: metric.to_owned(),
            at_most,
            at_least,
            estimate: None,
            half_width: None,
            margin: None,
            verdict,
            evidence: None,
            undecided: None,
        }
    }

    #[test]
    fn goals_that_hold_over_failures_that_none_bounds_say_so() {
        let held = |metric| goal(metric, Some(1.0), None, Judgement::Held);
        let three = [held("e2e_p99_ms"), held("truncation_rate"), held("cost_usd")];
        let told = |goals: &[Expectation], failing_share| {
            goals_of(goals, VerdictBasis { failing_share, bound: 1e-3, ..VerdictBasis::default() })
        };
        assert_eq!(told(&three, 0.117), "3 stated goals hold, none bounds failures: 11.7 % fail");
        assert_eq!(told(&three[..1], 0.117), "1 stated goal holds, it does not bound failures: 11.7 % fail");
        assert_eq!(told(&three, 0.0), "all 3 stated goals hold");
        let bounded = [held("e2e_p99_ms"), held("failure_rate")];
        assert_eq!(told(&bounded, 0.117), "all 2 stated goals hold");
        let part = [held("windows.peak.failure_rate"), held("e2e_p99_ms")];
        assert_eq!(told(&part, 0.02), "2 stated goals hold, none bounds failures: 2 % fail");
        let good = [goal("workloads.chat.slo_attainment", None, Some(0.8), Judgement::Held)];
        assert_eq!(told(&good, 0.117), "the stated goal holds");
        let broken = [held("e2e_p99_ms"), goal("failure_rate", Some(0.01), None, Judgement::Failed)];
        assert!(told(&broken, 0.117).starts_with("1 of 2 stated goals is not met: failure_rate is "));
    }

    fn goals_of(goals: &[Expectation], basis: VerdictBasis) -> String {
        super::goals(goals, &basis).replace('\u{a0}', " ")
    }

    #[test]
    fn those_that_lose_requests_are_counted() {
        let said = |lose, held| losing(lose, held, ["value that holds", "values that hold"]);
        let told = |at| Some(format!("at {at} some requests fail, because no goal limits failures"));
        assert_eq!(said(0, 3), None);
        assert_eq!(said(1, 1), told("the only value that holds"));
        assert_eq!(said(1, 3), told("1 of the 3 values that hold"));
        assert_eq!(said(2, 3), told("2 of the 3 values that hold"));
        assert_eq!(said(2, 2), told("both values that hold"));
        assert_eq!(said(3, 3), told("all 3 values that hold"));
    }

    #[test]
    fn nearly_all_is_never_written_as_all() {
        let served = |failing_share| super::served(&VerdictBasis { failing_share, ..VerdictBasis::default() });
        assert_eq!(served(0.000_2).replace('\u{a0}', " "), "99.98 %");
        assert_eq!(served(0.000_005_3).replace('\u{a0}', " "), "99.999 %");
        assert_eq!(served(0.25).replace('\u{a0}', " "), "75 %");
        assert_eq!(served(0.0).replace('\u{a0}', " "), "100 %");
    }
}

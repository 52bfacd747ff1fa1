//! One table of every metric: its name, unit, scope, sort, formula, and which way is better. The same names stand in
//! results, CSV, `[[expect]]`, `explain` and docs/METRICS.md.

mod folded;
mod natural;
mod no_metric;
mod table;

pub use folded::{Assumed, folded};
pub use natural::natural_order;
pub use no_metric::NoMetric;
pub use table::{LATENCY_STATISTICS, TERMS};

use std::collections::BTreeSet;

use crate::model::capacity::quota::LimitKind;
use crate::units::{meant, parse};

/// The unit of a metric's figures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    Count,
    /// A share of a whole, in \[0, 1\].
    Fraction,
    /// The number of one thing for each of another \[1\].
    Ratio,
    Milliseconds,
    Tokens,
    TokensPerMinute,
    PerSecond,
    Usd,
}

impl Unit {
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Count => "count",
            Self::Fraction => "fraction",
            Self::Ratio => "ratio",
            Self::Milliseconds => "ms",
            Self::Tokens => "tokens",
            Self::TokensPerMinute => "tokens or requests per minute",
            Self::PerSecond => "1/s",
            Self::Usd => "USD",
        }
    }
}

/// The part of a run that a metric is measured of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// The whole run alone.
    Run,
    /// The whole run, and each workload as `workloads.<name>.`.
    Requests,
    /// Each `capacities.<name>.` and `quotas.<name>.`.
    Supply,
    /// Each `capacities.<name>.` alone.
    Capacity,
    /// Each limit, such as `quotas.<name>.tpm.`.
    Limit,
}

/// The requests or the time that a metric covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    /// The metric covers the requests that arrived in the measured interval, whenever they ended.
    Cohort,
    /// The metric covers the measured interval of the clock, whenever its requests arrived.
    Clock,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Better {
    Lower,
    Higher,
    Neither,
}

/// One metric.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Term {
    pub name: String,
    pub unit: Unit,
    pub scopes: &'static [Scope],
    pub sort: Sort,
    pub better: Better,
    /// A formula or a definition in one sentence.
    pub formula: String,
}

/// The families of prefixes, as in `workloads.<name>.`.
pub const FAMILIES: [&str; 7] = ["workloads", "capacities", "quotas", "account", "windows", "files", "owners"];
/// The family of the account's daily quota. With one source region its limit is `account.tpd`, with several it is
/// `account.<region>.tpd`.
const ACCOUNT: &str = "account";

/// The segments of a metric's name before its last one, read from the left. Parts of an included file have two segments.
struct Segments<'n>(&'n [&'n str]);

impl<'n> Segments<'n> {
    fn next(&mut self) -> Option<&'n str> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(first)
    }

    /// Returns the name of a part of a family, which is `FILE.NAME` for a part of an included file.
    fn name(&mut self, family: &str) -> Option<String> {
        let own = self.next()?;
        let goes_on = match (family, self.0) {
            ("windows", [_]) => true,
            ("windows", [second, third, ..]) => !FAMILIES.contains(second) && FAMILIES.contains(third),
            ("workloads", [_]) | ("capacities", [_, _]) => true,
            ("capacities", [second]) => !is_like_a_limit(second),
            _ => false,
        };
        if !goes_on {
            return Some(own.to_owned());
        }
        self.next().map(|second| format!("{own}.{second}"))
    }
}

/// Returns whether a segment is the name of a limit, or meant as one.
fn is_like_a_limit(segment: &str) -> bool {
    let limits = LimitKind::ALL.map(LimitKind::name);
    limits.contains(&segment) || (segment.len() <= 5 && nearest(segment, limits).is_some())
}

/// A metric's full name, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MetricName {
    /// The window `windows.<name>`, when the metric is of a window.
    pub window: Option<String>,
    /// The family and the name in it; `None` for a total. The account of one source region has no name.
    pub part: Option<(String, String)>,
    /// The limit, such as `tpm`.
    pub limit: Option<String>,
    pub term: &'static Term,
}

impl MetricName {
    /// Returns the name in full, with its `_ms`.
    #[must_use]
    pub fn full(&self) -> String {
        let mut out = String::new();
        if let Some(window) = &self.window {
            out += &format!("windows.{window}.");
        }
        if let Some((family, name)) = &self.part {
            let name = if name.is_empty() { String::new() } else { format!("{name}.") };
            out += &format!("{family}.{name}");
        }
        if let Some(limit) = &self.limit {
            out += &format!("{limit}.");
        }
        out + &self.term.name
    }
}

/// Returns the term of a bare name, which may lack its `_ms`.
#[must_use]
pub fn find(name: &str) -> Option<&'static Term> {
    TERMS.iter().find(|t| t.name == name || t.name.strip_suffix("_ms") == Some(name))
}

/// Longer names are compared with no other \[bytes\].
const LONGEST_NAME: usize = 200;

/// Returns the known name that is nearest to `name`, when one is near. Capital letters count as small ones.
#[must_use]
pub fn nearest<'n>(name: &str, known: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    // The effort grows with the product of the lengths.
    if name.len() > LONGEST_NAME {
        return None;
    }
    let name = name.to_lowercase();
    let name = name.as_str();
    known
        .into_iter()
        .filter(|candidate| candidate.len() <= LONGEST_NAME)
        .map(|candidate| {
            // Of short names one slip leaves little that is alike. `p90` is no slip of `p99`: someone meant it.
            let letters = |text: &str| {
                let mut letters: Vec<char> = text.chars().collect();
                letters.sort_unstable();
                letters
            };
            let moved = name.len() != candidate.len() || letters(name) == letters(candidate);
            let slipped = name.len() > 2 && moved && strsim::osa_distance(name, candidate) == 1;
            let likeness = strsim::jaro_winkler(name, candidate);
            (if slipped { likeness.max(0.9) } else { likeness }, candidate)
        })
        .filter(|(likeness, _)| *likeness > 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate)
}

/// Takes a metric's full name apart.
///
/// # Errors
/// The name is not that of a metric; the error offers metrics with a similar name.
pub fn parse_metric(name: &str) -> Result<MetricName, NoMetric> {
    let mut parts: Vec<&str> = name.split('.').collect();
    let last = parts.pop().unwrap_or_default();
    let mut parts = Segments(&parts);
    let mut window = None;
    let mut part = None;
    let mut limit = None;
    while let Some(head) = parts.next() {
        if part.is_some() {
            limit = Some(head.to_owned());
            break;
        }
        if !FAMILIES.contains(&head) {
            let meant: Vec<String> = match nearest(head, FAMILIES) {
                Some(family) => vec![name.replacen(head, family, 1)],
                // The name of a part without its family.
                None => ["workloads", "capacities", "quotas"].map(|family| format!("{family}.{name}")).to_vec(),
            };
            let rule = format!("`{head}` is no family of metrics; use {}", FAMILIES.join(", "));
            return Err(NoMetric::new(rule).offer(meant));
        }
        if head == ACCOUNT && parts.0.len() < 2 {
            part = Some((head.to_owned(), String::new()));
            continue;
        }
        let Some(of) = parts.name(head) else {
            let rule = format!("`{name}` does not say which of `{head}`");
            return Err(NoMetric::new(rule).help(format!("write {head}.NAME.{last}")));
        };
        match head {
            "windows" => window = Some(of),
            _ => part = Some((head.to_owned(), of)),
        }
    }
    if let Some(rest) = parts.next() {
        return Err(NoMetric::new(format!("`{rest}` is one step too many in `{name}`")));
    }
    let Some(term) = find(last) else {
        return Err(NoMetric::unknown(name, last));
    };
    if let Some(rule) = has_no(&part, limit.as_deref(), &term.name) {
        return Err(NoMetric::new(rule));
    }
    let fits = |scope: &Scope| match (&part, &limit, scope) {
        (None, None, Scope::Run | Scope::Requests) => true,
        (Some((family, _)), None, Scope::Requests) => ["workloads", "files", "owners"].contains(&family.as_str()),
        (Some((family, _)), None, Scope::Supply) => family == "capacities" || family == "quotas",
        (Some((family, _)), None, Scope::Capacity) => family == "capacities",
        (Some((family, _)), Some(_), Scope::Limit) => ["capacities", "quotas", ACCOUNT].contains(&family.as_str()),
        _ => false,
    };
    if !term.scopes.iter().any(fits) {
        let help = format!("it is written `{}`", example_of(term));
        let misplaced = Some(term);
        return Err(NoMetric {
            misplaced,
            ..NoMetric::new(format!("`{}` is not measured there", term.name)).help(help)
        });
    }
    Ok(MetricName { window, part, limit, term })
}

/// The parts of a family that metrics are of, such as the names of all workloads, sorted as people sort names.
#[must_use]
pub fn parts<'m>(metrics: impl IntoIterator<Item = &'m String>, family: &str) -> Vec<String> {
    let (mut parts, mut seen) = (Vec::new(), BTreeSet::new());
    for metric in metrics.into_iter().filter(|metric| metric.starts_with(family)) {
        let name = parse_metric(metric).ok().filter(|name| name.window.is_none());
        let part = name.and_then(|name| name.part).filter(|(of, _)| of == family).map(|(_, part)| part);
        parts.extend(part.filter(|part| seen.insert(part.clone())));
    }
    parts.sort_by(|a, b| natural_order(a, b));
    parts
}

/// Returns why a part does not have this metric, where the metric is measured of other parts; `None`: no reason is
/// known.
fn has_no(part: &Option<(String, String)>, limit: Option<&str>, term: &str) -> Option<String> {
    let family = part.as_ref().map(|(family, _)| family.as_str());
    let a_minute = ["utilization_peak", "limit_per_min", "occupied_peak_per_min", "charged_peak_per_min"];
    match (family, limit, term.strip_prefix("refused_")) {
        (Some("quotas"), None, Some(reason)) if !["rpm", "tpm", "tpd", "itpm", "otpm"].contains(&reason) => {
            Some(format!("a quota refuses by rpm, tpm, tpd, itpm or otpm; `{term}` is a capacity's"))
        }
        (Some(ACCOUNT), None, _) => {
            Some(format!("the account has no `{term}`; its limit is tpd, as in account.tpd.charged"))
        }
        (Some(ACCOUNT), Some(limit), _) if limit != "tpd" => {
            Some(format!("the account has no {limit}; its limit is tpd"))
        }
        (Some(ACCOUNT), _, None) if term == "reserved_unused_tokens" => {
            Some("`account.tpd` has no figure of reserved tokens; tpm has".to_owned())
        }
        (_, Some("tpd"), None) if a_minute.contains(&term) => {
            Some(format!("a daily limit has no figures per minute, such as `{term}`"))
        }
        (_, Some(limit), None) if term == "reserved_unused_tokens" && ["rpm", "otpm"].contains(&limit) => {
            Some(format!("nothing is reserved of `{limit}`; tpm, tpd, itpm, input and output have such a figure"))
        }
        _ => None,
    }
}

/// Returns a metric's name with the part that it is of, such as `capacities.NAME.tpm.charged`.
#[must_use]
pub fn example_of(term: &Term) -> String {
    match term.scopes[0] {
        Scope::Run | Scope::Requests => term.name.clone(),
        Scope::Supply | Scope::Capacity => format!("capacities.NAME.{}", term.name),
        Scope::Limit => format!("capacities.NAME.tpm.{}", term.name),
    }
}

/// Returns a bound as `[[expect]]` writes it, in the metric's unit: `"20s"`, `"0.1%"`, `"$5.00"`.
///
/// # Errors
/// The text does not fit the unit.
pub fn parse_bound(text: &str, unit: Unit) -> Result<f64, String> {
    match unit {
        Unit::Milliseconds => parse::duration(text).map(crate::units::SimTime::as_millis_f64),
        Unit::Fraction => parse::percentage(text),
        Unit::PerSecond => parse::rate(text),
        Unit::Usd => text
            .strip_prefix('$')
            .and_then(|t| t.replace([',', '_'], "").parse::<f64>().ok())
            .filter(|x| x.is_finite())
            .ok_or_else(|| format!("`{text}` is not an amount of money")),
        Unit::Count | Unit::Ratio | Unit::Tokens | Unit::TokensPerMinute => Err(format!("`{text}` is not a number")),
    }
}

/// Returns a bound in a unit as an example, as TOML writes it.
#[must_use]
pub const fn example_bound(unit: Unit) -> &'static str {
    match unit {
        Unit::Milliseconds => "\"20s\"",
        Unit::Fraction => "\"1%\"",
        Unit::PerSecond => "\"10/s\"",
        Unit::Usd => "\"$5.00\"",
        Unit::Count | Unit::Ratio | Unit::Tokens | Unit::TokensPerMinute => "100",
    }
}

/// Returns bounds that a text may mean which [`parse_bound`] refuses, as TOML writes them.
#[must_use]
pub fn bounds_meant(text: &str, unit: Unit) -> Vec<String> {
    let (offers, is_text) = match unit {
        Unit::Milliseconds => (meant::duration(text), true),
        Unit::Fraction => (meant::percentage(text), true),
        Unit::PerSecond => (meant::rate(text), true),
        Unit::Usd => (meant::amount(text), true),
        Unit::Count | Unit::Tokens | Unit::TokensPerMinute => (meant::count(text), false),
        Unit::Ratio => (text.trim().parse::<f64>().map(|_| text.trim().to_owned()).into_iter().collect(), false),
    };
    let written = |offer: String| if is_text { format!("\"{offer}\"") } else { offer };
    offers.into_iter().map(written).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique() {
        let mut names: Vec<_> = TERMS.iter().map(|t| &t.name).collect();
        names.sort();
        let all = names.len();
        names.dedup();
        assert_eq!(names.len(), all);
    }

    #[test]
    fn a_name_comes_apart_and_together_again() {
        for name in [
            "throttle_rate",
            "workloads.chat.e2e_p99_ms",
            "capacities.us.refused_tpm",
            "quotas.us.tpm.utilization_peak",
            "account.tpd.refused",
            "account.us-east-1.tpd.charged",
            "windows.noon.account.tpd.utilization_mean",
            "windows.monday9.workloads.chat.ttft_p50_ms",
        ] {
            assert_eq!(parse_metric(name).unwrap().full(), name);
        }
        assert_eq!(parse_metric("workloads.chat.e2e_p99").unwrap().full(), "workloads.chat.e2e_p99_ms");
    }

    #[test]
    fn a_wrong_name_is_refused_with_a_hint() {
        let refused = parse_metric("throtle_rate").unwrap_err();
        assert_eq!(refused.rule, "`throtle_rate` is no metric");
        assert_eq!(refused.help.as_deref(), Some("did you mean `throttle_rate`?"));
        assert_eq!(parse_metric("workload.chat.requests").unwrap_err().offers, ["workloads.chat.requests"]);
        assert!(parse_metric("workloads.requests").is_err());
        assert!(parse_metric("workloads.chat.utilization_peak").is_err());
        assert!(parse_metric("quotas.us.tpm.x.requests").is_err());
        assert!(parse_metric("").is_err());
        for name in ["account", "account.refused", "account.tpm.refused", "account.tpd.utilization_peak"] {
            assert!(parse_metric(name).is_err(), "{name}");
        }
    }

    #[test]
    fn bounds_take_units() {
        assert_eq!(parse_bound("20s", Unit::Milliseconds), Ok(20_000.0));
        assert_eq!(parse_bound("0.1%", Unit::Fraction), Ok(0.001));
        assert_eq!(parse_bound("$1,000", Unit::Usd), Ok(1_000.0));
        assert!(parse_bound("20", Unit::Milliseconds).is_err());
        assert!(parse_bound("20s", Unit::Count).is_err());
    }
}

//! A realistic document, and what must hold of every chart.

use std::collections::BTreeMap;

mod captions;
mod courses;
mod looks;
mod study;
mod volumes;
mod written;

use super::*;
use crate::results::{
    Estimate, Input, LimitFacts, Origin, Quantiles, SCHEMA_VERSION, Scenario, Timeline, Tool, Verdict, VerdictBasis,
};

/// Returns the input that makes charts draw clock times.
fn stated_start() -> Input {
    Input {
        origin: Origin::Stated,
        path: "run.start".to_owned(),
        value: "\"2026-12-07T08:00:00Z\"".to_owned(),
        as_of: None,
        source: "chat.toml".to_owned(),
        side: None,
    }
}

pub(super) fn results(title: &str, points: Vec<Point>) -> Results {
    Results {
        schema_version: SCHEMA_VERSION,
        decision: None,
        tool: Tool { name: "bedload".to_owned(), version: "0.1.0".to_owned() },
        scenario: Scenario {
            title: title.to_owned(),
            file: "chat.toml".to_owned(),
            sha256: String::new(),
            overrides: vec![],
        },
        seed: 42,
        confidence: Some(0.95),
        catalog_as_of: None,
        assumptions: vec![],
        inputs: vec![stated_start()],
        inputs_left_out: 0,
        notes: vec![],
        metric_names: vec![],
        points_total: points.len() as u64,
        comparison: None,
        sizing: None,
        axes: Vec::new(),
        expectations: vec![],
        points,
        doubt: None,
    }
}

/// Returns a uniform draw that depends on nothing but its number.
fn noise(i: usize) -> f64 {
    let mixed = (i as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mixed = (mixed ^ (mixed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    (mixed >> 11) as f64 / (1u64 << 53) as f64
}

/// Returns six hours of chat that ramps up and bursts every two hours; `load` is its ordinary share of the limit.
pub(super) fn point(load: f64, bucket_s: f64, buckets: usize) -> Point {
    let limit = 2_000_000.0;
    let (mut occupied, mut charged, mut throttled) = (vec![], vec![], vec![]);
    let (mut requests, mut refused) = (vec![], 0.0);
    for i in 0..buckets {
        let t = 600.0 + i as f64 * bucket_s;
        let ramp = (0.4 + t / 2_700.0 * 0.6).min(1.0);
        let burst = if t >= 7_200.0 && t % 7_200.0 < 300.0 { 4.0 } else { 1.0 };
        let wanted = limit * load * ramp * burst * (0.8 + 0.4 * noise(i));
        let held = wanted.min(limit);
        let over = ((wanted - held) / 2_300.0).round();
        refused += over * bucket_s / 60.0;
        occupied.push(held);
        charged.push(held * (0.52 + 0.08 * noise(i + 7_000)));
        throttled.push(over);
        requests.push((held / 2_300.0).round());
    }
    let series = BTreeMap::from([
        ("quotas.us.tpm.occupied_per_min".to_owned(), occupied),
        ("quotas.us.tpm.charged_per_min".to_owned(), charged),
        ("quotas.us.rpm.occupied_per_min".to_owned(), requests.clone()),
        ("quotas.us.rpm.charged_per_min".to_owned(), requests),
        ("total.throttled_attempts_per_min".to_owned(), throttled),
    ]);
    let wait = refused.min(600.0);
    let distributions = BTreeMap::from([
        ("e2e".to_owned(), lognormal(2_400.0 + wait, 0.75)),
        ("ttft".to_owned(), lognormal(420.0 + wait, 0.55)),
        ("service".to_owned(), lognormal(2_350.0, 0.62)),
        ("queue_delay".to_owned(), lognormal(20.0 + wait, 1.4)),
    ]);
    let fixed = |per_minute| LimitFacts { per_minute, limiter: "fixed_window".to_owned(), occupied_peak_per_min: None };
    let limits =
        BTreeMap::from([("quotas.us.tpm".to_owned(), fixed(limit)), ("quotas.us.rpm".to_owned(), fixed(4_000.0))]);
    let metrics = [
        ("quotas.us.tpm.refused", refused),
        ("quotas.us.tpm.occupied_peak_per_min", limit * (load * 2.9).min(1.0)),
        ("quotas.us.tpm.utilization_peak", (load * 2.4).min(0.59)),
        ("quotas.us.tpm.reserved_unused_tokens", 4.1e8 * load),
        ("quotas.us.tpm.charged", 5.4e8 * load),
        ("quotas.us.rpm.refused", 0.0),
        ("quotas.us.rpm.utilization_peak", (load * 0.7).min(0.22)),
        ("e2e_mean_ms", 3_100.0 + wait),
        ("queue_delay_mean_ms", 40.0 + wait),
    ];
    Point {
        index: 0,
        parameters: BTreeMap::new(),
        replications: 10,
        verdict: Verdict::Carries,
        basis: VerdictBasis::default(),
        ended: None,
        metrics: metrics.map(|(name, value)| (name.to_owned(), known(value))).into(),
        bill: Vec::new(),
        takes: Vec::new(),
        commitments: Vec::new(),
        notes: Vec::new(),
        expectations: Vec::new(),
        detail: Some(Detail {
            timeline: Timeline {
                start: "2026-12-07T08:00:00[America/New_York]".to_owned(),
                from_s: 600.0,
                bucket_s,
                series,
            },
            distributions,
            limits,
            objectives: BTreeMap::new(),
        }),
    }
}

fn known(value: f64) -> Estimate {
    Estimate { estimate: Some(value), half_width: None, n: 10 }
}

/// Returns 200 quantiles of a lognormal law, by Tukey's lambda approximation of the normal quantile.
fn lognormal(median: f64, sigma: f64) -> Quantiles {
    let shares: Vec<f64> = (0..200)
        .map(|i| if i < 190 { f64::from(i) / 200.0 } else { 1.0 - 0.05 * libm::pow(0.6, f64::from(i - 190)) })
        .collect();
    let normal = |p: f64| {
        let p = p.clamp(1e-4, 1.0 - 1e-5);
        (libm::pow(p, 0.135) - libm::pow(1.0 - p, 0.135)) / 0.1975
    };
    let values_ms = shares.iter().map(|p| median * libm::exp(sigma * normal(*p))).collect();
    Quantiles { count: 215_000, shares, values_ms }
}

pub(super) fn detail(point: &mut Point) -> &mut Detail {
    point.detail.as_mut().unwrap()
}

pub(super) fn draw(point: &Point) -> Vec<Drawing> {
    let results = results("Chat launch: do 3 Model Units keep p99 under 20 s?", vec![point.clone()]);
    draw_all(&Subject::of(&results)).unwrap()
}

pub(super) fn names(drawings: &[Drawing]) -> Vec<&str> {
    drawings.iter().map(|d| d.name.as_str()).collect()
}

/// Asserts what must hold of every drawing, whatever the document says.
pub(super) fn assert_sound(drawing: &Drawing) {
    let svg = &drawing.svg;
    assert!(svg.starts_with("<svg ") && svg.trim_end().ends_with("</svg>"), "{}", drawing.name);
    assert!(svg.contains("width=\"640\"") && svg.contains("<title>") && svg.contains("<desc>"), "{}", drawing.name);
    assert!(!svg.contains("<text") && !svg.contains("NaN"), "{}", drawing.name);
    let shapes = svg.split_once("</desc>").unwrap().1;
    assert!(!shapes.contains("inf"), "{}", drawing.name);
    for theme in [Theme::Light, Theme::Dark] {
        let png = drawing.png(theme, 1_280).unwrap();
        assert!(png.starts_with(b"\x89PNG"), "{}", drawing.name);
        let width = u32::from_be_bytes(png[16..20].try_into().unwrap());
        assert_eq!(width, 1_280, "{}", drawing.name);
    }
}

#[test]
fn every_chart_has_a_name_a_question_and_a_drawing() {
    for chart in CHARTS {
        assert!(chart.shows().ends_with('.'), "{}", chart.name());
        let drawings = looks::of(*chart);
        assert!(!drawings.is_empty(), "{}", chart.name());
        for drawing in &drawings {
            assert!(drawing.name.starts_with(chart.name()), "{}", drawing.name);
            assert_sound(drawing);
        }
    }
}

#[test]
fn the_same_document_gives_the_same_bytes() {
    let point = point(0.7, 30.0, 720);
    assert_eq!(draw(&point), draw(&point));
    assert_eq!(names(&draw(&point)), ["quota_use-us", "latency_cdf"]);
}

#[test]
fn a_point_without_detail_has_no_drawing() {
    let mut point = point(0.7, 30.0, 20);
    point.detail = None;
    assert_eq!(draw(&point), []);
}

#[test]
fn without_limits_or_buckets_there_is_no_quota_to_draw() {
    let mut unlimited = point(0.7, 30.0, 20);
    detail(&mut unlimited).limits.clear();
    assert_eq!(names(&draw(&unlimited)), ["latency_cdf"]);
    assert_eq!(names(&draw(&point(0.7, 30.0, 0))), ["latency_cdf"]);
    let mut nameless = point(0.7, 30.0, 20);
    detail(&mut nameless).timeline.series.clear();
    assert_eq!(names(&draw(&nameless)), ["latency_cdf"]);
}

#[test]
fn odd_documents_draw_without_a_panic() {
    for value in [0.0, 1e-9, 1.0, 1e12, f64::MAX, f64::INFINITY, f64::NAN, -5.0] {
        for buckets in [1, 2, 40] {
            let mut odd = point(0.7, 30.0, buckets);
            odd.metrics.values_mut().for_each(|e| e.estimate = Some(value));
            let detail = detail(&mut odd);
            detail.timeline.start = String::new();
            detail.timeline.series.values_mut().flatten().for_each(|v| *v = value);
            detail.limits.values_mut().for_each(|l| l.per_minute = value);
            detail.distributions.values_mut().for_each(|d| d.values_ms.fill(value));
            draw(&odd).iter().for_each(assert_sound);
            odd.metrics.clear();
            draw(&odd).iter().for_each(assert_sound);
        }
    }
    let mut single = point(0.7, 30.0, 40);
    let detail = detail(&mut single);
    for (stem, d) in &mut detail.distributions {
        let value = if stem == "queue_delay" { 0.0 } else { 750.0 };
        *d = Quantiles { count: 1, shares: vec![1.0], values_ms: vec![value] };
    }
    assert_eq!(names(&draw(&single)), ["quota_use-us", "latency_cdf"]);
}

#[test]
fn a_quota_and_a_capacity_of_one_name_keep_their_files_apart() {
    let mut both = point(0.7, 30.0, 40);
    let detail = detail(&mut both);
    for (from, to) in [("quotas.us", "capacities.us"), ("quotas.us", "capacities.dedicated")] {
        let limits: Vec<_> = detail.limits.iter().map(|(k, v)| (k.replace(from, to), v.clone())).collect();
        let series: Vec<_> = detail.timeline.series.iter().map(|(k, v)| (k.replace(from, to), v.clone())).collect();
        detail.limits.extend(limits);
        detail.timeline.series.extend(series);
    }
    let drawings = draw(&both);
    // The refusals of the quota make it the most important one.
    assert_eq!(drawings[0].name, "quota_use-quotas-us");
    let mut rest = names(&drawings[1..]);
    rest.sort_unstable();
    assert_eq!(rest, ["latency_cdf", "quota_use-capacities-us", "quota_use-dedicated"]);
}

#[test]
fn at_most_four_limits_share_a_drawing() {
    let mut many = point(0.9, 30.0, 40);
    let series = detail(&mut many).timeline.series["quotas.us.tpm.occupied_per_min"].clone();
    for name in ["input", "output", "itpm", "otpm"] {
        let facts = detail(&mut many).limits["quotas.us.tpm"].clone();
        detail(&mut many).limits.insert(format!("quotas.us.{name}"), facts);
        detail(&mut many).timeline.series.insert(format!("quotas.us.{name}.occupied_per_min"), series.clone());
    }
    let drawing = &draw(&many)[0];
    assert_sound(drawing);
    // What is not drawn makes a second line of source.
    assert_eq!(drawing.height, 400.0 + 3.0 * 176.0 + 13.0);
}

#[test]
fn names_are_escaped_and_never_overflow() {
    let mut long = point(0.9, 30.0, 40);
    let name = format!("quotas.{}", "a-name-that-goes-on-".repeat(20));
    let detail = detail(&mut long);
    detail.limits = detail.limits.iter().map(|(k, v)| (k.replace("quotas.us", &name), v.clone())).collect();
    let series = &detail.timeline.series;
    detail.timeline.series = series.iter().map(|(k, v)| (k.replace("quotas.us", &name), v.clone())).collect();
    detail.timeline.start = "<b>&\u{1}時".repeat(50);
    let drawings = draw_all(&Subject::of(&results(&"<i>&\u{0}時".repeat(99), vec![long]))).unwrap();
    assert_eq!(drawings.len(), 2);
    assert!(drawings[0].name.len() < 130, "{}", drawings[0].name);
    drawings.iter().for_each(assert_sound);
}

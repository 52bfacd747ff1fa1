//! Tests of the charts of studies, with documents however odd they are.

use serde_json::{Value, json};

use super::*;
use crate::results::{
    Axis, Bought, BoughtVerdict, Comparison, Condition, DECIDING, Difference, Doubt, DoubtAnswer, Evaluated,
    Expectation, Flip, Influence, JudgedTwice, Judgement, Reading, Safe, Side, Sizing, SizingState, Sought,
};

const AXES: [&str; 5] = ["capacities.us.tpm", "workloads.chat.max_tokens", "client", "run.traffic_scale", "route"];
/// The largest size of an SVG, names of hundreds of letters included \[bytes\]; a page bears several SVGs.
const LARGEST: usize = 480_000;

fn estimate(value: f64, half: f64) -> Estimate {
    Estimate { estimate: Some(value), half_width: Some(half), n: 5 }
}

/// Returns a point that throttles less the more it has, and costs more.
fn swept(index: u64, parameters: BTreeMap<String, Value>, size: f64, load: f64) -> Point {
    let throttled = (1.0 - size / load).max(0.0);
    let verdict = match throttled {
        x if x <= 0.01 => Judgement::Held,
        x if x <= 0.1 => Judgement::Inconclusive,
        _ => Judgement::Failed,
    };
    let expected = Expectation {
        metric: "throttle_rate".to_owned(),
        at_most: Some(0.01),
        at_least: None,
        estimate: Some(throttled),
        half_width: Some(0.02),
        margin: None,
        verdict,
        evidence: None,
        undecided: None,
    };
    let metrics = [
        ("throttle_rate", estimate(throttled, 0.02)),
        ("e2e_p99_ms", estimate(2_000.0 + 50_000.0 * throttled, 300.0)),
        ("cost_per_month_usd", known(1_000.0 * size)),
        ("requests", known(1_000.0 * load)),
    ];
    Point {
        index,
        parameters,
        expectations: vec![expected],
        metrics: metrics.map(|(name, value)| (name.to_owned(), value)).into(),
        detail: None,
        ..point(0.7, 30.0, 1)
    }
}

/// Returns a sweep over a grid of axes with these numbers of values; the third axis is of names.
pub(super) fn sweep(sizes: &[u64]) -> Results {
    let mut points = Vec::new();
    for index in 0..sizes.iter().product() {
        let mut rest: u64 = index;
        let mut parameters = BTreeMap::new();
        let mut at = Vec::new();
        for (path, size) in AXES.iter().zip(sizes) {
            let level = rest % size;
            rest /= size;
            at.push(level as f64);
            let value = if *path == "client" { json!(format!("client {level}")) } else { json!(100 * (level + 1)) };
            parameters.insert((*path).to_owned(), value);
        }
        let load = 2.0 + at.get(1).unwrap_or(&0.0) + 0.5 * at.get(2).unwrap_or(&0.0);
        points.push(swept(index, parameters, at[0] + 1.0, load));
    }
    let axis = |(path, size): (&&str, &u64)| Axis { parameters: vec![(*path).to_owned()], values: Some(*size) };
    let axes = AXES.iter().zip(sizes).map(axis).collect();
    Results { axes, ..results("A sweep", points) }
}

pub(super) fn sizing() -> Results {
    let points: Vec<Point> = (0..8).map(|i| swept(i, BTreeMap::new(), i as f64 + 1.0, 4.5)).collect();
    let evaluated = points.iter().map(|p| Evaluated {
        value: p.index + 1,
        verdict: p.expectations[0].verdict,
        point: Some(p.index),
        refused: None,
    });
    let sizing = Sizing {
        vary: "capacities.us.model_units".to_owned(),
        find: Sought::Least,
        from: 1,
        to: 8,
        step: 1,
        state: SizingState::Answered,
        answer: Some(5),
        fails_to: Some(4),
        holds_from: Some(5),
        explanation: "5 is the least `capacities.us.model_units`".to_owned(),
        evaluated: evaluated.collect(),
        bought: Some(Bought {
            value: 7,
            verdict: BoughtVerdict::Spare,
            cost_difference_usd_per_month: Some(2_000.0),
            explanation: String::new(),
        }),
        safe: Some(Safe { value: Some(6), cost_difference_usd_per_month: None, explanation: String::new() }),
        frontier: Vec::new(),
    };
    Results { sizing: Some(sizing), ..results("A size", points) }
}

pub(super) fn comparison() -> Results {
    let side = |file: &str| Side {
        name: file.trim_end_matches(".toml").to_owned(),
        scenario: Scenario { file: file.to_owned(), ..results("", vec![]).scenario },
        seed: 1,
        measured_s: 3_600.0,
    };
    let difference = |i: usize| Difference {
        a: Some(i as f64),
        b: Some(i as f64 * 1.2 + 0.5),
        difference: Some(i as f64 * 0.2 + 0.5),
        half_width: Some(0.3),
        distinguishable: i.is_multiple_of(2),
    };
    let comparison = Comparison {
        a: side("a.toml"),
        b: side("b.toml"),
        same_requests: true,
        paired: true,
        confidence: 0.95,
        tolerance: 0.01,
        differences: DECIDING.iter().enumerate().map(|(i, name)| ((*name).to_owned(), difference(i))).collect(),
        cost_per_month_difference_usd: None,
        expectations: vec![JudgedTwice {
            metric: "workloads.chat.e2e_p99_ms".to_owned(),
            at_most: Some(5.0),
            at_least: None,
            a: None,
            b: None,
        }],
    };
    Results { comparison: Some(comparison), ..results("Two", vec![]) }
}

pub(super) fn doubt() -> Results {
    let influence = |path: &str, low: f64, high: f64| Influence {
        path: path.to_owned(),
        metric: "throttle_rate".to_owned(),
        base: 0.005,
        low,
        at_low: Some(json!("fixed_window")),
        high,
        at_high: None,
    };
    let condition = |path: &str| Condition {
        path: path.to_owned(),
        values: vec![json!(5), json!("x")],
        below: None,
        above: None,
        ask: String::new(),
    };
    let below = Condition { below: Some(1_234.5), values: vec![], ..condition("capacities.us.tpm") };
    let doubt = Doubt {
        answer: DoubtAnswer::Flips,
        readings_total: 4,
        unknowns: vec![],
        flips: vec![
            Flip { verdict: Judgement::Failed, conditions: vec![below.clone()] },
            Flip { verdict: Judgement::Inconclusive, conditions: vec![condition("a.b"), below] },
        ],
        tornado: vec![
            influence("capacities.us.limiter", 0.0, 0.4),
            influence("capacities.us.tpm", 0.002, 0.03),
            influence("top", 0.005, 0.005),
        ],
        readings: vec![Reading {
            settings: BTreeMap::new(),
            verdict: Judgement::Held,
            metrics: BTreeMap::new(),
            differences: BTreeMap::new(),
        }],
    };
    let expected = sweep(&[2]).points[0].expectations.clone();
    Results { doubt: Some(doubt), expectations: expected, ..results("In doubt", vec![]) }
}

fn drawn(results: &Results) -> Vec<Drawing> {
    draw_all(&Subject::of(results)).unwrap()
}

fn assert_all_sound(results: &Results) {
    for drawing in drawn(results) {
        assert_sound(&drawing);
        assert!(drawing.svg.len() < LARGEST, "{} has {} bytes", drawing.name, drawing.svg.len());
    }
}

fn documents() -> [Results; 4] {
    [sweep(&[5, 3, 2]), sizing(), comparison(), doubt()]
}

#[test]
fn each_study_has_its_charts_and_the_same_ones_each_time() {
    let expected: [&[&str]; 4] = [
        &["sweep_lines", "sweep_map", "sweep_pareto", "main_effects"],
        &["size_curve"],
        &["compare_differences"],
        &["doubt_tornado"],
    ];
    for (results, expected) in documents().iter().zip(expected) {
        let drawings = drawn(results);
        assert_eq!(names(&drawings), expected);
        assert_eq!(drawings, drawn(results));
    }
}

#[test]
fn sweeps_of_every_shape_are_drawn() {
    for sizes in
        [&[1][..], &[2], &[1, 1], &[9], &[2, 2], &[1, 7, 3], &[30, 1], &[3, 3, 3, 3], &[13, 7], &[2, 2, 5, 2, 2]]
    {
        assert_all_sound(&sweep(sizes));
    }
    assert_eq!(drawn(&sweep(&[1])), []);
    assert_eq!(names(&drawn(&sweep(&[9]))), ["sweep_lines", "sweep_pareto"]);
}

#[test]
fn a_thousand_points_make_no_larger_files() {
    for sizes in [&[1_000][..], &[100, 100], &[50, 5, 4], &[4, 250]] {
        assert_all_sound(&sweep(sizes));
    }
}

#[test]
fn samples_are_dots_and_have_no_map() {
    let mut samples = sweep(&[40, 40]);
    samples.points.retain(|point| point.index % 41 == point.index / 40 % 7);
    for axis in &mut samples.axes {
        axis.values = None;
    }
    assert_eq!(names(&drawn(&samples)), ["sweep_lines", "sweep_pareto", "main_effects"]);
    let caption = drawn(&samples)[0].caption.clone();
    assert!(caption.starts_with("Over 39 samples it goes from 0 % to 97.5 %; 31 of 39 points meet"), "{caption}");
    assert_all_sound(&samples);
    let mut named = samples.clone();
    for point in &mut named.points {
        point.parameters.values_mut().for_each(|value| *value = json!(format!("{value}")));
    }
    assert_eq!(names(&drawn(&named)), ["sweep_pareto", "main_effects"]);
    let mut many = sweep(&[100, 20, 2]);
    many.points.truncate(3_999);
    assert!(!names(&drawn(&many)).contains(&"sweep_lines"), "a grid with a gap is no sample");
    many.axes[0].values = None;
    assert!(names(&drawn(&many)).contains(&"sweep_lines"));
    assert_all_sound(&many);
}

#[test]
fn one_replication_has_no_interval_and_is_drawn() {
    for mut results in documents() {
        for estimate in results.points.iter_mut().flat_map(|point| point.metrics.values_mut()) {
            estimate.half_width = None;
        }
        for difference in results.comparison.iter_mut().flat_map(|c| c.differences.values_mut()) {
            difference.half_width = None;
        }
        assert!(!drawn(&results).is_empty());
        assert_all_sound(&results);
    }
}

/// Sets every figure of a document to the same value.
fn all_are(results: &mut Results, value: Option<f64>) {
    let plain = value.unwrap_or(f64::NAN);
    for point in &mut results.points {
        point.metrics.values_mut().for_each(|e| *e = Estimate { estimate: value, half_width: value, n: 1 });
        for expectation in &mut point.expectations {
            (expectation.at_most, expectation.at_least) = (value, value);
        }
        point.parameters.values_mut().for_each(|v| *v = value.map_or(Value::Null, |value| json!(value)));
    }
    for difference in results.comparison.iter_mut().flat_map(|c| c.differences.values_mut()) {
        *difference = Difference { a: value, b: value, difference: value, half_width: value, distinguishable: true };
    }
    for influence in results.doubt.iter_mut().flat_map(|d| &mut d.tornado) {
        (influence.base, influence.low, influence.high) = (plain, plain, plain);
    }
    for expectation in &mut results.expectations {
        expectation.at_most = value;
    }
}

#[test]
fn odd_figures_draw_without_a_panic() {
    let values = [0.0, 1e-9, 1.0, 1e12, f64::MAX, -5.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY].map(Some);
    for value in values.into_iter().chain([None]) {
        for mut results in documents() {
            all_are(&mut results, value);
            assert_all_sound(&results);
        }
        // One point that is odd among others that are not.
        for mut results in [sweep(&[5, 3]), sizing()] {
            for estimate in results.points[3].metrics.values_mut() {
                *estimate = Estimate { estimate: value, half_width: value, n: 1 };
            }
            assert_all_sound(&results);
        }
    }
}

#[test]
fn documents_that_lack_parts_draw_without_a_panic() {
    let mut bare = sweep(&[4, 3]);
    for point in &mut bare.points {
        point.expectations.clear();
        point.parameters.remove(AXES[1]);
    }
    assert_all_sound(&bare);
    bare.points.iter_mut().for_each(|point| point.metrics.clear());
    assert_eq!(drawn(&bare), []);

    let mut unanswered = sizing();
    let sizing = unanswered.sizing.as_mut().unwrap();
    (sizing.answer, sizing.safe) = (None, None);
    assert_eq!(names(&drawn(&unanswered)), ["size_curve"]);
    assert_all_sound(&unanswered);
    unanswered.points.clear();
    assert_eq!(drawn(&unanswered), []);

    let mut settled = doubt();
    settled.doubt.as_mut().unwrap().tornado.clear();
    assert_eq!(drawn(&settled), []);
}

#[test]
fn long_names_and_markup_stay_within() {
    let odd = "<b>&\u{1}時 & a-name-that-goes-on ".repeat(20);
    let mut swept = sweep(&[4, 3, 2]);
    for axis in &mut swept.axes {
        axis.parameters = vec![format!("{}{odd}", axis.parameters[0])];
    }
    for point in &mut swept.points {
        let named = |(path, value): (&String, &Value)| {
            let value = if value.is_string() { json!(format!("{odd}{value}")) } else { value.clone() };
            (format!("{path}{odd}"), value)
        };
        point.parameters = point.parameters.iter().map(named).collect();
    }
    let mut sized = sizing();
    let sizing = sized.sizing.as_mut().unwrap();
    (sizing.vary, sizing.explanation) = (odd.clone(), odd.clone());
    let mut compared = comparison();
    compared.comparison.as_mut().unwrap().b.scenario.overrides = vec![odd.clone()];
    let mut doubted = doubt();
    let doubt = doubted.doubt.as_mut().unwrap();
    for influence in &mut doubt.tornado {
        (influence.path, influence.at_low) = (odd.clone(), Some(json!(odd)));
    }
    doubt.flips.iter_mut().flat_map(|flip| &mut flip.conditions).for_each(|c| c.path.clone_from(&odd));
    for mut results in [swept, sized, compared, doubted] {
        results.scenario.title.clone_from(&odd);
        assert!(!drawn(&results).is_empty());
        assert_all_sound(&results);
    }
}

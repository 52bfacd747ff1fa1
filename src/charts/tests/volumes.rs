//! Tests of the chart of a sweep over the volume of a month, with sweeps however odd they are.

use serde_json::json;

use super::*;
use crate::results::{Axis, Expectation, Judgement};

const NAME: &str = "cost_by_volume";

/// Returns a sweep of ways of buying at some volumes. A way is its name, a month's cost as (fixed, for each request),
/// and the volume at which it ends.
pub(super) fn purchase(ways: &[(&str, f64, f64, f64)], volumes: &[f64]) -> Results {
    let mut points = Vec::new();
    for (i, volume) in volumes.iter().enumerate() {
        for (name, fixed, each, most) in ways {
            let verdict = if volume > most { Judgement::Failed } else { Judgement::Held };
            let expected = Expectation {
                metric: "throttle_rate".to_owned(),
                at_most: Some(0.01),
                at_least: None,
                estimate: Some(0.0),
                half_width: None,
                margin: None,
                verdict,
                evidence: None,
                undecided: None,
            };
            let parameters = [("rate", json!(format!("{i}/min"))), ("way", json!(name))];
            let metrics = [
                ("requests_per_month", known(*volume)),
                ("cost_per_month_usd", known(fixed + each * volume)),
                ("throttle_rate", known(if verdict == Judgement::Held { 0.0 } else { 0.5 })),
            ];
            points.push(Point {
                index: points.len() as u64,
                parameters: parameters.map(|(path, value)| (path.to_owned(), value)).into(),
                metrics: metrics.map(|(name, value)| (name.to_owned(), value)).into(),
                expectations: vec![expected],
                detail: None,
                ..point(0.7, 30.0, 1)
            });
        }
    }
    let axis = |path: &str, values: usize| Axis { parameters: vec![path.to_owned()], values: Some(values as u64) };
    Results {
        axes: vec![axis("rate", volumes.len()), axis("way", ways.len())],
        ..results("From which volume on does it pay?", points)
    }
}

const NONE: f64 = f64::INFINITY;
const WAYS: [(&str, f64, f64, f64); 3] =
    [("by the token", 0.0, 0.01, NONE), ("one unit", 20_000.0, 0.0, 4e6), ("dear", 30_000.0, 0.0, 4e6)];

pub(super) fn usual() -> Results {
    purchase(&WAYS, &[1e6, 2.5e6, 4e6, 6e6])
}

fn drawing(results: &Results) -> Option<Drawing> {
    let drawings = draw_all(&Subject::of(results)).unwrap();
    let found = drawings.into_iter().find(|drawing| drawing.name == NAME);
    if let Some(drawing) = &found {
        assert_sound(drawing);
        assert!(drawing.svg.len() < 480_000, "{} bytes", drawing.svg.len());
    }
    found
}

fn caption(results: &Results) -> String {
    drawing(results).unwrap().caption.replace('\u{a0}', " ")
}

#[test]
fn the_caption_says_from_which_volume_on_which_way_is_the_cheapest() {
    assert_eq!(
        caption(&usual()),
        "Up to 2 M requests per month, by the token is the cheapest; above that, one unit; at 6 M, by the token (one unit \
         fails). Break-even with by the token: dear at 3 M."
    );
    let steady = purchase(&[("a", 1.0, 1.0, NONE), ("b", 2.0, 1.0, NONE)], &[10.0, 20.0]);
    assert_eq!(caption(&steady), "Between 10 and 20 requests per month, a is the cheapest.");
    let lost = purchase(&[("a", 1.0, 1.0, 15.0), ("b", 2.0, 1.0, 5.0)], &[10.0, 20.0]);
    assert_eq!(caption(&lost), "At 10 requests per month, a is the cheapest; at 20, none meets every goal.");
    let none = purchase(&[("a", 1.0, 1.0, 5.0), ("b", 2.0, 1.0, 5.0)], &[10.0, 20.0]);
    assert_eq!(caption(&none), "Between 10 and 20 requests per month, none of 2 ways meets every goal.");
}

#[test]
fn one_way_is_told_in_figures() {
    let one = purchase(&WAYS[..1], &[1e6, 4e6]);
    assert_eq!(caption(&one), "From $10,000 at 1 M requests per month to $40,000 at 4 M.");
    let ends = purchase(&WAYS[1..2], &[1e6, 4e6, 6e6]);
    assert!(caption(&ends).ends_with("; at 6 M it misses a goal."), "{}", caption(&ends));
}

#[test]
fn without_two_volumes_a_cost_of_a_month_or_a_grid_nothing_is_drawn() {
    assert_eq!(drawing(&purchase(&WAYS, &[1e6])), None);
    assert_eq!(drawing(&purchase(&WAYS, &[1e6, 1e6])), None);
    for metric in ["requests_per_month", "cost_per_month_usd"] {
        let mut unknown = usual();
        unknown.points.iter_mut().for_each(|point| point.metrics.retain(|name, _| name != metric));
        assert_eq!(drawing(&unknown), None, "{metric}");
    }
    let mut sampled = usual();
    sampled.points.truncate(7);
    assert_eq!(drawing(&sampled), None);
    // Where a way draws more traffic than the next volume brings, no axis is one of volumes.
    let mut mixed = usual();
    mixed.points[0].metrics.insert("requests_per_month".to_owned(), known(3e6));
    assert_eq!(drawing(&mixed), None);
}

#[test]
fn what_is_not_known_or_not_expected_is_drawn_around() {
    let mut gaps = usual();
    for i in [0, 4, 7] {
        gaps.points[i].metrics.get_mut("cost_per_month_usd").unwrap().estimate = None;
    }
    assert!(drawing(&gaps).is_some());
    let mut free = usual();
    free.points.iter_mut().for_each(|point| point.expectations.clear());
    free.points[10].verdict = Verdict::Saturated;
    assert!(caption(&free).contains("at 6 M, dear (one unit fails)"), "{}", caption(&free));
    let mut open = usual();
    open.points.iter_mut().flat_map(|p| &mut p.expectations).for_each(|e| e.verdict = Judgement::Inconclusive);
    assert!(caption(&open).contains("none of 3 ways"), "{}", caption(&open));
}

#[test]
fn odd_volumes_and_costs_draw_without_a_panic() {
    for volumes in [&[0.0, 1.0][..], &[0.0, 1e15], &[1e-9, 1.0, 1e9], &[5.0, 5.000_1]] {
        for cost in [0.0, 1e-9, 1.0, 1e12, f64::MAX, -5.0] {
            let ways = [("a", cost, 0.0, NONE), ("b", cost, cost, NONE), ("c", -cost, 1.0, 0.5)];
            assert!(drawing(&purchase(&ways, volumes)).is_some(), "{volumes:?} {cost}");
        }
    }
}

#[test]
fn many_ways_and_volumes_make_no_larger_file() {
    let names: Vec<String> = (0..30).map(|i| format!("way {i}")).collect();
    let way = |(i, name): (usize, &String)| {
        let i = i as f64;
        // Each is the cheapest somewhere.
        (name.clone(), i * i * 1e3, 1.0 / (i + 1.0))
    };
    let ways: Vec<(String, f64, f64)> = names.iter().enumerate().map(way).collect();
    let ways: Vec<(&str, f64, f64, f64)> = ways.iter().map(|(n, a, b)| (n.as_str(), *a, *b, NONE)).collect();
    let volumes: Vec<f64> = (1..=300).map(|i| f64::from(i) * 1e4).collect();
    let many = purchase(&ways, &volumes);
    assert!(caption(&many).contains("more changes"), "{}", caption(&many));
}

#[test]
fn long_names_stay_within() {
    let odd = "<b>&\u{1}時 a-name-that-goes-on ".repeat(20);
    let ways: Vec<String> = (0..3).map(|i| format!("{odd}{i}")).collect();
    let ways = [(ways[0].as_str(), 0.0, 0.01, NONE), (&ways[1], 2e4, 0.0, 4e6), (&ways[2], 3e4, 0.0, 4e6)];
    let mut named = purchase(&ways, &[1e6, 2.5e6, 4e6, 6e6]);
    named.scenario.title = odd;
    assert!(drawing(&named).is_some());
}

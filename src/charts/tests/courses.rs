//! Tests of the charts over time and of the bill.

use super::{assert_sound, detail, draw, names, *};
use crate::results::{BillItem, CommitmentItem, Expectation, Judgement, LimitFacts, Objective};

/// Returns about three hours of chat on bought units, with a burst that spills over and is refused, and with its bill.
pub(super) fn point(bucket_s: f64, buckets: usize) -> Point {
    let mut point = super::point(0.7, bucket_s, buckets);
    let is_burst = |i: usize| i % 40 < 5;
    let mut put = |name: &str, calm: f64, burst: f64| {
        let values = (0..buckets).map(|i| if is_burst(i) { burst } else { calm } * (1.0 + 0.01 * (i % 7) as f64));
        detail(&mut point).timeline.series.insert(name.to_owned(), values.collect());
    };
    for (name, calm, burst) in [
        ("total.arrivals_per_min", 240.0, 900.0),
        ("total.calls_per_min", 240.0, 880.0),
        ("total.attempts_per_min", 243.0, 1_700.0),
        ("total.refused_tpm_per_min", 0.0, 500.0),
        ("total.refused_rpm_per_min", 0.0, 90.0),
        ("total.refused_outage_per_min", 3.0, 9.0),
        ("total.refused_input_per_min", 0.0, 20.0),
        ("total.refused_queue_full_per_min", 0.0, 4.0),
        ("total.e2e_p50_ms", 2_100.0, 4_000.0),
        ("total.e2e_p95_ms", 7_000.0, 0.0),
        ("total.e2e_p99_ms", 0.0, 31_000.0),
        ("capacities.us.in_flight", 40.0, 90.0),
        ("capacities.us.waiting", 0.0, 30.0),
        ("capacities.us.admitted_per_min", 0.0, 300.0),
        ("capacities.units.admitted_per_min", 240.0, 500.0),
        ("capacities.spare.admitted_per_min", 0.0, 0.0),
        ("capacities.us.regions.us-east-1.admitted_per_min", 0.0, 200.0),
        ("capacities.us.regions.us-west-2.admitted_per_min", 0.0, 100.0),
        ("capacities.us.regions.us-east-2.admitted_per_min", 0.0, 0.0),
        ("capacities.units.input.charged_per_min", 200_000.0, 390_000.0),
        ("capacities.units.output.charged_per_min", 30_000.0, 104_000.0),
    ] {
        put(name, calm, burst);
    }
    for (name, per_minute) in [("input", 400_000.0), ("output", 100_000.0)] {
        let facts = LimitFacts { per_minute, limiter: "fixed_window".to_owned(), occupied_peak_per_min: None };
        detail(&mut point).limits.insert(format!("capacities.units.{name}"), facts);
    }
    let first = point.metrics["queue_delay_mean_ms"].estimate.map(|wait| wait + 600.0);
    let ttft = Estimate { estimate: first, half_width: None, n: 10 };
    point.metrics.insert("ttft_mean_ms".to_owned(), ttft);
    point.bill = vec![
        item("on_demand", "tokens of chat at us", "us", Some(100.0)),
        item("provisioned", "1 Model Unit", "units", Some(40_150.0)),
    ];
    point.commitments = vec![CommitmentItem {
        capacity: "units".to_owned(),
        what: "1 Model Unit".to_owned(),
        commitment: "1-month".to_owned(),
        usd: Some(40_150.0),
        list_usd: None,
        ends: "2027-01-07".to_owned(),
    }];
    point
}

fn item(component: &str, what: &str, capacity: &str, usd: Option<f64>) -> BillItem {
    BillItem {
        component: component.to_owned(),
        what: what.to_owned(),
        workload: (component == "on_demand").then(|| "chat".to_owned()),
        capacity: Some(capacity.to_owned()),
        usd,
        usd_per_month: usd,
        usd_once: Some(0.0),
        missing: None,
        list: None,
    }
}

fn drawn<'d>(drawings: &'d [Drawing], name: &str) -> &'d Drawing {
    drawings.iter().find(|d| d.name == name).unwrap()
}

#[test]
fn the_captions_say_what_is_to_be_seen() {
    let drawings = draw(&point(30.0, 360));
    assert_eq!(
        names(&drawings),
        [
            "load_over_time",
            "throttles_over_time",
            "quota_use-us",
            "quota_use-units",
            "unit_utilization",
            "served_by_capacity",
            "served_by_region",
            "latency_cdf",
            "latency_over_time",
            "latency_parts",
            "cost_by_component"
        ]
    );
    for (name, words) in [
        ("load_over_time", "attempts of each call"),
        ("throttles_over_time", "Reasons: tpm limit"),
        ("unit_utilization", "units used"),
        ("served_by_capacity", "units took 87.9 % of all that was taken."),
        ("served_by_region", "us-east-1 took 66.7 % of all that was taken."),
        ("latency_parts", "17.3 % is waiting"),
        ("latency_over_time", "In the median minute p99 was"),
        (
            "cost_by_component",
            "$40,250 a month, 99.8 % of it committed. Due for the whole term, to 2027-01-07: $40,150.",
        ),
    ] {
        let caption = &drawn(&drawings, name).caption;
        assert!(caption.contains(words), "{name}: {caption}");
    }
}

#[test]
fn odd_courses_draw_without_a_panic() {
    for value in [0.0, 1e-9, 1e12, f64::MAX, f64::INFINITY, f64::NAN, -5.0] {
        for buckets in [1, 2, 600] {
            let mut odd = point(60.0, buckets);
            odd.replications = 1;
            detail(&mut odd).timeline.series.values_mut().flatten().for_each(|v| *v = value);
            detail(&mut odd).limits.values_mut().for_each(|l| l.per_minute = value);
            odd.bill.iter_mut().for_each(|item| item.usd_per_month = Some(value));
            odd.commitments.iter_mut().for_each(|item| item.usd = Some(value));
            draw(&odd).iter().for_each(|drawing| {
                assert!(!drawing.svg.contains("NaN"), "{}", drawing.name);
                assert!(!drawing.caption.contains("NaN") && !drawing.caption.contains("inf"), "{}", drawing.caption);
            });
        }
    }
}

#[test]
fn one_bucket_makes_sound_drawings() {
    draw(&point(30.0, 1)).iter().for_each(assert_sound);
}

#[test]
fn names_with_markup_and_without_end_stay_on_the_sheet() {
    let long = "<b>&x</b>".repeat(60);
    let mut named = point(60.0, 30);
    named.bill.push(item(&long, &long, &long, Some(5.0)));
    let detail = detail(&mut named);
    detail.limits = detail.limits.iter().map(|(k, v)| (k.replace("units", &long), v.clone())).collect();
    let series = &detail.timeline.series;
    detail.timeline.series = series.iter().map(|(k, v)| (k.replace("units", &long), v.clone())).collect();
    detail.timeline.series.insert(format!("total.refused_{long}_per_min"), vec![1e6; 30]);
    let drawings = draw(&named);
    assert_eq!(drawings.len(), 11);
    drawings.iter().for_each(assert_sound);
}

#[test]
fn what_did_not_happen_is_not_drawn() {
    let mut calm = point(60.0, 30);
    let detail = detail(&mut calm);
    detail.timeline.series.retain(|name, _| !name.contains("refused_") && !name.contains("capacities.us."));
    detail.timeline.series.retain(|name, _| !name.contains("e2e_") && !name.contains("capacities.spare."));
    detail.limits.retain(|name, _| name.contains("quotas."));
    calm.bill.iter_mut().for_each(|item| (item.usd, item.usd_per_month) = (None, None));
    assert_eq!(names(&draw(&calm)), ["load_over_time", "quota_use-us", "latency_cdf", "latency_parts"]);
}

#[test]
fn a_month_that_is_not_known_leaves_the_run() {
    let mut short = point(60.0, 30);
    short.bill[0].usd_per_month = None;
    short.bill.push(item("batch", "tokens", "later", None));
    let drawings = draw(&short);
    let drawing = drawn(&drawings, "cost_by_component");
    assert!(drawing.title.contains("the run"), "{}", drawing.title);
    assert!(drawing.caption.contains("in the measured interval"), "{}", drawing.caption);
}

#[test]
fn many_items_share_rows() {
    let mut many = point(60.0, 30);
    many.bill =
        (0..30).map(|i| item("provisioned", "1 Model Unit", &format!("c{i}"), Some(100.0 + f64::from(i)))).collect();
    let drawings = draw(&many);
    assert!(drawn(&drawings, "cost_by_component").height < 520.0);
}

#[test]
fn one_objective_is_drawn_and_two_are_not() {
    let mut one = point(60.0, 30);
    detail(&mut one).timeline.series.insert("workloads.chat.attempts_per_min".to_owned(), vec![5.0; 30]);
    let objective = Objective { ttft_ms: Some(3_000.0), e2e_ms: Some(20_000.0) };
    let told = |point: &Point| drawn(&draw(point), "latency_over_time").caption.clone();
    assert!(!told(&one).contains("objective"));
    detail(&mut one).objectives.insert("chat".to_owned(), objective);
    assert!(told(&one).contains("p99 exceeded the objective of 20 s in"), "{}", told(&one));
    let size = |point: &Point| drawn(&draw(point), "latency_cdf").svg.len();
    let with = size(&one);
    draw(&one).iter().for_each(assert_sound);
    // Another workload without one: no line is of both.
    detail(&mut one).timeline.series.insert("workloads.other.attempts_per_min".to_owned(), vec![5.0; 30]);
    assert!(!told(&one).contains("objective") && size(&one) < with);
    detail(&mut one).objectives.insert("other".to_owned(), objective);
    assert!(told(&one).contains("objective") && size(&one) == with);
}

#[test]
fn a_bound_stands_in_where_there_is_no_objective() {
    let mut bounded = point(60.0, 30);
    let before = drawn(&draw(&bounded), "latency_cdf").svg.len();
    bounded.expectations.push(Expectation {
        metric: "e2e_p95_ms".to_owned(),
        at_most: Some(9_000.0),
        at_least: None,
        estimate: None,
        half_width: None,
        margin: None,
        verdict: Judgement::Held,
        evidence: None,
        undecided: None,
    });
    let drawings = draw(&bounded);
    assert!(drawn(&drawings, "latency_cdf").svg.len() > before);
    assert!(drawn(&drawings, "latency_over_time").caption.contains("p95 never exceeded the goal of 9 s."));
    drawings.iter().for_each(assert_sound);
}

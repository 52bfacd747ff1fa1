//! Tests that captions and labels are right as a hurried reader takes them.

use super::written::lines;
use super::*;
use crate::results::Judgement;

fn drawing(point: &Point, name: &str) -> Drawing {
    draw(point).into_iter().find(|d| d.name.starts_with(name)).unwrap()
}

fn caption(point: &Point, name: &str) -> String {
    drawing(point, name).caption.replace('\u{a0}', " ")
}

fn texts(drawing: &Drawing) -> Vec<String> {
    lines(drawing).into_iter().map(|line| line.text.replace('\u{a0}', " ")).collect()
}

/// Returns a run on a quota that counts towards the account's day, of which `used` is the share that is used \[1\].
fn with_day(used: f64, refused: f64) -> Point {
    let mut day = point(0.3, 60.0, 60);
    day.metrics.insert("account.tpd.utilization_mean".to_owned(), known(used));
    day.metrics.insert("account.tpd.refused".to_owned(), known(refused));
    let refusals = (0..60).map(|i| if i >= 40 { refused / 20.0 } else { 0.0 }).collect();
    detail(&mut day).timeline.series.insert("total.refused_account_tpd_per_min".to_owned(), refusals);
    day
}

#[test]
fn the_use_of_a_quota_says_how_much_of_the_day_is_used() {
    let part = caption(&with_day(0.106, 0.0), "quota_use");
    assert!(part.ends_with(" Of the account's daily quota, 10.6 % is used."), "{part}");
    let small = caption(&with_day(0.000_01, 0.0), "quota_use");
    assert!(small.ends_with("less than 0.05 % is used."), "{small}");
    assert!(!caption(&point(0.3, 60.0, 60), "quota_use").contains("daily quota"));
}

#[test]
fn the_instant_at_which_a_day_is_used_up_is_drawn() {
    let full = with_day(0.999_999, 240.0);
    let said = caption(&full, "quota_use");
    // The run starts at 08:00 and is measured from 08:10 on.
    assert!(said.ends_with("100 % is used; it refused 240 offers, the first at 08:50."), "{said}");
    let label = "the account's daily quota is used up";
    assert_eq!(texts(&drawing(&full, "quota_use")).iter().filter(|text| *text == label).count(), 1);
    assert!(!texts(&drawing(&with_day(0.5, 0.0), "quota_use")).iter().any(|text| text == label));
}

#[test]
fn what_is_bought_counts_towards_no_day_of_the_account() {
    let mut bought = with_day(0.5, 0.0);
    let detail = detail(&mut bought);
    let renamed = |name: &String| name.replace(".rpm", ".output").replace(".tpm", ".input");
    detail.limits = detail.limits.iter().map(|(k, v)| (renamed(k), v.clone())).collect();
    detail.timeline.series = detail.timeline.series.iter().map(|(k, v)| (renamed(k), v.clone())).collect();
    assert!(!caption(&bought, "quota_use").contains("daily quota"));
}

#[test]
fn a_percentile_that_the_tables_do_not_know_is_not_in_the_chart() {
    let mut few = point(0.3, 60.0, 60);
    for (name, value) in [("e2e_p50_ms", Some(2_500.0)), ("e2e_p95_ms", Some(8_000.0)), ("e2e_p99_ms", None)] {
        few.metrics.insert(name.to_owned(), Estimate { estimate: value, half_width: None, n: 1 });
    }
    let said = caption(&few, "latency_cdf");
    assert!(said.starts_with("Half are answered within 2.5 s; too few requests were served for a p99."), "{said}");
    let marks: Vec<String> =
        texts(&drawing(&few, "latency_cdf")).into_iter().filter(|text| text.starts_with('p')).collect();
    assert_eq!(marks, ["p50 2.5 s", "p95 8 s"]);
    few.metrics.insert("e2e_p99_ms".to_owned(), known(12_000.0));
    assert!(caption(&few, "latency_cdf").starts_with("Half are answered within 2.5 s, 99 % within 12 s."));
}

#[test]
fn a_pareto_names_no_point_that_fails() {
    let mut results = study::sweep(&[5, 2]);
    let judged = |p: &Point| p.expectations[0].verdict;
    assert!(results.points.iter().any(|p| judged(p) == Judgement::Held));
    let names = |results: &Results| {
        let drawings = draw_all(&Subject::of(results)).unwrap();
        let drawing = drawings.iter().find(|d| d.name == "sweep_pareto").unwrap();
        texts(drawing).into_iter().filter(|text| text.contains(" · ") && !text.contains("Labels")).collect::<Vec<_>>()
    };
    let cheapest_that_fails = "100 · 100";
    assert_eq!(judged(&results.points[0]), Judgement::Failed);
    assert!(!names(&results).iter().any(|text| text == cheapest_that_fails), "{:?}", names(&results));
    // Where nothing is expected, every point of the frontier is a choice.
    results.points.iter_mut().for_each(|p| p.expectations.clear());
    assert!(names(&results).iter().any(|text| text == cheapest_that_fails), "{:?}", names(&results));
}

#[test]
fn no_caption_says_what_its_title_says() {
    let words = |text: &str| text.to_lowercase().trim_end_matches('.').to_owned();
    let documents = [study::sweep(&[5, 3, 2]), study::sizing(), study::comparison(), study::doubt()];
    let runs = [results("A run", vec![point(0.7, 60.0, 60)])];
    for drawing in documents.iter().chain(&runs).flat_map(|results| draw_all(&Subject::of(results)).unwrap()) {
        assert!(!words(&drawing.caption).contains(&words(&drawing.title)), "{}: {}", drawing.name, drawing.caption);
    }
}

#[test]
fn a_size_tells_the_figures_at_its_answer_and_beside_it() {
    let drawings = draw_all(&Subject::of(&study::sizing())).unwrap();
    let said = drawings[0].caption.replace('\u{a0}', " ");
    assert_eq!(said, "It is 0 % at 5, and 11.1 % at 4; cost per month at 5 is $5,000.");
}

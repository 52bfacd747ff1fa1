//! Tests of how charts look: pinned by snapshots, legible as pixels, and with every word in its place.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use super::super::frame::{self, Ink};
use super::written::{Written, lines, reduced};
use super::{courses, study, volumes, *};

/// The largest size of a snapshot, because nobody reads a larger one \[bytes\].
const LARGEST: usize = 10_000;

/// Returns documents of every kind, so that every chart finds one that it can draw.
fn documents() -> Vec<Results> {
    vec![
        results("Chat on Model Units, and what spills over", vec![courses::point(30.0, 240)]),
        study::sweep(&[6, 3, 2]),
        study::sizing(),
        study::comparison(),
        study::doubt(),
        volumes::usual(),
    ]
}

/// Returns the drawings that a chart makes of documents of every kind.
pub(super) fn of(chart: &dyn Chart) -> Vec<Drawing> {
    documents().iter().flat_map(|results| chart.draw(&Subject::of(results)).unwrap()).collect()
}

/// Returns documents of every kind, and some that are hard to draw.
fn hard() -> Vec<(&'static str, Results)> {
    let mut all: Vec<(&str, Results)> = documents().into_iter().map(|results| ("as they are", results)).collect();
    let course = |bucket_s: f64, buckets: usize| results("A run", vec![courses::point(bucket_s, buckets)]);
    all.push(("a month", course(3_600.0, 720)));
    all.push(("seconds", course(1.0, 20)));
    all.push(("one bucket", course(30.0, 1)));
    all.push(("large", scaled(course(60.0, 90), 1e9)));
    all.push(("small", scaled(course(60.0, 90), 1e-9)));
    all.push(("nothing", scaled(course(60.0, 90), 0.0)));
    for sizes in [&[2][..], &[1_000], &[9, 4], &[2, 2, 2], &[20, 10, 5], &[4, 3, 3, 2]] {
        all.push(("a sweep", study::sweep(sizes)));
    }
    all.push(("hardly moved", narrow(study::sweep(&[4, 3]))));
    all.push(("long names", renamed(course(60.0, 90))));
    all.push(("long names", renamed(study::sweep(&[4, 3, 2]))));
    all.push(("long names", renamed(study::sizing())));
    all.push(("long names", renamed(study::doubt())));
    all
}

/// Returns a run with every figure multiplied by a factor.
fn scaled(mut results: Results, factor: f64) -> Results {
    let point = &mut results.points[0];
    point.metrics.values_mut().for_each(|e| e.estimate = e.estimate.map(|x| x * factor));
    point.bill.iter_mut().for_each(|item| item.usd_per_month = item.usd_per_month.map(|x| x * factor));
    let detail = detail(point);
    detail.timeline.series.values_mut().flatten().for_each(|v| *v *= factor);
    detail.limits.values_mut().for_each(|limit| limit.per_minute *= factor);
    detail.distributions.values_mut().flat_map(|d| &mut d.values_ms).for_each(|v| *v *= factor);
    results
}

/// Returns a sweep whose metric is nearly the same everywhere.
fn narrow(mut results: Results) -> Results {
    for (i, point) in results.points.iter_mut().enumerate() {
        let latency = Estimate { estimate: Some(13_000.0 + 3.0 * i as f64), half_width: None, n: 1 };
        point.metrics.insert("e2e_p99_ms".to_owned(), latency);
        point.expectations.iter_mut().for_each(|e| "e2e_p99_ms".clone_into(&mut e.metric));
        point.expectations.iter_mut().for_each(|e| e.at_most = Some(13_020.0));
    }
    results
}

/// Returns results with names of sixty letters and a title of two hundred, wherever a name stands in the document.
fn renamed(results: Results) -> Results {
    let long = |name: &str| format!("{name}-and-it-goes-on-and-on-until-it-has-sixty-letters-in-all-{name}");
    let mut text = serde_json::to_string(&results).unwrap();
    for name in ["us", "units", "chat"] {
        text = text.replace(&format!(".{name}."), &format!(".{}.", long(name)));
        text = text.replace(&format!("\"{name}\""), &format!("\"{}\"", long(name)));
    }
    let mut results: Results = serde_json::from_str(&text).unwrap();
    results.scenario.title = "A title that <b>goes</b> on & ".repeat(7);
    results
}

/// Returns every drawing of the hard documents, made once.
fn hard_drawings() -> &'static [(&'static str, Drawing)] {
    static MADE: OnceLock<Vec<(&'static str, Drawing)>> = OnceLock::new();
    let of = |(what, results): (&'static str, Results)| drawn(&results).into_iter().map(move |drawing| (what, drawing));
    MADE.get_or_init(|| hard().into_iter().flat_map(of).collect())
}

fn drawn(results: &Results) -> Vec<Drawing> {
    draw_all(&Subject::of(results)).unwrap()
}

#[test]
fn every_chart_looks_as_it_did() {
    for chart in CHARTS {
        let drawings = of(*chart);
        let first = drawings.first().unwrap_or_else(|| panic!("`{}` is drawn of no document here", chart.name()));
        let text = reduced(first);
        assert!(text.len() < LARGEST, "{} has {} bytes", chart.name(), text.len());
        insta::assert_snapshot!(chart.name(), text);
    }
}

#[test]
fn every_line_of_text_stays_on_the_sheet() {
    for (what, drawing) in hard_drawings() {
        for line in lines(drawing) {
            let (room, foot) = (line.room, drawing.height - 2.0);
            let is_inside = room.left >= 2.0 && room.right <= 638.0 && room.top >= 2.0 && room.bottom <= foot;
            assert!(is_inside, "{what}, {}: `{}` at {room:?}", drawing.name, line.text);
        }
    }
}

#[test]
fn no_line_of_text_covers_another() {
    let cover = |a: &Written, b: &Written| {
        a.room.left < b.room.right - 1.0
            && b.room.left < a.room.right - 1.0
            && a.room.top < b.room.bottom - 2.0
            && b.room.top < a.room.bottom - 2.0
    };
    let mut covered = Vec::new();
    for (what, drawing) in hard_drawings() {
        let lines = lines(drawing);
        for (i, a) in lines.iter().enumerate() {
            let over = lines[i + 1..].iter().filter(|b| cover(a, b));
            covered.extend(over.map(|b| format!("{what}, {}: `{}` and `{}`", drawing.name, a.text, b.text)));
        }
    }
    assert_eq!(covered, [] as [String; 0], "{}", covered.join("\n"));
}

#[test]
fn labels_on_one_line_do_not_touch() {
    let touch = |a: &Written, b: &Written| {
        let gap = (a.room.left - b.room.right).max(b.room.left - a.room.right);
        (a.room.bottom - b.room.bottom).abs() < 1.0 && gap < 4.0
    };
    let mut touching = Vec::new();
    for (what, drawing) in hard_drawings() {
        let lines = lines(drawing);
        for (i, a) in lines.iter().enumerate() {
            let near = lines[i + 1..].iter().filter(|b| touch(a, b));
            touching.extend(near.map(|b| format!("{what}, {}: `{}` and `{}`", drawing.name, a.text, b.text)));
        }
    }
    assert_eq!(touching, [] as [String; 0], "{}", touching.join("\n"));
}

#[test]
fn long_values_of_neighbouring_panels_stay_apart() {
    let mut results = study::sweep(&[4, 3, 2]);
    for point in &mut results.points {
        for value in point.parameters.values_mut().filter(|value| value.is_number()) {
            *value = serde_json::json!(value.as_f64().unwrap() * 1e4 + 50.0);
        }
    }
    for drawing in drawn(&results).iter().filter(|d| ["main_effects", "sweep_lines"].contains(&d.name.as_str())) {
        let lines = lines(drawing);
        let row = |y: f64| lines.iter().filter(move |line| (line.room.bottom - y).abs() < 1.0);
        for a in &lines {
            let next = row(a.room.bottom).filter(|b| b.room.left > a.room.left).map(|b| b.room.left - a.room.right);
            assert!(next.fold(f64::INFINITY, f64::min) >= 7.0, "{}: `{}` touches its neighbour", drawing.name, a.text);
        }
    }
}

#[test]
fn no_source_line_is_cut() {
    for (what, drawing) in hard_drawings().iter().filter(|(what, _)| *what != "long names") {
        assert!(drawing.height > drawing.words, "{what}, {}", drawing.name);
        let is_source = |line: &Written| line.face == "fine" && line.room.top > drawing.height - 70.0;
        let last = lines(drawing).into_iter().filter(is_source);
        let cut: Vec<String> = last.filter(|line| line.text.ends_with('…')).map(|line| line.text).collect();
        assert_eq!(cut, [] as [String; 0], "{what}, {}", drawing.name);
    }
    let mut run = courses::point(60.0, 30);
    run.parameters = ["one", "two", "three", "four", "five", "six"]
        .map(|name| (format!("capacities.dedicated.a_rather_long_{name}"), serde_json::json!(1_000)))
        .into();
    for drawing in drawn(&results("Do three Model Units keep the chat within its objective all day?", vec![run])) {
        let texts = lines(&drawing).into_iter().map(|line| line.text).collect::<Vec<_>>().join(" ");
        assert!(texts.contains("a_rather_long_two"), "{}: {texts}", drawing.name);
    }
}

#[test]
fn ticks_of_one_axis_differ() {
    // Labels of an axis end at one place; those of a table may be alike.
    let tables = ["compare_differences", "doubt_tornado", "cost_by_component", "sweep_map"];
    for (what, drawing) in hard_drawings().iter().filter(|(_, d)| !tables.iter().any(|name| d.name.starts_with(name))) {
        let lines = lines(drawing);
        let mut ends: BTreeMap<i64, Vec<&str>> = BTreeMap::new();
        for line in lines.iter().filter(|line| line.room.right < 90.0) {
            ends.entry(line.room.right.round() as i64).or_default().push(&line.text);
        }
        for labels in ends.values() {
            let alike = labels.windows(2).find(|w| w[0] == w[1] && !w[0].starts_with('0'));
            assert!(alike.is_none(), "{what}, {}: {labels:?}", drawing.name);
        }
    }
}

/// Returns the number of pixels of a line of text that are nearer to its ink than to what lies under the text.
fn inked(line: &Written, theme: Theme, scale: f64, (width, pixels): &(usize, Vec<[f64; 3]>)) -> usize {
    let (_, light, dark) = Ink::known(line.ink).unwrap();
    let hex = if theme == Theme::Dark { dark } else { light };
    let ink = [16, 8, 0].map(|shift| f64::from((hex >> shift) & 255));
    let at = |css: f64| (css * scale).max(0.0) as usize;
    let (columns, rows) = (at(line.room.left)..at(line.room.right), at(line.room.top)..at(line.room.bottom));
    let found: Vec<[f64; 3]> = rows
        .flat_map(|y| columns.clone().map(move |x| (x, y)))
        .filter_map(|(x, y)| pixels.get(y * width + x))
        .copied()
        .collect();
    let mut counts: BTreeMap<[u8; 3], usize> = BTreeMap::new();
    found.iter().for_each(|p| *counts.entry(p.map(|c| c as u8)).or_default() += 1);
    let under = counts.into_iter().max_by_key(|(_, count)| *count).map_or([0; 3], |(color, _)| color).map(f64::from);
    let far = |a: &[f64; 3], b: &[f64; 3]| -> f64 { a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum() };
    // What lies under it must not be of its own colour.
    if far(&ink, &under) < 3_000.0 {
        return 0;
    }
    found.iter().filter(|p| far(p, &ink) < far(p, &under)).count()
}

#[test]
fn text_is_seen_as_pixels_in_both_themes_and_sizes() {
    for drawing in CHARTS.iter().flat_map(|chart| of(*chart)) {
        for (theme, width) in [Theme::Light, Theme::Dark].into_iter().flat_map(|t| [(t, 640), (t, 1_280)]) {
            let png = frame::decoded(&drawing.png(theme, width).unwrap());
            assert_eq!(png.0, width as usize);
            let scale = f64::from(width) / 640.0;
            let lines = lines(&drawing);
            assert!(lines.len() > 5, "{} has {} lines", drawing.name, lines.len());
            for line in &lines {
                let letters = line.text.chars().filter(|c| c.is_alphanumeric()).count();
                let least = letters as f64 * 2.0 * scale;
                let count = inked(line, theme, scale, &png) as f64;
                assert!(count >= least, "{} {theme:?} {width}: `{}` has {count} pixels", drawing.name, line.text);
            }
        }
    }
}

/// Returns a strategy for figures as documents may hold them: zero, very small, ordinary, very large.
fn figure() -> impl Strategy<Value = f64> {
    prop_oneof![2 => Just(0.0), 1 => 1e-9..1e-3, 5 => 0.0..1_000.0, 2 => 1e3..1e9, 1 => 1e9..1e15]
}

/// Returns a strategy for documents whose every figure is replaced by an arbitrary one.
fn any_documents() -> impl Strategy<Value = Vec<Results>> {
    (proptest::collection::vec(figure(), 97), 1..60_usize, prop_oneof![Just(1.0), Just(30.0), Just(7_200.0)]).prop_map(
        |(figures, buckets, bucket_s)| {
            let mut at = 0;
            let mut next = || {
                at += 1;
                figures[at % figures.len()]
            };
            let mut documents = vec![
                results("Any", vec![courses::point(bucket_s, buckets)]),
                study::sweep(&[3, 2, 2]),
                study::sizing(),
                study::comparison(),
                study::doubt(),
            ];
            for results in &mut documents {
                fill(results, &mut next);
            }
            documents
        },
    )
}

fn fill(results: &mut Results, next: &mut impl FnMut() -> f64) {
    for point in &mut results.points {
        for e in point.metrics.values_mut() {
            (e.estimate, e.half_width) = (Some(next()), Some(next()));
        }
        for item in &mut point.bill {
            (item.usd, item.usd_per_month) = (Some(next()), Some(next()));
        }
        let Some(detail) = &mut point.detail else { continue };
        detail.timeline.series.values_mut().flatten().for_each(|v| *v = next());
        detail.limits.values_mut().for_each(|limit| limit.per_minute = next());
        for d in detail.distributions.values_mut() {
            d.values_ms.iter_mut().for_each(|v| *v = next());
            d.values_ms.sort_by(f64::total_cmp);
        }
    }
    for d in results.comparison.iter_mut().flat_map(|c| c.differences.values_mut()) {
        let (a, b) = (next(), next());
        (d.a, d.b, d.difference, d.half_width) = (Some(a), Some(b), Some(b - a), Some(next()));
    }
    for influence in results.doubt.iter_mut().flat_map(|d| &mut d.tornado) {
        let mut ends = [next(), next(), next()];
        ends.sort_by(f64::total_cmp);
        [influence.low, influence.base, influence.high] = ends;
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 12,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(2_026),
        ..ProptestConfig::default()
    })]

    #[test]
    fn whatever_the_figures_are_the_drawing_is_sound(documents in any_documents()) {
        for drawing in documents.iter().flat_map(drawn) {
            prop_assert!(roxmltree::Document::parse(&drawing.svg).is_ok(), "{}", drawing.name);
            let texts = lines(&drawing).into_iter().map(|line| line.text);
            for text in texts.chain([drawing.title.clone(), drawing.caption.clone()]) {
                let is_figure = |word: &str| word.contains("NaN") || word == "inf" || word == "-inf" || word == "?";
                prop_assert!(!text.split([' ', '(', ')', ',', ';']).any(is_figure), "{}: {text}", drawing.name);
            }
        }
    }
}

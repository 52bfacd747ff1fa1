//! Plays scenarios that a test wrote down.

use std::path::Path;

use bedload::experiment::{self, Unwatched};
use bedload::results::{Point, Results, Scenario};
use bedload::scenario::load_text;

/// Loads a scenario's text, or shows what is wrong with it.
pub fn model(text: &str) -> bedload::model::Model {
    match load_text("test.toml", text, Path::new("."), &[]) {
        Ok(loaded) => loaded.model,
        Err(refused) => {
            panic!("{}", bedload::cli::render::render(&refused.sources, &refused.findings, false))
        }
    }
}

/// The results of a scenario's text, on as many threads.
pub fn results_on(threads: usize, text: &str) -> Results {
    let scenario =
        Scenario { title: String::new(), file: "test.toml".to_owned(), sha256: String::new(), overrides: Vec::new() };
    let model = model(text);
    experiment::on_threads(threads, || experiment::run(&model, scenario, &Unwatched)).expect("threads start").results
}

/// The only point of a scenario's text.
pub fn play(text: &str) -> Point {
    results_on(2, text).points.remove(0)
}

/// A metric that must be known.
#[track_caller]
pub fn value(point: &Point, name: &str) -> f64 {
    let estimate = point.metrics.get(name).unwrap_or_else(|| panic!("`{name}` is not measured"));
    estimate.estimate.unwrap_or_else(|| panic!("`{name}` is not known"))
}

/// The truth lies in the interval of the metric, which is not so wide that it says nothing.
#[track_caller]
pub fn agrees(point: &Point, name: &str, truth: f64) {
    let estimate = value(point, name);
    let half = point.metrics[name].half_width.unwrap_or_else(|| panic!("`{name}` has no interval"));
    assert!((estimate - truth).abs() <= half, "{name}: {estimate} ± {half} for {truth}");
    assert!(half <= 0.1 * truth.abs(), "{name}: ± {half} says nothing about {truth}");
}

//! The cost of a run as it grows: with traffic, with its horizon and with the points of a sweep, which should be
//! straight lines; and the cost that each further workload, capacity, attempt and request in flight adds.
//!
//! `cargo bench --bench growth` prints a table, one thread, the least of three rounds; `-- docs/images/growth.png` draws
//! the lines too.

use std::fmt::Write as _;
use std::path::Path;
use std::time::Instant;

use bedload::experiment::{self, Depth, Scores, Unwatched};
use bedload::model::Model;
use bedload::scenario::load_text;
use plotters::prelude::*;

const ROUNDS: usize = 3;

/// The load that is varied: usually a thousand requests a second for 200 s.
#[derive(Clone)]
struct Load {
    seconds: u64,
    per_second: u64,
    workloads: u64,
    capacities: u64,
    /// The time to the first token \[ms\]; requests in flight are in proportion.
    service: u64,
    /// The room in the last capacity's quota, as a share of the traffic \[%\].
    room: u64,
}

const USUAL: Load = Load { seconds: 200, per_second: 1_000, workloads: 1, capacities: 1, service: 4_000, room: 200 };

impl Load {
    fn model(&self) -> Model {
        let names: Vec<String> = (1..=self.capacities).map(|k| format!("c{k}")).collect();
        let mut text = format!(
            "[run]\nduration = \"{}s\"\nwarmup = \"0s\"\nreplications = 1\n[models.m]\nmax_output_tokens = 1000\n\
             time_to_first_token.lognormal = {{ median = \"{}ms\", p95 = \"{}ms\" }}\noutput_tokens_per_second = 1000\n",
            self.seconds,
            self.service,
            2 * self.service,
        );
        for k in 1..=self.workloads {
            let rate = self.per_second as f64 / self.workloads as f64;
            let _ = write!(
                text,
                "[workloads.w{k}]\nmodel = \"m\"\narrivals.poisson.rate = \"{rate}/s\"\n\
                 input_tokens.lognormal = {{ median = 900, p95 = 4000 }}\n\
                 output_tokens.lognormal = {{ median = 250, p95 = 900 }}\nmax_tokens = 1000\n\
                 client.retries.exponential = {{ max_attempts = 3, base = \"1s\", cap = \"20s\" }}\nroute = {names:?}\n"
            );
        }
        for (k, name) in (1..).zip(&names) {
            let share = if k == self.capacities { self.room } else { 1 };
            let (rpm, tpm) = (60 * self.per_second * share / 100, 60 * self.per_second * share * 24);
            let _ = write!(text, "[capacities.{name}.on_demand]\nrpm = {rpm}\ntpm = {tpm}\n");
        }
        load_text("growth.toml", &text, Path::new("."), &[]).unwrap_or_else(|_| panic!("no scenario:\n{text}")).model
    }
}

/// Seconds and requests of so many design points alike, on one thread.
fn play(model: &Model, points: u64) -> (f64, u64) {
    let once = || {
        let (start, scores) = (Instant::now(), Scores::default());
        let one = |_| experiment::play_along(model, Depth::Figures, &Unwatched, &scores).effort.requests;
        let requests = (0..points).map(one).sum();
        (start.elapsed().as_secs_f64(), requests)
    };
    let rounds = (0..ROUNDS).map(|_| once());
    rounds.min_by(|a, b| a.0.total_cmp(&b.0)).expect("there are rounds")
}

/// One varied thing: its name, and seconds and requests by its value.
struct Line {
    name: &'static str,
    unit: &'static str,
    points: Vec<(u64, f64, u64)>,
}

fn line(name: &'static str, unit: &'static str, values: &[u64], load: impl Fn(u64) -> (Load, u64)) -> Line {
    let measured = values.iter().map(|value| {
        let (load, points) = load(*value);
        let (seconds, requests) = play(&load.model(), points);
        println!(
            "{name:<22} {value:>7} {unit:<12} {seconds:>8.3} s {:>7.1} ns a request",
            seconds * 1e9 / requests as f64
        );
        (*value, seconds, requests)
    });
    Line { name, unit, points: measured.collect() }
}

/// The lines side by side, each from zero.
fn draw(lines: &[Line], file: &str) -> Result<(), Box<dyn std::error::Error>> {
    let font = include_bytes!("../assets/DejaVuSans.ttf");
    plotters::style::register_font("sans-serif", FontStyle::Normal, font).map_err(|_| "the font cannot be read")?;
    let mut svg = String::new();
    {
        let sheet = SVGBackend::with_string(&mut svg, (1_280, 420)).into_drawing_area();
        sheet.fill(&WHITE)?;
        for (area, line) in sheet.split_evenly((1, lines.len())).iter().zip(lines) {
            let (last, most) = line.points.iter().fold((0, 0.0_f64), |m, p| (m.0.max(p.0), m.1.max(p.1)));
            let mut chart = ChartBuilder::on(area)
                .caption(format!("Seconds by {}", line.name), ("sans-serif", 22))
                .margin(16)
                .x_label_area_size(48)
                .y_label_area_size(56)
                .build_cartesian_2d(0..last * 21 / 20, 0.0..most * 1.1)?;
            chart
                .configure_mesh()
                .x_desc(line.unit)
                .x_labels(5)
                .y_labels(5)
                .max_light_lines(0)
                .label_style(("sans-serif", 16))
                .draw()?;
            let points = || line.points.iter().map(|(value, seconds, _)| (*value, *seconds));
            // Straight from zero through the last.
            chart.draw_series(LineSeries::new(
                [(0, 0.0), (last, points().next_back().unwrap_or_default().1)],
                &BLACK.mix(0.4),
            ))?;
            chart.draw_series(points().map(|at| Circle::new(at, 4, BLUE.filled())))?;
        }
        sheet.present()?;
    }
    std::fs::write(file, svg)?;
    Ok(())
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // Cargo passes options of its own.
    let file = std::env::args().skip(1).find(|arg| !arg.starts_with('-'));
    let lines = [
        line("traffic", "requests/s", &[250, 500, 1_000, 2_000, 4_000], |v| (Load { per_second: v, ..USUAL }, 1)),
        line("horizon", "s", &[100, 200, 400, 800, 1_600], |v| (Load { seconds: v, ..USUAL }, 1)),
        line("points of a sweep", "points", &[8, 16, 32, 64, 128], |v| (Load { seconds: 60, ..USUAL }, v)),
    ];
    line("workloads", "workloads", &[1, 2, 4, 8, 16, 256, 4_096], |v| (Load { workloads: v, ..USUAL }, 1));
    line("capacities of a route", "capacities", &[1, 2, 4, 8], |v| (Load { capacities: v, ..USUAL }, 1));
    line("in flight", "requests", &[400, 4_000, 40_000], |v| (Load { service: v, ..USUAL }, 1));
    line("room", "% of traffic", &[200, 100, 80, 60], |v| (Load { room: v, ..USUAL }, 1));
    match file {
        Some(file) => draw(&lines, &file),
        None => Ok(()),
    }
}

//! Token counts that are drawn from a column of a file.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;

use bedload::model::workload::tokens::TokensOf;
use bedload::random::{Law, Purpose, Shape, Stream};
use bedload::scenario::{describe, load_text};
use flate2::Compression;
use flate2::write::GzEncoder;

fn stream() -> Stream {
    Stream::new(17, 0, Purpose::Input, "columns")
}

/// A scenario whose input is this law and whose output is drawn from `answers`.
fn scenario(input: &str) -> String {
    format!(
        r#"[run]
duration = "10m"
warmup = "0s"

[models.own]
max_output_tokens = 4_096
time_to_first_token = "400ms"
output_tokens_per_second = 60

[workloads.chat]
model = "own"
arrivals.poisson = {{ rate = "60/min" }}
input_tokens = {input}
output_tokens.empirical = {{ file = "lengths.csv", column = "answers" }}

[capacities.us.on_demand]
"#
    )
}

fn laws(folder: &Path, input: &str) -> (Law, Law) {
    let loaded = load_text("chat.toml", &scenario(input), folder, &[]).expect("it loads");
    let TokensOf::Laws { input, output, .. } = loaded.model.workloads[0].tokens.of.clone() else { panic!("laws") };
    (input, output)
}

/// Lengths with a long tail, as whole numbers: the k-th of a thousand is about 200 e^(2.5 k / 1000), in no order.
fn lengths() -> Vec<u32> {
    let mut grown = 200.0_f64;
    let mut sorted: Vec<u32> = Vec::new();
    for _ in 0..1_000 {
        sorted.push(grown as u32);
        grown *= 1.002_503_127_6;
    }
    (0..1_000).map(|i| sorted[i * 389 % 1_000]).collect()
}

fn table(lengths: &[u32]) -> String {
    let mut text = "prompts,answers\n".to_owned();
    for n in lengths {
        writeln!(text, "{n},{}", n / 4).unwrap();
    }
    text
}

const PROMPTS: &str = "{ empirical = { file = \"lengths.csv\", column = \"prompts\" } }";

#[test]
fn draws_have_the_moments_and_the_quantiles_of_the_column() {
    const DRAWS: usize = 200_000;
    let folder = tempfile::tempdir().unwrap();
    let lengths = lengths();
    std::fs::write(folder.path().join("lengths.csv"), table(&lengths)).unwrap();
    let (law, _) = laws(folder.path(), PROMPTS);
    let mut draws = vec![0.0; DRAWS];
    law.fill(stream(), 0, &mut draws);

    let moments = |x: &[f64]| {
        let mean = x.iter().sum::<f64>() / x.len() as f64;
        (mean, x.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / x.len() as f64)
    };
    let column: Vec<f64> = lengths.iter().map(|n| f64::from(*n)).collect();
    let ((mean, variance), (of_draws, variance_of_draws)) = (moments(&column), moments(&draws));
    let error = 3.29 * (variance / DRAWS as f64).sqrt();
    assert!((mean - of_draws).abs() < error, "{of_draws} for {mean}");
    assert!((variance_of_draws / variance - 1.0).abs() < 0.02, "{variance_of_draws} for {variance}");

    draws.sort_by(f64::total_cmp);
    let mut sorted = lengths;
    sorted.sort_unstable();
    for share in [0.01, 0.1, 0.5, 0.9, 0.99] {
        let drawn = draws[(share * DRAWS as f64) as usize];
        let (below, up_to) =
            (sorted.partition_point(|n| f64::from(*n) < drawn), sorted.partition_point(|n| f64::from(*n) <= drawn));
        let error = 3.29 * (share * (1.0 - share) / DRAWS as f64).sqrt();
        let ranks = below as f64 / 1_000.0 - error..=up_to as f64 / 1_000.0 + error;
        assert!(ranks.contains(&share), "{share}: {drawn} is at {ranks:?}");
    }
    assert_eq!((draws[0], draws[DRAWS - 1]), (f64::from(sorted[0]), f64::from(sorted[999])));
}

#[test]
fn a_column_draws_as_its_values_written_out() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("lengths.csv"), "prompts,answers\n30,1\n10,1\n30,2\n7,9\n").unwrap();
    let (column, answers) = laws(folder.path(), PROMPTS);
    let (written, _) = laws(folder.path(), "{ empirical = { values = [10, 7, 30], weights = [1, 1, 2] } }");
    assert_eq!(column, written);
    let (each, _) = laws(folder.path(), "{ empirical = { values = [30, 10, 30, 7], max = 20 } }");
    let (clamped, _) = laws(folder.path(), &PROMPTS.replace("\"prompts\"", "\"prompts\", max = 20"));
    assert!((0..1_000).all(|i| each.at(stream(), i) == clamped.at(stream(), i)));
    assert_eq!(answers.shape, Shape::Empirical { values: vec![1.0, 2.0, 9.0], cumulative: vec![0.5, 0.75, 1.0] });
}

#[test]
fn a_packed_column_is_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("lengths.csv");
    let text = table(&lengths());
    std::fs::write(&path, &text).unwrap();
    let plain = laws(folder.path(), PROMPTS);
    let mut packed = GzEncoder::new(std::fs::File::create(&path).unwrap(), Compression::default());
    packed.write_all(text.as_bytes()).unwrap();
    packed.finish().unwrap();
    assert_eq!(laws(folder.path(), PROMPTS), plain);
}

/// Columns are read in steps and in parts of mixtures too; and `validate` shows what was found.
#[test]
fn a_column_stands_wherever_tokens_are_counted() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("lengths.csv"), "prompts,answers\n30,1\n10,1\n30,2\n7,9\n").unwrap();
    let mixed = format!("{{ mixture = {{ parts = [{{ weight = 1, of = {PROMPTS} }}, {{ weight = 3, of = 40 }}] }} }}");
    let step = format!("steps = [{{ model = \"own\", input_tokens = {PROMPTS}, route = \"us\" }}]\n[capacities");
    let text = scenario(&mixed).replace("[capacities", &step);
    let model = load_text("chat.toml", &text, folder.path(), &[]).expect("it loads").model;
    let words = describe(&model);
    assert!(words.contains("25 % one of 3 values, mean 19.25; 75 % 40"), "{words}");
    assert!(words.contains("one of 3 values, mean 3.25"), "{words}");
}

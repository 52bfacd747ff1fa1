//! Recorded traces, replayed: scaled, repeated, cut, labelled, cached.

use std::path::Path;

use bedload::model::Model;
use bedload::scenario::load_text;
use bedload::traffic::Tape;

/// The model of a workload that replays a file.
fn replay(folder: &Path, trace: &str, more: &str) -> Model {
    let text = format!(
        r#"
        run = {{ duration = "1000s", warmup = "0s", cooldown = "0s" }}
        models.m = {{ max_output_tokens = 4096, time_to_first_token = "1ms", output_tokens_per_second = 1000 }}
        capacities.c.on_demand = {{}}
        [workloads.w]
        model = "m"
        arrivals.trace = {{ file = "trace.csv", {trace} }}
        {more}"#
    );
    match load_text("test.toml", &text, folder, &[]) {
        Ok(loaded) => loaded.model,
        Err(refused) => panic!("{}", bedload::cli::render::render(&refused.sources, &refused.findings, false)),
    }
}

fn folder(text: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("trace.csv"), text).unwrap();
    folder
}

/// Arrival \[µs\] and input of every request.
fn requests(model: &Model, replication: u64) -> Vec<(u64, u32)> {
    let (mut out, mut tape) = (Vec::new(), Tape::new(model, replication));
    while let Some(stretch) = tape.next_stretch() {
        let block = stretch.block;
        out.extend(stretch.rows.map(|i| (block.arrival[i], block.input[i])));
    }
    assert!(out.is_sorted_by_key(|r| r.0));
    out
}

/// `n` rows, a second apart, whose inputs are 1, 2, 3 …
fn clockwork(n: u32) -> String {
    let rows: String = (0..n).map(|i| format!("{i},{},1\n", i + 1)).collect();
    format!("arrival_s,input_tokens,output_tokens\n{rows}")
}

#[test]
fn each_row_comes_as_often_as_the_scale_says_and_its_first_copy_at_its_time() {
    let folder = folder(&clockwork(900));
    for scale in [0.3, 1.0, 2.5] {
        let scaled = replay(folder.path(), &format!("rate_scale = {scale}"), "");
        let (mut all, replications) = (0, 20);
        for replication in 0..replications {
            let rows = requests(&scaled, replication);
            all += rows.len();
            let mut copies = vec![Vec::new(); 900];
            rows.iter().for_each(|(at, input)| copies[*input as usize - 1].push(*at));
            for (i, copies) in copies.iter().enumerate() {
                let least = scale as usize;
                assert!((least..=least + 1).contains(&copies.len()), "{} copies at {scale}", copies.len());
                if let Some(first) = copies.first() {
                    assert_eq!(*first, i as u64 * 1_000_000);
                    assert!(copies.iter().all(|at| at - first <= 500_000));
                }
            }
        }
        // The fraction is a coin for each row.
        let (n, rest) = (f64::from(900 * replications as u32), scale % 1.0);
        let off = (all as f64 - scale * n).abs();
        assert!(off <= 3.29 * (n * rest * (1.0 - rest)).sqrt(), "{scale}: {all} of {}", scale * n);
    }
}

#[test]
fn scales_multiply() {
    let folder = folder(&clockwork(100));
    let all = replay(folder.path(), "rate_scale = 4", "scale = 0.5\nextra_input_tokens = 7");
    let rows = requests(&all, 0);
    assert_eq!(rows.len(), 200);
    assert_eq!(rows[0], (0, 8));
}

#[test]
fn a_repeated_trace_begins_again_a_mean_gap_after_its_last_row() {
    let folder = folder(&clockwork(100));
    let rows = requests(&replay(folder.path(), "repeat = true", ""), 0);
    assert_eq!(rows.len(), 1_000);
    assert!(rows.iter().enumerate().all(|(i, row)| *row == (i as u64 * 1_000_000, i as u32 % 100 + 1)));
    // A repetition draws its copies anew.
    let thinned = requests(&replay(folder.path(), "repeat = true, rate_scale = 0.5", ""), 0);
    let inputs = |pass: u64| {
        let of = |r: &&(u64, u32)| r.0 / 100_000_000 == pass;
        thinned.iter().filter(of).map(|r| r.1).collect::<Vec<_>>()
    };
    assert_ne!(inputs(0), inputs(1));
}

#[test]
fn workloads_that_share_a_file_by_labels_stay_together_when_it_repeats() {
    let text = "arrival_s,input_tokens,output_tokens,team\n0,1,1,a\n3,2,1,b\n8,3,1,a\n9,4,1,b\n";
    let folder = folder(text);
    let rows = |team: &str| {
        let trace = format!("repeat = true, only = {{ label = \"team\", is = \"{team}\" }}");
        requests(&replay(folder.path(), &trace, ""), 0).into_iter().take(4).collect::<Vec<_>>()
    };
    // Nine seconds and a mean gap of three.
    assert_eq!(rows("a"), [(0, 1), (8_000_000, 3), (12_000_000, 1), (20_000_000, 3)]);
    assert_eq!(rows("b"), [(3_000_000, 2), (9_000_000, 4), (15_000_000, 2), (21_000_000, 4)]);
}

#[test]
fn what_the_cache_did_is_replayed() {
    let text =
        "arrival_s,input_tokens,output_tokens,cache_read_tokens,cache_write_tokens\n0,100,10,60,15\n1,50,10,0,0\n";
    let folder = folder(text);
    let model = replay(folder.path(), "", "");
    let told = play(&model);
    for (name, value) in
        [("uncached_input_tokens", 75.0), ("cache_read_tokens", 60.0), ("cache_write_tokens", 15.0), ("served", 2.0)]
    {
        assert_eq!(told.metrics[name].estimate, Some(value), "{name}");
    }
}

fn play(model: &Model) -> bedload::results::Point {
    let scenario = bedload::results::Scenario {
        title: String::new(),
        file: String::new(),
        sha256: String::new(),
        overrides: Vec::new(),
    };
    bedload::experiment::run(model, scenario, &bedload::experiment::Unwatched).results.points.remove(0)
}

#[test]
fn blocks_are_read_where_they_are_live() {
    // 1,100 tokens are blocks of 512, 512 and 76. The second prompt shares two of them, while they live: 5 minutes from
    // the last use. The third comes after that, and the fourth reads what the third wrote.
    let line = |ms: u32, blocks: &str| {
        format!("{{\"timestamp\": {ms}, \"input_length\": 1100, \"output_length\": 5, \"hash_ids\": [{blocks}]}}\n")
    };
    let text =
        [line(0, "0, 1, 2"), line(10_000, "0, 1, 3"), line(400_000, "0, 1, 2"), line(401_000, "0, 1, 2")].concat();
    let folder = folder(&text);
    let told = play(&replay(folder.path(), "", ""));
    let read = 1_024.0 + 1_100.0;
    for (name, value) in [
        ("cache_read_tokens", read),
        ("cache_write_tokens", 4.0 * 1_100.0 - read),
        ("uncached_input_tokens", 0.0),
        ("served", 4.0),
    ] {
        assert_eq!(told.metrics[name].estimate, Some(value), "{name}");
    }
    // With a longer life the third reads all that the first wrote.
    let told = play(&replay(folder.path(), "", "cache = { ttl = \"30m\" }"));
    assert_eq!(told.metrics["cache_read_tokens"].estimate, Some(read + 1_100.0));
}

#[test]
fn a_prompt_without_blocks_is_neither_read_nor_written() {
    let text = "{\"timestamp\": 0, \"input_length\": 600, \"output_length\": 5, \"hash_ids\": [1, 2]}\n{\"timestamp\": 9000, \"input_length\": 1000, \"output_length\": 5}\n";
    let folder = folder(text);
    let told = play(&replay(folder.path(), "", ""));
    for (name, value) in [("uncached_input_tokens", 1_000.0), ("cache_write_tokens", 600.0), ("cache_read_tokens", 0.0)]
    {
        assert_eq!(told.metrics[name].estimate, Some(value), "{name}");
    }
}

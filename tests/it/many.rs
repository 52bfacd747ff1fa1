//! Scenarios of many workloads, of which each sends little: what they take is in proportion to what happens.

use std::fmt::Write;
use std::process::Command;

use bedload::results::Point;

use crate::playing::play;

/// Returns so many workloads of a request a minute, at one capacity without limits.
fn crowd(workloads: usize, duration: &str) -> String {
    let mut text = format!(
        "run = {{ duration = \"{duration}\", warmup = \"1m\", replications = 1, seed = 3 }}\n[models.m]\n\
         max_output_tokens = 4096\ntime_to_first_token.lognormal = {{ median = \"400ms\", p95 = \"900ms\" }}\n\
         output_tokens_per_second = 80\nprices = {{ input = \"$1/1M\", output = \"$4/1M\" }}\n\
         [capacities.c.on_demand]\nrpm = \"none\"\ntpm = \"none\"\ntpd = \"none\"\n"
    );
    for i in 0..workloads {
        let _ = write!(
            text,
            "[workloads.w{i}]\nmodel = \"m\"\narrivals.poisson.rate = \"1/min\"\nroute = [\"c\"]\n\
             input_tokens.lognormal = {{ median = 900, p95 = 4000 }}\n\
             output_tokens.lognormal = {{ median = 200, p95 = 700 }}\nmax_tokens = 1024\n"
        );
    }
    text
}

#[test]
#[cfg(target_os = "linux")]
fn a_thousand_workloads_run_in_160_mib_of_address_space() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("many.toml"), crowd(1_000, "1h")).unwrap();
    // A process that asks for more is aborted. Threads that share one arena reserve none of their own.
    let limited = "ulimit -v 163840; exec \"$0\" \"$@\"";
    let mut command = Command::new("sh");
    command.args(["-c", limited, env!("CARGO_BIN_EXE_bedload"), "run", "many.toml", "--no-charts", "--quiet"]);
    command.args(["--threads", "1", "--out", "out"]).env("MALLOC_ARENA_MAX", "1").env("RUST_BACKTRACE", "0");
    let output = command.current_dir(folder.path()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{:?}: {said}", output.status);
    let written = std::fs::read_to_string(folder.path().join("out/results.json")).unwrap();
    assert!(written.contains("\"workloads.w999.requests\""));
}

/// Returns the names of the series and distributions of single workloads in a point's detail.
fn of_workloads(point: &Point) -> Vec<String> {
    let detail = point.detail.as_ref().expect("a run has its detail");
    let names = detail.timeline.series.keys().chain(detail.distributions.keys());
    names.filter(|name| name.starts_with("workloads.")).cloned().collect()
}

#[test]
fn more_workloads_than_are_drawn_have_metrics_and_no_course_of_their_own() {
    let [few, many] = [256, 257].map(|workloads| play(&crowd(workloads, "4m")));
    assert_eq!(of_workloads(&few).len(), 256 * 8, "four series and four distributions of each");
    assert_eq!(of_workloads(&many), Vec::<String>::new());
    let all = |point: &Point| (0..).map_while(|i| point.value(&format!("workloads.w{i}.requests"))).collect::<Vec<_>>();
    assert_eq!([all(&few).len(), all(&many).len()], [256, 257]);
    for (point, stem) in [(&few, "few"), (&many, "many")] {
        let requests = point.value("requests").unwrap();
        assert_eq!(all(point).iter().sum::<f64>(), requests, "{stem}");
        let detail = point.detail.as_ref().unwrap();
        let per_minute = &detail.timeline.series["total.arrivals_per_min"];
        let arrived = per_minute.iter().sum::<f64>() * detail.timeline.bucket_s / 60.0;
        assert!((arrived - requests).abs() < 1e-6 * requests, "{stem}: {arrived} of {requests}");
        assert_eq!(detail.distributions["e2e"].count as f64, point.value("served").unwrap(), "{stem}");
    }
    // A workload's traffic does not depend on how many others there are.
    assert_eq!(all(&many)[..256], all(&few)[..]);
}

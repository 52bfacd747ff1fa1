//! The estimates of time and memory before a run begins, compared with what the run takes.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use bedload::experiment::{estimate, most_reruns};
use bedload::scenario::Source;

const HEAD: &str = concat!(
    "\n",
    include_str!("model.toml"),
    r#"input_tokens = 1000
output_tokens = 100
max_tokens = 512
"#
);
const NO_LIMITS: &str = "[capacities.us.on_demand]\nrpm = \"none\"\ntpm = \"none\"\ntpd = \"none\"\n";
/// A limit that remembers each admission of a day.
const ROLLING: &str =
    "[capacities.us.on_demand]\nrpm = \"none\"\ntpm = \"none\"\ntpd = 900_000_000_000\ntpd_reset = \"rolling\"\n";
const LIMITS: &str = "[capacities.us.on_demand]\nrpm = 600\ntpm = 1_000_000\ntpd = \"none\"\n";

fn scenario(duration: &str, arrivals: &str, rest: &str) -> String {
    format!(
        "run = {{ duration = \"{duration}\", warmup = \"0s\", cooldown = \"10s\", replications = 1 }}\n{HEAD}{arrivals}\n{rest}"
    )
}

/// Returns workloads with a request now and then.
fn crowd(workloads: u32) -> String {
    let one = |i| {
        format!(
            "[workloads.w{i}]\nmodel = \"m\"\narrivals.poisson = {{ rate = \"1/min\" }}\ninput_tokens = 1000\noutput_tokens = 100\n"
        )
    };
    (0..workloads).map(one).collect()
}

/// The kinds of growth, each shortened until it ends within seconds.
fn cases() -> Vec<(&'static str, String)> {
    let queue = "[capacities.us.on_demand]\nconcurrency = 10\non_saturation = \"queue\"\nmax_queue = 4_000_000_000\nrpm = \"none\"\ntpm = \"none\"\ntpd = \"none\"\n";
    let poisson = |rate: &str| format!("arrivals.poisson = {{ rate = \"{rate}\" }}");
    let storm = "client.retries.exponential = { max_attempts = 50, base = \"1s\", cap = \"1h\" }";
    let users = "arrivals.users = { count = 100_000, think_time = \"1us\" }";
    vec![
        ("users", scenario("100us", users, LIMITS).replace("\"10s\"", "\"0s\"")),
        ("rate", scenario("30s", &poisson("1_000_000/s"), NO_LIMITS)),
        ("horizon", scenario("20d", &poisson("100/s"), NO_LIMITS)),
        ("workloads", scenario("10m", &poisson("600/min"), &(NO_LIMITS.to_owned() + &crowd(3_000)))),
        ("storm", scenario("2m", &format!("{}\n{storm}", poisson("5_000/s")), LIMITS)),
        ("little traffic", scenario("10_900d", &poisson("1/d"), NO_LIMITS)),
        ("crowd with little traffic", scenario("9d", &poisson("1/h"), &(NO_LIMITS.to_owned() + &crowd(100)))),
        ("queue", scenario("100s", &poisson("100_000/s"), queue)),
        ("rolling", scenario("10m", &poisson("20_000/s"), ROLLING)),
    ]
}

/// Runs a scenario on one thread, with the search for a decision or without it; returns the time that the processor spent on
/// it \[s\], which other programs do not lengthen as they do the time on the clock, and the most memory that it held \[bytes\].
fn taken(file: &Path, out: &Path, is_decided: bool) -> (f64, f64) {
    /// The ticks of the processor's time in a second, on Linux everywhere.
    const TICKS: f64 = 100.0;
    let mut child = Command::new(env!("CARGO_BIN_EXE_bedload"))
        .args(["run", "--quiet", "--no-charts", "--no-doubt", "--threads", "1", "--yes", "--out"])
        .args([out, file])
        .args((!is_decided).then_some("--no-decision"))
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let [status, times] = ["status", "stat"].map(|name| format!("/proc/{}/{name}", child.id()));
    let (mut most, mut seconds) = (0.0, 0.0);
    while child.try_wait().unwrap().is_none() {
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        let peak = text.lines().find_map(|line| line.strip_prefix("VmHWM:")?.strip_suffix("kB")?.trim().parse().ok());
        most = f64::max(most, peak.unwrap_or(0.0) * 1024.0);
        // After the name, which stands in brackets: the times of the program and of the system for it are the 12th and the 13th.
        let text = std::fs::read_to_string(&times).unwrap_or_default();
        let fields = text.rsplit_once(')').map_or("", |(_, fields)| fields).split_whitespace();
        let ticks: f64 = fields.skip(11).take(2).filter_map(|ticks| ticks.parse::<f64>().ok()).sum();
        seconds = f64::max(seconds, ticks / TICKS);
        std::thread::sleep(Duration::from_millis(5));
    }
    (seconds, most)
}

#[test]
#[ignore = "slow: half a minute of large runs"]
#[cfg(target_os = "linux")]
fn the_estimate_of_a_large_run_is_within_a_factor_of_two() {
    let folder = tempfile::tempdir().unwrap();
    let mut wrong = String::new();
    for (name, text) in cases() {
        let file = folder.path().join(format!("{name}.toml"));
        std::fs::write(&file, text).unwrap();
        let loaded = Source::open(&file, &[]).ok().and_then(|source| source.load(&[]).ok()).unwrap();
        // A busy machine is looked at three times.
        let mut line = String::new();
        let is_right = (0..3).any(|_| {
            let need = estimate(&loaded.model, 1.0);
            let (seconds, bytes) = taken(&file, &folder.path().join(name), false);
            let said = need.bytes + need.kept_bytes;
            line = format!(
                "{name}: said {:.1} s and {:.0} MB, took {seconds:.1} s and {:.0} MB\n",
                need.seconds,
                said / 1e6,
                bytes / 1e6
            );
            print!("{line}");
            // A program that does nothing holds 20 MB.
            (0.5..=2.0).contains(&(need.seconds / seconds)) && said + 20e6 >= bytes / 2.0
        });
        if !is_right {
            wrong += &line;
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
#[ignore = "slow: ten seconds of large runs"]
#[cfg(target_os = "linux")]
fn a_search_for_a_decision_takes_no_more_than_twice_what_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let [file, out] = ["queue.toml", "out"].map(|name| folder.path().join(name));
    let goal = "[[expect]]\nmetric = \"throttle_rate\"\nat_most = \"5%\"\n";
    let (_, queue) = cases().into_iter().find(|(name, _)| *name == "queue").unwrap();
    std::fs::write(&file, format!("{}{goal}", queue.replace("100_000/s", "20_000/s"))).unwrap();
    let loaded = Source::open(&file, &[]).ok().and_then(|source| source.load(&[]).ok()).unwrap();
    let mut line = String::new();
    let is_right = (0..3).any(|_| {
        let need = estimate(&loaded.model, 1.0);
        let reruns = most_reruns(&loaded.model);
        let most = need.seconds * (1.0 + reruns.single + reruns.whole);
        let [(alone, _), (seconds, _)] = [false, true].map(|is_decided| taken(&file, &out, is_decided));
        line = format!("said {:.1} s and up to {most:.1} s with the search, took {seconds:.1} s", need.seconds);
        println!("{line}");
        seconds > alone && seconds < 2.0 * most
    });
    assert!(is_right, "{line}");
}

/// Returns what `validate` says on stderr.
fn said(folder: &Path, text: &str) -> String {
    let file = folder.join("said.toml");
    std::fs::write(&file, text).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_bedload")).args(["validate", "-q"]).arg(&file).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "nothing begins, so nothing is refused");
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn long_runs_with_little_traffic_hear_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (many, few) = (
        scenario("720d", "arrivals.poisson = { rate = \"1/min\" }", NO_LIMITS),
        scenario("720d", "arrivals.poisson = { rate = \"1/d\" }", NO_LIMITS),
    );
    for text in [many, few] {
        assert_eq!(said(folder.path(), &text.replace("replications = 1", "replications = 10")), "");
    }
}

#[test]
fn a_sweep_of_many_small_points_is_announced() {
    let folder = tempfile::tempdir().unwrap();
    let sweep = |rate: &str| {
        let points = "[sweep]\n\"run.seed\" = { from = 1, to = 10_000, step = 1 }\n";
        let arrivals = format!("arrivals.poisson = {{ rate = \"{rate}\" }}");
        scenario("6s", &arrivals, &format!("{NO_LIMITS}{points}")).replace("\"10s\"", "\"0s\"")
    };
    let large = said(folder.path(), &sweep("1_000_000/s"));
    assert!(
        large.contains("simulating about 60 G requests") || large.contains("simulating about 59.9 G requests"),
        "{large}"
    );
    assert_eq!(said(folder.path(), &sweep("10/s")), "");
}

#[test]
fn a_run_says_how_long_the_search_for_a_decision_may_take() {
    let folder = tempfile::tempdir().unwrap();
    let text = scenario("720d", "arrivals.poisson = { rate = \"100/s\" }", LIMITS);
    let told = said(folder.path(), &text);
    assert!(told.contains(" more where the load is not carried") && told.contains("--no-decision"), "{told}");
    let swept = format!("{text}[sweep]\n\"run.seed\" = [1, 2]\n");
    let told = said(folder.path(), &swept);
    assert!(told.contains("simulating about") && !told.contains("load is not carried"), "{told}");
}

#[test]
fn a_small_run_hears_nothing_and_a_large_one_its_time_and_memory() {
    let folder = tempfile::tempdir().unwrap();
    let poisson = |rate: &str| format!("arrivals.poisson = {{ rate = \"{rate}\" }}");
    assert_eq!(said(folder.path(), &scenario("10m", &poisson("10/s"), LIMITS)), "");
    let long = said(folder.path(), &scenario("720d", &poisson("100/s"), NO_LIMITS));
    assert!(long.contains("simulating about 6.2"), "{long}");
    let users = "arrivals.users = { count = 100_000, think_time = \"1us\" }";
    let endless = said(folder.path(), &scenario("10m", users, LIMITS));
    assert!(endless.contains("days"), "{endless}");
}

#[test]
fn what_this_machine_cannot_hold_is_refused_before_it_begins() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("large.toml");
    // Three thousand records of each replication, in ten thousand replications: 180 GB.
    let text = scenario("10m", "arrivals.poisson = { rate = \"1/min\" }", &(NO_LIMITS.to_owned() + &crowd(3_000)));
    std::fs::write(&file, text.replace("replications = 1", "replications = 10_000")).unwrap();
    let out = folder.path().join("out");
    let run =
        Command::new(env!("CARGO_BIN_EXE_bedload")).arg("run").arg(&file).arg("--out").arg(&out).output().unwrap();
    let said = String::from_utf8(run.stderr).unwrap();
    assert_eq!(run.status.code(), Some(2), "{said}");
    assert!(said.contains("of memory, and this machine has ") && said.contains("--yes"), "{said}");
    assert!(!out.join("results.json").exists());
}

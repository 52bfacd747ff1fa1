//! The estimates of time and memory before a run begins, compared with what the run takes.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use bedload::experiment::estimate;
use bedload::scenario::Source;

const HEAD: &str = r#"
[models.m]
max_output_tokens = 4096
time_to_first_token = "300ms"
output_tokens_per_second = 100
[workloads.chat]
model = "m"
input_tokens = 1000
output_tokens = 100
max_tokens = 512
"#;
const NO_LIMITS: &str = "[capacities.us.on_demand]\nrpm = \"none\"\ntpm = \"none\"\ntpd = \"none\"\n";
const LIMITS: &str = "[capacities.us.on_demand]\nrpm = 600\ntpm = 1_000_000\ntpd = \"none\"\n";

fn scenario(duration: &str, arrivals: &str, rest: &str) -> String {
    format!(
        "run = {{ duration = \"{duration}\", warmup = \"0s\", cooldown = \"10s\", replications = 1 }}\n{HEAD}{arrivals}\n{rest}"
    )
}

/// Ten thousand workloads, of which most have a request now and then.
fn crowd() -> String {
    let one = |i| {
        format!(
            "[workloads.w{i}]\nmodel = \"m\"\narrivals.poisson = {{ rate = \"1/min\" }}\ninput_tokens = 1000\noutput_tokens = 100\n"
        )
    };
    (0..3_000).map(one).collect()
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
        ("workloads", scenario("10m", &poisson("600/min"), &(NO_LIMITS.to_owned() + &crowd()))),
        ("storm", scenario("2m", &format!("{}\n{storm}", poisson("5_000/s")), LIMITS)),
        ("queue", scenario("100s", &poisson("100_000/s"), queue)),
    ]
}

/// Runs a scenario on one thread; returns how long it took \[s\] and the most memory that it held \[bytes\].
fn taken(file: &Path, out: &Path) -> (f64, f64) {
    let began = Instant::now();
    let mut child = Command::new(env!("CARGO_BIN_EXE_bedload"))
        .args(["run", "--quiet", "--no-charts", "--no-decision", "--no-doubt", "--threads", "1", "--yes", "--out"])
        .args([out, file])
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let status = format!("/proc/{}/status", child.id());
    let mut most = 0.0;
    while child.try_wait().unwrap().is_none() {
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        let peak = text.lines().find_map(|line| line.strip_prefix("VmHWM:")?.strip_suffix("kB")?.trim().parse().ok());
        most = f64::max(most, peak.unwrap_or(0.0) * 1024.0);
        std::thread::sleep(Duration::from_millis(5));
    }
    (began.elapsed().as_secs_f64(), most)
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
            let need = estimate(&loaded.model);
            let (seconds, bytes) = taken(&file, &folder.path().join(name));
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
fn a_small_run_hears_nothing_and_a_large_one_its_time_and_memory() {
    let folder = tempfile::tempdir().unwrap();
    let said = |name: &str, text: String| {
        let file = folder.path().join(format!("{name}.toml"));
        std::fs::write(&file, text).unwrap();
        let output = Command::new(env!("CARGO_BIN_EXE_bedload")).args(["validate", "-q"]).arg(&file).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "nothing begins, so nothing is refused");
        String::from_utf8(output.stderr).unwrap()
    };
    let poisson = |rate: &str| format!("arrivals.poisson = {{ rate = \"{rate}\" }}");
    assert_eq!(said("small", scenario("10m", &poisson("10/s"), LIMITS)), "");
    let long = said("long", scenario("720d", &poisson("100/s"), NO_LIMITS));
    assert!(long.contains("to simulate about 6.2"), "{long}");
    let users = "arrivals.users = { count = 100_000, think_time = \"1us\" }";
    let endless = said("endless", scenario("10m", users, LIMITS));
    assert!(endless.contains("days"), "{endless}");
}

#[test]
fn what_this_machine_cannot_hold_is_refused_before_it_begins() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("large.toml");
    // Three thousand records of each replication, in ten thousand replications: 180 GB.
    let text = scenario("10m", "arrivals.poisson = { rate = \"1/min\" }", &(NO_LIMITS.to_owned() + &crowd()));
    std::fs::write(&file, text.replace("replications = 1", "replications = 10_000")).unwrap();
    let out = folder.path().join("out");
    let run =
        Command::new(env!("CARGO_BIN_EXE_bedload")).arg("run").arg(&file).arg("--out").arg(&out).output().unwrap();
    let said = String::from_utf8(run.stderr).unwrap();
    assert_eq!(run.status.code(), Some(2), "{said}");
    assert!(said.contains("of memory, and this machine has ") && said.contains("--yes"), "{said}");
    assert!(!out.join("results.json").exists());
}

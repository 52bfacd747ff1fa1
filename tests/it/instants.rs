//! Instants of the wall clock, wherever a time since t = 0 is asked for.

use std::path::Path;

use bedload::cli::render::render;
use bedload::model::Model;
use bedload::scenario::{Loaded, Refused, load_text};
use bedload::units::SimTime;

/// A scenario of six hours from eight o'clock in New York on, with everything that has an instant in it.
const DATED: &str = r#"
[run]
start = "2026-12-01T08:00:00[America/New_York]"
duration = "6h"
warmup = "0s"

[models.own]
max_output_tokens = 4_096
time_to_first_token = "400ms"
output_tokens_per_second = 60

[workloads.chat]
model = "own"
arrivals.poisson = { rate = "6/min" }
shape = [{ at = 2026-12-01T08:00:00, factor = 1 }, { at = "2026-12-02", factor = 2 }]
bursts = [{ at = "2026-12-01T09:00:00", lasts = "5m", factor = 4 }]
input_tokens = 1000
output_tokens = 100
max_tokens = 512
route = ["us", "units"]

[capacities.us.cross_region]
profile = "us"
source_region = "us-east-1"
tpm = 100_000
limiter = "fixed_window"
outages = [{ at = "2026-12-01T16:00:00+01:00", lasts = "10m" }]
changes = [{ at = "2026-12-01 11:00", tpm = 200_000 }]
destinations = [
    { region = "us-east-1", concurrency = 50, outages = [{ at = "2026-12-01T17:00:00[Europe/Berlin]", lasts = "1m" }] },
    { region = "us-west-2" },
]

[capacities.units.provisioned]
input_tpm_per_unit = 50_000
output_tpm_per_unit = 5_000
price_per_unit = "$20/h"
purchases = [{ model_units = 1, at = "2026-12-01T14:00:00Z", ends = "2027-06-01" }]

[windows.nine]
from = "2026-12-01T09:00:00"
to = "2026-12-01T10:00:00"

[[expect]]
metric = "windows.nine.failure_rate"
at_most = "1%"
"#;

fn load(text: &str, overrides: &[&str]) -> Result<Loaded, Refused> {
    let overrides: Vec<String> = overrides.iter().map(|o| (*o).to_owned()).collect();
    load_text("dated.toml", text, Path::new("."), &overrides)
}

fn findings(text: &str, overrides: &[&str]) -> String {
    match load(text, overrides) {
        Ok(loaded) => render(&loaded.sources, &loaded.warnings, false),
        Err(refused) => render(&refused.sources, &refused.findings, false),
    }
}

fn model(text: &str, overrides: &[&str]) -> Model {
    load(text, overrides).map(|loaded| loaded.model).unwrap_or_else(|refused| {
        panic!("{}", render(&refused.sources, &refused.findings, false));
    })
}

/// Returns the dated scenario with times since t = 0 in the place of dates.
fn timed() -> String {
    let times = [
        ("2026-12-01T08:00:00,", "\"0s\","),
        ("\"2026-12-02\"", "\"16h\""),
        ("\"2026-12-01T09:00:00\"", "\"1h\""),
        ("\"2026-12-01T10:00:00\"", "\"2h\""),
        ("\"2026-12-01T14:00:00Z\"", "\"1h\""),
        ("\"2026-12-01 11:00\"", "\"3h\""),
        ("\"2026-12-01T16:00:00+01:00\"", "\"2h\""),
        ("\"2026-12-01T17:00:00[Europe/Berlin]\"", "\"3h\""),
        ("\"2027-06-01\"", "\"4359h\""),
    ];
    times.iter().fold(DATED.to_owned(), |text, (date, time)| {
        assert!(text.contains(date), "{date}");
        text.replace(date, time)
    })
}

#[test]
fn a_date_means_the_time_since_the_start_at_every_key_that_takes_one() {
    let (dated, timed) = (model(DATED, &[]), model(&timed(), &[]));
    assert_eq!(format!("{:?}", dated.workloads), format!("{:?}", timed.workloads));
    assert_eq!(format!("{:?}", dated.capacities), format!("{:?}", timed.capacities));
    assert_eq!(format!("{:?}", dated.quotas), format!("{:?}", timed.quotas));
    assert_eq!(format!("{:?}", dated.windows), format!("{:?}", timed.windows));
    assert_eq!(dated.windows[0].from, SimTime::from_secs(3_600));
}

#[test]
fn a_date_moves_when_the_start_moves() {
    let later = model(DATED, &["run.start=2026-12-01T08:30:00[America/New_York]", "workloads.chat.shape=[]"]);
    assert_eq!(later.windows[0].from, SimTime::from_secs(1_800));
}

#[test]
fn a_setting_takes_a_date_too() {
    let set =
        model(DATED, &["windows.nine.from=2026-12-01T09:30:00", "windows.nine.to=2026-12-01T17:00:00[Europe/Berlin]"]);
    assert_eq!([set.windows[0].from, set.windows[0].to].map(|t| t.0 / 60_000_000), [90, 180]);
}

#[test]
fn a_date_that_cannot_be_placed_is_refused_at_its_own_place() {
    let burst = |at: &str| {
        findings(DATED, &[&format!("workloads.chat.bursts=[{{ at = \"{at}\", lasts = \"1m\", factor = 2 }}]")])
    };
    for (at, rule) in [
        ("2026-12-01T07:59:59", "lies before the start of the run, 2026-12-01T08:00:00[America/New_York]"),
        ("2026-13-01T09:00:00", "is not an instant"),
        ("2026-12-01T09:00:00[Nowhere/Land]", "is not an instant"),
        ("2026-12-01T09:00:00+03:00[Europe/Berlin]", "contradict each other"),
        ("2099-12-01T09:00:00", "lies more than 30 years from the start"),
    ] {
        let found = burst(at);
        assert!(found.contains(&format!("`{at}`")) && found.contains(rule) && found.contains("help: "), "{found}");
        assert!(found.contains("1 error") && !found.contains("`at` an instant, or"), "{found}");
    }
}

#[test]
fn an_event_past_the_end_is_a_warning_and_what_only_ends_later_is_none() {
    assert_eq!(findings(DATED, &[]), "");
    for at in ["2026-12-01T14:00:00", "6h"] {
        let found =
            findings(DATED, &[&format!("workloads.chat.bursts=[{{ at = \"{at}\", lasts = \"1m\", factor = 2 }}]")]);
        assert!(found.contains(&format!("warning: `{at}` lies past the end of the run")), "{found}");
        assert!(found.contains("the measured interval ends 6h after t = 0"), "{found}");
    }
}

/// Types what the help offers in double quotes, and returns whether the scenario then loads.
fn loads_with(help_of: &str, key: &str, text: impl Fn(&str) -> String) -> bool {
    let help = help_of.lines().find_map(|line| line.split_once("help: ")).expect("a help").1;
    let offers: Vec<&str> = help.split('"').skip(1).step_by(2).collect();
    assert!(!offers.is_empty(), "{key}: {help}");
    offers.iter().all(|offer| load(&text(offer), &[]).is_ok())
}

#[test]
fn a_scenario_with_dates_says_when_it_starts() {
    let bare = DATED.replace("start = \"2026-12-01T08:00:00[America/New_York]\"", "").replace("6h", "24h");
    let found = findings(&bare, &[]);
    assert!(found.contains("the scenario does not say when it starts") && found.contains("1 error"), "{found}");
    assert!(
        loads_with(&found, "start", |offer| bare.replace("[run]", &format!("[run]\nstart = \"{offer}\""))),
        "{found}"
    );
}

#[test]
fn a_time_of_day_that_clocks_skip_or_show_twice_is_refused_with_what_it_may_mean() {
    let on = |day: &str, at: &str| {
        let text = DATED
            .replace("2026-12-01T08:00:00[", &format!("{day}T00:00:00["))
            .replace("2026-12-01T08:00:00,", "\"0s\",");
        let text = text.replace("[windows.nine]\nfrom = \"2026-12-01T09:00:00\"\nto = \"2026-12-01T10:00:00\"", "");
        let text = text.replace("metric = \"windows.nine.failure_rate\"", "metric = \"failure_rate\"");
        text.replace("bursts = [{ at = \"2026-12-01T09:00:00\"", &format!("bursts = [{{ at = \"{at}\""))
    };
    for (day, at, rule) in [
        ("2026-03-08", "2026-03-08T02:30:00", "`2026-03-08T02:30:00` does not exist"),
        ("2026-11-01", "2026-11-01T01:30:00", "`2026-11-01T01:30:00` occurs twice"),
    ] {
        let found = findings(&on(day, at), &[]);
        assert!(found.contains(rule), "{found}");
        let first = found.lines().skip_while(|line| !line.contains(rule)).collect::<Vec<_>>().join("\n");
        assert!(loads_with(&first, "bursts", |offer| on(day, offer)), "{found}");
    }
}

#[test]
fn a_start_that_cannot_be_read_is_the_only_finding() {
    let found = findings(DATED, &["run.start=2026-12-01T08:00:00"]);
    assert!(found.contains("is not an instant with its time zone") && found.contains("1 error"), "{found}");
}

//! Retry storms: attempts over time, and whether it becomes again after a burst as it was before. Instants in the comments
//! are since t = 0, which is midnight UTC, so that minutes of the wall clock are those of the run.

use bedload::model::Model;
use bedload::report;
use bedload::results::Point;
use bedload::traffic::{Tape, bursts};

use crate::playing::{model, play, results_on, value};

/// One request each second, four in a burst; an answer takes a second.
fn scenario(minutes: u64, burst: &str, retries: &str, capacity: &str) -> String {
    format!(
        "[run]\nduration = \"{minutes}m\"\nwarmup = \"0s\"\nreplications = 1\n\
         [models.own]\nmax_output_tokens = 100\ntime_to_first_token = \"500ms\"\noutput_tokens_per_second = 20\n\
         [workloads.chat]\nmodel = \"own\"\narrivals.constant = {{ rate = \"60/min\" }}\nbursts = [{burst}]\n\
         input_tokens = 10\noutput_tokens = 10\nmax_tokens = 10\nclient.retries.{retries}\n\
         [capacities.us.on_demand]\n{capacity}\n"
    )
}

/// Five attempts, after 0, 1, 3, 7 and 15 s.
const STUBBORN: &str = "exponential = { max_attempts = 5, jitter = \"none\" }";
const ONCE: &str = "exponential = { max_attempts = 1 }";
const BURST: &str = "{ at = \"10m\", lasts = \"1m\", factor = 4 }";
/// Refused requests count for as long as others: who goes on asking keeps it full.
const STRICT: &str = "rpm = 126\nlimiter = \"sliding_window\"\ncount_refused_requests = true";

#[track_caller]
fn assert_recovers(point: &Point, bursts: f64, mean: f64, worst: f64) {
    for prefix in ["", "workloads.chat."] {
        let of = |name: &str| value(point, &format!("{prefix}{name}"));
        assert_eq!(of("bursts"), bursts);
        assert_eq!(of("bursts_recovered_rate"), 1.0);
        assert_eq!([of("burst_recovery_mean_ms"), of("burst_recovery_worst_ms")], [mean, worst]);
    }
}

#[test]
fn with_fixed_windows_it_is_as_before_when_the_window_ends() {
    // 240 come in the minute, 126 are admitted; the next window starts with nothing used.
    let limit = "rpm = 126\nlimiter = \"fixed_window\"";
    assert_recovers(&play(&scenario(20, BURST, ONCE, limit)), 1.0, 0.0, 0.0);
    // The burst ends at 11:20, when 80 are used of the window that began at 11:00, and 40 more come: too many by none.
    let burst = "{ at = \"10m20s\", lasts = \"1m\", factor = 4 }";
    assert_recovers(&play(&scenario(20, burst, ONCE, limit)), 1.0, 0.0, 0.0);
    // It ends at 11:40 with 126 used since 11:31: what comes before 12:00 is refused.
    let burst = "{ at = \"10m40s\", lasts = \"1m\", factor = 4 }";
    assert_recovers(&play(&scenario(20, burst, ONCE, limit)), 1.0, 20_000.0, 20_000.0);
}

#[test]
fn without_retries_it_is_as_before_when_the_burst_has_left_the_sliding_window() {
    // s seconds after the burst 4 (60 - s) + s requests came within a minute, that is more than 125 until s = 38; the slice
    // in which the last is refused ends at 40.
    assert_recovers(&play(&scenario(20, BURST, ONCE, STRICT)), 1.0, 40_000.0, 40_000.0);
}

#[test]
fn a_storm_that_feeds_itself_outlives_the_burst() {
    let told = play(&scenario(20, BURST, STUBBORN, STRICT));
    assert_eq!(value(&told, "bursts"), 1.0);
    assert_eq!(value(&told, "bursts_recovered_rate"), 0.0);
    assert_eq!(told.value("burst_recovery_mean_ms"), None);
    assert_eq!(told.value("burst_recovery_worst_ms"), None);
    // Nothing is answered any more: 60 requests become 300 attempts a minute on a limit of 126.
    let series = &told.detail.as_ref().unwrap().timeline.series;
    let last = |name: &str| series[name].iter().rev().take(60).sum::<f64>();
    let [calls, attempts] = ["total.calls_per_min", "total.attempts_per_min"].map(last);
    assert_eq!(attempts, 5.0 * calls);
    assert_eq!(last("workloads.chat.throttled_attempts_per_min"), attempts);
    // Where refused requests do not count, the same clients come back.
    let lenient = STRICT.replace("true", "false");
    assert_eq!(value(&play(&scenario(20, BURST, STUBBORN, &lenient)), "bursts_recovered_rate"), 1.0);
}

#[test]
fn a_queue_that_drains_is_part_of_the_way_back() {
    // 60 a minute are served, 30 come, 120 in the two minutes of the burst: 120 wait at its end, five fewer every 10 s. Of the
    // looks after 230, 240 … 280 s the first sees five, the others none: less than one on average. A slice earlier, it is 2.5.
    let burst = "{ at = \"10m\", lasts = \"2m\", factor = 4 }";
    let text = scenario(30, burst, ONCE, "concurrency = 1\non_saturation = \"queue\"");
    let told = play(&text.replace("60/min", "30/min"));
    assert_recovers(&told, 1.0, 220_000.0, 220_000.0);
    assert_eq!(value(&told, "throttle_rate"), 0.0);
}

#[test]
fn every_burst_is_compared_with_what_was_before_it() {
    // The first leaves its window 40 s after its end, the second at once: it ends with the window's limit not reached.
    let bursts = format!("{BURST}, {{ at = \"20m\", lasts = \"10s\", factor = 2 }}");
    let told = play(&scenario(30, &bursts, ONCE, STRICT));
    assert_recovers(&told, 2.0, 20_000.0, 40_000.0);
    // A storm that goes on when the next burst begins was not recovered from, and is not what the next is compared with.
    let bursts = "{ at = \"10m\", lasts = \"1m\", factor = 4, every = \"5m\" }";
    let told = play(&scenario(30, bursts, STUBBORN, STRICT));
    assert_eq!([value(&told, "bursts"), value(&told, "bursts_recovered_rate")], [4.0, 0.0]);
}

#[test]
fn what_cannot_be_told_is_null() {
    let told = |minutes, burst: &str| play(&scenario(minutes, burst, ONCE, STRICT));
    // No whole minute is left after the burst: at 11:50, in one that never ends, in a burst each half minute.
    let endless = "{ at = \"10m\", lasts = \"1h\", factor = 4 }";
    for burst in [
        "{ at = \"10m\", lasts = \"9m50s\", factor = 2 }",
        endless,
        "{ at = \"1m\", lasts = \"10s\", factor = 2, every = \"30s\" }",
    ] {
        let told = told(20, burst);
        assert_eq!(value(&told, "bursts"), 0.0, "{burst}");
        assert_eq!(told.value("bursts_recovered_rate"), None);
        assert_eq!(told.value("burst_recovery_mean_ms"), None);
    }
    // A time of less traffic is no burst, and a scenario without bursts has no such figures.
    for burst in ["", "{ at = \"10m\", lasts = \"1m\", factor = 0.5 }"] {
        assert!(!told(20, burst).metrics.keys().any(|name| name.contains("burst")), "{burst}");
    }
}

#[test]
fn a_window_tells_of_the_bursts_that_end_in_it() {
    let windows = "[windows.during]\nfrom = \"10m\"\nto = \"11m30s\"\n[windows.around]\nfrom = \"5m\"\nto = \"15m\"\n\
                   [windows.later]\nfrom = \"12m\"\nto = \"20m\"\n";
    let told = play(&(scenario(20, BURST, ONCE, STRICT) + windows));
    let bursts = ["during", "around", "later"].map(|name| value(&told, &format!("windows.{name}.bursts")));
    assert_eq!(bursts, [0.0, 1.0, 0.0]);
    assert_eq!(value(&told, "windows.around.workloads.chat.burst_recovery_mean_ms"), 40_000.0);
}

#[test]
fn the_worst_minute_of_amplification_is_that_of_the_storm() {
    // Before the burst each request takes one attempt; in the end each takes five.
    let told = play(&scenario(20, BURST, STUBBORN, STRICT));
    let worst = value(&told, "worst_minute_retry_amplification");
    assert!(worst >= 5.0, "{worst}");
    assert_eq!(value(&told, "workloads.chat.worst_minute_retry_amplification"), worst);
    assert!(value(&told, "retry_amplification") < worst);
    // 19 calls in a minute are too few to tell.
    let few = scenario(20, "", STUBBORN, STRICT).replace("60/min", "19/min");
    assert_eq!(play(&few).value("worst_minute_retry_amplification"), None);
}

fn arrivals(model: &Model) -> Vec<u64> {
    let (mut tape, mut all) = (Tape::new(model, 0), Vec::new());
    while let Some(stretch) = tape.next_stretch() {
        all.extend_from_slice(&stretch.block.arrival[stretch.rows]);
    }
    all
}

#[test]
fn random_bursts_are_where_the_traffic_is() {
    // One request in 100 s outside, ten a second inside, more where bursts overlap.
    let burst = "{ per_hour = 12, lasts = \"10s\", factor = 1e3 }, { at = \"30m\", lasts = \"20s\", factor = 1e3 }";
    let model = model(&scenario(60, burst, ONCE, "rpm = 100").replace("60/min", "36/h"));
    let told = bursts(&model, 0).unwrap();
    assert!(told.len() > 5 && told.is_sorted_by_key(|burst| burst.start), "{told:?}");
    let all = arrivals(&model);
    let inside = |at: &&u64| told.iter().any(|burst| burst.contains(at));
    let outside = all.iter().filter(|at| **at < model.run.measured_end().0 && !inside(at)).count();
    assert!((25..=40).contains(&outside), "{outside}");
    // What is told as one burst may have a pause in it, but begins and ends with traffic.
    for burst in &told {
        for part in [burst.start..burst.start + 10_000_000, burst.end - 10_000_000..burst.end] {
            let found = all.iter().filter(|at| part.contains(at)).count();
            assert!(found >= 95, "{found} in {part:?} of {burst:?}");
        }
    }
    assert_ne!(bursts(&model, 1).unwrap(), told, "another replication has bursts of its own");
}

/// The lines of the summary that tell of the burst.
fn told_of_the_burst(text: &str) -> Vec<String> {
    let results = results_on(2, text);
    let told = report::text(&results, report::Palette { colour: false });
    assert!(told.lines().all(|line| line.chars().count() <= 80), "{told}");
    told.lines().filter(|line| line.contains("burst")).map(|line| line.trim().to_owned()).collect()
}

#[test]
fn the_summary_tells_of_it_in_a_line() {
    let own = |burst, retries| told_of_the_burst(&scenario(20, burst, retries, STRICT));
    assert_eq!(own(BURST, ONCE), ["the system recovered from the burst 40 s after its end"]);
    assert_eq!(own(BURST, STUBBORN), ["the system did not recover from the burst within the run"]);
    let fixed = scenario(20, BURST, ONCE, "rpm = 126\nlimiter = \"fixed_window\"");
    assert_eq!(told_of_the_burst(&fixed), ["the system recovered from the burst as it ended"]);
    let again = "{ at = \"10m\", lasts = \"1m\", factor = 4, every = \"4m\" }";
    assert_eq!(own(again, STUBBORN), ["the system did not recover from any burst before the next one"]);
    // Nothing to tell where nothing was throttled.
    let mild = "{ at = \"10m\", lasts = \"1m\", factor = 1.5 }";
    assert_eq!(own(mild, ONCE), [""; 0]);
    // Of several workloads each, on a limit of its own.
    let both = scenario(20, BURST, ONCE, STRICT).replace("[workloads.chat]", "[workloads.calm]\nroute = \"us\"")
        + &scenario(20, BURST, STUBBORN, STRICT)
            .split_once("[workloads.chat]")
            .map(|(_, rest)| {
                format!("[workloads.wild]\nroute = \"other\"{}", rest.replace("capacities.us", "capacities.other"))
            })
            .unwrap();
    assert_eq!(told_of_the_burst(&both), ["recovery after the burst's end: calm 40 s · wild not within the run"]);
}

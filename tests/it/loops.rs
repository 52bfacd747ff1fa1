//! Closed loops: users, and the turns of sessions.

use bedload::engine::observer::{Admission, Observer};
use bedload::engine::run;

use crate::playing::{agrees, model, play, value};

/// A scenario of one workload whose answers take a second: 900 ms to the first token, 10 tokens at 10 ms.
fn scenario(keys: &str, capacity: &str) -> String {
    format!(
        r#"
        run = {{ duration = "1h", warmup = "0s", replications = 1, cooldown = "10m" }}
        models.own = {{ max_output_tokens = 100, time_to_first_token = "900ms", output_tokens_per_second = 100 }}
        capacities.us.on_demand = {{ {capacity} }}
        [workloads.w]
        model = "own"
        client.retries = "none"
        {keys}"#
    )
}

#[track_caller]
fn tells(text: &str, expected: &[(&str, f64)]) {
    let point = play(text);
    for (name, wanted) in expected {
        let found = value(&point, name);
        assert!((found - wanted).abs() < 1e-6 * wanted.abs().max(1.0), "{name} is {found}, not {wanted}");
    }
}

const USERS: &str = "input_tokens = 100\noutput_tokens = 10\n";

#[test]
fn a_user_thinks_asks_and_waits() {
    // Three users: a request each at 9, 19, 29 … s of an hour: 360 each, the last answered after its end.
    let keys = format!("{USERS}arrivals.users = {{ count = 3, think_time = \"9s\" }}");
    tells(&scenario(&keys, ""), &[("requests", 1_080.0), ("served", 1_080.0), ("capacities.us.in_flight_peak", 3.0)]);
}

#[test]
fn a_user_who_is_refused_thinks_too() {
    // One request a minute is served. Refused at once, a user asks each 9 s: at 9 (served until 10), 19, 28, 37, 46, 55;
    // 64 (served until 65), 74 …
    let keys = format!("{USERS}arrivals.users = {{ count = 1, think_time = \"9s\" }}");
    let text = scenario(&keys, "rpm = 1").replace("1h", "2m");
    tells(&text, &[("requests", 13.0), ("served", 2.0), ("failed", 11.0)]);
}

#[test]
fn more_users_ask_when_traffic_is_scaled() {
    let keys = format!("{USERS}arrivals.users = {{ count = 4, think_time = \"9s\" }}\nscale = 0.5");
    let text = scenario(&keys, "").replace("run = {", "run = { traffic_scale = 3,");
    tells(&text, &[("requests", 6.0 * 360.0)]);
}

/// The machine repair model: N users who think for 1/a on average, one server of rate b. With p(n) proportional to
/// N! / (N - n)! (a/b)^n, the server is busy 1 - p(0) of the time, and b of that a second are served.
#[test]
fn a_closed_loop_gives_way_as_the_machine_repair_model_says() {
    let text = r#"
        run = { duration = "20h", warmup = "30m", replications = 20, confidence = 0.999 }
        models.own = { max_output_tokens = 100, time_to_first_token.exponential.mean = "1s", output_tokens_per_second = 1_000_000_000 }
        capacities.us.on_demand = { concurrency = 1, on_saturation = "queue" }
        [workloads.w]
        model = "own"
        client.retries = "none"
        input_tokens = 1
        output_tokens = 1
        arrivals.users = { count = 5, think_time.exponential.mean = "4s" }"#;
    let (a, b, users) = (0.25, 1.0, 5);
    let mut terms = vec![1.0];
    for n in 0..users {
        let last = terms[n];
        terms.push(last * (users - n) as f64 * a / b);
    }
    let all: f64 = terms.iter().sum();
    let served = b * (1.0 - 1.0 / all);
    let waiting: f64 = terms.iter().enumerate().map(|(n, term)| n as f64 * term / all).sum();
    let point = play(text);
    agrees(&point, "goodput_per_s", served);
    // Little: the mean time from question to answer.
    agrees(&point, "e2e_mean_ms", waiting / served * 1e3);
}

const SESSIONS: &str = "arrivals.sessions = { rate = \"2/min\", turns = 3, think_time = \"10s\" }\n";

#[test]
fn a_turn_carries_what_was_said_before_it() {
    // Inputs 100, 100 + 110, 100 + 220: with what was said, 630 for a session; no turn of the hour is cut off.
    let keys = format!("{USERS}{SESSIONS}");
    let point = play(&scenario(&keys, ""));
    let (requests, input) = (value(&point, "requests"), value(&point, "input_tokens"));
    assert!(requests > 250.0 && (value(&point, "served") - requests).abs() < 0.5);
    // The last sessions may have begun within the hour and have a turn after it.
    assert!((input / requests - 210.0).abs() < 2.0, "{input} of {requests}");
    let none = play(&scenario(&keys.replace("10s\" }", "10s\", context = \"none\" }"), ""));
    assert_eq!(value(&none, "input_tokens"), 100.0 * value(&none, "requests"));
}

#[test]
fn a_longer_system_prompt_is_in_every_turn_once() {
    // 1,000 more in each input, and no more than that in what later turns carry.
    let keys = format!("{USERS}{SESSIONS}");
    let input = |more: &str| {
        let point = play(&scenario(&format!("{keys}{more}"), ""));
        (value(&point, "requests"), value(&point, "input_tokens"))
    };
    let ((requests, plain), (same, longer)) = (input(""), input("extra_input_tokens = 1000\n"));
    // The mean of replications whose turns are the same: a rounding apart.
    assert!((requests - same).abs() < 1e-6 && (longer - plain - 1_000.0 * requests).abs() < 1e-3, "{longer} {plain}");
}

#[test]
fn turns_follow_at_their_instants_and_a_failed_turn_ends_the_session() {
    // One session a minute, 30 turns, 9 s apart plus a second of service: 0 s, 10 s, 20 s … six in a minute.
    let keys =
        format!("{USERS}arrivals.sessions = {{ rate = \"1/day\", turns = 30, think_time = \"9s\" }}\nscale = 1000");
    // Turns of 100, 210, 320 … and a reservation of 100 more: the ninth turn asks 980 + 100, more than a minute has.
    let whole = play(&scenario(&keys, ""));
    let cut = play(&scenario(&keys, "tpm = 1_000_000, concurrency = 1"));
    assert!(value(&whole, "failed") == 0.0 && value(&cut, "failed") > 0.0);
    // Every session that is refused has asked for the last time: no more turns than without failures.
    assert!(value(&cut, "requests") < value(&whole, "requests") - value(&cut, "failed"));
}

#[test]
fn a_context_is_read_by_the_next_turn_and_the_rest_is_written() {
    // Turn 1 writes 100; turn 2 reads 100 and writes 110; turn 3 reads 210 and writes 110.
    let keys = format!("{USERS}{SESSIONS}cache = {{ context = true, ttl = \"5m\" }}");
    let point = play(&scenario(&keys, ""));
    let sessions = value(&point, "cache_write_tokens") / 320.0;
    assert!((value(&point, "requests") / 3.0 - sessions).abs() < 1.0);
    assert!((value(&point, "cache_read_tokens") / sessions - 310.0).abs() < 5.0);
    assert_eq!(value(&point, "uncached_input_tokens"), 0.0);
    // It is dead when the next turn comes after its time.
    let short = play(&scenario(&keys.replace("5m", "5s"), ""));
    assert_eq!(value(&short, "cache_read_tokens"), 0.0);
    assert_eq!(value(&short, "cache_write_tokens"), value(&short, "input_tokens"));
}

/// Tokens of every admission: input and output, by arrival.
#[derive(Default)]
struct Log(Vec<(u64, u64, u64)>);

impl Observer for Log {
    fn admitted(&mut self, a: &Admission) {
        self.0.push((a.who.arrival, a.tokens.input(), a.tokens.output));
    }
}

fn log(text: &str) -> Vec<(u64, u64, u64)> {
    run(&model(text), 0, Log::default()).observer.0
}

const DRAWN: &str =
    "input_tokens.lognormal = { median = 100, p95 = 400 }\noutput_tokens.uniform = { low = 1, high = 90 }\n";

#[test]
fn a_user_says_the_same_whatever_the_capacity() {
    let keys = format!("{DRAWN}arrivals.users = {{ count = 1, think_time.exponential.mean = \"5s\" }}");
    let (fast, slow) = (scenario(&keys, ""), scenario(&keys, "time_to_first_token = \"8s\""));
    let (fast, slow) = (log(&fast), log(&slow));
    assert!(fast.len() > 400 && slow.len() < fast.len() - 100, "{} {}", fast.len(), slow.len());
    for (turn, (a, b)) in fast.iter().zip(&slow).enumerate() {
        assert_eq!((a.1, a.2), (b.1, b.2), "turn {turn}");
    }
    // Thoughts too: the time between an answer and the next question.
    let think = |log: &[(u64, u64, u64)], ttft: u64| {
        let ends = |row: &(u64, u64, u64)| row.0 + ttft + row.2 * 10_000;
        log.windows(2).map(|pair| pair[1].0 - ends(&pair[0])).collect::<Vec<_>>()
    };
    let (a, b) = (think(&fast, 900_000), think(&slow, 8_000_000));
    assert_eq!(a[..b.len()], b);
}

#[test]
fn sessions_say_the_same_whatever_the_capacity() {
    let keys = format!(
        "{DRAWN}arrivals.sessions = {{ rate = \"2/min\", turns.uniform = {{ low = 1, high = 6 }}, think_time.exponential.mean = \"5s\" }}"
    );
    let sorted = |capacity: &str| {
        let text = scenario(&keys, capacity).replace("cooldown = \"10m\"", "cooldown = \"2h\"");
        let quiet = text.replace(
            "[workloads.w]",
            "[workloads.w]\nshape = [{ at = \"30m\", factor = 1 }, { at = \"30m\", factor = 0 }]",
        );
        let mut rows: Vec<(u64, u64)> = log(&quiet).into_iter().map(|(_, input, output)| (input, output)).collect();
        rows.sort_unstable();
        rows
    };
    let (fast, slow) = (sorted(""), sorted("time_to_first_token = \"20s\""));
    assert!(fast.len() > 120, "{}", fast.len());
    assert_eq!(fast, slow);
}

#[test]
fn any_number_of_threads_gives_the_same_bytes() {
    let keys = format!("{DRAWN}{SESSIONS}");
    let text = scenario(&keys, "rpm = 20").replace("replications = 1", "replications = 4");
    let [one, two] = [1, 2].map(|threads| crate::playing::results_on(threads, &text));
    assert_eq!(bedload::report::json(&one), bedload::report::json(&two));
}

#[test]
fn a_warmup_that_is_too_short_is_said_once_and_what_is_advised_suffices() {
    // Sessions last 20 minutes: it takes about as long until as many of them are alive as ever will be.
    let keys = format!("{USERS}arrivals.sessions = {{ rate = \"20/min\", turns = 40, think_time = \"30s\" }}\n");
    let text = scenario(&keys, "")
        .replace("duration = \"1h\"", "duration = \"3h\"")
        .replace("replications = 1", "replications = 8");
    let advice = |text: &str| {
        let results = crate::playing::results_on(2, text);
        results.notes.into_iter().find(|n| n.text.contains("MSER-5")).map(|n| n.text)
    };
    let said = advice(&text).expect("it began idle");
    let minutes: f64 =
        said.split('"').nth(1).and_then(|t| t.split('m').next()?.parse().ok()).expect("a time in minutes");
    assert!((15.0..30.0).contains(&minutes), "{said}");
    assert_eq!(advice(&text.replace("warmup = \"0s\"", "warmup = \"30m\"")), None);
    // A shape has no steady state.
    assert_eq!(
        advice(
            &text.replace("[workloads.w]", "[workloads.w]\nbursts = [{ at = \"1h\", lasts = \"5m\", factor = 3.0 }]")
        ),
        None
    );
}

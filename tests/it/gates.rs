//! The gates that hold an attempt back before it is sent: connections, the caller's own pace, the SDK's rate limiter;
//! and the retries after the SDK has given up. Every instant is worked out by hand.
#![expect(clippy::disallowed_methods, reason = "theory may use the platform's mathematics")]

use crate::fates::{assert_tells, refusal, told};
use crate::playing::{play, value};

/// A capacity that takes all.
const OPEN: &str = "[capacities.us.on_demand]\n";

#[test]
fn who_finds_no_free_connection_waits_for_one_in_order() {
    // Answers take 10 s; with one connection they follow each other: 0, 10, 20 for requests at 0, 1, 2.
    let one = told(
        &[("chat", "0,100,100 1,100,100 2,100,100", "client = { retries = \"none\", max_connections = 1 }")],
        OPEN,
    );
    assert_tells(
        &one,
        &[
            ("served", 3.0),
            ("attempts", 3.0),
            ("offers", 3.0),
            ("windows.at1.queue_delay_mean_ms", 9_000.0),
            ("windows.at2.queue_delay_mean_ms", 18_000.0),
            ("windows.at2.e2e_mean_ms", 28_000.0),
            ("windows.at2.service_mean_ms", 10_000.0),
            ("capacities.us.in_flight_peak", 1.0),
        ],
    );
    // Two processes: requests 0 and 2 share one, 1 has the other.
    let two = told(
        &[(
            "chat",
            "0,100,100 1,100,100 2,100,100",
            "client = { retries = \"none\", max_connections = 1, processes = 2 }",
        )],
        OPEN,
    );
    assert_tells(&two, &[("windows.at1.queue_delay_mean_ms", 0.0), ("windows.at2.queue_delay_mean_ms", 8_000.0)]);
}

#[test]
fn a_connection_is_free_while_its_request_backs_off_and_a_retry_joins_at_the_tail() {
    // One request a minute is admitted. A at 0 is served until 10. B at 1 waits until 10, is refused, and backs off for
    // 60 s; C at 2 is sent at 10 too, refused, and backs off. At 70 both come again in the order of their retries: B is
    // served until 80, and C, behind it, is refused at 80 for the last time.
    let client = "client = { max_connections = 1, retries.exponential = { max_attempts = 2, base = \"60s\", cap = \"60s\", jitter = \"none\" } }";
    let told = told(&[("chat", "0,100,100 1,100,100 2,100,100", client)], "[capacities.us.on_demand]\nrpm = 1\n");
    assert_tells(
        &told,
        &[
            ("served", 2.0),
            ("failed", 1.0),
            ("attempts", 5.0),
            ("throttled_attempts", 3.0),
            ("windows.at1.queue_delay_mean_ms", 69_000.0),
        ],
    );
}

#[test]
fn a_request_is_not_sent_at_the_instant_at_which_its_client_gives_it_up() {
    // All three are given up at 5; the connection that the first leaves then is of no use to the others.
    let client = "client = { retries = \"none\", max_connections = 1, timeout = \"5s\" }";
    let told = told(&[("chat", "0,100,100 0,100,100 0,100,100", client)], OPEN);
    assert_tells(&told, &[("timed_out", 3.0), ("attempts", 1.0), ("output_tokens", 100.0)]);
}

#[test]
fn an_attempt_time_out_runs_from_the_sending_and_frees_the_connection() {
    // A is given up at 4, and runs on until 10; B is sent at 4 and given up at 8; C is sent at 8, and then all three run.
    let client = "client = { retries = \"none\", max_connections = 1, attempt_timeout = \"4s\" }";
    let told = told(&[("chat", "0,100,100 1,100,100 2,100,100", client)], OPEN);
    assert_tells(&told, &[("timed_out", 3.0), ("attempts", 3.0), ("capacities.us.in_flight_peak", 3.0)]);
}

#[test]
fn who_gives_up_before_an_attempt_is_sent_has_made_none() {
    // B would be sent at 10 and gives up at 6; C takes its place at 10 and gives up at 10 + … it has until 12.
    let client = "client = { retries = \"none\", max_connections = 1, timeout = \"11s\" }";
    let rows = "0,100,100 1,100,100 2,100,10";
    let told = told(&[("chat", rows, client)], OPEN);
    // A is answered at 10. B is sent at 10 and given up at 12, unanswered; C is sent at 12, a second before it gives up.
    assert_tells(&told, &[("served", 1.0), ("timed_out", 2.0), ("attempts", 3.0), ("offers", 3.0)]);
    let client = "client = { retries = \"none\", max_connections = 1, timeout = \"9s\" }";
    let told = crate::fates::told(&[("chat", "0,100,100 0.5,100,100", client)], OPEN);
    // A is given up at 9 and B, sent then, at 9.5. Nobody is served.
    assert_tells(&told, &[("timed_out", 2.0), ("attempts", 2.0)]);
    let told = crate::fates::told(&[("chat", "0,100,100 0,100,100", client)], OPEN);
    // B gives up at 9 as A does, and comes after it: the connection is free, and B, whose time is over, is not sent.
    assert_tells(&told, &[("timed_out", 2.0), ("requests", 2.0)]);
}

#[test]
fn a_pace_lets_its_burst_go_and_then_one_at_a_time() {
    // 60 a minute with a burst of two seconds: two at once, then one each second.
    let client = "client = { retries = \"none\", pace = { rpm = 60, burst = \"2s\" } }";
    let told = told(&[("chat", "0,100,100 0,100,100 0,100,100 0,100,100", client)], OPEN);
    assert_tells(&told, &[("served", 4.0), ("queue_delay_mean_ms", (1.0 + 2.0) * 1_000.0 / 4.0)]);
}

#[test]
fn a_pace_of_tokens_counts_input_and_cap_and_lets_a_large_call_go_into_debt() {
    // 60,000 a minute is 1,000 a second, which is the burst. The first asks 900 + 100, the second 2,000 + 500: it goes
    // when the bucket is full again, at 1 s, and leaves it 1,500 short; the third needs 200, at 1 + 1.7 s.
    let client = "client = { retries = \"none\", pace = { tpm = 60_000 } }";
    let told = told(&[("chat", "0,900,100 0,2000,500 0,100,100", client)], OPEN);
    assert_tells(&told, &[("served", 3.0), ("queue_delay_mean_ms", (1_000.0 + 2_700.0) / 3.0)]);
}

#[test]
fn a_pace_holds_calls_back_and_not_their_retries() {
    // One call a minute. A at 0 is refused twice, at 0 and 1, for the quota is 1 and B of the other workload took it.
    let client = "client = { pace = { rpm = 1 }, retries.exponential = { max_attempts = 2, jitter = \"none\" } }";
    let told = told(
        &[("a", "0,100,100", "client.retries = \"none\""), ("b", "0,100,100 0,100,100", client)],
        "[capacities.us.on_demand]\nrpm = 1\n",
    );
    assert_tells(
        &told,
        &[
            ("workloads.b.failed", 1.0),
            ("workloads.b.served", 1.0),
            // Refused at 0 and 1; the second call is sent at 60, into a new minute.
            ("workloads.b.attempts", 3.0),
            ("workloads.b.queue_delay_mean_ms", 60_000.0),
        ],
    );
}

#[test]
fn an_application_tries_the_whole_effort_again() {
    // Two attempts a second apart, and three efforts 20 s apart: 0, 1; 21, 22; 42, 43. The minute's only request is gone.
    let client = "client = { app_retries = { attempts = 3, delay = \"20s\" }, retries.exponential = { max_attempts = 2, jitter = \"none\" } }";
    let refused = told(
        &[("a", "0,100,100", "client.retries = \"none\""), ("b", "0,100,100", client)],
        "[capacities.us.on_demand]\nrpm = 1\n",
    );
    assert_tells(&refused, &[("workloads.b.failed", 1.0), ("workloads.b.attempts", 6.0), ("throttled_attempts", 6.0)]);
    // With four efforts the seventh attempt is at 63.
    let served = told(
        &[("a", "0,100,100", "client.retries = \"none\""), ("b", "0,100,100", &client.replace("= 3", "= 4"))],
        "[capacities.us.on_demand]\nrpm = 1\n",
    );
    assert_tells(&served, &[("workloads.b.attempts", 7.0), ("workloads.b.queue_delay_mean_ms", 63_000.0)]);
}

#[test]
fn an_application_does_not_try_again_what_is_too_large() {
    let client = "client = { retries = \"none\", app_retries = { attempts = 3, delay = \"1s\" } }";
    let told = told(&[("b", "0,100,100 1,5000,100", client)], "[capacities.us.on_demand]\ntpm = 1_000\n");
    assert_tells(&told, &[("failed", 1.0), ("attempts", 2.0)]);
}

/// botocore's `adaptive` mode, written once more from the facts (times in seconds), to be held against the engine's.
#[derive(Default)]
struct Botocore {
    enabled: bool,
    measured: f64,
    count: f64,
    last_bucket: f64,
    w_max: f64,
    k: f64,
    last_fail: f64,
    rate: f64,
    max: f64,
    tokens: f64,
    stamp: Option<f64>,
}

impl Botocore {
    fn refill(&mut self, t: f64) {
        if let Some(stamp) = self.stamp {
            self.tokens = self.max.min(self.tokens + (t - stamp) * self.rate);
        }
        self.stamp = Some(t);
    }

    /// A call that wants to go at `t` goes, or sleeps for so long unless the rate changes.
    fn acquire(&mut self, t: f64) -> Result<(), f64> {
        if !self.enabled {
            return Ok(());
        }
        self.refill(t);
        if self.tokens >= 1.0 {
            self.tokens -= 1.0;
            return Ok(());
        }
        Err((1.0 - self.tokens) / self.rate)
    }

    fn response(&mut self, t: f64, throttled: bool) {
        self.count += 1.0;
        let bucket = (t * 2.0).floor() / 2.0;
        if bucket > self.last_bucket {
            self.measured = 0.8 * (self.count / (bucket - self.last_bucket)) + 0.2 * self.measured;
            (self.count, self.last_bucket) = (0.0, bucket);
        }
        let rate = if throttled {
            self.w_max = if self.enabled { self.measured.min(self.rate) } else { self.measured };
            self.enabled = true;
            self.k = (self.w_max * 0.3 / 0.4).cbrt();
            self.last_fail = t;
            0.7 * self.w_max
        } else {
            0.4 * (t - self.last_fail - self.k).powi(3) + self.w_max
        };
        let rate = rate.min(2.0 * self.measured);
        self.refill(t);
        self.rate = rate.max(0.5);
        self.max = rate.max(1.0);
        self.tokens = self.tokens.min(self.max);
    }
}

#[test]
fn the_adaptive_mode_sends_when_botocore_would() {
    // Answers take 1 ms and a request comes each 100 ms. Forty are admitted in each minute; the others are refused at
    // once, and not tried again: what is sent when depends on the rate limiter alone.
    let text = r#"
        run = { duration = "10m", warmup = "0s", replications = 1, cooldown = "10m" }
        models.own = { max_output_tokens = 10, time_to_first_token = "1ms", output_tokens_per_second = 1_000_000_000 }
        capacities.us.on_demand.rpm = 40
        [workloads.chat]
        model = "own"
        arrivals.constant.rate = "10/s"
        input_tokens = 1
        output_tokens = 1
        max_tokens = 1
        client.retries.adaptive.max_attempts = 1"#;
    const MILLI: u64 = 1_000;
    let mut sdk = Botocore { rate: 1.0, max: 1.0, ..Botocore::default() };
    let (mut minute, mut used, mut now, mut next) = (0, 0, 0_u64, 1_u64);
    let mut answers = std::collections::VecDeque::new();
    let (mut served, mut throttled, mut delays) = (0_u64, 0_u64, 0_u64);
    // Until the run is cut off, or all of its measured requests are over.
    while now < 1_200_000 * MILLI && (next < 6_000 || !answers.is_empty()) {
        let arrival = next * 100 * MILLI;
        if answers.front() == Some(&now) {
            answers.pop_front();
            sdk.response(now as f64 / 1e6, false);
            continue;
        }
        let wakes = if arrival <= now {
            match sdk.acquire(now as f64 / 1e6) {
                Ok(()) => {
                    if now / 60_000_000 > minute {
                        (minute, used) = (now / 60_000_000, 0);
                    }
                    let is_measured = u64::from(next < 6_000);
                    if used < 40 {
                        used += 1;
                        answers.push_back(now + MILLI);
                        served += is_measured;
                        delays += is_measured * (now - arrival);
                    } else {
                        throttled += is_measured;
                        sdk.response(now as f64 / 1e6, true);
                    }
                    next += 1;
                    continue;
                }
                Err(wait) => now + ((wait * 1e6).ceil() as u64).max(1),
            }
        } else {
            arrival
        };
        now = answers.front().map_or(wakes, |at| wakes.min(*at));
    }
    let point = play(text);
    assert_eq!(value(&point, "requests"), 5_999.0);
    assert_eq!((value(&point, "served"), value(&point, "throttled_attempts")), (served as f64, throttled as f64));
    let mean = delays as f64 / served as f64 / 1e3;
    assert!((value(&point, "queue_delay_mean_ms") - mean).abs() < 1e-3 * mean, "{mean}");
    assert!(mean > 1_000.0 && throttled > 50, "the limiter has done something: {mean}, {throttled}");
}

#[test]
fn what_makes_no_sense_is_refused() {
    for (client, rule) in [
        ("max_connections = 0", "lies between 1 and"),
        ("pace = { burst = \"1s\" }", "states rpm, tpm or both"),
        ("pace = { rpm = 0 }", "lies between 1 and"),
        ("pace = { rpm = 1, burst = \"2d\" }", "longer than 1d"),
        ("app_retries = { attempts = 0 }", "lies between 1 and 20"),
    ] {
        let client = format!("client = {{ {client} }}");
        let refused = refusal(&[("chat", "0,100,100", &client)], OPEN);
        assert!(refused.contains(rule), "{refused}");
    }
}

#[test]
fn who_never_gets_a_connection_is_counted_and_is_in_no_rate_of_attempts() {
    // Ten at once and one connection: the first is answered at 10. The second is sent then and given up at 12, when the
    // others are given up too.
    let rows = "0,1,100 ".repeat(10);
    let told = told(&[("w", &rows, "client = { retries = \"none\", max_connections = 1, timeout = \"12s\" }")], OPEN);
    assert_tells(
        &told,
        &[
            ("requests", 10.0),
            ("served", 1.0),
            ("timed_out", 9.0),
            ("never_sent", 8.0),
            ("attempts", 2.0),
            ("offers", 2.0),
            ("retry_amplification", 1.0),
        ],
    );
    // An answer of 1,009 s holds the connection until the run ends: of what arrived at 1 nothing was sent, and no mean is.
    let told = told_of_a_long_answer();
    assert_eq!(told["windows.at1.retry_amplification"], None);
    assert_tells(&told, &[("windows.at1.never_sent", 1.0), ("windows.at1.unfinished", 1.0), ("attempts", 1.0)]);
}

fn told_of_a_long_answer() -> crate::fates::Told {
    told(
        &[("w", "0,1,100000 1,1,1", "client = { retries = \"none\", max_connections = 1 }")],
        &format!("[run]\nduration = \"10m\"\nwarmup = \"0s\"\ncooldown = \"0s\"\nreplications = 1\n{OPEN}"),
    )
}

#[test]
fn an_application_may_wait_longer_after_each_effort() {
    // Two attempts a second apart, and efforts 2, 4, 8, 16 and 20 s apart: 0, 1; 3, 4; 8, 9; 17, 18; 34, 35; 55, 56. The
    // seventh effort comes at 76, in another minute.
    let retries = "retries.exponential = { max_attempts = 2, jitter = \"none\" }";
    let delay = "delay.exponential = { base = \"2s\", cap = \"20s\", jitter = \"none\" }";
    let of = |efforts: u32| {
        let client = format!("client = {{ app_retries = {{ attempts = {efforts}, {delay} }}, {retries} }}");
        told(
            &[("a", "0,100,100", "client.retries = \"none\""), ("b", "0,100,100", &client)],
            "[capacities.us.on_demand]\nrpm = 1\n",
        )
    };
    assert_tells(&of(6), &[("workloads.b.failed", 1.0), ("workloads.b.attempts", 12.0)]);
    assert_tells(&of(7), &[("workloads.b.attempts", 13.0), ("workloads.b.queue_delay_mean_ms", 76_000.0)]);
}

/// Documents of 20 to 60 pages, each within 5 s, at an account of 20 calls a minute.
fn pages(client: &str) -> bedload::results::Point {
    play(&format!(
        r#"
        run = {{ duration = "8h", warmup = "10m", cooldown = "2h", replications = 5, seed = 14 }}
        [models.m]
        max_output_tokens = 64_000
        output_burndown = 5
        time_to_first_token = "1s"
        output_tokens_per_second = 60
        [workloads.pages]
        model = "m"
        arrivals.batches = {{ rate = "12/h", size.uniform = {{ low = 20, high = 60 }}, spread = "5s", cv = 1 }}
        input_tokens.lognormal = {{ median = 4000, p95 = 9000 }}
        output_tokens.lognormal = {{ median = 400, p95 = 1500 }}
        max_tokens = 4096
        {client}
        [capacities.us.on_demand]
        rpm = 20
        tpm = 200_000
        "#
    ))
}

#[test]
fn long_retries_get_nearly_every_page_through() {
    let of = |n: u32| {
        let retries = format!("{{ max_attempts = {n}, base = \"2s\", cap = \"300s\", jitter = \"equal\" }}");
        value(&pages(&format!("client.retries.exponential = {retries}")), "failure_rate")
    };
    let (eight, twelve) = (of(8), of(12));
    assert!((0.06..0.12).contains(&eight), "8 attempts lose {eight}");
    assert!((0.0003..0.004).contains(&twelve), "12 attempts lose {twelve}");
    let app = "client = { retries.legacy = {}, app_retries = { attempts = 8, delay.exponential = { base = \"2s\", cap = \"300s\", jitter = \"equal\" } } }";
    let around = value(&pages(app), "failure_rate");
    assert!(around < eight, "five attempts within each of eight efforts lose {around}");
}

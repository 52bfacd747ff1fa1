//! The limits of quotas with a handful of requests whose outcome is worked out by hand, as in [`crate::clients`].

use crate::clients::{PATIENT, assert_tells, calls, capacity, told, told_with};

#[test]
fn exactly_the_limit_is_admitted_and_one_more_is_refused() {
    // Two requests of 200 tokens in one minute.
    for limiter in ["fixed_window", "sliding_window"] {
        for (limit, served) in [("tpm = 400", 2.0), ("tpm = 399", 1.0), ("rpm = 2", 2.0), ("rpm = 1", 1.0)] {
            let keys = format!("{limit}\nlimiter = \"{limiter}\"");
            let told = told(&[calls("chat", 1, 1, 2, PATIENT), capacity("us", &keys)]);
            assert_tells(&told, &[("served", served), ("failed", 2.0 - served)]);
        }
    }
}

#[test]
fn a_queue_on_a_fixed_window_wakes_at_the_minute_of_the_wall_clock() {
    // The clock starts at half a minute: the next begins at 30.
    let told = told_with(
        &[calls("chat", 1, 1, 2, PATIENT), capacity("us", "rpm = 1\non_saturation = \"queue\"")],
        &["run.start=2026-01-01T00:00:30Z"],
    );
    assert_tells(&told, &[("served", 2.0), ("queue_delay_mean_ms", 14_000.0)]);
}

#[test]
fn a_queue_on_a_token_bucket_wakes_at_the_refill() {
    // A bucket of one request, refilled in 10 s and full at 1: served at 1, 11, 21.
    let told = told(&[
        calls("chat", 1, 1, 3, PATIENT),
        capacity("us", "rpm = 6\nlimiter.token_bucket = { burst = \"10s\" }\non_saturation = \"queue\""),
    ]);
    assert_tells(&told, &[("served", 3.0), ("queue_delay_mean_ms", 9_000.0)]);
}

#[test]
fn refused_requests_that_count_keep_a_window_full() {
    // One request in any 10 s, asked for at 6, 12, 18, 24. If refusals do not count, 6 and 18 are served; if they do,
    // the one at 12 is in the way until 22 and the one at 18 until 28.
    for (counted, served) in [("false", 2.0), ("true", 1.0)] {
        let keys =
            format!("rpm = 6\nlimiter.sliding_window = {{ window = \"10s\" }}\ncount_refused_requests = {counted}");
        let told = told(&[calls("chat", 6, 6, 4, PATIENT), capacity("us", &keys)]);
        assert_tells(&told, &[("served", served), ("capacities.us.refused_rpm", 4.0 - served)]);
    }
}

#[test]
fn the_day_starts_again_at_midnight_utc() {
    // 700 of 1,000 are used: the request at 1 takes 200, the one at 2 waits for midnight at 60.
    let told = told_with(
        &[
            calls("chat", 1, 1, 2, PATIENT),
            capacity("us", "tpd = 1000\ntpd_used_at_start = 700\non_saturation = \"queue\""),
        ],
        &["run.start=2026-01-01T23:59:00Z"],
    );
    assert_tells(&told, &[("served", 2.0), ("queue_delay_mean_ms", 29_000.0)]);
}

#[test]
fn a_used_up_day_refuses() {
    let told = told(&[calls("chat", 1, 1, 3, PATIENT), capacity("us", "tpd = 1000\ntpd_used_at_start = 600")]);
    assert_tells(&told, &[("served", 2.0), ("failed", 1.0), ("capacities.us.refused_tpd", 1.0)]);
}

#[test]
fn cache_reads_are_reserved_only_when_asked_for() {
    // 500 uncached and 500 read, 100 of output: 600 or 1,100 of 1,200.
    for (reserved, served) in [("false", 2.0), ("true", 1.0)] {
        let told = told(&[
            calls("chat", 1, 1, 2, "input_tokens = 1000\ncache.read_share = 0.5\nclient.retries = \"none\""),
            capacity("us", &format!("tpm = 1200\nreserve_cache_reads = {reserved}")),
        ]);
        assert_tells(&told, &[("served", served), ("capacities.us.refused_tpm", 2.0 - served)]);
    }
}

#[test]
fn workloads_on_two_capacities_share_a_quota() {
    // At 1, 2 and at 3, 4, three to the minute.
    let told = told(&[
        calls("chat", 1, 1, 2, "route = \"us\"\nclient.retries = \"none\""),
        calls("docs", 3, 1, 2, "route = \"eu\"\nclient.retries = \"none\""),
        "[quotas.account]\nrpm = 3\n".to_owned(),
        capacity("us", "quota = \"account\""),
        capacity("eu", "quota = \"account\""),
    ]);
    assert_tells(
        &told,
        &[
            ("workloads.chat.served", 2.0),
            ("workloads.docs.served", 1.0),
            ("workloads.docs.failed", 1.0),
            ("quotas.account.admitted", 3.0),
            ("quotas.account.rpm.refused", 1.0),
            ("capacities.us.refused_rpm", 0.0),
            ("capacities.eu.refused_rpm", 1.0),
            ("quotas.account.rpm.utilization_peak", 1.0),
        ],
    );
}

#[test]
fn a_queue_on_a_shared_quota_moves_when_a_neighbour_settles() {
    // The first reserves 1,100 of 1,200 from 1 on and is charged 200 at 11, when the second has waited for 9.
    let told = told(&[
        calls("chat", 1, 1, 1, "route = \"us\"\nmax_tokens = 1000"),
        calls("docs", 2, 1, 1, "route = \"eu\"\ninput_tokens = 900"),
        "[quotas.account]\ntpm = 1200\n".to_owned(),
        capacity("us", "quota = \"account\""),
        capacity("eu", "quota = \"account\"\non_saturation = \"queue\""),
    ]);
    assert_tells(
        &told,
        &[("served", 2.0), ("workloads.docs.queue_delay_mean_ms", 9_000.0), ("quotas.account.tpm.charged", 1_200.0)],
    );
}

#[test]
fn burndown_charges_more_than_was_reserved() {
    // 200 reserved and 600 charged of 800: the one at 12 leaves 200 for the one at 24, which leaves a debit of 400.
    let told =
        told_with(&[calls("chat", 12, 12, 3, PATIENT), capacity("us", "tpm = 800")], &["models.own.output_burndown=5"]);
    assert_tells(
        &told,
        &[
            ("served", 2.0),
            ("failed", 1.0),
            ("capacities.us.tpm.charged", 1_200.0),
            ("capacities.us.tpm.utilization_mean", 1.5),
            ("capacities.us.tpm.occupied_peak_per_min", 1_200.0),
            ("capacities.us.reserved_unused_tokens", 0.0),
            // Burndown is never billed.
            ("output_tokens", 200.0),
            ("cost_usd", 400e-6),
        ],
    );
}

#[test]
fn what_was_reserved_and_not_used_comes_back_at_completion() {
    // 1,100 of 1,300 reserved at 12; refused at 18; charged 200 at 22, which leaves exactly 1,100 at 24.
    let told =
        told(&[calls("chat", 12, 6, 3, "max_tokens = 1000\nclient.retries = \"none\""), capacity("us", "tpm = 1300")]);
    assert_tells(
        &told,
        &[("served", 2.0), ("capacities.us.refused_tpm", 1.0), ("capacities.us.reserved_unused_tokens", 1_800.0)],
    );
}

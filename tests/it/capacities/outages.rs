//! Failures and changes of capacities: outages, changed limits, random refusals.

use crate::fates::{assert_tells, told};
use crate::playing::{agrees, play, value};

#[test]
fn an_outage_refuses_with_503_and_lets_what_runs_finish() {
    // Out in [10, 20).
    let told = told(
        &[("w", "0,100,1 9,100,100 10,100,100 19.999999,100,100 20,100,100", "")],
        "[capacities.a.on_demand]\nrpm = 100\noutages = [{ at = \"10s\", lasts = \"10s\" }]",
    );
    assert_tells(
        &told,
        &[
            ("served", 3.0),
            ("windows.at9.e2e_mean_ms", 10_000.0),
            ("windows.at10.failed", 1.0),
            ("windows.at19.failed", 1.0),
            ("windows.at20.served", 1.0),
            ("capacities.a.refused_outage", 2.0),
            ("unavailable_rate", 0.4),
            ("throttled_attempts", 0.0),
        ],
    );
}

#[test]
fn a_queue_holds_what_waits_and_what_comes_in_an_outage() {
    // One place. The one at 1 would be served at 10; it goes at 20 and the one at 15 at 30.
    let told = told(
        &[("w", "0,100,100 1,100,100 15,100,100", "")],
        "[capacities.a.on_demand]\nconcurrency = 1\non_saturation = \"queue\"\noutages = [{ at = \"5s\", lasts = \"15s\" }]",
    );
    assert_tells(
        &told,
        &[
            ("served", 3.0),
            ("unavailable_rate", 0.0),
            ("windows.at0.e2e_mean_ms", 10_000.0),
            ("windows.at1.queue_delay_mean_ms", 19_000.0),
            ("windows.at15.queue_delay_mean_ms", 15_000.0),
        ],
    );
}

#[test]
fn a_fraction_multiplies_limits_and_rounds_down() {
    // 5 x 0.5 are 2 in [60, 120), 5 before and after.
    let five = |t: u64| (0..5).map(|i| format!("{},1,1 ", t + i)).collect::<String>();
    let told = told(
        &[("w", &(five(0) + &five(60) + &five(120)), "")],
        "[capacities.a.on_demand]\nrpm = 5\noutages = [{ at = \"60s\", lasts = \"60s\", factor = 0.5 }]",
    );
    assert_tells(
        &told,
        &[
            ("served", 12.0),
            ("capacities.a.refused_rpm", 3.0),
            ("windows.at61.served", 1.0),
            ("windows.at62.served", 0.0),
            ("windows.at124.served", 1.0),
        ],
    );
}

#[test]
fn a_fraction_multiplies_concurrency_too() {
    let told = told(
        &[("w", "0,1,1 60,1,1 60.1,1,1 60.2,1,1", "")],
        "[capacities.a.on_demand]\nconcurrency = 3\noutages = [{ at = \"30s\", lasts = \"60s\", factor = 0.6 }]",
    );
    assert_tells(&told, &[("served", 2.0), ("capacities.a.refused_concurrency", 2.0), ("throttled_attempts", 2.0)]);
}

#[test]
fn a_fraction_halves_a_bucket_and_its_refill() {
    // Ten in the bucket, one a second; in the outage five, one every two seconds.
    let rows = "0,1,1 ".to_owned() + &"60,1,1 ".repeat(10) + "61.9,1,1 62,1,1 63.9,1,1 64,1,1";
    let told = told(
        &[("w", &rows, "")],
        "[capacities.a.on_demand]\nrpm = 60\nlimiter.token_bucket = { burst = \"10s\" }\noutages = [{ at = \"30s\", lasts = \"60s\", factor = 0.5 }]",
    );
    assert_tells(
        &told,
        &[
            ("windows.at60.served", 5.0),
            ("windows.at61.served", 0.0),
            ("windows.at62.served", 1.0),
            ("windows.at63.served", 0.0),
            ("windows.at64.served", 1.0),
        ],
    );
}

#[test]
fn a_shared_quota_knows_nothing_of_a_capacitys_outage() {
    let told = told(
        &[("w", "0,1,1 1,1,1 2,1,1 3,1,1 4,1,1", "")],
        "[quotas.all]\nrpm = 4\n[capacities.a.on_demand]\nquota = \"all\"\noutages = [{ at = \"500ms\", lasts = \"50s\", factor = 0.5 }]",
    );
    assert_tells(&told, &[("served", 4.0), ("quotas.all.rpm.refused", 1.0)]);
}

#[test]
fn what_begins_at_t_zero_holds_from_the_first_request_on() {
    for (keys, served) in [
        ("outages = [{ at = \"0s\", lasts = \"60s\" }]", 0.0),
        ("outages = [{ at = \"0s\", lasts = \"60s\", factor = 0.5 }]", 2.0),
        ("changes = [{ at = \"0s\", rpm = 1 }]", 1.0),
    ] {
        let told =
            told(&[("w", "0,1,1 1,1,1 2,1,1 3,1,1 4,1,1", "")], &format!("[capacities.a.on_demand]\nrpm = 4\n{keys}"));
        assert_eq!(told["served"], Some(served), "{keys}");
    }
}

#[test]
fn too_large_is_told_by_the_limits_without_outages() {
    // 700 are not too large for 1,000, of which the outage leaves 500; 1,100 are.
    let told = told(
        &[("w", "0,10,10 1,600,100 2,1000,100 60,600,100", "")],
        "[capacities.a.on_demand]\ntpm = 1000\noutages = [{ at = \"500ms\", lasts = \"50s\", factor = 0.5 }]",
    );
    assert_tells(
        &told,
        &[
            ("served", 2.0),
            ("throttled_attempts", 1.0),
            ("unavailable_rate", 0.0),
            ("capacities.a.refused_tpm", 1.0),
            ("capacities.a.refused_too_large", 1.0),
            ("windows.at60.served", 1.0),
        ],
    );
}

#[test]
fn an_outage_is_told_before_too_large() {
    let told = told(
        &[("w", "0,10,10 20,1000,100", "")],
        "[capacities.a.on_demand]\ntpm = 1000\noutages = [{ at = \"10s\", lasts = \"60s\" }]",
    );
    assert_tells(&told, &[("capacities.a.refused_outage", 1.0), ("capacities.a.refused_too_large", 0.0)]);
}

#[test]
fn changes_set_limits_from_their_instant_on() {
    let told = told(
        &[("w", "0,1,1 1,1,1 2,1,1 59.5,1,1 60,1,1 61,1,1 120,1,1 121,1,1 122,1,1 180,1,1", "")],
        r#"
        [capacities.a.on_demand]
        rpm = 4
        changes = [{ at = "60s", rpm = 1 }, { at = "120s", rpm = 2 }, { at = "180s", unavailable_probability = 1 }]
        "#,
    );
    assert_tells(
        &told,
        &[
            ("served", 7.0),
            ("capacities.a.refused_rpm", 2.0),
            ("capacities.a.refused_unavailable", 1.0),
            ("windows.at60.served", 1.0),
            ("windows.at61.served", 0.0),
            ("windows.at121.served", 1.0),
            ("windows.at122.served", 0.0),
            ("windows.at180.failed", 1.0),
        ],
    );
}

#[test]
fn a_change_of_concurrency_lets_who_waits_in() {
    // One place until 5, then two: the one at 1 waits 4 s.
    let told = told(
        &[("w", "0,100,100 1,100,100", "")],
        "[capacities.a.on_demand]\nconcurrency = 1\non_saturation = \"queue\"\nchanges = [{ at = \"5s\", concurrency = 2 }]",
    );
    assert_tells(&told, &[("served", 2.0), ("windows.at1.queue_delay_mean_ms", 4_000.0)]);
}

#[test]
fn the_background_draw_is_a_503_of_its_share() {
    let point = play(
        r#"
        [run]
        duration = "1h"
        warmup = "0s"
        replications = 10
        confidence = 0.999
        seed = 11
        [models.m]
        max_output_tokens = 1
        time_to_first_token = "1ms"
        output_tokens_per_second = 1_000
        [workloads.w]
        model = "m"
        arrivals.poisson.rate = "5/s"
        input_tokens = 1
        output_tokens = 1
        client.retries.exponential = { max_attempts = 2, base = "1ms" }
        [capacities.c.on_demand]
        unavailable_probability = 0.3
        "#,
    );
    agrees(&point, "unavailable_rate", 0.3);
    // A draw for each attempt: both fail, or the second is made.
    agrees(&point, "failure_rate", 0.09);
    agrees(&point, "retry_amplification", 1.3);
    assert_eq!(value(&point, "throttle_rate"), 0.0);
}

#[test]
fn a_503_costs_14_of_the_retry_quota_and_a_429_costs_5() {
    // A hundred at once: 500 pay for 35 retries, or for 100. All but one are refused.
    let rows = "0,1,1 ".repeat(100);
    for (why, attempts) in [("unavailable_probability = 1", 135.0), ("rpm = 1", 200.0)] {
        let told = told(&[("w", &rows, "client.retries = \"standard\"")], &format!("[capacities.a.on_demand]\n{why}"));
        assert_tells(&told, &[("attempts", attempts)]);
    }
}

#[test]
fn the_occupied_peak_forgets_an_outages_smaller_bucket_whatever_the_length_of_the_run() {
    // A bucket of 1,200, of 600 over [10 s, 50 s). All 600 are taken at 20; at 50 there are 30 s x 10 in a bucket of 1,200
    // again, and 900 are missing.
    for duration in ["10m", "1h", "24h"] {
        let told = told(
            &[("w", "0,10,10 20,500,20,100 200,10,10", "")],
            &format!(
                "[run]\nduration = \"{duration}\"\nwarmup = \"0s\"\nreplications = 1\n[models.own]\n\
                 max_output_tokens = 1_000\noutput_burndown = 5\ntime_to_first_token = \"9s\"\n\
                 output_tokens_per_second = 100\n[capacities.us.on_demand]\ntpm = 1_200\nlimiter = \"token_bucket\"\n\
                 outages = [{{ at = \"10s\", lasts = \"40s\", factor = 0.5 }}]\n"
            ),
        );
        assert_tells(&told, &[("served", 3.0), ("capacities.us.tpm.occupied_peak_per_min", 900.0)]);
    }
}

#[test]
fn an_outage_that_leaves_nothing_takes_no_part_of_a_token() {
    // 7 tokens a minute; answers of two tokens are charged 2 + 5 x 2. At 20 the bucket holds 7 + 7/3 - 12 = -8/3, and over
    // [20 s, 30 s) nothing comes. Who waits for 2 is served when 14/3 more have come: 40 s later.
    let told = told(
        &[("w", "0,2,2 11,1,1", "")],
        "[capacities.us.on_demand]\ntpm = 7\nlimiter = \"token_bucket\"\non_saturation = \"queue\"\n\
         outages = [{ at = \"20s\", lasts = \"10s\" }]\n",
    );
    assert_tells(&told, &[("served", 2.0), ("windows.at11.queue_delay_mean_ms", 59_000.0)]);
}

//! Imported models: copies that wake, multiply and sleep.

use crate::fates::{assert_tells, told};

fn imported(keys: &str) -> String {
    format!(
        "[capacities.mine.custom_import]\nconcurrency_per_copy = 1\nunits_per_copy = 2\nprice_per_unit_minute = \"$0.0785\"\n{keys}"
    )
}

#[test]
fn an_imported_model_wakes_at_its_first_call_and_sleeps_after_five_idle_minutes() {
    // Cold at 0, ready at 30. Served at 31, 200 and 400; idle from 410 to 710. Cold at 800, ready at 830.
    // Windows of the first copy: [31, 331) and [331, 631); of the second: [831, 1131).
    let told = told(
        &[("w", "0,1,100 29.9,1,100 31,1,100 200,1,100 400,1,100 709,1,1 1100,1,100 1131,1,100", "")],
        &format!("[run]\nduration = \"30m\"\nwarmup = \"0s\"\nreplications = 1\n{}", imported("cold_start = \"30s\"")),
    );
    // 709 is within five idle minutes, in [631, 931); it ends at 718.01, and at 1,100 the copy is gone.
    assert_tells(
        &told,
        &[
            ("served", 5.0),
            ("failed", 3.0),
            ("capacities.mine.refused_not_ready", 3.0),
            ("windows.at0.failed", 1.0),
            ("windows.at29.failed", 1.0),
            ("windows.at31.e2e_mean_ms", 10_000.0),
            ("windows.at709.served", 1.0),
            ("windows.at1100.failed", 1.0),
            ("windows.at1131.served", 1.0),
            ("throttled_attempts", 3.0),
            ("unavailable_rate", 0.0),
            // 31, 400, 709 (the third window of the first copy), 1,131.
            ("capacities.mine.billed_windows", 4.0),
            ("cost_usd", 4.0 * 0.785),
        ],
    );
}

#[test]
fn a_queue_holds_calls_while_an_imported_model_wakes() {
    // One copy from 30: served from 30 to 40 and from 40 to 50.
    let told = told(
        &[("w", "0,1,100 5,1,100", "")],
        &imported("cold_start = \"30s\"\non_saturation = \"queue\"\nmax_copies = 1"),
    );
    assert_tells(
        &told,
        &[
            ("served", 2.0),
            ("windows.at0.queue_delay_mean_ms", 30_000.0),
            ("windows.at5.queue_delay_mean_ms", 35_000.0),
            ("capacities.mine.billed_windows", 1.0),
        ],
    );
}

#[test]
fn calls_while_it_wakes_do_not_make_it_wake_later() {
    let told = told(&[("w", "0,1,1 10,1,1 20,1,1 29,1,1 30.5,1,1", "")], &imported("cold_start = \"30s\""));
    assert_tells(&told, &[("served", 1.0), ("capacities.mine.refused_not_ready", 4.0)]);
}

#[test]
fn exceeded_concurrency_brings_another_copy_up_to_the_most() {
    // One copy from 30. At 32 it is busy (31 to 41): a second copy comes, ready at 62. At 70 and 71 both serve; at 72
    // there is no third.
    let rows = "0,1,1 31,1,100 32,1,100 70,1,100 71,1,100 72,1,100 103,1,100 104,1,100 105,1,100";
    for (most, served) in [(2, 5.0), (3, 6.0)] {
        let told = told(&[("w", rows, "")], &imported(&format!("cold_start = \"30s\"\nmax_copies = {most}")));
        assert_tells(
            &told,
            &[
                ("served", served),
                ("throttled_attempts", 9.0 - served),
                ("windows.at32.served", 0.0),
                ("windows.at71.served", 1.0),
                ("windows.at72.served", 0.0),
                ("windows.at104.served", 1.0),
                // The third copy was called for at 72 and is there at 102.
                ("windows.at105.served", served - 5.0),
            ],
        );
    }
}

#[test]
fn not_ready_is_retried_within_milliseconds() {
    // Of the transient class: at most 50 and 100 ms. The throttled class would often wait a second, and be served.
    let told = told(
        &[("w", "0,1,1", "client.retries = \"standard\"")],
        &format!("[run]\nduration = \"1m\"\nwarmup = \"0s\"\nreplications = 50\n{}", imported("cold_start = \"1s\"")),
    );
    assert_tells(&told, &[("failed", 1.0), ("attempts", 3.0), ("capacities.mine.refused_not_ready", 3.0)]);
}

#[test]
fn a_retry_of_not_ready_costs_14_of_the_retry_quota() {
    let told =
        told(&[("w", &"0,1,1 ".repeat(100), "client.retries = \"standard\"")], &imported("cold_start = \"30s\""));
    assert_tells(&told, &[("served", 0.0), ("attempts", 135.0)]);
}

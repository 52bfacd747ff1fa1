//! The endpoint that meters what goes in and what comes out apart, and stops a stream.

use crate::fates::{assert_tells, told};

#[test]
fn mantle_admits_input_and_cap_and_settles_to_input() {
    // 1,000 of 1,000 reserved at 0; refused at 1; settled to 400 at 10, so that at 11 exactly 600 fit.
    let told = told(
        &[("a", "0,400,100,600 1,400,100,600 11,300,100,300 12,1,1,1", "")],
        "[capacities.us.on_demand]\nendpoint = \"mantle\"\nitpm = 1000\notpm = \"none\"",
    );
    assert_tells(
        &told,
        &[
            ("served", 2.0),
            ("failed", 2.0),
            ("throttled_attempts", 2.0),
            ("capacities.us.refused_itpm", 2.0),
            ("capacities.us.itpm.charged", 700.0),
            // The caps of the two that were served.
            ("capacities.us.itpm.reserved_unused_tokens", 900.0),
            ("windows.at11.served", 1.0),
            // The burndown of five is not for this endpoint.
            ("output_tokens", 200.0),
            ("cost_usd", 900e-6),
        ],
    );
}

#[test]
fn mantle_stops_an_answer_at_the_second_that_otpm_refuses() {
    // Asks 100 of 250 at 9, at 10, and at 11, where 50 are left.
    let told = told(
        &[("a", "0,100,500,1000", "")],
        "[capacities.us.on_demand]\nendpoint = \"mantle\"\nitpm = \"none\"\notpm = 250",
    );
    assert_tells(
        &told,
        &[
            ("served", 1.0),
            ("failed", 0.0),
            ("throttled_attempts", 0.0),
            ("truncation_rate", 1.0),
            ("output_tokens", 200.0),
            ("e2e_mean_ms", 11_000.0),
            ("ttft_mean_ms", 9_000.0),
            ("capacities.us.otpm.charged", 200.0),
            ("cost_usd", 300e-6),
        ],
    );
}

#[test]
fn mantle_finishes_an_answer_whose_last_part_of_a_second_fits_exactly() {
    for (wanted, produced, end, truncated) in [("250", 250.0, 11_500.0, 0.0), ("251", 200.0, 11_000.0, 1.0)] {
        let told = told(
            &[("a", &format!("0,100,{wanted}"), "")],
            "[capacities.us.on_demand]\nendpoint = \"mantle\"\nitpm = \"none\"\notpm = 250",
        );
        assert_tells(
            &told,
            &[("output_tokens", produced), ("e2e_mean_ms", end), ("truncation_rate", truncated), ("served", 1.0)],
        );
    }
}

#[test]
fn mantle_streams_take_turns_at_otpm() {
    // At 9 each takes 100 of 300; at 10 the first takes the last and the second stops; at 11 the first stops.
    let told = told(
        &[("a", "0,100,500", ""), ("b", "0,100,500", "")],
        "[capacities.us.on_demand]\nendpoint = \"mantle\"\nitpm = \"none\"\notpm = 300",
    );
    assert_tells(
        &told,
        &[
            ("workloads.a.output_tokens", 200.0),
            ("workloads.b.output_tokens", 100.0),
            ("workloads.a.e2e_mean_ms", 11_000.0),
            ("workloads.b.e2e_mean_ms", 10_000.0),
            ("truncation_rate", 1.0),
        ],
    );
}

#[test]
fn a_new_minute_lets_a_mantle_stream_go_on() {
    // The second streams from 59: 100 of 100 in this minute, 100 in the next from 60 on, and stops at 61. The first
    // has none of it: it ends in 9 s and 10 ms.
    let told = told(
        &[("a", "0,100,1 50,100,300", "")],
        "[capacities.us.on_demand]\nendpoint = \"mantle\"\nitpm = \"none\"\notpm = 101",
    );
    assert_tells(
        &told,
        &[("windows.at50.output_tokens", 200.0), ("windows.at50.e2e_mean_ms", 11_000.0), ("truncation_rate", 0.5)],
    );
}

#[test]
fn a_stream_without_a_first_wait_is_looked_at_after_the_arrivals_of_its_instant() {
    // Two at once for one place: the first stops where it begins, and after the second was refused.
    let told = told(
        &[("a", "0,100,100 1,100,100 1,100,100", "")],
        "[models.own]\nmax_output_tokens = 1_000\ntime_to_first_token = \"0s\"\noutput_tokens_per_second = 100\n[capacities.us.on_demand]\nendpoint = \"mantle\"\nitpm = \"none\"\notpm = 50\nconcurrency = 1",
    );
    assert_tells(&told, &[("served", 2.0), ("capacities.us.refused_concurrency", 1.0), ("output_tokens", 0.0)]);
}

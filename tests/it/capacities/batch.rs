//! Batch jobs: collected, waiting, answered all at once.

use crate::fates::{Told, assert_tells, told};

/// A hundred records of 200 tokens, one a second from 0 on.
fn nightly(records: u64, keys: &str) -> Told {
    let rows: String = (0..records).map(|s| format!("{s},100,100 ")).collect();
    told(
        &[("w", &rows, "")],
        &format!(
            "[run]\nduration = \"3h\"\nwarmup = \"0s\"\nreplications = 1\n[capacities.night.batch]\ncollect_every = \"1h\"\nqueue_delay = \"10m\"\ntokens_per_second = 1_000\n{keys}"
        ),
    )
}

#[test]
fn a_job_is_collected_waits_and_answers_all_at_its_end() {
    // Collected at 3,600, started at 4,200, and 20,000 tokens later over at 4,220. A record waits from s to there.
    let told = nightly(100, "");
    assert_tells(
        &told,
        &[
            ("served", 100.0),
            ("capacities.night.jobs", 1.0),
            ("capacities.night.job_wait_mean_ms", 600_000.0),
            ("capacities.night.job_makespan_mean_ms", 20_000.0),
            ("capacities.night.jobs_in_time_rate", 1.0),
            ("e2e_mean_ms", (4_220.0 - 49.5) * 1_000.0),
            ("output_tokens", 10_000.0),
            // Half of $1 for each million.
            ("cost_usd", 0.01),
        ],
    );
}

#[test]
fn the_deadline_of_a_job_runs_from_its_submission_to_its_end() {
    for (deadline, in_time) in [("620s", 1.0), ("619s", 0.0)] {
        let told = nightly(100, &format!("deadline = \"{deadline}\""));
        assert_tells(&told, &[("capacities.night.jobs_in_time_rate", in_time), ("served", 100.0)]);
    }
}

#[test]
fn jobs_are_collected_at_instants_of_the_wall_clock() {
    // At 30 min past each hour: 1,800 + 600 + 20.
    let told = nightly(100, "collect_at = \"30m\"");
    assert_tells(&told, &[("capacities.night.jobs", 1.0), ("e2e_mean_ms", (2_420.0 - 49.5) * 1_000.0)]);
}

#[test]
fn each_collection_is_a_job_of_its_own() {
    let rows: String = (0..100).chain(3_700..3_900).map(|s| format!("{s},100,100 ")).collect();
    let told = told(
        &[("w", &rows, "")],
        "[run]\nduration = \"3h\"\nwarmup = \"0s\"\nreplications = 1\n[capacities.night.batch]\ncollect_every = \"1h\"\nqueue_delay = \"10m\"\ntokens_per_second = 1_000",
    );
    // 20,000 tokens and 40,000; 100 x (4,220 - 49.5) and 200 x (7,840 - 3,799.5).
    assert_tells(
        &told,
        &[
            ("served", 300.0),
            ("capacities.night.jobs", 2.0),
            ("capacities.night.job_makespan_mean_ms", 30_000.0),
            ("e2e_mean_ms", (100.0 * 4_170.5 + 200.0 * 4_040.5) / 300.0 * 1_000.0),
        ],
    );
}

#[test]
fn a_batch_holds_no_connection() {
    for client in ["max_connections = 2", "max_connections = 1, retries = \"adaptive\""] {
        let rows: String = (0..100).map(|s| format!("{s},100,100 ")).collect();
        let told = told(
            &[("w", &rows, &format!("client = {{ {client} }}"))],
            "[run]\nduration = \"3h\"\nwarmup = \"0s\"\nreplications = 1\n[capacities.night.batch]\ncollect_every = \"1h\"\nqueue_delay = \"10m\"\ntokens_per_second = 1_000",
        );
        assert_tells(&told, &[("served", 100.0), ("never_sent", 0.0), ("e2e_mean_ms", (4_220.0 - 49.5) * 1_000.0)]);
    }
}

#[test]
fn who_goes_on_to_a_batch_gives_its_connection_back() {
    // One connection. The first is answered by `us` until 10; those of 1 to 9 wait for it until then, are refused by `us`
    // in turn, and go into the job, which holds nobody up. From 60 on `us` has another minute, and answers one more.
    let rows: String = (0..110).map(|s| format!("{s},100,100 ")).collect();
    let told = told(
        &[("w", &rows, "client = { retries = \"none\", max_connections = 1 }\nroute = [\"us\", \"night\"]")],
        "[run]\nduration = \"3h\"\nwarmup = \"0s\"\nreplications = 1\n[capacities.us.on_demand]\nrpm = 1\n[capacities.night.batch]\ncollect_every = \"1h\"\nqueue_delay = \"10m\"\ntokens_per_second = 1_000",
    );
    assert_tells(
        &told,
        &[
            ("served", 110.0),
            ("capacities.us.admitted", 2.0),
            ("capacities.night.admitted", 108.0),
            ("capacities.us.in_flight_peak", 1.0),
        ],
    );
}

//! The order of several events in one microsecond. Answers take 10 s for 100 tokens, as in `fates`.

use crate::fates::{Told, assert_tells, told};

const PLACE: &str = "[capacities.us.on_demand]\nconcurrency = 1\n";

#[test]
fn a_capacitys_queue_takes_a_freed_place_before_a_freed_connection_sends_again() {
    // Two connections, one place and one seat: at 10 the end of the first answer frees a connection and the place. The one
    // in the seat takes the place, and only then the third is sent, into an empty seat.
    let told = told(
        &[("w", "0,1,100 1,1,100 2,1,100 3,1,100 4,1,100", "client = { retries = \"none\", max_connections = 2 }")],
        &format!("{PLACE}on_saturation = \"queue\"\nmax_queue = 1\n"),
    );
    assert_tells(
        &told,
        &[
            ("served", 5.0),
            ("capacities.us.refused_queue_full", 0.0),
            ("capacities.us.waiting_peak", 1.0),
            ("windows.at4.queue_delay_mean_ms", 36_000.0),
        ],
    );
}

#[test]
fn the_next_call_of_a_chain_waits_behind_the_queue_of_the_capacity_that_it_leaves() {
    // Both calls of a request go to one place with one seat. At 10 the first request has its step and would call again;
    // the second waits for its step in the seat, takes the place, and leaves the seat to that call.
    let keys = "steps = [{ model = \"own\", input_tokens = 1, output_tokens = 100, route = \"us\" }]";
    let told = told(&[("w", "0,1,100 1,1,100", keys)], &format!("{PLACE}on_saturation = \"queue\"\nmax_queue = 1\n"));
    assert_tells(
        &told,
        &[
            ("served", 2.0),
            ("capacities.us.refused_queue_full", 0.0),
            ("windows.at0.e2e_mean_ms", 30_000.0),
            ("windows.at1.e2e_mean_ms", 39_000.0),
        ],
    );
}

/// One user of each of the workloads `users` arrives at 20; what a trace brings at 20 is workload `trace`.
fn at_twenty(users: &[&str], trace: &str, places: u32) -> Told {
    let loops: String = users
        .iter()
        .map(|name| {
            format!(
                "[workloads.{name}]\nmodel = \"own\"\narrivals.users = {{ count = 1, think_time = \"20s\" }}\n\
                 input_tokens = 1\noutput_tokens = 100\nclient.retries = \"none\"\n"
            )
        })
        .collect();
    let capacity = format!("[capacities.us.on_demand]\nconcurrency = {places}\n");
    told(&[(trace, "0,1,1 20,1,100", "")], &format!("{loops}{capacity}"))
}

#[test]
fn arrivals_of_one_instant_come_by_workload_name_whatever_their_process() {
    for (users, trace, places, refused) in [
        (&["a"][..], "b", 1, "b"),
        (&["b"], "a", 1, "b"),
        (&["a", "c"], "b", 2, "c"),
        (&["c", "a"], "b", 2, "c"),
        (&["b", "c"], "a", 2, "c"),
    ] {
        let told = at_twenty(users, trace, places);
        for name in users.iter().chain([&trace]) {
            let failed = told[&format!("workloads.{name}.failed")];
            let expected = f64::from(u8::from(*name == refused));
            assert_eq!(failed, Some(expected), "{name} among users {users:?} and trace {trace}");
        }
    }
}

/// An outage over [10 s, 20 s) of the capacity or of its only region; the client of the second request gives up at 20.
fn outage_until_the_time_out(capacity: &str) -> Told {
    told(&[("w", "0,1,1 15,1,100", "client = { retries = \"none\", timeout = \"5s\" }")], capacity)
}

const OWN_OUTAGE: &str =
    "[capacities.us.on_demand]\non_saturation = \"queue\"\noutages = [{ at = \"10s\", lasts = \"10s\" }]";
const REGION_OUTAGE: &str = r#"
    [capacities.us.cross_region]
    profile = "us"
    source_region = "us-east-1"
    on_saturation = "queue"
    destinations = [{ region = "us-east-1", outages = [{ at = "10s", lasts = "10s" }] }]
"#;

#[test]
fn the_end_of_an_outage_comes_before_a_time_out_of_its_instant() {
    for capacity in [OWN_OUTAGE, REGION_OUTAGE] {
        // Admitted at 20 by what serves again, and given up at 20 by its client: it runs on, and is billed.
        assert_tells(
            &outage_until_the_time_out(capacity),
            &[("timed_out", 2.0), ("capacities.us.admitted", 2.0), ("output_tokens", 101.0)],
        );
    }
}

#[test]
fn the_begin_of_an_outage_comes_before_an_arrival_of_its_instant() {
    for capacity in [OWN_OUTAGE, REGION_OUTAGE] {
        let throttles = capacity.replace("on_saturation = \"queue\"", "on_saturation = \"throttle\"");
        let told = told(&[("w", "0,1,1 10,1,1 19.999999,1,1 20,1,1", "")], &throttles);
        assert_tells(&told, &[("served", 2.0), ("failed", 2.0), ("windows.at20.served", 1.0)]);
    }
}

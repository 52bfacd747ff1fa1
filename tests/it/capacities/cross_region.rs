//! A pool of regions: who serves, what it adds, and when nobody does.

use crate::fates::{OWN, assert_tells, told};
use crate::playing::play;

/// Three regions with a place each; 20 ms for each that is passed over, 50 and 70 ms to go there.
pub const ONE_PLACE_EACH: &str = r#"
destinations = [
    { region = "us-east-1", concurrency = 1 },
    { region = "us-east-2", concurrency = 1, round_trip = "50ms" },
    { region = "us-west-2", concurrency = 1, round_trip = "70ms" },
]
"#;

pub fn cross_region(keys: &str) -> String {
    format!(
        "[capacities.us.cross_region]\nprofile = \"us\"\nsource_region = \"us-east-1\"\nreroute_latency = \"20ms\"\n{keys}"
    )
}

#[test]
fn the_source_serves_first_and_then_the_regions_in_their_order() {
    let told = told(&[("w", "0,100,100 1,100,100 2,100,100 3,100,100 11,100,100", "")], &cross_region(ONE_PLACE_EACH));
    assert_tells(
        &told,
        &[
            ("served", 4.0),
            ("failed", 1.0),
            ("windows.at0.e2e_mean_ms", 10_000.0),
            // 20 + 50; 2 x 20 + 70. They belong to the first token and to the service, not to the queue.
            ("windows.at1.e2e_mean_ms", 10_070.0),
            ("windows.at1.ttft_mean_ms", 9_070.0),
            ("windows.at1.service_mean_ms", 10_070.0),
            ("windows.at2.e2e_mean_ms", 10_110.0),
            // By 11 the source is free again.
            ("windows.at11.e2e_mean_ms", 10_000.0),
            ("queue_delay_mean_ms", 0.0),
            // No region has room: a 503.
            ("windows.at3.unavailable_rate", 1.0),
            ("capacities.us.refused_region_room", 1.0),
            ("throttled_attempts", 0.0),
            ("spillover_rate", 0.0),
        ],
    );
}

#[test]
fn no_room_anywhere_may_read_as_a_429() {
    let told = told(
        &[("w", "0,100,100 1,100,100 2,100,100 3,100,100", "")],
        &cross_region(&format!("{ONE_PLACE_EACH}\nno_room = \"throttled\"")),
    );
    assert_tells(
        &told,
        &[("capacities.us.refused_region_room", 1.0), ("throttled_attempts", 1.0), ("unavailable_rate", 0.0)],
    );
}

#[test]
fn the_source_is_first_wherever_it_is_listed() {
    let told = told(
        &[("w", "0,100,100 1,100,100", "")],
        &cross_region(
            "destinations = [{ region = \"us-west-2\", concurrency = 1, round_trip = \"70ms\" }, { region = \"us-east-1\", concurrency = 1 }]",
        ),
    );
    assert_tells(&told, &[("windows.at0.e2e_mean_ms", 10_000.0), ("windows.at1.e2e_mean_ms", 10_090.0)]);
}

#[test]
fn free_room_turns_to_the_region_with_the_most_of_it() {
    let told = |selection: &str| {
        told(
            &[("w", "0,100,100 1,100,100 2,100,100 3,100,100", "")],
            &cross_region(&format!(
                r#"
                selection = "{selection}"
                destinations = [
                    {{ region = "us-east-1", concurrency = 1 }},
                    {{ region = "us-east-2", concurrency = 2, round_trip = "50ms" }},
                    {{ region = "us-west-2", concurrency = 5, round_trip = "70ms" }},
                ]
                "#
            )),
        )
    };
    // Both are empty at 1. From 2 on the third has more, in places and in parts; the source alone is passed over.
    assert_tells(
        &told("free_room"),
        &[
            ("windows.at0.e2e_mean_ms", 10_000.0),
            ("windows.at2.e2e_mean_ms", 10_090.0),
            ("windows.at3.e2e_mean_ms", 10_090.0),
        ],
    );
    assert_tells(&told("in_order"), &[("windows.at2.e2e_mean_ms", 10_070.0), ("windows.at3.e2e_mean_ms", 10_110.0)]);
}

#[test]
fn the_quota_is_asked_first_and_taken_only_when_a_region_has_room() {
    // Four a minute: the one at 3 finds no room and takes nothing, so that the one at 20 is the fourth.
    let told = told(
        &[("w", "0,100,100 1,100,100 2,100,100 3,100,100 20,100,100 21,100,100", "")],
        &cross_region(&format!("rpm = 4\n{ONE_PLACE_EACH}")),
    );
    assert_tells(
        &told,
        &[
            ("served", 4.0),
            ("windows.at3.unavailable_rate", 1.0),
            ("windows.at20.served", 1.0),
            ("windows.at21.served", 0.0),
            ("capacities.us.refused_region_room", 1.0),
            ("capacities.us.refused_rpm", 1.0),
        ],
    );
}

#[test]
fn a_full_quota_is_the_reason_even_when_no_region_has_room() {
    let told = told(
        &[("w", "0,100,100 1,100,100 2,100,100 3,100,100", "")],
        &cross_region(&format!("rpm = 3\n{ONE_PLACE_EACH}")),
    );
    assert_tells(&told, &[("capacities.us.refused_rpm", 1.0), ("capacities.us.refused_region_room", 0.0)]);
}

#[test]
fn a_region_that_is_out_is_passed_over_like_a_full_one() {
    let told = told(
        &[("w", "0,1,1 20,100,100 21,100,100 22,100,100 45,100,100", "")],
        &cross_region(
            r#"
            destinations = [
                { region = "us-east-1", concurrency = 1, outages = [{ at = "10s", lasts = "30s" }] },
                { region = "us-east-2", concurrency = 1, round_trip = "50ms" },
                { region = "us-west-2", concurrency = 1, round_trip = "70ms" },
            ]
            "#,
        ),
    );
    assert_tells(
        &told,
        &[
            ("windows.at0.e2e_mean_ms", 9_010.0),
            ("windows.at20.e2e_mean_ms", 10_070.0),
            ("windows.at21.e2e_mean_ms", 10_110.0),
            // Out and full are told alike: no room.
            ("windows.at22.unavailable_rate", 1.0),
            ("windows.at45.e2e_mean_ms", 10_000.0),
        ],
    );
}

#[test]
fn live_tokens_and_what_others_take_of_them_leave_less_room() {
    // 200 tokens each. The source has room for one, and for no second one, in both.
    for keys in ["tpm = 399", "tpm = 799, background = 0.5", "concurrency = 2, background = \"50%\""] {
        let told = told(
            &[("w", "0,100,100 1,100,100", "")],
            &cross_region(&format!(
                "destinations = [{{ region = \"us-east-1\", {keys} }}, {{ region = \"us-west-2\", round_trip = \"70ms\" }}]"
            )),
        );
        assert_eq!(told["windows.at0.e2e_mean_ms"], Some(10_000.0), "{keys}");
        assert_eq!(told["windows.at1.e2e_mean_ms"], Some(10_090.0), "{keys}");
    }
}

#[test]
fn live_tokens_that_suffice_keep_traffic_at_the_source() {
    for keys in ["tpm = 400", "tpm = 800, background = 0.5", "concurrency = 4, background = \"50%\""] {
        let told = told(
            &[("w", "0,100,100 1,100,100", "")],
            &cross_region(&format!(
                "destinations = [{{ region = \"us-east-1\", {keys} }}, {{ region = \"us-west-2\", round_trip = \"70ms\" }}]"
            )),
        );
        assert_eq!(told["windows.at1.e2e_mean_ms"], Some(10_000.0), "{keys}");
    }
}

#[test]
fn regions_without_a_live_capacity_leave_everything_at_the_source() {
    let told = told(
        &[("w", "0,100,100 0.1,100,100 0.2,100,100", "")],
        &cross_region("destinations = [\"us-east-1\", \"us-east-2\", \"us-west-2\"]"),
    );
    assert_tells(&told, &[("served", 3.0), ("e2e_mean_ms", 10_000.0)]);
}

#[test]
fn without_room_anywhere_the_quota_is_asked_as_the_source_region_sees_it() {
    // Written at 0 in us-east-1. With the source out, a request that reads there needs 201 of 290, and one that writes
    // 501: the reason is the room that lacks, or the quota.
    for (region, room, tpm) in [("us-east-1", 1.0, 0.0), ("us-west-2", 0.0, 1.0)] {
        let told = told(
            &[
                ("w", "0,500,1 20,500,1", "route = [\"plain\", \"pool\"]\ncache.prefix_tokens = 300"),
                ("x", "0,100,1 15,308,1", "route = \"xq\""),
            ],
            &format!(
                r#"
                [quotas.q]
                tpm = 700
                rpm = "none"
                [capacities.plain.on_demand]
                rpm = 1
                region = "{region}"
                [capacities.xq.on_demand]
                quota = "q"
                [capacities.pool.cross_region]
                quota = "q"
                profile = "us"
                source_region = "us-east-1"
                destinations = [{{ region = "us-east-1", outages = [{{ at = "5s", lasts = "40s" }}] }}]
                {}"#,
                OWN.replace("output_burndown = 5", "")
            ),
        );
        assert_tells(
            &told,
            &[
                ("workloads.w.served", 1.0),
                ("capacities.pool.refused_region_room", room),
                ("capacities.pool.refused_tpm", tpm),
            ],
        );
    }
}

/// The regions that served over time, as charts draw them, must sum up to what the pool admitted.
#[test]
fn the_course_of_a_pool_tells_its_regions_apart() {
    let pool = cross_region(
        "destinations = [{ region = \"us-east-1\", outages = [{ at = \"4m\", lasts = \"2m\" }] }, { region = \"us-west-2\" }, { region = \"us-east-2\" }]",
    );
    let text = format!(
        "[run]\nduration = \"12m\"\nwarmup = \"1m\"\nreplications = 1\nseed = 3\n{OWN}\n[workloads.w]\nmodel = \"own\"\n\
         arrivals.poisson.rate = \"90/min\"\ninput_tokens = 100\noutput_tokens = 100\n{pool}"
    );
    let point = play(&text);
    let timeline = point.detail.unwrap().timeline;
    let series = |name: &str| &timeline.series[&format!("capacities.us.{name}admitted_per_min")];
    let [source, next, spare] =
        ["us-east-1", "us-west-2", "us-east-2"].map(|region| series(&format!("regions.{region}.")));
    for (i, all) in series("").iter().enumerate() {
        assert_eq!(source[i] + next[i] + spare[i], *all, "bucket {i}");
        let at_s = timeline.from_s + i as f64 * timeline.bucket_s;
        let is_out = (240.0..360.0).contains(&at_s);
        assert_eq!((source[i] == 0.0, next[i] == 0.0), (is_out || *all == 0.0, !is_out || *all == 0.0), "{at_s} s");
    }
    assert!(next.iter().sum::<f64>() > 0.0 && spare.iter().all(|v| *v == 0.0));
}

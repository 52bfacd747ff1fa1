//! Prefixes that are written once and read while they live, region by region.

use crate::capacities::cross_region::{ONE_PLACE_EACH, cross_region};
use crate::fates::{OWN, Told, assert_tells, told};

#[test]
fn a_prefix_is_read_from_the_first_token_of_its_writer_on_and_lives_from_its_last_use() {
    // Written at 0, usable at 9: the one at 5 writes too. Read at 30, at 85 (85 s after the first, 55 after the last
    // use), at 140. Gone at 205, and written again.
    let told = told(
        &[(
            "w",
            "0,1500,1 5,1500,1 30,1500,1 85,1500,1 140,1500,1 205,1500,1",
            "cache = { prefix_tokens = 1000, ttl = \"60s\", keys = 1 }",
        )],
        "[capacities.us.on_demand]",
    );
    assert_tells(
        &told,
        &[
            ("cache_write_tokens", 3_000.0),
            ("cache_read_tokens", 3_000.0),
            ("uncached_input_tokens", 3_000.0),
            ("input_tokens", 9_000.0),
            ("windows.at5.cache_write_tokens", 1_000.0),
            ("windows.at30.cache_read_tokens", 1_000.0),
            ("windows.at140.cache_read_tokens", 1_000.0),
            ("windows.at205.cache_write_tokens", 1_000.0),
        ],
    );
}

#[test]
fn just_before_the_first_token_nothing_can_be_read() {
    for (at, read) in [("8.999999", 0.0), ("9.000001", 1_000.0)] {
        let told = told(
            &[("w", &format!("0,1500,1 {at},1500,1"), "cache = { prefix_tokens = 1000, keys = 1 }")],
            "[capacities.us.on_demand]",
        );
        assert_tells(&told, &[("cache_read_tokens", read), ("cache_write_tokens", 2_000.0 - read)]);
    }
}

/// One place in `a`, so that the requests at 21 and at 46 are served by `b`.
fn cache_over_two(a: &str, b: &str) -> Told {
    told(
        &[(
            "w",
            "0,1500,100 20,1500,100 21,1500,100 45,1500,100 46,1500,100",
            "cache = { prefix_tokens = 1000, keys = 1 }\nroute = [\"a\", \"b\"]",
        )],
        &format!("[capacities.a.on_demand]\nconcurrency = 1\n{a}\n[capacities.b.on_demand]\n{b}"),
    )
}

#[test]
fn a_cache_belongs_to_one_region() {
    let told = cache_over_two("region = \"us-east-1\"", "region = \"us-west-2\"");
    // Written at 0 in one and at 21 in the other.
    assert_tells(
        &told,
        &[
            ("spillover_rate", 0.4),
            ("cache_write_tokens", 2_000.0),
            ("cache_read_tokens", 3_000.0),
            ("windows.at21.cache_write_tokens", 1_000.0),
            ("windows.at46.cache_read_tokens", 1_000.0),
        ],
    );
}

#[test]
fn capacities_of_one_region_share_its_cache() {
    for region in ["region = \"us-east-1\"", ""] {
        let told = cache_over_two(region, region);
        assert_tells(&told, &[("cache_write_tokens", 1_000.0), ("cache_read_tokens", 4_000.0)]);
    }
}

#[test]
fn cross_region_traffic_writes_its_prefix_in_each_region() {
    let told = told(
        &[(
            "w",
            "0,1500,100 20,1500,100 21,1500,100 22,1500,100 45,1500,100 46,1500,100 47,1500,100",
            "cache = { prefix_tokens = 1000, keys = 1 }",
        )],
        &cross_region(ONE_PLACE_EACH),
    );
    assert_tells(&told, &[("served", 7.0), ("cache_write_tokens", 3_000.0), ("cache_read_tokens", 4_000.0)]);
}

#[test]
fn what_is_read_is_neither_reserved_nor_charged() {
    // 1,600 at 0 and 600 at 20, of 2,200; one more token is refused.
    for (limit, served) in [(2_200, 2.0), (2_199, 1.0)] {
        let told = told(
            &[("w", "0,1500,100 20,1500,100", "cache = { prefix_tokens = 1000, keys = 1 }")],
            &format!("{}[capacities.us.on_demand]\ntpm = {limit}", OWN.replace("output_burndown = 5", "")),
        );
        assert_tells(&told, &[("served", served)]);
    }
}

#[test]
fn whoever_waits_is_looked_at_when_its_prefix_becomes_live() {
    // A bucket of 1,200 a minute: 1,140 are taken at 0, and 160 are there at 5. The second request asks for 1,140 until
    // the first token of the first, at 9, and for 240 then: 240 are there at 9 exactly.
    let told = told(
        &[("w", "0,1000,140 5,1000,140", "cache.prefix_tokens = 900")],
        &format!(
            "{}[capacities.us.on_demand]\ntpm = 1200\nlimiter = \"token_bucket\"\non_saturation = \"queue\"",
            OWN.replace("output_burndown = 5", "")
        ),
    );
    assert_tells(&told, &[("served", 2.0), ("cache_read_tokens", 900.0), ("windows.at5.queue_delay_mean_ms", 4_000.0)]);
}

#[test]
fn who_writes_a_prefix_takes_no_look_from_other_queues() {
    // Two a minute; the third waits for the next minute, and just then a prefix is written elsewhere.
    let told = told(
        &[
            ("w", "0,1,100 1,1,100 2,1,100", "route = \"q\""),
            ("a", "0,1000,100 60,1000,100", "route = \"other\"\ncache.prefix_tokens = 900"),
        ],
        "[capacities.q.on_demand]\nrpm = 2\non_saturation = \"queue\"\n[capacities.other.on_demand]",
    );
    assert_tells(&told, &[("workloads.w.served", 3.0), ("windows.at2.queue_delay_mean_ms", 58_000.0)]);
}

/// A prompt of 40,000 tokens, most of them a prefix that is to be cached, read at 10 tokens a millisecond.
fn cold(cache: &str) -> Told {
    told(
        &[("w", "0,40000,1 20,40000,1 400,40000,1", cache)],
        "[models.own]\nmax_output_tokens = 1_000\ntime_to_first_token = \"500ms\"\nprefill_per_1k_tokens = \"100ms\"\n\
         output_tokens_per_second = 1_000\n[capacities.us.on_demand]",
    )
}

#[test]
fn what_is_written_to_the_cache_is_read_by_the_model_first() {
    let none = cold("");
    assert_tells(&none, &[("ttft_mean_ms", 4_500.0)]);
    // Written at 0 and, gone after 300 s, at 400 again; read at 20.
    let prefix = cold("cache = { prefix_tokens = 39_000, keys = 1 }");
    assert_tells(
        &prefix,
        &[
            ("windows.at0.ttft_mean_ms", 4_500.0),
            ("windows.at20.ttft_mean_ms", 600.0),
            ("windows.at400.ttft_mean_ms", 4_500.0),
        ],
    );
    // By shares: a quarter is read, and three quarters are not, written or not.
    for write in ["0.0", "0.5"] {
        let shares = cold(&format!("cache = {{ read_share = 0.25, write_share = {write} }}"));
        assert_tells(&shares, &[("ttft_mean_ms", 3_500.0)]);
    }
}

#[test]
fn who_became_larger_in_a_queue_is_not_too_large() {
    // A prompt of 60,100 fits 50,000 tokens a minute only while its prefix is live. At 0 it does not, and `big` writes the
    // prefix. The one at 10 reads it, and holds the only place until 419. The one at 12 waits; its prefix is gone at 310, so
    // that at 419 it asks for more than there is. It stays at the head of the queue. At 500 another does not fit either and
    // writes the prefix by `big`; from its first token on, at 509, the head fits again.
    let told = told(
        &[(
            "w",
            "0,60100,100 10,60100,40000 12,60100,100 500,60100,100",
            "cache = { prefix_tokens = 60_000, keys = 1 }\nroute = [\"small\", \"big\"]",
        )],
        "[capacities.small.on_demand]\ntpm = 50_000\nconcurrency = 1\non_saturation = \"queue\"\n[capacities.big.on_demand]\n",
    );
    assert_tells(
        &told,
        &[
            ("served", 4.0),
            ("capacities.small.refused_too_large", 2.0),
            ("capacities.small.admitted", 2.0),
            ("windows.at12.queue_delay_mean_ms", 497_000.0),
        ],
    );
}

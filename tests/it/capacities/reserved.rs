//! Reserved tokens: what fits, what comes back, what goes on along the route.

use crate::fates::{assert_tells, refusal, told};

const RESERVED: &str =
    "[capacities.bought.reserved]\ninput_tpm = 100_000\noutput_tpm = 10_000\n[capacities.us.on_demand]";

#[test]
fn what_does_not_fit_into_reserved_input_goes_on_along_the_route() {
    let told =
        told(&[("a", "0,40000,100 1,40000,100 2,40000,100 3,20000,100", "route = [\"bought\", \"us\"]")], RESERVED);
    assert_tells(
        &told,
        &[
            ("served", 4.0),
            ("attempts", 4.0),
            ("offers", 5.0),
            ("throttled_attempts", 0.0),
            ("spillover_rate", 0.25),
            ("capacities.bought.refused_input", 1.0),
            ("capacities.bought.input.charged", 100_000.0),
            // No burndown here; five times over there.
            ("capacities.bought.output.charged", 300.0),
            ("capacities.us.admitted", 1.0),
        ],
    );
}

#[test]
fn reserved_output_is_reserved_and_comes_back() {
    // Each reserves 4,000 of 10,000 and is charged 100 after 10 s: the one at 11 finds 7,900.
    let told = told(
        &[(
            "a",
            "0,100,100,4000 1,100,100,4000 2,100,100,4000 11.5,100,100,9800 12,100,100,4000",
            "route = [\"bought\", \"us\"]",
        )],
        RESERVED,
    );
    assert_tells(
        &told,
        &[
            ("served", 5.0),
            ("capacities.bought.refused_output", 2.0),
            ("windows.at2.spillover_rate", 1.0),
            ("windows.at11.spillover_rate", 0.0),
            ("windows.at12.spillover_rate", 1.0),
        ],
    );
}

#[test]
fn cache_reads_are_free_of_reserved_input_and_writes_are_not() {
    // Of 80,000 half is read: 40,000 count. With a quarter written, 60,000 count.
    for (cache, served) in [("cache.read_share = 0.5", 2.0), ("cache = { read_share = 0.25, write_share = 0.25 }", 1.0)]
    {
        let told = told(
            &[("a", "0,80000,100 1,80000,100 2,80000,100", &format!("route = [\"bought\", \"us\"]\n{cache}"))],
            RESERVED,
        );
        assert_tells(
            &told,
            &[("capacities.bought.admitted", served), ("capacities.bought.refused_input", 3.0 - served)],
        );
    }
}

#[test]
fn reserved_below_awss_minimum_is_refused() {
    for (bought, key) in [
        ("input_tpm = 99_999\noutput_tpm = 10_000", "input_tpm"),
        ("input_tpm = 100_000\noutput_tpm = 9_999", "output_tpm"),
    ] {
        let said = refusal(&[("a", "0,100,100", "")], &format!("[capacities.bought.reserved]\n{bought}"));
        assert!(said.contains(key), "{said}");
    }
    told(&[("a", "0,100,100", "")], "[capacities.bought.reserved]\ninput_tpm = 100_000\noutput_tpm = 10_000");
}

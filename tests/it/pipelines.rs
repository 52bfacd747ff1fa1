//! Requests that are chains of calls: what adds up, what fails, what is tried again, what is paid.
//!
//! Embedding takes 1 s and costs $1 a million tokens; reranking takes 2 s and costs $1 for a thousand calls; the answer
//! takes 9 s to the first token and 10 s in all, and costs $1 a million tokens.

use crate::fates::{Told, assert_tells, told};
use crate::playing::{agrees, play};

const MODELS: &str = r#"
[models.embed]
max_output_tokens = 1
time_to_first_token = "1s"
output_tokens_per_second = 1_000_000_000
prices = { input = "$1/1M", output = "$0/1M" }
[models.rerank]
max_output_tokens = 1
time_to_first_token = "2s"
output_tokens_per_second = 1_000_000_000
prices = { input = "$0/1M", output = "$0/1M", request = "$1/1K" }
[models.own]
max_output_tokens = 1_000
time_to_first_token = "9s"
output_tokens_per_second = 100
prices = { input = "$1/1M", output = "$1/1M" }
"#;

const STEPS: &str = r#"
route = "chat"
steps = [
    { model = "embed", input_tokens = 50, route = "vectors" },
    { model = "rerank", input_tokens = 5_000, route = "order" },
]
"#;

/// Plays `rows` through both steps, with keys of the workload and of the three capacities.
fn chain(rows: &str, keys: &str, vectors: &str, order: &str, chat: &str) -> Told {
    told(
        &[("rag", rows, &format!("{STEPS}{keys}"))],
        &format!(
            "{MODELS}[capacities.vectors.on_demand]\n{vectors}\n[capacities.order.on_demand]\n{order}\n[capacities.chat.on_demand]\n{chat}"
        ),
    )
}

/// Two attempts at a call, a second apart.
const ONCE_MORE: &str = "client.retries.exponential = { max_attempts = 2, jitter = \"none\" }";

#[test]
fn the_latency_of_a_chain_is_the_sum_of_its_calls() {
    let told = chain("0,1000,100 30,1000,100", "", "", "", "");
    assert_tells(
        &told,
        &[
            ("requests", 2.0),
            ("served", 2.0),
            ("e2e_mean_ms", 13_000.0),
            // The first token is that of the answer.
            ("ttft_mean_ms", 12_000.0),
            ("capacities.vectors.admitted", 2.0),
            ("capacities.order.admitted", 2.0),
            ("capacities.chat.admitted", 2.0),
            ("capacities.vectors.in_flight_mean", 2.0 / 600.0),
            ("capacities.order.in_flight_mean", 4.0 / 600.0),
            ("capacities.chat.in_flight_mean", 20.0 / 600.0),
        ],
    );
}

#[test]
fn attempts_are_counted_over_all_calls() {
    let told = chain("0,1000,100 30,1000,100", "", "", "", "");
    // Three calls each, none of them made again.
    assert_tells(&told, &[("attempts", 6.0), ("offers", 6.0), ("retry_amplification", 1.0)]);
}

#[test]
fn a_chain_runs_one_call_after_the_other() {
    // One place for the answer: the second request embeds and reranks meanwhile, waits from 3.5 to 13, and ends at 23.
    let told = chain("0,1000,100 0.5,1000,100", "", "", "", "concurrency = 1\non_saturation = \"queue\"");
    assert_tells(
        &told,
        &[
            ("served", 2.0),
            ("e2e_mean_ms", (13_000.0 + 22_500.0) / 2.0),
            ("capacities.chat.waiting_mean", 9.5 / 600.0),
            ("capacities.vectors.in_flight_peak", 2.0),
        ],
    );
}

#[test]
fn the_first_failure_is_the_outcome_and_what_follows_is_never_called() {
    let told = chain("0,1000,100 5,1000,100", "", "", "rpm = 1", "");
    assert_tells(
        &told,
        &[
            ("served", 1.0),
            ("failed", 1.0),
            ("windows.at5.failed", 1.0),
            ("capacities.vectors.admitted", 2.0),
            ("capacities.order.admitted", 1.0),
            ("capacities.order.refused_rpm", 1.0),
            ("capacities.chat.admitted", 1.0),
            // Three calls and two.
            ("attempts", 5.0),
            ("throttled_attempts", 1.0),
            // What was embedded is paid: 2 x 50; one call; one answer of 1,100.
            ("cost_usd", 100e-6 + 1e-3 + 1_100e-6),
        ],
    );
}

/// Two requests half a second apart, whose step has 50 tokens in and `answer`; what its quota admits, and the rest not.
fn first_step(answer: &str, limit: u32) -> Told {
    told(
        &[(
            "rag",
            "0,1000,100 0.5,1000,100",
            &format!(
                "route = \"chat\"\nsteps = [{{ model = \"own\", input_tokens = 50, route = \"plan\", {answer} }}]"
            ),
        )],
        &format!("{MODELS}[capacities.plan.on_demand]\ntpm = {limit}\n[capacities.chat.on_demand]\ntpm = 2_200"),
    )
}

#[test]
fn each_call_meets_its_own_quota() {
    // 50 tokens and a cap of 20: two fit into 140, one into 139. The quota of the answer knows nothing of it.
    for (limit, served) in [(140, 2.0), (139, 1.0)] {
        assert_tells(
            &first_step("output_tokens = 10, max_tokens = 20", limit),
            &[
                ("served", served),
                ("capacities.plan.refused_tpm", 2.0 - served),
                ("capacities.plan.tpm.charged", served * 60.0),
                ("capacities.chat.refused", 0.0),
                ("capacities.chat.tpm.charged", served * 1_100.0),
            ],
        );
    }
}

#[test]
fn a_cap_is_reserved_though_the_step_writes_nothing() {
    // The caller asks for up to 20: they are reserved as any cap is, and come back.
    for (limit, served) in [(140, 2.0), (139, 1.0)] {
        assert_tells(
            &first_step("max_tokens = 20", limit),
            &[("served", served), ("capacities.plan.refused_tpm", 2.0 - served)],
        );
    }
}

#[test]
fn calls_of_one_chain_may_share_a_quota() {
    // Three calls to a request and four to the minute: the second gets through its first step only.
    let told = told(
        &[("rag", "0,1000,100 30,1000,100", STEPS)],
        &format!(
            "{MODELS}[quotas.account]\nrpm = 4\n[capacities.vectors.on_demand]\nquota = \"account\"\n[capacities.order.on_demand]\nquota = \"account\"\n[capacities.chat.on_demand]\nquota = \"account\""
        ),
    );
    assert_tells(
        &told,
        &[("served", 1.0), ("failed", 1.0), ("quotas.account.admitted", 4.0), ("capacities.order.refused_rpm", 1.0)],
    );
}

#[test]
fn each_call_is_paid_at_its_own_price() {
    let told = chain("0,1000,100 30,1000,100", "", "", "", "");
    assert_tells(
        &told,
        &[
            ("capacities.vectors.cost_usd", 100e-6),
            // Two calls, whatever their length.
            ("capacities.order.cost_usd", 2e-3),
            ("capacities.chat.cost_usd", 2_200e-6),
            ("workloads.rag.cost_usd", 100e-6 + 2e-3 + 2_200e-6),
            ("cost_usd", 100e-6 + 2e-3 + 2_200e-6),
        ],
    );
}

#[test]
fn each_call_has_its_retries() {
    // Embedding is out in [0, 0.5), reranking in [2, 2.5) and the answer in [5, 5.5): refused at 0, served from 1 to 2;
    // refused at 2, served from 3 to 5; refused at 5, served from 6 to 16. Two attempts are enough for each.
    let out = |at: &str| format!("outages = [{{ at = \"{at}\", lasts = \"500ms\" }}]");
    let told = chain("0,1000,100", ONCE_MORE, &out("0s"), &out("2s"), &out("5s"));
    assert_tells(
        &told,
        &[
            ("served", 1.0),
            ("attempts", 6.0),
            ("unavailable_rate", 0.5),
            ("e2e_mean_ms", 16_000.0),
            ("capacities.vectors.refused_outage", 1.0),
            ("capacities.order.refused_outage", 1.0),
            ("capacities.chat.refused_outage", 1.0),
        ],
    );
}

#[test]
fn a_step_that_runs_out_of_retries_fails_the_request() {
    let told = chain("0,1000,100", ONCE_MORE, "", "outages = [{ at = \"0s\", lasts = \"1m\" }]", "");
    assert_tells(
        &told,
        &[
            ("failed", 1.0),
            ("attempts", 3.0),
            ("capacities.order.refused_outage", 2.0),
            ("capacities.chat.admitted", 0.0),
        ],
    );
}

#[test]
fn a_step_goes_along_its_own_route() {
    let told = told(
        &[(
            "rag",
            "0,1000,100 1,1000,100",
            "route = \"chat\"\nsteps = [{ model = \"embed\", input_tokens = 50, route = [\"near\", \"far\"] }]",
        )],
        &format!(
            "{MODELS}[capacities.near.on_demand]\nrpm = 1\n[capacities.far.on_demand]\ntime_to_first_token = \"3s\"\n[capacities.chat.on_demand]"
        ),
    );
    assert_tells(
        &told,
        &[
            ("served", 2.0),
            ("capacities.far.admitted", 1.0),
            ("windows.at0.e2e_mean_ms", 11_000.0),
            ("windows.at1.e2e_mean_ms", 13_000.0),
        ],
    );
}

#[test]
fn a_time_out_in_a_step_ends_the_request_and_the_step_runs_on() {
    // Reranking runs from 1 to 3; the client gives up at 2.
    let told = chain("0,1000,100", "client = { retries = \"none\", timeout = \"2s\" }", "", "", "");
    assert_tells(
        &told,
        &[
            ("timed_out", 1.0),
            ("served", 0.0),
            ("attempts", 2.0),
            ("capacities.order.in_flight_mean", 2.0 / 600.0),
            ("capacities.order.cost_usd", 1e-3),
            ("capacities.chat.admitted", 0.0),
            ("cost_usd", 50e-6 + 1e-3),
        ],
    );
}

#[test]
fn the_time_out_of_a_request_runs_from_its_arrival_over_all_calls() {
    for (timeout, served) in [("13s", 1.0), ("12999999us", 0.0)] {
        let client = format!("client = {{ retries = \"none\", timeout = \"{timeout}\" }}");
        let told = chain("0,1000,100", &client, "", "", "");
        assert_tells(&told, &[("served", served), ("timed_out", 1.0 - served), ("attempts", 3.0)]);
    }
}

#[test]
fn the_time_out_of_an_attempt_runs_anew_in_each_call() {
    // 1, 2 and 10 s: 13 in all, none over 10.
    let served = "client = { retries = \"none\", attempt_timeout = \"10s\" }";
    assert_tells(&chain("0,1000,100", served, "", "", ""), &[("served", 1.0), ("e2e_mean_ms", 13_000.0)]);
    // The second call is given up at 2.5 and again at 5 (a second after that); the third is never made.
    let given_up =
        "client = { attempt_timeout = \"1500ms\", retries.exponential = { max_attempts = 2, jitter = \"none\" } }";
    assert_tells(
        &chain("0,1000,100", given_up, "", "", ""),
        &[
            ("timed_out", 1.0),
            ("attempts", 3.0),
            ("capacities.order.admitted", 2.0),
            ("capacities.order.cost_usd", 2e-3),
            ("capacities.chat.admitted", 0.0),
        ],
    );
}

#[test]
fn a_step_may_write_an_answer_of_its_own() {
    // A step of 200 tokens on the model of the answer, capped at 50: 9.5 s and then 10 s.
    let told = told(
        &[(
            "agent",
            "0,1000,100",
            "route = \"chat\"\nsteps = [{ model = \"own\", input_tokens = 300, output_tokens = 200, max_tokens = 50, route = \"chat\" }]",
        )],
        &format!("{MODELS}[capacities.chat.on_demand]\ntpm = 10_000"),
    );
    assert_tells(
        &told,
        &[
            ("served", 1.0),
            ("e2e_mean_ms", 19_500.0),
            ("capacities.chat.admitted", 2.0),
            ("capacities.chat.tpm.charged", 1_450.0),
            ("input_tokens", 1_300.0),
            ("output_tokens", 150.0),
        ],
    );
}

#[test]
fn a_chain_fails_as_often_as_any_of_its_calls() {
    let point = play(&format!(
        r#"
        [run]
        duration = "2h"
        warmup = "0s"
        replications = 10
        confidence = 0.999
        seed = 12
        {MODELS}
        [workloads.rag]
        model = "own"
        arrivals.poisson.rate = "2/s"
        input_tokens = 100
        output_tokens = 10
        client.retries = "none"
        {STEPS}
        [capacities.vectors.on_demand]
        unavailable_probability = 0.1
        [capacities.order.on_demand]
        unavailable_probability = 0.2
        [capacities.chat.on_demand]
        unavailable_probability = 0.3
        "#
    ));
    agrees(&point, "failure_rate", 1.0 - 0.9 * 0.8 * 0.7);
    agrees(&point, "retry_amplification", 1.0);
    agrees(&point, "capacities.chat.admitted", 7200.0 * 2.0 * 0.9 * 0.8 * 0.7);
}

/// Three requests whose step brings 1,000 tokens at $1 a million, with keys of the step and of the workload.
fn tiered(step: &str, keys: &str) -> Told {
    let steps = format!(
        "steps = [{{ model = \"own\", input_tokens = 1000, route = \"a\"{step} }}]\ntier = {{ flex = {{ latency_factor = 3, price_factor = 0.5 }} }}\n{keys}"
    );
    told(
        &[("w", "0,1000,1 1,1000,1 2,1000,1", &steps)],
        "[models.own]\nmax_output_tokens = 1\ntime_to_first_token = \"1s\"\noutput_tokens_per_second = 1_000_000_000\n\
         prices = { input = \"$1/1M\", output = \"$0/1M\" }\n[capacities.a.on_demand]\n[capacities.b.on_demand]\n",
    )
}

#[test]
fn a_step_is_priced_at_its_own_tier_wherever_the_main_call_may_go() {
    // Main calls cost half and wait three times as long; steps are standard.
    let (steps, main) = (3.0 * 1e-3, 3.0 * 0.5e-3);
    for route in ["route = \"b\"", "route = [\"b\", \"a\"]"] {
        assert_tells(
            &tiered("", route),
            &[("cost_usd", steps + main), ("capacities.a.cost_usd", steps), ("e2e_mean_ms", 4_000.0)],
        );
    }
    assert_tells(&tiered("", "route = \"a\""), &[("cost_usd", steps + main), ("capacities.a.cost_usd", steps + main)]);
}

#[test]
fn a_step_may_have_a_tier_of_its_own() {
    let step = ", tier = { priority = { price_factor = 2, latency_factor = 0.5 } }";
    assert_tells(
        &tiered(step, "route = \"b\""),
        &[("capacities.a.cost_usd", 6e-3), ("capacities.b.cost_usd", 1.5e-3), ("e2e_mean_ms", 3_500.0)],
    );
}

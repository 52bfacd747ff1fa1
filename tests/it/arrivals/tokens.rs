//! The sizes of requests, and the changes that leave them as they are.

use super::*;

fn with_tokens(duration: &str, keys: &str) -> Model {
    world(duration, &format!("{keys}\n{TOKENS}"))
}

/// The place of each draw in the order of all.
fn ranks(draws: impl Iterator<Item = u32>) -> Vec<f64> {
    let draws: Vec<u32> = draws.collect();
    let mut order: Vec<usize> = (0..draws.len()).collect();
    order.sort_by_key(|i| draws[*i]);
    let mut ranks = vec![0.0; draws.len()];
    for (rank, i) in order.into_iter().enumerate() {
        ranks[i] = rank as f64;
    }
    ranks
}

fn spearman(requests: &[Request]) -> f64 {
    let (x, y) = (ranks(requests.iter().map(|r| r.1)), ranks(requests.iter().map(|r| r.2)));
    let (n, squares) = (x.len() as f64, x.iter().zip(&y).map(|(x, y)| (x - y) * (x - y)).sum::<f64>());
    1.0 - 6.0 * squares / (n * (n * n - 1.0))
}

#[test]
fn a_correlation_ties_the_output_to_the_input_by_their_ranks() {
    let plain = requests(&with_tokens("20m", "arrivals.poisson.rate = \"5/s\""), 0, "w");
    for rho in [-0.9_f64, 0.3, 0.8] {
        let model = with_tokens("20m", &format!("arrivals.poisson.rate = \"5/s\"\ncorrelation = {rho}"));
        let samples: Vec<f64> = (0..REPLICATIONS).map(|i| rho.signum() * spearman(&requests(&model, i, "w"))).collect();
        agree(&format!("{rho}"), &samples, 6.0 / std::f64::consts::PI * (rho.abs() / 2.0).asin());
        let tied = requests(&model, 0, "w");
        let columns = |requests: &[Request]| requests.iter().map(|r| (r.0, r.1)).collect::<Vec<_>>();
        assert!(columns(&plain) == columns(&tied), "{rho} changes inputs or arrivals");
        distributed("outputs", tied.iter().map(|r| f64::from(r.2)).collect(), |x| {
            if x < 30_000.0 { (x - 100.0) / 59_800.0 } else { 0.5 + (x - 30_000.0) / 120_000.0 }
        });
    }
    let independent: f64 = spearman(&plain);
    assert!(independent.abs() < 3.29 / (plain.len() as f64).sqrt(), "{independent}");
}

#[test]
fn extra_input_is_added_and_changes_nothing_else() {
    let keys = "arrivals.poisson.rate = \"5/s\"\ncorrelation = 0.5";
    let plain = requests(&with_tokens("20m", keys), 0, "w");
    let longer = requests(&with_tokens("20m", &format!("{keys}\nextra_input_tokens = 1_234")), 0, "w");
    assert!(longer == plain.iter().map(|r| (r.0, r.1 + 1_234, r.2)).collect::<Vec<_>>());
}

#[test]
fn a_seed_tells_all_and_what_stands_beside_a_workload_nothing() {
    let beside = |name: &str| {
        format!(
            "[workloads.{name}]\nmodel = \"m\"\ninput_tokens = 9\noutput_tokens = 9\narrivals.gamma = {{ rate = \"9/s\", cv = 3 }}"
        )
    };
    let random = "arrivals.poisson.rate = \"5/s\"\nbursts = [{ per_hour = 60, lasts = \"20s\", factor = 3 }]";
    for keys in PROCESSES.into_iter().chain([random]) {
        let text = scenario("10m", &format!("{keys}\n{TOKENS}"));
        let of = |text: &str| requests(&model(text), 3, "w");
        let plain = of(&text);
        assert!(plain.len() > 1_500 && of(&text) == plain, "{keys}");
        assert!(of(&format!("{text}\n{}\n{}", beside("a"), beside("z"))) == plain, "{keys} beside others");
        let limited = "[capacities.c.on_demand]\nrpm = 5\nconcurrency = 1\nlimiter = \"token_bucket\"";
        assert!(of(&text.replace("[capacities.c.on_demand]", limited)) == plain, "{keys} with less capacity");
        // Another seed, another replication and another name are another world, but for the arrivals of a clock.
        let unlike = |other: Vec<Request>| {
            let columns = |of: fn(&Request) -> u64| plain.iter().map(of).ne(other.iter().map(of));
            let clock = keys.contains("constant") || keys.contains("cv = 0 ");
            columns(|r| u64::from(r.1)) && columns(|r| u64::from(r.2)) && columns(|r| r.0) != clock
        };
        assert!(unlike(requests(&run_with("seed = 2", &text), 3, "w")), "{keys} with another seed");
        assert!(unlike(requests(&model(&text), 4, "w")), "{keys} in another replication");
        assert!(
            unlike(requests(&model(&text.replace("workloads.w", "workloads.x")), 3, "x")),
            "{keys} by another name"
        );
    }
}

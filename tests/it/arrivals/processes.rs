//! The arrival processes by themselves.

use super::*;

#[test]
fn constant_arrivals_are_a_clock_without_drift() {
    for (i, at) in (1_u64..).zip(instants(&world("2d", r#"arrivals.constant.rate = "7/s""#), 0)) {
        assert!(at.abs_diff((i * SECOND + 3) / 7) <= 1, "arrival {i} at {at}");
    }
}

#[test]
fn every_process_brings_its_mean_rate() {
    for keys in PROCESSES {
        agree_over(keys, &world("3h", keys), 5.0, |at| at.len() as f64 / 10_800.0);
    }
}

#[test]
fn traffic_goes_on_until_the_cooldown_ends() {
    for keys in PROCESSES {
        let text = scenario("30m", keys).replace("warmup = \"0s\"", "warmup = \"20m\"");
        let last = *instants(&model(&text.replace("cooldown = \"0s\"", "cooldown = \"10m\"")), 0).last().unwrap();
        assert!(last > HOUR - 60 * SECOND, "{keys}: the last at {last}");
    }
}

/// The distribution function of gaps of mean one.
type Law = Box<dyn Fn(f64) -> f64>;

fn gamma_of(cv: f64) -> Law {
    let law = Gamma::new(cv.powi(-2), cv.powi(-2)).unwrap();
    Box::new(move |x| law.cdf(x))
}

/// The shape k is found by bisection: 1 + cv² = G(1 + 2/k) / G(1 + 1/k)².
fn weibull_of(cv: f64) -> Law {
    let (mut low, mut high) = (0.2_f64, 50.0_f64);
    for _ in 0..100 {
        let k = f64::midpoint(low, high);
        let second = gamma(1.0 + 2.0 / k) / gamma(1.0 + 1.0 / k).powi(2);
        if second > 1.0 + cv * cv { low = k } else { high = k }
    }
    Box::new(move |x| 1.0 - (-(x * gamma(1.0 + 1.0 / low)).powf(low)).exp())
}

/// Keys, cv and law of the gaps of the renewal processes that chance drives.
fn renewals() -> Vec<(String, f64, Law)> {
    let of = |kind: &str, cv| format!(r#"arrivals.{kind} = {{ rate = "10/s", cv = {cv} }}"#);
    let mut all = vec![(r#"arrivals.poisson.rate = "10/s""#.to_owned(), 1.0, gamma_of(1.0))];
    for cv in [0.4, 2.0, 3.0] {
        all.extend([(of("gamma", cv), cv, gamma_of(cv)), (of("weibull", cv), cv, weibull_of(cv))]);
    }
    // Many a gap is shorter than a microsecond: where that blurs a law, it is not looked at.
    let seen = |law: Law| -> Law { Box::new(move |x| if x < 1e-3 { f64::NAN } else { law(x) }) };
    all.into_iter().map(|(keys, cv, law)| (keys, cv, seen(law))).collect()
}

#[test]
fn gaps_have_their_law_and_their_cv() {
    for (keys, cv, law) in renewals() {
        let model = world("4h", &keys);
        let operational: Vec<f64> = gaps(&instants(&model, 0)).iter().map(|gap| gap * 10.0).collect();
        distributed(&keys, operational, law);
        // The second moment of a gap of mean one is 1 + cv^2.
        agree_over(&keys, &model, 1.0 + cv * cv, |at| {
            let gaps = gaps(at);
            gaps.iter().map(|gap| gap * gap * 100.0).sum::<f64>() / gaps.len() as f64
        });
    }
}

/// The first gap is one like any other: an ordinary renewal process, not one that has run for ever.
#[test]
fn the_first_arrival_comes_after_a_whole_gap() {
    for (keys, _, law) in renewals() {
        let keys = keys.replace("10/s", "10/min");
        let model = world("1h", &keys);
        let first = |replication| Tape::new(&model, replication).next_stretch().unwrap().block.arrival[0] as f64 / 6e6;
        distributed(&keys, (0..3_000).map(first).collect(), law);
    }
}

#[test]
fn poisson_counts_are_those_of_a_poisson_law() {
    let model = world("30h", r#"arrivals.poisson.rate = "8/s""#);
    are_poisson("a second", &counts(&instants(&model, 0), SECOND, 30 * HOUR), 8.0, 1, 20);
    are_poisson("0.1 s", &counts(&instants(&model, 1), SECOND / 10, 30 * HOUR), 0.8, 0, 6);
    let sessions = world("30h", r#"arrivals.sessions = { rate = "8/s", turns = 3, think_time = "1s" }"#);
    are_poisson("sessions", &counts(&instants(&sessions, 0), SECOND, 30 * HOUR), 8.0, 1, 20);
}

/// Cox: the variance of a count over w gaps is cv^2 w and a constant, which is below 1 % here.
#[test]
fn over_long_windows_counts_are_dispersed_as_the_square_of_the_cv() {
    for (keys, cv, _) in renewals().into_iter().filter(|(_, cv, _)| *cv < 3.0) {
        agree_over(&keys, &world("5h", &keys), cv * cv, |at| dispersion(&counts(at, 50 * SECOND, 5 * HOUR), 500.0));
    }
}

/// Fischer and Meier-Hellstern: the index of dispersion of the counts of two states over `t`.
#[test]
fn modulated_counts_are_dispersed_as_theory_says() {
    let model = world("28h", &PROCESSES[5].replace("5/s", "2/s"));
    let (r1, r2) = (1.0 / 12.0, 1.0 / 4.0);
    let (l1, l2) = (2.0 * 16.0 / 44.0, 8.0 * 2.0 * 16.0 / 44.0);
    let r = r1 + r2;
    let excess = 2.0 * (l1 - l2) * (l1 - l2) * r1 * r2 / (r * r * (l1 * r2 + l2 * r1));
    let tapes: Vec<Vec<u64>> = (0..REPLICATIONS).map(|replication| instants(&model, replication)).collect();
    for t in [1, 10, 60] {
        let x = r * t as f64;
        let truth = 1.0 + excess * (1.0 - (1.0 - (-x).exp()) / x);
        let of = |at: &Vec<u64>| dispersion(&counts(at, t * SECOND, 28 * HOUR), 2.0 * t as f64);
        agree(&format!("over {t} s"), &tapes.iter().map(of).collect::<Vec<_>>(), truth);
    }
}

/// The share of time in a state follows from all arrivals being in that state: their rate meanwhile is the mean rate
/// over the share that theory predicts.
#[test]
fn each_state_has_its_share_of_time_for_exponential_stays() {
    for factors in [[1, 0, 0], [0, 1, 0], [0, 0, 1]] {
        let states: Vec<String> = factors
            .iter()
            .zip([20, 15, 10])
            .map(|(factor, mean)| format!(r#"{{ factor = {factor}, mean_duration = "{mean}s" }}"#))
            .collect();
        let keys = format!(r#"arrivals.mmpp = {{ rate = "1/s", states = [{}] }}"#, states.join(", "));
        agree_over(&keys, &world("8h", &keys), 1.0, |at| at.len() as f64 / 28_800.0);
    }
    let model = world(
        "24h",
        r#"arrivals.mmpp = { rate = "50/s", states = [
        { factor = 7, mean_duration = "10s" }, { factor = 0, mean_duration = "10s" }] }"#,
    );
    // A gap of 0.2 s while there are 100 arrivals a second is nothing that happens.
    let silences: Vec<f64> = gaps(&instants(&model, 0)).into_iter().filter(|gap| *gap > 0.2).collect();
    distributed("silences", silences, |x| 1.0 - (-(x - 0.2) / 10.0).exp());
}

/// 100, 400 and 1600 arrivals a second, told apart by the arrivals of 0.2 s; mean rate over 20, 15 and 10 s: 533.33/s.
const THREE: &str = r#"arrivals.mmpp = { rate = "32_000/min", states = [{ factor = 0.5, mean_duration = "20UNIT" },
    { factor = 2, mean_duration = "15UNIT" }, { factor = 8, mean_duration = "10UNIT" }] }"#;

fn state(count: f64) -> usize {
    [42.0, 170.0].iter().filter(|limit| count > **limit).count()
}

#[test]
fn three_states_follow_each_other_in_turn_at_their_rates() {
    let model = world("2h", &THREE.replace("UNIT", "s"));
    let counts = counts(&instants(&model, 0), SECOND / 5, 2 * HOUR);
    let mut stays: Vec<(usize, Vec<f64>)> = Vec::new();
    for count in counts {
        match stays.last_mut() {
            Some((now, seen)) if *now == state(count) => seen.push(count),
            _ => stays.push((state(count), vec![count])),
        }
    }
    // A window in which the state changes looks like a state of its own.
    stays.retain(|(_, seen)| seen.len() > 1);
    let turns = stays.windows(2).filter(|pair| pair[0].0 != pair[1].0);
    let (n, in_turn) = turns.fold((0, 0), |(n, t), p| (n + 1, t + u32::from((p[0].0 + 1) % 3 == p[1].0)));
    assert!(n > 300 && f64::from(in_turn) > 0.95 * f64::from(n), "{in_turn} of {n} changes are in turn");
    for (i, truth) in [20.0, 80.0, 320.0].into_iter().enumerate() {
        // The first and the last window of a stay may belong to the neighbours.
        let inner = |(_, seen): &(usize, Vec<f64>)| seen[1..seen.len() - 1].to_vec();
        let seen: Vec<f64> = stays.iter().filter(|(now, _)| *now == i).flat_map(inner).collect();
        agree(&format!("state {i}"), &seen, truth);
    }
}

#[test]
fn the_first_state_is_drawn_by_its_share_of_time() {
    let model = world("200ms", &THREE.replace("UNIT", "h"));
    let mut firsts = [0.0; 3];
    for replication in 0..4_000 {
        firsts[state(instants(&model, replication).len() as f64)] += 1.0;
    }
    occur("first states", &firsts, &[20.0 / 45.0, 15.0 / 45.0, 10.0 / 45.0]);
}

#[test]
fn counts_of_batches_are_dispersed_as_their_sizes_say() {
    for (size, mean, square) in [
        ("size = 10", 10.0, 100.0),
        // Whole sizes 1 to 20 are equally likely: 20 x 21 x 41 / 6 / 20.
        ("size.uniform = { low = 0.5, high = 20.5 }", 10.5, 143.5),
        ("size.empirical = { values = [1, 5, 20], weights = [5, 3, 2] }", 6.0, 88.0),
    ] {
        let model = world("28h", &format!(r#"arrivals.batches = {{ rate = "30/min", {size} }}"#));
        agree_over(size, &model, square / mean, |at| dispersion(&counts(at, 10 * SECOND, 28 * HOUR), 5.0 * mean));
    }
    // Of a batch spread over the window's length D, p = 1 - |b|/D of its s requests fall into the window on average:
    // the variance is s p (1 - p) + (s p)^2 over all starts b, which is s D / 3 + 2 s^2 D / 3 for a mean of s D.
    let spread = world("28h", r#"arrivals.batches = { rate = "30/min", size = 10, spread = "10s" }"#);
    agree_over("spread", &spread, (1.0 + 2.0 * 10.0) / 3.0, |at| {
        dispersion(&counts(at, 10 * SECOND, 28 * HOUR)[1..], 50.0)
    });
}

#[test]
fn batches_come_by_chance_and_have_their_sizes() {
    let keys =
        r#"arrivals.batches = { rate = "30/min", size.empirical = { values = [1, 5, 20], weights = [5, 3, 2] } }"#;
    let at = instants(&world("28h", keys), 0);
    let (mut starts, mut sizes) = (Vec::new(), [0.0; 3]);
    for batch in at.chunk_by(|a, b| a == b) {
        starts.push(batch[0]);
        // Two batches in one microsecond are nothing that happens.
        sizes[[1, 5, 20].iter().position(|size| batch.len() == *size).unwrap()] += 1.0;
    }
    occur("sizes", &sizes, &[0.5, 0.3, 0.2]);
    are_poisson("batches", &counts(&starts, 10 * SECOND, 28 * HOUR), 5.0, 0, 13);
}

#[test]
fn a_clock_of_batches_spreads_their_requests_evenly() {
    let at_once = instants(&world("1d", r#"arrivals.batches = { rate = "1/min", size = 50, cv = 0 }"#), 0);
    for (i, at) in at_once.iter().enumerate() {
        assert!(at.abs_diff((i as u64 / 50 + 1) * 60 * SECOND) <= 1, "request {i} at {at}");
    }
    let keys = r#"arrivals.batches = { rate = "1/min", size = 50, cv = 0, spread = "10s" }"#;
    let spread = instants(&world("1d", keys), 0);
    for (i, n) in counts(&spread, 60 * SECOND, DAY).into_iter().enumerate() {
        assert_eq!(n, if i == 0 { 0.0 } else { 50.0 }, "minute {i}");
    }
    let offsets = spread.iter().map(|at| (at % (60 * SECOND)) as f64 / 1e7).collect();
    distributed("offsets", offsets, |x| x.min(1.0));
}

/// The number of bursts that are on is Poisson of mean lambda L, and factors multiply: the mean of f^n is
/// exp(lambda L (f - 1)).
#[test]
fn random_bursts_overlap_and_multiply() {
    let bursts = |per_hour, lasts, factor| {
        format!(
            "arrivals.constant.rate = \"30/min\"\n\
             bursts = [{{ per_hour = {per_hour}, lasts = \"{lasts}\", factor = {factor} }}]"
        )
    };
    for (per_hour, lasts, on, factor) in [(6.0, "10m", 1.0, 0.5), (6.0, "5m", 0.5, 3.0), (2.5, "6m", 0.25, 0.0)] {
        let rate = 0.5 * f64::exp(on * (factor - 1.0));
        let model = world("240h", &bursts(per_hour, lasts, factor));
        agree_over(&format!("{factor}"), &model, rate, |at| at.len() as f64 / 864_000.0);
    }
    // Each that is on doubles the gap.
    let model = world("200h", &bursts(6.0, "10m", 0.5));
    let shares = |replication| {
        let mut times = [0.0; 20];
        for gap in gaps(&instants(&model, replication)) {
            times[(gap / 2.0).log2().round() as usize] += gap;
        }
        times.map(|time| time / times.iter().sum::<f64>())
    };
    let shares: Vec<[f64; 20]> = (0..REPLICATIONS).map(shares).collect();
    for on in 0..3 {
        let truth = Poisson::new(1.0).unwrap().pmf(on as u64);
        agree(&format!("{on} on"), &shares.iter().map(|s| s[on]).collect::<Vec<_>>(), truth);
    }
}

/// A burst of factor 0 is a silence. Without one, the wait for the next is exponential; and exp(-lambda L) of them meet
/// no other.
#[test]
fn random_bursts_begin_by_chance_and_last_as_long_as_they_should() {
    let keys = "arrivals.constant.rate = \"1/s\"\nbursts = [{ per_hour = 6, lasts = \"10m\", factor = 0 }]";
    let (mut silences, mut waits, mut wait) = (Vec::new(), Vec::new(), 0.0);
    for gap in gaps(&instants(&world("1500h", keys), 0)) {
        wait += 1.0;
        if gap > 1.5 {
            silences.push(gap - 1.0);
            waits.push(std::mem::take(&mut wait) - 0.5);
        }
    }
    // The first bursts may have begun before the first arrival.
    distributed("waits", waits.split_off(1), |x| 1.0 - (-x / 600.0).exp());
    let alone = silences.iter().filter(|s| (**s - 600.0).abs() < 1e-4).count() as f64;
    assert!(silences.iter().all(|s| *s > 599.9999), "a burst is cut short");
    occur("alone", &[alone, silences.len() as f64 - alone], &[(-1.0_f64).exp(), 1.0 - (-1.0_f64).exp()]);
    // The mean busy period of M/G/∞ is (exp(lambda L) - 1) / lambda.
    agree("silences", &silences, 600.0 * 1.0_f64.exp_m1());
}

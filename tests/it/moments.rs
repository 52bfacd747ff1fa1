//! Every law against theory and against rand_distr, and the golden hashes of the sampling contract.
#![expect(clippy::disallowed_methods, reason = "theory may use the platform's mathematics")]

use bedload::random::{Law, Part, Purpose, Shape, Stream};
use rand::SeedableRng;
use rand::rngs::Xoshiro256PlusPlus;
use rand_distr::{Distribution, Exp, Gamma, LogNormal, Normal, Uniform, Weibull};

const DRAWS: usize = 200_000;

fn draws(shape: Shape, n: usize) -> Vec<f64> {
    let mut out = vec![0.0; n];
    Law::of(shape).fill(Stream::new(17, 0, Purpose::Output, "moments"), 0, &mut out);
    out
}

/// Name, law, mean, standard deviation, and the same law of rand_distr.
type Case = (&'static str, Shape, f64, f64, Box<dyn Fn(&mut Xoshiro256PlusPlus) -> f64>);

fn cases() -> Vec<Case> {
    let gamma = |shape: f64, scale: f64| {
        Box::new(move |r: &mut Xoshiro256PlusPlus| Gamma::new(shape, scale).unwrap().sample(r))
    };
    let (mu, sigma) = (1.0_f64, 0.5_f64);
    let mean = (mu + sigma * sigma / 2.0).exp();
    let deviation = mean * ((sigma * sigma).exp() - 1.0).sqrt();
    vec![
        (
            "uniform",
            Shape::Uniform { low: 2.0, high: 8.0 },
            5.0,
            6.0 / 12_f64.sqrt(),
            Box::new(|r| Uniform::new(2.0, 8.0).unwrap().sample(r)),
        ),
        (
            "lognormal",
            Shape::Lognormal { mu, sigma },
            mean,
            deviation,
            Box::new(move |r| LogNormal::new(mu, sigma).unwrap().sample(r)),
        ),
        (
            "exponential",
            Shape::Exponential { mean: 3.0 },
            3.0,
            3.0,
            Box::new(|r| Exp::new(1.0 / 3.0).unwrap().sample(r)),
        ),
        ("bursty gamma", Shape::Gamma { shape: 0.25, scale: 4.0 }, 1.0, 2.0, gamma(0.25, 4.0)),
        ("even gamma", Shape::Gamma { shape: 4.0, scale: 0.5 }, 2.0, 1.0, gamma(4.0, 0.5)),
        (
            "normal",
            Shape::Normal { mean: 3.0, sd: 2.0 },
            3.0,
            2.0,
            Box::new(|r| Normal::new(3.0, 2.0).unwrap().sample(r)),
        ),
        // Of shape 1/2: the mean is Gamma(3) = 2, the second moment Gamma(5) = 24.
        (
            "bursty weibull",
            Shape::Weibull { scale: 1.0, power: 2.0 },
            2.0,
            20_f64.sqrt(),
            Box::new(|r| Weibull::new(1.0, 0.5).unwrap().sample(r)),
        ),
        // A quarter uniform on [1, 2], three quarters uniform on [2, 8].
        (
            "quantiles",
            Shape::Quantiles { shares: vec![0.0, 0.25, 1.0], values: vec![1.0, 2.0, 8.0] },
            4.125,
            (7.0 / 12.0 + 21.0 - 4.125 * 4.125_f64).sqrt(),
            Box::new(|r| {
                let low = Uniform::new(0.0, 1.0).unwrap().sample(r) < 0.25;
                if low { Uniform::new(1.0, 2.0).unwrap().sample(r) } else { Uniform::new(2.0, 8.0).unwrap().sample(r) }
            }),
        ),
        // A fifth exponential of mean 10, the others normal.
        (
            "mixture",
            Shape::Mixture(vec![
                Part { law: Law::of(Shape::Exponential { mean: 10.0 }), share: 0.2, until: 0.2 },
                Part { law: Law::of(Shape::Normal { mean: 3.0, sd: 2.0 }), share: 0.8, until: 1.0 },
            ]),
            4.4,
            (0.2 * 200.0 + 0.8 * 13.0 - 4.4 * 4.4_f64).sqrt(),
            Box::new(|r| {
                let long = Uniform::new(0.0, 1.0).unwrap().sample(r) < 0.2;
                if long { Exp::new(0.1).unwrap().sample(r) } else { Normal::new(3.0, 2.0).unwrap().sample(r) }
            }),
        ),
    ]
}

#[test]
fn means_and_variances_are_those_of_theory() {
    for (name, shape, mean, deviation, _) in cases() {
        let x = draws(shape, DRAWS);
        let n = DRAWS as f64;
        let got = x.iter().sum::<f64>() / n;
        assert!((got - mean).abs() < 3.29 * deviation / n.sqrt(), "{name}: mean {got} for {mean}");
        let squares: Vec<f64> = x.iter().map(|x| (x - mean) * (x - mean)).collect();
        let variance = squares.iter().sum::<f64>() / n;
        let spread = (squares.iter().map(|s| (s - variance) * (s - variance)).sum::<f64>() / n).sqrt();
        assert!((variance - deviation * deviation).abs() < 3.29 * spread / n.sqrt(), "{name}: variance {variance}");
    }
}

#[test]
fn the_draws_are_distributed_as_those_of_rand_distr() {
    for (name, shape, _, _, oracle) in cases() {
        let mut ours = draws(shape, DRAWS);
        let mut generator = Xoshiro256PlusPlus::seed_from_u64(23);
        let mut theirs: Vec<f64> = (0..DRAWS).map(|_| oracle(&mut generator)).collect();
        ours.sort_by(f64::total_cmp);
        theirs.sort_by(f64::total_cmp);
        // Kolmogorov and Smirnov: the critical distance at 0.1 % is 1.95 sqrt(2 / n).
        let (mut i, mut j, mut distance) = (0, 0, 0.0_f64);
        while i < DRAWS && j < DRAWS {
            if ours[i] <= theirs[j] {
                i += 1
            } else {
                j += 1
            }
            distance = distance.max((i as f64 - j as f64).abs() / DRAWS as f64);
        }
        let critical = 1.95 * (2.0 / DRAWS as f64).sqrt();
        assert!(distance < critical, "{name}: distance {distance}, critical {critical}");
    }
}

#[test]
fn an_empirical_law_draws_each_value_by_its_weight() {
    let x = draws(Shape::Empirical { values: vec![1.0, 2.0, 4.0], cumulative: vec![0.2, 0.7, 1.0] }, DRAWS);
    for (value, share) in [(1.0, 0.2), (2.0, 0.5), (4.0, 0.3)] {
        let got = x.iter().filter(|x| **x == value).count() as f64 / DRAWS as f64;
        let error = 3.29 * (share * (1.0_f64 - share) / DRAWS as f64).sqrt();
        assert!((got - share).abs() < error, "{value}: {got} for {share}");
    }
}

#[test]
fn neighbours_and_streams_are_not_correlated() {
    let of = |purpose, replication| {
        let mut out = vec![0.0; DRAWS];
        let law = Law::of(Shape::Uniform { low: -1.0, high: 1.0 });
        law.fill(Stream::new(17, replication, purpose, "moments"), 0, &mut out);
        out
    };
    let correlation = |a: &[f64], b: &[f64]| 3.0 * a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>() / a.len() as f64;
    let x = of(Purpose::Input, 0);
    let bound = 3.29 / (DRAWS as f64).sqrt();
    for (name, r) in [
        ("lag 1", correlation(&x, &x[1..])),
        ("another purpose", correlation(&x, &of(Purpose::Output, 0))),
        ("another replication", correlation(&x, &of(Purpose::Input, 1))),
    ] {
        assert!(r.abs() < bound, "{name}: {r}");
    }
}

/// Fowler, Noll and Vo's hash of the draws' bits.
fn hash(shape: Shape) -> u64 {
    draws(shape, 4_096)
        .iter()
        .flat_map(|x| x.to_bits().to_le_bytes())
        .fold(0xCBF2_9CE4_8422_2325, |h, byte| (h ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3))
}

/// A change of one bit of one draw changes the results of every scenario: it belongs into the changelog.
#[test]
fn the_sampling_contract_is_unbroken() {
    let golden = [
        0xbf8b_a6a0_c2d2_61c1,
        0xed2e_044f_2409_3a18,
        0x935d_ccef_ae1b_6eb8,
        0x169b_743a_8420_7eb1,
        0xbd76_2789_f13f_dd6e,
        0x7c72_3ebc_7ca0_d7c3,
        0xc55c_38c9_85d7_68e3,
        0x5106_de23_743e_6fe9,
        0x6aa7_82f7_ae5c_b7f7,
    ];
    let got: Vec<u64> = cases().into_iter().map(|(_, shape, ..)| hash(shape)).collect();
    assert_eq!(got, golden, "{got:#x?}");
}

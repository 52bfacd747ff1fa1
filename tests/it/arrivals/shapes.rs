//! Factors that multiply a rate over time.

use super::*;

#[test]
fn points_are_joined_by_lines_and_step_where_two_share_an_instant() {
    let keys = "arrivals.constant.rate = \"600/min\"\nshape = [{ at = \"1h\", factor = 0.5 },
        { at = \"3h\", factor = 2.5 }, { at = \"3h\", factor = 0 }, { at = \"5h\", factor = 1 }]";
    follows(&world("8h", keys), HOUR / 4, |t| {
        let h = t / 3_600.0;
        10.0 * match h {
            ..1.0 => 0.5,
            ..3.0 => 0.5 + (h - 1.0),
            ..5.0 => (h - 3.0) / 2.0,
            _ => 1.0,
        }
    });
}

#[test]
fn bursts_at_instants_come_again_and_multiply() {
    let keys = "arrivals.constant.rate = \"600/min\"\nbursts = [
        { at = \"1h\", lasts = \"30m\", factor = 3 },
        { at = \"15m\", lasts = \"15m\", factor = 2, every = \"1h\" },
        { at = \"75m\", lasts = \"60m\", factor = 0.5 },
        { at = \"4h\", lasts = \"15m\", factor = 0, every = \"90m\" },
        { at = \"6h\", lasts = \"15m\", factor = 1.5, every = \"15m\" }]";
    follows(&world("8h", keys), 5 * 60 * SECOND, |t| {
        let m = t / 60.0;
        let mut rate = 10.0;
        rate *= if (60.0..90.0).contains(&m) { 3.0 } else { 1.0 };
        rate *= if (15.0..30.0).contains(&(m % 60.0)) { 2.0 } else { 1.0 };
        rate *= if (75.0..135.0).contains(&m) { 0.5 } else { 1.0 };
        rate *= if m >= 240.0 && (m - 240.0) % 90.0 < 15.0 { 0.0 } else { 1.0 };
        rate * if m >= 360.0 { 1.5 } else { 1.0 }
    });
}

/// The rate at `t` [s] of a clock that shows the hours `shown`, one after the other, linear between `factors`.
fn by_the_clock(factors: &[f64], shown: &[usize], t: f64) -> f64 {
    let (hour, share) = (shown[(t / 3_600.0) as usize] % factors.len(), t / 3_600.0 % 1.0);
    factors[hour] * (1.0 - share) + factors[(hour + 1) % factors.len()] * share
}

/// Two days from Sunday's midnight in New York: on 8 March 2026 its clocks skip 02:00, on 1 November they show 01:00 twice.
#[test]
fn days_and_weeks_go_by_the_clock_of_the_zone_when_it_is_put_forward_or_back() {
    let hours = |n: usize| (0..n).map(|h| ((h * 37 + 11) % n) as f64 / n as f64).collect::<Vec<f64>>();
    // Hours of a week, from Monday's midnight; a day is the hour modulo 24.
    let spring: Vec<usize> = [144, 145].into_iter().chain(147..168).chain(0..25).collect();
    let autumn: Vec<usize> = [144, 145].into_iter().chain(145..168).chain(0..23).collect();
    let zone = "timezone = \"America/New_York\"";
    for (start, zone, shown) in [
        ("2026-03-08T00:00:00[America/New_York]", "", &spring),
        ("2026-03-08T05:00:00Z", zone, &spring),
        ("2026-11-01T06:00:00[Europe/Berlin]", zone, &autumn[1..].to_vec()),
        ("2026-11-01T00:00:00[America/New_York]", "", &autumn),
    ] {
        for (name, n) in [("daily", 24), ("weekly", 168)] {
            let factors = hours(n);
            let keys = format!("arrivals.constant.rate = \"2/s\"\nshape.{name} = {factors:?}\n{zone}");
            let model = run_with(&format!("start = \"{start}\""), &scenario("47h", &keys));
            follows(&model, HOUR / 2, |t| 2.0 * by_the_clock(&factors, shown, t));
        }
    }
}

#[test]
fn a_zone_half_an_hour_off_bends_at_the_half_hour() {
    let factors: Vec<f64> = (0..24).map(|h| f64::from(h * 7 % 24) / 24.0).collect();
    let keys = format!("arrivals.constant.rate = \"2/s\"\nshape.daily = {factors:?}\ntimezone = \"Asia/Kolkata\"");
    let shown: Vec<usize> = (5..60).collect();
    // The run starts at a UTC midnight, 05:30 there.
    follows(&world("48h", &keys), HOUR / 2, |t| 2.0 * by_the_clock(&factors, &shown, t + 1_800.0));
}

/// Monday to Sunday from a UTC midnight: New York's summer is four hours behind.
#[test]
fn office_hours_are_busiest_at_ten_with_a_second_hump_and_quiet_weekends() {
    let keys = "arrivals.constant.rate = \"10/s\"\nshape = \"office_hours\"\ntimezone = \"America/New_York\"";
    let model = run_with("start = \"2026-06-01T04:00:00Z\"", &scenario("7d", keys));
    let of = 10.0 * 360.0;
    let counts = counts(&instants(&model, 0), 360 * SECOND, 7 * DAY);
    for day in 0..7 {
        let counts = &counts[day * 240..][..240];
        // Either side of 10:00 by six minutes.
        let busiest = counts.iter().copied().fold(0.0, f64::max);
        assert!(counts[99].max(counts[100]) == busiest, "day {day}");
        if day < 5 {
            assert!((0.98..=1.0).contains(&(busiest / of)), "day {day}: {busiest} of {of}");
            let hours: Vec<f64> = (0..24).map(|h| counts[h * 10]).collect();
            let humps = (1..23).filter(|h| hours[*h] > hours[h - 1] && hours[*h] > hours[h + 1]).count();
            assert_eq!(humps, 2, "day {day}: {hours:?}");
        } else {
            assert!(busiest < 0.5 * of, "day {day}: {busiest} of {of}");
        }
        assert!(counts[30] < 0.1 * busiest, "day {day} at 03:00: {}", counts[30]);
    }
}

#[test]
fn growth_compounds_continuously() {
    for (growth, per_s, hours, days) in [
        ("8%/month", 1.08_f64, 730.0, 90),
        ("50%/day", 1.5, 24.0, 10),
        ("-50%/day", 0.5, 24.0, 6),
        ("100%/year", 2.0, 8_760.0, 90),
    ] {
        let g = per_s.ln() / (hours * 3_600.0);
        let keys = format!("arrivals.constant.rate = \"1/s\"\ngrowth = \"{growth}\"");
        follows(&world(&format!("{days}d"), &keys), 6 * HOUR, |t| (g * t).exp());
    }
}

#[test]
fn rate_shape_bursts_growth_and_scales_multiply() {
    let keys = "arrivals.constant.rate = \"3/s\"\nshape = [{ at = \"2h\", factor = 1 }, { at = \"20h\", factor = 4 }]
        bursts = [{ at = \"5h\", lasts = \"1h\", factor = 3, every = \"7h\" }]\ngrowth = \"50%/day\"\nscale = 1.5";
    let rate = |t: f64| {
        let shape = 1.0 + 3.0 * ((t / 3_600.0 - 2.0) / 18.0).clamp(0.0, 1.0);
        let burst = if t >= 18_000.0 && (t - 18_000.0) % 25_200.0 < 3_600.0 { 3.0 } else { 1.0 };
        3.0 * shape * burst * 1.5 * (1.5_f64.ln() * t / 86_400.0).exp()
    };
    follows(&world("30h", keys), HOUR, rate);
    let text = scenario("30h", keys);
    follows(&run_with("traffic_scale = 0.25", &text), HOUR, |t| 0.25 * rate(t));
    let other = "[workloads.v]\nmodel = \"m\"\ninput_tokens = 1\noutput_tokens = 1\narrivals.constant.rate = \"4/s\"";
    let both = run_with("traffic_scale = 0.25", &format!("{text}\n{other}"));
    assert_eq!(requests(&both, 0, "v").len(), 30 * 3_600 - 1);
    // What is modulated, random or in batches has the same factors.
    let states = "[{ factor = 1, mean_duration = \"6s\" }, { factor = 5, mean_duration = \"2s\" }]";
    for process in
        [format!("mmpp = {{ rate = \"3/s\", states = {states} }}"), "batches = { rate = \"3/s\", size = 1 }".to_owned()]
    {
        let keys = keys.replace("constant.rate = \"3/s\"", &process);
        let due: f64 = (0..108_000).map(|s| rate(f64::from(s) + 0.5)).sum();
        agree_over(&process, &world("30h", &keys), due, |at| at.len() as f64);
    }
}

/// A shape moves arrivals to where the integral of the rate has come to the same value; so gaps keep their law.
#[test]
fn a_shape_stretches_time_and_leaves_the_gaps_alone() {
    for keys in PROCESSES.into_iter().filter(|keys| !keys.contains("mmpp") && !keys.contains("spread")) {
        let flat = instants(&world("1h", keys), 0);
        let shape = "shape = [{ at = \"0s\", factor = 0.5 }, { at = \"1h\", factor = 1.5 }]";
        let shaped = instants(&world("1h", &format!("{keys}\n{shape}")), 0);
        assert!(shaped.len() > 10_000, "{keys}");
        for (flat, shaped) in flat.iter().zip(&shaped) {
            let t = *shaped as f64;
            let integral = t * (0.5 + 0.5 * t / HOUR as f64);
            assert!((integral - *flat as f64).abs() < 3.0, "{keys}: {shaped} for {flat}");
        }
    }
}

//! Each limiter against a naive twin: the rules of the methodology, computed the slow way.

use std::collections::BTreeMap;

use bedload::model::capacity::Limit;
use bedload::model::capacity::limiter::{Limiter, LimiterSpec, Settlement, common_credits};
use bedload::units::WallClock;

const HISTORIES: u64 = 20_000;

/// A small generator, so that the histories are the same for ever.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % sides
    }

    fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.roll(of.len() as u64) as usize]
    }
}

/// The slow way to say how much is taken.
trait Twin {
    /// Returns whether `amount` fits now.
    fn fits(&mut self, now: u64, amount: u64) -> bool;
    fn take(&mut self, now: u64, amount: u64, admission: u64);
    fn settle(&mut self, now: u64, s: Settlement);
    fn occupied(&mut self, now: u64) -> u64;
    /// The limit is another from now on.
    fn set(&mut self, now: u64, limit: &Limit);
}

/// Used amounts by the number of the wall-clock window.
struct Windows {
    limit: u64,
    window: i128,
    /// Wall clock less offset at t = 0.
    origin: i128,
    used: BTreeMap<i128, i128>,
}

impl Windows {
    fn number(&self, at: u64) -> i128 {
        (self.origin + i128::from(at)).div_euclid(self.window)
    }
}

impl Twin for Windows {
    fn fits(&mut self, now: u64, amount: u64) -> bool {
        self.occupied(now) + amount <= self.limit
    }
    fn take(&mut self, now: u64, amount: u64, _: u64) {
        *self.used.entry(self.number(now)).or_default() += i128::from(amount);
    }
    fn settle(&mut self, now: u64, s: Settlement) {
        let difference = i128::from(s.charged) - i128::from(s.reserved);
        if difference > 0 || self.number(s.admitted_at) == self.number(now) {
            *self.used.entry(self.number(now)).or_default() += difference;
        }
    }
    fn occupied(&mut self, now: u64) -> u64 {
        self.used.get(&self.number(now)).copied().unwrap_or(0) as u64
    }
    fn set(&mut self, _: u64, limit: &Limit) {
        self.limit = limit.amount;
    }
}

/// Every entry ever, scanned anew each time.
struct List {
    limit: u64,
    window: u64,
    entries: Vec<(u64, u64, u64)>,
}

impl Twin for List {
    fn fits(&mut self, now: u64, amount: u64) -> bool {
        self.occupied(now) + amount <= self.limit
    }
    fn take(&mut self, now: u64, amount: u64, admission: u64) {
        self.entries.push((now, admission, amount));
    }
    fn settle(&mut self, now: u64, s: Settlement) {
        let alive = |e: &&mut (u64, u64, u64)| e.0 + self.window > now && e.0 == s.admitted_at && e.1 == s.admission;
        if let Some(entry) = self.entries.iter_mut().find(alive) {
            entry.2 = s.charged;
        } else if s.charged > s.reserved {
            self.entries.push((now, s.admission, s.charged - s.reserved));
        }
    }
    fn occupied(&mut self, now: u64) -> u64 {
        self.entries.iter().filter(|e| e.0 + self.window > now).map(|e| e.2).sum()
    }
    fn set(&mut self, _: u64, limit: &Limit) {
        self.limit = limit.amount;
    }
}

/// The level in tokens times the window: one microsecond refills `limit`, one token weighs `window`.
struct Bucket {
    limit: i128,
    window: i128,
    full: i128,
    level: i128,
    last: u64,
}

impl Bucket {
    fn refill(&mut self, now: u64) {
        self.level = (self.level + i128::from(now - self.last) * self.limit).min(self.full);
        self.last = now;
    }
}

impl Twin for Bucket {
    fn fits(&mut self, now: u64, amount: u64) -> bool {
        self.refill(now);
        i128::from(amount) * self.window <= self.level
    }
    fn take(&mut self, _: u64, amount: u64, _: u64) {
        self.level -= i128::from(amount) * self.window;
    }
    fn settle(&mut self, now: u64, s: Settlement) {
        self.refill(now);
        let credit = (i128::from(s.reserved) - i128::from(s.charged)) * self.window;
        self.level = (self.level + credit).min(self.full);
    }
    fn occupied(&mut self, now: u64) -> u64 {
        self.refill(now);
        let missing = self.full - self.level;
        ((missing + self.window - 1) / self.window) as u64
    }
    fn set(&mut self, now: u64, limit: &Limit) {
        self.refill(now);
        self.limit = i128::from(limit.amount);
        let LimiterSpec::TokenBucket { burst, .. } = limit.limiter else { panic!("{limit:?} is no bucket") };
        self.full = i128::from(burst) * self.window;
        self.level = self.level.min(self.full);
    }
}

/// Plays a random history on both and compares every answer. The limit changes among those that are given, the first of
/// which is that of the start.
fn play(dice: &mut Dice, limits: &[Limit], wall: &WallClock, twin: &mut dyn Twin) {
    let Limit { amount: mut limit, limiter: spec } = limits[0];
    let mut limiter = Limiter::new(&limits[0], 0, wall);
    let mut open: Vec<Settlement> = Vec::new();
    let (mut now, mut greatest) = (0, 0);
    for admission in 1..=20 + dice.roll(30) {
        let step = dice.pick(&[0, 0, 1, 7, spec.window() / 9, spec.window() / 2, spec.window(), 3 * spec.window()]);
        now += if step > 1 { dice.roll(step) } else { step };
        if limits.len() > 1 && dice.roll(6) == 0 {
            greatest = greatest.max(limiter.occupied(now));
            let next = dice.pick(limits);
            limiter.set(now, &next);
            twin.set(now, &next);
            limit = next.amount;
        } else if dice.roll(3) == 0 && !open.is_empty() {
            let settlement = open.swap_remove(dice.roll(open.len() as u64) as usize);
            limiter.settle(now, settlement);
            twin.settle(now, settlement);
        } else {
            let amount = dice.roll(limit.max(1)) + 1;
            let fits = limiter.has_room(now, amount);
            assert_eq!(fits, twin.fits(now, amount), "{spec:?} of {limit}, {amount} at {now}");
            check_room(&limiter, now, amount, fits);
            if fits {
                limiter.take(now, amount, admission);
                twin.take(now, amount, admission);
                if !matches!(spec, LimiterSpec::TokenBucket { .. }) {
                    assert!(limiter.occupied(now) <= limit, "an admission passes the limit");
                }
                let charged = dice.roll(2 * amount + 1);
                open.push(Settlement { reserved: amount, charged, admitted_at: now, admission });
            }
        }
        let occupied = limiter.occupied(now);
        assert_eq!(occupied, twin.occupied(now), "{spec:?} of {limit} at {now}");
        greatest = greatest.max(occupied);
    }
    assert_eq!(limiter.take_peak(), greatest, "{spec:?}: the peak is the greatest that was seen");
}

/// The room foretold is there at its instant and not a microsecond earlier.
fn check_room(limiter: &Limiter, now: u64, amount: u64, fits: bool) {
    let at = limiter.clone().room_at(now, amount);
    assert_eq!(at.is_some(), limiter.ever_admits(amount));
    match at {
        Some(at) if fits => assert_eq!(at, now),
        Some(at) => {
            assert!(!limiter.clone().has_room(at - 1, amount), "room before {at}");
            // A window that debits have filled past its limit may still be short of room as it ends.
            assert!(limiter.clone().has_room(at, amount), "no room at {at}");
        }
        None => assert!(!fits),
    }
}

#[test]
fn the_fixed_window_does_what_its_rule_says() {
    let mut dice = Dice(1);
    for _ in 0..HISTORIES {
        let (limit, window) = (1 + dice.roll(1_000), dice.pick(&[10, 1_000, 60_000_000]));
        let offset = dice.roll(window);
        let wall = WallClock {
            unix_us: dice.roll(1 << 50) as i64 - (1 << 49),
            written: String::new(),
            zone: jiff::tz::TimeZone::UTC,
        };
        let origin = i128::from(wall.unix_us) - i128::from(offset);
        let mut twin = Windows { limit, window: i128::from(window), origin, used: BTreeMap::new() };
        play(&mut dice, &changing(limit, LimiterSpec::FixedWindow { window, offset }), &wall, &mut twin);
    }
}

#[test]
fn the_sliding_window_does_what_its_rule_says() {
    let mut dice = Dice(2);
    let wall = WallClock { unix_us: 0, written: String::new(), zone: jiff::tz::TimeZone::UTC };
    for _ in 0..HISTORIES {
        let (limit, window) = (1 + dice.roll(1_000), dice.pick(&[10, 1_000, 60_000_000]));
        let mut twin = List { limit, window, entries: Vec::new() };
        play(&mut dice, &changing(limit, LimiterSpec::SlidingWindow { window }), &wall, &mut twin);
    }
}

#[test]
fn the_token_bucket_does_what_its_rule_says() {
    let mut dice = Dice(3);
    let wall = WallClock { unix_us: 0, written: String::new(), zone: jiff::tz::TimeZone::UTC };
    for _ in 0..HISTORIES {
        let (limit, window) = (1 + dice.roll(1_000), dice.pick(&[10, 1_000, 60_000_000]));
        let burst = 1 + dice.roll(2 * limit);
        let (limit_wide, window_wide) = (i128::from(limit), i128::from(window));
        let full = i128::from(burst) * window_wide;
        let mut twin = Bucket { limit: limit_wide, window: window_wide, full, level: full, last: 0 };
        let of = |amount: u64, burst: u64| Limit { amount, limiter: LimiterSpec::bucket(amount, window, burst) };
        // An outage may leave nothing, or any share.
        let limits = [
            of(limit, burst),
            of(limit, burst),
            of(limit / 3, if limit < 3 { 0 } else { burst / 3 }),
            of(0, 0),
            of(2 * limit + 1, burst),
        ];
        let credits = common_credits(&limits).expect("these are small");
        play(&mut dice, &limits.map(|limit| limit.with_credits(credits)), &wall, &mut twin);
    }
}

/// The limit, and what may become of it.
fn changing(limit: u64, limiter: LimiterSpec) -> Vec<Limit> {
    [limit, limit, limit / 3, 0, 2 * limit].into_iter().map(|amount| Limit { amount, limiter }).collect()
}

//! Custom Model Import: your own weights, served by copies that come and go.
//!
//! Use it for a model that was trained elsewhere. A copy costs `units x price x 5` for each 5-minute window, counted
//! from its first invocation, that has an invocation; it goes away after 5 idle minutes, and the next caller meets a
//! cold start: `not_ready`, a 429 that SDKs retry as transient \[AWS user guide, custom model import\]. What a copy
//! serves at once, when a further copy comes and how long a cold start takes are not published.

use super::serving::{Serving, capacity_keys, small};
use super::{Billing, Kind, Place, Plan, Reason, Refused, Room, Site};
use crate::catalog::ImportEntry;
use crate::model::capacity::quota::QuotaSpec;
use crate::model::law::{LawSpec, Quantity};
use crate::model::quantity::{Amount, Count, Duration, Names};
use crate::model::spec::At;
use crate::random::{Law, Shape, Stream};
use crate::units::{Price, Usd};

capacity_keys! {
    /// An imported model on copies of its own.
    #[schemars(rename = "CustomImport")]
    pub struct CustomImportSpec {
        /// The number of requests that one copy serves at once; set at import and not published.
        pub concurrency_per_copy: At<Count>,
        /// The greatest number of copies; default 3.
        pub max_copies: Option<At<Count>>,
        /// The time from the first call until the copy serves; default uniform from 30s to 60s.
        pub cold_start: Option<At<LawSpec<Duration>>>,
        /// The number of Custom Model Units of one copy; the catalogue's when left out.
        pub units_per_copy: Option<At<Count>>,
        /// The price of one unit for a minute, such as "$0.0785"; the catalogue's when left out.
        pub price_per_unit_minute: Option<At<Amount>>,
        /// The price of storing one unit for a month, such as "$1.95"; the catalogue's when left out.
        pub storage_per_unit_month: Option<At<Amount>>,
        /// The name of a quota `[quotas.NAME]`, or a list of such names.
        pub quota: Option<At<Names>>,
    }
}

impl CustomImportSpec {
    /// Reports the figures that the catalogue lists and the scenario does not state.
    fn tell_of_listed(&self, listed: &ImportEntry, site: &mut Site<'_, '_>) {
        let quoted = |text: &str| format!("\"{text}\"");
        for (key, is_open, value) in [
            ("units_per_copy", self.units_per_copy.is_none(), listed.units_per_copy.to_string()),
            ("price_per_unit_minute", self.price_per_unit_minute.is_none(), quoted(&listed.per_unit_minute)),
            ("storage_per_unit_month", self.storage_per_unit_month.is_none(), quoted(&listed.storage_per_unit_month)),
        ] {
            if is_open {
                site.publish(key, value, (&listed.source, &listed.as_of));
            }
        }
    }
}

/// The rules by which the copies of an imported model start and serve.
#[derive(Debug, Clone)]
pub struct CopiesPlan {
    pub max_copies: u32,
    pub per_copy: u32,
    /// The time from the first call of a copy until it serves \[µs\].
    pub cold_start: Law,
    /// The index of the region of the copies, which decides their prompt cache.
    pub region: usize,
}

/// The default quota of copies of a model \[copies; AWS general reference\].
const DEFAULT_MAX_COPIES: u32 = 3;
/// A window of billing, and the time after which an idle copy goes \[µs\].
pub const WINDOW: u64 = 300_000_000;
/// The length of a billing window \[min\].
pub const WINDOW_MINUTES: u64 = 5;

impl Kind for CustomImportSpec {
    fn serving(&self) -> Serving<'_> {
        self.common()
    }

    fn own_quota(&self) -> QuotaSpec {
        QuotaSpec::default()
    }

    fn quota_names(&self) -> Option<&At<Names>> {
        self.quota.as_ref()
    }

    fn lower(&self, site: &mut Site<'_, '_>) -> Option<Plan> {
        let before = site.sink.errors();
        let per_copy = small(&self.concurrency_per_copy, "concurrency_per_copy", 1, site.sink);
        let max_copies =
            self.max_copies.as_ref().map_or(Some(DEFAULT_MAX_COPIES), |n| small(n, "max_copies", 1, site.sink));
        let cold_start = match &self.cold_start {
            Some(written) => written.value.lower(&written.at, site.sink),
            None => {
                let value = "{ uniform = { low = \"30s\", high = \"60s\" } }";
                site.assume("cold_start", value, "AWS speaks of tens of seconds; measure your own model");
                Some(Law { shape: Shape::Uniform { low: 3e7, high: 6e7 }, min: Duration::LEAST, max: Duration::MOST })
            }
        };
        let entry = site.sold.and_then(|s| s.entry);
        let listed = entry.and_then(|e| e.custom_import.as_ref());
        if let (Some(entry), None) = (entry, listed) {
            let rule = format!("weights of `{}` cannot be imported, as far as the catalogue knows", entry.id);
            site.sink.error(site.at.clone(), rule, "leave `id` out of the model and state its keys".to_owned());
        }
        let units = self.units_per_copy.as_ref().map(|u| u.value.0).or(listed.map(|l| u64::from(l.units_per_copy)));
        let Some(units) = units else {
            if site.sink.errors() == before {
                let rule = format!("`capacities.{}` lacks `units_per_copy`", site.name);
                site.sink.error(
                    site.at.clone(),
                    rule,
                    "`aws bedrock get-imported-model` tells customModelUnitsPerModelCopy".to_owned(),
                );
            }
            return None;
        };
        if let Some(listed) = listed {
            self.tell_of_listed(listed, site);
        }
        let price = self.price_per_unit_minute.as_ref().map(|p| p.value.0);
        let price = price.or_else(|| listed.and_then(|l| crate::units::parse::amount(&l.per_unit_minute).ok()));
        let storage = self.storage_per_unit_month.as_ref().map(|p| p.value.0);
        let storage =
            storage.or_else(|| listed.and_then(|l| crate::units::parse::amount(&l.storage_per_unit_month).ok()));
        let region = site.home_region(self.region.as_ref());
        let plan = CopiesPlan { max_copies: max_copies?, per_copy: per_copy?, cold_start: cold_start?, region };
        (site.sink.errors() == before).then(|| Plan {
            room: Room::Copies(Box::new(plan)),
            ..Plan::new(Billing::Windows { units, price: price.map(Price), storage: storage.map(Price) })
        })
    }
}

/// Returns the cost of billing windows: `units x price x 5 min` each.
#[must_use]
pub fn cost_of_windows(windows: u64, units: u64, per_unit_minute: Price) -> Usd {
    per_unit_minute.of(windows * units * WINDOW_MINUTES)
}

/// The state of the copies of an imported model during a run.
#[derive(Debug)]
pub struct Copies {
    plan: CopiesPlan,
    copies: Vec<Option<ModelCopy>>,
    stream: Stream,
    /// The number of copies started so far, which is the index of the next cold start.
    started: u64,
    /// The number of billing windows so far.
    windows: u64,
}

#[derive(Debug, Clone, Copy)]
struct ModelCopy {
    /// The instant from which the copy serves \[µs\].
    ready_at: u64,
    in_flight: u32,
    /// The instant at which an invocation last began or ended \[µs\].
    last_use: u64,
    /// The start of the billing windows \[µs\], and the number of the last one billed; `None`: none is billed yet.
    billed: Option<(u64, u64)>,
}

impl Copies {
    /// Returns a state without copies. `stream` gives the durations of cold starts.
    #[must_use]
    pub fn new(plan: &CopiesPlan, stream: Stream) -> Self {
        let copies = vec![None; plan.max_copies as usize];
        Self { plan: plan.clone(), copies, stream, started: 0, windows: 0 }
    }

    /// Returns the number of billing windows so far.
    #[must_use]
    pub const fn windows(&self) -> u64 {
        self.windows
    }

    /// Returns the number of copies that serve or start.
    #[must_use]
    pub fn alive(&self) -> u32 {
        self.copies.iter().flatten().count() as u32
    }

    fn let_idle_ones_go(&mut self, now: u64) {
        for slot in &mut self.copies {
            if slot.is_some_and(|c| c.in_flight == 0 && c.last_use.max(c.ready_at) + WINDOW <= now) {
                *slot = None;
            }
        }
    }

    /// Starts one more copy, unless one is starting already or no more copies are allowed.
    fn start_one(&mut self, now: u64) {
        if self.copies.iter().flatten().any(|c| c.ready_at > now) {
            return;
        }
        let Some(slot) = self.copies.iter_mut().find(|slot| slot.is_none()) else { return };
        let cold_start = crate::units::round_half_up(self.plan.cold_start.at(self.stream, self.started));
        self.started += 1;
        *slot = Some(ModelCopy { ready_at: now + cold_start, in_flight: 0, last_use: now, billed: None });
    }

    /// Succeeds if any copy serves; if none does, a copy is started.
    pub fn ready(&mut self, now: u64) -> Result<(), Reason> {
        self.let_idle_ones_go(now);
        if self.copies.iter().flatten().any(|c| c.ready_at <= now) {
            return Ok(());
        }
        self.start_one(now);
        // A cold start of zero serves at once.
        if self.copies.iter().flatten().any(|c| c.ready_at <= now) { Ok(()) } else { Err(Reason::NotReady) }
    }

    /// Returns the copy that would serve; asking for more than there is starts one more.
    pub fn find(&mut self, now: u64) -> Result<Place, Refused> {
        let per_copy = self.plan.per_copy;
        let serves = |c: &Option<ModelCopy>| c.is_some_and(|c| c.ready_at <= now && c.in_flight < per_copy);
        // The first with room: the others run idle and go.
        match self.copies.iter().position(serves) {
            Some(i) => Ok(Place { index: i as u32, region: self.plan.region, passed: 0, extra: 0 }),
            None => {
                self.start_one(now);
                Err(Refused::of(Reason::Concurrency))
            }
        }
    }

    pub fn take(&mut self, now: u64, place: Place) {
        let Some(copy) = &mut self.copies[place.index as usize] else { return };
        copy.in_flight += 1;
        copy.last_use = now;
        let (began, last) = copy.billed.unwrap_or((now, u64::MAX));
        let window = (now - began) / WINDOW;
        self.windows += u64::from(window != last);
        copy.billed = Some((began, window));
    }

    pub fn leave(&mut self, now: u64, place: Place) {
        if let Some(copy) = &mut self.copies[place.index as usize] {
            copy.in_flight -= 1;
            copy.last_use = now;
        }
    }

    /// Returns the next instant at which a starting copy will serve \[µs\]; `None`: no copy is starting.
    #[must_use]
    pub fn next_change(&self, now: u64) -> Option<u64> {
        self.copies.iter().flatten().map(|c| c.ready_at).filter(|at| *at > now).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Purpose;

    const S: u64 = 1_000_000;

    fn copies(max_copies: u32, per_copy: u32) -> Copies {
        let plan = CopiesPlan { max_copies, per_copy, cold_start: Law::constant(30e6), region: 0 };
        Copies::new(&plan, Stream::new(1, 0, Purpose::ColdStart, "own"))
    }

    fn serve(copies: &mut Copies, now: u64) -> Place {
        copies.ready(now).unwrap();
        let place = copies.find(now).unwrap();
        copies.take(now, place);
        place
    }

    #[test]
    fn the_first_caller_meets_a_cold_start_and_idle_copies_go() {
        let mut c = copies(2, 1);
        assert_eq!(c.ready(0), Err(Reason::NotReady));
        assert_eq!(c.ready(30 * S - 1), Err(Reason::NotReady));
        let place = serve(&mut c, 30 * S);
        c.leave(40 * S, place);
        assert_eq!(c.ready(340 * S - 1), Ok(()));
        assert_eq!(c.ready(340 * S), Err(Reason::NotReady), "five idle minutes after its last use");
    }

    #[test]
    fn more_than_a_copy_serves_starts_another() {
        let mut c = copies(2, 1);
        let _ = c.ready(0);
        serve(&mut c, 30 * S);
        assert_eq!(c.find(31 * S).unwrap_err().reason, Reason::Concurrency);
        assert_eq!(c.next_change(31 * S), Some(61 * S));
        assert_eq!(serve(&mut c, 61 * S).index, 1);
        assert_eq!(c.find(62 * S).unwrap_err().reason, Reason::Concurrency);
        assert_eq!((c.alive(), c.next_change(62 * S)), (2, None));
    }

    #[test]
    fn windows_with_an_invocation_are_billed() {
        let mut c = copies(1, 9);
        let _ = c.ready(0);
        for at in [30, 40, 329, 330, 331, 629] {
            let place = serve(&mut c, at * S);
            c.leave(at * S + 1, place);
        }
        // [30, 330) and [330, 630).
        assert_eq!(c.windows(), 2);
        let price = Price(crate::units::parse::amount("$0.0785").unwrap());
        assert_eq!(cost_of_windows(1, 2, price).to_string(), "$0.79");
        assert_eq!(cost_of_windows(1, 2, price).0 * 1_000, 785 * Usd::ONE.0);
    }
}

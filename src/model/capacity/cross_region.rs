//! Cross-region inference: one quota at the source region, several regions that may serve.
//!
//! Use it for models that are sold through inference profiles, and to study the outage of a region. The quota and the
//! price are those of the source region, and routing costs nothing \[AWS user guide, cross-region-inference\]. A
//! request is served in the source region when that has room, else in the next one that has; every region passed over
//! adds "double-digit milliseconds" \[AWS blog, getting started with cross-region inference, 2024-08\]. The room of a
//! region for one account at a time is not published: it is unlimited, unless a scenario states it.
//!
//! Live capacity `tpm` is kept in fixed windows of a minute of the wall clock: `used + a <= L (1 - load)`, where a is
//! input and output cap at admission, input and output in the end.

use schemars::JsonSchema;
use serde::Deserialize;

use super::listed::DefaultQuota;
use super::region_load::{Background, BackgroundSpec, BackgroundState};
use super::serving::{OutageSpec, Serving, capacity_keys, share_left, share_of, small};
use super::{Ask, Billing, Kind, Place, Plan, Reason, Refused, Room, Site, Status};
use crate::model::capacity::limiter::Settlement;
use crate::model::capacity::limiter::fixed_window::FixedWindow;
use crate::model::capacity::quota::QuotaSpec;
use crate::model::law::{LawSpec, Quantity};
use crate::model::pricing::PricesSpec;
use crate::model::quantity::{Count, Duration, Names, Text};
use crate::model::spec::{At, scalar_or_table, unknown, words};
use crate::random::{Law, Shape, Stream};
use crate::units::{MICROS_PER_MINUTE, SimTime, Steps, Tokens, WallClock};

capacity_keys! {
    /// Cross-region inference through a geographic or global inference profile.
    #[schemars(rename = "CrossRegion")]
    pub struct CrossRegionSpec with quota {
        /// The inference profile: us, eu, jp, au, apac or global.
        pub profile: At<Text>,
        /// The region that is called.
        pub source_region: At<Text>,
        /// The regions that may serve, instead of those of the catalogue: names, or tables with a live capacity.
        pub destinations: Option<At<Vec<At<DestinationSpec>>>>,
        /// The choice of the next region when the source has no room; default in_order.
        pub selection: Option<At<Selection>>,
        /// The latency that each region passed over adds; default uniform from 10ms to 99ms.
        pub reroute_latency: Option<At<LawSpec<Duration>>>,
        /// The answer to the caller when no region has room; default unavailable.
        pub no_room: Option<At<NoRoom>>,
    }
}

words! {
    /// The choice of the next region when the source has no room: the next of the list, or the one with the most room.
    Selection, "a way to select a region" {
        "in_order" => InOrder,
        "free_room" => FreeRoom,
    }
}

words! {
    /// The answer to the caller when no region has room: a 503, or a 429.
    NoRoom, "an answer" {
        "unavailable" => Unavailable,
        "throttled" => Throttled,
    }
}

/// A region that may serve.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Destination")]
pub struct DestinationKeys {
    /// The name of the region, such as us-west-2.
    pub region: At<Text>,
    /// The most requests in progress in the region for this account; default unlimited.
    pub concurrency: Option<At<Count>>,
    /// The most tokens per minute in the region for this account; default unlimited.
    pub tpm: Option<At<Count>>,
    /// The share of the region's capacity in service that other customers use; default 0.
    pub background: Option<At<BackgroundSpec>>,
    /// The time that the way to the destination region and back adds to the time to first token; default 0s.
    pub round_trip: Option<At<Duration>>,
    /// The periods in which the destination region is down or has less capacity.
    pub outages: Option<At<Vec<OutageSpec>>>,
}

/// A region by its name, or by a table of its properties.
#[derive(Debug, Clone)]
pub enum DestinationSpec {
    Name(Text),
    Keys(Box<DestinationKeys>),
}

scalar_or_table!(
    DestinationSpec,
    Text,
    Box<DestinationKeys>,
    Name,
    Keys,
    "RegionOrKeys",
    "a region, or { region, tpm, … }"
);

/// The plan of a pool of regions, before a run.
#[derive(Debug, Clone)]
pub struct PoolPlan {
    /// The regions of the pool; the source region is the first, when it is one of them.
    pub regions: Vec<RegionPlan>,
    pub source_is_first: bool,
    pub selection: Selection,
    pub no_room: Status,
    /// The latency that each rerouting adds \[µs\].
    pub reroute_latency: Law,
}

#[derive(Debug, Clone)]
pub struct RegionPlan {
    pub name: String,
    /// The index of the region, which has a prompt cache of its own.
    pub region: usize,
    pub concurrency: Option<u32>,
    pub tpm: Option<Tokens>,
    pub background: Background,
    /// The round trip from the source region \[µs\].
    pub round_trip: u64,
    /// The share of the live capacity that outages leave, over time \[10⁻⁶\].
    pub left: Steps<u64>,
}

impl Kind for CrossRegionSpec {
    fn serving(&self) -> Serving<'_> {
        self.common()
    }

    fn home(&self) -> Option<&At<Text>> {
        Some(&self.source_region)
    }

    fn own_quota(&self) -> QuotaSpec {
        self.on_demand_quota()
    }

    fn quota_names(&self) -> Option<&At<Names>> {
        self.quota.as_ref()
    }

    fn prices(&self) -> Option<&At<PricesSpec>> {
        self.prices.as_ref()
    }

    fn path<'c>(&self, site: &Site<'_, 'c>) -> Option<&'c crate::catalog::Path> {
        site.sold?.entry?.path(&self.profile.value)
    }

    fn default_quota<'c>(&self, site: &Site<'_, 'c>) -> DefaultQuota<'c> {
        DefaultQuota::of_path(self.path(site), self.source_region())
    }

    fn counts_for_the_account(&self) -> bool {
        true
    }

    fn lower(&self, site: &mut Site<'_, '_>) -> Option<Plan> {
        let before = site.sink.errors();
        if let Some(written) = &self.region {
            let rule = "a pool is called in its source_region and serves in its destinations";
            site.sink.error(written.at.clone(), rule, "leave `region` out".to_owned());
        }
        let offer = self.offer(site);
        let destinations = self.destinations(offer, site);
        let reroute_latency = match &self.reroute_latency {
            Some(written) => written.value.lower(&written.at, site.sink),
            None => {
                site.assume(
                    "reroute_latency",
                    "{ uniform = { low = \"10ms\", high = \"99ms\" } }",
                    "AWS speaks of double-digit milliseconds, and publishes no distribution",
                );
                Some(Law {
                    shape: Shape::Uniform { low: 10_000.0, high: 99_000.0 },
                    min: Duration::LEAST,
                    max: Duration::MOST,
                })
            }
        };
        let no_room = match self.no_room.as_ref().map(|n| n.value) {
            Some(NoRoom::Throttled) => Status::Throttled,
            Some(NoRoom::Unavailable) | None => Status::Unavailable,
        };
        let can_fill = destinations.iter().any(|d| d.concurrency.is_some() || d.tpm.is_some() || !d.left.is_constant());
        if can_fill && self.no_room.is_none() {
            site.assume(
                "no_room",
                "\"unavailable\"",
                "whether a pool without room answers with 503 or 429 is not published",
            );
        }
        if !can_fill {
            site.assume("destinations", "unlimited", "the live capacity of a region is not published; load tests and CloudTrail's inferenceRegion tell which region served");
        }
        let mut regions = destinations;
        let source = regions.iter().position(|r| r.name == *self.source_region.value.0);
        if let Some(source) = source {
            let first = regions.remove(source);
            regions.insert(0, first);
        }
        let pool = PoolPlan {
            regions,
            source_is_first: source.is_some(),
            selection: self.selection.as_ref().map_or(Selection::InOrder, |s| s.value),
            no_room,
            reroute_latency: reroute_latency?,
        };
        (site.sink.errors() == before)
            .then(|| Plan { room: Room::Regions(Box::new(pool)), ..Plan::by_path(offer, Billing::Tokens) })
    }
}

impl CrossRegionSpec {
    /// Returns the catalogue's figures for the profile.
    fn offer<'c>(&self, site: &mut Site<'_, 'c>) -> Option<&'c crate::catalog::Path> {
        let sold = site.sold?;
        if sold.is_custom {
            let rule = format!("`models.{}` is customized, and inference profiles serve base models", sold.name);
            site.sink.error(site.at.clone(), rule, "use provisioned, or custom_deployment".to_owned());
        }
        // A profile that does not exist is refused below, and the id is right.
        let exists = sold.entry.is_none_or(|entry| entry.path(&self.profile.value).is_some());
        if exists && sold.path != crate::catalog::IN_REGION && sold.path != self.profile.value.0 {
            let rule = format!("`{}` is a profile other than `{}`", sold.id, self.profile.value.0);
            let help = sold.entry.map(|e| format!("write id = \"{}\", and let the capacity name the profile", e.id));
            let offers = sold.entry.map(|e| format!("\"{}\"", e.id)).into_iter().collect();
            site.sink.offer(sold.id_at.clone(), rule, help, offers);
        }
        let entry = sold.entry?;
        let offer = entry.path(&self.profile.value);
        if offer.is_none() {
            let rule = format!("`{}` is not sold through the profile `{}`", entry.id, self.profile.value.0);
            let profiles =
                entry.paths.iter().map(|p| p.path.as_str()).filter(|path| *path != crate::catalog::IN_REGION);
            let refusal = unknown(rule, &self.profile.value.0, profiles);
            let otherwise = "use on_demand, for the model is sold through no profile".to_owned();
            let help = refusal.help.or(Some(otherwise));
            site.sink.offer(self.profile.at.clone(), refusal.rule, help, refusal.offers);
        }
        offer
    }

    fn destinations(&self, offer: Option<&crate::catalog::Path>, site: &mut Site<'_, '_>) -> Vec<RegionPlan> {
        if let Some(offer) = offer
            && !offer.regions.is_empty()
            && !offer.regions.iter().any(|r| r.from.contains(&self.source_region.value.0))
        {
            let mut known: Vec<&str> = offer.regions.iter().flat_map(|r| &r.from).map(String::as_str).collect();
            known.sort_unstable();
            let rule = format!(
                "the profile `{}` cannot be called from `{}`",
                self.profile.value.0, self.source_region.value.0
            );
            let from_here =
                |p: &&crate::catalog::Path| p.regions.iter().any(|r| r.from.contains(&self.source_region.value.0));
            match site.sold.and_then(|s| s.entry?.paths.iter().find(from_here)) {
                Some(path) => {
                    let help = format!("the profile `{}` can be called from there", path.path);
                    site.sink.error(self.source_region.at.clone(), rule, help);
                }
                None => {
                    unknown(rule, &self.source_region.value.0, known).report(self.source_region.at.clone(), site.sink)
                }
            }
        }
        let listed = offer.and_then(|o| o.regions.iter().find(|r| r.from.contains(&self.source_region.value.0)));
        let Some(written) = &self.destinations else {
            let names = match listed {
                Some(listed) => {
                    let names = format!("[\"{}\"]", listed.to.join("\", \""));
                    site.publish("destinations", names, (&listed.source, &listed.as_of));
                    listed.to.clone()
                }
                // Without live capacities only the name of the region matters, to prompt caches.
                None => vec![self.source_region.value.0.clone()],
            };
            return names.into_iter().map(|name| self.plain(name, site)).collect();
        };
        if written.value.is_empty() {
            let help = "leave it out for those of the catalogue".to_owned();
            site.sink.error(written.at.clone(), "a pool has at least one destination", help);
        }
        let mut regions: Vec<RegionPlan> = Vec::new();
        for destination in &written.value {
            let plan = match &destination.value {
                DestinationSpec::Name(name) => self.plain(name.0.clone(), site),
                DestinationSpec::Keys(keys) => keys.lower(site),
            };
            if regions.iter().any(|r| r.name == plan.name) {
                let rule = format!("the destination `{}` is listed twice", plan.name);
                site.sink.error(destination.at.clone(), rule, "keep one of them".to_owned());
                continue;
            }
            if let Some(listed) = listed.filter(|l| !l.to.contains(&plan.name)) {
                let rule = format!(
                    "the profile `{}` called from `{}` does not lead to `{}`",
                    self.profile.value.0, self.source_region.value.0, plan.name
                );
                let help = format!("as of {} it leads to {}", listed.as_of, listed.to.join(", "));
                site.sink.warning(Some(destination.at.clone()), rule, help);
            }
            regions.push(plan);
        }
        regions
    }

    fn plain(&self, name: String, site: &mut Site<'_, '_>) -> RegionPlan {
        let region = site.region(&name);
        RegionPlan {
            name,
            region,
            concurrency: None,
            tpm: None,
            background: Background::NONE,
            round_trip: 0,
            left: Steps::constant(1_000_000),
        }
    }
}

impl DestinationKeys {
    fn lower(&self, site: &mut Site<'_, '_>) -> RegionPlan {
        let concurrency = self.concurrency.as_ref().and_then(|c| small(c, "concurrency", 1, site.sink));
        if let Some(written) = self.background.as_ref().filter(|_| self.concurrency.is_none() && self.tpm.is_none()) {
            let rule = "a background load takes a share of a live capacity, and this destination is unlimited";
            site.sink.error(written.at.clone(), rule, "write tpm or concurrency beside it".to_owned());
        }
        RegionPlan {
            name: self.region.value.0.clone(),
            region: site.region(&self.region.value),
            concurrency,
            tpm: self.tpm.as_ref().map(|t| t.value.0),
            background: self.background.as_ref().map_or(Background::NONE, |b| b.value.lower(&b.at, site.sink)),
            round_trip: self.round_trip.as_ref().map_or(0, |t| t.value.0.0),
            left: share_left(self.outages.as_ref().map_or(&[], |o| &o.value), site.sink),
        }
    }
}

/// The state of a pool of regions during a run.
#[derive(Debug)]
pub struct Pool {
    regions: Vec<RegionState>,
    source_is_first: bool,
    selection: Selection,
    no_room: Status,
    /// The latency that each rerouting adds \[µs\].
    pub reroute_latency: Law,
}

#[derive(Debug)]
struct RegionState {
    plan: RegionPlan,
    background: BackgroundState,
    in_flight: u32,
    tokens: Option<FixedWindow>,
}

impl Pool {
    /// Returns a pool without requests. `stream` gives the draws of its background loads.
    #[must_use]
    pub fn new(plan: &PoolPlan, wall: &WallClock, stream: Stream) -> Self {
        let phase = wall.phase(MICROS_PER_MINUTE, 0);
        let regions = plan.regions.iter().zip(0..).map(|(plan, i)| RegionState {
            plan: plan.clone(),
            background: BackgroundState::new(&plan.background, wall, stream.within(i)),
            in_flight: 0,
            tokens: plan.tpm.map(|tpm| FixedWindow::new(tpm, MICROS_PER_MINUTE, phase, 0)),
        });
        Self {
            regions: regions.collect(),
            source_is_first: plan.source_is_first,
            selection: plan.selection,
            no_room: plan.no_room,
            reroute_latency: plan.reroute_latency.clone(),
        }
    }

    /// Returns the region that would serve now; takes nothing.
    pub fn find(&mut self, now: u64, ask_in: impl Fn(usize) -> Ask) -> Result<Place, Refused> {
        let mut best: Option<(usize, f64)> = None;
        for (i, region) in self.regions.iter_mut().enumerate() {
            let amount = ask_in(region.plan.region).reserved();
            let Some(room) = region.room(now, amount) else { continue };
            let is_source = i == 0 && self.source_is_first;
            if is_source || self.selection == Selection::InOrder {
                return Ok(region.place(i, i as u32));
            }
            // The first of equals: a strictly greater room is needed to be better.
            if best.is_none_or(|(_, most)| room > most) {
                best = Some((i, room));
            }
        }
        match best {
            // Only the source was asked and passed over.
            Some((i, _)) => Ok(self.regions[i].place(i, u32::from(self.source_is_first))),
            None => Err(Refused { reason: Reason::RegionRoom, status: self.no_room }),
        }
    }

    pub fn take(&mut self, place: Place, ask: Ask) {
        let region = &mut self.regions[place.index as usize];
        region.in_flight += 1;
        if let Some(tokens) = &mut region.tokens {
            tokens.take(ask.reserved());
        }
    }

    /// Ends an attempt that had reserved `ask` and used `used` tokens.
    pub fn leave(&mut self, now: u64, place: Place, ask: Ask, used: Tokens, admitted_at: u64) {
        let region = &mut self.regions[place.index as usize];
        region.in_flight -= 1;
        if let Some(tokens) = &mut region.tokens {
            let reserved = ask.reserved();
            tokens.settle(now, Settlement { reserved, charged: used, admitted_at, admission: 0 });
        }
    }

    /// Returns the first instant after `now` at which a region may have more room by itself \[µs\]; `None`: never. The
    /// edges of outages are not among them: they are changes of the capacity.
    pub fn next_change(&mut self, now: u64) -> Option<u64> {
        self.regions.iter_mut().filter_map(|region| region.next_change(now)).min()
    }
}

impl RegionState {
    /// Returns the free share of the live capacity, if the amount has room; infinity where nothing is limited.
    fn room(&mut self, now: u64, amount: Tokens) -> Option<f64> {
        let left = *self.plan.left.at(SimTime(now));
        if left == 0 {
            return None;
        }
        let left = left * (1_000_000 - self.background.load(now)) / 1_000_000;
        let mut free = f64::INFINITY;
        if let Some(places) = self.plan.concurrency {
            let places = share_of(places.into(), left);
            if u64::from(self.in_flight) >= places {
                return None;
            }
            free = free.min((places - u64::from(self.in_flight)) as f64 / places as f64);
        }
        if let (Some(tokens), Some(tpm)) = (&mut self.tokens, self.plan.tpm) {
            let limit = share_of(tpm, left);
            tokens.set(limit);
            if !tokens.has_room(now, amount) {
                return None;
            }
            free = free.min((limit - tokens.used()) as f64 / limit as f64);
        }
        Some(free)
    }

    fn place(&self, index: usize, passed: u32) -> Place {
        Place { index: index as u32, region: self.plan.region, passed, extra: self.plan.round_trip }
    }

    fn next_change(&mut self, now: u64) -> Option<u64> {
        let window = self.tokens.as_mut().map(|tokens| {
            tokens.has_room(now, 0);
            tokens.ends()
        });
        [window, self.background.next_change(now)].into_iter().flatten().min()
    }
}

//! Capacities: quotas on demand, pools of regions, Model Units, reserved throughput, imported copies, batch jobs.
//!
//! A kind is one file: its keys, [`Kind`] for how it is lowered and, where limits alone do not say who has room, the
//! behaviour behind [`Room`]. A further kind adds its file, its line in [`CapacitySpec`] and in [`CapacitySpec::kind`],
//! and an arm of [`Room`] if it has a behaviour of its own.

pub mod account;
pub mod batch;
pub mod contention;
pub mod cross_region;
pub mod custom_deployment;
pub mod custom_import;
pub mod demand;
pub mod latency_optimized;
pub mod limiter;
pub mod listed;
pub mod on_demand;
pub mod provisioned;
pub mod purchase;
pub mod quota;
pub mod reason;
pub mod region_load;
pub mod reserved;
pub mod room;
pub mod serving;
pub mod site;

use crate::catalog::{self, LatencyEntry, LongContextEntry, PriceEntry};
use crate::diagnostic::Span;
use crate::model::pricing::PricesSpec;
use crate::model::quantity::{Names, Text};
use crate::model::service::Latency;
use crate::model::spec::{At, kinds};
use crate::units::{Price, SimTime, Steps, Tokens};
use contention::Contention;
use listed::DefaultQuota;
use purchase::Purchase;
use quota::{LimitKind, QuotaSpec};
use serving::Serving;

pub use demand::{Ask, Takes, Used};
pub use quota::{Limit, Quota};
pub use reason::{Reason, Refused, Status};
pub use room::{Place, Room, RoomState};
pub use site::{Site, Sold};

kinds! {
    /// A capacity: something that serves one model and can be offered attempts.
    CapacitySpec, "a capacity" {
        "on_demand" => OnDemand(on_demand::OnDemandSpec),
        "cross_region" => CrossRegion(Box<cross_region::CrossRegionSpec>),
        "provisioned" => Provisioned(Box<provisioned::ProvisionedSpec>),
        "reserved" => Reserved(reserved::ReservedSpec),
        "latency_optimized" => LatencyOptimized(latency_optimized::LatencyOptimizedSpec),
        "custom_deployment" => CustomDeployment(custom_deployment::CustomDeploymentSpec),
        "custom_import" => CustomImport(custom_import::CustomImportSpec),
        "batch" => Batch(batch::BatchSpec),
    }
}

impl CapacitySpec {
    /// Returns the name of the kind as a scenario writes it, and the keys of the capacity.
    #[must_use]
    pub fn kind(&self) -> (&'static str, &dyn Kind) {
        match self {
            Self::OnDemand(spec) => ("on_demand", spec),
            Self::CrossRegion(spec) => ("cross_region", &**spec),
            Self::Provisioned(spec) => ("provisioned", &**spec),
            Self::Reserved(spec) => ("reserved", spec),
            Self::LatencyOptimized(spec) => ("latency_optimized", spec),
            Self::CustomDeployment(spec) => ("custom_deployment", spec),
            Self::CustomImport(spec) => ("custom_import", spec),
            Self::Batch(spec) => ("batch", spec),
        }
    }
}

/// The keys of a kind of capacity, and their lowering to a plan.
pub trait Kind {
    /// Returns the keys that every kind has.
    fn serving(&self) -> Serving<'_>;
    /// Returns the region that is called.
    fn home(&self) -> Option<&At<Text>> {
        self.serving().region
    }
    /// Returns the limits written inline.
    fn own_quota(&self) -> QuotaSpec;
    /// Returns the names of the shared quotas that the capacity uses.
    fn quota_names(&self) -> Option<&At<Names>>;
    /// Returns the prices of tokens that are written inline.
    fn prices(&self) -> Option<&At<PricesSpec>> {
        None
    }
    /// Returns the limits that hold where a scenario writes none.
    fn default_quota<'c>(&self, _: &Site<'_, 'c>) -> DefaultQuota<'c> {
        DefaultQuota::None
    }
    /// Returns the name of the region that is called; `None`: the scenario names none.
    fn source_region(&self) -> Option<&str> {
        self.home().map(|name| &*name.value.0)
    }
    /// Returns the path by which the catalogue's model is sold here in service tiers; `None`: it is not.
    fn path<'c>(&self, _: &Site<'_, 'c>) -> Option<&'c catalog::Path> {
        None
    }
    /// Returns the latency that the catalogue lists for this kind of capacity; `None`: the model's holds.
    fn default_latency<'c>(&self, _: &Site<'_, 'c>) -> Option<&'c LatencyEntry> {
        None
    }
    /// Returns whether served tokens count towards the account's daily quota, in the region that is called.
    fn counts_for_the_account(&self) -> bool {
        false
    }
    /// Returns whether AWS passes requests that this kind refuses on to standard inference, so that a route goes on.
    fn overflows(&self) -> bool {
        false
    }
    /// Returns the plan of the capacity; `None` after a finding.
    fn lower(&self, site: &mut Site<'_, '_>) -> Option<Plan>;
}

/// The plan of a capacity of one kind, before quotas and schedules are added.
#[derive(Debug, Clone)]
pub struct Plan {
    pub room: Room,
    pub billing: Billing,
    /// The prices of tokens in the catalogue, where the capacity is paid for by the token.
    pub listed: Option<PriceEntry>,
    /// The prices of long prompts in the catalogue.
    pub long_context: Option<LongContextEntry>,
    /// The limits that are bought.
    pub bought: Vec<Bought>,
    /// True if output is admitted while any is left and charged at the end; false if its cap is reserved.
    pub charge_output_after: bool,
}

/// A limit that is bought.
#[derive(Debug, Clone)]
pub struct Bought {
    pub kind: LimitKind,
    pub at: Span,
    /// The amount of the limit over time \[tokens/min\].
    pub amounts: Steps<Tokens>,
}

impl Plan {
    /// Returns a plan without limits of its own and without prices in the catalogue.
    #[must_use]
    pub const fn new(billing: Billing) -> Self {
        Self {
            room: Room::Limits,
            billing,
            listed: None,
            long_context: None,
            bought: Vec::new(),
            charge_output_after: false,
        }
    }

    /// Returns a plan that is paid for by the token, at these prices where a scenario states none.
    #[must_use]
    pub fn by_token(listed: Option<&PriceEntry>, billing: Billing) -> Self {
        Self { listed: listed.cloned(), ..Self::new(billing) }
    }

    /// Returns a plan that is paid for by the token at the prices of a path, those of long prompts included.
    #[must_use]
    pub fn by_path(path: Option<&catalog::Path>, billing: Billing) -> Self {
        let long_context = path.and_then(|p| p.long_context.clone());
        Self { long_context, ..Self::by_token(path.and_then(|p| p.prices.as_ref()), billing) }
    }
}

/// The units by which a capacity is paid for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Billing {
    /// Each token.
    Tokens,
    /// Each token, at batch prices.
    BatchTokens,
    /// Model Units by the hour.
    Purchased(Vec<Purchase>),
    /// Reserved tokens per minute by the hour.
    Reserved(Vec<Purchase>),
    /// Copies by windows of five minutes: units of a copy, price of a unit and minute, and of keeping a unit for a month.
    Windows { units: u64, price: Option<Price>, storage: Option<Price> },
}

impl Billing {
    #[must_use]
    pub const fn is_by_token(&self) -> bool {
        matches!(self, Self::Tokens | Self::BatchTokens)
    }

    /// Returns the purchases that are paid for by the hour; empty for a capacity that is paid for otherwise.
    #[must_use]
    pub fn purchases(&self) -> &[Purchase] {
        match self {
            Self::Purchased(purchases) | Self::Reserved(purchases) => purchases,
            _ => &[],
        }
    }
}

#[derive(Debug, Clone)]
pub struct Capacity {
    pub name: String,
    /// The name of the kind as a scenario writes it, such as `on_demand`.
    pub kind: &'static str,
    /// The indices of the quotas that are tested, in order: the named ones as listed, then the capacity's own.
    pub quotas: Vec<usize>,
    pub on_saturation: Saturation,
    /// The availability of the capacity over time.
    pub standing: Steps<Standing>,
    /// The instants at which the capacity changes, in ascending order: its availability, its own limits, the regions of
    /// its pool.
    pub changes_at: Vec<SimTime>,
    /// The time that a refusal takes to reach the caller \[µs\].
    pub refusal_latency: SimTime,
    pub contention: Contention,
    /// The latency that the capacity states for itself; `None`: that of the model.
    pub latency: Option<Latency>,
    /// The index of the region that serves, unless the room decides it; each region has a prompt cache of its own.
    pub region: usize,
    pub room: Room,
    pub billing: Billing,
    /// The legacy state of the model; `None`: AWS still sells the model, and raises its quotas.
    pub legacy: Option<Legacy>,
}

/// The legacy state of a model, in which AWS raises no quota of the model and sells nothing new for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Legacy {
    /// The name of the model in the catalogue.
    pub model: String,
    /// The first day of the legacy state (YYYY-MM-DD).
    pub since: String,
    /// The id of the model that replaces it.
    pub successor: Option<String>,
}

/// The availability of a capacity at some time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Standing {
    /// True if the capacity refuses everything with a 503.
    pub is_out: bool,
    /// True if something that was bought already serves, or nothing has to be bought.
    pub is_ready: bool,
    /// The most requests in progress at once; `None`: unlimited.
    pub concurrency: Option<u32>,
    /// The probability that an offer meets a 503, in \[0, 1\].
    pub unavailable_probability: f64,
}

impl Capacity {
    /// Returns whether the capacity never changes during a run.
    #[must_use]
    pub fn is_stationary(&self) -> bool {
        self.changes_at.is_empty()
    }
}

/// The treatment of an offer that finds no room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Saturation {
    /// The offer is refused.
    Throttle,
    /// The offer waits, first in, first out. It is refused when `max_queue` wait already, or after `max_wait` \[µs\].
    Queue { max_wait: Option<SimTime>, max_queue: u32 },
}

//! Default quotas that the files of one account share.
//!
//! AWS grants a quota for one model, path and source region, whoever calls. So capacities of an account that state no
//! limits of their own share one default quota, as soon as the scenario includes other files.

use std::collections::{BTreeMap, BTreeSet};

use super::super::decode::{Section, Specs};
use super::super::own_catalogue::InForce;
use crate::model::capacity::CapacitySpec;
use crate::model::capacity::on_demand::Endpoint;
use crate::model::capacity::quota::{LimitKind, QuotaSpec};
use crate::model::quantity::{Names, Text};
use crate::model::spec::At;
use crate::terms::natural_order;

/// The identity of a default quota: the model and path, and the source region.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Granted {
    /// The model and the path, as a name of a quota.
    name: String,
    region: String,
}

/// Makes capacities with the same default quota share one quota. A quota of that name that the scenario states is the
/// shared one.
pub fn share(specs: &mut Specs, catalog: InForce<'_>) {
    let sharing = granted_by_default(specs, catalog);
    let mut regions: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for granted in sharing.keys() {
        regions.entry(granted.name.clone()).or_default().insert(granted.region.clone());
    }
    for (granted, capacities) in sharing {
        let is_in_one_region = regions.get(&granted.name).is_some_and(|regions| regions.len() == 1);
        let name = match (is_in_one_region, granted.region.as_str()) {
            (true, _) | (false, "") => granted.name,
            (false, region) => format!("{}-{region}", granted.name),
        };
        for index in capacities {
            let at = specs.capacities[index].at.clone();
            let shared = Some(At { value: Names::One(Text(name.clone())), at: at.clone() });
            match specs.capacities[index].spec.as_mut() {
                Some(CapacitySpec::OnDemand(spec)) => spec.quota = shared,
                Some(CapacitySpec::CrossRegion(spec)) => spec.quota = shared,
                _ => {}
            }
            if !specs.quotas.iter().any(|quota| quota.name == name) {
                specs.quotas.push(Section { name: name.clone(), at, spec: Some(QuotaSpec::default()) });
            }
        }
    }
    specs.quotas.sort_by(|a, b| natural_order(&a.name, &b.name));
}

/// Returns the default quotas that a scenario takes, such as `us-amazon-nova-pro-v1-0 from us-east-1`.
pub fn taken(specs: &Specs, catalog: InForce<'_>) -> Vec<String> {
    let name = |granted: &Granted| match granted.region.as_str() {
        "" => granted.name.clone(),
        region => format!("{} from {region}", granted.name),
    };
    granted_by_default(specs, catalog).keys().map(name).collect()
}

/// Returns the capacities that take each default quota, by their indices.
fn granted_by_default(specs: &Specs, catalog: InForce<'_>) -> BTreeMap<Granted, Vec<usize>> {
    let served = models_served(specs);
    let mut sharing: BTreeMap<Granted, Vec<usize>> = BTreeMap::new();
    for (index, section) in specs.capacities.iter().enumerate() {
        let Some(spec) = section.spec.as_ref().filter(|spec| states_no_limits(spec)) else { continue };
        let model = served.get(&section.name).and_then(|name| specs.models.iter().find(|m| m.name == *name));
        let id = model.and_then(|model| model.spec.as_ref()?.id.as_ref());
        let resolved = id.and_then(|id| catalog.resolve(&id.value).ok());
        if let Some(granted) = resolved.and_then(|found| granted(spec, &found.model.id, found.path)) {
            sharing.entry(granted).or_default().push(index);
        }
    }
    sharing
}

/// Returns whether all limits of a capacity are left at their defaults.
fn states_no_limits(spec: &CapacitySpec) -> bool {
    let kind = spec.kind().1;
    let own = kind.own_quota();
    kind.quota_names().is_none() && LimitKind::ALL.into_iter().all(|kind| own.written(kind).is_none())
}

/// Returns the name of the model that each capacity on a route serves, by capacity.
fn models_served(specs: &Specs) -> BTreeMap<String, String> {
    let mut served = BTreeMap::new();
    for workload in specs.workloads.iter().filter_map(|section| section.spec.as_ref()) {
        let steps = workload.steps.iter().flat_map(|steps| &steps.value).map(|step| (&step.model, Some(&step.route)));
        for (model, route) in steps.chain([(&workload.model, workload.route.as_ref())]) {
            let named = route.map(|route| route.each().into_iter().map(|name| name.value.0).collect());
            let all = || specs.capacities.iter().map(|capacity| capacity.name.clone()).collect::<Vec<String>>();
            for capacity in named.unwrap_or_else(all) {
                served.entry(capacity).or_insert_with(|| model.value.0.clone());
            }
        }
    }
    served
}

/// Returns the default quota of a capacity without limits of its own; `None`: its kind takes none.
fn granted(spec: &CapacitySpec, model: &str, path: &str) -> Option<Granted> {
    let (path, region, endpoint) = match spec {
        CapacitySpec::OnDemand(spec) => {
            let is_mantle = spec.endpoint.as_ref().is_some_and(|e| e.value == Endpoint::Mantle);
            (path, spec.region.as_ref(), if is_mantle { "-mantle" } else { "" })
        }
        CapacitySpec::CrossRegion(spec) => (spec.profile.value.0.as_str(), Some(&spec.source_region), ""),
        _ => return None,
    };
    let path = if path == crate::catalog::IN_REGION { String::new() } else { format!("{path}-") };
    let name = format!("{path}{model}{endpoint}").to_lowercase();
    let name = name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    Some(Granted { name, region: region.map_or_else(String::new, |region| region.value.0.clone()) })
}

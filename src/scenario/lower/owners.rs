//! The owners of workloads: by the file that they stand in, and by the owner that the file names.

use std::collections::BTreeMap;

use crate::model::workload::Workload;
use crate::model::{Group, GroupKind};
use crate::scenario::decode::Owner;

/// Returns one group of workloads per included file, then one per owner, each sorted by name.
pub fn groups(owners: &[Owner], workloads: &[Workload]) -> Vec<Group> {
    let mut found: BTreeMap<(GroupKind, &str), Vec<usize>> = BTreeMap::new();
    for (index, workload) in workloads.iter().enumerate() {
        let file = workload.name.split_once('.').map_or("", |(file, _)| file);
        let Some(owner) = owners.iter().find(|owner| owner.file == file) else { continue };
        if !file.is_empty() {
            found.entry((GroupKind::File, &owner.file)).or_default().push(index);
        }
        found.entry((GroupKind::Owner, &owner.owner)).or_default().push(index);
    }
    found.into_iter().map(|((kind, name), workloads)| Group { kind, name: name.to_owned(), workloads }).collect()
}

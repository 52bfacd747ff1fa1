//! Which prefixes are live in which region.

use crate::model::Model;
use crate::model::workload::cache::{Cache, Prefix};
use crate::random::{Purpose, Stream};

/// The entries of all workloads with a modelled prefix.
#[derive(Debug)]
pub(super) struct PromptCache {
    /// By workload; `None`: no modelled prefix.
    shelves: Vec<Option<Shelf>>,
}

#[derive(Debug)]
struct Shelf {
    prefix: Prefix,
    /// Which of its prefixes a request begins with.
    keys: Stream,
    /// By region, then by key; a region without requests has none.
    entries: Vec<Vec<Entry>>,
}

/// One prefix in one region.
#[derive(Debug, Clone, Copy)]
struct Entry {
    /// The first token of the request that wrote it \[µs\]; `u64::MAX`: it was never written.
    usable_from: u64,
    last_use: u64,
}

impl PromptCache {
    pub(super) fn new(model: &Model, replication: u64) -> Self {
        let shelf = |w: &crate::model::workload::Workload| match w.cache {
            Cache::Shares(_) => None,
            Cache::Prefix(prefix) => Some(Shelf {
                prefix,
                keys: Stream::new(model.run.seed, replication, Purpose::CacheKey, &w.name),
                entries: vec![Vec::new(); model.regions.len()],
            }),
        };
        Self { shelves: model.workloads.iter().map(shelf).collect() }
    }

    /// Whether the prefix of a request is live in a region.
    pub(super) fn is_live(&self, workload: usize, request: u64, region: usize, now: u64) -> bool {
        let Some(shelf) = &self.shelves[workload] else { return false };
        let entry = shelf.entries[region].get(shelf.key(request));
        entry.is_some_and(|e| e.usable_from <= now && now < e.last_use.saturating_add(shelf.prefix.ttl))
    }

    /// When the prefix of a request, now being written, becomes live in some region \[µs\]; `u64::MAX`: nowhere.
    pub(super) fn next_live(&self, workload: usize, request: u64, now: u64) -> u64 {
        let Some(shelf) = &self.shelves[workload] else { return u64::MAX };
        let key = shelf.key(request);
        let coming = shelf.entries.iter().filter_map(|region| region.get(key)).map(|e| e.usable_from);
        coming.filter(|at| *at > now).min().unwrap_or(u64::MAX)
    }

    /// A request reads its prefix there, or writes it for use from its first token on.
    pub(super) fn touch(&mut self, workload: usize, request: u64, region: usize, now: u64, first_token: u64) {
        let is_live = self.is_live(workload, request, region, now);
        let Some(shelf) = &mut self.shelves[workload] else { return };
        let key = shelf.key(request);
        let entries = &mut shelf.entries[region];
        if entries.is_empty() {
            entries.resize(shelf.prefix.keys as usize, Entry { usable_from: u64::MAX, last_use: 0 });
        }
        let entry = &mut entries[key];
        if is_live {
            entry.last_use = now;
            return;
        }
        // Another request may be writing the same prefix: the first of the two first tokens makes it usable.
        let is_being_written = entry.usable_from != u64::MAX && entry.usable_from > now;
        if !is_being_written || first_token < entry.usable_from {
            *entry = Entry { usable_from: first_token, last_use: first_token };
        }
    }
}

impl Shelf {
    fn key(&self, request: u64) -> usize {
        ((self.keys.uniform(request) * self.prefix.keys as f64) as usize).min(self.prefix.keys as usize - 1)
    }
}

//! The live entries of the prompt cache of each region: prefixes that requests share, the contexts of sessions, and the
//! blocks that a trace names.

use std::collections::HashMap;

use crate::model::Model;
use crate::model::workload::Workload;
use crate::model::workload::arrivals::{Arrivals, who};
use crate::model::workload::cache::{Cache, Modelled, Prefix};
use crate::random::{Purpose, Stream};
use crate::trace::{BLOCK_TOKENS, Blocks, NO_BLOCK};
use crate::units::Tokens;

/// The entries of all workloads whose cache is modelled.
#[derive(Debug)]
pub(super) struct PromptCache<'m> {
    /// The modelled cache of each workload; `None`: the workload states shares of its input, or has no cache.
    shelves: Vec<Option<Shelf<'m>>>,
}

/// The prompt of one request, as the cache sees it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Prompt {
    pub workload: usize,
    /// The request's number.
    pub index: u64,
    /// The whole input \[tokens\].
    pub input: Tokens,
    /// The last of its blocks, or [`NO_BLOCK`].
    pub leaf: u32,
}

#[derive(Debug)]
struct Shelf<'m> {
    modelled: Modelled,
    /// The random stream that chooses the prefix a request begins with, and the prefixes by region, then by key; a
    /// region without requests has none.
    keys: Stream,
    prefixes: Vec<Vec<Entry>>,
    /// The contexts by session; only looked up, never iterated.
    contexts: HashMap<u64, Vec<Context>>,
    /// The blocks of the trace, and by region their entries; a region without requests has none.
    blocks: Option<&'m Blocks>,
    block_entries: Vec<Vec<Entry>>,
}

/// Something cached in one region.
#[derive(Debug, Clone, Copy)]
struct Entry {
    /// The first token of the request that wrote it \[µs\]; `u64::MAX`: it was never written.
    usable_from: u64,
    last_use: u64,
}

/// The prompt of a turn, for the next.
#[derive(Debug, Clone, Copy)]
struct Context {
    region: usize,
    tokens: Tokens,
    entry: Entry,
}

impl Entry {
    const NONE: Self = Self { usable_from: u64::MAX, last_use: 0 };

    fn is_live(self, now: u64, ttl: u64) -> bool {
        self.usable_from <= now && now < self.last_use.saturating_add(ttl)
    }

    /// Reads the entry at `now` if it is live; else writes the entry for use from the writer's first token on.
    fn touch(&mut self, now: u64, first_token: u64, ttl: u64) {
        if self.is_live(now, ttl) {
            self.last_use = now;
            return;
        }
        // Another request may be writing the same: the first of the two first tokens makes it usable.
        let is_being_written = self.usable_from != u64::MAX && self.usable_from > now;
        if !is_being_written || first_token < self.usable_from {
            *self = Self { usable_from: first_token, last_use: first_token };
        }
    }
}

impl<'m> PromptCache<'m> {
    pub(super) fn new(model: &'m Model, replication: u64) -> Self {
        let shelf = |w: &'m Workload| {
            let Cache::Modelled(modelled) = w.cache else { return None };
            let blocks = match &w.arrivals {
                Arrivals::Trace(replay) if modelled.blocks => replay.trace.blocks.as_ref(),
                _ => None,
            };
            Some(Shelf {
                modelled,
                keys: Stream::new(model.run.seed, replication, Purpose::CacheKey, &w.name),
                prefixes: vec![Vec::new(); model.regions.len()],
                contexts: HashMap::new(),
                blocks,
                block_entries: vec![Vec::new(); model.regions.len()],
            })
        };
        Self { shelves: model.workloads.iter().map(shelf).collect() }
    }

    /// Returns the number of leading tokens of a prompt that are live in a region \[tokens\].
    pub(super) fn live(&self, prompt: Prompt, region: usize, now: u64) -> Tokens {
        self.shelves[prompt.workload].as_ref().map_or(0, |shelf| shelf.live(prompt, region, now))
    }

    /// Returns the most leading tokens of a prompt that could be live, in any region, and the instant at which more of
    /// them may become live by themselves \[µs\]; `u64::MAX`: never.
    pub(super) fn outlook(&self, prompt: Prompt, now: u64) -> (Tokens, u64) {
        self.shelves[prompt.workload].as_ref().map_or((0, u64::MAX), |shelf| shelf.outlook(prompt, now))
    }

    /// Reads the part of a request's prompt that is live in a region, and writes the rest for use from its first token
    /// on.
    pub(super) fn touch(&mut self, prompt: Prompt, region: usize, now: u64, first_token: u64) {
        if let Some(shelf) = &mut self.shelves[prompt.workload] {
            shelf.touch(prompt, region, now, first_token);
        }
    }

    /// Drops the context of a session that is over.
    pub(super) fn forget(&mut self, workload: usize, session: u64) {
        if let Some(shelf) = &mut self.shelves[workload] {
            shelf.contexts.remove(&session);
        }
    }
}

impl Shelf<'_> {
    fn key(&self, prefix: Prefix, request: u64) -> usize {
        ((self.keys.uniform(who(request)) * prefix.keys as f64) as usize).min(prefix.keys as usize - 1)
    }

    fn live(&self, prompt: Prompt, region: usize, now: u64) -> Tokens {
        let ttl = self.modelled.ttl;
        let mut live = 0;
        if let Some(prefix) = self.modelled.prefix {
            let entry = self.prefixes[region].get(self.key(prefix, prompt.index));
            if entry.is_some_and(|e| e.is_live(now, ttl)) {
                live = prefix.tokens;
            }
        }
        if self.modelled.context
            && let Some(contexts) = self.contexts.get(&who(prompt.index))
        {
            let here = contexts.iter().filter(|c| c.region == region && c.entry.is_live(now, ttl));
            live = here.map(|c| c.tokens).fold(live, Tokens::max);
        }
        if let Some(blocks) = self.blocks {
            // Whoever touched a block has touched all before it: the last that is live tells.
            let entries = &self.block_entries[region];
            let is_live = |node: u32| entries.get(node as usize).is_some_and(|e| e.is_live(now, ttl));
            let last = blocks.chain(prompt.leaf).find(|node| is_live(*node));
            live = live.max(last.map_or(0, |node| blocks.depth(node) * BLOCK_TOKENS));
        }
        live.min(prompt.input)
    }

    fn outlook(&self, prompt: Prompt, now: u64) -> (Tokens, u64) {
        let (mut most, mut next) = (0, u64::MAX);
        let mut see = |tokens: Tokens, entry: Option<&Entry>| {
            most = most.max(tokens);
            if let Some(coming) = entry.filter(|e| e.usable_from > now) {
                next = next.min(coming.usable_from);
            }
        };
        if let Some(prefix) = self.modelled.prefix {
            let key = self.key(prefix, prompt.index);
            self.prefixes.iter().for_each(|region| see(prefix.tokens, region.get(key)));
        }
        for context in self.contexts.get(&who(prompt.index)).into_iter().flatten() {
            see(context.tokens, Some(&context.entry));
        }
        if let Some(blocks) = self.blocks {
            for node in blocks.chain(prompt.leaf) {
                let tokens = blocks.depth(node) * BLOCK_TOKENS;
                self.block_entries.iter().for_each(|region| see(tokens, region.get(node as usize)));
            }
        }
        (most.min(prompt.input), next)
    }

    fn touch(&mut self, prompt: Prompt, region: usize, now: u64, first_token: u64) {
        let ttl = self.modelled.ttl;
        if let Some(prefix) = self.modelled.prefix {
            let key = self.key(prefix, prompt.index);
            let entries = &mut self.prefixes[region];
            if entries.is_empty() {
                entries.resize(prefix.keys as usize, Entry::NONE);
            }
            entries[key].touch(now, first_token, ttl);
        }
        if self.modelled.context {
            let contexts = self.contexts.entry(who(prompt.index)).or_default();
            // What is live stays until the longer one is usable; of that which is dead nobody asks again.
            contexts.retain(|c| now < c.entry.last_use.saturating_add(ttl));
            for context in contexts.iter_mut().filter(|c| c.region == region && c.entry.is_live(now, ttl)) {
                context.entry.last_use = now;
            }
            match contexts.iter_mut().find(|c| c.region == region && c.tokens == prompt.input) {
                Some(same) => same.entry.touch(now, first_token, ttl),
                None => {
                    let entry = Entry { usable_from: first_token, last_use: first_token };
                    contexts.push(Context { region, tokens: prompt.input, entry });
                }
            }
        }
        if let Some(blocks) = self.blocks.filter(|_| prompt.leaf != NO_BLOCK) {
            let entries = &mut self.block_entries[region];
            if entries.is_empty() {
                entries.resize(blocks.len(), Entry::NONE);
            }
            blocks.chain(prompt.leaf).for_each(|node| entries[node as usize].touch(now, first_token, ttl));
        }
    }
}

//! Reading a record into profiles, row by row.

use std::collections::BTreeMap;
use std::path::Path;

use super::profile::Profile;
use crate::model::workload::cache::DEFAULT_TTL;
use crate::trace::{BLOCK_TOKENS, Blocks, NO_BLOCK, Reader, Row, Selection, Summary, TraceError};
use crate::units::SimTime;

/// A record, in the parts that become a workload each.
#[derive(Debug)]
pub struct Record {
    pub span: SimTime,
    /// The profiles by the text of the label; the only one is unnamed where nothing splits the record.
    pub groups: BTreeMap<String, Profile>,
    /// The models that a log names, at most [`MOST_GROUPS`] of them.
    pub models: Vec<String>,
    pub found: Summary,
}

/// A scenario of more workloads is none that anybody reads.
pub const MOST_GROUPS: usize = 32;

/// The reason why a record is not read.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    #[error(transparent)]
    Trace(#[from] TraceError),
    #[error("`{0}` says more than {MOST_GROUPS} different things")]
    TooManyGroups(String),
}

/// Reads a file or a folder through, in memory that does not grow with it.
///
/// # Errors
/// It cannot be read, has no rows, has a line that is no request, or falls into too many groups.
pub fn read(path: &Path, selection: &Selection, split_by: Option<&str>) -> Result<Record, ImportError> {
    let mut reader = Reader::labelled(path, selection.clone(), split_by.map(str::to_owned))?;
    let mut groups: BTreeMap<String, Profile> = BTreeMap::new();
    // What is not split is in no map: looking `""` up for each row would cost more than reading it.
    let mut whole = Profile::default();
    let mut models: Vec<String> = Vec::new();
    let mut cache = PrefixCache::default();
    while let Some(mut row) = reader.next_row()? {
        let model = reader.model();
        if !model.is_empty() && models.len() < MOST_GROUPS && !models.iter().any(|known| known == model) {
            models.push(model.to_owned());
        }
        if let Some(blocks) = reader.blocks() {
            cache.split(&mut row, blocks);
        }
        if split_by.is_none() {
            whole.add(&row);
            continue;
        }
        let group = reader.label();
        if let Some(profile) = groups.get_mut(group) {
            profile.add(&row);
            continue;
        }
        if groups.len() == MOST_GROUPS {
            return Err(ImportError::TooManyGroups(split_by.unwrap_or_default().to_owned()));
        }
        groups.entry(group.to_owned()).or_default().add(&row);
    }
    if split_by.is_none() && whole.rows() > 0 {
        groups.insert(String::new(), whole);
    }
    if groups.is_empty() {
        return Err(TraceError::Empty.into());
    }
    Ok(Record { span: SimTime(reader.found().all_last), groups, models, found: reader.found() })
}

/// The prompt cache of one region, for prompts whose blocks are known: a prompt reads its leading blocks that were used
/// in the last five minutes. Replays do the same with the time to live of their scenario.
#[derive(Debug, Default)]
struct PrefixCache {
    /// The last use of each block \[µs\].
    last_use: Vec<u64>,
}

impl PrefixCache {
    fn split(&mut self, row: &mut Row, blocks: &Blocks) {
        if row.leaf == NO_BLOCK {
            return;
        }
        self.last_use.resize(blocks.len(), 0);
        let now = row.arrival + DEFAULT_TTL;
        let mut live = 0;
        for block in blocks.chain(row.leaf) {
            // The last block first: a block is live only together with those before it.
            let alive_until = std::mem::replace(&mut self.last_use[block as usize], now);
            if live == 0 && alive_until > row.arrival {
                live = blocks.depth(block);
            }
        }
        let input = u64::from(row.input);
        row.cache_read = (live * BLOCK_TOKENS).min(input) as u32;
        row.cache_write = row.input - row.cache_read;
    }
}

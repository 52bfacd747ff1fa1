//! The first line of a journal, which identifies its sweep.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::lines::{checksum, seal, unseal};
use super::{HEAD, JournalError};
use crate::results::Scenario;

/// The identity of the sweep that a journal belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JournalHead {
    pub version: String,
    pub scenario: Scenario,
    /// The SHA-256 of every file that the scenario reads, by its path from the folder of the scenario.
    pub files: BTreeMap<String, String>,
    pub seed: u64,
    pub points: u64,
}

impl JournalHead {
    /// Returns the line of the head and its checksum.
    pub(super) fn line(&self) -> (Vec<u8>, String) {
        let body = serde_json::to_vec(self).expect("a head is plain data");
        (seal(HEAD, "", "head", &body), checksum("", &body))
    }

    /// Reads the line of a head.
    pub(super) fn of_line(line: &[u8]) -> Result<Self, JournalError> {
        let body = unseal(HEAD, "", "head", line).ok_or(JournalError::Damaged)?;
        serde_json::from_slice(body).map_err(|_| JournalError::Damaged)
    }

    /// Returns the checksum of this head if `now` describes the same sweep.
    pub(super) fn same_as(&self, now: &Self) -> Result<String, JournalError> {
        let another = |difference: &str| Err(JournalError::Another(difference.to_owned()));
        if self.version != now.version {
            return another("it was written by another version of bedload");
        }
        if self.scenario.file != now.scenario.file {
            let (was, is) = (&self.scenario.file, &now.scenario.file);
            return another(&format!("it is the journal of the scenario `{was}`, not of `{is}`"));
        }
        if let Some(changed) = self.changed_file(now) {
            return Err(JournalError::Another(changed));
        }
        if self.scenario != now.scenario || self.seed != now.seed {
            return another("the settings or the seed have changed");
        }
        if self.points != now.points {
            return another("the sweep now has another number of points");
        }
        Ok(self.line().1)
    }

    /// Returns a message that names one file that changed, is no longer read, or is newly read.
    fn changed_file(&self, now: &Self) -> Option<String> {
        let gone = self.files.iter().find_map(|(name, was)| match now.files.get(name) {
            Some(is) if is == was => None,
            Some(_) => Some(format!("`{name}`, which the scenario reads, has changed since")),
            None => Some(format!("`{name}`, which the scenario read then, is not read any more")),
        });
        gone.or_else(|| {
            let new = now.files.keys().find(|name| !self.files.contains_key(*name));
            new.map(|name| format!("`{name}`, which the scenario reads, was not read then"))
        })
    }
}

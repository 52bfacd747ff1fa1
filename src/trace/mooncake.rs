//! The Mooncake traces: JSON lines with the blocks of each prompt (<https://github.com/kvcache-ai/Mooncake>).

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error, SeqAccess, Visitor};

use super::BLOCK_TOKENS;
use super::reader::Entry;
use super::table::MOST_TOKENS;

#[derive(Deserialize)]
struct Line {
    /// The arrival since the start of the trace \[ms\].
    timestamp: f64,
    input_length: u64,
    output_length: u64,
    #[serde(default)]
    hash_ids: Hashes,
}

/// The blocks of a prompt.
#[derive(Default)]
struct Hashes(Vec<u64>);

/// The greatest number of blocks of a prompt: those of the most tokens that a request may have.
const MOST_HASHES: usize = (MOST_TOKENS / BLOCK_TOKENS) as usize + 1;

impl<'de> Deserialize<'de> for Hashes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(HashesVisitor)
    }
}

struct HashesVisitor;

impl<'de> Visitor<'de> for HashesVisitor {
    type Value = Hashes;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of numbers")
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Hashes, A::Error> {
        let mut hashes = Vec::new();
        while let Some(hash) = list.next_element()? {
            if hashes.len() == MOST_HASHES {
                return Err(A::Error::custom("a prompt has at most 1,953,126 blocks"));
            }
            hashes.push(hash);
        }
        Ok(Hashes(hashes))
    }
}

/// The text by which a line of these traces is recognised.
pub(super) const KEY: &str = "\"input_length\"";

pub(super) fn read(line: &[u8], entry: &mut Entry) -> Result<(), String> {
    let line: Line = serde_json::from_slice(line).map_err(|error| {
        format!("it is no line such as {{\"timestamp\": 0, \"input_length\": 900, \"output_length\": 40, \"hash_ids\": [0]}}: {error}")
    })?;
    if !(0.0..9e12).contains(&line.timestamp) {
        return Err(format!("`timestamp` is a number of milliseconds, {} is not", line.timestamp));
    }
    entry.instant = (line.timestamp * 1e6) as i64;
    for (name, n, slot) in [
        ("input_length", line.input_length, &mut entry.input),
        ("output_length", line.output_length, &mut entry.output),
    ] {
        if !(1..=MOST_TOKENS).contains(&n) {
            return Err(format!("`{name}` is a whole number of at least 1, `{n}` is not"));
        }
        *slot = n as u32;
    }
    entry.blocks = line.hash_ids.0;
    Ok(())
}

//! The Mooncake traces: JSON lines with the blocks of each prompt (<https://github.com/kvcache-ai/Mooncake>).

use serde::Deserialize;

use super::reader::Entry;
use super::table::MOST_TOKENS;

#[derive(Deserialize)]
struct Line {
    /// The arrival since the start of the trace \[ms\].
    timestamp: f64,
    input_length: u64,
    output_length: u64,
    #[serde(default)]
    hash_ids: Vec<u64>,
}

/// What tells a line of the kind.
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
    entry.blocks = line.hash_ids;
    Ok(())
}
